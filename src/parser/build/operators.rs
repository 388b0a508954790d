//! Operators and ranges.

use crate::parser::ast::*;
use crate::parser::error::SyntaxError;
use crate::parser::grammar::{LOOSE, Node, Rule, TIGHT};
use crate::source::{Span, Spanned};
use pest::iterators::Pairs;
use pest::pratt_parser::PrattParser;

use super::Builder;

impl<'i> Builder<'i> {
    /// `expression`
    pub(super) fn expression(&self, node: Node<'i>) -> Expr {
        self.check_chaining(node.clone());
        self.chain(node, &LOOSE, |n| self.range(n))
    }

    /// `arithmetic`
    fn arithmetic(&self, node: Node<'i>) -> Expr {
        self.chain(node, &TIGHT, |n| self.operand(n))
    }

    /// Elements and the operators between them, by the precedence of `table`.
    fn chain(&self, node: Node<'i>, table: &PrattParser<Rule>, element: impl Fn(Node<'i>) -> Expr) -> Expr {
        let span = self.span(&node);
        let mut parts = node.into_inner();
        if parts.len() == 1 {
            return parts.next().map_or(Expr { kind: ExprKind::None, span }, element);
        }
        if parts.len() > 2 * MAX_CHAIN {
            self.report(SyntaxError::Chain { at: Span { end: span.start, ..span } });
            return Expr { kind: ExprKind::None, span };
        }
        let levels = chain_height(parts.clone(), table);
        self.nested(levels, span, || {
            table
                .map_primary(&element)
                .map_prefix(|op, operand| self.prefix(&op, operand))
                .map_infix(|left, op, right| self.infix(left, &op, right))
                .parse(parts)
        })
    }

    fn prefix(&self, op: &Node, operand: Expr) -> Expr {
        let value = match op.as_str() {
            "-" => UnaryOp::Neg,
            "~" => UnaryOp::Invert,
            _ => UnaryOp::Not,
        };
        let op = Spanned::new(value, self.span(op));
        let span = op.span.to(operand.span);
        Expr { kind: ExprKind::Unary { op, operand: Box::new(operand) }, span }
    }

    fn infix(&self, left: Expr, op: &Node, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        let at = self.span(op);
        let kind = match op.as_rule() {
            Rule::pipe_op => self.pipe(left, at, right),
            Rule::where_op => ExprKind::Where { value: Box::new(left), condition: Box::new(right) },
            _ => match BINARY.iter().find(|b| b.symbol() == op.as_str()) {
                Some(value) => {
                    let op = Spanned::new(*value, at);
                    ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }
                }
                None => ExprKind::None,
            },
        };
        Expr { kind, span }
    }

    /// `input |> right`, where `right` must be a call or the name of what is called.
    fn pipe(&self, input: Expr, pipe: Span, right: Expr) -> ExprKind {
        let span = right.span;
        let (callee, args) = match right.into_kind() {
            ExprKind::Call { callee, args } => (callee, args),
            kind @ (ExprKind::Name(_) | ExprKind::Member { .. }) => (Box::new(Expr { kind, span }), vec![]),
            other => {
                self.report(self.not_a_call(&input, &other, span, pipe));
                return input.into_kind();
            }
        };
        ExprKind::Pipe { input: Box::new(input), callee, args }
    }

    fn not_a_call(&self, input: &Expr, right: &ExprKind, at: Span, pipe: Span) -> SyntaxError {
        let mut first = right;
        let mut end = at.end;
        loop {
            let inner = match first {
                ExprKind::Binary { left, .. } => left,
                ExprKind::Where { value, .. } | ExprKind::Cast { value, .. } => value,
                ExprKind::Index { base, .. } | ExprKind::Attribute { base, .. } => base,
                _ => break,
            };
            (first, end) = (&inner.kind, inner.span.end);
        }
        let callable = matches!(first, ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Call { .. });
        let in_parentheses = self.source(at).starts_with('(');
        if callable && !in_parentheses && end < at.end {
            let whole = self.source(Span { start: input.span.start, end });
            let whole = if whole.len() > 60 || whole.contains('\n') { "… |> f()" } else { whole };
            let rest = self.source(Span { start: end, end: at.end }).trim();
            let what = format!("`{rest}` binds tighter than `|>`");
            let space = if rest.starts_with(['[', '@']) { "" } else { " " };
            let help = format!("put the pipe in parentheses: `({whole}){space}{rest}`");
            return SyntaxError::Pipe { at, what, pipe, help };
        }
        SyntaxError::Pipe { at, what: "not a call".into(), pipe, help: "write `x |> f` or `x |> f(a, b: 1)`".into() }
    }

    /// Reports `a < b < c`.
    fn check_chaining(&self, node: Node<'i>) {
        let parts = node.into_inner();
        if parts.len() < 5 {
            return;
        }
        let parts: Vec<_> = parts.filter(|n| n.as_rule() != Rule::not_op).collect();
        for window in parts.windows(5) {
            let [a, first, b, second, c] = window else { continue };
            if first.as_rule() == Rule::comparison_op && second.as_rule() == Rule::comparison_op {
                let [a, first_op, b, second_op, c] = [a, first, b, second, c].map(|n| n.as_str().trim_end());
                let mut suggestion = format!("{a} {first_op} {b} and {b} {second_op} {c}");
                if suggestion.len() > 80 || suggestion.contains('\n') {
                    suggestion = format!("a {first_op} b and b {second_op} c");
                }
                let (first, at) = (self.span(first), self.span(second));
                self.report(SyntaxError::ComparisonChain { suggestion, at, first });
                return;
            }
        }
    }

    /// `range`
    fn range(&self, node: Node<'i>) -> Expr {
        let span = self.span(&node);
        let mut parts = node.into_inner();
        if parts.len() == 1 && parts.peek().is_some_and(|n| n.as_rule() == Rule::arithmetic) {
            return parts.next().map_or(Expr { kind: ExprKind::None, span }, |n| self.arithmetic(n));
        }
        self.nested(2, span, || {
            let (mut bounds, mut op, mut step) = ([None, None], None, None);
            let mut is_step = false;
            for part in parts {
                match part.as_rule() {
                    Rule::range_op => op = Some(part.as_str()),
                    Rule::kw_step => is_step = true,
                    _ if is_step => step = Some(Box::new(self.arithmetic(part))),
                    _ => bounds[usize::from(op.is_some())] = Some(Box::new(self.arithmetic(part))),
                }
            }
            let [start, end] = bounds;
            let kind = match (op, start, end) {
                (Some(_), None, None) if step.is_none() => ExprKind::Ellipsis,
                (Some(op), start, end) => ExprKind::Range(Range { start, end, closed: op == "..", step }),
                (None, start, _) => self.stepped(start, step, span),
            };
            Expr { kind, span }
        })
    }

    /// A range in parentheses with its step.
    fn stepped(&self, range: Option<Box<Expr>>, step: Option<Box<Expr>>, at: Span) -> ExprKind {
        match range.map(|r| r.into_kind()) {
            Some(ExprKind::Range(range)) if range.step.is_none() => ExprKind::Range(Range { step, ..range }),
            Some(ExprKind::Ellipsis) => ExprKind::Range(Range { start: None, end: None, closed: true, step }),
            other => {
                self.report(SyntaxError::Step { at });
                other.unwrap_or(ExprKind::None)
            }
        }
    }
}

/// A bound on how deep a chain nests its elements; what stands left of an operator is walked, not nested.
fn chain_height(parts: Pairs<Rule>, table: &PrattParser<Rule>) -> usize {
    let right = [Rule::not_op, Rule::unary_op, Rule::power_op];
    let recursive = parts.clone().filter(|n| right.contains(&n.as_rule())).count();
    if recursive > MAX_HEIGHT {
        return recursive;
    }
    table
        .map_primary(|_| 0)
        .map_prefix(|_, operand| operand + 1)
        .map_infix(|left: usize, _, right| left.max(right + 1))
        .parse(parts)
}
