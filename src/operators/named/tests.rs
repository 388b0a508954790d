//! Arrangements against NumPy's, and their errors.

use std::slice::from_ref;

use crate::operators::testing::{Bench, assert_python, ints, list};
use crate::operators::{Operand, Value};

use Value::{Float, Int, Name};

fn name(name: &str) -> Value {
    Name(name.into())
}

/// Shape and values of an array that any cut gives alike.
fn told(bench: &Bench, operand: Operand) -> String {
    bench.assert_splits(operand);
    let values = bench.values(operand);
    let texts: Vec<String> = values.scalars().iter().map(|s| format!("{:?}", s.as_f64().unwrap_or(f64::NAN))).collect();
    format!("{:?} {}", values.shape(), texts.join(" ")).replace("NaN", "nan")
}

fn array(value: &Value) -> Operand {
    let Value::Array(operand) = value else { panic!("an array") };
    *operand
}

/// The lines of a list of arrays.
fn listed(bench: &mut Bench, name: &str, positional: &[Value], named: &[(&str, Value)]) -> Vec<String> {
    let Ok(Value::List(items)) = bench.call(name, positional, named) else { panic!("{name} gives a list") };
    items.iter().map(|item| told(bench, array(item))).collect()
}

const SAY: &str = "
def say(a): a = np.asarray(a); print(list(a.shape), ' '.join(repr(float(v)) for v in a.ravel()))
x = np.arange(24.0).reshape(2, 3, 4); x[0, 1, 1] = np.nan
l, r = np.array([3., 1., 2.]), np.arange(4)";

fn cube(bench: &mut Bench) -> Value {
    let values: Vec<f64> = (0..24).map(|i| if i == 5 { f64::NAN } else { f64::from(i) }).collect();
    Value::Array(bench.array(&[("z", 2), ("t", 3), ("y", 4)], values))
}

#[test]
fn dims_are_arranged_as_numpy_does() {
    let mut bench = Bench::new();
    let x = cube(&mut bench);
    let line = Value::Array(bench.array(&[("t", 3)], vec![3.0, 1.0, 2.0]));
    let row = Value::Array(bench.array(&[("y", 4)], (0..4).collect::<Vec<i64>>()));
    let one = Value::Array(bench.array(&[], vec![7.0]));
    let mut made = vec![bench.apply_named("swapaxes", &[x.clone(), name("z"), name("y")], &[])];
    for to in [0, 1, 2, -1, -3] {
        made.push(bench.apply_named("moveaxis", &[x.clone(), name("t"), Int(to)], &[]));
    }
    for start in [0, 1, 2, 3, -1] {
        made.push(bench.apply_named("rollaxis", &[x.clone(), name("t")], &[("start", Int(start))]));
    }
    let matrix = Value::Array(bench.apply_named("isel", from_ref(&x), &[("z", Int(1))]));
    for least in ["atleast_1d", "atleast_2d", "atleast_3d"] {
        for of in [&one, &line, &matrix, &x] {
            made.push(bench.apply_named(least, from_ref(of), &[]));
        }
    }
    for stack in ["vstack", "hstack", "dstack"] {
        for of in [&line, &matrix, &x] {
            made.push(bench.apply_named(stack, &[list([of.clone(), of.clone()])], &[]));
        }
    }
    let across = Value::Array(bench.apply_named("isel", from_ref(&matrix), &[("t", Int(1))]));
    let bare = Value::Array(bench.array(&[("dim_0", 4)], vec![9.0, 8.0, 7.0, 6.0]));
    let deep = bench.apply_named("expand_dims", &[matrix.clone(), name("k")], &[("axis", Int(-1))]);
    let deep = Value::Array(deep);
    for (stack, parts) in [
        ("vstack", [&matrix, &across]),
        ("vstack", [&across, &matrix]),
        ("vstack", [&matrix, &bare]),
        ("dstack", [&deep, &matrix]),
        ("hstack", [&line, &one]),
    ] {
        made.push(bench.apply_named(stack, &[list(parts.map(Value::clone))], &[]));
    }
    let rows = list([list([matrix.clone(), matrix.clone()]), list([matrix.clone(), matrix.clone()])]);
    made.push(bench.apply_named("block", &[rows], &[]));
    made.push(bench.apply_named("block", &[list([x.clone(), x.clone()])], &[]));
    made.push(bench.apply_named("block", &[list([list([line.clone()]), list([line.clone()])])], &[]));
    let mut lines: Vec<String> = made.into_iter().map(|operand| told(&bench, operand)).collect();
    let grid = [line.clone(), row.clone()];
    lines.extend(listed(&mut bench, "meshgrid", &grid, &[]));
    lines.extend(listed(&mut bench, "meshgrid", &grid, &[("indexing", name("ij"))]));
    lines.extend(listed(&mut bench, "broadcast_arrays", &[x, line, row], &[]));
    let script = format!(
        "{SAY}
m = x[1]
say(x.swapaxes(0, 2))
for k in [0, 1, 2, -1, -3]: say(np.moveaxis(x, 1, k))
for k in [0, 1, 2, 3, -1]: say(np.rollaxis(x, 1, k))
for f in [np.atleast_1d, np.atleast_2d, np.atleast_3d]:
    for a in [np.array(7.), l, m, x]: say(f(a))
for f in [np.vstack, np.hstack, np.dstack]:
    for a in [l, m, x]: say(f([a, a]))
say(np.vstack([m, m[1]])); say(np.vstack([m[1], m])); say(np.vstack([m, [9., 8, 7, 6]]))
say(np.dstack([m[..., None], m])); say(np.hstack([l, 7.]))
say(np.block([[m, m], [m, m]])); say(np.block([x, x])); say(np.block([[l], [l]]))
for a in np.meshgrid(l, r) + np.meshgrid(l, r, indexing='ij'): say(a)
say(x); say(np.broadcast_to(l[:, None], x.shape)); say(np.broadcast_to(r, x.shape))"
    );
    assert_python(&script, &lines);
}

#[test]
fn elements_are_arranged_as_numpy_does() {
    let mut bench = Bench::new();
    let x = cube(&mut bench);
    let line = Value::Array(bench.array(&[("t", 3)], vec![3.0, 1.0, 2.0]));
    let few = Value::Array(bench.array(&[("t", 2)], vec![10i32, 20]));
    let t = || name("t");
    let mode = |mode: &str| [("mode", name(mode))];
    let at = ints([0, -1, 4, 7, -9]);
    let mut made = vec![
        bench.apply_named("take", &[x.clone(), ints([2, 0, 0]), t()], &[]),
        bench.apply_named("take", &[x.clone(), Int(-2), name("y")], &[]),
        bench.apply_named("take", &[x.clone(), ints([23, 1])], &[]),
        bench.apply_named("take", &[x.clone(), at.clone(), name("y")], &mode("wrap")),
        bench.apply_named("take", &[x.clone(), at, name("y")], &mode("clip")),
        bench.apply_named("delete", &[x.clone(), Int(1), t()], &[]),
        bench.apply_named("delete", &[x.clone(), ints([0, -1, 0]), name("y")], &[]),
        bench.apply_named("delete", &[x.clone(), ints([0, 1, 2]), t()], &[]),
        bench.apply_named("insert", &[x.clone(), Int(1), Int(9), t()], &[]),
        bench.apply_named("insert", &[x.clone(), Int(-1), line.clone(), name("y")], &[]),
        bench.apply_named("insert", &[line.clone(), Int(3), few.clone(), t()], &[]),
        bench.apply_named("insert", &[line.clone(), ints([3, 0]), few, t()], &[]),
        bench.apply_named("insert", &[line.clone(), ints([1, 1, -1]), Float(0.5), t()], &[]),
        bench.apply_named("append", &[x.clone(), x.clone(), t()], &[]),
        bench.apply_named("ediff1d", from_ref(&x), &[]),
        bench.apply_named("push", &[x.clone(), t()], &[("n", Int(1))]),
        bench.apply_named("diag", from_ref(&line), &[]),
        bench.apply_named("diag", from_ref(&line), &[("k", Int(2))]),
        bench.apply_named("diag", from_ref(&line), &[("k", Int(-1))]),
        bench.apply_named("tri", &[Int(3)], &[]),
        bench.apply_named("tri", &[Int(2), Int(4), Int(1)], &[]),
        bench.apply_named("tri", &[Int(3), Int(2), Int(-1)], &[]),
        bench.apply_named("indices", &[ints([2, 3])], &[]),
        bench.apply_named("union1d", &[line.clone(), x.clone()], &[("size", Int(24))]),
    ];
    for offset in [0, 1, -2, 9] {
        made.push(bench.apply_named("diagonal", from_ref(&x), &[("offset", Int(offset))]));
    }
    let turned = [("rows", name("y")), ("columns", name("z"))];
    made.push(bench.apply_named("diagonal", from_ref(&x), &turned));
    let matrix = Value::Array(bench.apply_named("isel", from_ref(&x), &[("z", Int(1))]));
    made.push(bench.apply_named("diag", &[matrix], &[("k", Int(1))]));
    for end in ["head", "tail", "thin"] {
        for n in [1, 2, 9] {
            made.push(bench.apply_named(end, from_ref(&x), &[("t", Int(n)), ("y", Int(3))]));
        }
    }
    let lines: Vec<String> = made.into_iter().map(|operand| told(&bench, operand)).collect();
    let script = format!(
        "{SAY}
import warnings; warnings.simplefilter('ignore')
say(x.take([2, 0, 0], 1)); say(x.take(-2, 2)); say(x.take([23, 1]))
for m in ['wrap', 'clip']: say(x.take([0, -1, 4, 7, -9], 2, mode=m))
say(np.delete(x, 1, 1)); say(np.delete(x, [0, -1, 0], 2)); say(np.delete(x, [0, 1, 2], 1))
say(np.insert(x, 1, 9, 1)); say(np.insert(x, -1, np.broadcast_to(l, (2, 3)), 2))
say(np.insert(l, 3, [10, 20])); say(np.insert(l, [3, 0], [10, 20])); say(np.insert(l, [1, 1, -1], 0.5))
say(np.append(x, x, 1)); say(np.ediff1d(x))
f = x.copy(); f[0, 1, 1] = x[0, 0, 1]; say(f)
say(np.diag(l)); say(np.diag(l, 2)); say(np.diag(l, -1))
say(np.tri(3)); say(np.tri(2, 4, 1)); say(np.tri(3, 2, -1)); say(np.indices((2, 3)))
u = np.union1d(l, x); say(np.concatenate([u, np.full(24 - len(u), np.nan)]))
for k in [0, 1, -2, 9]: say(np.diagonal(x, k, 1, 2))
say(np.diagonal(x, 0, 2, 0)); say(np.diag(x[1], 1))
a = xr.DataArray(x, dims=['z', 't', 'y'])
for f in [a.head, a.tail, a.thin]:
    for n in [1, 2, 9]: say(f(t=n, y=3))"
    );
    assert_python(&script, &lines);
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = cube(&mut bench);
    let line = Value::Array(bench.array(&[("t", 3)], vec![3.0, 1.0, 2.0]));
    let whole = Value::Array(bench.array(&[("t", 3)], vec![3i32, 1, 2]));
    let second = x.clone();
    let matrix = Value::Array(bench.apply_named("isel", from_ref(&x), &[("z", Int(1))]));
    let along = Value::Array(bench.apply_named("isel", from_ref(&matrix), &[("y", Int(1))]));
    let other = Value::Array(bench.array(&[("q", 4)], vec![3.0, 1.0, 2.0, 5.0]));
    let told = [
        bench.say("swapaxes", &[x.clone(), name("z"), name("q")], &[]),
        bench.say("moveaxis", &[x.clone(), name("z"), Int(3)], &[]),
        bench.say("rollaxis", &[x.clone(), name("z")], &[("start", Int(4))]),
        bench.say("vstack", &[list([])], &[]),
        bench.say("vstack", &[list([x.clone(), line.clone()])], &[]),
        bench.say("vstack", &[list([matrix.clone(), along])], &[]),
        bench.say("vstack", &[list([matrix, other])], &[]),
        bench.say("block", &[list([list([line.clone()]), line.clone()])], &[]),
        bench.say("meshgrid", &[line.clone(), line.clone()], &[]),
        bench.say("meshgrid", from_ref(&x), &[]),
        bench.say("take", &[x.clone(), ints([4]), name("y")], &[]),
        bench.say("delete", &[x.clone(), Int(3), name("t")], &[]),
        bench.say("insert", &[line.clone(), ints([0, 1]), line.clone(), name("t")], &[]),
        bench.say("insert", &[whole, Int(0), line.clone(), name("t")], &[]),
        bench.say("insert", &[line.clone(), Int(0), x.clone(), name("t")], &[]),
        bench.say("diag", from_ref(&x), &[]),
        bench.say("diag", from_ref(&line), &[("columns", name("t"))]),
        bench.say("diagonal", from_ref(&line), &[]),
        bench.say("diagonal", from_ref(&x), &[("dim", name("z"))]),
        bench.say("union1d", &[line, x], &[]),
        bench.say("tri", &[Int(-1)], &[]),
        bench.say("thin", &[second], &[("t", Int(0))]),
        bench.say("indices", &[Value::Str("a".into())], &[]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
