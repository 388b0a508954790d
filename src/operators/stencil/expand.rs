//! Calls of filters: smoothing and differences along dims, and what all stencils share.

use std::fmt::Write;
use std::sync::Arc;

use super::pattern::{Boundary, Line, Neighbours, Row, Stencil, Sums, Term, Weights};
use crate::array::{ArrayType, DType, Kind};
use crate::operators::arguments::axis;
use crate::operators::elementwise::elementary::exp;
use crate::operators::error::Culprit;
use crate::operators::moves::{self, Span};
use crate::operators::shape::edges;
use crate::operators::{Arguments, Builder, Call, Operand, Pattern, TypeError, Units, Value, call};

/// The most elements that a filter reaches to either side.
const FARTHEST: u64 = 1 << 20;

/// What a call of any stencil says: the array, and what lies beyond its ends.
pub(super) struct Asked {
    /// The array, of a dtype that is summed.
    pub x: Operand,
    /// Its type.
    pub ty: Arc<ArrayType>,
    ends: Ends,
}

/// What lies beyond the ends of the array.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// What a stencil knows.
    Known(Boundary),
    /// The other end.
    Wrap,
}

impl Ends {
    fn read(args: &Arguments) -> Result<Ends, TypeError> {
        let ends = match args.str_opt("boundary")?.unwrap_or("reflect") {
            "reflect" => Ends::Known(Boundary::Reflect),
            "nearest" => Ends::Known(Boundary::Nearest),
            "mirror" => Ends::Known(Boundary::Mirror),
            "wrap" => Ends::Wrap,
            "constant" => Ends::Known(Boundary::Constant(args.float_opt("value")?.unwrap_or(0.0))),
            _ => {
                let all = "reflect, nearest, mirror, wrap or constant";
                return Err(TypeError::expected("boundary", all, args.value("boundary")));
            }
        };
        if args.get("value").is_some() && !matches!(ends, Ends::Known(Boundary::Constant(_))) {
            return Err(TypeError::new("ff::type::argument", "a value is for `boundary: constant` only")
                .at(Culprit::Param("value"), "has nothing to do")
                .with_help("say `boundary: constant` too, or leave the value out"));
        }
        Ok(ends)
    }

    /// For the identity of a call.
    fn text(self) -> String {
        match self {
            Ends::Known(Boundary::Reflect) => "reflect".to_owned(),
            Ends::Known(Boundary::Nearest) => "nearest".to_owned(),
            Ends::Known(Boundary::Mirror) => "mirror".to_owned(),
            Ends::Known(Boundary::Constant(value)) => format!("constant {value:?}"),
            Ends::Wrap => "wrap".to_owned(),
        }
    }
}

impl Asked {
    /// Reads a call; whole numbers and truth values become `f64`.
    pub fn read(builder: &mut dyn Builder, name: &str, args: &Arguments) -> Result<Asked, TypeError> {
        let ends = Ends::read(args)?;
        let x = summable(builder, name, args.array("x")?)?;
        Ok(Asked { x, ty: builder.ty(x), ends })
    }

    /// Elements that see `reach` before and after their own must find them.
    fn check_reach(&self, axis: usize, reach: (u64, u64)) -> Result<(), TypeError> {
        let dim = &self.ty.dims[axis];
        let (most, length) = (reach.0.max(reach.1), reach.0.saturating_add(reach.1).saturating_add(1));
        if most > FARTHEST {
            let message = format!("along `{}` it would reach {most} elements, the most is {FARTHEST}", dim.name);
            return Err(TypeError::new("ff::type::size", message).or_at(Culprit::Named(dim.name.to_string())));
        }
        if self.ends == Ends::Wrap && dim.size > 0 && most / dim.size >= edges::MAX_PIECES {
            let message =
                format!("a window of {length} elements goes round the {} of `{}` too often", dim.size, dim.name);
            return Err(
                TypeError::new("ff::type::size", message).at(Culprit::Param("boundary"), "goes round and round")
            );
        }
        Ok(())
    }

    /// One line after another; where the order does not matter, two of them in one walk.
    pub fn lines(
        &self,
        builder: &mut dyn Builder,
        (name, text): (&'static str, &str),
        mut lines: Vec<Line>,
    ) -> Result<Operand, TypeError> {
        let swaps = !matches!(self.ends, Ends::Known(Boundary::Constant(value)) if value != 0.0);
        if swaps {
            lines.sort_by_key(|line| line.axis);
        }
        let last = self.ty.rank().saturating_sub(1);
        let mut out = self.x;
        let mut waiting = lines.into_iter().peekable();
        while let Some(line) = waiting.next() {
            let sums = if line.axis == last {
                Sums::Lines { down: None, across: Some(line) }
            } else {
                let across = waiting.next_if(|next| next.axis == last);
                Sums::Lines { down: Some(line), across }
            };
            out = self.emit(builder, (name, text), out, sums)?;
        }
        Ok(out)
    }

    /// A call of these sums over `x`, which has the shape of the array.
    pub fn emit(
        &self,
        builder: &mut dyn Builder,
        (name, text): (&'static str, &str),
        x: Operand,
        sums: Sums,
    ) -> Result<Operand, TypeError> {
        let reaches = sums.reaches();
        let mut text = text.to_owned();
        for (axis, reach) in &reaches {
            self.check_reach(*axis, *reach)?;
            let dim = &self.ty.dims[*axis].name;
            let _ = write!(text, "; {dim} sees {} before, {} after", reach.0, reach.1);
        }
        let _ = write!(text, "; {}", self.ends.text());
        let boundary = match self.ends {
            Ends::Known(boundary) => return apply(builder, (name, text), x, Stencil { sums, boundary }),
            Ends::Wrap => Boundary::Nearest,
        };
        let mut padded = x;
        for &(axis, reach) in reaches.iter().filter(|(axis, _)| self.ty.dims[*axis].size > 0) {
            padded = edges::wrapped(builder, padded, axis, reach)?;
        }
        let sums = sums.over(&builder.ty(padded).shape());
        let mut out = apply(builder, (name, text), padded, Stencil { sums, boundary })?;
        let own: Vec<(usize, Span)> = (reaches.iter())
            .filter(|(axis, _)| self.ty.dims[*axis].size > 0)
            .map(|&(axis, (before, _))| (axis, Span::run(before, self.ty.dims[axis].size)))
            .collect();
        out = moves::slice(builder, out, &own)?;
        for (axis, _) in own {
            out = moves::labels_of(builder, out, &self.ty.dims[axis].name, &self.ty)?;
        }
        Ok(out)
    }
}

fn apply(
    builder: &mut dyn Builder,
    (name, text): (&'static str, String),
    x: Operand,
    stencil: Stencil,
) -> Result<Operand, TypeError> {
    let dtype = builder.ty(x).dtype;
    builder.apply(Call { name, text, pattern: Pattern::Stencil(stencil), dtype, units: Units::Kept }, &[x])
}

/// The array in a dtype that is summed: as it is where it is real or complex, `f64` where it is whole.
pub(super) fn summable(builder: &mut dyn Builder, name: &str, x: Operand) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    match ty.dtype.kind() {
        Kind::Float | Kind::Complex => Ok(x),
        _ if ty.dtype.is_numeric() => call::cast(builder, x, DType::F64),
        _ => {
            let message = format!("`{name}` adds up weighted numbers, this is {ty}");
            Err(TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), "no numbers"))
        }
    }
}

/// A line of the array of a call.
pub(super) fn line(ty: &ArrayType, axis: usize, terms: Vec<Term>) -> Line {
    Line { axis, size: ty.dims[axis].size, weights: Weights::Same(terms.into()), divisor: 1.0 }
}

/// Weights that are the same on both sides, given from the middle outwards.
fn symmetric(weights: &[f64]) -> Vec<Term> {
    let pairs = (1..weights.len()).rev().map(|k| Term::sum(-(k as i64), k as i64, weights[k]));
    std::iter::once(Term::one(0, weights[0])).chain(pairs).collect()
}

pub(super) fn gaussian(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, "gaussian", args)?;
    let truncate = args.float_opt("truncate")?.unwrap_or(4.0);
    if !(0.0..f64::INFINITY).contains(&truncate) {
        return Err(TypeError::new(
            "ff::type::argument",
            format!("weights cannot reach {truncate} standard deviations"),
        )
        .at(Culprit::Param("truncate"), "zero or more"));
    }
    let mut lines = Vec::new();
    let mut sigmas = Vec::new();
    for (axis, value) in some_dims(args, &asked.ty, "`gaussian(x, y: 2)`")? {
        let culprit = || Culprit::Named(asked.ty.dims[axis].name.to_string());
        let sigma = match &value.value {
            Value::Int(i) => Some(*i as f64),
            Value::Float(x) => Some(*x),
            _ => None,
        };
        let Some(sigma) = sigma.filter(|s| (0.0..f64::INFINITY).contains(s)) else {
            let message = match sigma {
                Some(sigma) => format!("a standard deviation is zero or more, this is {sigma}"),
                None => format!("a standard deviation is a number of elements, this is {}", value.value.kind()),
            };
            return Err(TypeError::new("ff::type::argument", message).at(culprit(), "expected a number, zero or more"));
        };
        let radius = (truncate * sigma + 0.5) as u64;
        asked.check_reach(axis, (radius, radius)).map_err(|e| e.or_at(culprit()))?;
        sigmas.push(format!("{}: {sigma:?}", asked.ty.dims[axis].name));
        if radius > 0 {
            lines.push(line(&asked.ty, axis, symmetric(&normal(sigma, radius))));
        }
    }
    sigmas.push(format!("truncate: {truncate:?}"));
    asked.lines(builder, ("gaussian", &sigmas.join(", ")), lines).map(Value::Array)
}

/// The weights of a normal distribution from its middle to `radius`, which with those of the other side are 1.
fn normal(sigma: f64, radius: u64) -> Vec<f64> {
    let weight = |k: u64| exp(-0.5 / (sigma * sigma) * (k * k) as f64);
    let weights: Vec<f64> = (0..=radius).map(weight).collect();
    let sum = weights[0] + 2.0 * weights[1..].iter().rev().sum::<f64>();
    weights.iter().map(|w| w / sum).collect()
}

pub(super) fn uniform(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, "uniform", args)?;
    let mut lines = Vec::new();
    let mut sizes = Vec::new();
    for (axis, value) in some_dims(args, &asked.ty, "`uniform(x, y: 3)`")? {
        let culprit = Culprit::Named(asked.ty.dims[axis].name.to_string());
        let Some(size) = (match value.value {
            Value::Int(size) if size > 0 => Some(size),
            _ => None,
        }) else {
            let message = match value.value {
                Value::Int(size) => format!("a neighbourhood has one element or more, this is {size}"),
                ref other => format!("a neighbourhood has a number of elements, this is {}", other.kind()),
            };
            return Err(TypeError::new("ff::type::argument", message).at(culprit, "expected an integer, one or more"));
        };
        asked.check_reach(axis, (size as u64 / 2, 0)).map_err(|e| e.or_at(culprit))?;
        sizes.push(format!("{}: {size}", asked.ty.dims[axis].name));
        let terms = (0..size).map(|i| Term::one(i - size / 2, 1.0)).collect();
        if size > 1 {
            lines.push(Line { divisor: size as f64, ..line(&asked.ty, axis, terms) });
        }
    }
    asked.lines(builder, ("uniform", &sizes.join(", ")), lines).map(Value::Array)
}

pub(super) fn sobel(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, "sobel", args)?;
    let along = axis(args.value("dim"), &asked.ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let mut smooth = args.axes(&asked.ty)?;
    if args.variadic.is_empty() {
        smooth.retain(|axis| *axis != along);
    } else if let Some(at) = args.variadic.iter().position(|dim| axis(&dim.value, &asked.ty) == Ok(along)) {
        let message = format!("dim `{}` is named twice", asked.ty.dims[along].name);
        return Err(TypeError::new("ff::type::repeated_dim", message).at(Culprit::Variadic(at), "again here"));
    }
    let difference = vec![Term::one(0, 0.0), Term::difference(-1, 1, -1.0)];
    let mut lines = vec![line(&asked.ty, along, difference)];
    lines.extend(smooth.iter().map(|axis| line(&asked.ty, *axis, symmetric(&[2.0, 1.0]))));
    let text = format!("{} over {}", asked.ty.dims[along].name, names(&asked.ty, &smooth));
    asked.lines(builder, ("sobel", &text), lines).map(Value::Array)
}

pub(super) fn laplace(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, "laplace", args)?;
    let axes = args.axes(&asked.ty)?;
    let text = names(&asked.ty, &axes);
    match axes.as_slice() {
        [] => {
            let message = format!("{} has no dim to take differences along", asked.ty);
            Err(TypeError::new("ff::type::dims", message).at(Culprit::Param("x"), "a single value"))
        }
        [axis] => {
            let lines = vec![line(&asked.ty, *axis, symmetric(&[-2.0, 1.0]))];
            asked.lines(builder, ("laplace", &text), lines).map(Value::Array)
        }
        _ => {
            let sums = Sums::Neighbours(Arc::new(cross(&asked.ty, &axes)));
            asked.emit(builder, ("laplace", &text), asked.x, sums).map(Value::Array)
        }
    }
}

/// An element and its neighbours along some axes.
fn cross(ty: &ArrayType, axes: &[usize]) -> Neighbours {
    let last = ty.rank() - 1;
    let centre = (0, -2.0 * axes.len() as f64);
    let row = |axis: usize, at: i64| {
        let mut offsets = vec![0; last];
        offsets[axis] = at;
        Row { offsets, taps: vec![(0, 1.0)] }
    };
    let outer = || axes.iter().filter(|axis| **axis != last);
    let mut rows: Vec<Row> = outer().map(|axis| row(*axis, -1)).collect();
    let taps = if axes.contains(&last) { vec![(-1, 1.0), centre, (1, 1.0)] } else { vec![centre] };
    rows.push(Row { offsets: vec![0; last], taps });
    rows.extend(outer().rev().map(|axis| row(*axis, 1)));
    Neighbours { sizes: ty.shape(), rows }
}

/// The dims of a call that must name some.
fn some_dims<'a>(
    args: &'a Arguments,
    ty: &ArrayType,
    such_as: &str,
) -> Result<Vec<(usize, &'a crate::source::Spanned<Value>)>, TypeError> {
    let dims = args.per_axis(ty)?;
    if dims.is_empty() {
        return Err(TypeError::new("ff::type::missing_argument", "no dim to filter along is named")
            .with_help(format!("name them, as in {such_as}")));
    }
    Ok(dims)
}

fn names(ty: &ArrayType, axes: &[usize]) -> String {
    axes.iter().map(|axis| ty.dims[*axis].name.as_str()).collect::<Vec<_>>().join(", ")
}
