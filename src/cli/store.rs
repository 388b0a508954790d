//! `ffstore`: what a storage holds, as text and JSON; getting, removing, checking and cleaning up.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use glob::Pattern;
use serde_json::{Value, json};

use super::problems::{self, ErrorFormat};
use super::{DONE, STORAGE, USAGE, give, refused, say, show};
use crate::Options;
use crate::one_liner::OneLiner;
use crate::planner::catalog::CatalogError;
use crate::planner::persist::{Manifest, ValueKind, short};
use crate::planner::tasks::bytes_text;
use crate::runtime::catalog::LocalCatalog;
use crate::runtime::observer::Silent;
use crate::runtime::persist::store::{Choice, Entry, Store};
use crate::runtime::serializers;
use crate::runtime::{self, Cancel, Shown};

/// What is to be done.
#[allow(missing_docs)]
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List results: name, workflow, value, size, age, key
    Ls {
        #[command(flatten)]
        which: Which,
        /// Also results to which no name leads
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        listing: Listing,
    },
    /// Print the values of results
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Write a result to a file or store, in the format of its extension
    Get {
        /// The folder of the storage
        storage: PathBuf,
        /// The name of the result
        name: String,
        /// What is written
        out: String,
        #[command(flatten)]
        of: Of,
        /// Replace an existing target
        #[arg(long)]
        overwrite: bool,
    },
    /// Remove results
    Rm {
        #[command(flatten)]
        which: Which,
        /// Remove all that have a name
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        listing: Listing,
    },
    /// Compare what is stored with its checksums
    Verify {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        listing: Listing,
    },
    /// Remove results to which no name leads, and what interrupted runs have left
    Gc {
        /// The folder of the storage
        storage: PathBuf,
        /// Say what would be removed
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        listing: Listing,
    },
}

/// The results that are meant.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// The folder of the storage
    storage: PathBuf,
    /// The name of the result, or a glob; all without it
    #[arg(value_name = "NAME", conflicts_with = "matching")]
    name: Option<String>,
    /// Results whose name fits a glob
    #[arg(long = "match", value_name = "GLOB")]
    matching: Option<String>,
    #[command(flatten)]
    of: Of,
}

/// What tells results of one name apart.
#[derive(Args, Clone, Debug)]
pub struct Of {
    /// Results of this workflow: the name of a script without `.ff`
    #[arg(long, value_name = "W")]
    workflow: Option<String>,
    /// Results whose key begins so, also where no name leads to them
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// How it is told.
#[derive(Args, Clone, Debug)]
pub struct Listing {
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl Listing {
    /// Gives one or the other; the exit code.
    fn give(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> Value) -> i32 {
        match self.format {
            Format::Text => give(None, text().as_bytes()),
            Format::Json => give(None, format!("{:#}\n", json()).as_bytes()),
        }
    }
}

/// Why something cannot be done: what is said, and the exit code.
type Failed = (String, i32);

/// Does it; gives the exit code.
pub fn run(command: &Command) -> i32 {
    let done = match command {
        Command::Ls { which, all, listing } => ls(which, *all, listing),
        Command::Show { which } => show_all(which),
        Command::Get { storage, name, out, of, overwrite } => get((storage.as_path(), name, of), out, *overwrite),
        Command::Rm { which, all, listing } => rm(which, *all, listing),
        Command::Verify { which, listing } => verify(which, listing),
        Command::Gc { storage, dry_run, listing } => gc(storage, *dry_run, listing),
    };
    done.unwrap_or_else(|(message, code)| {
        say(&message);
        code
    })
}

fn open(storage: &Path) -> Result<Store, Failed> {
    Store::open(storage).map_err(|message| (message, STORAGE))
}

fn choice(name: Option<&String>, of: &Of) -> Result<Choice, Failed> {
    let pattern = |text: &String| Pattern::new(text).map_err(|e| (format!("`{text}` is no glob: {e}"), USAGE));
    let name = name.map(pattern).transpose()?;
    Ok(Choice { workflow: of.workflow.clone(), name, key: of.key.clone(), nameless: false })
}

/// The results that are meant; at least one where any is named.
fn chosen(store: &Store, choice: &Choice) -> Result<Vec<Entry>, Failed> {
    let entries = store.entries(choice);
    if !entries.is_empty() || choice.is_any() {
        return Ok(entries);
    }
    let all = store.entries(&Choice::default());
    let names: Vec<String> = all.iter().map(title).collect();
    let there = match names.as_slice() {
        [] => "it holds none with a name".to_owned(),
        names => {
            format!("it holds {}{}", names[..names.len().min(10)].join(", "), if names.len() > 10 { ", …" } else { "" })
        }
    };
    Err((format!("no such result in `{}`: {there}", store.root().display()), STORAGE))
}

fn of_which(which: &Which) -> Result<(Store, Choice), Failed> {
    let choice = choice(which.name.as_ref().or(which.matching.as_ref()), &which.of)?;
    Ok((open(&which.storage)?, choice))
}

/// `warming/clim`; what has no name by its key.
fn title(entry: &Entry) -> String {
    match (&entry.workflow, &entry.name) {
        (Some(workflow), Some(name)) => format!("{workflow}/{name}"),
        _ => short(&entry.key).to_owned(),
    }
}

fn told(error: &CatalogError) -> String {
    error.help.iter().fold(error.message.clone(), |text, help| format!("{text}\nhelp: {help}"))
}

/// `f32[lat=73, lon=144]`, of a dataset all of its arrays.
fn value_text(manifest: &Manifest) -> String {
    let array = |kept: &crate::planner::persist::KeptArray| match manifest.kind {
        ValueKind::Dataset => format!("{}: {}", kept.path.trim_start_matches('/'), kept.text()),
        _ => kept.text(),
    };
    let arrays: Vec<String> = manifest.arrays.iter().map(array).collect();
    match manifest.kind {
        ValueKind::Dataset => format!("{{{}}}", arrays.join(", ")),
        _ => arrays.join(", "),
    }
}

fn age_text(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn ls(which: &Which, all: bool, listing: &Listing) -> Result<i32, Failed> {
    let (store, choice) = of_which(which)?;
    let entries = chosen(&store, &Choice { nameless: all, ..choice })?;
    let text = || {
        let head = ["NAME", "WORKFLOW", "VALUE", "SIZE", "AGE", "KEY"].map(str::to_owned);
        table(std::iter::once(head).chain(entries.iter().map(row)).collect())
    };
    Ok(listing.give(text, || entries.iter().map(|entry| entry_json(&store, entry)).collect()))
}

fn row(entry: &Entry) -> [String; 6] {
    let known = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let manifest = entry.manifest.as_ref();
    [
        known(entry.name.clone()),
        known(entry.workflow.clone()),
        manifest.map_or_else(|_| "damaged".to_owned(), value_text),
        known(manifest.ok().map(|m| bytes_text(m.bytes))),
        known(entry.age.map(age_text)),
        short(&entry.key).to_owned(),
    ]
}

/// Rows in columns, which are as wide as they need to be.
fn table(rows: Vec<[String; 6]>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn entry_json(store: &Store, entry: &Entry) -> Value {
    let mut json = json!({
        "name": entry.name,
        "workflow": entry.workflow,
        "key": entry.key,
        "age": entry.age,
        "path": entry.path.display().to_string(),
    });
    match &entry.manifest {
        Ok(manifest) => {
            json["kind"] = json!(manifest.kind);
            json["format"] = json!(manifest.format);
            json["bytes"] = json!(manifest.bytes);
            json["blake3"] = json!(manifest.blake3);
            json["arrays"] = json!(manifest.arrays);
            json["file"] = json!(entry.file(store.root()).map(|file| file.display().to_string()));
        }
        Err(error) => json["damaged"] = json!(error.message),
    }
    json
}

/// Reads a result, prints it or writes it.
fn read(store: &Store, entry: &Entry, out: Option<(&str, &str)>, overwrite: bool) -> Result<Vec<Shown>, Failed> {
    store.verify(entry).map_err(|e| (told(&e), STORAGE))?;
    let manifest = entry.manifest.as_ref().map_err(|e| (told(e), STORAGE))?;
    let file = entry.file(store.root()).unwrap_or_default().display().to_string();
    let expression = match (manifest.kind, manifest.arrays.as_slice()) {
        (ValueKind::Dataset, _) | (_, []) => "data".to_owned(),
        (_, [array, ..]) => format!("data[\"{}\"]", array.path.trim_start_matches('/')),
    };
    let catalog = LocalCatalog::new();
    let options = Options { overwrite, ..Options::default() };
    let line = OneLiner { expression: &expression, input: &file, output: out };
    let planned = crate::check_one_liner(&line, &options, &catalog)
        .and_then(|checked| crate::plan(checked, &options))
        .map_err(|report| {
            let lines: Vec<String> = report.problems().iter().map(ToString::to_string).collect();
            (lines.join("\n"), refused(&report))
        })?;
    let done = runtime::run(&planned.plan, &catalog, &Silent, &Cancel::default());
    let outcome = done.map_err(|error| {
        super::tell(problems::one(&error, &planned.sources, ErrorFormat::default()));
        (format!("`{}` cannot be read", title(entry)), super::execution::code_of(&error))
    })?;
    let named = outcome.shown.into_iter().map(|shown| Shown { label: label(&shown.label), ..shown });
    Ok(named.collect())
}

/// `data["clim"]` and `data.clim` as `clim`.
fn label(of: &str) -> String {
    let inner = of.strip_prefix("data[\"").and_then(|rest| rest.strip_suffix("\"]"));
    inner.or(of.strip_prefix("data.")).unwrap_or(of).to_owned()
}

fn show_all(which: &Which) -> Result<i32, Failed> {
    let (store, choice) = of_which(which)?;
    let mut code = DONE;
    for entry in &chosen(&store, &choice)? {
        let printed: String = read(&store, entry, None, false)?.iter().map(show::value).collect();
        let manifest = entry.manifest.as_ref().map_err(|e| (told(e), STORAGE))?;
        let age = entry.age.map(|age| format!(", {} old", age_text(age))).unwrap_or_default();
        let (size, key) = (bytes_text(manifest.bytes), short(&entry.key));
        let head = format!("{}: {} of {}{age}, key {key}\n", title(entry), size, manifest.format);
        code = code.max(give(None, format!("{head}{printed}").as_bytes()));
    }
    Ok(code)
}

fn get((storage, name, of): (&Path, &String, &Of), out: &str, overwrite: bool) -> Result<i32, Failed> {
    let format = serializers::by_extension(out).map_err(|known| {
        let known = known.join(", ");
        (format!("the format of `{out}` cannot be told from its name, which should end in one of {known}"), USAGE)
    })?;
    let store = open(storage)?;
    let entries = chosen(&store, &choice(Some(name), of)?)?;
    match entries.as_slice() {
        [entry] => read(&store, entry, Some((format, out)), overwrite).map(|_| DONE),
        several => {
            let names: Vec<String> = several.iter().map(title).collect();
            Err((format!("several results fit: {}; say which with `--workflow` or `--key`", names.join(", ")), USAGE))
        }
    }
}

fn rm(which: &Which, all: bool, listing: &Listing) -> Result<i32, Failed> {
    let (store, choice) = of_which(which)?;
    if choice.is_any() && !all {
        return Err(("say which results: a name, `--match`, `--workflow`, `--key` or `--all`".to_owned(), USAGE));
    }
    let entries = chosen(&store, &choice)?;
    let bytes = store.remove(&entries).map_err(|message| (message, STORAGE))?;
    let names: Vec<String> = entries.iter().map(title).collect();
    let text = || {
        let lines: String = names.iter().map(|name| format!("removed {name}\n")).collect();
        format!("{lines}{} free\n", bytes_text(bytes))
    };
    Ok(listing.give(text, || json!({ "removed": names, "bytes": bytes })))
}

fn verify(which: &Which, listing: &Listing) -> Result<i32, Failed> {
    let (store, choice) = of_which(which)?;
    let entries = chosen(&store, &choice)?;
    let checked: Vec<(String, Option<CatalogError>)> =
        entries.iter().map(|entry| (title(entry), store.verify(entry).err())).collect();
    let text = || {
        let line = |(name, error): &(String, Option<CatalogError>)| match error {
            None => format!("{name}: as it was kept\n"),
            Some(error) => format!("{name}: {}\n", told(error)),
        };
        checked.iter().map(line).collect()
    };
    let entry = |(name, error): &(String, Option<CatalogError>)| json!({ "name": name, "intact": error.is_none(), "error": error.as_ref().map(told) });
    let code = listing.give(text, || checked.iter().map(entry).collect());
    let is_damaged = checked.iter().any(|(_, error)| error.is_some());
    Ok(if is_damaged { code.max(STORAGE) } else { code })
}

fn gc(storage: &Path, dry_run: bool, listing: &Listing) -> Result<i32, Failed> {
    let store = open(storage)?;
    let (removed, bytes) = store.collect(dry_run).map_err(|message| (message, STORAGE))?;
    let paths: Vec<String> = removed.iter().map(|path| path.display().to_string()).collect();
    let (verb, free) = if dry_run { ("would remove", "would be free") } else { ("removed", "free") };
    let text = || {
        let lines: String = paths.iter().map(|path| format!("{verb} {path}\n")).collect();
        format!("{lines}{} {free}\n", bytes_text(bytes))
    };
    Ok(listing.give(text, || json!({ "removed": paths, "bytes": bytes, "dry_run": dry_run })))
}
