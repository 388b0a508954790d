//! Compressors and decompressors that each thread makes once and keeps.
//!
//! Making one costs more than compressing a small chunk: a Zstandard encoder clears tables of up to
//! megabytes. They live as long as the threads of a stage.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use zstd::bulk;
use zstd::zstd_safe::{CParameter, compress_bound};

/// The settings of a Zstandard encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zstd {
    /// The level.
    pub level: i32,
    /// Whether a checksum ends the frame.
    pub checksum: bool,
}

thread_local! {
    static ZSTD_ENCODERS: RefCell<BTreeMap<Zstd, bulk::Compressor<'static>>> = RefCell::default();
    static ZSTD_DECODER: RefCell<Option<bulk::Decompressor<'static>>> = RefCell::default();
    static DEFLATERS: RefCell<BTreeMap<i32, Compressor>> = RefCell::default();
    static INFLATER: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// Compresses into one Zstandard frame that tells its size.
///
/// # Errors
/// There is no such level.
pub fn zstd_encode(bytes: &[u8], settings: Zstd) -> io::Result<Vec<u8>> {
    ZSTD_ENCODERS.with_borrow_mut(|encoders| {
        let encoder = match encoders.entry(settings) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                let mut encoder = bulk::Compressor::new(settings.level)?;
                encoder.set_parameter(CParameter::ChecksumFlag(settings.checksum))?;
                new.insert(encoder)
            }
        };
        let mut encoded = Vec::with_capacity(compress_bound(bytes.len()));
        encoder.compress_to_buffer(bytes, &mut encoded)?;
        Ok(encoded)
    })
}

/// Decompresses Zstandard frames into `out`; gives the number of bytes.
///
/// # Errors
/// The frames are damaged, or hold more bytes than `out`.
pub fn zstd_decode(encoded: &[u8], out: &mut [u8]) -> io::Result<usize> {
    ZSTD_DECODER.with_borrow_mut(|decoder| {
        let decoder = match decoder {
            Some(decoder) => decoder,
            none => none.insert(bulk::Decompressor::new()?),
        };
        decoder.decompress_to_buffer(encoded, out)
    })
}

/// Calls `run` with this thread's encoder of deflate streams.
///
/// # Errors
/// There is no such level; there are 0 to 12.
pub fn deflater<T>(level: i32, run: impl FnOnce(&mut Compressor) -> T) -> Result<T, String> {
    let known = CompressionLvl::new(level).map_err(|_| format!("deflate has no level {level}"))?;
    DEFLATERS.with_borrow_mut(|deflaters| Ok(run(deflaters.entry(level).or_insert_with(|| Compressor::new(known)))))
}

/// Calls `run` with this thread's decoder of deflate streams.
pub fn inflater<T>(run: impl FnOnce(&mut Decompressor) -> T) -> T {
    INFLATER.with_borrow_mut(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_before_leaves_no_trace() {
        let (a, b) = (vec![7u8; 100_000], (0..50_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        let settings = Zstd { level: 3, checksum: true };
        let first = zstd_encode(&b, settings).unwrap();
        for other in [Zstd { level: 1, checksum: false }, settings] {
            zstd_encode(&a, other).unwrap();
        }
        assert_eq!(zstd_encode(&b, settings).unwrap(), first);
        let mut out = vec![0; b.len()];
        assert!(zstd_decode(&first[..100], &mut out).is_err());
        assert_eq!(zstd_decode(&first, &mut out).unwrap(), b.len());
        assert_eq!(out, b);
        assert!(zstd_decode(&first, &mut out[1..]).is_err());
    }
}
