//! Positions: what the arguments of `isel` pick.

use super::{Pick, Points, known, mask_positions};
use crate::array::{DType, Dim, DimName, Scalar};
use crate::operators::arguments::RangeValue;
use crate::operators::moves::Span;
use crate::operators::{Builder, TypeError, Value};

/// What positions along a dim count, with the words for one and for many.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub dim: &'a DimName,
    pub count: u64,
    pub one: &'static str,
    pub many: &'static str,
}

impl<'a> From<&'a Dim> for Places<'a> {
    fn from(dim: &'a Dim) -> Self {
        Places { dim: &dim.name, count: dim.size, one: "position", many: "elements" }
    }
}

/// What `value` picks of these places.
pub(super) fn pick(builder: &dyn Builder, places: Places<'_>, value: &Value) -> Result<Pick, TypeError> {
    match value {
        Value::Int(index) => position(*index, places).map(Pick::One),
        Value::Range(range) => run(range, places).map(Pick::Run),
        Value::List(items) => {
            let scalars: Option<Vec<Scalar>> = items.iter().map(Value::scalar).collect();
            scalars.map_or_else(|| Err(unfit(value)), |scalars| several(&scalars, places))
        }
        Value::Array(operand) => {
            let scalars = known(builder, *operand)?.scalars();
            let ty = builder.ty(*operand);
            match (ty.rank(), scalars.as_slice()) {
                (0, [only]) => only.as_i64().map_or_else(|| Err(unfit(value)), |i| position(i, places).map(Pick::One)),
                (1, _) if ty.dtype == DType::Bool || ty.dims[0].name.is_auto() => several(&scalars, places),
                _ => Ok(Pick::At(Points { positions: positions(&scalars, places)?, like: ty })),
            }
        }
        other => Err(unfit(other)),
    }
}

fn unfit(value: &Value) -> TypeError {
    let error = TypeError::new("ff::type::argument", format!("a position is expected, this is {}", value.kind()));
    match value {
        Value::Str(_) | Value::Float(_) => error.with_help("`sel` selects by label"),
        _ => error.with_help("write a position, a half-open range such as 0..<24, or a list of positions"),
    }
}

/// The position that an index means, which counts from the end where it is negative.
fn position(index: i64, places: Places<'_>) -> Result<u64, TypeError> {
    let at = if index < 0 { i128::from(index) + i128::from(places.count) } else { i128::from(index) };
    if (0..i128::from(places.count)).contains(&at) {
        return Ok(at as u64);
    }
    let Places { dim, count, one, many } = places;
    let message = format!("{one} {index} is out of range for dim `{dim}`, which has {count} {many}");
    let mut error = TypeError::new("ff::type::index", message);
    error.label = match count {
        0 => "there is none".into(),
        n => format!("0 to {}, or -{n} to -1", n - 1),
    };
    Err(error)
}

fn several(scalars: &[Scalar], places: Places<'_>) -> Result<Pick, TypeError> {
    let mask: Option<Vec<bool>> =
        scalars.iter().map(|s| if let Scalar::Bool(b) = s { Some(*b) } else { None }).collect();
    if let Some(mask) = mask.filter(|mask| !mask.is_empty()) {
        return mask_positions(&mask, places).map(Pick::of);
    }
    positions(scalars, places).map(Pick::of)
}

fn positions(scalars: &[Scalar], places: Places<'_>) -> Result<Vec<u64>, TypeError> {
    let at = |scalar: &Scalar| match scalar {
        Scalar::Int(_) | Scalar::UInt(_) => position(scalar.as_i64().unwrap_or(i64::MAX), places),
        other => Err(TypeError::new("ff::type::argument", format!("{other} is not a position"))
            .with_help("positions are integers; `sel` selects by label")),
    };
    scalars.iter().map(at).collect()
}

/// The elements of a half-open range, as Python's `slice.indices` has them.
fn run(range: &RangeValue, places: Places<'_>) -> Result<Span, TypeError> {
    let start = end_of(range.start.as_ref())?;
    let end = end_of(range.end.as_ref())?;
    if let (true, Some(end)) = (range.closed, end) {
        return Err(closed(start, end));
    }
    let step = range.step.unwrap_or(1);
    if step == 0 {
        return Err(TypeError::new("ff::type::range", "a range cannot have a step of 0"));
    }
    let size = places.count as i64;
    let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
    let clip = |at: i64| if at < 0 { at.saturating_add(size).max(low) } else { at.min(high) };
    let (first, past) = if step > 0 { (low, high) } else { (high, low) };
    let start = start.map_or(first, clip);
    let end = end.map_or(past, clip);
    let distance = if step > 0 { end - start } else { start - end };
    let count = if distance > 0 { (distance as u64).div_ceil(step.unsigned_abs()) } else { 0 };
    Ok(Span { start, step, count })
}

fn end_of(end: Option<&Value>) -> Result<Option<i64>, TypeError> {
    match end {
        None | Some(Value::None) => Ok(None),
        Some(Value::Int(i)) => Ok(Some(*i)),
        Some(other) => {
            let message = format!("the end of a range by position is an integer, this is {}", other.kind());
            Err(TypeError::new("ff::type::argument", message).with_help("`sel` selects by label"))
        }
    }
}

fn closed(start: Option<i64>, end: i64) -> TypeError {
    let start = start.map_or_else(String::new, |s| s.to_string());
    let inclusive = if end == -1 { format!("{start}..") } else { format!("{start}..<{}", end + 1) };
    TypeError::new("ff::type::range", format!("a range by position is half-open, `{start}..{end}` is closed"))
        .with_help(format!("write {start}..<{end}, or {inclusive} to include {end}"))
}
