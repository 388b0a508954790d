//! Moments of distributions, in two passes: the mean, and then powers of the distances from it.

use super::arguments::{optional, required};
use super::call::{self, over};
use super::elementwise::broadcast::broadcast_to;
use super::error::Culprit;
use super::{Arguments, Builder, Operand, Operator, Param, ParamKind, Signature, TypeError, Value};
use crate::array::{DType, Kind};

const X: Param = required("x", ParamKind::Array, "The array.");
const DIMS: Param = required("dims", ParamKind::Dims, "The dims; all by default.");
const SKIPNA: Param = optional("skipna", ParamKind::Bool, "true", "Whether missing values are passed over.");
const KEEPDIMS: Param = optional("keepdims", ParamKind::Bool, "false", "Whether reduced dims stay, with one element.");
const BIAS: Param =
    optional("bias", ParamKind::Bool, "true", "Whether the bias of a sample is left as it is, and not corrected for.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "average",
        signature: Signature {
            params: &[
                X,
                DIMS,
                optional(
                    "weights",
                    ParamKind::Array,
                    "none",
                    "Weights, matched to `x` by dim name; none may be missing.",
                ),
                SKIPNA,
                KEEPDIMS,
            ],
        },
        summary: "The mean, weighted or not: `mean` by another name.",
        example: "average(x, t, weights: linspace(1, 2, 6, dim: t))",
        expand: average,
    },
    Operator {
        name: "moment",
        signature: Signature {
            params: &[
                X,
                required("order", ParamKind::Int, "Which power, zero or more."),
                DIMS,
                optional("center", ParamKind::Float, "none", "From where distances are taken; the mean, if left out."),
                SKIPNA,
                KEEPDIMS,
            ],
        },
        summary: "The mean of a power of the distances from the mean.",
        example: "moment(x, 3, t)",
        expand: moment,
    },
    Operator {
        name: "skew",
        signature: Signature { params: &[X, DIMS, BIAS, SKIPNA, KEEPDIMS] },
        summary: "The skewness: the third moment over the second to the power of 3/2; missing where all values are one.",
        example: "skew(x, t)",
        expand: skew,
    },
    Operator {
        name: "kurtosis",
        signature: Signature {
            params: &[
                X,
                DIMS,
                optional(
                    "fisher",
                    ParamKind::Bool,
                    "true",
                    "Whether 3 is taken off, so that it is 0 of normal distributions.",
                ),
                BIAS,
                SKIPNA,
                KEEPDIMS,
            ],
        },
        summary: "The kurtosis: the fourth moment over the square of the second; missing where all values are one.",
        example: "kurtosis(x, t)",
        expand: kurtosis,
    },
];

fn average(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    args.array("x")?;
    let Some(mean) = super::find("mean") else {
        return Err(TypeError::new("ff::type::bug", "there is no `mean`"));
    };
    (mean.expand)(builder, args)
}

/// The values to take moments of, in `f64` or a complex dtype, their axes, and the dtype of results.
struct Sample {
    x: Operand,
    axes: Vec<usize>,
    dtype: DType,
    options: Vec<(&'static str, Value)>,
}

impl Sample {
    fn read(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Sample, TypeError> {
        let x = args.array("x")?;
        let ty = builder.ty(x);
        let dtype = match ty.dtype.kind() {
            Kind::Float => ty.dtype,
            Kind::Bool | Kind::Unsigned | Kind::Signed => DType::F64,
            Kind::Complex | Kind::Time | Kind::Str => {
                let error = TypeError::new("ff::type::dtype", format!("`{name}` takes real numbers, not {}", ty.dtype));
                return Err(error.at(Culprit::Param("x"), format!("this is {ty}")));
            }
        };
        let options = vec![
            ("skipna", Value::Bool(args.bool("skipna", true)?)),
            ("keepdims", Value::Bool(args.bool("keepdims", false)?)),
        ];
        let axes = args.axes(&ty)?;
        Ok(Sample { x: call::cast(builder, x, DType::F64)?, axes, dtype, options })
    }

    fn mean(&self, builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
        over(builder, "mean", (x, &self.axes), &self.options)
    }

    /// The distances from the mean.
    fn distances(&self, builder: &mut dyn Builder) -> Result<Operand, TypeError> {
        let options = [self.options[0].clone()];
        let mean = over(builder, "mean", (self.x, &self.axes), &options)?;
        let dims = builder.ty(self.x).dims.clone();
        let mean = broadcast_to(builder, mean, &dims)?;
        call::operator(builder, "sub", &[Value::Array(self.x), Value::Array(mean)])
    }

    /// The moments of these orders, from 2 to 4.
    fn moments<const N: usize>(&self, builder: &mut dyn Builder, orders: [u32; N]) -> Result<[Operand; N], TypeError> {
        let distances = self.distances(builder)?;
        let mut made = Vec::new();
        for order in orders {
            let powers = power(builder, distances, i64::from(order))?;
            made.push(self.mean(builder, powers)?);
        }
        made.try_into().map_err(|_| TypeError::new("ff::type::bug", "a moment an order"))
    }

    /// How many values there are, in `f64`.
    fn count(&self, builder: &mut dyn Builder) -> Result<Value, TypeError> {
        let count = over(builder, "count", (self.x, &self.axes), &self.options[1..])?;
        call::cast(builder, count, DType::F64).map(Value::Array)
    }
}

/// A power by products, as whole as the numbers are.
fn power(builder: &mut dyn Builder, x: Operand, order: i64) -> Result<Operand, TypeError> {
    let mut of =
        |name: &str, a: Operand, b: Operand| call::operator(builder, name, &[Value::Array(a), Value::Array(b)]);
    match order {
        1 => Ok(x),
        2 => of("mul", x, x),
        3 => {
            let square = of("mul", x, x)?;
            of("mul", square, x)
        }
        4 => {
            let square = of("mul", x, x)?;
            of("mul", square, square)
        }
        _ => call::operator(builder, "pow", &[Value::Array(x), Value::Int(order)]),
    }
}

fn moment(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let sample = Sample::read(builder, args, "moment")?;
    let order = args.int("order", 1)?;
    if order < 0 {
        let error = TypeError::new("ff::type::argument", format!("a moment is of an order from 0 on, this is {order}"));
        return Err(error.at(Culprit::Param("order"), "negative"));
    }
    if order == 1 && args.get("center").is_none() {
        // It is zero wherever there is a mean.
        let mean = Value::Array(sample.mean(builder, sample.x)?);
        let zero = call::operator(builder, "sub", &[mean.clone(), mean])?;
        return call::cast(builder, zero, sample.dtype).map(Value::Array);
    }
    let distances = match args.float_opt("center")? {
        Some(center) => call::operator(builder, "sub", &[Value::Array(sample.x), Value::Float(center)])?,
        None => sample.distances(builder)?,
    };
    let powers = match order {
        // Of what is missing too the power would be one.
        0 => {
            let there = call::operator(builder, "notnull", &[Value::Array(distances)])?;
            call::operator(builder, "where", &[Value::Array(there), Value::Float(1.0)])?
        }
        _ => power(builder, distances, order)?,
    };
    let mean = sample.mean(builder, powers)?;
    call::cast(builder, mean, sample.dtype).map(Value::Array)
}

/// Elementwise calls on values, one after the other.
struct Sums<'b>(&'b mut dyn Builder);

impl Sums<'_> {
    fn of(&mut self, name: &str, a: &Value, b: &Value) -> Result<Value, TypeError> {
        call::operator(self.0, name, &[a.clone(), b.clone()]).map(Value::Array)
    }
}

/// `value` where the second moment tells values apart, else missing: as SciPy, by the precision of their mean.
fn told_apart(builder: &mut dyn Builder, sample: &Sample, second: &Value, value: &Value) -> Result<Value, TypeError> {
    let mean = Value::Array(sample.mean(builder, sample.x)?);
    let mut sums = Sums(builder);
    let part = sums.of("mul", &mean, &Value::Float(f64::EPSILON))?;
    let limit = sums.of("mul", &part, &part)?;
    let apart = sums.of("gt", second, &limit)?;
    sums.of("where", &apart, value)
}

/// Skewness of a biased sample, and the factor `sqrt(n (n - 1)) / (n - 2)` that corrects it where there are more than two.
fn skew(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let sample = Sample::read(builder, args, "skew")?;
    let [second, third] = sample.moments(builder, [2, 3])?.map(Value::Array);
    let count = sample.count(builder)?;
    let mut sums = Sums(builder);
    let spread = sums.of("pow", &second, &Value::Float(1.5))?;
    let mut skew = sums.of("div", &third, &spread)?;
    if !args.bool("bias", true)? {
        let less = sums.of("sub", &count, &Value::Int(1))?;
        let product = sums.of("mul", &count, &less)?;
        let root = sums.of("pow", &product, &Value::Float(0.5))?;
        let least = sums.of("sub", &count, &Value::Int(2))?;
        let factor = sums.of("div", &root, &least)?;
        let corrected = sums.of("mul", &skew, &factor)?;
        let many = sums.of("gt", &count, &Value::Int(2))?;
        skew = call::operator(sums.0, "where", &[many, corrected, skew]).map(Value::Array)?;
    }
    finished(builder, &sample, (&second, &skew))
}

fn kurtosis(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let sample = Sample::read(builder, args, "kurtosis")?;
    let [second, fourth] = sample.moments(builder, [2, 4])?.map(Value::Array);
    let count = sample.count(builder)?;
    let mut sums = Sums(builder);
    let spread = sums.of("mul", &second, &second)?;
    let mut kurtosis = sums.of("div", &fourth, &spread)?;
    if !args.bool("bias", true)? {
        let less: Vec<Value> =
            [1, 2, 3].into_iter().map(|i| sums.of("sub", &count, &Value::Int(i))).collect::<Result<_, _>>()?;
        let square = sums.of("mul", &count, &count)?;
        let ahead = sums.of("sub", &square, &Value::Int(1))?;
        let ahead = sums.of("mul", &ahead, &kurtosis)?;
        let back = sums.of("mul", &less[0], &less[0])?;
        let back = sums.of("mul", &back, &Value::Int(3))?;
        let difference = sums.of("sub", &ahead, &back)?;
        let divisor = sums.of("mul", &less[1], &less[2])?;
        let excess = sums.of("div", &difference, &divisor)?;
        let corrected = sums.of("add", &excess, &Value::Int(3))?;
        let many = sums.of("gt", &count, &Value::Int(3))?;
        kurtosis = call::operator(sums.0, "where", &[many, corrected, kurtosis]).map(Value::Array)?;
    }
    if args.bool("fisher", true)? {
        kurtosis = sums.of("sub", &kurtosis, &Value::Int(3))?;
    }
    finished(builder, &sample, (&second, &kurtosis))
}

fn finished(builder: &mut dyn Builder, sample: &Sample, (second, value): (&Value, &Value)) -> Result<Value, TypeError> {
    match told_apart(builder, sample, second, value)? {
        Value::Array(value) => call::cast(builder, value, sample.dtype).map(Value::Array),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::operators::testing::{Bench, assert_python};
    use Value::{Bool, Float, Int, Name};

    /// Values as far as they are sure.
    fn rounded(bench: &Bench, value: Operand) -> String {
        let ty = bench.ty(value);
        let places = if ty.dtype == DType::F32 { 4 } else { 9 };
        let shown: Vec<String> = (bench.values(value).scalars().iter())
            .map(|s| format!("{:.places$}", s.as_f64().unwrap_or(f64::NAN)).replace("NaN", "nan"))
            .map(|s| if s.trim_start_matches('-').trim_matches(['0', '.']).is_empty() { s.replace('-', "") } else { s })
            .collect();
        format!("{} {:?} {}", ty.dtype, ty.shape(), shown.join(" ")).replace("f64", "float64").replace("f32", "float32")
    }

    #[test]
    fn moments_are_scipys() {
        let mut bench = Bench::new();
        let values: Vec<f64> = (0..60).map(|i| if i == 17 { f64::NAN } else { f64::from(i * i % 23) / 7.0 }).collect();
        let narrow = values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
        let x = Value::Array(bench.array(&[("t", 5), ("y", 12)], values));
        let narrow = Value::Array(bench.array(&[("t", 5), ("y", 12)], narrow));
        let whole = Value::Array(bench.array(&[("t", 3), ("y", 2)], vec![1i32, 2, 1, 7, 1, 30]));
        let y = Name("y".into());
        let (keep, biased) = (("keepdims", Bool(true)), ("bias", Bool(false)));
        let mut made = Vec::new();
        for x in [&x, &narrow] {
            for name in ["skew", "kurtosis"] {
                made.push(bench.apply_named(name, &[x.clone(), y.clone()], &[]));
                made.push(bench.apply_named(name, from_ref(x), &[biased.clone(), keep.clone()]));
            }
            for order in [0, 1, 2, 3, 4, 5] {
                made.push(bench.apply_named("moment", &[x.clone(), Int(order), y.clone()], &[]));
            }
        }
        made.push(bench.apply_named("moment", &[x.clone(), Int(2)], &[("center", Float(1.0))]));
        made.push(bench.apply_named("skew", &[x.clone(), y.clone()], &[("skipna", Bool(false))]));
        made.push(bench.apply_named("kurtosis", &[x.clone(), y], &[("fisher", Bool(false))]));
        made.push(bench.apply_named("skew", &[whole.clone(), Name("t".into())], &[]));
        made.push(bench.apply_named("kurtosis", &[whole.clone(), Name("t".into())], &[biased]));
        let weights = Value::Array(bench.array(&[("y", 12)], (1..13).map(f64::from).collect::<Vec<f64>>()));
        made.push(bench.apply_named("average", &[x], &[("weights", weights)]));
        made.push(bench.apply_named("average", &[whole], &[]));
        let lines: Vec<String> = made.into_iter().map(|value| rounded(&bench, value)).collect();
        let script = "
from scipy import stats
def say(a, n=9):
    a = np.asarray(a)
    n = 4 if a.dtype == np.float32 else 9
    t = [f'{float(v):.{n}f}' for v in a.ravel()]
    t = [v.replace('-', '') if not v.strip('-').strip('0.') else v for v in t]
    print(a.dtype, list(a.shape), ' '.join(t))
x = np.array([np.nan if i == 17 else i * i % 23 / 7 for i in range(60)]).reshape(5, 12)
skip = dict(nan_policy='omit')
for a in (x, x.astype('f4')):
    d = a.astype('f8')
    for f in (stats.skew, stats.kurtosis):
        say(f(d, axis=1, **skip).astype(a.dtype)); say(np.asarray(f(d, axis=None, bias=False, **skip)).reshape(1, 1).astype(a.dtype))
    for k in range(6): say(stats.moment(d, order=k, axis=1, **skip).astype(a.dtype))
say(np.nanmean((x - 1) ** 2)); say(stats.skew(x, axis=1)); say(stats.kurtosis(x, axis=1, fisher=False, **skip))
w = np.array([[1, 2], [1, 7], [1, 30]])
say(stats.skew(w)); say(stats.kurtosis(w, bias=False))
m = ~np.isnan(x); say(np.average(x[m], weights=np.broadcast_to(np.arange(1., 13), x.shape)[m])); say(np.average(w))";
        assert_python(script, &lines);
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let x = Value::Array(bench.x());
        let texts = Value::Array(bench.array_of(DType::Duration, &[("t", 2)], vec![1i64, 2]));
        let told = [
            bench.say("moment", &[x.clone(), Int(-1)], &[]),
            bench.say("skew", &[texts], &[]),
            bench.say("kurtosis", &[x, Name("z".into())], &[]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
