//! Selection: parts of an array by position (`isel`), by chunk (`blocks`) or by label (`sel`).
//!
//! They turn each argument into a [`Pick`] along one axis; picks are then emitted as one slice, and
//! a gather for every axis whose picks have no regular distance. Selections along several axes are
//! orthogonal, but for those by arrays that share a dim: these pick point by point (`points`).
//! Deliberately absent: selections that depend on values which are only known when the script runs.

mod align;
mod blocks;
mod index;
mod label;
mod points;
#[cfg(test)]
mod points_tests;
mod position;
mod reindex;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::arguments::{optional, required};
use super::error::Culprit;
use super::moves::{self, Span};
use super::{Arguments, Builder, Operand, Operator, Param, ParamKind, Signature, TypeError, Value};
use crate::array::{Block, Coord, DimName};
pub(in crate::operators) use align::gathered;
pub use align::{Brought, JOINS, aligned};
pub(in crate::operators) use index::{ordered, rounded};
use label::Lookup;
use points::Points;
use position::Places;

const METHODS: ParamKind = ParamKind::Choice(&["nearest", "pad", "ffill", "backfill", "bfill"]);
const INSTEAD: Param = optional("method", METHODS, "none", "Which label stands in for one that is not there.");
const TOLERANCE: Param = optional("tolerance", ParamKind::Any, "none", "How far that label may be away.");
const GAP: Param =
    optional("fill", ParamKind::Any, "none", "What stands where there is no label; missing if left out.");

/// `isel`, `blocks`, `sel`, `align` and `reindex`.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "isel",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required(
                    "index",
                    ParamKind::PerDim,
                    "A position (drops the dim), a half-open range such as `0..<24`, `5..` or `(..) step 2`, a list or array of positions, or a mask; negative counts from the end. Arrays that share a dim select point by point along it.",
                ),
            ],
        },
        summary: "Selects by position.",
        example: "x |> isel(t: 1..<4, y: -1)",
        expand: isel,
    },
    Operator {
        name: "blocks",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required(
                    "number",
                    ParamKind::PerDim,
                    "The number of a chunk (the dim stays), a half-open range such as `0..<3`, `2..` or `(..) step 2`, a list or array of numbers, or a mask; negative counts from the end.",
                ),
            ],
        },
        summary: "Selects whole chunks by their numbers; `x.numblocks` says how many there are along each dim.",
        example: "x |> rechunk(t: 2, y: 3) |> blocks(t: 1.., y: 0)",
        expand: blocks::blocks,
    },
    Operator {
        name: "sel",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array, with coordinates."),
                required(
                    "label",
                    ParamKind::PerDim,
                    "A label (drops the dim), a range that includes both ends, a list of labels, or an array of labels, which are looked up and give the array's dim, point by point where several share it; dates may be partial.",
                ),
                optional(
                    "method",
                    METHODS,
                    "none",
                    "Which label stands in for one that is not there; ranges need none.",
                ),
                TOLERANCE,
            ],
        },
        summary: "Selects by label.",
        example: "x |> assign_coords(y: [10, 20, 30, 40]) |> sel(y: 20..30)",
        expand: sel,
    },
    Operator {
        name: "align",
        signature: Signature {
            params: &[
                required(
                    "arrays",
                    ParamKind::Rest,
                    "The arrays and datasets; dims that only one has stay as they are.",
                ),
                optional(
                    "join",
                    ParamKind::Choice(JOINS),
                    "inner",
                    "The labels that are kept: those that all have, those that any has (sorted), those of the first or of the last array; `exact` refuses where they differ, `override` gives all the labels of the first.",
                ),
            ],
        },
        summary: "Brings arrays to the same labels, and gives a list of them; what has no label there is missing, and integers become floats.",
        example: "align(assign_coords(x, y: [1, 2, 3, 4]), assign_coords(x, y: [3, 4, 5, 6]), join: inner)[0]",
        expand: align::align,
    },
    Operator {
        name: "reindex",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array, with coordinates."),
                required(
                    "labels",
                    ParamKind::PerDim,
                    "The labels along this dim: a list, a range or a known array; dates may be texts.",
                ),
                INSTEAD,
                TOLERANCE,
                GAP,
            ],
        },
        summary: "Brings dims to other labels; what has none of them is missing, and integers become floats.",
        example: "x |> assign_coords(y: [1, 2, 3, 4]) |> reindex(y: [2, 3, 9])",
        expand: reindex::reindex,
    },
    Operator {
        name: "reindex_like",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array, with coordinates."),
                required("other", ParamKind::Array, "The array whose labels are taken, along dims that both have."),
                INSTEAD,
                TOLERANCE,
                GAP,
            ],
        },
        summary: "Brings dims to the labels of another array; what has none of them is missing.",
        example: "reindex_like(assign_coords(x, y: [1, 2, 3, 4]), assign_coords(x, y: [3, 4, 5, 6]), fill: 0)",
        expand: reindex::reindex_like,
    },
];

/// What is taken along one axis.
#[derive(Clone, Debug, PartialEq)]
enum Pick {
    /// One element, and the dim goes.
    One(u64),
    /// Elements at a regular distance.
    Run(Span),
    /// Elements anywhere, in this order.
    Take(Vec<u64>),
    /// Elements anywhere, along another dim with a coordinate or none.
    Along(Vec<u64>, DimName, Option<Arc<Coord>>),
    /// Elements anywhere, one for each element of an array with dims of its own.
    At(Points),
}

/// What is taken along some axes.
type Picks = Vec<(usize, Pick)>;

impl Pick {
    fn of(positions: Vec<u64>) -> Pick {
        Span::of(&positions).map_or_else(|| Pick::Take(positions), Pick::Run)
    }
}

fn isel(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut picks = Vec::new();
    for (axis, value) in arguments.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let pick = position::pick(builder, dim.into(), &value.value).map_err(|e| blame(e, &dim.name))?;
        add(&mut picks, axis, pick, &dim.name)?;
    }
    emit(builder, x, picks, false).map(Value::Array)
}

fn sel(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let how = label::How::of(arguments)?;
    let mut picks = Vec::new();
    for (axis, value) in arguments.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let lookup = Lookup::new(dim, ty.coord(&dim.name)).map_err(|e| blame(e, &dim.name))?;
        let pick = lookup.pick(builder, &value.value, &how).map_err(|e| blame(e, &dim.name))?;
        if matches!(&pick, Pick::Run(span) if span.count == 0)
            && let Some(warning) = lookup.empty()
        {
            builder.warn(blame(warning, &dim.name));
        }
        add(&mut picks, axis, pick, &dim.name)?;
    }
    emit(builder, x, picks, true).map(Value::Array)
}

fn blame(error: TypeError, dim: &DimName) -> TypeError {
    error.or_at(Culprit::Named(dim.to_string()))
}

fn add(picks: &mut Picks, axis: usize, pick: Pick, dim: &DimName) -> Result<(), TypeError> {
    let again = picks.iter().any(|(a, _)| *a == axis);
    if again {
        let message = format!("dim `{dim}` is named twice");
        return Err(TypeError::new("ff::type::repeated_dim", message).at(Culprit::Named(dim.to_string()), "again here"));
    }
    picks.push((axis, pick));
    Ok(())
}

/// Adds the calls for all picks. An array of positions along a dim of its own gives the array that dim where it is `renamed`.
fn emit(builder: &mut dyn Builder, x: Operand, picks: Vec<(usize, Pick)>, renamed: bool) -> Result<Operand, TypeError> {
    let (picks, groups) = points::grouped(&builder.ty(x), picks, renamed)?;
    let mut spans = Vec::new();
    let mut dropped = Vec::new();
    let mut takes = Vec::new();
    for (axis, pick) in picks {
        match pick {
            Pick::One(position) => {
                spans.push((axis, Span::run(position, 1)));
                dropped.push(axis);
            }
            Pick::Run(span) => spans.push((axis, span)),
            Pick::Take(positions) => takes.push((axis, positions, None)),
            Pick::Along(positions, dim, coord) => takes.push((axis, positions, Some((dim, coord)))),
            Pick::At(_) => {}
        }
    }
    spans.sort_unstable_by_key(|(axis, _)| *axis);
    dropped.sort_unstable();
    let mut out = moves::slice(builder, x, &spans)?;
    for (axis, positions, to) in takes {
        out = moves::take(builder, out, axis, &positions, to)?;
    }
    for axis in dropped.into_iter().rev() {
        out = moves::drop_axis(builder, out, axis)?;
    }
    groups.iter().try_fold(out, |out, group| group.emit(builder, out))
}

/// The positions along a dim that a position, a range, a list or an array means, as for `isel`.
///
/// # Errors
/// It means none, or is not known while planning.
pub(in crate::operators) fn positions_along(
    builder: &dyn Builder,
    dim: &crate::array::Dim,
    value: &Value,
) -> Result<Vec<u64>, TypeError> {
    Ok(match position::pick(builder, dim.into(), value)? {
        Pick::One(position) => vec![position],
        Pick::Run(span) => (0..span.count as i64).map(|i| (span.start + i * span.step) as u64).collect(),
        Pick::Take(positions) | Pick::Along(positions, ..) => positions,
        Pick::At(points) => points.positions,
    })
}

/// The values of an array of positions or labels.
fn known(builder: &dyn Builder, operand: Operand) -> Result<Block, TypeError> {
    let ty = builder.ty(operand);
    if ty.rank() > 1 && ty.dims.names().any(DimName::is_auto) {
        let error = TypeError::new("ff::type::argument", format!("an array with one dim is expected, this is {ty}"));
        return Err(
            error.with_help("one with several dims selects point by point where its dims have names: `rename` them")
        );
    }
    builder.chosen_by(operand)?.ok_or_else(|| {
        let message = "what is selected depends on values that are only known when the script runs";
        TypeError::new("ff::type::unknown_values", message)
            .with_help("select by coordinates, constants, small arrays of a source or arithmetic on these; for a condition on values use `where`")
    })
}

/// The positions where a mask of the whole dim holds.
fn mask_positions(mask: &[bool], Places { dim, count, many, .. }: Places<'_>) -> Result<Vec<u64>, TypeError> {
    if mask.len() as u64 != count {
        let message = format!("a mask of {} for dim `{dim}`, which has {count} {many}", mask.len());
        return Err(TypeError::new("ff::type::index", message));
    }
    Ok((0..count).filter(|&i| mask[i as usize]).collect())
}
