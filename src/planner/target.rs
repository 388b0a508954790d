//! What a sink writes: arrays with their storage, settled while planning.

mod references;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::graph::{Variable, Write};
use crate::array::block::storage;
use crate::array::calendar::cf::TimeUnits;
use crate::array::{ArrayType, AttrValue, Attributes, Block, Coord, CoordValues, DType, DimName, Scalar};

/// The codec of a sink, as a script writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct CodecSpec {
    /// `zstd`, `gzip`, `blosc`, `lz4`, `none`, `shuffle`, `fletcher32`.
    pub name: String,
    /// Positional and named arguments: `zstd(3)`, `blosc(zstd, 5, shuffle: bit)`.
    pub args: Vec<(Option<String>, Scalar)>,
}

/// One array to be written.
#[derive(Clone, Debug)]
pub struct ArraySpec {
    /// Path within the target, `/` for a bare array: `/group/name`.
    pub path: String,
    /// The dtype stored (datetimes are stored encoded, so never here).
    pub dtype: DType,
    /// The dims, outermost first.
    pub dims: Vec<DimName>,
    /// Elements per axis.
    pub shape: Vec<u64>,
    /// Elements of a chunk per axis; every entry at least one.
    pub chunks: Vec<u64>,
    /// Elements of a shard per axis, a multiple of `chunks` (Zarr v3 only).
    pub shards: Option<Vec<u64>>,
    /// Codecs or filters, in the order in which they are applied; none for the format's default.
    pub codecs: Option<Vec<CodecSpec>>,
    /// What a chunk that is not written reads as.
    pub fill: Option<Scalar>,
    /// Attributes.
    pub attrs: Attributes,
    /// Whether this is the coordinate of the dim whose name it bears.
    pub is_coordinate: bool,
}

/// Options of a target that are not an array's.
#[derive(Clone, Debug, Default)]
pub struct TargetOptions {
    /// Zarr's version, 2 or 3.
    pub version: Option<u8>,
    /// Dims that other programs may make longer later.
    pub unlimited: Vec<DimName>,
    /// Attributes of the root group.
    pub attrs: Attributes,
}

/// The arrays of a target: its variables, whose values a run computes, then the coordinates that
/// come along, with their encoded values.
pub fn specs(write: &Write, types: &[Arc<ArrayType>]) -> Vec<(ArraySpec, Option<Block>)> {
    let mut specs: Vec<(ArraySpec, Option<Block>)> =
        write.variables.iter().zip(types).map(|(variable, ty)| (variable_spec(variable, ty), None)).collect();
    for (variable, ty) in write.variables.iter().zip(types).filter(|(variable, _)| variable.with_coords) {
        let group = variable.path.rsplit_once('/').map_or("", |(group, _)| group);
        for dim in ty.dims.names() {
            let path = format!("{group}/{dim}");
            if let (Some(coord), false) = (ty.coord(dim), specs.iter().any(|(s, _)| s.path == path)) {
                let bounds = coord.attrs.text("bounds").map(|name| format!("{group}/{name}"));
                let bounds = specs.iter().find(|(s, _)| Some(&s.path) == bounds.as_ref());
                let units = bounds.and_then(|(s, _)| s.attrs.text("units")).map(str::to_owned);
                specs.push(coord_spec(path, coord, units.as_deref()));
            }
        }
    }
    let paths: BTreeSet<String> = specs.iter().map(|(spec, _)| spec.path.clone()).collect();
    for (spec, _) in &mut specs {
        spec.attrs = references::kept(&spec.attrs, &spec.path, &paths);
    }
    specs
}

/// Chunks of a variable that names none: those of its values, taken together up to 1 MiB where they
/// are smaller and cut down to 16 MiB where they are larger.
pub fn default_chunks(ty: &ArrayType) -> Vec<u64> {
    const LARGEST: u64 = 16 << 20;
    const SMALLEST: u64 = 1 << 20;
    let shape = ty.shape();
    let mut chunks: Vec<u64> = ty.chunks.axes.iter().zip(&shape).map(|(a, &n)| a.size.min(n).max(1)).collect();
    let item = ty.dtype.size() as u64;
    let bytes = |chunks: &[u64]| chunks.iter().fold(item, |n, &c| n.saturating_mul(c));
    for axis in (0..chunks.len()).rev() {
        let factor = (SMALLEST / bytes(&chunks)).min(shape[axis].div_ceil(chunks[axis])).max(1);
        chunks[axis] = (chunks[axis] * factor).min(shape[axis].max(1));
    }
    for axis in 0..chunks.len() {
        while bytes(&chunks) > LARGEST && chunks[axis] > 1 {
            chunks[axis] = chunks[axis].div_ceil(2);
        }
    }
    chunks
}

fn variable_spec(variable: &Variable, ty: &ArrayType) -> ArraySpec {
    let mut attrs = variable.attrs.clone();
    let mut fill = variable.fill.clone();
    match ty.dtype {
        DType::DateTime(calendar) => {
            attrs.set("units", AttrValue::Str("microseconds since 1970-01-01".into()));
            attrs.set("calendar", AttrValue::Str(calendar.name().into()));
            fill = fill.or(Some(Scalar::Int(i64::MIN)));
        }
        DType::Duration => {
            attrs.set("units", AttrValue::Str("microseconds".into()));
            fill = fill.or(Some(Scalar::Int(i64::MIN)));
        }
        _ => {}
    }
    let name = variable.path.rsplit('/').next().unwrap_or_default();
    let is_coordinate = ty.rank() == 1 && ty.dims[0].name.as_str() == name;
    ArraySpec {
        path: variable.path.clone(),
        dtype: storage(ty.dtype),
        dims: ty.dims.names().cloned().collect(),
        shape: variable.inset.as_ref().map_or_else(|| ty.shape(), |inset| inset.shape.clone()),
        chunks: variable.chunks.clone().unwrap_or_else(|| default_chunks(ty)),
        shards: variable.shards.clone(),
        codecs: variable.codecs.clone(),
        fill,
        attrs,
        is_coordinate,
    }
}

/// A coordinate as it is stored: times in the units of its bounds, else as whole numbers of the largest unit that holds
/// them all.
fn coord_spec(path: String, coord: &Coord, of_bounds: Option<&str>) -> (ArraySpec, Option<Block>) {
    let mut attrs = (*coord.attrs).clone();
    let mut dtype = coord.dtype;
    let mut block = coord.block();
    let mut fill = None;
    if let CoordValues::Time(times, calendar) = &coord.values {
        let of_bounds = of_bounds.and_then(|units| TimeUnits::parse(units, *calendar).ok());
        let units = of_bounds.unwrap_or_else(|| TimeUnits::infer(*calendar, times));
        let missing = times.contains(&i64::MIN).then_some(i64::MIN);
        if let Ok(encoded) = units.encode_ints(times, missing) {
            attrs.set("units", AttrValue::Str(units.to_string()));
            block = Block::from_list(encoded);
        } else {
            attrs.set("units", AttrValue::Str("microseconds since 1970-01-01".into()));
        }
        attrs.set("calendar", AttrValue::Str(calendar.name().into()));
        dtype = DType::I64;
        fill = missing.map(Scalar::Int);
    }
    if let CoordValues::Duration(_) = &coord.values {
        attrs.set("units", AttrValue::Str("microseconds".into()));
        dtype = DType::I64;
    }
    let length = coord.len() as u64;
    let spec = ArraySpec {
        path,
        dtype,
        dims: vec![coord.dim.clone()],
        shape: vec![length],
        chunks: vec![length.clamp(1, 1 << 20)],
        shards: None,
        codecs: None,
        fill,
        attrs,
        is_coordinate: true,
    };
    (spec, Some(block))
}
