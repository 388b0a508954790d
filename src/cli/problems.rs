//! Problems on standard error: drawn for people, or as JSON lines for tools.

use std::fmt::Write as _;
use std::io::IsTerminal;

use clap::ValueEnum;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use serde_json::{Value, json};

use crate::diagnostic::Report;
use crate::source::{SourceMap, Span};

/// How problems are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// With the script's text and labels.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Says something that is good to know.
pub fn note(text: &str, format: ErrorFormat) {
    match format {
        ErrorFormat::Human => super::tell(format_args!("note: {text}\n")),
        ErrorFormat::Json => {
            let note = json!({ "severity": "advice", "message": text, "labels": [] });
            super::tell(format_args!("{note}\n"));
        }
    }
}

/// Shows all problems of a report.
pub fn show(report: &Report, format: ErrorFormat) {
    for problem in report.problems() {
        super::tell(one(&**problem, report.sources(), format));
    }
}

/// One problem, as text that ends with a newline.
pub fn one(problem: &dyn Diagnostic, sources: &SourceMap, format: ErrorFormat) -> String {
    match format {
        ErrorFormat::Human => human(problem, sources),
        ErrorFormat::Json => format!("{}\n", json_of(problem, sources)),
    }
}

fn human(problem: &dyn Diagnostic, sources: &SourceMap) -> String {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
    let drawn = handler.render_report(&mut text, &WithSource { problem, sources });
    if drawn.is_err() {
        // Writing to a string fails only where a label points outside the text; the message still helps.
        text.clear();
        let _ = writeln!(text, "error: {problem}");
    }
    text
}

/// The problem as plain data: code, message, help, labels with file, line, column and bytes.
pub fn json_of(problem: &dyn Diagnostic, sources: &SourceMap) -> Value {
    let label = |label: miette::LabeledSpan| {
        let span = Span::new(label.offset(), label.offset() + label.len());
        let (file, line, column) = sources.location(span).unwrap_or(("", 0, 0));
        json!({ "file": file, "line": line, "column": column, "text": sources.text(span), "label": label.label() })
    };
    let labels: Vec<Value> = problem.labels().map(|labels| labels.map(label).collect()).unwrap_or_default();
    let severity = match problem.severity() {
        None | Some(miette::Severity::Error) => "error",
        Some(miette::Severity::Warning) => "warning",
        Some(miette::Severity::Advice) => "advice",
    };
    json!({
        "severity": severity,
        "code": problem.code().map(|c| c.to_string()),
        "message": problem.to_string(),
        "help": problem.help().map(|h| h.to_string()),
        "labels": labels,
    })
}

/// A problem without a place and a code, as plain data of the same form.
pub fn plain_json(message: &str) -> Value {
    json!({ "severity": "error", "code": null, "message": message, "help": null, "labels": [] })
}

/// A problem with the text it speaks of.
struct WithSource<'a> {
    problem: &'a dyn Diagnostic,
    sources: &'a SourceMap,
}

impl std::fmt::Debug for WithSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.problem)
    }
}

impl std::fmt::Display for WithSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.problem)
    }
}

impl std::error::Error for WithSource<'_> {}

impl Diagnostic for WithSource<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problem.code()
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.problem.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problem.help()
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.problem.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        self.problem.related()
    }
}
