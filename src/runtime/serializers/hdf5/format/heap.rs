//! Heaps: local ones hold the names of old groups, global ones elements of any length, fractal ones the links and
//! attributes of objects that have many.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::btree::walk_new;
use super::superblock::HdfFile;
use super::{FormatError, Result};

/// The bytes of a local heap.
pub fn local_heap(file: &HdfFile, address: u64) -> Result<Vec<u8>> {
    const WHAT: &str = "a local heap";
    let sizes = file.sizes;
    let header = file.read(address, (8 + 2 * sizes.length + sizes.offset) as u64, WHAT)?;
    let mut cursor = file.cursor(&header, WHAT);
    cursor.signature(b"HEAP")?;
    cursor.version(0)?;
    cursor.skip(3)?;
    let len = cursor.length()?;
    cursor.length()?;
    file.read(cursor.defined_address()?, len, WHAT)
}

/// The objects of the global heaps of a file, each collection read once.
#[derive(Debug, Default)]
pub struct GlobalHeaps {
    collections: Mutex<BTreeMap<u64, Arc<Collection>>>,
}

type Collection = BTreeMap<u16, Vec<u8>>;

const GLOBAL: &str = "a global heap";

impl GlobalHeaps {
    /// The bytes an element of any length stands for: its count of items (of `item` bytes), an address and an index.
    pub fn resolve(&self, file: &HdfFile, element: &[u8], item: usize) -> Result<Vec<u8>> {
        let mut cursor = file.cursor(element, GLOBAL);
        let count = cursor.u32()? as usize;
        let address = cursor.address()?;
        let index = cursor.u32()?;
        let Some(address) = address.filter(|&address| address != 0 && count > 0) else {
            return Ok(Vec::new());
        };
        let collection = self.collection(file, address)?;
        let object = u16::try_from(index).ok().and_then(|index| collection.get(&index));
        let object =
            object.ok_or_else(|| FormatError::damaged(GLOBAL, format!("no object {index} at {address:#x}")))?;
        let len = count.checked_mul(item).filter(|&len| len <= object.len());
        let len = len.ok_or_else(|| FormatError::damaged(GLOBAL, "an object shorter than it should be"))?;
        Ok(object[..len].to_vec())
    }

    fn collection(&self, file: &HdfFile, address: u64) -> Result<Arc<Collection>> {
        if let Some(known) = self.known().get(&address) {
            return Ok(known.clone());
        }
        let read = Arc::new(read_collection(file, address)?);
        self.known().insert(address, read.clone());
        Ok(read)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Collection>>> {
        self.collections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_collection(file: &HdfFile, address: u64) -> Result<Collection> {
    let prefix = (8 + file.sizes.length) as u64;
    let head = file.read(address, prefix, GLOBAL)?;
    let mut cursor = file.cursor(&head, GLOBAL);
    cursor.signature(b"GCOL")?;
    cursor.version(1)?;
    cursor.skip(3)?;
    let len = cursor.length()?;
    let len = len.checked_sub(prefix).ok_or_else(|| cursor.wrong("shorter than its header"))?;
    let bytes = file.read(address.saturating_add(prefix), len, GLOBAL)?;
    let mut cursor = file.cursor(&bytes, GLOBAL);
    let mut objects = Collection::new();
    while cursor.rest().len() >= 8 + file.sizes.length {
        let index = cursor.u16()?;
        cursor.skip(6)?;
        let len = usize::try_from(cursor.length()?).unwrap_or(usize::MAX);
        if index == 0 {
            break;
        }
        objects.insert(index, cursor.take(len)?.to_vec());
        let padding = len.next_multiple_of(8) - len;
        cursor.skip(padding.min(cursor.rest().len()))?;
    }
    Ok(objects)
}

const FRACTAL: &str = "a fractal heap";

/// A fractal heap: objects found by an identifier.
#[derive(Debug)]
pub struct FractalHeap {
    /// Bytes of an identifier.
    pub id_len: usize,
    /// Objects too large for the heap's blocks.
    huge_index: Option<u64>,
    width: u64,
    start_block: u64,
    max_direct: u64,
    offset_len: usize,
    length_len: usize,
    /// The root block, and whether it is an indirect one of that many rows.
    root: Option<u64>,
    root_rows: u64,
}

impl FractalHeap {
    /// Reads the heap's header.
    pub fn open(file: &HdfFile, address: u64) -> Result<FractalHeap> {
        let sizes = file.sizes;
        let head = file.read(address, 9, FRACTAL)?;
        if head[7..9] != [0, 0] {
            return Err(FormatError::Unsupported("a fractal heap with filters is not read".into()));
        }
        let len = 22 + 12 * sizes.length + 3 * sizes.offset + 4;
        let header = file.read_verified(address, len as u64, FRACTAL)?;
        let mut cursor = file.cursor(&header, FRACTAL);
        cursor.signature(b"FRHP")?;
        cursor.version(0)?;
        let id_len = usize::from(cursor.u16()?);
        cursor.skip(3)?;
        let max_object = u64::from(cursor.u32()?);
        cursor.length()?;
        let huge_index = cursor.address()?;
        cursor.length()?;
        cursor.address()?;
        cursor.skip(8 * sizes.length)?;
        let width = u64::from(cursor.u16()?);
        let (start_block, max_direct) = (cursor.length()?, cursor.length()?);
        let offset_bits = usize::from(cursor.u16()?);
        cursor.skip(2)?;
        let root = cursor.address()?;
        let root_rows = u64::from(cursor.u16()?);
        let powers = [width, start_block, max_direct].iter().all(|n| n.is_power_of_two());
        if !powers || offset_bits > 64 || max_direct < start_block || root_rows > 64 {
            return Err(cursor.wrong("impossible sizes"));
        }
        let object_width = (u64::BITS - max_object.leading_zeros()).div_ceil(8).max(1);
        let length_len = object_width.min(max_direct.ilog2().div_ceil(8)) as usize;
        let offset_len = offset_bits.div_ceil(8);
        Ok(FractalHeap { id_len, huge_index, width, start_block, max_direct, offset_len, length_len, root, root_rows })
    }

    /// The object an identifier stands for.
    pub fn object(&self, file: &HdfFile, id: &[u8]) -> Result<Vec<u8>> {
        let mut cursor = file.cursor(id, FRACTAL);
        let flags = cursor.u8()?;
        match (flags >> 4) & 3 {
            0 => {
                let (offset, len) = (cursor.uint(self.offset_len)?, cursor.uint(self.length_len)?);
                let address = self.locate(file, offset, len)?;
                file.read(address, len, FRACTAL)
            }
            1 => self.huge(file, cursor.rest()),
            2 if self.id_len <= 18 => {
                let len = usize::from(flags & 15) + 1;
                Ok(cursor.take(len)?.to_vec())
            }
            2 => {
                let len = (usize::from(flags & 15) << 8) + usize::from(cursor.u8()?) + 1;
                Ok(cursor.take(len)?.to_vec())
            }
            _ => Err(cursor.wrong("an identifier of an unknown type")),
        }
    }

    /// An object of its own: its address and length, or a key under which the index has them.
    fn huge(&self, file: &HdfFile, id: &[u8]) -> Result<Vec<u8>> {
        let sizes = file.sizes;
        if id.len() >= sizes.offset + sizes.length {
            let mut cursor = file.cursor(id, FRACTAL);
            return file.read(cursor.defined_address()?, cursor.length()?, FRACTAL);
        }
        let mut cursor = file.cursor(id, FRACTAL);
        let wanted = cursor.uint(id.len().min(8))?;
        let mut found = None;
        let index = self.huge_index.ok_or_else(|| cursor.wrong("no index of its large objects"))?;
        walk_new(file, index, &mut |record_type, record| {
            let mut cursor = file.cursor(record, FRACTAL);
            if record_type != 1 {
                return Err(FormatError::Unsupported("a fractal heap with filters is not read".into()));
            }
            let (address, len, key) = (cursor.defined_address()?, cursor.length()?, cursor.length()?);
            if key == wanted {
                found = Some((address, len));
            }
            Ok(())
        })?;
        let (address, len) = found.ok_or_else(|| FormatError::damaged(FRACTAL, "a large object is missing"))?;
        file.read(address, len, FRACTAL)
    }

    /// The size of each block in a row of the doubling table.
    fn row_block(&self, row: u64) -> Option<u64> {
        self.start_block
            .checked_shl(row.saturating_sub(1) as u32)
            .filter(|size| size >> row.saturating_sub(1) == self.start_block)
    }

    /// The address of `len` bytes at `offset` of the heap's space.
    fn locate(&self, file: &HdfFile, offset: u64, len: u64) -> Result<u64> {
        let wrong = |reason: &str| FormatError::damaged(FRACTAL, reason);
        let mut block = self.root.ok_or_else(|| wrong("an object of an empty heap"))?;
        let mut within = offset;
        let mut rows = self.root_rows;
        while rows > 0 {
            let (row, column, rest) = self.entry(rows, within).ok_or_else(|| wrong("an object outside the heap"))?;
            let child_size = self.row_block(row).ok_or_else(|| wrong("impossible sizes"))?;
            block = self.child(file, block, row * self.width + column)?;
            within = rest;
            rows = if child_size <= self.max_direct {
                0
            } else {
                let ratio = child_size / (self.start_block * self.width);
                u64::from(ratio.checked_ilog2().ok_or_else(|| wrong("impossible sizes"))?) + 1
            };
            if rows == 0 && within.checked_add(len).is_none_or(|end| end > child_size) {
                return Err(wrong("an object across two blocks"));
            }
        }
        block.checked_add(within).ok_or_else(|| wrong("an impossible address"))
    }

    /// Row and column of the block in which `offset` lies, and its place in the block.
    fn entry(&self, rows: u64, offset: u64) -> Option<(u64, u64, u64)> {
        let mut start = 0u64;
        for row in 0..rows {
            let size = self.row_block(row)?;
            let end = start.checked_add(size.checked_mul(self.width)?)?;
            if offset < end {
                return Some((row, (offset - start) / size, (offset - start) % size));
            }
            start = end;
        }
        None
    }

    /// The address of entry `index` of an indirect block.
    fn child(&self, file: &HdfFile, block: u64, index: u64) -> Result<u64> {
        let head = file.read(block, 4, FRACTAL)?;
        if head != b"FHIB" {
            return Err(FormatError::damaged(FRACTAL, "an indirect block is not where it should be"));
        }
        let width = file.sizes.offset as u64;
        let at = block.saturating_add(5 + width + self.offset_len as u64 + index * width);
        let entry = file.read(at, width, FRACTAL)?;
        file.cursor(&entry, FRACTAL).defined_address()
    }
}
