//! The same elements in C order under other dims.
//!
//! Dims fall into groups: the fewest of the input that have as many elements as the fewest of the output. A group of
//! one dim on either side stays as it is. Of any other, a part of the output is a range of positions in the group,
//! and what is needed of the input is the smallest box around that range: exact where the range is made of whole inner
//! dims, and else with the rest of the rows at its ends. Chunks are chosen so that they are such ranges, of as
//! many elements as bands of whole chunks of the input have.

use std::ops::Range;

use super::pattern::Piece;
use crate::array::{ArrayType, AxisChunks, Block, ChunkGrid, DType, Dims, Region};

/// Bytes of a chunk of the output at most, where it could be made of whole rows of chunks.
const CHUNK_BYTES: u64 = 32 << 20;

/// A change of dims.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The shape of the input.
    pub from: Vec<u64>,
    /// The dims of the output, of as many elements.
    pub to: Dims,
}

/// Axes of the input and of the output that hold the same elements.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    from: Range<usize>,
    to: Range<usize>,
}

impl Group {
    /// Whether it is one dim and stays so.
    fn is_kept(&self) -> bool {
        self.from.len() == 1 && self.to.len() == 1
    }
}

impl Reshape {
    /// The type of the output: a dim that keeps its name and its elements keeps labels and chunks.
    pub fn infer(&self, input: &ArrayType) -> ArrayType {
        let mut out = ArrayType { dims: self.to.clone(), ..input.clone() };
        out.coords.clear();
        let shape = self.to.shape();
        out.chunks = ChunkGrid::regular(&shape);
        if shape.contains(&0) {
            return out;
        }
        let chunk = |axis: usize| input.chunks.axes[axis].size.min(self.from[axis]).max(1);
        let whole: u64 = (0..self.from.len()).map(chunk).fold(1, u64::saturating_mul);
        for group in self.groups() {
            let (Range { start: from, .. }, Range { start: to, .. }) = (group.from.clone(), group.to.clone());
            if group.is_kept() {
                out.chunks.axes[to] = input.chunks.axes[from];
                let name = &self.to[to].name;
                if let Some(coord) = input.coord(name).filter(|_| input.dims[from].name == *name) {
                    out.coords.insert(name.clone(), coord.clone());
                }
                continue;
            }
            let chunks: Vec<u64> = group.from.clone().map(chunk).collect();
            let others = whole / chunks.iter().product::<u64>().max(1);
            let most = CHUNK_BYTES / (input.dtype.size() as u64).saturating_mul(others).max(1);
            let mut run = run(&self.from[group.from], &chunks, most.max(1));
            for axis in group.to.rev() {
                out.chunks.axes[axis] = AxisChunks::regular(run.clamp(1, shape[axis]));
                run /= shape[axis];
            }
        }
        out
    }

    /// The region of the input that `output` needs.
    pub fn required(&self, output: &Region) -> Region {
        if output.is_empty() {
            return Region { start: vec![0; self.from.len()], shape: vec![0; self.from.len()] };
        }
        let mut region = Region::whole(&self.from);
        for group in self.groups() {
            let (start, end) = self.ends(&group, output);
            let from = &self.from[group.from.clone()];
            let (first, last) = (unravel(start, from), unravel(end, from));
            let split = (0..from.len()).find(|axis| first[*axis] != last[*axis]).unwrap_or(from.len());
            for (at, axis) in group.from.enumerate().take(split + 1) {
                (region.start[axis], region.shape[axis]) = (first[at], last[at] - first[at] + 1);
            }
        }
        region
    }

    /// The values of `output`, from a piece that holds exactly what it requires.
    pub fn apply(&self, output: &Region, piece: &Piece) -> Block {
        if output.is_empty() {
            return Block::zeros(piece.block.dtype(), &output.shape);
        }
        let groups = self.groups();
        let merged: Vec<u64> = groups.iter().map(|g| piece.region.shape[g.from.clone()].iter().product()).collect();
        let mut block = piece.block.reshape(&merged);
        for (axis, group) in groups.iter().enumerate() {
            let count: u64 = output.shape[group.to.clone()].iter().product();
            let base = ravel(&piece.region.start[group.from.clone()], &self.from[group.from.clone()]);
            let (start, end) = self.ends(group, output);
            if end - start + 1 == count {
                let mut part = Region::whole(&block.shape());
                (part.start[axis], part.shape[axis]) = (start - base, count);
                block = block.slice(&part);
            } else {
                block = block.take(axis, &self.positions(group, output, base));
            }
        }
        block.reshape(&output.shape)
    }

    /// The first and the last position in a group of what a region of the output has of it.
    fn ends(&self, group: &Group, output: &Region) -> (u64, u64) {
        let shape = &self.to.shape()[group.to.clone()];
        let last: Vec<u64> = group.to.clone().map(|axis| output.end(axis) - 1).collect();
        (ravel(&output.start[group.to.clone()], shape), ravel(&last, shape))
    }

    /// The positions in a group of what a region of the output has of it, less `base`.
    fn positions(&self, group: &Group, output: &Region, base: u64) -> Vec<usize> {
        let mut positions = vec![0u64];
        for axis in group.to.clone() {
            let (size, span) = (self.to[axis].size, output.start[axis]..output.end(axis));
            positions = positions.iter().flat_map(|at| span.clone().map(move |i| at * size + i)).collect();
        }
        positions.into_iter().map(|at| (at - base) as usize).collect()
    }

    /// The groups, outermost first, of arrays with elements.
    fn groups(&self) -> Vec<Group> {
        let (from, to) = (&self.from, self.to.shape());
        let (mut i, mut j) = (0, 0);
        let mut groups = Vec::new();
        let next = |sizes: &[u64], at: &mut usize| {
            let size = sizes.get(*at).copied().unwrap_or(1);
            *at = (*at + 1).min(sizes.len());
            size
        };
        while i < from.len() || j < to.len() {
            let start = (i, j);
            let (mut a, mut b) = (next(from, &mut i), next(&to, &mut j));
            while a != b {
                if a < b {
                    a *= next(from, &mut i);
                } else {
                    b *= next(&to, &mut j);
                }
            }
            groups.push(Group { from: start.0..i, to: start.1..j });
        }
        groups
    }
}

/// Elements of a range that is made of whole inner dims of `shape` and of a band of whole `chunks`, or of part of
/// such a band where it has more than `most`.
fn run(shape: &[u64], chunks: &[u64], most: u64) -> u64 {
    let mut axis = chunks.iter().position(|n| *n > 1).unwrap_or(shape.len().saturating_sub(1));
    let mut rows = chunks.get(axis).copied().unwrap_or(1);
    loop {
        let inner: u64 = shape.iter().skip(axis + 1).product();
        while rows.saturating_mul(inner) > most && rows > 1 {
            rows = rows.div_ceil(2);
        }
        if rows.saturating_mul(inner) <= most || axis + 1 >= shape.len() {
            return rows * inner;
        }
        axis += 1;
        rows = shape[axis];
    }
}

/// The position in C order of an index.
fn ravel(index: &[u64], shape: &[u64]) -> u64 {
    index.iter().zip(shape).fold(0, |at, (i, n)| at * n + i)
}

/// The index of a position in C order.
fn unravel(mut position: u64, shape: &[u64]) -> Vec<u64> {
    let mut index = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        index[axis] = position % shape[axis];
        position /= shape[axis];
    }
    index
}

/// Bytes that a part of an output takes besides itself where it is no range of positions.
pub fn room(reshape: &Reshape, output: &Region, dtype: DType) -> u64 {
    if output.is_empty() {
        return 0;
    }
    let scattered = reshape.groups().into_iter().filter(|group| {
        let (start, end) = reshape.ends(group, output);
        end - start + 1 != output.shape[group.to.clone()].iter().product::<u64>()
    });
    let positions = scattered.map(|group| output.shape[group.to].iter().product::<u64>() * 16);
    let copy = output.count().saturating_mul(dtype.size() as u64);
    positions.fold(0, |sum, bytes| sum + bytes + copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(from: &[u64], to: &[u64]) -> String {
        let to: Dims = Dims::new(to.iter().enumerate().map(|(i, n)| (crate::array::DimName::auto(i), *n)));
        let groups = Reshape { from: from.to_vec(), to }.groups();
        groups.iter().map(|g| format!("{:?}>{:?}", g.from, g.to)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn dims_fall_into_groups() {
        assert_eq!(groups(&[2, 3, 4], &[2, 12]), "0..1>0..1 1..3>1..2");
        assert_eq!(groups(&[2, 3, 4], &[6, 2, 2]), "0..2>0..1 2..3>1..3");
        assert_eq!(groups(&[4, 6], &[6, 4]), "0..2>0..2");
        assert_eq!(groups(&[3, 1, 4], &[3, 4]), "0..1>0..1 1..3>1..2");
        assert_eq!(groups(&[], &[1, 1]), "0..0>0..1 0..0>1..2");
        assert_eq!(groups(&[5, 1], &[5]), "0..1>0..1 1..2>1..1");
    }

    #[test]
    fn runs_are_bands_of_chunks() {
        assert_eq!(run(&[73, 144], &[73, 144], 1 << 20), 73 * 144);
        assert_eq!(run(&[73, 144], &[10, 20], 1 << 20), 1440);
        assert_eq!(run(&[73, 144], &[1, 20], 1 << 20), 20);
        assert_eq!(run(&[100, 50, 40], &[16, 50, 40], 10_000), 8_000);
        assert_eq!(run(&[100, 5000], &[16, 100], 1000), 625);
        assert_eq!(run(&[], &[], 1000), 1);
    }
}
