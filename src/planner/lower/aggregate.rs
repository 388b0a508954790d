//! Several reductions of one array by name: `x |> aggregate(n: count, s: std(ddof: 1))`.
//!
//! Each is a call of its own with the same first argument; they share one pass over what they read, as any
//! reductions of one value do.

use std::sync::Arc;

use super::call::{Input, listed, signature};
use super::expression::stage;
use super::{Lowerer, Lowering, Poisoned};
use crate::operators::{Operator, ParamKind, Value};
use crate::parser::ast::{Arg, Expr, ExprKind, Name};
use crate::planner::error::KindError;
use crate::source::{Span, Spanned};

/// Whether an operator applies others, which its arguments name.
pub(super) fn applies_others(operator: &Operator) -> bool {
    operator.signature.params.iter().any(|param| param.kind == ParamKind::Calls)
}

/// Whether a name is written twice in one list of arguments or one record, which the parser has told.
fn has_repeated(names: &[&Name]) -> bool {
    names.iter().enumerate().any(|(i, name)| names[..i].iter().any(|other| other.value == name.value))
}

impl Lowerer<'_> {
    /// The record of what the named calls give.
    pub(super) fn aggregate(
        &mut self,
        operator: &'static Operator,
        input: Option<Input>,
        args: &[Arg],
        at: Span,
    ) -> Lowering<Value> {
        let mut positional = args.iter().filter(|arg| arg.name.is_none());
        let params = operator.signature.params;
        let given = input.or_else(|| {
            let first = positional.next()?;
            Some(Spanned::new(self.item(&first.value), stage(&first.value)))
        });
        let Some(input) = given else { return self.missing(operator, &params[0], at).and(Err(Poisoned)) };
        let item = input.value?;
        let mut wanted: Vec<(&Name, &Expr)> = Vec::new();
        let mut lists = vec![args.iter().filter_map(|arg| arg.name.as_ref()).collect::<Vec<_>>()];
        for arg in positional {
            let ExprKind::Record(fields) = &arg.value.kind else {
                let place = format!("an argument of `{}`", operator.name);
                return self.not_a_call(place, arg.value.span, &format!("write `{}`", signature(operator)));
            };
            wanted.extend(fields.iter().map(|field| (&field.key, &field.value)));
            lists.push(fields.iter().map(|field| &field.key).collect());
        }
        if lists.iter().any(|names| has_repeated(names)) {
            return Err(Poisoned);
        }
        wanted.extend(args.iter().filter_map(|arg| arg.name.as_ref().map(|name| (name, &arg.value))));
        if wanted.is_empty() {
            return self.missing(operator, &params[1], at).and(Err(Poisoned));
        }
        let mut results: Vec<(String, Value)> = Vec::new();
        for (number, (name, e)) in wanted.iter().enumerate() {
            if let Some((first, _)) = wanted[..number].iter().find(|(other, _)| other.value == name.value) {
                let (operator, param, first) = (operator.name.to_owned(), name.value.clone(), first.span);
                return self.fail(KindError::RepeatedArgument { operator, param, at: name.span, first });
            }
            let (callee, args) = match &e.kind {
                ExprKind::Name(_) | ExprKind::Member { .. } => (*e, &[][..]),
                ExprKind::Call { callee, args } => (&**callee, &args[..]),
                _ => {
                    let help = format!("`{}` is one, such as {}", name.value, listed(&["mean", "std(ddof: 1)"]));
                    return self.not_a_call(format!("`{}`", name.value), e.span, &help);
                }
            };
            let input = Spanned::new(Ok(item.clone()), input.span);
            let result = self.call(Some(input), callee, args, e.span)?;
            results.push((name.value.clone(), self.value_of(result, e.span)?));
        }
        Ok(Value::Record(Arc::new(results)))
    }

    fn not_a_call<T>(&mut self, place: String, at: Span, help: &str) -> Lowering<T> {
        let (expected, found) = ("a reduction by name".to_owned(), "something else".to_owned());
        self.fail(KindError::Expected { place, expected, found, at, help: Some(help.to_owned()) })
    }
}
