//! The value between two, element by element.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use crate::array::DType;
use crate::operators::tile::{TileElement, TileLoop};

/// What can be blended: computed in double precision and rounded once.
pub(super) trait Blend: TileElement + Copy {
    /// The value a part of the way from `a` to `b`.
    fn blend(a: Self, b: Self, part: f64) -> Self;
    /// A real number as this.
    fn real(value: f64) -> Self;
}

/// The value a part of the way from `a` to `b`, which may lie beyond both; each of them exactly where the part is zero or
/// one, whatever the other is.
pub(super) fn between(a: f64, b: f64, part: f64) -> f64 {
    let distance = b - a;
    match part {
        0.0 => a,
        1.0 => b,
        _ if distance.is_finite() => a + distance * part,
        _ => a * (1.0 - part) + b * part,
    }
}

macro_rules! blend {
    ($($type:ty: $a:ident $b:ident $part:ident => $blend:expr, $value:ident => $real:expr;)*) => {
        $(impl Blend for $type {
            #[inline(always)]
            fn blend($a: Self, $b: Self, $part: f64) -> Self {
                $blend
            }
            fn real($value: f64) -> Self {
                $real
            }
        })*
    };
}

blend! {
    f16: a b part => f16::from_f64(between(a.to_f64(), b.to_f64(), part)), value => f16::from_f64(value);
    f32: a b part => between(f64::from(a), f64::from(b), part) as f32, value => value as f32;
    f64: a b part => between(a, b, part), value => value;
    Complex32: a b part => {
        let of = |a: f32, b: f32| between(f64::from(a), f64::from(b), part) as f32;
        Complex32::new(of(a.re, b.re), of(a.im, b.im))
    }, value => Complex32::new(value as f32, if value.is_nan() { f32::NAN } else { 0.0 });
    Complex64: a b part => Complex64::new(between(a.re, b.re, part), between(a.im, b.im, part)),
        value => Complex64::new(value, if value.is_nan() { f64::NAN } else { 0.0 });
}

/// The loop over pairs of elements of a floating `dtype` and the parts between them, as `f64`; `fill` where there is
/// no part.
pub(super) fn blending(dtype: DType, fill: f64) -> Option<TileLoop> {
    match dtype {
        DType::F16 => Some(typed::<f16>(fill)),
        DType::F32 => Some(typed::<f32>(fill)),
        DType::F64 => Some(typed::<f64>(fill)),
        DType::C64 => Some(typed::<Complex32>(fill)),
        DType::C128 => Some(typed::<Complex64>(fill)),
        _ => None,
    }
}

fn typed<T: Blend>(fill: f64) -> TileLoop {
    let fill = T::real(fill);
    Arc::new(move |inputs, out| {
        let pairs = inputs[0].get::<T>().iter().zip(inputs[1].get::<T>());
        let parts = inputs[2].get::<f64>();
        for (out, ((a, b), part)) in out.get::<T>().iter_mut().zip(pairs.zip(parts)) {
            *out = if part.is_nan() { fill } else { T::blend(*a, *b, *part) };
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_exact_and_infinities_stay() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        assert_eq!((between(2.0, nan, 0.0), between(nan, 2.0, 1.0)), (2.0, 2.0));
        assert_eq!((between(1.0, inf, 0.5), between(-inf, 1.0, 0.25), between(inf, inf, 0.5)), (inf, -inf, inf));
        assert!(between(-inf, inf, 0.5).is_nan() && between(nan, 1.0, 0.5).is_nan());
        assert_eq!((between(1.0, 3.0, 2.0), between(1.0, 3.0, -1.0)), (5.0, -1.0));
        assert_eq!(between(f64::MAX, f64::MIN, 0.5), 0.0);
        assert!(between(2.0, 2.0, inf).is_nan() && between(inf, inf, inf).is_nan());
    }
}
