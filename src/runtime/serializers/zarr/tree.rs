//! The tree of groups and arrays of a store, from its metadata files alone.
//!
//! Consolidated metadata is taken where a group has it; otherwise directories of groups are listed.
//! Directories of arrays never are: describing an array costs the same whatever its number of chunks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::absence::{Described, Document};
use super::metadata::ArrayMetadata;
use super::{attributes, json};
use crate::array::Attributes;
use crate::planner::catalog::{CatalogError, Stored, StoredGroup};
use crate::runtime::storage::Place;

/// Groups nested deeper than this are refused.
const MAX_DEPTH: usize = 64;

type Object = Map<String, Value>;

/// What a store holds.
pub struct Tree {
    /// For the planner.
    pub stored: Stored,
    /// Arrays by their path, which starts with `/`.
    pub arrays: Arrays,
}

/// Arrays by their path, with where and how each is described.
type Arrays = BTreeMap<String, (Arc<ArrayMetadata>, Described)>;

/// The metadata of one group or array.
enum Node {
    GroupV3(Object),
    ArrayV3(Object, Document),
    GroupV2(Object),
    /// With its attributes.
    ArrayV2(Object, Object, Document),
}

/// Whether a directory is a Zarr group or array.
pub fn is_zarr(place: &Place) -> bool {
    ["zarr.json", ".zarray", ".zgroup"].iter().any(|name| place.join(name).is_object())
}

/// Reads the tree of the store at `path`.
///
/// # Errors
/// There is no Zarr metadata, or that of the root is damaged or unsupported.
pub fn read(path: &Place) -> Result<Tree, CatalogError> {
    let damaged = |reason: String| {
        CatalogError::new("ff::source::metadata", format!("cannot read the Zarr metadata of `{path}`: {reason}"))
    };
    let mut arrays = BTreeMap::new();
    let is_file = path.path().is_some_and(Path::is_file);
    let node = if is_file { None } else { Node::read(path).map_err(damaged)? };
    let stored = match node {
        None => return Err(not_zarr(path)),
        Some(node @ (Node::ArrayV3(..) | Node::ArrayV2(..))) => {
            let (array, described) = node.array("/").map_err(|reason| {
                let message = format!("cannot read the Zarr array `{path}`: {reason}");
                CatalogError::new("ff::source::unsupported", message)
            })?;
            let stored = array.stored.clone();
            arrays.insert("/".to_owned(), (Arc::new(array), described));
            Stored::Array(stored)
        }
        Some(node) => Stored::Group(group(path, "", node, &mut arrays).map_err(damaged)?),
    };
    Ok(Tree { stored, arrays })
}

fn not_zarr(place: &Place) -> CatalogError {
    if place.path().is_some_and(|path| !path.is_dir()) || place.path().is_none() && place.is_object() {
        let message = format!("`{place}` is a file, and Zarr stores are directories");
        return CatalogError::new("ff::source::not_zarr", message);
    }
    let message = format!("`{place}` is a directory without Zarr metadata");
    let error = CatalogError::new("ff::source::not_zarr", message);
    let inside: Vec<String> = child_directories(place).unwrap_or_default();
    match inside.iter().find(|name| is_zarr(&place.join(name))) {
        Some(name) => error.with_help(format!("there is a Zarr store in it: `{}`", place.join(name))),
        None => error.with_help("a Zarr store has `zarr.json` (v3), or `.zgroup` or `.zarray` (v2), at its top"),
    }
}

impl Node {
    fn read(path: &Place) -> Result<Option<Node>, String> {
        let v3 = path.join("zarr.json");
        if let Some(object) = json::read_object(&v3)? {
            return Node::v3(object, Document::own(v3)).map(Some);
        }
        let attrs = || Ok::<_, String>(json::read_object(&path.join(".zattrs"))?.unwrap_or_default());
        let v2 = path.join(".zarray");
        if let Some(object) = json::read_object(&v2)? {
            return Ok(Some(Node::ArrayV2(object, attrs()?, Document::own(v2))));
        }
        Ok(match json::read_object(&path.join(".zgroup"))? {
            Some(_) => Some(Node::GroupV2(attrs()?)),
            None => None,
        })
    }

    fn v3(object: Object, document: Document) -> Result<Node, String> {
        if object.get("zarr_format").and_then(Value::as_u64) != Some(3) {
            return Err("`zarr_format` is not 3".to_owned());
        }
        match object.get("node_type").and_then(Value::as_str) {
            Some("group") => Ok(Node::GroupV3(object)),
            Some("array") => Ok(Node::ArrayV3(object, document)),
            _ => Err("`node_type` is neither `group` nor `array`".to_owned()),
        }
    }

    fn array(&self, path: &str) -> Result<(ArrayMetadata, Described), String> {
        let described = |object: &Object, document: &Document| Described::new(document.clone(), object);
        match self {
            Node::ArrayV3(object, document) => Ok((ArrayMetadata::from_v3(path, object)?, described(object, document))),
            Node::ArrayV2(object, attrs, document) => {
                Ok((ArrayMetadata::from_v2(path, object, attrs)?, described(object, document)))
            }
            Node::GroupV3(_) | Node::GroupV2(_) => Err("it is a group".to_owned()),
        }
    }

    fn attributes(&self) -> Attributes {
        let empty = Object::new();
        let object = match self {
            Node::GroupV3(object) | Node::ArrayV3(object, _) => {
                object.get("attributes").and_then(Value::as_object).unwrap_or(&empty)
            }
            Node::GroupV2(attrs) | Node::ArrayV2(_, attrs, _) => attrs,
        };
        attributes::from_json(object, None)
    }
}

/// The group `node` at `path` of the store and `at` in the tree, with all below it.
fn group(path: &Place, at: &str, node: Node, arrays: &mut Arrays) -> Result<StoredGroup, String> {
    let mut group = empty_group(at, &node);
    if let Some(nodes) = consolidated(path, &node)? {
        for (name, node) in nodes {
            put(&mut group, at, &name, node, arrays)?;
        }
        return Ok(group);
    }
    if at.split('/').count() > MAX_DEPTH {
        return Err(format!("groups are nested more than {MAX_DEPTH} deep at `{at}`"));
    }
    for name in child_directories(path)? {
        let below = format!("{at}/{name}");
        match Node::read(&path.join(&name)) {
            Ok(None) => {}
            Ok(Some(node @ (Node::ArrayV3(..) | Node::ArrayV2(..)))) => {
                add_array(&mut group, &below, name, &node, arrays)
            }
            Ok(Some(node)) => {
                let inner = self::group(&path.join(&name), &below, node, arrays)?;
                group.groups.push((name, inner));
            }
            Err(reason) => group.unsupported.push((name, reason)),
        }
    }
    Ok(group)
}

fn empty_group(at: &str, node: &Node) -> StoredGroup {
    let path = if at.is_empty() { "/".to_owned() } else { at.to_owned() };
    StoredGroup { path, attrs: Arc::new(node.attributes()), ..StoredGroup::default() }
}

fn add_array(group: &mut StoredGroup, path: &str, name: String, node: &Node, arrays: &mut Arrays) {
    match node.array(path) {
        Ok((array, described)) => {
            group.arrays.push((name, array.stored.clone()));
            arrays.insert(path.to_owned(), (Arc::new(array), described));
        }
        Err(reason) => group.unsupported.push((name, reason)),
    }
}

/// The nodes below a group by their path, from its consolidated metadata, where it has any.
fn consolidated(path: &Place, node: &Node) -> Result<Option<Vec<(String, Node)>>, String> {
    let nodes = match node {
        Node::GroupV3(object) => {
            let Some(metadata) = object.get("consolidated_metadata").and_then(|c| c.get("metadata")?.as_object())
            else {
                return Ok(None);
            };
            let node = |name: &String, value: &Value| {
                let (own, names) = (path.join(name).join("zarr.json"), ["consolidated_metadata", "metadata", name]);
                let document = Document::shared(path.join("zarr.json"), &names, own);
                Ok((name.clone(), Node::v3(value.as_object().cloned().unwrap_or_default(), document)?))
            };
            metadata.iter().map(|(name, value)| node(name, value)).collect::<Result<Vec<_>, String>>()?
        }
        Node::GroupV2(_) => {
            let Some(object) = json::read_object(&path.join(".zmetadata"))? else { return Ok(None) };
            let Some(metadata) = object.get("metadata").and_then(Value::as_object) else {
                return Err("`.zmetadata` lacks `metadata`".to_owned());
            };
            let attrs = |name: &str| {
                metadata.get(&format!("{name}/.zattrs")).and_then(Value::as_object).cloned().unwrap_or_default()
            };
            let nodes = metadata.iter().filter_map(|(key, value)| {
                let (name, kind) = key.rsplit_once('/')?;
                match kind {
                    ".zarray" => {
                        let document = Document::shared(path.join(".zmetadata"), &["metadata", key], path.join(key));
                        let object = value.as_object().cloned().unwrap_or_default();
                        Some((name.to_owned(), Node::ArrayV2(object, attrs(name), document)))
                    }
                    ".zgroup" => Some((name.to_owned(), Node::GroupV2(attrs(name)))),
                    _ => None,
                }
            });
            nodes.collect()
        }
        Node::ArrayV3(..) | Node::ArrayV2(..) => return Ok(None),
    };
    match nodes.iter().find(|(name, _)| !is_safe(name)) {
        Some((name, _)) => Err(format!("the consolidated metadata has the name {name:?}, which leaves its group")),
        None => Ok(Some(nodes)),
    }
}

fn is_safe(name: &str) -> bool {
    let forbidden = |part: &str| part.is_empty() || part == "." || part == ".." || part.contains(['\\', '\0']);
    !name.split('/').any(forbidden) && name.split('/').count() <= MAX_DEPTH
}

/// Puts a node of consolidated metadata where its path says.
fn put(root: &mut StoredGroup, at: &str, name: &str, node: Node, arrays: &mut Arrays) -> Result<(), String> {
    let mut group = root;
    let mut path = at.to_owned();
    let (parents, last) = name.rsplit_once('/').unwrap_or(("", name));
    for part in parents.split('/').filter(|p| !p.is_empty()) {
        path = format!("{path}/{part}");
        if group.arrays.iter().any(|(n, _)| n == part) {
            return Err(format!("`{path}` is an array and has arrays below it"));
        }
        let position = group.groups.iter().position(|(n, _)| n == part).unwrap_or_else(|| {
            group.groups.push((part.to_owned(), empty_group(&path, &Node::GroupV2(Object::new()))));
            group.groups.len() - 1
        });
        group = &mut group.groups[position].1;
    }
    path = format!("{path}/{last}");
    match node {
        Node::ArrayV3(..) | Node::ArrayV2(..) => add_array(group, &path, last.to_owned(), &node, arrays),
        Node::GroupV3(_) | Node::GroupV2(_) => {
            let found = empty_group(&path, &node);
            match group.groups.iter_mut().find(|(n, _)| n == last) {
                Some((_, inner)) => inner.attrs = found.attrs,
                None => group.groups.push((last.to_owned(), found)),
            }
        }
    }
    Ok(())
}

/// The names of the directories in one, sorted.
fn child_directories(place: &Place) -> Result<Vec<String>, String> {
    let entries = place.list().map_err(|error| format!("cannot list `{place}`: {error}"))?;
    Ok(entries.into_iter().filter(|entry| entry.is_folder).map(|entry| entry.name).collect())
}
