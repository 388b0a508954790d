//! Whole chunks by their numbers, as Dask's `x.blocks[i, j]`.
//!
//! The chunks are those of the type: as stored, as a slice leaves them, or as `rechunk` states them. A dim of which one
//! chunk is picked stays. Chunks that follow one another are a slice, whose grid is the part of the array's; others are a
//! gather, whose grid begins anew with chunks of the same size.

use super::position::{self, Places};
use super::{Pick, Picks, add, blame, emit};
use crate::array::{AxisChunks, Dim};
use crate::operators::moves::Span;
use crate::operators::{Arguments, Builder, TypeError, Value};

/// The most elements along a dim that are gathered: their positions take a gigabyte.
const MOST: u64 = 1 << 27;

pub(super) fn blocks(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let mut picks = Picks::new();
    for (axis, value) in arguments.per_axis(&ty)? {
        let (dim, chunks) = (&ty.dims[axis], ty.chunks.axes[axis]);
        let places = Places { dim: &dim.name, count: chunks.count(dim.size), one: "chunk", many: "chunks" };
        let pick = position::pick(builder, places, &value.value).and_then(|pick| elements(pick, chunks, dim));
        add(&mut picks, axis, pick.map_err(|e| blame(e, &dim.name))?, &dim.name)?;
    }
    emit(builder, x, picks, false).map(Value::Array)
}

/// The elements of the chunks that are picked.
fn elements(pick: Pick, chunks: AxisChunks, dim: &Dim) -> Result<Pick, TypeError> {
    let numbers: Vec<u64> = match pick {
        Pick::One(number) => vec![number],
        Pick::Run(span) if span.count > 0 && (span.step == 1 || span.count == 1) => {
            let (first, _) = chunks.span(span.start as u64, dim.size);
            let (last, length) = chunks.span(span.start as u64 + span.count - 1, dim.size);
            return Ok(Pick::Run(Span::run(first, last + length - first)));
        }
        Pick::Run(span) => (0..span.count as i64).map(|i| (span.start + i * span.step) as u64).collect(),
        Pick::Take(numbers) | Pick::Along(numbers, ..) => numbers,
        Pick::At(points) if points.like.rank() == 1 => points.positions,
        Pick::At(points) => {
            let message = format!("chunks are picked by a list of numbers, this is {}", points.like);
            return Err(TypeError::new("ff::type::argument", message));
        }
    };
    let spans = || numbers.iter().map(|&number| chunks.span(number, dim.size));
    let count = spans().fold(0u64, |n, (_, length)| n.saturating_add(length));
    match numbers.as_slice() {
        [number] => {
            let (start, length) = chunks.span(*number, dim.size);
            Ok(Pick::Run(Span::run(start, length)))
        }
        _ if count > MOST => {
            let message = format!("chunks that are not one after the other have {count} elements along `{}`", dim.name);
            Err(TypeError::new("ff::type::index", message).with_help(format!(
                "up to {MOST} can be picked so; a range of chunks with a step of 1 may be of any size"
            )))
        }
        _ => Ok(Pick::of(spans().flat_map(|(start, length)| start..start + length).collect())),
    }
}
