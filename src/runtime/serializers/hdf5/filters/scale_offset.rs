//! Scale-offset: each element as its distance from the chunk's least, in as few bits as the largest needs.
//!
//! Layout: number of bits (4 bytes, little-endian), size of the minimum (1), the minimum (at most 8, in 16
//! reserved), then the values, most significant bit first. The value of all ones stands for the fill value, where
//! one is defined. Decimals ("D-scaling") are integers in units of a power of ten above the minimum.

use super::FilterError;
use super::bits::BitReader;

const NAME: &str = "scaleoffset";
const HEADER: usize = 21;

/// What the elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    /// Floating point with this many decimal digits kept.
    Decimal(i32),
}

/// The filter's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleOffset {
    kind: Kind,
    /// Bytes of an element: 1, 2, 4 or 8.
    size: usize,
    elements: usize,
    big_endian: bool,
    /// The bits of the fill value, where it is defined.
    fill: Option<u64>,
    /// All bits are asked for: the filter leaves the data alone.
    identity: bool,
}

impl ScaleOffset {
    /// Understands the client data of twenty integers.
    pub(super) fn parse(parameters: &[u32]) -> Result<Self, FilterError> {
        let wrong = |reason: &str| FilterError::parameters(NAME, reason);
        let [scale_type, factor, elements, class, size, _sign, order, available, low, high, ..] = *parameters else {
            return Err(wrong("fewer than ten"));
        };
        let size = size as usize;
        let kind = match (class, scale_type) {
            (0, 2) if matches!(size, 1 | 2 | 4 | 8) => Kind::Integer,
            (1, 0) if matches!(size, 4 | 8) => Kind::Decimal(factor as i32),
            (0, 2) | (1, 0) => return Err(wrong("an element size that is not supported")),
            (1, 1) => return Err(wrong("E-scaling is not implemented by any library")),
            _ => return Err(wrong("a scale type that does not fit the element type")),
        };
        Ok(ScaleOffset {
            kind,
            size,
            elements: elements as usize,
            big_endian: order == 1,
            fill: (available == 1).then(|| (u64::from(low) | (u64::from(high) << 32)) & mask(size as u32 * 8)),
            identity: kind == Kind::Integer && factor as usize == size * 8,
        })
    }

    /// Unfolds one chunk into at most `cap` bytes.
    pub(super) fn decode(&self, stored: Vec<u8>, cap: usize) -> Result<Vec<u8>, FilterError> {
        let corrupt = |reason: &str| FilterError::corrupt(NAME, reason);
        if self.identity {
            return Ok(stored);
        }
        let length = self.elements.checked_mul(self.size).filter(|&length| length <= cap);
        let length = length.ok_or_else(|| corrupt("more elements than the chunk holds"))?;
        let Some((header, packed)) = stored.split_first_chunk::<HEADER>() else {
            return Err(corrupt("no header"));
        };
        let width = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let minimum_size = usize::from(header[4]).min(8);
        let minimum =
            header[5..5 + minimum_size].iter().rev().fold(0u64, |value, &byte| (value << 8) | u64::from(byte));
        let all = self.size as u32 * 8;
        let mut out = vec![0; length];
        if width > all {
            return Err(corrupt("more bits than an element has"));
        }
        if width == all {
            let bytes = packed.get(..length).ok_or_else(|| corrupt("cut short"))?;
            out.copy_from_slice(bytes);
        } else {
            let mut bits = BitReader::new(packed);
            for element in out.chunks_exact_mut(self.size) {
                let packed = bits.take(width).ok_or_else(|| corrupt("cut short"))?;
                let value = match self.fill {
                    Some(fill) if packed == mask(width) => fill,
                    _ => self.restore(packed, minimum),
                };
                element.copy_from_slice(&value.to_le_bytes()[..self.size]);
            }
        }
        if self.big_endian {
            out.chunks_exact_mut(self.size).for_each(<[u8]>::reverse);
        }
        Ok(out)
    }

    /// The bits of the element that is `packed` units above the minimum.
    fn restore(&self, packed: u64, minimum: u64) -> u64 {
        match (self.kind, self.size) {
            (Kind::Integer, _) => packed.wrapping_add(minimum),
            (Kind::Decimal(digits), 4) => {
                let minimum = f32::from_bits(minimum as u32);
                u64::from((packed as u32 as i32 as f32 / 10f32.powf(digits as f32) + minimum).to_bits())
            }
            (Kind::Decimal(digits), _) => {
                (packed as i64 as f64 / 10f64.powf(f64::from(digits)) + f64::from_bits(minimum)).to_bits()
            }
        }
    }
}

/// The lowest `width` bits.
fn mask(width: u32) -> u64 {
    if width >= 64 { u64::MAX } else { (1 << width) - 1 }
}
