//! What the grammar matched, made into the tree.
//!
//! Mistakes that the grammar lets pass are reported here: they do not stop the rest of the statement
//! from being built and checked.

mod expression;
mod literal;
mod operators;
mod statement;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::source::{Span, Spanned};

use super::ast::{Expr, ExprKind, MAX_HEIGHT, Name, Statement};
use super::error::SyntaxError;
use super::grammar::{Node, Rule};

/// Why an `expect` holds: the grammar gives a node the children that its rule names, in that order.
const SHAPE: &str = "the grammar's shape";

/// Makes trees of one statement's nodes.
pub(super) struct Builder<'i> {
    /// The statement's text.
    text: &'i str,
    /// Where it begins in the address space of all files.
    offset: usize,
    /// The height of the tree above what is being built.
    depth: Cell<usize>,
    problems: RefCell<Vec<SyntaxError>>,
}

impl<'i> Builder<'i> {
    /// The statement that `node` matched in `text`, which begins at `offset`, and what is wrong with it.
    pub fn build(text: &'i str, offset: usize, node: Node<'i>) -> (Option<Statement>, Vec<SyntaxError>) {
        let builder = Builder { text, offset, depth: Cell::new(0), problems: RefCell::default() };
        let statement = builder.statement(node);
        (statement, builder.problems.into_inner())
    }

    fn report(&self, problem: SyntaxError) {
        self.problems.borrow_mut().push(problem);
    }

    fn span(&self, node: &Node) -> Span {
        let span = node.as_span();
        Span::new(self.offset + span.start(), self.offset + span.end())
    }

    /// The part of `node` from `from` to `to`, in bytes.
    fn part(&self, node: &Node, from: usize, to: usize) -> Span {
        let start = self.offset + node.as_span().start();
        Span::new(start + from, start + to)
    }

    fn source(&self, span: Span) -> &'i str {
        &self.text[span.start as usize - self.offset..span.end as usize - self.offset]
    }

    fn name(&self, node: &Node) -> Name {
        Spanned::new(node.as_str().to_string(), self.span(node))
    }

    /// Runs `build` with the tree grown by `levels`, or reports that it is too high.
    fn nested(&self, levels: usize, span: Span, build: impl FnOnce() -> Expr) -> Expr {
        let depth = self.depth.get();
        if depth + levels > MAX_HEIGHT {
            self.report(SyntaxError::Nesting { at: Span { end: span.start, ..span } });
            return Expr { kind: ExprKind::None, span };
        }
        self.depth.set(depth + levels);
        let expr = build();
        self.depth.set(depth);
        expr
    }

    /// Reports each name that was given before.
    fn check_unique<'n>(&self, names: impl Iterator<Item = &'n Name>) {
        let mut seen = BTreeMap::new();
        for name in names {
            if let Some(first) = seen.insert(&name.value, name.span) {
                self.report(SyntaxError::Duplicate { name: name.value.clone(), at: name.span, first });
            }
        }
    }
}

/// The children that are no keywords and marks.
fn meaningful<'i>(node: Node<'i>) -> impl Iterator<Item = Node<'i>> {
    use Rule::*;
    node.into_inner().filter(|n| {
        !matches!(
            n.as_rule(),
            kw_param
                | kw_plan
                | kw_storage
                | kw_source
                | kw_let
                | kw_fn
                | kw_stencil
                | kw_reducer
                | kw_persist
                | kw_sink
                | kw_to
                | kw_print
                | kw_assert
                | kw_import
                | kw_as
                | kw_in
                | kw_if
                | kw_then
                | kw_else
                | kw_for
                | assign
                | colon
                | type_end
                | EOI
        )
    })
}
