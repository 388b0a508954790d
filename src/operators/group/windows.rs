//! Windows that wait for a reduction: `rolling`, `coarsen`, `cumulative`, `rolling_exp`; and `construct`, which lays their
//! elements out.

use std::sync::Arc;

use super::super::arguments::{ParamKind, Signature, optional, required};
use super::super::elementwise::elementary;
use super::super::error::{Culprit, TypeError};
use super::super::view::{Boundary, Decay, View, ViewKind};
use super::super::{Arguments, Builder, Operand, Operator, Value, axis_of};
use super::construct::construct;
use crate::array::{ArrayType, DimName};

/// The rows of windows.
pub static OPERATORS: &[Operator] = &[
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
    Operator {
        name: "cumulative",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required(
                    "dims",
                    ParamKind::Dims,
                    "The dims along which windows grow; may be left out where there is only one.",
                ),
                optional("min_periods", ParamKind::Int, "1", "The fewest values present for a result."),
            ],
        },
        summary: "Windows of each element and all before it along dims, for the reduction that follows.",
        example: "x |> cumulative(t) |> mean()",
        expand: cumulative,
    },
    Operator {
        name: "rolling_exp",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array, of real numbers."),
                required("window", ParamKind::PerDim, "How fast weights fall off along the dim: `time: 5`."),
                optional(
                    "window_type",
                    ParamKind::Choice(&["span", "com", "halflife", "alpha"]),
                    "span",
                    "What the window is: the span, the centre of mass, after how many elements a weight is half, or the part of the newest element.",
                ),
                optional(
                    "min_weight",
                    ParamKind::Float,
                    "0",
                    "The least weight of values present for a result, of 1 for an endless line without missing ones.",
                ),
            ],
        },
        summary: "Exponential windows: all elements so far, the older the less they weigh; for `mean`, `sum`, `std` or `var`.",
        example: "x |> rolling_exp(t: 3) |> mean()",
        expand: rolling_exp,
    },
    Operator {
        name: "construct",
        signature: Signature {
            params: &[
                required("x", ParamKind::ArrayOrView, "What `rolling` or `coarsen` gives."),
                optional("window_dim", ParamKind::NewName, "none", "The new dim, of windows that move along one dim."),
                required(
                    "names",
                    ParamKind::PerDim,
                    "The new dim by that of the windows: `time: w`; of `coarsen` two, `time: [year, month]`.",
                ),
                optional(
                    "stride",
                    ParamKind::Any,
                    "1",
                    "Elements from one window to the next, or such by dim: `{time: 2}`.",
                ),
                optional(
                    "fill_value",
                    ParamKind::Any,
                    "none",
                    "What stands for elements beyond the ends; missing values if left out, for which integers become floats.",
                ),
            ],
        },
        summary: "The elements of windows along new dims; of windows that move these come last.",
        example: "x |> rolling(t: 3) |> construct(w) |> max(w)",
        expand: construct,
    },
];

fn view(operand: Operand, kind: ViewKind) -> Result<Value, TypeError> {
    Ok(Value::View(Arc::new(View { operand, kind, unfold: None, is_resampled: false })))
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

fn cumulative(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    if args.variadic.is_empty() && ty.rank() != 1 {
        let names: Vec<&str> = ty.dims.names().map(DimName::as_str).collect();
        let message = match names.as_slice() {
            [] => "`cumulative` goes along a dim, and this single value has none".to_owned(),
            _ => format!("`cumulative` goes along dims that are named, and there are {}", names.join(", ")),
        };
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(match names.first() {
            Some(first) => error.with_help(format!("name them: `cumulative(x, {first})`, or `..` for all")),
            None => error,
        });
    }
    let dims: Vec<DimName> = args.axes(&ty)?.into_iter().map(|axis| ty.dims[axis].name.clone()).collect();
    let most = dims.iter().try_fold(1u64, |n, dim| Ok(n.saturating_mul(ty.dims[axis_of(&ty, dim)?].size)))?;
    let min_periods = match args.int("min_periods", 1)? {
        n if n < 1 => {
            let error =
                TypeError::new("ff::type::window", format!("`min_periods` is {n}, results are of one value at least"));
            return Err(error.at(Culprit::Param("min_periods"), "1 or more"));
        }
        n => n as u64,
    };
    if min_periods > most && ty.dims.count() > 0 {
        let message = format!("no window holds the {min_periods} values that a result needs: every result is missing");
        let error = TypeError::new("ff::type::window_too_long", message);
        let error = error.at(Culprit::Param("min_periods"), format!("the longest window has {most} elements"));
        builder.warn(error.with_help("ask for fewer values"));
    }
    view(x, ViewKind::Cumulative { dims, min_periods })
}

fn rolling_exp(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let per_axis = args.per_axis(&ty)?;
    let [(axis, window)] = per_axis.as_slice() else {
        let message = format!("`rolling_exp` takes the window of one dim, here are {}", per_axis.len());
        return Err(TypeError::new("ff::type::window", message).with_help("write `rolling_exp(x, time: 5)`"));
    };
    let dim = ty.dims[*axis].name.clone();
    let kind = args.str_opt("window_type")?.unwrap_or("span");
    let wrong = |message: String, label: &str| {
        Err(TypeError::new("ff::type::window", message).at(Culprit::Named(dim.to_string()), label))
    };
    let window = match window.value {
        Value::Int(n) => n as f64,
        Value::Float(n) => n,
        ref other => return wrong(format!("an exponential window is a number, this is {}", other.kind()), "a number"),
    };
    let (holds, range) = match kind {
        "com" => (window >= 0.0, "0 or more"),
        "halflife" => (window > 0.0, "more than 0"),
        "alpha" => (window > 0.0 && window <= 1.0, "more than 0 and at most 1"),
        _ => (window >= 1.0, "1 or more"),
    };
    if !holds || window.is_nan() {
        return wrong(format!("as `{kind}` of an exponential window {window} makes no sense"), range);
    }
    let alpha = match kind {
        "com" => 1.0 / (1.0 + window),
        "halflife" => -elementary::expm1(-std::f64::consts::LN_2 / window),
        "alpha" => window,
        _ => 2.0 / (window + 1.0),
    };
    let least = args.float_opt("min_weight")?.unwrap_or(0.0);
    if !(0.0..=1.0).contains(&least) {
        let error = TypeError::new("ff::type::window", format!("`min_weight` is {least}, weights come to 1 at most"));
        return Err(error.at(Culprit::Param("min_weight"), "from 0 to 1"));
    }
    view(x, ViewKind::Exponential(Decay { dim, alpha, least }))
}
