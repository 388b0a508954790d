//! Casts between dtypes, as NumPy's `astype`.
//!
//! Reals become integers by truncation; what an integer dtype cannot hold becomes its nearest value,
//! and NaN zero (C and NumPy leave both undefined). Integers wrap among themselves unless clipped.
//! Complex numbers become real by their real part, anything becomes `bool` by `!= 0`. Datetimes and
//! durations count microseconds; NaN and what does not fit become NaT, NaT becomes NaN.

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
use crate::operators::{
    Arguments, Builder, Call, Constant, Operand, Operator, Pattern, Signature, TypeError, Units, Value,
};

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
    if from == dtype || matches!((from, dtype), (DType::DateTime(_), DType::DateTime(_))) {
        return Ok(x);
    }
    if let Some(run) = direct(from, dtype) {
        let units = if dtype == DType::Bool { Units::Lost } else { Units::Kept };
        let call = Call { name: "cast", text: dtype.to_string(), pattern: Pattern::Elementwise(run), dtype, units };
        return builder.apply(call, &[x]);
    }
    let by_way_of = step(from, dtype).ok_or_else(|| refusal::no_cast(from, dtype))?;
    let x = cast_to(builder, x, by_way_of)?;
    cast_to(builder, x, dtype)
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

/// Runs `$body` with `$T` naming the type of an integer, `f32` or `f64`; none for other dtypes.
macro_rules! with_plain {
    ($dtype:expr, $T:ident => $body:expr) => {
        with_plain!(@ $dtype, $T => $body; I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64,
            F32 f32, F64 f64)
    };
    (@ $dtype:expr, $T:ident => $body:expr; $($variant:ident $type:ty),*) => {
        match $dtype {
            $(DType::$variant => { type $T = $type; Some($body) })*
            DType::Bool | DType::F16 | DType::C64 | DType::C128 | DType::DateTime(_) | DType::Duration | DType::Str => None,
        }
    };
}

/// The loop of a cast that takes one step.
fn direct(from: DType, to: DType) -> Option<TileLoop> {
    match (from, to) {
        (DType::DateTime(_) | DType::Duration, DType::I64) => Some(map1(|t: i64| t)),
        (DType::DateTime(_) | DType::Duration, DType::F64) => {
            Some(map1(|t: i64| if t == NAT { f64::NAN } else { t as f64 }))
        }
        (DType::I64, DType::DateTime(_) | DType::Duration) => Some(map1(|t: i64| t)),
        (DType::F64, DType::DateTime(_) | DType::Duration) => Some(map1(time::whole)),
        (DType::Bool, DType::U8) => Some(map1::<bool, u8>(u8::from)),
        (DType::C64, DType::Bool) => Some(map1(|z: Complex32| z.re != 0.0 || z.im != 0.0)),
        (DType::C128, DType::Bool) => Some(map1(|z: Complex64| z.re != 0.0 || z.im != 0.0)),
        (from, DType::Bool) => with_plain!(from, A => map1(|x: A| x != 0 as A)),
        (DType::F16, DType::F32) => Some(map1(f16::to_f32)),
        (DType::F32, DType::F16) => Some(map1(f16::from_f32)),
        (DType::F64, DType::F16) => Some(map1(f16::from_f64)),
        (DType::C64, DType::C128) => Some(map1(|z: Complex32| Complex64::new(f64::from(z.re), f64::from(z.im)))),
        (DType::C128, DType::C64) => Some(map1(|z: Complex64| Complex32::new(z.re as f32, z.im as f32))),
        (DType::C64, DType::F32) => Some(map1(|z: Complex32| z.re)),
        (DType::C128, DType::F64) => Some(map1(|z: Complex64| z.re)),
        (DType::F32, DType::C64) => Some(map1(|x: f32| Complex32::new(x, 0.0))),
        (DType::F64, DType::C128) => Some(map1(|x: f64| Complex64::new(x, 0.0))),
        _ => with_plain!(from, A => with_plain!(to, B => map1(|x: A| x as B))).flatten(),
    }
}

/// The dtype by way of which `from` becomes `to`, where that takes more than one step.
fn step(from: DType, to: DType) -> Option<DType> {
    let whole = |d: DType| d.is_integer() || d == DType::Bool;
    match (from, to) {
        (DType::Str, _) | (_, DType::Str) => None,
        (DType::DateTime(_) | DType::Duration, _) => Some(if whole(to) { DType::I64 } else { DType::F64 }),
        (_, DType::DateTime(_) | DType::Duration) => Some(if whole(from) { DType::I64 } else { DType::F64 }),
        (DType::Bool, _) => Some(DType::U8),
        (DType::F16, _) => Some(DType::F32),
        (DType::C64, _) => Some(DType::F32),
        (DType::C128, _) => Some(DType::F64),
        (_, DType::F16) => Some(DType::F32),
        (DType::F64, DType::C64) => Some(DType::C128),
        (_, DType::C64) => Some(DType::F32),
        (_, DType::C128) => Some(DType::F64),
        _ => None,
    }
}
