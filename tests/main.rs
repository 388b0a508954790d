//! The integration tests, in one binary.

mod documentation;
mod generated;
mod lowering;
mod parse;
mod tidy;
mod world;
