//! `any` and `all`: an element is true where it is not zero; NaN is true, as in NumPy.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::super::tile::TileElement;
use super::fold::Fold;
use crate::array::Block;

/// Whether any (or each) element is true.
#[derive(Clone, Debug)]
pub struct Quantifier<T, const ALL: bool> {
    types: PhantomData<fn(T)>,
}

impl<T, const ALL: bool> Quantifier<T, ALL> {
    /// The only one of its types.
    pub fn new() -> Self {
        Quantifier { types: PhantomData }
    }
}

impl<T, const ALL: bool> Default for Quantifier<T, ALL> {
    fn default() -> Self {
        Quantifier::new()
    }
}

impl<T: TileElement + PartialEq + Default + Debug, const ALL: bool> Fold for Quantifier<T, ALL> {
    type In = T;
    type State = bool;

    fn start(&self) -> bool {
        ALL
    }

    #[inline(always)]
    fn add(&self, state: &mut bool, value: &T, _position: u64) {
        self.join(state, &(*value != T::default()));
    }

    #[inline(always)]
    fn join(&self, state: &mut bool, later: &bool) {
        if ALL {
            *state &= *later;
        } else {
            *state |= *later;
        }
    }

    fn finish(&self, states: Vec<bool>) -> Block {
        Block::from_list(states)
    }
}
