//! Walks over the elements of a region that tell an accumulator, run by run, to which cells they go.

use super::super::combine::{Accumulator, Cells, Rows, Run};
use super::super::pattern::Reduction;
use super::super::tile::{TILE, Tile, TileRef, load};
use crate::array::{Block, Region};

/// The way from the elements of one input region to the cells of an accumulator.
///
/// Axes that lie alike in the region and in the cells are joined, so that runs are long.
#[derive(Debug, Default)]
pub struct Stepper {
    axes: Vec<Axis>,
    first: usize,
    position: u64,
    groups: Vec<u32>,
    within: Vec<u32>,
    columns: Vec<u32>,
}

/// Rows of a tile: each begins `stride` elements after the one before.
#[derive(Clone, Copy, Debug)]
pub struct TileRows<'a> {
    /// The elements from the first of the first row to the last of the last.
    pub all: TileRef<'a>,
    /// Elements from the beginning of a row to that of the next; zero where all are the same.
    pub stride: usize,
    /// Elements of a row.
    pub len: usize,
}

impl<'a> TileRows<'a> {
    fn row(self, number: usize) -> TileRef<'a> {
        self.all.part(number * self.stride, self.len)
    }
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
    /// outside are passed over. What a cell's result spreads over is no matter of the way.
    pub fn new(reduction: &Reduction, cells: &Region, input_shape: &[u64], region: &Region) -> Self {
        let mut stepper = Stepper::default();
        let grouped = reduction.groups.as_ref().map(|(axis, _)| *axis);
        let mut out = cells.rank() - usize::from(reduction.spread.is_some());
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
                let span = start as usize..start as usize + extent;
                let inside = |g: u32| (low..low + size).contains(&u64::from(g));
                let local = |&g: &u32| if g != u32::MAX && inside(g) { g - low as u32 } else { u32::MAX };
                stepper.groups = groups.index[span.clone()].iter().map(local).collect();
                stepper.within = groups.within[span].to_vec();
                stepper.push(Axis { part: Part::Grouped, extent, cell, position });
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
    pub fn tile(&self, acc: &mut dyn Accumulator, offset: usize, values: TileRef<'_>, weights: Option<TileRef<'_>>) {
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
                let (position, places) = match inner.part {
                    Part::Grouped => (position, Some(&self.within[column..column + len])),
                    Part::Kept | Part::Reduced => (position + column as u64 * inner.position, None),
                };
                let run = Run { start, len, first, cells, position, position_step: inner.position, places };
                acc.step(&run, values, weights);
            }
            start += len;
        }
    }

    /// Takes in several tiles of one length, the first elements of which lie `apart` places apart in the region; rows that
    /// go to the same cells are taken in together.
    pub fn rows(
        &self,
        acc: &mut dyn Accumulator,
        (offset, apart, count): (usize, usize, usize),
        values: TileRows<'_>,
        weights: Option<TileRows<'_>>,
    ) {
        let mut done = 0;
        while done < count {
            let place = offset + done * apart;
            let alike = if weights.is_none() { self.alike(place, apart, (values.len, count - done)) } else { None };
            if let Some((run, rows)) = alike {
                let start = done * values.stride;
                acc.step_rows(&Run { start, ..run }, Rows { stride: values.stride, ..rows }, values.all);
                done += rows.count;
            } else {
                self.tile(acc, place, values.row(done), weights.map(|weights| weights.row(done)));
                done += 1;
            }
        }
    }

    /// The rows of `len` elements, at most `most` of them, that go to the same cells as the one at `place`; none unless
    /// each element has a cell of its own and there are several.
    fn alike(&self, place: usize, apart: usize, (len, most): (usize, usize)) -> Option<(Run<'_>, Rows)> {
        let inner = self.axes.last().expect("there is an axis");
        let is_row = inner.part == Part::Kept && inner.cell == 1 && place % inner.extent + len <= inner.extent;
        if !(is_row || len == 1) || most < 2 {
            return None;
        }
        let at = |number: usize| self.element(place + number * apart);
        let (first, position) = at(0)?;
        let (_, second) = at(1).filter(|(cell, _)| *cell == first)?;
        let step = second.checked_sub(position)?;
        let goes_on = |number: &usize| at(*number) == Some((first, position + *number as u64 * step));
        let count = (2..most).take_while(goes_on).count() + 2;
        let run = Run { start: 0, len, first, cells: Cells::Each, position, position_step: 0, places: None };
        Some((run, Rows { count, stride: 0, step }))
    }

    /// Cell and position of the element at this place in the region; none where it belongs to no group.
    fn element(&self, place: usize) -> Option<(usize, u64)> {
        let (inner, outer) = self.axes.split_last().expect("there is an axis");
        let (row, at) = (place / inner.extent, place % inner.extent);
        let (cell, position) = self.row(outer, row)?;
        match inner.part {
            Part::Kept => Some((cell + at * inner.cell, position)),
            Part::Reduced => Some((cell, position + at as u64 * inner.position)),
            Part::Grouped if self.groups[at] == u32::MAX => None,
            Part::Grouped => {
                let place = u64::from(self.within[at]);
                Some((cell + self.groups[at] as usize * inner.cell, position + place * inner.position))
            }
        }
    }

    /// Takes in all values of the region, tile by tile.
    pub fn block(&self, acc: &mut dyn Accumulator, values: &Block, weights: Option<&Block>) {
        let mut tile = Tile::new(values.dtype(), TILE);
        let mut weight_tile = weights.map(|w| Tile::new(w.dtype(), TILE));
        let count = values.count() as usize;
        for offset in (0..count).step_by(TILE) {
            let len = TILE.min(count - offset);
            load(values, offset, tile.part_mut(0, len));
            if let (Some(tile), Some(weights)) = (&mut weight_tile, weights) {
                load(weights, offset, tile.part_mut(0, len));
            }
            self.tile(acc, offset, tile.part(0, len), weight_tile.as_ref().map(|tile| tile.part(0, len)));
        }
    }

    /// First cell and position of a row of the innermost axis; none where it belongs to no group.
    fn row(&self, outer: &[Axis], row: usize) -> Option<(usize, u64)> {
        let (mut first, mut position, mut rest) = (self.first, self.position, row);
        for axis in outer.iter().rev() {
            let at = rest % axis.extent;
            rest /= axis.extent;
            let place = if axis.part == Part::Grouped { u64::from(self.within[at]) } else { at as u64 };
            position += place * axis.position;
            first += match axis.part {
                Part::Kept | Part::Reduced => at * axis.cell,
                Part::Grouped if self.groups[at] == u32::MAX => return None,
                Part::Grouped => self.groups[at] as usize * axis.cell,
            };
        }
        Some((first, position))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Reducer, choose};
    use super::*;
    use crate::array::{Coord, DType, DimName, Scalar};
    use crate::operators::view::Groups;

    const SHAPE: [u64; 3] = [3, 4, 5];

    fn reduction(axes: &[usize], groups: Option<(usize, &[u32], i64)>) -> Reduction {
        let (combine, _) = choose(Reducer::Sum, DType::I32, &Options::default()).unwrap();
        let groups = groups.map(|(axis, index, count)| {
            let coord = Coord::integers(DimName::new("g"), (0..count).collect());
            (axis, Groups::new(DimName::new("d"), index.to_vec(), coord))
        });
        Reduction { axes: axes.to_vec(), groups, keepdims: false, spread: None, combine }
    }

    fn values() -> Block {
        Block::from_vec(&SHAPE, (0..60i32).map(|i| i * i % 17).collect()).unwrap()
    }

    /// The sums of the cells from the eight regions into which `cut` divides the values.
    fn stepped(reduction: &Reduction, cells: &Region, cut: &[u64; 3]) -> Vec<Scalar> {
        let mut acc = reduction.combine.init(cells.count() as usize);
        for corner in Region::whole(&[2, 2, 2]).indices() {
            let start: Vec<u64> = (0..3).map(|a| if corner[a] == 0 { 0 } else { cut[a] }).collect();
            let shape = (0..3).map(|a| if corner[a] == 0 { cut[a] } else { SHAPE[a] - cut[a] }).collect();
            let region = Region { start, shape };
            let stepper = Stepper::new(reduction, cells, &SHAPE, &region);
            stepper.block(acc.as_mut(), &values().slice(&region), None);
        }
        acc.finish().scalars()
    }

    #[test]
    fn any_split_into_regions_gives_the_same_cells() {
        let groups: [Option<(usize, &[u32], i64)>; 4] =
            [None, Some((0, &[1, u32::MAX, 0], 2)), Some((1, &[2, 0, 2, u32::MAX], 3)), Some((2, &[0, 1, 0, 1, 2], 3))];
        for groups in groups {
            for mask in 0..8 {
                let grouped = groups.map(|g| g.0);
                let axes: Vec<usize> = (0..3).filter(|&a| mask >> a & 1 == 1 && grouped != Some(a)).collect();
                let reduction = reduction(&axes, groups);
                let size = |a: usize| if grouped == Some(a) { groups.unwrap().2 as u64 } else { SHAPE[a] };
                let shape: Vec<u64> = (0..3).filter(|a| !axes.contains(a)).map(size).collect();
                let cells = Region::whole(&shape);
                let whole = stepped(&reduction, &cells, &SHAPE);
                assert_eq!(whole, expected(&reduction, &shape), "{axes:?} {groups:?}");
                for cut in [[1, 1, 1], [2, 0, 4], [0, 3, 2]] {
                    assert_eq!(stepped(&reduction, &cells, &cut), whole, "{axes:?} {groups:?} {cut:?}");
                }
            }
        }
    }

    fn expected(reduction: &Reduction, shape: &[u64]) -> Vec<Scalar> {
        let mut sums = vec![0i64; shape.iter().product::<u64>() as usize];
        for index in Region::whole(&SHAPE).indices() {
            let mut cell = Some(0);
            for (out, axis) in (0..3).filter(|a| !reduction.axes.contains(a)).enumerate() {
                let at = match &reduction.groups {
                    Some((grouped, groups)) if *grouped == axis => match groups.index[index[axis] as usize] {
                        u32::MAX => None,
                        group => Some(u64::from(group)),
                    },
                    _ => Some(index[axis]),
                };
                cell = cell.zip(at).map(|(cell, at)| cell * shape[out] + at);
            }
            if let Some(cell) = cell {
                sums[cell as usize] += values().get(&index).as_i64().unwrap();
            }
        }
        sums.into_iter().map(Scalar::Int).collect()
    }

    #[test]
    fn cells_may_cover_part_of_the_output() {
        let reduction = reduction(&[0], Some((2, &[0, 1, 0, 1, 2], 3)));
        let whole = expected(&reduction, &[4, 3]);
        let cells = Region { start: vec![1, 1], shape: vec![2, 2] };
        let mut acc = reduction.combine.init(4);
        let region = Region { start: vec![0, 1, 0], shape: vec![3, 2, 5] };
        Stepper::new(&reduction, &cells, &SHAPE, &region).block(acc.as_mut(), &values().slice(&region), None);
        assert_eq!(acc.finish().scalars(), [4, 5, 7, 8].map(|i| whole[i].clone()));
    }
}
