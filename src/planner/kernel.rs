//! Kernels: straight-line lists of operator calls.
//!
//! Lowering makes kernels of one step; fusion concatenates them; the runtime executes kernels and
//! nothing else. There is no separate "fused" node.

use std::fmt;
use std::sync::Arc;

use crate::array::{ArrayType, Region};
use crate::operators::Call;
use crate::source::Span;

/// A value inside a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// An input of the kernel.
    Input(usize),
    /// The result of a step.
    Step(usize),
}

/// One call of a kernel.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is called.
    pub call: Arc<Call>,
    /// Its inputs: kernel inputs or earlier steps.
    pub args: Vec<Slot>,
    /// The type of its result.
    pub ty: Arc<ArrayType>,
    /// Where it stands in the script.
    pub span: Span,
}

/// A straight-line list of calls.
#[derive(Clone, Debug, Default)]
pub struct Kernel {
    /// The types of the inputs.
    pub inputs: Vec<Arc<ArrayType>>,
    /// The calls, each after those whose results it uses.
    pub steps: Vec<Step>,
    /// What the kernel gives.
    pub outputs: Vec<Slot>,
}

impl Kernel {
    /// A kernel of one call, which gives its result.
    pub fn single(call: Call, inputs: &[Arc<ArrayType>], ty: Arc<ArrayType>, span: Span) -> Self {
        let args = (0..inputs.len()).map(Slot::Input).collect();
        let step = Step { call: Arc::new(call), args, ty, span };
        Kernel { inputs: inputs.to_vec(), steps: vec![step], outputs: vec![Slot::Step(0)] }
    }

    /// The type of a slot.
    pub fn ty(&self, slot: Slot) -> &Arc<ArrayType> {
        match slot {
            Slot::Input(i) => &self.inputs[i],
            Slot::Step(i) => &self.steps[i].ty,
        }
    }

    /// The last step: the one that gives the (first) output.
    pub fn last(&self) -> Option<&Step> {
        match self.outputs.first()? {
            Slot::Step(i) => self.steps.get(*i),
            Slot::Input(_) => None,
        }
    }

    /// The part of a slot that belongs to a task over `region` of a space of this shape: the same region, or of a value of
    /// fewer elements what lies over it. Regions that make up the space give parts that make up the value.
    pub fn part(&self, slot: Slot, region: &Region, space: &[u64]) -> Region {
        let shape = self.ty(slot).shape();
        if shape == space {
            return region.clone();
        }
        let along = |axis: usize| {
            let factor = (space[axis] / shape[axis].max(1)).max(1);
            let start = (region.start[axis] / factor).min(shape[axis]);
            let is_last = region.end(axis) == space[axis];
            let end = if is_last { shape[axis] } else { (region.end(axis) / factor).min(shape[axis]) };
            (start, end - start)
        };
        let (start, shape) = (0..shape.len()).map(along).unzip();
        Region { start, shape }
    }

    /// The parts of several slots, but for those that are empty where the region is not.
    pub fn parts(&self, slots: &[Slot], region: &Region, space: &[u64]) -> Vec<(Slot, Region)> {
        let parts = slots.iter().map(|slot| (*slot, self.part(*slot, region, space)));
        parts.filter(|(_, part)| region.is_empty() || !part.is_empty()).collect()
    }

    /// Per slot the region that is needed for `wanted` regions of some slots: inputs first, then
    /// steps; none where a slot is not needed. The reverse walk of bounds inference.
    pub fn required(&self, wanted: &[(Slot, Region)]) -> Regions {
        let mut regions = Regions { inputs: vec![None; self.inputs.len()], steps: vec![None; self.steps.len()] };
        for (slot, region) in wanted {
            regions.widen(*slot, region);
        }
        for (i, step) in self.steps.iter().enumerate().rev() {
            let Some(region) = regions.steps[i].clone() else { continue };
            let types: Vec<&ArrayType> = step.args.iter().map(|a| &**self.ty(*a)).collect();
            for (input, arg) in step.args.iter().enumerate() {
                let needed = step.call.pattern.required(&region, input, &types);
                regions.widen(*arg, &needed);
            }
        }
        regions
    }
}

/// The regions of a kernel's slots that a task needs.
#[derive(Clone, Debug)]
pub struct Regions {
    /// Per input.
    pub inputs: Vec<Option<Region>>,
    /// Per step.
    pub steps: Vec<Option<Region>>,
}

impl Regions {
    /// The region of a slot.
    pub fn get(&self, slot: Slot) -> Option<&Region> {
        match slot {
            Slot::Input(i) => self.inputs[i].as_ref(),
            Slot::Step(i) => self.steps[i].as_ref(),
        }
    }

    fn widen(&mut self, slot: Slot, region: &Region) {
        let entry = match slot {
            Slot::Input(i) => &mut self.inputs[i],
            Slot::Step(i) => &mut self.steps[i],
        };
        *entry = Some(match entry.take() {
            Some(known) => known.union(region),
            None => region.clone(),
        });
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: Vec<String> = self.steps.iter().map(|s| s.call.to_string()).collect();
        f.write_str(&calls.join(" → "))
    }
}
