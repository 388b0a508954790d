//! Numbers of twice the precision as unevaluated sums of two `f64`, without fused multiply-add: T. J. Dekker,
//! "A floating-point technique for extending the available precision" (1971).

/// Added and taken away again, this rounds a number below 2^51 to an integer, which then also stands in
/// the lowest bits of the sum.
pub const ROUNDER: f64 = 6755399441055744.0;

/// 2^52, above which all numbers are integers.
pub const TWO_52: f64 = 4503599627370496.0;

/// 2^54, which makes subnormal numbers normal.
pub const TWO_54: f64 = 18014398509481984.0;

/// The rounded sum and what rounding took away.
#[inline(always)]
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// As [`two_sum`], where `a` is zero or not smaller than `b`.
#[inline(always)]
pub fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// The upper 26 bits of a number.
#[inline(always)]
pub fn head(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & 0xffff_ffff_f800_0000)
}

/// The rounded product and what rounding took away (within one unit of its 54th bit).
#[inline(always)]
pub fn two_product(a: f64, b: f64) -> (f64, f64) {
    let (a_high, b_high) = (head(a), head(b));
    let (a_low, b_low) = (a - a_high, b - b_high);
    let product = a * b;
    (product, (((a_high * b_high - product) + a_high * b_low) + a_low * b_high) + a_low * b_low)
}

/// The quotient of two sums, as a sum.
#[inline(always)]
pub fn quotient(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let first = a.0 / b.0;
    let (product, error) = two_product(first, b.0);
    (first, (((a.0 - product) - error) + (a.1 - first * b.1)) / b.0)
}

/// The root of a sum, as a sum.
#[inline(always)]
pub fn root(a: (f64, f64)) -> (f64, f64) {
    let first = a.0.sqrt();
    let (square, error) = two_product(first, first);
    let twice = if first == 0.0 { 1.0 } else { 2.0 * first };
    (first, (((a.0 - square) - error) + a.1) / twice)
}

/// The polynomial with these coefficients, lowest first.
#[inline(always)]
pub fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum * x + coefficients[i];
    }
    sum
}

/// `x` or the nearer bound; NaN stays.
#[inline(always)]
pub fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// `x * 2^k`, rounded once, for the integer k that stands in the lowest bits of `rounded`, from -2000 to 2000.
#[inline(always)]
pub fn scale(x: f64, rounded: f64) -> f64 {
    const SHIFT: u64 = 2200;
    let k = rounded.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(SHIFT);
    let half = k >> 1;
    let power = |k: u64| f64::from_bits(k.wrapping_add(1023u64.wrapping_sub(SHIFT / 2)) << 52);
    x * power(half) * power(k.wrapping_sub(half))
}
