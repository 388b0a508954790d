//! A box of an array that is there already.

use std::sync::Arc;

use super::serializers::{ArrayWriter, StorageError, Storing};
use crate::array::Block;

/// Writes a box of whole objects of an array.
pub struct Inset {
    /// The index of its first object.
    objects: Vec<u64>,
    writer: Arc<dyn ArrayWriter>,
}

impl Inset {
    /// The box whose first element is at `origin`, where an object begins.
    pub fn new(origin: &[u64], writer: Arc<dyn ArrayWriter>) -> Self {
        let objects = origin.iter().zip(writer.object_shape()).map(|(start, size)| start / size).collect();
        Inset { objects, writer }
    }

    fn index(&self, index: &[u64]) -> Vec<u64> {
        index.iter().zip(&self.objects).map(|(i, first)| i + first).collect()
    }
}

impl ArrayWriter for Inset {
    fn object_shape(&self) -> &[u64] {
        self.writer.object_shape()
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        self.writer.write(&self.index(index), block)
    }

    fn begin(&self, index: &[u64], block: &Block) -> Result<Storing, StorageError> {
        self.writer.begin(&self.index(index), block)
    }

    fn is_ordered(&self) -> bool {
        self.writer.is_ordered()
    }

    fn is_resumable(&self) -> bool {
        self.writer.is_resumable()
    }

    fn restore(&self, index: &[u64], encoded: Vec<u8>) -> Result<Storing, StorageError> {
        self.writer.restore(&self.index(index), encoded)
    }

    fn scratch_bytes(&self) -> u64 {
        self.writer.scratch_bytes()
    }
}
