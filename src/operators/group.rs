//! Views that wait for a reduction: `groupby`, `groupby_bins`, `resample`, `rolling`, `coarsen`.
//!
//! Groups are known while planning: a *key* gives each position along one dim its group, and the
//! labels of the groups, ascending, become the coordinate of a new dim in its place. Positions whose
//! key is missing belong to no group.
//!
//! Absent: keys computed from data, keys of several dims.

use std::sync::Arc;

use super::arguments::{ParamKind, Signature, optional, required};
use super::error::{Culprit, TypeError};
use super::view::{Boundary, Groups, View, ViewKind};
use super::{Arguments, Builder, Operand, Operator, Value, axis_of};
use crate::array::calendar::NAT;
use crate::array::calendar::periods::{self, Duration};
use crate::array::{ArrayType, Attributes, Block, Coord, CoordValues, DType, DimName, Scalar};

/// The rows of views.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "groupby",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required(
                    "key",
                    ParamKind::Key,
                    "A coordinate, an expression of coordinates, or a list: one group a value.",
                ),
            ],
        },
        summary: "Groups along one dim, in ascending order of a key, for the reduction that follows.",
        example: "x |> groupby([1, 1, 2, 2, 1, 2]) |> mean()",
        expand: groupby,
    },
    Operator {
        name: "groupby_bins",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required("key", ParamKind::Key, "Numbers: a coordinate, an expression of coordinates, or a list."),
                required("bins", ParamKind::Any, "The edges of the bins, ascending."),
                optional("right", ParamKind::Bool, "true", "Whether bins include their right edge and not their left."),
            ],
        },
        summary: "Groups along one dim by the bin a key lies in; the new dim is `KEY_bins`, its labels read `(0, 10]`.",
        example: "x |> groupby_bins([1, 5, 9, 2, 6, 7], [0, 5, 10]) |> mean()",
        expand: groupby_bins,
    },
    Operator {
        name: "resample",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required("period", ParamKind::PerDim, "The length of the periods: `time: 1mo`."),
            ],
        },
        summary: "Groups along a dim of times by period, labelled by its start; empty periods are missing.",
        example: "assign_coords(x, t: (\"2001-01-01\" as datetime) + arange(0, 6, 1, dim: t) * 1d) |> resample(t: 2d) |> mean()",
        expand: resample,
    },
    Operator {
        name: "rolling",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required("length", ParamKind::PerDim, "Elements of a window: `time: 5`."),
                optional(
                    "center",
                    ParamKind::Bool,
                    "false",
                    "Whether windows are centred and do not end at their element.",
                ),
                optional(
                    "min_periods",
                    ParamKind::Int,
                    "none",
                    "The fewest values present for a result; none means all.",
                ),
            ],
        },
        summary: "Windows that move along dims, one for each element, for the reduction that follows.",
        example: "x |> rolling(t: 3, center: true) |> mean()",
        expand: rolling,
    },
    Operator {
        name: "coarsen",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required("length", ParamKind::PerDim, "Elements that become one: `lat: 4`."),
                optional(
                    "boundary",
                    ParamKind::Choice(&["exact", "trim", "pad"]),
                    "exact",
                    "What happens to elements left over: an error, they are dropped, they make a last, shorter window.",
                ),
            ],
        },
        summary: "Windows side by side along dims, for the reduction that follows; coordinates become their means.",
        example: "x |> coarsen(t: 2, y: 2) |> mean()",
        expand: coarsen,
    },
];

fn view(operand: Operand, kind: ViewKind) -> Result<Value, TypeError> {
    Ok(Value::View(Arc::new(View { operand, kind })))
}

/// The values by which positions along one dim are grouped.
pub(super) struct Key {
    name: DimName,
    /// The dim.
    pub dim: DimName,
    /// The values, one for each position.
    pub coord: Coord,
}

impl Key {
    /// Reads a key, which the lowering gives as [`ParamKind::Key`] says.
    pub fn read(builder: &dyn Builder, args: &Arguments, ty: &ArrayType) -> Result<Key, TypeError> {
        let at = |error: TypeError| error.at(Culprit::Param("key"), "the key");
        let (name, values) = match args.value("key") {
            Value::Record(entries) => {
                let find = |name| entries.iter().find(|(n, _)| n == name).map(|(_, value)| value);
                let name = match find("name") {
                    Some(Value::Str(name)) => Some(DimName::new(name)),
                    _ => None,
                };
                (name, find("values").ok_or_else(|| TypeError::expected("key", "a coordinate", args.value("key")))?)
            }
            value => (None, value),
        };
        let (dim, dtype, block, attrs) = match values {
            Value::Name(dim) | Value::Str(dim) => {
                let dim = DimName::new(dim);
                let size = ty.dims[axis_of(ty, &dim).map_err(at)?].size;
                let coord = match ty.coord(&dim) {
                    Some(coord) => (**coord).clone(),
                    None => Coord::integers(dim.clone(), (0..size as i64).collect()),
                };
                return Ok(Key { name: name.unwrap_or_else(|| dim.clone()), dim, coord });
            }
            Value::Array(operand) => array_key(builder, *operand, ty).map_err(at)?,
            Value::List(values) => list_key(values, ty).map_err(at)?,
            other => return Err(TypeError::expected("key", "a coordinate, a 1-d array or a list", other)),
        };
        let coord = Coord::from_block(dim.clone(), dtype, &block, attrs).ok_or_else(|| {
            at(TypeError::new("ff::type::group_key", format!("{dtype} values have no order to group by")))
        })?;
        Ok(Key { name: name.unwrap_or_else(|| DimName::new("group")), dim, coord })
    }

    /// The view of `x` in which the position `i` belongs to the group `index[i]` of `labels`.
    fn grouped(self, x: Operand, ty: &ArrayType, index: Vec<u32>, labels: Coord) -> Result<Value, TypeError> {
        if labels.dim != self.dim && ty.dims.axis(&labels.dim).is_some() {
            let message = format!("the groups would be called `{}`, and {ty} has such a dim", labels.dim);
            let error = TypeError::new("ff::type::repeated_dim", message).at(Culprit::Param("key"), "the key");
            return Err(error.with_help("name the key otherwise: `let k = …`"));
        }
        view(x, ViewKind::Groups(Groups::new(self.dim, index, labels)))
    }
}

type KeyValues = (DimName, DType, Block, Arc<Attributes>);

/// A 1-d array of one value a position of a dim of `ty`.
fn array_key(builder: &dyn Builder, operand: Operand, ty: &ArrayType) -> Result<KeyValues, TypeError> {
    let key = builder.ty(operand);
    let dim = match key.dims.iter().next() {
        Some(dim) if key.rank() == 1 => dim,
        _ => return Err(TypeError::new("ff::type::group_key", format!("a key has one dim, this is {key}"))),
    };
    let size = ty.dims[axis_of(ty, &dim.name)?].size;
    if size != dim.size {
        let message = format!("the key has {} values along `{}`, the array {size}", dim.size, dim.name);
        return Err(TypeError::new("ff::type::group_key", message));
    }
    let block = builder.chosen_by(operand)?.ok_or_else(|| {
        let message = "the values of this key are not known while planning";
        let help = "group by a coordinate, a small array of a source, what is computed from these, or a list";
        TypeError::new("ff::type::group_key", message).with_help(help)
    })?;
    Ok((dim.name.clone(), key.dtype, block, key.attrs.clone()))
}

/// A list of one value a position of the only dim of `ty` that has so many.
fn list_key(values: &[Value], ty: &ArrayType) -> Result<KeyValues, TypeError> {
    let mut dims = ty.dims.iter().filter(|dim| dim.size == values.len() as u64);
    let dim = match (dims.next(), dims.next()) {
        (Some(dim), None) => dim.name.clone(),
        (first, _) => {
            let which = if first.is_some() { "more than one dim" } else { "no dim" };
            let message = format!("the key has {} values, and {which} of {ty} has so many", values.len());
            return Err(
                TypeError::new("ff::type::group_key", message).with_help("a key has one value for each position")
            );
        }
    };
    let scalars: Option<Vec<Scalar>> = values.iter().map(Value::scalar).collect();
    let scalars = scalars.unwrap_or_default();
    let all = |test: fn(&Scalar) -> bool| scalars.len() == values.len() && scalars.iter().all(test);
    let (dtype, block) = if all(|s| matches!(s, Scalar::Bool(_))) {
        (DType::Bool, listed::<bool>(&scalars))
    } else if all(|s| matches!(s, Scalar::Int(_))) {
        (DType::I64, listed::<i64>(&scalars))
    } else if all(|s| matches!(s, Scalar::Int(_) | Scalar::Float(_))) {
        (DType::F64, listed::<f64>(&scalars))
    } else if all(|s| matches!(s, Scalar::Str(_))) {
        (DType::Str, listed::<Arc<str>>(&scalars))
    } else {
        let message = "the values of a key are all numbers, all texts or all truth values";
        return Err(TypeError::new("ff::type::group_key", message));
    };
    Ok((dim, dtype, block, Arc::default()))
}

fn listed<T: crate::array::block::Element>(scalars: &[Scalar]) -> Block {
    Block::from_list(scalars.iter().map(T::from_scalar).collect::<Vec<T>>())
}

/// Per value its place among the distinct ones, in ascending order, and where each of these stands
/// first; missing values have no place.
fn ranked<T: Clone>(
    values: &[T],
    missing: impl Fn(&T) -> bool,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> (Vec<u32>, Vec<usize>) {
    let mut sorted: Vec<usize> = (0..values.len()).filter(|&i| !missing(&values[i])).collect();
    sorted.sort_by(|&a, &b| order(&values[a], &values[b]));
    let mut index = vec![u32::MAX; values.len()];
    let mut firsts: Vec<usize> = Vec::new();
    for i in sorted {
        if firsts.last().is_none_or(|&first| order(&values[first], &values[i]).is_ne()) {
            firsts.push(i);
        }
        index[i] = firsts.len() as u32 - 1;
    }
    (index, firsts)
}

fn groupby(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let key = Key::read(builder, args, &ty)?;
    let (index, firsts) = match &key.coord.values {
        CoordValues::Int(v) => ranked(v, |_| false, i64::cmp),
        CoordValues::Time(v, _) | CoordValues::Duration(v) => ranked(v, |t| *t == NAT, i64::cmp),
        CoordValues::Float(v) => ranked(v, |x| x.is_nan(), |a, b| (a + 0.0).total_cmp(&(b + 0.0))),
        CoordValues::Str(v) => ranked(v, |_| false, Arc::cmp),
    };
    let labels = Coord { dim: key.name.clone(), ..key.coord.take(&firsts) };
    key.grouped(x, &ty, index, labels)
}

fn groupby_bins(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let key = Key::read(builder, args, &ty)?;
    let edges = edges(builder, args)?;
    let right = args.bool("right", true)?;
    let bin = |value: f64| {
        let below = edges.partition_point(|&edge| if right { edge < value } else { edge <= value });
        if value.is_nan() || below == 0 || below == edges.len() { u32::MAX } else { below as u32 - 1 }
    };
    let index = match &key.coord.values {
        CoordValues::Int(v) => v.iter().map(|&i| bin(i as f64)).collect(),
        CoordValues::Float(v) => v.iter().map(|&x| bin(x)).collect(),
        CoordValues::Time(..) | CoordValues::Duration(_) | CoordValues::Str(_) => {
            let message = format!("the bins are numbers, the key is {}", key.coord.dtype);
            return Err(TypeError::new("ff::type::group_key", message).at(Culprit::Param("key"), "the key"));
        }
    };
    let label = |pair: &[f64]| match right {
        true => format!("({}, {}]", pair[0], pair[1]).into(),
        false => format!("[{}, {})", pair[0], pair[1]).into(),
    };
    let values = CoordValues::Str(edges.windows(2).map(label).collect());
    let dim = DimName::new(&format!("{}_bins", key.name));
    let labels = Coord { dim, dtype: DType::Str, values, attrs: Arc::default() };
    key.grouped(x, &ty, index, labels)
}

/// The edges of bins: at least two numbers, ascending.
fn edges(builder: &dyn Builder, args: &Arguments) -> Result<Vec<f64>, TypeError> {
    let value = args.value("bins");
    let edges: Option<Vec<f64>> = match value {
        Value::List(values) => values.iter().map(|v| v.scalar().and_then(|s| s.as_f64())).collect(),
        Value::Array(operand) => builder.known(*operand).and_then(|b| b.scalars().iter().map(Scalar::as_f64).collect()),
        _ => None,
    };
    let edges = edges.ok_or_else(|| TypeError::expected("bins", "a list of numbers", value))?;
    if edges.len() < 2 || edges.windows(2).any(|pair| pair[0] >= pair[1] || pair[0].is_nan() || pair[1].is_nan()) {
        let error = TypeError::new("ff::type::bins", "the edges of bins ascend, and there are at least two");
        return Err(error.at(Culprit::Param("bins"), "these are the edges"));
    }
    Ok(edges)
}

fn resample(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let per_axis = args.per_axis(&ty)?;
    let [(axis, period)] = per_axis.as_slice() else {
        let message = format!("`resample` takes the period of one dim, here are {}", per_axis.len());
        return Err(TypeError::new("ff::type::argument", message).with_help("write `resample(x, time: 1mo)`"));
    };
    let dim = ty.dims[*axis].name.clone();
    let at = |error: TypeError, label: &str| error.at(Culprit::Named(dim.to_string()), label);
    let Value::Duration { months, micros } = period.value else {
        let message = format!("a period is a duration, this is {}", period.value.kind());
        return Err(at(TypeError::new("ff::type::argument", message), "write `1mo`, `6h`, `1y`"));
    };
    let coord = ty.coord(&dim).ok_or_else(|| {
        at(TypeError::new("ff::type::no_coord", format!("`{dim}` of {ty} has no coordinate")), "needs times")
    })?;
    let CoordValues::Time(times, calendar) = &coord.values else {
        let message = format!("`resample` goes by times, the coordinate `{dim}` is {}", coord.dtype);
        return Err(at(TypeError::new("ff::type::dtype", message), "not a datetime"));
    };
    let bins = periods::bins(*calendar, times, Duration { months, micros }).map_err(|reason| {
        let error = at(TypeError::new("ff::type::period", reason.to_string()), "the period");
        match reason.help() {
            Some(help) => error.with_help(help),
            None => error,
        }
    })?;
    let labels = Coord { values: CoordValues::Time(bins.labels, *calendar), ..(**coord).clone() };
    view(x, ViewKind::Groups(Groups::new(dim, bins.index, labels)))
}

/// The windows that per-dim arguments name, at least one.
fn windows(args: &Arguments, ty: &ArrayType) -> Result<Vec<(DimName, u64)>, TypeError> {
    let mut windows: Vec<(DimName, u64)> = Vec::new();
    for (axis, length) in args.per_axis(ty)? {
        let name = ty.dims[axis].name.clone();
        let at = Culprit::Named(name.to_string());
        let error = |message: String| TypeError::new("ff::type::window", message).at(at.clone(), "the window's length");
        match &length.value {
            Value::Int(n) if *n >= 1 => windows.push((name, *n as u64)),
            Value::Int(n) => return Err(error(format!("a window has at least one element, not {n}"))),
            other => return Err(error(format!("the length of a window is an integer, this is {}", other.kind()))),
        }
    }
    if windows.is_empty() {
        let error = TypeError::new("ff::type::window", "no dim is given a window");
        return Err(error.with_help("name dims with lengths: `time: 5`"));
    }
    Ok(windows)
}

/// What to say of windows longer than their dims, so that none holds the values a result needs.
fn too_long(ty: &ArrayType, windows: &[(DimName, u64)], least: u64) -> Option<TypeError> {
    let size = |dim: &DimName| axis_of(ty, dim).map_or(0, |axis| ty.dims[axis].size);
    let most = windows.iter().fold(1u64, |n, (dim, length)| n.saturating_mul(size(dim).min(*length)));
    if most >= least || ty.dims.iter().any(|dim| dim.size == 0) {
        return None;
    }
    let message = format!("no window holds the {least} values that a result needs: every result is missing");
    let error = TypeError::new("ff::type::window_too_long", message);
    let long = windows.iter().filter(|(dim, length)| *length > size(dim));
    let mut labels =
        long.map(|(dim, _)| (Culprit::Named(dim.to_string()), format!("`{dim}` has {} elements", size(dim))));
    let (culprit, label) = labels.next()?;
    let error = labels.fold(error.at(culprit, label), |error, (culprit, label)| error.and_at(culprit, label));
    Some(error.with_help(format!("take shorter windows, or ask for fewer values: `min_periods: {most}`")))
}

fn rolling(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let windows = windows(args, &ty)?;
    let whole = windows.iter().fold(1u64, |n, (_, length)| n.saturating_mul(*length));
    let min_periods = match args.int_opt("min_periods")? {
        Some(n) if n < 1 || n as u64 > whole => {
            let message = format!("`min_periods` is {n}, a window has {whole} elements");
            let error = TypeError::new("ff::type::window", message);
            return Err(error.at(Culprit::Param("min_periods"), format!("between 1 and {whole}")));
        }
        count => count.map(|n| n as u64),
    };
    if let Some(warning) = too_long(&ty, &windows, min_periods.unwrap_or(whole)) {
        builder.warn(warning);
    }
    view(x, ViewKind::Rolling { windows, center: args.bool("center", false)?, min_periods })
}

fn coarsen(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let windows = windows(args, &ty)?;
    let boundary = match args.str_opt("boundary")? {
        None | Some("exact") => Boundary::Exact,
        Some("trim") => Boundary::Trim,
        Some("pad") => Boundary::Pad,
        Some(_) => return Err(TypeError::expected("boundary", "exact, trim or pad", args.value("boundary"))),
    };
    for (dim, length) in &windows {
        let size = ty.dims[axis_of(&ty, dim)?].size;
        if boundary == Boundary::Trim && size > 0 && size < *length {
            let message = format!("`{dim}` has {size} elements, fewer than a window: all are dropped");
            let error = TypeError::new("ff::type::window_too_long", message);
            let error = error.at(Culprit::Named(dim.to_string()), "the window's length");
            builder.warn(error.with_help("`boundary: pad` makes a shorter window of them"));
        }
        if boundary == Boundary::Exact && size % length != 0 {
            let left = size % length;
            let message = format!("`{dim}` has {size} elements: windows of {length} leave {left} over");
            let error =
                TypeError::new("ff::type::coarsen", message).at(Culprit::Named(dim.to_string()), "does not divide");
            return Err(
                error.with_help("`boundary: trim` drops them, `boundary: pad` makes a last, shorter window of them")
            );
        }
    }
    view(x, ViewKind::Coarsen { windows, boundary })
}

#[cfg(test)]
mod tests;
