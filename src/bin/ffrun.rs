//! `ffrun`: runs a script.

use std::path::PathBuf;
use std::process::exit;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches, Parser};
use functionfuse::cli::arguments::{RunOptions, split_params};
use functionfuse::cli::problems::{self, ErrorFormat};
use functionfuse::cli::progress::{Progress, ProgressFormat};
use functionfuse::cli::{self, diff::Tolerance, show};
use functionfuse::planner::catalog::Location;
use functionfuse::runtime::catalog::LocalCatalog;
use functionfuse::runtime::error::{Failure, RunError};
use functionfuse::runtime::observer::Report;
use functionfuse::runtime::serializers::Container;
use functionfuse::runtime::{self, Cancel, World};
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

/// Shows what lies at a place: arrays with dtype, dims, chunks, codec, attributes and sizes.
#[derive(Parser)]
#[command(name = "ffrun info")]
struct Info {
    /// A file, directory or store
    url: String,
}

/// Compares two stores: structure, attributes, values. Exits 0 where they are equal, else 1.
#[derive(Parser)]
#[command(name = "ffrun diff")]
struct Diff {
    /// The first store
    a: String,
    /// The second store
    b: String,
    /// Tolerance relative to the second value
    #[arg(long, default_value_t = 0.0)]
    rtol: f64,
    /// Absolute tolerance
    #[arg(long, default_value_t = 0.0)]
    atol: f64,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("info") => exit(info(&Info::parse_from(&args[1..]))),
        Some("diff") => exit(diff(&Diff::parse_from(&args[1..]))),
        _ => {}
    }
    let command = Arguments::command();
    let (known, params) = split_params(&command, args).unwrap_or_else(|e| usage(&e));
    let arguments = Arguments::from_arg_matches(&command.get_matches_from(known)).unwrap_or_else(|e| e.exit());
    let options = arguments.run.options(params).unwrap_or_else(|e| usage(&e));
    exit(run(&arguments, &options));
}

fn open(url: &str) -> Arc<dyn Container> {
    let location = Location { format: "open".into(), url: url.into() };
    LocalCatalog::default().container(&location).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        error.help.iter().for_each(|help| eprintln!("help: {help}"));
        exit(cli::STORAGE)
    })
}

fn info(arguments: &Info) -> i32 {
    print!("{}", cli::info::tree(&arguments.url, open(&arguments.url).stored()));
    cli::DONE
}

fn diff(arguments: &Diff) -> i32 {
    let tolerance = Tolerance { rtol: arguments.rtol, atol: arguments.atol };
    match cli::diff::diff(&*open(&arguments.a), &*open(&arguments.b), tolerance) {
        Ok(found) => {
            found.iter().for_each(|difference| println!("{difference}"));
            if found.is_empty() { cli::DONE } else { cli::SCRIPT }
        }
        Err(error) => {
            eprintln!("error: {error}");
            cli::STORAGE
        }
    }
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
