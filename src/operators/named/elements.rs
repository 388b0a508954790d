//! Elements taken, left out, put in, and what follows from these.

use super::axes::axis;
use crate::array::{ArrayType, Dims, Kind, Scalar};
use crate::operators::creation::fill_value;
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::moves::{self, Span};
use crate::operators::selection::positions_along;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, call};
use crate::source::{Span as At, Spanned};

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(value, At::default())
}

/// All elements in C order along one dim.
fn flat(builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
    if builder.ty(x).rank() == 1 { Ok(x) } else { call::operator(builder, "ravel", &[Value::Array(x)]) }
}

pub(super) fn take(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = match args.get("dim") {
        Some(_) => args.array("x")?,
        None => flat(builder, args.array("x")?)?,
    };
    let ty = builder.ty(x);
    let at = if args.get("dim").is_some() { axis(args, "dim", &ty)? } else { 0 };
    let dim = ty.dims[at].clone();
    let index = match (args.str_opt("mode")?, args.value("index")) {
        (Some(mode @ ("wrap" | "clip")), index) => within(index, mode, dim.size, builder)?,
        (_, index) => index.clone(),
    };
    let per_dim = vec![(spanned(dim.name.to_string()), spanned(index))];
    let named = vec![("x", spanned(Value::Array(x)))];
    let Some(isel) = crate::operators::find("isel") else {
        return Err(TypeError::new("ff::type::bug", "there is no `isel`"));
    };
    (isel.expand)(builder, &Arguments { named, per_dim, ..Arguments::default() }).map_err(|e| TypeError {
        culprit: Culprit::Param("index"),
        others: Vec::new(),
        ..e
    })
}

/// Positions counted round, or the nearest, of so many elements.
fn within(index: &Value, mode: &str, size: u64, builder: &mut dyn Builder) -> Result<Value, TypeError> {
    let (size, last) = (size as i64, (size as i64 - 1).max(0));
    let one = |i: i64| if mode == "wrap" { i.rem_euclid(size.max(1)) } else { i.clamp(0, last) };
    match index {
        Value::Int(i) => Ok(Value::Int(one(*i))),
        Value::List(items) => {
            let of = |item: &Value| match item {
                Value::Int(i) => Ok(Value::Int(one(*i))),
                other => Err(TypeError::expected("index", "positions", other)),
            };
            Ok(Value::List(std::sync::Arc::new(items.iter().map(of).collect::<Result<_, _>>()?)))
        }
        Value::Array(_) if mode == "wrap" => {
            call::operator(builder, "mod", &[index.clone(), Value::Int(size.max(1))]).map(Value::Array)
        }
        Value::Array(_) => {
            call::operator(builder, "clip", &[index.clone(), Value::Int(0), Value::Int(last)]).map(Value::Array)
        }
        other => Err(TypeError::expected("index", "positions", other)),
    }
}

/// Which elements along a dim are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Head,
    Tail,
    Thin,
}

pub(super) fn ends(builder: &mut dyn Builder, args: &Arguments, end: End) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let mut spans = Vec::new();
    for (axis, value) in args.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let least = i64::from(end == End::Thin);
        let n = match &value.value {
            Value::Int(n) if *n >= least => *n as u64,
            _ => {
                let error =
                    TypeError::new("ff::type::argument", format!("a number of elements from {least} on is expected"));
                return Err(error.at(Culprit::Named(dim.name.to_string()), "how many"));
            }
        };
        let count = n.min(dim.size);
        spans.push((
            axis,
            match end {
                End::Head => Span::run(0, count),
                End::Tail => Span::run(dim.size - count, count),
                End::Thin => Span { start: 0, step: n.min(i64::MAX as u64) as i64, count: dim.size.div_ceil(n) },
            },
        ));
    }
    moves::slice(builder, x, &spans).map(Value::Array)
}

pub(super) fn delete(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axis = axis(args, "dim", &ty)?;
    let gone: std::collections::BTreeSet<u64> = positions_along(builder, &ty.dims[axis], args.value("index"))
        .map_err(|e| e.or_at(Culprit::Param("index")))?
        .into_iter()
        .collect();
    let kept: Vec<u64> = (0..ty.dims[axis].size).filter(|at| !gone.contains(at)).collect();
    match Span::of(&kept) {
        Some(span) => moves::slice(builder, x, &[(axis, span)]).map(Value::Array),
        None => moves::take(builder, x, axis, &kept, None).map(Value::Array),
    }
}

/// The places before which elements are put in, in the order of the values.
fn places(builder: &dyn Builder, args: &Arguments, size: u64) -> Result<Vec<u64>, TypeError> {
    let longer = crate::array::Dim { name: crate::array::DimName::auto(0), size: size + 1 };
    let counted = |value: &Value| match value {
        Value::Int(i) if *i < 0 => Value::Int(i - 1),
        other => other.clone(),
    };
    let index = match args.value("index") {
        Value::List(items) => Value::List(std::sync::Arc::new(items.iter().map(counted).collect())),
        value => counted(value),
    };
    positions_along(builder, &longer, &index).map_err(|e| e.or_at(Culprit::Param("index")))
}

pub(super) fn insert(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axis = axis(args, "dim", &ty)?;
    let places = places(builder, args, ty.dims[axis].size)?;
    let is_single = matches!(args.value("index"), Value::Int(_));
    let (values, count) = inserted(builder, args, (&ty, axis), if is_single { None } else { Some(places.len()) })?;
    let bare = moves::unlabel(builder, x, &ty.dims[axis].name)?;
    let mut order: Vec<(u64, u64)> = match is_single {
        true => (0..count).map(|i| (places[0], i)).collect(),
        false => places.iter().enumerate().map(|(i, place)| (*place, i as u64)).collect(),
    };
    order.sort_by_key(|(place, _)| *place);
    let (mut parts, mut done) = (Vec::new(), 0);
    for (place, i) in order {
        parts.push(moves::slice(builder, bare, &[(axis, Span::run(done, place - done))])?);
        parts.push(moves::slice(builder, values, &[(axis, Span::run(i, 1))])?);
        done = place;
    }
    parts.push(moves::slice(builder, bare, &[(axis, Span::run(done, ty.dims[axis].size - done))])?);
    moves::concat(builder, axis, &parts).map(Value::Array)
}

/// The values put in, in the dims and dtype of the array, and how many they are along the axis.
fn inserted(
    builder: &mut dyn Builder,
    args: &Arguments,
    (ty, axis): (&ArrayType, usize),
    count: Option<usize>,
) -> Result<(Operand, u64), TypeError> {
    let name = &ty.dims[axis].name;
    let at = || Culprit::Param("values");
    let made = match args.value("values") {
        Value::Array(values) => {
            let own = builder.ty(*values);
            if own.dtype != ty.dtype && (own.dtype.kind() > ty.dtype.kind() || ty.dtype.kind() == Kind::Str) {
                let message = format!("{} is put in among {}", own.dtype, ty.dtype);
                let error = TypeError::new("ff::type::dtype", message).at(at(), format!("this is {own}"));
                return Err(error.with_help("cast one of both with `as`"));
            }
            let size = own.dims.get(name).map_or(count.unwrap_or(1) as u64, |dim| dim.size);
            let cast = call::cast(builder, *values, ty.dtype)?;
            let cast = moves::unlabel(builder, cast, name)?;
            let dims: Dims = (ty.dims.iter().cloned())
                .map(|dim| if dim.name == *name { crate::array::Dim { size, ..dim } } else { dim })
                .collect();
            let fits = own.dims.iter().all(|dim| dims.get(&dim.name).is_some_and(|other| other.size == dim.size));
            if !fits {
                let message = format!("{own} cannot be put into {ty} along `{name}`");
                return Err(TypeError::new("ff::type::dims", message).at(at(), "dims differ"));
            }
            (broadcast_to(builder, cast, &dims)?, size)
        }
        value => {
            let fill = fill_value(builder, value, ty.dtype).map_err(|e| e.or_at(at()))?;
            let size = count.unwrap_or(1) as u64;
            (filled(builder, ty, (axis, size), fill), size)
        }
    };
    match count {
        Some(count) if made.1 != count as u64 => {
            let message = format!("there are {} values for {count} positions", made.1);
            Err(TypeError::new("ff::type::size", message).at(at(), "one a position"))
        }
        _ => Ok(made),
    }
}

/// One value in the dims of an array, of so many elements along an axis.
fn filled(builder: &mut dyn Builder, ty: &ArrayType, (axis, size): (usize, u64), fill: Scalar) -> Operand {
    let mut made = ty.clone();
    made.coords.clear();
    made.dims[axis].size = size;
    made.chunks.axes[axis].offset = 0;
    builder.constant(made, crate::operators::Constant::Full(fill))
}

pub(super) fn append(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let both = vec![Value::Array(args.array("x")?), Value::Array(args.array("values")?)];
    let list = Value::List(std::sync::Arc::new(both));
    call::operator(builder, "concat", &[list, args.value("dim").clone()]).map(Value::Array)
}

pub(super) fn ediff1d(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = flat(builder, args.array("x")?)?;
    call::operator(builder, "diff", &[Value::Array(x), Value::Int(0)]).map(Value::Array)
}

pub(super) fn push(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let mut positional = vec![Value::Array(args.array("x")?), args.value("dim").clone()];
    positional.extend(args.get("n").cloned());
    call::operator(builder, "ffill", &positional).map(Value::Array)
}

pub(super) fn union1d(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let mut both = Vec::new();
    for param in ["a", "b"] {
        let x = args.array(param)?;
        both.push(Value::Array(call::operator(builder, "ravel", &[Value::Array(x)])?));
    }
    let list = Value::List(std::sync::Arc::new(both));
    let joined = call::operator(builder, "concat", &[list, Value::Int(0)])?;
    let mut named = vec![("x", spanned(Value::Array(joined)))];
    named.extend(args.named.iter().filter(|(name, _)| *name == "size" || *name == "fill").cloned());
    let Some(unique) = crate::operators::find("unique") else {
        return Err(TypeError::new("ff::type::bug", "there is no `unique`"));
    };
    (unique.expand)(builder, &Arguments { named, ..Arguments::default() }).map_err(|e| e.renamed(&[("x", "a")]))
}
