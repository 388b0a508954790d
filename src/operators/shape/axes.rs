//! The order and number of dims.

use crate::array::{ArrayType, Coord, DimName};
use crate::operators::arguments::axis;
use crate::operators::creation::sizes;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::labels::coordinate;
use crate::operators::moves::{self, Span};
use crate::operators::{Arguments, Builder, Operand, TypeError, Value};
use std::sync::Arc;

pub(super) fn transpose(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    if arguments.variadic.is_empty() {
        let reversed: Vec<usize> = (0..ty.rank()).rev().collect();
        return moves::permute(builder, x, &reversed).map(Value::Array);
    }
    let is_rest = |value: &Value| matches!(value, Value::Name(name) | Value::Str(name) if name == "..");
    let mut order: Vec<Option<usize>> = Vec::new();
    for (i, dim) in arguments.variadic.iter().enumerate() {
        let at = Culprit::Variadic(i);
        let next = if is_rest(&dim.value) {
            None
        } else {
            Some(axis(&dim.value, &ty).map_err(|e| e.at(at.clone(), "no such dim"))?)
        };
        if order.contains(&next) {
            let what = next.map_or_else(|| "..".to_owned(), |axis| ty.dims[axis].name.to_string());
            let message = format!("`{what}` is named twice");
            return Err(TypeError::new("ff::type::repeated_dim", message).at(at, "again here"));
        }
        order.push(next);
    }
    let others: Vec<usize> = (0..ty.rank()).filter(|a| !order.contains(&Some(*a))).collect();
    if !order.contains(&None) && !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|&a| ty.dims[a].name.as_str()).collect();
        let message = format!("the order leaves out {} of {ty}", names.join(", "));
        let help = "name all dims, or write `..` where the others go";
        return Err(TypeError::new("ff::type::dims", message).with_help(help));
    }
    let axes: Vec<usize> =
        (order.into_iter()).flat_map(|next| next.map_or_else(|| others.clone(), |axis| vec![axis])).collect();
    moves::permute(builder, x, &axes).map(Value::Array)
}

pub(super) fn expand_dims(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let dim = new_name(arguments, "dim")?;
    let rank = builder.ty(x).rank() as i64;
    let axis = arguments.int("axis", 0)?;
    let at = if axis < 0 { axis + rank + 1 } else { axis };
    if !(0..=rank).contains(&at) {
        let message = format!("axis {axis} is out of range for {rank} dims and a new one");
        return Err(TypeError::new("ff::type::index", message).at(Culprit::Param("axis"), format!("0 to {rank}")));
    }
    let coord = match arguments.get("label") {
        None => None,
        Some(Value::Array(label)) if builder.ty(*label).rank() == 0 => {
            let label = moves::insert(builder, *label, 0, &dim, None)?;
            coordinate(builder, &dim, &Value::Array(label))?
        }
        Some(label) => coordinate(builder, &dim, &Value::List(Arc::new(vec![label.clone()])))?,
    };
    moves::insert(builder, x, at as usize, &dim, coord).map(Value::Array).map_err(|e| match e.culprit {
        Culprit::Call => e.at(Culprit::Param("dim"), "this name is taken"),
        _ => e,
    })
}

/// The name a parameter gives.
pub(super) fn new_name(arguments: &Arguments, param: &'static str) -> Result<DimName, TypeError> {
    match arguments.str_opt(param)? {
        Some(name) if !name.is_empty() => Ok(DimName::new(name)),
        _ => Err(TypeError::expected(param, "a name", arguments.value(param))),
    }
}

pub(super) fn squeeze(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut axes = arguments.axes(&ty)?;
    if arguments.variadic.is_empty() {
        axes.retain(|&axis| ty.dims[axis].size == 1);
    }
    if let Some(&axis) = axes.iter().find(|&&axis| ty.dims[axis].size != 1) {
        let dim = &ty.dims[axis];
        let message = format!("dim `{}` has {} elements, only a dim of one can go", dim.name, dim.size);
        let named = arguments.variadic.iter().position(|d| self::axis(&d.value, &ty) == Ok(axis));
        let help = format!("select one with `isel({}: 0)`, or reduce it", dim.name);
        return Err(TypeError::new("ff::type::size", message)
            .at(Culprit::Variadic(named.unwrap_or(0)), "not of one element")
            .with_help(help));
    }
    let mut out = x;
    for axis in axes.into_iter().rev() {
        out = moves::drop_axis(builder, out, axis)?;
    }
    Ok(Value::Array(out))
}

pub(super) fn flip(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let spans: Vec<(usize, Span)> =
        arguments.axes(&ty)?.into_iter().map(|axis| (axis, Span::reversed(ty.dims[axis].size))).collect();
    moves::slice(builder, x, &spans).map(Value::Array)
}

pub(super) fn broadcast(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let like: ArrayType = match arguments.value("to") {
        Value::Array(like) => (*builder.ty(*like)).clone(),
        sizes @ Value::Record(_) => ArrayType::new(builder.ty(x).dtype, self::sizes(sizes, "to")?),
        other => return Err(TypeError::expected("to", "sizes by dim, such as {z: 3}, or an array", other)),
    };
    let ty = builder.ty(x);
    let mut labels = Labels::default();
    for dim in like.dims.iter() {
        let stretched = match ty.dims.get(&dim.name) {
            Some(ours) if ours.size == dim.size => false,
            None => true,
            Some(ours) if ours.size == 1 => true,
            Some(ours) => {
                let message = format!("dim `{}` has {} elements and cannot have {}", dim.name, ours.size, dim.size);
                return Err(TypeError::new("ff::type::size", message)
                    .at(Culprit::Param("to"), format!("{} elements here", dim.size))
                    .with_help("only dims of one element, or none, are repeated"));
            }
        };
        match (like.coord(&dim.name), ty.coord(&dim.name)) {
            (Some(theirs), Some(ours)) if !stretched => agree(ours, theirs)?,
            (Some(theirs), _) => labels.coords.push((dim.name.clone(), Some(theirs.clone()))),
            (None, _) => {}
        }
    }
    let out = repeat(builder, x, &like)?;
    moves::relabel(builder, out, labels).map(Value::Array)
}

fn agree(ours: &Coord, theirs: &Coord) -> Result<(), TypeError> {
    match ours.first_difference(theirs) {
        None => Ok(()),
        Some(at) => {
            let message = format!("the coordinates of `{}` differ first at position {at}", ours.dim);
            let help = "drop one side's with `drop_coords`";
            Err(TypeError::new("ff::type::coords", message).at(Culprit::Param("to"), "other labels").with_help(help))
        }
    }
}

/// The array with the dims of `like` that it lacks put last, and repeated to their sizes.
fn repeat(builder: &mut dyn Builder, x: Operand, like: &ArrayType) -> Result<Operand, TypeError> {
    let mut out = x;
    for dim in like.dims.iter() {
        let ty = builder.ty(out);
        if ty.dims.axis(&dim.name).is_none() {
            out = moves::insert(builder, out, ty.rank(), &dim.name, None)?;
        }
    }
    let ty = builder.ty(out);
    let shape: Vec<u64> =
        ty.dims.iter().map(|dim| like.dims.get(&dim.name).map_or(dim.size, |theirs| theirs.size)).collect();
    moves::broadcast(builder, out, &shape)
}
