//! JSON of metadata files: strict where a lenient reader could be misled, lenient where Python is.
//!
//! Duplicate keys and nesting beyond 128 levels are refused. Python writes the bare words `NaN`,
//! `Infinity` and `-Infinity`, which are no JSON; they are read as the strings that Zarr uses for
//! the same values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::reader::FETCHES;
use crate::runtime::storage::{Failure, Place};

/// A metadata file larger than this is refused.
const MAX_BYTES: u64 = 256 << 20;

/// The JSON object that lies at a place; `None` where there is no such file.
///
/// # Errors
/// The file cannot be read or holds something else.
pub fn read_object(place: &Place) -> Result<Option<Map<String, Value>>, String> {
    let attempts = if place.path().is_some() { 1 } else { FETCHES };
    for attempt in 1.. {
        let text = match place.read(MAX_BYTES) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(Failure::Folder) => return Err(format!("`{place}` is a directory")),
            Err(Failure::Length(length)) => return Err(format!("`{place}` has {length} bytes, too many for metadata")),
            Err(failure) => return Err(format!("cannot read `{place}`: {failure}")),
        };
        match parse(&text) {
            Ok(Value::Object(object)) => return Ok(Some(object)),
            Ok(_) => return Err(format!("`{place}` is not a JSON object")),
            Err(error) if attempt == attempts => return Err(format!("`{place}` is not valid JSON: {error}")),
            Err(_) => {}
        }
    }
    unreachable!("the last attempt returns")
}

/// The value of a JSON text.
///
/// # Errors
/// The text is not JSON, has a key twice or is nested too deeply.
pub fn parse(text: &[u8]) -> Result<Value, String> {
    let text = quote_bare_words(text);
    let mut deserializer = serde_json::Deserializer::from_slice(&text);
    let value = Strict.deserialize(&mut deserializer).map_err(|e| e.to_string())?;
    deserializer.end().map_err(|e| e.to_string())?;
    Ok(value)
}

/// `NaN`, `Infinity` and `-Infinity` outside strings, put into quotes.
fn quote_bare_words(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len());
    let mut in_string = false;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let word = [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter().find(|w| !in_string && rest.starts_with(w));
        let taken = match word {
            Some(word) => {
                quoted.push(b'"');
                quoted.extend_from_slice(word);
                quoted.push(b'"');
                word.len()
            }
            None => {
                let taken = if in_string && rest[0] == b'\\' { rest.len().min(2) } else { 1 };
                in_string ^= rest[0] == b'"';
                quoted.extend_from_slice(&rest[..taken]);
                taken
            }
        };
        at += taken;
    }
    quoted
}

/// Builds a [`Value`] and refuses duplicate keys; serde_json bounds the depth.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key {key:?} is there twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misleading_json_is_refused() {
        let deep = "[".repeat(100_000);
        let cases = [
            (r#"{"a": 1, "a": 2}"#, "the key \"a\" is there twice"),
            (r#"{"a": 1} x"#, "trailing characters"),
            (&deep, "recursion limit exceeded"),
        ];
        for (text, reason) in cases {
            let found = parse(text.as_bytes()).unwrap_err();
            assert!(found.starts_with(reason), "{found}");
        }
    }

    #[test]
    fn python_s_numbers_are_read() {
        let text = br#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" NaN"}"#;
        let value = parse(text).unwrap();
        assert_eq!(value.to_string(), r#"{"a":"NaN","b":["-Infinity","Infinity"],"c":"NaN \" NaN"}"#);
    }
}
