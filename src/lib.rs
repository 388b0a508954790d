//! FunctionFuse: a small pipeline language for arrays that do not fit in memory.

pub mod array;
pub mod diagnostic;
pub mod parser;
pub mod source;
