//! The plan: stages in order, what they keep, what they write. Symbolic: its size does not depend on
//! the number of chunks.

use std::path::PathBuf;
use std::sync::Arc;

use super::graph::Write;
pub use super::graph::{Beside, Missing, Source};
use super::kernel::{Kernel, Regions, Slot, Step};
use super::persist::Persisted;
use super::reread::Reread;
use crate::array::{ArrayType, ChunkGrid, Region};
use crate::operators::Constant;
use crate::source::Span;

/// All that a run does.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Results kept between stages.
    pub results: Vec<Kept>,
    /// The stages, each after those whose results it uses.
    pub stages: Vec<Stage>,
    /// Sources whose decoded chunks stay from one stage to another.
    pub rereads: Vec<Reread>,
    /// The targets written.
    pub targets: Vec<Target>,
    /// What is shown and checked at the end, in script order.
    pub answers: Vec<Answer>,
    /// The results that are kept or were, in script order.
    pub persisted: Vec<Persisted>,
    /// Bytes the run may hold at once.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
    /// Where scratch files go.
    pub scratch: PathBuf,
    /// Whether targets are forced to disk before they get their names.
    pub durable: bool,
    /// Whether the run goes on from what an interrupted one has written.
    pub resume: bool,
}

impl Plan {
    /// A number for a source that no other source of the plan has.
    pub fn source_number(&self, source: &Source) -> usize {
        let sources = self.stages.iter().flat_map(|s| &s.inputs);
        let is_it = |input: &Input| matches!(input, Input::Source(other) if other == source);
        sources.into_iter().position(is_it).unwrap_or(usize::MAX)
    }

    /// Where several stages read a source: its number among those, and what stages after `stage` need of it.
    pub fn reread(&self, source: &Source, stage: usize) -> Option<(usize, Option<Region>)> {
        let found = self.rereads.iter().enumerate().find(|(_, r)| r.source == *source);
        found.map(|(index, reread)| (index, reread.later(stage)))
    }
}

/// A result that outlives its stage.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What it is, for people.
    pub name: String,
    /// Its type.
    pub ty: Arc<ArrayType>,
    /// Where it is kept.
    pub place: Place,
}

/// Where a result is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// In memory.
    Memory,
    /// In a scratch file, in pieces of this shape.
    Scratch(Vec<u64>),
}

/// One pass over a grid of tasks.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What a task computes.
    pub kernel: Kernel,
    /// Who feeds the kernel's inputs.
    pub inputs: Vec<Input>,
    /// The shape of the space the tasks tile.
    pub shape: Vec<u64>,
    /// The tasks.
    pub grid: ChunkGrid,
    /// The axes of the space from outermost to innermost in the order of tasks.
    pub order: Vec<usize>,
    /// The axes along which tasks come from the last to the first.
    pub backwards: Vec<usize>,
    /// How tasks with reductions walk their elements.
    pub walk: Walk,
    /// What becomes of the kernel's values.
    pub ends: Vec<End>,
    /// What it costs.
    pub cost: Cost,
}

/// How tasks with reductions walk their elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk {
    /// The axis along which they take several rows of neighbouring cells together.
    pub rows: Option<usize>,
    /// The shape of the strips into which a task is cut, where it is.
    pub strip: Option<Vec<u64>>,
}

impl Stage {
    /// What a task over `region` needs.
    pub fn required(&self, region: &Region) -> Regions {
        let slots: Vec<Slot> = self.ends.iter().flat_map(End::slots).collect();
        self.kernel.required(&self.kernel.parts(&slots, region, &self.shape))
    }

    /// The part of an end's value that a task over `region` gives.
    pub fn part(&self, end: &End, region: &Region) -> Region {
        self.kernel.part(end.slot, region, &self.shape)
    }

    /// The elements along its first axis of several that a task over `region` computes at a time, where that is not all.
    pub fn band(&self, region: &Region) -> Option<u64> {
        band_of(self.cost.band, region)
    }

    /// Whether an end's value has fewer elements than the space of the tasks.
    pub fn is_coarser(&self, end: &End) -> bool {
        matches!(end.kind, EndKind::Keep(_)) && self.kernel.ty(end.slot).shape() != self.shape
    }
}

/// The elements of a band of a task over `region`, unless that has another first axis of several than most tasks: then it is
/// small.
pub fn band_of(band: Option<(usize, u64)>, region: &Region) -> Option<u64> {
    let (axis, size) = band?;
    (region.shape.iter().position(|&n| n > 1) == Some(axis) && size < region.shape[axis]).then_some(size)
}

/// What feeds a kernel's input.
#[derive(Clone, Debug)]
pub enum Input {
    /// A stored array.
    Source(Source),
    /// Values in the plan.
    Constant(Constant),
    /// A result of an earlier stage.
    Kept(usize),
}

/// What becomes of a value.
#[derive(Clone, Debug)]
pub struct End {
    /// The value: of the stage's space.
    pub slot: Slot,
    /// What becomes of it.
    pub kind: EndKind,
    /// Where it stands in the script.
    pub span: Span,
    /// Its name, for people.
    pub name: String,
}

impl End {
    /// The slots of the kernel that the end takes: its value, and weights where there are some.
    pub fn slots(&self) -> Vec<Slot> {
        match &self.kind {
            EndKind::Reduce { weights: Some(weights), .. } => vec![self.slot, *weights],
            EndKind::Reduce { .. } | EndKind::Write { .. } | EndKind::Keep(_) => vec![self.slot],
        }
    }

    /// Takes the next of `slots` instead of its own, as many as [`End::slots`] gives, in that order.
    ///
    /// # Panics
    /// Where there are too few.
    pub fn take_slots<'s>(&mut self, slots: &mut impl Iterator<Item = &'s Slot>) {
        let mut next = || *slots.next().expect("a slot per value of an end");
        self.slot = next();
        if let EndKind::Reduce { weights: Some(weights), .. } = &mut self.kind {
            *weights = next();
        }
    }
}

/// Accumulators of at most this many bytes are filled task by task and merged; larger ones exist once
/// and are stepped directly, one task after the other.
pub const PARTIAL: u64 = 1 << 20;

/// The closed list of ends.
#[derive(Clone, Debug)]
pub enum EndKind {
    /// Written to a variable of a target.
    Write {
        /// The target.
        target: usize,
        /// The variable.
        variable: usize,
    },
    /// Kept as a result.
    Keep(usize),
    /// Reduced into a result.
    Reduce {
        /// The reducing call.
        step: Box<Step>,
        /// The weights or, of a contraction, the second factor, where there is one: of the same space.
        weights: Option<Slot>,
        /// The result.
        into: usize,
        /// Whether the states of a task are more than [`PARTIAL`], in the tasks that types ask for: a budget may halve
        /// them, and must not change the order of additions.
        is_large: bool,
    },
}

/// A target of a sink.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is written.
    pub write: Write,
    /// The types of the variables.
    pub types: Vec<Arc<ArrayType>>,
    /// Where the sink stands in the script.
    pub span: Span,
    /// The digest of the values that it is to hold ([`identity`](super::identity)).
    pub identity: String,
}

/// What is shown or checked at the end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether it is shown or checked.
    pub kind: AnswerKind,
    /// The value.
    pub value: Input,
    /// Its type.
    pub ty: Arc<ArrayType>,
    /// Where it stands in the script.
    pub span: Span,
}

/// The kinds of answer.
#[derive(Clone, Debug)]
pub enum AnswerKind {
    /// Shown on standard output.
    Print {
        /// The text of the expression.
        label: String,
        /// The type before long axes were cut.
        whole: Arc<ArrayType>,
        /// Whether the value is text that is shown as it is.
        verbatim: bool,
        /// The coordinates that are no labels of a dim.
        beside: Vec<Beside>,
    },
    /// All elements must hold.
    Assert {
        /// The text of the condition.
        condition: String,
        /// What is said otherwise.
        message: Option<String>,
    },
}

/// What a stage costs, predicted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Tasks.
    pub tasks: u64,
    /// Bytes decoded from sources and scratch.
    pub read: u64,
    /// Bytes decoded over bytes needed.
    pub amplification: f64,
    /// Per input of the kernel that comes in chunks, the region that all tasks together need.
    pub needed: Vec<Option<Region>>,
    /// Per input of the kernel, whether several tasks need the same of its chunks.
    pub repeated: Vec<bool>,
    /// Per input of the kernel, whether some of its chunks are needed by tasks beside each other.
    pub overlaps: Vec<bool>,
    /// Bytes given to sinks and scratch, before encoding.
    pub written: u64,
    /// The axis along which a task computes a part at a time, and the elements of that, where that is not all it has.
    pub band: Option<(usize, u64)>,
    /// Bytes one task holds at its peak.
    pub task: u64,
    /// Tasks that may run at once within the budget.
    pub concurrent: usize,
    /// Bytes held throughout: results in memory and accumulators.
    pub held: u64,
    /// Bytes for decoded chunks: what they need so that none is decoded twice, as far as there is room.
    pub cache: u64,
    /// Bytes held at the peak.
    pub peak: u64,
}
