//! The one accumulator behind all reductions: a cell's algebra ([`Fold`]) over a vector of states.

use std::any::Any;
use std::fmt;

use super::super::combine::{Accumulator, Cells, Combine, Run};
use super::super::simd::{self, Work};
use super::super::tile::{TileElement, TileRef};
use crate::array::Block;

/// States that a run into a single cell is dealt out to, so that additions need not wait for each
/// other; they are joined in a fixed order.
const LANES: usize = 16;

/// How elements change the state of one cell, and how two states become one.
pub trait Fold: Clone + fmt::Debug + Send + Sync + 'static {
    /// The type of the elements.
    type In: TileElement;
    /// What a cell remembers.
    type State: Clone + Send + 'static;

    /// A cell that has seen nothing.
    fn start(&self) -> Self::State;

    /// Takes in one element.
    fn add(&self, state: &mut Self::State, value: &Self::In, position: u64);

    /// Takes in what `later` has seen after `state`.
    fn join(&self, state: &mut Self::State, later: &Self::State);

    /// The results, one element a state.
    fn finish(&self, states: Vec<Self::State>) -> Block;

    /// Takes in a run of elements, `step` apart in position.
    #[inline(always)]
    fn add_all(&self, state: &mut Self::State, values: &[Self::In], position: u64, step: u64) {
        if values.len() < 2 * LANES {
            for (i, value) in values.iter().enumerate() {
                self.add(state, value, position + i as u64 * step);
            }
            return;
        }
        let mut lanes: [Self::State; LANES] = std::array::from_fn(|_| self.start());
        let chunks = values.chunks_exact(LANES);
        let rest = chunks.remainder();
        let mut at = position;
        for chunk in chunks {
            for lane in 0..LANES {
                self.add(&mut lanes[lane], &chunk[lane], at + lane as u64 * step);
            }
            at += LANES as u64 * step;
        }
        for lane in &lanes {
            self.join(state, lane);
        }
        for (i, value) in rest.iter().enumerate() {
            self.add(state, value, at + i as u64 * step);
        }
    }
}

/// The reduction by a fold.
#[derive(Clone, Debug)]
pub struct Folding<F>(pub F);

impl<F: Fold> Combine for Folding<F> {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        let states = vec![self.0.start(); cells];
        Box::new(States { fold: self.0.clone(), states })
    }

    fn state_bytes(&self) -> usize {
        size_of::<F::State>()
    }
}

/// The states of many cells.
struct States<F: Fold> {
    fold: F,
    states: Vec<F::State>,
}

impl<F: Fold> States<F> {
    #[inline(always)]
    fn take(&mut self, run: &Run<'_>, values: &[F::In]) {
        let fold = &self.fold;
        match run.cells {
            Cells::One => fold.add_all(&mut self.states[run.first], values, run.position, run.position_step),
            Cells::Each => {
                let states = &mut self.states[run.first..run.first + run.len];
                for (i, (state, value)) in states.iter_mut().zip(values).enumerate() {
                    fold.add(state, value, run.position(i));
                }
            }
            Cells::Table(table, stride) => {
                for (i, (&cell, value)) in table.iter().zip(values).enumerate() {
                    if cell != u32::MAX {
                        fold.add(&mut self.states[run.first + cell as usize * stride], value, run.position(i));
                    }
                }
            }
        }
    }
}

/// A run taken into states.
struct Take<'a, F: Fold> {
    states: &'a mut States<F>,
    run: &'a Run<'a>,
    values: &'a [F::In],
}

impl<F: Fold> Work for Take<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.states.take(self.run, self.values);
    }
}

impl<F: Fold> Accumulator for States<F> {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _weights: Option<TileRef<'_>>) {
        let values = &values.get::<F::In>()[run.start..run.start + run.len];
        simd::run(Take { states: self, run, values });
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        for (state, later) in self.states.iter_mut().zip(&other.states) {
            self.fold.join(state, later);
        }
    }

    fn finish(self: Box<Self>) -> Block {
        self.fold.finish(self.states)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Reducer, choose};
    use super::*;
    use crate::operators::simd::LEVELS;

    /// The bits of a reduction of numbers of very different sizes, into one cell and into one each.
    fn bits<T: TileElement>(reducer: Reducer, of: impl Fn(f64) -> T) -> Vec<u8> {
        const LEN: usize = 1003;
        let size = |i: usize| ((i * 7919 % 1009) as f64 - 500.5) * 10f64.powi(i as i32 % 7);
        let values: Vec<T> = (0..LEN).map(|i| of(size(i))).collect();
        let (combine, _) = choose(reducer, T::DTYPE, &Options::default()).unwrap();
        let mut bits = Vec::new();
        for (cells, count) in [(Cells::One, 1), (Cells::Each, LEN)] {
            let mut acc = combine.init(count);
            let run = Run { start: 0, len: LEN, first: 0, cells, position: 0, position_step: 1, places: None };
            (0..3).for_each(|_| acc.step(&run, T::shared(&values), None));
            bits.extend(acc.finish().to_bytes().unwrap());
        }
        bits
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        for reducer in [Reducer::Sum, Reducer::Prod, Reducer::Mean, Reducer::Std, Reducer::Min, Reducer::ArgMax] {
            let mut seen: Vec<[Vec<u8>; 3]> = Vec::new();
            for (level, _) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
                simd::force(*level);
                seen.push([bits(reducer, |x| x), bits(reducer, |x| x as f32), bits(reducer, |x| x as i32)]);
            }
            assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{reducer:?}");
        }
    }
}
