//! Calls of interpolations.

use std::sync::Arc;

use super::blend::blending;
use super::line::{Line, Neighbours};
use super::spline::{FEWEST, Spline};
use crate::array::calendar::text;
use crate::array::{ArrayType, Block, Coord, CoordValues, DType, Dim, DimName, Dims, Kind};
use crate::operators::elementwise::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::labels::coordinate;
use crate::operators::moves::{self, Span, digest};
use crate::operators::whole::{Into, Whole};
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Pattern, TypeError, Units, Value, call};

/// How new values are found.
#[derive(Clone, Copy, PartialEq)]
enum Method {
    Linear,
    Nearest,
    Cubic,
}

/// What a call says besides the labels.
struct Asked {
    x: Operand,
    method: Method,
    /// What stands beyond the labels, unless values go on there.
    fill: f64,
    beyond: bool,
}

/// New labels along a dim.
struct Target {
    /// The labels, in the calendar of the dim's where they are dates.
    labels: Coord,
    /// The dim they lie along, with its coordinate; none for one label.
    along: Option<(DimName, Option<Arc<Coord>>)>,
}

pub(super) fn interp(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, args)?;
    let ty = builder.ty(asked.x);
    let dims = args.per_axis(&ty)?;
    if dims.is_empty() {
        return Err(TypeError::new("ff::type::missing_argument", "no dim to interpolate along is named")
            .with_help("name one with its new labels, as in `interp(x, time: [\"2000-01-15\", \"2000-02-15\"])`"));
    }
    let mut out = asked.widened(builder, dims.len())?;
    for (i, (axis, value)) in dims.iter().enumerate() {
        let dim = &ty.dims[*axis];
        let named = || Culprit::Named(dim.name.to_string());
        if dims[..i].iter().any(|(other, _)| other == axis) {
            let message = format!("dim `{}` is named twice", dim.name);
            return Err(TypeError::new("ff::type::repeated_dim", message).at(named(), "again here"));
        }
        let coord = ty.coord(&dim.name).map(|coord| &**coord);
        let target = Target::read(builder, dim, coord, &value.value).map_err(|e| e.or_at(named()))?;
        out = asked.along(builder, out, (dim, coord), &target).map_err(|e| e.or_at(named()))?;
    }
    call::cast(builder, out, ty.dtype).map(Value::Array)
}

pub(super) fn interp_like(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, args)?;
    let (ty, other) = (builder.ty(asked.x), builder.ty(args.array("other")?));
    let mut out = asked.widened(builder, ty.rank())?;
    for dim in ty.dims.iter() {
        let Some(labels) = other.coord(&dim.name) else { continue };
        let coord = ty.coord(&dim.name).map(|coord| &**coord);
        if coord.is_some_and(|coord| coord.first_difference(labels).is_none()) {
            continue;
        }
        let target = Target { labels: (**labels).clone(), along: Some((dim.name.clone(), Some(labels.clone()))) };
        let blamed = asked.along(builder, out, (dim, coord), &target);
        out = blamed.map_err(|e| e.or_at(Culprit::Param("other")))?;
    }
    call::cast(builder, out, ty.dtype).map(Value::Array)
}

impl Asked {
    fn read(builder: &mut dyn Builder, args: &Arguments) -> Result<Asked, TypeError> {
        let x = args.array("x")?;
        let dtype = builder.ty(x).dtype;
        let x = match dtype.kind() {
            Kind::Float | Kind::Complex => x,
            Kind::Signed | Kind::Unsigned => call::cast(builder, x, DType::F64)?,
            Kind::Bool | Kind::Time | Kind::Str => {
                let message = format!("values of {dtype} are not interpolated");
                return Err(TypeError::new("ff::type::dtype", message)
                    .at(Culprit::Param("x"), format!("this is {dtype}"))
                    .with_help(
                        "take the nearest with `sel(…, method: nearest)` or `reindex`, or cast it: `x as f64`",
                    ));
            }
        };
        let method = match args.str_opt("method")? {
            None | Some("linear") => Method::Linear,
            Some("nearest") => Method::Nearest,
            Some("cubic") if dtype.kind() != Kind::Complex => Method::Cubic,
            Some("cubic") => {
                let error = TypeError::new("ff::type::dtype", "splines are of real numbers");
                return Err(error
                    .at(Culprit::Param("x"), format!("this is {dtype}"))
                    .with_help("interpolate `real(x)` and `imag(x)`"));
            }
            Some(_) => return Err(TypeError::expected("method", "linear, nearest or cubic", args.value("method"))),
        };
        let (fill, beyond) = filling(args)?;
        Ok(Asked { x, method, fill, beyond })
    }

    /// The array as it is blended along so many dims: narrow floats of several in double precision, to be rounded once.
    fn widened(&self, builder: &mut dyn Builder, dims: usize) -> Result<Operand, TypeError> {
        let wide = match builder.ty(self.x).dtype {
            _ if dims < 2 || self.method == Method::Nearest => return Ok(self.x),
            DType::C64 => DType::C128,
            DType::F16 | DType::F32 => DType::F64,
            _ => return Ok(self.x),
        };
        call::cast(builder, self.x, wide)
    }

    /// With new labels along a dim of `x`, which has it as `dim` says.
    fn along(
        &self,
        builder: &mut dyn Builder,
        x: Operand,
        (dim, coord): (&Dim, Option<&Coord>),
        target: &Target,
    ) -> Result<Operand, TypeError> {
        let ty = builder.ty(x);
        let axis = super::super::axis_of(&ty, &dim.name)?;
        if let Some((new, _)) = &target.along
            && *new != dim.name
            && ty.dims.axis(new).is_some()
        {
            let message =
                format!("the labels for `{}` lie along `{new}`, which is a dim of the array already", dim.name);
            return Err(TypeError::new("ff::type::repeated_dim", message)
                .with_help("interpolating point by point is not supported; `rename` the labels' dim for all pairs"));
        }
        if dim.size == 0 && !target.labels.is_empty() {
            let message = format!("`{}` is empty in {ty}: there is nothing to interpolate between", dim.name);
            return Err(TypeError::new("ff::type::empty", message));
        }
        let line = Line::new(dim, coord)?;
        let places = line.place(&target.labels)?;
        let to = target.along.clone().unwrap_or_else(|| (dim.name.clone(), None));
        let out = match self.method {
            _ if places.is_empty() => moves::take(builder, x, axis, &[], Some(to))?,
            Method::Linear => self.gathered(builder, (x, axis), line.between(&places, self.beyond), to)?,
            Method::Nearest => self.gathered(builder, (x, axis), line.nearest(&places, self.beyond), to)?,
            Method::Cubic => self.spline(builder, (x, axis), (&line, &places), to)?,
        };
        if target.along.is_none() { moves::drop_axis(builder, out, axis) } else { Ok(out) }
    }

    /// Neighbours along an axis, blended.
    fn gathered(
        &self,
        builder: &mut dyn Builder,
        (x, axis): (Operand, usize),
        near: Neighbours,
        to: (DimName, Option<Arc<Coord>>),
    ) -> Result<Operand, TypeError> {
        let low = placed(builder, (x, axis), &near.low, &to)?;
        if near.part.iter().all(|part| *part == 0.0) {
            return Ok(low);
        }
        let high = if near.low == near.high { low } else { placed(builder, (x, axis), &near.high, &to)? };
        let ty = builder.ty(low);
        let size = near.part.len() as u64;
        let parts = ArrayType::new(DType::F64, Dims::new([(to.0, size)]));
        let parts = builder.constant(parts, Constant::Values(Block::from_list(near.part)));
        let parts = broadcast_to(builder, parts, &ty.dims)?;
        let bug = || TypeError::new("ff::type::bug", format!("{} is not interpolated", ty.dtype));
        let run = blending(ty.dtype, self.fill).ok_or_else(bug)?;
        let text = format!("fill: {:?}", self.fill);
        let pattern = Pattern::Elementwise(run);
        builder.apply(Call { name: "interp", text, pattern, dtype: ty.dtype, units: Units::Kept }, &[low, high, parts])
    }

    /// The spline of each line at some places.
    fn spline(
        &self,
        builder: &mut dyn Builder,
        (x, axis): (Operand, usize),
        (line, places): (&Line<'_>, &[f64]),
        (new, coord): (DimName, Option<Arc<Coord>>),
    ) -> Result<Operand, TypeError> {
        let ty = builder.ty(x);
        let old = ty.dims[axis].name.clone();
        if line.places.len() < FEWEST {
            let message = format!("a cubic spline needs {FEWEST} labels or more, `{old}` has {}", line.places.len());
            return Err(TypeError::new("ff::type::size", message).with_help("interpolate by `method: linear`"));
        }
        let sorted = match Span::of(&line.order) {
            Some(span) => moves::slice(builder, x, &[(axis, span)])?,
            None => moves::take(builder, x, axis, &line.order, None)?,
        };
        let spline = Spline::new(ty.dtype, &line.places, places, (self.fill, self.beyond));
        let text = format!("axis: {axis}, cubic, {}", digest(&spline));
        let pattern = Pattern::Whole(Whole { axes: vec![axis], into: Into::Along, function: Arc::new(spline) });
        let call = Call { name: "interp", text, pattern, dtype: ty.dtype, units: Units::Kept };
        let out = builder.apply(call, &[sorted])?;
        let rename = if new == old { Vec::new() } else { vec![(old, new.clone())] };
        let coords = coord.map(|coord| (new, Some(coord))).into_iter().collect();
        moves::relabel(builder, out, Labels { rename, coords, ..Labels::default() })
    }
}

/// What stands beyond the outermost labels, and whether values go on there instead.
pub(super) fn filling(args: &Arguments) -> Result<(f64, bool), TypeError> {
    match args.get("fill") {
        None => Ok((f64::NAN, false)),
        Some(Value::Str(word) | Value::Name(word)) if word == "extrapolate" => Ok((f64::NAN, true)),
        Some(Value::Int(i)) => Ok((*i as f64, false)),
        Some(Value::Float(x)) => Ok((*x, false)),
        Some(other) => Err(TypeError::expected("fill", "a number or `extrapolate`", other)),
    }
}

/// The elements at positions along an axis, which becomes that dim with that coordinate: a slice, where they lie so.
fn placed(
    builder: &mut dyn Builder,
    (x, axis): (Operand, usize),
    positions: &[u64],
    (new, coord): &(DimName, Option<Arc<Coord>>),
) -> Result<Operand, TypeError> {
    let Some(span) = Span::of(positions).filter(|span| span.count > 0) else {
        return moves::take(builder, x, axis, positions, Some((new.clone(), coord.clone())));
    };
    let ty = builder.ty(x);
    let old = &ty.dims[axis].name;
    let slice = moves::slice(builder, x, &[(axis, span)])?;
    let rename = if new == old { Vec::new() } else { vec![(old.clone(), new.clone())] };
    let is_labelled = coord.is_some() || ty.coord(old).is_some();
    let coords = is_labelled.then(|| (new.clone(), coord.clone())).into_iter().collect();
    moves::relabel(builder, slice, Labels { rename, coords, ..Labels::default() })
}

impl Target {
    /// Reads the labels that a value gives for a dim.
    fn read(builder: &dyn Builder, dim: &Dim, coord: Option<&Coord>, value: &Value) -> Result<Target, TypeError> {
        let array = match value {
            Value::Array(operand) => Some(builder.ty(*operand)),
            _ => None,
        };
        let is_one = match value {
            Value::List(_) | Value::Range(_) | Value::None | Value::Name(_) => false,
            _ => array.as_ref().is_none_or(|ty| ty.rank() == 0),
        };
        let listed = if is_one { Value::List(Arc::new(vec![value.clone()])) } else { value.clone() };
        let Some(labels) = coordinate(builder, &dim.name, &listed)? else {
            return Err(TypeError::new("ff::type::argument", format!("the new labels of `{}` are none", dim.name)));
        };
        let mut labels = dated(&labels, coord)?;
        if labels.attrs.is_empty()
            && let Some(coord) = coord
        {
            labels.attrs = coord.attrs.clone();
        }
        let own =
            array.filter(|ty| ty.rank() == 1).filter(|ty| !ty.dims[0].name.is_auto() && ty.dims[0].name != dim.name);
        let along = match own {
            _ if is_one => None,
            Some(ty) => Some((ty.dims[0].name.clone(), ty.coord(&ty.dims[0].name).cloned())),
            None => Some((dim.name.clone(), Some(Arc::new(labels.clone())))),
        };
        Ok(Target { labels, along })
    }
}

/// Labels that are texts as dates, where those of `coord` are.
///
/// # Errors
/// A text is no date of the calendar.
pub(in crate::operators) fn dated(labels: &Coord, coord: Option<&Coord>) -> Result<Coord, TypeError> {
    let (CoordValues::Str(texts), Some(CoordValues::Time(_, calendar))) = (&labels.values, coord.map(|c| &c.values))
    else {
        return Ok(labels.clone());
    };
    let told = |e: text::TextError| {
        let error = TypeError::new("ff::type::label", e.to_string());
        e.help().into_iter().fold(error, TypeError::with_help)
    };
    let times: Result<Vec<i64>, _> = texts.iter().map(|date| text::parse(*calendar, date)).collect();
    let values = CoordValues::Time(times.map_err(told)?, *calendar);
    Ok(Coord { dtype: DType::DateTime(*calendar), values, ..labels.clone() })
}
