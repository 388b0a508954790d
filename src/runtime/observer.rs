//! What is told while a plan runs, and the report at its end.

use std::time::Instant;

use serde::Serialize;

use super::absent::AbsentChunks;
use super::storage::Traffic;
use super::task;
use crate::planner::plan::{Plan, Stage};

/// Listens to a run. Methods are called from any thread and should return soon.
pub trait Observer: Sync {
    /// The plan is about to be carried out.
    fn planned(&self, _plan: &Plan) {}
    /// Something is to be known before the tasks begin: of what an earlier run has left.
    fn noted(&self, _note: &str) {}
    /// The tasks of stage `number` begin.
    fn stage_begun(&self, _number: usize, _stage: &Stage) {}
    /// A task of stage `stage` is done; it decoded and stored so many bytes.
    fn task_done(&self, _stage: usize, _read: u64, _written: u64) {}
    /// Whether it wants to be told what took which time; if not, no clock is read for it.
    fn times(&self) -> bool {
        false
    }
    /// Something took its time, in this thread. What is inside something else is told before it.
    fn timed(&self, _timed: &Timed<'_>) {}
    /// The tasks of stage `number` are done.
    fn stage_done(&self, _number: usize, _report: &StageReport) {}
    /// Everything is published.
    fn finished(&self, _report: &Report) {}
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Several that listen, told in turn.
pub struct All<'a>(pub Vec<&'a dyn Observer>);

impl Observer for All<'_> {
    fn planned(&self, plan: &Plan) {
        self.0.iter().for_each(|o| o.planned(plan));
    }

    fn noted(&self, note: &str) {
        self.0.iter().for_each(|o| o.noted(note));
    }

    fn stage_begun(&self, number: usize, stage: &Stage) {
        self.0.iter().for_each(|o| o.stage_begun(number, stage));
    }

    fn task_done(&self, stage: usize, read: u64, written: u64) {
        self.0.iter().for_each(|o| o.task_done(stage, read, written));
    }

    fn times(&self) -> bool {
        self.0.iter().any(|o| o.times())
    }

    fn timed(&self, timed: &Timed<'_>) {
        self.0.iter().filter(|o| o.times()).for_each(|o| o.timed(timed));
    }

    fn stage_done(&self, number: usize, report: &StageReport) {
        self.0.iter().for_each(|o| o.stage_done(number, report));
    }

    fn finished(&self, report: &Report) {
        self.0.iter().for_each(|o| o.finished(report));
    }
}

/// What time is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Targets are completed and given their names.
    Publish,
    /// All tasks of a stage.
    Stage,
    /// One task.
    Task,
    /// A task reads and decodes an input.
    Read,
    /// A task computes.
    Compute,
    /// A task waits for its turn in a reduction.
    Wait,
    /// A task encodes and writes a result.
    Write,
}

/// A piece of a run and its time.
pub struct Timed<'a> {
    /// What it was spent on.
    pub phase: Phase,
    /// What was read, computed or written.
    pub name: &'a str,
    /// The stage, for all but [`Phase::Publish`].
    pub stage: Option<usize>,
    /// The task, for what a task does.
    pub task: Option<u64>,
    /// Bytes decoded and stored, for a task.
    pub moved: Option<task::Moved>,
    /// When it began.
    pub begun: Instant,
    /// When it ended.
    pub ended: Instant,
}

/// Takes the time of what one task does, where someone listens.
#[derive(Clone, Copy)]
pub struct Timer<'a> {
    /// Who listens.
    pub observer: Option<&'a dyn Observer>,
    /// The stage.
    pub stage: usize,
    /// The task.
    pub task: u64,
}

impl Timer<'_> {
    /// Does `work` and tells how long it took; `name` is asked for only then.
    pub fn time<T>(&self, phase: Phase, name: impl FnOnce() -> String, work: impl FnOnce() -> T) -> T {
        self.time_moving(phase, name, work, |_| None)
    }

    /// As [`Timer::time`], with the bytes that the work has moved.
    pub fn time_moving<T>(
        &self,
        phase: Phase,
        name: impl FnOnce() -> String,
        work: impl FnOnce() -> T,
        moved: impl FnOnce(&T) -> Option<task::Moved>,
    ) -> T {
        let Some(observer) = self.observer else { return work() };
        let begun = Instant::now();
        let done = work();
        let ended = Instant::now();
        let (stage, task) = (Some(self.stage), Some(self.task));
        observer.timed(&Timed { phase, name: &name(), stage, task, moved: moved(&done), begun, ended });
        done
    }
}

/// What a run took.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Seconds from start to publication.
    pub wall: f64,
    /// Bytes of the process's memory at its peak, where the system tells.
    pub peak_memory: Option<u64>,
    /// Stage by stage.
    pub stages: Vec<StageReport>,
    /// The targets published.
    pub published: Vec<String>,
    /// The results that are kept or were.
    pub results: Vec<ResultReport>,
    /// What was asked of remote storages, while planning too; none where nothing was.
    pub remote: Option<Traffic>,
}

/// A result that a script wants kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResultReport {
    /// Its name.
    pub name: String,
    /// The workflow that has it.
    pub workflow: String,
    /// The storage.
    pub storage: String,
    /// Its key.
    pub key: String,
    /// Whether it was there.
    pub hit: bool,
    /// Why it was not.
    pub why: Option<String>,
    /// Where it lies.
    pub path: String,
}

/// What a stage took, beside what was predicted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StageReport {
    /// What it finished.
    pub ends: Vec<String>,
    /// Tasks carried out.
    pub tasks: u64,
    /// Seconds.
    pub wall: f64,
    /// Bytes decoded from sources and scratch.
    pub read: u64,
    /// Bytes decoded, as planned.
    pub planned_read: u64,
    /// Bytes stored, encoded.
    pub written: u64,
    /// Chunks found decoded.
    pub cache_hits: u64,
    /// Tasks that ran at once, at most.
    pub concurrent: usize,
    /// Bytes held at the peak, as planned.
    pub planned_memory: u64,
    /// Chunks and arrays that were never written, where the script asks.
    pub absent: Vec<AbsentChunks>,
}

/// The peak resident size of this process in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
