//! Small tables as comma-separated values (RFC 4180).
//!
//! Written: arrays of at most two dims in long form, a column for each dim with its labels (positions
//! where there are none), then one for each array, and a row for each element; a single value has one
//! row. Times are ISO 8601, what is missing is an empty field. Read: a header line, then rows; every
//! column is an array over the dim `row`, of the narrowest of integers, floats, truth values, times
//! and text that holds all its fields.
//!
//! Deliberately absent: other separators, tables that do not fit in memory, attributes and units.

mod reader;
mod writer;

use std::sync::Arc;

use super::{Container, Create, Format};
use crate::planner::catalog::CatalogError;
use crate::runtime::storage::Place;

/// The row of CSV in [`FORMATS`](super::FORMATS). Any text could be CSV, so only the name tells.
pub const FORMAT: Format = Format {
    name: "csv",
    summary: "small tables as comma-separated values",
    extensions: &["csv"],
    sniff: |_| false,
    replaces: Place::is_object,
    open: Some(open),
    check: Some(writer::check),
    create: Some(Create::File(writer::create)),
    amend: None,
};

fn open(place: &Place) -> Result<Arc<dyn Container>, CatalogError> {
    Ok(Arc::new(reader::CsvFile::open(place)?))
}

#[cfg(test)]
mod tests;
