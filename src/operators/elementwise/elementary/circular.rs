//! Sine, cosine and tangent.
//!
//! `x = k pi/2 + r` with pi/2 in parts of 33 bits, whose products with k are exact (Cody and Waite), for
//! `|x|` up to [`LIMIT`]; beyond, 2/pi to as many bits as matter (M. H. Payne and R. N. Hanek, "Radian
//! reduction for trigonometric functions", 1983), one number at a time. The polynomials hold for
//! `|r| < pi/4`.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use super::double::{ROUNDER, fast_two_sum, polynomial, quotient, two_product, two_sum};

/// Greater arguments are reduced by Payne and Hanek's method.
pub const LIMIT: f64 = 1e6;

/// pi/2 in three parts of 33 bits and the rest.
const HALF_PI: [f64; 4] = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];

/// `(sin r - r) / r^3` in `r^2` to 2^-57.
const SIN: [f64; 6] = [
    -0.16666666666666666,
    0.008333333333330946,
    -0.0001984126983675497,
    2.755731610068303e-06,
    -2.5051131455427946e-08,
    1.591810123027412e-10,
];

/// `(cos r - 1 + r^2/2) / r^4` in `r^2` to 2^-59.
const COS: [f64; 6] = [
    0.041666666666666664,
    -0.0013888888888887395,
    2.4801587298763433e-05,
    -2.7557317270560326e-07,
    2.0876146024689747e-09,
    -1.1382614868556325e-11,
];

/// The quadrant in the two lowest bits, and what is left of the angle.
type Angle = (u64, (f64, f64));

/// The angle of a number up to [`LIMIT`].
#[inline(always)]
fn reduce(x: f64) -> Angle {
    let rounded = x * FRAC_2_PI + ROUNDER;
    let k = rounded - ROUNDER;
    let (second, error_2) = two_sum(x - k * HALF_PI[0], -(k * HALF_PI[1]));
    let (third, error_3) = two_sum(second, -(k * HALF_PI[2]));
    (rounded.to_bits(), fast_two_sum(third, (error_2 + error_3) - k * HALF_PI[3]))
}

/// The first 1280 bits of 2/pi behind the point.
const TWO_BY_PI: [u64; 20] = [
    0xa2f9836e4e441529,
    0xfc2757d1f534ddc0,
    0xdb6295993c439041,
    0xfe5163abdebbc561,
    0xb7246e3a424dd2e0,
    0x06492eea09d1921c,
    0xfe1deb1cb129a73e,
    0xe88235f52ebb4484,
    0xe99c7026b45f7e41,
    0x3991d639835339f4,
    0x9c845f8bbdf9283b,
    0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab,
    0xf0cfbc209af4361d,
];

/// The angle of a finite number beyond [`LIMIT`], to some 2^-64 of itself for the worst of them.
///
/// With x an integer times `2^e`, the bits of 2/pi up to the one of weight `2^(2-e)` give whole turns and
/// are passed over; of the product with the next 192 bits the upper 128 below the turns count: two of the
/// quadrant, the others behind the point.
fn reduce_far(x: f64) -> Angle {
    let mantissa = u128::from((x.to_bits() & 0x000f_ffff_ffff_ffff) | 0x0010_0000_0000_0000);
    let e = (x.to_bits() >> 52 & 0x7ff) as i32 - 1075;
    let skipped = (e - 2).max(0) as usize;
    let word = |i: usize| {
        let (at, shift) = (skipped / 64 + i, skipped % 64);
        let pair = u128::from(TWO_BY_PI[at]) << 64 | u128::from(TWO_BY_PI[at + 1]);
        (pair << shift) >> 64
    };
    let low = mantissa * word(2);
    let middle = mantissa * word(1) + (low >> 64);
    let high = mantissa * word(0) + (middle >> 64);
    let upper = high << 64 | u128::from(middle as u64);
    let product = match (2 - e).max(0) as u32 {
        0 => upper,
        shift => upper >> shift | (high >> 64) << (128 - shift),
    };
    let (quadrant, fraction) = ((product >> 126) as u64, product << 2);
    let up = fraction >> 127 == 1;
    let size = if up { fraction.wrapping_neg() } else { fraction };
    let unit = f64::from_bits((1023 - 128) << 52);
    let part = |bits: u128| bits as f64 * unit;
    let turns = fast_two_sum(part(size >> 75 << 75), part(size & ((1 << 75) - 1)));
    let (r, error) = two_product(turns.0, FRAC_PI_2);
    let (r, low) = fast_two_sum(r, error + (turns.0 * 6.123233995736766e-17 + turns.1 * FRAC_PI_2));
    let r = if up != (x < 0.0) { (-r, -low) } else { (r, low) };
    let quadrant = quadrant + u64::from(up);
    (if x < 0.0 { quadrant.wrapping_neg() } else { quadrant }, r)
}

/// The sine of what is left of an angle.
#[inline(always)]
fn near_sin(r: (f64, f64)) -> (f64, f64) {
    let z = r.0 * r.0;
    (r.0, r.0 * z * polynomial(z, &SIN) + (r.1 - 0.5 * z * r.1))
}

/// The cosine of what is left of an angle.
#[inline(always)]
fn near_cos(r: (f64, f64)) -> (f64, f64) {
    let (z, error) = two_product(r.0, r.0);
    let (one, lost) = fast_two_sum(1.0, -0.5 * z);
    (one, lost + (z * z * polynomial(z, &COS) - (r.0 * r.1 + 0.5 * error)))
}

#[inline(always)]
fn sin_of((quadrant, r): Angle) -> f64 {
    let (sin, cos) = (near_sin(r), near_cos(r));
    let size = if quadrant & 1 == 0 { sin.0 + sin.1 } else { cos.0 + cos.1 };
    f64::from_bits(size.to_bits() ^ (quadrant & 2) << 62)
}

#[inline(always)]
fn cos_of((quadrant, r): Angle) -> f64 {
    sin_of((quadrant.wrapping_add(1), r))
}

#[inline(always)]
fn tan_of((quadrant, r): Angle) -> f64 {
    let (sin, cos) = (near_sin(r), near_cos(r));
    let (sin, cos) = (fast_two_sum(sin.0, sin.1), fast_two_sum(cos.0, cos.1));
    let odd = quadrant & 1 != 0;
    let above = if odd { (-cos.0, -cos.1) } else { sin };
    let (first, rest) = quotient(above, if odd { sin } else { cos });
    first + rest
}

/// Whether an argument needs the far reduction.
#[inline(always)]
pub fn is_far(x: f64) -> bool {
    (x.abs() > LIMIT) & (x.abs() < f64::INFINITY)
}

macro_rules! functions {
    ($($near:ident $far:ident $of:ident $odd:literal $what:literal $error:literal;)*) => {
        $(#[doc = concat!("The ", $what, " of an angle in radians, up to [`LIMIT`]; within ", $error, " ulp.")]
        #[inline(always)]
        pub fn $near(x: f64) -> f64 {
            let result = $of(reduce(x));
            if $odd & (x.abs() < 1e-9) { x } else { result }
        }

        #[doc = concat!("The ", $what, " of an angle in radians beyond [`LIMIT`]; within ", $error, " ulp.")]
        #[inline(never)]
        pub fn $far(x: f64) -> f64 {
            $of(reduce_far(x))
        }
        )*
    };
}

functions! {
    near_sine far_sine sin_of true "sine" "0.8";
    near_cosine far_cosine cos_of false "cosine" "0.8";
    near_tangent far_tangent tan_of true "tangent" "0.95";
}
