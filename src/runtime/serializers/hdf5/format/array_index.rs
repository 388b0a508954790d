//! Chunk indices that are arrays: fixed ones, and extensible ones for datasets with one unlimited axis.

use super::source::{Cursor, verified};
use super::superblock::HdfFile;
use super::{FormatError, Result};

/// What an index says of one chunk.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Where it is; `None` where it has never been written.
    pub address: Option<u64>,
    /// Its stored size, where there are filters.
    pub size: Option<u64>,
    /// The filters left out.
    pub mask: u32,
}

/// How the elements of an array are stored.
#[derive(Debug, Clone, Copy)]
struct Elements {
    /// Bytes of one.
    size: usize,
    /// Bytes of its stored chunk size, none where there are no filters.
    size_width: Option<usize>,
}

impl Elements {
    fn of(cursor: &Cursor, client: u8, size: u8, offset: usize) -> Result<Elements> {
        let size = usize::from(size);
        let size_width = match client {
            0 if size == offset => None,
            1 => Some(
                size.checked_sub(offset + 4)
                    .filter(|w| (1..=8).contains(w))
                    .ok_or_else(|| cursor.wrong("elements of an impossible size"))?,
            ),
            _ => return Err(cursor.wrong("elements of an impossible size")),
        };
        Ok(Elements { size, size_width })
    }

    fn read(self, cursor: &mut Cursor) -> Result<Entry> {
        let address = cursor.address()?;
        Ok(match self.size_width {
            None => Entry { address, size: None, mask: 0 },
            Some(width) => Entry { address, size: Some(cursor.uint(width)?), mask: cursor.u32()? },
        })
    }
}

/// Whether bit `at` of a bitmap is set, the highest bit of the first byte being bit 0.
fn is_set(bitmap: &[u8], at: usize) -> bool {
    bitmap.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
}

const FIXED: &str = "a fixed array of chunks";

/// Gives every element of a fixed array with its number to `visit`.
pub fn fixed(file: &HdfFile, address: u64, visit: &mut dyn FnMut(u64, Entry)) -> Result<()> {
    let sizes = file.sizes;
    let header = file.read_verified(address, (12 + sizes.length + sizes.offset) as u64, FIXED)?;
    let mut cursor = file.cursor(&header, FIXED);
    cursor.signature(b"FAHD")?;
    cursor.version(0)?;
    let (client, size, page_bits) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let count = cursor.length()?;
    let Some(block) = cursor.address()? else { return Ok(()) };
    let elements = Elements::of(&cursor, client, size, sizes.offset)?;
    let total = count.checked_mul(elements.size as u64).filter(|&total| total <= file.source.size());
    let total = total.ok_or_else(|| cursor.wrong("more elements than the file has room for"))?;
    let page = 1u64.checked_shl(u32::from(page_bits)).unwrap_or(u64::MAX);
    let prefix = (6 + sizes.offset) as u64;
    if count <= page {
        let bytes = file.read_verified(block, prefix + total + 4, FIXED)?;
        let mut cursor = file.cursor(&bytes, FIXED);
        cursor.signature(b"FADB")?;
        cursor.skip(prefix as usize - 4)?;
        for number in 0..count {
            visit(number, elements.read(&mut cursor)?);
        }
        return Ok(());
    }
    let pages = count.div_ceil(page);
    let bitmap_len = pages.div_ceil(8);
    let head = file.read_verified(block, prefix + bitmap_len + 4, FIXED)?;
    let mut cursor = file.cursor(&head, FIXED);
    cursor.signature(b"FADB")?;
    cursor.skip(prefix as usize - 4)?;
    let bitmap = cursor.rest();
    let mut at = block.saturating_add(prefix + bitmap_len + 4);
    for number in 0..pages {
        let first = number * page;
        let here = page.min(count - first);
        let len = here * elements.size as u64 + 4;
        if is_set(bitmap, number as usize) {
            let bytes = file.read_verified(at, len, FIXED)?;
            let mut cursor = file.cursor(&bytes, FIXED);
            for index in 0..here {
                visit(first + index, elements.read(&mut cursor)?);
            }
        }
        at = at.saturating_add(len);
    }
    Ok(())
}

const EXTENSIBLE: &str = "an extensible array of chunks";

struct Extensible<'a> {
    file: &'a HdfFile,
    elements: Elements,
    /// Bytes of the place of a block in the array.
    offset_width: usize,
    /// Elements of the smallest data blocks.
    least_block: u64,
    /// Elements of a page of the larger ones.
    page: u64,
    /// Elements that have been set: those after are not there.
    count: u64,
}

/// Gives every element of an extensible array with its number to `visit`.
pub fn extensible(file: &HdfFile, address: u64, visit: &mut dyn FnMut(u64, Entry)) -> Result<()> {
    let sizes = file.sizes;
    let header = file.read_verified(address, (16 + 6 * sizes.length + sizes.offset) as u64, EXTENSIBLE)?;
    let mut cursor = file.cursor(&header, EXTENSIBLE);
    cursor.signature(b"EAHD")?;
    cursor.version(0)?;
    let (client, size, bits) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let (in_index, least_block, least_pointers, page_bits) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
    cursor.skip(4 * sizes.length)?;
    let count = cursor.length()?;
    cursor.length()?;
    let Some(index_block) = cursor.address()? else { return Ok(()) };
    let elements = Elements::of(&cursor, client, size, sizes.offset)?;
    let powers = least_block.is_power_of_two() && least_pointers.is_power_of_two();
    if !powers || bits > 64 || u32::from(bits) < least_block.ilog2() || page_bits > 32 {
        return Err(cursor.wrong("impossible sizes"));
    }
    let array = Extensible {
        file,
        elements,
        offset_width: usize::from(bits).div_ceil(8),
        least_block: u64::from(least_block),
        page: 1 << page_bits,
        count,
    };
    let supers = 1 + u32::from(bits) - least_block.ilog2();
    let direct_supers = (2 * least_pointers.ilog2()).min(supers);
    let pointers = 2 * (usize::from(least_pointers) - 1);
    let super_pointers = (supers - direct_supers) as usize;
    let len = 6 + sizes.offset + usize::from(in_index) * elements.size + (pointers + super_pointers) * sizes.offset + 4;
    let block = file.read_verified(index_block, len as u64, EXTENSIBLE)?;
    let mut cursor = file.cursor(&block, EXTENSIBLE);
    cursor.signature(b"EAIB")?;
    cursor.skip(2 + sizes.offset)?;
    for number in 0..u64::from(in_index) {
        visit(number, elements.read(&mut cursor)?);
    }
    let mut first = u64::from(in_index);
    for super_block in 0..supers {
        let (blocks, block_len) = array.super_block(super_block);
        if first >= count {
            break;
        }
        if super_block < direct_supers {
            for number in 0..blocks {
                if let Some(address) = cursor.address()? {
                    array.data_block(address, first + number * block_len, block_len, None, visit)?;
                }
            }
        } else if let Some(address) = cursor.address()? {
            array.secondary(address, first, (blocks, block_len), visit)?;
        }
        first = first.saturating_add(blocks.saturating_mul(block_len));
    }
    Ok(())
}

impl Extensible<'_> {
    /// How many data blocks super block `number` has, and how many elements each of them.
    fn super_block(&self, number: u32) -> (u64, u64) {
        (1 << (number / 2), (1u64 << number.div_ceil(2)).saturating_mul(self.least_block))
    }

    fn pages(&self, block_len: u64) -> u64 {
        if block_len > self.page { block_len / self.page } else { 0 }
    }

    fn secondary(
        &self,
        address: u64,
        first: u64,
        (blocks, block_len): (u64, u64),
        visit: &mut dyn FnMut(u64, Entry),
    ) -> Result<()> {
        let sizes = self.file.sizes;
        let bitmap_len = self.pages(block_len).div_ceil(8);
        let prefix = (6 + sizes.offset + self.offset_width) as u64;
        let len = blocks.checked_mul(bitmap_len + sizes.offset as u64).and_then(|len| len.checked_add(prefix + 4));
        let len = len.ok_or_else(|| FormatError::damaged(EXTENSIBLE, "impossible sizes"))?;
        let block = self.file.read_verified(address, len, EXTENSIBLE)?;
        let mut cursor = self.file.cursor(&block, EXTENSIBLE);
        cursor.signature(b"EASB")?;
        cursor.skip(prefix as usize - 4)?;
        let bitmaps = cursor.take((blocks * bitmap_len) as usize)?;
        for number in 0..blocks {
            let at = first.saturating_add(number.saturating_mul(block_len));
            let start = (number * bitmap_len) as usize;
            let bitmap = &bitmaps[start..start + bitmap_len as usize];
            if let Some(address) = cursor.address()?
                && at < self.count
            {
                self.data_block(address, at, block_len, Some(bitmap), visit)?;
            }
        }
        Ok(())
    }

    fn data_block(
        &self,
        address: u64,
        first: u64,
        block_len: u64,
        bitmap: Option<&[u8]>,
        visit: &mut dyn FnMut(u64, Entry),
    ) -> Result<()> {
        let prefix = (6 + self.file.sizes.offset + self.offset_width) as u64;
        let size = self.elements.size as u64;
        let pages = self.pages(block_len);
        if pages == 0 {
            let bytes = self.file.read(address, prefix + block_len.saturating_mul(size) + 4, EXTENSIBLE)?;
            let bytes = verified(&bytes, EXTENSIBLE)?;
            let mut cursor = self.file.cursor(bytes, EXTENSIBLE);
            cursor.signature(b"EADB")?;
            cursor.skip(prefix as usize - 4)?;
            for index in 0..block_len {
                visit(first.saturating_add(index), self.elements.read(&mut cursor)?);
            }
            return Ok(());
        }
        let head = self.file.read_verified(address, prefix + 4, EXTENSIBLE)?;
        self.file.cursor(&head, EXTENSIBLE).signature(b"EADB")?;
        let page_bytes = self.page * size + 4;
        let start = address.saturating_add(prefix + 4);
        for number in (0..pages).filter(|&number| bitmap.is_none_or(|bitmap| is_set(bitmap, number as usize))) {
            let bytes = self.file.read_verified(start.saturating_add(number * page_bytes), page_bytes, EXTENSIBLE)?;
            let mut cursor = self.file.cursor(&bytes, EXTENSIBLE);
            for index in 0..self.page {
                visit(first.saturating_add(number * self.page + index), self.elements.read(&mut cursor)?);
            }
        }
        Ok(())
    }
}
