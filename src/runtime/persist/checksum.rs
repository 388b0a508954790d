//! Hashes of what is stored: of the bytes as they lie on the disk, so that they are checked before anything decodes them.
//!
//! Of a file it is the BLAKE3 hash that `b3sum` prints; of a folder that of its files in the order of their paths, each with
//! its path and its length before its bytes.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use blake3::Hasher;

/// The hash of a file or folder, in hexadecimal.
///
/// # Errors
/// It cannot be read.
pub fn of(path: &Path) -> io::Result<String> {
    let mut hasher = Hasher::new();
    if !path.is_dir() {
        hasher.update_reader(File::open(path)?)?;
        return Ok(hasher.finalize().to_hex().to_string());
    }
    for file in files(path)? {
        let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().into_owned();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(&file.metadata()?.len().to_le_bytes());
        hasher.update_reader(File::open(&file)?)?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The bytes of a file, or of all files in a folder.
///
/// # Errors
/// It cannot be read.
pub fn bytes(path: &Path) -> io::Result<u64> {
    if !path.metadata()?.is_dir() {
        return Ok(path.metadata()?.len());
    }
    files(path)?.iter().map(|file| Ok(file.metadata()?.len())).sum()
}

/// The files below a folder, by path.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_name_counts() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, files: &[(&str, &str)]| {
            let root = folder.path().join(name);
            for (path, text) in files {
                std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
                std::fs::write(root.join(path), text).unwrap();
            }
            root
        };
        let a = make("a", &[("x/0", "ab"), ("y", "c")]);
        assert_eq!(of(&a).unwrap(), of(&make("b", &[("y", "c"), ("x/0", "ab")])).unwrap());
        for (name, files) in [
            ("c", &[("x/0", "ab"), ("y", "d")][..]),
            ("d", &[("x/0", "a"), ("y", "bc")]),
            ("e", &[("x/1", "ab"), ("y", "c")]),
            ("f", &[("x/0", "ab")]),
        ] {
            assert_ne!(of(&a).unwrap(), of(&make(name, files)).unwrap(), "{name}");
        }
        assert_eq!(bytes(&a).unwrap(), 3);
        assert_eq!(of(&a.join("y")).unwrap(), blake3::hash(b"c").to_hex().to_string());
        assert!(of(&a.join("z")).is_err() && bytes(&a.join("z")).is_err());
    }
}
