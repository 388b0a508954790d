//! Codecs: from the bytes of a stored chunk to its elements and back.
//!
//! zarrs supplies most of the codecs (see [`chain`](super::chain)). A [`Pipeline`] runs them one after the other on the caller's thread
//! and bounds what each may produce by what the metadata declares, so that no input makes it
//! allocate more; the general-purpose decompressors are called here directly, into buffers of the
//! declared size (gzip and zlib through libdeflate), and checksums are compared where they stand.

use std::borrow::Cow;
use std::io::Read;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use libdeflater::{CompressionError, Compressor};
use serde_json::Value;
use zarrs::array::{
    ArrayBytes, ArrayToBytesCodecTraits, BytesRepresentation, CodecMetadataOptions, CodecOptions, DataType, FillValue,
};
use zarrs::metadata::v3::MetadataV3;

use super::chain::{ByteCodec, Chain, Stage};
use super::element::Element;
use crate::allocator;
use crate::runtime::serializers::contexts::{self, Zstd};

/// The most bytes a chunk may decode to.
pub const MAX_CHUNK_BYTES: u64 = 1 << 40;

/// The most bytes of text a chunk may decode to: metadata does not say how long texts are.
const MAX_TEXT_BYTES: u64 = 1 << 30;

/// An array before one of its codecs, or after the last.
pub(super) struct Representation {
    pub(super) shape: Vec<NonZeroU64>,
    pub(super) data_type: DataType,
    pub(super) fill: FillValue,
}

impl Representation {
    /// The number of elements.
    pub(super) fn count(&self) -> u64 {
        self.shape.iter().fold(1, |n, s| n.saturating_mul(s.get()))
    }
}

/// Codecs applied to chunks of one shape.
pub struct Pipeline {
    stages: Vec<Stage>,
    to_bytes: Arc<dyn ArrayToBytesCodecTraits>,
    /// One more than there are stages.
    arrays: Vec<Representation>,
    steps: Vec<Step>,
    encoded_limit: u64,
    fixed_size: Option<u64>,
    decoded_bytes: u64,
    /// Whether the first bytes-to-bytes codec, or the file, holds the elements as they are in memory.
    is_direct: bool,
}

/// A bytes-to-bytes codec with the most bytes it may decode to.
struct Step {
    codec: ByteCodec,
    kind: Kind,
    limit: u64,
    /// Whether it decodes to exactly that many bytes.
    exact: bool,
}

/// The codecs that are run here and not by zarrs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Gzip(i32),
    Zlib(i32),
    Zstd(Zstd),
    Bz2,
    Blosc,
    Crc32c,
    Other,
}

/// What zarrs' codecs run with: one thread, checksums verified.
pub fn options() -> CodecOptions {
    CodecOptions::default().with_concurrent_target(1).with_validate_checksums(true).with_store_empty_chunks(true)
}

impl Pipeline {
    /// The codecs of v3 metadata for chunks of `shape`.
    ///
    /// # Errors
    /// A codec is unknown, or does not apply to such chunks.
    pub fn new(codecs: &[Value], element: &Element, shape: &[u64]) -> Result<Self, String> {
        let zarrs_type: MetadataV3 = serde_json::from_value(element.zarrs_name().into()).map_err(|e| e.to_string())?;
        let data_type = DataType::from_metadata(&zarrs_type).map_err(|e| e.to_string())?;
        let zero = serde_json::from_value(element.zarrs_zero()).map_err(|e| e.to_string())?;
        let fill = data_type.fill_value_v3(&zero).map_err(|e| e.to_string())?;
        let chain = Chain::new(codecs, element.zarrs_dtype())?;
        Pipeline::of_chain(chain, data_type, fill, shape)
    }

    /// The codecs of a chain for chunks of `shape`.
    ///
    /// # Errors
    /// A codec does not apply to such chunks.
    pub fn of_chain(chain: Chain, data_type: DataType, fill: FillValue, shape: &[u64]) -> Result<Self, String> {
        let shape: Option<Vec<_>> = shape.iter().map(|&n| NonZeroU64::new(n)).collect();
        let shape = shape.ok_or("a chunk size is zero")?;
        let size = data_type.fixed_size().unwrap_or(16) as u64;
        let decoded_bytes = bounded_product(shape.iter().map(|n| n.get()).chain([size]));
        let decoded_bytes = decoded_bytes.ok_or("a chunk is larger than a tebibyte")?;
        let mut arrays = vec![Representation { shape, data_type, fill }];
        for stage in &chain.stages {
            let before = arrays.last().expect("there is one");
            arrays.push(stage.encoded(before)?);
        }
        let last = arrays.last().expect("there is one");
        let after = || chain.to_bytes.encoded_representation(&last.shape, &last.data_type, &last.fill);
        let name = || chain.to_bytes.name_v3().unwrap_or_default();
        let mut bytes = guarded("the chunk", after)
            .map_err(|error| format!("the codec `{}` does not fit the array: {error}", name()))?;
        let mut steps = Vec::new();
        for codec in chain.steps {
            let exact = matches!(bytes, BytesRepresentation::FixedSize(_));
            let limit = limit_of(bytes);
            bytes = codec.encoded(&bytes);
            steps.push(Step { kind: kind_of(&codec), codec, limit, exact });
        }
        let fixed_size = match bytes {
            BytesRepresentation::FixedSize(size) => Some(size),
            BytesRepresentation::BoundedSize(_) | BytesRepresentation::UnboundedSize => None,
        };
        let Chain { stages, to_bytes, .. } = chain;
        let is_direct = stages.is_empty() && is_native(&to_bytes, size);
        let encoded_limit = limit_of(bytes);
        Ok(Pipeline { encoded_limit, fixed_size, stages, to_bytes, arrays, steps, decoded_bytes, is_direct })
    }

    /// The bytes of every encoded chunk, where they do not depend on the values.
    pub fn fixed_size(&self) -> Option<u64> {
        self.fixed_size
    }

    /// The most bytes a chunk may have in its file. Encoders have worse bounds than ours, so there is slack.
    pub fn encoded_limit(&self) -> u64 {
        self.encoded_limit.saturating_add(self.encoded_limit / 8).saturating_add(1 << 16)
    }

    /// Bytes beyond the decoded chunk that reading one needs at its peak.
    pub fn decode_scratch(&self) -> u64 {
        // A checksum is taken off where it stands.
        let copies = |steps: &[Step]| steps.iter().filter(|step| step.kind != Kind::Crc32c).count();
        let after_first = self.steps.get(1..).unwrap_or_default();
        let between = if self.is_direct { copies(after_first) } else { copies(&self.steps) + 1 };
        match self.is_plain() {
            true => 0,
            false => self.encoded_limit().saturating_add(self.decoded_bytes.saturating_mul(between.min(2) as u64)),
        }
    }

    /// The bytes of a decoded chunk (of texts, a guess).
    pub fn decoded_bytes(&self) -> u64 {
        self.decoded_bytes
    }

    /// Whether [`Pipeline::decode_into`] can be used.
    pub fn is_direct(&self) -> bool {
        self.is_direct
    }

    /// Whether a file holds the elements as they are in memory, not encoded at all.
    pub fn is_plain(&self) -> bool {
        self.is_direct && self.steps.is_empty()
    }

    /// Decodes one chunk to where its elements belong, which takes exactly its bytes.
    ///
    /// # Errors
    /// As [`Pipeline::decode`].
    pub fn decode_into(&self, encoded: Vec<u8>, elements: &mut [u8]) -> Result<(), String> {
        let mut bytes = encoded;
        for step in self.steps.iter().skip(1).rev() {
            bytes = step.decode(bytes)?;
        }
        let length = match self.steps.first() {
            Some(step) => step.decode_into(bytes, elements)?,
            None => copy(&bytes, elements),
        };
        if length == elements.len() {
            return Ok(());
        }
        Err(format!("the size of a decoded chunk is {length}, expected {}", elements.len()))
    }

    /// Decodes one chunk.
    ///
    /// # Errors
    /// The bytes are damaged or decode to more than the metadata declares.
    pub fn decode(&self, encoded: Vec<u8>) -> Result<ArrayBytes<'static>, String> {
        let mut bytes = encoded;
        for step in self.steps.iter().rev() {
            bytes = step.decode(bytes)?;
        }
        let last = self.arrays.last().expect("there is one");
        let options = options();
        let mut decoded = guarded("the chunk", || {
            self.to_bytes.decode(Cow::Owned(bytes), &last.shape, &last.data_type, &last.fill, &options)
        })?;
        for (stage, before) in self.stages.iter().zip(&self.arrays).rev() {
            decoded = match stage {
                Stage::Filter { filter, dtype, .. } => {
                    let bytes = decoded.into_fixed().map_err(|e| e.to_string())?;
                    ArrayBytes::new_flen(filter.decode(&bytes, *dtype, before.count())?)
                }
                Stage::Zarrs(codec) => guarded("the chunk", || {
                    codec.decode(decoded, &before.shape, &before.data_type, &before.fill, &options)
                })?,
            };
        }
        Ok(decoded)
    }

    /// Encodes one chunk.
    ///
    /// # Errors
    /// A codec refuses the elements.
    pub fn encode(&self, elements: ArrayBytes<'_>) -> Result<Vec<u8>, String> {
        let options = options();
        let mut elements = elements;
        for (stage, before) in self.stages.iter().zip(&self.arrays) {
            let Stage::Zarrs(codec) = stage else {
                return Err("a codec of the array is only read, not written".to_owned());
            };
            elements = guarded("the chunk", || {
                codec.encode(elements, &before.shape, &before.data_type, &before.fill, &options)
            })?;
        }
        let last = self.arrays.last().expect("there is one");
        let bytes = guarded("the chunk", || {
            self.to_bytes.encode(elements, &last.shape, &last.data_type, &last.fill, &options)
        })?;
        self.encode_bytes(bytes)
    }

    /// Encodes one chunk from its elements as they are in memory, where [`Pipeline::is_direct`].
    ///
    /// # Errors
    /// As [`Pipeline::encode`].
    pub fn encode_bytes(&self, elements: Cow<'_, [u8]>) -> Result<Vec<u8>, String> {
        let encoded = self.steps.iter().try_fold(elements, |bytes, step| step.encode(bytes).map(Cow::Owned));
        encoded.map(Cow::into_owned)
    }
}

impl Step {
    fn decode(&self, encoded: Vec<u8>) -> Result<Vec<u8>, String> {
        let too_much = || format!("it decodes to more than the {} bytes that the metadata declares", self.limit);
        let decoded = match self.kind {
            Kind::Gzip(_) => self.inflate(&encoded, |d, from, to| d.gzip_decompress(from, to))?,
            Kind::Zlib(_) => self.inflate(&encoded, |d, from, to| d.zlib_decompress(from, to))?,
            Kind::Zstd(_) => self.unzstd(&encoded)?,
            Kind::Bz2 => self.take(bzip2::read::BzDecoder::new(encoded.as_slice()))?,
            Kind::Blosc if declared(&encoded, 4, 4).is_some_and(|n| n > self.limit) => return Err(too_much()),
            Kind::Blosc if declared(&encoded, 12, 4) != Some(encoded.len() as u64) => {
                return Err("the blosc buffer is truncated".to_owned());
            }
            Kind::Crc32c => unchecked(encoded)?,
            Kind::Blosc | Kind::Other => self.codec.decode(encoded, self.limit)?,
        };
        if decoded.len() as u64 > self.limit {
            return Err(too_much());
        }
        Ok(decoded)
    }

    /// Decodes into `decoded` as far as it goes, and gives the number of bytes there are.
    fn decode_into(&self, encoded: Vec<u8>, decoded: &mut [u8]) -> Result<usize, String> {
        let inflated = match self.kind {
            Kind::Gzip(_) => contexts::inflater(|d| d.gzip_decompress(&encoded, decoded)),
            Kind::Zlib(_) => contexts::inflater(|d| d.zlib_decompress(&encoded, decoded)),
            Kind::Zstd(_) if content_size(&encoded) == Some(decoded.len() as u64) => {
                return contexts::zstd_decode(&encoded, decoded).map_err(|e| format!("zstd: {e}"));
            }
            Kind::Zstd(_) | Kind::Bz2 | Kind::Blosc | Kind::Crc32c | Kind::Other => {
                return Ok(copy(&self.decode(encoded)?, decoded));
            }
        };
        match inflated {
            Ok(length) => Ok(length),
            Err(libdeflater::DecompressionError::BadData) => Err("the deflate stream is damaged".to_owned()),
            Err(libdeflater::DecompressionError::InsufficientSpace) => {
                Err(format!("it decodes to more than the {} bytes that the metadata declares", self.limit))
            }
        }
    }

    fn inflate(
        &self,
        encoded: &[u8],
        run: impl Fn(&mut libdeflater::Decompressor, &[u8], &mut [u8]) -> Result<usize, libdeflater::DecompressionError>,
    ) -> Result<Vec<u8>, String> {
        let guess = if self.exact { self.limit } else { 4 * encoded.len() as u64 + 256 };
        let mut size = guess.min(self.limit);
        loop {
            let mut decoded = allocator::unset(size as usize);
            match contexts::inflater(|d| run(d, encoded, &mut decoded)) {
                Ok(length) => {
                    decoded.truncate(length);
                    return Ok(decoded);
                }
                Err(libdeflater::DecompressionError::InsufficientSpace) if size < self.limit => {
                    size = size.saturating_mul(2).min(self.limit);
                }
                Err(libdeflater::DecompressionError::InsufficientSpace) => {
                    return Err(format!("it decodes to more than the {} bytes that the metadata declares", self.limit));
                }
                Err(libdeflater::DecompressionError::BadData) => return Err("the deflate stream is damaged".to_owned()),
            }
        }
    }

    fn unzstd(&self, encoded: &[u8]) -> Result<Vec<u8>, String> {
        match content_size(encoded) {
            Some(size) if size <= self.limit => {
                let mut decoded = allocator::unset(if self.exact { self.limit } else { size } as usize);
                let length = contexts::zstd_decode(encoded, &mut decoded).map_err(|e| format!("zstd: {e}"))?;
                decoded.truncate(length);
                Ok(decoded)
            }
            Some(size) => Err(format!("it decodes to {size} bytes, and the metadata declares at most {}", self.limit)),
            None => self.take(zstd::stream::read::Decoder::new(encoded).map_err(|e| format!("zstd: {e}"))?),
        }
    }

    fn take(&self, decoder: impl Read) -> Result<Vec<u8>, String> {
        let mut decoded = Vec::new();
        decoder.take(self.limit + 1).read_to_end(&mut decoded).map_err(|e| format!("the stream is damaged: {e}"))?;
        Ok(decoded)
    }

    fn encode(&self, bytes: Cow<'_, [u8]>) -> Result<Vec<u8>, String> {
        match self.kind {
            Kind::Gzip(level) => {
                deflated(&bytes, level, Compressor::gzip_compress_bound, |d, from, to| d.gzip_compress(from, to))
            }
            Kind::Zlib(level) => {
                deflated(&bytes, level, Compressor::zlib_compress_bound, |d, from, to| d.zlib_compress(from, to))
            }
            Kind::Zstd(settings) => contexts::zstd_encode(&bytes, settings).map_err(|e| format!("zstd: {e}")),
            Kind::Crc32c => {
                let sum = crc32c::crc32c(&bytes);
                let mut bytes = bytes.into_owned();
                bytes.extend(sum.to_le_bytes());
                Ok(bytes)
            }
            Kind::Bz2 | Kind::Blosc | Kind::Other => self.codec.encode(bytes),
        }
    }
}

/// Bytes without the checksum at their end, which is theirs.
fn unchecked(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let (rest, sum) = bytes.split_last_chunk().ok_or("it is shorter than its checksum")?;
    if crc32c::crc32c(rest) != u32::from_le_bytes(*sum) {
        return Err("the checksum is invalid".to_owned());
    }
    bytes.truncate(bytes.len() - 4);
    Ok(bytes)
}

/// What writes a deflate stream.
type Deflate = fn(&mut Compressor, &[u8], &mut [u8]) -> Result<usize, CompressionError>;

/// A deflate stream in one of its wrappers, which `bound` and `run` are those of.
fn deflated(
    bytes: &[u8],
    level: i32,
    bound: fn(&mut Compressor, usize) -> usize,
    run: Deflate,
) -> Result<Vec<u8>, String> {
    contexts::deflater(level, |deflater| {
        let mut encoded = allocator::unset(bound(deflater, bytes.len()));
        let length = run(deflater, bytes, &mut encoded).map_err(|e| e.to_string())?;
        encoded.truncate(length);
        Ok(encoded)
    })?
}

/// The size that a Zstandard frame says it decodes to.
fn content_size(frame: &[u8]) -> Option<u64> {
    zstd::zstd_safe::get_frame_content_size(frame).ok().flatten()
}

/// Copies as much as both have, and gives the length of `from`.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let common = from.len().min(to.len());
    to[..common].copy_from_slice(&from[..common]);
    from.len()
}

/// Whether a codec lays out elements of `size` bytes as they are in memory.
fn is_native(codec: &Arc<dyn ArrayToBytesCodecTraits>, size: u64) -> bool {
    let configuration = codec.configuration_v3(&CodecMetadataOptions::default());
    let native = if cfg!(target_endian = "little") { "little" } else { "big" };
    let endian = configuration.as_ref().and_then(|c| c.get("endian")?.as_str());
    codec.name_v3().as_deref() == Some("bytes") && (size == 1 || endian == Some(native))
}

fn kind_of(codec: &ByteCodec) -> Kind {
    let ByteCodec::Zarrs(codec) = codec else { return Kind::Other };
    let configuration = codec.configuration_v3(&CodecMetadataOptions::default());
    let option = |key: &str| configuration.as_ref().and_then(|c| c.get(key));
    let number = |key: &str| option(key).and_then(Value::as_i64);
    let flag = |key: &str| option(key).and_then(Value::as_bool).unwrap_or_default();
    let level = || number("level").unwrap_or(6).clamp(0, 12) as i32;
    match codec.name_v3().as_deref() {
        Some("gzip") => Kind::Gzip(level()),
        Some("numcodecs.zlib") => Kind::Zlib(level()),
        Some("zstd") => Kind::Zstd(Zstd { level: number("level").unwrap_or(3) as i32, checksum: flag("checksum") }),
        Some("numcodecs.bz2") => Kind::Bz2,
        Some("blosc") => Kind::Blosc,
        Some("crc32c") => Kind::Crc32c,
        _ => Kind::Other,
    }
}

/// The little-endian number of `width` bytes at `offset`.
fn declared(bytes: &[u8], offset: usize, width: usize) -> Option<u64> {
    let digits = bytes.get(offset..offset + width)?;
    Some(digits.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)))
}

fn limit_of(bytes: BytesRepresentation) -> u64 {
    match bytes {
        BytesRepresentation::FixedSize(size) | BytesRepresentation::BoundedSize(size) => size.min(2 * MAX_CHUNK_BYTES),
        BytesRepresentation::UnboundedSize => MAX_TEXT_BYTES,
    }
}

/// The product, where it is at most [`MAX_CHUNK_BYTES`].
pub fn bounded_product(factors: impl IntoIterator<Item = u64>) -> Option<u64> {
    let product = factors.into_iter().try_fold(1u64, u64::checked_mul)?;
    (product <= MAX_CHUNK_BYTES).then_some(product)
}

/// Runs code of zarrs, which may panic on damaged input, and turns that into an error.
pub(super) fn guarded<T, E: std::fmt::Display>(what: &str, run: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!("{what} cannot be handled by the codec")),
    }
}
