//! The integration tests, in one binary.

mod generated;
mod parse;
mod tidy;
