//! The integration tests, in one binary.

mod documentation;
mod generated;
mod parse;
mod tidy;
