//! A task computed band by band (see the planner's `bands`).

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::Cancel;
use super::error::RunError;
use super::evaluate::Evaluation;
use super::executor::StageRun;
use crate::array::{Block, Region};
use crate::operators::pattern::Piece;
use crate::operators::tile::{TileMut, load};
use crate::planner::kernel::Slot;
use crate::planner::plan::End;

/// The values of all ends over `region`, computed `size` elements of the first axis at a time.
///
/// # Errors
/// The run was cancelled.
pub fn compute(
    run: &StageRun<'_>,
    (region, size): (&Region, u64),
    inputs: &[Option<Piece>],
    cancel: &Cancel,
) -> Result<Vec<Option<Block>>, RunError> {
    let kernel = &run.stage.kernel;
    let slots: Vec<Slot> = run.stage.ends.iter().flat_map(End::slots).collect();
    let mut blocks: BTreeMap<Slot, Block> =
        slots.iter().map(|slot| (*slot, Block::unset(kernel.ty(*slot).dtype, &region.shape))).collect();
    let mut rest: Vec<(Slot, TileMut)> = blocks.iter_mut().map(|(slot, block)| (*slot, TileMut::of(block))).collect();
    for band in bands(region, size) {
        if cancel.is_cancelled() {
            return Err(RunError::cancelled());
        }
        let regions = run.stage.required(&band);
        let pieces = inputs.iter().zip(&regions.inputs).map(|(piece, needed)| {
            let (piece, needed) = piece.as_ref().zip(needed.as_ref())?;
            let block = match needed.is_empty() {
                true => Block::zeros(piece.block.dtype(), &needed.shape),
                false => piece.block.slice(&needed.relative_to(&piece.region)),
            };
            Some(Piece { region: needed.clone(), block })
        });
        let mut evaluation = Evaluation::new(kernel, &regions, pieces.collect());
        let prepared = evaluation.prepare::<Infallible>(&|_, _, _, _| unreachable!("tasks with scans have no bands"));
        prepared.unwrap_or_else(|never| match never {});
        let (mut computed, mut rooms) = (Vec::new(), Vec::new());
        for (slot, room) in &mut rest {
            let now = room.split_off(band.count() as usize);
            match evaluation.block(*slot, &band) {
                Some(block) => load(&block, 0, now),
                None => {
                    computed.push(*slot);
                    rooms.push(now);
                }
            }
        }
        evaluation.compute(&computed, &band, rooms);
    }
    drop(rest);
    Ok(run.stage.ends.iter().map(|end| blocks.get(&end.slot).cloned()).collect())
}

/// The bands of a region, which follow each other in C order.
fn bands(region: &Region, size: u64) -> impl Iterator<Item = Region> {
    let axis = region.shape.iter().position(|&n| n > 1).unwrap_or(0);
    (0..region.shape[axis]).step_by(size as usize).map(move |at| {
        let mut band = region.clone();
        band.start[axis] += at;
        band.shape[axis] = size.min(region.shape[axis] - at);
        band
    })
}
