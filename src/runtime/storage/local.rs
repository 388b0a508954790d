//! The file system of this machine: keys are paths.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use super::{Entry, Failure, Kind, Object, Storage};
use crate::allocator;

/// The one local storage.
pub fn storage() -> Arc<dyn Storage> {
    static LOCAL: OnceLock<Arc<Local>> = OnceLock::new();
    LOCAL.get_or_init(|| Arc::new(Local)).clone()
}

#[derive(Debug)]
struct Local;

/// A file, opened once.
#[derive(Debug)]
struct Opened {
    file: File,
    size: u64,
}

fn opened(key: &str) -> Result<Option<Opened>, Failure> {
    match File::open(key) {
        Ok(file) => {
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(Failure::Folder);
            }
            Ok(Some(Opened { file, size: metadata.len() }))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Storage for Local {
    fn read(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        let Some(opened) = opened(key)? else { return Ok(None) };
        if opened.size > limit {
            return Err(Failure::Length(opened.size));
        }
        let mut bytes = allocator::unset(opened.size as usize);
        opened.read_into(0, &mut bytes)?;
        Ok(Some(bytes))
    }

    fn read_into(&self, key: &str, out: &mut [u8]) -> Result<bool, Failure> {
        let Some(opened) = opened(key)? else { return Ok(false) };
        if opened.size != out.len() as u64 {
            return Err(Failure::Length(opened.size));
        }
        opened.read_into(0, out)?;
        Ok(true)
    }

    fn open(&self, key: &str) -> Result<Option<Arc<dyn Object>>, Failure> {
        Ok(opened(key)?.map(|opened| Arc::new(opened) as Arc<dyn Object>))
    }

    fn kind(&self, key: &str) -> Result<Option<Kind>, Failure> {
        match std::fs::metadata(key) {
            Ok(found) if found.is_dir() => Ok(Some(Kind::Folder)),
            Ok(found) if found.is_file() => Ok(Some(Kind::Object(found.len(), version(&found)))),
            Ok(_) => Ok(Some(Kind::Other)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&self, key: &str) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(if key.is_empty() { "." } else { key })? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let found = std::fs::metadata(entry.path());
            let is_folder = found.as_ref().is_ok_and(Metadata::is_dir);
            entries.push(Entry { name, is_folder, version: found.as_ref().map_or(String::new(), version) });
        }
        entries.sort();
        Ok(entries)
    }

    /// Writes into the file of that name, and makes the folders above it.
    fn write(&self, key: &str, bytes: &[u8]) -> Result<(), Failure> {
        let create = || match File::create(key) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                std::fs::create_dir_all(Path::new(key).parent().unwrap_or(Path::new("/")))?;
                File::create(key)
            }
            other => other,
        };
        Ok(create().and_then(|mut file| file.write_all(bytes))?)
    }

    fn remove(&self, key: &str) -> Result<(), Failure> {
        match std::fs::remove_file(key) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn url(&self, key: &str) -> String {
        key.to_owned()
    }

    fn is_local(&self) -> bool {
        true
    }
}

impl Object for Opened {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_into(&self, offset: u64, out: &mut [u8]) -> Result<(), Failure> {
        Ok(self.file.read_exact_at(out, offset)?)
    }

    fn file(&self) -> Option<&File> {
        Some(&self.file)
    }
}

/// Size and time of a file, which change when it does.
pub fn version(metadata: &Metadata) -> String {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("{} bytes, modified {}", metadata.len(), since.map_or(0, |since| since.as_nanos()))
}
