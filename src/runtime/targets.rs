//! Targets: they grow in a staging area, and get their names when everything is complete.
//!
//! Of targets in remote storages, from which no run goes on, see [`uploads`](super::uploads).
//!
//! A target of which a part is replaced is no exception: what it becomes is made beside it, of links to what stays
//! ([`Format::amend`](super::serializers::Format::amend)). What an interrupted run left is taken over where the run is to go on from
//! it ([`resume`](super::resume)).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::World;
use super::error::{Failure, Left, RunError};
use super::identity;
use super::inset::Inset;
use super::journal::{Complete, Found, Identity, Journal};
use super::lock::{Holder, Refusal};
use super::observer::Observer;
use super::persist::keeping::{Keeping, Whole};
use super::place;
use super::publish::{failed, force, force_folder, may_replace, rename};
use super::resume::{Journaled, Kept};
use super::serializers::{ArrayWriter, Create, FORMATS, StorageError, Storing, TargetWriter, failure, kept};
use super::staging::{self, Area};
use super::storage::Place;
use super::uploads::Upload;
use crate::array::{ChunkGrid, Region};
use crate::planner::plan::{Plan, Target};
use crate::planner::target;
use crate::source::Span;

/// All targets of a run.
pub struct Targets {
    open: Vec<Open>,
    durable: bool,
}

struct Open {
    /// None where the run that was interrupted had published it.
    writer: Option<Arc<dyn TargetWriter>>,
    paths: Vec<String>,
    shapes: Vec<Vec<u64>>,
    staged: Staged,
    format: String,
    overwrite: bool,
    /// Where the objects of each variable begin in an array that was there already.
    origins: Vec<Option<Vec<u64>>>,
    /// A target of which a part is replaced, by the name it has in the script, with its fingerprint when that was planned.
    before: Option<(PathBuf, String)>,
    identity: Identity,
    /// What an interrupted run has stored.
    kept: Arc<Kept>,
    /// Where it is noted what is stored, and that all is complete; none of results and of what is remote.
    journal: Option<Arc<Journal>>,
    is_published: bool,
    /// The result that is kept, by its number in the plan.
    result: Option<usize>,
    span: Span,
}

/// Where a target grows.
enum Staged {
    Here(Area),
    Remote(Upload),
    /// It has its name in a remote storage.
    Uploaded(Place),
}

/// A target whose area is taken, and what lies there.
struct Taken<'p> {
    number: usize,
    target: &'p Target,
    area: Area,
    before: Option<(PathBuf, String)>,
    identity: Identity,
    found: Found,
    is_published: bool,
}

impl Taken<'_> {
    /// Checks that what lies there may be replaced. Since the run was planned, another may have published the target.
    fn may_begin(&self) -> Result<(), RunError> {
        let write = &self.target.write;
        may_replace(self.area.target(), &write.location.format, write.may_replace())
            .map(|_| ())
            .map_err(|e| RunError::storage(e, self.target.span))
    }
}

impl Targets {
    /// Begins every target of `plan` in its staging area and writes its coordinates, or goes on from what lies there.
    ///
    /// # Errors
    /// A folder is missing or cannot be written, another run works at a target, or what lies there was left by a run that
    /// made something else.
    pub fn create(plan: &Plan, world: &dyn World, observer: &dyn Observer) -> Result<Self, RunError> {
        let (mut taken, mut remote) = (Vec::new(), Vec::new());
        let chunks = identity::chunks_read(plan, world);
        for (number, target) in in_order(plan) {
            let place = world.place(&target.write.location.url).map_err(|e| RunError::catalog(e, target.span))?;
            match place.path() {
                Some(path) => taken.push(take((number, target), path.to_owned(), &chunks)?),
                None => remote.push((number, target, place)),
            }
        }
        if plan.resume {
            check_left(&mut taken)?;
        } else {
            taken.iter().try_for_each(Taken::may_begin)?;
        }
        let mut open = Vec::new();
        for taken in taken {
            let (number, span) = (taken.number, taken.target.span);
            open.push((number, begin(taken, plan, observer).map_err(|e| RunError::storage(e, span))?));
        }
        for (number, target, place) in remote {
            let begun = begin_remote(target, place, plan, observer);
            open.push((number, begun.map_err(|e| RunError::storage(e, target.span))?));
        }
        open.sort_by_key(|(number, _)| *number);
        Ok(Targets { open: open.into_iter().map(|(_, open)| open).collect(), durable: plan.durable })
    }

    /// The writer of a variable.
    ///
    /// # Panics
    /// Where the target is published already.
    pub fn writer(&self, target: usize, variable: usize) -> Arc<dyn ArrayWriter> {
        self.open[target].writer(variable)
    }

    /// Whether the run that was interrupted had published a target.
    pub fn is_published(&self, target: usize) -> bool {
        self.open[target].writer.is_none()
    }

    /// Whether an interrupted run has stored something.
    pub fn has_kept(&self) -> bool {
        self.open.iter().any(|open| open.writer.is_none() || !open.kept.is_empty())
    }

    /// Whether an interrupted run has stored all objects of a variable.
    pub fn is_complete(&self, target: usize, variable: usize) -> bool {
        let open = &self.open[target];
        open.writer.is_none() || open.kept.count(variable) >= open.objects(variable)
    }

    /// Takes over the objects of a variable in `region` that an interrupted run has stored; none unless it has stored them all.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn take_over(
        &self,
        (target, variable): (usize, usize),
        region: &Region,
    ) -> Result<Option<Vec<Storing>>, StorageError> {
        if self.is_published(target) {
            return Ok(Some(Vec::new()));
        }
        let writer = self.open[target].journaled(variable);
        let objects = ChunkGrid::regular(writer.object_shape()).covering(region);
        if !objects.indices().all(|index| writer.is_kept(&index)) {
            return Ok(None);
        }
        objects.indices().map(|index| writer.take_over(&index)).collect::<Result<_, _>>().map(Some)
    }

    /// Completes all targets, then gives each its name; the names in order, without those of results.
    ///
    /// # Errors
    /// A target cannot be completed or renamed.
    pub fn publish(&mut self, keeping: &Keeping<'_>) -> Result<Vec<String>, RunError> {
        let mut whole = Vec::new();
        for open in &self.open {
            whole.push(open.complete(self.durable, keeping).map_err(|e| RunError::storage(e, open.span))?);
        }
        let complete: Vec<Complete> = self.open.iter().filter_map(Open::made).collect();
        for open in &self.open {
            open.note(&complete).map_err(|e| RunError::storage(e, open.span))?;
        }
        for (open, whole) in self.open.iter_mut().zip(whole) {
            let Some(writer) = open.writer.take() else { continue };
            open.publish(writer, whole, (self.durable, keeping)).map_err(|e| RunError::storage(e, open.span))?;
            open.is_published = true;
        }
        self.open.iter_mut().for_each(|open| open.keep(false));
        Ok(self.open.iter().filter(|open| open.result.is_none()).map(Open::name).collect())
    }

    /// Ends a run that failed: what it has stored stays where a run may go on from it. Where a target got its name all areas
    /// stay, since they tell which did.
    pub fn abandon(self, error: RunError) -> RunError {
        let stays = matches!(error.kind, Failure::Storage | Failure::Cancelled);
        let some_are = self.open.iter().any(|open| open.is_published && open.journal.is_some());
        let left = self.open.into_iter().filter_map(|mut open| {
            if let Some(journal) = &open.journal {
                journal.flush();
            }
            let Staged::Here(area) = &open.staged else { return None };
            let stored = Found::read(&area.journal()).unwrap_or_default().stored();
            open.keep(open.result.is_none() && (some_are || (stays && stored > 0)));
            let of = open.writer.is_some().then(|| (0..open.paths.len()).map(|variable| open.objects(variable)).sum());
            (stays && stored > 0 && !open.is_published).then(|| Left { target: open.name(), stored, of })
        });
        let left = left.collect();
        error.with_left(left)
    }
}

/// What the run that carries out a plan has stored so far, for who leaves it; what is stored at this moment may be missing.
pub fn left(plan: &Plan) -> impl Fn() -> Vec<Left> + Send + use<> {
    let local = |target: &Target| place::local_path(&target.write.location.url).ok();
    let paths: Vec<PathBuf> = plan.targets.iter().filter_map(local).collect();
    move || {
        let left = paths.iter().map(|path| {
            let found = Found::read(&staging::journal(path)).unwrap_or_default();
            Left { target: path.display().to_string(), stored: found.stored(), of: None }
        });
        left.filter(|left| left.stored > 0).collect()
    }
}

impl Open {
    fn new(target: &Target, writer: Option<Arc<dyn TargetWriter>>, staged: Staged) -> Self {
        let variables = &target.write.variables;
        Open {
            writer,
            paths: variables.iter().map(|v| v.path.clone()).collect(),
            shapes: target.types.iter().map(|ty| ty.shape()).collect(),
            staged,
            format: target.write.location.format.clone(),
            overwrite: target.write.may_replace(),
            origins: variables.iter().map(|v| v.inset.as_ref().map(|inset| inset.origin.clone())).collect(),
            before: None,
            identity: Identity::default(),
            kept: Arc::default(),
            journal: None,
            is_published: false,
            result: target.write.result,
            span: target.span,
        }
    }

    fn writer(&self, variable: usize) -> Arc<dyn ArrayWriter> {
        match self.journal {
            Some(_) => Arc::new(self.journaled(variable)),
            None => self.plain(variable),
        }
    }

    fn plain(&self, variable: usize) -> Arc<dyn ArrayWriter> {
        let writer = self.writer.as_ref().expect("a target that is not published").array(&self.paths[variable]);
        match &self.origins[variable] {
            Some(origin) => Arc::new(Inset::new(origin, writer)),
            None => writer,
        }
    }

    fn journaled(&self, variable: usize) -> Journaled {
        let (kept, journal) = (self.kept.clone(), self.journal.clone());
        Journaled::new(self.plain(variable), (variable, &self.shapes[variable]), kept, journal)
    }

    /// How many objects a variable has.
    fn objects(&self, variable: usize) -> u64 {
        match &self.writer {
            Some(_) => ChunkGrid::regular(self.plain(variable).object_shape()).count(&self.shapes[variable]),
            None => 0,
        }
    }

    /// The target's name.
    fn name(&self) -> String {
        match &self.staged {
            Staged::Here(area) => area.target().display().to_string(),
            Staged::Remote(upload) => upload.target.to_string(),
            Staged::Uploaded(place) => place.to_string(),
        }
    }

    /// Lets what is stored here stay when the run is over.
    fn keep(&mut self, keep: bool) {
        if let Staged::Here(area) = &mut self.staged {
            area.keep(keep);
        }
    }

    /// Completes the target, unless it is published or remote; of a result what was written.
    fn complete(&self, durable: bool, keeping: &Keeping<'_>) -> Result<Option<Whole>, StorageError> {
        let (Some(writer), Staged::Here(area)) = (&self.writer, &self.staged) else { return Ok(None) };
        let data = area.data();
        writer.finish()?;
        if durable {
            force(&data)?;
        }
        if let Some(number) = self.result {
            return keeping.whole(number, &data).map(Some);
        }
        self.before.as_ref().map_or(Ok(()), unchanged)?;
        may_replace(area.target(), &self.format, self.overwrite)?;
        Ok(None)
    }

    /// What is to get its name, or has it; none of results and of what is remote.
    fn made(&self) -> Option<Complete> {
        let (Staged::Here(area), Some(_)) = (&self.staged, &self.journal) else { return None };
        let at = if self.is_published { area.target().to_owned() } else { area.data() };
        let (device, inode) = staging::identity(&at)?;
        Some(Complete { device, inode, identity: self.identity.clone() })
    }

    /// Notes which targets are complete.
    fn note(&self, complete: &[Complete]) -> Result<(), StorageError> {
        let (Staged::Here(area), Some(journal)) = (&self.staged, &self.journal) else { return Ok(()) };
        journal.complete(complete).map_err(|e| failure::refused(&area.data(), &e))
    }

    /// Gives the target its name.
    fn publish(
        &mut self,
        writer: Arc<dyn TargetWriter>,
        whole: Option<Whole>,
        (durable, keeping): (bool, &Keeping<'_>),
    ) -> Result<(), StorageError> {
        if let Staged::Remote(upload) = &self.staged {
            let uploaded = Staged::Uploaded(upload.target.clone());
            let Staged::Remote(upload) = std::mem::replace(&mut self.staged, uploaded) else { return Ok(()) };
            return upload.publish(&*writer, &self.format, self.overwrite);
        }
        drop(writer);
        let Staged::Here(area) = &self.staged else { return Ok(()) };
        match (self.result, whole) {
            (Some(number), Some(whole)) => keeping.keep(number, &area.data(), whole),
            _ => {
                rename(area, &self.format, self.overwrite)?;
                if durable { force_folder(area.target()) } else { Ok(()) }
            }
        }
    }
}

/// The targets of a plan with their numbers, in the order of their names: so of two runs that have several in common one gets them all.
fn in_order(plan: &Plan) -> Vec<(usize, &Target)> {
    let mut targets: Vec<(usize, &Target)> = plan.targets.iter().enumerate().collect();
    targets.sort_by(|(_, a), (_, b)| a.write.location.url.cmp(&b.write.location.url));
    targets
}

/// Takes the area of a target and looks at what lies there, without changing it.
fn take<'p>(
    (number, target): (usize, &'p Target),
    named: PathBuf,
    chunks: &BTreeMap<String, String>,
) -> Result<Taken<'p>, RunError> {
    let stored = |e: StorageError| RunError::storage(e, target.span);
    let before = target.write.amends.clone().map(|before| (named.clone(), before));
    // A link to a store of which a part is replaced stays a link.
    let path = match before.is_some() && named.is_symlink() {
        true => named.canonicalize().map_err(|e| stored(failure::refused(&named, &e)))?,
        // Several runs may keep the same result, and each has an area of its own for it.
        false if target.write.result.is_some() => {
            let name = named.file_name().unwrap_or_default().to_string_lossy();
            named.with_file_name(format!("{}-{name}", std::process::id()))
        }
        false => named,
    };
    let attrs = &target.write.options.attrs;
    let holder = Holder::this(attrs.text("functionfuse_script").unwrap_or("a script"));
    let mut area = Area::take(&path, &holder).map_err(|refusal| stored(unavailable(&path, refusal)))?;
    let found = Found::read(&area.journal()).map_err(|e| stored(failure::refused(&path, &e)))?;
    let is_published = made_by(&found.complete, &path).is_some();
    area.keep(found.stored() > 0 || !found.complete.is_empty());
    let identity = identity::of(target, chunks.clone());
    Ok(Taken { number, target, area, before, identity, found, is_published })
}

/// What lies at a path, where it is one of the targets that were complete.
fn made_by<'c>(complete: &'c [Complete], path: &Path) -> Option<&'c Complete> {
    let there = staging::identity(path)?;
    complete.iter().find(|made| (made.device, made.inode) == there)
}

/// Checks that the run can go on from what was left, and finds out which targets are published: those that lie there as a journal says they were
/// made, be it that of another target, since areas go one after the other when all targets have their names.
fn check_left(taken: &mut [Taken<'_>]) -> Result<(), RunError> {
    let complete: Vec<Complete> = taken.iter().flat_map(|taken| taken.found.complete.clone()).collect();
    for taken in taken {
        let (path, span) = (taken.area.target(), taken.target.span);
        let made = made_by(&complete, path);
        taken.is_published |= made.is_some();
        if taken.is_published && taken.before.is_some() {
            return Err(done_already(taken).at(span));
        }
        let stored = taken.found.identity.as_ref().filter(|_| taken.found.stored() > 0);
        let left = made.map(|made| &made.identity).or(stored);
        if let Some(difference) = left.and_then(|left| taken.identity.difference(left)) {
            return Err(another(&taken.area, &difference).at(span));
        }
        if !taken.is_published && !taken.target.write.overwrite && path.exists() {
            let message = format!("`{}` already exists, and nothing is left of a run to go on from", path.display());
            let error = StorageError::new("ff::sink::exists", message);
            let help = "it is complete; to write it again, run with `--overwrite` instead";
            return Err(RunError::storage(error.with_help(help), span));
        }
    }
    Ok(())
}

fn unavailable(path: &Path, refusal: Refusal) -> StorageError {
    match refusal {
        Refusal::System(error) => failed("begin", path, &error),
        Refusal::Held(holder) => {
            let by = holder.map_or_else(|| "another run".to_owned(), |holder| holder.to_string());
            let message = format!("`{}` is being written by {by}", path.display());
            let help = format!(
                "wait until it is done, or stop it; if it is gone from another machine, remove `{}`",
                staging::folder(path).display()
            );
            StorageError::new("ff::sink::locked", message).with_help(help)
        }
    }
}

fn another(area: &Area, difference: &str) -> RunError {
    let message = format!("what lies there of `{}` was left by another run: {difference}", area.target().display());
    RunError::resume(message, "undo the change, or begin anew without `--resume`, which removes what was left")
}

fn done_already(taken: &Taken<'_>) -> RunError {
    let target = taken.area.target();
    let message = format!("`{}` was already changed by the run that was interrupted", target.display());
    let help = match taken.found.identity.is_some() {
        true => format!("nothing is left to be done there: remove `{}`", staging::folder(target).display()),
        false => {
            "nothing is left to be done there: remove the folders `.ff-partial-…` beside the other targets".to_owned()
        }
    };
    RunError::resume(message, &help)
}

fn begin(taken: Taken<'_>, plan: &Plan, observer: &dyn Observer) -> Result<Open, StorageError> {
    let Taken { target, mut area, before, identity, found, is_published, .. } = taken;
    let resumes = plan.resume && (found.stored() > 0 || is_published);
    area.keep(resumes);
    let found = if resumes { found } else { left_behind(&area, (found, is_published), plan.resume, observer) };
    let is_published = is_published && plan.resume;
    let data = area.data();
    let kept = Kept::open(&area, &found).map_err(|e| failure::refused(&data, &e))?;
    let writer = match (is_published, &before) {
        (true, _) => None,
        (false, Some(before)) => Some(amend(target, &area, before)?),
        (false, None) => Some(create(target, &Place::local(&data))?),
    };
    let journal = target.write.result.is_none().then(|| {
        let durable = plan.durable.then(|| staging::folder(area.target()));
        Journal::begin(&area.journal(), &found, &identity, durable).map(Arc::new)
    });
    let journal = journal.transpose().map_err(|e| failure::refused(&data, &e))?;
    let kept = Arc::new(kept);
    let open = Open { before, identity, kept, journal, is_published, ..Open::new(target, writer, Staged::Here(area)) };
    if resumes {
        let of: u64 = (0..open.paths.len()).map(|variable| open.objects(variable)).sum();
        let (shown, stored) = (open.name(), open.kept.total());
        observer.noted(&match is_published {
            true => format!("`{shown}` is complete already"),
            false => format!("going on with `{shown}`: {stored} of {of} objects are there"),
        });
    }
    Ok(open)
}

/// Begins a target in a remote storage.
fn begin_remote(target: &Target, place: Place, plan: &Plan, observer: &dyn Observer) -> Result<Open, StorageError> {
    if target.write.amends.is_some() {
        return Err(StorageError::new(
            "ff::sink::format",
            format!("`{place}` is remote, and cannot be changed in part"),
        ));
    }
    if plan.resume {
        observer.noted(&format!("`{place}` is begun anew: runs go on from targets of this machine only"));
    }
    let upload = match creator(&target.write.location.format)? {
        Create::Objects(_) => Upload::of_objects(place)?,
        Create::File(_) => Upload::of_file(place, &plan.scratch),
    };
    let at = upload.path().map_or_else(|| upload.staging().clone(), Place::local);
    let writer = create(target, &at)?;
    Ok(Open::new(target, Some(writer), Staged::Remote(upload)))
}

/// Removes what an earlier run left and this one does not go on from, and tells of it.
fn left_behind(area: &Area, (found, is_published): (Found, bool), resume: bool, observer: &dyn Observer) -> Found {
    let shown = area.target().display();
    if resume && found.distrusted > 0 {
        observer.noted(&format!(
            "`{shown}` is begun anew: of what was written on another machine, or before this one was started anew, some may be \
             lost; with `--durable` it would be certain"
        ));
    } else if !resume && !is_published && found.stored() > 0 {
        observer.noted(&format!(
            "`{shown}` is begun anew: {} objects that an interrupted run had written are removed, from which `--resume` would have \
             gone on",
            found.stored()
        ));
    }
    area.clear();
    Found::default()
}

/// Begins a target where it grows, which is on this machine where it is a file, and writes its coordinates.
fn create(target: &Target, at: &Place) -> Result<Arc<dyn TargetWriter>, StorageError> {
    let specs = target::specs(&target.write, &target.types);
    let arrays: Vec<_> = specs.iter().map(|(spec, _)| spec.clone()).collect();
    let options = &target.write.options;
    let writer = match creator(&target.write.location.format)? {
        Create::Objects(create) => create(at, &arrays, options)?,
        Create::File(create) => create(at.path().unwrap_or(Path::new("")), &arrays, options)?,
    };
    for (spec, values) in &specs {
        let Some(values) = values else { continue };
        let array = writer.array(&spec.path);
        let grid = ChunkGrid::regular(array.object_shape());
        for index in Region::whole(&grid.counts(&spec.shape)).indices() {
            array.write(&index, &values.slice(&grid.region(&index, &spec.shape)))?;
        }
    }
    Ok(writer)
}

/// Begins what becomes of a target of which a part is replaced.
fn amend(target: &Target, area: &Area, before: &(PathBuf, String)) -> Result<Arc<dyn TargetWriter>, StorageError> {
    unchanged(before)?;
    let format = &target.write.location.format;
    let amend = FORMATS.iter().find(|row| row.name == format).and_then(|row| row.amend).ok_or_else(|| {
        StorageError::new("ff::sink::format", format!("part of a target of the format `{format}` cannot be replaced"))
    })?;
    let specs = target::specs(&target.write, &target.types);
    let arrays: Vec<_> = specs.into_iter().map(|(spec, _)| spec).collect();
    amend(area.target(), &area.data(), &arrays, &target.write.options.attrs)
}

/// A target of which a part is replaced is still what it was while planning: the other parts are of then.
fn unchanged((path, before): &(PathBuf, String)) -> Result<(), StorageError> {
    if place::fingerprint(&Place::local(path)).as_ref() == Some(before) {
        return Ok(());
    }
    let message = format!("`{}` has changed while the run went on", path.display());
    Err(StorageError::new("ff::sink::changed", message).with_help("it was left as it is; run the script again"))
}

fn creator(format: &str) -> Result<Create, StorageError> {
    let row = kept::format(format).and_then(|f| f.create);
    row.ok_or_else(|| StorageError::new("ff::sink::format", format!("format `{format}` cannot be written")))
}
