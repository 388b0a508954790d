//! Quantiles and orders against NumPy's and xarray's, any split against the whole, and their errors.

use half::f16;

use crate::array::{ArrayType, Block, Calendar, DType, Dims, Region, Scalar};
use crate::operators::pattern::Piece;
use crate::operators::reduction::tests::{DATA, LOOP, told};
use crate::operators::testing::{Bench, assert_python, list};
use crate::operators::whole::quantile::Method;
use crate::operators::{Builder, Constant, Value};
use Value::{Bool, Float, Int, Name};

const SHAPE: [(&str, u64); 3] = [("t", 40), ("y", 3), ("x", 50)];
const OVER: [&[&str]; 6] = [&["t"], &["x"], &["y"], &["t", "x"], &["y", "x"], &[]];

/// The elements of the arrays that Python calls `x` and `n`.
fn element(i: i64) -> f64 {
    if i % 11 == 3 { f64::NAN } else { (i * 7919 % 1000) as f64 / 8.0 - 60.0 }
}

fn array<T: crate::array::block::Element>(bench: &mut Bench, of: impl Fn(i64) -> T) -> Value {
    Value::Array(bench.array(&SHAPE, (0..6000).map(of).collect::<Vec<T>>()))
}

fn integers(bench: &mut Bench) -> Value {
    array(bench, |i| i * 7919 % 1000 - 300)
}

fn dims(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| Name((*name).into())).collect()
}

fn levels() -> Value {
    list([0.0, 0.1, 0.25, 0.5, 0.9, 1.0].map(Float))
}

/// What Python's side is told of: quantiles and medians of all dims in C order of `x`, in double precision and then
/// in the dtype of floats; orders along one axis, descending ones with missing elements last.
const PYTHON: &str = "
OVER = [['t'], ['x'], ['y'], ['t', 'x'], ['y', 'x'], ['t', 'y', 'x']]
QS = [0, .1, .25, .5, .9, 1]
def narrow(a, r): return r.astype(a.dtype) if a.dtype.kind == 'f' else r
def wide(a): return a.astype('f8') if a.dtype.kind == 'f' else a
def q(a, level, d, **options): told(narrow(a, wide(a).quantile(level, d, **options)))
def med(a, d, **options): told(narrow(a, wide(a).median(d, **options)))
def along(a, d, f):
    v = f(a.values, a.dims.index(d))
    told(xr.DataArray(v, dims=a.dims))
def down(v, axis): return np.argsort(-v if v.dtype.kind != 'b' else ~v, axis=axis, kind='stable')
def take(f): return lambda v, axis: np.take_along_axis(v, f(v, axis), axis=axis)
def first(f, k): return lambda v, axis: f(v, axis).take(np.arange(k), axis=axis)
def up(v, axis): return np.argsort(v, axis=axis, kind='stable')
def orders(a):
    for d in ['t', 'y', 'x']:
        for f in [take(up), up, take(down), down, first(take(down), 2), first(down, 3)]: along(a, d, f)
";

fn assert_told(script: &str, lines: &[String]) {
    assert_python(&format!("{DATA}{LOOP}{PYTHON}{script}"), lines);
}

fn quantiles(bench: &mut Bench, x: &Value, q: &Value, named: &[(&str, Value)]) -> Vec<String> {
    let call = |names: &&[&str]| told(bench, "quantile", &[vec![x.clone(), q.clone()], dims(names)].concat(), named);
    OVER.iter().map(call).collect()
}

fn medians(bench: &mut Bench, x: &Value, named: &[(&str, Value)]) -> Vec<String> {
    OVER.iter().map(|names| told(bench, "median", &[vec![x.clone()], dims(names)].concat(), named)).collect()
}

/// Every order along every dim, as `orders` in Python.
fn orders(bench: &mut Bench, x: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for dim in ["t", "y", "x"] {
        let dim = Name(dim.into());
        for descending in [false, true] {
            for name in ["sort", "argsort"] {
                lines.push(told(bench, name, &[x.clone(), dim.clone()], &[("descending", Bool(descending))]));
            }
        }
        lines.push(told(bench, "topk", &[x.clone(), Int(2), dim.clone()], &[]));
        lines.push(told(bench, "argtopk", &[x.clone(), Int(3), dim], &[]));
    }
    lines
}

#[test]
fn quantiles_of_floats_are_xarrays() {
    let mut bench = Bench::new();
    let x = array(&mut bench, element);
    let mut lines = quantiles(&mut bench, &x, &Float(0.3), &[]);
    lines.extend(quantiles(&mut bench, &x, &levels(), &[]));
    lines.extend(quantiles(&mut bench, &x, &Float(0.3), &[("skipna", Bool(false))]));
    for method in Method::NAMES.iter().skip(1).copied() {
        lines.extend(quantiles(&mut bench, &x, &levels(), &[("method", Name(method.into()))]));
    }
    lines.extend(medians(&mut bench, &x, &[]));
    lines.extend(medians(&mut bench, &x, &[("skipna", Bool(false))]));
    let script = "
for d in OVER: q(x, .3, d)
for d in OVER: q(x, QS, d)
for d in OVER: q(x, .3, d, skipna=False)
for m in ['lower', 'higher', 'nearest', 'midpoint', 'inverted_cdf', 'averaged_inverted_cdf', 'closest_observation',
    'interpolated_inverted_cdf', 'hazen', 'weibull', 'median_unbiased', 'normal_unbiased']:
    for d in OVER: q(x, QS, d, method=m)
for d in OVER: med(x, d)
for d in OVER: med(x, d, skipna=False)";
    assert_told(script, &lines);
}

#[test]
fn quantiles_of_other_dtypes_are_xarrays() {
    let mut bench = Bench::new();
    let single = array(&mut bench, |i| element(i) as f32 / 3.0);
    let half = array(&mut bench, |i| f16::from_f64(element(i)));
    let n = integers(&mut bench);
    let byte = array(&mut bench, |i| (i * 7919 % 200) as u8);
    let bools = array(&mut bench, |i| i * 7919 % 1000 > 600);
    let micros = (0..6000).map(|i| if i % 11 == 3 { i64::MIN } else { i * 7919 % 1000 * 3_600_000_000 });
    let times = Value::Array(bench.array_of(DType::Duration, &SHAPE, micros.collect::<Vec<i64>>()));
    let nearest = [("method", Name("nearest".into()))];
    let mut lines = Vec::new();
    for x in [&single, &half, &n, &byte] {
        lines.extend(quantiles(&mut bench, x, &levels(), &[]));
        lines.extend(quantiles(&mut bench, x, &Float(0.7), &nearest));
        lines.extend(quantiles(&mut bench, x, &levels(), &[("method", Name("inverted_cdf".into()))]));
        lines.extend(medians(&mut bench, x, &[]));
    }
    lines.extend(quantiles(&mut bench, &bools, &Float(0.7), &nearest));
    lines.extend(medians(&mut bench, &bools, &[]));
    lines.extend(quantiles(&mut bench, &times, &levels(), &[]));
    lines.extend(quantiles(&mut bench, &times, &Float(0.7), &[("skipna", Bool(false))]));
    let script = "
k = np.arange(6000) * 7919 % 1000
f = array((v.astype('f4') / np.float32(3)))
for a in [f, array(v.astype('f2')), n, array((np.arange(6000) * 7919 % 200).astype('u1'))]:
    for d in OVER: q(a, QS, d)
    for d in OVER: told(a.quantile(.7, d, method='nearest'))
    for d in OVER: told(a.quantile(QS, d, method='inverted_cdf'))
    for d in OVER: med(a, d)
b = array(k > 600)
for d in OVER: told(b.quantile(.7, d, method='nearest'))
for d in OVER: med(b, d)
m = (k * 3600000000).astype('m8[us]')
m[np.arange(6000) % 11 == 3] = 'NaT'
for d in OVER: told(array(m).quantile(QS, d, skipna=True))
for d in OVER: told(array(m).quantile(.7, d, skipna=False))";
    assert_told(script, &lines);
}

#[test]
fn quantiles_of_groups_are_xarrays() {
    let mut bench = Bench::new();
    let (x, n) = (array(&mut bench, element), integers(&mut bench));
    let mut lines = Vec::new();
    for x in [&x, &n] {
        for size in [40, 3, 50] {
            let key = list((0..size).map(|i| Int(i * 7 % 4)));
            let view = bench.call("groupby", &[x.clone(), key], &[]).unwrap();
            lines.push(told(&mut bench, "median", std::slice::from_ref(&view), &[]));
            lines.push(told(&mut bench, "median", std::slice::from_ref(&view), &[("skipna", Bool(false))]));
            for method in ["linear", "lower", "midpoint"] {
                let method = [("method", Name(method.into()))];
                lines.push(told(&mut bench, "quantile", &[view.clone(), Float(0.3)], &method));
            }
        }
    }
    let script = "
for a in [x, n]:
    for d in ['t', 'y', 'x']:
        groups = lambda: a.groupby(xr.DataArray(np.arange(a.sizes[d]) * 7 % 4, dims=d, name='group'))
        dims = ['group' if k == d else k for k in a.dims]
        say = lambda r: told(r.drop_vars('quantile', errors='ignore').transpose(*dims))
        say(groups().median(d))
        say(groups().median(d, skipna=False))
        for m in ['linear', 'lower', 'midpoint']: say(groups().quantile(.3, d, method=m))";
    assert_told(script, &lines);
}

#[test]
fn orders_are_numpys() {
    let mut bench = Bench::new();
    let x = array(&mut bench, element);
    let n = integers(&mut bench);
    let bools = array(&mut bench, |i| i * 7919 % 1000 > 600);
    let small = array(&mut bench, |i| f16::from_f64(element(i)));
    let mut lines = Vec::new();
    for x in [&x, &n, &bools, &small] {
        lines.extend(orders(&mut bench, x));
    }
    let script = "
for a in [x, n, array(np.arange(6000) * 7919 % 1000 > 600), array(v.astype('f2'))]: orders(a)";
    assert_told(script, &lines);
}

#[test]
fn what_is_special_of_lines() {
    let mut bench = Bench::new();
    let nan = f64::NAN;
    let rows = [nan, nan, nan, -0.0, 0.0, -1.0, 1.0, f64::INFINITY, nan];
    let x = Value::Array(bench.array(&[("y", 3), ("x", 3)], rows.to_vec()));
    let empty = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<f64>::new()));
    let counts = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<i32>::new()));
    let single = Value::Array(bench.array(&[("t", 1)], vec![2.5]));
    let dates = [5, i64::MIN, 9, -8].map(|day: i64| if day == i64::MIN { day } else { day * 86_400_000_000 });
    let dates = Value::Array(bench.array_of(DType::DateTime(Calendar::Day360), &[("t", 4)], dates.to_vec()));
    let (along_x, along_t) = (Name("x".into()), Name("t".into()));
    let lines = [
        bench.say("quantile", &[x.clone(), Float(0.5), along_x.clone()], &[]),
        bench.say("quantile", &[x.clone(), Float(0.75), along_x.clone()], &[("keepdims", Bool(true))]),
        bench.say("quantile", &[x.clone(), list([Float(0.5)]), along_x.clone()], &[("keepdims", Bool(true))]),
        bench.say("quantile", &[x.clone(), list([]), along_x.clone()], &[]),
        bench.say("median", &[x.clone(), along_x.clone()], &[("skipna", Bool(false))]),
        bench.say("median", std::slice::from_ref(&x), &[]),
        bench.say("sort", &[x.clone(), along_x.clone()], &[]),
        bench.say("argsort", &[x.clone(), along_x.clone()], &[]),
        bench.say("argsort", &[x.clone(), along_x.clone()], &[("descending", Bool(true))]),
        bench.say("topk", &[x.clone(), Int(0), along_x.clone()], &[]),
        bench.say("topk", &[x, Int(3), Int(-1)], &[]),
        bench.say("quantile", &[empty.clone(), Float(0.5), along_t.clone()], &[]),
        bench.say("median", &[empty.clone(), Name("y".into())], &[]),
        bench.say("median", &[counts, along_t.clone()], &[]),
        bench.say("sort", &[empty.clone(), along_t.clone()], &[]),
        bench.say("argtopk", &[empty, Int(0), along_t.clone()], &[]),
        bench.say("quantile", &[single.clone(), Float(0.9)], &[]),
        bench.say("argsort", &[single, along_t.clone()], &[]),
        bench.say("median", &[Float(2.5)], &[]),
        bench.say("quantile", &[dates.clone(), Float(0.25), along_t.clone()], &[]),
        bench.say("median", &[dates.clone(), along_t.clone()], &[]),
        bench.say("sort", &[dates.clone(), along_t.clone()], &[("descending", Bool(true))]),
        bench.say("argtopk", &[dates, Int(2), along_t], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

/// Views of every kind give what their elements give, and long lines and rows of many what short ones do.
#[test]
fn lines_are_found_wherever_they_lie() {
    let values: Vec<f32> = (0..3000 * 70).map(|i: i64| (i * 7919 % 100_003) as f32).collect();
    let block = Block::from_vec(&[3000, 70], values).unwrap();
    let blocks = [
        block.clone(),
        block.permute(&[1, 0]),
        block.slice_steps(&[2999, 1], &[-3, 2], &[1000, 30]),
        block.reshape(&[30, 100, 70]).permute(&[2, 0, 1]),
        block.reshape(&[30, 100, 70]).permute(&[1, 2, 0]),
        block.slice_steps(&[0, 5], &[1, 1], &[3000, 1]).broadcast(&[3000, 4]),
        Block::full(DType::F32, &[7, 9], &Scalar::Float(1.5)),
    ];
    for block in blocks {
        let dims = ["a", "b", "c"].into_iter().zip(block.shape());
        let ty = ArrayType::new(DType::F32, Dims::new(dims));
        for axes in [vec![0], vec![1], (0..ty.rank()).collect(), (0..ty.rank()).step_by(2).collect()] {
            let mut bench = Bench::new();
            let x = bench.source(ty.clone(), block.clone());
            let packed = bench.source(
                ty.clone(),
                Block::from_list(block.scalars().iter().map(|s| s.as_f64().unwrap() as f32).collect::<Vec<f32>>())
                    .reshape(&block.shape()),
            );
            let dims: Vec<Value> = axes.iter().map(|axis| Int(*axis as i64)).collect();
            let of = |bench: &mut Bench, x| {
                let args = [vec![Value::Array(x), list([0.2, 0.77].map(Float))], dims.clone()].concat();
                bench.apply_named("quantile", &args, &[])
            };
            let (ours, expected) = (of(&mut bench, x), of(&mut bench, packed));
            assert_eq!(bench.values(ours), bench.values(expected), "{ty} {axes:?}");
            assert_eq!(bench.values(ours).scalars(), naive(&block, &axes, &[0.2, 0.77]), "{ty} {axes:?}");
            if let [axis] = axes[..] {
                let sorted = bench.apply_named("sort", &[Value::Array(x), Int(axis as i64)], &[]);
                let packed = bench.apply_named("sort", &[Value::Array(packed), Int(axis as i64)], &[]);
                assert_eq!(bench.values(sorted), bench.values(packed), "{ty} {axis}");
            }
        }
    }
}

/// Quantiles found by sorting every line, element by element.
fn naive(block: &Block, axes: &[usize], levels: &[f64]) -> Vec<Scalar> {
    let shape = block.shape();
    let mut kept = shape.clone();
    axes.iter().for_each(|axis| kept[*axis] = 1);
    let line = |start: Vec<u64>| {
        let lengths = (0..shape.len()).map(|a| if axes.contains(&a) { shape[a] } else { 1 }).collect();
        let mut line: Vec<f64> = (block.slice(&Region { start, shape: lengths }).scalars().iter())
            .map(|scalar| scalar.as_f64().unwrap())
            .collect();
        line.sort_by(f64::total_cmp);
        line
    };
    let lines: Vec<Vec<f64>> = Region::whole(&kept).indices().map(line).collect();
    let at = |line: &Vec<f64>, q: f64| {
        let place = (line.len() - 1) as f64 * q;
        let (low, high) = (line[place.floor() as usize], line[place.ceil() as usize]);
        let part = place.fract();
        let value = if part < 0.5 { low + (high - low) * part } else { high - (high - low) * (1.0 - part) };
        Scalar::Float(f64::from(value as f32))
    };
    levels.iter().flat_map(|q| lines.iter().map(|line| at(line, *q))).collect()
}

#[test]
fn more_than_is_needed_may_be_there() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let operand = bench.apply_named("sort", &[x, Name("t".into())], &[]);
    let (call, inputs) = bench.call_of(operand).unwrap();
    let crate::operators::Pattern::Whole(whole) = &call.pattern else { panic!("{call} needs whole axes") };
    let piece = Piece { region: Region::whole(&[6, 4]), block: bench.values(inputs[0]) };
    let part = Region { start: vec![2, 1], shape: vec![3, 2] };
    assert_eq!(whole.required(&part, 0, &[6, 4]), Region { start: vec![0, 1], shape: vec![6, 2] });
    assert_eq!(whole.evaluate(&part, &[piece], call.dtype), bench.region(operand, &part));
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let t = Name("t".into());
    let complex = Value::Array(bench.array(&[("t", 1)], vec![num_complex::Complex64::new(1.0, 2.0)]));
    let bools = Value::Array(bench.array(&[("t", 2)], vec![true, false]));
    let counts = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<i32>::new()));
    let taken = Value::Array(bench.array(&[("quantile", 2)], vec![1.0, 2.0]));
    let computed = Value::Array(bench.array(&[], vec![0.5]));
    let known = {
        let ty = ArrayType::new(DType::F64, Dims::new([("q", 2)]));
        Value::Array(bench.constant(ty, Constant::Values(Block::from_list(vec![0.5, 1.5]))))
    };
    let view = bench.call("groupby", &[x.clone(), list([1, 1, 2, 2, 1, 2].map(Int))], &[]).unwrap();
    let windows = bench.call("rolling", std::slice::from_ref(&x), &[("t", Int(2))]).unwrap();
    let nearest = [("method", Name("nearest".into()))];
    let lines = [
        bench.say("quantile", &[x.clone(), Float(1.5), t.clone()], &[]),
        bench.say("quantile", &[x.clone(), Int(90), t.clone()], &[]),
        bench.say("quantile", &[x.clone(), Float(f64::NAN)], &[]),
        bench.say("quantile", &[x.clone(), t.clone()], &[]),
        bench.say("quantile", &[x.clone(), list([Float(0.1), t.clone()])], &[]),
        bench.say("quantile", &[x.clone(), computed], &[]),
        bench.say("quantile", &[x.clone(), known], &[]),
        bench.say("quantile", &[taken, list([Float(0.1)])], &[]),
        bench.say("quantile", &[bools, Float(0.5)], &[]),
        bench.say("quantile", &[counts, Float(0.5), t.clone()], &nearest),
        bench.say("sort", &[view.clone(), t.clone()], &[]),
        bench.say("median", &[view.clone(), Name("y".into())], &[]),
        bench.say("quantile", &[view, list([Float(0.1), Float(0.2)])], &[]),
        bench.say("median", &[windows], &[]),
        bench.say("median", std::slice::from_ref(&complex), &[]),
        bench.say("sort", &[complex, t.clone()], &[]),
        bench.say("sort", &[x.clone(), Name("z".into())], &[]),
        bench.say("topk", &[x.clone(), Int(7), t.clone()], &[]),
        bench.say("argtopk", &[x, Int(-1), t], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

/// Ranks and modes of everything that has an order.
#[test]
fn ranks_and_modes_are_scipys() {
    let mut bench = Bench::new();
    let x = array(&mut bench, element);
    let n = integers(&mut bench);
    let coarse = array(&mut bench, |i| (element(i) / 20.0).floor() as f32);
    let bytes = array(&mut bench, |i| (i * 7919 % 7) as u8);
    let bools = array(&mut bench, |i| i * 7919 % 1000 > 600);
    let mut lines = Vec::new();
    for x in [&x, &n, &coarse, &bytes] {
        for dim in ["t", "y", "x"] {
            lines.push(told(&mut bench, "rank", &[x.clone(), Name(dim.into())], &[]));
            lines.push(told(&mut bench, "rank", &[x.clone(), Name(dim.into())], &[("pct", Bool(true))]));
        }
    }
    for x in [&coarse, &bytes, &bools] {
        for names in OVER {
            lines.push(told(&mut bench, "mode", &[vec![x.clone()], dims(names)].concat(), &[]));
        }
    }
    lines.push(told(&mut bench, "mode", &[coarse.clone(), Name("t".into())], &[("skipna", Bool(false))]));
    let script = "
import scipy.stats
c = array(np.floor(v / 20).astype('f4'))
u = array((np.arange(6000) * 7919 % 7).astype('u1'))
for a in [x, n, c, u]:
    for d in 'tyx': told(a.rank(d)); told(a.rank(d, pct=True))
def mode(a, dims):
    flat = a.stack(s=dims).transpose(..., 's')
    values = flat.values.astype('u1') if a.dtype.kind == 'b' else flat.values
    told(xr.DataArray(np.asarray(scipy.stats.mode(values, axis=-1, nan_policy='omit').mode), dims=flat.dims[:-1]), a.dtype)
for a in [c, u, array(np.arange(6000) * 7919 % 1000 > 600)]:
    for d in OVER: mode(a, d)
told(c.isel(t=0).where(False))";
    assert_told(script, &lines);
}

#[test]
fn distinct_values_are_numpys() {
    let mut bench = Bench::new();
    let values = [2.5, f64::NAN, -0.0, 0.0, 2.5, f64::NAN, f64::NEG_INFINITY, 7.0];
    let known = |bench: &mut Bench| {
        let ty = ArrayType::new(DType::F64, Dims::new([("t", 2), ("y", 4)]));
        Value::Array(bench.constant(ty, Constant::Values(Block::from_vec(&[2, 4], values.to_vec()).unwrap())))
    };
    let known = known(&mut bench);
    let read = Value::Array(bench.array(&[("t", 2), ("y", 4)], values.to_vec()));
    let counts = Value::Array(bench.array(&[("t", 5)], vec![3i16, -1, 3, 9, -1]));
    let dates = [5, i64::MIN, 9, 5].map(|day: i64| if day == i64::MIN { day } else { day * 86_400_000_000 });
    let dates = Value::Array(bench.array_of(DType::DateTime(Calendar::Day360), &[("t", 4)], dates.to_vec()));
    let texts = ["b", "a", "b"].map(std::sync::Arc::<str>::from).to_vec();
    let ty = ArrayType::new(DType::Str, Dims::new([("t", 3)]));
    let texts = Value::Array(bench.constant(ty, Constant::Values(Block::from_list(texts))));
    let size = |n: i64| [("size", Int(n))];
    let lines = [
        bench.say("unique", &[known], &[]),
        bench.say("unique", std::slice::from_ref(&texts), &[]),
        bench.say("unique", &[Float(1.5)], &[]),
        bench.say("unique", std::slice::from_ref(&read), &size(8)),
        bench.say("unique", std::slice::from_ref(&read), &size(2)),
        bench.say("unique", std::slice::from_ref(&read), &size(0)),
        bench.say("unique", std::slice::from_ref(&counts), &[("size", Int(5)), ("fill", Int(-99))]),
        bench.say("unique", &[dates], &size(4)),
        bench.say("unique", std::slice::from_ref(&read), &[]),
        bench.say("unique", &[counts], &size(5)),
        bench.say("unique", &[texts], &size(5)),
        bench.say("unique", std::slice::from_ref(&read), &size(-1)),
        bench.say("unique", std::slice::from_ref(&read), &[("fill", Int(0))]),
        bench.say("percentile", &[read.clone(), list([Int(0), Float(37.5), Int(100)])], &[]),
        bench.say("percentile", &[read, Int(101)], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
