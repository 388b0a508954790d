//! Dims by position, and arrays brought to the same dims.

use std::sync::Arc;

use crate::array::{ArrayType, DimName};
use crate::operators::arguments;
use crate::operators::elementwise::broadcast::{broadcast_to, together};
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::pattern::merge_coords;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, moves};

/// The axis of a dim that a parameter names.
pub(super) fn axis(args: &Arguments, param: &'static str, ty: &ArrayType) -> Result<usize, TypeError> {
    arguments::axis(args.value(param), ty).map_err(|e| e.at(Culprit::Param(param), "no such dim"))
}

/// A name without a meaning that no dim has.
pub(super) fn free_name(ty: &ArrayType) -> DimName {
    let mut number = 0;
    while ty.dims.axis(&DimName::auto(number)).is_some() {
        number += 1;
    }
    DimName::auto(number)
}

pub(super) fn swapaxes(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let mut order: Vec<usize> = (0..ty.rank()).collect();
    order.swap(axis(args, "first", &ty)?, axis(args, "second", &ty)?);
    moves::permute(builder, x, &order).map(Value::Array)
}

/// The order in which `from` comes to the place `to` among the others.
fn moved(rank: usize, from: usize, to: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rank).filter(|axis| *axis != from).collect();
    order.insert(to, from);
    order
}

/// A place from 0 to `last`, where negative ones count from the end.
fn place(args: &Arguments, param: &'static str, rank: usize, last: usize) -> Result<usize, TypeError> {
    let given = args.int(param, 0)?;
    let at = if given < 0 { given + rank as i64 } else { given };
    match usize::try_from(at) {
        Ok(at) if at <= last => Ok(at),
        _ => {
            let message = format!("place {given} is out of range for {rank} dims");
            Err(TypeError::new("ff::type::index", message).at(Culprit::Param(param), format!("0 to {last}")))
        }
    }
}

pub(super) fn moveaxis(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let from = axis(args, "dim", &ty)?;
    let to = place(args, "to", ty.rank(), ty.rank() - 1)?;
    moves::permute(builder, x, &moved(ty.rank(), from, to)).map(Value::Array)
}

pub(super) fn rollaxis(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let from = axis(args, "dim", &ty)?;
    let start = place(args, "start", ty.rank(), ty.rank())?;
    let to = if from < start { start - 1 } else { start };
    moves::permute(builder, x, &moved(ty.rank(), from, to)).map(Value::Array)
}

/// With so many dims, where NumPy puts the new ones.
pub(super) fn at_least(builder: &mut dyn Builder, args: &Arguments, dims: usize) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    deepened(builder, x, dims).map(Value::Array)
}

/// Where NumPy puts new dims, one after the other, for an array of `rank` to have so many.
pub(super) fn new_places(rank: usize, dims: usize) -> &'static [usize] {
    match (rank, dims) {
        (0, 1) | (1, 2) => &[0],
        (0, 2) => &[0, 1],
        (0, 3) => &[0, 1, 2],
        (1, 3) => &[0, 2],
        (2, 3) => &[2],
        _ => &[],
    }
}

pub(super) fn deepened(builder: &mut dyn Builder, x: Operand, dims: usize) -> Result<Operand, TypeError> {
    let mut out = x;
    let rank = builder.ty(x).rank();
    for place in new_places(rank, dims) {
        let name = free_name(&builder.ty(out));
        out = moves::insert(builder, out, *place, &name, None)?;
    }
    Ok(out)
}

/// The arrays that a call lists.
fn listed(args: &Arguments) -> Result<Vec<(Culprit, Operand)>, TypeError> {
    let flat: Vec<(Culprit, &Value)> = match args.variadic.as_slice() {
        [only] => match &only.value {
            Value::List(items) => items.iter().map(|item| (Culprit::Variadic(0), item)).collect(),
            value => vec![(Culprit::Variadic(0), value)],
        },
        several => several.iter().enumerate().map(|(i, value)| (Culprit::Variadic(i), &value.value)).collect(),
    };
    if flat.is_empty() {
        return Err(TypeError::new("ff::type::argument", "there is no array"));
    }
    let array = |(at, value): (Culprit, &Value)| match value {
        Value::Array(x) => Ok((at, *x)),
        other => {
            let message = format!("arrays are expected, this is {}", other.kind());
            Err(TypeError::new("ff::type::argument", message).at(at, "no array"))
        }
    };
    flat.into_iter().map(array).collect()
}

fn list(arrays: Vec<Operand>) -> Value {
    Value::List(Arc::new(arrays.into_iter().map(Value::Array).collect()))
}

pub(super) fn broadcast_arrays(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let arrays = listed(args)?;
    let spread = together(builder, &arrays)?;
    let mut labelled = (*builder.ty(spread[0])).clone();
    for ((at, _), x) in arrays.iter().zip(&spread) {
        merge_coords(&mut labelled, &builder.ty(*x)).map_err(|e| e.or_at(at.clone()))?;
    }
    spread.into_iter().map(|x| moves::lacking_labels(builder, x, &labelled)).collect::<Result<_, _>>().map(list)
}

pub(super) fn meshgrid(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let mut lines = listed(args)?;
    let mut dims = crate::array::Dims::default();
    for (number, (at, x)) in lines.iter_mut().enumerate() {
        if builder.ty(*x).rank() == 0 {
            *x = deepened(builder, *x, 1)?;
        }
        let ty = builder.ty(*x);
        if ty.rank() != 1 {
            let message = format!("a grid is made of arrays of one dim, this is {ty}");
            return Err(TypeError::new("ff::type::dims", message).at(at.clone(), "of several dims"));
        }
        let own = &ty.dims[0].name;
        let name = if own.is_auto() { DimName::auto(number) } else { own.clone() };
        if dims.axis(&name).is_some() {
            let message = format!("two of the arrays lie along `{name}`");
            let error = TypeError::new("ff::type::repeated_dim", message).at(at.clone(), "the same dim again");
            return Err(error.with_help(format!("give one another name: `rename(x, {name}: other)`")));
        }
        dims.push(name.clone(), ty.dims[0].size);
        if *own != name {
            let rename = vec![(own.clone(), name)];
            *x = moves::relabel(builder, *x, Labels { rename, ..Labels::default() })?;
        }
    }
    let mut order: Vec<usize> = (0..dims.rank()).collect();
    if args.str_opt("indexing")? != Some("ij") && order.len() > 1 {
        order.swap(0, 1);
    }
    let dims = order.into_iter().map(|axis| dims[axis].clone()).collect();
    let mut labelled = (*builder.ty(lines[0].1)).clone();
    for (at, x) in &lines {
        merge_coords(&mut labelled, &builder.ty(*x)).map_err(|e| e.or_at(at.clone()))?;
    }
    let grids = lines.iter().map(|(_, x)| {
        let grid = broadcast_to(builder, *x, &dims)?;
        moves::lacking_labels(builder, grid, &labelled)
    });
    grids.collect::<Result<_, _>>().map(list)
}
