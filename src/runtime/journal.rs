//! The journal of a target: which of its objects are stored, for a run that goes on after this one was interrupted.
//!
//! A file of records that is only ever appended to: length, CRC-32 and payload each. A record that is cut off or does not match ends
//! what is read, and is cut away before more is appended. Each run that works at the target begins a *session* with a record that says what it makes
//! ([`Identity`]) and on which machine; records of objects follow, in batches. A batch is appended after its objects were
//! written, so what it names survives the death of the process. A loss of power it survives only where the run is *durable*: then
//! the objects are forced to disk before their batch, and that too; of other sessions, what was written before the machine was started anew is
//! not trusted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::lock::host;
use super::serializers::Extent;

/// A batch has at most so many objects, or is this old.
const BATCH: usize = 64;
const AGE: Duration = Duration::from_millis(20);

/// A batch that is forced to disk is this old.
const DURABLE_AGE: Duration = Duration::from_secs(5);

/// Payloads longer than this are no payloads.
const MAX_PAYLOAD: u32 = 1 << 28;

const SESSION: u8 = 0;
const OBJECTS: u8 = 1;
const COMPLETE: u8 = 2;

/// All on which the bytes of a target's objects depend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of the engine.
    pub version: String,
    /// The digest of the values computed.
    pub graph: String,
    /// The params, for people: what they change is in the digest.
    pub params: String,
    /// The sources with their fingerprints.
    pub sources: Vec<String>,
    /// The folders of the chunks that the run reads on this machine, with the fingerprint of all that is in them: that of a source
    /// looks at the beginning alone.
    pub chunks: BTreeMap<String, String>,
    /// The digest of how the values are stored.
    pub storage: String,
}

impl Identity {
    /// In what the run that left a journal differs from this one, in words; none if in nothing that matters.
    pub fn difference(&self, left: &Identity) -> Option<String> {
        if self.version != left.version {
            return Some(format!("it was begun by version {}, and this is {}", left.version, self.version));
        }
        let others: Vec<&str> =
            left.sources.iter().filter(|source| !self.sources.contains(source)).map(String::as_str).collect();
        if !others.is_empty() || self.sources.len() != left.sources.len() {
            let listed = if others.is_empty() { "fewer of them".to_owned() } else { others.join("; ") };
            return Some(format!("its sources were other ones, or others are in them now: it read {listed}"));
        }
        let changed = |(folder, print): &(&String, &String)| self.chunks.get(*folder).is_some_and(|now| now != *print);
        if let Some((folder, _)) = left.chunks.iter().find(changed) {
            return Some(format!("chunks in `{folder}` have changed since"));
        }
        if self.graph != left.graph && self.params != left.params {
            let named = |params: &str| if params.is_empty() { "none".to_owned() } else { format!("`{params}`") };
            return Some(format!("its params were {}, and are {}", named(&left.params), named(&self.params)));
        }
        if self.graph != left.graph {
            return Some("the script has changed: what it writes there is computed in another way".to_owned());
        }
        (self.storage != left.storage)
            .then(|| "the options of the sink have changed: what it writes there is stored in another way".to_owned())
    }
}

/// The first record of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session {
    identity: Identity,
    /// What of the machine lasts until it is started anew.
    machine: String,
    durable: bool,
}

/// What tells a machine since its start from all others.
fn machine() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("{} {}", host(), boot.trim())
}

/// What a journal holds.
#[derive(Debug, Default)]
pub struct Found {
    /// The last session's identity; none where there is no session.
    pub identity: Option<Identity>,
    /// The sessions there were.
    pub sessions: u32,
    /// Per variable, its objects that are stored.
    pub objects: BTreeMap<u32, Objects>,
    /// Objects of sessions that are not trusted.
    pub distrusted: u64,
    /// The targets of the run that were complete and about to get their names, this one among them.
    pub complete: Vec<Complete>,
    /// The bytes up to the first record that is cut off or does not match.
    len: u64,
}

/// A target that was complete and about to get its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complete {
    /// The device of what is to get it, which it keeps when it is given another name.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// What made it.
    pub identity: Identity,
}

/// The stored objects of a variable, by their number in C order.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// First and end of runs that neither overlap nor touch.
    runs: BTreeMap<u64, u64>,
    /// Of objects that are part of a file, the session whose file that is and where in it.
    extents: BTreeMap<u64, (u32, Extent)>,
}

impl Objects {
    /// Whether an object is stored.
    pub fn contains(&self, object: u64) -> bool {
        self.runs.range(..=object).next_back().is_some_and(|(_, end)| object < *end)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.runs.iter().map(|(first, end)| end - first).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Where an object lies that is part of a file: the session whose file it is, and where in it.
    pub fn extent(&self, object: u64) -> Option<(u32, Extent)> {
        self.extents.get(&object).copied()
    }

    /// All objects that are part of a file.
    pub fn extents(&self) -> impl Iterator<Item = (u64, u32, Extent)> {
        self.extents.iter().map(|(object, (session, extent))| (*object, *session, *extent))
    }

    fn insert(&mut self, first: u64, count: u64) {
        let (mut first, mut end) = (first, first.saturating_add(count));
        while let Some((&other, &other_end)) = self.runs.range(..=end).next_back().filter(|(_, e)| **e >= first) {
            (first, end) = (first.min(other), end.max(other_end));
            self.runs.remove(&other);
        }
        self.runs.insert(first, end);
    }

    /// Takes an object out.
    pub fn remove(&mut self, object: u64) {
        self.extents.remove(&object);
        let Some((&first, &end)) = self.runs.range(..=object).next_back().filter(|(_, end)| object < **end) else {
            return;
        };
        self.runs.remove(&first);
        if first < object {
            self.runs.insert(first, object);
        }
        if object + 1 < end {
            self.runs.insert(object + 1, end);
        }
    }
}

impl Found {
    /// Reads the journal at `path`; nothing is found where there is none, or no record that is whole.
    ///
    /// # Errors
    /// There is one, and it cannot be read.
    pub fn read(path: &Path) -> std::io::Result<Found> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::default()),
            Err(error) => return Err(error),
        };
        let (mut found, mut rest, machine) = (Found::default(), &bytes[..], machine());
        let mut trusted = false;
        while let Some((payload, after)) = record(rest) {
            if found.take(payload, &mut trusted, &machine).is_none() {
                break;
            }
            rest = after;
        }
        found.len = (bytes.len() - rest.len()) as u64;
        Ok(found)
    }

    /// Takes a record in; none where it makes no sense.
    fn take(&mut self, payload: &[u8], trusted: &mut bool, machine: &str) -> Option<()> {
        let (kind, mut body) = payload.split_first()?;
        match *kind {
            SESSION => {
                let session: Session = serde_json::from_slice(body).ok()?;
                *trusted = session.durable || session.machine == machine;
                self.identity = Some(session.identity);
                self.sessions += 1;
            }
            OBJECTS => {
                while !body.is_empty() {
                    let [variable, first, count, address, len, sum] = numbers(&mut body)?;
                    let (variable, sum) = (u32::try_from(variable).ok()?, u32::try_from(sum).ok()?);
                    if !*trusted {
                        self.distrusted += count;
                        continue;
                    }
                    let objects = self.objects.entry(variable).or_default();
                    objects.insert(first, count);
                    if len > 0 {
                        objects.extents.insert(first, (self.sessions, Extent { address, len, sum }));
                    }
                }
            }
            COMPLETE => {
                let complete: Vec<Complete> = serde_json::from_slice(body).ok()?;
                self.complete = if *trusted { complete } else { Vec::new() };
            }
            _ => return None,
        }
        Some(())
    }

    /// How many objects are stored.
    pub fn stored(&self) -> u64 {
        self.objects.values().map(Objects::len).sum()
    }
}

/// The payload of the first record, and what follows.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes;
    let len = u32::from_le_bytes(rest.split_off(..4)?.try_into().ok()?);
    let sum = u32::from_le_bytes(rest.split_off(..4)?.try_into().ok()?);
    let payload = rest.split_off(..len.min(MAX_PAYLOAD) as usize)?;
    (len > 0 && crc32fast::hash(payload) == sum).then_some((payload, rest))
}

fn numbers<const N: usize>(bytes: &mut &[u8]) -> Option<[u64; N]> {
    let mut all = [0; N];
    for number in &mut all {
        *number = u64::from_le_bytes(bytes.split_off(..8)?.try_into().ok()?);
    }
    Some(all)
}

/// A journal that is appended to.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// A folder of the file system that objects are written to, where they are forced to disk.
    durable: Option<PathBuf>,
    pending: Mutex<Pending>,
}

#[derive(Debug)]
struct Pending {
    objects: Vec<(u32, u64, Option<Extent>)>,
    last: Instant,
    /// A batch is on its way.
    busy: bool,
    /// A record could not be appended whole, and none may follow it.
    broken: bool,
    /// Objects in the journal that were stored by this run.
    stored: u64,
}

impl Journal {
    /// Begins a session at the end of what was `found` in the journal at `path`. Where it is durable, the file system of `durable` is
    /// forced to disk before a batch.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(path: &Path, found: &Found, identity: &Identity, durable: Option<PathBuf>) -> std::io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        file.set_len(found.len)?;
        let session = Session { identity: identity.clone(), machine: machine(), durable: durable.is_some() };
        let pending = Pending { objects: Vec::new(), last: Instant::now(), busy: false, broken: false, stored: 0 };
        let journal = Journal { file, durable, pending: Mutex::new(pending) };
        let mut payload = vec![SESSION];
        payload.extend(serde_json::to_vec(&session).map_err(Error::from)?);
        journal.append(&payload)?;
        Ok(journal)
    }

    fn append(&self, payload: &[u8]) -> std::io::Result<()> {
        let mut record = Vec::with_capacity(payload.len() + 8);
        record.extend((payload.len() as u32).to_le_bytes());
        record.extend(crc32fast::hash(payload).to_le_bytes());
        record.extend(payload);
        (&self.file).write_all(&record)?;
        if self.durable.is_some() { self.file.sync_data() } else { Ok(()) }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in that an object is stored; where it is part of a file, with where in it. That a batch cannot be appended
    /// is no error: the run does without, and what would go on from it computes more.
    pub fn stored(&self, variable: u32, object: u64, extent: Option<Extent>) {
        let mut pending = self.pending();
        pending.objects.push((variable, object, extent));
        let age = pending.last.elapsed();
        let due = match self.durable {
            Some(_) => age >= DURABLE_AGE,
            None => age >= AGE || pending.objects.len() >= BATCH,
        };
        if due && !pending.busy {
            self.append_batch(pending);
        }
    }

    /// Appends what is pending.
    pub fn flush(&self) {
        let pending = self.pending();
        if !pending.busy {
            self.append_batch(pending);
        }
    }

    /// How many objects this run has stored and appended.
    pub fn appended(&self) -> u64 {
        self.pending().stored
    }

    fn append_batch(&self, mut pending: MutexGuard<'_, Pending>) {
        let mut objects = std::mem::take(&mut pending.objects);
        if objects.is_empty() || pending.broken {
            return;
        }
        pending.busy = true;
        drop(pending);
        objects.sort_unstable_by_key(|(variable, object, _)| (*variable, *object));
        let forced = self.durable.as_ref().map_or(Ok(()), |folder| super::publish::force(folder));
        let appended = forced.is_ok() && self.append(&payload(&objects)).is_ok();
        let mut pending = self.pending();
        pending.busy = false;
        pending.broken |= !appended;
        pending.last = Instant::now();
        pending.stored += if appended { objects.len() as u64 } else { 0 };
    }

    /// Says that all targets of the run are complete and about to get their names. Each of their journals names them all: those whose
    /// areas are gone by then are known by what is left of the others.
    ///
    /// # Errors
    /// The record cannot be appended.
    pub fn complete(&self, targets: &[Complete]) -> std::io::Result<()> {
        self.flush();
        let mut payload = vec![COMPLETE];
        payload.extend(serde_json::to_vec(targets).map_err(Error::from)?);
        self.append(&payload)
    }
}

/// Objects in order as runs; those that are part of a file one by one.
fn payload(objects: &[(u32, u64, Option<Extent>)]) -> Vec<u8> {
    let mut runs: Vec<[u64; 6]> = Vec::new();
    for (variable, object, extent) in objects {
        let variable = u64::from(*variable);
        match (extent, runs.last_mut()) {
            (Some(extent), _) => {
                runs.push([variable, *object, 1, extent.address, extent.len, u64::from(extent.sum)]);
            }
            (None, Some([of, first, count, _, 0, _])) if *of == variable && *first + *count == *object => *count += 1,
            (None, _) => runs.push([variable, *object, 1, 0, 0, 0]),
        }
    }
    std::iter::once(OBJECTS).chain(runs.as_flattened().iter().flat_map(|number| number.to_le_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        let text = |text: &str| text.to_owned();
        let (version, graph, params) = (text("0.1.0"), text("a"), text("first=1961"));
        let chunks = BTreeMap::from([(text("/d/air.zarr/x"), text("7 files"))]);
        Identity { version, graph, params, sources: vec![text("air.nc (4 bytes)")], chunks, storage: text("s") }
    }

    fn write(path: &Path, objects: &[(u32, u64)]) {
        let found = Found::read(path).unwrap();
        let journal = Journal::begin(path, &found, &identity(), None).unwrap();
        objects.iter().for_each(|(variable, object)| journal.stored(*variable, *object, None));
        journal.flush();
        assert_eq!(journal.appended(), objects.len() as u64);
    }

    fn held(found: &Found) -> Vec<(u32, u64)> {
        let of = |variable: u32| (0..300).map(move |object| (variable, object));
        let is_there = |(v, o): &(u32, u64)| found.objects.get(v).is_some_and(|objects| objects.contains(*o));
        (0..3).flat_map(of).filter(is_there).collect()
    }

    #[test]
    fn whatever_the_order_and_the_batches_all_objects_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let all: Vec<(u32, u64)> = (0..600u64).map(|n| ((n % 3) as u32, (n * 7919 % 600) / 3)).collect();
        write(&path, &all[..250]);
        write(&path, &all[250..]);
        let found = Found::read(&path).unwrap();
        let mut expected = all.clone();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(held(&found), expected);
        assert_eq!(found.stored(), expected.len() as u64);
        assert_eq!((found.sessions, found.identity), (2, Some(identity())));
    }

    #[test]
    fn a_record_that_is_torn_or_damaged_ends_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        write(&path, &[(0, 1), (0, 2), (1, 9)]);
        let first = std::fs::read(&path).unwrap();
        write(&path, &[(0, 3)]);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let found = Found::read(&path).unwrap();
            let expected = if cut == whole.len() {
                4
            } else if cut >= first.len() {
                3
            } else {
                0
            };
            assert_eq!(found.stored(), expected, "{cut}");
            assert!(found.len <= cut as u64);
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            std::fs::write(&path, &damaged).unwrap();
            let found = Found::read(&path).unwrap();
            assert!(held(&found).iter().all(|held| [(0, 1), (0, 2), (0, 3), (1, 9)].contains(held)), "{at}");
            assert!(found.stored() < 4, "{at}");
        }
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        write(&path, &[(2, 5)]);
        assert_eq!(held(&Found::read(&path).unwrap()), [(0, 1), (0, 2), (1, 9), (2, 5)]);
    }

    #[test]
    fn what_another_machine_wrote_is_trusted_where_it_was_forced_to_disk() {
        let folder = tempfile::tempdir().unwrap();
        for durable in [false, true] {
            let path = folder.path().join(format!("{durable}"));
            let session = Session { identity: identity(), machine: "another".into(), durable };
            let journal =
                Journal::begin(&path, &Found::default(), &identity(), durable.then(|| folder.path().to_owned()));
            let journal = journal.unwrap();
            journal.append(&[&[SESSION][..], &serde_json::to_vec(&session).unwrap()].concat()).unwrap();
            journal.stored(0, 4, Some(Extent { address: 7, len: 8, sum: 9 }));
            let complete = [Complete { device: 1, inode: 2, identity: identity() }];
            journal.complete(&complete).unwrap();
            let found = Found::read(&path).unwrap();
            assert_eq!((found.stored(), found.distrusted), if durable { (1, 0) } else { (0, 1) });
            assert_eq!(found.complete, if durable { &complete[..] } else { &[] });
            let extent = found.objects.get(&0).and_then(|objects| objects.extent(4));
            assert_eq!(extent, durable.then_some((2, Extent { address: 7, len: 8, sum: 9 })));
        }
    }

    #[test]
    fn objects_can_be_taken_out() {
        let mut objects = Objects::default();
        objects.insert(3, 5);
        for object in [5, 3, 7, 9] {
            objects.remove(object);
        }
        assert_eq!((0..10).filter(|o| objects.contains(*o)).collect::<Vec<_>>(), [4, 6]);
        assert_eq!(objects.len(), 2);
    }

    #[test]
    fn what_differs_is_named() {
        let this = identity();
        let but = |change: &dyn Fn(&mut Identity)| {
            let mut left = identity();
            change(&mut left);
            this.difference(&left)
        };
        assert_eq!(but(&|_| {}), None);
        assert_eq!(but(&|left| left.params = "first=1971".into()), None, "a param that changes nothing");
        assert_eq!(but(&|left| left.chunks.clear()), None, "what is read now was a result before");
        for (change, named) in [
            (&(|left: &mut Identity| left.version = "0.0.1".into()) as &dyn Fn(&mut Identity), "version 0.0.1"),
            (&|left| left.sources[0] = "air.nc (5 bytes)".into(), "it read air.nc (5 bytes)"),
            (&|left| left.sources.clear(), "fewer of them"),
            (&|left| left.chunks.values_mut().for_each(String::clear), "chunks in `/d/air.zarr/x` have changed"),
            (&|left| (left.graph, left.params) = ("b".into(), String::new()), "params were none, and are `first=1961`"),
            (&|left| left.graph = "b".into(), "the script has changed"),
            (&|left| left.storage = "t".into(), "options of the sink"),
        ] {
            let said = but(change).unwrap_or_default();
            assert!(said.contains(named), "{said}");
        }
    }
}
