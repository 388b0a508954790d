//! Attributes of files that are written.

use std::ffi::CString;

use hdf5_sys::h5i::hid_t;

use super::Flavour;
use super::library::{Dataset, c_text};
use super::scales::write_attribute;
use super::types::{stored_type, text};
use crate::array::{AttrValue, Attributes, Block, DType, Scalar};
use crate::planner::target::ArraySpec;

/// Attributes that say how dimensions are stored, which are written for the file at hand and not copied.
const RESERVED: &[&str] =
    &["CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_NCProperties"];

/// Writes attributes to the object behind a handle.
pub(super) fn write_all(object: hid_t, attributes: &Attributes, flavour: Flavour) -> Result<(), String> {
    let wanted = attributes.iter().filter(|(name, _)| !RESERVED.contains(name));
    wanted.into_iter().try_for_each(|(name, value)| write(object, name, value, flavour))
}

/// Writes the attributes of an array; its fill value as `_FillValue`, in its own type as netCDF requires.
pub(super) fn write_array(dataset: &Dataset, spec: &ArraySpec, flavour: Flavour) -> Result<(), String> {
    let mut attributes = spec.attrs.clone();
    let given = attributes.remove("_FillValue");
    let fill = spec.fill.clone().or(given.and_then(|value| value.as_scalar().cloned()));
    let numeric = !matches!(spec.dtype, DType::Bool | DType::Str | DType::C64 | DType::C128);
    if let Some(fill) = fill.filter(|_| numeric) {
        write(dataset.raw(), "_FillValue", &AttrValue::Number(spec.dtype, fill), flavour)?;
    }
    if spec.dtype == DType::Bool && attributes.get("dtype").is_none() {
        attributes.set("dtype", AttrValue::Str("bool".into()));
    }
    write_all(dataset.raw(), &attributes, flavour)
}

fn write(object: hid_t, name: &str, value: &AttrValue, flavour: Flavour) -> Result<(), String> {
    match value {
        AttrValue::Unreadable(_) => Ok(()),
        AttrValue::Str(value) | AttrValue::Json(value) => write_text(object, name, value, flavour),
        AttrValue::StrList(values) => {
            let scalars: Vec<Scalar> = values.iter().map(|value| Scalar::Str(value.as_str().into())).collect();
            write_texts(object, name, &scalars, Some(&[values.len() as u64]))
        }
        AttrValue::Number(dtype, scalar) => {
            let shape: &[u64] = if flavour == Flavour::NetCdf { &[1] } else { &[] };
            write_numbers(object, name, *dtype, std::slice::from_ref(scalar), (shape, flavour))
        }
        AttrValue::Numbers(dtype, scalars) => {
            write_numbers(object, name, *dtype, scalars, (&[scalars.len() as u64], flavour))
        }
    }
}

/// netCDF programs want texts of their own length; h5py's are of any length.
fn write_text(object: hid_t, name: &str, value: &str, flavour: Flavour) -> Result<(), String> {
    let value = value.split('\0').next().unwrap_or_default();
    match flavour {
        Flavour::Hdf5 => write_texts(object, name, &[Scalar::Str(value.into())], Some(&[])),
        // SAFETY: nothing is read of an attribute without elements; else the text has the length of its type.
        Flavour::NetCdf if value.is_empty() => unsafe {
            write_attribute(object, name, &text(Some(1))?, None, std::ptr::null())
        },
        Flavour::NetCdf => unsafe {
            write_attribute(object, name, &text(Some(value.len()))?, Some(&[]), value.as_ptr())
        },
    }
}

fn write_texts(object: hid_t, name: &str, values: &[Scalar], shape: Option<&[u64]>) -> Result<(), String> {
    let texts: Vec<CString> = values.iter().map(c_text).collect();
    let pointers: Vec<*const std::ffi::c_char> = texts.iter().map(|text| text.as_ptr()).collect();
    // SAFETY: as many pointers to C strings as the shape says, which outlive the call.
    unsafe { write_attribute(object, name, &text(None)?, shape, pointers.as_ptr().cast()) }
}

fn write_numbers(
    object: hid_t,
    name: &str,
    dtype: DType,
    scalars: &[Scalar],
    (shape, flavour): (&[u64], Flavour),
) -> Result<(), String> {
    if dtype == DType::Str {
        return write_texts(object, name, scalars, Some(shape));
    }
    let element = stored_type(dtype, flavour)?;
    let bytes = scalars.iter().filter_map(|scalar| Block::from_scalar(dtype, scalar).to_bytes()).flatten();
    let bytes: Vec<u8> = bytes.collect();
    // SAFETY: the bytes of as many values of the dtype as the shape says.
    unsafe { write_attribute(object, name, &element, Some(shape), bytes.as_ptr()) }
}
