//! Filters by order: the least, greatest or middle value of each neighbourhood, as `scipy.ndimage` has them.
//!
//! The least and greatest of a box is that along one axis after the other. Where a window that is cut off at the ends sees all
//! that a boundary would show it, it is cut off; else, and for ranks, what lies beyond the ends is joined on first. A missing
//! value makes all neighbourhoods missing that see it.
//!
//! Absent: neighbourhoods that are no boxes, and an origin other than the middle.

mod expand;
mod ranks;
#[cfg(test)]
mod tests;

use super::arguments::{Param, ParamKind, Signature, optional, required};
use super::{Operator, stencil};
use expand::Kind;

const X: Param = required("x", ParamKind::Array, "The array.");
const SIZE: Param = required("size", ParamKind::PerDim, "Elements along the dim: `y: 3`.");
const VALUE: Param =
    optional("value", ParamKind::Scalar, "none", "The value beyond the ends with `boundary: constant`; 0 if left out.");
const BOX: &[Param] = &[X, SIZE, stencil::BOUNDARY, VALUE];

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "minimum_filter",
        signature: Signature { params: BOX },
        summary: "The least value of the neighbourhood; of an even number of elements, one more lies before than after.",
        example: "minimum_filter(x, t: 3, y: 2)",
        expand: |builder, args| expand::filter(builder, args, Kind::Minimum),
    },
    Operator {
        name: "maximum_filter",
        signature: Signature { params: BOX },
        summary: "The greatest value of the neighbourhood; of an even number of elements, one more lies before than after.",
        example: "maximum_filter(x, t: 3, boundary: constant, value: -9)",
        expand: |builder, args| expand::filter(builder, args, Kind::Maximum),
    },
    Operator {
        name: "median_filter",
        signature: Signature { params: BOX },
        summary: "The middle value of the neighbourhood, of an even number of elements the upper of both.",
        example: "median_filter(x, t: 3, y: 3)",
        expand: |builder, args| expand::filter(builder, args, Kind::Median),
    },
    Operator {
        name: "percentile_filter",
        signature: Signature {
            params: &[
                X,
                required("percentile", ParamKind::Float, "From 0 to 100; negative counts from 100."),
                SIZE,
                stencil::BOUNDARY,
                VALUE,
            ],
        },
        summary: "The value of the neighbourhood that so many hundredths of it lie below.",
        example: "percentile_filter(x, 25, t: 3, y: 3)",
        expand: |builder, args| expand::filter(builder, args, Kind::Percentile),
    },
    Operator {
        name: "erode",
        signature: Signature { params: BOX },
        summary: "Grey erosion by a box: the least value of the neighbourhood; of truths, where all are true.",
        example: "erode(x > 0, t: 3, y: 3)",
        expand: |builder, args| expand::filter(builder, args, Kind::Erosion),
    },
    Operator {
        name: "dilate",
        signature: Signature { params: BOX },
        summary: "Grey dilation by a box: the greatest value of the neighbourhood; of an even number, one more lies after than before.",
        example: "dilate(x > 0, t: 3, y: 3)",
        expand: |builder, args| expand::filter(builder, args, Kind::Dilation),
    },
];
