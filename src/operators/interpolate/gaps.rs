//! `interpolate_na`: gaps of a line filled from the elements on both sides, as `xarray.DataArray.interpolate_na`.

use std::sync::Arc;

use half::f16;

use super::blend::between;
use super::expand::filling;
use super::line::Line;
use crate::array::block::Element;
use crate::array::{Block, CoordValues, DType, Kind};
use crate::operators::arguments::axis;
use crate::operators::error::Culprit;
use crate::operators::moves::{self, digest};
use crate::operators::whole::lines::{self, Layout};
use crate::operators::whole::{Into, LineFunction, Whole};
use crate::operators::{Arguments, Builder, Call, Pattern, TypeError, Units, Value};

/// How gaps of lines are filled.
#[derive(Clone, Debug)]
struct Gaps {
    dtype: DType,
    /// Where elements lie, ascending.
    places: Vec<f64>,
    nearest: bool,
    /// The most missing elements in a row that are filled, from the first on.
    limit: usize,
    /// The widest gap that is filled, from the element before to the one after.
    widest: f64,
    /// What stands beyond the outermost elements, unless lines go on there.
    fill: f64,
    beyond: bool,
}

impl Gaps {
    /// Fills a line.
    fn fill(&self, line: &mut [f64]) {
        let there: Vec<usize> = (0..line.len()).filter(|&i| !line[i].is_nan()).collect();
        let [first, .., last] = there[..] else { return };
        for pair in there.windows(2) {
            self.between(line, (pair[0], pair[1]), pair[0] + 1..pair[1]);
        }
        if self.beyond {
            let ends = (there[1], there[there.len() - 2]);
            self.between(line, (first, ends.0), 0..first);
            self.between(line, (ends.1, last), last + 1..line.len());
        } else {
            line[..first].iter_mut().take(self.limit).for_each(|value| *value = self.fill);
            line[last + 1..].iter_mut().take(self.limit).for_each(|value| *value = self.fill);
        }
    }

    /// Fills elements from two that are there.
    fn between(&self, line: &mut [f64], (low, high): (usize, usize), gap: std::ops::Range<usize>) {
        let at = |i: usize| self.places[i];
        let is_inside = low < gap.start && gap.end <= high;
        let (before, after) = match is_inside {
            true => (at(low), at(high)),
            false if gap.start == 0 => (at(0), at(gap.end)),
            false => (at(gap.start.saturating_sub(1)), at(line.len() - 1)),
        };
        if !gap.is_empty() && after - before > self.widest {
            return;
        }
        let (from, to) = (line[low], line[high]);
        for i in gap.take(self.limit) {
            line[i] = match self.nearest {
                true if at(i) <= at(low) / 2.0 + at(high) / 2.0 => from,
                true => to,
                false => between(from, to, (at(i) - at(low)) / (at(high) - at(low))),
            };
        }
    }

    fn lines<T: Element + Copy + Default>(
        &self,
        block: &Block,
        layout: Layout<'_>,
        turn: impl Fn(T) -> f64,
        back: impl Fn(f64) -> T,
    ) -> Block {
        let values = block.values::<T>().expect("calls are typed");
        lines::each(values, layout, turn, |line, results| {
            self.fill(line);
            results.iter_mut().zip(line).for_each(|(result, value)| *result = back(*value));
        })
    }
}

impl LineFunction for Gaps {
    fn len(&self, n: u64) -> u64 {
        n
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        match self.dtype {
            DType::F16 => self.lines(block, layout, f16::to_f64, f16::from_f64),
            DType::F32 => self.lines(block, layout, |v: f32| f64::from(v), |v| v as f32),
            _ => self.lines(block, layout, |v: f64| v, |v| v),
        }
    }

    fn room(&self, n: u64) -> u64 {
        lines::room(n, size_of::<f64>(), n, self.dtype.size()).saturating_add(n.saturating_mul(8))
    }
}

pub(super) fn interpolate_na(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axis = axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    match ty.dtype.kind() {
        Kind::Float => {}
        Kind::Bool | Kind::Signed | Kind::Unsigned | Kind::Str => return Ok(Value::Array(x)),
        Kind::Complex | Kind::Time => {
            let message = format!("gaps in values of {} are not interpolated", ty.dtype);
            let error = TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), format!("this is {ty}"));
            return Err(error.with_help("fill them with the last value before them: `ffill(x, dim)`"));
        }
    }
    let dim = &ty.dims[axis];
    let is_labelled = args.bool("use_coordinate", true)?;
    let coord = ty.coord(&dim.name).map(|coord| &**coord).filter(|_| is_labelled);
    let line = Line::new(dim, coord).map_err(|e| e.at(Culprit::Param("dim"), "these labels"))?;
    if !line.order.is_sorted() {
        let message = format!("gaps are filled along ascending labels, those of `{}` are not", dim.name);
        let error = TypeError::new("ff::type::unsorted", message).at(Culprit::Param("dim"), "these labels");
        let help = format!("sort them, `sortby(x, {})`, or go by positions: `use_coordinate: false`", dim.name);
        return Err(error.with_help(help));
    }
    let limit = match args.int_opt("limit")? {
        None => usize::MAX,
        Some(limit) if limit > 0 => limit as usize,
        Some(limit) => {
            let error = TypeError::new("ff::type::argument", format!("`limit` is {limit}, and fills nothing"));
            return Err(error.at(Culprit::Param("limit"), "one or more").with_help("leave it out to fill all"));
        }
    };
    let is_timed = coord.is_some_and(|coord| matches!(coord.values, CoordValues::Time(..) | CoordValues::Duration(_)));
    let widest = match args.get("max_gap") {
        None => f64::INFINITY,
        Some(Value::Duration { months: 0, micros }) if is_timed => *micros as f64,
        Some(Value::Int(gap)) if !is_timed => *gap as f64,
        Some(Value::Float(gap)) if !is_timed => *gap,
        Some(other) => {
            let expected = if is_timed { "a duration, such as 12h or 3d" } else { "a number" };
            return Err(TypeError::expected("max_gap", expected, other));
        }
    };
    let (fill, beyond) = filling(args)?;
    let nearest = args.str_opt("method")? == Some("nearest");
    let gaps = Gaps { dtype: ty.dtype, places: line.places, nearest, limit, widest, fill, beyond };
    let text = format!("axis: {axis}, {}", digest(&gaps));
    let pattern = Pattern::Whole(Whole { axes: vec![axis], into: Into::Along, function: Arc::new(gaps) });
    let call = Call { name: "interpolate_na", text, pattern, dtype: ty.dtype, units: Units::Kept };
    let filled = builder.apply(call, &[x])?;
    moves::labels_of(builder, filled, &dim.name, &ty).map(Value::Array)
}
