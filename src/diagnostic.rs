//! What is said to the user when something is wrong.
//!
//! Each layer has its own error enum, whose variants carry message, labels, help and code (derived
//! with thiserror and miette). This module only collects them: [`Diagnostics`] accumulates, so that
//! one mistake does not hide the next, and a [`Report`] attaches the source once. Rendering is the
//! programs' business.

use std::fmt;
use std::sync::Arc;

use crate::source::SourceMap;

/// One problem of any layer.
pub type Problem = Box<dyn miette::Diagnostic + Send + Sync + 'static>;

/// Problems in the order they were found.
#[derive(Debug, Default)]
pub struct Diagnostics {
    problems: Vec<Problem>,
}

impl Diagnostics {
    /// Adds one problem.
    pub fn push(&mut self, problem: impl miette::Diagnostic + Send + Sync + 'static) {
        self.problems.push(Box::new(problem));
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Diagnostics) {
        self.problems.extend(other.problems);
    }

    /// Keeps the first of equal problems: a function inlined twice tells its mistakes once.
    pub fn dedup(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        self.problems.retain(|p| {
            let code = p.code().map(|c| c.to_string());
            let places: Vec<(usize, usize)> =
                p.labels().map(|l| l.map(|l| (l.offset(), l.len())).collect()).unwrap_or_default();
            seen.insert((code, p.to_string(), places))
        });
    }

    /// Whether nothing at all was found.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether any problem is an error; warnings and advice are not.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|p| matches!(p.severity(), None | Some(miette::Severity::Error)))
    }

    /// The problems found so far.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }

    /// `value` when no error was found, else everything found.
    pub fn into_result<T>(self, value: T) -> Result<T, Diagnostics> {
        if self.has_errors() { Err(self) } else { Ok(value) }
    }

    /// The problems with the text they speak of, ready to render.
    pub fn report(self, sources: Arc<SourceMap>) -> Report {
        Report { sources, problems: self.problems }
    }
}

impl<E: miette::Diagnostic + Send + Sync + 'static> From<E> for Diagnostics {
    fn from(problem: E) -> Self {
        Diagnostics { problems: vec![Box::new(problem)] }
    }
}

/// All problems of one script, with its text.
#[derive(Debug)]
pub struct Report {
    sources: Arc<SourceMap>,
    problems: Vec<Problem>,
}

impl Report {
    /// The text the problems' spans point into.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }

    /// The problems, in the order they were found.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "1 problem"),
            n => write!(f, "{n} problems"),
        }
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&*self.sources)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|p| &**p as &dyn miette::Diagnostic)))
    }
}
