//! What the programs share: arguments, settings from the environment, rendering of values and problems.

pub mod arguments;
pub mod diff;
pub mod info;
pub mod problems;
pub mod progress;
pub mod show;

/// The run is done.
pub const DONE: i32 = 0;
/// The script is wrong: parsing, typing, planning, the memory bound.
pub const SCRIPT: i32 = 1;
/// The command line is wrong.
pub const USAGE: i32 = 2;
/// Reading or writing failed.
pub const STORAGE: i32 = 3;
/// An assert does not hold.
pub const ASSERT: i32 = 4;
/// A signal asked for a stop.
pub const INTERRUPTED: i32 = 130;
