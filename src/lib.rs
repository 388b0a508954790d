//! FunctionFuse: a small pipeline language for arrays that do not fit in memory.

pub mod allocator;
pub mod array;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diagnostic;
pub mod one_liner;
pub mod operators;
pub mod parser;
pub mod planner;
#[cfg(feature = "runtime")]
pub mod runtime;
pub mod source;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use diagnostic::{Diagnostics, Report};
use one_liner::OneLiner;
use parser::ast::Program;
use planner::catalog::Catalog;
use planner::graph::Graph;
use planner::identity;
use planner::lower::{self, Inputs, Lowered};
use planner::passes::{self, Notes};
use planner::plan::Plan;
use planner::schedule;
use planner::settings::Settings;
use source::SourceMap;

/// What a script is run with; what is not given here, the script's `plan { … }` or a default decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values of params, as text.
    pub params: BTreeMap<String, String>,
    /// Whether existing targets are replaced.
    pub overwrite: bool,
    /// Whether the plan is only looked at: a target that exists is worth a warning then.
    pub only_looks: bool,
    /// Bytes the run may hold at once.
    pub memory: Option<u64>,
    /// Threads that carry out tasks.
    pub threads: Option<usize>,
    /// Where scratch files go.
    pub scratch: Option<PathBuf>,
    /// Whether targets are forced to disk before they get their names, whatever the script says.
    pub durable: bool,
    /// Whether the run goes on from what an interrupted one has written.
    pub resume: bool,
}

/// A script that was parsed and typed.
pub struct Checked {
    /// The graph, the params, what the script says of itself.
    pub lowered: Lowered,
    /// The script and its imports.
    pub sources: Arc<SourceMap>,
    /// Warnings.
    pub warnings: Diagnostics,
}

/// A script that is ready to run.
pub struct Planned {
    /// What will be done.
    pub plan: Plan,
    /// Why.
    pub notes: Notes,
    /// The graph as lowered, and after each pass.
    pub graphs: Vec<(&'static str, Graph)>,
    /// The script and its imports.
    pub sources: Arc<SourceMap>,
}

/// Parses and types the script `text`, called `name`.
///
/// # Errors
/// Every mistake of the script.
pub fn check(name: &str, text: &str, options: &Options, catalog: &dyn Catalog) -> Result<Checked, Box<Report>> {
    let mut sources = SourceMap::default();
    let parsed = parser::parse(sources.add(name, text));
    lowered(parsed, sources, (name, None), options, catalog)
}

/// Parses and types a command line that is a script.
///
/// # Errors
/// Every mistake in it.
pub fn check_one_liner(line: &OneLiner<'_>, options: &Options, catalog: &dyn Catalog) -> Result<Checked, Box<Report>> {
    let mut sources = SourceMap::default();
    let parsed = line.parse(&mut sources);
    let command = line.to_string();
    lowered(parsed, sources, ("", Some(command)), options, catalog)
}

fn lowered(
    (program, mut problems): (Program, Diagnostics),
    mut sources: SourceMap,
    (name, command): (&str, Option<String>),
    options: &Options,
    catalog: &dyn Catalog,
) -> Result<Checked, Box<Report>> {
    let inputs = Inputs {
        params: options.params.clone(),
        script_name: name.to_owned(),
        command,
        overwrite: options.overwrite,
        only_looks: options.only_looks,
        resumes: options.resume,
        loader: &load_import,
    };
    let (lowered, found) = lower::lower(&program, &mut sources, &inputs, catalog);
    problems.extend(found);
    problems.dedup();
    let sources = Arc::new(sources);
    match problems.has_errors() {
        true => Err(Box::new(problems.report(sources))),
        false => Ok(Checked { lowered, sources, warnings: problems }),
    }
}

/// Improves and schedules a checked script.
///
/// # Errors
/// It cannot fit its budget.
pub fn plan(checked: Checked, options: &Options) -> Result<Planned, Box<Report>> {
    let Checked { lowered, sources, .. } = checked;
    let settings = settings(&lowered, options);
    let mut graph = lowered.graph;
    graph.texts = sources.clone();
    let identities = identity::of_targets(&graph);
    let mut notes = Notes::default();
    let mut graphs = vec![("lower", graph.clone())];
    let improved =
        passes::run(&mut graph, &settings, &mut notes, &mut |pass, graph| graphs.push((pass, graph.clone())));
    if let Err(violation) = improved {
        return Err(Box::new(Diagnostics::from(violation).report(sources)));
    }
    match schedule::schedule(&graph, &settings, &mut notes) {
        Ok(mut plan) => {
            for target in &mut plan.targets {
                target.identity = identities.get(&target.write.location).cloned().unwrap_or_default();
            }
            Ok(Planned { plan: Plan { persisted: lowered.persisted, ..plan }, notes, graphs, sources })
        }
        Err(refusal) => Err(Box::new(Diagnostics::from(*refusal).report(sources))),
    }
}

fn settings(lowered: &Lowered, options: &Options) -> Settings {
    let defaults = Settings::default();
    let script = &lowered.settings;
    Settings {
        memory: options.memory.or(script.memory).unwrap_or(defaults.memory),
        threads: options.threads.or(script.threads).unwrap_or(defaults.threads),
        scratch: options.scratch.clone().or(script.scratch.as_ref().map(PathBuf::from)).unwrap_or(defaults.scratch),
        overwrite: options.overwrite,
        durable: options.durable || script.durable.unwrap_or(defaults.durable),
        resume: options.resume,
    }
}

fn load_import(path: &str, sources: &mut SourceMap) -> Result<(Program, Diagnostics), String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    Ok(parser::parse(sources.add(path, text)))
}
