//! What lines remember under exponential windows: sums in which each element weighs less than the one after it.
//!
//! The newest element weighs 1, the one before it `1 - alpha`, that before it the square of that, and so on; a missing
//! element takes its place in this row and nothing else. These are the weights of pandas' `ewm(adjust=True)` and of
//! numbagg's `move_exp_nanmean` and its like, which xarray's `rolling_exp` calls. Variances are updated as West has it
//! (Communications of the ACM 22, 1979), and lose no digits to a large mean.

use std::fmt::Debug;
use std::marker::PhantomData;

use num_complex::Complex64;

use super::super::reduction::numbers::{Absence, Widen};
use super::super::tile::TileElement;
use super::lines::Running;
use super::running::Given;

/// How weights fall off, and how much weight a result needs.
#[derive(Clone, Copy, Debug)]
pub struct Falling {
    /// From one element to the one before it.
    pub decay: f64,
    /// What an element adds to the weight of all, which stays below 1.
    pub alpha: f64,
    /// The least weight for a result.
    pub least: f64,
}

/// The weighted sum so far, or the mean; missing before the first element.
#[derive(Clone, Copy, Debug)]
pub struct Total<T, U, M, const MEAN: bool> {
    falling: Falling,
    types: PhantomData<fn(T, M) -> U>,
}

/// What a line has come to: sums are those of what is there, with its weights.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    values: f64,
    /// Of a mean the sum of the weights; else 1 from the first element on.
    count: f64,
    weight: f64,
}

impl<T, U, M, const MEAN: bool> Total<T, U, M, MEAN> {
    /// Nothing so far.
    pub fn new(falling: Falling) -> Self {
        Total { falling, types: PhantomData }
    }
}

impl<T, U, M, const MEAN: bool> Running for Total<T, U, M, MEAN>
where
    T: Widen<f64> + Debug,
    U: TileElement + Debug,
    M: Absence<T>,
    f64: Given<U>,
{
    type In = T;
    type Out = U;
    type State = Sums;

    fn start(&self) -> Sums {
        Sums::default()
    }

    #[inline(always)]
    fn next(&self, state: &mut Sums, value: &T) -> U {
        let Falling { decay, alpha, least } = self.falling;
        let there = if M::absent(value) { 0.0 } else { 1.0 };
        let added = if M::absent(value) { 0.0 } else { value.widen() };
        state.values = state.values * decay + added;
        state.count = if MEAN { state.count * decay + there } else { state.count.max(there) };
        state.weight = state.weight * decay + alpha * there;
        let result = if MEAN { state.values / state.count } else { state.values };
        let is_result = (state.weight >= least) & (state.count > 0.0);
        (if is_result { result } else { f64::NAN }).given()
    }
}

/// The weighted variance so far, or its root, without the bias of a sample; missing before the second element.
#[derive(Clone, Copy, Debug)]
pub struct Spread<T, U, M, const ROOT: bool> {
    falling: Falling,
    types: PhantomData<fn(T, M) -> U>,
}

/// What a line has come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spreads {
    mean: f64,
    /// The weighted sum of squared distances from the mean.
    squares: f64,
    weights: f64,
    /// The square of the sum of the weights less the sum of their squares: of the products of two different ones, which
    /// loses no digits where one is much greater than all others.
    products: f64,
    weight: f64,
}

impl<T, U, M, const ROOT: bool> Spread<T, U, M, ROOT> {
    /// Nothing so far.
    pub fn new(falling: Falling) -> Self {
        Spread { falling, types: PhantomData }
    }
}

impl<T, U, M, const ROOT: bool> Running for Spread<T, U, M, ROOT>
where
    T: Widen<f64> + Debug,
    U: TileElement + Debug,
    M: Absence<T>,
    f64: Given<U>,
{
    type In = T;
    type Out = U;
    type State = Spreads;

    fn start(&self) -> Spreads {
        Spreads::default()
    }

    #[inline(always)]
    fn next(&self, state: &mut Spreads, value: &T) -> U {
        let Falling { decay, alpha, least } = self.falling;
        state.squares *= decay;
        state.weights *= decay;
        state.products *= decay * decay;
        state.weight *= decay;
        if !M::absent(value) {
            let value = value.widen();
            state.products += 2.0 * state.weights;
            state.weights += 1.0;
            state.weight += alpha;
            let distance = value - state.mean;
            state.mean += distance / state.weights;
            state.squares += distance * (value - state.mean);
        }
        let variance = state.squares * (state.weights / state.products);
        let is_result = (state.weight >= least) & (state.products > 0.0);
        let variance = if is_result { variance } else { f64::NAN };
        (if ROOT { variance.sqrt() } else { variance }).given()
    }
}

/// The weighted covariance so far of two arrays, or their correlation, of the places where neither is missing; an element
/// of each makes a complex number.
#[derive(Clone, Copy, Debug)]
pub struct Common<const CORRELATION: bool>(pub Falling);

/// What a line of both has come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pairs {
    mean: Complex64,
    /// The weighted sums of the squared distances from the means, and of the products of both.
    squares: Complex64,
    common: f64,
    weights: f64,
    /// As of [`Spreads`].
    products: f64,
    weight: f64,
}

impl<const CORRELATION: bool> Running for Common<CORRELATION> {
    type In = Complex64;
    type Out = f64;
    type State = Pairs;

    fn start(&self) -> Pairs {
        Pairs::default()
    }

    #[inline(always)]
    fn next(&self, state: &mut Pairs, value: &Complex64) -> f64 {
        let Falling { decay, alpha, least } = self.0;
        state.squares *= decay;
        state.common *= decay;
        state.weights *= decay;
        state.products *= decay * decay;
        state.weight *= decay;
        if !value.re.is_nan() && !value.im.is_nan() {
            state.products += 2.0 * state.weights;
            state.weights += 1.0;
            state.weight += alpha;
            let distance = value - state.mean;
            state.mean += distance / state.weights;
            let after = value - state.mean;
            state.squares += Complex64::new(distance.re * after.re, distance.im * after.im);
            state.common += distance.re * after.im;
        }
        if (state.weight < least) | (state.products <= 0.0) {
            return f64::NAN;
        }
        match CORRELATION {
            true => state.common / (state.squares.re * state.squares.im).sqrt(),
            false => state.common * (state.weights / state.products),
        }
    }
}
