//! Names that mean nothing, or something else.

use miette::Diagnostic;
use thiserror::Error;

use crate::source::Span;

/// A mistake in a name.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum NameError {
    /// A name nothing is bound to.
    #[error("there is nothing called `{name}` here")]
    #[diagnostic(code(ff::name::unknown))]
    UnknownName {
        /// The name.
        name: String,
        /// Where it is used.
        #[label("not defined")]
        at: Span,
        /// What may be meant.
        #[help]
        help: Option<String>,
    },

    /// A name used above its definition.
    #[error("`{name}` is used before it is defined")]
    #[diagnostic(code(ff::name::before_definition), help("move the definition above its first use"))]
    UsedBefore {
        /// The name.
        name: String,
        /// Where it is used.
        #[label("used here")]
        at: Span,
        /// Where it is defined.
        #[label("defined here")]
        defined: Span,
    },

    /// A second definition of a name.
    #[error("`{name}` is defined twice")]
    #[diagnostic(
        code(ff::name::duplicate),
        help("a name is given once and keeps its meaning: call the second another name")
    )]
    Duplicate {
        /// The name.
        name: String,
        /// The second definition.
        #[label("defined again here")]
        at: Span,
        /// The first.
        #[label("first defined here")]
        first: Span,
    },

    /// A call of something that does not exist.
    #[error("there is no operator or function `{name}`")]
    #[diagnostic(code(ff::name::operator))]
    UnknownOperator {
        /// The name called.
        name: String,
        /// Where.
        #[label("not an operator")]
        at: Span,
        /// What may be meant.
        #[help]
        help: Option<String>,
    },

    /// A call of a value.
    #[error("{what} cannot be called")]
    #[diagnostic(code(ff::name::not_callable))]
    NotCallable {
        /// What it is.
        what: String,
        /// Where.
        #[label("not a function")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// An operator called as a member of what it is applied to.
    #[error("there are no methods; `{name}` is an operator")]
    #[diagnostic(code(ff::name::method), help("write `{written}`"))]
    Method {
        /// The operator.
        name: String,
        /// The call in the language's own form.
        written: String,
        /// Where.
        #[label("called as a method")]
        at: Span,
    },

    /// An operator or function where a value is expected.
    #[error("`{name}` is {what}, not a value")]
    #[diagnostic(code(ff::name::not_value))]
    NotAValue {
        /// The name.
        name: String,
        /// What it is.
        what: String,
        /// Where.
        #[label("a value is expected here")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// A member that does not exist.
    #[error("{of} has no member `{name}`")]
    #[diagnostic(code(ff::name::member))]
    UnknownMember {
        /// What it would be a member of.
        of: String,
        /// The member.
        name: String,
        /// Where.
        #[label("no such member")]
        at: Span,
        /// What there is.
        #[help]
        help: Option<String>,
    },

    /// An attribute that does not exist.
    #[error("{of} has no attribute `{name}`")]
    #[diagnostic(code(ff::name::attribute))]
    UnknownAttribute {
        /// What it would be an attribute of.
        of: String,
        /// The attribute.
        name: String,
        /// Where.
        #[label("no such attribute")]
        at: Span,
        /// What there is.
        #[help]
        help: Option<String>,
    },
}
