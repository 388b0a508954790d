//! Targets of sinks: what a format lets a sink say, which files are taken, and sinks that share one.
//!
//! Sinks with a path within share a file or store of the same format; they become one write, whose
//! variables are those of all. Without paths a target belongs to one sink.

use std::path::Path;

use super::call::listed;
use super::sink_options::SinkOptions;
use super::source_options::Place;
use super::{Lowerer, Lowering};
use crate::array::Attributes;
use crate::parser::ast::{self, Field};
use crate::planner::catalog::{Existing, Location, SinkForm};
use crate::planner::error::EdgeError;
use crate::planner::graph::{NodeId, NodeKind, Sink, Write};
use crate::source::{Span, Spanned};

/// A file or store that sinks write.
pub(super) struct Claimed {
    location: Location,
    at: Span,
    has_path: bool,
    version: Option<u8>,
    overwrite: bool,
    /// Whether a part of what is there is replaced.
    amends: bool,
    /// Attributes of the dataset that the sinks so far give.
    attrs: Attributes,
    /// The node that writes it; none where its sink is wrong.
    node: Option<NodeId>,
}

impl Lowerer<'_> {
    /// What the format lets a sink say: options in braces that it has, and a path where it has paths.
    pub(super) fn check_form(&mut self, format: &str, target: &ast::Target, place: &Place) -> Lowering<SinkForm> {
        let Some(form) = self.catalog.sink_form(format) else {
            let message = format!("the format `{format}` is only read");
            let help = Some("write to another, such as `zarr`".to_owned());
            return self.fail(EdgeError::SinkOption { message, at: target.span, label: "written here".into(), help });
        };
        let mut sound = Ok(());
        for field in target.options.iter().filter(|f| !form.has_option(&f.key.value)) {
            sound = self.foreign_option(format, form, field);
        }
        if let (Some(path), false) = (&place.path, form.has_paths) {
            let message = format!("`{format}` has no paths within a file");
            let help = match form.has_names {
                true => format!("leave it out; a record names what is written: `sink {{name: …}} to {format}(…)`"),
                false => format!("leave it out: a file of `{format}` holds one array and no names"),
            };
            let label = "a path within".to_owned();
            sound = self.fail(EdgeError::SinkOption { message, at: path.span, label, help: Some(help) });
        }
        sound.map(|()| form)
    }

    fn foreign_option(&mut self, format: &str, form: SinkForm, field: &Field) -> Lowering<()> {
        let option = &field.key.value;
        let has = |name: &&str| self.catalog.sink_form(name).is_some_and(|form| form.has_option(option));
        let formats: Vec<&str> = self.catalog.formats().into_iter().filter(has).collect();
        let own: Vec<&str> = form.options.iter().flat_map(|list| list.iter().copied()).collect();
        let message = format!("`{format}` has no option `{option}`");
        let help = Some(format!("it belongs to {}; the options of `{format}` are {}", listed(&formats), listed(&own)));
        self.fail(EdgeError::SinkOption { message, at: field.key.span, label: "not of this format".into(), help })
    }

    /// Takes a target for a sink, or a share in one that another sink has; its position in the list. It is an error where
    /// it exists, where another sink has it alone, and where the two do not want the same file.
    pub(super) fn claim(
        &mut self,
        location: &Location,
        path: Option<&Spanned<String>>,
        options: &SinkOptions,
        at: Span,
    ) -> Lowering<usize> {
        let within = |a: &Location, b: &Location| plain(&a.url).starts_with(plain(&b.url));
        let overlaps = |c: &Claimed| within(location, &c.location) || within(&c.location, location);
        if let Some(index) = self.targets.iter().position(overlaps) {
            let claimed = &self.targets[index];
            let same = plain(&claimed.location.url) == plain(&location.url);
            let first = claimed.at;
            if options.amend.is_some() || claimed.amends {
                let help =
                    "one sink writes all that is appended to a store, or set into it: put it into a record".to_owned();
                return self.fail(EdgeError::SinkConflict { url: location.url.clone(), at, first, help });
            }
            if !(same && claimed.location.format == location.format && claimed.has_path && path.is_some()) {
                let help = match same {
                    true => {
                        "choose another target, or give each array its place: a record, `sink {a: x, b: y} to …`, \
                             or a path in each sink, `hdf5(\"out.h5\", \"/g/x\")`"
                    }
                    false => "one target cannot lie within another; give each a place of its own",
                };
                return self.fail(EdgeError::SinkConflict { url: location.url.clone(), at, first, help: help.into() });
            }
            let differs = [
                ("version", claimed.version.unwrap_or(3) != options.version.unwrap_or(3)),
                ("mode", claimed.overwrite != options.overwrite),
            ];
            if let Some((option, _)) = differs.into_iter().find(|(_, differs)| *differs) {
                return self.disagree(&format!("`{option}`"), location, at, first);
            }
            return Ok(index);
        }
        let (version, overwrite, amends) = (options.version, options.overwrite, options.amend.is_some());
        let (location, has_path, attrs) = (location.clone(), path.is_some(), Attributes::new());
        let (url, format) = (location.url.clone(), location.format.clone());
        let refused = match self.catalog.existing(&location) {
            Existing::Foreign(what) => Some(EdgeError::SinkForeign { url, what, format, at }),
            Existing::Nothing if amends => Some(EdgeError::SinkMissing { url, at }),
            Existing::Replaceable if overwrite || amends || self.inputs.resumes => None,
            Existing::Replaceable if self.inputs.only_looks => {
                self.report(EdgeError::SinkInTheWay { url, at });
                None
            }
            Existing::Replaceable => Some(EdgeError::SinkExists { url, at }),
            Existing::Nothing => None,
        };
        self.targets.push(Claimed { location, at, has_path, version, overwrite, amends, attrs, node: None });
        refused.map_or(Ok(self.targets.len() - 1), |error| self.fail(error))
    }

    fn disagree<T>(&mut self, what: &str, location: &Location, at: Span, first: Span) -> Lowering<T> {
        let (what, url) = (what.to_owned(), location.url.clone());
        self.fail(EdgeError::SinkShared { what, url, at, first })
    }

    /// The node that writes a target.
    pub(super) fn written_by(&mut self, target: usize, node: NodeId) {
        self.targets[target].node = Some(node);
    }

    /// Adds a write to the graph, to that of the sinks which share its target; `attrs` are the dataset's. `at` are the
    /// places of the target and of the statement.
    pub(super) fn put(
        &mut self,
        target: usize,
        mut write: Write,
        mut inputs: Vec<NodeId>,
        attrs: &Attributes,
        at: (Span, Span),
    ) -> Lowering<()> {
        for (name, value) in attrs.iter() {
            let claimed = &self.targets[target];
            if claimed.attrs.get(name).is_some_and(|other| other != value) {
                let (first, location) = (claimed.at, write.location);
                return self.disagree(&format!("the attribute `{name}`"), &location, at.0, first);
            }
            self.targets[target].attrs.set(name, value.clone());
        }
        let shared = self.targets[target].node;
        if let Some(NodeKind::Sink(Sink::Write(first))) = shared.map(|id| self.lowered.graph[id].kind.clone()) {
            let of_first = shared.map(|id| self.lowered.graph.inputs(id)).unwrap_or_default();
            write.variables.splice(..0, first.variables);
            write.options.unlimited.extend(first.options.unlimited);
            inputs.splice(..0, of_first);
        }
        let mut all = self.provenance(&inputs);
        self.targets[target].attrs.iter().for_each(|(n, v)| all.set(n, v.clone()));
        write.options.attrs = all;
        self.check_write(&write, &inputs, at.0)?;
        let kind = NodeKind::Sink(Sink::Write(Box::new(write)));
        match shared {
            Some(id) => {
                self.lowered.graph.node_mut(id).kind = kind;
                self.lowered.graph.set_inputs(id, &inputs);
            }
            None => {
                let ty = self.lowered.graph[inputs[0]].ty.clone();
                self.targets[target].node = Some(self.lowered.graph.node(kind, ty, &inputs, at.1));
            }
        }
        Ok(())
    }
}

/// A URL as a path, without what changes nothing: `./`, `//`, a `/` at the end.
fn plain(url: &str) -> &Path {
    let path = Path::new(url.strip_prefix("file://").unwrap_or(url));
    path.strip_prefix(".").unwrap_or(path)
}
