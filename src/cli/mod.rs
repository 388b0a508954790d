//! What the programs share: arguments, settings from the environment, rendering of values and problems.

pub mod arguments;
pub mod diff;
pub mod info;
pub mod inspect;
pub mod problems;
pub mod progress;
pub mod show;

use std::io::{ErrorKind, Write};
use std::path::Path;

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

/// Writes what a program was asked for to a file or to standard output, and gives the exit code; a
/// reader that has seen enough is no error.
pub fn give(output: Option<&Path>, text: &[u8]) -> i32 {
    let written = match output {
        Some(path) => std::fs::write(path, text).map_err(|e| format!("cannot write `{}`: {e}", path.display())),
        None => match std::io::stdout().write_all(text) {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(format!("cannot write: {e}")),
            _ => Ok(()),
        },
    };
    match written {
        Ok(()) => DONE,
        Err(message) => {
            eprintln!("error: {message}");
            STORAGE
        }
    }
}
