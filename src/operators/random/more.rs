//! More distributions, by inversion, from normal numbers, or by rejection.
//!
//! All are computed in double precision from the units of their own streams. Gamma distributions are those of G. Marsaglia,
//! W. W. Tsang, "A simple method for generating gamma variables" (ACM Transactions on Mathematical Software 26, 2000),
//! from which those of beta, chi squared and Student follow.

use super::philox::Generator;
use super::{Draw, LARGEST, MORE, SEED, SHAPE, at_least_zero, generator, number};
use crate::array::{DType, Scalar};
use crate::operators::arguments::{optional, required};
use crate::operators::elementwise::elementary::{cos, exp, log, log1p, pow, sin};
use crate::operators::elementwise::loops::map1;
use crate::operators::error::Culprit;
use crate::operators::{Arguments, Builder, Operator, Param, ParamKind, Signature, TypeError, Value, call};

const DTYPE: Param = optional("dtype", ParamKind::DType, "f64", "The dtype, `f16`, `f32` or `f64`.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "random.lognormal",
        signature: Signature {
            params: &[
                SHAPE,
                optional("mean", ParamKind::Float, "0", "The mean of their logarithms."),
                optional("sigma", ParamKind::Float, "1", "The standard deviation of their logarithms."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers whose logarithms are normally distributed.",
        example: "random.lognormal({t: 6}, 0, 0.5)",
        expand: lognormal,
    },
    Operator {
        name: "random.gamma",
        signature: Signature {
            params: &[
                SHAPE,
                required("a", ParamKind::Float, "The shape, above zero."),
                optional("scale", ParamKind::Float, "1", "The scale."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers of the gamma distribution, of mean `a * scale`.",
        example: "random.gamma({t: 6}, 2.5)",
        expand: gamma,
    },
    Operator {
        name: "random.beta",
        signature: Signature {
            params: &[
                SHAPE,
                required("a", ParamKind::Float, "Alpha, above zero."),
                required("b", ParamKind::Float, "Beta, above zero."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers of the beta distribution, between 0 and 1.",
        example: "random.beta({t: 6}, 2, 5)",
        expand: beta,
    },
    Operator {
        name: "random.chisquare",
        signature: Signature {
            params: &[SHAPE, required("df", ParamKind::Float, "Degrees of freedom, above zero."), SEED, DTYPE],
        },
        summary: "Random numbers of the distribution chi squared: sums of squares of normal ones.",
        example: "random.chisquare({t: 6}, 3)",
        expand: chisquare,
    },
    Operator {
        name: "random.standard_t",
        signature: Signature {
            params: &[SHAPE, required("df", ParamKind::Float, "Degrees of freedom, above zero."), SEED, DTYPE],
        },
        summary: "Random numbers of Student's distribution.",
        example: "random.standard_t({t: 6}, 4)",
        expand: standard_t,
    },
    Operator {
        name: "random.laplace",
        signature: Signature {
            params: &[
                SHAPE,
                optional("loc", ParamKind::Float, "0", "Their median."),
                optional("scale", ParamKind::Float, "1", "The scale."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers of the Laplace distribution: exponential to both sides.",
        example: "random.laplace({t: 6})",
        expand: laplace,
    },
    Operator {
        name: "random.logistic",
        signature: Signature {
            params: &[
                SHAPE,
                optional("loc", ParamKind::Float, "0", "Their median."),
                optional("scale", ParamKind::Float, "1", "The scale."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers of the logistic distribution.",
        example: "random.logistic({t: 6})",
        expand: logistic,
    },
    Operator {
        name: "random.gumbel",
        signature: Signature {
            params: &[
                SHAPE,
                optional("loc", ParamKind::Float, "0", "Their mode."),
                optional("scale", ParamKind::Float, "1", "The scale."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers of the Gumbel distribution, as greatest values have.",
        example: "random.gumbel({t: 6})",
        expand: gumbel,
    },
    Operator {
        name: "random.weibull",
        signature: Signature {
            params: &[SHAPE, required("a", ParamKind::Float, "The shape, above zero."), SEED, DTYPE],
        },
        summary: "Random numbers of the Weibull distribution of scale 1.",
        example: "random.weibull({t: 6}, 1.5)",
        expand: weibull,
    },
    Operator {
        name: "random.pareto",
        signature: Signature {
            params: &[SHAPE, required("a", ParamKind::Float, "The shape, above zero."), SEED, DTYPE],
        },
        summary: "Random numbers of the Pareto distribution that begins at 0, also called Lomax's.",
        example: "random.pareto({t: 6}, 3)",
        expand: pareto,
    },
    Operator {
        name: "random.rayleigh",
        signature: Signature { params: &[SHAPE, optional("scale", ParamKind::Float, "1", "Their mode."), SEED, DTYPE] },
        summary: "Random numbers of the Rayleigh distribution: lengths of vectors of two normal ones.",
        example: "random.rayleigh({t: 6}, 2)",
        expand: rayleigh,
    },
    Operator {
        name: "random.standard_cauchy",
        signature: Signature { params: &[SHAPE, SEED, DTYPE] },
        summary: "Random numbers of the Cauchy distribution.",
        example: "random.standard_cauchy({t: 6})",
        expand: standard_cauchy,
    },
    Operator {
        name: "random.triangular",
        signature: Signature {
            params: &[
                SHAPE,
                required("left", ParamKind::Float, "The least number."),
                required("mode", ParamKind::Float, "Where they are most likely."),
                required("right", ParamKind::Float, "The greatest number."),
                SEED,
                DTYPE,
            ],
        },
        summary: "Random numbers of a triangular distribution.",
        example: "random.triangular({t: 6}, -1, 0, 2)",
        expand: triangular,
    },
    Operator {
        name: "random.geometric",
        signature: Signature {
            params: &[
                SHAPE,
                required("p", ParamKind::Float, "The probability of a success, above 0, at most 1."),
                SEED,
            ],
        },
        summary: "How many trials it takes to the first success, as i64.",
        example: "random.geometric({t: 6}, 0.3)",
        expand: geometric,
    },
    Operator {
        name: "random.choice",
        signature: Signature {
            params: &[
                SHAPE,
                required(
                    "a",
                    ParamKind::Any,
                    "A list of numbers or a small array, or a number `n` for the integers below it.",
                ),
                optional("p", ParamKind::Any, "none", "A list of probabilities, one each; all alike, if left out."),
                SEED,
            ],
        },
        summary: "Elements of a list, drawn independently.",
        example: "random.choice({t: 6}, [1, 2, 5], p: [0.5, 0.25, 0.25])",
        expand: choice,
    },
];

/// A call that gives `of` the draws of each element.
fn drawn(
    builder: &mut dyn Builder,
    arguments: &Arguments,
    (name, text, stream): (&'static str, String, u32),
    of: impl Fn(&mut dyn FnMut() -> f64) -> f64 + Send + Sync + 'static,
) -> Result<Value, TypeError> {
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(DType::F64);
    if dtype.kind() != crate::array::Kind::Float {
        let error = TypeError::new("ff::type::dtype", format!("random real numbers are not {dtype}"));
        return Err(error.at(Culprit::Param("dtype"), "not a floating-point dtype"));
    }
    let generator = generator(arguments, MORE + stream)?;
    let run = map1(move |position: i64| of(&mut generator.draws(position)));
    match Draw::new(name, text, DType::F64, generator).apply(builder, arguments, run)? {
        Value::Array(made) => call::cast(builder, made, dtype).map(Value::Array),
        other => Ok(other),
    }
}

/// Above zero.
fn positive(number: f64) -> bool {
    number > 0.0 && number.is_finite()
}

const FINITE: (fn(f64) -> bool, &str) = (f64::is_finite, "a finite number");
const POSITIVE: (fn(f64) -> bool, &str) = (positive, "above zero");
const NOT_NEGATIVE: (fn(f64) -> bool, &str) = (at_least_zero, "zero or more");

/// A parameter without a default.
fn given(arguments: &Arguments, param: &'static str, fits: (fn(f64) -> bool, &str)) -> Result<f64, TypeError> {
    number(arguments, (param, f64::NAN), fits)
}

/// A place and a scale.
fn placed(arguments: &Arguments) -> Result<(f64, f64), TypeError> {
    Ok((number(arguments, ("loc", 0.0), FINITE)?, number(arguments, ("scale", 1.0), NOT_NEGATIVE)?))
}

/// A number above zero and at most one.
fn rest(draw: &mut dyn FnMut() -> f64) -> f64 {
    1.0 - draw()
}

/// A number between zero and one, neither included.
fn inner(draw: &mut dyn FnMut() -> f64) -> f64 {
    draw().max(f64::EPSILON / 4.0)
}

/// A normally distributed number.
fn normal(draw: &mut dyn FnMut() -> f64) -> f64 {
    let distance = (-2.0 * log(rest(draw))).sqrt();
    distance * cos(std::f64::consts::TAU * draw())
}

/// A number of the gamma distribution of this shape.
fn gammas(draw: &mut dyn FnMut() -> f64, a: f64) -> f64 {
    let boost = if a < 1.0 { pow(rest(draw), 1.0 / a) } else { 1.0 };
    let d = if a < 1.0 { a + 1.0 } else { a } - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let (x, v) = loop {
            let x = normal(draw);
            let v = 1.0 + c * x;
            if v > 0.0 {
                break (x, v * v * v);
            }
        };
        if log(rest(draw)) < 0.5 * x * x + d - d * v + d * log(v) {
            return boost * (d * v);
        }
    }
}

fn lognormal(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mean = number(arguments, ("mean", 0.0), FINITE)?;
    let sigma = number(arguments, ("sigma", 1.0), NOT_NEGATIVE)?;
    let text = format!("mean: {mean:?}, sigma: {sigma:?}");
    drawn(builder, arguments, ("random.lognormal", text, 0), move |draw| exp(mean + sigma * normal(draw)))
}

fn gamma(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (a, scale) = (given(arguments, "a", POSITIVE)?, number(arguments, ("scale", 1.0), NOT_NEGATIVE)?);
    let text = format!("a: {a:?}, scale: {scale:?}");
    drawn(builder, arguments, ("random.gamma", text, 1), move |draw| scale * gammas(draw, a))
}

fn beta(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (a, b) = (given(arguments, "a", POSITIVE)?, given(arguments, "b", POSITIVE)?);
    drawn(builder, arguments, ("random.beta", format!("a: {a:?}, b: {b:?}"), 2), move |draw| {
        let (x, y) = (gammas(draw, a), gammas(draw, b));
        // Both are zero where shapes are so small that one of them is all but certain to be the whole.
        if x + y > 0.0 {
            x / (x + y)
        } else if draw() * (a + b) < a {
            1.0
        } else {
            0.0
        }
    })
}

fn chisquare(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let df = given(arguments, "df", POSITIVE)?;
    drawn(builder, arguments, ("random.chisquare", format!("df: {df:?}"), 3), move |draw| 2.0 * gammas(draw, df / 2.0))
}

fn standard_t(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let df = given(arguments, "df", POSITIVE)?;
    drawn(builder, arguments, ("random.standard_t", format!("df: {df:?}"), 4), move |draw| {
        let x = normal(draw);
        x * (df / 2.0 / gammas(draw, df / 2.0)).sqrt()
    })
}

fn laplace(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (loc, scale) = placed(arguments)?;
    let text = format!("loc: {loc:?}, scale: {scale:?}");
    drawn(builder, arguments, ("random.laplace", text, 5), move |draw| {
        let u = inner(draw);
        if u < 0.5 { loc + scale * log(2.0 * u) } else { loc - scale * log(2.0 * (1.0 - u)) }
    })
}

fn logistic(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (loc, scale) = placed(arguments)?;
    let text = format!("loc: {loc:?}, scale: {scale:?}");
    drawn(builder, arguments, ("random.logistic", text, 6), move |draw| {
        let u = inner(draw);
        loc + scale * (log(u) - log1p(-u))
    })
}

fn gumbel(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (loc, scale) = placed(arguments)?;
    let text = format!("loc: {loc:?}, scale: {scale:?}");
    drawn(builder, arguments, ("random.gumbel", text, 7), move |draw| loc - scale * log(-log(inner(draw))))
}

fn weibull(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let a = given(arguments, "a", POSITIVE)?;
    drawn(builder, arguments, ("random.weibull", format!("a: {a:?}"), 8), move |draw| pow(-log(rest(draw)), 1.0 / a))
}

fn pareto(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let a = given(arguments, "a", POSITIVE)?;
    drawn(builder, arguments, ("random.pareto", format!("a: {a:?}"), 9), move |draw| {
        crate::operators::elementwise::elementary::expm1(-log(rest(draw)) / a)
    })
}

fn rayleigh(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let scale = number(arguments, ("scale", 1.0), NOT_NEGATIVE)?;
    let text = format!("scale: {scale:?}");
    drawn(builder, arguments, ("random.rayleigh", text, 10), move |draw| scale * (-2.0 * log(rest(draw))).sqrt())
}

fn standard_cauchy(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    drawn(builder, arguments, ("random.standard_cauchy", String::new(), 11), move |draw| {
        let angle = std::f64::consts::PI * (inner(draw) - 0.5);
        sin(angle) / cos(angle)
    })
}

fn triangular(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let [left, mode, right] = ["left", "mode", "right"].map(|param| given(arguments, param, FINITE));
    let (left, mode, right) = (left?, mode?, right?);
    if !(left <= mode && mode <= right && left < right) {
        let error = TypeError::new(
            "ff::type::argument",
            format!("there is no triangle from {left:?} over {mode:?} to {right:?}"),
        );
        return Err(error.at(Culprit::Param("mode"), "between both ends"));
    }
    let text = format!("left: {left:?}, mode: {mode:?}, right: {right:?}");
    let part = (mode - left) / (right - left);
    drawn(builder, arguments, ("random.triangular", text, 12), move |draw| {
        let u = draw();
        match u < part {
            true => left + (u * (right - left) * (mode - left)).sqrt(),
            false => right - ((1.0 - u) * (right - left) * (right - mode)).sqrt(),
        }
    })
}

fn geometric(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let p = given(arguments, "p", (|p| p > 0.0 && p <= 1.0, "above 0 and at most 1"))?;
    let generator = generator(arguments, MORE + 13)?;
    let none = log1p(-p);
    let run = map1(move |position: i64| {
        let [unit, _] = generator.units(position, 0);
        let trials = if p == 1.0 { 1.0 } else { (log(1.0 - unit) / none).ceil() };
        trials.clamp(1.0, LARGEST) as i64
    });
    Draw::new("random.geometric", format!("p: {p:?}"), DType::I64, generator).apply(builder, arguments, run)
}

/// What is chosen from: whole numbers, or real ones.
enum Choices {
    Whole(Vec<i64>),
    Real(Vec<f64>),
}

fn choices(builder: &dyn Builder, arguments: &Arguments) -> Result<Choices, TypeError> {
    let wrong =
        || TypeError::expected("a", "a list of numbers, a small array of them or an integer", arguments.value("a"));
    let scalars: Vec<Scalar> = match arguments.value("a") {
        Value::Int(n) if (1..=1 << 20).contains(n) => return Ok(Choices::Whole((0..*n).collect())),
        Value::List(items) => items.iter().map(Value::scalar).collect::<Option<_>>().ok_or_else(wrong)?,
        Value::Array(x) if builder.ty(*x).rank() == 1 => builder.chosen_by(*x)?.ok_or_else(wrong)?.scalars(),
        _ => return Err(wrong()),
    };
    if scalars.is_empty() {
        let error = TypeError::new("ff::type::argument", "there is nothing to choose from");
        return Err(error.at(Culprit::Param("a"), "empty"));
    }
    let is_whole = |scalar: &Scalar| matches!(scalar, Scalar::Int(_) | Scalar::UInt(_));
    if scalars.iter().all(is_whole) {
        return Ok(Choices::Whole(scalars.iter().map(Scalar::as_i64).collect::<Option<_>>().ok_or_else(wrong)?));
    }
    let real = |scalar: &Scalar| match scalar {
        Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_) => scalar.as_f64(),
        _ => None,
    };
    Ok(Choices::Real(scalars.iter().map(real).collect::<Option<_>>().ok_or_else(wrong)?))
}

/// Where the probabilities of so many choices end, the last at one.
fn ends(arguments: &Arguments, count: usize) -> Result<Option<Vec<f64>>, TypeError> {
    let Some(value) = arguments.get("p") else { return Ok(None) };
    let wrong = |message: String| {
        TypeError::new("ff::type::argument", message).at(Culprit::Param("p"), "these are the probabilities")
    };
    let Value::List(items) = value else { return Err(TypeError::expected("p", "a list of probabilities", value)) };
    let number = |value: &Value| value.scalar().and_then(|scalar| scalar.as_f64()).filter(|p| (0.0..=1.0).contains(p));
    let Some(each) = items.iter().map(number).collect::<Option<Vec<f64>>>() else {
        return Err(wrong("probabilities are numbers from 0 to 1".into()));
    };
    if each.len() != count {
        return Err(wrong(format!("there are {} probabilities for {count} choices", each.len())));
    }
    let total: f64 = each.iter().sum();
    if (total - 1.0).abs() > 1e-8 {
        return Err(wrong(format!("probabilities add up to one, these to {total}")));
    }
    let mut sum = 0.0;
    let ends = each.iter().map(|p| {
        sum += p / total;
        sum
    });
    Ok(Some(ends.collect()))
}

/// The number of the choice for an element.
fn picked(generator: Generator, position: i64, count: usize, ends: Option<&[f64]>) -> usize {
    let [unit, _] = generator.units(position, 0);
    let at = match ends {
        Some(ends) => ends.partition_point(|end| *end <= unit),
        None => (unit * count as f64) as usize,
    };
    at.min(count - 1)
}

fn choice(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let choices = choices(builder, arguments)?;
    let count = match &choices {
        Choices::Whole(all) => all.len(),
        Choices::Real(all) => all.len(),
    };
    let ends = ends(arguments, count)?;
    let generator = generator(arguments, MORE + 14)?;
    let by = format!("p: {ends:?}");
    match choices {
        Choices::Whole(all) => {
            let text = format!("{all:?}, {by}");
            let run = map1(move |position: i64| all[picked(generator, position, count, ends.as_deref())]);
            Draw::new("random.choice", text, DType::I64, generator).apply(builder, arguments, run)
        }
        Choices::Real(all) => {
            let text = format!("{all:?}, {by}");
            let run = map1(move |position: i64| all[picked(generator, position, count, ends.as_deref())]);
            Draw::new("random.choice", text, DType::F64, generator).apply(builder, arguments, run)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Bench, ints, list};
    use Value::{Float, Int};

    #[test]
    fn parts_are_parts_of_the_whole() {
        let mut bench = Bench::new();
        let two = [Float(1.5), Float(2.0)];
        let calls: Vec<(&str, Vec<Value>)> = vec![
            ("lognormal", vec![]),
            ("gamma", vec![Float(0.3)]),
            ("gamma", two.to_vec()),
            ("beta", two.to_vec()),
            ("chisquare", vec![Int(3)]),
            ("standard_t", vec![Int(3)]),
            ("laplace", vec![]),
            ("logistic", vec![]),
            ("gumbel", vec![]),
            ("weibull", vec![Int(2)]),
            ("pareto", vec![Int(2)]),
            ("rayleigh", vec![]),
            ("standard_cauchy", vec![]),
            ("triangular", vec![Int(0), Int(1), Int(3)]),
            ("geometric", vec![Float(0.2)]),
            ("choice", vec![ints([4, 7, 9])]),
            ("choice", vec![list([Float(0.5), Int(2)])]),
        ];
        for (name, rest) in calls {
            for shape in [ints([3, 2, 5]), ints([]), ints([4, 0])] {
                let positional: Vec<Value> = std::iter::once(shape).chain(rest.iter().cloned()).collect();
                let made = bench.apply_named(&format!("random.{name}"), &positional, &[("seed", Int(5))]);
                bench.assert_splits(made);
            }
        }
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let shape = || ints([3]);
        let told = [
            bench.say("random.gamma", &[shape(), Int(0)], &[]),
            bench.say("random.beta", &[shape(), Int(1), Int(-1)], &[]),
            bench.say("random.triangular", &[shape(), Int(1), Int(0), Int(2)], &[]),
            bench.say("random.geometric", &[shape(), Int(0)], &[]),
            bench.say("random.choice", &[shape(), ints([])], &[]),
            bench.say("random.choice", &[shape(), ints([1, 2])], &[("p", list([Float(0.5)]))]),
            bench.say("random.choice", &[shape(), ints([1, 2])], &[("p", list([Float(0.5), Float(0.25)]))]),
            bench.say("random.laplace", &[shape()], &[("dtype", Value::DType(DType::I32))]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
