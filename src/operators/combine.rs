//! Reductions as data: accumulators that step over runs of elements, merge, and finish.
//!
//! An accumulator holds the state of many output cells at once. The order of steps and merges is
//! fixed by the plan, so results do not depend on timing.

use std::any::Any;
use std::fmt;

use super::contraction::Factors;
use super::tile::TileRef;
use crate::array::Block;

/// A reduction.
pub trait Combine: fmt::Debug + Send + Sync {
    /// State for `cells` output cells that have seen nothing.
    fn init(&self, cells: usize) -> Box<dyn Accumulator>;

    /// Bytes of state per cell, whatever the number of elements it gives.
    fn state_bytes(&self) -> usize;

    /// What finds the results of windows that move, where these are not taken in one by one.
    fn sliding(&self) -> Option<&dyn Sliding> {
        None
    }

    /// Bytes that an accumulator takes besides its states while it is at work, however many cells it has.
    fn room_bytes(&self) -> usize {
        0
    }
}

/// A reduction of windows that move along one axis, of which each is made of the one before.
pub trait Sliding {
    /// The results of the windows of a block.
    fn slide(&self, block: &Block, slide: Slide) -> Block;

    /// Bytes of room for windows of `length` elements that give `count` results side by side.
    fn room(&self, length: u64, count: u64) -> u64;
}

/// Windows that move along an axis of a block by one element.
#[derive(Clone, Copy, Debug)]
pub struct Slide {
    /// The axis.
    pub axis: usize,
    /// Where the first of them begins: before the block, where that is negative. They are cut off at its ends.
    pub first: i64,
    /// Their elements.
    pub length: u64,
    /// How many there are.
    pub count: u64,
}

/// Where the elements of a run go.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// All into the cell `first`.
    One,
    /// Element `i` into the cell `first + i`.
    Each,
    /// Element `i` into the cell `first + table[i] * stride`, or nowhere for `u32::MAX`.
    Table(&'a [u32], usize),
}

/// A run of consecutive elements along the innermost axis.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The elements stepped: this part of the tile.
    pub start: usize,
    /// How many.
    pub len: usize,
    /// The cell of the first element.
    pub first: usize,
    /// The cells of the others.
    pub cells: Cells<'a>,
    /// Where the first element lies among all that go to its cell: the position in the reduced axes, flattened in C
    /// order over their whole extent, within the group along a grouped axis, and within the window of windows.
    pub position: u64,
    /// How much the position grows per element: zero where the innermost axis is kept.
    pub position_step: u64,
    /// How many steps each element lies from `position` where they do not follow each other; only with a table of
    /// cells.
    pub places: Option<&'a [u32]>,
}

/// Several runs of one length into the same cells: the first, and where the others lie.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// How many.
    pub count: usize,
    /// Elements of the tile between the beginnings of one and the next.
    pub stride: usize,
    /// How much the position grows from one to the next.
    pub step: u64,
}

impl Run<'_> {
    /// The position of element `i`.
    #[inline(always)]
    pub fn position(&self, i: usize) -> u64 {
        let place = self.places.map_or(i as u64, |places| places.get(i).map_or(0, |&place| u64::from(place)));
        self.position + place * self.position_step
    }
}

/// The state of a reduction over a range of cells.
pub trait Accumulator: Send {
    /// Takes in a run of `values`; `weights` has as many elements, where the reduction is weighted.
    ///
    /// # Panics
    /// Where it is the state of a contraction.
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, weights: Option<TileRef<'_>>);

    /// Takes in several runs of `values`, of which `run` is the first, one after the other.
    fn step_rows(&mut self, run: &Run<'_>, rows: Rows, values: TileRef<'_>) {
        for row in 0..rows.count {
            let (start, position) = (run.start + row * rows.stride, run.position + row as u64 * rows.step);
            self.step(&Run { start, position, ..*run }, values, None);
        }
    }

    /// Takes in the products of whole blocks.
    ///
    /// # Panics
    /// Where it is not the state of a contraction: only that takes blocks, and it takes nothing else.
    fn multiply(&mut self, _: &Factors<'_>) {
        unreachable!("only contractions take blocks")
    }

    /// Takes in what `other`, of the same kind and as many cells, has seen after this one.
    ///
    /// # Panics
    /// Where `other` is of another kind.
    fn merge(&mut self, other: Box<dyn Accumulator>);

    /// Goes on along lines: `later` holds `length` rows of `inner` cells for each row of `inner` cells here, and each of its
    /// cells becomes the state of all that its line has seen up to there, beginning with what was seen here. The last of
    /// them stay here.
    ///
    /// # Panics
    /// Where `later` is of another kind, or the reduction is none of windows.
    fn lead(&mut self, _later: Box<dyn Accumulator>, _length: usize, _inner: usize) -> Box<dyn Accumulator> {
        unreachable!("only reductions of windows go on along lines")
    }

    /// Gives back what only work takes: nothing is stepped or merged for a while.
    fn rest(&mut self) {}

    /// The results in C order: one element a cell, or those over which a cell's result spreads.
    fn finish(self: Box<Self>) -> Block;

    /// For `merge` to get at its own kind.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}
