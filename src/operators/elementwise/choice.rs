//! Choices among several values, and comparisons with a tolerance: made of calls of others.

use super::call;
use super::function::given;
use super::missing;
use crate::array::{DType, Kind};
use crate::operators::arguments::{Param, ParamKind, optional, required};
use crate::operators::error::Culprit;
use crate::operators::{Arguments, Builder, Operator, Signature, TypeError, Value};

const CLOSE: &[Param] = &[
    required("a", ParamKind::Array, "The values."),
    required("b", ParamKind::Array, "What they are compared with."),
    optional("rtol", ParamKind::Float, "1e-5", "How far they may be apart, as part of the size of `b`."),
    optional("atol", ParamKind::Float, "1e-8", "How far they may be apart besides."),
    optional("equal_nan", ParamKind::Bool, "false", "Whether missing values are close to each other."),
];

/// Choices among several values.
pub static CHOICES: &[Operator] = &[
    Operator {
        name: "select",
        signature: Signature {
            params: &[
                required("conditions", ParamKind::Any, "A list of conditions, bool."),
                required(
                    "choices",
                    ParamKind::Any,
                    "As many values: what is taken where the condition is the first that holds.",
                ),
                optional("default", ParamKind::Any, "0", "What is taken where none holds."),
            ],
        },
        summary: "The value of the first condition that holds",
        example: "select([x < -1, x > 1], [-1, 1], x)",
        expand: select,
    },
    Operator {
        name: "piecewise",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array, whose dtype the result has."),
                required("conditions", ParamKind::Any, "A list of conditions, bool."),
                required(
                    "values",
                    ParamKind::Any,
                    "As many values: what is taken where the condition is the last that holds; one more is taken where none holds, else zero.",
                ),
            ],
        },
        summary: "The value of the last condition that holds, in the dtype of the array",
        example: "piecewise(x, [x < 0, x > 1], [-x, 1, x])",
        expand: piecewise,
    },
    Operator {
        name: "choose",
        signature: Signature {
            params: &[
                required("index", ParamKind::Array, "Which of the choices, integers from 0 on."),
                required("choices", ParamKind::Any, "A list of values."),
                optional(
                    "mode",
                    ParamKind::Choice(&["raise", "clip", "wrap"]),
                    "raise",
                    "What is done with numbers beyond the choices: the nearest, or counted round; `raise` takes only numbers that are known while planning.",
                ),
            ],
        },
        summary: "The value whose number the index gives",
        example: "choose(x > 0, [x, sqrt(abs(x))], mode: clip)",
        expand: choose,
    },
    Operator {
        name: "isclose",
        signature: Signature { params: CLOSE },
        summary: "Where two values are equal within a tolerance, `abs(a - b) <= atol + rtol * abs(b)`",
        example: "isclose(x, 0.1 + 0.2)",
        expand: isclose,
    },
    Operator {
        name: "allclose",
        signature: Signature { params: CLOSE },
        summary: "Whether all values are equal within a tolerance, as `isclose` says",
        example: "allclose(x, x + 1e-12, equal_nan: true)",
        expand: |builder, arguments| match isclose(builder, arguments)? {
            close @ Value::Array(_) => call(builder, "all", &[close]),
            close => Ok(close),
        },
    },
];

/// The items of a list.
fn items<'a>(arguments: &'a Arguments, param: &'static str) -> Result<&'a [Value], TypeError> {
    match arguments.value(param) {
        Value::List(items) => Ok(items),
        other => Err(TypeError::expected(param, "a list", other)),
    }
}

fn select(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (conditions, choices) = (items(arguments, "conditions")?, items(arguments, "choices")?);
    if conditions.len() != choices.len() || conditions.is_empty() {
        let message = format!("there are {} conditions and {} choices", conditions.len(), choices.len());
        return Err(TypeError::new("ff::type::argument", message)
            .at(Culprit::Param("choices"), "one a condition")
            .with_help("what is taken where no condition holds is `default`"));
    }
    let default = arguments.get("default").cloned().unwrap_or(Value::Int(0));
    let mut values = united(builder, choices, Some(&default))?;
    let mut out = values.pop().expect("the default is the last");
    for (condition, choice) in conditions.iter().zip(&values).rev() {
        out = call(builder, "where", &[condition.clone(), choice.clone(), out])
            .map_err(|e| e.renamed(&[("cond", "conditions"), ("x", "choices"), ("other", "default")]))?;
    }
    Ok(out)
}

/// The choices, then the default, in one dtype: literals are weak beside the arrays of all choices.
fn united(builder: &mut dyn Builder, choices: &[Value], default: Option<&Value>) -> Result<Vec<Value>, TypeError> {
    let choices = choices.iter().map(|choice| ("choices", choice));
    let values: Vec<_> = choices.chain(default.map(|value| ("default", value))).collect();
    if values.iter().any(|(_, value)| matches!(value, Value::Array(_))) {
        return missing::alike(builder, &values);
    }
    Ok(values.into_iter().map(|(_, value)| value.clone()).collect())
}

fn piecewise(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let (conditions, values) = (items(arguments, "conditions")?, items(arguments, "values")?);
    let has_rest = values.len() == conditions.len() + 1;
    if (values.len() != conditions.len() && !has_rest) || conditions.is_empty() {
        let message = format!("there are {} conditions and {} values", conditions.len(), values.len());
        return Err(TypeError::new("ff::type::argument", message)
            .at(Culprit::Param("values"), "one a condition")
            .with_help("one more than conditions is taken where none holds"));
    }
    let dtype = builder.ty(x).dtype;
    let zero = if dtype == DType::Bool { Value::Bool(false) } else { Value::Int(0) };
    let mut out = if has_rest { values[conditions.len()].clone() } else { zero };
    for (condition, value) in conditions.iter().zip(values) {
        out = call(builder, "where", &[condition.clone(), value.clone(), out])
            .map_err(|e| e.renamed(&[("cond", "conditions"), ("x", "values"), ("other", "values")]))?;
    }
    let dims = builder.ty(x).dims.clone();
    let Value::Array(made) = out else { return Ok(out) };
    let made = crate::operators::call::cast(builder, made, dtype)?;
    let fits = builder.ty(made).dims.names().all(|name| dims.axis(name).is_some());
    if !fits {
        let error = TypeError::new("ff::type::dims", format!("{} is not of the dims of the array", builder.ty(made)));
        return Err(error.at(Culprit::Param("values"), "dims that the array lacks"));
    }
    let made = super::broadcast::broadcast_to(builder, made, &dims)?;
    let like = builder.ty(x);
    crate::operators::moves::lacking_labels(builder, made, &like).map(Value::Array)
}

fn choose(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let choices = items(arguments, "choices")?;
    let Some(last) = choices.len().checked_sub(1).map(|last| last as i64) else {
        let error = TypeError::new("ff::type::argument", "there is nothing to choose from");
        return Err(error.at(Culprit::Param("choices"), "an empty list"));
    };
    let index = whole_index(builder, arguments.value("index"))?;
    let mode = arguments.str_opt("mode")?.unwrap_or("raise");
    let index = match mode {
        "wrap" => call(builder, "mod", &[index, Value::Int(last + 1)])?,
        "clip" => index,
        _ => known_index(builder, index, last)?,
    };
    let choices = united(builder, choices, None)?;
    let mut out = choices[last as usize].clone();
    // A single choice is taken too, so that the result has the dims of the index.
    for (number, choice) in choices.iter().enumerate().rev().skip(usize::from(last > 0)) {
        let condition = call(builder, "le", &[index.clone(), Value::Int(number as i64)])?;
        out = call(builder, "where", &[condition, choice.clone(), out])
            .map_err(|e| e.renamed(&[("cond", "index"), ("x", "choices"), ("other", "choices")]))?;
    }
    Ok(out)
}

/// An index of integers; bools are 0 and 1.
fn whole_index(builder: &mut dyn Builder, index: &Value) -> Result<Value, TypeError> {
    let dtype = match index {
        Value::Array(operand) => builder.ty(*operand).dtype,
        Value::Int(_) => DType::I64,
        Value::Bool(b) => return Ok(Value::Int((*b).into())),
        other => return Err(TypeError::expected("index", "integers", other)),
    };
    match dtype.kind() {
        Kind::Bool => call(builder, "cast", &[index.clone(), Value::DType(DType::I64)]),
        Kind::Signed | Kind::Unsigned => Ok(index.clone()),
        _ => {
            let error = TypeError::new("ff::type::dtype", format!("an index is an integer, this is {dtype}"));
            Err(error.at(Culprit::Param("index"), "not integers").with_help("cast it: `index as i64`"))
        }
    }
}

/// The index, where it is known and each of its numbers is one of a choice.
fn known_index(builder: &dyn Builder, index: Value, last: i64) -> Result<Value, TypeError> {
    let numbers = match &index {
        Value::Int(i) => Some(vec![Some(*i)]),
        Value::Array(operand) => {
            builder.known(*operand).map(|block| block.scalars().iter().map(|scalar| scalar.as_i64()).collect())
        }
        _ => None,
    };
    let help = "say what is done with numbers beyond the choices: `mode: clip` or `mode: wrap`";
    let Some(numbers) = numbers else {
        let error =
            TypeError::new("ff::type::unknown_values", "whether the index lies within the choices is not known");
        return Err(error.at(Culprit::Param("index"), "computed in the run").with_help(help));
    };
    match numbers.iter().find(|number| !number.is_some_and(|i| (0..=last).contains(&i))) {
        None => Ok(index),
        Some(number) => {
            let message = format!("there is no choice {} of {}", number.unwrap_or(i64::MAX), last + 1);
            Err(TypeError::new("ff::type::index", message).at(Culprit::Param("index"), "beyond").with_help(help))
        }
    }
}

/// As NumPy: what is infinite is close to what equals it; a tolerance is one of real numbers.
fn isclose(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let a = real(builder, "a", arguments.value("a"))?;
    let b = real(builder, "b", arguments.value("b"))?;
    let tolerance = |param: &'static str, default: f64| match arguments.get(param) {
        Some(value @ Value::Str(_)) => Err(TypeError::expected(param, "a number", value)),
        Some(value) => given(param, value).map(|_| value.clone()),
        None => Ok(Value::Float(default)),
    };
    let (rtol, atol) = (tolerance("rtol", 1e-5)?, tolerance("atol", 1e-8)?);
    let mut of = |name: &'static str, values: &[&Value]| {
        let values: Vec<Value> = values.iter().map(|value| (*value).clone()).collect();
        call(builder, name, &values)
    };
    let difference = of("sub", &[&a, &b])?;
    let (distance, size) = (of("abs", &[&difference])?, of("abs", &[&b])?);
    let part = of("mul", &[&rtol, &size])?;
    let limit = of("add", &[&atol, &part])?;
    let (near, finite) = (of("le", &[&distance, &limit])?, of("isfinite", &[&b])?);
    let (near, equal) = (of("and", &[&near, &finite])?, of("eq", &[&a, &b])?);
    let close = of("or", &[&near, &equal])?;
    if !arguments.bool("equal_nan", false)? {
        return Ok(close);
    }
    let (a, b) = (of("isnan", &[&a])?, of("isnan", &[&b])?);
    let both = of("and", &[&a, &b])?;
    of("or", &[&close, &both])
}

/// Numbers as real or complex ones.
fn real(builder: &mut dyn Builder, param: &'static str, value: &Value) -> Result<Value, TypeError> {
    let dtype = match value {
        Value::Array(operand) => builder.ty(*operand).dtype,
        Value::Int(_) | Value::UInt(_) | Value::Bool(_) => DType::I64,
        Value::Float(_) => return Ok(value.clone()),
        other => return Err(TypeError::expected(param, "an array of numbers or a number", other)),
    };
    match (dtype.kind(), value) {
        (Kind::Float | Kind::Complex, _) => Ok(value.clone()),
        (Kind::Bool | Kind::Signed | Kind::Unsigned, Value::Array(_)) => {
            call(builder, "cast", &[value.clone(), Value::DType(DType::F64)])
        }
        (Kind::Bool | Kind::Signed | Kind::Unsigned, _) => {
            Ok(Value::Float(value.scalar().and_then(|scalar| scalar.as_f64()).unwrap_or(f64::NAN)))
        }
        _ => {
            let error = TypeError::new("ff::type::dtype", format!("there is no tolerance for {dtype}"));
            Err(error.at(Culprit::Param(param), "not numbers").with_help("compare durations: `abs(a - b) <= 1s`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Bench, assert_python, ints, list};
    use Value::{Float, Int};

    #[test]
    fn pieces_are_numpys() {
        let mut bench = Bench::new();
        let reals = bench.array(&[("t", 7)], vec![-2.5, -1.0, 0.0, f64::NAN, 0.5, 1.0, 9.0]);
        let whole = bench.array(&[("t", 7)], vec![-3i32, -2, -1, 0, 1, 2, 3]);
        let mut lines = Vec::new();
        for x in [reals, whole] {
            let x = Value::Array(x);
            let mut of = |name: &str, y: Value| Value::Array(bench.apply_named(name, &[x.clone(), y], &[]));
            let conditions = list([of("lt", Int(0)), of("gt", Int(-2)), of("ge", Int(1))]);
            let values = [Float(-1.75), x.clone(), Int(7)];
            let rest = list(values.iter().cloned().chain([Float(2.5)]));
            lines.push(bench.say("piecewise", &[x.clone(), conditions.clone(), list(values)], &[]));
            lines.push(bench.say("piecewise", &[x.clone(), conditions, rest], &[]));
        }
        let script = "
say = lambda a: show(xr.DataArray(a, dims='t'))
for x in (np.array([-2.5, -1, 0, np.nan, .5, 1, 9]), np.arange(-3, 4, dtype='i4')):
    c, v = [x < 0, x > -2, x >= 1], [-1.75, lambda x: x, 7]
    say(np.piecewise(x, c, v)); say(np.piecewise(x, c, v + [2.5]))";
        assert_python(script, &lines);
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let x = Value::Array(bench.x());
        let condition = Value::Array(bench.apply_named("gt", &[x.clone(), Int(0)], &[]));
        let told = [
            bench.say("piecewise", &[x.clone(), list([condition.clone()]), ints([1, 2, 3])], &[]),
            bench.say("piecewise", &[x.clone(), list([]), list([])], &[]),
            bench.say("piecewise", &[x, condition, ints([1])], &[]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
