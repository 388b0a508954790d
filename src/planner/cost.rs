//! What a stage costs: tasks, bytes moved, memory.
//!
//! A task's memory is the largest of three moments: while its inputs are read (blocks, one chunk
//! being decoded and its encoded bytes), while it computes (inputs, values that must be whole,
//! outputs, partial accumulators), and while it writes (outputs and the object being encoded).

use super::access::{self, Cone};
use super::bands;
use super::kernel::Step;
use super::kernel::{Regions, Slot};
use super::plan::{self, Cost, End, EndKind, Input, Place, Plan, Stage};
use crate::array::{ArrayType, Region};
use crate::operators::pattern::Reduction;
use crate::operators::{Constant, IndexMap, Pattern, reshape};

/// The cost of a stage under the plan so far.
pub fn cost(stage: &Stage, plan: &Plan, cone: &Cone) -> Cost {
    let band = middle(stage).and_then(|region| bands::band(stage, &region));
    let task = task(stage, plan, cone, band);
    let held = kept(plan) + accumulators(stage) + carries(stage) + constants(stage);
    let room = plan.memory.saturating_sub(held);
    let tasks = stage.grid.count(&stage.shape);
    let concurrent = (room / task.max(1)).min(tasks).clamp(1, plan.threads as u64);
    let room = room.saturating_sub(concurrent * task);
    let reads = access::reads(cone, &stage.shape, &stage.grid);
    let mut needed = vec![None; stage.inputs.len()];
    reads.iter().for_each(|r| needed[r.input] = Some(r.region.clone()));
    let mut repeated = vec![false; stage.inputs.len()];
    reads.iter().for_each(|r| repeated[r.input] = r.repeated);
    let mut overlaps = vec![false; stage.inputs.len()];
    reads.iter().for_each(|r| overlaps[r.input] = r.band > 0);
    let bytes: u64 = reads.iter().map(|r| r.bytes).sum();
    let amplification = access::one_pass_cost(&reads, room);
    let kept = |r: &access::Read| match r.band {
        0 => 0,
        band => band.saturating_add(r.most.saturating_mul(concurrent)).min(r.bytes),
    };
    let cache = reads.iter().map(kept).fold(0, u64::saturating_add).min(room);
    let written = stage.ends.iter().filter(|e| !matches!(e.kind, EndKind::Reduce { .. }));
    Cost {
        tasks,
        read: (bytes as f64 * amplification) as u64 + other_reads(stage, plan),
        amplification,
        needed,
        repeated,
        overlaps,
        written: written.map(|e| stage.kernel.ty(e.slot).bytes()).sum(),
        band,
        task,
        concurrent: concurrent as usize,
        held,
        cache,
        peak: held + concurrent * task + cache,
    }
}

/// Bytes of results that stay in memory.
fn kept(plan: &Plan) -> u64 {
    plan.results.iter().filter(|k| k.place == Place::Memory).map(|k| k.ty.bytes()).sum()
}

fn constants(stage: &Stage) -> u64 {
    let bytes = |(input, ty): (&Input, &std::sync::Arc<ArrayType>)| match input {
        Input::Constant(Constant::Values(_)) => ty.bytes(),
        _ => 0,
    };
    stage.inputs.iter().zip(&stage.kernel.inputs).map(bytes).sum()
}

/// Bytes read from where there are no chunks: scratch and contiguous layouts.
fn other_reads(stage: &Stage, plan: &Plan) -> u64 {
    let needed = stage.required(&Region::whole(&stage.shape)).inputs;
    let bytes = |(i, input): (usize, &Input)| {
        let direct = match input {
            Input::Source(source) => source.chunks.is_none(),
            Input::Kept(id) => plan.results[*id].place != Place::Memory,
            Input::Constant(_) => false,
        };
        let size = stage.kernel.inputs[i].dtype.size() as u64;
        needed[i].as_ref().filter(|_| direct).map_or(0, |r| r.count().saturating_mul(size))
    };
    stage.inputs.iter().enumerate().map(bytes).sum()
}

/// Bytes of the accumulators that live between tasks.
fn accumulators(stage: &Stage) -> u64 {
    let bytes = |end: &End| match &end.kind {
        EndKind::Reduce { step, .. } => {
            let Some(reduction) = reduction(step) else { return 0 };
            let reduced = reduction.open_axes();
            let cells = open_cells(stage, &reduced);
            let groups = reduction.groups.as_ref().map_or(1, |(_, g)| g.coord.len() as u64);
            cells.saturating_mul(groups).saturating_mul(reduction.combine.state_bytes() as u64)
        }
        EndKind::Write { .. } | EndKind::Keep(_) => 0,
    };
    stage.ends.iter().map(bytes).sum()
}

/// Bytes of what scans carry from task to task.
fn carries(stage: &Stage) -> u64 {
    let bytes = |step: &Step| match &step.call.pattern {
        Pattern::Scan(scan) => open_cells(stage, &[scan.axis]).saturating_mul(scan.sweep.state_bytes() as u64),
        Pattern::Elementwise(_) | Pattern::Injective(_) | Pattern::Concat { .. } => 0,
        Pattern::Window(_)
        | Pattern::Stencil(_)
        | Pattern::Reduction(_)
        | Pattern::Contraction(_)
        | Pattern::Whole(_) => 0,
    };
    stage.kernel.steps.iter().map(bytes).fold(0, u64::saturating_add)
}

/// The cells that wait at once for the end of `axes`, in the order of the tasks.
fn open_cells(stage: &Stage, axes: &[usize]) -> u64 {
    let first = stage.order.iter().position(|a| axes.contains(a)).unwrap_or(stage.order.len());
    let inside = &stage.order[first..];
    let extent = |axis: usize| match axis {
        _ if axes.contains(&axis) => 1,
        _ if inside.contains(&axis) => stage.shape[axis],
        _ => stage.grid.axes[axis].size.min(stage.shape[axis]),
    };
    (0..stage.shape.len()).fold(1, |cells, axis| cells.saturating_mul(extent(axis)))
}

/// Bytes one task holds at its peak: the largest over its three moments and a few sampled tasks.
fn task(stage: &Stage, plan: &Plan, cone: &Cone, band: Option<(usize, u64)>) -> u64 {
    let Some(middle) = middle(stage) else { return 0 };
    let counts = stage.grid.counts(&stage.shape);
    let second: Vec<u64> = counts.iter().map(|n| 1.min(n - 1)).collect();
    let [first, second] = [vec![0; counts.len()], second].map(|index| stage.grid.region(&index, &stage.shape));
    [first, second, middle].iter().map(|region| task_at(stage, plan, cone, (region, band))).max().unwrap_or(0)
}

/// The region of a task in the middle.
fn middle(stage: &Stage) -> Option<Region> {
    let counts = stage.grid.counts(&stage.shape);
    let index: Vec<u64> = counts.iter().map(|n| n / 2).collect();
    (!counts.contains(&0)).then(|| stage.grid.region(&index, &stage.shape))
}

fn task_at(stage: &Stage, plan: &Plan, cone: &Cone, (region, band): (&Region, Option<(usize, u64)>)) -> u64 {
    let regions = stage.required(region);
    let (mut inputs, mut decoding) = (0u64, 0u64);
    for (i, needed) in regions.inputs.iter().enumerate() {
        let Some(needed) = needed else { continue };
        let item = stage.kernel.inputs[i].dtype.size() as u64;
        let in_memory = match &stage.inputs[i] {
            Input::Source(_) | Input::Constant(Constant::Linear { .. }) => false,
            Input::Constant(Constant::Full(_) | Constant::Values(_)) => true,
            Input::Kept(id) => plan.results[*id].place == Place::Memory,
        };
        if in_memory {
            continue;
        }
        inputs = inputs.saturating_add(needed.count().saturating_mul(item));
        if let Some(chunks) = &cone.stored[i] {
            let chunk = chunks.axes.iter().fold(item, |n, a| n.saturating_mul(a.size));
            let one = chunks.covering(needed).count() <= 1 && needed.count().saturating_mul(item) >= chunk;
            decoding = decoding.max(if one { chunk } else { chunk.saturating_mul(2) });
        }
    }
    let outputs: u64 = output_bytes(stage, region);
    let reading = inputs.saturating_add(decoding);
    let at_once = plan::band_of(band, region).map(|size| stage.required(&bands::part(region, size)));
    let whole = whole_steps(stage, at_once.as_ref().unwrap_or(&regions));
    let computing = inputs.saturating_add(whole).saturating_add(outputs);
    reading.max(computing.saturating_add(partials(stage, region))).max(outputs.saturating_mul(2))
}

/// Bytes of the blocks that writes and kept results need whole.
fn output_bytes(stage: &Stage, region: &Region) -> u64 {
    let whole = stage.ends.iter().filter(|e| !matches!(e.kind, EndKind::Reduce { .. }));
    let bytes =
        |end: &End| stage.part(end, region).count().saturating_mul(stage.kernel.ty(end.slot).dtype.size() as u64);
    whole.map(bytes).sum()
}

/// Bytes of values that cannot be computed tile by tile: what a window or lookup reads and gives.
pub(super) fn whole_steps(stage: &Stage, regions: &Regions) -> u64 {
    let mut bytes = 0u64;
    for (i, step) in stage.kernel.steps.iter().enumerate() {
        let Some(region) = &regions.steps[i] else { continue };
        let copies = match &step.call.pattern {
            Pattern::Window(_) | Pattern::Stencil(_) | Pattern::Concat { .. } | Pattern::Scan(_) => true,
            Pattern::Injective(map) => {
                matches!(map, IndexMap::Take { .. } | IndexMap::Points { .. } | IndexMap::Reshape(_))
            }
            Pattern::Elementwise(_) | Pattern::Reduction(_) | Pattern::Contraction(_) | Pattern::Whole(_) => false,
        };
        if let Pattern::Window(window) = &step.call.pattern {
            bytes = bytes.saturating_add(crate::operators::window::state_bytes(window, region));
        }
        if let Pattern::Whole(whole) = &step.call.pattern
            && let Some(needed) = regions.get(step.args[0])
        {
            bytes = bytes.saturating_add(whole.bytes(needed, step.ty.dtype.size()));
        }
        if let Pattern::Injective(IndexMap::Reshape(reshape)) = &step.call.pattern {
            bytes = bytes.saturating_add(reshape::room(reshape, region, step.ty.dtype));
        }
        if copies {
            bytes = bytes.saturating_add(region.count().saturating_mul(step.ty.dtype.size() as u64));
        }
        if !matches!(step.call.pattern, Pattern::Elementwise(_)) {
            for arg in step.args.iter().filter(|a| computed(stage, **a)) {
                let size = stage.kernel.ty(*arg).dtype.size() as u64;
                bytes = bytes.saturating_add(regions.get(*arg).map_or(0, Region::count).saturating_mul(size));
            }
        }
    }
    bytes
}

fn computed(stage: &Stage, slot: Slot) -> bool {
    match slot {
        Slot::Input(_) => false,
        Slot::Step(i) => matches!(stage.kernel.steps[i].call.pattern, Pattern::Elementwise(_)),
    }
}

/// Bytes of the accumulators a task fills for itself, and of the room in which it steps these or shared ones.
fn partials(stage: &Stage, region: &Region) -> u64 {
    let bytes = |end: &End| match &end.kind {
        EndKind::Reduce { step, is_large, .. } => match &step.call.pattern {
            Pattern::Contraction(contraction) => {
                contraction.task_bytes(region, stage.kernel.ty(end.slot).dtype.size() as u64)
            }
            pattern => pattern.reduction().map_or(0, |reduction| {
                let states = if *is_large { 0 } else { reduction.state_bytes(region) };
                states.saturating_add(reduction.combine.room_bytes() as u64)
            }),
        },
        EndKind::Write { .. } | EndKind::Keep(_) => 0,
    };
    stage.ends.iter().map(bytes).sum()
}

fn reduction(step: &Step) -> Option<&Reduction> {
    step.call.pattern.reduction()
}
