//! Random numbers: that they depend on seed and position only, and what is refused.

use crate::array::{DType, Region};
use crate::operators::testing::{Bench, ints, text};
use crate::operators::{Builder, Operand, Value};
use Value::{Float, Int};

/// A call of each distribution over a shape, in several dtypes.
fn draws(bench: &mut Bench, shape: &Value, seed: i64) -> Vec<Operand> {
    let seed = ("seed", Int(seed));
    let mut of = |name: &str, rest: &[Value], named: &[(&str, Value)]| {
        let positional: Vec<Value> = std::iter::once(shape).chain(rest).cloned().collect();
        bench.apply_named(name, &positional, &[std::slice::from_ref(&seed), named].concat())
    };
    let mut all = Vec::new();
    for dtype in [DType::F16, DType::F32, DType::F64] {
        let dtype = ("dtype", Value::DType(dtype));
        all.push(of("random.uniform", &[Float(-2.5), Int(4)], std::slice::from_ref(&dtype)));
        all.push(of("random.normal", &[Float(1.5), Int(2)], std::slice::from_ref(&dtype)));
        all.push(of("random.exponential", &[Int(3)], &[dtype]));
    }
    for (dtype, low, high) in [(DType::I64, -7, 12), (DType::U8, 0, 256), (DType::I16, 3, 4), (DType::Bool, 0, 2)] {
        all.push(of("random.integers", &[Int(low), Int(high)], &[("dtype", Value::DType(dtype))]));
    }
    all.push(of("random.integers", &[Int(i64::MIN), Int(i64::MAX)], &[("endpoint", Value::Bool(true))]));
    for mean in [0.0, 2.5, 9.99, 10.0, 1e6, 9e15] {
        all.push(of("random.poisson", &[Float(mean)], &[]));
    }
    for (n, p) in [(0, 0.5), (5, 0.0), (5, 1.0), (12, 0.3), (40, 0.25), (1000, 0.9), (1 << 53, 0.5)] {
        all.push(of("random.binomial", &[Int(n), Float(p)], &[]));
    }
    all
}

#[test]
fn parts_are_parts_of_the_whole() {
    let mut bench = Bench::new();
    for shape in [ints([3, 2, 5]), ints([7]), ints([]), ints([1, 1]), ints([4, 0, 2]), ints([2, 1, 3])] {
        for made in draws(&mut bench, &shape, 5) {
            bench.assert_splits(made);
        }
    }
}

#[test]
fn numbers_depend_on_position_and_seed_only() {
    let mut bench = Bench::new();
    let flat = draws(&mut bench, &ints([30]), 9);
    let deep = draws(&mut bench, &ints([3, 2, 5]), 9);
    let other = draws(&mut bench, &ints([30]), 10);
    for ((flat, deep), other) in flat.iter().zip(deep).zip(other) {
        let [flat, deep, other] = [*flat, deep, other].map(|made| bench.values(made).scalars());
        assert_eq!(format!("{flat:?}"), format!("{deep:?}"));
        assert!(flat != other || flat.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

#[test]
fn a_part_of_many_is_computed_alone() {
    let mut bench = Bench::new();
    let shape = ints([1 << 31, 1 << 31]);
    let made = bench.apply_named("random.normal", &[shape], &[]);
    let ty = bench.ty(made);
    assert!(ty.chunks.chunk_shape().iter().product::<u64>() * 8 <= 64 << 20, "{ty}");
    let region = Region { start: vec![(1 << 31) - 1; 2], shape: vec![1, 1] };
    assert!(bench.region(made, &region).scalars()[0].as_f64().is_some_and(f64::is_finite));
}

/// Numbers that must not change from version to version.
#[test]
fn numbers_stay() {
    let mut bench = Bench::new();
    let shape = ints([4]);
    let calls: [(&str, Vec<Value>); 7] = [
        ("random.uniform", vec![shape.clone()]),
        ("random.normal", vec![shape.clone()]),
        ("random.integers", vec![shape.clone(), Int(100)]),
        ("random.exponential", vec![shape.clone()]),
        ("random.poisson", vec![shape.clone(), Float(4.5)]),
        ("random.binomial", vec![shape, Int(100), Float(0.4)]),
        ("random.permutation", vec![Int(8)]),
    ];
    let lines: Vec<String> =
        calls.iter().map(|(name, args)| format!("{name} {}", bench.say(name, args, &[]))).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn permutations_hold_each_element_once() {
    let mut bench = Bench::new();
    for n in [0, 1, 2, 50] {
        let made = bench.apply_named("random.permutation", &[Int(n)], &[("seed", Int(3))]);
        let mut all: Vec<i64> = bench.values(made).scalars().iter().filter_map(|s| s.as_i64()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..n).collect::<Vec<i64>>());
    }
    let x = bench.x();
    let of = |bench: &mut Bench, dim: &str| {
        bench.apply_named("random.permutation", &[Value::Array(x), Value::Name(dim.into())], &[])
    };
    let (rows, columns) = (of(&mut bench, "t"), of(&mut bench, "y"));
    bench.assert_splits(rows);
    let order = bench.apply_named("random.permutation", &[Int(4)], &[]);
    let order: Vec<u64> = bench.values(order).scalars().iter().map(|s| s.as_i64().unwrap_or(0) as u64).collect();
    for (to, from) in order.iter().enumerate() {
        let column = |at: u64| Region { start: vec![0, at], shape: vec![6, 1] };
        let (a, b) = (bench.region(columns, &column(to as u64)), bench.region(x, &column(*from)));
        assert_eq!(format!("{:?}", a.scalars()), format!("{:?}", b.scalars()));
    }
}

#[test]
fn mistakes_are_explained() {
    let mut bench = Bench::new();
    let x = Value::Array(bench.x());
    let shape = ints([2]);
    let dtype = |dtype| [("dtype", Value::DType(dtype))];
    let told = [
        bench.say("random.uniform", &[ints([-1])], &[]),
        bench.say("random.uniform", &[shape.clone(), Int(2), Int(1)], &[]),
        bench.say("random.uniform", &[shape.clone(), Float(-1e308), Float(1e308)], &[]),
        bench.say("random.uniform", &[shape.clone(), Float(f64::NAN)], &[]),
        bench.say("random.uniform", std::slice::from_ref(&shape), &dtype(DType::I32)),
        bench.say("random.normal", &[shape.clone(), x.clone()], &[]),
        bench.say("random.normal", &[shape.clone(), Int(0), Int(-1)], &[]),
        bench.say("random.normal", std::slice::from_ref(&shape), &[("seed", Int(-1))]),
        bench.say("random.normal", std::slice::from_ref(&shape), &[("seed", text("x"))]),
        bench.say("random.integers", &[shape.clone(), Int(0)], &[]),
        bench.say("random.integers", &[shape.clone(), Int(5), Int(5)], &[]),
        bench.say("random.integers", &[shape.clone(), Int(5), Int(300)], &dtype(DType::U8)),
        bench.say("random.integers", &[shape.clone(), Int(5)], &dtype(DType::F32)),
        bench.say("random.integers", &[shape.clone(), Float(0.5)], &[]),
        bench.say("random.exponential", &[shape.clone(), Int(-1)], &[]),
        bench.say("random.poisson", &[shape.clone(), Int(-1)], &[]),
        bench.say("random.binomial", &[shape.clone(), Int(-1), Float(0.5)], &[]),
        bench.say("random.binomial", &[shape, Int(1), Float(1.5)], &[]),
        bench.say("random.permutation", &[text("x")], &[]),
        bench.say("random.permutation", &[Int(-2)], &[]),
        bench.say("random.permutation", &[x, Value::Name("z".into())], &[]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
