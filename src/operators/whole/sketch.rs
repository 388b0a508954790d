//! Quantiles of any number of elements in one pass: counts of elements that are alike, which are merged exactly.
//!
//! Elements are told apart by the sign, the exponent and the first bits of the fraction, ten at first. Where that
//! gives more than [`MOST`] kinds, one bit less is looked at, and so on (as C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a
//! fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019, and I. Epicoco et al.,
//! "UDDSketch", IEEE Access 2020, do by logarithms). How many bits are left depends on the elements and not on the order in
//! which they come or are merged, so neither do results.
//!
//! An element is given by the middle of its kind, which is off by at most `2^-(bits + 1)` of it: 0.05 % where all lie
//! within four powers of two (of either sign), twice as much for each doubling of their number. The least and
//! greatest element are exact, and so is zero, which numbers below the least normal one are taken for.

use std::any::Any;
use std::sync::Arc;

use super::keys::{Keys, Plain};
use crate::array::{Block, Coord, DType, Dim, DimName, Kind};
use crate::operators::combine::{Accumulator, Cells, Combine, Run};
use crate::operators::error::Culprit;
use crate::operators::pattern::{Reduction, Spread};
use crate::operators::tile::TileRef;
use crate::operators::{Arguments, Builder, Call, Operand, Pattern, TypeError, Units, call, moves};

/// The most kinds of elements that are counted apart.
const MOST: usize = 4096;

/// Bits of the key of an element that are left out at first: of the fraction of 52 bits all but ten.
const SHIFT: u32 = 42;

/// Elements that wait to be counted together.
const WAITING: usize = 1024;

/// Emits the quantiles of `method: approx`, along a first dim where there are several.
///
/// # Errors
/// The elements are times, or a dim is unknown.
pub fn approximate(
    builder: &mut dyn Builder,
    args: &Arguments,
    x: Operand,
    (levels, lead): (Vec<f64>, Option<Arc<Coord>>),
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    if ty.dtype.kind() == Kind::Time {
        let error = TypeError::new("ff::type::dtype", format!("quantiles of {} are exact", ty.dtype));
        return Err(error.at(Culprit::Param("method"), "is not for times"));
    }
    let dtype = if ty.dtype.kind() == Kind::Float { ty.dtype } else { DType::F64 };
    let (axes, skipna) = (args.axes(&ty)?, args.bool("skipna", true)?);
    let mut name = "quantile".to_owned();
    while ty.dims.axis(&DimName::new(&name)).is_some() {
        name.push('_');
    }
    let dim = Dim { name: DimName::new(&name), size: levels.len() as u64 };
    let text = format!("q: {levels:?}, method: approx, axes: {axes:?}{}", if skipna { "" } else { ", skipna: false" });
    let spread = Some(Spread { dim, coord: lead.clone() });
    let combine = Arc::new(Sketch { levels, skipna });
    let reduction = Reduction { axes: axes.clone(), groups: None, keepdims: false, spread, combine };
    let wide = call::cast(builder, x, DType::F64)?;
    let pattern = Pattern::Reduction(reduction);
    let made =
        builder.apply(Call { name: "quantile", text, pattern, dtype: DType::F64, units: Units::Kept }, &[wide])?;
    let last = builder.ty(made).rank() - 1;
    let mut out = match lead {
        None => moves::drop_axis(builder, made, last)?,
        Some(_) => moves::permute(builder, made, &[last].into_iter().chain(0..last).collect::<Vec<_>>())?,
    };
    if args.bool("keepdims", false)? {
        for axis in axes {
            out = moves::insert(builder, out, axis + usize::from(lead.is_some()), &ty.dims[axis].name, None)?;
        }
    }
    call::cast(builder, out, dtype)
}

/// Quantiles from counts, of `f64` elements.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// The quantiles, from 0 to 1.
    pub levels: Vec<f64>,
    /// Whether missing elements are passed over; else they make the result missing.
    pub skipna: bool,
}

impl Combine for Sketch {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(Sketches { sketch: self.clone(), cells: vec![Counts::default(); cells] })
    }

    fn state_bytes(&self) -> usize {
        size_of::<Counts>() + 2 * (MOST + WAITING) * size_of::<(u64, u64)>() + WAITING * size_of::<u64>()
    }
}

/// What one cell has seen.
#[derive(Clone, Debug)]
struct Counts {
    /// Bits that are left out.
    shift: u32,
    /// Kinds of elements in ascending order, and how many of each there are.
    kinds: Vec<(u64, u64)>,
    /// Keys of elements that are not counted yet.
    waiting: Vec<u64>,
    least: u64,
    greatest: u64,
    is_missing: bool,
}

impl Default for Counts {
    fn default() -> Self {
        Counts { shift: SHIFT, kinds: Vec::new(), waiting: Vec::new(), least: u64::MAX, greatest: 0, is_missing: false }
    }
}

impl Counts {
    #[inline]
    fn take(&mut self, value: f64) {
        if value.is_nan() {
            self.is_missing = true;
            return;
        }
        self.waiting.push(Plain::<f64>::key(value));
        if self.waiting.len() >= WAITING {
            self.settle();
        }
    }

    /// Counts what waits.
    fn settle(&mut self) {
        let mut keys = std::mem::take(&mut self.waiting);
        keys.sort_unstable();
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return };
        (self.least, self.greatest) = (self.least.min(*first), self.greatest.max(*last));
        let mut kinds: Vec<(u64, u64)> = Vec::new();
        for kind in keys.iter().map(|key| key >> self.shift) {
            count(&mut kinds, (kind, 1));
        }
        self.join(&kinds);
        keys.clear();
        self.waiting = keys;
    }

    /// Adds counts of the same shift, and looks at fewer bits where there are too many kinds.
    fn join(&mut self, other: &[(u64, u64)]) {
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(self.kinds.len() + other.len());
        let (mut a, mut b) = (self.kinds.iter().peekable(), other.iter().peekable());
        while let Some(next) = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.0 <= y.0 => a.next(),
            (Some(_), None) => a.next(),
            _ => b.next(),
        } {
            count(&mut joined, *next);
        }
        self.kinds = joined;
        while self.kinds.len() > MOST {
            self.coarsen(self.shift + 1);
        }
    }

    /// Leaves out so many bits.
    fn coarsen(&mut self, shift: u32) {
        let more = shift - self.shift;
        let mut coarse: Vec<(u64, u64)> = Vec::with_capacity(self.kinds.len());
        self.kinds.iter().for_each(|(kind, n)| count(&mut coarse, (kind >> more, *n)));
        (self.kinds, self.shift) = (coarse, shift);
    }

    fn merge(&mut self, mut other: Counts) {
        self.settle();
        other.settle();
        let shift = self.shift.max(other.shift);
        self.coarsen(shift);
        other.coarsen(shift);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        self.is_missing |= other.is_missing;
        self.join(&other.kinds);
    }

    /// The element of a rank, as far as it is known; `ends` are the ranks after the kinds.
    fn element(&self, rank: u64, ends: &[u64]) -> f64 {
        let (least, greatest) = (Plain::<f64>::value(self.least), Plain::<f64>::value(self.greatest));
        if rank == 0 {
            return least;
        }
        if ends.last().is_none_or(|end| rank + 1 >= *end) {
            return greatest;
        }
        let kind = self.kinds[ends.partition_point(|end| *end <= rank)].0;
        let low = Plain::<f64>::value((kind << self.shift).max(self.least));
        let high = (kind << self.shift) | ((1 << self.shift) - 1);
        let high = Plain::<f64>::value(high.min(self.greatest));
        match (low, high) {
            _ if low.abs() < f64::MIN_POSITIVE && high.abs() < f64::MIN_POSITIVE => 0.0,
            _ if low == high || !(high - low).is_finite() => low,
            _ => low + (high - low) / 2.0,
        }
    }

    fn quantiles(mut self, sketch: &Sketch, results: &mut Vec<f64>) {
        self.settle();
        let mut sum = 0;
        let ends: Vec<u64> = (self.kinds.iter())
            .map(|(_, count)| {
                sum += count;
                sum
            })
            .collect();
        for level in &sketch.levels {
            if sum == 0 || (self.is_missing && !sketch.skipna) {
                results.push(f64::NAN);
                continue;
            }
            let exact = (sum - 1) as f64 * level;
            let low = exact.floor();
            let [a, b] = [low, low + 1.0].map(|rank| self.element((rank as u64).min(sum - 1), &ends));
            results.push(Plain::<f64>::between(a, b, exact - low));
        }
    }
}

/// Counts what comes in ascending order.
fn count(kinds: &mut Vec<(u64, u64)>, (kind, n): (u64, u64)) {
    match kinds.last_mut() {
        Some((last, count)) if *last == kind => *count += n,
        _ => kinds.push((kind, n)),
    }
}

struct Sketches {
    sketch: Sketch,
    cells: Vec<Counts>,
}

impl Accumulator for Sketches {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _: Option<TileRef<'_>>) {
        for (i, value) in values.get::<f64>()[run.start..run.start + run.len].iter().enumerate() {
            let cell = match run.cells {
                Cells::One => run.first,
                Cells::Each => run.first + i,
                Cells::Table(table, stride) => match table[i] {
                    u32::MAX => continue,
                    cell => run.first + cell as usize * stride,
                },
            };
            self.cells[cell].take(*value);
        }
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.cells.iter_mut().zip(other.cells).for_each(|(cell, later)| cell.merge(later));
    }

    fn finish(self: Box<Self>) -> Block {
        let Sketches { sketch, cells } = *self;
        let mut results = Vec::with_capacity(cells.len() * sketch.levels.len());
        cells.into_iter().for_each(|cell| cell.quantiles(&sketch, &mut results));
        Block::from_list(results)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [f64; 9] = [0.0, 0.001, 0.05, 0.25, 0.5, 0.77, 0.95, 0.9999, 1.0];

    /// Numbers that repeat after long.
    fn numbers(n: u64, of: impl Fn(f64) -> f64) -> Vec<f64> {
        let unit = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64;
        (1..=n).map(|i| of(unit(i))).collect()
    }

    fn counted(values: &[f64]) -> Counts {
        let mut counts = Counts::default();
        values.iter().for_each(|value| counts.take(*value));
        counts
    }

    fn quantiles(counts: &Counts) -> Vec<f64> {
        let sketch = Sketch { levels: LEVELS.to_vec(), skipna: true };
        let mut results = Vec::new();
        counts.clone().quantiles(&sketch, &mut results);
        results
    }

    #[test]
    fn errors_are_within_the_bound() {
        let cases: [(&str, u32, Vec<f64>); 5] = [
            ("one power of two", 11, numbers(50_000, |u| 1.0 + u)),
            ("temperatures", 11, numbers(50_000, |u| 230.0 + 90.0 * u)),
            ("of both signs", 7, numbers(50_000, |u| 2.0 * u - 1.0)),
            ("many powers of ten", 5, numbers(50_000, |u| 10f64.powf(12.0 * u - 6.0))),
            ("few values", 11, numbers(50_000, |u| (u * 7.0).floor())),
        ];
        for (name, bits, mut values) in cases {
            let found = quantiles(&counted(&values));
            values.sort_by(f64::total_cmp);
            for (level, found) in LEVELS.iter().zip(found) {
                let exact = (values.len() - 1) as f64 * level;
                let at = |place: f64| values[(place as usize).min(values.len() - 1)];
                let (a, b) = (at(exact.floor()), at(exact.floor() + 1.0));
                let want = Plain::<f64>::between(a, b, exact - exact.floor());
                let bound = a.abs().max(b.abs()) * 0.5f64.powi(bits as i32);
                assert!((found - want).abs() <= bound, "{name}, {level}: {found} for {want}, {bound} off at most");
            }
        }
    }

    #[test]
    fn results_do_not_depend_on_the_order() {
        let values = numbers(30_000, |u| (u - 0.3) * 10f64.powf(40.0 * u - 20.0));
        let whole = quantiles(&counted(&values));
        let mut turned = values.clone();
        turned.reverse();
        assert_eq!(whole, quantiles(&counted(&turned)));
        for parts in [2, 7, 100] {
            let mut merged = Counts::default();
            for part in values.chunks(values.len() / parts + 1).rev() {
                merged.merge(counted(part));
            }
            assert_eq!(whole, quantiles(&merged), "{parts} parts");
        }
    }

    #[test]
    fn ends_and_infinities_are_exact() {
        let found = quantiles(&counted(&[f64::NEG_INFINITY, 3.0, f64::INFINITY]));
        assert_eq!((found[0], found[8]), (f64::NEG_INFINITY, f64::INFINITY));
        assert!((found[4] - 3.0).abs() <= 3.0 * 0.5f64.powi(11), "{}", found[4]);
        assert_eq!(quantiles(&counted(&[-0.5]))[3], -0.5);
        assert!(quantiles(&counted(&[f64::NAN])).iter().all(|x| x.is_nan()));
        let mut strict = Vec::new();
        counted(&[1.0, f64::NAN]).quantiles(&Sketch { levels: vec![0.5], skipna: false }, &mut strict);
        assert!(strict[0].is_nan());
    }

    #[test]
    fn calls_give_what_exact_ones_do_but_for_the_error() {
        use crate::operators::Value;
        use crate::operators::testing::{Bench, list};
        let mut bench = Bench::new();
        let values: Vec<f32> = numbers(600, |u| 250.0 + 60.0 * u).into_iter().map(|x| x as f32).collect();
        let x = Value::Array(bench.array(&[("t", 20), ("y", 5), ("x", 6)], values));
        let approx = ("method", Value::Name("approx".into()));
        let (t, levels) = (Value::Name("t".into()), list([0.0, 0.1, 0.5, 1.0].map(Value::Float)));
        for (positional, options) in [
            (vec![x.clone(), levels.clone(), t.clone()], vec![]),
            (vec![x.clone(), levels], vec![("keepdims", Value::Bool(true))]),
            (vec![x.clone(), Value::Float(0.3), t.clone()], vec![("keepdims", Value::Bool(true))]),
            (vec![x.clone(), Value::Float(0.9)], vec![("skipna", Value::Bool(false))]),
        ] {
            let exact = bench.apply_named("quantile", &positional, &options);
            let with = [options.clone(), vec![approx.clone()]].concat();
            let found = bench.apply_named("quantile", &positional, &with);
            assert_eq!(bench.ty(exact).dims, bench.ty(found).dims);
            assert_eq!(
                (bench.ty(exact).dtype, &bench.ty(exact).coords),
                (bench.ty(found).dtype, &bench.ty(found).coords)
            );
            bench.assert_splits(found);
            let [exact, found] = [exact, found].map(|x| bench.values(x).scalars());
            for (exact, found) in exact.iter().zip(&found) {
                let (exact, found) = (exact.as_f64().unwrap(), found.as_f64().unwrap());
                assert!((exact - found).abs() <= exact * 0.0005, "{found} for {exact}");
            }
        }
        let times = Value::Array(bench.array_of(DType::Duration, &[("t", 2)], vec![1i64, 2]));
        let view = bench.call("groupby", &[x, list([0; 20].map(Value::Int))], &[]);
        let told = [
            bench.say("quantile", &[times, Value::Float(0.5)], std::slice::from_ref(&approx)),
            view.map_or_else(|e| e.message, |view| bench.say("quantile", &[view, Value::Float(0.5)], &[approx])),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
