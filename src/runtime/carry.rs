//! What scans carry from task to task.
//!
//! The tasks that sweep the same lines form a queue along the scanned axis. Each takes the carry over from
//! the one before it, sweeps its block, and hands the carry on. It has read and computed the block before
//! it waits, and workers take tasks in order, so the task that is waited for always has a worker. The
//! operations along a line are the same in the same order whatever the tasks: so are the bits.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Cancel;
use super::error::RunError;
use super::observer::{Phase, Timer};
use crate::array::{Block, Region};
use crate::operators::scan::{Carry, Scan};
use crate::planner::plan::Stage;

/// The carries of a stage that wait for their next task.
#[derive(Default)]
pub struct Carries {
    queues: Mutex<BTreeMap<Key, Arc<Queue>>>,
}

/// A step of the kernel, and the tasks' place along all axes but the scanned one.
type Key = (usize, Vec<u64>);

/// The tasks that sweep the same lines.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    next: u64,
    carry: Option<Box<dyn Carry>>,
    /// A task failed at its turn: no turn comes any more.
    broken: bool,
}

/// One task among those that carry.
pub struct Sweeper<'a> {
    /// The carries of its stage.
    pub carries: &'a Carries,
    /// The stage.
    pub stage: &'a Stage,
    /// Its place in the grid.
    pub index: &'a [u64],
    /// The region it covers.
    pub region: &'a Region,
    /// Whether the run is to end.
    pub cancel: &'a Cancel,
    /// Who is told of waits.
    pub timer: Timer<'a>,
}

/// A carry in the hands of the task whose turn it is.
struct Turn<'q> {
    queue: &'q Queue,
    carry: Option<Box<dyn Carry>>,
}

impl Sweeper<'_> {
    /// The values of a scan, step `step` of the kernel, over the task's region, from the `block` of its input.
    ///
    /// # Errors
    /// The run was cancelled while waiting for the carry.
    ///
    /// # Panics
    /// Where another region is asked for: the planner finishes scans of which tasks need that.
    pub fn sweep(&self, step: usize, scan: &Scan, region: &Region, block: &Block) -> Result<Block, RunError> {
        assert_eq!(region, self.region, "a task sweeps its own region");
        let count = self.stage.grid.counts(&self.stage.shape)[scan.axis];
        let at = self.index[scan.axis];
        let number = if scan.reverse { count - 1 - at } else { at };
        let others = (0..self.index.len()).filter(|axis| *axis != scan.axis).map(|axis| self.index[axis]);
        let key = (step, others.collect::<Vec<u64>>());
        let queue = self.carries.queue(&key);
        let take = || queue.take(number, self.cancel);
        let mut turn = self.timer.time(Phase::Wait, || "carry".to_owned(), take)?;
        let mut carry = turn.carry.take().unwrap_or_else(|| scan.begin(region));
        let swept = carry.sweep(block, scan.axis, scan.reverse);
        if number + 1 == count {
            self.carries.queues().remove(&key);
        } else {
            turn.carry = Some(carry);
        }
        turn.end();
        Ok(swept)
    }
}

impl Carries {
    fn queues(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<Queue>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, key: &Key) -> Arc<Queue> {
        self.queues().entry(key.clone()).or_default().clone()
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of a task.
    fn take(&self, number: u64, cancel: &Cancel) -> Result<Turn<'_>, RunError> {
        let mut state = self.state();
        while state.next != number {
            if state.broken || cancel.is_cancelled() {
                return Err(RunError::cancelled());
            }
            let waited = self.moved.wait_timeout(state, Duration::from_millis(50));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(Turn { queue: self, carry: state.carry.take() })
    }
}

impl Turn<'_> {
    /// Hands the carry on.
    fn end(mut self) {
        let mut state = self.queue.state();
        state.next += 1;
        state.carry = self.carry.take();
        drop(state);
        self.queue.moved.notify_all();
        std::mem::forget(self);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.queue.state().broken = true;
        self.queue.moved.notify_all();
    }
}
