//! Elementary functions: powers, exponentials, logarithms, circular and hyperbolic functions.
//!
//! Of integers and bools they are computed in the smallest float that holds them all: `f16` for
//! eight bits, `f32` for sixteen, else `f64`.

use super::{complex, floats};
use crate::operators::Operator;
use crate::operators::arguments::{Param, ParamKind, required};

const Y_AND_X: &[Param] =
    &[required("y", ParamKind::Array, "The ordinate."), required("x", ParamKind::Array, "The abscissa.")];

/// Elementary functions.
pub static MATH: &[Operator] = &[
    unary!("sqrt", "The square root; NaN of negative real numbers", "sqrt(abs(x))";
        float: |x| x.sqrt(),
        wide complex: complex::sqrt,
    ),
    unary!("cbrt", "The cubic root", "cbrt(x)";
        float: |x| x.cbrt(),
    ),
    unary!("exp", "e to the power of x", "exp(x)";
        float: |x| x.exp(),
        wide complex: complex::exp,
    ),
    unary!("exp2", "2 to the power of x", "exp2(x)";
        float: |x| x.exp2(),
        wide complex: complex::exp2,
    ),
    unary!("expm1", "`exp(x) - 1`, exact near zero", "expm1(x)";
        float: |x| x.exp_m1(),
        wide complex: complex::expm1,
    ),
    unary!("log", "The natural logarithm; NaN of negative real numbers", "log(abs(x) + 1)";
        float: |x| x.ln(),
        wide complex: complex::log,
    ),
    unary!("log2", "The logarithm to base 2", "log2(abs(x) + 1)";
        float: |x| x.log2(),
        wide complex: complex::log2,
    ),
    unary!("log10", "The logarithm to base 10", "log10(abs(x) + 1)";
        float: |x| x.log10(),
        wide complex: complex::log10,
    ),
    unary!("log1p", "`log(1 + x)`, exact near zero", "log1p(abs(x))";
        float: |x| x.ln_1p(),
        wide complex: complex::log1p,
    ),
    unary!("sin", "The sine of an angle in radians", "sin(x)";
        float: |x| x.sin(),
        wide complex: complex::sin,
    ),
    unary!("cos", "The cosine of an angle in radians", "cos(x)";
        float: |x| x.cos(),
        wide complex: complex::cos,
    ),
    unary!("tan", "The tangent of an angle in radians", "tan(x)";
        float: |x| x.tan(),
        wide complex: complex::tan,
    ),
    unary!("asin", "The arc sine, in radians; NaN outside -1 to 1", "asin(x / 10)";
        float: |x| x.asin(),
        wide complex: complex::asin,
    ),
    unary!("acos", "The arc cosine, in radians; NaN outside -1 to 1", "acos(x / 10)";
        float: |x| x.acos(),
        wide complex: complex::acos,
    ),
    unary!("atan", "The arc tangent, in radians", "atan(x)";
        float: |x| x.atan(),
        wide complex: complex::atan,
    ),
    unary!("sinh", "The hyperbolic sine", "sinh(x)";
        float: |x| x.sinh(),
        wide complex: complex::sinh,
    ),
    unary!("cosh", "The hyperbolic cosine", "cosh(x)";
        float: |x| x.cosh(),
        wide complex: complex::cosh,
    ),
    unary!("tanh", "The hyperbolic tangent", "tanh(x)";
        float: |x| x.tanh(),
        wide complex: complex::tanh,
    ),
    unary!("asinh", "The inverse hyperbolic sine", "asinh(x)";
        float: floats::asinh,
        wide complex: complex::asinh,
    ),
    unary!("acosh", "The inverse hyperbolic cosine; NaN below 1", "acosh(abs(x) + 1)";
        float: floats::acosh,
        wide complex: complex::acosh,
    ),
    unary!("atanh", "The inverse hyperbolic tangent; NaN outside -1 to 1", "atanh(x / 10)";
        float: |x| x.atanh(),
        wide complex: complex::atanh,
    ),
    function!(two "atan2", "The angle of the point (x, y), in radians, from -pi to pi", "atan2(x, 2)", Y_AND_X;
        float: |y, x| y.atan2(x),
    ),
    binary!("hypot", "The hypotenuse, `sqrt(a ** 2 + b ** 2)` without overflow", "hypot(x, 2)";
        float: |a, b| a.hypot(b),
    ),
    unary!("radians", "Degrees as radians", "radians(x)";
        float: |x| x.to_radians(),
    ),
    unary!("degrees", "Radians as degrees", "degrees(x)";
        float: |x| x.to_degrees(),
    ),
];
