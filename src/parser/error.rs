//! What can be wrong with the text of a script.
//!
//! Every variant points at the place, has a stable code and a help line that shows what to write.

use miette::Diagnostic;
use thiserror::Error;

use crate::source::Span;

use super::ast::{MAX_CHAIN, MAX_HEIGHT};

/// So many mistakes of one file are told.
pub const MAX_PROBLEMS: usize = 100;

/// A mistake in the text of a script.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
pub enum SyntaxError {
    /// Text that begins no statement.
    #[error("`{found}` does not begin a statement")]
    #[diagnostic(code(ff::parse::statement))]
    NotAStatement {
        /// The first word or symbol.
        found: String,
        /// Where it stands.
        #[label("expected a statement")]
        at: Span,
        /// What to write.
        #[help]
        help: String,
    },

    /// `let y = let x = 1`
    #[error("`{keyword}` begins a statement, which cannot stand here")]
    #[diagnostic(code(ff::parse::statement_inside), help("a statement begins on a line of its own"))]
    StatementInside {
        /// The keyword.
        keyword: String,
        /// Where it stands.
        #[label("begins a statement")]
        at: Span,
    },

    /// `mean(x, skipna = false)`
    #[error("a named argument takes a colon, not `=`")]
    #[diagnostic(code(ff::parse::named_argument), help("write `{name}: {value}`"))]
    NamedArgument {
        /// The argument's name.
        name: String,
        /// Its value as written.
        value: String,
        /// The `=`.
        #[label("write `:`")]
        at: Span,
    },

    /// `f(a: 1, b)`
    #[error("a positional argument cannot follow a named one")]
    #[diagnostic(code(ff::parse::argument_order), help("put `{value}` before `{name}: …`, or give it a name"))]
    ArgumentOrder {
        /// The positional argument as written.
        value: String,
        /// The name of the argument before it.
        name: String,
        /// The positional argument.
        #[label("positional")]
        at: Span,
        /// The first named one.
        #[label("named")]
        named: Span,
    },

    /// `f(a: 1, a: 2)`, `{a: 1, a: 2}`, `fn f(a, a)`
    #[error("`{name}` is given twice")]
    #[diagnostic(code(ff::parse::duplicate), help("keep one of the two"))]
    Duplicate {
        /// The name.
        name: String,
        /// The second.
        #[label("given again")]
        at: Span,
        /// The first.
        #[label("first given here")]
        first: Span,
    },

    /// `fn f(x = 1, y)`
    #[error("the parameter `{name}` has no default, and follows one that has")]
    #[diagnostic(code(ff::parse::default_order), help("put it before `{before}`, or give it a default: `{name} = …`"))]
    DefaultOrder {
        /// The parameter.
        name: String,
        /// The first with a default.
        before: String,
        /// The parameter.
        #[label("no default")]
        at: Span,
        /// The first with a default.
        #[label("has a default")]
        first: Span,
    },

    /// `a < b < c`
    #[error("comparisons do not chain")]
    #[diagnostic(code(ff::parse::comparison_chain), help("join two comparisons with `and`: `{suggestion}`"))]
    ComparisonChain {
        /// The two comparisons written out.
        suggestion: String,
        /// The second operator.
        #[label("compares the result of a comparison")]
        at: Span,
        /// The first operator.
        #[label("compares")]
        first: Span,
    },

    /// `assert a = b`
    #[error("`=` names a value and cannot stand in an expression")]
    #[diagnostic(code(ff::parse::assignment), help("write `==` to compare"))]
    Assignment {
        /// The `=`.
        #[label("write `==`")]
        at: Span,
    },

    /// `let a == 1`
    #[error("`==` compares and does not name a value")]
    #[diagnostic(code(ff::parse::equality), help("write a single `=`"))]
    Equality {
        /// The `==`.
        #[label("write `=`")]
        at: Span,
    },

    /// `let a 1`
    #[error("`=` is missing")]
    #[diagnostic(code(ff::parse::missing_assign), help("write `{example}`"))]
    MissingAssign {
        /// The form of the statement.
        example: String,
        /// What stands instead.
        #[label("expected `=`")]
        at: Span,
    },

    /// `param n = 3`
    #[error("the param `{name}` has no type")]
    #[diagnostic(
        code(ff::parse::param_type),
        help(
            "write `param {name}: TYPE`; types are int, float, bool, str, path, date, duration, size and lists such as [int]"
        )
    )]
    ParamType {
        /// The param's name.
        name: String,
        /// Where the colon should be.
        #[label("expected `: TYPE`")]
        at: Span,
    },

    /// `"abc`
    #[error("the string is not closed on its line")]
    #[diagnostic(code(ff::parse::unterminated_string))]
    UnterminatedString {
        /// The quote that opens it.
        #[label("opened here")]
        at: Span,
        /// The first brace that is open in it.
        #[label("this interpolation is open")]
        brace: Option<Span>,
        /// What to write.
        #[help]
        help: String,
    },

    /// `f(a, b`
    #[error("`{bracket}` is never closed")]
    #[diagnostic(code(ff::parse::unclosed_bracket), help("add `{partner}`"))]
    UnclosedBracket {
        /// The opening bracket.
        bracket: String,
        /// The closing one.
        partner: String,
        /// Where it was opened.
        #[label("opened here")]
        open: Span,
        /// What stands where it should have been closed.
        #[label("`{partner}` is missing by here")]
        end: Span,
    },

    /// `f(a))`
    #[error("`{bracket}` closes nothing")]
    #[diagnostic(code(ff::parse::stray_bracket))]
    StrayBracket {
        /// The closing bracket.
        bracket: String,
        /// Where it stands.
        #[label("no bracket is open that it could close")]
        at: Span,
        /// The innermost bracket that is open.
        #[label("this one is open")]
        inside: Option<Span>,
        /// What to write.
        #[help]
        help: String,
    },

    /// `let where = 1`
    #[error("`{word}` is a keyword and cannot be a name")]
    #[diagnostic(
        code(ff::parse::keyword),
        help("choose another name, such as `{word}_`; keywords may only name fields, members and arguments")
    )]
    Keyword {
        /// The keyword.
        word: String,
        /// Where it stands.
        #[label("keyword")]
        at: Span,
    },

    /// `"\q"`
    #[error("`{escape}` is no escape")]
    #[diagnostic(
        code(ff::parse::escape),
        help(
            "escapes are \\n \\t \\r \\\" \\\\ and \\u{{…}} with the hexadecimal number of a character; a backslash itself is \\\\"
        )
    )]
    Escape {
        /// The escape as written.
        escape: String,
        /// Where it stands.
        #[label("unknown escape")]
        at: Span,
    },

    /// `"{}"`
    #[error("an interpolation needs an expression")]
    #[diagnostic(
        code(ff::parse::interpolation),
        help("write `{{{{` for a brace, or a plan-time value such as `{{first}}`")
    )]
    Interpolation {
        /// The braces.
        #[label("nothing to insert")]
        at: Span,
    },

    /// `15mins`
    #[error("`{unit}` is no unit")]
    #[diagnostic(code(ff::parse::unit))]
    Unit {
        /// The unit as written.
        unit: String,
        /// Where it stands.
        #[label("unknown unit")]
        at: Span,
        /// What to write.
        #[help]
        help: String,
    },

    /// `99999999999999999999`
    #[error("the number does not fit")]
    #[diagnostic(code(ff::parse::too_large))]
    TooLarge {
        /// Where it stands.
        #[label("{limit}")]
        at: Span,
        /// What fits.
        limit: String,
        /// What to write.
        #[help]
        help: String,
    },

    /// `0xfg`, `1.5mo`
    #[error("`{text}` is no number")]
    #[diagnostic(code(ff::parse::number))]
    Number {
        /// The number as written.
        text: String,
        /// Where it stands.
        #[label("malformed number")]
        at: Span,
        /// What to write.
        #[help]
        help: String,
    },

    /// `persist /(/ to r`
    #[error("the pattern is no regular expression: {reason}")]
    #[diagnostic(
        code(ff::parse::regex),
        help("special characters such as `(`, `[`, `*` and `.` mean themselves after a `\\`")
    )]
    Regex {
        /// What is wrong with it.
        reason: String,
        /// Where it stands.
        #[label("pattern")]
        at: Span,
    },

    /// `if a else b`
    #[error("`if` without `{missing}`")]
    #[diagnostic(code(ff::parse::then_else), help("a choice is an expression: `if CONDITION then VALUE else VALUE`"))]
    ThenElse {
        /// `then` or `else`.
        missing: String,
        /// Where it should be.
        #[label("expected `{missing}`")]
        at: Span,
        /// The `if`.
        #[label("this choice")]
        begin: Option<Span>,
    },

    /// `sink x zarr("a.zarr")`
    #[error("`sink` without `to`")]
    #[diagnostic(code(ff::parse::sink_to), help("write where to: `sink EXPR to zarr(\"out.zarr\")`"))]
    SinkTo {
        /// Where it should be.
        #[label("expected `to FORMAT(URL)`")]
        at: Span,
    },

    /// `source a = "a.nc"`
    #[error("expected a format and a place")]
    #[diagnostic(code(ff::parse::target), help("write `{example}`"))]
    Target {
        /// The form of the statement.
        example: String,
        /// What stands instead.
        #[label("expected `FORMAT(URL)`")]
        at: Span,
    },

    /// `x |> mean(time) + 1`
    #[error("the right of `|>` must be a call")]
    #[diagnostic(code(ff::parse::pipe))]
    Pipe {
        /// What stands there.
        #[label("{what}")]
        at: Span,
        /// What it is.
        what: String,
        /// The `|>`.
        #[label("this pipe")]
        pipe: Span,
        /// What to write.
        #[help]
        help: String,
    },

    /// `5 step 2`
    #[error("`step` needs a range")]
    #[diagnostic(code(ff::parse::step), help("write `(0..<100) step 2`"))]
    Step {
        /// The `step` and what stands before it.
        #[label("no range, or one that has a step")]
        at: Span,
    },

    /// `x[0:24]`
    #[error("a range is not written with `:`")]
    #[diagnostic(
        code(ff::parse::slice),
        help(
            "write `a..<b` (without b), `a..b` (with b), `a..`, or `(a..<b) step n`; a colon names a dim: `x[time: 0..<24]`"
        )
    )]
    Slice {
        /// The colon.
        #[label("write `..<`")]
        at: Span,
    },

    /// Brackets or operators beyond what can be walked.
    #[error("nested more than {MAX_HEIGHT} levels deep")]
    #[diagnostic(code(ff::parse::nesting), help("name a part of the expression with `let`"))]
    Nesting {
        /// The first that is too deep.
        #[label("too deep")]
        at: Span,
    },

    /// A flat chain beyond what is planned with.
    #[error("a chain of more than {MAX_CHAIN} operands")]
    #[diagnostic(code(ff::parse::nesting), help("name a part of the expression with `let`"))]
    Chain {
        /// Its beginning.
        #[label("begins here")]
        at: Span,
    },

    /// A character of which the language knows nothing.
    #[error("unexpected `{found}`")]
    #[diagnostic(code(ff::parse::character))]
    Character {
        /// The character.
        found: String,
        /// Where it stands.
        #[label("not part of the language")]
        at: Span,
        /// What to write.
        #[help]
        help: String,
    },

    /// What comes after [`MAX_PROBLEMS`].
    #[error("{more} more mistakes are not shown")]
    #[diagnostic(code(ff::parse::too_many), help("mend the first ones and try again; is this a script?"))]
    TooMany {
        /// How many.
        more: usize,
        /// The first of them.
        #[label("the next one")]
        at: Span,
    },

    /// All else.
    #[error("unexpected {found}")]
    #[diagnostic(code(ff::parse::unexpected))]
    Unexpected {
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: String,
        /// Where.
        #[label("expected {expected}")]
        at: Span,
        /// What to write.
        #[help]
        help: Option<String>,
    },
}

impl SyntaxError {
    /// The place where the mistake is.
    pub fn span(&self) -> Span {
        use SyntaxError::*;
        match self {
            UnclosedBracket { open, .. } => *open,
            NotAStatement { at, .. }
            | StatementInside { at, .. }
            | NamedArgument { at, .. }
            | ArgumentOrder { at, .. }
            | Duplicate { at, .. }
            | DefaultOrder { at, .. }
            | ComparisonChain { at, .. }
            | Assignment { at }
            | Equality { at }
            | MissingAssign { at, .. }
            | ParamType { at, .. }
            | UnterminatedString { at, .. }
            | StrayBracket { at, .. }
            | Keyword { at, .. }
            | Escape { at, .. }
            | Interpolation { at }
            | Unit { at, .. }
            | TooLarge { at, .. }
            | Number { at, .. }
            | Regex { at, .. }
            | ThenElse { at, .. }
            | SinkTo { at }
            | Target { at, .. }
            | Pipe { at, .. }
            | Step { at }
            | Slice { at }
            | Nesting { at }
            | Chain { at }
            | Character { at, .. }
            | TooMany { at, .. }
            | Unexpected { at, .. } => *at,
        }
    }

    /// More text than a [`Span`] can address.
    pub(super) fn too_much_text(base: u32) -> Self {
        SyntaxError::Unexpected {
            found: "text beyond 4 GiB".into(),
            expected: "scripts that are shorter, all imports together".into(),
            at: Span { start: base, end: base },
            help: None,
        }
    }

    /// A string that its line does not close; `brace` is the first brace open in it.
    pub(super) fn unterminated_string(at: Span, brace: Option<Span>) -> Self {
        let help = match brace {
            None => "add the closing `\"`; a string stays on one line, `\\n` is a newline, `\\\"` a quote",
            Some(_) => "close the interpolation with `}` and the string with `\"`; a brace itself is `{{`",
        };
        SyntaxError::UnterminatedString { at, brace, help: help.into() }
    }

    /// A closing bracket without its partner; `inside` is the innermost open bracket.
    pub(super) fn stray_bracket(bracket: &str, at: Span, inside: Option<Span>) -> Self {
        let help = match inside {
            None => "remove it, or add its opening bracket before",
            Some(_) => "close the bracket that is open first, or remove this one",
        };
        SyntaxError::StrayBracket { bracket: bracket.into(), at, inside, help: help.into() }
    }
}
