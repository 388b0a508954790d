//! What is written is read back by h5py, netCDF4, xarray, ncdump and by ourselves.

use std::path::Path;
use std::process::Command;

use super::super::super::testing::{describe, python, read_path};
use super::super::open;
use super::*;
use crate::array::{AttrValue, Attributes, Region, Scalar};
use crate::planner::target::CodecSpec;
use crate::runtime::storage::Place;

fn codec(name: &str, level: Option<i64>) -> CodecSpec {
    CodecSpec { name: name.into(), args: level.map(|level| (None, Scalar::Int(level))).into_iter().collect() }
}

fn spec(path: &str, dtype: DType, dims: &[(&str, u64)], chunks: &[u64]) -> ArraySpec {
    ArraySpec {
        path: path.into(),
        dtype,
        dims: dims.iter().map(|(name, _)| (*name).into()).collect(),
        shape: dims.iter().map(|(_, size)| *size).collect(),
        chunks: chunks.to_vec(),
        shards: None,
        codecs: None,
        fill: None,
        attrs: Attributes::new(),
        is_coordinate: false,
    }
}

/// Values that differ from element to element, whatever the dtype.
fn values(spec: &ArraySpec) -> Block {
    let count = spec.shape.iter().product::<u64>();
    let scalars = (0..count).map(|n| match spec.dtype {
        DType::Bool => Scalar::Bool(n % 3 == 0),
        DType::Str => Scalar::Str(["zero", "één", "", "日本"][n as usize % 4].into()),
        DType::C64 | DType::C128 => Scalar::Complex(num_complex::Complex64::new(n as f64, -1.5)),
        DType::F16 | DType::F32 | DType::F64 => Scalar::Float(n as f64 / 4.0),
        _ => Scalar::Int(n as i64 % 100),
    });
    let blocks: Vec<Block> = scalars.map(|s| Block::from_scalar(spec.dtype, &s).insert_axis(0)).collect();
    let flat = if blocks.is_empty() { Block::zeros(spec.dtype, &[0]) } else { Block::concat(&blocks, 0) };
    let mut all = Block::zeros(spec.dtype, &spec.shape);
    for (index, n) in Region::whole(&spec.shape).indices().zip(0..) {
        let mut one = flat.slice(&Region { start: vec![n], shape: vec![1] }).drop_axis(0, 0);
        (0..index.len()).for_each(|_| one = one.insert_axis(0));
        all.assign(&index, &one);
    }
    all
}

fn write(target: &dyn TargetWriter, spec: &ArraySpec, leave_out: Option<&[u64]>) {
    let (writer, all) = (target.array(&spec.path), values(spec));
    let grid = crate::array::ChunkGrid::regular(writer.object_shape());
    for index in Region::whole(&grid.counts(&spec.shape)).indices() {
        if leave_out != Some(index.as_slice()) {
            writer.write(&index, &all.slice(&grid.region(&index, &spec.shape))).unwrap();
        }
    }
}

fn dataset(flavour: Flavour) -> (Vec<ArraySpec>, TargetOptions) {
    let (time, y, x) = (("time", 7), ("y", 5), ("x", 9));
    let mut t = spec("/t", DType::F32, &[time, y, x], &[2, 5, 4]);
    t.codecs = Some(vec![codec("shuffle", None), codec("gzip", Some(3)), codec("fletcher32", None)]);
    t.fill = Some(Scalar::Float(f64::NAN));
    t.attrs.set("units", AttrValue::Str("K".into()));
    t.attrs.set("range", AttrValue::Numbers(DType::F32, vec![Scalar::Float(1.5), Scalar::Float(2.0)]));
    t.attrs.set("flag", AttrValue::Number(DType::I16, Scalar::Int(-3)));
    t.attrs.set("names", AttrValue::StrList(vec!["ä".into(), "b".into()]));
    t.attrs.set("nothing", AttrValue::Str(String::new()));
    t.attrs.set("CLASS", AttrValue::Str("not ours".into()));
    let mut clock = spec("/time", DType::I64, &[time], &[7]);
    clock.is_coordinate = true;
    clock.attrs.set("units", AttrValue::Str("days since 2000-01-01".into()));
    let mut specs = vec![
        t,
        clock,
        spec("/x", DType::F64, &[x], &[4]),
        spec("/plain", DType::U16, &[y, x], &[2, 3]),
        spec("/mask", DType::Bool, &[x], &[9]),
        spec("/labels", DType::Str, &[y], &[2]),
        spec("/total", DType::F64, &[], &[]),
        spec("/y", DType::I8, &[time, y], &[7, 5]),
        spec("/deep/er/n", DType::I32, &[x, ("new", 3)], &[9, 3]),
        spec("/deep/er/u", DType::U64, &[("x", 2)], &[1]),
    ];
    specs.last_mut().unwrap().path = "/deep/u".into();
    if flavour == Flavour::Hdf5 {
        specs.extend([
            spec("/half", DType::F16, &[x], &[9]),
            spec("/c64", DType::C64, &[x], &[2]),
            spec("/c128", DType::C128, &[x], &[9]),
            spec("/empty", DType::F32, &[("none", 0), x], &[1, 9]),
        ]);
    }
    let mut options = TargetOptions::default();
    options.attrs.set("title", AttrValue::Str("größer".into()));
    options.attrs.set("long", AttrValue::Str("x".repeat(100_000)));
    (specs, options)
}

fn make(directory: &Path, flavour: Flavour) -> std::path::PathBuf {
    let (specs, options) = dataset(flavour);
    let (name, create) = match flavour {
        Flavour::Hdf5 => ("a.h5", create_hdf5 as crate::runtime::serializers::CreateFile),
        Flavour::NetCdf => ("a.nc", create_netcdf as crate::runtime::serializers::CreateFile),
    };
    let path = directory.join(name);
    let target = create(&path, &specs, &options).unwrap();
    specs.iter().for_each(|spec| write(&*target, spec, (spec.path == "/t").then_some(&[1, 0, 1])));
    target.finish().unwrap();
    path
}

#[test]
fn we_read_what_we_write() {
    let directory = tempfile::tempdir().unwrap();
    for flavour in [Flavour::Hdf5, Flavour::NetCdf] {
        let container = open(&Place::local(&make(directory.path(), flavour))).unwrap();
        for spec in dataset(flavour).0 {
            let found = read_path(&*container, &spec.path);
            let mut expected = values(&spec);
            if spec.path == "/t" {
                let part = Region { start: vec![2, 0, 4], shape: vec![2, 5, 4] };
                expected.assign(&part.start, &Block::full(DType::F32, &part.shape, &Scalar::Float(-1.0)));
                let hole = found.slice(&part).scalars();
                assert!(hole.iter().all(Scalar::is_missing), "{hole:?}");
                let mut filled = Block::zeros(DType::F32, &spec.shape);
                filled.assign(&[0, 0, 0], &found);
                filled.assign(&part.start, &Block::full(DType::F32, &part.shape, &Scalar::Float(-1.0)));
                assert_eq!(filled, expected);
            } else if spec.dtype == DType::Bool && flavour == Flavour::NetCdf {
                assert_eq!(found.to_bytes(), expected.to_bytes());
            } else {
                assert_eq!(found, expected, "{}", spec.path);
            }
        }
        let described = describe(container.stored()).replace(&"x".repeat(100_000), "x…");
        insta::assert_snapshot!(format!("{flavour:?}"), described);
    }
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for flavour in [Flavour::Hdf5, Flavour::NetCdf] {
        let [a, b] = [&one, &two].map(|directory| std::fs::read(make(directory.path(), flavour)).unwrap());
        assert!(a == b);
    }
}

#[test]
fn python_reads_what_we_write() {
    let directory = tempfile::tempdir().unwrap();
    for flavour in [Flavour::Hdf5, Flavour::NetCdf] {
        make(directory.path(), flavour);
    }
    let Some(said) = python(directory.path(), include_str!("../../../../../tests/oracle/hdf5_read.py")) else { return };
    insta::assert_snapshot!(said);
}

#[test]
fn ncdump_reads_what_we_write() {
    let directory = tempfile::tempdir().unwrap();
    for flavour in [Flavour::Hdf5, Flavour::NetCdf] {
        let path = make(directory.path(), flavour);
        let Ok(run) = Command::new("ncdump").arg("-h").arg(&path).output() else {
            eprintln!("SKIPPED: there is no ncdump");
            return;
        };
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let text = String::from_utf8(run.stdout).unwrap().replace(&"x".repeat(100_000), "x…");
        insta::assert_snapshot!(format!("ncdump_{flavour:?}"), text);
    }
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let good = spec("/a", DType::F32, &[("x", 10)], &[5]);
    let with = |change: fn(&mut ArraySpec)| {
        let mut spec = good.clone();
        change(&mut spec);
        vec![spec]
    };
    let codecs = |codecs: Vec<CodecSpec>| vec![ArraySpec { codecs: Some(codecs), ..good.clone() }];
    let mut cases = vec![
        with(|s| s.path = "/".into()),
        with(|s| s.path = "/g/../a".into()),
        with(|s| s.dims = vec!["a/b".into()]),
        with(|s| s.dtype = DType::C64),
        with(|s| s.dtype = DType::F16),
        with(|s| s.dtype = DType::Duration),
        with(|s| s.shards = Some(vec![10])),
        with(|s| (s.shape, s.chunks) = (vec![1 << 40], vec![1 << 32])),
        with(|s| s.attrs.set("z", AttrValue::Number(DType::C128, Scalar::zero(DType::C128)))),
        codecs(vec![codec("zstd", Some(3))]),
        codecs(vec![codec("gzip", Some(10))]),
        codecs(vec![codec("shuffle", Some(1))]),
        codecs(vec![codec("gzip", None), codec("shuffle", None)]),
        codecs(vec![codec("gzip", None), codec("deflate", None)]),
    ];
    cases.push(vec![good.clone(), good.clone()]);
    cases.push(vec![good.clone(), ArraySpec { path: "/a/b".into(), ..good.clone() }]);
    cases.push(vec![good.clone(), spec("/b", DType::F32, &[("x", 11)], &[5])]);
    let mut lines = Vec::new();
    for specs in cases {
        let error = check_netcdf(&specs, &TargetOptions::default()).unwrap_err();
        let help = error.help.map_or_else(String::new, |help| format!("\n  help: {help}"));
        lines.push(format!("{}: {}{help}", error.code, error.message));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_file_that_cannot_be_made_is_an_error() {
    let error = create_hdf5(Path::new("/nowhere/a.h5"), &[], &TargetOptions::default()).err().unwrap();
    assert_eq!(error.code, "ff::write::failed");
    assert!(error.message.contains("No such file or directory"), "{}", error.message);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    let spec = spec("/a", DType::F32, &[("x", 10)], &[5]);
    let target = create_hdf5(&path, std::slice::from_ref(&spec), &TargetOptions::default()).unwrap();
    let writer = target.array("/a");
    assert!(writer.write(&[0], &Block::zeros(DType::F32, &[4])).is_err());
    assert!(writer.write(&[2], &Block::zeros(DType::F32, &[5])).is_err());
    target.finish().unwrap();
    assert!(writer.write(&[0], &Block::zeros(DType::F32, &[5])).unwrap_err().message.contains("already finished"));
}
