//! Names: what is bound where, and what a name means at a place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::member::member_help;
use super::stencil::Beyond;
use super::{Lowerer, Lowering};
use crate::operators::{Operand, REGISTRY, Value, error::closest};
use crate::parser::ast::{self, Name, Program, StatementKind};
use crate::planner::error::NameError;
use crate::source::Span;

/// What a name or an expression stands for.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A value: an array, or something known while planning.
    Value(Value),
    /// A group of a source, whose arrays become nodes when they are used.
    Group(Group),
    /// An import with a name.
    Module(usize),
    /// A function of the script.
    Function(Arc<Function>),
    /// A place where results are kept: which.
    Storage(usize),
}

/// A group of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Which dataset.
    pub dataset: usize,
    /// The path within, without a slash at either end.
    pub path: String,
}

/// A function with the file whose names it sees.
#[derive(Debug)]
pub(super) struct Function {
    /// The file.
    pub module: usize,
    /// The declaration.
    pub decl: ast::Function,
}

impl Item {
    /// What it is, in a word or two, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Item::Value(value) => value.kind(),
            Item::Group(_) => "a dataset",
            Item::Module(_) => "an imported file",
            Item::Function(_) => "a function",
            Item::Storage(_) => "a storage",
        }
    }
}

/// A name of a file.
#[derive(Debug)]
pub(super) struct Binding {
    /// Where it is defined.
    pub span: Span,
    /// What it means; none before its statement is lowered.
    pub item: Option<Lowering<Item>>,
}

/// A file and its names.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// The file's path.
    pub path: String,
    /// Its names.
    pub names: BTreeMap<String, Binding>,
}

/// The names visible at a place, besides those of the file.
#[derive(Debug, Default)]
pub(super) struct Env {
    /// The file.
    pub module: usize,
    /// Parameters, `let`s of functions and names of comprehensions; the last counts.
    pub locals: Vec<(String, Lowering<Item>)>,
    /// An array whose coordinates are visible by bare name.
    pub subject: Option<Operand>,
    /// Whether indices are relative, as in a stencil, and what lies beyond the ends.
    pub beyond: Option<Beyond>,
}

impl Lowerer<'_> {
    /// Makes the names of a file known, so that a use before the definition can be told from a
    /// mistyped name, and reports names defined twice.
    pub(super) fn declare(&mut self, program: &Program) {
        for statement in &program.statements {
            let name = match &statement.kind {
                StatementKind::Param(p) => &p.name,
                StatementKind::Storage(s) => &s.name,
                StatementKind::Source(s) => &s.name,
                StatementKind::Let(l) => &l.name,
                StatementKind::Fn(f) => &f.name,
                StatementKind::Import(i) => match &i.alias {
                    Some(alias) => alias,
                    None => continue,
                },
                StatementKind::Plan(_)
                | StatementKind::Persist(_)
                | StatementKind::Sink(_)
                | StatementKind::Print(_)
                | StatementKind::Assert(_) => continue,
            };
            self.declare_name(name, None);
        }
    }

    /// Makes a name of the file known; an error where there is one already.
    pub(super) fn declare_name(&mut self, name: &Name, item: Option<Lowering<Item>>) {
        let names = &mut self.modules[self.env.module].names;
        if let Some(first) = names.get(&name.value) {
            let first = first.span;
            self.report(NameError::Duplicate { name: name.value.clone(), at: name.span, first });
            return;
        }
        names.insert(name.value.clone(), Binding { span: name.span, item });
    }

    /// Gives a declared name its meaning. The second of two definitions has none.
    pub(super) fn bind(&mut self, name: &Name, item: Lowering<Item>) {
        let binding = self.modules[self.env.module].names.get_mut(&name.value);
        if let Some(binding) = binding.filter(|b| b.span == name.span) {
            binding.item = Some(item);
        }
    }

    /// As [`Lowerer::bind`], for a value.
    pub(super) fn bind_value(&mut self, name: &Name, value: Lowering<Value>) {
        self.bind(name, value.map(Item::Value));
    }

    /// What a name means, none where nothing of that name is visible.
    pub(super) fn find(&mut self, name: &str, at: Span) -> Option<Lowering<Item>> {
        if let Some(subject) = self.env.subject
            && let Some(coordinate) = self.coordinate(subject, name, at)
        {
            return Some(Ok(Item::Value(Value::Array(coordinate))));
        }
        if let Some((_, item)) = self.env.locals.iter().rev().find(|(n, _)| n == name) {
            return Some(item.clone());
        }
        let Some(binding) = self.modules[self.env.module].names.get(name) else {
            return self.find_in_input(name, at);
        };
        match &binding.item {
            Some(item) => Some(item.clone()),
            None => {
                let defined = binding.span;
                Some(self.fail(NameError::UsedBefore { name: name.to_owned(), at, defined }))
            }
        }
    }

    /// Whether the name means something without being a coordinate.
    pub(super) fn is_visible(&self, name: &str) -> bool {
        self.env.locals.iter().any(|(n, _)| n == name)
            || self.modules[self.env.module].names.get(name).is_some_and(|b| b.item.is_some())
    }

    /// What a name means.
    pub(super) fn lookup(&mut self, name: &str, at: Span) -> Lowering<Item> {
        match self.find(name, at) {
            Some(item) => item,
            None => self.not_found(name, at),
        }
    }

    fn not_found<T>(&mut self, name: &str, at: Span) -> Lowering<T> {
        if crate::operators::find(name).is_some() {
            let what = "an operator".to_owned();
            let help = Some(format!("call it: `{name}(x)` or `x |> {name}()`"));
            return self.fail(NameError::NotAValue { name: name.to_owned(), what, at, help });
        }
        let visible = self.visible();
        let candidates = visible.iter().map(String::as_str);
        let owner = self.owner_of(name);
        let help = match closest(name, candidates) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if let Some(owner) = owner => Some(format!("did you mean `{owner}.{name}`?")),
            None => match closest(name, operator_names()) {
                Some(near) => Some(format!("did you mean the operator `{near}`?")),
                None if self.inputs.command.is_some() => {
                    let names: Vec<&str> = visible.iter().map(String::as_str).collect();
                    member_help(name, &names, "there are")
                }
                None => None,
            },
        };
        self.unknown_name(name, at, help)
    }

    /// A source of the file that has a variable of this name.
    fn owner_of(&self, name: &str) -> Option<String> {
        let names = &self.modules[self.env.module].names;
        let holds = |binding: &Binding| match &binding.item {
            Some(Ok(Item::Group(group))) => self.group_names(group).iter().any(|n| n == name),
            _ => false,
        };
        names.iter().find(|(_, binding)| holds(binding)).map(|(source, _)| source.clone())
    }

    fn visible(&self) -> Vec<String> {
        let module = &self.modules[self.env.module];
        let named = module.names.iter().filter(|(_, b)| b.item.is_some()).map(|(n, _)| n.clone());
        let input = self.input().ok().map(|input| self.group_names(&input)).unwrap_or_default();
        self.env.locals.iter().map(|(n, _)| n.clone()).chain(named).chain(input).collect()
    }

    /// Runs `walk` with more local names.
    pub(super) fn with_locals<T>(
        &mut self,
        locals: Vec<(String, Lowering<Item>)>,
        walk: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.env.locals.len();
        self.env.locals.extend(locals);
        let result = walk(self);
        self.env.locals.truncate(before);
        result
    }

    /// Runs `walk` where the coordinates of `subject` are visible by bare name.
    pub(super) fn with_subject<T>(&mut self, subject: Option<Operand>, walk: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.env.subject, subject);
        let result = walk(self);
        self.env.subject = before;
        result
    }
}

/// The names of all operators.
pub(super) fn operator_names() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().flat_map(|(_, rows)| rows.iter()).map(|row| row.name)
}
