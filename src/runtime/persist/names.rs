//! Names: links `WORKFLOW/NAME.EXTENSION` into the folders of keys.

use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::{HIDDEN, partial};
use crate::runtime::place::STAGING;

/// A name and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The workflow.
    pub workflow: String,
    /// The name.
    pub name: String,
    /// The key.
    pub key: String,
    /// The link.
    pub path: PathBuf,
}

/// All names of a storage, in order.
pub fn all(root: &Path) -> Vec<Name> {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().collect::<Vec<_>>();
    let mut names = Vec::new();
    for folder in entries(root) {
        let workflow = folder.file_name().to_string_lossy().into_owned();
        if workflow == HIDDEN || !folder.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        for entry in entries(&folder.path()) {
            let is_partial = entry.file_name().to_string_lossy().starts_with(STAGING);
            if let (false, Some((name, key))) = (is_partial, of(&entry.path())) {
                names.push(Name { workflow: workflow.clone(), name, key, path: entry.path() });
            }
        }
    }
    names.sort();
    names
}

/// The name that a link is, and the key to which it leads.
fn of(path: &Path) -> Option<(String, String)> {
    let target = std::fs::read_link(path).ok()?;
    let parts: Vec<_> = target.iter().map(|part| part.to_string_lossy()).collect();
    match parts.as_slice() {
        [up, hidden, objects, key, _] if up == ".." && hidden == HIDDEN && objects == "objects" => {
            Some((path.file_stem()?.to_string_lossy().into_owned(), key.clone().into_owned()))
        }
        _ => None,
    }
}

/// Lets a name lead to a file under a key, in one step; gives the link. Where it does already, nothing is written.
///
/// # Errors
/// It cannot be made, or something that is no name is in its place.
pub fn give(root: &Path, (workflow, name): (&str, &str), (key, file): (&str, &str)) -> Result<PathBuf> {
    let extension = Path::new(file).extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    let path = root.join(workflow).join(format!("{name}{extension}"));
    let target = Path::new("..").join(HIDDEN).join("objects").join(key).join(file);
    if std::fs::read_link(&path).is_ok_and(|known| known == target) {
        return Ok(path);
    }
    if path.symlink_metadata().is_ok() && of(&path).is_none() {
        let text = format!("`{}` is there, and is no name of a result", path.display());
        return Err(Error::new(ErrorKind::AlreadyExists, text));
    }
    let others: Vec<Name> = all(root).into_iter().filter(|n| n.workflow == workflow && n.name == name).collect();
    std::fs::create_dir_all(root.join(workflow))?;
    let beside = partial(&path);
    let _ = std::fs::remove_file(&beside);
    symlink(&target, &beside)?;
    std::fs::rename(&beside, &path).inspect_err(|_| drop(std::fs::remove_file(&beside)))?;
    // It may have been kept in another format, under another extension.
    others.iter().filter(|other| other.path != path).for_each(|other| drop(std::fs::remove_file(&other.path)));
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_keys() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let told = |root: &Path| {
            all(root).into_iter().map(|n| format!("{}/{} {}", n.workflow, n.name, n.key)).collect::<Vec<_>>()
        };
        let first = give(root, ("w", "b"), ("k1", "1.h5")).unwrap();
        assert_eq!(first, root.join("w/b.h5"));
        give(root, ("w", "a"), ("k1", "1.h5")).unwrap();
        give(root, ("v", "a"), ("k2", "2.json")).unwrap();
        assert_eq!(told(root), ["v/a k2", "w/a k1", "w/b k1"]);
        give(root, ("w", "a"), ("k3", "3.zarr")).unwrap();
        assert_eq!(told(root), ["v/a k2", "w/a k3", "w/b k1"]);
        assert!(!root.join("w/a.h5").is_symlink());
        std::fs::write(root.join("w/mine.h5"), "words").unwrap();
        assert!(give(root, ("w", "mine"), ("k1", "1.h5")).is_err());
        assert_eq!(std::fs::read(root.join("w/mine.h5")).unwrap(), b"words");
        symlink("elsewhere", root.join("w/other")).unwrap();
        assert_eq!(told(root).len(), 3);
        assert!(all(&root.join("nowhere")).is_empty());
    }
}
