//! Interpolation: values at labels that lie between those there are.
//!
//! Labels are known while planning, and so is between which elements a new label lies and how far: `interp` by
//! `linear` and `nearest` gathers neighbours and blends them, so that only what lies around the new labels is read.
//! Several dims are done one after the other, which for these methods is the same as all at once. `cubic` is the
//! spline through all elements of a line, and `interpolate_na` fills gaps that only the values tell: both
//! look at whole lines.
//!
//! Absent: labels that differ from place to place (regridding to curved grids), and splines of other orders.

mod blend;
mod expand;
mod gaps;
mod line;
mod spline;
#[cfg(test)]
mod tests;

pub(in crate::operators) use expand::dated;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};

const X: Param = required("x", ParamKind::Array, "The array; integers become f64.");
const METHOD: Param = optional(
    "method",
    ParamKind::Choice(&["linear", "nearest", "cubic"]),
    "linear",
    "The value on the line between two neighbours, that of the nearer one (half-way the lower), or on the spline without a knot next to the ends.",
);
const FILL: Param = optional(
    "fill",
    ParamKind::WordOr(&["extrapolate"]),
    "nan",
    "What stands beyond the outermost labels: a number, or `extrapolate` to go on as within.",
);

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "interp",
        signature: Signature {
            params: &[
                X,
                required(
                    "labels",
                    ParamKind::PerDim,
                    "New labels along this dim: a list, an array of labels (which gives its dim), or one label (which drops the dim); dates may be texts.",
                ),
                METHOD,
                FILL,
            ],
        },
        summary: "Values at new labels, interpolated along one dim after the other.",
        example: "x |> assign_coords(y: [10, 20, 30, 40]) |> interp(y: [12.5, 20, 39])",
        expand: expand::interp,
    },
    Operator {
        name: "interp_like",
        signature: Signature {
            params: &[
                X,
                required("other", ParamKind::Array, "The array whose labels are taken, along dims that both have."),
                METHOD,
                FILL,
            ],
        },
        summary: "Values at the labels of another array, interpolated along one dim after the other.",
        example: "interp_like(assign_coords(x, y: [1, 2, 3, 4]), assign_coords(x, y: [1.5, 2, 2.5, 3]))",
        expand: expand::interp_like,
    },
    Operator {
        name: "interpolate_na",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim, whose labels ascend."),
                optional(
                    "method",
                    ParamKind::Choice(&["linear", "nearest"]),
                    "linear",
                    "The value on the line between both neighbours, or that of the nearer one.",
                ),
                optional(
                    "limit",
                    ParamKind::Int,
                    "none",
                    "The most missing values in a row that are filled; all where left out.",
                ),
                optional(
                    "use_coordinate",
                    ParamKind::Bool,
                    "true",
                    "Whether distances are those of labels, or of positions.",
                ),
                optional(
                    "max_gap",
                    ParamKind::Any,
                    "none",
                    "The widest gap that is filled, from the label before to the one after: a number, or a duration between times.",
                ),
                optional(
                    "fill",
                    ParamKind::WordOr(&["extrapolate"]),
                    "nan",
                    "What stands before the first and after the last value: a number, or `extrapolate` to go on as between.",
                ),
            ],
        },
        summary: "Fills missing values from those before and after them along a dim.",
        example: "interpolate_na(x, t)",
        expand: gaps::interpolate_na,
    },
];
