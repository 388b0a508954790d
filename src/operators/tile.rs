//! Tiles: the short typed runs of elements that elementwise loops and reductions work on.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use crate::array::block::{Element, Values, storage, with_values};
use crate::array::strided::spaced;
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
            /// The elements at these places.
            pub fn picked(self, places: &[usize]) -> Tile {
                match self {
                    $(TileRef::$variant(elements) => {
                        Tile::$variant(places.iter().map(|place| elements[*place].clone()).collect())
                    })*
                }
            }

            /// Copies elements from `start` on, `step` apart, until `into` is full.
            ///
            /// # Panics
            /// Where the types differ or there are too few.
            pub fn every(self, start: usize, step: usize, into: TileMut<'_>) {
                match (self, into) {
                    $((TileRef::$variant(from), TileMut::$variant(into)) => {
                        spaced(&from[start..], step, into);
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

            /// Puts elements at these places.
            ///
            /// # Panics
            /// Where the types differ.
            pub fn place(self, places: &[usize], from: TileRef<'_>) {
                match (self, from) {
                    $((TileMut::$variant(elements), TileRef::$variant(from)) => {
                        places.iter().zip(from).for_each(|(place, element)| elements[*place].clone_from(element));
                    })*
                    _ => unreachable!("kernels are typed"),
                }
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
        values.read(start, into.get::<T>());
    }
    with_values!(block, values => typed(values, start, into))
}

/// Whether a block is one element repeated.
pub fn is_repeated(block: &Block) -> bool {
    with_values!(block, values => values.strides().iter().zip(values.shape()).all(|(&s, &n)| s == 0 || n == 1))
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
