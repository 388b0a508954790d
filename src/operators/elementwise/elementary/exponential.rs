//! Exponentials and hyperbolic functions.
//!
//! `x = k log 2 + r` with `|r| < 0.347` (W. J. Cody and W. Waite, "Software manual for the elementary
//! functions", 1980), and polynomials for `cosh r` and `sinh r`, which serve all functions of the family.
//! Leading terms are added as sums of two, so that the bounds below, measured against 300 bits, hold.

use std::f64::consts::LOG2_E;

use super::double::{ROUNDER, clamp, fast_two_sum, polynomial, quotient, scale, two_product, two_sum};

/// log 2 in 42 bits, and the rest.
pub const LN_2_HIGH: f64 = 0.6931471805598903;
/// See [`LN_2_HIGH`].
pub const LN_2_LOW: f64 = 5.497923018708371e-14;

/// `(cosh r - 1) / r^2` in `r^2` to 2^-65.
const COSH: [f64; 6] = [0.5, COSH_REST[0], COSH_REST[1], COSH_REST[2], COSH_REST[3], COSH_REST[4]];

/// The same without its first term.
const COSH_REST: [f64; 5] =
    [0.04166666666666668, 0.0013888888888879073, 2.4801587336442236e-05, 2.75572632790885e-07, 2.0918137737642736e-09];

/// `(sinh r - r) / r^3` in `r^2` to 2^-58.
const SINH: [f64; 5] =
    [0.16666666666666669, 0.008333333333330062, 0.00019841269863053618, 2.7557268459997064e-06, 2.510038549551032e-08];

/// An argument as `k log 2 + r`.
#[derive(Clone, Copy)]
struct Reduced {
    /// [`ROUNDER`] and k.
    rounded: f64,
    /// r and what rounding took from it.
    r: (f64, f64),
}

/// Reduces numbers between -800 and 800.
#[inline(always)]
fn reduce(x: f64, low: f64) -> Reduced {
    let rounded = x * LOG2_E + ROUNDER;
    let k = rounded - ROUNDER;
    let high = x - k * LN_2_HIGH;
    let rest = k * LN_2_LOW - low;
    let r = high - rest;
    Reduced { rounded, r: (r, (high - r) - rest) }
}

/// For the sum r of two, `cosh r - 1`, and `sinh r` less the first part.
#[inline(always)]
fn hyperbolic(r: (f64, f64)) -> (f64, f64) {
    let z = r.0 * r.0;
    (z * polynomial(z, &COSH) + r.0 * r.1, r.0 * z * polynomial(z, &SINH) + r.1)
}

/// `2^-m`, or nearly zero, for k times `times` as m.
#[inline(always)]
fn shrunk(rounded: f64, times: f64) -> f64 {
    let m = clamp((rounded - ROUNDER) * times, -1000.0, 1000.0) + ROUNDER;
    f64::from_bits(ROUNDER.to_bits().wrapping_sub(m.to_bits()).wrapping_add(1023) << 52)
}

/// `e^(x + low)`.
#[inline(always)]
pub fn exp_of_sum(x: f64, low: f64) -> f64 {
    let inside = clamp(x, -746.0, 710.0);
    let reduced = reduce(inside, if inside == x { low } else { 0.0 });
    let (cosh, sinh) = hyperbolic(reduced.r);
    let (one, error) = fast_two_sum(1.0, reduced.r.0);
    scale(one + (error + (cosh + sinh)), reduced.rounded)
}

/// e to the power of `x`; within 0.7 ulp.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    exp_of_sum(x, 0.0)
}

/// 2 to the power of `x`; within 0.8 ulp.
#[inline(always)]
pub fn exp2(x: f64) -> f64 {
    /// log 2 in 26 bits, and the rest.
    const LN_2: (f64, f64) = (0.6931471675634384, 1.2996506893889889e-08);
    let x = clamp(x, -1080.0, 1025.0);
    let rounded = x + ROUNDER;
    let fraction = x - (rounded - ROUNDER);
    let high = super::double::head(fraction);
    let (product, rest) = (high * LN_2.0, (fraction - high) * (LN_2.0 + LN_2.1) + high * LN_2.1);
    let (r, low) = fast_two_sum(product, rest);
    let (cosh, sinh) = hyperbolic((r, low));
    let (one, error) = fast_two_sum(1.0, r);
    scale(one + (error + (cosh + sinh)), rounded)
}

/// `e^x - 1` as `2^k` times a sum, for `x` between -50 and 710.
#[inline(always)]
fn expm1_parts(x: f64) -> (f64, (f64, f64)) {
    let Reduced { rounded, r } = reduce(x, 0.0);
    let (z, z_low) = two_product(r.0, r.0);
    let (cosh, sinh) = (z * z * polynomial(z, &COSH_REST) + r.0 * r.1, r.0 * z * polynomial(z, &SINH) + r.1);
    let (one, lost) = two_sum(1.0, -shrunk(rounded, 1.0));
    let (first, error_1) = two_sum(one, r.0);
    let (sum, error_2) = two_sum(first, 0.5 * z);
    (rounded, fast_two_sum(sum, (error_1 + error_2 + lost) + (cosh + (sinh + 0.5 * z_low))))
}

/// `e^x - 1`; within 0.6 ulp.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let (rounded, sum) = expm1_parts(clamp(x, -50.0, 710.0));
    scale(sum.0, rounded).copysign(x)
}

/// The hyperbolic sine; within 0.8 ulp.
#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    let Reduced { rounded, r } = reduce(clamp(x.abs(), 0.0, 712.0), 0.0);
    let (cosh, sinh) = hyperbolic(r);
    let c = shrunk(rounded, 2.0);
    let (one, lost) = fast_two_sum(1.0, -c);
    let (linear, linear_lost) = fast_two_sum(r.0, r.0 * c);
    let (sum, error) = two_sum(one, linear);
    let small = one * cosh + (1.0 + c) * sinh;
    scale(sum + (error + (lost + linear_lost + small)), rounded - 1.0).copysign(x)
}

/// The hyperbolic cosine; within 0.7 ulp.
#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    let Reduced { rounded, r } = reduce(clamp(x.abs(), 0.0, 712.0), 0.0);
    let (cosh, sinh) = hyperbolic(r);
    let c = shrunk(rounded, 2.0);
    let (one, lost) = fast_two_sum(1.0, c);
    let (linear, linear_lost) = fast_two_sum(r.0, -r.0 * c);
    let (sum, error) = fast_two_sum(one, linear);
    let small = one * cosh + (1.0 - c) * sinh;
    scale(sum + (error + (lost + linear_lost + small)), rounded - 1.0)
}

/// The hyperbolic tangent, `(e^2x - 1) / (e^2x + 1)`; within 0.6 ulp.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let (rounded, t) = expm1_parts(clamp(2.0 * x.abs(), 0.0, 46.0));
    let t = (scale(t.0, rounded), scale(t.1, rounded));
    let (below, lost) = two_sum(2.0, t.0);
    let (result, rest) = quotient(t, (below, lost + t.1));
    (result + rest).copysign(x)
}

/// `e^x` of a product that is given with its error.
#[inline(always)]
pub fn exp_of_product(logarithm: (f64, f64), factor: f64) -> f64 {
    let (product, error) = two_product(logarithm.0, factor);
    exp_of_sum(product, error + logarithm.1 * factor)
}
