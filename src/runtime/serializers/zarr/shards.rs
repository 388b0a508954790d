//! Shards: files that hold many chunks and an index of where each lies.
//!
//! A shard of the codec `sharding_indexed` ends (or begins) with an index of two `u64` for each inner
//! chunk in C order, its offset and its length; both all ones where the chunk was never written.
//! Readers fetch the index once and then single chunks; writers write whole shards, chunks in C order.

use serde_json::{Value, json};
use zarrs::array::{ArrayBytes, DataType, FillValue};
use zarrs::metadata::v3::MetadataV3;

use super::chain::Chain;
use super::codecs::Pipeline;
use super::element::Element;
use crate::array::DType;

/// How the chunks of an array lie in its shards.
pub struct Sharding {
    /// The shape of an inner chunk.
    pub inner_shape: Vec<u64>,
    /// Inner chunks of a shard per axis.
    pub counts: Vec<u64>,
    /// The codecs of inner chunks.
    pub inner: Pipeline,
    index: Pipeline,
    index_bytes: u64,
    index_first: bool,
}

/// Where the inner chunks of one shard lie.
pub struct ShardIndex(Vec<u64>);

/// The configuration of the sharding codec, where it is the only one.
pub fn configuration(codecs: &[Value]) -> Option<&Value> {
    match codecs {
        [only] if only["name"].as_str() == Some("sharding_indexed") => Some(&only["configuration"]),
        _ => None,
    }
}

/// The codecs of a shard index that zarr-python writes too.
pub fn index_codecs() -> Value {
    json!([{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}])
}

impl Sharding {
    /// The shards of `shard` elements that a sharding codec's configuration describes.
    ///
    /// # Errors
    /// The configuration is malformed, or a codec is not supported.
    pub fn new(configuration: &Value, element: &Element, shard: &[u64]) -> Result<Self, String> {
        let inner_shape: Option<Vec<u64>> =
            configuration["chunk_shape"].as_array().and_then(|a| a.iter().map(Value::as_u64).collect());
        let inner_shape =
            inner_shape.filter(|s| s.len() == shard.len()).ok_or("the shape of inner chunks is malformed")?;
        if inner_shape.iter().zip(shard).any(|(&inner, &outer)| inner == 0 || outer % inner != 0) {
            return Err(format!("inner chunks of {inner_shape:?} do not tile shards of {shard:?}"));
        }
        let counts: Vec<u64> = inner_shape.iter().zip(shard).map(|(inner, outer)| outer / inner).collect();
        let list =
            |key: &str| configuration[key].as_array().cloned().ok_or(format!("the sharding codec lacks `{key}`"));
        let inner = Pipeline::new(&list("codecs")?, element, &inner_shape)?;
        let index_first = match configuration.get("index_location").map(Value::as_str) {
            None | Some(Some("end")) => false,
            Some(Some("start")) => true,
            Some(_) => return Err("the location of the shard index is neither `start` nor `end`".to_owned()),
        };
        let index_codecs = configuration
            .get("index_codecs")
            .map_or_else(|| Ok(index_codecs().as_array().cloned().unwrap_or_default()), |_| list("index_codecs"))?;
        let index_shape: Vec<u64> = counts.iter().copied().chain([2]).collect();
        let data_type = DataType::from_metadata(&MetadataV3::new("uint64")).map_err(|e| e.to_string())?;
        let index = Pipeline::of_chain(
            Chain::new(&index_codecs, Some(DType::U64))?,
            data_type,
            FillValue::from(u64::MAX),
            &index_shape,
        )?;
        let index_bytes = index.fixed_size().ok_or("the codecs of the shard index give no fixed size")?;
        Ok(Sharding { inner_shape, counts, inner, index, index_bytes, index_first })
    }

    /// Bytes of an encoded index.
    pub fn index_bytes(&self) -> u64 {
        self.index_bytes
    }

    /// Whether a shard begins with its index, and does not end with it.
    pub fn index_first(&self) -> bool {
        self.index_first
    }

    /// The shard in which a chunk lies, and its place in the shard's grid.
    pub fn shard(&self, index: &[u64]) -> (Vec<u64>, Vec<u64>) {
        index.iter().zip(&self.counts).map(|(i, count)| (i / count, i % count)).unzip()
    }

    /// Decodes an index.
    ///
    /// # Errors
    /// It is damaged.
    pub fn decode_index(&self, encoded: Vec<u8>) -> Result<ShardIndex, String> {
        let bytes = self.index.decode(encoded).and_then(|b| b.into_fixed().map_err(|e| e.to_string()))?;
        let entries = bytes.chunks_exact(8).map(|b| u64::from_ne_bytes(b.try_into().expect("eight bytes")));
        Ok(ShardIndex(entries.collect()))
    }

    /// The place of the inner chunk at `within`, in C order.
    pub fn position(&self, within: &[u64]) -> usize {
        within.iter().zip(&self.counts).fold(0, |n, (i, count)| n * count + i) as usize
    }

    /// The bytes of a shard with these encoded inner chunks, in C order; none for one outside the array.
    ///
    /// # Errors
    /// The index cannot be encoded.
    pub fn assemble(&self, chunks: impl Iterator<Item = Result<Option<Vec<u8>>, String>>) -> Result<Vec<u8>, String> {
        let mut shard = vec![0; if self.index_first { self.index_bytes as usize } else { 0 }];
        let mut entries = Vec::new();
        for chunk in chunks {
            match chunk? {
                None => entries.extend([u64::MAX; 2]),
                Some(chunk) => {
                    entries.extend([shard.len() as u64, chunk.len() as u64]);
                    shard.extend_from_slice(&chunk);
                }
            }
        }
        let entries: Vec<u8> = entries.into_iter().flat_map(u64::to_ne_bytes).collect();
        let index = self.index.encode(ArrayBytes::new_flen(entries))?;
        if self.index_first {
            shard[..index.len()].copy_from_slice(&index);
        } else {
            shard.extend_from_slice(&index);
        }
        Ok(shard)
    }
}

impl ShardIndex {
    /// Offset and length of the inner chunk at `position`; `None` where it was never written.
    pub fn range(&self, position: usize) -> Option<(u64, u64)> {
        let (offset, length) = (self.0[2 * position], self.0[2 * position + 1]);
        (offset != u64::MAX || length != u64::MAX).then_some((offset, length))
    }

    /// The bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        8 * self.0.len()
    }
}
