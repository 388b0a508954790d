//! Quantiles of groups: each line gives one for each group of its elements.

use std::sync::Arc;

use super::super::error::Culprit;
use super::super::index::Labels;
use super::super::moves::{self, digest};
use super::super::view::{Groups, View, ViewKind};
use super::super::{Arguments, Builder, Call, Operand, Pattern, TypeError, Units, axis_of};
use super::expand::{between_truths, ordered};
use super::quantile::{Method, Parts, Quantiles};
use super::{Into, Whole};
use crate::array::{DType, Kind};

/// Emits a call that gives the quantile of each group along a dim, which becomes the dim of the groups.
pub(super) fn by_group(
    builder: &mut dyn Builder,
    args: &Arguments,
    view: &View,
    (name, level, method): (&'static str, f64, Method),
) -> Result<Operand, TypeError> {
    let ViewKind::Groups(groups) = &view.kind else {
        let error = TypeError::new("ff::type::view", format!("`{name}` is of groups, not of windows"));
        let help = "a median over a neighbourhood that moves is `median_filter`";
        return Err(error.at(Culprit::Param("x"), "these are windows").with_help(help));
    };
    let (ty, skipna) = (builder.ty(view.operand), args.bool("skipna", true)?);
    let axis = axis_of(&ty, &groups.dim)?;
    if !args.variadic.is_empty() || args.bool("keepdims", false)? {
        let message = format!("`{name}` of groups is along `{}` alone", groups.dim);
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Call, "other dims, or `keepdims`");
        return Err(error.with_help("reduce other dims before or after"));
    }
    let dtype = ordered(builder, view.operand, name)?;
    let dtype = if method.picks() || matches!(dtype.kind(), Kind::Float | Kind::Time) { dtype } else { DType::F64 };
    if ty.dtype == DType::Bool && !method.picks() {
        return Err(between_truths());
    }
    if let Some(label) = empty(groups).filter(|_| !dtype.has_missing()) {
        let message = format!("`{name}` has no value over no elements, and the group {label} has none");
        return Err(TypeError::new("ff::type::empty", message).at(Culprit::Param("x"), "these groups"));
    }
    let text = format!("q: {level}, {method:?}, axis: {axis}, skipna: {skipna}, groups: {}", digest(&groups.index));
    let parts = Some(Arc::new(Parts::new(&groups.index, groups.coord.len())));
    let function = Arc::new(Quantiles { dtype: ty.dtype, levels: vec![level], method, skipna, parts });
    let whole = Whole { axes: vec![axis], into: Into::Along, function };
    let call = Call { name, text, pattern: Pattern::Whole(whole), dtype, units: Units::Kept };
    let grouped = builder.apply(call, &[view.operand])?;
    let dim = &groups.coord.dim;
    let rename = (*dim != groups.dim).then(|| (groups.dim.clone(), dim.clone())).into_iter().collect();
    let named = moves::relabel(builder, grouped, Labels { rename, ..Labels::default() })?;
    let coords = vec![(dim.clone(), Some(groups.coord.clone()))];
    moves::relabel(builder, named, Labels { coords, ..Labels::default() })
}

/// The label of a group without elements.
fn empty(groups: &Groups) -> Option<String> {
    let mut counts = vec![0u64; groups.coord.len()];
    groups.index.iter().filter(|group| **group != u32::MAX).for_each(|group| counts[*group as usize] += 1);
    counts.iter().position(|count| *count == 0).map(|group| groups.coord.values.get(group).to_string())
}
