//! Discrete Fourier transforms along whole axes, as NumPy's `fft` has them: functions of lines
//! ([`crate::operators::whole`]), one call per dim.
//!
//! A transformed dim keeps its name and loses its labels, which were places and not frequencies; `fftfreq` gives
//! those. Deliberately absent: cosine and sine transforms, and transforms of dims that are not whole (short-time ones).

mod expand;
mod lanes;
mod line;
mod plan;
#[cfg(test)]
mod tests;

use super::arguments::{optional, required};
use super::{Operator, Param, ParamKind, Signature};

/// How results are scaled.
const NORMS: &[&str] = &["backward", "ortho", "forward"];

const X: Param = required("x", ParamKind::Array, "The array.");
const DIMS: Param = required(
    "dims",
    ParamKind::Dims,
    "The dims transformed, the last by default; real transforms halve the last named.",
);
const DIM: Param = required("dims", ParamKind::Dims, "The dim, the last by default.");
const SEVERAL: Param = required("dims", ParamKind::Dims, "The dims transformed.");
const N: Param = optional(
    "n",
    ParamKind::Any,
    "none",
    "Elements transformed, of longer dims the first ones, shorter ones filled up with zeros; a list for several dims.",
);
const BACK_N: Param = optional(
    "n",
    ParamKind::Any,
    "none",
    "Elements of the result; left out, `2 * (size - 1)` along the last dim named. A list for several dims.",
);
const NORM: Param = optional(
    "norm",
    ParamKind::Choice(NORMS),
    "backward",
    "Which way is divided by the number of elements; `ortho` divides both by its root.",
);
const SHIFTED: Param = required("dims", ParamKind::Dims, "The dims; all by default.");
const COUNT: Param = required("n", ParamKind::Int, "Elements of the dim that was transformed.");
const D: Param = optional("d", ParamKind::Float, "1", "The distance of neighbours before the transform.");
const NEW_DIM: Param = optional("dim", ParamKind::NewName, "dim_0", "The name of its dim.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "fft",
        signature: Signature { params: &[X, DIMS, N, NORM] },
        summary: "The discrete Fourier transform along dims: complex, not normalised; the dims lose their labels.",
        example: "x |> fft(t)",
        expand: expand::fft,
    },
    Operator {
        name: "ifft",
        signature: Signature { params: &[X, DIMS, N, NORM] },
        summary: "The inverse of `fft`: complex, divided by the number of elements.",
        example: "x |> fft(t) |> ifft(t)",
        expand: expand::ifft,
    },
    Operator {
        name: "rfft",
        signature: Signature { params: &[X, DIMS, N, NORM] },
        summary: "The Fourier transform of real numbers: along the last dim named the frequencies from zero up, `n // 2 + 1`.",
        example: "x |> rfft(t)",
        expand: expand::rfft,
    },
    Operator {
        name: "irfft",
        signature: Signature { params: &[X, DIMS, BACK_N, NORM] },
        summary: "The inverse of `rfft`: real numbers.",
        example: "x |> rfft(t) |> irfft(t, n: 6)",
        expand: expand::irfft,
    },
    Operator {
        name: "fft2",
        signature: Signature { params: &[X, SEVERAL, N, NORM] },
        summary: "The Fourier transform along two dims, the last two by default, as `fft`.",
        example: "fft2(x)",
        expand: |builder, args| expand::several(builder, args, ("fft", 2)),
    },
    Operator {
        name: "ifft2",
        signature: Signature { params: &[X, SEVERAL, N, NORM] },
        summary: "The inverse of `fft2`.",
        example: "ifft2(fft2(x))",
        expand: |builder, args| expand::several(builder, args, ("ifft", 2)),
    },
    Operator {
        name: "fftn",
        signature: Signature { params: &[X, SEVERAL, N, NORM] },
        summary: "The Fourier transform along all dims, or those named, as `fft`.",
        example: "fftn(x)",
        expand: |builder, args| expand::several(builder, args, ("fft", 0)),
    },
    Operator {
        name: "ifftn",
        signature: Signature { params: &[X, SEVERAL, N, NORM] },
        summary: "The inverse of `fftn`.",
        example: "ifftn(fftn(x))",
        expand: |builder, args| expand::several(builder, args, ("ifft", 0)),
    },
    Operator {
        name: "rfft2",
        signature: Signature { params: &[X, SEVERAL, N, NORM] },
        summary: "The Fourier transform of real numbers along two dims, the last of which is halved, as `rfft`.",
        example: "rfft2(x)",
        expand: |builder, args| expand::several(builder, args, ("rfft", 2)),
    },
    Operator {
        name: "irfft2",
        signature: Signature { params: &[X, SEVERAL, BACK_N, NORM] },
        summary: "The inverse of `rfft2`.",
        example: "irfft2(rfft2(x))",
        expand: |builder, args| expand::several(builder, args, ("irfft", 2)),
    },
    Operator {
        name: "rfftn",
        signature: Signature { params: &[X, SEVERAL, N, NORM] },
        summary: "The Fourier transform of real numbers along all dims, the last of which is halved, as `rfft`.",
        example: "rfftn(x)",
        expand: |builder, args| expand::several(builder, args, ("rfft", 0)),
    },
    Operator {
        name: "irfftn",
        signature: Signature { params: &[X, SEVERAL, BACK_N, NORM] },
        summary: "The inverse of `rfftn`.",
        example: "irfftn(rfftn(x))",
        expand: |builder, args| expand::several(builder, args, ("irfft", 0)),
    },
    Operator {
        name: "hfft",
        signature: Signature { params: &[X, DIM, BACK_N, NORM] },
        summary: "The real Fourier transform of a line of which the second half is the first mirrored and conjugate.",
        example: "x |> hfft(t)",
        expand: expand::hfft,
    },
    Operator {
        name: "ihfft",
        signature: Signature { params: &[X, DIM, N, NORM] },
        summary: "The inverse of `hfft`: the first half of the line.",
        example: "x |> ihfft(t)",
        expand: expand::ihfft,
    },
    Operator {
        name: "fftshift",
        signature: Signature { params: &[X, SHIFTED] },
        summary: "The frequency zero in the middle of dims: their second half, then the first, with their labels.",
        example: "x |> fft(t) |> fftshift(t)",
        expand: expand::fftshift,
    },
    Operator {
        name: "ifftshift",
        signature: Signature { params: &[X, SHIFTED] },
        summary: "The inverse of `fftshift`.",
        example: "x |> fftshift(t) |> ifftshift(t)",
        expand: expand::ifftshift,
    },
    Operator {
        name: "fftfreq",
        signature: Signature { params: &[COUNT, D, NEW_DIM] },
        summary: "The frequencies of the results of `fft`, in cycles per unit of `d`: those from zero up, then the negative ones.",
        example: "fftfreq(6, 0.5, dim: t)",
        expand: expand::fftfreq,
    },
    Operator {
        name: "rfftfreq",
        signature: Signature { params: &[COUNT, D, NEW_DIM] },
        summary: "The frequencies of the results of `rfft`, in cycles per unit of `d`.",
        example: "rfftfreq(6, 0.5, dim: t)",
        expand: expand::rfftfreq,
    },
];
