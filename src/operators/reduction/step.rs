//! Walks over the elements of a region that tell an accumulator, run by run, to which cells they go.

use super::super::combine::{Accumulator, Cells, Run};
use super::super::pattern::Reduction;
use super::super::tile::{TILE, Tile, TileElement};
use crate::array::block::with_values;
use crate::array::strided::Values;
use crate::array::{Block, Region};

/// The way from the elements of one input region to the cells of an accumulator.
///
/// Axes that lie alike in the region and in the cells are joined, so that runs are long.
#[derive(Debug)]
pub struct Stepper {
    axes: Vec<Axis>,
    first: usize,
    position: u64,
    groups: Vec<u32>,
    columns: Vec<u32>,
}

/// One axis of the region, or several joined.
#[derive(Debug)]
struct Axis {
    part: Part,
    extent: usize,
    cell: usize,
    position: u64,
}

/// What becomes of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Kept,
    Reduced,
    Grouped,
}

impl Stepper {
    /// The way from `region` of an input of `input_shape` to cells that cover the region `cells` of
    /// the output, in C order. Of kept axes the region must lie within the cells; groups that lie
    /// outside are passed over.
    pub fn new(reduction: &Reduction, cells: &Region, input_shape: &[u64], region: &Region) -> Self {
        let mut stepper = Stepper { axes: Vec::new(), first: 0, position: 0, groups: Vec::new(), columns: Vec::new() };
        let grouped = reduction.groups.as_ref().map(|(axis, _)| *axis);
        let mut out = cells.rank();
        let (mut cell, mut position) = (1, 1);
        for axis in (0..input_shape.len()).rev() {
            let (start, extent) = (region.start[axis], region.shape[axis] as usize);
            if reduction.axes.contains(&axis) {
                out -= usize::from(reduction.keepdims);
                stepper.push(Axis { part: Part::Reduced, extent, cell: 0, position });
                stepper.position += start * position;
                position *= input_shape[axis];
                continue;
            }
            out -= 1;
            let (low, size) = (cells.start[out], cells.shape[out]);
            if let (Some((_, groups)), true) = (&reduction.groups, grouped == Some(axis)) {
                let of_region = &groups.index[start as usize..start as usize + extent];
                let inside = |g: u32| (low..low + size).contains(&u64::from(g));
                let local = |&g: &u32| if g != u32::MAX && inside(g) { g - low as u32 } else { u32::MAX };
                stepper.groups = of_region.iter().map(local).collect();
                stepper.push(Axis { part: Part::Grouped, extent, cell, position });
                stepper.position += start * position;
                position *= input_shape[axis];
            } else {
                stepper.push(Axis { part: Part::Kept, extent, cell, position: 0 });
                stepper.first += (start - low) as usize * cell;
            }
            cell *= size as usize;
        }
        stepper.axes.reverse();
        if stepper.axes.is_empty() {
            stepper.axes.push(Axis { part: Part::Reduced, extent: 1, cell: 0, position: 1 });
        }
        stepper.tabulate();
        stepper
    }

    /// Adds the next axis outwards, to the last one where both lie alike.
    fn push(&mut self, axis: Axis) {
        if axis.extent == 1 && axis.part != Part::Grouped {
            return;
        }
        if let Some(inner) = self.axes.last_mut() {
            let joined = match axis.part {
                Part::Grouped => false,
                Part::Kept => axis.cell == inner.cell * inner.extent,
                Part::Reduced => axis.position == inner.position * inner.extent as u64,
            };
            if joined && inner.part == axis.part {
                inner.extent *= axis.extent;
                return;
            }
        }
        self.axes.push(axis);
    }

    /// The table of the innermost axis, where its neighbours are not all one cell or neighbouring cells.
    fn tabulate(&mut self) {
        let inner = self.axes.last().expect("there is an axis");
        match inner.part {
            Part::Grouped => self.columns = self.groups.clone(),
            Part::Kept if inner.cell != 1 => self.columns = (0..inner.extent as u32).collect(),
            Part::Kept | Part::Reduced => {}
        }
    }

    /// Takes in a tile whose first element is the `offset`-th of the region in C order.
    pub fn tile(&self, acc: &mut dyn Accumulator, offset: usize, values: &Tile, weights: Option<&Tile>) {
        let (inner, outer) = self.axes.split_last().expect("there is an axis");
        let mut start = 0;
        while start < values.len() {
            let (row, column) = ((offset + start) / inner.extent, (offset + start) % inner.extent);
            let len = (inner.extent - column).min(values.len() - start);
            if let Some((row, position)) = self.row(outer, row) {
                let (first, cells) = match inner.part {
                    Part::Reduced => (row, Cells::One),
                    Part::Kept if inner.cell == 1 => (row + column, Cells::Each),
                    Part::Kept | Part::Grouped => (row, Cells::Table(&self.columns[column..column + len], inner.cell)),
                };
                let position = position + column as u64 * inner.position;
                let run = Run { start, len, first, cells, position, position_step: inner.position };
                acc.step(&run, values, weights);
            }
            start += len;
        }
    }

    /// Takes in all values of the region, tile by tile.
    pub fn block(&self, acc: &mut dyn Accumulator, values: &Block, weights: Option<&Block>) {
        let mut tile = Tile::new(values.dtype());
        let mut weight_tile = weights.map(|w| Tile::new(w.dtype()));
        let count = values.count() as usize;
        for offset in (0..count).step_by(TILE) {
            let len = TILE.min(count - offset);
            fill(&mut tile, values, offset, len);
            if let (Some(tile), Some(weights)) = (&mut weight_tile, weights) {
                fill(tile, weights, offset, len);
            }
            self.tile(acc, offset, &tile, weight_tile.as_ref());
        }
    }

    /// First cell and position of a row of the innermost axis; none where it belongs to no group.
    fn row(&self, outer: &[Axis], row: usize) -> Option<(usize, u64)> {
        let (mut first, mut position, mut rest) = (self.first, self.position, row);
        for axis in outer.iter().rev() {
            let at = rest % axis.extent;
            rest /= axis.extent;
            position += at as u64 * axis.position;
            first += match axis.part {
                Part::Kept | Part::Reduced => at * axis.cell,
                Part::Grouped if self.groups[at] == u32::MAX => return None,
                Part::Grouped => self.groups[at] as usize * axis.cell,
            };
        }
        Some((first, position))
    }
}

/// Fills the tile with `len` elements of a block of its dtype, from the `offset`-th on in C order.
pub fn fill(tile: &mut Tile, block: &Block, offset: usize, len: usize) {
    fn typed<T: TileElement>(tile: &mut Tile, values: &Values<T>, offset: usize, len: usize) {
        let elements = tile.get_mut::<T>();
        elements.clear();
        if let Some(slice) = values.as_slice() {
            elements.extend_from_slice(&slice[offset..offset + len]);
            return;
        }
        let (data, origin) = values.storage();
        let (&inner, outer) = values.shape().split_last().expect("a single value is a slice");
        let (&stride, outer_strides) = values.strides().split_last().expect("as many strides as axes");
        let mut at = offset;
        while at < offset + len {
            let (mut row, column) = (at / inner, at % inner);
            let count = (inner - column).min(offset + len - at);
            let mut place = origin as isize + column as isize * stride;
            for (&n, &s) in outer.iter().zip(outer_strides).rev() {
                place += (row % n) as isize * s;
                row /= n;
            }
            elements.extend((0..count as isize).map(|i| data[(place + i * stride) as usize].clone()));
            at += count;
        }
    }
    with_values!(block, values => typed(tile, values, offset, len));
}
