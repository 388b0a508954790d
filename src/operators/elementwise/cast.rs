//! Casts between dtypes, as NumPy's `astype`.
//!
//! Reals become integers by truncation; what an integer dtype cannot hold becomes its nearest value,
//! and NaN zero (C and NumPy leave both undefined). Integers wrap among themselves unless clipped.
//! Complex numbers become real by their real part, anything becomes `bool` by `!= 0`. Datetimes and
//! durations count microseconds; NaT and NaN become each other.

use half::f16;
use num_complex::{Complex32, Complex64};

use super::function::{Given, default_dtype, given, plan_value};
use super::loops::map1;
use super::{refusal, rounding, time};
use crate::array::calendar::NAT;
use crate::array::{ArrayType, DType, Kind, Scalar};
use crate::operators::arguments::{ParamKind, optional, required};
use crate::operators::error::Culprit;
use crate::operators::tile::TileLoop;
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Operator, Pattern, Signature, TypeError, Value};

/// The cast.
pub static CASTS: &[Operator] = &[Operator {
    name: "cast",
    signature: Signature {
        params: &[
            required("x", ParamKind::Array, "The array."),
            required("dtype", ParamKind::DType, "The dtype it gets."),
            optional("round", ParamKind::Bool, "false", "Round to the nearest integer (ties to even) first."),
            optional(
                "clip",
                ParamKind::Bool,
                "false",
                "Give the nearest integer of the dtype for what it cannot hold.",
            ),
        ],
    },
    summary: "The values in another dtype; `x as dtype` without options",
    example: "cast(x, i16, round: true, clip: true)",
    expand,
}];

fn expand(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let Some(to) = arguments.dtype_opt("dtype")? else {
        return Err(TypeError::expected("dtype", "a dtype", arguments.value("dtype")));
    };
    let (round, clip) = (arguments.bool("round", false)?, arguments.bool("clip", false)?);
    let (x, weak) = match given("x", arguments.value("x"))? {
        Given::Array(x) => (x, false),
        Given::Weak(scalar) => {
            let scalar = match (scalar, to) {
                (Scalar::Str(text), DType::DateTime(calendar)) => time::parse(&text, calendar, &Culprit::Param("x"))?,
                (scalar, _) => scalar,
            };
            (builder.constant(ArrayType::scalar(default_dtype(&scalar)), Constant::Full(scalar)), true)
        }
    };
    let mut out = x;
    if round {
        out = rounding::rint(builder, out)?;
    }
    if clip {
        out = clipped(builder, out, to)?;
    }
    let out = cast_to(builder, out, to).map_err(|e| e.at(Culprit::Param("x"), format!("this is {}", builder.ty(x))))?;
    if weak && matches!(to, DType::Bool | DType::I64 | DType::F64 | DType::Duration) {
        return Ok(builder.known(out).map_or(Value::Array(out), |block| plan_value(to, &block)));
    }
    Ok(Value::Array(out))
}

/// `x` in `dtype`: itself, where it has that dtype already.
///
/// # Errors
/// There is no cast between the two.
pub fn cast_to(builder: &mut dyn Builder, x: Operand, dtype: DType) -> Result<Operand, TypeError> {
    let from = builder.ty(x).dtype;
    let via = |dtype: DType| if dtype.is_integer() || dtype == DType::Bool { DType::I64 } else { DType::F64 };
    let (run, x) = match (from, dtype) {
        _ if from == dtype => return Ok(x),
        (DType::DateTime(_), DType::DateTime(_)) => return Ok(x),
        (DType::DateTime(_) | DType::Duration, DType::I64) => (map1(|t: i64| t), x),
        (DType::DateTime(_) | DType::Duration, DType::F64) => {
            (map1(|t: i64| if t == NAT { f64::NAN } else { t as f64 }), x)
        }
        (DType::I64, DType::DateTime(_) | DType::Duration) => (map1(|t: i64| t), x),
        (DType::F64, DType::DateTime(_) | DType::Duration) => {
            (map1(|t: f64| if t.is_nan() { NAT } else { t as i64 }), x)
        }
        (DType::DateTime(_) | DType::Duration, to) if to.is_numeric() => {
            let x = cast_to(builder, x, via(to))?;
            return cast_to(builder, x, to);
        }
        (from, DType::DateTime(_) | DType::Duration) if from.is_numeric() => {
            let x = cast_to(builder, x, via(from))?;
            return cast_to(builder, x, dtype);
        }
        _ => (numeric_loop(from, dtype).ok_or_else(|| refusal::no_cast(from, dtype))?, x),
    };
    let call = Call { name: "cast", text: dtype.to_string(), pattern: Pattern::Elementwise(run), dtype };
    builder.apply(call, &[x])
}

/// `x`, of integers, with what `to` cannot hold replaced by the nearest value it can; reals are
/// clipped by the cast itself.
fn clipped(builder: &mut dyn Builder, x: Operand, to: DType) -> Result<Operand, TypeError> {
    if !to.is_integer() {
        let message = format!("`clip` is for integer dtypes, this is {to}");
        return Err(TypeError::new("ff::type::argument", message).at(Culprit::Param("clip"), "to clip to this range"));
    }
    let Some(((from_low, from_high), (low, high))) = range(builder.ty(x).dtype).zip(range(to)) else { return Ok(x) };
    let mut out = x;
    for (name, outside, bound) in [("maximum", from_low < low, low), ("minimum", from_high > high, high)] {
        if outside {
            let bound = Value::Int(bound as i64);
            if let Value::Array(bounded) = super::call(builder, name, &[Value::Array(out), bound])? {
                out = bounded;
            }
        }
    }
    Ok(out)
}

/// The least and greatest value of an integer dtype.
pub fn range(dtype: DType) -> Option<(i128, i128)> {
    let bits = dtype.size() as u32 * 8;
    match dtype.kind() {
        Kind::Unsigned => Some((0, (1 << bits) - 1)),
        Kind::Signed => Some((-1 << (bits - 1), (1 << (bits - 1)) - 1)),
        _ => None,
    }
}

/// Conversion from `A`, as `astype` converts.
trait CastFrom<A> {
    fn cast_from(value: A) -> Self;
}

/// Runs `$body` with `$T` naming the type of a numeric dtype; none for others.
macro_rules! with_number {
    ($dtype:expr, $T:ident => $body:expr) => {
        with_number!(@ $dtype, $T => $body; Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32,
            U64 u64, F16 f16, F32 f32, F64 f64, C64 Complex32, C128 Complex64)
    };
    (@ $dtype:expr, $T:ident => $body:expr; $($variant:ident $type:ty),*) => {
        match $dtype {
            $(DType::$variant => { type $T = $type; Some($body) })*
            DType::DateTime(_) | DType::Duration | DType::Str => None,
        }
    };
}

fn numeric_loop(from: DType, to: DType) -> Option<TileLoop> {
    with_number!(from, A => with_number!(to, B => map1::<A, B>(B::cast_from))).flatten()
}

macro_rules! cast {
    ($($from:ty => $to:ty: |$x:ident| $value:expr;)*) => {
        $(impl CastFrom<$from> for $to {
            fn cast_from($x: $from) -> $to {
                $value
            }
        })*
    };
}

/// Casts between a plain number and all others; `$single` is what half precision is rounded from.
macro_rules! plain_casts {
    ($($number:ty as $single:ty, $to_half:path;)*) => {
        $(
            plain_casts!(@ $number => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
            cast! {
                $number => bool: |x| x != 0 as $number;
                bool => $number: |x| u8::from(x) as $number;
                $number => f16: |x| $to_half(x as $single);
                f16 => $number: |x| x.to_f32() as $number;
                $number => Complex32: |x| Complex32::new(x as f32, 0.0);
                $number => Complex64: |x| Complex64::new(x as f64, 0.0);
                Complex32 => $number: |x| x.re as $number;
                Complex64 => $number: |x| x.re as $number;
            }
        )*
    };
    (@ $from:ty => $($to:ty)*) => { cast! { $($from => $to: |x| x as $to;)* } };
}

plain_casts! {
    i8 as f32, f16::from_f32;
    i16 as f32, f16::from_f32;
    i32 as f32, f16::from_f32;
    i64 as f32, f16::from_f32;
    u8 as f32, f16::from_f32;
    u16 as f32, f16::from_f32;
    u32 as f32, f16::from_f32;
    u64 as f32, f16::from_f32;
    f32 as f32, f16::from_f32;
    f64 as f64, f16::from_f64;
}

cast! {
    bool => bool: |x| x;
    f16 => f16: |x| x;
    bool => f16: |x| f16::from_f32(f32::from(u8::from(x)));
    f16 => bool: |x| x.to_f32() != 0.0;
    bool => Complex32: |x| Complex32::new(f32::from(u8::from(x)), 0.0);
    bool => Complex64: |x| Complex64::new(f64::from(u8::from(x)), 0.0);
    Complex32 => bool: |x| x.re != 0.0 || x.im != 0.0;
    Complex64 => bool: |x| x.re != 0.0 || x.im != 0.0;
    f16 => Complex32: |x| Complex32::new(x.to_f32(), 0.0);
    f16 => Complex64: |x| Complex64::new(x.to_f64(), 0.0);
    Complex32 => f16: |x| f16::from_f32(x.re);
    Complex64 => f16: |x| f16::from_f64(x.re);
    Complex32 => Complex32: |x| x;
    Complex64 => Complex64: |x| x;
    Complex32 => Complex64: |x| Complex64::new(f64::from(x.re), f64::from(x.im));
    Complex64 => Complex32: |x| Complex32::new(x.re as f32, x.im as f32);
}
