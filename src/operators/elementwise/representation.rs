//! Parts of real numbers as they are represented: sign, neighbours, fraction and exponent.

use std::sync::Arc;

use half::f16;
use num_traits::Float;

use super::function::{Function, Given, UNARY, given};
use crate::array::{ArrayType, DType, Scalar};
use crate::operators::arguments::{ParamKind, required};
use crate::operators::{Arguments, Builder, Constant, Operator, Param, Signature, TypeError, Units, Value};

/// Signs, neighbours, fractions and exponents. Of integers they are those of the smallest float that holds them all.
pub static REPRESENTATION: &[Operator] = &[
    unary!("signbit", "Where the sign is minus, that of zero and NaN included", "signbit(x)";
        float -> Bool: |x| x.is_sign_negative(),
    ),
    binary!("nextafter", "The number next to `a` on the way to `b`", "nextafter(x, 10)";
        [F16] -> F16: nextafter,
        [F32] -> F32: nextafter,
        [F64] -> F64: nextafter,
    ),
    unary!("spacing", "The distance to the next number away from zero, with the sign of x", "spacing(x)";
        [F16] -> F16: spacing,
        [F32] -> F32: spacing,
        [F64] -> F64: spacing,
    ),
    Operator {
        name: "modf",
        signature: Signature { params: UNARY },
        summary: "The record `{fraction, integer}`: what lies after the point and before, both with the sign of x",
        example: "modf(x).fraction",
        expand: |builder, arguments| record(builder, arguments, [("fraction", &FRACTION), ("integer", &INTEGER)]),
    },
    Operator {
        name: "frexp",
        signature: Signature { params: UNARY },
        summary: "The record `{mantissa, exponent}`: `x = mantissa * 2 ** exponent` with a mantissa from 0.5 to 1, an exponent in i32",
        example: "frexp(x).exponent",
        expand: |builder, arguments| record(builder, arguments, [("mantissa", &MANTISSA), ("exponent", &EXPONENT)]),
    },
    function!(two "ldexp", "`x * 2 ** exponent`, rounded once; exponents are integers", "ldexp(x, 3)", LDEXP;
        units Lost,
        via expand_ldexp:
        [F16 I64] -> F16: |x: f16, n: i64| f16::from_f64(ldexp(x.to_f64(), n)),
        [F32 I64] -> F32: |x: f32, n: i64| ldexp(f64::from(x), n) as f32,
        [F64 I64] -> F64: ldexp,
    ),
];

const LDEXP: &[Param] = &[
    required("x", ParamKind::Array, "The numbers."),
    required("exponent", ParamKind::Array, "The powers of two by which they are multiplied."),
];

const FRACTION: Function = Function {
    name: "fraction",
    params: UNARY,
    loops: loops!(one float: |x| (if x.is_infinite() { 0.0 } else { x - x.trunc() }).copysign(x),),
    units: Units::Kept,
};
const INTEGER: Function =
    Function { name: "trunc", params: UNARY, loops: loops!(one float: |x| x.trunc(),), units: Units::Kept };
const MANTISSA: Function =
    Function { name: "mantissa", params: UNARY, loops: loops!(one float: mantissa,), units: Units::Lost };
const EXPONENT: Function =
    Function { name: "exponent", params: UNARY, loops: loops!(one float -> I32: exponent,), units: Units::Lost };

/// Two functions of the same numbers.
fn record(builder: &mut dyn Builder, arguments: &Arguments, parts: [(&str, &Function); 2]) -> Result<Value, TypeError> {
    let x = given("x", arguments.value("x"))?;
    let mut fields = Vec::new();
    for (name, function) in parts {
        fields.push((name.to_owned(), function.call(builder, std::slice::from_ref(&x))?));
    }
    Ok(Value::Record(Arc::new(fields)))
}

/// A literal exponent is an integer, whatever the dtype of the numbers.
fn expand_ldexp(function: &Function, builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = given("x", arguments.value("x"))?;
    let exponent = match (given("exponent", arguments.value("exponent"))?, &x) {
        (Given::Weak(n @ Scalar::Int(_)), Given::Array(_)) => {
            Given::Array(builder.constant(ArrayType::scalar(DType::I64), Constant::Full(n)))
        }
        (Given::Weak(Scalar::Bool(b)), Given::Array(_)) => {
            let n = Constant::Full(Scalar::Int(b.into()));
            Given::Array(builder.constant(ArrayType::scalar(DType::I64), n))
        }
        (exponent, _) => exponent,
    };
    function.call(builder, &[x, exponent])
}

/// Numbers that have neighbours.
trait Neighbours: Float {
    fn up(self) -> Self;
    fn down(self) -> Self;
}

macro_rules! neighbours {
    ($($type:ty)*) => {
        $(impl Neighbours for $type {
            #[inline(always)]
            fn up(self) -> Self {
                self.next_up()
            }
            #[inline(always)]
            fn down(self) -> Self {
                self.next_down()
            }
        })*
    };
}

neighbours! { f32 f64 }

impl Neighbours for f16 {
    fn up(self) -> Self {
        match self.to_bits() {
            0 | 0x8000 => f16::from_bits(1),
            bits if self < f16::ZERO => f16::from_bits(bits - 1),
            bits if self < f16::INFINITY => f16::from_bits(bits + 1),
            _ => self,
        }
    }

    fn down(self) -> Self {
        -(-self).up()
    }
}

fn nextafter<T: Neighbours>(a: T, b: T) -> T {
    match () {
        _ if a.is_nan() || b.is_nan() => T::nan(),
        _ if a == b => b,
        _ if a < b => a.up(),
        _ => a.down(),
    }
}

fn spacing<T: Neighbours>(x: T) -> T {
    match x {
        _ if !x.is_finite() => T::nan(),
        _ if x >= T::zero() => x.up() - x,
        _ => x.down() - x,
    }
}

/// Mantissa and exponent; those of what has none are itself and zero.
#[inline(always)]
fn parts(x: f64) -> (f64, i32) {
    const BITS: u64 = 0x7ff << 52;
    let is_small = x.abs() < f64::MIN_POSITIVE;
    let (scaled, shift) = if is_small { (x * 18_014_398_509_481_984.0, 54) } else { (x, 0) };
    let bits = scaled.to_bits();
    let exponent = ((bits & BITS) >> 52) as i32 - 1022 - shift;
    let mantissa = f64::from_bits((bits & !BITS) | (1022 << 52));
    if x == 0.0 || !x.is_finite() { (x, 0) } else { (mantissa, exponent) }
}

#[inline(always)]
fn mantissa<T: Float>(x: T) -> T {
    T::from(parts(x.to_f64().unwrap_or(f64::NAN)).0).unwrap_or_else(T::nan)
}

#[inline(always)]
fn exponent<T: Float>(x: T) -> i32 {
    parts(x.to_f64().unwrap_or(f64::NAN)).1
}

#[inline(always)]
fn ldexp(x: f64, n: i64) -> f64 {
    let (mantissa, exponent) = parts(x);
    let power = |k: i64| f64::from_bits(((k + 1023) as u64) << 52);
    let all = n.clamp(-4000, 4000).saturating_add(i64::from(exponent)).clamp(-1200, 1200);
    mantissa * power(all / 2) * power(all - all / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_have_neighbours() {
        let half = f16::from_f64;
        assert_eq!(nextafter(half(1.0), half(2.0)), half(1.0009765625));
        assert_eq!(nextafter(half(0.0), half(-1.0)).to_bits(), 0x8001);
        assert_eq!(nextafter(f16::MAX, f16::INFINITY), f16::INFINITY);
        assert_eq!(nextafter(f16::INFINITY, half(0.0)), f16::MAX);
        assert_eq!(spacing(half(-1.0)), half(-0.0009765625));
    }

    #[test]
    fn numbers_are_taken_apart_and_put_together() {
        for x in [1.0, -3.25, 1e300, -5e-324, 2.2e-308, f64::MAX, 0.1] {
            let (mantissa, exponent) = parts(x);
            assert!((0.5..1.0).contains(&mantissa.abs()), "{x}");
            assert_eq!(ldexp(mantissa, exponent.into()), x);
        }
        assert_eq!(ldexp(3.0, -1076), 5e-324);
        assert_eq!((ldexp(1.0, i64::MAX), ldexp(-1.0, i64::MIN)), (f64::INFINITY, -0.0));
        assert_eq!(ldexp(5e-324, 1074), 1.0);
        assert!(ldexp(f64::NAN, 1).is_nan());
    }
}
