//! What the URLs of a script name on this machine.
//!
//! A URL is a path, or a path after `file://`. The part behind a file or a store leads into it. Globs
//! (`*`, `?`, `[…]`, `**`) stand for the paths that match, in lexical order, without hidden ones.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::operators::error::closest;
use crate::planner::catalog::CatalogError;

/// In the names of targets that are not complete.
pub const STAGING: &str = ".ff-partial-";

/// Entries of a directory that a fingerprint looks at: those of a few milliseconds.
const MAX_FINGERPRINT_ENTRIES: usize = 1000;

/// A file or directory, and what in it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// What lies on the disk.
    pub path: PathBuf,
    /// The path in it, empty for all of it.
    pub inside: String,
}

/// The path of a URL.
///
/// # Errors
/// The URL is empty or remote.
pub fn local_path(url: &str) -> Result<PathBuf, CatalogError> {
    if url.is_empty() {
        return Err(CatalogError::new("ff::source::not_found", "the path is empty"));
    }
    let Some((scheme, rest)) = url.split_once("://") else { return Ok(PathBuf::from(url)) };
    let is_scheme = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b)) && !scheme.is_empty();
    match scheme {
        "file" => Ok(PathBuf::from(percent_decoded(rest.strip_prefix("localhost").unwrap_or(rest)))),
        _ if !is_scheme => Ok(PathBuf::from(url)),
        _ => {
            let message = format!("`{url}` is remote, and only local files are read and written so far");
            Err(CatalogError::new("ff::plan::unsupported", message).with_help("copy it here, and name the copy's path"))
        }
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code =
            std::str::from_utf8(tail.get(..2).unwrap_or_default()).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The file or directory that `url` names or leads into.
///
/// # Errors
/// There is none, it may not be read, or it is the unfinished target of a run.
pub fn find(url: &str) -> Result<Place, CatalogError> {
    let path = local_path(url)?;
    let place = match exists(&path)? {
        true => Place { path, inside: String::new() },
        false => match inside_a_file(&path)? {
            Some(place) => place,
            None => return Err(missing(&path)),
        },
    };
    if place.path.iter().any(|name| name.to_string_lossy().starts_with(STAGING)) {
        let message = format!("`{}` is the target of a run that did not finish", place.path.display());
        return Err(CatalogError::new("ff::source::unfinished", message)
            .with_help("run its script again, with `--resume` to go on from there"));
    }
    Ok(place)
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
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The error of a file that is there and cannot be read.
pub fn unreadable(path: &Path, error: &std::io::Error) -> CatalogError {
    CatalogError::new("ff::source::unreadable", format!("`{}` cannot be read: {error}", path.display()))
}

/// `dir/era.nc:/t2m`, `dir/era.nc/t2m` and `dir/era.zarr/t2m`: the file or store, and the path in it.
fn inside_a_file(path: &Path) -> Result<Option<Place>, CatalogError> {
    let text = path.to_string_lossy();
    for (at, _) in text.rmatch_indices(':') {
        let outer = Path::new(&text[..at]);
        if at > 0 && exists(outer)? {
            return Ok(Some(Place { path: outer.to_owned(), inside: text[at + 1..].to_owned() }));
        }
    }
    for outer in path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()) {
        if outer.is_file() || ["zarr.json", ".zgroup", ".zarray"].iter().any(|name| outer.join(name).is_file()) {
            let inside = path.strip_prefix(outer).unwrap_or(path).to_string_lossy().into_owned();
            return Ok(Some(Place { path: outer.to_owned(), inside }));
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

/// The URLs that `url` stands for: itself, unless it is a glob.
///
/// # Errors
/// The glob is malformed, or nothing matches.
pub fn expand(url: &str) -> Result<Vec<String>, CatalogError> {
    let path = local_path(url)?;
    if !url.contains(['*', '?', '[']) || path.exists() {
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
        let path = path.map_err(|error| unreadable(error.path(), error.error()))?;
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

/// A text that changes when the data does: size and time of a file; of a directory, a digest of the
/// names, sizes and times of the first thousand entries below it, files (metadata) before folders, and of the times of
/// folders, which change when chunks are added.
pub fn fingerprint(path: &Path) -> Option<String> {
    fingerprint_of(path, MAX_FINGERPRINT_ENTRIES)
}

/// The same, of all entries: where what is kept depends on it, no chunk may change unseen.
pub fn whole_fingerprint(path: &Path) -> Option<String> {
    fingerprint_of(path, usize::MAX)
}

fn fingerprint_of(path: &Path, most: usize) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if metadata.is_file() {
        return Some(format!("{} bytes, modified {}", metadata.len(), modified(&metadata)));
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
}

impl Default for Digest {
    fn default() -> Self {
        Digest { most: MAX_FINGERPRINT_ENTRIES, entries: 0, bytes: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Digest {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn add_below(&mut self, root: &Path, folder: &Path) -> Option<()> {
        self.add(&modified(&folder.symlink_metadata().ok()?).to_le_bytes());
        let entries = std::fs::read_dir(folder).ok()?.flatten();
        let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let mut names: Vec<_> = entries.map(|entry| (is_folder(&entry), entry.path())).collect();
        names.sort();
        for (_, path) in names {
            if self.entries >= self.most {
                return Some(());
            }
            let metadata = path.symlink_metadata().ok()?;
            if metadata.is_dir() {
                self.add_below(root, &path)?;
                continue;
            }
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
