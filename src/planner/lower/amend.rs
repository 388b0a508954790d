//! Sinks that replace a part of what is there: `mode: append(dim)` and `mode: region`.
//!
//! Both come to the same: a box of an array is replaced, and the array is perhaps longer afterwards. An append puts the box at
//! the end of a dim, a region where the labels are. The box is made of whole objects: what an object at its edge holds besides
//! is taken from the store ([`Lowerer::completed`]), so that the sink writes objects as any other and reads none. Values are
//! encoded as the store says ([`Lowerer::as_stored`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::builder::node;
use super::call::listed;
use super::member::member_help;
use super::sink::Written;
use super::sink_options::{Amend, SinkOptions};
use super::source::{Dataset, File};
use super::source_options::SourceOptions;
use super::{Lowerer, Lowering};
use crate::array::{ArrayType, Attributes, ChunkGrid, Coord, DimName, Dims};
use crate::operators::Operand;
use crate::operators::moves::{self, Span as Run};
use crate::planner::catalog::{Location, SinkForm, Stored, StoredArray};
use crate::planner::error::EdgeError;
use crate::planner::graph::{Inset, Missing, NodeKind, Sink, Source, Variable, Write};
use crate::planner::target::TargetOptions;
use crate::source::{Span, Spanned};

/// A sink into part of a target.
pub(super) struct Amending<'s> {
    /// How.
    pub mode: &'s Spanned<Amend>,
    /// All options.
    pub options: &'s SinkOptions,
    /// The target.
    pub location: Location,
    /// What is written.
    pub written: Vec<Written>,
    /// What is written, the target and the statement in the script.
    pub places: (Span, Span, Span),
}

impl Amending<'_> {
    /// The dim along which arrays grow.
    fn grows(&self) -> Option<&DimName> {
        match &self.mode.value {
            Amend::Append(dim) => Some(&dim.value),
            Amend::Region => None,
        }
    }
}

/// An array on its way into one that is there.
struct Part {
    stored: StoredArray,
    /// The values, as arrays of a script know them.
    values: Operand,
    /// Their first element in the stored array, per axis.
    start: Vec<u64>,
}

impl Lowerer<'_> {
    /// Only some formats can be changed in part.
    pub(super) fn check_mode(&mut self, format: &str, form: SinkForm, options: &SinkOptions) -> Lowering<()> {
        let Some(mode) = options.amend.as_ref().filter(|_| !form.amends) else { return Ok(()) };
        let message = format!("`mode: {}` is for Zarr, and not for `{format}`", mode.value.text());
        let help = "write the whole anew: `sink concat([old.x, x], time) to …` with `mode: overwrite`";
        self.bad_sink_option(&message, mode.span, help)
    }

    /// Adds the write of a sink into part of its target.
    pub(super) fn amend(&mut self, sink: &Amending<'_>, target: usize) -> Lowering<()> {
        self.check_has_dim(sink)?;
        if !self.catalog.can_amend(&sink.location.url) {
            let message = format!("`mode: {}` is for stores of this machine", sink.mode.value.text());
            let help = "write the whole anew: `sink concat([old.x, x], time) to …` into another store";
            return self.bad_sink_option(&message, sink.mode.span, help);
        }
        let before = self.catalog.fingerprint(&sink.location).unwrap_or_default();
        let stored = match self.catalog.describe(&sink.location) {
            Ok(stored) => stored,
            Err(error) => return self.catalog_problem(error, sink.places.1, "to be changed here"),
        };
        let files = vec![File { location: sink.location.clone(), stored: stored.clone() }];
        let (name, at, options) = (sink.location.url.clone(), sink.places.1, SourceOptions::default());
        self.datasets.push(Dataset { name, at, files, options, nodes: BTreeMap::new(), coords: BTreeMap::new() });
        let dataset = self.datasets.len() - 1;
        let mut parts = Vec::new();
        let along = sink.grows().map(|dim| self.company_there(&sink.written, &stored, dim)).unwrap_or_default();
        for one in sink.written.iter().chain(&along) {
            parts.push(self.fitted(sink, dataset, one)?);
        }
        let origins: Vec<_> = parts.iter().map(|part| node(part.values)).collect();
        let grown = self.grown(sink, dataset, &parts)?;
        parts.extend(grown);
        self.check_all_grow(sink, &stored, &parts)?;
        let (mut variables, mut inputs) = (Vec::new(), Vec::new());
        for part in &parts {
            let encoded = self.as_stored(part.values, &part.stored, sink.places.0)?;
            let (value, inset) = self.completed(part, encoded, &sink.location, sink.places.2)?;
            inputs.push(node(value));
            variables.push(variable(part, inset));
        }
        let history = match &*stored {
            Stored::Group(root) => root.attrs.text("history").map(str::to_owned),
            Stored::Array(_) => None,
        };
        let attrs = self.provenance_after(&origins, history);
        let options = TargetOptions { version: None, unlimited: Vec::new(), attrs };
        let (location, at) = (sink.location.clone(), sink.places.1);
        let write = Write { location, variables, options, overwrite: true, amends: Some(before), result: None, at };
        let ty = self.lowered.graph[inputs[0]].ty.clone();
        let kind = NodeKind::Sink(Sink::Write(Box::new(write)));
        let id = self.lowered.graph.node(kind, ty, &inputs, sink.places.2);
        self.written_by(target, id);
        Ok(())
    }

    pub(super) fn not_as_stored<T>(&mut self, message: String, at: Span, help: Option<&str>) -> Lowering<T> {
        self.fail(EdgeError::SinkStored { message, at, help: help.map(str::to_owned) })
    }

    /// One variable and its place in the store.
    fn fitted(&mut self, sink: &Amending<'_>, dataset: usize, one: &Written) -> Lowering<Part> {
        let at = sink.places.0;
        let name = one.path.trim_matches('/').to_owned();
        let file = self.datasets[dataset].files[0].stored.clone();
        let url = &sink.location.url;
        let Some(found) = file.array(&name) else {
            let message = format!("`{url}` has no array `{name}`");
            let names = paths(&file);
            let help = member_help(&name, &names.iter().map(String::as_str).collect::<Vec<_>>(), "it holds");
            return self.not_as_stored(message, at, help.as_deref());
        };
        let ty = self.ty(one.operand);
        if ty.rank() == 1 && ty.dims[0].name.as_str() == name.rsplit('/').next().unwrap_or_default() {
            let help = "leave it out: the labels of an array go with it";
            return self.not_as_stored(format!("`{name}` holds the labels of a dim"), at, Some(help));
        }
        let unnamed = found.dims.iter().all(Option::is_none) && found.shape.len() == ty.rank();
        let dims = if unnamed { ty.dims.names().cloned().collect() } else { self.dims_of(dataset, found)? };
        if !ty.dims.names().eq(dims.iter()) {
            let list =
                |names: &mut dyn Iterator<Item = &DimName>| names.map(DimName::as_str).collect::<Vec<_>>().join(", ");
            let (new, old) = (list(&mut ty.dims.names()), list(&mut dims.iter()));
            let message = format!("`{name}` has the dims [{new}], and [{old}] in `{url}`");
            let help = "the dims have to be the same in the same order: see `transpose` and `expand_dims`";
            return self.not_as_stored(message, at, Some(help));
        }
        let stored = self.stored_array(dataset, 0, &name, at)?;
        self.check_kept(sink.options, &stored, &dims, sink.mode.span)?;
        let mut start = Vec::new();
        for axis in 0..ty.rank() {
            start.push(self.start(sink, dataset, &stored, (&ty, axis))?);
        }
        Ok(Part { stored, values: one.operand, start })
    }

    /// Where along an axis the values begin.
    fn start(
        &mut self,
        sink: &Amending<'_>,
        dataset: usize,
        stored: &StoredArray,
        (ty, axis): (&ArrayType, usize),
    ) -> Lowering<u64> {
        let (dim, size) = (&ty.dims[axis].name, ty.dims[axis].size);
        let (name, length) = (stored.path.trim_matches('/'), stored.shape[axis]);
        let group = name.rsplit_once('/').map_or("", |(group, _)| group);
        let known = self.coordinate_of(dataset, 0, group, dim)?.filter(|known| known.len() as u64 == length);
        let labels = ty.coord(dim).cloned();
        if sink.grows() == Some(dim) {
            return Ok(length);
        }
        if let (Amend::Region, Some(known), Some(labels)) = (&sink.mode.value, &known, &labels) {
            return self.found_at(name, known, labels, sink.places.0);
        }
        if size != length {
            let message =
                format!("`{name}` has {size} elements along `{dim}`, and {length} in `{}`", sink.location.url);
            let help = match sink.mode.value {
                Amend::Append(_) => "an array grows along one dim, and the others stay as they are",
                Amend::Region => "a part of a dim is found by its labels, which both have to have",
            };
            return self.not_as_stored(message, sink.places.0, Some(help));
        }
        if let (Some(known), Some(labels)) = (&known, &labels)
            && let Some(first) = known.first_difference(labels)
        {
            let message =
                format!("the labels of `{dim}` of `{name}` are not the stored ones; position {first} differs");
            return self.not_as_stored(message, sink.places.0, Some("see `reindex_like`, or drop them: `drop_coords`"));
        }
        Ok(0)
    }

    /// Something written has the dim along which arrays grow.
    fn check_has_dim(&mut self, sink: &Amending<'_>) -> Lowering<()> {
        let Amend::Append(dim) = &sink.mode.value else { return Ok(()) };
        let types: Vec<Arc<ArrayType>> = sink.written.iter().map(|one| self.ty(one.operand)).collect();
        let names: BTreeSet<&str> = types.iter().flat_map(|ty| ty.dims.names()).map(DimName::as_str).collect();
        if names.contains(dim.value.as_str()) {
            return Ok(());
        }
        let names: Vec<&str> = names.into_iter().collect();
        let help = member_help(dim.value.as_str(), &names, "its dims are");
        let message = format!("what is written has no dim `{}`", dim.value);
        self.bad_sink_option(&message, dim.span, help.as_deref().unwrap_or("it has no dims"))
    }

    /// The coordinates of the dim along which arrays grow, longer by the new labels.
    fn grown(&mut self, sink: &Amending<'_>, dataset: usize, parts: &[Part]) -> Lowering<Vec<Part>> {
        let Some(dim) = sink.grows() else { return Ok(Vec::new()) };
        let file = self.datasets[dataset].files[0].stored.clone();
        let mut found: BTreeMap<String, Option<Arc<Coord>>> = BTreeMap::new();
        for part in parts {
            let ty = self.ty(part.values);
            let stored = ty.dims.axis(dim).and_then(|_| coordinate(&file, &part.stored.path, dim));
            let Some(stored) = stored else { continue };
            let labels = found.entry(stored.path.clone()).or_default();
            match (labels.as_ref(), ty.coord(dim)) {
                (Some(labels), Some(others)) if labels.first_difference(others).is_some() => {
                    let message = format!("the variables have different labels along `{dim}`");
                    return self.not_as_stored(message, sink.places.0, None);
                }
                (_, Some(own)) => *labels = Some(own.clone()),
                (_, None) => {}
            }
        }
        let mut grown = Vec::new();
        for (path, labels) in found {
            let Some(labels) = labels else {
                let message = format!("what is written has no labels along `{dim}`, and what is stored has");
                let help = format!("give it those that follow: `assign_coords(x, {dim}: …)`");
                return self.not_as_stored(message, sink.places.0, Some(&help));
            };
            let group = path.trim_matches('/').rsplit_once('/').map_or("", |(group, _)| group);
            if let Some(known) = self.coordinate_of(dataset, 0, group, dim)? {
                self.check_goes_on(&known, &labels, sink.places.0)?;
            }
            let stored = self.stored_array(dataset, 0, &path, sink.places.0)?;
            let start = stored.shape.clone();
            grown.push(Part { stored, values: self.coord_constant(&labels, sink.places.0), start });
        }
        Ok(grown)
    }

    /// Every array of the groups concerned that has the dim grows.
    fn check_all_grow(&mut self, sink: &Amending<'_>, stored: &Stored, parts: &[Part]) -> Lowering<()> {
        let (Some(dim), Stored::Group(root)) = (sink.grows(), stored) else { return Ok(()) };
        let parent = |path: &str| path.trim_matches('/').rsplit_once('/').map_or(String::new(), |(g, _)| g.to_owned());
        let mut left: Vec<String> = Vec::new();
        for group in parts.iter().filter_map(|part| root.group(&parent(&part.stored.path))) {
            let others = group.arrays.iter().filter(|(_, array)| array.dims.contains(&Some(dim.clone())));
            let others = others.filter(|(_, array)| parts.iter().all(|part| part.stored.path != array.path));
            left.extend(others.map(|(_, array)| array.path.trim_matches('/').to_owned()));
        }
        left.sort();
        left.dedup();
        if left.is_empty() {
            return Ok(());
        }
        let left = listed(&left.iter().map(String::as_str).collect::<Vec<_>>());
        let message = format!("`{}` has more along `{dim}`, which would be left behind: {left}", sink.location.url);
        let help = "write all of them in one sink, as a record: `sink {a: x, b: y} to …`";
        self.not_as_stored(message, sink.places.0, Some(help))
    }

    /// The values with what else lies in the objects that they touch, and the box that this is.
    fn completed(&mut self, part: &Part, values: Operand, store: &Location, at: Span) -> Lowering<(Operand, Inset)> {
        let dims = self.ty(values).dims.clone();
        let objects = objects(&part.stored);
        let end: Vec<u64> = part.start.iter().zip(dims.iter()).map(|(start, dim)| start + dim.size).collect();
        let shape: Vec<u64> = part.stored.shape.iter().zip(&end).map(|(n, end)| *n.max(end)).collect();
        let origin: Vec<u64> = part.start.iter().zip(&objects).map(|(start, size)| start / size * size).collect();
        if dims.count() == 0 {
            return Ok((values, Inset { origin, shape }));
        }
        let (mut from, mut to) = (part.start.clone(), end);
        let mut whole = values;
        let mut store_values = None;
        for axis in 0..dims.rank() {
            let last = to[axis].next_multiple_of(objects[axis]).min(shape[axis]);
            let mut pieces = Vec::new();
            for (start, stop) in [(origin[axis], from[axis]), (to[axis], last)] {
                let spans: Vec<(usize, Run)> = (0..dims.rank())
                    .map(|k| {
                        if k == axis {
                            (k, Run::run(start, stop - start))
                        } else {
                            (k, Run::run(from[k], to[k] - from[k]))
                        }
                    })
                    .collect();
                if start == stop {
                    continue;
                }
                let raw = *store_values.get_or_insert_with(|| self.stored_values(&part.stored, &dims, store, at));
                pieces.push((start, self.built(at, |builder| moves::slice(builder, raw, &spans))?));
            }
            pieces.push((from[axis], whole));
            pieces.sort_by_key(|(start, _)| *start);
            let pieces: Vec<Operand> = pieces.into_iter().map(|(_, piece)| piece).collect();
            whole = self.built(at, |builder| moves::concat(builder, axis, &pieces))?;
            (from[axis], to[axis]) = (origin[axis], last);
        }
        Ok((whole, Inset { origin, shape }))
    }

    /// A stored array as it is stored, without labels.
    fn stored_values(&mut self, stored: &StoredArray, dims: &Dims, store: &Location, at: Span) -> Operand {
        let dims = Dims::new(dims.names().cloned().zip(stored.shape.iter().copied()));
        let mut ty = ArrayType::new(stored.dtype, dims);
        let chunks = stored.inner_chunks.clone().or_else(|| stored.chunks.clone());
        ty.chunks = ChunkGrid::regular(&chunks.clone().unwrap_or_else(|| stored.shape.clone()));
        let (location, path) = (store.clone(), stored.path.clone());
        let source = Source { location, path, missing: Missing::Fill, chunks };
        super::builder::operand(self.lowered.graph.leaf(NodeKind::Source(source), ty, at))
    }
}

/// The storage of a part: that of the array which is there.
fn variable(part: &Part, inset: Inset) -> Variable {
    let shards = part.stored.inner_chunks.as_ref().map(|_| objects(&part.stored));
    Variable {
        path: part.stored.path.clone(),
        chunks: Some(part.stored.inner_chunks.clone().unwrap_or_else(|| objects(&part.stored))),
        shards,
        codecs: None,
        fill: None,
        attrs: Attributes::new(),
        with_coords: false,
        inset: Some(inset),
    }
}

/// The shape of an array's objects.
fn objects(stored: &StoredArray) -> Vec<u64> {
    let whole = || stored.shape.iter().map(|n| (*n).max(1)).collect();
    stored.chunks.clone().unwrap_or_else(whole)
}

/// The stored labels of a dim as an array sees them: those of the nearest group that has them.
fn coordinate<'s>(stored: &'s Stored, path: &str, dim: &DimName) -> Option<&'s StoredArray> {
    let mut group = path.trim_matches('/');
    while let Some((parent, _)) = group.rsplit_once('/').or((!group.is_empty()).then_some(("", ""))) {
        let found = stored.array(&format!("{parent}/{dim}"));
        if let Some(array) = found.filter(|array| array.dims == [Some(dim.clone())]) {
            return Some(array);
        }
        group = parent;
    }
    None
}

/// The paths of all arrays of a store.
fn paths(stored: &Stored) -> Vec<String> {
    let Stored::Group(root) = stored else { return vec!["/".to_owned()] };
    let mut groups = vec![root];
    let mut found = Vec::new();
    while let Some(group) = groups.pop() {
        found.extend(group.arrays.iter().map(|(_, array)| array.path.trim_matches('/').to_owned()));
        groups.extend(group.groups.iter().map(|(_, inner)| inner));
    }
    found
}
