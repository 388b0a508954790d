//! Whether two coordinates are equal, as far as that can be told while planning.

use crate::array::{Block, DType, Scalar};
use crate::operators::{Builder, Operand};
use crate::planner::graph::{NodeId, NodeKind};
use crate::planner::lower::Lowerer;
use crate::planner::lower::builder::node;

/// The most nodes that are compared.
const MAX_COMPARED: usize = 1 << 12;

impl Lowerer<'_> {
    /// Whether two arrays have equal dims and are the same calls on the same sources, or known to have equal values; the
    /// second may be a single value that all of the first are.
    pub(super) fn are_same(&mut self, a: Operand, b: Operand) -> bool {
        let (ty, other) = (self.ty(a), self.ty(b));
        let is_time = |dtype| matches!(dtype, DType::DateTime(_));
        if (ty.dims != other.dims && other.rank() > 0)
            || (ty.dtype != other.dtype && (is_time(ty.dtype) || is_time(other.dtype)))
        {
            return false;
        }
        if ty.dims == other.dims && self.are_alike(node(a), node(b)) {
            return true;
        }
        let at = self.lowered.graph[node(a)].span;
        let known = |l: &mut Self, x: Operand| l.tried(at, |builder: &mut dyn Builder| builder.chosen_by(x)).flatten();
        match (known(self, a), known(self, b)) {
            (Some(a), Some(b)) => are_equal(&a, &b),
            _ => false,
        }
    }

    /// Whether two nodes are the same calls on the same sources and constants.
    fn are_alike(&self, a: NodeId, b: NodeId) -> bool {
        let graph = &self.lowered.graph;
        let mut pending = vec![(a, b)];
        let mut compared = 0;
        while let Some((a, b)) = pending.pop() {
            if a == b {
                continue;
            }
            compared += 1;
            let is_one = match (&graph[a].kind, &graph[b].kind) {
                (NodeKind::Source(x), NodeKind::Source(y)) => x == y,
                (NodeKind::Constant(x), NodeKind::Constant(y)) => x == y && graph[a].ty.dims == graph[b].ty.dims,
                (NodeKind::Apply(x), NodeKind::Apply(y)) => {
                    let calls = x.steps.iter().zip(&y.steps);
                    x.steps.len() == y.steps.len()
                        && calls.into_iter().all(|(s, t)| s.call == t.call && s.args == t.args)
                }
                (NodeKind::Rechunk, NodeKind::Rechunk) => true,
                _ => false,
            };
            let (left, right) = (graph.inputs(a), graph.inputs(b));
            if !is_one || left.len() != right.len() || compared > MAX_COMPARED {
                return false;
            }
            pending.extend(left.into_iter().zip(right));
        }
        true
    }
}

/// Whether all elements of two blocks of one shape, or of one and a single value, are equal; missing ones are.
fn are_equal(a: &Block, b: &Block) -> bool {
    let (a, b) = (a.scalars(), b.scalars());
    (a.len() == b.len() || b.len() == 1) && a.iter().zip(b.iter().cycle()).all(|(a, b)| is_equal(a, b))
}

/// Whether two values are equal, numbers whatever their dtype.
fn is_equal(a: &Scalar, b: &Scalar) -> bool {
    let is_float = |scalar: &Scalar| matches!(scalar, Scalar::Float(_));
    match (a.as_f64(), b.as_f64()) {
        _ if a == b || (a.is_missing() && b.is_missing()) => true,
        (Some(x), Some(y)) if is_float(a) || is_float(b) => x == y,
        (Some(_), Some(_)) => a.as_i64().is_some() && a.as_i64() == b.as_i64(),
        _ => false,
    }
}
