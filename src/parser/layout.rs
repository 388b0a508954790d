//! A file cut into statements.
//!
//! A statement ends at a newline, unless a bracket is open, the line ends in an infix operator or a
//! comma, or the next line that is not a comment begins with an infix operator. Lines that are
//! incomplete in other plain ways go on too: those that end in `=`, `then` or `else`, and those
//! followed by one that begins with `then`, `else` or `to`. A line that begins like a statement always
//! begins one, so that a bracket left open does not swallow the rest of the file.
//!
//! A statement whose brackets or strings do not match is reported here and not shown to the grammar.

use crate::source::Span;

use super::ast::MAX_HEIGHT;
use super::error::SyntaxError;
use super::token::{Token, TokenKind, tokens};

/// A file's tokens and the statements they form.
pub(super) struct Layout {
    /// All tokens.
    pub tokens: Vec<Token>,
    /// The statements, in order.
    pub pieces: Vec<Piece>,
    /// Brackets and strings that do not match.
    pub problems: Vec<SyntaxError>,
}

/// The tokens of one statement; comments may stand among them.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Index of its first token.
    pub first: usize,
    /// Index of its last significant token.
    pub last: usize,
    /// Whether its brackets and strings match.
    pub sound: bool,
}

/// The words that begin statements, in the order of the reference.
pub const STATEMENTS: [&str; 11] =
    ["param", "plan", "storage", "source", "let", "fn", "persist", "sink", "print", "assert", "import"];

/// Words that begin statements and may be names elsewhere.
pub(super) const DEFINITIONS: [&str; 2] = ["stencil", "reducer"];

/// Symbols after which a statement goes on.
const GOES_ON_AFTER: [&str; 28] = [
    "|>", "where", "or", "and", "not", "==", "!=", "<", "<=", ">", ">=", "in", "..", "..<", "|", "^", "&", "<<", ">>",
    "+", "-", "*", "/", "//", "%", "**", "as", ",",
];

/// Words and symbols that are no infix operators, after which a statement cannot end.
const INCOMPLETE_AFTER: [&str; 4] = ["=", "~", "then", "else"];

/// Words and symbols with which a line goes on.
const GOES_ON_BEFORE: [&str; 29] = [
    "|>", "where", "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "..", "..<", "|", "^", "&", "<<", ">>", "+",
    "-", "*", "/", "//", "%", "**", "as", "then", "else", "to",
];

/// Cuts `text` into statements; spans of problems are moved by `base`.
pub(super) fn layout(text: &str, base: u32) -> Layout {
    let tokens = tokens(text);
    let mut scan = Scan { text, base, tokens: &tokens, open: vec![], brackets: 0, problems: vec![] };
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(first) = (at..tokens.len()).find(|i| tokens[*i].is_significant()) {
        let piece = scan.piece(first);
        at = piece.last + 1;
        pieces.push(piece);
    }
    let problems = scan.problems;
    Layout { tokens, pieces, problems }
}

struct Scan<'a> {
    text: &'a str,
    base: u32,
    tokens: &'a [Token],
    /// The tokens that opened what is not closed yet: brackets, strings, and each `if`, which nests as a
    /// bracket does.
    open: Vec<usize>,
    /// How many of them are not `if`s.
    brackets: usize,
    problems: Vec<SyntaxError>,
}

impl<'a> Scan<'a> {
    fn text(&self, token: usize) -> &'a str {
        self.tokens[token].text(self.text)
    }

    fn span(&self, token: usize) -> Span {
        let t = self.tokens[token];
        Span { start: self.base + t.start, end: self.base + t.end }
    }

    fn is_symbol(&self, token: usize, symbols: &[&str]) -> bool {
        matches!(self.tokens[token].kind, TokenKind::Symbol | TokenKind::Word) && symbols.contains(&self.text(token))
    }

    /// The statement that begins at token `first`.
    fn piece(&mut self, first: usize) -> Piece {
        let known = self.problems.len();
        let mut piece = Piece { first, last: first, sound: true };
        let mut next = Some(first);
        while let Some(at) = next {
            piece.last = at;
            if self.open.len() <= MAX_HEIGHT {
                self.token(at);
            }
            if self.open.len() > MAX_HEIGHT {
                self.problems.push(SyntaxError::Nesting { at: self.span(at) });
            }
            // The first problem with brackets is the cause of those that follow.
            self.problems.truncate(known + 1);
            next = self.next(&piece);
        }
        self.pop_ifs();
        if let Some(open) = self.open.last() {
            self.unclosed(*open, piece.last);
        }
        self.problems.truncate(known + 1);
        self.open.clear();
        self.brackets = 0;
        piece.sound = self.problems.len() == known;
        piece
    }

    /// The token with which the statement goes on.
    fn next(&self, piece: &Piece) -> Option<usize> {
        let mut line_begins = false;
        for at in piece.last + 1..self.tokens.len() {
            match self.tokens[at].kind {
                TokenKind::Newline => line_begins = true,
                TokenKind::Comment | TokenKind::Doc => {}
                _ if !line_begins => return Some(at),
                _ if self.begins_statement(at, piece) => return None,
                _ if self.brackets > 0 => return Some(at),
                _ => {
                    let goes_on = self.is_symbol(piece.last, &GOES_ON_AFTER)
                        || self.is_symbol(piece.last, &INCOMPLETE_AFTER)
                        || self.is_symbol(at, &GOES_ON_BEFORE);
                    return goes_on.then_some(at);
                }
            }
        }
        None
    }

    /// Whether a line that starts at token `at` can only be a new statement, even in open brackets.
    fn begins_statement(&self, at: usize, piece: &Piece) -> bool {
        let word = self.text(at);
        if self.tokens[at].kind == TokenKind::Word && DEFINITIONS.contains(&word) {
            let next = |i: usize| self.tokens.get(at + i);
            return next(1).is_some_and(|t| t.kind == TokenKind::Word)
                && next(2).is_some_and(|t| t.text(self.text) == "(");
        }
        if self.tokens[at].kind != TokenKind::Word || !STATEMENTS.contains(&word) {
            return false;
        }
        let in_block = matches!(self.text(piece.first), "fn" | "stencil")
            && word == "let"
            && self.open.iter().any(|o| self.text(*o) == "{");
        let is_member = self.is_symbol(piece.last, &[".", "@"]);
        let is_key =
            self.tokens.get(at + 1).is_none_or(|t| matches!(t.text(self.text), ":" | "=" | "," | ")" | "]" | "}"));
        !(in_block || is_member || is_key && self.brackets > 0)
    }

    fn token(&mut self, at: usize) {
        match self.tokens[at].kind {
            TokenKind::Open | TokenKind::StrOpen => {
                self.open.push(at);
                self.brackets += 1;
            }
            TokenKind::Word if self.text(at) == "if" => self.open.push(at),
            TokenKind::Symbol if matches!(self.text(at), "," | ";") => self.pop_ifs(),
            TokenKind::Close => self.close(at),
            TokenKind::StrClose => self.close_string(),
            TokenKind::StrMissing => self.unterminated(),
            _ => {}
        }
    }

    fn pop_ifs(&mut self) {
        while self.open.last().is_some_and(|o| self.tokens[*o].kind == TokenKind::Word) {
            self.open.pop();
        }
    }

    /// Takes a closing bracket; those opened after its partner are reported.
    fn close(&mut self, at: usize) {
        self.pop_ifs();
        let partner = match self.text(at) {
            ")" => "(",
            "]" => "[",
            _ => "{",
        };
        let string = self.open.iter().rposition(|o| self.tokens[*o].kind == TokenKind::StrOpen).map_or(0, |i| i + 1);
        let found = self.open[string..].iter().rposition(|o| self.text(*o) == partner);
        let Some(found) = found.map(|i| i + string) else {
            let inside = self.open.last().map(|o| self.span(*o));
            self.problems.push(SyntaxError::stray_bracket(self.text(at), self.span(at), inside));
            return;
        };
        if let Some(inner) = self.open[found + 1..].iter().rfind(|o| self.tokens[**o].kind == TokenKind::Open) {
            self.unclosed(*inner, at);
        }
        self.truncate(found);
    }

    fn close_string(&mut self) {
        if let Some(open) = self.open.iter().rposition(|o| self.tokens[*o].kind == TokenKind::StrOpen) {
            self.truncate(open);
        }
    }

    /// Reports the outermost open string, with all that is open in it.
    fn unterminated(&mut self) {
        let Some(open) = self.open.iter().position(|o| self.tokens[*o].kind == TokenKind::StrOpen) else { return };
        let brace = self.open[open..].iter().find(|o| self.tokens[**o].kind == TokenKind::Open).map(|o| self.span(*o));
        self.problems.push(SyntaxError::unterminated_string(self.span(self.open[open]), brace));
        self.truncate(open);
    }

    fn truncate(&mut self, len: usize) {
        let dropped = self.open.drain(len..).filter(|o| self.tokens[*o].kind != TokenKind::Word).count();
        self.brackets -= dropped;
    }

    fn unclosed(&mut self, open: usize, end: usize) {
        let bracket = self.text(open);
        let partner = match bracket {
            "(" => ")",
            "[" => "]",
            _ => "}",
        };
        self.problems.push(SyntaxError::UnclosedBracket {
            bracket: bracket.into(),
            partner: partner.into(),
            open: self.span(open),
            end: self.span(end),
        });
    }
}
