//! The options that a script's params are, and the command line of a program that takes a script.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::exit;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::parser::ast::{Program, StatementKind};
use crate::source::SourceMap;

/// Before the ids of params, which may be called as options are.
const ID: &str = "param:";

/// Params by name, in the order of the script.
pub type Params = Vec<(String, String)>;

/// A command line that was read.
pub struct CommandLine {
    /// The options of the program.
    pub matches: ArgMatches,
    /// The params given.
    pub params: Params,
    /// The text of the script, read once: it may come through a pipe.
    text: Option<String>,
}

impl CommandLine {
    /// Reads a command line; the params of the script in it are options too, and stand in its help.
    /// Leaves the process where the command line is wrong or asks for help.
    pub fn parse(command: Command, args: Vec<OsString>) -> CommandLine {
        let texts: Vec<String> = args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        let script = script(&command, &texts).map(|path| (read(&path), path));
        let command = match &script {
            Some((text, path)) => with_params(command, (path, text), &texts),
            None => command,
        };
        let matches = command.clone().try_get_matches_from(args).unwrap_or_else(|e| with_tip(e, &command).exit());
        let ids = command.get_arguments().map(|a| a.get_id().as_str()).filter(|id| id.starts_with(ID));
        let params = ids.filter_map(|id| Some((id[ID.len()..].to_owned(), matches.get_one::<String>(id)?.clone())));
        let params = params.collect();
        CommandLine { matches, params, text: script.map(|(text, _)| text) }
    }

    /// The text of the script at `path`.
    pub fn text(&self, path: &Path) -> String {
        self.text.clone().unwrap_or_else(|| read(path))
    }
}

/// The error with the params of the script, where an option is none of them.
fn with_tip(mut error: clap::Error, command: &Command) -> clap::Error {
    let is_param = |arg: &&Arg| arg.get_id().as_str().starts_with(ID) && !arg.is_hide_set();
    let names = command.get_arguments().filter(is_param).filter_map(Arg::get_long);
    let names: Vec<String> = names.map(|name| format!("'--{name}'")).collect();
    if error.kind() == clap::error::ErrorKind::UnknownArgument && !names.is_empty() {
        let mut tips = match error.remove(ContextKind::Suggested) {
            Some(ContextValue::StyledStrs(tips)) => tips,
            _ => Vec::new(),
        };
        tips.push(format!("the params of the script are {}", names.join(", ")).into());
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// Says what is wrong with the command line, and leaves.
pub fn usage(message: &str) -> ! {
    super::say(message);
    exit(super::USAGE)
}

/// The text of a script.
fn read(path: &Path) -> String {
    let shown = path.display();
    std::fs::read_to_string(path).unwrap_or_else(|error| match path.is_dir() || error.kind() == ErrorKind::InvalidData {
        true => usage(&format!(
            "`{shown}` is no script; `ffrun info {shown}` shows what it holds, `ffrun -e EXPR {shown}` computes with it"
        )),
        false => usage(&format!("cannot read the script `{shown}`: {error}")),
    })
}

/// The script among the arguments: the first that is no option and no value of one. An unknown option
/// is taken to have a value, unless that leaves no script.
fn script(command: &Command, args: &[String]) -> Option<PathBuf> {
    let mut doubtful = None;
    let mut args = args.iter().skip(1).peekable();
    while let Some(arg) = args.next() {
        let option = match arg.strip_prefix("--") {
            Some("") => return args.next().map(PathBuf::from),
            Some(name) if name.contains('=') => continue,
            Some(name) => command.get_arguments().find(|a| a.get_long() == Some(name)),
            None => match arg.strip_prefix('-').and_then(|rest| rest.chars().next()) {
                Some(short) if arg.len() > 2 && short != 'e' => continue,
                Some(short) => command.get_arguments().find(|a| a.get_short() == Some(short)),
                None => return Some(PathBuf::from(arg)),
            },
        };
        match option {
            Some(option) if option.get_id() == "expression" => return None,
            Some(option) if !takes_value(option) => {}
            Some(_) => drop(args.next()),
            None if matches!(arg.as_str(), "--help" | "-h" | "--version" | "-V") => {}
            None => {
                let value = args.next_if(|next| !next.starts_with("--"));
                doubtful = doubtful.or_else(|| value.filter(|v| Path::new(v).is_file()));
            }
        }
    }
    doubtful.map(PathBuf::from)
}

fn takes_value(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Set | ArgAction::Append)
}

/// The command with an option for each param of the script, which come first in the help. Of a script
/// that cannot be read in full, options that are not known may be params too: its mistakes are told first.
fn with_params(base: Command, (path, text): (&Path, &str), args: &[String]) -> Command {
    let sources = SourceMap::single(path.display().to_string(), text);
    let (program, problems) = crate::parser::parse(&sources.files()[0]);
    let is_option = |name: &str| {
        ["", "help", "version"].contains(&name) || base.get_arguments().any(|a| a.get_long() == Some(name))
    };
    let mut command = of_script(&base, path, &program).disable_version_flag(true);
    for param in params(&program, &sources) {
        let name = param.get_long().unwrap_or_default();
        command = match is_option(name) {
            false => command.arg(param),
            true => {
                let note = format!("`--set {name}=VALUE` sets the param `{name}`: `--{name}` is an option.");
                command.after_help(note)
            }
        };
    }
    for option in base.get_arguments().cloned() {
        let of_no_script = ["expression", "completions", "operators"].contains(&option.get_id().as_str());
        let hidden = option.is_hide_set() || option.is_positional() || of_no_script;
        command = command.arg(option.help_heading("Options").hide(hidden));
    }
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("Print help");
    let command = command.disable_help_flag(true).arg(help.help_heading("Options"));
    with_unknown(command, problems.has_errors(), args)
}

/// The command with an option for each that is not known, where some may be params that could not be read.
fn with_unknown(mut command: Command, may_be: bool, args: &[String]) -> Command {
    if may_be {
        for name in args.iter().filter_map(|a| a.strip_prefix("--")) {
            let name = name.split('=').next().unwrap_or(name).to_owned();
            if !name.is_empty() && command.get_arguments().all(|a| a.get_long() != Some(&name)) {
                command = command.arg(Arg::new(format!("{ID}{name}")).long(name).hide(true));
            }
        }
    }
    command
}

/// The command of a program for one script: its name, its doc comment, how it is called.
fn of_script(base: &Command, path: &Path, program: &Program) -> Command {
    let name = base.get_name().to_owned();
    let command = Command::new(name.clone()).version(base.get_version().unwrap_or_default().to_owned());
    let about = program.doc.clone().unwrap_or_else(|| format!("The script `{}`.", path.display()));
    command.about(about).override_usage(format!("{name} {} [--PARAM VALUE]... [OPTIONS]", path.display()))
}

/// An option for each param: type, doc comment and default as the script writes them.
fn params<'a>(program: &'a Program, sources: &'a SourceMap) -> impl Iterator<Item = Arg> + 'a {
    let mut seen = std::collections::BTreeSet::new();
    program.statements.iter().filter_map(move |statement| {
        let StatementKind::Param(param) = &statement.kind else { return None };
        let name = param.name.value.clone();
        if !seen.insert(name.clone()) {
            return None;
        }
        let default = match &param.default {
            Some(default) => format!("[default: {}]", sources.text(default.span)),
            None => "[required]".to_owned(),
        };
        let doc = statement.doc.iter().map(|doc| doc.replace('\n', " ")).chain([default]);
        let arg = Arg::new(format!("{ID}{name}")).long(name).value_name(sources.text(param.ty.span).to_owned());
        let arg = arg.allow_negative_numbers(true);
        Some(arg.help(doc.collect::<Vec<_>>().join(" ")).help_heading("Params of the script"))
    })
}
