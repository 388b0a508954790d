//! Kept results in folders of this machine.
//!
//! ```text
//! results/warming/clim.h5 -> ../.ff/objects/3f0c…/9a41….h5     a name: a link for people
//! results/.ff/objects/3f0c…/9a41….h5                          the values, under their key and their checksum
//! results/.ff/objects/3f0c…/manifest.json                     what they are
//! results/.ff/lock                                            held by runs that read or keep results, and by `ffstore gc`
//! ```
//!
//! Values are kept by key and not by name, so going back to an earlier version of a script finds its results again, names
//! that mean the same share them, and who gives a name deletes nothing: what no name leads to stays until `ffstore gc`.
//!
//! A result is there when its manifest is, which is written last, in one step. The file of the values is named after its
//! own bytes; so runs that keep one key at a time cannot harm each other: each writes a file of its own or finds the same
//! bytes there, and the last manifest counts.
//!
//! | module | concept |
//! |---|---|
//! | [`names`] | names and what they lead to |
//! | [`checksum`] | hashes of what is stored |
//! | [`keeping`] | a run that reads and keeps results |
//! | [`store`] | what `ffstore` does |
//!
//! Deliberately absent: storages that are not folders.

pub mod checksum;
pub mod keeping;
pub mod names;
pub mod store;

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::World;
use super::catalog::LocalCatalog;
use super::place;
use super::serializers::kept::{self, SERIALIZERS};
use super::storage::Place;
use crate::planner::catalog::{CatalogError, Location};
use crate::planner::persist::{LAYOUT, Manifest, Results, Serializer, SourcePart, short};

/// The folder of a storage that is not for people.
const HIDDEN: &str = ".ff";

/// The file beside the values.
const MANIFEST: &str = "manifest.json";

/// The folder of all that is kept under keys.
fn objects(root: &Path) -> PathBuf {
    root.join(HIDDEN).join("objects")
}

/// The folder of what is kept under a key.
fn object(root: &Path, key: &str) -> PathBuf {
    objects(root).join(key)
}

/// The error of a result that is not as it was kept.
fn damaged(root: &Path, key: &str, path: &Path, reason: &str) -> CatalogError {
    let message = format!("the result in `{}` is damaged: {reason}", path.display());
    let help =
        format!("`ffstore rm {} --key {}` removes it, and the next run computes it anew", root.display(), short(key));
    CatalogError::new("ff::persist::damaged", message).with_help(help)
}

/// The manifest in the folder of a key; none where there is none, or one of another version.
///
/// # Errors
/// It cannot be read, or is none.
fn manifest(root: &Path, key: &str) -> Result<Option<Manifest>, CatalogError> {
    let path = object(root, key).join(MANIFEST);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(place::unreadable(&Place::local(&path), &error.into())),
    };
    let broken = |reason: &str| damaged(root, key, &path, reason);
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|e| broken(&e.to_string()))?;
    if value["layout"].as_u64().is_some_and(|layout| layout != u64::from(LAYOUT)) {
        return Ok(None);
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|e| broken(&e.to_string()))?;
    let is_plain = Path::new(&manifest.file).file_name().is_some_and(|name| name.to_string_lossy() == manifest.file);
    match manifest.key == key && is_plain && kept::format(&manifest.format).is_some() {
        true => Ok(Some(manifest)),
        false => Err(broken("it is not of its key")),
    }
}

impl Results for LocalCatalog {
    fn serializers(&self) -> Vec<Serializer> {
        SERIALIZERS.to_vec()
    }

    fn schemes(&self) -> Vec<&'static str> {
        vec!["local"]
    }

    fn place_of(&self, root: &str) -> String {
        place::local_path(root).map_or_else(|_| root.to_owned(), |path| place::unambiguous(&path).display().to_string())
    }

    fn find(&self, root: &str, key: &str) -> Result<Option<Manifest>, CatalogError> {
        let root = place::local_path(root)?;
        let Some(manifest) = manifest(&root, key)? else { return Ok(None) };
        let path = object(&root, key).join(&manifest.file);
        match checksum::bytes(&path) {
            Ok(bytes) if bytes == manifest.bytes => Ok(Some(manifest)),
            Ok(bytes) => Err(damaged(&root, key, &path, &format!("it has {bytes} bytes, and had {}", manifest.bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(place::unreadable(&Place::local(&path), &error.into())),
        }
    }

    fn named(&self, root: &str, workflow: &str, name: &str) -> Option<Manifest> {
        let root = place::local_path(root).ok()?;
        let key = names::all(&root).into_iter().find(|n| n.workflow == workflow && n.name == name)?.key;
        manifest(&root, &key).ok().flatten()
    }

    fn identity(&self, location: &Location) -> Option<SourcePart> {
        let found = place::find(self.place(&location.url).ok()?).ok()?.place;
        let place = match found.path() {
            Some(path) => Place::local(&path.canonicalize().ok()?),
            None => found,
        };
        Some(SourcePart { fingerprint: place::whole_fingerprint(&place)?, url: place.to_string() })
    }

    fn location(&self, root: &str, manifest: &Manifest) -> Location {
        let url = format!("{}/{}", folder_url(root, &manifest.key), manifest.file);
        Location { format: manifest.format.clone(), url }
    }

    fn target(&self, root: &str, key: &str, format: &str) -> Location {
        let extension = kept::format(format).and_then(|format| format.extensions.first()).unwrap_or(&"");
        Location { format: format.to_owned(), url: format!("{}/result.{extension}", folder_url(root, key)) }
    }
}

fn folder_url(root: &str, key: &str) -> String {
    format!("{}/{HIDDEN}/objects/{key}", root.trim_end_matches('/'))
}

/// How a storage is held while something is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// With other runs; `ffstore gc` waits for none of them, but says that they are there.
    Shared,
    /// Alone.
    Alone,
}

/// Holds a storage as long as what is given is there; none where it cannot be held, as on a file system that is only read.
///
/// # Errors
/// Somebody else holds it.
fn hold(root: &Path, hold: Hold) -> Result<Option<File>, String> {
    let path = root.join(HIDDEN).join("lock");
    let _ = std::fs::create_dir_all(root.join(HIDDEN));
    let opened = File::options().create(true).truncate(false).write(true).open(&path).or_else(|_| File::open(&path));
    let Ok(file) = opened else { return Ok(None) };
    match hold {
        Hold::Shared => Ok(file.lock_shared().is_ok().then_some(file)),
        Hold::Alone => match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => {
                Err(format!("a run is using the storage `{}`: try again when it is done", root.display()))
            }
            Err(std::fs::TryLockError::Error(_)) => Ok(None),
        },
    }
}

/// The name of a file or link that is being made, beside `path`.
fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{}{}-{name}", place::STAGING, std::process::id()))
}
