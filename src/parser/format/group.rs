//! The layout of brackets.

use super::document::Doc;
use super::expression::{comment, expression, run, strip_comments};
use super::tree::{Comment, Group, Item, Role};

/// Elements of a list up to this width share lines; those of other lists have one each.
const SHORT: usize = 16;

/// What stands between two separators.
struct Element<'i, 'a> {
    items: &'i [Item<'a>],
    /// Whether an empty line stands before it.
    blank: bool,
    /// The comments after it and its separator.
    trailing: Vec<&'i Comment<'a>>,
}

/// The layout of brackets and what stands between them.
pub(super) fn group<'a>(group: &Group<'a>) -> Doc<'a> {
    let is_grouping = group.open == "(" && !group.after_value;
    let is_block = group.open == "{" && !is_record(group);
    let separator = if is_block { ";" } else { "," };
    let edge = if group.open == "{" && (group.after_value || is_block) { Doc::Line } else { Doc::SoftLine };
    let (head, elements) = elements(group);
    if elements.is_empty() && head.is_empty() {
        return Doc::Concat(vec![Doc::Text(group.open), Doc::Text(group.close)]);
    }
    let fill = group.open == "[" && elements.iter().all(|e| short_width(e).is_some());
    let mut inner = Vec::new();
    head.iter().enumerate().for_each(|(at, c)| push_comment(&mut inner, c, at > 0));
    let last = elements.len().saturating_sub(1);
    for (at, element) in elements.iter().enumerate() {
        let width = if fill { short_width(element) } else { None };
        inner.push(match width {
            _ if at == 0 => edge.clone(),
            Some(width) => Doc::FillLine(width + 1),
            None => Doc::Line,
        });
        if element.blank && at > 0 && !fill {
            inner.push(Doc::BlankLine);
        }
        let (leading, items, _) = strip_comments(element.items);
        let mut commented = false;
        for c in leading {
            push_comment(&mut inner, c, commented);
            commented = true;
        }
        if commented && items.first().is_some_and(|i| i.newlines() > 1) {
            inner.push(Doc::BlankLine);
        }
        inner.push(self::element(items, group.open, is_grouping));
        if at < last {
            inner.push(Doc::Text(separator));
        } else if !is_grouping && !is_block && !is_comprehension(element.items) {
            inner.push(Doc::IfBroken(separator));
        }
        element.trailing.iter().for_each(|c| push_comment(&mut inner, c, true));
    }
    let broken = !is_grouping && group.items.first().is_some_and(|i| i.newlines() > 0);
    let parts = vec![Doc::Text(group.open), Doc::nest(inner), edge, Doc::Text(group.close)];
    Doc::group(Doc::Concat(parts), broken)
}

/// Adds a comment, with the empty line before it if that may be kept.
fn push_comment<'a>(parts: &mut Vec<Doc<'a>>, c: &Comment<'a>, keep_blank: bool) {
    if keep_blank && c.newlines > 1 {
        parts.push(Doc::BlankLine);
    }
    parts.push(comment(c));
}

/// Whether braces hold fields and not a block.
fn is_record(group: &Group) -> bool {
    let mut tokens = group.items.iter().filter(|i| i.role().is_some());
    tokens.next().is_none() || tokens.next().is_some_and(|i| i.role() == Some(Role::Colon))
}

fn is_comprehension(items: &[Item]) -> bool {
    items.iter().any(|i| i.is_keyword("for"))
}

/// The comments beside the opening bracket, and the elements.
fn elements<'i, 'a>(group: &'i Group<'a>) -> (Vec<&'i Comment<'a>>, Vec<Element<'i, 'a>>) {
    let mut items = group.items.as_slice();
    let mut head = Vec::new();
    while let Some((Item::Comment(c), rest)) = items.split_first()
        && (c.newlines == 0 || rest.iter().all(|i| i.role().is_none()))
    {
        head.push(c);
        items = rest;
    }
    let mut elements: Vec<Element> = Vec::new();
    let is_separator = |i: &Item| matches!(i.role(), Some(Role::Comma | Role::Semicolon));
    for part in items.split(is_separator) {
        // What shares the separator's line belongs to the element before it.
        let beside = part.iter().take_while(|i| i.role().is_none() && i.newlines() == 0).count();
        let has_tokens = part.iter().any(|i| i.role().is_some());
        let beside = if elements.is_empty() {
            0
        } else if has_tokens {
            beside
        } else {
            part.len()
        };
        let comments = |items: &'i [Item<'a>]| {
            let (leading, _, trailing) = strip_comments(items);
            leading.chain(trailing).collect::<Vec<_>>()
        };
        if let Some(before) = elements.last_mut() {
            before.trailing.extend(comments(&part[..beside]));
        }
        if has_tokens {
            let part = &part[beside..];
            let end = part.iter().rposition(|i| i.role().is_some()).map_or(part.len(), |i| i + 1);
            let blank = part.first().is_some_and(|i| i.newlines() > 1);
            elements.push(Element { items: &part[..end], blank, trailing: comments(&part[end..]) });
        }
    }
    (head, elements)
}

/// One argument, item, field or `let`.
fn element<'a>(items: &[Item<'a>], open: &str, is_grouping: bool) -> Doc<'a> {
    let is_assign = |i: &Item| i.role() == Some(Role::Assign);
    let name = items.iter().position(|i| i.role() == Some(Role::Colon) || is_assign(i));
    let last_mark = items.iter().position(is_assign).or(name);
    match last_mark {
        Some(at) if open == "[" && is_assign(&items[at]) => {
            let parts = [&items[..at], &items[at..=at], &items[at + 1..]];
            Doc::Concat(parts.into_iter().map(run).collect())
        }
        Some(at) => Doc::Concat(vec![run(&items[..=at]), Doc::Space, expression(&items[at + 1..], true)]),
        None => expression(items, !is_grouping),
    }
}

/// The width of an element that is a single token, with its sign.
fn short_width(element: &Element) -> Option<usize> {
    let words = element.items.iter().map(|item| match item {
        Item::Word(word) if matches!(word.role, Role::Operand | Role::Sign) => Some(word.text.chars().count()),
        _ => None,
    });
    let width = words.sum::<Option<usize>>()?;
    (width <= SHORT && element.trailing.is_empty()).then_some(width)
}
