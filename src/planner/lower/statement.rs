//! Statements, one function each.

use std::sync::Arc;

use super::builder::node;
use super::expression::stage;
use super::scope::{Function, Item};
use super::value;
use super::{Lowerer, Lowering};
use crate::array::DType;
use crate::operators::moves::{self, Span as Run};
use crate::operators::{Operand, Value};
use crate::parser::ast::{self, Expr, Statement, StatementKind};
use crate::planner::error::PlanError;
use crate::planner::graph::{NodeKind, Sink};
use crate::source::Span;

/// An array of more elements is printed by its ends.
const PRINTED_WHOLE: u64 = 1000;

/// Elements printed at each end of an axis.
const PRINTED_ENDS: u64 = 3;

impl Lowerer<'_> {
    /// Lowers one statement; sinks, prints, asserts and settings only of the script itself.
    pub(super) fn statement(&mut self, statement: &Statement) {
        let is_script = self.env.module == 0;
        if let (Some(doc), Some(name), true) = (&statement.doc, defined(&statement.kind), is_script) {
            self.lowered.docs.insert(name.to_owned(), doc.clone());
        }
        match &statement.kind {
            StatementKind::Param(param) => self.param(param, statement.doc.clone()),
            StatementKind::Storage(storage) => self.storage(storage),
            StatementKind::Source(source) => self.source(source),
            StatementKind::Let(binding) => self.binding(binding),
            StatementKind::Fn(function) => {
                let module = self.env.module;
                let item = Item::Function(Arc::new(Function { module, decl: function.clone() }));
                self.bind(&function.name, Ok(item));
            }
            StatementKind::Import(import) => self.import(import),
            StatementKind::Plan(plan) if is_script => self.plan(plan),
            StatementKind::Persist(persist) if is_script => self.end(|l| l.persist(persist, statement.span)),
            StatementKind::Sink(sink) if is_script => self.end(|l| l.sink(sink, statement.span)),
            StatementKind::Print(print) if is_script => print.values.iter().for_each(|e| self.end(|l| l.print(e))),
            StatementKind::Assert(assert) if is_script => self.end(|l| l.assert(assert)),
            StatementKind::Plan(_)
            | StatementKind::Persist(_)
            | StatementKind::Sink(_)
            | StatementKind::Print(_)
            | StatementKind::Assert(_) => {}
        }
    }

    /// An end of the run, on which nothing depends: what is wrong with it is reported and no more.
    fn end(&mut self, lower: impl FnOnce(&mut Self) -> Lowering<()>) {
        let _: Lowering<()> = lower(self);
    }

    /// `let NAME: TYPE = EXPR`
    fn binding(&mut self, binding: &ast::Let) {
        let item = self.let_item(binding);
        if self.env.module == 0 {
            self.lets.push(binding.name.value.clone());
        }
        if let (Ok(Item::Value(Value::Array(operand))), 0) = (&item, self.env.module) {
            self.lowered.names.insert(binding.name.value.clone(), node(*operand));
        }
        self.bind(&binding.name, item);
    }

    /// `print EXPR`
    fn print(&mut self, e: &Expr) -> Lowering<()> {
        let label = self.sources.text(e.span).to_owned();
        let item = self.item(e)?;
        let value = match item {
            Item::Group(group) => self.group_record(&group, e.span)?,
            item => self.value_of(item, e.span)?,
        };
        self.print_value(label, &value, e.span)
    }

    fn print_value(&mut self, label: String, value: &Value, at: Span) -> Lowering<()> {
        let mut verbatim = false;
        let shown = match value {
            Value::Array(operand) => *operand,
            Value::Record(fields) => {
                let mut sound = Ok(());
                for (name, value) in fields.iter() {
                    sound = sound.and(self.print_value(format!("{label}.{name}"), value, at));
                }
                return sound;
            }
            Value::List(items) if value::holds_arrays(value) => {
                let mut sound = Ok(());
                for (index, value) in items.iter().enumerate() {
                    sound = sound.and(self.print_value(format!("{label}[{index}]"), value, at));
                }
                return sound;
            }
            Value::View(_) => {
                let help = Some("reduce it, as in `x |> groupby(time.month) |> mean()`".to_owned());
                return self.expected("what is printed", "an array or a value", value, at, help);
            }
            known => match known.scalar() {
                Some(scalar) if !matches!(known, Value::Size(_)) => {
                    let dtype = match known {
                        Value::Bool(_) => DType::Bool,
                        Value::Int(_) => DType::I64,
                        Value::UInt(_) => DType::U64,
                        Value::Float(_) => DType::F64,
                        Value::Duration { .. } => DType::Duration,
                        _ => DType::Str,
                    };
                    self.scalar_constant(dtype, scalar, at)
                }
                _ => {
                    verbatim = true;
                    let text = value::text(known).unwrap_or_else(|| value::literal(known));
                    self.scalar_constant(DType::Str, crate::array::Scalar::Str(text.into()), at)
                }
            },
        };
        let whole = self.ty(shown);
        let beside = self.printed_beside(shown, at);
        let cut = self.ends(shown, at);
        let ty = self.ty(cut);
        let kind = NodeKind::Sink(Sink::Print { label, whole, verbatim, beside });
        self.lowered.graph.node(kind, ty, &[node(cut)], at);
        Ok(())
    }

    /// The first and last elements along each long axis, of an array too large to print. They are parts of their own,
    /// joined, so that a task reads what lies at the ends and not all between them.
    fn ends(&mut self, x: Operand, at: Span) -> Operand {
        let ty = self.ty(x);
        if ty.dims.count() <= PRINTED_WHOLE && ty.dims.iter().all(|dim| dim.size <= PRINTED_WHOLE) {
            return x;
        }
        let cut = self.built(at, |builder| {
            let mut cut = x;
            for (axis, dim) in ty.dims.iter().enumerate().filter(|(_, dim)| dim.size > 2 * PRINTED_ENDS + 1) {
                let mut end = |start| moves::slice(builder, cut, &[(axis, Run::run(start, PRINTED_ENDS))]);
                let ends = [end(0)?, end(dim.size - PRINTED_ENDS)?];
                cut = moves::concat(builder, axis, &ends)?;
            }
            Ok(cut)
        });
        cut.unwrap_or(x)
    }

    /// `assert EXPR, STRING`
    fn assert(&mut self, assert: &ast::Assert) -> Lowering<()> {
        let message = assert.message.as_ref().map(|m| self.text(m, "the message of an assert").map(|t| t.value));
        let at = assert.condition.span;
        let condition = self.sources.text(at).to_owned();
        let value = self.value(&assert.condition);
        let message = message.transpose()?;
        match value? {
            Value::Bool(true) => Ok(()),
            Value::Bool(false) => {
                let message = message.unwrap_or(condition);
                self.fail(PlanError::AssertFailed { message, at, found: "is false".into() })
            }
            Value::Array(x) => self.assert_array(x, condition, message, stage(&assert.condition), at),
            other => self.expected("what is asserted", "true or false", &other, at, None),
        }
    }

    fn assert_array(
        &mut self,
        x: Operand,
        condition: String,
        message: Option<String>,
        shown: Span,
        at: Span,
    ) -> Lowering<()> {
        let ty = self.ty(x);
        if ty.dtype != DType::Bool {
            let help = Some("compare it with something, as in `x >= 0`".to_owned());
            return self.expected("what is asserted", "true or false", &Value::Array(x), shown, help);
        }
        match self.known_block(x) {
            Some(block) => {
                let failing = block.scalars().iter().filter(|s| s.as_i64() != Some(1)).count();
                if failing == 0 {
                    return Ok(());
                }
                let found = match block.count() {
                    1 => "is false".to_owned(),
                    n => format!("is false in {failing} of {n} elements"),
                };
                self.fail(PlanError::AssertFailed { message: message.unwrap_or(condition), at, found })
            }
            None => {
                let kind = NodeKind::Sink(Sink::Assert { condition, message });
                self.lowered.graph.node(kind, ty, &[node(x)], at);
                Ok(())
            }
        }
    }
}

/// The name a statement defines.
fn defined(kind: &StatementKind) -> Option<&str> {
    match kind {
        StatementKind::Param(p) => Some(&p.name.value),
        StatementKind::Storage(s) => Some(&s.name.value),
        StatementKind::Source(s) => Some(&s.name.value),
        StatementKind::Let(l) => Some(&l.name.value),
        StatementKind::Fn(f) => Some(&f.name.value),
        StatementKind::Plan(_)
        | StatementKind::Persist(_)
        | StatementKind::Sink(_)
        | StatementKind::Print(_)
        | StatementKind::Assert(_)
        | StatementKind::Import(_) => None,
    }
}
