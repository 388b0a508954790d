//! The integration tests, in one binary.

mod amend;
#[cfg(feature = "runtime")]
mod benchmark;
mod climate;
mod command_line;
mod contract;
mod coordinates;
mod datasets;
mod definitions;
mod documentation;
#[cfg(feature = "runtime")]
mod explain;
mod faults;
mod generated;
mod groups;
mod hdf5;
mod levels;
mod lowering;
mod operators;
mod parse;
#[cfg(feature = "runtime")]
mod persist;
mod programs;
mod random;
mod reshapes;
mod selection;
mod sinks;
mod storages;
mod tidy;
mod whole;
mod windows;
mod world;
