//! Scans against NumPy's, xarray's and pandas', parts handed on against the whole, and their errors.

use std::slice::from_ref;

use half::f16;
use num_complex::{Complex32, Complex64};

use super::decay::Falling;
use super::{Scan, Scanner, choose, exponential};
use crate::array::block::{Element, with_type};
use crate::array::{Block, Calendar, DType, Kind, Region, Scalar};
use crate::operators::reduction::cumulative::sweep;
use crate::operators::reduction::{self, Options, Reducer, at_least};
use crate::operators::simd::{self, LEVELS};
use crate::operators::testing::{Bench, assert_python};
use crate::operators::{Builder, Pattern, Value};
use Value::{Bool, Int};

const SCANNERS: [Scanner; 6] =
    [Scanner::CumSum, Scanner::CumProd, Scanner::CumMin, Scanner::CumMax, Scanner::FFill, Scanner::BFill];

const MISSING: [usize; 8] = [0, 4, 7, 8, 11, 15, 16, 20];

/// The numbers of the tests: whole, or halves with some missing.
fn number(i: usize, whole: bool) -> f64 {
    match i * 7919 % 13 {
        n if whole => n as f64 - 4.0,
        _ if MISSING.contains(&i) => f64::NAN,
        n => n as f64 / 2.0 - 2.5,
    }
}

fn array<T: Element>(bench: &mut Bench, whole: bool) -> Value {
    let elements = (0..24).map(|i| T::from_scalar(&Scalar::Float(number(i, whole)))).collect::<Vec<T>>();
    Value::Array(bench.array(&[("t", 6), ("y", 4)], elements))
}

/// The same for Python; `told` prints as [`told`] does, of a total accumulated in `wide` where that is given.
const DATA: &str = "
k = np.arange(24)
whole = (k * 7919 % 13 - 4).reshape(6, 4)
v = k * 7919 % 13 / 2 - 2.5
v[[0, 4, 7, 8, 11, 15, 16, 20]] = np.nan
v = v.reshape(6, 4)
names = {'b': 'bool', 'i': 'i', 'u': 'u', 'f': 'f', 'c': 'c'}
def told(a):
    kind = names[a.dtype.kind]
    print(kind if kind == 'bool' else f'{kind}{8 * a.dtype.itemsize}', end=' ')
    show(xr.DataArray(a, dims=['t', 'y'][:np.ndim(a)]))
def skipped(f, neutral, a, axis): return f(np.where(np.isnan(a), neutral, a), axis)
";

fn name(name: &str) -> Value {
    Value::Name(name.into())
}

/// The dtype, dims and values of a call, of which any part gives the same, or its error.
fn told(bench: &mut Bench, operator: &str, x: &[Value], named: &[(&str, Value)]) -> String {
    let line = bench.say(operator, x, named);
    match bench.call(operator, x, named) {
        Ok(Value::Array(operand)) => format!("{} {line}", bench.ty(operand).dtype),
        _ => line,
    }
}

#[test]
fn totals_agree_with_numpy() {
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    for dim in ["t", "y"] {
        for operator in ["cumsum", "cumprod"] {
            macro_rules! of {
                ($whole:expr, $($type:ty)*) => {
                    $(let x = array::<$type>(&mut bench, $whole);
                    lines.push(told(&mut bench, operator, &[x, name(dim)], &[]));)*
                };
            }
            of!(true, bool i8 i16 i32 i64 u8 u16 u32 u64);
            of!(false, f16 f32 f64);
            let x = array::<f32>(&mut bench, false);
            lines.push(told(&mut bench, operator, &[x.clone(), name(dim)], &[("skipna", Bool(false))]));
            lines.push(told(&mut bench, operator, &[x, name(dim)], &[("dtype", Value::DType(DType::F64))]));
            for dtype in [DType::I16, DType::F32] {
                let x = array::<i32>(&mut bench, true);
                lines.push(told(&mut bench, operator, &[x, name(dim)], &[("dtype", Value::DType(dtype))]));
            }
        }
    }
    let script = "
for axis in 0, 1:
    for f, neutral in (np.cumsum, 0.0), (np.cumprod, 1.0):
        for d in 'bool', 'i1', 'i2', 'i4', 'i8': told(f(whole.astype(d), axis))
        for d in 'u1', 'u2', 'u4', 'u8': told(f(np.maximum(whole, -128).astype('i8').astype(d), axis))
        for d in 'f2', 'f4', 'f8': told(skipped(f, neutral, v.astype(d).astype('f8'), axis).astype(d))
        told(f(v, axis).astype('f4'))
        told(skipped(f, neutral, v, axis))
        told(f(whole.astype('i4'), axis).astype('i2'))
        told(f(whole.astype('f8'), axis).astype('f4'))
";
    assert_python(&format!("{DATA}{script}"), &lines);
}

#[test]
fn complex_totals_agree_with_numpy() {
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    for single in [true, false] {
        for (operator, skipna) in [("cumsum", true), ("cumsum", false), ("cumprod", true)] {
            let of = |i: usize| (number(i, false), i as f64 / 4.0);
            let x = if single {
                let narrow = |i| Complex32::new(of(i).0 as f32, of(i).1 as f32);
                bench.array(&[("t", 3), ("y", 8)], (0..24).map(narrow).collect())
            } else {
                bench.array(&[("t", 3), ("y", 8)], (0..24).map(|i| Complex64::new(of(i).0, of(i).1)).collect())
            };
            let total = bench.apply_named(operator, &[Value::Array(x), name("t")], &[("skipna", Bool(skipna))]);
            for part in ["real", "imag"] {
                lines.push(told(&mut bench, part, &[Value::Array(total)], &[]));
            }
        }
    }
    let script = "
z = (v.ravel() + 1j * np.arange(24) / 4).reshape(3, 8)
z.real = v.reshape(3, 8)
for d in 'c8', 'c16':
    for f, neutral, skip in (np.cumsum, 0, True), (np.cumsum, 0, False), (np.cumprod, 1, True):
        total = f(np.where(np.isnan(z.real) & skip, neutral, z), 0)
        for part in total.real, total.imag: told(part.astype('f4' if d == 'c8' else 'f8'))
";
    assert_python(&format!("{DATA}{script}"), &lines);
}

#[test]
fn extremes_agree_with_pandas_and_numpy() {
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    for dim in ["t", "y"] {
        for operator in ["cummin", "cummax"] {
            macro_rules! of {
                ($whole:expr, $($type:ty)*) => {
                    $(let x = array::<$type>(&mut bench, $whole);
                    for skipna in [true, false] {
                        lines.push(told(&mut bench, operator, &[x.clone(), name(dim)], &[("skipna", Bool(skipna))]));
                    })*
                };
            }
            of!(true, bool i8 i64 u16);
            of!(false, f16 f32 f64);
        }
    }
    let script = "
for axis in 0, 1:
    for f in 'cummin', 'cummax':
        accumulate = (np.minimum if f == 'cummin' else np.maximum).accumulate
        for d in 'bool', 'i1', 'i8', 'u2':
            for skipna in True, False: told(accumulate(whole.astype(d), axis))
        for d in 'f2', 'f4', 'f8':
            told(getattr(pd.DataFrame(v), f)(axis=axis).values.astype(d))
            told(accumulate(v.astype(d), axis))
";
    assert_python(&format!("{DATA}{script}"), &lines);
}

#[test]
fn fills_agree_with_xarray() {
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    for dim in ["t", "y"] {
        for operator in ["ffill", "bfill"] {
            for limit in [Value::None, Int(0), Int(1), Int(2), Int(50)] {
                let (x, half) = (array::<f64>(&mut bench, false), array::<f16>(&mut bench, false));
                lines.push(told(&mut bench, operator, &[x, name(dim)], &[("limit", limit.clone())]));
                lines.push(told(&mut bench, operator, &[half, name(dim)], &[("limit", limit)]));
            }
            let whole = array::<i16>(&mut bench, true);
            lines.push(told(&mut bench, operator, &[whole, name(dim)], &[]));
        }
    }
    let script = "
x = xr.DataArray(v, dims=['t', 'y'])
for dim in 't', 'y':
    for f in 'ffill', 'bfill':
        for limit in None, 0, 1, 2, 50:
            told(getattr(x, f)(dim, limit=limit).values)
            told(getattr(x, f)(dim, limit=limit).values.astype('f2'))
        told(whole.astype('i2'))
";
    assert_python(&format!("{DATA}{script}"), &lines);
}

#[test]
fn times_agree_with_pandas() {
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    let stored: Vec<i64> = vec![i64::MIN, 5, 3, i64::MIN, i64::MIN, 4, -2, 9, i64::MIN];
    for dtype in [DType::DateTime(Calendar::Standard), DType::Duration] {
        let x = Value::Array(bench.array_of(dtype, &[("t", 9)], stored.clone()));
        let mut calls = vec![
            ("cummin", vec![]),
            ("cummax", vec![]),
            ("cummin", vec![("skipna", Bool(false))]),
            ("ffill", vec![]),
            ("bfill", vec![("limit", Int(1))]),
        ];
        if dtype == DType::Duration {
            calls.extend([("cumsum", vec![]), ("cumsum", vec![("skipna", Bool(false))])]);
        }
        for (operator, named) in calls {
            let operand = bench.apply_named(operator, &[x.clone(), name("t")], &named);
            bench.assert_splits(operand);
            assert_eq!(bench.ty(operand).dtype, dtype);
            let raw = bench.values(operand).scalars();
            lines.push(raw.iter().map(|s| s.to_string()).collect::<Vec<_>>().join(" "));
        }
    }
    let script = "
n = np.iinfo('i8').min
k = np.array([n, 5, 3, n, n, 4, -2, 9, n])
def raw(a): print(*np.asarray(a).astype(unit).astype('i8'))
for unit in 'M8[us]', 'm8[us]':
    s = pd.Series(k.astype(unit))
    raw(s.cummin()); raw(s.cummax()); raw(np.minimum.accumulate(k.astype(unit)))
    raw(s.ffill()); raw(s.bfill(limit=1))
raw(np.cumsum(np.where(k == n, 0, k)).astype(unit)); raw(np.cumsum(k.astype(unit)))
";
    assert_python(script, &lines);
}

#[test]
fn dims_are_run_along_one_after_the_other() {
    let mut bench = Bench::new();
    let x = array::<f64>(&mut bench, false);
    let line = Value::Array(bench.array(&[("t", 3)], vec![1.5, 2.0, 4.0]));
    let [empty, one] = [0, 1].map(|n| Value::Array(bench.array(&[("t", n), ("y", 3)], vec![2.0; 3 * n as usize])));
    let lines = [
        told(&mut bench, "cumsum", &[x.clone(), name("y"), name("t")], &[]),
        told(&mut bench, "cumsum", &[x.clone(), name("..")], &[]),
        told(&mut bench, "cumsum", &[x.clone(), Int(-1)], &[]),
        told(&mut bench, "cumprod", from_ref(&line), &[]),
        told(&mut bench, "cumsum", &[empty.clone(), name("t")], &[]),
        told(&mut bench, "cumsum", &[empty.clone(), name("y")], &[]),
        told(&mut bench, "cummax", &[empty, name("t")], &[]),
        told(&mut bench, "cumsum", &[one, name("t")], &[]),
    ];
    let script = "
x = xr.DataArray(v, dims=['t', 'y'])
told(x.cumsum(['y', 't']).values); told(x.cumsum(['t', 'y']).values); told(x.cumsum('y').values)
told(np.array([1.5, 3, 12])); [told(np.zeros((0, 3))) for _ in range(3)]; told(np.full((1, 3), 2.0))
";
    assert_python(&format!("{DATA}{script}"), &lines);
}

/// The scans of all dtypes that a kind of scan is defined for.
fn scans(axis: usize) -> Vec<(DType, Scan)> {
    let mut scans = Vec::new();
    for dtype in DType::ALL {
        for scanner in SCANNERS {
            for (skipna, limit) in [(true, None), (false, Some(2))] {
                if let Ok(Some(chosen)) = choose(scanner, dtype, (skipna, None, limit)) {
                    scans.push((dtype, Scan { axis, reverse: false, sweep: chosen.sweep.clone() }));
                    scans.push((dtype, Scan { axis, reverse: true, sweep: chosen.sweep }));
                }
            }
        }
    }
    for dtype in DType::ALL {
        for reducer in [Reducer::Mean, Reducer::Sum, Reducer::Std, Reducer::Var] {
            let asked = if dtype.kind() == Kind::Float { dtype } else { DType::F64 };
            let falling = Falling { decay: 0.75, alpha: 0.25, least: 0.3 };
            if let Some((sweep, _)) = exponential::sweep(reducer, (dtype, asked), falling, reducer != Reducer::Sum) {
                scans.push((dtype, Scan { axis, reverse: false, sweep }));
            }
        }
        for reducer in [Reducer::Sum, Reducer::Mean, Reducer::Var, Reducer::Max, Reducer::ArgMin, Reducer::Last] {
            let reduced = reduction::choose(reducer, dtype, &Options::default());
            if let Ok((combine, given)) = reduced.and_then(|reduced| at_least(reduced, dtype, 2, true)) {
                scans.push((dtype, Scan { axis, reverse: false, sweep: sweep(combine, given) }));
            }
        }
    }
    scans
}

fn block(dtype: DType, shape: &[u64]) -> Block {
    let count = shape.iter().product::<u64>() as usize;
    let value = |i: usize| match (i * 7919 % 17, dtype.has_missing()) {
        (0 | 3 | 4, true) => Scalar::missing(dtype).expect("it has one"),
        (n, _) => Scalar::Float(n as f64 * 10f64.powi(i as i32 % 5) / 7.0 - 3.0),
    };
    with_type!(dtype, T => Block::from_vec(shape, (0..count).map(|i| T::from_scalar(&value(i))).collect::<Vec<T>>()))
        .expect("as many elements")
}

#[test]
fn parts_that_hand_on_their_carry_give_what_the_whole_gives() {
    let shape = [3u64, 5, 7];
    for axis in 0..3 {
        for (dtype, scan) in scans(axis) {
            let whole = block(dtype, &shape);
            let expected = scan.begin(&Region::whole(&shape)).sweep(&whole, axis, scan.reverse).to_bytes();
            for size in 1..=shape[axis] {
                let mut carry = scan.begin(&Region::whole(&shape));
                let starts: Vec<u64> = (0..shape[axis]).step_by(size as usize).collect();
                let mut parts: Vec<Block> = Vec::new();
                for i in 0..starts.len() {
                    let start = starts[if scan.reverse { starts.len() - 1 - i } else { i }];
                    let mut region = Region::whole(&shape);
                    region.start[axis] = start;
                    region.shape[axis] = size.min(shape[axis] - start);
                    parts.push(carry.sweep(&whole.slice(&region), axis, scan.reverse));
                }
                if scan.reverse {
                    parts.reverse();
                }
                assert_eq!(Block::concat(&parts, axis).to_bytes(), expected, "{dtype} {scan:?} in parts of {size}");
            }
        }
    }
}

#[test]
fn long_lines_and_wide_rows_are_swept_alike_at_all_levels() {
    for (shape, axis) in [([1u64, 2100, 1], 1), ([1, 2, 2100], 1), ([2, 310, 7], 1), ([3, 2, 400], 0)] {
        for (dtype, scan) in scans(axis).into_iter().filter(|(dtype, _)| *dtype == DType::F32) {
            let block = block(dtype, &shape);
            let lengthwise = block.permute(&[2, 0, 1]).contiguous().permute(&[1, 2, 0]);
            let mut seen = Vec::new();
            for (level, _) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
                simd::force(*level);
                for block in [&block, &lengthwise] {
                    let swept = scan.begin(&Region::whole(&shape)).sweep(block, axis, scan.reverse);
                    seen.push(swept.scalars().iter().map(|s| format!("{s:?}")).collect::<Vec<_>>());
                }
            }
            assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{dtype} {scan:?} {shape:?}");
            assert_eq!(seen[0], one_by_one(&scan, &block), "{dtype} {scan:?} {shape:?}");
        }
    }
}

/// A scan of single elements, each taken from and put into its place by index.
fn one_by_one(scan: &Scan, block: &Block) -> Vec<String> {
    let shape = block.shape();
    let mut swept = vec![String::new(); block.count() as usize];
    let place = |index: &[u64]| index.iter().zip(&shape).fold(0, |at, (i, n)| at * n + i) as usize;
    let mut firsts = Region::whole(&shape);
    firsts.shape[scan.axis] = 1;
    for first in firsts.indices() {
        let mut carry = scan.sweep.begin(1);
        for at in 0..shape[scan.axis] {
            let mut index = first.clone();
            index[scan.axis] = if scan.reverse { shape[scan.axis] - 1 - at } else { at };
            let element = block.slice(&Region { start: index.clone(), shape: vec![1; shape.len()] });
            swept[place(&index)] = format!("{:?}", carry.sweep(&element, scan.axis, false).scalars()[0]);
        }
    }
    swept
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let times = Value::Array(bench.array_of(DType::DateTime(Calendar::Standard), &[("t", 2)], vec![1i64, 2]));
    let complex = Value::Array(bench.array(&[("t", 2)], vec![Complex64::new(1.0, 2.0); 2]));
    let words = Value::Array(bench.array::<std::sync::Arc<str>>(&[("t", 1)], vec!["a".into()]));
    let single = Value::Array(bench.array(&[], vec![1.0]));
    let lines = [
        bench.say("cumsum", from_ref(&x), &[]),
        bench.say("cumsum", from_ref(&single), &[]),
        bench.say("ffill", &[single, name("t")], &[]),
        bench.say("cumsum", &[x.clone(), name("z")], &[]),
        bench.say("cumsum", &[x.clone(), name("t"), Int(0)], &[]),
        bench.say("cumsum", &[x.clone(), name("t")], &[("dtype", Value::DType(DType::I32))]),
        bench.say("cumsum", &[times.clone(), name("t")], &[]),
        bench.say("cumprod", &[words.clone(), name("t")], &[]),
        bench.say("cummin", &[complex, name("t")], &[]),
        bench.say("cummax", &[words, name("t")], &[]),
        bench.say("ffill", &[x.clone(), name("z")], &[]),
        bench.say("bfill", &[x, name("t")], &[("limit", Int(-1))]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_has_no_missing_values_is_not_swept() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 2)], vec![1i32, 2]);
    assert_eq!(bench.apply_named("ffill", &[Value::Array(x), name("t")], &[]), x);
    let total = bench.apply_named("cumsum", &[Value::Array(x)], &[]);
    let (call, _) = bench.call_of(total).expect("a call");
    assert!(matches!(&call.pattern, Pattern::Scan(scan) if scan.axis == 0 && !scan.reverse));
}
