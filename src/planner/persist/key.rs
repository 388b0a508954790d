//! Hashes of values: of the calls, constants and types that lead to them, and of nothing else.
//!
//! The hash of a node is made of what it does, of its type (with chunks, labels and attributes, which all bear on what is
//! kept) and of the hashes of its inputs. Names, the place in the script, and what else there is in the graph do not count.
//! Sources count by where they lie; what they hold is a part of its own ([`Parts`](super::Parts)).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::sync::Arc;

use blake3::{Hash, Hasher};

use crate::array::{ArrayType, Attributes, Block, Coord, CoordValues, Scalar};
use crate::operators::Constant;
use crate::planner::catalog::Location;
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::kernel::Kernel;

/// Calls that are told of a value.
const TOLD: usize = 200;

/// The hashes of the nodes of a graph.
pub struct Keys<'g> {
    graph: &'g Graph,
    nodes: BTreeMap<NodeId, Hash>,
    labels: BTreeMap<*const Coord, Hash>,
}

impl<'g> Keys<'g> {
    /// The hashes of all nodes but sinks; `named` gives what a location is called whatever the folder of the run.
    pub fn of(graph: &'g Graph, named: &dyn Fn(&Location) -> String) -> Self {
        let mut keys = Keys { graph, nodes: BTreeMap::new(), labels: BTreeMap::new() };
        for id in graph.topological() {
            if !matches!(graph[id].kind, NodeKind::Sink(_)) {
                let hash = keys.node(id, named);
                keys.nodes.insert(id, hash);
            }
        }
        keys
    }

    /// The hash of a value: of an array, or of arrays with names.
    pub fn value(&self, names: Option<&[String]>, arrays: &[NodeId]) -> String {
        let mut hasher = Hasher::new();
        for (index, id) in arrays.iter().enumerate() {
            if let Some(names) = names {
                text(&mut hasher, &names[index]);
            }
            hasher.update(self.nodes[id].as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The calls that lead to arrays, producers first, for people.
    pub fn calls(&self, arrays: &[NodeId]) -> Vec<String> {
        let mut needed = BTreeSet::new();
        let mut pending = arrays.to_vec();
        while let Some(id) = pending.pop() {
            if needed.insert(id) {
                pending.extend(self.graph.inputs(id));
            }
        }
        let mut told = Vec::new();
        for id in needed {
            let NodeKind::Apply(kernel) = &self.graph[id].kind else { continue };
            let line = format!("{kernel} : {}", self.graph[id].ty);
            if !told.contains(&line) && told.len() < TOLD {
                told.push(line);
            }
        }
        told
    }

    fn node(&mut self, id: NodeId, named: &dyn Fn(&Location) -> String) -> Hash {
        let (graph, mut hasher) = (self.graph, Hasher::new());
        let node = &graph[id];
        match &node.kind {
            NodeKind::Source(source) => {
                text(&mut hasher, "source");
                text(&mut hasher, &named(&source.location));
                text(&mut hasher, &format!("{} {:?}", source.path, source.missing));
            }
            NodeKind::Constant(constant) => self::constant(&mut hasher, constant),
            NodeKind::Apply(kernel) => self::kernel(&mut hasher, kernel),
            NodeKind::Rechunk => text(&mut hasher, "rechunk"),
            NodeKind::Placeholder | NodeKind::Sink(_) => text(&mut hasher, "none"),
        }
        self.ty(&mut hasher, &node.ty);
        for input in graph.inputs(id) {
            hasher.update(self.nodes[&input].as_bytes());
        }
        hasher.finalize()
    }

    fn ty(&mut self, hasher: &mut Hasher, ty: &ArrayType) {
        text(hasher, &ty.to_string());
        debug(hasher, &ty.dtype);
        attributes(hasher, &ty.attrs);
        for (dim, coord) in &ty.coords {
            text(hasher, dim.as_str());
            let hash = self.labels.entry(Arc::as_ptr(coord)).or_insert_with(|| labels(coord));
            hasher.update(hash.as_bytes());
        }
    }
}

/// What is written as text goes into a hash.
struct Hashed<'h>(&'h mut Hasher);

impl fmt::Write for Hashed<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// Adds a text, such that two texts are never taken for one.
fn text(hasher: &mut Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

fn debug(hasher: &mut Hasher, value: &dyn fmt::Debug) {
    let _ = write!(Hashed(hasher), "{value:?};");
}

fn kernel(hasher: &mut Hasher, kernel: &Kernel) {
    text(hasher, "apply");
    for step in &kernel.steps {
        text(hasher, step.call.name);
        text(hasher, &step.call.text);
        text(hasher, &step.call.dtype.to_string());
        debug(hasher, &step.args);
    }
    debug(hasher, &kernel.outputs);
}

fn constant(hasher: &mut Hasher, constant: &Constant) {
    match constant {
        Constant::Full(value) => {
            text(hasher, "full");
            scalar(hasher, value);
        }
        Constant::Linear { start, step } => {
            text(hasher, "linear");
            scalar(hasher, start);
            scalar(hasher, step);
        }
        Constant::Values(values) => {
            text(hasher, "values");
            block(hasher, values);
        }
    }
}

/// Texts of numbers tell all their bits but those of NaN.
fn scalar(hasher: &mut Hasher, value: &Scalar) {
    debug(hasher, value);
    if let Scalar::Float(x) = value {
        hasher.update(&x.to_bits().to_le_bytes());
    }
}

fn block(hasher: &mut Hasher, block: &Block) {
    text(hasher, &format!("{} {:?}", block.dtype(), block.shape()));
    match block.to_bytes() {
        Some(bytes) => {
            hasher.update(&bytes);
        }
        None => block.scalars().iter().for_each(|value| scalar(hasher, value)),
    }
}

fn attributes(hasher: &mut Hasher, attrs: &Attributes) {
    attrs.iter().for_each(|entry| debug(hasher, &entry));
}

fn labels(coord: &Coord) -> Hash {
    let mut hasher = Hasher::new();
    text(&mut hasher, &format!("{} {}", coord.dim, coord.dtype));
    attributes(&mut hasher, &coord.attrs);
    match &coord.values {
        CoordValues::Int(values) | CoordValues::Time(values, _) | CoordValues::Duration(values) => {
            for value in values {
                hasher.update(&value.to_le_bytes());
            }
        }
        CoordValues::Float(values) => {
            for value in values {
                hasher.update(&value.to_bits().to_le_bytes());
            }
        }
        CoordValues::Str(values) => values.iter().for_each(|value| text(&mut hasher, value)),
    }
    hasher.finalize()
}
