//! What h5py and netCDF4 read of a file is what the reader reads.

use std::path::{Path, PathBuf};

use super::super::testing::{describe, python, read_all};
use super::*;
use crate::array::{AttrValue, Block, DType, Region, Scalar};
use crate::planner::catalog::StoredGroup;
use crate::runtime::storage::Place;

const MAKE: &str = include_str!("../../../../tests/oracle/hdf5_make.py");
const DESCRIBE: &str = include_str!("../../../../tests/oracle/hdf5_describe.py");

/// Runs an oracle's script with one argument.
fn oracle(script: &str, argument: &Path) -> Option<String> {
    python(Path::new("."), &format!("import sys\nsys.argv = ['', {argument:?}]\n{script}"))
}

/// A dataset as `hdf5_describe.py` has it.
#[derive(serde::Deserialize)]
struct Described {
    path: String,
    dtype: String,
    shape: Vec<u64>,
    dims: Vec<Option<String>>,
    crc: u32,
    attrs: serde_json::Map<String, serde_json::Value>,
}

fn crc(block: &Block) -> u32 {
    match block.to_bytes() {
        Some(bytes) => crc32fast::hash(&bytes),
        None => {
            let scalars = block.scalars();
            let texts = scalars.iter().map(|scalar| match scalar {
                Scalar::Str(text) => text.as_ref(),
                _ => "",
            });
            crc32fast::hash(texts.collect::<Vec<_>>().join("\0").as_bytes())
        }
    }
}

fn attribute_differs(found: Option<&AttrValue>, expected: &serde_json::Value) -> bool {
    let parts = |scalar: &Scalar| match scalar {
        Scalar::Complex(value) => [value.re, value.im],
        other => [other.as_f64().unwrap_or(f64::NAN), 0.0],
    };
    match (found, expected) {
        (Some(AttrValue::Str(text)), serde_json::Value::String(expected)) => text != expected,
        (Some(AttrValue::Json(_)), serde_json::Value::Array(_)) => false,
        (Some(value), serde_json::Value::Array(expected)) => {
            let scalars = match value {
                AttrValue::Number(_, scalar) => vec![scalar.clone()],
                AttrValue::Numbers(_, scalars) => scalars.clone(),
                _ => return true,
            };
            let numbers: Vec<f64> = scalars.iter().flat_map(parts).collect();
            value.dtype().map(DType::name) != expected[0].as_str() || serde_json::json!(numbers) != expected[1]
        }
        _ => true,
    }
}

/// How reading `path` differs from what the oracle reads.
fn differences(path: &Path) -> Option<Vec<String>> {
    let described = oracle(DESCRIBE, path)?;
    let container = open(&Place::local(path)).unwrap_or_else(|error| panic!("{error}"));
    let mut wrong = Vec::new();
    for line in described.lines() {
        let expected: Described = serde_json::from_str(line).unwrap();
        if expected.path.ends_with("/zfp") {
            continue;
        }
        let mut check = |what: &str, differs: bool| {
            if differs {
                wrong.push(format!("{}: {what}", expected.path));
            }
        };
        let wanted = expected.path.replace("_nc4_non_coord_", "");
        let Some(array) = container.stored().array(&wanted) else {
            let error = container.reader(&wanted).err().map(|error| error.message);
            check(&format!("not there: {error:?}"), true);
            continue;
        };
        check(&format!("dtype {}", array.dtype), array.dtype.name() != expected.dtype);
        check(&format!("shape {:?}", array.shape), array.shape != expected.shape);
        let dims: Vec<_> = array.dims.iter().map(|dim| dim.as_ref().map(|d| d.as_str().to_owned())).collect();
        let mut unique = expected.dims.clone();
        (1..unique.len())
            .for_each(|axis| unique[axis] = unique[axis].take().filter(|d| !unique[..axis].contains(&Some(d.clone()))));
        check(&format!("dims {dims:?}, expected {unique:?}"), dims != unique);
        let reader = container.reader(&wanted).unwrap();
        check("values", crc(&read_all(&*reader, array)) != expected.crc);
        for (name, value) in &expected.attrs {
            let internal = matches!(name.as_str(), "CLASS" | "NAME")
                || name.starts_with("_Netcdf4")
                || name.starts_with("DIMENSION");
            let found = array.attrs.get(name);
            check(&format!("attribute {name}: {found:?}"), !internal && attribute_differs(found, value));
        }
    }
    Some(wrong)
}

fn unsupported(group: &StoredGroup, found: &mut Vec<String>) {
    let path = group.path.trim_end_matches('/');
    found.extend(group.unsupported.iter().map(|(name, reason)| format!("{path}/{name}: {reason}")));
    group.groups.iter().for_each(|(_, below)| unsupported(below, found));
}

#[test]
fn reads_what_h5py_reads() {
    let directory = tempfile::tempdir().unwrap();
    if oracle(MAKE, directory.path()).is_none() {
        return;
    }
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ext| ext != "bin")) {
        let wrong = differences(path).unwrap();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
    }
    let container = open(&Place::local(&directory.path().join("latest.h5"))).unwrap();
    let Stored::Group(root) = &**container.stored() else { panic!() };
    let mut reasons = Vec::new();
    unsupported(root, &mut reasons);
    insta::assert_snapshot!(reasons.join("\n"));
    insta::assert_snapshot!("unreadable", describe(&Stored::Group(root.group("unreadable").unwrap().clone())));
    let texts = container.reader("/unreadable/texts").unwrap();
    let error = texts.read_region(&Region { start: vec![0], shape: vec![2] }).unwrap_err();
    assert_eq!(error.code, "ff::read::decode");
    assert!(
        error.message.ends_with(r"/unreadable/texts: region [0..<2]: text that is not UTF-8: `caf\xe9`"),
        "{error}"
    );
    let ordered = root.group("ordered").unwrap();
    let names: Vec<_> = ordered.arrays.iter().take(4).map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0", "7", "14", "21"]);
}

/// Compares all files listed in the file that `FF_CORPUS` names, one path a line: the conformance run over files of
/// other projects, which are too many to ship.
#[test]
fn reads_a_corpus() {
    let Some(list) = std::env::var_os("FF_CORPUS") else { return };
    let paths = std::fs::read_to_string(list).unwrap();
    let wrong: Vec<String> = paths
        .lines()
        .filter_map(|path| {
            let compared = std::panic::catch_unwind(|| differences(Path::new(path)));
            match compared {
                Ok(wrong) => wrong.filter(|wrong| !wrong.is_empty()).map(|wrong| format!("{path}: {wrong:#?}")),
                Err(cause) => Some(format!("{path}: {:?}", cause.downcast_ref::<String>())),
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), paths.lines().count(), wrong.join("\n"));
}

#[test]
fn reads_the_example_data() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    for part in ["iris", "cmip6"] {
        for entry in std::fs::read_dir(examples.join(part)).unwrap() {
            let Some(wrong) = differences(&entry.unwrap().path()) else { return };
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }
}

/// Opens what may be damaged and reads a little of everything that is not large.
fn read_a_little(path: &Path) {
    let Ok(container) = open(&Place::local(path)) else { return };
    let Stored::Group(root) = &**container.stored() else { return };
    let mut groups = vec![root];
    while let Some(group) = groups.pop() {
        groups.extend(group.groups.iter().map(|(_, below)| below));
        for (_, array) in &group.arrays {
            let reader = container.reader(&array.path).unwrap();
            let size = array.dtype.size() as u64;
            let shape: Vec<u64> = array.shape.iter().map(|&n| n.min(3)).collect();
            match reader.chunk_shape() {
                None => drop(reader.read_region(&Region::whole(&shape))),
                Some(chunk) if chunk.iter().fold(size, |bytes, &n| bytes.saturating_mul(n)) < 1 << 20 => {
                    for index in Region::whole(&shape).indices() {
                        drop(reader.read_chunk(&index));
                    }
                }
                Some(_) => {}
            }
        }
    }
}

#[test]
fn what_cannot_be_opened_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let good = include_bytes!("../../../../tests/fixtures/hdf5_small_new.h5");
    let mut marked = good.to_vec();
    marked[11] = 1;
    let sum = format::source::checksum(&marked[..44]).to_le_bytes();
    marked[44..48].copy_from_slice(&sum);
    let files: &[(&str, &[u8])] = &[
        ("text.h5", b"just a text"),
        ("empty.h5", b""),
        ("classic.nc", b"CDF\x01\0\0\0\0"),
        ("short.h5", &good[..good.len() / 2]),
        ("marked.h5", &marked),
        ("damaged.h5", &[&good[..20], &[0; 100], &good[120..]].concat()),
    ];
    let said = |path: &Path| match open(&Place::local(path)) {
        Ok(_) => "opened".to_owned(),
        Err(error) => format!("{}: {}\n  help: {:?}", error.code, error.message, error.help),
    };
    let mut lines: Vec<String> = Vec::new();
    for (name, bytes) in files {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        lines.push(said(&path));
    }
    let held = directory.path().join("held.h5");
    std::fs::write(&held, good).unwrap();
    let writer = std::fs::File::options().write(true).open(&held).unwrap();
    writer.lock().unwrap();
    lines.push(said(&held));
    drop(writer);
    lines.extend([said(&held), said(directory.path()), said(Path::new("/nowhere.h5"))]);
    let text = lines.join("\n").replace(&directory.path().display().to_string(), "DIR");
    insta::assert_snapshot!(text);
}

#[test]
fn a_chunk_that_cannot_be_decoded_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged.h5");
    let mut bytes = include_bytes!("../../../../tests/fixtures/hdf5_small_new.h5").to_vec();
    std::fs::write(&path, &bytes).unwrap();
    let file = HdfFile::open(&Place::local(&path)).unwrap();
    let metadata = Metadata::read(&file).unwrap();
    let reader = Reader::new(Arc::new(file), metadata.datasets["g0"].clone(), "file: /g0".into());
    let chunk = reader.stored_chunk(&[1, 2]).unwrap();
    bytes[chunk.address as usize + 3] ^= 0xff;
    std::fs::write(&path, &bytes).unwrap();
    let reader = open(&Place::local(&path)).unwrap().reader("/g0").unwrap();
    assert!(reader.read_chunk(&[1, 1]).is_ok());
    let error = reader.read_chunk(&[1, 2]).unwrap_err();
    assert_eq!(error.code, "ff::read::decode");
    insta::assert_snapshot!(error.message.replace(&path.display().to_string(), "FILE"));
}

#[test]
fn damaged_files_do_no_harm() {
    let mutants = std::env::var("FF_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged.h5");
    let mut state = 9u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for file in [
        &include_bytes!("../../../../tests/fixtures/hdf5_small_old.h5")[..],
        include_bytes!("../../../../tests/fixtures/hdf5_small_new.h5"),
    ] {
        std::fs::write(&path, file).unwrap();
        read_a_little(&path);
        for mutant in 0..mutants {
            let mut damaged = file.to_vec();
            for _ in 0..1 + random(4) {
                let at = random(damaged.len());
                let len = [1, 1, 2, 4, 8][random(5)].min(damaged.len() - at);
                let value = [0, 0xff, 0x7f, 1, random(256) as u8][random(5)];
                damaged[at..at + len].fill(value);
            }
            if mutant % 50 == 0 {
                damaged.truncate(random(damaged.len()));
            }
            std::fs::write(&path, damaged).unwrap();
            format::source::UNCHECKED.set(mutant % 4 != 0);
            read_a_little(&path);
        }
    }
}
