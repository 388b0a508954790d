//! CF conventions: what values mean that are stored packed, and how values are packed.

mod encoding;
mod packing;
mod quantize;
mod times;

use std::sync::Arc;

use super::arguments::{optional, required};
use super::error::Culprit;
use super::index::Labels;
use super::{Arguments, Builder, Constant, Operator, Param, ParamKind, Signature, TypeError, Value, moves};
use crate::array::{Attributes, Block, DType};

pub use encoding::{ENCODING, Encoding};
pub use packing::{Packing, Problem};
pub use times::{Instants, instants};

/// The most elements of a variable of instants, which is decoded while planning.
pub const MAX_TIMES: u64 = 1 << 20;

const X: Param = required("x", ParamKind::Array, "The array.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "decode",
        signature: Signature {
            params: &[
                X,
                optional(
                    "packing",
                    ParamKind::Choice(&["netcdf", "hdf"]),
                    "netcdf",
                    "What packed numbers mean: `p * scale_factor + add_offset`, or HDF4's `scale_factor * (p - add_offset)`, as in files of NASA's EOS.",
                ),
            ],
        },
        summary: "The values that CF attributes say (scale_factor, _FillValue, units of time …), of an array read with `decode: false`.",
        example: "decode(encode(x, dtype: i16, scale_factor: 0.5))",
        expand: decode,
    },
    Operator {
        name: "encode",
        signature: Signature {
            params: &[
                X,
                optional("dtype", ParamKind::DType, "none", "The dtype stored; that of the array unless given."),
                optional("scale_factor", ParamKind::Float, "none", "What values are divided by."),
                optional("add_offset", ParamKind::Float, "none", "What is subtracted before."),
                optional(
                    "fill_value",
                    ParamKind::Scalar,
                    "none",
                    "What stands for missing values; netCDF's default unless given.",
                ),
            ],
        },
        summary: "Packs values as files hold them, with the CF attributes that say how; reals become the nearest integers.",
        example: "encode(x, dtype: i16, scale_factor: 0.5)",
        expand: encode,
    },
    Operator {
        name: "bitround",
        signature: Signature {
            params: &[
                X,
                required("bits", ParamKind::Int, "The bits of the mantissa that are kept; the others become zero."),
            ],
        },
        summary: "Rounds reals to so many bits, which then compress better; the error is relative.",
        example: "bitround(x / 3, 7)",
        expand: quantize::bitround,
    },
    Operator {
        name: "quantize",
        signature: Signature {
            params: &[X, required("digits", ParamKind::Int, "The decimals that are kept; negative ones leave tens.")],
        },
        summary: "Rounds reals to steps of a power of two that keep so many decimals; the error is absolute.",
        example: "quantize(x / 3, 2)",
        expand: quantize::quantize,
    },
];

fn decode(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let encoding = Encoding::of(ty.dtype, &ty.attrs);
    let meant = match encoding.is_time() {
        false => {
            let encoding = match arguments.str_opt("packing")? {
                Some("hdf") => encoding.clone().with_offset_first(),
                _ => encoding.clone(),
            };
            encoding.unpacked(builder, x)?
        }
        true => {
            let unknown = || {
                TypeError::new(
                    "ff::type::unknown_values",
                    "instants are decoded while planning, and these are not known then",
                )
                .at(Culprit::Param("x"), "its units are those of a time")
                .with_help("read them without `decode: false`")
            };
            let block = builder.chosen_by(x)?.filter(|block| block.count() <= MAX_TIMES).ok_or_else(unknown)?;
            let found = instants(&block, &encoding).map_err(|error| {
                let wrong =
                    TypeError::new("ff::type::argument", error.to_string()).at(Culprit::Param("x"), "decoded here");
                error.help().into_iter().fold(wrong, |wrong, help| wrong.with_help(help))
            })?;
            let times = Block::from_vec(&ty.shape(), found.times).expect("an instant for each number");
            builder.constant(ty.with_dtype(DType::DateTime(found.calendar)), Constant::Values(times))
        }
    };
    described(builder, meant, &encoding.rest(&ty.attrs)).map(Value::Array)
}

fn encode(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let scale = arguments.float_opt("scale_factor")?;
    if let Some(bad) = scale.filter(|scale| *scale == 0.0 || !scale.is_finite()) {
        return Err(TypeError::new("ff::type::argument", format!("a scale factor of {bad} cannot be undone"))
            .at(Culprit::Param("scale_factor"), "zero or infinite"));
    }
    let packing = Packing {
        dtype: arguments.dtype_opt("dtype")?,
        scale,
        offset: arguments.float_opt("add_offset")?,
        fill: arguments.get("fill_value").and_then(Value::scalar),
    };
    packing.check(ty.dtype).map_err(|problem| {
        let at = if problem.is_of_fill { "fill_value" } else { "dtype" };
        TypeError::new("ff::type::argument", problem.message)
            .at(Culprit::Param(at), "not possible")
            .with_help(problem.help)
    })?;
    let mut attrs = (*ty.attrs).clone();
    let packed = packing.pack(builder, x, &mut attrs)?;
    described(builder, packed, &Arc::new(attrs)).map(Value::Array)
}

/// The array with just these attributes.
fn described(
    builder: &mut dyn Builder,
    x: super::Operand,
    attrs: &Arc<Attributes>,
) -> Result<super::Operand, TypeError> {
    let attrs = (builder.ty(x).attrs != *attrs).then(|| attrs.clone());
    moves::relabel(builder, x, Labels { attrs, ..Labels::default() })
}

#[cfg(test)]
mod tests;
