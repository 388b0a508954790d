//! What the drawings share: boxes and arrows.

use std::collections::BTreeMap;

use super::super::graph::{Graph, NodeId, NodeKind, Sink};
use super::super::plan::{AnswerKind, EndKind, Input, Place, Plan, Stage};
use super::super::print;
use super::super::tasks::bytes_text;
use super::{View, text};
use crate::array::ArrayType;

/// Boxes, and arrows from producers to consumers; a producer has the smaller number.
#[derive(Clone, Debug)]
pub struct Diagram {
    /// What is drawn.
    pub title: &'static str,
    /// The boxes.
    pub items: Vec<Item>,
    /// The arrows, ascending, each once.
    pub edges: Vec<(usize, usize)>,
}

/// A box.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it stands for.
    pub kind: ItemKind,
    /// Its lines: the name if there is one, the calls, the type.
    pub lines: Vec<String>,
    /// More lines, for a tooltip.
    pub details: Vec<String>,
}

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// A stored array.
    Source,
    /// Values in the plan.
    Constant,
    /// A kernel.
    Apply,
    /// A change of chunks.
    Rechunk,
    /// A target, print or assert.
    Sink,
    /// A stage of the plan.
    Stage,
    /// A result kept between stages.
    Result,
}

impl ItemKind {
    /// All kinds.
    pub const ALL: [ItemKind; 7] = [
        ItemKind::Source,
        ItemKind::Constant,
        ItemKind::Apply,
        ItemKind::Rechunk,
        ItemKind::Sink,
        ItemKind::Stage,
        ItemKind::Result,
    ];

    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            ItemKind::Source => "source",
            ItemKind::Constant => "constant",
            ItemKind::Apply => "apply",
            ItemKind::Rechunk => "rechunk",
            ItemKind::Sink => "sink",
            ItemKind::Stage => "stage",
            ItemKind::Result => "result",
        }
    }

    /// The colour of its boxes, light enough for black text.
    pub fn colour(self) -> &'static str {
        match self {
            ItemKind::Source => "#cfe3f7",
            ItemKind::Constant => "#ececec",
            ItemKind::Apply => "#fdf3d0",
            ItemKind::Rechunk => "#f6d5cf",
            ItemKind::Sink => "#d5ecd1",
            ItemKind::Stage => "#fdf3d0",
            ItemKind::Result => "#e5daf1",
        }
    }
}

impl Diagram {
    /// The boxes and arrows of a view.
    pub fn new(view: &View) -> Diagram {
        let (items, mut edges) = match view {
            View::Graph(_, graph) => of_graph(graph),
            View::Plan(plan) => of_plan(plan),
        };
        edges.sort_unstable();
        edges.dedup();
        Diagram { title: view.title(), items, edges }
    }
}

type Parts = (Vec<Item>, Vec<(usize, usize)>);

fn of_graph(graph: &Graph) -> Parts {
    let order = graph.topological();
    let numbers: BTreeMap<NodeId, usize> = order.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let (mut items, mut edges) = (Vec::new(), Vec::new());
    for id in order {
        let node = &graph[id];
        edges.extend(graph.inputs(id).iter().map(|input| (numbers[input], numbers[&id])));
        let (kind, sink) = match &node.kind {
            NodeKind::Source(_) => (ItemKind::Source, false),
            NodeKind::Constant(_) | NodeKind::Placeholder => (ItemKind::Constant, false),
            NodeKind::Apply(_) => (ItemKind::Apply, false),
            NodeKind::Rechunk => (ItemKind::Rechunk, false),
            NodeKind::Sink(_) => (ItemKind::Sink, true),
        };
        let mut lines: Vec<String> = node.name.iter().cloned().collect();
        lines.push(print::kind(&node.kind));
        let mut details = vec![format!("%{}", numbers[&id])];
        match &node.kind {
            NodeKind::Sink(Sink::Write(write)) => details.extend(write.variables.iter().map(|v| v.path.clone())),
            _ if sink => {}
            _ => {
                lines.push(node.ty.to_string());
                details.push(bytes_text(node.ty.bytes()));
            }
        }
        items.push(Item { kind, lines, details });
    }
    (items, edges)
}

/// The boxes of a plan: what is read, then stages and what they keep, then what is written and answered.
#[derive(Default)]
struct Builder {
    items: Vec<Item>,
    edges: Vec<(usize, usize)>,
    sources: BTreeMap<(String, String), usize>,
    results: BTreeMap<usize, usize>,
}

impl Builder {
    fn item(&mut self, kind: ItemKind, lines: Vec<String>, details: Vec<String>) -> usize {
        self.items.push(Item { kind, lines, details });
        self.items.len() - 1
    }

    fn sources(&mut self, stage: &Stage) {
        for (input, ty) in stage.inputs.iter().zip(&stage.kernel.inputs) {
            let Input::Source(source) = input else { continue };
            let key = (source.location.url.clone(), source.path.clone());
            if !self.sources.contains_key(&key) {
                let lines = vec![format!("{} {}", key.0, key.1), ty.to_string()];
                let item = self.item(ItemKind::Source, lines, vec![bytes_text(ty.bytes())]);
                self.sources.insert(key, item);
            }
        }
    }

    fn feed(&mut self, input: &Input, into: usize) {
        let from = match input {
            Input::Source(source) => self.sources.get(&(source.location.url.clone(), source.path.clone())),
            Input::Kept(result) => self.results.get(result),
            Input::Constant(_) => None,
        };
        self.edges.extend(from.map(|from| (*from, into)));
    }

    fn stage(&mut self, plan: &Plan, number: usize) -> usize {
        let stage = &plan.stages[number];
        let names: Vec<&str> = stage.ends.iter().map(|end| end.name.as_str()).collect();
        let mut lines = vec![format!("stage {number}: {}", names.join(", "))];
        if !stage.kernel.steps.is_empty() {
            lines.push(stage.kernel.to_string());
        }
        lines.push(text::tasks(stage));
        let item = self.item(ItemKind::Stage, lines, vec![text::traffic(&stage.cost), text::memory(&stage.cost)]);
        stage.inputs.iter().for_each(|input| self.feed(input, item));
        for result in stage.ends.iter().filter_map(|end| super::result(&end.kind)) {
            let kept = &plan.results[result];
            let place = match kept.place {
                Place::Memory => "in memory",
                Place::Scratch(_) => "in scratch",
            };
            let lines = vec![kept.name.clone(), kept.ty.to_string(), place.to_owned()];
            let box_of_result = self.item(ItemKind::Result, lines, vec![bytes_text(kept.ty.bytes())]);
            self.results.insert(result, box_of_result);
            self.edges.push((item, box_of_result));
        }
        item
    }
}

fn of_plan(plan: &Plan) -> Parts {
    let mut builder = Builder::default();
    plan.stages.iter().for_each(|stage| builder.sources(stage));
    let stages: Vec<usize> = (0..plan.stages.len()).map(|number| builder.stage(plan, number)).collect();
    for (number, target) in plan.targets.iter().enumerate() {
        let writes = |stage: &Stage| {
            stage.ends.iter().any(|e| matches!(e.kind, EndKind::Write { target, .. } if target == number))
        };
        let writers: Vec<usize> =
            stages.iter().zip(&plan.stages).filter(|(_, s)| writes(s)).map(|(item, _)| *item).collect();
        if writers.is_empty() {
            continue;
        }
        let location = &target.write.location;
        let variable =
            |(v, ty): (&super::super::graph::Variable, &std::sync::Arc<ArrayType>)| format!("{} : {ty}", v.path);
        let details = target.write.variables.iter().zip(&target.types).map(variable).collect();
        let item = builder.item(ItemKind::Sink, vec![format!("write {} {}", location.format, location.url)], details);
        builder.edges.extend(writers.into_iter().map(|writer| (writer, item)));
    }
    for answer in &plan.answers {
        let line = match &answer.kind {
            AnswerKind::Print { label, .. } => format!("print {label}"),
            AnswerKind::Assert { condition, .. } => format!("assert {condition}"),
        };
        let item = builder.item(ItemKind::Sink, vec![line, answer.ty.to_string()], Vec::new());
        builder.feed(&answer.value, item);
    }
    (builder.items, builder.edges)
}
