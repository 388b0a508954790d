//! Sources and sinks that cannot be used.

use std::fmt;

use miette::{Diagnostic, LabeledSpan};
use thiserror::Error;

use crate::planner::catalog::CatalogError;
use crate::source::Span;

/// A source or a sink that cannot be used.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum EdgeError {
    /// An option of a source that does not exist or does not fit.
    #[error("{message}")]
    #[diagnostic(code(ff::source::option))]
    SourceOption {
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

    /// Files that cannot be joined into one array.
    #[error("{message}")]
    #[diagnostic(code(ff::source::concat))]
    SourceConcat {
        /// What differs and in which file.
        message: String,
        /// The source.
        #[label("read here")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// Files whose labels do not follow each other in the order in which they are joined.
    #[error("{message}")]
    #[diagnostic(
        code(ff::source::order),
        severity(warning),
        help("`{{ order: labels }}` puts files in the order of their first labels, and refuses those that overlap")
    )]
    FilesOutOfOrder {
        /// Which files.
        message: String,
        /// The source.
        #[label("read here")]
        at: Span,
    },

    /// Metadata of a variable by which its values cannot be decoded.
    #[error("`{variable}` cannot be decoded: {message}")]
    #[diagnostic(code(ff::source::decode))]
    Decode {
        /// The variable.
        variable: String,
        /// Why.
        message: String,
        /// The place that needs it.
        #[label("needed here")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// Times that are finer than a microsecond.
    #[error("times are whole microseconds, and `{variable}` counts nanoseconds: {rounded} of {of} are rounded{merged}")]
    #[diagnostic(
        code(ff::source::time_rounded),
        severity(warning),
        help("`{{ decode: false }}` on the source reads the numbers as they are stored")
    )]
    TimesRounded {
        /// The variable.
        variable: String,
        /// How many are no whole microseconds.
        rounded: usize,
        /// Of how many.
        of: usize,
        /// How many lose what told them apart, where there are such.
        merged: String,
        /// The place that needs it.
        #[label("needed here")]
        at: Span,
    },

    /// A variable the format cannot give as an array.
    #[error("`{variable}` cannot be read: {message}")]
    #[diagnostic(code(ff::source::unsupported))]
    SourceUnsupported {
        /// The variable.
        variable: String,
        /// Why.
        message: String,
        /// The place that needs it.
        #[label("needed here")]
        at: Span,
    },

    /// A coordinate of a source that cannot be read.
    #[error("the coordinate `{name}` cannot be read and is left out: {reason}")]
    #[diagnostic(
        code(ff::source::coordinate),
        severity(warning),
        help(
            "`drop_coords(x, {name})` does without it, `{{ decode: false }}` on the source leaves all values as they are"
        )
    )]
    CoordinateLeftOut {
        /// The coordinate.
        name: String,
        /// Why.
        reason: String,
        /// The source.
        #[label("read here")]
        at: Span,
    },

    /// Attributes of what is written that have no counterpart here.
    #[error("attributes that cannot be read are not written: {attributes}")]
    #[diagnostic(
        code(ff::sink::attribute_left_out),
        severity(warning),
        help("all else is written; `attrs: {{ … }}` sets values of your own")
    )]
    AttributesLeftOut {
        /// Variables, names and reasons.
        attributes: String,
        /// The sink.
        #[label("written here")]
        at: Span,
    },

    /// An option of a sink that does not exist or does not fit.
    #[error("{message}")]
    #[diagnostic(code(ff::sink::option))]
    SinkOption {
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

    /// A target that is already there, in a plan that is only looked at.
    #[error("`{url}` already exists, so the script would not run")]
    #[diagnostic(
        code(ff::sink::exists),
        severity(warning),
        help("write `{{ mode: overwrite }}` after the target, or run with `--overwrite`, to replace it")
    )]
    SinkInTheWay {
        /// The target.
        url: String,
        /// The sink.
        #[label("this is what would be written")]
        at: Span,
    },

    /// A target that is already there.
    #[error("`{url}` already exists")]
    #[diagnostic(
        code(ff::sink::exists),
        help("write `{{ mode: overwrite }}` after the target, or run with `--overwrite`, to replace it")
    )]
    SinkExists {
        /// The target.
        url: String,
        /// The sink's target.
        #[label("would be written here")]
        at: Span,
    },

    /// A target of which a part is to be replaced, and that is not there.
    #[error("there is nothing at `{url}` yet that could grow or be changed")]
    #[diagnostic(code(ff::sink::missing), help("leave `mode` out the first time: that creates it"))]
    SinkMissing {
        /// The target.
        url: String,
        /// The sink's target.
        #[label("would be changed here")]
        at: Span,
    },

    /// What does not go into the arrays that are there.
    #[error("{message}")]
    #[diagnostic(code(ff::sink::stored))]
    SinkStored {
        /// What does not fit.
        message: String,
        /// What is written, or the option.
        #[label("does not go into what is stored")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },

    /// Labels that are appended and do not go on as those before.
    #[error("{message}")]
    #[diagnostic(
        code(ff::sink::order),
        severity(warning),
        help("ranges of labels (`x[time: a..b]`) need labels in order; positions and single labels do not")
    )]
    SinkOrder {
        /// Which labels.
        message: String,
        /// What is written.
        #[label("appended here")]
        at: Span,
    },

    /// A target where something else lies, which is never deleted for it.
    #[error("`{url}` is {what}, no output of the format `{format}`, and is not replaced")]
    #[diagnostic(code(ff::sink::foreign), help("remove it yourself, or choose another target"))]
    SinkForeign {
        /// The target.
        url: String,
        /// What lies there.
        what: String,
        /// The format that would be written.
        format: String,
        /// The sink's target.
        #[label("would be written here")]
        at: Span,
    },

    /// An array without a name in a dataset.
    #[error("what is written has no name")]
    #[diagnostic(code(ff::sink::nameless))]
    SinkNameless {
        /// The expression.
        #[label("an expression, not a name")]
        at: Span,
        /// The remedy.
        #[help]
        help: String,
    },

    /// Two sinks with one target.
    #[error("two sinks write `{url}`")]
    #[diagnostic(code(ff::sink::conflict))]
    SinkConflict {
        /// The target.
        url: String,
        /// The second sink.
        #[label("and here")]
        at: Span,
        /// The first.
        #[label("written here")]
        first: Span,
        /// The remedy.
        #[help]
        help: String,
    },

    /// Two sinks into one target that do not want the same file.
    #[error("two sinks write into `{url}` and differ in {what}")]
    #[diagnostic(code(ff::sink::shared), help("it is one file or store: say the same of it in both sinks"))]
    SinkShared {
        /// What differs.
        what: String,
        /// The target.
        url: String,
        /// The second sink.
        #[label("and here")]
        at: Span,
        /// The first.
        #[label("written here")]
        first: Span,
    },

    /// Variables that do not go together in one dataset.
    #[error("{message}")]
    #[diagnostic(code(ff::sink::dataset))]
    SinkDataset {
        /// What does not fit.
        message: String,
        /// The expression.
        #[label("written as one dataset")]
        at: Span,
        /// The remedy.
        #[help]
        help: Option<String>,
    },
}

/// An error of the catalog with the place that asked.
#[derive(Clone, Debug)]
pub struct CatalogProblem {
    /// What the catalog says.
    pub error: CatalogError,
    /// The source or sink.
    pub at: Span,
    /// The label there.
    pub label: &'static str,
}

impl PartialEq for CatalogProblem {
    fn eq(&self, other: &Self) -> bool {
        self.error.code == other.error.code && self.error.message == other.error.message && self.at == other.at
    }
}

impl fmt::Display for CatalogProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for CatalogProblem {}

impl Diagnostic for CatalogProblem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.error.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(self.label.to_owned()), self.at))))
    }
}
