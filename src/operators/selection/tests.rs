//! Selections against xarray's, and their errors.

use std::slice::from_ref;
use std::sync::Arc;

use crate::array::calendar::text::parse;
use crate::array::{ArrayType, Block, Calendar, Coord, CoordValues, DType, DimName, Dims, Scalar};
use crate::operators::testing::{Bench, assert_python, ints, list, range, text};
use crate::operators::{Builder, Constant, Operand, Value};

use Value::Int;

/// An array of 0, 1, … along `d` with these labels.
fn labelled(bench: &mut Bench, dtype: DType, values: CoordValues) -> Value {
    let n = values.len() as u64;
    let mut ty = ArrayType::new(DType::I64, Dims::new([("d", n)]));
    let coord = Coord { dim: DimName::new("d"), dtype, values, attrs: Arc::default() };
    ty.coords.insert(coord.dim.clone(), Arc::new(coord));
    Value::Array(bench.source(ty, Block::from_list((0..n as i64).collect::<Vec<_>>())))
}

fn floats(bench: &mut Bench, labels: &[f64]) -> Value {
    labelled(bench, DType::F64, CoordValues::Float(labels.to_vec()))
}

fn times(bench: &mut Bench, calendar: Calendar, dates: &[&str]) -> Value {
    let times = dates.iter().map(|d| parse(calendar, d).unwrap()).collect();
    labelled(bench, DType::DateTime(calendar), CoordValues::Time(times, calendar))
}

/// A constant along `dim`, labelled 10, 20, ….
fn constant(bench: &mut Bench, dim: &str, values: &[i64]) -> Value {
    let mut ty = ArrayType::new(DType::I64, Dims::new([(dim, values.len() as u64)]));
    let labels = (1..=values.len() as i64).map(|i| 10 * i).collect();
    ty.coords.insert(DimName::new(dim), Arc::new(Coord::integers(DimName::new(dim), labels)));
    Value::Array(bench.constant(ty, Constant::Values(Block::from_list(values.to_vec()))))
}

fn half_open(start: impl Into<Option<i64>>, end: impl Into<Option<i64>>, step: Option<i64>) -> Value {
    let end = end.into();
    range(start.into().map(Int), end.map(Int), end.is_none(), step)
}

#[test]
fn positions_are_pythons() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&[("t", 7)], (0..7).collect::<Vec<i64>>()));
    let ends = [None, Some(-9), Some(-7), Some(-3), Some(-1), Some(0), Some(2), Some(6), Some(7), Some(9)];
    let mut lines = Vec::new();
    for (start, end) in ends.iter().flat_map(|&a| ends.map(|b| (a, b))) {
        for step in [None, Some(1), Some(3), Some(9), Some(-1), Some(-2), Some(-9)] {
            lines.push(bench.say("isel", from_ref(&x), &[("t", half_open(start, end, step))]));
        }
    }
    let script = "
x = xr.DataArray(np.arange(7), dims='t')
ends = [None, -9, -7, -3, -1, 0, 2, 6, 7, 9]
for a in ends:
    for b in ends:
        for s in [None, 1, 3, 9, -1, -2, -9]: show(x.isel(t=slice(a, b, s)))";
    assert_python(script, &lines);
}

#[test]
fn positions_along_several_dims() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&[("t", 6), ("y", 4)], (0..24).collect::<Vec<i64>>()));
    let picks = constant(&mut bench, "k", &[3, -1, 0]);
    let mask = list([true, false, true, true].map(Value::Bool));
    let cases = [
        vec![("t", Int(2))],
        vec![("t", Int(-6)), ("y", Int(3))],
        vec![("y", ints([3, 0, 0])), ("t", half_open(1, 4, None))],
        vec![("t", ints([0, 2, 4])), ("y", ints([2, 1]))],
        vec![("y", ints([])), ("t", Int(1))],
        vec![("y", mask)],
        vec![("t", Int(0)), ("y", half_open(None, None, Some(-1)))],
        vec![("y", ints([1]))],
        vec![],
    ];
    let mut lines: Vec<String> = cases.iter().map(|named| bench.say("isel", from_ref(&x), named)).collect();
    lines.push(bench.say("isel", from_ref(&x), &[("y", picks)]));
    let script = "
x = xr.DataArray(np.arange(24).reshape(6, 4), dims=['t', 'y'])
show(x.isel(t=2))
show(x.isel(t=-6, y=3))
show(x.isel(t=slice(1, 4), y=[3, 0, 0]))
show(x.isel(t=[0, 2, 4], y=[2, 1]))
show(x.isel(t=1, y=[]))
show(x.isel(y=[True, False, True, True]))
show(x.isel(t=0, y=slice(None, None, -1)))
show(x.isel(y=[1]))
show(x)
show(x.isel(y=[3, -1, 0]))";
    assert_python(script, &lines);
}

#[test]
fn chunks_are_picked_by_their_numbers() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 7), ("y", 4)], (0..28).collect::<Vec<i64>>());
    let x = bench.apply_named("assign_coords", &[Value::Array(x)], &[("t", ints((0..7).map(|i| i * i)))]);
    let x = Value::Array(bench.apply_named("rechunk", &[Value::Array(x)], &[("t", Int(2)), ("y", Int(3))]));
    let cut = Value::Array(bench.apply_named("isel", from_ref(&x), &[("t", half_open(1, None, None))]));
    let mask = list([true, false, false, true].map(Value::Bool));
    let numbers = constant(&mut bench, "k", &[-1, 0]);
    let cases = [
        (&x, vec![("t", Int(1))]),
        (&x, vec![("t", Int(-1)), ("y", Int(1))]),
        (&x, vec![("t", half_open(1, 3, None)), ("y", half_open(None, -1, None))]),
        (&x, vec![("t", half_open(None, None, Some(2)))]),
        (&x, vec![("t", half_open(None, None, Some(-1)))]),
        (&x, vec![("t", ints([0, 0, 3])), ("y", ints([1, 0]))]),
        (&x, vec![("t", ints([1, 2]))]),
        (&x, vec![("t", ints([])), ("y", Int(0))]),
        (&x, vec![("t", half_open(9, None, None))]),
        (&x, vec![("t", mask)]),
        (&x, vec![("t", numbers)]),
        (&x, vec![]),
        (&cut, vec![("t", Int(0))]),
        (&cut, vec![("t", half_open(None, 2, None))]),
        (&cut, vec![("t", ints([3, 0]))]),
    ];
    let lines: Vec<String> = cases.iter().map(|(x, named)| bench.say("blocks", &[(*x).clone()], named)).collect();
    let script = "
x = xr.DataArray(np.arange(28).reshape(7, 4), dims=['t', 'y'], coords={'t': np.arange(7) ** 2})
cut = x.isel(t=slice(1, None))
chunks = lambda n, size, first: np.split(np.arange(n), range(first, n, size))
def pick(a, **index):
    parts = {'t': chunks(a.sizes['t'], 2, 2 - (a is cut)), 'y': chunks(4, 3, 3)}
    of = lambda p, i: p[i] if isinstance(i, slice) else [p[k] for k in np.atleast_1d(i)]
    show(a.isel({d: np.concatenate([*of(parts[d], i), np.array([], int)]).astype(int) for d, i in index.items()}))
pick(x, t=1)
pick(x, t=-1, y=1)
pick(x, t=slice(1, 3), y=slice(None, -1))
pick(x, t=slice(None, None, 2))
pick(x, t=slice(None, None, -1))
pick(x, t=[0, 0, 3], y=[1, 0])
pick(x, t=[1, 2])
pick(x, t=np.array([], int), y=0)
pick(x, t=slice(9, None))
pick(x, t=[0, 3])
pick(x, t=[-1, 0])
pick(x)
pick(cut, t=0)
pick(cut, t=slice(None, 2))
pick(cut, t=[3, 0])";
    assert_python(script, &lines);
}

#[test]
fn picked_chunks_are_chunks_still() {
    let mut bench = Bench::new();
    let x = bench.x();
    let x = Value::Array(bench.apply_named("rechunk", &[Value::Array(x)], &[("t", Int(2)), ("y", Int(3))]));
    let cut = Value::Array(bench.apply_named("isel", from_ref(&x), &[("t", half_open(1, None, None))]));
    let part = bench.apply_named("blocks", from_ref(&cut), &[("t", half_open(0, 2, None)), ("y", Int(0))]);
    insta::assert_snapshot!(bench.text(part));
    let chunks = bench.ty(part).chunks.clone();
    assert_eq!((chunks.axes[0].offset, chunks.counts(&[3, 3])), (1, vec![2, 1]));
    let apart = bench.apply_named("blocks", from_ref(&x), &[("t", ints([2, 0]))]);
    assert_eq!(bench.ty(apart).chunks.counts(&[4, 4]), [2, 2]);
}

#[test]
fn what_picks_no_chunk() {
    let mut bench = Bench::new();
    let x = bench.x();
    let x = Value::Array(bench.apply_named("rechunk", &[Value::Array(x)], &[("t", Int(4))]));
    let empty = Value::Array(bench.array(&[("t", 0)], Vec::<f64>::new()));
    let long = ArrayType::new(DType::F64, Dims::new([("t", 1 << 40)])).rechunked(&[1 << 20]);
    let long = Value::Array(bench.constant(long, Constant::Full(Scalar::Int(1))));
    let table = ArrayType::new(DType::I64, Dims::new([("a", 1), ("b", 2)]));
    let table = bench.constant(table, Constant::Full(Scalar::Int(1)));
    let every_other = half_open(None, None, Some(2));
    let told = [
        bench.say("blocks", from_ref(&x), &[("t", Int(2))]),
        bench.say("blocks", from_ref(&x), &[("t", Int(-3))]),
        bench.say("blocks", from_ref(&x), &[("t", ints([0, 7]))]),
        bench.say("blocks", from_ref(&x), &[("z", Int(0))]),
        bench.say("blocks", from_ref(&x), &[("t", text("first"))]),
        bench.say("blocks", from_ref(&x), &[("t", range(Some(Int(0)), Some(Int(1)), true, None))]),
        bench.say("blocks", from_ref(&x), &[("t", list([true].map(Value::Bool)))]),
        bench.say("blocks", from_ref(&x), &[("t", Value::Array(table))]),
        bench.say("blocks", from_ref(&empty), &[("t", Int(0))]),
        bench.say("blocks", from_ref(&long), &[("t", every_other)]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn arrays_are_aligned_as_xarray_does() {
    let mut bench = Bench::new();
    let mut arrays = vec![
        floats(&mut bench, &[1.0, 2.0, 3.0]),
        floats(&mut bench, &[4.0, 3.0, 2.0]),
        labelled(&mut bench, DType::I64, CoordValues::Int(vec![2, 3, 9, 1])),
        floats(&mut bench, &[]),
        floats(&mut bench, &[7.0]),
        times(&mut bench, Calendar::Standard, &["2000-01-01", "2000-01-02"]),
        times(&mut bench, Calendar::Standard, &["2000-01-02", "2000-01-05"]),
        labelled(&mut bench, DType::Str, CoordValues::Str(["b", "a"].map(Into::into).to_vec())),
        labelled(&mut bench, DType::Str, CoordValues::Str(["c", "b"].map(Into::into).to_vec())),
    ];
    let wide = bench.array(&[("k", 2), ("d", 3)], (0..6).map(|i| i as f32).collect::<Vec<f32>>());
    let wide = bench.apply_named("assign_coords", &[Value::Array(wide)], &[("d", ints([2, 5, 1]))]);
    arrays.push(Value::Array(wide));
    let cases: &[&[usize]] = &[
        &[0, 1],
        &[1, 0],
        &[0, 2],
        &[0, 1, 2],
        &[0, 3],
        &[3, 1],
        &[1, 4],
        &[5, 6],
        &[7, 8],
        &[9, 1],
        &[0, 9],
        &[0, 0],
    ];
    let mut lines = Vec::new();
    for case in cases {
        for join in ["inner", "outer", "left", "right"] {
            let given: Vec<Value> = case.iter().map(|&i| arrays[i].clone()).collect();
            let Ok(Value::List(aligned)) = bench.call("align", &given, &[("join", text(join))]) else {
                panic!("{case:?} {join}");
            };
            for array in aligned.iter() {
                let Value::Array(operand) = array else { panic!("not an array") };
                bench.assert_splits(*operand);
                lines.push(bench.show(*operand));
            }
        }
    }
    let script = format!(
        "
def lab(v): return xr.DataArray(np.arange(len(v)), dims='d', coords={{'d': v}})
t = lambda *v: pd.DatetimeIndex(v)
arrays = [lab([1.0, 2.0, 3.0]), lab([4.0, 3.0, 2.0]), lab([2, 3, 9, 1]), lab(np.array([], float)), lab([7.0]),
    lab(t('2000-01-01', '2000-01-02')), lab(t('2000-01-02', '2000-01-05')), lab(['b', 'a']), lab(['c', 'b']),
    xr.DataArray(np.arange(6, dtype='f4').reshape(2, 3), dims=['k', 'd'], coords={{'d': [2, 5, 1]}})]
for case in {cases:?}:
    for join in ['inner', 'outer', 'left', 'right']:
        for a in xr.align(*[arrays[i] for i in case], join=join): show(a)"
    );
    assert_python(&script, &lines);
}

#[test]
fn what_cannot_be_aligned() {
    let mut bench = Bench::new();
    let x = floats(&mut bench, &[1.0, 2.0]);
    let twice = floats(&mut bench, &[1.0, 1.0]);
    let texts = labelled(&mut bench, DType::Str, CoordValues::Str(["b", "a"].map(Into::into).to_vec()));
    let bare = Value::Array(bench.array(&[("d", 3)], vec![1i64, 2, 3]));
    let other = floats(&mut bench, &[2.0, 3.0]);
    let flags = Value::Array(bench.apply_named("gt", &[other.clone(), Int(0)], &[]));
    let told = [
        bench.say("align", &[x.clone(), twice], &[]),
        bench.say("align", &[x.clone(), texts], &[]),
        bench.say("align", &[x.clone(), bare], &[]),
        bench.say("align", &[x.clone(), Int(1)], &[]),
        bench.say("align", &[x.clone(), other], &[("join", text("exact"))]),
        bench.say("align", &[x, flags], &[("join", text("outer"))]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn positions_are_slices_where_they_can_be() {
    let mut bench = Bench::new();
    let x = bench.x();
    let selected = bench.apply_named("isel", &[Value::Array(x)], &[("t", ints([1, 3, 5])), ("y", Int(-1))]);
    insta::assert_snapshot!(bench.text(selected), @r"
    %0 = source : f64[t=6, y=4; chunks 6x4]
    %1 = slice(t: (1..5) step 2, y: 3..<4) %0 : f64[t=3, y=1; chunks 3x4]
    %2 = squeeze(y) %1 : f64[t=3; chunks 3]
    ");
    let gathered = bench.apply_named("isel", &[Value::Array(x)], &[("t", ints([1, 1, 5]))]);
    insta::assert_snapshot!(bench.text(gathered), @r"
    %0 = source : f64[t=6, y=4; chunks 6x4]
    %3 = take(t: [1, 1, 5]) %0 : f64[t=3, y=4; chunks 6x4]
    ");
}

#[test]
fn numbers_are_found() {
    let mut bench = Bench::new();
    let up = floats(&mut bench, &[0.0, 10.0, 20.0, 30.5]);
    let down = floats(&mut bench, &[60.0, 30.0, 0.0, -30.0]);
    let float = Value::Float;
    let closed = |a: f64, b: f64, step| range(Some(float(a)), Some(float(b)), true, step);
    let from = |a: f64| range(Some(float(a)), None, true, None);
    let to = |b: f64| range(None, Some(float(b)), true, None);
    let mut lines = Vec::new();
    for value in [Int(10), float(30.5), closed(10.0, 20.0, None), closed(-5.0, 15.0, None), closed(11.0, 12.0, None)] {
        lines.push(bench.say("sel", from_ref(&up), &[("d", value)]));
    }
    for value in [from(15.0), to(15.0), from(99.0), to(-1.0), closed(0.0, 40.0, Some(2)), ints([20, 0, 20])] {
        lines.push(bench.say("sel", from_ref(&up), &[("d", value)]));
    }
    for value in [closed(60.0, -30.0, None), closed(45.0, 0.0, None), from(29.0), to(29.0), closed(99.0, 61.0, None)] {
        lines.push(bench.say("sel", from_ref(&down), &[("d", value)]));
    }
    lines.push(bench.say("sel", from_ref(&up), &[("d", closed(30.5, 5.0, Some(-2)))]));
    let script = "
up = xr.DataArray(np.arange(4), dims='d', coords={'d': [0, 10, 20, 30.5]})
down = xr.DataArray(np.arange(4), dims='d', coords={'d': [60.0, 30, 0, -30]})
for v in [10, 30.5, slice(10, 20), slice(-5, 15), slice(11, 12)]: show(up.sel(d=v))
for v in [slice(15, None), slice(None, 15), slice(99, None), slice(None, -1), slice(0, 40, 2), [20, 0, 20]]: show(up.sel(d=v))
for v in [slice(60, -30), slice(45, 0), slice(29, None), slice(None, 29), slice(99, 61)]: show(down.sel(d=v))
show(up.sel(d=slice(30.5, 5, -2)))";
    assert_python(script, &lines);
}

#[test]
fn methods_are_pandas() {
    let mut bench = Bench::new();
    let labels = [vec![0.0, 10.0, 20.0, 30.0], vec![30.0, 20.0, 10.0, 0.0]];
    let arrays = labels.map(|labels| floats(&mut bench, &labels));
    let mut lines = Vec::new();
    for (array, method) in arrays.iter().flat_map(|a| ["nearest", "pad", "bfill"].map(|m| (a, m))) {
        for label in [-3.0, 0.0, 5.0, 12.0, 15.0, 19.0, 30.0, 31.0] {
            for tolerance in [Value::None, Int(2)] {
                let named = [("d", Value::Float(label)), ("method", text(method)), ("tolerance", tolerance)];
                let said = bench.say("sel", from_ref(array), &named);
                lines.push(if said.starts_with("ff::type::label") { "none".into() } else { said });
            }
        }
    }
    let script = "
for labels in [[0, 10, 20, 30], [30, 20, 10, 0]]:
    x = xr.DataArray(np.arange(4), dims='d', coords={'d': np.array(labels, float)})
    for method in ['nearest', 'pad', 'bfill']:
        for label in [-3.0, 0, 5, 12, 15, 19, 30, 31]:
            for tolerance in [None, 2]:
                try: show(x.sel(d=label, method=method, tolerance=tolerance))
                except KeyError: print('none')";
    assert_python(script, &lines);
}

const DATES: [&str; 8] = [
    "1990-12-30",
    "1991-01-01",
    "1991-02-01T12",
    "1991-02-28",
    "1991-12-30",
    "1992-01-01",
    "1992-02-28T06",
    "1999-12-30",
];

#[test]
fn dates_are_found_in_all_calendars() {
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    let some = |date: &str| (!date.is_empty()).then(|| text(date));
    for calendar in Calendar::ALL {
        let x = times(&mut bench, calendar, &DATES);
        for (from, to) in
            [("1991", "1991"), ("1991-02", "1992-01"), ("", "1991-02-01"), ("1991-02-01T13", ""), ("1993", "1994")]
        {
            let value = range(some(from), some(to), true, None);
            lines.push(bench.say("sel", from_ref(&x), &[("d", value)]));
        }
        for date in ["1991", "1991-02", "1992-02-28", "1991-02-01T12:00:00"] {
            let said = bench.say("sel", from_ref(&x), &[("d", text(date))]);
            // xarray keeps the dim of all dates in a CFTimeIndex, pandas only of coarser ones.
            lines.push(said.replace("[] ", "[d=1] ").split(';').next().unwrap().to_owned());
        }
        let nearest = [("d", text("1991-06-20")), ("method", text("nearest"))];
        lines.push(bench.say("sel", from_ref(&x), &nearest));
        lines.push(bench.say("sel", from_ref(&x), &[("d", list([text("1992-01-01"), text("1990-12-30")]))]));
    }
    let script = format!(
        "
dates = {DATES:?}
import re
for calendar in ['Gregorian', 'ProlepticGregorian', 'Julian', 'NoLeap', 'AllLeap', '360Day']:
    def stamp(d): return getattr(cftime, 'Datetime' + calendar)(*map(int, re.split('[-T]', d)))
    x = xr.DataArray(np.arange(8), dims='d', coords={{'d': xr.CFTimeIndex([stamp(d) for d in dates])}})
    for a, b in [('1991', '1991'), ('1991-02', '1992-01'), (None, '1991-02-01'), ('1991-02-01T13', None), ('1993', '1994')]:
        show(x.sel(d=slice(a, b)))
    for d in ['1991', '1991-02', '1992-02-28', '1991-02-01T12:00:00']: show(x.sel(d=d).drop_vars('d'))
    show(x.sel(d=stamp('1991-06-20'), method='nearest'))
    show(x.sel(d=[stamp('1992-01-01'), stamp('1990-12-30')]))"
    );
    assert_python(&script, &lines);
}

#[test]
fn a_date_is_a_period_where_it_is_coarser_than_the_labels() {
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    let daily = ["2000-01-31", "2000-02-01", "2000-02-02", "2001-02-01"];
    let hourly = ["2000-01-31T23", "2000-02-01", "2000-02-01T01", "2000-02-02"];
    let unsorted = ["2000-02-02", "2001-02-01", "2000-01-31", "2000-02-01"];
    for dates in [daily, hourly, unsorted] {
        let x = times(&mut bench, Calendar::ProlepticGregorian, &dates);
        for date in ["2000", "2000-02", "2000-02-01", "2000-02-01T00", "2000-02-01T00:00:00"] {
            lines.push(bench.say("sel", from_ref(&x), &[("d", text(date))]));
        }
    }
    let script = format!(
        "
for dates in [{daily:?}, {hourly:?}, {unsorted:?}]:
    x = xr.DataArray(np.arange(4), dims='d', coords={{'d': pd.DatetimeIndex([pd.Timestamp(d) for d in dates])}})
    for d in ['2000', '2000-02', '2000-02-01', '2000-02-01T00', '2000-02-01T00:00:00']: show(x.sel(d=d))"
    );
    assert_python(&script, &lines);
}

#[test]
fn arrays_of_labels_are_looked_up() {
    let mut bench = Bench::new();
    let x = labelled(&mut bench, DType::I64, CoordValues::Int((1..=12).collect()));
    let along_time = constant(&mut bench, "time", &[12, 1, 2, 1]);
    let along_d = constant(&mut bench, "d", &[3, 4, 5]);
    let mut lines: Vec<String> =
        [along_time, along_d].into_iter().map(|labels| bench.say("sel", from_ref(&x), &[("d", labels)])).collect();
    let names = labelled(&mut bench, DType::Str, CoordValues::Str(["eu", "af", "as"].map(Into::into).to_vec()));
    lines.push(bench.say("sel", from_ref(&names), &[("d", text("af"))]));
    lines.push(bench.say("sel", &[names], &[("d", list([text("as"), text("eu")]))]));
    let twice = floats(&mut bench, &[1.0, 2.0, 2.0, 3.0]);
    lines.push(bench.say("sel", &[twice], &[("d", Int(2))]));
    let script = "
x = xr.DataArray(np.arange(12), dims='d', coords={'d': np.arange(1, 13)})
along = lambda dim, v: xr.DataArray(v, dims=dim, coords={dim: 10 * np.arange(1, len(v) + 1)})
show(x.sel(d=along('time', [12, 1, 2, 1])))
show(x.sel(d=along('d', [3, 4, 5])))
names = xr.DataArray(np.arange(3), dims='d', coords={'d': ['eu', 'af', 'as']})
show(names.sel(d='af'))
show(names.sel(d=['as', 'eu']))
show(xr.DataArray(np.arange(4), dims='d', coords={'d': [1.0, 2, 2, 3]}).sel(d=2))";
    assert_python(script, &lines);
}

#[test]
fn short_floats_are_found_by_long_ones() {
    let mut bench = Bench::new();
    let labels = (0..5).map(|i| f64::from(i as f32 * 0.1)).collect();
    let x = labelled(&mut bench, DType::F32, CoordValues::Float(labels));
    let range = range(Some(Value::Float(0.1)), Some(Value::Float(0.2)), true, None);
    assert_eq!(
        bench.call("sel", from_ref(&x), &[("d", Value::Float(0.1))]).map(|v| shown(&bench, v)),
        Ok("[] 1".into())
    );
    assert_eq!(
        bench.call("sel", &[x], &[("d", range)]).map(|v| shown(&bench, v).len()),
        Ok("[d=2] 1 2; d: 0.10000000149011612 0.20000000298023224".len())
    );
}

fn shown(bench: &Bench, value: Value) -> String {
    let Value::Array(operand) = value else { panic!("an array") };
    bench.show(operand)
}

fn unknown(bench: &mut Bench) -> Operand {
    bench.array(&[("k", 2)], vec![0i64, 1])
}

#[test]
fn what_xarray_has_no_word_for() {
    let mut bench = Bench::new();
    let up = floats(&mut bench, &[0.0, 10.0, 20.0, 30.0]);
    let down = floats(&mut bench, &[30.0, 20.0, 10.0, 0.0]);
    let one = floats(&mut bench, &[5.0]);
    let mixed = floats(&mut bench, &[20.0, f64::NAN, 0.0, 10.0]);
    let late = times(&mut bench, Calendar::Day360, &["2000-03-30", "2000-02-30", "2000-02-01", "1999-12-30"]);
    let waits = labelled(&mut bench, DType::Duration, CoordValues::Duration(vec![0, 3_600_000_000, 7_200_000_000]));
    let names = labelled(&mut bench, DType::Str, CoordValues::Str(["a", "b", "c"].map(Into::into).to_vec()));
    let label = constant(&mut bench, "k", &[20]);
    let label = bench.apply_named("isel", &[label], &[("k", Int(0))]);
    let between = |a: i64, b: i64| range(Some(Int(a)), Some(Int(b)), false, None);
    let dates = |a: &str, b: &str| range(Some(text(a)), Some(text(b)), true, None);
    let hours = |n: i64| Value::Duration { months: 0, micros: n * 3_600_000_000 };
    let cases = [
        (&up, between(10, 30)),
        (&down, between(30, 10)),
        (&down, range(Some(Int(0)), Some(Int(30)), false, Some(-1))),
        (&one, between(9, 0)),
        (&one, between(0, 9)),
        (&up, Value::Array(label)),
        (&late, dates("2000-03", "2000-02")),
        (&late, dates("2000-02-29", "1999")),
        (&late, text("2000-02")),
        (&waits, hours(1)),
        (&waits, text("2h")),
        (&waits, range(Some(hours(1)), None, true, None)),
        (&names, range(Some(text("b")), Some(text("bb")), true, None)),
        (&names, list([true, false, true].map(Value::Bool))),
        (&mixed, Int(10)),
    ];
    let mut told: Vec<String> =
        cases.iter().map(|(x, value)| bench.say("sel", from_ref(x), &[("d", value.clone())])).collect();
    for (label, tolerance) in [(12, Value::None), (15, Value::None), (99, Value::None), (99, Int(79)), (99, Int(78))] {
        let named = [("d", Int(label)), ("method", text("nearest")), ("tolerance", tolerance)];
        told.push(bench.say("sel", from_ref(&mixed), &named));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let levels = floats(&mut bench, &[1000.0, 850.0, 500.0]);
    let mixed = floats(&mut bench, &[3.0, 1.0, 2.0]);
    let days = times(&mut bench, Calendar::NoLeap, &["2000-01-01", "2000-01-02"]);
    let names = labelled(&mut bench, DType::Str, CoordValues::Str(["north", "south"].map(Into::into).to_vec()));
    let late = Value::Array(unknown(&mut bench));
    let closed = |a: i64, b: i64| range(Some(Int(a)), Some(Int(b)), true, None);
    let nearest = |value: Value| vec![("d", value), ("method", text("nearest"))];
    type Named = Vec<(&'static str, Value)>;
    let cases: Vec<(&str, &Value, Named)> = vec![
        ("isel", &x, vec![("t", Int(6))]),
        ("isel", &x, vec![("t", ints([0, -7]))]),
        ("isel", &x, vec![("t", closed(0, 3))]),
        ("isel", &x, vec![("t", closed(1, -1))]),
        ("isel", &x, vec![("z", Int(0))]),
        ("isel", &x, vec![("t", text("1991"))]),
        ("isel", &x, vec![("t", late.clone())]),
        ("isel", &x, vec![("t", list([true, false].map(Value::Bool)))]),
        ("isel", &x, vec![("t", half_open(0, 3, Some(0)))]),
        ("sel", &x, vec![("t", Int(0))]),
        ("sel", &levels, vec![("d", Int(700))]),
        ("sel", &levels, vec![("d", Int(10))]),
        ("sel", &levels, vec![("d", text("700"))]),
        ("sel", &levels, vec![("d", closed(500, 850))]),
        ("sel", &mixed, vec![("d", closed(1, 2))]),
        ("sel", &levels, nearest(closed(850, 500))),
        ("sel", &levels, vec![("d", Int(700)), ("tolerance", Int(1))]),
        ("sel", &levels, vec![("d", Int(700)), ("method", text("nearest")), ("tolerance", Int(100))]),
        ("sel", &levels, vec![("d", Int(400)), ("method", text("bfill"))]),
        ("sel", &levels, vec![("d", Int(400)), ("method", text("linear"))]),
        ("sel", &days, vec![("d", text("2000-02-29"))]),
        ("sel", &days, vec![("d", text("2001"))]),
        ("sel", &days, vec![("d", Int(0))]),
        ("sel", &days, vec![("d", text("2000-01-05")), ("method", text("nearest")), ("tolerance", Int(1))]),
        ("sel", &names, vec![("d", text("nort"))]),
        ("sel", &names, vec![("d", text("equator"))]),
        ("sel", &names, vec![("d", Value::Name("north".into()))]),
    ];
    let told: Vec<String> = cases.iter().map(|(name, x, named)| bench.say(name, from_ref(*x), named)).collect();
    insta::assert_snapshot!(told.join("\n"));
}
