//! What a sink writes: arrays with their storage, settled while planning.

use crate::array::{Attributes, DType, DimName, Scalar};

/// The codec of a sink, as a script writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct CodecSpec {
    /// `zstd`, `gzip`, `blosc`, `lz4`, `none`, `shuffle`, `fletcher32`.
    pub name: String,
    /// Positional and named arguments: `zstd(3)`, `blosc(zstd, 5, shuffle: bit)`.
    pub args: Vec<(Option<String>, Scalar)>,
}

/// One array to be written.
#[derive(Clone, Debug)]
pub struct ArraySpec {
    /// Path within the target, `/` for a bare array: `/group/name`.
    pub path: String,
    /// The dtype stored (datetimes are stored encoded, so never here).
    pub dtype: DType,
    /// The dims, outermost first.
    pub dims: Vec<DimName>,
    /// Elements per axis.
    pub shape: Vec<u64>,
    /// Elements of a chunk per axis; every entry at least one.
    pub chunks: Vec<u64>,
    /// Elements of a shard per axis, a multiple of `chunks` (Zarr v3 only).
    pub shards: Option<Vec<u64>>,
    /// Codecs or filters, in the order in which they are applied; none for the format's default.
    pub codecs: Option<Vec<CodecSpec>>,
    /// What a chunk that is not written reads as.
    pub fill: Option<Scalar>,
    /// Attributes.
    pub attrs: Attributes,
    /// Whether this is the coordinate of the dim whose name it bears.
    pub is_coordinate: bool,
}

/// Options of a target that are not an array's.
#[derive(Clone, Debug, Default)]
pub struct TargetOptions {
    /// Zarr's version, 2 or 3.
    pub version: Option<u8>,
    /// Attributes of the root group.
    pub attrs: Attributes,
}
