//! The codecs of an array in order: those of zarrs, and those of numcodecs that zarrs lacks or rounds differently.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::Value;
use zarrs::array::{
    ArrayToArrayCodecTraits, ArrayToBytesCodecTraits, BytesRepresentation, BytesToBytesCodecTraits, Codec, CodecChain,
    DataType, FillValue,
};
use zarrs::metadata::v2::MetadataV2;
use zarrs::metadata::v3::MetadataV3;

use super::codecs::{Representation, guarded, options};
use super::element::v3_name;
use super::numcodecs::{Filter, Own, crc32c, readable};
use crate::array::DType;

/// Codecs that fit together.
pub struct Chain {
    /// From array to array.
    pub stages: Vec<Stage>,
    /// From array to bytes.
    pub to_bytes: Arc<dyn ArrayToBytesCodecTraits>,
    /// From bytes to bytes.
    pub steps: Vec<ByteCodec>,
}

/// A codec from array to array.
pub enum Stage {
    /// One of zarrs.
    Zarrs(Arc<dyn ArrayToArrayCodecTraits>),
    /// One of our own, between elements of `dtype` and of `stored`.
    Filter {
        /// What it does.
        filter: Filter,
        /// The elements before.
        dtype: DType,
        /// The elements after.
        stored: DType,
    },
}

/// A codec from bytes to bytes.
pub enum ByteCodec {
    /// One of zarrs.
    Zarrs(Arc<dyn BytesToBytesCodecTraits>),
    /// One of our own.
    Own(Own),
}

impl Chain {
    /// The codecs of v3 metadata for elements of `dtype`, none where these are texts.
    ///
    /// # Errors
    /// The metadata is malformed, a codec is unknown, or they do not fit together.
    pub fn new(codecs: &[Value], dtype: Option<DType>) -> Result<Chain, String> {
        let (mut stages, mut steps, mut of_zarrs) = (Vec::new(), Vec::new(), Vec::new());
        let (mut to_bytes, mut dtype) = (None, dtype);
        for codec in codecs.iter().map(readable) {
            let metadata: MetadataV3 =
                serde_json::from_value(codec.clone()).map_err(|_| format!("the codec {codec} is malformed"))?;
            let name = metadata.name().to_owned();
            let misplaced = || format!("the codecs do not fit together: `{name}` is out of place");
            if let Some(filter) = Filter::of(&codec, dtype)? {
                let before = dtype.filter(|_| to_bytes.is_none()).ok_or_else(misplaced)?;
                let stored = filter.stored(before);
                stages.push(Stage::Filter { filter, dtype: before, stored });
                dtype = Some(stored);
                continue;
            }
            if let Some(own) = Own::of(&codec)? {
                to_bytes.is_some().then_some(()).ok_or_else(misplaced)?;
                steps.push(ByteCodec::Own(own));
                continue;
            }
            let metadata = known(metadata, dtype)?;
            match Codec::from_metadata(&metadata).map_err(|error| refused(&name, error))? {
                Codec::ArrayToArray(codec) => stages.push(Stage::Zarrs(codec)),
                Codec::ArrayToBytes(codec) => to_bytes = Some(codec),
                Codec::BytesToBytes(codec) => steps.push(ByteCodec::Zarrs(codec)),
            }
            of_zarrs.push(metadata);
        }
        let unfit = |error: &dyn std::fmt::Display| format!("the codecs do not fit together: {error}");
        CodecChain::from_metadata(&of_zarrs).map_err(|error| unfit(&error))?;
        let to_bytes = to_bytes.ok_or_else(|| unfit(&"none makes bytes of the elements"))?;
        Ok(Chain { stages, to_bytes, steps })
    }
}

fn refused(name: &str, error: zarrs::plugin::PluginCreateError) -> String {
    match error {
        zarrs::plugin::PluginCreateError::Unsupported(_) => format!("the codec `{name}` is not supported"),
        other => format!("the codec `{name}` cannot be set up: {other}"),
    }
}

/// The metadata by which zarrs knows a codec: it has some of `numcodecs.…` under the names of v2 or their own only.
fn known(codec: MetadataV3, dtype: Option<DType>) -> Result<MetadataV3, String> {
    let Some(id @ ("blosc" | "zstd" | "gzip" | "crc32c")) = codec.name().strip_prefix("numcodecs.") else {
        return Ok(codec);
    };
    let configuration = codec.configuration().map(|c| serde_json::to_value(c).unwrap_or_default()).unwrap_or_default();
    if id == "crc32c" {
        return serde_json::from_value(crc32c(&configuration)?).map_err(|e| e.to_string());
    }
    let mut v2 = serde_json::json!({"id": id});
    if let (Some(v2), Value::Object(rest)) = (v2.as_object_mut(), configuration) {
        v2.extend(rest);
    }
    let v2: MetadataV2 =
        serde_json::from_value(v2).map_err(|_| format!("the codec `{}` is malformed", codec.name()))?;
    let data_type = MetadataV3::new(dtype.and_then(v3_name).unwrap_or("uint8"));
    let converted = zarrs::convert::codec_metadata_v2_to_v3(
        zarrs::metadata::v2::ArrayMetadataV2Order::C,
        1,
        &data_type,
        None,
        &None,
        &Some(v2),
    );
    let converted = converted.map_err(|_| format!("the codec `{}` is not supported so", codec.name()))?;
    converted.into_iter().next_back().ok_or_else(|| format!("the codec `{}` is not supported", codec.name()))
}

impl Stage {
    /// The array after it.
    ///
    /// # Errors
    /// It does not apply to such an array.
    pub(super) fn encoded(&self, before: &Representation) -> Result<Representation, String> {
        match self {
            Stage::Zarrs(codec) => {
                let after = || codec.encoded_representation(&before.shape, &before.data_type, &before.fill);
                let (shape, data_type, fill) = guarded("the codecs", after)?;
                Ok(Representation { shape, data_type, fill })
            }
            Stage::Filter { filter, stored, .. } => {
                let name = MetadataV3::new(v3_name(*stored).ok_or("texts cannot be filtered")?);
                let data_type = DataType::from_metadata(&name).map_err(|e| e.to_string())?;
                let fill = FillValue::new(vec![0; stored.size()]);
                let shape = match filter.stored_count(before.count()) {
                    None => before.shape.clone(),
                    Some(count) => vec![NonZeroU64::new(count).ok_or("a chunk has no elements")?],
                };
                Ok(Representation { shape, data_type, fill })
            }
        }
    }
}

impl ByteCodec {
    /// The bytes after it.
    pub fn encoded(&self, before: &BytesRepresentation) -> BytesRepresentation {
        match self {
            ByteCodec::Zarrs(codec) => codec.encoded_representation(before),
            ByteCodec::Own(own) => match before {
                BytesRepresentation::FixedSize(size) => own.encoded(*size),
                BytesRepresentation::BoundedSize(size) => match own.encoded(*size) {
                    BytesRepresentation::FixedSize(size) => BytesRepresentation::BoundedSize(size),
                    other => other,
                },
                BytesRepresentation::UnboundedSize => BytesRepresentation::UnboundedSize,
            },
        }
    }

    /// Decodes to at most `limit` bytes.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub fn decode(&self, encoded: Vec<u8>, limit: u64) -> Result<Vec<u8>, String> {
        match self {
            ByteCodec::Own(own) => own.decode(encoded, limit),
            ByteCodec::Zarrs(codec) => {
                let size = BytesRepresentation::BoundedSize(limit);
                Ok(guarded("the chunk", || codec.decode(Cow::Owned(encoded), &size, &options()))?.into_owned())
            }
        }
    }

    /// Encodes bytes.
    ///
    /// # Errors
    /// The codec is only read.
    pub fn encode(&self, bytes: Cow<'_, [u8]>) -> Result<Vec<u8>, String> {
        match self {
            ByteCodec::Own(_) => Err("a codec of the array is only read, not written".to_owned()),
            ByteCodec::Zarrs(codec) => Ok(guarded("the chunk", || codec.encode(bytes, &options()))?.into_owned()),
        }
    }
}
