//! Fusion: a call and the calls that feed only it become one kernel.
//!
//! A *group* is what becomes one kernel: a call whose value leaves the group, and every call all of whose consumers
//! are in the group. Groups are found from the sinks towards the sources, and each kernel is built once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Notes;
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::kernel::{Kernel, Slot, Step};
use crate::planner::settings::Settings;

/// Joins each call with those that feed only it.
///
/// The ladder of refusals, each noted: the producer ends in a reduction, whose result must be whole
/// before it is used; the producer has several consumers, which share its value through the stage.
pub fn fuse(graph: &mut Graph, _: &Settings, notes: &mut Notes) {
    let consumers = consumers(graph);
    let mut groups: Vec<Vec<NodeId>> = Vec::new();
    let mut joined: BTreeSet<NodeId> = BTreeSet::new();
    for id in graph.topological().into_iter().rev() {
        if matches!(graph[id].kind, NodeKind::Apply(_)) && !joined.contains(&id) {
            let group = group(graph, id, &consumers);
            joined.extend(&group);
            groups.push(group);
        }
    }
    for group in groups.iter().rev() {
        join(graph, group);
    }
    let consumers = self::consumers(graph);
    for group in groups.iter().rev() {
        let [.., last] = group.as_slice() else { continue };
        for producer in graph.inputs(*last) {
            if let Some(reason) = refusal(graph, producer, *last, consumers[&producer]) {
                notes.add("fuse", Some(*last), reason);
            }
        }
    }
}

/// Per value how many nodes use it.
fn consumers(graph: &Graph) -> BTreeMap<NodeId, usize> {
    let mut consumers = BTreeMap::new();
    for id in graph.ids() {
        used(graph, id).into_iter().for_each(|producer| *consumers.entry(producer).or_insert(0) += 1);
    }
    consumers
}

/// The values a node uses, each once.
fn used(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let mut seen = BTreeSet::new();
    graph.inputs(id).into_iter().filter(|input| seen.insert(*input)).collect()
}

/// The calls that become one kernel with `last`, each before those that use it; of those that feed a call, the ones
/// that feed its first input come last.
fn group(graph: &Graph, last: NodeId, consumers: &BTreeMap<NodeId, usize>) -> Vec<NodeId> {
    let mut group = Vec::new();
    let mut left: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut waiting = vec![last];
    while let Some(id) = waiting.pop() {
        group.push(id);
        for producer in used(graph, id).into_iter().rev().filter(|&producer| may_join(graph, producer)) {
            let left = left.entry(producer).or_insert(consumers[&producer]);
            *left -= 1;
            if *left == 0 {
                waiting.push(producer);
            }
        }
    }
    group.reverse();
    group
}

fn may_join(graph: &Graph, producer: NodeId) -> bool {
    match &graph[producer].kind {
        NodeKind::Apply(kernel) => !reduces(kernel),
        NodeKind::Source(_) | NodeKind::Constant(_) | NodeKind::Placeholder => false,
        NodeKind::Rechunk | NodeKind::Sink(_) => false,
    }
}

fn reduces(kernel: &Kernel) -> bool {
    kernel.last().is_some_and(|step| step.call.pattern.reduction().is_some())
}

/// Why `producer` did not join its consumer; none where there is nothing to join.
fn refusal(graph: &Graph, producer: NodeId, consumer: NodeId, consumers: usize) -> Option<String> {
    let NodeKind::Apply(kernel) = &graph[producer].kind else { return None };
    if reduces(kernel) {
        return Some(format!(
            "{} must be whole before {} uses it",
            graph.described(producer),
            graph.described(consumer)
        ));
    }
    Some(format!("{} has {consumers} consumers", graph.described(producer)))
}

/// Puts the steps of a group into its last call and takes the others out.
fn join(graph: &mut Graph, group: &[NodeId]) {
    let [others @ .., last] = group else { return };
    if others.is_empty() {
        return;
    }
    let mut joined = Joined::default();
    let mut values: BTreeMap<NodeId, Slot> = BTreeMap::new();
    for &id in group {
        let NodeKind::Apply(kernel) = &graph[id].kind else { continue };
        let inputs = graph.inputs(id).into_iter().zip(&kernel.inputs);
        let slots: Vec<Slot> =
            inputs.map(|(input, ty)| values.get(&input).copied().unwrap_or_else(|| joined.input(input, ty))).collect();
        values.insert(id, joined.append(kernel, &slots));
    }
    joined.kernel.outputs = vec![values[last]];
    let Joined { kernel, inputs } = joined;
    graph.set_inputs(*last, &inputs);
    graph.node_mut(*last).kind = NodeKind::Apply(kernel);
    others.iter().rev().for_each(|id| graph.remove(*id));
}

/// A kernel under construction whose inputs are values of the graph.
#[derive(Clone, Default)]
pub struct Joined {
    /// The kernel so far.
    pub kernel: Kernel,
    /// Who feeds each input.
    pub inputs: Vec<NodeId>,
}

impl Joined {
    /// The input that takes the value of `id`.
    pub fn input(&mut self, id: NodeId, ty: &Arc<crate::array::ArrayType>) -> Slot {
        let at = self.inputs.iter().position(|i| *i == id).unwrap_or_else(|| {
            self.inputs.push(id);
            self.kernel.inputs.push(ty.clone());
            self.inputs.len() - 1
        });
        Slot::Input(at)
    }

    /// Appends the steps of `kernel`, whose inputs are `slots`; gives its output's slot.
    pub fn append(&mut self, kernel: &Kernel, slots: &[Slot]) -> Slot {
        let offset = self.kernel.steps.len();
        let moved = |slot: &Slot| match slot {
            Slot::Input(i) => slots[*i],
            Slot::Step(i) => Slot::Step(offset + i),
        };
        for step in &kernel.steps {
            self.kernel.steps.push(Step { args: step.args.iter().map(moved).collect(), ..step.clone() });
        }
        moved(&kernel.outputs[0])
    }
}
