//! Views that wait for a reduction: `groupby`, `groupby_bins`, `resample`, and windows ([`windows`]).
//!
//! A *key* gives each element its group, and the labels of the groups, ascending, become the coordinate of a
//! new dim in the place of those of the key. Elements whose key is missing belong to no group. Groups along one dim
//! are known while planning ([`Groups`]); those of other keys are codes that go along with the values ([`view::Zones`](super::view::Zones)).

use std::sync::Arc;

mod codes;
mod construct;
mod keys;
mod upsample;
pub mod windows;
mod zones;

pub use upsample::upsampled;

use super::arguments::{ParamKind, Signature, optional, required};
use super::error::{Culprit, TypeError};
use super::view::{Groups, View, ViewKind};
use super::{Arguments, Builder, Constant, Operand, Operator, Value, axis_of};
use crate::array::calendar::periods::{self, Duration};
use crate::array::{ArrayType, Attributes, Block, Coord, CoordValues, DType, DimName, Dims, Scalar};

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
                    "A coordinate, an expression of coordinates, a list, or an array along dims of `x`: one group a value.",
                ),
                required("keys", ParamKind::Keys, "More keys: each has a dim of its own."),
                optional(
                    "labels",
                    ParamKind::Any,
                    "none",
                    "The values that have groups, `0..<50`; of several keys by name, `{zone: 0..<50}`. None means all there are.",
                ),
                optional(
                    "stacked",
                    ParamKind::Bool,
                    "false",
                    "Whether the combinations of several keys that occur lie along one dim, labelled `a, b`.",
                ),
            ],
        },
        summary: "Groups in ascending order of keys, for the reduction that follows; they take the place of the dims of the keys.",
        example: "x |> groupby([1, 1, 2, 2, 1, 2]) |> mean()",
        expand: groupby,
    },
    Operator {
        name: "bins",
        signature: Signature {
            params: &[
                required(
                    "key",
                    ParamKind::Any,
                    "Numbers: a coordinate, an expression of coordinates, a list, or an array.",
                ),
                required("edges", ParamKind::Any, "The edges of the bins, ascending."),
                optional("right", ParamKind::Bool, "true", "Whether bins include their right edge and not their left."),
            ],
        },
        summary: "A key of `groupby`: the bin that another key lies in.",
        example: "x |> groupby(bins([1, 5, 9, 2, 6, 7], [0, 5, 10])) |> mean()",
        expand: bins,
    },
    Operator {
        name: "aggregate",
        signature: Signature {
            params: &[
                required("x", ParamKind::ArrayOrView, "The array, or one seen as groups or windows."),
                required(
                    "reduction",
                    ParamKind::Calls,
                    "Reductions by the name of their result: `n: count, s: std(ddof: 1)`, or such a record.",
                ),
            ],
        },
        summary: "Several reductions of one array, of its groups or of its windows, as a record; they read it once.",
        example: "(x |> aggregate(n: count(t), s: std(t, ddof: 1))).s",
        expand: |_, _| Err(TypeError::new("ff::type::bug", "the reductions of `aggregate` are calls of their own")),
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
        name: "nearest",
        signature: Signature { params: &[required("x", ParamKind::ArrayOrView, "What `resample` gives.")] },
        summary: "Values at the starts of the periods of `resample`: those of the nearest labels.",
        example: "assign_coords(x, t: (\"2001-01-01\" as datetime) + arange(0, 6, 1, dim: t) * 1d) |> resample(t: 8h) |> nearest()",
        expand: upsample::nearest,
    },
    Operator {
        name: "interpolate",
        signature: Signature {
            params: &[
                required("x", ParamKind::ArrayOrView, "What `resample` gives."),
                optional(
                    "method",
                    ParamKind::Choice(&["linear", "nearest", "cubic"]),
                    "linear",
                    "What lies between two labels, as of `interp`.",
                ),
            ],
        },
        summary: "Values at the starts of the periods of `resample`, interpolated.",
        example: "assign_coords(x, t: (\"2001-01-01\" as datetime) + arange(0, 6, 1, dim: t) * 1d) |> resample(t: 8h) |> interpolate()",
        expand: upsample::interpolate,
    },
    Operator {
        name: "asfreq",
        signature: Signature { params: &[required("x", ParamKind::ArrayOrView, "What `resample` gives.")] },
        summary: "The mean of each period of `resample`; missing where it has no value.",
        example: "assign_coords(x, t: (\"2001-01-01\" as datetime) + arange(0, 6, 1, dim: t) * 1d) |> resample(t: 8h) |> asfreq()",
        expand: upsample::asfreq,
    },
    Operator {
        name: "anomalies",
        signature: Signature {
            params: &[
                required("x", ParamKind::ArrayOrView, "What `groupby` or `resample` gives, along one dim."),
                optional("skipna", ParamKind::Bool, "true", "Whether missing values are passed over."),
            ],
        },
        summary: "The departure of each value from the mean of its group.",
        example: "x |> groupby([1, 1, 2, 2, 1, 2]) |> anomalies()",
        expand: upsample::anomalies,
    },
];

/// The values by which positions along one dim are grouped.
pub(super) struct Key {
    /// The dim.
    pub dim: DimName,
    /// The values, one for each position.
    pub coord: Coord,
}

impl Key {
    /// Reads a key, which the lowering gives as [`ParamKind::Key`] says.
    pub fn read(builder: &mut dyn Builder, args: &Arguments, ty: &ArrayType) -> Result<Key, TypeError> {
        let coord =
            keys::along(builder, args.value("key"), ty).map_err(|error| error.at(Culprit::Param("key"), "the key"))?;
        Ok(Key { dim: coord.dim.clone(), coord })
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
    let keys = keys::read(builder, args, &ty)?;
    let stacked = args.bool("stacked", false)?;
    zones::grouped(builder, (x, stacked), keys)
}

fn groupby_bins(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let key = keys::binned(builder, args, &ty)?;
    zones::grouped(builder, (x, false), vec![key])
}

/// `bins`: what [`keys`] reads as a key in bins.
fn bins(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let edges = args.value("edges");
    edges_of(builder, edges).map_err(|error| error.or_at(Culprit::Param("edges")))?;
    let fields = [("values", args.value("key").clone()), ("bins", edges.clone())];
    let right = ("right".to_owned(), Value::Bool(args.bool("right", true)?));
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).chain([right]);
    Ok(Value::Record(Arc::new(fields.collect())))
}

/// An array of values that are known, without labels.
fn constant(builder: &mut dyn Builder, dims: &Dims, block: Block) -> Operand {
    let ty = ArrayType::new(block.dtype(), dims.clone());
    let block = block.reshape(&dims.shape());
    builder.constant(ty, Constant::Values(block))
}

/// The labels of bins.
fn bin_labels(dim: DimName, edges: &[f64], right: bool) -> Coord {
    let label = |pair: &[f64]| match right {
        true => format!("({}, {}]", pair[0], pair[1]).into(),
        false => format!("[{}, {})", pair[0], pair[1]).into(),
    };
    let values = CoordValues::Str(edges.windows(2).map(label).collect());
    Coord { dim, dtype: DType::Str, values, attrs: Arc::default() }
}

/// The edges of bins: at least two numbers, ascending.
fn edges_of(builder: &dyn Builder, value: &Value) -> Result<Vec<f64>, TypeError> {
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
    let kind = ViewKind::Groups(Groups::new(dim, bins.index, labels));
    Ok(Value::View(Arc::new(View { operand: x, kind, unfold: None, is_resampled: true })))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;
