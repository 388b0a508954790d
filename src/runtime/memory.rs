//! The cache of decoded chunks: what the budget leaves over is spent on chunks that are read more than
//! once, as far as they need it.
//!
//! Chunks that several tasks of a stage need are *recent*: the least recently used is given up first.
//! Chunks of a source that a later stage reads again are *held*: the first ones to come stay, up to
//! the bytes the plan gives that source, until the last stage takes them out. A chunk that two tasks
//! want at once is decoded by one of them; the other waits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::array::Block;

/// A chunk: the number of its source, its place in that source's grid.
pub type ChunkKey = (usize, Vec<u64>);

/// Why a chunk should stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stay {
    /// Whether other tasks of the stage need it too.
    pub shared: bool,
    /// Whether other stages do.
    pub held: Option<Held>,
}

impl Stay {
    /// Whether there is any reason.
    pub fn is_any(&self) -> bool {
        self.shared || self.held.is_some()
    }
}

/// What a stage does with the chunks of a source that others read too; with the number of that source
/// among the reread ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Held {
    /// Leaves them there.
    Left(usize),
    /// Takes them out, being the last.
    Taken(usize),
}

/// Decoded chunks, within the bytes given to them.
#[derive(Debug, Default)]
pub struct ChunkCache {
    inner: Mutex<Inner>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    chunks: BTreeMap<ChunkKey, Slot>,
    by_age: BTreeMap<u64, ChunkKey>,
    clock: u64,
    recent: Room,
    held: Vec<Room>,
    /// The last stage that reads each reread source.
    last: Vec<usize>,
    hits: u64,
}

#[derive(Debug)]
enum Slot {
    Decoding,
    Recent { age: u64, block: Block },
    Held { number: usize, block: Block },
}

/// Bytes that may be used, and are.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    capacity: u64,
    used: u64,
}

impl ChunkCache {
    /// An empty cache that may hold so many bytes of each reread source, which that stage is the last to read.
    pub fn new(held: impl IntoIterator<Item = (u64, usize)>) -> Self {
        let (held, last) = held.into_iter().map(|(capacity, last)| (Room { capacity, used: 0 }, last)).unzip();
        ChunkCache { inner: Mutex::new(Inner { held, last, ..Inner::default() }), settled: Condvar::new() }
    }

    /// Begins a stage, whose recent chunks may take so many bytes: those of the stage before are given up, and
    /// what is held for no later one.
    pub fn begin(&self, stage: usize, recent: u64) {
        let inner = &mut *self.lock();
        let last = &inner.last;
        inner.chunks.retain(|_, slot| matches!(slot, Slot::Held { number, .. } if last[*number] >= stage));
        inner.by_age.clear();
        inner.recent = Room { capacity: recent, used: 0 };
        inner.hits = 0;
    }

    /// The chunk, decoded by `decode` where it is not there.
    ///
    /// # Errors
    /// Those of `decode`.
    pub fn get<E>(&self, key: ChunkKey, stay: Stay, decode: impl FnOnce() -> Result<Block, E>) -> Result<Block, E> {
        let mut inner = self.lock();
        while let Some(slot) = inner.chunks.get(&key) {
            if !matches!(slot, Slot::Decoding) {
                return Ok(inner.found(&key, stay));
            }
            inner = self.settled.wait(inner).expect("no task panics while it holds the cache");
        }
        inner.chunks.insert(key.clone(), Slot::Decoding);
        drop(inner);
        let mut promise = Promise { cache: self, key: Some(key) };
        let block = decode()?;
        let key = promise.key.take().expect("a promise is kept once");
        self.lock().keep(key, stay, &block);
        self.settled.notify_all();
        Ok(block)
    }

    /// Whether a task is decoding the chunk now, for which [`ChunkCache::get`] would wait.
    pub fn is_decoding(&self, key: &ChunkKey) -> bool {
        matches!(self.lock().chunks.get(key), Some(Slot::Decoding))
    }

    /// Whether the chunk is there, or is being decoded.
    pub fn knows(&self, key: &ChunkKey) -> bool {
        self.lock().chunks.contains_key(key)
    }

    /// How often a chunk was found in this stage.
    pub fn hits(&self) -> u64 {
        self.lock().hits
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no task panics while it holds the cache")
    }
}

impl Inner {
    /// The chunk, which is there.
    fn found(&mut self, key: &ChunkKey, stay: Stay) -> Block {
        self.hits += 1;
        self.clock += 1;
        let Entry::Occupied(mut entry) = self.chunks.entry(key.clone()) else { unreachable!("it is there") };
        match (entry.get_mut(), stay) {
            (Slot::Recent { age, block }, _) => {
                self.by_age.remove(age);
                *age = self.clock;
                self.by_age.insert(self.clock, key.clone());
                block.clone()
            }
            (Slot::Held { block, .. }, Stay { shared: false, held: Some(Held::Taken(number)) }) => {
                let block = block.clone();
                self.held[number].used -= block.bytes();
                entry.remove();
                block
            }
            (Slot::Held { block, .. }, _) => block.clone(),
            (Slot::Decoding, _) => unreachable!("it was waited for"),
        }
    }

    /// Puts a decoded chunk where it may stay, or clears its mark.
    fn keep(&mut self, key: ChunkKey, stay: Stay, block: &Block) {
        let bytes = block.bytes();
        self.chunks.remove(&key);
        if let Some(Held::Left(number)) = stay.held
            && self.held[number].used + bytes <= self.held[number].capacity
        {
            self.held[number].used += bytes;
            self.chunks.insert(key, Slot::Held { number, block: block.contiguous() });
        } else if stay.shared && bytes <= self.recent.capacity {
            self.make_room(bytes);
            self.clock += 1;
            self.recent.used += bytes;
            self.by_age.insert(self.clock, key.clone());
            self.chunks.insert(key, Slot::Recent { age: self.clock, block: block.contiguous() });
        }
    }

    /// Gives up the oldest of the recent chunks until so many bytes are free.
    fn make_room(&mut self, bytes: u64) {
        while self.recent.used + bytes > self.recent.capacity {
            let Some((_, oldest)) = self.by_age.pop_first() else { break };
            if let Some(Slot::Recent { block, .. }) = self.chunks.remove(&oldest) {
                self.recent.used -= block.bytes();
            }
        }
    }
}

/// Clears the mark of a chunk being decoded, where that fails.
struct Promise<'c> {
    cache: &'c ChunkCache,
    key: Option<ChunkKey>,
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.cache.lock().chunks.remove(&key);
            self.cache.settled.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn block(bytes: usize) -> Block {
        Block::from_list(vec![0u8; bytes])
    }

    /// Whether chunk `number` of source 0 was there.
    fn is_found(cache: &ChunkCache, number: u64, bytes: usize, stay: Stay) -> bool {
        let mut found = true;
        let got = cache.get((0, vec![number]), stay, || {
            found = false;
            Ok::<_, Infallible>(block(bytes))
        });
        assert_eq!(got, Ok(block(bytes)));
        found
    }

    const SHARED: Stay = Stay { shared: true, held: None };
    const LEFT: Stay = Stay { shared: false, held: Some(Held::Left(0)) };
    const TAKEN: Stay = Stay { shared: false, held: Some(Held::Taken(0)) };

    #[test]
    fn the_oldest_of_the_recent_chunks_goes_first() {
        let cache = ChunkCache::new([]);
        cache.begin(0, 25);
        let asked = [(0, false), (1, false), (0, true), (2, false), (1, false), (2, true), (0, false)];
        for (number, found) in asked {
            assert_eq!(is_found(&cache, number, 10, SHARED), found, "{number}");
        }
        assert!(!is_found(&cache, 3, 26, SHARED));
        assert!(!is_found(&cache, 3, 26, SHARED));
        assert_eq!(cache.hits(), 2);
        cache.begin(0, 25);
        assert!(!is_found(&cache, 0, 10, SHARED));
    }

    #[test]
    fn held_chunks_stay_until_they_are_taken() {
        let cache = ChunkCache::new([(20, 1)]);
        cache.begin(0, 0);
        for number in 0..3 {
            assert!(!is_found(&cache, number, 10, LEFT));
        }
        cache.begin(1, 0);
        for (number, found) in [(0, true), (1, true), (2, false), (0, false)] {
            assert_eq!(is_found(&cache, number, 10, TAKEN), found, "{number}");
        }
        assert!(!is_found(&cache, 0, 10, LEFT));
        cache.begin(2, 0);
        assert!(!is_found(&cache, 0, 10, TAKEN));
    }

    #[test]
    fn a_chunk_wanted_by_many_is_decoded_once() {
        let cache = ChunkCache::new([]);
        cache.begin(0, 100);
        let decoded = AtomicUsize::new(0);
        let get = |fails: bool| {
            cache.get((0, vec![0]), SHARED, || {
                decoded.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(5));
                if fails { Err("damaged") } else { Ok(block(10)) }
            })
        };
        assert_eq!(get(true), Err("damaged"));
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| get(false).unwrap()))));
        assert_eq!(decoded.into_inner(), 2);
    }
}
