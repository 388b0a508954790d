//! What folds need to know of the element types: which values are missing, and how they widen.

use half::f16;
use num_complex::{Complex32, Complex64};

use super::super::tile::TileElement;
use crate::array::DType;
use crate::array::block::{Block, Element, storage, with_type};

/// Says which elements are missing.
pub trait Absence<T>: Clone + Copy + std::fmt::Debug + Send + Sync + 'static {
    /// Whether the element is missing.
    fn absent(value: &T) -> bool;
}

/// Elements none of which can be missing.
#[derive(Clone, Copy, Debug)]
pub struct Never;

/// Floats and complex numbers, missing where NaN.
#[derive(Clone, Copy, Debug)]
pub struct Nan;

/// Instants and durations, missing where NaT.
#[derive(Clone, Copy, Debug)]
pub struct Nat;

impl<T> Absence<T> for Never {
    #[inline(always)]
    fn absent(_: &T) -> bool {
        false
    }
}

impl Absence<i64> for Nat {
    #[inline(always)]
    fn absent(value: &i64) -> bool {
        *value == i64::MIN
    }
}

macro_rules! nan {
    ($($type:ty, $value:ident => $test:expr;)*) => {
        $(impl Absence<$type> for Nan {
            #[inline(always)]
            fn absent($value: &$type) -> bool {
                $test
            }
        })*
    };
}

nan! {
    f16, v => v.is_nan();
    f32, v => v.is_nan();
    f64, v => v.is_nan();
    Complex32, v => v.re.is_nan() || v.im.is_nan();
    Complex64, v => v.re.is_nan() || v.im.is_nan();
}

/// An element that converts into the wider type `A` in which it is accumulated.
pub trait Widen<A>: TileElement {
    /// The element as `A`.
    fn widen(&self) -> A;
}

macro_rules! widen {
    ($($to:ty: $($from:ty)*, $value:ident => $wide:expr;)*) => {
        $($(impl Widen<$to> for $from {
            #[inline(always)]
            fn widen(&self) -> $to {
                let $value = *self;
                $wide
            }
        })*)*
    };
}

widen! {
    i64: bool i8 i16 i32 i64, v => v as i64;
    u64: u8 u16 u32 u64, v => v as u64;
    i128: u64, v => i128::from(v);
    f64: bool, v => f64::from(u8::from(v));
    f64: i8 i16 i32 i64 u8 u16 u32 u64 f32 f64, v => v as f64;
    f64: f16, v => v.to_f64();
    Complex64: Complex32, v => Complex64::new(f64::from(v.re), f64::from(v.im));
    Complex64: Complex64, v => v;
}

/// What sums and products are accumulated in.
pub trait Wide: Element + Copy {
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The sum; wraps.
    fn plus(self, other: Self) -> Self;
    /// The product; wraps.
    fn times(self, other: Self) -> Self;
}

macro_rules! wide {
    ($($type:ty, $zero:expr, $one:expr, $a:ident $b:ident, $plus:expr, $times:expr;)*) => {
        $(impl Wide for $type {
            const ZERO: Self = $zero;
            const ONE: Self = $one;
            #[inline(always)]
            fn plus(self, $b: Self) -> Self {
                let $a = self;
                $plus
            }
            #[inline(always)]
            fn times(self, $b: Self) -> Self {
                let $a = self;
                $times
            }
        })*
    };
}

wide! {
    i64, 0, 1, a b, a.wrapping_add(b), a.wrapping_mul(b);
    u64, 0, 1, a b, a.wrapping_add(b), a.wrapping_mul(b);
    f64, 0.0, 1.0, a b, a + b, a * b;
    Complex64, Complex64::new(0.0, 0.0), Complex64::new(1.0, 0.0), a b, a + b, a * b;
}

/// A 1-d block of `dtype` from values of another type, converted as NumPy's `astype` converts.
pub fn block_of<A: Element>(values: Vec<A>, dtype: DType) -> Block {
    let block = Block::from_list(values);
    match &block {
        _ if A::DTYPE == storage(dtype) => block,
        Block::F64(wide) if dtype == DType::F32 => Block::from_list(
            wide.as_slice().unwrap_or_default().iter().map(|value| *value as f32).collect::<Vec<f32>>(),
        ),
        _ => with_type!(dtype, T => Block::from_list(block.scalars().iter().map(T::from_scalar).collect::<Vec<T>>())),
    }
}
