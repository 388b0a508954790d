//! The invariants of a graph, restated after every pass.

use super::graph::{Graph, Node, NodeId, NodeKind};
use super::kernel::{Kernel, Slot};
use crate::array::ArrayType;

/// A broken invariant: always a bug of the planner, never of a script.
#[derive(Clone, Debug, PartialEq, thiserror::Error, miette::Diagnostic)]
#[error("the planner broke invariant {invariant} at node {node}{}: {text}", after.map(|p| format!(" in pass {p}")).unwrap_or_default())]
#[diagnostic(
    code("ff::plan::bug"),
    help("this is a bug in FunctionFuse, not in your script: please report it with the script")
)]
pub struct Violation {
    /// Its number in the list of [`verify`].
    pub invariant: u8,
    /// The node's index.
    pub node: usize,
    /// What was found.
    pub text: String,
    /// The pass after which it was found.
    pub after: Option<&'static str>,
}

impl Violation {
    /// The same, found after `pass`.
    pub fn after(self, pass: &'static str) -> Self {
        Violation { after: Some(pass), ..self }
    }
}

/// Checks that
/// 1. there is no cycle,
/// 2. sources and constants have no input, rechunks one, kernels as many as they say,
/// 3. the types a kernel says its inputs have are those of their producers (chunks and attributes apart),
/// 4. steps use only inputs and earlier steps, and inferring their types gives the dims and dtypes they bear,
/// 5. a reduction is the last step of its kernel,
/// 6. sinks have no consumers.
///
/// # Errors
/// The first violation found.
pub fn verify(graph: &Graph) -> Result<(), Violation> {
    let order = graph.topological();
    if order.len() != graph.len() {
        return Err(violation(1, NodeId::new(0), "the graph has a cycle"));
    }
    for id in order {
        let node = &graph[id];
        let inputs = graph.inputs(id);
        let expected = match &node.kind {
            NodeKind::Source(_) | NodeKind::Constant(_) | NodeKind::Placeholder => Some(0),
            NodeKind::Rechunk => Some(1),
            NodeKind::Apply(kernel) => Some(kernel.inputs.len()),
            NodeKind::Sink(_) => None,
        };
        if expected.is_some_and(|n| n != inputs.len()) {
            return Err(violation(2, id, format!("{} inputs", inputs.len())));
        }
        if let NodeKind::Apply(kernel) = &node.kind {
            for (port, input) in inputs.iter().enumerate() {
                if !same(&kernel.inputs[port], &graph[*input].ty) {
                    let text = format!("input {port}: {} against {}", kernel.inputs[port], graph[*input].ty);
                    return Err(violation(3, id, text));
                }
            }
            check_kernel(id, node, kernel)?;
        }
        if matches!(node.kind, NodeKind::Sink(_)) && !graph.consumers(id).is_empty() {
            return Err(violation(6, id, "a sink is consumed"));
        }
    }
    Ok(())
}

fn check_kernel(id: NodeId, node: &Node, kernel: &Kernel) -> Result<(), Violation> {
    for (i, step) in kernel.steps.iter().enumerate() {
        let earlier = |slot: &Slot| match slot {
            Slot::Input(n) => *n < kernel.inputs.len(),
            Slot::Step(n) => *n < i,
        };
        if !step.args.iter().all(earlier) {
            return Err(violation(4, id, format!("step {i} uses a later one")));
        }
        let types: Vec<&ArrayType> = step.args.iter().map(|a| &**kernel.ty(*a)).collect();
        match step.call.infer(&types) {
            Ok(ty) if same(&ty, &step.ty) => {}
            Ok(ty) => return Err(violation(4, id, format!("step {i} bears {}, inferred {ty}", step.ty))),
            Err(e) => return Err(violation(4, id, format!("step {i}: {e}"))),
        }
        if step.call.pattern.reduction().is_some() && i + 1 != kernel.steps.len() {
            return Err(violation(5, id, format!("step {i} reduces and is not the last")));
        }
    }
    match kernel.outputs.first() {
        Some(out) if same(kernel.ty(*out), &node.ty) => Ok(()),
        _ => Err(violation(4, id, "the output's type is not the node's")),
    }
}

fn same(a: &ArrayType, b: &ArrayType) -> bool {
    a.dtype == b.dtype && a.dims == b.dims
}

fn violation(invariant: u8, node: NodeId, text: impl Into<String>) -> Violation {
    Violation { invariant, node: node.index(), text: text.into(), after: None }
}
