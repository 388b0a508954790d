//! Transforms against NumPy's, any split against the whole, and their errors.

use std::fmt::Write;
use std::io::Write as _;
use std::slice::from_ref;

use half::f16;
use num_complex::{Complex32, Complex64};

use super::plan::{Plan, root};
use crate::array::block::Element;
use crate::array::{Block, DType, Scalar};
use crate::operators::simd::{self, LEVELS};
use crate::operators::testing::{Bench, assert_python, ints, list, text};
use crate::operators::{Builder, Operand, Value};

use Value::{Float, Int, Name};

const CHECK: &str = "
nan, inf = np.nan, np.inf
def check(want, dtype, got):
    kind = {'f32': 'f4', 'f64': 'f8', 'c64': 'c8', 'c128': 'c16'}[dtype]
    got = np.array(got, 'c16' if kind[0] == 'c' else 'f8')
    assert want.dtype == kind and want.size == got.size, (want.dtype, want.shape, kind, got.shape)
    got = got.reshape(want.shape)
    fine = 3e-7 if kind in ('f4', 'c8') else 1e-15
    fine *= 2 + np.log2(max(want.size, 1))
    np.testing.assert_allclose(got, want, rtol=0, atol=fine * np.max(np.abs(want), initial=1e-300))
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

    /// A source, which Python knows as `A`.
    fn array<T: Element>(&mut self, dims: &[(&str, u64)], of: impl Fn(usize) -> T, kind: &str) -> Operand {
        let count: u64 = dims.iter().map(|(_, n)| n).product();
        let x = self.bench.array(dims, (0..count as usize).map(of).collect());
        let (values, shape) = (numbers(&self.bench.values(x)), self.bench.ty(x).shape());
        let _ = writeln!(self.script, "A = np.array({values}).astype('{kind}').reshape({shape:?})");
        x
    }

    /// Compares a call with an expression of `A`.
    fn call(&mut self, name: &str, x: Operand, dims: &[&str], named: &[(&str, Value)], expected: &str) {
        let dims = dims.iter().map(|dim| Name((*dim).to_owned()));
        let positional: Vec<Value> = [Value::Array(x)].into_iter().chain(dims).collect();
        let out = self.bench.apply_named(name, &positional, named);
        let values = numbers(&self.bench.values(out));
        let _ = writeln!(self.script, "check({expected}, '{}', {values})", self.bench.ty(out).dtype);
        self.count += 1;
    }

    fn check(self) {
        assert!(self.count > 0);
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(self.script.as_bytes()).expect("the file can be written");
        let script = format!("exec(open({:?}).read())", file.path());
        assert_python(&script, &vec!["ok".to_owned(); self.count]);
    }
}

/// Numbers without a pattern between -3 and 3.
fn number(i: usize) -> f64 {
    ((i * 7919 + 13) % 1009) as f64 / 168.0 - 3.0
}

fn complex(i: usize) -> Complex64 {
    Complex64::new(number(i), number(i + 500))
}

/// Lengths of every kind: powers, products of small primes, greater primes and products with them, to the widest radix and beyond.
const LENGTHS: [u64; 50] = [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    26,
    27,
    29,
    31,
    32,
    34,
    36,
    37,
    49,
    58,
    64,
    97,
    120,
    121,
    169,
    202,
    243,
    256,
    1001,
    1458,
    68,
    365,
    730,
    1314,
    635,
    131 * 4,
];

#[test]
fn transforms_of_all_lengths_are_numpys() {
    let mut cases = Cases::new();
    for n in LENGTHS {
        let x = cases.array(&[("t", n)], number, "f8");
        cases.call("fft", x, &["t"], &[], "np.fft.fft(A)");
        cases.call("ifft", x, &["t"], &[], "np.fft.ifft(A)");
        cases.call("rfft", x, &["t"], &[], "np.fft.rfft(A)");
        let back = [("n", Int(n as i64))];
        cases.call("irfft", x, &["t"], &back, &format!("np.fft.irfft(A, {n})"));
        cases.call("hfft", x, &["t"], &back, &format!("np.fft.hfft(A, {n})"));
        cases.call("ihfft", x, &["t"], &[], "np.fft.ihfft(A)");
        let z = cases.array(&[("t", n)], complex, "c16");
        cases.call("fft", z, &["t"], &[], "np.fft.fft(A)");
        cases.call("ifft", z, &["t"], &[], "np.fft.ifft(A)");
        cases.call("irfft", z, &["t"], &back, &format!("np.fft.irfft(A, {n})"));
        if n > 1 {
            cases.call("irfft", z, &["t"], &[], "np.fft.irfft(A)");
            cases.call("hfft", z, &["t"], &[], "np.fft.hfft(A)");
        }
    }
    cases.check();
}

#[test]
fn lengths_and_norms_are_numpys() {
    let mut cases = Cases::new();
    for (name, real) in [("fft", false), ("ifft", false), ("rfft", true), ("irfft", false), ("hfft", false)] {
        let x = match real {
            true => cases.array(&[("t", 12)], number, "f8"),
            false => cases.array(&[("t", 12)], complex, "c16"),
        };
        for norm in ["backward", "ortho", "forward"] {
            for n in [1, 5, 12, 13, 17, 30, 64] {
                let named = [("n", Int(n)), ("norm", text(norm))];
                cases.call(name, x, &[], &named, &format!("np.fft.{name}(A, {n}, norm='{norm}')"));
            }
        }
    }
    let empty = cases.array(&[("t", 0)], number, "f8");
    cases.call("fft", empty, &[], &[("n", Int(4))], "np.fft.fft(A, 4)");
    let none = cases.array(&[("y", 0), ("t", 4)], number, "f8");
    cases.call("rfft", none, &[], &[], "np.fft.rfft(A)");
    cases.check();
}

#[test]
fn dtypes_and_dims_are_numpys() {
    let mut cases = Cases::new();
    let shape = [("t", 6), ("y", 10), ("x", 7)];
    let single = |i| complex(i);
    let arrays = [
        cases.array(&shape, number, "f8"),
        cases.array(&shape, |i| number(i) as f32, "f4"),
        cases.array(&shape, |i| f16::from_f64(number(i)), "f4"),
        cases.array(&shape, |i| (i * 7919 % 200) as u8, "u1"),
        cases.array(&shape, |i| i as i64 * 7919 % 1000, "i8"),
        cases.array(&shape, |i| i * 7919 % 1000 > 600, "?"),
        cases.array(&shape, complex, "c16"),
        cases.array(&shape, |i| Complex32::new(single(i).re as f32, single(i).im as f32), "c8"),
    ];
    let lines: Vec<String> = cases.script.lines().filter(|l| l.starts_with("A = ")).map(str::to_owned).collect();
    for (x, line) in arrays.into_iter().zip(lines) {
        let _ = writeln!(cases.script, "{line}");
        let real = !matches!(cases.bench.ty(x).dtype, DType::C64 | DType::C128);
        for (axis, dim) in ["t", "y", "x"].into_iter().enumerate() {
            cases.call("fft", x, &[dim], &[], &format!("np.fft.fft(A, axis={axis})"));
            cases.call("ifft", x, &[dim], &[], &format!("np.fft.ifft(A, axis={axis})"));
            cases.call("irfft", x, &[dim], &[], &format!("np.fft.irfft(A, axis={axis})"));
            if real {
                cases.call("rfft", x, &[dim], &[], &format!("np.fft.rfft(A, axis={axis})"));
            }
        }
        cases.call("fft", x, &["y", "x"], &[], "np.fft.fft2(A)");
        cases.call("fft", x, &[".."], &[("norm", text("ortho"))], "np.fft.fftn(A, norm='ortho')");
        cases.call("ifft", x, &["x", "t"], &[], "np.fft.ifftn(A, axes=[2, 0])");
        cases.call("irfft", x, &["x", "y"], &[], "np.fft.irfftn(A, axes=[2, 1])");
        let n = [("n", list([Int(4), Value::None, Int(9)]))];
        cases.call("fft", x, &["y", "t", "x"], &n, "np.fft.fftn(A, [4, 6, 9], [1, 0, 2])");
        if real {
            cases.call("rfft", x, &["t", "y"], &[], "np.fft.rfftn(A, axes=[0, 1])");
        }
    }
    cases.check();
}

#[test]
fn frequencies_and_shifts_are_numpys() {
    let mut bench = Bench::new();
    let (mut lines, mut script) = (Vec::new(), String::new());
    for n in [1, 2, 5, 8] {
        lines.push(bench.say("fftfreq", &[Int(n), Float(0.3)], &[("dim", text("f"))]));
        lines.push(bench.say("rfftfreq", &[Int(n), Int(7)], &[("dim", text("f"))]));
        let _ = writeln!(script, "show(xr.DataArray(np.fft.fftfreq({n}, .3), dims=['f']))");
        let _ = writeln!(script, "show(xr.DataArray(np.fft.rfftfreq({n}, 7), dims=['f']))");
    }
    for (t, y) in [(1, 2), (4, 5), (7, 3)] {
        let x = Value::Array(bench.array(&[("t", t), ("y", y)], (0..(t * y) as i64).collect()));
        let x = bench.apply_named("assign_coords", &[x], &[("t", ints((0..t as i64).map(|i| 10 * i)))]);
        for (name, axes) in [("fftshift", ""), ("ifftshift", ", axes=0")] {
            let dims: &[Value] = if axes.is_empty() { &[] } else { &[Name("t".into())] };
            lines.push(bench.say(name, &[from_ref(&Value::Array(x)), dims].concat(), &[]));
            let _ = writeln!(script, "v, t = np.arange({t} * {y}).reshape({t}, {y}), 10 * np.arange({t})");
            let _ = writeln!(
                script,
                "show(xr.DataArray(np.fft.{name}(v{axes}), dims=['t', 'y'], coords={{'t': np.fft.{name}(t)}}))"
            );
        }
    }
    assert_python(&script, &lines);
}

#[test]
fn any_part_is_part_of_the_whole() {
    let mut bench = Bench::new();
    let z = Value::Array(bench.array(&[("t", 6), ("y", 5)], (0..30).map(complex).collect()));
    for (name, dims) in [("fft", &["t"][..]), ("ifft", &["y"]), ("irfft", &["t", "y"]), ("fft", &["y", "t"])] {
        let dims = dims.iter().map(|dim| Name((*dim).to_owned()));
        let out = bench.apply_named(name, &[z.clone()].into_iter().chain(dims).collect::<Vec<_>>(), &[]);
        bench.assert_splits(out);
    }
}

#[test]
fn levels_give_the_same_bits() {
    let bits = |n: usize| {
        let (mut re, mut im): (Vec<f64>, Vec<f64>) = (0..n).map(|i| (number(i), number(i + 500))).unzip();
        let plan = Plan::new(n);
        plan.forward(&mut re, &mut im, &mut vec![0.0; plan.work()]);
        re.iter().chain(&im).map(|x| x.to_bits()).collect::<Vec<u64>>()
    };
    let best = simd::level();
    for n in [64, 210, 1001, 101, 2048, 365, 1752] {
        let expected = bits(n);
        for (level, _) in LEVELS.into_iter().filter(|(level, _)| level.is_available()) {
            simd::force(level);
            assert_eq!(bits(n), expected, "{level} {n}");
        }
        simd::force(best);
    }
}

#[test]
fn roots_are_exact_where_they_can_be() {
    assert_eq!(root(0, 7), (1.0, 0.0));
    assert_eq!(root(2, 8), (0.0, -1.0));
    assert_eq!(root(4, 8), (-1.0, 0.0));
    assert_eq!(root(6, 8), (0.0, 1.0));
    for n in [5u64, 24, 97] {
        for k in 0..n {
            let angle = -2.0 * std::f64::consts::PI * k as f64 / n as f64;
            let (re, im) = root(k, n);
            assert!((re - angle.cos()).abs() < 1e-15 && (im - angle.sin()).abs() < 1e-15, "{k} of {n}");
            assert_eq!(root(n - k, n), (re, if im == 0.0 { 0.0 } else { -im }), "{k} of {n}");
        }
    }
}

#[test]
fn several_dims_are_transformed_as_numpy_does() {
    let mut cases = Cases::new();
    let shape = [("z", 3), ("t", 4), ("y", 5)];
    let x = cases.array(&shape, |i| (i * 7919 % 101) as f64 / 9.0 - 4.0, "f8");
    for name in ["fft2", "ifft2", "fftn", "ifftn", "rfft2", "irfft2", "rfftn", "irfftn"] {
        cases.call(name, x, &[], &[], &format!("np.fft.{name}(A)"));
        let axes = if name.ends_with('2') { "axes" } else { "s=None, axes" };
        cases.call(
            name,
            x,
            &["z", "t"],
            &[("norm", text("ortho"))],
            &format!("np.fft.{name}(A, {axes}=(0, 1), norm='ortho')"),
        );
    }
    cases.call("fft2", x, &[], &[("n", ints([2, 8]))], "np.fft.fft2(A, (2, 8))");
    cases.call("irfftn", x, &[], &[("n", ints([3, 4, 7]))], "np.fft.irfftn(A, (3, 4, 7), axes=(0, 1, 2))");
    cases.check();
    let mut bench = Bench::new();
    let line = Value::Array(bench.array(&[("t", 2)], vec![1.0, 2.0]));
    let told = [bench.say("fft2", from_ref(&line), &[]), bench.say("rfft2", &[line, Name("t".into())], &[])];
    insta::assert_snapshot!(told.join("\n"), @r"
    ff::type::dims: a transform along 2 dims is asked for, this is f64[t=2; chunks 2] [too few dims]
    ff::type::dims: 2 dims are transformed, 1 are named [not as many]
    ");
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let (t, y) = (Name("t".into()), Name("y".into()));
    let z = Value::Array(bench.array(&[("t", 2)], vec![Complex64::new(1.0, 2.0); 2]));
    let times = Value::Array(bench.array_of(DType::Duration, &[("t", 2)], vec![1i64, 2]));
    let empty = Value::Array(bench.array(&[("t", 0)], Vec::<f64>::new()));
    let one = Value::Array(bench.array(&[("t", 1)], vec![1.0]));
    let scalar = Value::Array(bench.array(&[], vec![1.0]));
    let lines = [
        bench.say("fft", &[x.clone(), Name("z".into())], &[]),
        bench.say("fft", &[x.clone(), t.clone(), t.clone()], &[]),
        bench.say("fft", &[x.clone(), t.clone()], &[("n", Int(0))]),
        bench.say("fft", &[x.clone(), t.clone()], &[("n", Float(1.5))]),
        bench.say("fft", &[x.clone(), t.clone()], &[("n", ints([2, 3]))]),
        bench.say("fft", &[x.clone(), t.clone(), y.clone()], &[("n", Int(3))]),
        bench.say("rfft", &[z], &[]),
        bench.say("fft", &[times], &[]),
        bench.say("fft", &[empty], &[]),
        bench.say("irfft", &[one], &[]),
        bench.say("ifft", &[scalar], &[]),
        bench.say("fft", &[Float(2.5)], &[]),
        bench.say("hfft", &[x.clone(), t, y], &[]),
        bench.say("irfft", std::slice::from_ref(&x), &[("n", Int(i64::MAX))]),
        bench.say("fftfreq", &[Int(0)], &[]),
        bench.say("rfftfreq", &[Int(3), Float(0.0)], &[]),
        bench.say("fftshift", &[x, Name("z".into())], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
