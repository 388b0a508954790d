//! Text to tree, and text to tidy text.
//!
//! A script is read in three steps. `layout` cuts the file into statements by the newline rule and
//! reports brackets and strings that do not match; the grammar (`grammar/functionfuse.pest`) reads each
//! statement; `build` makes it a [`Statement`](ast::Statement) and reports what the grammar lets pass.
//! A statement the grammar cannot read is `explain`ed and left out of the tree, and the next is read: one
//! mistake does not hide another.
//!
//! Deliberately absent: names are not resolved and nothing is typed here; that is the planner's work.

pub mod ast;
mod build;
pub mod error;
mod explain;
pub mod format;
mod grammar;
pub mod keywords;
mod layout;
pub mod print;
mod token;

use pest::Parser;

use crate::diagnostic::Diagnostics;
use crate::source::SourceFile;

use ast::{Program, Statement};
use build::Builder;
use error::{MAX_PROBLEMS, SyntaxError};
use grammar::{Grammar, Rule};
use layout::{Layout, Piece, layout};
use token::{Token, TokenKind};

/// Reads a script. The tree holds every statement that could be read; the diagnostics hold every
/// mistake, in the order of the text, up to [`MAX_PROBLEMS`]. Spans carry the file's `base`.
pub fn parse(file: &SourceFile) -> (Program, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let (program, problems) = parse_all(file);
    problems.into_iter().for_each(|p| diagnostics.push(p));
    (program, diagnostics)
}

/// The tree and the mistakes as they are.
fn parse_all(file: &SourceFile) -> (Program, Vec<SyntaxError>) {
    if file.text.len() as u64 + u64::from(file.base) >= u64::from(u32::MAX) {
        return (Program::default(), vec![SyntaxError::too_much_text(file.base)]);
    }
    let Layout { tokens, pieces, mut problems } = layout(&file.text, file.base);
    let mut program = Program::default();
    let mut docs = Docs { text: &file.text, tokens: &tokens, at: 0 };
    for (index, piece) in pieces.iter().enumerate() {
        let (doc, script) = docs.of(piece, index == 0);
        program.doc = program.doc.or(script);
        let statement = piece.sound.then(|| read(file, &tokens, piece, &mut problems)).flatten();
        program.statements.extend(statement.map(|s| Statement { doc, ..s }));
    }
    if pieces.is_empty() {
        program.doc = docs.rest();
    }
    problems.sort_by_key(|p| p.span());
    if let Some(next) = problems.get(MAX_PROBLEMS) {
        let rest = SyntaxError::TooMany { more: problems.len() - MAX_PROBLEMS, at: next.span() };
        problems.truncate(MAX_PROBLEMS);
        problems.push(rest);
    }
    (program, problems)
}

/// Reads one statement.
fn read(file: &SourceFile, tokens: &[Token], piece: &Piece, problems: &mut Vec<SyntaxError>) -> Option<Statement> {
    let start = tokens[piece.first].start as usize;
    let text = &file.text[start..tokens[piece.last].end as usize];
    match Grammar::parse(Rule::statement, text) {
        Ok(mut nodes) => {
            let node = nodes.next()?;
            let (statement, found) = Builder::build(text, file.base as usize + start, node);
            problems.extend(found);
            statement
        }
        Err(error) => {
            problems.push(explain::explain(&error, piece, tokens, &file.text, file.base));
            None
        }
    }
}

/// Hands out doc comments, statement by statement.
struct Docs<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// The first token not yet looked at.
    at: usize,
}

impl<'a> Docs<'a> {
    /// The doc comment of `piece` and, if it is the first, that of the script.
    fn of(&mut self, piece: &Piece, is_first: bool) -> (Option<String>, Option<String>) {
        let line_end = (piece.last..self.tokens.len()).find(|i| self.tokens[*i].kind == TokenKind::Newline);
        let line_end = line_end.unwrap_or(self.tokens.len());
        let beside = self.lines(piece.first, line_end);
        let split = if is_first { self.script_end(piece.first, beside.is_empty()) } else { self.at };
        let script = self.lines(self.at, split);
        let mut doc = self.lines(split, piece.first);
        self.at = line_end;
        doc.extend(beside);
        (join(doc), join(script))
    }

    /// Where the doc comment of the script ends, among the tokens before the first statement: at the
    /// blank line after its first block, or with that block where the statement has a doc of its own.
    fn script_end(&self, first: usize, lacks_own: bool) -> usize {
        let is_newline = |i: usize| self.tokens[i].kind == TokenKind::Newline;
        let Some(begin) = (self.at..first).find(|i| self.tokens[*i].kind == TokenKind::Doc) else { return self.at };
        let blank = (begin..first - 1).find(|i| is_newline(*i) && is_newline(i + 1));
        blank.unwrap_or(if lacks_own { self.at } else { first })
    }

    /// What is left when there is no statement.
    fn rest(&self) -> Option<String> {
        join(self.lines(self.at, self.tokens.len()))
    }

    fn lines(&self, from: usize, to: usize) -> Vec<&'a str> {
        let docs = self.tokens[from..to].iter().filter(|t| t.kind == TokenKind::Doc);
        docs.map(|t| t.text(self.text).trim_start_matches('#').trim()).collect()
    }
}

fn join(lines: Vec<&str>) -> Option<String> {
    (!lines.is_empty()).then(|| lines.join("\n"))
}
