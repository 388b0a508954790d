//! Arrangements by the names that NumPy has for them: of dims by position, of arrays side by side, of elements put in and
//! taken out, of diagonals. All are made of moves and elementwise calls.

mod axes;
mod elements;
mod matrices;
mod side_by_side;
#[cfg(test)]
mod tests;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};

const X: Param = required("x", ParamKind::Array, "The array.");
const ARRAYS: Param = required("arrays", ParamKind::Arrays, "The arrays, all with the same dims.");
const SEVERAL: Param = required("arrays", ParamKind::Rest, "The arrays.");
const K: Param = optional("k", ParamKind::Int, "0", "The diagonal: 0 is the main one, 1 the one above it.");
const DTYPE: Param = optional("dtype", ParamKind::DType, "f64", "The dtype.");
const ROWS: Param = optional("rows", ParamKind::Dim, "none", "The dim of the rows; the last but one unless given.");
const COLUMNS: Param = optional("columns", ParamKind::Dim, "none", "The dim of the columns; the last unless given.");
const FIRST: Param =
    required("n", ParamKind::PerDim, "How many elements along this dim; for `thin`, how far one lies from the next.");
const INDEX: Param = required(
    "index",
    ParamKind::Any,
    "A position, a half-open range, or a list or array of positions, known while planning; negative counts from the end.",
);

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "swapaxes",
        signature: Signature {
            params: &[
                X,
                required("first", ParamKind::Dim, "A dim."),
                required("second", ParamKind::Dim, "The dim it changes places with."),
            ],
        },
        summary: "Two dims change places.",
        example: "swapaxes(x, t, y)",
        expand: axes::swapaxes,
    },
    Operator {
        name: "moveaxis",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim."),
                required("to", ParamKind::Int, "Its new place; negative counts from the end."),
            ],
        },
        summary: "One dim goes to another place, the others stay in order.",
        example: "moveaxis(x, t, -1)",
        expand: axes::moveaxis,
    },
    Operator {
        name: "rollaxis",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim."),
                optional("start", ParamKind::Int, "0", "Before which place it goes; negative counts from the end."),
            ],
        },
        summary: "One dim goes before another, the others stay in order.",
        example: "rollaxis(x, y)",
        expand: axes::rollaxis,
    },
    Operator {
        name: "atleast_1d",
        signature: Signature { params: &[X] },
        summary: "With one dim at least: a single value gets one.",
        example: "atleast_1d(sum(x))",
        expand: |builder, args| axes::at_least(builder, args, 1),
    },
    Operator {
        name: "atleast_2d",
        signature: Signature { params: &[X] },
        summary: "With two dims at least: new ones of one element come first.",
        example: "atleast_2d(isel(x, t: 0))",
        expand: |builder, args| axes::at_least(builder, args, 2),
    },
    Operator {
        name: "atleast_3d",
        signature: Signature { params: &[X] },
        summary: "With three dims at least: one of one element comes last, and before a single dim another.",
        example: "atleast_3d(x)",
        expand: |builder, args| axes::at_least(builder, args, 3),
    },
    Operator {
        name: "broadcast_arrays",
        signature: Signature { params: &[SEVERAL] },
        summary: "The list of the arrays, repeated so that all have the same dims.",
        example: "broadcast_arrays(x, isel(x, t: 0))[1]",
        expand: axes::broadcast_arrays,
    },
    Operator {
        name: "meshgrid",
        signature: Signature {
            params: &[
                SEVERAL,
                optional(
                    "indexing",
                    ParamKind::Choice(&["xy", "ij"]),
                    "xy",
                    "Whether the second dim comes first, or dims come in the order of the arrays.",
                ),
            ],
        },
        summary: "The list of grids of arrays of one dim: each repeated along the dims of the others. Dims without names are named.",
        example: "meshgrid(arange(3, dim: x), arange(2, dim: y))[0]",
        expand: axes::meshgrid,
    },
    Operator {
        name: "vstack",
        signature: Signature { params: &[ARRAYS] },
        summary: "The arrays one below the other: joined along the first dim, arrays of one dim as rows.",
        example: "vstack([x, x])",
        expand: side_by_side::vstack,
    },
    Operator {
        name: "hstack",
        signature: Signature { params: &[ARRAYS] },
        summary: "The arrays side by side: joined along the second dim, or the only one.",
        example: "hstack([x, x])",
        expand: side_by_side::hstack,
    },
    Operator {
        name: "dstack",
        signature: Signature { params: &[ARRAYS] },
        summary: "The arrays one behind the other: joined along the third dim, which arrays of fewer get.",
        example: "dstack([x, x])",
        expand: side_by_side::dstack,
    },
    Operator {
        name: "block",
        signature: Signature {
            params: &[required(
                "arrays",
                ParamKind::Any,
                "Lists of arrays; of lists of lists the innermost lie along the last dim.",
            )],
        },
        summary: "One array of blocks: nested lists are joined along the last dims, from the innermost out.",
        example: "block([[x, x], [x, x]])",
        expand: side_by_side::block,
    },
    Operator {
        name: "take",
        signature: Signature {
            params: &[
                X,
                INDEX,
                optional("dim", ParamKind::Dim, "none", "The dim; of all elements in C order, if left out."),
                optional(
                    "mode",
                    ParamKind::Choice(&["raise", "wrap", "clip"]),
                    "raise",
                    "What is done with positions beyond: counted round, or the nearest.",
                ),
            ],
        },
        summary: "The elements at positions along a dim.",
        example: "take(x, [0, 3, 1], y)",
        expand: elements::take,
    },
    Operator {
        name: "head",
        signature: Signature { params: &[X, FIRST] },
        summary: "The first elements along dims.",
        example: "head(x, t: 2)",
        expand: |builder, args| elements::ends(builder, args, elements::End::Head),
    },
    Operator {
        name: "tail",
        signature: Signature { params: &[X, FIRST] },
        summary: "The last elements along dims.",
        example: "tail(x, t: 2)",
        expand: |builder, args| elements::ends(builder, args, elements::End::Tail),
    },
    Operator {
        name: "thin",
        signature: Signature { params: &[X, FIRST] },
        summary: "Every n-th element along dims, from the first on.",
        example: "thin(x, t: 2)",
        expand: |builder, args| elements::ends(builder, args, elements::End::Thin),
    },
    Operator {
        name: "delete",
        signature: Signature { params: &[X, INDEX, required("dim", ParamKind::Dim, "The dim.")] },
        summary: "All elements along a dim but those at positions.",
        example: "delete(x, [0, -1], t)",
        expand: elements::delete,
    },
    Operator {
        name: "insert",
        signature: Signature {
            params: &[
                X,
                INDEX,
                required("values", ParamKind::Array, "What is put in: a number, or an array with the dim or without."),
                required("dim", ParamKind::Dim, "The dim, which loses its labels."),
            ],
        },
        summary: "Elements put in before positions along a dim.",
        example: "insert(x, 2, 0, t)",
        expand: elements::insert,
    },
    Operator {
        name: "append",
        signature: Signature {
            params: &[
                X,
                required("values", ParamKind::Array, "The other array."),
                required("dim", ParamKind::Dim, "The dim."),
            ],
        },
        summary: "The elements of another array after those of an array, along a dim: `concat` of two.",
        example: "append(x, x, t)",
        expand: elements::append,
    },
    Operator {
        name: "ediff1d",
        signature: Signature { params: &[X] },
        summary: "The differences of neighbours of all elements in C order.",
        example: "ediff1d(x)",
        expand: elements::ediff1d,
    },
    Operator {
        name: "push",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim to run along."),
                optional("n", ParamKind::Int, "none", "The most missing values in a row that are filled."),
            ],
        },
        summary: "Fills missing values with the last one before them that is there: `ffill` by another name.",
        example: "push(x, t)",
        expand: elements::push,
    },
    Operator {
        name: "union1d",
        signature: Signature {
            params: &[
                required("a", ParamKind::Array, "The first array."),
                required("b", ParamKind::Array, "The second array."),
                optional(
                    "size",
                    ParamKind::Int,
                    "none",
                    "How many values to make room for, where they are not known while planning.",
                ),
                optional("fill", ParamKind::Any, "none", "What stands where there are fewer; missing if left out."),
            ],
        },
        summary: "The distinct values of two arrays in ascending order, as `unique`.",
        example: "union1d(x, x + 1, size: 30)",
        expand: elements::union1d,
    },
    Operator {
        name: "diag",
        signature: Signature {
            params: &[
                X,
                K,
                optional(
                    "columns",
                    ParamKind::NewName,
                    "none",
                    "The dim of the columns of a new matrix; the dim's name with `_2`.",
                ),
            ],
        },
        summary: "Of a matrix its diagonal, of a line the matrix with it on the diagonal and zeros elsewhere.",
        example: "diag(isel(x, t: 0))",
        expand: matrices::diag,
    },
    Operator {
        name: "diagonal",
        signature: Signature {
            params: &[
                X,
                optional("offset", ParamKind::Int, "0", "The diagonal: 0 is the main one, 1 the one above it."),
                ROWS,
                COLUMNS,
                optional(
                    "dim",
                    ParamKind::NewName,
                    "none",
                    "The name of its dim, which comes last; that of the rows, if left out.",
                ),
            ],
        },
        summary: "The diagonal of matrices.",
        example: "diagonal(x)",
        expand: matrices::diagonal,
    },
    Operator {
        name: "tri",
        signature: Signature {
            params: &[
                required("n", ParamKind::Int, "Rows."),
                optional("m", ParamKind::Int, "none", "Columns; left out, as many as rows."),
                K,
                DTYPE,
            ],
        },
        summary: "A matrix with ones at and below a diagonal and zeros above.",
        example: "tri(3)",
        expand: matrices::tri,
    },
    Operator {
        name: "indices",
        signature: Signature {
            params: &[
                required("shape", ParamKind::Any, "The sizes: `[4, 5]`, or by dim `{y: 4, x: 5}`."),
                optional("dtype", ParamKind::DType, "i64", "The dtype."),
            ],
        },
        summary: "The positions of the elements of an array: along the first dim `axis` those along each of its dims.",
        example: "indices({y: 2, x: 3})",
        expand: matrices::indices,
    },
];
