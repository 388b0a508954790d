//! Digits that are not needed taken off, so that what is stored compresses better.
//!
//! `bitround` is that of Klöwer and others (2021), as in numcodecs and xbitinfo; `quantize` keeps decimal digits by steps of a
//! power of two, as numcodecs' filter of that name and netCDF's `least_significant_digit`.

use super::super::call::operator;
use super::super::elementwise::loops::map1;
use super::super::error::Culprit;
use super::super::{Arguments, Builder, Call, Pattern, TypeError, Units, Value};
use crate::array::DType;

/// `x` with so many bits of its mantissa kept, rounded to nearest, ties to even.
pub(super) fn bitround(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let most = match ty.dtype {
        DType::F32 => 23,
        DType::F64 => 52,
        other => {
            let error = TypeError::new("ff::type::dtype", format!("{other} values have no mantissa to be rounded"));
            return Err(error
                .at(Culprit::Param("x"), format!("this is {ty}"))
                .with_help("f32 and f64 have: cast first"));
        }
    };
    let bits = arguments.int("bits", 0)?;
    if !(0..=most).contains(&bits) {
        let message = format!("{bits} bits cannot be kept of {most}");
        return Err(TypeError::new("ff::type::range", message).at(Culprit::Param("bits"), format!("0 to {most}")));
    }
    if bits == most {
        return Ok(Value::Array(x));
    }
    let gone = (most - bits) as u32;
    let run = match ty.dtype {
        DType::F32 => map1(move |x: f32| rounded32(x, gone)),
        _ => map1(move |x: f64| rounded64(x, gone)),
    };
    let call = Call {
        name: "bitround",
        text: bits.to_string(),
        pattern: Pattern::Elementwise(run),
        dtype: ty.dtype,
        units: Units::Kept,
    };
    builder.apply(call, &[x]).map(Value::Array)
}

fn rounded32(x: f32, gone: u32) -> f32 {
    let bits = x.to_bits();
    let up = ((bits >> gone) & 1) + ((1 << (gone - 1)) - 1);
    if x.is_finite() { f32::from_bits(bits.wrapping_add(up) & (u32::MAX << gone)) } else { x }
}

fn rounded64(x: f64, gone: u32) -> f64 {
    let bits = x.to_bits();
    let up = ((bits >> gone) & 1) + ((1 << (gone - 1)) - 1);
    if x.is_finite() { f64::from_bits(bits.wrapping_add(up) & (u64::MAX << gone)) } else { x }
}

/// `x` as the nearest multiples of the greatest power of two that keeps so many decimals.
pub(super) fn quantize(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    if !matches!(ty.dtype, DType::F32 | DType::F64) {
        let error = TypeError::new("ff::type::dtype", format!("{} values have no decimals to take off", ty.dtype));
        return Err(error.at(Culprit::Param("x"), format!("this is {ty}")));
    }
    let digits = arguments.int("digits", 0)?;
    if !(-30..=30).contains(&digits) {
        let error = TypeError::new("ff::type::range", format!("{digits} decimals are out of range"));
        return Err(error.at(Culprit::Param("digits"), "-30 to 30"));
    }
    let scale = Value::Float(2f64.powi((digits as f64 * std::f64::consts::LOG2_10).ceil() as i32));
    let scaled = operator(builder, "mul", &[Value::Array(x), scale.clone()])?;
    let whole = operator(builder, "rint", &[Value::Array(scaled)])?;
    operator(builder, "div", &[Value::Array(whole), scale]).map(Value::Array)
}
