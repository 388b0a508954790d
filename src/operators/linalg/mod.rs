//! Decompositions and equations of matrices, the last two dims of an array or the two named.
//!
//! A matrix of few columns and any number of rows is decomposed out of core, by blocks of rows whose triangular matrices
//! are stacked and decomposed again, until one is left (J. Demmel, L. Grigori, M. Hoemmen and J. Langou, "Communication-
//! optimal parallel and sequential QR and LU factorizations", SIAM Journal on Scientific Computing 34, 2012; as a plan of
//! blocks in A. R. Benson, D. F. Gleich and J. Demmel, "Direct QR factorizations for tall-and-skinny matrices in MapReduce
//! architectures", IEEE BigData 2013). All other matrices fit a task whole; those of several dims are many matrices.
//!
//! Everything is computed in doubles by loops of our own: those of `faer`, and the products of `nalgebra`, depend on the
//! instructions of the machine. Deliberately absent: complex matrices.

mod dense;
mod derived;
mod expand;
mod function;
mod jacobi;
mod matrix;
mod square;
mod tall;
#[cfg(test)]
mod tests;
mod triangular;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};

const X: Param = required("x", ParamKind::Array, "The matrix, or many of them.");
const MATRIX: Param = required("dims", ParamKind::Dims, "Rows and columns; the last two dims by default.");
const A: Param = required("a", ParamKind::Array, "The matrix; rows before columns.");
const B: Param =
    required("b", ParamKind::Array, "The right-hand sides, along the rows of `a` by name; one, or several.");
const ANY: Param = required("x", ParamKind::Array, "The array.");
const DIMS: Param = required("dims", ParamKind::Dims, "The dims; all by default.");
const FIRST: Param = required("a", ParamKind::Array, "The first array.");
const VIEWED: Param = required("a", ParamKind::ArrayOrView, "The first array, or one seen as exponential windows.");
const SECOND: Param = required("b", ParamKind::Array, "The second array.");
const SKIPNA: Param = optional("skipna", ParamKind::Bool, "true", "Whether missing values are passed over.");
const ORD: Param = optional(
    "ord",
    ParamKind::Any,
    "2",
    "Which norm: a number `p` for the p-th root of the sum of p-th powers, `inf`, `-inf`, 0 for how many are not zero; \"fro\".",
);

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "qr",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The record `{q, r}`: `x` is the product of `q`, with orthonormal columns, and `r`, triangular with a diagonal that is not negative.",
        example: "qr(fillna(x, 0)).r",
        expand: expand::qr,
    },
    Operator {
        name: "svd",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The record `{u, s, vt}`: `x` is `u * s` times `vt`; singular values from the greatest down.",
        example: "svd(fillna(x, 0)).s",
        expand: expand::svd,
    },
    Operator {
        name: "lstsq",
        signature: Signature { params: &[A, B] },
        summary: "The least-squares solution of `a` times it `= b`, the shortest where there are several.",
        example: "lstsq(fillna(x, 0), isel(fillna(x, 0), y: 0))",
        expand: expand::lstsq,
    },
    Operator {
        name: "solve",
        signature: Signature { params: &[A, B] },
        summary: "The solution of `a` times it `= b` for square matrices; missing where `a` is singular.",
        example: "solve(eye(4) |> rename(dim_0: y, dim_1: k), isel(x, t: 0))",
        expand: expand::solve,
    },
    Operator {
        name: "inv",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The inverse of square matrices; missing where they are singular.",
        example: "inv(isel(x, t: 2..<6))",
        expand: expand::inv,
    },
    Operator {
        name: "det",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The determinant of square matrices.",
        example: "det(isel(x, t: 2..<6))",
        expand: expand::det,
    },
    Operator {
        name: "lu",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The record `{p, l, u}` of square matrices: `x` is the product of `p`, which exchanges rows, `l`, lower triangular with ones on the diagonal, and `u`, upper triangular.",
        example: "lu(isel(x, t: 2..<6)).u",
        expand: triangular::lu,
    },
    Operator {
        name: "solve_triangular",
        signature: Signature {
            params: &[
                A,
                B,
                optional(
                    "lower",
                    ParamKind::Bool,
                    "false",
                    "Whether the lower triangle is looked at, and not the upper.",
                ),
                optional(
                    "unit_diagonal",
                    ParamKind::Bool,
                    "false",
                    "Whether ones are on the diagonal, whatever stands there.",
                ),
            ],
        },
        summary: "The solution of `a` times it `= b` for triangular matrices, of which one triangle is looked at.",
        example: "solve_triangular(eye(4) |> rename(dim_0: y, dim_1: k), isel(x, t: 0))",
        expand: triangular::solve_triangular,
    },
    Operator {
        name: "cholesky",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The lower triangular factor of symmetric positive definite matrices; missing where they are not.",
        example: "cholesky(eye(4) * 2)",
        expand: expand::cholesky,
    },
    Operator {
        name: "eigh",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The record `{w, v}` of symmetric matrices: eigenvalues from the least up, and eigenvectors, one a column.",
        example: "eigh(eye(4) * 2).w",
        expand: expand::eigh,
    },
    Operator {
        name: "trace",
        signature: Signature { params: &[X, MATRIX] },
        summary: "The sum along the diagonal of matrices.",
        example: "trace(x)",
        expand: derived::trace,
    },
    Operator {
        name: "norm",
        signature: Signature { params: &[ANY, DIMS, ORD, SKIPNA] },
        summary: "The length of vectors: the root of the sum of squares, or another norm.",
        example: "norm(x, y)",
        expand: derived::norm,
    },
    Operator {
        name: "vdot",
        signature: Signature { params: &[FIRST, SECOND] },
        summary: "The products of `conj(a)` and `b`, by dim names, summed over all dims.",
        example: "vdot(x, x)",
        expand: derived::vdot,
    },
    Operator {
        name: "cross",
        signature: Signature {
            params: &[FIRST, SECOND, required("dim", ParamKind::Dim, "The dim of three elements.")],
        },
        summary: "The cross product of vectors of three elements.",
        example: "cross(isel(x, y: 0..<3), isel(x, y: 1..<4), y)",
        expand: derived::cross,
    },
    Operator {
        name: "cov",
        signature: Signature {
            params: &[
                VIEWED,
                SECOND,
                DIMS,
                optional("ddof", ParamKind::Float, "1", "What is taken off the count that divides."),
            ],
        },
        summary: "The covariance over dims, of the places where neither is missing.",
        example: "cov(x, x * 2, t)",
        expand: derived::cov,
    },
    Operator {
        name: "corrcoef",
        signature: Signature {
            params: &[
                ANY,
                optional("rows", ParamKind::Dim, "none", "The dim of the variables; the first of two unless given."),
            ],
        },
        summary: "The matrix of Pearson's correlations of variables over the other dim; its columns are named as the rows, with `_2`.",
        example: "corrcoef(fillna(x, 0), rows: y)",
        expand: triangular::corrcoef,
    },
    Operator {
        name: "corr",
        signature: Signature { params: &[VIEWED, SECOND, DIMS] },
        summary: "Pearson's correlation over dims, of the places where neither is missing.",
        example: "corr(x, abs(x), t)",
        expand: derived::corr,
    },
];
