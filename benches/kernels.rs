//! Speed of kernels: a chain of calls over tiles against one loop written by hand, and each elementary
//! function against the standard library's, at each level of vector instructions.
//!
//! `cargo bench --bench kernels -- chain`, `… -- sin`.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use functionfuse::array::{ArrayType, Block, DType, Dims, Region, Scalar};
use functionfuse::operators::elementwise::elementary as real;
use functionfuse::operators::elementwise::loops::{Map, map1, map1_by, map2, map2_by};
use functionfuse::operators::pattern::Piece;
use functionfuse::operators::simd::{self, LEVELS, Work};
use functionfuse::operators::tile::{TileElement, TileLoop, TileMut, TileRef};
use functionfuse::operators::{Call, Pattern, Units};
use functionfuse::planner::kernel::{Kernel, Slot, Step};
use functionfuse::runtime::evaluate::Evaluation;
use functionfuse::source::Span;

/// Elements of a block of f32: 4 MiB.
const COUNT: usize = 1 << 20;

/// `sqrt(u * u + v * v) * 0.5 + exp(-abs(w))`, a step a call; the fourth input is the constant.
fn chain(ty: &Arc<ArrayType>) -> Kernel {
    let steps: Vec<(TileLoop, Vec<Slot>)> = vec![
        (map1(|x: f32| x * x), vec![Slot::Input(0)]),
        (map1(|x: f32| x * x), vec![Slot::Input(1)]),
        (map2(|a: f32, b: f32| a + b), vec![Slot::Step(0), Slot::Step(1)]),
        (map1(|x: f32| x.sqrt()), vec![Slot::Step(2)]),
        (map2(|a: f32, b: f32| a * b), vec![Slot::Step(3), Slot::Input(3)]),
        (map1(|x: f32| x.abs()), vec![Slot::Input(2)]),
        (map1(|x: f32| -x), vec![Slot::Step(5)]),
        (map1_by::<f32, f32>(real::Exp), vec![Slot::Step(6)]),
        (map2(|a: f32, b: f32| a + b), vec![Slot::Step(4), Slot::Step(7)]),
    ];
    let outputs = vec![Slot::Step(steps.len() - 1)];
    let step = |(run, args)| {
        let pattern = Pattern::Elementwise(run);
        let call = Call { name: "step", text: String::new(), pattern, dtype: DType::F32, units: Units::Kept };
        Step { call: Arc::new(call), args, ty: Arc::clone(ty), span: Span::default() }
    };
    Kernel { inputs: vec![Arc::clone(ty); 4], steps: steps.into_iter().map(step).collect(), outputs }
}

/// The same in one loop.
struct ByHand<'a> {
    inputs: [&'a [f32]; 3],
    out: &'a mut [f32],
}

impl Work for ByHand<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let [u, v, w] = self.inputs;
        for (((out, &u), &v), &w) in self.out.iter_mut().zip(u).zip(v).zip(w) {
            *out = (u * u + v * v).sqrt() * 0.5 + real::Exp.usual(-w.abs());
        }
    }
}

fn block(phase: usize) -> Block {
    let elements = (0..COUNT).map(|i| ((i * 7919 + phase) % 10007) as f32 / 1000.0 - 5.0).collect::<Vec<f32>>();
    Block::from_vec(&[COUNT as u64], elements).expect("one axis of that many elements")
}

fn chains(criterion: &mut Criterion) {
    let ty = Arc::new(ArrayType::new(DType::F32, Dims::new([("x", COUNT as u64)])));
    let kernel = chain(&ty);
    let region = Region::whole(&[COUNT as u64]);
    let slot = kernel.outputs[0];
    let regions = kernel.required(&[(slot, region.clone())]);
    let blocks = [block(0), block(3000), block(6000), Block::full(DType::F32, &[COUNT as u64], &Scalar::Float(0.5))];
    let pieces = blocks.iter().map(|block| Some(Piece { region: region.clone(), block: block.clone() })).collect();
    let mut evaluation = Evaluation::new(&kernel, &regions, pieces);
    let done = evaluation.prepare::<Infallible>(&|_, _, _, _| unreachable!("there is no scan"));
    done.unwrap_or_else(|never| match never {});
    let mut out = Block::zeros(DType::F32, &[COUNT as u64]);
    let mut by_hand = vec![0f32; COUNT];
    let inputs = [0, 1, 2].map(|i| TileRef::of(&blocks[i]).expect("a packed block").get::<f32>());
    let mut group = criterion.benchmark_group("chain");
    group.throughput(Throughput::Elements(COUNT as u64));
    for (level, name) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
        simd::force(*level);
        group.bench_function(format!("tiles {name}"), |bencher| {
            bencher.iter(|| evaluation.compute(&[slot], &region, vec![TileMut::of(&mut out)]));
        });
        group.bench_function(format!("by hand {name}"), |bencher| {
            bencher.iter(|| simd::run(ByHand { inputs: black_box(inputs), out: &mut by_hand }));
        });
    }
    group.finish();
    assert_eq!(TileRef::of(&out).expect("a packed block").get::<f32>(), by_hand);
}

/// Times a loop over one tile at each level, and the standard library's function.
fn compare<T: TileElement>(
    criterion: &mut Criterion,
    name: &str,
    run: &TileLoop,
    inputs: &[&[T]],
    std: impl Fn(&mut [T]),
) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(inputs[0].len() as u64));
    let mut out = inputs[0].to_vec();
    let tiles: Vec<TileRef> = inputs.iter().map(|x| T::shared(x)).collect();
    for (level, name) in LEVELS.iter().filter(|(level, _)| level.is_available()) {
        simd::force(*level);
        group.bench_function(*name, |bencher| bencher.iter(|| run(black_box(&tiles), T::exclusive(&mut out))));
    }
    group.bench_function("std", |bencher| bencher.iter(|| std(&mut out)));
    group.finish();
}

/// Numbers from `low` to `high` in no order.
fn spread(low: f64, high: f64, factor: usize) -> Vec<f64> {
    (0..1024).map(|i| low + (high - low) * (i * factor % 1024) as f64 / 1024.0).collect()
}

macro_rules! of_one {
    ($criterion:ident: $($row:ident $std:ident $low:literal $high:literal)*) => {
        $(of_one!(@ $criterion $row $std f64 $low $high); of_one!(@ $criterion $row $std f32 $low $high);)*
    };
    (@ $criterion:ident $row:ident $std:ident $type:ident $low:literal $high:literal) => {
        let x: Vec<$type> = spread($low, $high, 7919).into_iter().map(|x| x as $type).collect();
        let std = |out: &mut [$type]| out.iter_mut().zip(black_box(&x)).for_each(|(out, x)| *out = x.$std());
        let name = concat!(stringify!($std), " ", stringify!($type));
        compare($criterion, name, &map1_by::<$type, $type>(real::$row), &[&x], std);
    };
}

macro_rules! of_two {
    ($criterion:ident: $($row:ident $std:ident $low:literal $high:literal)*) => {
        $(of_two!(@ $criterion $row $std f64 $low $high); of_two!(@ $criterion $row $std f32 $low $high);)*
    };
    (@ $criterion:ident $row:ident $std:ident $type:ident $low:literal $high:literal) => {
        let a: Vec<$type> = spread($low, $high, 7919).into_iter().map(|x| x as $type).collect();
        let b: Vec<$type> = spread($low, $high, 4001).into_iter().map(|x| x as $type).collect();
        let std = |out: &mut [$type]| {
            out.iter_mut().zip(black_box(&a)).zip(black_box(&b)).for_each(|((out, a), b)| *out = a.$std(*b));
        };
        let name = concat!(stringify!($std), " ", stringify!($type));
        compare($criterion, name, &map2_by::<$type, $type, $type>(real::$row), &[&a, &b], std);
    };
}

fn functions(criterion: &mut Criterion) {
    of_one! { criterion:
        Exp exp -10.0 10.0 Exp2 exp2 -10.0 10.0 Expm1 exp_m1 -3.0 3.0 Log ln 0.1 100.0 Log2 log2 0.1 100.0
        Log10 log10 0.1 100.0 Log1p ln_1p -0.5 10.0 Sin sin -10.0 10.0 Cos cos -10.0 10.0 Tan tan -10.0 10.0
        Asin asin -1.0 1.0 Acos acos -1.0 1.0 Atan atan -10.0 10.0 Sinh sinh -3.0 3.0 Cosh cosh -3.0 3.0
        Tanh tanh -3.0 3.0 Asinh asinh -3.0 3.0 Acosh acosh 1.0 30.0 Atanh atanh -1.0 1.0 Cbrt cbrt -10.0 10.0
    }
    of_two! { criterion: Pow powf 0.1 10.0 Atan2 atan2 -10.0 10.0 Hypot hypot -10.0 10.0 }
}

criterion_group!(benches, chains, functions);
criterion_main!(benches);
