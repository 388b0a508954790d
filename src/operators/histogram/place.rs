//! The bin of each element among equal bins, without a search.
//!
//! The position of an element within the range gives its bin up to rounding; as in NumPy, the edges of that bin
//! then decide. They are computed and not looked up, so that the loop has no gathers.

use half::f16;

use super::super::reduction::numbers::Widen;
use super::super::simd::{self, Work};
use super::super::tile::{TileElement, TileLoop, TileMut};
use crate::array::DType;

/// The bin of what lies in none.
pub const NOWHERE: i32 = -1;

/// Added to a number of at most 31 bits, it leaves its nearest integer in the low bits.
const INTEGER: f64 = 6_755_399_441_055_744.0;

/// The precision of edges: that of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Of `f16`.
    Half,
    /// Of `f32`.
    Single,
    /// Of `f64`, and of integers.
    Double,
}

impl Precision {
    /// That of edges for values of `dtype`.
    pub fn of(dtype: DType) -> Precision {
        match dtype {
            DType::F16 => Precision::Half,
            DType::F32 => Precision::Single,
            _ => Precision::Double,
        }
    }

    /// The nearest number of the precision.
    pub fn round(self, value: f64) -> f64 {
        match self {
            Precision::Half => Half::round(value),
            Precision::Single => Single::round(value),
            Precision::Double => value,
        }
    }
}

/// A precision as a type.
trait Round: Copy + Send + Sync + 'static {
    /// The nearest number of the precision.
    fn round(value: f64) -> f64;
}

#[derive(Clone, Copy)]
struct Half;
#[derive(Clone, Copy)]
struct Single;
#[derive(Clone, Copy)]
struct Double;

impl Round for Half {
    #[inline(always)]
    fn round(value: f64) -> f64 {
        f16::from_f64(value).to_f64()
    }
}

impl Round for Single {
    #[inline(always)]
    fn round(value: f64) -> f64 {
        f64::from(value as f32)
    }
}

impl Round for Double {
    #[inline(always)]
    fn round(value: f64) -> f64 {
        value
    }
}

/// Equal bins, as `linspace` lays them out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equal {
    /// The first and last edge, in the precision of the values.
    pub ends: (f64, f64),
    /// The first edge before it was rounded.
    pub start: f64,
    /// From one edge to the next.
    pub step: f64,
    /// Bins per unit.
    pub scale: f64,
    /// How many.
    pub count: u32,
}

impl Equal {
    /// `count` bins from `low` to `high`, of which edges are kept in `precision`.
    pub fn new((low, high): (f64, f64), count: u32, precision: Precision) -> Equal {
        Equal {
            ends: (precision.round(low), precision.round(high)),
            start: low,
            step: (high - low) / f64::from(count),
            scale: f64::from(count) / (high - low),
            count,
        }
    }

    /// Bins between values of the precision, laid out in its own arithmetic: rounded at each step.
    fn within<R: Round>(low: f64, high: f64, count: u32) -> Equal {
        let (low, high) = if low == high { (R::round(low - 0.5), R::round(high + 0.5)) } else { (low, high) };
        let width = R::round(high - low);
        let step = R::round(width / f64::from(count));
        Equal { ends: (low, high), start: low, step, scale: f64::from(count) / width, count }
    }

    /// The edges before they are rounded.
    pub fn edges(&self, last: f64) -> Vec<f64> {
        let edge = |i: u32| if i == self.count { last } else { f64::from(i) * self.step + self.start };
        (0..=self.count).map(edge).collect()
    }

    /// Whether the bins can be told apart by arithmetic: neither are they too narrow nor is the range too wide.
    pub fn is_regular(&self) -> bool {
        self.scale.is_finite() && self.scale > 0.0 && self.step > 0.0
    }
}

/// The loop that gives the bins of elements of `dtype`, a real one, as `i32`.
pub fn fixed(equal: Equal, dtype: DType) -> Option<TileLoop> {
    fn run<T: Widen<f64>, R: Round>(equal: Equal) -> TileLoop {
        std::sync::Arc::new(move |inputs, out| {
            let edge = Edge { equal: &equal, each: false, rounding: std::marker::PhantomData::<R> };
            simd::run(Place { edge, values: inputs[0].get::<T>(), out: out.get::<i32>() });
        })
    }
    real_loop!(dtype, run(equal))
}

/// The loop that gives the bins of elements of `dtype` between two more inputs, which repeat one value each.
pub fn between(count: u32, dtype: DType) -> Option<TileLoop> {
    fn run<T: Widen<f64>, R: Round>(count: u32) -> TileLoop {
        std::sync::Arc::new(move |inputs, out: TileMut<'_>| {
            let [values, low, high] = [0, 1, 2].map(|i| inputs[i].get::<T>());
            let (Some(low), Some(high)) = (low.first(), high.first()) else { return };
            let equal = Equal::within::<R>(low.widen(), high.widen(), count);
            let edge = Edge { equal: &equal, each: true, rounding: std::marker::PhantomData::<R> };
            if equal.is_regular() {
                simd::run(Place { edge, values, out: out.get::<i32>() });
            } else {
                let bins = values.iter().map(|value| edge.searched(value.widen()));
                out.get::<i32>().iter_mut().zip(bins).for_each(|(out, bin)| *out = bin);
            }
        })
    }
    real_loop!(dtype, run(count))
}

/// The loop that gives the width of the bins between two inputs of `dtype`, as `f64`.
pub fn widths(count: u32, dtype: DType) -> Option<TileLoop> {
    fn run<T: Widen<f64>, R: Round>(count: u32) -> TileLoop {
        std::sync::Arc::new(move |inputs, out| {
            let pairs = inputs[0].get::<T>().iter().zip(inputs[1].get::<T>());
            let width = |(low, high): (&T, &T)| Equal::within::<R>(low.widen(), high.widen(), count).step;
            out.get::<f64>().iter_mut().zip(pairs).for_each(|(out, pair)| *out = width(pair));
        })
    }
    real_loop!(dtype, run(count))
}

/// The edges of equal bins in a precision.
#[derive(Clone, Copy)]
struct Edge<'a, R> {
    equal: &'a Equal,
    /// Whether the arithmetic too is of the precision, and not of `f64`.
    each: bool,
    rounding: std::marker::PhantomData<R>,
}

impl<R: Round> Edge<'_, R> {
    /// The lower edge of bin `number`.
    #[inline(always)]
    fn at(&self, number: f64) -> f64 {
        let way = number * self.equal.step;
        R::round(if self.each { R::round(way) } else { way } + self.equal.start)
    }

    /// The bin of a value.
    #[inline(always)]
    fn bin(&self, value: f64) -> i32 {
        let (low, high) = self.equal.ends;
        let last = f64::from(self.equal.count - 1);
        let inside = (value >= low) & (value <= high);
        let near = ((value - low) * self.equal.scale - 0.5 + INTEGER) - INTEGER;
        let near = if near < last { near } else { last };
        let near = if near > 0.0 { near } else { 0.0 };
        let below = if value < self.at(near) { 1.0 } else { 0.0 };
        let above = if (value >= self.at(near + 1.0)) & (near != last) { 1.0 } else { 0.0 };
        let bin = (near - below + above + INTEGER).to_bits() as i32;
        if inside { bin } else { NOWHERE }
    }

    /// The bin of a value, by bisection: for ranges where arithmetic over- or underflows.
    fn searched(&self, value: f64) -> i32 {
        let (low, high) = self.equal.ends;
        if !(value >= low && value <= high) {
            return NOWHERE;
        }
        let count = f64::from(self.equal.count);
        let edge = |i: u32| low * (1.0 - f64::from(i) / count) + high * (f64::from(i) / count);
        let (mut bin, mut end) = (0, self.equal.count);
        while end - bin > 1 {
            let middle = bin + (end - bin) / 2;
            *(if edge(middle) <= value { &mut bin } else { &mut end }) = middle;
        }
        bin as i32
    }
}

/// The bins of the elements of a tile.
struct Place<'a, T, R> {
    edge: Edge<'a, R>,
    values: &'a [T],
    out: &'a mut [i32],
}

impl<T: Widen<f64>, R: Round> Work for Place<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let edge = Edge { equal: &{ *self.edge.equal }, ..self.edge };
        for (out, value) in self.out.iter_mut().zip(self.values) {
            *out = edge.bin(value.widen());
        }
    }
}

/// `run::<T, R>(argument)` for the element type of a real dtype and its precision; none for others.
macro_rules! real_loop {
    ($dtype:expr, $run:ident($argument:expr)) => {
        match $dtype {
            DType::Bool => Some($run::<bool, Double>($argument)),
            DType::I8 => Some($run::<i8, Double>($argument)),
            DType::I16 => Some($run::<i16, Double>($argument)),
            DType::I32 => Some($run::<i32, Double>($argument)),
            DType::I64 => Some($run::<i64, Double>($argument)),
            DType::U8 => Some($run::<u8, Double>($argument)),
            DType::U16 => Some($run::<u16, Double>($argument)),
            DType::U32 => Some($run::<u32, Double>($argument)),
            DType::U64 => Some($run::<u64, Double>($argument)),
            DType::F16 => Some($run::<f16, Half>($argument)),
            DType::F32 => Some($run::<f32, Single>($argument)),
            DType::F64 => Some($run::<f64, Double>($argument)),
            DType::C64 | DType::C128 | DType::Str | DType::DateTime(_) | DType::Duration => None,
        }
    };
}
use real_loop;

/// The loop that gives integers of `dtype` from zero to below `length` as bins.
pub fn counted(length: u32, dtype: DType) -> Option<TileLoop> {
    fn run<T: TileElement + Copy>(length: u32, of: impl Fn(T) -> u64 + Send + Sync + 'static) -> TileLoop {
        let bin = move |value: T| {
            let value = of(value);
            if value < u64::from(length) { value as i32 } else { NOWHERE }
        };
        super::super::elementwise::loops::map1(bin)
    }
    Some(match dtype {
        DType::Bool => run(length, |v: bool| v as u64),
        DType::I8 => run(length, |v: i8| v as u64),
        DType::I16 => run(length, |v: i16| v as u64),
        DType::I32 => run(length, |v: i32| v as u64),
        DType::I64 => run(length, |v: i64| v as u64),
        DType::U8 => run(length, |v: u8| v as u64),
        DType::U16 => run(length, |v: u16| v as u64),
        DType::U32 => run(length, |v: u32| v as u64),
        DType::U64 => run(length, |v: u64| v),
        DType::F16 | DType::F32 | DType::F64 | DType::C64 | DType::C128 => return None,
        DType::Str | DType::DateTime(_) | DType::Duration => return None,
    })
}
