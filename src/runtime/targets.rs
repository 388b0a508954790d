//! Targets: written under a staging name, published by a rename when everything is complete.
//!
//! A target of which a part is replaced is no exception: what it becomes is made beside it, of links to what stays
//! ([`Format::amend`](super::serializers::Format::amend)).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::RunError;
use super::existing;
use super::persist::keeping::Keeping;
use super::place;
use super::serializers::{ArrayWriter, Create, FORMATS, StorageError, Storing, TargetWriter, failure, kept};
use crate::array::Block;
use crate::planner::catalog::{CatalogError, Existing};
use crate::planner::plan::{Plan, Target};
use crate::planner::target;
use crate::source::Span;

/// All targets of a run.
pub struct Targets {
    open: Vec<Open>,
    durable: bool,
}

struct Open {
    writer: Arc<dyn TargetWriter>,
    paths: Vec<String>,
    staging: Staging,
    format: String,
    overwrite: bool,
    /// Where the objects of each variable begin in an array that was there already.
    origins: Vec<Option<Vec<u64>>>,
    /// A target of which a part is replaced, by the name it has in the script, with its fingerprint when that was planned.
    before: Option<(PathBuf, String)>,
    /// The result that is kept, by its number in the plan.
    result: Option<usize>,
    span: Span,
}

/// A path that is removed unless it was published.
struct Staging {
    path: PathBuf,
    target: PathBuf,
}

impl Drop for Staging {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

impl Targets {
    /// Begins every target of `plan` under a staging name and writes its coordinates.
    ///
    /// # Errors
    /// A folder is missing or cannot be written.
    pub fn create(plan: &Plan) -> Result<Self, RunError> {
        let open = plan.targets.iter().map(|t| begin(t).map_err(|e| RunError::storage(e, t.span)));
        Ok(Targets { open: open.collect::<Result<_, _>>()?, durable: plan.durable })
    }

    /// The writer of a variable.
    pub fn writer(&self, target: usize, variable: usize) -> Arc<dyn ArrayWriter> {
        let open = &self.open[target];
        let writer = open.writer.array(&open.paths[variable]);
        match &open.origins[variable] {
            Some(origin) => {
                let objects = origin.iter().zip(writer.object_shape()).map(|(start, size)| start / size).collect();
                Arc::new(Inset { objects, writer })
            }
            None => writer,
        }
    }

    /// Completes all targets, then gives each its name; the names in order, without those of results.
    ///
    /// # Errors
    /// A target cannot be completed or renamed.
    pub fn publish(self, keeping: &Keeping<'_>) -> Result<Vec<String>, RunError> {
        let mut whole = Vec::new();
        for open in &self.open {
            let finished =
                open.writer.finish().and_then(|()| if self.durable { force(&open.staging.path) } else { Ok(()) });
            let checked = finished.and_then(|()| match open.result {
                Some(number) => keeping.whole(number, &open.staging.path).map(Some),
                None => {
                    open.before.as_ref().map_or(Ok(()), unchanged)?;
                    may_replace(&open.staging.target, &open.format, open.overwrite).map(|_| None)
                }
            });
            whole.push(checked.map_err(|e| RunError::storage(e, open.span))?);
        }
        let mut names = Vec::new();
        for (open, whole) in self.open.into_iter().zip(whole) {
            let Open { writer, staging, format, overwrite, result, span, .. } = open;
            drop(writer);
            if let (Some(number), Some(whole)) = (result, whole) {
                keeping.keep(number, &staging.path, whole).map_err(|e| RunError::storage(e, span))?;
                continue;
            }
            let renamed = rename(&staging, &format, overwrite)
                .and_then(|()| if self.durable { force_folder(&staging.target) } else { Ok(()) });
            renamed.map_err(|e| RunError::storage(e, span))?;
            names.push(staging.target.display().to_string());
        }
        Ok(names)
    }
}

fn begin(target: &Target) -> Result<Open, StorageError> {
    let location = &target.write.location;
    let refused = |e: CatalogError| StorageError { code: e.code, message: e.message, help: e.help };
    let path = place::local_path(&location.url).map_err(refused)?;
    if let Some(before) = &target.write.amends {
        return amend(target, (path, before.clone()));
    }
    let create = creator(&location.format)?;
    let staging = Staging { path: staging_path(&path), target: path };
    let folder = staging.path.parent().unwrap_or(Path::new("."));
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        std::fs::create_dir_all(folder).map_err(|e| failed("make the folder", folder, &e))?;
    }
    let specs = target::specs(&target.write, &target.types);
    let arrays: Vec<_> = specs.iter().map(|(spec, _)| spec.clone()).collect();
    let writer = create(&staging.path, &arrays, &target.write.options)?;
    for (spec, values) in &specs {
        let Some(values) = values else { continue };
        let array = writer.array(&spec.path);
        let grid = crate::array::ChunkGrid::regular(array.object_shape());
        for index in crate::array::Region::whole(&grid.counts(&spec.shape)).indices() {
            array.write(&index, &values.slice(&grid.region(&index, &spec.shape)))?;
        }
    }
    let paths = target.write.variables.iter().map(|v| v.path.clone()).collect();
    let (format, overwrite) = (location.format.clone(), target.write.overwrite);
    let origins = vec![None; target.write.variables.len()];
    Ok(Open {
        writer,
        paths,
        staging,
        format,
        overwrite,
        origins,
        before: None,
        result: target.write.result,
        span: target.span,
    })
}

/// Begins what becomes of a target of which a part is replaced. A link to it stays a link.
fn amend(target: &Target, before: (PathBuf, String)) -> Result<Open, StorageError> {
    unchanged(&before)?;
    let format = &target.write.location.format;
    let amend = FORMATS.iter().find(|row| row.name == format).and_then(|row| row.amend).ok_or_else(|| {
        StorageError::new("ff::sink::format", format!("part of a target of the format `{format}` cannot be replaced"))
    })?;
    let path = match before.0.is_symlink() {
        true => before.0.canonicalize().map_err(|e| failure::refused(&before.0, &e))?,
        false => before.0.clone(),
    };
    let staging = Staging { path: staging_path(&path), target: path };
    let specs = target::specs(&target.write, &target.types);
    let arrays: Vec<_> = specs.into_iter().map(|(spec, _)| spec).collect();
    let writer = amend(&staging.target, &staging.path, &arrays, &target.write.options.attrs)?;
    let variables = &target.write.variables;
    Ok(Open {
        writer,
        paths: variables.iter().map(|v| v.path.clone()).collect(),
        staging,
        format: format.clone(),
        overwrite: true,
        origins: variables.iter().map(|v| v.inset.as_ref().map(|inset| inset.origin.clone())).collect(),
        before: Some(before),
        result: None,
        span: target.span,
    })
}

/// A target of which a part is replaced is still what it was while planning: the other parts are of then.
fn unchanged((path, before): &(PathBuf, String)) -> Result<(), StorageError> {
    if place::fingerprint(path).as_ref() == Some(before) {
        return Ok(());
    }
    let message = format!("`{}` has changed while the run went on", path.display());
    Err(StorageError::new("ff::sink::changed", message).with_help("it was left as it is; run the script again"))
}

/// Writes a box of whole objects of an array.
struct Inset {
    /// The index of its first object.
    objects: Vec<u64>,
    writer: Arc<dyn ArrayWriter>,
}

impl Inset {
    fn index(&self, index: &[u64]) -> Vec<u64> {
        index.iter().zip(&self.objects).map(|(i, first)| i + first).collect()
    }
}

impl ArrayWriter for Inset {
    fn object_shape(&self) -> &[u64] {
        self.writer.object_shape()
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        self.writer.write(&self.index(index), block)
    }

    fn begin(&self, index: &[u64], block: &Block) -> Result<Storing, StorageError> {
        self.writer.begin(&self.index(index), block)
    }

    fn is_ordered(&self) -> bool {
        self.writer.is_ordered()
    }

    fn scratch_bytes(&self) -> u64 {
        self.writer.scratch_bytes()
    }
}

fn creator(format: &str) -> Result<Create, StorageError> {
    let row = kept::format(format).and_then(|f| f.create);
    row.ok_or_else(|| StorageError::new("ff::sink::format", format!("format `{format}` cannot be written")))
}

/// A hidden name beside the target, unlike that of any other process.
fn staging_path(path: &Path) -> PathBuf {
    let name = path.file_name().map_or_else(|| "out".into(), |n| n.to_string_lossy().into_owned());
    path.with_file_name(format!(".ff-partial-{}-{name}", std::process::id()))
}

/// Whether something lies at `target` that is to be replaced.
fn may_replace(target: &Path, format: &str, overwrite: bool) -> Result<bool, StorageError> {
    let shown = target.display();
    match existing::existing(target, format) {
        Existing::Nothing => Ok(false),
        Existing::Replaceable if overwrite => Ok(true),
        Existing::Replaceable => {
            let message = format!("`{shown}` has come into being while the run went on");
            Err(StorageError::new("ff::sink::exists", message)
                .with_help("it was not replaced; remove it, or run again with --overwrite"))
        }
        Existing::Foreign(what) => {
            let message = format!("`{shown}` has become {what} while the run went on, and is not replaced");
            Err(StorageError::new("ff::sink::foreign", message)
                .with_help("remove it yourself, or choose another target"))
        }
    }
}

fn rename(staging: &Staging, format: &str, overwrite: bool) -> Result<(), StorageError> {
    let target = &staging.target;
    let existing = may_replace(target, format, overwrite)?;
    let old = Staging { path: target.with_file_name(format!("{}-old", name(&staging.path))), target: target.clone() };
    if existing {
        std::fs::rename(target, &old.path).map_err(|e| failed("move aside", target, &e))?;
    }
    if let Err(error) = std::fs::rename(&staging.path, target) {
        if existing && std::fs::rename(&old.path, target).is_err() {
            // What was there cannot go back, and must not be deleted: it stays under its other name.
            std::mem::forget(old);
        }
        return Err(failed("give its name to", target, &error));
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Forces a target to disk: a folder by one call for its file system, since it may hold millions of files.
fn force(path: &Path) -> Result<(), StorageError> {
    let forced = std::fs::File::open(path).and_then(|file| {
        if cfg!(target_os = "linux") && path.is_dir() { sync_file_system(&file) } else { sync_below(path, &file) }
    });
    forced.map_err(|e| failure::refused(path, &e))
}

#[cfg(target_os = "linux")]
fn sync_file_system(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor belongs to `file`, which outlives the call.
    match unsafe { libc::syncfs(file.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(file: &std::fs::File) -> std::io::Result<()> {
    file.sync_all()
}

fn sync_below(path: &Path, file: &std::fs::File) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?.path();
            sync_below(&entry, &std::fs::File::open(&entry)?)?;
        }
    }
    file.sync_all()
}

/// Forces the name of a target to disk.
fn force_folder(target: &Path) -> Result<(), StorageError> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let forced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    forced.map_err(|e| failed("force to disk", folder, &e))
}

fn remove(path: &Path) {
    let Ok(found) = path.symlink_metadata() else { return };
    let _ = if found.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> StorageError {
    let message = format!("cannot {doing} `{}`: {}", path.display(), failure::reason(error));
    let failed = StorageError::new("ff::write::target", message);
    match failure::remedy(error) {
        Some(remedy) => failed.with_help(remedy),
        None => failed,
    }
}
