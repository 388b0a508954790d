//! The elementary functions in single precision: computed in double precision with short polynomials and
//! rounded once, so that results are within 0.51 ulp.
//!
//! Methods are those of the modules for double precision, without their sums of two. Arguments and
//! results are `f64` here; subnormal and huge single numbers are ordinary ones among them.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4, LN_2, LOG2_E, LOG10_2, LOG10_E, PI};

use super::double::{ROUNDER, TWO_52, clamp, polynomial};
use super::logarithm::{or_limit, or_limit_of_pow, positive};

/// `(cosh r - 1) / r^2` and `(sinh r - r) / r^3` in `r^2` to 2^-44, for r up to half of log 2.
const COSH: [f64; 4] = [0.4999999999995507, 0.041666666786337556, 0.001388883909064138, 2.4867883453521802e-05];
const SINH: [f64; 4] = [0.16666666666662583, 0.008333333344209506, 0.00019841224581544105, 2.761757684835413e-06];
/// `(2 artanh s - 2 s) / s^3` in `s^2` to 2^-43.
const ARTANH: [f64; 5] =
    [0.6666666666737538, 0.39999998796931535, 0.2857175461881594, 0.22191395567123384, 0.1936275597214568];
/// `(sin r - r) / r^3` in `r^2` to 2^-35.
const SIN: [f64; 4] = [-0.16666666663853044, 0.008333331873837089, -0.00019840086263755443, 2.7249864655139585e-06];
/// `(cos r - 1 + r^2/2) / r^4` in `r^2` to 2^-40.
const COS: [f64; 4] = [0.04166666666431933, -0.0013888887671288108, 2.480059998353171e-05, -2.7300908167996537e-07];
/// `(atan t - t) / t^3` in `t^2` to 2^-33.
const ATAN: [f64; 6] = [
    -0.3333333327922454,
    0.1999997724823353,
    -0.14284150629730288,
    0.11071354571201351,
    -0.08624598215196126,
    0.05047937432040091,
];
/// `(asin x - x) / x^3` in `x^2` to 2^-33.
const ASIN: [f64; 7] = [
    0.16666666686147094,
    0.07499992383419403,
    0.044647675217118564,
    0.030268919101073113,
    0.02361371422189475,
    0.01056694782140368,
    0.03098546039993495,
];

/// `x * 2^k` for normal numbers, for the integer k in the lowest bits of `rounded`.
#[inline(always)]
fn scale(x: f64, rounded: f64) -> f64 {
    f64::from_bits(x.to_bits().wrapping_add(rounded.to_bits() << 52))
}

/// `e^r - 1` for r up to half of log 2.
#[inline(always)]
fn small_expm1(r: f64) -> f64 {
    let z = r * r;
    r + (z * polynomial(z, &COSH) + r * z * polynomial(z, &SINH))
}

/// [`ROUNDER`] and k, and r, for `x = k log 2 + r`.
#[inline(always)]
fn reduce(x: f64) -> (f64, f64) {
    let rounded = x * LOG2_E + ROUNDER;
    (rounded, x - (rounded - ROUNDER) * LN_2)
}

/// `e^x`.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let (rounded, r) = reduce(clamp(x, -150.0, 150.0));
    scale(1.0 + small_expm1(r), rounded)
}

/// `2^x`.
#[inline(always)]
pub fn exp2(x: f64) -> f64 {
    let x = clamp(x, -200.0, 200.0);
    let rounded = x + ROUNDER;
    scale(1.0 + small_expm1((x - (rounded - ROUNDER)) * LN_2), rounded)
}

/// `e^x - 1`.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let (rounded, r) = reduce(clamp(x, -150.0, 150.0));
    let power = scale(1.0, rounded);
    (power * small_expm1(r) + (power - 1.0)).copysign(x)
}

/// The hyperbolic sine.
#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    let t = expm1(x.abs());
    (0.5 * (t + t / (t + 1.0))).copysign(x)
}

/// The hyperbolic cosine.
#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    let power = exp(x.abs());
    0.5 * (power + 1.0 / power)
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let t = expm1(2.0 * clamp(x.abs(), 0.0, 20.0));
    (t / (t + 2.0)).copysign(x)
}

/// The exponent of a normal number, and the logarithm of its mantissa.
#[inline(always)]
fn log_parts(x: f64) -> (f64, f64) {
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - ROOT_HALF);
    let k = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (TWO_52 + 1023.0);
    (k, small_log1p(f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT_HALF) - 1.0))
}

/// `log(1 + f)` for `1 + f` between the roots of 1/2 and 2.
#[inline(always)]
fn small_log1p(f: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    s * (2.0 + z * polynomial(z, &ARTANH))
}

/// The natural logarithm.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let (k, log) = log_parts(x);
    or_limit(x, k * LN_2 + log)
}

/// The logarithm to base 2.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    let (k, log) = log_parts(x);
    or_limit(x, k + log * LOG2_E)
}

/// The logarithm to base 10.
#[inline(always)]
pub fn log10(x: f64) -> f64 {
    let (k, log) = log_parts(x);
    or_limit(x, k * LOG10_2 + log * LOG10_E)
}

/// `log(1 + x)` without its limits.
#[inline(always)]
fn inner_log1p(x: f64) -> f64 {
    let bits = (1.0 + x).to_bits().wrapping_add(0x3ff0_0000_0000_0000 - 0x3fe6_a09e_667f_3bcd);
    let k = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (TWO_52 + 1023.0);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + 0x3fe6_a09e_667f_3bcd);
    k * LN_2 + small_log1p(if k == 0.0 { x } else { m - 1.0 })
}

/// `log(1 + x)`.
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    let result = or_limit(1.0 + x, inner_log1p(x));
    result.copysign(if x > -1.0 { x } else { result })
}

/// The inverse hyperbolic sine.
#[inline(always)]
pub fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let result = inner_log1p(a + a * a / (1.0 + (1.0 + a * a).sqrt()));
    (if a < f64::INFINITY { result } else { a }).copysign(x)
}

/// The inverse hyperbolic cosine.
#[inline(always)]
pub fn acosh(x: f64) -> f64 {
    let t = x - 1.0;
    let result = inner_log1p(t + (t * (t + 2.0)).sqrt());
    let result = if x == f64::INFINITY { x } else { result };
    if x >= 1.0 { result } else { f64::NAN }
}

/// The inverse hyperbolic tangent.
#[inline(always)]
pub fn atanh(x: f64) -> f64 {
    let a = x.abs();
    let result = 0.5 * inner_log1p(2.0 * a / (1.0 - a));
    let limit = if a == 1.0 { f64::INFINITY } else { f64::NAN };
    (if a < 1.0 { result } else { limit }).copysign(x)
}

/// The power.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let (k, log) = log_parts(positive(x));
    or_limit_of_pow(x, y, exp(clamp(y, -1e20, 1e20) * (k * LN_2 + log)))
}

/// The quadrant in the two lowest bits, and the sine and cosine of the rest of an angle.
#[inline(always)]
fn turn(x: f64) -> (u64, f64, f64) {
    let rounded = x * FRAC_2_PI + ROUNDER;
    let k = rounded - ROUNDER;
    let r = (x - k * 1.5707963267341256) - k * 6.077100506506192e-11;
    let z = r * r;
    let cos = 1.0 - (0.5 * z - z * z * polynomial(z, &COS));
    (rounded.to_bits(), r * (1.0 + z * polynomial(z, &SIN)), cos)
}

/// The sine of an angle up to the limit of the near reduction.
#[inline(always)]
pub fn near_sine(x: f64) -> f64 {
    let (quadrant, sin, cos) = turn(x);
    let size = if quadrant & 1 == 0 { sin } else { cos };
    f64::from_bits(size.to_bits() ^ (quadrant & 2) << 62)
}

/// The cosine of an angle up to the limit of the near reduction.
#[inline(always)]
pub fn near_cosine(x: f64) -> f64 {
    let (quadrant, sin, cos) = turn(x);
    let size = if quadrant & 1 == 0 { cos } else { sin };
    f64::from_bits(size.to_bits() ^ (quadrant.wrapping_add(1) & 2) << 62)
}

/// The tangent of an angle up to the limit of the near reduction.
#[inline(always)]
pub fn near_tangent(x: f64) -> f64 {
    let (quadrant, sin, cos) = turn(x);
    let odd = quadrant & 1 != 0;
    (if odd { -cos } else { sin }) / (if odd { sin } else { cos })
}

/// The arc tangent of `y / x` for numbers not below zero, not both zero or infinite.
#[inline(always)]
fn angle(y: f64, x: f64) -> f64 {
    const TAN_EIGHTH: f64 = 0.414213562373095;
    let steep = y * TAN_EIGHTH > x;
    let flat = y < x * TAN_EIGHTH;
    let above = if flat { y } else { y - x };
    let above = if steep { -x } else { above };
    let below = if flat { x } else { x + y };
    let below = if steep { y } else { below };
    let base = if flat { 0.0 } else { FRAC_PI_4 };
    let base = if steep { FRAC_PI_2 } else { base };
    let t = above / below;
    let z = t * t;
    base + (t + t * z * polynomial(z, &ATAN))
}

/// The arc tangent in radians.
#[inline(always)]
pub fn atan(x: f64) -> f64 {
    angle(clamp(x.abs(), 0.0, 1e300), 1.0).copysign(x)
}

/// The angle of the point (x, y) in radians, from -pi to pi.
#[inline(always)]
pub fn atan2(y: f64, x: f64) -> f64 {
    let (ay, ax) = (y.abs(), x.abs());
    let infinite = (ay == f64::INFINITY) | (ax == f64::INFINITY);
    let finite = |a: f64| if infinite { if a == f64::INFINITY { 1.0 } else { 0.0 } } else { a };
    let (fy, fx) = (finite(ay), finite(ax));
    let first = angle(fy, if (fy == 0.0) & (fx == 0.0) { 1.0 } else { fx });
    let result = (if x.is_sign_negative() { PI - first } else { first }).copysign(y);
    if x.is_nan() | y.is_nan() { f64::NAN } else { result }
}

/// For a number up to 1/2 its arc sine; beyond, that of `sqrt((1 - x) / 2)`.
#[inline(always)]
fn arc(size: f64) -> f64 {
    let large = size > 0.5;
    let z = if large { 0.5 * (1.0 - size) } else { size * size };
    let s = if large { z.sqrt() } else { size };
    s + s * z * polynomial(z, &ASIN)
}

/// The arc sine in radians; NaN outside -1 to 1.
#[inline(always)]
pub fn asin(x: f64) -> f64 {
    let arc = arc(x.abs());
    (if x.abs() > 0.5 { FRAC_PI_2 - 2.0 * arc } else { arc }).copysign(x)
}

/// The arc cosine in radians; NaN outside -1 to 1.
#[inline(always)]
pub fn acos(x: f64) -> f64 {
    let arc = arc(x.abs());
    let far = if x > 0.0 { 2.0 * arc } else { PI - 2.0 * arc };
    if x.abs() > 0.5 { far } else { FRAC_PI_2 - arc.copysign(x) }
}

/// The cubic root, by one of Halley's iterations from 2^-13.
#[inline(always)]
pub fn cbrt(x: f64) -> f64 {
    let start = super::roots::start(x.abs());
    let (t, m) = (start.root, start.cube);
    let cube = t * t * t;
    let root = scale(t * ((cube + 2.0 * m) / (2.0 * cube + m)), start.rounded);
    if (x.abs() > 0.0) & (x.abs() < f64::INFINITY) { root.copysign(x) } else { x }
}

/// `sqrt(a^2 + b^2)`.
#[inline(always)]
pub fn hypot(a: f64, b: f64) -> f64 {
    let result = (a * a + b * b).sqrt();
    if (a.abs() == f64::INFINITY) | (b.abs() == f64::INFINITY) { f64::INFINITY } else { result }
}
