//! What calls of histograms expand to.

use std::sync::Arc;

use super::super::call::{cast, operator};
use super::super::elementwise::broadcast::broadcast_to;
use super::super::error::{Culprit, TypeError};
use super::super::moves::digest;
use super::super::pattern::{Pattern, Reduction, Spread};
use super::super::reduction::choose::undefined;
use super::super::reduction::expand::{subject, weighted, weights};
use super::super::tile::TileLoop;
use super::super::view::{Groups, ViewKind};
use super::super::{Arguments, Builder, Call, Operand, Units, Value, axis_of};
use super::bins::{self, Bins};
use super::place;
use super::search::{Told, search};
use super::tally::Tally;
use crate::array::{Coord, DType, Dim, Kind};

/// `histogram`: the bin of each element, then the counts.
///
/// # Errors
/// The values are no real numbers, the bins or the range are none, or the arguments do not go together.
pub fn histogram(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let counted = Counted::read(builder, args, "histogram")?;
    let ty = builder.ty(counted.x);
    if !is_real(ty.dtype) {
        return Err(undefined("histogram", ty.dtype).with_help("histograms are of real numbers: cast the values"));
    }
    let bins = Bins::read(builder, args, (ty.dtype, ty.dims.count() == 0))?;
    let density = args.bool("density", false)?;
    let inputs = counted.inputs(builder, args)?;
    let mut placed = vec![inputs[0]];
    let ends = match bins {
        Bins::Within(_) => Some(extremes(builder, counted.x)?),
        Bins::Equal { .. } | Bins::Listed(_) => None,
    };
    let dims = builder.ty(inputs[0]).dims.clone();
    for end in ends.iter().flatten() {
        placed.push(broadcast_to(builder, *end, &dims)?);
    }
    let indices = elementwise(builder, ("bins", bins.text()), (bins.place(ty.dtype), DType::I32), &placed)?;
    let tally = Tally {
        bins: bins.count() as usize,
        weighted: inputs.len() > 1,
        widths: density.then(|| bins.widths(ty.dtype)),
    };
    let text = format!("{}{}", bins.text(), if density { ", density" } else { "" });
    let tallied =
        counted.tally(builder, (args, text), (tally, bins.spread(&ty.attrs)), &[&[indices], &inputs[1..]].concat())?;
    match ends {
        Some(ends) if density => {
            let run = (place::widths(bins.count(), ty.dtype), DType::F64);
            let width = elementwise(builder, ("width", bins.text()), run, &ends)?;
            operator(builder, "div", &[Value::Array(tallied), Value::Array(width)]).map(Value::Array)
        }
        _ => Ok(Value::Array(tallied)),
    }
}

/// `bincount`: the integers themselves are the bins.
///
/// # Errors
/// The values are no integers, or the length is none.
pub fn bincount(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let counted = Counted::read(builder, args, "bincount")?;
    let length = bins::number("length", args.int("length", 0)?)?;
    let dtype = builder.ty(counted.x).dtype;
    let inputs = counted.inputs(builder, args)?;
    let Some(run) = place::counted(length, dtype) else {
        let help = match dtype.kind() {
            Kind::Float => "count real numbers with `histogram`, or cast them: `x as i64`",
            _ => "integers are counted: those of `digitize`, say",
        };
        return Err(undefined("bincount", dtype).with_help(help));
    };
    let text = format!("length: {length}");
    let indices = elementwise(builder, ("bins", text.clone()), (Some(run), DType::I32), &inputs[..1])?;
    let labels = Coord::integers(bins::dim(), (0..i64::from(length)).collect());
    let spread = Spread { dim: Dim { name: bins::dim(), size: u64::from(length) }, coord: Some(Arc::new(labels)) };
    let tally = Tally { bins: length as usize, weighted: inputs.len() > 1, widths: None };
    counted.tally(builder, (args, text), (tally, spread), &[&[indices], &inputs[1..]].concat()).map(Value::Array)
}

/// `digitize`: the number of edges before each element.
///
/// # Errors
/// The values are no real numbers, or the edges neither ascend nor descend.
pub fn digitize(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = subject(builder, args.value("x"))?;
    let dtype = builder.ty(x).dtype;
    let edges = bins::listed(builder, "edges", args.value("edges"))?;
    let right = args.bool("right", false)?;
    let text = format!("{}{}", bins::listing(&edges), if right { ", right" } else { "" });
    let descending = !edges.ascend();
    let edges = if descending { edges.reversed() } else { edges };
    if !edges.ascend() {
        let error = TypeError::new("ff::type::argument", "edges ascend or descend, these do neither");
        return Err(error
            .at(Culprit::Param("edges"), "these are the edges")
            .with_help("list them in order, from the least to the greatest or the other way round"));
    }
    let Some(run) = search(&edges, Told::Before { right, descending }, dtype) else {
        return Err(undefined("digitize", dtype).with_help("bins are of real numbers: cast the values"));
    };
    elementwise(builder, ("digitize", text), (Some(run), DType::I64), &[x]).map(Value::Array)
}

/// `searchsorted`: where each element would be put in among edges.
///
/// # Errors
/// The values are no real numbers, or the edges do not ascend.
pub fn searchsorted(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = subject(builder, args.value("x"))?;
    let dtype = builder.ty(x).dtype;
    let edges = bins::listed(builder, "edges", args.value("edges"))?;
    let left = args.str_opt("side")? != Some("right");
    if !edges.ascend() {
        let error = TypeError::new("ff::type::argument", "edges are sorted, these do not ascend");
        return Err(error
            .at(Culprit::Param("edges"), "these are the edges")
            .with_help("list them from the least to the greatest"));
    }
    let text = format!("{}, {}", bins::listing(&edges), if left { "left" } else { "right" });
    let Some(run) = search(&edges, Told::Before { right: left, descending: false }, dtype) else {
        return Err(undefined("searchsorted", dtype).with_help("edges are real numbers: cast the values"));
    };
    elementwise(builder, ("searchsorted", text), (Some(run), DType::I64), &[x]).map(Value::Array)
}

pub(super) fn is_real(dtype: DType) -> bool {
    matches!(dtype.kind(), Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float)
}

pub(super) fn elementwise(
    builder: &mut dyn Builder,
    (name, text): (&'static str, String),
    (run, dtype): (Option<TileLoop>, DType),
    inputs: &[Operand],
) -> Result<Operand, TypeError> {
    let run = run.ok_or_else(|| undefined(name, builder.ty(inputs[0]).dtype))?;
    builder.apply(Call { name, text, pattern: Pattern::Elementwise(run), dtype, units: Units::Lost }, inputs)
}

/// The least and greatest finite value of all.
pub(super) fn extremes(builder: &mut dyn Builder, x: Operand) -> Result<[Operand; 2], TypeError> {
    let mut x = Value::Array(x);
    if let Value::Array(operand) = x
        && builder.ty(operand).dtype.kind() == Kind::Float
    {
        let finite = operator(builder, "isfinite", &[x.clone()])?;
        x = Value::Array(operator(builder, "where", &[Value::Array(finite), x])?);
    }
    Ok([operator(builder, "min", &[x.clone()])?, operator(builder, "max", &[x])?])
}

/// What is counted, and over what.
struct Counted {
    name: &'static str,
    x: Operand,
    groups: Option<Groups>,
}

impl Counted {
    fn read(builder: &mut dyn Builder, args: &Arguments, name: &'static str) -> Result<Counted, TypeError> {
        match args.value("x") {
            Value::View(view) => match &view.kind {
                ViewKind::Groups(groups) if view.unfold.is_none() => {
                    Ok(Counted { name, x: view.operand, groups: Some(groups.clone()) })
                }
                ViewKind::Groups(_) | ViewKind::Zones(_) => {
                    let message = format!("`{name}` over groups goes by one key along one dim");
                    let error = TypeError::new("ff::type::view", message).at(Culprit::Param("x"), "other groups");
                    Err(error.with_help("count with the key as one dim more: `groupby(x, bins(x, …), KEY) |> count()`"))
                }
                ViewKind::Rolling { .. }
                | ViewKind::Coarsen { .. }
                | ViewKind::Cumulative { .. }
                | ViewKind::Exponential(_) => {
                    let error = TypeError::new("ff::type::view", format!("`{name}` over windows is not defined"));
                    let error = error.at(Culprit::Param("x"), "these are windows");
                    Err(error.with_help("group the positions instead: `groupby(x, KEY)`, and count per group"))
                }
            },
            value => Ok(Counted { name, x: subject(builder, value)?, groups: None }),
        }
    }

    /// The values, and their weights in `f64`.
    fn inputs(&self, builder: &mut dyn Builder, args: &Arguments) -> Result<Vec<Operand>, TypeError> {
        let Some(weights) = weights(builder, args)? else { return Ok(vec![self.x]) };
        let weights = cast(builder, weights, DType::F64)?;
        weighted(builder, self.x, weights)
    }

    /// The reduction of numbers of bins, and of weights.
    fn tally(
        &self,
        builder: &mut dyn Builder,
        (args, mut text): (&Arguments, String),
        (tally, spread): (Tally, Spread),
        inputs: &[Operand],
    ) -> Result<Operand, TypeError> {
        let ty = builder.ty(inputs[0]);
        let mut axes = if self.groups.is_some() && args.variadic.is_empty() { Vec::new() } else { args.axes(&ty)? };
        let groups = match &self.groups {
            None => None,
            Some(groups) => {
                let at = axis_of(&ty, &groups.dim)?;
                axes.retain(|&axis| axis != at);
                let by = digest(&(&groups.index, &groups.coord.values));
                text = format!("{text}, groups: {at} {} by {} {by}", groups.dim, groups.coord.dim);
                Some((at, groups.clone()))
            }
        };
        let kept = (0..ty.rank()).filter(|axis| !axes.contains(axis)).map(|axis| &ty.dims[axis].name);
        let named = kept.chain(groups.iter().map(|(_, groups)| &groups.coord.dim)).any(|name| *name == spread.dim.name);
        if named {
            let message = format!("the dim `{}` is kept, and the counts have one of that name", spread.dim.name);
            let error = TypeError::new("ff::type::repeated_dim", message);
            return Err(error
                .at(Culprit::Param("x"), format!("this is {}", builder.ty(self.x)))
                .with_help("count over it too, or give it another name: `rename(x, bin: …)`"));
        }
        let text = format!("axes: {axes:?}, {text}{}", if tally.weighted { ", weighted" } else { "" });
        let dtype = if tally.weighted || tally.widths.is_some() { DType::F64 } else { DType::I64 };
        let reduction = Reduction { axes, groups, keepdims: false, spread: Some(spread), combine: Arc::new(tally) };
        let pattern = Pattern::Reduction(reduction);
        builder.apply(Call { name: self.name, text, pattern, dtype, units: Units::Lost }, inputs)
    }
}
