//! Calls of fits.

use std::sync::Arc;

use super::basis::Basis;
use super::moments::{Fit, fitting};
use crate::array::calendar::NAT;
use crate::array::{ArrayType, Block, Coord, CoordValues, DType, Dim, DimName, Dims, Kind};
use crate::operators::arguments::{axis, operand};
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::labels::coordinate;
use crate::operators::moves::{self, Span, digest};
use crate::operators::pattern::{Reduction, Spread};
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Pattern, TypeError, Units, Value, call};

/// The highest degree: beyond it powers say nothing in double precision.
const HIGHEST: i64 = 40;

/// The new dim.
const DEGREE: &str = "degree";

/// Nanoseconds of a microsecond.
const NANOS: f64 = 1e3;

/// What a call of a fit says.
struct Asked {
    x: Operand,
    ty: Arc<ArrayType>,
    axis: usize,
    degree: usize,
    skipna: bool,
    /// Whether elements can be missing.
    gaps: bool,
    places: Places,
}

/// The labels of a dim as places: those of whole numbers and times seen from the first.
struct Places {
    at: Vec<f64>,
    origin: f64,
    /// What a step of one is in the unit of coefficients.
    unit: f64,
}

pub(super) fn polyfit(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, args, "polyfit")?;
    let weights = asked.weights(builder, args)?;
    let basis = asked.basis(&weights)?;
    let matrix = basis.to_powers(asked.places.origin, asked.places.unit);
    let coefficients = asked.fitted(builder, "polyfit", (basis, weights, Some(matrix)))?;
    let rank = builder.ty(coefficients).rank();
    let order: Vec<usize> = std::iter::once(rank - 1).chain(0..rank - 1).collect();
    moves::permute(builder, coefficients, &order).map(Value::Array)
}

pub(super) fn detrend(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, args, "detrend")?;
    let weights = vec![1.0; asked.places.at.len()];
    let basis = asked.basis(&weights)?;
    let dim = &asked.ty.dims[asked.axis];
    let parts = asked.fitted(builder, "orthonormal_fit", (basis.clone(), weights, None))?;
    let last = builder.ty(parts).rank() - 1;
    let mut trend = None;
    for number in 0..basis.count {
        let part = moves::slice(builder, parts, &[(last, Span::run(number as u64, 1))])?;
        let part = moves::drop_axis(builder, part, last)?;
        let shape = ArrayType::new(DType::F64, Dims::new([(dim.name.clone(), dim.size)]));
        let values = builder.constant(shape, Constant::Values(Block::from_list(basis.column(number))));
        let product = call::operator(builder, "mul", &[Value::Array(part), Value::Array(values)])?;
        trend = Some(match trend {
            None => product,
            Some(sum) => call::operator(builder, "add", &[Value::Array(sum), Value::Array(product)])?,
        });
    }
    let Some(trend) = trend else { return Ok(Value::Array(asked.x)) };
    let rest = call::operator(builder, "sub", &[Value::Array(asked.x), Value::Array(trend)])?;
    let rest = call::cast(builder, rest, asked.ty.dtype)?;
    moves::labels_of(builder, rest, &dim.name, &asked.ty).map(Value::Array)
}

impl Asked {
    fn read(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Asked, TypeError> {
        let x = args.array("x")?;
        let dtype = builder.ty(x).dtype;
        let x = match dtype.kind() {
            Kind::Float => x,
            Kind::Bool | Kind::Signed | Kind::Unsigned => call::cast(builder, x, DType::F64)?,
            Kind::Complex | Kind::Time | Kind::Str => {
                let message = format!("`{name}` is of real numbers, this is {dtype}");
                let error = TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), "no real numbers");
                return Err(match dtype.kind() {
                    Kind::Complex => error.with_help("fit `real(x)` and `imag(x)`"),
                    _ => error,
                });
            }
        };
        let ty = builder.ty(x);
        let axis = axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
        let degree = args.int("degree", 1)?;
        if !(0..=HIGHEST).contains(&degree) {
            let message = format!("a polynomial of degree {degree} is not fitted, from 0 to {HIGHEST} is");
            return Err(TypeError::new("ff::type::argument", message).at(Culprit::Param("degree"), "out of range"));
        }
        let taken = ty.dims.iter().enumerate().any(|(i, dim)| i != axis && dim.name.as_str() == DEGREE);
        if taken {
            let message = format!("the new dim is `{DEGREE}`, which {ty} has already");
            let error =
                TypeError::new("ff::type::repeated_dim", message).at(Culprit::Param("x"), format!("this is {ty}"));
            return Err(error.with_help(format!("give that one another name: `rename(x, {DEGREE}: other)`")));
        }
        let dim = &ty.dims[axis];
        let places = Places::of(dim, ty.coord(&dim.name).map(|coord| &**coord));
        let places = places.map_err(|e| e.at(Culprit::Param("dim"), "these labels"))?;
        let skipna = args.bool("skipna", true)?;
        Ok(Asked { x, axis, degree: degree as usize, skipna, gaps: dtype.has_missing(), places, ty })
    }

    /// The squares of the weights of the places.
    fn weights(&self, builder: &dyn Builder, args: &Arguments) -> Result<Vec<f64>, TypeError> {
        let Some(value) = args.get("w") else { return Ok(vec![1.0; self.places.at.len()]) };
        let dim = &self.ty.dims[self.axis];
        let at = || Culprit::Param("w");
        let known = coordinate(builder, &dim.name, value).map_err(|e| e.or_at(at()))?;
        let weights: Option<Vec<f64>> = match known.as_ref().map(|coord| &coord.values) {
            Some(CoordValues::Int(v)) => Some(v.iter().map(|w| *w as f64).collect()),
            Some(CoordValues::Float(v)) => Some(v.clone()),
            _ => None,
        };
        match weights {
            Some(weights) if weights.len() as u64 == dim.size && weights.iter().all(|w| w.is_finite()) => {
                Ok(weights.iter().map(|w| w * w).collect())
            }
            _ => {
                let message = format!("weights are {} numbers, one for each element along `{}`", dim.size, dim.name);
                Err(TypeError::new("ff::type::weights", message).at(at(), "these are the weights"))
            }
        }
    }

    fn basis(&self, weights: &[f64]) -> Result<Arc<Basis>, TypeError> {
        let too_few = || {
            let dim = &self.ty.dims[self.axis];
            let needed = self.degree + 1;
            let message =
                format!("a fit of degree {} needs {needed} different labels along `{}`", self.degree, dim.name);
            let error =
                TypeError::new("ff::type::size", message).at(Culprit::Param("degree"), "too high for these labels");
            error.and_at(Culprit::Param("x"), format!("this is {}", self.ty))
        };
        Basis::new(&self.places.at, weights, self.degree).map(Arc::new).ok_or_else(too_few)
    }

    /// The coefficients, along a new last dim.
    fn fitted(
        &self,
        builder: &mut dyn Builder,
        name: &'static str,
        (basis, weights, matrix): (Arc<Basis>, Vec<f64>, Option<Vec<f64>>),
    ) -> Result<Operand, TypeError> {
        let what = digest(&(&basis.values, &weights, &matrix));
        let mut text = format!("axis: {}, degree: {}, {what}", self.axis, self.degree);
        if !self.skipna {
            text.push_str(", skipna: false");
        }
        if !self.gaps {
            text.push_str(", without gaps");
        }
        let labels = (0..basis.count as i64).rev().collect();
        let dim = Dim { name: DimName::new(DEGREE), size: basis.count as u64 };
        let coord = Some(Arc::new(Coord::integers(dim.name.clone(), labels)));
        let fit =
            Fit { basis, weights: weights.into(), matrix: matrix.map(Arc::from), skipna: self.skipna, gaps: self.gaps };
        let bug = || TypeError::new("ff::type::bug", format!("{} is not fitted", self.ty.dtype));
        let combine = fitting(fit, self.ty.dtype).ok_or_else(bug)?;
        // A reduced dim called `degree` would be two for a moment.
        let spread = Some(Spread { dim, coord });
        let reduction = Reduction { axes: vec![self.axis], groups: None, keepdims: false, spread, combine };
        let pattern = Pattern::Reduction(reduction);
        builder.apply(Call { name, text, pattern, dtype: DType::F64, units: Units::Lost }, &[self.x])
    }
}

impl Places {
    fn of(dim: &Dim, coord: Option<&Coord>) -> Result<Places, TypeError> {
        let wrong = |what: &str| {
            let message = format!("the labels of `{}` {what}", dim.name);
            Err(TypeError::new("ff::type::coords", message)
                .with_help(format!("fit by positions: `drop_coords(x, {})`", dim.name)))
        };
        let seen = |v: &[i64], unit: f64| {
            let origin = v.first().copied().unwrap_or(0);
            let at = v.iter().map(|label| (i128::from(*label) - i128::from(origin)) as f64).collect();
            Ok(Places { at, origin: origin as f64, unit })
        };
        match coord.map(|coord| &coord.values) {
            None => Ok(Places { at: (0..dim.size).map(|i| i as f64).collect(), origin: 0.0, unit: 1.0 }),
            Some(CoordValues::Float(v)) if v.iter().all(|x| x.is_finite()) => {
                Ok(Places { at: v.clone(), origin: 0.0, unit: 1.0 })
            }
            Some(CoordValues::Float(_)) => wrong("are not all finite"),
            Some(CoordValues::Time(v, _) | CoordValues::Duration(v)) if v.contains(&NAT) => {
                wrong("are missing somewhere")
            }
            Some(CoordValues::Time(v, _) | CoordValues::Duration(v)) => seen(v, NANOS),
            Some(CoordValues::Int(v)) => seen(v, 1.0),
            Some(CoordValues::Str(_)) => wrong("are texts"),
        }
    }
}

pub(super) fn polyval(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let dim = DimName::new(args.str_opt("dim")?.unwrap_or(DEGREE));
    let coeffs = match args.value("coeffs") {
        Value::List(items) => listed(builder, &dim, items)?,
        _ => args.array("coeffs")?,
    };
    let coord = args.value("coord");
    let coord = operand(builder, coord, DType::F64).ok_or_else(|| TypeError::expected("coord", "an array", coord))?;
    let at = numbers(builder, coord)?;
    let ty = builder.ty(coeffs);
    let blame = |error: TypeError| error.at(Culprit::Param("coeffs"), format!("this is {ty}"));
    let Some(axis) = ty.dims.axis(&dim) else {
        let help = format!("name the dim of the coefficients: `polyval(coord, coeffs, dim: {dim})`");
        return Err(blame(TypeError::unknown_dim(dim.as_str(), &ty)).with_help(help));
    };
    let degrees = match ty.coord(&dim).map(|coord| &coord.values) {
        Some(CoordValues::Int(v)) => v.clone(),
        _ => {
            let message =
                format!("the labels of `{dim}` say which power a coefficient is of, and they are no integers");
            let help = format!("set them: `assign_coords(coeffs, {dim}: [1, 0])`");
            return Err(blame(TypeError::new("ff::type::coords", message)).with_help(help));
        }
    };
    let highest = degrees.iter().copied().max().unwrap_or(0);
    let valid = degrees.iter().enumerate().all(|(i, d)| (0..=HIGHEST).contains(d) && !degrees[..i].contains(d));
    if degrees.is_empty() || !valid {
        let message = format!("the powers of coefficients are different, from 0 to {HIGHEST}; these are {degrees:?}");
        return Err(blame(TypeError::new("ff::type::coords", message)));
    }
    let mut sum = None;
    for degree in (0..=highest).rev() {
        if let Some(so_far) = sum {
            sum = Some(call::operator(builder, "mul", &[Value::Array(so_far), Value::Array(at)])?);
        }
        let Some(position) = degrees.iter().position(|d| *d == degree) else { continue };
        let part = moves::slice(builder, coeffs, &[(axis, Span::run(position as u64, 1))])?;
        let part = moves::drop_axis(builder, part, axis)?;
        sum = Some(match sum {
            Some(so_far) => call::operator(builder, "add", &[Value::Array(so_far), Value::Array(part)])?,
            None => {
                let zeros = call::operator(builder, "mul", &[Value::Array(at), Value::Int(0)])?;
                call::operator(builder, "add", &[Value::Array(zeros), Value::Array(part)])?
            }
        });
    }
    Ok(Value::Array(sum.unwrap_or(at)))
}

/// Listed coefficients, the highest first, with their powers.
fn listed(builder: &mut dyn Builder, dim: &DimName, items: &[Value]) -> Result<Operand, TypeError> {
    let number = |value: &Value| match value {
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => value.scalar().and_then(|scalar| scalar.as_f64()),
        _ => None,
    };
    let Some(numbers) = items.iter().map(number).collect::<Option<Vec<f64>>>() else {
        let error = TypeError::new("ff::type::argument", "coefficients are numbers or an array");
        return Err(error.at(Culprit::Param("coeffs"), "this is a list of something else"));
    };
    let count = numbers.len();
    let mut ty = ArrayType::new(DType::F64, Dims::new([(dim.clone(), count as u64)]));
    let powers = Coord::integers(dim.clone(), (0..count as i64).rev().collect());
    ty.coords.insert(dim.clone(), Arc::new(powers));
    Ok(builder.constant(ty, Constant::Values(Block::from_list(numbers))))
}

/// The array as numbers: times and durations in nanoseconds. Its own attributes say nothing of what is computed.
fn numbers(builder: &mut dyn Builder, coord: Operand) -> Result<Operand, TypeError> {
    let dtype = builder.ty(coord).dtype;
    let numbers = match dtype.kind() {
        Kind::Time => {
            let micros = call::cast(builder, coord, DType::F64)?;
            call::operator(builder, "mul", &[Value::Array(micros), Value::Float(NANOS)])?
        }
        Kind::Str => {
            let error = TypeError::new("ff::type::dtype", "polynomials have no values at texts");
            return Err(error.at(Culprit::Param("coord"), "this is str"));
        }
        _ => coord,
    };
    if builder.ty(numbers).attrs.is_empty() {
        return Ok(numbers);
    }
    moves::relabel(builder, numbers, Labels { attrs: Some(Arc::default()), ..Labels::default() })
}
