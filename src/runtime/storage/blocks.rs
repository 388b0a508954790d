//! A remote object whose small pieces are read in aligned blocks, which are kept.
//!
//! The structures of an HDF5 file are small, and many lie beside each other: one block serves many. What is larger than
//! half a block is fetched as it is asked for, so that data cost no more bytes than they have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Failure, Object, Pending};

/// Bytes of a block.
const BLOCK: u64 = 32 << 10;

/// Blocks that are kept of one object.
const KEPT: usize = 256;

/// Such an object.
#[derive(Debug)]
pub struct Blocks {
    object: Arc<dyn Object>,
    blocks: Mutex<Held>,
}

/// Blocks by their number, with when each was last used.
#[derive(Debug, Default)]
struct Held {
    blocks: BTreeMap<u64, (u64, Arc<Vec<u8>>)>,
    clock: u64,
}

impl Blocks {
    /// An object in front of another.
    pub fn over(object: Arc<dyn Object>) -> Arc<dyn Object> {
        Arc::new(Blocks { object, blocks: Mutex::default() })
    }

    fn block(&self, number: u64) -> Result<Arc<Vec<u8>>, Failure> {
        if let Some(known) = self.held(number) {
            return Ok(known);
        }
        let start = number * BLOCK;
        let mut bytes = vec![0; BLOCK.min(self.object.size() - start) as usize];
        self.object.read_into(start, &mut bytes)?;
        let bytes = Arc::new(bytes);
        let mut held = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        held.clock += 1;
        let now = held.clock;
        held.blocks.insert(number, (now, bytes.clone()));
        if held.blocks.len() > KEPT
            && let Some(oldest) = held.blocks.iter().min_by_key(|(_, (used, _))| *used).map(|(number, _)| *number)
        {
            held.blocks.remove(&oldest);
        }
        Ok(bytes)
    }

    fn held(&self, number: u64) -> Option<Arc<Vec<u8>>> {
        let mut held = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        held.clock += 1;
        let now = held.clock;
        let (used, block) = held.blocks.get_mut(&number)?;
        *used = now;
        Some(block.clone())
    }
}

impl Object for Blocks {
    fn size(&self) -> u64 {
        self.object.size()
    }

    fn read_into(&self, offset: u64, out: &mut [u8]) -> Result<(), Failure> {
        let end = offset + out.len() as u64;
        if out.len() as u64 > BLOCK / 2 || end > self.size() {
            return self.object.read_into(offset, out);
        }
        let mut at = offset;
        while at < end {
            let number = at / BLOCK;
            let block = self.block(number)?;
            let from = (at - number * BLOCK) as usize;
            let size = (block.len() - from).min((end - at) as usize);
            out[(at - offset) as usize..][..size].copy_from_slice(&block[from..from + size]);
            at += size as u64;
        }
        Ok(())
    }

    fn begin(&self, ranges: &[(u64, u64)]) -> Vec<Pending<Vec<u8>>> {
        self.object.begin(ranges)
    }

    fn is_remote(&self) -> bool {
        self.object.is_remote()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Bytes that say where they are, and how often they were asked for.
    #[derive(Debug, Default)]
    struct Counted(AtomicU64);

    impl Object for Counted {
        fn size(&self) -> u64 {
            100_000
        }

        fn read_into(&self, offset: u64, out: &mut [u8]) -> Result<(), Failure> {
            self.0.fetch_add(1, Ordering::Relaxed);
            assert!(offset + out.len() as u64 <= self.size());
            (offset..).zip(out).for_each(|(at, byte)| *byte = (at % 251) as u8);
            Ok(())
        }
    }

    #[test]
    fn small_reads_share_blocks() {
        let counted = Arc::new(Counted::default());
        let blocks = Blocks::over(counted.clone());
        let check = |offset: u64, size: usize, asked: u64| {
            let mut out = vec![0; size];
            blocks.read_into(offset, &mut out).unwrap();
            assert!((offset..).zip(&out).all(|(at, byte)| *byte == (at % 251) as u8), "{offset} {size}");
            assert_eq!(counted.0.load(Ordering::Relaxed), asked, "{offset} {size}");
        };
        check(10, 8, 1);
        check(0, 1000, 1);
        check(BLOCK - 4, 8, 2);
        check(BLOCK, 16, 2);
        check(99_990, 10, 3);
        check(0, 50_000, 4);
        check(5, 0, 4);
    }
}
