//! Zarr, versions 2 and 3, in local directories.
//!
//! A store is a tree of groups and arrays ([`tree`]), each described by JSON ([`json`],
//! [`metadata`], [`attributes`]); an array's [`element`]s lie in chunks that went through
//! [`codecs`], one to a file or many to a [shard](shards). [`reader`] reads them; [`writer`] writes them, with the metadata of a
//! [`target`] and the [codecs a script names](sink_codecs), or over part of a store that is there ([`amend`]).
//!
//! Deliberately absent: the format's own notions of hierarchy beyond groups (links, views), irregular
//! chunk grids, storage transformers, and remote storage.

mod amend;
pub mod attributes;
mod chain;
mod codecs;
pub(in crate::runtime::serializers) mod element;
mod gdeflate;
mod json;
mod labels;
mod metadata;
mod numcodecs;
mod reader;
mod shards;
mod sink_codecs;
mod target;
mod tree;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use crate::planner::catalog::CatalogError;
use crate::runtime::existing;
use crate::runtime::serializers::{Container, Format};

/// The row of Zarr in [`FORMATS`](super::FORMATS).
pub const FORMAT: Format = Format {
    name: "zarr",
    summary: "Zarr v2 and v3 stores, sharded or not",
    extensions: &["zarr"],
    sniff: tree::is_zarr,
    replaces: |path| tree::is_zarr(path) || path.join(".zmetadata").is_file() || existing::is_empty_folder(path),
    open: Some(open),
    check: Some(writer::check),
    create: Some(writer::create),
    amend: Some(amend::amend),
};

fn open(path: &Path) -> Result<Arc<dyn Container>, CatalogError> {
    Ok(Arc::new(reader::ZarrStore::open(path)?))
}
