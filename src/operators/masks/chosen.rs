//! The reduction that keeps the first elements where a mask holds.

use std::any::Any;
use std::fmt;

use crate::array::Block;
use crate::array::block::Element;
use crate::operators::combine::{Accumulator, Cells, Combine, Run};
use crate::operators::tile::{TileElement, TileRef};

/// The first elements of each cell, in C order, where a second input holds; filled up to a size.
#[derive(Clone)]
pub struct Chosen<T> {
    /// How many.
    pub size: usize,
    /// What stands where there are fewer.
    pub fill: T,
}

/// The first positions, in C order of the reduced axes, where the input holds.
#[derive(Clone, Debug)]
pub struct Places {
    /// How many.
    pub size: usize,
    /// What stands where there are fewer.
    pub fill: i64,
}

impl<T> fmt::Debug for Chosen<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the first {}", self.size)
    }
}

impl<T: TileElement> Combine for Chosen<T> {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(Elements { firsts: Firsts::new(self.size, cells), fill: self.fill.clone() })
    }

    fn state_bytes(&self) -> usize {
        Firsts::<T>::bytes(self.size)
    }
}

impl Combine for Places {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(Positions { firsts: Firsts::new(self.size, cells), fill: self.fill })
    }

    fn state_bytes(&self) -> usize {
        Firsts::<()>::bytes(self.size)
    }
}

/// The first elements of many cells, with where they lie, in ascending order.
struct Firsts<T> {
    size: usize,
    cells: Vec<Vec<(u64, T)>>,
}

impl<T: Clone> Firsts<T> {
    fn new(size: usize, cells: usize) -> Self {
        Firsts { size, cells: vec![Vec::new(); cells] }
    }

    /// Bytes of the state of a cell; room doubles as it grows.
    fn bytes(size: usize) -> usize {
        size_of::<Vec<(u64, T)>>() + 2 * size * size_of::<(u64, T)>()
    }

    fn insert(&mut self, cell: usize, position: u64, element: T) {
        let (cell, size) = (&mut self.cells[cell], self.size);
        match cell.last() {
            Some((last, _)) if *last > position => {
                let at = cell.partition_point(|(other, _)| *other < position);
                if cell.len() == size {
                    cell.pop();
                }
                cell.insert(at, (position, element));
            }
            _ if cell.len() < size => cell.push((position, element)),
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        for (cell, later) in other.cells.into_iter().enumerate() {
            later.into_iter().for_each(|(position, element)| self.insert(cell, position, element));
        }
    }

    /// Takes in the elements of a run where the mask holds.
    fn step(&mut self, run: &Run<'_>, mask: &[bool], element: impl Fn(usize) -> T) {
        if self.size == 0 {
            return;
        }
        for (i, _) in mask.iter().enumerate().filter(|(_, holds)| **holds) {
            let cell = match run.cells {
                Cells::One => run.first,
                Cells::Each => run.first + i,
                Cells::Table(table, stride) => match table[i] {
                    u32::MAX => continue,
                    cell => run.first + cell as usize * stride,
                },
            };
            self.insert(cell, run.position(i), element(i));
        }
    }

    /// What is made of each cell's elements, filled up.
    fn filled<R: Clone>(self, fill: &R, of: impl Fn((u64, T)) -> R) -> Vec<R> {
        let size = self.size;
        let cell = |cell: Vec<(u64, T)>| {
            cell.into_iter().map(&of).chain(std::iter::repeat(fill.clone())).take(size).collect::<Vec<R>>()
        };
        self.cells.into_iter().flat_map(cell).collect()
    }
}

struct Elements<T> {
    firsts: Firsts<T>,
    fill: T,
}

impl<T: TileElement> Accumulator for Elements<T> {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, mask: Option<TileRef<'_>>) {
        let span = run.start..run.start + run.len;
        let Some(mask) = mask else { return };
        let values = &values.get::<T>()[span.clone()];
        self.firsts.step(run, &mask.get::<bool>()[span], |i| values[i].clone());
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.firsts.merge(other.firsts);
    }

    fn finish(self: Box<Self>) -> Block {
        let Elements { firsts, fill } = *self;
        Block::from_list(firsts.filled(&fill, |(_, element)| element))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

struct Positions {
    firsts: Firsts<()>,
    fill: i64,
}

impl Accumulator for Positions {
    fn step(&mut self, run: &Run<'_>, mask: TileRef<'_>, _: Option<TileRef<'_>>) {
        self.firsts.step(run, &mask.get::<bool>()[run.start..run.start + run.len], |_| ());
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.firsts.merge(other.firsts);
    }

    fn finish(self: Box<Self>) -> Block {
        let Positions { firsts, fill } = *self;
        Block::from_list(firsts.filled(&fill, |(position, ())| position as i64))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// A reduction to the first elements of a type.
pub fn chosen<T: TileElement>(size: usize, fill: &crate::array::Scalar) -> std::sync::Arc<dyn Combine> {
    std::sync::Arc::new(Chosen::<T> { size, fill: <T as Element>::from_scalar(fill) })
}
