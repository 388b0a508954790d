//! What is recorded in an output of how it was made. Nothing in it depends on the time of the run, so
//! that two runs give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::Lowerer;
use super::builder::node;
use crate::array::{AttrValue, Attributes};
use crate::operators::{Arguments, Operand, Value};
use crate::planner::catalog::{Location, Stored};
use crate::planner::graph::{NodeId, NodeKind};

/// What nodes came from besides their inputs: labels and instants are constants of the graph, and a
/// selection by them is a list of positions.
#[derive(Default)]
pub(super) struct Origins {
    files: BTreeMap<NodeId, Vec<Location>>,
    nodes: BTreeMap<NodeId, Vec<NodeId>>,
}

impl Lowerer<'_> {
    /// Remembers the file of a constant that was read while planning.
    pub(super) fn read_from(&mut self, constant: Operand, file: Location) {
        self.origins.files.entry(node(constant)).or_default().push(file);
    }

    /// Remembers what a constant was made from.
    pub(super) fn made_from(&mut self, constant: Operand, origin: Operand) {
        self.origins.nodes.entry(node(constant)).or_default().push(node(origin));
    }

    /// Remembers which arguments the result of a call came from, beyond those that are its inputs.
    pub(super) fn called_with(&mut self, result: &Value, arguments: &Arguments) {
        let mut given = Vec::new();
        let named = arguments.named.iter().map(|(_, value)| value);
        let values = named.chain(&arguments.variadic).chain(arguments.per_dim.iter().map(|(_, value)| value));
        values.for_each(|value| arrays(&value.value, &mut given));
        let mut results = Vec::new();
        arrays(result, &mut results);
        for id in results.into_iter().filter(|id| !given.contains(id)) {
            let inputs = self.lowered.graph.inputs(id);
            let others: Vec<NodeId> = given.iter().copied().filter(|id| !inputs.contains(id)).collect();
            if !others.is_empty() {
                self.origins.nodes.entry(id).or_default().extend(others);
            }
        }
    }

    /// Engine, script, params and sources of what is written, as attributes of the root.
    pub(super) fn provenance(&self, written: &[NodeId]) -> Attributes {
        let sources = self.sources_of(written);
        let history = sources.keys().find_map(|location| self.history(location));
        self.provenance_after(written, history)
    }

    /// The same, with a line after this history.
    pub(super) fn provenance_after(&self, written: &[NodeId], history: Option<String>) -> Attributes {
        let version = env!("CARGO_PKG_VERSION");
        let file = self.inputs.script_name.rsplit('/').next().unwrap_or_default();
        let script = self.inputs.command.as_deref().unwrap_or(file);
        let sources = self.sources_of(written);
        let line = format!("functionfuse {version}: {script}");
        let mut attrs = Attributes::new();
        let mut set = |name: &str, text: String| attrs.set(name, AttrValue::Str(text));
        set("history", history.map_or(line.clone(), |before| format!("{before}\n{line}")));
        set("functionfuse_version", version.to_owned());
        set("functionfuse_script", script.to_owned());
        set("functionfuse_script_hash", self.script_hash());
        if !self.param_values.is_empty() {
            let params: Vec<String> = self.param_values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            set("functionfuse_params", params.join(" "));
        }
        if !sources.is_empty() {
            let text = |(location, print): (&Location, &Option<String>)| match print {
                Some(print) => format!("{} ({print})", location.url),
                None => location.url.clone(),
            };
            set("functionfuse_sources", sources.iter().map(text).collect::<Vec<_>>().join("; "));
        }
        attrs
    }

    /// The locations that nodes depend on, with their fingerprints.
    fn sources_of(&self, written: &[NodeId]) -> BTreeMap<Location, Option<String>> {
        let with_fingerprint = |location| {
            let fingerprint = self.catalog.fingerprint(&location);
            (location, fingerprint)
        };
        self.locations_of(written).into_iter().map(with_fingerprint).collect()
    }

    /// The locations that nodes depend on.
    pub(super) fn locations_of(&self, written: &[NodeId]) -> BTreeSet<Location> {
        let graph = &self.lowered.graph;
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut pending = written.to_vec();
        while let Some(id) = pending.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let NodeKind::Source(source) = &graph[id].kind {
                found.insert(source.location.clone());
            }
            found.extend(self.origins.files.get(&id).into_iter().flatten().cloned());
            pending.extend(graph.inputs(id));
            pending.extend(self.origins.nodes.get(&id).into_iter().flatten());
        }
        found
    }

    fn history(&self, location: &Location) -> Option<String> {
        let files = self.datasets.iter().flat_map(|d| &d.files);
        let file = files.into_iter().find(|f| f.location == *location)?;
        match &*file.stored {
            Stored::Group(root) => root.attrs.text("history").map(str::to_owned),
            Stored::Array(array) => array.attrs.text("history").map(str::to_owned),
        }
    }

    /// The 64-bit FNV-1a hash of all files of the script.
    pub(super) fn script_hash(&self) -> String {
        let bytes = self.sources.files().iter().flat_map(|f| f.text.bytes().chain([0]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        format!("{hash:016x}")
    }
}

/// The nodes of the arrays in a value.
fn arrays(value: &Value, into: &mut Vec<NodeId>) {
    match value {
        Value::Array(operand) => into.push(node(*operand)),
        Value::List(items) => items.iter().for_each(|item| arrays(item, into)),
        Value::Record(fields) => fields.iter().for_each(|(_, field)| arrays(field, into)),
        _ => {}
    }
}
