//! The types of elements and attributes in files that are written.

use hdf5::sync::sync;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5t::*;

use super::Flavour;
use super::library::{Id, status};
use crate::array::{Block, DType, Scalar};
use crate::planner::target::ArraySpec;

fn copy(of: hid_t) -> Result<Id, String> {
    // SAFETY: `of` is one of the library's own types.
    Id::new(sync(|| unsafe { H5Tcopy(of) }), H5Tclose)
}

/// The type in which values of a dtype are stored, which is also that in memory.
///
/// # Errors
/// The flavour has no such type.
pub(super) fn stored_type(dtype: DType, flavour: Flavour) -> Result<Id, String> {
    match (dtype, flavour) {
        (DType::Bool, Flavour::NetCdf) => copy(*H5T_NATIVE_INT8),
        (DType::Bool, Flavour::Hdf5) => truth(),
        (DType::I8, _) => copy(*H5T_NATIVE_INT8),
        (DType::I16, _) => copy(*H5T_NATIVE_INT16),
        (DType::I32, _) => copy(*H5T_NATIVE_INT32),
        (DType::I64 | DType::DateTime(_) | DType::Duration, _) => copy(*H5T_NATIVE_INT64),
        (DType::U8, _) => copy(*H5T_NATIVE_UINT8),
        (DType::U16, _) => copy(*H5T_NATIVE_UINT16),
        (DType::U32, _) => copy(*H5T_NATIVE_UINT32),
        (DType::U64, _) => copy(*H5T_NATIVE_UINT64),
        (DType::F32, _) => copy(*H5T_NATIVE_FLOAT),
        (DType::F64, _) => copy(*H5T_NATIVE_DOUBLE),
        (DType::Str, _) => text(None),
        (DType::F16, Flavour::Hdf5) => half(),
        (DType::C64, Flavour::Hdf5) => complex(*H5T_NATIVE_FLOAT, 4),
        (DType::C128, Flavour::Hdf5) => complex(*H5T_NATIVE_DOUBLE, 8),
        (DType::F16 | DType::C64 | DType::C128, Flavour::NetCdf) => Err(format!("NetCDF has no type for {dtype}")),
    }
}

/// UTF-8 text: of that many bytes, or of any length.
pub(super) fn text(len: Option<usize>) -> Result<Id, String> {
    let id = copy(*H5T_C_S1)?;
    // SAFETY: the type is a copy of the library's text type.
    sync(|| unsafe {
        status(H5Tset_size(id.raw(), len.unwrap_or(H5T_VARIABLE)))?;
        status(H5Tset_cset(id.raw(), H5T_cset_t::H5T_CSET_UTF8))
    })?;
    Ok(id)
}

/// ASCII text that ends with a NUL, as dimension scales have it.
pub(super) fn ascii(len: usize) -> Result<Id, String> {
    let id = copy(*H5T_C_S1)?;
    // SAFETY: the type is a copy of the library's text type.
    status(sync(|| unsafe { H5Tset_size(id.raw(), len) }))?;
    Ok(id)
}

/// h5py's bool.
fn truth() -> Result<Id, String> {
    // SAFETY: the base is one of the library's integer types of one byte, as the values are.
    let id = Id::new(sync(|| unsafe { H5Tenum_create(*H5T_NATIVE_INT8) }), H5Tclose)?;
    for (name, value) in [(c"FALSE", 0i8), (c"TRUE", 1)] {
        status(sync(|| unsafe { H5Tenum_insert(id.raw(), name.as_ptr(), (&raw const value).cast()) }))?;
    }
    Ok(id)
}

/// IEEE half precision.
fn half() -> Result<Id, String> {
    let id = copy(*H5T_NATIVE_FLOAT)?;
    // SAFETY: the type is a copy of a floating-point type.
    sync(|| unsafe {
        status(H5Tset_fields(id.raw(), 15, 10, 5, 0, 10))?;
        status(H5Tset_size(id.raw(), 2))?;
        status(H5Tset_ebias(id.raw(), 15))
    })?;
    Ok(id)
}

/// h5py's complex numbers.
fn complex(part: hid_t, size: usize) -> Result<Id, String> {
    compound(2 * size, &[(c"r", 0, part), (c"i", size, part)])
}

/// A compound of `size` bytes with members at their offsets.
pub(super) fn compound(size: usize, members: &[(&std::ffi::CStr, usize, hid_t)]) -> Result<Id, String> {
    // SAFETY: the members lie within `size` bytes.
    let id = Id::new(sync(|| unsafe { H5Tcreate(H5T_class_t::H5T_COMPOUND, size) }), H5Tclose)?;
    for &(name, offset, member) in members {
        status(sync(|| unsafe { H5Tinsert(id.raw(), name.as_ptr(), offset, member) }))?;
    }
    Ok(id)
}

/// The bytes of an array's fill value: zero where none is given.
pub(super) fn fill_bytes(spec: &ArraySpec) -> Vec<u8> {
    let zero = Scalar::zero(spec.dtype);
    let value = spec.fill.as_ref().unwrap_or(&zero);
    Block::from_scalar(spec.dtype, value).to_bytes().unwrap_or_default()
}
