//! Bit transposition within blocks of elements, alone or followed by LZ4 or Zstandard.
//!
//! Format: <https://github.com/kiyo-masui/bitshuffle>, filter 32008. Within a block of *n* elements (a multiple
//! of eight) the stored bytes are the lowest bits of all first bytes, eight elements to a byte, then the next
//! bits. Fewer than eight elements at the end of the chunk are stored as they are.

use super::FilterError;
use super::lz4::{decode_block, take_be};

const NAME: &str = "bitshuffle";
/// Elements in a block are such that it has about this many bytes.
const BLOCK_BYTES: usize = 8192;
const LEAST_BLOCK: usize = 128;
/// Blocks are a multiple of this many elements.
const GROUP: usize = 8;

/// What compresses the transposed blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compressor {
    None,
    Lz4,
    Zstd,
}

/// The filter's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitshuffle {
    element: usize,
    /// Elements in a block.
    block: usize,
    compressor: Compressor,
}

impl Bitshuffle {
    /// Understands the client data: two version numbers, element size, block size, compressor.
    pub(super) fn parse(parameters: &[u32]) -> Result<Self, FilterError> {
        let wrong = |reason: &str| FilterError::parameters(NAME, reason);
        let element = match parameters.get(2) {
            Some(&size @ 1..=65536) => size as usize,
            _ => return Err(wrong("no element size")),
        };
        let block = match parameters.get(3) {
            None | Some(0) => default_block(element),
            Some(&size) if (size as usize).is_multiple_of(GROUP) => size as usize,
            Some(_) => return Err(wrong("a block size that is no multiple of 8")),
        };
        let compressor = match parameters.get(4) {
            None | Some(0) => Compressor::None,
            Some(2) => Compressor::Lz4,
            Some(3) => Compressor::Zstd,
            Some(other) => return Err(wrong(&format!("no compressor has the number {other}"))),
        };
        Ok(Bitshuffle { element, block, compressor })
    }

    /// Unfolds one chunk into at most `cap` bytes.
    pub(super) fn decode(&self, stored: Vec<u8>, cap: usize) -> Result<Vec<u8>, FilterError> {
        if self.compressor == Compressor::None {
            let mut out = vec![0; stored.len()];
            let mut rest = stored.as_slice();
            self.for_each_block(stored.len(), &mut out, |block| {
                let (bytes, after) = rest.split_at(block.len());
                rest = after;
                transpose(bytes, block, self.element);
                Ok(())
            })?;
            let tail = rest.len();
            out[stored.len() - tail..].copy_from_slice(rest);
            return Ok(out);
        }
        let corrupt = |reason: &str| FilterError::corrupt(NAME, reason);
        let mut rest = stored.as_slice();
        let (Some(total), Some(block)) = (take_be::<8>(&mut rest), take_be::<4>(&mut rest)) else {
            return Err(corrupt("no header"));
        };
        if total > cap {
            return Err(corrupt("more bytes than the chunk holds"));
        }
        let block = match block / self.element {
            0 => self.block,
            count if count.is_multiple_of(GROUP) => count,
            _ => return Err(corrupt("a block size that is no multiple of 8")),
        };
        let mut out = vec![0; total];
        let mut scratch = Vec::new();
        let sized = Bitshuffle { block, ..self.clone() };
        sized.for_each_block(total, &mut out, |target| {
            let length = take_be::<4>(&mut rest).ok_or_else(|| corrupt("it ends within a block"))?;
            let (bytes, after) = rest.split_at_checked(length).ok_or_else(|| corrupt("it ends within a block"))?;
            rest = after;
            self.decompress(bytes, target.len(), &mut scratch)?;
            transpose(&scratch, target, self.element);
            Ok(())
        })?;
        let tail = total % (GROUP * self.element);
        let bytes = rest.get(..tail).ok_or_else(|| corrupt("it ends before its last elements"))?;
        out[total - tail..].copy_from_slice(bytes);
        Ok(out)
    }

    fn decompress(&self, bytes: &[u8], length: usize, scratch: &mut Vec<u8>) -> Result<(), FilterError> {
        scratch.clear();
        match self.compressor {
            Compressor::None => scratch.extend_from_slice(bytes),
            Compressor::Lz4 => {
                decode_block(bytes, length, scratch).map_err(|reason| FilterError::corrupt(NAME, reason))?;
            }
            Compressor::Zstd => {
                *scratch = zstd::bulk::decompress(bytes, length)
                    .map_err(|error| FilterError::corrupt(NAME, error.to_string()))?;
            }
        }
        let right = scratch.len() == length;
        right.then_some(()).ok_or_else(|| FilterError::corrupt(NAME, "a block of another length than stated"))
    }

    /// Calls `decode` for the part of `out` of each block: full ones, then one of the remaining groups of eight.
    fn for_each_block(
        &self,
        total: usize,
        out: &mut [u8],
        mut decode: impl FnMut(&mut [u8]) -> Result<(), FilterError>,
    ) -> Result<(), FilterError> {
        let whole = total - total % (GROUP * self.element);
        out[..whole].chunks_mut(self.block * self.element).try_for_each(&mut decode)
    }
}

fn default_block(element: usize) -> usize {
    (BLOCK_BYTES / element / GROUP * GROUP).max(LEAST_BLOCK)
}

/// Undoes the bit transposition of one block.
fn transpose(stored: &[u8], out: &mut [u8], element: usize) {
    let row = out.len() / element / GROUP;
    for group in 0..row {
        for byte in 0..element {
            let mut word = 0u64;
            for bit in 0..8 {
                word |= u64::from(stored[(byte * 8 + bit) * row + group]) << (8 * bit);
            }
            let word = transpose_bits(word).to_le_bytes();
            for (index, value) in word.into_iter().enumerate() {
                out[(group * GROUP + index) * element + byte] = value;
            }
        }
    }
}

/// Transposes an 8 by 8 matrix of bits (Warren, *Hacker's Delight*, 7-3).
fn transpose_bits(word: u64) -> u64 {
    let mut word = word;
    for (mask, shift) in [(0x00aa_00aa_00aa_00aa, 7), (0x0000_cccc_0000_cccc, 14), (0x0000_0000_f0f0_f0f0, 28)] {
        let swapped = (word ^ (word >> shift)) & mask;
        word ^= swapped ^ (swapped << shift);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_bits_twice_changes_nothing() {
        assert_eq!(transpose_bits(0xff), 0x0101_0101_0101_0101);
        assert_eq!(transpose_bits(transpose_bits(0x0123_4567_89ab_cdef)), 0x0123_4567_89ab_cdef);
    }
}
