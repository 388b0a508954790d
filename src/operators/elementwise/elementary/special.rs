//! Functions beyond the elementary ones, made of these: sums of powers as logarithms, the cardinal sine, a Bessel function.

use std::f64::consts::{LN_2, LOG2_E, PI};

use super::circular::near_sine;
use super::exponential::{exp, exp2};
use super::logarithm::log1p;

/// `log(exp a + exp b)`; within 1.5 ulp of the greater of its size and that of the greater argument.
#[inline(always)]
pub fn logaddexp(a: f64, b: f64) -> f64 {
    let (greater, distance) = apart(a, b);
    if a == b { a + LN_2 } else { greater + log1p(exp(-distance)) }
}

/// `log2(2^a + 2^b)`; bounded as [`logaddexp`].
#[inline(always)]
pub fn logaddexp2(a: f64, b: f64) -> f64 {
    let (greater, distance) = apart(a, b);
    if a == b { a + 1.0 } else { greater + log1p(exp2(-distance)) * LOG2_E }
}

/// The greater of two numbers and how far the other is from it; both are NaN where one is.
#[inline(always)]
fn apart(a: f64, b: f64) -> (f64, f64) {
    let distance = (a - b).abs();
    let greater = if a > b { a } else { b };
    (if distance.is_nan() { distance } else { greater }, distance)
}

/// `sin(pi x) / (pi x)`, one at zero; within 3 ulp, and zero at all other integers.
#[inline(always)]
pub fn sinc(x: f64) -> f64 {
    let rest = x - 2.0 * (x * 0.5).round_ties_even();
    let folded = if rest.abs() > 0.5 { (1.0 - rest.abs()).copysign(rest) } else { rest };
    if x == 0.0 { 1.0 } else { near_sine(PI * folded) / (PI * x) }
}

/// `e^-x I0(x)` for x from 0 to 8, in `x / 4 - 1`.
const NEAR: [f64; 31] = [
    0.33839763720473803,
    -0.3046826723431984,
    0.17162090152220877,
    -0.09490109704804764,
    0.04930528423967071,
    -0.02373741480589947,
    0.010546460394594998,
    -0.004324309995050576,
    0.0016394756169413357,
    -0.0005763755745385824,
    0.00018850288509584165,
    -5.754195010082104e-05,
    1.6448448070728896e-05,
    -4.4167383584587505e-06,
    1.1173875391201037e-06,
    -2.670793853940612e-07,
    6.046995022541919e-08,
    -1.300025009986248e-08,
    2.6598237246823866e-09,
    -5.189795601635263e-10,
    9.675809035373237e-11,
    -1.726826291441556e-11,
    2.95505266312964e-12,
    -4.856446783111929e-13,
    7.676185498604936e-14,
    -1.1685332877993451e-14,
    1.715391285555133e-15,
    -2.431279846547955e-16,
    3.330794518822237e-17,
    -4.415341646479224e-18,
    5.669178006908681e-19,
];

/// `e^-x sqrt(x) I0(x)` for x from 8, in `16 / x - 1`.
const FAR: [f64; 29] = [
    0.4022452055070544,
    0.0033691164782556943,
    6.889758346916825e-05,
    2.8913705208347567e-06,
    2.0489185894690638e-07,
    2.266668990498178e-08,
    3.3962320257083865e-09,
    4.94060238822497e-10,
    1.1889147107846437e-11,
    -3.1499165279632416e-11,
    -1.3215811840447713e-11,
    -1.7941785315068076e-12,
    7.180124451383686e-13,
    3.852778382742172e-13,
    1.540086217520184e-14,
    -4.1505693472865785e-14,
    -9.55484669878791e-15,
    3.811680669268027e-15,
    1.7725601330086068e-15,
    -3.425485615467077e-16,
    -2.8276239842056236e-16,
    3.4612227363393705e-17,
    4.465621750561301e-17,
    -4.8305029007498465e-18,
    -7.233197098035753e-18,
    9.921602293136625e-19,
    1.1937119008296829e-18,
    -2.489975033034317e-19,
    -1.939928587732284e-19,
];

/// The modified Bessel function of the first kind and order zero, by Chebyshev series computed with 70 digits; within 6
/// ulp.
#[inline(always)]
pub fn i0(x: f64) -> f64 {
    let x = x.abs();
    let (near, far) = (chebyshev(x * 0.25 - 1.0, &NEAR), chebyshev(16.0 / x - 1.0, &FAR) / x.sqrt());
    // The exponential alone would be infinite before the product is.
    let root = exp(x * 0.5);
    let value = if x <= 8.0 { near } else { far } * root * root;
    if x == f64::INFINITY { x } else { value }
}

/// The series of Chebyshev polynomials with these coefficients, by Clenshaw's recurrence.
#[inline(always)]
fn chebyshev<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let (mut first, mut second) = (0.0, 0.0);
    for i in (1..N).rev() {
        (first, second) = (2.0 * x * first - second + coefficients[i], first);
    }
    x * first - second + coefficients[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_seventy_digits() {
        let expected = [
            (0.0, 1.0),
            (0.5, 1.0634833707413236),
            (3.0, 4.8807925858650245),
            (8.0, 427.5641157218048),
            (8.5, 683.1619269901156),
            (-30.0, 781672297823.9775),
            (700.0, 1.5295933476718737e302),
        ];
        for (x, value) in expected {
            assert!((i0(x) / value - 1.0).abs() < 6.0 * f64::EPSILON, "{x}: {} is not {value}", i0(x));
        }
        assert_eq!((i0(1e3), i0(f64::NEG_INFINITY)), (f64::INFINITY, f64::INFINITY));
        assert!(i0(f64::NAN).is_nan());
    }

    #[test]
    fn the_cardinal_sine_is_zero_at_integers() {
        assert_eq!([0.0, 1.0, -7.0, 1e15].map(sinc), [1.0, 0.0, 0.0, 0.0]);
        assert!((sinc(0.5) - 2.0 / PI).abs() < 1e-16);
        assert!((sinc(1e6 + 0.5) * PI * (1e6 + 0.5) - 1.0).abs() < 1e-15);
        assert!(sinc(f64::INFINITY).is_nan());
    }

    #[test]
    fn sums_of_powers_have_limits() {
        let infinity = f64::INFINITY;
        assert_eq!(logaddexp(infinity, infinity), infinity);
        assert_eq!(logaddexp(-infinity, -infinity), -infinity);
        assert_eq!(logaddexp(infinity, -infinity), infinity);
        assert_eq!(logaddexp(-infinity, 3.0), 3.0);
        assert_eq!(logaddexp2(3.0, 3.0), 4.0);
        assert!(logaddexp(f64::NAN, 1.0).is_nan() && logaddexp2(1.0, f64::NAN).is_nan());
        assert_eq!(logaddexp2(0.0, -1.0), 1.5f64.log2());
    }
}
