//! From the syntax tree to a plan.

pub mod catalog;
pub mod graph;
pub mod kernel;
pub mod target;
