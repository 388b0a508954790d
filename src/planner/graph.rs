//! The graph: typed nodes, edges from producers to the inputs of consumers.
//!
//! Kinds of node are closed ([`NodeKind`]); what a node computes is open (the calls in its
//! [`Kernel`]). [`Graph::apply`] infers a node's type, so an ill-typed graph cannot be built.

use std::collections::BTreeMap;
use std::sync::Arc;

use petgraph::Direction;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;

use super::catalog::Location;
use super::kernel::Kernel;
use super::print;
use super::target::{CodecSpec, TargetOptions};
use crate::array::{ArrayType, Attributes, Scalar};
use crate::operators::{Call, Constant, TypeError};
use crate::source::{SourceMap, Span};

/// A node's name within its graph; never reused.
pub type NodeId = NodeIndex<u32>;

/// A typed value of the script, or an end.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The type of its value; of a sink, that of its first input.
    pub ty: Arc<ArrayType>,
    /// Where it stands in the script.
    pub span: Span,
    /// The name a `let` or `source` gave it.
    pub name: Option<String>,
}

/// The closed list of node kinds.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A stored array, raw.
    Source(Source),
    /// Values known while planning.
    Constant(Constant),
    /// A single value that the body of a reducer sees, and nobody computes.
    Placeholder,
    /// Calls on the inputs.
    Apply(Kernel),
    /// The input in chunks of another shape.
    Rechunk,
    /// An end of the run.
    Sink(Sink),
}

/// A stored array.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The file or store.
    pub location: Location,
    /// The path within.
    pub path: String,
    /// What a chunk means that was never written.
    pub missing: Missing,
    /// The shape of what is decoded at once (of shards, the inner chunks), none for a contiguous layout.
    pub chunks: Option<Vec<u64>>,
}

/// What a chunk means that was never written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// The array's fill value.
    #[default]
    Fill,
    /// That too, with a warning at the end of the run.
    Warn,
    /// An error.
    Error,
}

/// An end of the run.
#[derive(Clone, Debug)]
pub enum Sink {
    /// Arrays written to a target.
    Write(Box<Write>),
    /// Values shown on standard output under this label.
    Print {
        /// The text of the expression.
        label: String,
        /// The type before long axes were cut to their ends; the value has only the first and last
        /// three elements of each axis that is longer than the node's.
        whole: Arc<ArrayType>,
        /// Whether the value is text that is shown as it is, without quotes.
        verbatim: bool,
        /// The coordinates that are no labels of a dim.
        beside: Vec<Beside>,
    },
    /// A condition all of whose elements must hold.
    Assert {
        /// The text of the condition.
        condition: String,
        /// What is said where it does not hold.
        message: Option<String>,
    },
}

/// A coordinate that is shown beside an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Arc<ArrayType>,
    /// Its values in C order, where they are few.
    pub values: Option<Vec<Scalar>>,
}

/// Arrays written to one target: the `i`-th variable is the node's `i`-th input.
#[derive(Clone, Debug)]
pub struct Write {
    /// Where to.
    pub location: Location,
    /// The arrays, in the order of the node's inputs.
    pub variables: Vec<Variable>,
    /// Options of the target.
    pub options: TargetOptions,
    /// Whether an existing target is replaced.
    pub overwrite: bool,
    /// Where the arrays are parts of those of an existing target, of which all else stays: its fingerprint when the sink was planned.
    pub amends: Option<String>,
    /// The result that it keeps, by its number in the plan; none of a sink.
    pub result: Option<usize>,
    /// Where the script names it.
    pub at: Span,
}

impl Write {
    /// Whether what is there already may be replaced, be it in part.
    pub fn may_replace(&self) -> bool {
        self.overwrite || self.amends.is_some()
    }
}

/// One array of a sink, with the options that bear on its storage.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The path within the target: `/clim`.
    pub path: String,
    /// Chunk sizes asked for, per axis; none takes the node's own.
    pub chunks: Option<Vec<u64>>,
    /// Shard sizes asked for, per axis.
    pub shards: Option<Vec<u64>>,
    /// Codecs or filters.
    pub codecs: Option<Vec<CodecSpec>>,
    /// The value of what is never written.
    pub fill: Option<Scalar>,
    /// All attributes of the array in the target.
    pub attrs: Attributes,
    /// Whether its coordinates come along (not for an array written to an explicit path).
    pub with_coords: bool,
    /// Where the values go in an array that is there already.
    pub inset: Option<Inset>,
}

/// A box of whole objects of an array that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inset {
    /// Its first element per axis, a multiple of the object's size.
    pub origin: Vec<u64>,
    /// Elements per axis that the array has in the end.
    pub shape: Vec<u64>,
}

/// Nodes and edges; the weight of an edge is the input it feeds.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    inner: StableDiGraph<Node, u32, u32>,
    /// The texts that spans point into, from which nodes without a name are described.
    pub texts: Arc<SourceMap>,
}

/// Characters of an expression that stands for a node without a name.
const SHORT: usize = 48;

/// Bytes that an expression of so many characters may have, on several lines.
const LONG: usize = 8 * SHORT;

impl Graph {
    /// Adds a node that has no inputs.
    pub fn leaf(&mut self, kind: NodeKind, ty: ArrayType, span: Span) -> NodeId {
        self.inner.add_node(Node { kind, ty: Arc::new(ty), span, name: None })
    }

    /// Adds a call; its type is inferred.
    ///
    /// # Errors
    /// The inputs do not fit the call.
    pub fn apply(&mut self, call: Call, inputs: &[NodeId], span: Span) -> Result<NodeId, TypeError> {
        let types: Vec<Arc<ArrayType>> = inputs.iter().map(|&i| self[i].ty.clone()).collect();
        let ty = Arc::new(call.infer(&types.iter().map(|t| &**t).collect::<Vec<_>>())?);
        let kernel = Kernel::single(call, &types, ty.clone(), span);
        Ok(self.node(NodeKind::Apply(kernel), ty, inputs, span))
    }

    /// Adds a node of any kind with a type the caller answers for.
    pub fn node(&mut self, kind: NodeKind, ty: Arc<ArrayType>, inputs: &[NodeId], span: Span) -> NodeId {
        let id = self.inner.add_node(Node { kind, ty, span, name: None });
        for (port, input) in inputs.iter().enumerate() {
            self.inner.add_edge(*input, id, port as u32);
        }
        id
    }

    /// Adds a change of chunks.
    pub fn rechunk(&mut self, input: NodeId, chunks: &[u64], span: Span) -> NodeId {
        let ty = Arc::new(self[input].ty.rechunked(chunks));
        self.node(NodeKind::Rechunk, ty, &[input], span)
    }

    /// All nodes, in the order in which they were added.
    pub fn ids(&self) -> Vec<NodeId> {
        self.inner.node_indices().collect()
    }

    /// What people know a node by: its name, the values of a constant, else the text of its expression where that is
    /// short, else what it calls.
    pub fn described(&self, id: NodeId) -> String {
        let node = &self[id];
        if let Some(name) = &node.name {
            return name.clone();
        }
        let text = self.texts.text(node.span);
        let words: Vec<&str> = if text.len() <= LONG { text.split_whitespace().collect() } else { Vec::new() };
        let text = words.join(" ");
        match &node.kind {
            NodeKind::Constant(constant) => format!("constant {}", print::constant(constant)),
            _ if !text.is_empty() && text.chars().count() <= SHORT => text,
            NodeKind::Source(source) => format!("{}:{}", source.location.url, source.path),
            NodeKind::Apply(kernel) => match kernel.last() {
                Some(step) => format!("{}(…)", step.call.name),
                None => "a value".to_owned(),
            },
            NodeKind::Placeholder => "a placeholder".to_owned(),
            NodeKind::Rechunk => "rechunk(…)".to_owned(),
            NodeKind::Sink(_) => "a sink".to_owned(),
        }
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.inner.node_count()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.inner.node_count() == 0
    }

    /// Whether the node is there.
    pub fn contains(&self, id: NodeId) -> bool {
        self.inner.contains_node(id)
    }

    /// The producers of a node's inputs, by port.
    pub fn inputs(&self, id: NodeId) -> Vec<NodeId> {
        let mut edges: Vec<(u32, NodeId)> =
            self.inner.edges_directed(id, Direction::Incoming).map(|e| (*e.weight(), e.source())).collect();
        edges.sort_unstable();
        edges.into_iter().map(|(_, source)| source).collect()
    }

    /// The consumers of a node's value with the port they take it by, in order.
    pub fn consumers(&self, id: NodeId) -> Vec<(NodeId, usize)> {
        let edges = self.inner.edges_directed(id, Direction::Outgoing);
        let mut consumers: Vec<(NodeId, usize)> = edges.map(|e| (e.target(), *e.weight() as usize)).collect();
        consumers.sort_unstable();
        consumers
    }

    /// The nodes such that producers come before consumers; among free choices the older first.
    pub fn topological(&self) -> Vec<NodeId> {
        let mut waiting: BTreeMap<NodeId, usize> =
            self.inner.node_indices().map(|id| (id, self.inputs(id).len())).collect();
        let mut order = Vec::with_capacity(waiting.len());
        let mut ready: std::collections::BTreeSet<NodeId> =
            waiting.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
        while let Some(id) = ready.pop_first() {
            order.push(id);
            for (consumer, _) in self.consumers(id) {
                let left = waiting.get_mut(&consumer).expect("a consumer is a node");
                *left -= 1;
                if *left == 0 {
                    ready.insert(consumer);
                }
            }
        }
        order
    }

    /// The sinks, in script order.
    pub fn sinks(&self) -> Vec<NodeId> {
        self.ids().into_iter().filter(|&id| matches!(self[id].kind, NodeKind::Sink(_))).collect()
    }

    /// Sets who feeds a node, port by port.
    pub fn set_inputs(&mut self, id: NodeId, inputs: &[NodeId]) {
        let old: Vec<_> = self.inner.edges_directed(id, Direction::Incoming).map(|e| e.id()).collect();
        for edge in old {
            self.inner.remove_edge(edge);
        }
        for (port, input) in inputs.iter().enumerate() {
            self.inner.add_edge(*input, id, port as u32);
        }
    }

    /// Lets every consumer of `old` take `new` instead.
    pub fn replace(&mut self, old: NodeId, new: NodeId) {
        for (consumer, _) in self.consumers(old) {
            let inputs: Vec<NodeId> =
                self.inputs(consumer).into_iter().map(|i| if i == old { new } else { i }).collect();
            self.set_inputs(consumer, &inputs);
        }
    }

    /// Takes a node and its edges out.
    pub fn remove(&mut self, id: NodeId) {
        self.inner.remove_node(id);
    }

    /// A node for writing.
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.inner[id]
    }
}

impl std::ops::Index<NodeId> for Graph {
    type Output = Node;
    fn index(&self, id: NodeId) -> &Node {
        &self.inner[id]
    }
}
