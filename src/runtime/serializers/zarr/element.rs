//! Elements: what Zarr's data types are here, and how decoded bytes become a block.
//!
//! NumPy's `datetime64` and `timedelta64` of any linear unit become datetimes (proleptic Gregorian)
//! and durations in microseconds: what is finer is floored, `NaT` stays. Fixed-length strings lose
//! their padding. Structures, raw bytes, variable-length bytes and floats of 8 bits are unsupported.

use std::sync::Arc;

use num_complex::Complex64;
use serde_json::{Value, json};
use zarrs::array::ArrayBytes;

use super::attributes::{from_base64, not_finite};
use super::codecs::Pipeline;
use crate::array::block::Element as BlockElement;
use crate::array::calendar::{DateTime, NAT};
use crate::array::{Block, Calendar, DType, Scalar};

/// The elements of one array: their dtype here and how they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The dtype of the values read.
    pub dtype: DType,
    /// How an element is stored.
    pub form: Form,
}

/// How an element is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// As in memory.
    Plain,
    /// An `i64` that counts units of time.
    Time(TimeUnit),
    /// So many code points of four bytes, padded with zeros.
    Utf32 {
        /// Code points.
        length: usize,
        /// Whether the most significant byte comes first.
        big_endian: bool,
    },
    /// So many bytes of text, padded with zeros.
    Bytes {
        /// Bytes.
        length: usize,
    },
    /// Texts of any length.
    Text,
}

/// A unit of `datetime64` or `timedelta64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// So many microseconds, over a divisor.
    Linear {
        /// Microseconds.
        times: i64,
        /// The divisor.
        over: i64,
    },
    /// So many months of the calendar.
    Months(i64),
}

impl TimeUnit {
    fn parse(unit: &str, count: i64) -> Option<TimeUnit> {
        let linear = |times: i64, over| Some(TimeUnit::Linear { times: times.checked_mul(count)?, over });
        match unit {
            "W" => linear(7 * 86_400_000_000, 1),
            "D" => linear(86_400_000_000, 1),
            "h" => linear(3_600_000_000, 1),
            "m" => linear(60_000_000, 1),
            "s" => linear(1_000_000, 1),
            "ms" => linear(1000, 1),
            "us" | "μs" => linear(1, 1),
            "ns" => linear(1, 1000),
            "ps" => linear(1, 1_000_000),
            "fs" => linear(1, 1_000_000_000),
            "as" => linear(1, 1_000_000_000_000),
            "Y" => Some(TimeUnit::Months(count.checked_mul(12)?)),
            "M" => Some(TimeUnit::Months(count)),
            _ => None,
        }
    }

    fn microseconds(self, value: i64) -> Option<i64> {
        if value == NAT {
            return Some(NAT);
        }
        match self {
            TimeUnit::Linear { times, over } => {
                i64::try_from((i128::from(value) * i128::from(times)).div_euclid(i128::from(over))).ok()
            }
            TimeUnit::Months(count) => {
                let months = value.checked_mul(count)?.checked_add(1970 * 12)?;
                let first = DateTime::midnight(months.div_euclid(12), months.rem_euclid(12) as u8 + 1, 1);
                Calendar::ProlepticGregorian.from_date(first).ok()
            }
        }
    }
}

const PLAIN: [(&str, &str, DType); 14] = [
    ("bool", "b1", DType::Bool),
    ("int8", "i1", DType::I8),
    ("int16", "i2", DType::I16),
    ("int32", "i4", DType::I32),
    ("int64", "i8", DType::I64),
    ("uint8", "u1", DType::U8),
    ("uint16", "u2", DType::U16),
    ("uint32", "u4", DType::U32),
    ("uint64", "u8", DType::U64),
    ("float16", "f2", DType::F16),
    ("float32", "f4", DType::F32),
    ("float64", "f8", DType::F64),
    ("complex64", "c8", DType::C64),
    ("complex128", "c16", DType::C128),
];

impl Element {
    fn plain(dtype: DType) -> Self {
        Element { dtype, form: Form::Plain }
    }

    fn time(dtype: DType, unit: &str, count: i64) -> Result<Self, String> {
        let parsed = TimeUnit::parse(unit, count).filter(|_| count > 0);
        match parsed {
            Some(TimeUnit::Months(_)) if dtype == DType::Duration => {
                Err(format!("durations in units of `{unit}` have no fixed length"))
            }
            Some(unit) => Ok(Element { dtype, form: Form::Time(unit) }),
            None => Err(format!("the time unit `{unit}` is not supported")),
        }
    }

    /// The element of a v2 `dtype`, such as `<f4`, `|S3`, `>M8[ns]`.
    ///
    /// # Errors
    /// The dtype is not supported.
    pub fn from_v2(dtype: &Value) -> Result<Self, String> {
        let unsupported = || format!("the dtype {dtype} is not supported");
        let Some((order, kind)) = dtype.as_str().and_then(|text| text.split_at_checked(1)) else {
            return Err(unsupported());
        };
        if let Some((_, _, plain)) = PLAIN.iter().find(|(_, v2, _)| *v2 == kind) {
            return Ok(Element::plain(*plain));
        }
        let length = || kind[1..].parse::<usize>().ok().filter(|n| (1..1 << 24).contains(n));
        match kind.as_bytes().first() {
            Some(b'U') => {
                let length = length().ok_or_else(unsupported)?;
                Ok(Element { dtype: DType::Str, form: Form::Utf32 { length, big_endian: order == ">" } })
            }
            Some(b'S') => {
                Ok(Element { dtype: DType::Str, form: Form::Bytes { length: length().ok_or_else(unsupported)? } })
            }
            Some(b'O') => Ok(Element { dtype: DType::Str, form: Form::Text }),
            Some(kind @ (b'M' | b'm')) => {
                let unit = dtype.as_str().and_then(|t| t[2..].strip_prefix("8[")?.strip_suffix(']'));
                let unit = unit.ok_or_else(unsupported)?;
                let digits = unit.find(|c: char| !c.is_ascii_digit()).unwrap_or(unit.len());
                let count = if digits == 0 { 1 } else { unit[..digits].parse().map_err(|_| unsupported())? };
                Element::time(time_dtype(*kind == b'M'), &unit[digits..], count)
            }
            _ => Err(unsupported()),
        }
    }

    /// The element of a v3 `data_type`; `big_endian` is what the `bytes` codec says.
    ///
    /// # Errors
    /// The data type is not supported.
    pub fn from_v3(data_type: &Value, big_endian: bool) -> Result<Self, String> {
        let name = data_type.as_str().or_else(|| data_type["name"].as_str()).unwrap_or_default();
        let configuration = &data_type["configuration"];
        if let Some((_, _, plain)) = PLAIN.iter().find(|(v3, _, _)| *v3 == name) {
            return Ok(Element::plain(*plain));
        }
        let unsupported = || format!("the data type {data_type} is not supported");
        let length = || {
            let bytes = configuration["length_bytes"].as_u64().filter(|n| (1..1 << 26).contains(n));
            bytes.map(|n| n as usize).ok_or_else(unsupported)
        };
        match name {
            "string" => Ok(Element { dtype: DType::Str, form: Form::Text }),
            "fixed_length_utf32" => {
                let length = length()?;
                if length % 4 != 0 {
                    return Err(unsupported());
                }
                Ok(Element { dtype: DType::Str, form: Form::Utf32 { length: length / 4, big_endian } })
            }
            "null_terminated_bytes" => Ok(Element { dtype: DType::Str, form: Form::Bytes { length: length()? } }),
            "numpy.datetime64" | "numpy.timedelta64" => {
                let unit = configuration["unit"].as_str().ok_or_else(unsupported)?;
                let count = configuration["scale_factor"].as_i64().unwrap_or(1);
                Element::time(time_dtype(name == "numpy.datetime64"), unit, count)
            }
            _ => Err(unsupported()),
        }
    }

    /// The v3 data type under which zarrs decodes the elements.
    pub fn zarrs_name(&self) -> String {
        match self.form {
            Form::Plain => v3_name(self.dtype).expect("a plain element has a v3 name").to_owned(),
            Form::Time(_) => "int64".to_owned(),
            Form::Utf32 { length, .. } => format!("r{}", 32 * length),
            Form::Bytes { length } => format!("r{}", 8 * length),
            Form::Text => "string".to_owned(),
        }
    }

    /// The dtype under which codecs see the elements, where they are numbers.
    pub fn zarrs_dtype(&self) -> Option<DType> {
        match self.form {
            Form::Plain => Some(self.dtype),
            Form::Time(_) => Some(DType::I64),
            Form::Utf32 { .. } | Form::Bytes { .. } | Form::Text => None,
        }
    }

    /// Zero, as v3 metadata of [`Element::zarrs_name`] writes it.
    pub fn zarrs_zero(&self) -> Value {
        match self.form {
            Form::Plain if self.dtype == DType::Bool => json!(false),
            Form::Plain if matches!(self.dtype, DType::C64 | DType::C128) => json!([0.0, 0.0]),
            Form::Plain if matches!(self.dtype, DType::F16 | DType::F32 | DType::F64) => json!(0.0),
            Form::Plain | Form::Time(_) => json!(0),
            Form::Utf32 { .. } | Form::Bytes { .. } => json!(vec![0; self.stored_size()]),
            Form::Text => json!(""),
        }
    }

    /// Bytes of a stored element; of texts, those of their offset.
    pub fn stored_size(&self) -> usize {
        match self.form {
            Form::Plain => self.dtype.size(),
            Form::Time(_) | Form::Text => 8,
            Form::Utf32 { length, .. } => 4 * length,
            Form::Bytes { length } => length,
        }
    }

    /// The fill value of metadata. `null` is zero.
    ///
    /// # Errors
    /// The value is none of the dtype.
    pub fn fill(&self, value: &Value) -> Result<Scalar, String> {
        let found = match (value, &self.form) {
            (Value::Null, _) => Some(Scalar::zero(self.dtype)),
            (Value::String(text), Form::Bytes { .. }) => from_base64(text).map(|bytes| Scalar::Str(text_of(&bytes))),
            (Value::String(text), Form::Text | Form::Utf32 { .. }) => {
                Some(Scalar::Str(text.trim_end_matches('\0').into()))
            }
            (Value::Number(_), Form::Text | Form::Utf32 { .. } | Form::Bytes { .. }) => Some(Scalar::Str("".into())),
            (Value::String(text), Form::Time(_)) if text == "NaT" => Some(self.time_scalar(NAT)),
            (_, Form::Time(unit)) => value.as_i64().and_then(|v| unit.microseconds(v)).map(|t| self.time_scalar(t)),
            (_, Form::Plain) => plain_fill(value, self.dtype),
            _ => None,
        };
        found.ok_or_else(|| format!("the fill value {value} is no {}", self.dtype))
    }

    fn time_scalar(&self, microseconds: i64) -> Scalar {
        match self.dtype {
            DType::DateTime(calendar) => Scalar::DateTime(microseconds, calendar),
            _ => Scalar::Duration(microseconds),
        }
    }

    /// The block of `shape` that a chunk encoded so holds.
    ///
    /// # Errors
    /// The chunk is damaged.
    pub fn decode(&self, encoded: Vec<u8>, pipeline: &Pipeline, shape: &[u64]) -> Result<Block, String> {
        if self.form == Form::Plain && pipeline.is_direct() {
            return Block::written(self.dtype, shape, |elements| pipeline.decode_into(encoded, elements));
        }
        self.block(pipeline.decode(encoded)?, shape)
    }

    /// The block of `shape` that decoded bytes hold.
    ///
    /// # Errors
    /// There are too few or too many bytes, a text is not Unicode, or a time is out of range.
    pub fn block(&self, decoded: ArrayBytes<'_>, shape: &[u64]) -> Result<Block, String> {
        let wrong_size = || "the number of decoded bytes is wrong".to_owned();
        if self.form == Form::Text {
            let texts = decoded.into_variable().map_err(|e| e.to_string())?;
            let (bytes, offsets) = texts.into_parts();
            let texts = offsets.windows(2).map(|w| bytes.get(w[0]..w[1]).and_then(|b| std::str::from_utf8(b).ok()));
            let texts = texts.map(|t| t.map(Arc::<str>::from)).collect::<Option<Vec<_>>>();
            let texts = texts.ok_or("a text is not valid UTF-8")?;
            return Block::from_vec(shape, texts).ok_or_else(wrong_size);
        }
        let bytes = decoded.into_fixed().map_err(|e| e.to_string())?;
        match self.form {
            Form::Plain => Block::from_bytes(self.dtype, shape, &bytes).ok_or_else(wrong_size),
            Form::Time(unit) => {
                let values = bytes.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().expect("eight bytes")));
                let times = values.map(|v| unit.microseconds(v)).collect::<Option<Vec<_>>>();
                Block::from_vec(shape, times.ok_or("a time is out of range")?).ok_or_else(wrong_size)
            }
            Form::Utf32 { length, big_endian } => {
                let texts = bytes.chunks_exact(4 * length).map(|b| utf32(b, big_endian)).collect::<Option<Vec<_>>>();
                Block::from_vec(shape, texts.ok_or("a text is not valid UTF-32")?).ok_or_else(wrong_size)
            }
            Form::Bytes { length } => {
                let texts: Vec<_> = bytes.chunks_exact(length).map(text_of).collect();
                Block::from_vec(shape, texts).ok_or_else(wrong_size)
            }
            Form::Text => unreachable!("texts were handled above"),
        }
    }
}

fn time_dtype(is_date: bool) -> DType {
    if is_date { DType::DateTime(Calendar::ProlepticGregorian) } else { DType::Duration }
}

/// The dtype of a name as NumPy or Zarr v3 writes it: `<f4`, `f4`, `float32`.
pub fn dtype_named(name: &str) -> Option<DType> {
    let name = name.trim_start_matches(['<', '>', '|', '=']);
    PLAIN.iter().find(|(v3, v2, _)| *v3 == name || *v2 == name).map(|(_, _, dtype)| *dtype)
}

/// The v3 name of a dtype that is stored as in memory.
pub fn v3_name(dtype: DType) -> Option<&'static str> {
    PLAIN.iter().find(|(_, _, d)| *d == dtype).map(|(v3, _, _)| *v3)
}

/// The v2 name of a dtype that is stored as in memory, in little-endian order.
pub fn v2_name(dtype: DType) -> Option<String> {
    let name = PLAIN.iter().find(|(_, _, d)| *d == dtype).map(|(_, v2, _)| *v2)?;
    Some(format!("{}{name}", if dtype.size() == 1 { '|' } else { '<' }))
}

/// Bytes without their padding as text: UTF-8, else Latin-1.
fn text_of(bytes: &[u8]) -> Arc<str> {
    let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    match std::str::from_utf8(&bytes[..end]) {
        Ok(text) => text.into(),
        Err(_) => bytes[..end].iter().map(|&b| char::from(b)).collect::<String>().into(),
    }
}

fn utf32(bytes: &[u8], big_endian: bool) -> Option<Arc<str>> {
    let points = bytes.chunks_exact(4).map(|b| {
        let b = b.try_into().expect("four bytes");
        char::from_u32(if big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    });
    let text = points.collect::<Option<String>>()?;
    Some(text.trim_end_matches('\0').into())
}

fn plain_fill(value: &Value, dtype: DType) -> Option<Scalar> {
    match dtype {
        DType::Bool => value.as_bool().or_else(|| value.as_u64().filter(|n| *n < 2).map(|n| n == 1)).map(Scalar::Bool),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
            let bits = 8 * dtype.size() as u32 - 1;
            let number = value.as_i64().or_else(|| whole(value))?;
            (i128::from(number).abs() <= 1i128 << bits).then_some(Scalar::Int(number))
        }
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => {
            let number = value.as_u64().or_else(|| u64::try_from(whole(value)?).ok())?;
            (u128::from(number) < 1u128 << (8 * dtype.size())).then_some(Scalar::UInt(number))
        }
        DType::F16 | DType::F32 | DType::F64 => float(value, dtype).map(Scalar::Float),
        DType::C64 | DType::C128 => {
            let part = if dtype == DType::C64 { DType::F32 } else { DType::F64 };
            match value.as_array().map(Vec::as_slice) {
                Some([re, im]) => Some(Scalar::Complex(Complex64::new(float(re, part)?, float(im, part)?))),
                Some(_) => None,
                None => Some(Scalar::Complex(Complex64::new(float(value, part)?, 0.0))),
            }
        }
        DType::DateTime(_) | DType::Duration | DType::Str => None,
    }
}

/// An integer written as a floating-point number.
fn whole(value: &Value) -> Option<i64> {
    value.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < 9e15).map(|x| x as i64)
}

/// A number, a word for one that is not finite, or its bits in hexadecimal.
fn float(value: &Value, dtype: DType) -> Option<f64> {
    let Value::String(text) = value else { return value.as_f64() };
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        let bits = u64::from_str_radix(hexadecimal, 16).ok()?;
        let bytes = &bits.to_le_bytes()[..dtype.size()];
        let block = Block::from_bytes(dtype, &[], bytes)?;
        return match dtype {
            DType::F16 => block.values::<half::f16>()?.as_slice().map(|v| v[0].to_f64()),
            DType::F32 => block.values::<f32>()?.as_slice().map(|v| f64::from(v[0])),
            _ => block.values::<f64>()?.as_slice().map(|v| v[0]),
        };
    }
    not_finite(text)
}

/// The elements of `block`, whose dtype is `dtype`, as zarrs wants them.
pub fn bytes_of(block: &Block, dtype: DType) -> Result<ArrayBytes<'static>, String> {
    if dtype != DType::Str {
        return block.to_bytes().map(ArrayBytes::new_flen).ok_or_else(|| "texts in an array of numbers".to_owned());
    }
    let values = <Arc<str> as BlockElement>::values(block).ok_or("numbers in an array of texts")?;
    let mut bytes = Vec::new();
    let mut offsets = vec![0];
    for text in values.view().iter() {
        bytes.extend_from_slice(text.as_bytes());
        offsets.push(bytes.len());
    }
    let offsets = zarrs::array::ArrayBytesOffsets::new(offsets).map_err(|e| e.to_string())?;
    ArrayBytes::new_vlen(bytes, offsets).map_err(|e| e.to_string())
}
