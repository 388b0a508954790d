//! Tiles: the short typed runs of elements that elementwise loops and reductions work on.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use crate::array::DType;
use crate::array::block::{Element, storage};

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
