//! Kernels over tiles.
//!
//! Calls that only move values (slices, transposes, broadcasts) are views of blocks. Elementwise
//! calls run together, tile by tile, through registers that stay in the cache: an intermediate
//! result is never an array. Only what a window, a lookup or a join needs whole becomes a block.

use std::collections::BTreeMap;

use crate::array::block::with_values;
use crate::array::{Block, Region};
use crate::operators::pattern::Piece;
use crate::operators::tile::{TILE, Tile, TileElement, TileLoop, load};
use crate::operators::{Pattern, window};
use crate::planner::kernel::{Kernel, Regions, Slot};

/// One task's evaluation of a kernel.
pub struct Evaluation<'k> {
    kernel: &'k Kernel,
    regions: &'k Regions,
    inputs: Vec<Option<Piece>>,
    steps: Vec<Option<Piece>>,
    whole: Vec<bool>,
}

impl<'k> Evaluation<'k> {
    /// Takes the input pieces a task needs, each of the region that `regions` names.
    pub fn new(kernel: &'k Kernel, regions: &'k Regions, inputs: Vec<Option<Piece>>) -> Self {
        let whole = whole_steps(kernel, regions);
        Evaluation { kernel, regions, inputs, steps: vec![None; kernel.steps.len()], whole }
    }

    /// Computes every value that must be whole before the last walk over tiles.
    pub fn prepare(&mut self) {
        for (i, step) in self.kernel.steps.iter().enumerate() {
            let Some(region) = &self.regions.steps[i] else { continue };
            let block = match &step.call.pattern {
                Pattern::Elementwise(_) if !self.whole[i] => continue,
                Pattern::Elementwise(_) => self.materialise(Slot::Step(i), region),
                pattern => self.rearranged(i, pattern, region),
            };
            self.steps[i] = Some(Piece { region: region.clone(), block });
        }
    }

    /// The value of `slot` over `region`, where it needs no computation: an input or a whole step.
    pub fn block(&self, slot: Slot, region: &Region) -> Option<Block> {
        let piece = match slot {
            Slot::Input(i) => self.inputs[i].as_ref()?,
            Slot::Step(i) => self.steps[i].as_ref()?,
        };
        Some(if piece.region == *region {
            piece.block.clone()
        } else {
            piece.block.slice(&region.relative_to(&piece.region))
        })
    }

    /// Walks `region` tile by tile in C order and shows `visit` the tiles of `slots`, with the place
    /// of their first element.
    pub fn walk<E>(
        &self,
        slots: &[Slot],
        region: &Region,
        mut visit: impl FnMut(usize, &[&Tile]) -> Result<(), E>,
    ) -> Result<(), E> {
        let program = Program::new(self, slots, region);
        let mut registers: Vec<Tile> = program.registers.iter().map(|dtype| Tile::new(*dtype)).collect();
        let count = region.count() as usize;
        for start in (0..count).step_by(TILE) {
            let len = TILE.min(count - start);
            for (register, block) in &program.loads {
                load(block, start, len, &mut registers[*register]);
            }
            for call in &program.calls {
                let mut out = std::mem::replace(&mut registers[call.output], Tile::Bool(Vec::new()));
                out.clear();
                let inputs: Vec<&Tile> = call.inputs.iter().map(|r| &registers[*r]).collect();
                (call.run)(&inputs, &mut out);
                registers[call.output] = out;
            }
            let shown: Vec<&Tile> = program.shown.iter().map(|r| &registers[*r]).collect();
            visit(start, &shown)?;
        }
        Ok(())
    }

    fn materialise(&self, slot: Slot, region: &Region) -> Block {
        let mut out = Tile::new(self.kernel.ty(slot).dtype);
        let done: Result<(), std::convert::Infallible> = self.walk(&[slot], region, |_, tiles| {
            append(&mut out, tiles[0]);
            Ok(())
        });
        done.unwrap_or_else(|never| match never {});
        into_block(out, region)
    }

    fn rearranged(&self, i: usize, pattern: &Pattern, region: &Region) -> Block {
        let step = &self.kernel.steps[i];
        let types: Vec<_> = step.args.iter().map(|a| &**self.kernel.ty(*a)).collect();
        let piece = |(input, arg): (usize, &Slot)| {
            let region = pattern.required(region, input, &types);
            let block = self.block(*arg, &region).expect("what a rearrangement needs is whole");
            Piece { region, block }
        };
        let pieces: Vec<Piece> = step.args.iter().enumerate().map(piece).collect();
        match pattern {
            Pattern::Window(w) => window::evaluate(w, region, &pieces[0]),
            _ => pattern.rearrange(region, &pieces).expect("reductions are ends, not steps"),
        }
    }
}

/// Elementwise steps that must be blocks: another kind of step, or a step over another region, takes
/// their value.
fn whole_steps(kernel: &Kernel, regions: &Regions) -> Vec<bool> {
    let mut whole = vec![false; kernel.steps.len()];
    for (i, step) in kernel.steps.iter().enumerate() {
        let Some(region) = &regions.steps[i] else { continue };
        let tiled = matches!(step.call.pattern, Pattern::Elementwise(_));
        for arg in &step.args {
            if let Slot::Step(producer) = arg {
                whole[*producer] |= !tiled || regions.get(*arg) != Some(region);
            }
        }
    }
    whole
}

/// The elementwise steps that lead to some slots, over registers.
struct Program<'e> {
    registers: Vec<crate::array::DType>,
    loads: Vec<(usize, Block)>,
    calls: Vec<TileCall<'e>>,
    shown: Vec<usize>,
}

struct TileCall<'e> {
    run: &'e TileLoop,
    inputs: Vec<usize>,
    output: usize,
}

impl<'e> Program<'e> {
    fn new(evaluation: &'e Evaluation<'_>, slots: &[Slot], region: &Region) -> Self {
        let mut program = Program { registers: Vec::new(), loads: Vec::new(), calls: Vec::new(), shown: Vec::new() };
        let mut known = BTreeMap::new();
        let needed = needed(evaluation, slots);
        for slot in needed {
            let register = program.registers.len();
            program.registers.push(evaluation.kernel.ty(slot).dtype);
            known.insert(slot, register);
            match (evaluation.block(slot, region), slot) {
                (Some(block), _) => program.loads.push((register, block)),
                (None, Slot::Step(i)) => {
                    let step = &evaluation.kernel.steps[i];
                    let Pattern::Elementwise(run) = &step.call.pattern else {
                        unreachable!("other patterns are whole")
                    };
                    let inputs = step.args.iter().map(|a| known[a]).collect();
                    program.calls.push(TileCall { run, inputs, output: register });
                }
                (None, Slot::Input(_)) => unreachable!("inputs that are needed are there"),
            }
        }
        program.shown = slots.iter().map(|s| known[s]).collect();
        program
    }
}

/// The slots to load or compute, producers first.
fn needed(evaluation: &Evaluation<'_>, slots: &[Slot]) -> Vec<Slot> {
    let mut seen = std::collections::BTreeSet::new();
    let mut waiting: Vec<Slot> = slots.to_vec();
    while let Some(slot) = waiting.pop() {
        if !seen.insert(slot) {
            continue;
        }
        if let Slot::Step(i) = slot
            && evaluation.steps[i].is_none()
        {
            waiting.extend(&evaluation.kernel.steps[i].args);
        }
    }
    seen.into_iter().collect()
}

/// Appends the elements of `tile` to `out`, of the same type.
pub fn append(out: &mut Tile, tile: &Tile) {
    macro_rules! each {
        ($($variant:ident)*) => {
            match (out, tile) {
                $((Tile::$variant(out), Tile::$variant(tile)) => out.extend_from_slice(tile),)*
                _ => unreachable!("kernels are typed"),
            }
        };
    }
    each!(Bool I8 I16 I32 I64 U8 U16 U32 U64 F16 F32 F64 C64 C128 Str);
}

/// The elements gathered in `tile` as the block of `region`.
pub fn into_block(tile: Tile, region: &Region) -> Block {
    fn wrap<T: TileElement>(elements: Vec<T>, region: &Region) -> Block {
        Block::from_vec(&region.shape, elements).expect("a walk shows every element once")
    }
    macro_rules! each {
        ($($variant:ident)*) => {
            match tile { $(Tile::$variant(elements) => wrap(elements, region),)* }
        };
    }
    each!(Bool I8 I16 I32 I64 U8 U16 U32 U64 F16 F32 F64 C64 C128 Str)
}

/// Whether a block holds its values in full and in order, so that it need not be copied.
pub fn is_packed(block: &Block) -> bool {
    with_values!(block, values => values.as_slice().is_some())
}
