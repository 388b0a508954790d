//! Reading chunks of a store.
//!
//! A chunk whose object is not there is the fill value, as the format says, while its array is there ([`absence`](super::absence)); one
//! that is there and cannot be read, is a directory, is longer than its metadata allows or does not decode is an error. Of a remote store,
//! what tasks are going to read is fetched ahead of them ([`Ahead`]).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::absence::Absence;
use super::codecs::Pipeline;
use super::element::Form;
use super::metadata::{ArrayMetadata, Layout};
use super::shards::{ShardIndex, Sharding};
use super::tree::{self, Tree};
use crate::allocator;
use crate::array::{Block, DType, Region};
use crate::planner::catalog::{CatalogError, Stored};
use crate::runtime::serializers::{ArrayReader, Container, StorageError, failure};
use crate::runtime::storage::ahead::{Ahead, Encoded};
use crate::runtime::storage::{Failure, Object, Place};

/// Bytes of shard indices an array's reader keeps.
const INDEX_CACHE_BYTES: usize = 4 << 20;

/// How often a remote chunk that cannot be decoded is fetched: a body may come short, with a length that says so.
pub(super) const FETCHES: u32 = 10;

/// A store opened for reading.
pub struct ZarrStore {
    place: Place,
    stored: Arc<Stored>,
    tree: Tree,
}

impl ZarrStore {
    /// Opens the store at a place.
    ///
    /// # Errors
    /// It is none, or its metadata is damaged.
    pub fn open(place: &Place) -> Result<Self, CatalogError> {
        let tree = tree::read(place)?;
        Ok(ZarrStore { place: place.clone(), stored: Arc::new(tree.stored.clone()), tree })
    }
}

impl Container for ZarrStore {
    fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        let path = format!("/{}", path.trim_matches('/'));
        let store = &self.place;
        let Some((array, described)) = self.tree.arrays.get(&path) else {
            let reason = unsupported(&self.stored, &path);
            return Err(match reason {
                Some(reason) => {
                    let message = format!("cannot read the array `{path}` of `{store}`: {reason}");
                    CatalogError::new("ff::source::unsupported", message)
                }
                None => CatalogError::new("ff::source::no_array", format!("`{store}` has no array `{path}`")),
            });
        };
        let directory = self.place.join(path.trim_start_matches('/'));
        let name = if path == "/" { format!("`{store}`") } else { format!("`{path}` of `{store}`") };
        let (indices, ahead, absence) = (Mutex::default(), Ahead::default(), Absence::of(described.clone()));
        Ok(Arc::new(ZarrReader { array: array.clone(), directory, name, indices, ahead, absence }))
    }
}

/// Why the array at `path` was set aside while describing.
fn unsupported<'a>(stored: &'a Stored, path: &str) -> Option<&'a str> {
    let Stored::Group(root) = stored else { return None };
    let (parent, name) = path.rsplit_once('/')?;
    root.group(parent)?.unsupported.iter().find(|(n, _)| n == name).map(|(_, reason)| reason.as_str())
}

/// The indices of shards by their place in the grid, oldest first; with the object of a remote one, which costs a request.
type Indices = VecDeque<(Vec<u64>, (Option<Arc<dyn Object>>, Arc<ShardIndex>))>;

/// A shard that was opened.
struct Shard {
    object: Arc<dyn Object>,
    places: Arc<ShardIndex>,
}

struct ZarrReader {
    array: Arc<ArrayMetadata>,
    directory: Place,
    name: String,
    indices: Mutex<Indices>,
    ahead: Ahead,
    absence: Absence,
}

impl ArrayReader for ZarrReader {
    fn chunk_shape(&self) -> Option<&[u64]> {
        Some(self.pipeline().1)
    }

    fn read_chunk(&self, index: &[u64]) -> Result<Block, StorageError> {
        let clipped = self.clipped(index)?;
        let (pipeline, chunk) = self.pipeline();
        let element = &self.array.element;
        let missing = || Block::full(element.dtype, &clipped, &self.array.fill);
        if self.decodes_in_place() {
            let mut block = Block::unset(element.dtype, chunk);
            let found = self.decode_into(index, block.as_bytes_mut().expect("numbers"))?;
            return Ok(if found { clip(block, &clipped) } else { missing() });
        }
        let block = self.decoded(index, pipeline, |encoded| element.decode(encoded, pipeline, chunk))?;
        Ok(block.map_or_else(missing, |block| clip(block, &clipped)))
    }

    fn read_chunk_into(&self, index: &[u64], out: &mut [u8]) -> Result<(), StorageError> {
        let whole = self.clipped(index)? == self.pipeline().1;
        if whole && self.decodes_in_place() && self.decode_into(index, out)? {
            return Ok(());
        }
        let block = self.read_chunk(index)?.contiguous();
        out.copy_from_slice(block.as_bytes().expect("numbers in C order"));
        Ok(())
    }

    fn read_region(&self, _region: &Region) -> Result<Block, StorageError> {
        Err(StorageError::new("ff::read::no_chunk", format!("the array {} is read by chunks", self.name)))
    }

    fn prepare(&self, indices: &mut dyn Iterator<Item = Vec<u64>>) {
        if !self.directory.storage.is_local() {
            let indices: Vec<Vec<u64>> = indices.filter(|index| !self.ahead.has(index)).collect();
            self.fetch_ahead(&indices);
        }
    }

    fn holds(&self, index: &[u64]) -> Result<bool, StorageError> {
        match &self.array.layout {
            Layout::Chunks(_) => {
                let place = self.file(index);
                let found = place.open().and_then(|found| self.found(found));
                found.map(|found| found.is_some()).map_err(|e| self.failed(index, &place, &e))
            }
            Layout::Shards(sharding) => Ok(self.find_inner(sharding, index)?.is_some()),
        }
    }

    fn confirm(&self) -> Result<(), StorageError> {
        self.absence.confirm().map_err(|failure| {
            let message = format!("chunks of the array {} were missing, and at the end: {failure}", self.name);
            failure::with_help(StorageError::new("ff::read::failed", message), &failure)
        })
    }

    fn scratch_bytes(&self) -> u64 {
        self.pipeline().0.decode_scratch()
    }
}

/// The part of a chunk that lies within the array.
fn clip(block: Block, clipped: &[u64]) -> Block {
    if block.shape() == clipped { block } else { block.slice(&Region::whole(clipped)) }
}

/// An object with its first bytes, as many as it has of them.
fn start(object: Arc<dyn Object>, size: u64) -> Result<(Arc<dyn Object>, Vec<u8>), Failure> {
    let mut bytes = vec![0; size.min(object.size()) as usize];
    object.read_into(0, &mut bytes)?;
    Ok((object, bytes))
}

/// Where a chunk of a shard lies.
struct InShard {
    object: Arc<dyn Object>,
    place: Place,
    offset: u64,
    size: u64,
}

impl ZarrReader {
    fn file(&self, index: &[u64]) -> Place {
        self.directory.join(&self.array.keys.path(index))
    }

    /// The codecs of a readable chunk, and its shape.
    fn pipeline(&self) -> (&Pipeline, &[u64]) {
        match &self.array.layout {
            Layout::Chunks(pipeline) => (pipeline, &self.array.chunks),
            Layout::Shards(sharding) => (&sharding.inner, &sharding.inner_shape),
        }
    }

    /// The shape of the chunk at `index` as far as it lies within the array.
    fn clipped(&self, index: &[u64]) -> Result<Vec<u64>, StorageError> {
        let (chunk, shape) = (self.pipeline().1, &self.array.stored.shape);
        let sizes = index.iter().zip(chunk).zip(shape).map(|((i, chunk), n)| {
            let start = i.checked_mul(*chunk).filter(|start| start < n)?;
            Some((*chunk).min(n - start))
        });
        let sizes: Option<Vec<u64>> = sizes.collect();
        sizes.filter(|sizes| sizes.len() == shape.len() && index.len() == shape.len()).ok_or_else(|| {
            StorageError::new("ff::read::no_chunk", format!("the array {} has no chunk {index:?}", self.name))
        })
    }

    /// Whether elements are decoded to where they belong.
    fn decodes_in_place(&self) -> bool {
        let element = &self.array.element;
        element.form == Form::Plain && element.dtype != DType::Bool && self.pipeline().0.is_direct()
    }

    /// Decodes a whole chunk into `out`; whether it was ever written.
    fn decode_into(&self, index: &[u64], out: &mut [u8]) -> Result<bool, StorageError> {
        let (pipeline, _) = self.pipeline();
        if let (true, true, Layout::Chunks(_)) =
            (pipeline.is_plain(), self.directory.storage.is_local(), &self.array.layout)
        {
            let place = self.file(index);
            let read = place.storage.read_into(&place.key, out);
            let read = read.and_then(|there| Ok(self.found(there.then_some(()))?.is_some()));
            return read.map_err(|e| self.misfit(index, &place, &e, &format!("has {}", out.len())));
        }
        Ok(self.decoded(index, pipeline, |encoded| pipeline.decode_into(encoded, out))?.is_some())
    }

    /// What `decode` makes of the encoded bytes of a chunk; none where it was never written. Bytes that came from afar and
    /// cannot be decoded are fetched again.
    fn decoded<T>(
        &self,
        index: &[u64],
        pipeline: &Pipeline,
        mut decode: impl FnMut(Vec<u8>) -> Result<T, String>,
    ) -> Result<Option<T>, StorageError> {
        let attempts = if self.directory.storage.is_local() { 1 } else { FETCHES };
        for attempt in 1.. {
            let Some((encoded, place)) = self.encoded(index, pipeline)? else { return Ok(None) };
            match decode(encoded) {
                Ok(decoded) => return Ok(Some(decoded)),
                Err(reason) if attempt == attempts => return Err(self.undecoded(index, &place, &reason)),
                Err(_) => {}
            }
        }
        unreachable!("the last attempt returns")
    }

    /// The encoded bytes of a chunk and the object they lie in; none where it was never written.
    fn encoded(&self, index: &[u64], pipeline: &Pipeline) -> Result<Option<(Vec<u8>, Place)>, StorageError> {
        let limit = pipeline.encoded_limit();
        let ahead = self.ahead.take(index);
        let place = match &self.array.layout {
            Layout::Shards(sharding) => self.file(&sharding.shard(index).0),
            Layout::Chunks(_) => self.file(index),
        };
        let read = match (ahead, &self.array.layout) {
            (Some(pending), _) => pending.take(),
            (None, Layout::Shards(sharding)) => return self.read_inner(sharding, index),
            (None, Layout::Chunks(_)) => place.read(limit),
        };
        let bytes = read.and_then(|bytes| self.found(bytes));
        let bytes = bytes.map_err(|e| self.misfit(index, &place, &e, &format!("has at most {limit}")))?;
        Ok(bytes.map(|bytes| (bytes, place)))
    }

    /// Begins to read chunks that will be asked for.
    fn fetch_ahead(&self, indices: &[Vec<u64>]) {
        let limit = self.pipeline().0.encoded_limit();
        let mut pending: Vec<(&Vec<u64>, Encoded)> = Vec::new();
        match &self.array.layout {
            Layout::Chunks(_) => {
                for index in indices {
                    let place = self.file(index);
                    pending.extend(place.storage.begin(&place.key, limit).map(|begun| (index, begun)));
                }
            }
            Layout::Shards(sharding) => {
                let mut shards: BTreeMap<Vec<u64>, Vec<(&Vec<u64>, InShard)>> = BTreeMap::new();
                for index in indices {
                    // What is wrong with a shard is told when the chunk is read.
                    if let Ok(Some(inner)) = self.find_inner(sharding, index) {
                        shards.entry(sharding.shard(index).0).or_default().push((index, inner));
                    }
                }
                for chunks in shards.values() {
                    let ranges: Vec<_> = chunks.iter().map(|(_, inner)| (inner.offset, inner.size)).collect();
                    let begun = chunks[0].1.object.begin(&ranges);
                    let begun = chunks.iter().zip(begun).map(|((index, _), bytes)| (*index, bytes.map(Some)));
                    pending.extend(begun);
                }
            }
        }
        self.ahead.put(pending.into_iter().map(|(index, begun)| (index.clone(), begun)));
    }

    /// Nothing is the fill value as long as the array is there.
    fn found<T>(&self, found: Option<T>) -> Result<Option<T>, Failure> {
        if found.is_none() {
            self.absence.met()?;
        }
        Ok(found)
    }

    /// The shard in which a chunk lies, with its offset and size there; none where it was never written.
    fn find_inner(&self, sharding: &Sharding, index: &[u64]) -> Result<Option<InShard>, StorageError> {
        let (shard, within) = sharding.shard(index);
        let place = self.file(&shard);
        let Some(Shard { object, places }) = self.shard(sharding, shard, (index, &place))? else { return Ok(None) };
        let Some((offset, size)) = places.range(sharding.position(&within)) else { return Ok(None) };
        let length = object.size();
        if offset.checked_add(size).is_none_or(|end| end > length) || size > sharding.inner.encoded_limit() {
            let reason =
                format!("its index places it at {offset} with {size} bytes, outside the {length} of the shard");
            return Err(self.undecoded(index, &place, &reason));
        }
        Ok(Some(InShard { object, place, offset, size }))
    }

    fn read_inner(&self, sharding: &Sharding, index: &[u64]) -> Result<Option<(Vec<u8>, Place)>, StorageError> {
        let Some(InShard { object, place, offset, size }) = self.find_inner(sharding, index)? else { return Ok(None) };
        let mut encoded = allocator::unset(size as usize);
        object.read_into(offset, &mut encoded).map_err(|e| self.failed(index, &place, &e))?;
        Ok(Some((encoded, place)))
    }

    /// A shard, opened, with its index. A file of this machine is opened for each chunk, and not held.
    fn shard(
        &self,
        sharding: &Sharding,
        shard: Vec<u64>,
        (index, place): (&[u64], &Place),
    ) -> Result<Option<Shard>, StorageError> {
        let failed = |e: Failure| self.failed(index, place, &e);
        let damaged = |reason: String| self.failed(index, place, &std::io::Error::other(reason).into());
        let held = self.indices.lock().expect("no reader panics");
        let known = held.iter().find(|(s, _)| *s == shard).map(|(_, known)| known.clone());
        drop(held);
        match known {
            Some((Some(object), places)) => return Ok(Some(Shard { object, places })),
            Some((None, places)) => {
                let object = place.open().and_then(|found| self.found(found)).map_err(failed)?;
                return Ok(object.map(|object| Shard { object, places }));
            }
            None => {}
        }
        let size = sharding.index_bytes();
        let opened = match sharding.index_first() {
            false => place.storage.open_with_end(&place.key, size),
            true => place.open().and_then(|object| object.map(|object| start(object, size)).transpose()),
        };
        let Some((object, encoded)) = opened.and_then(|found| self.found(found)).map_err(failed)? else {
            return Ok(None);
        };
        if (encoded.len() as u64) < size {
            return Err(damaged("the shard is shorter than its index".to_owned()));
        }
        let decoded = sharding.decode_index(encoded);
        let places = Arc::new(decoded.map_err(|e| damaged(format!("the index of the shard is damaged: {e}")))?);
        let kept = object.is_remote().then(|| object.clone());
        let mut held = self.indices.lock().expect("no reader panics");
        held.push_back((shard, (kept, places.clone())));
        while held.len() > 1 && held.iter().map(|(_, (_, places))| places.bytes()).sum::<usize>() > INDEX_CACHE_BYTES {
            held.pop_front();
        }
        Ok(Some(Shard { object, places }))
    }

    /// As [`ZarrReader::failed`], where the length may be to blame: a chunk of this array `has` so many bytes.
    fn misfit(&self, index: &[u64], place: &Place, failure: &Failure, has: &str) -> StorageError {
        match failure {
            Failure::Length(length) => {
                let reason = format!("the file has {length} bytes, and a chunk of this array {has}");
                self.failed(index, place, &std::io::Error::other(reason).into())
            }
            other => self.failed(index, place, other),
        }
    }

    fn failed(&self, index: &[u64], place: &Place, failure: &Failure) -> StorageError {
        let message = format!("cannot read chunk {index:?} of the array {} in `{place}`: {failure}", self.name);
        failure::with_help(StorageError::new("ff::read::failed", message), failure)
    }

    fn undecoded(&self, index: &[u64], place: &Place, reason: &str) -> StorageError {
        let message = format!("cannot decode chunk {index:?} of the array {} in `{place}`: {reason}", self.name);
        StorageError::new("ff::read::decode", message)
    }
}
