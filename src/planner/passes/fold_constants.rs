//! Constants: what depends on constants alone and is small is computed once, now.

use std::sync::Arc;

use super::Notes;
use super::eliminate_dead::eliminate_dead;
use crate::array::{ArrayType, Block, Region};
use crate::operators::{Call, Constant, IndexMap, Pattern, evaluate};
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::settings::Settings;

/// Results of more bytes than this stay calls: a plan holds no large data.
pub const LARGEST: u64 = 1 << 20;

/// Replaces calls on constants by constants. Broadcasts stay calls: they are views, and cost nothing.
pub fn fold_constants(graph: &mut Graph, settings: &Settings, notes: &mut Notes) {
    for id in graph.topological() {
        let Some(block) = folded(graph, id) else { continue };
        graph.set_inputs(id, &[]);
        graph.node_mut(id).kind = NodeKind::Constant(Constant::Values(block));
    }
    eliminate_dead(graph, settings, notes);
}

fn folded(graph: &Graph, id: NodeId) -> Option<Block> {
    let NodeKind::Apply(kernel) = &graph[id].kind else { return None };
    let [step] = kernel.steps.as_slice() else { return None };
    if matches!(step.call.pattern, Pattern::Injective(IndexMap::Broadcast { .. })) {
        return None;
    }
    let inputs = graph.inputs(id);
    let blocks: Option<Vec<Block>> = inputs.iter().map(|i| known(graph, *i)).collect();
    let types: Vec<&ArrayType> = inputs.iter().map(|i| &*graph[*i].ty).collect();
    apply(&step.call, &types, &blocks?, &graph[id].ty)
}

/// The values of a constant node, where they are few.
pub fn known(graph: &Graph, id: NodeId) -> Option<Block> {
    let ty: &Arc<_> = &graph[id].ty;
    match &graph[id].kind {
        NodeKind::Constant(constant) if ty.bytes() <= LARGEST => Some(constant.block(ty, &Region::whole(&ty.shape()))),
        _ => None,
    }
}

/// The whole result, of type `out`, of a call on whole inputs, unless it is large or reduces.
pub fn apply(call: &Call, types: &[&ArrayType], blocks: &[Block], out: &ArrayType) -> Option<Block> {
    if out.bytes() > LARGEST {
        return None;
    }
    evaluate::whole(call, types, blocks, out)
}
