//! From the syntax tree to a plan.

pub mod catalog;
