//! What can be written, decided while planning.

use std::collections::BTreeSet;

use super::super::filters::Filter;
use super::Flavour;
use super::scales::Scales;
use crate::array::{AttrValue, Attributes, DType, DimName, Scalar};
use crate::planner::catalog::CatalogError;
use crate::planner::target::{ArraySpec, CodecSpec, TargetOptions};

/// Axes a dataset may have.
const MOST_AXES: usize = 32;
/// Bytes a chunk may have: sizes are stored in four bytes.
const LARGEST_CHUNK: u64 = u32::MAX as u64;
const DEFAULT_LEVEL: u8 = 4;

/// Checks specs and options.
///
/// # Errors
/// A name that a file cannot hold, or twice; a codec, dtype, chunk or option that the flavour does not have; arrays of
/// one group whose dims have one name and two sizes.
pub(super) fn check(specs: &[ArraySpec], options: &TargetOptions, flavour: Flavour) -> Result<(), CatalogError> {
    if options.version.is_some() {
        return Err(CatalogError::new("ff::sink::version", "only Zarr has versions to choose from"));
    }
    check_attributes("the file", &options.attrs, flavour)?;
    let mut paths = BTreeSet::new();
    for spec in specs {
        check_name(spec)?;
        if !paths.insert(spec.path.trim_matches('/')) {
            return Err(name_error(format!("two arrays are named `{}`", spec.path)));
        }
        check_array(spec, &options.unlimited, flavour)?;
    }
    for path in &paths {
        let inside = paths.iter().find(|other| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
        if let Some(inside) = inside {
            return Err(name_error(format!("`/{path}` would be an array and, for `/{inside}`, a group")));
        }
    }
    Scales::plan(specs).map(|_| ())
}

fn name_error(message: String) -> CatalogError {
    CatalogError::new("ff::sink::name", message)
}

fn check_name(spec: &ArraySpec) -> Result<(), CatalogError> {
    let path = spec.path.trim_matches('/');
    if path.is_empty() {
        return Err(name_error("an array in an HDF5 file needs a name".into())
            .with_help("give a path, as in `hdf5(\"out.h5\", \"/name\")`"));
    }
    let dims = spec.dims.iter().map(|dim| dim.as_str());
    for part in path.split('/').chain(dims.clone()) {
        if matches!(part, "" | "." | "..") || part.contains('\0') {
            return Err(name_error(format!("`{}`: an HDF5 file cannot hold the name {part:?}", spec.path)));
        }
    }
    match dims.clone().find(|dim| dim.contains('/')) {
        Some(dim) => Err(name_error(format!("`{}`: the dim `{dim}` has a slash in its name", spec.path))),
        None => Ok(()),
    }
}

fn check_array(spec: &ArraySpec, unlimited: &[DimName], flavour: Flavour) -> Result<(), CatalogError> {
    let name = &spec.path;
    let stored = |dtype| !matches!(dtype, DType::DateTime(_) | DType::Duration);
    let in_netcdf = !matches!(spec.dtype, DType::F16 | DType::C64 | DType::C128);
    if !stored(spec.dtype) {
        return Err(CatalogError::new("ff::sink::dtype", format!("`{name}` holds times that are not encoded")));
    }
    if flavour == Flavour::NetCdf && !in_netcdf {
        let message = format!("`{name}`: NetCDF has no type for {}", spec.dtype);
        let help = match spec.dtype {
            DType::F16 => "store it as `{ dtype: f32 }`, which holds every f16, or write it to `hdf5(…)`",
            _ => "write `real(x)` and `imag(x)`, or write it to `hdf5(…)`",
        };
        return Err(CatalogError::new("ff::sink::dtype", message).with_help(help));
    }
    let chunks = |message: String| CatalogError::new("ff::sink::chunks", format!("`{name}` {message}"));
    if spec.shards.is_some() {
        return Err(chunks("cannot have shards, which only Zarr has".into()));
    }
    if spec.shape.len() > MOST_AXES {
        return Err(chunks(format!("has {} axes; HDF5 allows {MOST_AXES}", spec.shape.len())));
    }
    if spec.chunks.len() != spec.shape.len() || spec.dims.len() != spec.shape.len() || spec.chunks.contains(&0) {
        return Err(chunks("has chunks or dims that do not fit its shape".into()));
    }
    let clipped = spec.chunks.iter().zip(&spec.shape).map(|(&c, &n)| c.min(n).max(1));
    let bytes = clipped.fold(spec.dtype.size() as u64, u64::saturating_mul);
    let filters = filters(spec)?;
    let grows = spec.dims.iter().any(|dim| unlimited.contains(dim));
    let in_pieces = grows || !filters.is_empty() || spec.chunks.iter().zip(&spec.shape).any(|(c, n)| c < n);
    if in_pieces && bytes > LARGEST_CHUNK {
        return Err(chunks(format!("has chunks of {bytes} bytes; HDF5 allows {LARGEST_CHUNK}")));
    }
    check_attributes(&format!("`{name}`"), &spec.attrs, flavour)
}

fn check_attributes(of: &str, attributes: &Attributes, flavour: Flavour) -> Result<(), CatalogError> {
    for (name, value) in attributes.iter() {
        let wrong =
            |reason: &str| CatalogError::new("ff::sink::attribute", format!("{of}: the attribute `{name}` {reason}"));
        if name.is_empty() || name.contains('\0') {
            return Err(wrong("has a name that HDF5 cannot hold"));
        }
        let complex = matches!(value.dtype(), Some(DType::C64 | DType::C128 | DType::F16));
        if flavour == Flavour::NetCdf && complex {
            return Err(wrong("has a type that NetCDF does not have"));
        }
        if let AttrValue::Number(DType::DateTime(_) | DType::Duration, _) = value {
            return Err(wrong("is a time; write it as a text"));
        }
    }
    Ok(())
}

/// The filters of an array; shuffle and gzip where its spec names none and it is neither text, a
/// coordinate nor a single value.
pub(super) fn filters(spec: &ArraySpec) -> Result<Vec<Filter>, CatalogError> {
    let plain = spec.is_coordinate || spec.dtype == DType::Str || spec.shape.is_empty() || spec.shape.contains(&0);
    if spec.codecs.is_none() && !plain {
        return Ok(vec![Filter::Shuffle(spec.dtype.size()), Filter::Deflate(DEFAULT_LEVEL)]);
    }
    let named = spec.codecs.iter().flatten();
    let filters = named.filter_map(|codec| filter(codec, spec).transpose()).collect::<Result<Vec<_>, _>>()?;
    let wrong = |message: &str| codec_error(spec, message.into());
    let texts = spec.dtype == DType::Str;
    if texts && !filters.is_empty() && spec.codecs.is_some() {
        return Err(wrong("texts of any length cannot be filtered"));
    }
    for (index, filter) in filters.iter().enumerate() {
        let before = &filters[..index];
        if before.iter().any(|other| std::mem::discriminant(other) == std::mem::discriminant(filter)) {
            return Err(wrong(&format!("`{}` stands twice", filter.name())));
        }
        if matches!(filter, Filter::Shuffle(_)) && !before.is_empty() {
            return Err(wrong("`shuffle` comes first among filters"));
        }
        if before.contains(&Filter::Fletcher32) {
            return Err(wrong("`fletcher32` comes last among filters"));
        }
    }
    Ok(filters)
}

fn codec_error(spec: &ArraySpec, message: String) -> CatalogError {
    CatalogError::new("ff::sink::codec", format!("{message} (in the array `{}`)", spec.path))
}

fn filter(codec: &CodecSpec, spec: &ArraySpec) -> Result<Option<Filter>, CatalogError> {
    let wrong = |message: String| codec_error(spec, message);
    let arguments = |most: usize| match codec.args.get(most) {
        Some(_) => Err(wrong(format!("the codec `{}` has no argument {}", codec.name, most + 1))),
        None => Ok(()),
    };
    match codec.name.as_str() {
        "none" => arguments(0).map(|()| None),
        "shuffle" => arguments(0).map(|()| Some(Filter::Shuffle(spec.dtype.size()))),
        "fletcher32" => arguments(0).map(|()| Some(Filter::Fletcher32)),
        "gzip" | "deflate" | "zlib" => {
            arguments(1)?;
            let Some((name, value)) = codec.args.first() else { return Ok(Some(Filter::Deflate(DEFAULT_LEVEL))) };
            if let Some(name) = name.as_ref().filter(|name| *name != "level") {
                return Err(wrong(format!("the codec `{}` has no argument `{name}`", codec.name)));
            }
            match value {
                Scalar::Int(level @ 0..=9) => Ok(Some(Filter::Deflate(*level as u8))),
                other => Err(wrong(format!(
                    "`level` of the codec `{}` is a whole number from 0 to 9, not {other}",
                    codec.name
                ))),
            }
        }
        other => Err(wrong(format!("HDF5 is not written with the codec `{other}`"))
            .with_help("every reader has `shuffle`, `gzip(0…9)` and `fletcher32`; `none` stores values as they are")),
    }
}
