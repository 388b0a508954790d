//! What the programs share: arguments, settings from the environment, rendering of values and problems.

pub mod arguments;
pub mod diff;
pub mod execution;
pub mod info;
pub mod inspect;
pub mod log;
pub mod problems;
pub mod progress;
pub mod script;
pub mod show;
pub mod trace;

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::diagnostic::Report;

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

/// The exit code for a script with problems: those with the values of its params alone are the command line's.
pub fn refused(report: &Report) -> i32 {
    let of_params = |code: String| code.starts_with("ff::plan::param");
    let errors = report.problems().iter().filter(|p| matches!(p.severity(), None | Some(miette::Severity::Error)));
    let all = errors.into_iter().all(|p| p.code().is_some_and(|code| of_params(code.to_string())));
    if all { USAGE } else { SCRIPT }
}

/// Completions for a shell.
pub fn completions(mut command: clap::Command, shell: clap_complete::Shell) -> Vec<u8> {
    let (name, mut text) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(shell, &mut command, name, &mut text);
    text
}

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
        Err(message) => failed(&message),
    }
}

/// Says that reading or writing failed; gives the exit code.
pub fn failed(message: &str) -> i32 {
    eprintln!("error: {message}");
    STORAGE
}
