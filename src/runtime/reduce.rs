//! Reductions across tasks, in an order that does not depend on timing.
//!
//! The tasks that reduce into the same cells form a line, in the order of the plan. Where the cells'
//! state is small, each task fills accumulators of its own, merged strictly in line; where it is
//! large, tasks step shared accumulators, each waiting for its turn, so that the state exists once.
//! Shared accumulators are divided into [`strips`](super::strips), each with a line of its own: the next
//! task may begin with the first strip while this one is at the second.
//! Contractions, whose tasks compute much and merge little, wait only to merge.

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
use crate::planner::plan::{End, EndKind, Stage};
use crate::source::Span;

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
    /// Where it stands in the script.
    pub span: Span,
    is_large: bool,
    reduced: Vec<usize>,
    lines: Mutex<BTreeMap<Vec<u64>, Arc<Line>>>,
}

/// The tasks that reduce into the same cells, of one strip where these are shared.
pub struct Line {
    state: Mutex<State>,
    turn: Condvar,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a task that panics ends the run")
    }
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
    /// Whether what a task steps by itself is so large that it is merged at its turn and never waits for it in the line.
    is_large: bool,
    /// The region of the result that the cells cover.
    pub cells: Region,
}

impl Place {
    /// The state of the line, when the tasks before are done with it.
    fn turn(&self, cancel: &Cancel) -> Result<MutexGuard<'_, State>, RunError> {
        let mut state = self.line.state();
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

/// Shared accumulators at a task's turn.
pub struct Turn<'p>(MutexGuard<'p, State>);

impl Turn<'_> {
    /// The accumulators to step.
    pub fn accumulator(&mut self) -> &mut dyn Accumulator {
        &mut **self.0.accumulator.as_mut().expect("a line at work has accumulators")
    }
}

impl Reducer {
    /// The reducer of an end, if it is one.
    pub fn of(end: &End) -> Option<Reducer> {
        let EndKind::Reduce { step, weights, into, is_large } = &end.kind else { return None };
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
            is_large: *is_large,
            span: end.span,
            reduced: reduction.open_axes(),
            lines: Mutex::default(),
        })
    }

    /// Whether tasks step shared accumulators. Products do not: they take much longer than merging their sums.
    pub fn is_shared(&self) -> bool {
        self.contraction.is_none() && self.is_large
    }

    /// Accumulators of its own for a task whose cells are these.
    pub fn own(&self, cells: &Region) -> Box<dyn Accumulator> {
        self.reduction.combine.init(self.reduction.cells(cells) as usize)
    }

    /// The place of the task at grid index `index` in the line of its strip of this number, which covers `region`.
    pub fn place(&self, stage: &Stage, index: &[u64], (strip, region): (usize, &Region)) -> Place {
        let counts = stage.grid.counts(&stage.shape);
        let kept = (0..index.len()).filter(|a| !self.reduced.contains(a)).map(|a| index[a]);
        let key: Vec<u64> = kept.chain([strip as u64]).collect();
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
        Place { line, key, number, is_large: self.is_large, cells: self.cells(region) }
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

    /// Waits for a task's turn at shared accumulators.
    ///
    /// # Errors
    /// The run was cancelled while waiting.
    pub fn turn<'p>(&self, place: &'p Place, cancel: &Cancel) -> Result<Turn<'p>, RunError> {
        let mut state = place.turn(cancel)?;
        state.accumulator.get_or_insert_with(|| self.own(&place.cells));
        Ok(Turn(state))
    }

    /// Ends a task's turn; gives the finished values of the cells with the last of the line.
    pub fn end(&self, place: &Place, turn: Turn<'_>) -> Option<Block> {
        let Turn(mut state) = turn;
        state.accumulator.iter_mut().for_each(|all| all.rest());
        state.next += 1;
        self.finished(place, state)
    }

    /// Takes in what a task stepped itself, as soon as all before it are taken in; gives the finished values of
    /// the cells with the last of the line.
    ///
    /// # Errors
    /// The run was cancelled while waiting.
    pub fn merge(
        &self,
        place: &Place,
        mut own: Box<dyn Accumulator>,
        cancel: &Cancel,
    ) -> Result<Option<Block>, RunError> {
        own.rest();
        let mut state = if place.is_large { place.turn(cancel)? } else { place.line.state() };
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
        state.accumulator.iter_mut().for_each(|all| all.rest());
        Ok(self.finished(place, state))
    }

    fn finished(&self, place: &Place, mut state: MutexGuard<'_, State>) -> Option<Block> {
        place.line.turn.notify_all();
        if state.next < state.total {
            return None;
        }
        let all = state.accumulator.take()?;
        drop(state);
        self.lines.lock().expect("lines are only looked up under this lock").remove(&place.key);
        Some(all.finish().reshape(&place.cells.shape))
    }

    /// The result where there is no task at all: what an empty reduction gives.
    pub fn empty(&self, shape: &[u64]) -> Block {
        self.own(&Region::whole(shape)).finish().reshape(shape)
    }
}
