//! The values of one call from the values of its inputs, all at once: for constants folded while
//! planning, for whoever has values and no graph, and for tests. The runtime's kernels do the same over tiles.

use std::sync::Arc;

use super::pattern::Piece;
use super::pattern::Reduction;
use super::reduction::Stepper;
use super::tile::{TILE, Tile, TileLoop, TileMut, TileRef, is_repeated, load};
use super::{Builder, Call, Constant, Operand, Pattern, TypeError, scan, stencil, window};
use crate::array::{ArrayType, Block, DType, Region};

/// The whole result, of type `out`, of a call on whole inputs.
pub fn whole(call: &Call, types: &[&ArrayType], blocks: &[Block], out: &ArrayType) -> Option<Block> {
    let output = Region::whole(&out.shape());
    let piece = |(input, block): (usize, &Block)| {
        let region = call.pattern.required_alone(&output, input, types);
        Piece { block: block.slice(&region), region }
    };
    let pieces: Vec<Piece> = blocks.iter().enumerate().map(piece).collect();
    evaluate(call, &output, &pieces)
}

/// Operands that have their values: each call is computed as it is made.
#[derive(Default)]
pub struct Values(Vec<(Arc<ArrayType>, Block)>);

impl Values {
    /// An array of these values.
    pub fn array(&mut self, ty: ArrayType, block: Block) -> Operand {
        self.0.push((Arc::new(ty), block));
        Operand(self.0.len() as u32 - 1)
    }

    /// The values of an operand.
    pub fn of(&self, operand: Operand) -> &Block {
        &self.0[operand.0 as usize].1
    }
}

impl Builder for Values {
    fn apply(&mut self, call: Call, inputs: &[Operand]) -> Result<Operand, TypeError> {
        let (types, blocks): (Vec<_>, Vec<_>) = inputs.iter().map(|&i| (self.ty(i), self.of(i).clone())).unzip();
        let types: Vec<&ArrayType> = types.iter().map(|ty| &**ty).collect();
        let ty = call.infer(&types)?;
        let bug = || TypeError::new("ff::type::bug", format!("{call} has no values"));
        let block = whole(&call, &types, &blocks, &ty).ok_or_else(bug)?;
        Ok(self.array(ty, block))
    }

    fn constant(&mut self, ty: ArrayType, constant: Constant) -> Operand {
        let block = constant.block(&ty, &Region::whole(&ty.shape()));
        self.array(ty, block)
    }

    fn rechunk(&mut self, x: Operand, chunks: &[u64]) -> Operand {
        self.array(self.ty(x).rechunked(chunks), self.of(x).clone())
    }

    fn ty(&self, operand: Operand) -> Arc<ArrayType> {
        self.0[operand.0 as usize].0.clone()
    }

    fn known(&self, operand: Operand) -> Option<Block> {
        Some(self.of(operand).clone())
    }
}

/// The values of region `output` of a call, from pieces that hold at least what it requires of each
/// input where there is no carry.
pub fn evaluate(call: &Call, output: &Region, pieces: &[Piece]) -> Option<Block> {
    match &call.pattern {
        Pattern::Elementwise(run) => {
            let part = |piece: &Piece| match &piece.region {
                region if region == output => piece.block.clone(),
                region => piece.block.slice(&output.relative_to(region)),
            };
            let inputs: Vec<Block> = pieces.iter().map(part).collect();
            Some(elementwise(run, call.dtype, &output.shape, &inputs))
        }
        pattern @ (Pattern::Injective(_) | Pattern::Concat { .. }) => pattern.rearrange(output, pieces),
        Pattern::Window(window) => Some(window::evaluate(window, output, &pieces[0])),
        Pattern::Stencil(stencil) => Some(stencil::evaluate(stencil, output, &pieces[0])),
        Pattern::Reduction(reduction) => Some(reduced(reduction, output, pieces)),
        Pattern::Scan(scan) => Some(scan::evaluate(scan, output, &pieces[0])),
        Pattern::Contraction(contraction) => Some(contraction.evaluate(output, pieces)),
        Pattern::Whole(whole) => Some(whole.evaluate(output, pieces, call.dtype)),
    }
}

/// Steps all values into one accumulator. The pieces reach to the ends of the axes that are reduced.
fn reduced(reduction: &Reduction, output: &Region, pieces: &[Piece]) -> Block {
    let needed = &pieces[0].region;
    let ends: Vec<u64> = (0..needed.rank()).map(|axis| needed.end(axis)).collect();
    let cells = reduction.spread_whole(output);
    let mut acc = reduction.combine.init(reduction.cells(&cells) as usize);
    if !output.is_empty() {
        let stepper = Stepper::new(reduction, &cells, &ends, needed);
        stepper.block(acc.as_mut(), &pieces[0].block, pieces.get(1).map(|piece| &piece.block));
    }
    let block = acc.finish().reshape(&cells.shape);
    if cells == *output { block } else { block.slice(&output.relative_to(&cells)) }
}

/// Runs a loop over inputs of `shape`. Inputs that repeat one element each give one repeated element.
fn elementwise(run: &TileLoop, dtype: DType, shape: &[u64], inputs: &[Block]) -> Block {
    if !shape.contains(&0) && !shape.is_empty() && inputs.iter().all(is_repeated) {
        let ones = vec![1; shape.len()];
        let first = Region { start: vec![0; shape.len()], shape: ones.clone() };
        let firsts: Vec<Block> = inputs.iter().map(|block| block.slice(&first)).collect();
        return tiled(run, dtype, &ones, &firsts).broadcast(shape);
    }
    tiled(run, dtype, shape, inputs)
}

fn tiled(run: &TileLoop, dtype: DType, shape: &[u64], inputs: &[Block]) -> Block {
    let mut out = Block::zeros(dtype, shape);
    let count = out.count() as usize;
    let mut tiles: Vec<Tile> = inputs.iter().map(|block| Tile::new(block.dtype(), TILE)).collect();
    let mut all = TileMut::of(&mut out);
    for start in (0..count).step_by(TILE) {
        let len = TILE.min(count - start);
        for (tile, block) in tiles.iter_mut().zip(inputs) {
            load(block, start, tile.part_mut(0, len));
        }
        let inputs: Vec<TileRef> = tiles.iter().map(|tile| tile.part(0, len)).collect();
        run(&inputs, all.part_mut(start, len));
    }
    out
}
