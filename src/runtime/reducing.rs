//! One task's part in the reductions of its stage: which accumulators it steps, and when.

use super::Cancel;
use super::error::RunError;
use super::evaluate::Evaluation;
use super::executor::StageRun;
use super::reduce::{Place, Reducer, Turn};
use super::strips::{self, Span, Tiling};
use crate::array::{Block, Region};
use crate::operators::combine::Accumulator;
use crate::operators::contraction::Factors;
use crate::operators::reduction::{Stepper, TileRows};
use crate::planner::kernel::Slot;

/// The reductions of a task.
pub struct Reducing<'a> {
    run: &'a StageRun<'a>,
    index: &'a [u64],
    region: &'a Region,
    /// Per end, what the task steps by itself: accumulators for these cells.
    own: Vec<Option<(Box<dyn Accumulator>, Region)>>,
}

impl<'a> Reducing<'a> {
    /// Nothing stepped yet by the task at grid index `index`, which covers `region`.
    pub fn new(run: &'a StageRun<'a>, index: &'a [u64], region: &'a Region) -> Self {
        let own = |reducer: &Option<Reducer>| {
            let reducer = reducer.as_ref().filter(|reducer| !reducer.is_shared())?;
            let cells = reducer.cells(region);
            Some((reducer.own(&cells), cells))
        };
        Reducing { run, index, region, own: run.reducers.iter().map(own).collect() }
    }

    /// The strips in which the task walks its region.
    pub fn strips(&self) -> Vec<Region> {
        strips::strips(&self.run.stage.walk, self.region)
    }

    /// How the strips are divided into tiles.
    pub fn tiling(&self) -> Tiling {
        Tiling { row: strips::row(self.stepped(), self.region), over: self.run.stage.walk.rows }
    }

    /// The reductions that take in tiles.
    fn stepped(&self) -> impl Iterator<Item = &Reducer> {
        self.run.reducers.iter().flatten().filter(|reducer| reducer.contraction.is_none())
    }

    /// Per end that steps shared accumulators, the task's place in the line of a strip of this number.
    pub fn places(&self, strip: (usize, &Region)) -> Vec<Option<Place>> {
        let place = |reducer: &Option<Reducer>| {
            let reducer = reducer.as_ref().filter(|reducer| reducer.is_shared())?;
            Some(reducer.place(self.run.stage, self.index, strip))
        };
        self.run.reducers.iter().map(place).collect()
    }

    /// Waits for the task's turns at a strip.
    ///
    /// # Errors
    /// The run was cancelled while waiting.
    pub fn begin<'p>(
        &'p mut self,
        places: &'p [Option<Place>],
        strip: &Region,
        cancel: &Cancel,
    ) -> Result<AtStrip<'p>, RunError> {
        let mut parts = Vec::new();
        for ((reducer, own), place) in self.run.reducers.iter().zip(&mut self.own).zip(places) {
            let Some(reducer) = reducer.as_ref().filter(|reducer| reducer.contraction.is_none()) else { continue };
            let (accumulators, cells) = match (own, place) {
                (Some((own, cells)), _) => (Accumulators::Own(own.as_mut()), &*cells),
                (None, Some(place)) => (Accumulators::Shared(place, reducer.turn(place, cancel)?), &place.cells),
                (None, None) => unreachable!("what is not its own is shared"),
            };
            let stepper = Stepper::new(&reducer.reduction, cells, &self.run.stage.shape, strip);
            parts.push(Part { reducer, stepper, accumulators });
        }
        Ok(AtStrip { run: self.run, parts })
    }

    /// Multiplies the factors of contractions, which are views of values that are there, into what the task steps.
    pub fn multiply(&mut self, evaluation: &Evaluation<'_>) {
        for ((reducer, own), end) in self.run.reducers.iter().zip(&mut self.own).zip(&self.run.stage.ends) {
            let Some(contraction) = reducer.as_ref().and_then(|reducer| reducer.contraction.as_ref()) else { continue };
            let block = |slot: &Slot| evaluation.block(*slot, self.region).expect("factors are views, made before");
            let factors: Vec<Block> = end.slots().iter().map(block).collect();
            if let (Some((own, _)), [left, right]) = (own, &factors[..]) {
                own.multiply(&Factors::new(contraction, &self.region.shape, (left, right)));
            }
        }
    }

    /// Hands on what the task stepped by itself.
    ///
    /// # Errors
    /// A result cannot be kept, or the run was cancelled while waiting.
    pub fn end(self, cancel: &Cancel) -> Result<(), RunError> {
        for (reducer, own) in self.run.reducers.iter().zip(self.own) {
            if let (Some(reducer), Some((own, _))) = (reducer, own) {
                let place = reducer.place(self.run.stage, self.index, (0, self.region));
                keep(self.run, reducer, &place.cells, reducer.merge(&place, own, cancel)?)?;
            }
        }
        Ok(())
    }
}

/// A task at work on a strip, at its turn wherever it steps shared accumulators.
pub struct AtStrip<'p> {
    run: &'p StageRun<'p>,
    parts: Vec<Part<'p>>,
}

struct Part<'p> {
    reducer: &'p Reducer,
    stepper: Stepper,
    accumulators: Accumulators<'p>,
}

enum Accumulators<'p> {
    Own(&'p mut dyn Accumulator),
    Shared(&'p Place, Turn<'p>),
}

impl AtStrip<'_> {
    /// Takes in the tiles of all reduced values (and weights, after their value).
    pub fn step(&mut self, span: &Span, tiles: &[TileRows<'_>]) {
        let places = (span.within, span.apart_within, span.rows);
        let mut next = tiles.iter().copied();
        for Part { reducer, stepper, accumulators } in &mut self.parts {
            let values = next.next().expect("a tile per slot");
            let weights = reducer.weights.map(|_| next.next().expect("a tile per slot"));
            match accumulators {
                Accumulators::Own(own) => stepper.rows(&mut **own, places, values, weights),
                Accumulators::Shared(_, turn) => stepper.rows(turn.accumulator(), places, values, weights),
            }
        }
    }

    /// Ends the task's turns.
    ///
    /// # Errors
    /// A result cannot be kept.
    pub fn end(self) -> Result<(), RunError> {
        for Part { reducer, accumulators, .. } in self.parts {
            if let Accumulators::Shared(place, turn) = accumulators {
                keep(self.run, reducer, &place.cells, reducer.end(place, turn))?;
            }
        }
        Ok(())
    }
}

/// Keeps the values of cells that are finished.
fn keep(run: &StageRun<'_>, reducer: &Reducer, cells: &Region, finished: Option<Block>) -> Result<(), RunError> {
    let Some(block) = finished else { return Ok(()) };
    run.results.write(reducer.into, cells, &block).map_err(|e| RunError::storage(e, reducer.span))
}
