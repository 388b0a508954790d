//! What lines remember: running sums, products, extremes, and the last element that was there.

use std::fmt::Debug;
use std::marker::PhantomData;

use half::f16;
use num_complex::{Complex32, Complex64};

use super::super::reduction::extremes::beats;
use super::super::reduction::numbers::{Absence, Wide, Widen};
use super::super::tile::TileElement;
use super::lines::Running;

/// A running total given in a type that may be narrower.
pub trait Given<U>: Wide {
    /// The total as `U`, rounded.
    fn given(self) -> U;
}

macro_rules! given {
    ($($from:ty => $to:ty, $value:ident => $narrow:expr;)*) => {
        $(impl Given<$to> for $from {
            #[inline(always)]
            fn given(self) -> $to {
                let $value = self;
                $narrow
            }
        })*
    };
}

given! {
    i64 => i64, v => v;
    u64 => u64, v => v;
    f64 => f64, v => v;
    f64 => f32, v => v as f32;
    f64 => f16, v => f16::from_f64(v);
    Complex64 => Complex64, v => v;
    Complex64 => Complex32, v => Complex32::new(v.re as f32, v.im as f32);
}

/// The sum (or product) so far, in `A`; missing elements change nothing.
#[derive(Clone, Copy, Debug)]
pub struct Total<T, A, U, M, const PRODUCT: bool> {
    types: PhantomData<fn(T, M, A) -> U>,
}

impl<T, A, U, M, const PRODUCT: bool> Total<T, A, U, M, PRODUCT> {
    /// Nothing so far.
    pub fn new() -> Self {
        Total { types: PhantomData }
    }
}

impl<T, A, U, M, const PRODUCT: bool> Running for Total<T, A, U, M, PRODUCT>
where
    T: Widen<A> + Debug,
    A: Given<U> + Debug,
    U: TileElement + Debug,
    M: Absence<T>,
{
    type In = T;
    type Out = U;
    type State = A;

    fn start(&self) -> A {
        if PRODUCT { A::ONE } else { A::ZERO }
    }

    #[inline(always)]
    fn next(&self, state: &mut A, value: &T) -> U {
        let neutral = if PRODUCT { A::ONE } else { A::ZERO };
        let value = if M::absent(value) { neutral } else { value.widen() };
        *state = if PRODUCT { state.times(value) } else { state.plus(value) };
        state.given()
    }
}

/// The sum of durations so far, missing from the first missing one on.
#[derive(Clone, Copy, Debug)]
pub struct StrictTime;

impl Running for StrictTime {
    type In = i64;
    type Out = i64;
    type State = i64;

    fn start(&self) -> i64 {
        0
    }

    #[inline(always)]
    fn next(&self, state: &mut i64, value: &i64) -> i64 {
        let missing = *state == i64::MIN || *value == i64::MIN;
        *state = if missing { i64::MIN } else { state.wrapping_add(*value) };
        *state
    }
}

/// The least (or greatest) element so far. A missing element is missing in the output too, and is passed
/// over (`SKIP`), or all is missing from there on.
#[derive(Clone, Debug)]
pub struct Extreme<T, M, const MAX: bool, const SKIP: bool> {
    none: T,
    absence: PhantomData<fn(M)>,
}

impl<T, M, const MAX: bool, const SKIP: bool> Extreme<T, M, MAX, SKIP> {
    /// `none` is an element that every other beats or equals.
    pub fn new(none: T) -> Self {
        Extreme { none, absence: PhantomData }
    }
}

impl<T, M, const MAX: bool, const SKIP: bool> Running for Extreme<T, M, MAX, SKIP>
where
    T: TileElement + PartialOrd + Debug,
    M: Absence<T>,
{
    type In = T;
    type Out = T;
    type State = T;

    fn start(&self) -> T {
        self.none.clone()
    }

    #[inline(always)]
    fn next(&self, state: &mut T, value: &T) -> T {
        let (wins, absent) = (beats::<T, MAX>(value, state), M::absent(value));
        if SKIP {
            if wins & !absent {
                *state = value.clone();
            }
            if absent { value.clone() } else { state.clone() }
        } else {
            if (wins | absent) & !M::absent(state) {
                *state = value.clone();
            }
            state.clone()
        }
    }
}

/// The last element that was not missing.
#[derive(Clone, Debug)]
pub struct Fill<T, M> {
    missing: T,
    absence: PhantomData<fn(M)>,
}

impl<T, M> Fill<T, M> {
    /// `missing` is what there is before the first such element.
    pub fn new(missing: T) -> Self {
        Fill { missing, absence: PhantomData }
    }
}

impl<T: TileElement + Debug, M: Absence<T>> Running for Fill<T, M> {
    type In = T;
    type Out = T;
    type State = T;

    fn start(&self) -> T {
        self.missing.clone()
    }

    #[inline(always)]
    fn next(&self, state: &mut T, value: &T) -> T {
        if !M::absent(value) {
            *state = value.clone();
        }
        state.clone()
    }
}

/// The last element that was not missing, for so many missing ones after it.
#[derive(Clone, Debug)]
pub struct LimitedFill<T, M> {
    missing: T,
    limit: u64,
    absence: PhantomData<fn(M)>,
}

impl<T, M> LimitedFill<T, M> {
    /// Fills at most `limit` missing elements in a row.
    pub fn new(missing: T, limit: u64) -> Self {
        LimitedFill { missing, limit, absence: PhantomData }
    }
}

impl<T: TileElement + Debug, M: Absence<T>> Running for LimitedFill<T, M> {
    type In = T;
    type Out = T;
    /// The last element, and how many missing ones it may still fill.
    type State = (T, u64);

    fn start(&self) -> (T, u64) {
        (self.missing.clone(), 0)
    }

    #[inline(always)]
    fn next(&self, (last, left): &mut (T, u64), value: &T) -> T {
        if !M::absent(value) {
            (*last, *left) = (value.clone(), self.limit);
            return value.clone();
        }
        if *left == 0 {
            return value.clone();
        }
        *left -= 1;
        last.clone()
    }
}
