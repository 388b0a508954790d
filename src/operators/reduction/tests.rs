//! Reductions against NumPy's and xarray's, any split against the whole, and their errors.

use crate::array::block::Element;
use crate::array::{Block, Calendar, DType, Region, Scalar};
use crate::operators::testing::{Bench, assert_python};
use crate::operators::{Builder, Operand, Pattern, Value};

use super::Stepper;
use Value::{Bool, Int, Name};

const SHAPE: [(&str, u64); 3] = [("t", 40), ("y", 3), ("x", 50)];

fn element(i: i64) -> f64 {
    if i % 11 == 3 { f64::NAN } else { (i * 7919 % 1000) as f64 / 8.0 - 60.0 }
}

/// The array of the tests, converted to `T` from numbers that it holds.
fn array<T: Element>(bench: &mut Bench, of: impl Fn(i64) -> Scalar) -> Value {
    Value::Array(bench.array(&SHAPE, (0..6000).map(|i| T::from_scalar(&of(i))).collect::<Vec<T>>()))
}

fn floats(bench: &mut Bench) -> Value {
    array::<f64>(bench, |i| Scalar::Float(element(i)))
}

/// The same arrays for Python, and numbers written with nine digits.
pub const DATA: &str = "
def value(v):
    if isinstance(v, np.datetime64): return 'NaT' if np.isnat(v) else str(v.astype('datetime64[us]').astype('i8'))
    if isinstance(v, np.timedelta64): return 'NaT' if np.isnat(v) else str(v.astype('timedelta64[us]').astype('i8'))
    if isinstance(v, str): return v
    if isinstance(v, (bool, np.bool_)): return str(v).lower()
    if isinstance(v, np.complexfloating): return value(v.real) + ' ' + value(v.imag)
    if np.isnan(v): return 'nan'
    mantissa, exponent = f'{float(v) * (1 + 1e-12) + 0:.8e}'.split('e')
    return f'{mantissa}e{int(exponent)}'
i = np.arange(6000)
v = (i * 7919 % 1000) / 8 - 60
v[i % 11 == 3] = np.nan
def array(values): return xr.DataArray(np.asarray(values).reshape(40, 3, 50), dims=['t', 'y', 'x'])
x = array(v)
n = array(np.arange(6000) * 7919 % 1000 - 300)
T, Y, X = 't', 'y', 'x'
";

/// A line of numbers as the Python above writes them: nudged, so that none is half-way between two.
pub fn digits(line: &str) -> String {
    let word = |word: &str| {
        let (number, rest) = word.split_at(word.find([';', ',']).unwrap_or(word.len()));
        match number.parse::<f64>() {
            Ok(v) if v.is_nan() => format!("nan{rest}"),
            Ok(v) => format!("{:.8e}{rest}", v * (1.0 + 1e-12) + 0.0),
            Err(_) => word.to_owned(),
        }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Dims and values of a call, of which any split gives the same.
pub fn told(bench: &mut Bench, name: &str, x: &[Value], named: &[(&str, Value)]) -> String {
    match bench.call(name, x, named) {
        Ok(Value::Array(operand)) => {
            assert_halves(bench, operand);
            let ty = bench.ty(operand);
            let raw = bench.values(operand).scalars();
            let text = |s: &Scalar| match s {
                Scalar::Complex(z) => format!("{} {}", z.re, z.im),
                Scalar::Int(i64::MIN) if ty.dtype.has_missing() => "NaT".into(),
                Scalar::Int(t) if ty.dtype.has_missing() => format!("'{t}"),
                other => other.to_string().trim_matches('"').to_owned(),
            };
            let dims: Vec<String> = ty.dims.iter().map(|d| format!("{}={}", d.name, d.size)).collect();
            let values = raw.iter().map(text).collect::<Vec<_>>().join(" ");
            format!("{} [{}] {}", ty.dtype, dims.join(", "), digits(&values).replace('\'', ""))
        }
        Ok(other) => panic!("{name} gives {other:?}"),
        Err(error) => {
            let help = error.help.map_or(String::new(), |help| format!("; {help}"));
            format!("{}: {} [{}]{help}", error.code, error.message, error.label)
        }
    }
}

/// Fails unless halves of the output along every axis hold what the whole holds.
fn assert_halves(bench: &Bench, operand: Operand) {
    let shape = bench.ty(operand).shape();
    let whole = bench.values(operand);
    for axis in 0..shape.len() {
        for (start, count) in [(0, shape[axis] / 2), (shape[axis] / 2, shape[axis].div_ceil(2))] {
            let mut region = Region::whole(&shape);
            (region.start[axis], region.shape[axis]) = (start, count);
            assert_close(&bench.region(operand, &region), &whole.slice(&region));
        }
    }
}

fn assert_close(a: &Block, b: &Block) {
    for (a, b) in a.scalars().iter().zip(b.scalars()) {
        let close = match (a, &b) {
            (Scalar::Float(a), Scalar::Float(b)) => {
                a == b || (a - b).abs() <= 1e-12 * b.abs() || a.is_nan() && b.is_nan()
            }
            (Scalar::Complex(a), Scalar::Complex(b)) => (a - b).norm() <= 1e-12 * b.norm() || a.is_nan() && b.is_nan(),
            (a, b) => a == b,
        };
        assert!(close, "{a} {b}");
    }
}

fn dims(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| Name((*name).into())).collect()
}

/// The line of every one of `names` over every one of `over`.
fn all(bench: &mut Bench, x: &Value, names: &[&str], over: &[&[&str]], named: &[(&str, Value)]) -> Vec<String> {
    let mut lines = Vec::new();
    for name in names {
        for names in over {
            let args: Vec<Value> = [vec![x.clone()], dims(names)].concat();
            lines.push(told(bench, name, &args, named));
        }
    }
    lines
}

const OVER: &[&[&str]] = &[&["t"], &["x"], &["y"], &["t", "x"], &["y", "x"], &[]];
/// What prints a line for Python's side of [`told`].
pub const LOOP: &str = "
def told(a, dtype=None):
    a = a if dtype is None else a.astype(dtype)
    name = {'f': 'f', 'i': 'i', 'u': 'u', 'b': 'bool', 'c': 'c', 'M': 'datetime', 'm': 'duration'}[a.dtype.kind]
    name += str(a.dtype.itemsize * 8) if a.dtype.kind in 'fiuc' else ''
    dims = ', '.join(f'{d}={n}' for d, n in zip(a.dims, a.shape))
    print(f'{name} [{dims}] {values(a.values)}')
over = [['t'], ['x'], ['y'], ['t', 'x'], ['y', 'x'], None]
";

fn assert_told(script: &str, lines: &[String]) {
    assert_python(&format!("{DATA}{LOOP}{script}"), lines);
}

#[test]
fn floats_are_reduced_as_by_xarray() {
    let mut bench = Bench::new();
    let x = floats(&mut bench);
    let names = ["sum", "mean", "std", "var", "min", "max", "count"];
    let mut lines = all(&mut bench, &x, &names, OVER, &[]);
    lines.extend(all(&mut bench, &x, &names[..6], OVER, &[("skipna", Bool(false))]));
    lines.extend(all(&mut bench, &x, &["var", "std"], OVER, &[("ddof", Int(1))]));
    lines.extend(all(&mut bench, &x, &["sum", "mean"], &[&["y"]], &[("min_count", Int(3))]));
    lines.extend(all(&mut bench, &x, &["prod"], &[&["y"]], &[]));
    lines.extend(all(&mut bench, &x, &["max"], &[&["t", "x"]], &[("keepdims", Bool(true))]));
    let script = "
names = ['sum', 'mean', 'std', 'var', 'min', 'max', 'count']
for f in names:
    for d in over: told(getattr(x, f)(d))
for f in names[:6]:
    for d in over: told(getattr(x, f)(d, skipna=False))
for f in ['var', 'std']:
    for d in over: told(getattr(x, f)(d, ddof=1))
told(x.sum('y', min_count=3))
told(x.mean('y').where(x.count('y') >= 3))
told(x.prod('y'))
told(x.max(['t', 'x'], keepdims=True))";
    assert_told(script, &lines);
}

#[test]
fn positions_and_ends() {
    let mut bench = Bench::new();
    let x = floats(&mut bench);
    let n = array::<i32>(&mut bench, |i| Scalar::Int(i * 7919 % 1000 - 300));
    let over: &[&[&str]] = &[&["t"], &["y"], &["x"], &[]];
    let mut lines = all(&mut bench, &n, &["argmin", "argmax"], over, &[]);
    lines.extend(all(&mut bench, &x, &["argmin", "argmax"], over, &[]));
    lines.extend(all(&mut bench, &x, &["argmin", "argmax"], over, &[("skipna", Bool(false))]));
    lines.extend(all(&mut bench, &x, &["first", "last"], &[&["t"], &["x"], &["t", "x"]], &[]));
    lines.extend(all(&mut bench, &x, &["first", "last"], &[&["y"]], &[("skipna", Bool(false))]));
    lines.extend(all(&mut bench, &x, &["ptp", "count_nan"], OVER, &[]));
    let script = "
for a, skip in [(n, True), (x, True), (x, False)]:
    for f in ['argmin', 'argmax']:
        for d in ['t', 'y', 'x', None]: told(getattr(a, f)(d, skipna=skip) if d or skip else xr.DataArray(getattr(np, f)(a.values)))
for pick in [lambda s: s[0], lambda s: s[-1]]:
    for d in [['t'], ['x'], ['t', 'x']]:
        s = x.stack(z=d).transpose(..., 'z')
        told(xr.DataArray(np.apply_along_axis(lambda r: pick(r[~np.isnan(r)]), -1, s.values), dims=s.dims[:-1]))
told(x.isel(y=0)); told(x.isel(y=-1))
for d in over: told(x.max(d) - x.min(d))
for d in over: told(x.isnull().sum(d))";
    assert_told(script, &lines);
}

#[test]
fn positions_of_nothing_and_of_nan() {
    let mut bench = Bench::new();
    let nan = f64::NAN;
    let x = bench.array(&[("a", 2), ("b", 3)], vec![nan, nan, nan, 1.0, nan, 1.0]);
    let mut say = |name, named: &[_]| told(&mut bench, name, &[Value::Array(x), Name("b".into())], named);
    assert_eq!(say("argmax", &[]), "i64 [a=2] -1.00000000e0 0.00000000e0");
    assert_eq!(say("argmin", &[("skipna", Bool(false))]), "i64 [a=2] 0.00000000e0 1.00000000e0");
    assert_eq!(say("min", &[]), "f64 [a=2] nan 1.00000000e0");
    assert_eq!(say("sum", &[]), "f64 [a=2] 0.00000000e0 2.00000000e0");
    assert_eq!(say("last", &[]), "f64 [a=2] nan 1.00000000e0");
}

#[test]
fn integers_and_truth_values() {
    let mut bench = Bench::new();
    let n = |i: i64| i * 7919 % 1000 - 300;
    let i16 = array::<i16>(&mut bench, |i| Scalar::Int(n(i)));
    let u8 = array::<u8>(&mut bench, |i| Scalar::Int(n(i) & 255));
    let bools = array::<bool>(&mut bench, |i| Scalar::Bool(n(i) > 640));
    let mut lines = Vec::new();
    let names = ["sum", "mean", "std", "var", "min", "max", "any", "all", "ptp", "argmax"];
    for x in [&i16, &u8] {
        lines.extend(all(&mut bench, x, &names, &[&["t"], &["x"]], &[]));
        lines.extend(all(&mut bench, x, &["prod"], &[&["y"]], &[]));
        lines.extend(all(&mut bench, x, &["sum"], &[&["t"]], &[("dtype", Value::DType(DType::I8))]));
        lines.extend(all(&mut bench, x, &["sum", "mean"], &[&["t"]], &[("dtype", Value::DType(DType::F32))]));
    }
    lines.extend(all(
        &mut bench,
        &bools,
        &["sum", "mean", "min", "max", "any", "all", "count"],
        &[&["y"], &["x"]],
        &[],
    ));
    let script = "
for a in [n.astype('i2'), (n & 255).astype('u1')]:
    for f in ['sum', 'mean', 'std', 'var', 'min', 'max', 'any', 'all', 'ptp', 'argmax']:
        for d in 'tx': told(a.reduce(getattr(np, f), d))
    told(a.prod('y')); told(a.sum('t').astype('i1')); told(a.sum('t').astype('f4')); told(a.mean('t').astype('f4'))
for f in ['sum', 'mean', 'min', 'max', 'any', 'all', 'count']:
    for d in 'yx': told(getattr(n > 640, f)(d))";
    assert_told(script, &lines);
}

#[test]
fn narrow_floats_and_complex_numbers() {
    use num_complex::Complex64;
    let mut bench = Bench::new();
    let f16 = array::<half::f16>(&mut bench, |i| Scalar::Float(element(i)));
    let f32 = array::<f32>(&mut bench, |i| Scalar::Float(element(i)));
    let c64 =
        array::<num_complex::Complex32>(&mut bench, |i| Scalar::Complex(Complex64::new(element(i), i as f64 / 4.0)));
    let mut lines = Vec::new();
    for x in [&f16, &f32] {
        lines.extend(all(&mut bench, x, &["mean", "std", "min"], &[&["t"], &["x"]], &[]));
        lines.extend(all(&mut bench, x, &["sum"], &[&["x"]], &[("dtype", Value::DType(DType::F64))]));
    }
    lines.extend(all(&mut bench, &c64, &["mean", "var", "sum"], &[&["t"], &["x"]], &[]));
    let script = "
for dtype in ['f2', 'f4']:
    for f in ['mean', 'std', 'min']:
        for d in 'tx': told(getattr(x, f)(d), dtype)
    told(x.sum('x'))
c = x + 1j * array(i / 4)
for f in ['mean', 'var', 'sum']:
    for d in 'tx': told(xr.DataArray(getattr(np, 'nan' + f)(c.values, axis='tyx'.index(d)), dims=[e for e in 'tyx' if e != d]),
                        'f4' if f == 'var' else 'c8')";
    assert_told(script, &lines);
}

#[test]
fn a_large_mean_costs_no_digits() {
    let mut bench = Bench::new();
    for offset in [1e9, -3e12] {
        let values: Vec<f64> = (0..4000).map(|i| offset + f64::from(i % 7)).collect();
        let mean = (0..4000).map(|i| f64::from(i % 7)).sum::<f64>() / 4000.0;
        let exact = (0..4000).map(|i| (f64::from(i % 7) - mean).powi(2)).sum::<f64>() / 4000.0;
        let along = bench.array(&[("t", 4000)], values.clone());
        let across = bench.array(&[("t", 4000), ("y", 1)], values);
        for (x, name) in [(along, "t"), (across, "t")] {
            let variance = bench.apply_named("var", &[Value::Array(x), Name(name.into())], &[]);
            let found = bench.values(variance).scalars()[0].as_f64().unwrap();
            assert!((found / exact - 1.0).abs() < 1e-6, "{found} {exact}");
        }
    }
}

#[test]
fn times_are_averaged_and_compared() {
    let mut bench = Bench::new();
    let time = |i: i64| if i % 11 == 3 { i64::MIN } else { (i * 7919 % 1000) * 86_400_000_123 - 5_000_000_000_000_000 };
    let elements: Vec<i64> = (0..6000).map(time).collect();
    let datetime = DType::DateTime(Calendar::Standard);
    let dates = Value::Array(bench.array_of(datetime, &SHAPE, elements.clone()));
    let durations = Value::Array(bench.array_of(DType::Duration, &SHAPE, elements));
    let over: &[&[&str]] = &[&["t"], &["x"]];
    let mut lines = all(&mut bench, &dates, &["mean", "min", "max", "count"], over, &[]);
    lines.extend(all(&mut bench, &dates, &["min", "max", "mean"], &[&["x"]], &[("skipna", Bool(false))]));
    lines.extend(all(&mut bench, &durations, &["mean", "sum", "ptp"], &[&["t"]], &[]));
    let script = "
w = (i * 7919 % 1000) * 86_400_000_123 - 5_000_000_000_000_000
gone = i % 11 == 3
dates = array(np.where(gone, np.datetime64('NaT'), w.astype('datetime64[us]')))
def mean(d, kind):
    axis = 'tyx'.index(d)
    keep = array(~gone).values
    sums = np.sum(np.where(keep, array(w).values, 0).astype(object), axis) // keep.sum(axis)
    return xr.DataArray(sums.astype('i8').astype(kind + '[us]'), dims=[e for e in 'tyx' if e != d])
for d in 'tx': told(mean(d, 'M8'))
for f in ['min', 'max']:
    for d in 'tx': told(getattr(dates, f)(d, skipna=True))
for d in 'tx': told(dates.count(d))
lost = array(gone).any('x')
for a in [dates.min('x', skipna=True), dates.max('x', skipna=True), mean('x', 'M8')]: told(a.where(~lost))
told(mean('t', 'm8'))
spans = array(np.where(gone, 0, w))
told(xr.DataArray(spans.sum('t').values.astype('m8[us]'), dims=['y', 'x']))
told((dates.max('t', skipna=True) - dates.min('t', skipna=True)).astype('m8[us]'))";
    assert_told(script, &lines);
}

#[test]
fn weights_are_those_of_xarray() {
    let mut bench = Bench::new();
    let x = floats(&mut bench);
    let n = array::<i16>(&mut bench, |i| Scalar::Int(i * 7919 % 1000 - 300));
    let y = Value::Array(bench.array(&[("y", 3)], vec![0.5, 2.0, 0.25]));
    let xy = Value::Array(bench.array(&[("x", 50), ("y", 3)], (0..150).map(|i| i % 7).collect::<Vec<i32>>()));
    let names = ["sum", "mean", "var", "std"];
    let over: &[&[&str]] = &[&["y"], &["x", "y"], &["t"], &[]];
    let mut lines = all(&mut bench, &x, &names, over, &[("weights", y.clone())]);
    lines.extend(all(&mut bench, &x, &names, over, &[("weights", xy)]));
    lines.extend(all(&mut bench, &x, &names, over, &[("weights", y.clone()), ("skipna", Bool(false))]));
    lines.extend(all(&mut bench, &n, &["mean"], over, &[("weights", y)]));
    let script = "
y = xr.DataArray([0.5, 2, 0.25], dims=['y'])
xy = xr.DataArray((np.arange(150) % 7).reshape(50, 3), dims=['x', 'y'])
over = [['y'], ['x', 'y'], ['t'], None]
for w, skip in [(y, True), (xy, True), (y, False)]:
    for f in ['sum', 'mean', 'var', 'std']:
        for d in over: told(getattr(x.weighted(w), f)(d, skipna=skip))
for d in over: told(n.weighted(y).mean(d))";
    assert_told(script, &lines);
}

/// Any cut of the reduced axes into accumulators that are then merged gives what the whole gives.
#[test]
fn merged_accumulators_hold_what_one_does() {
    let mut bench = Bench::new();
    let x = floats(&mut bench);
    let weights = Value::Array(bench.array(&[("y", 3)], vec![0.5, 2.0, 0.25]));
    for row in super::OPERATORS {
        let weighted = matches!(row.name, "sum" | "mean" | "var" | "std");
        for named in [vec![], vec![("weights", weights.clone())]] {
            if named.is_empty() || weighted {
                let dims = if row.name.starts_with("arg") { dims(&["x"]) } else { dims(&["t", "x"]) };
                let operand = bench.apply_named(row.name, &[vec![x.clone()], dims].concat(), &named);
                assert_merges(&bench, operand);
            }
        }
    }
}

/// Fails unless accumulators of both halves of a cut of the input, merged, hold what the whole holds.
pub fn assert_merges(bench: &Bench, operand: Operand) {
    let (call, inputs) = bench.call_of(operand).expect("a call");
    let Pattern::Reduction(reduction) = &call.pattern else { panic!("{call} is no reduction") };
    let shape = bench.ty(inputs[0]).shape();
    let cells = Region::whole(&bench.ty(operand).shape());
    let halves = |axis: usize, cut: u64| {
        let cut = cut.min(shape[axis]);
        [(0, cut), (cut, shape[axis] - cut)].map(|(start, count)| {
            let mut region = Region::whole(&shape);
            (region.start[axis], region.shape[axis]) = (start, count);
            region
        })
    };
    for region in [halves(0, 1), halves(0, 17), halves(2, 49), halves(2, 20)] {
        let mut parts = region.iter().map(|region| {
            let mut acc = reduction.combine.init(cells.count() as usize);
            let blocks: Vec<Block> = inputs.iter().map(|&input| bench.region(input, region)).collect();
            Stepper::new(reduction, &cells, &shape, region).block(acc.as_mut(), &blocks[0], blocks.get(1));
            acc
        });
        let mut acc = parts.next().expect("two parts");
        parts.for_each(|later| acc.merge(later));
        assert_close(&acc.finish(), &bench.values(operand).reshape(&[cells.count()]));
    }
}

#[test]
fn calls_are_written_with_all_options() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let weights = Value::Array(bench.array(&[("y", 4)], vec![1.0, 2.0, 3.0, 4.0]));
    let t = || vec![x.clone(), Name("t".into())];
    let first = bench.apply_named("mean", &t(), &[("weights", weights), ("keepdims", Bool(true))]);
    let second = bench.apply_named("std", &t(), &[("skipna", Bool(false)), ("ddof", Int(1)), ("min_count", Int(2))]);
    let third = bench.apply_named("sum", std::slice::from_ref(&x), &[("dtype", Value::DType(DType::F32))]);
    let text = [first, second, third].map(|operand| bench.text(operand)).join("\n\n");
    insta::assert_snapshot!(text);
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let empty = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<f64>::new()));
    let texts = Value::Array(bench.array::<std::sync::Arc<str>>(&[("t", 1)], vec!["a".into()]));
    let dates = Value::Array(bench.array_of(DType::DateTime(Calendar::Standard), &[("t", 1)], vec![0i64]));
    let weights = Value::Array(bench.array(&[("y", 3)], vec![1.0, 2.0, 3.0]));
    let y = Value::Array(bench.array(&[("y", 4)], vec![1.0; 4]));
    let hole = {
        use crate::array::{ArrayType, Dims};
        let ty = ArrayType::new(DType::F64, Dims::new([("y", 4)]));
        let values = Block::from_list(vec![1.0, f64::NAN, 1.0, 1.0]);
        Value::Array(bench.constant(ty, crate::operators::Constant::Values(values)))
    };
    let name = |text: &str| Name(text.into());
    let lines = [
        told(&mut bench, "mean", &[x.clone(), name("tt")], &[]),
        told(&mut bench, "sum", &[x.clone(), name("t"), Int(0)], &[]),
        told(&mut bench, "argmin", &[x.clone(), name("t"), name("y")], &[]),
        told(&mut bench, "max", &[empty.clone(), name("t")], &[]),
        told(&mut bench, "sum", &[empty, name("t")], &[]),
        told(&mut bench, "max", std::slice::from_ref(&texts), &[]),
        told(&mut bench, "sum", &[dates], &[]),
        told(&mut bench, "count", &[texts], &[]),
        told(&mut bench, "sum", std::slice::from_ref(&x), &[("dtype", Value::DType(DType::I32))]),
        told(&mut bench, "sum", std::slice::from_ref(&x), &[("min_count", Int(-1))]),
        told(&mut bench, "mean", std::slice::from_ref(&x), &[("weights", weights)]),
        told(&mut bench, "mean", std::slice::from_ref(&x), &[("weights", hole)]),
        told(&mut bench, "var", std::slice::from_ref(&x), &[("weights", y), ("ddof", Int(1))]),
        told(&mut bench, "mean", &[Value::Str("x".into())], &[]),
        told(&mut bench, "mean", &[Int(3)], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
