//! Storages and kept results that cannot be.

use miette::{Diagnostic, LabeledSpan};
use thiserror::Error;

use crate::source::Span;

/// A storage that cannot be used so, or a result that cannot be kept.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum PersistError {
    /// An option of a storage that does not exist or does not fit.
    #[error("{message}")]
    #[diagnostic(code(ff::persist::option))]
    Option {
        /// What is wrong.
        message: String,
        /// Where.
        #[label("{label}")]
        at: Span,
        /// The label.
        label: String,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// Nothing says where a result is kept.
    #[error("{message}")]
    #[diagnostic(code(ff::persist::storage))]
    Storage {
        /// Whether there is none, or several.
        message: String,
        /// The statement.
        #[label("kept where?")]
        at: Span,
        /// The storages there are.
        #[label(collection)]
        storages: Vec<LabeledSpan>,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// A pattern that fits no name.
    #[error("no `let` above has a name that fits /{pattern}/")]
    #[diagnostic(code(ff::persist::no_match))]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// Where.
        #[label("fits nothing")]
        at: Span,
        /// The names there are.
        #[help]
        help: Option<String>,
    },

    /// What has no values that could be kept.
    #[error("{found} cannot be kept")]
    #[diagnostic(code(ff::persist::value))]
    Value {
        /// What it is.
        found: String,
        /// Where.
        #[label("neither an array nor a dataset")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },
}
