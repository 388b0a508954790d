//! The rows of the reductions.

use super::super::arguments::{Param, ParamKind, Signature, optional, required};
use super::super::{Operator, arguments::Arguments};
use super::choose::Reducer;
use super::expand::expand;

pub(in crate::operators) const X: Param =
    required("x", ParamKind::ArrayOrView, "The array, or one seen as groups or windows.");
pub(in crate::operators) const DIMS: Param =
    required("dims", ParamKind::Dims, "The dims to reduce; all where none is named.");
const DIM: Param = required(
    "dims",
    ParamKind::Dims,
    "The dim to search; where none is named the grouped one, or the whole array in C order.",
);
pub(in crate::operators) const SKIPNA: Param =
    optional("skipna", ParamKind::Bool, "true", "Whether missing values are passed over.");
pub(in crate::operators) const KEEPDIMS: Param =
    optional("keepdims", ParamKind::Bool, "false", "Whether reduced dims stay, with one element.");
const DDOF: Param = optional("ddof", ParamKind::Float, "0", "What is taken off the count that divides.");
const WEIGHTS: Param =
    optional("weights", ParamKind::Array, "none", "Weights, matched to `x` by dim name; none may be missing.");
const DTYPE: Param = optional("dtype", ParamKind::DType, "none", "The dtype of the result, if not the natural one.");
pub(in crate::operators) const MIN_COUNT: Param =
    optional("min_count", ParamKind::Int, "none", "The fewest values present for a result that is not missing.");

const SUMMED: &[Param] = &[X, DIMS, SKIPNA, KEEPDIMS, WEIGHTS, DTYPE, MIN_COUNT];
const MULTIPLIED: &[Param] = &[X, DIMS, SKIPNA, KEEPDIMS, DTYPE, MIN_COUNT];
const SPREAD: &[Param] = &[X, DIMS, SKIPNA, KEEPDIMS, DDOF, WEIGHTS, DTYPE, MIN_COUNT];
const COMPARED: &[Param] = &[X, DIMS, SKIPNA, KEEPDIMS, MIN_COUNT];
const COUNTED: &[Param] = &[X, DIMS, KEEPDIMS];
const FOUND: &[Param] = &[X, DIM, SKIPNA, KEEPDIMS];
const ENDS: &[Param] = &[X, DIMS, SKIPNA, KEEPDIMS];

/// One row a reduction: how it is called, what it says of itself, an example.
macro_rules! rows {
    ($($reducer:ident $params:ident $summary:literal $example:literal;)*) => {
        &[$(Operator {
            name: Reducer::$reducer.name(),
            signature: Signature { params: $params },
            summary: $summary,
            example: $example,
            expand: |builder, args: &Arguments| expand(&Reducer::$reducer, builder, args),
        }),*]
    };
}

/// The reductions.
pub static OPERATORS: &[Operator] = rows! {
    Sum SUMMED "The sum; of integers in 64 bits, of narrower floats in f64. Zero over nothing." "x |> sum(t)";
    Prod MULTIPLIED "The product; of integers in 64 bits, of narrower floats in f64. One over nothing." "x |> prod(t)";
    Mean SUMMED "The arithmetic mean; of integers in f64. Of times too." "x |> mean(t)";
    Std SPREAD "The standard deviation: the root of `var`." "x |> std(t, ddof: 1)";
    Var SPREAD "The variance: the mean squared distance from the mean." "x |> var(y)";
    Min COMPARED "The least value." "x |> min(t)";
    Max COMPARED "The greatest value." "x |> max(t, skipna: false)";
    Any COUNTED "Whether any element is true: not zero." "x > 0 |> any(y)";
    All COUNTED "Whether all elements are true: not zero." "x > -9 |> all()";
    Count COUNTED "How many elements are not missing." "x |> count(t)";
    CountNan COUNTED "How many elements are missing." "x |> count_nan()";
    ArgMin FOUND "The position of the least value: the first of equals, -1 where all are missing." "x |> argmin(y)";
    ArgMax FOUND "The position of the greatest value: the first of equals, -1 where all are missing." "x |> argmax(t)";
    Ptp COMPARED "The range: the greatest less the least value." "x |> ptp(t)";
    First ENDS "The first value that is not missing, in C order." "x |> first(t)";
    Last ENDS "The last value that is not missing, in C order." "x |> last(t, skipna: false)";
};
