//! Fits against xarray's, any split against the whole, and what is refused.

use std::slice::from_ref;

use num_complex::Complex64;

use crate::array::DType;
use crate::operators::Value;
use crate::operators::reduction::tests::{DATA, LOOP, told};
use crate::operators::testing::{Bench, assert_python, ints, list, text};
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
    let t = list((0..40).map(|i| Float(f64::from(i) * 0.5 + if i % 7 == 0 { 0.25 } else { 0.0 })));
    [x, n].map(|x| {
        let labels = [("t", t.clone()), ("y", ints([2001, 2002, 2004]))];
        Value::Array(bench.apply_named("assign_coords", &[Value::Array(x)], &labels))
    })
}

const LABELLED: &str = "
k = np.arange(40)
x, n = (v.assign_coords(t=k * .5 + np.where(k % 7 == 0, .25, 0), y=[2001, 2002, 2004]) for v in (x, n))
def fit(a, d, deg, **more):
    c = a.polyfit(d, deg, **more).polyfit_coefficients
    told(c.where(a.count(d) > deg).round(6))
def less(a, d, deg): told((a - xr.polyval(a[d], a.polyfit(d, deg).polyfit_coefficients).where(a.count(d) > deg)).round(6))
";

#[test]
fn coefficients_are_xarrays() {
    let mut bench = Bench::new();
    let [x, n] = arrays(&mut bench);
    let single = Value::Array(bench.apply_named("cast", &[x.clone(), Value::DType(DType::F32)], &[]));
    let mut lines = Vec::new();
    let mut fit = |x: &Value, dim: &str, degree: i64, named: &[(&str, Value)]| {
        let fitted = bench.apply_named("polyfit", &[x.clone(), name(dim), Int(degree)], named);
        lines.push(told(&mut bench, "round", &[Value::Array(fitted), Int(6)], &[]));
    };
    for x in [&x, &n, &single] {
        for (dim, degree) in [("t", 0), ("t", 1), ("t", 3), ("x", 2), ("y", 1)] {
            fit(x, dim, degree, &[]);
        }
    }
    let weights = list((0..40).map(|i| Float(f64::from(i % 4) / 2.0)));
    fit(&n, "t", 2, &[("w", weights)]);
    let script = "
for a in [x, n, x.astype('f4')]:
    for d, deg in [('t', 0), ('t', 1), ('t', 3), ('x', 2), ('y', 1)]: fit(a, d, deg)
fit(n, 't', 2, w=k % 4 / 2)";
    assert_python(&format!("{DATA}{LOOP}{LABELLED}{script}"), &lines);
}

#[test]
fn trends_are_taken_off() {
    let mut bench = Bench::new();
    let [x, n] = arrays(&mut bench);
    let mut lines = Vec::new();
    for x in [&x, &n] {
        for (dim, degree) in [("t", 0), ("t", 1), ("x", 3)] {
            let rest = bench.apply_named("detrend", &[x.clone(), name(dim)], &[("degree", Int(degree))]);
            lines.push(told(&mut bench, "round", &[Value::Array(rest), Int(6)], &[]));
        }
    }
    let script = "
for a in [x, n]:
    for d, deg in [('t', 0), ('t', 1), ('x', 3)]: less(a, d, deg)";
    assert_python(&format!("{DATA}{LOOP}{LABELLED}{script}"), &lines);
}

#[test]
fn what_is_special_of_fits() {
    let mut bench = Bench::new();
    let nan = f64::NAN;
    let line = bench.array(&[("y", 2), ("t", 4)], vec![1.0, 3.0, 5.0, 7.0, nan, 2.0, nan, nan]);
    let labels = list([10, 20, 30, 40].map(Int));
    let line = Value::Array(bench.apply_named("assign_coords", &[Value::Array(line)], &[("t", labels)]));
    let degree = Value::Array(bench.array(&[("degree", 3)], vec![1.0, 2.0, 4.0]));
    let flags = Value::Array(bench.array(&[("t", 2)], vec![true, false]));
    let empty = Value::Array(bench.array(&[("t", 2), ("y", 0)], Vec::<f64>::new()));
    let t = name("t");
    let coefficients = bench.array(&[("degree", 2)], vec![3.0, 0.5]);
    let powers = bench.apply_named("assign_coords", &[Value::Array(coefficients)], &[("degree", ints([0, 2]))]);
    let lines = [
        bench.say("polyfit", &[line.clone(), t.clone(), Int(1)], &[]),
        bench.say("polyfit", &[line.clone(), t.clone(), Int(0)], &[("skipna", Bool(false))]),
        bench.say("detrend", &[line.clone(), t.clone()], &[("degree", Int(0))]),
        bench.say("polyfit", &[degree, name("degree"), Int(0)], &[]),
        bench.say("polyfit", &[flags, t.clone(), Int(1)], &[]),
        bench.say("polyfit", &[empty, t, Int(1)], &[]),
        bench.say("polyval", &[Float(2.0), Value::Array(powers)], &[]),
        bench.say("polyval", &[Int(3), list([Int(1), Float(0.5), Int(-2)])], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let t = name("t");
    let complex = Value::Array(bench.array(&[("t", 2)], vec![Complex64::new(1.0, 2.0); 2]));
    let taken = Value::Array(bench.array(&[("t", 2), ("degree", 2)], vec![1.0; 4]));
    let texts = list(["a", "b", "c", "d"].map(text));
    let texts = Value::Array(bench.apply_named("assign_coords", from_ref(&x), &[("y", texts)]));
    let same = Value::Array(bench.apply_named("assign_coords", from_ref(&x), &[("y", ints([1, 1, 1, 1]))]));
    let lines = [
        bench.say("polyfit", &[x.clone(), t.clone(), Int(6)], &[]),
        bench.say("polyfit", &[x.clone(), t.clone(), Int(-1)], &[]),
        bench.say("polyfit", &[x.clone(), name("z"), Int(1)], &[]),
        bench.say("polyfit", &[complex, t.clone(), Int(1)], &[]),
        bench.say("polyfit", &[taken, t.clone(), Int(1)], &[]),
        bench.say("polyfit", &[texts, name("y"), Int(1)], &[]),
        bench.say("detrend", &[same, name("y")], &[]),
        bench.say("polyfit", &[x.clone(), t.clone(), Int(1)], &[("w", ints([1, 2]))]),
        bench.say("polyval", &[Int(1), x.clone()], &[]),
        bench.say("polyval", &[Int(1), x], &[("dim", name("t"))]),
        bench.say("polyval", &[Int(1), list([text("a")])], &[]),
        bench.say("polyval", &[Int(1), list([])], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
