//! Reductions of all that has been seen along dims: windows that grow with each element.
//!
//! Each element gets a state of its own, and states are joined along lines, one after the other, as those of tasks are. So
//! any reduction has its running values. Along one dim they are a scan, which carries the last states of its lines from
//! task to task. Along several dims each result sums up a box: states are joined along one dim after the other, and last
//! along the first of them, slab by slab. For that tasks hold these dims whole.

use std::sync::Arc;

use super::super::combine::{Accumulator, Cells, Combine, Run};
use super::super::pattern::Pattern;
use super::super::scan::{Carry, Index, Scan, Sweep};
use super::super::tile::{TileMut, TileRef, load};
use super::super::whole::lines::Layout;
use super::super::whole::{Into, LineFunction, Whole};
use super::super::{Builder, Call, Operand, TypeError, axis_of, moves};
use super::expand::Windowed;
use crate::array::{Block, DType, Dim, DimName};

/// States that are joined together: they stay in the cache.
const TOGETHER: u64 = 4096;

/// A reduction whose running values are wanted.
#[derive(Clone, Debug)]
struct Cumulated {
    combine: Arc<dyn Combine>,
    /// The dtype of its results.
    dtype: DType,
}

/// Emits a reduction of all elements up to each along `dims`, which are in the order of the array's.
///
/// # Errors
/// None but those of the builder.
pub fn cumulated(
    builder: &mut dyn Builder,
    (x, dims): (Operand, &[DimName]),
    what: Windowed,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let axes = dims.iter().map(|dim| axis_of(&ty, dim)).collect::<Result<Vec<usize>, TypeError>>()?;
    let Windowed { name, units, reduced: (combine, dtype), .. } = what;
    let text = format!("{}, axes: {axes:?}", what.text);
    if let [axis] = axes[..] {
        let pattern = Pattern::Scan(Scan { axis, reverse: false, sweep: sweep(combine, dtype) });
        return builder.apply(Call { name, text, pattern, dtype, units }, &[x]);
    }
    let spread: Vec<Dim> = axes.iter().map(|axis| ty.dims[*axis].clone()).collect();
    let sizes = spread.iter().map(|dim| dim.size).collect();
    let function = Arc::new(Boxes { cumulated: Cumulated { combine, dtype }, input: ty.dtype, sizes });
    let pattern = Pattern::Whole(Whole { axes: axes.clone(), into: Into::Spread(spread), function });
    let out = builder.apply(Call { name, text, pattern, dtype, units }, &[x])?;
    let out = moves::lacking_labels(builder, out, &ty)?;
    let kept = (0..ty.rank()).filter(|axis| !axes.contains(axis));
    let now: Vec<usize> = kept.chain(axes.iter().copied()).collect();
    let order: Vec<usize> = (0..ty.rank()).filter_map(|axis| now.iter().position(|at| *at == axis)).collect();
    moves::permute(builder, out, &order)
}

/// The scan of a reduction with results of `dtype`.
pub fn sweep(combine: Arc<dyn Combine>, dtype: DType) -> Arc<dyn Sweep> {
    Arc::new(Cumulated { combine, dtype })
}

impl Cumulated {
    /// A state for each of `values`, rows of `lines` elements, the first row at `position` in its lines.
    fn each(&self, values: TileRef<'_>, lines: usize, position: u64) -> Box<dyn Accumulator> {
        let cells = values.len();
        let mut states = self.combine.init(cells);
        let run = Run { start: 0, len: cells, first: 0, cells: Cells::Each, position, position_step: 1, places: None };
        if lines == 1 {
            states.step(&run, values, None);
            return states;
        }
        for (row, start) in (0..cells).step_by(lines).enumerate() {
            let position = position + row as u64;
            let run = Run { start, len: lines, first: start, position, position_step: 0, ..run };
            states.step(&run, values, None);
        }
        states
    }
}

impl Sweep for Cumulated {
    fn begin(&self, lines: usize) -> Box<dyn Carry> {
        Box::new(Lines { of: self.clone(), lines, states: self.combine.init(lines), seen: 0 })
    }

    fn state_bytes(&self) -> usize {
        self.combine.state_bytes()
    }

    fn by_groups(&self, _: Index) -> Arc<dyn Sweep> {
        unreachable!("windows that grow are no groups")
    }
}

/// The last states of many lines.
struct Lines {
    of: Cumulated,
    lines: usize,
    states: Box<dyn Accumulator>,
    /// How many elements of each line have gone by.
    seen: u64,
}

impl Carry for Lines {
    fn sweep(&mut self, block: &Block, axis: usize, reverse: bool) -> Block {
        assert!(!reverse, "windows grow forwards");
        let (rows, back) = first(block, &[axis]);
        let (length, lines) = (block.shape()[axis], self.lines as u64);
        let mut out = Block::unset(self.of.dtype, &[length, lines]);
        if block.count() > 0 {
            let band = (TOGETHER / lines).max(1);
            for start in (0..length).step_by(band as usize) {
                let count = band.min(length - start);
                let mut part = Block::unset(block.dtype(), &[count * lines]);
                load(&rows, (start * lines) as usize, TileMut::of(&mut part));
                let part = TileRef::of(&part).expect("it was made in one piece");
                let states = self.of.each(part, self.lines, self.seen + start);
                let states = self.states.lead(states, count as usize, self.lines);
                out.assign(&[start, 0], &states.finish().reshape(&[count, lines]));
            }
        }
        self.seen += length;
        out.reshape(&rows.shape()).permute(&back)
    }
}

/// A block with some axes before all others, and the axes that put them back.
fn first(block: &Block, axes: &[usize]) -> (Block, Vec<usize>) {
    let rank = block.shape().len();
    let order: Vec<usize> = axes.iter().copied().chain((0..rank).filter(|axis| !axes.contains(axis))).collect();
    let back = (0..rank).filter_map(|axis| order.iter().position(|at| *at == axis)).collect();
    (block.permute(&order), back)
}

/// A reduction of the boxes from the first element of each line, of several dims, to every other.
#[derive(Clone, Debug)]
struct Boxes {
    cumulated: Cumulated,
    input: DType,
    /// The sizes of the dims.
    sizes: Vec<u64>,
}

impl LineFunction for Boxes {
    fn len(&self, n: u64) -> u64 {
        n
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        let (rows, _) = first(block, layout.axes);
        let shape = rows.shape();
        let (n, kept) = (self.sizes.iter().product::<u64>(), &shape[layout.axes.len()..]);
        let lines: u64 = kept.iter().product();
        let mut out = Block::unset(self.cumulated.dtype, &[n, lines]);
        if block.count() > 0 {
            let slab = n / self.sizes[0];
            let band = (TOGETHER / slab).max(1);
            for start in (0..lines).step_by(band as usize) {
                let count = band.min(lines - start);
                let cells = (slab * count) as usize;
                let mut before = self.cumulated.combine.init(cells);
                for row in (0..n).step_by(slab as usize) {
                    let states = self.slab(&rows, (row, slab, lines), (start, count));
                    let states = before.lead(states, 1, cells);
                    out.assign(&[row, start], &states.finish().reshape(&[slab, count]));
                }
            }
        }
        let mut results = vec![n];
        results.extend(kept);
        let mut order: Vec<usize> = (1..results.len()).collect();
        order.insert(layout.place, 0);
        out.reshape(&results).permute(&order)
    }

    fn room(&self, n: u64) -> u64 {
        let cell = self.cumulated.combine.state_bytes() + self.input.size() + self.cumulated.dtype.size();
        TOGETHER.max(n / self.sizes[0].max(1)).saturating_mul(3 * cell as u64)
    }
}

impl Boxes {
    /// The states of the boxes within one slab, elements that share their place along the first dim, of some neighbouring
    /// lines, which lie one beside the other.
    fn slab(
        &self,
        rows: &Block,
        (first, slab, lines): (u64, u64, u64),
        (start, count): (u64, u64),
    ) -> Box<dyn Accumulator> {
        let mut part = Block::unset(rows.dtype(), &[slab * count]);
        let mut room = TileMut::of(&mut part);
        for row in first..first + slab {
            load(rows, (row * lines + start) as usize, room.split_off(count as usize));
        }
        let part = TileRef::of(&part).expect("it was made in one piece");
        let mut states = self.cumulated.each(part, count as usize, first);
        let mut inner = count as usize;
        for &length in self.sizes[1..].iter().rev() {
            let (length, cells) = (length as usize, (slab * count) as usize);
            states = self.cumulated.combine.init(cells / length).lead(states, length, inner);
            inner *= length;
        }
        states
    }
}
