//! What the result of a call has of the auxiliary coordinates of its arguments.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Auxiliary, Map, Origin, estimated};
use crate::array::{ArrayType, Coord, DType, DimName};
use crate::operators::auxiliary::{Keeping, is_table, keeping};
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

/// The dims that a call names.
enum Named {
    /// None at all: it means its own.
    Nothing,
    /// These.
    Dims(BTreeSet<DimName>),
    /// What cannot be told here.
    Unknown,
}

/// The dims that a call names, of an array of this type where it names them by number.
fn named_dims(operator: &Operator, arguments: &Arguments, ty: Option<&ArrayType>) -> Named {
    let mut named = BTreeSet::new();
    let mut is_known = true;
    let mut add = |value: &Value| match value {
        Value::Name(name) | Value::Str(name) if name != ".." => drop(named.insert(DimName::new(name))),
        Value::Int(number) => match ty.and_then(|ty| dim_at(ty, *number)) {
            Some(dim) => drop(named.insert(dim)),
            None => is_known = false,
        },
        Value::None => {}
        _ => is_known = false,
    };
    for param in operator.signature.params.iter().filter(|param| param.kind == ParamKind::Dim) {
        match arguments.get(param.name) {
            Some(value) => add(value),
            None => {
                param.default.filter(|name| *name != "none").into_iter().for_each(|name| add(&Value::Name(name.into())))
            }
        }
    }
    if operator.signature.params.iter().any(|param| param.kind == ParamKind::Dims) {
        arguments.variadic.iter().for_each(|value| add(&value.value));
    }
    named.extend(arguments.per_dim.iter().map(|(name, _)| DimName::new(&name.value)));
    match (is_known, named.is_empty()) {
        (false, _) => Named::Unknown,
        (true, true) => Named::Nothing,
        (true, false) => Named::Dims(named),
    }
}

/// The dim of this number, negative from the end.
fn dim_at(ty: &ArrayType, number: i64) -> Option<DimName> {
    let axis = if number < 0 { number + ty.rank() as i64 } else { number };
    usize::try_from(axis).ok().and_then(|axis| ty.dims.names().nth(axis)).cloned()
}

/// The same arguments with dims by name, where they were given by number.
fn by_name(operator: &Operator, arguments: &Arguments, ty: &ArrayType) -> Arguments {
    let mut own = arguments.clone();
    let is_dim = |name: &str| operator.signature.params.iter().any(|p| p.name == name && p.kind == ParamKind::Dim);
    let dims = operator.signature.params.iter().any(|p| p.kind == ParamKind::Dims);
    let named = own.named.iter_mut().filter(|(name, _)| is_dim(name)).map(|(_, value)| value);
    for value in named.chain(own.variadic.iter_mut().filter(|_| dims)) {
        if let Value::Int(axis) = value.value {
            value.value = dim_at(ty, axis).map_or(Value::Int(axis), |dim| Value::Name(dim.as_str().to_owned()));
        }
    }
    own
}

/// Whether the places along these dims of an array of one type are those of another, as their sizes and labels tell. Dims
/// that bear numbers for names go together by position, so all have to be the same.
pub(super) fn fits(dims: &[DimName], from: &ArrayType, to: &ArrayType) -> bool {
    dims.iter().all(|dim| {
        let is_there = matches!((from.dims.get(dim), to.dims.get(dim)), (Some(a), Some(b)) if a.size == b.size);
        let are_labels_kept = match (from.coord(dim), to.coord(dim)) {
            (Some(a), Some(b)) => same_labels(a, b),
            (Some(_), None) => false,
            (None, _) => true,
        };
        is_there && are_labels_kept && (!dim.is_auto() || from.dims == to.dims)
    })
}

/// Whether two coordinates are equal, whatever their attributes.
pub(super) fn same_labels(a: &Arc<Coord>, b: &Arc<Coord>) -> bool {
    let is_time = |coord: &Coord| matches!(coord.dtype, DType::DateTime(_));
    let are_alike = a.dtype == b.dtype || !(is_time(a) || is_time(b));
    Arc::ptr_eq(a, b) || (are_alike && a.first_difference(b).is_none())
}

/// What is true of this call of an operator.
fn keeping_of(operator: &Operator, arguments: &Arguments) -> Keeping {
    let is_list = matches!(arguments.named.first(), Some((_, value)) if matches!(value.value, Value::List(_)));
    match keeping(operator.name) {
        Keeping::Joined if !is_list => Keeping::Applied,
        _ if operator.name == "where" && arguments.get("drop") == Some(&Value::Bool(true)) => Keeping::ByLabel,
        Keeping::Applied if operator.name == "take" && matches!(arguments.get("dim"), None | Some(Value::None)) => {
            Keeping::Singles
        }
        kind => kind,
    }
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
        let kind = keeping_of(operator, arguments);
        let mut given = Vec::new();
        let values = arguments.named.iter().filter(|(name, _)| !is_table(operator.name, name));
        values.for_each(|(name, value)| arrays(name, &value.value, &mut given));
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
                Keeping::Singles | Keeping::Told => self.common_singles(&given, one.operand, at),
                Keeping::Places => self.places(&given, one.operand, at),
                Keeping::Beside => self.beside((operator, arguments), &given, one.operand, at),
                Keeping::Applied => self.applied(operator, arguments, (&given, &indexers), one.operand, at),
                Keeping::Padded => self.applied(operator, &padding(arguments), (&given, &[]), one.operand, at),
                Keeping::ByLabel => self.by_label(&given, one.operand, at),
                Keeping::Shortened => self.shortened(operator, arguments, &given, one.operand, at),
                Keeping::Each => self.each(arguments, (&given, results.len()), (place, one), at),
                Keeping::Joined => self.coordinates_joined(operator, arguments, one.operand, at),
            };
            self.set_auxiliaries(one.operand, map);
        }
    }

    /// What of a map stays: what `is_kept` by its dims, but for the names of dims.
    fn staying(map: &Arc<Map>, to: &ArrayType, is_kept: impl Fn(&[DimName]) -> bool) -> Arc<Map> {
        let stays =
            |(name, c): (&String, &Arc<Auxiliary>)| is_kept(&c.dims) && to.dims.axis(&DimName::new(name)).is_none();
        if map.iter().all(stays) {
            return map.clone();
        }
        Arc::new(map.iter().filter(|(name, c)| stays((name, c))).map(|(n, c)| (n.clone(), c.clone())).collect())
    }

    /// The single values that all arguments have, whose elements may be anywhere in the result.
    fn common_singles(&self, given: &[Given], out: Operand, at: Span) -> Arc<Map> {
        let single = |one: &Given, name: &str| {
            self.auxiliaries(one.operand).and_then(|map| map.get(name)).is_some_and(|c| c.dims.is_empty())
        };
        let all_have = |name: &str| given.iter().all(|one| single(one, name));
        let singles = self.singles(given, out, at);
        match singles.keys().all(|name| all_have(name)) {
            true => singles,
            false => {
                let common = singles.iter().filter(|(name, _)| all_have(name));
                Arc::new(common.map(|(name, c)| (name.clone(), c.clone())).collect())
            }
        }
    }

    /// The single values of any argument.
    fn singles(&self, given: &[Given], out: Operand, at: Span) -> Arc<Map> {
        let to = self.ty(out);
        let maps = given.iter().filter_map(|one| self.auxiliaries(one.operand));
        let singles = maps.map(|map| Self::staying(map, &to, <[DimName]>::is_empty));
        singles.reduce(|all, more| agreed(&all, &more, at)).unwrap_or_default()
    }

    /// The coordinates of all arguments that lie along dims whose places stay.
    fn places(&self, given: &[Given], out: Operand, at: Span) -> Arc<Map> {
        let to = self.ty(out);
        let mut all: Option<Arc<Map>> = None;
        for one in given {
            let Some(map) = self.auxiliaries(one.operand) else { continue };
            let from = self.ty(one.operand);
            let gone = match one.view.as_deref().map(|view| &view.kind) {
                Some(ViewKind::Coarsen { .. } | ViewKind::Zones(_)) => seen_dims(one),
                _ => Vec::new(),
            };
            let stays = |dims: &[DimName]| dims.iter().all(|dim| !gone.contains(dim)) && fits(dims, &from, &to);
            let left = Self::staying(map, &to, stays);
            all = Some(all.map_or(left.clone(), |before| agreed(&before, &left, at)));
        }
        all.unwrap_or_default()
    }

    /// The coordinates of all arguments that lie along dims that are neither named nor grouped; of runs of elements that
    /// become one their means.
    fn beside(
        &self,
        (operator, arguments): (&Operator, &Arguments),
        given: &[Given],
        out: Operand,
        at: Span,
    ) -> Arc<Map> {
        let to = self.ty(out);
        let only = if let [one] = given { Some(self.ty(one.operand)) } else { None };
        let named = match named_dims(operator, arguments, only.as_deref()) {
            Named::Nothing if given.iter().any(|one| one.view.is_some()) => BTreeSet::new(),
            Named::Dims(named) => named,
            Named::Nothing | Named::Unknown => return self.singles(given, out, at),
        };
        let mut all: Option<Arc<Map>> = None;
        for one in given {
            let Some(map) = self.auxiliaries(one.operand) else { continue };
            let (from, seen) = (self.ty(one.operand), seen_dims(one));
            let is_gone = |dim: &DimName| named.contains(dim) || seen.contains(dim);
            let mut left = Self::staying(map, &to, |dims| !dims.iter().any(is_gone) && fits(dims, &from, &to));
            if let Some(view) = one.view.as_ref().filter(|view| matches!(view.kind, ViewKind::Coarsen { .. })) {
                let means = self.means_of(map, (view, &seen), (&from, &to), at);
                let means = means.into_iter().filter(|(_, c)| c.dims.iter().all(|dim| !named.contains(dim)));
                left = Arc::new(left.iter().map(|(n, c)| (n.clone(), c.clone())).chain(means).collect());
            }
            all = Some(all.map_or(left.clone(), |before| agreed(&before, &left, at)));
        }
        all.unwrap_or_default()
    }

    /// The means of coordinates along runs of elements that become one.
    fn means_of(
        &self,
        map: &Arc<Map>,
        (view, seen): (&Arc<View>, &[DimName]),
        (from, to): (&ArrayType, &ArrayType),
        at: Span,
    ) -> Map {
        let others = |c: &Auxiliary| c.dims.iter().filter(|dim| !seen.contains(dim)).cloned().collect::<Vec<_>>();
        let is_there = |c: &Auxiliary| c.dims.iter().all(|dim| to.dims.axis(dim).is_some());
        let windows = map.iter().filter(|(name, c)| {
            let is_seen = c.dims.iter().any(|dim| seen.contains(dim));
            is_seen && is_there(c) && fits(&others(c), from, to) && to.dims.axis(&DimName::new(name)).is_none()
        });
        let mean = |(name, c): (&String, &Arc<Auxiliary>)| {
            let origin = Origin::Windows { view: view.clone(), of: c.clone() };
            (name.clone(), Auxiliary::new(c.dims.clone(), origin, at))
        };
        windows.map(mean).collect()
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
        let named = match (operator.name, named_dims(operator, &arguments, Some(&from))) {
            ("stack", _) | (_, Named::Nothing | Named::Unknown) => None,
            (_, Named::Dims(named)) => Some(named),
        };
        let is_named = |dim: &DimName| named.as_ref().is_none_or(|named| named.contains(dim));
        let points: Vec<DimName> =
            indexers.iter().flat_map(|one| self.ty(one.operand).dims.names().cloned().collect::<Vec<_>>()).collect();
        let called = |of: Arc<Auxiliary>| {
            let mut dims = estimated(&of.dims, &from, &to);
            let more = points.iter().filter(|dim| to.dims.axis(dim).is_some() && !of.dims.contains(dim));
            dims.extend(more.cloned());
            let (arguments, from, to) = (Box::new(arguments.clone()), from.clone(), to.clone());
            Auxiliary::new(dims, Origin::Called { operator, arguments, place, from, to, of }, at)
        };
        let mut map = Map::new();
        for (name, c) in self.auxiliaries(x).cloned().unwrap_or_default().iter() {
            if c.dims.iter().any(is_named) {
                map.insert(name.clone(), called(c.clone()));
            } else if fits(&c.dims, &from, &to) {
                map.insert(name.clone(), c.clone());
            }
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
                let theirs = self.places(indexers, out, at);
                let more = theirs.iter().filter(|(name, _)| !own.contains_key(*name));
                let all = own.iter().chain(more);
                Arc::new(all.map(|(name, c)| (name.clone(), c.clone())).collect())
            }
        }
    }

    /// Coordinates take the elements of the labels that are left. Elements keep their order, so where as many are left as
    /// there were all are; where some are not, and the dim has no labels, coordinates along it go.
    fn by_label(&mut self, given: &[Given], out: Operand, at: Span) -> Arc<Map> {
        let to = self.ty(out);
        let mut all = Arc::new(Map::new());
        for one in given {
            let (Some(map), from) = (self.auxiliaries(one.operand), self.ty(one.operand)) else { continue };
            let has_labels = |dim: &DimName| from.coord(dim).is_some() && to.coord(dim).is_some();
            let stays = |dim: &DimName| fits(std::slice::from_ref(dim), &from, &to);
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
        let Named::Dims(named) = named_dims(operator, arguments, Some(&from)) else { return Arc::default() };
        let Some(dim) = named.into_iter().next() else { return Arc::default() };
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
}

/// The dims whose elements others become where a view is reduced.
fn seen_dims(one: &Given) -> Vec<DimName> {
    match one.view.as_deref().map(|view| &view.kind) {
        Some(ViewKind::Groups(groups)) => vec![groups.dim.clone()],
        Some(ViewKind::Zones(zones)) => zones.dims.clone(),
        Some(ViewKind::Coarsen { windows, .. }) => windows.iter().map(|(dim, _)| dim.clone()).collect(),
        None | Some(ViewKind::Rolling { .. } | ViewKind::Cumulative { .. } | ViewKind::Exponential(_)) => Vec::new(),
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
