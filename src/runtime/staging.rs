//! The staging area of a target: a hidden folder beside it, in which it grows until it is complete.
//!
//! ```text
//! climate.zarr                    the target, when it is complete
//! .ff-partial-climate.zarr/
//!     climate.zarr                what becomes of it
//!     .ff-lock                    who works at it
//!     .ff-journal                 which of its objects are stored
//!     .ff-kept-1                  an unfinished file of an earlier run, from which objects are taken
//!     .ff-before                  what it replaces, where that cannot be swapped in one step
//! ```
//!
//! An area belongs to one run at a time. What a run leaves that was killed or failed lies there until a run with `--resume` goes on from it,
//! one without it begins anew, or it is removed.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::journal::Found;
use super::lock::{Holder, Lock, Refusal};
use super::place::STAGING;

/// A staging area that this run holds.
#[derive(Debug)]
pub struct Area {
    folder: PathBuf,
    target: PathBuf,
    _lock: Lock,
    /// Whether it stays when the run is over without having published it.
    keep: bool,
}

impl Area {
    /// Takes the area of a target, which may hold what an earlier run left. That stays until [`Area::clear`] unless it is
    /// of no use.
    ///
    /// # Errors
    /// Another run works at the target, or the folder cannot be made.
    pub fn take(target: &Path, holder: &Holder) -> Result<Area, Refusal> {
        let folder = folder(target);
        let lock = Lock::take(&folder.join(LOCK), holder)?;
        let area = Area { folder, target: target.to_owned(), _lock: lock, keep: false };
        if area.before().symlink_metadata().is_ok() && target.symlink_metadata().is_err() {
            std::fs::rename(area.before(), target)?;
        }
        Ok(area)
    }

    /// The target.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// What becomes of the target.
    pub fn data(&self) -> PathBuf {
        data(&self.folder, &self.target)
    }

    /// Its journal.
    pub fn journal(&self) -> PathBuf {
        self.folder.join(JOURNAL)
    }

    /// Where what is replaced waits until the new target has its name.
    pub fn before(&self) -> PathBuf {
        self.folder.join(".ff-before")
    }

    /// The unfinished file of an earlier session.
    pub fn kept(&self, session: u32) -> PathBuf {
        self.folder.join(format!("{KEPT}{session}"))
    }

    /// Removes the files of earlier sessions but for those `in_use`.
    pub fn remove_kept(&self, in_use: impl Fn(u32) -> bool) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let session = name.strip_prefix(KEPT).and_then(|number| number.parse().ok());
            if session.is_some_and(|session| !in_use(session)) {
                remove(&entry.path());
            }
        }
    }

    /// Removes what an earlier run left.
    pub fn clear(&self) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name() != LOCK && entry.file_name() != JOURNAL {
                remove(&entry.path());
            }
        }
        // The last to go: it tells what had been published.
        remove(&self.journal());
    }

    /// Lets it stay when the run is over.
    pub fn keep(&mut self, keep: bool) {
        self.keep = keep;
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        if self.keep || std::thread::panicking() {
            return;
        }
        self.clear();
        // The lock's file goes while it is held: whoever waits for it finds that it has gone.
        let _ = std::fs::remove_file(self.folder.join(LOCK));
        let _ = std::fs::remove_dir(&self.folder);
    }
}

const LOCK: &str = ".ff-lock";
const JOURNAL: &str = ".ff-journal";
const KEPT: &str = ".ff-kept-";

/// The staging area beside a target.
pub fn folder(target: &Path) -> PathBuf {
    target.with_file_name(format!("{STAGING}{}", name(target)))
}

/// The journal of a target.
pub fn journal(target: &Path) -> PathBuf {
    folder(target).join(JOURNAL)
}

fn name(target: &Path) -> String {
    target.file_name().map_or_else(|| "out".into(), |name| name.to_string_lossy().into_owned())
}

fn data(folder: &Path, target: &Path) -> PathBuf {
    folder.join(name(target))
}

/// Device and inode of what lies at a path, which it keeps when it is given another name.
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    path.symlink_metadata().ok().map(|found| (found.dev(), found.ino()))
}

/// What a run that is dead has left of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The staging area, which can be removed.
    pub folder: PathBuf,
    /// The target it was for.
    pub target: PathBuf,
    /// Objects from which `--resume` would go on.
    pub stored: u64,
}

/// What runs that are dead have left in a folder and those below it, in the order of names. Links are not followed, and a folder that cannot be
/// read has nothing.
pub fn stale(folder: &Path) -> Vec<Stale> {
    let (mut found, mut pending) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = pending.pop() {
        for entry in std::fs::read_dir(&at).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let entry_name = entry.file_name().to_string_lossy().into_owned();
            match entry_name.strip_prefix(STAGING) {
                Some(own) if !Lock::is_held(&entry.path().join(LOCK)) => {
                    let target = entry.path().with_file_name(own);
                    let stored = Found::read(&entry.path().join(JOURNAL)).map_or(0, |found| found.stored());
                    found.push(Stale { folder: entry.path(), target, stored });
                }
                None if is_folder => pending.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

/// Removes a file or a folder with all in it, if it is there and that is possible.
pub fn remove(path: &Path) {
    let Ok(found) = path.symlink_metadata() else { return };
    let _ = if found.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::journal::{Identity, Journal};

    #[test]
    fn areas_go_with_their_runs_unless_they_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("below/o.zarr");
        let holder = Holder::this("s.ff");
        let mut area = Area::take(&target, &holder).unwrap();
        assert_eq!(area.data(), folder.path().join("below/.ff-partial-o.zarr/o.zarr"));
        assert!(matches!(Area::take(&target, &holder), Err(Refusal::Held(Some(by))) if by == holder));
        assert!(stale(folder.path()).is_empty(), "it is in use");
        let journal = Journal::begin(&area.journal(), &Found::default(), &Identity::default(), None).unwrap();
        journal.stored(0, 1, None);
        journal.flush();
        area.keep(true);
        drop(area);
        let left = Stale { folder: super::folder(&target), target: target.clone(), stored: 1 };
        assert_eq!(stale(folder.path()), [left]);
        let area = Area::take(&target, &holder).unwrap();
        assert_eq!(Found::read(&area.journal()).unwrap().stored(), 1);
        drop(area);
        assert!(stale(folder.path()).is_empty());
        assert_eq!(std::fs::read_dir(folder.path().join("below")).unwrap().count(), 0);
    }

    #[test]
    fn what_was_moved_aside_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("o.npy");
        let mut area = Area::take(&target, &Holder::this("s.ff")).unwrap();
        std::fs::write(area.before(), "old").unwrap();
        area.keep(true);
        drop(area);
        drop(Area::take(&target, &Holder::this("s.ff")).unwrap());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
    }
}
