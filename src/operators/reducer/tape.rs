//! What a body computes, as a list of elementwise calls over tiles.

use std::fmt;
use std::sync::Arc;

use crate::array::{Block, DType, Scalar};
use crate::operators::tile::{TILE, Tile, TileLoop, TileRef, load};
use crate::operators::{Call, Pattern};

/// Where a value of a tape comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An input of the tape.
    Input(usize),
    /// A constant.
    Constant(usize),
    /// The result of a step.
    Step(usize),
}

/// A straight line of elementwise calls.
#[derive(Clone, Default)]
pub struct Tape {
    constants: Vec<(DType, Scalar)>,
    steps: Vec<Step>,
    outputs: Vec<Place>,
}

#[derive(Clone)]
struct Step {
    call: Arc<Call>,
    run: TileLoop,
    args: Vec<Place>,
}

/// The tiles in which a tape computes.
#[derive(Debug, Default)]
pub struct Room {
    constants: Vec<Tile>,
    steps: Vec<Tile>,
}

impl Tape {
    /// Adds a constant.
    pub fn constant(&mut self, dtype: DType, value: Scalar) -> Place {
        self.constants.push((dtype, value));
        Place::Constant(self.constants.len() - 1)
    }

    /// Adds a call; none where it is not elementwise.
    pub fn step(&mut self, call: &Arc<Call>, args: Vec<Place>) -> Option<Place> {
        let Pattern::Elementwise(run) = &call.pattern else { return None };
        self.steps.push(Step { call: call.clone(), run: run.clone(), args });
        Some(Place::Step(self.steps.len() - 1))
    }

    /// Adds what the tape gives.
    pub fn output(&mut self, place: Place) {
        self.outputs.push(place);
    }

    /// Tiles for computing.
    pub fn room(&self) -> Room {
        Room {
            constants: self.constants.iter().map(|(dtype, value)| repeated(*dtype, value, TILE)).collect(),
            steps: self.steps.iter().map(|step| Tile::new(step.call.dtype, TILE)).collect(),
        }
    }

    /// Bytes of such tiles.
    pub fn room_bytes(&self) -> usize {
        let dtypes = self.constants.iter().map(|(dtype, _)| *dtype).chain(self.steps.iter().map(|s| s.call.dtype));
        dtypes.map(|dtype| TILE * dtype.size()).sum()
    }

    /// Computes over inputs of `len` elements, a tile at most.
    pub fn run(&self, room: &mut Room, inputs: &[TileRef<'_>], len: usize) {
        for (number, step) in self.steps.iter().enumerate() {
            let (before, own) = room.steps.split_at_mut(number);
            let value = |place: &Place| match *place {
                Place::Input(i) => inputs[i],
                Place::Constant(i) => room.constants[i].part(0, len),
                Place::Step(i) => before[i].part(0, len),
            };
            let args: Vec<TileRef<'_>> = step.args.iter().map(value).collect();
            (step.run)(&args, own[0].part_mut(0, len));
        }
    }

    /// The results of the last run, in the order of the outputs.
    pub fn results<'a>(
        &'a self,
        room: &'a Room,
        inputs: &'a [TileRef<'a>],
        len: usize,
    ) -> impl Iterator<Item = TileRef<'a>> {
        self.outputs.iter().map(move |place| match *place {
            Place::Input(i) => inputs[i],
            Place::Constant(i) => room.constants[i].part(0, len),
            Place::Step(i) => room.steps[i].part(0, len),
        })
    }
}

/// A tile of one value.
pub fn repeated(dtype: DType, value: &Scalar, len: usize) -> Tile {
    let mut tile = Tile::new(dtype, len);
    load(&Block::full(dtype, &[len as u64], value), 0, tile.part_mut(0, len));
    tile
}

impl fmt::Debug for Tape {
    /// All that the tape computes: tapes of equal text are the same function.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.constants)?;
        for step in &self.steps {
            write!(f, " {} {} {:?}", step.call, step.call.dtype, step.args)?;
        }
        write!(f, " → {:?}", self.outputs)
    }
}
