//! Least and greatest elements.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::super::tile::TileElement;
use super::fold::Fold;
use super::numbers::Absence;
use crate::array::Block;

/// The least (or greatest) element; ties keep the earlier.
///
/// The state begins as a missing value, or the element that every other beats. Missing elements are
/// passed over (`SKIP`) or win over all others.
#[derive(Clone, Debug)]
pub struct Extreme<T, M, const MAX: bool, const SKIP: bool> {
    none: T,
    absence: PhantomData<fn(M)>,
}

impl<T, M, const MAX: bool, const SKIP: bool> Extreme<T, M, MAX, SKIP> {
    /// `none` is the state of a cell that has seen nothing.
    pub fn new(none: T) -> Self {
        Extreme { none, absence: PhantomData }
    }
}

/// Whether `a` beats `b`.
#[inline(always)]
pub fn beats<T: PartialOrd, const MAX: bool>(a: &T, b: &T) -> bool {
    if MAX { a > b } else { a < b }
}

impl<T, M, const MAX: bool, const SKIP: bool> Fold for Extreme<T, M, MAX, SKIP>
where
    T: TileElement + PartialOrd + Debug,
    M: Absence<T>,
{
    type In = T;
    type State = T;

    fn start(&self) -> T {
        self.none.clone()
    }

    #[inline(always)]
    fn add(&self, state: &mut T, value: &T, _position: u64) {
        let wins = beats::<T, MAX>(value, state);
        let takes = if SKIP {
            !M::absent(value) & (wins | M::absent(state))
        } else {
            M::absent(value) | (wins & !M::absent(state))
        };
        if takes {
            *state = value.clone();
        }
    }

    #[inline(always)]
    fn join(&self, state: &mut T, later: &T) {
        self.add(state, later, 0);
    }

    fn finish(&self, states: Vec<T>) -> Block {
        Block::from_list(states)
    }
}
