//! Auxiliary coordinates become arrays, by the calls that were made of the arrays they belong to. What cannot be made so
//! (a spline through texts) is no coordinate of the result, and nothing is said.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::follow::same_labels;
use super::{Auxiliary, Joined, Origin};
use crate::array::{ArrayType, Coord, DimName};
use crate::operators::index::Labels;
use crate::operators::view::{View, ViewKind};
use crate::operators::{Arguments, Builder, Operand, Operator, TypeError, Value, find, moves};
use crate::planner::graph::NodeId;
use crate::planner::lower::Lowerer;
use crate::planner::lower::dataset::Part;
use crate::source::{Span, Spanned};

impl Lowerer<'_> {
    /// The array of a coordinate, none where it turns out that there is none. Goes along chains in a loop.
    pub(super) fn coordinate_made(&mut self, coordinate: &Arc<Auxiliary>) -> Option<Operand> {
        let before = self.lowered.graph.len();
        let mut pending = vec![coordinate.clone()];
        while let Some(at) = pending.last().cloned() {
            let unknown: Vec<Arc<Auxiliary>> =
                at.parts().into_iter().filter(|part| part.value.get().is_none()).cloned().collect();
            match (at.value.get().is_none(), unknown.is_empty()) {
                (true, false) => pending.extend(unknown),
                (true, true) => {
                    let value = self.evaluate(&at);
                    let is_expected = |x: &Operand| self.ty(*x).dims.names().all(|dim| at.dims.contains(dim));
                    let _ = at.value.set(value.filter(is_expected));
                }
                (false, _) => drop(pending.pop()),
            }
        }
        self.built_since(before);
        value(coordinate)
    }

    /// Remembers the nodes that were built for coordinates.
    pub(super) fn built_since(&mut self, before: usize) {
        let ids = (before..self.lowered.graph.len()).map(NodeId::new);
        self.auxiliary.built.extend(ids);
    }

    fn evaluate(&mut self, coordinate: &Auxiliary) -> Option<Operand> {
        let at = coordinate.at;
        match &coordinate.origin {
            Origin::Array(x) => Some(*x),
            Origin::Labels(coord, x) => {
                let labels = self.coord_constant(coord, at);
                self.made_from(labels, *x);
                Some(labels)
            }
            Origin::Stored { dataset, path, to } => {
                let x = self.stored_coordinate_value(*dataset, path, at)?;
                self.belongs(x, to).then_some(x)
            }
            Origin::Called { operator, arguments, place, from, to, of } => {
                let x = value(of)?;
                let labelled = self.labelled_as(x, from, at)?;
                let dims = from.dims.names().cloned().collect();
                match self.part(operator, arguments, *place, ("", &Value::Array(labelled), &dims)) {
                    Part::Absent => None,
                    Part::Kept => self.belongs(labelled, to).then_some(x),
                    Part::Applied(own) => {
                        let made = self.attempted(operator, &own, at)?;
                        let made = self.along_points(made, &own, to, at)?;
                        self.belongs(made, to).then_some(made)
                    }
                }
            }
            Origin::Renamed { dims, of } => {
                let x = value(of)?;
                let ty = self.ty(x);
                let rename = dims.iter().filter(|(old, _)| ty.dims.axis(old).is_some()).cloned().collect();
                self.tried(at, |builder| moves::relabel(builder, x, Labels { rename, ..Labels::default() }))
            }
            Origin::Windows { view, of } => self.means(view, value(of)?, at),
            Origin::Left { from, to, of } => self.left(from, to, value(of)?, at),
            Origin::Agreed(a, b) => match (value(a), value(b)) {
                (Some(a), Some(b)) if self.ty(a).rank() < self.ty(b).rank() => self.are_same(b, a).then_some(b),
                (Some(a), Some(b)) => self.are_same(a, b).then_some(a),
                _ => None,
            },
            Origin::Joined(joined) => self.join(joined, at),
        }
    }

    /// Whether what was made of a coordinate lies along dims of the array it belongs to, with the labels of that.
    fn belongs(&self, x: Operand, to: &ArrayType) -> bool {
        let ty = self.ty(x);
        ty.dims.iter().all(|dim| {
            let are_alike = match (ty.coord(&dim.name), to.coord(&dim.name)) {
                (Some(a), Some(b)) => same_labels(a, b),
                (None, None) => true,
                _ => false,
            };
            to.dims.get(&dim.name) == Some(dim) && are_alike
        })
    }

    /// A coordinate of one of the dims that points replace lies along the dim of the points, too.
    fn along_points(&mut self, x: Operand, arguments: &Arguments, to: &ArrayType, at: Span) -> Option<Operand> {
        let ty = self.ty(x);
        let mut labels = Labels::default();
        for (dim, value) in &arguments.per_dim {
            let name = DimName::new(&dim.value);
            if let Value::Array(points) = value.value
                && let [only] = self.ty(points).dims.names().collect::<Vec<_>>().as_slice()
                && (ty.dims.axis(&name).is_some() && to.dims.axis(&name).is_none())
                && (ty.dims.axis(only).is_none() && to.dims.axis(only).is_some())
            {
                labels.coords.push(((*only).clone(), to.coord(only).cloned()));
                labels.rename.push((name, (*only).clone()));
            }
        }
        match labels.rename.is_empty() {
            true => Some(x),
            false => self.tried(at, |builder| moves::relabel(builder, x, labels)),
        }
    }

    /// The array with the labels that another has along dims of the same size.
    pub(super) fn labelled_as(&mut self, x: Operand, like: &ArrayType, at: Span) -> Option<Operand> {
        let ty = self.ty(x);
        let differs = |dim: &&crate::array::Dim| {
            like.dims.get(&dim.name) == Some(dim) && like.coord(&dim.name) != ty.coord(&dim.name)
        };
        let coords: Vec<_> =
            ty.dims.iter().filter(differs).map(|dim| (dim.name.clone(), like.coord(&dim.name).cloned())).collect();
        if coords.is_empty() {
            return Some(x);
        }
        let before = self.lowered.graph.len();
        let labelled = self.tried(at, |builder| moves::relabel(builder, x, Labels { coords, ..Labels::default() }));
        self.built_since(before);
        labelled
    }

    /// What an operator gives, where it gives an array.
    pub(super) fn attempted(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        at: Span,
    ) -> Option<Operand> {
        let value = self.tried(at, |builder| (operator.expand)(builder, arguments))?;
        self.called_with(&value, arguments);
        match value {
            Value::Array(x) => Some(x),
            _ => None,
        }
    }

    fn attempted_by_name(
        &mut self,
        name: &str,
        first: Value,
        per_dim: &[(DimName, Value)],
        at: Span,
    ) -> Option<Operand> {
        let operator = find(name)?;
        let named = vec![(operator.signature.params.first()?.name, Spanned::new(first, at))];
        let entry = |(dim, value): &(DimName, Value)| {
            (Spanned::new(dim.as_str().to_owned(), at), Spanned::new(value.clone(), at))
        };
        let arguments = Arguments { named, variadic: Vec::new(), per_dim: per_dim.iter().map(entry).collect() };
        self.attempted(operator, &arguments, at)
    }

    /// The means of the windows of a view that does not overlap, along dims that an array has.
    fn means(&mut self, view: &View, x: Operand, at: Span) -> Option<Operand> {
        let ViewKind::Coarsen { windows, boundary } = &view.kind else { return None };
        let ty = self.ty(x);
        let windows: Vec<_> = windows.iter().filter(|(dim, _)| ty.dims.axis(dim).is_some()).cloned().collect();
        if windows.is_empty() {
            return Some(x);
        }
        let kind = ViewKind::Coarsen { windows, boundary: *boundary };
        let own = View { operand: x, kind, ..view.clone() };
        self.attempted_by_name("mean", Value::View(Arc::new(own)), &[], at)
    }

    /// The elements of an array whose labels are left, by the labels of the array that it belongs to.
    fn left(&mut self, from: &ArrayType, to: &ArrayType, x: Operand, at: Span) -> Option<Operand> {
        let mut indices = Vec::new();
        for dim in self.ty(x).dims.names() {
            let (Some(before), Some(after)) = (from.coord(dim), to.coord(dim)) else { continue };
            if before != after {
                let positions = positions(before, after)?.into_iter().map(|p| Value::Int(p as i64)).collect();
                indices.push((dim.clone(), Value::List(Arc::new(positions))));
            }
        }
        match indices.is_empty() {
            true => Some(x),
            false => self.attempted_by_name("isel", Value::Array(x), &indices, at),
        }
    }

    /// Coordinates of several arrays as one of what the arrays are joined to.
    fn join(&mut self, joined: &Joined, at: Span) -> Option<Operand> {
        let mut items = Vec::with_capacity(joined.items.len());
        for (item, ty) in &joined.items {
            items.push((value(item)?, ty));
        }
        let has_dim = |l: &Self, x: Operand| l.ty(x).dims.axis(&joined.dim).is_some();
        let first = items[0].0;
        if items.iter().all(|(x, _)| !has_dim(self, *x)) && items[1..].iter().all(|(x, _)| self.are_same(first, *x)) {
            return Some(first);
        }
        let mut parts = Vec::with_capacity(items.len());
        for (x, ty) in items {
            let x = match joined.is_new || has_dim(self, x) {
                true => x,
                false => self.repeated_along(x, &joined.dim, ty.dims.get(&joined.dim)?.size, at)?,
            };
            parts.push(Value::Array(self.labelled_as(x, ty, at)?));
        }
        let mut own = joined.arguments.clone();
        own.named[joined.place].1.value = Value::List(Arc::new(parts));
        self.attempted(joined.operator, &own, at)
    }

    /// An array repeated along a dim that it lacks, which comes first.
    fn repeated_along(&mut self, x: Operand, dim: &DimName, size: u64, at: Span) -> Option<Operand> {
        self.tried(at, |builder: &mut dyn Builder| -> Result<Operand, TypeError> {
            let one = moves::insert(builder, x, 0, dim, None)?;
            let mut shape = builder.ty(one).shape();
            shape[0] = size;
            moves::broadcast(builder, one, &shape)
        })
    }
}

/// The array of a coordinate that was evaluated.
fn value(coordinate: &Auxiliary) -> Option<Operand> {
    coordinate.value.get().copied().flatten()
}

/// Where the labels of one coordinate stand in another, none where one of them does not or stands twice.
fn positions(before: &Coord, after: &Coord) -> Option<Vec<u64>> {
    let mut places: BTreeMap<String, u64> = BTreeMap::new();
    for i in 0..before.len() {
        if places.insert(before.values.get(i).to_string(), i as u64).is_some() {
            return None;
        }
    }
    (0..after.len()).map(|i| places.get(&after.values.get(i).to_string()).copied()).collect()
}
