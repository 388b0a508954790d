//! Typed loops over tiles. The rows of the tables name theirs by the macros beside this module.

use std::sync::Arc;

use half::slice::HalfFloatSliceExt;
use num_complex::{Complex32, Complex64};

use crate::array::DType;
use crate::operators::simd::{self, Work};
use crate::operators::tile::{Tile, TileElement, TileLoop, TileMut, TileRef};

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

/// What a loop does to each element: a closure, or a type of its own where the body is large (the
/// compiler inlines the body of a method that says so, but not that of a closure) or some elements take
/// another way.
pub trait Map<A, R> {
    /// The result for an element that is not rare.
    fn usual(&self, x: A) -> R;

    /// Whether an element waits for a second pass, so that the first is without branches.
    #[inline(always)]
    fn is_rare(&self, _x: A) -> bool {
        false
    }

    /// The result for a rare element.
    fn rare(&self, x: A) -> R {
        self.usual(x)
    }
}

impl<A, R, F: Fn(A) -> R> Map<A, R> for F {
    #[inline(always)]
    fn usual(&self, x: A) -> R {
        self(x)
    }
}

/// What a loop does to each pair of elements, as [`Map`].
pub trait MapPair<A, B, R> {
    /// The result.
    fn pair(&self, a: A, b: B) -> R;
}

impl<A, B, R, F: Fn(A, B) -> R> MapPair<A, B, R> for F {
    #[inline(always)]
    fn pair(&self, a: A, b: B) -> R {
        self(a, b)
    }
}

/// The loop that applies `f` to each element.
pub fn map1<A, R>(f: impl Fn(A) -> R + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    R: TileElement,
{
    map1_by(f)
}

/// As [`map1`], for any [`Map`].
pub fn map1_by<A, R>(f: impl Map<A, R> + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    R: TileElement,
{
    Arc::new(move |inputs, out| simd::run(Map1 { f: &f, x: inputs[0].get::<A>(), out: out.get::<R>() }))
}

struct Map1<'a, F, A, R> {
    f: &'a F,
    x: &'a [A],
    out: &'a mut [R],
}

impl<A: Copy, R, F: Map<A, R>> Work for Map1<'_, F, A, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut any = false;
        for (out, &x) in self.out.iter_mut().zip(self.x) {
            *out = self.f.usual(x);
            any |= self.f.is_rare(x);
        }
        if any {
            let rare = self.out.iter_mut().zip(self.x).filter(|(_, x)| self.f.is_rare(**x));
            rare.for_each(|(out, &x)| *out = self.f.rare(x));
        }
    }
}

/// The loop that applies `f` to each pair of elements.
pub fn map2<A, B, R>(f: impl Fn(A, B) -> R + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    B: TileElement + Copy,
    R: TileElement,
{
    map2_by(f)
}

/// As [`map2`], for any [`MapPair`].
pub fn map2_by<A, B, R>(f: impl MapPair<A, B, R> + Send + Sync + 'static) -> TileLoop
where
    A: TileElement + Copy,
    B: TileElement + Copy,
    R: TileElement,
{
    Arc::new(move |inputs, out| {
        let (a, b) = (inputs[0].get::<A>(), inputs[1].get::<B>());
        simd::run(Map2 { f: &f, a, b, out: out.get::<R>() })
    })
}

struct Map2<'a, F, A, B, R> {
    f: &'a F,
    a: &'a [A],
    b: &'a [B],
    out: &'a mut [R],
}

impl<A: Copy, B: Copy, R, F: MapPair<A, B, R>> Work for Map2<'_, F, A, B, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((out, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *out = self.f.pair(a, b);
        }
    }
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
        out.get::<R>().iter_mut().zip(pairs).for_each(|(out, (a, b))| *out = f(a, b));
    })
}

/// The loop that computes by `inner`, which gives `output`, on elements of the [`wider`] dtypes.
pub fn through_wider(inner: TileLoop, output: DType) -> TileLoop {
    Arc::new(move |inputs, out| {
        let wide: Vec<Option<Tile>> = inputs.iter().map(|tile| widened(*tile)).collect();
        let pairs = wide.iter().zip(inputs);
        let wide: Vec<TileRef> =
            pairs.map(|(wide, same)| wide.as_ref().map_or(*same, |wide| wide.part(0, same.len()))).collect();
        let len = inputs[0].len();
        let computed = || {
            let mut result = Tile::new(output, len);
            inner(&wide, result.part_mut(0, len));
            result
        };
        match out {
            TileMut::F16(narrow) => narrow.convert_from_f32_slice(computed().part(0, len).get()),
            TileMut::C64(narrow) => {
                let result = computed();
                let wide = result.part(0, len).get::<Complex64>();
                let part = |z: &Complex64| Complex32::new(z.re as f32, z.im as f32);
                narrow.iter_mut().zip(wide).for_each(|(narrow, wide)| *narrow = part(wide));
            }
            TileMut::F32(narrow) if output == DType::F64 => {
                let result = computed();
                let wide = result.part(0, len).get::<f64>();
                narrow.iter_mut().zip(wide).for_each(|(narrow, &wide)| *narrow = wide as f32);
            }
            same => inner(&wide, same),
        }
    })
}

/// The elements in the [`wider`] dtype, where it is another.
fn widened(tile: TileRef<'_>) -> Option<Tile> {
    match tile {
        TileRef::F16(narrow) => {
            let mut wide = vec![0.0; narrow.len()];
            narrow.convert_to_f32_slice(&mut wide);
            Some(Tile::F32(wide))
        }
        TileRef::C64(narrow) => {
            let part = |z: &Complex32| Complex64::new(f64::from(z.re), f64::from(z.im));
            Some(Tile::C128(narrow.iter().map(part).collect()))
        }
        _ => None,
    }
}
