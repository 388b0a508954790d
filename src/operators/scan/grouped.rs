//! Scans by groups: each element of the output sums up the elements of its line and group so far.

use std::sync::Arc;

use super::super::call::operator;
use super::super::elementwise::broadcast::broadcast_to;
use super::super::error::{Culprit, TypeError};
use super::super::moves::digest;
use super::super::reduction::choose::with_missing;
use super::super::tile::load;
use super::super::view::{Groups, View, ViewKind};
use super::super::{Arguments, Builder, Call, Constant, Operand, Pattern, Value, axis_of, call};
use super::choose::{Chosen, Scanner, choose};
use super::lines::Running;
use super::{Carry, Scan, Sweep};
use crate::array::block::Element;
use crate::array::{ArrayType, Block, DType, Dims, Scalar};
use crate::operators::tile::TileElement;

/// The groups of the positions along the scanned axis.
#[derive(Clone, Debug)]
pub struct Index {
    /// Per position its group; those of no group have one of their own.
    pub group: Arc<[u32]>,
    /// How many groups there are, with that one.
    pub count: usize,
}

/// The sweep by a running value of each group.
#[derive(Clone, Debug)]
pub struct ByGroup<R> {
    /// What a group of a line remembers.
    pub running: R,
    /// The groups.
    pub index: Index,
}

impl<R: Running> Sweep for ByGroup<R> {
    fn begin(&self, lines: usize) -> Box<dyn Carry> {
        let states = vec![self.running.start(); lines * self.index.count];
        Box::new(GroupLines { by: self.clone(), lines, states, seen: 0 })
    }

    fn state_bytes(&self) -> usize {
        self.index.count.saturating_mul(size_of::<R::State>())
    }

    fn by_groups(&self, index: Index) -> Arc<dyn Sweep> {
        Arc::new(ByGroup { running: self.running.clone(), index })
    }
}

/// The states of the groups of many lines, group after group.
struct GroupLines<R: Running> {
    by: ByGroup<R>,
    lines: usize,
    states: Vec<R::State>,
    /// How many elements of each line have gone by.
    seen: usize,
}

impl<R: Running> Carry for GroupLines<R> {
    fn sweep(&mut self, block: &Block, axis: usize, reverse: bool) -> Block {
        let shape: Vec<usize> = block.shape().iter().map(|n| *n as usize).collect();
        let (length, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
        let outer: usize = shape[..axis].iter().product();
        let group = &self.by.index.group;
        let mut out = vec![R::Out::from_scalar(&Scalar::Int(0)); outer * length * inner];
        let mut row = vec![R::In::from_scalar(&Scalar::Int(0)); inner];
        for step in 0..length {
            let place = if reverse { length - 1 - step } else { step };
            let seen = self.seen + step;
            let position = if reverse { group.len() - 1 - seen } else { seen };
            let states = &mut self.states[group[position] as usize * self.lines..][..self.lines];
            for line in 0..outer {
                let start = (line * length + place) * inner;
                load(block, start, R::In::exclusive(&mut row));
                let states = states[line * inner..].iter_mut();
                for ((state, value), out) in states.zip(&row).zip(&mut out[start..start + inner]) {
                    *out = self.by.running.next(state, value);
                }
            }
        }
        self.seen += length;
        Block::from_vec(&block.shape(), out).expect("an element of the output for each of the input")
    }
}

/// Checks a call of a scan over groups and emits it.
///
/// # Errors
/// The view is of windows or of groups of several dims, other dims are named, or the scan is not defined for the dtype.
pub(super) fn scanned(
    scanner: Scanner,
    builder: &mut dyn Builder,
    args: &Arguments,
    (view, options): (&View, super::expand::Options),
) -> Result<Operand, TypeError> {
    let name = scanner.name();
    let ViewKind::Groups(groups) = &view.kind else {
        let message = format!("`{name}` runs along groups of one dim that are known while planning");
        let error = TypeError::new("ff::type::view", message).at(Culprit::Param("x"), "these are none");
        return Err(error.with_help("group by keys along one dim"));
    };
    if !args.variadic.is_empty() || args.get("dim").is_some() {
        let message = format!("`{name}` of groups runs along the grouped dim, `{}`", groups.dim);
        let culprit = if args.variadic.is_empty() { Culprit::Param("dim") } else { Culprit::Variadic(0) };
        let error = TypeError::new("ff::type::argument", message).at(culprit, "a dim");
        return Err(error.with_help(format!("leave it out: `{name}()`")));
    }
    let x = view.operand;
    let ty = builder.ty(x);
    let axis = axis_of(&ty, &groups.dim)?;
    let Some(Chosen { sweep, given, asked }) = choose(scanner, ty.dtype, options)? else {
        return masked(builder, x, groups);
    };
    let none = groups.coord.len() as u32;
    let group = groups.index.iter().map(|group| if *group == u32::MAX { none } else { *group }).collect();
    let index = Index { group, count: groups.coord.len() + 1 };
    let text = format!("{}, by {}", super::expand::text(axis, options), digest(&index.group));
    let scan = Scan { axis, reverse: scanner == Scanner::BFill, sweep: sweep.by_groups(index) };
    let (pattern, units) = (Pattern::Scan(scan), scanner.units());
    let out = builder.apply(Call { name, text, pattern, dtype: given, units }, &[x])?;
    let out = call::cast(builder, out, asked)?;
    masked(builder, out, groups)
}

/// Missing where there is no group.
///
/// # Errors
/// The dtype has no missing value.
pub(in crate::operators) fn masked(
    builder: &mut dyn Builder,
    x: Operand,
    groups: &Groups,
) -> Result<Operand, TypeError> {
    if !groups.index.contains(&u32::MAX) {
        return Ok(x);
    }
    let dtype = with_missing(builder.ty(x).dtype);
    let x = call::cast(builder, x, dtype)?;
    let grouped: Vec<bool> = groups.index.iter().map(|group| *group != u32::MAX).collect();
    let ty = ArrayType::new(DType::Bool, Dims::new([(groups.dim.clone(), grouped.len() as u64)]));
    let mask = builder.constant(ty, Constant::Values(Block::from_list(grouped)));
    let dims = builder.ty(x).dims.clone();
    let mask = broadcast_to(builder, mask, &dims)?;
    operator(builder, "where", &[Value::Array(mask), Value::Array(x)])
}
