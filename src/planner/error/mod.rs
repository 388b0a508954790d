//! What can be wrong with a script whose text is in order.
//!
//! One enum an area: names ([`NameError`]), values and arguments ([`KindError`]), sources and sinks
//! ([`EdgeError`]), and what planning itself refuses ([`PlanError`]). Every variant points at all places
//! involved, has a stable code and, where there is one, names the remedy. Operators and the catalog bring
//! their own codes: [`CallError`], [`CatalogProblem`].

mod edge;
mod name;
mod persist;
mod types;

use miette::{Diagnostic, LabeledSpan};
use thiserror::Error;

use crate::source::Span;

pub use edge::{CatalogProblem, EdgeError};
pub use name::NameError;
pub use persist::PersistError;
pub use types::{CallError, KindError};

/// What planning refuses.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum PlanError {
    /// Arithmetic while planning that has no result.
    #[error("{message}")]
    #[diagnostic(code(ff::plan::arithmetic))]
    Arithmetic {
        /// What is wrong.
        message: String,
        /// The operator.
        #[label("computed while planning")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// An array where only a value known while planning can stand.
    #[error("{place} must be known while planning, and this is {found}")]
    #[diagnostic(code(ff::plan::known))]
    NotKnown {
        /// What stands there.
        place: String,
        /// What it is.
        found: String,
        /// Where.
        #[label("computed only when the script runs")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// A param's value that is not of its type.
    #[error("param `{name}`: `{text}` is not {expected}")]
    #[diagnostic(code(ff::plan::param))]
    ParamValue {
        /// The param.
        name: String,
        /// The text given.
        text: String,
        /// What is expected.
        expected: String,
        /// The param's declaration.
        #[label("takes {expected}")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// Required params without a value.
    #[error("{} no value: {}", if names.len() == 1 { "a param has" } else { "params have" }, names.join(", "))]
    #[diagnostic(code(ff::plan::param_missing), help("give `{}`, or write a default after the type", options(names)))]
    ParamMissing {
        /// The params.
        names: Vec<String>,
        /// Their declarations.
        #[label(collection)]
        at: Vec<LabeledSpan>,
    },

    /// A value for a param the script does not have.
    #[error("the script has no param `{name}`")]
    #[diagnostic(code(ff::plan::param_unknown))]
    ParamUnknown {
        /// The name given.
        name: String,
        /// What there is.
        #[help]
        help: Option<String>,
    },

    /// A setting of `plan` that does not exist.
    #[error("`plan` has no setting `{name}`")]
    #[diagnostic(code(ff::plan::setting))]
    Setting {
        /// The setting.
        name: String,
        /// Where.
        #[label("no such setting")]
        at: Span,
        /// What there is.
        #[help]
        help: Option<String>,
    },

    /// What the language knows and this version does not do.
    #[error("{what} not in this version yet")]
    #[diagnostic(code(ff::plan::unsupported))]
    Unsupported {
        /// What, with its verb.
        what: String,
        /// Where.
        #[label("not supported yet")]
        at: Span,
        /// A way around.
        #[help]
        help: Option<String>,
    },

    /// A function that calls itself.
    #[error("`{name}` calls itself: {chain}")]
    #[diagnostic(
        code(ff::plan::recursion),
        help("functions are inlined, so a script is always finite: use a list over a range, `[f(k) for k in 0..<4]`")
    )]
    Recursion {
        /// The function.
        name: String,
        /// The calls that lead back to it.
        chain: String,
        /// The call that closes the circle.
        #[label("called again here")]
        at: Span,
        /// The function.
        #[label("`{name}` is defined here")]
        defined: Span,
    },

    /// A script that would become too deep or too large.
    #[error("{message}")]
    #[diagnostic(code(ff::plan::too_large))]
    TooLarge {
        /// What is too large.
        message: String,
        /// Where.
        #[label("here")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// A file that cannot be imported.
    #[error("`{path}` cannot be imported: {reason}")]
    #[diagnostic(code(ff::plan::import), help("the path is relative to the file with the `import`"))]
    Import {
        /// The file.
        path: String,
        /// Why.
        reason: String,
        /// Where.
        #[label("imported here")]
        at: Span,
    },

    /// Files that import each other.
    #[error("`{path}` imports itself: {chain}")]
    #[diagnostic(code(ff::plan::import_cycle), help("move what both need into a third file"))]
    ImportCycle {
        /// The file.
        path: String,
        /// The imports that lead back to it.
        chain: String,
        /// Where the circle closes.
        #[label("imported again here")]
        at: Span,
    },

    /// A condition that does not hold, found while planning.
    #[error("assertion failed: {message}")]
    #[diagnostic(code(ff::assert::failed))]
    AssertFailed {
        /// The message, or the condition.
        message: String,
        /// The condition.
        #[label("{found}")]
        at: Span,
        /// What the condition came to.
        found: String,
    },
}

fn options(names: &[String]) -> String {
    names.iter().map(|n| format!("--{n} VALUE")).collect::<Vec<_>>().join(" ")
}
