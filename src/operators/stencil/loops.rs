//! Loops over rows: weighted sums in double precision, rounded once.
//!
//! Terms are added in their order, whatever the instruction level: several are taken per walk over the
//! row only so that the sum need not be stored between them.

use half::f16;

use super::super::simd::{self, Work};

/// A real number that is summed in double precision.
pub trait Real: Copy + Send + Sync + 'static {
    /// In double precision.
    fn wide(self) -> f64;
    /// Rounded from double precision.
    fn narrow(x: f64) -> Self;
}

macro_rules! reals {
    ($($type:ty: $wide:expr, $narrow:expr;)*) => {
        $(impl Real for $type {
            #[inline(always)]
            fn wide(self) -> f64 {
                $wide(self)
            }
            #[inline(always)]
            fn narrow(x: f64) -> Self {
                $narrow(x)
            }
        })*
    };
}

reals! {
    f16: f16::to_f64, f16::from_f64;
    f32: f64::from, |x| x as f32;
    f64: |x| x, |x| x;
}

/// A term whose elements are found: a row of them, or two.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a, S> {
    /// The elements.
    pub one: &'a [S],
    /// Others, times this sign added to them.
    pub other: Option<(&'a [S], f64)>,
    /// The weight.
    pub weight: f64,
}

/// Replaces the elements of `into` by the sums of the terms, each of which has as many elements.
pub fn sum<S: Real>(terms: &[Bound<'_, S>], into: &mut [f64]) {
    simd::run(Sum { terms, into, fresh: true });
}

/// Replaces the elements of `into` by the sums of the terms over `divisor`, rounded once; `sums` is room for as many.
pub fn sum_rounded<S: Real, T: Real>(terms: &[Bound<'_, S>], divisor: f64, sums: &mut [f64], into: &mut [T]) {
    if divisor == 1.0 && first_walk(terms) == terms.len() {
        return simd::run(Sum { terms, into, fresh: true });
    }
    sum(terms, sums);
    finish(sums, divisor, into);
}

/// Adds terms to the elements of `into`.
pub fn add<S: Real>(terms: &[Bound<'_, S>], into: &mut [f64]) {
    simd::run(Sum { terms, into, fresh: false });
}

/// Replaces the elements of `into` by those of `row`.
pub fn widen<S: Real>(row: &[S], into: &mut [f64]) {
    simd::run(Widen { row, into });
}

/// Replaces the elements of `into` by those of `row` over `divisor`.
pub fn finish<S: Real>(row: &[f64], divisor: f64, into: &mut [S]) {
    simd::run(Finish { row, divisor, into });
}

/// Replaces the elements of `into`, `lanes` of which belong together, by the sums of three neighbours,
/// each with its own weights, rounded. `rows` are the elements before, at and after.
pub fn sum_uneven<S: Real, T: Real>(rows: [&[S]; 3], weights: [&[f64]; 3], lanes: usize, into: &mut [T]) {
    simd::run(Uneven { rows, weights, lanes, into });
}

/// How many terms the first walk over a row takes.
fn first_walk<S>(terms: &[Bound<'_, S>]) -> usize {
    let single = |i: usize| terms[i].other.is_none();
    match terms.len() {
        few @ 0..3 => few.min(1),
        _ if single(0) && single(1) == single(2) => 3,
        _ => 1,
    }
}

/// Terms to be added. What is rounded to `D` is the sum so far: only doubles take more than one walk.
struct Sum<'a, S, D> {
    terms: &'a [Bound<'a, S>],
    into: &'a mut [D],
    fresh: bool,
}

/// The elements of some terms, each `len` long.
#[inline(always)]
fn rows<'a, S, const N: usize>(terms: &[Bound<'a, S>], len: usize) -> [&'a [S]; N] {
    std::array::from_fn(|i| &terms[i].one[..len])
}

/// The others of some pairs, each `len` long, with their signs.
#[inline(always)]
fn others<'a, S, const N: usize>(terms: &[Bound<'a, S>], len: usize) -> [(&'a [S], f64); N] {
    std::array::from_fn(|i| {
        let (row, sign) = terms[i].other.unwrap_or((terms[i].one, 0.0));
        (&row[..len], sign)
    })
}

#[inline(always)]
fn weights<S, const N: usize>(terms: &[Bound<'_, S>]) -> [f64; N] {
    std::array::from_fn(|i| terms[i].weight)
}

impl<S: Real, D: Real> Sum<'_, S, D> {
    /// `into` is the first of `N` single terms, and the others added.
    #[inline(always)]
    fn singles<const N: usize, const FRESH: bool>(&mut self, terms: &[Bound<'_, S>]) {
        let len = self.into.len();
        let (rows, weights) = (rows::<S, N>(terms, len), weights::<S, N>(terms));
        for (j, into) in self.into.iter_mut().enumerate() {
            let mut sum = if FRESH { rows[0][j].wide() * weights[0] } else { into.wide() };
            for i in usize::from(FRESH)..N {
                sum += rows[i][j].wide() * weights[i];
            }
            *into = D::narrow(sum);
        }
    }

    /// The same for `N` pairs.
    #[inline(always)]
    fn pairs<const N: usize, const FRESH: bool>(&mut self, terms: &[Bound<'_, S>]) {
        let len = self.into.len();
        let (rows, others) = (rows::<S, N>(terms, len), others::<S, N>(terms, len));
        let weights = weights::<S, N>(terms);
        for (j, into) in self.into.iter_mut().enumerate() {
            let pair = |i: usize| (rows[i][j].wide() + others[i].1 * others[i].0[j].wide()) * weights[i];
            let mut sum = if FRESH { pair(0) } else { into.wide() };
            for i in usize::from(FRESH)..N {
                sum += pair(i);
            }
            *into = D::narrow(sum);
        }
    }

    /// `into` is a single term, and two pairs added.
    #[inline(always)]
    fn centre_and_pairs(&mut self, terms: &[Bound<'_, S>]) {
        let len = self.into.len();
        let (centre, weight) = (&terms[0].one[..len], terms[0].weight);
        let (rows, others) = (rows::<S, 2>(&terms[1..], len), others::<S, 2>(&terms[1..], len));
        let weights = weights::<S, 2>(&terms[1..]);
        for (j, into) in self.into.iter_mut().enumerate() {
            let pair = |i: usize| (rows[i][j].wide() + others[i].1 * others[i].0[j].wide()) * weights[i];
            let sum = centre[j].wide() * weight;
            let sum = sum + pair(0);
            *into = D::narrow(sum + pair(1));
        }
    }
}

impl<S: Real, D: Real> Work for Sum<'_, S, D> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let single = |term: &Bound<'_, S>| term.other.is_none();
        let mut rest = self.terms;
        if self.fresh {
            match (first_walk(rest), rest) {
                (0, _) | (_, []) => self.into.fill(D::narrow(0.0)),
                (3, [_, second, ..]) if single(second) => self.singles::<3, true>(rest),
                (3, _) => self.centre_and_pairs(rest),
                (_, [first, ..]) if single(first) => self.singles::<1, true>(rest),
                _ => self.pairs::<1, true>(rest),
            }
            rest = &rest[first_walk(rest)..];
        }
        while let [first, ..] = rest {
            let alike = rest.iter().take(4).take_while(|term| single(term) == single(first)).count();
            let taken = match (single(first), alike) {
                (true, 4) => {
                    self.singles::<4, false>(rest);
                    4
                }
                (true, _) => {
                    self.singles::<1, false>(rest);
                    1
                }
                (false, 2..) => {
                    self.pairs::<2, false>(rest);
                    2
                }
                (false, _) => {
                    self.pairs::<1, false>(rest);
                    1
                }
            };
            rest = &rest[taken..];
        }
    }
}

struct Widen<'a, S> {
    row: &'a [S],
    into: &'a mut [f64],
}

impl<S: Real> Work for Widen<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (into, x) in self.into.iter_mut().zip(self.row) {
            *into = x.wide();
        }
    }
}

struct Finish<'a, S> {
    row: &'a [f64],
    divisor: f64,
    into: &'a mut [S],
}

impl<S: Real> Work for Finish<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let each = self.into.iter_mut().zip(self.row);
        if self.divisor == 1.0 {
            each.for_each(|(into, x)| *into = S::narrow(*x));
        } else {
            each.for_each(|(into, x)| *into = S::narrow(x / self.divisor));
        }
    }
}

struct Uneven<'a, S, T> {
    rows: [&'a [S]; 3],
    weights: [&'a [f64]; 3],
    lanes: usize,
    into: &'a mut [T],
}

impl<S: Real, T: Real> Uneven<'_, S, T> {
    #[inline(always)]
    fn each(self, lanes: usize) {
        let len = self.into.len();
        let rows = self.rows.map(|row| &row[..len]);
        let weights = self.weights.map(|row| &row[..len / lanes]);
        for (j, into) in self.into.iter_mut().enumerate() {
            let term = |i: usize| rows[i][j].wide() * weights[i][j / lanes];
            *into = T::narrow(term(0) + term(1) + term(2));
        }
    }
}

impl<S: Real, T: Real> Work for Uneven<'_, S, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        match self.lanes {
            1 => self.each(1),
            lanes => self.each(lanes),
        }
    }
}
