//! Calls of filters by order.

use super::ranks::ranking;
use crate::array::{ArrayType, DType, Kind as DTypeKind};
use crate::operators::error::Culprit;
use crate::operators::moves;
use crate::operators::pattern::{Window, WindowAxis};
use crate::operators::reduction::{Options, Reducer, choose};
use crate::operators::{Arguments, Builder, Call, Operand, Pattern, TypeError, Units, Value, call};
use crate::source::{Span, Spanned};

/// The most elements of a neighbourhood along a dim.
const LONGEST: u64 = 1 << 20;

/// The most elements of a neighbourhood whose ranks are looked at.
const LARGEST: u64 = 1 << 16;

/// What is given of a neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Minimum,
    /// The least, by another name.
    Erosion,
    Maximum,
    /// The greatest, of a neighbourhood turned round.
    Dilation,
    Median,
    Percentile,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Minimum => "minimum_filter",
            Kind::Erosion => "erode",
            Kind::Maximum => "maximum_filter",
            Kind::Dilation => "dilate",
            Kind::Median => "median_filter",
            Kind::Percentile => "percentile_filter",
        }
    }

    /// How many of so many elements lie before the one in the middle.
    fn before(self, size: u64) -> u64 {
        if self == Kind::Dilation { (size - 1) / 2 } else { size / 2 }
    }
}

/// The box of a call: per axis how many elements.
type Sides = Vec<(usize, u64)>;

pub(super) fn filter(builder: &mut dyn Builder, args: &Arguments, kind: Kind) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    if matches!(ty.dtype.kind(), DTypeKind::Complex | DTypeKind::Str) {
        let message = format!("`{}` is not defined for {}, which has no order", kind.name(), ty.dtype);
        let error = TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), format!("this is {}", ty.dtype));
        return Err(error);
    }
    let boundary = args.str_opt("boundary")?.unwrap_or("reflect").to_owned();
    if args.get("value").is_some() && boundary != "constant" {
        return Err(TypeError::new("ff::type::argument", "a value is for `boundary: constant` only")
            .at(Culprit::Param("value"), "has nothing to do")
            .with_help("say `boundary: constant` too, or leave the value out"));
    }
    let mut sides = sides(args, &ty, kind)?;
    let rank = rank(args, kind, &sides)?;
    sides.retain(|(axis, size)| *size > 1 && ty.dims[*axis].size > 0);
    sides.sort_unstable();
    if sides.is_empty() || ty.dims.count() == 0 {
        return Ok(Value::Array(x));
    }
    let asked = Asked { kind, boundary, value: args.get("value").cloned() };
    match rank {
        Some(rank) => asked.ranked(builder, x, &sides, rank),
        None => asked.extreme(builder, x, &sides),
    }
    .map(Value::Array)
}

/// The sides of the box, of which there is one at least.
fn sides(args: &Arguments, ty: &ArrayType, kind: Kind) -> Result<Sides, TypeError> {
    let mut sides = Sides::new();
    for (axis, value) in args.per_axis(ty)? {
        let culprit = Culprit::Named(ty.dims[axis].name.to_string());
        let size = match value.value {
            Value::Int(size) => u64::try_from(size).ok().filter(|size| (1..=LONGEST).contains(size)),
            _ => None,
        };
        let Some(size) = size else {
            let message = match value.value {
                Value::Int(size) => format!("a neighbourhood has from 1 to {LONGEST} elements, this is {size}"),
                ref other => format!("a neighbourhood has a number of elements, this is {}", other.kind()),
            };
            return Err(TypeError::new("ff::type::argument", message).at(culprit, "expected an integer, one or more"));
        };
        if sides.iter().any(|(other, _)| *other == axis) {
            let message = format!("dim `{}` is named twice", ty.dims[axis].name);
            return Err(TypeError::new("ff::type::repeated_dim", message).at(culprit, "again here"));
        }
        sides.push((axis, size));
    }
    if sides.is_empty() {
        return Err(TypeError::new("ff::type::missing_argument", "no dim to filter along is named")
            .with_help(format!("name them, as in `{}(x, y: 3)`", kind.name())));
    }
    Ok(sides)
}

/// The rank that is asked for of all elements of the box, from 0 on; none of extremes.
fn rank(args: &Arguments, kind: Kind, sides: &Sides) -> Result<Option<usize>, TypeError> {
    let count = sides.iter().fold(1u64, |n, (_, size)| n.saturating_mul(*size));
    let rank = match kind {
        Kind::Minimum | Kind::Erosion | Kind::Maximum | Kind::Dilation => return Ok(None),
        Kind::Median => count / 2,
        Kind::Percentile => {
            let given = args.float_opt("percentile")?.unwrap_or(f64::NAN);
            let percentile = if given < 0.0 { given + 100.0 } else { given };
            if !(0.0..=100.0).contains(&percentile) {
                let message = format!("a percentile lies between 0 and 100, or from -100 on below 0, this is {given}");
                let error = TypeError::new("ff::type::argument", message);
                return Err(error.at(Culprit::Param("percentile"), "from 0 to 100"));
            }
            if percentile == 100.0 { count - 1 } else { (count as f64 * percentile / 100.0) as u64 }
        }
    };
    if count > LARGEST {
        let message = format!("a neighbourhood of {count} elements is not put in order, the most is {LARGEST}");
        return Err(TypeError::new("ff::type::size", message).with_help("filter along one dim after the other"));
    }
    Ok(Some(rank as usize))
}

/// What a call says besides the box.
struct Asked {
    kind: Kind,
    boundary: String,
    value: Option<Value>,
}

impl Asked {
    /// The least or greatest of the box, along one axis after the other.
    fn extreme(&self, builder: &mut dyn Builder, x: Operand, sides: &Sides) -> Result<Operand, TypeError> {
        let ty = builder.ty(x);
        let is_least = matches!(self.kind, Kind::Minimum | Kind::Erosion);
        let reducer = if is_least { Reducer::Min } else { Reducer::Max };
        let options = Options { skipna: false, ..Options::default() };
        let (combine, dtype) = choose(reducer, ty.dtype, &options).map_err(|e| e.or_at(Culprit::Param("x")))?;
        let mut out = x;
        for &(axis, size) in sides {
            let before = self.kind.before(size);
            let is_cut_off = match self.boundary.as_str() {
                "reflect" | "nearest" => true,
                "mirror" => size % 2 == 1,
                _ => false,
            };
            let (seen, before) =
                if is_cut_off { (out, before) } else { (self.padded(builder, out, &[(axis, size)])?, 0) };
            let window = WindowAxis { axis, before, length: size, stride: 1, count: ty.dims[axis].size };
            let text = format!("{axis}: length {size}, before {before}");
            let window = Window { axes: vec![window], combine: combine.clone() };
            out = self.applied(builder, (seen, &ty), (reducer.name(), text, window), dtype)?;
        }
        Ok(out)
    }

    /// The element of a rank among those of the box.
    fn ranked(&self, builder: &mut dyn Builder, x: Operand, sides: &Sides, rank: usize) -> Result<Operand, TypeError> {
        let ty = builder.ty(x);
        let seen = self.padded(builder, x, sides)?;
        let count = sides.iter().map(|(_, size)| *size as usize).product();
        let bug = || TypeError::new("ff::type::bug", format!("{} has no ranks", ty.dtype));
        let combine = ranking(ty.dtype, count, rank).ok_or_else(bug)?;
        let axis = |&(axis, length): &(usize, u64)| WindowAxis {
            axis,
            before: 0,
            length,
            stride: 1,
            count: ty.dims[axis].size,
        };
        let text = format!("rank {rank} of {sides:?}");
        let window = Window { axes: sides.iter().map(axis).collect(), combine };
        self.applied(builder, (seen, &ty), (self.kind.name(), text, window), ty.dtype)
    }

    /// A call over windows, with the labels of `ty`.
    fn applied(
        &self,
        builder: &mut dyn Builder,
        (x, ty): (Operand, &ArrayType),
        (name, text, window): (&'static str, String, Window),
        dtype: DType,
    ) -> Result<Operand, TypeError> {
        let dims: Vec<_> = window.axes.iter().map(|w| ty.dims[w.axis].name.clone()).collect();
        let call = Call { name, text, pattern: Pattern::Window(window), dtype, units: Units::Kept };
        let mut out = builder.apply(call, &[x])?;
        for dim in dims {
            out = moves::labels_of(builder, out, &dim, ty)?;
        }
        Ok(out)
    }

    /// With what lies beyond the ends, and without labels there.
    fn padded(&self, builder: &mut dyn Builder, x: Operand, sides: &[(usize, u64)]) -> Result<Operand, TypeError> {
        let ty = builder.ty(x);
        let spanned = |value: Value| Spanned::new(value, Span::default());
        let mode = match self.boundary.as_str() {
            "reflect" => "symmetric",
            "mirror" => "reflect",
            "nearest" => "edge",
            other => other,
        };
        let mut bare = x;
        let mut per_dim = Vec::new();
        for &(axis, size) in sides {
            let dim = &ty.dims[axis].name;
            bare = moves::unlabel(builder, bare, dim)?;
            let before = self.kind.before(size);
            let widths = [before, size - 1 - before].map(|n| Value::Int(n as i64)).to_vec();
            let name = Spanned::new(dim.to_string(), Span::default());
            per_dim.push((name, spanned(Value::List(std::sync::Arc::new(widths)))));
        }
        let mut named = vec![("x", spanned(Value::Array(bare))), ("mode", spanned(Value::Str(mode.to_owned())))];
        if mode == "constant" {
            let zero = if ty.dtype == DType::Bool { Value::Bool(false) } else { Value::Int(0) };
            named.push(("value", spanned(self.value.clone().unwrap_or(zero))));
        }
        let padded = call::with(builder, "pad", &Arguments { named, per_dim, ..Arguments::default() });
        let given = if self.value.is_some() { "value" } else { "boundary" };
        padded.map_err(|e| e.or_at(Culprit::Param(given)))
    }
}
