//! What a target holds, as a number: two scripts that write the same values to it have the same, however they are written,
//! and whatever budget and threads they run with.
//!
//! It is a digest of the graph as lowered, before passes see a budget: calls with their plan-time arguments, constants, types with
//! their chunks, and where sources lie. What sources hold is not in it: their fingerprints are told apart.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::catalog::Location;
use super::graph::{Graph, Missing, NodeId, NodeKind, Sink};
use super::kernel::Kernel;
use crate::operators::Constant;

/// The digests of all targets of a graph that has been through no pass.
pub fn of_targets(graph: &Graph) -> BTreeMap<Location, String> {
    let mut nodes: BTreeMap<NodeId, u128> = BTreeMap::new();
    let mut targets = BTreeMap::new();
    for id in graph.topological() {
        let node = &graph[id];
        let mut digest = Digest::default();
        graph.inputs(id).iter().for_each(|input| digest.add(&nodes[input].to_le_bytes()));
        if let NodeKind::Sink(Sink::Write(write)) = &node.kind {
            write.variables.iter().for_each(|variable| digest.text(&variable.path));
            targets.insert(write.location.clone(), digest.hex());
            continue;
        }
        add(&mut digest, &node.kind);
        digest.text(&node.ty.to_string());
        nodes.insert(id, digest.0);
    }
    targets
}

fn add(digest: &mut Digest, kind: &NodeKind) {
    match kind {
        NodeKind::Source(source) => {
            let missing = match source.missing {
                Missing::Fill | Missing::Warn => "fill",
                Missing::Error => "error",
            };
            let parts = [&source.location.format, &source.location.url, &source.path, missing];
            parts.into_iter().for_each(|text| digest.text(text));
        }
        NodeKind::Constant(Constant::Values(block)) => match block.to_bytes() {
            Some(bytes) => digest.add(&bytes),
            None => block.scalars().iter().for_each(|value| digest.text(&value.to_string())),
        },
        NodeKind::Constant(constant) => digest.text(&format!("{constant:?}")),
        NodeKind::Apply(kernel) => digest.text(&text(kernel)),
        NodeKind::Rechunk => digest.text("rechunk"),
        NodeKind::Placeholder | NodeKind::Sink(_) => digest.text("none"),
    }
}

/// The calls of a kernel, with what each takes.
fn text(kernel: &Kernel) -> String {
    let mut text = String::new();
    for step in &kernel.steps {
        let _ = writeln!(text, "{} {} {:?}", step.call, step.call.dtype, step.args);
    }
    text
}

/// The 128-bit FNV-1a hash of what was added.
pub struct Digest(u128);

impl Default for Digest {
    fn default() -> Self {
        Digest(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Digest {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b);
        }
    }

    /// Adds a text and its end.
    pub fn text(&mut self, text: &str) {
        self.add(text.as_bytes());
        self.add(&[0]);
    }

    /// What it comes to, in hexadecimal digits.
    pub fn hex(&self) -> String {
        format!("{:032x}", self.0)
    }
}
