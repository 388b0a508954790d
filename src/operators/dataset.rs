//! Datasets as values: their variables chosen, added and put together.
//!
//! A dataset is a record of arrays. What is done to each variable by itself is no business of operators (the lowering
//! calls them for one variable after the other); these are about the record. Names and rules are those of
//! `xarray.Dataset`, but for what can only be decided by looking at values: two variables of one name are the same where
//! they are one node of the graph, and else it has to be said which is meant.

use std::sync::Arc;

use super::arguments::{operand, optional, required};
use super::error::{Culprit, closest};
use super::index::Labels;
use super::selection::{Brought, JOINS, aligned};
use super::{Arguments, Builder, Constant, Operand, Operator, Param, ParamKind, Signature, TypeError, Value, moves};
use crate::array::{ArrayType, Coord, DType, DimName, Dims};

/// Variables by name.
type Fields = Vec<(String, Value)>;

const DATA: Param = required("data", ParamKind::Any, "The dataset: a source, or a record of arrays.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "select_vars",
        signature: Signature { params: &[DATA, required("names", ParamKind::Dims, "The variables that stay.")] },
        summary: "The named variables of a dataset, in this order; `data[[\"a\", \"b\"]]` is the same.",
        example: "select_vars({a: x, b: -x, c: x * 2}, c, a)",
        expand: select_vars,
    },
    Operator {
        name: "drop_vars",
        signature: Signature {
            params: &[
                DATA,
                required("names", ParamKind::Dims, "The variables that go; the name of a dim stands for its labels."),
            ],
        },
        summary: "A dataset without the named variables.",
        example: "drop_vars({a: x, b: -x}, b)",
        expand: drop_vars,
    },
    Operator {
        name: "assign",
        signature: Signature {
            params: &[DATA, required("value", ParamKind::PerDim, "The variable of this name: an array or a number.")],
        },
        summary: "A dataset with more variables, or others in place of those of the same name.",
        example: "assign({a: x}, b: x * 2)",
        expand: assign,
    },
    Operator {
        name: "merge",
        signature: Signature {
            params: &[
                required("datasets", ParamKind::Rest, "The datasets, or one list of them."),
                optional(
                    "join",
                    ParamKind::Choice(JOINS),
                    "exact",
                    "What is done where labels differ: as `align` does; `exact` refuses.",
                ),
                optional(
                    "compat",
                    ParamKind::Choice(&["identical", "override"]),
                    "identical",
                    "Of variables of one name: `identical` refuses those that are not the same, `override` takes the first.",
                ),
            ],
        },
        summary: "The variables of several datasets in one.",
        example: "merge({a: x}, {b: x * 2})",
        expand: merge,
    },
    Operator {
        name: "set_coords",
        signature: Signature {
            params: &[DATA, required("names", ParamKind::Dims, "The variables that become coordinates.")],
        },
        summary: "Makes variables coordinates of those that have their dims.",
        example: "set_coords({a: x, depth: mean(x, t)}, depth)",
        expand: set_coords,
    },
    Operator {
        name: "reset_coords",
        signature: Signature {
            params: &[
                DATA,
                required(
                    "names",
                    ParamKind::Dims,
                    "The coordinates, besides the labels of dims, that become variables; all where none is named.",
                ),
            ],
        },
        summary: "Makes coordinates variables of the dataset.",
        example: "reset_coords({a: assign_coords(x, depth: mean(x, t))}, depth)",
        expand: reset_coords,
    },
    Operator {
        name: "swap_dims",
        signature: Signature {
            params: &[
                DATA,
                required(
                    "variable",
                    ParamKind::PerDim,
                    "The variable or coordinate along this dim that becomes its labels, and whose name it gets.",
                ),
            ],
        },
        summary: "Labels dims of a dataset by variables of it, or of an array or dataset by coordinates; the labels there were become such in turn.",
        example: "swap_dims({a: x, step: arange(0, 60, 10, dim: t)}, t: step)",
        expand: swap_dims,
    },
];

fn set_coords(_: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut fields = dataset(arguments)?.clone();
    for (i, name) in names(arguments)? {
        let place = fields.iter().position(|(n, _)| *n == name).ok_or_else(|| unknown(&name, &fields, i))?;
        let (_, value) = fields.remove(place);
        if !matches!(value, Value::Array(_)) {
            return Err(no_variable(i, &name, &value));
        }
    }
    Ok(Value::Record(Arc::new(fields)))
}

fn reset_coords(_: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    names(arguments)?;
    Ok(Value::Record(Arc::new(dataset(arguments)?.clone())))
}

fn select_vars(_: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let fields = dataset(arguments)?;
    let mut chosen = Fields::new();
    for (i, name) in names(arguments)? {
        let found = fields.iter().find(|(n, _)| *n == name).ok_or_else(|| unknown(&name, fields, i))?;
        if chosen.iter().any(|(n, _)| *n == name) {
            let message = format!("the variable `{name}` is named twice");
            return Err(TypeError::new("ff::type::variable", message).at(Culprit::Variadic(i), "again here"));
        }
        chosen.push(found.clone());
    }
    Ok(Value::Record(Arc::new(chosen)))
}

fn drop_vars(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut fields = dataset(arguments)?.to_vec();
    for (i, name) in names(arguments)? {
        let before = fields.len();
        let dim = DimName::new(&name);
        let all = fields.clone();
        fields.retain(|(n, _)| *n != name);
        let mut is_known = fields.len() < before;
        for (_, value) in &mut fields {
            if let Value::Array(x) = value
                && builder.ty(*x).coord(&dim).is_some()
            {
                *x = moves::unlabel(builder, *x, &dim)?;
                is_known = true;
            }
        }
        if !is_known {
            return Err(unknown(&name, &all, i));
        }
    }
    Ok(Value::Record(Arc::new(fields)))
}

fn assign(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut fields = dataset(arguments)?.to_vec();
    if arguments.per_dim.is_empty() {
        return Err(TypeError::new("ff::type::missing_argument", "`assign` is given no variable")
            .with_help("name what is added: `assign(data, anomaly: data.t2m - mean(data.t2m, time))`"));
    }
    for (name, value) in &arguments.per_dim {
        let at = Culprit::Named(name.value.clone());
        let x = array(builder, &value.value).ok_or_else(|| {
            let message =
                format!("the variable `{}` is an array or a number, this is {}", name.value, value.value.kind());
            TypeError::new("ff::type::argument", message).at(at.clone(), "expected an array")
        })?;
        let others = fields.iter().filter(|(n, _)| *n != name.value);
        let mut differs = others.filter_map(|(n, other)| match other {
            Value::Array(other) => Some((n, difference(&builder.ty(x), &builder.ty(*other))?)),
            _ => None,
        });
        if let Some((other, what)) = differs.next() {
            let message = format!("`{}` does not go with `{other}`, which is in the dataset: {what}", name.value);
            return Err(TypeError::new("ff::type::coords", message)
                .at(at, format!("this is {}", builder.ty(x)))
                .with_help("bring both to the same labels with `merge(data, {name: …}, join: …)`, or rename the dim"));
        }
        match fields.iter_mut().find(|(n, _)| *n == name.value) {
            Some(field) => field.1 = Value::Array(x),
            None => fields.push((name.value.clone(), Value::Array(x))),
        }
    }
    Ok(Value::Record(Arc::new(fields)))
}

fn merge(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let join = arguments.str_opt("join")?.unwrap_or("exact");
    let takes_first = arguments.str_opt("compat")? == Some("override");
    let mut names: Vec<String> = Vec::new();
    let mut arrays: Vec<Brought> = Vec::new();
    for (argument, value) in arguments.variadic.iter().enumerate() {
        let alone = std::slice::from_ref(&value.value);
        let datasets = if let Value::List(items) = &value.value { items } else { alone };
        for (name, value) in variables_of(datasets).ok_or_else(|| no_dataset(argument, &value.value))? {
            let x = array(builder, value).ok_or_else(|| no_variable(argument, name, value))?;
            match names.iter().position(|n| n == name) {
                None => {
                    names.push(name.clone());
                    arrays.push(Brought { array: x, argument });
                }
                Some(first) if takes_first || arrays[first].array == x => {}
                Some(first) => {
                    let types = (builder.ty(arrays[first].array), builder.ty(x));
                    return Err(twice(name, (argument, arrays[first].argument), (&types.0, &types.1)));
                }
            }
        }
    }
    let brought = aligned(builder, arrays, join, None)?.into_iter().map(Value::Array);
    Ok(Value::Record(Arc::new(names.into_iter().zip(brought).collect())))
}

fn swap_dims(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut fields = dataset(arguments)?.to_vec();
    for (old, new) in &arguments.per_dim {
        let at = Culprit::Named(old.value.clone());
        let (Value::Name(name) | Value::Str(name)) = &new.value else {
            let message = format!("the name of a variable is expected, this is {}", new.value.kind());
            let help = "a name that is taken in the script goes in quotes";
            return Err(TypeError::new("ff::type::argument", message).at(at, "expected a name").with_help(help));
        };
        let found = fields.iter().position(|(n, _)| n == name);
        let (Some(place), dim) = (found, DimName::new(&old.value)) else {
            return Err(TypeError { culprit: at, ..unknown(name, &fields, 0) });
        };
        let coord = labels_along(builder, &fields[place].1, &dim, name).map_err(|e| e.or_at(at))?;
        let (_, swapped) = fields.remove(place);
        let before = array(builder, &swapped).and_then(|x| builder.ty(x).coord(&dim).cloned());
        for (_, value) in &mut fields {
            if let Value::Array(x) = value {
                *x = renamed(builder, *x, &dim, &coord)?;
            }
        }
        if let Some(before) = before {
            let mut ty = ArrayType::new(before.dtype, Dims::new([(coord.dim.clone(), before.len() as u64)]));
            ty.coords.insert(coord.dim.clone(), coord.clone());
            ty.attrs = before.attrs.clone();
            let labels = builder.constant(ty, Constant::Values(before.block()));
            fields.push((old.value.clone(), Value::Array(labels)));
        }
    }
    Ok(Value::Record(Arc::new(fields)))
}

/// The array with `dim` under the name and the labels of a coordinate.
fn renamed(builder: &mut dyn Builder, x: Operand, dim: &DimName, coord: &Arc<Coord>) -> Result<Operand, TypeError> {
    if builder.ty(x).dims.axis(dim).is_none() {
        return Ok(x);
    }
    let (rename, coords) = (vec![(dim.clone(), coord.dim.clone())], vec![(coord.dim.clone(), Some(coord.clone()))]);
    moves::relabel(builder, x, Labels { rename, coords, ..Labels::default() })
}

/// The values of a variable along just this dim as labels of a dim of its name.
fn labels_along(builder: &mut dyn Builder, value: &Value, dim: &DimName, name: &str) -> Result<Arc<Coord>, TypeError> {
    let unfit =
        |what: String| TypeError::new("ff::type::coords", format!("`{name}` cannot label the dim `{dim}`: {what}"));
    let x = array(builder, value).ok_or_else(|| unfit(format!("it is {}", value.kind())))?;
    let ty = builder.ty(x);
    if ty.dims.names().collect::<Vec<_>>() != [dim] {
        return Err(unfit(format!("it is {ty}")));
    }
    let block = builder.chosen_by(x)?.ok_or_else(|| unfit("its values are not known while planning".into()))?;
    let coord = Coord::from_block(DimName::new(name), ty.dtype, &block, ty.attrs.clone());
    coord.map(Arc::new).ok_or_else(|| unfit(format!("{} values are no labels", ty.dtype)))
}

/// The variables of all datasets in order; none where one is no dataset.
fn variables_of(datasets: &[Value]) -> Option<Vec<&(String, Value)>> {
    let mut all = Vec::new();
    for value in datasets {
        let Value::Record(fields) = value else { return None };
        all.extend(fields.iter());
    }
    Some(all)
}

fn no_dataset(argument: usize, value: &Value) -> TypeError {
    let message = format!("`merge` takes datasets, this is {}", value.kind());
    TypeError::new("ff::type::argument", message)
        .at(Culprit::Variadic(argument), "expected a dataset")
        .with_help("an array becomes a dataset of one variable by a name: `merge(data, {name: x})`")
}

fn no_variable(argument: usize, name: &str, value: &Value) -> TypeError {
    let message = format!("`{name}` is {}, and variables are arrays", value.kind());
    TypeError::new("ff::type::argument", message).at(Culprit::Variadic(argument), "in this dataset")
}

/// Two variables of one name, which are not known to be the same.
fn twice(name: &str, (second, first): (usize, usize), types: (&ArrayType, &ArrayType)) -> TypeError {
    let (a, b) = types;
    let why = match (a.dtype == b.dtype, a.dims == b.dims) {
        (true, true) => {
            "different expressions may have the same values, which are not compared while planning".to_owned()
        }
        _ => format!("one is {a}, the other {b}"),
    };
    TypeError::new("ff::type::variable", format!("two datasets have a variable `{name}`: {why}"))
        .at(Culprit::Variadic(second), "again here")
        .and_at(Culprit::Variadic(first), format!("`{name}` is here"))
        .with_help("say which is meant: `compat: override` takes the first, `drop_vars` leaves one out, `rename` gives it another name")
}

/// The dataset that is the argument `data`.
fn dataset(arguments: &Arguments) -> Result<&Fields, TypeError> {
    match arguments.value("data") {
        Value::Record(fields) => Ok(fields),
        other => Err(TypeError::expected("data", "a dataset", other)),
    }
}

/// The names given, each with the position of its argument; a list of texts stands for its items.
fn names(arguments: &Arguments) -> Result<Vec<(usize, String)>, TypeError> {
    let mut names = Vec::new();
    for (i, value) in arguments.variadic.iter().enumerate() {
        let alone = std::slice::from_ref(&value.value);
        let items = if let Value::List(items) = &value.value { items } else { alone };
        for item in items {
            match item {
                Value::Name(name) | Value::Str(name) => names.push((i, name.clone())),
                other => {
                    let message = format!("the name of a variable is expected, this is {}", other.kind());
                    let error = TypeError::new("ff::type::argument", message);
                    return Err(error.at(Culprit::Variadic(i), "expected a name"));
                }
            }
        }
    }
    Ok(names)
}

fn unknown(name: &str, fields: &Fields, argument: usize) -> TypeError {
    let known: Vec<&str> = fields.iter().map(|(n, _)| n.as_str()).collect();
    let error = TypeError::new("ff::type::variable", format!("the dataset has no variable `{name}`"))
        .at(Culprit::Variadic(argument), "no such variable");
    match closest(name, known.iter().copied()) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error.with_help(format!("its variables are {}", known.join(", "))),
    }
}

/// An array as it is, a number as one of no dims.
fn array(builder: &mut dyn Builder, value: &Value) -> Option<Operand> {
    let dtype = match value {
        Value::Array(x) => return Some(*x),
        Value::Bool(_) => DType::Bool,
        Value::Int(_) => DType::I64,
        Value::UInt(_) => DType::U64,
        Value::Float(_) => DType::F64,
        _ => return None,
    };
    operand(builder, value, dtype)
}

/// How the dims that two arrays share differ, if they do.
fn difference(a: &ArrayType, b: &ArrayType) -> Option<String> {
    a.dims.iter().find_map(|dim| {
        let other = b.dims.get(&dim.name)?;
        if other.size != dim.size {
            return Some(format!("`{}` has {} and {} elements", dim.name, dim.size, other.size));
        }
        let at = a.coord(&dim.name)?.first_difference(b.coord(&dim.name)?)?;
        Some(format!("the labels of `{}` differ first at position {at}", dim.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Bench, ints, list};

    fn record(fields: &[(&str, Value)]) -> Value {
        Value::Record(Arc::new(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()))
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let x = Value::Array(bench.x());
        let other = Value::Array(bench.array(&[("y", 3)], vec![1.0, 2.0, 3.0]));
        let data = record(&[("t2m", x.clone()), ("u10", x.clone())]);
        let name = |text: &str| Value::Name(text.to_owned());
        let labelled = |bench: &mut Bench, labels| {
            Value::Array(bench.apply_named("assign_coords", std::slice::from_ref(&x), &[("y", ints(labels))]))
        };
        let (a, b) = (labelled(&mut bench, [1, 2, 3, 4]), labelled(&mut bench, [2, 3, 4, 5]));
        let told = [
            bench.say("select_vars", &[data.clone(), name("t2")], &[]),
            bench.say("select_vars", &[data.clone(), name("t2m"), name("t2m")], &[]),
            bench.say("select_vars", &[x.clone(), name("t2m")], &[]),
            bench.say("drop_vars", &[data.clone(), Value::Int(1)], &[]),
            bench.say("drop_vars", &[data.clone(), name("speed")], &[]),
            bench.say("assign", std::slice::from_ref(&data), &[("v10", other.clone())]),
            bench.say("assign", std::slice::from_ref(&data), &[("v10", list([x.clone()]))]),
            bench.say("merge", &[data.clone(), x.clone()], &[]),
            bench.say("merge", &[data.clone(), record(&[("t2m", other)])], &[]),
            bench.say("merge", &[record(&[("a", a)]), record(&[("b", b)])], &[]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
