//! Other dims for the same elements: `reshape`, dims stacked into one and one taken apart.

use std::sync::Arc;

use super::axes::new_name;
use crate::array::{ArrayType, Dim, DimName, Dims};
use crate::operators::arguments::axis;
use crate::operators::error::Culprit;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, moves};

pub(super) fn reshape(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let at = Culprit::Param("shape");
    let dims = sizes(arguments.value("shape"), ty.dims.count(), &ty.to_string()).map_err(|e| e.or_at(at.clone()))?;
    distinct(&dims).map_err(|e| e.at(at, "again here"))?;
    moves::reshape(builder, x, &dims).map(Value::Array)
}

/// All elements along one dim.
pub(super) fn ravel(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let name = match arguments.get("dim") {
        Some(_) => new_name(arguments, "dim")?,
        None => DimName::auto(0),
    };
    let all = Value::Record(Arc::new(vec![(name.to_string(), Value::Int(-1))]));
    let dims = match ty.dims.count() {
        0 => Dims::new([(name, 0)]),
        count => sizes(&all, count, &ty.to_string())?,
    };
    moves::reshape(builder, x, &dims).map(Value::Array)
}

/// Several dims become one, which comes last, for each argument by the name of a new dim.
pub(super) fn stack_dims(builder: &mut dyn Builder, x: Operand, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut out = x;
    for (name, value) in &arguments.per_dim {
        let at = Culprit::Named(name.value.clone());
        out = stacked(builder, out, (&DimName::new(&name.value), &value.value)).map_err(|e| e.or_at(at))?;
    }
    Ok(Value::Array(out))
}

fn stacked(builder: &mut dyn Builder, x: Operand, (name, dims): (&DimName, &Value)) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let dims = match dims {
        Value::List(dims) if !dims.is_empty() => dims.to_vec(),
        dim @ (Value::Name(_) | Value::Str(_)) => vec![dim.clone()],
        other => {
            let what = if matches!(other, Value::List(_)) { "an empty list" } else { other.kind() };
            let message = format!("`{name}` is to be made of dims, this is {what}");
            return Err(
                TypeError::new("ff::type::argument", message).with_help("list them: `stack(x, cell: [lat, lon])`")
            );
        }
    };
    let axes: Vec<usize> = dims.iter().map(|dim| axis(dim, &ty)).collect::<Result<_, _>>()?;
    if let Some(twice) = axes.iter().enumerate().find(|(i, axis)| axes[..*i].contains(axis)).map(|(_, axis)| *axis) {
        let message = format!("dim `{}` is named twice", ty.dims[twice].name);
        return Err(TypeError::new("ff::type::repeated_dim", message));
    }
    let others: Vec<usize> = (0..ty.rank()).filter(|axis| !axes.contains(axis)).collect();
    let order: Vec<usize> = others.iter().chain(&axes).copied().collect();
    let size = axes.iter().map(|axis| ty.dims[*axis].size).fold(1, u64::saturating_mul);
    if ty.dims.count() >= 1 << 62 {
        return Err(TypeError::new("ff::type::size", format!("{ty} has too many elements to number them")));
    }
    let kept = others.iter().map(|axis| ty.dims[*axis].clone());
    let to: Dims = kept.chain([Dim { name: name.clone(), size }]).collect();
    distinct(&to)?;
    let turned = moves::permute(builder, x, &order)?;
    moves::reshape(builder, turned, &to)
}

pub(super) fn unstack(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut out = arguments.array("x")?;
    if arguments.per_dim.is_empty() {
        let error = TypeError::new("ff::type::argument", "there is no dim to take apart");
        return Err(error.with_help("name it, and say into what: `unstack(x, cell: {lat: 73, lon: 144})`"));
    }
    for (name, value) in &arguments.per_dim {
        let at = Culprit::Named(name.value.clone());
        let ty = builder.ty(out);
        let axis =
            super::super::axis_of(&ty, &DimName::new(&name.value)).map_err(|e| e.at(at.clone(), "no such dim"))?;
        out = taken_apart(builder, out, (axis, &value.value)).map_err(|e| e.or_at(at))?;
    }
    Ok(Value::Array(out))
}

fn taken_apart(builder: &mut dyn Builder, x: Operand, (axis, into): (usize, &Value)) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let dim = &ty.dims[axis];
    let Value::Record(_) = into else {
        let message = format!("dim `{}` is to become several, this is {}", dim.name, into.kind());
        let help = "give names and sizes: `unstack(x, cell: {lat: 73, lon: 144})`";
        return Err(TypeError::new("ff::type::argument", message).with_help(help));
    };
    let parts = sizes(into, dim.size, &format!("dim `{}`", dim.name))?;
    let others: Vec<usize> = (0..ty.rank()).filter(|other| *other != axis).collect();
    let kept = others.iter().map(|axis| ty.dims[*axis].clone());
    let to: Dims = kept.chain(parts.iter().cloned()).collect();
    distinct(&to)?;
    let order: Vec<usize> = others.iter().copied().chain([axis]).collect();
    let turned = moves::permute(builder, x, &order)?;
    moves::reshape(builder, turned, &to)
}

/// Sizes as dims of `count` elements, which `of` has: a list names them `dim_0`, `dim_1`, …, a record by its keys. One size may be
/// -1: what is left.
fn sizes(value: &Value, count: u64, of: &str) -> Result<Dims, TypeError> {
    let items: Vec<(DimName, &Value)> = match value {
        Value::Int(_) => vec![(DimName::auto(0), value)],
        Value::List(items) => items.iter().enumerate().map(|(axis, n)| (DimName::auto(axis), n)).collect(),
        Value::Record(fields) => fields.iter().map(|(name, n)| (DimName::new(name), n)).collect(),
        other => {
            let message = format!("sizes are such as [4, 5] or {{y: 4, x: 5}}, this is {}", other.kind());
            return Err(TypeError::new("ff::type::argument", message));
        }
    };
    let mut open = None;
    let mut known: Option<u64> = Some(1);
    let mut dims = Vec::new();
    for (axis, (name, size)) in items.into_iter().enumerate() {
        let size = match size {
            Value::Int(-1) if open.is_none() => {
                open = Some(axis);
                1
            }
            Value::Int(-1) => return Err(TypeError::new("ff::type::size", "only one size can be -1, what is left")),
            Value::Int(n @ 0..) => *n as u64,
            other => {
                let shown = other.scalar().map_or_else(|| other.kind().to_owned(), |scalar| scalar.to_string());
                let error = TypeError::new("ff::type::size", format!("{shown} is not a size"));
                return Err(error.with_help("a size is an integer, zero or more; one may be -1: what is left"));
            }
        };
        known = known.and_then(|known| known.checked_mul(size));
        dims.push(Dim { name, size });
    }
    if count >= 1 << 62 {
        return Err(TypeError::new("ff::type::size", format!("{of} has too many elements to number them")));
    }
    let known = known.unwrap_or(u64::MAX);
    if let Some(axis) = open {
        if known == 0 || !count.is_multiple_of(known) {
            let message = format!("{of} has {count} elements, which are no multiple of {known}");
            return Err(TypeError::new("ff::type::size", message));
        }
        dims[axis].size = count / known;
    } else if known != count {
        let message = format!("{of} has {count} elements and cannot have {known}");
        return Err(TypeError::new("ff::type::size", message).with_help("one size may be -1: what is left"));
    }
    Ok(dims.into_iter().collect())
}

fn distinct(dims: &Dims) -> Result<(), TypeError> {
    let names: Vec<&DimName> = dims.names().collect();
    match (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
        Some(i) => {
            let message = format!("there would be two dims `{}`", names[i]);
            Err(TypeError::new("ff::type::repeated_dim", message))
        }
        None => Ok(()),
    }
}

/// The array of a call that stacks its dims; none where a list of arrays is joined.
pub(super) fn to_stack(arguments: &Arguments) -> Option<Operand> {
    match arguments.value("arrays") {
        Value::Array(x) => Some(*x),
        _ => None,
    }
}

/// What is wrong with a call of `stack` that is neither of both.
pub(super) fn mixed(ty: Option<&ArrayType>) -> TypeError {
    match ty {
        Some(ty) => TypeError::new("ff::type::argument", format!("there is no dim to stack of {ty}"))
            .with_help("name the new dim and those it is made of: `stack(x, cell: [lat, lon])`"),
        None => TypeError::new("ff::type::argument", "a list of arrays is joined along one new dim")
            .with_help("`stack([a, b], kind)` joins arrays, `stack(x, cell: [lat, lon])` makes one dim of several"),
    }
}
