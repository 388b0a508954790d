//! Names, coordinates and attributes: what describes an array, changed without touching its values.

use std::sync::Arc;

use super::arguments::{RangeValue, required};
use super::error::Culprit;
use super::index::Labels;
use super::{Arguments, Builder, Operator, Param, ParamKind, Signature, TypeError, Value, moves};
use crate::array::{AttrValue, Coord, CoordValues, DType, DimName, Scalar};

const X: Param = required("x", ParamKind::Array, "The array.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "rename",
        signature: Signature {
            params: &[X, required("name", ParamKind::PerDim, "The new name of this dim or coordinate.")],
        },
        summary: "Gives dims and coordinates other names.",
        example: "rename(x, t: time, y: lat)",
        expand: rename,
    },
    Operator {
        name: "assign_coords",
        signature: Signature {
            params: &[
                X,
                required(
                    "labels",
                    ParamKind::PerDim,
                    "The labels along this dim: a list, a range or a known array; `none` drops them. By any other name a coordinate besides the labels of dims: an array along dims of `x`, or a single value.",
                ),
            ],
        },
        summary: "Sets coordinates.",
        example: "assign_coords(x, y: [10, 20, 30, 40])",
        expand: assign_coords,
    },
    Operator {
        name: "drop_coords",
        signature: Signature {
            params: &[
                X,
                required(
                    "dims",
                    ParamKind::Dims,
                    "The dims whose labels go, and the names of other coordinates; all where none is named.",
                ),
            ],
        },
        summary: "Drops coordinates; the dims stay.",
        example: "drop_coords(x, t)",
        expand: drop_coords,
    },
    Operator {
        name: "with_attrs",
        signature: Signature {
            params: &[
                X,
                required(
                    "value",
                    ParamKind::PerDim,
                    "The value of the attribute of this name: text, a number or a list of either; `none` removes it.",
                ),
            ],
        },
        summary: "Sets attributes; others stay.",
        example: "with_attrs(x, units: \"K\")",
        expand: with_attrs,
    },
];

fn rename(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut rename: Vec<(DimName, DimName)> = Vec::new();
    for (axis, value) in arguments.per_axis(&ty)? {
        let old = ty.dims[axis].name.clone();
        let at = Culprit::Named(old.to_string());
        let new = match &value.value {
            Value::Name(name) | Value::Str(name) if !name.is_empty() => DimName::new(name),
            other => {
                let message = format!("the new name of `{old}` is a name, this is {}", other.kind());
                let help = format!("a name that is taken in the script goes in quotes: rename(x, {old}: \"name\")");
                return Err(TypeError::new("ff::type::argument", message).at(at, "expected a name").with_help(help));
            }
        };
        if new != old {
            rename.push((old, new));
        }
    }
    for (i, (old, new)) in rename.iter().enumerate() {
        let stays = ty.dims.axis(new).is_some() && !rename.iter().any(|(o, _)| o == new);
        if stays || rename[..i].iter().any(|(_, n)| n == new) {
            let message = format!("two dims of {ty} would be called `{new}`");
            let at = Culprit::Named(old.to_string());
            return Err(TypeError::new("ff::type::repeated_dim", message).at(at, "this name is taken"));
        }
    }
    moves::relabel(builder, x, Labels { rename, ..Labels::default() }).map(Value::Array)
}

fn assign_coords(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut coords = Vec::new();
    for (axis, value) in arguments.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let at = Culprit::Named(dim.name.to_string());
        let coord = coordinate(builder, &dim.name, &value.value).map_err(|e| e.or_at(at.clone()))?;
        if let Some(coord) = coord.as_ref().filter(|c| c.len() as u64 != dim.size) {
            let message = format!("{} labels for dim `{}`, which has {} elements", coord.len(), dim.name, dim.size);
            return Err(TypeError::new("ff::type::coords", message).at(at, format!("{} labels", coord.len())));
        }
        if coord.is_some() || ty.coord(&dim.name).is_some() {
            coords.push((dim.name.clone(), coord));
        }
    }
    moves::relabel(builder, x, Labels { coords, ..Labels::default() }).map(Value::Array)
}

fn drop_coords(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let names = arguments.axes(&ty)?.into_iter().map(|axis| ty.dims[axis].name.clone());
    let coords = names.filter(|name| ty.coord(name).is_some()).map(|name| (name, None)).collect();
    moves::relabel(builder, x, Labels { coords, ..Labels::default() }).map(Value::Array)
}

fn with_attrs(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut attrs = (*ty.attrs).clone();
    for (name, value) in &arguments.per_dim {
        match &value.value {
            Value::None => drop(attrs.remove(&name.value)),
            value => {
                let value = attribute(builder, value).ok_or_else(|| {
                    let message = format!("attribute `{}` cannot be {}", name.value, value.kind());
                    TypeError::new("ff::type::attribute", message)
                        .at(Culprit::Named(name.value.clone()), "expected text, a number or a list of either")
                })?;
                attrs.set(name.value.clone(), value);
            }
        }
    }
    let attrs = (attrs != *ty.attrs).then(|| Arc::new(attrs));
    moves::relabel(builder, x, Labels { attrs, ..Labels::default() }).map(Value::Array)
}

/// A value as an attribute, if there is a way to write it.
fn attribute(builder: &dyn Builder, value: &Value) -> Option<AttrValue> {
    Some(match value {
        Value::Str(text) => AttrValue::Str(text.clone()),
        Value::List(items) if items.iter().all(|v| matches!(v, Value::Str(_))) && !items.is_empty() => {
            AttrValue::StrList(
                items.iter().filter_map(|v| if let Value::Str(s) = v { Some(s.clone()) } else { None }).collect(),
            )
        }
        Value::List(items) => {
            let scalars: Vec<Scalar> = items.iter().map(Value::scalar).collect::<Option<_>>()?;
            let dtype = number_dtype(&scalars)?;
            AttrValue::Numbers(dtype, scalars)
        }
        Value::Array(operand) => {
            let dtype = builder.ty(*operand).dtype;
            let block = builder.known(*operand).filter(|block| block.shape().len() < 2)?;
            match (dtype, block.shape().is_empty()) {
                (DType::Str, _) | (DType::DateTime(_), _) | (DType::Duration, _) => return None,
                (dtype, true) => AttrValue::Number(dtype, block.get(&[])),
                (dtype, false) => AttrValue::Numbers(dtype, block.scalars()),
            }
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Size(_) => {
            let scalar = value.scalar()?;
            AttrValue::Number(number_dtype(std::slice::from_ref(&scalar))?, scalar)
        }
        _ => return None,
    })
}

/// The dtype that literals have together; none for an empty list and for what is not a number.
fn number_dtype(scalars: &[Scalar]) -> Option<DType> {
    let dtype = |scalar: &Scalar| match scalar {
        Scalar::Bool(_) => Some(DType::Bool),
        Scalar::Int(_) => Some(DType::I64),
        Scalar::Float(_) => Some(DType::F64),
        _ => None,
    };
    let (first, rest) = scalars.split_first()?;
    rest.iter().try_fold(dtype(first)?, |common, scalar| match (common, dtype(scalar)?) {
        (a, b) if a == b => Some(a),
        (DType::Bool, _) | (_, DType::Bool) => None,
        _ => Some(DType::F64),
    })
}

/// The coordinate of `dim` that a list, a range or a known array gives; none for `none`.
///
/// # Errors
/// It gives none: labels of several kinds, values that are not known while planning.
pub(super) fn coordinate(builder: &dyn Builder, dim: &DimName, value: &Value) -> Result<Option<Arc<Coord>>, TypeError> {
    let coord = match value {
        Value::None => return Ok(None),
        Value::List(items) => listed(builder, dim, items)?,
        Value::Range(range) => Coord::integers(dim.clone(), counted(range)?),
        Value::Array(operand) => {
            let ty = builder.ty(*operand);
            let unknown = || {
                TypeError::new("ff::type::unknown_values", "labels must be known while planning")
                    .with_help("take them from a coordinate, a list or arithmetic on these")
            };
            if ty.rank() != 1 {
                let message = format!("labels lie along one dim, this is {ty}");
                return Err(TypeError::new("ff::type::argument", message));
            }
            let block = builder.chosen_by(*operand)?.ok_or_else(unknown)?;
            Coord::from_block(dim.clone(), ty.dtype, &block, ty.attrs.clone())
                .ok_or_else(|| TypeError::new("ff::type::coords", format!("{} values cannot be labels", ty.dtype)))?
        }
        other => {
            let message = format!("labels are a list, a range or an array, this is {}", other.kind());
            return Err(TypeError::new("ff::type::argument", message));
        }
    };
    Ok(Some(Arc::new(coord)))
}

fn listed(builder: &dyn Builder, dim: &DimName, items: &[Value]) -> Result<Coord, TypeError> {
    let scalar = |value: &Value| match value {
        Value::Array(operand) => {
            let block = builder.known(*operand).filter(|block| block.shape().is_empty())?;
            Some(typed(&block.get(&[]), builder.ty(*operand).dtype))
        }
        other => other.scalar(),
    };
    let scalars: Option<Vec<Scalar>> = items.iter().map(scalar).collect();
    let mixed = || {
        TypeError::new("ff::type::coords", "labels are all numbers, all texts, all dates or all durations")
            .with_help("write a flat list of values of one kind")
    };
    let scalars = scalars.ok_or_else(mixed)?;
    let integers = |wanted: fn(&Scalar) -> Option<i64>| scalars.iter().map(wanted).collect::<Option<Vec<i64>>>();
    let of = |dtype, values| Coord { dim: dim.clone(), dtype, values, attrs: Arc::default() };
    if let Some(dtype) = number_dtype(&scalars) {
        return Ok(match dtype {
            DType::F64 => of(dtype, CoordValues::Float(scalars.iter().filter_map(Scalar::as_f64).collect())),
            _ => of(dtype, CoordValues::Int(scalars.iter().filter_map(Scalar::as_i64).collect())),
        });
    }
    match scalars.first() {
        None => Ok(Coord::integers(dim.clone(), Vec::new())),
        Some(Scalar::UInt(_)) => {
            integers(Scalar::as_i64).map(|v| of(DType::U64, CoordValues::Int(v))).ok_or_else(mixed)
        }
        Some(Scalar::Str(_)) => {
            let texts = scalars.iter().map(|s| if let Scalar::Str(text) = s { Some(text.clone()) } else { None });
            texts.collect::<Option<Vec<_>>>().map(|v| of(DType::Str, CoordValues::Str(v))).ok_or_else(mixed)
        }
        Some(Scalar::DateTime(_, calendar)) => {
            let times = scalars.iter().map(|s| match s {
                Scalar::DateTime(t, theirs) if theirs == calendar => Some(*t),
                _ => None,
            });
            let times = times.collect::<Option<Vec<_>>>().ok_or_else(mixed)?;
            Ok(of(DType::DateTime(*calendar), CoordValues::Time(times, *calendar)))
        }
        Some(Scalar::Duration(_)) => integers(|s| if let Scalar::Duration(d) = s { Some(*d) } else { None })
            .map(|v| of(DType::Duration, CoordValues::Duration(v)))
            .ok_or_else(mixed),
        Some(_) => Err(mixed()),
    }
}

/// The most labels that a range may give.
const MAX_LABELS: usize = 100_000_000;

/// The integers of a range with two ends.
fn counted(range: &RangeValue) -> Result<Vec<i64>, TypeError> {
    let (Some(Value::Int(start)), Some(Value::Int(end))) = (&range.start, &range.end) else {
        return Err(TypeError::new("ff::type::range", "a range of labels has two integer ends"));
    };
    let step = range.step.unwrap_or(1);
    let mut labels = Vec::new();
    let mut at = *start;
    let past = |at: i64| match (step > 0, range.closed) {
        (true, true) => at > *end,
        (true, false) => at >= *end,
        (false, true) => at < *end,
        (false, false) => at <= *end,
    };
    while step != 0 && !past(at) {
        if labels.len() == MAX_LABELS {
            return Err(TypeError::new("ff::type::range", format!("a range of more than {MAX_LABELS} labels")));
        }
        labels.push(at);
        match at.checked_add(step) {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(labels)
}

/// The stored element of an array of `dtype` as the scalar that it means.
pub(super) fn typed(scalar: &Scalar, dtype: DType) -> Scalar {
    match (dtype, scalar) {
        (DType::DateTime(calendar), Scalar::Int(time)) => Scalar::DateTime(*time, calendar),
        (DType::Duration, Scalar::Int(micros)) => Scalar::Duration(*micros),
        (_, other) => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::operators::Operand;
    use crate::operators::testing::{Bench, ints, list, range, text};
    use Value::{Float, Int};

    fn name(name: &str) -> Value {
        Value::Name(name.into())
    }

    fn attrs(bench: &Bench, x: Operand) -> String {
        let ty = bench.ty(x);
        let entries: Vec<String> = ty.attrs.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        entries.join(", ")
    }

    #[test]
    fn names_and_labels_change() {
        let mut bench = Bench::new();
        let x = bench.array(&[("t", 2), ("y", 3)], (0..6i64).collect());
        let three = |items: [Value; 3]| list(items);
        let dates = bench.apply_named(
            "full",
            &[ints([2]), text("2000-02-29"), Value::DType(DType::DateTime(crate::array::Calendar::Standard))],
            &[],
        );
        let labelled =
            bench.apply_named("assign_coords", &[Value::Array(x)], &[("t", ints([7, 8])), ("y", ints([1, 2, 3]))]);
        let x = Value::Array(x);
        let told = [
            bench.say("assign_coords", from_ref(&x), &[("t", Value::Array(dates))]),
            bench.say("assign_coords", from_ref(&x), &[("y", three([Int(1), Float(2.5), Int(4)]))]),
            bench.say("assign_coords", from_ref(&x), &[("y", three(["a", "b", "c"].map(text)))]),
            bench.say("assign_coords", from_ref(&x), &[("y", three([true, false, true].map(Value::Bool)))]),
            bench.say("assign_coords", from_ref(&x), &[("y", range(Some(Int(5)), Some(Int(11)), false, Some(2)))]),
            bench.say("assign_coords", &[x], &[("y", range(Some(Int(3)), Some(Int(1)), true, Some(-1)))]),
            bench.say("assign_coords", &[Value::Array(labelled)], &[("y", Value::None)]),
            bench.say("drop_coords", &[Value::Array(labelled), name("t")], &[]),
            bench.say("drop_coords", &[Value::Array(labelled)], &[]),
            bench.say("rename", &[Value::Array(labelled)], &[("t", name("time"))]),
            bench.say("rename", &[Value::Array(labelled)], &[("t", name("y")), ("y", name("t"))]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn attributes_are_merged() {
        let mut bench = Bench::new();
        let x = bench.x();
        let numbers = list([Int(1), Float(0.5)]);
        let named = [("units", text("K")), ("valid_range", numbers), ("version", Int(2)), ("note", text("x"))];
        let with = bench.apply_named("with_attrs", &[Value::Array(x)], &named);
        let without =
            bench.apply_named("with_attrs", &[Value::Array(with)], &[("note", Value::None), ("units", text("degC"))]);
        assert_eq!(
            attrs(&bench, without),
            r#"units: Str("degC"), valid_range: Numbers(F64, [Int(1), Float(0.5)]), version: Number(I64, Int(2))"#
        );
        assert_eq!(bench.apply_named("with_attrs", &[Value::Array(x)], &[]), x);
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let x = Value::Array(bench.x());
        let told = [
            bench.say("rename", from_ref(&x), &[("z", name("lat"))]),
            bench.say("rename", from_ref(&x), &[("t", name("y"))]),
            bench.say("rename", from_ref(&x), &[("t", name("k")), ("y", name("k"))]),
            bench.say("rename", from_ref(&x), &[("t", x.clone())]),
            bench.say("assign_coords", from_ref(&x), &[("y", ints([1]))]),
            bench.say("assign_coords", from_ref(&x), &[("y", list([Int(1), text("a")]))]),
            bench.say("assign_coords", from_ref(&x), &[("y", Int(1))]),
            bench.say("assign_coords", from_ref(&x), &[("y", x.clone())]),
            bench.say("assign_coords", from_ref(&x), &[("y", range(Some(Int(1)), None, true, None))]),
            bench.say("with_attrs", &[x], &[("units", Value::Duration { months: 1, micros: 0 })]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
