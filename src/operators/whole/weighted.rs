//! Weighted quantiles.
//!
//! An element of a share `w` of all weights takes a part `w` of the line from 0 to 1, in ascending order, and a quantile is
//! the mean over a short part of that line, one of as many as there are elements that count: `n` is (Σw)² / Σw² (Kish's
//! effective sample size). So equal weights give the quantiles of Hyndman and Fan (A. Akinshin, "Weighted quantile
//! estimators", arXiv:2304.07265), which are xarray's. By `inverted_cdf` it is the least element up to which the weights come
//! to a part `q`, as NumPy has it.

use std::fmt::Write;
use std::sync::Arc;

use super::super::error::Culprit;
use super::super::reduction::expand::{weighted as together, weights};
use super::super::{Arguments, Builder, Call, Operand, Pattern, TypeError, Units, call};
use super::lines::{self, Layout};
use super::quantile::Method;
use super::{Into, LineFunction, Whole};
use crate::array::{Block, Coord, DType, Kind};

/// Checks a call with weights and emits it; the weights are given.
///
/// # Errors
/// The array or the weights are no real numbers, they do not match, or the method has no weights.
pub(super) fn weighted(
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, name): (Operand, &'static str),
    (levels, lead): (Vec<f64>, Option<Arc<Coord>>),
) -> Result<Operand, TypeError> {
    let method = match args.str_opt("method")? {
        None => Method::Linear,
        Some(method) => {
            let known = Method::parse(method)
                .filter(|method| spread(*method, 2.0, 0.5).is_some() || *method == Method::InvertedCdf);
            known.ok_or_else(|| {
                let error =
                    TypeError::new("ff::type::argument", format!("`method: {method}` is of elements that count alike"));
                let error = error.at(Culprit::Param("method"), "has no weights");
                error.with_help(
                    "with weights there are `linear`, `inverted_cdf`, `interpolated_inverted_cdf`, `hazen`, `weibull`, \
                     `median_unbiased` and `normal_unbiased`",
                )
            })?
        }
    };
    let Some(weights) = weights(builder, args)? else {
        return Err(TypeError::new("ff::type::bug", "there are no weights"));
    };
    let dtype = builder.ty(x).dtype;
    if !matches!(dtype.kind(), Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float) {
        let error = TypeError::new("ff::type::dtype", format!("`{name}` with weights is not defined for {dtype}"));
        return Err(error.at(Culprit::Param("x"), format!("these are {dtype}")).with_help("cast it: `x as f64`"));
    }
    let both = together(builder, x, weights)?;
    let both = [call::cast(builder, both[0], DType::F64)?, call::cast(builder, both[1], DType::F64)?];
    let axes = args.axes(&builder.ty(both[0]))?;
    let (skipna, keepdims) = (args.bool("skipna", true)?, args.bool("keepdims", false)?);
    let mut text = format!("weighted, q: {levels:?}, {method:?}, axes: {axes:?}");
    for (said, _) in
        [("skipna: false", !skipna), ("keepdims: true", keepdims), ("one", lead.is_none())].iter().filter(|(_, is)| *is)
    {
        let _ = write!(text, ", {said}");
    }
    let function = Arc::new(Weighted { levels, method, skipna });
    let pattern = Pattern::Whole(Whole { axes, into: Into::Reduced { keepdims, lead }, function });
    let out = builder.apply(Call { name, text, pattern, dtype: DType::F64, units: Units::Kept }, &both)?;
    call::cast(builder, out, if dtype.kind() == Kind::Float { dtype } else { DType::F64 })
}

/// Where, counted from one, the part of the line that makes a quantile of `n` elements ends; none for methods that are of
/// single elements.
fn spread(method: Method, n: f64, q: f64) -> Option<f64> {
    let end = match method {
        Method::Linear => (n - 1.0) * q + 1.0,
        Method::InterpolatedInvertedCdf => n * q,
        Method::Hazen => n * q + 0.5,
        Method::Weibull => (n + 1.0) * q,
        Method::MedianUnbiased => (n + 1.0 / 3.0) * q + 1.0 / 3.0,
        Method::NormalUnbiased => (n + 0.25) * q + 0.375,
        Method::Lower | Method::Higher | Method::Nearest | Method::Midpoint | Method::Mean => return None,
        Method::InvertedCdf | Method::AveragedInvertedCdf | Method::ClosestObservation => return None,
    };
    Some(end.max(1.0).min(n))
}

/// Quantiles of lines of `f64`, with weights beside them.
#[derive(Clone, Debug)]
struct Weighted {
    /// From 0 to 1.
    levels: Vec<f64>,
    method: Method,
    /// Whether missing elements are passed over; else they make the result missing.
    skipna: bool,
}

impl LineFunction for Weighted {
    fn len(&self, _: u64) -> u64 {
        self.levels.len() as u64
    }

    fn run(&self, _: &Block, _: Layout<'_>) -> Block {
        unreachable!("there are weights")
    }

    fn run_with(&self, block: &Block, weights: &Block, layout: Layout<'_>) -> Block {
        let values = block.values::<f64>().expect("calls are typed");
        let weights = weights.values::<f64>().expect("calls are typed");
        let mut pairs: Vec<(f64, f64)> = Vec::new();
        lines::pairs(
            (values, weights),
            layout,
            |value| value,
            |line: &[f64], weights, results: &mut [f64]| {
                pairs.clear();
                pairs.extend(line.iter().copied().zip(weights.iter().copied()).filter(|(value, _)| !value.is_nan()));
                let is_hidden = pairs.len() < line.len() && !self.skipna;
                pairs.retain(|(_, weight)| *weight != 0.0);
                if pairs.is_empty() || is_hidden || pairs.iter().any(|(_, weight)| weight.is_nan()) {
                    results.fill(f64::NAN);
                    return;
                }
                pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
                for (level, result) in self.levels.iter().zip(results) {
                    *result = self.quantile(&pairs, *level);
                }
            },
        )
    }

    fn room(&self, n: u64) -> u64 {
        let pair = 2 * size_of::<f64>();
        lines::room(n, pair, self.len(n), size_of::<f64>()).saturating_add(n.saturating_mul(pair as u64))
    }
}

impl Weighted {
    /// A quantile of elements in ascending order, each with its weight; there is one at least.
    fn quantile(&self, pairs: &[(f64, f64)], q: f64) -> f64 {
        let (mut total, mut squares) = (0.0, 0.0);
        for (_, weight) in pairs {
            total += weight;
            squares += weight * weight;
        }
        let n = total * total / squares;
        let Some(end) = spread(self.method, n, q) else { return inverted(pairs, total, q) };
        let (low, high) = ((end - 1.0) / n, end / n);
        let covered = |up_to: f64| up_to.min(high).max(low) * n - end + 1.0;
        let (mut so_far, mut before, mut result) = (0.0, covered(0.0), 0.0);
        for (value, weight) in pairs {
            so_far += weight / total;
            let up_to = covered(so_far);
            let share = up_to - before;
            before = up_to;
            // An infinite value that has no share would make it NaN.
            result += if share == 0.0 { 0.0 } else { value * share };
        }
        result
    }
}

/// The least element up to which weights come to a part `q` of their total.
fn inverted(pairs: &[(f64, f64)], total: f64, q: f64) -> f64 {
    let mut so_far = 0.0;
    for (value, weight) in pairs {
        so_far += weight;
        if so_far / total >= q {
            return *value;
        }
    }
    pairs.last().map_or(f64::NAN, |(value, _)| *value)
}
