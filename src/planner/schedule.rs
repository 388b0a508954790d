//! From the final graph to stages.
//!
//! Every value that must be finished before others use it (a reduction, a cut, an answer) and every
//! variable of a sink is a [`Job`]. Jobs of one level (the longest chain of finished values before
//! them) over one space that share an input become one stage, so that what they share is read and
//! decoded once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::{self, Cone};
use super::blocks;
use super::cost;
use super::graph::{Graph, NodeId, NodeKind, Sink};
use super::kernel::Kernel;
use super::passes::{Notes, align_chunks};
use super::plan::{Answer, AnswerKind, Cost, End, EndKind, Input, Kept, Place, Plan, Stage, Target, Walk};
use super::reread;
use super::settings::Settings;
use super::tasks;
use super::walk;
use super::whole;
use crate::array::{ArrayType, ChunkGrid, Dims};
use crate::operators::Pattern;
use crate::operators::contraction::Contraction;
use crate::operators::pattern::Reduction;
use crate::operators::scan::Scan;
use crate::source::Span;

/// Why a plan cannot be made: its smallest tasks do not fit the budget.
#[derive(Clone, Debug, PartialEq, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` needs {} at once, the budget is {}", tasks::bytes_text(*needed), tasks::bytes_text(*budget))]
#[diagnostic(code("ff::plan::memory"))]
pub struct Refusal {
    /// The value being computed.
    pub name: String,
    /// Bytes its smallest task needs, with what is held meanwhile.
    pub needed: u64,
    /// Bytes there are.
    pub budget: u64,
    /// Where it stands.
    #[label("this is computed in tasks of {task}")]
    pub span: miette::SourceSpan,
    /// The shape of a task.
    pub task: String,
    /// The remedy.
    #[help]
    pub help: String,
}

/// A value to be finished.
struct Job {
    level: usize,
    /// The type whose dims are the space: of the value, or of what is reduced into it.
    space: Arc<ArrayType>,
    /// The shape of the objects written, for a sink; of a value of fewer elements than the space, what lies over one.
    objects: Option<Vec<u64>>,
    /// What is multiplied in the space, where its axes are those of two factors.
    product: Option<Contraction>,
    what: What,
    span: Span,
    name: String,
    /// The axes along which its tasks must go in one way.
    ways: BTreeSet<(usize, bool)>,
    /// Whether it is a cut, which follows whatever tasks there are.
    is_cut: bool,
}

enum What {
    Reduce { node: NodeId, into: usize },
    Keep { value: NodeId, into: usize },
    Write { value: NodeId, target: usize, variable: usize },
}

impl What {
    /// The value, where it is of the space of the job.
    fn value(&self) -> Option<NodeId> {
        match self {
            What::Keep { value, .. } | What::Write { value, .. } => Some(*value),
            What::Reduce { .. } => None,
        }
    }
}

/// The plan of a graph that has been through the passes.
///
/// # Errors
/// A stage cannot fit the budget even with its smallest tasks, one at a time.
pub fn schedule(graph: &Graph, settings: &Settings, notes: &mut Notes) -> Result<Plan, Box<Refusal>> {
    let mut plan = Plan {
        memory: settings.memory,
        threads: settings.threads,
        scratch: settings.scratch.clone(),
        durable: settings.durable,
        resume: settings.resume,
        ..Plan::default()
    };
    let mut kept = BTreeMap::new();
    let jobs = jobs(graph, &mut plan, &mut kept, settings);
    for group in groups(graph, jobs) {
        let grid = grid(graph, &group);
        stages(graph, (&group, &grid), &kept, (&mut plan, settings, notes))?;
    }
    reread::hold(&mut plan, notes);
    Ok(plan)
}

/// The level of each node: how many finished values lie before the longest way to it, where a cut before a
/// function of whole axes counts whether it is there or not.
fn levels(graph: &Graph) -> BTreeMap<NodeId, usize> {
    let mut levels = BTreeMap::new();
    for id in graph.topological() {
        let after = |input: &NodeId| levels[input] + usize::from(access::is_barrier(graph, *input));
        let level = graph.inputs(id).iter().map(after).max().unwrap_or(0) + usize::from(whole::gathers(graph, id));
        levels.insert(id, level);
    }
    levels
}

fn jobs(graph: &Graph, plan: &mut Plan, kept: &mut BTreeMap<NodeId, usize>, settings: &Settings) -> Vec<Job> {
    let levels = levels(graph);
    let name = |id: NodeId| graph.described(id);
    let (mut jobs, mut answers, mut held) = (Vec::new(), Vec::new(), 0u64);
    for id in graph.topological() {
        let node = &graph[id];
        let inputs = graph.inputs(id);
        let job = |space: &Arc<ArrayType>, objects, what| Job {
            level: levels[&id],
            space: space.clone(),
            objects,
            product: None,
            what,
            span: node.span,
            name: name(id),
            ways: BTreeSet::new(),
            is_cut: matches!(node.kind, NodeKind::Rechunk),
        };
        match &node.kind {
            NodeKind::Apply(kernel) if access::is_barrier(graph, id) => {
                let into = keep(
                    plan,
                    name(id),
                    &node.ty,
                    place(&node.ty, tasks::grid(&node.ty, None).chunk_shape(), settings),
                );
                kept.insert(id, into);
                let last = kernel.last().expect("a barrier has a last step");
                let reduce = job(kernel.ty(last.args[0]), None, What::Reduce { node: id, into });
                jobs.push(match &last.call.pattern {
                    Pattern::Contraction(product) => {
                        let factors: Vec<&ArrayType> = last.args.iter().map(|arg| &**kernel.ty(*arg)).collect();
                        Job { space: Arc::new(product.space(&factors)), product: Some(product.clone()), ..reduce }
                    }
                    _ => reduce,
                });
            }
            NodeKind::Rechunk => {
                let place = place_of_cut(&node.ty, &mut held, settings);
                let into = keep(plan, name(id), &node.ty, place);
                kept.insert(id, into);
                jobs.push(job(&graph[inputs[0]].ty, None, What::Keep { value: inputs[0], into }));
            }
            NodeKind::Sink(Sink::Write(write)) => {
                let target = plan.targets.len();
                let types = inputs.iter().map(|i| graph[*i].ty.clone()).collect();
                plan.targets.push(Target { write: (**write).clone(), types, span: write.at, identity: String::new() });
                for (variable, value) in inputs.iter().enumerate() {
                    let objects = align_chunks::objects(graph, id, variable);
                    let mut write = job(&graph[*value].ty, objects, What::Write { value: *value, target, variable });
                    write.level = levels[value] + usize::from(access::is_barrier(graph, *value));
                    write.name.clone_from(&plan.targets[target].write.variables[variable].path);
                    jobs.push(write);
                }
            }
            NodeKind::Sink(Sink::Print { .. } | Sink::Assert { .. }) => {
                let value = inputs[0];
                let input = match (&graph[value].kind, kept.get(&value)) {
                    (NodeKind::Constant(constant), _) => Input::Constant(constant.clone()),
                    (_, Some(known)) => Input::Kept(*known),
                    _ => {
                        let into = keep(plan, name(value), &graph[value].ty, Place::Memory);
                        jobs.push(job(&graph[value].ty, None, What::Keep { value, into }));
                        Input::Kept(into)
                    }
                };
                let ty = graph[value].ty.clone();
                answers.push((id, Answer { kind: answer(&node.kind), value: input, ty, span: node.span }));
            }
            NodeKind::Source(_) | NodeKind::Constant(_) | NodeKind::Placeholder | NodeKind::Apply(_) => {}
        }
    }
    // Ends bear their numbers in the order of the script.
    answers.sort_by_key(|(id, _)| *id);
    plan.answers.extend(answers.into_iter().map(|(_, answer)| answer));
    jobs.sort_by_key(|j| (j.level, j.is_cut));
    jobs
}

fn answer(kind: &NodeKind) -> AnswerKind {
    match kind {
        NodeKind::Sink(Sink::Print { label, whole, verbatim, beside }) => {
            let (label, whole, beside) = (label.clone(), whole.clone(), beside.clone());
            AnswerKind::Print { label, whole, verbatim: *verbatim, beside }
        }
        NodeKind::Sink(Sink::Assert { condition, message }) => {
            AnswerKind::Assert { condition: condition.clone(), message: message.clone() }
        }
        _ => unreachable!("only prints and asserts are answers"),
    }
}

fn keep(plan: &mut Plan, name: String, ty: &Arc<ArrayType>, place: Place) -> usize {
    plan.results.push(Kept { name, ty: ty.clone(), place });
    plan.results.len() - 1
}

/// A small result stays in memory, a large one goes to scratch in pieces of this shape.
fn place(ty: &ArrayType, piece: Vec<u64>, settings: &Settings) -> Place {
    if ty.bytes() <= settings.memory / 8 { Place::Memory } else { Place::Scratch(piece) }
}

/// The same for a cut: those in memory are `held` from the first stage to the last.
fn place_of_cut(ty: &ArrayType, held: &mut u64, settings: &Settings) -> Place {
    let piece = ty.chunks.chunk_shape();
    let is_held = held.saturating_add(ty.bytes()) <= settings.memory / 4;
    let place = if is_held { place(ty, piece, settings) } else { Place::Scratch(piece) };
    *held += if place == Place::Memory { ty.bytes() } else { 0 };
    place
}

/// Jobs that become one stage, in order of levels. Cuts come last, so that they join a stage and shape none; and tasks
/// that need whole axes are not those of others.
fn groups(graph: &Graph, jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let mut groups: Vec<(Vec<Job>, Vec<NodeId>, bool)> = Vec::new();
    for mut job in jobs {
        let (leaves, whole) = leaves(graph, &job);
        job.ways = job_ways(graph, &job);
        let mut over = None;
        let goes_with = |other: &Job| !other.ways.iter().any(|(axis, back)| job.ways.contains(&(*axis, !back)));
        let mut fits = |(group, shared, others): &&mut (Vec<Job>, Vec<NodeId>, bool)| {
            let goes = group[0].level == job.level
                && *others == whole
                && group.iter().all(goes_with)
                && group[0].product.as_ref().map(|p| &p.sides) == job.product.as_ref().map(|p| &p.sides)
                && (leaves.is_empty() || leaves.iter().any(|l| shared.contains(l)))
                && unit(group.iter().chain([&job]).filter_map(|j| j.objects.as_deref())).is_some();
            let is_there = goes && group[0].space.dims == job.space.dims;
            over = if goes && !is_there { lies_over(graph, group, &job) } else { None };
            is_there || over.is_some()
        };
        match groups.iter_mut().find(|group| fits(group)) {
            Some((group, shared, _)) => {
                job.objects = over.or(job.objects);
                group.push(job);
                shared.extend(leaves);
            }
            None => groups.push((vec![job], leaves, whole)),
        }
    }
    groups.into_iter().map(|(group, ..)| group).collect()
}

/// How many elements of a group's space lie over one of a cut's, where the cut's value has fewer of them and is made of
/// what the tasks of the group read. Tasks of whole multiples have a part each, which needs no other task's.
fn lies_over(graph: &Graph, group: &[Job], job: &Job) -> Option<Vec<u64>> {
    let mut values: Vec<NodeId> = group.iter().filter_map(|job| job.what.value()).collect();
    let value = job.what.value().filter(|_| job.is_cut && !group[0].is_cut && values.len() == group.len())?;
    let (space, dims) = (&group[0].space.dims, &job.space.dims);
    let names = |dims: &Dims| dims.iter().map(|dim| dim.name.clone()).collect::<Vec<_>>();
    let (shape, coarse) = (group[0].space.shape(), job.space.shape());
    let is_coarser = names(space) == names(dims) && shape.iter().zip(&coarse).all(|(n, m)| n >= m && *m > 0);
    if !is_coarser || !job.ways.is_empty() {
        return None;
    }
    let factors: Vec<u64> = shape.iter().zip(&coarse).map(|(n, m)| n / m).collect();
    let objects = group.iter().filter_map(|j| j.objects.as_deref());
    let units = unit(objects.chain([factors.as_slice()]))?;
    let grid = tasks::grid(&group[0].space, units.as_deref().map(ChunkGrid::regular).as_ref());
    let counts = grid.counts(&shape);
    let taken = |values: &[NodeId]| {
        let kernel = access::cone(graph, values).joined.kernel;
        let of = |index: Vec<u64>| {
            let task = grid.region(&index, &shape);
            let regions = kernel.required(&kernel.parts(&kernel.outputs, &task, &shape)).inputs;
            regions.iter().flatten().fold(0u64, |sum, region| sum.saturating_add(region.count()))
        };
        (!whole::has_whole(&kernel))
            .then(|| [1, 2].map(|part| of(counts.iter().map(|n| n.div_ceil(part) - 1).collect())))
    };
    let before = taken(&values)?;
    values.push(value);
    let together = taken(&values)?;
    together.iter().zip(before).all(|(more, less)| *more <= less + less / HALO).then_some(factors)
}

/// A value of fewer elements may have a task read one part in so many more.
const HALO: u64 = 16;

/// The stored inputs of a job, which is what sharing saves, and whether it needs whole axes.
fn leaves(graph: &Graph, job: &Job) -> (Vec<NodeId>, bool) {
    let cone = match &job.what {
        What::Reduce { node, .. } => access::cone(graph, &graph.inputs(*node)),
        What::Keep { value, .. } | What::Write { value, .. } => access::cone(graph, &[*value]),
    };
    let stored = |id: &NodeId| !matches!(graph[*id].kind, NodeKind::Constant(_));
    (cone.joined.inputs.into_iter().filter(stored).collect(), whole::has_whole(&cone.joined.kernel))
}

/// The axes along which the tasks of a job must go in one way, each with whether that is backwards.
fn job_ways(graph: &Graph, job: &Job) -> BTreeSet<(usize, bool)> {
    let mut cone = Cone::default();
    let end = end(graph, &mut cone, job);
    ways(&cone.joined.kernel, std::slice::from_ref(&end))
}

/// The smallest shape that is whole objects of all; none where that is much more than each of them.
fn unit<'a>(mut objects: impl Iterator<Item = &'a [u64]>) -> Option<Option<Vec<u64>>> {
    let Some(first) = objects.next() else { return Some(None) };
    let mut unit = first.to_vec();
    for other in objects {
        for (a, &b) in unit.iter_mut().zip(other) {
            let common = *a / gcd(*a, b) * b;
            if common > 4 * (*a).max(b) {
                return None;
            }
            *a = common;
        }
    }
    Some(Some(unit))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

type Context<'a> = (&'a mut Plan, &'a Settings, &'a mut Notes);

/// The tasks of a group, in whole objects of all that it writes.
struct Tasks {
    shape: Vec<u64>,
    grid: ChunkGrid,
    units: Option<ChunkGrid>,
    /// Axes that every task holds whole.
    whole: Vec<usize>,
    walk: Walk,
}

/// How the tasks of a group walk.
fn walk(graph: &Graph, group: &[Job], grid: &ChunkGrid) -> Walk {
    let reduction = |job: &Job| match &job.what {
        What::Reduce { node, .. } if job.product.is_none() => match &graph[*node].kind {
            NodeKind::Apply(kernel) => kernel.last().and_then(|step| step.call.pattern.reduction()).cloned(),
            _ => None,
        },
        _ => None,
    };
    let (reductions, shape) = (group.iter().filter_map(reduction).collect::<Vec<_>>(), group[0].space.shape());
    walk::walk(reductions.iter(), &shape, &whole::first(grid, &shape))
}

fn grid(graph: &Graph, group: &[Job]) -> Tasks {
    let space = space(group);
    let shape = space.shape();
    let units = unit(group.iter().filter_map(|j| j.objects.as_deref())).flatten();
    let units = units.as_deref().map(ChunkGrid::regular);
    let values: Vec<NodeId> = group.iter().filter_map(|job| job.what.value()).collect();
    let kernel = access::cone(graph, &values).joined.kernel;
    let is_whole = whole::has_whole(&kernel);
    let grid = match &group[0].product {
        Some(product) => blocks::grid(&space, product),
        None if is_whole => whole::grid(&kernel, &space, units.as_ref()),
        None => whole::gathering(tasks::grid(&space, units.as_ref()), &kernel, &space, units.as_ref()),
    };
    let whole = if is_whole { whole::fixed(&kernel, &shape) } else { Vec::new() };
    Tasks { walk: walk(graph, group, &grid), shape, grid, units, whole }
}

/// Appends the stage of a group, or where that does not fit the budget those of its halves. The tasks
/// stay the same, and with them the order of additions.
fn stages(
    graph: &Graph,
    (group, tasks): (&[Job], &Tasks),
    kept: &BTreeMap<NodeId, usize>,
    (plan, settings, notes): Context<'_>,
) -> Result<(), Box<Refusal>> {
    match stage(graph, (group, tasks), kept, (plan, settings, notes)) {
        Ok(stage) => {
            plan.stages.push(stage);
            Ok(())
        }
        Err(refusal) if group.len() == 1 => Err(refusal),
        Err(_) => {
            let (first, second) = group.split_at(group.len() / 2);
            let names: Vec<&str> = group.iter().map(|j| j.name.as_str()).collect();
            notes.add(
                "schedule",
                None,
                format!("{} together do not fit the budget: one after the other", names.join(", ")),
            );
            stages(graph, (first, tasks), kept, (plan, settings, notes))?;
            stages(graph, (second, tasks), kept, (plan, settings, notes))
        }
    }
}

fn stage(
    graph: &Graph,
    (group, Tasks { shape, grid, units, whole: fixed, walk }): (&[Job], &Tasks),
    kept: &BTreeMap<NodeId, usize>,
    (plan, settings, notes): Context<'_>,
) -> Result<Stage, Box<Refusal>> {
    let mut all = Cone::default();
    let mut ends: Vec<End> = group.iter().map(|job| end(graph, &mut all, job)).collect();
    let task = whole::first(grid, shape);
    for end in &mut ends {
        if let EndKind::Reduce { step, is_large, .. } = &mut end.kind {
            *is_large = step.call.pattern.reduction().is_some_and(|reduction| walk::is_large(reduction, &task));
        }
    }
    all.joined.kernel.outputs = ends.iter().flat_map(End::slots).collect();
    let mut stage = Stage {
        inputs: Vec::new(),
        grid: grid.clone(),
        order: order(&ends, &all.joined.kernel, shape.len()),
        backwards: ways(&all.joined.kernel, &ends).into_iter().filter(|way| way.1).map(|way| way.0).collect(),
        shape: shape.clone(),
        walk: walk.clone(),
        ends,
        cost: Cost::default(),
        kernel: Kernel::default(),
    };
    loop {
        let mut cone = all.clone();
        cone.split(shape, &stage.grid);
        let mut slots = cone.joined.kernel.outputs.iter();
        stage.ends.iter_mut().for_each(|end| end.take_slots(&mut slots));
        stage.inputs = cone.joined.inputs.iter().map(|id| input(graph, *id, kept)).collect();
        stage.kernel = cone.joined.kernel.clone();
        stage.cost = cost::cost(&stage, plan, &cone);
        if stage.cost.peak <= settings.memory {
            break;
        }
        if !shrink(&mut stage, (units.as_ref(), fixed)) {
            return Err(Box::new(refusal(group, &stage, settings)));
        }
    }
    settle_scratch(plan, &stage);
    explain(&stage, notes);
    Ok(stage)
}

/// What feeds a kernel with the value of a node.
fn input(graph: &Graph, id: NodeId, kept: &BTreeMap<NodeId, usize>) -> Input {
    match &graph[id].kind {
        NodeKind::Source(source) => Input::Source(source.clone()),
        NodeKind::Constant(constant) => Input::Constant(constant.clone()),
        NodeKind::Placeholder | NodeKind::Apply(_) | NodeKind::Rechunk | NodeKind::Sink(_) => Input::Kept(kept[&id]),
    }
}

fn end(graph: &Graph, cone: &mut Cone, job: &Job) -> End {
    let (slot, kind) = match &job.what {
        What::Reduce { node, into } => {
            let (step, args) = cone.reduced(graph, *node).expect("a reduction ends in a step");
            let (step, weights, into) = (Box::new(step), args.get(1).copied(), *into);
            let kind = EndKind::Reduce { step, weights, into, is_large: false };
            (args[0], kind)
        }
        What::Keep { value, into } => (cone.value(graph, *value), EndKind::Keep(*into)),
        What::Write { value, target, variable } => {
            (cone.value(graph, *value), EndKind::Write { target: *target, variable: *variable })
        }
    };
    End { slot, kind, span: job.span, name: job.name.clone() }
}

/// The common space of a group: its widest dtype, its finest chunks.
fn space(group: &[Job]) -> ArrayType {
    let mut space = (*group[0].space).clone();
    for job in group[1..].iter().filter(|job| !job.is_cut || group[0].is_cut) {
        if job.space.dtype.size() > space.dtype.size() {
            space.dtype = job.space.dtype;
        }
        for (ours, theirs) in space.chunks.axes.iter_mut().zip(&job.space.chunks.axes) {
            if theirs.size < ours.size {
                *ours = *theirs;
            }
        }
    }
    space
}

/// The axes that the first reduction reduces and those that are scanned inside, others outside, so that
/// results finish early and little is carried.
fn order(ends: &[End], kernel: &Kernel, rank: usize) -> Vec<usize> {
    let reduced: Vec<usize> = ends
        .iter()
        .find_map(|end| match &end.kind {
            EndKind::Reduce { step, .. } => Some(reduced_axes(&step.call.pattern)),
            EndKind::Write { .. } | EndKind::Keep(_) => None,
        })
        .unwrap_or_default();
    let is_inner = |axis: &usize| reduced.contains(axis) || scans(kernel).any(|scan| scan.axis == *axis);
    let (inner, outer): (Vec<usize>, Vec<usize>) = (0..rank).partition(is_inner);
    outer.into_iter().chain(inner).collect()
}

/// The scans of a kernel.
fn scans(kernel: &Kernel) -> impl Iterator<Item = &Scan> {
    kernel.steps.iter().filter_map(|step| match &step.call.pattern {
        Pattern::Scan(scan) => Some(scan),
        Pattern::Elementwise(_) | Pattern::Injective(_) | Pattern::Concat { .. } => None,
        Pattern::Window(_)
        | Pattern::Stencil(_)
        | Pattern::Reduction(_)
        | Pattern::Contraction(_)
        | Pattern::Whole(_) => None,
    })
}

/// The axes along which tasks must go in one way, each with whether that is backwards.
fn ways(kernel: &Kernel, ends: &[End]) -> BTreeSet<(usize, bool)> {
    let reduced = ends.iter().filter_map(|end| match &end.kind {
        EndKind::Reduce { step, .. } => Some(reduced_axes(&step.call.pattern)),
        EndKind::Write { .. } | EndKind::Keep(_) => None,
    });
    let forwards = reduced.flatten().map(|axis| (axis, false));
    scans(kernel).map(|scan| (scan.axis, scan.reverse)).chain(forwards).collect()
}

/// The axes of its input that a reduction finishes only at their end.
fn reduced_axes(pattern: &Pattern) -> Vec<usize> {
    pattern.reduction().map_or_else(Vec::new, Reduction::open_axes)
}

/// Makes tasks smaller along the axis where they are longest and may be cut; reduced axes may not, since that would
/// change the order of additions, nor those that every task holds whole.
fn shrink(stage: &mut Stage, (units, whole): (Option<&ChunkGrid>, &[usize])) -> bool {
    let fixed: Vec<usize> = stage
        .ends
        .iter()
        .flat_map(|end| match &end.kind {
            EndKind::Reduce { step, .. } => reduced_axes(&step.call.pattern),
            EndKind::Write { .. } | EndKind::Keep(_) => Vec::new(),
        })
        .chain(whole.iter().copied())
        .collect();
    tasks::halve(&mut stage.grid, &stage.shape, units, &fixed)
}

fn refusal(group: &[Job], stage: &Stage, settings: &Settings) -> Refusal {
    let dims: &Dims = &group[0].space.dims;
    let sizes = stage.grid.axes.iter().zip(dims.iter());
    let task: Vec<String> = sizes.map(|(a, d)| format!("{}={}", d.name, a.size.min(d.size))).collect();
    Refusal {
        name: group[0].name.clone(),
        needed: stage.cost.peak,
        budget: settings.memory,
        span: group[0].span.into(),
        task: if task.is_empty() { "one value".into() } else { task.join(" × ") },
        help: format!(
            "give at least --memory {}, or ask for smaller chunks in the sink or with `rechunk`",
            rounded_up(stage.cost.peak)
        ),
    }
}

/// A size that suffices, in a unit that does not blur it.
fn rounded_up(bytes: u64) -> String {
    match bytes {
        0..0xa0_0000 => format!("{}KiB", bytes.div_ceil(1 << 10)),
        _ => format!("{}MiB", bytes.div_ceil(1 << 20)),
    }
}

/// Scratch pieces are no larger than the tasks that write them.
fn settle_scratch(plan: &mut Plan, stage: &Stage) {
    for end in &stage.ends {
        let EndKind::Keep(into) = end.kind else { continue };
        if let Place::Scratch(piece) = &mut plan.results[into].place {
            let part = stage.part(end, &whole::first(&stage.grid, &stage.shape));
            for (p, size) in piece.iter_mut().zip(part.shape) {
                *p = (*p).min(size.max(1));
            }
        }
    }
}

fn explain(stage: &Stage, notes: &mut Notes) {
    let names: Vec<&str> = stage.ends.iter().map(|e| e.name.as_str()).collect();
    let text = format!(
        "{} in {} tasks of {}; {} at once of {} each",
        names.join(", "),
        stage.cost.tasks,
        stage.grid,
        stage.cost.concurrent,
        tasks::bytes_text(stage.cost.task)
    );
    notes.add("schedule", None, text);
}
