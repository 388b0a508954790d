//! The canonical text of a graph: one line a node, producers before consumers.
//!
//! ```text
//! %0 = source "air.nc" /air : f32[time=4, lat=3; chunks 4x3]  # air
//! %1 = mean(axes: 0) %0 : f32[lat=3; chunks 3]  # clim
//! %2 = print "clim" %1
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::graph::{Graph, Missing, NodeId, NodeKind, Sink, Write};
use crate::array::{Block, Scalar};
use crate::operators::Constant;

/// Values of a constant that are shown.
const SHOWN: usize = 4;

/// The nodes of a graph, numbered in the order in which they are printed.
pub fn graph(graph: &Graph) -> String {
    let order = graph.topological();
    let numbers: BTreeMap<NodeId, usize> = order.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let mut out = String::new();
    for id in order {
        let node = &graph[id];
        let inputs: String = graph.inputs(id).iter().map(|i| format!(" %{}", numbers[i])).collect();
        let _ = write!(out, "%{} = {}{inputs}", numbers[&id], kind(&node.kind));
        if !matches!(node.kind, NodeKind::Sink(_)) {
            let _ = write!(out, " : {}", node.ty);
        }
        if let Some(name) = &node.name {
            let _ = write!(out, "  # {name}");
        }
        out.push('\n');
        if let NodeKind::Sink(Sink::Write(write)) = &node.kind {
            out.push_str(&variables(write));
        }
    }
    out
}

/// What a node is and does, without its inputs and type.
pub(super) fn kind(kind: &NodeKind) -> String {
    match kind {
        NodeKind::Source(source) => {
            let missing = match source.missing {
                Missing::Fill => "",
                Missing::Warn => " missing: warn",
                Missing::Error => " missing: error",
            };
            format!("source {:?} {}{missing}", source.location.url, source.path)
        }
        NodeKind::Constant(value) => format!("constant {}", constant(value)),
        NodeKind::Placeholder => "placeholder".to_owned(),
        NodeKind::Apply(kernel) => kernel.to_string(),
        NodeKind::Rechunk => "rechunk".to_owned(),
        NodeKind::Sink(Sink::Write(write)) => {
            let overwrite = if write.overwrite { " overwrite" } else { "" };
            format!("write {} {:?}{overwrite}", write.location.format, write.location.url)
        }
        NodeKind::Sink(Sink::Print { label, whole, beside, .. }) => {
            let names: Vec<&str> = beside.iter().map(|one| one.name.as_str()).collect();
            let beside = if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
            format!("print {label:?} of {whole}{beside}")
        }
        NodeKind::Sink(Sink::Assert { condition, .. }) => format!("assert {condition:?}"),
    }
}

/// The first values of a constant.
pub(super) fn constant(constant: &Constant) -> String {
    match constant {
        Constant::Full(value) => value.to_string(),
        Constant::Linear { start, step } => format!("{start}, step {step}"),
        Constant::Values(block) => values(block),
    }
}

fn values(block: &Block) -> String {
    let count = block.count() as usize;
    let scalars = block.scalars();
    let shown: Vec<String> = scalars.iter().take(SHOWN).map(Scalar::to_string).collect();
    let rest = if count > SHOWN { ", …" } else { "" };
    format!("[{}{rest}]", shown.join(", "))
}

fn variables(write: &Write) -> String {
    let sizes = |sizes: &Option<Vec<u64>>| {
        let sizes = sizes.as_ref()?;
        Some(sizes.iter().map(u64::to_string).collect::<Vec<_>>().join("x"))
    };
    let mut out = String::new();
    for variable in &write.variables {
        let _ = write!(out, "     {}", variable.path);
        if let Some(chunks) = sizes(&variable.chunks) {
            let _ = write!(out, " chunks {chunks}");
        }
        if let Some(shards) = sizes(&variable.shards) {
            let _ = write!(out, " shards {shards}");
        }
        if let Some(inset) = &variable.inset {
            let _ = write!(out, " at {:?} of {:?}", inset.origin, inset.shape);
        }
        for codec in variable.codecs.iter().flatten() {
            let arg = |(name, value): &(Option<String>, Scalar)| match name {
                Some(name) => format!("{name}: {value}"),
                None => value.to_string(),
            };
            let args: Vec<String> = codec.args.iter().map(arg).collect();
            let _ = write!(out, " {}({})", codec.name, args.join(", "));
        }
        if let Some(fill) = &variable.fill {
            let _ = write!(out, " fill {fill}");
        }
        let attrs: Vec<&str> = variable.attrs.iter().map(|(name, _)| name).collect();
        if !attrs.is_empty() {
            let _ = write!(out, " attrs {}", attrs.join(" "));
        }
        out.push('\n');
    }
    out
}
