use std::slice::from_ref;

use super::*;
use crate::array::{ArrayType, Block, Dims, Scalar};
use crate::operators::Constant;
use crate::operators::testing::{Bench, list, text};
use Value::{Float, Int};

fn attrs(bench: &Bench, x: super::super::Operand) -> Vec<String> {
    bench.ty(x).attrs.iter().map(|(name, value)| format!("{name}: {value:?}")).collect()
}

#[test]
fn what_is_packed_is_unpacked() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 6)], vec![-3.0, 0.26, f64::NAN, 1.24, 100.0, 7.5]);
    let x = Value::Array(bench.apply_named("with_attrs", &[Value::Array(x)], &[("units", text("K"))]));
    let named = [("dtype", Value::DType(DType::I16)), ("scale_factor", Float(0.5)), ("add_offset", Float(1.0))];
    let packed = bench.apply_named("encode", from_ref(&x), &named);
    bench.assert_splits(packed);
    let whole = |values: [i64; 6]| values.map(Scalar::Int).to_vec();
    assert_eq!(bench.values(packed).scalars(), whole([-8, -1, -32767, 0, 198, 13]));
    assert_eq!(
        attrs(&bench, packed),
        [
            "units: Str(\"K\")",
            "add_offset: Number(F64, Float(1.0))",
            "scale_factor: Number(F64, Float(0.5))",
            "_FillValue: Number(I16, Int(-32767))"
        ]
    );
    let meant = bench.apply_named("decode", &[Value::Array(packed)], &[]);
    let values: Vec<f64> = bench.values(meant).scalars().iter().filter_map(Scalar::as_f64).collect();
    assert!(values[2].is_nan());
    assert_eq!([&values[..2], &values[3..]].concat(), [-3.0, 0.5, 1.0, 100.0, 7.5]);
    assert_eq!(attrs(&bench, meant), ["units: Str(\"K\")"]);
    let plain = bench.apply_named("drop_coords", &[x], &[]);
    assert_eq!(bench.apply_named("decode", &[Value::Array(plain)], &[]), plain);
}

#[test]
fn numbers_that_count_from_a_date_become_instants() {
    let mut bench = Bench::new();
    let days = bench.apply_named("full", &[list([Int(2)]), Int(366)], &[]);
    let units = [("units", text("days since 2000-01-01")), ("calendar", text("noleap"))];
    let days = bench.apply_named("with_attrs", &[Value::Array(days)], &units);
    let times = bench.apply_named("decode", &[Value::Array(days)], &[]);
    assert_eq!(bench.ty(times).dtype, DType::DateTime(crate::array::Calendar::NoLeap));
    assert_eq!(attrs(&bench, times), Vec::<String>::new());
}

/// NumPy writes NaT as the least integer, without a fill value, and xarray reads it so.
#[test]
fn the_least_integer_is_no_time() {
    let ty = ArrayType::new(DType::I64, Dims::new([("t", 3)]));
    let block = Block::from_list(vec![1i64, i64::MIN, -1]);
    for (unit, step) in [("days", 86_400_000_000i64), ("microseconds", 1), ("nanoseconds", 0)] {
        let mut bench = Bench::new();
        let counts = bench.constant(ty.clone(), Constant::Values(block.clone()));
        let units = [("units", text(&format!("{unit} since 1970-01-01")))];
        let counts = bench.apply_named("with_attrs", &[Value::Array(counts)], &units);
        let times = bench.apply_named("decode", &[Value::Array(counts)], &[]);
        let found: Vec<Option<i64>> = bench.values(times).scalars().iter().map(Scalar::as_i64).collect();
        assert_eq!(found, [Some(step), Some(i64::MIN), Some(-step)], "{unit}");
    }
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = bench.x();
    let days = bench.apply_named("with_attrs", &[Value::Array(x)], &[("units", text("days since 2000-01-01"))]);
    let truth = bench.apply_named("gt", &[Value::Array(x), Float(0.0)], &[]);
    let x = Value::Array(x);
    let told = [
        bench.say("encode", from_ref(&x), &[("scale_factor", Float(0.0))]),
        bench.say("encode", from_ref(&x), &[("dtype", Value::DType(DType::U8)), ("fill_value", Int(-1))]),
        bench.say("encode", &[Value::Array(truth)], &[("scale_factor", Float(2.0))]),
        bench.say("decode", &[Value::Array(days)], &[]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
