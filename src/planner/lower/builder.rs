//! What operators build with: nodes of the graph, and blocks of those that are known while planning.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Lowerer, Lowering};
use crate::array::{ArrayType, Block, DType, Scalar};
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Operator, TypeError, Value};
use crate::planner::catalog::{Catalog, CatalogError};
use crate::planner::error::CallError;
use crate::planner::graph::{Graph, NodeId, NodeKind, Source};
use crate::planner::passes::fold_constants;
use crate::source::Span;

/// Blocks by node, as far as they were asked for; none where the node is not known.
pub(super) type KnownBlocks = RefCell<BTreeMap<NodeId, Option<Block>>>;

/// A graph under construction at one place of the script.
struct Expansion<'e> {
    graph: &'e mut Graph,
    known: &'e KnownBlocks,
    read: &'e KnownBlocks,
    catalog: &'e dyn Catalog,
    span: Span,
    warnings: Vec<TypeError>,
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

    fn warn(&mut self, warning: TypeError) {
        self.warnings.push(warning);
    }

    fn chosen_by(&self, operand: Operand) -> Result<Option<Block>, TypeError> {
        let mut failed = None;
        let mut read = |source: &Source, ty: &ArrayType| {
            if ty.dims.count() > MAX_READ || failed.is_some() {
                return None;
            }
            self.catalog.values(&source.location, &source.path).map_err(|error| failed = Some(error)).ok()
        };
        let block = followed(self.graph, self.read, node(operand), &mut read);
        match failed {
            None => Ok(block),
            Some(CatalogError { code, message, help }) => {
                self.read.borrow_mut().clear();
                let error = TypeError::new(code, message);
                Err(help.into_iter().fold(error, TypeError::with_help))
            }
        }
    }
}

/// The most elements of an array that is read while planning because elements are chosen by it.
const MAX_READ: u64 = 1 << 20;

/// Reads the array of a source, or refuses to.
type Read<'r> = &'r mut dyn FnMut(&Source, &ArrayType) -> Option<Block>;

/// The block of a node that depends on constants alone and is small.
fn known(graph: &Graph, blocks: &KnownBlocks, id: NodeId) -> Option<Block> {
    followed(graph, blocks, id, &mut |_, _| None)
}

/// The block of a node that follows from constants, and from sources that can be read, and is small.
fn followed(graph: &Graph, blocks: &KnownBlocks, id: NodeId, read: Read<'_>) -> Option<Block> {
    let mut blocks = blocks.borrow_mut();
    let mut pending = vec![id];
    while let Some(&at) = pending.last() {
        if blocks.contains_key(&at) {
            pending.pop();
            continue;
        }
        let unknown = match &graph[at].kind {
            NodeKind::Apply(_) | NodeKind::Rechunk => {
                graph.inputs(at).iter().copied().find(|input| !blocks.contains_key(input))
            }
            NodeKind::Constant(_) | NodeKind::Source(_) | NodeKind::Placeholder | NodeKind::Sink(_) => None,
        };
        // Nothing follows from an input that is not known, whatever the others are.
        let in_vain =
            !is_small_step(graph, at) || graph.inputs(at).iter().any(|input| matches!(blocks.get(input), Some(None)));
        match unknown {
            Some(input) if !in_vain => pending.push(input),
            _ => {
                let block = if in_vain { None } else { computed(graph, &blocks, at, read) };
                blocks.insert(at, block);
            }
        }
    }
    blocks.get(&id).cloned().flatten()
}

/// Whether a node could be computed while planning if its inputs were known.
fn is_small_step(graph: &Graph, id: NodeId) -> bool {
    let NodeKind::Apply(kernel) = &graph[id].kind else { return true };
    let reduces = kernel.last().is_none_or(|step| step.call.pattern.reduction().is_some());
    !reduces && graph[id].ty.bytes() <= fold_constants::LARGEST
}

/// The block of a node whose inputs were looked at.
fn computed(graph: &Graph, blocks: &BTreeMap<NodeId, Option<Block>>, id: NodeId, read: Read<'_>) -> Option<Block> {
    let of = |input: &NodeId| blocks.get(input).cloned().flatten();
    let inputs = graph.inputs(id);
    match &graph[id].kind {
        NodeKind::Constant(_) => fold_constants::known(graph, id),
        NodeKind::Apply(kernel) => {
            let known: Vec<Block> = inputs.iter().map(of).collect::<Option<_>>()?;
            let types: Vec<&ArrayType> = inputs.iter().map(|input| &*graph[*input].ty).collect();
            fold_constants::apply(&kernel.last()?.call, &types, &known, &graph[id].ty)
        }
        NodeKind::Rechunk => inputs.first().and_then(of),
        NodeKind::Source(source) => read(source, &graph[id].ty),
        NodeKind::Placeholder | NodeKind::Sink(_) => None,
    }
}

impl Lowerer<'_> {
    fn expansion(&mut self, span: Span) -> Expansion<'_> {
        Expansion {
            graph: &mut self.lowered.graph,
            known: &self.known,
            read: &self.read,
            catalog: self.catalog,
            span,
            warnings: Vec::new(),
        }
    }

    /// Adds what `build` builds of calls, all of which stand for one place of the script.
    pub(super) fn built(
        &mut self,
        at: Span,
        build: impl FnOnce(&mut dyn Builder) -> Result<Operand, TypeError>,
    ) -> Lowering<Operand> {
        let mut expansion = self.expansion(at);
        let built = build(&mut expansion);
        let warnings = std::mem::take(&mut expansion.warnings);
        let said = |is_warning: bool, error: TypeError| {
            let TypeError { code, message, help, .. } = error;
            CallError { code, message, labels: vec![("this array".to_owned(), at)], help, is_warning }
        };
        warnings.into_iter().for_each(|warning| self.report(said(true, warning)));
        built.or_else(|error| self.fail(said(false, error)))
    }

    /// Expands a call of an operator at a place of the script, by what it does or by what stands for that.
    pub(super) fn expand(
        &mut self,
        operator: &Operator,
        arguments: &Arguments,
        span: Span,
        expand: impl FnOnce(&mut dyn Builder, &Arguments) -> Result<Value, TypeError>,
    ) -> Result<Value, TypeError> {
        let mut expansion = self.expansion(span);
        let value = expand(&mut expansion, arguments);
        for warning in std::mem::take(&mut expansion.warnings) {
            let placed = self.placed(operator, arguments, span, warning);
            self.diagnostics.push(CallError { is_warning: true, ..placed });
        }
        let value = value?;
        self.called_with(&value, arguments);
        Ok(value)
    }

    /// What `build` gives, where it can be built: nothing is said where it cannot.
    pub(super) fn tried<T>(
        &mut self,
        at: Span,
        build: impl FnOnce(&mut dyn Builder) -> Result<T, TypeError>,
    ) -> Option<T> {
        build(&mut self.expansion(at)).ok()
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
