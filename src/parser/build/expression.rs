//! Operands: values, and what is tied to them.

use crate::parser::ast::*;
use crate::parser::error::SyntaxError;
use crate::parser::grammar::{Node, Rule};

use super::{Builder, SHAPE, meaningful};

impl<'i> Builder<'i> {
    /// `operand`
    pub(super) fn operand(&self, node: Node<'i>) -> Expr {
        let span = self.span(&node);
        let mut parts = meaningful(node);
        let first = parts.next().expect(SHAPE);
        let rest: Vec<_> = parts.collect();
        if rest.is_empty() {
            return self.primary(first);
        }
        self.nested(rest.len(), span, || rest.into_iter().fold(self.primary(first), |base, n| self.postfix(base, n)))
    }

    fn primary(&self, node: Node<'i>) -> Expr {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::name | Rule::where_name => Expr { kind: ExprKind::Name(node.as_str().to_string()), span },
            Rule::number => self.number(&node),
            Rule::literal => Expr { kind: literal(node.as_str()), span },
            Rule::string => self.nested(1, span, || self.string(node)),
            _ => self.nested(1, span, || Expr { span, kind: self.bracketed(node).into_kind() }),
        }
    }

    /// What nests: a parenthesis, list, record or choice.
    fn bracketed(&self, node: Node<'i>) -> Expr {
        let span = self.span(&node);
        let rule = node.as_rule();
        let kind = match rule {
            Rule::parenthesis => return self.expression(meaningful(node).next().expect(SHAPE)),
            Rule::conditional => {
                let mut parts = meaningful(node).map(|n| Box::new(self.expression(n)));
                let mut next = || parts.next().expect(SHAPE);
                ExprKind::If { condition: next(), then: next(), otherwise: next() }
            }
            Rule::list => self.list(node),
            _ => ExprKind::Record(self.fields(node)),
        };
        Expr { kind, span }
    }

    fn list(&self, node: Node<'i>) -> ExprKind {
        let mut items = Vec::new();
        for part in meaningful(node) {
            if part.as_rule() == Rule::for_clause {
                let element = Box::new(items.pop().expect(SHAPE));
                let mut parts = meaningful(part);
                let name = self.name(&parts.next().expect(SHAPE));
                let iterable = Box::new(self.expression(parts.next().expect(SHAPE)));
                return ExprKind::Comprehension { element, name, iterable };
            }
            items.push(self.expression(part));
        }
        ExprKind::List(items)
    }

    /// The fields of a `record`.
    pub(super) fn fields(&self, node: Node<'i>) -> Vec<Field> {
        let fields: Vec<_> = meaningful(node).map(|n| self.field(n)).collect();
        self.check_unique(fields.iter().map(|f| &f.key));
        fields
    }

    fn field(&self, node: Node<'i>) -> Field {
        let mut parts = meaningful(node);
        let key = meaningful(parts.next().expect(SHAPE)).next().expect(SHAPE);
        let key = if key.as_rule() == Rule::string { self.plain_string(key) } else { self.name(&key) };
        let value = self.expression(parts.next().expect(SHAPE));
        let Some(record) = parts.next() else { return Field { key, value } };
        let span = value.span.to(self.span(&record));
        if !matches!(value.kind, ExprKind::Name(_) | ExprKind::Call { .. }) {
            self.report(SyntaxError::Unexpected {
                found: "`{`".into(),
                expected: "`,` or `}`".into(),
                at: self.part(&record, 0, 1),
                help: Some("only a format's name or call takes options in braces: `array: zarr {version: 2}`".into()),
            });
        }
        let value = self.nested(1, span, || Expr {
            kind: ExprKind::Configured { target: Box::new(value), options: self.fields(record) },
            span,
        });
        Field { key, value }
    }

    fn postfix(&self, base: Expr, node: Node<'i>) -> Expr {
        let span = base.span.to(self.span(&node));
        let base = Box::new(base);
        let kind = match node.as_rule() {
            Rule::call => ExprKind::Call { callee: base, args: self.arguments(node) },
            Rule::index => ExprKind::Index { base, args: self.arguments(node) },
            Rule::member => ExprKind::Member { base, name: self.name(&meaningful(node).next().expect(SHAPE)) },
            Rule::attribute => ExprKind::Attribute { base, name: self.name(&meaningful(node).next().expect(SHAPE)) },
            _ => ExprKind::Cast { value: base, dtype: self.name(&node) },
        };
        Expr { kind, span }
    }

    /// The arguments of a `call` or `index`.
    pub(super) fn arguments(&self, node: Node<'i>) -> Vec<Arg> {
        let args: Vec<_> = meaningful(node).map(|n| self.argument(n)).collect();
        self.check_unique(args.iter().filter_map(|a| a.name.as_ref()));
        if let Some(first) = args.iter().position(|a| a.name.is_some())
            && let Some(late) = args[first..].iter().find(|a| a.name.is_none())
            && let Some(named) = &args[first].name
        {
            let value = self.source(late.value.span);
            let value = if value.contains('\n') { "the value" } else { value };
            self.report(SyntaxError::ArgumentOrder {
                value: value.to_string(),
                name: named.value.clone(),
                at: late.value.span,
                named: args[first].span(),
            });
        }
        args
    }

    fn argument(&self, node: Node<'i>) -> Arg {
        let mut parts = meaningful(node);
        let first = parts.next().expect(SHAPE);
        let Some(mark) = parts.next() else { return Arg { name: None, value: self.expression(first) } };
        let name = self.name(&first);
        let value = self.expression(parts.next().expect(SHAPE));
        if mark.as_str() == "=" {
            let text = self.source(value.span);
            let text = if text.contains('\n') { "…" } else { text };
            let (name, value) = (name.value.clone(), text.to_string());
            self.report(SyntaxError::NamedArgument { name, value, at: self.span(&mark) });
        }
        Arg { name: Some(name), value }
    }
}

/// A keyword that is a value.
fn literal(word: &str) -> ExprKind {
    match word {
        "true" => ExprKind::Bool(true),
        "false" => ExprKind::Bool(false),
        "nan" => ExprKind::Float(f64::NAN),
        "inf" => ExprKind::Float(f64::INFINITY),
        _ => ExprKind::None,
    }
}
