//! Errors against CORE-MATH, whose results are correctly rounded: so a result is within one unit in the
//! last place where it is that of CORE-MATH or a neighbour.

use super::*;
use crate::operators::elementwise::loops::{map1_by, map2_by};
use crate::operators::simd::{self, LEVELS};
use crate::operators::tile::{TileElement, TileLoop, TileRef};

/// One of this many tests is made in builds that do not optimise this crate, which take long for each.
const THIN: usize = if cfg!(debug_assertions) { 200 } else { 1 };

/// Where functions change their ways, and the ends of numbers.
const SPECIAL: &[f64] = &[
    0.0,
    5e-324,
    2.2250738585072014e-308,
    1e-300,
    1e-160,
    1e-10,
    0.1,
    0.25,
    0.29,
    0.41,
    0.41421356,
    0.5,
    0.707,
    0.9999999999999999,
    1.0,
    1.0000000000000002,
    1.5,
    2.0,
    2.4142135,
    3.0,
    3.0000000001,
    10.0,
    22.0,
    37.0,
    88.7,
    104.0,
    149.5,
    709.78,
    709.79,
    710.5,
    745.1,
    745.2,
    746.0,
    1022.5,
    1024.0,
    1074.0,
    1074.5,
    1075.0,
    999999.9,
    1000000.1,
    268435456.0,
    268435457.0,
    4503599627370495.5,
    4503599627370497.0,
    9007199254740991.0,
    9007199254740993.0,
    1e22,
    1e160,
    1e300,
    f64::MAX,
    f64::INFINITY,
    f64::NAN,
];

/// A fixed sequence of bits (G. Marsaglia, "Xorshift RNGs", 2003).
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number of either sign whose size has an exponent from `low` on, one of `count`.
    fn number(&mut self, low: u64, count: u64) -> f64 {
        let bits = self.next();
        f64::from_bits((low + self.next() % count) << 52 | bits >> 12 | bits & 1 << 63)
    }
}

fn special() -> impl Iterator<Item = f64> + Clone {
    SPECIAL.iter().flat_map(|x| [*x, -x])
}

/// Special numbers, all exponents alike, and many of ordinary size.
fn numbers() -> Vec<f64> {
    let mut bits = Bits(0x9e37_79b9_7f4a_7c15);
    let mut all: Vec<f64> = special().collect();
    all.extend((0..60_000 / THIN).map(|i| {
        let exponent = (i * THIN) as u64 % 2047;
        bits.number(exponent, 1)
    }));
    all.extend((0..120_000 / THIN).map(|_| bits.number(1023 - 12, 24)));
    all.extend((0..60_000 / THIN).map(|_| bits.number(1023 - 3, 5)));
    all
}

fn pairs() -> Vec<(f64, f64)> {
    let mut bits = Bits(0x2545_f491_4f6c_dd1d);
    let mut all: Vec<(f64, f64)> = special().flat_map(|a| special().map(move |b| (a, b))).collect();
    for _ in 0..40_000 / THIN {
        all.push((bits.number(0, 2047), bits.number(0, 2047)));
        all.push((bits.number(1023 - 8, 16), bits.number(1023 - 8, 16)));
        let (near, small) = (bits.next() % 1987, bits.next() % 60);
        all.push((bits.number(near, 1), bits.number(near + small, 1)));
        let base = 1.0 + bits.number(1023 - 40, 39).abs();
        all.push((base, bits.number(1022, 1) * 700.0 / base.ln()));
    }
    all
}

/// How many numbers of the type lie between two; NaN is apart from all numbers, zeros from each other.
trait Apart: Copy + std::fmt::LowerExp {
    fn apart(self, other: Self) -> u64;
}

macro_rules! apart {
    ($($type:ident $bits:ident)*) => {
        $(impl Apart for $type {
            fn apart(self, other: Self) -> u64 {
                match (self.to_bits() as $bits, other.to_bits() as $bits) {
                    _ if self.is_nan() && other.is_nan() => 0,
                    (a, b) if (a < 0) == (b < 0) && !self.is_nan() && !other.is_nan() => u64::from(a.abs_diff(b)),
                    _ => u64::MAX,
                }
            }
        })*
    };
}

apart! { f32 i32 f64 i64 }

/// Runs a loop at every level that there is; all give the same.
fn at_all_levels<R: TileElement + Apart + Default>(name: &str, run: &TileLoop, inputs: &[TileRef]) -> Vec<R> {
    let mut results: Vec<Vec<R>> = Vec::new();
    for (level, _) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
        simd::force(*level);
        let mut out = vec![R::default(); inputs[0].len()];
        run(inputs, R::exclusive(&mut out));
        let differs = results.first().is_some_and(|first| first.iter().zip(&out).any(|(a, b)| a.apart(*b) != 0));
        assert!(!differs, "{name} differs at {level}");
        results.push(out);
    }
    results.swap_remove(0)
}

fn check<T: Apart>(name: &str, results: &[T], exact: impl Fn(usize) -> T, shown: impl Fn(usize) -> String) {
    let mut wrong = 0;
    for (i, &result) in results.iter().enumerate() {
        let exact = exact(i);
        let apart = result.apart(exact);
        assert!(apart <= 1, "{name}({}) is {result:e}, not {exact:e}", shown(i));
        wrong += apart;
    }
    println!("{name}: {wrong} of {} not the nearest", results.len());
}

/// The f32 of every so many bit patterns, with the special ones.
fn singles(stride: usize) -> Vec<f32> {
    (0..1u64 << 32)
        .step_by(stride * THIN)
        .map(|bits| f32::from_bits(bits as u32))
        .chain(special().map(|x| x as f32))
        .collect()
}

macro_rules! of_one {
    ($($row:ident $double:ident $single:ident)*) => {
        #[test]
        fn functions_of_one_double_are_within_one_unit() {
            let x = numbers();
            $({
                let out: Vec<f64> = at_all_levels(stringify!($double), &map1_by::<f64, f64>($row), &[f64::shared(&x)]);
                check(stringify!($double), &out, |i| core_math::$double(x[i]), |i| format!("{:e}", x[i]));
            })*
        }

        #[test]
        fn functions_of_one_single_are_within_one_unit() {
            let x = singles(9970);
            $({
                let out: Vec<f32> = at_all_levels(stringify!($single), &map1_by::<f32, f32>($row), &[f32::shared(&x)]);
                check(stringify!($single), &out, |i| core_math::$single(x[i]), |i| format!("{:e}", x[i]));
            })*
        }
    };
}

of_one! {
    Exp exp expf Exp2 exp2 exp2f Expm1 expm1 expm1f Log log logf Log2 log2 log2f Log10 log10 log10f Log1p log1p log1pf
    Sin sin sinf Cos cos cosf Tan tan tanf Asin asin asinf Acos acos acosf Atan atan atanf Sinh sinh sinhf
    Cosh cosh coshf Tanh tanh tanhf Asinh asinh asinhf Acosh acosh acoshf Atanh atanh atanhf Cbrt cbrt cbrtf
}

macro_rules! of_two {
    ($($row:ident $double:ident $single:ident)*) => {
        #[test]
        fn functions_of_two_numbers_are_within_one_unit() {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs().into_iter().unzip();
            let narrow = |x: &[f64]| x.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            let (c, d) = (narrow(&a), narrow(&b));
            $({
                let inputs = [f64::shared(&a), f64::shared(&b)];
                let out: Vec<f64> = at_all_levels(stringify!($double), &map2_by::<f64, f64, f64>($row), &inputs);
                let shown = |i: usize| format!("{:e}, {:e}", a[i], b[i]);
                check(stringify!($double), &out, |i| core_math::$double(a[i], b[i]), shown);
                let inputs = [f32::shared(&c), f32::shared(&d)];
                let out: Vec<f32> = at_all_levels(stringify!($single), &map2_by::<f32, f32, f32>($row), &inputs);
                let shown = |i: usize| format!("{:e}, {:e}", c[i], d[i]);
                check(stringify!($single), &out, |i| core_math::$single(c[i], d[i]), shown);
            })*
        }
    };
}

of_two! { Pow pow powf Atan2 atan2 atan2f Hypot hypot hypotf }
