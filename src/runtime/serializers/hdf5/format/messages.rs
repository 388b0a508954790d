//! The messages of a dataset besides its type: shape, fill value, layout, filters.

use super::super::filters::FilterMessage;
use super::source::Cursor;
use super::{FormatError, Result};

/// Axes a dataset may have.
const MOST_AXES: usize = 32;

/// The shape of a dataset or attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataspace {
    /// Elements per axis; `None` for a null dataspace, which holds nothing at all.
    pub shape: Option<Vec<u64>>,
    /// Elements an axis may grow to; `None` where it has no limit.
    pub limits: Vec<Option<u64>>,
}

impl Dataspace {
    /// Understands a message.
    pub fn parse(cursor: &mut Cursor) -> Result<Dataspace> {
        let version = cursor.u8()?;
        let rank = usize::from(cursor.u8()?);
        let flags = cursor.u8()?;
        let null = match version {
            1 => {
                cursor.skip(5)?;
                false
            }
            2 => cursor.u8()? == 2,
            other => return Err(FormatError::Unsupported(format!("a dataspace of version {other} is not read"))),
        };
        if rank > MOST_AXES {
            return Err(cursor.wrong(format!("{rank} axes")));
        }
        let shape = (0..rank).map(|_| cursor.length()).collect::<Result<Vec<_>>>()?;
        let limits = if flags & 1 != 0 {
            (0..rank).map(|_| cursor.length().map(|n| (n != u64::MAX).then_some(n))).collect::<Result<Vec<_>>>()?
        } else {
            shape.iter().map(|&n| Some(n)).collect()
        };
        let count = shape.iter().try_fold(1u64, |count, &n| count.checked_mul(n));
        if count.is_none() && !shape.contains(&0) {
            return Err(cursor.wrong("more elements than can be counted"));
        }
        Ok(Dataspace { shape: (!null).then_some(shape), limits })
    }
}

/// The bytes of a fill value; empty where the default (zero) holds.
pub fn fill_value(cursor: &mut Cursor) -> Result<Vec<u8>> {
    let version = cursor.u8()?;
    let defined = match version {
        1 | 2 => {
            cursor.skip(2)?;
            let defined = cursor.u8()? != 0;
            version == 1 || defined
        }
        3 => cursor.u8()? & 0x20 != 0,
        other => return Err(FormatError::Unsupported(format!("a fill value of version {other} is not read"))),
    };
    if !defined {
        return Ok(Vec::new());
    }
    old_fill_value(cursor)
}

/// The same of the old message, which holds nothing else.
pub fn old_fill_value(cursor: &mut Cursor) -> Result<Vec<u8>> {
    let size = cursor.u32()? as i32;
    Ok(cursor.take(usize::try_from(size).unwrap_or(0))?.to_vec())
}

/// Understands a pipeline message.
pub fn pipeline(cursor: &mut Cursor) -> Result<Vec<FilterMessage>> {
    let version = cursor.u8()?;
    let count = cursor.u8()?;
    match version {
        1 => cursor.skip(6)?,
        2 => {}
        other => return Err(FormatError::Unsupported(format!("a filter pipeline of version {other} is not read"))),
    }
    let mut filters = Vec::new();
    for _ in 0..count {
        let id = u32::from(cursor.u16()?);
        let name_len = if version == 1 || id >= 256 { usize::from(cursor.u16()?) } else { 0 };
        cursor.skip(2)?;
        let values = cursor.u16()?;
        let name = cursor.take(if version == 1 { name_len.next_multiple_of(8) } else { name_len })?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let parameters = (0..values).map(|_| cursor.u32()).collect::<Result<Vec<_>>>()?;
        if version == 1 && values % 2 == 1 {
            cursor.skip(4)?;
        }
        filters.push(FilterMessage { id, name: String::from_utf8_lossy(name).into_owned(), parameters });
    }
    Ok(filters)
}

/// How chunks are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// A B-tree of the first version.
    BTree1,
    /// There is only one chunk; its stored size and filter mask where it is filtered.
    Single(Option<(u64, u32)>),
    /// All chunks lie one after another.
    Implicit,
    /// An array with one entry a chunk.
    FixedArray,
    /// The same, growing along the one axis without limit.
    ExtensibleArray,
    /// A B-tree of the second version.
    BTree2,
}

/// Where the data of a dataset are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// In the header itself.
    Compact(Vec<u8>),
    /// In one piece; `None` where nothing has been written.
    Contiguous(Option<u64>),
    /// In chunks.
    Chunked {
        /// Elements of a chunk per axis.
        chunk: Vec<u64>,
        /// How they are found.
        index: Index,
        /// Where the index is; `None` where no chunk has been written.
        address: Option<u64>,
        /// Whether chunks that reach beyond the shape are stored without filters.
        plain_edges: bool,
    },
    /// In other datasets.
    Virtual,
}

impl Layout {
    /// Understands a message.
    pub fn parse(cursor: &mut Cursor) -> Result<Layout> {
        match cursor.u8()? {
            1 | 2 => Layout::old(cursor),
            3 => match cursor.u8()? {
                2 => {
                    let rank = usize::from(cursor.u8()?);
                    let address = cursor.address()?;
                    let chunk = chunk_shape(cursor, rank, 4)?;
                    Ok(Layout::Chunked { chunk, index: Index::BTree1, address, plain_edges: false })
                }
                class => Layout::whole(cursor, class),
            },
            4 | 5 => match cursor.u8()? {
                2 => Layout::indexed(cursor),
                class => Layout::whole(cursor, class),
            },
            other => Err(FormatError::Unsupported(format!("a data layout of version {other} is not read"))),
        }
    }

    fn old(cursor: &mut Cursor) -> Result<Layout> {
        let rank = usize::from(cursor.u8()?);
        let class = cursor.u8()?;
        cursor.skip(5)?;
        match class {
            0 => {
                cursor.skip(4 * rank)?;
                let size = cursor.u32()? as usize;
                Ok(Layout::Compact(cursor.take(size)?.to_vec()))
            }
            1 => Ok(Layout::Contiguous(cursor.address()?)),
            2 => {
                let address = cursor.address()?;
                let chunk = chunk_shape(cursor, rank, 4)?;
                Ok(Layout::Chunked { chunk, index: Index::BTree1, address, plain_edges: false })
            }
            other => Err(cursor.wrong(format!("class {other}"))),
        }
    }

    fn whole(cursor: &mut Cursor, class: u8) -> Result<Layout> {
        match class {
            0 => {
                let size = usize::from(cursor.u16()?);
                Ok(Layout::Compact(cursor.take(size)?.to_vec()))
            }
            1 => Ok(Layout::Contiguous(cursor.address()?)),
            3 => Ok(Layout::Virtual),
            other => Err(cursor.wrong(format!("class {other}"))),
        }
    }

    fn indexed(cursor: &mut Cursor) -> Result<Layout> {
        let flags = cursor.u8()?;
        let rank = usize::from(cursor.u8()?);
        let width = usize::from(cursor.u8()?);
        if !(1..=8).contains(&width) {
            return Err(cursor.wrong("chunk sizes of an impossible width"));
        }
        let chunk = chunk_shape(cursor, rank, width)?;
        let index = match cursor.u8()? {
            1 if flags & 2 != 0 => Index::Single(Some((cursor.length()?, cursor.u32()?))),
            1 => Index::Single(None),
            2 => Index::Implicit,
            3 => {
                cursor.skip(1)?;
                Index::FixedArray
            }
            4 => {
                cursor.skip(5)?;
                Index::ExtensibleArray
            }
            5 => {
                cursor.skip(6)?;
                Index::BTree2
            }
            other => return Err(cursor.wrong(format!("a chunk index of type {other}"))),
        };
        Ok(Layout::Chunked { chunk, index, address: cursor.address()?, plain_edges: flags & 1 != 0 })
    }
}

/// The shape of a chunk; the last of the sizes stored is that of an element.
fn chunk_shape(cursor: &mut Cursor, stored: usize, width: usize) -> Result<Vec<u64>> {
    if !(2..=MOST_AXES + 1).contains(&stored) {
        return Err(cursor.wrong(format!("chunks of {stored} axes")));
    }
    let mut chunk = (0..stored).map(|_| cursor.uint(width)).collect::<Result<Vec<_>>>()?;
    chunk.pop();
    if chunk.contains(&0) { Err(cursor.wrong("chunks of no elements")) } else { Ok(chunk) }
}
