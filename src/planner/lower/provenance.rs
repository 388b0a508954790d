//! What is recorded in an output of how it was made. Nothing in it depends on the time of the run, so
//! that two runs give the same bytes.

use std::collections::BTreeMap;

use super::Lowerer;
use crate::array::{AttrValue, Attributes};
use crate::planner::catalog::{Location, Stored};
use crate::planner::graph::{NodeId, NodeKind};

impl Lowerer<'_> {
    /// Engine, script, params and sources of what is written, as attributes of the root.
    pub(super) fn provenance(&self, written: &[NodeId]) -> Attributes {
        let version = env!("CARGO_PKG_VERSION");
        let file = self.inputs.script_name.rsplit('/').next().unwrap_or_default();
        let script = self.inputs.command.as_deref().unwrap_or(file);
        let sources = self.sources_of(written);
        let history = sources.keys().find_map(|location| self.history(location));
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
        let graph = &self.lowered.graph;
        let mut found = BTreeMap::new();
        let mut seen = vec![false; graph.len()];
        let mut pending = written.to_vec();
        while let Some(id) = pending.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            if let NodeKind::Source(source) = &graph[id].kind {
                let fingerprint = || self.catalog.fingerprint(&source.location);
                found.entry(source.location.clone()).or_insert_with(fingerprint);
            }
            pending.extend(graph.inputs(id));
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
    fn script_hash(&self) -> String {
        let bytes = self.sources.files().iter().flat_map(|f| f.text.bytes().chain([0]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        format!("{hash:016x}")
    }
}
