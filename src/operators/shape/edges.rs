//! Elements moved along dims: `shift`, `roll`, `diff`, and `pad`, which adds some at the ends.
//!
//! All are joins of slices and constants. The modes of `pad` are NumPy's: every one but `constant` is
//! a periodic walk over the elements, so a width may exceed the dim.

use std::sync::Arc;

use super::ends::Made;
use crate::array::{ArrayType, Coord, CoordValues, DType, Dim, Scalar};
use crate::operators::arguments::axis;
use crate::operators::creation::fill_value;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::moves::{self, Span};
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, call};

pub(super) fn shift(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let fill = filling(builder, arguments, "fill", ty.dtype)?;
    let mut out = x;
    for (axis, value) in arguments.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let by = places(&value.value, dim)?;
        let count = by.unsigned_abs().min(dim.size);
        if count == 0 {
            continue;
        }
        let fill = fill.clone().ok_or_else(|| no_missing(ty.dtype, "fill"))?;
        let kept = Span::run(if by > 0 { 0 } else { count }, dim.size - count);
        let kept = moves::slice(builder, out, &[(axis, kept)])?;
        let gap = moves::filler(builder, out, axis, count, fill);
        let parts = if by > 0 { [gap, kept] } else { [kept, gap] };
        out = moves::concat(builder, axis, &parts)?;
        out = moves::labels_of(builder, out, &dim.name, &ty)?;
    }
    Ok(Value::Array(out))
}

pub(super) fn roll(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut out = x;
    for (axis, value) in arguments.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let by = i128::from(places(&value.value, dim)?).rem_euclid(i128::from(dim.size.max(1))) as u64;
        if by == 0 {
            continue;
        }
        let back = moves::slice(builder, out, &[(axis, Span::run(dim.size - by, by))])?;
        let front = moves::slice(builder, out, &[(axis, Span::run(0, dim.size - by))])?;
        out = moves::concat(builder, axis, &[back, front])?;
        out = moves::labels_of(builder, out, &dim.name, &ty)?;
    }
    Ok(Value::Array(out))
}

pub(super) fn diff(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let axis = axis(arguments.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let upper = arguments.str_opt("label")? != Some("lower");
    let times = arguments.int("n", 1)?;
    if times < 0 {
        return Err(TypeError::new("ff::type::argument", format!("differences cannot be taken {times} times"))
            .at(Culprit::Param("n"), "zero or more"));
    }
    let mut out = x;
    for _ in 0..(times as u64).min(ty.dims[axis].size) {
        let ty = builder.ty(out);
        let dim = &ty.dims[axis];
        let high = moves::slice(builder, out, &[(axis, Span::run(1, dim.size - 1))])?;
        let low = moves::slice(builder, out, &[(axis, Span::run(0, dim.size - 1))])?;
        let labelled = builder.ty(if upper { high } else { low });
        let coord = labelled.coord(&dim.name).cloned();
        let (high, low) = (moves::unlabel(builder, high, &dim.name)?, moves::unlabel(builder, low, &dim.name)?);
        out = call::operator(builder, "sub", &[Value::Array(high), Value::Array(low)])?;
        if coord.is_some() {
            let labels = Labels { coords: vec![(dim.name.clone(), coord)], ..Labels::default() };
            out = moves::relabel(builder, out, labels)?;
        }
    }
    Ok(Value::Array(out))
}

/// What is added at the ends of a dim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Constant,
    Edge,
    Reflect,
    Symmetric,
    Wrap,
    Made(Made),
}

/// The modes of `pad`.
pub(super) const MODES: &[&str] =
    &["constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "median", "maximum", "minimum"];

pub(super) fn pad(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mode = Mode::of(arguments)?;
    let fill = filling(builder, arguments, "value", ty.dtype)?;
    let mut out = x;
    for (axis, value) in arguments.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let widths = widths(&value.value, dim)?;
        if widths == (0, 0) {
            continue;
        }
        let coord = ty.coord(&dim.name);
        if coord.is_some() && widths.0 + widths.1 + dim.size > MAX_LABELS {
            return Err(too_many_labels(dim, widths));
        }
        let (parts, coord) = if mode == Mode::Constant {
            let fill = fill.clone().ok_or_else(|| no_missing(ty.dtype, "value"))?;
            let [front, back] = [widths.0, widths.1].map(|n| moves::filler(builder, out, axis, n, fill.clone()));
            (vec![front, out, back], coord.and_then(|c| padded_with_missing(c, widths)))
        } else if let Mode::Made(made) = mode {
            let [front, back] = made.ends(builder, arguments, (out, axis, widths))?;
            (vec![front, out, back], coord.and_then(|c| padded_with_missing(c, widths)))
        } else {
            let (front, back) = walks(dim, widths, mode)?;
            let taken = |coord: &Arc<Coord>| {
                let spans = front.iter().copied().chain([Span::run(0, dim.size)]).chain(back.iter().copied());
                let positions =
                    spans.flat_map(|span| (0..span.count as i64).map(move |i| (span.start + i * span.step) as usize));
                coord.take(&positions.collect::<Vec<_>>())
            };
            let coord = coord.map(taken);
            let mut parts = Vec::new();
            for span in front {
                parts.push(walk(builder, out, axis, span)?);
            }
            parts.push(out);
            for span in back {
                parts.push(walk(builder, out, axis, span)?);
            }
            (parts, coord)
        };
        out = moves::concat(builder, axis, &parts)?;
        let coords = coord.map(|c| (dim.name.clone(), Arc::new(c))).into_iter().collect();
        out = moves::labels_of(builder, out, &dim.name, &ArrayType { coords, ..(*ty).clone() })?;
    }
    Ok(Value::Array(out))
}

/// With so many elements of its far end before an axis that has some, and of its near end after it.
pub(in crate::operators) fn wrapped(
    builder: &mut dyn Builder,
    x: Operand,
    axis: usize,
    widths: (u64, u64),
) -> Result<Operand, TypeError> {
    let (front, back) = walks(&builder.ty(x).dims[axis], widths, Mode::Wrap)?;
    let mut parts = Vec::new();
    for span in front {
        parts.push(walk(builder, x, axis, span)?);
    }
    parts.push(x);
    for span in back {
        parts.push(walk(builder, x, axis, span)?);
    }
    moves::concat(builder, axis, &parts)
}

/// Places at most from an element to one that is read relative to it.
const FARTHEST: u64 = 1 << 40;

/// The elements `by` places on along an axis, beyond the ends what a boundary of stencils says: `value`, zero where none is
/// given, with `constant`.
///
/// # Errors
/// The value does not fit the dtype, or the element is absurdly far away.
pub fn neighbour(
    builder: &mut dyn Builder,
    x: Operand,
    (axis, by): (usize, i64),
    boundary: &str,
    value: Option<&Value>,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let (size, far) = (ty.dims[axis].size, by.unsigned_abs());
    let outside = far.min(size);
    if far > FARTHEST {
        let message = format!("an element {by} places on is too far away");
        return Err(TypeError::new("ff::type::size", message));
    }
    if outside == 0 {
        return Ok(x);
    }
    let mut parts = Vec::new();
    let mode = match boundary {
        "mirror" => Mode::Reflect,
        "nearest" => Mode::Edge,
        "wrap" => Mode::Wrap,
        "constant" => Mode::Constant,
        _ => Mode::Symmetric,
    };
    if mode == Mode::Constant {
        let fill = value.map_or(Ok(Scalar::zero(ty.dtype)), |value| fill_value(builder, value, ty.dtype))?;
        parts.push(moves::filler(builder, x, axis, outside, fill));
    } else {
        let from = if by < 0 { by } else { far.max(size) as i64 };
        for span in period(size as i64, from, outside, mode) {
            parts.push(walk(builder, x, axis, span)?);
        }
    }
    let inside = Span::run(if by > 0 { outside } else { 0 }, size - outside);
    let kept = moves::slice(builder, x, &[(axis, inside)])?;
    parts.insert(if by > 0 { 0 } else { parts.len() }, kept);
    let moved = moves::concat(builder, axis, &parts)?;
    moves::labels_of(builder, moved, &ty.dims[axis].name, &ty)
}

impl Mode {
    fn of(arguments: &Arguments) -> Result<Mode, TypeError> {
        let mode = match arguments.str_opt("mode")?.unwrap_or("constant") {
            "constant" => Mode::Constant,
            "edge" => Mode::Edge,
            "reflect" => Mode::Reflect,
            "symmetric" => Mode::Symmetric,
            "wrap" => Mode::Wrap,
            "linear_ramp" => Mode::Made(Made::Ramp),
            "mean" => Mode::Made(Made::Statistic("mean")),
            "median" => Mode::Made(Made::Statistic("median")),
            "maximum" => Mode::Made(Made::Statistic("max")),
            "minimum" => Mode::Made(Made::Statistic("min")),
            other => {
                let help =
                    "modes are constant, edge, reflect, symmetric, wrap, linear_ramp, mean, median, maximum, minimum";
                return Err(TypeError::new("ff::type::choice", format!("there is no mode `{other}`"))
                    .at(Culprit::Param("mode"), "no such mode")
                    .with_help(help));
            }
        };
        if mode != Mode::Constant && arguments.get("value").is_some() {
            return Err(TypeError::new("ff::type::argument", "a value is for the mode `constant` only")
                .at(Culprit::Param("value"), "has nothing to do")
                .and_at(Culprit::Param("mode"), "takes its elements from the array"));
        }
        for (param, fits) in [
            ("end_values", mode == Mode::Made(Made::Ramp)),
            ("stat_length", matches!(mode, Mode::Made(Made::Statistic(_)))),
        ] {
            if !fits && arguments.get(param).is_some() {
                let error = TypeError::new("ff::type::argument", format!("`{param}` is not for this mode"));
                return Err(error.at(Culprit::Param(param), "has nothing to do"));
            }
        }
        Ok(mode)
    }
}

/// The elements of a span; a step of zero repeats the first.
fn walk(builder: &mut dyn Builder, x: Operand, axis: usize, span: Span) -> Result<Operand, TypeError> {
    if span.step != 0 {
        return moves::slice(builder, x, &[(axis, span)]);
    }
    let first = moves::slice(builder, x, &[(axis, Span { step: 1, count: 1, ..span })])?;
    let mut shape = builder.ty(first).shape();
    shape[axis] = span.count;
    moves::broadcast(builder, first, &shape)
}

/// Most pieces that one end is padded with.
pub(in crate::operators) const MAX_PIECES: u64 = 1000;

/// Labels are held in memory while planning.
const MAX_LABELS: u64 = 1 << 27;

fn too_many_labels(dim: &Dim, (before, after): (u64, u64)) -> TypeError {
    let count = before + after + dim.size;
    TypeError::new("ff::type::size", format!("`{}` would have {count} labels, more than {MAX_LABELS}", dim.name))
        .at(Culprit::Named(dim.name.to_string()), "so many")
        .with_help(format!("drop the labels first: `drop_coords(x, {})`", dim.name))
}

/// The spans of elements before and after.
fn walks(dim: &Dim, (before, after): (u64, u64), mode: Mode) -> Result<(Vec<Span>, Vec<Span>), TypeError> {
    let refuse = |message: String| {
        let error = TypeError::new("ff::type::size", message).or_at(Culprit::Named(dim.name.to_string()));
        Err(error.with_help("`mode: constant` or `mode: edge` has no such limit"))
    };
    if dim.size == 0 {
        return refuse(format!("dim `{}` has no elements to pad it with", dim.name));
    }
    if mode != Mode::Edge && dim.size > 1 && before.max(after) / dim.size >= MAX_PIECES {
        return refuse(format!(
            "the widths are more than {MAX_PIECES} times the {} elements of `{}`",
            dim.size, dim.name
        ));
    }
    let front = period(dim.size as i64, -(before as i64), before, mode);
    Ok((front, period(dim.size as i64, dim.size as i64, after, mode)))
}

/// `count` elements from place `from` on of the periodic continuation of `size` elements.
fn period(size: i64, from: i64, count: u64, mode: Mode) -> Vec<Span> {
    let mut spans = Vec::new();
    if mode == Mode::Edge || size == 1 {
        let start = if from < 0 { 0 } else { size - 1 };
        spans.extend((count > 0).then_some(Span { start, step: 0, count }));
        return spans;
    }
    let period = match mode {
        Mode::Reflect => 2 * (size - 1),
        Mode::Symmetric => 2 * size,
        Mode::Constant | Mode::Edge | Mode::Wrap | Mode::Made(_) => size,
    };
    let end = from + count as i64;
    let mut at = from;
    while at < end {
        let place = at.rem_euclid(period);
        let (start, step, left) = if place < size {
            (place, 1, size - place)
        } else {
            (if mode == Mode::Reflect { period - place } else { period - 1 - place }, -1, period - place)
        };
        let count = left.min(end - at);
        spans.push(Span { start, step, count: count as u64 });
        at += count;
    }
    spans
}

/// The coordinate with missing labels at both ends, integers as `f64`; none for texts.
fn padded_with_missing(coord: &Coord, (before, after): (u64, u64)) -> Option<Coord> {
    fn padded<T: Clone>(labels: impl Iterator<Item = T>, missing: T, before: u64, after: u64) -> Vec<T> {
        let gap = |n: u64| std::iter::repeat_n(missing.clone(), n as usize);
        gap(before).chain(labels).chain(gap(after)).collect()
    }
    const NAT: i64 = crate::array::calendar::NAT;
    let (dtype, values) = match &coord.values {
        CoordValues::Int(v) => {
            (DType::F64, CoordValues::Float(padded(v.iter().map(|&i| i as f64), f64::NAN, before, after)))
        }
        CoordValues::Float(v) => (coord.dtype, CoordValues::Float(padded(v.iter().copied(), f64::NAN, before, after))),
        CoordValues::Time(v, calendar) => {
            (coord.dtype, CoordValues::Time(padded(v.iter().copied(), NAT, before, after), *calendar))
        }
        CoordValues::Duration(v) => (coord.dtype, CoordValues::Duration(padded(v.iter().copied(), NAT, before, after))),
        CoordValues::Str(_) => return None,
    };
    Some(Coord { dtype, values, ..coord.clone() })
}

/// What fills gaps: the value of a parameter, else the dtype's missing value if it has one.
fn filling(
    builder: &dyn Builder,
    arguments: &Arguments,
    param: &'static str,
    dtype: DType,
) -> Result<Option<Scalar>, TypeError> {
    match arguments.get(param) {
        None => Ok(Scalar::missing(dtype)),
        Some(value) => fill_value(builder, value, dtype).map(Some).map_err(|e| e.or_at(Culprit::Param(param))),
    }
}

fn no_missing(dtype: DType, param: &str) -> TypeError {
    let zero = Scalar::zero(dtype);
    TypeError::new("ff::type::missing", format!("{dtype} has no missing value to fill the gap with"))
        .with_help(format!("say what goes there, such as `{param}: {zero}`, or cast to f64 first"))
}

/// How many places elements move.
fn places(value: &Value, dim: &Dim) -> Result<i64, TypeError> {
    match value {
        Value::Int(by) => Ok(*by),
        other => {
            let message = format!("elements move by a whole number of places, this is {}", other.kind());
            Err(TypeError::new("ff::type::argument", message)
                .at(Culprit::Named(dim.name.to_string()), "expected an integer"))
        }
    }
}

/// Elements to add before and after.
fn widths(value: &Value, dim: &Dim) -> Result<(u64, u64), TypeError> {
    let width = |value: &Value| match value {
        Value::Int(n) => u64::try_from(*n).ok().filter(|n| n.checked_add(dim.size).is_some_and(|sum| sum < 1 << 62)),
        _ => None,
    };
    let both = match value {
        Value::List(items) => match items.as_slice() {
            [before, after] => width(before).zip(width(after)),
            _ => None,
        },
        one => width(one).map(|n| (n, n)),
    };
    both.ok_or_else(|| {
        TypeError::new("ff::type::argument", format!("{} is no width of a padding", value.kind()))
            .at(Culprit::Named(dim.name.to_string()), "expected a number, zero or more, or [before, after]")
            .with_help("to take elements away, use `isel`")
    })
}
