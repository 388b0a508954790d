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

use std::sync::Arc;

use super::{Container, Create, Format};
use crate::planner::catalog::CatalogError;
use crate::runtime::existing;
use crate::runtime::storage::Place;

/// The row of `.npy` in [`FORMATS`](super::FORMATS).
pub const FORMAT: Format = Format {
    name: "npy",
    summary: "NumPy's .npy files, one array each",
    extensions: &["npy"],
    sniff,
    replaces: |place| place.is_object() && (sniff(place) || existing::is_empty_file(place)),
    open: Some(open),
    check: Some(writer::check),
    create: Some(Create::File(writer::create)),
    amend: None,
};

fn sniff(place: &Place) -> bool {
    place.starts_with(header::MAGIC)
}

fn open(place: &Place) -> Result<Arc<dyn Container>, CatalogError> {
    Ok(Arc::new(reader::NpyFile::open(place)?))
}

#[cfg(test)]
mod tests;
