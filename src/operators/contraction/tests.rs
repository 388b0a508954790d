//! Contractions against NumPy and xarray, and their errors.

use std::sync::Arc;

use super::*;
use crate::array::block::Element;
use crate::array::{Coord, DimName, Dims};
use crate::operators::testing::{Bench, assert_python, list, text};
use crate::operators::{Builder, Operand, Pattern, Value, simd};

use Value::Int;

fn array(operand: Operand) -> Value {
    Value::Array(operand)
}

fn name(name: &str) -> Value {
    Value::Name(name.into())
}

/// Small integers that differ from place to place, so that sums are exact in any order.
fn elements(count: u64, step: u64) -> Vec<f64> {
    (0..count).map(|i| ((i * step + i / 3) % 7) as f64 - 3.5).collect()
}

fn numbers(bench: &mut Bench, dims: &[(&str, u64)], step: u64) -> Operand {
    bench.array(dims, elements(dims.iter().map(|d| d.1).product(), step))
}

const MAKE: &str = "
def numbers(step, **dims):
    i = np.arange(int(np.prod(list(dims.values()))))
    return xr.DataArray(((i * step + i // 3) % 7 - 3.5).reshape(list(dims.values())), dims=list(dims))
def es(subscripts, dims, *arrays): show(xr.DataArray(np.einsum(subscripts, *[a.values for a in arrays]), dims=dims))
";

#[test]
fn products_by_name_agree_with_xarray() {
    let mut bench = Bench::new();
    let a = numbers(&mut bench, &[("b", 3), ("i", 2), ("k", 5)], 5);
    let c = numbers(&mut bench, &[("k", 5), ("j", 4), ("b", 3)], 3);
    let v = numbers(&mut bench, &[("k", 5)], 2);
    let (a, c, v) = (array(a), array(c), array(v));
    let lines = [
        bench.say("matmul", &[a.clone(), c.clone()], &[]),
        bench.say("matmul", &[a.clone(), v.clone()], &[]),
        bench.say("matmul", &[v.clone(), c.clone()], &[]),
        bench.say("matmul", &[v.clone(), v.clone()], &[]),
        bench.say("dot", &[a.clone(), c.clone()], &[]),
        bench.say("dot", &[a.clone(), c.clone(), name("k")], &[]),
        bench.say("dot", &[a.clone(), c.clone(), name("b")], &[]),
        bench.say("dot", &[a.clone(), c.clone(), name("k"), name("j")], &[]),
        bench.say("dot", &[a.clone(), c.clone(), name("..")], &[]),
        bench.say("dot", &[c.clone(), v.clone()], &[]),
    ];
    assert_python(
        &format!(
            "{MAKE}
a, c, v = numbers(5, b=3, i=2, k=5), numbers(3, k=5, j=4, b=3), numbers(2, k=5)
show(xr.dot(a, c, dim='k').transpose('b', 'i', 'j'))
show(xr.dot(a, v, dim='k'))
show(xr.dot(v, c, dim='k'))
show(xr.dot(v, v, dim='k'))
show(xr.dot(a, c))
show(xr.dot(a, c, dim='k').transpose('b', 'i', 'j'))
show(xr.dot(a, c, dim='b').transpose('i', 'k', 'j'))
show(xr.dot(a, c, dim=['k', 'j']).transpose('b', 'i'))
show(xr.dot(a, c, dim=...))
show(xr.dot(c, v))"
        ),
        &lines,
    );
}

#[test]
fn products_by_position_agree_with_numpy() {
    let mut bench = Bench::new();
    let of = |bench: &mut Bench, shape: &[u64], step| {
        let dims: Vec<(String, u64)> = shape.iter().enumerate().map(|(i, n)| (format!("dim_{i}"), *n)).collect();
        let dims: Vec<(&str, u64)> = dims.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        array(numbers(bench, &dims, step))
    };
    let shapes: [(&[u64], &[u64]); 8] = [
        (&[3, 5], &[5, 4]),
        (&[3, 5], &[5]),
        (&[5], &[5, 4]),
        (&[5], &[5]),
        (&[2, 3, 5], &[2, 5, 4]),
        (&[2, 3, 5], &[5, 4]),
        (&[3, 5], &[2, 5, 4]),
        (&[2, 3, 5], &[5]),
    ];
    let mut lines = Vec::new();
    let mut script = format!(
        "{MAKE}\ndef mm(a, b):\n    a, b = [numbers(s, **{{f'dim_{{i}}': n for i, n in enumerate(x)}}).values for x, s in [(a, 5), (b, 3)]]\n    c = a @ b\n    print('[' + ', '.join(str(n) for n in np.shape(c)) + ']', values(c))\n"
    );
    for (a, b) in shapes {
        let (x, y) = (of(&mut bench, a, 5), of(&mut bench, b, 3));
        let line = bench.say("matmul", &[x, y], &[]);
        let (dims, values) = line.split_once("] ").unwrap();
        let sizes: Vec<&str> = dims.split('=').skip(1).map(|part| part.split(',').next().unwrap()).collect();
        lines.push(format!("[{}] {values}", sizes.join(", ")));
        script.push_str(&format!("mm({a:?}, {b:?})\n"));
    }
    assert_python(&script, &lines);
}

#[test]
fn einsum_agrees_with_numpy() {
    let mut bench = Bench::new();
    let a = numbers(&mut bench, &[("x", 3), ("y", 5)], 5);
    let b = numbers(&mut bench, &[("y", 5), ("z", 4)], 3);
    let c = numbers(&mut bench, &[("t", 2), ("u", 4), ("v", 5)], 2);
    let (a, b, c) = (array(a), array(b), array(c));
    let cases: &[(&str, &[&Value], &str)] = &[
        ("ij,jk->ik", &[&a, &b], "xz"),
        ("ij,jk->ki", &[&a, &b], "zx"),
        ("ij,jk", &[&a, &b], "xz"),
        ("ij,jk->", &[&a, &b], ""),
        ("ij,jk->i", &[&a, &b], "x"),
        ("ij,jk->ijk", &[&a, &b], "xyz"),
        ("ij,ij->", &[&a, &a], ""),
        ("ij,ij->j", &[&a, &a], "y"),
        ("ij,kj->ik", &[&a, &a], "x,x_2"),
        ("ji,jk", &[&a, &a], "y,y_2"),
        ("ij,bkj->bki", &[&a, &c], "tux"),
        ("ij,bkj->ikb", &[&a, &c], "xut"),
        ("ij,bkj->kbi", &[&a, &c], "utx"),
        ("bkj,kl->blj", &[&c, &b], ""),
        ("ij,kl->ijkl", &[&a, &b], ""),
        ("ij->ji", &[&a], "yx"),
        ("ij->i", &[&a], "x"),
        ("ij->", &[&a], ""),
        ("...j,jk->...k", &[&c, &b], "tuz"),
        ("...j,kj", &[&c, &a], "tux"),
        ("ij,jk,bkj->bi", &[&a, &b, &c], "tx"),
        (" i j , j k -> i k ", &[&a, &b], "xz"),
    ];
    let mut lines = Vec::new();
    let mut script =
        format!("{MAKE}\na, b, c = numbers(5, x=3, y=5), numbers(3, y=5, z=4), numbers(2, t=2, u=4, v=5)\n");
    for (subscripts, arrays, dims) in cases {
        if dims.is_empty() && subscripts.split("->").nth(1).is_some_and(|out| !out.is_empty()) {
            continue;
        }
        let names: Vec<&str> = if dims.contains(',') {
            dims.split(',').collect()
        } else {
            dims.split("").filter(|d| !d.is_empty()).collect()
        };
        let arguments: Vec<Value> = [text(subscripts)].into_iter().chain(arrays.iter().map(|v| (*v).clone())).collect();
        lines.push(bench.say("einsum", &arguments, &[]));
        let called: Vec<&str> = arrays
            .iter()
            .map(|v| {
                if **v == a {
                    "a"
                } else if **v == b {
                    "b"
                } else {
                    "c"
                }
            })
            .collect();
        script.push_str(&format!("es({subscripts:?}, {names:?}, {})\n", called.join(", ")));
    }
    assert_python(&script, &lines);
}

#[test]
fn tensordot_and_outer_agree_with_numpy() {
    let mut bench = Bench::new();
    let a = array(numbers(&mut bench, &[("x", 3), ("y", 5)], 5));
    let c = array(numbers(&mut bench, &[("y", 5), ("x", 3), ("z", 2)], 2));
    let named = |axes: Value| vec![("axes", axes)];
    let pairs = |a: &[&str], b: &[&str]| list([list(a.iter().map(|n| text(n))), list(b.iter().map(|n| text(n)))]);
    let lines = [
        bench.say("tensordot", &[a.clone(), c.clone()], &named(pairs(&["x", "y"], &["x", "y"]))),
        bench.say("tensordot", &[a.clone(), c.clone()], &named(Int(1))),
        bench.say("tensordot", &[a.clone(), c.clone()], &named(list([Int(-2), Int(1)]))),
        bench.say("tensordot", &[a.clone(), a.clone()], &named(list([list([Int(1)]), list([Int(1)])]))),
        bench.say("tensordot", &[a.clone(), c.clone()], &named(Int(0))),
        bench.say("outer", &[a.clone(), a.clone()], &[]),
        bench.say("tensordot", &[a.clone(), c.clone()], &named(Int(3))),
        bench.say("tensordot", &[a.clone(), c.clone()], &named(pairs(&["x"], &["x", "y"]))),
        bench.say("tensordot", &[a.clone(), c.clone()], &named(pairs(&["x", "x"], &["x", "y"]))),
        bench.say("tensordot", &[a.clone(), c.clone()], &named(text("x"))),
        bench.say("tensordot", &[a, c], &[]),
    ];
    assert_python(
        &format!(
            "{MAKE}
def td(a, b, axes, dims): show(xr.DataArray(np.tensordot(a.values, b.values, axes=axes), dims=dims))
a, c = numbers(5, x=3, y=5), numbers(2, y=5, x=3, z=2)
td(a, c, [[0, 1], [1, 0]], ['z'])
td(a, c, 1, ['x', 'x_2', 'z']) if False else td(a, c, [[1], [0]], ['x', 'x_2', 'z'])
td(a, c, [0, 1], ['y', 'y_2', 'z'])
td(a, a, [[1], [1]], ['x', 'x_2'])
td(a, c, 0, ['x', 'y', 'y_2', 'x_2', 'z'])
show(xr.DataArray(np.multiply.outer(a.values, a.values), dims=['x', 'y', 'x_2', 'y_2']))"
        ),
        &lines[..6],
    );
    insta::assert_snapshot!(lines[6..].join("\n"));
}

#[test]
fn dtypes_are_numpys() {
    use half::f16;
    let mut bench = Bench::new();
    let mut lines = Vec::new();
    let values: Vec<i64> = (0..12).map(|i| (i * 37 + 11) % 101 - 40).collect();
    macro_rules! both {
        ($($type:ty: $convert:expr;)*) => {{
            let convert = [$({
                let convert: fn(i64) -> $type = $convert;
                let all: Vec<$type> = values.iter().map(|v| convert(*v)).collect();
                let a = bench.array(&[("i", 3), ("k", 4)], all.clone());
                let b = bench.array(&[("k", 4), ("j", 3)], all);
                (<$type as Element>::DTYPE, a, b)
            }),*];
            convert
        }};
    }
    let arrays = both! {
        i8: |v| v as i8; u8: |v| v as u8; i16: |v| (v * 300) as i16; u32: |v| (v * 90_000_000) as u32; i64: |v| v << 55;
        u64: |v| (v as u64) << 50; f16: |v| f16::from_f64(v as f64 / 8.0); f32: |v| v as f32; f64: |v| v as f64; bool: |v| v % 3 == 0;
    };
    let mut script = String::from(
        "v = (np.arange(12) * 37 + 11) % 101 - 40
a = {'i8': v.astype('i1'), 'u8': v.astype('u1'), 'i16': (v * 300).astype('i2'), 'u32': (v * 90000000).astype('u4'),
     'i64': v << 55, 'u64': v.astype('u8') << np.uint64(50), 'f16': (v / 8).astype('f2'), 'f32': v.astype('f4'),
     'f64': v.astype('f8'), 'bool': v % 3 == 0}
def mm(x, y):
    c = np.matmul(a[x].reshape(3, 4), a[y].reshape(4, 3))
    print(c.dtype, values(c), values(np.matmul(a[x], a[y])))\n",
    );
    for (x, a, _) in &arrays {
        for (y, _, b) in &arrays {
            let is_large = |dtype: DType| matches!(dtype, DType::I64 | DType::U64);
            let large = (is_large(*x) || is_large(*y)) && x.promote(*y) == Some(DType::F64);
            if large || *x == DType::F16 || *y == DType::F16 {
                // Their sums are rounded, in an order that is NumPy's.
                continue;
            }
            let product = bench.apply_named("matmul", &[array(*a), array(*b)], &[]);
            let flat = [*a, *b].map(|m| {
                let ty = bench.ty(m).dtype;
                let block = bench.values(m).reshape(&[12]);
                array(bench.source(ArrayType::new(ty, Dims::new([("k", 12u64)])), block))
            });
            let single = bench.apply_named("matmul", &flat, &[]);
            bench.assert_splits(product);
            let dtype = bench.ty(product).dtype;
            let said = |line: String| line.split_once("] ").unwrap().1.to_owned();
            let numpy = [
                ("i8", "int8"),
                ("u8", "uint8"),
                ("i16", "int16"),
                ("i32", "int32"),
                ("u16", "uint16"),
                ("u32", "uint32"),
                ("i64", "int64"),
                ("u64", "uint64"),
                ("f32", "float32"),
                ("f64", "float64"),
                ("bool", "bool"),
            ];
            let numpy = numpy.iter().find(|(ours, _)| *ours == dtype.name()).unwrap().1;
            lines.push(format!("{numpy} {} {}", said(bench.show(product)), said(bench.show(single))));
            script.push_str(&format!("mm('{x}', '{y}')\n"));
        }
    }
    assert_python(&script, &lines);
    let half = arrays.iter().find(|(dtype, ..)| *dtype == DType::F16).unwrap();
    let product = bench.apply_named("matmul", &[array(half.1), array(half.2)], &[]);
    let wide = [half.1, half.2].map(|x| array(bench.apply_named("cast", &[array(x), Value::DType(DType::F64)], &[])));
    let wide = bench.apply_named("matmul", &wide, &[]);
    let rounded = bench.apply_named("cast", &[array(wide), Value::DType(DType::F16)], &[]);
    assert_eq!(bench.values(product), bench.values(rounded));
}

#[test]
fn complex_numbers_are_multiplied() {
    use num_complex::{Complex32, Complex64};
    let mut bench = Bench::new();
    let values: Vec<Complex64> =
        (0..12).map(|i| Complex64::new(f64::from(i % 5) - 2.0, f64::from(i % 7) - 3.0)).collect();
    let single: Vec<Complex32> = values.iter().map(|z| Complex32::new(z.re as f32, z.im as f32)).collect();
    let a = bench.array(&[("i", 3), ("k", 4)], values.clone());
    let b = bench.array(&[("k", 4), ("j", 3)], single);
    let product = bench.apply_named("matmul", &[array(a), array(b)], &[]);
    let twice = bench.apply_named("einsum", &[text("kj,kl->jl"), array(b), array(b)], &[]);
    assert_eq!(bench.ty(product).dtype, DType::C128);
    assert_eq!(bench.ty(twice).dtype, DType::C64);
    for (n, value) in bench.values(product).view::<Complex64>().unwrap().iter().enumerate() {
        let expected: Complex64 = (0..4).map(|k| values[n / 3 * 4 + k] * values[k * 3 + n % 3]).sum();
        assert_eq!(*value, expected);
    }
}

#[test]
fn nothing_missing_is_passed_over_and_empty_sums_are_zero() {
    let mut bench = Bench::new();
    let x = array(bench.x());
    let gram = bench.apply_named("einsum", &[text("ty,tz->yz"), x.clone(), x.clone()], &[]);
    let missing: Vec<bool> = bench.values(gram).view::<f64>().unwrap().iter().map(|v| v.is_nan()).collect();
    let expected: Vec<bool> = (0..16).map(|i| i / 4 == 3 || i % 4 == 3).collect();
    assert_eq!(missing, expected);
    let none = numbers(&mut bench, &[("i", 2), ("k", 0)], 1);
    let other = numbers(&mut bench, &[("k", 0), ("j", 3)], 1);
    assert_eq!(bench.say("matmul", &[array(none), array(other)], &[]), "[i=2, j=3] 0 0 0 0 0 0");
    assert_eq!(bench.say("dot", &[array(none), array(none)], &[]), "[] 0");
    let one = numbers(&mut bench, &[("k", 1), ("j", 1)], 1);
    let row = numbers(&mut bench, &[("i", 1), ("k", 1)], 1);
    assert_eq!(bench.say("matmul", &[array(row), array(one)], &[]), "[i=1, j=1] 12.25");
}

#[test]
fn labels_are_kept_and_compared() {
    let mut bench = Bench::new();
    let mut labelled = |dims: &[(&str, u64)], first: i64| {
        let mut ty = ArrayType::new(DType::F64, Dims::new(dims.iter().copied()));
        for (dim, size) in dims {
            let coord = Coord::integers(DimName::new(dim), (first..first + *size as i64).collect());
            ty.coords.insert(DimName::new(dim), Arc::new(coord));
        }
        let count = dims.iter().map(|d| d.1).product();
        bench.source(ty.clone(), Block::from_vec(&ty.shape(), elements(count, 5)).unwrap())
    };
    let (a, b, c) =
        (labelled(&[("i", 2), ("k", 3)], 5), labelled(&[("k", 3), ("j", 2)], 5), labelled(&[("k", 3), ("j", 2)], 6));
    let (a, b, c) = (array(a), array(b), array(c));
    let lines = [
        bench.say("matmul", &[a.clone(), b.clone()], &[]),
        bench.say("matmul", &[a.clone(), c.clone()], &[]),
        bench.say("einsum", &[text("ik,jk->ij"), a.clone(), a.clone()], &[]),
        bench.say("einsum", &[text("ij,jk,kl->il"), a.clone(), b.clone(), a.clone()], &[]),
        bench.say("matmul", &[b.clone(), a.clone()], &[]),
        bench.say("einsum", &[text("ij,kj->ik"), a, b], &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn subscripts_that_do_not_fit_are_told() {
    let mut bench = Bench::new();
    let a = array(numbers(&mut bench, &[("x", 3), ("y", 5)], 5));
    let times = array(bench.array_of(DType::Duration, &[("y", 5)], vec![1i64; 5]));
    let cases: &[(&str, &[&Value])] = &[
        ("ii->i", &[&a]),
        ("ij,jk->ik", &[&a]),
        ("ijk->i", &[&a]),
        ("i->i", &[&a]),
        ("i1->i", &[&a]),
        ("ij->ik", &[&a]),
        ("ij->ii", &[&a]),
        ("...j->j", &[&a]),
        ("..j->j", &[&a]),
        ("ij,j->i", &[&a, &times]),
        ("ij,jk->ik", &[&a, &a]),
        ("i->i", &[&Int(3)]),
    ];
    let mut lines = Vec::new();
    for (subscripts, arrays) in cases {
        let arguments: Vec<Value> = [text(subscripts)].into_iter().chain(arrays.iter().map(|v| (*v).clone())).collect();
        lines.push(bench.say("einsum", &arguments, &[]));
    }
    lines.push(bench.say("einsum", &[text("i")], &[]));
    insta::assert_snapshot!(lines.join("\n"));
}

/// A contraction with blocks cut anyhow gives the bits of the whole, with any instructions, and they are those of
/// the rule: chains of fused multiply-adds over `DEPTH` terms, summed in double.
#[test]
fn bits_do_not_depend_on_blocks_strides_or_instructions() {
    let (m, n, k) = (37u64, 71, 2 * kernel::DEPTH as u64 + 19);
    let value = |i: u64| ((i * 2_654_435_761) % 1_000_003) as f32 / 999.0 - 500.0;
    let mut bench = Bench::new();
    let a = bench.array(&[("k", k), ("i", m)], (0..m * k).map(value).collect::<Vec<f32>>());
    let b = bench.array(&[("j", n), ("k", k)], (0..n * k).map(|i| value(i + 7)).collect::<Vec<f32>>());
    let expected: Vec<f32> = (0..m * n)
        .map(|cell| {
            let (i, j) = (cell / n, cell % n);
            let chain = |from: u64| {
                let terms = from..k.min(from + kernel::DEPTH as u64);
                terms.fold(0f32, |sum, t| value(t * m + i).mul_add(value(j * k + t + 7), sum))
            };
            (0..k).step_by(kernel::DEPTH).map(|from| f64::from(chain(from))).fold(0.0, |sum, next| sum + next) as f32
        })
        .collect();
    let arguments = [text("ki,jk->ij"), array(a), array(b)];
    let before = simd::level();
    for (level, _) in simd::LEVELS.into_iter().filter(|(level, _)| level.is_available()) {
        simd::force(level);
        let product = bench.apply_named("einsum", &arguments, &[]);
        let whole = bench.values(product);
        assert_eq!(whole.view::<f32>().unwrap().iter().copied().collect::<Vec<_>>(), expected, "{level}");
        for region in [
            Region { start: vec![0, 0], shape: vec![1, n] },
            Region { start: vec![3, 5], shape: vec![17, 1] },
            Region { start: vec![30, 40], shape: vec![7, 31] },
        ] {
            assert_eq!(bench.region(product, &region), whole.slice(&region), "{level} {region}");
        }
    }
    simd::force(before);
}

#[test]
fn matrices_by_vectors_stay_products_and_sums() {
    let mut bench = Bench::new();
    let a = array(numbers(&mut bench, &[("i", 2), ("k", 3)], 5));
    let v = array(numbers(&mut bench, &[("k", 3)], 5));
    let product = bench.apply_named("matmul", &[a.clone(), v], &[]);
    assert!(matches!(bench.call_of(product).unwrap().0.pattern, Pattern::Reduction(_)));
    let gram = bench.apply_named("einsum", &[text("ik,jk->ij"), a.clone(), a], &[]);
    insta::assert_snapshot!(bench.text(gram));
}
