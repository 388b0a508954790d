//! Filters by order against SciPy's, any split against the whole, and what is refused.

use std::slice::from_ref;

use num_complex::Complex64;

use crate::operators::Value;
use crate::operators::reduction::tests::{DATA, LOOP, told};
use crate::operators::testing::{Bench, assert_python, text};
use Value::{Float, Int, Name};

const BOUNDARIES: [&str; 5] = ["reflect", "mirror", "nearest", "wrap", "constant"];

/// The array that Python's side calls `n`, in another dtype.
fn array<T: crate::array::block::Element>(bench: &mut Bench, of: impl Fn(i64) -> T) -> Value {
    let shape = [("t", 40), ("y", 3), ("x", 50)];
    Value::Array(bench.array(&shape, (0..6000).map(|i: i64| of(i * 7919 % 1000 - 300)).collect::<Vec<T>>()))
}

/// Boxes of odd and even sides, some longer than the array.
const BOXES: [&[(&str, i64)]; 5] =
    [&[("t", 3)], &[("x", 4), ("t", 2)], &[("y", 7)], &[("t", 1), ("y", 2)], &[("x", 5), ("y", 3)]];

#[test]
fn filters_are_scipys() {
    let mut bench = Bench::new();
    let n = array(&mut bench, |v| v);
    let f = array(&mut bench, |v| v as f32 / 8.0);
    let b = array(&mut bench, |v| v > 400);
    let mut lines = Vec::new();
    for x in [&n, &f, &b] {
        for name in ["minimum_filter", "maximum_filter", "median_filter", "percentile_filter", "erode", "dilate"] {
            for (boundary, sides) in BOUNDARIES.iter().flat_map(|b| BOXES.map(|sides| (*b, sides))) {
                let mut named: Vec<(&str, Value)> = sides.iter().map(|(dim, size)| (*dim, Int(*size))).collect();
                named.push(("boundary", text(boundary)));
                let mut args = vec![x.clone()];
                if name == "percentile_filter" {
                    args.push(Int(30));
                }
                lines.push(told(&mut bench, name, &args, &named));
            }
        }
    }
    let named = [("t", Int(3)), ("boundary", text("constant")), ("value", Int(-7))];
    lines.push(told(&mut bench, "minimum_filter", from_ref(&n), &named));
    for percentile in [-20, 0, 100] {
        lines.push(told(&mut bench, "percentile_filter", &[n.clone(), Int(percentile)], &[("x", Int(4))]));
    }
    let script = "
import scipy.ndimage as nd
k = np.arange(6000) * 7919 % 1000 - 300
boxes = [dict(t=3), dict(x=4, t=2), dict(y=7), dict(t=1, y=2), dict(x=5, y=3)]
def run(a, f, box, mode, **more):
    v = a.values.astype('u1') if a.dtype.kind == 'b' else a.values
    told(a.copy(data=f(v, size=[box.get(d, 1) for d in 'tyx'], mode=mode, **more).astype(a.dtype)))
for a in [n, array((k / 8).astype('f4')), array(k > 400)]:
    for f, more in [(nd.minimum_filter, {}), (nd.maximum_filter, {}), (nd.median_filter, {}), (nd.percentile_filter, dict(percentile=30)),
            (nd.grey_erosion, {}), (nd.grey_dilation, {})]:
        for mode in ['reflect', 'mirror', 'nearest', 'wrap', 'constant']:
            for box in boxes: run(a, f, box, mode, **more)
run(n, nd.minimum_filter, dict(t=3), 'constant', cval=-7)
for p in [-20, 0, 100]: run(n, nd.percentile_filter, dict(x=4), 'reflect', percentile=p)";
    assert_python(&format!("{DATA}{LOOP}{script}"), &lines);
}

#[test]
fn what_is_special_of_neighbourhoods() {
    let mut bench = Bench::new();
    let nan = f64::NAN;
    let x = bench.array(&[("t", 5)], vec![3.0, nan, 1.0, 5.0, 4.0]);
    let labels = Value::List(std::sync::Arc::new((1..6).map(|i| Int(10 * i)).collect()));
    let x = Value::Array(bench.apply_named("assign_coords", &[Value::Array(x)], &[("t", labels)]));
    let one = Value::Array(bench.array(&[("t", 1)], vec![7u8]));
    let empty = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<f64>::new()));
    let three = [("t", Int(3))];
    let lines = [
        bench.say("minimum_filter", from_ref(&x), &three),
        bench.say("median_filter", from_ref(&x), &three),
        bench.say("dilate", from_ref(&x), &[("t", Int(2)), ("boundary", text("wrap"))]),
        bench.say("maximum_filter", from_ref(&x), &[("t", Int(1))]),
        bench.say("median_filter", from_ref(&one), &three),
        bench.say("maximum_filter", from_ref(&one), &[("t", Int(4)), ("boundary", text("mirror"))]),
        bench.say("median_filter", from_ref(&empty), &three),
        bench.say("erode", from_ref(&empty), &[("y", Int(3))]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let whole = Value::Array(bench.array(&[("t", 2)], vec![1i32, 2]));
    let complex = Value::Array(bench.array(&[("t", 2)], vec![Complex64::new(1.0, 2.0); 2]));
    let three = [("t", Int(3))];
    let lines = [
        bench.say("median_filter", from_ref(&x), &[]),
        bench.say("median_filter", from_ref(&x), &[("z", Int(3))]),
        bench.say("minimum_filter", from_ref(&x), &[("t", Int(0))]),
        bench.say("minimum_filter", from_ref(&x), &[("t", Name("y".into()))]),
        bench.say("median_filter", from_ref(&x), &[("t", Int(1000)), ("y", Int(1000))]),
        bench.say("percentile_filter", &[x.clone(), Int(101)], &three),
        bench.say("maximum_filter", from_ref(&x), &[("t", Int(3)), ("value", Int(1))]),
        bench.say(
            "maximum_filter",
            from_ref(&whole),
            &[("t", Int(3)), ("boundary", text("constant")), ("value", Float(0.5))],
        ),
        bench.say("erode", from_ref(&complex), &three),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
