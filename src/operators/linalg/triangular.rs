//! Triangular factors, equations with one triangle of a matrix, and matrices of correlations.

use std::sync::Arc;

use super::function::Make;
use super::matrix::{dim, free, labelled, made, sides, squares};
use crate::array::{DimName, Kind};
use crate::operators::call::over;
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, arguments, call, moves};
use crate::source::{Span, Spanned};

fn spanned(value: Value) -> Spanned<Value> {
    Spanned::new(value, Span::default())
}

pub(super) fn lu(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = squares(builder, args, "lu")?;
    let ty = builder.ty(x);
    let [rows, columns] = sides(&ty);
    let across = dim(&free("component", &[&ty]), rows.size);
    let other = dim(&free("component_2", &[&ty]), rows.size);
    let p = made(builder, x, ("lu", Make::Exchanges), (vec![rows.clone(), other.clone()], ty.dtype))?;
    let l = made(builder, x, ("lu", Make::Lower), (vec![other, across.clone()], ty.dtype))?;
    let u = made(builder, x, ("lu", Make::Upper), (vec![across, columns.clone()], ty.dtype))?;
    let fields = [("p", labelled(builder, p, &[&ty])?), ("l", l), ("u", labelled(builder, u, &[&ty])?)];
    Ok(Value::Record(Arc::new(fields.into_iter().map(|(name, x)| (name.to_owned(), Value::Array(x))).collect())))
}

pub(super) fn solve_triangular(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let a = args.array("a")?;
    let lower = args.bool("lower", false)?;
    if builder.ty(a).rank() < 2 {
        let message = format!("equations have a matrix, this is {}", builder.ty(a));
        return Err(TypeError::new("ff::type::dims", message).at(Culprit::Param("a"), "two dims are expected"));
    }
    let mut triangle = call::operator(builder, if lower { "tril" } else { "triu" }, &[Value::Array(a)])?;
    if args.bool("unit_diagonal", false)? {
        triangle = with_ones(builder, triangle)?;
    }
    let named = vec![("a", spanned(Value::Array(triangle))), ("b", spanned(args.value("b").clone()))];
    let Some(solve) = crate::operators::find("solve") else {
        return Err(TypeError::new("ff::type::bug", "there is no `solve`"));
    };
    (solve.expand)(builder, &Arguments { named, ..Arguments::default() })
}

/// With ones on the diagonal of the last two dims.
fn with_ones(builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let places = [ty.rank() - 2, ty.rank() - 1].map(|axis| {
        let size = Value::Int(ty.dims[axis].size as i64);
        let dim = Value::Name(ty.dims[axis].name.to_string());
        call::operator(builder, "arange", &[size, Value::None, Value::Int(1), dim])
    });
    let [row, column] = places;
    let on = call::operator(builder, "eq", &[Value::Array(row?), Value::Array(column?)])?;
    let made = call::operator(builder, "where", &[Value::Array(on), Value::Int(1), Value::Array(x)])?;
    let out = builder.ty(made);
    let order: Vec<usize> = ty.dims.names().filter_map(|name| out.dims.axis(name)).collect();
    let made = moves::permute(builder, made, &order)?;
    call::cast(builder, made, ty.dtype)
}

/// Distances from the mean, their products, and these over the roots of what stands on the diagonal.
pub(super) fn corrcoef(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    if ty.rank() != 2 || !matches!(ty.dtype.kind(), Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float) {
        let error = TypeError::new("ff::type::dims", format!("a matrix of real numbers is expected, this is {ty}"));
        return Err(error.at(Culprit::Param("x"), format!("this is {ty}")));
    }
    let rows = match args.get("rows") {
        Some(dim) => arguments::axis(dim, &ty).map_err(|e| e.at(Culprit::Param("rows"), "no such dim"))?,
        None => 0,
    };
    let dtype = if ty.dtype.kind() == Kind::Float { ty.dtype } else { crate::array::DType::F64 };
    let x = moves::permute(builder, x, &[rows, 1 - rows])?;
    let x = call::cast(builder, x, crate::array::DType::F64)?;
    let name = ty.dims[rows].name.clone();
    let second = match name.is_auto() {
        true => free("dim_1", &[&ty]),
        false => free(&format!("{name}_2"), &[&ty]),
    };
    let mean = over(builder, "mean", (x, &[1]), &[("skipna", Value::Bool(false))])?;
    let dims = builder.ty(x).dims.clone();
    let mean = broadcast_to(builder, mean, &dims)?;
    let distances = call::operator(builder, "sub", &[Value::Array(x), Value::Array(mean)])?;
    let turned = named(builder, distances, &name, &second)?;
    let turned = moves::permute(builder, turned, &[1, 0])?;
    let products = call::operator(builder, "matmul", &[Value::Array(distances), Value::Array(turned)])?;
    let squares = call::operator(builder, "square", &[Value::Array(distances)])?;
    let squares = over(builder, "sum", (squares, &[1]), &[("skipna", Value::Bool(false))])?;
    let lengths = call::operator(builder, "sqrt", &[Value::Array(squares)])?;
    let across = named(builder, lengths, &name, &second)?;
    let by_row = call::operator(builder, "div", &[Value::Array(products), Value::Array(lengths)])?;
    let both = call::operator(builder, "div", &[Value::Array(by_row), Value::Array(across)])?;
    let both = call::operator(builder, "clip", &[Value::Array(both), Value::Float(-1.0), Value::Float(1.0)])?;
    call::cast(builder, both, dtype).map(Value::Array)
}

/// The array with another name for a dim.
fn named(builder: &mut dyn Builder, x: Operand, old: &DimName, new: &DimName) -> Result<Operand, TypeError> {
    moves::relabel(builder, x, Labels { rename: vec![(old.clone(), new.clone())], ..Labels::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Bench, assert_python};

    fn told(bench: &Bench, operand: Operand) -> String {
        bench.assert_splits(operand);
        let values = bench.values(operand);
        let texts: Vec<String> =
            (values.scalars().iter()).map(|s| format!("{:.10}", s.as_f64().unwrap_or(f64::NAN) + 0.0)).collect();
        let texts = texts.join(" ").replace("NaN", "nan").replace("-0.0000000000", "0.0000000000");
        format!("{:?} {texts}", values.shape())
    }

    #[test]
    fn triangles_and_correlations_are_scipys() {
        let mut bench = Bench::new();
        let values: Vec<f64> = (0..16).map(|i| f64::from(i * 7919 % 101) / 9.0 - 4.0).collect();
        let a = Value::Array(bench.array(&[("i", 4), ("j", 4)], values.clone()));
        let many = Value::Array(bench.array(&[("k", 4), ("i", 2), ("j", 2)], values.clone()));
        let wide = Value::Array(bench.array(&[("v", 2), ("t", 8)], values));
        let b = Value::Array(bench.array(&[("i", 4)], vec![1.0, -2.0, 3.5, 0.25]));
        let (lower, ones) = (("lower", Value::Bool(true)), ("unit_diagonal", Value::Bool(true)));
        let mut made = Vec::new();
        for x in [&a, &many] {
            let Ok(Value::Record(fields)) = bench.call("lu", std::slice::from_ref(x), &[]) else { panic!("a record") };
            made.extend(fields.iter().map(|(_, x)| if let Value::Array(x) = x { *x } else { panic!("an array") }));
        }
        let both = [a.clone(), b];
        made.push(bench.apply_named("solve_triangular", &both, &[]));
        made.push(bench.apply_named("solve_triangular", &both, std::slice::from_ref(&lower)));
        made.push(bench.apply_named("solve_triangular", &both, &[lower, ones]));
        made.push(bench.apply_named("corrcoef", &[a], &[]));
        made.push(bench.apply_named("corrcoef", &[wide], &[("rows", Value::Name("t".into()))]));
        let lines: Vec<String> = made.into_iter().map(|x| told(&bench, x)).collect();
        let script = "
from scipy import linalg
def say(a): print(list(a.shape), ' '.join(f'{float(v) + 0.0:.10f}'.replace('-0.0000000000', '0.0000000000') for v in a.ravel()))
v = np.arange(16) * 7919 % 101 / 9 - 4
a, m = v.reshape(4, 4), v.reshape(4, 2, 2)
for x in linalg.lu(a): say(x)
for x in zip(*[linalg.lu(x) for x in m]): say(np.array(x))
b = np.array([1, -2, 3.5, .25])
say(linalg.solve_triangular(a, b)); say(linalg.solve_triangular(a, b, lower=True))
say(linalg.solve_triangular(a, b, lower=True, unit_diagonal=True))
say(np.corrcoef(a)); say(np.corrcoef(v.reshape(2, 8).T))";
        assert_python(script, &lines);
    }
}
