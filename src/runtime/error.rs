//! What can go wrong while a plan is carried out.

use miette::{LabeledSpan, Severity};

use super::serializers::StorageError;
use super::storage::INTERRUPTED;
use crate::array::Region;
use crate::planner::catalog::CatalogError;
use crate::source::Span;

/// Why a run failed; nothing was published.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct RunError {
    /// What kind of failure it is: decides the exit code.
    pub kind: Failure,
    code: &'static str,
    message: String,
    label: String,
    span: Option<Span>,
    help: Option<String>,
    /// What stays of the targets, from which a run may go on.
    pub left: Vec<Left>,
}

/// What a run that failed leaves of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The target.
    pub target: String,
    /// Objects that are stored.
    pub stored: u64,
    /// Objects that it has, where that is known.
    pub of: Option<u64>,
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Reading or writing failed.
    Storage,
    /// An assert does not hold.
    Assert,
    /// A stop was asked for.
    Cancelled,
    /// What lies there is not what the run is to go on from.
    Resume,
}

impl RunError {
    /// A failure to read or write, at the expression that needed it or the target.
    pub fn storage(error: StorageError, span: Span) -> Self {
        // A request that was given up since the run was to stop is no failure of the storage.
        if error.message.contains(INTERRUPTED) {
            return RunError::cancelled();
        }
        let label = if is_of_a_target(error.code) { "written here" } else { "needed here" };
        RunError {
            kind: Failure::Storage,
            code: error.code,
            message: error.message,
            label: label.into(),
            span: Some(span),
            help: error.help,
            left: Vec::new(),
        }
    }

    /// A failure to open what was described while planning.
    pub fn catalog(error: CatalogError, span: Span) -> Self {
        let CatalogError { code, message, help } = error;
        RunError::storage(StorageError { code, message, help }, span)
    }

    /// A failure with no place in the script.
    pub fn plain(error: StorageError) -> Self {
        RunError { span: None, ..RunError::storage(error, Span::default()) }
    }

    /// A condition that does not hold.
    pub fn assertion(span: Span, condition: &str, message: Option<&str>, detail: &str) -> Self {
        RunError {
            kind: Failure::Assert,
            code: "ff::assert::failed",
            message: message.map_or_else(|| format!("`{condition}` does not hold"), str::to_owned),
            label: detail.to_owned(),
            span: Some(span),
            help: Some("no sink was published; earlier outputs are as they were".into()),
            left: Vec::new(),
        }
    }

    /// The run was asked to stop.
    pub fn cancelled() -> Self {
        RunError {
            kind: Failure::Cancelled,
            code: "ff::run::interrupted",
            message: "interrupted".into(),
            label: String::new(),
            span: None,
            help: Some("nothing was published".into()),
            left: Vec::new(),
        }
    }

    /// What an interrupted run has left cannot be gone on from.
    pub fn resume(message: String, help: &str) -> Self {
        RunError {
            kind: Failure::Resume,
            code: "ff::run::resume",
            message,
            label: "what is written here".into(),
            span: None,
            help: Some(help.to_owned()),
            left: Vec::new(),
        }
    }

    /// The same, at a place in the script.
    pub fn at(self, span: Span) -> Self {
        RunError { span: Some(span), ..self }
    }

    /// The same, saying what stays of the targets.
    pub fn with_left(self, left: Vec<Left>) -> Self {
        RunError { left, ..self }
    }

    /// The same, saying which task of which value failed.
    pub fn in_task(mut self, value: &str, region: &Region) -> Self {
        if self.kind == Failure::Storage && !is_of_a_target(self.code) {
            self.label = format!("while computing `{value}`{region}");
        }
        self
    }
}

/// Whether a code says that a target cannot be written, whatever was to be written there.
fn is_of_a_target(code: &str) -> bool {
    code.starts_with("ff::sink::") || ["ff::write::failed", "ff::write::target"].contains(&code)
}

impl miette::Diagnostic for RunError {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|h| Box::new(h) as Box<dyn std::fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(self.label.clone()), span))))
    }
}
