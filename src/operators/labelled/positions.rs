//! `idxmin` and `idxmax`: the labels of positions that are computed.

use std::sync::Arc;

use crate::array::block::{Element, with_type};
use crate::array::calendar::NAT;
use crate::array::{ArrayType, Block, Coord, DType, Kind, Scalar};
use crate::operators::arguments::axis;
use crate::operators::error::Culprit;
use crate::operators::labels::typed;
use crate::operators::moves::digest;
use crate::operators::tile::{TileElement, TileLoop};
use crate::operators::{Arguments, Builder, Call, Pattern, TypeError, Units, Value, call};
use crate::source::{Span, Spanned};

/// The axis of the parameter `dim`, which may be left out where there is one.
fn own_axis(args: &Arguments, ty: &ArrayType, name: &str) -> Result<usize, TypeError> {
    if args.get("dim").is_none() && ty.rank() == 1 {
        return Ok(0);
    }
    if args.get("dim").is_none() {
        let names: Vec<&str> = ty.dims.names().map(|dim| dim.as_str()).collect();
        let message = format!("`{name}` goes along one dim, and there are {}: {}", names.len(), names.join(", "));
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(match names.first() {
            Some(first) => error.with_help(format!("name one, such as `{name}(x, {first})`")),
            None => error,
        });
    }
    axis(args.value("dim"), ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))
}

/// The labels of what `finder`, a reduction to positions, finds.
pub(super) fn labels_of_extremes(
    builder: &mut dyn Builder,
    args: &Arguments,
    finder: &'static str,
) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let name = if finder == "argmin" { "idxmin" } else { "idxmax" };
    let axis = own_axis(args, &ty, name)?;
    let dim = &ty.dims[axis].name;
    let Some(coord) = ty.coord(dim).cloned() else {
        let message = format!("`{name}` gives labels, and dim `{dim}` has none");
        let error = TypeError::new("ff::type::no_coord", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(error.with_help(format!("`{finder}(x, {dim})` gives positions, `assign_coords` sets labels")));
    };
    let this = || format!("this is {ty}");
    if matches!(ty.dtype.kind(), Kind::Complex | Kind::Str) {
        let message = format!("`{name}` is not defined for {}, which has no order", ty.dtype);
        return Err(TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), this()));
    }
    if coord.is_empty() {
        let message = format!("`{name}` has no value over no elements, and `{dim}` is empty in {ty}");
        return Err(TypeError::new("ff::type::empty", message).at(Culprit::Param("x"), this()));
    }
    let spanned = |value: Value| Spanned::new(value, Span::default());
    let skipna = Value::Bool(args.bool("skipna", true)?);
    let found = Arguments {
        named: vec![("x", spanned(Value::Array(x))), ("skipna", spanned(skipna))],
        variadic: vec![spanned(Value::Name(dim.to_string()))],
        ..Arguments::default()
    };
    let positions = call::with(builder, finder, &found)?;
    let dtype = label_dtype(&coord, ty.dtype.has_missing());
    let run = looked_up(&coord, dtype);
    let text = format!("{dim} {}", digest(&coord.values));
    let call = Call { name: "label_at", text, pattern: Pattern::Elementwise(run), dtype, units: Units::Lost };
    builder.apply(call, &[positions]).map(Value::Array)
}

/// The dtype of labels of which some may be missing: integers become floats, as xarray's do.
fn label_dtype(coord: &Coord, may_miss: bool) -> DType {
    match coord.dtype.kind() {
        Kind::Signed | Kind::Unsigned if may_miss && coord.dtype.size() <= 2 => DType::F32,
        Kind::Signed | Kind::Unsigned | Kind::Bool if may_miss => DType::F64,
        _ => coord.dtype,
    }
}

/// The loop from positions to labels; a negative position has none, which is an empty text among texts.
fn looked_up(coord: &Coord, dtype: DType) -> TileLoop {
    with_type!(dtype, T => {
        let stored = |label: &Scalar| match label {
            Scalar::DateTime(t, _) | Scalar::Duration(t) => Scalar::Int(*t),
            other => other.clone(),
        };
        let labels = (0..coord.len()).map(|i| T::from_scalar(&stored(&coord.values.get(i)))).collect();
        let missing = match dtype.kind() {
            Kind::Time => Scalar::Int(NAT),
            Kind::Str => Scalar::Str("".into()),
            _ => Scalar::Float(f64::NAN),
        };
        table::<T>(labels, T::from_scalar(&missing))
    })
}

fn table<T: TileElement>(labels: Vec<T>, missing: T) -> TileLoop {
    Arc::new(move |inputs, out| {
        for (out, at) in out.get::<T>().iter_mut().zip(inputs[0].get::<i64>()) {
            let label = usize::try_from(*at).ok().and_then(|at| labels.get(at));
            *out = label.unwrap_or(&missing).clone();
        }
    })
}

/// How many elements of an array of `dtype` are there at each place of an axis.
pub(super) fn present(block: &Block, dtype: DType, axis: usize) -> Vec<u64> {
    let shape = block.shape();
    let mut counts = vec![0; shape[axis] as usize];
    let inner: usize = shape[axis + 1..].iter().map(|n| *n as usize).product();
    for (i, scalar) in block.scalars().iter().enumerate() {
        counts[i / inner % shape[axis] as usize] += u64::from(!typed(scalar, dtype).is_missing());
    }
    counts
}
