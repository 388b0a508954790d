//! NumPy's `.npy` files: one array, no names.
//!
//! Headers of versions 1 to 3 are read, in C and Fortran order and both byte orders; any region is
//! fetched by positioned reads. Written are files of version 1 in C order, blocks to their places, so
//! that many threads can write one file.
//!
//! Deliberately absent: `.npz` archives, pickled objects, structured dtypes, memory maps. Coordinates
//! and attributes have no place in the format: a target takes one variable and leaves them out.

mod header;
mod reader;
mod writer;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{Container, Format};
use crate::planner::catalog::CatalogError;
use crate::runtime::existing;

/// The row of `.npy` in [`FORMATS`](super::FORMATS).
pub const FORMAT: Format = Format {
    name: "npy",
    summary: "NumPy's .npy files, one array each",
    extensions: &["npy"],
    sniff,
    replaces: |path| path.is_file() && (sniff(path) || existing::is_empty_file(path)),
    open: Some(open),
    check: Some(writer::check),
    create: Some(writer::create),
    amend: None,
};

fn sniff(path: &Path) -> bool {
    let mut start = [0; 6];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == header::MAGIC
}

fn open(path: &Path) -> Result<Arc<dyn Container>, CatalogError> {
    Ok(Arc::new(reader::NpyFile::open(path)?))
}

#[cfg(test)]
mod tests;
