//! Operators over all variables of a dataset.
//!
//! As in xarray, an operator is applied to each variable of a dataset or record by itself. A variable that has none of the
//! dims the call names stays as it is, and so does one without the dim that others are grouped or windowed along. Two
//! datasets go together by the names of their variables; those that only one has are left out.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::member::member_help;
use super::{Lowerer, Lowering};
use crate::array::DimName;
use crate::operators::auxiliary::{Keeping, keeping};
use crate::operators::error::Culprit;
use crate::operators::{Arguments, Operand, Operator, Param, ParamKind, TypeError, Value};
use crate::parser::ast::Arg;
use crate::source::{Span, Spanned};

/// Variables by name.
pub(super) type Variables = [(String, Value)];

/// The variables of a dataset: of a record of nothing but arrays, or views that wait for their reduction.
pub(super) fn variables(value: &Value) -> Option<&Variables> {
    let Value::Record(fields) = value else { return None };
    let are_variables = fields.iter().all(|(_, value)| operand(value).is_some());
    (are_variables && !fields.is_empty()).then_some(fields)
}

/// Whether a dataset holds views, which wait for their reduction.
pub(super) fn waits(value: &Value) -> bool {
    variables(value).is_some_and(|all| all.iter().any(|(_, value)| matches!(value, Value::View(_))))
}

fn operand(value: &Value) -> Option<Operand> {
    match value {
        Value::Array(operand) => Some(*operand),
        Value::View(view) => Some(view.operand),
        _ => None,
    }
}

/// The parameter of this name.
fn param(operator: &'static Operator, name: &str) -> Option<&'static Param> {
    operator.signature.params.iter().find(|param| param.name == name)
}

/// What becomes of a variable.
pub(super) enum Part {
    /// The operator is applied with these arguments.
    Applied(Box<Arguments>),
    /// It stays.
    Kept,
    /// It is left out.
    Absent,
}

/// How datasets that are to be joined differ in their variables: a code and a message.
fn unlike(items: &[Value], datasets: &[&Variables]) -> Option<(&'static str, String)> {
    if let Some(i) = items.iter().position(|item| variables(item).is_none()) {
        let message = format!("item {i} is {} and others are datasets", items[i].kind());
        return Some(("ff::type::argument", message));
    }
    let lacks = |all: &Variables, of: &Variables| {
        of.iter().find(|(name, _)| all.iter().all(|(other, _)| other != name)).map(|(name, _)| name.clone())
    };
    let (first, others) = datasets.split_first()?;
    let differs = others.iter().enumerate().find_map(|(i, other)| {
        let said = |lacking: usize, having: usize, name: String| {
            format!("item {lacking} has no variable `{name}`, which item {having} has")
        };
        lacks(other, first)
            .map(|name| said(i + 1, 0, name))
            .or_else(|| lacks(first, other).map(|name| said(0, i + 1, name)))
    });
    Some(("ff::type::variable", differs?))
}

/// Whether a parameter takes arrays.
fn takes_array(operator: &'static Operator, name: &str) -> bool {
    let is_array = |kind| matches!(kind, ParamKind::Array | ParamKind::ArrayOrView | ParamKind::Arrays);
    param(operator, name).is_some_and(|param| is_array(param.kind))
}

/// The first argument that is a dataset where an array should be: its place, and its variables.
fn dataset<'a>(operator: &'static Operator, arguments: &'a Arguments) -> Option<(usize, &'a Variables)> {
    let named = arguments.named.iter().enumerate().filter(|(_, (name, _))| takes_array(operator, name));
    named.filter_map(|(place, (_, value))| Some((place, variables(&value.value)?))).next()
}

impl Lowerer<'_> {
    /// Applies an operator: to each variable, where an argument that should be an array is a dataset.
    pub(super) fn apply_to_all(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        at: Span,
    ) -> Lowering<Value> {
        let lists = |name: &str, value: &Value| match value {
            Value::List(items) => takes_array(operator, name) && items.iter().any(|item| variables(item).is_some()),
            _ => false,
        };
        if let Some(place) = arguments.named.iter().position(|(name, value)| lists(name, &value.value)) {
            return self.apply_to_lists(operator, arguments, place, at);
        }
        match dataset(operator, arguments) {
            Some((_, all)) if operator.name == "rename" => self.rename_all(operator, arguments, all, at),
            Some((_, all)) if operator.name == "assign_coords" => self.assign_all(operator, arguments, all, at),
            _ => self.for_each_variable(operator, arguments, &mut |l, own| l.apply(operator, own, at)),
        }
    }

    /// Calls `apply` once, or with each variable, where an argument that should be an array is a dataset.
    pub(super) fn for_each_variable(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        apply: &mut dyn FnMut(&mut Self, &Arguments) -> Lowering<Value>,
    ) -> Lowering<Value> {
        let Some((place, all)) = dataset(operator, arguments) else { return apply(self, arguments) };
        let mut dims = self.all_dims(all);
        if keeping(operator.name) == Keeping::Told {
            dims.extend(self.all_coordinates(all).iter().map(|name| DimName::new(name)));
        }
        let waits = all.iter().any(|(_, value)| matches!(value, Value::View(_)));
        let mut results = Vec::new();
        for (name, value) in all {
            let part = match value {
                Value::Array(_) if waits => Part::Kept,
                _ => self.part(operator, arguments, place, (name, value, &dims)),
            };
            match part {
                Part::Absent => {}
                Part::Kept => results.push((name.clone(), value.clone())),
                Part::Applied(own) => results.push((name.clone(), apply(self, &own)?)),
            }
        }
        Ok(Value::Record(Arc::new(results)))
    }

    /// What becomes of a variable of a dataset with these dims, which is the argument at `place`.
    pub(super) fn part(
        &self,
        operator: &'static Operator,
        arguments: &Arguments,
        place: usize,
        (name, value, dims): (&str, &Value, &BTreeSet<DimName>),
    ) -> Part {
        let mut own = arguments.clone();
        own.named[place].1.value = value.clone();
        for (_, argument) in own.named.iter_mut().skip(place + 1) {
            let Some(theirs) = variables(&argument.value) else { continue };
            match theirs.iter().find(|(other, _)| other == name) {
                Some((_, value)) => argument.value = value.clone(),
                None => return Part::Absent,
            }
        }
        let is_told = keeping(operator.name) == Keeping::Told;
        let has = |dim: &DimName| {
            let of = |x| self.ty(x).dims.axis(dim).is_some() || (is_told && self.has_auxiliary(x, dim.as_str()));
            operand(value).is_some_and(of)
        };
        let is_foreign = |dim: &DimName| dims.contains(dim) && !has(dim);
        let is_foreign_name = |value: &Value| matches!(value, Value::Name(dim) if is_foreign(&DimName::new(dim)));
        let kind = |name: &str| param(operator, name).map(|p| p.kind);
        let of_foreign = |value: &Value| match value {
            Value::List(items) => items.iter().any(is_foreign_name),
            _ => false,
        };
        let lacks = |(name, argument): &(&'static str, Spanned<Value>)| match kind(name) {
            Some(ParamKind::Dim) => is_foreign_name(&argument.value),
            Some(ParamKind::Key) => self.key_dims(&argument.value).iter().any(is_foreign),
            _ => false,
        };
        let has_keys = operator.signature.params.iter().any(|p| p.kind == ParamKind::Keys);
        let lacks_key = |key: &Spanned<Value>| has_keys && self.key_dims(&key.value).iter().any(is_foreign);
        let lacks_default = |param: &Param| match (param.kind, param.default) {
            (ParamKind::Dim, Some(dim)) => is_foreign(&DimName::new(dim)) && own.get(param.name).is_none(),
            _ => false,
        };
        let by_default = operator.signature.params.iter().any(lacks_default);
        if own.named.iter().any(lacks) || own.variadic.iter().any(lacks_key) || by_default {
            return Part::Kept;
        }
        for (_, argument) in own.named.iter_mut().skip(place + 1) {
            if let Value::Record(fields) = &mut argument.value {
                Arc::make_mut(fields).retain(|(name, _)| !is_foreign(&DimName::new(name)));
            }
        }
        own.variadic.retain(|argument| !is_foreign_name(&argument.value));
        own.per_dim.retain(|(name, value)| !is_foreign(&DimName::new(&name.value)) && !of_foreign(&value.value));
        let is_less = (own.variadic.len(), own.per_dim.len()) != (arguments.variadic.len(), arguments.per_dim.len());
        match is_less && own.variadic.is_empty() && own.per_dim.is_empty() {
            true => Part::Kept,
            false => Part::Applied(Box::new(own)),
        }
    }

    /// Applies an operator that joins arrays to datasets: to the arrays of one name, each after the other. A variable
    /// that lacks the dim along which others are joined is the first dataset's.
    fn apply_to_lists(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        place: usize,
        at: Span,
    ) -> Lowering<Value> {
        let (list, given) = &arguments.named[place];
        let Value::List(items) = &given.value else { return self.apply(operator, arguments, at) };
        let datasets: Vec<&Variables> = items.iter().map(|item| variables(item).unwrap_or_default()).collect();
        if let Some((code, message)) = unlike(items, &datasets) {
            let help = "take the variables that all have: `data[[\"t2m\", \"u10\"]]`, or `drop_vars(data, …)`";
            let error = TypeError::new(code, message).at(Culprit::Param(list), "these do not go together");
            let problem = self.placed(operator, arguments, at, error.with_help(help));
            return self.fail(problem);
        }
        let dims: BTreeSet<DimName> = datasets.iter().flat_map(|all| self.all_dims(all)).collect();
        let along = arguments.named.iter().find_map(|(name, value)| match &value.value {
            Value::Name(dim) if param(operator, name)?.kind == ParamKind::Dim => Some(DimName::new(dim)),
            _ => None,
        });
        let mut results = Vec::new();
        for (name, first) in datasets[0] {
            let of_name =
                |all: &&Variables| all.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
            let parts: Vec<Value> = datasets.iter().filter_map(of_name).collect();
            let has = |dim: &DimName| parts.iter().filter_map(operand).any(|x| self.ty(x).dims.axis(dim).is_some());
            if along.as_ref().is_some_and(|dim| dims.contains(dim) && !has(dim)) {
                results.push((name.clone(), first.clone()));
                continue;
            }
            let mut own = arguments.clone();
            own.named[place].1.value = Value::List(Arc::new(parts));
            results.push((name.clone(), self.apply(operator, &own, at)?));
        }
        Ok(Value::Record(Arc::new(results)))
    }

    /// `rename(data, t2m: tas, latitude: lat)`: variables and dims get other names.
    fn rename_all(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        all: &Variables,
        at: Span,
    ) -> Lowering<Value> {
        let dims = self.all_dims(all);
        let coordinates = self.all_coordinates(all);
        if let Some((name, _)) = arguments.per_dim.iter().find(|(name, _)| {
            let is_other = !dims.contains(&DimName::new(&name.value)) && !coordinates.contains(&name.value);
            is_other && all.iter().all(|(other, _)| *other != name.value)
        }) {
            let message = format!("the dataset has neither a variable nor a dim `{}`", name.value);
            let own = all.iter().map(|(n, _)| n.as_str()).chain(dims.iter().map(DimName::as_str));
            let names: Vec<&str> = own.chain(coordinates.iter().map(String::as_str)).collect();
            let error = TypeError::new("ff::type::variable", message)
                .at(Culprit::Named(name.value.clone()), "the old name stands before the colon");
            let error = match member_help(&name.value, &names, "there are") {
                Some(help) => error.with_help(help),
                None => error,
            };
            let problem = self.placed(operator, arguments, at, error);
            return self.fail(problem);
        }
        let is_variable = |name: &str| all.iter().any(|(n, _)| n == name) && !dims.contains(&DimName::new(name));
        let (of_variables, of_dims): (Vec<_>, Vec<_>) =
            arguments.per_dim.iter().cloned().partition(|(name, _)| is_variable(&name.value));
        let mut renamed = all.to_vec();
        if !of_dims.is_empty() {
            let own = Arguments { per_dim: of_dims, ..arguments.clone() };
            if let Value::Record(fields) =
                self.for_each_variable(operator, &own, &mut |l, own| l.apply(operator, own, at))?
            {
                renamed = fields.to_vec();
            }
        }
        for (old, new) in of_variables {
            let place = all.iter().position(|(n, _)| *n == old.value).unwrap_or_default();
            match &new.value {
                Value::Name(name) | Value::Str(name) if !name.is_empty() => renamed[place].0 = name.clone(),
                other => {
                    let help = format!("a name that is taken in the script goes in quotes: `{}: \"name\"`", old.value);
                    return self.expected(
                        &format!("the new name of `{}`", old.value),
                        "a name",
                        other,
                        new.span,
                        Some(help),
                    );
                }
            }
        }
        let repeated = renamed.iter().enumerate().find(|(i, (n, _))| renamed[..*i].iter().any(|(other, _)| other == n));
        if let Some((_, (name, _))) = repeated {
            let message = format!("two variables of the dataset would be called `{name}`");
            let culprit = arguments
                .per_dim
                .iter()
                .find(|(_, new)| matches!(&new.value, Value::Name(n) | Value::Str(n) if n == name));
            let culprit = culprit.map_or(Culprit::Call, |(old, _)| Culprit::Named(old.value.clone()));
            let error = TypeError::new("ff::type::variable", message).at(culprit, "this name is taken");
            let problem = self.placed(operator, arguments, at, error);
            return self.fail(problem);
        }
        Ok(Value::Record(Arc::new(renamed)))
    }

    /// The dims of the array by which a key groups.
    fn key_dims(&self, key: &Value) -> Vec<DimName> {
        match key {
            Value::Array(operand) => self.ty(*operand).dims.names().cloned().collect(),
            Value::Record(fields) => fields.iter().flat_map(|(_, value)| self.key_dims(value)).collect(),
            Value::List(keys) => keys.iter().flat_map(|key| self.key_dims(key)).collect(),
            Value::Name(dim) => vec![DimName::new(dim)],
            _ => Vec::new(),
        }
    }

    /// The dims that any of some variables has.
    pub(super) fn all_dims(&self, variables: &Variables) -> BTreeSet<DimName> {
        let operands = variables.iter().filter_map(|(_, value)| operand(value));
        operands.flat_map(|x| self.ty(x).dims.names().cloned().collect::<Vec<_>>()).collect()
    }

    /// The names of the coordinates, besides labels of dims, that any of some variables has.
    fn all_coordinates(&self, variables: &Variables) -> BTreeSet<String> {
        let operands = variables.iter().filter_map(|(_, value)| operand(value));
        operands.flat_map(|x| self.auxiliary_names(x)).collect()
    }

    /// The variable with the most dims, in which names of dims and coordinates are looked up.
    pub(super) fn widest(&self, variables: &Variables) -> Option<Operand> {
        let rank = |x: &Operand| self.ty(*x).rank();
        variables.iter().filter_map(|(_, value)| operand(value)).reduce(|a, b| if rank(&b) > rank(&a) { b } else { a })
    }

    /// `data[time: 0..<12]`: every variable that has one of the dims is indexed.
    pub(super) fn index_all(&mut self, all: &Value, args: &[Arg], (base, at): (Span, Span)) -> Lowering<Value> {
        let all = variables(all).unwrap_or_default();
        let dims = self.all_dims(all);
        let mut results = Vec::new();
        for (name, value) in all {
            let Some(x) = operand(value) else { continue };
            let ty = self.ty(x);
            let is_own = |arg: &&Arg| {
                let dim = arg.name.as_ref().map(|name| DimName::new(&name.value));
                dim.is_none_or(|dim| ty.dims.axis(&dim).is_some() || !dims.contains(&dim))
            };
            let own: Vec<Arg> = args.iter().filter(is_own).cloned().collect();
            let result = match self.env.beyond.clone() {
                _ if own.is_empty() => value.clone(),
                Some(beyond) => self.relative(&beyond, x, &own, at)?,
                None => self.array_index(x, base, &own, at)?,
            };
            results.push((name.clone(), result));
        }
        Ok(Value::Record(Arc::new(results)))
    }
}
