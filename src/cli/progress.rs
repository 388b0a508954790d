//! Progress on standard error: a line that moves on a terminal, rare plain lines elsewhere, JSON
//! lines for tools.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::json;

use super::tell;
use crate::planner::plan::Plan;
use crate::runtime::observer::{Observer, Report};

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressFormat {
    /// A moving line on a terminal, else plain.
    #[default]
    Auto,
    /// A line now and then.
    Plain,
    /// One JSON object a line.
    Json,
    /// Nothing.
    None,
}

/// Shows how far a run is.
pub struct Progress {
    format: ProgressFormat,
    bar: ProgressBar,
    begun: Instant,
    done: AtomicU64,
    total: AtomicU64,
    bytes: AtomicU64,
    last: Mutex<Instant>,
    /// Whether plain lines were asked for, or there were some: then the end is told too.
    tells_end: AtomicBool,
}

impl Progress {
    /// Progress in this format; `Auto` looks at standard error.
    pub fn new(format: ProgressFormat) -> Self {
        let plain = format == ProgressFormat::Plain;
        let terminal = std::io::stderr().is_terminal();
        let format = match format {
            ProgressFormat::Auto if !terminal => ProgressFormat::Plain,
            other => other,
        };
        let bar = if format == ProgressFormat::Auto { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = "{bar:30} {pos}/{len} tasks · {msg} · {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        Progress {
            format,
            bar,
            begun: now,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            last: Mutex::new(now),
            tells_end: AtomicBool::new(plain),
        }
    }

    /// Takes the moving line away, for what is said after a run that failed.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Whether it is time for another plain line.
    fn due(&self) -> bool {
        let every = if self.format == ProgressFormat::Json { Duration::from_secs(1) } else { Duration::from_secs(10) };
        let Ok(mut last) = self.last.try_lock() else { return false };
        let due = last.elapsed() >= every;
        if due {
            *last = Instant::now();
        }
        due
    }

    fn line(&self) {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        let (bytes, seconds) = (self.bytes.load(Ordering::Relaxed), self.begun.elapsed().as_secs_f64());
        match self.format {
            ProgressFormat::Json => {
                let progress =
                    json!({"event": "progress", "tasks": done, "of": total, "bytes": bytes, "seconds": seconds});
                tell(format_args!("{progress}\n"));
            }
            ProgressFormat::Plain => {
                let left = if done > 0 { seconds / done as f64 * (total - done.min(total)) as f64 } else { 0.0 };
                let bytes = HumanBytes(bytes);
                tell(format_args!("{done}/{total} tasks, {bytes} read, {seconds:.0} s, about {left:.0} s left\n"));
            }
            ProgressFormat::Auto | ProgressFormat::None => {}
        }
    }
}

impl Observer for Progress {
    fn planned(&self, plan: &Plan) {
        let total = plan.stages.iter().map(|s| s.cost.tasks).sum();
        self.total.store(total, Ordering::Relaxed);
        self.bar.set_length(total);
        if self.format == ProgressFormat::Json {
            let planned = json!({"event": "planned", "stages": plan.stages.len(), "tasks": total});
            tell(format_args!("{planned}\n"));
        }
    }

    fn noted(&self, note: &str) {
        match self.format {
            ProgressFormat::Json => tell(format_args!("{}\n", json!({"event": "note", "text": note}))),
            _ => self.bar.suspend(|| tell(format_args!("note: {note}\n"))),
        }
    }

    fn task_done(&self, _stage: usize, read: u64, _written: u64) {
        self.done.fetch_add(1, Ordering::Relaxed);
        let bytes = self.bytes.fetch_add(read, Ordering::Relaxed) + read;
        if self.format == ProgressFormat::Auto {
            let rate = bytes as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
            self.bar.inc(1);
            self.bar.set_message(format!("{} at {}/s", HumanBytes(bytes), HumanBytes(rate as u64)));
        } else if self.format != ProgressFormat::None && self.due() {
            self.tells_end.store(true, Ordering::Relaxed);
            self.line();
        }
    }

    fn finished(&self, report: &Report) {
        self.bar.finish_and_clear();
        if self.format == ProgressFormat::Plain && self.tells_end.load(Ordering::Relaxed) {
            let (done, bytes) = (self.done.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
            tell(format_args!("done: {done} tasks, {} read, {:.1} s\n", HumanBytes(bytes), report.wall));
        }
        let tells = match self.format {
            ProgressFormat::Auto => true,
            ProgressFormat::Plain => self.tells_end.load(Ordering::Relaxed),
            ProgressFormat::Json | ProgressFormat::None => false,
        };
        if let (Some(remote), true) = (report.remote.filter(|r| r.retries > 0), self.format != ProgressFormat::Json) {
            let (retries, requests) = (remote.retries, remote.requests);
            tell(format_args!("{retries} of {requests} requests to remote storages were tried again\n"));
        }
        report.published.iter().filter(|_| tells).for_each(|target| tell(format_args!("wrote {target}\n")));
        if self.format == ProgressFormat::Json {
            let (seconds, published, remote) = (report.wall, &report.published, report.remote);
            let finished = json!({"event": "finished", "seconds": seconds, "published": published, "remote": remote});
            tell(format_args!("{finished}\n"));
        }
    }
}
