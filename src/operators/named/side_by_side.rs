//! Arrays joined side by side.

use super::axes::{deepened, free_name};
use crate::operators::error::Culprit;
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

/// The arrays with at least so many dims, and joined along an axis.
fn stacked(builder: &mut dyn Builder, args: &Arguments, dims: usize, axis: usize) -> Result<Value, TypeError> {
    let mut all = arrays(args)?;
    for x in &mut all {
        *x = deepened(builder, *x, dims)?;
    }
    joined(builder, &all, axis).map(Value::Array)
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
