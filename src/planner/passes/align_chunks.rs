//! Chunks: where a sink's chunks cannot be made from the source's in one pass, a rechunk stays.
//!
//! The rechunk put in is a cut: its input goes through one scratch file.

use super::Notes;
use crate::array::ChunkGrid;
use crate::planner::graph::{Graph, NodeId, NodeKind, Sink};
use crate::planner::settings::Settings;
use crate::planner::{access, tasks, whole};

/// Puts a cut before each sink that must have one.
pub fn align_chunks(graph: &mut Graph, settings: &Settings, notes: &mut Notes) {
    for sink in graph.sinks() {
        for (port, input) in graph.inputs(sink).into_iter().enumerate() {
            let Some(objects) = objects(graph, sink, port) else { continue };
            if let Some(reason) = needs_cut(graph, input, &objects, settings) {
                notes.add("align_chunks", Some(sink), reason);
                let cut = graph.rechunk(input, &objects, graph[sink].span);
                let mut inputs = graph.inputs(sink);
                inputs[port] = cut;
                graph.set_inputs(sink, &inputs);
            }
        }
    }
}

/// The shape of the objects a sink writes for the variable at `port`.
pub fn objects(graph: &Graph, sink: NodeId, port: usize) -> Option<Vec<u64>> {
    match &graph[sink].kind {
        NodeKind::Sink(Sink::Write(write)) => {
            let variable = &write.variables[port];
            variable.shards.clone().or_else(|| variable.chunks.clone())
        }
        _ => None,
    }
}

/// Why writing `input` in `objects` takes a cut, if it does. Where whole axes are needed that is decided already.
fn needs_cut(graph: &Graph, input: NodeId, objects: &[u64], settings: &Settings) -> Option<String> {
    let mut cone = access::cone(graph, &[input]);
    if whole::has_whole(&cone.joined.kernel) {
        return None;
    }
    let ty = &graph[input].ty;
    let units = ChunkGrid::regular(objects);
    let mut grid = tasks::grid(ty, Some(&units));
    // What is read, what is written and its encoded form are there at once.
    while tasks::task_bytes(&grid, ty).saturating_mul(3) > settings.memory
        && tasks::halve(&mut grid, &ty.shape(), Some(&units), &[])
    {}
    cone.split(&ty.shape(), &grid);
    let reads = access::reads(&cone, &ty.shape(), &grid);
    let worst = reads.iter().max_by(|a, b| a.amplification.total_cmp(&b.amplification))?;
    let one_pass = access::one_pass_cost(&reads, settings.memory / 4);
    if one_pass <= access::WORTH_A_CUT {
        return None;
    }
    Some(format!(
        "chunks {units} would read {} {:.0} times over (keeping its chunks would take {}): through scratch instead",
        worst.name,
        worst.amplification,
        tasks::bytes_text(worst.band)
    ))
}
