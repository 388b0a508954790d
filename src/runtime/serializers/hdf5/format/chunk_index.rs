//! The chunks of a dataset: where each is stored, read whole from whatever index the file has.

use super::array_index::{self, Entry};
use super::btree::{walk_new, walk_old};
use super::messages::Index;
use super::superblock::HdfFile;
use super::{FormatError, Result};

const WHAT: &str = "a chunk index";

/// A stored chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredChunk {
    /// Its place in the grid of chunks, counted in C order.
    pub number: u64,
    /// Where its bytes are.
    pub address: u64,
    /// How many they are.
    pub size: u64,
    /// Bit *i* says that filter *i* was left out.
    pub mask: u32,
}

/// What an index has to be read with.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Elements of the dataset per axis.
    pub shape: Vec<u64>,
    /// Elements each axis may grow to.
    pub limits: Vec<Option<u64>>,
    /// Elements of a chunk per axis.
    pub chunk: Vec<u64>,
    /// Bytes of a chunk without filters.
    pub chunk_bytes: u64,
    /// Whether there are filters, so that sizes are stored.
    pub filtered: bool,
}

impl Grid {
    /// Chunks per axis of the dataset as it is.
    pub fn counts(&self) -> Vec<u64> {
        self.shape.iter().zip(&self.chunk).map(|(&n, &c)| n.div_ceil(c)).collect()
    }

    /// The shape of a chunk as far as it lies within the dataset, which it does.
    pub fn clipped(&self, index: &[u64]) -> Vec<u64> {
        index.iter().zip(&self.chunk).zip(&self.shape).map(|((&i, &c), &n)| c.min(n - i * c)).collect()
    }

    /// The number of the chunk at these coordinates; `None` outside the dataset as it is.
    pub fn number(&self, coordinates: &[u64]) -> Option<u64> {
        let mut number = 0u64;
        for (&at, count) in coordinates.iter().zip(self.counts()) {
            number = number.checked_mul(count)?.checked_add(at).filter(|_| at < count)?;
        }
        Some(number)
    }

    /// Chunks per axis of the dataset grown as far as it may; an unlimited axis counts as it is.
    fn greatest_counts(&self) -> Vec<u64> {
        let greatest = self.limits.iter().zip(&self.shape).map(|(limit, &n)| limit.unwrap_or(n));
        greatest.zip(&self.chunk).map(|(n, &c)| n.div_ceil(c)).collect()
    }

    /// Coordinates of entry `number` of an index in C order over `counts`.
    fn coordinates(number: u64, counts: &[u64]) -> Option<Vec<u64>> {
        let mut rest = number;
        let mut coordinates = vec![0; counts.len()];
        for axis in (1..counts.len()).rev() {
            coordinates[axis] = rest.checked_rem(counts[axis])?;
            rest /= counts[axis];
        }
        *coordinates.first_mut()? = rest;
        Some(coordinates)
    }
}

/// The chunks of a dataset, sorted by number: what is missing has never been written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChunkTable {
    chunks: Vec<StoredChunk>,
}

impl ChunkTable {
    /// Reads the index at `address`.
    pub fn read(file: &HdfFile, grid: &Grid, index: &Index, address: Option<u64>) -> Result<ChunkTable> {
        let mut chunks = Vec::new();
        if let Some(address) = address {
            collect(file, grid, index, address, &mut chunks)?;
        }
        chunks.sort_by_key(|chunk: &StoredChunk| chunk.number);
        chunks.dedup_by_key(|chunk| chunk.number);
        chunks.shrink_to_fit();
        Ok(ChunkTable { chunks })
    }

    /// The chunk of this number, if it was ever written.
    pub fn get(&self, number: u64) -> Option<&StoredChunk> {
        self.chunks.binary_search_by_key(&number, |chunk| chunk.number).ok().map(|at| &self.chunks[at])
    }

    /// The chunks stored.
    pub fn chunks(&self) -> &[StoredChunk] {
        &self.chunks
    }
}

fn collect(file: &HdfFile, grid: &Grid, index: &Index, address: u64, chunks: &mut Vec<StoredChunk>) -> Result<()> {
    let mut push = |coordinates: &[u64], entry: Entry| {
        if let (Some(number), Some(address)) = (grid.number(coordinates), entry.address) {
            chunks.push(StoredChunk {
                number,
                address,
                size: entry.size.unwrap_or(grid.chunk_bytes),
                mask: entry.mask,
            });
        }
    };
    match index {
        Index::Single(stored) => {
            let (size, mask) = stored.map_or((None, 0), |(size, mask)| (Some(size), mask));
            push(&vec![0; grid.shape.len()], Entry { address: Some(address), size, mask });
        }
        Index::Implicit => implicit(file, grid, address, &mut push)?,
        Index::BTree1 => old_tree(file, grid, address, &mut push)?,
        Index::BTree2 => new_tree(file, grid, address, &mut push)?,
        Index::FixedArray => {
            let counts = grid.greatest_counts();
            array_index::fixed(file, address, &mut |number, entry| {
                if let Some(coordinates) = Grid::coordinates(number, &counts) {
                    push(&coordinates, entry);
                }
            })?;
        }
        Index::ExtensibleArray => {
            let unlimited = grid.limits.iter().position(Option::is_none).unwrap_or(0);
            let mut counts = grid.greatest_counts();
            let first = counts.remove(unlimited);
            counts.insert(0, first);
            array_index::extensible(file, address, &mut |number, entry| {
                if let Some(mut coordinates) = Grid::coordinates(number, &counts) {
                    let first = coordinates.remove(0);
                    coordinates.insert(unlimited, first);
                    push(&coordinates, entry);
                }
            })?;
        }
    }
    Ok(())
}

fn implicit(file: &HdfFile, grid: &Grid, address: u64, push: &mut dyn FnMut(&[u64], Entry)) -> Result<()> {
    let counts = grid.greatest_counts();
    let total = counts.iter().try_fold(1u64, |total, &n| total.checked_mul(n));
    let total = total.filter(|total| total.checked_mul(grid.chunk_bytes).is_some_and(|len| len <= file.source.size()));
    let total = total.ok_or_else(|| FormatError::damaged(WHAT, "more chunks than the file has room for"))?;
    for number in 0..total {
        let entry = Entry { address: Some(address + number * grid.chunk_bytes), size: None, mask: 0 };
        if let Some(coordinates) = Grid::coordinates(number, &counts) {
            push(&coordinates, entry);
        }
    }
    Ok(())
}

fn old_tree(file: &HdfFile, grid: &Grid, address: u64, push: &mut dyn FnMut(&[u64], Entry)) -> Result<()> {
    let rank = grid.shape.len();
    walk_old(file, address, 1, 8 + 8 * (rank + 1), &mut |key, child| {
        let mut cursor = file.cursor(key, WHAT);
        let (size, mask) = (u64::from(cursor.u32()?), cursor.u32()?);
        let mut coordinates = Vec::with_capacity(rank);
        for &chunk in &grid.chunk {
            coordinates.push(cursor.u64()? / chunk);
        }
        push(&coordinates, Entry { address: Some(child), size: Some(size), mask });
        Ok(())
    })
}

fn new_tree(file: &HdfFile, grid: &Grid, address: u64, push: &mut dyn FnMut(&[u64], Entry)) -> Result<()> {
    let rank = grid.shape.len();
    walk_new(file, address, &mut |record_type, record| {
        let mut cursor = file.cursor(record, WHAT);
        let address = cursor.address()?;
        let (size, mask) = match record_type {
            10 => (None, 0),
            11 => {
                let width = record.len().checked_sub(file.sizes.offset + 4 + 8 * rank);
                let width = width.filter(|width| (1..=8).contains(width));
                let width = width.ok_or_else(|| cursor.wrong("records of an impossible size"))?;
                (Some(cursor.uint(width)?), cursor.u32()?)
            }
            other => return Err(FormatError::damaged(WHAT, format!("records of type {other}"))),
        };
        let coordinates = (0..rank).map(|_| cursor.u64()).collect::<Result<Vec<_>>>()?;
        push(&coordinates, Entry { address, size, mask });
        Ok(())
    })
}
