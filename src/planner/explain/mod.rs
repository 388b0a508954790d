//! Graphs and plans as text for people and tools.
//!
//! A [`View`] is what is shown: a graph or a plan. [`text`] and [`json`] say all of it; [`dot`],
//! [`mermaid`] and [`svg`] draw its [`Diagram`], the boxes and arrows they share. All are pure
//! functions, and equal views give equal bytes.
//!
//! Deliberately absent: reading, writing and colours of a terminal.

pub mod diagram;
pub mod dot;
pub mod json;
pub mod layout;
pub mod mermaid;
pub mod svg;
pub mod text;

use std::collections::BTreeSet;

use regex::Regex;

use super::graph::{Graph, NodeId, NodeKind, Sink};
use super::passes::Notes;
use super::plan::{AnswerKind, EndKind, Input, Plan, Stage};
use super::print;

pub use diagram::Diagram;

/// What is shown.
#[derive(Clone, Debug)]
pub enum View {
    /// A graph under this title.
    Graph(&'static str, Graph),
    /// The plan.
    Plan(Plan),
}

impl View {
    /// `graph`, `optimized` or `plan`.
    pub fn title(&self) -> &'static str {
        match self {
            View::Graph(title, _) => title,
            View::Plan(_) => "plan",
        }
    }

    /// What remains when only the nodes (or stages and answers) whose name or calls match are kept,
    /// with all that they are computed from.
    pub fn matching(&self, pattern: &Regex) -> View {
        match self {
            View::Graph(title, graph) => View::Graph(title, matching_graph(graph, pattern)),
            View::Plan(plan) => View::Plan(matching_plan(plan, pattern)),
        }
    }
}

/// The decisions in the order in which they were taken, one a line.
pub fn notes(notes: &Notes) -> String {
    notes.iter().map(|note| format!("{}: {}\n", note.by, note.text)).collect()
}

fn matching_graph(graph: &Graph, pattern: &Regex) -> Graph {
    let mut kept: BTreeSet<NodeId> = BTreeSet::new();
    for id in graph.topological().into_iter().rev() {
        let feeds_kept = graph.consumers(id).iter().any(|(consumer, _)| kept.contains(consumer));
        if feeds_kept || node_texts(graph, id).iter().any(|text| pattern.is_match(text)) {
            kept.insert(id);
        }
    }
    let mut part = graph.clone();
    for id in graph.ids().into_iter().filter(|id| !kept.contains(id)) {
        part.remove(id);
    }
    part
}

/// What a node is found by.
fn node_texts(graph: &Graph, id: NodeId) -> Vec<String> {
    let node = &graph[id];
    let mut texts: Vec<String> = node.name.iter().cloned().collect();
    texts.push(print::kind(&node.kind));
    if let NodeKind::Sink(Sink::Write(write)) = &node.kind {
        texts.extend(write.variables.iter().map(|v| v.path.clone()));
    }
    texts
}

fn matching_plan(plan: &Plan, pattern: &Regex) -> Plan {
    let mut part = plan.clone();
    part.answers.retain(|answer| match &answer.kind {
        AnswerKind::Print { label, .. } => pattern.is_match(label),
        AnswerKind::Assert { condition, .. } => pattern.is_match(condition),
    });
    let kept = |input: &Input| match input {
        Input::Kept(result) => Some(*result),
        Input::Source(_) | Input::Constant(_) => None,
    };
    let mut needed: BTreeSet<usize> = part.answers.iter().filter_map(|a| kept(&a.value)).collect();
    part.stages.clear();
    for stage in plan.stages.iter().rev() {
        let makes_needed = stage.ends.iter().filter_map(|end| result(&end.kind)).any(|r| needed.contains(&r));
        if makes_needed || stage_texts(plan, stage).iter().any(|text| pattern.is_match(text)) {
            needed.extend(stage.inputs.iter().filter_map(kept));
            part.stages.insert(0, stage.clone());
        }
    }
    part
}

/// The result that an end makes.
fn result(end: &EndKind) -> Option<usize> {
    match end {
        EndKind::Keep(into) | EndKind::Reduce { into, .. } => Some(*into),
        EndKind::Write { .. } => None,
    }
}

/// What a stage is found by.
fn stage_texts(plan: &Plan, stage: &Stage) -> Vec<String> {
    let mut texts: Vec<String> = stage.kernel.steps.iter().map(|step| step.call.to_string()).collect();
    for end in &stage.ends {
        texts.push(end.name.clone());
        match &end.kind {
            EndKind::Reduce { step, .. } => texts.push(step.call.to_string()),
            EndKind::Write { target, .. } => texts.push(plan.targets[*target].write.location.url.clone()),
            EndKind::Keep(_) => {}
        }
    }
    for input in &stage.inputs {
        if let Input::Source(source) = input {
            texts.push(format!("{} {}", source.location.url, source.path));
        }
    }
    texts
}
