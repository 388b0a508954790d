//! What lies where a sink would write, and whether it may be replaced.
//!
//! Replacing deletes, so only what is plainly an output of the same format gives way (see
//! [`Format::replaces`](super::serializers::Format::replaces)).

use std::path::Path;

use super::serializers::FORMATS;
use crate::planner::catalog::Existing;

/// Names of a folder that are told.
const NAMES: usize = 3;

/// What lies at `path`, where `format` would write.
pub fn existing(path: &Path, format: &str) -> Existing {
    if path.symlink_metadata().is_err() {
        return Existing::Nothing;
    }
    let Ok(found) = path.metadata() else { return Existing::Foreign("a link to nothing".to_owned()) };
    if !found.is_dir() && !found.is_file() {
        return Existing::Foreign("neither a file nor a folder".to_owned());
    }
    match FORMATS.iter().find(|row| row.name == format) {
        Some(row) if (row.replaces)(path) => Existing::Replaceable,
        _ if found.is_dir() => Existing::Foreign(folder(path)),
        _ => Existing::Foreign(file(path)),
    }
}

/// Whether `path` is a folder without entries.
pub fn is_empty_folder(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Whether `path` is a file without bytes.
pub fn is_empty_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.len() == 0)
}

fn folder(path: &Path) -> String {
    if let Some(format) = FORMATS.iter().find(|row| (row.sniff)(path)) {
        return format!("a folder of the format `{}`", format.name);
    }
    let Ok(entries) = std::fs::read_dir(path) else { return "a folder that cannot be read".to_owned() };
    let entries = entries.flatten().take(10_000).map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = entries.map(|name| format!("`{name}`")).collect();
    names.sort();
    let more = if names.len() > NAMES { ", …" } else { "" };
    names.truncate(NAMES);
    match names.as_slice() {
        [] => "an empty folder".to_owned(),
        _ => format!("a folder that holds {}{more}", names.join(", ")),
    }
}

fn file(path: &Path) -> String {
    if std::fs::File::open(path).is_err() {
        return "a file that cannot be read".to_owned();
    }
    match FORMATS.iter().find(|row| (row.sniff)(path)) {
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
        let at = |name: &str| folder.path().join(name);
        for name in ["empty", "thesis", "v2", "v3"] {
            std::fs::create_dir(at(name)).unwrap();
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
            std::fs::write(at(name), bytes).unwrap();
        }
        std::os::unix::fs::symlink("v3", at("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
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
                let found = existing(&entry.path(), format);
                assert_eq!(found == Existing::Replaceable, names.contains(&name.as_str()), "{format} {name} {found:?}");
                assert_ne!(found, Existing::Nothing);
            }
            assert_eq!(existing(&at("none"), format), Existing::Nothing);
            assert_eq!(
                existing(Path::new("/dev/null"), format),
                Existing::Foreign("neither a file nor a folder".into())
            );
        }
        assert_eq!(existing(&at("thesis"), "zarr"), Existing::Foreign("a folder that holds `a.txt`".into()));
        assert_eq!(existing(&at("v3"), "csv"), Existing::Foreign("a folder of the format `zarr`".into()));
        assert_eq!(existing(&at("dangling"), "csv"), Existing::Foreign("a link to nothing".into()));
    }
}
