//! Order: the elements of lines in ascending or descending order, their positions, the first few of them.
//!
//! Missing elements come last either way. Positions are those of a stable sort: of equal elements (both
//! zeros are equal) the first comes first.

use super::keys::{Keys, with_keys};
use super::lines::{self, Layout};
use super::{LineFunction, unordered};
use crate::array::{Block, DType};

/// Lines in order.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The dtype of the elements.
    pub dtype: DType,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// How many are given, from the first on; all where there is no number.
    pub first: Option<u64>,
    /// Whether positions are given and not elements.
    pub positions: bool,
}

impl LineFunction for Order {
    fn len(&self, n: u64) -> u64 {
        self.first.unwrap_or(n)
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        let n: u64 = layout.axes.iter().map(|axis| block.shape()[*axis]).product();
        with_keys!(self.dtype, K => match (self.positions, u32::try_from(n)) {
            (false, _) => self.elements::<K>(block, layout),
            (true, Ok(_)) => self.places::<K, u32>(block, layout, |i| i as u32, i64::from),
            (true, Err(_)) => self.places::<K, i64>(block, layout, |i| i as i64, |i| i),
        }, unordered(self.dtype))
    }

    fn room(&self, n: u64) -> u64 {
        with_keys!(self.dtype, K => {
            let key = match (self.positions, u32::try_from(n)) {
                (false, _) => size_of::<<K as Keys>::Key>(),
                (true, Ok(_)) => size_of::<(<K as Keys>::Key, u32)>(),
                (true, Err(_)) => size_of::<(<K as Keys>::Key, i64)>(),
            };
            lines::room(n, key, self.len(n), if self.positions { 8 } else { self.dtype.size() })
        }, 0)
    }
}

impl Order {
    /// The key by which an element comes where it should, or back.
    fn turned<K: Keys>(&self, key: K::Key) -> K::Key {
        if self.descending && Some(key) != K::MISSING { !key } else { key }
    }

    fn elements<K: Keys>(&self, block: &Block, layout: Layout<'_>) -> Block
    where
        K::Value: Default,
    {
        let values = block.values::<K::Value>().expect("calls are typed");
        let turn = |value| self.turned::<K>(K::key(value));
        lines::each(values, layout, turn, |line, results| {
            settle(line, results.len());
            let elements = line.iter().map(|key| K::value(self.turned::<K>(*key)));
            results.iter_mut().zip(elements).for_each(|(result, element)| *result = element);
        })
    }

    fn places<K: Keys, I: Copy + Default + Ord>(
        &self,
        block: &Block,
        layout: Layout<'_>,
        index: impl Fn(usize) -> I,
        position: impl Fn(I) -> i64,
    ) -> Block {
        let values = block.values::<K::Value>().expect("calls are typed");
        let turn = |value| (self.turned::<K>(K::key(K::merged(value))), I::default());
        lines::each(values, layout, turn, |line: &mut [(K::Key, I)], results| {
            line.iter_mut().enumerate().for_each(|(i, pair)| pair.1 = index(i));
            settle(line, results.len());
            results.iter_mut().zip(line).for_each(|(result, pair)| *result = position(pair.1));
        })
    }
}

/// Puts the first `count` elements of a line where they would be if it were sorted.
fn settle<T: Ord>(line: &mut [T], count: usize) {
    let first = match count {
        0 => return,
        count if count < line.len() => {
            line.select_nth_unstable(count - 1);
            &mut line[..count]
        }
        _ => line,
    };
    first.sort_unstable();
}
