//! How values become what a file holds: `dtype`, `scale_factor`, `add_offset` and `fill_value` of a sink.

use super::sink_options::SinkOptions;
use super::{Lowerer, Lowering};
use crate::array::{AttrValue, Attributes, Block, DType, Kind, Scalar};
use crate::operators::{Operand, Value};
use crate::source::Span;

/// Up to here f64 holds every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Lowerer<'_> {
    /// Applies `dtype`, `scale_factor`, `add_offset` and `fill_value`.
    pub(super) fn packed(
        &mut self,
        x: Operand,
        options: &SinkOptions,
        attrs: &mut Attributes,
        fill: &mut Option<Scalar>,
        at: Span,
    ) -> Lowering<Operand> {
        let dtype = self.ty(x).dtype;
        let packs = options.scale.is_some() || options.offset.is_some();
        let stored = options.dtype.as_ref().map_or(dtype, |d| d.value);
        if !packs && options.dtype.is_none() && options.fill.is_none() {
            return Ok(x);
        }
        if !dtype.is_numeric() || !stored.is_numeric() || (packs && dtype.kind() == Kind::Complex) {
            let message = format!("{dtype} values cannot be packed as {stored}");
            let at = options.dtype.as_ref().map_or(at, |d| d.span);
            return self.bad_sink_option(
                &message,
                at,
                "`dtype`, `scale_factor`, `add_offset` and `fill_value` are for numbers",
            );
        }
        let number = |x: f64| AttrValue::Number(DType::F64, Scalar::Float(x));
        let mut y = if packs { self.cast_to(x, DType::F64, at)? } else { x };
        if let Some(offset) = options.offset {
            y = self.operator("sub", &[Value::Array(y), Value::Float(offset)], at)?;
            attrs.set("add_offset", number(offset));
        }
        if let Some(scale) = options.scale {
            y = self.operator("div", &[Value::Array(y), Value::Float(scale)], at)?;
            attrs.set("scale_factor", number(scale));
        }
        if let Some(value) = options.fill.as_ref().filter(|value| !fits(&value.value, stored)) {
            let message = format!("`fill_value` {} is no {stored}", value.value);
            return self.bad_sink_option(&message, value.span, "it must be a value of the dtype that is stored");
        }
        // Only reals can be missing; of integers that are scaled none is.
        let chosen = options.fill.as_ref().map(|value| value.value.clone());
        let missing = chosen.or_else(|| default_fill(stored).filter(|_| dtype.kind() == Kind::Float));
        if let Some(value) = &missing {
            let value = Block::from_scalar(stored, value).get(&[]);
            attrs.set("_FillValue", AttrValue::Number(stored, value.clone()));
            *fill = Some(value);
        }
        match missing {
            _ if stored.is_integer() && self.ty(y).dtype.kind() == Kind::Float => {
                self.packed_integers(y, stored, missing.as_ref(), at)
            }
            Some(value) if self.ty(y).dtype.has_missing() && !value.is_missing() => {
                let weak = value.as_i64().map_or(Value::Float(value.as_f64().unwrap_or(0.0)), Value::Int);
                let filled = self.operator("fillna", &[Value::Array(y), weak], at)?;
                self.cast_to(filled, stored, at)
            }
            _ => self.cast_to(y, stored, at),
        }
    }

    /// Reals as the nearest integers of a dtype. What is missing becomes the fill value, and nothing
    /// else does: a value that would is stored as the integer beside it, towards zero.
    fn packed_integers(&mut self, x: Operand, stored: DType, fill: Option<&Scalar>, at: Span) -> Lowering<Operand> {
        let rounded = self.operator("round", &[Value::Array(x)], at)?;
        let whole = self.cast_to(rounded, stored, at)?;
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
        let seen = self.cast_to(whole, compared, at)?;
        let clashes = self.operator("eq", &[Value::Array(seen), fill.clone()], at)?;
        let kept = self.operator("where", &[Value::Array(clashes), beside, Value::Array(whole)], at)?;
        let missing = self.operator("isnan", &[Value::Array(x)], at)?;
        self.operator("where", &[Value::Array(missing), fill, Value::Array(kept)], at)
    }

    /// Instants, durations and truth values as files can hold them; floats say that NaN is missing.
    pub(super) fn storable(
        &mut self,
        x: Operand,
        native_bool: bool,
        attrs: &mut Attributes,
        fill: &mut Option<Scalar>,
        at: Span,
    ) -> Lowering<Operand> {
        let dtype = self.ty(x).dtype;
        match dtype {
            DType::Bool if !native_bool => {
                attrs.set("dtype", AttrValue::Str("bool".to_owned()));
                self.cast_to(x, DType::I8, at)
            }
            DType::DateTime(_) | DType::Duration => {
                attrs.set("_FillValue", AttrValue::Number(DType::I64, Scalar::Int(i64::MIN)));
                *fill = Some(Scalar::Int(i64::MIN));
                Ok(x)
            }
            DType::F16 | DType::F32 | DType::F64 if attrs.get("_FillValue").is_none() => {
                attrs.set("_FillValue", AttrValue::Number(dtype, Scalar::Float(f64::NAN)));
                fill.get_or_insert(Scalar::Float(f64::NAN));
                Ok(x)
            }
            _ => Ok(x),
        }
    }
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
