//! Arrays joined side by side.

use super::axes::{deepened, free_name, new_places};
use crate::array::{ArrayType, DimName};
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, call, moves};

fn arrays(args: &Arguments) -> Result<Vec<Operand>, TypeError> {
    let wrong = |value: &Value| TypeError::expected("arrays", "a list of arrays", value);
    let Value::List(items) = args.value("arrays") else { return Err(wrong(args.value("arrays"))) };
    let array = |item: &Value| match item {
        Value::Array(x) => Ok(*x),
        other => Err(wrong(other)),
    };
    match items.is_empty() {
        false => items.iter().map(array).collect(),
        true => Err(TypeError::new("ff::type::argument", "there is no array to join")
            .at(Culprit::Param("arrays"), "an empty list")),
    }
}

fn joined(builder: &mut dyn Builder, arrays: &[Operand], axis: usize) -> Result<Operand, TypeError> {
    let list = Value::List(std::sync::Arc::new(arrays.iter().map(|x| Value::Array(*x)).collect()));
    call::operator(builder, "concat", &[list, Value::Int(axis as i64)]).map_err(|e| e.or_at(Culprit::Param("arrays")))
}

/// The arrays with at least so many dims, and joined along an axis. One of fewer dims gets those it lacks from the first
/// that has enough; labels along the axis go where some have none.
fn stacked(builder: &mut dyn Builder, args: &Arguments, dims: usize, axis: usize) -> Result<Value, TypeError> {
    let mut all = arrays(args)?;
    let ranks: Vec<usize> = all.iter().map(|x| builder.ty(*x).rank()).collect();
    let Some(model) = ranks.iter().position(|rank| *rank >= dims).map(|first| builder.ty(all[first])) else {
        for x in &mut all {
            *x = deepened(builder, *x, dims)?;
        }
        return joined(builder, &all, axis).map(Value::Array);
    };
    for x in &mut all {
        *x = like(builder, *x, (&model, dims)).map_err(|e| e.or_at(Culprit::Param("arrays")))?;
    }
    if ranks.iter().any(|rank| *rank < dims) {
        for x in &mut all {
            *x = moves::unlabel(builder, *x, &model.dims[axis].name)?;
        }
    }
    joined(builder, &all, axis).map(Value::Array)
}

/// The array with so many dims, new ones and those without a name called as the ones of `model` in their places.
fn like(builder: &mut dyn Builder, x: Operand, (model, dims): (&ArrayType, usize)) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let places = new_places(ty.rank(), dims);
    if places.is_empty() {
        return Ok(x);
    }
    let own = (0..dims).filter(|place| !places.contains(place)).map(|place| &model.dims[place].name);
    let rename = ty.dims.names().zip(own).filter(|(old, new)| old.is_auto() && old != new);
    let rename: Vec<(DimName, DimName)> = rename.map(|(old, new)| (old.clone(), new.clone())).collect();
    let mut out = x;
    if !rename.is_empty() {
        out = moves::relabel(builder, out, Labels { rename, ..Labels::default() })?;
    }
    for place in places {
        let name = &model.dims[*place].name;
        if builder.ty(out).dims.axis(name).is_some() {
            let message = format!("{ty} lies along `{name}`, along which it is joined with {model}");
            let error = TypeError::new("ff::type::concat", message);
            return Err(
                error.with_help(format!("its dims stand last: `transpose` the others, or `rename(x, {name}: …)`"))
            );
        }
        out = moves::insert(builder, out, *place, name, None)?;
    }
    Ok(out)
}

pub(super) fn vstack(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    stacked(builder, args, 2, 0)
}

pub(super) fn hstack(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let first = arrays(args)?[0];
    let axis = usize::from(builder.ty(first).rank() > 1);
    stacked(builder, args, 1, axis)
}

pub(super) fn dstack(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    stacked(builder, args, 3, 2)
}

pub(super) fn block(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let value = args.value("arrays");
    let depth = depth(value)?;
    let rank = deepest(builder, value).max(depth);
    nested(builder, value, depth, rank).map(Value::Array)
}

/// How many lists lie in each other, in all of them alike.
fn depth(value: &Value) -> Result<usize, TypeError> {
    match value {
        Value::Array(_) => Ok(0),
        Value::List(items) if !items.is_empty() => {
            let depths = items.iter().map(depth).collect::<Result<Vec<usize>, _>>()?;
            match depths.iter().all(|depth| *depth == depths[0]) {
                true => Ok(depths[0] + 1),
                false => Err(TypeError::new("ff::type::argument", "lists of blocks lie in each other equally deep")
                    .at(Culprit::Param("arrays"), "of different depths")),
            }
        }
        Value::List(_) => Err(TypeError::new("ff::type::argument", "there is no block in a list")
            .at(Culprit::Param("arrays"), "an empty list")),
        other => Err(TypeError::expected("arrays", "arrays in lists", other)),
    }
}

fn deepest(builder: &dyn Builder, value: &Value) -> usize {
    match value {
        Value::Array(x) => builder.ty(*x).rank(),
        Value::List(items) => items.iter().map(|item| deepest(builder, item)).max().unwrap_or(0),
        _ => 0,
    }
}

fn nested(builder: &mut dyn Builder, value: &Value, depth: usize, rank: usize) -> Result<Operand, TypeError> {
    match value {
        Value::List(items) => {
            let parts =
                items.iter().map(|item| nested(builder, item, depth - 1, rank)).collect::<Result<Vec<Operand>, _>>()?;
            joined(builder, &parts, rank - depth)
        }
        Value::Array(x) => {
            let mut out = *x;
            while builder.ty(out).rank() < rank {
                let name = free_name(&builder.ty(out));
                out = moves::insert(builder, out, 0, &name, None)?;
            }
            Ok(out)
        }
        other => Err(TypeError::expected("arrays", "arrays in lists", other)),
    }
}
