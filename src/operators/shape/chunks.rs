//! The sizes of chunks.

use crate::array::ArrayType;
use crate::operators::error::Culprit;
use crate::operators::{Arguments, Builder, TypeError, Value};

pub(super) fn rechunk(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut chunks = ty.chunks.chunk_shape();
    match arguments.get("chunks") {
        None if arguments.per_dim.is_empty() => {
            return Err(TypeError::new("ff::type::argument", "there is no chunk size")
                .with_help("write `rechunk(x, t: 100)`, `rechunk(x, 100)` or `rechunk(x, 16MiB)`"));
        }
        None => {}
        Some(Value::Size(bytes)) => chunks = of_bytes(&ty, *bytes),
        Some(value) => {
            let of = |size| elements(value, size).map_err(|e| e.or_at(Culprit::Param("chunks")));
            chunks = ty.shape().into_iter().map(of).collect::<Result<_, _>>()?;
        }
    }
    for (axis, value) in arguments.per_axis(&ty)? {
        let dim = &ty.dims[axis];
        let at = Culprit::Named(dim.name.to_string());
        chunks[axis] = elements(&value.value, dim.size).map_err(|e| e.or_at(at))?;
    }
    let same = ty.chunks.axes.iter().zip(&chunks).all(|(axis, &size)| axis.offset == 0 && axis.size == size);
    Ok(Value::Array(if same { x } else { builder.rechunk(x, &chunks) }))
}

/// Elements of a chunk along a dim of `size`.
fn elements(value: &Value, size: u64) -> Result<u64, TypeError> {
    match value {
        Value::None | Value::Int(-1) => Ok(size.max(1)),
        Value::Int(n @ 1..) => Ok((*n as u64).min(size.max(1))),
        Value::Int(n) => {
            Err(TypeError::new("ff::type::chunks", format!("a chunk has at least one element, this says {n}"))
                .with_help("-1 or `none` makes one chunk of the whole dim"))
        }
        other => {
            let message = format!("the elements of a chunk are an integer, this is {}", other.kind());
            Err(TypeError::new("ff::type::argument", message).with_help("bytes go without a dim: rechunk(x, 16MiB)"))
        }
    }
}

/// The present chunks, doubled from the innermost dim outwards or halved along the longest one until
/// they have at most `bytes`; at least one element.
pub(in crate::operators) fn of_bytes(ty: &ArrayType, bytes: u64) -> Vec<u64> {
    let shape = ty.shape();
    let mut chunks: Vec<u64> = ty.chunks.chunk_shape().iter().zip(&shape).map(|(&c, &n)| c.min(n).max(1)).collect();
    let size = |chunks: &[u64]| chunks.iter().fold(ty.dtype.size() as u64, |n, &c| n.saturating_mul(c));
    while size(&chunks) > bytes {
        match chunks.iter_mut().rev().max_by_key(|c| **c) {
            Some(longest) if *longest > 1 => *longest = longest.div_ceil(2),
            _ => break,
        }
    }
    for axis in (0..chunks.len()).rev() {
        while chunks[axis] < shape[axis] {
            let larger = (chunks[axis] * 2).min(shape[axis]);
            let before = std::mem::replace(&mut chunks[axis], larger);
            if size(&chunks) > bytes {
                chunks[axis] = before;
                break;
            }
        }
    }
    chunks
}
