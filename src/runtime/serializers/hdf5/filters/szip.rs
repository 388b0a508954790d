//! szip: the lossless coding of CCSDS 121.0-B, as the library and libaec write it.
//!
//! A chunk is its decoded length (4 bytes, little-endian) and a string of bits. Pixels are coded in *blocks*, each
//! with an option that fits it, and blocks in *reference sample intervals*, here one a scanline, padded to whole
//! blocks. With the nearest-neighbour option an interval begins with a pixel as it is, and the others are
//! differences folded to be positive. Elements of 32 and 64 bits are coded byte plane by byte plane.

use super::FilterError;
use super::bits::BitReader;

const NAME: &str = "szip";
const NEAREST_NEIGHBOUR: u32 = 32;
const MOST_SIGNIFICANT_FIRST: u32 = 16;
/// The number of zero blocks that stands for "the rest of the segment".
const REMAINDER_OF_SEGMENT: usize = 5;
/// Zero blocks are counted within segments of this many blocks.
const SEGMENT: usize = 64;
/// More pixels in a scanline than any writer makes.
const LONGEST_SCANLINE: usize = 1 << 16;

/// The filter's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Szip {
    nearest_neighbour: bool,
    big_endian: bool,
    /// Bits of a coded pixel, at most 24.
    bits: u32,
    /// Byte planes of an element; 1 where elements are coded whole.
    planes: usize,
    /// Pixels of a block.
    block: usize,
    /// Pixels of a scanline.
    scanline: usize,
}

impl Szip {
    /// Understands the client data: options, pixels per block, bits per pixel, pixels per scanline.
    pub(super) fn parse(parameters: &[u32]) -> Result<Self, FilterError> {
        let wrong = |reason: &str| FilterError::parameters(NAME, reason);
        let &[options, block, bits, scanline] = parameters else {
            return Err(wrong("not four of them"));
        };
        let (block, scanline) = (block as usize, scanline as usize);
        if !(2..=32).contains(&block) || !block.is_multiple_of(2) {
            return Err(wrong("a block size other than 2, 4, … 32"));
        }
        if !(block..=LONGEST_SCANLINE).contains(&scanline) {
            return Err(wrong("a scanline shorter than a block or too long"));
        }
        let (bits, planes) = match bits {
            1..=24 => (bits, 1),
            32 | 64 => (8, bits as usize / 8),
            _ => return Err(wrong("a pixel size that is not supported")),
        };
        let nearest_neighbour = options & NEAREST_NEIGHBOUR != 0;
        let big_endian = options & MOST_SIGNIFICANT_FIRST != 0;
        Ok(Szip { nearest_neighbour, big_endian, bits, planes, block, scanline })
    }

    /// Unfolds one chunk into at most `cap` bytes.
    pub(super) fn decode(&self, stored: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
        let corrupt = |reason: &str| FilterError::corrupt(NAME, reason);
        let (header, coded) = stored.split_first_chunk::<4>().ok_or_else(|| corrupt("no header"))?;
        let length = u32::from_le_bytes(*header) as usize;
        if length > cap {
            return Err(corrupt("more bytes than the chunk holds"));
        }
        let pixel_bytes = if self.bits > 16 { 4 } else { self.bits.div_ceil(8) as usize };
        let mut bits = BitReader::new(coded);
        let mut out = Vec::with_capacity(length);
        let mut pixels = Vec::with_capacity(self.scanline + self.block);
        let mut left = length / pixel_bytes;
        while left > 0 {
            let wanted = left.min(self.scanline);
            self.interval(&mut bits, wanted, &mut pixels).ok_or_else(|| corrupt("cut short or damaged"))?;
            for pixel in &pixels[..wanted] {
                let bytes = pixel.to_le_bytes();
                if self.big_endian {
                    out.extend(bytes[..pixel_bytes].iter().rev());
                } else {
                    out.extend_from_slice(&bytes[..pixel_bytes]);
                }
            }
            left -= wanted;
        }
        if self.planes > 1 {
            out = super::shuffle::decode(out, self.planes);
        }
        Ok(out)
    }

    /// Decodes whole blocks of one interval into `pixels`, at least `wanted` of them.
    fn interval(&self, bits: &mut BitReader, wanted: usize, pixels: &mut Vec<u32>) -> Option<()> {
        pixels.clear();
        let blocks = self.scanline.div_ceil(self.block);
        while pixels.len() < wanted {
            let index = pixels.len() / self.block;
            self.block(bits, index, blocks, pixels)?;
        }
        if self.nearest_neighbour {
            undo_differences(pixels, self.bits);
        }
        Some(())
    }

    /// Decodes block `index` of the `blocks` of an interval, or a run of zero blocks that starts there.
    fn block(&self, bits: &mut BitReader, index: usize, blocks: usize, pixels: &mut Vec<u32>) -> Option<()> {
        let id_bits = match self.bits {
            0..=8 => 3,
            9..=16 => 4,
            _ => 5,
        };
        let option = bits.take(id_bits)?;
        let low_entropy = option == 0;
        let second_extension = low_entropy && bits.take(1)? == 1;
        let uncompressed = option == (1 << id_bits) - 1;
        let reference = usize::from(self.nearest_neighbour && index == 0);
        if reference == 1 && !uncompressed {
            pixels.push(bits.take(self.bits)? as u32);
        }
        if second_extension {
            return second_extension_pixels(bits, self.block, reference, pixels);
        }
        if low_entropy {
            let run = match bits.take_unary()? as usize + 1 {
                REMAINDER_OF_SEGMENT => (blocks - index).min(SEGMENT - index % SEGMENT),
                run if run > REMAINDER_OF_SEGMENT => run - 1,
                run => run,
            };
            if run > blocks - index {
                return None;
            }
            pixels.resize((index + run) * self.block, 0);
            return Some(());
        }
        if uncompressed {
            for _ in 0..self.block {
                pixels.push(bits.take(self.bits)? as u32);
            }
            return Some(());
        }
        let (low_bits, start) = (option as u32 - 1, pixels.len());
        for _ in reference..self.block {
            let high = u32::try_from(bits.take_unary()?).ok()?;
            pixels.push(high.checked_shl(low_bits)?);
        }
        for pixel in &mut pixels[start..] {
            *pixel |= bits.take(low_bits)? as u32;
        }
        Some(())
    }
}

/// Pairs of small pixels coded as one number: their sum's triangular number plus the second.
fn second_extension_pixels(bits: &mut BitReader, block: usize, first: usize, pixels: &mut Vec<u32>) -> Option<()> {
    let mut index = first;
    while index < block {
        let code = bits.take_unary()?;
        if code > 90 {
            return None;
        }
        let sum = (0u64..).take_while(|sum| sum * (sum + 1) / 2 <= code).last()?;
        let second = code - sum * (sum + 1) / 2;
        if index.is_multiple_of(2) {
            pixels.push((sum - second) as u32);
            index += 1;
        }
        pixels.push(second as u32);
        index += 1;
    }
    Some(())
}

/// Turns folded differences into pixels; the first one is as it is.
fn undo_differences(pixels: &mut [u32], bits: u32) {
    let most = (1u32 << bits) - 1;
    let Some((first, rest)) = pixels.split_first_mut() else { return };
    let mut last = *first;
    for pixel in rest {
        let folded = *pixel;
        let half = folded.div_ceil(2);
        let upper = last > most / 2;
        let room = if upper { most - last } else { last };
        let next = match (half <= room, upper) {
            (true, _) if folded.is_multiple_of(2) => last + half,
            (true, _) => last - half,
            (false, true) => most.wrapping_sub(folded),
            (false, false) => folded,
        };
        last = next & most;
        *pixel = last;
    }
}
