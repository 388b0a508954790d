//! Reductions: what becomes of many elements in one cell, and how a call of one expands.
//!
//! A *fold* ([`fold::Fold`]) says how elements change the state of one cell and how two states become
//! one; an accumulator holds the states of many cells. A *stepper* ([`step::Stepper`]) tells it which
//! elements go to which cells. The order in which a cell takes in its elements depends on the runs
//! and merges alone, never on timing.
//!
//! Weights must not be missing: where they are known while planning that is checked, else a missing
//! weight makes its result missing.
//!
//! Absent: median and quantiles, which need all elements of a cell at once (`super::whole`).

pub mod choose;
pub mod coded;
pub mod cumulative;
pub mod expand;
pub mod extremes;
pub mod fold;
pub mod moments;
pub mod numbers;
pub mod packed;
pub mod pair;
pub mod positions;
pub mod step;
pub mod sums;
pub mod table;
#[cfg(test)]
pub mod tests;
pub mod times;
pub mod truth;
pub mod weighted;
pub mod zones;

pub use choose::{Options, Reducer, at_least, choose};
pub use expand::Reducing;
pub use step::{Stepper, TileRows};
pub use table::OPERATORS;
