//! Diagonals, triangles and grids of positions.

use super::axes::axis;
use crate::array::{ArrayType, Coord, CoordValues, DType, Dim, DimName, Dims, Scalar};
use crate::operators::creation::sizes;
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::{Arguments, Builder, Constant, Operand, TypeError, Value, call, moves};

/// 0, 1, … along a dim.
fn count(builder: &mut dyn Builder, dim: &Dim) -> Operand {
    let ty = ArrayType::new(DType::I64, Dims::new([(dim.name.clone(), dim.size)]));
    builder.constant(ty, Constant::Linear { start: Scalar::Int(0), step: Scalar::Int(1) })
}

pub(super) fn diagonal(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let side = |param: &'static str, from_last: usize| match args.get(param) {
        Some(_) => axis(args, param, &ty),
        None => ty.rank().checked_sub(from_last).ok_or_else(|| {
            let message = format!("a diagonal is of two dims, this is {ty}");
            TypeError::new("ff::type::dims", message).at(Culprit::Param("x"), "too few dims")
        }),
    };
    let (rows, columns) = (side("rows", 2)?, side("columns", 1)?);
    let name = args.str_opt("dim")?.map_or_else(|| ty.dims[rows].name.clone(), DimName::new);
    along(builder, x, (rows, columns), (args.int("offset", 0)?, &name)).map(Value::Array)
}

/// A diagonal, along a last dim.
fn along(
    builder: &mut dyn Builder,
    x: Operand,
    (rows, columns): (usize, usize),
    (offset, name): (i64, &DimName),
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    if rows == columns {
        let message = format!("rows and columns are both along `{}`", ty.dims[rows].name);
        return Err(TypeError::new("ff::type::repeated_dim", message).at(Culprit::Call, "two dims are needed"));
    }
    if ty.dims.axis(name).is_some_and(|axis| axis != rows && axis != columns) {
        let error = TypeError::new("ff::type::repeated_dim", format!("{ty} already has a dim `{name}`"));
        return Err(error.at(Culprit::Param("dim"), "this name is taken"));
    }
    let (down, right) = ((-offset).max(0) as u64, offset.max(0) as u64);
    let length = ty.dims[rows].size.saturating_sub(down).min(ty.dims[columns].size.saturating_sub(right));
    let mut places = [(rows, down), (columns, right)];
    places.sort_unstable();
    let axes = places.map(|(axis, _)| axis);
    let positions = places.map(|(_, first)| (first..first + length).collect::<Vec<u64>>());
    let picked = moves::points(builder, x, &axes, &positions, name)?;
    let rank = ty.rank() - 1;
    let order: Vec<usize> = (0..rank).filter(|axis| *axis != axes[0]).chain([axes[0]]).collect();
    moves::permute(builder, picked, &order)
}

pub(super) fn diag(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let (ty, k) = (builder.ty(x), args.int("k", 0)?);
    let new = args.str_opt("columns")?.map(DimName::new);
    match (ty.rank(), new) {
        (2, None) => along(builder, x, (0, 1), (k, &ty.dims[0].name)).map(Value::Array),
        (1, new) => {
            let name = ty.dims[0].name.clone();
            let new = new.unwrap_or_else(|| match name.is_auto() {
                true => DimName::auto(if name == DimName::auto(1) { 0 } else { 1 }),
                false => DimName::new(&format!("{name}_2")),
            });
            matrix(builder, x, k, &new).map(Value::Array)
        }
        (2, Some(_)) => {
            let error = TypeError::new("ff::type::argument", "the diagonal of a matrix has no columns to be named");
            Err(error.at(Culprit::Param("columns"), "has nothing to do"))
        }
        _ => {
            let error = TypeError::new("ff::type::dims", format!("`diag` takes one dim or two, this is {ty}"));
            let error = error.at(Culprit::Param("x"), format!("this is {ty}"));
            Err(error.with_help("`diagonal` takes the diagonal of matrices of several dims"))
        }
    }
}

/// The matrix with a line on its diagonal `k`.
fn matrix(builder: &mut dyn Builder, x: Operand, k: i64, columns: &DimName) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let name = ty.dims[0].name.clone();
    if *columns == name {
        let error = TypeError::new("ff::type::repeated_dim", format!("rows and columns are both called `{name}`"));
        return Err(error.at(Culprit::Param("columns"), "this is the name of the rows"));
    }
    let bare = moves::unlabel(builder, x, &name)?;
    let zero = if ty.dtype == DType::Bool { Scalar::Bool(false) } else { Scalar::zero(ty.dtype) };
    let gap = moves::filler(builder, bare, 0, k.unsigned_abs(), zero);
    let parts = if k > 0 { [bare, gap] } else { [gap, bare] };
    let line = moves::concat(builder, 0, &parts)?;
    let size = builder.ty(line).dims[0].size;
    let dims = [Dim { name, size }, Dim { name: columns.clone(), size }];
    let (row, column) = (count(builder, &dims[0]), count(builder, &dims[1]));
    let above = call::operator(builder, "sub", &[Value::Array(column), Value::Array(row)])?;
    let on = call::operator(builder, "eq", &[Value::Array(above), Value::Int(k)])?;
    let zero = if ty.dtype == DType::Bool { Value::Bool(false) } else { Value::Int(0) };
    let made = call::operator(builder, "where", &[Value::Array(on), Value::Array(line), zero])?;
    let out = builder.ty(made);
    let order: Vec<usize> = dims.iter().filter_map(|dim| out.dims.axis(&dim.name)).collect();
    moves::permute(builder, made, &order)
}

pub(super) fn tri(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let n = args.int("n", 0)?;
    let shape = Value::List(std::sync::Arc::new(vec![Value::Int(n), Value::Int(args.int("m", n)?)]));
    let dims = sizes(&shape, "n")?;
    let (row, column) = (count(builder, &dims[0]), count(builder, &dims[1]));
    let last = call::operator(builder, "add", &[Value::Array(row), Value::Int(args.int("k", 0)?)])?;
    let kept = call::operator(builder, "ge", &[Value::Array(last), Value::Array(column)])?;
    call::cast(builder, kept, args.dtype_opt("dtype")?.unwrap_or(DType::F64)).map(Value::Array)
}

pub(super) fn indices(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let dims = sizes(args.value("shape"), "shape")?;
    let dtype = args.dtype_opt("dtype")?.unwrap_or(DType::I64);
    let new = DimName::new("axis");
    if dims.axis(&new).is_some() {
        let error = TypeError::new("ff::type::repeated_dim", "the new dim is `axis`, and so is one of the sizes");
        return Err(error.at(Culprit::Param("shape"), "give that one another name"));
    }
    let mut layers = Vec::new();
    for dim in dims.iter() {
        let line = count(builder, dim);
        let line = call::cast(builder, line, dtype)?;
        let layer = broadcast_to(builder, line, &dims)?;
        layers.push(moves::insert(builder, layer, 0, &new, None)?);
    }
    if layers.is_empty() {
        let ty = ArrayType::new(dtype, Dims::new([(new, 0)]));
        return Ok(Value::Array(builder.constant(ty, Constant::Full(Scalar::zero(dtype)))));
    }
    let joined = moves::concat(builder, 0, &layers)?;
    let names = CoordValues::Str(dims.names().map(|name| name.as_str().into()).collect());
    let coord = Coord { dim: new.clone(), dtype: DType::Str, values: names, attrs: std::sync::Arc::default() };
    let coords = match dims.names().all(DimName::is_auto) {
        true => Vec::new(),
        false => vec![(new, Some(std::sync::Arc::new(coord)))],
    };
    moves::relabel(builder, joined, Labels { coords, ..Labels::default() }).map(Value::Array)
}
