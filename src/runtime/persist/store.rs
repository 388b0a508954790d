//! What can be done with a storage as a whole: listing, removing, checking, cleaning up.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use glob::Pattern;

use super::{Hold, MANIFEST, checksum, hold, keeping, manifest, names, object, objects};
use crate::planner::catalog::CatalogError;
use crate::planner::persist::Manifest;
use crate::runtime::place::STAGING;

/// Which results are meant.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Those of this workflow.
    pub workflow: Option<String>,
    /// Those whose name fits a glob.
    pub name: Option<Pattern>,
    /// Those whose key begins so, also where no name leads to them.
    pub key: Option<String>,
    /// Also those to which no name leads.
    pub nameless: bool,
}

impl Choice {
    /// Whether it leaves anything out.
    pub fn is_any(&self) -> bool {
        self.workflow.is_none() && self.name.is_none() && self.key.is_none()
    }

    fn takes(&self, entry: &Entry) -> bool {
        let of = |wanted: &Option<String>, text: &Option<String>| wanted.is_none() || wanted == text;
        let named = |pattern: &Pattern| entry.name.as_ref().is_some_and(|name| pattern.matches(name));
        of(&self.workflow, &entry.workflow)
            && self.name.as_ref().is_none_or(named)
            && self.key.as_ref().is_none_or(|key| entry.key.starts_with(key.as_str()))
            && (entry.name.is_some() || self.nameless || self.key.is_some())
    }
}

/// A result in a storage.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The workflow that has it, where a name leads to it.
    pub workflow: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The key.
    pub key: String,
    /// The link, or where no name leads to it the folder of its key.
    pub path: PathBuf,
    /// What it is; why that cannot be told.
    pub manifest: Result<Manifest, CatalogError>,
    /// Seconds since it was kept.
    pub age: Option<u64>,
}

impl Entry {
    /// The file of the values.
    pub fn file(&self, root: &Path) -> Option<PathBuf> {
        self.manifest.as_ref().ok().map(|manifest| object(root, &self.key).join(&manifest.file))
    }
}

/// A storage.
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The storage in a folder.
    ///
    /// # Errors
    /// There is none.
    pub fn open(root: &Path) -> Result<Self, String> {
        match objects(root).is_dir() {
            true => Ok(Store { root: root.to_owned() }),
            false if root.is_dir() => Err(format!("`{}` is no storage: no results were kept there", root.display())),
            false => Err(format!("there is no folder `{}`", root.display())),
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The results that are chosen, by workflow and name.
    pub fn entries(&self, choice: &Choice) -> Vec<Entry> {
        let named = names::all(&self.root);
        let keys: BTreeSet<&str> = named.iter().map(|name| name.key.as_str()).collect();
        let nameless = self.keys().into_iter().filter(|key| !keys.contains(key.as_str())).map(|key| {
            let path = object(&self.root, &key);
            self.entry((None, None), key, path)
        });
        let of_name = |n: &names::Name| {
            self.entry((Some(n.workflow.clone()), Some(n.name.clone())), n.key.clone(), n.path.clone())
        };
        named.iter().map(of_name).chain(nameless).filter(|entry| choice.takes(entry)).collect()
    }

    fn entry(&self, (workflow, name): (Option<String>, Option<String>), key: String, path: PathBuf) -> Entry {
        let gone = || CatalogError::new("ff::persist::damaged", format!("what `{}` leads to is gone", path.display()));
        let manifest = manifest(&self.root, &key).and_then(|found| found.ok_or_else(gone));
        let kept = object(&self.root, &key).join(MANIFEST).metadata().and_then(|found| found.modified());
        let age = kept.ok().and_then(|time| SystemTime::now().duration_since(time).ok()).map(|age| age.as_secs());
        Entry { workflow, name, key, path, manifest, age }
    }

    /// The keys under which something is.
    fn keys(&self) -> Vec<String> {
        let entries = std::fs::read_dir(objects(&self.root)).into_iter().flatten().flatten();
        let mut keys: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        keys.sort();
        keys
    }

    /// Whether a result is as it was kept.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(&self, entry: &Entry) -> Result<(), CatalogError> {
        keeping::verify(&self.root, entry.manifest.as_ref().map_err(Clone::clone)?)
    }

    /// Removes names, and what no name leads to then of what they led to; gives the bytes that are free.
    ///
    /// # Errors
    /// A run uses the storage, or it cannot be written.
    pub fn remove(&self, entries: &[Entry]) -> Result<u64, String> {
        let _held = hold(&self.root, Hold::Alone)?;
        for entry in entries.iter().filter(|entry| entry.name.is_some()) {
            removed(&entry.path)?;
            let _ = entry.path.parent().map(std::fs::remove_dir);
        }
        let left: BTreeSet<String> = names::all(&self.root).into_iter().map(|name| name.key).collect();
        let keys: BTreeSet<&String> =
            entries.iter().map(|entry| &entry.key).filter(|key| !left.contains(*key)).collect();
        keys.into_iter().map(|key| removed(&object(&self.root, key))).sum()
    }

    /// Removes what no name leads to and what interrupted runs have left; gives what was removed, and its bytes. With
    /// `only_looks` all stays.
    ///
    /// # Errors
    /// A run uses the storage, or it cannot be written.
    pub fn collect(&self, only_looks: bool) -> Result<(Vec<PathBuf>, u64), String> {
        let _held = hold(&self.root, Hold::Alone)?;
        let named = names::all(&self.root);
        let is_dangling = |name: &&names::Name| matches!(manifest(&self.root, &name.key), Ok(None));
        let mut waste: Vec<PathBuf> = named.iter().filter(is_dangling).map(|name| name.path.clone()).collect();
        let wanted: BTreeSet<&str> = named.iter().map(|name| name.key.as_str()).collect();
        for key in self.keys() {
            let folder = object(&self.root, &key);
            let kept = manifest(&self.root, &key);
            match kept {
                // What is damaged is left for `verify` to tell.
                Err(_) if wanted.contains(key.as_str()) => {}
                Ok(Some(manifest)) if wanted.contains(key.as_str()) => {
                    let is_of_it = |path: &PathBuf| path.ends_with(&manifest.file) || path.ends_with(MANIFEST);
                    waste.extend(entries(&folder).into_iter().filter(|path| !is_of_it(path) && !is_alive(path)));
                }
                _ if entries(&folder).iter().any(|path| is_alive(path)) => {}
                _ => waste.push(folder),
            }
        }
        for folder in entries(&self.root).into_iter().filter(|path| path.is_dir()) {
            let is_partial = |path: &PathBuf| partial_of(path).is_some() && !is_alive(path);
            waste.extend(entries(&folder).into_iter().filter(is_partial));
        }
        waste.sort();
        let bytes = match only_looks {
            true => waste.iter().map(|path| checksum::bytes(path).unwrap_or(0)).sum(),
            false => waste.iter().map(|path| removed(path)).sum::<Result<u64, String>>()?,
        };
        Ok((waste, bytes))
    }
}

/// What lies in a folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// The process that makes what is under a staging name.
fn partial_of(path: &Path) -> Option<i32> {
    let name = path.file_name()?.to_str()?.strip_prefix(STAGING)?;
    name.split('-').next()?.parse().ok()
}

/// Whether something is under the staging name of a process that is there.
fn is_alive(path: &Path) -> bool {
    // SAFETY: no signal is sent; it is only asked whether it could be.
    let is_there = |process: i32| unsafe { libc::kill(process, 0) == 0 } || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM);
    partial_of(path).is_some_and(|process| process > 0 && is_there(process))
}

/// Removes a file, a link or a folder; gives its bytes.
fn removed(path: &Path) -> Result<u64, String> {
    let failed = |error: std::io::Error| format!("cannot remove `{}`: {error}", path.display());
    let is_folder = match path.symlink_metadata() {
        Ok(found) => found.is_dir(),
        Err(_) => return Ok(0),
    };
    if !is_folder {
        let bytes = if path.is_symlink() { 0 } else { checksum::bytes(path).unwrap_or(0) };
        return std::fs::remove_file(path).map(|()| bytes).map_err(failed);
    }
    let bytes = checksum::bytes(path).unwrap_or(0);
    std::fs::remove_dir_all(path).map(|()| bytes).map_err(failed)
}
