//! Tiles: the short typed runs of elements that elementwise loops and reductions work on.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use crate::array::block::{Element, Values, storage, with_values};
use crate::array::{Block, DType};

/// Elements of a full tile; a few tiles fit the first-level cache.
pub const TILE: usize = 1024;

macro_rules! tiles {
    ($($variant:ident $type:ty;)*) => {
        /// A run of elements of one type.
        #[derive(Clone, Debug)]
        pub enum Tile {
            $(#[doc = concat!("`", stringify!($type), "` elements.")] $variant(Vec<$type>),)*
        }

        /// A type that tiles hold.
        pub trait TileElement: Element {
            /// The elements, where the tile holds this type.
            fn elements(tile: &Tile) -> Option<&Vec<Self>>;
            /// The elements for writing, where the tile holds this type.
            fn elements_mut(tile: &mut Tile) -> Option<&mut Vec<Self>>;
        }

        $(impl TileElement for $type {
            fn elements(tile: &Tile) -> Option<&Vec<Self>> {
                match tile { Tile::$variant(elements) => Some(elements), _ => None }
            }
            fn elements_mut(tile: &mut Tile) -> Option<&mut Vec<Self>> {
                match tile { Tile::$variant(elements) => Some(elements), _ => None }
            }
        })*

        impl Tile {
            /// An empty tile for elements of `dtype`.
            pub fn new(dtype: DType) -> Tile {
                match storage(dtype) {
                    $(DType::$variant => Tile::$variant(Vec::with_capacity(TILE)),)*
                    DType::DateTime(_) | DType::Duration => unreachable!("stored as i64"),
                }
            }

            /// The number of elements.
            pub fn len(&self) -> usize {
                match self { $(Tile::$variant(elements) => elements.len(),)* }
            }

            /// Takes all elements out and keeps the room.
            pub fn clear(&mut self) {
                match self { $(Tile::$variant(elements) => elements.clear(),)* }
            }
        }
    };
}

tiles! {
    Bool bool; I8 i8; I16 i16; I32 i32; I64 i64; U8 u8; U16 u16; U32 u32; U64 u64;
    F16 f16; F32 f32; F64 f64; C64 Complex32; C128 Complex64; Str Arc<str>;
}

impl Tile {
    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements.
    ///
    /// # Panics
    /// Where the tile holds another type: types are checked when kernels are built.
    pub fn get<T: TileElement>(&self) -> &[T] {
        T::elements(self).expect("kernels are typed")
    }

    /// The elements for writing.
    ///
    /// # Panics
    /// Where the tile holds another type.
    pub fn get_mut<T: TileElement>(&mut self) -> &mut Vec<T> {
        T::elements_mut(self).expect("kernels are typed")
    }
}

/// An elementwise function over tiles: reads inputs of equal length, fills the cleared output with
/// as many elements.
pub type TileLoop = Arc<dyn Fn(&[&Tile], &mut Tile) + Send + Sync>;

/// Replaces the elements of `into` by `len` elements of `block`, the first of which is the one at
/// `start` in C order. Blocks of any strides will do; rows of neighbours are copied whole.
///
/// # Panics
/// Where the tile holds another type or the block has fewer elements.
pub fn load(block: &Block, start: usize, len: usize, into: &mut Tile) {
    fn typed<T: TileElement>(values: &Values<T>, start: usize, len: usize, into: &mut Tile) {
        let into = into.get_mut::<T>();
        into.clear();
        match values.as_slice() {
            Some(slice) => into.extend_from_slice(&slice[start..start + len]),
            None => load_rows(values, start, len, into),
        }
    }
    with_values!(block, values => typed(values, start, len, into))
}

/// Copies the elements of `tile` into `block`, from the place `start` in C order on.
///
/// # Panics
/// Where the types differ, the elements do not fit, or the block is a view or shared.
pub fn store(tile: &Tile, block: &mut Block, start: usize) {
    fn typed<T: TileElement>(values: &mut Values<T>, start: usize, tile: &Tile) {
        let slice = values.as_mut_slice().expect("a block being written is whole and not shared");
        let elements = tile.get::<T>();
        slice[start..start + elements.len()].clone_from_slice(elements);
    }
    with_values!(block, values => typed(values, start, tile))
}

/// Appends elements of values that have gaps, row by row of what is left after merging axes.
fn load_rows<T: Clone>(values: &Values<T>, start: usize, mut len: usize, into: &mut Vec<T>) {
    let axes = merged_axes(values.shape(), values.strides());
    let Some((&(inner, stride), outer)) = axes.split_last() else {
        let (data, offset) = values.storage();
        into.extend(std::iter::repeat_n(data[offset].clone(), len));
        return;
    };
    let (data, offset) = values.storage();
    let mut position = start % inner;
    let mut index = vec![0; outer.len()];
    let mut rest = start / inner;
    let mut row = offset as isize;
    for (axis, &(n, step)) in outer.iter().enumerate().rev() {
        index[axis] = rest % n;
        rest /= n;
        row += index[axis] as isize * step;
    }
    while len > 0 {
        let run = (inner - position).min(len);
        append_row(data, row + position as isize * stride, stride, run, into);
        len -= run;
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

fn append_row<T: Clone>(data: &[T], first: isize, stride: isize, run: usize, into: &mut Vec<T>) {
    let first = first as usize;
    match stride {
        1 => into.extend_from_slice(&data[first..first + run]),
        0 => into.extend(std::iter::repeat_n(data[first].clone(), run)),
        2.. => into.extend(data[first..].iter().step_by(stride as usize).take(run).cloned()),
        _ => into.extend(data[..=first].iter().rev().step_by(stride.unsigned_abs()).take(run).cloned()),
    }
}

/// Size and stride of each axis that matters, outermost first: axes of one element are left out,
/// axes whose elements follow each other at one distance are one.
fn merged_axes(shape: &[usize], strides: &[isize]) -> Vec<(usize, isize)> {
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
                    let mut tile = Tile::new(DType::I32);
                    load(&block, start, len, &mut tile);
                    assert_eq!(tile.get::<i32>(), &expected[start..start + len], "{block:?} {start} {len}");
                }
            }
        }
    }

    #[test]
    fn storing_writes_a_part() {
        let mut block = Block::zeros(DType::U8, &[2, 3]);
        let mut tile = Tile::new(DType::U8);
        tile.get_mut::<u8>().extend([7, 8, 9]);
        store(&tile, &mut block, 2);
        assert_eq!(block.view::<u8>().unwrap().iter().copied().collect::<Vec<u8>>(), [0, 0, 7, 8, 9, 0]);
    }
}
