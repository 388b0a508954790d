//! Statements and types.

use crate::parser::ast::*;
use crate::parser::error::SyntaxError;
use crate::parser::grammar::{Node, Rule};
use crate::source::Spanned;

use super::{Builder, SHAPE, meaningful};

impl<'i> Builder<'i> {
    /// `statement`; none where the grammar names a statement this does not know.
    pub(super) fn statement(&self, node: Node<'i>) -> Option<Statement> {
        let node = meaningful(node).next()?;
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::param_statement => StatementKind::Param(self.param(node)),
            Rule::plan_statement => StatementKind::Plan(Plan { options: self.options(meaningful(node).next()) }),
            Rule::storage_statement => {
                let (name, target) = self.named_target(node);
                StatementKind::Storage(Storage { name, target })
            }
            Rule::source_statement => {
                let (name, target) = self.named_target(node);
                StatementKind::Source(Source { name, target })
            }
            Rule::let_statement => StatementKind::Let(self.binding(node)),
            Rule::fn_statement => StatementKind::Fn(self.function(node, FunctionKind::Function)),
            Rule::stencil_statement => StatementKind::Fn(self.function(node, FunctionKind::Stencil)),
            Rule::reducer_statement => StatementKind::Fn(self.function(node, FunctionKind::Reducer)),
            Rule::persist_statement => StatementKind::Persist(self.persist(node)),
            Rule::sink_statement => {
                let mut parts = meaningful(node);
                let value = self.expression(parts.next().expect(SHAPE));
                StatementKind::Sink(Sink { value, target: self.target(parts.next().expect(SHAPE)) })
            }
            Rule::print_statement => {
                StatementKind::Print(Print { values: meaningful(node).map(|n| self.expression(n)).collect() })
            }
            Rule::assert_statement => {
                let mut parts = meaningful(node);
                let condition = self.expression(parts.next().expect(SHAPE));
                StatementKind::Assert(Assert { condition, message: parts.next().map(|n| self.string(n)) })
            }
            Rule::import_statement => StatementKind::Import(self.import(node)),
            _ => return None,
        };
        Some(Statement { kind, span, doc: None })
    }

    fn param(&self, node: Node<'i>) -> Param {
        let mut parts = meaningful(node);
        let name = self.name(&parts.next().expect(SHAPE));
        let ty = self.type_expr(parts.next().expect(SHAPE));
        Param { name, ty, default: parts.next().map(|n| self.expression(n)) }
    }

    fn named_target(&self, node: Node<'i>) -> (Name, Target) {
        let mut parts = meaningful(node);
        let name = self.name(&parts.next().expect(SHAPE));
        (name, self.target(parts.next().expect(SHAPE)))
    }

    fn target(&self, node: Node<'i>) -> Target {
        let span = self.span(&node);
        let mut parts = meaningful(node);
        let format = self.name(&parts.next().expect(SHAPE));
        let args = self.arguments(parts.next().expect(SHAPE));
        Target { format, args, options: self.options(parts.next()), span }
    }

    fn options(&self, record: Option<Node<'i>>) -> Vec<Field> {
        record.map_or(vec![], |record| self.fields(record))
    }

    fn binding(&self, node: Node<'i>) -> Let {
        let mut parts = meaningful(node).peekable();
        let name = self.name(&parts.next().expect(SHAPE));
        let ty = parts.next_if(|n| n.as_rule() == Rule::type_expr).map(|n| self.type_expr(n));
        Let { name, ty, value: self.expression(parts.next().expect(SHAPE)) }
    }

    fn function(&self, node: Node<'i>, kind: FunctionKind) -> Function {
        let mut parts = meaningful(node);
        let name = self.name(&parts.next().expect(SHAPE));
        let params: Vec<_> = meaningful(parts.next().expect(SHAPE)).map(|n| self.fn_param(n)).collect();
        self.check_unique(params.iter().map(|p| &p.name));
        let first = params.iter().position(|p| p.default.is_some());
        for late in params.iter().skip(first.unwrap_or(params.len())).filter(|p| p.default.is_none()) {
            let before = &params[first.unwrap_or(0)].name;
            let (name, before, first) = (late.name.value.clone(), before.value.clone(), before.span);
            self.report(SyntaxError::DefaultOrder { name, before, at: late.name.span, first });
        }
        let body = parts.next().expect(SHAPE);
        let (lets, value) = match body.as_rule() {
            Rule::block => self.block(body),
            Rule::record => {
                let span = self.span(&body);
                (vec![], Expr { kind: ExprKind::Record(self.fields(body)), span })
            }
            _ => (vec![], self.expression(body)),
        };
        Function { kind, name, params, lets, value }
    }

    fn fn_param(&self, node: Node<'i>) -> FnParam {
        let mut parts = meaningful(node).peekable();
        let name = self.name(&parts.next().expect(SHAPE));
        let ty = parts.next_if(|n| n.as_rule() == Rule::type_expr).map(|n| self.type_expr(n));
        FnParam { name, ty, default: parts.next().map(|n| self.expression(n)) }
    }

    fn block(&self, node: Node<'i>) -> (Vec<Let>, Expr) {
        let mut parts = meaningful(node).peekable();
        let mut lets = Vec::new();
        while let Some(binding) = parts.next_if(|n| n.as_rule() == Rule::let_statement) {
            lets.push(self.binding(binding));
        }
        (lets, self.expression(parts.next().expect(SHAPE)))
    }

    fn persist(&self, node: Node<'i>) -> Persist {
        let mut to = None;
        let mut items = Vec::new();
        let mut after_to = false;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::kw_to => after_to = true,
                Rule::name if after_to => to = Some(self.name(&part)),
                Rule::name => items.push(PersistItem::Name(self.name(&part))),
                Rule::regex => items.push(PersistItem::Regex(self.pattern(part))),
                _ => {}
            }
        }
        Persist { items, to }
    }

    fn pattern(&self, node: Node<'i>) -> Spanned<String> {
        let text = node.as_str();
        let pattern = text[1..text.len() - 1].replace("\\/", "/");
        let at = self.span(&node);
        if let Err(error) = regex::Regex::new(&pattern) {
            // The last line of the message says what is wrong, those before it draw the pattern.
            let reason = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
            self.report(SyntaxError::Regex { reason, at });
        }
        Spanned::new(pattern, at)
    }

    fn import(&self, node: Node<'i>) -> Import {
        let mut parts = meaningful(node);
        let path = self.plain_string(parts.next().expect(SHAPE));
        Import { path, alias: parts.next().map(|n| self.name(&n)) }
    }

    /// `type_expr`
    fn type_expr(&self, node: Node<'i>) -> TypeExpr {
        let span = self.span(&node);
        let inner = meaningful(node).next().expect(SHAPE);
        let kind = match inner.as_rule() {
            Rule::list_type => TypeKind::List(Box::new(self.type_expr(meaningful(inner).next().expect(SHAPE)))),
            Rule::array_type => {
                let mut parts = meaningful(inner);
                let dtype = self.name(&parts.next().expect(SHAPE));
                let dims: Vec<_> = parts.map(|n| self.type_dim(n)).collect();
                self.check_unique(dims.iter().map(|d| &d.name));
                TypeKind::Array { dtype, dims }
            }
            _ => TypeKind::Name(inner.as_str().to_string()),
        };
        TypeExpr { kind, span }
    }

    fn type_dim(&self, node: Node<'i>) -> TypeDim {
        let mut parts = meaningful(node);
        let name = self.name(&parts.next().expect(SHAPE));
        let size = parts.next().map(|n| {
            let number = self.number(&n);
            let ExprKind::Int(size) = number.kind else {
                let help = "the size of a dim is a whole number".to_string();
                self.report(SyntaxError::Number { text: n.as_str().into(), at: number.span, help });
                return Spanned::new(0, number.span);
            };
            Spanned::new(size, number.span)
        });
        TypeDim { name, size }
    }
}
