//! Codecs of numcodecs, as zarr-python writes them and as an adversary does.

use serde_json::json;

use super::{assert_values, run};
use crate::runtime::serializers::testing::describe;
use crate::runtime::serializers::zarr::open;
use crate::runtime::storage::Place;

#[test]
fn codecs_of_numcodecs_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
import numcodecs as n, warnings, zarr.codecs.numcodecs as c
warnings.simplefilter("ignore")
rng = np.random.default_rng(1)
g = zarr.open_group("2.zarr", mode="w", zarr_format=2)
def put(name, x, **kw):
    z = g.create_array(name, shape=x.shape, dtype=x.dtype, chunks=(4, 3)[:x.ndim], **kw); z[...] = x; show(g.path + "/" + name if g.path else name, z[...])
x = rng.standard_normal((10, 7)) * 100
i = x.astype("i4")
t = np.array(["2000-01-01", "NaT", "2000-01-03", "1999-01-01"], dtype="M8[us]").view("i8")
put("lz4", i, compressors=n.LZ4())
put("lz4_shuffle", i, filters=[n.Shuffle(4)], compressors=n.LZ4(acceleration=10))
put("crc32", i, filters=[n.CRC32()], compressors=n.Zlib(5))
put("crc32_end", i, compressors=None, filters=[n.CRC32(location="end")])
put("adler32", i, filters=[n.Adler32()], compressors=None)
put("crc32c", i, filters=[n.CRC32C()], compressors=n.Zstd(1))
put("fletcher32", i, filters=[n.Fletcher32()], compressors=n.BZ2(1))
put("gzip_default", i, compressors=n.GZip(-1))
put("zlib_default", i, compressors=n.Zlib(-1))
put("zstd_most", i, compressors=n.Zstd(100))
put("shuffle_nothing", i, filters=[n.Shuffle(0)], compressors=n.Zlib(1))
for d in ["i1", "<u2", ">i4", "<u8", "<f4", "<f8", ">f8", "<f2"]:
    put("delta_" + d.replace("<", "l").replace(">", "b"), x.astype(d) if d[-2] != "u" else np.abs(x).astype(d), filters=[n.Delta(dtype=d)], compressors=n.LZ4())
put("delta_narrow", (x[:, :1] * 0 + np.arange(7)).astype("<i8"), filters=[n.Delta(dtype="<i8", astype="<i1")], compressors=None)
put("delta_f8_f4", x, filters=[n.Delta(dtype="<f8", astype="<f4")], compressors=None)
put("delta_fortran", i, order="F", filters=[n.Delta(dtype="<i4")], compressors=n.Zlib(1))
put("delta_wraps", np.array([2**62, -2**62, 2**62], "i8"), filters=[n.Delta(dtype="<i8")], compressors=None)
put("delta_times", t, filters=[n.Delta(dtype="<i8")], compressors=n.LZ4())
put("scale_u1", x, filters=[n.FixedScaleOffset(offset=-300.15, scale=0.3, dtype="<f8", astype="u1")], compressors=n.Blosc())
put("scale_i2", x.astype("f4"), filters=[n.FixedScaleOffset(offset=273.15, scale=10, dtype="<f4", astype="<i2")], compressors=n.Zlib())
put("scale_big", x.astype("f4"), filters=[n.FixedScaleOffset(offset=0.1, scale=100.0, dtype="<f4", astype=">i4")], compressors=None)
put("scale_f4", x, filters=[n.FixedScaleOffset(offset=273.15, scale=7.1, dtype="<f8", astype="<f4")], compressors=None)
put("scale_of_ints", i, filters=[n.FixedScaleOffset(offset=-1000, scale=0.5, dtype="<i4", astype="<u2")], compressors=None)
put("astype", x, filters=[n.AsType(encode_dtype="<f4", decode_dtype="<f8")], compressors=n.Zlib())
put("astype_int", x, filters=[n.AsType(encode_dtype="<i2", decode_dtype="<f8")], compressors=n.Zlib())
put("quantize", x, filters=[n.Quantize(digits=2, dtype="<f8")], compressors=n.Zlib())
put("quantize_f4", x, filters=[n.Quantize(digits=1, dtype="<f8", astype="<f4")], compressors=n.LZ4())
put("bitround", x.astype("f4"), filters=[n.BitRound(5)], compressors=n.Zlib())
put("packbits", x > 0, filters=[n.PackBits()], compressors=n.Zlib())
put("packbits_whole", (x > 0)[:, :2], filters=[n.PackBits()], compressors=None)
put("two", i, filters=[n.AsType(encode_dtype="<i8", decode_dtype="<i4"), n.Delta(dtype="<i8", astype="<i4")], compressors=n.LZ4())
three = {}
g = zarr.open_group("3.zarr", mode="w")
old = shown; shown = three
def show(name, x): shown[name] = plain(x)
put("lz4", i, compressors=[c.LZ4()])
put("crc32", i, compressors=[c.CRC32()])
put("adler32", i, compressors=[c.Adler32()])
put("crc32c", i, compressors=[c.CRC32C()])
put("fletcher32", i, compressors=[c.Fletcher32()])
put("blosc", i, compressors=[c.Blosc(cname="zstd", clevel=3, shuffle=2)])
put("zstd", i, compressors=[c.Zstd(level=3)])
put("gzip", i, compressors=[c.GZip(level=3)])
put("zlib", i, compressors=[c.Zlib(level=3)])
put("bz2", i, compressors=[c.BZ2(level=3)])
put("shuffle", i, compressors=[c.Shuffle(elementsize=4), c.LZ4()])
put("delta", i, filters=[c.Delta(dtype="int32")])
put("delta_transposed", i, filters=[zarr.codecs.TransposeCodec(order=(1, 0)), c.Delta(dtype="<i4")])
put("scale", x, filters=[c.FixedScaleOffset(offset=3.3, scale=10.0, astype="i2")])
put("astype", x, filters=[c.AsType(encode_dtype="float32", decode_dtype="float64")])
put("quantize", x, filters=[c.Quantize(digits=2)])
put("bitround", x, filters=[c.BitRound(keepbits=10)])
put("packbits", x > 0, filters=[c.PackBits()])
g.create_array("jenkins", shape=(3,), chunks=(3,), dtype="i4", compressors=[c.JenkinsLookup3()])
g.create_array("lzma", shape=(3,), chunks=(3,), dtype="i4", compressors=[c.LZMA()])
shown = {"2": old, "3": three}
"#;
    let Some(expected) = run(directory.path(), script) else { return };
    let mut text = String::new();
    for version in ["2", "3"] {
        let store = open(&Place::local(&directory.path().join(format!("{version}.zarr")))).unwrap();
        text += &describe(store.stored());
        assert_values(&*store, &expected[version]);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn hostile_chunks_decode_to_no_more_than_is_declared() {
    let lz4 = |size: u32, block: &[u8]| [&size.to_le_bytes()[..], block].concat();
    // A literal of one zero, then a match that repeats it without end.
    let bomb = [&[0x1f, 0, 1, 0][..], &[255; 1 << 16], &[0]].concat();
    let delta = json!([{"id": "delta", "dtype": "<i4"}]);
    let bits = json!([{"id": "packbits"}]);
    let none = json!(null);
    let mut text = String::new();
    for (name, dtype, filters, compressor, chunk) in [
        ("fine", "<i4", &none, "lz4", lz4(16, &[&[0xf0, 1][..], &[7; 16]].concat())),
        ("too large", "<i4", &none, "lz4", lz4(u32::MAX, &bomb)),
        ("bomb", "<i4", &none, "lz4", lz4(16, &bomb)),
        ("short", "<i4", &none, "lz4", lz4(16, &[0x10, 7])),
        ("less", "<i4", &none, "lz4", lz4(12, &[&[0xc0][..], &[7; 12]].concat())),
        ("cut", "<i4", &none, "lz4", vec![1, 0]),
        ("reference", "<i4", &none, "lz4", lz4(16, &[0x10, 7, 9, 0])),
        ("checksum", "<i4", &none, "crc32", vec![7; 20]),
        ("no checksum", "<i4", &none, "crc32", vec![7; 3]),
        ("few bytes", "<i4", &delta, "lz4", lz4(4, &[0x40, 1, 1, 1, 1])),
        ("spare bits", "|b1", &bits, "", vec![9, 0]),
        ("no bits", "|b1", &bits, "", vec![]),
        ("many bits", "|b1", &bits, "", vec![0; 1000]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.zarr");
        std::fs::create_dir(&path).unwrap();
        let compressor = if compressor.is_empty() { none.clone() } else { json!({"id": compressor}) };
        let metadata = json!({"zarr_format": 2, "shape": [4], "chunks": [4], "dtype": dtype, "fill_value": 0,
            "order": "C", "filters": filters, "compressor": compressor});
        std::fs::write(path.join(".zarray"), metadata.to_string()).unwrap();
        std::fs::write(path.join("0"), chunk).unwrap();
        let store = open(&Place::local(&path)).unwrap();
        let found = match store.reader("/").unwrap().read_chunk(&[0]) {
            Ok(block) => format!("{:?}", block.scalars()),
            Err(error) => error.message.rsplit("`: ").next().unwrap_or_default().to_owned(),
        };
        text += &format!("{name}: {found}\n");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn malformed_filters_are_named() {
    let mut text = String::new();
    for filters in [
        json!([{"id": "delta", "dtype": "<f8"}]),
        json!([{"id": "delta", "dtype": "<M8[ns]"}]),
        json!([{"id": "delta", "dtype": 7}]),
        json!([{"id": "delta", "dtype": "<i4", "astype": "<c8"}]),
        json!([{"id": "fixedscaleoffset", "dtype": "<i4", "scale": 0, "offset": 1}]),
        json!([{"id": "fixedscaleoffset", "dtype": "<i4", "scale": 2}]),
        json!([{"id": "packbits"}]),
        json!([{"id": "zlib", "level": 1}, {"id": "delta", "dtype": "<i4"}]),
        json!([{"id": "crc32", "location": "middle"}]),
        json!([{"id": "crc32c", "location": "start"}]),
        json!([{"id": "json2"}]),
        json!([{"id": "pickle", "protocol": 4}]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.zarr");
        std::fs::create_dir(&path).unwrap();
        let metadata = json!({"zarr_format": 2, "shape": [4], "chunks": [4], "dtype": "<i4", "fill_value": 0,
            "order": "C", "filters": filters, "compressor": null});
        std::fs::write(path.join(".zarray"), metadata.to_string()).unwrap();
        let found = open(&Place::local(&path)).err().map_or("is read".to_owned(), |e| e.to_string());
        text += &format!("{filters}: {}\n", found.replace(&directory.path().display().to_string(), ""));
    }
    insta::assert_snapshot!(text);
}
