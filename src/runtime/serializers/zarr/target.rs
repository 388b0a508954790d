//! The metadata files of a store that is to be written.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::attributes::{self, number};
use super::codecs::bounded_product;
use super::element::{v2_name, v3_name};
use super::metadata::ArrayMetadata;
use super::shards::index_codecs;
use super::sink_codecs::{Translated, translate};
use crate::array::{Attributes, Block, DType, Scalar};
use crate::planner::catalog::CatalogError;
use crate::runtime::serializers::{ArraySpec, TargetOptions};

type Object = Map<String, Value>;

/// A store to be written: its arrays, and the metadata of all nodes.
pub struct Target {
    /// Arrays by their path, which starts with `/`.
    pub arrays: BTreeMap<String, Arc<ArrayMetadata>>,
    version: u8,
    /// Nodes by their path without the first `/`, by depth and then by name.
    nodes: BTreeMap<(usize, String), Node>,
}

/// The metadata of a node: its own, and in v2 its attributes.
struct Node {
    is_array: bool,
    metadata: Object,
    attrs: Object,
}

impl Target {
    /// The store that holds these arrays.
    ///
    /// # Errors
    /// An option, a codec, a chunk size, a dtype or a name that Zarr does not have.
    pub fn new(specs: &[ArraySpec], options: &TargetOptions) -> Result<Self, CatalogError> {
        let version = options.version.unwrap_or(3);
        if version != 2 && version != 3 {
            let message = format!("there is no Zarr version {version}");
            return Err(CatalogError::new("ff::sink::version", message).with_help("write `version: 2` or `version: 3`"));
        }
        if !options.unlimited.is_empty() {
            return Err(CatalogError::new("ff::sink::option", "Zarr has no option `unlimited`")
                .with_help("leave it out: every array of Zarr can be made longer"));
        }
        let mut target = Target { arrays: BTreeMap::new(), version, nodes: BTreeMap::new() };
        for spec in specs {
            target.add(spec)?;
        }
        if !target.arrays.contains_key("/") {
            target.add_groups(&options.attrs);
        } else if specs.len() > 1 {
            return Err(CatalogError::new(
                "ff::sink::name",
                "an array at the root of a store leaves no room for others",
            ));
        }
        Ok(target)
    }

    fn add(&mut self, spec: &ArraySpec) -> Result<(), CatalogError> {
        let path = format!("/{}", spec.path.trim_matches('/'));
        self.check_name(&path)?;
        check_shape(spec, self.version)?;
        let codecs = translate(spec.codecs.as_deref(), spec.dtype).map_err(|mut e| {
            e.message = format!("{} (in the array `{path}`)", e.message);
            e
        })?;
        let (metadata, attrs) = if self.version == 3 { (v3(spec, &codecs), Object::new()) } else { v2(spec, &codecs) };
        let array = if self.version == 3 {
            ArrayMetadata::from_v3(&path, &metadata)
        } else {
            ArrayMetadata::from_v2(&path, &metadata, &attrs)
        };
        let array = array.map_err(|reason| {
            CatalogError::new("ff::sink::codec", format!("cannot write the array `{path}` so: {reason}"))
        })?;
        let key = key_of(&path);
        self.nodes.insert(key, Node { is_array: true, metadata, attrs });
        self.arrays.insert(path, Arc::new(array));
        Ok(())
    }

    fn check_name(&self, path: &str) -> Result<(), CatalogError> {
        let refused = |reason: &str| {
            Err(CatalogError::new("ff::sink::name", format!("Zarr cannot have an array named `{path}`: {reason}")))
        };
        if path != "/" {
            for part in path[1..].split('/') {
                if part.is_empty() || part == "." || part == ".." || part.contains(['\\', '\0']) {
                    return refused("a part of it leaves its group");
                }
                if part == "zarr.json" || part.starts_with(".z") || part.starts_with("__") {
                    return refused("the name is reserved");
                }
            }
        }
        let below = |outer: &str, inner: &str| inner.starts_with(&format!("{}/", outer.trim_end_matches('/')));
        match self.arrays.keys().find(|other| *other == path || below(other, path) || below(path, other)) {
            Some(other) if other == path => refused("there are two"),
            Some(other) => refused(&format!("one of it and `{other}` lies in the other")),
            None => Ok(()),
        }
    }

    /// Adds the root and the groups above arrays.
    fn add_groups(&mut self, root: &Attributes) {
        let mut groups = vec![String::new()];
        for path in self.arrays.keys() {
            let parts = path.match_indices('/').skip(1).map(|(at, _)| path[1..at].to_owned());
            groups.extend(parts);
        }
        for group in groups {
            let attrs = if group.is_empty() { attributes::to_json(root, self.version, None) } else { Object::new() };
            let node = if self.version == 3 {
                Node { is_array: false, metadata: group_v3(attrs), attrs: Object::new() }
            } else {
                Node { is_array: false, metadata: object(json!({"zarr_format": 2})), attrs }
            };
            self.nodes.insert(key_of(&group), node);
        }
    }

    /// The metadata files by their path in the store, the root's last.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for ((_, path), node) in self.nodes.iter().rev() {
            let file = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            if self.version == 2 {
                files.push((file(".zattrs"), pretty(&node.attrs)));
                files.push((file(if node.is_array { ".zarray" } else { ".zgroup" }), pretty(&node.metadata)));
            } else if path.is_empty() && !node.is_array {
                let mut root = node.metadata.clone();
                root.insert("consolidated_metadata".to_owned(), consolidated_v3(self.nodes_v3()));
                files.push((file("zarr.json"), pretty(&root)));
            } else {
                files.push((file("zarr.json"), pretty(&node.metadata)));
            }
        }
        if self.version == 2 && !self.arrays.contains_key("/") {
            let consolidated = json!({"metadata": self.nodes_v2(), "zarr_consolidated_format": 1});
            files.push((".zmetadata".to_owned(), pretty(&object(consolidated))));
        }
        files
    }

    fn nodes_v3(&self) -> Object {
        let below = self.nodes.iter().filter(|((_, path), _)| !path.is_empty());
        let entries = below.map(|((_, path), node)| {
            let mut metadata = node.metadata.clone();
            if !node.is_array {
                metadata.insert("consolidated_metadata".to_owned(), consolidated_v3(Object::new()));
            }
            (path.clone(), metadata.into())
        });
        entries.collect()
    }

    fn nodes_v2(&self) -> Object {
        let mut entries = Object::new();
        for ((_, path), node) in &self.nodes {
            let key = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            entries.insert(key(".zattrs"), node.attrs.clone().into());
            entries.insert(key(if node.is_array { ".zarray" } else { ".zgroup" }), node.metadata.clone().into());
        }
        entries
    }
}

fn key_of(path: &str) -> (usize, String) {
    let path = path.trim_matches('/');
    let depth = if path.is_empty() { 0 } else { path.split('/').count() };
    (depth, path.to_owned())
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn pretty(object: &Object) -> String {
    serde_json::to_string_pretty(object).expect("JSON of strings and numbers")
}

fn group_v3(attrs: Object) -> Object {
    object(json!({"attributes": attrs, "zarr_format": 3, "node_type": "group"}))
}

fn consolidated_v3(below: Object) -> Value {
    json!({"kind": "inline", "must_understand": false, "metadata": below})
}

fn check_shape(spec: &ArraySpec, version: u8) -> Result<(), CatalogError> {
    let refused = |message: String| {
        Err(CatalogError::new("ff::sink::chunks", format!("the array `{}` cannot be cut so: {message}", spec.path)))
    };
    if matches!(spec.dtype, DType::DateTime(_) | DType::Duration) {
        let message = format!("the array `{}` holds times that are not encoded", spec.path);
        return Err(CatalogError::new("ff::sink::dtype", message));
    }
    let rank = spec.shape.len();
    if spec.chunks.len() != rank || spec.dims.len() != rank {
        return refused(format!("it has {rank} dims and its chunks {}", spec.chunks.len()));
    }
    if spec.chunks.contains(&0) {
        return refused("a chunk size is zero".to_owned());
    }
    let outer = spec.shards.as_ref().unwrap_or(&spec.chunks);
    if bounded_product(outer.iter().copied().chain([spec.dtype.size() as u64])).is_none() {
        return refused("a chunk is larger than a tebibyte".to_owned());
    }
    if let Some(shards) = &spec.shards {
        if version == 2 {
            return refused("Zarr version 2 has no shards".to_owned());
        }
        let tiled =
            shards.len() == rank && shards.iter().zip(&spec.chunks).all(|(s, c)| *s > 0 && *c > 0 && s % c == 0);
        if !tiled {
            return refused(format!("shards of {shards:?} are no multiples of chunks of {:?}", spec.chunks));
        }
    }
    Ok(())
}

/// The fill value in the array's dtype: that of the spec, else of `_FillValue`.
fn fill_of(spec: &ArraySpec) -> Option<Scalar> {
    let attribute = || spec.attrs.get("_FillValue").and_then(|v| v.as_scalar());
    let fill = spec.fill.as_ref().or_else(attribute)?;
    Some(Block::from_scalar(spec.dtype, fill).get(&[]))
}

fn v3(spec: &ArraySpec, codecs: &Translated) -> Object {
    let outer = spec.shards.as_ref().unwrap_or(&spec.chunks);
    let codecs = match &spec.shards {
        None => json!(codecs.v3),
        Some(_) => json!([{"name": "sharding_indexed", "configuration": {
            "chunk_shape": spec.chunks, "codecs": codecs.v3, "index_codecs": index_codecs(), "index_location": "end"}}]),
    };
    let fill = fill_of(spec).unwrap_or_else(|| Scalar::zero(spec.dtype));
    let names: Vec<&str> = spec.dims.iter().map(|d| d.as_str()).collect();
    object(json!({
        "shape": spec.shape,
        "data_type": v3_name(spec.dtype).unwrap_or("string"),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": outer}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": number(&fill),
        "codecs": codecs,
        "attributes": attributes::to_json(&spec.attrs, 3, Some(spec.dtype)),
        "dimension_names": names,
        "zarr_format": 3,
        "node_type": "array",
        "storage_transformers": [],
    }))
}

/// `.zarray` and `.zattrs`. v2 has no attribute `_FillValue`: xarray takes the fill value for it.
fn v2(spec: &ArraySpec, codecs: &Translated) -> (Object, Object) {
    let mut attrs = spec.attrs.clone();
    let missing = attrs.remove("_FillValue").and_then(|v| v.as_scalar().cloned());
    let missing = missing.map(|v| Block::from_scalar(spec.dtype, &v).get(&[]));
    let fill = missing.or_else(|| fill_of(spec));
    let names: Vec<&str> = spec.dims.iter().map(|d| d.as_str()).collect();
    let mut attrs = attributes::to_json(&attrs, 2, Some(spec.dtype));
    attrs.insert("_ARRAY_DIMENSIONS".to_owned(), json!(names));
    let filters = if codecs.v2_filters.is_empty() { Value::Null } else { json!(codecs.v2_filters) };
    let metadata = json!({
        "shape": spec.shape,
        "chunks": spec.chunks,
        "dtype": v2_name(spec.dtype).unwrap_or_else(|| "|O".to_owned()),
        "fill_value": fill.as_ref().map_or(Value::Null, number),
        "order": "C",
        "filters": filters,
        "dimension_separator": ".",
        "compressor": codecs.v2_compressor,
        "zarr_format": 2,
    });
    (object(metadata), attrs)
}
