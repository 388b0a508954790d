//! Two reductions side by side over the same elements, whose results make one: a mean of a sum and a
//! count, a range of two extremes, any reduction that needs so many elements to count.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use num_complex::Complex64;

use super::super::combine::{Accumulator, Combine, Rows, Run};
use super::super::tile::TileRef;
use super::numbers::block_of;
use crate::array::block::{Element, with_type, with_values};
use crate::array::{Block, DType, Scalar};

/// Two reductions side by side.
#[derive(Clone, Debug)]
pub struct Pair<J> {
    /// The first.
    pub first: Arc<dyn Combine>,
    /// The second.
    pub second: Arc<dyn Combine>,
    /// How their results become one.
    pub join: J,
}

/// How the results of two reductions become one.
pub trait JoinResults: Clone + fmt::Debug + Send + Sync + 'static {
    /// The result, one element a cell.
    fn results(&self, first: Block, second: Block) -> Block;
}

impl<J: JoinResults> Combine for Pair<J> {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        let (first, second) = (self.first.init(cells), self.second.init(cells));
        Box::new(PairStates { first, second, join: self.join.clone() })
    }

    fn state_bytes(&self) -> usize {
        self.first.state_bytes() + self.second.state_bytes()
    }

    fn room_bytes(&self) -> usize {
        self.first.room_bytes() + self.second.room_bytes()
    }
}

/// The states of two reductions over the same cells.
struct PairStates<J> {
    first: Box<dyn Accumulator>,
    second: Box<dyn Accumulator>,
    join: J,
}

impl<J: JoinResults> Accumulator for PairStates<J> {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, weights: Option<TileRef<'_>>) {
        self.first.step(run, values, weights);
        self.second.step(run, values, weights);
    }

    fn step_rows(&mut self, run: &Run<'_>, rows: Rows, values: TileRef<'_>) {
        self.first.step_rows(run, rows, values);
        self.second.step_rows(run, rows, values);
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.first.merge(other.first);
        self.second.merge(other.second);
    }

    fn lead(&mut self, later: Box<dyn Accumulator>, length: usize, inner: usize) -> Box<dyn Accumulator> {
        let later = later.into_any().downcast::<Self>().expect("accumulators of one reduction");
        let first = self.first.lead(later.first, length, inner);
        let second = self.second.lead(later.second, length, inner);
        Box::new(PairStates { first, second, join: later.join })
    }

    fn rest(&mut self) {
        self.first.rest();
        self.second.rest();
    }

    fn finish(self: Box<Self>) -> Block {
        self.join.results(self.first.finish(), self.second.finish())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// A sum over a count; NaN where that is zero.
#[derive(Clone, Copy, Debug)]
pub struct Quotient {
    /// The dtype of the result.
    pub dtype: DType,
}

impl JoinResults for Quotient {
    fn results(&self, sums: Block, counts: Block) -> Block {
        let counts = counts.values::<i64>().map(|v| v.clone().into_vec()).unwrap_or_default();
        let divisor = |n: i64| if n == 0 { f64::NAN } else { n as f64 };
        match sums {
            Block::F64(sums) => {
                let means = sums.into_vec().into_iter().zip(counts).map(|(s, n)| s / divisor(n));
                block_of(means.collect::<Vec<f64>>(), self.dtype)
            }
            Block::C128(sums) => {
                let means = sums.into_vec().into_iter().zip(counts).map(|(s, n)| s / divisor(n));
                block_of(means.collect::<Vec<Complex64>>(), self.dtype)
            }
            other => unreachable!("means are made of f64 and c128 sums, not {}", other.dtype()),
        }
    }
}

/// The greatest less the least element; integers wrap, a missing one makes the range missing.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Whether the elements are times.
    pub times: bool,
}

impl JoinResults for Range {
    fn results(&self, greatest: Block, least: Block) -> Block {
        macro_rules! subtract {
            ($($variant:ident $a:ident $b:ident => $difference:expr;)*) => {
                match (greatest, least) {
                    (Block::I64(a), Block::I64(b)) if self.times => {
                        let pairs = a.into_vec().into_iter().zip(b.into_vec());
                        let range = |(a, b): (i64, i64)| if a == i64::MIN { a } else { a.wrapping_sub(b) };
                        Block::from_list(pairs.map(range).collect::<Vec<i64>>())
                    }
                    $((Block::$variant(a), Block::$variant(b)) => {
                        let pairs = a.into_vec().into_iter().zip(b.into_vec());
                        Block::from_list(pairs.map(|($a, $b)| $difference).collect::<Vec<_>>())
                    })*
                    (other, _) => unreachable!("ranges are of numbers and times, not of {}", other.dtype()),
                }
            };
        }
        subtract! {
            I8 a b => a.wrapping_sub(b); I16 a b => a.wrapping_sub(b);
            I32 a b => a.wrapping_sub(b); I64 a b => a.wrapping_sub(b);
            U8 a b => a.wrapping_sub(b); U16 a b => a.wrapping_sub(b);
            U32 a b => a.wrapping_sub(b); U64 a b => a.wrapping_sub(b);
            F16 a b => a - b; F32 a b => a - b; F64 a b => a - b;
        }
    }
}

/// Any result, missing where a count is too small.
#[derive(Clone, Debug)]
pub struct AtLeast {
    /// The least count.
    pub count: u64,
    /// The dtype of the result.
    pub dtype: DType,
    /// What stands for a missing result.
    pub missing: Scalar,
}

impl JoinResults for AtLeast {
    fn results(&self, results: Block, counts: Block) -> Block {
        fn converted<T: Element>(values: crate::array::block::Values<T>, dtype: DType) -> Block {
            block_of(values.into_vec(), dtype)
        }
        let results = with_values!(results, values => converted(values, self.dtype));
        let counts = counts.values::<i64>().map(|v| v.clone().into_vec()).unwrap_or_default();
        with_type!(self.dtype, T => {
            let missing = T::from_scalar(&self.missing);
            let mut values = T::values(&results).map(|v| v.clone().into_vec()).unwrap_or_default();
            blank(&mut values, &counts, self.count, &missing);
            Block::from_list(values)
        })
    }
}
/// Sets the values of which fewer than `least` were counted.
fn blank<T: Element>(values: &mut [T], counts: &[i64], least: u64, missing: &T) {
    for (value, count) in values.iter_mut().zip(counts) {
        if (*count as u64) < least {
            value.clone_from(missing);
        }
    }
}
