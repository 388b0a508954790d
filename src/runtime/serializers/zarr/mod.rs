//! Zarr, versions 2 and 3, in any storage.
//!
//! A store is a tree of groups and arrays ([`tree`]), each described by JSON ([`json`],
//! [`metadata`], [`attributes`]); an array's [`element`]s lie in chunks that went through
//! [`codecs`], one to a file or many to a [shard](shards). [`reader`] reads them, and what is [missing](absence); [`writer`] writes them, with the metadata of a
//! [`target`] and the [codecs a script names](sink_codecs), or over part of a store that is there ([`amend`]).
//!
//! Deliberately absent: the format's own notions of hierarchy beyond groups (links, views), irregular
//! chunk grids, storage transformers.

mod absence;
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

use std::sync::Arc;

use crate::planner::catalog::CatalogError;
use crate::runtime::existing;
use crate::runtime::serializers::{Container, Create, Format};
use crate::runtime::storage::Place;

/// The row of Zarr in [`FORMATS`](super::FORMATS).
pub const FORMAT: Format = Format {
    name: "zarr",
    summary: "Zarr v2 and v3 stores, sharded or not",
    extensions: &["zarr"],
    sniff: tree::is_zarr,
    replaces: |place| tree::is_zarr(place) || place.join(".zmetadata").is_object() || existing::is_empty_folder(place),
    open: Some(open),
    check: Some(writer::check),
    create: Some(Create::Objects(writer::create)),
    amend: Some(amend::amend),
};

fn open(place: &Place) -> Result<Arc<dyn Container>, CatalogError> {
    Ok(Arc::new(reader::ZarrStore::open(place)?))
}
