//! `fffmt`: lays out scripts in the canonical way.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use functionfuse::cli;
use functionfuse::parser::format::format;
use functionfuse::source::SourceMap;

/// Lay out FunctionFuse scripts in the canonical way.
///
/// Files are rewritten in place, standard input goes to standard output.
#[derive(Parser)]
#[command(name = "fffmt", version, after_help = AFTER)]
struct Arguments {
    /// Change nothing; name the files whose layout differs.
    #[arg(long)]
    check: bool,

    /// Scripts; `-` is standard input.
    #[arg(required_unless_present = "completions")]
    files: Vec<PathBuf>,

    /// Print completions for a shell.
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<Shell>,
}

const AFTER: &str = "\
Exit codes: 0 done, 1 a script is wrong or, with --check, laid out differently, 2 wrong usage
or a file cannot be read, 3 a file cannot be written.";

/// What became of a file, worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Fine,
    /// The script is wrong, or laid out differently.
    Differs,
    /// The file cannot be read.
    Unread,
    /// The file cannot be written.
    Unwritten,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(shell) = arguments.completions {
        std::process::exit(cli::give(None, &cli::completions(Arguments::command(), shell)));
    }
    let outcomes = arguments.files.iter().map(|path| {
        one(path, arguments.check).unwrap_or_else(|error| {
            cli::tell(format_args!("fffmt: {}: {error}\n", path.display()));
            Outcome::Unread
        })
    });
    match outcomes.max() {
        None | Some(Outcome::Fine) => ExitCode::SUCCESS,
        Some(Outcome::Differs) => ExitCode::from(1),
        Some(Outcome::Unread) => ExitCode::from(2),
        Some(Outcome::Unwritten) => ExitCode::from(3),
    }
}

/// Lays out or checks one file.
fn one(path: &Path, check: bool) -> io::Result<Outcome> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "<stdin>".into() } else { path.display().to_string() };
    let text = if is_stdin { read_stdin()? } else { fs::read_to_string(path)? };
    let sources = SourceMap::single(name.as_str(), text.as_str());
    let laid_out = match format(&sources.files()[0]) {
        Ok(laid_out) => laid_out,
        Err(problems) => {
            cli::tell(format_args!("{:?}\n", miette::Report::new(problems.report(Arc::new(sources)))));
            return Ok(Outcome::Differs);
        }
    };
    if check {
        if laid_out != text {
            cli::tell(format_args!("fffmt: {name}: laid out differently\n"));
            return Ok(Outcome::Differs);
        }
        return Ok(Outcome::Fine);
    }
    if is_stdin {
        let is_given = cli::give(None, laid_out.as_bytes()) == cli::DONE;
        return Ok(if is_given { Outcome::Fine } else { Outcome::Unwritten });
    }
    if laid_out != text
        && let Err(error) = replace(path, &laid_out)
    {
        cli::tell(format_args!("fffmt: {name}: {error}\n"));
        return Ok(Outcome::Unwritten);
    }
    Ok(Outcome::Fine)
}

fn read_stdin() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// Writes beside the file and renames, so that no half of it is ever seen.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format_args!(".fffmt-{}", std::process::id()).to_string());
    let beside = path.with_file_name(name);
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    written.inspect_err(|_| drop(fs::remove_file(&beside)))
}
