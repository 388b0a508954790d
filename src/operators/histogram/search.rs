//! The place of each element among listed edges.

use std::sync::Arc;

use half::f16;

use super::super::reduction::numbers::Widen;
use super::super::simd::{self, Work};
use super::super::tile::{TileElement, TileLoop};
use super::place::NOWHERE;
use crate::array::DType;

/// Up to this many edges an element is compared with all of them, which is vector code; beyond it is searched for.
const FEW: usize = 24;

/// Elements counted at once.
const BLOCK: usize = 256;

/// Edges, ascending, none missing: integers where all are, so that they are compared with integers exactly.
#[derive(Clone, Debug, PartialEq)]
pub enum Edges {
    /// Integers.
    Whole(Vec<i64>),
    /// Real numbers.
    Real(Vec<f64>),
}

impl Edges {
    /// All as real numbers.
    pub fn real(&self) -> Vec<f64> {
        match self {
            Edges::Whole(edges) => edges.iter().map(|&edge| edge as f64).collect(),
            Edges::Real(edges) => edges.clone(),
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        match self {
            Edges::Whole(edges) => edges.len(),
            Edges::Real(edges) => edges.len(),
        }
    }

    /// In the order of the list reversed.
    pub fn reversed(self) -> Edges {
        fn turned<T>(mut edges: Vec<T>) -> Vec<T> {
            edges.reverse();
            edges
        }
        match self {
            Edges::Whole(edges) => Edges::Whole(turned(edges)),
            Edges::Real(edges) => Edges::Real(turned(edges)),
        }
    }

    /// Whether no edge is less than the one before.
    pub fn ascend(&self) -> bool {
        match self {
            Edges::Whole(edges) => edges.is_sorted(),
            Edges::Real(edges) => edges.is_sorted(),
        }
    }
}

/// What is told of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The bin between two edges, as `i32`: the lower edge belongs to it, the last bin has both.
    Bin,
    /// How many edges lie before it, as `i64`; NaN lies after all.
    Before {
        /// Whether an edge that equals the element does not.
        right: bool,
        /// Whether those are counted that do not lie before it.
        descending: bool,
    },
}

/// The loop that places elements of `dtype`, a real one, among edges.
pub fn search(edges: &Edges, told: Told, dtype: DType) -> Option<TileLoop> {
    let real = || edges.real();
    let Edges::Whole(whole) = edges else {
        return match dtype {
            DType::Bool => Some(run::<bool, f64>(real(), told)),
            DType::I8 => Some(run::<i8, f64>(real(), told)),
            DType::I16 => Some(run::<i16, f64>(real(), told)),
            DType::I32 => Some(run::<i32, f64>(real(), told)),
            DType::I64 => Some(run::<i64, f64>(real(), told)),
            DType::U8 => Some(run::<u8, f64>(real(), told)),
            DType::U16 => Some(run::<u16, f64>(real(), told)),
            DType::U32 => Some(run::<u32, f64>(real(), told)),
            DType::U64 => Some(run::<u64, f64>(real(), told)),
            _ => float(edges, told, dtype),
        };
    };
    match dtype {
        DType::Bool => Some(run::<bool, i64>(whole.clone(), told)),
        DType::I8 => Some(run::<i8, i64>(whole.clone(), told)),
        DType::I16 => Some(run::<i16, i64>(whole.clone(), told)),
        DType::I32 => Some(run::<i32, i64>(whole.clone(), told)),
        DType::I64 => Some(run::<i64, i64>(whole.clone(), told)),
        DType::U8 => Some(run::<u8, f64>(real(), told)),
        DType::U16 => Some(run::<u16, f64>(real(), told)),
        DType::U32 => Some(run::<u32, f64>(real(), told)),
        DType::U64 => Some(run::<u64, i128>(whole.iter().map(|&edge| i128::from(edge)).collect(), told)),
        _ => float(edges, told, dtype),
    }
}

fn float(edges: &Edges, told: Told, dtype: DType) -> Option<TileLoop> {
    match dtype {
        DType::F16 => Some(run::<f16, f64>(edges.real(), told)),
        DType::F32 => Some(run::<f32, f64>(edges.real(), told)),
        DType::F64 => Some(run::<f64, f64>(edges.real(), told)),
        _ => None,
    }
}

/// The loop for elements of type `T`, compared with edges as numbers of type `C`.
fn run<T, C>(edges: Vec<C>, told: Told) -> TileLoop
where
    T: Widen<C>,
    C: Copy + PartialOrd + Send + Sync + 'static,
{
    Arc::new(move |inputs, out| {
        let values = inputs[0].get::<T>();
        match told {
            Told::Bin => {
                let (last, lower) = edges.split_last().expect("bins have edges");
                let bin = |value: C, before: i32| if value <= *last { before - 1 } else { NOWHERE };
                simd::run(Search { values, edges: lower, right: false, out: out.get::<i32>(), tell: bin });
            }
            Told::Before { right, descending } => {
                let all = edges.len() as i64;
                let tell = |_, before: i32| if descending { all - i64::from(before) } else { i64::from(before) };
                simd::run(Search { values, edges: &edges, right, out: out.get::<i64>(), tell });
            }
        }
    })
}

/// Counts for each element the edges before it, and tells of the element and that count.
struct Search<'a, T, C, O, F> {
    values: &'a [T],
    edges: &'a [C],
    right: bool,
    out: &'a mut [O],
    tell: F,
}

impl<T, C, O, F> Work for Search<'_, T, C, O, F>
where
    T: Widen<C>,
    C: Copy + PartialOrd,
    O: TileElement,
    F: Fn(C, i32) -> O,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.right {
            self.counted(|value, edge| value <= edge);
        } else {
            self.counted(|value, edge| value < edge);
        }
    }
}

impl<T, C, O, F> Search<'_, T, C, O, F>
where
    T: Widen<C>,
    C: Copy + PartialOrd,
    O: TileElement,
    F: Fn(C, i32) -> O,
{
    /// `stops` says of a value and an edge that the value does not come after it; NaN comes after all.
    #[inline(always)]
    fn counted(self, stops: impl Fn(C, C) -> bool) {
        let mut counts = [0; BLOCK];
        for (values, out) in self.values.chunks(BLOCK).zip(self.out.chunks_mut(BLOCK)) {
            let counts = &mut counts[..values.len()];
            if self.edges.len() <= FEW {
                counts.fill(0);
                for &edge in self.edges {
                    for (count, value) in counts.iter_mut().zip(values) {
                        *count += i32::from(!stops(value.widen(), edge));
                    }
                }
            } else {
                for (count, value) in counts.iter_mut().zip(values) {
                    *count = bisected(self.edges, |edge| !stops(value.widen(), edge));
                }
            }
            for ((out, value), &count) in out.iter_mut().zip(values).zip(counts.iter()) {
                *out = (self.tell)(value.widen(), count);
            }
        }
    }
}

/// How many edges from the first on the test holds for, by halving without branches on the values.
#[inline(always)]
fn bisected<C: Copy>(edges: &[C], holds: impl Fn(C) -> bool) -> i32 {
    let (mut first, mut size) = (0, edges.len());
    while size > 1 {
        let half = size / 2;
        first += if holds(edges[first + half - 1]) { half } else { 0 };
        size -= half;
    }
    let rest = edges.get(first).is_some_and(|&edge| holds(edge));
    first as i32 + i32::from(rest)
}
