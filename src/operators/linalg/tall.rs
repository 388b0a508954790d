//! Matrices of more rows than one task should hold: decomposed by blocks of rows, out of core.

use std::sync::Arc;

use super::function::{Make, MatrixFunction};
use super::matrix::{dim, free, made, sides};
use crate::array::{ArrayType, DType, Dim};
use crate::operators::index::Labels;
use crate::operators::whole::{Blocks, Into, Whole};
use crate::operators::{Builder, Call, Operand, Pattern, TypeError, Units, Value, call, moves};

/// Bytes of a block of rows in doubles, unless it has too few rows: so it stays in the second-level cache.
const BLOCK: u64 = 1 << 20;

/// Rows of a block are at least this many times its columns, so that what is stacked is a quarter at most.
const ROWS: u64 = 4;

/// Rows of a block of a matrix of so many columns: by these alone, so bits depend on neither chunks nor budget.
pub fn block_rows(columns: u64) -> u64 {
    (BLOCK / (8 * columns)).max(ROWS * columns)
}

/// Whether a matrix is decomposed by several blocks.
pub fn is_tall(ty: &ArrayType) -> bool {
    let [rows, columns] = sides(ty);
    ty.rank() == 2 && rows.size >= 2 * block_rows(columns.size)
}

/// The triangular matrices of the blocks, stacked, over the same dims.
fn stacked(builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let [rows, columns] = sides(&ty);
    let count = rows.size / block_rows(columns.size);
    let dims = [dim(&rows.name, count * columns.size), columns.clone()];
    in_blocks(builder, &[x], (Make::R, dims), DType::F64)
}

fn in_blocks(
    builder: &mut dyn Builder,
    inputs: &[Operand],
    (make, dims): (Make, [Dim; 2]),
    gives: DType,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(inputs[0]);
    let [rows, columns] = sides(&ty);
    let (size, width) = (rows.size, columns.size);
    let text = format!("{make:?} of blocks of {} rows over [{}, {}]", block_rows(width), dims[0].name, dims[1].name);
    let blocks = Blocks { size, width, rows: block_rows(width), stacked: make == Make::R, dims };
    let function = MatrixFunction { make, columns: width, dtype: ty.dtype, gives };
    let whole = Whole { axes: vec![0, 1], into: Into::Blocks(blocks), function: Arc::new(function) };
    builder.apply(Call { name: "qr", text, pattern: Pattern::Whole(whole), dtype: gives, units: Units::Lost }, inputs)
}

/// The stacked triangular matrices of a tall matrix, decomposed until they are no longer tall; others as they are.
///
/// # Errors
/// As [`Call::infer`], as of all functions here.
pub fn reduced(builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
    let mut left = x;
    while is_tall(&builder.ty(left)) {
        left = stacked(builder, left)?;
    }
    Ok(left)
}

/// The orthonormal matrix of a matrix, over its rows and a new dim `across`; of many matrices where they are not tall.
/// With a `factor`, a matrix from `across` to another dim, the product with that, over the rows and `across`.
pub fn orthonormal(
    builder: &mut dyn Builder,
    x: Operand,
    (factor, across): (Option<Operand>, &Dim),
    gives: DType,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let [rows, _] = sides(&ty);
    let dims = [rows.clone(), across.clone()];
    if is_tall(&ty) {
        let stacked = stacked(builder, x)?;
        let parts = orthonormal(builder, stacked, (factor, across), DType::F64)?;
        return in_blocks(builder, &[x, parts], (Make::Q, dims), gives);
    }
    let Some(factor) = factor else {
        return made(builder, x, ("qr", Make::Q), (dims.to_vec(), gives));
    };
    let q = made(builder, x, ("qr", Make::Q), (dims.to_vec(), DType::F64))?;
    let product = call::operator(builder, "matmul", &[Value::Array(q), Value::Array(factor)])?;
    let new = builder.ty(product).dims[1].name.clone();
    let rename = vec![(new, across.name.clone())];
    let product = moves::relabel(builder, product, Labels { rename, ..Labels::default() })?;
    call::cast(builder, product, gives)
}

/// Left singular vectors, singular values and right ones of a tall matrix.
pub fn singular(builder: &mut dyn Builder, x: Operand, across: &Dim) -> Result<[Operand; 3], TypeError> {
    let (ty, r) = (builder.ty(x), reduced(builder, x)?);
    let [rows, columns] = sides(&ty);
    let inner = builder.ty(r);
    let r = made(builder, r, ("qr", Make::R), (vec![across.clone(), columns.clone()], DType::F64))?;
    let other = dim(&free(&format!("{}_2", across.name), &[&inner]), across.size);
    let u = made(builder, r, ("svd", Make::U), (vec![across.clone(), other], DType::F64))?;
    let u = orthonormal(builder, x, (Some(u), across), ty.dtype)?;
    let s = made(builder, r, ("svd", Make::S), (vec![across.clone()], ty.dtype))?;
    let vt = made(builder, r, ("svd", Make::Vt), (vec![across.clone(), columns.clone()], ty.dtype))?;
    debug_assert_eq!(builder.ty(u).dims[0], *rows);
    Ok([u, s, vt])
}
