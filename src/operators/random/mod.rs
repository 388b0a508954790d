//! Random numbers, by place: what an element is depends on the seed and its position in C order only, never on chunks,
//! tasks, threads or what else is computed.
//!
//! A random array is derived: the positions of its elements (a sum of constants, one a dim) and one elementwise call
//! that turns a position into a number with a [`Generator`] that has no state. So a part of it is computed
//! alone, and what passes do with elementwise calls and slices they do with random numbers. Each distribution draws
//! from a stream of its own; calls of the same function with the same seed begin with the same numbers.
//!
//! Deliberately absent: seeds taken from the clock, by which no run could be repeated.

mod counts;
mod more;
mod philox;
mod real;
#[cfg(test)]
mod tests;
mod whole;

use std::sync::Arc;

use super::arguments::{axis, optional, required};
use super::creation::{constant_type, own_dim, sizes};
use super::error::Culprit;
use super::tile::TileLoop;
use super::{
    Arguments, Builder, Call, Constant, Operand, Operator, Param, ParamKind, Pattern, Signature, TypeError, Units,
    Value, call, elementwise, moves,
};
use crate::array::{ArrayType, DType, DimName, Dims, Scalar};

pub use more::OPERATORS as MORE_OPERATORS;
pub use philox::Generator;
use real::Real;

const SHAPE: Param = required("shape", ParamKind::Any, "The sizes: `[4, 5]`, or by dim `{y: 4, x: 5}`.");
const SEED: Param = optional("seed", ParamKind::Int, "0", "The seed, zero or more; another one gives other numbers.");
const DTYPE: Param = optional("dtype", ParamKind::DType, "f64", "The dtype, `f16`, `f32` or `f64`.");

/// The streams of bits, one a distribution.
const UNIFORM: u32 = 0;
const NORMAL: u32 = 1;
const INTEGERS: u32 = 2;
const EXPONENTIAL: u32 = 3;
const POISSON: u32 = 4;
const BINOMIAL: u32 = 5;
const ORDER: u32 = 6;
/// The first stream of the distributions of `more`.
const MORE: u32 = 16;

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "random.uniform",
        signature: Signature {
            params: &[
                SHAPE,
                optional("low", ParamKind::Float, "0", "The least number."),
                optional("high", ParamKind::Float, "1", "Where numbers end; not included."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers that lie anywhere between two; each depends on the seed and its position only.",
        example: "random.uniform({t: 6, y: 4}, -1, 1, seed: 7)",
        expand: uniform,
    },
    Operator {
        name: "random.normal",
        signature: Signature {
            params: &[
                SHAPE,
                optional("mean", ParamKind::Float, "0", "Their mean."),
                optional("std", ParamKind::Float, "1", "Their standard deviation."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Normally distributed random numbers; each depends on the seed and its position only.",
        example: "x + random.normal({t: 6, y: 4}, std: 0.1)",
        expand: normal,
    },
    Operator {
        name: "random.integers",
        signature: Signature {
            params: &[
                SHAPE,
                required("low", ParamKind::Int, "The least integer; the only one given is `high`, and `low` is 0."),
                optional("high", ParamKind::Int, "none", "Where integers end; not included."),
                SEED,
                optional("dtype", ParamKind::DType, "i64", "The dtype, one of integers, or `bool`."),
                optional("endpoint", ParamKind::Bool, "false", "Whether `high` is included."),
            ],
        },
        summary: "Random integers, all equally likely; each depends on the seed and its position only.",
        example: "random.integers([4, 5], 1, 6, endpoint: true)",
        expand: integers,
    },
    Operator {
        name: "random.exponential",
        signature: Signature { params: &[SHAPE, optional("scale", ParamKind::Float, "1", "Their mean."), SEED, DTYPE] },
        summary: "Exponentially distributed random numbers, as the times between events are.",
        example: "random.exponential({t: 6}, 2.5)",
        expand: exponential,
    },
    Operator {
        name: "random.poisson",
        signature: Signature {
            params: &[SHAPE, optional("lam", ParamKind::Float, "1", "How many events are expected."), SEED],
        },
        summary: "Random counts of events that happen independently, as i64.",
        example: "random.poisson({t: 6}, 4.5)",
        expand: poisson,
    },
    Operator {
        name: "random.binomial",
        signature: Signature {
            params: &[
                SHAPE,
                required("n", ParamKind::Int, "How many trials."),
                required("p", ParamKind::Float, "The probability of a success, from 0 to 1."),
                SEED,
            ],
        },
        summary: "Random counts of successes in independent trials, as i64.",
        example: "random.binomial({t: 6}, 10, 0.3)",
        expand: binomial,
    },
    Operator {
        name: "random.permutation",
        signature: Signature {
            params: &[
                required("x", ParamKind::Any, "An array, or a number `n` for the integers below it."),
                optional("dim", ParamKind::Dim, "none", "Along which dim; left out, the first one."),
                SEED,
            ],
        },
        summary: "The elements along a dim with their labels, or the integers below a number, in random order.",
        example: "random.permutation(x, t, seed: 1)",
        expand: permutation,
    },
];

/// A call of a distribution.
struct Draw {
    name: &'static str,
    text: String,
    dtype: DType,
    generator: Generator,
}

impl Draw {
    /// A call of this name, with the text of its plan-time arguments.
    fn new(name: &'static str, text: String, dtype: DType, generator: Generator) -> Draw {
        Draw { name, text: format!("{text}, seed: {}", generator.seed), dtype, generator }
    }

    /// The array that `run` makes of the positions of its elements.
    fn apply(self, builder: &mut dyn Builder, arguments: &Arguments, run: TileLoop) -> Result<Value, TypeError> {
        let ty = constant_type(self.dtype, sizes(arguments.value("shape"), "shape")?);
        self.over(builder, &ty, run).map(Value::Array)
    }

    fn over(self, builder: &mut dyn Builder, ty: &ArrayType, run: TileLoop) -> Result<Operand, TypeError> {
        let positions = positions(builder, ty)?;
        let Draw { name, text, dtype, .. } = self;
        builder.apply(Call { name, text, pattern: Pattern::Elementwise(run), dtype, units: Units::Lost }, &[positions])
    }

    /// As [`Draw::apply`], of real numbers.
    fn real(self, builder: &mut dyn Builder, arguments: &Arguments, real: Real) -> Result<Value, TypeError> {
        match real.run(self.generator, self.dtype) {
            Some(run) => self.apply(builder, arguments, run),
            None => Err(TypeError::new("ff::type::dtype", format!("random real numbers are not {}", self.dtype))
                .at(Culprit::Param("dtype"), "not a floating-point dtype")
                .with_help("integers are `random.integers`; other dtypes are made by a cast: `… as c64`")),
        }
    }
}

/// The position in C order of each element of an array of this type, in its dims and chunks; it wraps.
fn positions(builder: &mut dyn Builder, ty: &ArrayType) -> Result<Operand, TypeError> {
    let (shape, chunks) = (ty.shape(), ty.chunks.chunk_shape());
    let mut sum: Option<Operand> = None;
    let mut stride = 1i64;
    for axis in (0..shape.len()).rev() {
        let line = ArrayType::new(DType::I64, Dims::new([(ty.dims[axis].name.clone(), shape[axis])]));
        let linear = Constant::Linear { start: Scalar::Int(0), step: Scalar::Int(stride) };
        let mut plane = builder.constant(line.rechunked(&chunks[axis..=axis]), linear);
        for other in (0..shape.len()).filter(|other| *other != axis) {
            plane = moves::insert(builder, plane, other, &ty.dims[other].name, None)?;
        }
        plane = moves::broadcast(builder, plane, &shape)?;
        sum = Some(match sum {
            None => plane,
            Some(sum) => call::operator(builder, "add", &[Value::Array(sum), Value::Array(plane)])?,
        });
        stride = stride.wrapping_mul(shape[axis] as i64);
    }
    Ok(sum.unwrap_or_else(|| builder.constant(ArrayType::scalar(DType::I64), Constant::Full(Scalar::Int(0)))))
}

fn generator(arguments: &Arguments, stream: u32) -> Result<Generator, TypeError> {
    let seed = match arguments.get("seed") {
        None => 0,
        Some(Value::Int(seed @ 0..)) => *seed as u64,
        Some(Value::UInt(seed)) => *seed,
        Some(Value::Int(seed)) => {
            let error = TypeError::new("ff::type::argument", format!("a seed is zero or more, this is {seed}"));
            return Err(error.at(Culprit::Param("seed"), "negative"));
        }
        Some(other) => return Err(TypeError::expected("seed", "an integer", other)),
    };
    Ok(Generator { seed, stream })
}

/// A parameter of a distribution, which must be as `fits` says.
fn number(
    arguments: &Arguments,
    (param, default): (&'static str, f64),
    (fits, what): (impl Fn(f64) -> bool, &str),
) -> Result<f64, TypeError> {
    if let Some(Value::Array(_)) = arguments.get(param) {
        let error = TypeError::expected(param, "a number", arguments.value(param));
        return Err(error
            .with_help("for a number of its own at each place compute with the result: `m + s * random.normal(…)`"));
    }
    let number = arguments.float_opt(param)?.unwrap_or(default);
    if fits(number) {
        return Ok(number);
    }
    let message = format!("`{param}` is {what}, this is {number}");
    Err(TypeError::new("ff::type::argument", message).at(Culprit::Param(param), what))
}

fn uniform(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let finite = (f64::is_finite, "a finite number");
    let (low, high) = (number(arguments, ("low", 0.0), finite)?, number(arguments, ("high", 1.0), finite)?);
    if high < low || !(high - low).is_finite() {
        let what = if high < low { "nothing lies" } else { "there are too many numbers" };
        let error = TypeError::new("ff::type::argument", format!("{what} from {low:?} to {high:?}"));
        return Err(error.at(Culprit::Param("high"), "where numbers end"));
    }
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(DType::F64);
    let text = format!("low: {low:?}, high: {high:?}");
    Draw::new("random.uniform", text, dtype, generator(arguments, UNIFORM)?).real(
        builder,
        arguments,
        Real::Uniform { low, high },
    )
}

/// Zero or more.
fn at_least_zero(number: f64) -> bool {
    number >= 0.0 && number.is_finite()
}

fn normal(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mean = number(arguments, ("mean", 0.0), (f64::is_finite, "a finite number"))?;
    let std = number(arguments, ("std", 1.0), (at_least_zero, "zero or more"))?;
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(DType::F64);
    let text = format!("mean: {mean:?}, std: {std:?}");
    Draw::new("random.normal", text, dtype, generator(arguments, NORMAL)?).real(
        builder,
        arguments,
        Real::Normal { mean, std },
    )
}

fn exponential(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let scale = number(arguments, ("scale", 1.0), (at_least_zero, "zero or more"))?;
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(DType::F64);
    let text = format!("scale: {scale:?}");
    Draw::new("random.exponential", text, dtype, generator(arguments, EXPONENTIAL)?).real(
        builder,
        arguments,
        Real::Exponential { scale },
    )
}

/// An integer parameter that may be beyond those of `i64`.
fn integer(arguments: &Arguments, param: &'static str) -> Result<Option<i128>, TypeError> {
    match arguments.get(param) {
        None => Ok(None),
        Some(Value::Int(i)) => Ok(Some(i128::from(*i))),
        Some(Value::UInt(u)) => Ok(Some(i128::from(*u))),
        Some(other) => Err(TypeError::expected(param, "an integer", other)),
    }
}

fn integers(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let first = integer(arguments, "low")?.unwrap_or(0);
    let (low, high, blame) = match integer(arguments, "high")? {
        Some(high) => (first, high, "high"),
        None => (0, first, "low"),
    };
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(DType::I64);
    let last = if arguments.bool("endpoint", false)? { high } else { high - 1 };
    if last < low {
        let message = format!("there is no integer from {low} to {high}");
        let message = if last < high { format!("{message}, which is not included") } else { message };
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Param(blame), "where integers end");
        return Err(error.with_help("the end lies above `low`; `endpoint: true` includes it"));
    }
    let (least, most) = if dtype == DType::Bool { (0, 1) } else { elementwise::cast::range(dtype).unwrap_or_default() };
    let generator = generator(arguments, INTEGERS)?;
    let Some(run) = whole::run(generator, (low, (last - low) as u128 + 1), dtype) else {
        let error = TypeError::new("ff::type::dtype", format!("random integers are not {dtype}"));
        return Err(error.at(Culprit::Param("dtype"), "not a dtype of integers").with_help("cast them: `… as f32`"));
    };
    if low < least || last > most {
        let message = format!("the integers from {low} to {last} are not all {dtype}");
        return Err(TypeError::new("ff::type::range", message).at(Culprit::Param(blame), "beyond the dtype"));
    }
    Draw::new("random.integers", format!("{low} to {last}"), dtype, generator).apply(builder, arguments, run)
}

/// Up to here all integers are also of `f64`.
const LARGEST: f64 = 9_007_199_254_740_992.0;

fn poisson(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let fits = (|lam: f64| (0.0..=LARGEST).contains(&lam), "from 0 to 2^53");
    let lam = number(arguments, ("lam", 1.0), fits)?;
    let generator = generator(arguments, POISSON)?;
    let draw = Draw::new("random.poisson", format!("lam: {lam:?}"), DType::I64, generator);
    draw.apply(builder, arguments, counts::poisson(generator, lam))
}

fn binomial(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let n = arguments.int("n", 0)?;
    let Some(trials) = u64::try_from(n).ok().filter(|n| *n as f64 <= LARGEST) else {
        let error = TypeError::new("ff::type::argument", format!("`n` is from 0 to 2^53, this is {n}"));
        return Err(error.at(Culprit::Param("n"), "not a number of trials"));
    };
    let p = number(arguments, ("p", 0.0), (|p: f64| (0.0..=1.0).contains(&p), "from 0 to 1"))?;
    let generator = generator(arguments, BINOMIAL)?;
    let draw = Draw::new("random.binomial", format!("n: {n}, p: {p:?}"), DType::I64, generator);
    draw.apply(builder, arguments, counts::binomial(generator, trials, p))
}

/// Elements of a dim that is put in random order while planning, at most.
const SHUFFLED: u64 = 1 << 24;

/// Elements in the order of random keys: of the `n!` orders all are equally likely, but for keys that are equal (two
/// of 2^32 elements among 2^64 keys).
fn permutation(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let generator = generator(arguments, ORDER)?;
    let x = match arguments.value("x") {
        Value::Array(x) if builder.ty(*x).rank() > 0 => *x,
        Value::Int(n) => return shuffled_integers(builder, arguments, (*n, generator)),
        other => return Err(TypeError::expected("x", "an array with a dim, or a number of integers", other)),
    };
    let ty = builder.ty(x);
    let axis = match arguments.get("dim") {
        Some(dim) => axis(dim, &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?,
        None => 0,
    };
    let dim = &ty.dims[axis];
    if dim.size > SHUFFLED {
        let message = format!("dim `{}` has {} elements, too many to put in random order", dim.name, dim.size);
        let error = TypeError::new("ff::type::size", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(error.with_help(format!("at most {SHUFFLED}: their order is known while planning")));
    }
    let mut positions: Vec<u64> = (0..dim.size).collect();
    positions.sort_by_cached_key(|position| generator.bits(*position as i64, 0) as i64);
    moves::take(builder, x, axis, &positions, None).map(Value::Array)
}

/// The integers below `n` in random order.
fn shuffled_integers(
    builder: &mut dyn Builder,
    arguments: &Arguments,
    (n, generator): (i64, Generator),
) -> Result<Value, TypeError> {
    let dim = own_dim(arguments)?;
    let dims = sizes(&Value::List(Arc::new(vec![Value::Int(n)])), "x")?;
    let ty = constant_type(DType::I64, Dims::new([(dim.clone(), dims[0].size)]));
    let run = elementwise::loops::map1(move |position: i64| generator.bits(position, 0) as i64);
    let keys = Draw::new("random.keys", String::new(), DType::I64, generator).over(builder, &ty, run)?;
    call::operator(builder, "argsort", &[Value::Array(keys), name(&dim)]).map(Value::Array)
}

fn name(dim: &DimName) -> Value {
    Value::Name(dim.as_str().to_owned())
}
