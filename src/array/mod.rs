//! The shared vocabulary of arrays: what they hold ([`DType`], [`Scalar`]), how they are named and
//! cut ([`Dims`], [`ChunkGrid`], [`Region`]), what describes them ([`Coord`], [`Attributes`],
//! [`ArrayType`]) and a piece of their values in memory ([`Block`]).
//!
//! Deliberately absent: files, graphs and threads. Everything here is plain data.

pub mod attributes;
pub mod block;
pub mod calendar;
pub mod chunks;
pub mod coords;
pub mod dims;
pub mod dtype;
pub mod region;
pub mod scalar;
pub mod strided;
pub mod types;

pub use attributes::{AttrValue, Attributes};
pub use block::Block;
pub use calendar::Calendar;
pub use chunks::{AxisChunks, ChunkGrid};
pub use coords::{Coord, CoordValues};
pub use dims::{Dim, DimName, Dims};
pub use dtype::{DType, Kind};
pub use region::Region;
pub use scalar::Scalar;
pub use types::ArrayType;
