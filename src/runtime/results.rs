//! Results kept between stages, in memory or in scratch.

use std::sync::RwLock;

use super::error::RunError;
use super::scratch::Scratch;
use super::serializers::StorageError;
use crate::array::block::storage;
use crate::array::{Block, Region};
use crate::planner::plan::{Place, Plan};

/// All kept results of a run.
#[derive(Debug)]
pub struct Results {
    kept: Vec<Stored>,
}

#[derive(Debug)]
enum Stored {
    Memory(RwLock<Block>),
    Scratch(Scratch),
}

impl Results {
    /// Room for the results of `plan`, nothing in them yet.
    ///
    /// # Errors
    /// Scratch cannot be written.
    pub fn create(plan: &Plan) -> Result<Self, RunError> {
        let make = |kept: &crate::planner::plan::Kept| {
            let (dtype, shape) = (kept.ty.dtype, kept.ty.shape());
            match &kept.place {
                Place::Memory => Ok(Stored::Memory(RwLock::new(Block::zeros(dtype, &shape)))),
                Place::Scratch(piece) => {
                    Scratch::create(&plan.scratch, storage(dtype), &shape, piece).map(Stored::Scratch)
                }
            }
        };
        let kept: Result<Vec<Stored>, StorageError> = plan.results.iter().map(make).collect();
        Ok(Results { kept: kept.map_err(RunError::plain)? })
    }

    /// Stores a region of a result.
    ///
    /// # Errors
    /// Scratch cannot be written.
    pub fn write(&self, id: usize, region: &Region, block: &Block) -> Result<(), StorageError> {
        match &self.kept[id] {
            Stored::Memory(whole) => {
                whole.write().expect("no task panics while it writes a result").assign(&region.start, block);
                Ok(())
            }
            Stored::Scratch(scratch) => scratch.write(region, block),
        }
    }

    /// A region of a result whose stage is done.
    ///
    /// # Errors
    /// Scratch cannot be read.
    pub fn read(&self, id: usize, region: &Region) -> Result<Block, StorageError> {
        match &self.kept[id] {
            Stored::Memory(whole) => Ok(whole.read().expect("no task panics while it reads a result").slice(region)),
            Stored::Scratch(scratch) => scratch.read(region),
        }
    }
}
