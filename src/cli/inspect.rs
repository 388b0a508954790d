//! `ffrun info` and `ffrun diff` as commands: arguments, opening, exit codes.

use std::ffi::OsString;
use std::process::exit;
use std::sync::Arc;

use clap::Parser;

use super::diff::{How, Tolerance};
use crate::planner::catalog::Location;
use crate::runtime::World;
use crate::runtime::catalog::LocalCatalog;
use crate::runtime::serializers::Container;

/// Shows what lies at a place: arrays with dtype, dims, chunks, codec, attributes and sizes.
#[derive(Parser)]
#[command(name = "ffrun info")]
struct Info {
    /// A file, directory or store
    url: String,
}

/// Compares two stores: structure, attributes, values. Exits 0 where they are equal, else 1.
///
/// Values are compared as CF attributes mean them (fill values, packing, times); these attributes and the dtypes of encoded
/// arrays are not compared. What is missing equals what is missing.
#[derive(Parser)]
#[command(name = "ffrun diff")]
struct Diff {
    /// The first store
    a: String,
    /// The second store
    b: String,
    /// Tolerance relative to the second value
    #[arg(long, default_value_t = 0.0)]
    rtol: f64,
    /// Absolute tolerance
    #[arg(long, default_value_t = 0.0)]
    atol: f64,
    /// Compare values, dtypes and attributes as they are stored
    #[arg(long)]
    raw: bool,
}

fn open(url: &str) -> Arc<dyn Container> {
    let location = Location { format: "open".into(), url: url.into() };
    LocalCatalog::new().container(&location).unwrap_or_else(|error| {
        super::tell(format_args!("error: {error}\n"));
        error.help.iter().for_each(|help| super::tell(format_args!("help: {help}\n")));
        exit(super::STORAGE)
    })
}

/// Runs `ffrun info` with these arguments; gives the exit code.
pub fn info(args: &[OsString]) -> i32 {
    let arguments = Info::parse_from(args);
    super::give(None, super::info::tree(&arguments.url, open(&arguments.url).stored()).as_bytes())
}

/// Runs `ffrun diff` with these arguments; gives the exit code.
pub fn diff(args: &[OsString]) -> i32 {
    let arguments = Diff::parse_from(args);
    let tolerance = Tolerance { rtol: arguments.rtol, atol: arguments.atol };
    let how = How { tolerance, raw: arguments.raw };
    match super::diff::diff(&*open(&arguments.a), &*open(&arguments.b), how) {
        Ok(found) => {
            let text: String = found.iter().map(|difference| format!("{difference}\n")).collect();
            let differs = if found.is_empty() { super::DONE } else { super::SCRIPT };
            differs.max(super::give(None, text.as_bytes()))
        }
        Err(error) => super::failed(&error.to_string()),
    }
}
