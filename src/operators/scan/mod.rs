//! Scans: each element of the output sums up the elements of its line so far.
//!
//! A line is all elements that differ in one axis alone. A [`Scan`] goes along its lines from the first
//! element to the last, or back; what a line remembers between two elements is its carry. A [`Carry`]
//! holds those of many lines at once, so whoever sweeps the parts of an array in order, handing the carry
//! on, gets what a sweep of the whole gives: the operations are the same, in the same order.

mod choose;
mod decay;
mod expand;
mod exponential;
mod grouped;
mod lines;
mod running;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use super::pattern::Piece;
use crate::array::{Block, Region};

pub use choose::{Scanner, choose};
pub use expand::OPERATORS;
pub use exponential::{decayed, paired};
pub use grouped::Index;
pub(super) use grouped::masked;

/// A scan along one axis.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The axis.
    pub axis: usize,
    /// Whether lines are swept from their last element to their first.
    pub reverse: bool,
    /// What is done with the elements.
    pub sweep: Arc<dyn Sweep>,
}

/// What a scan does with the elements of a line.
pub trait Sweep: fmt::Debug + Send + Sync {
    /// The carry of `lines` lines none of whose elements has been seen.
    fn begin(&self, lines: usize) -> Box<dyn Carry>;

    /// Bytes of the carry of one line.
    fn state_bytes(&self) -> usize;

    /// The same for each group of the elements of a line.
    fn by_groups(&self, index: grouped::Index) -> Arc<dyn Sweep>;
}

/// The carries of the lines of a block, in C order of all axes but the scanned one.
pub trait Carry: Send {
    /// Takes in the elements of `block` along `axis`, the last first where `reverse`; gives the output's
    /// elements in a block of the same shape.
    ///
    /// # Panics
    /// Where the block holds another type or has another number of lines.
    fn sweep(&mut self, block: &Block, axis: usize, reverse: bool) -> Block;
}

impl Scan {
    /// The lines that a region touches; saturates.
    pub fn lines(&self, region: &Region) -> u64 {
        let others = (0..region.rank()).filter(|axis| *axis != self.axis);
        others.fold(1, |n, axis| n.saturating_mul(region.shape[axis]))
    }

    /// The carry of the lines of `region`, none of whose elements has been seen.
    pub fn begin(&self, region: &Region) -> Box<dyn Carry> {
        self.sweep.begin(self.lines(region) as usize)
    }

    /// The elements that `output` depends on: those of its lines up to it, on an axis of `size` elements.
    pub fn reach(&self, output: &Region, size: u64) -> Region {
        let mut region = output.clone();
        let end = if self.reverse { size } else { output.end(self.axis) };
        region.start[self.axis] = if self.reverse { output.start[self.axis] } else { 0 };
        region.shape[self.axis] = end - region.start[self.axis];
        region
    }

    /// Whether elements `start`, `start + step`, … (`count` of them) of an axis of `size` elements are those
    /// that a sweep sees first, so that sweeping them alone gives the same.
    pub fn begins_with(&self, (start, step, count): (i64, i64, u64), size: u64) -> bool {
        let first = if self.reverse { size as i64 - count as i64 } else { 0 };
        count == 0 || (start == first && (step == 1 || count == 1))
    }
}

/// The values of region `output` from a piece that holds all that it depends on.
pub fn evaluate(scan: &Scan, output: &Region, piece: &Piece) -> Block {
    let swept = scan.begin(&piece.region).sweep(&piece.block, scan.axis, scan.reverse);
    if piece.region == *output { swept } else { swept.slice(&output.relative_to(&piece.region)) }
}
