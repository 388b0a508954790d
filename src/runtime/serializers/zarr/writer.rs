//! Writing stores.
//!
//! Each object is encoded on the caller's thread and stored whole; all metadata comes last, in
//! [`TargetWriter::finish`], so that an unfinished store does not look like one. Chunks at the edge
//! are padded with the fill value. The same blocks give the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codecs::Pipeline;
use super::element::{Element as Stored, Form, bytes_of};
use super::metadata::{ArrayMetadata, Layout};
use super::target::Target;
use crate::array::block::{Element, with_type};
use crate::array::{Block, DType, Region, Scalar};
use crate::planner::catalog::CatalogError;
use crate::runtime::serializers::{ArraySpec, ArrayWriter, StorageError, TargetOptions, TargetWriter, failure};
use crate::runtime::storage::Place;

/// Checks what a sink asks for.
///
/// # Errors
/// An option, a codec, a chunk size, a dtype or a name that Zarr does not have.
pub fn check(specs: &[ArraySpec], options: &TargetOptions) -> Result<(), CatalogError> {
    Target::new(specs, options).map(|_| ())
}

/// Begins a store at a place.
///
/// # Errors
/// The specs do not pass [`check`], or the directory cannot be made.
pub fn create(
    place: &Place,
    specs: &[ArraySpec],
    options: &TargetOptions,
) -> Result<Arc<dyn TargetWriter>, StorageError> {
    let refused = |e: CatalogError| StorageError { code: e.code, message: e.message, help: e.help };
    let target = Target::new(specs, options).map_err(refused)?;
    if let Some(path) = place.path() {
        std::fs::create_dir_all(path).map_err(|e| failure::refused(path, &e))?;
    }
    let arrays = target.arrays.iter().map(|(name, metadata)| {
        let directory = place.join(name.trim_start_matches('/'));
        let writer = ZarrWriter { metadata: metadata.clone(), directory, name: name.clone(), over_links: false };
        (name.clone(), Arc::new(writer))
    });
    Ok(Arc::new(ZarrTarget { arrays: arrays.collect(), place: place.clone(), target }))
}

struct ZarrTarget {
    place: Place,
    target: Target,
    arrays: BTreeMap<String, Arc<ZarrWriter>>,
}

impl TargetWriter for ZarrTarget {
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter> {
        let path = format!("/{}", path.trim_matches('/'));
        self.arrays.get(&path).unwrap_or_else(|| panic!("the array {path} is not among the specs")).clone()
    }

    fn finish(&self) -> Result<(), StorageError> {
        for (name, text) in self.target.files() {
            let place = self.place.join(&name);
            place.write(text.as_bytes()).map_err(|e| failure::unstored(&place, &e))?;
        }
        Ok(())
    }
}

/// Writes the objects of one array.
pub(super) struct ZarrWriter {
    /// How they are encoded.
    pub(super) metadata: Arc<ArrayMetadata>,
    /// The array's folder.
    pub(super) directory: Place,
    /// The array's path, for messages.
    pub(super) name: String,
    /// Whether there may be files of other stores under the names of objects.
    pub(super) over_links: bool,
}

impl ArrayWriter for ZarrWriter {
    fn object_shape(&self) -> &[u64] {
        &self.metadata.chunks
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        let encoded = self.encode(index, block).map_err(|reason| {
            let message = format!("cannot encode chunk {index:?} of the array `{}`: {reason}", self.name);
            StorageError::new("ff::write::encode", message)
        })?;
        let place = self.directory.join(&self.metadata.keys.path(index));
        if self.over_links {
            write_anew(&place, &encoded)?;
        } else {
            place.write(&encoded).map_err(|e| failure::unstored(&place, &e))?;
        }
        Ok(encoded.len() as u64)
    }

    fn is_resumable(&self) -> bool {
        true
    }

    fn scratch_bytes(&self) -> u64 {
        match &self.metadata.layout {
            Layout::Chunks(pipeline) => pipeline.decoded_bytes().saturating_mul(3),
            Layout::Shards(sharding) => {
                let inner = sharding.inner.decoded_bytes();
                let count = sharding.counts.iter().fold(1u64, |n, c| n.saturating_mul(*c));
                inner.saturating_mul(count.saturating_add(3))
            }
        }
    }
}

impl ZarrWriter {
    fn encode(&self, index: &[u64], block: &Block) -> Result<Vec<u8>, String> {
        let dtype = self.metadata.element.dtype;
        if block.dtype() != dtype {
            return Err(format!("a block of {} in an array of {dtype}", block.dtype()));
        }
        let shape = &self.metadata.stored.shape;
        let expected: Option<Vec<u64>> = (index.iter().zip(&self.metadata.chunks).zip(shape))
            .map(|((i, chunk), n)| Some((*chunk).min(n.checked_sub(i.checked_mul(*chunk)?)?)))
            .collect();
        if expected.as_ref() != Some(&block.shape()) {
            return Err(format!("a block of shape {:?} where the array has {expected:?}", block.shape()));
        }
        match &self.metadata.layout {
            Layout::Chunks(pipeline) => {
                let whole = padded(block, &self.metadata.chunks, &self.metadata.fill);
                encode_whole(pipeline, &whole, &self.metadata.element)
            }
            Layout::Shards(sharding) => {
                let counts = Region::whole(&sharding.counts);
                let extent = Region::whole(&block.shape());
                let chunks = counts.indices().map(|within| {
                    let start = within.iter().zip(&sharding.inner_shape).map(|(i, n)| i * n).collect();
                    let region = Region { start, shape: sharding.inner_shape.clone() }.intersect(&extent);
                    if region.is_empty() {
                        return Ok(None);
                    }
                    let whole = padded(&block.slice(&region), &sharding.inner_shape, &self.metadata.fill);
                    encode_whole(&sharding.inner, &whole, &self.metadata.element).map(Some)
                });
                sharding.assemble(chunks)
            }
        }
    }
}

/// Encodes a block of a whole chunk.
pub(super) fn encode_whole(pipeline: &Pipeline, block: &Block, element: &Stored) -> Result<Vec<u8>, String> {
    match block.contiguous().as_bytes() {
        Some(bytes) if element.form == Form::Plain && pipeline.is_direct() => pipeline.encode_bytes(bytes.into()),
        _ => pipeline.encode(bytes_of(block, element.dtype)?),
    }
}

/// The block extended with the fill value to `shape`.
fn padded(block: &Block, shape: &[u64], fill: &Scalar) -> Block {
    if block.shape() == shape {
        return block.clone();
    }
    let mut whole = filled(block.dtype(), shape, fill);
    whole.assign(&vec![0; shape.len()], block);
    whole
}

/// A block of one value.
pub(super) fn filled(dtype: DType, shape: &[u64], fill: &Scalar) -> Block {
    let count = shape.iter().product::<u64>() as usize;
    with_type!(dtype, T => Block::from_vec(shape, vec![T::from_scalar(fill); count]).expect("the count of the shape"))
}

/// Writes a file in place of whatever has its name, and not into that, which may have other names too.
pub(super) fn write_anew(place: &Place, bytes: &[u8]) -> Result<(), StorageError> {
    let written = place.storage.remove(&place.key).and_then(|()| place.write(bytes));
    written.map_err(|e| failure::unstored(place, &e))
}
