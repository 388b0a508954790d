//! `ffstore`: shows and keeps in order what storages hold.

use std::process::exit;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use functionfuse::cli::{self, store};

/// Lists, prints, exports, checks and removes the results that scripts keep with `persist`.
#[derive(Parser)]
#[command(name = "ffstore", version, after_help = AFTER, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<store::Command>,
    /// Print completions for a shell
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<Shell>,
}

const AFTER: &str = "\
Examples:
  ffstore ls results
  ffstore show results gmst --workflow warming
  ffstore get results clim clim.nc
  ffstore rm results --match 'clim_*'
  ffstore verify results
  ffstore gc results

Exit codes: 0 done, 2 wrong usage, 3 reading or writing failed, or a result does not match its checksum.";

fn main() {
    let arguments = Arguments::parse();
    match (arguments.completions, &arguments.command) {
        (Some(shell), _) => exit(cli::give(None, &cli::completions(Arguments::command(), shell))),
        (None, Some(command)) => exit(store::run(command)),
        (None, None) => {
            let _ = Arguments::command().print_help();
            exit(cli::USAGE)
        }
    }
}
