//! From the tree of a script to a typed graph.
//!
//! Lowering walks the statements in order. What a name or an expression stands for is an [`Item`]: a
//! value known while planning, a node of the graph, a dataset, a function, an import. Calls are bound to
//! signatures and expanded by their operators; functions are inlined; control flow is decided here, so
//! nothing of it is left in the graph.
//!
//! A mistake does not end the walk. Whoever finds one reports it and gives [`Poisoned`]; what uses a
//! poisoned value is poisoned too and says nothing more.
//!
//! Deliberately absent: reading data (but for coordinates and small arrays by which elements are
//! chosen, through the catalog) and any choice of how
//! the graph is computed.

mod aggregate;
mod amend;
mod as_stored;
mod auxiliary;
mod bounds;
mod builder;
mod call;
pub(crate) mod cf;
mod dataset;
mod expression;
mod files;
mod function;
mod import;
mod index;
mod input;
mod member;
mod method;
mod name;
mod operator;
mod pack;
mod param;
mod persist;
mod provenance;
mod reducer;
mod scope;
mod settings;
mod sink;
mod sink_options;
mod source;
mod source_options;
mod statement;
mod stencil;
mod storage;
mod storage_options;
mod target;
mod type_check;
pub mod value;

use std::collections::BTreeMap;

use super::catalog::Catalog;
use super::graph::{Graph, NodeId};
use super::persist::Persisted;
use crate::diagnostic::Diagnostics;
use crate::parser::ast::Program;
use crate::source::{SourceMap, Span};

pub use input::INPUT;
pub use param::ParamType;
pub use settings::PlanSettings;

use scope::{Env, Function, Module};
use source::Dataset;

/// Gives the text of imported files.
pub trait Loader {
    /// Reads the file at `path`, adds it to the sources and parses it.
    ///
    /// # Errors
    /// The file cannot be read; the text says why.
    fn load(&self, path: &str, sources: &mut SourceMap) -> Result<(Program, Diagnostics), String>;
}

impl<F> Loader for F
where
    F: Fn(&str, &mut SourceMap) -> Result<(Program, Diagnostics), String>,
{
    fn load(&self, path: &str, sources: &mut SourceMap) -> Result<(Program, Diagnostics), String> {
        self(path, sources)
    }
}

/// What a script is given from outside.
pub struct Inputs<'a> {
    /// Values of params, as text.
    pub params: BTreeMap<String, String>,
    /// The script's path as the user wrote it; imports are relative to it.
    pub script_name: String,
    /// The command line, where the script is one: recorded as what was run. What its one source `data`
    /// holds is then visible by bare name, and results are named after what they are computed from.
    pub command: Option<String>,
    /// Whether existing targets are replaced.
    pub overwrite: bool,
    /// Whether the plan is only looked at: a target that exists is worth a warning then.
    pub only_looks: bool,
    /// Whether the run goes on after an interrupted one, which may have published a target: that is found out when it begins.
    pub resumes: bool,
    /// Reads imported files.
    pub loader: &'a dyn Loader,
}

/// A param of the script, for help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamInfo {
    /// Its name.
    pub name: String,
    /// Its type as a script writes it.
    pub ty: String,
    /// Whether it has no default.
    pub required: bool,
    /// Its default as a script writes it.
    pub default: Option<String>,
    /// Its doc comment.
    pub doc: Option<String>,
}

/// A script as a graph.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// The nodes. Those that no sink needs are there too.
    pub graph: Graph,
    /// The params of the script, in order.
    pub params: Vec<ParamInfo>,
    /// What `plan { … }` sets.
    pub settings: PlanSettings,
    /// The node of each `let` that is an array.
    pub names: BTreeMap<String, NodeId>,
    /// The doc comments of definitions, by name.
    pub docs: BTreeMap<String, String>,
    /// The doc comment of the script.
    pub doc: Option<String>,
    /// The results that are kept or were.
    pub persisted: Vec<Persisted>,
}

/// The mark of something that was found wrong and reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Poisoned;

/// A result whose error is reported already.
pub(crate) type Lowering<T> = Result<T, Poisoned>;

/// Lowers a script; the graph holds what could be lowered, the diagnostics hold every mistake.
pub fn lower(
    program: &Program,
    sources: &mut SourceMap,
    inputs: &Inputs<'_>,
    catalog: &dyn Catalog,
) -> (Lowered, Diagnostics) {
    let mut lowerer = Lowerer::new(sources, inputs, catalog);
    lowerer.lowered.doc = program.doc.clone();
    lowerer.module(inputs.script_name.clone(), program);
    lowerer.check_params();
    lowerer.forget_bodies();
    lowerer.forget_coordinates();
    lowerer.keep_results();
    lowerer.forget_secrets();
    (lowerer.lowered, lowerer.diagnostics)
}

/// The state of the walk.
pub(crate) struct Lowerer<'a> {
    sources: &'a mut SourceMap,
    inputs: &'a Inputs<'a>,
    catalog: &'a dyn Catalog,
    lowered: Lowered,
    diagnostics: Diagnostics,
    modules: Vec<Module>,
    env: Env,
    /// Functions being inlined, outermost first.
    calls: Vec<std::sync::Arc<Function>>,
    /// Files being imported, outermost first.
    importing: Vec<String>,
    datasets: Vec<Dataset>,
    /// Blocks of nodes that are known while planning, as far as they were asked for.
    known: builder::KnownBlocks,
    /// The same, with what follows from small arrays that were read.
    read: builder::KnownBlocks,
    /// What was read or computed while planning, with what it came from.
    origins: provenance::Origins,
    /// What labels nodes besides the labels of their dims.
    auxiliary: auxiliary::Auxiliaries,
    missing_params: Vec<(String, Span)>,
    settings_given: Vec<crate::parser::ast::Name>,
    /// Values of params as a script writes them, for provenance.
    param_values: Vec<(String, String)>,
    /// What sinks write.
    targets: Vec<target::Claimed>,
    /// Where results are kept.
    storages: Vec<storage::Storage>,
    /// The names of the script's `let`s so far.
    lets: Vec<String>,
    /// What is to be kept.
    wanted: Vec<persist::Wanted>,
    depth: usize,
    steps: usize,
    /// Whether it was said that there are too many steps.
    exhausted: bool,
}

impl<'a> Lowerer<'a> {
    fn new(sources: &'a mut SourceMap, inputs: &'a Inputs<'a>, catalog: &'a dyn Catalog) -> Self {
        Lowerer {
            sources,
            inputs,
            catalog,
            lowered: Lowered::default(),
            diagnostics: Diagnostics::default(),
            modules: Vec::new(),
            env: Env::default(),
            calls: Vec::new(),
            importing: Vec::new(),
            datasets: Vec::new(),
            known: builder::KnownBlocks::default(),
            read: builder::KnownBlocks::default(),
            origins: provenance::Origins::default(),
            auxiliary: auxiliary::Auxiliaries::default(),
            missing_params: Vec::new(),
            settings_given: Vec::new(),
            param_values: Vec::new(),
            targets: Vec::new(),
            storages: Vec::new(),
            lets: Vec::new(),
            wanted: Vec::new(),
            depth: 0,
            steps: 0,
            exhausted: false,
        }
    }

    fn report(&mut self, problem: impl miette::Diagnostic + Send + Sync + 'static) {
        self.diagnostics.push(problem);
    }

    fn fail<T>(&mut self, problem: impl miette::Diagnostic + Send + Sync + 'static) -> Lowering<T> {
        self.report(problem);
        Err(Poisoned)
    }
}
