//! Selections point by point against xarray's, and their errors.

use std::slice::from_ref;
use std::sync::Arc;

use crate::array::{ArrayType, Block, Coord, DimName, Dims};
use crate::operators::testing::{Bench, assert_python, ints, text};
use crate::operators::{Builder, Constant, Value};

/// A constant of these dims.
fn known(bench: &mut Bench, dims: &[(&str, u64)], values: &[i64]) -> Value {
    let dims = Dims::new(dims.iter().map(|&(name, size)| (name, size)));
    let block = Block::from_vec(&dims.shape(), values.to_vec()).unwrap();
    Value::Array(bench.constant(ArrayType::new(crate::array::DType::I64, dims), Constant::Values(block)))
}

/// 0, 1, … along `t`, `y` and `x`, all with labels.
fn cube(bench: &mut Bench) -> Value {
    let cube = bench.array(&[("t", 3), ("y", 4), ("x", 5)], (0..60).collect::<Vec<i64>>());
    let labels = [("t", ints([7, 8, 9])), ("y", ints([10, 20, 30, 40])), ("x", ints([1, 2, 3, 4, 5]))];
    Value::Array(bench.apply_named("assign_coords", &[Value::Array(cube)], &labels))
}

#[test]
fn points_are_xarrays() {
    let mut bench = Bench::new();
    let cube = cube(&mut bench);
    let a = known(&mut bench, &[("p", 4)], &[0, 3, -1, 2]);
    let b = known(&mut bench, &[("p", 4)], &[4, 0, 0, 1]);
    let by_t = known(&mut bench, &[("t", 3)], &[1, 0, 2]);
    let by_y = known(&mut bench, &[("y", 2)], &[1, 0]);
    let grid = known(&mut bench, &[("q", 2), ("r", 3)], &[0, 1, 2, 0, 2, 1]);
    let by_r = known(&mut bench, &[("r", 3)], &[4, 3, 0]);
    let empty = known(&mut bench, &[("p", 0)], &[]);
    let cases = [
        vec![("y", a.clone()), ("x", b.clone())],
        vec![("x", b.clone()), ("y", a.clone())],
        vec![("t", known(&mut bench, &[("p", 4)], &[0, 2, 1, 1])), ("x", b.clone())],
        vec![("t", Value::Int(1)), ("y", a.clone()), ("x", b)],
        vec![("t", ints([2, 0])), ("y", a.clone()), ("x", known(&mut bench, &[("p", 4)], &[1, 1, 1, 1]))],
        vec![("y", by_t.clone())],
        vec![("x", by_t.clone()), ("y", by_t)],
        vec![("y", by_y.clone()), ("x", by_y)],
        vec![("t", grid.clone()), ("x", by_r)],
        vec![("x", grid)],
        vec![("y", empty.clone()), ("x", empty)],
    ];
    let mut lines: Vec<String> = cases.iter().map(|named| bench.say("isel", from_ref(&cube), named)).collect();
    let y = known(&mut bench, &[("p", 3)], &[40, 12, 27]);
    let x = known(&mut bench, &[("p", 3)], &[1, 9, 3]);
    let nearest = [("y", y), ("x", x), ("method", text("nearest"))];
    lines.push(bench.say("sel", from_ref(&cube), &nearest));
    let script = "
c = xr.DataArray(np.arange(60).reshape(3, 4, 5), dims=['t', 'y', 'x'],
    coords={'t': [7, 8, 9], 'y': [10, 20, 30, 40], 'x': [1, 2, 3, 4, 5]})
def k(dims, v): return xr.DataArray(np.array(v, dtype=int).reshape([n for _, n in dims]), dims=[d for d, _ in dims])
p = lambda *v: k([('p', len(v))], v)
a, b = p(0, 3, -1, 2), p(4, 0, 0, 1)
t, y = k([('t', 3)], [1, 0, 2]), k([('y', 2)], [1, 0])
g, r = k([('q', 2), ('r', 3)], [0, 1, 2, 0, 2, 1]), k([('r', 3)], [4, 3, 0])
show(c.isel(y=a, x=b)); show(c.isel(x=b, y=a)); show(c.isel(t=p(0, 2, 1, 1), x=b))
show(c.isel(t=1, y=a, x=b)); show(c.isel(t=[2, 0], y=a, x=p(1, 1, 1, 1)))
show(c.isel(y=t)); show(c.isel(x=t, y=t)); show(c.isel(y=y, x=y)); show(c.isel(t=g, x=r)); show(c.isel(x=g))
show(c.isel(y=p(), x=p()))
show(c.sel(y=p(40, 12, 27), x=p(1, 9, 3), method='nearest'))";
    assert_python(script, &lines);
}

#[test]
fn points_have_the_labels_of_their_dim() {
    let mut bench = Bench::new();
    let cube = cube(&mut bench);
    let mut labelled = |values: &[i64]| {
        let mut ty = ArrayType::new(crate::array::DType::I64, Dims::new([("city", 2)]));
        let names = crate::array::CoordValues::Str(["Bonn", "Ulm"].map(Into::into).to_vec());
        let dim = DimName::new("city");
        let coord = Coord { dim: dim.clone(), dtype: crate::array::DType::Str, values: names, attrs: Arc::default() };
        ty.coords.insert(dim, Arc::new(coord));
        Value::Array(bench.constant(ty, Constant::Values(Block::from_list(values.to_vec()))))
    };
    let (y, x) = (labelled(&[10, 40]), labelled(&[5, 2]));
    let told = bench.say("sel", &[cube], &[("t", Value::Int(8)), ("y", y), ("x", x)]);
    insta::assert_snapshot!(told, @"[city=2] 24 36; city: Bonn Ulm");
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let cube = cube(&mut bench);
    let a = known(&mut bench, &[("p", 4)], &[0, 3, 1, 2]);
    let short = known(&mut bench, &[("p", 3)], &[0, 3, 1]);
    let beyond = known(&mut bench, &[("p", 4)], &[0, 5, 1, 2]);
    let by_t = known(&mut bench, &[("t", 3)], &[0, 1, 1]);
    let wrong = known(&mut bench, &[("t", 2)], &[0, 1]);
    let unnamed = known(&mut bench, &[("dim_0", 1), ("dim_1", 1)], &[0]);
    let told = [
        bench.say("isel", from_ref(&cube), &[("y", a.clone()), ("x", short)]),
        bench.say("isel", from_ref(&cube), &[("y", a), ("x", beyond)]),
        bench.say("isel", from_ref(&cube), &[("t", Value::Int(0)), ("x", by_t)]),
        bench.say("isel", from_ref(&cube), &[("x", wrong)]),
        bench.say("isel", from_ref(&cube), &[("x", unnamed)]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
