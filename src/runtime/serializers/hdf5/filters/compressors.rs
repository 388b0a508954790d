//! The filters that hand the whole chunk to a library: zlib, bzip2, Zstandard and Blosc.

use std::io::Read;

use super::FilterError;
use crate::allocator;
use crate::runtime::serializers::contexts;

/// Inflates one zlib stream into at most `cap` bytes.
pub(super) fn inflate(input: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
    let mut out = allocator::unset(cap);
    let length = inflate_into(input, &mut out)?;
    out.truncate(length);
    Ok(out)
}

/// Inflates one zlib stream to the beginning of `out`, and gives the number of bytes.
pub(super) fn inflate_into(input: &[u8], out: &mut [u8]) -> Result<usize, FilterError> {
    contexts::inflater(|d| d.zlib_decompress(input, out)).map_err(|error| {
        let reason = match error {
            libdeflater::DecompressionError::BadData => "not a zlib stream, or damaged",
            libdeflater::DecompressionError::InsufficientSpace => "more bytes than the chunk holds",
        };
        FilterError::corrupt("gzip", reason)
    })
}

/// Deflates into one zlib stream; `level` is 0 to 9.
pub(super) fn deflate(input: &[u8], level: u8) -> Result<Vec<u8>, FilterError> {
    let deflated = contexts::deflater(i32::from(level), |compressor| {
        let mut out = allocator::unset(compressor.zlib_compress_bound(input.len()));
        let length = compressor.zlib_compress(input, &mut out).map_err(|e| e.to_string())?;
        out.truncate(length);
        Ok(out)
    });
    deflated.and_then(|result| result).map_err(|reason| FilterError::parameters("gzip", reason))
}

/// Unfolds bzip2 streams into at most `cap` bytes.
pub(super) fn bunzip2(input: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
    let mut out = Vec::with_capacity(cap);
    bzip2::read::MultiBzDecoder::new(input)
        .take(cap as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| FilterError::corrupt("bzip2", error.to_string()))?;
    if out.len() > cap { Err(FilterError::corrupt("bzip2", "more bytes than the chunk holds")) } else { Ok(out) }
}

/// Unfolds Zstandard frames into at most `cap` bytes.
pub(super) fn unzstd(input: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
    let mut out = allocator::unset(cap);
    let length = contexts::zstd_decode(input, &mut out).map_err(|e| FilterError::corrupt("zstd", e.to_string()))?;
    out.truncate(length);
    Ok(out)
}

/// Unfolds one Blosc buffer into at most `cap` bytes.
pub(super) fn unblosc(input: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
    let mut length = 0usize;
    // SAFETY: `input` is valid for its length, which is what the call is told.
    let valid = unsafe { blosc_src::blosc_cbuffer_validate(input.as_ptr().cast(), input.len(), &raw mut length) };
    if valid != 0 {
        return Err(FilterError::corrupt("blosc", "not a Blosc buffer, or cut short"));
    }
    if length > cap {
        return Err(FilterError::corrupt("blosc", "more bytes than the chunk holds"));
    }
    let mut out = allocator::unset::<u8>(length);
    // SAFETY: the buffer's header agrees with the length of `input` (validated above), and no more than
    // `length` bytes are written to `out`, which has as many.
    let decoded = unsafe { blosc_src::blosc_decompress_ctx(input.as_ptr().cast(), out.as_mut_ptr().cast(), length, 1) };
    if usize::try_from(decoded) == Ok(length) {
        Ok(out)
    } else {
        Err(FilterError::corrupt("blosc", "damaged, or with a compressor that is not built in"))
    }
}
