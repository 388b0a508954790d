//! Stores that zarr-python writes, and stores that it reads.

use serde_json::Value;

use super::attributes::number;
use super::{json, open};
use crate::array::Block;
use crate::runtime::serializers::Container;
use crate::runtime::serializers::testing::{describe, python, read_path};

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

fn run(directory: &std::path::Path, script: &str) -> Option<Value> {
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
    let store = open(&directory.path().join("a.zarr")).unwrap();
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
z = g.create_array("lz4", shape=(6,), chunks=(2,), dtype="i4", compressors=numcodecs.LZ4())
z = g.create_array("struct", shape=(6,), chunks=(2,), dtype=[("a", "i4"), ("b", "f4")])
"#;
    let Some(expected) = run(directory.path(), script) else { return };
    let store = open(&directory.path().join("a.zarr")).unwrap();
    insta::assert_snapshot!(describe(store.stored()));
    assert_values(&*store, &expected);
}
