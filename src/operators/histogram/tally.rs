//! The reduction that counts bins, or sums the weights in them.

use std::any::Any;
use std::sync::Arc;

use super::super::combine::{Accumulator, Cells, Combine, Run};
use super::super::tile::TileRef;
use crate::array::Block;

/// Counts per bin of what is `i32` numbers of bins; other numbers count nowhere.
#[derive(Clone, Debug)]
pub struct Tally {
    /// How many bins there are.
    pub bins: usize,
    /// Whether a second input, `f64`, is summed in them.
    pub weighted: bool,
    /// Their widths, where the results are densities: divided by width and total.
    pub widths: Option<Arc<[f64]>>,
}

/// Elements that fall into one bin would each wait for the count that the one before stored; so neighbours go to
/// different tables.
const LANES: usize = 4;

/// More bins than this have no tables of their own: these would not fit the first-level cache.
const FEW: usize = 2048;

impl Combine for Tally {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        let states = cells * self.bins;
        if self.weighted {
            return Box::new(Sums { tally: self.clone(), states: vec![0.0; states] });
        }
        let lanes = if cells == 1 && self.bins <= FEW { LANES * (self.bins + 1) } else { 0 };
        Box::new(Counts { tally: self.clone(), states: vec![0; states], lanes: vec![0; lanes], dealt: 0 })
    }

    fn state_bytes(&self) -> usize {
        self.bins * size_of::<i64>()
    }
}

impl Tally {
    /// Calls `add` with the place of the state and the element of a run, for elements that are in a bin.
    #[inline(always)]
    fn deal(&self, run: &Run<'_>, indices: &[i32], mut add: impl FnMut(usize, usize)) {
        let bins = self.bins;
        let mut put = |cell: usize, (i, &index): (usize, &i32)| {
            let bin = index as u32 as usize;
            if bin < bins {
                add(cell * bins + bin, i);
            }
        };
        match run.cells {
            Cells::One => indices.iter().enumerate().for_each(|e| put(run.first, e)),
            Cells::Each => indices.iter().enumerate().for_each(|e| put(run.first + e.0, e)),
            Cells::Table(table, stride) => {
                let found = indices.iter().enumerate().zip(table).filter(|(_, cell)| **cell != u32::MAX);
                found.for_each(|(e, &cell)| put(run.first + cell as usize * stride, e));
            }
        }
    }

    /// The densities of states that are counts or sums.
    fn densities(&self, mut states: Vec<f64>, widths: &[f64]) -> Block {
        for cell in states.chunks_mut(self.bins.max(1)) {
            let total: f64 = cell.iter().sum();
            cell.iter_mut().zip(widths).for_each(|(state, width)| *state = *state / width / total);
        }
        Block::from_list(states)
    }
}

/// Counts of many cells, the bins of each side by side.
struct Counts {
    tally: Tally,
    states: Vec<i64>,
    /// Tables of a single cell, each with one place more for what is in no bin; added to its state now and then.
    lanes: Vec<u32>,
    /// How many elements went to the tables since.
    dealt: u32,
}

impl Counts {
    /// Takes elements to the tables of the only cell.
    fn count(&mut self, indices: &[i32]) {
        let dealt = u32::try_from(indices.len()).ok().and_then(|len| self.dealt.checked_add(len));
        let Some(dealt) = dealt else {
            self.settle();
            let (first, second) = indices.split_at(indices.len() / 2);
            self.count(first);
            return self.count(second);
        };
        self.dealt = dealt;
        let nowhere = self.tally.bins;
        let bin = |index: i32| (index as u32 as usize).min(nowhere);
        let (a, rest) = self.lanes.split_at_mut(nowhere + 1);
        let (b, rest) = rest.split_at_mut(nowhere + 1);
        let (c, d) = rest.split_at_mut(nowhere + 1);
        let (fours, rest) = indices.as_chunks::<LANES>();
        for four in fours {
            a[bin(four[0])] += 1;
            b[bin(four[1])] += 1;
            c[bin(four[2])] += 1;
            d[bin(four[3])] += 1;
        }
        rest.iter().for_each(|&index| a[bin(index)] += 1);
    }

    /// Adds the tables to the states.
    fn settle(&mut self) {
        for lane in self.lanes.chunks_mut(self.tally.bins + 1) {
            self.states.iter_mut().zip(lane.iter()).for_each(|(state, &count)| *state += i64::from(count));
            lane.fill(0);
        }
        self.dealt = 0;
    }
}

impl Accumulator for Counts {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _weights: Option<TileRef<'_>>) {
        let indices = &values.get::<i32>()[run.start..run.start + run.len];
        match run.cells {
            Cells::One if !self.lanes.is_empty() => self.count(indices),
            Cells::One | Cells::Each | Cells::Table(..) => {
                let states = &mut self.states;
                self.tally.deal(run, indices, |state, _| states[state] += 1);
            }
        }
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let mut other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        other.settle();
        self.states.iter_mut().zip(&other.states).for_each(|(state, later)| *state += later);
    }

    fn finish(mut self: Box<Self>) -> Block {
        self.settle();
        let Counts { tally, states, .. } = *self;
        match &tally.widths {
            None => Block::from_list(states),
            Some(widths) => tally.densities(states.into_iter().map(|count| count as f64).collect(), widths),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Sums of weights of many cells, the bins of each side by side.
struct Sums {
    tally: Tally,
    states: Vec<f64>,
}

impl Accumulator for Sums {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, weights: Option<TileRef<'_>>) {
        let span = run.start..run.start + run.len;
        let Some(weights) = weights.map(|weights| &weights.get::<f64>()[span.clone()]) else { return };
        let states = &mut self.states;
        self.tally.deal(run, &values.get::<i32>()[span], |state, i| states[state] += weights[i]);
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.states.iter_mut().zip(&other.states).for_each(|(state, later)| *state += later);
    }

    fn finish(self: Box<Self>) -> Block {
        let Sums { tally, states } = *self;
        match &tally.widths {
            None => Block::from_list(states),
            Some(widths) => tally.densities(states, widths),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_emptied_before_they_overflow() {
        let tally = Tally { bins: 2, weighted: false, widths: None };
        let mut counts = Counts { tally, states: vec![1, 2], lanes: vec![0; LANES * 3], dealt: u32::MAX - 3 };
        counts.lanes[1] = u32::MAX - 3;
        counts.count(&[1, 1, 1, 1, 1, -1, 0, 9]);
        counts.settle();
        assert_eq!(counts.states, [2, 2 + i64::from(u32::MAX - 3) + 5]);
    }
}
