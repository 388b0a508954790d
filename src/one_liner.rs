//! A script that is a command line: one expression, applied to one input.
//!
//! `ffrun -e 'mean(air, time)' air.nc mean.nc` is the script
//!
//! ```text
//! source data = open("air.nc")
//! sink mean(data.air, time) to netcdf("mean.nc")
//! ```
//!
//! but its tree is built here and not its text: paths need no escapes, and each mistake points at what was
//! typed. What the input holds is visible by bare name, the input itself as `data`.

use std::fmt;

use crate::diagnostic::Diagnostics;
use crate::parser;
use crate::parser::ast::{Arg, Expr, ExprKind, Name, Print, Program, Sink, Source, Statement, StatementKind};
use crate::parser::ast::{StrPart, Target};
use crate::planner::error::KindError;
use crate::planner::lower::INPUT;
use crate::source::{SourceFile, SourceMap, Span};

/// What stands before the expression in the line that is shown.
const BEFORE: &str = "ffrun -e '";

/// A statement that an expression completes; no longer than [`BEFORE`], so that spans stay in the line.
const STATEMENT: &str = "print ";

/// An expression, what it is applied to, and where the result goes.
#[derive(Clone, Copy, Debug)]
pub struct OneLiner<'a> {
    /// The expression.
    pub expression: &'a str,
    /// The URL that is read.
    pub input: &'a str,
    /// The format and the URL that are written; the result is printed where there are none.
    pub output: Option<(&'a str, &'a str)>,
}

impl fmt::Display for OneLiner<'_> {
    /// The command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEFORE}{}' {}", self.expression, self.input)?;
        self.output.map_or(Ok(()), |(_, url)| write!(f, " {url}"))
    }
}

impl OneLiner<'_> {
    /// The program, whose spans point into the line, which becomes the first of the sources.
    pub fn parse(&self, sources: &mut SourceMap) -> (Program, Diagnostics) {
        let base = sources.add("command line", self.to_string()).base as usize + BEFORE.len();
        let expression = Span::new(base, base + self.expression.len());
        let input = after(expression, "' ", self.input);
        let text = format!("{STATEMENT}{}", self.expression);
        let shifted = SourceFile { name: "".into(), text: text.into(), base: (base - STATEMENT.len()) as u32 };
        let (parsed, mut problems) = parser::parse(&shifted);
        let mut program = Program { doc: None, statements: vec![source(self.input, input)] };
        let mut rest = parsed.statements.into_iter();
        let values = match rest.next().map(|s| s.kind) {
            Some(StatementKind::Print(print)) => print.values,
            _ => return (program, problems),
        };
        if let Some(second) = rest.next() {
            problems.push(several("a second statement", second.span));
        }
        program.statements.extend(match (self.output, values.as_slice()) {
            (None, _) => Some(Statement { kind: StatementKind::Print(Print { values }), span: expression, doc: None }),
            (Some((format, url)), [value]) => {
                let target = target(format, url, after(input, " ", url));
                let kind = StatementKind::Sink(Sink { value: value.clone(), target });
                Some(Statement { kind, span: expression, doc: None })
            }
            (Some(_), values) => {
                problems.extend(values.get(1).map(|v| several("a second one", v.span).into()).unwrap_or_default());
                None
            }
        });
        (program, problems)
    }
}

fn several(found: &str, at: Span) -> KindError {
    KindError::Expected {
        place: "what is written".into(),
        expected: "one expression".into(),
        found: found.into(),
        at,
        help: Some("name several results in a record, `{a: …, b: …}`; longer scripts go to a file".into()),
    }
}

/// The span of `text`, which follows what is at `span` after `between`.
fn after(span: Span, between: &str, text: &str) -> Span {
    let start = span.end as usize + between.len();
    Span::new(start, start + text.len())
}

fn source(url: &str, at: Span) -> Statement {
    let source = Source { name: name(INPUT, at), target: target("open", url, at) };
    Statement { kind: StatementKind::Source(source), span: at, doc: None }
}

fn target(format: &str, url: &str, at: Span) -> Target {
    let value = Expr { kind: ExprKind::Str(vec![StrPart::Text(url.to_owned())]), span: at };
    Target { format: name(format, at), args: vec![Arg { name: None, value }], options: Vec::new(), span: at }
}

fn name(value: &str, at: Span) -> Name {
    Name { value: value.to_owned(), span: at }
}
