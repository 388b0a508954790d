//! Dead nodes: what no sink needs is never computed, so it goes.

use std::collections::BTreeSet;

use super::Notes;
use crate::planner::graph::{Graph, NodeId};
use crate::planner::settings::Settings;

/// Drops every node from which no sink can be reached.
pub fn eliminate_dead(graph: &mut Graph, _: &Settings, _: &mut Notes) {
    let mut alive: BTreeSet<NodeId> = BTreeSet::new();
    let mut waiting = graph.sinks();
    while let Some(id) = waiting.pop() {
        if alive.insert(id) {
            waiting.extend(graph.inputs(id));
        }
    }
    for id in graph.ids() {
        if !alive.contains(&id) {
            graph.remove(id);
        }
    }
}
