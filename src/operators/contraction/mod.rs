//! Contractions: two arrays are multiplied and the products summed over the dims they share
//! (`matmul dot tensordot einsum`).
//!
//! Both inputs of a [`Contraction`] are seen in one *space*, the output's dims followed by the
//! contracted ones: what a side lacks is repeated, as a view. So bounds inference, selection and the
//! order of tasks are those of any reduction of that space; only that a task multiplies whole blocks,
//! in which the repeated axes take no memory, and not tiles of the space, which would be `rows * columns *
//! sums` elements.
//!
//! Where only one side has dims of its own (a matrix by a vector, a dot product) there is nothing to
//! gain from blocks: such calls expand to a product and a sum, which fuse with what is around them.
//! Deliberately absent: repeated subscripts of one operand (`ii->i`), which are views of diagonals.

mod einsum;
mod expand;
mod kernel;
mod product;
#[cfg(test)]
mod tests;

use super::arguments::{optional, required};
use super::error::TypeError;
use super::pattern::{Piece, Reduction, in_one_space};
use super::{Operator, ParamKind, Signature};
use crate::array::{ArrayType, Block, DType, Region};
pub use kernel::packed_bytes;
pub use product::{Factors, products};

/// Products of two inputs of one space, summed over its last axes.
#[derive(Clone, Debug)]
pub struct Contraction {
    /// The sum over the contracted axes: what passes see of it.
    pub reduction: Reduction,
    /// Per kept axis of the space, which of the inputs vary along it; along contracted axes both do.
    pub sides: Vec<Side>,
}

/// Which inputs have an axis; the other one is repeated along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Both.
    Both,
    /// The first.
    Left,
    /// The second.
    Right,
}

impl Contraction {
    /// The contraction of a space whose kept axes are of these sides, over `contracted` more axes, of inputs of
    /// dtype `factors` (which has products) into `dtype`.
    pub fn new(sides: Vec<Side>, contracted: usize, factors: DType, dtype: DType) -> Option<Contraction> {
        let combine = products(factors, dtype)?;
        let axes = (sides.len()..sides.len() + contracted).collect();
        Some(Contraction { reduction: Reduction { axes, groups: None, keepdims: false, spread: None, combine }, sides })
    }

    /// The kept axes of a side, ascending.
    pub fn axes(&self, side: Side) -> Vec<usize> {
        (0..self.sides.len()).filter(|&axis| self.sides[axis] == side).collect()
    }

    /// The type of the space: the inputs' dtype, the finer chunks of both.
    pub fn space(&self, inputs: &[&ArrayType]) -> ArrayType {
        let mut space = inputs[0].clone();
        for (ours, theirs) in space.chunks.axes.iter_mut().zip(&inputs[1].chunks.axes) {
            if theirs.size < ours.size {
                *ours = *theirs;
            }
        }
        space
    }

    /// The type of the output.
    ///
    /// # Errors
    /// The inputs differ in dims or in coordinates of one dim.
    pub fn infer(&self, dtype: DType, inputs: &[&ArrayType]) -> Result<ArrayType, TypeError> {
        let mut out = in_one_space(dtype, inputs)?;
        self.reduction.axes.iter().rev().for_each(|&axis| out.remove_axis(axis));
        Ok(out)
    }

    /// The values of `output` from pieces that hold at least what it requires, which reaches over the whole of
    /// the contracted axes of a space of `shape`.
    pub fn evaluate(&self, output: &Region, pieces: &[Piece]) -> Block {
        let whole: Vec<u64> = (0..pieces[0].region.rank()).map(|axis| pieces[0].region.end(axis)).collect();
        let region = self.reduction.required(output, &whole);
        let part = |piece: &Piece| piece.block.slice(&region.relative_to(&piece.region));
        let mut sums = self.reduction.combine.init(output.count() as usize);
        sums.multiply(&Factors::new(self, &region.shape, (&part(&pieces[0]), &part(&pieces[1]))));
        sums.finish().reshape(&output.shape)
    }

    /// Bytes that a task over `region` holds besides its inputs: sums of its own and packed factors of `item`
    /// bytes an element; saturates.
    pub fn task_bytes(&self, region: &Region, item: u64) -> u64 {
        let count = |axes: &[usize]| axes.iter().fold(1u64, |n, &a| n.saturating_mul(region.shape[a]));
        let sums = count(&self.reduction.axes);
        let packed = [Side::Left, Side::Right].map(|side| packed_bytes(count(&self.axes(side)), sums, item));
        self.reduction.state_bytes(region).saturating_add(packed[0]).saturating_add(packed[1])
    }
}

const A: super::Param = required("a", ParamKind::Array, "The first array.");
const B: super::Param = required("b", ParamKind::Array, "The second array.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "matmul",
        signature: Signature { params: &[A, B] },
        summary: "The matrix product: sums over the last dim of `a`, found by name in `b`; of arrays without named dims by position.",
        example: "matmul(transpose(x), rename(x, y: z))",
        expand: expand::matmul,
    },
    Operator {
        name: "dot",
        signature: Signature {
            params: &[
                A,
                B,
                required("dims", ParamKind::Dims, "The dims summed over, none for those that both have, `..` for all."),
            ],
        },
        summary: "Products summed over dims that both have; other shared dims stay, as xarray's `dot`.",
        example: "dot(x, x, t)",
        expand: expand::dot,
    },
    Operator {
        name: "tensordot",
        signature: Signature {
            params: &[
                A,
                B,
                optional(
                    "axes",
                    ParamKind::Any,
                    "2",
                    "How many last dims of `a` and first of `b`, or two lists of dims: those of `a` and their partners in `b`.",
                ),
            ],
        },
        summary: "Products summed over pairs of dims, whatever their names; all other dims of `a`, then of `b`.",
        example: "tensordot(x, x, axes: [[\"t\"], [\"t\"]])",
        expand: expand::tensordot,
    },
    Operator {
        name: "einsum",
        signature: Signature {
            params: &[
                required("subscripts", ParamKind::Str, "A letter per dim of each array, by order: `\"ij,jk->ik\"`."),
                required("arrays", ParamKind::Rest, "The arrays, one per list of letters."),
            ],
        },
        summary: "Products summed over the letters that the result lacks, as NumPy's `einsum`.",
        example: "einsum(\"ty,tz->yz\", x, x)",
        expand: einsum::einsum,
    },
    Operator {
        name: "outer",
        signature: Signature { params: &[A, B] },
        summary: "All products of an element of `a` with one of `b`: the dims of `a`, then those of `b`.",
        example: "outer(isel(x, y: 0), isel(x, t: 0))",
        expand: expand::outer,
    },
];
