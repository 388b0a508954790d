//! `ffplan`: shows what a script would do.

use std::path::{Path, PathBuf};
use std::process::exit;

use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use clap_complete::Shell;
use functionfuse::cli::arguments::RunOptions;
use functionfuse::cli::problems::{self, ErrorFormat};
use functionfuse::cli::script::{CommandLine, usage};
use functionfuse::diagnostic::Report;
use functionfuse::operators::reference;
use functionfuse::planner::explain::{self, View};
use functionfuse::planner::passes::Notes;
use functionfuse::runtime::catalog::LocalCatalog;
use functionfuse::{Options, cli};
use regex::Regex;

/// Shows the graph and the plan of a FunctionFuse script without running it.
#[derive(Parser)]
#[command(name = "ffplan", version, override_usage = USAGE, after_help = AFTER)]
struct Arguments {
    /// The script
    #[arg(required_unless_present_any = ["operators", "completions"])]
    script: Option<PathBuf>,
    #[command(flatten)]
    run: RunOptions,
    /// How it is shown
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// What is shown: the graph as written, the graph after all passes, the plan, or all three
    #[arg(long, value_enum, default_value_t)]
    stage: Stage,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say why the plan is as it is (text and json)
    #[arg(long)]
    why: bool,
    /// Show only nodes whose name or calls match, with what they are computed from
    #[arg(long = "match", value_name = "REGEX")]
    matching: Option<Regex>,
    /// List all operators, or show one in full
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    #[arg(conflicts_with_all = ["script", "format", "stage", "why", "matching", "completions"])]
    operators: Option<Option<String>>,
    /// Print completions for a shell
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<Shell>,
    /// How problems are shown
    #[arg(long, value_enum, default_value_t)]
    error_format: ErrorFormat,
}

const USAGE: &str = "ffplan SCRIPT [--PARAM VALUE]... [OPTIONS]
       ffplan --operators [NAME]";

const AFTER: &str = "\
Params of a script are options too: `ffplan SCRIPT --help` lists them.

Examples:
  ffplan warming.ff --memory 512MiB --why
  ffplan warming.ff --format svg --stage optimized -o warming.svg

Exit codes: 0 done, 1 the script is wrong, 2 wrong usage, 3 reading or writing failed, 4 an assert failed.";

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Dot,
    Svg,
    #[value(hide = true)]
    Html,
    Json,
    Mermaid,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
enum Stage {
    Graph,
    Optimized,
    #[default]
    Plan,
    All,
}

fn main() {
    let line = CommandLine::parse(Arguments::command(), std::env::args_os().collect());
    let arguments = Arguments::from_arg_matches(&line.matches).unwrap_or_else(|e| e.exit());
    let given = arguments.run.options(line.params.clone()).unwrap_or_else(|e| usage(&e));
    let options = Options { only_looks: true, ..given };
    let text = match (&arguments.script, arguments.completions, &arguments.operators) {
        (_, Some(shell), _) => cli::completions(Arguments::command(), shell),
        (Some(path), ..) => shown(&arguments, (path, &line.text(path)), &options).into_bytes(),
        (None, _, Some(Some(name))) => reference::help(name).unwrap_or_else(|e| usage(&e)).into_bytes(),
        (None, ..) => reference::list().into_bytes(),
    };
    exit(cli::give(arguments.output.as_deref(), &text));
}

fn shown(arguments: &Arguments, (path, text): (&Path, &str), options: &Options) -> String {
    let name = path.display().to_string();
    if arguments.why && matches!(arguments.format, Format::Dot | Format::Svg | Format::Mermaid) {
        usage("`--why` goes with `--format text` and `--format json`; a drawing has no place for it");
    }
    let (views, notes) = views(arguments, (&name, text), options).unwrap_or_else(|report| {
        problems::show(&report, arguments.error_format);
        exit(cli::refused(&report))
    });
    let views: Vec<View> = match &arguments.matching {
        Some(pattern) => views.iter().map(|view| view.matching(pattern)).collect(),
        None => views,
    };
    match arguments.format {
        Format::Text if arguments.why => {
            format!("{}\n── why ──\n{}", explain::text::render(&views), explain::notes(&notes))
        }
        Format::Text => explain::text::render(&views),
        Format::Dot => explain::dot::render(&views),
        Format::Svg => explain::svg::render(&views),
        Format::Json => explain::json::render(&views, arguments.why.then_some(&notes)),
        Format::Mermaid => explain::mermaid::render(&views),
        Format::Html => usage("`--format html` is not there yet: use svg, dot or mermaid"),
    }
}

/// What is to be shown, and the decisions behind it; a graph alone needs no plan that fits the budget.
fn views(
    arguments: &Arguments,
    (name, text): (&str, &str),
    options: &Options,
) -> Result<(Vec<View>, Notes), Box<Report>> {
    let mut checked = functionfuse::check(name, text, options, &LocalCatalog::new())?;
    let warnings = std::mem::take(&mut checked.warnings).report(checked.sources.clone());
    problems::show(&warnings, arguments.error_format);
    let graph = View::Graph("graph", checked.lowered.graph.clone());
    if arguments.stage == Stage::Graph && !arguments.why {
        return Ok((vec![graph], Notes::default()));
    }
    let mut planned = functionfuse::plan(checked, options)?;
    let optimized = View::Graph("optimized", planned.graphs.pop().expect("lowering leaves a graph").1);
    let views = match arguments.stage {
        Stage::Graph => vec![graph],
        Stage::Optimized => vec![optimized],
        Stage::Plan => vec![View::Plan(planned.plan)],
        Stage::All => vec![graph, optimized, View::Plan(planned.plan)],
    };
    Ok((views, planned.notes))
}
