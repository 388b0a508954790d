//! The cache of decoded chunks: what the budget leaves over, spent on chunks that more than one task
//! reads.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::array::Block;

/// A chunk of one of a stage's inputs.
pub type ChunkKey = (usize, Vec<u64>);

/// Decoded chunks, the least recently used given up first. Holds at most its capacity in bytes.
#[derive(Debug)]
pub struct ChunkCache {
    capacity: u64,
    inner: Mutex<Inner>,
    hits: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    chunks: BTreeMap<ChunkKey, (u64, Block)>,
    by_age: BTreeMap<u64, ChunkKey>,
    clock: u64,
    bytes: u64,
}

impl ChunkCache {
    /// An empty cache.
    pub fn new(capacity: u64) -> Self {
        ChunkCache { capacity, inner: Mutex::default(), hits: AtomicU64::new(0) }
    }

    /// The chunk, if it is held.
    pub fn get(&self, key: &ChunkKey) -> Option<Block> {
        let inner = &mut *self.inner.lock().expect("no task panics while it holds the cache");
        inner.clock += 1;
        let (age, block) = inner.chunks.get_mut(key)?;
        inner.by_age.remove(age);
        *age = inner.clock;
        inner.by_age.insert(inner.clock, key.clone());
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(block.clone())
    }

    /// Holds a chunk, unless it is larger than the whole cache.
    pub fn put(&self, key: ChunkKey, block: &Block) {
        let bytes = block.bytes();
        if bytes > self.capacity {
            return;
        }
        let inner = &mut *self.inner.lock().expect("no task panics while it holds the cache");
        if inner.chunks.contains_key(&key) {
            return;
        }
        while inner.bytes + bytes > self.capacity {
            let Some((_, oldest)) = inner.by_age.pop_first() else { break };
            if let Some((_, block)) = inner.chunks.remove(&oldest) {
                inner.bytes -= block.bytes();
            }
        }
        inner.clock += 1;
        inner.by_age.insert(inner.clock, key.clone());
        inner.chunks.insert(key, (inner.clock, block.clone()));
        inner.bytes += bytes;
    }

    /// How often a chunk was found.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_chunk_goes_first() {
        let block = Block::from_list(vec![0u8; 10]);
        let cache = ChunkCache::new(25);
        cache.put((0, vec![0]), &block);
        cache.put((0, vec![1]), &block);
        assert!(cache.get(&(0, vec![0])).is_some());
        cache.put((0, vec![2]), &block);
        assert!(cache.get(&(0, vec![1])).is_none());
        assert!(cache.get(&(0, vec![0])).is_some());
        cache.put((0, vec![3]), &Block::from_list(vec![0u8; 26]));
        assert!(cache.get(&(0, vec![3])).is_none());
        assert_eq!(cache.hits(), 2);
    }
}
