//! The reduction behind fits: products of elements with polynomials, and of these with each other.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use half::f16;

use super::basis::Basis;
use crate::array::{Block, DType};
use crate::operators::combine::{Accumulator, Cells, Combine, Run};
use crate::operators::reduction::numbers::Widen;
use crate::operators::tile::TileRef;

/// A pivot below this part of what it was is none: the elements that are there do not determine the fit.
const DETERMINED: f64 = 1e-13;

/// A fit of elements along one axis.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// The polynomials over all places.
    pub basis: Arc<Basis>,
    /// The weight of each place, squared.
    pub weights: Arc<[f64]>,
    /// What the coefficients become: a square matrix; none leaves them as they are.
    pub matrix: Option<Arc<[f64]>>,
    /// Whether missing elements are passed over.
    pub skipna: bool,
    /// Whether elements can be missing at all: else the products of polynomials are known.
    pub gaps: bool,
}

/// The reduction of elements of a real `dtype`.
pub(super) fn fitting(fit: Fit, dtype: DType) -> Option<Arc<dyn Combine>> {
    match dtype {
        DType::F16 => Some(Arc::new(Fitting::<f16> { fit, elements: PhantomData })),
        DType::F32 => Some(Arc::new(Fitting::<f32> { fit, elements: PhantomData })),
        DType::F64 => Some(Arc::new(Fitting::<f64> { fit, elements: PhantomData })),
        _ => None,
    }
}

#[derive(Clone, Debug)]
struct Fitting<T> {
    fit: Fit,
    elements: PhantomData<fn(T)>,
}

impl Fit {
    /// Numbers that a cell remembers: how many elements are there, the products with them, and those of the
    /// polynomials with each other, the lower half.
    fn state(&self) -> usize {
        let count = self.basis.count;
        1 + count + if self.gaps { count * (count + 1) / 2 } else { 0 }
    }

    /// The elements that have a weight.
    fn all(&self) -> usize {
        self.weights.iter().filter(|weight| **weight > 0.0).count()
    }

    /// Takes the element at a place into the state of its cell.
    #[inline(always)]
    fn add(&self, state: &mut [f64], value: f64, place: usize) {
        let weight = self.weights[place];
        if value.is_nan() {
            if !self.skipna {
                state[0] = f64::NAN;
            }
            return;
        }
        if weight == 0.0 {
            return;
        }
        let count = self.basis.count;
        let row = &self.basis.values[place * count..][..count];
        let (head, products) = state.split_at_mut(1 + count);
        head[0] += 1.0;
        let mut at = 0;
        for (i, a) in row.iter().enumerate() {
            let weighted = weight * a;
            head[1 + i] += weighted * value;
            if self.gaps {
                for b in &row[..=i] {
                    products[at] += weighted * b;
                    at += 1;
                }
            }
        }
    }

    /// The coefficients of a cell, from its state; missing where it has too few elements.
    fn solve(&self, state: &[f64], all: usize, results: &mut [f64]) {
        let count = self.basis.count;
        let (sums, products) = state[1..].split_at(count);
        let mut solution = sums.to_vec();
        let is_whole = !self.gaps || state[0] == all as f64;
        let is_solved = is_whole || (state[0] >= count as f64 && cholesky(products.to_vec(), &mut solution));
        if !is_solved {
            results.fill(f64::NAN);
            return;
        }
        match &self.matrix {
            None => results.copy_from_slice(&solution),
            Some(matrix) => {
                for (result, row) in results.iter_mut().zip(matrix.chunks_exact(count)) {
                    *result = row.iter().zip(&solution).map(|(a, b)| a * b).sum();
                }
            }
        }
    }
}

/// Solves a system with a symmetric positive definite matrix, of which the lower half is given row by row; false where
/// it is none.
fn cholesky(mut lower: Vec<f64>, solution: &mut [f64]) -> bool {
    let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
    for i in 0..solution.len() {
        for j in 0..=i {
            let done: f64 = (0..j).map(|k| lower[at(i, k)] * lower[at(j, k)]).sum();
            let rest = lower[at(i, j)] - done;
            if i == j {
                if rest.is_nan() || rest <= DETERMINED * lower[at(i, i)] {
                    return false;
                }
                lower[at(i, i)] = rest.sqrt();
            } else {
                lower[at(i, j)] = rest / lower[at(j, j)];
            }
        }
    }
    for i in 0..solution.len() {
        let done: f64 = (0..i).map(|k| lower[at(i, k)] * solution[k]).sum();
        solution[i] = (solution[i] - done) / lower[at(i, i)];
    }
    for i in (0..solution.len()).rev() {
        let done: f64 = (i + 1..solution.len()).map(|k| lower[at(k, i)] * solution[k]).sum();
        solution[i] = (solution[i] - done) / lower[at(i, i)];
    }
    true
}

impl<T: Widen<f64> + std::fmt::Debug> Combine for Fitting<T> {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(Fits { states: vec![0.0; cells * self.fit.state()], fitting: self.clone() })
    }

    fn state_bytes(&self) -> usize {
        self.fit.state() * size_of::<f64>()
    }
}

/// The states of many cells, side by side.
struct Fits<T> {
    fitting: Fitting<T>,
    states: Vec<f64>,
}

impl<T: Widen<f64> + std::fmt::Debug> Accumulator for Fits<T> {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _: Option<TileRef<'_>>) {
        let (fit, size) = (&self.fitting.fit, self.fitting.fit.state());
        for (i, value) in values.get::<T>()[run.start..run.start + run.len].iter().enumerate() {
            let cell = match run.cells {
                Cells::One => run.first,
                Cells::Each => run.first + i,
                Cells::Table(table, _) if table[i] == u32::MAX => continue,
                Cells::Table(table, stride) => run.first + table[i] as usize * stride,
            };
            fit.add(&mut self.states[cell * size..][..size], value.widen(), run.position(i) as usize);
        }
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.states.iter_mut().zip(&other.states).for_each(|(state, later)| *state += later);
    }

    fn finish(self: Box<Self>) -> Block {
        let (fit, size) = (&self.fitting.fit, self.fitting.fit.state());
        let (all, count) = (fit.all(), fit.basis.count);
        let mut results = vec![0.0; self.states.len() / size * count];
        for (state, results) in self.states.chunks_exact(size).zip(results.chunks_exact_mut(count)) {
            fit.solve(state, all, results);
        }
        Block::from_list(results)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
