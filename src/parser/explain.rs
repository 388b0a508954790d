//! What to say where the grammar cannot go on.
//!
//! The grammar knows only the place and the rules it tried there. What the writer meant is read off the
//! tokens around the place, by a ladder of questions from the particular to the general.

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::source::Span;

use super::ast::BINARY;
use super::error::SyntaxError;
use super::grammar::Rule;
use super::keywords::KEYWORDS;
use super::layout::{DEFINITIONS, Piece, STATEMENTS};
use super::token::{Token, TokenKind};

/// How other languages begin what we begin otherwise.
const ELSEWHERE: [(&str, &str); 12] = [
    ("def", "fn"),
    ("func", "fn"),
    ("function", "fn"),
    ("var", "let"),
    ("const", "let"),
    ("val", "let"),
    ("set", "let"),
    ("input", "param"),
    ("write", "sink"),
    ("save", "sink"),
    ("load", "source"),
    ("use", "import"),
];

/// The forms of statements.
const FORMS: [(&str, &str); 13] = [
    ("param", "param NAME: TYPE = VALUE"),
    ("plan", "plan { memory: 2GiB }"),
    ("storage", "storage NAME = local(DIR)"),
    ("source", "source NAME = open(URL)"),
    ("let", "let NAME = EXPR"),
    ("fn", "fn NAME(PARAM, …) = EXPR"),
    ("stencil", "stencil NAME(PARAM, …) = EXPR"),
    ("reducer", "reducer NAME(PARAM, …) { init: EXPR, step: EXPR, merge: EXPR, finish: EXPR }"),
    ("persist", "persist NAME, … to STORAGE"),
    ("sink", "sink EXPR to FORMAT(URL)"),
    ("print", "print EXPR, …"),
    ("assert", "assert EXPR, \"message\""),
    ("import", "import \"lib.ff\" as NAME"),
];

/// Says what is wrong with `piece`, in which the grammar stopped with `error`.
pub(super) fn explain(error: &Error<Rule>, piece: &Piece, tokens: &[Token], text: &str, base: u32) -> SyntaxError {
    let place = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    } + tokens[piece.first].start as usize;
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
        ErrorVariant::CustomError { .. } => &[],
    };
    let significant: Vec<Token> =
        tokens[piece.first..=piece.last].iter().filter(|t| t.is_significant()).copied().collect();
    let mut at = significant.partition_point(|t| t.end as usize <= place);
    if at > 0 && expected == [Rule::name_mark] && is_keyword(significant[at - 1].text(text)) {
        // It was read as the name of an argument, which any keyword may be.
        at -= 1;
    }
    let scene = Scene { text, base, tokens: &significant, at, expected };
    scene.statement_start().or_else(|| scene.particular()).unwrap_or_else(|| scene.general())
}

/// The significant tokens of a statement and the place where the grammar stopped.
struct Scene<'a> {
    text: &'a str,
    base: u32,
    tokens: &'a [Token],
    /// The token at the place; their number when the statement ends too soon.
    at: usize,
    expected: &'a [Rule],
}

impl<'a> Scene<'a> {
    fn word(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |t| t.text(self.text))
    }

    fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|t| t.kind)
    }

    /// Where token `index` stands, or the end of the statement.
    fn span(&self, index: usize) -> Span {
        match self.tokens.get(index) {
            Some(t) => Span { start: self.base + t.start, end: self.base + t.end },
            None => {
                let end = self.base + self.tokens.last().map_or(0, |t| t.end);
                Span { start: end, end }
            }
        }
    }

    fn found(&self) -> &'a str {
        self.word(self.at)
    }

    fn previous(&self) -> &'a str {
        if self.at == 0 { "" } else { self.word(self.at - 1) }
    }

    fn expects(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    /// The innermost bracket open before the place.
    fn bracket(&self) -> Option<usize> {
        let mut open = Vec::new();
        for (i, token) in self.tokens[..self.at].iter().enumerate() {
            match token.kind {
                TokenKind::Open => open.push(i),
                TokenKind::Close => drop(open.pop()),
                _ => {}
            }
        }
        open.pop()
    }

    /// Whether token `index` may end a value.
    fn ends_value(&self, index: usize) -> bool {
        match self.kind(index) {
            Some(TokenKind::Number | TokenKind::Close | TokenKind::StrClose) => true,
            Some(TokenKind::Word) => {
                let member = index > 0 && matches!(self.word(index - 1), "." | "@");
                let value = ["true", "false", "none", "nan", "inf"].contains(&self.word(index));
                member || value || !is_keyword(self.word(index))
            }
            _ => false,
        }
    }

    /// Whether token `index` may begin a value.
    fn begins_value(&self, index: usize) -> bool {
        match self.kind(index) {
            Some(TokenKind::Number | TokenKind::Open | TokenKind::StrOpen) => true,
            Some(TokenKind::Word) => {
                ["if", "true", "false", "none", "nan", "inf"].contains(&self.word(index))
                    || !is_keyword(self.word(index))
            }
            _ => false,
        }
    }

    /// A statement without its keyword.
    fn statement_start(&self) -> Option<SyntaxError> {
        let first = self.word(0);
        let is_key = self.kind(0) == Some(TokenKind::Word) && STATEMENTS.contains(&first);
        let defines = DEFINITIONS.contains(&first) && self.kind(1) == Some(TokenKind::Word);
        if is_key || defines || self.kind(0) == Some(TokenKind::Unknown) {
            return None;
        }
        let elsewhere = ELSEWHERE.iter().find(|(word, _)| *word == first).map(|(_, ours)| *ours);
        let near = STATEMENTS.iter().copied().find(|s| first.len() > 2 && strsim::damerau_levenshtein(s, first) <= 1);
        let help = match (elsewhere.or(near), self.word(1)) {
            (Some(keyword), _) => format!("did you mean `{keyword}`?"),
            (None, "=") if !is_keyword(first) => format!("write `let {first} = …` to name a value"),
            _ if first == "for" => "there are no loops; make a list: `[f(k) for k in 0..<4]`".into(),
            _ if first == "if" => "a choice is an expression: `let x = if CONDITION then a else b`".into(),
            _ if first == "return" => "the last expression of a block is its value: `{ let m = …; x - m }`".into(),
            _ => format!("statements begin with {}, {}", STATEMENTS.join(", "), DEFINITIONS.join(", ")),
        };
        Some(SyntaxError::NotAStatement { found: first.into(), at: self.span(0), help })
    }

    /// Mistakes that have a name.
    fn particular(&self) -> Option<SyntaxError> {
        self.foreign()
            .or_else(|| self.equals())
            .or_else(|| self.missing_word())
            .or_else(|| self.keyword())
            .or_else(|| self.form())
            .or_else(|| self.punctuation())
    }

    fn foreign(&self) -> Option<SyntaxError> {
        if self.kind(self.at) != Some(TokenKind::Unknown) {
            return None;
        }
        let help = match self.found() {
            "'" | "`" | "“" | "”" => "strings stand in double quotes: `\"…\"`",
            "&&" => "write `and`",
            "||" => "write `or`",
            "!" => "write `not`, or `!=` to compare",
            "=>" => "a function is `fn f(x) = EXPR`; at-least is `>=`",
            "->" => "a value goes on with `|>`",
            ":=" => "write `=` to name a value, `:` to name an argument",
            "\\" => "no mark is needed to go on: begin the next line with an operator, or leave a bracket open",
            "\u{a0}" => "this blank is a no-break space: write a plain one",
            _ => "outside strings and comments, only letters, digits and the language's operators are known",
        };
        Some(SyntaxError::Character { found: self.found().into(), at: self.span(self.at), help: help.into() })
    }

    /// `=` and `==` for one another.
    fn equals(&self) -> Option<SyntaxError> {
        let at = self.span(self.at);
        match self.found() {
            "==" if self.expects(Rule::assign) => Some(SyntaxError::Equality { at }),
            "=" if self.word(0) == "param" && self.at == 2 => {
                Some(SyntaxError::ParamType { name: self.word(1).into(), at })
            }
            "=" if self.at > 0 && self.ends_value(self.at - 1) && !self.is_head() => {
                Some(SyntaxError::Assignment { at })
            }
            _ => None,
        }
    }

    /// Whether the place is before the `=` of the statement.
    fn is_head(&self) -> bool {
        let defines = ["param", "storage", "source", "let", "fn", "stencil", "reducer"].contains(&self.word(0));
        defines && self.bracket().is_none() && !self.tokens[..self.at].iter().any(|t| t.text(self.text) == "=")
    }

    fn missing_word(&self) -> Option<SyntaxError> {
        let at = self.span(self.at);
        for (rule, missing) in [(Rule::kw_then, "then"), (Rule::kw_else, "else")] {
            if self.expects(rule) && self.at > 0 && self.ends_value(self.at - 1) {
                let begin = (0..self.at).rev().find(|i| self.word(*i) == "if").map(|i| self.span(i));
                return Some(SyntaxError::ThenElse { missing: missing.into(), at, begin });
            }
        }
        let complete = self.at > 1 && self.ends_value(self.at - 1);
        (self.expects(Rule::kw_to) && self.word(0) == "sink" && complete).then_some(SyntaxError::SinkTo { at })
    }

    /// A keyword in the place of a name.
    fn keyword(&self) -> Option<SyntaxError> {
        let (word, at) = (self.found(), self.span(self.at));
        if self.kind(self.at) != Some(TokenKind::Word) || !is_keyword(word) {
            return None;
        }
        let only_name = self.expects(Rule::name) && !self.expects(Rule::number);
        let in_operand = self.at > 0 && !self.ends_value(self.at - 1);
        let binary = ["to", "as", "and", "or", "in", "where", "then", "else", "for"].contains(&word);
        let used_as_name = matches!(self.word(self.at + 1), "," | ")" | "]" | "." | "");
        if only_name || (in_operand && (!binary || used_as_name) && !STATEMENTS.contains(&word)) {
            return Some(SyntaxError::Keyword { word: word.into(), at });
        }
        if STATEMENTS.contains(&word) && self.begins_value(self.at + 1) {
            return Some(SyntaxError::StatementInside { keyword: word.into(), at });
        }
        in_operand.then(|| match STATEMENTS.contains(&word) {
            true => SyntaxError::Keyword { word: word.into(), at },
            false => self.unexpected("a value", None),
        })
    }

    /// The form of the statement.
    fn form(&self) -> Option<SyntaxError> {
        let at = self.span(self.at);
        let (keyword, name) = (self.word(0), self.word(1));
        if self.at == 2 && keyword == "param" && self.kind(1) == Some(TokenKind::Word) {
            return Some(SyntaxError::ParamType { name: name.into(), at });
        }
        if keyword == "reducer" && self.expects(Rule::record) && self.is_head() {
            let form = FORMS.iter().find(|(word, _)| *word == keyword).map(|(_, form)| format!("write `{form}`"));
            return Some(self.unexpected("`{`", form.as_deref()));
        }
        if self.expects(Rule::assign) && self.is_head() {
            let value = match keyword {
                "source" => "open(\"data.nc\")",
                "storage" => "local(\"results\")",
                _ => "…",
            };
            let has_params = matches!(keyword, "fn" | "stencil");
            let head = if has_params { format!("{keyword} {name}(…)") } else { format!("{keyword} {name}") };
            return Some(SyntaxError::MissingAssign { example: format!("{head} = {value}"), at });
        }
        let example = match keyword {
            "source" => format!("source {name} = open(\"data.nc\")"),
            "storage" => format!("storage {name} = local(\"results\")"),
            "sink" => "sink EXPR to zarr(\"out.zarr\")".into(),
            _ => return None,
        };
        let after_head = matches!(self.previous(), "=" | "to");
        let lacks_call = self.expects(Rule::call) && self.bracket().is_none();
        (lacks_call || (after_head && self.bracket().is_none())).then_some(SyntaxError::Target { example, at })
    }

    fn punctuation(&self) -> Option<SyntaxError> {
        let at = self.span(self.at);
        let bracket = self.bracket();
        match self.found() {
            "}" if self.previous() == "{" && self.at > 1 && self.in_string(self.at - 1) => {
                Some(SyntaxError::Interpolation { at: self.span(self.at - 1).to(at) })
            }
            ":" if bracket.is_some_and(|b| self.word(b) == "[") => Some(SyntaxError::Slice { at }),
            ":" if bracket.is_some_and(|b| self.word(b) == "{" && self.in_string(b)) => {
                Some(self.unexpected("`}`", Some("an interpolation has no format; round the value before")))
            }
            ";" => Some(self.unexpected(
                "the end of the line",
                Some("a statement ends with its line; `;` stands only after the `let`s of a block"),
            )),
            _ if self.previous() == "." && self.at > 1 && self.kind(self.at - 2) == Some(TokenKind::Number) => {
                let help = format!("write `{}.0` for a float", self.word(self.at - 2));
                Some(self.unexpected("a digit", Some(&help)))
            }
            _ if matches!(self.previous(), "." | "@") => Some(self.unexpected("a name", None)),
            _ => None,
        }
    }

    /// Whether the brace `index` begins an interpolation.
    fn in_string(&self, index: usize) -> bool {
        index > 0
            && matches!(self.kind(index - 1), Some(TokenKind::StrOpen | TokenKind::StrText | TokenKind::Close))
            && self.kind(index) == Some(TokenKind::Open)
            && self.tokens[..index].iter().filter(|t| t.kind == TokenKind::StrOpen).count()
                > self.tokens[..index].iter().filter(|t| t.kind == TokenKind::StrClose).count()
    }

    /// Names what stands at the place and what could.
    fn general(&self) -> SyntaxError {
        let only = |rule| self.expects(rule) && !self.expects(Rule::number);
        let mark = [
            (Rule::colon, "`:`", "a field is `name: value`, a type stands after `name:`"),
            (Rule::fn_params, "`(`", "write `fn NAME(PARAM, …) = EXPR`"),
            (Rule::type_end, "`]`", "a list has one element type: `[int]`; an array names its dims: `f32[time]`"),
            (Rule::type_expr, "a type", "types are like int, [float], f32 or f32[time, lat]"),
            (Rule::kw_in, "`in`", "write `[f(k) for k in 0..<4]`"),
            (Rule::record, "`{`", "settings stand in braces: `plan { memory: 2GiB }`"),
        ];
        if let Some((_, expected, help)) = mark.iter().find(|(rule, ..)| only(*rule)) {
            return self.unexpected(expected, Some(help));
        }
        if self.at > 0 && self.ends_value(self.at - 1) {
            return self.after_value();
        }
        let form =
            FORMS.iter().find(|(keyword, _)| *keyword == self.word(0)).map(|(_, form)| format!("write `{form}`"));
        let form = form.as_deref();
        let found = self.found();
        let is_infix = |word: &str| BINARY.iter().any(|b| b.symbol() == word) || ["|>", "where"].contains(&word);
        match self.previous() {
            _ if only(Rule::name) => self.unexpected("a name", form),
            _ if only(Rule::string) => self.unexpected("a string", form),
            "[" if found == "]" => {
                self.unexpected("an index", Some("an index takes at least one position, range or label"))
            }
            before if is_infix(before) => {
                self.unexpected("a value", Some(&format!("`{before}` needs a value on its right")))
            }
            _ if is_infix(found) => self.unexpected("a value", Some(&format!("`{found}` needs a value on its left"))),
            ":" => self.unexpected("a value", Some("a name with a colon needs a value: `name: value`")),
            _ => self.unexpected("a value", form),
        }
    }

    /// What could follow a value.
    fn after_value(&self) -> SyntaxError {
        let close = self.bracket().map(|b| match self.word(b) {
            "(" => ")",
            "[" => "]",
            _ => "}",
        });
        match (close, self.found()) {
            (_, "then" | "else") => {
                self.unexpected("an operator", Some("a choice is `if CONDITION then VALUE else VALUE`"))
            }
            (Some(close), _) => {
                let help = self.begins_value(self.at).then_some("a comma separates two values");
                self.unexpected(&format!("an operator, `,` or `{close}`"), help)
            }
            (None, "") => self.unexpected("more", None),
            (None, _) => self.unexpected(
                "an operator or the end of the line",
                Some("one statement stands on a line; a call is written `f(x)`"),
            ),
        }
    }

    fn unexpected(&self, expected: &str, help: Option<&str>) -> SyntaxError {
        let found = match self.kind(self.at) {
            None => "end of the statement".into(),
            Some(TokenKind::StrOpen) => "string".into(),
            Some(_) => format!("`{}`", self.found()),
        };
        SyntaxError::Unexpected {
            found,
            expected: expected.into(),
            at: self.span(self.at),
            help: help.map(str::to_string),
        }
    }
}

/// Whether `word` cannot be a name.
fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|(keyword, _)| *keyword == word)
}
