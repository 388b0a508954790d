//! What lies where a sink would write, and whether it may be replaced.
//!
//! Replacing deletes, so only what is plainly an output of the same format gives way (see
//! [`Format::replaces`](super::serializers::Format::replaces)).

use std::path::Path;

use super::place::STAGING;
use super::serializers::FORMATS;
use super::storage::{Kind, Place};
use crate::planner::catalog::Existing;

/// Names of a folder that are told.
const NAMES: usize = 3;

/// What lies at a place, where `format` would write.
pub fn existing(place: &Place, format: &str) -> Existing {
    match place.path() {
        Some(path) => existing_local(path, format),
        None => existing_remote(place, format),
    }
}

fn existing_remote(place: &Place, format: &str) -> Existing {
    let kind = match place.kind() {
        Ok(Some(kind)) => kind,
        Ok(None) => return Existing::Nothing,
        Err(failure) => return Existing::Foreign(format!("what cannot be looked at ({failure})")),
    };
    if FORMATS.iter().any(|row| row.name == format && (row.replaces)(place)) {
        return Existing::Replaceable;
    }
    match kind {
        Kind::Folder if is_unfinished(place) => Existing::Nothing,
        Kind::Folder => Existing::Foreign(folder(place)),
        Kind::Object(..) | Kind::Other => Existing::Foreign(file(place)),
    }
}

fn existing_local(path: &Path, format: &str) -> Existing {
    if path.symlink_metadata().is_err() {
        return Existing::Nothing;
    }
    let Ok(found) = path.metadata() else { return Existing::Foreign("a link to nothing".to_owned()) };
    if !found.is_dir() && !found.is_file() {
        return Existing::Foreign("neither a file nor a folder".to_owned());
    }
    let place = Place::local(path);
    match FORMATS.iter().find(|row| row.name == format) {
        Some(row) if (row.replaces)(&place) => Existing::Replaceable,
        _ if found.is_dir() => Existing::Foreign(folder(&place)),
        _ => Existing::Foreign(file(&place)),
    }
}

/// Whether a run began to write here, and did not come to the metadata.
pub fn is_unfinished(place: &Place) -> bool {
    place.list().is_ok_and(|entries| entries.iter().any(|entry| entry.name.starts_with(STAGING)))
}

/// Whether it is a folder of this machine without entries.
pub fn is_empty_folder(place: &Place) -> bool {
    let entries = place.path().map(std::fs::read_dir);
    entries.is_some_and(|entries| entries.is_ok_and(|mut entries| entries.next().is_none()))
}

/// Whether it is a file without bytes.
pub fn is_empty_file(place: &Place) -> bool {
    matches!(place.kind_of_object(), Ok(Some(Kind::Object(0, _))))
}

fn folder(place: &Place) -> String {
    if let Some(format) = FORMATS.iter().find(|row| (row.sniff)(place)) {
        return format!("a folder of the format `{}`", format.name);
    }
    let Ok(entries) = place.list() else { return "a folder that cannot be read".to_owned() };
    let mut names: Vec<String> = entries.iter().take(10_000).map(|entry| format!("`{}`", entry.name)).collect();
    let more = if names.len() > NAMES { ", …" } else { "" };
    names.truncate(NAMES);
    match names.as_slice() {
        [] => "an empty folder".to_owned(),
        _ => format!("a folder that holds {}{more}", names.join(", ")),
    }
}

fn file(place: &Place) -> String {
    if place.open().is_err() {
        return "a file that cannot be read".to_owned();
    }
    match FORMATS.iter().find(|row| (row.sniff)(place)) {
        Some(format) => format!("a file of the format `{}`", format.name),
        None => "a file".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_the_format_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let at = |name: &str| Place::local(&path(name));
        for name in ["empty", "thesis", "v2", "v3"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        for (name, bytes) in [
            ("thesis/a.txt", &b"words"[..]),
            ("v2/.zmetadata", b"{}"),
            ("v3/zarr.json", b"{}"),
            ("nothing", b""),
            ("text", b"words"),
            ("hdf", b"\x89HDF\r\n\x1a\n and so on"),
            ("classic", b"CDF\x01 and so on"),
            ("npy", b"\x93NUMPY and so on"),
        ] {
            std::fs::write(path(name), bytes).unwrap();
        }
        std::os::unix::fs::symlink("v3", path("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", path("dangling")).unwrap();
        let replaced = [
            ("zarr", &["empty", "v2", "v3", "link"][..]),
            ("hdf5", &["nothing", "hdf", "classic"]),
            ("netcdf", &["nothing", "hdf", "classic"]),
            ("npy", &["nothing", "npy"]),
            ("csv", &["nothing", "text", "hdf", "classic", "npy"]),
        ];
        for (format, names) in replaced {
            for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
                let name = entry.file_name().into_string().unwrap();
                let found = existing(&Place::local(&entry.path()), format);
                assert_eq!(found == Existing::Replaceable, names.contains(&name.as_str()), "{format} {name} {found:?}");
                assert_ne!(found, Existing::Nothing);
            }
            assert_eq!(existing(&at("none"), format), Existing::Nothing);
            assert_eq!(
                existing(&Place::local(Path::new("/dev/null")), format),
                Existing::Foreign("neither a file nor a folder".into())
            );
        }
        assert_eq!(existing(&at("thesis"), "zarr"), Existing::Foreign("a folder that holds `a.txt`".into()));
        assert_eq!(existing(&at("v3"), "csv"), Existing::Foreign("a folder of the format `zarr`".into()));
        assert_eq!(existing(&at("dangling"), "csv"), Existing::Foreign("a link to nothing".into()));
    }
}
