//! Stores that zarr-python writes, and stores that it reads.

mod absence;
mod hostile;
mod numcodecs;
mod zarrs;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::attributes::number;
use super::writer::{check, create};
use super::{json, open};
use crate::array::{AttrValue, Attributes, Block, ChunkGrid, DType, DimName, Region, Scalar};
use crate::planner::catalog::CatalogError;
use crate::runtime::serializers::testing::{describe, python, read_path};
use crate::runtime::serializers::{ArraySpec, CodecSpec, Container, TargetOptions};
use crate::runtime::storage::Place;

/// The head of every script: `show` prints arrays as JSON.
const HEAD: &str = r#"
import json, sys, os
import numpy as np, zarr
def plain(x):
    a = np.asarray(x)
    if a.dtype.kind in "Mm":
        a = a.astype(a.dtype.kind + "8[us]").view("i8")
    if a.dtype.kind == "c":
        return [[float(v.real), float(v.imag)] for v in a.ravel()]
    if a.dtype.kind == "S":
        return [v.decode() for v in a.ravel()]
    return [v.item() if hasattr(v, "item") else v for v in a.ravel()]
shown = {}
def show(name, x): shown[name] = plain(x)
"#;

fn run(directory: &Path, script: &str) -> Option<Value> {
    let text = python(directory, &format!("{HEAD}\n{script}\nprint(json.dumps(shown))"))?;
    Some(json::parse(text.as_bytes()).expect("Python prints JSON"))
}

fn assert_values(container: &dyn Container, expected: &Value) {
    for (path, values) in expected.as_object().expect("an object") {
        let found = plain(&read_path(container, path));
        let expected: Vec<Value> = values.as_array().expect("a list").iter().map(float_like).collect();
        assert_eq!(found, expected, "{path}");
    }
}

fn plain(block: &Block) -> Vec<Value> {
    block.scalars().iter().map(|s| float_like(&number(s))).collect()
}

/// Whole numbers and floats alike.
fn float_like(value: &Value) -> Value {
    match value.as_f64() {
        Some(x) if value.as_i64().is_none_or(|i| i.abs() < 1 << 53) => x.into(),
        _ => value.clone(),
    }
}

#[test]
fn v3_stores_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
rng = np.random.default_rng(1)
g = zarr.open_group("a.zarr", mode="w", attributes={"title": "t", "n": 3})
from zarr.codecs import *
def put(name, x, **kw):
    z = g.create_array(name, shape=x.shape, dtype=x.dtype, **kw); z[...] = x; show(name, x)
x = rng.standard_normal((10, 7)).astype("f4")
put("zstd", x, chunks=(4, 3), compressors=ZstdCodec(level=3), dimension_names=["y", None], attributes={"units": "K"})
put("gzip", x.astype("f8"), chunks=(4, 3), compressors=GzipCodec(level=5))
put("blosc", (x * 100).astype("i2"), chunks=(4, 7), compressors=BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"))
put("plain", x, chunks=(10, 7), compressors=None)
put("crc", x, chunks=(5, 7), compressors=[ZstdCodec(level=1), Crc32cCodec()])
put("big", x, chunks=(5, 7), compressors=None, serializer=BytesCodec(endian="big"))
put("sharded", x, chunks=(2, 3), shards=(4, 6), compressors=ZstdCodec(level=3))
put("sharded_start", x, chunks=(2, 3), shards=(4, 6), serializer="auto")
put("sharded_big", x, chunks=(4, 6), serializer=ShardingCodec(chunk_shape=(2, 3), codecs=[BytesCodec(endian="big")], index_location="start"), compressors=None)
put("sharded_packed", x, chunks=(4, 6), serializer=ShardingCodec(chunk_shape=(2, 3), codecs=[BytesCodec()]), compressors=GzipCodec(level=3))
put("sharded_twice", x, chunks=(8, 6), serializer=ShardingCodec(chunk_shape=(4, 6), codecs=[ShardingCodec(chunk_shape=(2, 3), codecs=[BytesCodec(), ZstdCodec()])]), compressors=None)
put("sharded_text", np.array(["a", "bcd", "e"], dtype="U3"), chunks=(1,), shards=(2,))
put("transposed", x, chunks=(4, 3), filters=[TransposeCodec(order=(1, 0))])
put("dots", x, chunks=(4, 3), chunk_key_encoding={"name": "default", "separator": "."})
put("v2keys", x, chunks=(4, 3), chunk_key_encoding={"name": "v2", "separator": "/"})
for dtype in ["bool", "i1", "u1", "u2", "i4", "u4", "i8", "u8", "f2", "c8", "c16"]:
    put("deep/" + dtype, (x * 3).astype(dtype), chunks=(6, 4))
put("scalar", np.array(4.5), chunks=())
put("empty", np.zeros((0, 3)), chunks=(2, 3))
put("text", np.array(["a", "", "μεγα"], dtype=np.dtypes.StringDType()), chunks=(2,))
put("fixed", np.array(["a", "bcd"], dtype="U3"), chunks=(2,))
put("bytes", np.array([b"a", b"bcd"], dtype="S3"), chunks=(2,))
put("date", np.array(["2000-01-01T00:00:01", "NaT", "1969-12-31T23:59:59.999999999"], dtype="M8[ns]"), chunks=(2,))
put("month", np.array(["2000-03", "1969-12", "-001-01"], dtype="M8[M]"), chunks=(2,))
put("delta", np.array([1, -1], dtype="m8[10ms]"), chunks=(2,))
z = g.create_array("holes", shape=(6,), chunks=(2,), dtype="f4", fill_value=np.nan); z[2:4] = 7; show("holes", z[:])
g.create_array("raw", shape=(2,), chunks=(2,), dtype="V3")
"#;
    let Some(expected) = run(directory.path(), script) else { return };
    let store = open(&Place::local(&directory.path().join("a.zarr"))).unwrap();
    insta::assert_snapshot!(describe(store.stored()));
    assert_values(&*store, &expected);
}

#[test]
fn v2_stores_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
import numcodecs
rng = np.random.default_rng(1)
g = zarr.open_group("a.zarr", mode="w", zarr_format=2, attributes={"title": "t"})
x = rng.standard_normal((10, 7)).astype("f4")
def put(name, x, **kw):
    z = g.create_array(name, shape=x.shape, dtype=x.dtype, **kw); z[...] = x; show(name, x)
put("blosc", x, chunks=(4, 3), compressors=numcodecs.Blosc(cname="lz4", clevel=5, shuffle=1), attributes={"_ARRAY_DIMENSIONS": ["y", "x"], "bad": float("nan")}, fill_value=-9)
put("zlib", x, chunks=(4, 3), compressors=numcodecs.Zlib(5))
put("gzip", x, chunks=(4, 3), compressors=numcodecs.GZip(5))
put("bz2", x, chunks=(4, 3), compressors=numcodecs.BZ2(5))
put("zstd", x, chunks=(4, 3), compressors=numcodecs.Zstd(5))
put("shuffle", x, chunks=(4, 3), filters=[numcodecs.Shuffle(4)], compressors=numcodecs.Zlib(5))
put("fortran", x, chunks=(4, 3), order="F", compressors=None)
put("slash", x, chunks=(4, 3), chunk_key_encoding={"name": "v2", "separator": "/"})
for dtype in [">f8", ">i2", ">u8", "|b1", "<f2", "<c8", ">c16", "|i1"]:
    put("deep/" + dtype[1:], (x * 3).astype(dtype), chunks=(6, 4))
put("u", np.array(["a", "bcd"], dtype="<U3"), chunks=(1,))
put("ube", np.array(["a", "bcd"], dtype=">U3"), chunks=(2,))
put("s", np.array([b"a", b"bcd"], dtype="S3"), chunks=(2,))
put("date", np.array(["2000-01-01", "NaT"], dtype="<M8[D]"), chunks=(2,))
put("datebe", np.array(["2000-01-01", "NaT"], dtype=">M8[s]"), chunks=(2,))
put("delta", np.array([1, -1], dtype="<m8[ns]"), chunks=(2,))
z = g.create_array("object", shape=(3,), chunks=(2,), dtype=str); z[:] = np.array(["a", "", "μεγα"], dtype=object); show("object", ["a", "", "μεγα"])
z = g.create_array("holes", shape=(6,), chunks=(2,), dtype="i4", fill_value=-1); z[2:4] = 7; show("holes", z[:])
z = g.create_array("lzma", shape=(6,), chunks=(2,), dtype="i4", compressors=numcodecs.LZMA())
z = g.create_array("struct", shape=(6,), chunks=(2,), dtype=[("a", "i4"), ("b", "f4")])
"#;
    let Some(expected) = run(directory.path(), script) else { return };
    let store = open(&Place::local(&directory.path().join("a.zarr"))).unwrap();
    insta::assert_snapshot!(describe(store.stored()));
    assert_values(&*store, &expected);
}

fn spec(path: &str, dtype: DType, dims: &[&str], shape: &[u64], chunks: &[u64]) -> ArraySpec {
    ArraySpec {
        path: path.to_owned(),
        dtype,
        dims: dims.iter().map(|d| DimName::new(d)).collect(),
        shape: shape.to_vec(),
        chunks: chunks.to_vec(),
        shards: None,
        codecs: None,
        fill: None,
        attrs: Attributes::new(),
        is_coordinate: false,
    }
}

fn codec(text: &str) -> CodecSpec {
    let (name, args) = text.strip_suffix(')').and_then(|t| t.split_once('(')).unwrap_or((text, ""));
    let value = |t: &str| match (t.parse::<i64>(), t.parse::<bool>()) {
        (Ok(i), _) => Scalar::Int(i),
        (_, Ok(b)) => Scalar::Bool(b),
        _ => Scalar::Str(t.into()),
    };
    let args = args.split(',').map(str::trim).filter(|t| !t.is_empty()).map(|t| match t.split_once(':') {
        Some((name, v)) => (Some(name.to_owned()), value(v.trim())),
        None => (None, value(t)),
    });
    CodecSpec { name: name.to_owned(), args: args.collect() }
}

/// Values that differ from element to element.
fn values(dtype: DType, shape: &[u64]) -> Block {
    let count = shape.iter().product::<u64>();
    let one = |i: u64| match dtype {
        DType::Str => Scalar::Str(format!("t{i}{}", "é".repeat(i as usize % 3)).into()),
        DType::Bool => Scalar::Bool(i % 3 == 1),
        _ => Scalar::Float((i * 7 % 23) as f64 / if dtype.is_integer() { 1.0 } else { 4.0 }),
    };
    let mut block = Block::zeros(dtype, shape);
    for (n, index) in (0..count).zip(Region::whole(shape).indices()) {
        let element = Block::from_scalar(dtype, &one(n));
        let element = (0..shape.len()).fold(element, |e, _| e.insert_axis(0));
        block.assign(&index, &element);
    }
    block
}

fn write(path: &Path, specs: &[ArraySpec], options: &TargetOptions) -> BTreeMap<String, Block> {
    let target = create(&Place::local(path), specs, options).unwrap_or_else(|e| panic!("{e}"));
    let mut written = BTreeMap::new();
    for spec in specs {
        let writer = target.array(&spec.path);
        let block = values(spec.dtype, &spec.shape);
        let grid = ChunkGrid::regular(writer.object_shape());
        for index in Region::whole(&grid.counts(&spec.shape)).indices() {
            let part = block.slice(&grid.region(&index, &spec.shape));
            assert!(writer.write(&index, &part).unwrap_or_else(|e| panic!("{e}")) > 0);
        }
        written.insert(spec.path.clone(), block);
    }
    target.finish().unwrap();
    written
}

fn text_attribute(name: &str, value: &str) -> (String, AttrValue) {
    (name.to_owned(), AttrValue::Str(value.to_owned()))
}

/// A dataset with coordinates, and arrays of all dtypes through all codecs.
fn specs(version: u8) -> Vec<ArraySpec> {
    let mut t = spec("/t", DType::F32, &["time", "x"], &[5, 7], &[2, 3]);
    t.attrs = [
        text_attribute("units", "K"),
        ("_FillValue".to_owned(), AttrValue::Number(DType::F32, Scalar::Float(f64::NAN))),
        ("valid_range".to_owned(), AttrValue::Numbers(DType::F32, vec![Scalar::Float(-1.5), Scalar::Float(9.0)])),
    ]
    .into_iter()
    .collect();
    let mut time = spec("/time", DType::I64, &["time"], &[5], &[5]);
    time.attrs =
        [text_attribute("units", "days since 2000-01-01"), text_attribute("calendar", "noleap")].into_iter().collect();
    let mut packed = spec("/packed", DType::I16, &["time", "x"], &[5, 7], &[5, 7]);
    packed.attrs = [
        ("_FillValue".to_owned(), AttrValue::Number(DType::I16, Scalar::Int(-9))),
        ("scale_factor".to_owned(), AttrValue::Number(DType::F64, Scalar::Float(0.5))),
    ]
    .into_iter()
    .collect();
    let mut all = vec![
        t,
        time,
        packed,
        spec("/x", DType::F64, &["x"], &[7], &[7]),
        spec("/name", DType::Str, &["x"], &[7], &[3]),
    ];
    for dtype in DType::ALL.into_iter().filter(|d| !matches!(d, DType::DateTime(_) | DType::Duration)) {
        all.push(spec(&format!("/deep/er/{dtype}"), dtype, &["a", "b"], &[3, 4], &[2, 4]));
    }
    let codecs = [
        "zstd(9)",
        "zstd(3, checksum: true)",
        "gzip(5)",
        "blosc(zstd, 5, shuffle: bit)",
        "lz4",
        "none",
        "zlib",
        "bz2(9)",
        "fletcher32",
        "bitround(5)",
    ];
    for (i, text) in codecs.into_iter().enumerate() {
        let mut spec = spec(&format!("/codecs/c{i}"), DType::F64, &["a", "b"], &[6, 5], &[4, 2]);
        spec.codecs = Some(vec![codec(text)]);
        all.push(spec);
    }
    let mut chain = spec("/codecs/chain", DType::I32, &["a"], &[100], &[40]);
    chain.codecs = Some(vec![codec("shuffle"), codec("zlib(4)")]);
    all.push(chain);
    all.push(spec("/codecs/scalar", DType::F64, &[], &[], &[]));
    all.push(spec("/codecs/empty", DType::F64, &["e", "f"], &[0, 3], &[1, 3]));
    if version == 3 {
        let mut sharded = spec("/codecs/sharded", DType::F32, &["a", "b"], &[10, 7], &[2, 3]);
        sharded.shards = Some(vec![4, 6]);
        sharded.codecs = Some(vec![codec("gzip(3)"), codec("crc32c")]);
        let mut texts = spec("/codecs/texts", DType::Str, &["a"], &[10], &[2]);
        texts.shards = Some(vec![6]);
        all.extend([sharded, texts]);
    }
    all
}

fn round_trip(version: u8) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zarr");
    let attrs = [text_attribute("title", "t")].into_iter().collect();
    let options = TargetOptions { version: Some(version), attrs, ..TargetOptions::default() };
    let specs = specs(version);
    check(&specs, &options).unwrap();
    let written = write(&path, &specs, &options);
    let store = open(&Place::local(&path)).unwrap();
    for (path, block) in &written {
        // `bitround` alters values.
        if path == "/codecs/c9" {
            continue;
        }
        assert_eq!(&read_path(&*store, path), block, "{path}");
    }
    let again = directory.path().join("b.zarr");
    write(&again, &specs, &options);
    assert_eq!(files(&path), files(&again), "the same blocks give the same bytes");
    let script = r#"
for path, a in sorted(zarr.open_group("a.zarr", mode="r", use_consolidated=True).members(max_depth=None)):
    if isinstance(a, zarr.Array): show("/" + path, a[...])
import xarray as xr
ds = xr.open_zarr("a.zarr", consolidated=True)
print(ds.to_dict(data=False), file=sys.stderr)
assert ds.title == "t" and ds.t.units == "K" and list(ds.t.valid_range) == [-1.5, 9.0], ds
assert ds.packed.dtype.kind == "f" and ds.packed.encoding["_FillValue"] == -9 and ds.t.encoding["_FillValue"] != ds.t.encoding["_FillValue"], ds.t.encoding
assert ds.time.dt.calendar == "noleap" and "x" in ds.coords and ds.t.dims == ("time", "x")
assert float(ds.packed[0, 1]) == 3.5
"#;
    let Some(found) = run(directory.path(), script) else { return };
    for (path, block) in &written {
        let theirs: Vec<Value> =
            found[path].as_array().unwrap_or_else(|| panic!("{path}")).iter().map(float_like).collect();
        assert!(path == "/codecs/c9" || theirs == plain(block), "{path}: {theirs:?}");
    }
}

fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn pcodec_survives() {
    let directory = tempfile::tempdir().unwrap();
    for version in [2, 3] {
        let path = directory.path().join(format!("{version}.zarr"));
        let codecs = Some(vec![codec("pcodec(4)")]);
        let specs = [ArraySpec { codecs, ..spec("/a", DType::F64, &["y", "x"], &[9, 5], &[4, 5]) }];
        let written = write(&path, &specs, &TargetOptions { version: Some(version), ..TargetOptions::default() });
        assert_eq!(read_path(&*open(&Place::local(&path)).unwrap(), "/a"), written["/a"]);
    }
}

#[test]
fn v3_stores_survive() {
    round_trip(3);
}

#[test]
fn v2_stores_survive() {
    round_trip(2);
}

#[test]
fn metadata_is_zarr_pythons() {
    let directory = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for version in [2, 3] {
        let path = directory.path().join(format!("{version}.zarr"));
        let mut t = spec("/g/t", DType::F32, &["y"], &[5], &[2]);
        t.attrs =
            [("_FillValue".to_owned(), AttrValue::Number(DType::F32, Scalar::Float(f64::NAN)))].into_iter().collect();
        t.shards = (version == 3).then(|| vec![4]);
        write(&path, &[t], &TargetOptions { version: Some(version), ..TargetOptions::default() });
        for (name, bytes) in files(&path) {
            match std::str::from_utf8(&bytes) {
                Ok(json) if !json.is_empty() => text += &format!("=== {version}: {name}\n{json}\n"),
                _ => text += &format!("=== {version}: {name}: {} bytes\n", bytes.len()),
            }
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn bare_arrays_survive() {
    let directory = tempfile::tempdir().unwrap();
    for version in [2, 3] {
        let path = directory.path().join(format!("{version}.zarr"));
        let specs = [spec("/", DType::I32, &["y"], &[5], &[2])];
        let written = write(&path, &specs, &TargetOptions { version: Some(version), ..TargetOptions::default() });
        let store = open(&Place::local(&path)).unwrap();
        assert_eq!(read_path(&*store, "/"), written["/"]);
        insta::assert_snapshot!(format!("bare_{version}"), describe(store.stored()));
    }
}

#[test]
fn what_zarr_cannot_store_is_refused() {
    let plain = || spec("/a", DType::F32, &["y"], &[5], &[2]);
    let coded = |texts: &[&str]| ArraySpec { codecs: Some(texts.iter().map(|t| codec(t)).collect()), ..plain() };
    let v = |version| TargetOptions { version: Some(version), ..TargetOptions::default() };
    let cases: Vec<(Vec<ArraySpec>, TargetOptions)> = vec![
        (vec![plain()], v(4)),
        (vec![coded(&["zsdt(3)"])], v(3)),
        (vec![coded(&["brotli"])], v(3)),
        (vec![coded(&["gdeflate(9)"])], v(3)),
        (vec![coded(&["zstd(99)"])], v(3)),
        (vec![coded(&["zstd(3, 4, 5)"])], v(3)),
        (vec![coded(&["gzip(lvl: 3)"])], v(3)),
        (vec![coded(&["blosc(lz5)"])], v(3)),
        (vec![coded(&["none(1)"])], v(3)),
        (vec![coded(&["zstd(3, level: 4)"])], v(3)),
        (vec![coded(&["zstd", "bitround(3)"])], v(3)),
        (vec![coded(&["bitround"])], v(3)),
        (vec![ArraySpec { dtype: DType::I8, ..coded(&["pcodec"]) }], v(3)),
        (vec![ArraySpec { dtype: DType::Str, ..coded(&["shuffle"]) }], v(3)),
        (vec![ArraySpec { dtype: DType::Duration, ..plain() }], v(3)),
        (vec![ArraySpec { chunks: vec![0], ..plain() }], v(3)),
        (vec![ArraySpec { chunks: vec![1 << 50], ..plain() }], v(3)),
        (vec![ArraySpec { shards: Some(vec![3]), ..plain() }], v(3)),
        (vec![ArraySpec { shards: Some(vec![4]), ..plain() }], v(2)),
        (vec![ArraySpec { path: "/../a".into(), ..plain() }], v(3)),
        (vec![ArraySpec { path: "/g/zarr.json".into(), ..plain() }], v(3)),
        (vec![plain(), plain()], v(3)),
        (vec![plain(), ArraySpec { path: "/a/b".into(), ..plain() }], v(3)),
    ];
    let mut text = String::new();
    for (specs, options) in cases {
        let CatalogError { code, message, help } = check(&specs, &options).expect_err("it is refused");
        text += &format!("{code}: {message}\n");
        text += &help.map_or_else(String::new, |h| format!("  help: {h}\n"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zarr");
    let target =
        create(&Place::local(&path), &[spec("/a", DType::I32, &["y"], &[5], &[2])], &TargetOptions::default()).unwrap();
    let array = target.array("/a");
    std::fs::create_dir_all(path.join("a/c/1")).unwrap();
    let cases = [
        array.write(&[0], &values(DType::I32, &[3])),
        array.write(&[2], &values(DType::I32, &[2])),
        array.write(&[9], &values(DType::I32, &[2])),
        array.write(&[0], &values(DType::I64, &[2])),
        array.write(&[1], &values(DType::I32, &[2])),
    ];
    let errors = cases.map(|result| result.map_err(|e| format!("{}: {e}", e.code)).unwrap_err());
    insta::assert_snapshot!(errors.join("\n").replace(&directory.path().display().to_string(), ""));
}

/// Prints how fast chunks are read and written; `cargo nextest run --run-ignored only speed`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let directory = tempfile::tempdir().unwrap();
    let (shape, chunk) = ([4096, 4096], [512, 512]);
    let wave: Vec<f32> = (0..1 << 24).map(|i| ((i % 4096) as f32 * 0.01).sin() + (i / 4096) as f32).collect();
    let block = Block::from_vec(&shape, wave).unwrap();
    for text in
        ["none", "zstd(3)", "gzip(5)", "blosc(lz4, 5, shuffle: byte)", "blosc(zstd, 5, shuffle: bit)", "default"]
    {
        let path = directory.path().join("a.zarr");
        let codecs = (text != "default").then(|| vec![codec(text)]);
        let spec = ArraySpec { codecs, ..spec("/a", DType::F32, &["y", "x"], &shape, &chunk) };
        let target = create(&Place::local(&path), &[spec], &TargetOptions::default()).unwrap();
        let grid = ChunkGrid::regular(&chunk);
        let indices: Vec<_> = Region::whole(&[8, 8]).indices().collect();
        let begun = std::time::Instant::now();
        let write = |i: &Vec<u64>| target.array("/a").write(i, &block.slice(&grid.region(i, &shape))).unwrap();
        let bytes: u64 = indices.iter().map(write).sum();
        let written = begun.elapsed().as_secs_f64();
        target.finish().unwrap();
        let store = open(&Place::local(&path)).unwrap();
        let reader = store.reader("/a").unwrap();
        let best = (0..5).map(|_| {
            let begun = std::time::Instant::now();
            indices.iter().for_each(|i| drop(reader.read_chunk(i).unwrap()));
            begun.elapsed().as_secs_f64()
        });
        let read = best.fold(f64::MAX, f64::min);
        println!("{text}: {bytes} bytes, write {:.0} MB/s, read {:.0} MB/s", 67.1 / written, 67.1 / read);
        std::fs::remove_dir_all(&path).unwrap();
    }
}
