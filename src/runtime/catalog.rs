//! Files and stores as the planner and the runtime see them.
//!
//! [`LocalCatalog`] finds what a URL names ([`storage`](super::storage), [`place`](super::place)), opens it with the stated
//! format or the one its content shows, and keeps it open: describing, reading and fingerprinting ask for
//! the same containers. A URL may lead into a file (`era.nc:/t2m`) or a store (`era.zarr/t2m`).
//!
//! Deliberately absent: noticing that a local file changed after it was opened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::existing;
use super::place::{self, Found};
use super::serializers::kept::{self, KEPT};
use super::serializers::{ArrayReader, Container, FORMATS, Format, sinks};
use super::storage::{Kind, Place, Storages, Traffic};
use super::{Cancel, World};
use crate::array::{Block, ChunkGrid, Region};
use crate::operators::error::closest;
use crate::planner::catalog::{
    Catalog, CatalogError, Existing, Location, SinkForm, StorageOptions, Stored, StoredArray, StoredGroup,
};
use crate::planner::persist::Results;
use crate::planner::target::{ArraySpec, TargetOptions};

/// Coordinates larger than this are not read whole.
const MAX_VALUES_BYTES: u64 = 4 << 30;

/// How many files are opened at a time: opening waits for the disk or the network, not for the processor.
const OPENERS: usize = 8;

/// Files and stores of this machine and of remote storages.
#[derive(Default)]
pub struct LocalCatalog {
    storages: Storages,
    open: Mutex<BTreeMap<(String, String), Arc<dyn Container>>>,
}

impl LocalCatalog {
    /// A catalog that has opened nothing yet.
    pub fn new() -> Self {
        place::allow_many_files();
        LocalCatalog::default()
    }
}

impl World for LocalCatalog {
    fn container(&self, location: &Location) -> Result<Arc<dyn Container>, CatalogError> {
        let key = (location.format.clone(), location.url.clone());
        let open = || self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(container) = open().get(&key) {
            return Ok(container.clone());
        }
        let container = self.open_location(location)?;
        Ok(open().entry(key).or_insert(container).clone())
    }

    fn place(&self, url: &str) -> Result<Place, CatalogError> {
        self.storages.place(url)
    }

    fn traffic(&self) -> Traffic {
        self.storages.traffic()
    }

    fn stop_with(&self, cancel: &Cancel) {
        self.storages.stop_with(cancel);
    }
}

impl LocalCatalog {
    fn open_location(&self, location: &Location) -> Result<Arc<dyn Container>, CatalogError> {
        let stated = if location.format == "open" { None } else { Some(format_named(&location.format)?) };
        let found = place::find(self.storages.place(&location.url)?)?;
        let format = recognise(&found.place, stated)?;
        let Some(open) = format.open else {
            return Err(CatalogError::new(
                "ff::source::unknown_format",
                format!("the format `{}` is only written", format.name),
            ));
        };
        let container = open(&found.place)?;
        if found.inside.is_empty() { Ok(container) } else { Within::new(container, found) }
    }
}

impl Catalog for LocalCatalog {
    fn set_storage(&self, prefix: &str, options: &StorageOptions) -> Result<(), CatalogError> {
        self.storages.set(prefix, options)
    }

    fn describe(&self, location: &Location) -> Result<Arc<Stored>, CatalogError> {
        Ok(self.container(location)?.stored().clone())
    }

    fn describe_all(&self, locations: &[Location]) -> Vec<Result<Arc<Stored>, CatalogError>> {
        let share = locations.len().div_ceil(OPENERS).max(1);
        let opened = |part: &[Location]| part.iter().map(|location| self.describe(location)).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let parts: Vec<_> = locations.chunks(share).map(|part| scope.spawn(move || opened(part))).collect();
            let joined = parts.into_iter().map(|part| part.join().unwrap_or_default());
            joined.flatten().collect()
        })
    }

    fn values(&self, location: &Location, path: &str) -> Result<Block, CatalogError> {
        let container = self.container(location)?;
        let reader = container.reader(path)?;
        let Some(array) = container.stored().array(path) else {
            return Err(no_array(&location.url, path, container.stored()));
        };
        read_whole(&*reader, array)
    }

    fn expand(&self, location: &Location) -> Result<Vec<Location>, CatalogError> {
        let urls = place::expand(&location.url, &self.storages.place(&location.url)?)?;
        Ok(urls.into_iter().map(|url| Location { format: location.format.clone(), url }).collect())
    }

    fn existing(&self, location: &Location) -> Existing {
        let place = self.storages.place(&location.url);
        place.map_or(Existing::Nothing, |place| existing::existing(&place, &location.format))
    }

    fn check_target(
        &self,
        location: &Location,
        arrays: &[ArraySpec],
        options: &TargetOptions,
    ) -> Result<(), CatalogError> {
        self.storages.place(&location.url)?;
        let format = format_named(&location.format)?;
        if format.create.is_none() {
            let message = format!("the format `{}` is only read", format.name);
            let writers = FORMATS.iter().filter(|f| f.create.is_some()).map(|f| f.name).collect::<Vec<_>>();
            return Err(CatalogError::new("ff::sink::format", message)
                .with_help(format!("formats that can be written are {}", writers.join(", "))));
        }
        format.check.map_or(Ok(()), |check| check(arrays, options))
    }

    fn formats(&self) -> Vec<&'static str> {
        FORMATS.iter().map(|format| format.name).collect()
    }

    fn sink_form(&self, format: &str) -> Option<SinkForm> {
        sinks::form(format)
    }

    fn can_amend(&self, url: &str) -> bool {
        self.storages.place(url).is_ok_and(|place| place.path().is_some())
    }

    fn fingerprint(&self, location: &Location) -> Option<String> {
        place::fingerprint(&place::find(self.storages.place(&location.url).ok()?).ok()?.place)
    }

    fn results(&self) -> Option<&dyn Results> {
        Some(self)
    }
}

fn format_named(name: &str) -> Result<&'static Format, CatalogError> {
    kept::format(name).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let error = CatalogError::new("ff::source::unknown_format", format!("there is no format `{name}`"));
        error.with_help(match closest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("formats are {}, or `open`, which recognises them", names.join(", ")),
        })
    })
}

/// The format of what lies at a place, which must be the stated one.
fn recognise(place: &Place, stated: Option<&'static Format>) -> Result<&'static Format, CatalogError> {
    if let Some(Kind::Object(size, _)) = place.kind_of_object().ok().flatten() {
        if place.path().is_some() {
            place.open().map_err(|failure| place::unreadable(place, &failure))?;
        }
        if size == 0 {
            return Err(CatalogError::new("ff::source::empty", format!("`{place}` is empty")));
        }
    }
    let found = FORMATS.iter().chain(KEPT).find(|format| (format.sniff)(place));
    match (stated, found) {
        (Some(stated), Some(found)) if !(stated.sniff)(place) => {
            let message = format!("`{place}` is not of the format `{}` but of `{}`", stated.name, found.name);
            Err(CatalogError::new("ff::source::wrong_format", message)
                .with_help(format!("write `{}(…)`, or `open(…)`, which recognises formats", found.name)))
        }
        (Some(stated), _) => Ok(stated),
        (None, Some(found)) => Ok(found),
        (None, None) => by_extension(place),
    }
}

fn by_extension(place: &Place) -> Result<&'static Format, CatalogError> {
    let extension = place.extension();
    if let Some(format) = FORMATS.iter().find(|format| format.extensions.contains(&extension.as_str())) {
        return Ok(format);
    }
    if place.is_folder() {
        return format_named("zarr");
    }
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let message = format!("`{place}` is of no format that is known here");
    Err(CatalogError::new("ff::source::unknown_format", message).with_help(format!("formats are {}", names.join(", "))))
}

fn read_whole(reader: &dyn ArrayReader, array: &StoredArray) -> Result<Block, CatalogError> {
    let whole = Region::whole(&array.shape);
    if whole.count().saturating_mul(array.dtype.size() as u64) > MAX_VALUES_BYTES {
        let message =
            format!("the coordinate `{}` has {} elements, too many to be held in memory", array.path, whole.count());
        return Err(CatalogError::new("ff::source::unsupported", message));
    }
    let failed = |e: super::serializers::StorageError| CatalogError { code: e.code, message: e.message, help: e.help };
    let Some(chunk) = reader.chunk_shape() else {
        return reader.read_region(&whole).map_err(failed);
    };
    let grid = ChunkGrid::regular(chunk);
    let mut values = Block::zeros(array.dtype, &array.shape);
    for index in Region::whole(&grid.counts(&array.shape)).indices() {
        values.assign(&grid.region(&index, &array.shape).start, &reader.read_chunk(&index).map_err(failed)?);
    }
    reader.confirm().map_err(failed)?;
    Ok(values)
}

/// A part of a container, seen as a whole.
struct Within {
    outer: Arc<dyn Container>,
    prefix: String,
    stored: Arc<Stored>,
}

impl Within {
    #[allow(clippy::new_ret_no_self)]
    fn new(outer: Arc<dyn Container>, found: Found) -> Result<Arc<dyn Container>, CatalogError> {
        let prefix = format!("/{}", found.inside.trim_matches('/'));
        let stored = match (&**outer.stored(), outer.stored().array(&prefix)) {
            (_, Some(array)) => Stored::Array(StoredArray { path: "/".to_owned(), ..array.clone() }),
            (Stored::Group(root), None) => match root.group(&prefix) {
                Some(group) => Stored::Group(rerooted(group, &prefix)),
                None => {
                    // The reader knows why an array was set aside.
                    outer.reader(&prefix).map_err(|error| match error.code {
                        "ff::source::no_array" => no_array(&found.place.to_string(), &prefix, outer.stored()),
                        _ => error,
                    })?;
                    return Err(no_array(&found.place.to_string(), &prefix, outer.stored()));
                }
            },
            (Stored::Array(_), None) => {
                return Err(no_array(&found.place.to_string(), &prefix, outer.stored()));
            }
        };
        Ok(Arc::new(Within { outer, prefix, stored: Arc::new(stored) }))
    }
}

impl Container for Within {
    fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        let path = path.trim_matches('/');
        self.outer.reader(&if path.is_empty() { self.prefix.clone() } else { format!("{}/{path}", self.prefix) })
    }
}

fn rerooted(group: &StoredGroup, prefix: &str) -> StoredGroup {
    let below = |path: &str| match path.strip_prefix(prefix) {
        Some("") | None => "/".to_owned(),
        Some(rest) => rest.to_owned(),
    };
    let mut group = group.clone();
    group.path = below(&group.path);
    group.arrays.iter_mut().for_each(|(_, array)| array.path = below(&array.path));
    group.groups.iter_mut().for_each(|(_, inner)| *inner = rerooted(inner, prefix));
    group
}

fn no_array(url: &str, path: &str, stored: &Stored) -> CatalogError {
    let mut paths = Vec::new();
    match stored {
        Stored::Array(_) => paths.push("/".to_owned()),
        Stored::Group(root) => collect_paths(root, &mut paths),
    }
    let error = CatalogError::new("ff::source::no_array", format!("`{url}` has no array `{path}`"));
    match closest(path, paths.iter().map(String::as_str)) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None if paths.is_empty() => error.with_help("it has no arrays at all"),
        None => {
            let more = if paths.len() > 10 { ", …" } else { "" };
            paths.truncate(10);
            error.with_help(format!("it has {}{more}", paths.join(", ")))
        }
    }
}

fn collect_paths(group: &StoredGroup, paths: &mut Vec<String>) {
    paths.extend(group.arrays.iter().map(|(_, array)| array.path.clone()));
    group.groups.iter().for_each(|(_, inner)| collect_paths(inner, paths));
}

#[cfg(test)]
mod tests;
