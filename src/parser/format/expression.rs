//! The layout of expressions.

use super::document::Doc;
use super::group::group;
use super::tree::{Comment, Item, PIPE, RANGE, Role};

/// The layout of an expression: its operators, loosest first, then its operands.
///
/// `indent` says whether the lines after the first are indented; they are not where the brackets around
/// have done so.
pub(super) fn expression<'a>(items: &[Item<'a>], indent: bool) -> Doc<'a> {
    let (leading, items, trailing) = strip_comments(items);
    let mut parts: Vec<_> = leading.map(comment).collect();
    parts.push(core(items, indent));
    parts.extend(trailing.map(comment));
    if parts.len() == 1 { parts.remove(0) } else { Doc::Concat(parts) }
}

/// An expression without comments at its ends.
fn core<'a>(items: &[Item<'a>], indent: bool) -> Doc<'a> {
    if let Some(at) = items.iter().position(|i| i.is_keyword("for")) {
        let after_in = items.iter().skip(at).position(|i| i.role() == Some(Role::Infix(4))).map_or(at, |i| at + i);
        let (element, clause) = (expression(&items[..at], indent), run(&items[at..=after_in]));
        return Doc::Concat(vec![element, Doc::Line, clause, Doc::Space, expression(&items[after_in + 1..], indent)]);
    }
    let choice = items.iter().position(|i| i.is_keyword("if")).unwrap_or(items.len());
    let levels = items[..choice].iter().filter_map(|item| match item.role() {
        Some(Role::Infix(level)) => Some(level),
        _ => None,
    });
    match levels.min() {
        Some(level) => chain(items, level, choice, indent),
        None => run(items),
    }
}

/// Operands and the operators of one precedence between them, none of which is at or after `end`.
fn chain<'a>(items: &[Item<'a>], level: u8, end: usize, indent: bool) -> Doc<'a> {
    let operators: Vec<_> = (0..end).filter(|i| items[*i].role() == Some(Role::Infix(level))).collect();
    let ends = operators.iter().skip(1).copied().chain([items.len()]);
    let mut parts = vec![expression(&items[..operators[0]], true)];
    let mut broken = false;
    for (at, end) in operators.iter().copied().zip(ends) {
        let operand = &items[at + 1..end];
        if level != RANGE {
            parts.push(Doc::Line);
        }
        parts.push(token(&items[at]));
        if level != RANGE {
            parts.push(Doc::Space);
        }
        parts.push(expression(operand, true));
        broken |= level == PIPE && (items[at].newlines() > 0 || operand.first().is_some_and(|i| i.newlines() > 0));
    }
    match (level, indent) {
        (RANGE, _) => Doc::Concat(parts),
        (_, true) => Doc::group(Doc::nest(parts), broken),
        (_, false) => Doc::group(Doc::Concat(parts), broken),
    }
}

/// Tokens one after the other, with the blanks between them that their roles ask for.
pub(super) fn run<'a>(items: &[Item<'a>]) -> Doc<'a> {
    let mut parts = Vec::with_capacity(items.len() * 2);
    let mut before = None;
    for (at, item) in items.iter().enumerate() {
        if item.is_keyword("if") {
            parts.extend(before.map(|_| Doc::Space));
            parts.push(choice(&items[at..]));
            break;
        }
        if before.is_some_and(|role| is_spaced(role, item)) {
            parts.push(Doc::Space);
        }
        parts.push(token(item));
        before = item.role().or(before);
    }
    Doc::Concat(parts)
}

/// Whether a blank stands between a token of the role `before` and `item`.
fn is_spaced(before: Role, item: &Item) -> bool {
    match (before, item) {
        (_, Item::Comment(_)) => false,
        (Role::Dot | Role::Sign, _) => false,
        (Role::Operand, Item::Group(group)) => group.open == "{",
        (_, Item::Group(_)) => before != Role::Infix(RANGE),
        (Role::Infix(RANGE), _) => false,
        (Role::Operand | Role::Infix(_), Item::Word(word)) if word.role == Role::Infix(RANGE) => false,
        (_, Item::Word(word)) => !matches!(word.role, Role::Comma | Role::Semicolon | Role::Colon | Role::Dot),
    }
}

/// `if … then … else …`, and the choices that follow its `else`.
fn choice<'a>(items: &[Item<'a>]) -> Doc<'a> {
    let mut parts = Vec::new();
    let mut rest = items;
    loop {
        let (then, otherwise) = (partner(rest, "then"), partner(rest, "else"));
        let (Some(then), Some(otherwise)) = (then, otherwise) else { break };
        parts.extend([token(&rest[0]), Doc::Space, expression(&rest[1..then], true), Doc::Line]);
        parts.extend([token(&rest[then]), Doc::Space, expression(&rest[then + 1..otherwise], true), Doc::Line]);
        parts.extend([token(&rest[otherwise]), Doc::Space]);
        rest = &rest[otherwise + 1..];
        if !rest.first().is_some_and(|i| i.is_keyword("if")) {
            break;
        }
    }
    parts.push(expression(rest, true));
    Doc::group(Doc::nest(parts), false)
}

/// The index of the `then` or `else` of the `if` that `items` begin with.
fn partner(items: &[Item], keyword: &str) -> Option<usize> {
    let mut open = 0;
    items.iter().position(|item| {
        if item.is_keyword("if") {
            open += 1;
        }
        let found = item.is_keyword(keyword) && open == 1;
        if item.is_keyword("else") {
            open -= 1;
        }
        found
    })
}

fn token<'a>(item: &Item<'a>) -> Doc<'a> {
    match item {
        Item::Word(word) => Doc::Text(word.text),
        Item::Comment(c) => comment(c),
        Item::Group(g) => group(g),
    }
}

/// A comment where it stands.
pub(super) fn comment<'a>(comment: &Comment<'a>) -> Doc<'a> {
    Doc::Comment { text: comment.text, own_line: comment.newlines > 0 }
}

/// Items with the comments at their two ends apart.
pub(super) fn strip_comments<'i, 'a>(
    items: &'i [Item<'a>],
) -> (impl Iterator<Item = &'i Comment<'a>>, &'i [Item<'a>], impl Iterator<Item = &'i Comment<'a>>) {
    let is_token = |i: &Item| !matches!(i, Item::Comment(_));
    let start = items.iter().position(is_token).unwrap_or(items.len());
    let end = items.iter().rposition(is_token).map_or(start, |i| i + 1);
    let comments = |items: &'i [Item<'a>]| {
        items.iter().filter_map(|i| match i {
            Item::Comment(c) => Some(c),
            _ => None,
        })
    };
    (comments(&items[..start]), &items[start..end], comments(&items[end..]))
}
