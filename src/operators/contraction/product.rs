//! Sums of products of whole blocks: the accumulators of contractions.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::super::combine::{Accumulator, Combine, Run};
use super::super::tile::TileRef;
use super::kernel::{self, Onto, Part, Term};
use super::{Contraction, Side};
use crate::array::block::{Element, Values, storage};
use crate::array::{Block, DType};

/// Two blocks of one region of the space, and how its axes go together.
pub struct Factors<'b> {
    shape: Vec<usize>,
    batch: Vec<usize>,
    rows: Vec<usize>,
    columns: Vec<usize>,
    sums: Vec<usize>,
    blocks: (&'b Block, &'b Block),
}

impl<'b> Factors<'b> {
    /// The blocks, left and right, of a region of `shape`.
    pub fn new(contraction: &Contraction, shape: &[u64], blocks: (&'b Block, &'b Block)) -> Self {
        let (left, right) = (contraction.axes(Side::Left), contraction.axes(Side::Right));
        // The innermost axis of the output runs along rows of the sums, so that they are written in order.
        let is_swapped = contraction.sides.last() == Some(&Side::Left);
        let ((rows, columns), blocks) =
            if is_swapped { ((right, left), (blocks.1, blocks.0)) } else { ((left, right), blocks) };
        let sums = contraction.reduction.axes.clone();
        let shape = shape.iter().map(|&n| n as usize).collect();
        Factors { shape, batch: contraction.axes(Side::Both), rows, columns, sums, blocks }
    }

    /// Strides of the sums, which lie in C order over the kept axes.
    fn strides(&self) -> Vec<isize> {
        let mut strides = vec![0; self.shape.len()];
        let mut next = 1;
        for axis in (0..self.shape.len()).rev().filter(|axis| !self.sums.contains(axis)) {
            strides[axis] = next as isize;
            next *= self.shape[axis];
        }
        strides
    }

    /// Where the elements along some axes lie, in C order of their indices.
    fn places(&self, axes: &[usize], strides: &[isize]) -> Vec<isize> {
        axes.iter().fold(vec![0], |places, &axis| {
            let along = |place: isize| (0..self.shape[axis] as isize).map(move |i| place + i * strides[axis]);
            places.into_iter().flat_map(along).collect()
        })
    }
}

/// The sums of products of `factors` given as `dtype`; none where there are no products.
pub fn products(factors: DType, dtype: DType) -> Option<Arc<dyn Combine>> {
    macro_rules! by_dtype {
        ($($variant:ident $type:ty;)*) => {
            match factors {
                $(DType::$variant => Some(Arc::new(Products::<$type> { dtype, types: PhantomData })),)*
                _ => None,
            }
        };
    }
    use num_complex::{Complex32, Complex64};
    by_dtype! {
        Bool bool; I8 i8; I16 i16; I32 i32; I64 i64; U8 u8; U16 u16; U32 u32; U64 u64;
        F32 f32; F64 f64; C64 Complex32; C128 Complex64;
    }
}

/// Sums of products of `T`.
struct Products<T> {
    dtype: DType,
    types: PhantomData<fn(T)>,
}

impl<T> fmt::Debug for Products<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "products as {}", self.dtype)
    }
}

impl<T: Term> Combine for Products<T> {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(Sums::<T> { dtype: self.dtype, cells: vec![T::NOTHING; cells] })
    }

    fn state_bytes(&self) -> usize {
        size_of::<T::Sum>()
    }
}

struct Sums<T: Term> {
    dtype: DType,
    cells: Vec<T::Sum>,
}

impl<T: Term> Accumulator for Sums<T> {
    fn step(&mut self, _: &Run<'_>, _: TileRef<'_>, _: Option<TileRef<'_>>) {
        unreachable!("contractions multiply whole blocks")
    }

    fn multiply(&mut self, factors: &Factors<'_>) {
        let of = |block| -> &Values<T> { T::values(block).expect("factors are of the dtype of their products") };
        let (left, right) = (of(factors.blocks.0), of(factors.blocks.1));
        if left.is_empty() {
            return;
        }
        let strides = factors.strides();
        let part = |values: &'_ Values<T>, axes: &[usize]| -> (Vec<isize>, Vec<isize>) {
            (factors.places(axes, values.strides()), factors.places(&factors.sums, values.strides()))
        };
        let (rows, left_sums) = part(left, &factors.rows);
        let (columns, right_sums) = part(right, &factors.columns);
        let batch = [left.strides(), right.strides(), &strides].map(|strides| factors.places(&factors.batch, strides));
        let cells = (factors.places(&factors.rows, &strides), factors.places(&factors.columns, &strides));
        let mut room = kernel::Room::default();
        for ((&a, &b), &first) in batch[0].iter().zip(&batch[1]).zip(&batch[2]) {
            let (data, origin) = left.storage();
            let left = Part { data, origin: origin as isize + a, lines: &rows, sums: &left_sums };
            let (data, origin) = right.storage();
            let right = Part { data, origin: origin as isize + b, lines: &columns, sums: &right_sums };
            let first = first as usize;
            let into = Onto { sums: &mut self.cells, first, rows: &cells.0, columns: &cells.1 };
            kernel::add_products(left, right, into, &mut room);
        }
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one contraction");
        self.cells.iter_mut().zip(&other.cells).for_each(|(cell, later)| T::join(cell, *later));
    }

    fn finish(self: Box<Self>) -> Block {
        if <T::Sum as Element>::DTYPE == storage(self.dtype) {
            return Block::from_list(self.cells);
        }
        T::narrowed(&self.cells, self.dtype)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
