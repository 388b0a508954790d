//! Codecs that zarrs does not have or is built without, or in which it rounds to `f32`: for reading. Those of numcodecs, and
//! [`gdeflate`].
//!
//! Filters (`delta`, `fixedscaleoffset`, `astype`, `quantize`, `packbits`) turn arrays into arrays of as many elements,
//! or a list of bits; they compute as NumPy does in `numcodecs/*.py`. `lz4` is a block behind its decoded size, four bytes
//! little-endian; `crc32` a checksum before or behind the bytes. None decodes to more than the chunk that is declared.

use serde_json::{Value, json};
use zarrs::array::BytesRepresentation;

use super::element::dtype_named;
use super::gdeflate;
use crate::array::{DType, Kind};

/// A filter between elements of two dtypes.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Differences to the element before, in memory order.
    Delta(DType),
    /// `(stored / scale) + offset`.
    Scale {
        /// What is stored.
        stored: DType,
        /// The divisor.
        scale: f64,
        /// What is added after.
        offset: f64,
    },
    /// Another dtype: `astype`, `quantize`.
    Cast(DType),
    /// Eight truth values to a byte, the first in the highest bit, behind a byte with the number of bits to spare.
    PackBits,
}

/// The name of a codec after `numcodecs.`.
fn id(codec: &Value) -> Option<&str> {
    codec.as_str().or_else(|| codec["name"].as_str())?.strip_prefix("numcodecs.")
}

/// The ids of filters that are read here, and where each names the dtypes before and after it.
const FILTERS: [(&str, &str, &str); 5] = [
    ("delta", "dtype", "astype"),
    ("fixedscaleoffset", "dtype", "astype"),
    ("astype", "decode_dtype", "encode_dtype"),
    ("quantize", "dtype", "astype"),
    ("packbits", "", ""),
];

/// Whether a filter of v2 is one that is read here.
pub fn is_filter(id: &str) -> bool {
    FILTERS.iter().any(|(name, ..)| *name == id)
}

/// Whether a filter or compressor of v2 works on bytes and is read here.
pub fn is_own(id: &str) -> bool {
    matches!(id, "lz4" | "crc32")
}

/// The levels of codecs that zarrs takes, and the one that stands for a lesser one: those are defaults of the libraries.
const LEVELS: [(&str, i64, i64, i64); 5] =
    [("gzip", 0, 9, 6), ("zlib", 0, 9, 6), ("bz2", 1, 9, 9), ("zstd", -131_072, 22, 3), ("blosc", 0, 9, 5)];

/// The codec of v2 or v3 with a level that zarrs takes: a level only says how chunks were encoded. A shuffle of elements without bytes leaves all
/// where it is, as that of single bytes does.
pub fn readable(codec: &Value) -> Value {
    let mut codec = codec.clone();
    let name = codec["id"].as_str().or_else(|| codec["name"].as_str()).unwrap_or_default();
    let name = name.strip_prefix("numcodecs.").unwrap_or(name).to_owned();
    let in_v2 = codec["id"].is_string();
    let Some(configuration) = (if in_v2 { Some(&mut codec) } else { codec.get_mut("configuration") }) else {
        return codec;
    };
    if let Some((_, least, most, default)) = LEVELS.iter().find(|(known, ..)| *known == name) {
        for key in ["level", "clevel"] {
            if let Some(level) = configuration.get_mut(key).filter(|level| level.is_i64()) {
                let asked = level.as_i64().unwrap_or(*default);
                *level = json!(if asked < *least { *default } else { asked.min(*most) });
            }
        }
    }
    if name == "shuffle" && configuration.get("elementsize") == Some(&json!(0)) {
        configuration["elementsize"] = json!(1);
    }
    codec
}

/// The codec `crc32c` as Zarr v3 has it, which puts the checksum last.
///
/// # Errors
/// The checksum comes first.
pub fn crc32c(configuration: &Value) -> Result<Value, String> {
    match &configuration["location"] {
        Value::Null => Ok(json!({"name": "crc32c"})),
        Value::String(place) if place == "end" => Ok(json!({"name": "crc32c"})),
        other => Err(format!("the codec `crc32c` with its checksum at {other} is not supported")),
    }
}

/// The dtype that a filter stores, as its configuration writes it.
pub fn stored_name<'a>(id: &str, configuration: &'a Value) -> Option<&'a str> {
    let (_, before, after) = FILTERS.iter().find(|(name, ..)| *name == id)?;
    configuration[*after].as_str().or_else(|| configuration[*before].as_str())
}

impl Filter {
    /// The filter that v3 metadata describes, for elements of `dtype` (none: texts); `None` for other codecs.
    ///
    /// # Errors
    /// Its configuration is malformed, or of another dtype.
    pub fn of(codec: &Value, dtype: Option<DType>) -> Result<Option<Filter>, String> {
        let Some((id, before, after)) = id(codec).and_then(|id| FILTERS.iter().find(|(name, ..)| *name == id)) else {
            return Ok(None);
        };
        let configuration = &codec["configuration"];
        let wrong = |what: &str| format!("the codec `{id}` {what}");
        let dtype = dtype.ok_or_else(|| wrong("needs numbers, and this array holds texts"))?;
        if *id == "packbits" {
            return if dtype == DType::Bool { Ok(Some(Filter::PackBits)) } else { Err(wrong("needs truth values")) };
        }
        let named = |key: &str, otherwise: DType| match &configuration[key] {
            Value::Null => Ok(otherwise),
            name => name.as_str().and_then(dtype_named).ok_or_else(|| wrong(&format!("has the dtype {name}"))),
        };
        let is_real = |d: DType| matches!(d.kind(), Kind::Float | Kind::Signed | Kind::Unsigned);
        let said = named(before, dtype)?;
        let stored = named(after, said)?;
        if said != dtype || !is_real(dtype) || !is_real(stored) {
            return Err(wrong(&format!("is for {said} stored as {stored}, and the array holds {dtype}")));
        }
        let number = |key: &str| configuration[key].as_f64().filter(|x| x.is_finite());
        Ok(Some(match *id {
            "delta" => Filter::Delta(stored),
            "fixedscaleoffset" => {
                let scale = number("scale").filter(|x| *x != 0.0).ok_or_else(|| wrong("has no scale"))?;
                Filter::Scale { stored, scale, offset: number("offset").ok_or_else(|| wrong("has no offset"))? }
            }
            _ => Filter::Cast(stored),
        }))
    }

    /// The dtype after it.
    pub fn stored(&self, _dtype: DType) -> DType {
        match self {
            Filter::Delta(stored) | Filter::Scale { stored, .. } | Filter::Cast(stored) => *stored,
            Filter::PackBits => DType::U8,
        }
    }

    /// The elements after it of a list, where it makes one of the array.
    pub fn stored_count(&self, count: u64) -> Option<u64> {
        matches!(self, Filter::PackBits).then(|| 1 + count.div_ceil(8))
    }

    /// The `count` elements of `dtype` that are stored so, as bytes in native order.
    ///
    /// # Errors
    /// The bytes are too few or too many.
    pub fn decode(&self, stored: &[u8], dtype: DType, count: u64) -> Result<Vec<u8>, String> {
        let of = self.stored(dtype);
        if stored.len() as u64 != self.stored_count(count).unwrap_or(count).saturating_mul(of.size() as u64) {
            return Err("the number of bytes before a filter is wrong".to_owned());
        }
        let mut decoded = Vec::with_capacity(count as usize * dtype.size());
        let elements = stored.chunks_exact(of.size());
        match self {
            Filter::PackBits => {
                let (spare, bits) = stored.split_first().ok_or("there are no bits")?;
                if u64::from(*spare) != bits.len() as u64 * 8 - count {
                    return Err(format!("{spare} bits are to spare, and there are {count} truth values"));
                }
                decoded.extend((0..count as usize).map(|i| bits[i / 8] >> (7 - i % 8) & 1));
            }
            Filter::Cast(_) => elements.for_each(|e| Number::read(e, of).write(dtype, &mut decoded)),
            Filter::Delta(_) => {
                let mut sum = if dtype.kind() == Kind::Float { Number::Float(0.0) } else { Number::Int(0) };
                for element in elements {
                    sum = sum.plus(Number::read(element, of), dtype);
                    sum.write(dtype, &mut decoded);
                }
            }
            Filter::Scale { scale, offset, .. } => {
                let (scale, offset) = (rounded(*scale, of), rounded(*offset, of));
                elements.for_each(|e| {
                    let x = rounded(rounded(Number::read(e, of).float() / scale, of) + offset, of);
                    Number::Float(x).write(dtype, &mut decoded);
                });
            }
        }
        Ok(decoded)
    }
}

/// A number as NumPy computes with a floating-point dtype; with others in `f64`.
fn rounded(x: f64, dtype: DType) -> f64 {
    match dtype {
        DType::F16 => half::f16::from_f64(x).to_f64(),
        DType::F32 => f64::from(x as f32),
        _ => x,
    }
}

/// An element; integers wrap.
#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    UInt(u64),
    Float(f64),
}

impl Number {
    fn read(bytes: &[u8], dtype: DType) -> Number {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let (raw, unused) = (u64::from_le_bytes(wide), 64 - 8 * bytes.len() as u32);
        match dtype {
            DType::F16 => Number::Float(half::f16::from_bits(raw as u16).to_f64()),
            DType::F32 => Number::Float(f64::from(f32::from_bits(raw as u32))),
            DType::F64 => Number::Float(f64::from_bits(raw)),
            _ if dtype.kind() == Kind::Signed => Number::Int((raw << unused) as i64 >> unused),
            _ => Number::UInt(raw),
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Int(i) => i as f64,
            Number::UInt(u) => u as f64,
            Number::Float(x) => x,
        }
    }

    fn integer(self) -> i64 {
        match self {
            Number::Int(i) => i,
            Number::UInt(u) => u as i64,
            Number::Float(x) if x >= i64::MAX as f64 => x as u64 as i64,
            Number::Float(x) => x as i64,
        }
    }

    fn plus(self, other: Number, dtype: DType) -> Number {
        match self {
            Number::Float(x) => Number::Float(rounded(x + rounded(other.float(), dtype), dtype)),
            _ => Number::Int(self.integer().wrapping_add(other.integer())),
        }
    }

    fn write(self, dtype: DType, to: &mut Vec<u8>) {
        match (dtype, self) {
            (DType::F16, _) => to.extend(half::f16::from_f64(self.float()).to_bits().to_le_bytes()),
            (DType::F32, Number::Int(i)) => to.extend((i as f32).to_le_bytes()),
            (DType::F32, Number::UInt(u)) => to.extend((u as f32).to_le_bytes()),
            (DType::F32, Number::Float(x)) => to.extend((x as f32).to_le_bytes()),
            (DType::F64, _) => to.extend(self.float().to_le_bytes()),
            _ => to.extend(&self.integer().to_le_bytes()[..dtype.size()]),
        }
    }
}

/// A codec from bytes to bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Own {
    /// Pages of DEFLATE for 32 lanes.
    GDeflate,
    /// An LZ4 block behind its decoded size.
    Lz4,
    /// The bytes and their CRC-32, behind or before them.
    Crc32 {
        /// Whether the checksum comes last.
        at_end: bool,
    },
}

impl Own {
    /// The codec that v3 metadata describes; `None` for others.
    ///
    /// # Errors
    /// Its configuration is malformed.
    pub fn of(codec: &Value) -> Result<Option<Own>, String> {
        let name = codec.as_str().or_else(|| codec["name"].as_str());
        Ok(match id(codec) {
            _ if name.is_some_and(|name| gdeflate::NAMES.contains(&name)) => Some(Own::GDeflate),
            Some("lz4") => Some(Own::Lz4),
            Some("crc32") => match &codec["configuration"]["location"] {
                Value::Null => Some(Own::Crc32 { at_end: false }),
                Value::String(place) if place == "start" => Some(Own::Crc32 { at_end: false }),
                Value::String(place) if place == "end" => Some(Own::Crc32 { at_end: true }),
                other => return Err(format!("the codec `crc32` has its checksum at {other}")),
            },
            _ => None,
        })
    }

    /// What so many bytes are encoded to.
    pub fn encoded(self, size: u64) -> BytesRepresentation {
        match self {
            Own::GDeflate => BytesRepresentation::BoundedSize(gdeflate::encoded_bound(size)),
            Own::Lz4 => BytesRepresentation::BoundedSize(size.saturating_add(size / 255).saturating_add(20)),
            Own::Crc32 { .. } => BytesRepresentation::FixedSize(size.saturating_add(4)),
        }
    }

    /// Decodes to at most `limit` bytes.
    ///
    /// # Errors
    /// The bytes are damaged, or say that they are more.
    pub fn decode(self, mut encoded: Vec<u8>, limit: u64) -> Result<Vec<u8>, String> {
        match self {
            Own::GDeflate => gdeflate::decode(&encoded, limit),
            Own::Lz4 => {
                let (size, block) = encoded.split_first_chunk::<4>().ok_or("the lz4 block is truncated")?;
                let size = u32::from_le_bytes(*size);
                if u64::from(size) > limit {
                    return Err(format!("it decodes to {size} bytes, and the metadata declares at most {limit}"));
                }
                let mut decoded = vec![0; size as usize];
                match lz4_flex::block::decompress_into(block, &mut decoded) {
                    Ok(length) if length == decoded.len() => Ok(decoded),
                    Ok(length) => Err(format!("the lz4 block holds {length} bytes and not {size}")),
                    Err(error) => Err(format!("the lz4 block is damaged: {error}")),
                }
            }
            Own::Crc32 { at_end } => {
                let rest = encoded.len().checked_sub(4).ok_or("the checksum is truncated")?;
                let checksum = if at_end { encoded.split_off(rest) } else { encoded.drain(..4).collect() };
                match crc32fast::hash(&encoded).to_le_bytes() == *checksum {
                    true => Ok(encoded),
                    false => Err("the checksum of `crc32` does not match".to_owned()),
                }
            }
        }
    }
}
