//! What a stage's tasks touch: the joined kernel of a set of values, and how often it makes their
//! sources' chunks be read.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, NodeId, NodeKind};
use super::kernel::{Slot, Step};
use super::passes::fuse::Joined;
use super::split;
use crate::array::{ArrayType, ChunkGrid, Region};

/// Reading more than this many times the source's bytes costs more than writing and reading a
/// scratch copy.
pub const WORTH_A_CUT: f64 = 3.0;

/// Tasks sampled along each axis when reuse is measured: enough to see every phase between two grids
/// in practice, few enough that planning does not depend on the number of chunks.
const SAMPLES: u64 = 48;

/// A kernel that computes several values of the graph from sources, constants and finished results.
#[derive(Clone, Default)]
pub struct Cone {
    /// The kernel and who feeds its inputs.
    pub joined: Joined,
    /// The types and natural chunks of the inputs.
    pub stored: Vec<Option<ChunkGrid>>,
    /// The slots of values already in the kernel.
    slots: BTreeMap<NodeId, Slot>,
    /// Names of the inputs, for messages.
    names: Vec<String>,
}

/// Whether a node's value is finished before others use it: a reduction, or a cut.
pub fn is_barrier(graph: &Graph, id: NodeId) -> bool {
    match &graph[id].kind {
        NodeKind::Rechunk => true,
        NodeKind::Apply(kernel) => kernel.last().is_some_and(reduces),
        NodeKind::Source(_) | NodeKind::Constant(_) | NodeKind::Placeholder | NodeKind::Sink(_) => false,
    }
}

/// Whether a step reduces whole axes.
pub fn reduces(step: &Step) -> bool {
    step.call.pattern.reduction().is_some()
}

/// The kernel of these values.
pub fn cone(graph: &Graph, values: &[NodeId]) -> Cone {
    let mut cone = Cone::default();
    for value in values {
        let slot = cone.value(graph, *value);
        cone.joined.kernel.outputs.push(slot);
    }
    cone
}

impl Cone {
    /// The slot of a value, with all that leads to it.
    pub fn value(&mut self, graph: &Graph, id: NodeId) -> Slot {
        for ancestor in self.missing(graph, id) {
            let slot = match &graph[ancestor].kind {
                NodeKind::Apply(kernel) if !is_barrier(graph, ancestor) => {
                    let inputs: Vec<Slot> = graph.inputs(ancestor).iter().map(|i| self.slots[i]).collect();
                    self.joined.append(kernel, &inputs)
                }
                _ => self.leaf(graph, ancestor),
            };
            self.slots.insert(ancestor, slot);
        }
        self.slots[&id]
    }

    /// The reduction that finishes `id`, and the slots of what it reduces.
    pub fn reduced(&mut self, graph: &Graph, id: NodeId) -> Option<(Step, Vec<Slot>)> {
        let NodeKind::Apply(kernel) = &graph[id].kind else { return None };
        let mut head = kernel.clone();
        let last = head.steps.pop()?;
        let inputs: Vec<Slot> = graph.inputs(id).into_iter().map(|i| self.value(graph, i)).collect();
        let mut args = Vec::new();
        head.outputs = last.args.clone();
        let offset = self.joined.kernel.steps.len();
        self.joined.append(&head, &inputs);
        for arg in &last.args {
            args.push(match arg {
                Slot::Input(i) => inputs[*i],
                Slot::Step(i) => Slot::Step(offset + i),
            });
        }
        Some((last, args))
    }

    /// The ancestors of `id` (itself included) that have no slot yet, producers first.
    fn missing(&self, graph: &Graph, id: NodeId) -> Vec<NodeId> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        let mut stack = vec![(id, false)];
        while let Some((node, done)) = stack.pop() {
            if done {
                order.push(node);
                continue;
            }
            if self.slots.contains_key(&node) || !seen.insert(node) {
                continue;
            }
            stack.push((node, true));
            if !is_barrier(graph, node) {
                stack.extend(graph.inputs(node).into_iter().rev().map(|i| (i, false)));
            }
        }
        order
    }

    /// Splits the values of which tasks of `grid` over a space of `shape` need parts far apart.
    pub fn split(&mut self, shape: &[u64], grid: &ChunkGrid) {
        let counts = grid.counts(shape);
        if counts.contains(&0) {
            return;
        }
        let at = |of: fn(u64) -> u64| grid.region(&counts.iter().map(|n| of(*n)).collect::<Vec<u64>>(), shape);
        let samples = [at(|_| 0), at(|n| 1.min(n - 1)), at(|n| n / 2), at(|n| n - 1)];
        let origin = split::split(&mut self.joined.kernel, &self.stored, (shape, &samples));
        self.joined.inputs = origin.iter().map(|i| self.joined.inputs[*i]).collect();
        self.stored = origin.iter().map(|i| self.stored[*i].clone()).collect();
        self.names = origin.iter().map(|i| self.names[*i].clone()).collect();
    }

    fn leaf(&mut self, graph: &Graph, id: NodeId) -> Slot {
        let node = &graph[id];
        let slot = self.joined.input(id, &node.ty);
        if self.stored.len() < self.joined.inputs.len() {
            self.stored.push(match &node.kind {
                NodeKind::Source(source) => source.chunks.as_deref().map(ChunkGrid::regular),
                _ => None,
            });
            self.names.push(match &node.kind {
                NodeKind::Source(source) => format!("{}:{}", source.location.url, source.path),
                _ => graph.described(id),
            });
        }
        slot
    }
}

/// Bytes of stored arrays and finished values that a value is made of, or what is there of it in the middle one of `tasks`.
pub fn taken(graph: &Graph, value: NodeId, tasks: Option<&ChunkGrid>) -> u64 {
    let (mut cone, shape) = (cone(graph, &[value]), graph[value].ty.shape());
    let mut region = Region::whole(&shape);
    if let Some(grid) = tasks {
        cone.split(&shape, grid);
        let index: Vec<u64> = grid.counts(&shape).iter().map(|n| n / 2).collect();
        region = if shape.contains(&0) { region } else { grid.region(&index, &shape) };
    }
    let kernel = &cone.joined.kernel;
    let regions = kernel.required(&[(kernel.outputs[0], region)]).inputs;
    let inputs = cone.joined.inputs.iter().zip(&kernel.inputs).zip(regions);
    let stored = inputs.filter(|((input, _), _)| !matches!(graph[**input].kind, NodeKind::Constant(_)));
    let bytes = |((_, ty), region): ((_, &std::sync::Arc<ArrayType>), Option<Region>)| {
        region.map_or(0, |region| region.count().saturating_mul(ty.dtype.size() as u64))
    };
    stored.map(bytes).fold(0, u64::saturating_add)
}

/// How the tasks of a stage read one of its inputs.
#[derive(Clone, Debug)]
pub struct Read {
    /// What is read.
    pub name: String,
    /// The input of the kernel.
    pub input: usize,
    /// Bytes decoded, over bytes needed, when no chunk is kept.
    pub amplification: f64,
    /// Bytes of chunks to keep so that none is decoded twice, where tasks come one after the other.
    pub band: u64,
    /// The most bytes of chunks that a task touches.
    pub most: u64,
    /// The region that all tasks together need.
    pub region: Region,
    /// Whether several tasks need the same region.
    pub repeated: bool,
    /// Bytes of its chunks.
    pub bytes: u64,
}

/// How the tasks of `grid` over a space of `shape` read the chunked inputs of a cone whose outputs
/// all lie in that space.
pub fn reads(cone: &Cone, shape: &[u64], grid: &ChunkGrid) -> Vec<Read> {
    let kernel = &cone.joined.kernel;
    let needed = |region: &Region| kernel.required(&kernel.parts(&kernel.outputs, region, shape)).inputs;
    let counts = grid.counts(shape);
    let whole = needed(&Region::whole(shape));
    let mut reads = Vec::new();
    for (input, chunks) in cone.stored.iter().enumerate() {
        let (Some(chunks), Some(all)) = (chunks, &whole[input]) else { continue };
        let bytes = touched(&kernel.inputs[input], chunks, all);
        let name = cone.names[input].clone();
        reads.push(Read {
            name,
            input,
            amplification: 1.0,
            band: 0,
            most: 0,
            region: all.clone(),
            repeated: false,
            bytes,
        });
    }
    let touched = |read: &Read, region: &Region| {
        let chunks = cone.stored[read.input].as_ref();
        chunks.map_or(0, |chunks| touched(&kernel.inputs[read.input], chunks, region))
    };
    if counts.contains(&0) {
        return reads;
    }
    for axis in 0..shape.len() {
        let mut walks: Vec<Walk> = vec![Walk::default(); reads.len()];
        for i in 0..counts[axis].min(SAMPLES) {
            let mut index = vec![0; shape.len()];
            index[axis] = i;
            let regions = needed(&grid.region(&index, shape));
            for (read, walk) in reads.iter().zip(&mut walks) {
                if let Some(region) = &regions[read.input] {
                    walk.pass(region, touched(read, region));
                }
            }
        }
        let slab = needed(&slab(grid, &counts, shape, axis));
        for (read, Walk { most, sum, union, repeated }) in reads.iter_mut().zip(walks) {
            read.repeated |= repeated;
            let covered = union.map_or(0, |all| touched(read, &all));
            read.most = read.most.max(most);
            if covered > 0 && sum > covered {
                read.amplification *= sum as f64 / covered as f64;
                let all_beside = slab[read.input].as_ref().map_or(0, |region| touched(read, region));
                read.band = read.band.max(most).max(all_beside).min(read.bytes);
            }
        }
    }
    reads
}

/// What the tasks cover that come between two which follow each other along `axis`, in the middle of it.
fn slab(grid: &ChunkGrid, counts: &[u64], shape: &[u64], axis: usize) -> Region {
    let index: Vec<u64> = (0..shape.len()).map(|a| if a == axis { counts[a] / 2 } else { 0 }).collect();
    let mut slab = grid.region(&index, shape);
    slab.start[axis + 1..].fill(0);
    slab.shape[axis + 1..].copy_from_slice(&shape[axis + 1..]);
    slab
}

/// What tasks in a row along one axis need of one input.
#[derive(Clone, Default)]
struct Walk {
    /// The most bytes of chunks that one of them touches.
    most: u64,
    /// The bytes of all, chunks that several touch as often as they do.
    sum: u64,
    /// All that they need.
    union: Option<Region>,
    /// Whether one needs what those before needed.
    repeated: bool,
}

impl Walk {
    fn pass(&mut self, region: &Region, bytes: u64) {
        self.repeated |= bytes > 0 && self.union.as_ref() == Some(region);
        self.most = self.most.max(bytes);
        self.sum += bytes;
        self.union = Some(self.union.take().map_or_else(|| region.clone(), |all| all.union(region)));
    }
}

/// Bytes read per byte needed, when bands of chunks that fit `cache` are kept.
pub fn one_pass_cost(reads: &[Read], cache: u64) -> f64 {
    let (mut read, mut needed) = (0.0, 0.0);
    let mut left = cache;
    for r in reads {
        needed += r.bytes as f64;
        if r.band <= left {
            left -= r.band;
            read += r.bytes as f64;
        } else {
            read += r.bytes as f64 * r.amplification;
        }
    }
    if needed > 0.0 { read / needed } else { 1.0 }
}

/// Bytes of the chunks that a region touches.
pub fn touched(ty: &ArrayType, chunks: &ChunkGrid, region: &Region) -> u64 {
    let covering = chunks.covering(region);
    let shape = ty.shape();
    let elements = (0..shape.len()).fold(1u64, |n, axis| {
        let (first, count) = (covering.start[axis], covering.shape[axis]);
        if count == 0 {
            return 0;
        }
        let start = chunks.axes[axis].span(first, shape[axis]).0;
        let (last, length) = chunks.axes[axis].span(first + count - 1, shape[axis]);
        n.saturating_mul(last + length - start)
    });
    elements.saturating_mul(ty.dtype.size() as u64)
}
