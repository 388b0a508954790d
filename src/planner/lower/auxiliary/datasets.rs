//! Calls that are about the coordinates of datasets: `set_coords`, `reset_coords`, `swap_dims`, `drop_vars`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::told::{name_of, unfit};
use super::{Auxiliary, Map, Origin};
use crate::array::DimName;
use crate::operators::error::{Culprit, closest};
use crate::operators::{Arguments, Operand, Operator, TypeError, Value};
use crate::planner::lower::{Lowerer, Lowering};
use crate::source::{Span, Spanned};

/// The variables of a dataset.
type Fields = [(String, Value)];

/// The names that positional arguments are, with their places; a list of texts stands for its items.
fn names(arguments: &Arguments) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for (place, value) in arguments.variadic.iter().enumerate() {
        let alone = std::slice::from_ref(&value.value);
        let items = if let Value::List(items) = &value.value { items } else { alone };
        all.extend(items.iter().filter_map(name_of).map(|name| (place, name.to_owned())));
    }
    all
}

/// The same arguments with other names.
fn with_names(arguments: &Arguments, names: &[(usize, String)]) -> Arguments {
    let span = |place: usize| arguments.variadic[place].span;
    let variadic = names.iter().map(|(place, name)| Spanned::new(Value::Name(name.clone()), span(*place))).collect();
    Arguments { variadic, ..arguments.clone() }
}

impl Lowerer<'_> {
    /// `assign_coords(data, month: m, height: 2.0)`: each variable gets the labels of its dims, and the coordinates along
    /// dims that it has.
    pub(in crate::planner::lower) fn assign_all(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        fields: &Fields,
        at: Span,
    ) -> Lowering<Value> {
        let dims = self.all_dims(fields);
        let mut is_used = vec![false; arguments.per_dim.len()];
        let mut out = Vec::new();
        for (field, value) in fields {
            let Value::Array(x) = value else {
                out.push((field.clone(), value.clone()));
                continue;
            };
            let ty = self.ty(*x);
            let mut own = arguments.clone();
            own.named[0].1.value = value.clone();
            own.per_dim.clear();
            for (entry, is_used) in arguments.per_dim.iter().zip(&mut is_used) {
                let (name, given) = (&entry.0.value, &entry.1.value);
                let fits = match given {
                    _ if dims.contains(&DimName::new(name)) => ty.dims.axis(&DimName::new(name)).is_some(),
                    Value::Array(given) => unfit(name, &self.ty(*given), &ty).is_none(),
                    _ => true,
                };
                *is_used |= fits;
                own.per_dim.extend(fits.then(|| entry.clone()));
            }
            let result = if own.per_dim.is_empty() { value.clone() } else { self.apply(operator, &own, at)? };
            out.push((field.clone(), result));
        }
        if let (Some(unused), Some(widest)) = (is_used.iter().position(|used| !used), self.widest(fields)) {
            let mut own = arguments.clone();
            own.named[0].1.value = Value::Array(widest);
            own.per_dim = vec![arguments.per_dim[unused].clone()];
            return self.apply(operator, &own, at);
        }
        Ok(Value::Record(Arc::new(out)))
    }

    /// The first variable with a coordinate of this name.
    fn having(&self, fields: &Fields, name: &str) -> Option<Operand> {
        fields.iter().find_map(|(_, value)| match value {
            Value::Array(x) if self.has_auxiliary(*x, name) => Some(*x),
            _ => None,
        })
    }

    /// `drop_vars(data, a, height)`: variables, labels and other coordinates.
    pub(super) fn drop_all(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        fields: &Fields,
        at: Span,
    ) -> Lowering<Value> {
        let is_variable = |name: &str| fields.iter().any(|(n, _)| n == name);
        let (own, others): (Vec<_>, Vec<_>) =
            names(arguments).into_iter().partition(|(_, n)| !is_variable(n) && self.having(fields, n).is_some());
        let rest = if own.is_empty() { arguments.clone() } else { with_names(arguments, &others) };
        let result = self.apply_by(operator, &rest, at, operator.expand)?;
        let Value::Record(left) = result else { return Ok(result) };
        let mut out = left.to_vec();
        for (name, value) in &mut out {
            let before = fields.iter().find(|(n, _)| n == name).map(|(_, before)| before.clone());
            if let (Value::Array(y), Some(Value::Array(x))) = (&*value, before) {
                let mut map = self.map_of(x);
                own.iter().for_each(|(_, name)| drop(map.remove(name)));
                *value = self.with_auxiliaries(*y, x, map, at);
            }
        }
        Ok(Value::Record(Arc::new(out)))
    }

    /// `set_coords(data, lat, lon)`: variables become coordinates of those that have their dims.
    pub(super) fn set_coords(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        fields: &Fields,
        at: Span,
    ) -> Lowering<Value> {
        let result = self.apply_by(operator, arguments, at, operator.expand)?;
        let Value::Record(left) = result else { return Ok(result) };
        let mut maps: Vec<Option<(Operand, Map)>> = Vec::new();
        for (_, value) in left.iter() {
            maps.push(match value {
                Value::Array(x) => Some((*x, self.map_of(*x))),
                _ => None,
            });
        }
        for (place, name) in names(arguments) {
            let Some((_, Value::Array(given))) = fields.iter().find(|(n, _)| *n == name) else { continue };
            let dims: Vec<DimName> = self.ty(*given).dims.names().cloned().collect();
            let mut is_carried = false;
            for (x, map) in maps.iter_mut().flatten() {
                let ty = self.ty(*x);
                if unfit(&name, &self.ty(*given), &ty).is_none() && ty.dims.axis(&DimName::new(&name)).is_none() {
                    is_carried = true;
                    map.insert(name.clone(), Auxiliary::new(dims.clone(), Origin::Array(*given), at));
                }
            }
            if !is_carried {
                let message =
                    format!("no variable that is left has the dims of `{name}`, which is {}", self.ty(*given));
                let error = TypeError::new("ff::type::coords", message).at(Culprit::Variadic(place), "of no variable");
                let help = "a coordinate belongs to a variable that has its dims";
                return self.blamed(operator, arguments, at, error.with_help(help));
            }
        }
        let mut out = left.to_vec();
        for ((_, value), map) in out.iter_mut().zip(maps) {
            if let Some((x, map)) = map {
                *value = self.with_auxiliaries(x, x, map, at);
            }
        }
        Ok(Value::Record(Arc::new(out)))
    }

    /// `reset_coords(data, height)`: coordinates become variables; all where none is named.
    pub(super) fn reset_coords(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        fields: &Fields,
        at: Span,
    ) -> Lowering<Value> {
        self.apply_by(operator, arguments, at, operator.expand)?;
        let operands = || fields.iter().filter_map(|(_, v)| if let Value::Array(x) = v { Some(*x) } else { None });
        let known: BTreeSet<String> = operands().flat_map(|x| self.auxiliary_names(x)).collect();
        let named = match arguments.variadic.is_empty() {
            true => known.iter().map(|name| (0, name.clone())).collect(),
            false => names(arguments),
        };
        let mut more = Vec::new();
        for (place, name) in &named {
            let is_variable = fields.iter().any(|(n, _)| n == name);
            let value = operands().find_map(|x| self.auxiliary_of(x, name)).filter(|_| !is_variable);
            match value {
                Some(value) => more.push((name.clone(), Value::Array(value))),
                None if arguments.variadic.is_empty() => {}
                None => {
                    let message = match is_variable {
                        true => format!("`{name}` is a variable of the dataset already"),
                        false => format!("the dataset has no coordinate `{name}` besides the labels of its dims"),
                    };
                    let error = TypeError::new("ff::type::variable", message);
                    let error = error.at(Culprit::Variadic(*place), "no such coordinate");
                    let names: Vec<&str> = known.iter().map(String::as_str).collect();
                    let help = match closest(name, names.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None if names.is_empty() => "it has none".to_owned(),
                        None => format!("its coordinates are {}", names.join(", ")),
                    };
                    return self.blamed(operator, arguments, at, error.with_help(help));
                }
            }
        }
        let mut out = fields.to_vec();
        out.extend(more);
        for (_, value) in &mut out {
            if let Value::Array(x) = *value {
                let mut map = self.map_of(x);
                named.iter().for_each(|(_, name)| drop(map.remove(name)));
                *value = self.with_auxiliaries(x, x, map, at);
            }
        }
        Ok(Value::Record(Arc::new(out)))
    }

    /// `swap_dims(x, time: step)`: a coordinate along a dim becomes its labels.
    pub(super) fn swap_to_coordinate(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        x: Operand,
        at: Span,
    ) -> Lowering<Value> {
        for (old, new) in &arguments.per_dim {
            let Some(name) = name_of(&new.value).map(str::to_owned) else { continue };
            if !self.has_auxiliary(x, &name) {
                let message = format!("{} has no coordinate `{name}` besides the labels of its dims", self.ty(x));
                let error = TypeError::new("ff::type::coords", message);
                let error = error.at(Culprit::Named(old.value.clone()), "no such coordinate");
                let known = self.auxiliary_names(x);
                let error = match known.is_empty() {
                    true => error.with_help("`assign_coords` sets labels, and `rename` gives the dim another name"),
                    false => error.with_help(format!("its coordinates are {}", known.join(", "))),
                };
                return self.blamed(operator, arguments, at, error);
            }
        }
        let fields = vec![("x".to_owned(), Value::Array(x))];
        let result = self.swap_to_coordinates(operator, arguments, &fields, at)?;
        match result {
            Value::Record(fields) => Ok(fields.first().map_or(Value::Array(x), |(_, value)| value.clone())),
            other => Ok(other),
        }
    }

    /// `swap_dims(data, time: step)`: a variable or a coordinate along a dim becomes its labels. Where it is a coordinate,
    /// the labels there were become one.
    pub(super) fn swap_to_coordinates(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        fields: &Fields,
        at: Span,
    ) -> Lowering<Value> {
        let mut own = arguments.clone();
        let mut all = fields.to_vec();
        let mut renamed = Vec::new();
        let mut of_coordinates = Vec::new();
        for (old, new) in &arguments.per_dim {
            let Some(name) = name_of(&new.value) else { continue };
            renamed.push((DimName::new(&old.value), DimName::new(name)));
            let is_variable = fields.iter().any(|(n, _)| n == name);
            if let Some(x) = self.having(fields, name).filter(|_| !is_variable)
                && let Some(labels) = self.auxiliary_of(x, name)
            {
                all.push((name.to_owned(), Value::Array(labels)));
                of_coordinates.push(old.value.clone());
            }
        }
        own.named[0].1.value = Value::Record(Arc::new(all));
        let result = self.apply_by(operator, &own, at, operator.expand)?;
        let Value::Record(swapped) = result else { return Ok(result) };
        let (before, mut out): (Vec<_>, Vec<_>) = swapped
            .iter()
            .cloned()
            .partition(|(name, _)| of_coordinates.contains(name) && fields.iter().all(|(n, _)| n != name));
        for (name, value) in &mut out {
            let original = fields.iter().find(|(n, _)| n == name).map(|(_, before)| before.clone());
            let (Value::Array(y), Some(Value::Array(x))) = (&*value, original) else { continue };
            let (from, to) = (self.ty(x), self.ty(*y));
            let mut map = self.under_new_names(&self.map_of(x), &from, &renamed, at);
            for (name, labels) in &before {
                if let Value::Array(labels) = labels
                    && unfit(name, &self.ty(*labels), &to).is_none()
                {
                    let dims = self.ty(*labels).dims.names().cloned().collect();
                    map.insert(name.clone(), Auxiliary::new(dims, Origin::Array(*labels), at));
                }
            }
            map.retain(|name, _| to.dims.axis(&DimName::new(name)).is_none());
            *value = self.with_auxiliaries(*y, x, map, at);
        }
        Ok(Value::Record(Arc::new(out)))
    }
}
