//! `ffrun`: runs a script.

use std::path::PathBuf;
use std::process::exit;
use std::time::Instant;

use clap::{CommandFactory, FromArgMatches, Parser};
use clap_complete::Shell;
use functionfuse::cli::arguments::RunOptions;
use functionfuse::cli::execution::{Execution, Signals, code_of, show};
use functionfuse::cli::problems::{self, ErrorFormat};
use functionfuse::cli::script::{CommandLine, usage};
use functionfuse::cli::{self, inspect};
use functionfuse::diagnostic::Report;
use functionfuse::one_liner::OneLiner;
use functionfuse::planner::catalog::{Catalog, Existing, Location};
use functionfuse::planner::explain;
use functionfuse::runtime::catalog::LocalCatalog;
use functionfuse::runtime::serializers;
use functionfuse::{Options, Planned};

/// Runs a FunctionFuse script, or one expression: arrays in, arrays out, within a memory budget.
#[derive(Parser)]
#[command(name = "ffrun", version, override_usage = USAGE, after_help = AFTER)]
struct Arguments {
    /// The script; with `-e` the file or store that is read
    #[arg(value_name = "SCRIPT", required_unless_present = "completions")]
    script: Option<PathBuf>,
    /// With `-e`, what is written, in the format of its extension; without it, or with `-`, the result is printed
    #[arg(value_name = "OUT", requires = "expression")]
    output: Option<PathBuf>,
    /// Apply an expression to IN: its arrays are visible by name, IN itself as `data`
    #[arg(short, value_name = "EXPR")]
    expression: Option<String>,
    #[command(flatten)]
    run: RunOptions,
    /// Check and plan, and say what would be done; read and write nothing
    #[arg(long, conflicts_with_all = ["report", "trace", "log"])]
    dry_run: bool,
    /// Go on from what an interrupted run of the same script has written
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    execution: Execution,
    /// How problems are shown
    #[arg(long, value_enum, default_value_t)]
    error_format: ErrorFormat,
    /// Print completions for a shell
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<Shell>,
}

const USAGE: &str = "ffrun SCRIPT [--PARAM VALUE]... [OPTIONS]
       ffrun -e EXPR IN [OUT] [OPTIONS]
       ffrun info URL
       ffrun diff A B [--rtol X] [--atol X] [--raw]";

const AFTER: &str = "\
Params of a script are options too: `ffrun SCRIPT --help` lists them.
`ffrun info` shows what lies at a place, `ffrun diff` compares two.

Examples:
  ffrun warming.ff --first 1971 --memory 512MiB
  ffrun -e 'air |> mean(time)' air.nc climate.zarr
  ffrun -e 'max(air) - min(air)' air.nc

Exit codes: 0 done, 1 the script is wrong, 2 wrong usage, 3 reading or writing failed, 4 an assert failed, 130 interrupted.";

fn main() {
    let args: Vec<_> = std::env::args_os().collect();
    match args.get(1).and_then(|a| a.to_str()) {
        Some("info") => exit(inspect::info(&args[1..])),
        Some("diff") => exit(inspect::diff(&args[1..])),
        _ => {}
    }
    let signals = Signals::handled();
    let line = CommandLine::parse(Arguments::command(), args);
    let arguments = Arguments::from_arg_matches(&line.matches).unwrap_or_else(|e| e.exit());
    if let Some(shell) = arguments.completions {
        exit(cli::give(None, &cli::completions(Arguments::command(), shell)));
    }
    let given = arguments.run.options(line.params.clone()).unwrap_or_else(|e| usage(&e));
    let options = Options { resume: arguments.resume, ..given };
    exit(run(&arguments, (&line, &signals), &options));
}

fn run(arguments: &Arguments, (line, signals): (&CommandLine, &Signals), options: &Options) -> i32 {
    let listeners = match arguments.execution.listeners() {
        Ok(listeners) => listeners,
        Err(message) => return cli::failed(&message),
    };
    let catalog = LocalCatalog::new();
    let begun = Instant::now();
    let planned = plan(arguments, line, options, &catalog);
    listeners.event("plan", begun);
    let code = match &planned {
        Err(report) => {
            problems::show(report, arguments.error_format);
            cli::refused(report)
        }
        Ok(planned) if arguments.dry_run => {
            let exists = |target: &Location| catalog.existing(target) != Existing::Nothing;
            cli::give(None, explain::text::summary(&planned.plan, exists).as_bytes())
        }
        Ok(planned) => {
            match arguments.execution.run(planned, &catalog, (&listeners, signals), arguments.error_format) {
                Ok(code) => code,
                Err(error) => {
                    show(&error, &planned.sources, arguments.error_format);
                    code_of(&error)
                }
            }
        }
    };
    listeners.finish(code)
}

fn plan(
    arguments: &Arguments,
    line: &CommandLine,
    options: &Options,
    catalog: &LocalCatalog,
) -> Result<Planned, Box<Report>> {
    let path = arguments.script.as_deref().unwrap_or_else(|| usage("no script"));
    let name = path.display().to_string();
    let mut checked = match &arguments.expression {
        None => functionfuse::check(&name, &line.text(path), options, catalog)?,
        Some(expression) => {
            let output = arguments.output.as_ref().map(|o| o.display().to_string()).filter(|o| o != "-");
            let output = output.as_deref().map(|url| (format_of(url), url));
            if expression.trim().is_empty() {
                usage("the expression of `-e` is empty; `data` is all of the input");
            }
            functionfuse::check_one_liner(&OneLiner { expression, input: &name, output }, options, catalog)?
        }
    };
    let warnings = std::mem::take(&mut checked.warnings).report(checked.sources.clone());
    problems::show(&warnings, arguments.error_format);
    functionfuse::plan(checked, options)
}

/// The format that the extension of a target stands for.
fn format_of(url: &str) -> &'static str {
    serializers::by_extension(url).unwrap_or_else(|known| {
        let known = known.join(", ");
        usage(&format!("the format of `{url}` cannot be told from its name, which should end in one of {known}"))
    })
}
