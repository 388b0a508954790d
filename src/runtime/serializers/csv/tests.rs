//! Tables written and read back.

use super::*;
use crate::array::{AttrValue, Attributes, Block, DType, DimName, Scalar};
use crate::planner::target::{ArraySpec, TargetOptions};
use crate::runtime::serializers::testing::{describe, python, read_path};
use crate::runtime::storage::Place;

fn spec(path: &str, dims: &[&str], block: &Block) -> ArraySpec {
    ArraySpec {
        path: path.to_owned(),
        dtype: block.dtype(),
        dims: dims.iter().map(|d| DimName::new(d)).collect(),
        shape: block.shape(),
        chunks: block.shape().iter().map(|n| (*n).max(1)).collect(),
        shards: None,
        codecs: None,
        fill: None,
        attrs: Attributes::new(),
        is_coordinate: false,
    }
}

fn write(arrays: &[(ArraySpec, Block)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.csv");
    let specs: Vec<ArraySpec> = arrays.iter().map(|(s, _)| s.clone()).collect();
    let target = writer::create(&path, &specs, &TargetOptions::default()).unwrap();
    for (spec, block) in arrays {
        target.array(&spec.path).write(&vec![0; spec.shape.len()], block).unwrap();
    }
    target.finish().unwrap();
    std::fs::read_to_string(path).unwrap()
}

fn time(values: Vec<i64>) -> (ArraySpec, Block) {
    let block = Block::from_list(values);
    let mut spec = spec("/time", &["time"], &block);
    spec.is_coordinate = true;
    spec.attrs = [
        ("units".to_owned(), AttrValue::Str("hours since 2000-01-01".to_owned())),
        ("calendar".to_owned(), AttrValue::Str("360_day".to_owned())),
    ]
    .into_iter()
    .collect();
    (spec, block)
}

#[test]
fn tables_are_long() {
    let mut text = String::new();
    let value = Block::from_scalar(DType::F64, &Scalar::Float(1.5));
    text += &format!("--- a value\n{}", write(&[(spec("/m", &[], &value), value)]));
    let floats = Block::from_list(vec![0.1f32, f32::NAN, 1e30]);
    let mut counts = (spec("/n", &["time"], &Block::from_list(vec![1i32])), Block::from_list(vec![1, -9, 3]));
    counts.0.shape = vec![3];
    counts.0.chunks = vec![3];
    counts.0.fill = Some(Scalar::Int(-9));
    text += &format!(
        "--- two columns\n{}",
        write(&[(spec("/x", &["time"], &floats), floats), counts, time(vec![0, 12, 24 * 59])])
    );
    let grid = Block::from_vec(&[2, 3], vec![true, false, true, false, false, true]).unwrap();
    let names = Block::from_list(vec!["a".into(), "b,c".into(), "d \"e\"".into()] as Vec<Arc<str>>);
    let mut labels = spec("/g/x", &["x"], &names);
    labels.is_coordinate = true;
    text += &format!("--- two dims\n{}", write(&[(spec("/g/mask", &["y", "x"], &grid), grid), (labels, names)]));
    let none = Block::zeros(DType::F64, &[0]);
    text += &format!("--- no rows\n{}", write(&[(spec("/x", &["y"], &none), none)]));
    insta::assert_snapshot!(text);
}

#[test]
fn columns_get_types() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("in.csv");
    let table = "\u{feff}i,f,b,t,s,gap,none\r\n1,1.5,true,2000-01-01,\"a, \"\"b\"\"\",1,\r\n-2,nan,False,2000-01-01T12:00,\"two\nlines\",,\r\n";
    std::fs::write(&path, table).unwrap();
    let file = open(&Place::local(&path)).unwrap();
    let mut text = describe(file.stored());
    for name in ["i", "f", "b", "t", "s", "gap", "none"] {
        text += &format!("{name}: {:?}\n", read_path(&*file, name).scalars());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn pandas_reads_what_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let floats = Block::from_list(vec![0.1, f64::NAN, -1e-300]);
    std::fs::write(
        directory.path().join("out.csv"),
        write(&[(spec("/x", &["time"], &floats), floats), time(vec![0, 12, 24])]),
    )
    .unwrap();
    let script = "import pandas as pd; x = pd.read_csv('out.csv', parse_dates=['time']); print(x.x.tolist(), x.time.dt.hour.tolist())";
    if let Some(printed) = python(directory.path(), script) {
        assert_eq!(printed.trim(), "[0.1, nan, -1e-300] [0, 12, 0]");
    }
}

#[test]
fn what_is_no_table_is_refused() {
    let one = Block::zeros(DType::F64, &[3]);
    let x = spec("/x", &["y"], &one);
    let cases = [
        vec![ArraySpec { dims: ["a", "b", "c"].map(DimName::new).to_vec(), shape: vec![1; 3], ..x.clone() }],
        vec![x.clone(), ArraySpec { path: "/y2".to_owned(), shape: vec![4], ..x.clone() }],
        vec![ArraySpec { shape: vec![100_000_000], ..x.clone() }],
        vec![ArraySpec { dtype: DType::C128, ..x.clone() }],
        vec![ArraySpec { path: "/y".to_owned(), ..x.clone() }],
        vec![ArraySpec { shards: Some(vec![3]), ..x.clone() }],
    ];
    let mut text = String::new();
    for specs in cases {
        let error = writer::check(&specs, &TargetOptions::default()).unwrap_err();
        text += &format!("{}: {error}\n", error.code);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("in.csv");
    for table in ["a,b\n1\n", "a,a\n1,2\n", "a,\n1,2\n", "a\n\"1\n", "a\n\"1\"2\n", " \n"] {
        std::fs::write(&path, table).unwrap();
        let error = open(&Place::local(&path)).map(|_| ()).expect_err(table);
        text += &format!("{table:?}: {}: {error}\n", error.code).replace(&directory.path().display().to_string(), "");
    }
    insta::assert_snapshot!(text);
}
