//! `persist`: results that are kept, and those that are there already.
//!
//! What a statement asks for is noted where it stands. When all of the script is a graph, each value gets its key; where
//! the storage has it, a source takes the place of the node, so that what only it needs is no longer needed by anything;
//! where not, a sink is added that writes it. Keys are made before any node is replaced, so they do not depend on what is
//! there.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::LabeledSpan;
use regex::Regex;

use super::builder::node;
use super::scope::Item;
use super::sink::Written;
use super::{Lowerer, Lowering, Poisoned};
use crate::array::{ArrayType, Attributes, DimName};
use crate::operators::Value;
use crate::parser::ast::{self, PersistItem};
use crate::planner::catalog::Location;
use crate::planner::error::{KindError, PersistError};
use crate::planner::graph::{Missing, NodeId, NodeKind, Sink, Source, Variable, Write};
use crate::planner::persist::key::Keys;
use crate::planner::persist::{
    Found, KeptArray, LAYOUT, Manifest, Parts, Persisted, SourcePart, ValueKind, engine, why,
};
use crate::planner::target::TargetOptions;
use crate::planner::tasks;
use crate::source::Span;

/// A result that the script wants kept.
pub(super) struct Wanted {
    name: String,
    storage: usize,
    kind: ValueKind,
    written: Vec<Written>,
    /// Where the name stands, and the statement.
    at: (Span, Span),
}

impl Lowerer<'_> {
    /// `persist NAME, … to STORAGE`
    pub(super) fn persist(&mut self, persist: &ast::Persist, at: Span) -> Lowering<()> {
        let storage = self.storage_of(persist, at);
        let mut sound = Ok(());
        for item in &persist.items {
            let wanted = match item {
                PersistItem::Name(name) => {
                    self.lookup(&name.value, name.span).map(|item| vec![(name.value.clone(), item)])
                }
                PersistItem::Regex(pattern) => self.fitting(&pattern.value, pattern.span),
            };
            let span = match item {
                PersistItem::Name(name) => name.span,
                PersistItem::Regex(pattern) => pattern.span,
            };
            match (wanted, storage) {
                (Ok(wanted), Ok(storage)) => {
                    for (name, item) in wanted {
                        sound = sound.and(self.want(name, item, storage, (span, at)));
                    }
                }
                _ => sound = Err(Poisoned),
            }
        }
        sound
    }

    /// The storage that is named, or the only one of the script.
    fn storage_of(&mut self, persist: &ast::Persist, at: Span) -> Lowering<usize> {
        if let Some(to) = &persist.to {
            return match self.lookup(&to.value, to.span)? {
                Item::Storage(storage) => self.for_results(storage, to.span),
                other => {
                    let (place, expected) = ("what follows `to`".to_owned(), "a storage".to_owned());
                    let help = Some("declare one: `storage results = local(\"results\")`".to_owned());
                    let found = other.kind().to_owned();
                    self.fail(KindError::Expected { place, expected, found, at: to.span, help })
                }
            };
        }
        let names = &self.modules[self.env.module].names;
        let mut storages = Vec::new();
        for (name, binding) in names {
            match &binding.item {
                Some(Ok(Item::Storage(storage))) => storages.push((name.clone(), binding.span, *storage)),
                // One that is wrong was told already.
                Some(Err(Poisoned)) => return Err(Poisoned),
                _ => {}
            }
        }
        storages.sort_by_key(|(_, span, _)| span.start);
        if let [(_, _, only)] = storages.as_slice() {
            return self.for_results(*only, at);
        }
        let (message, help) = match storages.first() {
            None => (
                "there is no storage to keep results in",
                "declare one above: `storage results = local(\"results\")`".to_owned(),
            ),
            Some((first, ..)) => ("there are several storages", format!("say which: `persist … to {first}`")),
        };
        let label =
            |(name, span, _): &(String, Span, usize)| LabeledSpan::new_with_span(Some(format!("`{name}`")), *span);
        let storages = storages.iter().map(label).collect();
        self.fail(PersistError::Storage { message: message.to_owned(), at, storages, help: Some(help) })
    }

    /// The `let`s above whose names fit a pattern, and that have values which can be kept.
    fn fitting(&mut self, pattern: &str, at: Span) -> Lowering<Vec<(String, Item)>> {
        let regex = match Regex::new(pattern) {
            Ok(regex) => regex,
            Err(error) => {
                let reason = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
                let (place, expected) = ("a pattern of names".to_owned(), "a regular expression".to_owned());
                return self.fail(KindError::Expected { place, expected, found: reason, at, help: None });
            }
        };
        let names = &self.modules[self.env.module].names;
        let mut found = Vec::new();
        let mut sound = Ok(());
        for name in self.lets.iter().filter(|name| regex.is_match(name)) {
            match names.get(name).and_then(|binding| binding.item.as_ref()) {
                Some(Ok(Item::Value(Value::View(_)))) | None => {}
                Some(Ok(item @ (Item::Value(_) | Item::Group(_)))) => found.push((name.clone(), item.clone())),
                Some(Ok(_)) => {}
                Some(Err(Poisoned)) => sound = Err(Poisoned),
            }
        }
        found.retain(|(_, item)| !matches!(item, Item::Value(value) if !is_kept(value)));
        match found.is_empty() {
            true if sound.is_ok() => {
                let names: Vec<&str> = self.lets.iter().map(String::as_str).collect();
                let help = match names.as_slice() {
                    [] => Some("`persist` keeps what stands above it, and no `let` does".to_owned()),
                    names => super::member::member_help(pattern, names, "above it there are"),
                };
                self.fail(PersistError::NoMatch { pattern: pattern.to_owned(), at, help })
            }
            _ => sound.map(|()| found),
        }
    }

    /// Notes that a value is to be kept.
    fn want(&mut self, name: String, item: Item, storage: usize, at: (Span, Span)) -> Lowering<()> {
        if self.wanted.iter().any(|other| other.name == name && other.storage == storage) {
            return Ok(());
        }
        let value = self.value_of(item, at.0)?;
        let (kind, written) = match &value {
            Value::Array(operand) => {
                let path = path_of(&name, &self.ty(*operand));
                (ValueKind::of(&self.ty(*operand)), vec![Written { path, operand: *operand }])
            }
            Value::Record(fields) => {
                let written = self.written_record(fields, "", at.0)?;
                self.check_dims(&Default::default(), &written, at.0)?;
                self.check_names(&written, at.0)?;
                (ValueKind::Dataset, written)
            }
            known => match self.array_of(known, at.0) {
                Some(operand) => (ValueKind::Scalar, vec![Written { path: format!("/{name}"), operand }]),
                None => {
                    let help = match known {
                        Value::View(_) => "reduce it, as in `x |> groupby(time.month) |> mean()`",
                        _ => "numbers, arrays and records of arrays are kept",
                    };
                    let (found, help) = (self.describe(known), Some(help.to_owned()));
                    return self.fail(PersistError::Value { found, at: at.0, help });
                }
            },
        };
        self.wanted.push(Wanted { name, storage, kind, written, at });
        Ok(())
    }

    /// Reads the results that are there in place of computing them, and adds sinks for those that are not.
    pub(super) fn keep_results(&mut self) {
        let wanted = std::mem::take(&mut self.wanted);
        if wanted.is_empty() || self.diagnostics.has_errors() {
            return;
        }
        let Some(parts) = self.parts(&wanted) else { return };
        let mut replaced = Vec::new();
        for (wanted, (parts, unknown)) in wanted.iter().zip(parts) {
            let _: Lowering<()> = self.keep(wanted, (parts, unknown), &mut replaced);
        }
        for (old, new) in replaced {
            self.lowered.graph.replace(old, new);
        }
    }

    /// What the keys are made of, and a source of each of which nothing tells whether it changes.
    fn parts(&self, wanted: &[Wanted]) -> Option<Vec<(Parts, Option<String>)>> {
        let results = self.catalog.results()?;
        let nodes = |wanted: &Wanted| wanted.written.iter().map(|w| node(w.operand)).collect::<Vec<_>>();
        let mut known: BTreeMap<Location, Option<SourcePart>> = BTreeMap::new();
        for location in self.locations_of(&wanted.iter().flat_map(nodes).collect::<Vec<_>>()) {
            let identity = results.identity(&location);
            known.insert(location, identity);
        }
        let named = |location: &Location| match known.get(location) {
            Some(Some(source)) => source.url.clone(),
            _ => location.url.clone(),
        };
        let keys = Keys::of(&self.lowered.graph, &named);
        let of = |wanted: &Wanted| {
            let nodes = nodes(wanted);
            let locations = self.locations_of(&nodes);
            let unknown = locations.iter().find(|l| known.get(*l).is_none_or(Option::is_none)).map(|l| l.url.clone());
            let mut sources: Vec<SourcePart> = locations.iter().filter_map(|l| known.get(l)?.clone()).collect();
            sources.sort();
            sources.dedup();
            let paths: Vec<String> = wanted.written.iter().map(|w| w.path.clone()).collect();
            let names = (wanted.kind == ValueKind::Dataset).then_some(paths.as_slice());
            let parts = Parts {
                engine: engine(),
                graph: keys.value(names, &nodes),
                sources,
                params: self.param_values.iter().cloned().collect(),
                script: self.script_hash(),
                calls: keys.calls(&nodes),
            };
            (parts, unknown)
        };
        Some(wanted.iter().map(of).collect())
    }

    /// Finds one result, or adds the sink that writes it.
    fn keep(
        &mut self,
        wanted: &Wanted,
        (parts, unknown): (Parts, Option<String>),
        replaced: &mut Vec<(NodeId, NodeId)>,
    ) -> Lowering<()> {
        let Some(results) = self.catalog.results() else { return Err(Poisoned) };
        let (format, options) = self.kept_in(wanted.storage, wanted.kind, wanted.at.0)?;
        let root = self.storages[wanted.storage].root.clone();
        let key = parts.key();
        let there = match results.find(&root, &key) {
            Ok(there) => there,
            Err(error) => return self.catalog_problem(error, wanted.at.0, "kept here"),
        };
        let reason = match (unknown, &there) {
            (Some(url), _) => Some(format!("nothing tells whether the source `{url}` changes")),
            (None, Some(there)) => self.unlike(wanted, there, &format),
            (None, None) => {
                let last = results.named(&root, &self.workflow(), &wanted.name);
                Some(why::miss(&key, &parts, last.as_ref()))
            }
        };
        let (found, manifest) = match (reason, there) {
            (None, Some(there)) => (Found::Hit, there),
            (reason, _) => (Found::Miss(reason.unwrap_or_default()), self.manifest(wanted, parts, format)),
        };
        let place = results.place_of(&root);
        let same = |other: &Persisted| results.place_of(&other.root) == place && other.manifest.key == manifest.key;
        let is_written = self.lowered.persisted.iter().any(same);
        let (name, workflow, at) = (wanted.name.clone(), self.workflow(), wanted.at.0);
        let storage = self.storages[wanted.storage].name.clone();
        let is_hit = found == Found::Hit;
        let persisted =
            Persisted { name, workflow, root: root.clone(), storage, manifest: manifest.clone(), found, at };
        self.lowered.persisted.push(persisted);
        match is_hit {
            true => self.read_instead(wanted, (&root, &manifest), replaced),
            false if is_written => {}
            false => self.write_result(wanted, results.target(&root, &key, &manifest.format), &options)?,
        }
        Ok(())
    }

    /// Why what is kept under a key is not what is wanted, if it is not.
    fn unlike(&self, wanted: &Wanted, there: &Manifest, format: &str) -> Option<String> {
        let types: Vec<Arc<ArrayType>> = wanted.written.iter().map(|w| self.ty(w.operand)).collect();
        let paths = wanted.written.iter().map(|w| w.path.clone());
        let typed: Vec<(String, &ArrayType)> = paths.zip(types.iter().map(|ty| &**ty)).collect();
        let is_asked = self.storages[wanted.storage].kept.contains_key(&wanted.kind);
        let other_format = || {
            let text = format!("it is kept as {}, and the storage asks for {format}", there.format);
            (is_asked && there.format != format).then_some(text)
        };
        there.differs(wanted.kind, &typed).or_else(other_format)
    }

    /// What will lie beside a result that is written.
    fn manifest(&self, wanted: &Wanted, parts: Parts, format: String) -> Manifest {
        let all = self.catalog.results().map(|results| results.serializers()).unwrap_or_default();
        let has_chunks = all.iter().any(|row| row.format == format && row.has_chunks);
        let array = |written: &Written| {
            let ty = self.ty(written.operand);
            KeptArray::new(&written.path, &ty, has_chunks.then(|| chunks(&ty)))
        };
        Manifest {
            layout: LAYOUT,
            key: parts.key(),
            name: wanted.name.clone(),
            workflow: self.workflow(),
            kind: wanted.kind,
            format,
            file: String::new(),
            bytes: 0,
            blake3: String::new(),
            arrays: wanted.written.iter().map(array).collect(),
            parts,
        }
    }

    /// Lets sources take the place of nodes; what is known without reading stays.
    fn read_instead(
        &mut self,
        wanted: &Wanted,
        (root, there): (&str, &Manifest),
        replaced: &mut Vec<(NodeId, NodeId)>,
    ) {
        let Some(location) = self.catalog.results().map(|results| results.location(root, there)) else { return };
        for (written, kept) in wanted.written.iter().zip(&there.arrays) {
            let old = node(written.operand);
            let (ty, span, name) = {
                let node = &self.lowered.graph[old];
                (node.ty.clone(), node.span, node.name.clone())
            };
            if matches!(self.lowered.graph[old].kind, NodeKind::Constant(_)) {
                continue;
            }
            let (location, path, chunks) = (location.clone(), kept.path.clone(), kept.chunks.clone());
            let source =
                Source { location, path, missing: Missing::Fill, chunks: chunks.filter(|c| c.len() == ty.rank()) };
            let new = self.lowered.graph.node(NodeKind::Source(source), ty, &[], span);
            self.lowered.graph.node_mut(new).name = name.or_else(|| Some(wanted.name.clone()));
            for known in self.lowered.names.values_mut().filter(|known| **known == old) {
                *known = new;
            }
            replaced.push((old, new));
        }
    }

    /// The sink that writes a result.
    fn write_result(
        &mut self,
        wanted: &Wanted,
        location: Location,
        options: &super::sink_options::SinkOptions,
    ) -> Lowering<()> {
        let number = self.lowered.persisted.len() - 1;
        let (mut variables, mut inputs): (Vec<Variable>, Vec<NodeId>) = (Vec::new(), Vec::new());
        for one in &wanted.written {
            let (operand, mut variable) = self.variable_of(one, options, &location, wanted.at.0)?;
            variable.chunks = Some(chunks(&self.ty(operand)));
            inputs.push(node(operand));
            variables.push(variable);
        }
        self.leave_out_attributes(&mut variables, &inputs, wanted.at.0);
        let mut attrs = Attributes::new();
        self.provenance(&inputs).iter().for_each(|(name, value)| attrs.set(name, value.clone()));
        let at = wanted.at.0;
        let options = TargetOptions { version: options.version, unlimited: Vec::new(), attrs };
        let write = Write { location, variables, options, overwrite: false, amends: None, result: Some(number), at };
        self.check_write(&write, &inputs, at)?;
        let ty = self.lowered.graph[inputs[0]].ty.clone();
        self.lowered.graph.node(NodeKind::Sink(Sink::Write(Box::new(write))), ty, &inputs, wanted.at.1);
        Ok(())
    }

    /// The name of the script without its folder and its extension, as that of a folder.
    fn workflow(&self) -> String {
        let file = self.inputs.script_name.rsplit('/').next().unwrap_or_default();
        let stem = file.strip_suffix(".ff").unwrap_or(file);
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let name: String = stem.chars().map(|c| if fits(c) { c } else { '_' }).collect();
        match name.trim_start_matches('.') {
            "" => "script".to_owned(),
            name => name.to_owned(),
        }
    }
}

/// Whether a value of a `let` is one that a pattern keeps.
fn is_kept(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Record(fields) => !fields.is_empty() && fields.iter().all(|(_, field)| is_kept(field)),
        _ => false,
    }
}

/// The path of an array in a file of its own: its name, unless that is one of its dims, whose labels would have it.
fn path_of(name: &str, ty: &ArrayType) -> String {
    let is_label = |name: &str| ty.rank() == 1 && ty.dims[0].name.as_str() == name;
    let mut path = name.to_owned();
    while ty.dims.axis(&DimName::new(&path)).is_some() && !is_label(&path) {
        path.push('_');
    }
    format!("/{path}")
}

/// Results are stored in the chunks of the tasks that compute them, so that writing one changes no task, and with it no
/// order of additions.
fn chunks(ty: &ArrayType) -> Vec<u64> {
    let grid = tasks::grid(ty, None);
    grid.chunk_shape().iter().zip(ty.shape()).map(|(chunk, size)| (*chunk).min(size).max(1)).collect()
}
