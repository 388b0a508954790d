//! The codecs that zarrs registers: `gdeflate`, which it wrote into `tests/fixtures/gdeflate.zarr` and we decode ourselves, and all others.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::codecs::Pipeline;
use super::super::element::{Element, bytes_of};
use super::super::gdeflate;
use super::values;
use crate::array::Scalar;
use crate::runtime::serializers::testing::{describe, read_path};
use crate::runtime::serializers::zarr::open;
use crate::runtime::storage::Place;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gdeflate.zarr")
}

/// As `tests/fixtures/gdeflate.rs` has it.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(next).collect()
}

/// Element `k` of the array `name` of the fixture.
fn element(name: &str, k: i64, noise: &[u8]) -> Scalar {
    let wide = k * 37 - 100;
    match name {
        "bool" => Scalar::Bool(k % 3 == 0),
        "int8" => Scalar::Int((wide as i8).into()),
        "uint16" => Scalar::UInt((wide as u16).into()),
        "uint64" => Scalar::UInt(wide as u64),
        "float32" => Scalar::Float(wide as f64 / 8.0),
        "complex64" => Scalar::Complex(num_complex::Complex64::new(wide as f64, k as f64)),
        "one" => Scalar::Int(-7),
        "scalar" => Scalar::Float(4.5),
        "pages1" | "pages6" | "pages12" => Scalar::Float((k % 1000) as f64 / 4.0),
        "stored" => Scalar::UInt((k % 251) as u64),
        "noise" => Scalar::UInt(noise[k as usize].into()),
        "far" if k % 50_000 < 600 => Scalar::UInt(noise[k as usize % 50_000].into()),
        "far" => Scalar::UInt(7),
        "text" => Scalar::Str("μεγα ".repeat(k as usize).into()),
        _ => Scalar::Int(wide),
    }
}

#[test]
fn gdeflate_stores_of_zarrs_are_read() {
    let store = open(&Place::local(&fixture())).unwrap();
    let described = describe(store.stored());
    let lines: Vec<&str> = described.lines().filter_map(|line| line.split(" @").next()).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let names: Vec<String> = std::fs::read_dir(fixture())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 21);
    let noise = noise(3000);
    for name in names {
        let found = read_path(&*store, &format!("/{name}")).scalars();
        for (k, found) in found.into_iter().enumerate() {
            let expected = element(&name, k as i64, &noise);
            assert!(same(&found, &expected), "{name}[{k}]: {found:?} and not {expected:?}");
        }
    }
}

/// Integers by their values: small unsigned ones may be of either kind.
fn same(x: &Scalar, y: &Scalar) -> bool {
    x == y || (x.as_i64().is_some() && x.as_i64() == y.as_i64())
}

fn chunk(name: &str) -> Vec<u8> {
    std::fs::read(fixture().join(name)).unwrap()
}

#[test]
fn damaged_gdeflate_ends_in_an_error_or_other_values() {
    let mut state = 9u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (name, rounds) in [("one/c.0", 2000), ("text/c.1", 2000), ("noise/c.0", 2000), ("far/c.0", 500)] {
        let good = chunk(name);
        let length = u64::from_le_bytes(good[..8].try_into().unwrap());
        assert_eq!(gdeflate::decode(&good, length).unwrap().len() as u64, length);
        for cut in (0..good.len()).step_by(good.len().div_ceil(300)) {
            assert!(gdeflate::decode(&good[..cut], length).is_err(), "{name} cut to {cut}");
        }
        for _ in 0..rounds {
            let mut damaged = good.clone();
            for _ in 0..1 + random(3) {
                let at = random(damaged.len());
                damaged[at] = [damaged[at] ^ 1 << random(8), 0, 0xff, random(256) as u8][random(4)];
            }
            if let Ok(decoded) = gdeflate::decode(&damaged, length) {
                assert!(decoded.len() as u64 <= length && decoded.capacity() as u64 <= length, "{name}");
            }
        }
    }
}

#[test]
fn hostile_gdeflate_is_named() {
    let header = |length: u64, pages: &[u64], rest: &[u8]| {
        let words: Vec<u64> = [length, pages.len() as u64].iter().chain(pages).copied().collect();
        [words.into_iter().flat_map(u64::to_le_bytes).collect::<Vec<u8>>(), rest.to_vec()].concat()
    };
    // A page whose first lane begins with these bits, all others with zeros.
    let page = |bits: u32| [&bits.to_le_bytes()[..], &[0; 124]].concat();
    let good = chunk("one/c.0");
    let mut text = String::new();
    for (name, bytes, limit) in [
        ("fine", good.clone(), 4),
        ("nothing", header(0, &[], &[]), 4),
        ("empty", vec![], 4),
        ("half a header", good[..12].to_vec(), 4),
        ("too large", header(1 << 40, &[4], &[0; 4]), 4),
        ("over the limit", good.clone(), 3),
        ("no pages", header(4, &[], &[]), 4),
        ("many pages", header(4, &[4, 4], &[0; 8]), 4),
        ("pages without an end", [&4u64.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat(), 4),
        ("pages that are not there", [1 << 30, 1u64 << 14].map(u64::to_le_bytes).concat(), 1 << 30),
        ("a page without an end", header(4, &[u64::MAX], &[0; 8]), 4),
        ("an empty page", header(4, &[0], &[]), 4),
        ("bytes behind", [&good[..], &[0]].concat(), 4),
        ("kind 3", header(4, &[128], &page(0b111)), 4),
        ("stored, none", header(4, &[128], &page(0b001)), 4),
        ("stored, too many", header(4, &[128], &page(0b001 | 5 << 3)), 4),
        ("empty blocks without an end", header(4, &[128], &page(0b000)), 4),
        ("a match of nothing", header(4, &[128], &page(0b011 | 0b100_0000 << 3)), 4),
        ("a match of 65538", header(4, &[128], &page(0b011 | 0b1010_0011 << 3 | 0xffff << 11)), 4),
        ("symbol 286", header(70_000, &[128, 0], &page(0b011 | 0b0110_0011 << 3 | 0xffff << 11)), 70_000),
        ("code lengths that repeat nothing", header(4, &[128], &page(0b101 | 1 << 17)), 4),
    ] {
        let found = match gdeflate::decode(&bytes, limit) {
            Ok(decoded) => format!("{decoded:?}"),
            Err(error) => error,
        };
        text += &format!("{name}: {found}\n");
    }
    insta::assert_snapshot!(text);
}

/// Each codec that zarrs 0.23.14 registers, through its own encoder and our pipeline. `gdeflate`, `sharding_indexed` and
/// `fixedscaleoffset`, which are ours, are tested elsewhere.
#[test]
fn codecs_of_zarrs_are_read() {
    let little = json!({"name": "bytes", "configuration": {"endian": "little"}});
    let before = |codec: Value| json!([codec, little]);
    let after = |codec: Value| json!([little, codec]);
    let named = |name: &str, configuration: Value| json!({"name": name, "configuration": configuration});
    let vlen = named(
        "zarrs.vlen",
        json!({"data_codecs": [{"name": "bytes"}], "index_codecs": [little], "index_data_type": "uint32", "index_location": "end"}),
    );
    for (data_type, codecs) in [
        ("int32", json!([little])),
        ("int32", before(named("transpose", json!({"order": [1, 0]})))),
        ("int32", before(named("reshape", json!({"shape": [[0, 1]]})))),
        ("int32", before(named("zarrs.squeeze", json!({})))),
        ("float32", before(named("bitround", json!({"keepbits": 20})))),
        ("bool", json!([named("packbits", json!({"padding_encoding": "first_byte"}))])),
        ("uint16", json!([named("packbits", json!({"first_bit": 0, "last_bit": 11}))])),
        (
            "float32",
            json!([named(
                "numcodecs.pcodec",
                json!({"level": 8, "mode_spec": "auto", "delta_spec": "auto",
            "paging_spec": "equal_pages_up_to", "delta_encoding_order": null, "equal_pages_up_to": 262_144})
            )]),
        ),
        ("float32", json!([named("zfp", json!({"mode": "reversible"}))])),
        ("float64", json!([named("numcodecs.zfpy", json!({"mode": 4, "tolerance": 0.0}))])),
        ("string", json!([{"name": "vlen-utf8"}])),
        ("string", json!([{"name": "vlen-bytes"}])),
        ("string", json!([named("zarrs.vlen_v2", json!({}))])),
        ("string", json!([vlen])),
        (
            "int32",
            after(named(
                "blosc",
                json!({"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}),
            )),
        ),
        ("int32", after(named("gzip", json!({"level": 5})))),
        ("int32", after(named("zstd", json!({"level": 3, "checksum": true})))),
        ("int32", after(named("crc32c", json!({})))),
        ("int32", after(named("numcodecs.zlib", json!({"level": 5})))),
        ("int32", after(named("numcodecs.bz2", json!({"level": 5})))),
        ("int32", after(named("numcodecs.adler32", json!({})))),
        ("int32", after(named("numcodecs.fletcher32", json!({})))),
        ("int32", after(named("numcodecs.shuffle", json!({"elementsize": 4})))),
    ] {
        let element = Element::from_v3(&json!(data_type), false).unwrap();
        let shape = [3, 5];
        let pipeline =
            Pipeline::new(codecs.as_array().unwrap(), &element, &shape).unwrap_or_else(|e| panic!("{codecs}: {e}"));
        let block = values(element.dtype, &shape);
        let encoded = bytes_of(&block, element.dtype).and_then(|bytes| pipeline.encode(bytes));
        let encoded = encoded.unwrap_or_else(|e| panic!("{codecs}: {e}"));
        let found = element.decode(encoded, &pipeline, &shape).unwrap_or_else(|e| panic!("{codecs}: {e}"));
        assert_eq!(found, block, "{codecs}");
    }
}

#[test]
fn codecs_that_are_not_read_are_named() {
    let mut text = String::new();
    let little = json!({"name": "bytes", "configuration": {"endian": "little"}});
    for (data_type, codecs) in [
        (json!("int32"), json!([{"name": "vlen-bytes"}])),
        (json!("string"), json!([{"name": "numcodecs.vlen-array"}])),
        (
            json!("int32"),
            json!([{"name": "zarrs.optional", "configuration": {"mask_codecs": [little], "data_codecs": [little]}}]),
        ),
        (json!("int32"), json!([little, {"name": "zarrs.test_unbounded"}])),
        (json!("int32"), json!([{"name": "zarrs.gdeflate", "configuration": {"level": 1}}, little])),
        (json!("int32"), json!([little, {"name": "numcodecs.lzma"}])),
    ] {
        let element = Element::from_v3(&data_type, false).unwrap();
        let found = Pipeline::new(codecs.as_array().unwrap(), &element, &[3, 5]).map(|_| "is read".to_owned());
        text += &format!("{data_type} {codecs}: {}\n", found.unwrap_or_else(|e| e));
    }
    insta::assert_snapshot!(text);
}
