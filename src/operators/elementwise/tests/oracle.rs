//! Every elementwise function over every dtype against NumPy: whether it is refused, the dtype of the
//! result, the values. Inputs are the special values of each dtype, pairs are combined each with each.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use crate::array::{ArrayType, Block, Calendar, DType, Dims, Kind, Scalar};
use crate::operators::testing::Bench;
use crate::operators::{Builder, Operand, TypeError, Value};

const DATETIME: DType = DType::DateTime(Calendar::Standard);

/// Functions of one array.
const UNARY: &[&str] = &[
    "abs",
    "sign",
    "sqrt",
    "cbrt",
    "square",
    "reciprocal",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "radians",
    "degrees",
    "floor",
    "ceil",
    "trunc",
    "neg",
    "invert",
    "not",
    "isnan",
    "isinf",
    "isfinite",
    "real",
    "imag",
    "conj",
    "angle",
    "positive",
    "fabs",
    "signbit",
    "spacing",
    "rint",
    "fix",
    "sinc",
    "i0",
    "isposinf",
    "isneginf",
    "isnull",
    "notnull",
    "isreal",
    "iscomplex",
    "logical_not",
];

/// Functions of two arrays.
const BINARY: &[&str] = &[
    "add",
    "sub",
    "mul",
    "div",
    "floordiv",
    "mod",
    "pow",
    "fmod",
    "hypot",
    "atan2",
    "copysign",
    "minimum",
    "maximum",
    "fmin",
    "fmax",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "bit_and",
    "bit_or",
    "bit_xor",
    "shl",
    "shr",
    "fillna",
    "float_power",
    "nextafter",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_or",
    "logical_xor",
    "ldexp",
    "isclose",
];

/// Calls with other arguments than arrays.
type Special = (&'static str, fn(&mut Bench, Operand) -> Result<Value, TypeError>);
const SPECIAL: &[Special] = &[
    ("round", |bench, x| bench.call("round", &[Value::Array(x)], &[])),
    ("modf", |bench, x| field(bench.call("modf", &[Value::Array(x)], &[]), "fraction")),
    ("modf 1", |bench, x| field(bench.call("modf", &[Value::Array(x)], &[]), "integer")),
    ("frexp", |bench, x| field(bench.call("frexp", &[Value::Array(x)], &[]), "mantissa")),
    ("frexp 1", |bench, x| field(bench.call("frexp", &[Value::Array(x)], &[]), "exponent")),
    ("divmod", |bench, x| field(bench.call("divmod", &[Value::Array(x), Value::Int(3)], &[]), "quotient")),
    ("divmod 1", |bench, x| field(bench.call("divmod", &[Value::Array(x), Value::Int(3)], &[]), "remainder")),
    ("allclose", |bench, x| {
        bench.call("isclose", &[Value::Array(x), Value::Array(x)], &[("equal_nan", Value::Bool(true))])
    }),
    ("select", |bench, x| {
        let missing = bench.call("isnan", &[Value::Array(x)], &[])?;
        let there = bench.call("not", std::slice::from_ref(&missing), &[])?;
        let [conditions, choices] =
            [vec![missing, there], vec![Value::Int(1), Value::Array(x)]].map(|v| Value::List(Arc::new(v)));
        bench.call("select", &[conditions, choices, Value::Int(2)], &[])
    }),
    ("choose", |bench, x| {
        let choices = Value::List(Arc::new([10, 20, 30].map(Value::Int).to_vec()));
        bench.call("choose", &[Value::Array(x), choices], &[("mode", Value::Str("clip".into()))])
    }),
    ("choose wrap", |bench, x| {
        let choices = Value::List(Arc::new([10, 20, 30].map(Value::Int).to_vec()));
        bench.call("choose", &[Value::Array(x), choices], &[("mode", Value::Str("wrap".into()))])
    }),
    ("round 1", |bench, x| bench.call("round", &[Value::Array(x), Value::Int(1)], &[])),
    ("round -1", |bench, x| bench.call("round", &[Value::Array(x), Value::Int(-1)], &[])),
    ("clip", |bench, x| bench.call("clip", &[Value::Array(x), Value::Int(-2), Value::Int(3)], &[])),
    ("nan_to_num", |bench, x| bench.call("nan_to_num", &[Value::Array(x), Value::Float(-1.0), Value::Float(9.0)], &[])),
    ("isin", |bench, x| {
        let list = Value::List(Arc::new([0, 1, 7, 100].map(Value::Int).to_vec()));
        bench.call("isin", &[Value::Array(x), list], &[])
    }),
];

/// A field of a record.
fn field(record: Result<Value, TypeError>, name: &str) -> Result<Value, TypeError> {
    match record? {
        Value::Record(fields) => Ok(fields.iter().find(|(field, _)| field == name).expect("the field").1.clone()),
        other => panic!("{name} of {other:?}"),
    }
}

/// Results that must agree to the last bit but for the sign of NaN; others may be off by a few units
/// in the last place, NumPy's as well as ours.
const EXACT: &[&str] = &[
    "abs",
    "sign",
    "square",
    "sqrt",
    "floor",
    "ceil",
    "trunc",
    "neg",
    "invert",
    "not",
    "isnan",
    "isinf",
    "isfinite",
    "real",
    "imag",
    "conj",
    "add",
    "sub",
    "mul",
    "div",
    "floordiv",
    "mod",
    "fmod",
    "copysign",
    "minimum",
    "maximum",
    "fmin",
    "fmax",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "bit_and",
    "bit_or",
    "bit_xor",
    "shl",
    "shr",
    "fillna",
    "round",
    "clip",
    "nan_to_num",
    "isin",
    "where",
    "cast",
    "reciprocal",
    "positive",
    "fabs",
    "signbit",
    "spacing",
    "nextafter",
    "rint",
    "fix",
    "isposinf",
    "isneginf",
    "isnull",
    "notnull",
    "isreal",
    "iscomplex",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "ldexp",
    "modf",
    "frexp",
    "divmod",
    "select",
    "choose",
    "isclose",
    "allclose",
];

/// One comparison.
struct Job {
    /// The function as the script knows it.
    name: String,
    /// The inputs as the script knows them.
    inputs: Vec<String>,
    /// What we give.
    ours: Result<(DType, Block), TypeError>,
}

#[test]
fn numpy_agrees() {
    let Some(interpreter) = std::env::var_os("FF_PYTHON") else {
        eprintln!("SKIPPED: FF_PYTHON is not set, so nothing was compared with NumPy");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let jobs = jobs(folder.path());
    let lines: Vec<String> = jobs.iter().map(|job| format!("{}\t{}\n", job.name, job.inputs.join("\t"))).collect();
    std::fs::write(folder.path().join("jobs.txt"), lines.concat()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/elementwise.py");
    let run = Command::new(interpreter).arg(script).current_dir(folder.path()).output().expect("FF_PYTHON starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let told = std::fs::read_to_string(folder.path().join("out.txt")).unwrap();
    let bytes = std::fs::read(folder.path().join("out.bin")).unwrap();
    let mut rest = &bytes[..];
    let mut wrong = Vec::new();
    for (job, theirs) in jobs.iter().zip(told.lines()) {
        wrong.extend(
            compare(job, theirs, &mut rest).map(|what| format!("{} {}: {what}", job.name, job.inputs.join(" "))),
        );
    }
    assert_eq!(told.lines().count(), jobs.len());
    assert!(rest.is_empty());
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        jobs.len(),
        wrong[..wrong.len().min(100)].join("\n")
    );
}

/// All comparisons with our results; writes the inputs into `folder`.
fn jobs(folder: &Path) -> Vec<Job> {
    let mut bench = Bench::new();
    let mut arrays: Vec<(DType, Operand, Operand)> = Vec::new();
    for dtype in DType::ALL.into_iter().filter(|d| *d != DType::Str) {
        let block = specials(dtype);
        std::fs::write(folder.join(format!("{}.bin", dtype.name())), block.to_bytes().unwrap()).unwrap();
        let count = block.count();
        let mut along = |dim: &str| {
            let ty = ArrayType::new(dtype, Dims::new([(dim, count)]));
            bench.source(ty, block.clone())
        };
        arrays.push((dtype, along("p"), along("q")));
    }
    let mut jobs = Vec::new();
    let mut add = |bench: &Bench, name: &str, inputs: &[&str], ours: Result<Value, TypeError>| {
        let ours = ours.map(|value| match value {
            Value::Array(out) => (bench.ty(out).dtype, bench.values(out)),
            other => panic!("{name} gives {other:?}"),
        });
        jobs.push(Job { name: name.into(), inputs: inputs.iter().map(|&i| i.into()).collect(), ours });
    };
    for &(dtype, x, _) in &arrays {
        for name in UNARY {
            let ours = bench.call(name, &[Value::Array(x)], &[]);
            add(&bench, name, &[dtype.name()], ours);
        }
        for (name, call) in SPECIAL {
            let ours = call(&mut bench, x);
            add(&bench, name, &[dtype.name()], ours);
        }
        for &(to, _, _) in &arrays {
            let ours = bench.call("cast", &[Value::Array(x), Value::DType(to)], &[]);
            add(&bench, &format!("cast {}", to.name()), &[dtype.name()], ours);
        }
        for name in BINARY {
            for &(other, _, y) in &arrays {
                let ours = bench.call(name, &[Value::Array(x), Value::Array(y)], &[]);
                add(&bench, name, &[dtype.name(), other.name()], ours);
            }
            for (weak, value) in
                [("2", Value::Int(2)), ("-3", Value::Int(-3)), ("1.5", Value::Float(1.5)), ("True", Value::Bool(true))]
            {
                let ours = bench.call(name, &[Value::Array(x), value], &[]);
                add(&bench, name, &[dtype.name(), weak], ours);
            }
        }
    }
    jobs
}

/// What is wrong with a job, if anything. Takes NumPy's result from the front of `rest`.
fn compare(job: &Job, theirs: &str, rest: &mut &[u8]) -> Option<String> {
    if theirs == "refused" {
        return match &job.ours {
            Ok((dtype, _)) if !accepted(job) => Some(format!("we give {dtype}, NumPy refuses")),
            _ => None,
        };
    }
    let theirs = DType::parse(theirs).unwrap();
    let count =
        job.inputs.iter().map(|i| DType::parse(i).map_or(1, |d| specials(d).count() as usize)).product::<usize>();
    let (bytes, after) = rest.split_at(count * theirs.size());
    let (counts, after) = after.split_at(count);
    *rest = after;
    let (dtype, ours) = match &job.ours {
        Ok(ours) => ours,
        Err(_) if refused(job) => return None,
        Err(error) => return Some(format!("we refuse ({}), NumPy gives {theirs}", error.message)),
    };
    let word = job.name.split(' ').next().unwrap();
    let exact = EXACT.contains(&word) && !kinds(job).contains(&Kind::Complex);
    let slack = if matches!(word, "pow" | "float_power" | "log1p") { 2e5 } else { 16.0 };
    let expected = Block::from_bytes(theirs, &[count as u64], bytes).unwrap().scalars();
    if *dtype != theirs {
        return (!other_dtype(job)).then(|| format!("we give {dtype}, NumPy {theirs}"));
    }
    let ours = ours.scalars();
    let differs = |i: &usize| counts[*i] != 0 && !alike(&ours[*i], &expected[*i], theirs, (exact, slack));
    let found: Vec<usize> = (0..count).filter(differs).collect();
    let first = *found.first()?;
    Some(format!(
        "{} of {count} {dtype} values differ, at {first} {:?}: {:?}, NumPy {:?}",
        found.len(),
        at(job, first),
        ours[first],
        expected[first]
    ))
}

/// The inputs of element `i`.
fn at(job: &Job, i: usize) -> Vec<String> {
    let arrays: Vec<DType> = job.inputs.iter().filter_map(|input| DType::parse(input)).collect();
    match arrays.as_slice() {
        [a, b] => {
            let (a, b) = (specials(*a).scalars(), specials(*b).scalars());
            vec![a[i / b.len()].to_string(), b[i % b.len()].to_string()]
        }
        [a] => vec![specials(*a).scalars()[i].to_string()],
        _ => Vec::new(),
    }
}

fn kinds(job: &Job) -> Vec<Kind> {
    let kind = |input: &String| match DType::parse(input) {
        Some(dtype) => dtype.kind(),
        None if input == "True" => Kind::Bool,
        None if input.contains('.') => Kind::Float,
        None => Kind::Signed,
    };
    job.inputs.iter().map(kind).collect()
}

/// What we accept and NumPy does not: bools are left alone by what rounds, and count as numbers.
fn accepted(job: &Job) -> bool {
    let kinds = kinds(job);
    (job.name.starts_with("round") && kinds == [Kind::Bool])
        || (job.name.starts_with("choose") && job.inputs[0] == "u64")
        || (matches!(job.name.as_str(), "div" | "floordiv") && kinds == [Kind::Time, Kind::Bool])
}

/// What we refuse on purpose and NumPy accepts: `and` of what is no bool, an order of complex
/// numbers, numbers taken for durations.
fn refused(job: &Job) -> bool {
    const ORDERED: &[&str] = &["lt", "le", "gt", "ge", "minimum", "maximum", "fmin", "fmax", "clip"];
    let (name, kinds) = (job.name.as_str(), kinds(job));
    let times = kinds.iter().filter(|k| **k == Kind::Time).count();
    matches!(name, "and" | "or" | "not")
        || (name.starts_with("logical") && times > 0)
        || (name == "sinc" && kinds.contains(&Kind::Complex))
        || (kinds == [Kind::Time] && matches!(name, "i0" | "isreal" | "iscomplex" | "select"))
        || (ORDERED.contains(&name) && kinds.contains(&Kind::Complex))
        || (times == 1 && kinds.len() == 2 && !matches!(name, "mul" | "div" | "floordiv"))
        || (kinds == [Kind::Time] && matches!(name, "real" | "imag" | "sign" | "isin" | "clip" | "nan_to_num"))
        || (name == "fillna" && times == 2)
        || (name == "fillna" && kinds[0] != Kind::Float && job.inputs[1] == "-3")
}

/// Where the dtype of our result differs on purpose: bools stay bools and become f16 as by other functions.
fn other_dtype(job: &Job) -> bool {
    kinds(job) == [Kind::Bool] && matches!(job.name.as_str(), "conj" | "angle" | "round")
}

/// Whether two results are the same, within rounding where they are not exact.
fn alike(ours: &Scalar, theirs: &Scalar, dtype: DType, (exact, slack): (bool, f64)) -> bool {
    match (ours, theirs) {
        (Scalar::Float(a), Scalar::Float(b)) => close(*a, *b, dtype, exact),
        (Scalar::Complex(a), Scalar::Complex(b)) => {
            let scale = b.re.abs().max(b.im.abs()).max(1e-30);
            let unit = if dtype == DType::C64 { f64::from(f32::EPSILON) } else { f64::EPSILON };
            let near = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= slack * unit * scale;
            near(a.re, b.re) && near(a.im, b.im)
        }
        (a, b) => a == b,
    }
}

fn close(a: f64, b: f64, dtype: DType, exact: bool) -> bool {
    if a.is_nan() && b.is_nan() {
        return true;
    }
    let bits = |x: f64| match dtype {
        DType::F16 => ordered(f16::from_f64(x).to_bits().into(), 15),
        DType::F32 => ordered((x as f32).to_bits().into(), 31),
        _ => ordered(x.to_bits(), 63),
    };
    let units = bits(a).abs_diff(bits(b));
    units == 0 || (a == 0.0 && b == 0.0) || (!exact && units <= 4)
}

/// The bits of a float as an integer that grows with it.
fn ordered(bits: u64, sign: u32) -> i64 {
    let magnitude = (bits & ((1 << sign) - 1)) as i64;
    if bits >> sign & 1 == 1 { -magnitude } else { magnitude }
}

/// The special values of a dtype.
fn specials(dtype: DType) -> Block {
    let whole =
        [i64::MIN, i64::MIN + 1, -100, -7, -3, -2, -1, 0, 1, 2, 3, 5, 7, 8, 31, 64, 100, i64::MAX - 1, i64::MAX];
    let real = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.0,
        -1.0,
        1.5,
        -1.5,
        2.0,
        -2.0,
        2.5,
        3.0,
        -3.0,
        1e-3,
        10.0,
        -10.25,
        100.5,
        1e-8,
        0.9999,
        1.0001,
        7.0,
        -7.3,
        1e5,
        12345.678,
        88.0,
        700.0,
    ];
    macro_rules! integers {
        ($($type:ty),*) => {[$(Block::from_list(whole.iter().map(|&w| match w {
            i64::MIN => <$type>::MIN,
            i64::MAX => <$type>::MAX,
            w if w == i64::MIN + 1 => <$type>::MIN + 1,
            w if w == i64::MAX - 1 => <$type>::MAX - 1,
            w => w as $type,
        }).collect::<Vec<$type>>())),*]};
    }
    let [i8s, i16s, i32s, i64s, u8s, u16s, u32s, u64s] = integers!(i8, i16, i32, i64, u8, u16, u32, u64);
    let complex: Vec<Complex64> = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.25, 1e-3, 30.0, f64::INFINITY, f64::NAN]
        .iter()
        .flat_map(|&re| [0.0, -0.0, 1.0, -0.5, 2.0, f64::NEG_INFINITY, f64::NAN].map(|im| Complex64::new(re, im)))
        .collect();
    let times = || Block::from_list(vec![i64::MIN, -86_400_000_001, -7, -1, 0, 1, 3, 86_400_000_000, 1 << 50]);
    match dtype {
        DType::Bool => Block::from_list(vec![false, true]),
        DType::I8 => i8s,
        DType::I16 => i16s,
        DType::I32 => i32s,
        DType::I64 => i64s,
        DType::U8 => u8s,
        DType::U16 => u16s,
        DType::U32 => u32s,
        DType::U64 => u64s,
        DType::F16 => Block::from_list(
            real.iter().map(|&x| f16::from_f64(x)).chain([f16::MAX, f16::MIN, f16::from_bits(1)]).collect::<Vec<f16>>(),
        ),
        DType::F32 => Block::from_list(
            real.iter()
                .map(|&x| x as f32)
                .chain([f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)])
                .collect::<Vec<f32>>(),
        ),
        DType::F64 => Block::from_list(
            real.iter().copied().chain([f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1)]).collect::<Vec<f64>>(),
        ),
        DType::C64 => Block::from_list(
            complex.iter().map(|z| Complex32::new(z.re as f32, z.im as f32)).collect::<Vec<Complex32>>(),
        ),
        DType::C128 => Block::from_list(complex),
        DATETIME | DType::DateTime(_) | DType::Duration => times(),
        DType::Str => unreachable!("text is not in these comparisons"),
    }
}

#[test]
fn all_functions_are_compared() {
    let tables = crate::operators::REGISTRY.iter().filter(|(title, _)| title.starts_with("elementwise"));
    let compared = |name: &str| {
        UNARY.contains(&name)
            || BINARY.contains(&name)
            || SPECIAL.iter().any(|(special, _)| *special == name)
            || matches!(name, "cast" | "where" | "piecewise")
    };
    let missing: Vec<&str> =
        tables.flat_map(|(_, rows)| rows.iter()).map(|row| row.name).filter(|name| !compared(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
