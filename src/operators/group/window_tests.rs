//! Growing and exponential windows, windows laid out and weighted quantiles against xarray's and pandas', any part against the whole.

use std::slice::from_ref;

use crate::array::block::Element;
use crate::array::{DType, Scalar};
use crate::operators::Value;
use crate::operators::reduction::tests::{DATA, LOOP, told};
use crate::operators::testing::{Bench, assert_python, ints, list, text};
use Value::{Bool, Float, Int, Name};

fn name(name: &str) -> Value {
    Name(name.into())
}

/// `[t=6, y=5, x=4]`, some missing where there can be.
fn array<T: Element>(bench: &mut Bench) -> Value {
    let value = |i: i64| match i * 7919 % 11 {
        3 if T::from_scalar(&Scalar::Float(f64::NAN)).to_scalar().is_missing() => Scalar::Float(f64::NAN),
        _ => Scalar::Float((i * 7919 % 100) as f64 / 4.0 - 9.0),
    };
    Value::Array(
        bench.array(&[("t", 6), ("y", 5), ("x", 4)], (0..120).map(|i| T::from_scalar(&value(i))).collect::<Vec<T>>()),
    )
}

const HERE: &str = "
i = np.arange(120)
whole = (i * 7919 % 100) / 4 - 9
v = np.where(i * 7919 % 11 == 3, np.nan, whole)
def array(values): return xr.DataArray(values.reshape(6, 5, 4), dims=['t', 'y', 'x'])
f, n = array(v), array(whole.astype('i2'))
def frame(a, dim):
    moved = a.transpose(dim, ...)
    return moved, pd.DataFrame(moved.values.reshape(moved.shape[0], -1).astype('f8'))
def back(a, moved, made): return moved.copy(data=made.values.reshape(moved.shape)).transpose(*a.dims)
";

fn assert_here(script: &str, lines: &[String]) {
    assert_python(&format!("{DATA}{LOOP}{HERE}{script}"), lines);
}

/// What a view made by `operator` gives to a reduction.
fn of_view(
    bench: &mut Bench,
    (operator, x, named): (&str, &[Value], &[(&str, Value)]),
    (reducer, rest, options): (&str, &[Value], &[(&str, Value)]),
) -> String {
    let view = bench.call(operator, x, named).expect("a view");
    let args: Vec<Value> = std::iter::once(view).chain(rest.iter().cloned()).collect();
    told(bench, reducer, &args, options)
}

#[test]
fn exponential_windows_are_those_of_pandas() {
    let mut bench = Bench::new();
    let (f, n) = (array::<f64>(&mut bench), array::<i16>(&mut bench));
    let single = array::<f32>(&mut bench);
    let mut lines = Vec::new();
    for x in [&f, &n] {
        for dim in ["t", "y", "x"] {
            for (kind, window) in [("span", 3.0), ("com", 0.5), ("halflife", 2.0), ("alpha", 0.25)] {
                let view = [(dim, Float(window)), ("window_type", text(kind))];
                for reducer in ["mean", "sum", "var", "std"] {
                    lines.push(of_view(&mut bench, ("rolling_exp", from_ref(x), &view), (reducer, &[], &[])));
                }
            }
        }
    }
    let least = [("t", Int(3)), ("min_weight", Float(0.7))];
    lines.push(of_view(&mut bench, ("rolling_exp", from_ref(&f), &least), ("mean", &[], &[])));
    let span = [("t", Int(3))];
    lines.push(of_view(&mut bench, ("rolling_exp", from_ref(&f), &span), ("sum", &[], &[("skipna", Bool(false))])));
    let wide = [("dtype", Value::DType(DType::F64))];
    lines.push(of_view(&mut bench, ("rolling_exp", from_ref(&single), &span), ("mean", &[], &wide)));
    let all = [("t", Float(1.0)), ("window_type", text("alpha"))];
    lines.push(of_view(&mut bench, ("rolling_exp", from_ref(&f), &all), ("var", &[], &[])));
    let script = "
def ewm(a, dim, name, **window):
    moved, made = frame(a, dim)
    return back(a, moved, getattr(made.ewm(**window, min_periods=1, ignore_na=False), name)())
for a in f, n:
    for dim in 't', 'y', 'x':
        for window in dict(span=3), dict(com=0.5), dict(halflife=2), dict(alpha=0.25):
            for name in 'mean', 'sum', 'var', 'std': told(ewm(a, dim, name, **window))
there = ewm(f.notnull().astype('f8').where(f.notnull()), 't', 'sum', span=3).fillna(0) * 0.5
told(ewm(f, 't', 'mean', span=3).where(there >= 0.7))
told(ewm(f, 't', 'sum', span=3).where(np.cumsum(f.isnull(), 0) == 0))
told(ewm(f, 't', 'mean', span=3)); told(f * np.nan)";
    assert_here(script, &lines);
}

#[test]
fn growing_windows_are_those_of_xarray() {
    let mut bench = Bench::new();
    let (f, n) = (array::<f64>(&mut bench), array::<i16>(&mut bench));
    let reducers = ["sum", "prod", "mean", "std", "var", "min", "max", "count", "median"];
    let mut lines = Vec::new();
    for (x, dims) in
        [(&f, vec!["t"]), (&f, vec!["x"]), (&n, vec!["y"]), (&f, vec!["t", "x"]), (&n, vec!["x", "y", "t"])]
    {
        let args: Vec<Value> = std::iter::once(x.clone()).chain(dims.iter().map(|dim| name(dim))).collect();
        for least in [1, 3] {
            for reducer in reducers {
                let view = [("min_periods", Int(least))];
                lines.push(of_view(&mut bench, ("cumulative", &args, &view), (reducer, &[], &[])));
            }
        }
    }
    let t = [f.clone(), name("t")];
    for (reducer, rest, options) in [
        ("quantile", vec![Float(0.25)], vec![]),
        ("quantile", vec![Float(0.25)], vec![("method", text("lower"))]),
        ("std", vec![], vec![("ddof", Int(1))]),
        ("sum", vec![], vec![("skipna", Bool(false))]),
        ("median", vec![], vec![("skipna", Bool(false))]),
        ("first", vec![], vec![]),
        ("last", vec![], vec![]),
        ("ptp", vec![], vec![]),
        ("argmax", vec![], vec![]),
        ("mode", vec![], vec![]),
    ] {
        lines.push(of_view(&mut bench, ("cumulative", &t, &[]), (reducer, &rest, &options)));
    }
    let script = "
names = 'sum prod mean std var min max count median'.split()
def grown(a, dims, least, name):
    if name in ('sum', 'prod', 'mean', 'count', 'min', 'max'): return getattr(a.cumulative(dims, min_periods=least), name)()
    function = {'std': np.nanstd, 'var': np.nanvar, 'median': np.nanmedian}[name]
    return a.astype('f8').rolling({d: a.sizes[d] for d in dims}, min_periods=least).reduce(function)
for a, dims in (f, ['t']), (f, ['x']), (n, ['y']), (f, ['t', 'x']), (n, ['x', 'y', 't']):
    for least in 1, 3:
        for name in names: told(grown(a, dims, least, name), 'f4' if a is n and name in ('min', 'max') else 'f8')
moved, made = frame(f, 't')
e = made.expanding(1)
told(back(f, moved, e.quantile(0.25))); told(back(f, moved, e.quantile(0.25, interpolation='lower'))); told(back(f, moved, e.std()))
broken = np.cumsum(f.isnull(), 0) > 0
told(back(f, moved, e.sum()).where(~broken)); told(back(f, moved, e.median()).where(~broken))
def each(function): return back(f, moved, made.expanding(1).apply(lambda s: function(s[~np.isnan(s)]), raw=True))
told(each(lambda s: s[0])); told(each(lambda s: s[-1])); told(each(np.ptp))
at = made.expanding(1).apply(lambda s: np.nanargmax(s), raw=True)
told(back(f, moved, at).fillna(-1).astype('i8'))
def mode(s):
    values, counts = np.unique(s, return_counts=True)
    return values[counts.argmax()]
told(each(mode))";
    assert_here(script, &lines);
}

#[test]
fn long_windows_slide_as_pandas_has_them() {
    let mut bench = Bench::new();
    let value = |i: i64| if i * 7919 % 23 == 3 || (100..140).contains(&i) { f64::NAN } else { (i * 7919 % 83) as f64 };
    let x = Value::Array(bench.array(&[("y", 2), ("t", 180)], (0..360).map(value).collect::<Vec<f64>>()));
    let n = Value::Array(bench.array(&[("t", 180), ("y", 2)], (0..360).map(|i| i * 7919 % 83).collect::<Vec<i32>>()));
    let mut lines = Vec::new();
    for x in [&x, &n] {
        for (length, center, least) in
            [(64, false, 30), (71, true, 1), (100, true, 64), (500, false, 1), (64, false, 64)]
        {
            let view = [("t", Int(length)), ("center", Bool(center)), ("min_periods", Int(least))];
            lines.push(of_view(&mut bench, ("rolling", from_ref(x), &view), ("median", &[], &[])));
            lines.push(of_view(&mut bench, ("rolling", from_ref(x), &view), ("quantile", &[Float(0.2)], &[])));
            let lower = [("method", text("lower"))];
            lines.push(of_view(&mut bench, ("rolling", from_ref(x), &view), ("quantile", &[Float(0.2)], &lower)));
        }
        let view = [("t", Int(80)), ("min_periods", Int(1))];
        lines.push(of_view(&mut bench, ("rolling", from_ref(x), &view), ("median", &[], &[("skipna", Bool(false))])));
    }
    let script = "
i = np.arange(360)
v = np.where((i * 7919 % 23 == 3) | (i >= 100) & (i < 140), np.nan, i * 7919 % 83)
a = xr.DataArray(v.reshape(2, 180), dims=['y', 't'])
n = xr.DataArray((i * 7919 % 83).reshape(180, 2), dims=['t', 'y'])
for x in a, n:
    moved, made = frame(x, 't')
    for length, center, least in (64, False, 30), (71, True, 1), (100, True, 64), (500, False, 1), (64, False, 64):
        shifted = pd.concat([made, made * np.nan]) if center else made
        windows = shifted.rolling(length, min_periods=least)
        after = (length - 1) // 2 if center else 0
        def cut(f): return back(x, moved, f.iloc[after : after + 180])
        told(cut(windows.median())); told(cut(windows.quantile(0.2))); told(cut(windows.quantile(0.2, interpolation='lower')))
    hidden = made.isnull().rolling(80, min_periods=1).max() > 0
    told(back(x, moved, made.rolling(80, min_periods=1).median().where(~hidden)))";
    assert_here(script, &lines);
}

#[test]
fn windows_are_laid_out_as_by_xarray() {
    let mut bench = Bench::new();
    let (f, n) = (array::<f64>(&mut bench), array::<i16>(&mut bench));
    let mut lines = Vec::new();
    for x in [&f, &n] {
        for center in [false, true] {
            for (length, stride) in [(1, 1), (3, 1), (4, 2), (9, 1), (2, 5)] {
                let view = [("y", Int(length)), ("center", Bool(center))];
                let stride = [("stride", Int(stride))];
                lines.push(of_view(&mut bench, ("rolling", from_ref(x), &view), ("construct", &[name("w")], &stride)));
            }
        }
        let view = [("x", Int(3)), ("t", Int(2))];
        let strides = Value::Record(std::sync::Arc::new(vec![("t".to_owned(), Int(4))]));
        let options = [("t", name("a")), ("x", name("b")), ("fill_value", Int(-5)), ("stride", strides)];
        lines.push(of_view(&mut bench, ("rolling", from_ref(x), &view), ("construct", &[], &options)));
        for (boundary, lengths) in [("exact", (5, 2)), ("trim", (2, 3)), ("pad", (3, 3))] {
            let view = [("y", Int(lengths.0)), ("x", Int(lengths.1)), ("boundary", text(boundary))];
            let options = [("y", list([name("y"), name("e")])), ("x", list([name("w"), name("x")]))];
            lines.push(of_view(&mut bench, ("coarsen", from_ref(x), &view), ("construct", &[], &options)));
        }
    }
    let pad = [("t", Int(4)), ("boundary", text("pad"))];
    let options = [("t", list([name("a"), name("b")])), ("fill_value", Int(7))];
    lines.push(of_view(&mut bench, ("coarsen", from_ref(&n), &pad), ("construct", &[], &options)));
    let script = "
for a in f, n:
    wide = 'f8' if a is f else 'f4'
    for center in False, True:
        for length, stride in (1, 1), (3, 1), (4, 2), (9, 1), (2, 5):
            told(a.rolling(y=length, center=center).construct('w', stride=stride), wide)
    told(a.rolling(x=3, t=2).construct(t='a', x='b', stride=dict(t=4), fill_value=a.dtype.type(-5)))
    for boundary, y, x in ('exact', 5, 2), ('trim', 2, 3), ('pad', 3, 3):
        told(a.coarsen(y=y, x=x, boundary=boundary).construct(y=('y', 'e'), x=('w', 'x')), wide if boundary == 'pad' else None)
told(n.pad(t=(0, 2), constant_values=7).coarsen(t=4).construct(t=('a', 'b')), 'i2')";
    assert_here(script, &lines);
}

#[test]
fn weighted_quantiles_are_those_of_xarray() {
    let mut bench = Bench::new();
    let (f, n) = (array::<f64>(&mut bench), array::<i16>(&mut bench));
    let own = (0..120).map(|i: i64| (i * 31 % 7) as f64).collect::<Vec<f64>>();
    let own = Value::Array(bench.array(&[("t", 6), ("y", 5), ("x", 4)], own));
    let along = Value::Array(bench.array(&[("y", 5)], vec![0u8, 3, 1, 0, 2]));
    let none = Value::Array(bench.array(&[("t", 6)], vec![0.0; 6]));
    let levels = || list([0.0, 0.1, 0.5, 0.77, 1.0].map(Float));
    let mut lines = Vec::new();
    for x in [&f, &n] {
        for (weights, dims) in
            [(&own, vec!["t"]), (&own, vec!["y", "x"]), (&along, vec!["y"]), (&along, vec!["x", "y", "t"])]
        {
            let dims: Vec<Value> = dims.iter().map(|dim| name(dim)).collect();
            let args: Vec<Value> = [x.clone(), levels()].into_iter().chain(dims.iter().cloned()).collect();
            let weighted = ("weights", weights.clone());
            lines.push(told(&mut bench, "quantile", &args, from_ref(&weighted)));
            lines.push(told(&mut bench, "quantile", &args, &[weighted.clone(), ("skipna", Bool(false))]));
            let args: Vec<Value> = std::iter::once(x.clone()).chain(dims).collect();
            lines.push(told(&mut bench, "median", &args, &[weighted, ("keepdims", Bool(true))]));
        }
    }
    let t = [f.clone(), Float(0.5), name("t")];
    lines.push(told(&mut bench, "quantile", &t, &[("weights", none)]));
    for method in
        ["inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf"]
    {
        let even = Value::Array(bench.array(&[("x", 4)], vec![2.5; 4]));
        let args = [n.clone(), levels(), name("x")];
        lines.push(told(&mut bench, "quantile", &args, &[("weights", even), ("method", text(method))]));
    }
    let args = [n.clone(), levels(), name("y")];
    lines.push(told(&mut bench, "quantile", &args, &[("weights", along), ("method", text("inverted_cdf"))]));
    let script = "
own = array((np.arange(120) * 31 % 7).astype('f8'))
along = xr.DataArray([0., 3, 1, 0, 2], dims='y')
q = np.array([0, 0.1, 0.5, 0.77, 1])
for a in f, n:
    for w, dims in (own, ['t']), (own, ['y', 'x']), (along, ['y']), (along, ['x', 'y', 't']):
        rest = [d for d in a.dims if d not in dims]
        for skipna in True, False: told(a.weighted(w).quantile(q, dim=dims, skipna=skipna).transpose('quantile', *rest), 'f8')
        told(a.weighted(w).quantile(0.5, dim=dims).drop_vars('quantile').expand_dims(dims).transpose('t', 'y', 'x'), 'f8')
told(f.isel(t=0) * np.nan)
for method in 'inverted_cdf', 'hazen', 'weibull', 'median_unbiased', 'normal_unbiased', 'interpolated_inverted_cdf':
    told(n.quantile(q, 'x', method=method), 'f8')
picked = np.quantile(n.values, q, axis=1, weights=along.values.astype('i8'), method='inverted_cdf')
told(xr.DataArray(picked, dims=['quantile', 't', 'x']), 'f8')";
    assert_here(script, &lines);
}

#[test]
fn what_is_special_of_windows() {
    let mut bench = Bench::new();
    let single = Value::Array(bench.array(&[("t", 1)], vec![4.0]));
    let empty = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<f64>::new()));
    let infinite = Value::Array(bench.array(&[("t", 3)], vec![1.0, f64::INFINITY, 2.0]));
    let large = Value::Array(bench.array(&[("t", 4)], vec![1e9, 1e9 + 1.0, 1e9 + 2.0, 1e9 + 1.0]));
    let words = Value::Array(bench.array::<std::sync::Arc<str>>(&[("t", 2)], vec!["a".into(), "b".into()]));
    let t = |x: &Value| [x.clone(), name("t")];
    let weights = Value::Array(bench.array(&[("t", 3)], vec![1.0, 0.0, 1.0]));
    let holes = Value::Array(bench.array(&[("t", 3)], vec![1.0, f64::NAN, 1.0]));
    let three = [("t", Int(3))];
    let mut lines = vec![
        of_view(&mut bench, ("rolling_exp", from_ref(&single), &three), ("var", &[], &[])),
        of_view(&mut bench, ("rolling_exp", from_ref(&empty), &three), ("mean", &[], &[])),
        of_view(&mut bench, ("rolling_exp", from_ref(&large), &three), ("std", &[], &[])),
        of_view(&mut bench, ("rolling", from_ref(&words), &three), ("construct", &[name("w")], &[])),
        of_view(
            &mut bench,
            ("rolling", from_ref(&words), &three),
            ("construct", &[name("w")], &[("fill_value", text("-"))]),
        ),
        of_view(&mut bench, ("rolling", from_ref(&empty), &[("y", Int(3))]), ("construct", &[name("w")], &[])),
        of_view(&mut bench, ("rolling", from_ref(&empty), &three), ("construct", &[name("w")], &[])),
        of_view(
            &mut bench,
            ("coarsen", from_ref(&empty), &three),
            ("construct", &[], &[("t", list([name("a"), name("b")]))]),
        ),
    ];
    for reducer in ["mean", "median", "count"] {
        lines.push(of_view(&mut bench, ("cumulative", &t(&single), &[]), (reducer, &[], &[])));
        lines.push(of_view(&mut bench, ("cumulative", &t(&empty), &[]), (reducer, &[], &[])));
        lines.push(of_view(&mut bench, ("cumulative", &[empty.clone(), name("..")], &[]), (reducer, &[], &[])));
    }
    lines.push(of_view(&mut bench, ("cumulative", &t(&large), &[]), ("var", &[], &[])));
    lines.push(told(&mut bench, "median", &t(&infinite), &[("weights", weights)]));
    lines.push(told(&mut bench, "median", &t(&infinite), &[("weights", holes)]));
    let nothing = Value::Array(bench.array(&[("t", 0)], Vec::<f64>::new()));
    lines.push(told(&mut bench, "quantile", &[empty, ints([0, 1]), name("t")], &[("weights", nothing)]));
    insta::assert_snapshot!(lines.join("\n"));
}
