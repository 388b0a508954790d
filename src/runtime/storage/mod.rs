//! Storages: where bytes lie, by key.
//!
//! A [`Storage`] reads and writes whole objects, opens one as an [`Object`] of which ranges are read, and lists one level of
//! keys. A [`Place`] is a storage and a key in it: what formats are given. [`SCHEMES`] is the table of URL schemes; the local
//! file system is a row like any other, and keeps its own way of reading: positioned reads into the buffer of whoever asks
//! ([`Storage::read_into`], [`Object::read_into`]).
//!
//! | module | concept |
//! |---|---|
//! | [`local`] | files and folders of this machine |
//! | [`remote`] | object stores and web servers, through `object_store` |
//! | [`requests`] | one request until it succeeds: retries, time limits, counts |
//! | [`ahead`] | ranges that are fetched before they are asked for, several at a time |
//! | [`blocks`] | small reads of a remote object, in blocks that are kept |
//! | [`bulk`] | many keys at a time, and files in parts |
//! | [`connect`] | from a URL and options to a storage |
//! | [`profile`] | the profile files of AWS |
//!
//! A read that fails is a [`Failure`], never nothing: only the storage's own word that a key is not there is `None`.
//!
//! Deliberately absent: renaming (local targets do that on paths; object stores cannot), watching for changes beyond what
//! identifies a version of an object.

pub mod ahead;
pub mod blocks;
pub mod bulk;
pub mod connect;
pub mod local;
pub mod profile;
pub mod remote;
pub mod requests;

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

pub use ahead::{Ahead, Pending};
pub use connect::{SCHEMES, Storages};
pub use requests::Traffic;

/// How a request ends that is given up because the run is to stop.
pub const INTERRUPTED: &str = "the run was interrupted";

/// Why bytes cannot be read or written. Its text holds no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The operating system refused.
    #[error("{reason}")]
    System {
        /// What kind of refusal it is.
        kind: ErrorKind,
        /// In its words.
        reason: String,
    },
    /// It lies under a key where an object was expected, and is a folder.
    #[error("it is a directory")]
    Folder,
    /// An object is not as long as it has to be.
    #[error("it has {0} bytes")]
    Length(u64),
    /// A remote storage refused, or did not answer.
    #[error("{reason}")]
    Remote {
        /// What happened.
        reason: String,
        /// What the user can do.
        help: Option<&'static str>,
    },
}

impl Failure {
    /// What the user can do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Failure::Remote { help, .. } => *help,
            Failure::System { .. } | Failure::Folder | Failure::Length(_) => None,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::System { kind: error.kind(), reason: error.to_string() }
    }
}

fn not_offered() -> Failure {
    Failure::Remote { reason: "this storage does not offer what is asked of it".into(), help: None }
}

/// Whether what identifies the version of an object tells it from others of the same length.
pub fn tells_apart(version: &str) -> bool {
    version.contains(", ")
}

/// What lies under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An object of so many bytes, and what identifies its version.
    Object(u64, String),
    /// Keys lie below it.
    Folder,
    /// What is neither (a device, a pipe).
    Other,
}

/// A key below another, one level down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its last part.
    pub name: String,
    /// Whether keys lie below it.
    pub is_folder: bool,
    /// Bytes and what identifies the version, of an object.
    pub version: String,
}

/// An object and its last bytes.
pub type WithEnd = (Arc<dyn Object>, Vec<u8>);

/// Where objects lie, by key. Every method may be called from any thread, and waits.
pub trait Storage: Send + Sync + fmt::Debug {
    /// A whole object of at most `limit` bytes; none where there is none.
    ///
    /// # Errors
    /// It cannot be read; [`Failure::Length`] where it is longer.
    fn read(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure>;

    /// Fills `out` by a whole object of as many bytes; whether there is one.
    ///
    /// # Errors
    /// It cannot be read; [`Failure::Length`] where it has other than so many bytes.
    fn read_into(&self, key: &str, out: &mut [u8]) -> Result<bool, Failure>;

    /// An object of which ranges will be read; none where there is none.
    ///
    /// # Errors
    /// That cannot be told.
    fn open(&self, key: &str) -> Result<Option<Arc<dyn Object>>, Failure>;

    /// The same, with its last `size` bytes, or all it has.
    ///
    /// # Errors
    /// It cannot be read.
    fn open_with_end(&self, key: &str, size: u64) -> Result<Option<WithEnd>, Failure> {
        let Some(object) = self.open(key)? else { return Ok(None) };
        let size = size.min(object.size());
        let mut end = vec![0; size as usize];
        object.read_into(object.size() - size, &mut end)?;
        Ok(Some((object, end)))
    }

    /// What lies under a key; none where there is nothing.
    ///
    /// # Errors
    /// That cannot be told.
    fn kind(&self, key: &str) -> Result<Option<Kind>, Failure>;

    /// The object under a key, where there is one: as [`Storage::kind`], without asking what lies below.
    ///
    /// # Errors
    /// That cannot be told.
    fn kind_of_object(&self, key: &str) -> Result<Option<Kind>, Failure> {
        self.kind(key)
    }

    /// What lies one level below a key, in lexical order.
    ///
    /// # Errors
    /// There is no such folder, or the storage cannot list.
    fn list(&self, key: &str) -> Result<Vec<Entry>, Failure>;

    /// Stores a whole object, in place of any other.
    ///
    /// # Errors
    /// It cannot be stored whole.
    fn write(&self, key: &str, bytes: &[u8]) -> Result<(), Failure>;

    /// Removes an object, if it is there.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    fn remove(&self, key: &str) -> Result<(), Failure>;

    /// All keys below another with the bytes of their objects, in lexical order.
    ///
    /// # Errors
    /// The storage cannot tell; the local one is not asked.
    fn keys(&self, _below: &str) -> Result<Vec<(String, u64)>, Failure> {
        Err(not_offered())
    }

    /// Removes objects, those that are there.
    ///
    /// # Errors
    /// One is there and cannot be removed; the local storage is not asked.
    fn remove_all(&self, _keys: &[String]) -> Result<(), Failure> {
        Err(not_offered())
    }

    /// Copies objects within the storage, each to the second key; with their bytes, by which it takes longer.
    ///
    /// # Errors
    /// One cannot be copied; the local storage is not asked.
    fn copy_all(&self, _pairs: &[(String, String, u64)]) -> Result<(), Failure> {
        Err(not_offered())
    }

    /// Stores a file of this machine as an object, which comes into being when it is whole.
    ///
    /// # Errors
    /// It cannot be stored; the local storage is not asked.
    fn upload(&self, _key: &str, _path: &Path) -> Result<(), Failure> {
        Err(not_offered())
    }

    /// The same storage for what has to be done after a run was cancelled, with little patience; none of the local one.
    fn unstoppable(&self) -> Option<Arc<dyn Storage>> {
        None
    }

    /// The URL of a key, as people write it.
    fn url(&self, key: &str) -> String;

    /// Whether keys are paths of this machine's files.
    fn is_local(&self) -> bool {
        false
    }

    /// Begins to read a whole object, where the storage can do that while others go on; else none.
    fn begin(&self, _key: &str, _limit: u64) -> Option<Pending<Option<Vec<u8>>>> {
        None
    }
}

/// An object of which ranges are read: one version of it.
pub trait Object: Send + Sync + fmt::Debug {
    /// Its bytes.
    fn size(&self) -> u64;

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// It cannot be read, has become another, or ends before.
    fn read_into(&self, offset: u64, out: &mut [u8]) -> Result<(), Failure>;

    /// Begins to read ranges (offset, size), those near each other at once, where that can be done while others go on;
    /// else nothing.
    fn begin(&self, _ranges: &[(u64, u64)]) -> Vec<Pending<Vec<u8>>> {
        Vec::new()
    }

    /// Whether each read is a request that takes its time.
    fn is_remote(&self) -> bool {
        false
    }

    /// The file, of the local storage.
    fn file(&self) -> Option<&std::fs::File> {
        None
    }
}

/// A key in a storage.
#[derive(Clone)]
pub struct Place {
    /// The storage.
    pub storage: Arc<dyn Storage>,
    /// The key: parts between slashes; in the local storage a path.
    pub key: String,
}

impl Place {
    /// A path of this machine.
    pub fn local(path: &Path) -> Place {
        Place { storage: local::storage(), key: path.to_string_lossy().into_owned() }
    }

    /// The path, where it is one of this machine's.
    pub fn path(&self) -> Option<&Path> {
        self.storage.is_local().then(|| Path::new(&self.key))
    }

    /// A key below this one.
    pub fn join(&self, below: &str) -> Place {
        let key = match (self.key.as_str(), below) {
            (_, "") => self.key.clone(),
            ("", below) => below.to_owned(),
            (key, below) if key.ends_with('/') => format!("{key}{below}"),
            (key, below) => format!("{key}/{below}"),
        };
        Place { storage: self.storage.clone(), key }
    }

    /// The key above this one; none at the root.
    pub fn parent(&self) -> Option<Place> {
        let key = match self.path() {
            Some(path) => path.parent()?.to_string_lossy().into_owned(),
            None => {
                self.key.trim_end_matches('/').rsplit_once('/').map_or(String::new(), |(above, _)| above.to_owned())
            }
        };
        (key != self.key).then(|| Place { storage: self.storage.clone(), key })
    }

    /// The last part of the key.
    pub fn name(&self) -> &str {
        self.key.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// What follows the last dot of the name, in lower case.
    pub fn extension(&self) -> String {
        Path::new(self.name()).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
    }

    /// [`Storage::read`]
    ///
    /// # Errors
    /// As there.
    pub fn read(&self, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        self.storage.read(&self.key, limit)
    }

    /// [`Storage::open`]
    ///
    /// # Errors
    /// As there.
    pub fn open(&self) -> Result<Option<Arc<dyn Object>>, Failure> {
        self.storage.open(&self.key)
    }

    /// [`Storage::kind`]
    ///
    /// # Errors
    /// As there.
    pub fn kind(&self) -> Result<Option<Kind>, Failure> {
        self.storage.kind(&self.key)
    }

    /// [`Storage::kind_of_object`]
    ///
    /// # Errors
    /// As there.
    pub fn kind_of_object(&self) -> Result<Option<Kind>, Failure> {
        self.storage.kind_of_object(&self.key)
    }

    /// [`Storage::list`]
    ///
    /// # Errors
    /// As there.
    pub fn list(&self) -> Result<Vec<Entry>, Failure> {
        self.storage.list(&self.key)
    }

    /// [`Storage::write`]
    ///
    /// # Errors
    /// As there.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.storage.write(&self.key, bytes)
    }

    /// Whether an object lies here that can be looked at.
    pub fn is_object(&self) -> bool {
        matches!(self.kind_of_object(), Ok(Some(Kind::Object(..))))
    }

    /// Whether it is a folder that can be looked at.
    pub fn is_folder(&self) -> bool {
        matches!(self.kind(), Ok(Some(Kind::Folder)))
    }

    /// The first bytes of an object, as far as it has so many and can be read.
    pub fn starts_with(&self, bytes: &[u8]) -> bool {
        let mut start = vec![0; bytes.len()];
        let read = self.open().ok().flatten().is_some_and(|object| object.read_into(0, &mut start).is_ok());
        read && start == bytes
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.storage.url(&self.key))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests;
