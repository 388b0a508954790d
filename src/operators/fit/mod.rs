//! Fits: polynomials along a dim, by least squares.
//!
//! The labels are known while planning, and with them polynomials that are orthonormal over them
//! ([`basis`]). What a cell remembers are the products of its elements with these, and of these with each other
//! over the elements that are there ([`moments`]); so a fit is a reduction that sees each element once, in any chunks, and each
//! cell has its own gaps. Where there are none the products are the coefficients already.
//!
//! Absent: covariances and residuals, fits of several dims at once, fits of other functions.

mod basis;
mod expand;
mod moments;
#[cfg(test)]
mod tests;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};

const X: Param = required("x", ParamKind::Array, "The array of real numbers.");
const DIM: Param = required("dim", ParamKind::Dim, "The dim to fit along, by its labels (positions, if it has none).");
const SKIPNA: Param =
    optional("skipna", ParamKind::Bool, "true", "Whether missing values are passed over, or make the result missing.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "polyfit",
        signature: Signature {
            params: &[
                X,
                DIM,
                required("degree", ParamKind::Int, "The degree of the polynomial."),
                SKIPNA,
                optional(
                    "w",
                    ParamKind::Any,
                    "none",
                    "Weights of the differences along the dim, known while planning.",
                ),
            ],
        },
        summary: "The polynomial nearest to the values by least squares: coefficients along a new first dim `degree`, highest first, in f64; times count nanoseconds since 1970.",
        example: "polyfit(x, t, 1)",
        expand: expand::polyfit,
    },
    Operator {
        name: "polyval",
        signature: Signature {
            params: &[
                required(
                    "coord",
                    ParamKind::Array,
                    "Where: a coordinate or any array; times count nanoseconds since 1970.",
                ),
                required(
                    "coeffs",
                    ParamKind::Any,
                    "The coefficients, whose labels along `degree` say of which power, or a list, the highest first.",
                ),
                optional("dim", ParamKind::NewName, "degree", "The dim of the coefficients."),
            ],
        },
        summary: "The values of polynomials at the elements of an array.",
        example: "polyval(x.t, polyfit(x, t, 2))",
        expand: expand::polyval,
    },
    Operator {
        name: "detrend",
        signature: Signature {
            params: &[
                X,
                DIM,
                optional("degree", ParamKind::Int, "1", "The degree of the trend; 0 is the mean."),
                SKIPNA,
            ],
        },
        summary: "The values less the polynomial along a dim that is nearest to them.",
        example: "detrend(x, t)",
        expand: expand::detrend,
    },
];
