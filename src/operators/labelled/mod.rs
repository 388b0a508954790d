//! Operators that go by labels: where something lies, in which order, and over which distances.
//!
//! All are made of others: labels are known while planning, so an order is a gather, an integral a weighted sum, and a
//! label at a computed position one look-up per element.

mod integrate;
mod order;
mod positions;
#[cfg(test)]
mod tests;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};

const X: Param = required("x", ParamKind::Array, "The array.");
const DIM: Param = optional("dim", ParamKind::Dim, "none", "The dim; may be left out where there is only one.");
const SKIPNA: Param = optional("skipna", ParamKind::Bool, "true", "Whether missing values are passed over.");
const UNIT: Param = optional(
    "datetime_unit",
    ParamKind::Choice(super::stencil::UNITS),
    "none",
    "The unit of distances between times; `ns` if left out, `s` in calendars other than the standard one.",
);

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "idxmin",
        signature: Signature { params: &[X, DIM, SKIPNA] },
        summary: "The label of the least value along a dim, missing where there is none.",
        example: "x |> assign_coords(t: [10, 20, 30, 40, 50, 60]) |> idxmin(t)",
        expand: |builder, args| positions::labels_of_extremes(builder, args, "argmin"),
    },
    Operator {
        name: "idxmax",
        signature: Signature { params: &[X, DIM, SKIPNA] },
        summary: "The label of the greatest value along a dim, missing where there is none.",
        example: "x |> assign_coords(t: [10, 20, 30, 40, 50, 60]) |> idxmax(t)",
        expand: |builder, args| positions::labels_of_extremes(builder, args, "argmax"),
    },
    Operator {
        name: "sortby",
        signature: Signature {
            params: &[
                X,
                required(
                    "key",
                    ParamKind::Key,
                    "A dim, for its labels, or values along one that are known while planning.",
                ),
                optional(
                    "descending",
                    ParamKind::Bool,
                    "false",
                    "Whether the greatest comes first: the order turned round.",
                ),
            ],
        },
        summary: "Puts the elements along a dim in the order of a key, with their labels; a missing key comes last.",
        example: "x |> assign_coords(y: [3, 1, 2, 0]) |> sortby(y)",
        expand: order::sortby,
    },
    Operator {
        name: "dropna",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim."),
                optional("how", ParamKind::Choice(&["any", "all"]), "any", "Whether one missing value is enough."),
                optional(
                    "thresh",
                    ParamKind::Int,
                    "none",
                    "The fewest values present for a label to stay, instead of `how`.",
                ),
            ],
        },
        summary: "Leaves out labels with missing values, where values are known while planning.",
        example: "linspace(0, 1, 5, dim: t) |> shift(t: 2) |> dropna(t)",
        expand: order::dropna,
    },
    Operator {
        name: "combine_first",
        signature: Signature {
            params: &[X, required("other", ParamKind::Array, "What is taken where `x` is missing or has no label.")],
        },
        summary: "The values of one array, and those of another where they are missing, at the labels that either has.",
        example: "combine_first(assign_coords(x, y: [1, 2, 3, 4]), assign_coords(x, y: [3, 4, 5, 6]))",
        expand: order::combine_first,
    },
    Operator {
        name: "differentiate",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim with the coordinate."),
                optional("edge_order", ParamKind::Int, "1", "The order of the differences at the ends, 1 or 2."),
                UNIT,
            ],
        },
        summary: "The derivative by the coordinate of a dim, from central differences, as `gradient`.",
        example: "x |> assign_coords(t: [0, 1, 2, 4, 5, 7]) |> differentiate(t)",
        expand: integrate::differentiate,
    },
    Operator {
        name: "integrate",
        signature: Signature {
            params: &[
                X,
                required("dims", ParamKind::Dims, "The dims, one after the other; all with labels if left out."),
                UNIT,
            ],
        },
        summary: "The integral by the coordinates of dims, by the trapezoidal rule, in f64; a missing value makes it missing.",
        example: "x |> assign_coords(t: [0, 1, 2, 4, 5, 7]) |> integrate(t)",
        expand: integrate::integrate,
    },
    Operator {
        name: "cumulative_integrate",
        signature: Signature { params: &[X, required("dim", ParamKind::Dim, "The dim with the coordinate."), UNIT] },
        summary: "The integral so far by the coordinate of a dim, by the trapezoidal rule, in f64; the first is 0.",
        example: "x |> assign_coords(t: [0, 1, 2, 4, 5, 7]) |> cumulative_integrate(t)",
        expand: integrate::cumulative,
    },
];
