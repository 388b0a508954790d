//! `ffrun`: runs a script.

use std::path::PathBuf;
use std::process::exit;

use clap::{CommandFactory, FromArgMatches, Parser};
use functionfuse::cli::arguments::{RunOptions, split_params};
use functionfuse::cli::problems::{self, ErrorFormat};
use functionfuse::cli::progress::{Progress, ProgressFormat};
use functionfuse::cli::{self, inspect, show};
use functionfuse::runtime::catalog::LocalCatalog;
use functionfuse::runtime::error::{Failure, RunError};
use functionfuse::runtime::observer::Report;
use functionfuse::runtime::{self, Cancel};
use functionfuse::{Options, Planned};

/// Runs a FunctionFuse script: arrays in, arrays out, within a memory budget.
#[derive(Parser)]
#[command(
    name = "ffrun",
    version,
    after_help = "Params of the script are options too: --NAME VALUE.\n`ffrun info URL` shows what lies at a place, `ffrun diff A B` compares two."
)]
struct Arguments {
    /// The script
    script: PathBuf,
    #[command(flatten)]
    run: RunOptions,
    /// Check and plan, read and write nothing
    #[arg(long)]
    dry_run: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressFormat,
    /// How problems are shown
    #[arg(long, value_enum, default_value_t)]
    error_format: ErrorFormat,
    /// Write what the run took to this file, as JSON
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("info") => exit(inspect::info(&args[1..])),
        Some("diff") => exit(inspect::diff(&args[1..])),
        _ => {}
    }
    let command = Arguments::command();
    let (known, params) = split_params(&command, args).unwrap_or_else(|e| usage(&e));
    let arguments = Arguments::from_arg_matches(&command.get_matches_from(known)).unwrap_or_else(|e| e.exit());
    let options = arguments.run.options(params).unwrap_or_else(|e| usage(&e));
    exit(run(&arguments, &options));
}

fn usage(message: &str) -> ! {
    eprintln!("error: {message}");
    exit(cli::USAGE)
}

fn run(arguments: &Arguments, options: &Options) -> i32 {
    let name = arguments.script.display().to_string();
    let text = match std::fs::read_to_string(&arguments.script) {
        Ok(text) => text,
        Err(error) => usage(&format!("cannot read `{name}`: {error}")),
    };
    let catalog = LocalCatalog::default();
    let planned = functionfuse::check(&name, &text, options, &catalog).and_then(|c| functionfuse::plan(c, options));
    let planned = match planned {
        Ok(planned) => planned,
        Err(report) => {
            problems::show(&report, arguments.error_format);
            return cli::SCRIPT;
        }
    };
    if arguments.dry_run {
        return cli::DONE;
    }
    match execute(arguments, &planned, &catalog) {
        Ok(report) => write_report(arguments, &report),
        Err(error) => {
            eprint!("{}", problems::one(&error, &planned.sources, arguments.error_format));
            match error.kind {
                Failure::Storage => cli::STORAGE,
                Failure::Assert => cli::ASSERT,
                Failure::Cancelled => cli::INTERRUPTED,
            }
        }
    }
}

fn execute(arguments: &Arguments, planned: &Planned, catalog: &LocalCatalog) -> Result<Report, RunError> {
    let cancel = Cancel::default();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second signal leaves at once; the first asks the tasks in flight to finish.
        let second = signal_hook::flag::register_conditional_shutdown(signal, cli::INTERRUPTED, cancel.flag());
        let first = signal_hook::flag::register(signal, cancel.flag());
        if second.and(first).is_err() {
            eprintln!("warning: signals cannot be handled here; an interrupted run may leave staging files behind");
        }
    }
    let progress = Progress::new(arguments.progress);
    let outcome = runtime::run(&planned.plan, catalog, &progress, &cancel)?;
    for shown in &outcome.shown {
        print!("{}", show::value(shown));
    }
    Ok(outcome.report)
}

fn write_report(arguments: &Arguments, report: &Report) -> i32 {
    let Some(path) = &arguments.report else { return cli::DONE };
    let text = serde_json::to_string_pretty(report).map_err(|e| e.to_string());
    match text.and_then(|t| std::fs::write(path, t + "\n").map_err(|e| e.to_string())) {
        Ok(()) => cli::DONE,
        Err(error) => {
            eprintln!("error: the run is done, but its report cannot be written to `{}`: {error}", path.display());
            cli::STORAGE
        }
    }
}
