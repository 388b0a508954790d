//! Several arrays made one.

use super::axes::new_name;
use super::resize;
use crate::array::{ArrayType, DType, DimName};
use crate::operators::arguments::axis;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::labels::coordinate;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, call, moves};

pub(super) fn concat(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let arrays = arrays(arguments)?;
    let first = builder.ty(arrays[0]);
    let dim = arguments.value("dim");
    let at = axis(dim, &first).map_err(|e| {
        let help = match dim {
            Value::Name(name) | Value::Str(name) => format!("`stack` joins along a new dim: stack([…], {name})"),
            _ => "name a dim that the arrays have".into(),
        };
        e.at(Culprit::Param("dim"), "no such dim").with_help(help)
    })?;
    let arrays = alike(builder, &arrays, Some(&first.dims[at].name))?;
    let name = &first.dims[at].name;
    let kind = |array: Operand| builder.ty(array).coord(name).map(|coord| coord.dtype.kind());
    if let Some(other) = arrays.iter().position(|&array| kind(array) != kind(arrays[0])) {
        let message = format!("items 0 and {other} have different kinds of labels along `{name}`, or one has none");
        return Err(TypeError::new("ff::type::coords", message)
            .at(Culprit::Param("arrays"), "labels do not go together")
            .with_help(format!("label both with `assign_coords`, or drop labels with `drop_coords(…, {name})`")));
    }
    moves::concat(builder, at, &arrays).map(Value::Array)
}

pub(super) fn stack(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    if let Some(x) = resize::to_stack(arguments) {
        let alone = arguments.get("dim").is_none() && arguments.get("labels").is_none();
        return match alone && !arguments.per_dim.is_empty() {
            true => resize::stack_dims(builder, x, arguments),
            false => Err(resize::mixed(Some(&builder.ty(x)))),
        };
    }
    if !arguments.per_dim.is_empty() {
        return Err(resize::mixed(None));
    }
    let arrays = arrays(arguments)?;
    let dim = new_name(arguments, "dim")?;
    let mut layers = Vec::new();
    for array in alike(builder, &arrays, None)? {
        layers.push(
            moves::insert(builder, array, 0, &dim, None)
                .map_err(|e| e.at(Culprit::Param("dim"), "this name is taken"))?,
        );
    }
    let out = moves::concat(builder, 0, &layers)?;
    let Some(labels) = arguments.get("labels") else { return Ok(Value::Array(out)) };
    let coord = coordinate(builder, &dim, labels).map_err(|e| e.or_at(Culprit::Param("labels")))?;
    let labels = Labels { coords: vec![(dim, coord)], ..Labels::default() };
    moves::relabel(builder, out, labels).map(Value::Array).map_err(|e| e.or_at(Culprit::Param("labels")))
}

fn arrays(arguments: &Arguments) -> Result<Vec<Operand>, TypeError> {
    let wrong = |value: &Value| TypeError::expected("arrays", "a list of arrays", value);
    let items = match arguments.value("arrays") {
        Value::List(items) => items,
        other => return Err(wrong(other)),
    };
    let array = |item: &Value| match item {
        Value::Array(operand) => Ok(*operand),
        other => {
            let message = format!("a list of arrays is expected, one of its items is {}", other.kind());
            Err(TypeError::new("ff::type::argument", message).at(Culprit::Param("arrays"), "not all arrays"))
        }
    };
    let arrays: Vec<Operand> = items.iter().map(array).collect::<Result<_, _>>()?;
    match arrays.is_empty() {
        false => Ok(arrays),
        true => Err(TypeError::new("ff::type::argument", "there is no array to join")
            .at(Culprit::Param("arrays"), "an empty list")),
    }
}

/// The arrays with the dims of the first in its order and of one dtype; only along `joined` may their
/// sizes differ.
fn alike(builder: &mut dyn Builder, arrays: &[Operand], joined: Option<&DimName>) -> Result<Vec<Operand>, TypeError> {
    let first = builder.ty(arrays[0]);
    // The widest kind first, as NumPy: so it does not matter which array comes first.
    let mut types: Vec<_> = arrays.iter().map(|array| builder.ty(*array)).collect();
    types.sort_by_key(|ty| std::cmp::Reverse(ty.dtype.kind()));
    let mut dtype = types[0].dtype;
    for ty in &types[1..] {
        dtype = common(dtype, ty)?;
    }
    let mut out = Vec::new();
    for (i, &array) in arrays.iter().enumerate() {
        let ty = builder.ty(array);
        let order: Option<Vec<usize>> = first.dims.names().map(|name| ty.dims.axis(name)).collect();
        let order = order.filter(|order| order.len() == ty.rank()).ok_or_else(|| other_dims(&first, &ty, i))?;
        let fits = |(ours, &axis): (usize, &usize)| {
            Some(&first.dims[ours].name) == joined || first.dims[ours].size == ty.dims[axis].size
        };
        if !order.iter().enumerate().all(fits) {
            return Err(other_dims(&first, &ty, i));
        }
        let turned = moves::permute(builder, array, &order)?;
        out.push(if ty.dtype == dtype { turned } else { call::cast(builder, turned, dtype)? });
    }
    Ok(out)
}

fn common(dtype: DType, ty: &ArrayType) -> Result<DType, TypeError> {
    dtype.promote(ty.dtype).ok_or_else(|| {
        let message = format!("{dtype} and {} have no common dtype", ty.dtype);
        TypeError::new("ff::type::dtype", message)
            .at(Culprit::Param("arrays"), "dtypes that do not go together")
            .with_help("cast one of them with `as`")
    })
}

fn other_dims(first: &ArrayType, ty: &ArrayType, item: usize) -> TypeError {
    let message = format!("item {item} is {ty} and cannot be joined with {first}");
    TypeError::new("ff::type::concat", message)
        .at(Culprit::Param("arrays"), "dims differ")
        .with_help("all dims but the joined one must be the same; `broadcast` and `expand_dims` add dims")
}
