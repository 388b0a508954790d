//! Where a run's time goes, as a trace that Perfetto and `chrome://tracing` show: a JSON array of complete
//! events, each with its thread, begin and duration in microseconds.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use crate::runtime::observer::{Observer, Phase, Timed};

static THREADS: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static THREAD: Cell<u64> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
}

/// Writes events as they end, so that a long run needs no memory for them.
pub struct Trace {
    begun: Instant,
    out: Mutex<Out>,
}

struct Out {
    file: BufWriter<File>,
    events: u64,
    failed: Option<io::Error>,
}

impl Out {
    fn write(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.file.write_all(text.as_bytes()).err();
        }
    }
}

impl Trace {
    /// A trace in a new file, which begins now.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<Trace> {
        let out = Out { file: BufWriter::new(File::create(path)?), events: 0, failed: None };
        // The thread that begins is the first of the trace.
        THREAD.with(Cell::get);
        Ok(Trace { begun: Instant::now(), out: Mutex::new(out) })
    }

    /// Adds what this thread did from `begun` until now.
    pub fn event(&self, category: &str, name: &str, begun: Instant) {
        self.complete(category, name, (begun, Instant::now()), json!({}));
    }

    fn complete(&self, category: &str, name: &str, (begun, ended): (Instant, Instant), args: Value) {
        let micros = |from: Instant, to: Instant| to.saturating_duration_since(from).as_nanos() as f64 / 1e3;
        let event = json!({
            "name": name, "cat": category, "ph": "X", "pid": std::process::id(), "tid": THREAD.with(Cell::get),
            "ts": micros(self.begun, begun), "dur": micros(begun, ended), "args": args,
        });
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let lead = if out.events == 0 { "[\n" } else { ",\n" };
        out.events += 1;
        out.write(&format!("{lead}{event}"));
    }

    /// Completes the file.
    ///
    /// # Errors
    /// It could not be written.
    pub fn finish(self) -> io::Result<()> {
        let mut out = self.out.into_inner().unwrap_or_else(PoisonError::into_inner);
        let end = if out.events == 0 { "[]\n" } else { "\n]\n" };
        out.write(end);
        match out.failed {
            Some(error) => Err(error),
            None => out.file.flush(),
        }
    }
}

impl Observer for Trace {
    fn times(&self) -> bool {
        true
    }

    fn timed(&self, timed: &Timed<'_>) {
        let (category, name) = match timed.phase {
            Phase::Publish => ("run", format!("publish {}", timed.name)),
            Phase::Stage => ("stage", format!("stage {}: {}", timed.stage.unwrap_or_default(), timed.name)),
            Phase::Task => ("task", timed.name.to_owned()),
            Phase::Read => ("read", format!("read {}", timed.name)),
            Phase::Compute => ("compute", format!("compute {}", timed.name)),
            Phase::Wait => ("wait", format!("wait for {}", timed.name)),
            Phase::Write => ("write", format!("write {}", timed.name)),
        };
        let mut args = serde_json::Map::new();
        timed.stage.map(|stage| args.insert("stage".into(), stage.into()));
        timed.task.map(|task| args.insert("task".into(), task.into()));
        if let Some(moved) = timed.moved {
            args.insert("read_bytes".into(), moved.read.into());
            args.insert("written_bytes".into(), moved.written.into());
        }
        self.complete(category, &name, (timed.begun, timed.ended), Value::Object(args));
    }
}
