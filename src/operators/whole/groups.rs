//! Quantiles and modes of groups and windows.

use std::sync::Arc;

use super::super::error::Culprit;
use super::super::index::Labels;
use super::super::moves::{self, digest};
use super::super::pattern::Window;
use super::super::reduction::choose::with_missing;
use super::super::reduction::expand::{Windowed, least_present, moving_axes, over_windows, refuse_options};
use super::super::reduction::zones;
use super::super::scan::decayed;
use super::super::view::{Groups, View, ViewKind, Zones};
use super::super::{Arguments, Builder, Call, Constant, Operand, Pattern, TypeError, Units, axis_of, call};
use super::expand::{between_truths, ordered};
use super::moving::Moving;
use super::parted::Parted;
use super::quantile::{Method, Parts, Quantiles};
use super::rank::Mode;
use super::windows::Collected;
use super::zoned::Zoned;
use super::{Into, LineFunction, Whole};
use crate::array::{ArrayType, Block, Coord, DType, Dim, DimName, Dims, Kind};

/// Windows of so many elements and more are kept in order while they move.
const LONG: u64 = 64;

/// What is made of the elements of a group or window.
pub(super) enum Statistic {
    /// Quantiles, and the labels of their dim where they are a list.
    Quantiles(Vec<f64>, Method, Option<Arc<Coord>>),
    /// The value that comes most often.
    Mode,
}

/// A statistic of elements of one dtype.
struct Of<'a> {
    name: &'static str,
    statistic: &'a Statistic,
    input: DType,
    dtype: DType,
    skipna: bool,
}

impl Of<'_> {
    /// The function of lines, of all elements or of those of each part.
    fn function(&self, parts: Option<Arc<Parts>>) -> Arc<dyn LineFunction> {
        match self.quantiles(parts) {
            Some(quantiles) => Arc::new(quantiles),
            None => Arc::new(Mode { dtype: self.input, skipna: self.skipna }),
        }
    }

    /// The quantiles, where it is such.
    fn quantiles(&self, parts: Option<Arc<Parts>>) -> Option<Quantiles> {
        match self.statistic {
            Statistic::Quantiles(levels, method, _) => {
                let (levels, method) = (levels.clone(), *method);
                Some(Quantiles { dtype: self.input, levels, method, skipna: self.skipna, parts })
            }
            Statistic::Mode => None,
        }
    }

    fn text(&self) -> String {
        match self.statistic {
            Statistic::Quantiles(levels, method, _) => {
                let levels: Vec<String> = levels.iter().map(f64::to_string).collect();
                format!("q: {}, {method:?}, skipna: {}", levels.join(" "), self.skipna)
            }
            Statistic::Mode => format!("skipna: {}", self.skipna),
        }
    }

    fn lead(&self) -> Option<&Arc<Coord>> {
        match self.statistic {
            Statistic::Quantiles(_, _, lead) => lead.as_ref(),
            Statistic::Mode => None,
        }
    }
}

/// Emits a call that gives a statistic of each group or window of a view.
pub(super) fn of_view(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    (name, statistic): (&'static str, &Statistic),
) -> Result<Operand, TypeError> {
    let input = ordered(builder, view.operand, name)?;
    let picks = match statistic {
        Statistic::Quantiles(_, method, _) => method.picks(),
        Statistic::Mode => true,
    };
    if input == DType::Bool && !picks {
        return Err(between_truths());
    }
    let dtype = if picks || matches!(input.kind(), Kind::Float | Kind::Time) { input } else { DType::F64 };
    let of = Of { name, statistic, input, dtype, skipna: args.bool("skipna", true)? };
    let out = match &view.kind {
        ViewKind::Groups(groups) if args.variadic.is_empty() => along(builder, args, (view.operand, groups), &of)?,
        ViewKind::Groups(groups) => {
            let zones = as_zones(builder, groups);
            let out = zoned(builder, args, (view.operand, &zones), &of)?;
            in_place(builder, view, (groups, &of), out)?
        }
        ViewKind::Zones(zones) => zoned(builder, args, (view.operand, zones), &of)?,
        ViewKind::Rolling { windows, .. } | ViewKind::Coarsen { windows, .. } => {
            let most = windows.iter().fold(1u64, |n, (_, length)| n.saturating_mul(*length));
            return windowed(builder, args, view, (&of, most));
        }
        ViewKind::Cumulative { dims, min_periods } => {
            return cumulative(builder, args, (view, dims, *min_periods), &of);
        }
        ViewKind::Exponential(decay) => return decayed(name, builder, args, (view, decay)),
    };
    let out = view.unfolded(builder, out)?;
    lead_first(builder, out, &of)
}

/// A quantile of nothing has a value where the dtype has a missing one.
fn not_empty(of: &Of<'_>, label: String) -> Result<(), TypeError> {
    if of.dtype.has_missing() {
        return Ok(());
    }
    let message = format!("`{}` has no value over no elements, and the group {label} has none", of.name);
    let error = TypeError::new("ff::type::empty", message).at(Culprit::Param("x"), "these groups");
    Err(error.with_help("give it a dtype with missing values: `x as f64`"))
}

/// The dim of several quantiles comes before all others.
fn lead_first(builder: &mut dyn Builder, x: Operand, of: &Of<'_>) -> Result<Operand, TypeError> {
    let Some(lead) = of.lead() else { return Ok(x) };
    let ty = builder.ty(x);
    let at = axis_of(&ty, &lead.dim)?;
    let axes: Vec<usize> = std::iter::once(at).chain((0..ty.rank()).filter(|axis| *axis != at)).collect();
    moves::permute(builder, x, &axes)
}

/// Groups of one dim, which their place in the line tells.
fn along(
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, groups): (Operand, &Groups),
    of: &Of<'_>,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let axis = axis_of(&ty, &groups.dim)?;
    if args.bool("keepdims", false)? {
        let message = format!("`{}` of groups is along `{}` alone", of.name, groups.dim);
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("keepdims"), "no dim stays");
        return Err(error.with_help("the dim of the groups takes its place"));
    }
    if let Some(label) = empty(groups) {
        not_empty(of, label)?;
    }
    let function = match of.statistic {
        Statistic::Quantiles(..) => of.function(Some(Arc::new(Parts::new(&groups.index, groups.coord.len())))),
        Statistic::Mode => {
            let known = groups.index.iter().map(|group| *group as i32).collect();
            let function = of.function(None);
            Arc::new(Parted { function, groups: groups.coord.len(), known: Some(known), dtype: of.dtype })
        }
    };
    let text = format!("{}, axis: {axis}, groups: {}", of.text(), digest(&(&groups.index, groups.coord.len())));
    let coord = groups.coord.clone();
    let Some(lead) = of.lead() else {
        let out = emit(builder, of, (vec![axis], Into::Along, function, text), &[x])?;
        let rename = (coord.dim != groups.dim).then(|| (groups.dim.clone(), coord.dim.clone())).into_iter().collect();
        let out = moves::relabel(builder, out, Labels { rename, ..Labels::default() })?;
        return labelled(builder, out, &[coord]);
    };
    let into = Into::Spread(vec![dim_of(&coord), dim_of(lead)]);
    let out = emit(builder, of, (vec![axis], into, function, text), &[x])?;
    let out = labelled(builder, out, &[coord, lead.clone()])?;
    let last = builder.ty(out).rank() - 2;
    moves::permute(builder, out, &placed(last, axis, 1))
}

/// The axes that put the last but `after` of them at `place`, where there are `last` before it.
fn placed(last: usize, place: usize, after: usize) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..last).collect();
    axes.insert(place, last);
    axes.extend(last + 1..=last + after);
    axes
}

fn dim_of(coord: &Coord) -> Dim {
    Dim { name: coord.dim.clone(), size: coord.len() as u64 }
}

fn labelled(builder: &mut dyn Builder, x: Operand, coords: &[Arc<Coord>]) -> Result<Operand, TypeError> {
    let coords = coords.iter().map(|coord| (coord.dim.clone(), Some(coord.clone()))).collect();
    moves::relabel(builder, x, Labels { coords, ..Labels::default() })
}

fn emit(
    builder: &mut dyn Builder,
    of: &Of<'_>,
    (axes, into, function, text): (Vec<usize>, Into, Arc<dyn LineFunction>, String),
    inputs: &[Operand],
) -> Result<Operand, TypeError> {
    let pattern = Pattern::Whole(Whole { axes, into, function });
    builder.apply(Call { name: of.name, text, pattern, dtype: of.dtype, units: Units::Kept }, inputs)
}

/// Groups that codes tell; their dim comes last, but for one of several quantiles.
fn zoned(
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, zones): (Operand, &Zones),
    of: &Of<'_>,
) -> Result<Operand, TypeError> {
    let axes = zones::axes(args, &builder.ty(x), (zones, of.name), false)?;
    if !zones.is_full {
        not_empty(of, "of some label, perhaps,".to_owned())?;
    }
    let groups = zones.coord.len();
    let function: Arc<dyn LineFunction> = match of.quantiles(None) {
        Some(quantiles) => Arc::new(Zoned { quantiles, groups }),
        None => Arc::new(Parted { function: of.function(None), groups, known: None, dtype: of.dtype }),
    };
    let dims = std::iter::once(&zones.coord).chain(of.lead()).map(|coord| dim_of(coord)).collect();
    let text = format!("{}, axes: {axes:?}, by {}: {groups}", of.text(), zones.coord.dim);
    let codes = zones::codes(builder, x, zones)?;
    let out = emit(builder, of, (axes, Into::Spread(dims), function, text), &[x, codes])?;
    let coords: Vec<Arc<Coord>> = std::iter::once(&zones.coord).chain(of.lead()).cloned().collect();
    labelled(builder, out, &coords)
}

/// Groups along one dim as codes.
fn as_zones(builder: &mut dyn Builder, groups: &Groups) -> Zones {
    let codes = groups.index.iter().map(|group| *group as i32).collect::<Vec<i32>>();
    let ty = ArrayType::new(DType::I32, Dims::new([(groups.dim.clone(), codes.len() as u64)]));
    let codes = builder.constant(ty, Constant::Values(Block::from_list(codes)));
    let (dims, coord) = (vec![groups.dim.clone()], groups.coord.clone());
    Zones { dims, codes, coord, is_full: empty(groups).is_none() }
}

/// The dim of groups where that of their positions was.
fn in_place(
    builder: &mut dyn Builder,
    view: &View,
    (groups, of): (&Groups, &Of<'_>),
    out: Operand,
) -> Result<Operand, TypeError> {
    let (before, now) = (builder.ty(view.operand), builder.ty(out));
    let at = axis_of(&before, &groups.dim)?;
    let place = before.dims.iter().take(at).filter(|dim| now.dims.axis(&dim.name).is_some()).count();
    let after = usize::from(of.lead().is_some());
    moves::permute(builder, out, &placed(now.rank() - 1 - after, place, after))
}

/// Windows, which are kept whole until their statistic is found.
fn windowed(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    (of, most): (&Of<'_>, u64),
) -> Result<Operand, TypeError> {
    if of.lead().is_some() {
        let error = TypeError::new("ff::type::argument", "of windows one quantile is taken at a time");
        return Err(error.at(Culprit::Param("q"), "a list").with_help("`concat` or `stack` joins several"));
    }
    if let Some(out) = sliding(builder, args, view, of)? {
        return Ok(out);
    }
    if !of.dtype.has_missing()
        && matches!(view.kind, ViewKind::Coarsen { .. })
        && builder.ty(view.operand).dims.count() == 0
    {
        not_empty(of, "of no elements".to_owned())?;
    }
    let combine = Arc::new(Collected { dtype: of.input, most, function: of.function(None) });
    let what = Windowed {
        name: of.name,
        units: Units::Kept,
        finds: false,
        text: format!(", {}", of.text()),
        reduced: (combine, of.dtype),
    };
    over_windows(builder, args, view, what)
}

/// Windows that grow along dims: of quantiles along one dim all of a line is looked at at once, else windows as long as the
/// dims are kept whole.
fn cumulative(
    builder: &mut dyn Builder,
    args: &Arguments,
    (view, dims, least): (&View, &[DimName], u64),
    of: &Of<'_>,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(view.operand);
    let (Statistic::Quantiles(levels, method, None), [dim]) = (of.statistic, dims) else {
        let size = |dim: &DimName| Ok((dim.clone(), ty.dims[axis_of(&ty, dim)?].size.max(1)));
        let windows = dims.iter().map(size).collect::<Result<Vec<_>, TypeError>>()?;
        let most = windows.iter().fold(1u64, |n, (_, length)| n.saturating_mul(*length));
        let kind = ViewKind::Rolling { windows, center: false, min_periods: Some(least) };
        return windowed(builder, args, &View { kind, ..view.clone() }, (of, most));
    };
    refuse_options(args, &view.kind)?;
    let axis = axis_of(&ty, dim)?;
    let (x, moving, of) = moving(builder, view.operand, (levels[0], *method, least), of)?;
    let text = format!("min_periods: {least}, cumulative, {}, axis: {axis}", of.text());
    let out = emit(builder, &of, (vec![axis], Into::Along, Arc::new(moving), text), &[x])?;
    moves::lacking_labels(builder, out, &ty)
}

/// What gives a quantile of windows that may hold too few elements, of an array in a dtype that has missing values
/// where its elements are given.
fn moving<'a>(
    builder: &mut dyn Builder,
    x: Operand,
    (level, method, least): (f64, Method, u64),
    of: &Of<'a>,
) -> Result<(Operand, Moving, Of<'a>), TypeError> {
    let dtype = with_missing(of.dtype);
    let x = if method.picks() { call::cast(builder, x, dtype)? } else { x };
    let moving = Moving { dtype: builder.ty(x).dtype, level, method, skipna: of.skipna, least };
    Ok((x, moving, Of { dtype, ..*of }))
}

/// Long windows that move along one dim, whose elements are kept in order; none where windows are others.
fn sliding(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    of: &Of<'_>,
) -> Result<Option<Operand>, TypeError> {
    let (ViewKind::Rolling { windows, .. }, Some(least)) = (&view.kind, least_present(&view.kind)) else {
        return Ok(None);
    };
    let (Statistic::Quantiles(levels, method, None), [(_, length)]) = (of.statistic, &windows[..]) else {
        return Ok(None);
    };
    if *length < LONG {
        return Ok(None);
    }
    refuse_options(args, &view.kind)?;
    let axes = moving_axes(&builder.ty(view.operand), &view.kind)?;
    let (x, moving, of) = moving(builder, view.operand, (levels[0], *method, least), of)?;
    let text = format!("min_periods: {least}, windows: {axes:?}, {}", of.text());
    let pattern = Pattern::Window(Window { axes, combine: Arc::new(moving) });
    builder.apply(Call { name: of.name, text, pattern, dtype: of.dtype, units: Units::Kept }, &[x]).map(Some)
}

/// The label of a group without elements.
fn empty(groups: &Groups) -> Option<String> {
    let mut counts = vec![0u64; groups.coord.len()];
    groups.index.iter().filter(|group| **group != u32::MAX).for_each(|group| counts[*group as usize] += 1);
    counts.iter().position(|count| *count == 0).map(|group| groups.coord.values.get(group).to_string())
}
