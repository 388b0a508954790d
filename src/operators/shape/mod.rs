//! Shape: the order, number and extent of dims, and the chunks.
//!
//! Nothing here computes: elements move, repeat or are joined with constants, so every operator is
//! made of slices, permutations, gathers, reshapes and `Concat`, of which the planner knows what they read.

mod axes;
mod chunks;
pub(in crate::operators) mod edges;
mod ends;
mod join;
mod resize;
#[cfg(test)]
mod tests;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};
pub(super) use chunks::of_bytes as chunks_of_bytes;
pub use edges::neighbour;

const X: Param = required("x", ParamKind::Array, "The array.");
const FLAT: Param = optional("dim", ParamKind::NewName, "dim_0", "The name of the dim.");
const FILL: &str = "What fills the gap; missing where left out, which integers are not.";

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "transpose",
        signature: Signature {
            params: &[
                X,
                required(
                    "dims",
                    ParamKind::Dims,
                    "The dims in their new order; `..` is all others; none reverses them.",
                ),
            ],
        },
        summary: "Puts dims in another order.",
        example: "transpose(x, y, t)",
        expand: axes::transpose,
    },
    Operator {
        name: "expand_dims",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::NewName, "The name of the new dim."),
                optional("axis", ParamKind::Int, "0", "Where it goes; negative counts from the end."),
                optional(
                    "label",
                    ParamKind::Any,
                    "none",
                    "Its label; where left out, the single coordinate of its name, if the array has one.",
                ),
            ],
        },
        summary: "Adds a dim of one element.",
        example: "expand_dims(x, member, axis: -1)",
        expand: axes::expand_dims,
    },
    Operator {
        name: "squeeze",
        signature: Signature {
            params: &[X, required("dims", ParamKind::Dims, "Dims of one element; all such where none is named.")],
        },
        summary: "Drops dims of one element.",
        example: "x |> isel(t: [2]) |> squeeze(t)",
        expand: axes::squeeze,
    },
    Operator {
        name: "flip",
        signature: Signature {
            params: &[X, required("dims", ParamKind::Dims, "The dims to turn round; all where none is named.")],
        },
        summary: "Reverses the elements along dims, with their labels.",
        example: "flip(x, y)",
        expand: axes::flip,
    },
    Operator {
        name: "broadcast",
        signature: Signature {
            params: &[
                X,
                required(
                    "to",
                    ParamKind::Any,
                    "Sizes by dim, as `{z: 3}`, or an array whose dims and coordinates to take.",
                ),
            ],
        },
        summary: "Repeats an array along dims that it lacks or has one element of; new dims come last.",
        example: "x |> mean(t) |> broadcast({z: 3})",
        expand: axes::broadcast,
    },
    Operator {
        name: "rechunk",
        signature: Signature {
            params: &[
                X,
                optional(
                    "chunks",
                    ParamKind::Any,
                    "none",
                    "Elements of a chunk along every dim, or bytes of a chunk, as `16MiB`.",
                ),
                required("elements", ParamKind::PerDim, "Elements of a chunk along this dim; -1 or `none` is all."),
            ],
        },
        summary: "Cuts an array into other chunks; values stay.",
        example: "rechunk(x, t: 3, y: -1)",
        expand: chunks::rechunk,
    },
    Operator {
        name: "concat",
        signature: Signature {
            params: &[
                required("arrays", ParamKind::Arrays, "The arrays, with the same dims."),
                required("dim", ParamKind::Dim, "The dim along which they follow each other."),
            ],
        },
        summary: "Joins arrays along a dim that they have.",
        example: "concat([x, x |> isel(t: ..<2)], t)",
        expand: join::concat,
    },
    Operator {
        name: "stack",
        signature: Signature {
            params: &[
                required(
                    "arrays",
                    ParamKind::Arrays,
                    "The arrays, with the same dims and sizes; or one array to stack dims of.",
                ),
                optional(
                    "dim",
                    ParamKind::NewName,
                    "none",
                    "The name of the new dim of joined arrays, which comes first.",
                ),
                optional("labels", ParamKind::Any, "none", "Its coordinate: a list, a range or a known array."),
                required(
                    "dims",
                    ParamKind::PerDim,
                    "For one array: the dims of which a new dim is made, which comes last.",
                ),
            ],
        },
        summary: "Joins arrays along a new dim, `stack([a, b], kind)`; or makes one dim of several, `stack(x, cell: [lat, lon])`.",
        example: "stack([x, -x], sign, labels: [1, -1]), stack(x, cell: [t, y])",
        expand: join::stack,
    },
    Operator {
        name: "unstack",
        signature: Signature {
            params: &[
                X,
                required("into", ParamKind::PerDim, "The sizes of the dims that this dim becomes; one may be -1."),
            ],
        },
        summary: "Makes several dims, which come last, of one: the inverse of `stack`.",
        example: "unstack(x, t: {pair: 3, half: 2})",
        expand: resize::unstack,
    },
    Operator {
        name: "reshape",
        signature: Signature {
            params: &[
                X,
                required(
                    "shape",
                    ParamKind::Any,
                    "The sizes: `{y: 4, x: -1}`, or `[4, 5]`; one may be -1, what is left.",
                ),
            ],
        },
        summary: "The same elements in C order under other dims; a dim that stays as it is keeps its labels.",
        example: "reshape(x, {half: 2, third: 3, y: 4})",
        expand: resize::reshape,
    },
    Operator {
        name: "ravel",
        signature: Signature { params: &[X, FLAT] },
        summary: "All elements in C order along one dim.",
        example: "ravel(x, dim: cell)",
        expand: resize::ravel,
    },
    Operator {
        name: "flatten",
        signature: Signature { params: &[X, FLAT] },
        summary: "The same as `ravel`.",
        example: "flatten(x)",
        expand: resize::ravel,
    },
    Operator {
        name: "shift",
        signature: Signature {
            params: &[
                X,
                required(
                    "by",
                    ParamKind::PerDim,
                    "How many places elements move along this dim; negative moves them to the front.",
                ),
                optional("fill", ParamKind::Any, "none", FILL),
            ],
        },
        summary: "Moves elements along dims whose labels stay; what leaves is lost.",
        example: "x - shift(x, t: 1)",
        expand: edges::shift,
    },
    Operator {
        name: "roll",
        signature: Signature {
            params: &[X, required("by", ParamKind::PerDim, "How many places elements move along this dim.")],
        },
        summary: "Moves elements along dims whose labels stay; what leaves comes in at the other end.",
        example: "roll(x, t: -2)",
        expand: edges::roll,
    },
    Operator {
        name: "diff",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim."),
                optional("n", ParamKind::Int, "1", "How often differences are taken."),
                optional("label", ParamKind::Choice(&["upper", "lower"]), "upper", "Whose label a difference has."),
            ],
        },
        summary: "Differences of neighbours along a dim, which becomes shorter.",
        example: "diff(x, t)",
        expand: edges::diff,
    },
    Operator {
        name: "pad",
        signature: Signature {
            params: &[
                X,
                required(
                    "width",
                    ParamKind::PerDim,
                    "Elements to add before and after: a number for both, or `[before, after]`.",
                ),
                optional(
                    "mode",
                    ParamKind::Choice(edges::MODES),
                    "constant",
                    "What is added: `value`, the outermost element, the mirrored elements without or with the outermost, those of the other end, a ramp to `end_values`, or a statistic of the elements.",
                ),
                optional("value", ParamKind::Any, "none", FILL),
                optional("end_values", ParamKind::Float, "0", "Where ramps end."),
                optional(
                    "stat_length",
                    ParamKind::Int,
                    "none",
                    "Of how many elements at either end a statistic is; of all, if left out.",
                ),
            ],
        },
        summary: "Adds elements at the ends of dims. Labels are padded alike; with `constant` they are missing (integer labels become f64, texts go).",
        example: "pad(x, t: [2, 1], mode: edge)",
        expand: edges::pad,
    },
];
