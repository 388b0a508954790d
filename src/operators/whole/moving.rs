//! Quantiles of windows that move along a line, and of all its elements so far.

use super::keys::{Keys, with_keys};
use super::lines::{self, Layout};
use super::ordered::Ordered;
use super::quantile::Method;
use super::{LineFunction, unordered};
use crate::array::block::Element;
use crate::array::{Block, DType};
use crate::operators::combine::{Accumulator, Combine, Slide, Sliding};

/// A quantile of each window, whose elements are kept in order while it moves.
#[derive(Clone, Debug)]
pub struct Moving {
    /// The dtype of the elements.
    pub dtype: DType,
    /// The quantile, from 0 to 1.
    pub level: f64,
    /// What is given between two elements.
    pub method: Method,
    /// Whether missing elements are passed over; else they make the result missing.
    pub skipna: bool,
    /// The fewest elements present for a result.
    pub least: u64,
}

/// As a function of lines, of windows that grow: each element and all before it.
impl LineFunction for Moving {
    fn len(&self, n: u64) -> u64 {
        n
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        let n: u64 = layout.axes.iter().map(|axis| block.shape()[*axis]).product();
        self.moved(block, layout, (1 - n as i64, n as i64))
    }

    fn room(&self, n: u64) -> u64 {
        Sliding::room(self, n, n)
    }
}

impl Sliding for Moving {
    fn slide(&self, block: &Block, slide: Slide) -> Block {
        let Slide { axis, first, length, count } = slide;
        self.moved(block, Layout { axes: &[axis], place: axis, len: count as usize }, (first, length as i64))
    }

    fn room(&self, length: u64, count: u64) -> u64 {
        let n = length.saturating_add(count);
        with_keys!(self.dtype, K => {
            let (key, between) = (size_of::<<K as Keys>::Key>(), size_of::<<K as Keys>::Between>());
            lines::room(n, key, count, between).saturating_add(Ordered::<<K as Keys>::Key>::room(n))
        }, 0)
    }
}

impl Combine for Moving {
    fn init(&self, _: usize) -> Box<dyn Accumulator> {
        unreachable!("windows that slide are not taken in one by one")
    }

    fn state_bytes(&self) -> usize {
        self.dtype.size()
    }

    fn sliding(&self) -> Option<&dyn Sliding> {
        Some(self)
    }
}

impl Moving {
    /// The quantiles of windows of each line, `length` elements long, the first of which begins at `first`.
    fn moved(&self, block: &Block, layout: Layout<'_>, window: (i64, i64)) -> Block {
        with_keys!(self.dtype, K => if self.method.picks() {
            let nothing = K::value(K::MISSING.unwrap_or_default());
            self.lines::<K, <K as Keys>::Value>(block, (layout, window), (|low, _, _| low, nothing))
        } else {
            self.lines::<K, <K as Keys>::Between>(block, (layout, window), (self.method.between::<K>(), K::nothing()))
        }, unordered(self.dtype))
    }

    /// Runs over lines, making results of the elements below and above and how far to go between; `nothing` where
    /// there are too few.
    fn lines<K: Keys, R: Element + Copy + Default>(
        &self,
        block: &Block,
        (layout, (first, length)): (Layout<'_>, (i64, i64)),
        (result, nothing): (impl Fn(K::Value, K::Value, f64) -> R, R),
    ) -> Block {
        let values = block.values::<K::Value>().expect("calls are typed");
        lines::each(values, layout, K::key, |line, results| {
            let n = line.len() as i64;
            let mut ordered = Ordered::of(line, K::MISSING);
            let (mut start, mut end, mut missing) = (0, 0, 0usize);
            for (place, into) in (first..).zip(results) {
                while end < (place + length).clamp(0, n) {
                    match line[end as usize] {
                        key if Some(key) == K::MISSING => missing += 1,
                        key => ordered.put(key),
                    }
                    end += 1;
                }
                while start < place.clamp(0, end) {
                    match line[start as usize] {
                        key if Some(key) == K::MISSING => missing -= 1,
                        key => ordered.take(key),
                    }
                    start += 1;
                }
                let count = ordered.count();
                let is_result = count > 0 && count as u64 >= self.least && (missing == 0 || self.skipna);
                *into = match is_result {
                    true => {
                        let (low, high, part) = self.method.place(self.level, count);
                        result(K::value(ordered.at(low)), K::value(ordered.at(high)), part)
                    }
                    false => nothing,
                };
            }
        })
    }
}
