//! Sums, products and counts.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::super::tile::TileElement;
use super::fold::Fold;
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
