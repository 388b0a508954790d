//! One run at a time for a target: who holds it is written where the others look.
//!
//! The system's lock on a file (`flock`) decides, which goes with the process however that ends; so what a dead process
//! leaves is taken over. NFS hands such locks to its server, so they hold between machines too. Where a file system has no
//! locks, that the file is there decides: it is taken over from a process of this machine that is gone, and two that take over in the
//! same instant may both believe they have it.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::array::Calendar;
use crate::array::calendar::text;

/// How often a lock that is held is asked for, since somebody may only be looking whether it is.
const TRIES: u32 = 10;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Its machine.
    pub host: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// The script it runs.
    pub script: String,
}

impl Holder {
    /// This process, from now on.
    pub fn this(script: &str) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Holder { pid: std::process::id(), host: host(), since, script: script.to_owned() }
    }

    /// Whether its process is known to be gone: it ran on this machine, and there is none of its number.
    fn is_gone(&self) -> bool {
        let Ok(pid) = i32::try_from(self.pid) else { return false };
        // SAFETY: signal 0 is sent to nobody; the call only asks whether the process is there.
        let asked = unsafe { libc::kill(pid, 0) };
        self.host == host() && asked != 0 && Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = i64::try_from(self.since).unwrap_or(0).saturating_mul(1_000_000);
        let since = text::format(Calendar::Standard, micros);
        write!(f, "`{}` (process {} on {}, since {since}Z)", self.script, self.pid, self.host)
    }
}

/// The name of this machine.
pub fn host() -> String {
    let mut name = [0u8; 256];
    // SAFETY: the call writes at most the length given.
    let got = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    if got == 0 { String::from_utf8_lossy(&name[..end]).into_owned() } else { String::new() }
}

/// Why there is no lock.
#[derive(Debug)]
pub enum Refusal {
    /// Somebody has it; who, unless that cannot be read.
    Held(Option<Holder>),
    /// The system refuses.
    System(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::System(error)
    }
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
    /// The file itself is the lock.
    is_file: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Who has removed it before, with the folder around it, may have made room for another's.
        if self.is_file && is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Lock {
    /// Takes the lock at `path`, in a folder that is made if need be.
    ///
    /// # Errors
    /// Somebody has it, or the file cannot be made.
    pub fn take(path: &Path, holder: &Holder) -> Result<Lock, Refusal> {
        Lock::take_by(path, holder, flock)
    }

    fn take_by(path: &Path, holder: &Holder, lock: impl Fn(&File) -> std::io::Result<()>) -> Result<Lock, Refusal> {
        let mut tries = 0;
        loop {
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            let opened = File::options().read(true).write(true).create(true).truncate(false).open(path);
            let mut file = match opened {
                // Whoever had it has just taken the folder away.
                Err(error) if error.kind() == ErrorKind::NotFound && tries < TRIES => {
                    tries += 1;
                    continue;
                }
                opened => opened?,
            };
            match lock(&file) {
                Ok(()) if is_at(&file, path) => {
                    write(&mut file, holder)?;
                    return Ok(Lock { path: path.to_owned(), file, is_file: false });
                }
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && tries >= TRIES => {
                    return Err(Refusal::Held(read(&mut file)));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
                Err(error) if is_unsupported(&error) => return by_file(path, (file, holder)),
                Err(error) => return Err(error.into()),
            }
            tries += 1;
        }
    }

    /// Whether somebody holds the lock at `path`.
    pub fn is_held(path: &Path) -> bool {
        let Ok(mut file) = File::open(path) else { return false };
        match flock(&file) {
            Ok(()) => false,
            Err(error) if error.kind() == ErrorKind::WouldBlock => true,
            Err(_) => read(&mut file).is_none_or(|holder| !holder.is_gone()),
        }
    }
}

/// The lock of a file system without locks: the first that writes its name there has it. `file` is open at `path`.
fn by_file(path: &Path, (mut file, holder): (File, &Holder)) -> Result<Lock, Refusal> {
    if let Some(other) = read(&mut file)
        && !other.is_gone()
    {
        return Err(Refusal::Held(Some(other)));
    }
    std::fs::remove_file(path)?;
    match File::options().read(true).write(true).create_new(true).open(path) {
        Ok(mut file) => {
            write(&mut file, holder)?;
            Ok(Lock { path: path.to_owned(), file, is_file: true })
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Refusal::Held(None)),
        Err(error) => Err(error.into()),
    }
}

fn flock(file: &File) -> std::io::Result<()> {
    // SAFETY: the descriptor belongs to `file`, which outlives the call.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}

fn is_unsupported(error: &Error) -> bool {
    [libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP, libc::EINVAL].contains(&error.raw_os_error().unwrap_or(0))
}

/// Whether `path` still names the file: whoever had the lock may have removed it.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(own), Ok(there)) = (file.metadata(), path.metadata()) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
    serde_json::from_str(&text).ok()
}

fn write(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    let text = serde_json::to_string(holder).map_err(Error::from)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder { pid, host: host(), since: 1_764_588_233, script: "s.ff".into() }
    }

    #[test]
    fn one_has_it_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("area/lock");
        let held = Lock::take(&path, &holder(7)).unwrap();
        let Err(Refusal::Held(Some(named))) = Lock::take(&path, &holder(8)) else { panic!("two have it") };
        let text = format!("`s.ff` (process 7 on {}, since 2025-12-01T11:23:53Z)", host());
        assert_eq!(named.to_string(), text);
        assert!(Lock::is_held(&path));
        drop(held);
        assert!(!Lock::is_held(&path));
        drop(Lock::take(&path, &holder(8)).unwrap());
    }

    #[test]
    fn of_many_at_once_one_has_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("area/lock");
        let (inside, had) = (std::sync::atomic::AtomicU32::new(0), std::sync::atomic::AtomicU32::new(0));
        let ordering = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for pid in 0..6 {
                let (path, inside, had) = (&path, &inside, &had);
                scope.spawn(move || {
                    for _ in 0..100 {
                        let Ok(lock) = Lock::take(path, &holder(pid)) else { continue };
                        assert_eq!(inside.fetch_add(1, ordering), 0, "two have it");
                        had.fetch_add(1, ordering);
                        inside.fetch_sub(1, ordering);
                        // As the run that is done: the file goes first, then the folder.
                        let _ = std::fs::remove_file(path);
                        let _ = std::fs::remove_dir(path.parent().unwrap());
                        drop(lock);
                    }
                });
            }
        });
        assert!(had.into_inner() > 10);
    }

    #[test]
    fn without_locks_the_file_decides() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let none = |_: &File| Err(Error::from_raw_os_error(libc::ENOLCK));
        // A process that is gone: its number is free for good, since numbers go up to 2^22.
        std::fs::write(&path, serde_json::to_string(&holder(1 << 30)).unwrap()).unwrap();
        let held = Lock::take_by(&path, &holder(std::process::id()), none).unwrap();
        let refused = Lock::take_by(&path, &holder(1), none);
        assert!(matches!(refused, Err(Refusal::Held(Some(by))) if by.pid == std::process::id()));
        drop(held);
        assert!(!path.exists());
        let held = Lock::take_by(&path, &holder(std::process::id()), none).unwrap();
        // As the run that is done, and another that comes before the lock is dropped.
        std::fs::remove_file(&path).unwrap();
        let other = Lock::take_by(&path, &holder(1), none).unwrap();
        drop(held);
        assert!(path.exists(), "it is another's by now");
        drop(other);
        assert!(!path.exists());
        let elsewhere = Holder { host: "elsewhere".into(), ..holder(1 << 30) };
        std::fs::write(&path, serde_json::to_string(&elsewhere).unwrap()).unwrap();
        assert!(matches!(Lock::take_by(&path, &holder(1), none), Err(Refusal::Held(Some(by))) if by == elsewhere));
    }
}
