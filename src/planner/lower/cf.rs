//! CF conventions on reading: attributes that say how values are packed become operator calls on the
//! raw array, so that decoding fuses with what follows.
//!
//! The rules are xarray's (`xarray/coding/variables.py`): `_FillValue` and `missing_value` become NaN,
//! then `scale_factor` and `add_offset` apply, in `f32` or `f64` as [`Encoding::float_dtype`] says.
//! Beyond xarray, values outside `valid_min`, `valid_max` or `valid_range` are missing too, as the
//! conventions (section 2.5.1) and netCDF4-python have it.

mod times;
#[cfg(feature = "cli")]
mod values;

use std::sync::Arc;

use super::{Lowerer, Lowering};
use times::{Instants, instants};

use crate::array::calendar::cf::{TimeUnits, UnitsError};
use crate::array::{
    ArrayType, AttrValue, Attributes, Block, Calendar, Coord, CoordValues, DType, DimName, Dims, Kind, Scalar,
};
use crate::operators::call::{cast, operator};
use crate::operators::evaluate::Values;
use crate::operators::{Builder, Constant, Operand, TypeError, Value};
use crate::planner::catalog::{Stored, StoredArray};
use crate::planner::error::EdgeError;
use crate::source::{Span, Spanned};

/// The most elements of a variable of instants, which is decoded while planning.
const MAX_TIMES: u64 = 1 << 20;

/// The attributes that say how values are encoded.
const ENCODING: [&str; 11] = [
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

/// The attributes of an array that holds the bounds of a coordinate of times: with the coordinate's
/// `units` and `calendar`, which bounds may leave out (CF, section 7.1).
pub(crate) fn with_units_of_bounded(stored: &Stored, path: &str, array: &StoredArray) -> Arc<Attributes> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let group = match stored {
        Stored::Group(root) if array.attrs.get("units").is_none() => root.group(parent),
        _ => None,
    };
    let bounds = |(_, a): &&(String, StoredArray)| a.attrs.text("bounds") == Some(name);
    let Some((_, coordinate)) = group.and_then(|g| g.arrays.iter().find(bounds)) else { return array.attrs.clone() };
    let is_time = coordinate.attrs.text("units").is_some_and(TimeUnits::recognises);
    let mut attrs = (*array.attrs).clone();
    for name in ["units", "calendar"].into_iter().filter(|_| is_time) {
        if let Some(value) = coordinate.attrs.get(name) {
            attrs.set(name, value.clone());
        }
    }
    Arc::new(attrs)
}

/// How the values of an array are encoded, from its attributes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encoding {
    /// The dtype stored.
    stored: DType,
    /// Values that mean "missing"; NaN is not among them.
    fills: Vec<Scalar>,
    /// Whether there is a fill value at all, NaN included.
    has_fill: bool,
    /// The smallest and largest valid value.
    valid: [Option<(DType, Scalar)>; 2],
    scale: Option<(DType, Scalar)>,
    offset: Option<(DType, Scalar)>,
    /// `_Unsigned`: whether integers are to be taken as unsigned (true) or signed (false).
    unsigned: Option<bool>,
    is_bool: bool,
    /// `units` and `calendar` of a time.
    time: Option<(String, String)>,
}

impl Encoding {
    /// What the attributes of an array say.
    pub fn of(array: &StoredArray) -> Encoding {
        let attrs = &array.attrs;
        let number = |name: &str| attrs.get(name).and_then(|a| Some((a.dtype()?, a.as_scalar()?.clone())));
        let mut fills = Vec::new();
        let mut has_fill = false;
        for name in ["missing_value", "_FillValue"] {
            let values: &[Scalar] = match attrs.get(name) {
                Some(AttrValue::Number(_, value)) => std::slice::from_ref(value),
                Some(AttrValue::Numbers(_, values)) => values,
                _ => continue,
            };
            has_fill |= array.dtype.is_numeric();
            let new = values.iter().filter(|v| !v.is_missing() && array.dtype.is_numeric());
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
        let units = attrs.text("units").filter(|u| TimeUnits::recognises(u) && array.dtype.is_numeric());
        let calendar = attrs.text("calendar").unwrap_or("standard");
        Encoding {
            stored: array.dtype,
            fills,
            has_fill,
            valid: [low.or_else(|| number("valid_min")), high.or_else(|| number("valid_max"))],
            scale: number("scale_factor"),
            offset: number("add_offset"),
            unsigned: attrs.text("_Unsigned").map(|text| text.eq_ignore_ascii_case("true")),
            is_bool: attrs.text("dtype") == Some("bool") && array.dtype.is_integer(),
            time: units.map(|u| (u.to_owned(), calendar.to_owned())),
        }
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

    /// Whether decoding changes the values.
    pub(crate) fn alters(&self) -> bool {
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
    fn unpacked(&self, builder: &mut dyn Builder, raw: Operand) -> Result<Operand, TypeError> {
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
        for (name, factor) in [("mul", &self.scale), ("add", &self.offset)] {
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
    fn computed(&self, block: &Block) -> Result<Block, TypeError> {
        let mut values = Values::default();
        let dims = block.shape().into_iter().enumerate().map(|(axis, size)| (DimName::auto(axis), size));
        let raw = values.array(ArrayType::new(self.stored, Dims::new(dims)), block.clone());
        let meant = self.unpacked(&mut values, raw)?;
        Ok(values.of(meant).clone())
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

impl Lowerer<'_> {
    /// The array that the raw values of `raw` mean.
    pub(super) fn decoded(&mut self, dataset: usize, raw: Operand, array: &StoredArray, at: Span) -> Lowering<Operand> {
        if !self.datasets[dataset].options.decode {
            return Ok(raw);
        }
        self.check_encoding(array, at)?;
        let encoding = Encoding::of(array);
        if encoding.time.is_some() {
            return self.decoded_times(dataset, raw, array, at);
        }
        self.built(at, |builder| encoding.unpacked(builder, raw))
    }

    /// Values cannot be decoded where an attribute that says how cannot be read.
    fn check_encoding(&mut self, array: &StoredArray, at: Span) -> Lowering<()> {
        let unreadable = array.attrs.iter().find_map(|(name, value)| match value {
            AttrValue::Unreadable(why) if ENCODING.contains(&name) => Some((name, why)),
            _ => None,
        });
        let Some((name, why)) = unreadable else { return Ok(()) };
        let variable = array.path.trim_matches('/').to_owned();
        let message = format!("its attribute `{name}` cannot be read: {why}");
        let help = Some("read the values as they are stored with `{ decode: false }`".to_owned());
        self.fail(EdgeError::Decode { variable, message, at, help })
    }

    /// An array as another dtype, itself where it is of it.
    pub(super) fn cast_to(&mut self, x: Operand, dtype: DType, at: Span) -> Lowering<Operand> {
        if self.ty(x).dtype == dtype {
            return Ok(x);
        }
        self.operator("cast", &[Value::Array(x), Value::DType(dtype)], at)
    }

    /// An operator that gives an array.
    pub(super) fn operator(&mut self, name: &'static str, args: &[Value], at: Span) -> Lowering<Operand> {
        let args = args.iter().map(|v| Spanned::new(v.clone(), at)).collect();
        match self.operate(name, args, at)? {
            Value::Array(operand) => Ok(operand),
            other => self.expected(name, "an array", &other, at, None),
        }
    }

    /// A variable of instants: read and decoded now, as it is small by nature.
    fn decoded_times(&mut self, dataset: usize, raw: Operand, array: &StoredArray, at: Span) -> Lowering<Operand> {
        let ty = self.ty(raw);
        let variable = array.path.trim_matches('/').to_owned();
        if ty.dims.count() > MAX_TIMES {
            let message = format!("it holds {} instants, which is more than are read while planning", ty.dims.count());
            let help = Some("read it as numbers with `{ decode: false }`".to_owned());
            return self.fail(EdgeError::Decode { variable, message, at, help });
        }
        let mut times = Vec::new();
        let mut calendar = Calendar::Standard;
        let dim = self.datasets[dataset].options.concat.as_ref().map(|d| d.value.clone());
        let axis = dim.and_then(|dim| ty.dims.axis(&dim));
        let files = if axis == Some(0) { self.datasets[dataset].files.len() } else { 1 };
        for file in 0..files {
            let location = self.datasets[dataset].files[file].location.clone();
            let stored = if file == 0 { array.clone() } else { self.stored_array(dataset, file, &array.path, at)? };
            let block = match self.catalog.values(&location, &array.path) {
                Ok(block) => block,
                Err(error) => return self.catalog_problem(error, at, "needed here"),
            };
            match instants(&block, &Encoding::of(&stored)) {
                Ok(found) => {
                    self.warn_of_rounding(&variable, &found, at);
                    times.extend(found.times);
                    calendar = found.calendar;
                }
                Err(error) => return self.units_problem(&variable, error, at),
            }
        }
        let ty = ty.with_dtype(DType::DateTime(calendar));
        let Some(block) = Block::from_vec(&ty.shape(), times) else {
            let message = "the files hold another number of values than they say".to_owned();
            return self.fail(EdgeError::Decode { variable, message, at, help: None });
        };
        let constant = self.constant(ty, Constant::Values(block), at);
        for file in 0..files {
            self.read_from(constant, self.datasets[dataset].files[file].location.clone());
        }
        Ok(constant)
    }

    fn units_problem<T>(&mut self, variable: &str, error: UnitsError, at: Span) -> Lowering<T> {
        let (variable, message) = (variable.to_owned(), error.to_string());
        let help = error.help().or(Some("read it as numbers with `{ decode: false }`".to_owned()));
        self.fail(EdgeError::Decode { variable, message, at, help })
    }

    /// A coordinate from its stored values.
    pub(super) fn decoded_coordinate(
        &mut self,
        dataset: usize,
        array: &StoredArray,
        block: &Block,
        at: Span,
    ) -> Lowering<Option<Arc<Coord>>> {
        let dim = array.dims.first().cloned().flatten().unwrap_or_else(|| DimName::auto(0));
        let coord = |dtype, block: &Block, attrs| Coord::from_block(dim.clone(), dtype, block, attrs).map(Arc::new);
        if !self.datasets[dataset].options.decode {
            return Ok(coord(array.dtype, block, array.attrs.clone()));
        }
        self.check_encoding(array, at)?;
        let encoding = Encoding::of(array);
        let attrs = encoding.rest(&array.attrs);
        if encoding.time.is_some() {
            return match instants(block, &encoding) {
                Ok(found) => {
                    self.warn_of_rounding(dim.as_str(), &found, at);
                    let Instants { times, calendar, .. } = found;
                    let (dtype, values) = (DType::DateTime(calendar), CoordValues::Time(times, calendar));
                    Ok(Some(Arc::new(Coord { dim, dtype, values, attrs })))
                }
                Err(error) => self.units_problem(dim.as_str(), error, at),
            };
        }
        if !encoding.alters() {
            return Ok(coord(array.dtype, block, attrs));
        }
        match encoding.computed(block) {
            Ok(block) => Ok(coord(block.dtype(), &block, attrs)),
            Err(TypeError { message, help, .. }) => {
                self.fail(EdgeError::Decode { variable: dim.to_string(), message, at, help })
            }
        }
    }
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
