//! Kernels over tiles.
//!
//! Calls that only move values (slices, transposes, broadcasts) are views of blocks. Elementwise
//! calls run together, tile by tile, through registers that stay in the cache: an intermediate
//! result is never an array. Only what a window, a lookup or a join needs whole becomes a block.

use std::collections::{BTreeMap, BTreeSet};

use super::strips::Span;
use crate::array::block::storage;
use crate::array::{Block, DType, Region};
use crate::operators::pattern::Piece;
use crate::operators::reduction::TileRows;
use crate::operators::scan::Scan;
use crate::operators::tile::{TILE, Tile, TileLoop, TileMut, TileRef, is_repeated, load};
use crate::operators::{Pattern, stencil, window};
use crate::planner::kernel::{Kernel, Regions, Slot};

/// Gives the values of a scan.
pub type Sweep<'s, E> = &'s dyn Fn(usize, &Scan, &Region, &Block) -> Result<Block, E>;

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
    /// `sweep` gives the values of a scan: of this step, over this region, from the block of its input.
    ///
    /// # Errors
    /// Those of `sweep`.
    pub fn prepare<E>(&mut self, sweep: Sweep<'_, E>) -> Result<(), E> {
        for (i, step) in self.kernel.steps.iter().enumerate() {
            let Some(region) = &self.regions.steps[i] else { continue };
            let block = match &step.call.pattern {
                Pattern::Elementwise(_) if !self.whole[i] => continue,
                Pattern::Elementwise(_) => self.materialise(Slot::Step(i), region),
                Pattern::Scan(scan) => sweep(i, scan, region, &self.swept(i, region))?,
                pattern => self.rearranged(i, pattern, region),
            };
            self.steps[i] = Some(Piece { region: region.clone(), block });
        }
        Ok(())
    }

    /// The values that a scan, step `i`, takes in.
    fn swept(&self, i: usize, region: &Region) -> Block {
        self.block(self.kernel.steps[i].args[0], region).expect("what a scan takes in is whole")
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

    /// What computes `outputs` over `region`, and the slots `shown`, tile by tile.
    pub fn program(&self, shown: &[Slot], outputs: &[Slot], region: &Region) -> Program<'_> {
        Program::new(self, shown, outputs, region)
    }

    /// The values of a slot that is computed tile by tile.
    pub fn materialise(&self, slot: Slot, region: &Region) -> Block {
        let mut out = Block::unset(self.kernel.ty(slot).dtype, &region.shape);
        self.compute(&[slot], region, vec![TileMut::of(&mut out)]);
        out
    }

    /// Computes the values of `slots`, none of which is whole, over `region` into as many `rooms`.
    pub fn compute(&self, slots: &[Slot], region: &Region, rooms: Vec<TileMut<'_>>) {
        let count = region.count() as usize;
        let program = self.program(&[], slots, region);
        let mut walker = program.walker(rooms, 1);
        for start in (0..count).step_by(TILE) {
            walker.tile(start, TILE.min(count - start));
        }
    }

    /// The arguments of the call that computes a slot tile by tile; none where the value is there.
    fn computed_from(&self, slot: Slot) -> &[Slot] {
        match slot {
            Slot::Step(i) if self.steps[i].is_none() => &self.kernel.steps[i].args,
            Slot::Step(_) | Slot::Input(_) => &[],
        }
    }

    /// The loop that computes a slot tile by tile.
    fn tile_loop(&self, slot: Slot) -> &TileLoop {
        let Slot::Step(i) = slot else { unreachable!("inputs that are needed are there") };
        let Pattern::Elementwise(run) = &self.kernel.steps[i].call.pattern else {
            unreachable!("other patterns are whole")
        };
        run
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
            Pattern::Stencil(s) => stencil::evaluate(s, region, &pieces[0]),
            Pattern::Whole(w) => w.evaluate(region, &pieces, step.ty.dtype),
            _ => pattern.rearrange(region, &pieces).expect("reductions are ends, and scans are swept"),
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

/// The most inputs a loop over tiles takes.
const MAX_INPUTS: usize = 3;

/// The elementwise steps that lead to some slots over a region.
pub struct Program<'e> {
    /// The dtype of each place where values lie.
    dtypes: Vec<DType>,
    /// The blocks that are there already, and their places.
    loads: Vec<(usize, Block)>,
    calls: Vec<TileCall<'e>>,
    /// The places of the slots computed into room from outside.
    outputs: Vec<usize>,
    /// The places of the slots to show.
    shown: Vec<usize>,
}

struct TileCall<'e> {
    run: &'e TileLoop,
    inputs: Vec<usize>,
    output: usize,
}

/// Where the values of a slot lie.
enum Place<'a> {
    /// In a block, all of them.
    Block(TileRef<'a>),
    /// In room from outside, all of them.
    Output(TileMut<'a>),
    /// In a register, those of one row of a tile.
    Register(Tile),
    /// In a register, those of all rows of a tile; the number of the row at hand, and elements of a row.
    Rows(Tile, usize),
    /// The same element in every place of a tile.
    Repeated(Tile),
    /// Lent to the call that writes them.
    Taken,
}

impl Place<'_> {
    /// The values from `start` on.
    fn read(&self, start: usize, len: usize) -> TileRef<'_> {
        match self {
            Place::Block(all) => all.part(start, len),
            Place::Output(all) => all.part(start, len),
            Place::Register(tile) | Place::Repeated(tile) => tile.part(0, len),
            Place::Rows(tile, row) => tile.part(row * len, len),
            Place::Taken => unreachable!("no call reads what it writes"),
        }
    }

    /// The values of all rows of a tile.
    fn rows(&self, span: &Span) -> TileRows<'_> {
        let whole = |stride: usize| (span.rows - 1) * stride + span.len;
        let (all, stride) = match self {
            Place::Block(all) => (all.part(span.start, whole(span.apart)), span.apart),
            Place::Output(all) => (all.part(span.start, whole(span.apart)), span.apart),
            Place::Rows(tile, _) => (tile.part(0, span.rows * span.len), span.len),
            Place::Repeated(tile) => (tile.part(0, span.len), 0),
            Place::Register(_) | Place::Taken => unreachable!("what is shown has room for its rows"),
        };
        TileRows { all, stride, len: span.len }
    }

    /// The same for writing.
    fn write(&mut self, start: usize, len: usize) -> TileMut<'_> {
        match self {
            Place::Output(all) => all.part_mut(start, len),
            Place::Register(tile) => tile.part_mut(0, len),
            Place::Rows(tile, row) => tile.part_mut(*row * len, len),
            Place::Block(_) | Place::Repeated(_) | Place::Taken => unreachable!("nothing writes to inputs"),
        }
    }
}

impl<'e> Program<'e> {
    fn new(evaluation: &'e Evaluation<'_>, shown: &[Slot], outputs: &[Slot], region: &Region) -> Self {
        let mut program = Program {
            dtypes: Vec::new(),
            loads: Vec::new(),
            calls: Vec::new(),
            outputs: Vec::new(),
            shown: Vec::new(),
        };
        let wanted = [shown, outputs].concat();
        let needed = needed(evaluation, &wanted);
        let mut last_use: BTreeMap<Slot, usize> = BTreeMap::new();
        for (at, slot) in needed.iter().enumerate() {
            for arg in evaluation.computed_from(*slot) {
                last_use.insert(*arg, at);
            }
        }
        last_use.extend(wanted.iter().map(|slot| (*slot, usize::MAX)));
        let mut places = BTreeMap::new();
        let mut free: Vec<usize> = Vec::new();
        for (at, &slot) in needed.iter().enumerate() {
            let dtype = storage(evaluation.kernel.ty(slot).dtype);
            if let Some(block) = evaluation.block(slot, region) {
                places.insert(slot, program.place(dtype));
                program.loads.push((places[&slot], block));
                continue;
            }
            let reused = free.iter().position(|&place| program.dtypes[place] == dtype);
            let reused = reused.filter(|_| !outputs.contains(&slot)).map(|i| free.swap_remove(i));
            let output = reused.unwrap_or_else(|| program.place(dtype));
            places.insert(slot, output);
            let args = evaluation.computed_from(slot);
            let inputs = args.iter().map(|a| places[a]).collect();
            program.calls.push(TileCall { run: evaluation.tile_loop(slot), inputs, output });
            let dying: BTreeSet<&Slot> = args.iter().filter(|a| last_use[a] == at).collect();
            free.extend(dying.iter().filter(|a| evaluation.block(***a, region).is_none()).map(|a| places[a]));
        }
        program.shown = shown.iter().map(|s| places[s]).collect();
        program.outputs = outputs.iter().map(|s| places[s]).collect();
        program
    }

    fn place(&mut self, dtype: DType) -> usize {
        self.dtypes.push(dtype);
        self.dtypes.len() - 1
    }

    /// Ready to compute tiles into `outputs`: room for the values of the program's outputs over its whole region.
    /// Tiles have at most so many `rows`.
    pub fn walker<'a>(&'a self, outputs: Vec<TileMut<'a>>, rows: usize) -> Walker<'a> {
        let mut places: Vec<Place> = self.dtypes.iter().map(|_| Place::Taken).collect();
        let mut strided = Vec::new();
        for (place, room) in self.outputs.iter().zip(outputs) {
            places[*place] = Place::Output(room);
        }
        for (place, block) in &self.loads {
            if let Some(all) = TileRef::of(block) {
                places[*place] = Place::Block(all);
            } else if is_repeated(block) {
                let mut tile = Tile::new(block.dtype(), TILE);
                load(block, 0, tile.part_mut(0, TILE.min(block.count() as usize)));
                places[*place] = Place::Repeated(tile);
            } else {
                strided.push((*place, block));
            }
        }
        for (number, (place, dtype)) in places.iter_mut().zip(&self.dtypes).enumerate() {
            if let Place::Taken = place {
                *place = match self.shown.contains(&number) {
                    true => Place::Rows(Tile::new(*dtype, TILE * rows), 0),
                    false => Place::Register(Tile::new(*dtype, TILE)),
                };
            }
        }
        Walker { program: self, places, strided }
    }
}

/// A program at work.
pub struct Walker<'a> {
    program: &'a Program<'a>,
    places: Vec<Place<'a>>,
    /// The blocks that are loaded tile by tile, and their places.
    strided: Vec<(usize, &'a Block)>,
}

impl Walker<'_> {
    /// Computes the elements of a tile, and gives those of the slots to show.
    pub fn rows(&mut self, span: &Span) -> Vec<TileRows<'_>> {
        for row in 0..span.rows {
            for place in &self.program.shown {
                if let Place::Rows(_, at) = &mut self.places[*place] {
                    *at = row;
                }
            }
            self.tile(span.start + row * span.apart, span.len);
        }
        self.program.shown.iter().map(|&place| self.places[place].rows(span)).collect()
    }

    /// Computes the elements from `start` on in C order, `len` of them and at most [`TILE`].
    fn tile(&mut self, start: usize, len: usize) {
        let places = &mut self.places;
        for (place, block) in &self.strided {
            load(block, start, places[*place].write(start, len));
        }
        for call in &self.program.calls {
            let mut out = std::mem::replace(&mut places[call.output], Place::Taken);
            let nothing = TileRef::Bool(&[]);
            let input = |i: usize| call.inputs.get(i).map_or(nothing, |&place| places[place].read(start, len));
            let inputs: [TileRef; MAX_INPUTS] = std::array::from_fn(input);
            (call.run)(&inputs[..call.inputs.len()], out.write(start, len));
            places[call.output] = out;
        }
    }
}

/// The slots to load or compute, producers first.
fn needed(evaluation: &Evaluation<'_>, slots: &[Slot]) -> Vec<Slot> {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<Slot> = slots.to_vec();
    while let Some(slot) = waiting.pop() {
        if !seen.insert(slot) {
            continue;
        }
        waiting.extend(evaluation.computed_from(slot));
    }
    seen.into_iter().collect()
}
