//! What a run may use: memory, threads, scratch space.

use std::path::PathBuf;

/// Limits and places of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Bytes the run may hold at once.
    pub memory: u64,
    /// Threads that carry out tasks.
    pub threads: usize,
    /// Where scratch files go.
    pub scratch: PathBuf,
    /// Whether existing targets are replaced whatever the sinks say.
    pub overwrite: bool,
    /// Whether targets are forced to disk before they get their names.
    pub durable: bool,
    /// Whether the run goes on from what an interrupted one has written.
    pub resume: bool,
}

impl Default for Settings {
    /// Two GiB, every core, the system's folder for temporary files.
    fn default() -> Self {
        Settings {
            memory: 2 << 30,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            scratch: std::env::temp_dir(),
            overwrite: false,
            durable: false,
            resume: false,
        }
    }
}
