//! Cubic roots and the hypotenuse.

use super::double::{ROUNDER, TWO_52, TWO_54, fast_two_sum, polynomial, root, scale, two_product};

/// The beginning of a cubic root.
pub struct Start {
    /// A number from 1 to 8, of which the root is to be found.
    pub cube: f64,
    /// Its cubic root to 2^-13.
    pub root: f64,
    /// [`ROUNDER`] and the exponent of the result.
    pub rounded: f64,
}

/// Takes whole thirds of the exponent from a positive normal number.
#[inline(always)]
pub fn start(x: f64) -> Start {
    /// The cubic root of numbers from 1 to 2 to 2^-13.
    const ROOT: [f64; 4] = [0.5557909602691388, 0.5808263911380952, -0.1586624600531909, 0.022148699208245196];
    let k = f64::from_bits((x.to_bits() >> 52) | 0x4330_0000_0000_0000) - (TWO_52 + 1023.0);
    let m = f64::from_bits((x.to_bits() & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let rounded = (k - 1.0) * (1.0 / 3.0) + ROUNDER;
    let rest = k - 3.0 * (rounded - ROUNDER);
    let (factor, power) = if rest == 1.0 { (1.2599210498948732, 2.0) } else { (1.0, 1.0) };
    let (factor, power) = if rest == 2.0 { (1.5874010519681996, 4.0) } else { (factor, power) };
    Start { cube: m * power, root: polynomial(m, &ROOT) * factor, rounded }
}

/// The cubic root by Halley's iteration from 2^-13, and once more from 25 bits, whose square is exact (as
/// FreeBSD's `cbrt` ends); within 0.7 ulp.
#[inline(always)]
pub fn cbrt(x: f64) -> f64 {
    let size = x.abs();
    let tiny = size < f64::MIN_POSITIVE;
    let Start { cube: m, root: t, rounded } = start(if tiny { size * TWO_54 } else { size });
    let cube = t * t * t;
    let t = t * ((cube + 2.0 * m) / (2.0 * cube + m));
    let t = f64::from_bits(t.to_bits().wrapping_add(0x0800_0000) & 0xffff_ffff_f000_0000);
    let r = m / (t * t);
    let t = t + t * ((r - t) / (2.0 * t + r));
    let root = scale(t, if tiny { rounded - 18.0 } else { rounded });
    if (size > 0.0) & (size < f64::INFINITY) { root.copysign(x) } else { x }
}

/// `sqrt(a^2 + b^2)` without needless overflow, the squares and their sum in two parts; within 0.6 ulp.
#[inline(always)]
pub fn hypot(a: f64, b: f64) -> f64 {
    const LARGE: f64 = f64::from_bits((1023 + 600) << 52);
    const SMALL: f64 = f64::from_bits((1023 - 600) << 52);
    let (a, b) = (a.abs(), b.abs());
    let (x, y) = if a < b { (b, a) } else { (a, b) };
    let to = if x > 1e150 { SMALL } else { 1.0 };
    let to = if x < 1e-120 { LARGE } else { to };
    let back = 1.0 / to;
    let (xx, yy) = (two_product(x * to, x * to), two_product(y * to, y * to));
    let (sum, error) = fast_two_sum(xx.0, yy.0);
    let (first, rest) = root((sum, error + (xx.1 + yy.1)));
    let result = (first + rest) * back;
    let result = if a.is_nan() | b.is_nan() { f64::NAN } else { result };
    if (a == f64::INFINITY) | (b == f64::INFINITY) { f64::INFINITY } else { result }
}
