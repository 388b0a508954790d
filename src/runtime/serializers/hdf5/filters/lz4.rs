//! LZ4 blocks, and the framing the HDF5 filter 32004 puts around them.
//!
//! Block format: <https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>. The frame is the decoded size
//! (8 bytes) and the block size (4), then for each block its stored size (4) and bytes, all big-endian; a block
//! whose stored size is its decoded size is stored as it is.

use super::FilterError;

const TRUNCATED: &str = "it ends within a sequence";
const TOO_MUCH: &str = "more bytes than the chunk holds";

/// Appends `length` bytes, each a copy of that `distance` before it. `distance` is at most the length so far.
pub(super) fn repeat(out: &mut Vec<u8>, distance: usize, length: usize) {
    let start = out.len() - distance;
    if distance >= length {
        out.extend_from_within(start..start + length);
        return;
    }
    let end = out.len() + length;
    while out.len() < end {
        let step = (out.len() - start).min(end - out.len());
        out.extend_from_within(start..start + step);
    }
}

/// Unfolds one block after the bytes of `out`, by at most `cap` bytes. References stay within the block.
pub(super) fn decode_block(input: &[u8], cap: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let origin = out.len();
    let end = origin + cap;
    let mut rest = input;
    loop {
        let (&token, after) = rest.split_first().ok_or(TRUNCATED)?;
        rest = after;
        let literals = usize::from(token >> 4) + extra_length(token >> 4, &mut rest)?;
        let (literals, after) = rest.split_at_checked(literals).ok_or(TRUNCATED)?;
        if literals.len() > end - out.len() {
            return Err(TOO_MUCH);
        }
        out.extend_from_slice(literals);
        rest = after;
        let Some((distance, after)) = rest.split_first_chunk::<2>() else {
            return if rest.is_empty() { Ok(()) } else { Err(TRUNCATED) };
        };
        rest = after;
        let distance = usize::from(u16::from_le_bytes(*distance));
        let length = usize::from(token & 15) + extra_length(token & 15, &mut rest)? + 4;
        if distance == 0 || distance > out.len() - origin {
            return Err("a reference before the start");
        }
        if length > end - out.len() {
            return Err(TOO_MUCH);
        }
        repeat(out, distance, length);
    }
}

fn extra_length(nibble: u8, rest: &mut &[u8]) -> Result<usize, &'static str> {
    let mut length = 0usize;
    if nibble == 15 {
        loop {
            let (&byte, after) = rest.split_first().ok_or(TRUNCATED)?;
            *rest = after;
            length = length.saturating_add(usize::from(byte));
            if byte != 255 {
                break;
            }
        }
    }
    Ok(length)
}

/// The next big-endian number of `N` bytes.
pub(super) fn take_be<const N: usize>(rest: &mut &[u8]) -> Option<usize> {
    let (bytes, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    usize::try_from(bytes.iter().fold(0u64, |value, &byte| (value << 8) | u64::from(byte))).ok()
}

/// Unfolds the framed blocks of one chunk.
pub(super) fn decode(input: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
    let corrupt = |reason: &str| FilterError::corrupt("lz4", reason);
    let mut rest = input;
    let total = take_be::<8>(&mut rest).ok_or_else(|| corrupt(TRUNCATED))?;
    let block = take_be::<4>(&mut rest).ok_or_else(|| corrupt(TRUNCATED))?;
    if total > cap {
        return Err(corrupt(TOO_MUCH));
    }
    if block == 0 && total > 0 {
        return Err(corrupt("blocks of no bytes"));
    }
    let mut out = Vec::with_capacity(total);
    while out.len() < total {
        let length = block.min(total - out.len());
        let stored = take_be::<4>(&mut rest).ok_or_else(|| corrupt(TRUNCATED))?;
        let (bytes, after) = rest.split_at_checked(stored).ok_or_else(|| corrupt(TRUNCATED))?;
        rest = after;
        let before = out.len();
        if stored == length {
            out.extend_from_slice(bytes);
        } else {
            decode_block(bytes, length, &mut out).map_err(corrupt)?;
        }
        if out.len() - before != length {
            return Err(corrupt("a block of another length than stated"));
        }
    }
    Ok(out)
}
