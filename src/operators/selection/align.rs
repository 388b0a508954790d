//! `align`: arrays brought to the same labels. The rules are those of `xarray.align`.
//!
//! Labels are known while planning, so aligning is a selection by position along each dim whose labels
//! differ; what an array has no label for is missing in it.

use std::sync::Arc;

use super::index::Index;
use super::{Pick, moves};
use crate::array::{ArrayType, Block, Coord, CoordValues, DType, DimName, Dims, Kind, Scalar};
use crate::operators::elementwise::{broadcast_to, call, cast_to};
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::{Arguments, Builder, Constant, Operand, TypeError, Value};

/// The words of `join`.
pub const JOINS: &[&str] = &["inner", "outer", "left", "right", "exact", "override"];

/// One array that is brought to the labels of others, and the argument it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Brought {
    /// The array.
    pub array: Operand,
    /// The positional argument that it is, or is part of.
    pub argument: usize,
}

/// One labelled array: its place among all, the argument it comes from, and its labels.
type Labelled = (usize, usize, Arc<Coord>);

pub(super) fn align(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let join = arguments.str_opt("join")?.unwrap_or("inner");
    let mut arrays = Vec::new();
    for (argument, value) in arguments.variadic.iter().enumerate() {
        let parts = arrays_of(&value.value).ok_or_else(|| {
            let message = format!("`align` takes arrays and datasets, this is {}", value.value.kind());
            let error = TypeError::new("ff::type::argument", message);
            error
                .at(Culprit::Variadic(argument), "expected an array")
                .with_help("it is called as `align(a, b, join: inner)`")
        })?;
        arrays.extend(parts.into_iter().map(|array| Brought { array, argument }));
    }
    let mut brought = aligned(builder, arrays, join, None)?.into_iter().map(Value::Array);
    let mut next = || brought.next().unwrap_or(Value::None);
    let whole = arguments.variadic.iter().map(|value| match &value.value {
        Value::Record(fields) => {
            Value::Record(Arc::new(fields.iter().map(|(name, _)| (name.clone(), next())).collect()))
        }
        _ => next(),
    });
    Ok(Value::List(Arc::new(whole.collect())))
}

/// The arrays of an argument: itself, or the variables of a dataset.
fn arrays_of(value: &Value) -> Option<Vec<Operand>> {
    let array = |value: &Value| match value {
        Value::Array(x) => Some(*x),
        _ => None,
    };
    match value {
        Value::Record(fields) => fields.iter().map(|(_, value)| array(value)).collect(),
        other => Some(vec![array(other)?]),
    }
}

/// Arrays brought to the same labels along every dim that several have, but for one.
///
/// # Errors
/// The labels of two do not go together, or `exact` finds different ones; the argument is blamed.
pub fn aligned(
    builder: &mut dyn Builder,
    mut arrays: Vec<Brought>,
    join: &str,
    except: Option<&DimName>,
) -> Result<Vec<Operand>, TypeError> {
    let mut dims: Vec<DimName> = Vec::new();
    for one in &arrays {
        let ty = builder.ty(one.array);
        dims.extend(ty.dims.names().filter(|name| !dims.contains(name)).cloned().collect::<Vec<_>>());
    }
    for dim in dims.into_iter().filter(|dim| Some(dim) != except) {
        along(builder, &mut arrays, &dim, join)?;
    }
    Ok(arrays.into_iter().map(|one| one.array).collect())
}

/// Brings the arrays that have `dim` to the same labels along it.
fn along(builder: &mut dyn Builder, arrays: &mut [Brought], dim: &DimName, join: &str) -> Result<(), TypeError> {
    let types: Vec<Arc<ArrayType>> = arrays.iter().map(|one| builder.ty(one.array)).collect();
    let labels = |(i, ty): (usize, &Arc<ArrayType>)| Some((i, arrays[i].argument, ty.coord(dim)?.clone()));
    let labelled: Vec<Labelled> = types.iter().enumerate().filter_map(labels).collect();
    let target = joined(&labelled, join)?;
    let mut size = target.as_ref().or(labelled.first().map(|(.., coord)| coord)).map(|coord| coord.len() as u64);
    for (i, ty) in types.iter().enumerate() {
        let Some(has) = ty.dims.get(dim).filter(|_| ty.coord(dim).is_none()) else { continue };
        let common = *size.get_or_insert(has.size);
        if common != has.size {
            let message = format!("dim `{dim}` has {} elements without labels here, and {common} elsewhere", has.size);
            return Err(TypeError::new("ff::type::size", message)
                .at(Culprit::Variadic(arrays[i].argument), format!("this is {ty}"))
                .with_help(format!("label it with `assign_coords({dim}: …)`, or rename the dim")));
        }
    }
    let Some(target) = target else { return Ok(()) };
    for (i, argument, ours) in labelled {
        let x = &mut arrays[i].array;
        if join != "override" && ours.first_difference(&target).is_some() {
            *x = reindexed(builder, *x, &ours, &target).map_err(|e| e.or_at(Culprit::Variadic(argument)))?;
        } else if ours.dtype != target.dtype || join == "override" {
            *x = relabelled(builder, *x, &target)?;
        }
    }
    Ok(())
}

/// The labels that all are brought to; none where they are equal already.
fn joined(labelled: &[Labelled], join: &str) -> Result<Option<Arc<Coord>>, TypeError> {
    let [(_, here, first), others @ ..] = labelled else { return Ok(None) };
    let Some((_, there, other)) = others.iter().find(|(.., other)| first.first_difference(other).is_some()) else {
        return Ok(None);
    };
    if join == "exact" {
        let message = format!("the labels of `{}` differ", first.dim);
        return Err(TypeError::new("ff::type::coords", message)
            .at(Culprit::Variadic(*there), format!("{} labels", other.len()))
            .and_at(Culprit::Variadic(*here), format!("{} labels", first.len()))
            .with_help("`join: exact` brings nothing together: choose inner, outer, left or right"));
    }
    if join == "override" {
        let Some((_, there, other)) = others.iter().find(|(.., other)| other.len() != first.len()) else {
            return Ok(Some(first.clone()));
        };
        let message = format!("dim `{}` has {} and {} elements", first.dim, first.len(), other.len());
        return Err(TypeError::new("ff::type::size", message)
            .at(Culprit::Variadic(*there), format!("{} labels", other.len()))
            .and_at(Culprit::Variadic(*here), format!("{} labels", first.len()))
            .with_help("`join: override` gives arrays of one size the labels of the first"));
    }
    let mut dtype = first.dtype;
    for (_, argument, coord) in labelled {
        distinct(coord).map_err(|e| e.at(Culprit::Variadic(*argument), "these labels"))?;
        dtype = common(dtype, coord.dtype).ok_or_else(|| {
            let message = format!("labels of {} and {dtype} along `{}` do not go together", coord.dtype, coord.dim);
            TypeError::new("ff::type::coords", message).at(Culprit::Variadic(*argument), "labels of another kind")
        })?;
    }
    let mut coords = labelled.iter().map(|(.., coord)| typed(coord, dtype));
    let target = match join {
        "left" => coords.next(),
        "right" => coords.next_back(),
        "outer" => coords.reduce(union),
        _ => coords.reduce(intersection),
    };
    Ok(target.map(Arc::new))
}

/// Labels that are looked up must be there, and once.
pub(super) fn distinct(coord: &Coord) -> Result<(), TypeError> {
    let index = Index::new(coord);
    let label = |i: usize| format!("{} at position {i}", index.show(i));
    let wrong = (0..coord.len()).find_map(|i| match coord.values.get(i).is_missing() {
        true => Some(format!("a label of `{}` is missing: {}", coord.dim, label(i))),
        false => {
            let again = index.exact(&index.label(i)).len() > 1;
            again.then(|| format!("a label of `{}` is there more than once: {}", coord.dim, label(i)))
        }
    });
    let help = "labels can only be brought together where each stands for one element";
    wrong.map_or(Ok(()), |message| Err(TypeError::new("ff::type::coords", message).with_help(help)))
}

/// The dtype of labels of two dtypes.
pub(super) fn common(a: DType, b: DType) -> Option<DType> {
    let plain = |d: DType| !matches!(d.kind(), Kind::Time | Kind::Str);
    (a == b || (plain(a) && plain(b))).then(|| a.promote(b)).flatten()
}

/// The labels in another dtype, which holds them.
fn typed(coord: &Coord, dtype: DType) -> Coord {
    let values = match &coord.values {
        CoordValues::Int(v) if dtype.kind() == Kind::Float => CoordValues::Float(v.iter().map(|&i| i as f64).collect()),
        other => other.clone(),
    };
    Coord { dtype, values, ..coord.clone() }
}

/// The labels that both have, in the order of the first.
fn intersection(a: Coord, b: Coord) -> Coord {
    let (ours, theirs) = (Index::new(&a), Index::new(&b));
    let both: Vec<usize> = (0..a.len()).filter(|&i| !theirs.exact(&ours.label(i)).is_empty()).collect();
    a.take(&both)
}

/// The labels that either has, ascending; those of one where the other has none or the same.
fn union(a: Coord, b: Coord) -> Coord {
    if b.is_empty() || a.first_difference(&b).is_none() {
        return a;
    }
    if a.is_empty() {
        return b;
    }
    let ours = Index::new(&a);
    let theirs = Index::new(&b);
    let added: Vec<usize> = (0..b.len()).filter(|&i| ours.exact(&theirs.label(i)).is_empty()).collect();
    let values = match (&a.values, b.take(&added).values) {
        (CoordValues::Int(x), CoordValues::Int(y)) => CoordValues::Int([x.clone(), y].concat()),
        (CoordValues::Float(x), CoordValues::Float(y)) => CoordValues::Float([x.clone(), y].concat()),
        (CoordValues::Time(x, calendar), CoordValues::Time(y, _)) => {
            CoordValues::Time([x.clone(), y].concat(), *calendar)
        }
        (CoordValues::Duration(x), CoordValues::Duration(y)) => CoordValues::Duration([x.clone(), y].concat()),
        (CoordValues::Str(x), CoordValues::Str(y)) => CoordValues::Str([x.clone(), y].concat()),
        (other, _) => other.clone(),
    };
    let all = Coord { values, ..a.clone() };
    let index = Index::new(&all);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&i, &j| index.label(i).order(&index.label(j)));
    all.take(&order)
}

/// The elements of `x` at the labels of `target`, missing where `x` has none.
fn reindexed(builder: &mut dyn Builder, x: Operand, ours: &Coord, target: &Arc<Coord>) -> Result<Operand, TypeError> {
    let (index, wanted) = (Index::new(ours), Index::new(target));
    let found: Vec<Option<u64>> =
        (0..target.len()).map(|i| index.exact(&wanted.label(i)).first().map(|&p| p as u64)).collect();
    gathered(builder, x, (target, &found), None)
}

/// The elements of `x` at these positions along the dim of `target`, whose labels they get; where there is no position
/// `fill`, which is of the dtype of `x`, or missing.
pub(in crate::operators) fn gathered(
    builder: &mut dyn Builder,
    x: Operand,
    (target, found): (&Arc<Coord>, &[Option<u64>]),
    fill: Option<Scalar>,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let Some(axis) = ty.dims.axis(&target.dim) else { return Ok(x) };
    if let Some(positions) = found.iter().copied().collect::<Option<Vec<u64>>>() {
        let taken = match Pick::of(positions) {
            Pick::Run(span) => moves::slice(builder, x, &[(axis, span)])?,
            Pick::Take(positions) => moves::take(builder, x, axis, &positions, None)?,
            Pick::One(_) | Pick::Along(..) | Pick::At(_) => x,
        };
        return relabelled(builder, taken, target);
    }
    let x = match fill {
        Some(_) => x,
        None => cast_to(builder, x, with_missing(&ty)?)?,
    };
    let dtype = builder.ty(x).dtype;
    let missing = if dtype.kind() == Kind::Time { Scalar::Int(i64::MIN) } else { Scalar::Float(f64::NAN) };
    if ty.dims[axis].size == 0 {
        let filler = moves::filler(builder, x, axis, target.len() as u64, fill.unwrap_or(missing));
        return relabelled(builder, filler, target);
    }
    // Where there is nothing to take, a neighbour is taken and hidden.
    let before = |last: &mut u64, found: &Option<u64>| {
        *last = found.unwrap_or(*last);
        Some(*last)
    };
    let positions: Vec<u64> = found.iter().scan(0, before).collect();
    let taken = moves::take(builder, x, axis, &positions, Some((target.dim.clone(), Some(target.clone()))))?;
    let is_there: Vec<bool> = found.iter().map(Option::is_some).collect();
    let ty = ArrayType::new(DType::Bool, Dims::new([(target.dim.clone(), target.len() as u64)]));
    let mask = builder.constant(ty, Constant::Values(Block::from_list(is_there)));
    let dims = builder.ty(taken).dims.clone();
    let mask = broadcast_to(builder, mask, &dims)?;
    let mut values = vec![Value::Array(mask), Value::Array(taken)];
    if let Some(fill) = fill {
        let filled = ArrayType::new(dtype, dims);
        values.push(Value::Array(builder.constant(filled, Constant::Full(fill))));
    }
    match call(builder, "where", &values)? {
        Value::Array(hidden) => Ok(hidden),
        _ => Ok(taken),
    }
}

/// The dtype of an array in which elements may be missing, as xarray promotes it.
fn with_missing(ty: &ArrayType) -> Result<DType, TypeError> {
    match ty.dtype.kind() {
        Kind::Signed | Kind::Unsigned if ty.dtype.size() <= 2 => Ok(DType::F32),
        Kind::Signed | Kind::Unsigned => Ok(DType::F64),
        Kind::Float | Kind::Complex | Kind::Time => Ok(ty.dtype),
        Kind::Bool | Kind::Str => {
            let message = format!("this join leaves gaps, which {} cannot hold", ty.dtype);
            Err(TypeError::new("ff::type::missing", message)
                .with_help("keep the labels that all have, `join: inner`, or cast first: `x as f32`"))
        }
    }
}

fn relabelled(builder: &mut dyn Builder, x: Operand, target: &Arc<Coord>) -> Result<Operand, TypeError> {
    if builder.ty(x).coord(&target.dim) == Some(target) {
        return Ok(x);
    }
    let coords = vec![(target.dim.clone(), Some(target.clone()))];
    moves::relabel(builder, x, Labels { coords, ..Labels::default() })
}
