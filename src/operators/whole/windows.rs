//! Functions of whole axes over windows: what a window sees is kept, and looked at in the end.

use std::any::Any;
use std::sync::Arc;

use super::LineFunction;
use super::lines::Layout;
use crate::array::block::with_type;
use crate::array::{Block, DType};
use crate::operators::combine::{Accumulator, Cells, Combine, Run};
use crate::operators::tile::{TileElement, TileRef};

/// A function of the elements of each cell, of which there are at most so many.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The dtype of the elements.
    pub dtype: DType,
    /// The most elements of a cell.
    pub most: u64,
    /// The function, which gives one result.
    pub function: Arc<dyn LineFunction>,
}

impl Combine for Collected {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        with_type!(self.dtype, T => {
            Box::new(Lists::<T> { function: self.function.clone(), lists: vec![Vec::new(); cells] })
        })
    }

    fn state_bytes(&self) -> usize {
        // Lists grow by doubling, and a run of full ones is put together.
        let elements = (self.most as usize).saturating_mul(3 * self.dtype.size().max(1));
        elements.saturating_add(size_of::<Vec<u8>>() + 2 * self.dtype.size().max(8))
    }
}

/// The elements of many cells.
struct Lists<T> {
    function: Arc<dyn LineFunction>,
    lists: Vec<Vec<T>>,
}

impl<T: TileElement> Accumulator for Lists<T> {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _weights: Option<TileRef<'_>>) {
        let values = &values.get::<T>()[run.start..run.start + run.len];
        match run.cells {
            Cells::One => self.lists[run.first].extend_from_slice(values),
            Cells::Each => {
                let lists = &mut self.lists[run.first..run.first + run.len];
                lists.iter_mut().zip(values).for_each(|(list, value)| list.push(value.clone()));
            }
            Cells::Table(table, stride) => {
                for (cell, value) in table.iter().zip(values).filter(|(cell, _)| **cell != u32::MAX) {
                    self.lists[run.first + *cell as usize * stride].push(value.clone());
                }
            }
        }
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.lists.iter_mut().zip(other.lists).for_each(|(list, later)| list.extend(later));
    }

    fn finish(self: Box<Self>) -> Block {
        let results = self.lists.chunk_by(|a, b| a.len() == b.len()).map(|alike| {
            let (count, len) = (alike.len() as u64, alike[0].len() as u64);
            let all = Block::from_list(alike.concat()).reshape(&[count, len]);
            self.function.run(&all, Layout { axes: &[1], place: 1, len: 1 }).reshape(&[count])
        });
        match results.collect::<Vec<Block>>() {
            results if results.is_empty() => {
                let none = Block::from_list(Vec::<T>::new()).reshape(&[0, 0]);
                self.function.run(&none, Layout { axes: &[1], place: 1, len: 1 }).reshape(&[0])
            }
            results => Block::concat(&results, 0),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
