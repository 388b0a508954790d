//! Arrays repeated, turned, and cut to triangles: all of moves and elementwise calls.

use super::arguments::{self, optional, required};
use super::error::Culprit;
use super::index::Labels;
use super::{
    Arguments, Builder, Constant, Operand, Operator, Param, ParamKind, Signature, TypeError, Value, call, moves,
};
use crate::array::{ArrayType, DType, DimName, Dims, Scalar};

const X: Param = required("x", ParamKind::Array, "The array.");
const COUNT: Param = required("count", ParamKind::PerDim, "How many times, along this dim.");
const ROWS: Param = optional("rows", ParamKind::Dim, "none", "The dim of the rows; the last but one unless given.");
const COLUMNS: Param = optional("columns", ParamKind::Dim, "none", "The dim of the columns; the last unless given.");
const K: Param = optional("k", ParamKind::Int, "0", "The diagonal: 0 is the main one, 1 the one above it.");
const LIKE_DTYPE: Param = optional("dtype", ParamKind::DType, "none", "The dtype; that of the array unless given.");

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "tile",
        signature: Signature { params: &[X, COUNT] },
        summary: "The array several times one after the other along dims, which lose their labels.",
        example: "tile(x, t: 2)",
        expand: |builder, arguments| repeated(builder, arguments, true),
    },
    Operator {
        name: "repeat",
        signature: Signature { params: &[X, COUNT] },
        summary: "Each element several times along dims, which lose their labels.",
        example: "repeat(x, t: 2, y: 3)",
        expand: |builder, arguments| repeated(builder, arguments, false),
    },
    Operator {
        name: "rot90",
        signature: Signature {
            params: &[
                X,
                required("first", ParamKind::Dim, "The dim that is turned towards the second."),
                required("second", ParamKind::Dim, "The second dim."),
                optional("k", ParamKind::Int, "1", "How many quarter turns; the other way where negative."),
            ],
        },
        summary: "Turned by quarters in the plane of two dims, which keep their places: a quarter turn swaps their names.",
        example: "rot90(x, t, y)",
        expand: rot90,
    },
    Operator {
        name: "tril",
        signature: Signature { params: &[X, ROWS, COLUMNS, K] },
        summary: "The lower triangle of matrices: zero above a diagonal.",
        example: "tril(x)",
        expand: |builder, arguments| triangle(builder, arguments, "le"),
    },
    Operator {
        name: "triu",
        signature: Signature { params: &[X, ROWS, COLUMNS, K] },
        summary: "The upper triangle of matrices: zero below a diagonal.",
        example: "triu(x, k: 1)",
        expand: |builder, arguments| triangle(builder, arguments, "ge"),
    },
    Operator {
        name: "zeros_like",
        signature: Signature { params: &[X, LIKE_DTYPE] },
        summary: "Zeros with the dims and labels of an array, whose values are not read.",
        example: "zeros_like(x)",
        expand: |builder, arguments| like(builder, arguments, &Value::Int(0)),
    },
    Operator {
        name: "ones_like",
        signature: Signature { params: &[X, LIKE_DTYPE] },
        summary: "Ones with the dims and labels of an array, whose values are not read.",
        example: "ones_like(x, dtype: i32)",
        expand: |builder, arguments| like(builder, arguments, &Value::Int(1)),
    },
    Operator {
        name: "full_like",
        signature: Signature {
            params: &[X, required("value", ParamKind::Any, "The value of all elements."), LIKE_DTYPE],
        },
        summary: "One value with the dims and labels of an array, whose values are not read.",
        example: "full_like(x, 2.5)",
        expand: |builder, arguments| like(builder, arguments, arguments.value("value")),
    },
];

/// Repeats elements: a new dim of so many before the dim (`tiled`) or behind it is joined with it.
fn repeated(builder: &mut dyn Builder, arguments: &Arguments, tiled: bool) -> Result<Value, TypeError> {
    let mut x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut labelled = (*ty).clone();
    for (axis, count) in arguments.per_axis(&ty)? {
        let dim = ty.dims[axis].clone();
        labelled.coords.remove(&dim.name);
        let at = Culprit::Named(dim.name.to_string());
        let count = match &count.value {
            Value::Int(n) if *n >= 0 => *n as u64,
            other => {
                let message = format!("a number of times is an integer that is not negative, this is {}", shown(other));
                return Err(TypeError::new("ff::type::argument", message).at(at, "how often"));
            }
        };
        let size = dim.size.checked_mul(count).filter(|size| i64::try_from(*size).is_ok()).ok_or_else(|| {
            let message = format!("`{}` would have more elements than can be counted", dim.name);
            TypeError::new("ff::type::size", message).at(at, "too often")
        })?;
        let unlabelled = moves::unlabel(builder, x, &dim.name)?;
        let copies = free_name(&ty);
        let spread = moves::insert(builder, unlabelled, axis + usize::from(!tiled), &copies, None)?;
        let mut shape = builder.ty(spread).shape();
        shape[axis + usize::from(!tiled)] = count;
        let spread = moves::broadcast(builder, spread, &shape)?;
        let sizes = builder.ty(x).dims.iter().map(|d| (d.name.clone(), d.size)).collect::<Vec<_>>();
        let joined = sizes.into_iter().map(|(name, n)| if name == dim.name { (name, size) } else { (name, n) });
        x = moves::reshape(builder, spread, &Dims::new(joined))?;
    }
    described(builder, x, &labelled).map(Value::Array)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        other => other.kind().to_owned(),
    }
}

/// A name that no dim has.
fn free_name(ty: &ArrayType) -> DimName {
    let mut name = "copies".to_owned();
    while ty.dims.axis(&DimName::new(&name)).is_some() {
        name.push('_');
    }
    DimName::new(&name)
}

fn rot90(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let axis = |param: &'static str| {
        arguments::axis(arguments.value(param), &ty).map_err(|e| e.at(Culprit::Param(param), "no such dim"))
    };
    let (first, second) = (axis("first")?, axis("second")?);
    if first == second {
        let message = format!("a plane has two dims, here both are `{}`", ty.dims[first].name);
        return Err(TypeError::new("ff::type::repeated_dim", message).at(Culprit::Param("second"), "the same dim"));
    }
    let name = |axis: usize| Value::Name(ty.dims[axis].name.to_string());
    let flip = |builder: &mut dyn Builder, x, axis: usize| {
        let dims = vec![crate::source::Spanned::new(name(axis), crate::source::Span::default())];
        let x = crate::source::Spanned::new(Value::Array(x), crate::source::Span::default());
        call::with(builder, "flip", &Arguments { named: vec![("x", x)], variadic: dims, ..Arguments::default() })
    };
    let swap = |builder: &mut dyn Builder, x| {
        let mut axes: Vec<usize> = (0..ty.rank()).collect();
        axes.swap(first, second);
        moves::permute(builder, x, &axes)
    };
    let turned = match arguments.int("k", 1)?.rem_euclid(4) {
        0 => x,
        1 => {
            let flipped = flip(builder, x, second)?;
            swap(builder, flipped)?
        }
        2 => {
            let flipped = flip(builder, x, first)?;
            flip(builder, flipped, second)?
        }
        _ => {
            let swapped = swap(builder, x)?;
            flip(builder, swapped, first)?
        }
    };
    Ok(Value::Array(turned))
}

fn triangle(builder: &mut dyn Builder, arguments: &Arguments, keep: &str) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let axis = |param: &'static str, from_last: usize| match arguments.get(param) {
        Some(dim) => arguments::axis(dim, &ty).map_err(|e| e.at(Culprit::Param(param), "no such dim")),
        None => ty.rank().checked_sub(from_last).ok_or_else(|| {
            let message = format!("a triangle is of two dims, this is {ty}");
            TypeError::new("ff::type::dims", message).at(Culprit::Param("x"), "too few dims")
        }),
    };
    let (rows, columns) = (axis("rows", 2)?, axis("columns", 1)?);
    if rows == columns {
        let message = format!("rows and columns are both along `{}`", ty.dims[rows].name);
        return Err(TypeError::new("ff::type::repeated_dim", message).at(Culprit::Call, "two dims are needed"));
    }
    let mut count = |axis: usize| {
        let dims = Dims::new([(ty.dims[axis].name.clone(), ty.dims[axis].size)]);
        let linear = Constant::Linear { start: Scalar::Int(0), step: Scalar::Int(1) };
        builder.constant(ArrayType::new(DType::I64, dims), linear)
    };
    let (row, column) = (Value::Array(count(rows)), Value::Array(count(columns)));
    let above = call::operator(builder, "sub", &[column, row])?;
    let kept = call::operator(builder, keep, &[Value::Array(above), Value::Int(arguments.int("k", 0)?)])?;
    let zero = if ty.dtype == DType::Bool { Value::Bool(false) } else { Value::Int(0) };
    let cut = call::operator(builder, "where", &[Value::Array(kept), Value::Array(x), zero])?;
    let out = builder.ty(cut);
    let axes: Option<Vec<usize>> = ty.dims.names().map(|name| out.dims.axis(name)).collect();
    let ordered = moves::permute(builder, cut, &axes.unwrap_or_default())?;
    described(builder, ordered, &ty).map(Value::Array)
}

/// With the labels and attributes of another array of the same dims.
fn described(builder: &mut dyn Builder, x: Operand, like: &ArrayType) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let differs = |dim: &&DimName| ty.coord(dim) != like.coord(dim);
    let coords = like.dims.names().filter(differs).map(|dim| (dim.clone(), like.coord(dim).cloned())).collect();
    let attrs = (ty.attrs != like.attrs).then(|| like.attrs.clone());
    moves::relabel(builder, x, Labels { coords, attrs, ..Labels::default() })
}

fn like(builder: &mut dyn Builder, arguments: &Arguments, value: &Value) -> Result<Value, TypeError> {
    let ty = builder.ty(arguments.array("x")?);
    let dtype = arguments.dtype_opt("dtype")?.unwrap_or(ty.dtype);
    let sizes = ty.dims.iter().map(|dim| (dim.name.to_string(), Value::Int(dim.size as i64))).collect();
    let value = match (dtype, value) {
        (DType::Bool, Value::Int(n)) => Value::Bool(*n != 0),
        _ => value.clone(),
    };
    let shape = Value::Record(std::sync::Arc::new(sizes));
    let made = call::operator(builder, "full", &[shape, value, Value::DType(dtype)])?;
    let bare = ArrayType { attrs: std::sync::Arc::default(), ..(*ty).clone() };
    described(builder, made, &bare).map(Value::Array)
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::operators::testing::{Bench, assert_python};
    use Value::{Int, Name};

    #[test]
    fn arrays_are_arranged_as_numpys() {
        let mut bench = Bench::new();
        let values: Vec<f64> = (0..24).map(|i| if i == 5 { f64::NAN } else { i as f64 }).collect();
        let x = Value::Array(bench.array(&[("z", 2), ("t", 3), ("y", 4)], values));
        let name = |name: &str| Name(name.into());
        let mut made = vec![
            bench.apply_named("tile", from_ref(&x), &[("t", Int(2))]),
            bench.apply_named("tile", from_ref(&x), &[("y", Int(3)), ("z", Int(2))]),
            bench.apply_named("tile", from_ref(&x), &[("t", Int(0))]),
            bench.apply_named("repeat", from_ref(&x), &[("t", Int(2)), ("y", Int(3))]),
        ];
        for k in [-1, 0, 1, 2, 3, 5] {
            made.push(bench.apply_named("rot90", &[x.clone(), name("t"), name("y")], &[("k", Int(k))]));
        }
        for (name, k) in [("tril", 0), ("tril", -1), ("triu", 0), ("triu", 2)] {
            made.push(bench.apply_named(name, from_ref(&x), &[("k", Int(k))]));
        }
        made.push(bench.apply_named("tril", &[x.clone(), name("y"), name("z")], &[]));
        made.push(bench.apply_named("ones_like", from_ref(&x), &[]));
        made.push(bench.apply_named("full_like", &[x, Value::Float(2.5)], &[("dtype", Value::DType(DType::F32))]));
        let lines: Vec<String> = made
            .into_iter()
            .map(|operand| {
                bench.assert_splits(operand);
                let values = bench.values(operand);
                let texts: Vec<String> =
                    values.scalars().iter().map(|s| format!("{:?}", s.as_f64().unwrap())).collect();
                format!("{:?} {}", values.shape(), texts.join(" ")).replace("NaN", "nan")
            })
            .collect();
        let script = "
x = np.arange(24.0).reshape(2, 3, 4); x[0, 1, 1] = np.nan
def say(a): print(list(a.shape), ' '.join(repr(float(v)) for v in a.ravel()))
say(np.tile(x, (1, 2, 1))); say(np.tile(x, (2, 1, 3))); say(np.tile(x, (1, 0, 1)))
say(x.repeat(2, 1).repeat(3, 2))
for k in [-1, 0, 1, 2, 3, 5]: say(np.rot90(x, k, (1, 2)))
say(np.tril(x)); say(np.tril(x, -1)); say(np.triu(x)); say(np.triu(x, 2))
say(np.tril(x.transpose(1, 2, 0)).transpose(2, 0, 1))
say(np.ones_like(x)); say(np.full_like(x, 2.5))";
        assert_python(script, &lines);
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let x = Value::Array(bench.x());
        let line = Value::Array(bench.array(&[("t", 2)], vec![1.0, 2.0]));
        let t = || Name("t".into());
        let told = [
            bench.say("tile", from_ref(&x), &[("t", Int(-1))]),
            bench.say("tile", from_ref(&x), &[("t", Int(i64::MAX))]),
            bench.say("repeat", from_ref(&x), &[("z", Int(2))]),
            bench.say("rot90", &[x.clone(), t(), t()], &[]),
            bench.say("tril", &[line], &[]),
            bench.say("triu", &[x.clone(), t(), t()], &[]),
            bench.say("full_like", &[x, Value::Str("a".into())], &[]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
