//! What operators build with: nodes of the graph, and blocks of those that are known while planning.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Lowerer;
use crate::array::{ArrayType, Block, DType, Scalar};
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Operator, TypeError, Value};
use crate::planner::graph::{Graph, NodeId, NodeKind};
use crate::planner::passes::fold_constants;
use crate::source::Span;

/// Blocks by node, as far as they were asked for; none where the node is not known.
pub(super) type KnownBlocks = RefCell<BTreeMap<NodeId, Option<Block>>>;

/// A graph under construction at one place of the script.
struct Expansion<'e> {
    graph: &'e mut Graph,
    known: &'e KnownBlocks,
    span: Span,
}

/// The operand of a node.
pub(super) fn operand(id: NodeId) -> Operand {
    Operand(id.index() as u32)
}

/// The node of an operand.
pub(super) fn node(operand: Operand) -> NodeId {
    NodeId::new(operand.0 as usize)
}

impl Builder for Expansion<'_> {
    fn apply(&mut self, call: Call, inputs: &[Operand]) -> Result<Operand, TypeError> {
        let inputs: Vec<NodeId> = inputs.iter().map(|o| node(*o)).collect();
        self.graph.apply(call, &inputs, self.span).map(operand)
    }

    fn constant(&mut self, ty: ArrayType, constant: Constant) -> Operand {
        operand(self.graph.leaf(NodeKind::Constant(constant), ty, self.span))
    }

    fn rechunk(&mut self, x: Operand, chunks: &[u64]) -> Operand {
        operand(self.graph.rechunk(node(x), chunks, self.span))
    }

    fn ty(&self, operand: Operand) -> Arc<ArrayType> {
        self.graph[node(operand)].ty.clone()
    }

    fn known(&self, operand: Operand) -> Option<Block> {
        known(self.graph, self.known, node(operand))
    }
}

/// The block of a node that depends on constants alone and is small.
fn known(graph: &Graph, blocks: &KnownBlocks, id: NodeId) -> Option<Block> {
    if let Some(block) = blocks.borrow().get(&id) {
        return block.clone();
    }
    let block = match &graph[id].kind {
        NodeKind::Constant(_) => fold_constants::known(graph, id),
        NodeKind::Apply(kernel) => {
            let inputs = graph.inputs(id);
            let known: Option<Vec<Block>> = inputs.iter().map(|input| known(graph, blocks, *input)).collect();
            let types: Vec<&ArrayType> = inputs.iter().map(|input| &*graph[*input].ty).collect();
            known.and_then(|known| fold_constants::apply(&kernel.last()?.call, &types, &known, &graph[id].ty))
        }
        NodeKind::Rechunk => graph.inputs(id).first().and_then(|input| known(graph, blocks, *input)),
        NodeKind::Source(_) | NodeKind::Sink(_) => None,
    };
    blocks.borrow_mut().insert(id, block.clone());
    block
}

impl Lowerer<'_> {
    /// Expands a call of an operator at a place of the script.
    pub(super) fn expand(
        &mut self,
        operator: &Operator,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, TypeError> {
        let mut expansion = Expansion { graph: &mut self.lowered.graph, known: &self.known, span };
        (operator.expand)(&mut expansion, arguments)
    }

    /// The block of an operand that is known while planning.
    pub(super) fn known_block(&self, operand: Operand) -> Option<Block> {
        known(&self.lowered.graph, &self.known, node(operand))
    }

    /// Adds a constant.
    pub(super) fn constant(&mut self, ty: ArrayType, constant: Constant, span: Span) -> Operand {
        operand(self.lowered.graph.leaf(NodeKind::Constant(constant), ty, span))
    }

    /// Adds a single value of a dtype.
    pub(super) fn scalar_constant(&mut self, dtype: DType, value: Scalar, span: Span) -> Operand {
        self.constant(ArrayType::scalar(dtype), Constant::Full(value), span)
    }

    /// The type of an operand.
    pub(super) fn ty(&self, operand: Operand) -> Arc<ArrayType> {
        self.lowered.graph[node(operand)].ty.clone()
    }

    /// Gives a node a name, if it has none.
    pub(super) fn name_node(&mut self, operand: Operand, name: &str) {
        let node = self.lowered.graph.node_mut(node(operand));
        node.name.get_or_insert_with(|| name.to_owned());
    }
}
