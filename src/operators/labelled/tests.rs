//! What goes by labels against xarray's, any split against the whole, and what is refused.

use std::slice::from_ref;

use num_complex::Complex64;

use crate::array::{ArrayType, Block, Calendar, DType, Dims};
use crate::operators::reduction::tests::{DATA, LOOP, told};
use crate::operators::testing::{Bench, assert_python, ints, list, text};
use crate::operators::{Builder, Constant, Value};
use Value::{Bool, Float, Int, Name};

fn name(name: &str) -> Value {
    Name(name.into())
}

/// The arrays that Python's side calls `x` and `n`, labelled.
fn arrays(bench: &mut Bench) -> [Value; 2] {
    let element = |i: i64| if i % 11 == 3 { f64::NAN } else { (i * 7919 % 1000) as f64 / 8.0 - 60.0 };
    let shape = [("t", 40), ("y", 3), ("x", 50)];
    let x = bench.array(&shape, (0..6000).map(element).collect::<Vec<f64>>());
    let n = bench.array(&shape, (0..6000).map(|i: i64| i * 7919 % 1000 - 300).collect::<Vec<i64>>());
    let labels = [
        ("t", list((0..40).map(|i| Float(f64::from(i) * 0.5 + if i % 7 == 0 { 0.25 } else { 0.0 })))),
        ("y", ints([5, 1, 2])),
    ];
    [x, n].map(|x| Value::Array(bench.apply_named("assign_coords", &[Value::Array(x)], &labels)))
}

const LABELLED: &str = "
k = np.arange(40)
x, n = (v.assign_coords(t=k * .5 + np.where(k % 7 == 0, .25, 0), y=[5, 1, 2]) for v in (x, n))
";

fn assert_told(script: &str, lines: &[String]) {
    assert_python(&format!("{DATA}{LOOP}{LABELLED}{script}"), lines);
}

#[test]
fn labels_of_extremes_are_xarrays() {
    let mut bench = Bench::new();
    let [x, n] = arrays(&mut bench);
    let hidden = Value::Array(bench.apply_named("gt", &[x.clone(), Int(60)], &[]));
    let few = Value::Array(bench.apply_named("where", &[hidden, x.clone()], &[]));
    let mut lines = Vec::new();
    for x in [&x, &n, &few] {
        for dim in ["t", "y"] {
            for which in ["idxmin", "idxmax"] {
                lines.push(told(&mut bench, which, &[x.clone(), name(dim)], &[]));
            }
        }
    }
    let script = "
for a in [x, n, x.where(x > 60)]:
    for d in 'ty':
        told(a.idxmin(d)); told(a.idxmax(d))";
    assert_told(script, &lines);
}

#[test]
fn integrals_and_derivatives_are_xarrays() {
    let mut bench = Bench::new();
    let [x, n] = arrays(&mut bench);
    let mut lines = Vec::new();
    for x in [&x, &n] {
        for dim in ["t", "y"] {
            lines.push(told(&mut bench, "integrate", &[x.clone(), name(dim)], &[]));
            lines.push(told(&mut bench, "cumulative_integrate", &[x.clone(), name(dim)], &[]));
            lines.push(told(&mut bench, "differentiate", &[x.clone(), name(dim)], &[("edge_order", Int(2))]));
        }
        lines.push(told(&mut bench, "integrate", &[x.clone(), name("t"), name("y")], &[]));
    }
    let script = "
for a in [x, n]:
    for d in 'ty': told(a.integrate(d)); told(a.cumulative_integrate(d).astype('f8')); told(a.differentiate(d, edge_order=2))
    told(a.integrate(['t', 'y']))";
    assert_told(script, &lines);
}

#[test]
fn elements_are_sorted_by_keys() {
    let mut bench = Bench::new();
    let x = bench.array(&[("y", 4), ("t", 2)], (0..8).collect::<Vec<i64>>());
    let x = Value::Array(bench.apply_named("assign_coords", &[Value::Array(x)], &[("y", ints([30, 10, 40, 10]))]));
    let holes = list([Float(2.0), Float(f64::NAN), Float(1.0), Float(2.0)]);
    let down = [("descending", Bool(true))];
    let mut lines = Vec::new();
    for key in [name("y"), name("t"), holes] {
        let key = match key {
            Value::List(items) => {
                let values: Vec<f64> = items.iter().map(|v| v.scalar().unwrap().as_f64().unwrap()).collect();
                let ty = ArrayType::new(DType::F64, Dims::new([("y", 4)]));
                Value::Array(bench.constant(ty, Constant::Values(Block::from_list(values))))
            }
            key => key,
        };
        lines.push(bench.say("sortby", &[x.clone(), key.clone()], &[]));
        lines.push(bench.say("sortby", &[x.clone(), key], &down));
    }
    let script = "
x = xr.DataArray(np.arange(8).reshape(4, 2), dims=['y', 't'], coords={'y': [30, 10, 40, 10]})
for k in ['y', x.t, xr.DataArray([2, np.nan, 1, 2], dims='y')]:
    for up in [True, False]:
        r = x.sortby(k, ascending=up)
        show(r.drop_vars('t') if 't' in r.coords else r)";
    assert_python(script, &lines);
}

#[test]
fn what_is_missing_is_left_out_or_taken_from_another() {
    let mut bench = Bench::new();
    let nan = f64::NAN;
    let known = |bench: &mut Bench, dims: &[(&'static str, u64)], values: Vec<f64>| {
        let ty = ArrayType::new(DType::F64, Dims::new(dims.iter().copied()));
        let block = Block::from_vec(&ty.shape(), values).unwrap();
        bench.constant(ty, Constant::Values(block))
    };
    let x = known(&mut bench, &[("y", 3), ("t", 2)], vec![1.0, nan, nan, nan, 3.0, 4.0]);
    let x = bench.apply_named("assign_coords", &[Value::Array(x)], &[("y", ints([7, 8, 9]))]);
    let other = bench.array(&[("y", 2), ("t", 2)], vec![10.0, 20.0, nan, 40.0]);
    let other = bench.apply_named("assign_coords", &[Value::Array(other)], &[("y", ints([9, 6]))]);
    let whole = Value::Array(bench.array(&[("y", 3)], vec![1i32, 2, 3]));
    let (x, other) = (Value::Array(x), Value::Array(other));
    let lines = [
        bench.say("dropna", &[x.clone(), name("y")], &[]),
        bench.say("dropna", &[x.clone(), name("y")], &[("how", text("all"))]),
        bench.say("dropna", &[x.clone(), name("y")], &[("thresh", Int(1))]),
        bench.say("dropna", &[x.clone(), name("t")], &[]),
        bench.say("dropna", &[whole, name("y")], &[]),
        bench.say("combine_first", &[x.clone(), other.clone()], &[]),
        bench.say("combine_first", &[other, x], &[]),
    ];
    let script = "
n = np.nan
x = xr.DataArray([[1, n], [n, n], [3, 4]], dims=['y', 't'], coords={'y': [7, 8, 9]})
o = xr.DataArray([[10, 20], [n, 40]], dims=['y', 't'], coords={'y': [9, 6]})
show(x.dropna('y')); show(x.dropna('y', how='all')); show(x.dropna('y', thresh=1)); show(x.dropna('t'))
show(xr.DataArray([1, 2, 3], dims='y')); show(x.combine_first(o)); show(o.combine_first(x))";
    assert_python(script, &lines);
}

#[test]
fn labels_of_every_kind_are_given() {
    let mut bench = Bench::new();
    let nan = f64::NAN;
    let x = bench.array(&[("y", 2), ("t", 3)], vec![1.0, nan, 3.0, nan, nan, nan]);
    let dates = [0i64, 86_400_000_000, 172_800_000_000].to_vec();
    let calendar = DType::DateTime(Calendar::NoLeap);
    let dates =
        bench.constant(ArrayType::new(calendar, Dims::new([("t", 3)])), Constant::Values(Block::from_list(dates)));
    let with = |bench: &mut Bench, labels: Value| {
        Value::Array(bench.apply_named("assign_coords", &[Value::Array(x)], &[("t", labels)]))
    };
    let dated = with(&mut bench, Value::Array(dates));
    let named = with(&mut bench, list(["a", "b", "c"].map(text)));
    let lines = [
        bench.say("idxmax", &[dated.clone(), name("t")], &[]),
        bench.say("idxmin", &[named, name("t")], &[]),
        bench.say("integrate", &[dated.clone(), name("t")], &[("datetime_unit", text("D"))]),
        bench.say("differentiate", &[dated, name("t")], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let complex = Value::Array(bench.array(&[("t", 2)], vec![Complex64::new(1.0, 2.0); 2]));
    let complex = Value::Array(bench.apply_named("assign_coords", &[complex], &[("t", ints([1, 2]))]));
    let other = Value::Array(bench.array(&[("y", 3)], vec![1.0, 2.0, 3.0]));
    let lines = [
        bench.say("idxmin", from_ref(&x), &[]),
        bench.say("idxmin", &[x.clone(), name("t")], &[]),
        bench.say("idxmax", &[complex, name("t")], &[]),
        bench.say("sortby", &[x.clone(), name("z")], &[]),
        bench.say("sortby", &[x.clone(), x.clone()], &[]),
        bench.say("dropna", &[x.clone(), name("t")], &[]),
        bench.say("combine_first", &[x.clone(), other], &[]),
        bench.say("differentiate", &[x.clone(), name("t")], &[]),
        bench.say("integrate", from_ref(&x), &[]),
        bench.say("integrate", &[x.clone(), name("t")], &[]),
        bench.say("cumulative_integrate", &[x, name("z")], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
