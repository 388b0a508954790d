//! Chunks: where a sink's chunks cannot be made from the source's in one pass, a rechunk stays.
//!
//! The rechunk put in is a cut: its input goes through one scratch file.

use super::Notes;
use crate::array::ChunkGrid;
use crate::planner::access::Read;
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

/// Why writing `input` in `objects` takes a cut, if it does. A cut spares what the objects cost, and not what is read
/// more than once anyway, as the halo of a stencil is.
/// Where whole axes are needed that is decided already.
fn needs_cut(graph: &Graph, input: NodeId, objects: &[u64], settings: &Settings) -> Option<String> {
    if whole::has_whole(&access::cone(graph, &[input]).joined.kernel) {
        return None;
    }
    let units = ChunkGrid::regular(objects);
    if let Some(reason) = too_large(graph, input, &units, settings) {
        return Some(reason);
    }
    let (cost, reads) = one_pass(graph, input, Some(&units), settings);
    let worst = reads.iter().max_by(|a, b| a.amplification.total_cmp(&b.amplification))?;
    let spared = || cost - one_pass(graph, input, None, settings).0;
    if cost <= access::WORTH_A_CUT || spared() <= access::WORTH_A_CUT - 1.0 {
        return None;
    }
    Some(format!(
        "chunks {units} would read {} {:.0} times over (keeping its chunks would take {}): through scratch instead",
        worst.name,
        worst.amplification,
        tasks::bytes_text(worst.band)
    ))
}

/// An object is made of much more than itself where that is so many times its bytes.
const MUCH: u64 = 4;

/// Why an object cannot be made in one task: it is made of much more than itself, and of more than half of the budget; or of
/// points of which one task would read too much.
fn too_large(graph: &Graph, input: NodeId, units: &ChunkGrid, settings: &Settings) -> Option<String> {
    let ty = &graph[input].ty;
    let object = whole::first(units, &ty.shape());
    let own = object.count().saturating_mul(ty.dtype.size() as u64);
    let taken = access::taken(graph, input, Some(units));
    let is_gathered = whole::has_gather(&access::cone(graph, &[input]).joined.kernel);
    let most = if is_gathered { whole::LARGEST.min(settings.memory / 2) } else { settings.memory / 2 };
    (taken > most && taken > own.saturating_mul(MUCH)).then(|| {
        let taken = tasks::bytes_text(taken);
        format!("a chunk of {units} is made of {taken} at once: it is put together from smaller parts")
    })
}

/// Bytes read per byte needed by tasks of whole `units` that compute `input`, and how they read.
fn one_pass(graph: &Graph, input: NodeId, units: Option<&ChunkGrid>, settings: &Settings) -> (f64, Vec<Read>) {
    let mut cone = access::cone(graph, &[input]);
    let ty = &graph[input].ty;
    let mut grid = tasks::grid(ty, units);
    // What is read, what is written and its encoded form are there at once.
    while tasks::task_bytes(&grid, ty).saturating_mul(3) > settings.memory
        && tasks::halve(&mut grid, &ty.shape(), units, &[])
    {}
    cone.split(&ty.shape(), &grid);
    let reads = access::reads(&cone, &ty.shape(), &grid);
    (access::one_pass_cost(&reads, settings.memory / 4), reads)
}
