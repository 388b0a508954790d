//! Stores of which a part is replaced, or that grow.
//!
//! The new store is built beside the old one: its files are links to those of the old store (copies where the file system
//! has no links), and every file that changes is written anew under its name, never through the link. So the old store stays as
//! it was until the new one takes its name, and what did not change costs no bytes. Of metadata nothing changes but
//! the shapes of arrays and the attributes of the root.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::element::Form;
use super::metadata::{ArrayMetadata, Layout};
use super::writer::{ZarrWriter, encode_whole, filled, write_anew};
use super::{attributes, json, tree};
use crate::array::Attributes;
use crate::runtime::serializers::{ArraySpec, ArrayWriter, StorageError, TargetWriter, failure};
use crate::runtime::storage::Place;

/// Names of folders that hold what runs did not finish.
const UNFINISHED: &str = ".ff-partial-";

/// The names of files that hold no values.
const METADATA: [&str; 5] = ["zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"];

/// With this the names of attributes begin by which a run is recorded.
const OF_THE_RUN: &str = "functionfuse_";

type Object = Map<String, Value>;

/// Begins at `staging` the store that `old` becomes: with the shapes of `specs`, and `attrs` among those of the root.
///
/// # Errors
/// The old store is part of another or cannot be read, an array of it is stored as none is written, or files cannot be
/// made.
pub fn amend(
    old: &Path,
    staging: &Path,
    specs: &[ArraySpec],
    attrs: &Attributes,
) -> Result<Arc<dyn TargetWriter>, StorageError> {
    if let Some(outer) = old.parent().filter(|outer| tree::is_zarr(&Place::local(outer))) {
        let message =
            format!("`{}` lies in the store `{}`, whose metadata would not know", old.display(), outer.display());
        return Err(StorageError::new("ff::sink::stored", message)
            .with_help("name the store, and the path within: `zarr(\"store.zarr\", \"group/name\")`"));
    }
    link(old, staging).map_err(|e| failure::refused(staging, &e))?;
    let shapes = specs.iter().map(|spec| (spec.path.trim_matches('/').to_owned(), spec.shape.clone())).collect();
    reshape(staging, &shapes)?;
    describe(staging, attrs)?;
    let found = tree::read(&Place::local(staging)).map_err(|e| StorageError {
        code: e.code,
        message: e.message,
        help: e.help,
    })?;
    let mut arrays = BTreeMap::new();
    for spec in specs {
        let path = format!("/{}", spec.path.trim_matches('/'));
        let (metadata, _) = found.arrays.get(&path).ok_or_else(|| {
            let message = format!("`{}` has changed: its array `{path}` is not what it was", old.display());
            StorageError::new("ff::sink::changed", message).with_help("run the script again")
        })?;
        can_write(&path, metadata)?;
        let directory = Place::local(staging).join(path.trim_start_matches('/'));
        let writer = ZarrWriter { metadata: metadata.clone(), directory, name: path.clone(), over_links: true };
        arrays.insert(path, Arc::new(writer));
    }
    Ok(Arc::new(Amended { arrays }))
}

/// A store whose metadata is there already.
struct Amended {
    arrays: BTreeMap<String, Arc<ZarrWriter>>,
}

impl TargetWriter for Amended {
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter> {
        let path = format!("/{}", path.trim_matches('/'));
        self.arrays.get(&path).unwrap_or_else(|| panic!("the array {path} is not among the specs")).clone()
    }

    fn finish(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// Makes `to` a folder of the files of `from`, linked where that is possible. What is there already was made so, or written, by a run
/// that was interrupted, and stays; but metadata may not be whole.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        if old.is_dir() {
            link(&old, &new)?;
            continue;
        }
        if new.symlink_metadata().is_ok() {
            if !METADATA.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            std::fs::remove_file(&new)?;
        }
        if std::fs::hard_link(&old, &new).is_err() {
            // Under another name until it is whole: a part of it would be taken for what it is not.
            let part = to.join(format!("{}.ff-part", entry.file_name().to_string_lossy()));
            std::fs::copy(&old, &part)?;
            std::fs::rename(&part, &new)?;
        }
    }
    Ok(())
}

/// Whether chunks can be written as those of an array are: there are codecs and elements that are only read.
fn can_write(path: &str, metadata: &ArrayMetadata) -> Result<(), StorageError> {
    let (pipeline, shape) = match &metadata.layout {
        Layout::Chunks(pipeline) => (pipeline, &metadata.chunks),
        Layout::Shards(sharding) => (&sharding.inner, &sharding.inner_shape),
    };
    let encoded = match metadata.element.form {
        Form::Plain | Form::Text => {
            encode_whole(pipeline, &filled(metadata.element.dtype, shape, &metadata.fill), &metadata.element).map(drop)
        }
        Form::Time(_) => Err("its elements are NumPy's own times".to_owned()),
        Form::Utf32 { .. } | Form::Bytes { .. } => Err("its elements are texts of a fixed length".to_owned()),
    };
    encoded.map_err(|reason| {
        let message = format!("the array `{path}` is stored as arrays are only read here: {reason}");
        StorageError::new("ff::sink::stored", message)
            .with_help("write a new store: `sink concat([old.x, x], time) to …` with `mode: overwrite`")
    })
}

/// Gives arrays, by their paths without the first `/`, other shapes: in their own metadata, and in what groups above them
/// repeat of it.
fn reshape(root: &Path, shapes: &BTreeMap<String, Vec<u64>>) -> Result<(), StorageError> {
    for (path, shape) in shapes {
        let own = root.join(path);
        for name in ["zarr.json", ".zarray"] {
            change(&own.join(name), |object| {
                object.insert("shape".to_owned(), json!(shape));
            })?;
        }
        for at in path.rmatch_indices('/').map(|(at, _)| Some(at)).chain([None]) {
            let (group, below) =
                at.map_or((root.to_owned(), path.as_str()), |at| (root.join(&path[..at]), &path[at + 1..]));
            if below.is_empty() {
                continue;
            }
            let set = |nodes: Option<&mut Value>, key: &str| {
                if let Some(node) = nodes.and_then(|nodes| nodes.get_mut("metadata")?.get_mut(key)) {
                    node["shape"] = json!(shape);
                }
            };
            change(&group.join("zarr.json"), |object| set(object.get_mut("consolidated_metadata"), below))?;
            change(&group.join(".zmetadata"), |object| {
                let mut all = Value::Object(std::mem::take(object));
                set(Some(&mut all), &format!("{below}/.zarray"));
                if let Value::Object(all) = all {
                    *object = all;
                }
            })?;
        }
    }
    Ok(())
}

/// Adds attributes to those of the root, where that is a group; what an earlier run recorded of itself goes, but for the history.
fn describe(root: &Path, attrs: &Attributes) -> Result<(), StorageError> {
    if root.join(".zarray").is_file() {
        return Ok(());
    }
    let add = |object: &mut Object, version| {
        object.retain(|name, _| !name.starts_with(OF_THE_RUN));
        object.extend(attributes::to_json(attrs, version, None));
    };
    if root.join("zarr.json").is_file() {
        return change(&root.join("zarr.json"), |object| {
            if object.get("node_type").and_then(Value::as_str) == Some("group") {
                let all = object.entry("attributes").or_insert_with(|| json!({}));
                all.as_object_mut().into_iter().for_each(|all| add(all, 3));
            }
        });
    }
    if !root.join(".zattrs").is_file() {
        write_anew(&Place::local(&root.join(".zattrs")), b"{}")?;
    }
    change(&root.join(".zattrs"), |object| add(object, 2))?;
    change(&root.join(".zmetadata"), |object| {
        if let Some(nodes) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            let all = nodes.entry(".zattrs").or_insert_with(|| json!({}));
            all.as_object_mut().into_iter().for_each(|all| add(all, 2));
        }
    })
}

/// Changes the object of a metadata file, if there is one and it is altered.
fn change(path: &Path, alter: impl FnOnce(&mut Object)) -> Result<(), StorageError> {
    let damaged = |reason: String| StorageError::new("ff::source::metadata", format!("cannot read metadata: {reason}"));
    let Some(before) = json::read_object(&Place::local(path)).map_err(damaged)? else { return Ok(()) };
    let mut object = before.clone();
    alter(&mut object);
    if object == before {
        return Ok(());
    }
    let text = serde_json::to_string_pretty(&object).map_err(|e| damaged(e.to_string()))?;
    write_anew(&Place::local(path), text.as_bytes())
}
