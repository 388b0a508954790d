//! The canonical layout of a script.
//!
//! Text goes to text by way of tokens, so nothing is lost: comments, digits and escapes stay as they
//! were written. Blanks are set by the roles of tokens; a statement is one line where it fits in 100
//! columns. Else, from the outside in, pipelines are broken before each `|>`, other operators before
//! each of theirs, and brackets around each element. What the writer broke stays broken in two cases: a
//! pipeline over lines, and brackets whose first element is on a line of its own. Between statements and
//! between the elements of broken brackets one empty line is kept. Comments at the ends of consecutive
//! lines are aligned.
//!
//! Laying out what is laid out changes nothing, and the tree stays the same.

mod document;
mod expression;
mod group;
mod tree;

use crate::diagnostic::Diagnostics;
use crate::source::SourceFile;

use super::layout::{Layout, Piece, layout};
use super::token::{Token, TokenKind};
use document::{Doc, Line, lay_out};
use expression::{expression, run};
use tree::{Item, Role, tree};

/// The canonical layout of `file`, or what keeps it from being read.
pub fn format(file: &SourceFile) -> Result<String, Diagnostics> {
    let (_, problems) = super::parse(file);
    problems.into_result(())?;
    let layout = layout(&file.text, file.base);
    let mut script = Script { text: &file.text, lines: vec![] };
    let Layout { tokens, pieces, .. } = &layout;
    let mut at = 0;
    for Piece { first, last, .. } in pieces {
        script.between(&tokens[at..*first]);
        script.lines.extend(lay_out(&statement(&tree(&tokens[*first..=*last], &file.text))));
        at = last + 1;
    }
    script.between(&tokens[at..]);
    Ok(script.finish())
}

/// The lines of a script.
struct Script<'a> {
    text: &'a str,
    lines: Vec<Line<'a>>,
}

impl<'a> Script<'a> {
    /// Adds what stands before, between or after statements: comments and empty lines.
    fn between(&mut self, tokens: &[Token]) {
        let mut newlines = 0;
        for token in tokens {
            if token.kind == TokenKind::Newline {
                newlines += 1;
                continue;
            }
            let text = token.text(self.text);
            match self.lines.last_mut() {
                Some(line) if newlines == 0 => line.comment = Some(text),
                _ => {
                    self.empty_line(newlines);
                    self.lines.push(Line { code: text.to_string(), comment: None });
                }
            }
            newlines = 0;
        }
        self.empty_line(newlines);
    }

    fn empty_line(&mut self, newlines: usize) {
        if newlines > 1 && !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
    }

    /// The text, with the comments at the ends of consecutive lines aligned.
    fn finish(mut self) -> String {
        while self.lines.last().is_some_and(|l| l.code.is_empty()) {
            self.lines.pop();
        }
        let mut out = String::with_capacity(self.text.len());
        for run in self.lines.chunk_by(|a, b| a.comment.is_some() == b.comment.is_some()) {
            let width = run.iter().map(|l| l.code.trim_end().chars().count()).max().unwrap_or(0);
            for line in run {
                let code = line.code.trim_end();
                out.push_str(code);
                if let Some(comment) = line.comment {
                    out.extend(std::iter::repeat_n(' ', width + 2 - code.chars().count()));
                    out.push_str(comment);
                }
                out.push('\n');
            }
        }
        out
    }
}

/// The layout of one statement.
fn statement<'a>(items: &[Item<'a>]) -> Doc<'a> {
    let keyword = items.first().map_or("", |i| if let Item::Word(word) = i { word.text } else { "" });
    match keyword {
        "sink" => sink(items),
        "print" | "assert" | "persist" => listing(items),
        _ => match items.iter().position(|i| i.role() == Some(Role::Assign)) {
            Some(at) => definition(&items[..=at], &items[at + 1..]),
            None => run(items),
        },
    }
}

/// `let NAME = EXPR` and the like.
fn definition<'a>(head: &[Item<'a>], value: &[Item<'a>]) -> Doc<'a> {
    let begins_with_comment = value.first().is_some_and(|i| i.role().is_none());
    let value = expression(value, !begins_with_comment);
    let value = if begins_with_comment { Doc::nest(vec![value]) } else { value };
    Doc::Concat(vec![run(head), Doc::Space, value])
}

/// `sink EXPR to TARGET`, broken before `to` where the expression is.
fn sink<'a>(items: &[Item<'a>]) -> Doc<'a> {
    let Some(to) = items.iter().rposition(|i| i.is_keyword("to")) else { return run(items) };
    let value = Doc::nest(vec![expression(&items[1..to], false), Doc::Line, run(&items[to..=to])]);
    Doc::Concat(vec![run(&items[..1]), Doc::Space, Doc::group(value, false), Doc::Space, run(&items[to + 1..])])
}

/// A keyword and what it lists: `print a, b`.
fn listing<'a>(items: &[Item<'a>]) -> Doc<'a> {
    let mut parts = Vec::new();
    for part in items[1..].split_inclusive(|i| i.role() == Some(Role::Comma)) {
        if !parts.is_empty() {
            parts.push(Doc::Line);
        }
        let comma = part.iter().rposition(|i| i.role() == Some(Role::Comma));
        parts.push(expression(&part[..comma.unwrap_or(part.len())], true));
        parts.extend(comma.map(|_| Doc::Text(",")));
    }
    Doc::Concat(vec![run(&items[..1]), Doc::Space, Doc::group(Doc::nest(parts), false)])
}
