//! Masks against NumPy's and xarray's, and their errors.

use std::slice::from_ref;

use crate::array::{Block, DType};
use crate::operators::testing::{Bench, assert_python, ints, list};
use crate::operators::{Builder, Value};

use Value::{Bool, Int, Name};

fn name(name: &str) -> Value {
    Name(name.into())
}

/// Dims, dtype and values of an array that any cut gives alike.
fn told(bench: &Bench, operand: crate::operators::Operand) -> String {
    bench.assert_splits(operand);
    bench.show(operand)
}

fn record(fields: &[(&str, i64)]) -> Value {
    Value::Record(std::sync::Arc::new(fields.iter().map(|(name, n)| ((*name).to_owned(), Int(*n))).collect()))
}

#[test]
fn elements_are_chosen_as_numpy_does() {
    let mut bench = Bench::new();
    let values: Vec<f64> = (0..24).map(|i| if i == 7 { f64::NAN } else { f64::from(i * 7 % 11) }).collect();
    let x = Value::Array(bench.array(&[("z", 2), ("t", 3), ("y", 4)], values));
    let above = Value::Array(bench.apply_named("gt", &[x.clone(), Int(4)], &[]));
    let row = Value::Array(bench.array(&[("y", 4)], vec![true, false, false, true]));
    let none = Value::Array(bench.array(&[("t", 3)], vec![false; 3]));
    let mask = list([true, false, true].map(Bool));
    let size = |n| ("size", Int(n));
    let mut lines = vec![
        bench.say("compress", &[x.clone(), mask, name("t")], &[]),
        bench.say("compress", &[x.clone(), row.clone(), name("y")], &[size(3)]),
        bench.say("compress", &[x.clone(), none, name("t")], &[size(1), ("fill", Int(-1))]),
        bench.say("extract", &[x.clone(), above.clone()], &[size(14)]),
        bench.say("extract", &[x.clone(), above.clone()], &[size(5)]),
        bench.say("extract", &[x.clone(), row], &[size(2), ("dim", name("y"))]),
        bench.say("flatnonzero", from_ref(&above), &[size(14)]),
        bench.say("flatnonzero", from_ref(&x), &[size(24), ("fill", Int(99))]),
        bench.say("argwhere", from_ref(&above), &[size(14)]),
    ];
    let Ok(Value::Record(at)) = bench.call("nonzero", &[above], &[size(14)]) else { panic!("a record") };
    for (_, at) in at.iter() {
        let Value::Array(at) = at else { panic!("an array") };
        lines.push(told(&bench, *at));
    }
    let script = "
x = xr.DataArray((np.arange(24) * 7 % 11).astype(float).reshape(2, 3, 4), dims=['z', 't', 'y'])
x[0, 1, 3] = np.nan
say = lambda a, *dims: show(xr.DataArray(a, dims=dims))
v, above = x.values, x.values > 4
fill = lambda a, n, v: np.concatenate([a, np.full((n - len(a),) + a.shape[1:], v, a.dtype)])
say(np.compress([True, False, True], v, 1), 'z', 't', 'y')
say(np.concatenate([np.compress([True, False, False, True], v, 2), np.full((2, 3, 1), np.nan)], 2), 'z', 't', 'y')
say(np.full((2, 1, 4), -1), 'z', 't', 'y')
say(fill(np.extract(above, v), 14, np.nan), 'point'); say(np.extract(above, v)[:5], 'point')
say(v[:, :, [0, 3]], 'z', 't', 'y')
say(fill(np.flatnonzero(above), 14, -1), 'point'); say(fill(np.flatnonzero(v), 24, 99), 'point')
show(xr.DataArray(fill(np.argwhere(above), 14, -1), dims=['point', 'axis'], coords={'axis': ['z', 't', 'y']}))
for a in np.nonzero(above): say(fill(a, 14, -1), 'point')";
    assert_python(script, &lines);
}

#[test]
fn known_masks_select() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&[("t", 3), ("y", 4)], (0..12).collect::<Vec<i32>>()));
    let labels = [("y", ints([10, 20, 30, 40]))];
    let x = Value::Array(bench.apply_named("assign_coords", &[x], &labels));
    let ty = crate::array::ArrayType::new(DType::Bool, crate::array::Dims::new([("t", 3), ("y", 4)]));
    let held = (0..12).map(|i| i % 5 == 1).collect::<Vec<bool>>();
    let block = Block::from_vec(&[3, 4], held).unwrap();
    let mask = Value::Array(bench.constant(ty, crate::operators::Constant::Values(block)));
    let line = Value::Array(bench.apply_named("arange", &[Int(4)], &[("dim", name("y"))]));
    let line = Value::Array(bench.apply_named("ge", &[line, Int(2)], &[]));
    let nothing = Value::Array(bench.apply_named("lt", &[line.clone(), Bool(false)], &[]));
    let mut lines = vec![
        bench.say("compress", &[x.clone(), line.clone(), name("y")], &[]),
        bench.say("compress", &[x.clone(), nothing, name("y")], &[]),
        bench.say("extract", &[x.clone(), mask.clone()], &[]),
        bench.say("extract", &[x.clone(), line.clone()], &[]),
        bench.say("flatnonzero", from_ref(&mask), &[]),
        bench.say("argwhere", &[mask], &[]),
        bench.say("where", &[line.clone(), x.clone()], &[("drop", Bool(true)), ("other", Int(0))]),
    ];
    let sparse = Value::Array(bench.apply_named("compress", &[x.clone(), line, name("y")], &[]));
    let Value::Array(operand) = sparse else { panic!("an array") };
    lines.push(bench.text(operand).contains("slice").to_string());
    let script = "
x = xr.DataArray(np.arange(12).reshape(3, 4), dims=['t', 'y'], coords={'y': [10, 20, 30, 40]})
m = np.arange(12).reshape(3, 4) % 5 == 1
show(x[:, 2:]); show(x[:, :0]); show(xr.DataArray(x.values[m], dims='point'))
show(xr.DataArray(x.values[:, 2:], dims=['t', 'point']))
show(xr.DataArray(np.flatnonzero(m), dims='point'))
show(xr.DataArray(np.argwhere(m), dims=['point', 'axis'], coords={'axis': ['t', 'y']}))
show(x.where(xr.DataArray([False, False, True, True], dims='y'), drop=True).astype(int).T)
print('true')";
    assert_python(script, &lines);
}

#[test]
fn positions_are_ravelled_as_numpy_does() {
    let mut bench = Bench::new();
    let at = Value::Array(bench.array(&[("p", 5)], vec![0i64, 23, 7, 12, 5]));
    let shape = record(&[("z", 2), ("t", 3), ("y", 4)]);
    let Ok(Value::Record(along)) = bench.call("unravel_index", &[at, shape.clone()], &[]) else { panic!("a record") };
    let mut lines = Vec::new();
    for (_, along) in along.iter() {
        let Value::Array(along) = along else { panic!("an array") };
        lines.push(told(&bench, *along));
    }
    let indices = Value::Record(along);
    let mode = |mode: &str| [("mode", name(mode))];
    lines.push(bench.say("ravel_multi_index", &[indices, shape], &mode("clip")));
    let i = Value::Array(bench.array(&[("p", 3)], vec![-1i64, 5, 2]));
    for how in ["clip", "wrap"] {
        let given = [list([i.clone(), Int(1)]), ints([4, 3])];
        lines.push(bench.say("ravel_multi_index", &given, &mode(how)));
    }
    let script = "
say = lambda a: show(xr.DataArray(a, dims='p'))
for a in np.unravel_index([0, 23, 7, 12, 5], (2, 3, 4)): say(a)
say(np.array([0, 23, 7, 12, 5]))
for m in ['clip', 'wrap']: say(np.ravel_multi_index((np.array([-1, 5, 2]), np.array([1, 1, 1])), (4, 3), mode=m))";
    assert_python(script, &lines);
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let whole = Value::Array(bench.array(&[("t", 6)], vec![1i32; 6]));
    let mask = Value::Array(bench.apply_named("gt", &[x.clone(), Int(0)], &[]));
    let line = Value::Array(bench.array(&[("t", 6)], vec![true; 6]));
    let other = Value::Array(bench.array(&[("k", 2)], vec![true; 2]));
    let shape = record(&[("t", 6), ("y", 4)]);
    let told = [
        bench.say("compress", &[x.clone(), line.clone(), name("t")], &[]),
        bench.say("compress", &[x.clone(), mask.clone(), name("t")], &[]),
        bench.say("compress", &[x.clone(), list([Bool(true)]), name("t")], &[]),
        bench.say("compress", &[x.clone(), ints([1]), name("t")], &[]),
        bench.say("compress", &[whole.clone(), line.clone(), name("t")], &[("size", Int(2))]),
        bench.say("extract", &[mask.clone(), x.clone()], &[]),
        bench.say("extract", &[x.clone(), other], &[("size", Int(2))]),
        bench.say("extract", &[x.clone(), line.clone()], &[("size", Int(2)), ("dim", name("y"))]),
        bench.say("extract", &[x.clone(), mask.clone()], &[("size", Int(-2))]),
        bench.say("flatnonzero", from_ref(&mask), &[]),
        bench.say("where", &[mask, x.clone()], &[("drop", Bool(true))]),
        bench.say("unravel_index", &[x, shape.clone()], &[]),
        bench.say("ravel_multi_index", &[list([whole.clone()]), shape], &[]),
        bench.say("ravel_multi_index", &[list([whole]), ints([3])], &[]),
        bench.say("ravel_multi_index", &[ints([3]), ints([3])], &[]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
