//! The metadata of one array, of Zarr v2 or v3, checked and made alike.
//!
//! v2 metadata becomes the v3 form of the same codecs. Every number that later code multiplies is
//! checked here: an array whose elements or chunks cannot be counted is refused while it is described.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use zarrs::convert::ArrayMetadataV2ToV3Error;
use zarrs::metadata::Endianness;
use zarrs::metadata::v2::{ArrayMetadataV2Order, MetadataV2};
use zarrs::metadata::v3::MetadataV3;

use super::attributes;
use super::codecs::{Pipeline, bounded_product};
use super::element::{Element, Form};
use super::labels::label;
use super::numcodecs::{crc32c, is_filter, is_own, readable, stored_name};
use super::shards::{self, Sharding};
use crate::array::{AttrValue, Attributes, DimName, Kind, Scalar};
use crate::planner::catalog::StoredArray;

/// How the chunks of an array lie in its files.
pub enum Layout {
    /// A chunk in each file.
    Chunks(Pipeline),
    /// Many chunks in each file.
    Shards(Box<Sharding>),
}

/// All that is known of an array without reading its chunks.
pub struct ArrayMetadata {
    /// What the planner sees.
    pub stored: StoredArray,
    /// How elements are stored.
    pub element: Element,
    /// What is read where nothing was written.
    pub fill: Scalar,
    /// The shape of a file's chunk.
    pub chunks: Vec<u64>,
    /// How chunks lie in files.
    pub layout: Layout,
    /// How files are named.
    pub keys: ChunkKeys,
}

/// How the files of chunks are named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChunkKeys {
    /// Whether names begin with `c` (v3's `default`).
    pub prefix: bool,
    /// Between the indices.
    pub separator: char,
}

impl ChunkKeys {
    /// The path of a chunk's file below its array.
    pub fn path(self, index: &[u64]) -> String {
        let mut parts: Vec<String> = index.iter().map(u64::to_string).collect();
        if self.prefix {
            parts.insert(0, "c".to_owned());
        } else if parts.is_empty() {
            parts.push("0".to_owned());
        }
        parts.join(self.separator.encode_utf8(&mut [0; 4]))
    }
}

/// What both versions say of an array.
struct Parts {
    shape: Vec<u64>,
    chunks: Vec<u64>,
    element: Element,
    fill: Scalar,
    codecs: Vec<Value>,
    keys: ChunkKeys,
    dims: Option<Vec<Option<DimName>>>,
    attrs: Attributes,
}

impl ArrayMetadata {
    /// The array that the object of a `zarr.json` describes.
    ///
    /// # Errors
    /// The metadata is malformed, or asks for what is not supported.
    pub fn from_v3(path: &str, object: &Map<String, Value>) -> Result<Self, String> {
        let fields = Value::Object(object.clone());
        let grid = &fields["chunk_grid"];
        if grid["name"].as_str() != Some("regular") {
            return Err(format!("the chunk grid {} is not supported", grid["name"]));
        }
        if fields["storage_transformers"].as_array().is_some_and(|list| !list.is_empty()) {
            return Err("storage transformers are not supported".to_owned());
        }
        let codecs = fields["codecs"].as_array().cloned().ok_or("the metadata lacks `codecs`")?;
        let element = Element::from_v3(&fields["data_type"], is_big_endian(&codecs))?;
        let separator =
            |default| match fields["chunk_key_encoding"]["configuration"].get("separator").map(Value::as_str) {
                None => Ok(default),
                Some(Some("/")) => Ok('/'),
                Some(Some(".")) => Ok('.'),
                Some(_) => Err("the separator of chunk keys is neither `/` nor `.`"),
            };
        let encoding = &fields["chunk_key_encoding"];
        let keys = match encoding.as_str().or_else(|| encoding["name"].as_str()) {
            Some("default") => ChunkKeys { prefix: true, separator: separator('/')? },
            Some("v2") => ChunkKeys { prefix: false, separator: separator('.')? },
            _ => return Err(format!("the chunk key encoding {encoding} is not supported")),
        };
        let empty = Map::new();
        let attrs = attributes::from_json(fields["attributes"].as_object().unwrap_or(&empty), Some(element.dtype));
        let dims = fields["dimension_names"].as_array();
        let dims = dims.map(|names| names.iter().map(|n| n.as_str().map(DimName::new)).collect());
        let parts = Parts {
            shape: numbers(&fields["shape"], "shape")?,
            chunks: numbers(&grid["configuration"]["chunk_shape"], "chunk_shape")?,
            fill: element.fill(fields.get("fill_value").ok_or("the metadata lacks `fill_value`")?)?,
            element,
            codecs,
            keys,
            dims,
            attrs,
        };
        parts.check(path)
    }

    /// The array that the objects of a `.zarray` and its `.zattrs` describe.
    ///
    /// # Errors
    /// The metadata is malformed, or asks for what is not supported.
    pub fn from_v2(path: &str, object: &Map<String, Value>, attrs: &Map<String, Value>) -> Result<Self, String> {
        let fields = Value::Object(object.clone());
        let element = Element::from_v2(&fields["dtype"])?;
        let separator = match fields.get("dimension_separator").and_then(Value::as_str) {
            None | Some(".") => '.',
            Some("/") => '/',
            Some(other) => return Err(format!("the dimension separator {other:?} is neither `.` nor `/`")),
        };
        let shape = numbers(&fields["shape"], "shape")?;
        let mut attrs = attributes::from_json(attrs, Some(element.dtype));
        let fill = element.fill(&fields["fill_value"])?;
        let is_mask = attrs.get("_ARRAY_DIMENSIONS").is_some()
            && !fields["fill_value"].is_null()
            && !matches!(element.dtype.kind(), Kind::Bool | Kind::Str | Kind::Time | Kind::Complex);
        if is_mask && attrs.get("_FillValue").is_none() {
            attrs.set("_FillValue", AttrValue::Number(element.dtype, fill.clone()));
        }
        let parts = Parts {
            chunks: numbers(&fields["chunks"], "chunks")?,
            codecs: codecs_of_v2(&fields, &element, shape.len())?,
            shape,
            element,
            fill,
            keys: ChunkKeys { prefix: false, separator },
            dims: None,
            attrs,
        };
        parts.check(path)
    }
}

impl Parts {
    fn check(mut self, path: &str) -> Result<ArrayMetadata, String> {
        let rank = self.shape.len();
        if self.chunks.len() != rank {
            return Err(format!("the shape has {rank} axes and the chunks have {}", self.chunks.len()));
        }
        if self.chunks.contains(&0) {
            return Err("a chunk size is zero".to_owned());
        }
        let size = self.element.stored_size() as u64;
        let bytes = self.shape.iter().try_fold(size, |n, &s| n.checked_mul(s.max(1)));
        if bytes.is_none_or(|n| n > i64::MAX as u64) {
            return Err(format!("an array of {:?} elements is too large to be counted", self.shape));
        }
        bounded_product(self.chunks.iter().copied().chain([size])).ok_or("a chunk is larger than a tebibyte")?;
        let dims = self.dims()?;
        let layout = match shards::configuration(&self.codecs) {
            Some(configuration) => Layout::Shards(Box::new(Sharding::new(configuration, &self.element, &self.chunks)?)),
            None => Layout::Chunks(Pipeline::new(&self.codecs, &self.element, &self.chunks)?),
        };
        let inner_chunks = match &layout {
            Layout::Shards(sharding) => Some(sharding.inner_shape.clone()),
            Layout::Chunks(_) => None,
        };
        let stored = StoredArray {
            path: path.to_owned(),
            dtype: self.element.dtype,
            shape: self.shape,
            dims,
            chunks: Some(self.chunks.clone()),
            inner_chunks,
            codec: label(&self.codecs),
            stored_bytes: None,
            attrs: Arc::new(self.attrs),
        };
        Ok(ArrayMetadata {
            stored,
            element: self.element,
            fill: self.fill,
            chunks: self.chunks,
            layout,
            keys: self.keys,
        })
    }

    /// The names of the dims, from `dimension_names` or xarray's attribute.
    fn dims(&mut self) -> Result<Vec<Option<DimName>>, String> {
        let rank = self.shape.len();
        let attribute = match self.attrs.get("_ARRAY_DIMENSIONS") {
            Some(AttrValue::StrList(names)) => Some(names.iter().map(|n| Some(DimName::new(n))).collect::<Vec<_>>()),
            Some(AttrValue::Json(text)) if text == "[]" => Some(Vec::new()),
            _ => None,
        };
        let attribute = attribute.filter(|names| names.len() == rank);
        if attribute.is_some() {
            self.attrs.remove("_ARRAY_DIMENSIONS");
        }
        match self.dims.take() {
            Some(names) if names.len() != rank => {
                Err(format!("the shape has {rank} axes and `dimension_names` has {}", names.len()))
            }
            Some(names) => Ok(names),
            None => Ok(attribute.unwrap_or_else(|| vec![None; rank])),
        }
    }
}

fn numbers(value: &Value, name: &str) -> Result<Vec<u64>, String> {
    let list = value.as_array().and_then(|items| items.iter().map(Value::as_u64).collect::<Option<Vec<_>>>());
    let list = list.ok_or_else(|| format!("`{name}` is not a list of whole numbers"))?;
    match list.iter().find(|n| **n > i64::MAX as u64) {
        Some(large) => Err(format!("`{name}` has {large}, which is too large to be counted")),
        None => Ok(list),
    }
}

/// Whether a `bytes` codec, also of inner chunks, puts the most significant byte first.
fn is_big_endian(codecs: &[Value]) -> bool {
    codecs.iter().any(|codec| {
        let configuration = &codec["configuration"];
        let inner = configuration["codecs"].as_array().map_or(&[][..], Vec::as_slice);
        configuration["endian"].as_str() == Some("big") || is_big_endian(inner)
    })
}

/// Filters and compressor of v2 as codecs of v3.
fn codecs_of_v2(fields: &Value, element: &Element, rank: usize) -> Result<Vec<Value>, String> {
    let codec = |value: &Value| {
        serde_json::from_value::<MetadataV2>(readable(value)).map_err(|_| format!("the codec {value} is malformed"))
    };
    let filters = fields["filters"].as_array().map_or(&[][..], Vec::as_slice);
    let filters = filters.iter().map(codec).collect::<Result<Vec<_>, _>>()?;
    // zarrs has `bitround` under its v3 name alone.
    let (rounded, filters): (Vec<_>, Vec<_>) = filters.into_iter().partition(|f| f.id() == "bitround");
    let compressor = Some(&fields["compressor"]).filter(|c| !c.is_null()).map(codec).transpose()?;
    let order = match fields["order"].as_str() {
        Some("C") | None => ArrayMetadataV2Order::C,
        Some("F") => ArrayMetadataV2Order::F,
        Some(other) => return Err(format!("the order {other:?} is neither `C` nor `F`")),
    };
    let arrays = filters.iter().take_while(|f| is_filter(f.id())).count();
    let stored = filters[..arrays].last().map(|f| Value::Object(f.configuration().clone().into()));
    let stored = stored.as_ref().and_then(|c| stored_name(filters[arrays - 1].id(), c));
    let endianness = match stored.or(fields["dtype"].as_str()).and_then(|d| d.chars().next()) {
        Some('>') => Endianness::Big,
        _ => Endianness::Little,
    };
    let data_type = MetadataV3::new(element.zarrs_name());
    let convert = |filters: Vec<MetadataV2>, compressor: Option<MetadataV2>| {
        let filters = Some(filters).filter(|f| !f.is_empty());
        zarrs::convert::codec_metadata_v2_to_v3(order, rank, &data_type, Some(endianness), &filters, &compressor)
            .map_err(not_converted)
    };
    if element.form == Form::Text && filters.last().is_none_or(|f| f.id() != "vlen-utf8") {
        return Err("Python objects other than text (the filter `vlen-utf8`) are not supported".to_owned());
    }
    let own = |f: &MetadataV2| json!({"name": format!("numcodecs.{}", f.id()), "configuration": f.configuration()});
    // Each is converted alone: zarrs drops a compressor that follows a filter for texts, and has not all of them.
    let alone = |f: &MetadataV2, is_compressor: bool| match is_own(f.id()) {
        true => Ok(vec![own(f)]),
        false if f.id() == "crc32c" => crc32c(&own(f)["configuration"]).map(|codec| vec![codec]),
        false => {
            let (filters, compressor) = if is_compressor { (vec![], Some(f.clone())) } else { (vec![f.clone()], None) };
            let codecs = convert(filters, compressor)?;
            let codecs = codecs.into_iter().filter(|c| c.name() != "bytes" && c.name() != "transpose");
            codecs.map(|c| serde_json::to_value(c).map_err(|e| e.to_string())).collect::<Result<Vec<_>, _>>()
        }
    };
    let mut steps = Vec::new();
    for filter in &filters[arrays..] {
        if is_filter(filter.id()) {
            return Err(format!("the codec `{}` after one that makes bytes is not supported", filter.id()));
        }
        steps.extend(alone(filter, false)?);
    }
    steps.extend(compressor.map(|c| alone(&c, true)).transpose()?.unwrap_or_default());
    let makes_bytes =
        |c: &Value| matches!(c["name"].as_str(), Some("vlen-utf8" | "zfp" | "numcodecs.zfpy" | "numcodecs.pcodec"));
    let plain = convert(Vec::new(), None)?;
    let plain = plain.iter().filter(|c| c.name() == "transpose" || !steps.iter().any(makes_bytes));
    let mut codecs: Vec<Value> =
        rounded.iter().map(|f| json!({"name": "numcodecs.bitround", "configuration": f.configuration()})).collect();
    let mut plain = plain.map(|c| serde_json::to_value(c).map_err(|e| e.to_string())).collect::<Result<Vec<_>, _>>()?;
    let bytes = if plain.last().is_some_and(|c| c["name"] == "bytes") { plain.pop() } else { None };
    codecs.extend(plain);
    codecs.extend(filters[..arrays].iter().map(own));
    codecs.extend(bytes);
    codecs.extend(steps);
    Ok(codecs)
}

fn not_converted(error: ArrayMetadataV2ToV3Error) -> String {
    match error {
        ArrayMetadataV2ToV3Error::UnsupportedCodec(name, _) => format!("the codec `{name}` is not supported"),
        other => other.to_string(),
    }
}
