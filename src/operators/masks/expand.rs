//! What calls of masks expand to.

use std::sync::Arc;

use super::chosen::{self, Places};
use crate::array::block::with_type;
use crate::array::{ArrayType, Block, Coord, DType, Dim, DimName, Dims, Kind, Scalar};
use crate::operators::arguments::axis;
use crate::operators::creation::{fill_value, sizes};
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::moves::{self, Span};
use crate::operators::pattern::{Reduction, Spread};
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Pattern, TypeError, Units, Value, call};

/// The most elements that room is made for.
const MOST: i64 = 1 << 20;

/// `compress`: a selection along one dim.
///
/// # Errors
/// The mask is none of the dim, or not known and no size is said.
pub fn compress(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axis = axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let dim = ty.dims[axis].clone();
    let mask = match args.value("condition") {
        Value::List(items) => {
            let truths: Option<Vec<bool>> =
                items.iter().map(|v| if let Value::Bool(b) = v { Some(*b) } else { None }).collect();
            let truths = truths.ok_or_else(|| TypeError::expected("condition", "bools", args.value("condition")))?;
            let line = ArrayType::new(DType::Bool, Dims::new([(dim.name.clone(), truths.len() as u64)]));
            builder.constant(line, Constant::Values(Block::from_list(truths)))
        }
        _ => condition(builder, args)?,
    };
    let own = builder.ty(mask);
    if own.rank() != 1 || (own.dims[0].name != dim.name && !own.dims[0].name.is_auto()) {
        let error = TypeError::new("ff::type::dims", format!("a mask along `{}` is expected, this is {own}", dim.name));
        let help = "`extract(x, condition)` takes the elements where a mask of several dims holds";
        return Err(error.at(Culprit::Param("condition"), format!("this is {own}")).with_help(help));
    }
    if own.dims[0].size != dim.size {
        let message = format!("a mask of {} for dim `{}`, which has {} elements", own.dims[0].size, dim.name, dim.size);
        return Err(TypeError::new("ff::type::dims", message).at(Culprit::Param("condition"), "of another size"));
    }
    if let Some(positions) = holding(builder, args, mask)? {
        return match Span::of(&positions) {
            Some(span) => moves::slice(builder, x, &[(axis, span)]).map(Value::Array),
            None => moves::take(builder, x, axis, &positions, None).map(Value::Array),
        };
    }
    let rename = vec![(own.dims[0].name.clone(), dim.name.clone())];
    let mask = match own.dims[0].name == dim.name {
        true => mask,
        false => moves::relabel(builder, mask, Labels { rename, ..Labels::default() })?,
    };
    let out = first(builder, args, (x, mask), (&[axis], &dim.name))?;
    let mut order: Vec<usize> = (0..ty.rank() - 1).collect();
    order.insert(axis, ty.rank() - 1);
    moves::permute(builder, out, &order).map(Value::Array)
}

/// `extract`: what a mask of some dims chooses, along one new dim.
///
/// # Errors
/// The mask has other dims than the array, or is not known and no size is said.
pub fn extract(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let mask = condition(builder, args)?;
    let (ty, own) = (builder.ty(x), builder.ty(mask));
    for dim in own.dims.iter() {
        if ty.dims.get(&dim.name) != Some(dim) {
            let message = format!("the mask lies along `{}`, of {} elements, and {ty} does not", dim.name, dim.size);
            let error = TypeError::new("ff::type::dims", message);
            return Err(error.at(Culprit::Param("condition"), format!("this is {own}")));
        }
    }
    let axes: Vec<usize> = (0..ty.rank()).filter(|axis| own.dims.axis(&ty.dims[*axis].name).is_some()).collect();
    let new = new_dim(args)?;
    if ty.dims.axis(&new).is_some_and(|axis| !axes.contains(&axis)) {
        let error = TypeError::new("ff::type::repeated_dim", format!("{ty} already has a dim `{new}`"));
        return Err(error.at(Culprit::Param("dim"), "this name is taken"));
    }
    if axes.is_empty() {
        let error = TypeError::new("ff::type::dims", "a mask of a single value chooses all or nothing");
        return Err(error.at(Culprit::Param("condition"), format!("this is {own}")));
    }
    let order: Vec<usize> = axes.iter().filter_map(|axis| own.dims.axis(&ty.dims[*axis].name)).collect();
    let mask = moves::permute(builder, mask, &order)?;
    if let Some(positions) = holding(builder, args, mask)? {
        let shape: Vec<u64> = axes.iter().map(|axis| ty.dims[*axis].size).collect();
        let along: Vec<Vec<u64>> = (0..shape.len())
            .map(|axis| {
                let inner: u64 = shape[axis + 1..].iter().product();
                positions.iter().map(|position| position / inner.max(1) % shape[axis]).collect()
            })
            .collect();
        return moves::points(builder, x, &axes, &along, &new).map(Value::Array);
    }
    let out = first(builder, args, (x, mask), (&axes, &new))?;
    let rank = builder.ty(out).rank();
    let mut order: Vec<usize> = (0..rank - 1).collect();
    order.insert(axes[0], rank - 1);
    moves::permute(builder, out, &order).map(Value::Array)
}

/// The condition, which must be bool.
fn condition(builder: &dyn Builder, args: &Arguments) -> Result<Operand, TypeError> {
    let mask = match args.value("condition") {
        Value::Array(mask) => *mask,
        other => return Err(TypeError::expected("condition", "a mask, bool", other)),
    };
    let ty = builder.ty(mask);
    if ty.dtype == DType::Bool {
        return Ok(mask);
    }
    let error = TypeError::new("ff::type::dtype", "a condition is bool");
    let error = error.at(Culprit::Param("condition"), format!("this is {ty}"));
    let is_swapped = matches!(args.get("x"), Some(Value::Array(x)) if builder.ty(*x).dtype == DType::Bool);
    Err(error.with_help(if is_swapped { "the array comes first, and then the condition" } else { "compare: `x > 0`" }))
}

/// The positions in C order where a mask holds that is known while planning; none where it is not, and a size is said.
fn holding(builder: &dyn Builder, args: &Arguments, mask: Operand) -> Result<Option<Vec<u64>>, TypeError> {
    let sized = args.get("size").is_some();
    let known = if sized { None } else { builder.chosen_by(mask)? };
    if let Some(block) = known {
        let held = block.view::<bool>().map(|mask| mask.iter().copied().collect::<Vec<_>>()).unwrap_or_default();
        return Ok(Some((0..held.len() as u64).filter(|i| held[*i as usize]).collect()));
    }
    if sized {
        return Ok(None);
    }
    let message = "how many elements are chosen depends on values that are only known when the script runs";
    Err(TypeError::new("ff::type::unknown_values", message).at(Culprit::Call, "not known before the run").with_help(
        "say how many to make room for, `size: 100`: the first ones, filled up with missing values; `where` keeps all \
         places instead",
    ))
}

fn new_dim(args: &Arguments) -> Result<DimName, TypeError> {
    Ok(DimName::new(args.str_opt("dim")?.unwrap_or("point")))
}

/// The size said.
fn size(args: &Arguments) -> Result<usize, TypeError> {
    let size = args.int("size", 0)?;
    if (0..=MOST).contains(&size) {
        return Ok(size as usize);
    }
    let message = format!("there is no room for {size} elements, from 0 to {MOST} there is");
    Err(TypeError::new("ff::type::size", message).at(Culprit::Param("size"), "out of range"))
}

/// The first elements where a mask holds, over axes of the array, along a new last dim.
fn first(
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, mask): (Operand, Operand),
    (axes, dim): (&[usize], &DimName),
) -> Result<Operand, TypeError> {
    let (ty, size) = (builder.ty(x), size(args)?);
    let fill = match args.get("fill") {
        Some(value) => fill_value(builder, value, ty.dtype).map_err(|e| e.or_at(Culprit::Param("fill")))?,
        None => Scalar::missing(ty.dtype).ok_or_else(|| {
            let message =
                format!("where there are fewer values something is filled in, and {} has no missing value", ty.dtype);
            let error = TypeError::new("ff::type::missing", message).at(Culprit::Param("x"), format!("this is {ty}"));
            error.with_help("say what: `fill: 0`")
        })?,
    };
    let mask = broadcast_to(builder, mask, &ty.dims)?;
    let combine = with_type!(ty.dtype, T => chosen::chosen::<T>(size, &fill));
    let spread = Some(Spread { dim: Dim { name: dim.clone(), size: size as u64 }, coord: None });
    let text = format!("axes: {axes:?}, size: {size}, fill: {fill} as {dim}");
    let pattern = Pattern::Reduction(Reduction { axes: axes.to_vec(), groups: None, keepdims: false, spread, combine });
    let call = Call { name: "extract", text, pattern, dtype: ty.dtype, units: Units::Kept };
    builder.apply(call, &[x, mask])
}

/// `flatnonzero`.
///
/// # Errors
/// The values are texts, or not known and no size is said.
pub fn flatnonzero(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    places(builder, args).map(Value::Array)
}

fn places(builder: &mut dyn Builder, args: &Arguments) -> Result<Operand, TypeError> {
    let x = args.array("x")?;
    let (ty, dim) = (builder.ty(x), new_dim(args)?);
    let mask = match ty.dtype.kind() {
        Kind::Bool => x,
        Kind::Str | Kind::Time => {
            let error = TypeError::new("ff::type::dtype", format!("{} is neither zero nor not", ty.dtype));
            return Err(error.at(Culprit::Param("x"), format!("this is {ty}")).with_help("compare it: `x == …`"));
        }
        _ => call::operator(builder, "ne", &[Value::Array(x), Value::Int(0)])?,
    };
    if let Some(positions) = holding(builder, args, mask)? {
        let line = ArrayType::new(DType::I64, Dims::new([(dim, positions.len() as u64)]));
        let block = Block::from_list(positions.into_iter().map(|position| position as i64).collect());
        return Ok(builder.constant(line, Constant::Values(block)));
    }
    let (size, fill) = (size(args)?, args.int("fill", -1)?);
    let spread = Some(Spread { dim: Dim { name: dim.clone(), size: size as u64 }, coord: None });
    let text = format!("size: {size}, fill: {fill} as {dim}");
    let (axes, combine) = ((0..ty.rank()).collect(), Arc::new(Places { size, fill }));
    let pattern = Pattern::Reduction(Reduction { axes, groups: None, keepdims: false, spread, combine });
    builder.apply(Call { name: "flatnonzero", text, pattern, dtype: DType::I64, units: Units::Lost }, &[mask])
}

/// The positions along each dim of what is not zero.
fn by_dim(builder: &mut dyn Builder, args: &Arguments) -> Result<Vec<(DimName, Operand)>, TypeError> {
    let ty = builder.ty(args.array("x")?);
    let fill = args.int("fill", -1)?;
    let at = places(builder, &Arguments { named: filled(args), ..args.clone() })?;
    let is_none = call::operator(builder, "lt", &[Value::Array(at), Value::Int(0)])?;
    let mut along = Vec::new();
    for (axis, dim) in ty.dims.iter().enumerate() {
        let own = position(builder, at, &ty.shape(), axis)?;
        let own = match args.get("size") {
            None => own,
            Some(_) => call::operator(builder, "where", &[Value::Array(is_none), Value::Int(fill), Value::Array(own)])?,
        };
        along.push((dim.name.clone(), own));
    }
    Ok(along)
}

/// The arguments with -1 for what is filled in, which is then replaced.
fn filled(args: &Arguments) -> Vec<(&'static str, crate::source::Spanned<Value>)> {
    args.named.iter().filter(|(name, _)| *name != "fill").cloned().collect()
}

/// The position along one axis of positions in C order.
fn position(builder: &mut dyn Builder, at: Operand, shape: &[u64], axis: usize) -> Result<Operand, TypeError> {
    let inner: u64 = shape[axis + 1..].iter().product();
    let outer = call::operator(builder, "floordiv", &[Value::Array(at), Value::Int(inner.max(1) as i64)])?;
    call::operator(builder, "mod", &[Value::Array(outer), Value::Int(shape[axis].max(1) as i64)])
}

/// `nonzero`.
///
/// # Errors
/// As [`flatnonzero`].
pub fn nonzero(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let along = by_dim(builder, args)?;
    Ok(Value::Record(Arc::new(along.into_iter().map(|(dim, at)| (dim.to_string(), Value::Array(at))).collect())))
}

/// `argwhere`.
///
/// # Errors
/// As [`flatnonzero`].
pub fn argwhere(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let along = by_dim(builder, args)?;
    let dim = DimName::new("axis");
    let mut columns = Vec::new();
    for (_, at) in &along {
        columns.push(moves::insert(builder, *at, 1, &dim, None)?);
    }
    let texts = along.iter().map(|(name, _)| name.as_str().into()).collect();
    let labels = Coord {
        dim: dim.clone(),
        dtype: DType::Str,
        values: crate::array::CoordValues::Str(texts),
        attrs: Arc::default(),
    };
    match columns.is_empty() {
        true => {
            let at = places(builder, args)?;
            let none = builder.ty(at).dims[0].clone();
            let ty = ArrayType::new(DType::I64, Dims::new([(none.name, none.size), (dim, 0)]));
            Ok(Value::Array(builder.constant(ty, Constant::Full(Scalar::Int(0)))))
        }
        false => {
            let joined = moves::concat(builder, 1, &columns)?;
            let coords = vec![(dim, Some(Arc::new(labels)))];
            moves::relabel(builder, joined, Labels { coords, ..Labels::default() }).map(Value::Array)
        }
    }
}

/// `unravel_index`.
///
/// # Errors
/// The positions are no integers, or the sizes none.
pub fn unravel_index(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let at = args.array("x")?;
    whole(builder, at, "x")?;
    let at = call::cast(builder, at, DType::I64)?;
    let dims = sizes(args.value("shape"), "shape")?;
    let along: Vec<Value> = (0..dims.rank())
        .map(|axis| position(builder, at, &dims.shape(), axis).map(Value::Array))
        .collect::<Result<_, _>>()?;
    Ok(match args.value("shape") {
        Value::Record(_) => Value::Record(Arc::new(dims.names().map(|name| name.to_string()).zip(along).collect())),
        _ => Value::List(Arc::new(along)),
    })
}

fn whole(builder: &dyn Builder, at: Operand, param: &'static str) -> Result<(), TypeError> {
    let dtype = builder.ty(at).dtype;
    match dtype.kind() {
        Kind::Signed | Kind::Unsigned => Ok(()),
        _ => {
            let error = TypeError::new("ff::type::dtype", format!("positions are integers, these are {dtype}"));
            Err(error.at(Culprit::Param(param), "not integers").with_help("cast them: `x as i64`"))
        }
    }
}

/// `ravel_multi_index`.
///
/// # Errors
/// The positions are no integers or not as many as the sizes, or lie beyond them.
pub fn ravel_multi_index(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let dims = sizes(args.value("shape"), "shape")?;
    let given: Option<Vec<Value>> = match (args.value("indices"), args.value("shape")) {
        (Value::Record(fields), Value::Record(_)) if fields.len() == dims.rank() => (dims.names())
            .map(|name| fields.iter().find(|(field, _)| field == name.as_str()).map(|(_, value)| value.clone()))
            .collect(),
        (Value::List(items), Value::List(_) | Value::Int(_)) if items.len() == dims.rank() => Some(items.to_vec()),
        _ => None,
    };
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        let error = TypeError::new("ff::type::argument", "there is one array of positions for each size");
        let help = "write both as records by dim, or both as lists: `ravel_multi_index({y: i, x: j}, {y: 4, x: 5})`";
        return Err(error.at(Culprit::Param("indices"), "not as the sizes").with_help(help));
    };
    let mut sum: Option<Value> = None;
    for (axis, value) in given.into_iter().enumerate() {
        let inner: u64 = dims.shape()[axis + 1..].iter().product();
        let at = within(builder, args, value, &dims[axis])?;
        let part = call::operator(builder, "mul", &[at, Value::Int(inner as i64)])?;
        sum = Some(Value::Array(match sum {
            None => part,
            Some(sum) => call::operator(builder, "add", &[sum, Value::Array(part)])?,
        }));
    }
    Ok(sum.unwrap_or(Value::Int(0)))
}

/// Positions within a dim, as the mode has it.
fn within(builder: &mut dyn Builder, args: &Arguments, value: Value, dim: &Dim) -> Result<Value, TypeError> {
    let at = match value {
        Value::Array(at) => at,
        Value::Int(i) => builder.constant(ArrayType::scalar(DType::I64), Constant::Full(Scalar::Int(i))),
        other => return Err(TypeError::expected("indices", "integers", &other)),
    };
    whole(builder, at, "indices")?;
    let at = call::cast(builder, at, DType::I64)?;
    let (size, at) = (dim.size as i64, Value::Array(at));
    match args.str_opt("mode")? {
        Some("wrap") => return call::operator(builder, "mod", &[at, Value::Int(size.max(1))]).map(Value::Array),
        Some("clip") => {
            let last = Value::Int((size - 1).max(0));
            return call::operator(builder, "clip", &[at, Value::Int(0), last]).map(Value::Array);
        }
        _ => {}
    }
    let Value::Array(operand) = at else { return Ok(at) };
    let help = "say what is done with positions beyond the sizes: `mode: clip` or `mode: wrap`";
    let Some(block) = builder.chosen_by(operand)? else {
        let error = TypeError::new("ff::type::unknown_values", "whether positions lie within the sizes is not known");
        return Err(error.at(Culprit::Param("indices"), "computed in the run").with_help(help));
    };
    let beyond = |scalar: &&Scalar| !scalar.as_i64().is_some_and(|i| (0..size).contains(&i));
    match block.scalars().iter().find(beyond) {
        None => Ok(at),
        Some(scalar) => {
            let message = format!("there is no position {scalar} along `{}`, of {size} elements", dim.name);
            Err(TypeError::new("ff::type::index", message).at(Culprit::Param("indices"), "beyond").with_help(help))
        }
    }
}
