//! Byte transposition: the first bytes of all elements, then the second bytes, and so on.

use super::FilterError;
use crate::allocator;
use crate::operators::simd::{self, Work};

/// The element size in bytes, the filter's one parameter.
pub(super) fn element_size(parameters: &[u32]) -> Result<usize, FilterError> {
    match parameters.first() {
        Some(&size) if size > 0 => Ok(size as usize),
        _ => Err(FilterError::parameters("shuffle", "no element size")),
    }
}

/// Puts the bytes of each element together again, into as many bytes. Bytes after the last whole element stay where they
/// are.
pub(super) fn decode_into(bytes: &[u8], size: usize, out: &mut [u8]) {
    let count = bytes.len() / size;
    if size <= 1 || count <= 1 {
        return out.copy_from_slice(bytes);
    }
    out[count * size..].copy_from_slice(&bytes[count * size..]);
    match size {
        2 => simd::run(Gather::<2> { bytes, out, count }),
        4 => simd::run(Gather::<4> { bytes, out, count }),
        8 => simd::run(Gather::<8> { bytes, out, count }),
        16 => simd::run(Gather::<16> { bytes, out, count }),
        _ => {
            for (plane, source) in bytes[..count * size].chunks_exact(count).enumerate() {
                out[plane..].iter_mut().step_by(size).zip(source).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

/// The same, into new bytes.
pub(super) fn decode(bytes: Vec<u8>, size: usize) -> Vec<u8> {
    let mut out = allocator::unset(bytes.len());
    decode_into(&bytes, size, &mut out);
    out
}

/// Transposes the bytes of the elements.
pub(super) fn encode(bytes: &[u8], size: usize) -> Vec<u8> {
    let count = bytes.len() / size;
    if size <= 1 || count <= 1 {
        return bytes.to_vec();
    }
    let mut out = allocator::unset(bytes.len());
    out[count * size..].copy_from_slice(&bytes[count * size..]);
    match size {
        2 => simd::run(Scatter::<2> { bytes, out: &mut out, count }),
        4 => simd::run(Scatter::<4> { bytes, out: &mut out, count }),
        8 => simd::run(Scatter::<8> { bytes, out: &mut out, count }),
        16 => simd::run(Scatter::<16> { bytes, out: &mut out, count }),
        _ => {
            for (plane, target) in out[..count * size].chunks_exact_mut(count).enumerate() {
                target.iter_mut().zip(bytes[plane..].iter().step_by(size)).for_each(|(to, from)| *to = *from);
            }
        }
    }
    out
}

/// Puts elements of `SIZE` bytes together.
struct Gather<'a, const SIZE: usize> {
    bytes: &'a [u8],
    out: &'a mut [u8],
    count: usize,
}

impl<const SIZE: usize> Work for Gather<'_, SIZE> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let planes: [&[u8]; SIZE] = std::array::from_fn(|plane| &self.bytes[plane * self.count..][..self.count]);
        let (elements, _) = self.out[..self.count * SIZE].as_chunks_mut::<SIZE>();
        for (index, element) in elements.iter_mut().enumerate() {
            *element = std::array::from_fn(|plane| planes[plane][index]);
        }
    }
}

/// Takes elements of `SIZE` bytes apart.
struct Scatter<'a, const SIZE: usize> {
    bytes: &'a [u8],
    out: &'a mut [u8],
    count: usize,
}

/// Elements that are taken apart at a time: their bytes stay in the first-level cache.
const PIECE: usize = 1024;

impl<const SIZE: usize> Work for Scatter<'_, SIZE> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (elements, _) = self.bytes[..self.count * SIZE].as_chunks::<SIZE>();
        for (number, piece) in elements.chunks(PIECE).enumerate() {
            for plane in 0..SIZE {
                let target = &mut self.out[plane * self.count + number * PIECE..][..piece.len()];
                target.iter_mut().zip(piece).for_each(|(to, element)| *to = element[plane]);
            }
        }
    }
}
