//! Weighted sums, means, variances and standard deviations, with xarray's semantics: a value that is
//! passed over takes its weight with it, and the weights are not counts, so there is no `ddof`.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use super::super::combine::{Accumulator, Cells, Combine, Run};
use super::super::tile::TileRef;
use super::moments::{Deviation, Moments};
use super::numbers::{Absence, Widen, block_of};
use crate::array::{Block, DType};

/// What is made of values and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The sum of the products.
    Sum,
    /// That sum over the sum of weights; NaN where that is zero.
    Mean,
    /// The weighted mean of squared distances from the mean.
    Variance,
    /// Its root.
    Deviation,
}

/// A weighted statistic of the elements that are present.
pub struct Weighted<T, A, M> {
    statistic: Statistic,
    dtype: DType,
    types: PhantomData<fn(T, M) -> A>,
}

impl<T, A, M> Weighted<T, A, M> {
    /// The statistic, given as `dtype`.
    pub fn new(statistic: Statistic, dtype: DType) -> Self {
        Weighted { statistic, dtype, types: PhantomData }
    }
}

impl<T, A, M> fmt::Debug for Weighted<T, A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "weighted {:?} as {}", self.statistic, self.dtype)
    }
}

impl<T, A, M> Combine for Weighted<T, A, M>
where
    T: Widen<A>,
    A: Deviation,
    M: Absence<T>,
{
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        match self.statistic {
            Statistic::Sum | Statistic::Mean => Box::new(Sums::<T, A, M> {
                mean: self.statistic == Statistic::Mean,
                dtype: self.dtype,
                states: vec![(A::ZERO, 0.0); cells],
                types: PhantomData,
            }),
            Statistic::Variance | Statistic::Deviation => Box::new(Squares::<T, A, M> {
                root: self.statistic == Statistic::Deviation,
                dtype: self.dtype,
                states: vec![Moments::NONE; cells],
                types: PhantomData,
            }),
        }
    }

    fn state_bytes(&self) -> usize {
        match self.statistic {
            Statistic::Sum | Statistic::Mean => size_of::<(A, f64)>(),
            Statistic::Variance | Statistic::Deviation => size_of::<Moments<A>>(),
        }
    }
}

/// Sums of products with the sums of their weights.
struct Sums<T, A, M> {
    mean: bool,
    dtype: DType,
    states: Vec<(A, f64)>,
    types: PhantomData<fn(T, M)>,
}

/// Weighted moments.
struct Squares<T, A, M> {
    root: bool,
    dtype: DType,
    states: Vec<Moments<A>>,
    types: PhantomData<fn(T, M)>,
}

/// The weights of a run as `f64`.
fn weights_of<'a>(weights: Option<TileRef<'a>>, run: &Run<'_>) -> Cow<'a, [f64]> {
    fn wide<T: Widen<f64>>(values: &[T]) -> Cow<'static, [f64]> {
        Cow::Owned(values.iter().map(Widen::widen).collect())
    }
    let span = run.start..run.start + run.len;
    match weights {
        Some(TileRef::F64(w)) => Cow::Borrowed(&w[span]),
        Some(TileRef::F32(w)) => wide(&w[span]),
        Some(TileRef::F16(w)) => wide(&w[span]),
        Some(TileRef::Bool(w)) => wide(&w[span]),
        Some(TileRef::I8(w)) => wide(&w[span]),
        Some(TileRef::I16(w)) => wide(&w[span]),
        Some(TileRef::I32(w)) => wide(&w[span]),
        Some(TileRef::I64(w)) => wide(&w[span]),
        Some(TileRef::U8(w)) => wide(&w[span]),
        Some(TileRef::U16(w)) => wide(&w[span]),
        Some(TileRef::U32(w)) => wide(&w[span]),
        Some(TileRef::U64(w)) => wide(&w[span]),
        Some(TileRef::C64(_) | TileRef::C128(_) | TileRef::Str(_)) | None => Cow::Owned(vec![f64::NAN; run.len]),
    }
}

/// Takes elements and weights, which are of equal number, to their cells.
#[inline(always)]
fn deal<S, T>(states: &mut [S], run: &Run<'_>, (values, weights): (&[T], &[f64]), add: impl Fn(&mut S, &T, f64)) {
    let pairs = values.iter().zip(weights);
    match run.cells {
        Cells::One => pairs.for_each(|(value, &weight)| add(&mut states[run.first], value, weight)),
        Cells::Each => {
            let states = &mut states[run.first..run.first + run.len];
            states.iter_mut().zip(pairs).for_each(|(state, (value, &weight))| add(state, value, weight));
        }
        Cells::Table(table, stride) => {
            for (&cell, (value, &weight)) in table.iter().zip(pairs) {
                if cell != u32::MAX {
                    add(&mut states[run.first + cell as usize * stride], value, weight);
                }
            }
        }
    }
}

impl<T, A, M> Accumulator for Sums<T, A, M>
where
    T: Widen<A>,
    A: Deviation,
    M: Absence<T>,
{
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, weights: Option<TileRef<'_>>) {
        let weights = weights_of(weights, run);
        let values = &values.get::<T>()[run.start..run.start + run.len];
        deal(&mut self.states, run, (values, &weights), |(sum, total), value, weight| {
            let present = !M::absent(value);
            *sum = sum.plus(if present { value.widen().scaled(weight) } else { A::ZERO });
            *total += if present { weight } else { 0.0 };
        });
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        for (state, later) in self.states.iter_mut().zip(&other.states) {
            *state = (state.0.plus(later.0), state.1 + later.1);
        }
    }

    fn finish(self: Box<Self>) -> Block {
        let mean = |(sum, total): &(A, f64)| match total {
            _ if !self.mean => *sum,
            0.0 => sum.scaled(f64::NAN),
            total => sum.over(*total),
        };
        block_of(self.states.iter().map(mean).collect::<Vec<A>>(), self.dtype)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<T, A, M> Accumulator for Squares<T, A, M>
where
    T: Widen<A>,
    A: Deviation,
    M: Absence<T>,
{
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, weights: Option<TileRef<'_>>) {
        let weights = weights_of(weights, run);
        let values = &values.get::<T>()[run.start..run.start + run.len];
        deal(&mut self.states, run, (values, &weights), |state, value, weight| {
            if !M::absent(value) {
                state.add(value.widen(), weight);
            }
        });
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        for (state, later) in self.states.iter_mut().zip(&other.states) {
            state.join(later);
        }
    }

    fn finish(self: Box<Self>) -> Block {
        let results = self.states.iter().map(|state| state.result(0.0, self.root));
        block_of(results.collect::<Vec<f64>>(), self.dtype)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
