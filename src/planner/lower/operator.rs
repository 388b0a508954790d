//! Infix and prefix operators: arithmetic while planning, or a call of the operator of that meaning.

use super::expression::stage;
use super::value::{self, Failure};
use super::{Lowerer, Lowering, dataset};
use crate::operators::arguments::RangeValue;
use crate::operators::{Operand, Value};
use crate::parser::ast::{BinaryOp, Expr, UnaryOp};
use crate::planner::error::{KindError, PlanError};
use crate::source::{Span, Spanned};

/// The operator that does element by element what a symbol says.
fn binary_name(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Eq => "eq",
        BinaryOp::Ne => "ne",
        BinaryOp::Lt => "lt",
        BinaryOp::Le => "le",
        BinaryOp::Gt => "gt",
        BinaryOp::Ge => "ge",
        BinaryOp::In => "isin",
        BinaryOp::BitOr => "bit_or",
        BinaryOp::BitXor => "bit_xor",
        BinaryOp::BitAnd => "bit_and",
        BinaryOp::Shl => "shl",
        BinaryOp::Shr => "shr",
        BinaryOp::Add => "add",
        BinaryOp::Sub => "sub",
        BinaryOp::Mul => "mul",
        BinaryOp::Div => "div",
        BinaryOp::FloorDiv => "floordiv",
        BinaryOp::Rem => "mod",
        BinaryOp::Pow => "pow",
    }
}

fn unary_name(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Neg => "neg",
        UnaryOp::Invert => "invert",
        UnaryOp::Not => "not",
    }
}

/// Whether an operator computes with the value, element by element: an array, or a dataset of them.
fn is_array(value: &Value) -> bool {
    matches!(value, Value::Array(_)) || dataset::variables(value).is_some()
}

impl Lowerer<'_> {
    /// `-x`
    pub(super) fn unary(&mut self, op: &Spanned<UnaryOp>, operand: &Expr) -> Lowering<Value> {
        if let (UnaryOp::Neg, crate::parser::ast::ExprKind::Int(n)) = (op.value, &operand.kind)
            && *n == i64::MIN.unsigned_abs()
        {
            return Ok(Value::Int(i64::MIN));
        }
        let a = self.value(operand)?;
        if is_array(&a) {
            return self.operate(unary_name(op.value), vec![Spanned::new(a, stage(operand))], op.span.to(operand.span));
        }
        let outcome = value::unary(op.value, &a);
        self.outcome(outcome, op.value.symbol(), || a.kind().to_owned(), op.span)
    }

    /// `a + b`
    pub(super) fn binary(
        &mut self,
        op: &Spanned<BinaryOp>,
        (left, a): (&Expr, Lowering<Value>),
        right: &Expr,
    ) -> Lowering<Value> {
        if let (BinaryOp::And | BinaryOp::Or, Ok(Value::Bool(decided))) = (op.value, &a)
            && *decided == (op.value == BinaryOp::Or)
        {
            return Ok(Value::Bool(*decided));
        }
        let b = self.value(right);
        let (a, b) = (a?, b?);
        let in_list = op.value == BinaryOp::In && !is_array(&a);
        let span = left.span.to(right.span);
        if let (BinaryOp::In, Value::Array(x), Value::Range(range)) = (op.value, &a, &b)
            && range.step.is_none()
        {
            return self.between(Spanned::new(*x, stage(left)), range, (stage(right), span));
        }
        if (is_array(&a) || is_array(&b)) && !in_list {
            let args = vec![Spanned::new(a, stage(left)), Spanned::new(b, stage(right))];
            return self.operate(binary_name(op.value), args, span);
        }
        let outcome = value::binary(op.value, &a, &b);
        self.outcome(outcome, op.value.symbol(), || format!("{} and {}", a.kind(), b.kind()), op.span)
    }

    /// `x in a..b`: the elements between the ends, the end itself where the range is closed.
    fn between(&mut self, x: Spanned<Operand>, range: &RangeValue, (ends, at): (Span, Span)) -> Lowering<Value> {
        let below = if range.closed { "le" } else { "lt" };
        let mut inside = None;
        for (name, end) in [("ge", &range.start), (below, &range.end)] {
            let Some(end) = end else { continue };
            if matches!(end, Value::Str(_)) {
                let help = "compare with `>=` and `<`, or select labels: `sel(x, time: \"1991\"..\"2000\")`".to_owned();
                return self.expected("an end of the range", "a number or a duration", end, ends, Some(help));
            }
            let args = vec![Spanned::new(Value::Array(x.value), x.span), Spanned::new(end.clone(), ends)];
            let test = self.operate(name, args, at)?;
            inside = Some(match inside.take() {
                None => test,
                Some(before) => self.operate("and", vec![Spanned::new(before, at), Spanned::new(test, at)], at)?,
            });
        }
        match inside {
            Some(inside) => Ok(inside),
            None => self.expected(
                "what stands right of `in`",
                "a range with an end",
                &Value::Range(Box::new(range.clone())),
                ends,
                None,
            ),
        }
    }

    /// The value of plan-time arithmetic, or its error at the symbol.
    fn outcome(
        &mut self,
        outcome: Result<Value, Failure>,
        symbol: &str,
        operands: impl FnOnce() -> String,
        at: Span,
    ) -> Lowering<Value> {
        match outcome {
            Ok(value) => Ok(value),
            Err(Failure::Undefined { message, help }) => self.fail(PlanError::Arithmetic { message, at, help }),
            Err(Failure::Kinds { help }) => {
                self.fail(KindError::Operand { op: symbol.to_owned(), operands: operands(), at, help })
            }
        }
    }

    /// `x where cond`
    pub(super) fn keep_where(
        &mut self,
        (value, x): (&Expr, Lowering<Value>),
        condition: &Expr,
        at: Span,
    ) -> Lowering<Value> {
        let keep = self.value(condition);
        let (x, keep) = (Spanned::new(x?, stage(value)), Spanned::new(keep?, stage(condition)));
        self.operate("where", vec![keep, x], at)
    }
}
