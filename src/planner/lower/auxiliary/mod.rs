//! Auxiliary coordinates: what labels an array besides the labels of its dims.
//!
//! They are the coordinates of several dims (`lat(y, x)`), those of a dim that are not its labels (`month(time)`) and
//! single values (`height`, and what is left of a dim of which one element was taken). A type holds the labels of dims
//! only. An auxiliary coordinate is another value of the walk, kept beside the node it belongs to: not an array yet but
//! how to come by one. A call of an operator says what its result has of those of its arguments
//! (`operators::auxiliary`) and builds nothing; an array is made when somebody asks, a sink, `print`, `x.lat` or the key
//! of a group, by calling the same operators as for a variable of a dataset. So nothing is read for a coordinate that
//! no end needs, and neither passes nor the runtime know of any.
//!
//! What goes together is decided as in xarray: coordinates of one name stay where they are equal, and go where they are
//! not. Equal are the same calls on the same sources, and values that are known while planning or small enough to be
//! read for it; others are taken to differ.

mod datasets;
mod evaluate;
mod follow;
mod same;
mod stored;
mod together;
mod told;
mod written;

pub(super) use written::{Company, name_coordinates};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::Lowerer;
use super::builder::node;
use crate::array::{ArrayType, Coord, DimName};
use crate::operators::view::View;
use crate::operators::{Arguments, Operand, Operator};
use crate::planner::graph::NodeId;
use crate::source::Span;

/// Coordinates by name.
type Map = BTreeMap<String, Arc<Auxiliary>>;

/// The auxiliary coordinates of all nodes that have any.
#[derive(Default)]
pub(super) struct Auxiliaries {
    of: BTreeMap<NodeId, Arc<Map>>,
    /// What was built for coordinates.
    built: BTreeSet<NodeId>,
    /// The arrays that coordinates were asked for as, by the node and the name.
    asked: BTreeMap<(NodeId, String), Operand>,
}

/// A coordinate that becomes an array when somebody asks for it.
struct Auxiliary {
    /// Its dims as far as they are known; it may turn out to have fewer.
    dims: Vec<DimName>,
    origin: Origin,
    at: Span,
    /// The array, none where there turned out to be none.
    value: OnceLock<Option<Operand>>,
}

/// Where a coordinate comes from.
enum Origin {
    /// An array of the script.
    Array(Operand),
    /// The labels of a dim of an array.
    Labels(Arc<Coord>, Operand),
    /// A variable of a source, as it belongs to an array of this type.
    Stored { dataset: usize, path: String, to: Arc<ArrayType> },
    /// What a call makes of another one, as it makes an array of one type of an array of another.
    Called {
        operator: &'static Operator,
        arguments: Box<Arguments>,
        place: usize,
        from: Arc<ArrayType>,
        to: Arc<ArrayType>,
        of: Arc<Auxiliary>,
    },
    /// The same under other names of dims, the old ones first.
    Renamed { dims: Vec<(DimName, DimName)>, of: Arc<Auxiliary> },
    /// The means of windows that do not overlap.
    Windows { view: Arc<View>, of: Arc<Auxiliary> },
    /// The elements whose labels are left.
    Left { from: Arc<ArrayType>, to: Arc<ArrayType>, of: Arc<Auxiliary> },
    /// What two have in common: the one that is there, or either where they are equal.
    Agreed(Arc<Auxiliary>, Arc<Auxiliary>),
    /// One after the other.
    Joined(Box<Joined>),
}

/// How coordinates of several arrays become one.
struct Joined {
    operator: &'static Operator,
    arguments: Arguments,
    /// The place of the list among the arguments.
    place: usize,
    /// The dim, which the arrays have or get.
    dim: DimName,
    is_new: bool,
    /// The coordinates, with the types of the arrays.
    items: Vec<(Arc<Auxiliary>, Arc<ArrayType>)>,
}

impl Auxiliary {
    fn new(dims: Vec<DimName>, origin: Origin, at: Span) -> Arc<Self> {
        Arc::new(Auxiliary { dims, origin, at, value: OnceLock::new() })
    }

    /// What it is made of.
    fn parts(&self) -> Vec<&Arc<Auxiliary>> {
        match &self.origin {
            Origin::Array(_) | Origin::Labels(..) | Origin::Stored { .. } => Vec::new(),
            Origin::Called { of, .. }
            | Origin::Renamed { of, .. }
            | Origin::Windows { of, .. }
            | Origin::Left { of, .. } => vec![of],
            Origin::Agreed(a, b) => vec![a, b],
            Origin::Joined(joined) => joined.items.iter().map(|(item, _)| item).collect(),
        }
    }

    /// Whether two are one for sure, without looking at what they hold.
    fn is(&self, other: &Auxiliary) -> bool {
        match (&self.origin, &other.origin) {
            (Origin::Array(a), Origin::Array(b)) => a == b,
            (Origin::Labels(a, _), Origin::Labels(b, _)) => a == b,
            (Origin::Stored { dataset: a, path: p, .. }, Origin::Stored { dataset: b, path: q, .. }) => {
                a == b && p == q && self.dims == other.dims
            }
            _ => std::ptr::eq(self, other),
        }
    }
}

/// The dims that what a call makes of a coordinate may have, told by the types of the array before and after it: those it
/// keeps, and all that are new.
fn estimated(dims: &[DimName], from: &ArrayType, to: &ArrayType) -> Vec<DimName> {
    let kept = dims.iter().filter(|dim| to.dims.axis(dim).is_some());
    kept.chain(to.dims.names().filter(|dim| from.dims.axis(dim).is_none())).cloned().collect()
}

impl Lowerer<'_> {
    /// The auxiliary coordinates of an array, lazily.
    fn auxiliaries(&self, x: Operand) -> Option<&Arc<Map>> {
        self.auxiliary.of.get(&node(x))
    }

    fn set_auxiliaries(&mut self, x: Operand, map: Arc<Map>) {
        if !map.is_empty() {
            self.auxiliary.of.insert(node(x), map);
        }
    }

    /// Whether an array has, or may have, an auxiliary coordinate of this name.
    pub(super) fn has_auxiliary(&self, x: Operand, name: &str) -> bool {
        self.auxiliaries(x).is_some_and(|map| map.contains_key(name))
    }

    /// The names of the auxiliary coordinates that an array has or may have.
    pub(super) fn auxiliary_names(&self, x: Operand) -> Vec<String> {
        self.auxiliaries(x).map(|map| map.keys().cloned().collect()).unwrap_or_default()
    }

    /// An auxiliary coordinate of an array as an array, with the labels of that and the coordinates along its dims. It is a
    /// node of its own, so that nothing is said here of an array that others have, too.
    pub(super) fn auxiliary_of(&mut self, x: Operand, name: &str) -> Option<Operand> {
        let asked = (node(x), name.to_owned());
        if let Some(known) = self.auxiliary.asked.get(&asked) {
            return Some(*known);
        }
        let map = self.auxiliaries(x)?.clone();
        let coordinate = map.get(name)?;
        let value = self.coordinate_made(coordinate)?;
        let (ty, own) = (self.ty(x), self.ty(value));
        if own.dims.iter().any(|dim| ty.dims.get(&dim.name) != Some(dim)) {
            return None;
        }
        let labelled = self.labelled_as(value, &ty, coordinate.at)?;
        let along = |c: &Arc<Auxiliary>| c.dims.iter().all(|dim| own.dims.axis(dim).is_some());
        let others: Map = map.iter().filter(|(_, c)| along(c)).map(|(name, c)| (name.clone(), c.clone())).collect();
        let is_other = labelled != value || (self.auxiliaries(value).is_none() && !others.is_empty());
        let array = match (labelled == value, is_other) {
            (true, true) => self.apart(value, coordinate.at),
            _ => labelled,
        };
        if is_other {
            self.set_auxiliaries(array, Arc::new(others));
        }
        if self.auxiliary.built.contains(&node(array)) {
            self.name_node(array, name);
        }
        self.auxiliary.asked.insert(asked, array);
        Some(array)
    }

    /// An array that stands for another of the same dims has its coordinates.
    pub(super) fn stands_for(&mut self, x: Operand, other: Operand) {
        if let Some(map) = self.auxiliaries(other).cloned().filter(|_| x != other) {
            self.set_auxiliaries(x, map);
        }
    }

    /// Takes out of the graph what was built for coordinates and is not needed after all. Ids are not used again while
    /// lowering goes on, so this comes last.
    pub(super) fn forget_coordinates(&mut self) {
        let named: BTreeSet<NodeId> = self.lowered.names.values().copied().collect();
        let graph = &mut self.lowered.graph;
        for id in std::mem::take(&mut self.auxiliary.built).into_iter().rev() {
            if graph.contains(id) && graph.consumers(id).is_empty() && !named.contains(&id) {
                graph.remove(id);
            }
        }
    }
}
