//! Bands: parts of a task that are computed one after the other.
//!
//! Windows, stencils and lookups take and give whole blocks. A task computes these a band at a time, along the first axis
//! of its region, so that they stay in the processor's cache and take little memory.

use super::cost;
use super::kernel::Regions;
use super::plan::{End, EndKind, Stage};
use crate::array::Region;
use crate::operators::Pattern;

/// The bytes of whole blocks that a band should stay below.
const BYTES: u64 = 1 << 20;

/// How much more a task may compute for the sake of bands: halos are computed on both sides of each.
const MORE: f64 = 1.125;

/// The axis of the bands of a task over `region` and their elements there, where it has several; that is the first axis of
/// more than one element. Reductions, scans, functions of whole axes, windows that slide and values of fewer elements take
/// a task as a whole.
pub fn band(stage: &Stage, region: &Region) -> Option<(usize, u64)> {
    let axis = region.shape.iter().position(|&n| n > 1).filter(|_| !region.is_empty())?;
    let apart = |end: &End| matches!(end.kind, EndKind::Reduce { .. }) || stage.is_coarser(end);
    let is_whole = |pattern: &Pattern| match pattern {
        Pattern::Window(window) => window.combine.sliding().is_some(),
        pattern => matches!(pattern, Pattern::Scan(_) | Pattern::Whole(_)),
    };
    if stage.ends.iter().any(apart) || stage.kernel.steps.iter().any(|step| is_whole(&step.call.pattern)) {
        return None;
    }
    let of = |size: u64| {
        let regions = stage.required(&part(region, size));
        (cost::whole_steps(stage, &regions), work(&regions) / size as f64)
    };
    let mut size = region.shape[axis];
    let (mut bytes, least) = of(size);
    while bytes > BYTES && size > 1 {
        let (smaller, work) = of(size.div_ceil(2));
        if work > MORE * least {
            break;
        }
        (bytes, size) = (smaller, size.div_ceil(2));
    }
    (size < region.shape[axis]).then_some((axis, size))
}

/// A part from the middle of a region, of so many elements along its first axis of several.
pub fn part(region: &Region, size: u64) -> Region {
    let mut part = region.clone();
    if let Some(axis) = region.shape.iter().position(|&n| n > 1) {
        let size = size.min(region.shape[axis]);
        part.start[axis] += (region.shape[axis] - size) / 2;
        part.shape[axis] = size;
    }
    part
}

/// Elements that are computed.
fn work(regions: &Regions) -> f64 {
    regions.steps.iter().flatten().map(|region| region.count() as f64).sum()
}
