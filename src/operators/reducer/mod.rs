//! Reductions that scripts define: `reducer NAME(x) { init: …, step: …, merge: …, finish: … }`.
//!
//! A state is one value or several, each of a dtype; what a body says of it is a [`Tape`](tape::Tape) of elementwise
//! calls, computed for many cells, or many parts of a cell's elements, at once. So a reducer of a script has the tasks,
//! the order of elements and the memory of any reduction. Merging must be associative, and a state that has seen nothing must change
//! nothing when it is merged; then a result does not depend on how elements are dealt out. Bits do not depend on it
//! in any case: where elements are cut follows from types.
//!
//! Absent: more than two arrays, results of several elements a cell, positions.

pub mod states;
pub mod tape;

use std::sync::Arc;

use super::arguments::Signature;
use super::combine::{Accumulator, Combine};
use super::reduction::choose::Reduced;
use super::reduction::table::{DIMS, KEEPDIMS, MIN_COUNT, SKIPNA, X};
use super::reduction::{Options, Reducing};
use super::{Operand, Operator, TypeError};
use crate::array::{DType, Scalar};
use tape::Tape;

/// What a reducer of a script computes.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The dtypes of the elements: of one array, or of two.
    pub elements: Vec<DType>,
    /// The parts of a state that has seen nothing.
    pub init: Vec<(DType, Scalar)>,
    /// From the parts of a state and the elements to the parts of the next.
    pub step: Tape,
    /// From the parts of two states, the earlier one first, to those of one.
    pub merge: Tape,
    /// From the parts of a state to the result.
    pub finish: Tape,
    /// The dtype of the result.
    pub dtype: DType,
}

impl Combine for Recipe {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(states::States::new(self, cells))
    }

    fn state_bytes(&self) -> usize {
        self.init.iter().map(|(dtype, _)| dtype.size()).sum()
    }

    fn room_bytes(&self) -> usize {
        states::room_bytes(self)
    }
}

/// A call of a reducer: its recipe for the dtypes of the arrays.
#[derive(Clone, Debug)]
pub struct Custom {
    /// The recipe.
    pub recipe: Arc<Recipe>,
    /// Its name and what it computes, as text.
    pub identity: String,
    /// The second array.
    pub second: Option<Operand>,
}

impl Reducing for Custom {
    fn name(&self) -> &'static str {
        OPERATOR.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn second(&self) -> Option<Operand> {
        self.second
    }

    fn choose(&self, _: DType, _: &Options) -> Result<Reduced, TypeError> {
        Ok((self.recipe.clone(), self.recipe.dtype))
    }
}

/// How every reducer of a script is called; parameters of its own come besides. It stands in no table, since it has a
/// value only by a definition.
pub static OPERATOR: Operator = Operator {
    name: "reducer",
    signature: Signature { params: &[X, DIMS, SKIPNA, KEEPDIMS, MIN_COUNT] },
    summary: "A reduction that the script defines.",
    example: "",
    expand: |_, _| Err(TypeError::new("ff::type::bug", "a reducer without a definition")),
};
