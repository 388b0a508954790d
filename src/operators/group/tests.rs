//! Groups and windows against xarray's, and their errors.

use std::sync::Arc;

use crate::array::calendar::DAY;
use crate::array::{ArrayType, Attributes, Block, Calendar, Coord, CoordValues, DType, DimName, Dims, Scalar};
use crate::operators::reduction::tests::{DATA, LOOP, assert_merges, digits, told};
use crate::operators::testing::{Bench, assert_python, ints, list};
use crate::operators::view::ViewKind;
use crate::operators::{Builder, Constant, Operand, Value};

use Value::{Bool, Int, Name};

const TIMES: u64 = 24;

/// Days from 2000-01-01, unsorted, with gaps of months.
fn days() -> Vec<i64> {
    (0..TIMES as i64).map(|i| (i * 37 % 24) * 9 + if i % 24 > 11 { 150 } else { 0 }).collect()
}

fn values() -> Vec<f64> {
    let value = |i: i64| if i % 7 == 3 { f64::NAN } else { (i * 7919 % 1000) as f64 / 8.0 };
    (0..TIMES as i64 * 15).map(value).collect()
}

/// `[time=24, y=3, x=5]` with coordinates along `time` and `x`.
fn array(bench: &mut Bench, dtype: DType) -> Operand {
    let dims = Dims::new([("time", TIMES), ("y", 3), ("x", 5)]);
    let block = match dtype {
        DType::F64 => Block::from_vec(&dims.shape(), values()),
        _ => Block::from_vec(
            &dims.shape(),
            (0..TIMES as i64 * 15).map(|i| (i * 7919 % 1000) as i16).collect::<Vec<i16>>(),
        ),
    };
    let mut ty = ArrayType::new(dtype, dims);
    let calendar = Calendar::Standard;
    let times = CoordValues::Time(days().iter().map(|d| (d + 10957) * DAY).collect(), calendar);
    let time = Coord { dim: "time".into(), dtype: DType::DateTime(calendar), values: times, attrs: Arc::default() };
    let x = Coord::integers("x".into(), vec![10, 20, 40, 50, 90]);
    ty.coords = [time, x].map(|coord| (coord.dim.clone(), Arc::new(coord))).into();
    bench.source(ty, block.unwrap())
}

/// A key as the lowering gives it.
fn key(bench: &mut Bench, name: &str, dim: &str, dtype: DType, block: Block) -> Value {
    let ty = ArrayType::new(dtype, Dims::new([(dim, block.count())]));
    let values = Value::Array(bench.constant(ty, Constant::Values(block)));
    Value::Record(Arc::new(vec![("name".into(), Value::Str(name.into())), ("values".into(), values)]))
}

const DATA_HERE: &str = "
i = np.arange(24 * 15)
v = (i * 7919 % 1000) / 8
v[i % 7 == 3] = np.nan
k = np.arange(24)
days = k * 37 % 24 * 9 + np.where(k % 24 > 11, 150, 0)
time = np.datetime64('2000-01-01', 'us') + days.astype('m8[D]')
coords = {'time': time, 'x': [10, 20, 40, 50, 90]}
def array(values): return xr.DataArray(values.reshape(24, 3, 5), dims=['time', 'y', 'x'], coords=coords)
x = array(v)
n = array((i * 7919 % 1000).astype('i2'))
scalar = value
def value(v): return str(v) if isinstance(v, (str, pd.Interval)) else scalar(v)
def both(a):
    told(a)
    labels = [f'{d}: {values(a[d].values)}' for d in sorted(a.dims) if d in a.coords]
    print('; '.join(labels))
";

fn labels(bench: &Bench, operand: Operand) -> String {
    let label = |s: Scalar| match s {
        Scalar::DateTime(t, _) => t.to_string(),
        Scalar::Str(text) => text.to_string(),
        other => digits(&other.to_string()),
    };
    let line = |coord: &Arc<Coord>| {
        let labels: Vec<String> = (0..coord.len()).map(|i| label(coord.values.get(i))).collect();
        format!("{}: {}", coord.dim, labels.join(" "))
    };
    bench.ty(operand).coords.values().map(line).collect::<Vec<_>>().join("; ")
}

/// Values and labels of a reduction of a view.
fn both(bench: &mut Bench, reducer: &str, view: &Value, dims: &[&str]) -> [String; 2] {
    let dims = dims.iter().map(|name| Name((*name).into()));
    let args: Vec<Value> = std::iter::once(view.clone()).chain(dims).collect();
    let line = told(bench, reducer, &args, &[]);
    let operand = bench.apply_named(reducer, &args, &[]);
    [line, labels(bench, operand)]
}

fn assert_both(script: &str, lines: &[String]) {
    assert_python(&format!("{DATA}{LOOP}{DATA_HERE}{script}"), lines);
}

const GROUPED: &[&str] = &["sum", "mean", "std", "var", "min", "max", "prod", "count", "first", "last"];

#[test]
fn groups_are_those_of_xarray() {
    let mut bench = Bench::new();
    let x = array(&mut bench, DType::F64);
    let n = array(&mut bench, DType::I16);
    let month = key(
        &mut bench,
        "month",
        "time",
        DType::I64,
        Block::from_list((0..24).map(|i| i * 5 % 7).collect::<Vec<i64>>()),
    );
    let depth = (0..24).map(|i| if i % 5 == 2 { f64::NAN } else { f64::from(i % 4) / 2.0 - 1.0 }).collect::<Vec<f64>>();
    let depth = key(&mut bench, "depth", "time", DType::F64, Block::from_list(depth));
    let season: Vec<Arc<str>> = (0..24).map(|i| ["JJA", "DJF", "SON", "MAM"][i % 4].into()).collect();
    let season = key(&mut bench, "season", "time", DType::Str, Block::from_list(season));
    let mut lines = Vec::new();
    for (array, key) in [(x, &month), (x, &depth), (x, &season), (n, &month)] {
        let view = bench.call("groupby", &[Value::Array(array), key.clone()], &[]).unwrap();
        for name in GROUPED {
            lines.extend(both(&mut bench, name, &view, &[]));
        }
        lines.extend(both(&mut bench, "mean", &view, &["x", "time"]));
        lines.extend(both(&mut bench, "max", &view, &[".."]));
    }
    for key in [ints([2, 1, 2, 2, 1]), Name("x".into()), list([true, false, true, true, false].map(Bool))] {
        let view = bench.call("groupby", &[Value::Array(x), key], &[]).unwrap();
        lines.extend(both(&mut bench, "mean", &view, &[]));
    }
    let script = "
month = xr.DataArray(k * 5 % 7, dims='time', name='month')
depth = xr.DataArray(np.where(k % 5 == 2, np.nan, k % 4 / 2 - 1), dims='time', name='depth')
season = xr.DataArray(np.array(['JJA', 'DJF', 'SON', 'MAM'] * 6), dims='time', name='season')
for a, key in [(x, month), (x, depth), (x, season), (n, month)]:
    g = a.groupby(key)
    for f in ['sum', 'mean', 'std', 'var', 'min', 'max', 'prod', 'count', 'first', 'last']:
        both(getattr(g, f)().transpose(key.name, 'y', 'x'))
    both(g.mean(['time', 'x']).transpose(key.name, 'y'))
    both(g.max(...))
for key in [[2, 1, 2, 2, 1], [10, 20, 40, 50, 90], [1, 0, 1, 1, 0]]:
    r = x.groupby(xr.DataArray(key, dims='x', name='group')).mean().transpose('time', 'y', 'group')
    both(r.rename(group='x') if len(set(key)) > 2 else r)";
    assert_both(script, &lines);
}

#[test]
fn bins_are_half_open_and_may_be_empty() {
    let mut bench = Bench::new();
    let x = array(&mut bench, DType::F64);
    let n = array(&mut bench, DType::I16);
    let mut lines = Vec::new();
    for (array, right) in [(x, true), (x, false), (n, true)] {
        let args = [Value::Array(array), Name("x".into()), ints([10, 40, 41, 45, 60])];
        let view = bench.call("groupby_bins", &args, &[("right", Bool(right))]).unwrap();
        for name in GROUPED {
            lines.extend(both(&mut bench, name, &view, &[]));
        }
    }
    let script = "
for a, right in [(x, True), (x, False), (n, True)]:
    g = a.groupby_bins('x', [10, 40, 41, 45, 60], right=right)
    for f in ['sum', 'mean', 'std', 'var', 'min', 'max', 'prod', 'count', 'first', 'last']:
        r = getattr(g, f)().transpose('time', 'y', 'x_bins')
        r = r.astype('f4') if a is n and f in ['min', 'max', 'first', 'last'] else r
        both(r)";
    assert_both(script, &lines);
}

#[test]
fn periods_need_no_order_and_may_be_empty() {
    let mut bench = Bench::new();
    let x = array(&mut bench, DType::F64);
    let n = array(&mut bench, DType::I16);
    let mut lines = Vec::new();
    for (months, micros) in [(1, 0), (3, 0), (12, 0), (0, 10 * DAY), (0, DAY / 4 * 100)] {
        for array in [x, n] {
            let view = bench.call("resample", &[Value::Array(array)], &[("time", Value::Duration { months, micros })]);
            for name in ["mean", "sum", "max", "std"] {
                lines.extend(both(&mut bench, name, view.as_ref().unwrap(), &[]));
            }
            lines.extend(both(&mut bench, "count", view.as_ref().unwrap(), &["x"]));
        }
    }
    let script = "
for freq in ['MS', '3MS', 'YS', '10D', '600h']:
    for a in [x, n]:
        g = a.sortby('time').resample(time=freq)
        for f in ['mean', 'sum', 'max', 'std']:
            r = getattr(g, f)().transpose('time', 'y', 'x')
            whole = not r.isnull().all(['y', 'x']).any()
            if a is n: r = r.astype('i8' if f == 'sum' and whole else 'i2' if f == 'max' and whole else 'f4' if f == 'max' else 'f8')
            both(r)
        r = a.sortby('time').notnull().resample(time=freq).sum().sum('x', min_count=1)
        r = r.where(a.sortby('time').resample(time=freq).max().isnull().all(['y', 'x']) == False)
        both(r.astype('i8' if not r.isnull().any() else 'f8'))";
    assert_both(script, &lines);
}

#[test]
fn rolling_windows_are_those_of_xarray() {
    let mut bench = Bench::new();
    let x = Value::Array(array(&mut bench, DType::F64));
    let n = Value::Array(array(&mut bench, DType::I16));
    let mut lines = Vec::new();
    for (array, size) in [(&x, 5), (&x, 4), (&n, 3)] {
        for center in [false, true] {
            for least in [None, Some(1), Some(2)] {
                let least = least.map_or(Value::None, Int);
                let named = [("time", Int(size)), ("center", Bool(center)), ("min_periods", least)];
                let view = bench.call("rolling", std::slice::from_ref(array), &named).unwrap();
                for name in ["sum", "mean", "std", "min", "max", "prod", "count"] {
                    lines.extend(both(&mut bench, name, &view, &[]));
                }
            }
        }
    }
    for center in [false, true] {
        let named = [("x", Int(4)), ("y", Int(2)), ("min_periods", Int(3)), ("center", Bool(center))];
        let view = bench.call("rolling", std::slice::from_ref(&x), &named).unwrap();
        lines.extend(both(&mut bench, "var", &view, &[]));
    }
    let script = "
for a, size in [(x, 5), (x, 4), (n, 3)]:
    for center in [False, True]:
        for least in [None, 1, 2]:
            r, d = [b.rolling(time=size, center=center, min_periods=least) for b in (a, a.astype('f8'))]
            for f in ['sum', 'mean', 'std', 'min', 'max', 'prod', 'count']:
                both(getattr(d if f == 'std' else r, f)())
for center in [False, True]:
    b = x.rolling(x=4, y=2, center=center, min_periods=3)
    both(b.construct(x='a', y='b').var(['a', 'b']).where(b.count() >= 3))";
    assert_both(script, &lines);
}

#[test]
fn coarse_windows_are_those_of_xarray() {
    let mut bench = Bench::new();
    let x = Value::Array(array(&mut bench, DType::F64));
    let n = Value::Array(array(&mut bench, DType::I16));
    let mut lines = Vec::new();
    for (array, boundary) in [(&x, "trim"), (&x, "pad"), (&n, "trim")] {
        let named = [("time", Int(5)), ("x", Int(2)), ("boundary", Name(boundary.into()))];
        let view = bench.call("coarsen", std::slice::from_ref(array), &named).unwrap();
        for name in ["sum", "mean", "std", "min", "max", "count", "any"] {
            lines.extend(both(&mut bench, name, &view, &[]));
        }
    }
    let view = bench.call("coarsen", &[n], &[("time", Int(6)), ("y", Int(3))]).unwrap();
    lines.extend(both(&mut bench, "mean", &view, &[]));
    let script = "
for a, boundary in [(x, 'trim'), (x, 'pad'), (n, 'trim')]:
    r = a.coarsen(time=5, x=2, boundary=boundary)
    for f in ['sum', 'mean', 'std', 'min', 'max', 'count', 'any']: both(getattr(r, f)())
both(n.coarsen(time=6, y=3).mean())";
    assert_both(script, &lines);
}

/// Small integers of which many are equal, without coordinates.
fn ties(bench: &mut Bench) -> Operand {
    let values: Vec<i32> = (0..TIMES as i32 * 15).map(|i| i * 7919 % 1000 % 3).collect();
    bench.array(&[("time", TIMES), ("y", 3), ("x", 5)], values)
}

/// The same array, positions along an axis that are -1 where nothing is present, and these of windows.
const FOUND_HERE: &str = "
e = (n.astype('i4') % 3).drop_vars(['time', 'x'])
def found(f, skip=True):
    def find(v, axis):
        if not skip: return getattr(np, f)(v, axis)
        filled = np.where(np.isnan(v), -np.inf if f == 'argmax' else np.inf, v)
        return np.where(np.isnan(v).all(axis), -1, getattr(np, f)(filled, axis))
    return find
def windows(r, names):
    w = r.construct(names)
    return w.stack(z=[name[1] if isinstance(name, tuple) else name for name in names.values()])
";

#[test]
fn positions_count_within_groups() {
    let mut bench = Bench::new();
    let x = array(&mut bench, DType::F64);
    let e = ties(&mut bench);
    let cycle = (0..24).map(|i| if i % 5 == 2 { f64::NAN } else { f64::from(i % 4) }).collect::<Vec<f64>>();
    let cycle = key(&mut bench, "cycle", "time", DType::F64, Block::from_list(cycle));
    let pairs = key(&mut bench, "pairs", "time", DType::I64, Block::from_list((0..24).map(|i| i / 2).collect()));
    let period = [("time", Value::Duration { months: 1, micros: 0 })];
    let mut lines = Vec::new();
    for (array, skip) in [(x, true), (e, true), (x, false)] {
        let mut views = vec![
            bench.call("groupby", &[Value::Array(array), cycle.clone()], &[]),
            bench.call("groupby", &[Value::Array(array), pairs.clone()], &[]),
            bench.call("groupby", &[Value::Array(array), ints([2, 1, 2, 2, 1])], &[]),
        ];
        if array == x {
            let args = [Value::Array(x), Name("x".into()), ints([10, 40, 41, 45, 60])];
            views.push(bench.call("groupby_bins", &args, &[]));
            views.push(bench.call("resample", &args[..1], &period));
        }
        for view in views {
            let (view, named) = ([view.unwrap()], [("skipna", Bool(skip))]);
            for name in ["argmin", "argmax"] {
                lines.push(told(&mut bench, name, &view, &named));
                let operand = bench.apply_named(name, &view, &named);
                assert_merges(&bench, operand);
            }
        }
    }
    let script = "
cycle = xr.DataArray(np.where(k % 5 == 2, np.nan, k % 4), dims='time', name='cycle')
pairs = xr.DataArray(k // 2, dims='time', name='pairs')
listed = xr.DataArray([2, 1, 2, 2, 1], dims='x', name='group')
for a, skip in [(x, True), (e, True), (x, False)]:
    groups = [(a.groupby(cycle), 'time', ['cycle', 'y', 'x']), (a.groupby(pairs), 'time', ['pairs', 'y', 'x'])]
    groups.append((a.groupby(listed), 'x', ['time', 'y', 'group']))
    if a is x:
        month = xr.DataArray(time.astype('M8[M]').astype('i8'), dims='time', name='month')
        groups.append((a.groupby_bins('x', [10, 40, 41, 45, 60]), 'x', ['time', 'y', 'x_bins']))
        groups.append((a.groupby(month), 'time', ['month', 'y', 'x']))
    for g, dim, order in groups:
        for f in ['argmin', 'argmax']:
            r = g.reduce(found(f, skip), dim).transpose(*order)
            if order[0] == 'month': r = r.reindex(month=range(month.values.min(), month.values.max() + 1)).rename(month='time')
            told(r.fillna(-1).astype('i8'))";
    assert_both(&format!("{FOUND_HERE}{script}"), &lines);
}

#[test]
fn positions_count_within_windows() {
    let mut bench = Bench::new();
    let x = Value::Array(array(&mut bench, DType::F64));
    let e = Value::Array(ties(&mut bench));
    let mut lines = Vec::new();
    for array in [&x, &e] {
        for sizes in [vec![("time", 5)], vec![("x", 2)], vec![("x", 3), ("time", 2)], vec![("y", 4), ("x", 9)]] {
            for (center, least) in [(false, None), (true, Some(1)), (true, Some(2))] {
                let mut named: Vec<_> = sizes.iter().map(|&(dim, size)| (dim, Int(size))).collect();
                named.extend([("center", Bool(center)), ("min_periods", least.map_or(Value::None, Int))]);
                let view = bench.call("rolling", std::slice::from_ref(array), &named).unwrap();
                lines.push(told(&mut bench, "argmin", std::slice::from_ref(&view), &[]));
                lines.push(told(&mut bench, "argmax", std::slice::from_ref(&view), &[]));
            }
        }
        for sizes in [vec![("time", 5)], vec![("x", 2)], vec![("x", 3), ("time", 4)], vec![("y", 2)]] {
            for boundary in ["trim", "pad"] {
                let mut named: Vec<_> = sizes.iter().map(|&(dim, size)| (dim, Int(size))).collect();
                named.push(("boundary", Name(boundary.into())));
                let view = bench.call("coarsen", std::slice::from_ref(array), &named).unwrap();
                lines.push(told(&mut bench, "argmin", std::slice::from_ref(&view), &[]));
                lines.push(told(&mut bench, "argmax", std::slice::from_ref(&view), &[]));
            }
        }
    }
    let script = "
for a in [x, e.astype('f8')]:
    for sizes in [{'time': 5}, {'x': 2}, {'time': 2, 'x': 3}, {'y': 4, 'x': 9}]:
        for center, least in [(False, None), (True, 1), (True, 2)]:
            w = windows(a.rolling(sizes, center=center), {d: d + '_w' for d in sizes})
            enough = w.notnull().sum('z') >= (least or np.prod(list(sizes.values())))
            for f in ['argmin', 'argmax']: told(w.reduce(found(f), 'z').where(enough, -1).astype('i8'))
    for sizes in [{'time': 5}, {'x': 2}, {'time': 4, 'x': 3}, {'y': 2}]:
        for boundary in ['trim', 'pad']:
            w = windows(a.coarsen(sizes, boundary=boundary), {d: (d, d + '_w') for d in sizes})
            for f in ['argmin', 'argmax']: told(w.reduce(found(f), 'z').transpose('time', 'y', 'x'))";
    assert_both(&format!("{FOUND_HERE}{script}"), &lines);
}

#[test]
fn calls_are_written_with_their_groups() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let mut texts = Vec::new();
    for key in [ints([1, 1, 2, 2, 1, 2]), ints([1, 1, 2, 2, 1, 1])] {
        let view = bench.call("groupby", &[x.clone(), key], &[]).unwrap();
        let operand = bench.apply_named("mean", &[view, Name("y".into())], &[("skipna", Bool(false))]);
        texts.push(bench.text(operand));
    }
    let named = [("t", Int(3)), ("center", Bool(true))];
    let view = bench.call("rolling", std::slice::from_ref(&x), &named).unwrap();
    let operand = bench.apply_named("std", &[view], &[("ddof", Int(1))]);
    texts.push(bench.text(operand));
    let view = bench.call("coarsen", &[x], &[("y", Int(2)), ("t", Int(3))]).unwrap();
    let operand = bench.apply_named("sum", &[view], &[("min_count", Int(4))]);
    texts.push(bench.text(operand));
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn missing_keys_belong_to_no_group() {
    let mut bench = Bench::new();
    let x = bench.x();
    let nat = i64::MIN;
    let days = key(&mut bench, "day", "t", DType::Duration, Block::from_list(vec![nat, 5, 0, nat, 5, 0]));
    let Ok(Value::View(view)) = bench.call("groupby", &[Value::Array(x), days], &[]) else { panic!("a view") };
    let ViewKind::Groups(groups) = &view.kind else { panic!("groups") };
    assert_eq!(groups.index[..], [u32::MAX, 1, 0, u32::MAX, 1, 0]);
    let coord = Coord {
        dim: DimName::new("day"),
        dtype: DType::Duration,
        values: CoordValues::Duration(vec![0, 5]),
        attrs: Arc::new(Attributes::new()),
    };
    assert_eq!(*groups.coord, coord);
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let timed = Value::Array(array(&mut bench, DType::F64));
    let data = bench.array(&[("t", 6)], vec![1.0; 6]);
    let day = Value::Duration { months: 0, micros: DAY };
    let name = |text: &str| Name(text.into());
    let x = || x.clone();
    let mut lines = vec![
        told(&mut bench, "groupby", &[x(), Value::Array(data)], &[]),
        told(&mut bench, "groupby", &[x(), ints([1, 2])], &[]),
        told(&mut bench, "groupby", &[x(), list([Int(1), Bool(true), Int(0), Int(0)])], &[]),
        told(&mut bench, "groupby", &[x(), name("lat")], &[]),
        told(&mut bench, "groupby", &[x(), Int(3)], &[]),
        told(&mut bench, "groupby_bins", &[x(), name("t"), ints([3, 2])], &[]),
        told(&mut bench, "groupby_bins", &[x(), name("t"), Int(3)], &[]),
        told(&mut bench, "groupby_bins", &[timed.clone(), name("time"), ints([1, 2])], &[]),
        told(&mut bench, "resample", &[x()], &[("t", day.clone())]),
        told(&mut bench, "resample", std::slice::from_ref(&timed), &[]),
        told(&mut bench, "resample", std::slice::from_ref(&timed), &[("x", day)]),
        told(&mut bench, "resample", std::slice::from_ref(&timed), &[("time", Int(3))]),
        told(&mut bench, "resample", &[timed], &[("time", Value::Duration { months: 0, micros: 0 })]),
        told(&mut bench, "rolling", &[x()], &[("t", Int(0))]),
        told(&mut bench, "rolling", &[x()], &[("z", Int(3))]),
        told(&mut bench, "rolling", &[x()], &[]),
        told(&mut bench, "rolling", &[x()], &[("t", Int(3)), ("min_periods", Int(4))]),
        told(&mut bench, "coarsen", &[x()], &[("t", Int(4))]),
    ];
    let y = key(&mut bench, "y", "t", DType::I64, Block::from_list(vec![1i64; 6]));
    lines.push(told(&mut bench, "groupby", &[x(), y], &[]));
    let rolled = bench.call("rolling", &[x()], &[("t", Int(3))]).unwrap();
    let grouped = bench.call("groupby", &[x(), name("t")], &[]).unwrap();
    let weights = Value::Array(data);
    lines.extend([
        told(&mut bench, "argmax", &[rolled.clone(), name("t")], &[]),
        told(&mut bench, "argmax", &[grouped.clone(), name("t"), name("y")], &[]),
        told(&mut bench, "argmax", &[grouped.clone(), name("..")], &[]),
        told(&mut bench, "any", std::slice::from_ref(&rolled), &[]),
        told(&mut bench, "mean", &[rolled.clone(), name("t")], &[]),
        told(&mut bench, "mean", std::slice::from_ref(&rolled), &[("keepdims", Bool(true))]),
        told(&mut bench, "mean", std::slice::from_ref(&rolled), &[("weights", weights)]),
        told(&mut bench, "mean", &[rolled], &[("min_count", Int(1))]),
        told(&mut bench, "mean", &[grouped, name("z")], &[]),
    ]);
    insta::assert_snapshot!(lines.join("\n"));
}
