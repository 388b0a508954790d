//! Single values and small tables as JSON, in which results are kept: to be read by people, and by
//! `xarray.Dataset.from_dict`.
//!
//! ```text
//! { "attrs": {…}, "coords": { "time": {…} }, "data_vars": { "gmst": { "dims": ["time"], "dtype": "f64", "shape": [2], "attrs": {…}, "data": [14.5, null] } } }
//! ```
//!
//! Numbers give back every bit: NaN is `null`, one with other bits than the usual the text `nan:` with them in hexadecimal;
//! infinities are the texts `Infinity` and `-Infinity`; complex numbers are pairs.
//!
//! Deliberately absent: arrays that do not fit in memory, and chunks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use num_complex::Complex64;
use serde_json::{Map, Value, json};

use super::zarr::attributes;
use super::{
    ArrayReader, ArraySpec, ArrayWriter, Container, Create, Format, StorageError, TargetOptions, TargetWriter, failure,
};
use crate::array::block::{Element, with_type};
use crate::array::{Block, ChunkGrid, DType, Region, Scalar};
use crate::planner::catalog::{CatalogError, Stored, StoredArray, StoredGroup};
use crate::runtime::storage::Place;

/// The row of JSON in [`KEPT`](super::kept::KEPT).
pub const FORMAT: Format = Format {
    name: "json",
    summary: "single values and small tables as JSON, for results",
    extensions: &["json"],
    sniff,
    replaces: |_| false,
    open: Some(open),
    check: Some(check),
    create: Some(Create::File(create)),
    amend: None,
};

/// Elements of an array that is written.
const MOST: u64 = 1 << 20;

/// Bytes of a file that is read.
const MAX_BYTES: u64 = 256 << 20;

fn sniff(place: &Place) -> bool {
    place.extension() == "json" && place.is_object() && read(place).is_ok()
}

fn read(place: &Place) -> Result<Map<String, Value>, String> {
    let text = place.read(MAX_BYTES).map_err(|e| e.to_string())?.ok_or("it is not there")?;
    match serde_json::from_slice(&text).map_err(|e| e.to_string())? {
        Value::Object(object) if object.get("data_vars").is_some_and(Value::is_object) => Ok(object),
        _ => Err("it holds no `data_vars`".to_owned()),
    }
}

fn check(specs: &[ArraySpec], _: &TargetOptions) -> Result<(), CatalogError> {
    let large = specs.iter().find(|spec| Region::whole(&spec.shape).count() > MOST);
    large.map_or(Ok(()), |spec| {
        let message = format!("`{}` has more elements than are written as JSON, which are {MOST}", spec.path);
        Err(CatalogError::new("ff::sink::format", message))
    })
}

/// A file opened for reading.
struct JsonFile {
    name: String,
    stored: Arc<Stored>,
    blocks: Vec<(String, Arc<JsonArray>)>,
}

struct JsonArray(Block);

fn open(place: &Place) -> Result<Arc<dyn Container>, CatalogError> {
    let failed =
        |reason: String| CatalogError::new("ff::source::metadata", format!("`{place}` cannot be read: {reason}"));
    let document = read(place).map_err(failed)?;
    let attrs = document.get("attrs").and_then(Value::as_object).map(|attrs| attributes::from_json(attrs, None));
    let mut group =
        StoredGroup { path: "/".into(), attrs: Arc::new(attrs.unwrap_or_default()), ..StoredGroup::default() };
    let mut blocks = Vec::new();
    for part in ["coords", "data_vars"] {
        for (name, array) in document.get(part).and_then(Value::as_object).into_iter().flatten() {
            let (stored, block) = array_of(name, array).ok_or_else(|| failed(format!("`{name}` is damaged")))?;
            blocks.push((stored.path.clone(), Arc::new(JsonArray(block))));
            insert(&mut group, name, stored);
        }
    }
    Ok(Arc::new(JsonFile { name: place.to_string(), stored: Arc::new(Stored::Group(group)), blocks }))
}

/// Puts an array where its name, a path, says.
fn insert(group: &mut StoredGroup, name: &str, array: StoredArray) {
    match name.split_once('/') {
        None => group.arrays.push((name.to_owned(), array)),
        Some((outer, rest)) => {
            let index = group.groups.iter().position(|(known, _)| known == outer).unwrap_or_else(|| {
                let path = format!("{}/{outer}", group.path.trim_end_matches('/'));
                group.groups.push((outer.to_owned(), StoredGroup { path, ..StoredGroup::default() }));
                group.groups.len() - 1
            });
            insert(&mut group.groups[index].1, rest, array);
        }
    }
}

fn array_of(name: &str, array: &Value) -> Option<(StoredArray, Block)> {
    let dtype = DType::parse(array["dtype"].as_str()?)?;
    let shape: Vec<u64> = array["shape"].as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?;
    let dims: Vec<_> =
        array["dims"].as_array()?.iter().map(|dim| dim.as_str().map(|d| Some(d.into()))).collect::<Option<_>>()?;
    let mut values = Vec::new();
    flat(&array["data"], shape.len(), dtype, &mut values)?;
    let count = shape.iter().try_fold(1u64, |n, size| n.checked_mul(*size))?;
    if count != values.len() as u64 {
        return None;
    }
    let block = with_type!(dtype, T => Block::from_vec(&shape, values.iter().map(T::from_scalar).collect::<Vec<T>>()))?;
    let attrs = attributes::from_json(array["attrs"].as_object()?, Some(dtype));
    let (path, codec) = (format!("/{name}"), String::new());
    let (chunks, inner_chunks, stored_bytes, attrs) = (None, None, None, Arc::new(attrs));
    (dims.len() == shape.len())
        .then_some((StoredArray { path, dtype, shape, dims, chunks, inner_chunks, codec, stored_bytes, attrs }, block))
}

/// The values of nested lists.
fn flat(data: &Value, rank: usize, dtype: DType, into: &mut Vec<Scalar>) -> Option<()> {
    match rank {
        0 => into.push(scalar(data, dtype)?),
        _ => {
            for item in data.as_array()? {
                flat(item, rank - 1, dtype, into)?;
            }
        }
    }
    Some(())
}

fn scalar(data: &Value, dtype: DType) -> Option<Scalar> {
    Some(match dtype {
        DType::Bool => Scalar::Bool(data.as_bool()?),
        DType::Str => Scalar::Str(data.as_str()?.into()),
        DType::F16 | DType::F32 | DType::F64 => Scalar::Float(float(data)?),
        DType::C64 | DType::C128 => match data.as_array()?.as_slice() {
            [re, im] => Scalar::Complex(Complex64::new(float(re)?, float(im)?)),
            _ => return None,
        },
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => Scalar::UInt(data.as_u64()?),
        _ => Scalar::Int(data.as_i64()?),
    })
}

fn float(data: &Value) -> Option<f64> {
    match data {
        Value::Null => Some(f64::NAN),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            other => u64::from_str_radix(other.strip_prefix("nan:")?, 16).ok().map(f64::from_bits),
        },
        _ => None,
    }
}

impl Container for JsonFile {
    fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        let named = format!("/{}", path.trim_matches('/'));
        match self.blocks.iter().find(|(known, _)| *known == named) {
            Some((_, array)) => Ok(array.clone()),
            None => {
                let message = format!("`{}` has no array `{path}`", self.name);
                Err(CatalogError::new("ff::source::no_array", message))
            }
        }
    }
}

impl ArrayReader for JsonArray {
    fn chunk_shape(&self) -> Option<&[u64]> {
        None
    }

    fn read_chunk(&self, _: &[u64]) -> Result<Block, StorageError> {
        Err(StorageError::new("ff::read::no_chunk", "an array in JSON has no chunks"))
    }

    fn read_region(&self, region: &Region) -> Result<Block, StorageError> {
        Ok(self.0.slice(region))
    }

    fn scratch_bytes(&self) -> u64 {
        self.0.bytes()
    }
}

fn create(path: &Path, specs: &[ArraySpec], options: &TargetOptions) -> Result<Arc<dyn TargetWriter>, StorageError> {
    check(specs, options).map_err(|e| StorageError { code: e.code, message: e.message, help: e.help })?;
    // The place is taken at once, so that what cannot be written is told before anything is computed.
    std::fs::write(path, "").map_err(|e| failure::refused(path, &e))?;
    let array = |spec: &ArraySpec| {
        let values = Mutex::new(Block::zeros(spec.dtype, &spec.shape));
        Arc::new(JsonWriter { spec: spec.clone(), values })
    };
    let arrays = specs.iter().map(array).collect();
    Ok(Arc::new(JsonTarget { path: path.to_owned(), arrays, options: options.clone() }))
}

struct JsonTarget {
    path: PathBuf,
    arrays: Vec<Arc<JsonWriter>>,
    options: TargetOptions,
}

struct JsonWriter {
    spec: ArraySpec,
    values: Mutex<Block>,
}

impl TargetWriter for JsonTarget {
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter> {
        let array = self.arrays.iter().find(|array| array.spec.path == path);
        array.unwrap_or_else(|| panic!("`{path}` is not among the arrays")).clone()
    }

    fn finish(&self) -> Result<(), StorageError> {
        let (mut coords, mut variables) = (Map::new(), Map::new());
        for array in &self.arrays {
            let spec = &array.spec;
            let values = array.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let dims: Vec<&str> = spec.dims.iter().map(|dim| dim.as_str()).collect();
            let attrs = attributes::to_json(&spec.attrs, 2, Some(spec.dtype));
            let data = nested(&values.scalars(), &spec.shape);
            let entry =
                json!({ "dims": dims, "dtype": spec.dtype.name(), "shape": spec.shape, "attrs": attrs, "data": data });
            let into = if spec.is_coordinate { &mut coords } else { &mut variables };
            into.insert(spec.path.trim_start_matches('/').to_owned(), entry);
        }
        let attrs = attributes::to_json(&self.options.attrs, 2, None);
        let document = json!({ "attrs": attrs, "coords": coords, "data_vars": variables });
        let text = format!("{document:#}\n");
        std::fs::write(&self.path, text).map_err(|e| failure::refused(&self.path, &e))
    }
}

/// Values in C order as nested lists.
fn nested(values: &[Scalar], shape: &[u64]) -> Value {
    match shape {
        [] => values.first().map_or(Value::Null, value),
        [_, inner @ ..] => {
            let each = Region::whole(inner).count() as usize;
            let empty = vec![nested(&[], inner); if each == 0 { shape[0] as usize } else { 0 }];
            let parts = values.chunks(each.max(1)).map(|part| nested(part, inner));
            Value::Array(parts.chain(empty).collect())
        }
    }
}

fn value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Bool(b) => Value::Bool(*b),
        Scalar::Int(i) | Scalar::DateTime(i, _) | Scalar::Duration(i) => json!(i),
        Scalar::UInt(u) => json!(u),
        Scalar::Float(x) => number(*x),
        Scalar::Complex(z) => json!([number(z.re), number(z.im)]),
        Scalar::Str(text) => json!(text),
    }
}

fn number(x: f64) -> Value {
    match x {
        _ if x.is_nan() && x.to_bits() == f64::NAN.to_bits() => Value::Null,
        _ if x.is_nan() => json!(format!("nan:{:016x}", x.to_bits())),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        x => json!(x),
    }
}

impl ArrayWriter for JsonWriter {
    fn object_shape(&self) -> &[u64] {
        &self.spec.chunks
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        let region = ChunkGrid::regular(&self.spec.chunks).region(index, &self.spec.shape);
        self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner).assign(&region.start, block);
        Ok(block.bytes())
    }

    fn scratch_bytes(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::serializers::testing::{python, read_path};

    fn spec(path: &str, dtype: DType, shape: &[u64]) -> ArraySpec {
        let dims = (0..shape.len()).map(|axis| ["t", "y"][axis].into()).collect();
        let chunks = shape.iter().map(|n| n.div_ceil(2).max(1)).collect();
        let (path, shape, attrs) = (path.to_owned(), shape.to_vec(), Default::default());
        let (shards, codecs, fill, is_coordinate) = (None, None, None, false);
        ArraySpec { path, dtype, dims, shape, chunks, shards, codecs, fill, attrs, is_coordinate }
    }

    fn written(folder: &Path, arrays: &[(ArraySpec, Block)]) -> PathBuf {
        let path = folder.join("a.json");
        let specs: Vec<ArraySpec> = arrays.iter().map(|(spec, _)| spec.clone()).collect();
        let target = create(&path, &specs, &TargetOptions::default()).unwrap();
        for (spec, block) in arrays {
            let grid = ChunkGrid::regular(&spec.chunks);
            for index in Region::whole(&grid.counts(&spec.shape)).indices() {
                target.array(&spec.path).write(&index, &block.slice(&grid.region(&index, &spec.shape))).unwrap();
            }
        }
        target.finish().unwrap();
        path
    }

    #[test]
    fn every_bit_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let odd = f64::from_bits(0xfff8_0000_0000_0001);
        let doubles = vec![0.1, -0.0, f64::NAN, odd, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE / 3.0, 1e308];
        let singles: Vec<f32> = doubles.iter().map(|x| *x as f32).collect();
        let halves: Vec<half::f16> = doubles.iter().map(|x| half::f16::from_f64(*x)).collect();
        let complex: Vec<Complex64> = doubles.iter().map(|x| Complex64::new(*x, -*x)).collect();
        let blocks = [
            Block::from_list(doubles),
            Block::from_list(singles),
            Block::from_list(halves),
            Block::from_list(complex),
            Block::from_list(vec![i64::MIN, i64::MAX, 0]),
            Block::from_list(vec![u64::MAX, 0]),
            Block::from_list(vec![true, false]),
            Block::from_list(vec!["a\"b".into(), "".into()] as Vec<Arc<str>>),
            Block::from_vec(&[], vec![2.5f32]).unwrap(),
            Block::from_vec(&[2, 3], vec![1i16, 2, 3, 4, 5, 6]).unwrap(),
            Block::from_vec(&[2, 0], Vec::<f64>::new()).unwrap(),
            Block::from_vec(&[0], Vec::<i8>::new()).unwrap(),
        ];
        let named =
            blocks.iter().enumerate().map(|(i, b)| (spec(&format!("/g/x{i}"), b.dtype(), &b.shape()), b.clone()));
        let arrays: Vec<(ArraySpec, Block)> = named.collect();
        let path = written(folder.path(), &arrays);
        assert!(sniff(&Place::local(&path)));
        let container = open(&Place::local(&path)).unwrap();
        for (spec, block) in &arrays {
            let read = read_path(&*container, &spec.path);
            assert_eq!(read.dtype(), block.dtype());
            assert_eq!(read.shape(), block.shape());
            match block.to_bytes() {
                Some(bytes) => assert_eq!(read.to_bytes(), Some(bytes), "{}", spec.path),
                None => assert_eq!(read, *block),
            }
        }
    }

    #[test]
    fn xarray_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let (times, values) = (Block::from_list(vec![10i64, 20]), Block::from_list(vec![1.5f64, f64::NAN]));
        let time = ArraySpec { is_coordinate: true, ..spec("/t", DType::I64, &[2]) };
        written(folder.path(), &[(spec("/gmst", DType::F64, &[2]), values), (time, times)]);
        let script = "import json, xarray\nd = xarray.Dataset.from_dict(json.load(open('a.json')))\n\
                      print(d.gmst.astype(float).values.tolist(), d.t.values.tolist(), d.gmst.dims)";
        if let Some(printed) = python(folder.path(), script) {
            assert_eq!(printed.trim(), "[1.5, nan] [10, 20] ('t',)");
        }
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"data_vars": {"x": 3}}"#,
            r#"{"data_vars": {"x": {"dtype": "f64", "shape": [2], "dims": ["t"], "attrs": {}, "data": [1]}}}"#,
            r#"{"data_vars": {"x": {"dtype": "f64", "shape": [18446744073709551615, 9], "dims": ["t", "y"], "attrs": {}, "data": []}}}"#,
            r#"{"data_vars": {"x": {"dtype": "i8", "shape": [1], "dims": ["t"], "attrs": {}, "data": ["one"]}}}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(open(&Place::local(&path)).is_err(), "{text}");
        }
    }
}
