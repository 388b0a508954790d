//! Keys: elements as integers without sign that sort as the elements do, missing ones last.
//!
//! Comparing integers costs one instruction and has no exceptions, so selection and sorting run on keys.
//! A float's bits already sort as the float does where it is positive, and backwards where it is
//! negative (IEEE 754-2019, 5.10, the total order); negative zero comes before zero.

use std::fmt::Debug;
use std::marker::PhantomData;

use half::f16;

use crate::array::block::Element;
use crate::array::calendar::NAT;

/// How elements of one dtype become keys, and what lies between two of them.
pub trait Keys {
    /// The elements.
    type Value: Element + Copy;
    /// Their keys.
    type Key: Copy + Debug + Default + Ord + std::ops::Not<Output = Self::Key> + Send + Sync + 'static;
    /// What interpolation gives: of floats and times their like, of all else `f64`.
    type Between: Element + Copy;

    /// The key of missing elements, which no other has; none where elements cannot be missing.
    const MISSING: Option<Self::Key>;

    /// The key of an element.
    fn key(value: Self::Value) -> Self::Key;

    /// The element of a key; one NaN stands for all.
    fn value(key: Self::Key) -> Self::Value;

    /// The element, where others count as equal to it: of both zeros the positive one.
    fn merged(value: Self::Value) -> Self::Value {
        value
    }

    /// The value a part `t` (from 0 to 1) of the way from `a` up to `b`.
    fn between(a: Self::Value, b: Self::Value, t: f64) -> Self::Between;

    /// The mean of two values.
    fn mean(a: Self::Value, b: Self::Value) -> Self::Between;

    /// What interpolation gives where there is nothing.
    fn nothing() -> Self::Between;
}

/// Numbers and truth values.
#[derive(Debug)]
pub struct Plain<T>(PhantomData<T>);

/// Instants and durations: microseconds, the least of which is missing.
#[derive(Debug)]
pub struct Times;

/// Linear interpolation as NumPy has it: exact at both ends and monotonic. Where a bound is infinite the
/// result is that bound, or NaN between both infinities.
fn between(a: f64, b: f64, t: f64) -> f64 {
    let distance = b - a;
    match t {
        t if t == 0.0 || a == b => a,
        1.0 => b,
        _ if a.is_infinite() || b.is_infinite() => a + b,
        t if t < 0.5 => a + distance * t,
        t => b - distance * (1.0 - t),
    }
}

macro_rules! integers {
    ($($type:ty as $key:ty, $low:expr;)*) => {$(
        impl Keys for Plain<$type> {
            type Value = $type;
            type Key = $key;
            type Between = f64;
            const MISSING: Option<$key> = None;

            #[inline(always)]
            fn key(value: $type) -> $key {
                (value as $key) ^ $low
            }
            #[inline(always)]
            fn value(key: $key) -> $type {
                (key ^ $low) as $type
            }
            fn between(a: $type, b: $type, t: f64) -> f64 {
                between(a as f64, b as f64, t)
            }
            fn mean(a: $type, b: $type) -> f64 {
                (a as f64 + b as f64) / 2.0
            }
            fn nothing() -> f64 {
                f64::NAN
            }
        }
    )*};
}

integers! {
    i8 as u8, 1 << 7; i16 as u16, 1 << 15; i32 as u32, 1 << 31; i64 as u64, 1 << 63;
    u8 as u8, 0; u16 as u16, 0; u32 as u32, 0; u64 as u64, 0;
}

impl Keys for Plain<bool> {
    type Value = bool;
    type Key = u8;
    type Between = f64;
    const MISSING: Option<u8> = None;

    fn key(value: bool) -> u8 {
        u8::from(value)
    }
    fn value(key: u8) -> bool {
        key != 0
    }
    fn between(a: bool, b: bool, t: f64) -> f64 {
        between(f64::from(u8::from(a)), f64::from(u8::from(b)), t)
    }
    fn mean(a: bool, b: bool) -> f64 {
        f64::from(u8::from(a) + u8::from(b)) / 2.0
    }
    fn nothing() -> f64 {
        f64::NAN
    }
}

macro_rules! floats {
    ($($type:ty as $key:ty, $zero:expr, $to:expr, $from:expr;)*) => {$(
        impl Keys for Plain<$type> {
            type Value = $type;
            type Key = $key;
            type Between = $type;
            const MISSING: Option<$key> = Some(<$key>::MAX);

            #[inline(always)]
            fn key(value: $type) -> $key {
                let bits = value.to_bits();
                let negative = 0 as $key;
                let negative = negative.wrapping_sub(bits >> (<$key>::BITS - 1));
                let key = bits ^ (negative | 1 << (<$key>::BITS - 1));
                if value.is_nan() { <$key>::MAX } else { key }
            }
            #[inline(always)]
            fn value(key: $key) -> $type {
                let positive = (0 as $key).wrapping_sub(key >> (<$key>::BITS - 1));
                let bits = key ^ (!positive | 1 << (<$key>::BITS - 1));
                if key == <$key>::MAX { <$type>::NAN } else { <$type>::from_bits(bits) }
            }
            #[inline(always)]
            fn merged(value: $type) -> $type {
                if value == $zero { $zero } else { value }
            }
            fn between(a: $type, b: $type, t: f64) -> $type {
                let (to, from): (fn($type) -> f64, fn(f64) -> $type) = ($to, $from);
                from(between(to(a), to(b), t))
            }
            fn mean(a: $type, b: $type) -> $type {
                let (to, from): (fn($type) -> f64, fn(f64) -> $type) = ($to, $from);
                from((to(a) + to(b)) / 2.0)
            }
            fn nothing() -> $type {
                <$type>::NAN
            }
        }
    )*};
}

floats! {
    f16 as u16, f16::ZERO, f64::from, f16::from_f64;
    f32 as u32, 0.0, f64::from, |v| v as f32;
    f64 as u64, 0.0, |v| v, |v| v;
}

impl Keys for Times {
    type Value = i64;
    type Key = u64;
    type Between = i64;
    const MISSING: Option<u64> = Some(u64::MAX);

    #[inline(always)]
    fn key(value: i64) -> u64 {
        // The least comes out as zero, and one less than zero is the greatest key.
        ((value as u64) ^ (1 << 63)).wrapping_sub(1)
    }
    #[inline(always)]
    fn value(key: u64) -> i64 {
        (key.wrapping_add(1) ^ (1 << 63)) as i64
    }
    fn between(a: i64, b: i64, t: f64) -> i64 {
        let distance = b.wrapping_sub(a) as f64;
        if t < 0.5 { a + (distance * t) as i64 } else { b - (distance * (1.0 - t)) as i64 }
    }
    fn mean(a: i64, b: i64) -> i64 {
        ((i128::from(a) + i128::from(b)).div_euclid(2)) as i64
    }
    fn nothing() -> i64 {
        NAT
    }
}

/// Runs `$body` with `$K` naming the [`Keys`] of a dtype that can be ordered; `$else` for others.
macro_rules! with_keys {
    ($dtype:expr, $K:ident => $body:expr, $else:expr) => {
        with_keys!(@ $dtype, $K, $body, $else,
            Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64,
            F16 half::f16, F32 f32, F64 f64)
    };
    (@ $dtype:expr, $K:ident, $body:expr, $else:expr, $($variant:ident $type:ty),*) => {
        match $dtype {
            $($crate::array::DType::$variant => { type $K = $crate::operators::whole::keys::Plain<$type>; $body })*
            $crate::array::DType::DateTime(_) | $crate::array::DType::Duration => {
                type $K = $crate::operators::whole::keys::Times;
                $body
            }
            $crate::array::DType::C64 | $crate::array::DType::C128 | $crate::array::DType::Str => $else,
        }
    };
}
pub(in crate::operators) use with_keys;

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<K: Keys>(values: &[K::Value]) -> Vec<K::Value> {
        let mut keys: Vec<K::Key> = values.iter().map(|v| K::key(*v)).collect();
        keys.sort_unstable();
        keys.into_iter().map(K::value).collect()
    }

    #[test]
    fn keys_sort_as_values_do() {
        let floats = [2.5, -f64::NAN, -0.0, f64::INFINITY, 0.0, f64::MIN_POSITIVE, -1e300, f64::NEG_INFINITY, f64::NAN];
        let expected = "[-inf, -1e300, -0.0, 0.0, 2.2250738585072014e-308, 2.5, inf, NaN, NaN]";
        assert_eq!(format!("{:?}", sorted::<Plain<f64>>(&floats)), expected);
        let narrow: Vec<f32> = floats.iter().map(|v| *v as f32).collect();
        assert_eq!(format!("{:?}", sorted::<Plain<f32>>(&narrow)), "[-inf, -inf, -0.0, 0.0, 0.0, 2.5, inf, NaN, NaN]");
        let halves: Vec<f16> = [1.5, -2.0, f32::NAN, 0.25].map(f16::from_f32).to_vec();
        assert_eq!(format!("{:?}", sorted::<Plain<f16>>(&halves)), "[-2.0, 0.25, 1.5, NaN]");
        assert_eq!(sorted::<Plain<i8>>(&[3, -128, 127, 0, -1]), [-128, -1, 0, 3, 127]);
        assert_eq!(sorted::<Plain<u64>>(&[u64::MAX, 0, 7]), [0, 7, u64::MAX]);
        assert_eq!(sorted::<Plain<bool>>(&[true, false, true]), [false, true, true]);
        assert_eq!(sorted::<Times>(&[5, NAT, -3, i64::MAX, NAT + 1]), [NAT + 1, -3, 5, i64::MAX, NAT]);
    }

    #[test]
    fn nothing_lies_beyond_the_ends() {
        for (a, b, t, expected) in [
            (1.0, 3.0, 0.5, 2.0),
            (1.0, f64::INFINITY, 0.25, f64::INFINITY),
            (1.0, f64::INFINITY, 0.0, 1.0),
            (f64::NEG_INFINITY, 1.0, 0.75, f64::NEG_INFINITY),
            (f64::INFINITY, f64::INFINITY, 0.5, f64::INFINITY),
        ] {
            assert_eq!(between(a, b, t), expected, "{a} {b} {t}");
        }
        assert!(between(f64::NEG_INFINITY, f64::INFINITY, 0.5).is_nan());
        assert_eq!(<Times as Keys>::between(-8, 3, 0.3), -5);
        assert_eq!(<Times as Keys>::between(5, 9, 0.9), 9);
    }
}
