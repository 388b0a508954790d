//! How `ffrun` carries out a plan: who listens, what is printed and reported, exit codes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use super::log::{Level, Log};
use super::problems::{self, ErrorFormat};
use super::progress::{Progress, ProgressFormat};
use super::show as values;
use super::trace::Trace;
use crate::Planned;
use crate::runtime::catalog::LocalCatalog;
use crate::runtime::error::{Failure, Left, RunError};
use crate::runtime::observer::{All, Observer, Report};
use crate::runtime::{self, Cancel, targets};
use crate::source::SourceMap;

/// What is told of a run, and where.
#[derive(Args, Clone, Debug, Default)]
pub struct Execution {
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressFormat,
    /// Say on standard error what happens
    #[arg(long, value_enum, value_name = "LEVEL")]
    log: Option<Level>,
    /// Write what the run took to this file, as JSON
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// Write what each task's time went to, as JSON that Perfetto and chrome://tracing show
    #[arg(long, value_name = "FILE.json")]
    trace: Option<PathBuf>,
}

/// Those who listen to a run.
pub struct Listeners {
    progress: Progress,
    log: Option<Log>,
    trace: Option<(PathBuf, Trace)>,
}

impl Execution {
    /// Those who are to listen.
    ///
    /// # Errors
    /// The file of the trace cannot be made; the text says so.
    pub fn listeners(&self) -> Result<Listeners, String> {
        // A log tells more than a line that moves, and would tear it.
        let logged = self.log.is_some() && self.progress == ProgressFormat::Auto;
        let progress = Progress::new(if logged { ProgressFormat::None } else { self.progress });
        let trace = match &self.trace {
            Some(path) => Some((path.clone(), Trace::create(path).map_err(|e| unwritable("trace", path, &e))?)),
            None => None,
        };
        Ok(Listeners { progress, log: self.log.map(Log::new), trace })
    }

    /// Carries out a plan, prints what it prints and writes the report; gives the exit code.
    ///
    /// # Errors
    /// The run failed.
    pub fn run(
        &self,
        planned: &Planned,
        catalog: &LocalCatalog,
        (listeners, signals): (&Listeners, &Signals),
        format: ErrorFormat,
    ) -> Result<i32, RunError> {
        let outcome =
            runtime::run(&planned.plan, catalog, &listeners.all(), &signals.now_stop_the_run(planned, format))
                .inspect_err(|_| listeners.progress.clear())?;
        let absent = outcome.report.stages.iter().flat_map(|stage| &stage.absent);
        let mut told = BTreeSet::new();
        for absent in absent.filter(|a| a.chunks.is_some() || told.insert(&a.array)) {
            super::tell(problems::one(absent, &planned.sources, format));
        }
        let printed: String = outcome.shown.iter().map(values::value).collect();
        let code = super::give(None, printed.as_bytes());
        Ok(code.max(self.write_report(&outcome.report)))
    }

    fn write_report(&self, report: &Report) -> i32 {
        let Some(path) = &self.report else { return super::DONE };
        let text = serde_json::to_string_pretty(report).map_err(std::io::Error::from);
        match text.and_then(|text| std::fs::write(path, text + "\n")) {
            Ok(()) => super::DONE,
            Err(error) => super::failed(&format!("the run is done, but {}", unwritable("report", path, &error))),
        }
    }
}

impl Listeners {
    fn all(&self) -> All<'_> {
        let mut all: Vec<&dyn Observer> = vec![&self.progress];
        all.extend(self.log.iter().map(|log| log as &dyn Observer));
        all.extend(self.trace.iter().map(|(_, trace)| trace as &dyn Observer));
        All(all)
    }

    /// Adds what was done from `begun` until now to the trace.
    pub fn event(&self, name: &str, begun: Instant) {
        self.trace.iter().for_each(|(_, trace)| trace.event("run", name, begun));
    }

    /// Completes what is written beside the run; gives the exit code.
    pub fn finish(self, code: i32) -> i32 {
        let Some((path, trace)) = self.trace else { return code };
        match trace.finish() {
            Err(error) if code == super::DONE => {
                super::failed(&format!("the run is done, but {}", unwritable("trace", &path, &error)))
            }
            Err(error) => {
                super::failed(&unwritable("trace", &path, &error));
                code
            }
            Ok(()) => code,
        }
    }
}

fn unwritable(what: &str, path: &std::path::Path, error: &std::io::Error) -> String {
    format!("the {what} cannot be written to `{}`: {error}", path.display())
}

/// What signals do that ask for a stop.
pub struct Signals {
    /// Whether nothing has begun yet.
    leave: Arc<AtomicBool>,
    /// Whether a signal has come.
    asked: Arc<AtomicBool>,
    cancel: Cancel,
}

/// Tasks in flight have so long to end before they are dropped.
const GRACE: Duration = Duration::from_millis(1500);

impl Signals {
    /// From now on a signal ends the program, at once and with the exit code of an interruption.
    pub fn handled() -> Self {
        let flag = |set| Arc::new(AtomicBool::new(set));
        let signals = Signals { leave: flag(true), asked: flag(false), cancel: Cancel::default() };
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let leave = |flag| signal_hook::flag::register_conditional_shutdown(signal, super::INTERRUPTED, flag);
            let set = |flag| signal_hook::flag::register(signal, flag);
            // Later, the second signal leaves at once; the first asks the tasks in flight to end.
            let handled = leave(signals.leave.clone())
                .and_then(|_| leave(signals.asked.clone()))
                .and_then(|_| set(signals.asked.clone()))
                .and_then(|_| set(signals.cancel.flag()));
            if handled.is_err() {
                super::tell("warning: signals cannot be handled here; an interrupted run ends where it is\n");
            }
        }
        signals
    }

    /// From now on the first signal asks the run of a plan to stop. If that takes too long, as a task that is at a large transform does not
    /// look up, the program ends without it: its files are at any time such that a run can go on from them.
    fn now_stop_the_run(&self, planned: &Planned, format: ErrorFormat) -> Cancel {
        self.leave.store(false, Ordering::SeqCst);
        let (asked, cancel) = (self.asked.clone(), self.cancel.clone());
        let (kept, sources) = (targets::left(&planned.plan), planned.sources.clone());
        std::thread::spawn(move || {
            while !asked.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
            }
            std::thread::sleep(GRACE);
            if !cancel.is_settled() {
                let error = RunError::cancelled().with_left(kept());
                show(&error, &sources, format);
                signal_hook::low_level::exit(super::INTERRUPTED);
            }
        });
        self.cancel.clone()
    }
}

/// Shows why a run failed, and how to go on from what it leaves.
pub fn show(error: &RunError, sources: &SourceMap, format: ErrorFormat) {
    super::tell(problems::one(error, sources, format));
    let left = |left: &Left| {
        let of = left.of.map_or_else(String::new, |of| format!(" of {of}"));
        format!("{}{of} objects of `{}`", left.stored, left.target)
    };
    let listed: Vec<String> = error.left.iter().map(left).collect();
    if listed.is_empty() {
        return;
    }
    let args =
        std::env::args().skip(1).filter(|arg| arg != "--resume").map(|arg| quoted(&sources.without_secrets(&arg)));
    let command = args.chain(["--resume".to_owned()]).collect::<Vec<_>>().join(" ");
    let note = format!("{} are kept; this goes on from there:\n  ffrun {command}", listed.join(", "));
    problems::note(&note, format);
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    match argument.chars().all(is_plain) && !argument.is_empty() {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', "'\\''")),
    }
}

/// The exit code of a failed run.
pub fn code_of(error: &RunError) -> i32 {
    match error.kind {
        Failure::Storage => super::STORAGE,
        Failure::Assert => super::ASSERT,
        Failure::Cancelled => super::INTERRUPTED,
        Failure::Resume => super::USAGE,
    }
}
