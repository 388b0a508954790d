//! The static type of an array: all that is known of it before anything is read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Attributes, ChunkGrid, Coord, DType, DimName, Dims};

/// Dtype, named dims, chunk grid, coordinates and attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayType {
    /// The type of the elements.
    pub dtype: DType,
    /// The dimensions, outermost first.
    pub dims: Dims,
    /// How the values are cut where they come from; advice to the planner.
    pub chunks: ChunkGrid,
    /// Labels of the dimensions that have any.
    pub coords: BTreeMap<DimName, Arc<Coord>>,
    /// Attributes.
    pub attrs: Arc<Attributes>,
}

impl ArrayType {
    /// A type with neither coordinates nor attributes, in one chunk.
    pub fn new(dtype: DType, dims: Dims) -> Self {
        let chunks = ChunkGrid::regular(&dims.shape());
        ArrayType { dtype, dims, chunks, coords: BTreeMap::new(), attrs: Arc::default() }
    }

    /// The type of a single value.
    pub fn scalar(dtype: DType) -> Self {
        ArrayType::new(dtype, Dims::default())
    }

    /// The same with another dtype.
    pub fn with_dtype(&self, dtype: DType) -> Self {
        ArrayType { dtype, ..self.clone() }
    }

    /// Elements per axis.
    pub fn shape(&self) -> Vec<u64> {
        self.dims.shape()
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.dims.rank()
    }

    /// Bytes of all elements; saturates.
    pub fn bytes(&self) -> u64 {
        self.dims.count().saturating_mul(self.dtype.size() as u64)
    }

    /// Whether every dim has a name that no file gave it.
    pub fn is_auto_named(&self) -> bool {
        self.rank() > 0 && self.dims.names().all(DimName::is_auto)
    }

    /// The labels of `dim`.
    pub fn coord(&self, dim: &DimName) -> Option<&Arc<Coord>> {
        self.coords.get(dim)
    }

    /// Drops `axis` with its chunks and labels.
    pub fn remove_axis(&mut self, axis: usize) {
        let dim = self.dims.remove(axis);
        self.chunks.axes.remove(axis);
        self.coords.remove(&dim.name);
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.dtype)?;
        if self.rank() == 0 {
            return f.write_str("[]");
        }
        let dims: Vec<String> = self.dims.iter().map(|d| format!("{}={}", d.name, d.size)).collect();
        write!(f, "[{}; chunks {}]", dims.join(", "), self.chunks)
    }
}
