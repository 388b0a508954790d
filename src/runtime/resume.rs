//! Going on from what an interrupted run has stored.
//!
//! Only objects of targets are taken over. Reductions and what is kept between stages are computed again, in the same order, so that
//! the bits are those of a run that was not disturbed. A task is left out where all it has to give are objects that are
//! stored; a stage, where nothing else needs its results.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::Cancel;
use super::error::RunError;
use super::executor::StageRun;
use super::journal::{Found, Journal, Objects};
use super::serializers::{ArrayWriter, Extent, StorageError, Storing};
use super::staging::Area;
use super::targets::Targets;
use super::task::Moved;
use super::turns::Queue;
use crate::array::{Block, ChunkGrid, Region};
use crate::operators::Pattern;
use crate::planner::plan::{Answer, EndKind, Input, Plan, Stage};

/// What of a stage need not be computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Skips {
    /// All tasks are carried out.
    #[default]
    Nothing,
    /// Those tasks are left out whose objects are all stored.
    Tasks,
    /// All tasks are left out.
    Stage,
}

/// Per stage, what need not be computed.
pub fn skips(plan: &Plan, targets: &Targets) -> Vec<Skips> {
    if !targets.has_kept() {
        return vec![Skips::Nothing; plan.stages.len()];
    }
    let kept = |input: &Input| match input {
        Input::Kept(id) => Some(*id),
        Input::Source(_) | Input::Constant(_) => None,
    };
    let answered = |answer: &Answer| kept(&answer.value);
    let mut wanted: BTreeSet<usize> = plan.answers.iter().filter_map(answered).collect();
    let mut skips = Vec::new();
    for stage in plan.stages.iter().rev() {
        let is_needed = stage.ends.iter().any(|end| match &end.kind {
            EndKind::Write { target, variable } => !targets.is_complete(*target, *variable),
            EndKind::Keep(id) | EndKind::Reduce { into: id, .. } => wanted.contains(id),
        });
        if is_needed {
            wanted.extend(stage.inputs.iter().filter_map(kept));
        }
        skips.push(match (is_needed, are_apart(stage)) {
            (false, _) => Skips::Stage,
            (true, true) => Skips::Tasks,
            (true, false) => Skips::Nothing,
        });
    }
    skips.reverse();
    skips
}

/// Whether no task of a stage waits for another, or leaves something for later stages.
fn are_apart(stage: &Stage) -> bool {
    let writes = stage.ends.iter().all(|end| matches!(end.kind, EndKind::Write { .. }));
    writes && !stage.kernel.steps.iter().any(|step| matches!(step.call.pattern, Pattern::Scan(_)))
}

/// Does for a task what is to be done where all its objects are stored; none where they are not.
///
/// # Errors
/// What is stored cannot be read or stored again, or the run was cancelled.
pub fn take_over(
    run: &StageRun<'_>,
    (number, region): (u64, &Region),
    cancel: &Cancel,
) -> Result<Option<Moved>, RunError> {
    if run.skips == Skips::Nothing {
        return Ok(None);
    }
    let failed = |error: StorageError| RunError::storage(error, run.written);
    let mut all = Vec::new();
    for end in &run.stage.ends {
        let EndKind::Write { target, variable } = &end.kind else { continue };
        match run.targets.take_over((*target, *variable), region).map_err(failed)? {
            Some(objects) => all.extend(objects),
            None => return Ok(None),
        }
    }
    let mut queue = Queue::new(run.turns.as_ref(), number);
    all.into_iter().try_for_each(|object| queue.push(object)).map_err(failed)?;
    let written = queue.finish(cancel, failed)?;
    Ok(Some(Moved { read: 0, written }))
}

/// What an interrupted run has stored of a target.
#[derive(Debug, Default)]
pub struct Kept {
    objects: BTreeMap<u32, Objects>,
    /// The unfinished files that objects are taken from, by session.
    files: BTreeMap<u32, File>,
}

impl Kept {
    /// What was `found` in the journal of an area and is there. A file in which objects lie is kept under another name, since the target's is
    /// begun anew.
    ///
    /// # Errors
    /// The area cannot be changed.
    pub fn open(area: &Area, found: &Found) -> std::io::Result<Kept> {
        let mut kept = Kept::default();
        let mut in_use = BTreeSet::new();
        if found.objects.values().any(|objects| objects.extents().next().is_some()) && area.data().is_file() {
            std::fs::rename(area.data(), area.kept(found.sessions))?;
        }
        for (variable, objects) in &found.objects {
            let mut objects = objects.clone();
            for (object, session, extent) in objects.clone().extents() {
                if let std::collections::btree_map::Entry::Vacant(vacant) = kept.files.entry(session)
                    && let Ok(file) = File::open(area.kept(session))
                {
                    vacant.insert(file);
                }
                match kept.files.get(&session).and_then(|file| read(file, &extent)) {
                    Some(_) => drop(in_use.insert(session)),
                    None => objects.remove(object),
                }
            }
            kept.objects.insert(*variable, objects);
        }
        area.remove_kept(|session| in_use.contains(&session));
        Ok(kept)
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// How many objects are stored.
    pub fn total(&self) -> u64 {
        self.objects.values().map(Objects::len).sum()
    }

    /// How many objects of a variable are stored.
    pub fn count(&self, variable: usize) -> u64 {
        self.objects.get(&(variable as u32)).map_or(0, Objects::len)
    }

    fn contains(&self, variable: u32, object: u64) -> bool {
        self.objects.get(&variable).is_some_and(|objects| objects.contains(object))
    }

    fn extent(&self, variable: u32, object: u64) -> Option<(u32, Extent)> {
        self.objects.get(&variable)?.extent(object)
    }
}

/// The bytes of an extent, if they are what they were.
fn read(file: &File, extent: &Extent) -> Option<Vec<u8>> {
    let len = file.metadata().ok()?.len();
    if extent.address.checked_add(extent.len)? > len {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(extent.len).ok()?];
    file.read_exact_at(&mut bytes, extent.address).ok()?;
    (crc32fast::hash(&bytes) == extent.sum).then_some(bytes)
}

/// Writes a variable of a target: takes over what is stored, and notes what it stores.
pub struct Journaled {
    writer: Arc<dyn ArrayWriter>,
    variable: u32,
    /// Objects per axis.
    counts: Vec<u64>,
    kept: Arc<Kept>,
    journal: Option<Arc<Journal>>,
}

impl Journaled {
    /// A writer of a variable of this number and shape.
    pub fn new(
        writer: Arc<dyn ArrayWriter>,
        (variable, shape): (usize, &[u64]),
        kept: Arc<Kept>,
        journal: Option<Arc<Journal>>,
    ) -> Self {
        let counts = ChunkGrid::regular(writer.object_shape()).counts(shape);
        Journaled { writer, variable: variable as u32, counts, kept, journal }
    }

    fn number(&self, index: &[u64]) -> u64 {
        index.iter().zip(&self.counts).fold(0, |number, (i, count)| number * count + i)
    }

    /// Whether an object is stored.
    pub fn is_kept(&self, index: &[u64]) -> bool {
        self.kept.contains(self.variable, self.number(index))
    }

    /// What is left to do for an object that is stored.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub fn take_over(&self, index: &[u64]) -> Result<Storing, StorageError> {
        let number = self.number(index);
        let Some((session, extent)) = self.kept.extent(self.variable, number) else { return Ok(Storing::Done(0)) };
        match self.kept.files.get(&session).and_then(|file| read(file, &extent)) {
            Some(encoded) => self.writer.restore(index, encoded).map(|storing| self.noted(number, storing)),
            None => {
                let message = "what an interrupted run had stored cannot be read any more";
                Err(StorageError::new("ff::write::failed", message).with_help("run again with `--resume`"))
            }
        }
    }

    /// Notes an object as soon as it is stored.
    fn noted(&self, number: u64, storing: Storing) -> Storing {
        let Some(journal) = self.journal.clone().filter(|_| self.writer.is_resumable()) else { return storing };
        let variable = self.variable;
        match storing {
            Storing::Done(bytes) => {
                journal.stored(variable, number, None);
                Storing::Done(bytes)
            }
            Storing::Encoded(store) => Storing::Encoded(Box::new(move || {
                let stored = store()?;
                if stored.extent.is_some() {
                    journal.stored(variable, number, stored.extent);
                }
                Ok(stored)
            })),
        }
    }
}

impl ArrayWriter for Journaled {
    fn object_shape(&self) -> &[u64] {
        self.writer.object_shape()
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        match self.begin(index, block)? {
            Storing::Done(bytes) => Ok(bytes),
            Storing::Encoded(store) => store().map(|stored| stored.bytes),
        }
    }

    fn begin(&self, index: &[u64], block: &Block) -> Result<Storing, StorageError> {
        if self.is_kept(index) {
            return self.take_over(index);
        }
        Ok(self.noted(self.number(index), self.writer.begin(index, block)?))
    }

    fn is_ordered(&self) -> bool {
        self.writer.is_ordered()
    }

    fn scratch_bytes(&self) -> u64 {
        self.writer.scratch_bytes()
    }
}
