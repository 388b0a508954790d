//! What follows from sums and products: traces, norms, products of vectors, covariances.

use crate::array::{ArrayType, DType, Dims, Kind, Scalar};
use crate::operators::call::over as reduce;
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::view::{View, ViewKind};
use crate::operators::{Arguments, Builder, Constant, Operand, TypeError, Value, arguments, call, moves, scan};
use crate::source::{Span, Spanned};

fn spanned(value: Value) -> Spanned<Value> {
    Spanned::new(value, Span::default())
}

fn apply(builder: &mut dyn Builder, name: &str, inputs: &[Operand]) -> Result<Operand, TypeError> {
    let inputs: Vec<Value> = inputs.iter().map(|x| Value::Array(*x)).collect();
    call::operator(builder, name, &inputs)
}

pub(super) fn trace(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axes =
        if args.variadic.is_empty() && ty.rank() >= 2 { vec![ty.rank() - 2, ty.rank() - 1] } else { args.axes(&ty)? };
    let [rows, columns] = axes[..] else {
        let error = TypeError::new("ff::type::dims", format!("`trace` takes matrices, of two dims, this is {ty}"));
        return Err(error.at(Culprit::Param("x"), "two dims are expected"));
    };
    let places = [rows, columns].map(|axis| {
        let of = ArrayType::new(DType::I64, Dims::new([(ty.dims[axis].name.clone(), ty.dims[axis].size)]));
        builder.constant(of, Constant::Linear { start: Scalar::Int(0), step: Scalar::Int(1) })
    });
    let diagonal = apply(builder, "eq", &places)?;
    let diagonal = broadcast_to(builder, diagonal, &ty.dims)?;
    let zero = if ty.dtype == DType::Bool { Value::Bool(false) } else { Value::Int(0) };
    let kept = call::operator(builder, "where", &[Value::Array(diagonal), Value::Array(x), zero])?;
    reduce(builder, "sum", (kept, &axes), &[("skipna", Value::Bool(false))]).map(Value::Array)
}

pub(super) fn norm(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let dtype = match ty.dtype.kind() {
        Kind::Float => ty.dtype,
        Kind::Complex if ty.dtype == DType::C64 => DType::F32,
        Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Complex => DType::F64,
        Kind::Time | Kind::Str => {
            let error = TypeError::new("ff::type::dtype", format!("`norm` takes numbers, not {}", ty.dtype));
            return Err(error.at(Culprit::Param("x"), format!("this is {ty}")));
        }
    };
    let axes = args.axes(&ty)?;
    let order = order(args, axes.len())?;
    let wide = if dtype == DType::F16 { DType::F32 } else { dtype };
    let sizes = match ty.dtype.kind() {
        Kind::Complex => apply(builder, "abs", &[x])?,
        _ => {
            let x = call::cast(builder, x, wide)?;
            apply(builder, "abs", &[x])?
        }
    };
    let skipna = [("skipna", Value::Bool(args.bool("skipna", true)?))];
    let total = |builder: &mut dyn Builder, x| reduce(builder, "sum", (x, &axes), &skipna);
    let out = match order {
        p if p == f64::INFINITY => reduce(builder, "max", (sizes, &axes), &skipna)?,
        p if p == f64::NEG_INFINITY => reduce(builder, "min", (sizes, &axes), &skipna)?,
        0.0 => {
            let is_there = call::operator(builder, "ne", &[Value::Array(sizes), Value::Int(0)])?;
            let count = reduce(builder, "sum", (is_there, &axes), &[])?;
            call::cast(builder, count, wide)?
        }
        1.0 => total(builder, sizes)?,
        2.0 => {
            let squares = apply(builder, "square", &[sizes])?;
            let sum = total(builder, squares)?;
            apply(builder, "sqrt", &[sum])?
        }
        p => {
            let powers = call::operator(builder, "pow", &[Value::Array(sizes), Value::Float(p)])?;
            let sum = total(builder, powers)?;
            call::operator(builder, "pow", &[Value::Array(sum), Value::Float(1.0 / p)])?
        }
    };
    call::cast(builder, out, dtype).map(Value::Array)
}

/// The order of a norm over so many dims.
fn order(args: &Arguments, dims: usize) -> Result<f64, TypeError> {
    let wrong = |message: String| TypeError::new("ff::type::argument", message).at(Culprit::Param("ord"), "which norm");
    match args.get("ord") {
        None => Ok(2.0),
        Some(Value::Str(name) | Value::Name(name)) if name == "fro" => Ok(2.0),
        Some(Value::Int(_) | Value::Float(_)) if dims > 1 => {
            let error = wrong(format!("norms of matrices by `ord` are not those of their {dims} dims taken together"));
            Err(error.with_help(
                "leave `ord` out, or take the norm of one dim after the other; the greatest of `svd(x).s` is NumPy's 2",
            ))
        }
        Some(Value::Int(p)) => Ok(*p as f64),
        Some(Value::Float(p)) if !p.is_nan() => Ok(*p),
        Some(other) => Err(wrong(format!("`ord` is a number or \"fro\", this is {}", other.kind()))),
    }
}

pub(super) fn vdot(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let a = apply(builder, "conj", &[args.array("a")?])?;
    let named = vec![("a", spanned(Value::Array(a))), ("b", spanned(Value::Array(args.array("b")?)))];
    let variadic = vec![spanned(Value::Name("..".to_owned()))];
    call::with(builder, "dot", &Arguments { named, variadic, ..Arguments::default() }).map(Value::Array)
}

pub(super) fn cross(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let (a, b) = (args.array("a")?, args.array("b")?);
    let ty = builder.ty(a);
    let axis = arguments::axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let dim = ty.dims[axis].name.clone();
    let mut turned = Vec::new();
    for (x, param) in [(a, "a"), (b, "b")] {
        let ty = builder.ty(x);
        let axis = ty.dims.axis(&dim).ok_or_else(|| TypeError::unknown_dim(dim.as_str(), &ty))?;
        if ty.dims[axis].size != 3 {
            let message =
                format!("a cross product takes three elements along `{dim}`, there are {}", ty.dims[axis].size);
            return Err(TypeError::new("ff::type::size", message).at(Culprit::Param(param), format!("this is {ty}")));
        }
        let x = moves::unlabel(builder, x, &dim)?;
        turned.push([[1, 2, 0], [2, 0, 1]].map(|places| moves::take(builder, x, axis, &places, None)));
    }
    let [[a_next, a_last], [b_next, b_last]] = <[_; 2]>::try_from(turned).expect("two arrays");
    let forth = apply(builder, "mul", &[a_next?, b_last?])?;
    let back = apply(builder, "mul", &[a_last?, b_next?])?;
    let out = apply(builder, "sub", &[forth, back])?;
    let other = builder.ty(b);
    let coord = ty.coord(&dim).filter(|ours| other.coord(&dim).is_none_or(|theirs| theirs == *ours));
    let coords = coord.map(|coord| (dim, Some(coord.clone()))).into_iter().collect();
    moves::relabel(builder, out, Labels { coords, ..Labels::default() }).map(Value::Array)
}

/// Two arrays of one space that are missing in the same places, and the axes of a call.
fn paired(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<([Operand; 2], Vec<usize>), TypeError> {
    let mut both = [args.array("a")?, args.array("b")?];
    for (i, param) in ["a", "b"].into_iter().enumerate() {
        let ty = builder.ty(both[i]);
        if matches!(ty.dtype.kind(), Kind::Time | Kind::Str) {
            let error = TypeError::new("ff::type::dtype", format!("`{name}` takes numbers, not {}", ty.dtype));
            return Err(error.at(Culprit::Param(param), format!("this is {ty}")));
        }
        if !ty.dtype.has_missing() {
            both[i] = call::cast(builder, both[i], DType::F64)?;
        }
    }
    let dtypes = both.map(|x| builder.ty(x).dtype);
    if let Some(dtype) = dtypes[0].promote(dtypes[1]) {
        both = [call::cast(builder, both[0], dtype)?, call::cast(builder, both[1], dtype)?];
    }
    let missing = [apply(builder, "isnan", &both[..1])?, apply(builder, "isnan", &both[1..])?];
    let missing = apply(builder, "or", &missing)?;
    let valid = apply(builder, "not", &[missing])?;
    let space = builder.ty(valid);
    for x in &mut both {
        let kept = apply(builder, "where", &[valid, *x])?;
        let order: Vec<usize> = space.dims.names().filter_map(|name| builder.ty(kept).dims.axis(name)).collect();
        *x = moves::permute(builder, kept, &order)?;
    }
    let axes = args.axes(&space)?;
    Ok((both, axes))
}

/// The mean product of the distances of two arrays from their means.
fn common(builder: &mut dyn Builder, both: [Operand; 2], axes: &[usize]) -> Result<Operand, TypeError> {
    let mut distances = Vec::new();
    for x in both {
        let mean = reduce(builder, "mean", (x, axes), &[])?;
        let space = builder.ty(x).dims.clone();
        let mean = broadcast_to(builder, mean, &space)?;
        distances.push(apply(builder, "sub", &[x, mean])?);
    }
    let first = apply(builder, "conj", &distances[..1])?;
    let products = apply(builder, "mul", &[first, distances[1]])?;
    reduce(builder, "mean", (products, axes), &[])
}

/// Of windows only exponential ones are of two arrays.
fn of_view(
    builder: &mut dyn Builder,
    args: &Arguments,
    (name, view): (&'static str, &View),
) -> Result<Value, TypeError> {
    let ViewKind::Exponential(decay) = &view.kind else {
        let error = TypeError::new("ff::type::view", format!("`{name}` is of arrays, or of exponential windows"));
        return Err(error.at(Culprit::Param("a"), "these are groups, or other windows"));
    };
    scan::paired(name, builder, args, (view, decay)).map(Value::Array)
}

pub(super) fn cov(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    if let Value::View(view) = args.value("a") {
        return of_view(builder, args, ("cov", view));
    }
    let (both, axes) = paired(builder, args, "cov")?;
    let ddof = args.float_opt("ddof")?.unwrap_or(1.0);
    let mean = common(builder, both, &axes)?;
    let count = reduce(builder, "count", (both[0], &axes), &[])?;
    let less = call::operator(builder, "sub", &[Value::Array(count), Value::Float(ddof)])?;
    let adjusted = apply(builder, "div", &[count, less])?;
    let dtype = builder.ty(mean).dtype;
    let adjusted = call::cast(builder, adjusted, if dtype.kind() == Kind::Float { dtype } else { DType::F64 })?;
    let out = apply(builder, "mul", &[mean, adjusted])?;
    call::cast(builder, out, dtype).map(Value::Array)
}

pub(super) fn corr(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    if let Value::View(view) = args.value("a") {
        return of_view(builder, args, ("corr", view));
    }
    let (both, axes) = paired(builder, args, "corr")?;
    let mean = common(builder, both, &axes)?;
    let deviations = [reduce(builder, "std", (both[0], &axes), &[])?, reduce(builder, "std", (both[1], &axes), &[])?];
    let product = apply(builder, "mul", &deviations)?;
    apply(builder, "div", &[mean, product]).map(Value::Array)
}
