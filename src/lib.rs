//! FunctionFuse: a small pipeline language for arrays that do not fit in memory.

pub mod array;
pub mod diagnostic;
pub mod operators;
pub mod parser;
pub mod planner;
#[cfg(feature = "runtime")]
pub mod runtime;
pub mod source;
