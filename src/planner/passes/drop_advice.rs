//! Advice: a rechunk asked for in a script sets the chunk grid of a type, and is no node any more.
//!
//! Every rechunk that later passes put in is a cut: its input is finished before others use it.

use super::Notes;
use crate::planner::graph::{Graph, NodeKind};
use crate::planner::settings::Settings;

/// Takes out rechunks asked for in the script; their consumers keep the types they were given.
pub fn drop_advice(graph: &mut Graph, _: &Settings, _: &mut Notes) {
    for id in graph.topological() {
        if matches!(graph[id].kind, NodeKind::Rechunk) {
            let input = graph.inputs(id)[0];
            graph.replace(id, input);
            graph.remove(id);
        }
    }
}
