//! Shapes against NumPy's and xarray's, and their errors.

use std::slice::from_ref;
use std::sync::Arc;

use crate::array::{ArrayType, Block, Coord, CoordValues, DType, DimName, Dims};
use crate::operators::testing::{Bench, assert_python, ints, list, range, text};
use crate::operators::{Builder, Operand, Value};

use Value::Int;

/// 0, 1, … along `t` and `y`, labelled 10, 20, … and 0.5, 1.5, ….
fn labelled(bench: &mut Bench, t: u64, y: u64) -> Operand {
    let mut ty = ArrayType::new(DType::F64, Dims::new([("t", t), ("y", y)]));
    let labels = (1..=t as i64).map(|i| 10 * i).collect();
    ty.coords.insert(DimName::new("t"), Arc::new(Coord::integers(DimName::new("t"), labels)));
    let halves = CoordValues::Float((0..y).map(|i| i as f64 + 0.5).collect());
    let y_labels = Coord { dim: DimName::new("y"), dtype: DType::F64, values: halves, attrs: Arc::default() };
    ty.coords.insert(DimName::new("y"), Arc::new(y_labels));
    let values: Vec<f64> = (0..t * y).map(|i| i as f64).collect();
    bench.source(ty, Block::from_vec(&[t, y], values).unwrap())
}

fn array(operand: Operand) -> Value {
    Value::Array(operand)
}

fn name(name: &str) -> Value {
    Value::Name(name.into())
}

fn record(fields: &[(&str, i64)]) -> Value {
    Value::Record(Arc::new(fields.iter().map(|(name, n)| ((*name).to_owned(), Int(*n))).collect()))
}

/// The script that `labelled(bench, 4, 3)` is in Python.
const X: &str = "
x = xr.DataArray(np.arange(12.0).reshape(4, 3), dims=['t', 'y'], coords={'t': [10, 20, 30, 40], 'y': [0.5, 1.5, 2.5]})
";

#[test]
fn dims_are_put_in_order() {
    let mut bench = Bench::new();
    let x = labelled(&mut bench, 4, 3);
    let one = bench.apply_named("isel", &[array(x)], &[("t", ints([2]))]);
    let x = array(x);
    let lines = [
        bench.say("transpose", from_ref(&x), &[]),
        bench.say("transpose", &[x.clone(), name("y"), name("t")], &[]),
        bench.say("transpose", &[x.clone(), name("y"), name("..")], &[]),
        bench.say("transpose", &[x.clone(), name(".."), Int(0)], &[]),
        bench.say("expand_dims", &[x.clone(), name("m")], &[]),
        bench.say("expand_dims", &[x.clone(), name("m")], &[("axis", Int(-1)), ("label", Int(7))]),
        bench.say("squeeze", &[array(one)], &[]),
        bench.say("squeeze", &[array(one), name("t")], &[]),
        bench.say("flip", &[x.clone(), name("y")], &[]),
        bench.say("flip", from_ref(&x), &[]),
        bench.say("broadcast", &[array(one), record(&[("z", 2), ("t", 3)])], &[]),
        bench.say("broadcast", &[array(one), x], &[]),
    ];
    let script = format!(
        "{X}
one = x.isel(t=[2])
show(x.transpose())
show(x.transpose('y', 't'))
show(x.transpose('y', ...))
show(x.transpose(..., 't'))
show(x.expand_dims('m'))
show(x.expand_dims({{'m': [7]}}, axis=-1))
show(one.squeeze())
show(one.squeeze('t'))
show(x.isel(y=slice(None, None, -1)))
show(x.isel(t=slice(None, None, -1), y=slice(None, None, -1)))
show(xr.DataArray(np.broadcast_to(one.values[..., None], (3, 3, 2)), dims=['t', 'y', 'z'], coords={{'y': one.y}}))
show(xr.DataArray(np.broadcast_to(one.values, (4, 3)), dims=['t', 'y'], coords=x.coords))"
    );
    assert_python(&script, &lines);
}

#[test]
fn arrays_are_joined() {
    let mut bench = Bench::new();
    let x = labelled(&mut bench, 4, 3);
    let head = bench.apply_named("isel", &[array(x)], &[("t", range(None, Some(Int(2)), false, None))]);
    let turned = bench.apply_named("transpose", &[array(head)], &[]);
    let short = bench.array_of(DType::F32, &[("t", 4), ("y", 3)], vec![0.25f32; 12]);
    let bare = bench.apply_named("assign_coords", &[array(x)], &[("y", Value::None)]);
    let both = |a, b| list([array(a), array(b)]);
    let lines = [
        bench.say("concat", &[both(x, head), name("t")], &[]),
        bench.say("concat", &[both(head, x), name("t")], &[]),
        bench.say("concat", &[both(x, turned), Int(0)], &[]),
        bench.say("concat", &[both(short, bare), name("y")], &[]),
        bench.say("stack", &[both(x, x), name("m")], &[("labels", list([text("a"), text("b")]))]),
        bench.say(
            "stack",
            &[list([array(head)]), name("m")],
            &[("labels", range(Some(Int(3)), Some(Int(4)), false, None))],
        ),
        bench.say("stack", &[both(x, short), name("m")], &[]),
    ];
    let script = format!(
        "{X}
head = x.isel(t=slice(2))
short = xr.DataArray(np.full((4, 3), 0.25, np.float32), dims=['t', 'y'])
m = lambda labels: xr.DataArray(labels, dims='m', coords={{'m': labels}}, name='m')
show(xr.concat([x, head], 't'))
show(xr.concat([head, x], 't'))
show(xr.concat([x, head], 't'))
show(xr.concat([short, x.drop_vars('y')], 'y'))
show(xr.concat([x, x], m(['a', 'b'])))
show(xr.concat([head], m([3])))
show(xr.concat([x, short.assign_coords(x.coords)], 'm'))"
    );
    assert_python(&script, &lines);
    let wide = bench.apply_named("concat", &[both(short, bare), name("y")], &[]);
    assert_eq!(bench.ty(wide).dtype, DType::F64);
}

#[test]
fn elements_move_along_dims() {
    let mut bench = Bench::new();
    let x = array(labelled(&mut bench, 4, 3));
    let n = array(bench.array(&[("t", 5)], vec![1i32, 4, 9, 16, 25]));
    let mut lines = Vec::new();
    let moves = [-5, -4, -1, 0, 1, 3, 4, 9];
    for by in moves {
        lines.push(bench.say("shift", from_ref(&x), &[("t", Int(by))]));
        lines.push(bench.say("shift", from_ref(&n), &[("t", Int(by)), ("fill", Int(-1))]));
        lines.push(bench.say("roll", from_ref(&x), &[("t", Int(by)), ("y", Int(1))]));
    }
    lines.push(bench.say("shift", from_ref(&x), &[("t", Int(1)), ("y", Int(-1)), ("fill", Value::Float(0.5))]));
    for times in 0..4 {
        lines.push(bench.say("diff", &[x.clone(), name("t")], &[("n", Int(times))]));
    }
    lines.push(bench.say("diff", &[x.clone(), name("t")], &[("label", text("lower"))]));
    lines.push(bench.say("diff", &[n, name("t")], &[]));
    let script = format!(
        "{X}
n = xr.DataArray(np.array([1, 4, 9, 16, 25], np.int32), dims='t')
for by in {moves:?}:
    show(x.shift(t=by))
    show(n.shift(t=by, fill_value=-1))
    show(x.roll(t=by, y=1))
show(x.shift(t=1, y=-1, fill_value=0.5))
for k in range(4): show(x.diff('t', n=k))
show(x.diff('t', label='lower'))
show(n.diff('t'))"
    );
    assert_python(&script, &lines);
}

#[test]
fn ends_are_padded() {
    let mut bench = Bench::new();
    let shapes = [(4, 3), (1, 2), (2, 1)];
    let modes = ["constant", "edge", "reflect", "symmetric", "wrap"];
    let widths = [(0, 0), (1, 2), (3, 0), (2, 9)];
    let mut lines = Vec::new();
    for (t, y) in shapes {
        let x = array(labelled(&mut bench, t, y));
        for (mode, (before, after)) in modes.iter().flat_map(|m| widths.map(|w| (*m, w))) {
            let named = [("t", ints([before, after])), ("y", Int(1)), ("mode", text(mode))];
            lines.push(bench.say("pad", from_ref(&x), &named));
        }
        lines.push(bench.say("pad", from_ref(&x), &[("y", Int(2)), ("value", Value::Float(-1.5))]));
    }
    let script = format!(
        "
for t, y in {shapes:?}:
    coords = {{'t': 10 * np.arange(1, t + 1), 'y': np.arange(y) + 0.5}}
    x = xr.DataArray(np.arange(t * y, dtype=float).reshape(t, y), dims=['t', 'y'], coords=coords)
    for mode in {modes:?}:
        for w in {widths:?}: show(x.pad(t=w, y=1, mode=mode))
    show(x.pad(y=2, constant_values=-1.5))"
    );
    assert_python(&script, &lines);
}

#[test]
fn joins_keep_the_chunks_of_the_longest() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 10)], vec![0.0f64; 10]);
    let cut = bench.apply_named("rechunk", &[array(x)], &[("t", Int(4))]);
    let chunks = |bench: &Bench, operand| bench.ty(operand).chunks.axes[0];
    let shifted = bench.apply_named("shift", &[array(cut)], &[("t", Int(3))]);
    assert_eq!((chunks(&bench, shifted).size, chunks(&bench, shifted).offset), (4, 1));
    let padded = bench.apply_named("pad", &[array(cut)], &[("t", Int(1)), ("mode", text("edge"))]);
    assert_eq!((chunks(&bench, padded).size, chunks(&bench, padded).offset), (4, 3));
}

#[test]
fn chunks_are_chosen() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 100), ("y", 40)], vec![0.0f64; 4000]);
    let mut chunks = |positional: &[Value], named: &[(&str, Value)]| {
        let positional: Vec<Value> = [array(x)].into_iter().chain(positional.iter().cloned()).collect();
        let cut = bench.apply_named("rechunk", &positional, named);
        bench.ty(cut).chunks.chunk_shape()
    };
    assert_eq!(chunks(&[], &[("t", Int(30)), ("y", Int(-1))]), [30, 40]);
    assert_eq!(chunks(&[Int(7)], &[("y", Value::None)]), [7, 40]);
    assert_eq!(chunks(&[Int(70)], &[]), [70, 40]);
    assert_eq!(chunks(&[Value::Size(8000)], &[]), [25, 40]);
    assert_eq!(chunks(&[Value::Size(1 << 30)], &[]), [100, 40]);
    assert_eq!(chunks(&[Value::Size(1)], &[]), [1, 1]);
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = array(labelled(&mut bench, 4, 3));
    let n = array(bench.array(&[("t", 4)], vec![1i32, 2, 3, 4]));
    let days = array(bench.array_of(DType::Duration, &[("t", 4)], vec![1i64, 2, 3, 4]));
    let flags = array(bench.array(&[("t", 2)], vec![true, false]));
    let bare = array(bench.apply_named("drop_coords", from_ref(&x), &[]));
    let told = [
        bench.say("transpose", &[x.clone(), name("y")], &[]),
        bench.say("transpose", &[x.clone(), name("y"), name("y")], &[]),
        bench.say("transpose", &[x.clone(), name("z"), name("..")], &[]),
        bench.say("expand_dims", &[x.clone(), name("t")], &[]),
        bench.say("expand_dims", &[x.clone(), name("z")], &[("axis", Int(3))]),
        bench.say("squeeze", &[x.clone(), name("t")], &[]),
        bench.say("broadcast", &[x.clone(), record(&[("t", 5)])], &[]),
        bench.say("broadcast", &[x.clone(), Int(5)], &[]),
        bench.say("rechunk", from_ref(&x), &[]),
        bench.say("rechunk", from_ref(&x), &[("t", Int(0))]),
        bench.say("rechunk", from_ref(&x), &[("t", Value::Size(100))]),
        bench.say("concat", &[list([x.clone(), n.clone()]), name("t")], &[]),
        bench.say("concat", &[list([x.clone(), x.clone()]), name("z")], &[]),
        bench.say("concat", &[list([x.clone(), bare]), name("t")], &[]),
        bench.say("concat", &[list([]), name("t")], &[]),
        bench.say("concat", &[list([n.clone(), days]), name("t")], &[]),
        bench.say("stack", &[list([n.clone(), flags]), name("z")], &[]),
        bench.say("stack", &[list([n.clone(), n.clone()]), name("z")], &[("labels", ints([1]))]),
        bench.say("stack", &[list([n.clone(), n.clone()]), name("t")], &[]),
        bench.say("shift", from_ref(&n), &[("t", Int(1))]),
        bench.say("shift", from_ref(&n), &[("t", Int(1)), ("fill", Value::Float(0.5))]),
        bench.say("shift", from_ref(&n), &[("t", Value::Float(1.0)), ("fill", Int(0))]),
        bench.say("shift", from_ref(&n), &[("t", Int(1)), ("fill", Int(1 << 40))]),
        bench.say("roll", from_ref(&x), &[("z", Int(1))]),
        bench.say("diff", &[x.clone(), name("t")], &[("n", Int(-1))]),
        bench.say("pad", from_ref(&n), &[("t", Int(-1))]),
        bench.say("pad", from_ref(&n), &[("t", ints([1, 2, 3]))]),
        bench.say("pad", from_ref(&n), &[("t", Int(1))]),
        bench.say("pad", from_ref(&n), &[("t", Int(1)), ("mode", text("edge")), ("value", Int(0))]),
        bench.say("pad", &[n], &[("t", Int(100_000)), ("mode", text("wrap"))]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn elements_stay_in_order_under_other_dims() {
    let mut bench = Bench::new();
    let x = labelled(&mut bench, 4, 3);
    let deep = bench.array(&[("a", 2), ("b", 3), ("c", 4), ("d", 5)], (0..120).map(f64::from).collect());
    let (x, deep) = (array(x), array(deep));
    let lines = [
        bench.say("reshape", &[x.clone(), ints([2, 6])], &[]),
        bench.say("reshape", &[x.clone(), ints([3, -1])], &[]),
        bench.say("reshape", &[x.clone(), Int(12)], &[]),
        bench.say("reshape", &[x.clone(), record(&[("p", 2), ("q", -1), ("y", 3)])], &[]),
        bench.say("reshape", &[x.clone(), record(&[("t", 4), ("u", 3)])], &[]),
        bench.say("reshape", &[deep.clone(), ints([6, 20])], &[]),
        bench.say("reshape", &[deep.clone(), ints([5, 4, 3, 2])], &[]),
        bench.say("reshape", &[deep.clone(), ints([2, 1, 6, 1, 10])], &[]),
        bench.say("reshape", &[deep.clone(), ints([8, 15])], &[]),
        bench.say("ravel", from_ref(&x), &[]),
        bench.say("flatten", &[deep.clone(), name("all")], &[]),
        bench.say("stack", from_ref(&x), &[("cell", list([name("y"), name("t")]))]),
        bench.say(
            "stack",
            from_ref(&deep),
            &[("u", list([name("d"), name("a")])), ("v", list([name("b"), name("c")]))],
        ),
        bench.say("unstack", from_ref(&x), &[("t", record(&[("p", 2), ("q", -1)]))]),
        bench.say("unstack", from_ref(&deep), &[("c", record(&[("p", 2), ("q", 2)]))]),
    ];
    let script = format!(
        "{X}
auto = lambda a: show(xr.DataArray(a, dims=[f'dim_{{i}}' for i in range(a.ndim)]))
deep = xr.DataArray(np.arange(120.0).reshape(2, 3, 4, 5), dims=list('abcd'))
auto(x.values.reshape(2, 6))
auto(x.values.reshape(3, -1))
auto(x.values.reshape(12))
show(xr.DataArray(x.values.reshape(2, 2, 3), dims=['p', 'q', 'y'], coords={{'y': x.y}}))
show(xr.DataArray(x.values, dims=['t', 'u'], coords={{'t': x.t}}))
for shape in [(6, 20), (5, 4, 3, 2), (2, 1, 6, 1, 10), (8, 15)]: auto(deep.values.reshape(shape))
auto(x.values.ravel())
show(xr.DataArray(deep.values.ravel(), dims='all'))
plain = lambda a: show(a.drop_vars([v for v in a.coords if v not in x.dims]))
plain(x.stack(cell=['y', 't'], create_index=False))
plain(deep.stack(u=['d', 'a'], v=['b', 'c'], create_index=False))
show(xr.DataArray(x.values.T.reshape(3, 2, 2), dims=['y', 'p', 'q'], coords={{'y': x.y}}))
show(xr.DataArray(deep.values.transpose(0, 1, 3, 2).reshape(2, 3, 5, 2, 2), dims=['a', 'b', 'd', 'p', 'q']))"
    );
    assert_python(&script, &lines);
}

#[test]
fn corners_are_reshaped() {
    let mut bench = Bench::new();
    let one = bench.array(&[], vec![7i32]);
    let none = bench.array(&[("t", 0), ("y", 3)], Vec::<f32>::new());
    let mut of = |x: Operand, shape: Value| bench.say("reshape", &[array(x), shape], &[]);
    assert_eq!(of(one, ints([1, 1])), "[dim_0=1, dim_1=1] 7");
    assert_eq!(of(one, ints([])), "[] 7");
    assert_eq!(of(none, ints([5, 0, 2])), "[dim_0=5, dim_1=0, dim_2=2] ");
    assert_eq!(of(none, record(&[("a", 3), ("b", -1)])), "[a=3, b=0] ");
    assert_eq!(bench.say("ravel", &[array(one)], &[]), "[dim_0=1] 7");
    assert_eq!(bench.say("ravel", &[array(none)], &[]), "[dim_0=0] ");
    let many = bench.array(&[("a", 1), ("b", 6), ("c", 1)], (0..6).collect::<Vec<i64>>());
    assert_eq!(bench.say("reshape", &[array(many), Int(6)], &[]), "[dim_0=6] 0 1 2 3 4 5");
    let spread = bench.say("reshape", &[array(many), ints([2, 1, 3, 1])], &[]);
    assert_eq!(spread, "[dim_0=2, dim_1=1, dim_2=3, dim_3=1] 0 1 2 3 4 5");
}

/// Chunks of what is reshaped are ranges of whole rows of chunks.
#[test]
fn chunks_follow_what_is_reshaped() {
    let mut bench = Bench::new();
    let ty = |dims: &[(&str, u64)], chunks: &[u64]| {
        ArrayType::new(DType::F32, Dims::new(dims.iter().map(|&(name, size)| (name, size)))).rechunked(chunks)
    };
    let cube = ty(&[("time", 1000), ("lat", 73), ("lon", 144)], &[100, 10, 50]);
    let x = bench.constant(cube, crate::operators::Constant::Full(crate::array::Scalar::Int(0)));
    let mut of = |name: &str, rest: &[Value], named: &[(&str, Value)]| {
        let positional: Vec<Value> = std::iter::once(array(x)).chain(rest.iter().cloned()).collect();
        let made = bench.apply_named(name, &positional, named);
        bench.ty(made).to_string()
    };
    let told = [
        of("stack", &[], &[("cell", list([name("lat"), name("lon")]))]),
        of("stack", &[], &[("cell", list([name("time"), name("lon")]))]),
        of("reshape", &[record(&[("day", 250), ("hour", 4), ("lat", 73), ("lon", 144)])], &[]),
        of("reshape", &[record(&[("hour", 4), ("day", 250), ("lat", 73), ("lon", 144)])], &[]),
        of("ravel", &[], &[]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_cannot_be_reshaped_is_explained() {
    let mut bench = Bench::new();
    let x = array(labelled(&mut bench, 4, 3));
    let told = [
        bench.say("reshape", &[x.clone(), ints([5, 2])], &[]),
        bench.say("reshape", &[x.clone(), ints([5, -1])], &[]),
        bench.say("reshape", &[x.clone(), ints([-1, -1])], &[]),
        bench.say("reshape", &[x.clone(), ints([-2, -6])], &[]),
        bench.say("reshape", &[x.clone(), text("y")], &[]),
        bench.say("reshape", &[x.clone(), ints([0, -1])], &[]),
        bench.say("stack", from_ref(&x), &[]),
        bench.say("stack", &[x.clone(), name("cell")], &[]),
        bench.say("stack", from_ref(&x), &[("cell", list([name("t"), name("z")]))]),
        bench.say("stack", from_ref(&x), &[("cell", list([name("t"), name("t")]))]),
        bench.say("stack", from_ref(&x), &[("cell", list([]))]),
        bench.say("stack", from_ref(&x), &[("cell", Int(3))]),
        bench.say("stack", from_ref(&x), &[("y", name("t"))]),
        bench.say("stack", &[list([x.clone(), x.clone()]), name("k")], &[("cell", list([name("t")]))]),
        bench.say("stack", &[list([x.clone(), x.clone()])], &[]),
        bench.say("unstack", from_ref(&x), &[]),
        bench.say("unstack", from_ref(&x), &[("z", record(&[("a", 2)]))]),
        bench.say("unstack", from_ref(&x), &[("t", ints([2, 2]))]),
        bench.say("unstack", from_ref(&x), &[("t", record(&[("a", 3), ("b", -1)]))]),
        bench.say("unstack", from_ref(&x), &[("t", record(&[("a", 4), ("y", 1)]))]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
