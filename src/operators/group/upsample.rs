//! More labels than there were: what `resample` gives to fills and interpolation, and departures from groups.

use crate::array::{ArrayType, CoordValues, DType, Dims};
use crate::operators::call;
use crate::operators::error::Culprit;
use crate::operators::view::{Groups, View, ViewKind};
use crate::operators::{Arguments, Builder, Constant, Operand, TypeError, Value, axis_of, moves};
use crate::source::{Span, Spanned};

/// The periods of a view that `resample` made.
fn periods<'a>(view: &'a View, name: &str) -> Result<&'a Groups, TypeError> {
    match &view.kind {
        ViewKind::Groups(groups) if view.is_resampled => Ok(groups),
        ViewKind::Groups(_)
        | ViewKind::Zones(_)
        | ViewKind::Rolling { .. }
        | ViewKind::Coarsen { .. }
        | ViewKind::Cumulative { .. }
        | ViewKind::Exponential(_) => {
            let message = format!("`{name}` is of `resample`, whose periods are the new labels");
            Err(TypeError::new("ff::type::view", message).at(Culprit::Param("x"), "these are other groups or windows"))
        }
    }
}

/// The array at the starts of the periods of a view, found by the operator `by` with this method.
///
/// # Errors
/// The view is no resampled one, or as the operator.
pub fn upsampled(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    (name, by, method): (&str, &str, &str),
) -> Result<Operand, TypeError> {
    let groups = periods(view, name)?;
    if !args.variadic.is_empty() || args.get("dim").is_some() || args.get("limit").is_some() {
        let message = format!("`{name}` of `resample` goes along its dim, and takes neither dim nor limit");
        return Err(TypeError::new("ff::type::argument", message).with_help("leave them out"));
    }
    let CoordValues::Time(..) = &groups.coord.values else {
        return Err(TypeError::new("ff::type::bug", "periods are labelled by times"));
    };
    let ty = ArrayType::new(groups.coord.dtype, Dims::new([(groups.dim.clone(), groups.coord.len() as u64)]));
    let labels = builder.constant(ty, Constant::Values(groups.coord.block()));
    let spanned = |value: Value| Spanned::new(value, Span::default());
    let mut arguments = Arguments::default();
    arguments.named.push(("x", spanned(Value::Array(view.operand))));
    arguments.named.push(("method", spanned(Value::Str(method.to_owned()))));
    arguments.per_dim.push((Spanned::new(groups.dim.to_string(), Span::default()), spanned(Value::Array(labels))));
    call::with(builder, by, &arguments)
}

/// An operator of resampled views alone.
fn of_view<'a>(args: &'a Arguments, name: &str) -> Result<&'a View, TypeError> {
    match args.value("x") {
        Value::View(view) => Ok(view),
        other => {
            let error = TypeError::expected("x", "a resampled array", other);
            Err(error.with_help(format!("`resample(x, time: 6h) |> {name}()`")))
        }
    }
}

/// `nearest`
///
/// # Errors
/// As [`upsampled`].
pub fn nearest(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let view = of_view(args, "nearest")?;
    upsampled(builder, args, view, ("nearest", "reindex", "nearest")).map(Value::Array)
}

/// `interpolate`
///
/// # Errors
/// As [`upsampled`].
pub fn interpolate(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let view = of_view(args, "interpolate")?;
    let method = args.str_opt("method")?.unwrap_or("linear").to_owned();
    upsampled(builder, args, view, ("interpolate", "interp", &method)).map(Value::Array)
}

/// `asfreq`: as in xarray, the mean of what lies in a period.
///
/// # Errors
/// The view is no resampled one.
pub fn asfreq(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let view = of_view(args, "asfreq")?;
    periods(view, "asfreq")?;
    call::operator(builder, "mean", &[args.value("x").clone()]).map(Value::Array)
}

/// `anomalies`: the departure of each element from the mean of its group.
///
/// # Errors
/// The groups are not along one dim, or have no means.
pub fn anomalies(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let groups = match args.value("x") {
        Value::View(view) => match &view.kind {
            ViewKind::Groups(groups) => Some((view, groups)),
            ViewKind::Zones(_) | ViewKind::Rolling { .. } | ViewKind::Coarsen { .. } => None,
            ViewKind::Cumulative { .. } | ViewKind::Exponential(_) => None,
        },
        _ => None,
    };
    let Some((view, groups)) = groups else {
        let error = TypeError::expected("x", "an array grouped along one dim", args.value("x"));
        return Err(error.with_help("`groupby(x, time.month) |> anomalies()`"));
    };
    // The groups themselves, not the dims of their keys.
    let flat = View { operand: view.operand, kind: view.kind.clone(), unfold: None, is_resampled: false };
    let mut own = args.clone();
    own.named.iter_mut().filter(|(name, _)| *name == "x").for_each(|(_, x)| x.value = Value::View(flat.clone().into()));
    let means = call::with(builder, "mean", &own)?;
    let ty = builder.ty(view.operand);
    let axis = axis_of(&ty, &groups.dim)?;
    let positions: Vec<u64> =
        groups.index.iter().map(|group| if *group == u32::MAX { 0 } else { u64::from(*group) }).collect();
    if groups.coord.is_empty() {
        let missing = ArrayType::new(DType::F64, Dims::default());
        let nothing = builder.constant(missing, Constant::Full(crate::array::Scalar::Float(f64::NAN)));
        return call::operator(builder, "add", &[Value::Array(view.operand), Value::Array(nothing)]).map(Value::Array);
    }
    let to = Some((groups.dim.clone(), ty.coord(&groups.dim).cloned()));
    let spread = moves::take(builder, means, axis, &positions, to)?;
    let less = call::operator(builder, "sub", &[Value::Array(view.operand), Value::Array(spread)])?;
    crate::operators::scan::masked(builder, less, groups).map(Value::Array)
}
