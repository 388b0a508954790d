//! Reading chunks of a store.
//!
//! A chunk whose file is not there is the fill value, as the format says; a file that is there and
//! cannot be read, is a directory, is longer than its metadata allows or does not decode is an error.

use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::codecs::Pipeline;
use super::element::Form;
use super::metadata::{ArrayMetadata, Layout};
use super::shards::{ShardIndex, Sharding};
use super::tree::{self, Tree};
use crate::allocator;
use crate::array::{Block, DType, Region};
use crate::planner::catalog::{CatalogError, Stored};
use crate::runtime::serializers::{ArrayReader, Container, StorageError};

/// Bytes of shard indices an array's reader keeps.
const INDEX_CACHE_BYTES: usize = 4 << 20;

/// A store opened for reading.
pub struct ZarrStore {
    path: PathBuf,
    stored: Arc<Stored>,
    tree: Tree,
}

impl ZarrStore {
    /// Opens the store at `path`.
    ///
    /// # Errors
    /// It is none, or its metadata is damaged.
    pub fn open(path: &Path) -> Result<Self, CatalogError> {
        let tree = tree::read(path)?;
        Ok(ZarrStore { path: path.to_owned(), stored: Arc::new(tree.stored.clone()), tree })
    }
}

impl Container for ZarrStore {
    fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        let path = format!("/{}", path.trim_matches('/'));
        let store = self.path.display();
        let Some(array) = self.tree.arrays.get(&path) else {
            let reason = unsupported(&self.stored, &path);
            return Err(match reason {
                Some(reason) => {
                    let message = format!("cannot read the array `{path}` of `{store}`: {reason}");
                    CatalogError::new("ff::source::unsupported", message)
                }
                None => CatalogError::new("ff::source::no_array", format!("`{store}` has no array `{path}`")),
            });
        };
        let directory = self.path.join(path.trim_start_matches('/'));
        let name = if path == "/" { format!("`{store}`") } else { format!("`{path}` of `{store}`") };
        Ok(Arc::new(ZarrReader { array: array.clone(), directory, name, indices: Mutex::default() }))
    }
}

/// Why the array at `path` was set aside while describing.
fn unsupported<'a>(stored: &'a Stored, path: &str) -> Option<&'a str> {
    let Stored::Group(root) = stored else { return None };
    let (parent, name) = path.rsplit_once('/')?;
    root.group(parent)?.unsupported.iter().find(|(n, _)| n == name).map(|(_, reason)| reason.as_str())
}

/// Shard indices by shard, oldest first.
type Indices = VecDeque<(Vec<u64>, Arc<ShardIndex>)>;

struct ZarrReader {
    array: Arc<ArrayMetadata>,
    directory: PathBuf,
    name: String,
    indices: Mutex<Indices>,
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
        let Some((encoded, path)) = self.encoded(index, pipeline)? else { return Ok(missing()) };
        let block = element.decode(encoded, pipeline, chunk).map_err(|e| self.undecoded(index, &path, &e))?;
        Ok(clip(block, &clipped))
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

    fn holds(&self, index: &[u64]) -> Result<bool, StorageError> {
        match &self.array.layout {
            Layout::Chunks(_) => {
                let path = self.file(index);
                self.open_file(&path).map(|file| file.is_some()).map_err(|e| self.failed(index, &path, e))
            }
            Layout::Shards(sharding) => Ok(self.find_inner(sharding, index)?.is_some()),
        }
    }

    fn scratch_bytes(&self) -> u64 {
        self.pipeline().0.decode_scratch()
    }
}

/// The part of a chunk that lies within the array.
fn clip(block: Block, clipped: &[u64]) -> Block {
    if block.shape() == clipped { block } else { block.slice(&Region::whole(clipped)) }
}

/// Where a chunk of a shard lies.
struct InShard {
    file: File,
    path: PathBuf,
    offset: u64,
    size: u64,
}

impl ZarrReader {
    fn file(&self, index: &[u64]) -> PathBuf {
        self.directory.join(self.array.keys.path(index))
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
        if let (true, Layout::Chunks(_)) = (pipeline.is_plain(), &self.array.layout) {
            let path = self.file(index);
            return self.read_plain(&path, out).map_err(|e| self.failed(index, &path, e));
        }
        let Some((encoded, path)) = self.encoded(index, pipeline)? else { return Ok(false) };
        pipeline.decode_into(encoded, out).map_err(|e| self.undecoded(index, &path, &e))?;
        Ok(true)
    }

    /// The encoded bytes of a chunk and the file they lie in; none where it was never written.
    fn encoded(&self, index: &[u64], pipeline: &Pipeline) -> Result<Option<(Vec<u8>, PathBuf)>, StorageError> {
        if let Layout::Shards(sharding) = &self.array.layout {
            return self.read_inner(sharding, index);
        }
        let path = self.file(index);
        let bytes = self.read_file(&path, pipeline.encoded_limit()).map_err(|e| self.failed(index, &path, e))?;
        Ok(bytes.map(|bytes| (bytes, path)))
    }

    /// The bytes of a file; `None` where there is none.
    fn read_file(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, String> {
        let Some((file, length)) = self.open_file(path)? else { return Ok(None) };
        if length > limit {
            return Err(format!("the file has {length} bytes, and a chunk of this array has at most {limit}"));
        }
        let mut bytes = allocator::unset(length as usize);
        file.read_exact_at(&mut bytes, 0).map_err(|e| e.to_string())?;
        Ok(Some(bytes))
    }

    /// Reads the elements of a file that is not encoded; whether there is one.
    fn read_plain(&self, path: &Path, elements: &mut [u8]) -> Result<bool, String> {
        let Some((file, length)) = self.open_file(path)? else { return Ok(false) };
        if length != elements.len() as u64 {
            return Err(format!("the file has {length} bytes, and a chunk of this array has {}", elements.len()));
        }
        file.read_exact_at(elements, 0).map_err(|e| e.to_string())?;
        Ok(true)
    }

    fn open_file(&self, path: &Path) -> Result<Option<(File, u64)>, String> {
        match File::open(path) {
            Ok(file) => {
                let metadata = file.metadata().map_err(|e| e.to_string())?;
                if metadata.is_dir() {
                    return Err("it is a directory".to_owned());
                }
                Ok(Some((file, metadata.len())))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => match self.directory.try_exists() {
                Ok(true) => Ok(None),
                Ok(false) => Err("the array is no longer there".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Err(error) => Err(error.to_string()),
        }
    }

    /// The shard in which a chunk lies, with its offset and size there; none where it was never written.
    fn find_inner(&self, sharding: &Sharding, index: &[u64]) -> Result<Option<InShard>, StorageError> {
        let shard: Vec<u64> = index.iter().zip(&sharding.counts).map(|(i, count)| i / count).collect();
        let within: Vec<u64> = index.iter().zip(&sharding.counts).map(|(i, count)| i % count).collect();
        let path = self.file(&shard);
        let failed = |e: String| self.failed(index, &path, e);
        let Some((file, length)) = self.open_file(&path).map_err(failed)? else { return Ok(None) };
        let places = self.shard_index(sharding, &shard, &file, length).map_err(failed)?;
        let Some((offset, size)) = places.range(sharding.position(&within)) else { return Ok(None) };
        if offset.checked_add(size).is_none_or(|end| end > length) || size > sharding.inner.encoded_limit() {
            let reason =
                format!("its index places it at {offset} with {size} bytes, outside the {length} of the shard");
            return Err(self.undecoded(index, &path, &reason));
        }
        Ok(Some(InShard { file, path, offset, size }))
    }

    fn read_inner(&self, sharding: &Sharding, index: &[u64]) -> Result<Option<(Vec<u8>, PathBuf)>, StorageError> {
        let Some(InShard { file, path, offset, size }) = self.find_inner(sharding, index)? else { return Ok(None) };
        let mut encoded = allocator::unset(size as usize);
        file.read_exact_at(&mut encoded, offset).map_err(|e| self.failed(index, &path, e.to_string()))?;
        Ok(Some((encoded, path)))
    }

    fn shard_index(
        &self,
        sharding: &Sharding,
        shard: &[u64],
        file: &File,
        length: u64,
    ) -> Result<Arc<ShardIndex>, String> {
        let held = self.indices.lock().expect("no reader panics");
        if let Some((_, found)) = held.iter().find(|(s, _)| s == shard) {
            return Ok(found.clone());
        }
        drop(held);
        let (offset, size) = sharding.index_range(length).ok_or("the shard is shorter than its index")?;
        let mut encoded = vec![0; size as usize];
        file.read_exact_at(&mut encoded, offset).map_err(|e| e.to_string())?;
        let decoded = sharding.decode_index(encoded).map_err(|e| format!("the index of the shard is damaged: {e}"))?;
        let decoded = Arc::new(decoded);
        let mut held = self.indices.lock().expect("no reader panics");
        held.push_back((shard.to_vec(), decoded.clone()));
        while held.len() > 1 && held.iter().map(|(_, i)| i.bytes()).sum::<usize>() > INDEX_CACHE_BYTES {
            held.pop_front();
        }
        Ok(decoded)
    }

    fn failed(&self, index: &[u64], path: &Path, reason: String) -> StorageError {
        let message =
            format!("cannot read chunk {index:?} of the array {} in `{}`: {reason}", self.name, path.display());
        StorageError::new("ff::read::failed", message)
    }

    fn undecoded(&self, index: &[u64], path: &Path, reason: &str) -> StorageError {
        let message =
            format!("cannot decode chunk {index:?} of the array {} in `{}`: {reason}", self.name, path.display());
        StorageError::new("ff::read::decode", message)
    }
}
