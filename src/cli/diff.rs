//! `ffrun diff`: where two stores differ, in structure and in values.

use std::sync::Arc;

use crate::array::{AttrValue, Block, ChunkGrid, Region, Scalar};
use crate::cli::info::attribute;
use crate::planner::catalog::{CatalogError, Stored, StoredArray, StoredGroup};
use crate::planner::tasks;
use crate::runtime::serializers::{ArrayReader, Container, StorageError};

/// How far numbers may differ: `|a - b| <= atol + rtol * |b|`; NaN equals NaN.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Relative to the second value.
    pub rtol: f64,
    /// Absolute.
    pub atol: f64,
}

/// The differences between two stores, one text each; empty where they are equal.
///
/// # Errors
/// An array cannot be read.
pub fn diff(a: &dyn Container, b: &dyn Container, tolerance: Tolerance) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let (left, right) = (arrays(a.stored()), arrays(b.stored()));
    for (path, array) in &left {
        match right.iter().find(|(p, _)| p == path) {
            None => found.push(format!("{path}: only in the first")),
            Some((_, other)) => compare(&mut found, (a, array), (b, other), tolerance)?,
        }
    }
    let only = right.iter().filter(|(path, _)| !left.iter().any(|(p, _)| p == path));
    found.extend(only.map(|(path, _)| format!("{path}: only in the second")));
    Ok(found)
}

/// All arrays of a store by path.
fn arrays(stored: &Stored) -> Vec<(String, StoredArray)> {
    fn walk(group: &StoredGroup, prefix: &str, into: &mut Vec<(String, StoredArray)>) {
        into.extend(group.arrays.iter().map(|(name, array)| (format!("{prefix}/{name}"), array.clone())));
        for (name, inner) in &group.groups {
            walk(inner, &format!("{prefix}/{name}"), into);
        }
    }
    let mut all = Vec::new();
    match stored {
        Stored::Array(array) => all.push(("/".to_owned(), array.clone())),
        Stored::Group(group) => walk(group, "", &mut all),
    }
    all
}

type Side<'a> = (&'a dyn Container, &'a StoredArray);

fn compare(found: &mut Vec<String>, a: Side<'_>, b: Side<'_>, tolerance: Tolerance) -> Result<(), String> {
    let path = &a.1.path;
    for (name, value) in a.1.attrs.iter() {
        match b.1.attrs.get(name) {
            Some(AttrValue::Unreadable(why)) => found.push(format!("{path}@{name}: {why}, not compared")),
            Some(other) if other == value => {}
            Some(other) => found.push(format!("{path}@{name}: {} against {}", attribute(value), attribute(other))),
            None => found.push(format!("{path}@{name}: only in the first")),
        }
    }
    let only = b.1.attrs.iter().filter(|(name, _)| a.1.attrs.get(name).is_none());
    found.extend(only.map(|(name, _)| format!("{path}@{name}: only in the second")));
    if a.1.dims != b.1.dims {
        found.push(format!("{path}: dims {:?} against {:?}", a.1.dims, b.1.dims));
    }
    if a.1.dtype != b.1.dtype {
        found.push(format!("{path}: {} against {}", a.1.dtype, b.1.dtype));
    }
    if a.1.shape != b.1.shape {
        found.push(format!("{path}: shape {:?} against {:?}", a.1.shape, b.1.shape));
        return Ok(());
    }
    let open = |side: Side<'_>| side.0.reader(&side.1.path).map_err(|e: CatalogError| e.to_string());
    let (left, right) = (open(a)?, open(b)?);
    let shape = &a.1.shape;
    let step = left.chunk_shape().map_or_else(|| tasks::slabs(shape, a.1.dtype.size() as u64), <[u64]>::to_vec);
    let grid = ChunkGrid::regular(&step);
    let (mut count, mut first) = (0u64, None);
    for index in Region::whole(&grid.counts(shape)).indices() {
        let region = grid.region(&index, shape);
        let read = |reader: &Arc<dyn ArrayReader>| region_of(&**reader, &region, shape).map_err(|e| e.to_string());
        values(&read(&left)?, &read(&right)?, &region, tolerance, &mut |at, x, y| {
            count += 1;
            first.get_or_insert_with(|| format!("{at:?}: {x} against {y}"));
        });
    }
    if let Some(first) = first {
        found.push(format!("{path}: {count} values differ, first at {first}"));
    }
    Ok(())
}

/// A region of an array, whatever its chunks.
///
/// # Errors
/// It cannot be read.
fn region_of(reader: &dyn ArrayReader, region: &Region, shape: &[u64]) -> Result<Block, StorageError> {
    let Some(chunks) = reader.chunk_shape() else { return reader.read_region(region) };
    let grid = ChunkGrid::regular(chunks);
    let mut whole: Option<Block> = None;
    for index in grid.covering(region).indices() {
        let chunk = grid.region(&index, shape);
        let part = chunk.intersect(region);
        let block = reader.read_chunk(&index)?.slice(&part.relative_to(&chunk));
        if part == *region {
            return Ok(block);
        }
        let target = whole.get_or_insert_with(|| Block::zeros(block.dtype(), &region.shape));
        target.assign(&part.relative_to(region).start, &block);
    }
    Ok(whole.unwrap_or_else(|| Block::from_list(Vec::<u8>::new())))
}

fn values(
    a: &Block,
    b: &Block,
    region: &Region,
    tolerance: Tolerance,
    differ: &mut dyn FnMut(Vec<u64>, Scalar, Scalar),
) {
    for ((index, x), y) in region.indices().zip(a.scalars()).zip(b.scalars()) {
        let same = match (x.as_f64(), y.as_f64()) {
            (Some(p), Some(q)) => {
                p == q || (p.is_nan() && q.is_nan()) || (p - q).abs() <= tolerance.atol + tolerance.rtol * q.abs()
            }
            _ => x == y || (x.is_missing() && y.is_missing()),
        };
        if !same {
            differ(index, x, y);
        }
    }
}
