//! The views as JSON, for tools: keys in a fixed order, sizes in elements and bytes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::graph::{Graph, NodeId, NodeKind, Sink};
use super::super::kernel::{Slot, Step};
use super::super::passes::Notes;
use super::super::persist::{Found, Persisted};
use super::super::plan::{Answer, AnswerKind, End, EndKind, Input, Kept, Place, Plan, Stage};
use super::super::print;
use super::{View, text};
use crate::array::ArrayType;

/// One object: a member for each view by its title, and `notes` where they are given.
pub fn render(views: &[View], notes: Option<&Notes>) -> String {
    let mut all = serde_json::Map::new();
    for view in views {
        let value = match view {
            View::Graph(_, graph) => self::graph(graph),
            View::Plan(plan) => self::plan(plan),
        };
        all.insert(view.title().to_owned(), value);
    }
    if let Some(notes) = notes {
        let notes = notes.iter().map(|note| json!({ "by": note.by, "text": note.text }));
        all.insert("notes".to_owned(), notes.collect());
    }
    format!("{:#}\n", Value::Object(all))
}

fn graph(graph: &Graph) -> Value {
    let order = graph.topological();
    let numbers: BTreeMap<NodeId, usize> = order.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let node = |id: &NodeId| {
        let node = &graph[*id];
        let inputs: Vec<usize> = graph.inputs(*id).iter().map(|i| numbers[i]).collect();
        let calls: Vec<String> = match &node.kind {
            NodeKind::Apply(kernel) => kernel.steps.iter().map(|s| s.call.to_string()).collect(),
            _ => Vec::new(),
        };
        json!({
            "id": numbers[id],
            "kind": kind(&node.kind),
            "name": node.name,
            "text": print::kind(&node.kind),
            "calls": calls,
            "inputs": inputs,
            "type": ty(&node.ty),
        })
    };
    json!({ "nodes": order.iter().map(node).collect::<Vec<_>>() })
}

fn kind(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::Source(_) => "source",
        NodeKind::Constant(_) => "constant",
        NodeKind::Placeholder => "placeholder",
        NodeKind::Apply(_) => "apply",
        NodeKind::Rechunk => "rechunk",
        NodeKind::Sink(Sink::Write(_)) => "write",
        NodeKind::Sink(Sink::Print { .. }) => "print",
        NodeKind::Sink(Sink::Assert { .. }) => "assert",
    }
}

fn ty(ty: &ArrayType) -> Value {
    let dims: Vec<Value> = ty.dims.iter().map(|d| json!({ "name": d.name.as_str(), "size": d.size })).collect();
    json!({
        "dtype": ty.dtype.to_string(),
        "dims": dims,
        "chunks": ty.chunks.chunk_shape(),
        "bytes": ty.bytes(),
    })
}

fn plan(plan: &Plan) -> Value {
    let targets = plan.targets.iter().map(|target| {
        let variables = target.write.variables.iter().zip(&target.types);
        json!({
            "format": target.write.location.format,
            "url": target.write.location.url,
            "variables": variables.map(|(v, t)| json!({ "path": v.path, "type": ty(t) })).collect::<Vec<_>>(),
        })
    });
    json!({
        "memory": plan.memory,
        "threads": plan.threads,
        "peak": text::peak(plan),
        "stages": plan.stages.iter().map(stage).collect::<Vec<_>>(),
        "results": plan.results.iter().map(kept).collect::<Vec<_>>(),
        "targets": targets.collect::<Vec<_>>(),
        "answers": plan.answers.iter().map(|a| answer(plan, a)).collect::<Vec<_>>(),
        "persisted": plan.persisted.iter().map(persisted).collect::<Vec<_>>(),
    })
}

fn persisted(persisted: &Persisted) -> Value {
    let (hit, why) = match &persisted.found {
        Found::Hit => (true, None),
        Found::Miss(why) => (false, Some(why)),
    };
    json!({
        "name": persisted.name,
        "workflow": persisted.workflow,
        "storage": persisted.root,
        "kind": persisted.manifest.kind,
        "format": persisted.manifest.format,
        "key": persisted.manifest.key,
        "hit": hit,
        "why": why,
    })
}

fn kept(kept: &Kept) -> Value {
    let (place, pieces) = match &kept.place {
        Place::Memory => ("memory", None),
        Place::Scratch(pieces) => ("scratch", Some(pieces)),
    };
    json!({ "name": kept.name, "type": ty(&kept.ty), "place": place, "pieces": pieces })
}

fn stage(stage: &Stage) -> Value {
    let inputs = stage.inputs.iter().zip(&stage.kernel.inputs).map(|(i, t)| input(i, t));
    let cost = &stage.cost;
    json!({
        "shape": stage.shape,
        "task_shape": stage.grid.chunk_shape(),
        "order": stage.order,
        "backwards": stage.backwards,
        "inputs": inputs.collect::<Vec<_>>(),
        "steps": stage.kernel.steps.iter().map(step).collect::<Vec<_>>(),
        "ends": stage.ends.iter().map(end).collect::<Vec<_>>(),
        "cost": {
            "tasks": cost.tasks,
            "read": cost.read,
            "amplification": cost.amplification,
            "written": cost.written,
            "task": cost.task,
            "concurrent": cost.concurrent,
            "held": cost.held,
            "cache": cost.cache,
            "peak": cost.peak,
        },
    })
}

fn input(input: &Input, of: &ArrayType) -> Value {
    match input {
        Input::Source(source) => {
            json!({ "source": { "url": source.location.url, "path": source.path }, "type": ty(of) })
        }
        Input::Constant(constant) => json!({ "constant": print::constant(constant), "type": ty(of) }),
        Input::Kept(result) => json!({ "result": result, "type": ty(of) }),
    }
}

fn slot(slot: Slot) -> Value {
    match slot {
        Slot::Input(i) => json!({ "input": i }),
        Slot::Step(i) => json!({ "step": i }),
    }
}

fn step(step: &Step) -> Value {
    let args: Vec<Value> = step.args.iter().map(|a| slot(*a)).collect();
    json!({ "call": step.call.to_string(), "args": args, "type": ty(&step.ty) })
}

fn end(end: &End) -> Value {
    let name = &end.name;
    let value = slot(end.slot);
    match &end.kind {
        EndKind::Write { target, variable } => {
            json!({ "kind": "write", "name": name, "value": value, "target": target, "variable": variable })
        }
        EndKind::Keep(into) => json!({ "kind": "keep", "name": name, "value": value, "result": into }),
        EndKind::Reduce { step, weights, into, .. } => json!({
            "kind": "reduce",
            "name": name,
            "value": value,
            "weights": weights.map(slot),
            "call": step.call.to_string(),
            "result": into,
        }),
    }
}

fn answer(plan: &Plan, answer: &Answer) -> Value {
    let (kind, said) = match &answer.kind {
        AnswerKind::Print { label, .. } => ("print", label),
        AnswerKind::Assert { condition, .. } => ("assert", condition),
    };
    json!({ "kind": kind, "text": said, "value": text::input(plan, &answer.value), "type": ty(&answer.ty) })
}
