//! Byte transposition: the first bytes of all elements, then the second bytes, and so on.

use super::FilterError;

/// The element size in bytes, the filter's one parameter.
pub(super) fn element_size(parameters: &[u32]) -> Result<usize, FilterError> {
    match parameters.first() {
        Some(&size) if size > 0 => Ok(size as usize),
        _ => Err(FilterError::parameters("shuffle", "no element size")),
    }
}

/// Puts the bytes of each element together again. Bytes after the last whole element stay where they are.
pub(super) fn decode(bytes: Vec<u8>, size: usize) -> Vec<u8> {
    let count = bytes.len() / size;
    if size <= 1 || count <= 1 {
        return bytes;
    }
    let mut out = vec![0; bytes.len()];
    out[count * size..].copy_from_slice(&bytes[count * size..]);
    match size {
        2 => gather::<2>(&bytes, &mut out, count),
        4 => gather::<4>(&bytes, &mut out, count),
        8 => gather::<8>(&bytes, &mut out, count),
        16 => gather::<16>(&bytes, &mut out, count),
        _ => {
            for (plane, source) in bytes[..count * size].chunks_exact(count).enumerate() {
                out[plane..].iter_mut().step_by(size).zip(source).for_each(|(to, from)| *to = *from);
            }
        }
    }
    out
}

fn gather<const SIZE: usize>(bytes: &[u8], out: &mut [u8], count: usize) {
    let planes: [&[u8]; SIZE] = std::array::from_fn(|plane| &bytes[plane * count..(plane + 1) * count]);
    let (elements, _) = out[..count * SIZE].as_chunks_mut::<SIZE>();
    for (index, element) in elements.iter_mut().enumerate() {
        *element = std::array::from_fn(|plane| planes[plane][index]);
    }
}

/// Transposes the bytes of the elements.
pub(super) fn encode(bytes: Vec<u8>, size: usize) -> Vec<u8> {
    let count = bytes.len() / size;
    if size <= 1 || count <= 1 {
        return bytes;
    }
    let mut out = vec![0; bytes.len()];
    let (planes, rest) = out.split_at_mut(count * size);
    rest.copy_from_slice(&bytes[count * size..]);
    for (plane, target) in planes.chunks_exact_mut(count).enumerate() {
        target.iter_mut().zip(bytes[plane..].iter().step_by(size)).for_each(|(to, from)| *to = *from);
    }
    out
}
