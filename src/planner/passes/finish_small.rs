//! Small values made of much: finished once where stages over several spaces need them.
//!
//! A level of a pyramid is written and makes the next one. Stages have one space each, so each level would be made of
//! the source anew. Where a value is much smaller than what is read for it, keeping it costs less than reading again.

use std::collections::BTreeSet;

use super::Notes;
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::settings::Settings;
use crate::planner::{access, tasks};

/// A value is finished where it has at most one part in so many of the bytes that are read for it.
const SMALLER: u64 = 8;

/// Puts a cut after each small value that is needed in several spaces.
pub fn finish_small(graph: &mut Graph, _: &Settings, notes: &mut Notes) {
    for id in graph.topological() {
        let is_value = matches!(graph[id].kind, NodeKind::Apply(_)) && !access::is_barrier(graph, id);
        if !is_value || spaces(graph, id).len() < 2 {
            continue;
        }
        let (bytes, read) = (graph[id].ty.bytes(), access::taken(graph, id, None));
        if bytes == 0 || bytes.saturating_mul(SMALLER) > read {
            continue;
        }
        let consumers = graph.consumers(id);
        let pieces = tasks::grid(&graph[id].ty, None).chunk_shape();
        let cut = graph.rechunk(id, &pieces, graph[id].span);
        graph.node_mut(cut).name = graph[id].name.clone();
        for (consumer, _) in consumers {
            let inputs = graph.inputs(consumer).into_iter().map(|input| if input == id { cut } else { input });
            let inputs: Vec<NodeId> = inputs.collect();
            graph.set_inputs(consumer, &inputs);
        }
        let text = format!(
            "{} is finished before others use it: it is needed in several spaces, has {} and is made of {}",
            graph.described(id),
            tasks::bytes_text(bytes),
            tasks::bytes_text(read)
        );
        notes.add("finish_small", Some(id), text);
    }
}

/// The spaces of the stages that need a value: those of what is finished or written next after it.
fn spaces(graph: &Graph, id: NodeId) -> BTreeSet<Vec<u64>> {
    let (mut spaces, mut seen, mut pending) = (BTreeSet::new(), BTreeSet::new(), vec![id]);
    while let Some(value) = pending.pop() {
        for (consumer, _) in graph.consumers(value) {
            if matches!(graph[consumer].kind, NodeKind::Apply(_)) && !access::is_barrier(graph, consumer) {
                pending.extend(seen.insert(consumer).then_some(consumer));
            } else {
                spaces.insert(graph[value].ty.shape());
            }
        }
    }
    spaces
}
