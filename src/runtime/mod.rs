//! Carries a plan out.
//!
//! [`run`] opens the targets under staging names, executes stage after stage, checks the asserts and
//! publishes. What the runtime knows of the outside world lies in [`serializers`]: formats that turn
//! files into descriptions, chunks into blocks and blocks into files.
//!
//! | module | concept |
//! |---|---|
//! | [`storage`] | where bytes lie: files, object stores, web servers |
//! | [`catalog`], [`place`] | files and stores as planner and runtime see them |
//! | [`absent`] | chunks and arrays that were never written |
//! | [`executor`] | workers that take tasks in order |
//! | [`task`] | what one task does: read, evaluate, write |
//! | [`turns`] | storing in the order of the tasks |
//! | [`evaluate`], [`bands`] | kernels over tiles; over a part of a task at a time |
//! | [`strips`] | the order in which a task walks its elements |
//! | [`reduce`], [`reducing`] | accumulators in the order the plan fixes, and a task's part in that |
//! | [`results`] | what is kept between stages, in memory or scratch |
//! | [`memory`] | the cache of decoded chunks |
//! | [`targets`], `inset`, [`staging`], [`publish`] | where targets grow until they get their names |
//! | [`lock`] | one run at a time for a target |
//! | [`journal`], `identity`, [`resume`] | what is stored, of what, and going on from there |
//! | [`uploads`] | targets in remote storages |
//! | [`persist`] | results that are kept under names |
//! | [`observer`] | what is told while it runs, and the report |

pub mod absent;
pub mod bands;
pub mod carry;
pub mod catalog;
pub mod error;
pub mod evaluate;
pub mod executor;
pub mod existing;
mod identity;
mod inset;
pub mod journal;
pub mod lock;
pub mod memory;
pub mod observer;
pub mod persist;
pub mod place;
pub mod publish;
pub mod reduce;
pub mod reducing;
pub mod results;
pub mod resume;
pub mod scratch;
pub mod serializers;
pub mod staging;
pub mod storage;
pub mod strips;
pub mod targets;
pub mod task;
pub mod turns;
pub mod uploads;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::allocator;
use crate::array::{ArrayType, Block, Region};
use crate::planner::catalog::{CatalogError, Location};
use crate::planner::plan::{Answer, AnswerKind, Beside, Input, Plan};
use error::RunError;
use observer::{Observer, Phase, Report, Timed};
use persist::keeping::Keeping;
use results::Results;
use serializers::Container;
use storage::Place;
use storage::Traffic;
use targets::Targets;

/// Where the runtime gets at stored data.
pub trait World: Sync {
    /// What lies at a location, opened.
    ///
    /// # Errors
    /// As describing it.
    fn container(&self, location: &Location) -> Result<Arc<dyn Container>, CatalogError>;

    /// What a URL names, there or not.
    ///
    /// # Errors
    /// There is no such storage.
    fn place(&self, url: &str) -> Result<Place, CatalogError>;

    /// What was asked of remote storages so far.
    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    /// Lets requests of remote storages end when a run is cancelled.
    fn stop_with(&self, _cancel: &Cancel) {}
}

/// A request to stop, shared with whoever may ask for it.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    settled: Arc<AtomicBool>,
}

impl Cancel {
    /// Asks for a stop.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// The flag itself, for signal handlers.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.asked.clone()
    }

    /// The run has failed, or gives its targets their names: it is over soon, and should not be left before.
    fn settle(&self) {
        self.settled.store(true, Ordering::SeqCst);
    }

    /// Whether the run is over soon, and should not be left before.
    pub fn is_settled(&self) -> bool {
        self.settled.load(Ordering::SeqCst)
    }
}

/// A value to be shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The text of the expression.
    pub label: String,
    /// Its type, before long axes were cut to their ends.
    pub whole: Arc<ArrayType>,
    /// The type of `values`.
    pub ty: Arc<ArrayType>,
    /// The values.
    pub values: Block,
    /// Whether the value is text that is shown as it is, without quotes.
    pub verbatim: bool,
    /// The coordinates that are no labels of a dim.
    pub beside: Vec<Beside>,
}

/// What a run gives.
#[derive(Debug)]
pub struct Outcome {
    /// What the script prints, in order.
    pub shown: Vec<Shown>,
    /// What it took.
    pub report: Report,
}

/// Carries out `plan`.
///
/// # Errors
/// Reading or writing failed, an assert does not hold, or the run was cancelled. Nothing is published then.
pub fn run(plan: &Plan, world: &dyn World, observer: &dyn Observer, cancel: &Cancel) -> Result<Outcome, RunError> {
    let begun = Instant::now();
    allocator::limit_memory(plan.memory);
    world.stop_with(cancel);
    let keeping = Keeping::begin(plan, world)?;
    let mut targets = Targets::create(plan, world, observer)?;
    match carried_out(plan, world, (observer, cancel), (&mut targets, &keeping)) {
        Ok((shown, mut report)) => {
            report.wall = begun.elapsed().as_secs_f64();
            report.peak_memory = observer::peak_memory();
            report.remote = Some(world.traffic()).filter(|traffic| traffic.requests > 0);
            observer.finished(&report);
            Ok(Outcome { shown, report })
        }
        Err(error) => {
            cancel.settle();
            Err(targets.abandon(error))
        }
    }
}

fn carried_out(
    plan: &Plan,
    world: &dyn World,
    (observer, cancel): (&dyn Observer, &Cancel),
    (targets, keeping): (&mut Targets, &Keeping<'_>),
) -> Result<(Vec<Shown>, Report), RunError> {
    let results = Results::create(plan)?;
    let cache = memory::ChunkCache::new(plan.rereads.iter().map(|r| (r.bytes, r.last)));
    let mut report = Report::default();
    observer.planned(plan);
    let skips = resume::skips(plan, targets);
    for (number, stage) in plan.stages.iter().enumerate() {
        let mut run = executor::StageRun::new(plan, stage, number, (world, targets, &results, &cache))?;
        run.skips = skips[number];
        report.stages.push(executor::execute(&run, observer, cancel)?);
    }
    let shown = answers(plan, &results)?;
    if cancel.is_cancelled() {
        return Err(RunError::cancelled());
    }
    cancel.settle();
    let publishing = Instant::now();
    report.published = targets.publish(keeping)?;
    report.results = keeping.name()?;
    if observer.times() && !report.published.is_empty() {
        let (phase, name) = (Phase::Publish, report.published.join(", "));
        let (begun, ended) = (publishing, Instant::now());
        observer.timed(&Timed { phase, name: &name, stage: None, task: None, moved: None, begun, ended });
    }
    Ok((shown, report))
}

fn answers(plan: &Plan, results: &Results) -> Result<Vec<Shown>, RunError> {
    let mut shown = Vec::new();
    for answer in &plan.answers {
        let values = value(answer, results)?;
        match &answer.kind {
            AnswerKind::Print { label, whole, verbatim, beside } => {
                let (label, whole, beside) = (label.clone(), whole.clone(), beside.clone());
                shown.push(Shown { label, whole, ty: answer.ty.clone(), values, verbatim: *verbatim, beside });
            }
            AnswerKind::Assert { condition, message } => check(answer, &values, condition, message.as_deref())?,
        }
    }
    Ok(shown)
}

fn value(answer: &Answer, results: &Results) -> Result<Block, RunError> {
    let whole = Region::whole(&answer.ty.shape());
    match &answer.value {
        Input::Constant(constant) => Ok(constant.block(&answer.ty, &whole)),
        Input::Kept(id) => results.read(*id, &whole).map_err(|e| RunError::storage(e, answer.span)),
        Input::Source(_) => unreachable!("answers are finished values"),
    }
}

fn check(answer: &Answer, values: &Block, condition: &str, message: Option<&str>) -> Result<(), RunError> {
    let Some(truth) = values.view::<bool>() else {
        return Err(RunError::assertion(answer.span, condition, message, "it is not a bool"));
    };
    let failing = truth.iter().filter(|b| !**b).count();
    if failing == 0 {
        return Ok(());
    }
    let detail = match truth.len() {
        1 => "it is false".to_owned(),
        n => format!("it is false for {failing} of {n} elements"),
    };
    Err(RunError::assertion(answer.span, condition, message, &detail))
}
