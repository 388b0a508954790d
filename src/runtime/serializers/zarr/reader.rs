//! Reading chunks of a store.
//!
//! A chunk whose file is not there is the fill value, as the format says; a file that is there and
//! cannot be read, is a directory, is longer than its metadata allows or does not decode is an error.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::element::Form;
use super::metadata::{ArrayMetadata, Layout};
use super::shards::{ShardIndex, Sharding};
use super::tree::{self, Tree};
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
        Some(match &self.array.layout {
            Layout::Chunks(_) => &self.array.chunks,
            Layout::Shards(sharding) => &sharding.inner_shape,
        })
    }

    fn read_chunk(&self, index: &[u64]) -> Result<Block, StorageError> {
        let chunk = self.chunk_shape().expect("Zarr arrays have chunks").to_vec();
        let shape = &self.array.stored.shape;
        let starts: Option<Vec<u64>> = index.iter().zip(&chunk).map(|(i, c)| i.checked_mul(*c)).collect();
        let starts = starts.filter(|s| s.len() == shape.len() && s.iter().zip(shape).all(|(start, n)| start < n));
        let starts = starts.ok_or_else(|| {
            StorageError::new("ff::read::no_chunk", format!("the array {} has no chunk {index:?}", self.name))
        })?;
        let clipped: Vec<u64> = (0..shape.len()).map(|a| chunk[a].min(shape[a] - starts[a])).collect();
        let decoded = match &self.array.layout {
            Layout::Chunks(pipeline) => {
                let path = self.file(index);
                let element = &self.array.element;
                if pipeline.is_plain() && element.form == Form::Plain {
                    self.read_plain(&path, element.dtype, &chunk).map_err(|e| self.failed(index, &path, e))?
                } else {
                    let encoded = self.read_file(&path, pipeline.encoded_limit());
                    let encoded = encoded.map_err(|e| self.failed(index, &path, e))?;
                    let decoded = encoded.map(|bytes| element.decode(bytes, pipeline, &chunk)).transpose();
                    decoded.map_err(|e| self.undecoded(index, &path, &e))?
                }
            }
            Layout::Shards(sharding) => self.read_inner(sharding, index)?,
        };
        Ok(match decoded {
            None => Block::full(self.array.element.dtype, &clipped, &self.array.fill),
            Some(block) if clipped == chunk => block,
            Some(block) => block.slice(&Region::whole(&clipped)),
        })
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
        let pipeline = match &self.array.layout {
            Layout::Chunks(pipeline) => pipeline,
            Layout::Shards(sharding) => &sharding.inner,
        };
        pipeline.decode_scratch()
    }
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

    /// The bytes of a file; `None` where there is none.
    fn read_file(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, String> {
        let Some((file, length)) = self.open_file(path)? else { return Ok(None) };
        if length > limit {
            return Err(format!("the file has {length} bytes, and a chunk of this array has at most {limit}"));
        }
        let mut bytes = Vec::with_capacity(length as usize);
        file.take(limit).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        Ok(Some(bytes))
    }

    /// The elements of a file that is not encoded.
    fn read_plain(&self, path: &Path, dtype: DType, shape: &[u64]) -> Result<Option<Block>, String> {
        let Some((file, length)) = self.open_file(path)? else { return Ok(None) };
        let read = |elements: &mut [u8]| {
            if length != elements.len() as u64 {
                return Err(format!("the file has {length} bytes, and a chunk of this array has {}", elements.len()));
            }
            file.read_exact_at(elements, 0).map_err(|e| e.to_string())
        };
        Block::written(dtype, shape, read).map(Some)
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

    fn read_inner(&self, sharding: &Sharding, index: &[u64]) -> Result<Option<Block>, StorageError> {
        let Some(InShard { file, path, offset, size }) = self.find_inner(sharding, index)? else { return Ok(None) };
        let mut encoded = vec![0; size as usize];
        file.read_exact_at(&mut encoded, offset).map_err(|e| self.failed(index, &path, e.to_string()))?;
        let block = self.array.element.decode(encoded, &sharding.inner, &sharding.inner_shape);
        block.map(Some).map_err(|e| self.undecoded(index, &path, &e))
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
