//! Arguments that are matrices, and the calls that make something of each.

use std::sync::Arc;

use super::function::{Make, MatrixFunction};
use crate::array::{ArrayType, DType, Dim, DimName, Kind};
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::whole::{Into, Whole};
use crate::operators::{Arguments, Builder, Call, Operand, Pattern, TypeError, Units, arguments, call, moves};

/// The matrices of a call of an operator, rows and columns last, in `f32` or `f64`.
///
/// # Errors
/// There are no two dims, one is empty, or the dtype has no decompositions.
pub fn matrices(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Operand, TypeError> {
    let x = real(builder, (Culprit::Param("x"), args.array("x")?), name)?;
    let ty = builder.ty(x);
    args.axes(&ty)?;
    let mut axes = Vec::new();
    for (i, dim) in args.variadic.iter().enumerate() {
        axes.push(arguments::axis(&dim.value, &ty).map_err(|e| e.at(Culprit::Variadic(i), "no such dim"))?);
    }
    if axes.is_empty() && ty.rank() >= 2 {
        axes = vec![ty.rank() - 2, ty.rank() - 1];
    }
    if axes.len() != 2 {
        let message = format!("`{name}` takes matrices, which have rows and columns, this is {ty}");
        let at = if axes.is_empty() { Culprit::Param("x") } else { Culprit::Variadic(axes.len() - 1) };
        let error = TypeError::new("ff::type::dims", message).at(at, "two dims are expected");
        return Err(error.with_help(format!("name the dim of the rows and that of the columns: `{name}(x, y, x)`")));
    }
    filled(&ty, &axes, (Culprit::Param("x"), name))?;
    let others = (0..ty.rank()).filter(|axis| !axes.contains(axis));
    let order: Vec<usize> = others.chain(axes.iter().copied()).collect();
    moves::permute(builder, x, &order)
}

/// As [`matrices`], for square ones.
///
/// # Errors
/// Also where they are not square.
pub fn squares(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Operand, TypeError> {
    let x = matrices(builder, args, name)?;
    square(&builder.ty(x), (Culprit::Param("x"), name))?;
    Ok(x)
}

/// Refuses matrices that are not square.
///
/// # Errors
/// They are not.
pub fn square(ty: &ArrayType, (culprit, name): (Culprit, &str)) -> Result<(), TypeError> {
    let [rows, columns] = sides(ty);
    if rows.size == columns.size {
        return Ok(());
    }
    let message = format!(
        "`{name}` takes square matrices, and `{}` has {} elements, `{}` {}",
        rows.name, rows.size, columns.name, columns.size
    );
    Err(TypeError::new("ff::type::size", message).at(culprit, format!("this is {ty}")))
}

/// An array of real numbers, in `f32` or `f64`.
///
/// # Errors
/// It has another dtype.
pub fn real(builder: &mut dyn Builder, (culprit, x): (Culprit, Operand), name: &str) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let dtype = match ty.dtype.kind() {
        Kind::Float if ty.dtype != DType::F64 => DType::F32,
        Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Float => DType::F64,
        Kind::Complex | Kind::Time | Kind::Str => {
            let message = format!("`{name}` takes real numbers, not {}", ty.dtype);
            return Err(TypeError::new("ff::type::dtype", message).at(culprit, format!("this is {ty}")));
        }
    };
    call::cast(builder, x, dtype)
}

/// Refuses matrices without elements.
///
/// # Errors
/// A dim is empty.
pub fn filled(ty: &ArrayType, axes: &[usize], (culprit, name): (Culprit, &str)) -> Result<(), TypeError> {
    match axes.iter().find(|axis| ty.dims[**axis].size == 0) {
        None => Ok(()),
        Some(axis) => {
            let message = format!("`{name}` takes matrices with elements, and `{}` has none", ty.dims[*axis].name);
            Err(TypeError::new("ff::type::empty", message).at(culprit, format!("this is {ty}")))
        }
    }
}

/// The dims of rows and columns.
pub fn sides(ty: &ArrayType) -> [&Dim; 2] {
    [&ty.dims[ty.rank() - 2], &ty.dims[ty.rank() - 1]]
}

/// A name that no dim of these types has: the one given, or that with a number.
pub fn free(name: &str, types: &[&ArrayType]) -> DimName {
    let called = |n: u32| DimName::new(&if n == 1 { name.to_owned() } else { format!("{name}_{n}") });
    let is_free = |name: &DimName| types.iter().all(|ty| ty.dims.axis(name).is_none());
    (1..).map(called).find(is_free).expect("there is always a number")
}

/// A dim.
pub fn dim(name: &DimName, size: u64) -> Dim {
    Dim { name: name.clone(), size }
}

/// Emits what is made of each matrix, over these dims and in that dtype.
///
/// # Errors
/// As [`Call::infer`].
pub fn made(
    builder: &mut dyn Builder,
    x: Operand,
    (name, make): (&'static str, Make),
    (dims, gives): (Vec<Dim>, DType),
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let axes = vec![ty.rank() - 2, ty.rank() - 1];
    let over: Vec<&str> = dims.iter().map(|dim| dim.name.as_str()).collect();
    let text = format!("axes: {axes:?}, {make:?} over [{}]", over.join(", "));
    let function = MatrixFunction { make, columns: sides(&ty)[1].size, dtype: ty.dtype, gives };
    let whole = Whole { axes, into: Into::Spread(dims), function: Arc::new(function) };
    let pattern = Pattern::Whole(whole);
    builder.apply(Call { name, text, pattern, dtype: gives, units: Units::Lost }, &[x])
}

/// With the labels that dims of one name and size have in `like`.
///
/// # Errors
/// As [`Call::infer`].
pub fn labelled(builder: &mut dyn Builder, x: Operand, like: &[&ArrayType]) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let mut coords = Vec::new();
    for dim in ty.dims.iter().filter(|dim| ty.coord(&dim.name).is_none()) {
        let of = like.iter().find(|like| like.dims.get(&dim.name) == Some(dim));
        if let Some(coord) = of.and_then(|like| like.coord(&dim.name)) {
            coords.push((dim.name.clone(), Some(coord.clone())));
        }
    }
    moves::relabel(builder, x, Labels { coords, ..Labels::default() })
}
