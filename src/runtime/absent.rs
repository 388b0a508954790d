//! Chunks that were never written, and arrays without chunks that never were, where a script wants to hear of them (`missing: warn`,
//! `missing: error`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::serializers::{ArrayReader, StorageError};
use crate::array::{Block, Region};
use crate::planner::plan::Missing;
use crate::source::Span;

/// Chunks, or an array without chunks, that were never written and were taken as the fill value.
#[derive(Clone, Debug, serde::Serialize, thiserror::Error, miette::Diagnostic)]
#[error("{} never written", what_was(.array, *.chunks))]
#[diagnostic(
    code("ff::read::absent_chunks"),
    severity(warning),
    help(
        "their values are the array's fill value; `missing: fill` takes that for granted, `missing: error` stops there"
    )
)]
pub struct AbsentChunks {
    /// The array and its store.
    pub array: String,
    /// How many; none where the array is not stored in chunks.
    pub chunks: Option<u64>,
    /// Where they were needed.
    #[label("needed here")]
    #[serde(skip)]
    pub span: miette::SourceSpan,
}

fn what_was(array: &str, chunks: Option<u64>) -> String {
    chunks.map_or_else(|| format!("{array} was"), |n| format!("{n} chunks of {array} were"))
}

/// A reader that counts or refuses chunks that were never written.
pub struct Watched {
    inner: Arc<dyn ArrayReader>,
    missing: Missing,
    array: String,
    absent: AtomicU64,
}

impl Watched {
    /// Watches the reads of `inner`, called `array` in messages.
    pub fn new(inner: Arc<dyn ArrayReader>, missing: Missing, array: String) -> Self {
        Watched { inner, missing, array, absent: AtomicU64::new(0) }
    }

    /// The absent chunks read so far, if any; needed at `span`.
    pub fn absent(&self, span: Span) -> Option<AbsentChunks> {
        let absent = self.absent.load(Ordering::Relaxed);
        let chunks = self.inner.chunk_shape().map(|_| absent);
        (absent > 0).then(|| AbsentChunks { array: self.array.clone(), chunks, span: span.into() })
    }

    /// Counts or refuses what is at `index`, called `what`, where it was never written.
    fn watch(&self, index: &[u64], what: impl FnOnce() -> String) -> Result<(), StorageError> {
        if self.inner.holds(index)? {
            return Ok(());
        }
        if self.missing == Missing::Error {
            let message = format!("{} was never written", what());
            return Err(StorageError::new("ff::read::absent_chunk", message)
                .with_help("`missing: fill` takes the array's fill value for it; else write it again"));
        }
        self.absent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl ArrayReader for Watched {
    fn chunk_shape(&self) -> Option<&[u64]> {
        self.inner.chunk_shape()
    }

    fn read_chunk(&self, index: &[u64]) -> Result<Block, StorageError> {
        self.watch(index, || format!("chunk {index:?} of {}", self.array))?;
        self.inner.read_chunk(index)
    }

    fn read_chunk_into(&self, index: &[u64], out: &mut [u8]) -> Result<(), StorageError> {
        self.watch(index, || format!("chunk {index:?} of {}", self.array))?;
        self.inner.read_chunk_into(index, out)
    }

    fn prepare(&self, indices: &mut dyn Iterator<Item = Vec<u64>>) {
        self.inner.prepare(indices);
    }

    fn read_region(&self, region: &Region) -> Result<Block, StorageError> {
        self.watch(&[], || self.array.clone())?;
        self.inner.read_region(region)
    }

    fn holds(&self, index: &[u64]) -> Result<bool, StorageError> {
        self.inner.holds(index)
    }

    fn confirm(&self) -> Result<(), StorageError> {
        self.inner.confirm()
    }

    fn scratch_bytes(&self) -> u64 {
        self.inner.scratch_bytes()
    }
}
