//! Scans: where tasks could not hand on what they carry, the value is finished first.
//!
//! Within a stage a task takes over the carry of the task before it along the scanned axis. So it must
//! need exactly its own region of the scan, and tasks must come in the order in which the scan goes. That
//! holds where elementwise calls, other scans, reductions and sinks take the value. It does not
//! - where a call takes another region than the one it gives (a slice, a window, a stencil, a join, a broadcast),
//! - where a scan that goes backwards along an axis meets a scan or a reduction that goes forwards there.
//!
//! Such a call gets a cut before it: what it takes is finished in a stage of its own, in memory where it is
//! small. The cut is as late as it can be, after the elementwise calls that follow the scan. What waits for a cut
//! anyway takes from there too what else it needs of the value (`c - shift(c, t: 1)`), and computes nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use super::Notes;
use crate::operators::{IndexMap, Pattern};
use crate::planner::access;
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::kernel::Step;
use crate::planner::settings::Settings;
use crate::planner::tasks;

/// The axes along which a value is scanned in the stage that computes it, and whether backwards.
type Ways = BTreeMap<usize, bool>;

/// Cuts the graph where a scan must be finished before it is used.
pub fn finish_scans(graph: &mut Graph, _: &Settings, notes: &mut Notes) {
    let (mut ways, mut cuts): (BTreeMap<NodeId, Ways>, BTreeMap<NodeId, NodeId>) = Default::default();
    let mut later: BTreeSet<NodeId> = BTreeSet::new();
    for id in graph.topological() {
        let NodeKind::Apply(kernel) = &graph[id].kind else { continue };
        let [step] = kernel.steps.as_slice() else { continue };
        let (aligned, mut own) = (is_aligned(step), goes(step));
        let mut inputs = graph.inputs(id);
        let waits = inputs.iter().any(|input| later.contains(input));
        for input in &mut inputs {
            if let Some(finished) = cuts.get(input).filter(|_| waits) {
                *input = *finished;
                continue;
            }
            let theirs = ways.get(input).cloned().unwrap_or_default();
            let Some(reason) = refusal(aligned, &own, &theirs) else {
                own.extend(theirs);
                continue;
            };
            let whole = *input;
            *input = *cuts.entry(whole).or_insert_with(|| cut(graph, whole));
            later.insert(*input);
            let text =
                format!("{} is finished before {} uses it: {reason}", graph.described(whole), graph.described(id));
            notes.add("finish_scans", Some(whole), text);
        }
        if inputs.iter().any(|input| later.contains(input)) {
            later.insert(id);
        }
        if graph.inputs(id) != inputs {
            graph.set_inputs(id, &inputs);
        }
        if aligned && !access::is_barrier(graph, id) {
            ways.insert(id, own);
        }
    }
}

/// Why a call cannot take a value that is scanned in these ways in the same stage, if it cannot.
fn refusal(aligned: bool, own: &Ways, theirs: &Ways) -> Option<&'static str> {
    if theirs.is_empty() {
        return None;
    }
    if !aligned {
        return Some("tasks need other regions of it than their own");
    }
    let opposed = theirs.iter().any(|(axis, backwards)| own.get(axis).is_some_and(|other| other != backwards));
    opposed.then_some("one goes forwards along an axis and the other backwards")
}

/// Whether a call needs of its inputs the region that it gives, or reduces it.
fn is_aligned(step: &Step) -> bool {
    match &step.call.pattern {
        Pattern::Elementwise(_) | Pattern::Scan(_) | Pattern::Reduction(_) | Pattern::Contraction(_) => true,
        Pattern::Injective(map) => matches!(map, IndexMap::Relabel(_)),
        Pattern::Concat { .. } | Pattern::Window(_) | Pattern::Stencil(_) | Pattern::Whole(_) => false,
    }
}

/// The axes along which a call itself must go, and whether backwards.
fn goes(step: &Step) -> Ways {
    match &step.call.pattern {
        Pattern::Scan(scan) => Ways::from([(scan.axis, scan.reverse)]),
        Pattern::Reduction(reduction) => reduction.open_axes().into_iter().map(|axis| (axis, false)).collect(),
        Pattern::Contraction(product) => product.reduction.axes.iter().map(|axis| (*axis, false)).collect(),
        Pattern::Elementwise(_) | Pattern::Injective(_) | Pattern::Concat { .. } => Ways::new(),
        Pattern::Window(_) | Pattern::Stencil(_) | Pattern::Whole(_) => Ways::new(),
    }
}

fn cut(graph: &mut Graph, value: NodeId) -> NodeId {
    let (pieces, span) = (tasks::grid(&graph[value].ty, None).chunk_shape(), graph[value].span);
    let cut = graph.rechunk(value, &pieces, span);
    graph.node_mut(cut).name = graph[value].name.clone();
    cut
}
