//! Functions of whole axes: quantiles, orders, transforms and matrices, for which all elements along an axis must be
//! there at once.
//!
//! A *line* is the elements along some axes for one place along the others. A [`LineFunction`] makes a few
//! elements of each line; [`Whole`] says along which axes lines run and what takes their place in the
//! output. The tasks that compute such a call hold lines whole: a region of the output needs all of the
//! input along the axes, and what it says along the others.
//!
//! Quantiles of `method: approx` are no function of lines but a reduction ([`sketch`]), which sees elements once.
//!
//! Absent: orders of several keys.

mod blocks;
pub mod distinct;
pub mod expand;
mod groups;
pub mod keys;
pub mod lines;
mod moving;
pub mod order;
mod ordered;
mod parted;
pub mod quantile;
pub mod rank;
pub mod sketch;
#[cfg(test)]
mod tests;
mod weighted;
mod windows;
mod zoned;

use std::fmt;
use std::sync::Arc;

use super::pattern::Piece;
use crate::array::{ArrayType, AxisChunks, Block, Coord, DType, Dim, Region};

pub use blocks::Blocks;
pub use expand::OPERATORS;
use lines::Layout;

/// What is made of each line of a block.
pub trait LineFunction: fmt::Debug + Send + Sync {
    /// How many elements a line of `n` elements gives.
    fn len(&self, n: u64) -> u64;

    /// The results of all lines of a block, laid out as `layout` says.
    fn run(&self, block: &Block, layout: Layout<'_>) -> Block;

    /// As [`LineFunction::run`], with a second block of the same shape.
    ///
    /// # Panics
    /// Where it is a function of one array.
    fn run_with(&self, _: &Block, _: &Block, _: Layout<'_>) -> Block {
        unreachable!("only functions of two arrays take two")
    }

    /// The result of one block of rows, with those of a second matrix that belong to it; see [`Blocks`].
    ///
    /// # Panics
    /// Where it is no function of matrices.
    fn run_block(&self, _: &[Block]) -> Block {
        unreachable!("only functions of matrices take blocks of rows")
    }

    /// Bytes of room that lines of `n` elements take while they are looked at.
    fn room(&self, n: u64) -> u64;
}

/// A function of whole axes.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The axes of the input along which lines run, ascending.
    pub axes: Vec<usize>,
    /// Where the results of a line go.
    pub into: Into,
    /// What is made of a line.
    pub function: Arc<dyn LineFunction>,
}

/// Where the results of a line go.
#[derive(Clone, Debug)]
pub enum Into {
    /// The axes are reduced.
    Reduced {
        /// Whether they stay with one element.
        keepdims: bool,
        /// A new dim before all others, with its labels, for several results of a line; none where there is one.
        lead: Option<Arc<Coord>>,
    },
    /// The only axis stays, and holds the results.
    Along,
    /// The axes are reduced, and the results of a line make up new dims after all others, in C order.
    Spread(Vec<Dim>),
    /// The array is a matrix, both axes of which are taken in blocks of rows.
    Blocks(Blocks),
}

impl Whole {
    /// The type of the output.
    pub fn infer(&self, dtype: DType, input: &ArrayType) -> ArrayType {
        let mut out = input.with_dtype(dtype);
        match &self.into {
            Into::Blocks(blocks) => out = blocks.infer(dtype, input),
            Into::Spread(dims) => {
                self.axes.iter().rev().for_each(|axis| out.remove_axis(*axis));
                for dim in dims {
                    out.dims.push(dim.name.clone(), dim.size);
                    out.chunks.axes.push(AxisChunks::regular(dim.size));
                }
            }
            Into::Along => {
                let axis = self.axes[0];
                out.coords.remove(&input.dims[axis].name);
                let size = self.function.len(input.dims[axis].size);
                if size != out.dims[axis].size {
                    out.dims[axis].size = size;
                    out.chunks.axes[axis] = AxisChunks::regular(size);
                }
            }
            Into::Reduced { keepdims, lead } => {
                for &axis in self.axes.iter().rev() {
                    if *keepdims {
                        out.coords.remove(&input.dims[axis].name);
                        out.dims[axis].size = 1;
                        out.chunks.axes[axis] = AxisChunks::regular(1);
                    } else {
                        out.remove_axis(axis);
                    }
                }
                if let Some(coord) = lead {
                    out.dims.insert(0, coord.dim.clone(), coord.len() as u64);
                    out.chunks.axes.insert(0, AxisChunks::regular(coord.len() as u64));
                    out.coords.insert(coord.dim.clone(), coord.clone());
                }
            }
        }
        out
    }

    /// Per axis of the output the axis of an input of `rank` axes whose elements it follows one by one; none for
    /// axes that depend on whole axes of the input.
    pub fn origin(&self, rank: usize) -> Vec<Option<usize>> {
        let kept = |axis: usize| (!self.axes.contains(&axis)).then_some(axis);
        match &self.into {
            Into::Along | Into::Reduced { keepdims: true, lead: None } => (0..rank).map(kept).collect(),
            Into::Blocks(_) => vec![None; rank],
            Into::Spread(dims) => {
                let axes = (0..rank).filter(|axis| kept(*axis).is_some()).map(kept);
                axes.chain(dims.iter().map(|_| None)).collect()
            }
            Into::Reduced { keepdims, lead } => {
                let axes = (0..rank).filter(|axis| *keepdims || kept(*axis).is_some()).map(kept);
                lead.iter().map(|_| None).chain(axes).collect()
            }
        }
    }

    /// How many elements the output has along `axis`, one of those without [`Whole::origin`], for an input of `shape`.
    pub fn gives(&self, axis: usize, shape: &[u64]) -> u64 {
        match &self.into {
            Into::Along => self.function.len(shape[axis]),
            Into::Blocks(blocks) => blocks.dims[axis].size,
            Into::Spread(dims) => dims[axis + self.axes.len() - shape.len()].size,
            Into::Reduced { lead: Some(coord), .. } if axis == 0 => coord.len() as u64,
            Into::Reduced { .. } => 1,
        }
    }

    /// The region of an input, of `shape`, that a region of the output needs.
    pub fn required(&self, output: &Region, input: usize, shape: &[u64]) -> Region {
        if let Into::Blocks(blocks) = &self.into {
            return blocks.required(output, input, shape[1]);
        }
        let mut region = Region::whole(shape);
        for (axis, origin) in self.origin(shape.len()).into_iter().enumerate() {
            if let Some(origin) = origin {
                region.start[origin] = output.start[axis];
                region.shape[origin] = output.shape[axis];
            }
        }
        region
    }

    /// Bytes that computing takes besides the values along `needed` of the input: room for lines, and the results
    /// of all their elements, of `item` bytes each.
    pub fn bytes(&self, needed: &Region, item: usize) -> u64 {
        if let Into::Blocks(blocks) = &self.into {
            let results = needed.count().saturating_mul(2 * item as u64);
            return results.saturating_add(self.function.room(blocks.largest(needed)));
        }
        let n = self.axes.iter().fold(1u64, |n, axis| n.saturating_mul(needed.shape[*axis]));
        let kept = (0..needed.rank()).filter(|axis| !self.axes.contains(axis));
        let lines = kept.fold(1u64, |n, axis| n.saturating_mul(needed.shape[axis]));
        let results = lines.saturating_mul(self.function.len(n)).saturating_mul(item as u64);
        results.saturating_add(self.function.room(n))
    }

    /// The values, of `dtype`, of region `output` from pieces that hold at least what it requires of each input.
    pub fn evaluate(&self, output: &Region, pieces: &[Piece], dtype: DType) -> Block {
        if let Into::Blocks(blocks) = &self.into {
            return blocks.evaluate(&*self.function, output, pieces, dtype);
        }
        let ends: Vec<u64> = (0..pieces[0].region.rank()).map(|axis| pieces[0].region.end(axis)).collect();
        let needed = self.required(output, 0, &ends);
        let block = |piece: &Piece| match needed == piece.region {
            true => piece.block.clone(),
            false => piece.block.slice(&needed.relative_to(&piece.region)),
        };
        let run = |layout: Layout<'_>| match pieces {
            [piece, other] => self.function.run_with(&block(piece), &block(other), layout),
            _ => self.function.run(&block(&pieces[0]), layout),
        };
        let n: u64 = self.axes.iter().map(|axis| needed.shape[*axis]).product();
        let len = self.function.len(n) as usize;
        let mut part = Region { start: vec![0; output.rank()], shape: output.shape.clone() };
        match &self.into {
            Into::Blocks(_) => unreachable!("blocks have gone their way"),
            Into::Spread(dims) => {
                let place = output.rank() - dims.len();
                let shape: Vec<u64> =
                    output.shape[..place].iter().copied().chain(dims.iter().map(|d| d.size)).collect();
                part.start[place..].copy_from_slice(&output.start[place..]);
                run(Layout { axes: &self.axes, place, len }).reshape(&shape).slice(&part)
            }
            Into::Along => {
                let axis = self.axes[0];
                part.start[axis] = output.start[axis];
                run(Layout { axes: &self.axes, place: axis, len }).slice(&part)
            }
            Into::Reduced { keepdims, lead } => {
                let mut results = run(Layout { axes: &self.axes, place: 0, len });
                if lead.is_none() {
                    results = results.drop_axis(0, 0);
                } else {
                    part.start[0] = output.start[0];
                }
                for axis in self.axes.iter().filter(|_| *keepdims) {
                    results = results.insert_axis(*axis + usize::from(lead.is_some()));
                }
                results.slice(&part)
            }
        }
    }
}

/// What is run for a dtype that has no order: expansions refuse it.
fn unordered(dtype: DType) -> Block {
    unreachable!("expansions refuse {dtype}")
}
