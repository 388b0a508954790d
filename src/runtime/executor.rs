//! Workers that take a stage's tasks in order.
//!
//! As many workers run as the plan found room for; each takes the next task, so neighbouring tasks
//! run at about the same time and find the chunks they share still decoded. A failed task stops the
//! others; the first failure in task order among those seen is reported.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::absent::Watched;
use super::carry::Carries;
use super::error::{Failure, RunError};
use super::memory::ChunkCache;
use super::observer::{Observer, Phase, StageReport, Timed, Timer};
use super::reduce::Reducer;
use super::results::Results;
use super::resume::Skips;
use super::serializers::ArrayReader;
use super::targets::Targets;
use super::task::{OpenSource, run_task};
use super::turns::Turns;
use super::{Cancel, World};
use crate::planner::plan::{End, EndKind, Input, Missing, Plan, Source, Stage};
use crate::source::Span;

/// A stage with everything its tasks use.
pub struct StageRun<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// Its number, from zero.
    pub number: usize,
    /// The kernel's inputs that are sources, opened.
    pub sources: Vec<Option<OpenSource>>,
    /// Per end its reducer, if it reduces.
    pub reducers: Vec<Option<Reducer>>,
    /// What scans carry from task to task.
    pub carries: Carries,
    /// Decoded chunks.
    pub cache: &'a ChunkCache,
    /// Results of this and earlier stages.
    pub results: &'a Results,
    /// The targets.
    pub targets: &'a Targets,
    /// The turns in which tasks store, where a target shows their order.
    pub turns: Option<Turns>,
    /// Where the first end stands in the script: blamed for failures to read.
    pub span: Span,
    /// Where the first target stands: blamed for failures to write.
    pub written: Span,
    /// What need not be computed, as an interrupted run has stored it.
    pub skips: Skips,
    threads: usize,
}

impl<'a> StageRun<'a> {
    /// Opens the sources of a stage.
    ///
    /// # Errors
    /// A source is gone or cannot be read.
    pub fn new(
        plan: &'a Plan,
        stage: &'a Stage,
        number: usize,
        (world, targets, results, cache): (&dyn World, &'a Targets, &'a Results, &'a ChunkCache),
    ) -> Result<Self, RunError> {
        let span = stage.ends[0].span;
        let mut sources = Vec::new();
        for (i, (input, ty)) in stage.inputs.iter().zip(&stage.kernel.inputs).enumerate() {
            sources.push(match input {
                Input::Source(source) => {
                    let container = world.container(&source.location).map_err(|e| RunError::catalog(e, span))?;
                    let reader = container.reader(&source.path).map_err(|e| RunError::catalog(e, span))?;
                    let (reader, watched) = watched(source, reader);
                    Some(OpenSource {
                        reader,
                        watched,
                        shape: ty.shape(),
                        dtype: ty.dtype,
                        number: plan.source_number(source),
                        repeated: stage.cost.repeated[i],
                        overlaps: stage.cost.overlaps[i],
                        reread: plan.reread(source, number),
                    })
                }
                Input::Constant(_) | Input::Kept(_) => None,
            });
        }
        let reducers = stage.ends.iter().map(Reducer::of).collect();
        cache.begin(number, stage.cost.cache);
        let ordered = |end: &End| match end.kind {
            EndKind::Write { target, variable } => {
                !targets.is_published(target) && targets.writer(target, variable).is_ordered()
            }
            EndKind::Keep(_) | EndKind::Reduce { .. } => false,
        };
        let turns = stage.ends.iter().any(ordered).then(Turns::default);
        let target = stage.ends.iter().find_map(|end| match end.kind {
            EndKind::Write { target, .. } => Some(plan.targets[target].span),
            _ => None,
        });
        let (written, threads) = (target.unwrap_or(span), plan.threads);
        let carries = Carries::default();
        Ok(StageRun {
            stage,
            number,
            sources,
            reducers,
            carries,
            cache,
            results,
            targets,
            turns,
            span,
            written,
            skips: Skips::default(),
            threads,
        })
    }

    /// The grid index of the `number`-th task.
    pub fn index(&self, mut number: u64) -> Vec<u64> {
        let counts = self.stage.grid.counts(&self.stage.shape);
        let mut index = vec![0; counts.len()];
        for &axis in self.stage.order.iter().rev() {
            let place = number % counts[axis];
            index[axis] = if self.stage.backwards.contains(&axis) { counts[axis] - 1 - place } else { place };
            number /= counts[axis];
        }
        index
    }
}

/// The reader of a source, and the same where chunks that were never written are to be told of.
fn watched(source: &Source, reader: Arc<dyn ArrayReader>) -> (Arc<dyn ArrayReader>, Option<Arc<Watched>>) {
    if source.missing == Missing::Fill {
        return (reader, None);
    }
    let name = format!("`{}` of `{}`", source.path, source.location.url);
    let watched = Arc::new(Watched::new(reader, source.missing, name));
    (watched.clone(), Some(watched))
}

/// Carries out all tasks of a stage.
///
/// # Errors
/// A task failed, a source is not what it was, or the run was cancelled.
pub fn execute(run: &StageRun<'_>, observer: &dyn Observer, cancel: &Cancel) -> Result<StageReport, RunError> {
    let begun = Instant::now();
    observer.stage_begun(run.number, run.stage);
    let tasks = run.stage.grid.count(&run.stage.shape);
    let shared = Shared::default();
    if tasks == 0 {
        finish_empty(run)?;
    }
    let workers = run.stage.cost.concurrent.min(tasks as usize);
    let work = || worker(run, tasks, &shared, observer, cancel);
    // Without threads of its own the run goes on in this one.
    match rayon::ThreadPoolBuilder::new().num_threads(run.threads).build() {
        Ok(pool) if workers > 1 => pool.scope(|scope| (0..workers).for_each(|_| scope.spawn(|_| work()))),
        Ok(_) | Err(_) => work(),
    }
    if let Some((_, error)) = shared.failure.into_inner().expect("workers do not panic while they fail") {
        return Err(error);
    }
    if cancel.is_cancelled() {
        return Err(RunError::cancelled());
    }
    for source in run.sources.iter().flatten() {
        source.reader.confirm().map_err(|e| RunError::storage(e, run.span))?;
    }
    let cost = &run.stage.cost;
    let watched = run.sources.iter().flatten().filter_map(|source| source.watched.as_ref());
    let report = StageReport {
        ends: run.stage.ends.iter().map(|e| e.name.clone()).collect(),
        tasks,
        wall: begun.elapsed().as_secs_f64(),
        read: shared.read.into_inner(),
        planned_read: cost.read,
        written: shared.written.into_inner(),
        cache_hits: run.cache.hits(),
        concurrent: workers,
        planned_memory: cost.peak,
        absent: watched.filter_map(|w| w.absent(run.span)).collect(),
    };
    if observer.times() {
        let (name, stage) = (report.ends.join(", "), Some(run.number));
        let ended = Instant::now();
        observer.timed(&Timed { phase: Phase::Stage, name: &name, stage, task: None, moved: None, begun, ended });
    }
    observer.stage_done(run.number, &report);
    Ok(report)
}

#[derive(Default)]
struct Shared {
    next: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    stop: AtomicBool,
    failure: Mutex<Option<(u64, RunError)>>,
}

fn worker(run: &StageRun<'_>, tasks: u64, shared: &Shared, observer: &dyn Observer, cancel: &Cancel) {
    while !shared.stop.load(Ordering::Relaxed) && !cancel.is_cancelled() {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        if number >= tasks {
            return;
        }
        let timer = Timer { observer: observer.times().then_some(observer), stage: run.number, task: number };
        let task = || run_task(run, number, cancel, timer);
        let moved = |done: &Result<_, _>| done.as_ref().ok().copied();
        match timer.time_moving(Phase::Task, || format!("task {number}"), task, moved) {
            Ok(moved) => {
                shared.read.fetch_add(moved.read, Ordering::Relaxed);
                shared.written.fetch_add(moved.written, Ordering::Relaxed);
                observer.task_done(run.number, moved.read, moved.written);
            }
            Err(error) => {
                shared.stop.store(true, Ordering::Relaxed);
                cancel_waiting(shared, number, error, cancel);
                return;
            }
        }
    }
}

/// Records a failure; the earliest task's wins, and a failure wins over a mere interruption.
fn cancel_waiting(shared: &Shared, number: u64, error: RunError, cancel: &Cancel) {
    let mut failure = shared.failure.lock().expect("workers do not panic while they fail");
    let earlier = failure.as_ref().is_none_or(|(n, known)| known.kind == Failure::Cancelled || number < *n);
    if earlier && !(error.kind == Failure::Cancelled && failure.is_some()) {
        *failure = Some((number, error));
    }
    drop(failure);
    // Tasks that wait for their turn in a reduction look at this flag.
    cancel.cancel();
}

/// With no task at all, reductions still have results: those of nothing.
fn finish_empty(run: &StageRun<'_>) -> Result<(), RunError> {
    for reducer in run.reducers.iter().flatten() {
        let whole = crate::array::Region::whole(&run.stage.shape);
        let cells = reducer.cells(&whole);
        let block = reducer.empty(&cells.shape);
        run.results.write(reducer.into, &cells, &block).map_err(|e| RunError::storage(e, run.span))?;
    }
    Ok(())
}
