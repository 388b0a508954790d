//! Functions of the script: inlined at each call, their names resolved where they are defined.

use std::sync::Arc;

use super::call::{Input, option_help};
use super::expression::stage;
use super::scope::{Env, Function, Item};
use super::{Lowerer, Lowering, Poisoned};
use crate::operators::{Operand, Value};
use crate::parser::ast::{self, Arg, FnParam, FunctionKind};
use crate::planner::error::{KindError, PlanError};
use crate::source::{Span, Spanned};

impl Lowerer<'_> {
    /// The names of the functions that can be called here.
    pub(super) fn functions(&self) -> Vec<String> {
        let names = &self.modules[self.env.module].names;
        let is_function = |item: &Option<Lowering<Item>>| matches!(item, Some(Ok(Item::Function(_))));
        names.iter().filter(|(_, b)| is_function(&b.item)).map(|(name, _)| name.clone()).collect()
    }

    /// `f(x, a: 1)` for a function of the script.
    pub(super) fn call_function(
        &mut self,
        function: &Arc<Function>,
        input: Option<Input>,
        args: &[Arg],
        at: Span,
    ) -> Lowering<Item> {
        match function.decl.kind {
            FunctionKind::Reducer => self.call_reducer(function, input, args, at),
            FunctionKind::Stencil => self.call_stencil(function, input, args, at),
            FunctionKind::Function => {
                let given = self.function_arguments(&function.decl, input, args, at)?;
                self.within(function, at, |l| l.inlined(&function.decl, given))
            }
        }
    }

    /// Runs `walk` in the scope of a function that is called at a place, unless it is being called already.
    pub(super) fn within<T>(
        &mut self,
        function: &Arc<Function>,
        at: Span,
        walk: impl FnOnce(&mut Self) -> Lowering<T>,
    ) -> Lowering<T> {
        if self.calls.iter().any(|f| Arc::ptr_eq(f, function)) {
            return self.recursion(function, at);
        }
        let env = Env { module: function.module, ..Env::default() };
        let caller = std::mem::replace(&mut self.env, env);
        self.calls.push(function.clone());
        let result = walk(self);
        self.calls.pop();
        self.env = caller;
        result
    }

    fn recursion<T>(&mut self, function: &Arc<Function>, at: Span) -> Lowering<T> {
        let first = self.calls.iter().position(|f| Arc::ptr_eq(f, function)).unwrap_or(0);
        let mut chain: Vec<&str> = self.calls[first..].iter().map(|f| f.decl.name.value.as_str()).collect();
        chain.push(&function.decl.name.value);
        let chain = chain.join(" → ");
        let (name, defined) = (function.decl.name.value.clone(), function.decl.name.span);
        self.fail(PlanError::Recursion { name, chain, at, defined })
    }

    /// The arguments in the order of the parameters, evaluated in the caller's scope.
    pub(super) fn function_arguments(
        &mut self,
        decl: &ast::Function,
        input: Option<Input>,
        args: &[Arg],
        at: Span,
    ) -> Lowering<Vec<Option<Spanned<Lowering<Item>>>>> {
        let mut given: Vec<Option<Spanned<Lowering<Item>>>> = vec![None; decl.params.len()];
        let mut sound = Ok(());
        let first = usize::from(input.is_some());
        if let Some(input) = input {
            match given.first_mut() {
                Some(slot) => *slot = Some(input),
                None => sound = sound.and(self.too_many_for(decl, 1, input.span)),
            }
        }
        for (index, arg) in args.iter().enumerate() {
            let subject = given.first().and_then(|first| self.operand_of(first.as_ref()));
            let item = Spanned::new(self.item_or_dim(&arg.value, subject), stage(&arg.value));
            let position = match &arg.name {
                None => first + index,
                Some(name) => match decl.params.iter().position(|p| p.name.value == name.value) {
                    Some(position) => position,
                    None => {
                        sound = sound.and(self.no_parameter(decl, name));
                        continue;
                    }
                },
            };
            match given.get_mut(position) {
                None => sound = sound.and(self.too_many_for(decl, position + 1, item.span)),
                Some(Some(first)) => {
                    let first = first.span;
                    let (operator, param) = (decl.name.value.clone(), decl.params[position].name.value.clone());
                    sound = self.fail(KindError::RepeatedArgument { operator, param, at: arg.span(), first });
                }
                Some(slot) => *slot = Some(item),
            }
        }
        for (param, slot) in decl.params.iter().zip(&given) {
            if slot.is_none() && param.default.is_none() {
                let help = Some(format!("it is called as `{}`", function_signature(decl)));
                let (operator, param) = (decl.name.value.clone(), param.name.value.clone());
                sound = self.fail(KindError::MissingArgument { operator, param, at, help });
            }
        }
        sound.map(|()| given)
    }

    /// What an expression stands for; a bare name that means nothing else is that of a dim of the first argument.
    fn item_or_dim(&mut self, e: &ast::Expr, first: Option<Operand>) -> Lowering<Item> {
        match &e.kind {
            ast::ExprKind::Name(name) if !self.is_visible(name) && self.is_dim(first, name) => {
                Ok(Item::Value(Value::Name(name.clone())))
            }
            _ => self.item(e),
        }
    }

    /// The array an argument is, or views.
    fn operand_of(&self, given: Option<&Spanned<Lowering<Item>>>) -> Option<Operand> {
        match given.map(|given| &given.value) {
            Some(Ok(Item::Value(value))) => self.subject_of(value),
            _ => None,
        }
    }

    fn no_parameter(&mut self, decl: &ast::Function, name: &ast::Name) -> Lowering<()> {
        let names: Vec<&str> = decl.params.iter().map(|p| p.name.value.as_str()).collect();
        let help = option_help(&name.value, &names);
        let (operator, option) = (decl.name.value.clone(), name.value.clone());
        self.fail(KindError::UnknownOption { operator, option, at: name.span, help })
    }

    fn too_many_for(&mut self, decl: &ast::Function, given: usize, at: Span) -> Lowering<()> {
        let help = Some(format!("it is called as `{}`", function_signature(decl)));
        let (operator, most) = (decl.name.value.clone(), decl.params.len());
        self.fail(KindError::TooManyArguments { operator, most, given, at, help })
    }

    /// The body's value, in the function's scope.
    pub(super) fn inlined(
        &mut self,
        decl: &ast::Function,
        given: Vec<Option<Spanned<Lowering<Item>>>>,
    ) -> Lowering<Item> {
        self.bind_parameters(decl, given);
        for binding in &decl.lets {
            let item = self.let_item(binding);
            self.env.locals.push((binding.name.value.clone(), item));
        }
        self.item(&decl.value)
    }

    /// Makes the arguments, or the defaults, known by the names of the parameters.
    pub(super) fn bind_parameters(&mut self, decl: &ast::Function, given: Vec<Option<Spanned<Lowering<Item>>>>) {
        for (param, given) in decl.params.iter().zip(given) {
            let first = self.env.locals.first().cloned();
            let item = match (given, &param.default) {
                (Some(given), _) => given.value.and_then(|item| self.checked_parameter(param, item, given.span)),
                (None, Some(default)) => {
                    let subject = first.and_then(|(_, item)| self.operand_of(Some(&Spanned::new(item, default.span))));
                    self.item_or_dim(default, subject)
                }
                (None, None) => Err(Poisoned),
            };
            self.env.locals.push((param.name.value.clone(), item));
        }
    }

    fn checked_parameter(&mut self, param: &FnParam, item: Item, at: Span) -> Lowering<Item> {
        let Some(ty) = &param.ty else { return Ok(item) };
        let value = self.value_of(item, at)?;
        self.ascribe(&param.name, ty, value, at).map(Item::Value)
    }

    /// What a `let` stands for: its value, checked against its type, with its name.
    pub(super) fn let_item(&mut self, binding: &ast::Let) -> Lowering<Item> {
        let item = self.item(&binding.value);
        let Some(ty) = &binding.ty else {
            let item = item?;
            self.name_item(&item, &binding.name.value);
            return Ok(item);
        };
        let value = item.and_then(|item| self.value_of(item, binding.value.span))?;
        let value = self.ascribe(&binding.name, ty, value, stage(&binding.value))?;
        let item = Item::Value(value);
        self.name_item(&item, &binding.name.value);
        Ok(item)
    }

    fn name_item(&mut self, item: &Item, name: &str) {
        if let Item::Value(Value::Array(operand)) = item {
            self.name_node(*operand, name);
        }
    }
}

/// `f(x, y, k: …)`: how a function is called; of a reducer dims come after the elements, and all else goes by name.
pub(super) fn function_signature(decl: &ast::Function) -> String {
    let is_reducer = decl.kind == FunctionKind::Reducer;
    let param = |(number, p): (usize, &FnParam)| match p.default.is_some() || (is_reducer && number > 0) {
        true => format!("{}: …", p.name.value),
        false => p.name.value.clone(),
    };
    let mut params: Vec<String> = decl.params.iter().enumerate().map(param).collect();
    if is_reducer {
        params.insert(1.min(params.len()), "dims…".to_owned());
    }
    format!("{}({})", decl.name.value, params.join(", "))
}
