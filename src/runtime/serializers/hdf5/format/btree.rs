//! B-trees of both versions, walked in key order.

use super::superblock::HdfFile;
use super::{FormatError, Result};

const OLD: &str = "a B-tree";
const NEW: &str = "a B-tree of version 2";
/// The least bytes a node takes, for bounding walks by the size of the file.
const LEAST_NODE: u64 = 24;

/// Counts the nodes of a walk: more than fit in the file is a tree that contains itself.
#[derive(Debug)]
struct Fuel(u64);

impl Fuel {
    fn of(file: &HdfFile) -> Fuel {
        Fuel(file.source.size() / LEAST_NODE + 1)
    }

    fn burn(&mut self, what: &'static str) -> Result<()> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| FormatError::damaged(what, "it contains itself"))?;
        Ok(())
    }
}

/// Walks a tree of the first version, whose keys take `key` bytes; gives the key before and the address of each leaf's
/// child to `visit`.
pub fn walk_old(
    file: &HdfFile,
    address: u64,
    node_type: u8,
    key: usize,
    visit: &mut dyn FnMut(&[u8], u64) -> Result<()>,
) -> Result<()> {
    let mut walk = OldWalk { file, node_type, key, fuel: Fuel::of(file), visit };
    walk.node(address, None)
}

struct OldWalk<'a> {
    file: &'a HdfFile,
    node_type: u8,
    key: usize,
    fuel: Fuel,
    visit: &'a mut dyn FnMut(&[u8], u64) -> Result<()>,
}

impl OldWalk<'_> {
    fn node(&mut self, address: u64, above: Option<u8>) -> Result<()> {
        self.fuel.burn(OLD)?;
        let width = self.file.sizes.offset;
        let prefix = self.file.read(address, 8, OLD)?;
        let mut cursor = self.file.cursor(&prefix, OLD);
        cursor.signature(b"TREE")?;
        let (node_type, level, used) = (cursor.u8()?, cursor.u8()?, usize::from(cursor.u16()?));
        if node_type != self.node_type || above.is_some_and(|above| level >= above) {
            return Err(cursor.wrong("a node that does not belong to it"));
        }
        let start = address.saturating_add(8 + 2 * width as u64);
        let entries = self.file.read(start, (used * (self.key + width)) as u64, OLD)?;
        for entry in entries.chunks_exact(self.key + width) {
            let (key, child) = entry.split_at(self.key);
            let child = self.file.cursor(child, OLD).defined_address()?;
            if level == 0 { (self.visit)(key, child)? } else { self.node(child, Some(level))? }
        }
        Ok(())
    }
}

/// Walks a tree of the second version and gives each record to `visit`, with its type.
pub fn walk_new(file: &HdfFile, address: u64, visit: &mut dyn FnMut(u8, &[u8]) -> Result<()>) -> Result<()> {
    let sizes = file.sizes;
    let header = file.read_verified(address, (22 + sizes.offset + sizes.length) as u64, NEW)?;
    let mut cursor = file.cursor(&header, NEW);
    cursor.signature(b"BTHD")?;
    cursor.version(0)?;
    let record_type = cursor.u8()?;
    let node_size = cursor.u32()? as usize;
    let record = usize::from(cursor.u16()?);
    let depth = usize::from(cursor.u16()?);
    cursor.skip(2)?;
    let root = cursor.address()?;
    let records = usize::from(cursor.u16()?);
    if record == 0 || node_size <= record + 10 || depth > 64 {
        return Err(cursor.wrong("impossible sizes"));
    }
    let Some(root) = root else { return Ok(()) };
    let levels = Level::all(node_size, record, depth, sizes.offset).ok_or_else(|| cursor.wrong("impossible sizes"))?;
    let mut walk = NewWalk { file, record_type, record, levels, fuel: Fuel::of(file), visit };
    walk.node(root, depth, records)
}

/// What follows from the sizes for the nodes of one level, the leaves being level 0.
struct Level {
    /// Bytes of a pointer to a node below: address, its records, all records below it.
    pointer: usize,
    /// Bytes in which the number of all records below is stored.
    total_width: usize,
}

fn width_of(value: u64) -> usize {
    (u64::BITS - value.leading_zeros()).div_ceil(8).max(1) as usize
}

impl Level {
    fn all(node_size: usize, record: usize, depth: usize, offset: usize) -> Option<Vec<Level>> {
        let prefix = 10;
        let most = (node_size - prefix) / record;
        let count_width = width_of(most as u64);
        let mut levels = vec![Level { pointer: 0, total_width: 0 }];
        let mut total = most as u64;
        for level in 1..=depth {
            let total_width = if level == 1 { 0 } else { width_of(total) };
            let pointer = offset + count_width + total_width;
            let here = node_size.checked_sub(prefix + pointer)? / (record + pointer);
            levels.push(Level { pointer, total_width });
            total = (here as u64 + 1).saturating_mul(total).saturating_add(here as u64);
        }
        Some(levels)
    }
}

struct NewWalk<'a> {
    file: &'a HdfFile,
    record_type: u8,
    record: usize,
    levels: Vec<Level>,
    fuel: Fuel,
    visit: &'a mut dyn FnMut(u8, &[u8]) -> Result<()>,
}

impl NewWalk<'_> {
    fn node(&mut self, address: u64, level: usize, count: usize) -> Result<()> {
        self.fuel.burn(NEW)?;
        let Level { pointer, total_width } = self.levels[level];
        let pointers = if level == 0 { 0 } else { (count + 1) * pointer };
        let node = self.file.read_verified(address, (10 + count * self.record + pointers) as u64, NEW)?;
        let mut cursor = self.file.cursor(&node, NEW);
        cursor.signature(if level == 0 { b"BTLF" } else { b"BTIN" })?;
        cursor.version(0)?;
        if cursor.u8()? != self.record_type {
            return Err(cursor.wrong("a node that does not belong to it"));
        }
        let records = cursor.take(count * self.record)?;
        let mut records = records.chunks_exact(self.record);
        if level > 0 {
            let count_width = pointer - self.file.sizes.offset - total_width;
            for _ in 0..=count {
                let child = cursor.defined_address()?;
                let below = cursor.uint(count_width)? as usize;
                cursor.skip(total_width)?;
                self.node(child, level - 1, below)?;
                if let Some(record) = records.next() {
                    (self.visit)(self.record_type, record)?;
                }
            }
        }
        records.try_for_each(|record| (self.visit)(self.record_type, record))
    }
}
