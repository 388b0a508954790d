//! Formats: how arrays lie in files, and how they are read and written chunk by chunk.
//!
//! A [`Format`] opens what lies at a [`Place`] as a [`Container`], whose metadata is plain data
//! ([`Stored`]) and whose arrays are read through [`ArrayReader`]s: whole chunks, decoded, from any
//! thread. For writing it makes a [`TargetWriter`] under a staging path, which declares its arrays,
//! hands out [`ArrayWriter`]s, and is finished once; publishing (the rename) is the caller's.
//!
//! Deliberately absent: CF decoding (the planner lowers it to operators), caching and threads.

mod contexts;
pub mod csv;
pub mod failure;
pub mod hdf5;
mod json;
pub mod kept;
pub mod npy;
mod raw;
pub mod sinks;
#[cfg(test)]
pub(crate) mod testing;
pub mod zarr;

use std::path::Path;
use std::sync::Arc;

use super::storage::Place;
use crate::array::{Attributes, Block, Region};
use crate::planner::catalog::{CatalogError, Stored};
pub use crate::planner::target::{ArraySpec, CodecSpec, TargetOptions};

/// Why stored data cannot be read or written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct StorageError {
    /// The stable code, `ff::read::…` or `ff::write::…`.
    pub code: &'static str,
    /// What is wrong, with file and array.
    pub message: String,
    /// What the user can do.
    pub help: Option<String>,
}

impl StorageError {
    /// An error without help.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        StorageError { code, message: message.into(), help: None }
    }

    /// The same with help.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Reads one array, from any thread.
pub trait ArrayReader: Send + Sync {
    /// The shape of a readable chunk, none where any region can be read directly (contiguous layouts).
    fn chunk_shape(&self) -> Option<&[u64]>;

    /// The chunk at `index`, decoded, in native byte order, clipped to the array's shape. A chunk
    /// that was never written is the array's fill value.
    ///
    /// # Errors
    /// The chunk cannot be read or decoded.
    fn read_chunk(&self, index: &[u64]) -> Result<Block, StorageError>;

    /// Decodes the chunk at `index` to where its elements belong: `out` takes exactly the bytes of the clipped chunk, native
    /// and in C order. Only called for plain numbers.
    ///
    /// # Errors
    /// As [`ArrayReader::read_chunk`].
    fn read_chunk_into(&self, index: &[u64], out: &mut [u8]) -> Result<(), StorageError> {
        let block = self.read_chunk(index)?.contiguous();
        out.copy_from_slice(block.as_bytes().expect("numbers in C order"));
        Ok(())
    }

    /// Says which chunks are going to be read: a reader of a remote storage begins to fetch them, several at a time.
    fn prepare(&self, _indices: &mut dyn Iterator<Item = Vec<u64>>) {}

    /// Any region, without going through whole chunks; only called where [`ArrayReader::chunk_shape`] is none.
    ///
    /// # Errors
    /// The region cannot be read.
    fn read_region(&self, region: &Region) -> Result<Block, StorageError>;

    /// Whether the chunk at `index` was ever written; with an empty index the array, where [`ArrayReader::chunk_shape`] is none.
    ///
    /// # Errors
    /// That cannot be told.
    fn holds(&self, _index: &[u64]) -> Result<bool, StorageError> {
        Ok(true)
    }

    /// Checks, when all has been read, that what was taken for never written still can be: a store that was removed meanwhile has no
    /// chunks either.
    ///
    /// # Errors
    /// It cannot.
    fn confirm(&self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Bytes beyond the decoded chunk that reading one chunk needs at its peak (encoded bytes, codec scratch).
    fn scratch_bytes(&self) -> u64;
}

/// An opened file, directory or store.
pub trait Container: Send + Sync {
    /// Its metadata, read once when it was opened.
    fn stored(&self) -> &Arc<Stored>;

    /// A reader of the array at `path`.
    ///
    /// # Errors
    /// There is no such array, or it needs a filter or codec that is not there.
    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError>;
}

/// Writes one array of a target, from any thread. Each stored object is written once.
pub trait ArrayWriter: Send + Sync {
    /// The shape of a stored object: the shard where there is one, else the chunk.
    fn object_shape(&self) -> &[u64];

    /// Encodes and stores the object at `index`; `block` is clipped to the array's shape, of the
    /// spec's dtype, with any strides. Gives the bytes stored.
    ///
    /// # Errors
    /// The object cannot be encoded or stored.
    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError>;

    /// Does of [`ArrayWriter::write`] what may be done at any time, and gives what has to wait for the tasks before.
    ///
    /// # Errors
    /// The object cannot be encoded or stored.
    fn begin(&self, index: &[u64], block: &Block) -> Result<Storing, StorageError> {
        self.write(index, block).map(Storing::Done)
    }

    /// Whether the target shows in which order its objects were stored, so that tasks have to store in theirs.
    fn is_ordered(&self) -> bool {
        false
    }

    /// Whether a run that goes on after an interrupted one can have the objects that one stored: as files of their own, or
    /// by where they lie in the unfinished target ([`StoredObject::extent`]).
    fn is_resumable(&self) -> bool {
        false
    }

    /// As [`ArrayWriter::begin`], with the encoded bytes that lie in what an interrupted run left; only called where its objects
    /// have extents.
    ///
    /// # Errors
    /// The object cannot be stored.
    fn restore(&self, index: &[u64], _encoded: Vec<u8>) -> Result<Storing, StorageError> {
        Err(StorageError::new("ff::write::failed", format!("the object {index:?} cannot be taken over")))
    }

    /// Bytes beyond the block that writing one object needs at its peak.
    fn scratch_bytes(&self) -> u64;
}

/// How far an object is on its way into its target.
pub enum Storing {
    /// It is stored, in so many bytes.
    Done(u64),
    /// It is encoded; this stores it.
    Encoded(Store),
}

/// Stores an object that is encoded.
pub type Store = Box<dyn FnOnce() -> Result<StoredObject, StorageError> + Send>;

/// An object that was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredObject {
    /// Its bytes, encoded.
    pub bytes: u64,
    /// Where it lies in the file of the target, where it is part of one and that is known.
    pub extent: Option<Extent>,
}

/// Where encoded bytes lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first byte.
    pub address: u64,
    /// How many they are.
    pub len: u64,
    /// Their CRC-32.
    pub sum: u32,
}

/// A target being written under a staging path.
pub trait TargetWriter: Send + Sync {
    /// The writer of the array at `path`.
    ///
    /// # Panics
    /// Where the array was not among the specs.
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter>;

    /// Completes the target: metadata, flush; not to disk. Called once, after the last write.
    ///
    /// # Errors
    /// The target cannot be completed.
    fn finish(&self) -> Result<(), StorageError>;
}

/// One row of [`FORMATS`].
pub struct Format {
    /// The name a script uses.
    pub name: &'static str,
    /// One line on what it is.
    pub summary: &'static str,
    /// Extensions by which a path is recognised where its content says nothing, without the dot.
    pub extensions: &'static [&'static str],
    /// Whether what lies there is of this format, by its content.
    pub sniff: fn(&Place) -> bool,
    /// Whether what lies there may be deleted for a target: an output of this format, or nothing of worth.
    /// Called for files and folders only.
    pub replaces: fn(&Place) -> bool,
    /// Opens it for reading; none for a format that is only written.
    pub open: Option<Open>,
    /// Checks specs while planning: chunk sizes, codecs, dtypes the format cannot store.
    pub check: Option<Check>,
    /// Begins a target under a staging name with these arrays; none for a format that is only read.
    pub create: Option<Create>,
    /// Begins at a staging path what becomes of a target of which a part is replaced; none where that cannot be.
    pub amend: Option<Amend>,
}

/// Opens what lies at a place.
pub type Open = fn(&Place) -> Result<Arc<dyn Container>, CatalogError>;

/// Checks what is to be written.
pub type Check = fn(&[ArraySpec], &TargetOptions) -> Result<(), CatalogError>;

/// How a format begins a target, by what it needs of the storage.
#[derive(Clone, Copy)]
pub enum Create {
    /// Objects that are each written whole, which any storage takes.
    Objects(CreateObjects),
    /// A file of this machine; elsewhere it is uploaded when it is complete.
    File(CreateFile),
}

/// Begins a target at a staging place.
pub type CreateObjects = fn(&Place, &[ArraySpec], &TargetOptions) -> Result<Arc<dyn TargetWriter>, StorageError>;

/// Begins a target at a staging path.
pub type CreateFile = fn(&Path, &[ArraySpec], &TargetOptions) -> Result<Arc<dyn TargetWriter>, StorageError>;

/// Begins at a staging path (the second) a target that is as the one there (the first) but for the shapes of the arrays and
/// the objects that are written, with more attributes at its root.
pub type Amend = fn(&Path, &Path, &[ArraySpec], &Attributes) -> Result<Arc<dyn TargetWriter>, StorageError>;

/// All formats, in the order in which content is sniffed.
pub static FORMATS: &[Format] = &[zarr::FORMAT, hdf5::HDF5, hdf5::NETCDF, npy::FORMAT, csv::FORMAT];

/// The name of the format that is written to a path of this extension.
///
/// # Errors
/// There is none; the extensions that there are, with their dots.
pub fn by_extension(path: &str) -> Result<&'static str, Vec<String>> {
    let extension = Path::new(path).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mut written = FORMATS.iter().filter(|format| format.create.is_some());
    match written.clone().find(|format| format.extensions.contains(&extension.as_str())) {
        Some(format) => Ok(format.name),
        None => Err(written.by_ref().flat_map(|f| f.extensions).map(|e| format!(".{e}")).collect()),
    }
}
