//! How values become what a file holds: in another dtype, scaled, with a fill value.

use super::super::call::{cast, operator};
use super::super::{Builder, Operand, TypeError, Value};
use crate::array::{AttrValue, Attributes, Block, DType, Kind, Scalar};

/// Up to here f64 holds every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// How values are packed.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    /// The dtype stored; that of the values where there is none.
    pub dtype: Option<DType>,
    /// What values are divided by.
    pub scale: Option<f64>,
    /// What is subtracted before.
    pub offset: Option<f64>,
    /// What stands for missing values.
    pub fill: Option<Scalar>,
}

/// Why values cannot be packed so.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
    /// Whether the fill value is to blame, and not the dtype.
    pub is_of_fill: bool,
}

impl Packing {
    fn scales(&self) -> bool {
        self.scale.is_some() || self.offset.is_some()
    }

    /// Whether values of a dtype can be packed so.
    ///
    /// # Errors
    /// The values or what they become are no numbers, or the fill value is none of the dtype stored.
    pub fn check(&self, dtype: DType) -> Result<(), Problem> {
        let stored = self.dtype.unwrap_or(dtype);
        if !self.scales() && self.dtype.is_none() && self.fill.is_none() {
            return Ok(());
        }
        let cannot_scale = dtype.kind() == Kind::Complex || stored == DType::Bool;
        if !dtype.is_numeric() || !stored.is_numeric() || (self.scales() && cannot_scale) {
            let message = format!("{dtype} values cannot be packed as {stored}");
            let help = "`dtype`, `scale_factor`, `add_offset` and `fill_value` are for numbers";
            return Err(Problem { message, help, is_of_fill: false });
        }
        match self.fill.as_ref().filter(|value| !fits(value, stored)) {
            Some(value) => {
                let message = format!("`fill_value` {value} is no {stored}");
                let help = "it must be a value of the dtype that is stored";
                Err(Problem { message, help, is_of_fill: true })
            }
            None => Ok(()),
        }
    }

    /// The packed values; what says how is added to `attrs`, the fill value as `_FillValue`.
    ///
    /// # Errors
    /// A call does not take them; [`Packing::check`] says where values cannot be packed.
    pub fn pack(&self, builder: &mut dyn Builder, x: Operand, attrs: &mut Attributes) -> Result<Operand, TypeError> {
        let dtype = builder.ty(x).dtype;
        let stored = self.dtype.unwrap_or(dtype);
        if !self.scales() && self.dtype.is_none() && self.fill.is_none() {
            return Ok(x);
        }
        let number = |x: f64| AttrValue::Number(DType::F64, Scalar::Float(x));
        let mut y = if self.scales() { cast(builder, x, DType::F64)? } else { x };
        if let Some(offset) = self.offset {
            y = operator(builder, "sub", &[Value::Array(y), Value::Float(offset)])?;
            attrs.set("add_offset", number(offset));
        }
        if let Some(scale) = self.scale {
            y = operator(builder, "div", &[Value::Array(y), Value::Float(scale)])?;
            attrs.set("scale_factor", number(scale));
        }
        // Only reals can be missing; of integers that are scaled none is.
        let missing = self.fill.clone().or_else(|| default_fill(stored).filter(|_| dtype.kind() == Kind::Float));
        if let Some(value) = &missing {
            let value = Block::from_scalar(stored, value).get(&[]);
            attrs.set("_FillValue", AttrValue::Number(stored, value));
        }
        match missing {
            _ if stored.is_integer() && builder.ty(y).dtype.kind() == Kind::Float => {
                integers(builder, y, stored, missing.as_ref())
            }
            Some(value) if builder.ty(y).dtype.has_missing() && !value.is_missing() => {
                let weak = value.as_i64().map_or(Value::Float(value.as_f64().unwrap_or(0.0)), Value::Int);
                let filled = operator(builder, "fillna", &[Value::Array(y), weak])?;
                cast(builder, filled, stored)
            }
            _ => cast(builder, y, stored),
        }
    }
}

/// Reals as the nearest integers of a dtype. What is missing becomes the fill value, and nothing
/// else does: a value that would is stored as the integer beside it, towards zero.
fn integers(builder: &mut dyn Builder, x: Operand, stored: DType, fill: Option<&Scalar>) -> Result<Operand, TypeError> {
    let rounded = operator(builder, "round", &[Value::Array(x)])?;
    let whole = cast(builder, rounded, stored)?;
    let Some(fill) = fill else { return Ok(whole) };
    let (compared, beside) = match fill.as_f64().filter(|fill| fill.abs() > EXACT) {
        // Readers compare as f64, in which many such integers are one.
        Some(fill) => (DType::F64, whole_number(f64::from_bits(fill.to_bits() - 1))),
        None => (stored, fill.as_i64().map_or(Value::Int(0), |i| Value::Int(if i > 0 { i - 1 } else { i + 1 }))),
    };
    let fill = match fill {
        Scalar::UInt(u) => Value::UInt(*u),
        other => Value::Int(other.as_i64().unwrap_or(0)),
    };
    let seen = cast(builder, whole, compared)?;
    let clashes = operator(builder, "eq", &[Value::Array(seen), fill.clone()])?;
    let kept = operator(builder, "where", &[Value::Array(clashes), beside, Value::Array(whole)])?;
    let missing = operator(builder, "isnan", &[Value::Array(x)])?;
    operator(builder, "where", &[Value::Array(missing), fill, Value::Array(kept)])
}

/// Whether a fill value is one of a dtype.
fn fits(value: &Scalar, dtype: DType) -> bool {
    match dtype.kind() {
        Kind::Float | Kind::Complex => true,
        _ => match value {
            Scalar::Int(i) => {
                let span = 1i128 << (8 * dtype.size());
                let (low, high) = if dtype.kind() == Kind::Signed { (-span / 2, span / 2) } else { (0, span) };
                (low..high).contains(&i128::from(*i))
            }
            Scalar::UInt(_) => dtype == DType::U64,
            _ => false,
        },
    }
}

/// The fill value that netCDF gives an integer dtype where none is chosen (`NC_FILL_…` of `netcdf.h`).
fn default_fill(dtype: DType) -> Option<Scalar> {
    Some(match dtype {
        DType::I8 => Scalar::Int(-127),
        DType::I16 => Scalar::Int(-32_767),
        DType::I32 => Scalar::Int(-2_147_483_647),
        DType::I64 => Scalar::Int(-9_223_372_036_854_775_806),
        DType::U8 => Scalar::Int(255),
        DType::U16 => Scalar::Int(65_535),
        DType::U32 => Scalar::Int(4_294_967_295),
        DType::U64 => Scalar::UInt(18_446_744_073_709_551_614),
        _ => return None,
    })
}

/// A real number without a fraction as an integer.
fn whole_number(x: f64) -> Value {
    if x >= 9_223_372_036_854_775_808.0 { Value::UInt(x as u64) } else { Value::Int(x as i64) }
}
