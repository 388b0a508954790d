//! Broadcasting by the names of dims.
//!
//! The dims of the result are those of the first array, then what the others add, in their order. A
//! dim that an array lacks is inserted and repeated; the dims it has are put in the result's order.
//! Dims of the same name must have the same size, also where one of them is a single element: named
//! dims do not stretch silently.

use super::function::Given;
use crate::array::{Dim, Dims};
use crate::operators::error::Culprit;
use crate::operators::{Builder, Operand, TypeError, moves};

/// An input with what to blame it as.
#[derive(Clone, Debug)]
pub struct Named {
    /// Which part of the call it is.
    pub culprit: Culprit,
    /// The input.
    pub given: Given,
}

/// The operands with equal dims, in the same order.
///
/// # Errors
/// A dim has two sizes, or arrays of different rank have no named dims. Which operand is to blame is
/// said by number only; see [`together`].
pub fn broadcast_together(builder: &mut dyn Builder, operands: &[Operand]) -> Result<Vec<Operand>, TypeError> {
    let named: Vec<(Culprit, Operand)> =
        operands.iter().enumerate().map(|(i, &operand)| (Culprit::Variadic(i), operand)).collect();
    together(builder, &named)
}

/// The operands with equal dims, in the same order; what each is called is what an error blames.
///
/// # Errors
/// As [`broadcast_together`].
pub fn together(builder: &mut dyn Builder, operands: &[(Culprit, Operand)]) -> Result<Vec<Operand>, TypeError> {
    let dims = common_dims(builder, operands)?;
    operands.iter().map(|(_, operand)| broadcast_to(builder, *operand, &dims)).collect()
}

/// The dims that the operands have together.
///
/// # Errors
/// As [`broadcast_together`].
pub fn common_dims(builder: &dyn Builder, operands: &[(Culprit, Operand)]) -> Result<Dims, TypeError> {
    let mut dims = Dims::default();
    for (i, (culprit, operand)) in operands.iter().enumerate() {
        let ty = builder.ty(*operand);
        for (first, other) in &operands[..i] {
            let other = builder.ty(*other);
            if ty.is_auto_named() && other.is_auto_named() && ty.rank() != other.rank() {
                let message =
                    format!("{other} and {ty} have no named dims and differ in rank: which dims belong together?");
                return Err(TypeError::new("ff::type::auto_dims", message)
                    .at(culprit.clone(), format!("{ty}"))
                    .and_at(first.clone(), format!("{other}"))
                    .with_help("name the dims, in the source (`{dims: [t, y, x]}`) or with `rename(x, dim_0: y)`"));
            }
        }
        for dim in ty.dims.iter() {
            match dims.get(&dim.name) {
                None => dims.push(dim.name.clone(), dim.size),
                Some(known) if known.size == dim.size => {}
                Some(known) => return Err(other_size(builder, operands, i, known, dim)),
            }
        }
    }
    Ok(dims)
}

/// An operand with exactly these dims, which include all of its own at their sizes.
///
/// # Errors
/// The operand has a dim that is not among them.
pub fn broadcast_to(builder: &mut dyn Builder, operand: Operand, dims: &Dims) -> Result<Operand, TypeError> {
    let ty = builder.ty(operand);
    if ty.dims == *dims {
        return Ok(operand);
    }
    let order: Vec<usize> = dims.iter().filter_map(|dim| ty.dims.axis(&dim.name)).collect();
    if order.len() < ty.rank() {
        return Err(TypeError::new("ff::type::dims", format!("{ty} has dims that the result lacks")));
    }
    let mut out = moves::permute(builder, operand, &order)?;
    for (axis, dim) in dims.iter().enumerate().filter(|(_, dim)| ty.dims.axis(&dim.name).is_none()) {
        out = moves::insert(builder, out, axis, &dim.name, None)?;
    }
    moves::broadcast(builder, out, &dims.shape())
}

/// One name, two sizes: the error that blames operand `at`.
fn other_size(builder: &dyn Builder, operands: &[(Culprit, Operand)], at: usize, known: &Dim, dim: &Dim) -> TypeError {
    let has_dim = |(_, operand): &&(Culprit, Operand)| builder.ty(*operand).dims.get(&dim.name).is_some();
    let earlier = operands[..at].iter().find(has_dim);
    let ty = builder.ty(operands[at].1);
    let message = format!("dim `{}` is {} long on one side and {} on the other", dim.name, known.size, dim.size);
    let mut error = TypeError::new("ff::type::size", message).at(operands[at].0.clone(), format!("this is {ty}"));
    if let Some((culprit, operand)) = earlier {
        error = error.and_at(culprit.clone(), format!("this is {}", builder.ty(*operand)));
    }
    error.with_help(match (known.size, dim.size) {
        (1, _) | (_, 1) => format!(
            "dims do not stretch: take the single element with `isel({}: 0)` or `squeeze()`, and it is repeated",
            dim.name
        ),
        _ => format!("select the same part of `{0}` on both sides, or rename one: `rename({0}: other)`", dim.name),
    })
}
