//! The filter pipeline of HDF5 chunks, on plain bytes.
//!
//! A *filter message* is what the file says of one step: identifier, name, whether it may be skipped, and
//! its *client data*, a few integers. [`Filter`] is the same, understood: closed, so that an unknown filter
//! is an error while planning and never while reading. A [`Pipeline`] is the list in encoding order; decoding
//! runs it backwards, leaving out the steps whose bit is set in the chunk's *filter mask*.
//!
//! Every decoder is given the most bytes it may produce and allocates no more: a chunk that would unfold into
//! more than the dataset declares is an error, whatever its stored size. Nothing here knows of files, threads
//! or libhdf5, and no plugin is ever loaded.

use std::borrow::Cow;
use std::fmt;

mod bits;
mod bitshuffle;
mod compressors;
mod fletcher32;
mod lz4;
mod lzf;
mod nbit;
mod scale_offset;
mod shuffle;
mod szip;

use nbit::NbitType;
use scale_offset::ScaleOffset;
use szip::Szip;

use crate::allocator;

/// One step of a dataset's pipeline, as its file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterMessage {
    /// The identifier registered with The HDF Group.
    pub id: u32,
    /// The name the writer gave, often empty for the library's own filters.
    pub name: String,
    /// The client data: the filter's parameters.
    pub parameters: Vec<u32>,
}

/// What can go wrong with a filter. The dataset and chunk are added by who knows them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The identifier is none of ours.
    #[error("the filter with id {id}{} is not known", named(name))]
    Unknown {
        /// The identifier in the file.
        id: u32,
        /// The name in the file.
        name: String,
    },
    /// The parameters in the file cannot be used.
    #[error("the parameters of the filter `{filter}` cannot be used: {reason}")]
    Parameters {
        /// The filter's name.
        filter: &'static str,
        /// What is wrong with them.
        reason: String,
    },
    /// The stored bytes are not what the filter writes.
    #[error("the filter `{filter}` cannot decode the stored bytes: {reason}")]
    Corrupt {
        /// The filter's name.
        filter: &'static str,
        /// What was found.
        reason: String,
    },
    /// The stored checksum is another than that of the bytes.
    #[error("the checksum stored is {stored:08x}, that of the bytes is {computed:08x}")]
    Checksum {
        /// The fletcher32 sum in the file.
        stored: u32,
        /// The sum of the bytes read.
        computed: u32,
    },
    /// The bytes decoded are fewer or more than the chunk holds.
    #[error("decoded to {found} bytes where the chunk holds {expected}")]
    Length {
        /// Bytes decoded.
        found: usize,
        /// Bytes of one chunk.
        expected: usize,
    },
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" (`{name}`)") }
}

impl FilterError {
    fn corrupt(filter: &'static str, reason: impl Into<String>) -> Self {
        FilterError::Corrupt { filter, reason: reason.into() }
    }

    fn parameters(filter: &'static str, reason: impl Into<String>) -> Self {
        FilterError::Parameters { filter, reason: reason.into() }
    }
}

/// One step of a pipeline, understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Byte transposition of elements of the given size.
    Shuffle(usize),
    /// zlib streams; the level counts for encoding only.
    Deflate(u8),
    /// A checksum of four bytes after the data.
    Fletcher32,
    /// LZF, h5py's own.
    Lzf,
    /// Integers and decimals packed in as few bits as the chunk needs.
    ScaleOffset(ScaleOffset),
    /// Only the significant bits of each element; `None` stores elements as they are.
    Nbit(Option<NbitType>),
    /// CCSDS 121 lossless coding.
    Szip(Szip),
    /// bzip2 streams.
    Bzip2,
    /// Zstandard frames.
    Zstd,
    /// LZ4 blocks in HDF5's framing.
    Lz4,
    /// Blosc (version 1) buffers.
    Blosc,
    /// Bit transposition, perhaps followed by LZ4 or Zstandard.
    Bitshuffle(bitshuffle::Bitshuffle),
}

impl Filter {
    /// Understands one message.
    pub fn parse(message: &FilterMessage) -> Result<Filter, FilterError> {
        let parameters = &message.parameters;
        Ok(match message.id {
            1 => Filter::Deflate(parameters.first().map_or(6, |&level| level.min(9) as u8)),
            2 => Filter::Shuffle(shuffle::element_size(parameters)?),
            3 => Filter::Fletcher32,
            4 => Filter::Szip(Szip::parse(parameters)?),
            5 => Filter::Nbit(NbitType::parse(parameters)?),
            6 => Filter::ScaleOffset(ScaleOffset::parse(parameters)?),
            307 => Filter::Bzip2,
            32000 => Filter::Lzf,
            32001 => Filter::Blosc,
            32004 => Filter::Lz4,
            32008 => Filter::Bitshuffle(bitshuffle::Bitshuffle::parse(parameters)?),
            32015 => Filter::Zstd,
            id => return Err(FilterError::Unknown { id, name: message.name.clone() }),
        })
    }

    /// The name users know it by.
    pub fn name(&self) -> &'static str {
        match self {
            Filter::Shuffle(_) => "shuffle",
            Filter::Deflate(_) => "gzip",
            Filter::Fletcher32 => "fletcher32",
            Filter::Lzf => "lzf",
            Filter::ScaleOffset(_) => "scaleoffset",
            Filter::Nbit(_) => "nbit",
            Filter::Szip(_) => "szip",
            Filter::Bzip2 => "bzip2",
            Filter::Zstd => "zstd",
            Filter::Lz4 => "lz4",
            Filter::Blosc => "blosc",
            Filter::Bitshuffle(_) => "bitshuffle",
        }
    }

    /// The most bytes `len` decoded bytes may take when encoded; incompressible data grow a little.
    fn encoded_bound(&self, len: usize) -> usize {
        match self {
            Filter::Shuffle(_) => len,
            Filter::Fletcher32 => len.saturating_add(4),
            _ => len.saturating_add(len / 8).saturating_add(1024),
        }
    }

    fn decode(&self, bytes: Vec<u8>, cap: usize) -> Result<Vec<u8>, FilterError> {
        match self {
            Filter::Shuffle(size) => Ok(shuffle::decode(bytes, *size)),
            Filter::Deflate(_) => compressors::inflate(&bytes, cap),
            Filter::Fletcher32 => fletcher32::verify(bytes),
            Filter::Lzf => lzf::decode(&bytes, cap),
            Filter::ScaleOffset(parameters) => parameters.decode(bytes, cap),
            Filter::Nbit(None) => Ok(bytes),
            Filter::Nbit(Some(element)) => element.decode(&bytes, cap),
            Filter::Szip(parameters) => parameters.decode(&bytes, cap),
            Filter::Bzip2 => compressors::bunzip2(&bytes, cap),
            Filter::Zstd => compressors::unzstd(&bytes, cap),
            Filter::Lz4 => lz4::decode(&bytes, cap),
            Filter::Blosc => compressors::unblosc(&bytes, cap),
            Filter::Bitshuffle(parameters) => parameters.decode(bytes, cap),
        }
    }

    /// Decodes to the beginning of `out`, and gives the number of bytes there are.
    fn decode_into(&self, bytes: Vec<u8>, out: &mut [u8]) -> Result<usize, FilterError> {
        match self {
            Filter::Shuffle(size) if bytes.len() == out.len() => shuffle::decode_into(&bytes, *size, out),
            Filter::Deflate(_) => return compressors::inflate_into(&bytes, out),
            _ => return Ok(copy(&self.decode(bytes, out.len())?, out)),
        }
        Ok(out.len())
    }

    fn encode(&self, bytes: &[u8]) -> Result<Vec<u8>, FilterError> {
        match self {
            Filter::Shuffle(size) => Ok(shuffle::encode(bytes, *size)),
            Filter::Deflate(level) => compressors::deflate(bytes, *level),
            Filter::Fletcher32 => Ok(fletcher32::append(bytes.to_vec())),
            other => Err(FilterError::parameters(other.name(), "it is read but not written")),
        }
    }
}

/// The filters of one dataset, in encoding order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pipeline {
    filters: Vec<Filter>,
}

impl Pipeline {
    /// A pipeline of `filters`, the first applied first when encoding.
    pub fn new(filters: Vec<Filter>) -> Self {
        Pipeline { filters }
    }

    /// Understands the messages of a file.
    ///
    /// # Errors
    /// The first message that is unknown, or whose parameters make no sense.
    pub fn parse(messages: &[FilterMessage]) -> Result<Pipeline, FilterError> {
        if messages.len() > 32 {
            return Err(FilterError::parameters("pipeline", "more than 32 filters"));
        }
        Ok(Pipeline { filters: messages.iter().map(Filter::parse).collect::<Result<_, _>>()? })
    }

    /// The filters, in encoding order.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Whether chunks are stored as they are in memory.
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// The most stored bytes a chunk of `len` bytes may take. More in a file is a mistake there.
    pub fn encoded_bound(&self, len: usize) -> usize {
        self.filters.iter().fold(len, |len, filter| filter.encoded_bound(len))
    }

    /// Decodes one stored chunk into exactly `len` bytes. Bit *i* of `mask` skips filter *i*.
    ///
    /// # Errors
    /// Bytes that are not what the filters write, or a length other than `len`. Never allocates more than
    /// about `len` bytes for each step.
    pub fn decode(&self, stored: Vec<u8>, mask: u32, len: usize) -> Result<Vec<u8>, FilterError> {
        let mut out = allocator::unset(len);
        self.decode_into(stored, mask, &mut out)?;
        Ok(out)
    }

    /// The same, to where the bytes belong.
    ///
    /// # Errors
    /// As [`Pipeline::decode`].
    pub fn decode_into(&self, stored: Vec<u8>, mask: u32, out: &mut [u8]) -> Result<(), FilterError> {
        let applied = |index: usize| mask & (1 << index) == 0;
        let mut caps = Vec::with_capacity(self.filters.len());
        let mut bound = out.len();
        for (index, filter) in self.filters.iter().enumerate() {
            caps.push(bound);
            bound = if applied(index) { filter.encoded_bound(bound) } else { bound };
        }
        let mut bytes = stored;
        let mut filters = self.filters.iter().enumerate().filter(|(index, _)| applied(*index));
        let first = filters.next();
        for (index, filter) in filters.rev() {
            bytes = filter.decode(bytes, caps[index])?;
        }
        let found = match first {
            Some((_, filter)) => filter.decode_into(bytes, out)?,
            None => copy(&bytes, out),
        };
        if found == out.len() { Ok(()) } else { Err(FilterError::Length { found, expected: out.len() }) }
    }

    /// Encodes one chunk. Pure: threads may encode different chunks at the same time.
    ///
    /// # Errors
    /// A filter that is read only.
    pub fn encode<'b>(&self, bytes: Cow<'b, [u8]>) -> Result<Cow<'b, [u8]>, FilterError> {
        self.filters.iter().try_fold(bytes, |bytes, filter| filter.encode(&bytes).map(Cow::Owned))
    }
}

/// Copies as much as both have, and gives the length of `from`.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let common = from.len().min(to.len());
    to[..common].copy_from_slice(&from[..common]);
    from.len()
}

/// The filters as a script would write them: `shuffle, gzip(4)`.
impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, filter) in self.filters.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}", filter.name())?;
            if let Filter::Deflate(level) = filter {
                write!(f, "({level})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
