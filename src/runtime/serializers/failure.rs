//! What is said where a target cannot be written: the target by its own name, the system's reason, a remedy.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::StorageError;
use crate::runtime::place::STAGING;
use crate::runtime::storage::{Failure, Place};

/// The system refused to write at `path`, which lies in or is a target.
pub fn refused(path: &Path, error: &Error) -> StorageError {
    let failure = other(path, &reason(error));
    match remedy(error) {
        Some(remedy) => failure.with_help(format!("{remedy}; nothing was published")),
        None => failure,
    }
}

/// A storage refused to write at `place`, which lies in or is a target.
pub fn unstored(place: &Place, failure: &Failure) -> StorageError {
    match (failure, place.path()) {
        (Failure::System { kind, reason }, Some(path)) => refused(path, &Error::new(*kind, reason.clone())),
        _ => with_help(other(Path::new(&place.to_string()), failure), failure),
    }
}

/// An error with what the user can do about a failure.
pub fn with_help(error: StorageError, failure: &Failure) -> StorageError {
    match failure.help() {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// Writing at `path` failed for a reason that is not the system's.
pub fn other(path: &Path, reason: &dyn std::fmt::Display) -> StorageError {
    StorageError::new("ff::write::failed", format!("cannot write `{}`: {reason}", target(path).display()))
}

/// What the system says, without its number.
pub fn reason(error: &Error) -> String {
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or(&text).to_owned()
}

/// What can be done where the system refuses to write.
pub fn remedy(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space or choose another place",
        ErrorKind::FileTooLarge => {
            "files cannot grow as large here: choose another place, or raise the limit (`ulimit -f`)"
        }
        ErrorKind::PermissionDenied => "choose another place, or ask for the permission to write there",
        ErrorKind::ReadOnlyFilesystem => "the file system is mounted to be read only: choose another place",
        _ => return None,
    })
}

/// The target that a path under a staging name leads to; any other path as it is.
fn target(path: &Path) -> PathBuf {
    for whole in path.ancestors() {
        let name = whole.file_name().and_then(|name| name.to_str());
        if let Some(own) = name.and_then(|name| name.strip_prefix(STAGING)) {
            return whole.with_file_name(own);
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named_and_not_where_they_grow() {
        for (path, named) in [
            ("o/.ff-partial-z.nc/z.nc", "o/z.nc"),
            (".ff-partial-a-b.zarr/a-b.zarr/x/c/0", "a-b.zarr"),
            ("o/.ff-partial-z.nc", "o/z.nc"),
            ("o/z.nc", "o/z.nc"),
            ("o/.ff-scratch-1-0", "o/.ff-scratch-1-0"),
        ] {
            assert_eq!(target(Path::new(path)), Path::new(named));
        }
    }

    #[test]
    fn the_system_says_why_and_we_what_helps() {
        for (number, reason, remedy) in [
            (libc::ENOSPC, "No space left on device", "free some space or choose another place; nothing was published"),
            (libc::EACCES, "Permission denied", "choose another place, or ask for"),
            (libc::EROFS, "Read-only file system", "choose another place; nothing was published"),
            (libc::EFBIG, "File too large", "ulimit"),
        ] {
            let failure = refused(Path::new("o/.ff-partial-z.nc/z.nc"), &Error::from_raw_os_error(number));
            assert_eq!(failure.message, format!("cannot write `o/z.nc`: {reason}"));
            assert!(failure.help.is_some_and(|help| help.contains(remedy)), "{reason}");
        }
    }
}
