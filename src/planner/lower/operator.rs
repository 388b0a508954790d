//! Infix and prefix operators: arithmetic while planning, or a call of the operator of that meaning.

use super::expression::stage;
use super::value::{self, Failure};
use super::{Lowerer, Lowering};
use crate::operators::Value;
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

impl Lowerer<'_> {
    /// `-x`
    pub(super) fn unary(&mut self, op: &Spanned<UnaryOp>, operand: &Expr) -> Lowering<Value> {
        if let (UnaryOp::Neg, crate::parser::ast::ExprKind::Int(n)) = (op.value, &operand.kind)
            && *n == i64::MIN.unsigned_abs()
        {
            return Ok(Value::Int(i64::MIN));
        }
        let a = self.value(operand)?;
        if matches!(a, Value::Array(_)) {
            return self.operate(unary_name(op.value), vec![Spanned::new(a, stage(operand))], op.span.to(operand.span));
        }
        let outcome = value::unary(op.value, &a);
        self.outcome(outcome, op.value.symbol(), || a.kind().to_owned(), op.span)
    }

    /// `a + b`
    pub(super) fn binary(&mut self, op: &Spanned<BinaryOp>, left: &Expr, right: &Expr) -> Lowering<Value> {
        let a = self.value(left);
        if let (BinaryOp::And | BinaryOp::Or, Ok(Value::Bool(decided))) = (op.value, &a)
            && *decided == (op.value == BinaryOp::Or)
        {
            return Ok(Value::Bool(*decided));
        }
        let b = self.value(right);
        let (a, b) = (a?, b?);
        let is_array = |v: &Value| matches!(v, Value::Array(_));
        let in_list = op.value == BinaryOp::In && !is_array(&a);
        if (is_array(&a) || is_array(&b)) && !in_list {
            let span = left.span.to(right.span);
            let args = vec![Spanned::new(a, stage(left)), Spanned::new(b, stage(right))];
            return self.operate(binary_name(op.value), args, span);
        }
        let outcome = value::binary(op.value, &a, &b);
        self.outcome(outcome, op.value.symbol(), || format!("{} and {}", a.kind(), b.kind()), op.span)
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
    pub(super) fn keep_where(&mut self, value: &Expr, condition: &Expr, at: Span) -> Lowering<Value> {
        let (x, keep) = (self.value(value), self.value(condition));
        let (x, keep) = (Spanned::new(x?, stage(value)), Spanned::new(keep?, stage(condition)));
        self.operate("where", vec![keep, x], at)
    }
}
