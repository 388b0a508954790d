//! Equal nodes: two calls of the same function on the same inputs are one.

use std::collections::BTreeMap;

use super::Notes;
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::settings::Settings;

/// Lets consumers of a node take the first node equal to it.
///
/// Two nodes are equal when their kinds, plan-time arguments, dtypes and inputs are. Coordinates and
/// attributes follow from these, except of constants, which are compared whole.
pub fn deduplicate(graph: &mut Graph, _: &Settings, notes: &mut Notes) {
    let mut seen: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for id in graph.topological() {
        let Some(key) = key(graph, id) else { continue };
        let same = seen.entry(key).or_default();
        match same.iter().copied().find(|&other| equal(graph, id, other)) {
            None => same.push(id),
            Some(first) => {
                let (dropped, kept) = (graph.described(id), graph.described(first));
                graph.replace(id, first);
                if graph[first].name.is_none() {
                    graph.node_mut(first).name = graph[id].name.clone();
                }
                let text = match dropped == kept {
                    true => format!("{dropped} is there again and was dropped"),
                    false => format!("{dropped} is the same as {kept} and was dropped"),
                };
                notes.add("deduplicate", Some(first), text);
                graph.remove(id);
            }
        }
    }
}

/// A text that equal nodes share; none for sinks, which are never merged.
fn key(graph: &Graph, id: NodeId) -> Option<String> {
    let inputs: Vec<usize> = graph.inputs(id).iter().map(|i| i.index()).collect();
    let what = match &graph[id].kind {
        NodeKind::Source(source) => {
            format!("source {} {} {}", source.location.format, source.location.url, source.path)
        }
        NodeKind::Constant(_) => format!("constant {}", graph[id].ty),
        NodeKind::Apply(kernel) => format!("{kernel} {}", graph[id].ty.dtype),
        NodeKind::Rechunk => format!("rechunk {}", graph[id].ty.chunks),
        NodeKind::Placeholder | NodeKind::Sink(_) => return None,
    };
    Some(format!("{what} {inputs:?}"))
}

fn equal(graph: &Graph, a: NodeId, b: NodeId) -> bool {
    match (&graph[a].kind, &graph[b].kind) {
        (NodeKind::Constant(x), NodeKind::Constant(y)) => x == y && graph[a].ty == graph[b].ty,
        (NodeKind::Source(x), NodeKind::Source(y)) => x == y,
        (NodeKind::Apply(x), NodeKind::Apply(y)) => {
            graph[a].ty.dims == graph[b].ty.dims
                && x.steps.len() == y.steps.len()
                && x.steps.iter().zip(&y.steps).all(|(s, t)| s.call == t.call && s.args == t.args)
        }
        _ => true,
    }
}
