//! What a call of a reduction expands to: over an array one `Reduction`, over groups a grouped one,
//! over windows a `Window`.

use std::fmt::Write;

use super::super::arguments::{axis, operand};
use super::super::elementwise::broadcast::together;
use super::super::error::{Culprit, TypeError};
use super::super::moves::digest;
use super::super::pattern::{Pattern, Reduction, Window, WindowAxis, merge_coords};
use super::super::scan::decayed;
use super::super::view::{Boundary, Groups, View, ViewKind};
use super::super::{Arguments, Builder, Call, Operand, Units, Value};
use super::choose::{Options, Reduced, Reducer, at_least, choose, found_at_least};
use super::cumulative::cumulated;
use crate::array::{ArrayType, DType, Kind, Scalar};

/// A reduction that is called: one of the library, or one that a script defines.
pub trait Reducing {
    /// The name of its calls.
    fn name(&self) -> &'static str;

    /// What tells it from others of its name.
    fn identity(&self) -> &str {
        ""
    }

    /// What its results are measured in.
    fn units(&self) -> Units {
        Units::Lost
    }

    /// Whether its results are positions, of which -1 is none.
    fn finds(&self) -> bool {
        false
    }

    /// Whether it has a value where there is no element at all.
    fn of_nothing(&self) -> bool {
        true
    }

    /// A second array, whose elements go with those of the first.
    fn second(&self) -> Option<Operand> {
        None
    }

    /// What is done with elements of `input`.
    ///
    /// # Errors
    /// It is not defined for the dtype, or cannot give the dtype asked for.
    fn choose(&self, input: DType, options: &Options) -> Result<Reduced, TypeError>;
}

impl Reducing for Reducer {
    fn name(&self) -> &'static str {
        Reducer::name(*self)
    }

    fn units(&self) -> Units {
        Reducer::units(*self)
    }

    fn finds(&self) -> bool {
        Reducer::finds(*self)
    }

    fn of_nothing(&self) -> bool {
        Reducer::of_nothing(*self)
    }

    fn choose(&self, input: DType, options: &Options) -> Result<Reduced, TypeError> {
        choose(*self, input, options)
    }
}

/// What a call asks for besides what is reduced.
pub(super) struct Asked {
    pub options: Options,
    pub keepdims: bool,
    pub min_count: Option<u64>,
}

impl Asked {
    pub fn read(args: &Arguments) -> Result<Asked, TypeError> {
        let min_count = match args.int_opt("min_count")? {
            Some(n) if n < 0 => {
                let error =
                    TypeError::new("ff::type::argument", format!("`min_count` is {n}, a count is not negative"));
                return Err(error.at(Culprit::Param("min_count"), "a number of values"));
            }
            count => count.map(|n| n as u64),
        };
        let weighted = args.get("weights").is_some();
        let ddof = args.float_opt("ddof")?.unwrap_or(0.0);
        if weighted && ddof != 0.0 {
            let error = TypeError::new("ff::type::argument", "weights are not counts: there are no degrees of freedom");
            return Err(error
                .at(Culprit::Param("ddof"), "does not go with weights")
                .and_at(Culprit::Param("weights"), "weights are given here"));
        }
        let options = Options { skipna: args.bool("skipna", true)?, ddof, dtype: args.dtype_opt("dtype")?, weighted };
        Ok(Asked { options, keepdims: args.bool("keepdims", false)?, min_count })
    }

    /// The fold for elements of `input`, missing where too few are present.
    pub fn choose(&self, reducer: &dyn Reducing, input: DType) -> Result<Reduced, TypeError> {
        let reduced = reducer.choose(input, &self.options)?;
        match self.min_count {
            Some(least) => at_least(reduced, input, least, true),
            None => Ok(reduced),
        }
    }

    /// Every option that is not as it would be anyway, in a fixed order.
    pub fn text(&self, what: String) -> String {
        let mut text = what;
        let options = &self.options;
        if !options.skipna {
            text.push_str(", skipna: false");
        }
        if self.keepdims {
            text.push_str(", keepdims: true");
        }
        if options.ddof != 0.0 {
            let _ = write!(text, ", ddof: {}", options.ddof);
        }
        if let Some(dtype) = options.dtype {
            let _ = write!(text, ", dtype: {dtype}");
        }
        if let Some(least) = self.min_count {
            let _ = write!(text, ", min_count: {least}");
        }
        if options.weighted {
            text.push_str(", weighted");
        }
        text
    }
}

/// Checks a call of a reduction and emits it.
///
/// # Errors
/// The reduction is not defined for the dtype, a dim is unknown, an option does not fit.
pub fn expand(reducer: &dyn Reducing, builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(args)?;
    let result = match args.value("x") {
        Value::View(view) => match &view.kind {
            ViewKind::Groups(groups) => {
                let out = grouped(reducer, builder, args, (view, groups, &asked))?;
                view.unfolded(builder, out)
            }
            ViewKind::Zones(zones) => {
                let out = super::zones::zoned(reducer, builder, args, (view.operand, zones, &asked))?;
                view.unfolded(builder, out)
            }
            ViewKind::Exponential(decay) => decayed(reducer.name(), builder, args, (view, decay)),
            ViewKind::Rolling { .. } | ViewKind::Coarsen { .. } | ViewKind::Cumulative { .. } => {
                windowed(reducer, builder, args, (view, &asked))
            }
        },
        value => {
            let x = subject(builder, value)?;
            let inputs = with_second(reducer, builder, args, x)?;
            let ty = builder.ty(inputs[0]);
            let axes = axes(reducer, args, &ty)?;
            not_empty(reducer, &ty, &axes)?;
            let reduced = asked.choose(reducer, ty.dtype)?;
            let text = asked.text(format!("axes: {axes:?}"));
            let reduction =
                Reduction { axes, groups: None, keepdims: asked.keepdims, spread: None, combine: reduced.0 };
            emit(reducer, builder, (text, Pattern::Reduction(reduction), reduced.1), &inputs)
        }
    };
    result.map(Value::Array)
}

pub(super) fn emit(
    reducer: &dyn Reducing,
    builder: &mut dyn Builder,
    (text, pattern, dtype): (String, Pattern, DType),
    inputs: &[Operand],
) -> Result<Operand, TypeError> {
    let text = format!("{}{text}", reducer.identity());
    builder.apply(Call { name: reducer.name(), text, pattern, dtype, units: reducer.units() }, inputs)
}

/// The array that is reduced; a number is one of a single element.
///
/// # Errors
/// It is something else.
pub fn subject(builder: &mut dyn Builder, value: &Value) -> Result<Operand, TypeError> {
    let dtype = match value {
        Value::Bool(_) => DType::Bool,
        Value::Int(_) => DType::I64,
        _ => DType::F64,
    };
    let found = match value {
        Value::Array(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_) => operand(builder, value, dtype),
        _ => None,
    };
    found.ok_or_else(|| TypeError::expected("x", "an array", value))
}

/// The array, and what goes with it, with its dims: weights where they are given, or a second array.
pub(super) fn with_second(
    reducer: &dyn Reducing,
    builder: &mut dyn Builder,
    args: &Arguments,
    x: Operand,
) -> Result<Vec<Operand>, TypeError> {
    if let Some(second) = reducer.second() {
        return together(builder, &[(Culprit::Param("x"), x), (Culprit::Call, second)]);
    }
    match weights(builder, args)? {
        None => Ok(vec![x]),
        Some(weights) => weighted(builder, x, weights),
    }
}

/// The error of weights.
fn at_weights(error: TypeError) -> TypeError {
    error.at(Culprit::Param("weights"), "these are the weights")
}

/// The weights, where they are given.
///
/// # Errors
/// They are no real numbers, or known to be missing somewhere.
pub fn weights(builder: &dyn Builder, args: &Arguments) -> Result<Option<Operand>, TypeError> {
    if args.get("weights").is_none() {
        return Ok(None);
    }
    let weights = args.array("weights")?;
    let at = at_weights;
    let ty = builder.ty(weights);
    if !matches!(ty.dtype.kind(), Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float) {
        return Err(at(TypeError::new("ff::type::dtype", format!("weights are real numbers, these are {}", ty.dtype))));
    }
    if let Some(hole) = builder.known(weights).and_then(|known| known.scalars().iter().position(Scalar::is_missing)) {
        let error = TypeError::new("ff::type::weights", format!("the weights are missing at position {hole}"));
        return Err(at(error).with_help("give those elements no weight: `fillna(w, 0)`"));
    }
    Ok(Some(weights))
}

/// The array and its weights with equal dims.
///
/// # Errors
/// They do not match by dims or coordinates.
pub fn weighted(builder: &mut dyn Builder, x: Operand, weights: Operand) -> Result<Vec<Operand>, TypeError> {
    let both = together(builder, &[(Culprit::Param("x"), x), (Culprit::Param("weights"), weights)])?;
    let (x, weights) = (builder.ty(both[0]), builder.ty(both[1]));
    merge_coords(&mut (*x).clone(), &weights).map_err(at_weights)?;
    Ok(both)
}

/// The axes that are reduced: those named, else all.
fn axes(reducer: &dyn Reducing, args: &Arguments, ty: &ArrayType) -> Result<Vec<usize>, TypeError> {
    if reducer.finds() && args.variadic.len() > 1 {
        let message = format!("`{}` gives positions along one dim", reducer.name());
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Variadic(1), "a second dim");
        return Err(error.with_help("name one dim, or none for positions in the whole array in C order"));
    }
    args.axes(ty)
}

pub(super) fn not_empty(reducer: &dyn Reducing, ty: &ArrayType, axes: &[usize]) -> Result<(), TypeError> {
    let Some(&axis) = axes.iter().find(|&&a| ty.dims[a].size == 0) else { return Ok(()) };
    if reducer.of_nothing() {
        return Ok(());
    }
    let message =
        format!("`{}` has no value over no elements, and `{}` is empty in {ty}", reducer.name(), ty.dims[axis].name);
    Err(TypeError::new("ff::type::empty", message).at(Culprit::Param("x"), format!("this is {ty}")))
}

/// The axes that are reduced besides the grouped one: those named, of which positions within groups have none.
fn besides(reducer: &dyn Reducing, args: &Arguments, ty: &ArrayType, grouped: usize) -> Result<Vec<usize>, TypeError> {
    let mut axes = if args.variadic.is_empty() { Vec::new() } else { args.axes(ty)? };
    axes.retain(|&axis| axis != grouped);
    if !reducer.finds() || axes.is_empty() {
        return Ok(axes);
    }
    let (name, dim) = (reducer.name(), &ty.dims[grouped].name);
    let second = args.variadic.iter().position(|named| axis(&named.value, ty).is_ok_and(|axis| axis != grouped));
    let message = format!("`{name}` of groups gives positions along the grouped dim, `{dim}`");
    let error = TypeError::new("ff::type::argument", message);
    let error = error.at(Culprit::Variadic(second.unwrap_or(0)), "another dim than the grouped one");
    Err(error.with_help(format!("leave it out: `{name}()`")))
}

/// Over groups: the grouped dim and the dims named besides.
fn grouped(
    reducer: &dyn Reducing,
    builder: &mut dyn Builder,
    args: &Arguments,
    (view, groups, asked): (&View, &Groups, &Asked),
) -> Result<Operand, TypeError> {
    let inputs = with_second(reducer, builder, args, view.operand)?;
    let ty = builder.ty(inputs[0]);
    let at = super::super::axis_of(&ty, &groups.dim)?;
    let axes = besides(reducer, args, &ty, at)?;
    not_empty(reducer, &ty, &axes)?;
    let mut seen = vec![false; groups.coord.len()];
    groups.index.iter().filter(|g| **g != u32::MAX).for_each(|&g| seen[g as usize] = true);
    let mut reduced = asked.choose(reducer, ty.dtype)?;
    if asked.min_count.is_none_or(|least| least == 0) && seen.contains(&false) && !reducer.finds() {
        reduced = at_least(reduced, ty.dtype, 1, false)?;
    }
    let named = format!("{} by {} {}", groups.dim, groups.coord.dim, digest(&(&groups.index, &groups.coord.values)));
    let text = asked.text(format!("axes: {axes:?}, groups: {at} {named}"));
    let groups = Some((at, groups.clone()));
    let reduction = Reduction { axes, groups, keepdims: asked.keepdims, spread: None, combine: reduced.0 };
    emit(reducer, builder, (text, Pattern::Reduction(reduction), reduced.1), &inputs)
}

/// Over windows, which are reduced whole.
fn windowed(
    reducer: &dyn Reducing,
    builder: &mut dyn Builder,
    args: &Arguments,
    (view, asked): (&View, &Asked),
) -> Result<Operand, TypeError> {
    if reducer.second().is_some() {
        let error = TypeError::new("ff::type::view", "windows are reduced whole: they are of one array");
        return Err(error.at(Culprit::Call, "does not go with windows"));
    }
    let is_moving = matches!(view.kind, ViewKind::Rolling { .. } | ViewKind::Cumulative { .. });
    if is_moving && matches!(reducer.name(), "any" | "all") {
        let message = format!("`{}` over rolling windows is not defined: it has no missing value", reducer.name());
        let help = "use `max` or `min` of the condition as a number";
        return Err(TypeError::new("ff::type::view", message).with_help(help));
    }
    let ty = builder.ty(view.operand);
    let reduced = asked.choose(reducer, ty.dtype)?;
    let (name, units, finds) = (reducer.name(), reducer.units(), reducer.finds());
    let identity = match reducer.identity().trim_end_matches(", ") {
        "" => String::new(),
        identity => format!(", {identity}"),
    };
    let what = Windowed { name, units, finds, text: asked.text(identity), reduced };
    over_windows(builder, args, view, what)
}

/// What is done with the elements of windows.
pub struct Windowed {
    /// The operator's name.
    pub name: &'static str,
    /// What the results are measured in.
    pub units: Units,
    /// Whether the results are positions.
    pub finds: bool,
    /// Options, as part of the call's identity.
    pub text: String,
    /// The reduction and the dtype of its results.
    pub reduced: Reduced,
}

/// Emits a reduction of the windows of a view.
///
/// # Errors
/// The call has arguments that do not go with windows.
pub fn over_windows(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    mut what: Windowed,
) -> Result<Operand, TypeError> {
    refuse_options(args, &view.kind)?;
    let ty = builder.ty(view.operand);
    let mut text = String::new();
    if let Some(least) = least_present(&view.kind) {
        what.reduced = match what.finds {
            true => found_at_least(what.reduced, ty.dtype, least),
            false => at_least(what.reduced, ty.dtype, least, true)?,
        };
        text = format!("min_periods: {least}, ");
    }
    if let ViewKind::Cumulative { dims, .. } = &view.kind {
        what.text = format!("{text}cumulative{}", what.text);
        return cumulated(builder, (view.operand, dims), what);
    }
    let axes = if what.finds { window_axes(&ty, &view.kind) } else { moving_axes(&ty, &view.kind) }?;
    let shown = |w: &WindowAxis| {
        format!("{}: length {}, before {}, stride {}, count {}", w.axis, w.length, w.before, w.stride, w.count)
    };
    let shown: Vec<String> = axes.iter().map(shown).collect();
    let text = format!("{text}windows: [{}]{}", shown.join("; "), what.text);
    let pattern = Pattern::Window(Window { axes, combine: what.reduced.0 });
    let call = Call { name: what.name, text, pattern, dtype: what.reduced.1, units: what.units };
    builder.apply(call, &[view.operand])
}

/// Refuses arguments that do not go with windows.
pub fn refuse_options(args: &Arguments, kind: &ViewKind) -> Result<(), TypeError> {
    let refused = |culprit, why: &str| {
        let error = TypeError::new("ff::type::view", format!("windows are reduced whole: {why}"));
        Err(error.at(culprit, "does not go with windows"))
    };
    if !args.variadic.is_empty() {
        return refused(Culprit::Variadic(0), "which dims is said where they are made");
    }
    let mut refusals = vec![("keepdims", "their dims stay anyway"), ("weights", "there are no weights within windows")];
    match kind {
        ViewKind::Rolling { .. } => refusals.push(("min_count", "`rolling` has `min_periods` for that")),
        ViewKind::Cumulative { .. } => refusals.push(("min_count", "`cumulative` has `min_periods` for that")),
        ViewKind::Groups(_) | ViewKind::Zones(_) | ViewKind::Coarsen { .. } | ViewKind::Exponential(_) => {}
    }
    match refusals.iter().find(|(name, _)| args.get(name).is_some_and(|value| *value != Value::Bool(false))) {
        Some((name, why)) => refused(Culprit::Param(name), why),
        None => Ok(()),
    }
}

/// The fewest values present for the result of a window, where windows ask for some.
pub fn least_present(kind: &ViewKind) -> Option<u64> {
    match kind {
        ViewKind::Rolling { windows, min_periods, .. } => {
            let whole = || windows.iter().fold(1u64, |n, (_, length)| n.saturating_mul(*length));
            Some(min_periods.unwrap_or_else(whole))
        }
        ViewKind::Cumulative { min_periods, .. } => Some(*min_periods),
        ViewKind::Groups(_) | ViewKind::Zones(_) | ViewKind::Coarsen { .. } | ViewKind::Exponential(_) => None,
    }
}

/// The windows of a view, by axis, without elements that none of them sees: windows are shorter then, and positions others.
pub fn moving_axes(ty: &ArrayType, kind: &ViewKind) -> Result<Vec<WindowAxis>, TypeError> {
    let mut axes = window_axes(ty, kind)?;
    axes.iter_mut().for_each(|w| clip(w, ty.dims[w.axis].size));
    Ok(axes)
}

/// Takes off what no window sees: elements beyond those of an axis of `size`. Positions would be others then.
fn clip(w: &mut WindowAxis, size: u64) {
    let most = size.max(1) - 1;
    if w.stride > 1 {
        w.length = w.length.min(most + 1);
        return;
    }
    let (before, after) = (w.before.min(most), (w.length - 1 - w.before.min(w.length - 1)).min(most));
    (w.before, w.length) = (before, before + 1 + after);
}

/// The windows of a view, by axis.
fn window_axes(ty: &ArrayType, kind: &ViewKind) -> Result<Vec<WindowAxis>, TypeError> {
    let mut axes = Vec::new();
    match kind {
        ViewKind::Groups(_) | ViewKind::Zones(_) | ViewKind::Cumulative { .. } | ViewKind::Exponential(_) => {}
        ViewKind::Rolling { windows, center, .. } => {
            for (dim, length) in windows {
                let axis = super::super::axis_of(ty, dim)?;
                let before = if *center { length / 2 } else { length - 1 };
                axes.push(WindowAxis { axis, before, length: *length, stride: 1, count: ty.dims[axis].size });
            }
        }
        ViewKind::Coarsen { windows, boundary } => {
            for (dim, length) in windows {
                let axis = super::super::axis_of(ty, dim)?;
                let count = match boundary {
                    Boundary::Exact | Boundary::Trim => ty.dims[axis].size / length,
                    Boundary::Pad => ty.dims[axis].size.div_ceil(*length),
                };
                axes.push(WindowAxis { axis, before: 0, length: *length, stride: *length, count });
            }
        }
    }
    axes.sort_unstable_by_key(|w| w.axis);
    Ok(axes)
}
