//! Attributes in JSON, as zarr-python and xarray write and read them.
//!
//! JSON has one kind of number; integers come as `i64` (or `u64`), all others as `f64`. Numbers that
//! are not finite are the strings `NaN`, `Infinity`, `-Infinity`. In Zarr v3, xarray stores `_FillValue`
//! by the dtype of the array: of floats the base64 text of eight little-endian bytes, of complex numbers
//! a list of two, and it reads nothing else; so does this module.

use num_complex::Complex64;
use serde_json::{Map, Value};

use crate::array::{AttrValue, Attributes, Block, DType, Kind, Scalar};

/// Attributes whose values are elements of their array.
const ELEMENTS: [&str; 2] = ["_FillValue", "missing_value"];

/// The attributes of a JSON object; those that hold elements of the array get its dtype.
pub fn from_json(object: &Map<String, Value>, dtype: Option<DType>) -> Attributes {
    let entries = object.iter().map(|(name, value)| {
        let element = dtype.filter(|_| ELEMENTS.contains(&name.as_str())).and_then(|d| element(value, d));
        (name.clone(), element.unwrap_or_else(|| attribute(value)))
    });
    entries.collect()
}

fn attribute(value: &Value) -> AttrValue {
    let number = |v: &Value| scalar(v).map(|s| (number_dtype(&s), s));
    match value {
        Value::String(text) => AttrValue::Str(text.clone()),
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
            AttrValue::StrList(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Value::Array(items) => match items.iter().map(number).collect::<Option<Vec<_>>>() {
            Some(numbers) if !numbers.is_empty() => numbers_of_one_dtype(numbers),
            _ => AttrValue::Json(value.to_string()),
        },
        other => match number(other) {
            Some((dtype, scalar)) => AttrValue::Number(dtype, scalar),
            None => AttrValue::Json(value.to_string()),
        },
    }
}

fn numbers_of_one_dtype(numbers: Vec<(DType, Scalar)>) -> AttrValue {
    let first = numbers[0].0;
    if numbers.iter().all(|(dtype, _)| *dtype == first) {
        return AttrValue::Numbers(first, numbers.into_iter().map(|(_, s)| s).collect());
    }
    let floats = numbers.iter().map(|(_, s)| Scalar::Float(s.as_f64().unwrap_or(f64::NAN))).collect();
    AttrValue::Numbers(DType::F64, floats)
}

fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Bool(b) => Some(Scalar::Bool(*b)),
        Value::Number(n) => n
            .as_i64()
            .map(Scalar::Int)
            .or_else(|| n.as_u64().map(Scalar::UInt))
            .or_else(|| n.as_f64().map(Scalar::Float)),
        _ => None,
    }
}

fn number_dtype(scalar: &Scalar) -> DType {
    match scalar {
        Scalar::Bool(_) => DType::Bool,
        Scalar::Int(_) => DType::I64,
        Scalar::UInt(_) => DType::U64,
        _ => DType::F64,
    }
}

/// A value that stands for an element of an array of `dtype`.
fn element(value: &Value, dtype: DType) -> Option<AttrValue> {
    let scalar = match (value, dtype.kind()) {
        (Value::Array(items), _) if items.len() == 1 => return element(&items[0], dtype),
        (Value::Array(items), Kind::Complex) if items.len() == 2 => {
            let part = |i: usize| match &items[i] {
                Value::String(text) => not_finite(text).or_else(|| from_base64_float(text)),
                other => other.as_f64(),
            };
            Scalar::Complex(Complex64::new(part(0)?, part(1)?))
        }
        (Value::String(text), Kind::Float) => Scalar::Float(not_finite(text).or_else(|| from_base64_float(text))?),
        (Value::Number(n), Kind::Float) => Scalar::Float(n.as_f64()?),
        (Value::Number(_), Kind::Signed | Kind::Unsigned) => scalar(value)?,
        _ => return None,
    };
    Some(AttrValue::Number(dtype, scalar))
}

/// The number that the strings `NaN`, `Infinity` and `-Infinity` stand for.
pub fn not_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn from_base64_float(text: &str) -> Option<f64> {
    Some(f64::from_le_bytes(from_base64(text)?.try_into().ok()?))
}

/// The `_FillValue` of an array of `dtype` as xarray reads it in Zarr v3; none where it is no number.
fn fill_value(value: &AttrValue, dtype: DType) -> Option<Value> {
    let scalar = value.as_scalar()?;
    let float = |x: f64| Value::String(to_base64(&x.to_le_bytes()));
    Some(match dtype.kind() {
        Kind::Float => float(scalar.as_f64()?),
        Kind::Complex => {
            let z = match scalar {
                Scalar::Complex(z) => *z,
                other => Complex64::new(other.as_f64()?, 0.0),
            };
            vec![float(z.re), float(z.im)].into()
        }
        Kind::Signed | Kind::Unsigned => number(&Block::from_scalar(dtype, scalar).get(&[])),
        _ => return None,
    })
}

/// The JSON object of attributes, as Zarr `version` has it, of an array of `dtype` or of a group.
pub fn to_json(attributes: &Attributes, version: u8, dtype: Option<DType>) -> Map<String, Value> {
    let entries = attributes.iter().filter_map(|(name, value)| {
        let fill = dtype.filter(|_| version == 3 && name == "_FillValue").and_then(|dtype| fill_value(value, dtype));
        let value = match value {
            AttrValue::Unreadable(_) => return None,
            _ if fill.is_some() => fill.unwrap_or_default(),
            AttrValue::Str(text) => Value::String(text.clone()),
            AttrValue::StrList(texts) => texts.iter().cloned().map(Value::String).collect(),
            AttrValue::Number(_, scalar) => number(scalar),
            AttrValue::Numbers(_, scalars) => scalars.iter().map(number).collect(),
            AttrValue::Json(text) => {
                super::json::parse(text.as_bytes()).unwrap_or_else(|_| Value::String(text.clone()))
            }
        };
        Some((name.to_owned(), value))
    });
    entries.collect()
}

/// A number in JSON; one that is not finite as a string.
pub fn number(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Bool(b) => (*b).into(),
        Scalar::Int(i) | Scalar::DateTime(i, _) | Scalar::Duration(i) => (*i).into(),
        Scalar::UInt(u) => (*u).into(),
        Scalar::Float(x) if x.is_nan() => "NaN".into(),
        Scalar::Float(x) if x.is_infinite() => if *x > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        Scalar::Float(x) => (*x).into(),
        Scalar::Complex(z) => vec![number(&Scalar::Float(z.re)), number(&Scalar::Float(z.im))].into(),
        Scalar::Str(text) => (**text).into(),
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The base64 text of bytes, padded (RFC 4648, section 4).
pub fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(group.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = BASE64[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// The bytes of a padded base64 text.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let padding = group.iter().rev().take_while(|&&c| c == b'=').count();
        if padding > 2 {
            return None;
        }
        let digit = |c: &u8| BASE64.iter().position(|d| d == c).map(|d| d as u32);
        let digits = group[..4 - padding].iter().map(digit).collect::<Option<Vec<_>>>()?;
        let bits = digits.iter().fold(0, |bits, d| bits << 6 | d) << (6 * padding);
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_survive_json() {
        let text = br#"{"units": "K", "flags": [1, 2], "range": [0, 0.5], "names": ["a", "b"], "x": {"y": null}, "big": 18446744073709551615, "on": true, "_FillValue": "AAAAAAAA+H8=", "missing_value": -999.0}"#;
        let Value::Object(object) = super::super::json::parse(text).unwrap() else { panic!() };
        let attributes = from_json(&object, Some(DType::F32));
        assert_eq!(attributes.get("range").unwrap().dtype(), Some(DType::F64));
        assert_eq!(attributes.get("_FillValue").unwrap().dtype(), Some(DType::F32));
        assert!(attributes.get("_FillValue").unwrap().as_scalar().unwrap().is_missing());
        let mut expected = object.clone();
        expected["range"] = serde_json::json!([0.0, 0.5]);
        assert_eq!(Value::Object(to_json(&attributes, 3, Some(DType::F32))), Value::Object(expected));
    }

    #[test]
    fn base64_has_padding() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"foob", "Zm9vYg==")]
        {
            assert_eq!(to_base64(bytes), text);
            assert_eq!(from_base64(text).unwrap(), bytes);
        }
        assert_eq!(from_base64("Zg="), None);
        assert_eq!(from_base64("===="), None);
    }
}
