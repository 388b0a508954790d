//! The tasks of contractions: which block of rows, columns and terms each multiplies.
//!
//! A block of many rows and columns needs each element of its factors once for all of them, so the larger it
//! is, the less is read and packed per product; and the more terms it has, the less often sums are merged. As all
//! grids, this one depends on types alone.

use crate::array::{ArrayType, AxisChunks, ChunkGrid};
use crate::operators::contraction::{Contraction, Side};

/// Rows and columns that a block should have, where there are as many.
const LINES: u64 = 1024;

/// Bytes that the factors of a block should have together.
const FACTORS: u64 = 16 << 20;

/// Terms that a block should at least have.
const TERMS: u64 = 256;

/// The grid over a space of type `ty`, whose chunks are the finer ones of both factors.
pub fn grid(ty: &ArrayType, contraction: &Contraction) -> ChunkGrid {
    let shape = ty.shape();
    let natural = ty.chunks.axes.iter().zip(&shape);
    let axes = natural.map(|(a, &n)| if a.offset == 0 { AxisChunks::regular(a.size.min(n)) } else { *a });
    let mut blocks = Blocks { axes: axes.collect(), shape };
    let rows = blocks.fit(&contraction.axes(Side::Left), LINES);
    let columns = blocks.fit(&contraction.axes(Side::Right), LINES);
    let line = rows.saturating_add(columns).saturating_mul(ty.dtype.size() as u64).max(1);
    let terms = blocks.fit(&contraction.reduction.axes, (FACTORS / line).max(TERMS));
    blocks.fit(&contraction.axes(Side::Both), FACTORS / line.saturating_mul(terms).max(1));
    ChunkGrid { axes: blocks.axes }
}

struct Blocks {
    axes: Vec<AxisChunks>,
    shape: Vec<u64>,
}

impl Blocks {
    /// Takes chunks along some axes together, innermost first, up to `wanted` elements, or parts of chunks that
    /// have more than twice as many; gives how many a block has.
    fn fit(&mut self, along: &[usize], wanted: u64) -> u64 {
        let wanted = wanted.max(1);
        let size = |axes: &[AxisChunks], axis: usize, shape: &[u64]| axes[axis].size.min(shape[axis].max(1));
        let count = |axes: &[AxisChunks], shape: &[u64]| {
            along.iter().fold(1u64, |n, &axis| n.saturating_mul(size(axes, axis, shape)))
        };
        for &axis in along {
            while count(&self.axes, &self.shape) > 2 * wanted && size(&self.axes, axis, &self.shape) > 1 {
                self.axes[axis] = AxisChunks::regular(size(&self.axes, axis, &self.shape).div_ceil(2));
            }
        }
        for &axis in along.iter().rev() {
            let room = wanted / count(&self.axes, &self.shape);
            let factor = room.min(self.shape[axis].div_ceil(self.axes[axis].size));
            if factor > 1 && self.axes[axis].size < self.shape[axis] {
                self.axes[axis].size *= factor;
            }
        }
        count(&self.axes, &self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{DType, Dims};

    fn shape(sides: &[Side], dims: &[(&str, u64)], chunks: &[u64]) -> Vec<u64> {
        let contraction = Contraction::new(sides.to_vec(), dims.len() - sides.len(), DType::F32, DType::F32).unwrap();
        let ty = ArrayType::new(DType::F32, Dims::new(dims.iter().copied())).rechunked(chunks);
        grid(&ty, &contraction).chunk_shape()
    }

    #[test]
    fn blocks_are_large_and_follow_chunks() {
        let matrix = [Side::Left, Side::Right];
        let square = [("i", 12288), ("j", 12288), ("k", 12288)];
        assert_eq!(shape(&matrix, &square, &[1024, 1024, 1024]), [1024, 1024, 2048]);
        assert_eq!(shape(&matrix, &square, &[100, 12288, 7]), [1000, 1536, 1652]);
        let tall = [("i", 64), ("j", 64), ("k", 4_000_000)];
        assert_eq!(shape(&matrix, &tall, &[64, 64, 65536]), [64, 64, 65536]);
        assert_eq!(shape(&matrix, &tall, &[64, 64, 4_000_000]), [64, 64, 62500]);
        let batch = [Side::Both, Side::Left, Side::Right];
        assert_eq!(shape(&batch, &[("b", 1000), ("i", 8), ("j", 9), ("k", 7)], &[1, 8, 9, 7]), [1000, 8, 9, 7]);
        assert_eq!(shape(&matrix, &[("i", 0), ("j", 3), ("k", 0)], &[1, 3, 1]), [1, 3, 1]);
    }
}
