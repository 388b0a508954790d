//! The arithmetic operators.

use std::sync::Arc;

use super::complex;
use super::function::{BINARY, Function, Given, default_dtype, given};
use super::integers::Integer;
use super::{elementary, floats, time};
use crate::array::{DType, Kind, Scalar};
use crate::operators::error::Culprit;
use crate::operators::{Arguments, Builder, Operator, Signature, TypeError, Units, Value};

/// Arithmetic: what `+ - * / // % **` and the unary `-` stand for, and their relatives.
pub static ARITHMETIC: &[Operator] = &[
    binary!("add", "The sum, `a + b`; integers wrap, bools give `or`", "x + 1";
        bool: |a, b| a | b,
        integer: |a, b| a.wrapping_add(b),
        float: |a, b| a + b,
        complex: |a, b| a + b,
        [DateTime Duration] -> DateTime: time::add,
        [Duration DateTime] -> DateTime: time::add,
        [Duration] -> Duration: time::add,
    ),
    binary!("sub", "The difference, `a - b`; two datetimes give a duration", "x - 1";
        no bool,
        integer: |a, b| a.wrapping_sub(b),
        float: |a, b| a - b,
        complex: |a, b| a - b,
        [DateTime Duration] -> DateTime: time::sub,
        [DateTime] -> Duration: time::sub,
        [Duration] -> Duration: time::sub,
    ),
    binary!("mul", "The product, `a * b`; integers wrap, bools give `and`", "x * 2";
        units Product,
        bool: |a, b| a & b,
        integer: |a, b| a.wrapping_mul(b),
        float: |a, b| a * b,
        complex: |a, b| a * b,
        [Duration I64] -> Duration: time::times,
        [I64 Duration] -> Duration: |n, a| time::times(a, n),
        [Duration F64] -> Duration: time::scaled,
        [F64 Duration] -> Duration: |x, a| time::scaled(a, x),
    ),
    binary!("div", "The quotient, `a / b`; of integers it is f64", "x / 2";
        units Quotient,
        bool -> F64: |a, b| f64::from(u8::from(a)) / f64::from(u8::from(b)),
        integer -> F64: |a, b| a as f64 / b as f64,
        float: |a, b| a / b,
        wide complex: complex::quotient,
        [Duration I64] -> Duration: time::divided,
        [Duration F64] -> Duration: time::shrunk,
        [Duration] -> F64: time::ratio,
    ),
    binary!("floordiv", "The quotient rounded down, `a // b`; zero for integers divided by zero", "x // 2";
        units Quotient,
        integer: |a, b| a.floor_div(b),
        float: floats::floor_div,
        [Duration I64] -> Duration: time::floor_divided,
        [Duration F64] -> Duration: time::floor_shrunk,
        [Duration] -> I64: time::count,
    ),
    binary!("mod", "What `//` leaves, `a % b`; it has the sign of `b`", "x % 2";
        integer: |a, b| a.floor_mod(b),
        float: floats::floor_mod,
        [Duration] -> Duration: time::remainder,
    ),
    function!(two "pow", "The power, `a ** b`; of integers it wraps", "x ** 2", BINARY;
        units Lost,
        via power:
        integer: |a, b| a.power(b),
        float by: elementary::Pow,
        wide complex: complex::power,
    ),
    binary!("float_power", "The power of numbers as f64 or c128", "float_power(3, x)";
        units Lost,
        [F64] -> F64 by: elementary::Pow,
        [C128] -> C128: complex::power,
    ),
    Operator {
        name: "divmod",
        signature: Signature { params: BINARY },
        summary: "The record `{quotient, remainder}` of `a // b` and `a % b`",
        example: "divmod(x, 2).remainder",
        expand: divmod,
    },
    binary!("fmod", "The remainder with the sign of the dividend, as C's `fmod`", "fmod(x, 2)";
        integer: |a, b| a.fmod(b),
        float: |a, b| a % b,
    ),
    unary!("neg", "The negative, `-x`; integers wrap", "-x";
        no bool,
        integer: |x| x.wrapping_neg(),
        float: |x| -x,
        complex: |z| -z,
        [Duration] -> Duration: time::neg,
    ),
    unary!("positive", "The same, `+x`", "positive(x)";
        no bool,
        integer: |x| x,
        float: |x| x,
        complex: |z| z,
        [Duration] -> Duration: |x| x,
    ),
    unary!("abs", "The absolute value; of complex numbers their modulus", "abs(x)";
        bool: |x| x,
        signed: |x| x.wrapping_abs(),
        unsigned: |x| x,
        float: |x| x.abs(),
        complex -> float: complex::modulus,
        [Duration] -> Duration: time::abs,
    ),
    unary!("fabs", "The absolute value of real numbers, as a float", "fabs(x)";
        float: |x| x.abs(),
    ),
    unary!("sign", "-1, 0 or 1 by the sign; `z / abs(z)` of complex numbers", "sign(x)";
        units Lost,
        no bool,
        signed: |x| x.signum(),
        unsigned: |x| x.min(1),
        float: |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else if x == 0.0 { 0.0 } else { x },
        wide complex: complex::sign,
    ),
    SQUARE,
    RECIPROCAL,
];

const SQUARE: Operator = unary!("square", "`x * x`; integers wrap", "square(x)";
    units Lost,
    integer: |x| x.wrapping_mul(x),
    float: |x| x * x,
    complex: |z| z * z,
);

const RECIPROCAL: Operator = unary!("reciprocal", "`1 / x`; of integers truncated, zero for zero", "reciprocal(x)";
    units Lost,
    integer: |x| x.reciprocal(),
    float: |x| 1.0 / x,
    wide complex: complex::reciprocal,
);

fn divmod(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let operands = [arguments.value("a").clone(), arguments.value("b").clone()];
    let mut fields = Vec::new();
    for (field, name) in [("quotient", "floordiv"), ("remainder", "mod")] {
        fields.push((field.to_owned(), super::call(builder, name, &operands)?));
    }
    Ok(Value::Record(Arc::new(fields)))
}

/// `a ** b`: simple exponents in place of the general power, as NumPy does; negative literals are
/// refused where the power is one of integers.
fn power(function: &Function, builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (base, exponent) = (given("a", arguments.value("a"))?, given("b", arguments.value("b"))?);
    let dtype = match &base {
        Given::Array(a) => builder.ty(*a).dtype,
        Given::Weak(scalar) => default_dtype(scalar),
    };
    let whole = dtype.is_integer() || dtype == DType::Bool;
    let is_negative = match &exponent {
        Given::Weak(scalar) => scalar.as_i64().is_some_and(|n| n < 0),
        Given::Array(b) if whole && builder.ty(*b).dtype.kind() == Kind::Signed => {
            builder.known(*b).is_some_and(|block| block.scalars().iter().any(|n| n.as_i64().is_some_and(|n| n < 0)))
        }
        Given::Array(_) => false,
    };
    let simple = match (&exponent, &base) {
        (Given::Array(_) | Given::Weak(Scalar::Int(_)), _) if is_negative && whole => {
            return Err(TypeError::new("ff::type::range", "integers have no negative powers")
                .at(Culprit::Param("b"), "an exponent is negative")
                .and_at(Culprit::Param("a"), "these are integers")
                .with_help("make the base real: `2.0 ** -1`, `(x as f64) ** -1`"));
        }
        (Given::Weak(scalar), Given::Array(_)) => match scalar.as_f64() {
            Some(2.0) if !whole || (dtype.is_integer() && matches!(scalar, Scalar::Int(_))) => Some("square"),
            Some(0.5) if !whole => Some("sqrt"),
            Some(-1.0) if !whole => Some("reciprocal"),
            _ => None,
        },
        _ => None,
    };
    match simple {
        Some(name) => super::call(builder, name, &[arguments.value("a").clone()]),
        None if exponent.weak().and_then(Scalar::as_f64) == Some(1.0) => {
            Function { units: Units::Kept, ..*function }.call(builder, &[base, exponent])
        }
        None => function.call(builder, &[base, exponent]),
    }
}
