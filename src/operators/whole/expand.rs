//! The rows of `quantile`, `median` and the orders, and what their calls expand to.

use std::fmt::Write;
use std::sync::Arc;

use super::super::arguments::{ParamKind, Signature, optional, required};
use super::super::error::Culprit;
use super::super::index::Labels;
use super::super::{Arguments, Builder, Call, Operand, Operator, Param, Pattern, TypeError, Units, Value};
use super::super::{arguments, arguments::operand, moves};
use super::distinct::unique;
use super::groups::{Statistic, of_view};
use super::order::Order;
use super::quantile::{Method, Quantiles};
use super::rank::{Mode, Ranks};
use super::sketch::approximate;
use super::weighted::weighted;
use super::{Into, Whole};
use crate::array::{ArrayType, Attributes, Coord, CoordValues, DType, DimName, Kind};

const X: Param = required("x", ParamKind::ArrayOrView, "The array.");
const DIMS: Param = required("dims", ParamKind::Dims, "The dims whose elements are taken together; all by default.");
const DIM: Param = required("dim", ParamKind::Dim, "The dim.");
const SKIPNA: Param = optional("skipna", ParamKind::Bool, "true", "Whether missing values are passed over.");
const KEEPDIMS: Param = optional("keepdims", ParamKind::Bool, "false", "Whether reduced dims stay, with one element.");
const METHOD: Param = optional(
    "method",
    ParamKind::Choice(Method::CHOICES),
    "linear",
    "What is given where it lies between two elements; `approx` looks at elements once, whatever their number, and is off by 0.05 % of the value where all lie within four powers of two, by twice as much for twice as many.",
);
const WEIGHTS: Param = optional(
    "weights",
    ParamKind::Array,
    "none",
    "How much each value counts, matched to `x` by dim name; none may be missing.",
);
const DESCENDING: Param = optional("descending", ParamKind::Bool, "false", "Whether the greatest comes first.");
const K: Param = required("k", ParamKind::Int, "How many.");

/// The functions of whole axes.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "quantile",
        signature: Signature {
            params: &[
                X,
                required("q", ParamKind::Any, "From 0 to 1; a list adds the dim `quantile` before all others."),
                DIMS,
                METHOD,
                SKIPNA,
                KEEPDIMS,
                WEIGHTS,
            ],
        },
        summary: "The value below which the part `q` of all values lies, exactly; of integers in f64.",
        example: "x |> quantile([0.1, 0.9], t)",
        expand: |builder, args| quantile(builder, args, "quantile").map(Value::Array),
    },
    Operator {
        name: "percentile",
        signature: Signature {
            params: &[
                X,
                required(
                    "q",
                    ParamKind::Any,
                    "From 0 to 100; a list adds the dim `quantile`, labelled from 0 to 1, before all others.",
                ),
                DIMS,
                METHOD,
                SKIPNA,
                KEEPDIMS,
                WEIGHTS,
            ],
        },
        summary: "The value below which `q` hundredths of all values lie, exactly; of integers in f64.",
        example: "x |> percentile(90, t)",
        expand: |builder, args| quantile(builder, args, "percentile").map(Value::Array),
    },
    Operator {
        name: "median",
        signature: Signature { params: &[X, DIMS, SKIPNA, KEEPDIMS, WEIGHTS] },
        summary: "The middle value, of an even number the mean of the middle two; of integers in f64.",
        example: "x |> median(t)",
        expand: |builder, args| median(builder, args).map(Value::Array),
    },
    Operator {
        name: "mode",
        signature: Signature { params: &[X, DIMS, SKIPNA, KEEPDIMS] },
        summary: "The value that comes most often, of several the least.",
        example: "x |> floor() |> mode(t)",
        expand: |builder, args| mode(builder, args).map(Value::Array),
    },
    Operator {
        name: "unique",
        signature: Signature {
            params: &[
                X,
                optional(
                    "size",
                    ParamKind::Int,
                    "none",
                    "How many values to make room for, where they are not known while planning.",
                ),
                optional("fill", ParamKind::Any, "none", "What stands where there are fewer; missing if left out."),
            ],
        },
        summary: "The distinct values of a whole array in ascending order, along a new dim `unique`; missing ones are one, the last.",
        example: "unique(x, size: 30)",
        expand: |builder, args| unique(builder, args).map(Value::Array),
    },
    Operator {
        name: "rank",
        signature: Signature {
            params: &[
                X,
                DIM,
                optional(
                    "pct",
                    ParamKind::Bool,
                    "false",
                    "Whether ranks are divided by the number of values there are.",
                ),
            ],
        },
        summary: "The rank of each value along a dim from 1 on, in f64; equal ones share the mean of theirs, missing ones have none.",
        example: "x |> rank(t)",
        expand: |builder, args| rank(builder, args).map(Value::Array),
    },
    Operator {
        name: "sort",
        signature: Signature { params: &[X, DIM, DESCENDING] },
        summary: "The values along a dim in ascending order, missing ones last; the dim loses its labels.",
        example: "x |> sort(t, descending: true)",
        expand: |builder, args| order(builder, args, ("sort", Units::Kept)).map(Value::Array),
    },
    Operator {
        name: "argsort",
        signature: Signature { params: &[X, DIM, DESCENDING] },
        summary: "The positions along a dim that would sort it, as i64; of equal values the first comes first.",
        example: "x |> argsort(y)",
        expand: |builder, args| order(builder, args, ("argsort", Units::Lost)).map(Value::Array),
    },
    Operator {
        name: "topk",
        signature: Signature { params: &[X, K, DIM] },
        summary: "The `k` greatest values along a dim, greatest first, missing ones last; the dim loses its labels.",
        example: "x |> topk(2, t)",
        expand: |builder, args| order(builder, args, ("topk", Units::Kept)).map(Value::Array),
    },
    Operator {
        name: "argtopk",
        signature: Signature { params: &[X, K, DIM] },
        summary: "The positions of the `k` greatest values along a dim, as i64; of equal values the first comes first.",
        example: "x |> argtopk(2, t)",
        expand: |builder, args| order(builder, args, ("argtopk", Units::Lost)).map(Value::Array),
    },
];

/// The array; a number is one of a single element.
pub(super) fn subject(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Operand, TypeError> {
    let value = args.value("x");
    let dtype = match value {
        Value::Bool(_) => DType::Bool,
        Value::Int(_) => DType::I64,
        Value::Array(_) | Value::Float(_) => DType::F64,
        Value::View(_) => {
            let message = format!("`{name}` takes whole axes, not groups or windows");
            let error = TypeError::new("ff::type::view", message);
            let help = "select the elements of a group or window with `isel` or `sel`, or reduce groups by `mean`, \
                        `min`, `max` and their like";
            return Err(error.at(Culprit::Param("x"), "this is a grouped or windowed array").with_help(help));
        }
        other => return Err(TypeError::expected("x", "an array", other)),
    };
    let x = operand(builder, value, dtype).ok_or_else(|| TypeError::expected("x", "an array", value))?;
    ordered(builder, x, name)?;
    Ok(x)
}

/// The dtype of an array whose elements have an order.
pub(super) fn ordered(builder: &dyn Builder, x: Operand, name: &str) -> Result<DType, TypeError> {
    let dtype = builder.ty(x).dtype;
    if matches!(dtype.kind(), Kind::Complex | Kind::Str) {
        let message = format!("`{name}` is not defined for {dtype}, which has no order");
        let error = TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), format!("this is {dtype}"));
        return Err(match dtype.kind() {
            Kind::Complex => error.with_help("take `abs`, `real` or `imag` of it"),
            _ => error,
        });
    }
    Ok(dtype)
}

fn quantile(builder: &mut dyn Builder, args: &Arguments, name: &'static str) -> Result<Operand, TypeError> {
    let whole = if name == "percentile" { 100.0 } else { 1.0 };
    if let Value::View(view) = args.value("x") {
        unweighted(args)?;
        if args.str_opt("method")? == Some("approx") {
            let error = TypeError::new("ff::type::argument", "of groups quantiles are exact");
            return Err(error.at(Culprit::Param("method"), "is not for groups"));
        }
        let method = args.str_opt("method")?.and_then(Method::parse).unwrap_or(Method::Linear);
        let (levels, is_list) = levels(builder, args.value("q"), whole)?;
        let lead = is_list.then(|| lead(&builder.ty(view.operand), &levels)).transpose()?;
        return of_view(builder, args, view, (name, &Statistic::Quantiles(levels, method, lead)));
    }
    let x = subject(builder, args, name)?;
    let ty = builder.ty(x);
    let method = args.str_opt("method")?.and_then(Method::parse).unwrap_or(Method::Linear);
    let (levels, is_list) = levels(builder, args.value("q"), whole)?;
    if ty.dtype == DType::Bool && !method.picks() {
        return Err(between_truths());
    }
    let lead = is_list.then(|| lead(&ty, &levels)).transpose()?;
    if args.get("weights").is_some() {
        return weighted(builder, args, (x, "quantile"), (levels, lead));
    }
    if args.str_opt("method")? == Some("approx") {
        return approximate(builder, args, x, (levels, lead));
    }
    let mut text = format!("q: {levels:?}");
    if method != Method::Linear {
        let _ = write!(text, ", method: {}", args.str_opt("method")?.unwrap_or_default());
    }
    if !is_list {
        text = text.replace(['[', ']'], "");
    }
    reduced(builder, args, (x, "quantile", text), (levels, method, lead))
}

fn median(builder: &mut dyn Builder, args: &Arguments) -> Result<Operand, TypeError> {
    if let Value::View(view) = args.value("x") {
        unweighted(args)?;
        return of_view(builder, args, view, ("median", &Statistic::Quantiles(vec![0.5], Method::Mean, None)));
    }
    let x = subject(builder, args, "median")?;
    if args.get("weights").is_some() {
        return weighted(builder, args, (x, "median"), (vec![0.5], None));
    }
    reduced(builder, args, (x, "median", String::new()), (vec![0.5], Method::Mean, None))
}

/// Refuses weights of groups and windows.
fn unweighted(args: &Arguments) -> Result<(), TypeError> {
    match args.get("weights") {
        None => Ok(()),
        Some(_) => {
            let error =
                TypeError::new("ff::type::view", "weighted quantiles are of whole axes, not of groups or windows");
            let error = error.at(Culprit::Param("weights"), "does not go with these");
            Err(error
                .with_help("select the elements of a group with `isel` or `sel`, or lay windows out with `construct`"))
        }
    }
}

/// Why truth values have no quantile between them.
pub(super) fn between_truths() -> TypeError {
    let error = TypeError::new("ff::type::dtype", "there is nothing between false and true to interpolate");
    let help = "cast it, `x as f64`, or ask for an element: `method: nearest`";
    error.at(Culprit::Param("x"), "this is bool").with_help(help)
}

fn mode(builder: &mut dyn Builder, args: &Arguments) -> Result<Operand, TypeError> {
    if let Value::View(view) = args.value("x") {
        return of_view(builder, args, view, ("mode", &Statistic::Mode));
    }
    let x = subject(builder, args, "mode")?;
    let ty = builder.ty(x);
    let axes = args.axes(&ty)?;
    let (skipna, keepdims) = (args.bool("skipna", true)?, args.bool("keepdims", false)?);
    not_empty("mode", &ty, &axes, ty.dtype)?;
    let text = format!("axes: {axes:?}, skipna: {skipna}, keepdims: {keepdims}");
    let function = Arc::new(Mode { dtype: ty.dtype, skipna });
    let whole = Whole { axes, into: Into::Reduced { keepdims, lead: None }, function };
    builder
        .apply(Call { name: "mode", text, pattern: Pattern::Whole(whole), dtype: ty.dtype, units: Units::Kept }, &[x])
}

fn rank(builder: &mut dyn Builder, args: &Arguments) -> Result<Operand, TypeError> {
    let x = subject(builder, args, "rank")?;
    let ty = builder.ty(x);
    let axis = arguments::axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let part = args.bool("pct", false)?;
    let text = format!("axis: {axis}{}", if part { ", pct: true" } else { "" });
    let function = Arc::new(Ranks { dtype: ty.dtype, part });
    let whole = Whole { axes: vec![axis], into: Into::Along, function };
    let call = Call { name: "rank", text, pattern: Pattern::Whole(whole), dtype: DType::F64, units: Units::Lost };
    let ranks = builder.apply(call, &[x])?;
    let dim = &ty.dims[axis].name;
    let coords = ty.coord(dim).map(|coord| (dim.clone(), Some(coord.clone()))).into_iter().collect();
    moves::relabel(builder, ranks, Labels { coords, ..Labels::default() })
}

/// Over no elements only a dtype with a missing value has a value.
fn not_empty(name: &str, ty: &ArrayType, axes: &[usize], dtype: DType) -> Result<(), TypeError> {
    match axes.iter().find(|&&axis| ty.dims[axis].size == 0) {
        Some(&axis) if !dtype.has_missing() => {
            let dim = &ty.dims[axis].name;
            let message = format!("`{name}` has no value over no elements, and `{dim}` is empty in {ty}");
            Err(TypeError::new("ff::type::empty", message).at(Culprit::Param("x"), format!("this is {ty}")))
        }
        _ => Ok(()),
    }
}

/// Emits a call that reduces lines to quantiles.
fn reduced(
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, name, mut text): (Operand, &'static str, String),
    (levels, method, lead): (Vec<f64>, Method, Option<Arc<Coord>>),
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let axes = args.axes(&ty)?;
    let (skipna, keepdims) = (args.bool("skipna", true)?, args.bool("keepdims", false)?);
    let dtype = match ty.dtype.kind() {
        Kind::Float | Kind::Time => ty.dtype,
        _ if method.picks() => ty.dtype,
        _ => DType::F64,
    };
    not_empty(name, &ty, &axes, dtype)?;
    let _ = write!(text, "{}axes: {axes:?}", if text.is_empty() { "" } else { ", " });
    for (name, _) in [("skipna: false", !skipna), ("keepdims: true", keepdims)].iter().filter(|(_, said)| *said) {
        let _ = write!(text, ", {name}");
    }
    let function = Arc::new(Quantiles { dtype: ty.dtype, levels, method, skipna, parts: None });
    let whole = Whole { axes, into: Into::Reduced { keepdims, lead }, function };
    builder.apply(Call { name, text, pattern: Pattern::Whole(whole), dtype, units: Units::Kept }, &[x])
}

/// The quantiles asked for, of which `all` is the last, and whether they are a list.
fn levels(builder: &dyn Builder, q: &Value, all: f64) -> Result<(Vec<f64>, bool), TypeError> {
    let number = |value: &Value| match value {
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => value.scalar().and_then(|scalar| scalar.as_f64()),
        _ => None,
    };
    let wrong = || TypeError::expected("q", &format!("a number from 0 to {all}, or a list of such"), q);
    let (levels, is_list) = match q {
        Value::List(items) => (items.iter().map(number).collect::<Option<Vec<f64>>>().ok_or_else(wrong)?, true),
        Value::Array(operand) if builder.ty(*operand).rank() < 2 => {
            let Some(known) = builder.known(*operand) else {
                let error = TypeError::new(
                    "ff::type::unknown_values",
                    "quantiles are known while planning, and `q` is computed",
                );
                return Err(error.at(Culprit::Param("q"), "not known before the run"));
            };
            let levels: Option<Vec<f64>> = known.scalars().iter().map(|scalar| scalar.as_f64()).collect();
            (levels.ok_or_else(wrong)?, builder.ty(*operand).rank() == 1)
        }
        value => (vec![number(value).ok_or_else(wrong)?], false),
    };
    match levels.iter().find(|level| !(0.0..=all).contains(*level)) {
        Some(level) => {
            let what = if all == 1.0 { "quantile" } else { "percentile" };
            let error =
                TypeError::new("ff::type::argument", format!("a {what} lies between 0 and {all}, this is {level}"))
                    .at(Culprit::Param("q"), format!("from 0 to {all}"));
            let is_percent = all == 1.0 && *level > 1.0 && *level <= 100.0;
            let help = format!("a percentile is a hundredth of that: {}", level / 100.0);
            Err(if is_percent { error.with_help(help) } else { error })
        }
        None => Ok((levels.iter().map(|level| level / all).collect(), is_list)),
    }
}

/// The labels of the dim that several quantiles add.
fn lead(ty: &ArrayType, levels: &[f64]) -> Result<Arc<Coord>, TypeError> {
    let dim = DimName::new("quantile");
    if ty.dims.axis(&dim).is_some() {
        let message = format!("the new dim is `quantile`, which {ty} has already");
        let error = TypeError::new("ff::type::repeated_dim", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(error.with_help("give that one another name: `rename(x, quantile: other)`"));
    }
    let values = CoordValues::Float(levels.to_vec());
    Ok(Arc::new(Coord { dim, dtype: DType::F64, values, attrs: Arc::new(Attributes::default()) }))
}

/// Emits a call that puts lines in order.
fn order(
    builder: &mut dyn Builder,
    args: &Arguments,
    (name, units): (&'static str, Units),
) -> Result<Operand, TypeError> {
    let x = subject(builder, args, name)?;
    let ty = builder.ty(x);
    let axis = arguments::axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let first = args.int_opt("k")?.map(|k| few(k, &ty, axis)).transpose()?;
    let descending = first.is_some() || args.bool("descending", false)?;
    let positions = units == Units::Lost;
    let text = match first {
        Some(k) => format!("k: {k}, axis: {axis}"),
        None if descending => format!("axis: {axis}, descending: true"),
        None => format!("axis: {axis}"),
    };
    let function = Arc::new(Order { dtype: ty.dtype, descending, first, positions });
    let whole = Whole { axes: vec![axis], into: Into::Along, function };
    let dtype = if positions { DType::I64 } else { ty.dtype };
    builder.apply(Call { name, text, pattern: Pattern::Whole(whole), dtype, units }, &[x])
}

/// The number of elements asked for, of those along `axis`.
fn few(k: i64, ty: &ArrayType, axis: usize) -> Result<u64, TypeError> {
    let dim = &ty.dims[axis];
    match u64::try_from(k) {
        Ok(k) if k <= dim.size => Ok(k),
        Ok(_) => {
            let message = format!("`k` is {k}, and dim `{}` has {} elements", dim.name, dim.size);
            Err(TypeError::new("ff::type::size", message).at(Culprit::Param("k"), format!("at most {}", dim.size)))
        }
        Err(_) => {
            let message = format!("`k` is {k}, a count is not negative");
            let help = "for the least values, `topk` of the negated array, or `sort` and the first of it";
            let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("k"), "a number of elements");
            Err(error.with_help(help))
        }
    }
}
