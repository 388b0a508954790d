//! Reductions across tasks, in an order that does not depend on timing.
//!
//! The tasks that reduce into the same cells form a line, in the order of the plan. Where the cells'
//! state is small, each task fills accumulators of its own, merged strictly in line; where it is
//! large, tasks step the shared accumulators directly, each waiting for its turn, so that the state
//! exists once. Contractions, whose tasks compute much and merge little, wait only to merge.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::Cancel;
use super::error::RunError;
use crate::array::{Block, Region};
use crate::operators::combine::Accumulator;
use crate::operators::contraction::Contraction;
use crate::operators::pattern::{Pattern, Reduction};
use crate::planner::kernel::Slot;
use crate::planner::plan::{End, EndKind, PARTIAL, Stage};

/// One reduction of a stage.
pub struct Reducer {
    /// The reduced value.
    pub slot: Slot,
    /// Its weights.
    pub weights: Option<Slot>,
    /// The result.
    pub into: usize,
    /// What is done.
    pub reduction: Reduction,
    /// Where products of whole blocks are summed, how.
    pub contraction: Option<Contraction>,
    reduced: Vec<usize>,
    lines: Mutex<BTreeMap<Vec<u64>, Arc<Line>>>,
}

/// The tasks that reduce into the same cells.
pub struct Line {
    state: Mutex<State>,
    turn: Condvar,
}

/// How far a line is.
pub struct State {
    next: u64,
    total: u64,
    accumulator: Option<Box<dyn Accumulator>>,
    pending: BTreeMap<u64, Box<dyn Accumulator>>,
}

/// A task's place in its line.
pub struct Place {
    line: Arc<Line>,
    key: Vec<u64>,
    number: u64,
    sharing: Sharing,
    /// The region of the result that the task's cells cover.
    pub cells: Region,
}

/// How a task comes to the state of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// It leaves what it stepped there, to be merged in order.
    Left,
    /// It keeps what it stepped until it is its turn to merge it, so that there is no more than one for each
    /// task at work.
    Merged,
    /// It steps the line's own state at its turn.
    Direct,
}

/// What a task steps: accumulators of its own, or the shared ones, held until it is done.
pub enum Stepping<'p> {
    /// Its own.
    Own(Box<dyn Accumulator>),
    /// The shared ones, at its turn.
    Shared(MutexGuard<'p, State>),
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a task that panics ends the run")
    }
}

impl Place {
    /// The state of the line, when the tasks before are done with it.
    fn turn(&self, cancel: &Cancel) -> Result<MutexGuard<'_, State>, RunError> {
        let mut state = self.line.lock();
        while state.next != self.number {
            let waited = self.line.turn.wait_timeout(state, Duration::from_millis(50));
            state = waited.expect("a task that panics ends the run").0;
            if cancel.is_cancelled() {
                return Err(RunError::cancelled());
            }
        }
        Ok(state)
    }
}

impl Stepping<'_> {
    /// The accumulators to step.
    pub fn accumulator(&mut self) -> &mut dyn Accumulator {
        match self {
            Stepping::Own(own) => &mut **own,
            Stepping::Shared(state) => &mut **state.accumulator.as_mut().expect("a line at work has accumulators"),
        }
    }
}

impl Reducer {
    /// The reducer of an end, if it is one.
    pub fn of(end: &End) -> Option<Reducer> {
        let EndKind::Reduce { step, weights, into } = &end.kind else { return None };
        let pattern = &step.call.pattern;
        let reduction = pattern.reduction()?;
        let contraction = match pattern {
            Pattern::Contraction(contraction) => Some(contraction.clone()),
            _ => None,
        };
        Some(Reducer {
            slot: end.slot,
            weights: *weights,
            into: *into,
            reduction: reduction.clone(),
            contraction,
            reduced: reduction.open_axes(),
            lines: Mutex::default(),
        })
    }

    /// The place of the task at grid index `index`, which covers `region`.
    pub fn place(&self, stage: &Stage, index: &[u64], region: &Region) -> Place {
        let counts = stage.grid.counts(&stage.shape);
        let key: Vec<u64> = (0..index.len()).filter(|a| !self.reduced.contains(a)).map(|a| index[a]).collect();
        let inside = || stage.order.iter().filter(|a| self.reduced.contains(a));
        let number = inside().fold(0, |n, &a| n * counts[a] + index[a]);
        let total = inside().map(|&a| counts[a]).product();
        let line = self
            .lines
            .lock()
            .expect("lines are only looked up under this lock")
            .entry(key.clone())
            .or_insert_with(|| {
                let state = State { next: 0, total, accumulator: None, pending: BTreeMap::new() };
                Arc::new(Line { state: Mutex::new(state), turn: Condvar::new() })
            })
            .clone();
        let sharing = match (self.reduction.state_bytes(region) > PARTIAL, &self.contraction) {
            (false, _) => Sharing::Left,
            // Products take much longer than merging their sums.
            (true, Some(_)) => Sharing::Merged,
            (true, None) => Sharing::Direct,
        };
        Place { line, key, number, sharing, cells: self.cells(region) }
    }

    /// The region of the result that the cells of a task over `region` cover.
    pub fn cells(&self, region: &Region) -> Region {
        let mut cells = Region::default();
        for axis in 0..region.rank() {
            match &self.reduction.groups {
                Some((grouped, groups)) if *grouped == axis => {
                    cells.start.push(0);
                    cells.shape.push(groups.coord.len() as u64);
                }
                _ if !self.reduced.contains(&axis) => {
                    cells.start.push(region.start[axis]);
                    cells.shape.push(region.shape[axis]);
                }
                _ if self.reduction.keepdims => {
                    cells.start.push(0);
                    cells.shape.push(1);
                }
                _ => {}
            }
        }
        if let Some(spread) = &self.reduction.spread {
            cells.start.push(0);
            cells.shape.push(spread.dim.size);
        }
        cells
    }

    /// Gives the accumulators a task steps; waits for its turn where they are shared.
    ///
    /// # Errors
    /// The run was cancelled while waiting.
    pub fn begin<'p>(&self, place: &'p Place, cancel: &Cancel) -> Result<Stepping<'p>, RunError> {
        let init = || self.reduction.combine.init(self.reduction.cells(&place.cells) as usize);
        if place.sharing != Sharing::Direct {
            return Ok(Stepping::Own(init()));
        }
        let mut state = place.turn(cancel)?;
        state.accumulator.get_or_insert_with(init);
        Ok(Stepping::Shared(state))
    }

    /// Takes in what a task stepped; gives the finished values of the cells with the last of the line.
    ///
    /// # Errors
    /// The run was cancelled while the task waited for its turn.
    pub fn end(&self, place: &Place, stepping: Stepping<'_>, cancel: &Cancel) -> Result<Option<Block>, RunError> {
        let mut state = match stepping {
            Stepping::Shared(mut state) => {
                state.next += 1;
                state
            }
            Stepping::Own(own) => {
                let mut state = match place.sharing {
                    Sharing::Merged => place.turn(cancel)?,
                    Sharing::Left | Sharing::Direct => place.line.lock(),
                };
                state.pending.insert(place.number, own);
                let mut next = state.next;
                while let Some(own) = state.pending.remove(&next) {
                    match &mut state.accumulator {
                        Some(all) => all.merge(own),
                        empty => *empty = Some(own),
                    }
                    next += 1;
                }
                state.next = next;
                state
            }
        };
        place.line.turn.notify_all();
        if state.next < state.total {
            return Ok(None);
        }
        let Some(all) = state.accumulator.take() else { return Ok(None) };
        drop(state);
        self.lines.lock().expect("lines are only looked up under this lock").remove(&place.key);
        Ok(Some(all.finish().reshape(&place.cells.shape)))
    }

    /// The result where there is no task at all: what an empty reduction gives.
    pub fn empty(&self, shape: &[u64]) -> Block {
        let cells = self.reduction.cells(&Region::whole(shape));
        self.reduction.combine.init(cells as usize).finish().reshape(shape)
    }
}
