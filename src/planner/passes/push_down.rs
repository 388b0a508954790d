//! Selection before computation: a slice or a lookup moves towards the sources.
//!
//! Within a stage this saves little, since regions are inferred backwards anyway; it pays where a
//! result is kept between stages, because a reduction then reduces only what is asked for, and where
//! a computed value would have to be materialised to be sliced.

use super::Notes;
use super::eliminate_dead::eliminate_dead;
use crate::operators::pattern::Reduction;
use crate::operators::scan::Scan;
use crate::operators::whole::{Into, Whole};
use crate::operators::{Call, IndexMap, Pattern};
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::kernel::Step;
use crate::planner::settings::Settings;

/// Swaps selections with the elementwise calls, scans and reductions that feed them, until none can move.
///
/// A selection stays where its producer has other consumers: moving it would compute the producer
/// twice. It stays above constants too, which cost nothing.
pub fn push_down(graph: &mut Graph, settings: &Settings, notes: &mut Notes) {
    let mut waiting = graph.topological();
    while let Some(id) = waiting.pop() {
        if graph.contains(id) && selection(graph, id).is_some() {
            waiting.extend(push(graph, id, notes));
        }
    }
    eliminate_dead(graph, settings, notes);
}

fn step(graph: &Graph, id: NodeId) -> Option<&Step> {
    match &graph[id].kind {
        NodeKind::Apply(kernel) => match kernel.steps.as_slice() {
            [step] => Some(step),
            _ => None,
        },
        _ => None,
    }
}

fn selection(graph: &Graph, id: NodeId) -> Option<Call> {
    let call = &step(graph, id)?.call;
    let selects = matches!(
        &call.pattern,
        Pattern::Injective(
            IndexMap::Slice { .. } | IndexMap::Take { dim: None, coord: None, .. } | IndexMap::Points { .. }
        )
    );
    selects.then(|| (**call).clone())
}

/// Moves the selection `id` below its producer; gives the selections that came of it.
fn push(graph: &mut Graph, id: NodeId, notes: &mut Notes) -> Vec<NodeId> {
    let call = selection(graph, id).expect("the caller looked");
    let producer = graph.inputs(id)[0];
    let Some(below) = step(graph, producer).map(|s| (*s.call).clone()) else { return Vec::new() };
    let selections: Vec<Call> = match &below.pattern {
        Pattern::Elementwise(_) => vec![call.clone(); graph.inputs(producer).len()],
        Pattern::Reduction(reduction) => {
            match through_reduction(&call, reduction, &graph[graph.inputs(producer)[0]].ty.shape()) {
                Some(moved) => vec![moved; graph.inputs(producer).len()],
                None => return Vec::new(),
            }
        }
        // A lookup would copy what is repeated along its axis; a slice makes a view.
        Pattern::Contraction(contraction) if matches!(call.pattern, Pattern::Injective(IndexMap::Slice { .. })) => {
            match through_reduction(&call, &contraction.reduction, &graph[graph.inputs(producer)[0]].ty.shape()) {
                Some(moved) => vec![moved; graph.inputs(producer).len()],
                None => return Vec::new(),
            }
        }
        Pattern::Contraction(_) => return Vec::new(),
        Pattern::Whole(whole) => match through_whole(&call, whole, &graph[graph.inputs(producer)[0]].ty.shape()) {
            Some(moved) => vec![moved],
            None => return Vec::new(),
        },
        Pattern::Scan(scan) if passes_by(&call, scan, graph[producer].ty.dims[scan.axis].size) => vec![call.clone()],
        Pattern::Injective(_)
        | Pattern::Concat { .. }
        | Pattern::Window(_)
        | Pattern::Stencil(_)
        | Pattern::Scan(_) => return Vec::new(),
    };
    if graph.consumers(producer).len() > 1 {
        notes.add("push_down", Some(id), format!("`{call}` stays: {} has other consumers", graph.described(producer)));
        return Vec::new();
    }
    let span = graph[id].span;
    let mut inputs = graph.inputs(producer);
    let mut made = Vec::new();
    for (input, selection) in inputs.iter_mut().zip(selections) {
        let selection = Call { dtype: graph[*input].ty.dtype, ..selection };
        match graph.apply(selection, &[*input], span) {
            Ok(new) => {
                made.push(new);
                *input = new;
            }
            Err(_) => return Vec::new(),
        }
    }
    let Ok(moved) = graph.apply(below, &inputs, graph[producer].span) else { return Vec::new() };
    let ty = graph[id].ty.clone();
    let name = graph[id].name.clone();
    if graph[moved].ty.dims != ty.dims {
        return Vec::new();
    }
    graph.node_mut(moved).name = name;
    graph.replace(id, moved);
    graph.remove(id);
    notes.add("push_down", Some(moved), format!("`{call}` now comes before {}", graph.described(moved)));
    made
}

/// Whether a selection leaves the lines of a scan as they are, or takes what of each is swept first; the
/// scanned axis has `size` elements.
fn passes_by(call: &Call, scan: &Scan, size: u64) -> bool {
    match &call.pattern {
        Pattern::Injective(IndexMap::Slice { start, step, shape }) => {
            scan.begins_with((start[scan.axis], step[scan.axis], shape[scan.axis]), size)
        }
        Pattern::Injective(IndexMap::Take { axis, .. }) => *axis != scan.axis,
        _ => false,
    }
}

/// The selection on the input (of `shape`) of a reduction that selects the same results; none where
/// the reduction's axes cannot be told from the selection's, or it selects of what a cell's result spreads over.
fn through_reduction(call: &Call, reduction: &Reduction, shape: &[u64]) -> Option<Call> {
    if reduction.groups.is_some() || reduction.keepdims {
        return None;
    }
    let kept: Vec<usize> = (0..shape.len()).filter(|a| !reduction.axes.contains(a)).collect();
    let spread = reduction.spread.as_ref().map(|spread| spread.dim.size);
    let map = match &call.pattern {
        Pattern::Injective(IndexMap::Slice { start, step, shape: taken }) => {
            let last = kept.len();
            if spread.is_some_and(|size| (start[last], step[last], taken[last]) != (0, 1, size)) {
                return None;
            }
            let mut whole = (vec![0; shape.len()], vec![1; shape.len()], shape.to_vec());
            for (i, &axis) in kept.iter().enumerate() {
                (whole.0[axis], whole.1[axis], whole.2[axis]) = (start[i], step[i], taken[i]);
            }
            IndexMap::Slice { start: whole.0, step: whole.1, shape: whole.2 }
        }
        Pattern::Injective(IndexMap::Take { axis, .. }) if *axis >= kept.len() => return None,
        Pattern::Injective(IndexMap::Take { axis, positions, dim, coord }) => {
            IndexMap::Take { axis: kept[*axis], positions: positions.clone(), dim: dim.clone(), coord: coord.clone() }
        }
        _ => return None,
    };
    Some(Call { text: format!("{} of axes {kept:?}", call.text), pattern: Pattern::Injective(map), ..call.clone() })
}

/// The selection on the input (of `shape`) of a function of whole axes that selects the same results; none where it
/// selects along an axis that is needed whole, or among the results of a line.
fn through_whole(call: &Call, whole: &Whole, shape: &[u64]) -> Option<Call> {
    if matches!(whole.into, Into::Blocks(_)) {
        return None;
    }
    let origin = whole.origin(shape.len());
    let map = match &call.pattern {
        Pattern::Injective(IndexMap::Slice { start, step, shape: taken }) => {
            let mut moved = (vec![0; shape.len()], vec![1; shape.len()], shape.to_vec());
            for (axis, origin) in origin.iter().enumerate() {
                match origin {
                    Some(to) => (moved.0[*to], moved.1[*to], moved.2[*to]) = (start[axis], step[axis], taken[axis]),
                    None if (start[axis], step[axis]) == (0, 1) && whole.gives(axis, shape) == taken[axis] => {}
                    None => return None,
                }
            }
            IndexMap::Slice { start: moved.0, step: moved.1, shape: moved.2 }
        }
        Pattern::Injective(IndexMap::Take { axis, positions, dim, coord }) => IndexMap::Take {
            axis: origin[*axis]?,
            positions: positions.clone(),
            dim: dim.clone(),
            coord: coord.clone(),
        },
        _ => return None,
    };
    Some(Call { text: format!("{} below whole axes", call.text), pattern: Pattern::Injective(map), ..call.clone() })
}
