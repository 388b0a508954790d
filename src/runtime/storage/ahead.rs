//! Bytes that are fetched before they are asked for.
//!
//! A task tells its readers which chunks it is going to read; a remote storage then has several requests under way where
//! there would be one after the other. Ranges that lie near each other become one request ([`joined`]). What is under way
//! or has come and was not taken is bounded ([`Room`]), for the whole process, whatever the budget: what finds no room is
//! fetched when it is asked for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Failure;

/// Bytes that may be under way ahead of their readers.
const LARGEST: u64 = 32 << 20;

/// Ranges with no more than so many bytes between them are read at once.
const GAP: u64 = 64 << 10;

/// Of a request for several ranges, at most one byte in so many is not wanted.
const WASTE: u64 = 16;

/// A request for several ranges is no longer.
const SPAN: u64 = 8 << 20;

/// What was not taken when chunks were asked for so many times since, nobody wants.
const FORGOTTEN: u64 = 4096;

/// Something that is being fetched.
pub struct Pending<T> {
    wait: Box<dyn FnOnce() -> Result<T, Failure> + Send>,
    _room: Option<Arc<Room>>,
}

impl<T: 'static> Pending<T> {
    /// What `wait` gives; it holds `room` until it is taken or dropped.
    pub fn new(room: Option<Arc<Room>>, wait: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Self {
        Pending { wait: Box::new(wait), _room: room }
    }

    /// The same, with something made of it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U + Send + 'static) -> Pending<U> {
        Pending { wait: Box::new(move || (self.wait)().map(make)), _room: self._room }
    }

    /// Waits for it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn take(self) -> Result<T, Failure> {
        (self.wait)()
    }
}

/// Encoded chunks of an array that are on their way, by their index.
#[derive(Default)]
pub struct Ahead(Mutex<Chunks>);

#[derive(Default)]
struct Chunks {
    pending: BTreeMap<Vec<u64>, (u64, Encoded)>,
    clock: u64,
}

impl std::fmt::Debug for Ahead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ahead")
    }
}

/// The bytes of a chunk on their way; none of one that was never written.
pub type Encoded = Pending<Option<Vec<u8>>>;

impl Ahead {
    /// The chunk, if it is on its way.
    pub fn take(&self, index: &[u64]) -> Option<Encoded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pending.remove(index).map(|(_, encoded)| encoded)
    }

    /// Whether a chunk is on its way.
    pub fn has(&self, index: &[u64]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pending.contains_key(index)
    }

    /// Takes in chunks; those that nobody wanted for long go.
    pub fn put(&self, chunks: impl IntoIterator<Item = (Vec<u64>, Encoded)>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.clock += 1;
        let now = held.clock;
        held.pending.retain(|_, (since, _)| *since + FORGOTTEN > now);
        held.pending.extend(chunks.into_iter().map(|(index, encoded)| (index, (now, encoded))));
    }
}

static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Room for so many bytes, given back when it is dropped.
pub struct Room(u64);

impl Room {
    /// Room for so many bytes, if there is.
    pub fn take(bytes: u64) -> Option<Arc<Room>> {
        let fits = |taken: u64| taken.checked_add(bytes).filter(|sum| *sum <= LARGEST);
        TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok().map(|_| Arc::new(Room(bytes)))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// Requests that serve ranges (offset, size): their own ranges, each with the numbers of those it serves.
pub fn joined(ranges: &[(u64, u64)]) -> Vec<((u64, u64), Vec<usize>)> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|&i| ranges[i]);
    let mut requests: Vec<((u64, u64), Vec<usize>)> = Vec::new();
    let mut wanted = 0;
    for i in order {
        let (offset, size) = ranges[i];
        if let Some(((start, span), served)) = requests.last_mut() {
            let end = *start + *span;
            let (gap, longer) = (offset.saturating_sub(end), (offset + size).max(end) - *start);
            let fresh = (offset + size).saturating_sub(offset.max(end));
            let waste = longer - wanted - fresh;
            if gap <= GAP && longer <= SPAN && waste * WASTE <= longer {
                *span = longer;
                wanted += fresh;
                served.push(i);
                continue;
            }
        }
        requests.push(((offset, size), vec![i]));
        wanted = size;
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_lie_near_are_read_at_once() {
        let alone = |ranges: &[(u64, u64)]| joined(ranges).len();
        assert_eq!(joined(&[(100, 50), (0, 100)]), [((0, 150), vec![1, 0])]);
        assert_eq!(joined(&[(0, 1 << 20), ((1 << 20) + 100, 1 << 20)]), [((0, (2 << 20) + 100), vec![0, 1])]);
        assert_eq!(joined(&[(5, 10), (5, 10), (7, 2)]), [((5, 10), vec![0, 1, 2])]);
        assert_eq!(alone(&[(0, 100), (200, 100)]), 2);
        assert_eq!(alone(&[(0, 1 << 20), (2 << 20, 1 << 20)]), 2);
        assert_eq!(alone(&[(0, 8 << 20), (8 << 20, 8 << 20)]), 2);
        assert_eq!(alone(&[]), 0);
        // No request for several ranges is much longer than what it serves.
        let ranges: Vec<(u64, u64)> = (0..1000).map(|i| (i * 1100, 1000)).collect();
        let requests = joined(&ranges);
        let asked: u64 = requests.iter().map(|((_, size), _)| size).sum();
        assert!(asked <= 1_100_000 && requests.iter().map(|(_, served)| served.len()).sum::<usize>() == 1000);
    }

    #[test]
    fn room_is_given_back() {
        let all = Room::take(LARGEST).unwrap();
        assert!(Room::take(1).is_none());
        drop(all);
        assert!(Room::take(LARGEST).is_some());
    }
}
