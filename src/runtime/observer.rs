//! What is told while a plan runs, and the report at its end.

use serde::Serialize;

use crate::planner::plan::Plan;

/// Listens to a run. Methods are called from any thread and should return soon.
pub trait Observer: Sync {
    /// The plan is about to be carried out.
    fn planned(&self, _plan: &Plan) {}
    /// A task of stage `stage` is done; it decoded and stored so many bytes.
    fn task_done(&self, _stage: usize, _read: u64, _written: u64) {}
    /// Everything is published.
    fn finished(&self, _report: &Report) {}
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

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
}

/// The peak resident size of this process in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
