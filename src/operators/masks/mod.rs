//! Elements chosen by masks: `compress`, `extract`, and the positions of what is not zero.
//!
//! A type has sizes, and how many elements a mask chooses is seen only when it is known. So masks are known while
//! planning (coordinates, constants, small arrays of a source and what follows from these), and what they choose is a
//! selection like any other; or the script says how many elements to make room for, and a reduction keeps the first.

mod chosen;
mod expand;
#[cfg(test)]
mod tests;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};

const X: Param = required("x", ParamKind::Array, "The array.");
const SIZE: Param = optional(
    "size",
    ParamKind::Int,
    "none",
    "How many elements to make room for, where the mask is not known while planning: the first ones.",
);
const FILL: Param = optional("fill", ParamKind::Any, "none", "What stands where there are fewer; missing if left out.");
const NOWHERE: Param = optional("fill", ParamKind::Int, "-1", "What stands where there are fewer.");
const POINT: Param = optional("dim", ParamKind::NewName, "point", "The name of the new dim.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "compress",
        signature: Signature {
            params: &[
                X,
                required("condition", ParamKind::Any, "A mask along the dim, bool: an array or a list."),
                required("dim", ParamKind::Dim, "The dim."),
                SIZE,
                FILL,
            ],
        },
        summary: "The elements along a dim where a mask holds, with their labels.",
        example: "x |> compress([true, false, true, true], y)",
        expand: expand::compress,
    },
    Operator {
        name: "extract",
        signature: Signature {
            params: &[
                X,
                required("condition", ParamKind::Array, "Where elements are taken, bool; of dims of `x`."),
                SIZE,
                FILL,
                POINT,
            ],
        },
        summary: "The elements where a mask holds, in C order along a new dim that takes the place of the mask's.",
        example: "extract(x, x > 2, size: 10)",
        expand: expand::extract,
    },
    Operator {
        name: "flatnonzero",
        signature: Signature { params: &[X, SIZE, NOWHERE, POINT] },
        summary: "The positions in C order of the elements that are not zero, as i64.",
        example: "flatnonzero(x > 2, size: 10)",
        expand: expand::flatnonzero,
    },
    Operator {
        name: "nonzero",
        signature: Signature { params: &[X, SIZE, NOWHERE, POINT] },
        summary: "The record of the positions along each dim of the elements that are not zero, by which they are selected: `x[t: at.t, y: at.y]`.",
        example: "nonzero(x > 2, size: 10).t",
        expand: expand::nonzero,
    },
    Operator {
        name: "argwhere",
        signature: Signature { params: &[X, SIZE, NOWHERE, POINT] },
        summary: "The positions of the elements that are not zero, one a row; along the new dim `axis` those along each dim.",
        example: "argwhere(x > 2, size: 10)",
        expand: expand::argwhere,
    },
    Operator {
        name: "unravel_index",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "Positions in C order, integers."),
                required("shape", ParamKind::Any, "The sizes: by dim `{y: 4, x: 5}`, or `[4, 5]`."),
            ],
        },
        summary: "The record of the positions along each dim of positions in C order; a list for sizes in a list.",
        example: "unravel_index(argmax(x), {t: 6, y: 4}).y",
        expand: expand::unravel_index,
    },
    Operator {
        name: "ravel_multi_index",
        signature: Signature {
            params: &[
                required("indices", ParamKind::Any, "Positions along each dim: a record, or a list as the sizes."),
                required("shape", ParamKind::Any, "The sizes: by dim `{y: 4, x: 5}`, or `[4, 5]`."),
                optional(
                    "mode",
                    ParamKind::Choice(&["raise", "wrap", "clip"]),
                    "raise",
                    "What is done with positions beyond the sizes: counted round, or the nearest; `raise` takes only positions that are known while planning.",
                ),
            ],
        },
        summary: "Positions in C order from the positions along each dim, as i64.",
        example: "ravel_multi_index({t: arange(3), y: 1}, {t: 6, y: 4})",
        expand: expand::ravel_multi_index,
    },
];
