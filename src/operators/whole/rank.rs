//! What sorting a line tells of its elements: their ranks, and which comes most often.

use super::keys::{Keys, with_keys};
use super::lines::{self, Layout};
use super::{LineFunction, unordered};
use crate::array::{Block, DType};

/// The ranks of elements from 1 on, as `f64`; equal ones share the mean of theirs, missing ones have none.
#[derive(Clone, Copy, Debug)]
pub struct Ranks {
    /// The dtype of the elements.
    pub dtype: DType,
    /// Whether ranks are divided by how many there are.
    pub part: bool,
}

impl LineFunction for Ranks {
    fn len(&self, n: u64) -> u64 {
        n
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        with_keys!(self.dtype, K => self.lines::<K>(block, layout), unordered(self.dtype))
    }

    fn room(&self, n: u64) -> u64 {
        with_keys!(self.dtype, K => lines::room(n, size_of::<(<K as Keys>::Key, u64)>(), n, size_of::<f64>()), 0)
    }
}

impl Ranks {
    fn lines<K: Keys>(&self, block: &Block, layout: Layout<'_>) -> Block {
        let values = block.values::<K::Value>().expect("calls are typed");
        let turn = |value| (K::key(K::merged(value)), 0u64);
        lines::each(values, layout, turn, |line: &mut [(K::Key, u64)], results| {
            line.iter_mut().enumerate().for_each(|(i, pair)| pair.1 = i as u64);
            line.sort_unstable();
            let present = K::MISSING.map_or(line.len(), |missing| line.partition_point(|pair| pair.0 < missing));
            let whole = if self.part { present as f64 } else { 1.0 };
            let mut first = 0;
            for equal in line[..present].chunk_by(|a, b| a.0 == b.0) {
                let rank = (first + 1 + first + equal.len()) as f64 / 2.0 / whole;
                equal.iter().for_each(|pair| results[pair.1 as usize] = rank);
                first += equal.len();
            }
            line[present..].iter().for_each(|pair| results[pair.1 as usize] = f64::NAN);
        })
    }
}

/// The element that comes most often, of several the least.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// The dtype of the elements.
    pub dtype: DType,
    /// Whether missing elements are passed over; else they make the result missing.
    pub skipna: bool,
}

impl LineFunction for Mode {
    fn len(&self, _: u64) -> u64 {
        1
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        with_keys!(self.dtype, K => self.lines::<K>(block, layout), unordered(self.dtype))
    }

    fn room(&self, n: u64) -> u64 {
        with_keys!(self.dtype, K => lines::room(n, size_of::<<K as Keys>::Key>(), 1, self.dtype.size()), 0)
    }
}

impl Mode {
    fn lines<K: Keys>(&self, block: &Block, layout: Layout<'_>) -> Block
    where
        K::Value: Default,
    {
        let values = block.values::<K::Value>().expect("calls are typed");
        let turn = |value| K::key(K::merged(value));
        lines::each(values, layout, turn, |line: &mut [K::Key], results| {
            line.sort_unstable();
            let present = K::MISSING.map_or(line.len(), |missing| line.partition_point(|key| *key < missing));
            let counted = if self.skipna || present == line.len() { &line[..present] } else { &[] };
            let mut most: Option<&[K::Key]> = None;
            for equal in counted.chunk_by(|a, b| a == b) {
                if most.is_none_or(|most| equal.len() > most.len()) {
                    most = Some(equal);
                }
            }
            let key = most.map_or(K::MISSING.unwrap_or_default(), |equal| equal[0]);
            results.fill(K::value(key));
        })
    }
}
