//! `construct`: the elements of windows, laid out along dims of their own.

use super::super::creation::fill_value;
use super::super::error::{Culprit, TypeError};
use super::super::index::Labels;
use super::super::moves::{self, Span};
use super::super::pattern::WindowAxis;
use super::super::reduction::choose::with_missing;
use super::super::view::{Boundary, View, ViewKind};
use super::super::{Arguments, Builder, Operand, Value, axis_of, call};
use crate::array::{ArrayType, Coord, DType, DimName, Scalar};
use crate::source::Spanned;
use std::sync::Arc;

/// Emits what lays out the windows of a view.
///
/// # Errors
/// The view is none of windows of one length, new dims are not named or named twice, or there is nothing to fill up with.
pub fn construct(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let Value::View(view) = args.value("x") else {
        let error = TypeError::expected("x", "an array seen as windows", args.value("x"));
        return Err(error.with_help("`rolling(x, time: 5) |> construct(window)`"));
    };
    match &view.kind {
        ViewKind::Rolling { windows, center, min_periods } => {
            if min_periods.is_some() {
                let message = "`construct` lays out windows whatever they hold, and has no use for `min_periods`";
                let error = TypeError::new("ff::type::view", message).at(Culprit::Param("x"), "of these windows");
                return Err(error.with_help("leave it out of `rolling`, or mask what is computed of the windows"));
            }
            rolled(builder, args, view, (windows, *center))
        }
        ViewKind::Coarsen { windows, boundary } => coarsened(builder, args, view, (windows, *boundary)),
        ViewKind::Groups(_) | ViewKind::Zones(_) | ViewKind::Cumulative { .. } | ViewKind::Exponential(_) => {
            let message = "`construct` is of windows of one length";
            let error =
                TypeError::new("ff::type::view", message).at(Culprit::Param("x"), "these are others, or groups");
            return Err(error.with_help("`rolling` and `coarsen` make them"));
        }
    }
    .map(Value::Array)
}

/// A name that a script gives.
fn named(value: &Value) -> Option<DimName> {
    match value {
        Value::Name(name) | Value::Str(name) if !name.is_empty() => Some(DimName::new(name)),
        _ => None,
    }
}

/// What is said of the dim of each window, in their order; every name belongs to a window.
fn by_window<'a>(
    args: &'a Arguments,
    windows: &[(DimName, u64)],
    (what, example): (&str, &str),
) -> Result<Vec<&'a Spanned<Value>>, TypeError> {
    if let Some((other, _)) =
        args.per_dim.iter().find(|(name, _)| windows.iter().all(|(dim, _)| *dim.as_str() != name.value))
    {
        let message = format!("there are no windows along `{}`", other.value);
        return Err(TypeError::new("ff::type::window", message).at(Culprit::Named(other.value.clone()), "not windowed"));
    }
    let of = |(dim, _): &(DimName, u64)| {
        let given = args.per_dim.iter().find(|(name, _)| *name.value == *dim.as_str());
        given.map(|(_, value)| value).ok_or_else(|| {
            let error = TypeError::new("ff::type::window", format!("{what} of the windows along `{dim}` is not said"));
            error.with_help(format!("name it: `construct({dim}: {example})`"))
        })
    };
    windows.iter().map(of).collect()
}

/// Checks that new dims are not there already.
fn distinct(ty: &ArrayType, names: &[DimName], at: &dyn Fn(usize) -> Culprit) -> Result<(), TypeError> {
    for (number, name) in names.iter().enumerate() {
        let (is_dim, is_again) = (ty.dims.axis(name).is_some(), names[..number].contains(name));
        if is_dim || is_again {
            let message = match is_dim {
                true => format!("the array already has a dim `{name}`"),
                false => format!("two new dims are called `{name}`"),
            };
            return Err(TypeError::new("ff::type::repeated_dim", message).at(at(number), "this name is taken"));
        }
    }
    Ok(())
}

/// Windows that move: their elements along new last dims.
fn rolled(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    (windows, center): (&[(DimName, u64)], bool),
) -> Result<Operand, TypeError> {
    let ty = builder.ty(view.operand);
    let names: Vec<DimName> = match (args.get("window_dim"), windows) {
        (Some(name), [_]) if args.per_dim.is_empty() => {
            vec![named(name).ok_or_else(|| TypeError::expected("window_dim", "the name of a new dim", name))?]
        }
        (Some(_), _) => {
            let message = "one name is for windows along one dim";
            let error = TypeError::new("ff::type::window", message).at(Culprit::Param("window_dim"), "one name");
            return Err(error.with_help(format!("name the dim of each: `construct({}: w, …)`", windows[0].0)));
        }
        (None, _) => {
            let given = by_window(args, windows, ("the new dim", "w"))?;
            let names = given.iter().zip(windows).map(|(name, (dim, _))| {
                let wrong = || {
                    TypeError::new("ff::type::window", format!("the new dim is a name, this is {}", name.value.kind()))
                };
                named(&name.value).ok_or_else(|| wrong().at(Culprit::Named(dim.to_string()), "a name"))
            });
            names.collect::<Result<_, _>>()?
        }
    };
    let by_name = args.get("window_dim").is_some();
    distinct(&ty, &names, &|i| {
        if by_name { Culprit::Param("window_dim") } else { Culprit::Named(windows[i].0.to_string()) }
    })?;
    let strides = strides(args, windows)?;
    let (mut x, fill) = filled(builder, args, view.operand)?;
    let (mut axes, mut coords) = (Vec::new(), Vec::new());
    for ((dim, length), stride) in windows.iter().zip(strides) {
        let axis = axis_of(&ty, dim)?;
        let before = if center { length / 2 } else { length - 1 };
        x = padded(builder, x, (axis, before, length - 1 - before), &fill)?;
        let size = ty.dims[axis].size;
        axes.push(WindowAxis { axis, before: 0, length: *length, stride, count: size.div_ceil(stride) });
        let labels = |coord: &Arc<Coord>| match stride {
            1 => coord.clone(),
            _ => Arc::new(coord.take(&(0..size as usize).step_by(stride as usize).collect::<Vec<usize>>())),
        };
        coords.extend(ty.coord(dim).map(|coord| (dim.clone(), Some(labels(coord)))));
    }
    let out = moves::windows(builder, x, &axes, &names)?;
    moves::relabel(builder, out, Labels { coords, ..Labels::default() })
}

/// How far apart windows lie: a number for all, or one by dim.
fn strides(args: &Arguments, windows: &[(DimName, u64)]) -> Result<Vec<u64>, TypeError> {
    let wrong = |message: String| TypeError::new("ff::type::window", message).at(Culprit::Param("stride"), "1 or more");
    let stride = |value: &Value| match value {
        Value::Int(n) if *n >= 1 => Ok(*n as u64),
        Value::Int(n) => Err(wrong(format!("from one window to the next there is one element at least, not {n}"))),
        other => Err(wrong(format!("a stride is an integer, this is {}", other.kind()))),
    };
    match args.get("stride") {
        None => Ok(vec![1; windows.len()]),
        Some(Value::Record(fields)) => {
            if let Some((other, _)) =
                fields.iter().find(|(name, _)| windows.iter().all(|(dim, _)| dim.as_str() != name))
            {
                return Err(wrong(format!("there are no windows along `{other}`")));
            }
            let of = |dim: &DimName| fields.iter().find(|(name, _)| name == dim.as_str());
            windows.iter().map(|(dim, _)| of(dim).map_or(Ok(1), |(_, value)| stride(value))).collect()
        }
        Some(value) => stride(value).map(|stride| vec![stride; windows.len()]),
    }
}

/// The array in a dtype that holds what windows are filled up with, and that.
fn filled(builder: &mut dyn Builder, args: &Arguments, x: Operand) -> Result<(Operand, Scalar), TypeError> {
    let dtype = builder.ty(x).dtype;
    if let Some(value) = args.get("fill_value") {
        let value = fill_value(builder, value, dtype).map_err(|error| error.or_at(Culprit::Param("fill_value")))?;
        return Ok((x, value));
    }
    let wide: DType = with_missing(dtype);
    let missing = Scalar::missing(wide).ok_or_else(|| {
        let message = "windows at the ends are filled up, and text has no missing value";
        let error = TypeError::new("ff::type::missing", message).at(Culprit::Param("x"), format!("these are {dtype}"));
        error.with_help("say with what: `fill_value: \"\"`")
    })?;
    Ok((call::cast(builder, x, wide)?, missing))
}

/// With so many elements before and after those along an axis, which loses its labels.
fn padded(
    builder: &mut dyn Builder,
    x: Operand,
    (axis, before, after): (usize, u64, u64),
    fill: &Scalar,
) -> Result<Operand, TypeError> {
    let dim = builder.ty(x).dims[axis].name.clone();
    let bare = moves::unlabel(builder, x, &dim)?;
    let [before, after] = [before, after].map(|count| moves::filler(builder, bare, axis, count, fill.clone()));
    moves::concat(builder, axis, &[before, bare, after])
}

/// Windows are filled up with no more elements than these, and not with so many times those that are there.
const MOST_FILLED: u64 = 1 << 24;
const MOST_FILLED_TIMES: u64 = 1000;

fn overfilled(dim: &DimName, (size, length, lacks): (u64, u64, u64)) -> TypeError {
    let message = format!("`{dim}` has {size} elements: to fill up a window of {length} takes {lacks} more");
    let error = TypeError::new("ff::type::window_too_long", message);
    let error = error.at(Culprit::Param("x"), "laid out as windows that are hardly filled");
    error.with_help("take shorter windows; what reduces windows (`|> mean()`) needs none that are laid out")
}

/// Windows side by side: a dim becomes one of windows and, after it, one of their elements.
fn coarsened(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    (windows, boundary): (&[(DimName, u64)], Boundary),
) -> Result<Operand, TypeError> {
    for option in ["window_dim", "stride"] {
        if args.get(option).is_some() {
            let message = format!("`{option}` is of `rolling`: a dim that is coarsened becomes two");
            let error =
                TypeError::new("ff::type::window", message).at(Culprit::Param(option), "does not go with `coarsen`");
            return Err(error.with_help(format!("`construct({}: [year, month])`", windows[0].0)));
        }
    }
    let ty = builder.ty(view.operand);
    let pairs = pairs(args, windows)?;
    let rest: Vec<usize> = (0..ty.rank()).filter(|a| windows.iter().all(|(dim, _)| *dim != ty.dims[*a].name)).collect();
    let mut others = (*ty).clone();
    (0..ty.rank()).rev().filter(|a| !rest.contains(a)).for_each(|axis| others.remove_axis(axis));
    let all: Vec<DimName> = pairs.iter().flatten().cloned().collect();
    distinct(&others, &all, &|i| Culprit::Named(windows[i / 2].0.to_string()))?;
    let count = |size: u64, length: u64| match boundary {
        Boundary::Exact | Boundary::Trim => size / length,
        Boundary::Pad => size.div_ceil(length),
    };
    let lacks = |(dim, length): &(DimName, u64)| {
        let size = ty.dims[axis_of(&ty, dim)?].size;
        let lacks = count(size, *length).saturating_mul(*length).saturating_sub(size);
        match lacks > MOST_FILLED && lacks / size.max(1) > MOST_FILLED_TIMES {
            true => Err(overfilled(dim, (size, *length, lacks))),
            false => Ok(lacks),
        }
    };
    let lacking = windows.iter().map(lacks).collect::<Result<Vec<u64>, TypeError>>()?;
    let mut x = view.operand;
    if lacking.iter().any(|n| *n > 0) {
        let (wide, fill) = filled(builder, args, x)?;
        x = wide;
        for ((dim, _), after) in windows.iter().zip(&lacking) {
            x = padded(builder, x, (axis_of(&ty, dim)?, 0, *after), &fill)?;
        }
    } else if args.get("fill_value").is_some() {
        let error = TypeError::new("ff::type::window", "all windows are whole: there is nothing to fill up");
        return Err(error.at(Culprit::Param("fill_value"), "has nothing to do"));
    }
    let mut axes = Vec::new();
    for (dim, length) in windows {
        let axis = axis_of(&ty, dim)?;
        x = moves::unlabel(builder, x, dim)?;
        let count = count(ty.dims[axis].size, *length);
        x = moves::slice(builder, x, &[(axis, Span::run(0, count * length))])?;
        axes.push(WindowAxis { axis, before: 0, length: *length, stride: *length, count });
    }
    split(builder, x, &axes, &pairs)
}

/// The names of the two dims that each dim becomes.
fn pairs(args: &Arguments, windows: &[(DimName, u64)]) -> Result<Vec<[DimName; 2]>, TypeError> {
    let given = by_window(args, windows, ("the two new dims", "[year, month]"))?;
    let pair = |(value, (dim, _)): (&&Spanned<Value>, &(DimName, u64))| {
        let names: Option<Vec<DimName>> = match &value.value {
            Value::List(names) => names.iter().map(named).collect(),
            _ => None,
        };
        names.and_then(|names| <[DimName; 2]>::try_from(names).ok()).ok_or_else(|| {
            let error = TypeError::new(
                "ff::type::window",
                format!("`{dim}` becomes two dims: of windows, and of their elements"),
            );
            let error = error.at(Culprit::Named(dim.to_string()), "two names");
            error.with_help(format!("`construct({dim}: [year, month])`"))
        })
    };
    given.iter().zip(windows).map(pair).collect()
}

/// Lays windows out, with the dim of the elements after that of the windows.
fn split(
    builder: &mut dyn Builder,
    x: Operand,
    axes: &[WindowAxis],
    pairs: &[[DimName; 2]],
) -> Result<Operand, TypeError> {
    let rank = builder.ty(x).rank();
    // Through temporary names: a new dim may be called as an old one.
    let parked: Vec<DimName> = (0..pairs.len()).map(|i| DimName::new(&format!("\u{1}{i}"))).collect();
    let out = moves::windows(builder, x, axes, &parked)?;
    let ty = builder.ty(out);
    let mut rename = Vec::new();
    for ((w, [windows, elements]), parked) in axes.iter().zip(pairs).zip(parked) {
        let old = &ty.dims[w.axis].name;
        rename.extend((old != windows).then(|| (old.clone(), windows.clone())));
        rename.push((parked, elements.clone()));
    }
    let out = moves::relabel(builder, out, Labels { rename, ..Labels::default() })?;
    let mut order = Vec::new();
    for axis in 0..rank {
        order.push(axis);
        order.extend(axes.iter().position(|w| w.axis == axis).map(|number| rank + number));
    }
    moves::permute(builder, out, &order)
}
