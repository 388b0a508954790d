//! Text to tree.

pub mod ast;
pub mod keywords;
