//! Views that wait for a reduction: `groupby`, `resample`, `rolling`, `coarsen`.

use std::sync::Arc;

use super::Operand;
use crate::array::{Coord, DimName};

/// An array seen as groups or windows, which only a reduction can be applied to.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The array.
    pub operand: Operand,
    /// How it is seen.
    pub kind: ViewKind,
}

/// The kinds of view.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewKind {
    /// Positions along `dim` belong to groups, which become the dim of `coord` in its place.
    Groups(Groups),
    /// Each element sees `window` elements along each of these dims.
    Rolling {
        /// Dim and window length, at least one.
        windows: Vec<(DimName, u64)>,
        /// Whether the window is centred rather than ending at the element.
        center: bool,
        /// Fewest values for a result that is not missing; none means the whole window.
        min_periods: Option<u64>,
    },
    /// Runs of elements along these dims become one.
    Coarsen {
        /// Dim and run length.
        windows: Vec<(DimName, u64)>,
        /// What happens to a last run that is not whole.
        boundary: Boundary,
    },
}

/// Groups along one dim.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups {
    /// The dim that is grouped.
    pub dim: DimName,
    /// Per position of `dim` the group, or `u32::MAX` for none.
    pub index: Arc<[u32]>,
    /// Per position of `dim` how many members of its group come before it; zero for those of none.
    pub within: Arc<[u32]>,
    /// The labels of the groups; its dim is the new dim.
    pub coord: Arc<Coord>,
}

impl Groups {
    /// The groups of `coord` that the positions along `dim` belong to.
    pub fn new(dim: DimName, index: Vec<u32>, coord: Coord) -> Self {
        let mut seen = vec![0; coord.len()];
        let place = |&group: &u32| match seen.get_mut(group as usize) {
            Some(members) => {
                *members += 1;
                *members - 1
            }
            None => 0,
        };
        let within = index.iter().map(place).collect();
        Groups { dim, index: index.into(), within, coord: Arc::new(coord) }
    }
}

/// What `coarsen` does with elements left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// An error.
    Exact,
    /// They are dropped.
    Trim,
    /// The last run is filled up with missing values.
    Pad,
}
