//! HDF5 and NetCDF-4: one file format, read by the engine itself and written with libhdf5.
//!
//! Reading never calls libhdf5: [`format`] decodes metadata from positioned reads, [`metadata`] makes of it the tree
//! the planner sees, and [`reader`] reads chunks, which [`filters`] decodes, from any number of threads. [`writer`]
//! filters chunks the same way and has libhdf5 store them.
//!
//! Deliberately absent: NetCDF-3, virtual datasets, external links and external storage.

use std::sync::Arc;

mod attributes;
mod dimensions;
mod element;
pub mod filters;
pub mod format;
pub mod metadata;
pub mod reader;
mod strided;
pub mod writer;

use format::FormatError;
use format::superblock::{HdfFile, is_hdf5};
use metadata::Metadata;
use reader::Reader;

use super::{ArrayReader, Container, Create, Format};
use crate::planner::catalog::{CatalogError, Stored};
use crate::runtime::existing;
use crate::runtime::storage::Place;

/// HDF5 files.
pub const HDF5: Format = Format {
    name: "hdf5",
    summary: "HDF5 files, with dimension scales as netCDF-4 has them",
    extensions: &["h5", "hdf5", "hdf", "he5"],
    sniff: is_hdf5,
    replaces: |place| place.is_object() && (is_hdf5(place) || is_classic(place) || existing::is_empty_file(place)),
    open: Some(open),
    check: Some(writer::check_hdf5),
    create: Some(Create::File(writer::create_hdf5)),
    amend: None,
};

/// NetCDF-4 files, which are HDF5 files.
pub const NETCDF: Format = Format {
    name: "netcdf",
    summary: "NetCDF-4 files",
    extensions: &["nc", "nc4", "cdf"],
    check: Some(writer::check_netcdf),
    create: Some(Create::File(writer::create_netcdf)),
    amend: None,
    ..HDF5
};

/// An opened file.
struct File {
    file: Arc<HdfFile>,
    name: String,
    metadata: Metadata,
}

/// Opens a file and reads its metadata.
///
/// # Errors
/// It cannot be read, is no HDF5 file, is damaged, or is being written.
pub fn open(place: &Place) -> Result<Arc<dyn Container>, CatalogError> {
    let name = place.to_string();
    let opened = HdfFile::open(place).and_then(|file| {
        let metadata = Metadata::read(&file)?;
        Ok((file, metadata))
    });
    let (file, metadata) = opened.map_err(|error| explain(place, &name, error))?;
    Ok(Arc::new(File { file: Arc::new(file), name, metadata }))
}

fn explain(place: &Place, name: &str, error: FormatError) -> CatalogError {
    let message = format!("`{name}` cannot be read: {error}");
    match error {
        FormatError::Io(_) => CatalogError::new("ff::source::unreadable", message),
        FormatError::NotHdf5 if is_classic(place) => CatalogError::new("ff::source::unsupported", message)
            .with_help("it is a classic NetCDF file; `nccopy -k nc4 IN OUT` makes a NetCDF-4 file of it"),
        FormatError::NotHdf5 => CatalogError::new("ff::source::not_hdf5", message),
        FormatError::Truncated { .. } => CatalogError::new("ff::source::metadata", message)
            .with_help("its writer did not finish, or a copy was interrupted; make or fetch it again"),
        FormatError::Locked => {
            CatalogError::new("ff::source::busy", message).with_help("wait until that program has closed it")
        }
        FormatError::BeingWritten => CatalogError::new("ff::source::busy", message)
            .with_help("wait until its writer has closed it; after a crash, `h5clear -s FILE` removes the mark"),
        FormatError::Damaged { .. } => CatalogError::new("ff::source::metadata", message),
        FormatError::Unsupported(_) => CatalogError::new("ff::source::unsupported", message),
    }
}

/// Whether a file is a NetCDF file of one of the classic formats.
fn is_classic(place: &Place) -> bool {
    [b"CDF\x01", b"CDF\x02", b"CDF\x05"].iter().any(|start| place.starts_with(*start))
}

impl Container for File {
    fn stored(&self) -> &Arc<Stored> {
        &self.metadata.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        let path = path.trim_matches('/');
        if let Some(dataset) = self.metadata.datasets.get(path) {
            let name = format!("`{}`: /{path}", self.name);
            return Ok(Arc::new(Reader::new(self.file.clone(), dataset.clone(), name)));
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let reason = match &*self.metadata.stored {
            Stored::Group(root) => root.group(parent).and_then(|g| g.unsupported.iter().find(|(n, _)| n == name)),
            Stored::Array(_) => None,
        };
        Err(match reason {
            Some((_, reason)) => CatalogError::new(
                "ff::source::unsupported",
                format!("`{}`: /{path} cannot be read: {reason}", self.name),
            ),
            None => CatalogError::new("ff::source::no_array", format!("`{}` holds no array /{path}", self.name)),
        })
    }
}

#[cfg(test)]
mod tests;
