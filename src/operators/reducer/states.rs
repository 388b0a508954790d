//! The states of many cells of a [`Recipe`]: one tile for each part of a state.

use std::any::Any;
use std::collections::BTreeMap;

use super::Recipe;
use super::tape::{Room, Tape, repeated};
use crate::array::Block;
use crate::operators::combine::{Accumulator, Cells, Run};
use crate::operators::tile::{TILE, Tile, TileMut, TileRef};

/// States among which a run into one cell is divided: each takes a part of the run, and neighbours are merged
/// until one is left.
const LANES: usize = 128;

/// Elements of a run that go to one cell, from which on they are taken in by lanes where cells are given by a table.
const MANY: usize = 32;

/// The states of cells.
pub struct States {
    recipe: Recipe,
    cells: usize,
    states: Vec<Tile>,
    /// None where nothing is computed: states that wait take no room but their own.
    desk: Option<Box<Desk>>,
}

/// Where states are computed.
struct Desk {
    step: Room,
    merge: Room,
    /// States that have seen nothing, one a lane.
    fresh: Vec<Tile>,
    /// States of lanes.
    lanes: Vec<Tile>,
    /// States before they go to their place.
    next: Vec<Tile>,
    /// The right ones of pairs, and elements that lie apart.
    apart: Vec<Tile>,
    elements: Vec<Tile>,
}

/// Bytes of a desk, or of the room in which results are finished, whichever is more.
pub fn room_bytes(recipe: &Recipe) -> usize {
    let state: usize = recipe.init.iter().map(|(dtype, _)| dtype.size()).sum();
    let elements: usize = recipe.elements.iter().map(|dtype| dtype.size()).sum();
    let tiles = LANES * state + TILE * (3 * state + elements);
    (tiles + recipe.step.room_bytes() + recipe.merge.room_bytes()).max(recipe.finish.room_bytes())
}

impl Desk {
    fn new(recipe: &Recipe) -> Desk {
        let of_states = || recipe.init.iter().map(|(dtype, _)| Tile::new(*dtype, TILE)).collect();
        Desk {
            step: recipe.step.room(),
            merge: recipe.merge.room(),
            fresh: recipe.init.iter().map(|(dtype, value)| repeated(*dtype, value, LANES)).collect(),
            lanes: of_states(),
            next: of_states(),
            apart: of_states(),
            elements: recipe.elements.iter().map(|dtype| Tile::new(*dtype, TILE)).collect(),
        }
    }
}

impl States {
    /// Cells that have seen nothing.
    pub fn new(recipe: &Recipe, cells: usize) -> States {
        let states = recipe.init.iter().map(|(dtype, value)| repeated(*dtype, value, cells)).collect();
        States { recipe: recipe.clone(), cells, states, desk: None }
    }

    /// Computes at the desk, which is made where there is none.
    fn at_desk(&mut self, compute: impl FnOnce(&mut Self, &mut Desk)) {
        let mut desk = self.desk.take().unwrap_or_else(|| Box::new(Desk::new(&self.recipe)));
        compute(self, &mut desk);
        self.desk = Some(desk);
    }

    /// Elements one by one into the cells from `first` on.
    fn each(&mut self, desk: &mut Desk, first: usize, elements: &[TileRef<'_>], len: usize) {
        for start in (0..len).step_by(TILE) {
            let part = TILE.min(len - start);
            let states = self.states.iter().map(|state| state.part(first + start, part));
            let inputs: Vec<TileRef<'_>> = states.chain(elements.iter().map(|e| e.part(start, part))).collect();
            advance(&self.recipe.step, &mut desk.step, &inputs, &mut desk.next, part);
            put(&desk.next, &mut self.states, first + start, part);
        }
    }

    /// A run into one cell.
    fn one(&mut self, desk: &mut Desk, cell: usize, elements: &[TileRef<'_>], len: usize) {
        let mut start = 0;
        while start < len {
            let lanes = LANES.min(len - start);
            let each = ((len - start) / lanes).min(TILE);
            let part: Vec<TileRef<'_>> = elements.iter().map(|e| e.part(start, lanes * each)).collect();
            self.in_lanes(desk, &part, (lanes, each));
            let inputs = self.states.iter().map(|state| state.part(cell, 1));
            let inputs: Vec<TileRef<'_>> = inputs.chain(desk.lanes.iter().map(|lane| lane.part(0, 1))).collect();
            advance(&self.recipe.merge, &mut desk.merge, &inputs, &mut desk.next, 1);
            put(&desk.next, &mut self.states, cell, 1);
            start += lanes * each;
        }
    }

    /// Leaves in the first lane what becomes of `lanes` parts of `each` elements, one after the other.
    fn in_lanes(&self, desk: &mut Desk, elements: &[TileRef<'_>], (lanes, each): (usize, usize)) {
        put(&desk.fresh, &mut desk.lanes, 0, lanes);
        for turn in 0..each {
            for (element, room) in elements.iter().zip(&mut desk.elements) {
                element.every(turn, each, room.part_mut(0, lanes));
            }
            let taken = desk.elements.iter().map(|e| e.part(0, lanes));
            let inputs: Vec<TileRef<'_>> = desk.lanes.iter().map(|lane| lane.part(0, lanes)).chain(taken).collect();
            advance(&self.recipe.step, &mut desk.step, &inputs, &mut desk.next, lanes);
            std::mem::swap(&mut desk.lanes, &mut desk.next);
        }
        let mut count = lanes;
        while count > 1 {
            count = self.merge_neighbours(desk, count);
        }
    }

    /// Merges the lanes in pairs; gives how many are left.
    fn merge_neighbours(&self, desk: &mut Desk, count: usize) -> usize {
        let pairs = count / 2;
        let Desk { lanes, next, apart, merge, .. } = desk;
        for (lane, (left, right)) in lanes.iter().zip(next.iter_mut().zip(apart.iter_mut())) {
            lane.part(0, count).every(0, 2, left.part_mut(0, pairs));
            lane.part(0, count).every(1, 2, right.part_mut(0, pairs));
        }
        // What is left over of an odd number goes to the end of those that were merged.
        for lane in lanes.iter_mut().filter(|_| count % 2 == 1) {
            let last = lane.part(count - 1, 1).picked(&[0]);
            last.part(0, 1).every(0, 1, lane.part_mut(pairs, 1));
        }
        let halves = next.iter().chain(apart.iter());
        let inputs: Vec<TileRef<'_>> = halves.map(|half| half.part(0, pairs)).collect();
        advance(&self.recipe.merge, merge, &inputs, lanes, pairs);
        pairs + count % 2
    }

    /// Elements into cells that a table gives, `stride` apart from `first` on.
    fn table(&mut self, desk: &mut Desk, (first, table, stride): (usize, &[u32], usize), elements: &[TileRef<'_>]) {
        let mut of_cell: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, cell) in table.iter().enumerate().filter(|(_, cell)| **cell != u32::MAX) {
            of_cell.entry(*cell).or_default().push(place);
        }
        let gather = |places: &[usize]| -> Vec<Tile> { elements.iter().map(|e| e.picked(places)).collect() };
        let (many, mut few): (Vec<_>, Vec<_>) = of_cell.into_iter().partition(|(_, places)| places.len() >= MANY);
        for (cell, places) in many {
            let gathered = gather(&places);
            let elements: Vec<TileRef<'_>> = gathered.iter().map(|tile| tile.part(0, places.len())).collect();
            self.one(desk, first + cell as usize * stride, &elements, places.len());
        }
        for turn in 0.. {
            few.retain(|(_, places)| places.len() > turn);
            if few.is_empty() {
                break;
            }
            for some in few.chunks(TILE) {
                let places: Vec<usize> = some.iter().map(|(_, places)| places[turn]).collect();
                let cells: Vec<usize> = some.iter().map(|(cell, _)| first + *cell as usize * stride).collect();
                self.scattered(desk, &cells, &gather(&places));
            }
        }
    }

    /// One element into each of these cells, a tile of them at most.
    fn scattered(&mut self, desk: &mut Desk, cells: &[usize], elements: &[Tile]) {
        let len = cells.len();
        let states: Vec<Tile> = self.states.iter().map(|state| state.part(0, self.cells).picked(cells)).collect();
        let inputs: Vec<TileRef<'_>> = states.iter().chain(elements).map(|tile| tile.part(0, len)).collect();
        advance(&self.recipe.step, &mut desk.step, &inputs, &mut desk.next, len);
        for (next, state) in desk.next.iter().zip(&mut self.states) {
            state.part_mut(0, self.cells).place(cells, next.part(0, len));
        }
    }
}

impl Accumulator for States {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, weights: Option<TileRef<'_>>) {
        let elements: Vec<TileRef<'_>> =
            [Some(values), weights].into_iter().flatten().map(|tile| tile.part(run.start, run.len)).collect();
        match run.cells {
            Cells::One => self.at_desk(|own, desk| own.one(desk, run.first, &elements, run.len)),
            Cells::Each => self.at_desk(|own, desk| own.each(desk, run.first, &elements, run.len)),
            Cells::Table(table, stride) => {
                self.at_desk(|own, desk| own.table(desk, (run.first, table, stride), &elements))
            }
        }
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.at_desk(|own, desk| {
            for start in (0..own.cells).step_by(TILE) {
                let len = TILE.min(own.cells - start);
                let both = own.states.iter().chain(&other.states);
                let inputs: Vec<TileRef<'_>> = both.map(|state| state.part(start, len)).collect();
                advance(&own.recipe.merge, &mut desk.merge, &inputs, &mut desk.next, len);
                put(&desk.next, &mut own.states, start, len);
            }
        });
    }

    fn lead(&mut self, later: Box<dyn Accumulator>, length: usize, inner: usize) -> Box<dyn Accumulator> {
        let mut later = later.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.at_desk(|own, desk| {
            for row in 0..later.cells / inner {
                for start in (0..inner).step_by(TILE) {
                    let len = TILE.min(inner - start);
                    let (ours, theirs) = (row / length * inner + start, row * inner + start);
                    let both = own.states.iter().map(|state| state.part(ours, len));
                    let both = both.chain(later.states.iter().map(|state| state.part(theirs, len)));
                    let inputs: Vec<TileRef<'_>> = both.collect();
                    advance(&own.recipe.merge, &mut desk.merge, &inputs, &mut desk.next, len);
                    put(&desk.next, &mut own.states, ours, len);
                    put(&desk.next, &mut later.states, theirs, len);
                }
            }
        });
        later
    }

    fn rest(&mut self) {
        self.desk = None;
    }

    fn finish(mut self: Box<Self>) -> Block {
        self.rest();
        let finish = &self.recipe.finish;
        let mut room = finish.room();
        let mut block = Block::zeros(self.recipe.dtype, &[self.cells as u64]);
        let mut results = TileMut::of(&mut block);
        for start in (0..self.cells).step_by(TILE) {
            let len = TILE.min(self.cells - start);
            let inputs: Vec<TileRef<'_>> = self.states.iter().map(|state| state.part(start, len)).collect();
            finish.run(&mut room, &inputs, len);
            for result in finish.results(&room, &inputs, len) {
                result.every(0, 1, results.part_mut(start, len));
            }
        }
        block
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Runs a tape whose outputs are states, and copies them into `into`.
fn advance(tape: &Tape, room: &mut Room, inputs: &[TileRef<'_>], into: &mut [Tile], len: usize) {
    tape.run(room, inputs, len);
    for (result, into) in tape.results(room, inputs, len).zip(into) {
        result.every(0, 1, into.part_mut(0, len));
    }
}

/// Copies the first `len` states of `from` to those from `start` on.
fn put(from: &[Tile], into: &mut [Tile], start: usize, len: usize) {
    for (from, into) in from.iter().zip(into) {
        from.part(0, len).every(0, 1, into.part_mut(start, len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{DType, Scalar};
    use crate::operators::combine::Combine;

    fn bytes(tiles: &[Tile]) -> usize {
        let of = |tile: &Tile| match tile {
            Tile::F32(elements) => elements.len() * 4,
            Tile::F64(elements) => elements.len() * 8,
            Tile::I64(elements) => elements.len() * 8,
            other => panic!("{other:?}"),
        };
        tiles.iter().map(of).sum()
    }

    #[test]
    fn the_room_of_work_is_told_and_given_back() {
        let mut step = Tape::default();
        step.constant(DType::F64, Scalar::Float(1.0));
        let recipe = Recipe {
            elements: vec![DType::F32],
            init: vec![(DType::F64, Scalar::Float(0.0)), (DType::I64, Scalar::Int(0))],
            step,
            merge: Tape::default(),
            finish: Tape::default(),
            dtype: DType::F64,
        };
        let desk = Desk::new(&recipe);
        let tiles = [&desk.fresh, &desk.lanes, &desk.next, &desk.apart, &desk.elements];
        let constants = TILE * 8;
        assert_eq!(recipe.room_bytes(), tiles.iter().map(|tiles| bytes(tiles)).sum::<usize>() + constants);
        let mut states = States::new(&recipe, 5);
        assert!(states.desk.is_none());
        states.at_desk(|_, _| {});
        assert!(states.desk.is_some());
        states.rest();
        assert!(states.desk.is_none());
    }
}
