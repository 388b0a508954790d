//! Logarithms, inverse hyperbolic functions and powers.
//!
//! `x = 2^k m` with m between the roots of 1/2 and 2, and `log m = 2 artanh s` with `s = (m - 1) / (m + 1)`
//! in the form of K. C. Ng's `log` (FreeBSD msun): `f - (f^2/2 - s (f^2/2 + R(s^2)))` with `f = m - 1`,
//! here with the leading sum in two parts.

use std::hint::select_unpredictable;

use super::double::{TWO_52, TWO_54, clamp, fast_two_sum, head, polynomial, quotient, root, two_product, two_sum};
use super::exponential::{LN_2_HIGH, LN_2_LOW, exp_of_product};

/// The bits of the root of 1/2.
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;

/// `(2 artanh s - 2 s) / s^3` in `s^2` to 2^-60.
const ARTANH: [f64; 8] = [
    0.6666666666666666,
    0.4000000000000088,
    0.2857142857080329,
    0.222222223917858,
    0.18181795632452163,
    0.1538624012056702,
    0.13268761951330021,
    0.13086743139119072,
];

/// k and m.
#[inline(always)]
pub fn exponent(x: f64) -> (f64, f64) {
    let tiny = x < f64::MIN_POSITIVE;
    let normal = if tiny { x * TWO_54 } else { x };
    let bits = normal.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - ROOT_HALF);
    let k = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (TWO_52 + 1023.0);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT_HALF);
    (if tiny { k - 54.0 } else { k }, m)
}

/// `f - log(1 + f)` in its parts: half the square of f, and what is to be taken from that.
#[inline(always)]
fn series(f: f64) -> (f64, f64) {
    let s = f / (2.0 + f);
    let z = s * s;
    let half = 0.5 * f * f;
    (half, s * (half + z * polynomial(z, &ARTANH)))
}

/// `result` for positive finite numbers, and what logarithms are elsewhere.
#[inline(always)]
pub fn or_limit(x: f64, result: f64) -> f64 {
    let limit = if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    let limit = if x == f64::INFINITY { x } else { limit };
    if (x > 0.0) & (x < f64::INFINITY) { result } else { limit }
}

/// The natural logarithm; within 0.9 ulp.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let (k, m) = exponent(x);
    let f = m - 1.0;
    let (half, rest) = series(f);
    let (sum, error) = fast_two_sum(k * LN_2_HIGH, f);
    or_limit(x, sum + (error + (k * LN_2_LOW - (half - rest))))
}

/// `k * whole + log(m) * factor`, with the factors in a part of 26 (`whole`: 42) bits and the rest.
#[inline(always)]
fn log_to_base(x: f64, whole: (f64, f64), factor: (f64, f64)) -> f64 {
    let (k, m) = exponent(x);
    let f = m - 1.0;
    let (half, rest) = series(f);
    let high = head(f - half);
    let low = ((f - high) - half) + rest;
    let (sum, error) = fast_two_sum(k * whole.0, high * factor.0);
    or_limit(x, sum + (error + (k * whole.1 + ((high + low) * factor.1 + low * factor.0))))
}

/// The logarithm to base 2; within 0.8 ulp.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    log_to_base(x, (1.0, 0.0), (1.4426950216293335, 1.9259629911266175e-08))
}

/// The logarithm to base 10; within 0.8 ulp.
#[inline(always)]
pub fn log10(x: f64) -> f64 {
    log_to_base(x, (0.30102999566395283, 2.8363394551044964e-14), (0.4342944771051407, 4.798111141615973e-09))
}

/// `log(1 + w) + more * log 2` of a sum w, in which `1 + w` may be given instead (`whole`).
#[inline(always)]
fn log_of_sum(w: (f64, f64), whole: bool, more: f64) -> f64 {
    let near = !whole & (w.0 > -0.29) & (w.0 < 0.41);
    let (one, error) = two_sum(1.0, w.0);
    let u = if whole { w.0 } else { one };
    let (k, m) = exponent(u);
    let low = if near | whole { w.1 } else { error + w.1 };
    let f = if near { w.0 } else { m - 1.0 };
    let k = if near { 0.0 } else { k + more };
    let (half, rest) = series(f);
    let (sum, error) = fast_two_sum(k * LN_2_HIGH, f);
    sum + (error + ((k * LN_2_LOW + low / u) - (half - rest)))
}

/// `log(1 + x)`; within 0.9 ulp.
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    let result = log_of_sum((x, 0.0), false, 0.0);
    let limit = or_limit(1.0 + x, result);
    limit.copysign(if x > -1.0 { x } else { limit })
}

/// The inverse hyperbolic sine; within 0.9 ulp.
#[inline(always)]
pub fn asinh(x: f64) -> f64 {
    let size = x.abs();
    let large = size > 268435456.0;
    let a = if large { 1.0 } else { size };
    let square = two_product(a, a);
    let (above, error) = two_sum(1.0, square.0);
    let (first, rest) = root((above, error + square.1));
    let (below, error) = fast_two_sum(first, 1.0);
    let (q, q_rest) = quotient(square, (below, error + rest));
    let (w, error) = fast_two_sum(a, q);
    let w = if large { (size, 0.0) } else { (w, error + q_rest) };
    let result = log_of_sum(w, large, if large { 1.0 } else { 0.0 });
    (if size < f64::INFINITY { result } else { size }).copysign(x)
}

/// The inverse hyperbolic cosine; within 0.9 ulp.
#[inline(always)]
pub fn acosh(x: f64) -> f64 {
    let large = x > 268435456.0;
    let a = if large { 2.0 } else { x };
    let square = two_product(a, a);
    let (above, error) = two_sum(square.0, -1.0);
    let (first, rest) = root((above, error + square.1));
    let (t, t_rest) = two_sum(a, -1.0);
    let (w, error) = two_sum(t, first);
    let w = if large { (x, 0.0) } else { (w, error + (t_rest + rest)) };
    let result = log_of_sum(w, large, if large { 1.0 } else { 0.0 });
    let result = if x == f64::INFINITY { x } else { result };
    if x >= 1.0 { result } else { f64::NAN }
}

/// The inverse hyperbolic tangent, `log(1 + 2 x / (1 - x)) / 2`; within 0.9 ulp.
#[inline(always)]
pub fn atanh(x: f64) -> f64 {
    let size = x.abs();
    let a = if size < 1.0 { size } else { 0.5 };
    let w = quotient((2.0 * a, 0.0), fast_two_sum(1.0, -a));
    let result = 0.5 * log_of_sum(w, false, 0.0);
    let limit = if size == 1.0 { f64::INFINITY } else { f64::NAN };
    (if size < 1.0 { result } else { limit }).copysign(x)
}

/// The natural logarithm of a positive finite number to some 2^-68 of itself.
///
/// m is divided by the nearest of five numbers, one of which is 1, so that `|s| < 0.035`; the terms in
/// s and s^3 are computed as sums of two.
#[inline(always)]
fn log_in_two(x: f64) -> (f64, f64) {
    /// `(artanh s - s - s^3/3) / s^5` in `s^2` to 2^-74.
    const REST: [f64; 5] = [0.2, 0.14285714285705547, 0.11111111147665464, 0.09090855581843695, 0.07724262789881026];
    const THIRD: (f64, f64) = (0.3333333333333333, 1.850371707708594e-17);
    let (k, m) = exponent(x);
    let (c, log_c) = (centre(m, 0), (centre(m, 1), centre(m, 2)));
    let s = quotient((m - c, 0.0), fast_two_sum(c, m));
    let (z, error) = two_product(s.0, s.0);
    let z_low = error + 2.0 * s.0 * s.1;
    let (w, error) = two_product(z, THIRD.0);
    let w_low = error + (z * THIRD.1 + z_low * THIRD.0 + z * z * polynomial(z, &REST));
    let (t, error) = two_product(s.0, w);
    let t_low = error + (s.0 * w_low + s.1 * w);
    let (a, error_a) = two_sum(k * LN_2_HIGH, log_c.0);
    let (b, error_b) = two_sum(a, 2.0 * s.0);
    let (d, error_d) = fast_two_sum(b, 2.0 * t);
    let low = (error_a + error_b) + (error_d + (k * LN_2_LOW + log_c.1 + 2.0 * (s.1 + t_low)));
    fast_two_sum(d, low)
}

/// Numbers near the fifth roots of two, each with its logarithm in two parts.
const CENTRES: [[f64; 3]; 5] = [
    [0.7578125, -0.27731928541623435, 7.44528405583513e-18],
    [0.87109375, -0.13800567301944372, 3.082753002960249e-18],
    [1.0, 0.0, 0.0],
    [1.1484375, 0.13840232285911913, 4.447777301357527e-18],
    [1.3203125, 0.2778684510034563, -9.16018294909263e-19],
];

/// One of the numbers of the centre nearest to m. (Of branches the compiler would make more branches.)
#[inline(always)]
fn centre(m: f64, part: usize) -> f64 {
    let low = select_unpredictable(m < 0.81, CENTRES[0][part], CENTRES[1][part]);
    let high = select_unpredictable(m > 1.23, CENTRES[4][part], CENTRES[3][part]);
    let high = select_unpredictable(m > 1.07, high, CENTRES[2][part]);
    select_unpredictable(m < 0.93, low, high)
}

/// `x` to the power of `y`, as `e^(y log x)` with the logarithm and the product in two parts; within
/// 0.7 ulp. Special values are those of C99.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    or_limit_of_pow(x, y, exp_of_product(log_in_two(positive(x)), clamp(y, -1e20, 1e20)))
}

/// The size of a number, one for zero and infinity.
#[inline(always)]
pub fn positive(x: f64) -> f64 {
    let size = x.abs();
    if (size > 0.0) & (size < f64::INFINITY) { size } else { 1.0 }
}

/// `result`, which is `positive(x)` to the power of `y`, or what the power is elsewhere.
#[inline(always)]
pub fn or_limit_of_pow(x: f64, y: f64, result: f64) -> f64 {
    let size = x.abs();
    let usual = (size > 0.0) & (size < f64::INFINITY);
    let limit = if (size == 0.0) == (y > 0.0) { 0.0 } else { f64::INFINITY };
    let result = if usual { result } else { limit };
    let (integral, even) = (is_whole(y.abs()), is_whole(0.5 * y.abs()));
    let result = if (x < 0.0) & usual & !integral { f64::NAN } else { result };
    let sign = if integral & !even { x } else { 1.0 };
    let result = if x.is_nan() | y.is_nan() { f64::NAN } else { result.copysign(sign) };
    if (y == 0.0) | (x == 1.0) { 1.0 } else { result }
}

/// Whether a number not below zero is an integer.
#[inline(always)]
fn is_whole(y: f64) -> bool {
    (y >= TWO_52) | ((y + TWO_52) - TWO_52 == y)
}
