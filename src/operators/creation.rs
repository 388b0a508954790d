//! Arrays from nothing: constants that cost no memory, however many elements they have.
//!
//! Deliberately absent: `empty`, whose values would depend on the machine. Random numbers are those of
//! [`random`](super::random).

use std::sync::Arc;

use super::arguments::{optional, required, weak_dtype};
use super::error::Culprit;
use super::labels::typed;
use super::{
    Arguments, Builder, Constant, Operand, Operator, Param, ParamKind, Signature, TypeError, Value, call, moves,
};
use crate::array::block::{Element, with_type};
use crate::array::calendar::text;
use crate::array::{ArrayType, DType, Dim, DimName, Dims, Kind, Scalar};

const SHAPE: Param = required("shape", ParamKind::Any, "The sizes: `[4, 5]`, or by dim `{y: 4, x: 5}`.");
const DIM: Param = optional("dim", ParamKind::NewName, "dim_0", "The name of its dim.");
const DTYPE: Param = optional("dtype", ParamKind::DType, "f64", "The dtype.");
const OWN_DTYPE: Param = optional("dtype", ParamKind::DType, "none", "The dtype; left out, that of the numbers given.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "zeros",
        signature: Signature { params: &[SHAPE, DTYPE] },
        summary: "An array of zeros.",
        example: "zeros([4, 5], f32)",
        expand: |builder, arguments| filled(builder, arguments, Some(&Value::Int(0))),
    },
    Operator {
        name: "ones",
        signature: Signature { params: &[SHAPE, DTYPE] },
        summary: "An array of ones.",
        example: "ones({y: 4, x: 5})",
        expand: |builder, arguments| filled(builder, arguments, Some(&Value::Int(1))),
    },
    Operator {
        name: "full",
        signature: Signature {
            params: &[SHAPE, required("value", ParamKind::Any, "The value of all elements."), OWN_DTYPE],
        },
        summary: "An array of one value.",
        example: "full({y: 4}, -1)",
        expand: |builder, arguments| filled(builder, arguments, None),
    },
    Operator {
        name: "arange",
        signature: Signature {
            params: &[
                required("start", ParamKind::Any, "The first number; the only one given is the stop, and the start 0."),
                optional("stop", ParamKind::Any, "none", "Where it ends; not included."),
                optional("step", ParamKind::Any, "1", "The distance of neighbours."),
                DIM,
                OWN_DTYPE,
            ],
        },
        summary: "Numbers at a regular distance.",
        example: "arange(0, 10, 2, dim: t)",
        expand: arange,
    },
    Operator {
        name: "linspace",
        signature: Signature {
            params: &[
                required("start", ParamKind::Float, "The first number."),
                required("stop", ParamKind::Float, "The last number; included."),
                required("n", ParamKind::Int, "How many."),
                DIM,
                DTYPE,
            ],
        },
        summary: "A given number of numbers at a regular distance.",
        example: "linspace(0, 1, 5, dim: t)",
        expand: linspace,
    },
    Operator {
        name: "eye",
        signature: Signature {
            params: &[
                required("n", ParamKind::Int, "Rows."),
                optional("m", ParamKind::Int, "none", "Columns; left out, as many as rows."),
                optional("k", ParamKind::Int, "0", "Which diagonal; positive ones lie above the main one."),
                DTYPE,
            ],
        },
        summary: "A matrix with ones on a diagonal and zeros elsewhere.",
        example: "eye(3) |> rename(dim_0: row, dim_1: column)",
        expand: eye,
    },
];

/// Bytes of a chunk of an array that has no chunks of its own.
const CHUNK_BYTES: u64 = 64 << 20;

/// The type of a constant: in one chunk, or in chunks that fit the memory.
pub(super) fn constant_type(dtype: DType, dims: Dims) -> ArrayType {
    let ty = ArrayType::new(dtype, dims);
    let chunks = super::shape::chunks_of_bytes(&ty, CHUNK_BYTES);
    ty.rechunked(&chunks)
}

fn filled(builder: &mut dyn Builder, arguments: &Arguments, value: Option<&Value>) -> Result<Value, TypeError> {
    let dims = sizes(arguments.value("shape"), "shape")?;
    let given = arguments.dtype_opt("dtype")?;
    let (value, blame) = match value {
        Some(value) => (value, "dtype"),
        None => (arguments.value("value"), "value"),
    };
    let dtype = match (given, blame) {
        (Some(dtype), _) => dtype,
        (None, "dtype") => DType::F64,
        (None, _) => own_dtype(builder, value).ok_or_else(|| TypeError::expected("value", "a single value", value))?,
    };
    let zero_or_one =
        if dtype == DType::Bool && blame == "dtype" { Value::Bool(*value == Value::Int(1)) } else { value.clone() };
    let scalar = match (dtype, value) {
        (DType::Duration, Value::Int(micros)) => Scalar::Duration(*micros),
        _ => fill_value(builder, &zero_or_one, dtype).map_err(|e| e.or_at(Culprit::Param(blame)))?,
    };
    Ok(Value::Array(builder.constant(constant_type(dtype, dims), Constant::Full(scalar))))
}

/// The dtype a value has by itself.
fn own_dtype(builder: &dyn Builder, value: &Value) -> Option<DType> {
    Some(match value {
        Value::Array(operand) => builder.ty(*operand).dtype,
        Value::Bool(_) => DType::Bool,
        Value::Int(_) | Value::Size(_) => DType::I64,
        Value::UInt(_) => DType::U64,
        Value::Float(_) => DType::F64,
        Value::Str(_) => DType::Str,
        Value::Duration { months: 0, .. } => DType::Duration,
        _ => return None,
    })
}

/// A value as an element of `dtype`, which it must fit without loss of kind or range.
///
/// # Errors
/// It does not fit, or is not known while planning.
pub(super) fn fill_value(builder: &dyn Builder, value: &Value, dtype: DType) -> Result<Scalar, TypeError> {
    let unfit = |what: String| {
        TypeError::new("ff::type::fill", format!("{what} is not a value of {dtype}"))
            .with_help("give a value of the array's dtype, or cast the array first")
    };
    if let Value::Array(operand) = value {
        let ty = builder.ty(*operand);
        let block = builder.known(*operand).filter(|block| block.shape().is_empty());
        return match block {
            Some(block) if dtype.promote(ty.dtype) == Some(dtype) => Ok(typed(&block.get(&[]), ty.dtype)),
            Some(_) => Err(unfit(ty.dtype.to_string())),
            None => Err(unfit(ty.to_string())),
        };
    }
    if let (Value::Str(date), DType::DateTime(calendar)) = (value, dtype) {
        let told = |e: text::TextError| {
            let error = TypeError::new("ff::type::fill", e.to_string());
            e.help().into_iter().fold(error, TypeError::with_help)
        };
        return text::parse(calendar, date).map(|t| Scalar::DateTime(t, calendar)).map_err(told);
    }
    let scalar = value.scalar().ok_or_else(|| unfit(value.kind().to_owned()))?;
    let fits = weak_dtype(&scalar, dtype) == Some(dtype) && (!dtype.is_integer() || fits_integer(&scalar, dtype));
    if fits { Ok(scalar) } else { Err(unfit(scalar.to_string())) }
}

fn fits_integer(scalar: &Scalar, dtype: DType) -> bool {
    match scalar {
        Scalar::Bool(_) => true,
        _ => with_type!(dtype, T => <T as Element>::from_scalar(scalar).to_scalar().as_i64() == scalar.as_i64()),
    }
}

/// Sizes as dims: a list names them `dim_0`, `dim_1`, …, a record by its keys.
///
/// # Errors
/// It is something else, or a size is negative or too large.
pub(super) fn sizes(value: &Value, param: &'static str) -> Result<Dims, TypeError> {
    let size = |value: &Value| match value {
        Value::Int(n) => u64::try_from(*n).ok().filter(|n| *n < 1 << 62),
        _ => None,
    };
    let bad = |value: &Value| {
        let shown = value.scalar().map_or_else(|| value.kind().to_owned(), |s| s.to_string());
        TypeError::new("ff::type::size", format!("{shown} is not a size"))
            .at(Culprit::Param(param), "a size is an integer, zero or more")
    };
    let dims: Vec<Dim> = match value {
        Value::Int(_) => vec![Dim { name: DimName::auto(0), size: size(value).ok_or_else(|| bad(value))? }],
        Value::List(items) => (items.iter().enumerate())
            .map(|(axis, n)| Ok(Dim { name: DimName::auto(axis), size: size(n).ok_or_else(|| bad(n))? }))
            .collect::<Result<_, TypeError>>()?,
        Value::Record(fields) => (fields.iter())
            .map(|(name, n)| Ok(Dim { name: DimName::new(name), size: size(n).ok_or_else(|| bad(n))? }))
            .collect::<Result<_, TypeError>>()?,
        other => return Err(TypeError::expected(param, "sizes such as [4, 5] or {y: 4, x: 5}", other)),
    };
    Ok(dims.into_iter().collect())
}

/// The dim that a new array lies along.
pub(super) fn own_dim(arguments: &Arguments) -> Result<DimName, TypeError> {
    Ok(arguments.str_opt("dim")?.map_or_else(|| DimName::auto(0), DimName::new))
}

/// A number of `arange`.
fn number(arguments: &Arguments, param: &'static str) -> Result<Option<Scalar>, TypeError> {
    match arguments.get(param) {
        None => Ok(None),
        Some(Value::Int(i)) => Ok(Some(Scalar::Int(*i))),
        Some(Value::Float(x)) => Ok(Some(Scalar::Float(*x))),
        Some(other) => Err(TypeError::expected(param, "a number", other)),
    }
}

fn arange(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let first = number(arguments, "start")?.unwrap_or(Scalar::Int(0));
    let (start, stop) = match number(arguments, "stop")? {
        Some(stop) => (first, stop),
        None => (Scalar::Int(0), first),
    };
    let step = number(arguments, "step")?.unwrap_or(Scalar::Int(1));
    if step.as_f64() == Some(0.0) {
        return Err(TypeError::new("ff::type::range", "a step of 0 goes nowhere").at(Culprit::Param("step"), "zero"));
    }
    let line = match (&start, &stop, &step) {
        (Scalar::Int(a), Scalar::Int(b), Scalar::Int(d)) => whole_line(*a, *b, *d),
        _ => real_line([&start, &stop, &step].map(|s| s.as_f64().unwrap_or(f64::NAN))),
    };
    let Some(line) = line else {
        let message = format!("there is no array from {start} to {stop} by {step}");
        return Err(TypeError::new("ff::type::size", message));
    };
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(line.dtype);
    if !line.fits(dtype) {
        let message = format!("the numbers from {start} to {stop} by {step} are not all {dtype}");
        return Err(TypeError::new("ff::type::dtype", message).at(Culprit::Param("dtype"), "does not hold them"));
    }
    let ty = constant_type(dtype, Dims::new([(own_dim(arguments)?, line.count)]));
    Ok(Value::Array(builder.constant(ty, Constant::Linear { start: line.start, step: line.step })))
}

/// Numbers at a regular distance.
struct Line {
    /// `i64`, or `f64`.
    dtype: DType,
    start: Scalar,
    step: Scalar,
    last: Scalar,
    count: u64,
}

/// The integers from `start` towards `stop`, without it; none where they are too many.
fn whole_line(start: i64, stop: i64, step: i64) -> Option<Line> {
    let (distance, stride) = (i128::from(stop) - i128::from(start), i128::from(step));
    let ahead = distance.signum() == stride.signum();
    let count = if ahead { distance.unsigned_abs().div_ceil(stride.unsigned_abs()) } else { 0 };
    let last = i128::from(start) + stride * (count as i128 - 1).max(0);
    Some(Line {
        dtype: DType::I64,
        start: Scalar::Int(start),
        step: Scalar::Int(step),
        last: Scalar::Int(i64::try_from(last).ok()?),
        count: u64::try_from(count).ok().filter(|n| *n < 1 << 62)?,
    })
}

/// The numbers from `start` towards `stop`, without it; none where they are too many or no numbers.
/// As in NumPy, the step taken is the difference of the first two as they are rounded.
fn real_line([start, stop, step]: [f64; 3]) -> Option<Line> {
    let count = ((stop - start) / step).ceil();
    let step = (start + step) - start;
    (count.is_finite() && count < (1u64 << 62) as f64).then(|| Line {
        dtype: DType::F64,
        start: Scalar::Float(start),
        step: Scalar::Float(step),
        last: Scalar::Float(start + (count - 1.0).max(0.0) * step),
        count: count.max(0.0) as u64,
    })
}

impl Line {
    /// Whether all numbers are of `dtype`.
    fn fits(&self, dtype: DType) -> bool {
        match dtype.kind() {
            Kind::Signed | Kind::Unsigned => {
                let ends = || fits_integer(&self.start, dtype) && fits_integer(&self.last, dtype);
                self.dtype == DType::I64 && (self.count == 0 || ends())
            }
            Kind::Float | Kind::Complex => true,
            Kind::Bool | Kind::Time | Kind::Str => false,
        }
    }
}

fn linspace(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let end = |param| {
        arguments.float_opt(param)?.ok_or_else(|| TypeError::expected(param, "a number", arguments.value(param)))
    };
    let (start, stop) = (end("start")?, end("stop")?);
    let n = arguments.int("n", 0)?;
    let count = u64::try_from(n).ok().filter(|n| *n < 1 << 62).ok_or_else(|| {
        TypeError::new("ff::type::size", format!("{n} is not a number of elements"))
            .at(Culprit::Param("n"), "zero or more")
    })?;
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(DType::F64);
    if dtype.kind() != Kind::Float && dtype.kind() != Kind::Complex {
        return Err(TypeError::new("ff::type::dtype", format!("evenly spaced numbers are not {dtype}"))
            .at(Culprit::Param("dtype"), "not a floating-point dtype")
            .with_help("round and cast them: `linspace(…) |> round() as i64`"));
    }
    let dim = own_dim(arguments)?;
    let step = if count > 1 { (stop - start) / (count - 1) as f64 } else { 0.0 };
    let line = |n: u64| {
        (
            constant_type(dtype, Dims::new([(dim.clone(), n)])),
            Constant::Linear { start: Scalar::Float(start), step: Scalar::Float(step) },
        )
    };
    let (ty, constant) = line(count);
    if count < 2 || start + (count - 1) as f64 * step == stop {
        return Ok(Value::Array(builder.constant(ty, constant)));
    }
    let (most, constant) = line(count - 1);
    let chunks = ty.chunks.chunk_shape();
    let most = builder.constant(most.rechunked(&chunks), constant);
    let last = builder.constant(ArrayType::new(dtype, Dims::new([(dim, 1)])), Constant::Full(Scalar::Float(stop)));
    moves::concat(builder, 0, &[most, last]).map(Value::Array)
}

fn eye(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let n = arguments.int("n", 0)?;
    let m = arguments.int("m", n)?;
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(DType::F64);
    let items = Value::List(Arc::new(vec![Value::Int(n), Value::Int(m)]));
    let dims = sizes(&items, "n")?;
    let k = arguments.int("k", 0)?;
    let mut line = |axis: usize, first: i64| -> Result<Operand, TypeError> {
        let dim = Dims::new([(dims[axis].name.clone(), dims[axis].size)]);
        let linear = Constant::Linear { start: Scalar::Int(first), step: Scalar::Int(1) };
        let line = builder.constant(constant_type(DType::I64, dim), linear);
        let plane = moves::insert(builder, line, 1 - axis, &dims[1 - axis].name, None)?;
        moves::broadcast(builder, plane, &dims.shape())
    };
    let (rows, columns) = (line(0, k)?, line(1, 0)?);
    let equal = call::operator(builder, "eq", &[Value::Array(rows), Value::Array(columns)])?;
    call::cast(builder, equal, dtype).map(Value::Array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Bench, assert_python, ints, text};
    use Value::{Float, Int};

    fn record(fields: &[(&str, i64)]) -> Value {
        Value::Record(Arc::new(fields.iter().map(|(name, n)| ((*name).to_owned(), Int(*n))).collect()))
    }

    #[test]
    fn constants_have_their_shape_and_dtype() {
        let mut bench = Bench::new();
        let mut of = |name: &str, positional: &[Value]| {
            let made = bench.apply_named(name, positional, &[]);
            format!("{}[{}", bench.ty(made).dtype, &bench.show(made)[1..])
        };
        assert_eq!(of("zeros", &[ints([2, 2]), Value::DType(DType::F32)]), "f32[dim_0=2, dim_1=2] 0 0 0 0");
        assert_eq!(of("zeros", &[Int(1), Value::DType(DType::Duration)]), "duration[dim_0=1] 0");
        assert_eq!(of("ones", &[record(&[("y", 1), ("x", 2)])]), "f64[y=1, x=2] 1 1");
        assert_eq!(of("ones", &[ints([]), Value::DType(DType::Bool)]), "bool[] true");
        assert_eq!(of("full", &[ints([2]), Int(7)]), "i64[dim_0=2] 7 7");
        assert_eq!(of("full", &[ints([2]), Int(7), Value::DType(DType::F32)]), "f32[dim_0=2] 7 7");
        let day = DType::DateTime(crate::array::Calendar::NoLeap);
        assert_eq!(
            of("full", &[ints([1]), text("2001-03"), Value::DType(day)]),
            "datetime(noleap)[dim_0=1] 2001-03-01"
        );
        assert_eq!(of("eye", &[Int(2), Int(3), Int(1)]), "f64[dim_0=2, dim_1=3] 0 1 0 0 0 1");
    }

    #[test]
    fn huge_arrays_cost_nothing() {
        let mut bench = Bench::new();
        let made = bench.apply_named("zeros", &[ints([1_000_000, 1_000_000])], &[]);
        let ty = bench.ty(made);
        assert_eq!(ty.dims.count(), 1_000_000_000_000);
        let chunk = ty.chunks.chunk_shape().iter().product::<u64>() * 8;
        assert!(chunk <= CHUNK_BYTES && chunk > CHUNK_BYTES / 4, "{chunk}");
        let line = bench.apply_named("arange", &[Int(1 << 40)], &[]);
        let region = crate::array::Region { start: vec![(1 << 40) - 1], shape: vec![1] };
        assert_eq!(bench.region(line, &region).scalars(), [Scalar::Int((1 << 40) - 1)]);
    }

    #[test]
    fn ranges_are_numpys() {
        let mut bench = Bench::new();
        let cases: Vec<Vec<Value>> = vec![
            vec![Int(5)],
            vec![Int(2), Int(5)],
            vec![Int(5), Int(2)],
            vec![Int(5), Int(-4), Int(-3)],
            vec![Int(0), Int(7), Int(3)],
            vec![Float(0.0), Float(1.0), Float(0.1)],
            vec![Float(1.5)],
            vec![Int(0), Int(-1), Float(-0.3)],
        ];
        let mut lines: Vec<String> = cases.iter().map(|case| bench.say("arange", case, &[])).collect();
        let evenly =
            [(0.0, 1.0, 11), (0.1, 0.7, 7), (3.0, -2.0, 6), (2.0, 9.0, 1), (1.0, 2.0, 0), (-1e-3, 1.0 / 3.0, 14)];
        for (a, b, n) in evenly {
            lines.push(bench.say("linspace", &[Float(a), Float(b), Int(n)], &[]));
        }
        let script = format!(
            "
line = lambda a: show(xr.DataArray(a, dims='dim_0'))
for a in [(5,), (2, 5), (5, 2), (5, -4, -3), (0, 7, 3), (0.0, 1.0, 0.1), (1.5,), (0, -1, -0.3)]: line(np.arange(*a))
for a in {evenly:?}: line(np.linspace(*a))"
        );
        assert_python(&script, &lines);
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let told = [
            bench.say("zeros", &[ints([2, -1])], &[]),
            bench.say("zeros", &[text("2")], &[]),
            bench.say("full", &[ints([2]), Int(300), Value::DType(DType::U8)], &[]),
            bench.say("full", &[ints([2]), Float(0.5), Value::DType(DType::I32)], &[]),
            bench.say("full", &[ints([2]), text("x"), Value::DType(DType::I32)], &[]),
            bench.say("ones", &[ints([2]), Value::DType(DType::Str)], &[]),
            bench.say("arange", &[Int(0), Int(5), Int(0)], &[]),
            bench.say("arange", &[Int(300)], &[("dtype", Value::DType(DType::U8))]),
            bench.say("arange", &[Float(0.0), Float(f64::INFINITY)], &[]),
            bench.say("arange", &[text("2000")], &[]),
            bench.say("linspace", &[Float(0.0), Float(1.0), Int(-1)], &[]),
            bench.say("linspace", &[Float(0.0), Float(1.0), Int(5)], &[("dtype", Value::DType(DType::I32))]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
