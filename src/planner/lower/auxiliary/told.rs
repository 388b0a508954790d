//! Calls that are about coordinates: `assign_coords`, `drop_coords`, `rename`, `expand_dims` of an array.
//!
//! Operators see the labels of dims. What a call says of auxiliary coordinates is taken out of it here, and done to those
//! of the result.

use std::sync::Arc;

use super::{Auxiliary, Map, Origin};
use crate::array::{ArrayType, DType, DimName};
use crate::operators::error::Culprit;
use crate::operators::index::{IndexMap, Labels};
use crate::operators::{Arguments, Builder, Call, Operand, Operator, Pattern, TypeError, Units, Value};
use crate::planner::lower::{Lowerer, Lowering};
use crate::source::{Span, Spanned};

/// The name that a value is.
pub(super) fn name_of(value: &Value) -> Option<&str> {
    match value {
        Value::Name(name) | Value::Str(name) if !name.is_empty() => Some(name),
        _ => None,
    }
}

impl Lowerer<'_> {
    /// A call that is about coordinates.
    pub(in crate::planner::lower) fn tell(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        at: Span,
    ) -> Lowering<Value> {
        let subject = arguments.named.first().map(|(_, value)| value.value.clone());
        match (subject, operator.name) {
            (Some(Value::Array(x)), "rename") => self.rename_coordinates(operator, arguments, x, at),
            (Some(Value::Array(x)), "assign_coords") => self.assign_coordinates(operator, arguments, x, at),
            (Some(Value::Array(x)), "drop_coords") => self.drop_coordinates(operator, arguments, x, at),
            (Some(Value::Array(x)), "expand_dims") => self.expand_by_coordinate(operator, arguments, x, at),
            (Some(Value::Array(x)), "swap_dims") => self.swap_to_coordinate(operator, arguments, x, at),
            (Some(Value::Record(fields)), "swap_dims") => self.swap_to_coordinates(operator, arguments, &fields, at),
            (Some(Value::Record(fields)), "drop_vars") => self.drop_all(operator, arguments, &fields, at),
            (Some(Value::Record(fields)), "set_coords") => self.set_coords(operator, arguments, &fields, at),
            (Some(Value::Record(fields)), "reset_coords") => self.reset_coords(operator, arguments, &fields, at),
            _ => self.apply_by(operator, arguments, at, operator.expand),
        }
    }

    /// Tells what is wrong with a call.
    pub(super) fn blamed<T>(
        &mut self,
        operator: &Operator,
        arguments: &Arguments,
        at: Span,
        error: TypeError,
    ) -> Lowering<T> {
        let problem = self.placed(operator, arguments, at, error);
        self.fail(problem)
    }

    /// A node of its own for an array, so that it can have other coordinates.
    pub(super) fn apart(&mut self, x: Operand, at: Span) -> Operand {
        let dtype = self.ty(x).dtype;
        let pattern = Pattern::Injective(IndexMap::Relabel(Labels::default()));
        let call = Call { name: "relabel", text: "coordinates".to_owned(), pattern, dtype, units: Units::Kept };
        let before = self.lowered.graph.len();
        let apart = self.tried(at, |builder: &mut dyn Builder| builder.apply(call, &[x])).unwrap_or(x);
        self.built_since(before);
        apart
    }

    /// The result of a call with these coordinates: of a node of its own where it is the argument.
    pub(super) fn with_auxiliaries(&mut self, y: Operand, x: Operand, map: Map, at: Span) -> Value {
        let same = self.auxiliaries(x).map_or(map.is_empty(), |before| {
            before.len() == map.len() && before.iter().zip(&map).all(|((n, a), (m, b))| n == m && Arc::ptr_eq(a, b))
        });
        let y = if y == x && !same { self.apart(y, at) } else { y };
        self.set_auxiliaries(y, Arc::new(map));
        Value::Array(y)
    }

    /// The coordinates of an array, to be changed.
    pub(super) fn map_of(&self, x: Operand) -> Map {
        self.auxiliaries(x).map(|map| (**map).clone()).unwrap_or_default()
    }

    /// The coordinates of an array of the type `from` after dims got other names, by a call of `rename`.
    pub(super) fn under_new_names(
        &self,
        map: &Map,
        from: &Arc<ArrayType>,
        renamed: &[(DimName, DimName)],
        at: Span,
    ) -> Map {
        let new = |dim: &DimName| renamed.iter().find(|(old, _)| old == dim).map_or(dim, |(_, new)| new).clone();
        let dims: Vec<(DimName, DimName)> =
            renamed.iter().filter(|(old, _)| from.dims.axis(old).is_some()).cloned().collect();
        let changed = |c: &Arc<Auxiliary>| match c.dims.iter().any(|dim| dims.iter().any(|(old, _)| old == dim)) {
            false => c.clone(),
            true => {
                let origin = Origin::Renamed { dims: dims.clone(), of: c.clone() };
                Auxiliary::new(c.dims.iter().map(new).collect(), origin, at)
            }
        };
        map.iter().map(|(name, c)| (name.clone(), changed(c))).collect()
    }

    /// `rename(x, time: t, lat2: latitude)`
    fn rename_coordinates(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        x: Operand,
        at: Span,
    ) -> Lowering<Value> {
        let ty = self.ty(x);
        let is_own = |name: &str| ty.dims.axis(&DimName::new(name)).is_none() && self.has_auxiliary(x, name);
        let (own, of_dims): (Vec<_>, Vec<_>) =
            arguments.per_dim.iter().cloned().partition(|(name, _)| is_own(&name.value));
        let rest = Arguments { per_dim: of_dims, ..arguments.clone() };
        let y = match self.apply_by(operator, &rest, at, operator.expand)? {
            Value::Array(y) => y,
            other => return Ok(other),
        };
        let dims = rest.per_dim.iter();
        let renamed: Vec<(DimName, DimName)> = dims
            .filter_map(|(old, new)| Some((DimName::new(&old.value), DimName::new(name_of(&new.value)?))))
            .collect();
        let mut map = self.under_new_names(&self.map_of(x), &ty, &renamed, at);
        let mut moved = Vec::new();
        for (old, new) in &own {
            let Some(name) = name_of(&new.value) else {
                let help = format!("a name that is taken in the script goes in quotes: `{}: \"name\"`", old.value);
                let place = format!("the new name of `{}`", old.value);
                return self.expected(&place, "a name", &new.value, new.span, Some(help));
            };
            moved.extend(map.remove(&old.value).map(|c| (old, name.to_owned(), c)));
        }
        for (old, name, c) in moved {
            let is_dim = self.ty(y).dims.axis(&DimName::new(&name)).is_some();
            if is_dim || map.contains_key(&name) {
                let what = if is_dim { "a dim" } else { "another coordinate" };
                let message = format!("the coordinate `{}` would be called `{name}`, as {what}", old.value);
                let error = TypeError::new("ff::type::coords", message);
                let error = error.at(Culprit::Named(old.value.clone()), "this name is taken");
                return self.blamed(operator, arguments, at, error);
            }
            map.insert(name, c);
        }
        map.retain(|name, _| self.ty(y).dims.axis(&DimName::new(name)).is_none());
        Ok(self.with_auxiliaries(y, x, map, at))
    }

    /// `assign_coords(x, time: [1, 2], lat2: a, height: 2.0)`
    fn assign_coordinates(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        x: Operand,
        at: Span,
    ) -> Lowering<Value> {
        let ty = self.ty(x);
        let (of_dims, own): (Vec<_>, Vec<_>) = arguments.per_dim.iter().cloned().partition(|(name, value)| {
            let is_none = value.value == Value::None && !self.has_auxiliary(x, &name.value);
            let is_labels = matches!(value.value, Value::List(_) | Value::Range(_) | Value::View(_) | Value::Record(_));
            ty.dims.axis(&DimName::new(&name.value)).is_some()
                || name.value.parse::<i64>().is_ok()
                || is_none
                || is_labels
        });
        let rest = Arguments { per_dim: of_dims, ..arguments.clone() };
        let y = match self.apply_by(operator, &rest, at, operator.expand)? {
            Value::Array(y) => y,
            other => return Ok(other),
        };
        let mut map = self.map_of(x);
        for (name, value) in own {
            let culprit = Culprit::Named(name.value.clone());
            let Some(given) = self.coordinate_given(&value) else {
                if value.value == Value::None {
                    map.remove(&name.value);
                    continue;
                }
                let message = format!("a coordinate is an array or a single value, this is {}", value.value.kind());
                let error = TypeError::new("ff::type::argument", message).at(culprit, "expected an array");
                return self.blamed(operator, arguments, at, error);
            };
            if let Some(error) = unfit(&name.value, &self.ty(given), &self.ty(y)) {
                return self.blamed(operator, arguments, at, error.or_at(culprit));
            }
            let dims = self.ty(given).dims.names().cloned().collect();
            map.insert(name.value, Auxiliary::new(dims, Origin::Array(given), at));
        }
        Ok(self.with_auxiliaries(y, x, map, at))
    }

    /// An array, or a single value as one.
    fn coordinate_given(&mut self, value: &Spanned<Value>) -> Option<Operand> {
        let dtype = match &value.value {
            Value::Array(x) => return Some(*x),
            Value::Bool(_) => DType::Bool,
            Value::Int(_) => DType::I64,
            Value::UInt(_) => DType::U64,
            Value::Float(_) => DType::F64,
            Value::Str(_) => DType::Str,
            Value::Duration { .. } => DType::Duration,
            _ => return None,
        };
        let scalar = value.value.scalar()?;
        Some(self.scalar_constant(dtype, scalar, value.span))
    }

    /// `drop_coords(x, time, height)`: labels of dims and other coordinates; all where none is named.
    fn drop_coordinates(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        x: Operand,
        at: Span,
    ) -> Lowering<Value> {
        let ty = self.ty(x);
        let mut map = self.map_of(x);
        let mut rest = arguments.clone();
        rest.variadic.retain(|value| {
            let name = name_of(&value.value).filter(|name| ty.dims.axis(&DimName::new(name)).is_none());
            name.is_none_or(|name| map.remove(name).is_none())
        });
        if arguments.variadic.is_empty() {
            map.clear();
        }
        let are_all_own = rest.variadic.is_empty() && !arguments.variadic.is_empty();
        let y = match are_all_own {
            true => x,
            false => match self.apply_by(operator, &rest, at, operator.expand)? {
                Value::Array(y) => y,
                other => return Ok(other),
            },
        };
        Ok(self.with_auxiliaries(y, x, map, at))
    }

    /// `expand_dims(x, time)`: a single coordinate of that name becomes the label of the dim.
    fn expand_by_coordinate(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        x: Operand,
        at: Span,
    ) -> Lowering<Value> {
        let mut own = arguments.clone();
        let mut map = self.map_of(x);
        if let Ok(Some(dim)) = arguments.str_opt("dim")
            && let label = self.auxiliary_of(x, dim)
            && map.remove(dim).is_some()
            && let Some(label) = label
        {
            let is_known =
                |l: &mut Self| l.tried(at, |builder: &mut dyn Builder| builder.chosen_by(label)).flatten().is_some();
            if arguments.get("label").is_none() && self.ty(label).rank() == 0 && is_known(self) {
                own.named.retain(|(name, _)| *name != "label");
                own.named.push(("label", Spanned::new(Value::Array(label), at)));
            }
        }
        match self.apply_by(operator, &own, at, operator.expand)? {
            Value::Array(y) => Ok(self.with_auxiliaries(y, x, map, at)),
            other => Ok(other),
        }
    }
}

/// Why an array cannot be a coordinate of another, if it cannot.
pub(super) fn unfit(name: &str, own: &ArrayType, of: &ArrayType) -> Option<TypeError> {
    let error = |message: String| TypeError::new("ff::type::coords", message);
    own.dims.iter().find_map(|dim| match of.dims.get(&dim.name) {
        None => {
            let help = "a coordinate lies along dims that the array has; labels of a dim bear its name";
            let message = format!("the coordinate `{name}` lies along `{}`, and the array does not: {of}", dim.name);
            Some(error(message).with_help(help))
        }
        Some(other) if other.size != dim.size => Some(error(format!(
            "the coordinate `{name}` has {} elements along `{}`, and the array {}",
            dim.size, dim.name, other.size
        ))),
        Some(_) => {
            let first = own.coord(&dim.name)?.first_difference(of.coord(&dim.name)?)?;
            Some(error(format!(
                "the labels along `{}` of the coordinate `{name}` are not the array's: position {first} differs",
                dim.name
            )))
        }
    })
}
