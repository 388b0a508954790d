//! The order in which a task walks its elements: strip by strip, and each strip in tiles.
//!
//! A reduction that keeps many cells would stream the states of all of them past the processor once for
//! every few elements it takes in. *Strips* cut the kept axes, so that the states of one strip stay in the
//! cache while all that the task has for them goes by. Tasks that step the same cells follow each other
//! strip by strip, so several of them are at work at once.
//!
//! Where cells are kept along the innermost axes, a tile is several *rows* of neighbouring cells, one under the other along an
//! axis that is reduced: a cell's state is taken up once for all of them.
//!
//! A *tile* never holds part of a row of the innermost reduced axes beside another row: where the additions of
//! a row are cut depends on the row and not on where the task begins, which a budget may move.

use super::reduce::Reducer;
use crate::array::{ChunkGrid, Region};
use crate::operators::tile::TILE;
use crate::planner::plan::Walk;

/// The most rows of a tile.
const ROWS: usize = 32;

/// The elements of a tile: one or more rows of neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The place of the first among the elements of the task, in C order.
    pub start: usize,
    /// Its place among those of the strip.
    pub within: usize,
    /// Elements of a row, at most [`TILE`].
    pub len: usize,
    /// How many rows there are.
    pub rows: usize,
    /// Places in the task from the beginning of a row to that of the next.
    pub apart: usize,
    /// The same in the strip.
    pub apart_within: usize,
}

/// How a strip is divided into tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// Elements of a row of the innermost axes of which no tile holds a part beside another row.
    pub row: usize,
    /// The axis along which a tile has several rows.
    pub over: Option<usize>,
}

impl Tiling {
    /// The most rows that a tile of `region` has.
    pub fn rows(self, region: &Region) -> usize {
        self.over.map_or(1, |axis| ROWS.min(region.shape[axis] as usize))
    }
}

/// The strips of a task over `region`, in the order in which it walks them. They are the same for all tasks that step the
/// same cells.
pub fn strips(walk: &Walk, region: &Region) -> Vec<Region> {
    let Some(shape) = &walk.strip else { return vec![region.clone()] };
    let grid = ChunkGrid::regular(shape);
    let counts = Region::whole(&grid.counts(&region.shape));
    let strip = |index: Vec<u64>| {
        let mut strip = grid.region(&index, &region.shape);
        strip.start.iter_mut().zip(&region.start).for_each(|(start, origin)| *start += origin);
        strip
    };
    counts.indices().map(strip).collect()
}

/// Elements of a row of the innermost axes that are reduced, over all `reducers`; one where they keep the innermost axis.
pub fn row<'r>(reducers: impl Iterator<Item = &'r Reducer>, region: &Region) -> usize {
    let of = |reducer: &Reducer| {
        let reduced = (0..region.rank()).rev().take_while(|axis| reducer.reduction.axes.contains(axis));
        reduced.map(|axis| region.shape[axis] as usize).product::<usize>()
    };
    reducers.map(of).max().unwrap_or(1).max(1)
}

/// The tiles of a strip of `region`, in C order of the first elements of their rows, but for the axis over which tiles have
/// rows, which goes by in as many at a time as there may be in a tile.
pub fn tiles(region: &Region, strip: &Region, tiling: Tiling) -> impl Iterator<Item = Span> {
    let over = tiling.over.filter(|axis| strip.shape[*axis] > 1);
    let (whole, own) = (c_strides(&region.shape), c_strides(&strip.shape));
    let origin: usize = strip.relative_to(region).start.iter().zip(&whole).map(|(at, step)| *at as usize * step).sum();
    let all_rows = over.map_or(1, |axis| strip.shape[axis] as usize);
    let (apart, apart_within) = over.map_or((0, 0), |axis| (whole[axis], own[axis]));
    let mut shape = strip.shape.clone();
    over.into_iter().for_each(|axis| shape[axis] = 1);
    let (outer, run) = runs(region, &shape);
    let row = tiling.row.min(run.max(1));
    // A piece is whole rows that fit a tile, or one row that does not.
    let piece = if row > TILE { row } else { TILE / row * row };
    let count = shape[..outer].iter().product::<u64>() as usize * usize::from(run > 0);
    (0..all_rows).step_by(ROWS).flat_map(move |batch| {
        let rows = ROWS.min(all_rows - batch);
        let (whole, own, shape) = (whole.clone(), own.clone(), shape.clone());
        (0..count).flat_map(move |number| {
            let (mut place, mut within, mut rest) = (origin + batch * apart, batch * apart_within, number);
            for axis in (0..outer).rev() {
                let at = rest % shape[axis] as usize;
                rest /= shape[axis] as usize;
                place += at * whole[axis];
                within += at * own[axis];
            }
            let pieces = (0..run).step_by(piece).flat_map(move |at| {
                let end = (at + piece).min(run);
                (at..end).step_by(TILE.min(piece)).map(move |at| (at, TILE.min(piece).min(end - at)))
            });
            let span = move |(at, len)| Span { start: place + at, within: within + at, len, rows, apart, apart_within };
            pieces.map(span)
        })
    })
}

/// How many outer axes of a part of `region` with this shape are walked element by element, and how many elements follow
/// each other below them.
fn runs(region: &Region, shape: &[u64]) -> (usize, usize) {
    let (mut outer, mut run) = (shape.len(), 1);
    while outer > 0 {
        outer -= 1;
        run *= shape[outer] as usize;
        if shape[outer] != region.shape[outer] {
            break;
        }
    }
    (outer, run)
}

fn c_strides(shape: &[u64]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as usize;
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(start: &[u64], shape: &[u64]) -> Region {
        Region { start: start.to_vec(), shape: shape.to_vec() }
    }

    fn spans(whole: &Region, strip: &Region, row: usize) -> Vec<(usize, usize, usize)> {
        tiles(whole, strip, Tiling { row, over: None }).map(|span| (span.start, span.within, span.len)).collect()
    }

    #[test]
    fn rows_lie_one_under_the_other() {
        let whole = region(&[4, 0, 0], &[40, 3, 1500]);
        let strip = region(&[4, 1, 0], &[40, 2, 1500]);
        let spans: Vec<_> = tiles(&whole, &strip, Tiling { row: 1, over: Some(0) }).collect();
        let span = |(start, within, len, rows)| Span { start, within, len, rows, apart: 4500, apart_within: 3000 };
        let first = [(1500, 0, 1024, 32), (2524, 1024, 1024, 32), (3548, 2048, 952, 32)];
        let second = [(145_500, 96_000, 1024, 8), (146_524, 97_024, 1024, 8), (147_548, 98_048, 952, 8)];
        assert_eq!(spans, first.into_iter().chain(second).map(span).collect::<Vec<_>>());
        let over = |axis| tiles(&whole, &strip, Tiling { row: 1, over: Some(axis) });
        assert_eq!(over(1).map(|span| span.rows * span.len).sum::<usize>(), 40 * 2 * 1500);
        assert_eq!(over(1).next().map(|span| (span.rows, span.apart, span.apart_within)), Some((2, 1500, 1500)));
        let seen: std::collections::BTreeSet<usize> = over(1)
            .flat_map(|span| {
                (0..span.rows).flat_map(move |row| (0..span.len).map(move |i| span.start + row * span.apart + i))
            })
            .collect();
        assert_eq!(seen.len(), 40 * 2 * 1500);
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
