//! Functions of blocks of rows: a matrix with few columns and any number of rows is taken some rows at a time, which
//! are the same rows whatever the chunks, tasks and budget.
//!
//! A second matrix has a few rows for each block, as a block gives to a matrix of stacked results.

use crate::array::{ArrayType, AxisChunks, Block, ChunkGrid, DType, Dim, Dims, Region};
use crate::operators::pattern::Piece;

use super::LineFunction;

/// Blocks of rows of a matrix.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Rows of the matrix.
    pub size: u64,
    /// Columns of the matrix, not more than rows of a block.
    pub width: u64,
    /// Rows of a block; the last one has up to twice as many, so none has fewer.
    pub rows: u64,
    /// Whether a block gives as many rows as the matrix has columns; else as many as it has.
    pub stacked: bool,
    /// Names of the result's dims.
    pub dims: [Dim; 2],
}

impl Blocks {
    /// The number of blocks.
    pub fn count(&self) -> u64 {
        (self.size / self.rows).max(1)
    }

    /// The rows of a block, from the first to that after the last.
    fn bounds(&self, block: u64) -> (u64, u64) {
        let end = if block + 1 == self.count() { self.size } else { (block + 1) * self.rows };
        (block * self.rows, end)
    }

    /// The rows of the result, or of the second input, that belong to a block.
    fn given(&self, block: u64, stacked: bool) -> (u64, u64) {
        if stacked { (block * self.width, (block + 1) * self.width) } else { self.bounds(block) }
    }

    /// The first block of which a region of the result has rows, and the one after the last.
    fn covering(&self, output: &Region) -> (u64, u64) {
        if output.is_empty() {
            return (0, 0);
        }
        let rows = if self.stacked { self.width } else { self.rows };
        let block = |row: u64| (row / rows).min(self.count() - 1);
        (block(output.start[0]), block(output.end(0) - 1) + 1)
    }

    /// The type of the result for a matrix.
    pub fn infer(&self, dtype: DType, input: &ArrayType) -> ArrayType {
        let mut out = input.with_dtype(dtype);
        out.dims = Dims::new(self.dims.iter().map(|dim| (dim.name.clone(), dim.size)));
        let kept = |dim: &Dim| input.dims.iter().any(|old| old == dim);
        let names: Vec<_> = self.dims.iter().filter(|dim| kept(dim)).map(|dim| dim.name.clone()).collect();
        out.coords.retain(|name, _| names.contains(name));
        let rows = if self.stacked { self.width } else { self.rows };
        out.chunks = ChunkGrid {
            axes: vec![AxisChunks::regular(rows.min(self.dims[0].size)), AxisChunks::regular(self.dims[1].size)],
        };
        out
    }

    /// The region of an input with these columns that a region of the result needs.
    pub fn required(&self, output: &Region, input: usize, columns: u64) -> Region {
        let (first, after) = self.covering(output);
        if first == after {
            return Region { start: vec![0, 0], shape: vec![0, columns] };
        }
        let start = self.given(first, input > 0).0;
        Region { start: vec![start, 0], shape: vec![self.given(after - 1, input > 0).1 - start, columns] }
    }

    /// Elements of the largest of the blocks that a region of the matrix is made of.
    pub fn largest(&self, needed: &Region) -> u64 {
        needed.shape[0].min(2 * self.rows).saturating_mul(self.width)
    }

    /// The values of a region of the result, from pieces of the inputs that hold at least what it requires.
    pub fn evaluate(&self, function: &dyn LineFunction, output: &Region, pieces: &[Piece], dtype: DType) -> Block {
        let (first, after) = self.covering(output);
        let parts: Vec<Block> = (first..after)
            .map(|block| {
                let part = |(input, piece): (usize, &Piece)| {
                    let (start, end) = self.given(block, input > 0);
                    let region = Region { start: vec![start, 0], shape: vec![end - start, piece.region.shape[1]] };
                    piece.block.slice(&region.relative_to(&piece.region))
                };
                let inputs: Vec<Block> = pieces.iter().enumerate().map(part).collect();
                let made = function.run_block(&inputs);
                let (start, end) = self.given(block, self.stacked);
                let (from, to) = (output.start[0].max(start), output.end(0).min(end));
                let rows =
                    Region { start: vec![from - start, output.start[1]], shape: vec![to - from, output.shape[1]] };
                made.slice(&rows)
            })
            .collect();
        match parts.len() {
            0 => Block::zeros(dtype, &output.shape),
            1 => parts.into_iter().next().expect("one part"),
            _ => Block::concat(&parts, 0),
        }
    }
}
