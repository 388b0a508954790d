//! Typed loops over tiles. The rows of the tables name theirs by the macros beside this module.

use std::sync::Arc;

use half::slice::HalfFloatSliceExt;
use num_complex::{Complex32, Complex64};

use crate::array::DType;
use crate::operators::tile::{Tile, TileElement, TileLoop};

/// One typed loop of a function.
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    /// The dtypes of the inputs; a datetime stands for any calendar.
    pub inputs: &'static [DType],
    /// The dtype of the output; a datetime has the calendar of the inputs.
    pub output: DType,
    /// How it computes.
    pub run: Run,
}

/// How a loop computes.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// By the loop that this makes.
    Typed(fn() -> TileLoop),
    /// By the loop of the [`wider`] dtypes, with elements converted on the way in and out.
    Wider,
    /// Not at all: these dtypes are refused, although they could be cast to those of another loop.
    Refused,
}

/// The dtype in which a narrow one is computed: half precision in single, complex single in double.
pub fn wider(dtype: DType) -> DType {
    match dtype {
        DType::F16 => DType::F32,
        DType::C64 => DType::C128,
        other => other,
    }
}

/// The loop that applies `f` to each element.
pub fn map1<A, R>(f: impl Fn(A) -> R + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    R: TileElement,
{
    // One function out of line, which all of a closure's shims call.
    #[inline(never)]
    fn fill<A: Copy, R>(f: &impl Fn(A) -> R, x: &[A], out: &mut Vec<R>) {
        out.extend(x.iter().map(|&x| f(x)));
    }
    Arc::new(move |inputs, out| fill(&f, inputs[0].get::<A>(), out.get_mut::<R>()))
}

/// The loop that applies `f` to each pair of elements.
pub fn map2<A, B, R>(f: impl Fn(A, B) -> R + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    B: TileElement + Copy,
    R: TileElement,
{
    #[inline(never)]
    fn fill<A: Copy, B: Copy, R>(f: &impl Fn(A, B) -> R, a: &[A], b: &[B], out: &mut Vec<R>) {
        out.extend(a.iter().zip(b).map(|(&a, &b)| f(a, b)));
    }
    Arc::new(move |inputs, out| fill(&f, inputs[0].get::<A>(), inputs[1].get::<B>(), out.get_mut::<R>()))
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

/// The loop that computes by `inner`, which gives `output`, on elements of the [`wider`] dtypes.
pub fn through_wider(inner: TileLoop, output: DType) -> TileLoop {
    Arc::new(move |inputs, out| {
        let wide: Vec<Tile> = inputs.iter().map(|tile| widened(tile)).collect();
        let wide: Vec<&Tile> = wide.iter().collect();
        let mut result = Tile::new(output);
        match out {
            Tile::F16(narrow) => {
                inner(&wide, &mut result);
                narrow.resize(result.len(), half::f16::ZERO);
                narrow.convert_from_f32_slice(result.get());
            }
            Tile::C64(narrow) => {
                inner(&wide, &mut result);
                let part = |z: &Complex64| Complex32::new(z.re as f32, z.im as f32);
                narrow.extend(result.get::<Complex64>().iter().map(part));
            }
            Tile::F32(narrow) if output == DType::F64 => {
                inner(&wide, &mut result);
                narrow.extend(result.get::<f64>().iter().map(|&x| x as f32));
            }
            same => inner(&wide, same),
        }
    })
}

fn widened(tile: &Tile) -> Tile {
    match tile {
        Tile::F16(narrow) => {
            let mut wide = vec![0.0; narrow.len()];
            narrow.convert_to_f32_slice(&mut wide);
            Tile::F32(wide)
        }
        Tile::C64(narrow) => {
            Tile::C128(narrow.iter().map(|z| Complex64::new(f64::from(z.re), f64::from(z.im))).collect())
        }
        other => other.clone(),
    }
}
