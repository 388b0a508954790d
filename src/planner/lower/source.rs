//! Sources: what lies at a location, as datasets whose variables become nodes when they are used.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::builder::operand;
use super::cf::with_units_of_bounded;
use super::member::member_help;
use super::scope::{Group, Item};
use super::source_options::SourceOptions;
use super::{Lowerer, Lowering, Poisoned};
use crate::array::{ArrayType, ChunkGrid, Coord, DimName, Dims};
use crate::operators::cf::Encoding;
use crate::operators::{Operand, Value};
use crate::parser::ast::{self, Name};
use crate::planner::catalog::{CatalogError, Location, Stored, StoredArray, StoredGroup};
use crate::planner::error::{CatalogProblem, EdgeError};
use crate::planner::graph::{NodeKind, Source};
use crate::source::Span;

/// The formats that can be written before a source's parentheses besides those of the catalog.
const OPEN: &str = "open";

/// Bytes of a chunk that a contiguous array is taken to have.
const CONTIGUOUS_CHUNK: u64 = 8 << 20;

/// A file or store, or several of one structure that are joined.
pub(super) struct Dataset {
    /// The script's name for it.
    pub name: String,
    /// Where it stands in the script.
    pub at: Span,
    /// The files, at least one.
    pub files: Vec<File>,
    /// How it is read.
    pub options: SourceOptions,
    /// Variables that are nodes already, by path.
    pub nodes: BTreeMap<String, Lowering<Operand>>,
    /// Coordinates read already, by file and path; none where the array is none.
    pub coords: BTreeMap<(usize, String), Lowering<Option<Arc<Coord>>>>,
}

/// One file of a dataset.
pub(super) struct File {
    /// Where.
    pub location: Location,
    /// What lies there.
    pub stored: Arc<Stored>,
}

impl Lowerer<'_> {
    /// `source NAME = FORMAT(URL, PATH) {options}`
    pub(super) fn source(&mut self, source: &ast::Source) {
        let item = self.source_item(source);
        self.bind(&source.name, item);
    }

    fn source_item(&mut self, source: &ast::Source) -> Lowering<Item> {
        let target = &source.target;
        let format = self.source_format(&target.format);
        let place = self.place(target, true);
        let options = self.source_options(&target.options);
        let (format, place, options) = (format?, place?, options?);
        self.set_storage(&place, options.storage.as_ref())?;
        let at = target.span;
        let mut locations = Vec::new();
        let mut joined = place.is_list;
        for url in place.urls {
            let location = Location { format: format.clone(), url };
            if location.url.contains(['*', '?', '[']) {
                joined = true;
                locations.extend(self.expanded(&location, at)?);
            } else {
                locations.push(location);
            }
        }
        if joined && locations.len() > 1 && options.concat.is_none() && options.stack.is_none() {
            let message = format!("{} files are read, and nothing says how they are joined", locations.len());
            let help = Some("name the dim along which they follow each other: `{ concat: time }`".to_owned());
            return self.fail(EdgeError::SourceConcat { message, at, help });
        }
        let files = self.opened_files(locations, at)?;
        let name = source.name.value.clone();
        let (nodes, coords) = (BTreeMap::new(), BTreeMap::new());
        self.datasets.push(Dataset { name, at, files, options, nodes, coords });
        self.check_concat(self.datasets.len() - 1)?;
        self.put_in_order(self.datasets.len() - 1, place.path.as_ref().map_or("", |path| &path.value))?;
        let path = place.path.map_or(Name { value: String::new(), span: at }, |p| p);
        self.opened(self.datasets.len() - 1, &path)
    }

    fn source_format(&mut self, format: &Name) -> Lowering<String> {
        let known = self.catalog.formats();
        if format.value == OPEN || known.contains(&format.value.as_str()) {
            return Ok(format.value.clone());
        }
        let names: Vec<&str> = known.into_iter().chain([OPEN]).collect();
        let message = format!("there is no format `{}`", format.value);
        let help = member_help(&format.value, &names, "the formats are");
        self.fail(EdgeError::SourceOption { message, at: format.span, label: "not a format".into(), help })
    }

    fn expanded(&mut self, location: &Location, at: Span) -> Lowering<Vec<Location>> {
        match self.catalog.expand(location) {
            Ok(found) if found.is_empty() => {
                let message = format!("no file matches `{}`", location.url);
                let error = CatalogError::new("ff::source::no_match", message);
                self.catalog_problem(error, at, "read here")
            }
            Ok(found) => Ok(found),
            Err(error) => self.catalog_problem(error, at, "read here"),
        }
    }

    /// What the catalog says, at a place.
    pub(super) fn catalog_problem<T>(&mut self, error: CatalogError, at: Span, label: &'static str) -> Lowering<T> {
        self.fail(CatalogProblem { error, at, label })
    }

    /// The group or array at a path of a dataset.
    fn opened(&mut self, dataset: usize, path: &Name) -> Lowering<Item> {
        let within = path.value.trim_matches('/').to_owned();
        let stored = self.datasets[dataset].files[0].stored.clone();
        if stored.array(&within).is_some() {
            return self.variable(dataset, &within, path.span).map(|o| Item::Value(Value::Array(o)));
        }
        match &*stored {
            Stored::Group(root) if root.group(&within).is_some() => Ok(Item::Group(Group { dataset, path: within })),
            Stored::Group(root) => {
                let names = entries(root);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let of = format!("`{}`", self.datasets[dataset].files[0].location.url);
                self.no_member(of, path, member_help(&within, &names, "it holds"))
            }
            Stored::Array(_) => {
                let of = format!("`{}`, a single array,", self.datasets[dataset].files[0].location.url);
                self.no_member(of, path, None)
            }
        }
    }

    /// The metadata of a group.
    pub(super) fn stored_group(&self, group: &Group) -> Option<&StoredGroup> {
        match &*self.datasets[group.dataset].files[0].stored {
            Stored::Group(root) => root.group(&group.path),
            Stored::Array(_) => None,
        }
    }

    /// The names of a group's arrays and groups.
    pub(super) fn group_names(&self, group: &Group) -> Vec<String> {
        self.stored_group(group).map(entries).unwrap_or_default()
    }

    /// How a group is called in messages.
    pub(super) fn group_title(&self, group: &Group) -> String {
        let name = &self.datasets[group.dataset].name;
        match group.path.as_str() {
            "" => format!("`{name}`"),
            path => format!("`{name}.{}`", path.replace('/', ".")),
        }
    }

    /// `era.air`: a variable, a coordinate or a group of a group.
    pub(super) fn group_member(&mut self, group: &Group, name: &Name) -> Lowering<Item> {
        let path = if group.path.is_empty() { name.value.clone() } else { format!("{}/{}", group.path, name.value) };
        let Some(stored) = self.stored_group(group) else { return Err(Poisoned) };
        if stored.arrays.iter().any(|(n, _)| *n == name.value) {
            return self.variable(group.dataset, &path, name.span).map(|o| Item::Value(Value::Array(o)));
        }
        if stored.groups.iter().any(|(n, _)| *n == name.value) {
            return Ok(Item::Group(Group { dataset: group.dataset, path }));
        }
        if let Some((_, reason)) = stored.unsupported.iter().find(|(n, _)| *n == name.value) {
            let (variable, message) = (name.value.clone(), reason.clone());
            return self.fail(EdgeError::SourceUnsupported { variable, message, at: name.span });
        }
        let names = entries(stored);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let help = member_help(&name.value, &names, "it holds");
        self.check_first_file(group.dataset, &path, name.span)?;
        let of = self.group_title(group);
        self.no_member(of, name, help)
    }

    /// The names of a group's arrays that are not coordinates. One that no variable has the dims of is none.
    pub(super) fn variables(&self, group: &Group) -> Vec<String> {
        let is_coordinate = |(name, array): &&(String, StoredArray)| matches!(array.dims.as_slice(), [Some(dim)] if dim.as_str() == name.as_str());
        let arrays = self.stored_group(group).map(|g| g.arrays.as_slice()).unwrap_or_default();
        let named = self.named_coordinates(group.dataset, &group.path);
        let (others, variables): (Vec<_>, Vec<_>) =
            arrays.iter().filter(|a| !is_coordinate(a)).partition(|(name, _)| named.iter().any(|c| c.name == *name));
        let has = |(_, array): &&&(String, StoredArray), dim: &DimName| array.dims.iter().flatten().any(|d| d == dim);
        let is_carried = |name: &str| {
            let own = named.iter().find(|c| c.name == name);
            own.is_some_and(|c| variables.iter().any(|v| c.dims.iter().all(|dim| has(&v, dim))))
        };
        let is_one = |(name, _): &&(String, StoredArray)| !others.iter().any(|(n, _)| n == name) || !is_carried(name);
        let all = arrays.iter().filter(|a| !is_coordinate(a)).filter(is_one);
        all.map(|(name, _)| name.clone()).collect()
    }

    /// All variables of a group that are not coordinates, as a record.
    pub(super) fn group_record(&mut self, group: &Group, at: Span) -> Lowering<Value> {
        let names = self.variables(group);
        let mut fields = Vec::new();
        let mut sound = Ok(());
        for name in names {
            let path = if group.path.is_empty() { name.clone() } else { format!("{}/{name}", group.path) };
            match self.variable(group.dataset, &path, at) {
                Ok(operand) => fields.push((name, Value::Array(operand))),
                Err(poisoned) => sound = Err(poisoned),
            }
        }
        sound.map(|()| Value::Record(Arc::new(fields)))
    }

    /// The node of a variable: raw, joined over files, decoded.
    pub(super) fn variable(&mut self, dataset: usize, path: &str, at: Span) -> Lowering<Operand> {
        if let Some(known) = self.datasets[dataset].nodes.get(path) {
            return *known;
        }
        let made = self.make_variable(dataset, path, at);
        if let Ok(operand) = made {
            let name = path.rsplit('/').next().unwrap_or(path);
            let name = if name.is_empty() { self.datasets[dataset].name.clone() } else { name.to_owned() };
            self.name_node(operand, &name);
            self.carry_stored(dataset, path, operand);
        }
        self.datasets[dataset].nodes.insert(path.to_owned(), made);
        made
    }

    fn make_variable(&mut self, dataset: usize, path: &str, at: Span) -> Lowering<Operand> {
        let first = self.stored_array(dataset, 0, path, at)?;
        let dims = self.dims_of(dataset, &first)?;
        if let [dim] = dims.as_slice()
            && path.rsplit('/').next() == Some(dim.as_str())
            && self.datasets[dataset].files.len() == 1
            && let Some(coord) = self.stored_coordinate(dataset, 0, path)?
        {
            let constant = self.coord_constant(&coord, at);
            self.read_from(constant, self.datasets[dataset].files[0].location.clone());
            return Ok(constant);
        }
        let options = &self.datasets[dataset].options;
        let of_dim = matches!(dims.as_slice(), [dim] if path.rsplit('/').next() == Some(dim.as_str()));
        let along = options.concat.as_ref().map(|d| d.value.clone());
        let axis = along.and_then(|dim| dims.iter().position(|d| *d == dim));
        match axis {
            _ if self.datasets[dataset].files.len() == 1 && options.stack.is_none() => {}
            Some(axis) => {
                let joined = self.joined_variable(dataset, &first, &dims, Some(axis), at)?;
                let labels = self.ty(joined).coord(&dims[axis]).filter(|_| of_dim).cloned();
                return Ok(labels.map_or(joined, |labels| self.joined_labels(dataset, joined, &labels, at)));
            }
            None if options.stack.is_some() && !of_dim => {
                return self.joined_variable(dataset, &first, &dims, None, at);
            }
            None => self.check_equal(dataset, &first, at)?,
        }
        let raw = self.raw(dataset, 0, &first, &dims)?;
        self.decoded(dataset, raw, &first, 0, at)
    }

    /// The metadata of an array in one file.
    pub(super) fn stored_array(&mut self, dataset: usize, file: usize, path: &str, at: Span) -> Lowering<StoredArray> {
        let source = &self.datasets[dataset];
        let stored = &source.files[file].stored;
        if let Some(array) = stored.array(path) {
            return Ok(StoredArray { attrs: with_units_of_bounded(stored, path, array), ..array.clone() });
        }
        let name = path.trim_matches('/');
        let message = format!("`{}` has no variable `{name}`", source.files[file].location.url);
        let help = Some(format!("`{}` has; files that are joined must hold the same", source.files[0].location.url));
        self.fail(EdgeError::SourceConcat { message, at, help })
    }

    /// The names of an array's dims: the option's, the file's, else `dim_0, dim_1, …`.
    pub(super) fn dims_of(&mut self, dataset: usize, array: &StoredArray) -> Lowering<Vec<DimName>> {
        let source = &self.datasets[dataset];
        let unnamed = array.dims.iter().all(Option::is_none);
        let is_bare = matches!(&*source.files[0].stored, Stored::Array(_));
        if let Some(names) = &source.options.dims
            && (is_bare || (unnamed && names.value.len() == array.shape.len()))
        {
            if names.value.len() == array.shape.len() {
                return Ok(names.value.clone());
            }
            let message = format!("{} names of dims for an array of {}", names.value.len(), array.shape.len());
            let (at, label) = (names.span, "not as many as the array has".to_owned());
            return self.fail(EdgeError::SourceOption { message, at, label, help: None });
        }
        let mut dims: Vec<DimName> = Vec::with_capacity(array.dims.len());
        for (axis, name) in array.dims.iter().enumerate() {
            let name = name.clone().unwrap_or_else(|| DimName::auto(axis));
            let repeated = dims.contains(&name);
            dims.push(if repeated { DimName::new(&format!("{name}_{axis}")) } else { name });
        }
        Ok(dims)
    }

    /// The node of an array as it is stored; attributes that only encode are left out of its type.
    pub(super) fn raw(
        &mut self,
        dataset: usize,
        file: usize,
        array: &StoredArray,
        dims: &[DimName],
    ) -> Lowering<Operand> {
        let mut ty = ArrayType::new(array.dtype, Dims::new(dims.iter().cloned().zip(array.shape.iter().copied())));
        let grid = array.inner_chunks.as_ref().or(array.chunks.as_ref());
        ty.chunks = ChunkGrid::regular(&grid.cloned().unwrap_or_else(|| contiguous_chunks(&ty)));
        let parents = array.path.trim_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
        for dim in dims {
            if let Some(coord) = self.coordinate_of(dataset, file, &parents, dim)? {
                let fits = ty.dims.get(dim).is_some_and(|d| d.size == coord.len() as u64);
                if fits {
                    ty.coords.insert(dim.clone(), coord);
                }
            }
        }
        let source = &self.datasets[dataset];
        ty.attrs = if source.options.decode {
            let attrs = Encoding::of(array.dtype, &array.attrs).rest(&array.attrs);
            self.without_coordinates(dataset, &array.path, attrs)
        } else {
            array.attrs.clone()
        };
        let kind = Source {
            location: source.files[file].location.clone(),
            path: array.path.clone(),
            missing: source.options.missing,
            chunks: array.inner_chunks.clone().or_else(|| array.chunks.clone()),
        };
        let at = source.at;
        Ok(operand(self.lowered.graph.leaf(NodeKind::Source(kind), ty, at)))
    }

    /// The labels of a dim as seen from a group: those of the nearest group that has them.
    pub(super) fn coordinate_of(
        &mut self,
        dataset: usize,
        file: usize,
        group: &str,
        dim: &DimName,
    ) -> Lowering<Option<Arc<Coord>>> {
        let mut group = group;
        loop {
            let path = if group.is_empty() { dim.to_string() } else { format!("{group}/{dim}") };
            if let Some(coord) = self.stored_coordinate(dataset, file, &path)? {
                return Ok(Some(coord));
            }
            if group.is_empty() {
                return Ok(None);
            }
            group = group.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }

    /// The coordinate stored at a path, if what lies there is one.
    fn stored_coordinate(&mut self, dataset: usize, file: usize, path: &str) -> Lowering<Option<Arc<Coord>>> {
        let key = (file, path.to_owned());
        if let Some(known) = self.datasets[dataset].coords.get(&key) {
            return known.clone();
        }
        let coord = self.read_coordinate(dataset, file, path);
        self.datasets[dataset].coords.insert(key, coord.clone());
        coord
    }

    fn read_coordinate(&mut self, dataset: usize, file: usize, path: &str) -> Lowering<Option<Arc<Coord>>> {
        let source = &self.datasets[dataset];
        let name = path.rsplit('/').next().unwrap_or(path);
        let (location, at) = (source.files[file].location.clone(), source.at);
        let Some(array) = source.files[file].stored.array(path).cloned() else { return Ok(None) };
        let is_named = matches!(array.dims.as_slice(), [Some(dim)] if dim.as_str() == name);
        if !is_named || matches!(&*source.files[file].stored, Stored::Array(_)) {
            return Ok(None);
        }
        match self.catalog.values(&location, &array.path) {
            Ok(block) => self.decoded_coordinate(dataset, &array, &block, at),
            Err(error) => self.catalog_problem(error, at, "its coordinates are read here"),
        }
    }
}

/// The names of arrays, groups and what cannot be read.
fn entries(group: &StoredGroup) -> Vec<String> {
    let arrays = group.arrays.iter().map(|(name, _)| name.clone());
    arrays.chain(group.groups.iter().map(|(name, _)| name.clone())).collect()
}

/// Whole inner axes, and as much of the outermost as makes a chunk of moderate size.
fn contiguous_chunks(ty: &ArrayType) -> Vec<u64> {
    let mut chunks = ty.shape();
    let mut bytes = ty.bytes();
    for size in &mut chunks {
        if bytes <= CONTIGUOUS_CHUNK {
            break;
        }
        let inner = (bytes / (*size).max(1)).max(1);
        *size = (CONTIGUOUS_CHUNK / inner).clamp(1, (*size).max(1));
        bytes = inner.saturating_mul(*size);
    }
    chunks
}
