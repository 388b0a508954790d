//! The attributes of a file as those of the engine.
//!
//! Left out are those by which HDF5 and netCDF-4 store dimensions. Values that have no counterpart (references,
//! compounds, opaque bytes, texts that are not UTF-8) are there with the reason, so that they are shown. A list of one is a single value, as netCDF has no other way to write one.

use super::element::Element;
use super::format::attribute::{Content, RawAttribute};
use super::format::datatype::{Class, FileType};
use super::format::heap::GlobalHeaps;
use super::format::superblock::HdfFile;
use crate::array::{AttrValue, Attributes, DType, Scalar};

/// Attributes by which the netCDF-4 and HDF5 libraries store dimensions and their own versions.
const HIDDEN: &[&str] = &[
    "DIMENSION_LIST",
    "DIMENSION_LABELS",
    "REFERENCE_LIST",
    "_NCProperties",
    "_Netcdf4Coordinates",
    "_Netcdf4Dimid",
    "_nc3_strict",
];

/// The text of an attribute, where it is one.
pub(super) fn text(file: &HdfFile, heaps: &GlobalHeaps, raw: &[RawAttribute], name: &str) -> Option<String> {
    let found = raw.iter().find(|attribute| attribute.name == name)?;
    match value(file, heaps, found) {
        AttrValue::Str(text) => Some(text),
        _ => None,
    }
}

/// The integers of an attribute; empty where it is not there.
pub(super) fn integers(file: &HdfFile, heaps: &GlobalHeaps, raw: &[RawAttribute], name: &str) -> Vec<i64> {
    let found = raw.iter().find(|attribute| attribute.name == name);
    match found.map(|found| value(file, heaps, found)) {
        Some(AttrValue::Number(_, scalar)) => scalar.as_i64().into_iter().collect(),
        Some(AttrValue::Numbers(_, scalars)) => scalars.iter().filter_map(Scalar::as_i64).collect(),
        _ => Vec::new(),
    }
}

/// The attributes a user sees.
pub(super) fn understood(file: &HdfFile, heaps: &GlobalHeaps, raw: &[RawAttribute]) -> Attributes {
    let is_scale = text(file, heaps, raw, "CLASS").is_some_and(|class| class == "DIMENSION_SCALE");
    let hidden = |name: &str| HIDDEN.contains(&name) || is_scale && matches!(name, "CLASS" | "NAME");
    raw.iter()
        .filter(|attribute| !hidden(&attribute.name))
        .map(|attribute| (attribute.name.clone(), value(file, heaps, attribute)))
        .collect()
}

/// One attribute's value; where it has no counterpart, why.
fn value(file: &HdfFile, heaps: &GlobalHeaps, raw: &RawAttribute) -> AttrValue {
    let understood = raw.content.as_ref().map_err(Clone::clone).and_then(|content| of_content(file, heaps, content));
    understood.unwrap_or_else(AttrValue::Unreadable)
}

fn of_content(file: &HdfFile, heaps: &GlobalHeaps, content: &Content) -> Result<AttrValue, String> {
    let mut shape = content.shape.clone();
    let file_type: &FileType = match &content.file_type.class {
        Class::Array(dims, base) => {
            if let Some(shape) = &mut shape {
                shape.extend(dims);
            }
            base
        }
        _ => &content.file_type,
    };
    let element = Element::of(file_type)?;
    let Some(shape) = shape else {
        let nothing = if element.dtype == DType::Str {
            AttrValue::Str(String::new())
        } else {
            AttrValue::Numbers(element.dtype, Vec::new())
        };
        return Ok(nothing);
    };
    let block = element.block(file, heaps, &shape, content.data.clone()).map_err(|error| error.to_string())?;
    let scalars = block.scalars();
    if shape.len() > 1 {
        return Ok(AttrValue::Json(nested(&shape, &mut scalars.iter())));
    }
    if element.dtype == DType::Str {
        let mut texts: Vec<String> = scalars.iter().map(plain).collect();
        return Ok(if texts.len() == 1 { AttrValue::Str(texts.remove(0)) } else { AttrValue::StrList(texts) });
    }
    Ok(match scalars.as_slice() {
        [one] => AttrValue::Number(element.dtype, one.clone()),
        _ => AttrValue::Numbers(element.dtype, scalars),
    })
}

fn plain(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Str(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// Values of several axes as nested lists of JSON.
fn nested<'a>(shape: &[u64], values: &mut impl Iterator<Item = &'a Scalar>) -> String {
    match shape.split_first() {
        Some((&count, below)) => {
            let items: Vec<String> = (0..count).map(|_| nested(below, values)).collect();
            format!("[{}]", items.join(","))
        }
        None => match values.next() {
            Some(Scalar::Str(text)) => serde_json::Value::String(text.to_string()).to_string(),
            Some(Scalar::Float(value)) if !value.is_finite() => "null".into(),
            Some(Scalar::Complex(value)) => format!("[{},{}]", value.re, value.im),
            Some(other) => other.to_string(),
            None => "null".into(),
        },
    }
}
