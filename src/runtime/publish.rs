//! Giving a complete target its name, in one step, and forcing it to disk.

use std::fs::File;
use std::io::Error;
use std::path::Path;

use super::existing;
use super::serializers::{StorageError, failure};
use super::staging::Area;
use super::storage::Place;
use crate::planner::catalog::Existing;

/// Whether something lies at `target` that is to be replaced.
///
/// # Errors
/// Something lies there that is not to be replaced.
pub fn may_replace(target: &Path, format: &str, overwrite: bool) -> Result<bool, StorageError> {
    let shown = target.display();
    match existing::existing(&Place::local(target), format) {
        Existing::Nothing => Ok(false),
        Existing::Replaceable if overwrite => Ok(true),
        Existing::Replaceable => {
            let message = format!("`{shown}` has come into being while the run went on");
            Err(StorageError::new("ff::sink::exists", message)
                .with_help("it was not replaced; remove it, or run again with --overwrite"))
        }
        Existing::Foreign(what) => {
            let message = format!("`{shown}` has become {what} while the run went on, and is not replaced");
            Err(StorageError::new("ff::sink::foreign", message)
                .with_help("remove it yourself, or choose another target"))
        }
    }
}

/// Gives what has grown in an area the name of its target. What has that name is swapped with it in one step where the system can,
/// so that there is always one of both.
///
/// # Errors
/// Something lies there that is not to be replaced, or the system refuses.
pub fn rename(area: &Area, format: &str, overwrite: bool) -> Result<(), StorageError> {
    let (data, target) = (area.data(), area.target());
    let refused = |error: &Error| failed("give its name to", target, error);
    if !may_replace(target, format, overwrite)? {
        return match step(&data, target, NO_REPLACE) {
            Err(error) if is_unsupported(&error) => std::fs::rename(&data, target).map_err(|e| refused(&e)),
            done => done.map_err(|e| refused(&e)),
        };
    }
    match step(&data, target, EXCHANGE) {
        Err(error) if is_unsupported(&error) => aside(area).map_err(|e| refused(&e)),
        done => done.map_err(|e| refused(&e)),
    }
}

/// Moves what is replaced aside first, where the system cannot swap. If the process dies between the two steps, it is put back by whoever
/// takes the area next.
fn aside(area: &Area) -> Result<(), Error> {
    std::fs::rename(area.target(), area.before())?;
    std::fs::rename(area.data(), area.target()).inspect_err(|_| {
        let _ = std::fs::rename(area.before(), area.target());
    })
}

#[cfg(target_os = "linux")]
const NO_REPLACE: u32 = libc::RENAME_NOREPLACE;
#[cfg(target_os = "linux")]
const EXCHANGE: u32 = libc::RENAME_EXCHANGE;

#[cfg(target_os = "linux")]
fn step(from: &Path, to: &Path, flags: u32) -> Result<(), Error> {
    use std::os::unix::ffi::OsStrExt;
    let name = |path: &Path| std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(Error::from);
    let (from, to) = (name(from)?, name(to)?);
    let at = libc::AT_FDCWD;
    // SAFETY: both names are C strings that outlive the call.
    match unsafe { libc::syscall(libc::SYS_renameat2, at, from.as_ptr(), at, to.as_ptr(), flags) } {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
const NO_REPLACE: u32 = 0;
#[cfg(not(target_os = "linux"))]
const EXCHANGE: u32 = 0;

#[cfg(not(target_os = "linux"))]
fn step(_from: &Path, _to: &Path, _flags: u32) -> Result<(), Error> {
    Err(Error::from_raw_os_error(libc::ENOSYS))
}

fn is_unsupported(error: &Error) -> bool {
    [libc::ENOSYS, libc::EINVAL, libc::EOPNOTSUPP].contains(&error.raw_os_error().unwrap_or(0))
}

/// Forces a target to disk: a folder by one call for its file system, since it may hold millions of files.
///
/// # Errors
/// The system refuses.
pub fn force(path: &Path) -> Result<(), StorageError> {
    let forced = File::open(path).and_then(|file| {
        if cfg!(target_os = "linux") && path.is_dir() { sync_file_system(&file) } else { sync_below(path, &file) }
    });
    forced.map_err(|e| failure::refused(path, &e))
}

#[cfg(target_os = "linux")]
fn sync_file_system(file: &File) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor belongs to `file`, which outlives the call.
    match unsafe { libc::syncfs(file.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(file: &File) -> std::io::Result<()> {
    file.sync_all()
}

fn sync_below(path: &Path, file: &File) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?.path();
            sync_below(&entry, &File::open(&entry)?)?;
        }
    }
    file.sync_all()
}

/// Forces the name of a target to disk.
///
/// # Errors
/// The system refuses.
pub fn force_folder(target: &Path) -> Result<(), StorageError> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let forced = File::open(folder).and_then(|folder| folder.sync_all());
    forced.map_err(|e| failed("force to disk", folder, &e))
}

/// The error of a step that the system refuses.
pub fn failed(doing: &str, path: &Path, error: &Error) -> StorageError {
    let message = format!("cannot {doing} `{}`: {}", path.display(), failure::reason(error));
    let failed = StorageError::new("ff::write::target", message);
    match failure::remedy(error) {
        Some(remedy) => failed.with_help(remedy),
        None => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::lock::Holder;

    #[test]
    fn what_is_replaced_waits_where_it_cannot_be_swapped() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("o.npy");
        for swaps in [true, false] {
            std::fs::write(&target, "old").unwrap();
            let area = Area::take(&target, &Holder::this("s.ff")).unwrap();
            std::fs::write(area.data(), "new").unwrap();
            if swaps {
                rename(&area, "csv", true).unwrap()
            } else {
                aside(&area).unwrap()
            }
            assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
            let old = if swaps { area.data() } else { area.before() };
            assert_eq!(std::fs::read_to_string(old).unwrap(), "old");
            drop(area);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the old one goes with the area");
        }
        let area = Area::take(&target, &Holder::this("s.ff")).unwrap();
        std::fs::write(area.data(), "newest").unwrap();
        assert_eq!(rename(&area, "csv", false).unwrap_err().code, "ff::sink::exists");
        assert!(aside(&Area::take(&folder.path().join("none"), &Holder::this("s.ff")).unwrap()).is_err());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
    }
}
