//! Fusion: a call and the calls that feed only it become one kernel.

use std::sync::Arc;

use super::Notes;
use crate::operators::Pattern;
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::kernel::{Kernel, Slot, Step};
use crate::planner::settings::Settings;

/// Concatenates kernels along edges whose producer has no other consumer.
///
/// The ladder of refusals, each noted: the producer ends in a reduction, whose result must be whole
/// before it is used; the producer has several consumers, which share its value through the stage.
pub fn fuse(graph: &mut Graph, _: &Settings, notes: &mut Notes) {
    for id in graph.topological() {
        if !matches!(graph[id].kind, NodeKind::Apply(_)) {
            continue;
        }
        let mut port = 0;
        while let Some(&producer) = graph.inputs(id).get(port) {
            match refusal(graph, producer, id) {
                None => absorb(graph, producer, id),
                Some(reason) => {
                    if let Some(text) = reason {
                        notes.add("fuse", Some(id), text);
                    }
                    port += 1;
                }
            }
        }
    }
}

/// Why `producer` cannot join its consumer: none when it can, silence where there is nothing to join.
fn refusal(graph: &Graph, producer: NodeId, consumer: NodeId) -> Option<Option<String>> {
    let NodeKind::Apply(kernel) = &graph[producer].kind else { return Some(None) };
    let name = |id: NodeId| graph[id].name.clone().unwrap_or_else(|| format!("node {}", id.index()));
    if kernel.last().is_some_and(|s| matches!(s.call.pattern, Pattern::Reduction(_))) {
        return Some(Some(format!("{} must be whole before {} uses it", name(producer), name(consumer))));
    }
    let mut consumers: Vec<NodeId> = graph.consumers(producer).into_iter().map(|(c, _)| c).collect();
    consumers.dedup();
    (consumers.len() > 1).then(|| Some(format!("{} has {} consumers", name(producer), consumers.len())))
}

/// Puts the steps of `producer` before those of `consumer` and takes `producer` out.
fn absorb(graph: &mut Graph, producer: NodeId, consumer: NodeId) {
    let (NodeKind::Apply(first), NodeKind::Apply(second)) = (&graph[producer].kind, &graph[consumer].kind) else {
        return;
    };
    let (outer, inner) = (graph.inputs(consumer), graph.inputs(producer));
    let mut joined = Joined::default();
    let produced: Vec<Slot> = inner.iter().zip(&first.inputs).map(|(id, ty)| joined.input(*id, ty)).collect();
    let value = joined.append(first, &produced);
    let taken: Vec<Slot> = (outer.iter().zip(&second.inputs))
        .map(|(id, ty)| if *id == producer { value } else { joined.input(*id, ty) })
        .collect();
    let output = joined.append(second, &taken);
    joined.kernel.outputs = vec![output];
    let Joined { kernel, inputs } = joined;
    graph.set_inputs(consumer, &inputs);
    graph.node_mut(consumer).kind = NodeKind::Apply(kernel);
    graph.remove(producer);
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
