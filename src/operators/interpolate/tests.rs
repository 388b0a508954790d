//! Interpolation against xarray's, any split against the whole, and what is refused.

use std::slice::from_ref;

use half::f16;
use num_complex::Complex64;

use crate::array::{Calendar, DType};
use crate::operators::reduction::tests::{DATA, LOOP, told};
use crate::operators::testing::{Bench, assert_python, ints, list, text};
use crate::operators::{Builder, Value};
use Value::{Float, Int, Name};

/// The array that Python's side calls `x`, labelled.
fn labelled(bench: &mut Bench) -> Value {
    let element = |i: i64| if i % 11 == 3 { f64::NAN } else { (i * 7919 % 1000) as f64 / 8.0 - 60.0 };
    let x = bench.array(&[("t", 40), ("y", 3), ("x", 50)], (0..6000).map(element).collect::<Vec<f64>>());
    let t = list((0..40).map(|i| Float(f64::from(i * i) / 4.0)));
    let down = list((0..50).map(|i| Int(100 - 2 * i)));
    Value::Array(bench.apply_named(
        "assign_coords",
        &[Value::Array(x)],
        &[("t", t), ("x", down), ("y", ints([5, 1, 2]))],
    ))
}

const LABELLED: &str = "
x = x.assign_coords(t=np.arange(40) ** 2 / 4, x=100 - 2 * np.arange(50), y=[5, 1, 2])
T, X, Y = [0.1, 379.5, 12, 381, 30.5], [99.5, 3.2, 1.9], [1.5, 4, 0, 5.5]
";

fn targets(name: &str) -> Value {
    match name {
        "t" => list([0.1, 379.5, 12.0, 381.0, 30.5].map(Float)),
        "x" => list([99.5, 3.2, 1.9].map(Float)),
        _ => list([Float(1.5), Int(4), Int(0), Float(5.5)]),
    }
}

#[test]
fn values_between_labels_are_xarrays() {
    let mut bench = Bench::new();
    let x = labelled(&mut bench);
    let narrow = Value::Array(bench.apply_named("cast", &[x.clone(), Value::DType(DType::F32)], &[]));
    let mut lines = Vec::new();
    for x in [&x, &narrow] {
        for method in ["linear", "nearest"] {
            for fill in [Float(f64::NAN), text("extrapolate"), Float(-7.5)] {
                let named = |dims: &[&'static str]| {
                    let dims = dims.iter().map(|dim| (*dim, targets(dim)));
                    dims.chain([("method", text(method)), ("fill", fill.clone())]).collect::<Vec<_>>()
                };
                for dims in [&["t"][..], &["y"], &["x"], &["y", "x"]] {
                    lines.push(told(&mut bench, "interp", from_ref(x), &named(dims)));
                }
            }
        }
    }
    let script = "
for a in [x, x.astype('f4')]:
    for method in ['linear', 'nearest']:
        for fill in [np.nan, 'extrapolate', -7.5]:
            for d in [dict(t=T), dict(y=Y), dict(x=X), dict(y=Y, x=X)]: told(a.interp(d, method=method, kwargs=dict(fill_value=fill)).astype(a.dtype))";
    assert_python(&format!("{DATA}{LOOP}{LABELLED}{script}"), &lines);
}

#[test]
fn splines_are_scipys() {
    let mut bench = Bench::new();
    let x = labelled(&mut bench);
    let whole = Value::Array(bench.apply_named("fillna", &[x, Float(3.0)], &[]));
    let single = Value::Array(bench.apply_named("cast", &[whole.clone(), Value::DType(DType::F32)], &[]));
    let mut lines = Vec::new();
    for (dims, beyond) in [(&["t"][..], false), (&["x"], false), (&["t"], true), (&["x"], true)] {
        let mut named: Vec<(&str, Value)> = dims.iter().map(|dim| (*dim, targets(dim))).collect();
        named.push(("method", text("cubic")));
        if beyond {
            named.push(("fill", text("extrapolate")));
        }
        lines.push(told(&mut bench, "interp", from_ref(&whole), &named));
    }
    let named = [("x", Float(33.3)), ("method", text("cubic"))];
    lines.push(told(&mut bench, "interp", from_ref(&single), &named));
    let script = "
x = x.fillna(3)
for kw in [{}, dict(fill_value='extrapolate')]:
    for d in [dict(t=T), dict(x=X)]: told(x.interp(d, method='cubic', kwargs=kw))
told(x.astype('f4').interp(x=33.3, method='cubic').astype('f4'))";
    assert_python(&format!("{DATA}{LOOP}{LABELLED}{script}"), &lines);
}

#[test]
fn labels_of_every_kind_are_found() {
    let mut bench = Bench::new();
    let squares = bench.array(&[("d", 4)], vec![0.0, 1.0, 4.0, 9.0]);
    let dates = ["2000-01-01", "2000-01-02", "2000-01-03", "2000-01-05"];
    let calendar = DType::DateTime(Calendar::Standard);
    let times = bench.array_of::<i64>(calendar, &[("d", 4)], dates.map(micros).to_vec());
    let times = bench.values(times);
    let ty = crate::array::ArrayType::new(calendar, crate::array::Dims::new([("d", 4)]));
    let times = bench.constant(ty, crate::operators::Constant::Values(times));
    let dated =
        Value::Array(bench.apply_named("assign_coords", &[Value::Array(squares)], &[("d", Value::Array(times))]));
    let bare = Value::Array(squares);
    let single = bench.array(&[("d", 1)], vec![2.5]);
    let one = Value::Array(bench.apply_named("assign_coords", &[Value::Array(single)], &[("d", ints([7]))]));
    let halves = bench.array(&[("d", 2)], [1.0, 2.0].map(f16::from_f64).to_vec());
    let complex = bench.array(&[("d", 2)], vec![Complex64::new(1.0, -1.0), Complex64::new(3.0, 5.0)]);
    let lines = [
        bench.say("interp", from_ref(&dated), &[("d", list([text("2000-01-04"), text("2000-01-01T12:00:00")]))]),
        bench.say("interp", from_ref(&dated), &[("d", text("2000-01-04"))]),
        bench.say(
            "interp",
            from_ref(&dated),
            &[("d", list([text("2000-01-04T12"), text("2001")])), ("method", text("nearest"))],
        ),
        bench.say("interp", from_ref(&bare), &[("d", list([0.5, 2.0, 3.0, 3.5].map(Float)))]),
        bench.say("interp", from_ref(&bare), &[("d", ints([]))]),
        bench.say("interp", from_ref(&bare), &[("d", Int(2))]),
        bench.say("interp", from_ref(&one), &[("d", ints([7, 8]))]),
        bench.say(
            "interp",
            from_ref(&one),
            &[("d", ints([7, 8])), ("method", text("nearest")), ("fill", text("extrapolate"))],
        ),
        bench.say("interp", &[Value::Array(halves)], &[("d", Float(0.25))]),
        bench.say("interp", &[Value::Array(complex)], &[("d", list([Float(0.25), Int(9)]))]),
        bench.say("interp", from_ref(&bare), &[("d", list([f64::NAN, 9.0, 1.0].map(Float))), ("fill", Int(-1))]),
        bench.say(
            "interp",
            from_ref(&bare),
            &[("d", list([f64::NAN, 9.0, 1.5].map(Float))), ("fill", Int(-1)), ("method", text("cubic"))],
        ),
        bench.say("interp_like", &[bare.clone(), dated.clone()], &[]),
        bench.say("interp_like", &[dated.clone(), bare], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

fn micros(date: &str) -> i64 {
    crate::array::calendar::text::parse(Calendar::Standard, date).unwrap()
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let with = |bench: &mut Bench, labels: Value| {
        Value::Array(bench.apply_named("assign_coords", from_ref(&x), &[("y", labels)]))
    };
    let twice = with(&mut bench, ints([1, 2, 2, 3]));
    let texts = with(&mut bench, list(["a", "b", "c", "d"].map(text)));
    let holes = with(&mut bench, list([1.0, f64::NAN, 2.0, 3.0].map(Float)));
    let few = Value::Array(bench.array(&[("y", 3)], vec![1.0, 2.0, 3.0]));
    let empty = Value::Array(bench.array(&[("y", 0)], Vec::<f64>::new()));
    let flags = Value::Array(bench.array(&[("y", 2)], vec![true, false]));
    let complex = Value::Array(bench.array(&[("y", 4)], vec![Complex64::new(1.0, 2.0); 4]));
    let unknown = Value::Array(bench.array(&[("y", 2)], vec![0.5, 1.5]));
    let halves = [("y", list([Float(0.5)]))];
    let lines = [
        bench.say("interp", from_ref(&x), &[]),
        bench.say("interp", from_ref(&x), &[("z", Int(1))]),
        bench.say("interp", from_ref(&twice), &halves),
        bench.say("interp", from_ref(&texts), &halves),
        bench.say("interp", from_ref(&holes), &halves),
        bench.say("interp", from_ref(&x), &[("y", text("2000-01-01"))]),
        bench.say("interp", from_ref(&x), &[("y", unknown)]),
        bench.say("interp", from_ref(&x), &[("y", Name("t".into()))]),
        bench.say("interp", from_ref(&x), &[("y", Value::None)]),
        bench.say("interp", from_ref(&few), &[("y", Int(1)), ("method", text("cubic"))]),
        bench.say("interp", from_ref(&empty), &halves),
        bench.say("interp", from_ref(&flags), &halves),
        bench.say("interp", from_ref(&complex), &[("y", Int(1)), ("method", text("cubic"))]),
        bench.say("interp", from_ref(&x), &[("y", Int(1)), ("fill", text("edge"))]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn gaps_are_filled_as_by_xarray() {
    let mut bench = Bench::new();
    let element =
        |i: i64| if i * 7919 % 10 < 4 || i % 150 == 7 { f64::NAN } else { (i * 7919 % 1000) as f64 / 8.0 - 60.0 };
    let x = bench.array(&[("t", 40), ("y", 3), ("x", 50)], (0..6000).map(element).collect::<Vec<f64>>());
    let t = list((0..40).map(|i| Float(f64::from(i * i) / 4.0)));
    let x = Value::Array(bench.apply_named("assign_coords", &[Value::Array(x)], &[("t", t)]));
    let single = Value::Array(bench.apply_named("cast", &[x.clone(), Value::DType(DType::F32)], &[]));
    let options = [
        ("t", vec![]),
        ("x", vec![]),
        ("t", vec![("method", text("nearest"))]),
        ("t", vec![("limit", Int(1))]),
        ("x", vec![("limit", Int(2)), ("fill", text("extrapolate"))]),
        ("t", vec![("use_coordinate", Value::Bool(false))]),
        ("t", vec![("max_gap", Float(20.0))]),
        ("t", vec![("fill", Float(-1.0))]),
    ];
    let mut lines = Vec::new();
    for x in [&x, &single] {
        for (dim, named) in &options {
            lines.push(told(&mut bench, "interpolate_na", &[x.clone(), Name((*dim).into())], named));
        }
    }
    let script = "
i = np.arange(6000)
v = (i * 7919 % 1000) / 8 - 60
v[(i * 7919 % 10 < 4) | (i % 150 == 7)] = np.nan
x = array(v).assign_coords(t=np.arange(40) ** 2 / 4)
for a in [x, x.astype('f4')]:
    for d, kw in [('t', {}), ('x', {}), ('t', dict(method='nearest')), ('t', dict(limit=1)), ('x', dict(limit=2, fill_value='extrapolate')),
            ('t', dict(use_coordinate=False)), ('t', dict(max_gap=20.0)), ('t', dict(fill_value=-1.0))]:
        told(a.interpolate_na(d, **kw))";
    assert_python(&format!("{DATA}{LOOP}{script}"), &lines);
}

#[test]
fn gaps_that_are_not_filled() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let down = Value::Array(bench.apply_named("assign_coords", from_ref(&x), &[("y", ints([4, 3, 2, 1]))]));
    let whole = Value::Array(bench.array(&[("t", 2)], vec![1i32, 2]));
    let complex = Value::Array(bench.array(&[("t", 2)], vec![Complex64::new(1.0, 2.0); 2]));
    let few = Value::Array(bench.array(&[("y", 2), ("t", 2)], vec![f64::NAN, 1.0, f64::NAN, f64::NAN]));
    let (t, y) = (Name("t".into()), Name("y".into()));
    let lines = [
        bench.say("interpolate_na", &[whole, t.clone()], &[]),
        bench.say("interpolate_na", &[few, t.clone()], &[]),
        bench.say("interpolate_na", &[down, y], &[]),
        bench.say("interpolate_na", &[complex, t.clone()], &[]),
        bench.say("interpolate_na", &[x.clone(), t.clone()], &[("limit", Int(0))]),
        bench.say("interpolate_na", &[x, t], &[("max_gap", Value::Duration { months: 0, micros: 5 })]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
