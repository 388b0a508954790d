//! The superblock: where the file begins, how wide its addresses are, where its root group is.

use super::source::{Cursor, Sizes, Source, verified};
use super::{FormatError, Result};
use crate::runtime::storage::Place;

const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
const WHAT: &str = "the superblock";
/// More than any superblock takes.
const LONGEST: u64 = 128;

/// An HDF5 file, opened: its bytes and what its superblock says.
#[derive(Debug)]
pub struct HdfFile {
    /// The bytes.
    pub source: Source,
    /// Widths of addresses and lengths.
    pub sizes: Sizes,
    /// The address of the root group's object header.
    pub root: u64,
}

/// The place of the signature: at 0, 512, 1024, 2048, … behind a user block.
fn find(source: &Source) -> Result<Option<u64>> {
    let mut at = 0;
    while at + SIGNATURE.len() as u64 <= source.file_len() {
        if source.read(at, SIGNATURE.len() as u64, WHAT)? == SIGNATURE {
            return Ok(Some(at));
        }
        at = if at == 0 { 512 } else { at * 2 };
    }
    Ok(None)
}

/// Whether a file has the signature of HDF5.
pub fn is_hdf5(place: &Place) -> bool {
    Source::open(place).and_then(|source| find(&source)).is_ok_and(|found| found.is_some())
}

impl HdfFile {
    /// Opens a file and reads its superblock.
    ///
    /// # Errors
    /// It is not HDF5, is cut short, is open for writing, or uses a feature that is not read.
    pub fn open(place: &Place) -> Result<HdfFile> {
        let mut source = Source::open(place)?;
        let base = find(&source)?.ok_or(FormatError::NotHdf5)?;
        if source.is_locked_by_a_writer() {
            return Err(FormatError::Locked);
        }
        source.set_base(base);
        let bytes = source.read(0, LONGEST.min(source.size()), WHAT)?;
        let version = *bytes.get(SIGNATURE.len()).ok_or_else(|| FormatError::damaged(WHAT, "it ends too early"))?;
        let fields = match version {
            0 | 1 => Fields::old(&bytes, version)?,
            2 | 3 => Fields::new(&bytes, version)?,
            other => return Err(FormatError::Unsupported(format!("a superblock of version {other} is not read"))),
        };
        let stated = fields.end.saturating_sub(fields.base).saturating_add(base);
        if stated > source.file_len() {
            return Err(FormatError::Truncated { stated, actual: source.file_len() });
        }
        Ok(HdfFile { source, sizes: fields.sizes, root: fields.root })
    }

    /// A cursor over bytes of this file.
    pub fn cursor<'a>(&self, bytes: &'a [u8], what: &'static str) -> Cursor<'a> {
        Cursor::new(bytes, self.sizes, what)
    }

    /// Reads `len` bytes at `address`.
    pub fn read(&self, address: u64, len: u64, what: &'static str) -> Result<Vec<u8>> {
        self.source.read(address, len, what)
    }

    /// Reads `len` bytes at `address` of which the last four are a checksum, and gives those before it.
    pub fn read_verified(&self, address: u64, len: u64, what: &'static str) -> Result<Vec<u8>> {
        let mut bytes = self.read(address, len, what)?;
        let data = verified(&bytes, what)?.len();
        bytes.truncate(data);
        Ok(bytes)
    }
}

struct Fields {
    sizes: Sizes,
    base: u64,
    /// The end of the file as stated, counted as `base` is.
    end: u64,
    root: u64,
}

fn sizes(offset: u8, length: u8) -> Result<Sizes> {
    let fits = |size| matches!(size, 2 | 4 | 8);
    if !fits(offset) || !fits(length) {
        return Err(FormatError::damaged(WHAT, "addresses of an impossible width"));
    }
    Ok(Sizes { offset: usize::from(offset), length: usize::from(length) })
}

impl Fields {
    /// Versions 0 and 1.
    fn old(bytes: &[u8], version: u8) -> Result<Fields> {
        let mut cursor = Cursor::new(bytes, Sizes { offset: 8, length: 8 }, WHAT);
        cursor.skip(13)?;
        let sizes = sizes(cursor.u8()?, cursor.u8()?)?;
        cursor.skip(if version == 1 { 13 } else { 9 })?;
        let rest = cursor.rest();
        let mut cursor = Cursor::new(rest, sizes, WHAT);
        let base = cursor.defined_address()?;
        cursor.address()?;
        let end = cursor.defined_address()?;
        if cursor.address()?.is_some() {
            return Err(FormatError::Unsupported(
                "a file split over several (family or multi driver) is not read".into(),
            ));
        }
        cursor.skip(sizes.offset)?;
        Ok(Fields { sizes, base, end, root: cursor.defined_address()? })
    }

    /// Versions 2 and 3.
    fn new(bytes: &[u8], version: u8) -> Result<Fields> {
        let mut cursor = Cursor::new(bytes, Sizes { offset: 8, length: 8 }, WHAT);
        cursor.skip(9)?;
        let sizes = sizes(cursor.u8()?, cursor.u8()?)?;
        let flags = cursor.u8()?;
        let len = 12 + 4 * sizes.offset + 4;
        let stored = bytes.get(..len).ok_or_else(|| FormatError::damaged(WHAT, "it ends too early"))?;
        let mut cursor = Cursor::new(verified(stored, WHAT)?, sizes, WHAT);
        cursor.skip(12)?;
        let base = cursor.defined_address()?;
        cursor.address()?;
        let end = cursor.defined_address()?;
        let root = cursor.defined_address()?;
        if version == 3 && flags & 0b101 != 0 {
            return Err(FormatError::BeingWritten);
        }
        Ok(Fields { sizes, base, end, root })
    }
}
