//! The links of a group, whatever way they are stored.

use super::btree::{walk_new, walk_old};
use super::header::{Header, kind};
use super::heap::{FractalHeap, local_heap};
use super::superblock::HdfFile;
use super::{FormatError, Result, not_utf8};

const WHAT: &str = "a link";

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The header of an object.
    Hard(u64),
    /// A path in the same file.
    Soft(String),
    /// A file and a path in it.
    External(String, String),
    /// Of a kind that applications define.
    UserDefined(u8),
    /// Anywhere, under a name that is not UTF-8.
    Misnamed,
}

/// A named link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name in the group.
    pub name: String,
    /// When it was made, where that is tracked.
    pub order: Option<u64>,
    /// Where it leads.
    pub target: Target,
}

/// The links of the group with this header: by creation where that is tracked, else by name.
pub fn links(file: &HdfFile, header: &Header) -> Result<Vec<Link>> {
    let mut found = Vec::new();
    for message in header.all(kind::LINK) {
        found.push(parse(file, &message.body)?);
    }
    if let Some(info) = header.find(kind::LINK_INFO) {
        dense(file, info, &mut found)?;
    }
    if let Some(table) = header.find(kind::SYMBOL_TABLE) {
        symbol_table(file, table, &mut found)?;
    }
    found.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    Ok(found)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Link {
    fn new(name: &[u8], order: Option<u64>, target: Target) -> Link {
        match std::str::from_utf8(name) {
            Ok(name) => Link { name: name.to_owned(), order, target },
            Err(_) => Link { name: not_utf8(name), order, target: Target::Misnamed },
        }
    }
}

fn parse(file: &HdfFile, body: &[u8]) -> Result<Link> {
    let mut cursor = file.cursor(body, WHAT);
    cursor.version(1)?;
    let flags = cursor.u8()?;
    let link_type = if flags & 8 != 0 { cursor.u8()? } else { 0 };
    let order = if flags & 4 != 0 { Some(cursor.u64()?) } else { None };
    if flags & 16 != 0 {
        cursor.skip(1)?;
    }
    let len = cursor.uint(1 << (flags & 3))?;
    let name = cursor.take(usize::try_from(len).unwrap_or(usize::MAX))?;
    let target = match link_type {
        0 => Target::Hard(cursor.defined_address()?),
        1 => {
            let len = usize::from(cursor.u16()?);
            Target::Soft(text(cursor.take(len)?))
        }
        64 => {
            let len = usize::from(cursor.u16()?);
            let mut value = file.cursor(cursor.take(len)?, WHAT);
            value.skip(1)?;
            Target::External(text(value.c_string()?), text(value.c_string()?))
        }
        other => Target::UserDefined(other),
    };
    Ok(Link::new(name, order, target))
}

/// Links in a fractal heap, indexed by a B-tree.
fn dense(file: &HdfFile, info: &[u8], found: &mut Vec<Link>) -> Result<()> {
    let mut cursor = file.cursor(info, "a link info message");
    cursor.version(0)?;
    let flags = cursor.u8()?;
    if flags & 1 != 0 {
        cursor.skip(8)?;
    }
    let (Some(heap), Some(index)) = (cursor.address()?, cursor.address()?) else { return Ok(()) };
    let heap = FractalHeap::open(file, heap)?;
    walk_new(file, index, &mut |record_type, record| {
        let start = match record_type {
            5 => 4,
            6 => 8,
            other => return Err(FormatError::damaged(WHAT, format!("an index of type {other}"))),
        };
        let mut cursor = file.cursor(record, WHAT);
        cursor.skip(start)?;
        found.push(parse(file, &heap.object(file, cursor.rest())?)?);
        Ok(())
    })
}

/// Links of the first format: a B-tree of nodes of entries, names in a local heap.
fn symbol_table(file: &HdfFile, table: &[u8], found: &mut Vec<Link>) -> Result<()> {
    const NODE: &str = "a symbol table";
    let mut cursor = file.cursor(table, NODE);
    let (tree, heap) = (cursor.defined_address()?, cursor.defined_address()?);
    let names = local_heap(file, heap)?;
    let name_at = |at: u64| {
        let mut cursor = file.cursor(&names, NODE);
        cursor.skip(usize::try_from(at).unwrap_or(usize::MAX))?;
        cursor.c_string()
    };
    walk_old(file, tree, 0, file.sizes.length, &mut |_, address| {
        let head = file.read(address, 8, NODE)?;
        let mut cursor = file.cursor(&head, NODE);
        cursor.signature(b"SNOD")?;
        cursor.version(1)?;
        cursor.skip(1)?;
        let count = usize::from(cursor.u16()?);
        let entry = 2 * file.sizes.offset + 24;
        let entries = file.read(address.saturating_add(8), (count * entry) as u64, NODE)?;
        for entry in entries.chunks_exact(entry) {
            let mut cursor = file.cursor(entry, NODE);
            let name = name_at(cursor.uint(file.sizes.offset)?)?;
            let address = cursor.address()?;
            let cached = cursor.u32()?;
            cursor.skip(4)?;
            let target = if cached == 2 {
                Target::Soft(text(name_at(u64::from(cursor.u32()?))?))
            } else {
                Target::Hard(address.ok_or_else(|| cursor.wrong("an address is missing"))?)
            };
            found.push(Link::new(name, None, target));
        }
        Ok(())
    })
}
