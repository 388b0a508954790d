//! Writing HDF5 and NetCDF-4 files.
//!
//! Chunks are filtered by the threads that computed them and stored as they are by libhdf5 (*direct chunk writes*),
//! which sees no values; only texts and arrays without chunks go through it. They are stored in the order of the tasks,
//! so that the same script makes the same bytes with any number of threads. All groups, datasets, dimension scales
//! and attributes are made at the start, so that [`Target::finish`] has only to close and sync.
//!
//! The two [`Flavour`]s differ in what other programs expect: HDF5 files look like h5py's, NetCDF-4 files like those
//! of the netCDF library. Both have dimension scales, so that xarray and ncdump read either.

mod attributes;
mod check;
mod library;
mod scales;
mod types;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use self::check::filters;
use self::library::{Dataset, Layout, NewFile};
use self::scales::Scales;
use super::filters::Pipeline;
use super::strided::{copy_box, strides};
use crate::array::{Block, DType, DimName};
use crate::planner::catalog::CatalogError;
use crate::planner::target::{ArraySpec, TargetOptions};
use crate::runtime::serializers::{ArrayWriter, Extent, StorageError, StoredObject, Storing, TargetWriter, failure};

/// What other programs expect of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// h5py: bools and complex numbers have types of their own, texts any length.
    Hdf5,
    /// The netCDF library: only what its data model has.
    NetCdf,
}

/// Checks what is to be written to an HDF5 file.
///
/// # Errors
/// See [`check::check`].
pub fn check_hdf5(specs: &[ArraySpec], options: &TargetOptions) -> Result<(), CatalogError> {
    check::check(specs, options, Flavour::Hdf5)
}

/// Checks what is to be written to a NetCDF-4 file.
///
/// # Errors
/// See [`check::check`].
pub fn check_netcdf(specs: &[ArraySpec], options: &TargetOptions) -> Result<(), CatalogError> {
    check::check(specs, options, Flavour::NetCdf)
}

/// Begins an HDF5 file.
///
/// # Errors
/// It cannot be made, or what it should hold cannot be stored.
pub fn create_hdf5(
    path: &Path,
    specs: &[ArraySpec],
    options: &TargetOptions,
) -> Result<Arc<dyn TargetWriter>, StorageError> {
    create(path, specs, options, Flavour::Hdf5)
}

/// Begins a NetCDF-4 file.
///
/// # Errors
/// It cannot be made, or what it should hold cannot be stored.
pub fn create_netcdf(
    path: &Path,
    specs: &[ArraySpec],
    options: &TargetOptions,
) -> Result<Arc<dyn TargetWriter>, StorageError> {
    create(path, specs, options, Flavour::NetCdf)
}

fn create(
    path: &Path,
    specs: &[ArraySpec],
    options: &TargetOptions,
    flavour: Flavour,
) -> Result<Arc<dyn TargetWriter>, StorageError> {
    let refused = |error: CatalogError| StorageError { code: error.code, message: error.message, help: error.help };
    check::check(specs, options, flavour).map_err(refused)?;
    let scales = Scales::plan(specs).map_err(refused)?;
    let failed = |error: String| failed(path, &error);
    let file = NewFile::create(path).map_err(failed)?;
    attributes::write_all(file.root(), &options.attrs, flavour).map_err(failed)?;
    let shared = Arc::new(Shared { path: path.to_owned(), file: Mutex::new(None) });
    let (mut dimensions, mut datasets, mut writers) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (number, (spec, stored)) in specs.iter().zip(&scales.arrays).enumerate() {
        for scale in scales.made_before(&spec.path) {
            let dimension = &scales.scales[scale];
            let grows = options.unlimited.iter().any(|dim| dim.as_str() == dimension.name);
            dimensions.push((scale, scales::make_dimension(&file, dimension, grows).map_err(failed)?));
        }
        let settled = Settled::of(spec, &options.unlimited).map_err(refused)?;
        let dataset = settled.make(&file, &stored.path, spec, flavour).map_err(failed)?;
        attributes::write_array(&dataset, spec, flavour).map_err(failed)?;
        datasets.push(dataset);
        let writer = Writer { shared: shared.clone(), number, name: spec.path.clone(), settled };
        writers.insert(spec.path.clone(), Arc::new(writer));
    }
    scales::attach(&file, &scales, &dimensions, &datasets).map_err(failed)?;
    dimensions.into_iter().try_for_each(|(_, dimension)| dimension.close()).map_err(failed)?;
    *shared.open() = Some(Open { datasets, file });
    Ok(Arc::new(Target { shared, writers }))
}

fn failed(path: &Path, reason: &str) -> StorageError {
    match library::system_error(reason) {
        Some(error) => failure::refused(path, &error),
        None => failure::other(path, &reason),
    }
}

/// The open file of a target and its datasets, in the order of the specs. Datasets are closed first.
#[derive(Debug)]
struct Open {
    datasets: Vec<Dataset>,
    file: NewFile,
}

/// What the writers of one file share; none once it is finished.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    file: Mutex<Option<Open>>,
}

impl Shared {
    fn open(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `store` on one dataset of the open file.
    fn with(&self, number: usize, store: impl FnOnce(&Dataset) -> Result<(), String>) -> Result<(), StorageError> {
        let open = self.open();
        let dataset = open.as_ref().and_then(|open| open.datasets.get(number));
        let stored = dataset.map_or_else(|| Err("it is already finished".to_owned()), store);
        stored.map_err(|error| failed(&self.path, &error))
    }

    /// Stores a chunk of one dataset; gives where it lies in the file, where that is found.
    fn store_chunk(&self, number: usize, start: &[u64], bytes: &[u8]) -> Result<Option<u64>, StorageError> {
        let open = self.open();
        let stored = match open.as_ref().and_then(|open| Some((open.datasets.get(number)?, &open.file))) {
            Some((dataset, file)) => file.size().and_then(|end| {
                dataset.write_chunk(start, bytes)?;
                Ok(file.find(bytes, end))
            }),
            None => Err("it is already finished".to_owned()),
        };
        stored.map_err(|error| failed(&self.path, &error))
    }
}

/// A file being written.
#[derive(Debug)]
struct Target {
    shared: Arc<Shared>,
    writers: BTreeMap<String, Arc<Writer>>,
}

impl TargetWriter for Target {
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter> {
        self.writers.get(path).unwrap_or_else(|| panic!("no array {path} was declared")).clone()
    }

    fn finish(&self) -> Result<(), StorageError> {
        let path = &self.shared.path;
        let open = self.shared.open().take();
        let Some(Open { datasets, file }) = open else { return Err(failed(path, "it is already finished")) };
        let closed = datasets.into_iter().try_for_each(Dataset::close).and_then(|()| file.close());
        closed.map_err(|error| failed(path, &error))
    }
}

/// What is settled of an array before it is made.
#[derive(Debug, Clone)]
struct Settled {
    dtype: DType,
    shape: Vec<u64>,
    /// Elements of a chunk, none larger than the array; of the whole array where there are no chunks.
    chunk: Vec<u64>,
    layout: Layout,
    pipeline: Pipeline,
    /// The bytes of one element that fills up chunks at the edge.
    fill: Vec<u8>,
    /// Which axes may grow.
    unlimited: Vec<bool>,
}

impl Settled {
    fn of(spec: &ArraySpec, unlimited: &[DimName]) -> Result<Settled, CatalogError> {
        let filters = filters(spec)?;
        let chunk: Vec<u64> = spec.chunks.iter().zip(&spec.shape).map(|(&c, &n)| c.min(n).max(1)).collect();
        let chunked = !filters.is_empty() || chunk.iter().zip(&spec.shape).any(|(c, n)| c < n);
        let unlimited: Vec<bool> = spec.dims.iter().map(|dim| unlimited.contains(dim)).collect();
        let layout = match spec.dtype {
            DType::Str => Layout::Texts,
            _ if unlimited.contains(&true) => Layout::Chunked,
            _ if chunked && !spec.shape.is_empty() && !spec.shape.contains(&0) => Layout::Chunked,
            _ => Layout::Contiguous,
        };
        let fill = types::fill_bytes(spec);
        let pipeline = if layout == Layout::Chunked { Pipeline::new(filters) } else { Pipeline::default() };
        Ok(Settled { dtype: spec.dtype, shape: spec.shape.clone(), chunk, layout, pipeline, fill, unlimited })
    }

    fn make(&self, file: &NewFile, path: &str, spec: &ArraySpec, flavour: Flavour) -> Result<Dataset, String> {
        let element = types::stored_type(self.dtype, flavour)?;
        let in_chunks = self.layout == Layout::Chunked || self.unlimited.contains(&true);
        let chunk = in_chunks.then_some(self.chunk.as_slice());
        let fill = spec.fill.as_ref().map(|_| self.fill.as_slice()).filter(|_| self.dtype != DType::Str);
        let (filters, unlimited) = (self.pipeline.filters(), self.unlimited.as_slice());
        file.dataset(path, element, &self.shape, &library::Creation { chunk, filters, fill, unlimited })
    }

    fn chunk_bytes(&self) -> u64 {
        self.chunk.iter().fold(self.dtype.size() as u64, |bytes, &n| bytes.saturating_mul(n))
    }

    /// The bytes of a whole chunk, of which `block` is the part inside the array.
    fn padded<'b>(&self, block: &'b Block) -> Option<Cow<'b, [u8]>> {
        let shape = block.shape();
        let bytes = match block.as_bytes() {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(block.to_bytes()?),
        };
        if shape == self.chunk {
            return Some(bytes);
        }
        let size = self.fill.len() as u64;
        let count = self.chunk.iter().product::<u64>() as usize;
        let mut out = self.fill.repeat(count);
        let (from, to) = strides(&shape, size).zip(strides(&self.chunk, size))?;
        copy_box((&bytes, 0, &from), (&mut out, 0, &to), &shape, size);
        Some(Cow::Owned(out))
    }
}

/// Writes one array.
#[derive(Debug)]
struct Writer {
    shared: Arc<Shared>,
    /// The place of its dataset among those of the file.
    number: usize,
    /// Its path, for messages.
    name: String,
    settled: Settled,
}

impl ArrayWriter for Writer {
    fn object_shape(&self) -> &[u64] {
        &self.settled.chunk
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        match self.begin(index, block)? {
            Storing::Done(bytes) => Ok(bytes),
            Storing::Encoded(store) => store().map(|stored| stored.bytes),
        }
    }

    fn begin(&self, index: &[u64], block: &Block) -> Result<Storing, StorageError> {
        let settled = &self.settled;
        let wrong = |reason: &str| failed(&self.shared.path, &format!("{}: chunk {index:?}: {reason}", self.name));
        let start: Vec<u64> = index.iter().zip(&settled.chunk).map(|(i, c)| i * c).collect();
        let expected =
            start.iter().zip(&settled.chunk).zip(&settled.shape).map(|((&s, &c), &n)| c.min(n.saturating_sub(s)));
        if block.shape() != expected.collect::<Vec<u64>>() || block.dtype() != settled.dtype {
            return Err(wrong("a block of another shape or dtype"));
        }
        let (shared, number, shape) = (self.shared.clone(), self.number, block.shape());
        Ok(Storing::Encoded(match settled.layout {
            Layout::Texts => {
                let (texts, bytes) = (block.scalars(), block.bytes());
                let store = move |dataset: &Dataset| dataset.write_texts(&start, &shape, &texts);
                Box::new(move || shared.with(number, store).map(|()| StoredObject { bytes, extent: None }))
            }
            Layout::Contiguous => {
                let bytes = block.to_bytes().ok_or_else(|| wrong("no bytes"))?;
                let len = bytes.len() as u64;
                let store = move |dataset: &Dataset| dataset.write_region(&start, &shape, &bytes);
                Box::new(move || shared.with(number, store).map(|()| StoredObject { bytes: len, extent: None }))
            }
            Layout::Chunked => {
                let bytes = settled.padded(block).ok_or_else(|| wrong("no bytes"))?;
                let stored = settled.pipeline.encode(bytes).map_err(|error| wrong(&error.to_string()))?.into_owned();
                return self.restore(index, stored);
            }
        }))
    }

    fn is_resumable(&self) -> bool {
        self.settled.layout == Layout::Chunked
    }

    fn restore(&self, index: &[u64], encoded: Vec<u8>) -> Result<Storing, StorageError> {
        let start: Vec<u64> = index.iter().zip(&self.settled.chunk).map(|(i, c)| i * c).collect();
        let (shared, number, sum) = (self.shared.clone(), self.number, crc32fast::hash(&encoded));
        Ok(Storing::Encoded(Box::new(move || {
            let address = shared.store_chunk(number, &start, &encoded)?;
            let bytes = encoded.len() as u64;
            Ok(StoredObject { bytes, extent: address.map(|address| Extent { address, len: bytes, sum }) })
        })))
    }

    /// Where a chunk lies in the file follows from when it was stored.
    fn is_ordered(&self) -> bool {
        true
    }

    fn scratch_bytes(&self) -> u64 {
        let bytes = self.settled.chunk_bytes();
        let encoded = self.settled.pipeline.encoded_bound(usize::try_from(bytes).unwrap_or(usize::MAX));
        bytes.saturating_mul(2).saturating_add(encoded as u64)
    }
}

#[cfg(test)]
mod tests;
