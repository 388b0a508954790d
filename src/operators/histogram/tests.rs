//! Histograms against NumPy's and against their edges, any split against the whole, and their errors.

use half::f16;

use super::bins::Bins;
use super::place::{self, Equal, NOWHERE, Precision};
use super::search::{Edges, Told, search};
use crate::array::{Block, Calendar, DType};
use crate::operators::simd::{self, LEVELS};
use crate::operators::testing::{Bench, assert_python, ints, list};
use crate::operators::tile::{Tile, TileElement, TileLoop};
use crate::operators::{Arguments, Builder, Value};
use crate::source::{Span, Spanned};

use Value::{Bool, Float, Int, Name};

/// Runs a loop over values and what repeats beside them.
fn run<T: TileElement, O: TileElement>(by: &TileLoop, values: &[T], ends: &[T]) -> Vec<O> {
    let repeated: Vec<Vec<T>> = ends.iter().map(|end| vec![end.clone(); values.len()]).collect();
    let mut inputs = vec![T::shared(values)];
    inputs.extend(repeated.iter().map(|end| T::shared(end)));
    let mut out = Tile::new(O::DTYPE, values.len());
    by(&inputs, out.part_mut(0, values.len()));
    out.part(0, values.len()).get::<O>().to_vec()
}

/// The bin of a value by the definition: the last whose lower edge is not above it, both edges in the last one.
fn defined(edges: &[f64], value: f64) -> i32 {
    let last = edges.len() - 1;
    if !(value >= edges[0] && value <= edges[last]) {
        return NOWHERE;
    }
    edges[..last].iter().rposition(|&edge| edge <= value).map_or(NOWHERE, |bin| bin as i32)
}

/// Every edge with its neighbours of type `T`, what is no number, and values of all sizes.
fn probes<T: Copy>(edges: &[f64], of: impl Fn(f64) -> T, next: impl Fn(T, bool) -> T) -> Vec<T> {
    let (low, high) = (edges[0], edges[edges.len() - 1]);
    let mut values: Vec<T> = edges.iter().flat_map(|&e| [of(e), next(of(e), true), next(of(e), false)]).collect();
    let between = (0..500).map(|i| low + (high - low) * f64::from(i * 7919 % 997) / 997.0);
    values.extend(between.map(&of));
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e30, -1e30, f64::MIN_POSITIVE];
    values.extend(odd.map(of));
    values
}

fn next_single(x: f32, up: bool) -> f32 {
    if up { x.next_up() } else { x.next_down() }
}

fn next_double(x: f64, up: bool) -> f64 {
    if up { x.next_up() } else { x.next_down() }
}

fn next_half(x: f16, up: bool) -> f16 {
    f16::from_bits(if (x.to_f32() > 0.0) == up { x.to_bits() + 1 } else { x.to_bits().saturating_sub(1) })
}

const RANGES: &[((f64, f64), u32)] = &[
    ((0.0, 1.0), 10),
    ((0.1, 0.7), 7),
    ((-3.3, 9.9), 33),
    ((-1.0, 1.0), 1),
    ((0.0, 255.0), 255),
    ((1e-3, 1e-3 + 0.5), 3),
    ((-100.0, -99.0), 11),
    ((0.0, 1e4), 97),
];

#[test]
fn equal_bins_are_decided_by_their_edges() {
    for (level, _) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
        simd::force(*level);
        for &(range, count) in RANGES {
            let edges = |precision: Precision| -> (Equal, Vec<f64>) {
                let equal = Equal::new(range, count, precision);
                (equal, equal.edges(range.1).into_iter().map(|edge| precision.round(edge)).collect())
            };
            let (equal, doubles) = edges(Precision::Double);
            let values = probes(&doubles, |x| x, next_double);
            let bins: Vec<i32> = run(&place::fixed(equal, DType::F64).unwrap(), &values, &[]);
            let expected: Vec<i32> = values.iter().map(|&x| defined(&doubles, x)).collect();
            assert_eq!(bins, expected, "f64 {range:?} {count} {level}");
            let (equal, singles) = edges(Precision::Single);
            let values = probes(&singles, |x| x as f32, next_single);
            let bins: Vec<i32> = run(&place::fixed(equal, DType::F32).unwrap(), &values, &[]);
            let expected: Vec<i32> = values.iter().map(|&x| defined(&singles, f64::from(x))).collect();
            assert_eq!(bins, expected, "f32 {range:?} {count} {level}");
            let (equal, halves) = edges(Precision::Half);
            if halves.windows(2).all(|pair| pair[0] < pair[1]) {
                let values = probes(&halves, f16::from_f64, next_half);
                let bins: Vec<i32> = run(&place::fixed(equal, DType::F16).unwrap(), &values, &[]);
                let expected: Vec<i32> = values.iter().map(|&x| defined(&halves, x.to_f64())).collect();
                assert_eq!(bins, expected, "f16 {range:?} {count} {level}");
            }
        }
    }
}

/// NumPy lays bins between the extremes of `f32` values out in `f32`.
#[test]
fn bins_between_values_are_laid_out_in_their_precision() {
    for &((low, high), count) in RANGES {
        let (low, high) = (low as f32, high as f32);
        let step = (high - low) / count as f32;
        let mut edges: Vec<f64> = (0..count).map(|i| f64::from(i as f32 * step + low)).collect();
        edges.push(f64::from(high));
        let values = probes(&edges, |x| x as f32, next_single);
        for (level, _) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
            simd::force(*level);
            let bins: Vec<i32> = run(&place::between(count, DType::F32).unwrap(), &values, &[low, high]);
            let expected: Vec<i32> = values.iter().map(|&x| defined(&edges, f64::from(x))).collect();
            assert_eq!(bins, expected, "{low} {high} {count} {level}");
        }
    }
}

/// Where the width of the range or of a bin is no normal number, every value has a bin all the same, in order.
#[test]
fn ranges_beyond_arithmetic_have_bins() {
    for (low, high) in [(-1.5e308, 1.5e308), (0.0, 3e-310), (f64::MIN, f64::MAX), (7.0, 7.0)] {
        let of = |part: f64| low * (1.0 - part) + high * part;
        let values: Vec<f64> = (0..=100).map(|i| of(f64::from(i) / 100.0)).collect();
        let bins: Vec<i32> = run(&place::between(5, DType::F64).unwrap(), &values, &[low, high]);
        assert!(bins.is_sorted() && bins.iter().all(|bin| (0..5).contains(bin)), "{low} {high}: {bins:?}");
        let ends = if low == high { (2, 2) } else { (0, 4) };
        assert_eq!((bins[0], bins[100]), ends, "{low} {high}");
    }
    let missing: Vec<i32> = run(&place::between(5, DType::F64).unwrap(), &[1.0, f64::NAN], &[f64::NAN, f64::NAN]);
    assert_eq!(missing, [NOWHERE; 2]);
}

#[test]
fn listed_edges_are_searched_as_numpy_does() {
    let lists: [Vec<f64>; 6] = [
        vec![0.0, 1.0],
        vec![-2.5, 0.0, 0.5, 7.0, 7.0, 8.0],
        vec![1.0, 1.0, 2.0, 2.0],
        vec![f64::NEG_INFINITY, 0.0, f64::INFINITY],
        (0..25).map(|i| f64::from(i) * 0.3).collect(),
        (0..200).map(|i| f64::from(i).powf(1.5) - 100.0).collect(),
    ];
    for (level, _) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
        simd::force(*level);
        for edges in &lists {
            let values: Vec<f64> = edges
                .iter()
                .flat_map(|&e| [e, e.next_up(), e.next_down()])
                .chain([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.25, 3.0])
                .collect();
            let list = Edges::Real(edges.clone());
            let bins: Vec<i32> = run(&search(&list, Told::Bin, DType::F64).unwrap(), &values, &[]);
            let expected: Vec<i32> = values.iter().map(|&x| defined(edges, x)).collect();
            assert_eq!(bins, expected, "{edges:?} {level}");
            for (right, descending) in [(false, false), (true, false), (false, true), (true, true)] {
                let told = Told::Before { right, descending };
                let counts: Vec<i64> = run(&search(&list, told, DType::F64).unwrap(), &values, &[]);
                let before = |x: f64| edges.iter().filter(|&&e| x.is_nan() || e < x || e == x && !right).count() as i64;
                let told = |x: f64| if descending { edges.len() as i64 - before(x) } else { before(x) };
                assert_eq!(counts, values.iter().map(|&x| told(x)).collect::<Vec<_>>(), "{edges:?} {right} {level}");
            }
        }
    }
}

#[test]
fn integers_are_compared_exactly() {
    let far = 1i64 << 60;
    let edges = Edges::Whole(vec![-1, far, far + 1]);
    let told = Told::Before { right: false, descending: false };
    let signed: Vec<i64> = run(&search(&edges, told, DType::I64).unwrap(), &[far - 1, far, far + 1, -2], &[]);
    assert_eq!(signed, [1, 2, 3, 0]);
    let far = far as u64;
    let unsigned: Vec<i64> = run(&search(&edges, told, DType::U64).unwrap(), &[far - 1, far, far + 1, u64::MAX], &[]);
    assert_eq!(unsigned, [1, 2, 3, 3]);
}

const SHAPE: [(&str, u64); 3] = [("t", 40), ("y", 3), ("x", 50)];

fn element(i: i64) -> f64 {
    match i % 13 {
        3 => f64::NAN,
        5 if i % 2 == 0 => f64::INFINITY,
        _ => (i * 7919 % 1000) as f64 / 8.0 - 60.0,
    }
}

const DATA: &str = "
i = np.arange(6000)
v = (i * 7919 % 1000) / 8 - 60
v[i % 13 == 3] = np.nan
v[(i % 13 == 5) & (i % 2 == 0)] = np.inf
def array(values): return np.asarray(values).reshape(40, 3, 50)
w = np.arange(3) * 0.5 + 1
def told(counts, edges=None, dims=('bin',), **coords):
    counts = np.asarray(counts)
    if edges is not None: coords['bin'] = (np.asarray(edges[1:], float) + np.asarray(edges[:-1], float)) / 2
    show(xr.DataArray(counts, dims=list(dims), coords=coords))
def over(f, a, axes, *more):
    # f of what is along the axes, for each of the rest
    rest = [k for k in range(3) if k not in axes]
    flat = [np.transpose(b, rest + list(axes)).reshape([b.shape[k] for k in rest] + [-1]) for b in (a, *more)]
    out = np.empty(flat[0].shape[:-1] + f(*[b[(0,) * len(rest)] for b in flat]).shape)
    for at in np.ndindex(flat[0].shape[:-1]): out[at] = f(*[b[at] for b in flat])
    return out
x = array(v)
inside = x[np.isfinite(x)]
";

fn range(low: f64, high: f64) -> (&'static str, Value) {
    ("range", list([Float(low), Float(high)]))
}

#[test]
fn histograms_are_numpys() {
    let mut bench = Bench::new();
    let values: Vec<f64> = (0..6000).map(element).collect();
    let x = Value::Array(bench.array(&SHAPE, values.clone()));
    let single = Value::Array(bench.array(&SHAPE, values.iter().map(|&v| v as f32).collect::<Vec<f32>>()));
    let half = Value::Array(bench.array(&SHAPE, values.iter().map(|&v| f16::from_f64(v)).collect::<Vec<f16>>()));
    let whole =
        Value::Array(bench.array(&SHAPE, (0..6000).map(|i| (i * 7919 % 1000) as i16 - 300).collect::<Vec<_>>()));
    let truth = Value::Array(bench.array(&SHAPE, (0..6000).map(|i| i % 3 == 0).collect::<Vec<bool>>()));
    let weights = Value::Array(bench.array(&[("y", 3)], vec![1.0, 1.5, 2.0]));
    let edges = || ("bins", list([Float(-50.0), Int(-50), Float(0.5), Int(3), Float(60.0)]));
    let n = |count| ("bins", Int(count));
    let mut lines = Vec::new();
    for x in [&x, &single, &half] {
        lines.push(bench.say("histogram", std::slice::from_ref(x), &[n(8), range(-32.0, 32.0)]));
        lines.push(bench.say("histogram", std::slice::from_ref(x), &[edges()]));
    }
    for x in [&x, &single, &whole, &truth] {
        lines.push(bench.say("histogram", std::slice::from_ref(x), &[n(7)]));
    }
    lines.push(bench.say("histogram", std::slice::from_ref(&whole), &[n(5), range(-10.0, 10.0)]));
    lines.push(bench.say("histogram", std::slice::from_ref(&whole), &[("bins", ints([-5, 0, 7]))]));
    lines.push(bench.say("histogram", std::slice::from_ref(&x), &[n(1), range(2.0, 2.0)]));
    lines.push(bench.say("histogram", std::slice::from_ref(&x), &[n(4), range(-8.0, 8.0), ("density", Bool(true))]));
    lines.push(bench.say("histogram", std::slice::from_ref(&x), &[edges(), ("weights", weights.clone())]));
    for dims in [&["y"][..], &["t", "x"], &["x"]] {
        let args: Vec<Value> = [x.clone()].into_iter().chain(dims.iter().map(|d| Name((*d).into()))).collect();
        lines.push(bench.say("histogram", &args, &[n(3), range(-60.0, 60.0)]));
    }
    let by_y = [x.clone(), Name("t".into()), Name("x".into())];
    let more = [n(4), range(-64.0, 64.0), ("weights", weights), ("density", Bool(true))];
    lines.push(bench.say("histogram", &by_y, &more));
    let script = format!(
        "{DATA}
e = [-50, -50, 0.5, 3, 60]
n = array((i * 7919 % 1000).astype('i2') - 300)
for a in [x, x.astype('f4'), x.astype('f2')]:
    for b in [dict(bins=8, range=(-32., 32.)), dict(bins=e)]: told(*np.histogram(a, **b))
for a in [inside, inside.astype('f4'), n, array(i % 3 == 0).astype('u1')]: told(np.histogram(a, 7)[0])
told(*np.histogram(n, 5, (-10., 10.)))
told(*np.histogram(n, [-5, 0, 7]))
told(*np.histogram(x, 1, (2, 2)))
told(*np.histogram(x, 4, (-8, 8), density=True))
ws = np.broadcast_to(w[:, None], x.shape)
told(*np.histogram(x, e, weights=ws))
edges = np.linspace(-60, 60, 4)
h = lambda a: np.histogram(a, edges)[0]
told(over(h, x, [1]).astype(int), edges, ('t', 'x', 'bin'))
told(over(h, x, [0, 2]).astype(int), edges, ('y', 'bin'))
told(over(h, x, [2]).astype(int), edges, ('t', 'y', 'bin'))
edges = np.linspace(-64, 64, 5)
told(over(lambda a, b: np.histogram(a, edges, weights=b, density=True)[0], x, [0, 2], ws), edges, ('y', 'bin'))"
    );
    assert_python(&script, &lines);
}

#[test]
fn a_density_within_the_extremes_has_area_one() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&[("t", 6)], vec![1.0f32, 2.0, 2.5, 4.0, f32::NAN, 7.0]));
    let density = bench.apply_named("histogram", &[x], &[("bins", Int(3)), ("density", Bool(true))]);
    let values = bench.values(density);
    let values = values.view::<f64>().unwrap().iter().copied().collect::<Vec<f64>>();
    assert_eq!(values, [3.0 / 5.0 / 2.0, 1.0 / 5.0 / 2.0, 1.0 / 5.0 / 2.0]);
}

#[test]
fn nothing_is_counted_in_bins_all_the_same() {
    let mut bench = Bench::new();
    let empty = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<f32>::new()));
    let missing = Value::Array(bench.array(&[("t", 2)], vec![f64::NAN, f64::INFINITY]));
    let one = Value::Array(bench.array(&[], vec![0.25]));
    let lines = [
        bench.say("histogram", std::slice::from_ref(&empty), &[("bins", Int(2))]),
        bench.say("histogram", &[empty.clone(), Name("t".into())], &[("bins", Int(2)), range(0.0, 4.0)]),
        bench.say("histogram", &[empty.clone(), Name("y".into())], &[("bins", Int(2)), range(0.0, 4.0)]),
        bench.say("bincount", &[empty], &[("length", Int(2))]),
        bench.say("histogram", std::slice::from_ref(&missing), &[("bins", Int(2))]),
        bench.say("histogram", &[missing], &[("bins", Int(2)), range(0.0, 1.0), ("density", Bool(true))]),
        bench.say("histogram", &[one], &[("bins", Int(2)), range(0.0, 1.0)]),
        bench.say("histogram", &[Int(3)], &[("bins", Int(2)), range(0.0, 3.0)]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn integers_are_counted_as_numpy_counts() {
    let mut bench = Bench::new();
    let whole: Vec<i64> = (0..6000).map(|i| i * 7919 % 7).collect();
    let x = Value::Array(bench.array(&SHAPE, whole.clone()));
    let bytes = Value::Array(bench.array(&SHAPE, whole.iter().map(|&v| v as u8).collect::<Vec<u8>>()));
    let weights = Value::Array(bench.array(&[("y", 3)], vec![1.0f32, 1.5, 2.0]));
    let signed = Value::Array(bench.array(&[("t", 5)], vec![-1i8, 0, 1, 127, 1]));
    let y = |x: &Value| vec![x.clone(), Name("t".into()), Name("x".into())];
    let lines = [
        bench.say("bincount", std::slice::from_ref(&x), &[("length", Int(9))]),
        bench.say("bincount", std::slice::from_ref(&bytes), &[("length", Int(5))]),
        bench.say("bincount", &y(&x), &[("length", Int(7)), ("weights", weights)]),
        bench.say("bincount", &[signed], &[("length", Int(3))]),
    ];
    let script = format!(
        "{DATA}
n = array(i * 7919 % 7)
told(np.bincount(n.ravel(), minlength=9), bin=np.arange(9))
told(np.bincount(n.ravel())[:5], bin=np.arange(5))
ws = np.broadcast_to(w[:, None], n.shape)
told(over(lambda a, b: np.bincount(a, b, 7), n, [0, 2], ws), None, ('y', 'bin'), bin=np.arange(7))
told([1, 2, 0], bin=np.arange(3))"
    );
    assert_python(&script, &lines);
}

#[test]
fn digitizing_is_numpys() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&SHAPE, (0..6000).map(element).collect::<Vec<f64>>()));
    let whole = Value::Array(bench.array(&SHAPE, (0..6000).map(|i| (i % 251) as u8).collect::<Vec<u8>>()));
    let mut lines = Vec::new();
    for x in [&x, &whole] {
        for edges in [vec![-7.5, 0.0, 0.0, 12.25], vec![30.0, 2.0, -20.0], vec![1.0], vec![], vec![4.0, 4.0]] {
            for right in [false, true] {
                let edges = list(edges.iter().map(|&edge| Float(edge)));
                let named = [("edges", edges), ("right", Bool(right))];
                let operand = bench.apply_named("digitize", std::slice::from_ref(x), &named);
                lines.push(bench.show(operand));
            }
        }
    }
    let script = format!(
        "{DATA}
for a in [x, array(i % 251).astype('u1')]:
    for e in [[-7.5, 0, 0, 12.25], [30, 2, -20], [1], [], [4, 4]]:
        for right in [False, True]:
            show(xr.DataArray(np.digitize(a, np.asarray(e, float), right), dims=['t', 'y', 'x']))"
    );
    assert_python(&script, &lines);
}

#[test]
fn groups_are_counted_apart() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&SHAPE, (0..6000).map(element).collect::<Vec<f64>>()));
    let key = ints((0..40).map(|i| i % 4));
    let view = bench.call("groupby", &[x, key], &[]).unwrap_or_else(|e| panic!("{e:?}"));
    let named = [("bins", Int(3)), range(-60.0, 60.0)];
    let lines = [
        bench.say("histogram", &[view.clone(), Name("y".into()), Name("x".into())], &named),
        bench.say("histogram", &[view, Name("x".into())], &named),
    ];
    let lines = lines.map(|line| line.split("; ").next().unwrap_or_default().replace("group=4", "g=4"));
    let script = format!(
        "{DATA}
edges = np.linspace(-60, 60, 4)
h = lambda a: np.histogram(a, edges)[0]
by = np.stack([x[k::4] for k in range(4)])
told([h(b) for b in by], None, ('g', 'bin'))
told([[h(b[:, y]) for y in range(3)] for b in by], None, ('g', 'y', 'bin'))"
    );
    let lines = lines.map(|line| line.replace("t=4", "g=4"));
    assert_python(&script, &lines);
}

#[test]
fn calls_are_written_with_their_bins() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let whole = Value::Array(bench.array(&[("t", 3)], vec![1i32, 2, 3]));
    let weights = Value::Array(bench.array(&[("y", 4)], vec![1.0f32, 2.0, 3.0, 4.0]));
    let t = || vec![x.clone(), Name("t".into())];
    let many = ("bins", list((0..30).map(|i| Float(f64::from(i) / 2.0))));
    let texts = [
        bench.apply_named("histogram", &t(), &[("bins", Int(4)), range(-3.0, 9.0)]),
        bench.apply_named("histogram", std::slice::from_ref(&x), &[many, ("weights", weights)]),
        bench.apply_named("histogram", &t(), &[("density", Bool(true))]),
        bench.apply_named("bincount", std::slice::from_ref(&whole), &[("length", Int(4))]),
        bench.apply_named("digitize", std::slice::from_ref(&x), &[("edges", ints([2, 1])), ("right", Bool(true))]),
    ];
    let texts = texts.map(|operand| bench.text(operand));
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn bins_are_labelled_by_what_the_values_are() {
    let mut bench = Bench::new();
    let x = bench.x();
    let mut ty = (*bench.ty(x)).clone();
    let text = |text: &str| crate::array::AttrValue::Str(text.into());
    let attrs = [("units", text("K")), ("long_name", text("air")), ("valid_min", text("0")), ("history", text("h"))];
    ty.attrs = std::sync::Arc::new(attrs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let values = bench.values(x);
    let x = Value::Array(bench.source(ty, values));
    let counts = bench.apply_named("histogram", &[x], &[("bins", Int(2)), range(0.0, 4.0)]);
    let ty = bench.ty(counts);
    let names = |attrs: &crate::array::Attributes| attrs.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&ty.attrs), ["long_name", "history"]);
    let bin = ty.coord(&super::bins::dim()).expect("a coordinate");
    assert_eq!(names(&bin.attrs), ["units", "long_name"]);
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let z = Value::Array(bench.array(&[("t", 1)], vec![num_complex::Complex64::new(1.0, 0.0)]));
    let dates = Value::Array(bench.array_of(DType::DateTime(Calendar::Standard), &[("t", 1)], vec![0i64]));
    let binned = Value::Array(bench.array(&[("bin", 2), ("t", 2)], vec![0.0; 4]));
    let single = Value::Array(bench.array(&[("t", 1)], vec![1.0f32]));
    let rolling = bench.call("rolling", std::slice::from_ref(&x), &[("t", Int(3))]).expect("windows");
    let pair = |a: f64, b: f64| list([Float(a), Float(b)]);
    let over = |x: &Value| vec![x.clone()];
    let mut lines = Vec::new();
    let bins: [Value; 8] = [
        Int(0),
        Int(1 << 40),
        Float(2.5),
        list([Float(1.0)]),
        list([Float(0.0), Float(2.0), Float(1.0)]),
        list([Float(0.0), Value::Str("a".into())]),
        list([Float(0.0), Float(f64::NAN)]),
        x.clone(),
    ];
    for bins in bins {
        lines.push(bench.say("histogram", &over(&x), &[("bins", bins)]));
    }
    for range in [pair(2.0, 1.0), pair(0.0, f64::INFINITY), ints([1, 2, 3]), Int(3), pair(-1.5e308, 1.5e308)] {
        lines.push(bench.say("histogram", &over(&x), &[("range", range)]));
    }
    lines.push(bench.say("histogram", &over(&x), &[("bins", ints([0, 1])), ("range", pair(0.0, 1.0))]));
    lines.push(bench.say("histogram", &over(&single), &[("bins", Int(100)), ("range", pair(1e6, 1e6 + 1.0))]));
    for x in [&z, &dates, &rolling] {
        lines.push(bench.say("histogram", &over(x), &[]));
    }
    lines.push(bench.say("histogram", &[binned, Name("t".into())], &[]));
    lines.push(bench.say("bincount", &over(&x), &[("length", Int(3))]));
    lines.push(bench.say("bincount", &over(&dates), &[("length", Int(3))]));
    lines.push(bench.say("bincount", &[Int(1)], &[("length", Int(0))]));
    lines.push(bench.say("digitize", &over(&x), &[("edges", ints([1, 3, 2]))]));
    lines.push(bench.say("digitize", &over(&dates), &[("edges", ints([1, 2]))]));
    insta::assert_snapshot!(lines.join("\n"));
}

/// Bins of one call never equal those of another in text alone.
#[test]
fn different_bins_have_different_texts() {
    let bench = Bench::new();
    let read = |bins: Value, range: Option<Value>| {
        let spanned = |value| Spanned::new(value, Span::default());
        let mut args = Arguments { named: vec![("bins", spanned(bins))], ..Arguments::default() };
        args.named.extend(range.map(|range| ("range", spanned(range))));
        Bins::read(&bench, &args, (DType::F64, false)).expect("bins").text()
    };
    let texts = [
        read(Int(2), None),
        read(Int(2), Some(ints([0, 1]))),
        read(Int(2), Some(list([Float(0.0), Float(1.0 + f64::EPSILON)]))),
        read(list((0..30).map(|i| Float(f64::from(i)))), None),
        read(list((0..30).map(|i| Float(f64::from(i) + if i == 20 { 1e-12 } else { 0.0 }))), None),
    ];
    for (i, a) in texts.iter().enumerate() {
        assert!(texts[i + 1..].iter().all(|b| a != b), "{a}");
    }
}

/// Blocks of counts from parts that are merged.
fn parts(tally: &super::tally::Tally, indices: &[i32], weights: &[f64], cuts: &[usize]) -> Block {
    use crate::operators::combine::{Cells, Combine, Run};
    let mut whole: Option<Box<dyn crate::operators::combine::Accumulator>> = None;
    for pair in cuts.windows(2) {
        let mut acc = tally.init(1);
        let span = pair[0]..pair[1];
        let cells = Cells::One;
        let run = Run { start: 0, len: span.len(), first: 0, cells, position: 0, position_step: 1, places: None };
        acc.step(&run, TileElement::shared(&indices[span.clone()]), Some(TileElement::shared(&weights[span])));
        match &mut whole {
            None => whole = Some(acc),
            Some(whole) => whole.merge(acc),
        }
    }
    whole.expect("a part").finish()
}

#[test]
fn merged_counts_are_those_of_the_whole() {
    let indices: Vec<i32> = (0..4001).map(|i| i * 7919 % 5003 - 1).collect();
    let weights: Vec<f64> = (0..4001).map(|i| f64::from(i % 8) * 0.25).collect();
    for bins in [1, 7, 1000, 5000] {
        for weighted in [false, true] {
            let tally = super::tally::Tally { bins, weighted, widths: None };
            let whole = parts(&tally, &indices, &weights, &[0, 4001]);
            assert_eq!(whole.shape(), [bins as u64]);
            for cuts in [[0, 1, 4001], [0, 2001, 4001], [0, 4000, 4001]] {
                assert_eq!(parts(&tally, &indices, &weights, &cuts), whole, "{bins} {weighted} {cuts:?}");
            }
        }
    }
}

#[test]
fn elements_are_put_in_among_edges() {
    let mut bench = Bench::new();
    let edges = list([-1.0, 0.0, 0.0, 2.5].map(Float));
    let x = Value::Array(bench.array(&[("t", 7)], vec![-2.0, -1.0, 0.0, 0.1, 2.5, 9.0, f64::NAN]));
    let n = Value::Array(bench.array(&[("t", 4)], vec![-2i8, 0, 1, 3]));
    let texts = Value::Array(bench.array(&[("t", 1)], vec![std::sync::Arc::<str>::from("a")]));
    let right = [("side", Value::Str("right".into()))];
    let lines = [
        bench.say("searchsorted", &[edges.clone(), x.clone()], &[]),
        bench.say("searchsorted", &[edges.clone(), x.clone()], &right),
        bench.say("searchsorted", &[edges.clone(), n], &right),
        bench.say("searchsorted", &[list([]), x.clone()], &[]),
        bench.say("searchsorted", &[edges.clone(), Float(0.0)], &right),
        bench.say("searchsorted", &[list([Int(2), Int(1)]), x], &[]),
        bench.say("searchsorted", &[edges, texts], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
