//! Any reduction by groups that a second input tells element by element.

use std::any::Any;
use std::sync::Arc;

use super::super::combine::{Accumulator, Cells, Combine, Run};
use super::super::tile::TileRef;
use crate::array::Block;

/// Bytes of the widest result, which is put in order when all is finished.
const RESULT: usize = 16;

/// A reduction for each group of each cell; the results of a cell lie side by side.
#[derive(Clone, Debug)]
pub struct Coded {
    /// How many groups there are.
    pub groups: usize,
    /// The reduction.
    pub inner: Arc<dyn Combine>,
}

impl Combine for Coded {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        let inner = self.inner.init(cells * self.groups);
        Box::new(States { groups: self.groups, cells, inner, table: Vec::new() })
    }

    fn state_bytes(&self) -> usize {
        self.groups.saturating_mul(self.inner.state_bytes() + RESULT)
    }

    fn room_bytes(&self) -> usize {
        self.inner.room_bytes()
    }
}

/// The states of all cells, group after group: a run whose elements are all of one group then goes to neighbours.
struct States {
    groups: usize,
    cells: usize,
    inner: Box<dyn Accumulator>,
    table: Vec<u32>,
}

impl States {
    /// The group of a code, if it is one.
    fn group(&self, code: i32) -> Option<usize> {
        usize::try_from(code).ok().filter(|group| *group < self.groups)
    }

    /// Takes in the elements of a run one by one, each in the cell that `cell` gives.
    fn one_by_one(&mut self, run: &Run<'_>, codes: &[i32], values: TileRef<'_>, cell: impl Fn(usize) -> Option<usize>) {
        for (i, code) in codes.iter().enumerate() {
            let Some((group, cell)) = self.group(*code).zip(cell(i)) else { continue };
            let (first, position) = (run.first + cell + group * self.cells, run.position(i));
            let one = Run { start: run.start + i, len: 1, first, cells: Cells::One, position, places: None, ..*run };
            self.inner.step(&one, values, None);
        }
    }
}

impl Accumulator for States {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, weights: Option<TileRef<'_>>) {
        let Some(codes) = weights.map(|codes| &codes.get::<i32>()[run.start..run.start + run.len]) else { return };
        let alike = codes.first().filter(|first| codes.iter().all(|code| code == *first));
        if let Some(code) = alike {
            if let Some(group) = self.group(*code) {
                self.inner.step(&Run { first: run.first + group * self.cells, ..*run }, values, None);
            }
            return;
        }
        let is_each = match run.cells {
            Cells::One => false,
            Cells::Each => true,
            Cells::Table(table, stride) => {
                let cell = |i: usize| (table[i] != u32::MAX).then(|| table[i] as usize * stride);
                return self.one_by_one(run, codes, values, cell);
            }
        };
        if is_each && u32::try_from(self.groups.saturating_mul(self.cells)).is_err() {
            return self.one_by_one(run, codes, values, Some);
        }
        let mut table = std::mem::take(&mut self.table);
        table.clear();
        table.extend(codes.iter().enumerate().map(|(i, code)| match (self.group(*code), is_each) {
            (None, _) => u32::MAX,
            (Some(group), false) => group as u32,
            (Some(group), true) => (group * self.cells + i) as u32,
        }));
        let stride = if is_each { 1 } else { self.cells };
        self.inner.step(&Run { cells: Cells::Table(&table, stride), ..*run }, values, None);
        self.table = table;
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.inner.merge(other.inner);
    }

    fn rest(&mut self) {
        self.inner.rest();
    }

    fn finish(self: Box<Self>) -> Block {
        let States { groups, cells, inner, .. } = *self;
        let results = inner.finish().reshape(&[groups as u64, cells as u64]);
        results.permute(&[1, 0]).contiguous().reshape(&[(groups * cells) as u64])
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Reducer, choose};
    use super::*;
    use crate::array::{DType, Scalar};
    use crate::operators::tile::TileElement;

    #[test]
    fn every_way_of_cells_reaches_its_group() {
        let (inner, _) = choose(Reducer::Sum, DType::I64, &Options::default()).unwrap();
        let coded = Coded { groups: 3, inner };
        let (values, codes) = ([1i64, 10, 100, 1000], [2, -1, 0, 2]);
        let sums = |cells: Cells<'_>| {
            let mut acc = coded.init(5);
            let run = Run { start: 0, len: 4, first: 1, cells, position: 0, position_step: 1, places: None };
            acc.step(&run, i64::shared(&values), Some(i32::shared(&codes)));
            acc.step(&run, i64::shared(&values), Some(i32::shared(&[1; 4])));
            let found = acc.finish().scalars().into_iter().enumerate();
            found
                .filter(|(_, sum)| *sum != Scalar::Int(0))
                .map(|(i, sum)| (i, sum.as_i64().unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(sums(Cells::One), [(3, 100), (4, 1111), (5, 1001)]);
        let each = [(4, 1), (5, 1), (7, 10), (9, 100), (10, 100), (13, 1000), (14, 1000)];
        assert_eq!(sums(Cells::Each), each);
        assert_eq!(sums(Cells::Table(&[0, 1, 2, 3], 1)), each);
        assert_eq!(sums(Cells::Table(&[0, u32::MAX, u32::MAX, 0], 1)), [(4, 1001), (5, 1001)]);
    }
}
