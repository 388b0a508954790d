//! The fletcher32 checksum, appended in little-endian order to the bytes before it.

use super::FilterError;

/// The checksum HDF5 computes: sums of big-endian 16-bit words, an odd last byte counting as a high one.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    let (mut first, mut second) = (0u32, 0u32);
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    for block in bytes.chunks(720) {
        let (words, last) = block.as_chunks::<2>();
        for word in words {
            first += u32::from(u16::from_be_bytes(*word));
            second += first;
        }
        if let [byte] = last {
            first += u32::from(*byte) << 8;
            second += first;
        }
        first = fold(first);
        second = fold(second);
    }
    (fold(second) << 16) | fold(first)
}

/// Removes and checks the sum.
pub(super) fn verify(mut bytes: Vec<u8>) -> Result<Vec<u8>, FilterError> {
    let Some((data, sum)) = bytes.split_last_chunk::<4>() else {
        return Err(FilterError::corrupt("fletcher32", "shorter than a checksum"));
    };
    let (computed, stored) = (checksum(data), u32::from_le_bytes(*sum));
    // Releases of the library before 1.6.3 wrote the bytes of each half the other way round.
    let historic = ((computed & 0x00ff_00ff) << 8) | ((computed >> 8) & 0x00ff_00ff);
    if stored != computed && stored != historic {
        return Err(FilterError::Checksum { stored, computed });
    }
    bytes.truncate(bytes.len() - 4);
    Ok(bytes)
}

/// Appends the sum.
pub(super) fn append(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}
