//! The auxiliary coordinates of sources: what `coordinates` attributes name, as CF (section 5) and xarray have it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Auxiliary, Map, Origin};
use crate::array::{Attributes, DimName};
use crate::operators::Operand;
use crate::operators::cf::Encoding;
use crate::planner::catalog::{Stored, StoredArray};
use crate::planner::error::EdgeError;
use crate::planner::lower::Lowerer;
use crate::planner::lower::files::same;
use crate::source::Span;

/// The attribute that names coordinates.
pub(super) const COORDINATES: &str = "coordinates";

/// The most elements, over all files, that are read to see whether a coordinate is the same in all.
const COMPARED: u64 = 1 << 22;

/// A variable that is a coordinate of others.
pub(in crate::planner::lower) struct Named {
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// Its dims.
    pub dims: Vec<DimName>,
}

/// The array of this name as seen from a group: that of the nearest group that has one.
fn nearest<'s>(stored: &'s Stored, group: &str, name: &str) -> Option<(String, &'s StoredArray)> {
    let mut group = group;
    loop {
        let path = if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
        if let Some(array) = stored.array(&path) {
            return Some((path, array));
        }
        if group.is_empty() {
            return None;
        }
        group = group.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

/// The dims of an array, none where one has no name.
fn dims(array: &StoredArray) -> Option<Vec<DimName>> {
    array.dims.iter().cloned().collect()
}

impl Lowerer<'_> {
    /// The variables that are auxiliary coordinates in a group: those that an attribute of any of its variables names, or
    /// its own. Labels of dims are none.
    pub(in crate::planner::lower) fn named_coordinates(&self, dataset: usize, group: &str) -> Vec<Named> {
        let source = &self.datasets[dataset];
        let stored = &*source.files[0].stored;
        let Stored::Group(root) = stored else { return Vec::new() };
        let Some(found) = root.group(group).filter(|_| source.options.decode) else { return Vec::new() };
        let texts = found.arrays.iter().map(|(_, array)| &array.attrs).chain([&found.attrs]);
        let names: BTreeSet<&str> =
            texts.filter_map(|attrs| attrs.text(COORDINATES)).flat_map(str::split_whitespace).collect();
        let named = |name: &str| {
            let (path, array) = nearest(stored, group, name)?;
            let dims = dims(array)?;
            let is_labels = matches!(dims.as_slice(), [dim] if dim.as_str() == name);
            (!is_labels).then(|| Named { name: name.to_owned(), path, dims })
        };
        names.into_iter().filter_map(named).collect()
    }

    /// Gives a variable of a source the coordinates that its group has along its dims.
    pub(in crate::planner::lower) fn carry_stored(&mut self, dataset: usize, path: &str, x: Operand) {
        let group = path.rsplit_once('/').map_or("", |(group, _)| group);
        let ty = self.ty(x);
        let at = self.datasets[dataset].at;
        let stacked = self.datasets[dataset].options.stack.as_ref().map(|dim| dim.value.clone());
        let mut map = Map::new();
        for one in self.named_coordinates(dataset, group) {
            let fits = one.dims.iter().all(|dim| ty.dims.axis(dim).is_some());
            let dims: Vec<DimName> = stacked.iter().cloned().chain(one.dims).collect();
            let is_dim = ty.dims.axis(&DimName::new(&one.name)).is_some();
            if fits && !is_dim && dims.iter().all(|dim| ty.dims.axis(dim).is_some()) {
                let origin = Origin::Stored { dataset, path: one.path, to: ty.clone() };
                map.insert(one.name, Auxiliary::new(dims, origin, at));
            }
        }
        self.set_auxiliaries(x, Arc::new(map));
    }

    /// The attributes of a variable without the one that names its coordinates, which it has.
    pub(in crate::planner::lower) fn without_coordinates(
        &self,
        dataset: usize,
        path: &str,
        attrs: Arc<Attributes>,
    ) -> Arc<Attributes> {
        let stored = &self.datasets[dataset].files[0].stored;
        let group = path.trim_matches('/').rsplit_once('/').map_or("", |(group, _)| group);
        let names = attrs.text(COORDINATES).map(str::split_whitespace);
        if !names.is_some_and(|mut names| names.any(|name| nearest(stored, group, name).is_some())) {
            return attrs;
        }
        let mut rest = (*attrs).clone();
        rest.remove(COORDINATES);
        Arc::new(rest)
    }

    /// A variable of a source that is needed as a coordinate; one that cannot be read is left out, with a warning.
    pub(super) fn stored_coordinate_value(&mut self, dataset: usize, path: &str, at: Span) -> Option<Operand> {
        let is_known = self.datasets[dataset].nodes.contains_key(path);
        let before = std::mem::take(&mut self.diagnostics);
        let made = self.variable(dataset, path, at);
        let said = std::mem::replace(&mut self.diagnostics, before);
        if made.is_ok() {
            self.diagnostics.extend(said);
        } else if !is_known {
            self.datasets[dataset].nodes.remove(path);
            let reason = said.iter().next().map(ToString::to_string).unwrap_or_default();
            let (name, at) = (path.rsplit('/').next().unwrap_or(path).to_owned(), self.datasets[dataset].at);
            self.report(EdgeError::CoordinateLeftOut { name, reason, at });
        }
        made.ok().filter(|_| self.is_of_all_files(dataset, path))
    }

    /// Whether a variable that is joined by no dim is the same in all files of a source, as far as is looked at.
    fn is_of_all_files(&mut self, dataset: usize, path: &str) -> bool {
        let source = &self.datasets[dataset];
        let along = source.options.concat.as_ref().map(|dim| &dim.value);
        let files = &source.files;
        let Some(first) = files[0].stored.array(path) else { return false };
        if files.len() == 1
            || source.options.stack.is_some()
            || first.dims.iter().flatten().any(|dim| Some(dim) == along)
        {
            return true;
        }
        let elements = first.shape.iter().fold(files.len() as u64, |n, size| n.saturating_mul(*size));
        let encoding = |array: &StoredArray| Encoding::of(array.dtype, &array.attrs);
        let is_alike = |array: &StoredArray| encoding(array) == encoding(first) && array.shape == first.shape;
        if elements > COMPARED || !files.iter().all(|file| file.stored.array(path).is_some_and(is_alike)) {
            return false;
        }
        let mut values =
            files.iter().map(|file| self.catalog.values(&file.location, path).map(|block| block.scalars()));
        let Some(Ok(ours)) = values.next() else { return false };
        values.all(|theirs| theirs.is_ok_and(|theirs| same(&ours, &theirs)))
    }
}
