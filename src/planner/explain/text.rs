//! The canonical text: a graph line by line, a plan as a tree.
//!
//! ```text
//! plan: 1 stage, 4 tasks; reads 64 MiB, writes 0 B; peak 34 MiB of 1.0 GiB; 2 threads
//! └─ stage 0: 4 tasks of time=64, lat=180 over time=256, lat=180
//!    ├─ reads 64 MiB, 1.00 times what is needed; writes 0 B
//!    ├─ 16 MiB a task, 2 at once, 2.0 KiB held: peak 34 MiB
//!    ├─ i0 = source "air.nc" /air : f64[time=256, lat=180; chunks 64x180], 64 MiB
//!    └─ mean(axes: 0) i0 → clim : f64[lat=180; chunks 180], 1.4 KiB, kept in memory
//! ```

use super::super::catalog::Location;
use super::super::graph::Source;
use super::super::kernel::{Slot, Step};
use super::super::persist::Persisted;
use super::super::plan::{Answer, AnswerKind, Cost, End, EndKind, Input, Place, Plan, Stage};
use super::super::print;
use super::super::tasks::bytes_text;
use super::View;
use crate::array::ArrayType;

/// The text of the views, with their titles where there are several.
pub fn render(views: &[View]) -> String {
    let one = |view: &View| match view {
        View::Graph(_, graph) => print::graph(graph),
        View::Plan(plan) => tree(&self::plan(plan)),
    };
    match views {
        [view] => one(view),
        _ => views.iter().map(|v| format!("── {} ──\n{}", v.title(), one(v))).collect::<Vec<_>>().join("\n"),
    }
}

/// A line and what belongs to it.
struct Branch {
    line: String,
    under: Vec<Branch>,
}

impl Branch {
    fn leaf(line: String) -> Branch {
        Branch { line, under: Vec::new() }
    }
}

fn tree(root: &Branch) -> String {
    fn draw(branch: &Branch, margin: &str, out: &mut String) {
        for (i, child) in branch.under.iter().enumerate() {
            let last = i + 1 == branch.under.len();
            let (arm, more) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            out.push_str(&format!("{margin}{arm}{}\n", child.line));
            draw(child, &format!("{margin}{more}"), out);
        }
    }
    let mut out = format!("{}\n", root.line);
    draw(root, "", &mut out);
    out
}

/// What a run would do and need, in a line, and what it would write; `exists` tells whether something is replaced.
pub fn summary(plan: &Plan, exists: impl Fn(&Location) -> bool) -> String {
    let sinks = plan.targets.iter().filter(|t| t.write.result.is_none());
    let locations = sinks.map(|t| &t.write.location);
    let verb = |location| if exists(location) { "replace" } else { "write" };
    let writes = locations.map(|location| format!("would {} {}\n", verb(location), location.url));
    let persisted = plan.persisted.iter().map(|persisted| format!("{}\n", persisted.text()));
    format!("{}\n{}", line(plan), writes.chain(persisted).collect::<String>())
}

fn line(plan: &Plan) -> String {
    let sum = |of: fn(&Cost) -> u64| plan.stages.iter().fold(0u64, |n, s| n.saturating_add(of(&s.cost)));
    let plural = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    format!(
        "plan: {}, {}; reads {}, writes {}; peak {} of {}; {}",
        plural(plan.stages.len() as u64, "stage"),
        plural(sum(|c| c.tasks), "task"),
        bytes_text(sum(|c| c.read)),
        bytes_text(sum(|c| c.written)),
        bytes_text(peak(plan)),
        bytes_text(plan.memory),
        plural(plan.threads as u64, "thread")
    )
}

fn plan(plan: &Plan) -> Branch {
    let line = line(plan);
    let stages = plan.stages.iter().enumerate().map(|(number, s)| stage(plan, number, s));
    let answers = plan.answers.iter().map(|a| answer(plan, a));
    let persisted = plan.persisted.iter().map(Persisted::text);
    Branch { line, under: stages.chain(answers.chain(persisted).map(Branch::leaf)).collect() }
}

/// Bytes held at the peak of the run.
pub fn peak(plan: &Plan) -> u64 {
    plan.stages.iter().map(|s| s.cost.peak).max().unwrap_or(0)
}

fn stage(plan: &Plan, number: usize, stage: &Stage) -> Branch {
    let inputs = stage.inputs.iter().zip(&stage.kernel.inputs).enumerate();
    let inputs = inputs.map(|(i, (given, ty))| format!("i{i} = {} : {}", input(plan, given), typed(ty)));
    let steps = stage.kernel.steps.iter().enumerate();
    let steps = steps.map(|(i, step)| format!("s{i} = {}{} : {}", step.call, args(&step.args), typed(&step.ty)));
    let ends = stage.ends.iter().map(|e| end(plan, stage, e));
    let lines = [traffic(&stage.cost), memory(&stage.cost)].into_iter().chain(inputs).chain(steps).chain(ends);
    Branch { line: format!("stage {number}: {}", tasks(stage)), under: lines.map(Branch::leaf).collect() }
}

/// How many tasks of which shape a stage has: `4 tasks of time=64 over time=256`.
pub fn tasks(stage: &Stage) -> String {
    let names: Vec<String> = match stage.ends.first() {
        Some(end) => stage.kernel.ty(end.slot).dims.iter().map(|d| d.name.to_string()).collect(),
        None => Vec::new(),
    };
    let along = |sizes: &[u64]| {
        let sizes: Vec<String> = names.iter().zip(sizes).map(|(name, size)| format!("{name}={size}")).collect();
        sizes.join(", ")
    };
    let task: Vec<u64> = stage.grid.chunk_shape().iter().zip(&stage.shape).map(|(c, n)| *c.min(n)).collect();
    match (stage.cost.tasks, stage.shape.is_empty()) {
        (1, true) => "1 task of one value".to_owned(),
        (1, false) => format!("1 task of {}", along(&stage.shape)),
        (n, _) => format!("{n} tasks of {} over {}", along(&task), along(&stage.shape)),
    }
}

/// What a stage moves.
pub fn traffic(cost: &Cost) -> String {
    let factor = cost.amplification;
    format!("reads {}, {factor:.2} times what is needed; writes {}", bytes_text(cost.read), bytes_text(cost.written))
}

/// What a stage holds.
pub fn memory(cost: &Cost) -> String {
    format!(
        "{} a task, {} at once, {} held: peak {}",
        bytes_text(cost.task),
        cost.concurrent,
        bytes_text(cost.held),
        bytes_text(cost.peak)
    )
}

fn typed(ty: &ArrayType) -> String {
    format!("{ty}, {}", bytes_text(ty.bytes()))
}

/// What feeds an input or an answer.
pub fn input(plan: &Plan, input: &Input) -> String {
    match input {
        Input::Source(Source { location, path, .. }) => format!("source {:?} {path}", location.url),
        Input::Constant(constant) => format!("constant {}", print::constant(constant)),
        Input::Kept(result) => format!("result {}", plan.results[*result].name),
    }
}

fn slot(slot: Slot) -> String {
    match slot {
        Slot::Input(i) => format!("i{i}"),
        Slot::Step(i) => format!("s{i}"),
    }
}

fn args(args: &[Slot]) -> String {
    args.iter().map(|a| format!(" {}", slot(*a))).collect()
}

fn end(plan: &Plan, stage: &Stage, end: &End) -> String {
    let kept = |result: usize| {
        let kept = &plan.results[result];
        let place = match &kept.place {
            Place::Memory => "kept in memory".to_owned(),
            Place::Scratch(piece) => {
                let piece: Vec<String> = piece.iter().map(u64::to_string).collect();
                format!("kept in scratch in pieces of {}", piece.join("x"))
            }
        };
        format!("{} : {}, {place}", kept.name, typed(&kept.ty))
    };
    match &end.kind {
        EndKind::Write { target, variable } => {
            let target = &plan.targets[*target];
            let Location { format, url } = &target.write.location;
            let ty = typed(stage.kernel.ty(end.slot));
            format!("{} → {format} {url:?} {} : {ty}", slot(end.slot), target.write.variables[*variable].path)
        }
        EndKind::Keep(into) => format!("{} → {}", slot(end.slot), kept(*into)),
        EndKind::Reduce { step, weights, into, .. } => {
            format!("{} → {}", reduction(step, end.slot, *weights), kept(*into))
        }
    }
}

fn reduction(step: &Step, value: Slot, weights: Option<Slot>) -> String {
    let args: Vec<Slot> = [value].into_iter().chain(weights).collect();
    format!("{}{}", step.call, self::args(&args))
}

fn answer(plan: &Plan, answer: &Answer) -> String {
    let value = input(plan, &answer.value);
    match &answer.kind {
        AnswerKind::Print { label, whole, .. } => format!("print {label:?} of {whole}: {value}"),
        AnswerKind::Assert { condition, .. } => format!("assert {condition:?}: {value}"),
    }
}
