//! Sums, products and means.

use std::fmt::Debug;
use std::marker::PhantomData;

use num_complex::Complex64;

use super::super::tile::TileElement;
use super::fold::{Fold, JoinResults};
use super::numbers::{Absence, Wide, Widen, block_of};
use crate::array::{Block, DType};

/// The sum of the elements that are present, in `A`.
#[derive(Clone, Copy, Debug)]
pub struct Sum<T, A, M> {
    dtype: DType,
    types: PhantomData<fn(T, M) -> A>,
}

impl<T, A, M> Sum<T, A, M> {
    /// Gives the sums as `dtype`.
    pub fn new(dtype: DType) -> Self {
        Sum { dtype, types: PhantomData }
    }
}

impl<T, A, M> Fold for Sum<T, A, M>
where
    T: Widen<A> + Debug,
    A: Wide + Debug,
    M: Absence<T>,
{
    type In = T;
    type State = A;

    fn start(&self) -> A {
        A::ZERO
    }

    #[inline(always)]
    fn add(&self, state: &mut A, value: &T, _position: u64) {
        *state = state.plus(if M::absent(value) { A::ZERO } else { value.widen() });
    }

    #[inline(always)]
    fn join(&self, state: &mut A, later: &A) {
        *state = state.plus(*later);
    }

    fn finish(&self, states: Vec<A>) -> Block {
        block_of(states, self.dtype)
    }
}

/// The product of the elements that are present, in `A`.
#[derive(Clone, Copy, Debug)]
pub struct Product<T, A, M> {
    dtype: DType,
    types: PhantomData<fn(T, M) -> A>,
}

impl<T, A, M> Product<T, A, M> {
    /// Gives the products as `dtype`.
    pub fn new(dtype: DType) -> Self {
        Product { dtype, types: PhantomData }
    }
}

impl<T, A, M> Fold for Product<T, A, M>
where
    T: Widen<A> + Debug,
    A: Wide + Debug,
    M: Absence<T>,
{
    type In = T;
    type State = A;

    fn start(&self) -> A {
        A::ONE
    }

    #[inline(always)]
    fn add(&self, state: &mut A, value: &T, _position: u64) {
        *state = state.times(if M::absent(value) { A::ONE } else { value.widen() });
    }

    #[inline(always)]
    fn join(&self, state: &mut A, later: &A) {
        *state = state.times(*later);
    }

    fn finish(&self, states: Vec<A>) -> Block {
        block_of(states, self.dtype)
    }
}

/// The number of elements that are present, or that are missing.
#[derive(Clone, Copy, Debug)]
pub struct Count<T, M> {
    missing: bool,
    types: PhantomData<fn(T, M)>,
}

impl<T, M> Count<T, M> {
    /// Counts the elements that are missing, or those that are not.
    pub fn new(missing: bool) -> Self {
        Count { missing, types: PhantomData }
    }
}

impl<T: TileElement + Debug, M: Absence<T>> Fold for Count<T, M> {
    type In = T;
    type State = i64;

    fn start(&self) -> i64 {
        0
    }

    #[inline(always)]
    fn add(&self, state: &mut i64, value: &T, _position: u64) {
        *state += i64::from(M::absent(value) == self.missing);
    }

    #[inline(always)]
    fn join(&self, state: &mut i64, later: &i64) {
        *state += later;
    }

    fn finish(&self, states: Vec<i64>) -> Block {
        Block::from_list(states)
    }
}

/// A sum over a count, or over a sum of weights; NaN where that is zero.
#[derive(Clone, Copy, Debug)]
pub struct Quotient {
    /// The dtype of the result.
    pub dtype: DType,
}

impl JoinResults for Quotient {
    fn results(&self, sums: Block, counts: Block) -> Block {
        let counts: Vec<f64> = match counts.values::<i64>().and_then(|v| v.as_slice()) {
            Some(counts) => counts.iter().map(|&n| n as f64).collect(),
            None => counts.values::<f64>().map(|v| v.clone().into_vec()).unwrap_or_default(),
        };
        let divisor = |n: f64| if n == 0.0 { f64::NAN } else { n };
        match sums {
            Block::F64(sums) => {
                let means = sums.into_vec().into_iter().zip(counts).map(|(s, n)| s / divisor(n));
                block_of(means.collect::<Vec<f64>>(), self.dtype)
            }
            Block::C128(sums) => {
                let means = sums.into_vec().into_iter().zip(counts).map(|(s, n)| s / divisor(n));
                block_of(means.collect::<Vec<Complex64>>(), self.dtype)
            }
            other => other,
        }
    }
}
