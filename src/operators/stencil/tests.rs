//! Stencils against scipy.ndimage, NumPy and xarray, every cut of each, and their errors.

use std::fmt::Write;
use std::slice::from_ref;
use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use crate::array::block::Element;
use crate::array::{ArrayType, Block, Calendar, Coord, CoordValues, DType, DimName, Dims, Scalar};
use crate::operators::simd::{self, LEVELS};
use crate::operators::testing::{Bench, assert_python, list, text};
use crate::operators::{Builder, Operand, Value};

use Value::{Float, Int};

/// Every boundary as a script says it, and as scipy does.
const BOUNDARIES: [(&str, &str); 6] = [
    ("reflect", "mode='reflect'"),
    ("nearest", "mode='nearest'"),
    ("mirror", "mode='mirror'"),
    ("wrap", "mode='wrap'"),
    ("constant", "mode='constant'"),
    ("constant 1.5", "mode='constant', cval=1.5"),
];

const CHECK: &str = r"
from scipy import ndimage
nan, inf = np.nan, np.inf
def check(want, dtype, got):
    want, got = np.asarray(want), np.array(got).reshape(np.shape(want))
    fine = {'f16': 2e-3, 'f32': 4e-7, 'c64': 4e-7}.get(dtype, 2e-14)
    finite = want[np.isfinite(want)]
    np.testing.assert_allclose(got, want, rtol=fine, atol=fine * np.max(np.abs(finite), initial=0))
    print('ok')
";

/// Calls with what Python says of them.
struct Cases {
    bench: Bench,
    script: String,
    count: usize,
}

fn numbers(block: &Block) -> String {
    let shown = |s: &Scalar| match s {
        Scalar::Complex(z) => format!("complex({:?}, {:?})", z.re, z.im),
        Scalar::Bool(b) => u8::from(*b).to_string(),
        other => other.to_string(),
    };
    let all: Vec<String> = block.scalars().iter().map(shown).collect();
    format!("[{}]", all.join(",").replace("NaN", "nan"))
}

impl Cases {
    fn new() -> Cases {
        Cases { bench: Bench::new(), script: CHECK.to_owned(), count: 0 }
    }

    /// A source, which Python knows as `A`, in the precision in which sums are taken.
    fn array<T: Element>(&mut self, dims: &[(&str, u64)], of: impl Fn(usize) -> T) -> Operand {
        let count: u64 = dims.iter().map(|(_, n)| n).product();
        let x = self.bench.array(dims, (0..count as usize).map(of).collect());
        self.python(x);
        x
    }

    fn python(&mut self, x: Operand) {
        let ty = self.bench.ty(x);
        let kind = if matches!(ty.dtype, DType::C64 | DType::C128) { "c16" } else { "f8" };
        let (values, shape) = (numbers(&self.bench.values(x)), ty.shape());
        let _ = writeln!(self.script, "A = np.array({values}, '{kind}').reshape({shape:?})");
    }

    /// Compares a call, and every cut of it, with an expression of `A`.
    fn call(&mut self, name: &str, positional: &[Value], named: &[(&str, Value)], expected: &str) {
        let Value::Array(x) = positional[0] else { panic!("the array comes first") };
        let out = self.bench.apply_named(name, positional, named);
        let (from, to) = (self.bench.ty(x), self.bench.ty(out));
        let whole = !matches!(from.dtype, DType::F16 | DType::F32 | DType::F64 | DType::C64 | DType::C128);
        assert_eq!(to.dtype, if whole { DType::F64 } else { from.dtype }, "{name}");
        assert_eq!(to.dims, from.dims, "{name}");
        assert_eq!(format!("{:?}", to.coords), format!("{:?}", from.coords), "{name}");
        self.bench.assert_splits(out);
        let values = numbers(&self.bench.values(out));
        let _ = writeln!(self.script, "check({expected}, '{}', {values})", to.dtype);
        self.count += 1;
    }

    /// The same with every boundary; the expression has `MODE` for it.
    fn call_with_boundaries(&mut self, name: &str, positional: &[Value], named: &[(&str, Value)], expected: &str) {
        for (boundary, mode) in BOUNDARIES {
            let (word, value) = boundary.split_once(' ').unwrap_or((boundary, ""));
            let mut named = named.to_vec();
            named.push(("boundary", text(word)));
            named.extend(value.parse().ok().map(|value| ("value", Float(value))));
            self.call(name, positional, &named, &expected.replace("MODE", mode));
        }
    }

    fn check(self) {
        assert!(self.count > 0);
        assert_python(&self.script, &vec!["ok".to_owned(); self.count]);
    }
}

/// Numbers without a pattern between -3 and 3.
fn number(i: usize) -> f64 {
    ((i * 7919 + 13) % 1009) as f64 / 168.0 - 3.0
}

/// The same with a few that are missing or infinite.
fn holey(i: usize) -> f64 {
    match i % 17 {
        5 => f64::NAN,
        11 => f64::INFINITY,
        _ => number(i),
    }
}

const ONE: &[(&str, u64)] = &[("t", 9)];
const TWO: &[(&str, u64)] = &[("t", 6), ("y", 5)];
const THREE: &[(&str, u64)] = &[("t", 4), ("y", 3), ("x", 7)];

#[test]
fn gaussian_is_that_of_scipy() {
    let mut c = Cases::new();
    for of in [number, holey] {
        let x = Value::Array(c.array(ONE, of));
        c.call_with_boundaries(
            "gaussian",
            from_ref(&x),
            &[("t", Float(0.8))],
            "ndimage.gaussian_filter(A, [.8], MODE)",
        );
        let far = "ndimage.gaussian_filter(A, [7], MODE, truncate=5.3)";
        c.call_with_boundaries("gaussian", &[x], &[("t", Int(7)), ("truncate", Float(5.3))], far);
        let x = Value::Array(c.array(TWO, of));
        let both = [("y", Float(0.5)), ("t", Float(1.0))];
        c.call_with_boundaries("gaussian", from_ref(&x), &both, "ndimage.gaussian_filter(A, [1, .5], MODE)");
        let one = [("t", Float(1.0)), ("y", Int(0))];
        c.call_with_boundaries("gaussian", &[x], &one, "ndimage.gaussian_filter(A, [1, 0], MODE)");
        let x = Value::Array(c.array(THREE, of));
        let all = [("t", Float(0.4)), ("y", Int(2)), ("x", Float(0.6)), ("truncate", Int(2))];
        c.call_with_boundaries(
            "gaussian",
            from_ref(&x),
            &all,
            "ndimage.gaussian_filter(A, [.4, 2, .6], MODE, truncate=2)",
        );
        let outer = [("t", Float(0.4)), ("y", Int(1))];
        c.call_with_boundaries("gaussian", &[x], &outer, "ndimage.gaussian_filter(A, [.4, 1, 0], MODE)");
    }
    c.check();
}

#[test]
fn uniform_is_the_mean_of_the_neighbourhood() {
    let mut c = Cases::new();
    for of in [number, holey] {
        let x = Value::Array(c.array(ONE, of));
        for size in [1, 2, 3, 8, 25] {
            let expected = format!("ndimage.generic_filter(A, np.mean, {size}, MODE)");
            c.call_with_boundaries("uniform", from_ref(&x), &[("t", Int(size))], &expected);
        }
        let x = Value::Array(c.array(TWO, of));
        let expected = "ndimage.generic_filter(A, np.mean, [3, 4], MODE)";
        c.call_with_boundaries("uniform", &[x], &[("t", Int(3)), ("y", Int(4))], expected);
    }
    let x = Value::Array(c.array(THREE, number));
    let sizes = [("t", Int(2)), ("y", Int(3)), ("x", Int(4))];
    c.call_with_boundaries("uniform", &[x], &sizes, "ndimage.uniform_filter(A, [2, 3, 4], MODE)");
    c.check();
}

#[test]
fn sobel_and_laplace_are_those_of_scipy() {
    let mut c = Cases::new();
    for of in [number, holey] {
        let x = Value::Array(c.array(ONE, of));
        c.call_with_boundaries("sobel", &[x.clone(), Int(0)], &[], "ndimage.sobel(A, 0, MODE)");
        c.call_with_boundaries("laplace", &[x], &[], "ndimage.laplace(A, MODE)");
        let x = Value::Array(c.array(THREE, of));
        for (dim, axis) in [("t", 0), ("y", 1), ("x", 2)] {
            let expected = format!("ndimage.sobel(A, {axis}, MODE)");
            c.call_with_boundaries("sobel", &[x.clone(), Value::Name(dim.into())], &[], &expected);
        }
        let part = "ndimage.correlate1d(ndimage.correlate1d(A, [-1, 0, 1], 2, MODE), [1, 2, 1], 1, MODE)";
        c.call_with_boundaries("sobel", &[x.clone(), Int(-1), Int(1)], &[], part);
        c.call_with_boundaries("laplace", from_ref(&x), &[], "ndimage.laplace(A, MODE)");
        let part = "ndimage.laplace(A, MODE, axes=(0, 1))";
        c.call_with_boundaries("laplace", &[x, Int(1), Int(0)], &[], part);
    }
    c.check();
}

#[test]
fn convolve_is_that_of_scipy() {
    let mut c = Cases::new();
    let row = |n: usize| list((0..n).map(|i| if i % 4 == 2 { Int(0) } else { Float(number(i)) }));
    let python = |n: usize| {
        let all: Vec<String> = (0..n).map(|i| if i % 4 == 2 { "0".into() } else { number(i).to_string() }).collect();
        format!("[{}]", all.join(","))
    };
    for of in [number, holey] {
        let x = Value::Array(c.array(ONE, of));
        for n in [1, 2, 3, 4, 5, 8, 25] {
            let expected = format!("ndimage.convolve(A, {}, None, MODE)", python(n));
            c.call_with_boundaries("convolve", &[x.clone(), row(n)], &[], &expected);
        }
        let x = Value::Array(c.array(TWO, of));
        let across = format!("ndimage.convolve(A, [{}], None, MODE)", python(4));
        c.call_with_boundaries("convolve", &[x.clone(), row(4), Int(1)], &[], &across);
        let down = format!("ndimage.convolve(A, np.transpose([{}]), None, MODE)", python(5));
        c.call_with_boundaries("convolve", &[x.clone(), row(5), Value::Name("t".into())], &[], &down);
        let kernel = list([list([Int(1), Int(0), Float(-2.5)]), list([Int(0), Int(3), Int(4)])]);
        let expected = "ndimage.convolve(A, [[1, 0, -2.5], [0, 3, 4]], None, MODE)";
        c.call_with_boundaries("convolve", &[x.clone(), kernel.clone()], &[], expected);
        let turned = "ndimage.convolve(A, np.transpose([[1, 0, -2.5], [0, 3, 4]]), None, MODE)";
        c.call_with_boundaries("convolve", &[x.clone(), kernel, Int(1), Int(0)], &[], turned);
        let none = list([list([Int(0), Int(0)]), list([Int(0), Int(0)])]);
        c.call("convolve", &[x, none], &[], "0 * np.nan_to_num(A, posinf=0)");
    }
    let kernel = Block::from_vec(&[5, 2, 3], (0..30).map(number).collect::<Vec<_>>()).unwrap();
    let ty = ArrayType::new(DType::F64, Dims::new([("x", 5), ("t", 2), ("y", 3)]));
    let _ = writeln!(c.script, "K = np.transpose(np.array({}).reshape(5, 2, 3), (1, 2, 0))", numbers(&kernel));
    let kernel = c.bench.constant(ty, crate::operators::Constant::Values(kernel));
    let x = Value::Array(c.array(THREE, number));
    c.call_with_boundaries("convolve", &[x, Value::Array(kernel)], &[], "ndimage.convolve(A, K, None, MODE)");
    c.check();
}

#[test]
fn gradient_is_that_of_numpy() {
    let mut c = Cases::new();
    let coords: [(&str, CoordValues); 4] = [
        ("np.arange(6) * 2.5", CoordValues::Float((0..6).map(|i| f64::from(i) * 2.5).collect())),
        ("[9, 4, 3, -1, -2, -7]", CoordValues::Int(vec![9, 4, 3, -1, -2, -7])),
        ("[0, .1, .2, .5, .7, 2]", CoordValues::Float(vec![0.0, 0.1, 0.2, 0.5, 0.7, 2.0])),
        ("[0, 1, 1, 2, nan, 4]", CoordValues::Float(vec![0.0, 1.0, 1.0, 2.0, f64::NAN, 4.0])),
    ];
    for of in [number, holey] {
        for edge_order in [1, 2] {
            let order = [("edge_order", Int(edge_order))];
            for n in [2, 3, 4, 9] {
                if n > edge_order as u64 {
                    let x = Value::Array(c.array(&[("t", n)], of));
                    let expected = format!("np.gradient(A, edge_order={edge_order})");
                    c.call("gradient", &[x], &order, &expected);
                }
            }
            for (python, values) in &coords {
                let dtype = if matches!(values, CoordValues::Int(_)) { DType::I64 } else { DType::F64 };
                let coord = Coord { dim: DimName::new("t"), dtype, values: values.clone(), attrs: Arc::default() };
                for dims in [[("t", 6), ("y", 4)], [("y", 4), ("t", 6)]] {
                    let mut ty = ArrayType::new(DType::F64, Dims::new(dims));
                    ty.coords.insert(DimName::new("t"), Arc::new(coord.clone()));
                    let block = Block::from_vec(&ty.shape(), (0..24).map(of).collect::<Vec<f64>>()).unwrap();
                    let x = c.bench.source(ty, block);
                    c.python(x);
                    let axis = usize::from(dims[0].0 == "y");
                    let expected = format!("np.gradient(A, {python}, axis={axis}, edge_order={edge_order})");
                    c.call("gradient", &[Value::Array(x), Value::Name("t".into())], &order, &expected);
                }
            }
        }
    }
    c.check();
}

#[test]
fn gradients_of_several_dims_are_a_list() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(TWO, (0..30).map(number).collect()));
    let one = |bench: &mut Bench, axis| bench.apply_named("gradient", &[x.clone(), Int(axis)], &[]);
    let (down, across) = (one(&mut bench, 0), one(&mut bench, 1));
    for (dims, expected) in [(vec![], [down, across]), (vec![Int(1), Int(0)], [across, down])] {
        let Ok(Value::List(all)) = bench.call("gradient", &[vec![x.clone()], dims].concat(), &[]) else {
            panic!("a list")
        };
        let shown = |v: &Value| if let Value::Array(out) = v { bench.show(*out) } else { panic!("an array") };
        assert_eq!(all.iter().map(shown).collect::<Vec<_>>(), expected.map(|out| bench.show(out)));
    }
}

#[test]
fn labels_without_distances_have_no_gradient() {
    let mut bench = Bench::new();
    let names = CoordValues::Str(vec!["a".into(), "b".into()]);
    let times = CoordValues::Time(vec![0, crate::array::calendar::NAT], Calendar::Standard);
    for (dtype, values, why) in [
        (DType::Str, names, "is of texts, between which there are no distances"),
        (DType::DateTime(Calendar::Standard), times, "has missing labels"),
    ] {
        let mut ty = ArrayType::new(DType::F64, Dims::new([("t", 2)]));
        let coord = Coord { dim: DimName::new("t"), dtype, values, attrs: Arc::default() };
        ty.coords.insert(DimName::new("t"), Arc::new(coord));
        let x = bench.source(ty, Block::from_list(vec![1.0, 2.0]));
        let said = bench.say("gradient", &[Value::Array(x), Int(0)], &[]);
        let help = "take the gradient by elements: `gradient(drop_coords(x, t), t)`";
        assert_eq!(said, format!("ff::type::spacing: the coordinate `t` of f64[t=2; chunks 2] {why}; {help}"));
    }
}

#[test]
fn gradient_by_time_is_that_of_xarray() {
    let day = 86_400_000_000i64;
    let times = vec![0, day, 3 * day, 4 * day + 3_600_000_000];
    let mut lines = Vec::new();
    let mut bench = Bench::new();
    for calendar in [Calendar::Standard, Calendar::NoLeap] {
        let mut ty = ArrayType::new(DType::F64, Dims::new([("t", 4)]));
        let values = CoordValues::Time(times.clone(), calendar);
        let coord = Coord { dim: DimName::new("t"), dtype: DType::DateTime(calendar), values, attrs: Arc::default() };
        ty.coords.insert(DimName::new("t"), Arc::new(coord));
        let x = bench.source(ty, Block::from_list(vec![0.0, 864e6, 864e5, 864e7]));
        for unit in [None, Some("D"), Some("h"), Some("us")] {
            let named: Vec<_> = unit.map(|unit| ("datetime_unit", text(unit))).into_iter().collect();
            let out = bench.apply_named("gradient", &[Value::Array(x), Int(0)], &named);
            bench.assert_splits(out);
            lines.push(
                bench
                    .values(out)
                    .scalars()
                    .iter()
                    .map(|v| format!("{:.9e}", v.as_f64().unwrap()))
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
    }
    let script = r"
hours = [0, 24, 72, 97]
standard = np.datetime64('1970-01-01', 's') + np.array(hours, 'm8[h]')
noleap = [cftime.DatetimeNoLeap(1970, 1, 1) + pd.Timedelta(h, 'h').to_pytimedelta() for h in hours]
for times in [standard, noleap]:
    x = xr.DataArray([0., 864e6, 864e5, 864e7], dims='t', coords={'t': times})
    for unit in ['s', 'D', 'h', 'us']:
        g = x.differentiate('t', datetime_unit=unit)
        print(' '.join(f'{v:.9e}'.replace('e+0', 'e').replace('e-0', 'e-').replace('e+', 'e') for v in g.values))
";
    assert_python(script, &lines);
}

#[test]
fn every_dtype_is_summed_in_double_precision() {
    fn all<T: Element>(c: &mut Cases, of: impl Fn(usize) -> T) {
        let x = Value::Array(c.array(TWO, of));
        let sigmas = [("t", Float(0.7)), ("y", Float(1.1))];
        c.call_with_boundaries("gaussian", from_ref(&x), &sigmas, "ndimage.gaussian_filter(A, [.7, 1.1], MODE)");
        let kernel = list([list([Int(1), Int(2)]), list([Int(-3), Int(4)])]);
        let expected = "ndimage.convolve(A, [[1, 2], [-3, 4]], None, MODE)";
        c.call_with_boundaries("convolve", &[x.clone(), kernel], &[], expected);
        for axis in [0, 1] {
            let expected = format!("np.gradient(A, axis={axis})");
            c.call("gradient", &[x.clone(), Int(axis)], &[], &expected);
        }
    }
    let mut c = Cases::new();
    all(&mut c, |i| i % 3 == 0);
    all(&mut c, |i| i as u8 * 9);
    all(&mut c, |i| i as i8 * 3 - 50);
    all(&mut c, |i| i as u16 * 2000);
    all(&mut c, |i| number(i) as i32 * 1_000_000);
    all(&mut c, |i| i as u64 * 3);
    all(&mut c, |i| f16::from_f64(number(i)));
    all(&mut c, |i| number(i) as f32);
    all(&mut c, |i| Complex32::new(number(i) as f32, number(i + 50) as f32));
    all(&mut c, |i| Complex64::new(number(i), number(i + 50)));
    let mut ty = ArrayType::new(DType::C128, Dims::new([("t", 6)]));
    let values = CoordValues::Float(vec![0.0, 0.1, 0.2, 0.5, 0.7, 2.0]);
    let coord = Coord { dim: DimName::new("t"), dtype: DType::F64, values, attrs: Arc::default() };
    ty.coords.insert(DimName::new("t"), Arc::new(coord));
    let x = c.bench.source(ty, Block::from_list((0..6).map(|i| Complex64::new(number(i), i as f64)).collect()));
    c.python(x);
    c.call(
        "gradient",
        &[Value::Array(x)],
        &[("edge_order", Int(2))],
        "np.gradient(A, [0, .1, .2, .5, .7, 2], edge_order=2)",
    );
    c.check();
}

#[test]
fn axes_of_no_and_of_one_element_are_filtered_too() {
    let mut c = Cases::new();
    for dims in
        [[("t", 0), ("y", 4)], [("t", 4), ("y", 0)], [("t", 1), ("y", 1)], [("t", 1), ("y", 5)], [("t", 5), ("y", 1)]]
    {
        let x = Value::Array(c.array(&dims, number));
        let sigmas = [("t", Int(1)), ("y", Int(1))];
        let named = |expected: &'static str| if dims.iter().any(|(_, n)| *n == 0) { "A" } else { expected };
        c.call_with_boundaries("gaussian", from_ref(&x), &sigmas, named("ndimage.gaussian_filter(A, 1, MODE)"));
        let kernel = list([list([Int(1), Int(2), Int(3)]), list([Int(-3), Int(4), Int(5)])]);
        let expected = named("ndimage.convolve(A, [[1, 2, 3], [-3, 4, 5]], None, MODE)");
        c.call_with_boundaries("convolve", &[x.clone(), kernel], &[], expected);
        c.call_with_boundaries("laplace", &[x], &[], named("ndimage.laplace(A, MODE)"));
    }
    c.check();
}

#[test]
fn rows_longer_than_a_tile_and_views_are_filtered_alike() {
    let mut c = Cases::new();
    let x = c.bench.array(&[("t", 3), ("y", 2500)], (0..7500).map(number).collect());
    c.script += "A = ((np.arange(7500) * 7919 + 13) % 1009 / 168 - 3).reshape(3, 2500)\n";
    for reversed in [false, true] {
        let x = Value::Array(if reversed { c.bench.apply_named("transpose", &[Value::Array(x)], &[]) } else { x });
        let along = Value::Name("y".into());
        let kernel = list([Int(1), Int(3), Int(-2)]);
        let outs = [
            c.bench.apply_named("gaussian", from_ref(&x), &[("t", Int(1)), ("y", Int(20))]),
            c.bench.apply_named("gradient", &[x.clone(), along.clone()], &[]),
            c.bench.apply_named("convolve", &[x, kernel, along], &[]),
        ];
        let expected =
            ["ndimage.gaussian_filter(A, [1, 20])", "np.gradient(A, axis=1)", "ndimage.convolve(A, [[1, 3, -2]])"];
        for (out, expected) in outs.into_iter().zip(expected) {
            let every = c.bench.values(out).contiguous().reshape(&[7500]).slice_steps(&[0], &[13], &[577]);
            let turned = if reversed { ".T" } else { "" };
            let _ = writeln!(c.script, "check(({expected}){turned}.ravel()[::13], 'f64', {})", numbers(&every));
            c.count += 1;
        }
    }
    c.check();
}

#[test]
fn all_levels_give_the_same_bits() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 11), ("y", 77)], (0..847).map(|i| number(i) as f32).collect());
    let z = bench.array(&[("t", 11), ("y", 77)], (0..847).map(|i| Complex64::new(number(i), 1.0)).collect());
    let mut outs = Vec::new();
    for x in [x, z].map(Value::Array) {
        outs.push(bench.apply_named("gaussian", from_ref(&x), &[("t", Int(2)), ("y", Float(1.3))]));
        outs.push(bench.apply_named("uniform", from_ref(&x), &[("t", Int(3)), ("y", Int(6))]));
        outs.push(bench.apply_named("laplace", from_ref(&x), &[]));
        outs.push(bench.apply_named("gradient", &[x, Int(1)], &[("edge_order", Int(2))]));
    }
    let mut seen: Vec<Vec<Vec<u8>>> = Vec::new();
    for (level, _) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
        simd::force(*level);
        seen.push(outs.iter().map(|out| bench.values(*out).to_bytes().unwrap()).collect());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_is_needed_is_the_halo() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&[("t", 100), ("y", 100)], vec![0f32; 10_000]));
    let needed = |bench: &mut Bench, name, positional: &[Value], named: &[(&str, Value)]| {
        let out = bench.apply_named(name, positional, named);
        let (call, inputs) = bench.call_of(out).unwrap();
        let ty = bench.ty(inputs[0]);
        let of = |start: [u64; 2]| {
            let region = crate::array::Region { start: start.to_vec(), shape: vec![10, 10] };
            call.pattern.required(&region, 0, &[&ty]).to_string()
        };
        [of([0, 0]), of([40, 90])].join(" ")
    };
    let sigmas = [("t", Int(1)), ("y", Int(2)), ("truncate", Int(2))];
    let cases = [
        needed(&mut bench, "gaussian", from_ref(&x), &sigmas),
        needed(&mut bench, "gradient", &[x.clone(), Int(0)], &[]),
        needed(&mut bench, "laplace", from_ref(&x), &[]),
        needed(&mut bench, "convolve", &[x, list([list([Int(1), Int(2)]), list([Int(3), Int(4)])])], &[]),
    ];
    assert_eq!(
        cases,
        [
            "[0..<12, 0..<14] [38..<52, 86..<100]",
            "[0..<11, 0..<10] [39..<51, 90..<100]",
            "[0..<11, 0..<11] [39..<51, 89..<100]",
            "[0..<11, 0..<11] [40..<51, 90..<100]",
        ]
    );
}
