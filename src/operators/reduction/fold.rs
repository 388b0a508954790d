//! The one accumulator behind all reductions: a cell's algebra ([`Fold`]) over a vector of states.

use std::any::Any;
use std::fmt;

use super::super::combine::{Accumulator, Cells, Combine, Rows, Run};
use super::super::simd::{self, Work};
use super::super::tile::{TileElement, TileRef};
use crate::array::Block;

/// States that a run into a single cell is dealt out to, so that additions need not wait for each
/// other; they are joined in a fixed order. Twice as many for runs of [`MANY`] elements, none below [`FEW`].
const LANES: usize = 16;
const FEW: usize = 2 * LANES;
const MANY: usize = 8 * LANES;

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

    /// Takes in rows of elements, each of which has one for every state; the first row begins `values`.
    #[inline(always)]
    fn add_rows(&self, states: &mut [Self::State], values: &[Self::In], rows: Rows, position: u64) {
        let (chunks, rest) = states.as_chunks_mut::<COLUMNS>();
        let first = chunks.len() * COLUMNS;
        for (number, chunk) in chunks.iter_mut().enumerate() {
            let mut held = chunk.clone();
            for row in 0..rows.count {
                let values = values[row * rows.stride + number * COLUMNS..].first_chunk::<COLUMNS>();
                for (state, value) in held.iter_mut().zip(values.expect("rows as long as the run")) {
                    self.add(state, value, position + row as u64 * rows.step);
                }
            }
            *chunk = held;
        }
        for (column, state) in rest.iter_mut().enumerate() {
            for row in 0..rows.count {
                self.add(state, &values[row * rows.stride + first + column], position + row as u64 * rows.step);
            }
        }
    }

    /// Takes in a run of elements, `step` apart in position.
    #[inline(always)]
    fn add_all(&self, state: &mut Self::State, values: &[Self::In], position: u64, step: u64) {
        match values.len() {
            MANY.. => in_lanes::<Self, { 2 * LANES }>(self, state, values, position, step),
            FEW.. => in_lanes::<Self, LANES>(self, state, values, position, step),
            _ => add_each(self, state, values, position, step),
        }
    }
}

/// Takes in element after element.
#[inline(always)]
fn add_each<F: Fold>(fold: &F, state: &mut F::State, values: &[F::In], position: u64, step: u64) {
    for (i, value) in values.iter().enumerate() {
        fold.add(state, value, position + i as u64 * step);
    }
}

/// Takes in a run by states that take turns, which are then joined in pairs, pairs of pairs, and so on.
#[inline(always)]
fn in_lanes<F: Fold, const N: usize>(fold: &F, state: &mut F::State, values: &[F::In], position: u64, step: u64) {
    let mut lanes: [F::State; N] = std::array::from_fn(|_| fold.start());
    let (chunks, rest) = values.as_chunks::<N>();
    let mut at = position;
    for chunk in chunks {
        for lane in 0..N {
            fold.add(&mut lanes[lane], &chunk[lane], at + lane as u64 * step);
        }
        at += N as u64 * step;
    }
    let mut width = N / 2;
    while width > 0 {
        let (earlier, later) = lanes[..2 * width].split_at_mut(width);
        earlier.iter_mut().zip(later).for_each(|(earlier, later)| fold.join(earlier, later));
        width /= 2;
    }
    fold.join(state, &lanes[0]);
    add_each(fold, state, rest, at, step);
}

/// Cells whose states stay in registers while several rows go by.
const COLUMNS: usize = 16;

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

/// Rows taken into states.
struct TakeRows<'a, F: Fold> {
    fold: &'a F,
    states: &'a mut [F::State],
    values: &'a [F::In],
    rows: Rows,
    position: u64,
}

impl<F: Fold> Work for TakeRows<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.fold.add_rows(self.states, self.values, self.rows, self.position);
    }
}

impl<F: Fold> Accumulator for States<F> {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _weights: Option<TileRef<'_>>) {
        let values = &values.get::<F::In>()[run.start..run.start + run.len];
        simd::run(Take { states: self, run, values });
    }

    fn step_rows(&mut self, run: &Run<'_>, rows: Rows, values: TileRef<'_>) {
        let values = &values.get::<F::In>()[run.start..];
        let (fold, states) = (&self.fold, &mut self.states[run.first..run.first + run.len]);
        simd::run(TakeRows { fold, states, values, rows, position: run.position });
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        for (state, later) in self.states.iter_mut().zip(&other.states) {
            self.fold.join(state, later);
        }
    }

    fn lead(&mut self, later: Box<dyn Accumulator>, length: usize, inner: usize) -> Box<dyn Accumulator> {
        let mut later = later.into_any().downcast::<Self>().expect("accumulators of one reduction");
        let lines = self.states.chunks_exact_mut(inner).zip(later.states.chunks_exact_mut(length * inner));
        for (ours, line) in lines {
            for row in line.chunks_exact_mut(inner) {
                for (state, theirs) in ours.iter_mut().zip(row) {
                    self.fold.join(state, theirs);
                    theirs.clone_from(state);
                }
            }
        }
        later
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
    use crate::array::block::Element;
    use crate::operators::simd::LEVELS;

    /// The bits of a reduction of numbers of very different sizes, into one cell and into one each.
    fn bits<T: TileElement>(reducer: Reducer, of: impl Fn(f64) -> T) -> Vec<u8> {
        const LEN: usize = 1003;
        let run = |cells| Run { start: 0, len: LEN, first: 0, cells, position: 0, position_step: 1, places: None };
        let size = |i: usize| ((i * 7919 % 1009) as f64 - 500.5) * 10f64.powi(i as i32 % 7);
        let values: Vec<T> = (0..LEN).map(|i| of(size(i))).collect();
        let (combine, _) = choose(reducer, T::DTYPE, &Options::default()).unwrap();
        let mut bits = Vec::new();
        let mut acc = combine.init(LEN / 17);
        let first = Run { len: LEN / 17, ..run(Cells::Each) };
        acc.step_rows(&first, Rows { count: 17, stride: LEN / 17, step: 3 }, T::shared(&values));
        bits.extend(acc.finish().to_bytes().unwrap());
        for (cells, count) in [(Cells::One, 1), (Cells::Each, LEN)] {
            let mut acc = combine.init(count);
            (0..3).for_each(|_| acc.step(&run(cells), T::shared(&values), None));
            bits.extend(acc.finish().to_bytes().unwrap());
        }
        bits
    }

    /// Rows that go by together give what they give one by one: exactly, but for the rounding of deviations.
    #[test]
    fn rows_are_runs() {
        let value = |i: usize| if i.is_multiple_of(13) { f64::NAN } else { 1e6 + (i * 7919 % 1009) as f64 };
        let values: Vec<f64> = (0..600).map(value).collect();
        let run = Run { start: 5, len: 21, first: 2, cells: Cells::Each, position: 7, position_step: 0, places: None };
        let rows = Rows { count: 11, stride: 50, step: 3 };
        for skipna in [true, false] {
            for reducer in [Reducer::Sum, Reducer::Mean, Reducer::Var, Reducer::Max, Reducer::ArgMin, Reducer::Count] {
                let options = Options { skipna, ..Options::default() };
                let (combine, _) = choose(reducer, f64::DTYPE, &options).unwrap();
                let [mut together, mut apart] = [0, 1].map(|_| combine.init(24));
                for _ in 0..2 {
                    together.step_rows(&run, rows, f64::shared(&values));
                    for row in 0..rows.count {
                        let (start, position) = (run.start + row * rows.stride, run.position + row as u64 * rows.step);
                        apart.step(&Run { start, position, ..run }, f64::shared(&values), None);
                    }
                }
                let (together, apart) = (together.finish().scalars(), apart.finish().scalars());
                for (a, b) in together.iter().zip(&apart) {
                    let (x, y) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                    let near = reducer == Reducer::Var && (x - y).abs() <= 1e-11 * y.abs();
                    assert!(near || x == y || x.is_nan() && y.is_nan(), "{reducer:?} {a:?} {b:?}");
                }
            }
        }
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
