//! Kernels with functions of whole axes: what their tasks take in, and the grid of such tasks.
//!
//! Elsewhere the tasks of a space are sized by the values computed. Here a cell may take in a whole axis, so
//! they are sized by what is *read*. And where a part of an axis takes in as much as the whole (the sorted
//! axis of a sort, the dim that several quantiles add), tasks hold that axis whole, or the same would be
//! computed in each of them.

use super::graph::{Graph, NodeId, NodeKind};
use super::kernel::{Kernel, Slot, Step};
use super::tasks;
use crate::array::{ArrayType, AxisChunks, ChunkGrid, Region};
use crate::operators::{IndexMap, Pattern};

/// Bytes a task should at least take in, so that its overhead stays below a percent.
const SMALLEST: u64 = 8 << 20;

/// Bytes that tasks take in at most where they are made smaller than chunks.
const USUAL: u64 = 32 << 20;

/// Bytes that a task of whole chunks, or of whole objects to write, may take in.
pub const LARGEST: u64 = 64 << 20;

/// Whether a step needs whole axes.
pub fn is_whole(step: &Step) -> bool {
    matches!(step.call.pattern, Pattern::Whole(_))
}

/// Whether a kernel has a step that needs whole axes.
pub fn has_whole(kernel: &Kernel) -> bool {
    kernel.steps.iter().any(is_whole)
}

/// Whether a node takes in its input at once, where a cut may or may not come before it: levels count one there
/// in either case, so that they do not depend on the budget.
pub fn gathers(graph: &Graph, id: NodeId) -> bool {
    let NodeKind::Apply(kernel) = &graph[id].kind else { return false };
    let is_cut = |input: &NodeId| matches!(graph[*input].kind, NodeKind::Rechunk);
    has_whole(kernel) && !(kernel.steps.len() == 1 && graph.inputs(id).iter().all(is_cut))
}

/// Bytes that each step that needs whole axes takes in for a region of the outputs of a kernel.
fn taken_by_each(kernel: &Kernel, region: &Region) -> Vec<u64> {
    taken_by(kernel, region, is_whole)
}

/// Bytes that each of some steps takes in for a region of the outputs of a kernel.
fn taken_by(kernel: &Kernel, region: &Region, is_one: impl Fn(&Step) -> bool) -> Vec<u64> {
    let wanted: Vec<(Slot, Region)> = kernel.outputs.iter().map(|slot| (*slot, region.clone())).collect();
    let regions = kernel.required(&wanted);
    let bytes = |slot: &Slot| {
        let size = kernel.ty(*slot).dtype.size() as u64;
        regions.get(*slot).map_or(0, |region| region.count().saturating_mul(size))
    };
    let some = kernel.steps.iter().filter(|step| is_one(step));
    some.map(|step| step.args.iter().map(bytes).sum()).collect()
}

/// Bytes that the steps that need whole axes take in at most for a region of the outputs of a kernel.
pub fn taken(kernel: &Kernel, region: &Region) -> u64 {
    taken_by_each(kernel, region).into_iter().max().unwrap_or(0)
}

/// The axes of the outputs, of `shape`, of which a part takes in as much as the whole.
pub fn fixed(kernel: &Kernel, shape: &[u64]) -> Vec<usize> {
    let all = taken_by_each(kernel, &Region::whole(shape));
    let is_fixed = |axis: &usize| {
        let mut part = Region::whole(shape);
        part.shape[*axis] = part.shape[*axis].div_ceil(2);
        let less = taken_by_each(kernel, &part).iter().zip(&all).all(|(part, all)| part < all || *all == 0);
        shape[*axis] > 1 && !less
    };
    (0..shape.len()).filter(is_fixed).collect()
}

/// The region of the first task of a grid over a space of `shape`.
pub fn first(grid: &ChunkGrid, shape: &[u64]) -> Region {
    let sizes = grid.axes.iter().zip(shape).map(|(axis, n)| axis.size.min(*n)).collect();
    Region { start: vec![0; shape.len()], shape: sizes }
}

/// The tasks of a kernel whose outputs are all of the space of `ty`, in whole `units` where there are some.
pub fn grid(kernel: &Kernel, ty: &ArrayType, units: Option<&ChunkGrid>) -> ChunkGrid {
    let shape = ty.shape();
    let fixed = fixed(kernel, &shape);
    let unit = |axis: usize| units.map_or(1, |units| units.axes[axis].size);
    let size = |axis: usize| match fixed.contains(&axis) {
        true => shape[axis],
        false => ty.chunks.axes[axis].size.min(shape[axis]),
    };
    let mut grid = ChunkGrid {
        axes: (0..shape.len())
            .map(|axis| AxisChunks::regular(size(axis).div_ceil(unit(axis)).max(1) * unit(axis)))
            .collect(),
    };
    let bytes = |grid: &ChunkGrid| taken(kernel, &first(grid, &shape));
    let free: Vec<usize> = (0..shape.len()).filter(|axis| !fixed.contains(axis)).collect();
    let most = if bytes(&grid) > LARGEST { USUAL } else { LARGEST };
    for &axis in &free {
        while bytes(&grid) > most && grid.axes[axis].size > unit(axis) {
            let half = (grid.axes[axis].size / 2).div_ceil(unit(axis)).max(1) * unit(axis);
            grid.axes[axis] = AxisChunks::regular(half.min(grid.axes[axis].size - 1).max(unit(axis)));
        }
    }
    for &axis in free.iter().rev() {
        let room = SMALLEST / bytes(&grid).max(1);
        let factor = room.min(shape[axis].div_ceil(grid.axes[axis].size)).max(1);
        grid.axes[axis].size *= factor;
    }
    grid
}

/// Whether a step gathers points: of those far apart little is given and much is read.
fn is_gather(step: &Step) -> bool {
    matches!(step.call.pattern, Pattern::Injective(IndexMap::Points { .. }))
}

/// Whether a kernel has a step that gathers points.
pub fn has_gather(kernel: &Kernel) -> bool {
    kernel.steps.iter().any(is_gather)
}

/// The grid of tasks over a space of `ty`, made smaller, down to its chunks and whole `units`, while too much is read of
/// what points are gathered from.
pub fn gathering(mut grid: ChunkGrid, kernel: &Kernel, ty: &ArrayType, units: Option<&ChunkGrid>) -> ChunkGrid {
    if !has_gather(kernel) {
        return grid;
    }
    let shape = ty.shape();
    let (natural, unit) = (tasks::natural(ty), |axis: usize| units.map_or(1, |units| units.axes[axis].size));
    let least = |axis: usize| natural[axis].size.div_ceil(unit(axis)) * unit(axis);
    let size = |grid: &ChunkGrid, axis: usize| grid.axes[axis].size.min(shape[axis]);
    while taken_by(kernel, &first(&grid, &shape), is_gather).iter().sum::<u64>() > LARGEST {
        let longer = (0..shape.len()).filter(|axis| size(&grid, *axis) > least(*axis));
        let Some(axis) = longer.max_by_key(|axis| size(&grid, *axis) / least(*axis)) else { break };
        let half = (size(&grid, axis) / 2).div_ceil(least(axis)).max(1) * least(axis);
        let half = half.min(size(&grid, axis) - 1).max(least(axis)) / least(axis) * least(axis);
        grid.axes[axis].size = half;
    }
    grid
}

/// Halves the tasks of a grid until what they take in, what they compute and what they read meanwhile fits.
pub fn fit(grid: &mut ChunkGrid, kernel: &Kernel, (shape, units): (&[u64], Option<&ChunkGrid>), memory: u64) {
    let fixed = fixed(kernel, shape);
    while taken(kernel, &first(grid, shape)).saturating_mul(4) > memory && tasks::halve(grid, shape, units, &fixed) {}
}
