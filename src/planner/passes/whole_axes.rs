//! Functions of whole axes: where their input goes through scratch first, and where they are finished before
//! others use them.
//!
//! Such a call is an ordinary step of a kernel where what takes its value lets tasks hold its axes whole;
//! else a cut comes *after* it: a sink that writes a map of quantiles as one object would compute it in one
//! task, and others would compute it again and again. Where chunks are short along the axes, every task needs
//! every chunk: if they cannot be kept decoded, a cut comes *before* it.

use super::Notes;
use super::align_chunks::objects;
use crate::array::{ChunkGrid, Region};
use crate::operators::Pattern;
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::settings::Settings;
use crate::planner::{access, tasks, whole};

/// Puts cuts after and before calls that need whole axes, producers first.
pub fn whole_axes(graph: &mut Graph, settings: &Settings, notes: &mut Notes) {
    for id in graph.topological() {
        let is_whole = matches!(&graph[id].kind, NodeKind::Apply(kernel) if whole::has_whole(kernel));
        if is_whole {
            let tasks = in_line(graph, id, settings).unwrap_or_else(|| finished(graph, id, settings, notes));
            gather(graph, id, &tasks, (settings, notes));
        }
    }
}

/// The tasks that compute a call: those of a value over whose space they run.
struct Tasks {
    value: NodeId,
    grid: ChunkGrid,
}

impl Tasks {
    fn new(graph: &Graph, value: NodeId, units: Option<&ChunkGrid>, settings: &Settings) -> Tasks {
        let kernel = access::cone(graph, &[value]).joined.kernel;
        let ty = &graph[value].ty;
        let mut grid = whole::grid(&kernel, ty, units);
        whole::fit(&mut grid, &kernel, (&ty.shape(), units), settings.memory);
        Tasks { value, grid }
    }
}

/// The tasks of the one end that takes a call's value element by element, if they can hold its axes whole.
fn in_line(graph: &Graph, id: NodeId, settings: &Settings) -> Option<Tasks> {
    let mut value = id;
    loop {
        let [(consumer, port)] = graph.consumers(value)[..] else { return None };
        match &graph[consumer].kind {
            NodeKind::Sink(_) => {
                let units = objects(graph, consumer, port).map(|objects| ChunkGrid::regular(&objects));
                let tasks = Tasks::new(graph, value, units.as_ref(), settings);
                let kernel = access::cone(graph, &[value]).joined.kernel;
                let taken = whole::taken(&kernel, &whole::first(&tasks.grid, &graph[value].ty.shape()));
                let fits = taken <= whole::LARGEST && taken.saturating_mul(4) <= settings.memory;
                return (units.is_none() || fits).then_some(tasks);
            }
            NodeKind::Apply(kernel) if kernel.steps.iter().all(|step| is_elementwise(&step.call.pattern)) => {
                value = consumer;
            }
            NodeKind::Apply(_) | NodeKind::Rechunk => return None,
            NodeKind::Source(_) | NodeKind::Constant(_) | NodeKind::Placeholder => return None,
        }
    }
}

fn is_elementwise(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::Elementwise(_))
}

/// Puts a cut after a call, which gets tasks of its own.
fn finished(graph: &mut Graph, id: NodeId, settings: &Settings, notes: &mut Notes) -> Tasks {
    let tasks = Tasks::new(graph, id, None, settings);
    let consumers = graph.consumers(id);
    let cut = graph.rechunk(id, &tasks.grid.chunk_shape(), graph[id].span);
    graph.node_mut(cut).name = graph[id].name.clone();
    for (consumer, _) in consumers {
        let inputs: Vec<NodeId> =
            graph.inputs(consumer).into_iter().map(|input| if input == id { cut } else { input }).collect();
        graph.set_inputs(consumer, &inputs);
    }
    let text = format!("`{}` is finished before others use it: they take it in other pieces", called(graph, id));
    notes.add("whole_axes", Some(id), text);
    tasks
}

/// Puts a cut before a call, where its tasks would read chunks over and over.
fn gather(graph: &mut Graph, id: NodeId, tasks: &Tasks, (settings, notes): (&Settings, &mut Notes)) {
    let mut cone = access::cone(graph, &[tasks.value]);
    let shape = graph[tasks.value].ty.shape();
    cone.split(&shape, &tasks.grid);
    let reads = access::reads(&cone, &shape, &tasks.grid);
    let Some(worst) = reads.iter().max_by(|a, b| a.amplification.total_cmp(&b.amplification)) else { return };
    let band = tasks::bytes_text(worst.band);
    // Half of the budget is for the tasks.
    let cost = access::one_pass_cost(&reads, settings.memory / 2);
    if cost <= access::WORTH_A_CUT {
        if worst.amplification > access::WORTH_A_CUT {
            let text = format!("`{}` needs whole axes, for which {band} of chunks stay decoded", called(graph, id));
            notes.add("whole_axes", Some(id), text);
        }
        return;
    }
    let input = graph.inputs(id)[0];
    let pieces = taken_by_first(graph, id, tasks).shape;
    let cut = graph.rechunk(input, &pieces, graph[id].span);
    graph.node_mut(cut).name = graph[input].name.clone();
    let text = format!(
        "`{}` needs whole axes and would read {} {:.0} times over (keeping its chunks would take {band}): in pieces of {} \
         through scratch instead",
        called(graph, id),
        worst.name,
        worst.amplification,
        ChunkGrid::regular(&pieces),
    );
    let mut inputs = graph.inputs(id).to_vec();
    inputs[0] = cut;
    graph.set_inputs(id, &inputs);
    notes.add("whole_axes", Some(id), text);
}

/// What the first of the tasks needs of a call's input. Between the call and what tasks are of there are only
/// elementwise calls, so both have the same regions.
fn taken_by_first(graph: &Graph, id: NodeId, tasks: &Tasks) -> Region {
    let NodeKind::Apply(kernel) = &graph[id].kind else { unreachable!("a call that needs whole axes") };
    let region = whole::first(&tasks.grid, &graph[id].ty.shape());
    let regions = kernel.required(&[(kernel.outputs[0], region)]);
    regions.inputs[0].clone().expect("a call needs its input")
}

fn called(graph: &Graph, id: NodeId) -> String {
    match &graph[id].kind {
        NodeKind::Apply(kernel) => kernel.to_string(),
        _ => unreachable!("a call that needs whole axes"),
    }
}
