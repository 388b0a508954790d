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
pub mod store;
pub mod trace;

use std::fmt::Display;
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

/// What `ff::source` says of sources that cannot be read, whatever the script says of them. What a file
/// holds beyond what can be read here is a mistake only where the script uses it.
const UNREADABLE: [&str; 10] = [
    "busy",
    "empty",
    "metadata",
    "no_match",
    "not_found",
    "not_hdf5",
    "not_zarr",
    "unfinished",
    "unknown_format",
    "unreadable",
];

/// The exit code for a script with problems: where all are with the values of its params, with sources
/// that cannot be read, or with asserts, that of these; else the script is wrong.
pub fn refused(report: &Report) -> i32 {
    let errors = report.problems().iter().filter(|p| matches!(p.severity(), None | Some(miette::Severity::Error)));
    let mut kinds = errors.map(|p| kind(&p.code().map(|code| code.to_string()).unwrap_or_default()));
    let first = kinds.next().unwrap_or(SCRIPT);
    if kinds.all(|kind| kind == first) { first } else { SCRIPT }
}

/// The exit code of one problem that was found while planning.
fn kind(code: &str) -> i32 {
    match code {
        "ff::assert::failed" => ASSERT,
        _ if code.starts_with("ff::plan::param") => USAGE,
        "ff::persist::damaged" => STORAGE,
        _ if code.starts_with("ff::read::") => STORAGE,
        _ => match code.strip_prefix("ff::source::") {
            Some(of_source) if UNREADABLE.contains(&of_source) => STORAGE,
            _ => SCRIPT,
        },
    }
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
        None => match std::io::stdout().write_all(text).and_then(|()| std::io::stdout().flush()) {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(format!("cannot write: {e}")),
            _ => Ok(()),
        },
    };
    match written {
        Ok(()) => DONE,
        Err(message) => failed(&message),
    }
}

/// Writes on standard error, all at once. Where nobody listens, and where it cannot be written, nothing is said.
pub fn tell(text: impl Display) {
    let _ = std::io::stderr().write_all(text.to_string().as_bytes());
}

/// Says that reading or writing failed; gives the exit code.
pub fn failed(message: &str) -> i32 {
    say(message);
    STORAGE
}

/// Says what is wrong and has no place in a script, as `--error-format` on the command line asks.
pub(crate) fn say(message: &str) {
    let args: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let json = args.windows(2).any(|pair| pair == ["--error-format", "json"])
        || args.iter().any(|arg| arg == "--error-format=json");
    match json {
        true => tell(format_args!("{}\n", problems::plain_json(message))),
        false => tell(format_args!("error: {message}\n")),
    }
}
