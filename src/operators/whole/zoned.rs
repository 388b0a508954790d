//! Quantiles of groups that codes beside the elements tell.

use super::keys::{Keys, with_keys};
use super::lines::{self, Layout};
use super::quantile::{Method, Quantiles};
use super::{LineFunction, unordered};
use crate::array::Block;
use crate::array::block::Element;

/// Quantiles of each group of a line's elements: those of a group follow those of the one before.
#[derive(Clone, Debug)]
pub struct Zoned {
    /// Quantiles of all elements of a line.
    pub quantiles: Quantiles,
    /// How many groups there are; elements with other codes belong to none.
    pub groups: usize,
}

impl LineFunction for Zoned {
    fn len(&self, _: u64) -> u64 {
        (self.groups * self.quantiles.levels.len()) as u64
    }

    fn run(&self, _: &Block, _: Layout<'_>) -> Block {
        unreachable!("there are codes")
    }

    fn run_with(&self, block: &Block, codes: &Block, layout: Layout<'_>) -> Block {
        let method: Method = self.quantiles.method;
        with_keys!(self.quantiles.dtype, K => if method.picks() {
            let nothing = K::value(K::MISSING.unwrap_or_default());
            self.lines::<K, <K as Keys>::Value>((block, codes), layout, (|low, _, _| low, nothing))
        } else {
            self.lines::<K, <K as Keys>::Between>((block, codes), layout, (method.between::<K>(), K::nothing()))
        }, unordered(self.quantiles.dtype))
    }

    fn room(&self, n: u64) -> u64 {
        with_keys!(self.quantiles.dtype, K => {
            let pair = size_of::<<K as Keys>::Key>() + size_of::<i32>();
            let own = n.saturating_mul(pair as u64).saturating_add(self.groups as u64 * 2 * size_of::<usize>() as u64);
            lines::room(n, pair, self.len(n), size_of::<<K as Keys>::Between>()).saturating_add(own)
        }, 0)
    }
}

impl Zoned {
    fn lines<K: Keys, R: Element + Copy + Default>(
        &self,
        (block, codes): (&Block, &Block),
        layout: Layout<'_>,
        (result, nothing): (impl Fn(K::Value, K::Value, f64) -> R, R),
    ) -> Block {
        let values = block.values::<K::Value>().expect("calls are typed");
        let codes = codes.values::<i32>().expect("calls are typed");
        let mut find = self.quantiles.finder::<K, R>(result, nothing);
        let levels = self.quantiles.levels.len();
        let (mut ends, mut room) = (vec![0; self.groups], Vec::new());
        lines::pairs((values, codes), layout, K::key, |line: &[K::Key], codes, results: &mut [R]| {
            self.part(line, codes, (&mut ends, &mut room));
            let mut start = 0;
            for (group, end) in ends.iter().enumerate() {
                find(&mut room[start..*end], &mut results[group * levels..][..levels]);
                start = *end;
            }
        })
    }

    /// Moves a line's elements to `room`, group after group, and says where each group ends.
    fn part<K: Copy + Default>(&self, line: &[K], codes: &[i32], (ends, room): (&mut [usize], &mut Vec<K>)) {
        let group = |code: &i32| usize::try_from(*code).ok().filter(|group| *group < self.groups);
        ends.fill(0);
        codes.iter().filter_map(group).for_each(|group| ends[group] += 1);
        let mut before = 0;
        for end in ends.iter_mut() {
            (before, *end) = (before + *end, before);
        }
        room.clear();
        room.resize(before, K::default());
        for (key, group) in line.iter().zip(codes).filter_map(|(key, code)| Some((key, group(code)?))) {
            room[ends[group]] = *key;
            ends[group] += 1;
        }
    }
}
