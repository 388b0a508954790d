//! Views that wait for a reduction: `groupby`, `resample`, `rolling`, `coarsen`, `cumulative`, `rolling_exp`.

use std::sync::Arc;

use super::index::Labels;
use super::{Builder, Operand, TypeError, axis_of, moves};
use crate::array::{Coord, Dim, DimName, Dims};

/// An array seen as groups or windows, which only a reduction can be applied to.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The array.
    pub operand: Operand,
    /// How it is seen.
    pub kind: ViewKind,
    /// How the dim of the groups becomes one dim per key, where there are several.
    pub unfold: Option<Unfold>,
    /// Whether the groups are the periods of `resample`, at whose starts there can be values of their own.
    pub is_resampled: bool,
}

/// The kinds of view.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewKind {
    /// Positions along `dim` belong to groups, which become the dim of `coord` in its place.
    Groups(Groups),
    /// Elements along several dims belong to groups that another array tells.
    Zones(Zones),
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
    /// Each element sees itself and all that come before it along each of these dims.
    Cumulative {
        /// The dims, at least one, in the order of the array.
        dims: Vec<DimName>,
        /// Fewest values for a result that is not missing.
        min_periods: u64,
    },
    /// Each element sees itself and all before it, the older the less they weigh.
    Exponential(Decay),
}

/// An exponential window.
#[derive(Clone, Debug, PartialEq)]
pub struct Decay {
    /// The dim along which weights fall off.
    pub dim: DimName,
    /// The part of the newest element in the mean of an endless line: from one element to the one before it weights fall by
    /// `1 - alpha`.
    pub alpha: f64,
    /// The least weight, `alpha` times those of the elements present, for a result that is not missing.
    pub least: f64,
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

/// Groups along one or several dims, told by an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Zones {
    /// The dims that are grouped.
    pub dims: Vec<DimName>,
    /// The group of each element along these dims, as `i32`; negative where it belongs to none.
    pub codes: Operand,
    /// The labels of the groups; its dim is the new dim.
    pub coord: Arc<Coord>,
    /// Whether every group has a member for sure.
    pub is_full: bool,
}

/// How the dim of groups becomes one dim per key, and where these go.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfold {
    /// The dim of the groups.
    pub flat: DimName,
    /// The labels of the keys, whose dims take its place in C order.
    pub keys: Vec<Arc<Coord>>,
    /// For each combination of labels its group, where groups are not all combinations in order.
    pub pick: Option<Arc<[u64]>>,
    /// The order of the dims, where it is not the one they are in; what is not named comes first.
    pub order: Vec<DimName>,
}

impl View {
    /// What is made of the groups of the view, with a dim per key.
    ///
    /// # Errors
    /// There is no dim of groups, which expansions make.
    pub fn unfolded(&self, builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
        let Some(unfold) = &self.unfold else { return Ok(x) };
        let ty = builder.ty(x);
        let axis = axis_of(&ty, &unfold.flat)?;
        let mut out = match &unfold.pick {
            Some(pick) => moves::take(builder, x, axis, pick, Some((unfold.flat.clone(), None)))?,
            None => x,
        };
        if unfold.keys.len() > 1 {
            let of = |coord: &Arc<Coord>| Dim { name: coord.dim.clone(), size: coord.len() as u64 };
            let mut dims = Dims::default();
            for dim in ty.dims.iter() {
                match dim.name == unfold.flat {
                    true => unfold.keys.iter().map(of).for_each(|dim| dims.push(dim.name, dim.size)),
                    false => dims.push(dim.name.clone(), dim.size),
                }
            }
            out = moves::reshape(builder, out, &dims)?;
        }
        let now = builder.ty(out);
        let kept = ty.coords.values().filter(|coord| coord.dim != unfold.flat);
        let lost = kept.chain(&unfold.keys).filter(|coord| now.coord(&coord.dim) != Some(*coord));
        let coords = lost.map(|coord| (coord.dim.clone(), Some(coord.clone()))).collect();
        out = moves::relabel(builder, out, Labels { coords, ..Labels::default() })?;
        let place = |dim: &Dim| unfold.order.iter().position(|name| *name == dim.name).map_or(0, |at| at + 1);
        let mut axes: Vec<usize> = (0..now.rank()).collect();
        if !unfold.order.is_empty() {
            axes.sort_by_key(|axis| place(&now.dims[*axis]));
        }
        moves::permute(builder, out, &axes)
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
