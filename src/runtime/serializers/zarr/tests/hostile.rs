//! Damaged and malicious stores: each ends in an error that says what and where.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{spec, values, write};
use crate::array::{DType, Scalar};
use crate::planner::catalog::Stored;
use crate::runtime::serializers::testing::describe;
use crate::runtime::serializers::zarr::open;
use crate::runtime::serializers::{ArraySpec, TargetOptions};
use crate::runtime::storage::Place;

fn metadata() -> Value {
    json!({"zarr_format": 3, "node_type": "array", "shape": [10, 7], "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 3]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "attributes": {}})
}

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What opening a store whose root has this `zarr.json` gives, without the directory's name.
fn opened(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zarr");
    put(&path.join("zarr.json"), text);
    let found = match open(&Place::local(&path)) {
        Ok(store) => describe(store.stored()),
        Err(error) => format!("{}: {error}\n", error.code),
    };
    found.replace(&directory.path().display().to_string(), "")
}

#[test]
fn malicious_metadata_is_refused() {
    let with = |pointer: &str, value: Value| {
        let mut metadata = metadata();
        *metadata.pointer_mut(pointer).unwrap() = value;
        metadata.to_string()
    };
    let chunks = "/chunk_grid/configuration/chunk_shape";
    let group = |name: &str| {
        json!({"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"metadata": {name: metadata()}}})
            .to_string()
    };
    let sharding = |shape: Value, more: Value| {
        let mut configuration =
            json!({"chunk_shape": shape, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]});
        configuration.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with("/codecs", json!([{"name": "sharding_indexed", "configuration": configuration}]))
    };
    let cases = [
        ("not JSON", "{".to_owned()),
        ("not an object", "[]".to_owned()),
        ("deep", "{\"a\":".repeat(100_000)),
        ("duplicate key", r#"{"zarr_format": 3, "zarr_format": 3}"#.to_owned()),
        ("version", with("/zarr_format", json!(4))),
        ("node type", with("/node_type", json!("table"))),
        ("2^63 dims", with("/shape", json!([1u64 << 63, 2]))),
        ("overflow", with("/shape", json!([1u64 << 40, 1u64 << 40]))),
        ("negative", with("/shape", json!([-1, 7]))),
        ("zero chunk", with(chunks, json!([0, 3]))),
        ("huge chunk", with(chunks, json!([1u64 << 41, 3]))),
        ("rank", with(chunks, json!([4]))),
        ("names", {
            let mut m = metadata();
            m["dimension_names"] = json!(["y"]);
            m.to_string()
        }),
        ("grid", with("/chunk_grid/name", json!("rectilinear"))),
        ("keys", with("/chunk_key_encoding/name", json!("hilbert"))),
        ("dtype", with("/data_type", json!("bfloat16"))),
        ("structure", with("/data_type", json!({"name": "structured", "configuration": {}}))),
        ("fill", with("/fill_value", json!("zero"))),
        ("codec", with("/codecs", json!([{"name": "bytes"}, {"name": "brotli"}]))),
        ("codec order", with("/codecs", json!([{"name": "zstd", "configuration": {"level": 3, "checksum": false}}]))),
        ("codec form", with("/codecs", json!([7]))),
        ("no endianness", with("/codecs", json!([{"name": "bytes"}]))),
        ("shard tiles", sharding(json!([3, 3]), json!({}))),
        ("shard zero", sharding(json!([0, 3]), json!({}))),
        ("shard location", sharding(json!([2, 3]), json!({"index_location": "middle"}))),
        (
            "shard index",
            sharding(
                json!([2, 3]),
                json!({"index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "gzip", "configuration": {"level": 1}}]}),
            ),
        ),
        ("transformers", {
            let mut m = metadata();
            m["storage_transformers"] = json!([{"name": "x"}]);
            m.to_string()
        }),
        ("up", group("../a")),
        ("root", group("/a")),
        ("fine", group("g/a")),
    ];
    let mut text = String::new();
    for (name, metadata) in cases {
        text += &format!("{name}: {}", opened(&metadata));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn damaged_arrays_do_not_hide_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zarr");
    put(&path.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group", "attributes": {}}"#);
    put(&path.join("good/zarr.json"), &metadata().to_string());
    put(&path.join("bad/zarr.json"), &metadata().to_string().replace("float32", "float8_e4m3"));
    put(&path.join("worse/zarr.json"), "{");
    put(&path.join("other/notes.txt"), "no Zarr");
    put(
        &path.join("v2/.zarray"),
        r#"{"zarr_format": 2, "shape": [3], "chunks": [2], "dtype": "<i4", "fill_value": 0, "order": "C", "filters": [{"id": "categorize", "labels": ["a"], "dtype": "<i4"}], "compressor": null}"#,
    );
    let store = open(&Place::local(&path)).unwrap();
    let mut text = describe(store.stored());
    for name in ["/bad", "/v2", "/none", "/other"] {
        let error = store.reader(name).map(|_| ()).unwrap_err();
        text += &format!("{}: {error}\n", error.code);
    }
    insta::assert_snapshot!(text.replace(&directory.path().display().to_string(), ""));
}

#[test]
fn arrays_of_very_many_chunks_are_described_at_once() {
    let mut metadata = metadata();
    metadata["shape"] = json!([1u64 << 30, 1u64 << 29]);
    metadata["chunk_grid"]["configuration"]["chunk_shape"] = json!([1024, 1024]);
    let begun = Instant::now();
    assert_eq!(opened(&metadata.to_string()), "/ f32[1073741824, 536870912] chunks [1024, 1024] none\n");
    assert!(begun.elapsed() < Duration::from_secs(1));
}

/// The error of reading chunk `index` of `/a` after `damage` was done to the store.
fn damaged(spec: ArraySpec, index: &[u64], damage: impl Fn(&Path)) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zarr");
    write(&path, &[spec], &TargetOptions { version: None, ..TargetOptions::default() });
    let store = open(&Place::local(&path)).unwrap();
    let reader = store.reader("/a").unwrap();
    damage(&path.join("a"));
    match reader.read_chunk(index) {
        Ok(block) => format!("{:?}", block.scalars()),
        Err(error) => format!("{}: {error}", error.code).replace(&directory.path().display().to_string(), ""),
    }
}

fn plain(codec: &str) -> ArraySpec {
    let codecs = Some(vec![super::codec(codec)]);
    ArraySpec { codecs, fill: Some(Scalar::Int(-1)), ..spec("/a", DType::I32, &["y"], &[9], &[4]) }
}

fn replace(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn damaged_chunks_are_named() {
    let chunk = |array: &Path| array.join("c/1");
    let mut text = String::new();
    let mut case = |name: &str, found: String| text += &format!("{name}: {found}\n");
    case("untouched", damaged(plain("zstd"), &[2], |_| ()));
    case("missing", damaged(plain("zstd"), &[1], |a| std::fs::remove_file(chunk(a)).unwrap()));
    case("missing at the edge", damaged(plain("zstd"), &[2], |a| std::fs::remove_file(a.join("c/2")).unwrap()));
    case("outside", damaged(plain("zstd"), &[3], |_| ()));
    case("array gone", damaged(plain("zstd"), &[1], |a| std::fs::remove_dir_all(a).unwrap()));
    case(
        "directory",
        damaged(plain("zstd"), &[1], |a| {
            std::fs::remove_file(chunk(a)).unwrap();
            std::fs::create_dir(chunk(a)).unwrap();
        }),
    );
    for codec in ["none", "zstd", "gzip", "zlib", "bz2", "blosc", "fletcher32", "crc32c", "pcodec"] {
        case(&format!("empty {codec}"), damaged(plain(codec), &[1], |a| replace(&chunk(a), Vec::clear)));
        case(&format!("cut {codec}"), damaged(plain(codec), &[1], |a| replace(&chunk(a), |b| b.truncate(b.len() - 1))));
        case(&format!("flipped {codec}"), damaged(plain(codec), &[1], |a| replace(&chunk(a), |b| b[0] ^= 0x55)));
    }
    case("too long", damaged(plain("none"), &[1], |a| replace(&chunk(a), |b| b.resize(1 << 20, 0))));
    insta::assert_snapshot!(text);
}

#[test]
fn bombs_do_not_go_off() {
    let zeros = vec![0u8; 256 << 20];
    let zstd = zstd::bulk::compress(&zeros, 3).unwrap();
    let mut streamed = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    std::io::Write::write_all(&mut streamed, &zeros).unwrap();
    let streamed = streamed.finish().unwrap();
    let mut bz2 = Vec::new();
    std::io::Read::read_to_end(
        &mut bzip2::read::BzEncoder::new(&zeros[..16 << 20], bzip2::Compression::best()),
        &mut bz2,
    )
    .unwrap();
    let mut deflater = libdeflater::Compressor::new(libdeflater::CompressionLvl::best());
    let mut gzip = vec![0; 64 << 10];
    let length = deflater.gzip_compress(&zeros[..16 << 20], &mut gzip).unwrap();
    gzip.truncate(length);
    let blosc = [&[2, 1, 0x13, 4][..], &u32::MAX.to_le_bytes(), &65536u32.to_le_bytes(), &16u32.to_le_bytes()].concat();
    let mut text = String::new();
    for (codec, bomb) in [("zstd", zstd), ("zstd", streamed), ("bz2", bz2), ("gzip", gzip), ("blosc", blosc)] {
        let found = damaged(plain(codec), &[1], |a| std::fs::write(a.join("c/1"), &bomb).unwrap());
        text += &format!("{codec}: {found}\n");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn damaged_shards_are_named() {
    let sharded = || ArraySpec { shards: Some(vec![8]), ..plain("zstd") };
    let shard = |array: &Path| array.join("c/0");
    let mut text = String::new();
    let mut case = |name: &str, found: String| text += &format!("{name}: {found}\n");
    case("untouched", damaged(sharded(), &[1], |_| ()));
    case("missing", damaged(sharded(), &[1], |a| std::fs::remove_file(shard(a)).unwrap()));
    case("short", damaged(sharded(), &[1], |a| replace(&shard(a), |b| b.truncate(7))));
    case("cut", damaged(sharded(), &[1], |a| replace(&shard(a), |b| b.truncate(b.len() - 1))));
    case("index", damaged(sharded(), &[1], |a| replace(&shard(a), |b| *b.last_mut().unwrap() ^= 1)));
    case("chunk", damaged(sharded(), &[0], |a| replace(&shard(a), |b| b[0] ^= 1)));
    insta::assert_snapshot!(text);
    // An index with a right checksum that points outside the shard.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zarr");
    write(&path, &[sharded()], &TargetOptions::default());
    let text = std::fs::read_to_string(path.join("a/zarr.json")).unwrap();
    let mut metadata: Value = serde_json::from_str(&text).unwrap();
    let codecs = metadata.pointer_mut("/codecs/0/configuration/index_codecs").unwrap();
    codecs.as_array_mut().unwrap().truncate(1);
    put(&path.join("a/zarr.json"), &metadata.to_string());
    for (offset, length) in [(u64::MAX - 1, 2u64), (0, u64::MAX - 1), (1 << 40, 16)] {
        let index = [0, 16, offset, length].map(u64::to_le_bytes).concat();
        std::fs::write(path.join("a/c/0"), [&[0u8; 32][..], &index].concat()).unwrap();
        let store = open(&Place::local(&path.join("a"))).unwrap();
        assert!(matches!(**store.stored(), Stored::Array(_)));
        let error = store.reader("/").unwrap().read_chunk(&[1]).unwrap_err();
        assert!(error.code == "ff::read::decode" && error.message.contains("outside the 64 of the shard"), "{error}");
    }
    assert_eq!(values(DType::I32, &[2]).count(), 2);
}
