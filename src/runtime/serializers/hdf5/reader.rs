//! Reading values: chunks and regions by positioned reads, from any thread, without libhdf5.

use std::sync::{Arc, OnceLock};

use super::filters::FilterError;
use super::format::chunk_index::{ChunkTable, Grid, StoredChunk};
use super::format::heap::GlobalHeaps;
use super::format::messages::Layout;
use super::format::superblock::HdfFile;
use super::format::{FormatError, Result};
use super::metadata::Dataset;
use super::strided::{copy_box, strides};
use crate::allocator;
use crate::array::{Block, Region};
use crate::runtime::serializers::{ArrayReader, StorageError};
use crate::runtime::storage::Ahead;

/// Bytes read at once where only a part of them is wanted.
const SPAN: u64 = 4 << 20;
/// Of a span read at once, at least one byte in so many is wanted.
const WASTE: u64 = 8;

/// Reads one dataset.
#[derive(Debug)]
pub struct Reader {
    file: Arc<HdfFile>,
    dataset: Arc<Dataset>,
    /// File and path, for messages.
    name: String,
    grid: Option<Grid>,
    /// The chunk index, read when the first chunk is.
    chunks: OnceLock<Result<ChunkTable>>,
    heaps: GlobalHeaps,
    ahead: Ahead,
}

impl Reader {
    /// A reader of `dataset`, called `name` in messages.
    pub fn new(file: Arc<HdfFile>, dataset: Arc<Dataset>, name: String) -> Self {
        let grid = match &dataset.layout {
            Layout::Chunked { chunk, .. } => Some(Grid {
                shape: dataset.shape.clone(),
                limits: dataset.limits.clone(),
                chunk: chunk.clone(),
                chunk_bytes: chunk.iter().product::<u64>() * dataset.element.size as u64,
                filtered: !dataset.pipeline.is_empty(),
            }),
            Layout::Compact(_) | Layout::Contiguous(_) | Layout::Virtual => None,
        };
        Reader {
            file,
            dataset,
            name,
            grid,
            chunks: OnceLock::new(),
            heaps: GlobalHeaps::default(),
            ahead: Ahead::default(),
        }
    }

    fn error(&self, part: &str, error: impl std::fmt::Display, code: &'static str) -> StorageError {
        StorageError::new(code, format!("{}: {part}: {error}", self.name))
    }

    fn format_error(&self, part: &str, error: &FormatError) -> StorageError {
        let code = if matches!(error, FormatError::Io(_)) { "ff::read::failed" } else { "ff::read::decode" };
        self.error(part, error, code)
    }

    fn table(&self, grid: &Grid) -> Result<&ChunkTable> {
        let Layout::Chunked { index, address, .. } = &self.dataset.layout else {
            return Err(FormatError::Unsupported("it is not stored in chunks".into()));
        };
        let read = || ChunkTable::read(&self.file, grid, index, *address);
        self.chunks.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Where a chunk is stored, if it ever was.
    #[cfg(test)]
    pub(super) fn stored_chunk(&self, index: &[u64]) -> Option<StoredChunk> {
        self.stored(self.grid.as_ref()?, index).ok().flatten()
    }

    /// Where a chunk is stored, if it ever was.
    fn stored(&self, grid: &Grid, index: &[u64]) -> Result<Option<StoredChunk>> {
        let number = grid.number(index).ok_or_else(|| FormatError::damaged("a request", "there is no such chunk"))?;
        Ok(self.table(grid)?.get(number).copied())
    }

    /// Decodes a whole chunk, as elements of the file, into `out`; whether it was ever written.
    fn decode_chunk(&self, grid: &Grid, index: &[u64], out: &mut [u8]) -> Result<bool, ChunkError> {
        let Some(stored) = self.stored(grid, index)? else { return Ok(false) };
        let pipeline = &self.dataset.pipeline;
        if stored.size > pipeline.encoded_bound(out.len()) as u64 {
            return Err(FormatError::damaged("a chunk", "it takes more bytes than its filters could make").into());
        }
        let plain_edges = matches!(self.dataset.layout, Layout::Chunked { plain_edges: true, .. });
        let partial =
            index.iter().zip(&grid.chunk).zip(&grid.shape).any(|((&i, &c), &n)| (i + 1).saturating_mul(c) > n);
        let mask = if plain_edges && partial { u32::MAX } else { stored.mask };
        if let Some(pending) = self.ahead.take(index) {
            let bytes = pending.take().map_err(|failure| FormatError::Io(format!("a chunk: {failure}")))?;
            pipeline.decode_into(bytes.unwrap_or_default(), mask, out)?;
            return Ok(true);
        }
        if pipeline.is_empty() && stored.size == out.len() as u64 {
            self.file.source.read_into(stored.address, out, "a chunk")?;
            return Ok(true);
        }
        let bytes = self.file.read(stored.address, stored.size, "a chunk")?;
        pipeline.decode_into(bytes, mask, out)?;
        Ok(true)
    }

    /// The same, into new bytes; `None` where it was never written.
    fn chunk_bytes(&self, grid: &Grid, index: &[u64]) -> Result<Option<Vec<u8>>, ChunkError> {
        if self.stored(grid, index)?.is_none() {
            return Ok(None);
        }
        let mut out = allocator::unset(usize::try_from(grid.chunk_bytes).map_err(|_| too_large())?);
        Ok(self.decode_chunk(grid, index, &mut out)?.then_some(out))
    }

    /// Why a chunk cannot be had.
    fn chunk_error(&self, index: &[u64], error: ChunkError) -> StorageError {
        let part = format!("chunk {index:?}");
        match error {
            ChunkError::Format(error) => self.format_error(&part, &error),
            ChunkError::Filter(error) => self.error(&part, error, "ff::read::decode"),
        }
    }

    /// The values of a contiguous or compact dataset in `region`, as elements of the file.
    fn region_bytes(&self, region: &Region) -> Result<Option<Vec<u8>>> {
        let size = self.dataset.element.size as u64;
        let len = region.count().checked_mul(size).and_then(|len| usize::try_from(len).ok());
        let len = len.ok_or_else(too_large)?;
        let steps = strides(&self.dataset.shape, size).ok_or_else(too_large)?;
        let total = self.dataset.shape.iter().product::<u64>() * size;
        match &self.dataset.layout {
            Layout::Compact(bytes) if bytes.len() as u64 >= total => {
                let start: u64 = region.start.iter().zip(&steps).map(|(at, step)| at * step).sum();
                let mut out = allocator::unset(len);
                let to = strides(&region.shape, size).ok_or_else(too_large)?;
                copy_box((bytes, start, &steps), (&mut out, 0, &to), &region.shape, size);
                Ok(Some(out))
            }
            Layout::Contiguous(Some(address)) => {
                if address.checked_add(total).is_none_or(|end| end > self.file.source.size()) {
                    return Err(FormatError::damaged("a dataset", "its values reach beyond the end of the file"));
                }
                let mut out = allocator::unset(len);
                let to = strides(&region.shape, size).ok_or_else(too_large)?;
                let mut spans = Spans { file: &self.file, region, steps: &steps, to: &to, size, out: &mut out };
                spans.read(0, *address, 0)?;
                Ok(Some(out))
            }
            Layout::Contiguous(None) => Ok(None),
            Layout::Compact(_) => Err(FormatError::damaged("a dataset", "it holds fewer values than its shape")),
            Layout::Chunked { .. } | Layout::Virtual => {
                Err(FormatError::Unsupported("it is not stored in one piece".into()))
            }
        }
    }

    fn block(&self, part: &str, shape: &[u64], bytes: Option<Vec<u8>>) -> Result<Block, StorageError> {
        let element = &self.dataset.element;
        match bytes {
            Some(bytes) => {
                let block = element.block(&self.file, &self.heaps, shape, bytes);
                block.map_err(|error| self.format_error(part, &error))
            }
            None => Ok(Block::full(element.dtype, shape, &self.dataset.fill)),
        }
    }
}

fn too_large() -> FormatError {
    FormatError::Unsupported("more bytes than can be addressed".into())
}

/// Why a chunk cannot be read.
enum ChunkError {
    Format(FormatError),
    Filter(FilterError),
}

impl From<FormatError> for ChunkError {
    fn from(error: FormatError) -> Self {
        ChunkError::Format(error)
    }
}

impl From<FilterError> for ChunkError {
    fn from(error: FilterError) -> Self {
        ChunkError::Filter(error)
    }
}

impl ArrayReader for Reader {
    fn chunk_shape(&self) -> Option<&[u64]> {
        self.grid.as_ref().map(|grid| grid.chunk.as_slice())
    }

    fn read_chunk(&self, index: &[u64]) -> Result<Block, StorageError> {
        let part = format!("chunk {index:?}");
        let Some(grid) = &self.grid else {
            return Err(self.error(&part, "it is not stored in chunks", "ff::read::decode"));
        };
        let bytes = self.chunk_bytes(grid, index).map_err(|error| self.chunk_error(index, error))?;
        let clipped = grid.clipped(index);
        let size = self.dataset.element.size as u64;
        let bytes = match bytes {
            Some(bytes) if clipped != grid.chunk => {
                let mut out = allocator::unset(clipped.iter().product::<u64>() as usize * size as usize);
                let steps = strides(&grid.chunk, size).zip(strides(&clipped, size));
                let (from, to) = steps.ok_or_else(|| self.format_error(&part, &too_large()))?;
                copy_box((&bytes, 0, &from), (&mut out, 0, &to), &clipped, size);
                Some(out)
            }
            other => other,
        };
        self.block(&part, &clipped, bytes)
    }

    fn read_chunk_into(&self, index: &[u64], out: &mut [u8]) -> Result<(), StorageError> {
        let whole = self.grid.as_ref().filter(|grid| self.dataset.element.is_native() && grid.number(index).is_some());
        if let Some(grid) = whole
            && grid.clipped(index) == grid.chunk
            && self.decode_chunk(grid, index, out).map_err(|error| self.chunk_error(index, error))?
        {
            return Ok(());
        }
        let block = self.read_chunk(index)?.contiguous();
        out.copy_from_slice(block.as_bytes().expect("numbers in C order"));
        Ok(())
    }

    fn prepare(&self, indices: &mut dyn Iterator<Item = Vec<u64>>) {
        let Some(grid) = self.grid.as_ref().filter(|_| self.file.source.is_remote()) else { return };
        let mut chunks: Vec<(Vec<u64>, (u64, u64))> = Vec::new();
        for index in indices.filter(|index| !self.ahead.has(index)) {
            // What is wrong with an index is told when the chunk is read.
            if let Ok(Some(stored)) = self.stored(grid, &index) {
                chunks.push((index, (stored.address, stored.size)));
            }
        }
        let ranges: Vec<_> = chunks.iter().map(|(_, range)| *range).collect();
        let begun = self.file.source.begin(&ranges);
        self.ahead.put(chunks.into_iter().zip(begun).map(|((index, _), bytes)| (index, bytes.map(Some))));
    }

    fn read_region(&self, region: &Region) -> Result<Block, StorageError> {
        let part = format!("region {region}");
        if !Region::whole(&self.dataset.shape).contains(region) {
            return Err(self.error(&part, "it lies outside the dataset", "ff::read::decode"));
        }
        let bytes = self.region_bytes(region).map_err(|error| self.format_error(&part, &error))?;
        self.block(&part, &region.shape, bytes)
    }

    fn holds(&self, index: &[u64]) -> Result<bool, StorageError> {
        let Some((grid, number)) = self.grid.as_ref().and_then(|grid| Some((grid, grid.number(index)?))) else {
            return Ok(!matches!(self.dataset.layout, Layout::Contiguous(None)));
        };
        let table = self.table(grid).map_err(|error| self.format_error(&format!("chunk {index:?}"), &error))?;
        Ok(table.get(number).is_some())
    }

    fn scratch_bytes(&self) -> u64 {
        match &self.grid {
            Some(grid) => {
                let len = usize::try_from(grid.chunk_bytes).unwrap_or(usize::MAX);
                grid.chunk_bytes.saturating_add(self.dataset.pipeline.encoded_bound(len) as u64)
            }
            None => SPAN,
        }
    }
}

/// Reads a region of values that lie in one piece: as few reads as waste little.
struct Spans<'a> {
    file: &'a HdfFile,
    region: &'a Region,
    /// Bytes from one element to the next along each axis, in the file and in `out`.
    steps: &'a [u64],
    to: &'a [u64],
    size: u64,
    out: &'a mut [u8],
}

impl Spans<'_> {
    /// Reads the part of the region below `axis` whose first element of the outer axes is at `from` and `to`.
    fn read(&mut self, axis: usize, from: u64, to: u64) -> Result<()> {
        let (shape, steps) = (&self.region.shape[axis..], &self.steps[axis..]);
        if shape.contains(&0) {
            return Ok(());
        }
        let wanted = shape.iter().product::<u64>() * self.size;
        let first = from + self.region.start[axis..].iter().zip(steps).map(|(at, step)| at * step).sum::<u64>();
        let span = shape.iter().zip(steps).map(|(n, step)| (n - 1) * step).sum::<u64>() + self.size;
        if span == wanted {
            let out = &mut self.out[to as usize..(to + wanted) as usize];
            return self.file.source.read_into(first, out, "values");
        }
        if span <= SPAN && span / WASTE <= wanted {
            let bytes = self.file.read(first, span, "values")?;
            copy_box((&bytes, 0, steps), (self.out, to, &self.to[axis..]), shape, self.size);
            return Ok(());
        }
        for at in 0..self.region.shape[axis] {
            let from = from + (self.region.start[axis] + at) * self.steps[axis];
            self.read(axis + 1, from, to + at * self.to[axis])?;
        }
        Ok(())
    }
}
