//! What calls of decompositions and equations expand to.

use std::sync::Arc;

use super::function::Make;
use super::matrix::{dim, filled, free, labelled, made, matrices, real, sides, square, squares};
use super::tall::{is_tall, orthonormal, reduced, singular};
use crate::array::{ArrayType, DType, DimName, Dims};
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, call, moves};

/// The name of the dim of what a decomposition finds.
const COMPONENT: &str = "component";

fn record<const N: usize>(fields: [(&str, Operand); N]) -> Value {
    Value::Record(Arc::new(fields.into_iter().map(|(name, x)| (name.to_owned(), Value::Array(x))).collect()))
}

pub(super) fn qr(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = matrices(builder, args, "qr")?;
    let ty = builder.ty(x);
    let [rows, columns] = sides(&ty);
    let across = dim(&free(COMPONENT, &[&ty]), rows.size.min(columns.size));
    let q = orthonormal(builder, x, (None, &across), ty.dtype)?;
    let left = reduced(builder, x)?;
    let r = made(builder, left, ("qr", Make::R), (vec![across, columns.clone()], ty.dtype))?;
    Ok(record([("q", labelled(builder, q, &[&ty])?), ("r", labelled(builder, r, &[&ty])?)]))
}

pub(super) fn svd(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = matrices(builder, args, "svd")?;
    let ty = builder.ty(x);
    let [rows, columns] = sides(&ty);
    let across = dim(&free(COMPONENT, &[&ty]), rows.size.min(columns.size));
    let [u, s, vt] = if is_tall(&ty) {
        singular(builder, x, &across)?
    } else {
        let turned = moves::permute(builder, x, &turned(ty.rank()))?;
        if is_tall(&builder.ty(turned)) {
            let [u, s, vt] = singular(builder, turned, &across)?;
            [moves::permute(builder, vt, &[1, 0])?, s, moves::permute(builder, u, &[1, 0])?]
        } else {
            [
                made(builder, x, ("svd", Make::U), (vec![rows.clone(), across.clone()], ty.dtype))?,
                made(builder, x, ("svd", Make::S), (vec![across.clone()], ty.dtype))?,
                made(builder, x, ("svd", Make::Vt), (vec![across.clone(), columns.clone()], ty.dtype))?,
            ]
        }
    };
    Ok(record([("u", labelled(builder, u, &[&ty])?), ("s", s), ("vt", labelled(builder, vt, &[&ty])?)]))
}

/// The order of axes with the last two exchanged.
fn turned(rank: usize) -> Vec<usize> {
    (0..rank - 2).chain([rank - 1, rank - 2]).collect()
}

pub(super) fn inv(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = squares(builder, args, "inv")?;
    let ty = builder.ty(x);
    let dims = sides(&ty).map(Clone::clone).to_vec();
    made(builder, x, ("inv", Make::Inverse), (dims, ty.dtype)).map(Value::Array)
}

pub(super) fn det(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = squares(builder, args, "det")?;
    let dtype = builder.ty(x).dtype;
    made(builder, x, ("det", Make::Determinant), (Vec::new(), dtype)).map(Value::Array)
}

pub(super) fn cholesky(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = squares(builder, args, "cholesky")?;
    let ty = builder.ty(x);
    let dims = sides(&ty).map(Clone::clone).to_vec();
    let lower = made(builder, x, ("cholesky", Make::Cholesky), (dims, ty.dtype))?;
    labelled(builder, lower, &[&ty]).map(Value::Array)
}

pub(super) fn eigh(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = squares(builder, args, "eigh")?;
    let ty = builder.ty(x);
    let [rows, _] = sides(&ty);
    let across = dim(&free(COMPONENT, &[&ty]), rows.size);
    let w = made(builder, x, ("eigh", Make::Eigenvalues), (vec![across.clone()], ty.dtype))?;
    let v = made(builder, x, ("eigh", Make::Eigenvectors), (vec![rows.clone(), across], ty.dtype))?;
    Ok(record([("w", w), ("v", labelled(builder, v, &[&ty])?)]))
}

/// Both sides of equations, beside each other.
struct Equations {
    /// Matrices whose last columns are the right-hand sides.
    joined: Operand,
    /// The type of the matrices alone.
    left: Arc<ArrayType>,
    /// The type of the right-hand sides.
    right: Arc<ArrayType>,
    /// The name of the dim of several right-hand sides in the solution.
    several: Option<DimName>,
    /// How many there are.
    count: u64,
}

/// The equations of a call: rows by name, of `b` also all dims of `a` before those.
fn equations(builder: &mut dyn Builder, args: &Arguments, name: &str) -> Result<Equations, TypeError> {
    let mut a = real(builder, (Culprit::Param("a"), args.array("a")?), name)?;
    let mut b = real(builder, (Culprit::Param("b"), args.array("b")?), name)?;
    let (left, right) = (builder.ty(a), builder.ty(b));
    if left.rank() < 2 {
        let message = format!("`{name}` takes matrices, which have rows and columns, this is {left}");
        return Err(TypeError::new("ff::type::dims", message).at(Culprit::Param("a"), "two dims are expected"));
    }
    let [rows, columns] = sides(&left);
    filled(&left, &[left.rank() - 2, left.rank() - 1], (Culprit::Param("a"), name))?;
    if right.dims.axis(&rows.name).is_none() {
        let message = format!("right-hand sides go along the rows of the matrix, `{}`, which {right} lacks", rows.name);
        let error = TypeError::new("ff::type::unknown_dim", message);
        return Err(error.at(Culprit::Param("b"), format!("no dim `{}`", rows.name)));
    }
    let before: Dims = left.dims.iter().take(left.rank() - 2).cloned().collect();
    let others: Vec<&DimName> = right.dims.names().filter(|n| **n != rows.name && before.axis(n).is_none()).collect();
    if others.len() > 1 {
        let message = format!("right-hand sides lie beside each other along one dim, {right} has {}", others.len());
        let names: Vec<&str> = others.iter().map(|name| name.as_str()).collect();
        let error = TypeError::new("ff::type::dims", message);
        return Err(error.at(Culprit::Param("b"), format!("dims that `a` has not: {}", names.join(", "))));
    }
    let wrong = |e: TypeError| e.or_at(Culprit::Param("b"));
    let mut wanted = before;
    wanted.push(rows.name.clone(), rows.size);
    if let Some(dim) = right.dims.iter().find(|dim| wanted.get(&dim.name).is_some_and(|own| own.size != dim.size)) {
        let message = format!("`{}` has {} elements in {right}, and other ones in {left}", dim.name, dim.size);
        return Err(wrong(TypeError::new("ff::type::size", message)));
    }
    let several = others.first().map(|name| (*name).clone());
    if let Some(dim) = several.as_ref().and_then(|name| right.dims.get(name)) {
        filled(&right, &[right.dims.axis(&dim.name).unwrap_or(0)], (Culprit::Param("b"), name))?;
        wanted.push(dim.name.clone(), dim.size);
    }
    b = broadcast_to(builder, b, &wanted).map_err(wrong)?;
    let count = match &several {
        Some(name) => wanted.get(name).map_or(1, |dim| dim.size),
        None => {
            b = moves::insert(builder, b, wanted.rank(), &free("right", &[&left, &right]), None)?;
            1
        }
    };
    let last = builder.ty(b).dims[wanted.rank() - usize::from(several.is_some())].name.clone();
    b = moves::unlabel(builder, b, &last)?;
    if last != columns.name {
        b = moves::relabel(builder, b, Labels { rename: vec![(last, columns.name.clone())], ..Labels::default() })?;
    }
    a = moves::unlabel(builder, a, &columns.name)?;
    let dtype = if left.dtype == right.dtype { left.dtype } else { DType::F64 };
    let both = [call::cast(builder, a, dtype)?, call::cast(builder, b, dtype)?];
    let joined = moves::concat(builder, left.rank() - 1, &both).map_err(wrong)?;
    let several = several.map(|name| if name == columns.name { free(name.as_str(), &[&left]) } else { name });
    Ok(Equations { joined, left, right, several, count })
}

impl Equations {
    /// The solution, of which dims are the columns of the matrix and the right-hand sides.
    fn solved(
        self,
        builder: &mut dyn Builder,
        (name, make): (&'static str, Make),
        equations: Operand,
    ) -> Result<Value, TypeError> {
        let dtype = builder.ty(self.joined).dtype;
        let columns = sides(&self.left)[1].clone();
        let several = self.several.clone().unwrap_or_else(|| free("right", &[&self.left]));
        let dims = vec![columns, dim(&several, self.count)];
        let mut x = made(builder, equations, (name, make), (dims, dtype))?;
        if self.several.is_none() {
            let last = builder.ty(x).rank() - 1;
            x = moves::drop_axis(builder, x, last)?;
        }
        labelled(builder, x, &[&self.left, &self.right]).map(Value::Array)
    }
}

pub(super) fn solve(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let equations = equations(builder, args, "solve")?;
    square(&equations.left, (Culprit::Param("a"), "solve"))?;
    let (joined, right) = (equations.joined, equations.count as usize);
    equations.solved(builder, ("solve", Make::Solution { right }), joined)
}

pub(super) fn lstsq(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let equations = equations(builder, args, "lstsq")?;
    let [rows, columns] = sides(&equations.left);
    let precision = match builder.ty(equations.joined).dtype {
        DType::F32 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    };
    let cut = precision * rows.size.max(columns.size) as f64;
    let left = reduced(builder, equations.joined)?;
    let make = Make::LeastSquares { right: equations.count as usize, cut };
    equations.solved(builder, ("lstsq", make), left)
}
