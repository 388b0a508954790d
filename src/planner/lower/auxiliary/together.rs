//! Auxiliary coordinates of arrays that are joined, or brought to the same labels.

use std::sync::Arc;

use super::follow::{Given, arrays, fits};
use super::{Auxiliary, Joined, Map, Origin};
use crate::array::DimName;
use crate::operators::arguments::axis;
use crate::operators::{Arguments, Operand, Operator, Value, find};
use crate::planner::lower::Lowerer;
use crate::source::{Span, Spanned};

impl Lowerer<'_> {
    /// The coordinates of one of several results, each of which is an argument with other labels.
    pub(super) fn each(
        &mut self,
        arguments: &Arguments,
        (given, results): (&[Given], usize),
        (place, one): (usize, &Given),
        at: Span,
    ) -> Arc<Map> {
        let is_named = |other: &&Given| !one.name.is_empty() && other.name == one.name;
        let before = match given.len() == results {
            true => given.get(place).filter(|before| before.name == one.name || one.name.is_empty()),
            false => given.iter().find(is_named),
        };
        let Some(before) = before else { return Arc::default() };
        let (from, to) = (self.ty(before.operand), self.ty(one.operand));
        let Some(map) = self.auxiliaries(before.operand).cloned() else { return Arc::default() };
        let overrides = arguments.str_opt("join") == Ok(Some("override"));
        let mut all = Map::new();
        for (name, c) in map.iter().filter(|(name, _)| to.dims.axis(&DimName::new(name)).is_none()) {
            let have_size = c.dims.iter().all(|dim| from.dims.get(dim) == to.dims.get(dim));
            if fits(&c.dims, &from, &to) || (have_size && overrides) {
                all.insert(name.clone(), c.clone());
            } else if let Some(operator) = find("reindex_like")
                && let [x, other, ..] = operator.signature.params
            {
                let value = |operand| Spanned::new(Value::Array(operand), at);
                let named = vec![(x.name, value(before.operand)), (other.name, value(one.operand))];
                let arguments = Box::new(Arguments { named, ..Arguments::default() });
                let (from, to, of) = (from.clone(), to.clone(), c.clone());
                let origin = Origin::Called { operator, arguments, place: 0, from, to, of };
                all.insert(name.clone(), Auxiliary::new(c.dims.clone(), origin, at));
            }
        }
        Arc::new(all)
    }

    /// The coordinates that all of several joined arrays have: joined with them where they lie along the dim or differ.
    pub(super) fn coordinates_joined(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        out: Operand,
        at: Span,
    ) -> Arc<Map> {
        let Some(place) = arguments.named.iter().position(|(_, v)| matches!(v.value, Value::List(_))) else {
            return Arc::default();
        };
        let mut items = Vec::new();
        arrays("", &arguments.named[place].1.value, &mut items);
        let Some(first) = items.first().map(|one| self.ty(one.operand)) else { return Arc::default() };
        let dim = match arguments.value("dim") {
            Value::Name(name) | Value::Str(name) => DimName::new(name),
            value => match axis(value, &first) {
                Ok(axis) => first.dims[axis].name.clone(),
                Err(_) => return Arc::default(),
            },
        };
        let is_new = first.dims.axis(&dim).is_none();
        let to = self.ty(out);
        let mut all = Map::new();
        for name in self.auxiliary_names(items[0].operand) {
            if to.dims.axis(&DimName::new(&name)).is_some() {
                continue;
            }
            let each = items.iter().map(|one| {
                let c = self.auxiliaries(one.operand)?.get(&name)?.clone();
                Some((c, self.ty(one.operand)))
            });
            let Some(each) = each.collect::<Option<Vec<_>>>() else { continue };
            let others = |c: &Auxiliary| c.dims.iter().filter(|other| **other != dim).cloned().collect::<Vec<_>>();
            if !each.iter().all(|(c, from)| fits(&others(c), from, &to)) {
                continue;
            }
            let own = &each[0].0;
            let is_along = own.dims.contains(&dim);
            if !is_along && each.iter().all(|(c, _)| c.is(own)) {
                all.insert(name, own.clone());
                continue;
            }
            let mut dims = own.dims.clone();
            if !is_along {
                dims.insert(0, dim.clone());
            }
            let mut arguments = arguments.clone();
            arguments.named.retain(|(name, _)| *name != "labels");
            let joined = Joined { operator, arguments, place, dim: dim.clone(), is_new, items: each };
            all.insert(name, Auxiliary::new(dims, Origin::Joined(Box::new(joined)), at));
        }
        all.retain(|_, c| c.dims.iter().all(|dim| to.dims.axis(dim).is_some()));
        Arc::new(all)
    }

    /// The labels that the new dim of joined arrays gets: single coordinates of its name, where all have one.
    pub(in crate::planner::lower) fn labels_of_joined(
        &mut self,
        operator: &Operator,
        arguments: &Arguments,
        at: Span,
    ) -> Option<Arguments> {
        if operator.name != "stack" || arguments.get("labels").is_some() {
            return None;
        }
        let (Some(Value::List(list)), Ok(Some(dim))) = (arguments.get("arrays"), arguments.str_opt("dim")) else {
            return None;
        };
        let mut labels = Vec::new();
        for item in list.iter() {
            let Value::Array(x) = item else { return None };
            let label = self.auxiliary_of(*x, dim).filter(|label| self.ty(*label).rank() == 0)?;
            self.known_block(label)?;
            labels.push(Value::Array(label));
        }
        let mut own = arguments.clone();
        own.named.push(("labels", Spanned::new(Value::List(Arc::new(labels)), at)));
        Some(own)
    }
}
