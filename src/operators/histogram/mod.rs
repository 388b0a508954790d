//! Histograms: how many elements lie in which bin.
//!
//! A call is two: an elementwise one that gives the bin of every element ([`place`], [`search`]), `-1` for none,
//! and a reduction that counts them ([`tally`]), whose cells spread over the dim `bin`. So the arithmetic of the
//! bins is vector code over a tile, and counting knows neither dtypes nor edges.
//!
//! Bins are NumPy's, also where rounding decides: equal bins have the edges of `linspace`, rounded to the
//! precision of the values, and what arithmetic finds is corrected against them. NaN and what lies outside count
//! nowhere.
//!
//! Absent: bins chosen by an estimator (`auto`, `fd`), which needs all elements before the first is counted;
//! bins of times and of complex numbers.

pub mod bins;
pub mod expand;
mod joint;
pub mod place;
pub mod search;
pub mod tally;
#[cfg(test)]
mod tests;

use super::arguments::{Param, ParamKind, optional, required};
use super::{Operator, Signature};

const X: Param = required("x", ParamKind::ArrayOrView, "The array, or one seen as groups.");
const DIMS: Param = required("dims", ParamKind::Dims, "The dims to count over; all where none is named.");
const WEIGHTS: Param = optional(
    "weights",
    ParamKind::Array,
    "none",
    "What each element counts, matched to `x` by dim name; sums in f64 instead of counts.",
);

const HISTOGRAM: &[Param] = &[
    X,
    DIMS,
    optional("bins", ParamKind::Any, "10", "The number of equal bins, or a list of their edges, ascending."),
    optional(
        "range",
        ParamKind::Any,
        "none",
        "The outer edges of equal bins, `[a, b]`; the least and greatest finite value, where left out.",
    ),
    WEIGHTS,
    optional("density", ParamKind::Bool, "false", "Whether to divide by the total and by the widths of the bins."),
];

const DENSITY: Param =
    optional("density", ParamKind::Bool, "false", "Whether to divide by the total and by the areas of the bins.");
const JOINT_BINS: Param = optional(
    "bins",
    ParamKind::Any,
    "10",
    "The number of equal bins of each array, or a list with a number or a list of edges for each.",
);
const JOINT_RANGE: Param = optional(
    "range",
    ParamKind::Any,
    "none",
    "A list with the outer edges of equal bins of each, `[[a, b], [c, d]]`; the least and greatest finite values, where left out or none.",
);

const BINCOUNT: &[Param] = &[
    X,
    DIMS,
    required("length", ParamKind::Int, "How many integers are counted: 0, 1, … `length - 1`; others count nowhere."),
    WEIGHTS,
];

const DIGITIZE: &[Param] = &[
    required("x", ParamKind::Array, "The array."),
    required("edges", ParamKind::Any, "A list of edges, ascending or descending, or a small array."),
    optional("right", ParamKind::Bool, "false", "Whether an edge belongs to the bin below it."),
];

const SEARCHSORTED: &[Param] = &[
    required("edges", ParamKind::Any, "A list of edges in ascending order, or a small array."),
    required("x", ParamKind::Array, "The array."),
    optional(
        "side",
        ParamKind::Choice(&["left", "right"]),
        "left",
        "Whether an element that equals edges comes before or after them.",
    ),
];

/// Histograms.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "histogram",
        signature: Signature { params: HISTOGRAM },
        summary: "How many elements lie in each bin; the last dim is `bin`, labelled by the centres where `range` or edges are given.",
        example: "x |> histogram(t, bins: 4, range: [-3, 9])",
        expand: expand::histogram,
    },
    Operator {
        name: "histogram2d",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required("y", ParamKind::Array, "The other array, matched to `x` by dim name."),
                DIMS,
                JOINT_BINS,
                JOINT_RANGE,
                WEIGHTS,
                DENSITY,
            ],
        },
        summary: "How many pairs of elements lie in each pair of bins; the last dims are `bin_x` and `bin_y`.",
        example: "histogram2d(x, abs(x), bins: [4, 2], range: [[-3, 9], [0, 9]])",
        expand: joint::histogram2d,
    },
    Operator {
        name: "histogramdd",
        signature: Signature {
            params: &[
                required("sample", ParamKind::Any, "A list of arrays, matched by dim name, or a record of them."),
                DIMS,
                JOINT_BINS,
                JOINT_RANGE,
                WEIGHTS,
                DENSITY,
            ],
        },
        summary: "How many elements of several arrays lie together in each combination of bins; the last dims are `bin_0`, `bin_1`, …, or named as the record.",
        example: "histogramdd({a: x, b: abs(x)}, bins: 3, range: [[-3, 9], [0, 9]])",
        expand: joint::histogramdd,
    },
    Operator {
        name: "bincount",
        signature: Signature { params: BINCOUNT },
        summary: "How often each of the integers from 0 on occurs, along a last dim `bin`.",
        example: "digitize(x, [0, 4]) |> bincount(length: 3)",
        expand: expand::bincount,
    },
    Operator {
        name: "digitize",
        signature: Signature { params: DIGITIZE },
        summary: "The number of the bin each element lies in: 0 before the first edge; NaN lies after the greatest.",
        example: "digitize(x, [-1, 0, 2.5])",
        expand: expand::digitize,
    },
    Operator {
        name: "searchsorted",
        signature: Signature { params: SEARCHSORTED },
        summary: "The position at which each element would be put in among sorted edges, as i64; NaN comes after all.",
        example: "searchsorted([-1, 0, 2.5], x, side: right)",
        expand: expand::searchsorted,
    },
];
