//! FunctionFuse: a small pipeline language for arrays that do not fit in memory.

pub mod diagnostic;
pub mod source;
