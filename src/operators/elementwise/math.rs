//! Elementary functions: powers, exponentials, logarithms, circular and hyperbolic functions.
//!
//! Of integers and bools they are computed in the smallest float that holds them all: `f16` for
//! eight bits, `f32` for sixteen, else `f64`. What computes them is [`elementary`].

use super::loops::Map;
use super::{complex, elementary};
use crate::operators::Operator;
use crate::operators::arguments::{Param, ParamKind, required};

const Y_AND_X: &[Param] =
    &[required("y", ParamKind::Array, "The ordinate."), required("x", ParamKind::Array, "The abscissa.")];

/// Elementary functions.
pub static MATH: &[Operator] = &[
    unary!("sqrt", "The square root; NaN of negative real numbers", "sqrt(abs(x))";
        units Lost,
        float: |x| x.sqrt(),
        wide complex: complex::sqrt,
    ),
    unary!("cbrt", "The cubic root", "cbrt(x)";
        units Lost,
        float by: elementary::Cbrt,
    ),
    unary!("exp", "e to the power of x", "exp(x)";
        units Lost,
        float by: elementary::Exp,
        wide complex: complex::exp,
    ),
    unary!("exp2", "2 to the power of x", "exp2(x)";
        units Lost,
        float by: elementary::Exp2,
        wide complex: complex::exp2,
    ),
    unary!("expm1", "`exp(x) - 1`, exact near zero", "expm1(x)";
        units Lost,
        float by: elementary::Expm1,
        wide complex: complex::expm1,
    ),
    unary!("log", "The natural logarithm; NaN of negative real numbers", "log(abs(x) + 1)";
        units Lost,
        float by: elementary::Log,
        wide complex: complex::log,
    ),
    unary!("log2", "The logarithm to base 2", "log2(abs(x) + 1)";
        units Lost,
        float by: elementary::Log2,
        wide complex: complex::log2,
    ),
    unary!("log10", "The logarithm to base 10", "log10(abs(x) + 1)";
        units Lost,
        float by: elementary::Log10,
        wide complex: complex::log10,
    ),
    unary!("log1p", "`log(1 + x)`, exact near zero", "log1p(abs(x))";
        units Lost,
        float by: elementary::Log1p,
        wide complex: complex::log1p,
    ),
    binary!("logaddexp", "`log(exp(a) + exp(b))`, without overflow", "logaddexp(x, 0)";
        units Lost,
        float by: elementary::LogAddExp,
    ),
    binary!("logaddexp2", "`log2(2 ** a + 2 ** b)`, without overflow", "logaddexp2(x, 0)";
        units Lost,
        float by: elementary::LogAddExp2,
    ),
    unary!("sin", "The sine of an angle in radians", "sin(x)";
        units Lost,
        float by: elementary::Sin,
        wide complex: complex::sin,
    ),
    unary!("cos", "The cosine of an angle in radians", "cos(x)";
        units Lost,
        float by: elementary::Cos,
        wide complex: complex::cos,
    ),
    unary!("tan", "The tangent of an angle in radians", "tan(x)";
        units Lost,
        float by: elementary::Tan,
        wide complex: complex::tan,
    ),
    unary!("sinc", "`sin(pi x) / (pi x)`, one at zero", "sinc(x)";
        units Lost,
        bool -> F64: |x| elementary::Sinc.usual(f64::from(u8::from(x))),
        integer -> F64: |x| elementary::Sinc.usual(x as f64),
        float by: elementary::Sinc,
    ),
    unary!("i0", "The modified Bessel function of the first kind and order zero", "i0(x)";
        units Lost,
        bool -> F64: |x| elementary::I0.usual(f64::from(u8::from(x))),
        integer -> F64: |x| elementary::I0.usual(x as f64),
        float by: elementary::I0,
    ),
    unary!("asin", "The arc sine, in radians; NaN outside -1 to 1", "asin(x / 10)";
        units Lost,
        float by: elementary::Asin,
        wide complex: complex::asin,
    ),
    unary!("acos", "The arc cosine, in radians; NaN outside -1 to 1", "acos(x / 10)";
        units Lost,
        float by: elementary::Acos,
        wide complex: complex::acos,
    ),
    unary!("atan", "The arc tangent, in radians", "atan(x)";
        units Lost,
        float by: elementary::Atan,
        wide complex: complex::atan,
    ),
    unary!("sinh", "The hyperbolic sine", "sinh(x)";
        units Lost,
        float by: elementary::Sinh,
        wide complex: complex::sinh,
    ),
    unary!("cosh", "The hyperbolic cosine", "cosh(x)";
        units Lost,
        float by: elementary::Cosh,
        wide complex: complex::cosh,
    ),
    unary!("tanh", "The hyperbolic tangent", "tanh(x)";
        units Lost,
        float by: elementary::Tanh,
        wide complex: complex::tanh,
    ),
    unary!("asinh", "The inverse hyperbolic sine", "asinh(x)";
        units Lost,
        float by: elementary::Asinh,
        wide complex: complex::asinh,
    ),
    unary!("acosh", "The inverse hyperbolic cosine; NaN below 1", "acosh(abs(x) + 1)";
        units Lost,
        float by: elementary::Acosh,
        wide complex: complex::acosh,
    ),
    unary!("atanh", "The inverse hyperbolic tangent; NaN outside -1 to 1", "atanh(x / 10)";
        units Lost,
        float by: elementary::Atanh,
        wide complex: complex::atanh,
    ),
    function!(two "atan2", "The angle of the point (x, y), in radians, from -pi to pi", "atan2(x, 2)", Y_AND_X;
        units Lost,
        float by: elementary::Atan2,
    ),
    binary!("hypot", "The hypotenuse, `sqrt(a ** 2 + b ** 2)` without overflow", "hypot(x, 2)";
        float by: elementary::Hypot,
    ),
    unary!("radians", "Degrees as radians", "radians(x)";
        units Lost,
        float: |x| x.to_radians(),
    ),
    unary!("degrees", "Radians as degrees", "degrees(x)";
        units Lost,
        float: |x| x.to_degrees(),
    ),
];
