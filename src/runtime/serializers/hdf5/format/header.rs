//! Object headers: the messages that describe a group or dataset.

use super::superblock::HdfFile;
use super::{FormatError, Result};

const WHAT: &str = "an object header";
/// Blocks of one header; more is a cycle or nonsense.
const MOST_BLOCKS: usize = 4096;

/// The kinds of messages that are read, by their number in the file.
pub mod kind {
    /// Shape of a dataset.
    pub const DATASPACE: u16 = 0x01;
    /// Where the links of a group are.
    pub const LINK_INFO: u16 = 0x02;
    /// Element type.
    pub const DATATYPE: u16 = 0x03;
    /// Fill value as old files state it.
    pub const OLD_FILL: u16 = 0x04;
    /// Fill value.
    pub const FILL: u16 = 0x05;
    /// One link of a group.
    pub const LINK: u16 = 0x06;
    /// Data in other files.
    pub const EXTERNAL_FILES: u16 = 0x07;
    /// How data are laid out.
    pub const LAYOUT: u16 = 0x08;
    /// Filters.
    pub const PIPELINE: u16 = 0x0b;
    /// One attribute.
    pub const ATTRIBUTE: u16 = 0x0c;
    /// More messages elsewhere.
    pub const CONTINUATION: u16 = 0x10;
    /// The links of an old group.
    pub const SYMBOL_TABLE: u16 = 0x11;
    /// Where the attributes are when they are many.
    pub const ATTRIBUTE_INFO: u16 = 0x15;
}

/// The message is stored elsewhere.
const SHARED: u8 = 0x02;
/// Who does not know the message must not go on.
const MUST_KNOW: u8 = 0x80;
const HIGHEST_KNOWN: u16 = 0x17;

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its kind, see [`kind`].
    pub kind: u16,
    /// When it was made, where that is tracked.
    pub order: Option<u16>,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// The messages of one object.
#[derive(Debug, Clone)]
pub struct Header {
    messages: Vec<Message>,
}

impl Header {
    /// Reads the header at `address`, with all its continuations; shared messages are fetched.
    pub fn read(file: &HdfFile, address: u64) -> Result<Header> {
        Header::read_at_depth(file, address, 0)
    }

    fn read_at_depth(file: &HdfFile, address: u64, depth: usize) -> Result<Header> {
        let mut parser = Parser { file, depth, messages: Vec::new(), pending: Vec::new(), tracked: false };
        let start = file.read(address, 4, WHAT)?;
        if start == b"OHDR" {
            parser.new_header(address)?
        } else {
            parser.old_header(address)?
        }
        Ok(Header { messages: parser.messages })
    }

    /// The first message of a kind.
    pub fn find(&self, kind: u16) -> Option<&[u8]> {
        self.all(kind).next().map(|message| message.body.as_slice())
    }

    /// Every message of a kind, in order.
    pub fn all(&self, kind: u16) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.kind == kind)
    }
}

struct Parser<'a> {
    file: &'a HdfFile,
    /// How many shared messages led here.
    depth: usize,
    messages: Vec<Message>,
    /// Continuations to be read.
    pending: Vec<(u64, u64)>,
    /// Whether messages carry their creation order.
    tracked: bool,
}

impl Parser<'_> {
    fn old_header(&mut self, address: u64) -> Result<()> {
        let prefix = self.file.read(address, 16, WHAT)?;
        let mut cursor = self.file.cursor(&prefix, WHAT);
        cursor.version(1)?;
        cursor.skip(7)?;
        let len = u64::from(cursor.u32()?);
        self.pending.push((address.saturating_add(16), len));
        let mut blocks = 0;
        while let Some((address, len)) = self.next_block(&mut blocks)? {
            let block = self.file.read(address, len, WHAT)?;
            let mut cursor = self.file.cursor(&block, WHAT);
            while cursor.rest().len() >= 8 {
                let (kind, size, flags) = (cursor.u16()?, cursor.u16()?, cursor.u8()?);
                cursor.skip(3)?;
                let body = cursor.take(usize::from(size))?;
                self.message(kind, flags, None, body)?;
            }
        }
        Ok(())
    }

    fn new_header(&mut self, address: u64) -> Result<()> {
        let prefix = self.file.read(address, 6, WHAT)?;
        let (version, flags) = (prefix[4], prefix[5]);
        if version != 2 {
            return Err(FormatError::Unsupported(format!("an object header of version {version} is not read")));
        }
        self.tracked = flags & 0x04 != 0;
        let optional = if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
        let width = 1u64 << (flags & 3);
        let start = 6 + optional;
        let size = self.file.read(address.saturating_add(start), width, WHAT)?;
        let size = self.file.cursor(&size, WHAT).uint(width as usize)?;
        let len = size.checked_add(start + width + 4).ok_or_else(|| FormatError::damaged(WHAT, "too long"))?;
        let block = self.file.read_verified(address, len, WHAT)?;
        self.new_messages(&block[(start + width) as usize..])?;
        let mut blocks = 0;
        while let Some((address, len)) = self.next_block(&mut blocks)? {
            let block = self.file.read_verified(address, len, WHAT)?;
            let mut cursor = self.file.cursor(&block, WHAT);
            cursor.signature(b"OCHK")?;
            self.new_messages(cursor.rest())?;
        }
        Ok(())
    }

    fn new_messages(&mut self, block: &[u8]) -> Result<()> {
        let prefix = if self.tracked { 6 } else { 4 };
        let mut cursor = self.file.cursor(block, WHAT);
        while cursor.rest().len() >= prefix {
            let (kind, size, flags) = (u16::from(cursor.u8()?), cursor.u16()?, cursor.u8()?);
            let order = if self.tracked { Some(cursor.u16()?) } else { None };
            let body = cursor.take(usize::from(size))?;
            self.message(kind, flags, order, body)?;
        }
        Ok(())
    }

    fn next_block(&mut self, blocks: &mut usize) -> Result<Option<(u64, u64)>> {
        *blocks += 1;
        if *blocks > MOST_BLOCKS {
            return Err(FormatError::damaged(WHAT, "it never ends"));
        }
        Ok((!self.pending.is_empty()).then(|| self.pending.remove(0)))
    }

    fn message(&mut self, kind: u16, flags: u8, order: Option<u16>, body: &[u8]) -> Result<()> {
        if kind == kind::CONTINUATION {
            let mut cursor = self.file.cursor(body, WHAT);
            self.pending.push((cursor.defined_address()?, cursor.length()?));
            return Ok(());
        }
        if kind > HIGHEST_KNOWN && flags & MUST_KNOW != 0 {
            return Err(FormatError::Unsupported(format!("a header message of kind {kind:#x} is not read")));
        }
        let body = if flags & SHARED != 0 { shared(self.file, kind, body, self.depth)? } else { body.to_vec() };
        self.messages.push(Message { kind, order, body });
        Ok(())
    }
}

/// Fetches a message that is stored in another object, such as a named datatype.
pub fn shared(file: &HdfFile, kind: u16, body: &[u8], depth: usize) -> Result<Vec<u8>> {
    if depth > 8 {
        return Err(FormatError::damaged(WHAT, "shared messages that refer to each other"));
    }
    let mut cursor = file.cursor(body, "a shared message");
    let version = cursor.u8()?;
    let place = cursor.u8()?;
    match (version, place) {
        (1, _) => cursor.skip(6)?,
        (2, _) | (3, 2) => {}
        _ => return Err(FormatError::Unsupported("a table of shared messages is not read".into())),
    }
    let header = Header::read_at_depth(file, cursor.defined_address()?, depth + 1)?;
    let found = header.find(kind).map(<[u8]>::to_vec);
    found.ok_or_else(|| FormatError::damaged("a shared message", "it is not where it should be"))
}
