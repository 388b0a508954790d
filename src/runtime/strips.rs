//! The order in which a task walks its elements: strip by strip, and each strip in tiles.
//!
//! A reduction that keeps many cells would stream the states of all of them past the processor once for
//! every few elements it takes in. *Strips* cut the kept axes, so that the states of one strip stay in the
//! cache while all that the task has for them goes by. Tasks that step the same cells follow each other
//! strip by strip, so several of them are at work at once.
//!
//! A *tile* never holds part of a row of the innermost reduced axes beside another row: where the additions of
//! a row are cut depends on the row and not on where the task begins, which a budget may move.

use super::reduce::Reducer;
use crate::array::{ChunkGrid, Region};
use crate::operators::tile::TILE;

/// Bytes of the states of a strip: they stay in the second-level cache, beside the tiles.
const STATES: u64 = 256 << 10;

/// A run of neighbouring elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The place of the first among the elements of the task, in C order.
    pub start: usize,
    /// Its place among those of the strip.
    pub within: usize,
    /// How many, at most [`TILE`].
    pub len: usize,
}

/// The strips of a task over `region`, in the order in which it walks them. They are the same for all tasks that
/// step the same cells.
pub fn strips<'r>(reducers: impl Iterator<Item = &'r Reducer>, region: &Region) -> Vec<Region> {
    let shared: Vec<&Reducer> = reducers.filter(|reducer| reducer.is_shared(region)).collect();
    let Some(first) = shared.first() else { return vec![region.clone()] };
    let open = first.reduction.open_axes();
    if shared.iter().any(|reducer| reducer.reduction.open_axes() != open) {
        return vec![region.clone()];
    }
    let kept: Vec<usize> = (0..region.rank()).filter(|axis| !open.contains(axis)).collect();
    let bytes: u64 = shared.iter().map(|reducer| reducer.reduction.state_bytes(region)).sum();
    let mut parts = bytes.div_ceil(STATES);
    let mut shape = region.shape.clone();
    for axis in kept {
        let size = (shape[axis] / parts).max(1);
        parts = parts.div_ceil(shape[axis].div_ceil(size));
        shape[axis] = size;
    }
    let grid = ChunkGrid::regular(&shape);
    let counts = Region::whole(&grid.counts(&region.shape));
    let strip = |index: Vec<u64>| {
        let mut strip = grid.region(&index, &region.shape);
        strip.start.iter_mut().zip(&region.start).for_each(|(start, origin)| *start += origin);
        strip
    };
    counts.indices().map(strip).collect()
}

/// Elements of a row of the innermost axes that are reduced, over all `reducers`; one where they keep the
/// innermost axis.
pub fn row<'r>(reducers: impl Iterator<Item = &'r Reducer>, region: &Region) -> usize {
    let of = |reducer: &Reducer| {
        let reduced = (0..region.rank()).rev().take_while(|axis| reducer.reduction.axes.contains(axis));
        reduced.map(|axis| region.shape[axis] as usize).product::<usize>()
    };
    reducers.map(of).max().unwrap_or(1).max(1)
}

/// The tiles of a strip of `region`, in C order; none holds parts of two rows of `row` elements.
pub fn tiles(region: &Region, strip: &Region, row: usize) -> impl Iterator<Item = Span> {
    let (start, shape) = (strip.relative_to(region).start, strip.shape.clone());
    let whole: Vec<usize> = region.shape.iter().map(|n| *n as usize).collect();
    let mut outer = shape.len();
    let mut run = 1;
    while outer > 0 {
        outer -= 1;
        run *= shape[outer] as usize;
        if shape[outer] != region.shape[outer] {
            break;
        }
    }
    let runs = shape[..outer].iter().product::<u64>() as usize * usize::from(run > 0);
    let first = move |number: usize| {
        let (mut rest, mut place, mut stride) = (number, 0, 1);
        for axis in (0..shape.len()).rev() {
            let mut at = start[axis] as usize;
            if axis < outer {
                at += rest % shape[axis] as usize;
                rest /= shape[axis] as usize;
            }
            place += at * stride;
            stride *= whole[axis];
        }
        place
    };
    let row = row.min(run.max(1));
    // A piece is whole rows that fit a tile, or one row that does not.
    let piece = if row > TILE { row } else { TILE / row * row };
    (0..runs).flat_map(move |number| {
        let (place, before) = (first(number), number * run);
        let pieces = (0..run).step_by(piece).flat_map(move |at| {
            let end = (at + piece).min(run);
            (at..end).step_by(TILE.min(piece)).map(move |at| (at, TILE.min(piece).min(end - at)))
        });
        pieces.map(move |(at, len)| Span { start: place + at, within: before + at, len })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(start: &[u64], shape: &[u64]) -> Region {
        Region { start: start.to_vec(), shape: shape.to_vec() }
    }

    fn spans(whole: &Region, strip: &Region, row: usize) -> Vec<(usize, usize, usize)> {
        tiles(whole, strip, row).map(|span| (span.start, span.within, span.len)).collect()
    }

    #[test]
    fn a_whole_region_is_one_run() {
        let whole = region(&[5, 0], &[3, 1000]);
        assert_eq!(spans(&whole, &whole, 1), [(0, 0, 1024), (1024, 1024, 1024), (2048, 2048, 952)]);
    }

    #[test]
    fn rows_begin_their_own_tiles() {
        let whole = region(&[0, 0], &[2, 1500]);
        assert_eq!(
            spans(&whole, &whole, 1500),
            [(0, 0, 1024), (1024, 1024, 476), (1500, 1500, 1024), (2524, 2524, 476)]
        );
        let whole = region(&[0, 0], &[5, 400]);
        assert_eq!(spans(&whole, &whole, 400), [(0, 0, 800), (800, 800, 800), (1600, 1600, 400)]);
    }

    #[test]
    fn a_strip_is_a_run_for_each_outer_element() {
        let whole = region(&[7, 10, 0], &[2, 6, 5]);
        let strip = region(&[7, 12, 0], &[2, 3, 5]);
        assert_eq!(spans(&whole, &strip, 1), [(10, 0, 15), (40, 15, 15)]);
        let strip = region(&[7, 12, 2], &[2, 2, 3]);
        assert_eq!(spans(&whole, &strip, 1), [(12, 0, 3), (17, 3, 3), (42, 6, 3), (47, 9, 3)]);
    }

    #[test]
    fn corners() {
        assert_eq!(spans(&region(&[], &[]), &region(&[], &[]), 1), [(0, 0, 1)]);
        let empty = region(&[0, 0], &[3, 0]);
        assert_eq!(spans(&empty, &empty, 1), []);
        let empty = region(&[0, 0], &[0, 3]);
        assert_eq!(spans(&empty, &empty, 3), []);
    }
}
