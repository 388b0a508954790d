//! Typed loops over tiles. The rows of the tables name theirs by the macros beside this module.

use std::sync::Arc;

use half::f16;

use crate::array::DType;
use crate::operators::tile::{TileElement, TileLoop};

/// One typed loop of a function.
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    /// The dtypes of the inputs; a datetime stands for any calendar.
    pub inputs: &'static [DType],
    /// The dtype of the output; a datetime has the calendar of the inputs.
    pub output: DType,
    /// Makes the loop.
    pub make: fn() -> TileLoop,
    /// Whether these dtypes are refused, although there is a loop they could be cast to.
    pub refused: bool,
}

/// The loop of dtypes that are refused: nothing is computed.
pub fn refused() -> TileLoop {
    Arc::new(|_, _| {})
}

/// The loop that applies `f` to each element.
pub fn map1<A, R>(f: impl Fn(A) -> R + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    R: TileElement,
{
    Arc::new(move |inputs, out| out.get_mut::<R>().extend(inputs[0].get::<A>().iter().map(|&x| f(x))))
}

/// The loop that applies `f` to each pair of elements.
pub fn map2<A, B, R>(f: impl Fn(A, B) -> R + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    B: TileElement + Copy,
    R: TileElement,
{
    Arc::new(move |inputs, out| {
        let pairs = inputs[0].get::<A>().iter().zip(inputs[1].get::<B>());
        out.get_mut::<R>().extend(pairs.map(|(&a, &b)| f(a, b)));
    })
}

/// As [`map2`], for elements that are borrowed and not copied.
pub fn map2_ref<A, B, R>(f: impl Fn(&A, &B) -> R + Send + Sync + 'static) -> TileLoop
where
    A: TileElement,
    B: TileElement,
    R: TileElement,
{
    Arc::new(move |inputs, out| {
        let pairs = inputs[0].get::<A>().iter().zip(inputs[1].get::<B>());
        out.get_mut::<R>().extend(pairs.map(|(a, b)| f(a, b)));
    })
}

/// What takes part in half-precision loops: `f16` becomes `f32` on the way in and `f16` again on the
/// way out; other outputs stay.
pub trait FromSingle<S> {
    /// The output, from what the closure gave.
    fn from_single(value: S) -> Self;
}

impl FromSingle<f32> for f16 {
    fn from_single(value: f32) -> Self {
        f16::from_f32(value)
    }
}

impl FromSingle<bool> for bool {
    fn from_single(value: bool) -> Self {
        value
    }
}

/// A function of single precision as one of half precision.
pub fn half1<S, R: FromSingle<S>>(f: impl Fn(f32) -> S) -> impl Fn(f16) -> R {
    move |x| R::from_single(f(x.to_f32()))
}

/// A function of two single-precision arguments as one of half precision.
pub fn half2<S, R: FromSingle<S>>(f: impl Fn(f32, f32) -> S) -> impl Fn(f16, f16) -> R {
    move |a, b| R::from_single(f(a.to_f32(), b.to_f32()))
}
