//! Complex numbers: their parts, and the elementary functions.
//!
//! Values at infinities, NaN and signed zeros are those of C99 (annex G), which NumPy follows. All
//! are computed in double precision. Inverse functions after W. Kahan, "Branch cuts for complex
//! elementary functions" (1987).

use std::f64::consts::{FRAC_PI_2, LN_2, LN_10};

use num_complex::Complex64;

use super::elementary as real;
use super::floats;
use super::function::{Function, UNARY};
use crate::array::Kind;
use crate::operators::arguments::{ParamKind, optional, required};
use crate::operators::{Arguments, Builder, Operator, TypeError, Value};

/// Parts of complex numbers.
pub static COMPLEX: &[Operator] = &[
    function!(one "real", "The real part; real numbers as they are", "real(x)", UNARY;
        via unless_real:
        complex -> float: |z| z.re,
    ),
    unary!("imag", "The imaginary part; zero of real numbers", "imag(x)";
        bool: |_| false,
        integer: |_| 0,
        float: |_| 0.0,
        complex -> float: |z| z.im,
    ),
    unary!("isreal", "Where the imaginary part is zero", "isreal(x)";
        bool -> Bool: |_| true,
        integer -> Bool: |_| true,
        float -> Bool: |_| true,
        complex -> Bool: |z| z.im == 0.0,
    ),
    unary!("iscomplex", "Where the imaginary part is not zero", "iscomplex(x)";
        bool -> Bool: |_| false,
        integer -> Bool: |_| false,
        float -> Bool: |_| false,
        complex -> Bool: |z| z.im != 0.0,
    ),
    function!(one "conj", "The complex conjugate; real numbers as they are", "conj(x)", UNARY;
        via unless_real:
        complex: |z| z.conj(),
    ),
    function!(one "angle", "The argument of complex numbers, in radians or degrees", "angle(x, deg: true)", &[
            required("x", ParamKind::Array, "The array."),
            optional("deg", ParamKind::Bool, "false", "Whether the angle is in degrees."),
        ];
        units Lost, via angle:
        float: floats::angle,
        complex -> float: |z| real::atan2(z.im, z.re),
    ),
];

/// Real arrays as they are, others through the function.
fn unless_real(function: &Function, builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    match arguments.value("x") {
        Value::Array(x)
            if matches!(builder.ty(*x).dtype.kind(), Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float) =>
        {
            Ok(Value::Array(*x))
        }
        value @ (Value::Bool(_) | Value::Int(_) | Value::Float(_)) => Ok(value.clone()),
        _ => function.expand(builder, arguments),
    }
}

fn angle(function: &Function, builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let radians = Function { params: UNARY, ..*function }.expand(builder, arguments)?;
    if arguments.bool("deg", false)? { super::call(builder, "degrees", &[radians]) } else { Ok(radians) }
}

/// The distance from zero.
pub fn modulus(z: Complex64) -> f64 {
    real::hypot(z.re, z.im)
}

/// The number of modulus one in the same direction; zero for zero.
pub fn sign(z: Complex64) -> Complex64 {
    let one = |x: f64| if x.is_infinite() { x.signum() } else { 0.0 };
    match real::hypot(z.re, z.im) {
        _ if z.re.is_infinite() != z.im.is_infinite() => Complex64::new(one(z.re), one(z.im)),
        _ if z.re.is_infinite() || z.re.is_nan() || z.im.is_nan() => Complex64::new(f64::NAN, f64::NAN),
        0.0 => Complex64::new(0.0, 0.0),
        r if r.is_infinite() => sign(z * 0.5),
        r => Complex64::new(z.re / r, z.im / r),
    }
}

/// `1 / z`; NaN for zero.
pub fn reciprocal(z: Complex64) -> Complex64 {
    smith(Complex64::new(1.0, 0.0), z)
}

/// `a / b`.
pub fn quotient(a: Complex64, b: Complex64) -> Complex64 {
    match b.re.abs() {
        0.0 if b.im == 0.0 => Complex64::new(a.re / 0.0, a.im / 0.0),
        _ => smith(a, b),
    }
}

/// Smith's algorithm (1962), which divides without needless overflow.
fn smith(a: Complex64, b: Complex64) -> Complex64 {
    if b.re.abs() >= b.im.abs() {
        let ratio = b.im / b.re;
        let scale = 1.0 / (b.re + b.im * ratio);
        Complex64::new((a.re + a.im * ratio) * scale, (a.im - a.re * ratio) * scale)
    } else {
        let ratio = b.re / b.im;
        let scale = 1.0 / (b.im + b.re * ratio);
        Complex64::new((a.re * ratio + a.im) * scale, (a.im * ratio - a.re) * scale)
    }
}

/// `base ** exponent`: whole exponents below a hundred by multiplication, others by the logarithm.
pub fn power(base: Complex64, exponent: Complex64) -> Complex64 {
    let one = Complex64::new(1.0, 0.0);
    if exponent.re == 0.0 && exponent.im == 0.0 {
        return one;
    }
    if base.re == 0.0 && base.im == 0.0 {
        let part = if exponent.re > 0.0 { 0.0 } else { f64::NAN };
        return Complex64::new(part, part);
    }
    if exponent == one {
        return base;
    }
    if exponent.im == 0.0 && exponent.re.fract() == 0.0 && exponent.re.abs() < 100.0 {
        let (mut square, mut left, mut result) = (base, exponent.re.abs() as u32, one);
        while left != 0 {
            if left & 1 != 0 {
                result *= square;
            }
            square *= square;
            left >>= 1;
        }
        return if exponent.re < 0.0 { quotient(one, result) } else { result };
    }
    exp(exponent * log(base))
}

/// Turned by a right angle: `i z`.
fn turned(z: Complex64) -> Complex64 {
    Complex64::new(-z.im, z.re)
}

/// Turned back by a right angle: `-i z`.
fn turned_back(z: Complex64) -> Complex64 {
    Complex64::new(z.im, -z.re)
}

/// `e ** z`.
pub fn exp(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    match () {
        _ if y == 0.0 => Complex64::new(real::exp(x), y),
        _ if x == f64::NEG_INFINITY && !y.is_finite() => Complex64::new(0.0, 0.0),
        _ if x == f64::INFINITY && !y.is_finite() => Complex64::new(x, f64::NAN),
        _ if x.is_finite() && x > 700.0 => {
            let half = real::exp(x / 2.0);
            Complex64::new(half * real::cos(y) * half, half * real::sin(y) * half)
        }
        _ => Complex64::new(real::exp(x) * real::cos(y), real::exp(x) * real::sin(y)),
    }
}

/// `2 ** z`.
pub fn exp2(z: Complex64) -> Complex64 {
    exp(z * LN_2)
}

/// `e ** z - 1`, exact near zero.
pub fn expm1(z: Complex64) -> Complex64 {
    let half = real::sin(z.im / 2.0);
    Complex64::new(real::expm1(z.re) * real::cos(z.im) - 2.0 * half * half, real::exp(z.re) * real::sin(z.im))
}

/// The natural logarithm.
pub fn log(z: Complex64) -> Complex64 {
    let (x, y) = (z.re.abs().max(z.im.abs()), z.re.abs().min(z.im.abs()));
    let near_one = x > 0.5 && x < 2.0 && !z.re.is_nan() && !z.im.is_nan();
    let re =
        if near_one { 0.5 * real::log1p((x - 1.0) * (x + 1.0) + y * y) } else { real::log(real::hypot(z.re, z.im)) };
    let scaled = x.is_finite() && re.is_infinite() && x != 0.0;
    let re = if scaled { real::log(real::hypot(z.re / 2.0, z.im / 2.0)) + LN_2 } else { re };
    Complex64::new(re, real::atan2(z.im, z.re))
}

/// The binary logarithm.
pub fn log2(z: Complex64) -> Complex64 {
    log(z) / LN_2
}

/// The decimal logarithm.
pub fn log10(z: Complex64) -> Complex64 {
    log(z) / LN_10
}

/// `log(1 + z)`, exact near zero.
pub fn log1p(z: Complex64) -> Complex64 {
    if z.re.abs() < 0.5 && z.im.abs() < 0.5 {
        let re = 0.5 * real::log1p(z.re * (2.0 + z.re) + z.im * z.im);
        return Complex64::new(re, real::atan2(z.im, 1.0 + z.re));
    }
    log(Complex64::new(1.0 + z.re, z.im))
}

/// The square root of non-negative real part.
pub fn sqrt(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x == 0.0 && y == 0.0 {
        return Complex64::new(0.0, y);
    }
    if y.is_infinite() {
        return Complex64::new(f64::INFINITY, y);
    }
    if x.is_nan() || y.is_nan() || x.is_infinite() {
        return match x {
            _ if x.is_nan() => Complex64::new(f64::NAN, f64::NAN),
            f64::INFINITY => Complex64::new(x, if y.is_nan() { y } else { 0f64.copysign(y) }),
            f64::NEG_INFINITY => Complex64::new(if y.is_nan() { y } else { 0.0 }, f64::INFINITY.copysign(y)),
            _ => Complex64::new(f64::NAN, f64::NAN),
        };
    }
    let scale = if x.abs().max(y.abs()) > 1e300 {
        0.25
    } else if x.abs().max(y.abs()) < 1e-290 {
        2f64.powi(108)
    } else {
        1.0
    };
    let (x, y) = (x * scale, y * scale);
    let t = ((x.abs() + real::hypot(x, y)) * 0.5).sqrt();
    let root =
        if x >= 0.0 { Complex64::new(t, y / (2.0 * t)) } else { Complex64::new(y.abs() / (2.0 * t), t.copysign(y)) };
    root / scale.sqrt()
}

/// A product that is zero where the first factor is, whatever the second.
fn or_zero(factor: f64, other: f64) -> f64 {
    if factor == 0.0 { if other < 0.0 { -factor } else { factor } } else { factor * other }
}

/// The hyperbolic sine.
pub fn sinh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x.is_infinite() && !y.is_finite() {
        return Complex64::new(x, f64::NAN);
    }
    if x.is_finite() && x.abs() > 700.0 {
        let half = real::exp(x.abs() / 2.0);
        return Complex64::new(
            (0.5 * half * real::cos(y)).copysign(x * real::cos(y)) * half,
            0.5 * half * real::sin(y) * half,
        );
    }
    Complex64::new(or_zero(real::sinh(x), real::cos(y)), or_zero(real::sin(y), real::cosh(x)))
}

/// The hyperbolic cosine.
pub fn cosh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x.is_infinite() && !y.is_finite() {
        return Complex64::new(f64::INFINITY, f64::NAN);
    }
    if x.is_finite() && x.abs() > 700.0 {
        let half = real::exp(x.abs() / 2.0);
        return Complex64::new(
            0.5 * half * real::cos(y) * half,
            (0.5 * half * real::sin(y)).copysign(x * real::sin(y)) * half,
        );
    }
    let im = if x == 0.0 || y == 0.0 { 0f64.copysign(x) * 1f64.copysign(y) } else { real::sinh(x) * real::sin(y) };
    Complex64::new(real::cosh(x) * real::cos(y), im)
}

/// The hyperbolic tangent.
pub fn tanh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x.is_finite() && !y.is_finite() {
        return Complex64::new(if x == 0.0 { x } else { f64::NAN }, f64::NAN);
    }
    if x.abs() > 22.0 {
        let im = if y.is_finite() { 4.0 * real::sin(y) * real::cos(y) * real::exp(-2.0 * x.abs()) } else { 0.0 };
        return Complex64::new(1f64.copysign(x), im);
    }
    if y == 0.0 {
        return Complex64::new(real::tanh(x), y);
    }
    let (t, s) = (real::tan(y), real::sinh(x));
    let (beta, rho) = (1.0 + t * t, (1.0 + s * s).sqrt());
    let below = 1.0 + beta * s * s;
    Complex64::new(beta * rho * s / below, t / below)
}

/// The sine.
pub fn sin(z: Complex64) -> Complex64 {
    turned_back(sinh(turned(z)))
}

/// The cosine.
pub fn cos(z: Complex64) -> Complex64 {
    cosh(turned(z))
}

/// The tangent.
pub fn tan(z: Complex64) -> Complex64 {
    turned_back(tanh(turned(z)))
}

/// The square roots of `1 - z` and `1 + z`.
fn roots(z: Complex64) -> (Complex64, Complex64) {
    (sqrt(Complex64::new(1.0 - z.re, -z.im)), sqrt(Complex64::new(1.0 + z.re, z.im)))
}

/// The arc cosine.
pub fn acos(z: Complex64) -> Complex64 {
    if z.re.is_infinite() || z.im.is_infinite() {
        let re = if z.re.is_nan() || z.im.is_nan() { f64::NAN } else { real::atan2(z.im.abs(), z.re) };
        return Complex64::new(re, if z.im.is_sign_negative() { f64::INFINITY } else { f64::NEG_INFINITY });
    }
    if z.re == 0.0 && z.im.is_nan() {
        return Complex64::new(FRAC_PI_2, z.im);
    }
    let (minus, plus) = roots(z);
    Complex64::new(2.0 * real::atan2(minus.re, plus.re), real::asinh((plus.conj() * minus).im))
}

/// The inverse hyperbolic sine.
pub fn asinh(z: Complex64) -> Complex64 {
    if z.re.is_infinite() || z.im.is_infinite() {
        let im = if z.re.is_nan() || z.im.is_nan() { f64::NAN } else { real::atan2(z.im, z.re.abs()) };
        return Complex64::new(f64::INFINITY.copysign(z.re), im);
    }
    if z.re.is_nan() && z.im == 0.0 {
        return z;
    }
    turned_back(asin_finite(turned(z)))
}

fn asin_finite(z: Complex64) -> Complex64 {
    let (minus, plus) = roots(z);
    Complex64::new(real::atan2(z.re, (minus * plus).re), real::asinh((minus.conj() * plus).im))
}

/// The arc sine.
pub fn asin(z: Complex64) -> Complex64 {
    turned_back(asinh(turned(z)))
}

/// The inverse hyperbolic cosine.
pub fn acosh(z: Complex64) -> Complex64 {
    let w = acos(z);
    let im = if w.re.is_nan() { w.re } else { w.re.copysign(z.im) };
    Complex64::new(w.im.abs(), im)
}

/// The inverse hyperbolic tangent.
pub fn atanh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    let size = x.abs().max(y.abs());
    if x == 0.0 && y.is_nan() {
        return z;
    }
    if size > 1e100 {
        let re = if size.is_infinite() { 0f64.copysign(x) } else { x / size / size };
        return Complex64::new(re, if y.is_nan() { y } else { FRAC_PI_2.copysign(y) });
    }
    let apart = 1.0 - x.abs();
    let re = if y == 0.0 && apart >= 0.0 {
        real::atanh(x)
    } else {
        0.25 * real::log1p(4.0 * x.abs() / (apart * apart + y * y))
    };
    Complex64::new(re.copysign(x), 0.5 * real::atan2(2.0 * y, (1.0 - x) * (1.0 + x) - y * y))
}

/// The arc tangent.
pub fn atan(z: Complex64) -> Complex64 {
    turned_back(atanh(turned(z)))
}
