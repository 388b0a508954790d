//! Attributes as the file has them: name, type, shape and bytes.

use super::btree::walk_new;
use super::datatype::FileType;
use super::header::{Header, kind, shared};
use super::heap::FractalHeap;
use super::messages::Dataspace;
use super::source::Cursor;
use super::superblock::HdfFile;
use super::{FormatError, Result, not_utf8};

const WHAT: &str = "an attribute";

/// One attribute, not yet understood.
#[derive(Debug, Clone, PartialEq)]
pub struct RawAttribute {
    /// Its name.
    pub name: String,
    /// What it holds, or why that cannot be told.
    pub content: std::result::Result<Content, String>,
}

/// The value of an attribute, not yet understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The type of its elements.
    pub file_type: FileType,
    /// Elements per axis; `None` where it holds nothing at all.
    pub shape: Option<Vec<u64>>,
    /// Its elements, stored one after another.
    pub data: Vec<u8>,
}

impl RawAttribute {
    fn parse(file: &HdfFile, body: &[u8]) -> Result<RawAttribute> {
        let mut cursor = file.cursor(body, WHAT);
        let version = cursor.u8()?;
        let flags = cursor.u8()?;
        let lens = [cursor.u16()?, cursor.u16()?, cursor.u16()?].map(usize::from);
        match version {
            1 | 2 => {}
            3 => cursor.skip(1)?,
            other => return Err(FormatError::Unsupported(format!("{WHAT} of version {other} is not read"))),
        }
        let mut part = |len: usize| {
            let bytes = cursor.take(len)?;
            if version == 1 {
                let padding = len.next_multiple_of(8) - len;
                cursor.skip(padding)?;
            }
            Ok::<_, FormatError>(bytes)
        };
        let (name, datatype, dataspace) = (part(lens[0])?, part(lens[1])?, part(lens[2])?);
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let name = std::str::from_utf8(name).map(str::to_owned).map_err(|_| not_utf8(name));
        let is_shared = |bit: u8| version > 1 && flags & bit != 0;
        let datatype = if is_shared(1) { shared(file, kind::DATATYPE, datatype, 0)? } else { datatype.to_vec() };
        let dataspace = if is_shared(2) { shared(file, kind::DATASPACE, dataspace, 0)? } else { dataspace.to_vec() };
        let content = Content::parse(file, &datatype, &dataspace, &mut cursor).map_err(|error| error.to_string());
        Ok(match name {
            Ok(name) => RawAttribute { name, content },
            Err(shown) => RawAttribute { name: shown, content: Err("a name that is not UTF-8".into()) },
        })
    }
}

impl Content {
    fn parse(file: &HdfFile, datatype: &[u8], dataspace: &[u8], cursor: &mut Cursor) -> Result<Content> {
        let file_type = FileType::parse(&mut file.cursor(datatype, WHAT))?;
        let shape = Dataspace::parse(&mut file.cursor(dataspace, WHAT))?.shape;
        let count = shape.as_ref().map_or(Some(0), |shape| shape.iter().try_fold(1u64, |n, &m| n.checked_mul(m)));
        let len = count.and_then(|n| usize::try_from(n).ok()).and_then(|count| count.checked_mul(file_type.size));
        let data = cursor.take(len.ok_or_else(|| cursor.wrong("too large"))?)?.to_vec();
        Ok(Content { file_type, shape, data })
    }
}

/// The attributes of the object with this header: by creation where that is tracked, else as stored or by name.
pub fn attributes(file: &HdfFile, header: &Header) -> Result<Vec<RawAttribute>> {
    let mut found = Vec::new();
    for message in header.all(kind::ATTRIBUTE) {
        found.push((message.order.map(u32::from), RawAttribute::parse(file, &message.body)?));
    }
    let stored_in_heap = match header.find(kind::ATTRIBUTE_INFO) {
        Some(info) => dense(file, info, &mut found)?,
        None => false,
    };
    if stored_in_heap {
        found.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    } else {
        found.sort_by_key(|(order, _)| *order);
    }
    Ok(found.into_iter().map(|(_, attribute)| attribute).collect())
}

/// Attributes in a fractal heap; gives whether there are any.
fn dense(file: &HdfFile, info: &[u8], found: &mut Vec<(Option<u32>, RawAttribute)>) -> Result<bool> {
    let mut cursor = file.cursor(info, "an attribute info message");
    cursor.version(0)?;
    let tracked = cursor.u8()? & 1 != 0;
    if tracked {
        cursor.skip(2)?;
    }
    let (Some(heap), Some(index)) = (cursor.address()?, cursor.address()?) else { return Ok(false) };
    let heap = FractalHeap::open(file, heap)?;
    walk_new(file, index, &mut |record_type, record| {
        if record_type != 8 && record_type != 9 {
            return Err(FormatError::damaged(WHAT, format!("an index of type {record_type}")));
        }
        let mut cursor = file.cursor(record, WHAT);
        let id = cursor.take(8)?;
        let flags = cursor.u8()?;
        let order = cursor.u32()?;
        if flags & 2 != 0 {
            return Err(FormatError::Unsupported("a table of shared messages is not read".into()));
        }
        found.push((tracked.then_some(order), RawAttribute::parse(file, &heap.object(file, id)?)?));
        Ok(())
    })?;
    Ok(true)
}
