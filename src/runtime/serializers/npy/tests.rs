//! Files that NumPy writes, and files that it reads.

use super::*;
use crate::array::{Attributes, Block, ChunkGrid, DType, DimName, Region};
use crate::planner::target::{ArraySpec, CodecSpec, TargetOptions};
use crate::runtime::serializers::testing::{describe, python, read_path};
use crate::runtime::storage::Place;

fn spec(dtype: DType, shape: &[u64], chunks: &[u64]) -> ArraySpec {
    ArraySpec {
        path: "/".to_owned(),
        dtype,
        dims: (0..shape.len()).map(DimName::auto).collect(),
        shape: shape.to_vec(),
        chunks: chunks.to_vec(),
        shards: None,
        codecs: None,
        fill: None,
        attrs: Attributes::new(),
        is_coordinate: false,
    }
}

fn counted(shape: &[u64]) -> Block {
    Block::from_vec(shape, (0..shape.iter().product::<u64>() as i32).collect()).unwrap()
}

#[test]
fn numpys_files_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
import numpy as np
x = np.arange(120, dtype="i4").reshape(4, 5, 6)
for order in "CF":
    for dtype in ["<i4", ">i4", ">f8", "<c8", ">c16", "|i1", "<M8[us]"]:
        np.save(f"{order}{dtype[1:2]}{dtype[2]}{'b' if dtype[0] == '>' else 'l'}.npy", np.asarray(x.astype(dtype), order=order))
for v in [(1, 0), (2, 0), (3, 0)]:
    with open(f"v{v[0]}.npy", "wb") as f: np.lib.format.write_array(f, x, version=v)
np.save("scalar.npy", np.array(7, "i4")); np.save("empty.npy", np.zeros((0, 3), "i4"))
np.save("text.npy", np.array(["a", "bcd"])); np.save("object.npy", np.array([{}], dtype=object), allow_pickle=True)
np.save("record.npy", np.zeros(2, dtype=[("a", "i4")]))
"#;
    if python(directory.path(), script).is_none() {
        return;
    }
    let whole = counted(&[4, 5, 6]);
    let parts = [
        ([0, 0, 0], [4, 5, 6]),
        ([1, 2, 3], [2, 2, 2]),
        ([3, 0, 0], [1, 5, 6]),
        ([0, 4, 5], [4, 1, 1]),
        ([2, 2, 2], [0, 1, 1]),
    ];
    let mut text = String::new();
    let mut names: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for path in names {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let file = match open(&Place::local(&path)) {
            Ok(file) => file,
            Err(error) => {
                text +=
                    &format!("{name}: {}: {error}\n", error.code).replace(&directory.path().display().to_string(), "");
                continue;
            }
        };
        text += &format!("{name}: {}", describe(file.stored()));
        let reader = file.reader("/").unwrap();
        let array = file.stored().array("/").unwrap().clone();
        if array.shape == [4, 5, 6] {
            for (start, shape) in parts {
                let region = Region { start: start.to_vec(), shape: shape.to_vec() };
                let found: Vec<_> = reader.read_region(&region).unwrap().scalars();
                let expected: Vec<_> = whole.slice(&region).scalars();
                let number = |s: &crate::array::Scalar| match s {
                    crate::array::Scalar::Complex(z) => Some(z.re),
                    crate::array::Scalar::DateTime(t, _) => Some(*t as f64),
                    other if name.contains("i1") => other.as_i64().map(|i| i as f64),
                    other => other.as_f64(),
                };
                assert_eq!(
                    found.iter().map(number).collect::<Vec<_>>(),
                    expected.iter().map(number).collect::<Vec<_>>(),
                    "{name} {region}"
                );
            }
        }
    }
    insta::assert_snapshot!(text);
    assert_eq!(
        read_path(&*open(&Place::local(&directory.path().join("scalar.npy"))).unwrap(), "/").get(&[]).as_i64(),
        Some(7)
    );
}

#[test]
fn files_survive() {
    let directory = tempfile::tempdir().unwrap();
    for (shape, chunks) in
        [(vec![4, 5, 6], vec![3, 2, 6]), (vec![4, 5, 6], vec![4, 5, 4]), (vec![7], vec![3]), (vec![], vec![])]
    {
        let path = directory.path().join("out.npy");
        let spec = spec(DType::I32, &shape, &chunks);
        let coordinate = ArraySpec { path: "/x".to_owned(), is_coordinate: true, ..spec.clone() };
        let target = writer::create(&path, &[spec.clone(), coordinate], &TargetOptions::default()).unwrap();
        let whole = counted(&shape);
        let grid = ChunkGrid::regular(&chunks);
        for index in Region::whole(&grid.counts(&shape)).indices() {
            target.array("/").write(&index, &whole.slice(&grid.region(&index, &shape))).unwrap();
            assert_eq!(target.array("/x").write(&index, &whole).unwrap(), 0);
        }
        target.finish().unwrap();
        assert_eq!(read_path(&*open(&Place::local(&path)).unwrap(), "/"), whole);
        let script = "import numpy as np; x = np.load('out.npy'); assert (x.ravel() == np.arange(x.size)).all() and x.dtype == 'i4', x; print(x.shape)";
        if let Some(printed) = python(directory.path(), script) {
            let commas = if shape.len() == 1 { "," } else { "" };
            let sizes: Vec<String> = shape.iter().map(u64::to_string).collect();
            assert_eq!(printed.trim(), format!("({}{commas})", sizes.join(", ")));
        }
    }
}

#[test]
fn damaged_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    let good = header::Header { descr: "<i4".into(), fortran_order: false, shape: vec![3] }.encode().unwrap();
    let with = |from: &str, to: &str| {
        let text = String::from_utf8_lossy(&good[10..]).replace(from, to);
        [&good[..8], &(text.len() as u16).to_le_bytes(), text.as_bytes(), &[0; 12]].concat()
    };
    let cases = [
        ("truncated", good.clone()),
        ("cut header", good[..20].to_vec()),
        ("version", [&good[..6], &[9], &good[7..]].concat()),
        ("no dict", with("{", " ")),
        ("no shape", with("'shape'", "'sharp'")),
        ("order", with("False", "Maybe")),
        ("huge", with("(3,)", "(9223372036854775807, 9)")),
        ("negative", with("(3,)", "(-3,)")),
        ("dtype", with("<i4", "<q9")),
    ];
    let mut text = String::new();
    for (name, bytes) in cases {
        std::fs::write(&path, bytes).unwrap();
        let error = open(&Place::local(&path)).map(|_| ()).expect_err(name);
        text += &format!("{name}: {error}\n").replace(&directory.path().display().to_string(), "");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_npy_cannot_store_is_refused() {
    let plain = || spec(DType::F32, &[4], &[2]);
    let zstd = CodecSpec { name: "zstd".to_owned(), args: Vec::new() };
    let cases = [
        vec![plain(), plain()],
        vec![ArraySpec { dtype: DType::Str, ..plain() }],
        vec![ArraySpec { codecs: Some(vec![zstd]), ..plain() }],
        vec![ArraySpec { shards: Some(vec![4]), ..plain() }],
    ];
    let errors = cases.iter().map(|specs| writer::check(specs, &TargetOptions::default()).unwrap_err());
    let text: Vec<String> = errors.map(|e| format!("{}: {e}", e.code)).collect();
    insta::assert_snapshot!(text.join("\n"));
}
