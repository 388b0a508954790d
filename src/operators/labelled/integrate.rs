//! Derivatives and integrals by coordinates, as xarray takes them.

use std::sync::Arc;

use crate::array::{ArrayType, Block, Calendar, CoordValues, DType, Dims, Kind, Scalar};
use crate::operators::arguments::axis;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::moves::{self, Span};
use crate::operators::stencil::gaps;
use crate::operators::{Arguments, Builder, Constant, Operand, TypeError, Value, call};
use crate::source;

/// The unit of distances between times.
fn unit(args: &Arguments, ty: &ArrayType, axis: usize) -> Result<String, TypeError> {
    let coord = ty.coord(&ty.dims[axis].name).map(|coord| &coord.values);
    let usual = match coord {
        Some(CoordValues::Time(_, calendar)) => match calendar {
            Calendar::Standard | Calendar::ProlepticGregorian => "ns",
            _ => "s",
        },
        _ => "ns",
    };
    Ok(args.str_opt("datetime_unit")?.unwrap_or(usual).to_owned())
}

/// The distances of neighbouring labels of an axis.
fn distances(args: &Arguments, ty: &ArrayType, (axis, at): (usize, Culprit)) -> Result<Vec<f64>, TypeError> {
    let dim = &ty.dims[axis].name;
    let Some(coord) = ty.coord(dim) else {
        let message = format!("dim `{dim}` has no coordinate to go by");
        let error = TypeError::new("ff::type::no_coord", message).at(at, "no labels");
        return Err(error.with_help(format!("set it: `assign_coords(x, {dim}: arange(0, {}))`", ty.dims[axis].size)));
    };
    gaps(coord, ty, &unit(args, ty, axis)?).map_err(|e| e.or_at(at))
}

/// The array in the dtype of integrals.
fn summable(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Operand, TypeError> {
    let x = args.array("x")?;
    let dtype = builder.ty(x).dtype;
    let wide = match dtype.kind() {
        Kind::Complex => DType::C128,
        _ if dtype.is_numeric() => DType::F64,
        _ => {
            let error = TypeError::new("ff::type::dtype", format!("`{name}` adds up numbers, this is {dtype}"));
            return Err(error.at(Culprit::Param("x"), "no numbers"));
        }
    };
    call::cast(builder, x, wide)
}

pub(super) fn differentiate(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axis = axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    distances(args, &ty, (axis, Culprit::Param("dim")))?;
    let spanned = |value: Value| source::Spanned::new(value, source::Span::default());
    let mut named =
        vec![("x", spanned(Value::Array(x))), ("datetime_unit", spanned(Value::Str(unit(args, &ty, axis)?)))];
    named.extend(args.get("edge_order").map(|order| ("edge_order", spanned(order.clone()))));
    let variadic = vec![spanned(Value::Int(axis as i64))];
    call::with(builder, "gradient", &Arguments { named, variadic, ..Arguments::default() }).map(Value::Array)
}

pub(super) fn integrate(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = summable(builder, args, "integrate")?;
    let ty = builder.ty(x);
    let mut axes = args.axes(&ty)?;
    if args.variadic.is_empty() {
        axes.retain(|axis| ty.coord(&ty.dims[*axis].name).is_some());
    }
    if axes.is_empty() {
        let message = format!("no dim of {ty} has a coordinate to integrate by");
        return Err(TypeError::new("ff::type::no_coord", message).at(Culprit::Param("x"), "no labels"));
    }
    let mut out = x;
    for axis in axes {
        let dim = &ty.dims[axis];
        let named = args.variadic.iter().position(|named| super::super::arguments::axis(&named.value, &ty) == Ok(axis));
        let at = named.map_or(Culprit::Param("x"), Culprit::Variadic);
        let gaps = distances(args, &ty, (axis, at))?;
        let gap = |i: usize| gaps.get(i).copied().unwrap_or(0.0);
        let before = |i: usize| i.checked_sub(1).map_or(0.0, gap);
        let weights: Vec<f64> = (0..dim.size as usize).map(|i| (before(i) + gap(i)) / 2.0).collect();
        let weights = along(builder, &ty, axis, weights);
        let product = call::operator(builder, "mul", &[Value::Array(out), Value::Array(weights)])?;
        let spanned = |value: Value| source::Spanned::new(value, source::Span::default());
        let named = vec![("x", spanned(Value::Array(product))), ("skipna", spanned(Value::Bool(false)))];
        let variadic = vec![spanned(Value::Name(dim.name.to_string()))];
        out = call::with(builder, "sum", &Arguments { named, variadic, ..Arguments::default() })?;
    }
    Ok(Value::Array(unmeasured(builder, out)?))
}

pub(super) fn cumulative(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = summable(builder, args, "cumulative_integrate")?;
    let ty = builder.ty(x);
    let axis = axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let gaps = distances(args, &ty, (axis, Culprit::Param("dim")))?;
    let dim = &ty.dims[axis];
    if dim.size == 0 {
        return Ok(Value::Array(x));
    }
    let bare = moves::unlabel(builder, x, &dim.name)?;
    let later = moves::slice(builder, bare, &[(axis, Span::run(1, dim.size - 1))])?;
    let sooner = moves::slice(builder, bare, &[(axis, Span::run(0, dim.size - 1))])?;
    let sum = call::operator(builder, "add", &[Value::Array(later), Value::Array(sooner)])?;
    let halves = gaps.iter().map(|gap| gap / 2.0).collect();
    let halves = along(builder, &ty, axis, halves);
    let parts = call::operator(builder, "mul", &[Value::Array(sum), Value::Array(halves)])?;
    let first = moves::filler(builder, parts, axis, 1, Scalar::Float(0.0));
    let joined = moves::concat(builder, axis, &[first, parts])?;
    let spanned = |value: Value| source::Spanned::new(value, source::Span::default());
    let named = vec![("x", spanned(Value::Array(joined))), ("skipna", spanned(Value::Bool(false)))];
    let variadic = vec![spanned(Value::Name(dim.name.to_string()))];
    let total = call::with(builder, "cumsum", &Arguments { named, variadic, ..Arguments::default() })?;
    let total = moves::labels_of(builder, total, &dim.name, &ty)?;
    Ok(Value::Array(unmeasured(builder, total)?))
}

/// Numbers along an axis of an array of type `ty`.
fn along(builder: &mut dyn Builder, ty: &ArrayType, axis: usize, numbers: Vec<f64>) -> Operand {
    let dim = &ty.dims[axis];
    let ty = ArrayType::new(DType::F64, Dims::new([(dim.name.clone(), numbers.len() as u64)]));
    builder.constant(ty, Constant::Values(Block::from_list(numbers)))
}

/// Without attributes: an integral is not measured in what its values are.
fn unmeasured(builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
    match builder.ty(x).attrs.is_empty() {
        true => Ok(x),
        false => moves::relabel(builder, x, Labels { attrs: Some(Arc::default()), ..Labels::default() }),
    }
}
