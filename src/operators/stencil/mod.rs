//! Stencils: filters and derivatives, whose elements are weighted sums of their neighbours.
//!
//! [`Stencil`] is the pattern, [`evaluate`] its values; the rest expands calls. Sums are in double
//! precision and rounded once, to the dtype of the input where that is real or complex, to `f64` where it is whole.
//! A filter of several axes is a [`Line`](pattern::Line) for each, as in `scipy.ndimage`; so missing values
//! spread as they do there, as far as the weights reach.
//!
//! `boundary: wrap` is no boundary of a stencil: the far end would be part of every region at the near one.
//! The ends are joined to the array first, and taken off afterwards, so that what a task needs stays in parts.
//!
//! Absent: complex kernels, kernels that are computed from data, an origin other than the middle.

mod evaluate;
mod expand;
mod gradient;
mod kernel;
pub mod loops;
pub mod pattern;

pub use evaluate::evaluate;
pub(super) use gradient::{UNITS, gaps};
pub use pattern::Stencil;

use super::Operator;
use super::arguments::{Param, ParamKind, Signature, optional, required};

pub(crate) const BOUNDARY: Param = optional(
    "boundary",
    ParamKind::Choice(&["reflect", "nearest", "mirror", "wrap", "constant"]),
    "reflect",
    "What lies beyond the ends, as in scipy: `reflect` is `c b a | a b c`, `mirror` `c b | a b c`.",
);
const VALUE: Param =
    optional("value", ParamKind::Float, "none", "The value beyond the ends with `boundary: constant`; 0 if left out.");
const X: Param = required("x", ParamKind::Array, "The array.");

/// The rows of stencils.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "convolve",
        signature: Signature {
            params: &[
                X,
                required("kernel", ParamKind::Any, "The weights: a small array whose dims are dims of `x`, or a list."),
                optional("dims", ParamKind::Dims, "none", "The dims of a list, outermost first; all, if left out."),
                BOUNDARY,
                VALUE,
            ],
        },
        summary: "The convolution with a kernel, whose middle (the later one of an even number) lies on the element.",
        example: "convolve(x, [1, 2, 1], t, boundary: nearest)",
        expand: kernel::convolve,
    },
    Operator {
        name: "gaussian",
        signature: Signature {
            params: &[
                X,
                required("sigma", ParamKind::PerDim, "The standard deviation in elements: `y: 1.5`."),
                BOUNDARY,
                VALUE,
                optional("truncate", ParamKind::Float, "4", "How many standard deviations the weights reach."),
            ],
        },
        summary: "Smooths along dims with weights of a normal distribution.",
        example: "gaussian(x, t: 1, y: 0.5, truncate: 3)",
        expand: expand::gaussian,
    },
    Operator {
        name: "uniform",
        signature: Signature {
            params: &[X, required("size", ParamKind::PerDim, "Elements along the dim: `y: 3`."), BOUNDARY, VALUE],
        },
        summary: "The mean of the neighbourhood; of an even number of elements, one more lies before than after.",
        example: "uniform(x, t: 3, y: 3)",
        expand: expand::uniform,
    },
    Operator {
        name: "sobel",
        signature: Signature {
            params: &[
                X,
                required("dim", ParamKind::Dim, "The dim of the differences."),
                optional("smooth", ParamKind::Dims, "none", "The dims to smooth along; all others, if left out."),
                BOUNDARY,
                VALUE,
            ],
        },
        summary: "The Sobel filter: differences along one dim, weights 1, 2, 1 along others.",
        example: "hypot(sobel(x, t), sobel(x, y))",
        expand: expand::sobel,
    },
    Operator {
        name: "laplace",
        signature: Signature {
            params: &[
                X,
                optional("dims", ParamKind::Dims, "none", "The dims of the differences; all, if left out."),
                BOUNDARY,
                VALUE,
            ],
        },
        summary: "The sum of second differences along dims.",
        example: "laplace(x, boundary: nearest)",
        expand: expand::laplace,
    },
    Operator {
        name: "gradient",
        signature: Signature {
            params: &[
                X,
                optional("dims", ParamKind::Dims, "none", "The dims; of several, a list of gradients is given."),
                optional("edge_order", ParamKind::Int, "1", "The order of the differences at the ends, 1 or 2."),
                optional(
                    "datetime_unit",
                    ParamKind::Choice(gradient::UNITS),
                    "s",
                    "The unit of time where the coordinate is one of times.",
                ),
            ],
        },
        summary: "The derivative along a dim by its coordinate (by elements, if it has none), from central differences.",
        example: "gradient(x, t)",
        expand: gradient::gradient,
    },
];

#[cfg(test)]
mod tests;
