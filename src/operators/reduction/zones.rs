//! What a call of a reduction expands to over groups that codes tell.

use std::sync::Arc;

use super::super::call::operator;
use super::super::combine::Combine;
use super::super::elementwise::broadcast::broadcast_to;
use super::super::error::{Culprit, TypeError};
use super::super::pattern::{Pattern, Reduction, Spread};
use super::super::view::Zones;
use super::super::{Arguments, Builder, Operand, Value, axis_of};
use super::choose::{Reducer, at_least};
use super::coded::Coded;
use super::expand::{Asked, Reducing, emit, not_empty, weighted, weights, with_second};
use super::packed::{self, Packed};
use crate::array::{ArrayType, DType, Dim, DimName};

/// The axes of `ty` that groups of several dims reduce: their own, and those that a call names besides.
///
/// # Errors
/// Dims stay with one element, or are unknown; positions are of the grouped dims alone.
pub(in crate::operators) fn axes(
    args: &Arguments,
    ty: &ArrayType,
    (zones, name): (&Zones, &str),
    alone: bool,
) -> Result<Vec<usize>, TypeError> {
    if args.bool("keepdims", false)? {
        let error = TypeError::new("ff::type::argument", "groups take the place of the dims of their keys");
        return Err(error.at(Culprit::Param("keepdims"), "no dim stays"));
    }
    let mut axes = if args.variadic.is_empty() { Vec::new() } else { args.axes(ty)? };
    let own = zones.dims.iter().map(|dim| axis_of(ty, dim)).collect::<Result<Vec<usize>, TypeError>>()?;
    axes.retain(|axis| !own.contains(axis));
    if alone && !axes.is_empty() {
        let dims: Vec<&str> = zones.dims.iter().map(DimName::as_str).collect();
        let message = format!("`{name}` of groups is along the grouped dims: {}", dims.join(", "));
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Variadic(0), "other dims");
        return Err(error.with_help(format!("leave them out: `{name}()`")));
    }
    axes.extend(own);
    axes.sort_unstable();
    Ok(axes)
}

/// The codes with the dims of the array that is grouped.
///
/// # Errors
/// The array lacks a dim of the codes, which expansions of `groupby` refuse.
pub(in crate::operators) fn codes(builder: &mut dyn Builder, x: Operand, zones: &Zones) -> Result<Operand, TypeError> {
    let dims = builder.ty(x).dims.clone();
    broadcast_to(builder, zones.codes, &dims)
}

/// Over groups that codes tell: the reduction of the dims of the codes and those named besides.
///
/// # Errors
/// As a reduction of groups along one dim; a second array must fit into doubles.
pub(super) fn zoned(
    reducer: &dyn Reducing,
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, zones, asked): (Operand, &Zones, &Asked),
) -> Result<Operand, TypeError> {
    if asked.options.weighted && matches!(reducer.name(), "sum" | "mean") {
        return with_weights(reducer, builder, args, (x, zones));
    }
    let inputs = with_second(reducer, builder, args, x)?;
    let ty = builder.ty(inputs[0]);
    let axes = axes(args, &ty, (zones, reducer.name()), reducer.finds())?;
    if zones.is_full {
        not_empty(reducer, &ty, &axes)?;
    }
    let mut reduced = asked.choose(reducer, ty.dtype)?;
    if asked.min_count.is_none_or(|least| least == 0) && !zones.is_full && !reducer.finds() {
        reduced = at_least(reduced, ty.dtype, 1, false)?;
    }
    let dim = Dim { name: zones.coord.dim.clone(), size: zones.coord.len() as u64 };
    let text = asked.text(format!("axes: {axes:?}, by {}: {}", dim.name, dim.size));
    let (x, inner) = match inputs[..] {
        [x, second] => in_one(builder, [x, second], (reducer, reduced.0))?,
        _ => (x, reduced.0),
    };
    let combine = Arc::new(Coded { groups: zones.coord.len(), inner });
    let spread = Some(Spread { dim, coord: Some(zones.coord.clone()) });
    let reduction = Reduction { axes, groups: None, keepdims: false, spread, combine };
    let codes = codes(builder, x, zones)?;
    emit(reducer, builder, (text, Pattern::Reduction(reduction), reduced.1), &[x, codes])
}

/// Two arrays as one, since codes take the place of a second, with what reduces it so.
fn in_one(
    builder: &mut dyn Builder,
    arrays: [Operand; 2],
    (reducer, inner): (&dyn Reducing, Arc<dyn Combine>),
) -> Result<(Operand, Arc<dyn Combine>), TypeError> {
    let dtypes = arrays.map(|x| builder.ty(x).dtype);
    // What has weights is computed in doubles anyway.
    let fits = |dtype: &DType| packed::is_exact(*dtype) || (reducer.second().is_none() && dtype.is_integer());
    if let Some(wide) = dtypes.iter().find(|dtype| !fits(dtype)) {
        let name = reducer.name();
        let message = format!("`{name}` of two arrays over such groups takes what a double holds exactly, not {wide}");
        let error = TypeError::new("ff::type::dtype", message);
        return Err(error.with_help("convert it before, `x as f64`; groups by keys along one dim take any dtype"));
    }
    Ok((packed::packed(builder, &arrays)?, Arc::new(Packed { inner, dtypes })))
}

/// Sums of products with weights, and means that are such sums over those of the weights of what is there.
fn with_weights(
    reducer: &dyn Reducing,
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, zones): (Operand, &Zones),
) -> Result<Operand, TypeError> {
    let Some(weights) = weights(builder, args)? else {
        return Err(TypeError::new("ff::type::bug", "there are no weights"));
    };
    let both = weighted(builder, x, weights)?;
    let array = |operand: Operand| Value::Array(operand);
    let products = operator(builder, "mul", &[array(both[0]), array(both[1])])?;
    let mut own = args.clone();
    own.named.retain(|(name, _)| *name != "weights");
    let asked = Asked::read(&own)?;
    let sum = zoned(&Reducer::Sum, builder, &own, (products, zones, &asked))?;
    if reducer.name() == "sum" {
        return Ok(sum);
    }
    let present = match asked.options.skipna {
        true => {
            let absent = operator(builder, "isnan", &[array(both[0])])?;
            let there = operator(builder, "not", &[array(absent)])?;
            operator(builder, "where", &[array(there), array(both[1])])?
        }
        false => both[1],
    };
    own.named.retain(|(name, _)| *name != "min_count");
    let total = zoned(&Reducer::Sum, builder, &own, (present, zones, &Asked::read(&own)?))?;
    operator(builder, "div", &[array(sum), array(total)])
}
