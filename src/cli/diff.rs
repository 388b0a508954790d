//! `ffrun diff`: where two stores differ, in structure and in values.
//!
//! Values are compared as CF attributes mean them, so that packing, fill values and units of time make no difference;
//! what says how values are encoded is then no attribute.

use std::sync::Arc;

use crate::array::{AttrValue, Block, ChunkGrid, Region, Scalar};
use crate::cli::info::attribute;
use crate::operators::cf::Encoding;
use crate::planner::catalog::{CatalogError, Stored, StoredArray, StoredGroup};
use crate::planner::lower::cf::with_units_of_bounded;
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

/// How stores are compared.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// How far values may differ.
    pub tolerance: Tolerance,
    /// Whether values, dtypes and all attributes are compared as they are stored.
    pub raw: bool,
}

/// The differences between two stores, one text each; empty where they are equal.
///
/// # Errors
/// An array cannot be read.
pub fn diff(a: &dyn Container, b: &dyn Container, how: How) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let (left, right) = (arrays(a.stored(), how), arrays(b.stored(), how));
    for (path, array) in &left {
        match right.iter().find(|(p, _)| p == path) {
            None => found.push(format!("{path}: only in the first")),
            Some((_, other)) => compare(&mut found, (a, array), (b, other), how)?,
        }
    }
    let only = right.iter().filter(|(path, _)| !left.iter().any(|(p, _)| p == path));
    found.extend(only.map(|(path, _)| format!("{path}: only in the second")));
    Ok(found)
}

/// All arrays of a store by path; unless they are compared as stored, bounds of times with the units they inherit.
fn arrays(stored: &Stored, how: How) -> Vec<(String, StoredArray)> {
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
    for (path, array) in all.iter_mut().filter(|_| !how.raw) {
        array.attrs = with_units_of_bounded(stored, path, array);
    }
    all
}

type Side<'a> = (&'a dyn Container, &'a StoredArray);

/// How two arrays are encoded; none where what is stored is compared as it is.
type Encodings = Option<(Encoding, Encoding)>;

fn compare(found: &mut Vec<String>, a: Side<'_>, b: Side<'_>, how: How) -> Result<(), String> {
    let path = &a.1.path;
    let encodings: Encodings =
        (!how.raw).then(|| (Encoding::of(a.1.dtype, &a.1.attrs), Encoding::of(b.1.dtype, &b.1.attrs)));
    let (left, right) = match &encodings {
        None => (a.1.attrs.clone(), b.1.attrs.clone()),
        Some((of_a, of_b)) => (of_a.rest(&a.1.attrs), of_b.rest(&b.1.attrs)),
    };
    for (name, value) in left.iter() {
        match right.get(name) {
            Some(AttrValue::Unreadable(why)) => found.push(format!("{path}@{name}: {why}, not compared")),
            Some(other) if same_attribute(value, other) => {}
            Some(other) => found.push(format!("{path}@{name}: {} against {}", attribute(value), attribute(other))),
            None => found.push(format!("{path}@{name}: only in the first")),
        }
    }
    let only = right.iter().filter(|(name, _)| left.get(name).is_none());
    found.extend(only.map(|(name, _)| format!("{path}@{name}: only in the second")));
    if a.1.dims != b.1.dims {
        found.push(format!("{path}: dims {:?} against {:?}", a.1.dims, b.1.dims));
    }
    let encoded = encodings.as_ref().is_some_and(|(of_a, of_b)| of_a.alters() || of_b.alters());
    if a.1.dtype != b.1.dtype && !encoded {
        found.push(format!("{path}: {} against {}", a.1.dtype, b.1.dtype));
    }
    if a.1.shape != b.1.shape {
        found.push(format!("{path}: shape {:?} against {:?}", a.1.shape, b.1.shape));
        return Ok(());
    }
    compare_values(found, a, b, &encodings, how.tolerance)
}

fn compare_values(
    found: &mut Vec<String>,
    a: Side<'_>,
    b: Side<'_>,
    encodings: &Encodings,
    tolerance: Tolerance,
) -> Result<(), String> {
    let path = &a.1.path;
    let open = |side: Side<'_>| side.0.reader(&side.1.path).map_err(|e: CatalogError| e.to_string());
    let (left, right) = (open(a)?, open(b)?);
    let shape = &a.1.shape;
    let step = left.chunk_shape().map_or_else(|| tasks::slabs(shape, a.1.dtype.size() as u64), <[u64]>::to_vec);
    let grid = ChunkGrid::regular(&step);
    let (mut count, mut first, mut largest) = (0u64, None, None);
    for index in Region::whole(&grid.counts(shape)).indices() {
        let region = grid.region(&index, shape);
        let read = |reader: &Arc<dyn ArrayReader>| region_of(&**reader, &region, shape).map_err(|e| e.to_string());
        let (left, right) = (read(&left)?, read(&right)?);
        let (left, right) = match encodings {
            None => (left.scalars(), right.scalars()),
            Some((of_a, of_b)) => (meant(path, of_a, &left)?, meant(path, of_b, &right)?),
        };
        for ((at, x), y) in region.indices().zip(left).zip(right).filter(|((_, x), y)| !same(x, y, tolerance)) {
            count += 1;
            largest = larger(largest, difference(&x, &y));
            first.get_or_insert_with(|| format!("{at:?}: {x} against {y}"));
        }
    }
    [&left, &right].into_iter().try_for_each(|reader| reader.confirm()).map_err(|e| e.to_string())?;
    if let Some(first) = first {
        let largest = largest.map_or_else(String::new, |largest| format!(", by at most {largest}"));
        found.push(format!("{path}: {count} values differ{largest}, first at {first}"));
    }
    Ok(())
}

/// How far two values are apart; none where one is missing or they are no numbers.
fn difference(x: &Scalar, y: &Scalar) -> Option<Scalar> {
    if x.is_missing() || y.is_missing() {
        return None;
    }
    match (x, y) {
        (Scalar::Complex(p), Scalar::Complex(q)) => Some(Scalar::Float((p - q).norm())),
        (Scalar::DateTime(p, _), Scalar::DateTime(q, _)) | (Scalar::Duration(p), Scalar::Duration(q)) => {
            Some(Scalar::Duration(i64::try_from(p.abs_diff(*q)).unwrap_or(i64::MAX)))
        }
        _ => match (x.as_i64(), y.as_i64()) {
            (Some(p), Some(q)) => Some(Scalar::UInt(p.abs_diff(q))),
            _ => Some(Scalar::Float((x.as_f64()? - y.as_f64()?).abs())),
        },
    }
}

/// The larger of two differences of one kind.
fn larger(a: Option<Scalar>, b: Option<Scalar>) -> Option<Scalar> {
    let size = |value: &Scalar| match value {
        Scalar::Duration(micros) => Some(*micros as f64),
        other => other.as_f64(),
    };
    match (a, b) {
        (Some(a), Some(b)) if size(&a) >= size(&b) => Some(a),
        (a, b) => b.or(a),
    }
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

fn meant(path: &str, encoding: &Encoding, block: &Block) -> Result<Vec<Scalar>, String> {
    encoding.meant(block).map_err(|e| format!("`{path}` cannot be decoded: {e}; `--raw` compares what is stored"))
}

/// Whether two values are equal, or as near as the tolerance allows; what is missing equals what is missing.
fn same(x: &Scalar, y: &Scalar, tolerance: Tolerance) -> bool {
    let near = |distance: f64, size: f64| distance <= tolerance.atol + tolerance.rtol * size;
    if x == y || (x.is_missing() && y.is_missing()) {
        return true;
    }
    match (x, y) {
        (Scalar::Complex(p), Scalar::Complex(q)) => near((p - q).norm(), q.norm()),
        _ => match (x.as_i64(), y.as_i64(), x.as_f64(), y.as_f64()) {
            (Some(p), Some(q), ..) => {
                p == q || near((i128::from(p) - i128::from(q)).unsigned_abs() as f64, (q as f64).abs())
            }
            (_, _, Some(p), Some(q)) => p == q || near((p - q).abs(), q.abs()),
            _ => false,
        },
    }
}

/// Whether two attributes say the same: numbers by their values, as JSON does not keep their dtypes.
fn same_attribute(a: &AttrValue, b: &AttrValue) -> bool {
    let numbers = |value: &AttrValue| match value {
        AttrValue::Number(_, number) => Some(vec![number.clone()]),
        AttrValue::Numbers(_, numbers) => Some(numbers.clone()),
        _ => None,
    };
    let exact = Tolerance { rtol: 0.0, atol: 0.0 };
    match (numbers(a), numbers(b)) {
        (Some(p), Some(q)) => p.len() == q.len() && p.iter().zip(&q).all(|(x, y)| same(x, y, exact)),
        _ => a == b,
    }
}
