//! How tasks with reductions walk their elements.
//!
//! Reductions of one stage are stepped in one walk, so how that is cut may show in the last bits of each. It is decided for
//! all that share a space, in the tasks that types ask for: a budget that halves tasks, or makes several stages of them,
//! changes no order of additions.

use super::plan::{PARTIAL, Walk};
use crate::array::Region;
use crate::operators::pattern::Reduction;

/// Bytes of the states of a strip: they stay in the second-level cache, beside the tiles.
const STATES: u64 = 256 << 10;

/// Rows of fewer elements are not worth taking together.
const SHORTEST_ROW: u64 = 256;

/// The walk of tasks of which `task` is the largest, over a space of `shape`.
pub fn walk<'r>(reductions: impl Iterator<Item = &'r Reduction> + Clone, shape: &[u64], task: &Region) -> Walk {
    let kept = |axis: &usize| shape[axis + 1..].iter().fold(1u64, |n, size| n.saturating_mul(*size));
    let innermost = reductions.clone().filter_map(|reduction| reduction.open_axes().into_iter().max());
    let rows = innermost.filter(|axis| kept(axis) >= SHORTEST_ROW).max();
    Walk { rows, strip: strip(&reductions.filter(|r| is_large(r, task)).collect::<Vec<_>>(), task) }
}

/// Whether the states of a task are so large that tasks step the same ones.
pub fn is_large(reduction: &Reduction, task: &Region) -> bool {
    reduction.state_bytes(task) > PARTIAL
}

/// The shape of a strip, where reductions of many cells reduce the same axes.
fn strip(large: &[&Reduction], task: &Region) -> Option<Vec<u64>> {
    let open = large.first()?.open_axes();
    if large.iter().any(|reduction| reduction.open_axes() != open) {
        return None;
    }
    let bytes: u64 = large.iter().map(|reduction| reduction.state_bytes(task)).sum();
    let mut parts = bytes.div_ceil(STATES);
    let mut shape = task.shape.clone();
    for axis in (0..task.rank()).filter(|axis| !open.contains(axis)) {
        let size = (shape[axis] / parts).max(1);
        parts = parts.div_ceil(shape[axis].div_ceil(size));
        shape[axis] = size;
    }
    Some(shape)
}
