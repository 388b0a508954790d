//! Selections of elements that lie far apart: each part is read by itself.
//!
//! What a gather needs of its input is the hull of its positions. Where chunks lie in between of which nothing is
//! taken, the gather becomes several, one for each chunk of points or run of neighbouring chunks, that are
//! joined and put in order. So only chunks are read that hold what is selected, as far as a kernel may grow for it: with
//! more parts than that, neighbouring ones are taken together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Notes;
use crate::array::{ArrayType, AxisChunks};
use crate::operators::{Call, IndexMap, Pattern, TypeError, Units};
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::settings::Settings;
use crate::planner::tasks;

/// A hull of fewer bytes is read as it is.
const SMALLEST: u64 = 1 << 20;

/// The most parts of one selection.
const MOST: usize = 256;

/// Parts the gathers whose positions lie far apart.
pub fn select_apart(graph: &mut Graph, _: &Settings, notes: &mut Notes) {
    for id in graph.topological() {
        let Some((call, map)) = gather(graph, id) else { continue };
        let input = graph.inputs(id)[0];
        let parts = parts(&map, &graph[input].ty);
        if parts.len() < 2 {
            continue;
        }
        let count = parts.len();
        if let Ok(joined) = join(graph, (id, input), (&call, &map), parts) {
            notes.add("select_apart", Some(joined), format!("`{}` is read in {count} parts", call.name));
        }
    }
}

fn gather(graph: &Graph, id: NodeId) -> Option<(Arc<Call>, IndexMap)> {
    let NodeKind::Apply(kernel) = &graph[id].kind else { return None };
    let [step] = kernel.steps.as_slice() else { return None };
    match &step.call.pattern {
        Pattern::Injective(map @ (IndexMap::Take { .. } | IndexMap::Points { .. })) => {
            Some((step.call.clone(), map.clone()))
        }
        _ => None,
    }
}

/// The axes along which a gather has positions, and these.
fn positions(map: &IndexMap) -> Vec<(usize, &Arc<[u64]>)> {
    match map {
        IndexMap::Take { axis, positions, .. } => vec![(*axis, positions)],
        IndexMap::Points { axes, positions, .. } => axes.iter().copied().zip(positions).collect(),
        _ => Vec::new(),
    }
}

/// Which of the selected elements are read together; one part where nothing lies between them.
fn parts(map: &IndexMap, ty: &ArrayType) -> Vec<Vec<usize>> {
    let along = positions(map);
    let count = along.first().map_or(0, |(_, positions)| positions.len());
    let hull = along.iter().fold(ty.bytes(), |bytes, (axis, positions)| {
        let (low, high) = (positions.iter().min().unwrap_or(&0), positions.iter().max().unwrap_or(&0));
        (bytes / ty.dims[*axis].size.max(1)).saturating_mul(high - low + 1)
    });
    if count < 2 || hull <= SMALLEST {
        return Vec::new();
    }
    let natural = tasks::natural(ty);
    let mut chunks: Vec<AxisChunks> = along.iter().map(|(axis, _)| natural[*axis]).collect();
    loop {
        let runs: Vec<BTreeMap<u64, u64>> =
            along.iter().zip(&chunks).map(|((_, at), chunks)| runs(at, *chunks, along.len() == 1)).collect();
        let mut parts: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
        for i in 0..count {
            let place = along.iter().zip(&chunks).zip(&runs);
            let key = place.map(|(((_, at), chunks), runs)| runs[&chunks.index(at[i])]).collect();
            parts.entry(key).or_default().push(i);
        }
        if parts.len() <= MOST {
            return parts.into_values().collect();
        }
        let widest = (0..chunks.len()).max_by_key(|axis| runs[*axis].len()).unwrap_or(0);
        chunks[widest].size = chunks[widest].size.saturating_mul(2);
    }
}

/// For each chunk in which positions lie the part it belongs to: itself, or the first of the chunks beside it.
fn runs(positions: &[u64], chunks: AxisChunks, joined: bool) -> BTreeMap<u64, u64> {
    let touched: BTreeSet<u64> = positions.iter().map(|position| chunks.index(*position)).collect();
    let mut runs = BTreeMap::new();
    let mut first = 0;
    for &chunk in &touched {
        let follows = joined && chunk > 0 && runs.contains_key(&(chunk - 1));
        first = if follows { first } else { chunk };
        runs.insert(chunk, first);
    }
    runs
}

/// The same gather of some of the elements.
fn part_of(call: &Call, map: &IndexMap, part: &[usize], number: usize) -> Call {
    let some = |positions: &Arc<[u64]>| part.iter().map(|i| positions[*i]).collect::<Arc<[u64]>>();
    let map = match map {
        IndexMap::Take { axis, positions, dim, coord } => IndexMap::Take {
            axis: *axis,
            positions: some(positions),
            dim: dim.clone(),
            coord: coord.as_ref().map(|coord| Arc::new(coord.take(part))),
        },
        IndexMap::Points { axes, positions, dim } => {
            IndexMap::Points { axes: axes.clone(), positions: positions.iter().map(some).collect(), dim: dim.clone() }
        }
        other => other.clone(),
    };
    Call { text: format!("{}, part {number}", call.text), pattern: Pattern::Injective(map), ..call.clone() }
}

/// Replaces a gather by those of its parts.
fn join(
    graph: &mut Graph,
    (id, input): (NodeId, NodeId),
    (call, map): (&Call, &IndexMap),
    parts: Vec<Vec<usize>>,
) -> Result<NodeId, TypeError> {
    let (span, ty) = (graph[id].span, graph[id].ty.clone());
    let axis = positions(map)[0].0;
    let order: Vec<usize> = parts.iter().flatten().copied().collect();
    let mut made = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        made.push(graph.apply(part_of(call, map, part, number), &[input], span)?);
    }
    let moved =
        |name, text: &str, pattern| Call { name, text: text.to_owned(), pattern, dtype: ty.dtype, units: Units::Kept };
    let dim = ty.dims[axis].name.as_str();
    let mut joined = graph.apply(moved("concat", dim, Pattern::Concat { axis }), &made, span)?;
    if !order.is_sorted() {
        let mut places = vec![0u64; order.len()];
        order.iter().enumerate().for_each(|(place, i)| places[*i] = place as u64);
        let text = format!("{dim}: as `{}` has them", call.text);
        let take = IndexMap::Take { axis, positions: places.into(), dim: None, coord: None };
        joined = graph.apply(moved("take", &text, Pattern::Injective(take)), &[joined], span)?;
    }
    let name = graph[id].name.clone();
    let node = graph.node_mut(joined);
    node.name = name;
    node.ty = ty;
    graph.replace(id, joined);
    graph.remove(id);
    Ok(joined)
}
