//! Bytes of a file by address, and a cursor over them.

use std::fs::TryLockError;
use std::sync::Arc;

use super::{FormatError, Result};
use crate::allocator;
use crate::runtime::storage::blocks::Blocks;
use crate::runtime::storage::{Failure, Object, Pending, Place};

/// A file opened for positioned reads, from any thread. Addresses count from its base address.
#[derive(Debug)]
pub struct Source {
    file: Arc<dyn Object>,
    base: u64,
}

impl Source {
    /// Opens a file; the base address is zero until [`Source::set_base`].
    pub fn open(place: &Place) -> Result<Source> {
        let file = place.open().map_err(|error| match error {
            Failure::Folder => FormatError::Io("it is not a file".into()),
            other => FormatError::Io(other.to_string()),
        })?;
        let file = file.ok_or_else(|| FormatError::Io("No such file or directory (os error 2)".into()))?;
        let file = if file.is_remote() { Blocks::over(file) } else { file };
        Ok(Source { file, base: 0 })
    }

    /// Whether another program holds the lock that libhdf5 takes on a file it writes. No lock is kept.
    pub fn is_locked_by_a_writer(&self) -> bool {
        let Some(file) = self.file.file() else { return false };
        let locked = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        if !locked {
            // Where the system has no locks there is none to give back.
            let _ = file.unlock();
        }
        locked
    }

    /// Sets where addresses count from: the place of the superblock, behind a user block.
    pub fn set_base(&mut self, base: u64) {
        self.base = base;
    }

    /// Bytes from the base address to the end of the file.
    pub fn size(&self) -> u64 {
        self.file_len().saturating_sub(self.base)
    }

    /// Bytes of the whole file.
    pub fn file_len(&self) -> u64 {
        self.file.size()
    }

    /// Fills `buffer` from `address`.
    pub fn read_into(&self, address: u64, buffer: &mut [u8], what: &'static str) -> Result<()> {
        let end = address.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.size()) {
            return Err(FormatError::damaged(
                what,
                format!("{} bytes at {address:#x} are outside the file", buffer.len()),
            ));
        }
        self.file.read_into(self.base + address, buffer).map_err(|error| FormatError::Io(format!("{what}: {error}")))
    }

    /// Whether each read takes a request.
    pub fn is_remote(&self) -> bool {
        self.file.is_remote()
    }

    /// Begins to read ranges (address, size) that will be asked for, where reading takes its time; else nothing.
    pub fn begin(&self, ranges: &[(u64, u64)]) -> Vec<Pending<Vec<u8>>> {
        let inside = |(address, size): &(u64, u64)| {
            address.checked_add(*size).filter(|end| *end <= self.size()).map(|_| (self.base + address, *size))
        };
        match ranges.iter().map(inside).collect::<Option<Vec<_>>>() {
            Some(ranges) if self.file.is_remote() => self.file.begin(&ranges),
            _ => Vec::new(),
        }
    }

    /// Reads `len` bytes at `address`; no more is allocated than the file has.
    pub fn read(&self, address: u64, len: u64, what: &'static str) -> Result<Vec<u8>> {
        if address.checked_add(len).is_none_or(|end| end > self.size()) {
            return Err(FormatError::damaged(what, format!("{len} bytes at {address:#x} are outside the file")));
        }
        let mut bytes = allocator::unset(len as usize);
        self.read_into(address, &mut bytes, what)?;
        Ok(bytes)
    }
}

/// How many bytes addresses and lengths take in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of an address: 2, 4 or 8.
    pub offset: usize,
    /// Bytes of a length: 2, 4 or 8.
    pub length: usize,
}

/// A cursor over the bytes of one structure; every step is checked.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    sizes: Sizes,
    what: &'static str,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte of a structure called `what`.
    pub fn new(bytes: &'a [u8], sizes: Sizes, what: &'static str) -> Self {
        Cursor { bytes, at: 0, sizes, what }
    }

    /// An error about this structure.
    pub fn wrong(&self, reason: impl Into<String>) -> FormatError {
        FormatError::damaged(self.what, reason)
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(len).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| self.wrong("it ends too early"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// Passes over `len` bytes.
    pub fn skip(&mut self, len: usize) -> Result<()> {
        self.take(len).map(|_| ())
    }

    /// Passes over bytes up to a multiple of `unit` from the start.
    pub fn align(&mut self, unit: usize) -> Result<()> {
        self.skip(self.at.next_multiple_of(unit) - self.at)
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Bytes from the start.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next little-endian number of `len` bytes, at most 8.
    pub fn uint(&mut self, len: usize) -> Result<u64> {
        Ok(self.take(len)?.iter().rev().fold(0, |value, &byte| (value << 8) | u64::from(byte)))
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.uint(1)? as u8)
    }

    /// The next number of two bytes.
    pub fn u16(&mut self) -> Result<u16> {
        Ok(self.uint(2)? as u16)
    }

    /// The next number of four bytes.
    pub fn u32(&mut self) -> Result<u32> {
        Ok(self.uint(4)? as u32)
    }

    /// The next number of eight bytes.
    pub fn u64(&mut self) -> Result<u64> {
        self.uint(8)
    }

    /// The next address; `None` where it is the undefined one.
    pub fn address(&mut self) -> Result<Option<u64>> {
        let len = self.sizes.offset;
        let value = self.uint(len)?;
        Ok((value != u64::MAX >> (64 - 8 * len)).then_some(value))
    }

    /// The next address, which must be defined.
    pub fn defined_address(&mut self) -> Result<u64> {
        self.address()?.ok_or_else(|| self.wrong("an address is missing"))
    }

    /// The next length.
    pub fn length(&mut self) -> Result<u64> {
        self.uint(self.sizes.length)
    }

    /// Passes over a signature.
    pub fn signature(&mut self, signature: &[u8]) -> Result<()> {
        if self.take(signature.len())? == signature { Ok(()) } else { Err(self.wrong("its signature is not there")) }
    }

    /// Passes over a version number that must be `version`.
    pub fn version(&mut self, version: u8) -> Result<()> {
        match self.u8()? {
            found if found == version => Ok(()),
            found => Err(FormatError::Unsupported(format!("{} of version {found} is not read", self.what))),
        }
    }

    /// The bytes up to a NUL, which is passed over.
    pub fn c_string(&mut self) -> Result<&'a [u8]> {
        let len = self.rest().iter().position(|&byte| byte == 0);
        let text = self.take(len.ok_or_else(|| self.wrong("a name without an end"))?)?;
        self.skip(1)?;
        Ok(text)
    }
}

#[cfg(test)]
thread_local! {
    /// Lets this thread take wrong checksums for right, so that tests with damaged files get past them.
    pub static UNCHECKED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// The bytes without the checksum at their end, which must be right.
pub fn verified<'a>(bytes: &'a [u8], what: &'static str) -> Result<&'a [u8]> {
    match bytes.split_last_chunk::<4>() {
        Some((data, sum)) if checksum(data) == u32::from_le_bytes(*sum) => Ok(data),
        #[cfg(test)]
        Some((data, _)) if UNCHECKED.get() => Ok(data),
        Some(_) => Err(FormatError::damaged(what, "its checksum does not match")),
        None => Err(FormatError::damaged(what, "it ends too early")),
    }
}

/// The checksum of metadata: Bob Jenkins' `lookup3` (<https://burtleburtle.net/bob/c/lookup3.c>), `hashlittle`.
pub fn checksum(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let [mut a, mut b, mut c] = [start; 3];
    let mut rest = bytes;
    loop {
        let mut words = [0u8; 12];
        let len = rest.len().min(12);
        words[..len].copy_from_slice(&rest[..len]);
        let word = |at: usize| u32::from_le_bytes([words[at], words[at + 1], words[at + 2], words[at + 3]]);
        if len == 0 {
            return c;
        }
        a = a.wrapping_add(word(0));
        b = b.wrapping_add(word(4));
        c = c.wrapping_add(word(8));
        rest = &rest[len..];
        if rest.is_empty() {
            break;
        }
        for (x, y, z) in [(4, 6, 8), (16, 19, 4)] {
            a = a.wrapping_sub(c) ^ c.rotate_left(x);
            c = c.wrapping_add(b);
            b = b.wrapping_sub(a) ^ a.rotate_left(y);
            a = a.wrapping_add(c);
            c = c.wrapping_sub(b) ^ b.rotate_left(z);
            b = b.wrapping_add(a);
        }
    }
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_lookup3() {
        assert_eq!(checksum(b""), 0xdead_beef);
        assert_eq!(checksum(b"Four score and seven years ago"), 0x1777_0551);
    }

    #[test]
    fn a_cursor_never_leaves_its_bytes() {
        let sizes = Sizes { offset: 4, length: 8 };
        let mut cursor = Cursor::new(&[1, 2, 0xff, 0xff, 0xff, 0xff, b'a', 0, 9], sizes, "a test");
        assert_eq!(cursor.u16(), Ok(0x201));
        assert_eq!(cursor.address(), Ok(None));
        assert_eq!(cursor.c_string(), Ok(&b"a"[..]));
        assert_eq!(cursor.length().unwrap_err().to_string(), "it is damaged: a test: it ends too early");
        assert!(cursor.take(usize::MAX).is_err());
        assert_eq!(cursor.u8(), Ok(9));
    }
}
