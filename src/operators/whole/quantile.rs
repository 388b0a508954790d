//! Quantiles: the value below which a part of a line's elements lies.
//!
//! Of `n` elements in ascending order, the quantile `q` stands at the place `(n - 1) q`, counted from zero
//! (method 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician
//! 50, 1996, which is NumPy's `linear`); methods differ in what they make of a place between two elements. The other
//! methods of that paper, from `inverted_cdf` to `normal_unbiased`, put it elsewhere too, as NumPy has them.
//! Elements are found by selection, in linear time, and never sorted where few are wanted.

use std::sync::Arc;

use super::keys::{Keys, with_keys};
use super::lines::{self, Layout};
use super::{LineFunction, unordered};
use crate::array::block::Element;
use crate::array::{Block, DType};

/// More places than this are found by sorting.
const SELECTED: usize = 16;

/// What becomes of a place between two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Interpolated.
    Linear,
    /// The lower element.
    Lower,
    /// The higher one.
    Higher,
    /// The nearer one, of two equally near the one at an even place.
    Nearest,
    /// Half-way between both.
    Midpoint,
    /// As that, computed as a mean: what a median is.
    Mean,
    /// Method 1 of Hyndman and Fan: the least element that a part `q` is not above.
    InvertedCdf,
    /// Method 2: as that, halfway to the next where the part is met exactly.
    AveragedInvertedCdf,
    /// Method 3: the nearest of them, of two equally near the one at an even place, counted from one.
    ClosestObservation,
    /// Method 4: interpolated between the steps of the distribution.
    InterpolatedInvertedCdf,
    /// Method 5: steps are met in their middle.
    Hazen,
    /// Method 6: the mean of the places that elements have.
    Weibull,
    /// Method 8: their median.
    MedianUnbiased,
    /// Method 9: unbiased where elements are normally distributed.
    NormalUnbiased,
}

impl Method {
    /// The names of what a script can ask for.
    pub const NAMES: &'static [&'static str] = &[
        "linear",
        "lower",
        "higher",
        "nearest",
        "midpoint",
        "inverted_cdf",
        "averaged_inverted_cdf",
        "closest_observation",
        "interpolated_inverted_cdf",
        "hazen",
        "weibull",
        "median_unbiased",
        "normal_unbiased",
    ];

    /// Those names, and `approx`, which is none of lines.
    pub const CHOICES: &'static [&'static str] = &[
        "linear",
        "lower",
        "higher",
        "nearest",
        "midpoint",
        "inverted_cdf",
        "averaged_inverted_cdf",
        "closest_observation",
        "interpolated_inverted_cdf",
        "hazen",
        "weibull",
        "median_unbiased",
        "normal_unbiased",
        "approx",
    ];

    /// The method of that name.
    pub fn parse(name: &str) -> Option<Method> {
        let methods = [
            Method::Linear,
            Method::Lower,
            Method::Higher,
            Method::Nearest,
            Method::Midpoint,
            Method::InvertedCdf,
            Method::AveragedInvertedCdf,
            Method::ClosestObservation,
            Method::InterpolatedInvertedCdf,
            Method::Hazen,
            Method::Weibull,
            Method::MedianUnbiased,
            Method::NormalUnbiased,
        ];
        Method::NAMES.iter().position(|known| *known == name).map(|at| methods[at])
    }

    /// Whether it gives elements, and nothing that lies between them.
    pub fn picks(self) -> bool {
        matches!(
            self,
            Method::Lower | Method::Higher | Method::Nearest | Method::InvertedCdf | Method::ClosestObservation
        )
    }

    /// What is given between two elements, of methods that do not pick one.
    pub(super) fn between<K: Keys>(self) -> fn(K::Value, K::Value, f64) -> K::Between {
        match self {
            Method::Mean => |low, high, part| if part == 0.0 { K::between(low, low, 0.0) } else { K::mean(low, high) },
            _ => K::between,
        }
    }

    /// The elements below and above the quantile `q` of `n` elements, and how far it lies between them.
    pub(super) fn place(self, q: f64, n: usize) -> (usize, usize, f64) {
        let last = n - 1;
        let exact = last as f64 * q;
        let (low, high) = (exact.floor(), exact.ceil());
        let pair = |low: f64, high: f64, part: f64| (last.min(low as usize), last.min(high as usize), part);
        match self {
            Method::Linear => pair(low, low + 1.0, exact - low),
            Method::Lower => pair(low, low, 0.0),
            Method::Higher => pair(high, high, 0.0),
            Method::Nearest => pair(exact.round_ties_even(), exact.round_ties_even(), 0.0),
            Method::Midpoint | Method::Mean => pair(low, high, if low == high { 0.0 } else { 0.5 }),
            Method::InvertedCdf => step(n as f64 * q - 1.0, last, |_| true),
            Method::ClosestObservation => step(n as f64 * q - 1.5, last, |low| low.rem_euclid(2.0) == 1.0),
            Method::AveragedInvertedCdf => {
                let exact = n as f64 * q - 1.0;
                let (low, high) = (exact.floor(), exact.floor() + 1.0);
                if exact == low { within(exact, last, 0.5) } else { pair(high, high, 0.0) }
            }
            Method::InterpolatedInvertedCdf => plotted(q, n, (0.0, 1.0)),
            Method::Hazen => plotted(q, n, (0.5, 0.5)),
            Method::Weibull => plotted(q, n, (0.0, 0.0)),
            Method::MedianUnbiased => plotted(q, n, (1.0 / 3.0, 1.0 / 3.0)),
            Method::NormalUnbiased => plotted(q, n, (3.0 / 8.0, 3.0 / 8.0)),
        }
    }
}

/// The element at or after a place; the one at it only where that `holds`.
fn step(exact: f64, last: usize, holds: impl Fn(f64) -> bool) -> (usize, usize, f64) {
    let low = exact.floor();
    let at = if exact == low && holds(low) { low } else { low + 1.0 };
    let at = last.min(at.max(0.0) as usize);
    (at, at, 0.0)
}

/// The elements around a place, which ends at the first and last, and how far to go between.
fn within(exact: f64, last: usize, part: f64) -> (usize, usize, f64) {
    if exact < 0.0 {
        return (0, 0, 0.0);
    }
    match exact.floor() as usize {
        low if low >= last => (last, last, 0.0),
        low => (low, low + 1, part),
    }
}

/// The place by the plotting position of these parameters.
fn plotted(q: f64, n: usize, (alpha, beta): (f64, f64)) -> (usize, usize, f64) {
    let exact = n as f64 * q + (alpha + q * (1.0 - alpha - beta)) - 1.0;
    within(exact, n - 1, exact - exact.floor())
}

/// Quantiles of lines, one element each.
#[derive(Clone, Debug)]
pub struct Quantiles {
    /// The dtype of the elements.
    pub dtype: DType,
    /// The quantiles, from 0 to 1.
    pub levels: Vec<f64>,
    /// What is given between two elements.
    pub method: Method,
    /// Whether missing elements are passed over; else they make the result missing.
    pub skipna: bool,
    /// The groups into which elements of a line fall, each of which has quantiles of its own; all are one where there
    /// are none.
    pub parts: Option<Arc<Parts>>,
}

/// Groups of the elements of a line.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The places of the elements in the line, group after group.
    order: Vec<u32>,
    /// Where each group ends among them.
    ends: Vec<usize>,
}

impl Parts {
    /// From the group of each place, or `u32::MAX` where it belongs to none, of so many groups.
    pub fn new(index: &[u32], groups: usize) -> Parts {
        let mut order: Vec<u32> = (0..index.len() as u32).filter(|place| index[*place as usize] != u32::MAX).collect();
        order.sort_by_key(|place| index[*place as usize]);
        let mut ends = vec![0; groups];
        order.iter().for_each(|place| ends[index[*place as usize] as usize] += 1);
        for group in 1..groups {
            ends[group] += ends[group - 1];
        }
        Parts { order, ends }
    }

    /// Hands each group of a line's elements to `take`, which are moved to `room` for it.
    fn each<K: Copy>(&self, line: &[K], room: &mut Vec<K>, mut take: impl FnMut(usize, &mut [K])) {
        room.clear();
        room.extend(self.order.iter().map(|place| line[*place as usize]));
        let mut start = 0;
        for (group, end) in self.ends.iter().enumerate() {
            take(group, &mut room[start..*end]);
            start = *end;
        }
    }
}

impl LineFunction for Quantiles {
    fn len(&self, _: u64) -> u64 {
        (self.levels.len() * self.parts.as_ref().map_or(1, |parts| parts.ends.len())) as u64
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        with_keys!(self.dtype, K => if self.method.picks() {
            self.lines::<K, <K as Keys>::Value>(block, layout, |low, _, _| low, K::value(K::MISSING.unwrap_or_default()))
        } else {
            self.lines::<K, <K as Keys>::Between>(block, layout, self.method.between::<K>(), K::nothing())
        }, unordered(self.dtype))
    }

    fn room(&self, n: u64) -> u64 {
        with_keys!(self.dtype, K => {
            let key = size_of::<<K as Keys>::Key>();
            let parted = self.parts.as_ref().map_or(0, |parts| parts.order.len() as u64 * key as u64);
            lines::room(n, key, self.len(n), size_of::<<K as Keys>::Between>()).saturating_add(parted)
        }, 0)
    }
}

impl Quantiles {
    /// Runs over lines, making results of the elements below and above and how far to go between; `nothing` where
    /// there is no element to go by.
    fn lines<K: Keys, R: Element + Copy + Default>(
        &self,
        block: &Block,
        layout: Layout<'_>,
        result: impl Fn(K::Value, K::Value, f64) -> R,
        nothing: R,
    ) -> Block {
        let values = block.values::<K::Value>().expect("calls are typed");
        let mut find = self.finder::<K, R>(result, nothing);
        let (levels, mut room) = (self.levels.len(), Vec::new());
        lines::each(values, layout, K::key, |line, results| match &self.parts {
            None => find(line, results),
            Some(parts) => {
                parts.each(line, &mut room, |group, line| find(line, &mut results[group * levels..][..levels]))
            }
        })
    }
}

impl Quantiles {
    /// What finds the quantiles of elements in any order, which it moves about.
    pub(super) fn finder<K: Keys, R: Copy>(
        &self,
        result: impl Fn(K::Value, K::Value, f64) -> R,
        nothing: R,
    ) -> impl FnMut(&mut [K::Key], &mut [R]) {
        let mut places = Places::default();
        move |line, results| {
            let missing = K::MISSING.map_or(0, |missing| line.iter().filter(|key| **key == missing).count());
            let present = line.len() - missing;
            if present == 0 || (missing > 0 && !self.skipna) {
                results.fill(nothing);
                return;
            }
            places.settle(self, present);
            places.find(line);
            for (result_of, (low, high, part)) in results.iter_mut().zip(&places.each) {
                *result_of = result(K::value(line[*low]), K::value(line[*high]), *part);
            }
        }
    }
}

/// The places that are wanted of lines of one number of elements.
#[derive(Default)]
struct Places {
    count: usize,
    /// Per quantile.
    each: Vec<(usize, usize, f64)>,
    /// All of them, ascending.
    ranks: Vec<usize>,
}

impl Places {
    fn settle(&mut self, quantiles: &Quantiles, count: usize) {
        if self.count != count {
            self.count = count;
            self.each.clear();
            self.each.extend(quantiles.levels.iter().map(|q| quantiles.method.place(*q, count)));
            self.ranks.clear();
            self.ranks.extend(self.each.iter().flat_map(|(low, high, _)| [*low, *high]));
            self.ranks.sort_unstable();
            self.ranks.dedup();
        }
    }

    /// Moves the elements of a line so that those wanted are where they would be if it were sorted.
    fn find<T: Ord>(&self, line: &mut [T]) {
        if self.ranks.len() > SELECTED {
            line.sort_unstable();
        } else {
            select(line, 0, &self.ranks);
        }
    }
}

/// Selects the elements of these ascending ranks, where the line's first has the rank `first`: the middle one, then the
/// others on its sides.
fn select<T: Ord>(line: &mut [T], first: usize, ranks: &[usize]) {
    if ranks.is_empty() {
        return;
    }
    let middle = ranks.len() / 2;
    let (below, _, above) = line.select_nth_unstable(ranks[middle] - first);
    select(below, first, &ranks[..middle]);
    select(above, ranks[middle] + 1, &ranks[middle + 1..]);
}
