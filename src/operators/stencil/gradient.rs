//! Derivatives along coordinates, as `numpy.gradient` and xarray's `differentiate` take them: second-order
//! central differences, for uneven spacing with the weights that a parabola through three elements gives.

use std::sync::Arc;

use super::expand::summable;
use super::pattern::{Boundary, Inner, Line, Slope, Stencil, Sums, Term, Weights};
use crate::array::calendar::NAT;
use crate::array::{ArrayType, Coord, CoordValues};
use crate::operators::arguments::axis;
use crate::operators::error::Culprit;
use crate::operators::moves::digest;
use crate::operators::{Arguments, Builder, Call, Operand, Pattern, TypeError, Units, Value};

/// Units of time, as xarray abbreviates them.
pub(in crate::operators) const UNITS: &[&str] = &["W", "D", "h", "m", "s", "ms", "us", "ns"];

/// Microseconds of a unit.
fn micros(unit: &str) -> f64 {
    match unit {
        "W" => 7.0 * 86_400e6,
        "D" => 86_400e6,
        "h" => 3600e6,
        "m" => 60e6,
        "ms" => 1e3,
        "us" => 1.0,
        "ns" => 1e-3,
        _ => 1e6,
    }
}

pub(super) fn gradient(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = summable(builder, "gradient", args.array("x")?)?;
    let ty = builder.ty(x);
    let edge_order = match args.int("edge_order", 1)? {
        1 => 1,
        2 => 2,
        other => {
            let message = format!("differences at the ends are of order 1 or 2, not {other}");
            return Err(TypeError::new("ff::type::argument", message).at(Culprit::Param("edge_order"), "1 or 2"));
        }
    };
    let unit = args.str_opt("datetime_unit")?.unwrap_or("s");
    let sorted = args.axes(&ty)?;
    let axes = if args.variadic.is_empty() {
        sorted
    } else {
        args.variadic.iter().map(|dim| axis(&dim.value, &ty)).collect::<Result<_, _>>().unwrap_or(sorted)
    };
    let mut all = Vec::new();
    for (i, &axis) in axes.iter().enumerate() {
        let culprit = if args.variadic.len() == axes.len() { Culprit::Variadic(i) } else { Culprit::Param("x") };
        all.push(along(builder, x, (axis, edge_order), unit).map_err(|e| e.or_at(culprit))?);
    }
    match all.as_slice() {
        [] => Err(TypeError::new("ff::type::dims", format!("{ty} has no dim to take differences along"))
            .at(Culprit::Param("x"), "a single value")),
        [one] => Ok(Value::Array(*one)),
        _ => Ok(Value::List(Arc::new(all.into_iter().map(Value::Array).collect()))),
    }
}

fn along(
    builder: &mut dyn Builder,
    x: Operand,
    (axis, edge_order): (usize, usize),
    unit: &str,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let dim = &ty.dims[axis];
    if dim.size <= edge_order as u64 {
        let message =
            format!("differences along `{}` need {} elements or more, it has {}", dim.name, edge_order + 1, dim.size);
        return Err(TypeError::new("ff::type::spacing", message));
    }
    let coord = ty.coord(&dim.name);
    let gaps = match coord {
        None => vec![1.0],
        Some(coord) => gaps(coord, &ty, unit)?,
    };
    let even = gaps.iter().all(|gap| *gap == gaps[0]);
    let (spacing, units) = match (coord, even) {
        (None, _) => ("elements".to_owned(), Units::Kept),
        (Some(_), true) => (format!("steps of {:?}", gaps[0]), Units::Lost),
        (Some(_), false) => (format!("coordinate {}", digest(&gaps)), Units::Lost),
    };
    let slope = if even { Slope::even(gaps[0], edge_order) } else { Slope::uneven(&gaps, edge_order) };
    let line = Line { axis, size: dim.size, weights: Weights::Slope(Arc::new(slope)), divisor: 1.0 };
    let last = ty.rank() - 1;
    let sums = if axis == last {
        Sums::Lines { down: None, across: Some(line) }
    } else {
        Sums::Lines { down: Some(line), across: None }
    };
    let text = format!("{} by {spacing}; edge_order {edge_order}; {} sees 1 before, 1 after", dim.name, dim.name);
    let pattern = Pattern::Stencil(Stencil { sums, boundary: Boundary::Nearest });
    builder.apply(Call { name: "gradient", text, pattern, dtype: ty.dtype, units }, &[x])
}

/// The distances of neighbours along a coordinate; those of times in `unit`.
pub(in crate::operators) fn gaps(coord: &Coord, ty: &ArrayType, unit: &str) -> Result<Vec<f64>, TypeError> {
    let refused = |what: &str| {
        let message = format!("the coordinate `{}` of {ty} {what}", coord.dim);
        let help = format!("take the gradient by elements: `gradient(drop_coords(x, {0}), {0})`", coord.dim);
        Err(TypeError::new("ff::type::spacing", message).with_help(help))
    };
    match &coord.values {
        CoordValues::Int(v) => Ok(v.windows(2).map(|w| (i128::from(w[1]) - i128::from(w[0])) as f64).collect()),
        CoordValues::Float(v) => Ok(v.windows(2).map(|w| w[1] - w[0]).collect()),
        CoordValues::Time(v, _) | CoordValues::Duration(v) if v.contains(&NAT) => refused("has missing labels"),
        CoordValues::Time(v, _) | CoordValues::Duration(v) => {
            let unit = micros(unit);
            Ok(v.windows(2).map(|w| (i128::from(w[1]) - i128::from(w[0])) as f64 / unit).collect())
        }
        CoordValues::Str(_) => refused("is of texts, between which there are no distances"),
    }
}

impl Slope {
    fn even(gap: f64, edge_order: usize) -> Slope {
        let (first, last) = if edge_order == 1 {
            (vec![Term::difference(1, 0, 1.0 / gap)], vec![Term::difference(0, -1, 1.0 / gap)])
        } else {
            let (near, middle, far) = (1.5 / gap, 2.0 / gap, 0.5 / gap);
            (
                vec![Term::one(0, -near), Term::one(1, middle), Term::one(2, -far)],
                vec![Term::one(-2, far), Term::one(-1, -middle), Term::one(0, near)],
            )
        };
        Slope { first, inner: Inner::Even(1.0 / (2.0 * gap)), last }
    }

    /// With weights from the gaps, one fewer than there are elements.
    fn uneven(gaps: &[f64], edge_order: usize) -> Slope {
        let (first_gap, last_gap) = (gaps[0], gaps[gaps.len() - 1]);
        let (first, last) = if edge_order == 1 {
            (vec![Term::difference(1, 0, 1.0 / first_gap)], vec![Term::difference(0, -1, 1.0 / last_gap)])
        } else {
            let ((a, b), (c, d)) = ((gaps[0], gaps[1]), (gaps[gaps.len() - 2], last_gap));
            (
                vec![
                    Term::one(0, -(2.0 * a + b) / (a * (a + b))),
                    Term::one(1, (a + b) / (a * b)),
                    Term::one(2, -a / (b * (a + b))),
                ],
                vec![
                    Term::one(-2, d / (c * (c + d))),
                    Term::one(-1, -(d + c) / (c * d)),
                    Term::one(0, (2.0 * d + c) / (d * (c + d))),
                ],
            )
        };
        let between = |weight: fn(f64, f64) -> f64| -> Arc<[f64]> {
            let inner = gaps.windows(2).map(|w| weight(w[0], w[1]));
            std::iter::once(0.0).chain(inner).chain([0.0]).collect()
        };
        let inner = Inner::Uneven([
            between(|a, b| -b / (a * (a + b))),
            between(|a, b| (b - a) / (a * b)),
            between(|a, b| a / (b * (a + b))),
        ]);
        Slope { first, inner, last }
    }
}
