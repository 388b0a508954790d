//! Reductions that look at where elements lie: `argmin`, `argmax`, `first`, `last`.
//!
//! They go by the position of an element and not by when it comes, so the order of steps and merges
//! does not matter.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::super::tile::TileElement;
use super::extremes::beats;
use super::fold::Fold;
use super::numbers::Absence;
use crate::array::Block;

/// An element and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Placed<T> {
    value: T,
    at: i64,
}

/// The position of the least (or greatest) element; the first of equals; -1 where there is none.
///
/// Missing elements are passed over (`SKIP`), or the first of them wins.
#[derive(Clone, Debug)]
pub struct ArgExtreme<T, M, const MAX: bool, const SKIP: bool> {
    types: PhantomData<fn(T, M)>,
}

impl<T, M, const MAX: bool, const SKIP: bool> ArgExtreme<T, M, MAX, SKIP> {
    /// The only one of its types.
    pub fn new() -> Self {
        ArgExtreme { types: PhantomData }
    }
}

impl<T, M, const MAX: bool, const SKIP: bool> Default for ArgExtreme<T, M, MAX, SKIP> {
    fn default() -> Self {
        ArgExtreme::new()
    }
}

impl<T, M, const MAX: bool, const SKIP: bool> Fold for ArgExtreme<T, M, MAX, SKIP>
where
    T: TileElement + PartialOrd + Default + Debug,
    M: Absence<T>,
{
    type In = T;
    type State = Placed<T>;

    fn start(&self) -> Placed<T> {
        Placed { value: T::default(), at: -1 }
    }

    #[inline(always)]
    fn add(&self, state: &mut Placed<T>, value: &T, position: u64) {
        let at = position as i64;
        let takes = match (M::absent(value), state.at < 0) {
            (true, _) if SKIP => false,
            (_, true) => true,
            (true, false) => !M::absent(&state.value) || at < state.at,
            (false, false) if M::absent(&state.value) => false,
            (false, false) => beats::<T, MAX>(value, &state.value) || (*value == state.value && at < state.at),
        };
        if takes {
            *state = Placed { value: value.clone(), at };
        }
    }

    #[inline(always)]
    fn join(&self, state: &mut Placed<T>, later: &Placed<T>) {
        if later.at >= 0 {
            self.add(state, &later.value, later.at as u64);
        }
    }

    fn finish(&self, states: Vec<Placed<T>>) -> Block {
        Block::from_list(states.iter().map(|state| state.at).collect::<Vec<i64>>())
    }
}

/// The first (or last) element that is present.
#[derive(Clone, Debug)]
pub struct Outermost<T, M, const LAST: bool> {
    none: T,
    types: PhantomData<fn(M)>,
}

impl<T, M, const LAST: bool> Outermost<T, M, LAST> {
    /// Gives `none` where nothing is present.
    pub fn new(none: T) -> Self {
        Outermost { none, types: PhantomData }
    }
}

impl<T, M, const LAST: bool> Fold for Outermost<T, M, LAST>
where
    T: TileElement + Debug,
    M: Absence<T>,
{
    type In = T;
    type State = Placed<T>;

    fn start(&self) -> Placed<T> {
        Placed { value: self.none.clone(), at: if LAST { -1 } else { i64::MAX } }
    }

    #[inline(always)]
    fn add(&self, state: &mut Placed<T>, value: &T, position: u64) {
        let at = position as i64;
        if !M::absent(value) && beats::<i64, LAST>(&at, &state.at) {
            *state = Placed { value: value.clone(), at };
        }
    }

    #[inline(always)]
    fn join(&self, state: &mut Placed<T>, later: &Placed<T>) {
        if beats::<i64, LAST>(&later.at, &state.at) {
            *state = later.clone();
        }
    }

    fn finish(&self, states: Vec<Placed<T>>) -> Block {
        Block::from_list(states.into_iter().map(|state| state.value).collect::<Vec<T>>())
    }
}
