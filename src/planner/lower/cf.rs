//! CF conventions on reading: what the attributes of stored arrays say becomes calls, coordinates and instants.

use std::sync::Arc;

use super::{Lowerer, Lowering};
use crate::array::calendar::cf::{TimeUnits, UnitsError};
use crate::array::{AttrValue, Attributes, Block, Coord, CoordValues, DType, DimName};
use crate::operators::cf::{ENCODING, Encoding, Instants, MAX_TIMES, instants};
use crate::operators::{Constant, Operand, TypeError, Value};
use crate::planner::catalog::{Stored, StoredArray};
use crate::planner::error::EdgeError;
use crate::source::{Span, Spanned};

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

impl Lowerer<'_> {
    /// The array that the raw values of `raw` mean, which are those of `array` in this file, or are encoded as they are.
    pub(super) fn decoded(
        &mut self,
        dataset: usize,
        raw: Operand,
        array: &StoredArray,
        file: usize,
        at: Span,
    ) -> Lowering<Operand> {
        if !self.datasets[dataset].options.decode {
            return Ok(raw);
        }
        self.check_encoding(array, at)?;
        let encoding = Encoding::of(array.dtype, &array.attrs);
        if encoding.is_time() {
            return self.decoded_times(dataset, raw, array, file, at);
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

    /// A variable of instants in one file: read and decoded now, as it is small by nature.
    fn decoded_times(
        &mut self,
        dataset: usize,
        raw: Operand,
        array: &StoredArray,
        file: usize,
        at: Span,
    ) -> Lowering<Operand> {
        let ty = self.ty(raw);
        let variable = array.path.trim_matches('/').to_owned();
        if ty.dims.count() > MAX_TIMES {
            let message = format!("it holds {} instants, which is more than are read while planning", ty.dims.count());
            let help = Some("read it as numbers with `{ decode: false }`".to_owned());
            return self.fail(EdgeError::Decode { variable, message, at, help });
        }
        let location = self.datasets[dataset].files[file].location.clone();
        let block = match self.catalog.values(&location, &array.path) {
            Ok(block) => block,
            Err(error) => return self.catalog_problem(error, at, "needed here"),
        };
        let found = match instants(&block, &Encoding::of(array.dtype, &array.attrs)) {
            Ok(found) => found,
            Err(error) => return self.units_problem(&variable, error, at),
        };
        self.warn_of_rounding(&variable, &found, at);
        let ty = ty.with_dtype(DType::DateTime(found.calendar));
        let Some(block) = Block::from_vec(&ty.shape(), found.times) else {
            let message = "the file holds another number of values than it says".to_owned();
            return self.fail(EdgeError::Decode { variable, message, at, help: None });
        };
        let constant = self.constant(ty, Constant::Values(block), at);
        self.read_from(constant, location);
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
        let encoding = Encoding::of(array.dtype, &array.attrs);
        let attrs = encoding.rest(&array.attrs);
        if encoding.is_time() {
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

    /// Warns where times are finer than ours.
    pub(super) fn warn_of_rounding(&mut self, variable: &str, found: &Instants, at: Span) {
        if found.rounded > 0 {
            let (variable, rounded, of, merged) = (variable.to_owned(), found.rounded, found.times.len(), found.merged);
            let merged = match merged {
                0 => String::new(),
                n => format!("; {n} can no longer be told from others"),
            };
            self.report(EdgeError::TimesRounded { variable, rounded, of, merged, at });
        }
    }
}
