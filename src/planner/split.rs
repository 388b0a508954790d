//! Values of which a task needs parts that lie far apart: `x - flip(x, time)`, `roll(x, time: 1)`.
//!
//! A task holds one region of every slot of its kernel. Where two consumers need regions whose hull is
//! much more than both, the slot is doubled and each gets a copy of its own: a source is read as two
//! inputs (the cache knows that their chunks are the same), a step is computed twice.

use super::kernel::{Kernel, Slot, Step};
use crate::array::{ArrayType, ChunkGrid, Region};

/// A hull of fewer bytes is not worth a copy.
const SMALLEST: u64 = 1 << 20;

/// A kernel may grow to so many times its steps.
const GROWTH: usize = 4;

/// Splits the slots of `kernel` where tasks over these `regions` of a `space` need parts far apart; gives for each
/// of its inputs the one it was before. `stored` has the chunk grids of inputs that come in chunks.
pub fn split(kernel: &mut Kernel, stored: &[Option<ChunkGrid>], (space, regions): (&[u64], &[Region])) -> Vec<usize> {
    let (inputs, steps) = (kernel.inputs.len(), kernel.steps.len());
    let mut uses = Uses::new(kernel, stored, (space, regions));
    for step in (0..steps).rev() {
        uses.settle_step(step);
    }
    for input in 0..inputs {
        uses.settle(Slot::Input(input));
    }
    uses.rebuilt()
}

/// What takes a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Taker {
    /// Output `i` of the kernel.
    Output(usize),
    /// Argument `arg` of copy `copy` of a step.
    Step { step: usize, copy: usize, arg: usize },
}

/// A taker of a slot with the region it needs per sampled task.
struct Use {
    taker: Taker,
    regions: Vec<Region>,
}

/// One copy of a slot: who takes it, and the hull of what they need per sampled task.
#[derive(Default)]
struct Copy {
    takers: Vec<Taker>,
    regions: Vec<Region>,
}

struct Uses<'k> {
    kernel: &'k mut Kernel,
    stored: &'k [Option<ChunkGrid>],
    inputs: Vec<Vec<Use>>,
    steps: Vec<Vec<Use>>,
    input_copies: Vec<Vec<Copy>>,
    step_copies: Vec<Vec<Copy>>,
    added: usize,
}

impl<'k> Uses<'k> {
    fn new(kernel: &'k mut Kernel, stored: &'k [Option<ChunkGrid>], (space, regions): (&[u64], &[Region])) -> Self {
        let (inputs, steps) = (kernel.inputs.len(), kernel.steps.len());
        fn none<T>(n: usize) -> Vec<Vec<T>> {
            std::iter::repeat_with(Vec::new).take(n).collect()
        }
        let mut uses = Uses {
            stored,
            inputs: none(inputs),
            steps: none(steps),
            input_copies: none(inputs),
            step_copies: none(steps),
            added: 0,
            kernel,
        };
        for (i, slot) in uses.kernel.outputs.clone().into_iter().enumerate() {
            let regions = regions.iter().map(|region| uses.kernel.part(slot, region, space)).collect();
            uses.of(slot).push(Use { taker: Taker::Output(i), regions });
        }
        uses
    }

    fn of(&mut self, slot: Slot) -> &mut Vec<Use> {
        match slot {
            Slot::Input(i) => &mut self.inputs[i],
            Slot::Step(i) => &mut self.steps[i],
        }
    }

    /// Deals the takers of a step out to copies, each of which takes the step's arguments.
    fn settle_step(&mut self, i: usize) {
        self.settle(Slot::Step(i));
        let Step { call, args, .. } = self.kernel.steps[i].clone();
        for copy in 0..self.step_copies[i].len() {
            let regions = self.step_copies[i][copy].regions.clone();
            for (arg, slot) in args.iter().enumerate() {
                let types: Vec<&ArrayType> = args.iter().map(|a| &**self.kernel.ty(*a)).collect();
                let regions = regions.iter().map(|r| call.pattern.required(r, arg, &types)).collect();
                self.of(*slot).push(Use { taker: Taker::Step { step: i, copy, arg }, regions });
            }
        }
    }

    /// Deals the takers of a slot out to copies.
    fn settle(&mut self, slot: Slot) {
        let ty = self.kernel.ty(slot).clone();
        let chunks = match slot {
            Slot::Input(i) => self.stored[i].as_ref(),
            Slot::Step(_) => None,
        };
        let may_grow = self.added + self.kernel.steps.len() < GROWTH * self.kernel.steps.len().max(1);
        let mut copies: Vec<Copy> = Vec::new();
        for Use { taker, regions } in std::mem::take(self.of(slot)) {
            let near = |copy: &&mut Copy| !may_grow || are_near(&copy.regions, &regions, &ty, chunks);
            match copies.iter_mut().find(near) {
                Some(copy) => {
                    copy.takers.push(taker);
                    copy.regions = copy.regions.iter().zip(&regions).map(|(a, b)| a.union(b)).collect();
                }
                None => copies.push(Copy { takers: vec![taker], regions }),
            }
        }
        self.added += copies.len().saturating_sub(1);
        match slot {
            Slot::Input(i) => self.input_copies[i] = copies,
            Slot::Step(i) => self.step_copies[i] = copies,
        }
    }

    /// Puts the copies into the kernel; gives for each input the one it was before.
    fn rebuilt(self) -> Vec<usize> {
        let origin: Vec<usize> = numbered(&self.input_copies).map(|(input, _)| input).collect();
        if self.added == 0 {
            return (0..self.kernel.inputs.len()).collect();
        }
        let places: Vec<(usize, usize)> = numbered(&self.step_copies).collect();
        let place = |step: usize, copy: usize| places.binary_search(&(step, copy)).expect("every copy has its place");
        let mut steps: Vec<Step> = places.iter().map(|(step, _)| self.kernel.steps[*step].clone()).collect();
        let mut outputs = self.kernel.outputs.clone();
        let inputs = self.input_copies.iter().flatten().enumerate().map(|(i, copy)| (Slot::Input(i), copy));
        let computed = self.step_copies.iter().flatten().enumerate().map(|(i, copy)| (Slot::Step(i), copy));
        for (slot, copy) in inputs.chain(computed) {
            for taker in &copy.takers {
                match *taker {
                    Taker::Output(i) => outputs[i] = slot,
                    Taker::Step { step, copy, arg } => steps[place(step, copy)].args[arg] = slot,
                }
            }
        }
        self.kernel.inputs = origin.iter().map(|i| self.kernel.inputs[*i].clone()).collect();
        self.kernel.steps = steps;
        self.kernel.outputs = outputs;
        origin
    }
}

/// The slots and the numbers of their copies, in order.
fn numbered(copies: &[Vec<Copy>]) -> impl Iterator<Item = (usize, usize)> + '_ {
    copies.iter().enumerate().flat_map(|(slot, copies)| (0..copies.len()).map(move |copy| (slot, copy)))
}

/// Whether the hull of what two need is, in every task, not much more than both.
fn are_near(a: &[Region], b: &[Region], ty: &ArrayType, chunks: Option<&ChunkGrid>) -> bool {
    let shape = ty.shape();
    let bytes = |region: &Region| match chunks {
        Some(chunks) if !region.is_empty() => {
            let covering = chunks.covering(region);
            let sizes = covering.shape.iter().zip(&chunks.axes).zip(&shape).map(|((n, a), len)| (n * a.size).min(*len));
            sizes.fold(ty.dtype.size() as u64, u64::saturating_mul)
        }
        _ => region.count().saturating_mul(ty.dtype.size() as u64),
    };
    a.iter().zip(b).all(|(a, b)| {
        let both = bytes(&a.union(b));
        both <= SMALLEST || both / 3 * 2 <= bytes(a).saturating_add(bytes(b))
    })
}
