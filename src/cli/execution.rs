//! How `ffrun` carries out a plan: who listens, what is printed and reported, exit codes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::log::{Level, Log};
use super::problems::{self, ErrorFormat};
use super::progress::{Progress, ProgressFormat};
use super::show;
use super::trace::Trace;
use crate::Planned;
use crate::runtime::catalog::LocalCatalog;
use crate::runtime::error::{Failure, RunError};
use crate::runtime::observer::{All, Observer, Report};
use crate::runtime::{self, Cancel};

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
        listeners: &Listeners,
        format: ErrorFormat,
    ) -> Result<i32, RunError> {
        let outcome = runtime::run(&planned.plan, catalog, &listeners.all(), &on_signals())
            .inspect_err(|_| listeners.progress.clear())?;
        let absent = outcome.report.stages.iter().flat_map(|stage| &stage.absent);
        let mut told = BTreeSet::new();
        for absent in absent.filter(|a| a.chunks.is_some() || told.insert(&a.array)) {
            super::tell(problems::one(absent, &planned.sources, format));
        }
        let printed: String = outcome.shown.iter().map(show::value).collect();
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

/// A request to stop that signals make.
fn on_signals() -> Cancel {
    let cancel = Cancel::default();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second signal leaves at once; the first asks the tasks in flight to finish.
        let second = signal_hook::flag::register_conditional_shutdown(signal, super::INTERRUPTED, cancel.flag());
        let first = signal_hook::flag::register(signal, cancel.flag());
        if second.and(first).is_err() {
            super::tell("warning: signals cannot be handled here; an interrupted run may leave staging files behind\n");
        }
    }
    cancel
}

/// The exit code of a failed run.
pub fn code_of(error: &RunError) -> i32 {
    match error.kind {
        Failure::Storage => super::STORAGE,
        Failure::Assert => super::ASSERT,
        Failure::Cancelled => super::INTERRUPTED,
    }
}
