//! The values of windows: each output cell takes in the elements its window sees, in C order of their
//! offsets, so the result does not depend on how the output is cut.

use super::combine::{Accumulator, Cells, Run, Slide};
use super::pattern::{Piece, Window, WindowAxis};
use super::tile::{Tile, TileRef, load};
use crate::array::{Block, Region};

/// Bytes of the states of cells that take in their windows together.
const BAND: u64 = 256 << 10;

/// The values of region `output` of a window reduction, from a piece that holds at least what it
/// requires of the input.
pub fn evaluate(window: &Window, output: &Region, piece: &Piece) -> Block {
    if let (Some(sliding), [w]) = (window.combine.sliding(), &window.axes[..]) {
        let first = output.start[w.axis] as i64 - w.before as i64 - piece.region.start[w.axis] as i64;
        let slide = Slide { axis: w.axis, first, length: w.length, count: output.shape[w.axis] };
        return sliding.slide(&piece.block, slide);
    }
    let cells = output.count() as usize;
    let row = output.shape.last().map_or(1, |n| *n as usize);
    let band = (band_cells(window, output) as usize).min(cells);
    let walk = (cells > 0 && !piece.region.is_empty()).then(|| Walk::new(window, output, piece));
    let finished = |start: usize, len: usize| {
        let mut acc = window.combine.init(len);
        if let Some(walk) = &walk {
            walk.step_rows(acc.as_mut(), start / row..(start + len) / row);
        }
        acc.finish()
    };
    if band == cells {
        return finished(0, cells).reshape(&output.shape);
    }
    let mut whole: Option<Block> = None;
    for start in (0..cells).step_by(band) {
        let part = finished(start, band.min(cells - start));
        let whole = whole.get_or_insert_with(|| Block::unset(part.dtype(), &[cells as u64]));
        whole.assign(&[start as u64], &part);
    }
    whole.expect("there is a band").reshape(&output.shape)
}

/// Bytes of state that [`evaluate`] holds at once for a region of the output.
pub fn state_bytes(window: &Window, output: &Region) -> u64 {
    if let (Some(sliding), [w]) = (window.combine.sliding(), &window.axes[..]) {
        return sliding.room(w.length, output.shape[w.axis]);
    }
    let states = band_cells(window, output).min(output.count()).saturating_mul(window.combine.state_bytes() as u64);
    states.saturating_add(window.combine.room_bytes() as u64)
}

/// Cells whose states are held at once: whole rows, as many as stay in the cache.
fn band_cells(window: &Window, output: &Region) -> u64 {
    let row = output.shape.last().map_or(1, |n| (*n).max(1));
    let state = (window.combine.state_bytes() as u64).max(1);
    (BAND / state / row).max(1) * row
}

/// Windows side by side of so many elements and more are taken in one by one.
const LONG: u64 = 64;

/// A walk over the rows of the output, and for each over the rows of the input its windows see.
struct Walk<'a> {
    window: &'a Window,
    output: &'a Region,
    piece: &'a Piece,
    spans: Vec<Span>,
}

/// Part of an input row, and the cells of the output row that its elements go to.
struct Span {
    /// The first element within the row of the piece.
    start: usize,
    /// How many.
    len: usize,
    /// The cell of the first, within the output row.
    first: usize,
    /// Where in its window the first lies along the innermost axis.
    offset: u64,
    /// Elements from one that is taken to the next: cells are neighbours, and so far apart are their windows. Zero where all
    /// elements are one cell's.
    every: usize,
}

impl Span {
    /// How a row of `input` (start and length) goes to a row of `output`, in order of the offsets along
    /// the innermost axis.
    fn all(window: Option<&WindowAxis>, output: (u64, u64), input: (u64, u64)) -> Vec<Span> {
        match window {
            None => {
                let start = (output.0 - input.0) as usize;
                vec![Span { start, len: output.1 as usize, first: 0, offset: 0, every: 1 }]
            }
            Some(w) if w.stride >= w.length && w.length >= LONG => {
                (0..output.1).filter_map(|cell| Span::of_cell(w, cell, output, input)).collect()
            }
            Some(w) => (0..w.length).filter_map(|offset| Span::shifted(w, offset, output, input)).collect(),
        }
    }

    /// The elements that the window of a cell sees.
    fn of_cell(w: &WindowAxis, cell: u64, output: (u64, u64), input: (u64, u64)) -> Option<Span> {
        let begin = ((output.0 + cell) * w.stride) as i64 - w.before as i64;
        let (low, high) = (input.0 as i64, (input.0 + input.1) as i64);
        let (start, end) = (begin.max(low), (begin + w.length as i64).min(high));
        let span = |len: usize| Span {
            start: (start - low) as usize,
            len,
            first: cell as usize,
            offset: (start - begin) as u64,
            every: 0,
        };
        usize::try_from(end - start).ok().filter(|len| *len > 0).map(span)
    }

    /// The elements that the windows see at `offset`.
    fn shifted(w: &WindowAxis, offset: u64, output: (u64, u64), input: (u64, u64)) -> Option<Span> {
        let seen = |cell: u64| (cell * w.stride + offset) as i64 - w.before as i64;
        let (low, high) = (input.0 as i64, (input.0 + input.1) as i64);
        // Cells before this one see what lies before an element of the input.
        let cells_before = |end: i64| ((end - seen(output.0)).max(0) as u64).div_ceil(w.stride);
        let (first, end) = (cells_before(low), cells_before(high).min(output.1));
        let start = seen(output.0 + first) - low;
        let span = |len: u64| Span {
            start: start as usize,
            len: len as usize,
            first: first as usize,
            offset,
            every: w.stride as usize,
        };
        end.checked_sub(first).filter(|len| *len > 0).map(span)
    }
}

impl<'a> Walk<'a> {
    fn new(window: &'a Window, output: &'a Region, piece: &'a Piece) -> Self {
        let axis = output.rank() - 1;
        let windowed = window.axes.iter().find(|w| w.axis == axis);
        let span = |region: &Region| (region.start[axis], region.shape[axis]);
        let spans = Span::all(windowed, span(output), span(&piece.region));
        Walk { window, output, piece, spans }
    }

    /// Takes in what the windows of these rows of the output see, counted in C order; the first cell of the
    /// accumulator is that of the first row.
    fn step_rows(&self, acc: &mut dyn Accumulator, rows: std::ops::Range<usize>) {
        let outer = self.output.rank() - 1;
        let offsets = Region::whole(&self.outer_lengths());
        let row_len = self.piece.region.shape[outer] as usize;
        let all = TileRef::of(&self.piece.block);
        let mut tile = Tile::new(self.piece.block.dtype(), if all.is_some() { 0 } else { row_len });
        let mut apart = Tile::new(self.piece.block.dtype(), self.output.shape[outer] as usize);
        for row in rows.clone() {
            let cell = self.cell(row);
            let first = (row - rows.start) * self.output.shape[outer] as usize;
            for (number, offset) in offsets.indices().enumerate() {
                if let Some(place) = self.place(&cell, &offset) {
                    let start = place as usize * row_len;
                    if all.is_none() {
                        load(&self.piece.block, start, tile.part_mut(0, row_len));
                    }
                    let row = all.map_or_else(|| tile.part(0, row_len), |all| all.part(start, row_len));
                    self.step_row(acc, (row, &mut apart), (first, number));
                }
            }
        }
    }

    /// Where a row of the output lies along all axes but the innermost.
    fn cell(&self, mut row: usize) -> Vec<u64> {
        let outer = self.output.rank() - 1;
        let mut cell = self.output.start[..outer].to_vec();
        for axis in (0..outer).rev() {
            let extent = self.output.shape[axis] as usize;
            cell[axis] += (row % extent) as u64;
            row /= extent;
        }
        cell
    }

    /// Window lengths of all axes but the innermost, one where there is no window.
    fn outer_lengths(&self) -> Vec<u64> {
        let length = |axis| self.window.axes.iter().find(|w| w.axis == axis).map_or(1, |w| w.length);
        (0..self.output.rank() - 1).map(length).collect()
    }

    /// The row of the piece that a row of cells sees at an offset of each outer axis, if the input has it.
    fn place(&self, cell: &[u64], offset: &[u64]) -> Option<u64> {
        let mut place = 0;
        for axis in 0..cell.len() {
            let seen = match self.window.axes.iter().find(|w| w.axis == axis) {
                Some(w) => (cell[axis] * w.stride + offset[axis]).checked_sub(w.before)?,
                None => cell[axis],
            };
            let within = seen.checked_sub(self.piece.region.start[axis])?;
            if within >= self.piece.region.shape[axis] {
                return None;
            }
            place = place * self.piece.region.shape[axis] + within;
        }
        Some(place)
    }

    /// Takes in a row that cells from `first` on see at the outer offset of this number; `apart` is room for elements of it
    /// that do not follow each other.
    fn step_row(
        &self,
        acc: &mut dyn Accumulator,
        (tile, apart): (TileRef<'_>, &mut Tile),
        (first, number): (usize, usize),
    ) {
        let inner = self.window.axes.iter().find(|w| w.axis + 1 == self.output.rank()).map_or(1, |w| w.length);
        for Span { start, len, first: cell, offset, every } in &self.spans {
            let (tile, start) = match every {
                0 | 1 => (tile, *start),
                _ => {
                    tile.every(*start, *every, apart.part_mut(0, *len));
                    (apart.part(0, *len), 0)
                }
            };
            let (cells, position_step) = if *every == 0 { (Cells::One, 1) } else { (Cells::Each, 0) };
            let (position, first) = (number as u64 * inner + offset, first + cell);
            let run = Run { start, len: *len, first, cells, position, position_step, places: None };
            acc.step(&run, tile, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::array::{DType, Scalar};
    use crate::operators::reduction::{Options, Reducer, choose};

    fn window(axes: &[WindowAxis]) -> Window {
        let (combine, _) = choose(Reducer::Sum, DType::I64, &Options::default()).unwrap();
        Window { axes: axes.to_vec(), combine: Arc::clone(&combine) }
    }

    fn value(index: &[u64]) -> i64 {
        (index[0] * 31 + index[1] * 7 + index[2] * index[2]) as i64 % 23
    }

    /// The sum of what the windows of a cell see, found element by element.
    fn expected(axes: &[WindowAxis], shape: &[u64; 3], cell: &[u64]) -> i64 {
        let sees = |index: &[u64]| {
            (0..3).all(|a| match axes.iter().find(|w| w.axis == a) {
                None => index[a] == cell[a],
                Some(w) => (cell[a] * w.stride..cell[a] * w.stride + w.length).contains(&(index[a] + w.before)),
            })
        };
        Region::whole(shape).indices().filter(|index| sees(index)).map(|index| value(&index)).sum()
    }

    #[test]
    fn any_region_of_any_windows_sees_what_it_should() {
        let shape = [5u64, 4, 7];
        let whole: Vec<i64> = Region::whole(&shape).indices().map(|index| value(&index)).collect();
        let whole = Block::from_vec(&shape, whole).unwrap();
        let axis = |axis, before, length, stride, count| WindowAxis { axis, before, length, stride, count };
        let cases = [
            vec![axis(0, 2, 3, 1, 5)],
            vec![axis(2, 1, 3, 1, 7)],
            vec![axis(2, 6, 9, 1, 7)],
            vec![axis(0, 1, 2, 1, 5), axis(2, 1, 4, 1, 7)],
            vec![axis(2, 0, 3, 3, 2)],
            vec![axis(0, 0, 2, 2, 3), axis(2, 0, 2, 2, 4)],
            vec![axis(1, 1, 3, 2, 2), axis(2, 2, 4, 2, 4)],
        ];
        for axes in cases {
            let window = window(&axes);
            let mut out = shape.to_vec();
            axes.iter().for_each(|w| out[w.axis] = w.count);
            let pattern = crate::operators::Pattern::Window(window.clone());
            let ty = crate::array::ArrayType::new(
                DType::I64,
                crate::array::Dims::new([("a", shape[0]), ("b", shape[1]), ("c", shape[2])]),
            );
            for (axis, cut) in [(0, 0), (0, 1), (1, 1), (2, 1), (2, 2)] {
                let mut region = Region::whole(&out);
                region.start[axis] = cut;
                region.shape[axis] -= cut;
                let needed = pattern.required(&region, 0, &[&ty]);
                let piece = Piece { block: whole.slice(&needed), region: needed };
                let block = evaluate(&window, &region, &piece);
                let sums = region.indices().map(|cell| Scalar::Int(expected(&axes, &shape, &cell)));
                assert_eq!(block.scalars(), sums.collect::<Vec<_>>(), "{axes:?} {region}");
            }
        }
    }
}
