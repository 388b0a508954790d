//! What the planner sees of the world: metadata, through one trait.
//!
//! A [`Location`] names a file, directory or object; a [`Catalog`] describes what lies there. The
//! runtime's formats implement it over real files, tests and editors over a fixed table.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::persist::Results;
use super::target::{ArraySpec, TargetOptions};
use crate::array::{Attributes, Block, DType, DimName};

/// Where data lies and how to read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The name of a format, or `open` to recognise it.
    pub format: String,
    /// A path or URL.
    pub url: String,
}

/// What is said of the storage of a URL: credentials among it, so it is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StorageOptions(BTreeMap<String, String>);

impl StorageOptions {
    /// The value of an option.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names of the options.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<const N: usize> From<[(String, String); N]> for StorageOptions {
    fn from(options: [(String, String); N]) -> Self {
        StorageOptions(options.into())
    }
}

impl FromIterator<(String, String)> for StorageOptions {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(options: I) -> Self {
        StorageOptions(options.into_iter().collect())
    }
}

impl std::fmt::Debug for StorageOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// The metadata of one stored array: values as stored, nothing decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredArray {
    /// Path within the file, `/` at the root of a bare array: `/group/name`.
    pub path: String,
    /// The dtype of the stored elements in native byte order.
    pub dtype: DType,
    /// Elements per axis.
    pub shape: Vec<u64>,
    /// The name of each axis, where the file has one.
    pub dims: Vec<Option<DimName>>,
    /// The shape of a stored object (chunk; shard for sharded Zarr), none for a contiguous layout.
    pub chunks: Option<Vec<u64>>,
    /// The smallest piece that can be decoded alone where that is less than `chunks` (inner chunks of shards).
    pub inner_chunks: Option<Vec<u64>>,
    /// The codec or filters as a script would write them, for people: `zstd(3)`, `shuffle, gzip(4)`.
    pub codec: String,
    /// Bytes stored, where that is known without a scan.
    pub stored_bytes: Option<u64>,
    /// Attributes, without those that only store dims.
    pub attrs: Arc<Attributes>,
}

/// A group: arrays and groups by name, in file order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredGroup {
    /// Path within the file, `/` at the root.
    pub path: String,
    /// Attributes.
    pub attrs: Arc<Attributes>,
    /// The arrays of the group.
    pub arrays: Vec<(String, StoredArray)>,
    /// The groups of the group.
    pub groups: Vec<(String, StoredGroup)>,
    /// Entries that cannot be read as arrays, with the reason: name, reason. An error only when used.
    pub unsupported: Vec<(String, String)>,
}

/// What lies at a location.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// A single array without a name (a Zarr array opened directly, an npy file).
    Array(StoredArray),
    /// A tree of named arrays.
    Group(StoredGroup),
}

/// Why a location cannot be described or read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CatalogError {
    /// The stable code, `ff::source::…`.
    pub code: &'static str,
    /// What is wrong, with the URL and, where it applies, the path within.
    pub message: String,
    /// What the user can do.
    pub help: Option<String>,
}

impl CatalogError {
    /// An error without help.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        CatalogError { code, message: message.into(), help: None }
    }

    /// The same with help.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What lies where a sink would write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    Nothing,
    /// What may be replaced where that is asked for: an output of the format, or something empty.
    Replaceable,
    /// What is never replaced, in words: `a folder that holds …`.
    Foreign(String),
}

/// What a sink into a format may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkForm {
    /// The options that the format honours, list by list.
    pub options: &'static [&'static [&'static str]],
    /// Whether it holds arrays at paths within.
    pub has_paths: bool,
    /// Whether the arrays in it have names.
    pub has_names: bool,
    /// Whether a part of what is there can be replaced, and arrays can grow.
    pub amends: bool,
}

impl SinkForm {
    /// Whether the format honours an option.
    pub fn has_option(&self, name: &str) -> bool {
        self.options.iter().any(|list| list.contains(&name))
    }
}

/// The world as the planner sees it.
pub trait Catalog {
    /// Takes options for the storage of all URLs that begin with `prefix`. They go into no plan.
    ///
    /// # Errors
    /// There is no such storage, or it has no such option.
    fn set_storage(&self, prefix: &str, options: &StorageOptions) -> Result<(), CatalogError>;

    /// The metadata of what lies at `location`.
    ///
    /// # Errors
    /// Nothing is there, it is not of the format, or its metadata is damaged or unsupported.
    fn describe(&self, location: &Location) -> Result<Arc<Stored>, CatalogError>;

    /// The metadata of what lies at each of several locations, in their order; a catalog that waits for each may look at
    /// several at a time.
    fn describe_all(&self, locations: &[Location]) -> Vec<Result<Arc<Stored>, CatalogError>> {
        locations.iter().map(|location| self.describe(location)).collect()
    }

    /// All raw values of one array, for coordinates: small by nature.
    ///
    /// # Errors
    /// As [`Catalog::describe`], and where the values cannot be read.
    fn values(&self, location: &Location, path: &str) -> Result<Block, CatalogError>;

    /// The locations a glob stands for, in lexical order.
    ///
    /// # Errors
    /// The pattern is malformed or its directory cannot be read.
    fn expand(&self, location: &Location) -> Result<Vec<Location>, CatalogError>;

    /// What already lies where a sink would write.
    fn existing(&self, location: &Location) -> Existing;

    /// Checks what a sink would write: options, codecs and dtypes the format cannot store.
    ///
    /// # Errors
    /// The format is not known, is only read, or cannot store the arrays so.
    fn check_target(
        &self,
        location: &Location,
        arrays: &[ArraySpec],
        options: &TargetOptions,
    ) -> Result<(), CatalogError>;

    /// The names of the formats there are, for suggestions.
    fn formats(&self) -> Vec<&'static str>;

    /// What a sink into the format named may say; none where there is no such format.
    fn sink_form(&self, format: &str) -> Option<SinkForm>;

    /// Whether a target at `url` can grow or change in part: what it becomes is made beside it and then given its name.
    fn can_amend(&self, _url: &str) -> bool {
        true
    }

    /// A text that changes when the data does (size and modification time), for provenance.
    fn fingerprint(&self, location: &Location) -> Option<String>;

    /// What storages hold; none where no results are kept.
    fn results(&self) -> Option<&dyn Results> {
        None
    }
}

impl Stored {
    /// The array at `path` (`/` or empty for a bare array).
    pub fn array(&self, path: &str) -> Option<&StoredArray> {
        match self {
            Stored::Array(array) => path.trim_matches('/').is_empty().then_some(array),
            Stored::Group(group) => {
                let (parent, name) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path.trim_matches('/')));
                group.group(parent)?.arrays.iter().find(|(n, _)| n == name).map(|(_, a)| a)
            }
        }
    }
}

impl StoredGroup {
    /// The group at `path` below this one; the empty path is the group itself.
    pub fn group(&self, path: &str) -> Option<&StoredGroup> {
        let mut at = self;
        for part in path.split('/').filter(|p| !p.is_empty()) {
            at = at.groups.iter().find(|(n, _)| n == part).map(|(_, g)| g)?;
        }
        Some(at)
    }
}
