//! Operators over all variables of a dataset.
//!
//! As in xarray, an operator is applied to each variable of a dataset or record by itself. A variable that has none of the
//! dims the call names stays as it is, and so does one without the dim that others are grouped or windowed along. Two
//! datasets go together by the names of their variables; those that only one has are left out.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Lowerer, Lowering};
use crate::array::DimName;
use crate::operators::{Arguments, Operand, Operator, ParamKind, Value};
use crate::parser::ast::Arg;
use crate::source::{Span, Spanned};

/// Variables by name.
type Variables = [(String, Value)];

/// The variables of a dataset: of a record of nothing but arrays, or views that wait for their reduction.
pub(super) fn variables(value: &Value) -> Option<&Variables> {
    let Value::Record(fields) = value else { return None };
    let are_variables = fields.iter().all(|(_, value)| operand(value).is_some());
    (are_variables && !fields.is_empty()).then_some(fields)
}

fn operand(value: &Value) -> Option<Operand> {
    match value {
        Value::Array(operand) => Some(*operand),
        Value::View(view) => Some(view.operand),
        _ => None,
    }
}

/// What becomes of a variable.
enum Part {
    /// The operator is applied with these arguments.
    Applied(Box<Arguments>),
    /// It stays.
    Kept,
    /// It is left out.
    Absent,
}

impl Lowerer<'_> {
    /// Applies an operator: to each variable, where an argument that should be an array is a dataset.
    pub(super) fn apply_to_all(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        at: Span,
    ) -> Lowering<Value> {
        self.for_each_variable(operator, arguments, &mut |l, own| l.apply(operator, own, at))
    }

    /// Calls `apply` once, or with each variable, where an argument that should be an array is a dataset.
    pub(super) fn for_each_variable(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        apply: &mut dyn FnMut(&mut Self, &Arguments) -> Lowering<Value>,
    ) -> Lowering<Value> {
        let takes_array = |name: &str| {
            let is_array = |kind| matches!(kind, ParamKind::Array | ParamKind::ArrayOrView);
            operator.signature.params.iter().any(|param| param.name == name && is_array(param.kind))
        };
        let is_dataset = |name: &str, value: &Value| takes_array(name) && variables(value).is_some();
        let Some(place) = arguments.named.iter().position(|(name, value)| is_dataset(name, &value.value)) else {
            return apply(self, arguments);
        };
        let all = variables(&arguments.named[place].1.value).unwrap_or_default();
        let dims = self.all_dims(all);
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
    fn part(
        &self,
        operator: &Operator,
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
        let has = |dim: &DimName| operand(value).is_some_and(|x| self.ty(x).dims.axis(dim).is_some());
        let is_foreign = |dim: &DimName| dims.contains(dim) && !has(dim);
        let is_foreign_name = |value: &Value| matches!(value, Value::Name(dim) if is_foreign(&DimName::new(dim)));
        let kind = |name: &str| operator.signature.params.iter().find(|p| p.name == name).map(|p| p.kind);
        let lacks = |(name, argument): &(&'static str, Spanned<Value>)| match kind(name) {
            Some(ParamKind::Dim) => is_foreign_name(&argument.value),
            Some(ParamKind::Key) => self.key_dims(&argument.value).iter().any(is_foreign),
            _ => false,
        };
        if own.named.iter().any(lacks) {
            return Part::Kept;
        }
        own.variadic.retain(|argument| !is_foreign_name(&argument.value));
        own.per_dim.retain(|(name, _)| !is_foreign(&DimName::new(&name.value)));
        let is_less = (own.variadic.len(), own.per_dim.len()) != (arguments.variadic.len(), arguments.per_dim.len());
        match is_less && own.variadic.is_empty() && own.per_dim.is_empty() {
            true => Part::Kept,
            false => Part::Applied(Box::new(own)),
        }
    }

    /// The dims of the array by which a key groups.
    fn key_dims(&self, key: &Value) -> Vec<DimName> {
        match key {
            Value::Array(operand) => self.ty(*operand).dims.names().cloned().collect(),
            Value::Record(fields) => fields.iter().flat_map(|(_, value)| self.key_dims(value)).collect(),
            Value::Name(dim) => vec![DimName::new(dim)],
            _ => Vec::new(),
        }
    }

    /// The dims that any of some variables has.
    fn all_dims(&self, variables: &Variables) -> BTreeSet<DimName> {
        let operands = variables.iter().filter_map(|(_, value)| operand(value));
        operands.flat_map(|x| self.ty(x).dims.names().cloned().collect::<Vec<_>>()).collect()
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
            let result = if own.is_empty() { value.clone() } else { self.array_index(x, base, &own, at)? };
            results.push((name.clone(), result));
        }
        Ok(Value::Record(Arc::new(results)))
    }
}
