//! What the result of a call has of the auxiliary coordinates of its arguments.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Auxiliary, Map, Origin, estimated};
use crate::array::{ArrayType, DimName};
use crate::operators::auxiliary::{Keeping, keeping};
use crate::operators::view::{View, ViewKind};
use crate::operators::{Arguments, Operand, Operator, ParamKind, Value, find};
use crate::planner::lower::Lowerer;
use crate::source::{Span, Spanned};

/// An array among arguments or results, with the name it has in a record.
#[derive(Clone)]
pub(super) struct Given {
    pub name: String,
    pub operand: Operand,
    pub view: Option<Arc<View>>,
}

/// The arrays of a value.
pub(super) fn arrays(name: &str, value: &Value, into: &mut Vec<Given>) {
    match value {
        Value::Array(operand) => into.push(Given { name: name.to_owned(), operand: *operand, view: None }),
        Value::View(view) => {
            into.push(Given { name: name.to_owned(), operand: view.operand, view: Some(view.clone()) });
        }
        Value::List(items) => items.iter().for_each(|item| arrays(name, item, into)),
        Value::Record(fields) => fields.iter().for_each(|(name, field)| arrays(name, field, into)),
        _ => {}
    }
}

/// The dims that a call names among those of an array; none where it names none, and means all.
fn named_dims(operator: &Operator, arguments: &Arguments, ty: &ArrayType) -> Option<BTreeSet<DimName>> {
    let mut named = BTreeSet::new();
    let mut add = |value: &Value| match value {
        Value::Name(name) | Value::Str(name) => drop(named.insert(DimName::new(name))),
        Value::Int(axis) => {
            let axis = if *axis < 0 { axis + ty.rank() as i64 } else { *axis };
            if let Some(dim) = usize::try_from(axis).ok().and_then(|axis| ty.dims.names().nth(axis)) {
                named.insert(dim.clone());
            }
        }
        _ => {}
    };
    let kind = |name: &str| operator.signature.params.iter().find(|param| param.name == name).map(|param| param.kind);
    for (name, value) in &arguments.named {
        if kind(name) == Some(ParamKind::Dim) {
            add(&value.value);
        }
    }
    if operator.signature.params.iter().any(|param| param.kind == ParamKind::Dims) {
        arguments.variadic.iter().for_each(|value| add(&value.value));
    }
    named.extend(arguments.per_dim.iter().map(|(name, _)| DimName::new(&name.value)));
    (!named.is_empty()).then_some(named)
}

/// The same arguments with dims by name, where they were given by number.
fn by_name(operator: &Operator, arguments: &Arguments, ty: &ArrayType) -> Arguments {
    let mut own = arguments.clone();
    let is_dim = |name: &str| operator.signature.params.iter().any(|p| p.name == name && p.kind == ParamKind::Dim);
    let dims = operator.signature.params.iter().any(|p| p.kind == ParamKind::Dims);
    let named = own.named.iter_mut().filter(|(name, _)| is_dim(name)).map(|(_, value)| value);
    for value in named.chain(own.variadic.iter_mut().filter(|_| dims)) {
        if let Value::Int(axis) = value.value {
            let axis = if axis < 0 { axis + ty.rank() as i64 } else { axis };
            let dim = usize::try_from(axis).ok().and_then(|axis| ty.dims.names().nth(axis));
            value.value = dim.map_or(Value::Int(axis), |dim| Value::Name(dim.as_str().to_owned()));
        }
    }
    own
}

/// The names that a value holds.
fn names_in(value: &Value, into: &mut BTreeSet<DimName>) {
    match value {
        Value::Name(name) => drop(into.insert(DimName::new(name))),
        Value::List(items) => items.iter().for_each(|item| names_in(item, into)),
        Value::Record(fields) => fields.iter().for_each(|(_, field)| names_in(field, into)),
        _ => {}
    }
}

/// Whether a coordinate along these dims of one array goes as it is with another, which is of that type.
pub(super) fn fits(dims: &[DimName], from: &ArrayType, to: &ArrayType) -> bool {
    let same = |dim: &DimName| matches!((from.dims.get(dim), to.dims.get(dim)), (Some(a), Some(b)) if a.size == b.size);
    dims.iter().all(same)
}

impl Lowerer<'_> {
    /// Gives the result of a call what it has of the coordinates of the arguments.
    pub(in crate::planner::lower) fn follow(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        result: &Value,
        at: Span,
    ) {
        let kind = match keeping(operator.name) {
            Keeping::Joined if !matches!(arguments.named.first(), Some((_, v)) if matches!(v.value, Value::List(_))) => {
                Keeping::Applied
            }
            Keeping::ByLabel if operator.name == "where" && arguments.get("drop") != Some(&Value::Bool(true)) => {
                Keeping::Along
            }
            kind => kind,
        };
        let mut given = Vec::new();
        arguments.named.iter().for_each(|(name, value)| arrays(name, &value.value, &mut given));
        arguments.variadic.iter().for_each(|value| arrays("", &value.value, &mut given));
        let mut indexers = Vec::new();
        arguments.per_dim.iter().for_each(|(_, value)| arrays("", &value.value, &mut indexers));
        let mut results = Vec::new();
        arrays("", result, &mut results);
        let is_new = |one: &Given| given.iter().all(|other| other.operand != one.operand);
        let makes_single = matches!(kind, Keeping::Applied | Keeping::Joined | Keeping::Each);
        let none = given.iter().chain(&indexers).all(|one| self.auxiliaries(one.operand).is_none());
        if (none && !makes_single) || kind == Keeping::Told || !results.iter().any(is_new) {
            return;
        }
        for (place, one) in results.iter().enumerate().filter(|(_, one)| is_new(one)) {
            let map = match kind {
                Keeping::Along | Keeping::Told => self.along(&given, one.operand, at),
                Keeping::Applied => self.applied(operator, arguments, (&given, &indexers), one.operand, at),
                Keeping::Padded => self.applied(operator, &padding(arguments), (&given, &[]), one.operand, at),
                Keeping::ByLabel => self.by_label((operator, arguments), &given, one.operand, at),
                Keeping::Shortened => self.shortened(operator, arguments, &given, one.operand, at),
                Keeping::Lost => self.lost(operator, arguments, &given, one.operand),
                Keeping::Each => self.each(arguments, (&given, results.len()), (place, one), at),
                Keeping::Joined => self.coordinates_joined(operator, arguments, one.operand, at),
            };
            self.set_auxiliaries(one.operand, map);
        }
    }

    /// What of a map stays, where all dims stay as they were.
    fn staying(&self, map: &Arc<Map>, (from, to): (&ArrayType, &ArrayType), gone: &[DimName]) -> Arc<Map> {
        let stays = |(name, c): (&String, &Arc<Auxiliary>)| {
            let is_gone = c.dims.iter().any(|dim| gone.contains(dim));
            !is_gone && fits(&c.dims, from, to) && to.dims.axis(&DimName::new(name)).is_none()
        };
        if map.iter().all(stays) {
            return map.clone();
        }
        Arc::new(map.iter().filter(|(name, c)| stays((name, c))).map(|(n, c)| (n.clone(), c.clone())).collect())
    }

    /// The dims of a view whose elements become others in a result of that type.
    fn grouped_dims(&self, view: &View, to: &ArrayType) -> Vec<DimName> {
        let ty = self.ty(view.operand);
        let dims = match &view.kind {
            ViewKind::Groups(groups) => vec![groups.dim.clone()],
            ViewKind::Zones(zones) => zones.dims.clone(),
            ViewKind::Coarsen { windows, .. } => windows.iter().map(|(dim, _)| dim.clone()).collect(),
            ViewKind::Rolling { .. } | ViewKind::Cumulative { .. } | ViewKind::Exponential(_) => Vec::new(),
        };
        let is_same = |dim: &DimName| ty.dims.get(dim) == to.dims.get(dim) && ty.coord(dim) == to.coord(dim);
        dims.into_iter().filter(|dim| !is_same(dim)).collect()
    }

    fn along(&mut self, given: &[Given], out: Operand, at: Span) -> Arc<Map> {
        let to = self.ty(out);
        let mut all: Option<Arc<Map>> = None;
        for one in given {
            let Some(map) = self.auxiliaries(one.operand).cloned() else { continue };
            let from = self.ty(one.operand);
            let gone = one.view.as_ref().map(|view| self.grouped_dims(view, &to)).unwrap_or_default();
            let mut map_left = self.staying(&map, (&from, &to), &gone);
            if let Some(view) = &one.view
                && matches!(view.kind, ViewKind::Coarsen { .. })
                && to.dims != from.dims
            {
                let windows = map.iter().filter(|(_, c)| c.dims.iter().any(|dim| gone.contains(dim)));
                let means = windows.filter(|(_, c)| c.dims.iter().all(|dim| to.dims.axis(dim).is_some()));
                let means: Map = means
                    .map(|(name, c)| {
                        let origin = Origin::Windows { view: view.clone(), of: c.clone() };
                        (name.clone(), Auxiliary::new(c.dims.clone(), origin, at))
                    })
                    .collect();
                map_left = Arc::new(map_left.iter().map(|(n, c)| (n.clone(), c.clone())).chain(means).collect());
            }
            all = Some(match all {
                None => map_left,
                Some(before) => agreed(&before, &map_left, at),
            });
        }
        all.unwrap_or_default()
    }

    /// The call applied to coordinates, too, that have a dim which it names, and to labels whose dim it takes away.
    fn applied(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        (given, indexers): (&[Given], &[Given]),
        out: Operand,
        at: Span,
    ) -> Arc<Map> {
        let Some(x) = given.first().map(|one| one.operand) else { return Arc::default() };
        let Some(place) = arguments.named.iter().position(|(_, v)| v.value == Value::Array(x)) else {
            return Arc::default();
        };
        let (from, to) = (self.ty(x), self.ty(out));
        let arguments = by_name(operator, arguments, &from);
        let named = match operator.name {
            "stack" | "reindex_like" | "interp_like" => None,
            _ => named_dims(operator, &arguments, &from),
        };
        let is_named = |dim: &DimName| named.as_ref().is_none_or(|named| named.contains(dim));
        let called = |of: Arc<Auxiliary>| {
            let dims = estimated(&of.dims, &from, &to);
            let (arguments, from, to) = (Box::new(arguments.clone()), from.clone(), to.clone());
            Auxiliary::new(dims, Origin::Called { operator, arguments, place, from, to, of }, at)
        };
        let mut map = Map::new();
        for (name, c) in self.auxiliaries(x).cloned().unwrap_or_default().iter() {
            let touched = c.dims.iter().any(is_named);
            map.insert(name.clone(), if touched { called(c.clone()) } else { c.clone() });
        }
        for dim in from.dims.names().filter(|dim| to.dims.axis(dim).is_none()) {
            if let Some(coord) = from.coord(dim) {
                let labels = Auxiliary::new(vec![dim.clone()], Origin::Labels(coord.clone(), x), at);
                map.insert(dim.as_str().to_owned(), called(labels));
            }
        }
        map.retain(|name, c| {
            to.dims.axis(&DimName::new(name)).is_none() && c.dims.iter().all(|dim| to.dims.axis(dim).is_some())
        });
        let own = Arc::new(map);
        match indexers.is_empty() {
            true => own,
            false => {
                let theirs = self.along(indexers, out, at);
                let more = theirs.iter().filter(|(name, _)| !own.contains_key(*name));
                let all = own.iter().chain(more);
                Arc::new(all.map(|(name, c)| (name.clone(), c.clone())).collect())
            }
        }
    }

    /// Coordinates take the elements of the labels that are left; those along a dim without labels that the call names,
    /// or that a mask or key lies along, go.
    fn by_label(
        &mut self,
        (operator, arguments): (&Operator, &Arguments),
        given: &[Given],
        out: Operand,
        at: Span,
    ) -> Arc<Map> {
        let to = self.ty(out);
        let mut chosen_along: BTreeSet<DimName> = BTreeSet::new();
        arguments.named.iter().for_each(|(_, value)| names_in(&value.value, &mut chosen_along));
        arguments.variadic.iter().for_each(|value| names_in(&value.value, &mut chosen_along));
        if operator.name != "where" {
            given.iter().skip(1).for_each(|one| chosen_along.extend(self.ty(one.operand).dims.names().cloned()));
        }
        let mut all = Arc::new(Map::new());
        for one in given {
            let (Some(map), from) = (self.auxiliaries(one.operand).cloned(), self.ty(one.operand)) else { continue };
            let stays = |dim: &DimName| match (from.coord(dim), to.coord(dim)) {
                (Some(a), Some(b)) => a == b,
                (None, None) => !chosen_along.contains(dim) && from.dims.get(dim) == to.dims.get(dim),
                _ => false,
            };
            let has_labels = |dim: &DimName| from.coord(dim).is_some() && to.coord(dim).is_some();
            let mut left = Map::new();
            for (name, c) in map.iter().filter(|(name, _)| to.dims.axis(&DimName::new(name)).is_none()) {
                if c.dims.iter().all(stays) {
                    left.insert(name.clone(), c.clone());
                } else if c.dims.iter().all(|dim| stays(dim) || has_labels(dim)) {
                    let (from, to, of) = (from.clone(), to.clone(), c.clone());
                    let kept = Auxiliary::new(c.dims.clone(), Origin::Left { from, to, of }, at);
                    left.insert(name.clone(), kept);
                }
            }
            all = agreed(&all, &Arc::new(left), at);
        }
        all
    }

    /// `diff`: coordinates lose the elements that labels lose.
    fn shortened(
        &mut self,
        operator: &Operator,
        arguments: &Arguments,
        given: &[Given],
        out: Operand,
        at: Span,
    ) -> Arc<Map> {
        let (Some(x), Some(isel)) = (given.first().map(|one| one.operand), find("isel")) else { return Arc::default() };
        let (from, to) = (self.ty(x), self.ty(out));
        let Some(dim) = named_dims(operator, arguments, &from).and_then(|dims| dims.into_iter().next()) else {
            return Arc::default();
        };
        let size = |ty: &ArrayType| ty.dims.get(&dim).map_or(0, |dim| dim.size as i64);
        let lost = size(&from) - size(&to);
        let (start, end) = match arguments.str_opt("label") {
            Ok(Some("lower")) => (0, size(&to)),
            _ => (lost, size(&from)),
        };
        let range = crate::operators::arguments::RangeValue {
            start: Some(Value::Int(start)),
            end: Some(Value::Int(end)),
            closed: false,
            step: None,
        };
        let named = vec![(isel.signature.params[0].name, Spanned::new(Value::Array(x), at))];
        let per_dim =
            vec![(Spanned::new(dim.as_str().to_owned(), at), Spanned::new(Value::Range(Box::new(range)), at))];
        let own = Arguments { named, variadic: Vec::new(), per_dim };
        self.applied(isel, &own, (given, &[]), out, at)
    }

    /// Coordinates along the dims that a call names go.
    fn lost(&mut self, operator: &Operator, arguments: &Arguments, given: &[Given], out: Operand) -> Arc<Map> {
        let Some(x) = given.first().map(|one| one.operand) else { return Arc::default() };
        let (from, to) = (self.ty(x), self.ty(out));
        let Some(map) = self.auxiliaries(x).cloned() else { return Arc::default() };
        let all = || from.dims.names().cloned().collect();
        let gone: BTreeSet<DimName> = named_dims(operator, arguments, &from).unwrap_or_else(all);
        self.staying(&map, (&from, &to), &gone.into_iter().collect::<Vec<_>>())
    }
}

/// The arguments of `pad` for a coordinate: what is added is missing, unless it is of the array's own.
fn padding(arguments: &Arguments) -> Arguments {
    let repeats = ["edge", "reflect", "symmetric", "wrap"];
    let mut own = arguments.clone();
    if !matches!(arguments.str_opt("mode"), Ok(Some(mode)) if repeats.contains(&mode)) {
        own.named.truncate(1);
    }
    own
}

/// The coordinates of two arrays together.
pub(super) fn agreed(a: &Arc<Map>, b: &Arc<Map>, at: Span) -> Arc<Map> {
    if Arc::ptr_eq(a, b) || b.is_empty() {
        return a.clone();
    }
    if a.is_empty() {
        return b.clone();
    }
    let mut all = (**a).clone();
    let mut is_more = false;
    for (name, c) in b.iter() {
        match all.get(name) {
            Some(own) if own.is(c) => {}
            Some(own) => {
                let dims: BTreeSet<DimName> = own.dims.iter().chain(&c.dims).cloned().collect();
                let both = Origin::Agreed(own.clone(), c.clone());
                all.insert(name.clone(), Auxiliary::new(dims.into_iter().collect(), both, at));
                is_more = true;
            }
            None => {
                all.insert(name.clone(), c.clone());
                is_more = true;
            }
        }
    }
    if is_more { Arc::new(all) } else { a.clone() }
}
