//! Variances and standard deviations.
//!
//! Element by element by Welford's update (Technometrics 4, 1962), runs into one cell by the corrected
//! two-pass sum, several elements of each of many cells by sums of distances from an element seen before, joined by the
//! formula of Chan, Golub and LeVeque (The American Statistician 37, 1983). None loses digits to a large mean: the last, of
//! n elements, at most a factor of n of the last place, since the element that distances are taken from is one of them (or
//! the mean of those before), so its own distance from their mean is part of the sum.

use std::fmt::Debug;
use std::marker::PhantomData;

use num_complex::Complex64;

use super::super::combine::Rows;
use super::fold::Fold;
use super::numbers::{Absence, Wide, Widen, block_of};
use crate::array::{Block, DType};

/// What deviations are computed in.
pub trait Deviation: Wide + Debug {
    /// The difference.
    fn minus(self, other: Self) -> Self;
    /// The real multiple.
    fn scaled(self, factor: f64) -> Self;
    /// The quotient by a real number.
    fn over(self, divisor: f64) -> Self;
    /// The product with the other's conjugate, of which the real part counts.
    fn dot(self, other: Self) -> f64;
}

impl Deviation for f64 {
    #[inline(always)]
    fn minus(self, other: f64) -> f64 {
        self - other
    }

    #[inline(always)]
    fn scaled(self, factor: f64) -> f64 {
        self * factor
    }

    #[inline(always)]
    fn over(self, divisor: f64) -> f64 {
        self / divisor
    }

    #[inline(always)]
    fn dot(self, other: f64) -> f64 {
        self * other
    }
}

impl Deviation for Complex64 {
    #[inline(always)]
    fn minus(self, other: Complex64) -> Complex64 {
        self - other
    }

    #[inline(always)]
    fn scaled(self, factor: f64) -> Complex64 {
        self * factor
    }

    #[inline(always)]
    fn over(self, divisor: f64) -> Complex64 {
        self / divisor
    }

    #[inline(always)]
    fn dot(self, other: Complex64) -> f64 {
        self.re * other.re + self.im * other.im
    }
}

/// How much was seen, its mean, and the sum of squared deviations from it.
#[derive(Clone, Copy, Debug)]
pub struct Moments<A> {
    /// The number of elements, or the sum of their weights.
    pub weight: f64,
    /// The mean.
    pub mean: A,
    /// The (weighted) sum of squared distances from the mean.
    pub squares: f64,
}

impl<A: Deviation> Moments<A> {
    /// Nothing seen.
    pub const NONE: Self = Moments { weight: 0.0, mean: A::ZERO, squares: 0.0 };

    /// Takes in one value; a weight of zero adds nothing but NaN.
    #[inline(always)]
    pub fn add(&mut self, value: A, weight: f64) {
        let total = self.weight + weight;
        let distance = value.minus(self.mean);
        let share = if total == 0.0 { 0.0 } else { weight / total };
        self.mean = self.mean.plus(distance.scaled(share));
        self.squares += distance.dot(value.minus(self.mean)) * weight;
        self.weight = total;
    }

    /// Takes in what `later` has seen.
    #[inline(always)]
    pub fn join(&mut self, later: &Self) {
        if self.weight == 0.0 || later.weight == 0.0 {
            *self = if self.weight == 0.0 { *later } else { *self };
            return;
        }
        let total = self.weight + later.weight;
        let distance = later.mean.minus(self.mean);
        let share = if total == 0.0 { 0.0 } else { later.weight / total };
        self.squares += later.squares + distance.dot(distance) * self.weight * share;
        self.mean = self.mean.plus(distance.scaled(share));
        self.weight = total;
    }

    /// The variance, or its root, with `ddof` taken off the number of elements; NaN where nothing is left.
    pub fn result(&self, ddof: f64, root: bool) -> f64 {
        let left = self.weight - ddof;
        let variance = if left > 0.0 { self.squares / left } else { f64::NAN };
        if root { variance.sqrt() } else { variance }
    }
}

/// The variance of the elements that are present, or its root.
#[derive(Clone, Copy, Debug)]
pub struct Variance<T, A, M> {
    dtype: DType,
    ddof: f64,
    root: bool,
    types: PhantomData<fn(T, M) -> A>,
}

impl<T, A, M> Variance<T, A, M> {
    /// Divides by the count less `ddof`; `root` makes it the standard deviation.
    pub fn new(dtype: DType, ddof: f64, root: bool) -> Self {
        Variance { dtype, ddof, root, types: PhantomData }
    }
}

const LANES: usize = 8;

/// The sum of a term over all elements, dealt out to lanes in a fixed order.
#[inline(always)]
fn lane_sum<T, A: Wide>(values: &[T], term: impl Fn(&T) -> A) -> A {
    let mut lanes = [A::ZERO; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = lane.plus(term(value));
        }
    }
    let whole = lanes.into_iter().fold(A::ZERO, A::plus);
    rest.iter().fold(whole, |sum, value| sum.plus(term(value)))
}

/// Cells whose sums stay in registers while several rows go by.
const COLUMNS: usize = 16;

impl<T, A, M> Variance<T, A, M>
where
    T: Widen<A> + Debug,
    A: Deviation,
    M: Absence<T>,
{
    /// Of the first elements of several rows, how many are present, and the sums of their distances from `origins` and of
    /// the squares of these. None is missing where they are `COMPLETE`.
    #[inline(always)]
    fn distances<const N: usize, const COMPLETE: bool>(
        values: &[T],
        rows: Rows,
        origins: &[A; N],
    ) -> ([f64; N], [A; N], [f64; N]) {
        let first = if COMPLETE { rows.count as f64 } else { 0.0 };
        let (mut weights, mut sums, mut squares) = ([first; N], [A::ZERO; N], [0.0; N]);
        for row in 0..rows.count {
            let row = values[row * rows.stride..].first_chunk::<N>().expect("rows as long as the run");
            for (column, value) in row.iter().enumerate() {
                let present = COMPLETE || !M::absent(value);
                let distance = if present { value.widen().minus(origins[column]) } else { A::ZERO };
                if !COMPLETE {
                    weights[column] += f64::from(u8::from(present));
                }
                sums[column] = sums[column].plus(distance);
                squares[column] += distance.dot(distance);
            }
        }
        (weights, sums, squares)
    }

    /// Takes in the first elements of several rows, one for each state.
    #[inline(always)]
    fn add_columns<const N: usize>(&self, states: &mut [Moments<A>; N], values: &[T], rows: Rows) {
        let row = |row: usize| values[row * rows.stride..].first_chunk::<N>().expect("rows as long as the run");
        let mut is_complete = true;
        for row in (0..rows.count).map(row) {
            is_complete &= row.iter().fold(true, |complete, value| complete & !M::absent(value));
        }
        // Distances are from the mean so far; where nothing was seen, from the first element.
        let (mut origins, mut seen) = ([A::ZERO; N], [false; N]);
        for (column, state) in states.iter().enumerate() {
            (origins[column], seen[column]) = (state.mean, state.weight != 0.0);
        }
        for row in (0..rows.count).map(row) {
            for (column, value) in row.iter().enumerate() {
                let begins = !seen[column] && !M::absent(value);
                origins[column] = if begins { value.widen() } else { origins[column] };
                seen[column] |= begins;
            }
            if is_complete || seen.iter().all(|seen| *seen) {
                break;
            }
        }
        let (weights, sums, squares) = match is_complete {
            true => Self::distances::<N, true>(values, rows, &origins),
            false => Self::distances::<N, false>(values, rows, &origins),
        };
        for (column, state) in states.iter_mut().enumerate() {
            let (weight, sum) = (weights[column], sums[column]);
            if weight != 0.0 {
                let shift = sum.over(weight);
                let squares = squares[column] - sum.dot(shift);
                let squares = if squares < 0.0 { 0.0 } else { squares };
                state.join(&Moments { weight, mean: origins[column].plus(shift), squares });
            }
        }
    }
}

impl<T, A, M> Fold for Variance<T, A, M>
where
    T: Widen<A> + Debug,
    A: Deviation,
    M: Absence<T>,
{
    type In = T;
    type State = Moments<A>;

    fn start(&self) -> Moments<A> {
        Moments::NONE
    }

    #[inline(always)]
    fn add(&self, state: &mut Moments<A>, value: &T, _position: u64) {
        if !M::absent(value) {
            state.add(value.widen(), 1.0);
        }
    }

    #[inline(always)]
    fn add_all(&self, state: &mut Moments<A>, values: &[T], position: u64, _step: u64) {
        if values.len() < 2 * LANES {
            return values.iter().for_each(|value| self.add(state, value, position));
        }
        let present = |value: &T| !M::absent(value);
        let weight = lane_sum(values, |v| f64::from(u8::from(present(v))));
        if weight == 0.0 {
            return;
        }
        let sum = lane_sum(values, |v| if present(v) { v.widen() } else { A::ZERO });
        let mean = sum.over(weight);
        let distance = |v: &T| if present(v) { v.widen().minus(mean) } else { A::ZERO };
        let excess = lane_sum(values, distance);
        let squares = lane_sum(values, |v| {
            let d = distance(v);
            d.dot(d)
        });
        let squares = squares - excess.dot(excess) / weight;
        state.join(&Moments { weight, mean: mean.plus(excess.over(weight)), squares });
    }

    #[inline(always)]
    fn add_rows(&self, states: &mut [Moments<A>], values: &[T], rows: Rows, _position: u64) {
        let (chunks, rest) = states.as_chunks_mut::<COLUMNS>();
        let first = chunks.len() * COLUMNS;
        for (number, chunk) in chunks.iter_mut().enumerate() {
            self.add_columns(chunk, &values[number * COLUMNS..], rows);
        }
        for (column, state) in rest.iter_mut().enumerate() {
            self.add_columns(std::array::from_mut(state), &values[first + column..], rows);
        }
    }

    #[inline(always)]
    fn join(&self, state: &mut Moments<A>, later: &Moments<A>) {
        state.join(later);
    }

    fn finish(&self, states: Vec<Moments<A>>) -> Block {
        let results = states.iter().map(|state| state.result(self.ddof, self.root));
        block_of(results.collect::<Vec<f64>>(), self.dtype)
    }
}
