//! Inverse circular functions.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use super::double::{clamp, fast_two_sum, polynomial, quotient, root, two_sum};

/// What the nearest `f64` to pi/2 lacks.
const HALF_PI_LOW: f64 = 6.123233995736766e-17;

/// `(atan t - t) / t^3` in `t^2` to 2^-58, for t up to `sqrt 2 - 1`.
const ATAN: [f64; 12] = [
    -0.3333333333333333,
    0.19999999999999804,
    -0.14285714285659779,
    0.11111111105150588,
    -0.09090908753259112,
    0.07692296368042296,
    -0.0666642476020052,
    0.05878927554473807,
    -0.05230443640686948,
    0.045515447340221615,
    -0.03456931506332609,
    0.016284375050043393,
];

/// `(asin x - x) / x^3` in `x^2` to 2^-58, for x up to 1/2.
const ASIN: [f64; 14] = [
    0.16666666666666666,
    0.07500000000000119,
    0.04464285714255019,
    0.030381944475693704,
    0.022372157435623815,
    0.017352816768546473,
    0.013963775787848137,
    0.011566511821890942,
    0.00962140274734483,
    0.009322101501082774,
    0.0030350071727267623,
    0.019579201619744684,
    -0.019277545928584557,
    0.02963502626354855,
];

/// The angle of a point with coordinates not below zero, not both zero, as a sum; or its distance from pi.
///
/// Turned by a multiple of pi/4, the point has an angle below pi/8.
#[inline(always)]
fn angle(y: f64, x: f64, from_pi: bool) -> f64 {
    const TAN_EIGHTH: f64 = 0.414213562373095;
    let steep = y * TAN_EIGHTH > x;
    let flat = y < x * TAN_EIGHTH;
    let (difference, sum) = (two_sum(y, -x), two_sum(x, y));
    let above = if flat { (y, 0.0) } else { difference };
    let above = if steep { (-x, 0.0) } else { above };
    let below = if flat { (x, 0.0) } else { sum };
    let below = if steep { (y, 0.0) } else { below };
    let base = if flat { (0.0, 0.0) } else { (FRAC_PI_4, 0.5 * HALF_PI_LOW) };
    let base = if steep { (FRAC_PI_2, HALF_PI_LOW) } else { base };
    let (t, rest) = quotient(above, below);
    let z = t * t;
    let small = rest + t * z * polynomial(z, &ATAN);
    let three = (2.356194490192345, 9.184850993605148e-17);
    let other = if flat { (PI, 2.0 * HALF_PI_LOW) } else { three };
    let other = if steep { base } else { other };
    let (base, t, small) = if from_pi { (other, -t, -small) } else { (base, t, small) };
    let (sum, error) = fast_two_sum(base.0, t);
    sum + (error + (base.1 + small))
}

/// The arc tangent in radians; within 0.7 ulp.
#[inline(always)]
pub fn atan(x: f64) -> f64 {
    let size = clamp(x.abs(), 0.0, 1e300);
    let result = angle(size, 1.0, false);
    (if size < 1e-9 { size } else { result }).copysign(x)
}

/// The angle of the point (x, y) in radians, from -pi to pi; within 0.8 ulp.
#[inline(always)]
pub fn atan2(y: f64, x: f64) -> f64 {
    let (ay, ax) = (y.abs(), x.abs());
    let greater = if ay > ax { ay } else { ax };
    let infinite = greater == f64::INFINITY;
    let factor = if greater > TWO_400 { 1.0 / TWO_100 } else { TWO_400 * TWO_100 * TWO_100 };
    let finite = |a: f64| if infinite { if a == greater { 1.0 } else { 0.0 } } else { a * factor };
    let (fy, fx) = (finite(ay), finite(ax));
    let fx = if greater == 0.0 { 1.0 } else { fx };
    let result = angle(fy, fx, x.is_sign_negative()).copysign(y);
    if x.is_nan() | y.is_nan() { f64::NAN } else { result }
}

const TWO_100: f64 = f64::from_bits((1023 + 100) << 52);
const TWO_400: f64 = f64::from_bits((1023 + 400) << 52);

/// For a number up to 1/2 that and `asin x - x`; beyond, `asin sqrt((1 - x) / 2)` as a sum.
#[inline(always)]
fn arc(size: f64) -> (f64, f64) {
    let large = size > 0.5;
    let z = if large { 0.5 * (1.0 - size) } else { size * size };
    let far = root((z, 0.0));
    let s = if large { far } else { (size, 0.0) };
    (s.0, s.1 + s.0 * z * polynomial(z, &ASIN))
}

/// The arc sine in radians; NaN outside -1 to 1; within 0.7 ulp.
#[inline(always)]
pub fn asin(x: f64) -> f64 {
    let (s, small) = arc(x.abs());
    let (sum, error) = fast_two_sum(FRAC_PI_2, -2.0 * s);
    let far = sum + (error + (HALF_PI_LOW - 2.0 * small));
    (if x.abs() > 0.5 { far } else { s + small }).copysign(x)
}

/// The arc cosine in radians; NaN outside -1 to 1; within 0.7 ulp.
#[inline(always)]
pub fn acos(x: f64) -> f64 {
    let (s, small) = arc(x.abs());
    let large = x.abs() > 0.5;
    let (s, small) = if large { (2.0 * s, 2.0 * small) } else { (s.copysign(x), small.copysign(x)) };
    let base = if large { (PI, 2.0 * HALF_PI_LOW) } else { (FRAC_PI_2, HALF_PI_LOW) };
    let (sum, error) = fast_two_sum(base.0, -s);
    let result = sum + (error + (base.1 - small));
    if x > 0.5 { s + small } else { result }
}
