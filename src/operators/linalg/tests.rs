//! Decompositions against NumPy's, by blocks and at once, and their errors.

use std::fmt::Write;
use std::io::Write as _;
use std::slice::from_ref;

use num_complex::Complex64;

use super::dense::{Matrix, Reflected, length};
use super::jacobi::{Singular, eigen};
use crate::array::block::Element;
use crate::array::{DType, Scalar};
use crate::operators::simd::{self, LEVELS};
use crate::operators::testing::{Bench, assert_python, ints};
use crate::operators::{Builder, Operand, Value};

use Value::{Float, Int, Name};

const CHECK: &str = "
nan, inf = np.nan, np.inf
def close(got, want, fine, most=None):
    most = np.max(np.abs(want), initial=0) if most is None else most
    np.testing.assert_allclose(got, want, rtol=0, atol=fine * most + 1e-300)
def fine(*arrays): return 3e-6 if any(a.dtype == 'f4' for a in arrays) else 2e-13
def orthonormal(q): close(np.swapaxes(q, -1, -2) @ q, np.broadcast_to(np.eye(q.shape[-1]), q.shape[:-2] + 2 * q.shape[-1:]), fine(q))
def qr(a, q, r):
    want = np.linalg.qr(a)
    assert q.shape == want.Q.shape and r.shape == want.R.shape, (q.shape, r.shape)
    orthonormal(q)
    close(q @ r, a, fine(q, a), np.abs(a).max())
    assert (np.diagonal(r, axis1=-2, axis2=-1) >= 0).all() and (np.tril(r, -1) == 0).all()
    signs = np.where(np.diagonal(want.R, axis1=-2, axis2=-1) < 0, -1, 1)
    if np.linalg.matrix_rank(a).min() == min(a.shape[-2:]): close(r, want.R * signs[..., None], 10 * fine(a), np.abs(want.R).max())
    print('ok')
def svd(a, u, s, vt):
    want = np.linalg.svd(a, full_matrices=False)
    assert u.shape == want.U.shape and s.shape == want.S.shape and vt.shape == want.Vh.shape
    orthonormal(u); orthonormal(np.swapaxes(vt, -1, -2))
    close(s, want.S, fine(a)); assert (np.diff(s) <= 0).all() and (s >= 0).all()
    close(u * s[..., None, :] @ vt, a, 2 * fine(a), np.abs(a).max())
    print('ok')
def same(got, want, more=1):
    assert got.shape == np.shape(want), (got.shape, np.shape(want))
    close(got, want, more * fine(got))
    print('ok')
";

/// Calls with what Python says of them.
struct Cases {
    bench: Bench,
    script: String,
    count: usize,
}

/// Numbers without a pattern between -3 and 3.
fn number(i: usize) -> f64 {
    ((i * 7919 + 13) % 1009) as f64 / 168.0 - 3.0
}

impl Cases {
    fn new() -> Cases {
        Cases { bench: Bench::new(), script: CHECK.to_owned(), count: 0 }
    }

    /// A source, which Python knows by a name.
    fn array<T: Element>(&mut self, name: &str, dims: &[(&str, u64)], of: impl Fn(usize) -> T) -> Value {
        let count: u64 = dims.iter().map(|(_, n)| n).product();
        let x = self.bench.array(dims, (0..count as usize).map(of).collect());
        self.told(name, x);
        Value::Array(x)
    }

    fn told(&mut self, name: &str, x: Operand) {
        let shown = |s: &Scalar| match s {
            Scalar::Complex(z) => format!("complex({:?}, {:?})", z.re, z.im),
            other => other.to_string(),
        };
        let (ty, block) = (self.bench.ty(x), self.bench.values(x));
        let all: Vec<String> = block.scalars().iter().map(shown).collect();
        let kind = match ty.dtype {
            DType::F32 => "f4",
            DType::F64 => "f8",
            DType::C128 => "c16",
            _ => "i8",
        };
        let values = all.join(",").replace("NaN", "nan");
        let _ = writeln!(self.script, "{name} = np.array([{values}], '{kind}').reshape({:?})", ty.shape());
    }

    /// The fields of a record, which Python knows by their names.
    fn record(&mut self, name: &str, x: &[Value]) -> Vec<Operand> {
        let Ok(Value::Record(fields)) = self.bench.call(name, x, &[]) else { panic!("{name} gives a record") };
        let mut operands = Vec::new();
        for (name, value) in fields.iter() {
            let Value::Array(operand) = value else { panic!("{name} is an array") };
            self.told(name, *operand);
            operands.push(*operand);
        }
        operands
    }

    fn check(&mut self, text: &str) {
        let _ = writeln!(self.script, "{text}");
        self.count += 1;
    }

    fn call(&mut self, name: &str, x: &[Value], named: &[(&str, Value)], expected: &str) {
        let out = self.bench.apply_named(name, x, named);
        self.told("got", out);
        self.check(&format!("same(got, {expected})"));
    }

    fn run(self) {
        assert!(self.count > 0);
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(self.script.as_bytes()).expect("the file can be written");
        let script = format!("exec(open({:?}).read())", file.path());
        assert_python(&script, &vec!["ok".to_owned(); self.count]);
    }
}

#[test]
fn decompositions_are_numpys() {
    let mut cases = Cases::new();
    let shapes: [&[(&str, u64)]; 7] = [
        &[("y", 5), ("x", 5)],
        &[("y", 40), ("x", 7)],
        &[("y", 3), ("x", 11)],
        &[("y", 1), ("x", 1)],
        &[("y", 9), ("x", 1)],
        &[("t", 3), ("y", 6), ("x", 4)],
        &[("t", 2), ("z", 2), ("y", 2), ("x", 5)],
    ];
    let rising: fn(usize) -> f64 = |i| i as f64;
    let steep: fn(usize) -> f64 = |i| number(i) * 10f64.powi(-((i % 7) as i32));
    for shape in shapes {
        for of in [number, rising, |_| 0.0, steep] {
            let x = cases.array("a", shape, of);
            cases.record("qr", from_ref(&x));
            cases.check("qr(a, q, r)");
            cases.record("svd", &[x]);
            cases.check("svd(a, u, s, vt)");
        }
        let x = cases.array("a", shape, |i| number(i) as f32);
        cases.record("qr", from_ref(&x));
        cases.check("qr(a, q, r)");
        cases.record("svd", &[x]);
        cases.check("svd(a, u, s, vt)");
    }
    let x = cases.array("a", &[("t", 4), ("y", 3), ("x", 2)], |i| i as i64 * 7919 % 100);
    cases.record("qr", &[x, Name("t".into()), Name("x".into())]);
    cases.check("qr(a.transpose(1, 0, 2).astype('f8'), q, r)");
    cases.run();
}

/// Of so many columns that a few thousand rows are several levels of blocks.
#[test]
fn tall_matrices_are_decomposed_by_blocks() {
    let mut cases = Cases::new();
    let flat: fn(usize) -> f64 = |i| (i % 40) as f64 * (i / 40) as f64;
    for (rows, columns, of) in [(7000, 200, number as fn(usize) -> f64), (30_000, 40, flat)] {
        let names = [("y", rows), ("x", columns)];
        let count = (rows * columns) as usize;
        let x = cases.bench.array(&names, (0..count).map(of).collect());
        let rank = if rows == 7000 { columns } else { 2 };
        let Ok(Value::Record(parts)) = cases.bench.call("qr", &[Value::Array(x)], &[]) else { panic!("a record") };
        let [q, r] = [0, 1].map(|i| if let Value::Array(x) = parts[i].1 { x } else { panic!("an array") });
        let [a, q, r] = [x, q, r].map(|x| Matrix::from_block(&cases.bench.values(x)));
        assert_orthonormal(&q);
        assert_close(&q.times(&r), &a, 1e-12);
        let direct = Reflected::new(a.clone()).triangular();
        if rank == columns {
            assert_close(&r, &direct, 1e-11);
            continue;
        }
        let Ok(Value::Record(parts)) = cases.bench.call("svd", &[Value::Array(x)], &[]) else { panic!("a record") };
        let [u, s, vt] = [0, 1, 2].map(|i| if let Value::Array(x) = parts[i].1 { x } else { panic!("an array") });
        let s: Vec<f64> = cases.bench.values(s).scalars().iter().filter_map(Scalar::as_f64).collect();
        let [mut u, vt] = [u, vt].map(|x| Matrix::from_block(&cases.bench.values(x)));
        assert_orthonormal(&u);
        assert_orthonormal(&vt.transposed());
        (0..u.columns).for_each(|j| u.column_mut(j).iter_mut().for_each(|x| *x *= s[j]));
        assert_close(&u.times(&vt), &a, 1e-12);
    }
}

fn assert_orthonormal(q: &Matrix) {
    assert_close(&q.transposed().times(q), &Matrix::identity(q.columns, q.columns), 1e-13);
}

fn assert_close(ours: &Matrix, expected: &Matrix, fine: f64) {
    assert_eq!((ours.rows, ours.columns), (expected.rows, expected.columns));
    let greatest = expected.data.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let off = ours.data.iter().zip(&expected.data).fold(0.0f64, |most, (a, b)| most.max((a - b).abs()));
    assert!(off <= fine * greatest, "{off} of {greatest}");
}

#[test]
fn blocks_give_any_part_alike() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&[("y", 70_000), ("x", 3)], (0..210_000).map(number).collect()));
    let Ok(Value::Record(parts)) = bench.call("qr", &[x], &[]) else { panic!("a record") };
    let Value::Array(q) = parts[0].1 else { panic!("an array") };
    let whole = bench.values(q);
    for (start, count) in [(0, 1), (43_689, 3), (0, 43_690), (43_690, 26_310), (69_999, 1), (10, 0)] {
        let region = crate::array::Region { start: vec![start, 1], shape: vec![count, 2] };
        assert_eq!(bench.region(q, &region), whole.slice(&region), "{region}");
    }
}

#[test]
fn ill_conditioned_matrices_stay_orthogonal() {
    let (rows, columns) = (300, 12);
    let hilbert =
        Matrix::from_rows(rows, columns, (0..rows * columns).map(|i| 1.0 / (1 + i / columns + i % columns) as f64));
    let reflected = Reflected::new(hilbert.clone());
    assert_orthonormal(&reflected.orthonormal());
    assert_close(&reflected.orthonormal().times(&reflected.triangular()), &hilbert, 1e-14);
    let huge = Matrix { data: hilbert.data.iter().map(|x| x * 1e300).collect(), ..hilbert.clone() };
    assert_orthonormal(&Reflected::new(huge.clone()).orthonormal());
    assert_orthonormal(&Singular::new(&huge).u);
    assert!((length(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
    assert_eq!(length(&[0.0, 0.0]), 0.0);
    assert!(length(&[f64::NAN, 0.0]).is_nan());
}

#[test]
fn equations_are_solved_as_numpys() {
    let mut cases = Cases::new();
    let a = cases.array("a", &[("t", 3), ("i", 4), ("j", 4)], |i| number(i * i + 3));
    let b = cases.array("b", &[("t", 3), ("i", 4)], number);
    let several = cases.array("c", &[("i", 4), ("k", 2)], number);
    cases.call("solve", &[a.clone(), b], &[], "np.linalg.solve(a, b[..., None])[..., 0], 100");
    cases.call("solve", &[a.clone(), several.clone()], &[], "np.linalg.solve(a, c), 100");
    cases.call("inv", from_ref(&a), &[], "np.linalg.inv(a), 100");
    cases.call("det", from_ref(&a), &[], "np.linalg.det(a), 10");
    cases.call("det", &[a, Name("j".into()), Name("i".into())], &[], "np.linalg.det(a), 10");
    let m = cases.array("a", &[("i", 2), ("j", 2)], |i| [4i64, 7, 2, 6][i]);
    cases.call("inv", from_ref(&m), &[], "np.linalg.inv(a)");
    cases.call("solve", &[m.clone(), m], &[], "np.eye(2)");
    let nothing = cases.array("a", &[("i", 3), ("j", 3)], |i| i as f64);
    cases.call("inv", from_ref(&nothing), &[], "np.full((3, 3), nan)");
    let spd = |i: usize| {
        if i / 6 == i % 6 { 9.0 + i as f64 } else { number((i / 6).min(i % 6) * 7 + (i / 6).max(i % 6)) / 3.0 }
    };
    let spd = cases.array("a", &[("i", 6), ("j", 6)], spd);
    cases.call("cholesky", from_ref(&spd), &[], "np.linalg.cholesky(a)");
    cases.record("eigh", from_ref(&spd));
    cases.check("same(w, np.linalg.eigvalsh(a))");
    cases.check("same(a @ v, v * w)");
    let zero = cases.array("a", &[("i", 3), ("j", 3)], |i| [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0][i]);
    cases.record("eigh", &[zero]);
    cases.check("same(w, np.array([-1.0, 0, 1]))");
    cases.check("same(v.T @ v, np.eye(3))");
    cases.run();
}

#[test]
fn least_squares_are_numpys() {
    let mut cases = Cases::new();
    for (rows, columns) in [(30, 4), (4, 9), (5, 5), (30_000, 4)] {
        let b = cases.array("b", &[("t", rows)], |i| number(i * 3 + 1));
        let several = cases.array("c", &[("t", rows), ("k", 2)], |i| number(i * 5 + 2));
        for of in [number, |i: usize| (i % 2) as f64] {
            let a = cases.array("a", &[("t", rows), ("x", columns)], of);
            cases.call("lstsq", &[a.clone(), b.clone()], &[], "np.linalg.lstsq(a, b)[0], 10");
            cases.call("lstsq", &[a, several.clone()], &[], "np.linalg.lstsq(a, c)[0], 10");
        }
    }
    cases.run();
}

#[test]
fn what_follows_is_numpys_and_xarrays() {
    let mut cases = Cases::new();
    let x = cases.array("a", &[("t", 3), ("y", 4), ("x", 5)], number);
    cases.call("trace", from_ref(&x), &[], "np.trace(a, axis1=1, axis2=2)");
    cases.call("trace", &[x.clone(), Name("t".into()), Name("x".into())], &[], "np.trace(a, axis1=0, axis2=2)");
    cases.call("norm", from_ref(&x), &[], "np.linalg.norm(a.ravel())");
    cases.call("norm", &[x.clone(), Name("y".into()), Name("t".into())], &[], "np.linalg.norm(a, axis=(0, 1))");
    for ord in ["0.0", "1.0", "2.0", "3.5", "inf", "-inf"] {
        let named = [("ord", Float(ord.parse().unwrap()))];
        cases.call("norm", &[x.clone(), Name("y".into())], &named, &format!("np.linalg.norm(a, {ord}, axis=1)"));
    }
    let n = cases.array("a", &[("t", 3), ("y", 3)], |i| i as i64 - 4);
    cases.call("trace", from_ref(&n), &[], "np.trace(a)");
    cases.call("norm", &[n, Name("t".into())], &[], "np.linalg.norm(a, axis=0)");
    let unnamed = cases.array("a", &[("dim_0", 3), ("dim_1", 4), ("dim_2", 5)], number);
    cases.call("trace", from_ref(&unnamed), &[], "np.trace(a, axis1=1, axis2=2)");
    let pair = [unnamed.clone(), unnamed, Int(0)];
    cases.call("cov", &pair, &[], "np.var(a, 0, ddof=1)");
    cases.call("corr", &pair, &[], "np.ones((4, 5))");
    let z = |i| Complex64::new(number(i), number(i + 50));
    let z = cases.array("a", &[("t", 3), ("y", 3)], z);
    cases.call("norm", &[z.clone(), Name("t".into())], &[], "np.linalg.norm(a, axis=0)");
    let w = cases.array("b", &[("t", 3), ("y", 3)], |i| Complex64::new(number(i + 9), number(i + 5)));
    cases.call("vdot", &[z.clone(), w.clone()], &[], "np.vdot(a, b)");
    cases.call("cross", &[z, w, Name("y".into())], &[], "np.cross(a, b)");
    let holey = |i| if i % 7 == 3 { f64::NAN } else { number(i) };
    let a = cases.array("a", &[("t", 6), ("y", 4)], holey);
    let b = cases.array("b", &[("t", 6), ("y", 4)], |i| if i % 5 == 1 { f64::NAN } else { number(i * 3) });
    cases.check("A, B = xr.DataArray(a, dims=['t', 'y']), xr.DataArray(b, dims=['t', 'y']); print('ok')");
    for (dims, theirs) in [(vec![], "None"), (vec![Name("t".into())], "'t'"), (vec![Int(1)], "'y'")] {
        let call = [vec![a.clone(), b.clone()], dims].concat();
        cases.call("cov", &call, &[], &format!("xr.cov(A, B, {theirs}).values"));
        cases.call("cov", &call, &[("ddof", Int(0))], &format!("xr.cov(A, B, {theirs}, ddof=0).values"));
        cases.call("corr", &call, &[], &format!("xr.corr(A, B, {theirs}).values"));
    }
    cases.run();
}

#[test]
fn levels_give_the_same_bits() {
    let matrix = Matrix::from_rows(60, 21, (0..60 * 21).map(number));
    let symmetric = matrix.transposed().times(&matrix);
    let bits = || {
        let reflected = Reflected::new(matrix.clone());
        let (single, eigen) = (Singular::new(&matrix), eigen(&symmetric));
        let all = [reflected.orthonormal(), reflected.triangular(), single.u, single.v, eigen.1];
        let rest = single.s.into_iter().chain(eigen.0);
        all.into_iter().flat_map(|m| m.data).chain(rest).map(f64::to_bits).collect::<Vec<u64>>()
    };
    let best = simd::level();
    let expected = bits();
    for (level, _) in LEVELS.into_iter().filter(|(level, _)| level.is_available()) {
        simd::force(level);
        assert_eq!(bits(), expected, "{level}");
    }
    simd::force(best);
}

#[test]
fn dims_and_labels() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.array(&[("t", 3), ("y", 2)], (0..6).map(number).collect()));
    let x = Value::Array(bench.apply_named("assign_coords", &[x], &[("t", ints([1, 2, 3])), ("y", ints([7, 8]))]));
    let mut lines = Vec::new();
    for name in ["qr", "svd"] {
        let Ok(Value::Record(parts)) = bench.call(name, from_ref(&x), &[]) else { panic!("a record") };
        for (name, value) in parts.iter() {
            let Value::Array(part) = value else { panic!("an array") };
            bench.assert_splits(*part);
            let ty = bench.ty(*part);
            lines.push(format!("{name}: {ty} labelled {:?}", ty.coords.keys().collect::<Vec<_>>()));
        }
    }
    let b = bench.apply_named("isel", from_ref(&x), &[("y", Int(0))]);
    let solution = bench.apply_named("lstsq", &[x, Value::Array(b)], &[]);
    let x = bench.ty(solution);
    lines.push(format!("lstsq: {x} labelled {:?}", x.coords.keys().collect::<Vec<_>>()));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let (t, y) = (Name("t".into()), Name("y".into()));
    let z = Value::Array(bench.array(&[("t", 2), ("y", 2)], vec![Complex64::new(1.0, 2.0); 4]));
    let empty = Value::Array(bench.array(&[("t", 0), ("y", 2)], Vec::<f64>::new()));
    let line = Value::Array(bench.array(&[("t", 6)], (0..6).map(number).collect()));
    let cube = Value::Array(bench.array(&[("t", 6), ("a", 1), ("b", 1)], (0..6).map(number).collect()));
    let short = Value::Array(bench.array(&[("t", 5)], (0..5).map(number).collect()));
    let square = Value::Array(bench.array(&[("t", 2), ("y", 2)], (0..4).map(number).collect()));
    let apart = Value::Array(bench.array(&[("k", 2)], vec![1.0, 2.0]));
    let lines = [
        bench.say("qr", from_ref(&line), &[]),
        bench.say("qr", &[x.clone(), t.clone()], &[]),
        bench.say("svd", &[x.clone(), t.clone(), Name("z".into())], &[]),
        bench.say("qr", from_ref(&z), &[]),
        bench.say("svd", &[empty], &[]),
        bench.say("inv", from_ref(&x), &[]),
        bench.say("solve", &[x.clone(), line.clone()], &[]),
        bench.say("lstsq", &[line.clone(), line.clone()], &[]),
        bench.say("lstsq", &[x.clone(), apart], &[]),
        bench.say("lstsq", &[x.clone(), cube], &[]),
        bench.say("lstsq", &[x.clone(), short], &[]),
        bench.say("solve", &[square, line.clone()], &[]),
        bench.say("trace", &[line], &[]),
        bench.say("norm", from_ref(&x), &[("ord", Int(1))]),
        bench.say("norm", &[x.clone(), t], &[("ord", Value::Str("nuc".into()))]),
        bench.say("cross", &[x.clone(), x.clone(), y], &[]),
        bench.say("cov", &[x, z], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
