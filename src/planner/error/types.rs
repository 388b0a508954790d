//! Values and arguments that do not fit.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, Severity};
use thiserror::Error;

use crate::source::Span;

/// A value or an argument that does not fit.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum KindError {
    /// A named argument that is no parameter.
    #[error("`{operator}` has no option `{option}`")]
    #[diagnostic(code("ff::type::option"))]
    UnknownOption {
        /// The operator or function.
        operator: String,
        /// The option.
        option: String,
        /// Where.
        #[label("no such option")]
        at: Span,
        /// What there is.
        #[help]
        help: Option<String>,
    },

    /// A required argument that is missing.
    #[error("`{operator}` lacks its argument `{param}`")]
    #[diagnostic(code("ff::type::missing_argument"))]
    MissingArgument {
        /// The operator or function.
        operator: String,
        /// The parameter.
        param: String,
        /// The call.
        #[label("`{param}` is missing")]
        at: Span,
        /// How it is called.
        #[help]
        help: Option<String>,
    },

    /// More arguments than parameters.
    #[error("`{operator}` takes {most} positional argument{}, not {given}", if *most == 1 { "" } else { "s" })]
    #[diagnostic(code("ff::type::too_many_arguments"))]
    TooManyArguments {
        /// The operator or function.
        operator: String,
        /// How many it takes.
        most: usize,
        /// How many it was given.
        given: usize,
        /// The first one too many.
        #[label("one too many")]
        at: Span,
        /// How it is called.
        #[help]
        help: Option<String>,
    },

    /// An argument given twice.
    #[error("the argument `{param}` of `{operator}` is given twice")]
    #[diagnostic(code("ff::type::repeated_argument"), help("keep one of the two"))]
    RepeatedArgument {
        /// The operator or function.
        operator: String,
        /// The parameter.
        param: String,
        /// The second.
        #[label("again here")]
        at: Span,
        /// The first.
        #[label("given here")]
        first: Span,
    },

    /// A word that is none of the choices.
    #[error("`{word}` is no `{param}`")]
    #[diagnostic(code("ff::type::choice"))]
    Choice {
        /// The word.
        word: String,
        /// The parameter.
        param: String,
        /// Where.
        #[label("not one of the choices")]
        at: Span,
        /// The choices.
        #[help]
        help: Option<String>,
    },

    /// A value of the wrong kind.
    #[error("{place} must be {expected}, this is {found}")]
    #[diagnostic(code("ff::type::value"))]
    Expected {
        /// What stands there.
        place: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
        /// Where.
        #[label("{found}")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// Plan-time operands that do not go together.
    #[error("`{op}` cannot be applied to {operands}")]
    #[diagnostic(code("ff::type::operand"))]
    Operand {
        /// The operator's symbol.
        op: String,
        /// What its operands are.
        operands: String,
        /// The operator.
        #[label("here")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// A value that is not of the type written beside its name.
    #[error("`{name}` is said to be {declared}, and is {found}")]
    #[diagnostic(code("ff::type::ascription"))]
    Ascription {
        /// The name.
        name: String,
        /// The type written.
        declared: String,
        /// The type found.
        found: String,
        /// The type written.
        #[label("said to be {declared}")]
        at: Span,
        /// The value.
        #[label("is {found}")]
        value: Span,
        /// What differs.
        #[help]
        help: Option<String>,
    },

    /// A type that does not exist.
    #[error("there is no type `{name}`")]
    #[diagnostic(code("ff::type::unknown"))]
    UnknownType {
        /// The name.
        name: String,
        /// Where.
        #[label("not a type")]
        at: Span,
        /// What there is.
        #[help]
        help: Option<String>,
    },

    /// An index or a slice that does not fit.
    #[error("{message}")]
    #[diagnostic(code("ff::type::index"))]
    Index {
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
}

/// An operator's error with the places of the arguments it names.
#[derive(Clone, Debug, PartialEq)]
pub struct CallError {
    /// The stable code, `ff::type::…`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Text and place of each label, the culprit first.
    pub labels: Vec<(String, Span)>,
    /// The remedy.
    pub help: Option<String>,
    /// Whether it is a warning.
    pub is_warning: bool,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallError {}

impl Diagnostic for CallError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        self.is_warning.then_some(Severity::Warning)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        Some(Box::new(self.labels.iter().map(move |(label, span)| LabeledSpan::new_with_span(text(label), *span))))
    }
}
