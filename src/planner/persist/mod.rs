//! Results that are kept under names, so that a later run reads what an earlier one computed.
//!
//! A result is kept under its **key**: a hash of all that it follows from ([`Parts`]). Names are for people, and lead to
//! keys. Beside the values lies a [`Manifest`], which says what they are and of what the key was made; so where nothing is
//! kept under a key, [`why`] can tell what has changed since the name was last given.
//!
//! The planner asks for what is kept through [`Results`], which the runtime implements for the storages there are.
//!
//! Deliberately absent: reading and writing values (a result that is there is a source, one that is not is a sink), and
//! results that come from sources of which nothing tells whether they change.

pub mod key;
pub mod why;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalog::{CatalogError, Location};
use crate::array::ArrayType;
use crate::source::Span;

/// The version of what is kept and how; results of others are computed anew.
pub const LAYOUT: u32 = 1;

/// What kept results are made by: part of their keys.
pub fn engine() -> String {
    format!("functionfuse {}, layout {LAYOUT}", env!("CARGO_PKG_VERSION"))
}

/// Elements of an array of one dim that is a table.
const TABLE: u64 = 1000;

/// What a kept value is: which serializer takes it depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    /// One element.
    Scalar,
    /// Up to a thousand elements along one dim.
    Table,
    /// Any other array.
    Array,
    /// Several arrays with names.
    Dataset,
}

impl ValueKind {
    /// All kinds, in the order of the reference.
    pub const ALL: [ValueKind; 4] = [ValueKind::Scalar, ValueKind::Table, ValueKind::Array, ValueKind::Dataset];

    /// The kind of an array.
    pub fn of(ty: &ArrayType) -> ValueKind {
        match ty.rank() {
            0 => ValueKind::Scalar,
            1 if ty.dims.count() <= TABLE => ValueKind::Table,
            _ => ValueKind::Array,
        }
    }

    /// Its name in the options of a storage.
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::Scalar => "scalar",
            ValueKind::Table => "table",
            ValueKind::Array => "array",
            ValueKind::Dataset => "dataset",
        }
    }
}

/// A format in which results can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serializer {
    /// The name of the format.
    pub format: &'static str,
    /// What it can hold, to the last bit.
    pub kinds: &'static [ValueKind],
    /// The storages, by scheme, and kinds for which it is taken where a script names none.
    pub default_for: &'static [(&'static str, ValueKind)],
    /// Whether its arrays are read in the chunks in which they were written.
    pub has_chunks: bool,
    /// What a script may say of it in braces.
    pub options: &'static [&'static str],
}

/// What storages hold, as the planner sees it.
pub trait Results {
    /// The table of serializers.
    fn serializers(&self) -> Vec<Serializer>;

    /// The schemes of storages that are there, of all that the language knows.
    fn schemes(&self) -> Vec<&'static str>;

    /// The root by the one name that all its spellings share.
    fn place_of(&self, root: &str) -> String {
        root.to_owned()
    }

    /// What is kept under a key in the storage at `root`; none where that is nothing, or no longer there.
    ///
    /// # Errors
    /// What is there is damaged.
    fn find(&self, root: &str, key: &str) -> Result<Option<Manifest>, CatalogError>;

    /// What a name of a workflow leads to now.
    fn named(&self, root: &str, workflow: &str, name: &str) -> Option<Manifest>;

    /// What tells a source from all others, and what changes when its data does; none where nothing does.
    fn identity(&self, location: &Location) -> Option<SourcePart>;

    /// Where the file of a result lies.
    fn location(&self, root: &str, manifest: &Manifest) -> Location;

    /// Where a result under a key is to be written; its file gets its name when it is complete.
    fn target(&self, root: &str, key: &str, format: &str) -> Location;
}

/// A source of a result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourcePart {
    /// Where it lies, whatever the folder of the run.
    pub url: String,
    /// What changes when its data does.
    pub fingerprint: String,
}

/// What a key is made of, and what helps to say why it is another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// What computes.
    pub engine: String,
    /// The hash of the calls, constants and types that lead to the value, whatever their names.
    pub graph: String,
    /// The sources, sorted.
    pub sources: Vec<SourcePart>,
    /// The params of the script: of those on which the value depends the calls tell.
    pub params: BTreeMap<String, String>,
    /// The hash of the script's text: no part of the key.
    pub script: String,
    /// The calls, for people: no part of the key.
    pub calls: Vec<String>,
}

impl Parts {
    /// The key.
    pub fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(&self.engine);
        add(&self.graph);
        self.sources
            .iter()
            .for_each(|source| [&source.url, &source.fingerprint].into_iter().for_each(|text| add(text)));
        hasher.finalize().to_hex().to_string()
    }
}

/// One array of a kept result, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptArray {
    /// Its path in the file.
    pub path: String,
    /// Its dtype, with the calendar of datetimes.
    pub dtype: String,
    /// Its dims, outermost first.
    pub dims: Vec<String>,
    /// Elements per dim.
    pub shape: Vec<u64>,
    /// The shape of what is decoded at once; none where any part can be read.
    pub chunks: Option<Vec<u64>>,
}

impl KeptArray {
    /// The array of a type at a path, stored in these chunks.
    pub fn new(path: &str, ty: &ArrayType, chunks: Option<Vec<u64>>) -> Self {
        let dims = ty.dims.names().map(ToString::to_string).collect();
        KeptArray { path: path.to_owned(), dtype: ty.dtype.to_string(), dims, shape: ty.shape(), chunks }
    }

    /// Whether it holds an array of this type.
    pub fn holds(&self, ty: &ArrayType) -> bool {
        let dims = self.dims.iter().map(String::as_str).eq(ty.dims.names().map(|name| name.as_str()));
        dims && self.dtype == ty.dtype.to_string() && self.shape == ty.shape()
    }

    /// `f32[lat=73, lon=144]`
    pub fn text(&self) -> String {
        let dims: Vec<String> =
            self.dims.iter().zip(&self.shape).map(|(name, size)| format!("{name}={size}")).collect();
        format!("{}[{}]", self.dtype, dims.join(", "))
    }
}

/// What lies beside a kept result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of all this.
    pub layout: u32,
    /// The key.
    pub key: String,
    /// The name under which it was first kept.
    pub name: String,
    /// The workflow that kept it first.
    pub workflow: String,
    /// What it is.
    pub kind: ValueKind,
    /// The format of its file.
    pub format: String,
    /// The name of its file or folder, beside the manifest.
    pub file: String,
    /// Bytes stored.
    pub bytes: u64,
    /// The BLAKE3 hash of the bytes stored; of a folder, that of the names and bytes of its files.
    pub blake3: String,
    /// The arrays, in the order of the dataset.
    pub arrays: Vec<KeptArray>,
    /// What the key was made of.
    pub parts: Parts,
}

impl Manifest {
    /// The first difference between what is kept and arrays with these paths and types; the path of a single array does
    /// not matter.
    pub fn differs(&self, kind: ValueKind, arrays: &[(String, &ArrayType)]) -> Option<String> {
        if self.arrays.len() != arrays.len() {
            return Some(format!("{} arrays are stored, and there are {}", self.arrays.len(), arrays.len()));
        }
        let mut pairs = self.arrays.iter().zip(arrays);
        let same = |(kept, (path, ty)): &(&KeptArray, &(String, &ArrayType))| {
            kept.holds(ty) && (kind != ValueKind::Dataset || kept.path == *path)
        };
        let (kept, (_, ty)) = pairs.find(|pair| !same(pair))?;
        Some(format!("{} is stored, and it is {}", kept.text(), KeptArray::new("", ty, None).text()))
    }
}

/// Whether a result that a script wants kept is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It is, and is read.
    Hit,
    /// It is not, for this reason, and is computed.
    Miss(String),
}

/// A result that a script wants kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Persisted {
    /// Its name.
    pub name: String,
    /// The name of the script, under which names are kept apart.
    pub workflow: String,
    /// The URL of the storage.
    pub root: String,
    /// The storage as the script calls it.
    pub storage: String,
    /// Of a hit what is kept; of a miss what will be, but for its file.
    pub manifest: Manifest,
    /// Whether it is there.
    pub found: Found,
    /// Where the script asks for it.
    pub at: Span,
}

impl Persisted {
    /// What is done, in a line: `persist clim to results: hit (key 3f0c5a…)`.
    pub fn text(&self) -> String {
        let Persisted { name, storage, manifest, .. } = self;
        let key = short(&manifest.key);
        match &self.found {
            Found::Hit => {
                format!("persist {name} to {storage}: hit, {} as {} (key {key})", size(manifest), manifest.format)
            }
            Found::Miss(why) => format!("persist {name} to {storage}: miss, {why} (key {key})"),
        }
    }
}

fn size(manifest: &Manifest) -> String {
    super::tasks::bytes_text(manifest.bytes)
}

/// A key as people see it.
pub fn short(key: &str) -> &str {
    key.get(..12).unwrap_or(key)
}
