//! What calls of transforms expand to.

use std::fmt::Write;
use std::sync::Arc;

use super::super::error::Culprit;
use super::super::moves::{self, Span};
use super::super::whole::{Into, Whole};
use super::super::{Arguments, Builder, Call, Constant, Operand, Pattern, TypeError, Units, Value, arguments, call};
use super::line::{Fourier, Kind};
use crate::array::{ArrayType, DType, DimName, Dims, Kind as Family, Scalar};

/// An axis to transform, and how many elements of it; none for as many as there are.
type Along = (usize, Option<u64>);

/// How results are scaled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Norm {
    Backward,
    Ortho,
    Forward,
}

impl Norm {
    fn of(args: &Arguments) -> Result<Norm, TypeError> {
        Ok(match args.str_opt("norm")? {
            Some("ortho") => Norm::Ortho,
            Some("forward") => Norm::Forward,
            _ => Norm::Backward,
        })
    }

    /// With forward and backward changed.
    fn swapped(self) -> Norm {
        match self {
            Norm::Backward => Norm::Forward,
            Norm::Ortho => Norm::Ortho,
            Norm::Forward => Norm::Backward,
        }
    }

    fn scale(self, back: bool, n: u64) -> f64 {
        match (self, back) {
            (Norm::Ortho, _) => 1.0 / (n as f64).sqrt(),
            (Norm::Backward, true) | (Norm::Forward, false) => 1.0 / n as f64,
            (Norm::Backward, false) | (Norm::Forward, true) => 1.0,
        }
    }

    fn said(self) -> &'static str {
        match self {
            Norm::Backward => "",
            Norm::Ortho => ", norm: ortho",
            Norm::Forward => ", norm: forward",
        }
    }
}

pub(super) fn fft(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    complex(builder, args, ("fft", Kind::Forward))
}

pub(super) fn ifft(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    complex(builder, args, ("ifft", Kind::Inverse))
}

/// A transform of the last so many dims, or of all for none, unless dims are named.
pub(super) fn several(
    builder: &mut dyn Builder,
    args: &Arguments,
    (name, count): (&'static str, usize),
) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let mut args = args.clone();
    if args.variadic.is_empty() {
        if ty.rank() < count.max(1) {
            let message = format!("a transform along {} dims is asked for, this is {ty}", count.max(1));
            return Err(TypeError::new("ff::type::dims", message).at(Culprit::Param("x"), "too few dims"));
        }
        let first = if count == 0 { 0 } else { ty.rank() - count };
        let name = |axis: usize| crate::source::Spanned::new(Value::Int(axis as i64), crate::source::Span::default());
        args.variadic = (first..ty.rank()).map(name).collect();
    } else if count > 0 && args.variadic.len() != count {
        let message = format!("{count} dims are transformed, {} are named", args.variadic.len());
        return Err(TypeError::new("ff::type::dims", message).at(Culprit::Variadic(0), "not as many"));
    }
    match name {
        "fft" => fft(builder, &args),
        "ifft" => ifft(builder, &args),
        "rfft" => rfft(builder, &args),
        _ => irfft(builder, &args),
    }
}

fn complex(builder: &mut dyn Builder, args: &Arguments, what: (&'static str, Kind)) -> Result<Value, TypeError> {
    let mut x = subject(builder, args, what.0)?;
    let (axes, norm) = (along(&builder.ty(x), args)?, Norm::of(args)?);
    for along in axes.into_iter().rev() {
        x = transform(builder, x, what, (along, norm))?;
    }
    Ok(Value::Array(x))
}

pub(super) fn rfft(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let mut x = real_subject(builder, args, "rfft")?;
    let (axes, norm) = (along(&builder.ty(x), args)?, Norm::of(args)?);
    for (i, along) in axes.into_iter().rev().enumerate() {
        let what = if i == 0 { ("rfft", Kind::RealForward) } else { ("fft", Kind::Forward) };
        x = transform(builder, x, what, (along, norm))?;
    }
    Ok(Value::Array(x))
}

pub(super) fn irfft(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let mut x = subject(builder, args, "irfft")?;
    let (axes, norm) = (along(&builder.ty(x), args)?, Norm::of(args)?);
    for (i, along) in axes.iter().enumerate() {
        let what = if i + 1 == axes.len() { ("irfft", Kind::RealInverse) } else { ("ifft", Kind::Inverse) };
        x = transform(builder, x, what, (*along, norm))?;
    }
    Ok(Value::Array(x))
}

pub(super) fn hfft(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = subject(builder, args, "hfft")?;
    let along = single(&builder.ty(x), args)?;
    let norm = Norm::of(args)?.swapped();
    let x = call::operator(builder, "conj", &[Value::Array(x)])?;
    transform(builder, x, ("irfft", Kind::RealInverse), (along, norm)).map(Value::Array)
}

pub(super) fn ihfft(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = real_subject(builder, args, "ihfft")?;
    let along = single(&builder.ty(x), args)?;
    let norm = Norm::of(args)?.swapped();
    let x = transform(builder, x, ("rfft", Kind::RealForward), (along, norm))?;
    call::operator(builder, "conj", &[Value::Array(x)]).map(Value::Array)
}

/// The array, in a dtype that transforms are made of.
fn subject(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Operand, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    if matches!(ty.dtype.kind(), Family::Time | Family::Str) {
        let message = format!("`{name}` takes numbers, not {}", ty.dtype);
        return Err(TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), format!("this is {ty}")));
    }
    let dtype = match ty.dtype {
        DType::F16 | DType::F32 => DType::F32,
        DType::C64 | DType::C128 => ty.dtype,
        _ => DType::F64,
    };
    call::cast(builder, x, dtype)
}

fn real_subject(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Operand, TypeError> {
    let x = subject(builder, args, name)?;
    let ty = builder.ty(x);
    match ty.dtype.kind() {
        Family::Complex => {
            let message = format!("`{name}` takes real numbers, this is {}", ty.dtype);
            let error = TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), format!("this is {ty}"));
            Err(error.with_help("`fft` takes complex numbers; `real(x)` and `imag(x)` are their parts"))
        }
        _ => Ok(x),
    }
}

/// The axes in the order in which they are named, each with the number of elements asked for.
fn along(ty: &ArrayType, args: &Arguments) -> Result<Vec<Along>, TypeError> {
    let mut axes = Vec::new();
    let is_rest = |dim: &Value| *dim == Value::Name("..".to_owned());
    if args.variadic.iter().any(|dim| is_rest(&dim.value)) {
        axes.extend(0..ty.rank());
    } else {
        args.axes(ty)?;
        for (i, dim) in args.variadic.iter().enumerate() {
            axes.push(arguments::axis(&dim.value, ty).map_err(|e| e.at(Culprit::Variadic(i), "no such dim"))?);
        }
        if axes.is_empty() {
            axes.extend(ty.rank().checked_sub(1));
        }
    }
    if axes.is_empty() {
        let message = format!("{ty} is a single value, and a transform goes along a dim");
        return Err(TypeError::new("ff::type::dims", message).at(Culprit::Param("x"), "no dims"));
    }
    let counts = counts(args, axes.len())?;
    Ok(axes.into_iter().zip(counts).collect())
}

/// The only axis named.
fn single(ty: &ArrayType, args: &Arguments) -> Result<Along, TypeError> {
    match along(ty, args)?[..] {
        [along] => Ok(along),
        _ => Err(TypeError::new("ff::type::dims", "this transform goes along one dim")
            .at(Culprit::Variadic(1), "a second dim")
            .with_help("transform the other dims with `fft` or `ifft`")),
    }
}

/// No memory holds the factors of a longer transform.
const LONGEST: i64 = 1 << 40;

/// The numbers of elements asked for along `axes` axes.
fn counts(args: &Arguments, axes: usize) -> Result<Vec<Option<u64>>, TypeError> {
    let wrong = |message: String| {
        TypeError::new("ff::type::size", message).at(Culprit::Param("n"), "how many elements are transformed")
    };
    let count = |value: &Value| match value {
        Value::None => Ok(None),
        Value::Int(n) if *n > LONGEST => {
            Err(wrong(format!("`n` is {n}, and a transform takes {LONGEST} elements at most")))
        }
        Value::Int(n) if *n > 0 => Ok(Some(*n as u64)),
        Value::Int(n) => Err(wrong(format!("`n` is {n}, and a transform takes one element or more"))),
        other => Err(wrong(format!("`n` is an integer or a list of integers, this is {}", other.kind()))),
    };
    let counts: Vec<Option<u64>> = match args.get("n") {
        None => return Ok(vec![None; axes]),
        Some(Value::List(items)) => items.iter().map(count).collect::<Result<_, _>>()?,
        Some(value) => vec![count(value)?],
    };
    if counts.len() != axes {
        let error = wrong(format!("`n` has {} numbers for {axes} dims", counts.len()));
        return Err(
            error.with_help("give a list with a number for each dim that is named, or `none` for all of its elements")
        );
    }
    Ok(counts)
}

/// Emits a transform along one axis.
fn transform(
    builder: &mut dyn Builder,
    x: Operand,
    (name, kind): (&'static str, Kind),
    ((axis, count), norm): (Along, Norm),
) -> Result<Operand, TypeError> {
    let mut x = x;
    if kind == Kind::RealInverse {
        let dtype = Fourier::gives(Kind::Forward, builder.ty(x).dtype);
        x = call::cast(builder, x, dtype)?;
    }
    let ty = builder.ty(x);
    let size = ty.dims[axis].size;
    let length = match (count, kind) {
        (Some(count), _) => count,
        (None, Kind::RealInverse) => 2 * size.saturating_sub(1),
        (None, _) => size,
    };
    if length == 0 {
        let dim = &ty.dims[axis].name;
        let message = format!("a transform of no elements: `{dim}` has {size} in {ty}");
        let error = TypeError::new("ff::type::empty", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(error.with_help("say how many elements there should be: `n: 8`"));
    }
    let mut text = format!("axis: {axis}");
    if count.is_some() {
        let _ = write!(text, ", n: {length}");
    }
    text.push_str(norm.said());
    let back = matches!(kind, Kind::Inverse | Kind::RealInverse);
    let function = Arc::new(Fourier::new(kind, ty.dtype, length, norm.scale(back, length)));
    let whole = Whole { axes: vec![axis], into: Into::Along, function };
    let dtype = Fourier::gives(kind, ty.dtype);
    builder.apply(Call { name, text, pattern: Pattern::Whole(whole), dtype, units: Units::Lost }, &[x])
}

pub(super) fn fftshift(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    shifted(builder, args, |size| size.div_ceil(2))
}

pub(super) fn ifftshift(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    shifted(builder, args, |size| size / 2)
}

/// The elements of dims from a place on, then those before it.
fn shifted(builder: &mut dyn Builder, args: &Arguments, from: fn(u64) -> u64) -> Result<Value, TypeError> {
    let mut x = args.array("x")?;
    let ty = builder.ty(x);
    for axis in args.axes(&ty)? {
        let size = ty.dims[axis].size;
        let at = from(size);
        let last = moves::slice(builder, x, &[(axis, Span::run(at, size - at))])?;
        let first = moves::slice(builder, x, &[(axis, Span::run(0, at))])?;
        x = moves::concat(builder, axis, &[last, first])?;
    }
    Ok(Value::Array(x))
}

pub(super) fn fftfreq(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let n = count(args)?;
    frequencies(builder, args, &[(0, n - n / 2), (-(n / 2), n / 2)])
}

pub(super) fn rfftfreq(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let n = count(args)?;
    frequencies(builder, args, &[(0, n / 2 + 1)])
}

fn count(args: &Arguments) -> Result<i64, TypeError> {
    let n = args.int("n", 0)?;
    match n {
        1.. => Ok(n),
        _ => Err(TypeError::new("ff::type::size", format!("`n` is {n}, and a transform takes one element or more"))
            .at(Culprit::Param("n"), "one or more")),
    }
}

/// Runs of integers, each from a first one on, divided by `n d` as NumPy does.
fn frequencies(builder: &mut dyn Builder, args: &Arguments, runs: &[(i64, i64)]) -> Result<Value, TypeError> {
    let d = args.float_opt("d")?.unwrap_or(1.0);
    if d == 0.0 || !d.is_finite() {
        let error = TypeError::new("ff::type::argument", format!("`d` is {d}, and neighbours lie a distance apart"));
        return Err(error.at(Culprit::Param("d"), "a number that is not zero"));
    }
    let dim = DimName::new(args.str_opt("dim")?.unwrap_or("dim_0"));
    let parts: Vec<Operand> = runs
        .iter()
        .map(|&(first, count)| {
            let ty = ArrayType::new(DType::F64, Dims::new([(dim.clone(), count as u64)]));
            builder.constant(ty, Constant::Linear { start: Scalar::Float(first as f64), step: Scalar::Float(1.0) })
        })
        .collect();
    let places = moves::concat(builder, 0, &parts)?;
    let step = 1.0 / (count(args)? as f64 * d);
    call::operator(builder, "mul", &[Value::Array(places), Value::Float(step)]).map(Value::Array)
}
