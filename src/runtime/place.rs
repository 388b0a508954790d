//! What the URLs of a script name.
//!
//! A URL is a path, or what [`storage`](super::storage) knows. The part behind a file or a store leads into it. Globs
//! (`*`, `?`, `[…]`, on this machine also `**`) stand for the paths or keys that match, in lexical order, without hidden ones.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::existing;
use super::storage::{self, Failure, Kind, Place, Storages, local};
use crate::operators::error::closest;
use crate::planner::catalog::CatalogError;

/// In the names of targets that are not complete.
pub const STAGING: &str = ".ff-partial-";

/// Entries of a directory that a fingerprint looks at: those of a few milliseconds.
const MAX_FINGERPRINT_ENTRIES: usize = 1000;

/// What lies in a storage, and what in it is meant.
#[derive(Clone, Debug)]
pub struct Found {
    /// The file, folder or store.
    pub place: Place,
    /// The path in it, empty for all of it.
    pub inside: String,
}

/// The path of a URL of this machine.
///
/// # Errors
/// There is no such scheme, or it is remote.
pub fn local_path(url: &str) -> Result<PathBuf, CatalogError> {
    let place = Storages::default().place(url)?;
    place.path().map(Path::to_owned).ok_or_else(|| {
        CatalogError::new(
            "ff::plan::unsupported",
            format!("results are kept on this machine only so far, not in `{place}`"),
        )
        .with_help("keep them in `local(DIR)`")
    })
}

/// A path by the one name that all its spellings share, there or not.
pub fn unambiguous(path: &Path) -> PathBuf {
    let mut above = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut below = Vec::new();
    loop {
        if let Ok(mut there) = above.canonicalize() {
            below.iter().rev().for_each(|name| there.push(name));
            return there;
        }
        let Some(name) = above.file_name().map(ToOwned::to_owned) else { return path.to_owned() };
        below.push(name);
        above.pop();
    }
}

/// The file, folder or store that a place names or leads into.
///
/// # Errors
/// There is none, it may not be read, or it is the unfinished target of a run.
pub fn find(place: Place) -> Result<Found, CatalogError> {
    let found = match place.path() {
        Some(path) => find_local(path)?,
        None => find_remote(&place)?,
    };
    if found.place.key.split('/').any(|name| name.starts_with(STAGING)) {
        return Err(unfinished(&found.place));
    }
    Ok(found)
}

fn unfinished(place: &Place) -> CatalogError {
    let message = format!("`{place}` is the target of a run that did not finish");
    CatalogError::new("ff::source::unfinished", message)
        .with_help("run its script again, with `--resume` to go on from there")
}

fn find_local(path: &Path) -> Result<Found, CatalogError> {
    match exists(path)? {
        true => Ok(Found { place: Place::local(path), inside: String::new() }),
        false => inside_a_file(path)?.ok_or_else(|| missing(path)),
    }
}

/// Folders of object stores are not there by themselves: what is found is an object or a Zarr store, at the key or above.
fn find_remote(place: &Place) -> Result<Found, CatalogError> {
    let failed = |error: Failure| unreadable(place, &error);
    let is_there = |place: &Place| -> Result<bool, CatalogError> {
        let nodes = ["zarr.json", ".zgroup", ".zarray"].map(|name| place.join(name));
        let keys = std::iter::once(place).chain(&nodes).filter(|place| !place.key.is_empty());
        for key in keys {
            if let Some(Kind::Object(..)) = key.kind_of_object().map_err(failed)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    if is_there(place)? {
        return Ok(Found { place: place.clone(), inside: String::new() });
    }
    if let Some((outer, inside)) = place.key.rsplit_once(":/") {
        let outer = Place { key: outer.to_owned(), ..place.clone() };
        if is_there(&outer)? {
            return Ok(Found { place: outer, inside: inside.to_owned() });
        }
    }
    let mut outer = place.parent();
    while let Some(above) = outer {
        if is_there(&above)? {
            let inside = place.key[above.key.len()..].trim_matches('/').to_owned();
            return Ok(Found { place: above, inside });
        }
        outer = above.parent();
    }
    // A folder may be a store without metadata at its top, which its format explains.
    match place.is_folder() {
        true if existing::is_unfinished(place) => Err(unfinished(place)),
        true => Ok(Found { place: place.clone(), inside: String::new() }),
        false => Err(missing_remote(place)),
    }
}

fn missing_remote(place: &Place) -> CatalogError {
    let error = CatalogError::new("ff::source::not_found", format!("there is no `{place}`"));
    let names = place.parent().and_then(|above| above.list().ok()).unwrap_or_default();
    let near = closest(place.name(), names.iter().map(|entry| entry.name.as_str()));
    match (near, place.parent()) {
        (Some(near), Some(above)) => error.with_help(format!("did you mean `{}`?", above.join(near))),
        _ => error,
    }
}

fn exists(path: &Path) -> Result<bool, CatalogError> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            match path.symlink_metadata() {
                Ok(_) => {
                    let message = format!("`{}` is a link to a file that is not there", path.display());
                    Err(CatalogError::new("ff::source::not_found", message))
                }
                Err(_) => Ok(false),
            }
        }
        Err(error) => Err(unreadable(&Place::local(path), &error.into())),
    }
}

/// The error of a file that is there and cannot be read.
pub fn unreadable(place: &Place, error: &Failure) -> CatalogError {
    let unreadable = CatalogError::new("ff::source::unreadable", format!("`{place}` cannot be read: {error}"));
    match error.help() {
        Some(help) => unreadable.with_help(help),
        None => unreadable,
    }
}

/// `dir/era.nc:/t2m`, `dir/era.nc/t2m` and `dir/era.zarr/t2m`: the file or store, and the path in it.
fn inside_a_file(path: &Path) -> Result<Option<Found>, CatalogError> {
    let text = path.to_string_lossy();
    for (at, _) in text.rmatch_indices(':') {
        let outer = Path::new(&text[..at]);
        if at > 0 && exists(outer)? {
            return Ok(Some(Found { place: Place::local(outer), inside: text[at + 1..].to_owned() }));
        }
    }
    for outer in path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()) {
        if outer.is_file() || ["zarr.json", ".zgroup", ".zarray"].iter().any(|name| outer.join(name).is_file()) {
            let inside = path.strip_prefix(outer).unwrap_or(path).to_string_lossy().into_owned();
            return Ok(Some(Found { place: Place::local(outer), inside }));
        }
        if outer.exists() {
            break;
        }
    }
    Ok(None)
}

fn missing(path: &Path) -> CatalogError {
    let shown = path.display();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let error = CatalogError::new("ff::source::not_found", format!("there is no folder `{}`", folder.display()));
        let above = folder.ancestors().find(|p| p.is_dir());
        return match above.and_then(|above| similar(above, folder.strip_prefix(above).ok()?.iter().next()?.to_str()?)) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => error,
        };
    }
    let error = CatalogError::new("ff::source::not_found", format!("there is no `{shown}`"));
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(near) = similar(folder, &name) {
        return error.with_help(format!("did you mean `{near}`?"));
    }
    let alike: Vec<String> =
        names_in(folder).into_iter().filter(|n| Path::new(n).extension() == path.extension()).collect();
    match alike.as_slice() {
        [] => error,
        [..] => {
            let more = if alike.len() > 5 { ", …" } else { "" };
            error.with_help(format!("in its folder there are {}{more}", alike[..alike.len().min(5)].join(", ")))
        }
    }
}

/// The path in `folder` whose name is most like `name`.
fn similar(folder: &Path, name: &str) -> Option<String> {
    let names = names_in(folder);
    let near = closest(name, names.iter().map(String::as_str))?;
    let folder = if folder == Path::new(".") { Path::new("") } else { folder };
    Some(folder.join(near).display().to_string())
}

/// The names in a folder that are not hidden, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| !name.starts_with('.'));
    let mut names: Vec<String> = names.take(10_000).collect();
    names.sort();
    names
}

/// Lets this process have as many files open as the system allows it to ask for, since the files of a source stay open:
/// what it may have without asking is often 1024.
pub fn allow_many_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read or write the structure, which outlives them.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 && limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

/// The URLs that `url`, which leads to `place`, stands for: itself, unless it is a glob.
///
/// # Errors
/// The glob is malformed, or nothing matches.
pub fn expand(url: &str, place: &Place) -> Result<Vec<String>, CatalogError> {
    if !url.contains(['*', '?', '[']) {
        return Ok(vec![url.to_owned()]);
    }
    let Some(path) = place.path() else { return expand_remote(url, place) };
    if path.exists() {
        return Ok(vec![url.to_owned()]);
    }
    let text = path.to_string_lossy();
    let (pattern, inside) = match text.rsplit_once(':') {
        Some((pattern, inside)) if inside.starts_with('/') => (pattern, format!(":{inside}")),
        _ => (&*text, String::new()),
    };
    let options =
        glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let paths = glob::glob_with(pattern, options)
        .map_err(|error| CatalogError::new("ff::source::glob", format!("`{pattern}` is no glob: {}", error.msg)))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let failure = Failure::System { kind: error.error().kind(), reason: error.error().to_string() };
            unreadable(&Place::local(error.path()), &failure)
        })?;
        found.push(format!("{}{inside}", path.display()));
    }
    if found.is_empty() {
        let fixed: PathBuf =
            Path::new(pattern).iter().take_while(|p| !p.to_string_lossy().contains(['*', '?', '['])).collect();
        let message = format!("nothing matches `{url}`");
        let error = CatalogError::new("ff::source::not_found", message);
        return Err(match fixed.as_os_str().is_empty() || fixed.is_dir() {
            true => error,
            false => error.with_help(format!("there is no folder `{}`", fixed.display())),
        });
    }
    found.sort();
    Ok(found)
}

/// The keys of a storage that match, level by level.
fn expand_remote(url: &str, place: &Place) -> Result<Vec<String>, CatalogError> {
    let bad =
        |error: glob::PatternError| CatalogError::new("ff::source::glob", format!("`{url}` is no glob: {}", error.msg));
    let (pattern, inside) = match place.key.rsplit_once(":/") {
        Some((pattern, inside)) => (pattern, format!(":/{inside}")),
        None => (place.key.as_str(), String::new()),
    };
    let mut found = vec![Place { key: String::new(), ..place.clone() }];
    let parts: Vec<&str> = pattern.split('/').collect();
    for (level, part) in parts.iter().enumerate() {
        let last = level + 1 == parts.len();
        if !part.contains(['*', '?', '[']) {
            found = found.iter().map(|above| above.join(part)).collect();
            continue;
        }
        let matcher = glob::Pattern::new(part).map_err(bad)?;
        let mut below = Vec::new();
        for above in &found {
            let entries = above.list().map_err(|failure| unreadable(above, &failure))?;
            let seen = entries.into_iter().filter(|entry| !entry.name.starts_with('.'));
            for entry in seen.filter(|entry| matcher.matches(&entry.name) && (last || entry.is_folder)) {
                below.push(above.join(&entry.name));
            }
        }
        found = below;
    }
    if parts.last().is_some_and(|last| !last.contains(['*', '?', '['])) {
        found.retain(|place| find_remote(place).is_ok_and(|found| found.inside.is_empty()));
    }
    let mut urls: Vec<String> = found.into_iter().map(|place| format!("{place}{inside}")).collect();
    urls.sort();
    urls.dedup();
    match urls.is_empty() {
        true => Err(CatalogError::new("ff::source::not_found", format!("nothing matches `{url}`"))),
        false => Ok(urls),
    }
}

/// A text that changes when the data does: size and time of a file; of a directory, a digest of the
/// names, sizes and times of the first thousand entries below it, files (metadata) before folders, and of the times of
/// folders, which change when chunks are added. What a link leads to counts as what lies there.
///
/// Of a remote object, its size and tag; of a remote store, the same of what a list of its first two levels tells, and of its
/// metadata where the storage does not list.
pub fn fingerprint(place: &Place) -> Option<String> {
    match place.path() {
        Some(path) => fingerprint_of_path(path, MAX_FINGERPRINT_ENTRIES),
        None => fingerprint_of_keys(place),
    }
}

/// The same, of all entries: where what is kept depends on it, no chunk may change unseen. None for a remote store, of whose
/// objects only lists of every folder would tell, and for an object of which its server tells neither tag nor time.
pub fn whole_fingerprint(place: &Place) -> Option<String> {
    match place.path() {
        Some(path) => fingerprint_of_path(path, usize::MAX),
        None => match place.kind_of_object().ok()?? {
            Kind::Object(_, version) => Some(version).filter(|version| storage::tells_apart(version)),
            Kind::Folder | Kind::Other => None,
        },
    }
}

fn fingerprint_of_keys(place: &Place) -> Option<String> {
    if let Some(Kind::Object(_, version)) = place.kind_of_object().ok()? {
        return Some(version);
    }
    let mut digest = Digest::default();
    let mut add = |name: &str, version: &str| {
        digest.entries += 1;
        digest.add(name.as_bytes());
        digest.add(version.as_bytes());
    };
    let Ok(entries) = place.list() else {
        for name in ["zarr.json", ".zmetadata", ".zgroup", ".zarray"] {
            if let Ok(Some(Kind::Object(_, version))) = place.join(name).kind_of_object() {
                add(name, &version);
            }
        }
        return Some(format!("metadata, digest {:016x}", digest.hash));
    };
    for entry in entries.iter().take(MAX_FINGERPRINT_ENTRIES) {
        add(&entry.name, &entry.version);
        if entry.is_folder {
            place.join(&entry.name).list().ok()?.iter().for_each(|below| add(&below.name, &below.version));
        }
    }
    Some(format!("{} keys, digest {:016x}", digest.entries, digest.hash))
}

fn fingerprint_of_path(path: &Path, most: usize) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if metadata.is_file() {
        return Some(local::version(&metadata));
    }
    let mut digest = Digest { most, ..Digest::default() };
    digest.add_below(path, path)?;
    let at_least = if digest.entries >= most { "at least " } else { "" };
    Some(format!("{at_least}{} files, {} bytes, digest {:016x}", digest.entries, digest.bytes, digest.hash))
}

fn modified(metadata: &std::fs::Metadata) -> u128 {
    metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos())
}

/// FNV-1a over what identifies the files of a directory.
struct Digest {
    /// Entries that are looked at.
    most: usize,
    entries: usize,
    bytes: u64,
    hash: u64,
    /// Folders that were looked at, by device and inode: links may lead back.
    seen: BTreeSet<(u64, u64)>,
}

impl Default for Digest {
    fn default() -> Self {
        let (most, hash) = (MAX_FINGERPRINT_ENTRIES, 0xcbf2_9ce4_8422_2325);
        Digest { most, entries: 0, bytes: 0, hash, seen: BTreeSet::new() }
    }
}

impl Digest {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn add_below(&mut self, root: &Path, folder: &Path) -> Option<()> {
        let own = folder.metadata().ok()?;
        if !self.seen.insert((own.dev(), own.ino())) {
            return Some(());
        }
        self.add(&modified(&own).to_le_bytes());
        let entries = std::fs::read_dir(folder).ok()?.flatten();
        let is_folder = |entry: &std::fs::DirEntry| match entry.file_type() {
            Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
            kind => kind.is_ok_and(|kind| kind.is_dir()),
        };
        let mut names: Vec<_> = entries.map(|entry| (is_folder(&entry), entry.path())).collect();
        names.sort();
        for (is_folder, path) in names {
            if self.entries >= self.most {
                return Some(());
            }
            if is_folder {
                self.add_below(root, &path)?;
                continue;
            }
            // A link that leads nowhere is told by itself.
            let metadata = path.metadata().or_else(|_| path.symlink_metadata()).ok()?;
            self.entries += 1;
            self.bytes += metadata.len();
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            self.add(name.as_bytes());
            self.add(&metadata.len().to_le_bytes());
            self.add(&modified(&metadata).to_le_bytes());
        }
        Some(())
    }
}
