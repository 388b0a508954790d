//! Tiles: the short typed runs of elements that elementwise loops and reductions work on.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use crate::array::block::{Element, Values, storage, with_values};
use crate::array::{Block, DType, Scalar};

/// Elements of a full tile; a few tiles fit the first-level cache.
pub const TILE: usize = 1024;

macro_rules! tiles {
    ($($variant:ident $type:ty;)*) => {
        /// A run of elements of one type, with room of its own.
        #[derive(Clone, Debug)]
        pub enum Tile {
            $(#[doc = concat!("`", stringify!($type), "` elements.")] $variant(Vec<$type>),)*
        }

        /// A run of elements that others hold, for reading.
        #[derive(Clone, Copy, Debug)]
        pub enum TileRef<'a> {
            $(#[doc = concat!("`", stringify!($type), "` elements.")] $variant(&'a [$type]),)*
        }

        /// A run of elements that others hold, for writing.
        #[derive(Debug)]
        pub enum TileMut<'a> {
            $(#[doc = concat!("`", stringify!($type), "` elements.")] $variant(&'a mut [$type]),)*
        }

        /// A type that tiles hold.
        pub trait TileElement: Element {
            /// The elements, where the tile holds this type.
            fn own(tile: &mut Tile) -> Option<&mut Vec<Self>>;
            /// The elements, where they are of this type.
            fn read(tile: TileRef<'_>) -> Option<&[Self]>;
            /// The elements, where they are of this type.
            fn write(tile: TileMut<'_>) -> Option<&mut [Self]>;
            /// The elements as a tile.
            fn shared(elements: &[Self]) -> TileRef<'_>;
            /// The elements as a tile.
            fn exclusive(elements: &mut [Self]) -> TileMut<'_>;
        }

        $(impl TileElement for $type {
            fn own(tile: &mut Tile) -> Option<&mut Vec<Self>> {
                match tile { Tile::$variant(elements) => Some(elements), _ => None }
            }
            fn read(tile: TileRef<'_>) -> Option<&[Self]> {
                match tile { TileRef::$variant(elements) => Some(elements), _ => None }
            }
            fn write(tile: TileMut<'_>) -> Option<&mut [Self]> {
                match tile { TileMut::$variant(elements) => Some(elements), _ => None }
            }
            fn shared(elements: &[Self]) -> TileRef<'_> {
                TileRef::$variant(elements)
            }
            fn exclusive(elements: &mut [Self]) -> TileMut<'_> {
                TileMut::$variant(elements)
            }
        })*

        impl Tile {
            /// A tile of `len` elements of `dtype`, which are to be replaced.
            pub fn new(dtype: DType, len: usize) -> Tile {
                match storage(dtype) {
                    $(DType::$variant => Tile::$variant(vec![<$type>::from_scalar(&Scalar::Int(0)); len]),)*
                    DType::DateTime(_) | DType::Duration => unreachable!("stored as i64"),
                }
            }

            /// The elements from `start` on, `len` of them.
            pub fn part(&self, start: usize, len: usize) -> TileRef<'_> {
                match self { $(Tile::$variant(elements) => TileRef::$variant(&elements[start..start + len]),)* }
            }

            /// The elements from `start` on, `len` of them, for writing.
            pub fn part_mut(&mut self, start: usize, len: usize) -> TileMut<'_> {
                match self { $(Tile::$variant(elements) => TileMut::$variant(&mut elements[start..start + len]),)* }
            }
        }

        impl<'a> TileRef<'a> {
            /// The number of elements.
            pub fn len(self) -> usize {
                match self { $(TileRef::$variant(elements) => elements.len(),)* }
            }

            /// The elements from `start` on, `len` of them.
            pub fn part(self, start: usize, len: usize) -> TileRef<'a> {
                match self { $(TileRef::$variant(elements) => TileRef::$variant(&elements[start..start + len]),)* }
            }
        }

        impl TileRef<'_> {
            /// Copies elements from `start` on, `step` apart, until `into` is full.
            ///
            /// # Panics
            /// Where the types differ or there are too few.
            pub fn every(self, start: usize, step: usize, into: TileMut<'_>) {
                match (self, into) {
                    $((TileRef::$variant(from), TileMut::$variant(into)) => {
                        let from = &from[start..];
                        assert!(into.is_empty() || from.len() > (into.len() - 1) * step, "there are too few elements");
                        copy(from.iter().step_by(step), into);
                    })*
                    _ => unreachable!("kernels are typed"),
                }
            }
        }

        impl<'a> TileMut<'a> {
            /// Takes out the first `len` elements; the others stay.
            pub fn split_off(&mut self, len: usize) -> TileMut<'a> {
                match self {
                    $(TileMut::$variant(elements) => {
                        let (first, others) = std::mem::take(elements).split_at_mut(len);
                        *elements = others;
                        TileMut::$variant(first)
                    })*
                }
            }

            /// The elements from `start` on, `len` of them, for reading.
            pub fn part(&self, start: usize, len: usize) -> TileRef<'_> {
                match self { $(TileMut::$variant(elements) => TileRef::$variant(&elements[start..start + len]),)* }
            }

            /// The elements from `start` on, `len` of them.
            pub fn part_mut(&mut self, start: usize, len: usize) -> TileMut<'_> {
                match self { $(TileMut::$variant(elements) => TileMut::$variant(&mut elements[start..start + len]),)* }
            }
        }
    };
}

tiles! {
    Bool bool; I8 i8; I16 i16; I32 i32; I64 i64; U8 u8; U16 u16; U32 u32; U64 u64;
    F16 f16; F32 f32; F64 f64; C64 Complex32; C128 Complex64; Str Arc<str>;
}

impl<'a> TileRef<'a> {
    /// Whether there is no element.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The elements.
    ///
    /// # Panics
    /// Where they are of another type: types are checked when kernels are built.
    pub fn get<T: TileElement>(self) -> &'a [T] {
        T::read(self).expect("kernels are typed")
    }

    /// All elements of a block in C order, where they lie so without gaps.
    pub fn of(block: &'a Block) -> Option<TileRef<'a>> {
        with_values!(block, values => values.as_slice().map(TileElement::shared))
    }
}

impl<'a> TileMut<'a> {
    /// The elements.
    ///
    /// # Panics
    /// Where they are of another type.
    pub fn get<T: TileElement>(self) -> &'a mut [T] {
        T::write(self).expect("kernels are typed")
    }

    /// All elements of a block in C order.
    ///
    /// # Panics
    /// Where the block is a view or shared.
    pub fn of(block: &'a mut Block) -> TileMut<'a> {
        with_values!(block, values => {
            TileElement::exclusive(values.as_mut_slice().expect("a block being written is whole and not shared"))
        })
    }
}

/// An elementwise function over tiles: reads inputs of equal length and writes as many elements.
pub type TileLoop = Arc<dyn Fn(&[TileRef<'_>], TileMut<'_>) + Send + Sync>;

/// Replaces the elements of `into` by as many elements of `block`, the first of which is the one at
/// `start` in C order. Blocks of any strides will do; rows of neighbours are copied whole.
///
/// # Panics
/// Where the types differ or the block has fewer elements.
pub fn load(block: &Block, start: usize, into: TileMut<'_>) {
    fn typed<T: TileElement>(values: &Values<T>, start: usize, into: TileMut<'_>) {
        let into = into.get::<T>();
        match values.as_slice() {
            Some(slice) => into.clone_from_slice(&slice[start..start + into.len()]),
            None => load_rows(values, start, into),
        }
    }
    with_values!(block, values => typed(values, start, into))
}

/// Whether a block is one element repeated.
pub fn is_repeated(block: &Block) -> bool {
    with_values!(block, values => values.strides().iter().zip(values.shape()).all(|(&s, &n)| s == 0 || n == 1))
}

/// Reads elements of values that have gaps, row by row of what is left after merging axes.
fn load_rows<T: Clone>(values: &Values<T>, start: usize, mut into: &mut [T]) {
    let axes = merged_axes(values.shape(), values.strides());
    let (data, offset) = values.storage();
    let Some((&(inner, stride), outer)) = axes.split_last() else {
        into.fill(data[offset].clone());
        return;
    };
    let mut position = start % inner;
    let mut index = vec![0; outer.len()];
    let mut rest = start / inner;
    let mut row = offset as isize;
    for (axis, &(n, step)) in outer.iter().enumerate().rev() {
        index[axis] = rest % n;
        rest /= n;
        row += index[axis] as isize * step;
    }
    while !into.is_empty() {
        let run = (inner - position).min(into.len());
        let (now, later) = into.split_at_mut(run);
        load_row(data, row + position as isize * stride, stride, now);
        into = later;
        position = 0;
        for (axis, &(n, step)) in outer.iter().enumerate().rev() {
            index[axis] += 1;
            row += step;
            if index[axis] < n {
                break;
            }
            index[axis] = 0;
            row -= n as isize * step;
        }
    }
}

fn load_row<T: Clone>(data: &[T], first: isize, stride: isize, into: &mut [T]) {
    let first = first as usize;
    match stride {
        1 => into.clone_from_slice(&data[first..first + into.len()]),
        0 => into.fill(data[first].clone()),
        2.. => copy(data[first..].iter().step_by(stride as usize), into),
        _ => copy(data[..=first].iter().rev().step_by(stride.unsigned_abs()), into),
    }
}

fn copy<'a, T: Clone + 'a>(from: impl Iterator<Item = &'a T>, into: &mut [T]) {
    into.iter_mut().zip(from).for_each(|(into, from)| into.clone_from(from));
}

/// Size and stride of each axis that matters, outermost first: axes of one element are left out,
/// axes whose elements follow each other at one distance are one.
pub(super) fn merged_axes(shape: &[usize], strides: &[isize]) -> Vec<(usize, isize)> {
    let mut axes: Vec<(usize, isize)> = Vec::with_capacity(shape.len());
    for (&n, &stride) in shape.iter().zip(strides).filter(|(n, _)| **n != 1) {
        match axes.last_mut() {
            Some(last) if last.1 == stride * n as isize => *last = (last.0 * n, stride),
            _ => axes.push((n, stride)),
        }
    }
    axes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Region;

    #[test]
    fn loading_reads_in_c_order() {
        let whole = Block::from_vec(&[4, 3, 5], (0..60).collect::<Vec<i32>>()).unwrap();
        let region = Region { start: vec![1, 0, 1], shape: vec![2, 3, 3] };
        let blocks = [
            whole.clone(),
            whole.slice(&region),
            whole.permute(&[2, 0, 1]),
            whole.slice_steps(&[3, 2, 4], &[-1, -2, -3], &[4, 2, 2]),
            whole.slice_steps(&[0, 0, 4], &[1, 1, -1], &[4, 3, 5]),
            whole.drop_axis(1, 2).insert_axis(1).broadcast(&[4, 6, 5]),
            whole.drop_axis(2, 2).insert_axis(2).broadcast(&[4, 3, 7]),
            Block::full(DType::I32, &[3, 4], &crate::array::Scalar::Int(7)),
            Block::full(DType::I32, &[], &crate::array::Scalar::Int(7)),
            whole.slice(&Region { start: vec![0, 0, 0], shape: vec![0, 3, 5] }),
        ];
        for block in blocks {
            let expected: Vec<i32> = block.view::<i32>().unwrap().iter().copied().collect();
            for start in 0..=expected.len() {
                for len in [0, 1, 2, 7, expected.len() - start].into_iter().filter(|n| start + n <= expected.len()) {
                    let mut tile = Tile::new(DType::I32, len);
                    load(&block, start, tile.part_mut(0, len));
                    let loaded = tile.part(0, len).get::<i32>();
                    assert_eq!(loaded, &expected[start..start + len], "{block:?} {start} {len}");
                }
            }
        }
    }

    #[test]
    fn blocks_are_borrowed() {
        let mut block = Block::zeros(DType::U8, &[2, 3]);
        TileMut::of(&mut block).part_mut(2, 3).get::<u8>().copy_from_slice(&[7, 8, 9]);
        assert_eq!(TileRef::of(&block).unwrap().get::<u8>(), [0, 0, 7, 8, 9, 0]);
        assert!(TileRef::of(&block.permute(&[1, 0])).is_none());
    }
}
