//! A statement's tokens as a tree of brackets, each token with its role.
//!
//! The statement is known to be well formed, so roles can be read off the token before: a `-` after a
//! value is infix, else a prefix; a keyword after a dot is a name, and so is a `where` that follows no value.

use crate::parser::keywords::{KEYWORDS, KeywordKind};
use crate::parser::layout::DEFINITIONS;
use crate::parser::token::{Token, TokenKind};

/// A token, comment or bracketed group.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A token.
    Word(Word<'a>),
    /// A comment.
    Comment(Comment<'a>),
    /// Brackets and what stands between them.
    Group(Group<'a>),
}

/// A token and what it does.
#[derive(Debug)]
pub(super) struct Word<'a> {
    /// Its text; a string is one token.
    pub text: &'a str,
    /// What it does.
    pub role: Role,
    /// Newlines before it.
    pub newlines: usize,
}

/// A comment and where it stood.
#[derive(Debug)]
pub(super) struct Comment<'a> {
    /// Its text with the `#`.
    pub text: &'a str,
    /// Newlines before it; none when it shares its line with a token.
    pub newlines: usize,
}

/// Brackets and what stands between them.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The opening bracket.
    pub open: &'a str,
    /// The closing bracket.
    pub close: &'a str,
    /// What stands between them.
    pub items: Vec<Item<'a>>,
    /// Newlines before the opening bracket.
    pub newlines: usize,
    /// Whether it follows a value: arguments, an index, options.
    pub after_value: bool,
}

/// What a token does, as far as layout is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A value or name.
    Operand,
    /// `-`, `~` before an operand.
    Sign,
    /// An operator between operands, by its precedence, loosest least.
    Infix(u8),
    /// `.`, `@`
    Dot,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `=`
    Assign,
    /// A keyword that is neither value nor infix operator, also `not`, `as` and `step`.
    Keyword,
}

/// The precedence of `|>`.
pub(super) const PIPE: u8 = 0;
/// The precedence of `..` and `..<`.
pub(super) const RANGE: u8 = 5;

/// Infix operators by precedence, loosest first.
const INFIX: [&[&str]; 13] = [
    &["|>"],
    &["where"],
    &["or"],
    &["and"],
    &["==", "!=", "<", "<=", ">", ">=", "in"],
    &["..", "..<"],
    &["|"],
    &["^"],
    &["&"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "//", "%"],
    &["**"],
];

/// The tree of one statement's tokens.
pub(super) fn tree<'a>(tokens: &[Token], text: &'a str) -> Vec<Item<'a>> {
    Reader { tokens, text, at: 0 }.items()
}

struct Reader<'t, 'a> {
    tokens: &'t [Token],
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'_, 'a> {
    fn text(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |t| t.text(self.text))
    }

    /// Everything up to the closing bracket or the end.
    fn items(&mut self) -> Vec<Item<'a>> {
        let mut items: Vec<Item<'a>> = Vec::new();
        let mut newlines = 0;
        while let Some(token) = self.tokens.get(self.at) {
            let text = self.text(self.at);
            match token.kind {
                TokenKind::Newline => {
                    newlines += 1;
                    self.at += 1;
                    continue;
                }
                TokenKind::Close => break,
                TokenKind::Comment | TokenKind::Doc => items.push(Item::Comment(Comment { text, newlines })),
                TokenKind::Open => {
                    let after_value = ends_value(&items) || (text == "{" && follows_plan(&items));
                    self.at += 1;
                    let inner = self.items();
                    let close = self.text(self.at);
                    items.push(Item::Group(Group { open: text, close, items: inner, newlines, after_value }));
                }
                TokenKind::StrOpen => {
                    items.push(Item::Word(Word { text: self.string(), role: Role::Operand, newlines }));
                }
                _ => {
                    let role = self.role(token.kind, text, &items);
                    items.push(Item::Word(Word { text, role, newlines }));
                }
            }
            newlines = 0;
            self.at += 1;
        }
        items
    }

    /// The whole string that opens here; goes to its last token.
    fn string(&mut self) -> &'a str {
        let start = self.tokens[self.at].start as usize;
        let mut open = 1;
        while open > 0 && self.at + 1 < self.tokens.len() {
            self.at += 1;
            match self.tokens[self.at].kind {
                TokenKind::StrOpen => open += 1,
                TokenKind::StrClose => open -= 1,
                _ => {}
            }
        }
        &self.text[start..self.tokens[self.at].end as usize]
    }

    fn role(&self, kind: TokenKind, text: &str, before: &[Item]) -> Role {
        let after_value = ends_value(before);
        let after_dot = last_role(before) == Some(Role::Dot);
        let infix = || INFIX.iter().position(|level| level.contains(&text)).map(|level| Role::Infix(level as u8));
        match (kind, text) {
            (TokenKind::Number | TokenKind::Regex, _) => Role::Operand,
            (TokenKind::Word, _) if after_dot || self.names_argument() => Role::Operand,
            (TokenKind::Word, "step") if after_value => Role::Keyword,
            (TokenKind::Word, word) if before.is_empty() && DEFINITIONS.contains(&word) => Role::Keyword,
            (TokenKind::Word, "where") if !after_value => Role::Operand,
            (TokenKind::Word, _) => match KEYWORDS.iter().find(|(word, _)| *word == text) {
                None | Some((_, KeywordKind::Constant)) => Role::Operand,
                Some(_) => infix().unwrap_or(Role::Keyword),
            },
            (_, "." | "@") => Role::Dot,
            (_, ":") => Role::Colon,
            (_, ",") => Role::Comma,
            (_, ";") => Role::Semicolon,
            (_, "=") => Role::Assign,
            (_, "~") => Role::Sign,
            (_, "-") if !after_value => Role::Sign,
            _ => infix().unwrap_or(Role::Operand),
        }
    }

    /// Whether a colon follows the token.
    fn names_argument(&self) -> bool {
        let next = self.tokens[self.at + 1..].iter().find(|t| t.is_significant());
        next.is_some_and(|t| t.text(self.text) == ":")
    }
}

/// The role of the last token, comments left out; a group counts as an operand.
pub(super) fn last_role(items: &[Item]) -> Option<Role> {
    items.iter().rev().find_map(|item| match item {
        Item::Word(word) => Some(word.role),
        Item::Group(_) => Some(Role::Operand),
        Item::Comment(_) => None,
    })
}

fn ends_value(items: &[Item]) -> bool {
    last_role(items) == Some(Role::Operand)
}

fn follows_plan(items: &[Item]) -> bool {
    matches!(items, [Item::Word(word)] if word.text == "plan")
}

impl Item<'_> {
    /// Newlines before it.
    pub fn newlines(&self) -> usize {
        match self {
            Item::Word(word) => word.newlines,
            Item::Comment(comment) => comment.newlines,
            Item::Group(group) => group.newlines,
        }
    }

    /// Its role; none for a comment.
    pub fn role(&self) -> Option<Role> {
        last_role(std::slice::from_ref(self))
    }

    /// Whether it is this keyword.
    pub fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Item::Word(word) if word.role == Role::Keyword && word.text == keyword)
    }
}
