//! Reshapes: where their input goes through scratch first.
//!
//! A part of a reshaped array is a range of positions, and so a band of whole rows of the input. Where chunks are narrow
//! bands across those, every task would decode the same chunks again. Whether a cut comes before it depends on types
//! alone and not on the budget: it is a stage of its own, and what is reduced together must not change.

use super::Notes;
use crate::array::ChunkGrid;
use crate::operators::{IndexMap, Pattern};
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::settings::Settings;
use crate::planner::{access, tasks, whole};

/// Bytes of decoded chunks that any budget has room for.
const KEPT: u64 = 64 << 20;

/// Puts a cut before each reshape that would read chunks over and over, producers first.
pub fn reshapes(graph: &mut Graph, _: &Settings, notes: &mut Notes) {
    for id in graph.topological() {
        if !is_reshape(graph, id) || graph[id].ty.shape().contains(&0) {
            continue;
        }
        let shape = graph[id].ty.shape();
        let grid = tasks::grid(&graph[id].ty, None);
        let mut cone = access::cone(graph, &[id]);
        cone.split(&shape, &grid);
        let reads = access::reads(&cone, &shape, &grid);
        let Some(worst) = reads.iter().max_by(|a, b| a.amplification.total_cmp(&b.amplification)) else { continue };
        if access::one_pass_cost(&reads, KEPT) <= access::WORTH_A_CUT {
            continue;
        }
        let NodeKind::Apply(kernel) = &graph[id].kind else { continue };
        let regions = kernel.required(&[(kernel.outputs[0], whole::first(&grid, &shape))]);
        let Some(pieces) = regions.inputs[0].as_ref().map(|region| region.shape.clone()) else { continue };
        let text = format!(
            "`{kernel}` would read {} {:.0} times over (keeping its chunks would take {}): in pieces of {} through \
             scratch instead",
            worst.name,
            worst.amplification,
            tasks::bytes_text(worst.band),
            ChunkGrid::regular(&pieces),
        );
        let input = graph.inputs(id)[0];
        let cut = graph.rechunk(input, &pieces, graph[id].span);
        graph.node_mut(cut).name = graph[input].name.clone();
        graph.set_inputs(id, &[cut]);
        notes.add("reshapes", Some(id), text);
    }
}

fn is_reshape(graph: &Graph, id: NodeId) -> bool {
    let NodeKind::Apply(kernel) = &graph[id].kind else { return false };
    matches!(kernel.steps.as_slice(), [step] if matches!(step.call.pattern, Pattern::Injective(IndexMap::Reshape(_))))
}
