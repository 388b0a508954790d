//! How values are encoded, by the attributes of an array: as operator calls on the raw array, so that decoding fuses
//! with what follows.
//!
//! The rules are xarray's (`xarray/coding/variables.py`): `_FillValue` and `missing_value` become NaN,
//! then `scale_factor` and `add_offset` apply, in `f32` or `f64` as [`Encoding::float_dtype`] says.
//! Beyond xarray, values outside `valid_min`, `valid_max` or `valid_range` are missing too, as the
//! conventions (section 2.5.1) and netCDF4-python have it.

use std::sync::Arc;

use super::super::call::{cast, operator};
use super::super::evaluate::Values;
use super::super::{Builder, Operand, TypeError, Value};
use super::times::instants;
use crate::array::calendar::cf::TimeUnits;
use crate::array::{ArrayType, AttrValue, Attributes, Block, DType, DimName, Dims, Kind, Scalar};

/// The attributes that say how values are encoded.
pub const ENCODING: [&str; 11] = [
    "_FillValue",
    "missing_value",
    "scale_factor",
    "add_offset",
    "_Unsigned",
    "valid_min",
    "valid_max",
    "valid_range",
    "dtype",
    "units",
    "calendar",
];

/// How the values of an array are encoded, from its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// The dtype stored.
    stored: DType,
    /// Values that mean "missing"; NaN is not among them.
    pub(super) fills: Vec<Scalar>,
    /// Whether there is a fill value at all, NaN included.
    has_fill: bool,
    /// The smallest and largest valid value.
    valid: [Option<(DType, Scalar)>; 2],
    pub(super) scale: Option<(DType, Scalar)>,
    pub(super) offset: Option<(DType, Scalar)>,
    /// `_Unsigned`: whether integers are to be taken as unsigned (true) or signed (false).
    unsigned: Option<bool>,
    is_bool: bool,
    /// Whether the offset is taken off before scaling, as HDF4 has it, and not added after.
    offset_first: bool,
    /// `units` and `calendar` of a time.
    pub(super) time: Option<(String, String)>,
}

impl Encoding {
    /// What the attributes of an array say whose stored elements are of this dtype.
    pub fn of(stored: DType, attrs: &Attributes) -> Encoding {
        let number = |name: &str| attrs.get(name).and_then(|a| Some((a.dtype()?, a.as_scalar()?.clone())));
        let mut fills = Vec::new();
        let mut has_fill = false;
        for name in ["missing_value", "_FillValue"] {
            let values: &[Scalar] = match attrs.get(name) {
                Some(AttrValue::Number(_, value)) => std::slice::from_ref(value),
                Some(AttrValue::Numbers(_, values)) => values,
                _ => continue,
            };
            has_fill |= stored.is_numeric();
            let new = values.iter().filter(|v| !v.is_missing() && stored.is_numeric());
            for value in new {
                if !fills.contains(value) {
                    fills.push(value.clone());
                }
            }
        }
        let range = match attrs.get("valid_range") {
            Some(AttrValue::Numbers(dtype, values)) if values.len() == 2 => {
                [Some((*dtype, values[0].clone())), Some((*dtype, values[1].clone()))]
            }
            _ => [None, None],
        };
        let [low, high] = range;
        let units = attrs.text("units").filter(|u| TimeUnits::recognises(u) && stored.is_numeric());
        let calendar = attrs.text("calendar").unwrap_or("standard");
        Encoding {
            stored,
            fills,
            has_fill,
            valid: [low.or_else(|| number("valid_min")), high.or_else(|| number("valid_max"))],
            scale: number("scale_factor"),
            offset: number("add_offset"),
            unsigned: attrs.text("_Unsigned").map(|text| text.eq_ignore_ascii_case("true")),
            offset_first: false,
            is_bool: attrs.text("dtype") == Some("bool") && stored.is_integer(),
            time: units.map(|u| (u.to_owned(), calendar.to_owned())),
        }
    }

    /// The same by the convention of HDF4: `scale_factor * (packed - add_offset)`.
    pub fn with_offset_first(self) -> Encoding {
        Encoding { offset_first: true, ..self }
    }

    /// The attributes that do not encode.
    pub fn rest(&self, attrs: &Arc<Attributes>) -> Arc<Attributes> {
        let encodes = |name: &str| match name {
            "_FillValue" | "missing_value" => self.has_fill || !attrs.get(name).is_some_and(is_text),
            "scale_factor" => self.scale.is_some(),
            "add_offset" => self.offset.is_some(),
            "_Unsigned" => self.unsigned.is_some(),
            "valid_min" => self.valid[0].is_some(),
            "valid_max" => self.valid[1].is_some(),
            "valid_range" => self.valid.iter().all(Option::is_some),
            "dtype" => self.is_bool || self.stored == DType::Bool,
            "units" | "calendar" => self.time.is_some(),
            _ => false,
        };
        if attrs.iter().all(|(name, _)| !encodes(name)) {
            return attrs.clone();
        }
        Arc::new(attrs.iter().filter(|(n, _)| !encodes(n)).map(|(n, v)| (n.to_owned(), v.clone())).collect())
    }

    /// The integers as they are meant: `_Unsigned` applied.
    fn integer_dtype(&self) -> DType {
        match (self.stored, self.unsigned) {
            (DType::I8, Some(true)) => DType::U8,
            (DType::I16, Some(true)) => DType::U16,
            (DType::I32, Some(true)) => DType::U32,
            (DType::I64, Some(true)) => DType::U64,
            (DType::U8, Some(false)) => DType::I8,
            (DType::U16, Some(false)) => DType::I16,
            (DType::U32, Some(false)) => DType::I32,
            (DType::U64, Some(false)) => DType::I64,
            (stored, _) => stored,
        }
    }

    /// Whether the values count from a date.
    pub fn is_time(&self) -> bool {
        self.time.is_some()
    }

    /// Whether decoding changes the values.
    pub fn alters(&self) -> bool {
        let integers = self.integer_dtype() != self.stored;
        self.is_bool
            || integers
            || !self.fills.is_empty()
            || self.is_packed()
            || self.has_valid()
            || self.time.is_some()
    }

    /// The dtype in which a scale or offset of `dtype` applies to values decoded to `float`.
    fn wide(&self, dtype: DType, float: DType) -> DType {
        match dtype.kind() {
            Kind::Float if dtype.size() > float.size() => dtype,
            Kind::Signed | Kind::Unsigned if dtype.size() == 8 => DType::F64,
            _ => float,
        }
    }

    fn is_packed(&self) -> bool {
        self.scale.is_some() || self.offset.is_some()
    }

    fn has_valid(&self) -> bool {
        self.valid.iter().any(Option::is_some) && self.stored.is_numeric() && self.stored != DType::Bool
    }

    /// The dtype of the decoded values, by xarray's `_choose_float_dtype` and `maybe_promote`.
    fn float_dtype(&self) -> DType {
        let packed = self.integer_dtype();
        let float = |d: DType| if d == DType::F32 { DType::F32 } else { DType::F64 };
        if self.is_packed() {
            if packed.kind() == Kind::Float && self.has_fill && self.fills.is_empty() && !self.has_valid() {
                return packed;
            }
            return match (&self.scale, &self.offset) {
                (Some((a, _)), Some((b, _))) if a == b && matches!(a, DType::F32 | DType::F64) => {
                    if packed.is_integer() && packed.size() == 4 { DType::F64 } else { *a }
                }
                (_, Some(_)) => DType::F64,
                (Some((a, _)), None) => float(*a),
                (None, None) => packed,
            };
        }
        match packed.kind() {
            Kind::Signed | Kind::Unsigned if packed.size() <= 2 => DType::F32,
            Kind::Signed | Kind::Unsigned => DType::F64,
            _ => packed,
        }
    }

    /// The numbers or truth values that stored ones mean, built of calls.
    ///
    /// # Errors
    /// A call of the decoding does not take them.
    pub fn unpacked(&self, builder: &mut dyn Builder, raw: Operand) -> Result<Operand, TypeError> {
        if self.is_bool {
            return operator(builder, "ne", &[Value::Array(raw), Value::Int(0)]);
        }
        let mut x = cast(builder, raw, self.integer_dtype())?;
        if !self.stored.is_numeric() || self.stored == DType::Bool || self.stored.kind() == Kind::Complex {
            return Ok(x);
        }
        let is_missing = self.missing_mask(builder, x)?;
        let float = self.float_dtype();
        if is_missing.is_some() || self.is_packed() {
            x = cast(builder, x, float)?;
        }
        if let Some(mask) = is_missing {
            x = operator(builder, "where", &[Value::Array(mask), Value::Float(f64::NAN), Value::Array(x)])?;
        }
        let steps = match self.offset_first {
            true => [("sub", &self.offset), ("mul", &self.scale)],
            false => [("mul", &self.scale), ("add", &self.offset)],
        };
        for (name, factor) in steps {
            let Some((dtype, factor)) = factor else { continue };
            let factor = Value::Float(factor.as_f64().unwrap_or(f64::NAN));
            let wide = cast(builder, x, self.wide(*dtype, float))?;
            let scaled = operator(builder, name, &[Value::Array(wide), factor])?;
            x = cast(builder, scaled, float)?;
        }
        Ok(x)
    }

    /// The numbers or truth values that those of a block mean.
    ///
    /// # Errors
    /// A call of the decoding does not take them.
    pub fn computed(&self, block: &Block) -> Result<Block, TypeError> {
        let mut values = Values::default();
        let dims = block.shape().into_iter().enumerate().map(|(axis, size)| (DimName::auto(axis), size));
        let raw = values.array(ArrayType::new(self.stored, Dims::new(dims)), block.clone());
        let meant = self.unpacked(&mut values, raw)?;
        Ok(values.of(meant).clone())
    }

    /// The values of a block as they are meant, in C order; those that are missing are NaN or NaT. Integers that
    /// are not packed stay integers where they are not missing, so that none loses digits.
    ///
    /// # Errors
    /// Times that no calendar has.
    pub fn meant(&self, block: &Block) -> Result<Vec<Scalar>, String> {
        if self.time.is_some() {
            let found = instants(block, self).map_err(|e| e.to_string())?;
            return Ok(found.times.into_iter().map(|t| Scalar::DateTime(t, found.calendar)).collect());
        }
        let meant = |encoding: &Encoding| encoding.computed(block).map(|block| block.scalars()).map_err(|e| e.message);
        let values = meant(self)?;
        if !self.stored.is_integer() || self.is_bool || self.is_packed() {
            return Ok(values);
        }
        let whole = meant(&Encoding { fills: Vec::new(), valid: [None, None], ..self.clone() })?;
        let exact = |(value, whole): (Scalar, Scalar)| if value.is_missing() { value } else { whole };
        Ok(values.into_iter().zip(whole).map(exact).collect())
    }

    /// Where packed values are missing; none where nothing can be.
    fn missing_mask(&self, builder: &mut dyn Builder, x: Operand) -> Result<Option<Operand>, TypeError> {
        let fills: Vec<Scalar> = self.fills.iter().filter_map(|f| fill_in(f, self)).collect();
        let mut tests: Vec<(&'static str, Value)> = fills.iter().map(|f| ("eq", constant_value(f))).collect();
        if self.has_valid() {
            for (name, bound) in ["lt", "gt"].into_iter().zip(&self.valid) {
                tests.extend(bound.iter().map(|(_, bound)| (name, constant_value(bound))));
            }
        }
        let mut mask = None;
        for (name, value) in tests {
            let wide = matches!(value, Value::Float(_)) && self.integer_dtype().is_integer();
            let tested = if wide { cast(builder, x, DType::F64)? } else { x };
            let test = operator(builder, name, &[Value::Array(tested), value])?;
            mask = Some(match mask {
                None => test,
                Some(mask) => operator(builder, "or", &[Value::Array(mask), Value::Array(test)])?,
            });
        }
        Ok(mask)
    }
}

fn is_text(value: &AttrValue) -> bool {
    matches!(value, AttrValue::Str(_) | AttrValue::StrList(_) | AttrValue::Json(_))
}

/// A fill value as the integer dtype sees it (as raw bits where `_Unsigned` turns the sign), none
/// where no element can equal it.
fn fill_in(fill: &Scalar, encoding: &Encoding) -> Option<Scalar> {
    let dtype = encoding.integer_dtype();
    if !dtype.is_integer() {
        return Some(fill.clone());
    }
    let wide = match fill {
        Scalar::UInt(u) => i128::from(*u),
        Scalar::Int(i) => i128::from(*i),
        Scalar::Float(x) if x.fract() == 0.0 && x.abs() < 1e19 => *x as i128,
        _ => return None,
    };
    let span = 1i128 << (8 * dtype.size());
    let (low, high) = match dtype.kind() {
        Kind::Signed => (-span / 2, span / 2 - 1),
        _ => (0, span - 1),
    };
    let wide = match encoding.unsigned {
        Some(true) if wide < 0 => wide + span,
        Some(false) if wide > high => wide - span,
        _ => wide,
    };
    (low..=high).contains(&wide).then(|| i64::try_from(wide).map_or(Scalar::UInt(wide as u64), Scalar::Int))
}

/// A number as a weak value.
fn constant_value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Int(i) => Value::Int(*i),
        Scalar::UInt(u) => i64::try_from(*u).map_or(Value::Float(*u as f64), Value::Int),
        other => Value::Float(other.as_f64().unwrap_or(f64::NAN)),
    }
}

#[cfg(test)]
mod tests;
