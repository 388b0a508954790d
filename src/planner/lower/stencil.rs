//! Calls of stencils that the script defines: in their bodies `x[y: -1]` is the element before.
//!
//! A relative read is the array moved along its dims, with what a boundary says at the ends; so what computes with
//! it is ordinary elementwise calls, which fuse.

use std::sync::Arc;

use super::call::Input;
use super::scope::{Function, Item};
use super::{Lowerer, Lowering};
use crate::array::DimName;
use crate::operators::arguments::ParamKind;
use crate::operators::shape::neighbour;
use crate::operators::stencil::BOUNDARY;
use crate::operators::{Operand, Value, axis_of};
use crate::parser::ast::{self, Arg, ExprKind};
use crate::planner::error::{CallError, KindError};
use crate::source::{Span, Spanned};

/// What elements beyond the ends are, where indices are relative.
#[derive(Clone, Debug)]
pub(super) struct Beyond {
    boundary: String,
    value: Option<Value>,
}

impl Lowerer<'_> {
    /// `f(u, boundary: nearest)` for a stencil of the script.
    pub(super) fn call_stencil(
        &mut self,
        function: &Arc<Function>,
        input: Option<Input>,
        args: &[Arg],
        at: Span,
    ) -> Lowering<Item> {
        let (beyond, own) = self.beyond(&function.decl, args)?;
        let given = self.function_arguments(&function.decl, input, &own, at)?;
        if let Some(Some(Spanned { value: Ok(Item::Value(list @ Value::List(_))), span })) = given.first() {
            let place = format!("`{}`", function.decl.params[0].name.value);
            return self.expected(&place, "an array", list, *span, None);
        }
        self.within(function, at, |l| {
            l.env.beyond = Some(beyond);
            l.inlined(&function.decl, given)
        })
    }

    /// The options every stencil has, and the other arguments.
    fn beyond(&mut self, decl: &ast::Function, args: &[Arg]) -> Lowering<(Beyond, Vec<Arg>)> {
        let mut beyond = Beyond { boundary: BOUNDARY.default.unwrap_or_default().to_owned(), value: None };
        let mut own = Vec::new();
        let is_param = |name: &str| decl.params.iter().any(|param| param.name.value == name);
        let mut place = None;
        for arg in args {
            match arg.name.as_ref().map(|name| name.value.as_str()).filter(|name| !is_param(name)) {
                Some("boundary") => {
                    let ParamKind::Choice(words) = BOUNDARY.kind else { continue };
                    let bare = match &arg.value.kind {
                        ExprKind::Name(name) => Some(name.as_str()),
                        _ => None,
                    };
                    if let Value::Str(word) = self.choice(&BOUNDARY, words, &arg.value, bare)? {
                        beyond.boundary = word;
                    }
                }
                Some("value") => {
                    place = Some(arg.span());
                    beyond.value = Some(self.plan_value(&arg.value, "`value`")?);
                }
                _ => own.push(arg.clone()),
            }
        }
        if let (Some(at), true) = (place, beyond.boundary != "constant") {
            let message = "a value is for `boundary: constant` only".to_owned();
            return self.fail(KindError::Index { message, at, label: "has nothing to do".into(), help: None });
        }
        Ok((beyond, own))
    }

    /// `x[y: -1, x: 2]` in a stencil: the elements so many places on.
    pub(super) fn relative(&mut self, beyond: &Beyond, x: Operand, args: &[Arg], at: Span) -> Lowering<Value> {
        let mut moved = x;
        let indices = self.indices(x, args)?;
        for (i, (dim, _)) in indices.iter().enumerate() {
            if let Some((first, _)) = indices[..i].iter().find(|(other, _)| other.value == dim.value) {
                let message = format!("dim `{}` is named twice", dim.value);
                let labels = vec![("again here".to_owned(), dim.span), ("first here".to_owned(), first.span)];
                let code = "ff::type::repeated_dim";
                return self.fail(CallError { code, message, labels, help: None, is_warning: false });
            }
        }
        for (dim, by) in indices {
            let Value::Int(by) = by.value else {
                let help = Some("in a stencil indices are relative: `u[y: -1]` is the element before".to_owned());
                return self.expected("an index in a stencil", "a number of places", &by.value, by.span, help);
            };
            let name = DimName::new(&dim.value);
            moved = self.built(at, |builder| {
                let axis = axis_of(&builder.ty(moved), &name)?;
                neighbour(builder, moved, (axis, by), &beyond.boundary, beyond.value.as_ref())
            })?;
        }
        self.stands_for(moved, x);
        Ok(Value::Array(moved))
    }
}
