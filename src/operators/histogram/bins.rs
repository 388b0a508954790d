//! The bins a call asks for.

use std::sync::Arc;

use super::super::error::{Culprit, TypeError};
use super::super::moves::digest;
use super::super::pattern::Spread;
use super::super::tile::TileLoop;
use super::super::{Arguments, Builder, Value};
use super::place::{self, Equal, Precision};
use super::search::{Edges, Told, search};
use crate::array::{Attributes, Coord, CoordValues, DType, Dim, DimName, Scalar};

/// The most bins there may be: their centres are part of the type of the result.
const MOST: i64 = 1 << 24;

/// The attributes of values that their bins share.
const SHARED: [&str; 3] = ["units", "long_name", "standard_name"];

/// The bins a call asks for.
#[derive(Clone, Debug)]
pub enum Bins {
    /// So many equal ones between the least and greatest finite value, which are known when all are read.
    Within(u32),
    /// Equal ones.
    Equal {
        /// Their arithmetic.
        equal: Equal,
        /// The outer edges as given.
        range: (f64, f64),
        /// All edges, in the precision of the values.
        edges: Vec<f64>,
    },
    /// Between listed edges.
    Listed(Edges),
}

impl Bins {
    /// The bins for `x` of `dtype`.
    ///
    /// # Errors
    /// `bins` is neither a number of bins nor ascending edges, `range` no ascending pair of numbers, or they do not
    /// go together.
    pub fn read(builder: &dyn Builder, args: &Arguments, (dtype, empty): (DType, bool)) -> Result<Bins, TypeError> {
        let range = args.get("range").map(|value| range(builder, value)).transpose()?;
        let count = match args.get("bins") {
            None => 10,
            Some(&Value::Int(count)) => number("bins", count)?,
            Some(value) => {
                if range.is_some() {
                    let error = TypeError::new("ff::type::argument", "listed edges have a range of their own");
                    return Err(error
                        .at(Culprit::Param("range"), "does not go with edges")
                        .and_at(Culprit::Param("bins"), "these are edges")
                        .with_help("leave out the one or the other"));
                }
                return listed(builder, "bins", value).and_then(checked).map(Bins::Listed);
            }
        };
        match range.or(empty.then_some((0.0, 1.0))) {
            None => Ok(Bins::Within(count)),
            Some(range) => equal(range, count, dtype),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        match self {
            Bins::Within(count) => *count,
            Bins::Equal { equal, .. } => equal.count,
            Bins::Listed(edges) => edges.count() as u32 - 1,
        }
    }

    /// The loop that gives the bins of elements of `dtype`; between two more inputs where the range is not known.
    pub fn place(&self, dtype: DType) -> Option<TileLoop> {
        match self {
            Bins::Within(count) => place::between(*count, dtype),
            Bins::Equal { equal, .. } => place::fixed(*equal, dtype),
            Bins::Listed(edges) => search(edges, Told::Bin, dtype),
        }
    }

    /// The dim along which they lie, labelled by their centres, which are of what the values are of.
    pub fn spread(&self, attrs: &Attributes) -> Spread {
        let centres = |edges: &[f64]| edges.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0).collect();
        let labels: Option<Vec<f64>> = match self {
            Bins::Within(_) => None,
            Bins::Equal { equal, range, .. } => Some(centres(&equal.edges(range.1))),
            Bins::Listed(edges) => Some(centres(&edges.real())),
        };
        let shared = SHARED.iter().filter_map(|name| Some(((*name).to_owned(), attrs.get(name)?.clone())));
        let attrs: Arc<Attributes> = Arc::new(shared.collect());
        let coord = |values| Coord { dim: dim(), dtype: DType::F64, values: CoordValues::Float(values), attrs };
        Spread { dim: Dim { name: dim(), size: u64::from(self.count()) }, coord: labels.map(coord).map(Arc::new) }
    }

    /// Their widths; one each where the range is not known.
    pub fn widths(&self, dtype: DType) -> Arc<[f64]> {
        let of = |edges: &[f64], precision: Precision| {
            edges.windows(2).map(|pair| precision.round(pair[1] - pair[0])).collect()
        };
        match self {
            Bins::Within(count) => vec![1.0; *count as usize].into(),
            Bins::Equal { edges, .. } => of(edges, Precision::of(dtype)),
            Bins::Listed(edges) => of(&edges.real(), Precision::Double),
        }
    }

    /// The bins in canonical text.
    pub fn text(&self) -> String {
        match self {
            Bins::Within(count) => format!("{count} bins of all"),
            Bins::Equal { equal, range, .. } => format!("{} bins of [{:?}, {:?}]", equal.count, range.0, range.1),
            Bins::Listed(edges) => format!("edges {}", listing(edges)),
        }
    }
}

/// The name of the dim of bins.
pub fn dim() -> DimName {
    DimName::new("bin")
}

/// A number of bins.
///
/// # Errors
/// There are none, or too many.
pub fn number(param: &'static str, count: i64) -> Result<u32, TypeError> {
    if (1..=MOST).contains(&count) {
        return Ok(count as u32);
    }
    let message = match count {
        ..1 => format!("`{param}` is {count}: there is at least one bin"),
        _ => format!("{count} bins are too many: their labels are part of the result's type"),
    };
    let error = TypeError::new("ff::type::argument", message).at(Culprit::Param(param), "a number of bins");
    Err(error.with_help(format!("from 1 to {MOST} bins can be counted at once")))
}

/// Listed edges, of a list or of an array that is known while planning; few in full for texts.
pub fn listing(edges: &Edges) -> String {
    let shown: Vec<String> = match edges {
        Edges::Whole(edges) => edges.iter().map(i64::to_string).collect(),
        Edges::Real(edges) => edges.iter().map(|edge| format!("{edge:?}")).collect(),
    };
    match shown.as_slice() {
        [first, .., last] if shown.len() > 16 => {
            format!("[{first}, … {last}, {} in all, {}]", shown.len(), digest(&shown))
        }
        _ => format!("[{}]", shown.join(", ")),
    }
}

/// The edges of a list or of a small array.
///
/// # Errors
/// They are not known while planning, no real numbers, or one is missing.
pub fn listed(builder: &dyn Builder, param: &'static str, value: &Value) -> Result<Edges, TypeError> {
    let not_known = || {
        TypeError::expected(param, "a list of edges", value)
            .with_help("edges have to be known while planning: `[0, 0.5, 2]`, a param or a small array")
    };
    let scalars: Vec<Scalar> = match value {
        Value::List(items) => items.iter().map(Value::scalar).collect::<Option<_>>().ok_or_else(not_known)?,
        Value::Array(operand) if builder.ty(*operand).rank() == 1 => {
            builder.chosen_by(*operand)?.ok_or_else(not_known)?.scalars()
        }
        _ => return Err(not_known()),
    };
    let whole = |scalar: &Scalar| match scalar {
        Scalar::Int(i) => Some(*i),
        Scalar::UInt(u) => i64::try_from(*u).ok(),
        _ => None,
    };
    if let Some(edges) = scalars.iter().map(whole).collect::<Option<Vec<i64>>>() {
        return Ok(Edges::Whole(edges));
    }
    let real = |scalar: &Scalar| match scalar {
        Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_) => scalar.as_f64().filter(|edge| !edge.is_nan()),
        _ => None,
    };
    match scalars.iter().position(|scalar| real(scalar).is_none()) {
        None => Ok(Edges::Real(scalars.iter().filter_map(real).collect())),
        Some(at) => {
            let error = TypeError::new("ff::type::argument", format!("edges are numbers, this is {}", scalars[at]));
            Err(error.at(Culprit::Param(param), format!("the edge at position {at}")))
        }
    }
}

/// Edges between which there are bins.
fn checked(edges: Edges) -> Result<Edges, TypeError> {
    let refused = |message: String| {
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("bins"), "these are the edges");
        Err(error.with_help("list them in ascending order: `[0, 0.5, 2]` are two bins"))
    };
    if edges.count() < 2 {
        return refused(format!("a bin lies between two edges, here {} are listed", edges.count()));
    }
    number("bins", edges.count() as i64 - 1)?;
    if !edges.ascend() {
        let real = edges.real();
        let at = real.windows(2).position(|pair| pair[0] > pair[1]).unwrap_or(0);
        return refused(format!("edges of bins ascend, and {:?} comes before {:?}", real[at], real[at + 1]));
    }
    Ok(edges)
}

/// The outer edges of equal bins; an empty range is widened by a half to each side, as NumPy does.
fn range(builder: &dyn Builder, value: &Value) -> Result<(f64, f64), TypeError> {
    let refused = |message: String| {
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("range"), "these are the ends");
        Err(error.with_help("give the first and the last edge as numbers: `range: [0, 1]`"))
    };
    let ends = match value {
        Value::List(_) | Value::Array(_) => listed(builder, "range", value)?.real(),
        other => return Err(TypeError::expected("range", "a list of two numbers, `[a, b]`", other)),
    };
    match ends[..] {
        [low, high] if !(low.is_finite() && high.is_finite()) => refused(format!("[{low}, {high}] is not finite")),
        [low, high] if low > high => refused(format!("the range begins at {low:?}, after its end {high:?}")),
        [low, high] if low == high => Ok((low - 0.5, high + 0.5)),
        [low, high] => Ok((low, high)),
        _ => refused(format!("a range has two ends, this list has {} elements", ends.len())),
    }
}

fn equal(range: (f64, f64), count: u32, dtype: DType) -> Result<Bins, TypeError> {
    let precision = Precision::of(dtype);
    let equal = Equal::new(range, count, precision);
    let edges: Vec<f64> = equal.edges(range.1).into_iter().map(|edge| precision.round(edge)).collect();
    if equal.is_regular() && edges.windows(2).all(|pair| pair[0] < pair[1]) && edges.iter().all(|e| e.is_finite()) {
        return Ok(Bins::Equal { equal, range, edges });
    }
    let message = format!("{count} bins from {:?} to {:?} cannot be told apart in {dtype}", range.0, range.1);
    let error = TypeError::new("ff::type::bins", message)
        .at(Culprit::Param("range"), "the range")
        .and_at(Culprit::Param("x"), format!("this is {dtype}"));
    Err(error.with_help(match precision {
        Precision::Half | Precision::Single => "count fewer bins, or cast the values: `x as f64`",
        Precision::Double => "count fewer bins, or within other ends",
    }))
}
