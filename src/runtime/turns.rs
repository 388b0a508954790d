//! Storing in the order of the tasks, for targets that show it: in an HDF5 file chunks lie where they
//! were stored, so its bytes would depend on timing.
//!
//! Tasks encode at any time and store at their turn. What waits is encoded and no larger than the
//! task's outputs, whose blocks are let go as they are encoded: no more than the plan reckons with.
//! Workers take tasks in order, so the task whose turn it is always has a worker and none waits for ever.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Cancel;
use super::error::RunError;
use super::serializers::{StorageError, Store, Storing};

/// Whose turn it is among the tasks of a stage.
#[derive(Debug, Default)]
pub struct Turns {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// A task failed at its turn or before: no turn comes any more.
    broken: bool,
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_come(&self, number: u64) -> bool {
        self.state().next == number
    }

    /// Waits for the turn of a task.
    fn wait(&self, number: u64, cancel: &Cancel) -> Result<(), RunError> {
        let mut state = self.state();
        while state.next != number {
            if state.broken || cancel.is_cancelled() {
                return Err(RunError::cancelled());
            }
            let waited = self.moved.wait_timeout(state, Duration::from_millis(50));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn end(&self, done: bool) {
        let mut state = self.state();
        if done {
            state.next += 1
        } else {
            state.broken = true
        }
        drop(state);
        self.moved.notify_all();
    }
}

/// What one task has to store, in order.
pub struct Queue<'a> {
    turns: Option<&'a Turns>,
    number: u64,
    waiting: Vec<Store>,
    bytes: u64,
    done: bool,
}

impl<'a> Queue<'a> {
    /// The queue of the `number`-th task; without turns everything is stored at once.
    pub fn new(turns: Option<&'a Turns>, number: u64) -> Self {
        Queue { turns, number, waiting: Vec::new(), bytes: 0, done: false }
    }

    /// Takes in an object; stores it now if the task's turn has come.
    ///
    /// # Errors
    /// It cannot be stored.
    pub fn push(&mut self, object: Storing) -> Result<(), StorageError> {
        match object {
            Storing::Done(bytes) => self.bytes += bytes,
            Storing::Encoded(store) => self.waiting.push(store),
        }
        if self.turns.is_none_or(|turns| turns.has_come(self.number)) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StorageError> {
        for store in self.waiting.drain(..) {
            self.bytes += store()?.bytes;
        }
        Ok(())
    }

    /// Stores all that is left when the turn comes, and hands it on; gives the bytes stored.
    ///
    /// # Errors
    /// Something cannot be stored, which `error` puts in words, or the run was cancelled.
    pub fn finish(mut self, cancel: &Cancel, error: impl Fn(StorageError) -> RunError) -> Result<u64, RunError> {
        if let Some(turns) = self.turns {
            turns.wait(self.number, cancel)?;
        }
        self.flush().map_err(error)?;
        self.done = true;
        Ok(self.bytes)
    }
}

impl Drop for Queue<'_> {
    fn drop(&mut self) {
        if let Some(turns) = self.turns {
            turns.end(self.done);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::runtime::serializers::StoredObject;

    fn task(turns: &Turns, number: u64, written: &Arc<Mutex<Vec<u64>>>, cancel: &Cancel) -> Result<u64, RunError> {
        let mut queue = Queue::new(Some(turns), number);
        for part in 0..3 {
            std::thread::sleep(Duration::from_micros(number * 7919 % 300));
            let written = written.clone();
            let store = move || {
                written.lock().unwrap().push(3 * number + part);
                let stored = StoredObject { bytes: 1, extent: None };
                if number == 150 { Err(StorageError::new("ff::write::failed", "full")) } else { Ok(stored) }
            };
            queue.push(Storing::Encoded(Box::new(store))).map_err(RunError::plain)?;
        }
        queue.finish(cancel, RunError::plain)
    }

    #[test]
    fn tasks_store_in_their_order_and_end_with_the_first_that_fails() {
        let (turns, written, cancel) = (Turns::default(), Arc::default(), Cancel::default());
        let next = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    while let Ok(n) =
                        task(&turns, next.fetch_add(1, std::sync::atomic::Ordering::Relaxed), &written, &cancel)
                    {
                        assert_eq!(n, 3);
                    }
                });
            }
        });
        assert_eq!(*written.lock().unwrap(), (0..=450).collect::<Vec<u64>>());
    }
}
