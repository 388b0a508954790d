//! Targets in remote storages, where nothing can be renamed.
//!
//! A file (HDF5, npy, CSV) is made in the scratch folder and stored when the run is complete: an object comes into being
//! whole, or not at all. A store of many objects is what its root metadata says, so that comes last:
//!
//! - Where nothing lies, objects are written under their keys, beside a marker, and are no store until [`Upload::publish`]
//!   adds the metadata, the root's last. A run that fails removes them; one that is killed leaves the marker and objects,
//!   which every reader takes for nothing and the next run replaces.
//! - Where a store (or the marker of another run) lies, objects are written under a prefix beside it. Publishing then
//!   removes the old store, its metadata first, copies the new objects within the storage, and their metadata last. So a
//!   reader sees the old store, none, or the new one, and never chunks of both.
//!
//! Writing everything beside the target would be one way instead of two, and cost a copy for each chunk where nothing is in
//! the way, which is the usual case.

use std::path::PathBuf;

use super::existing;
use super::place::STAGING;
use super::serializers::{StorageError, TargetWriter, failure};
use super::storage::{Failure, Place, bulk};
use crate::planner::catalog::Existing;

/// Names of objects that make a Zarr store visible.
const METADATA: [&str; 5] = ["zarr.json", ".zmetadata", ".zgroup", ".zarray", ".zattrs"];

/// A remote target that is being written.
pub struct Upload {
    /// Where it will lie.
    pub target: Place,
    kind: Kind,
    published: bool,
    /// Whether what lay there may be gone, so that what was written is the only whole copy.
    replaces: bool,
}

enum Kind {
    /// A file of this machine until it is complete.
    File(PathBuf),
    /// Objects under their own keys, and the marker beside them.
    Direct(Place),
    /// Objects under a prefix of their own.
    Beside(Place),
}

impl Upload {
    /// A target that is a file, made at a path below `scratch`.
    pub fn of_file(target: Place, scratch: &std::path::Path) -> Upload {
        let path = scratch.join(format!("{STAGING}{}-{}", unlike_others(), target.name()));
        Upload { target, kind: Kind::File(path), published: false, replaces: false }
    }

    /// A target of many objects.
    ///
    /// # Errors
    /// The storage cannot be written.
    pub fn of_objects(target: Place) -> Result<Upload, StorageError> {
        let failed = |failure: Failure| failure::unstored(&target, &failure);
        if target.key.is_empty() {
            let message = format!("`{target}` is all that the storage holds, and is not taken for one target");
            return Err(StorageError::new("ff::write::target", message).with_help("name a key below it"));
        }
        let number = unlike_others();
        let marker = target.join(&format!("{STAGING}{number}"));
        let is_free = || Ok::<_, Failure>(target.storage.keys(&target.key)?.iter().all(|(key, _)| *key == marker.key));
        let mut kind = Kind::Beside(beside(&target, number));
        if is_free().map_err(failed)? {
            marker.write(b"a run of functionfuse writes here").map_err(failed)?;
            // Another run may have come at the same time: then at least one of the two sees the other, and writes beside.
            kind = match is_free().map_err(failed)? {
                true => Kind::Direct(marker),
                false => {
                    marker.storage.remove(&marker.key).map_err(failed)?;
                    kind
                }
            };
        }
        Ok(Upload { target, kind, published: false, replaces: false })
    }

    /// The path at which a file is made.
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.kind {
            Kind::File(path) => Some(path),
            Kind::Direct(_) | Kind::Beside(_) => None,
        }
    }

    /// Where objects are written.
    pub fn staging(&self) -> &Place {
        match &self.kind {
            Kind::File(_) | Kind::Direct(_) => &self.target,
            Kind::Beside(place) => place,
        }
    }

    /// Completes the target and lets it be seen.
    ///
    /// # Errors
    /// It cannot be completed, or something has come into being there that may not be replaced.
    pub fn publish(mut self, writer: &dyn TargetWriter, format: &str, overwrite: bool) -> Result<(), StorageError> {
        let failed = |failure: Failure| failure::unstored(&self.target, &failure);
        match &self.kind {
            Kind::File(path) => {
                writer.finish()?;
                self.may_replace(format, overwrite)?;
                self.target.storage.upload(&self.target.key, path).map_err(failed)?;
            }
            Kind::Direct(marker) => {
                let mine = marker.kind_of_object().map_err(failed)?.is_some();
                if !mine || existing::existing(&self.target, format) != Existing::Nothing {
                    return Err(self.came_between());
                }
                writer.finish()?;
                self.target.storage.remove(&marker.key).map_err(failed)?;
            }
            Kind::Beside(staging) => {
                writer.finish()?;
                self.may_replace(format, overwrite)?;
                self.replaces = true;
                let lies = format!("what this run has written lies whole at `{staging}`");
                replace(staging, &self.target).map_err(|failure| failed(failure).with_help(lies))?;
                self.replaces = false;
            }
        }
        self.published = !matches!(self.kind, Kind::Beside(_) | Kind::File(_));
        Ok(())
    }

    fn may_replace(&self, format: &str, overwrite: bool) -> Result<(), StorageError> {
        match existing::existing(&self.target, format) {
            Existing::Nothing => Ok(()),
            Existing::Replaceable if overwrite => Ok(()),
            Existing::Replaceable => Err(self.came_between()),
            Existing::Foreign(what) => {
                let message = format!("`{}` has become {what} while the run went on, and is not replaced", self.target);
                Err(StorageError::new("ff::sink::foreign", message)
                    .with_help("remove it yourself, or choose another target"))
            }
        }
    }

    fn came_between(&self) -> StorageError {
        let message = format!("`{}` was written by another run while this one went on", self.target);
        StorageError::new("ff::sink::exists", message).with_help("it was left as it is; run again with --overwrite")
    }
}

impl Drop for Upload {
    /// Removes what was not published, and what was only needed until then.
    fn drop(&mut self) {
        match &self.kind {
            Kind::File(path) => drop(std::fs::remove_file(path)),
            Kind::Beside(_) if self.replaces => {}
            Kind::Beside(staging) => bulk::tidy(&*staging.storage, &staging.key),
            // Without its marker the prefix is another's by now.
            Kind::Direct(marker) if !self.published => {
                let Some(storage) = marker.storage.unstoppable() else { return };
                let target = Place { storage, ..self.target.clone() };
                let is_there = |name: &str| target.join(name).is_object();
                if is_there(marker.name()) && !["zarr.json", ".zgroup", ".zarray"].iter().any(|name| is_there(name)) {
                    bulk::tidy(&*target.storage, &target.key);
                }
            }
            Kind::Direct(_) => {}
        }
    }
}

/// A prefix beside a target.
fn beside(target: &Place, number: u64) -> Place {
    let name = format!("{STAGING}{number}-{}", target.name());
    target.parent().map_or_else(|| Place { key: name.clone(), ..target.clone() }, |above| above.join(&name))
}

/// A number that no other run draws.
fn unlike_others() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}

/// Puts what lies below one key in place of what lies below another.
fn replace(new: &Place, target: &Place) -> Result<(), Failure> {
    let storage = &target.storage;
    let is_metadata = |key: &str| METADATA.contains(&key.rsplit('/').next().unwrap_or_default());
    // The root's own metadata is the shortest key; deeper ones go after it and come before it.
    let mut old: Vec<String> = storage.keys(&target.key)?.into_iter().map(|(key, _)| key).collect();
    old.sort_by_key(|key| (!is_metadata(key), key.matches('/').count()));
    let (metadata, chunks): (Vec<String>, Vec<String>) = old.into_iter().partition(|key| is_metadata(key));
    let root = target.key.matches('/').count() + 1;
    let (first, rest): (Vec<String>, Vec<String>) =
        metadata.into_iter().partition(|key| key.matches('/').count() == root);
    for keys in [first, rest, chunks] {
        storage.remove_all(&keys)?;
    }
    let written = storage.keys(&new.key)?;
    let to = |key: &str| format!("{}{}", target.key, &key[new.key.len()..]);
    let pairs: Vec<(String, String, u64)> = written.iter().map(|(key, bytes)| (key.clone(), to(key), *bytes)).collect();
    let (metadata, chunks): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(key, ..)| is_metadata(key));
    storage.copy_all(&chunks)?;
    let copied = storage.keys(&target.key)?;
    let sizes: Vec<(String, u64)> =
        written.iter().filter(|(key, _)| !is_metadata(key)).map(|(key, size)| (to(key), *size)).collect();
    if copied != sizes {
        let reason = "what was copied is not what was written, or another run writes here".into();
        return Err(Failure::Remote { reason, help: Some("run the script again") });
    }
    let mut metadata = metadata;
    metadata.sort_by_key(|(key, ..)| std::cmp::Reverse(key.matches('/').count()));
    let root = new.key.matches('/').count() + 1;
    let (last, deeper): (Vec<_>, Vec<_>) = metadata.into_iter().partition(|(key, ..)| key.matches('/').count() == root);
    storage.copy_all(&deeper)?;
    storage.copy_all(&last)
}
