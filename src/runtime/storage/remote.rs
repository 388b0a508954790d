//! Object stores and web servers: keys of a bucket, through `object_store`.
//!
//! A whole object is one request, a range another; lengths of bodies are compared with what was asked, and a stored object
//! with what was sent: its tag, where that is the MD5 of the content, else its length as the storage states it. All parts of
//! an [`Object`] are of one version.

use std::sync::{Arc, Mutex, OnceLock};

use futures_util::StreamExt;
use md5::{Digest, Md5};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::task::JoinHandle;

use super::ahead::{Pending, Room, joined};
use super::requests::{Client, Moved, Next, Trouble, runtime};
use super::{Entry, Failure, Kind, Object, Storage, WithEnd};
use crate::allocator;

/// What a kind of remote storage can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offers {
    /// Its keys can be listed.
    pub lists: bool,
    /// Objects can be written.
    pub writes: bool,
    /// It knows ranges that count from the end.
    pub suffixes: bool,
}

/// The keys of one bucket, container or server.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    pub store: Arc<dyn ObjectStore>,
    pub client: Arc<Client>,
    /// What stands before keys in URLs, with the slash.
    pub root: String,
    pub offers: Offers,
}

/// Where a body goes.
enum Out<'o> {
    /// Into new bytes, of at most so many.
    New(u64, Vec<u8>),
    /// Into these, which it has to fill.
    Given(&'o mut [u8]),
}

/// What is asked of an object.
#[derive(Clone, Default)]
struct Asked {
    range: Option<GetRange>,
    /// The version it has to be of.
    version: Option<String>,
}

pub(super) fn key(text: &str) -> Result<Key, Failure> {
    let failed = |_| Failure::Remote { reason: "no object can have this key".into(), help: None };
    Key::parse(text).map_err(failed)
}

/// What identifies a version of an object. Of a server that tells neither tag nor time, the length alone.
fn version(meta: &ObjectMeta) -> String {
    match (&meta.e_tag, meta.last_modified.timestamp()) {
        (Some(tag), _) => format!("{} bytes, tag {}", meta.size, tag.trim_matches('"')),
        (None, 0) => format!("{} bytes", meta.size),
        (None, time) => format!("{} bytes, modified {time}", meta.size),
    }
}

impl Remote {
    /// Reads what is asked of an object; none where there is none.
    async fn get(&self, text: &str, asked: &Asked, out: &mut Out<'_>) -> Result<Option<ObjectMeta>, Failure> {
        let key = key(text)?;
        let _permit = self.client.permits.acquire().await;
        let mut attempts = self.client.attempts();
        loop {
            let trouble = match self.get_once(&key, asked, out).await {
                Ok(meta) => return Ok(Some(meta)),
                Err(trouble) => trouble,
            };
            match (attempts.again(trouble).await?, &asked.version) {
                (Next::Attempt, _) => {}
                (Next::Absent, None) => return Ok(None),
                (Next::Absent, Some(_)) => return Err(changed()),
            }
        }
    }

    async fn get_once(&self, key: &Key, asked: &Asked, out: &mut Out<'_>) -> Result<ObjectMeta, Trouble> {
        let options = GetOptions { range: asked.range.clone(), ..GetOptions::default() };
        let found = self.client.wait(self.store.get_opts(key, options)).await??;
        let meta = found.meta.clone();
        if asked.version.as_ref().is_some_and(|known| *known != version(&meta)) {
            return Err(Trouble::Lasting(changed()));
        }
        let length = found.range.end - found.range.start;
        let target: &mut [u8] = match out {
            Out::New(limit, _) if length > *limit => return Err(Trouble::Lasting(Failure::Length(length))),
            Out::New(_, bytes) => {
                if bytes.len() as u64 != length {
                    *bytes = allocator::unset(length as usize);
                }
                bytes
            }
            Out::Given(bytes) if bytes.len() as u64 != length => {
                return Err(Trouble::Lasting(Failure::Length(length)));
            }
            Out::Given(bytes) => bytes,
        };
        let mut at = 0;
        let mut body = found.into_stream();
        while let Some(piece) = self.client.wait(body.next()).await? {
            let piece = piece?;
            self.client.received(piece.len());
            let Some(place) = target.get_mut(at..at + piece.len()) else {
                return Err(Trouble::Passing(format!("the body is longer than the {length} bytes it should have")));
            };
            place.copy_from_slice(&piece);
            at += piece.len();
        }
        match at as u64 == length {
            true => Ok(meta),
            false => Err(Trouble::Passing(format!("the body broke off after {at} of {length} bytes"))),
        }
    }

    /// Does a request without a body until it succeeds; none where nothing is there.
    pub(super) async fn until<T, F: Future<Output = object_store::Result<T>>>(
        &self,
        request: impl FnMut() -> F,
    ) -> Result<Option<T>, Failure> {
        self.until_moved(Moved::Nothing, request).await
    }

    /// The same for a request at which the server moves bytes.
    pub(super) async fn until_moved<T, F: Future<Output = object_store::Result<T>>>(
        &self,
        moved: Moved,
        mut request: impl FnMut() -> F,
    ) -> Result<Option<T>, Failure> {
        let _permit = self.client.permits.acquire().await;
        let mut attempts = self.client.attempts();
        loop {
            let trouble = match self.client.wait_moving(moved, request()).await {
                Ok(Ok(done)) => return Ok(Some(done)),
                Ok(Err(error)) => error.into(),
                Err(trouble) => trouble,
            };
            if let Next::Absent = attempts.again(trouble).await? {
                return Ok(None);
            }
        }
    }

    async fn head(&self, text: &str) -> Result<Option<ObjectMeta>, Failure> {
        let key = key(text)?;
        self.until(|| self.store.head(&key)).await
    }

    pub(super) async fn put(&self, text: &str, bytes: &[u8]) -> Result<(), Failure> {
        let key = key(text)?;
        let payload = PutPayload::from(bytes.to_vec());
        let digest: String = Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let _permit = self.client.permits.acquire().await;
        let mut attempts = self.client.attempts();
        loop {
            let Err(trouble) = self.put_once(&key, payload.clone(), (bytes.len(), &digest)).await else {
                return Ok(());
            };
            if let Next::Absent = attempts.again(trouble).await? {
                return Err(Failure::Remote { reason: "there is no such bucket".into(), help: None });
            }
        }
    }

    async fn put_once(&self, key: &Key, payload: PutPayload, (size, digest): (usize, &str)) -> Result<(), Trouble> {
        self.client.sent(size);
        let stored = self.client.wait_moving(Moved::Sent(size as u64), self.store.put(key, payload)).await??;
        let tag = stored.e_tag.as_deref().map(|tag| tag.trim_matches('"').to_owned());
        if tag.as_deref() == Some(digest) {
            return Ok(());
        }
        let found = self.client.wait(self.store.head(key)).await?;
        match found {
            Ok(meta) if meta.size == size as u64 && (tag.is_none() || meta.e_tag == stored.e_tag) => Ok(()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {
                Err(Trouble::Passing("the server said that it stored it, and it did not".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn opened(&self, key: &str, meta: &ObjectMeta) -> Arc<RemoteObject> {
        Arc::new(RemoteObject { remote: self.clone(), key: key.to_owned(), size: meta.size, version: version(meta) })
    }
}

fn changed() -> Failure {
    Failure::Remote { reason: "it has changed since it was opened".into(), help: Some("run the script again") }
}

impl Storage for Remote {
    fn read(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        runtime().block_on(whole(self, key, limit))
    }

    fn read_into(&self, key: &str, out: &mut [u8]) -> Result<bool, Failure> {
        let mut out = Out::Given(out);
        Ok(runtime().block_on(self.get(key, &Asked::default(), &mut out))?.is_some())
    }

    fn open(&self, key: &str) -> Result<Option<Arc<dyn Object>>, Failure> {
        let meta = runtime().block_on(self.head(key))?;
        Ok(meta.map(|meta| self.opened(key, &meta) as Arc<dyn Object>))
    }

    fn open_with_end(&self, key: &str, size: u64) -> Result<Option<WithEnd>, Failure> {
        if !self.offers.suffixes {
            let Some(object) = self.open(key)? else { return Ok(None) };
            let size = size.min(object.size());
            let mut end = vec![0; size as usize];
            object.read_into(object.size() - size, &mut end)?;
            return Ok(Some((object, end)));
        }
        let mut out = Out::New(size, Vec::new());
        let asked = Asked { range: Some(GetRange::Suffix(size)), version: None };
        let meta = runtime().block_on(self.get(key, &asked, &mut out))?;
        let Out::New(_, end) = out else { unreachable!("new bytes were asked for") };
        Ok(meta.map(|meta| (self.opened(key, &meta) as Arc<dyn Object>, end)))
    }

    fn kind(&self, key: &str) -> Result<Option<Kind>, Failure> {
        let object = self.kind_of_object(key)?;
        if object.is_some() || !self.offers.lists {
            return Ok(object);
        }
        let prefix = self::key(key)?;
        let first = runtime().block_on(self.until(|| async {
            match self.store.list(Some(&prefix)).next().await {
                Some(Err(error)) => Err(error),
                Some(Ok(_)) => Ok(true),
                None => Ok(false),
            }
        }))?;
        Ok(first.unwrap_or(false).then_some(Kind::Folder))
    }

    fn kind_of_object(&self, key: &str) -> Result<Option<Kind>, Failure> {
        if key.trim_matches('/').is_empty() {
            return Ok(None);
        }
        let meta = runtime().block_on(self.head(key))?;
        Ok(meta.map(|meta| Kind::Object(meta.size, version(&meta))))
    }

    fn list(&self, key: &str) -> Result<Vec<Entry>, Failure> {
        if !self.offers.lists {
            let help = Some("name what is to be read; a Zarr store is found by its consolidated metadata");
            return Err(Failure::Remote { reason: "a web server does not tell what it has".into(), help });
        }
        let prefix = self::key(key)?;
        let found = runtime().block_on(self.until(|| self.store.list_with_delimiter(Some(&prefix))))?;
        let Some(found) = found else { return Ok(Vec::new()) };
        let named = |key: &Key| key.filename().unwrap_or_default().to_owned();
        let folders = found.common_prefixes.iter().map(|prefix| (named(prefix), true, String::new()));
        let objects = found.objects.iter().map(|meta| (named(&meta.location), false, version(meta)));
        let mut entries: Vec<Entry> =
            folders.chain(objects).map(|(name, is_folder, version)| Entry { name, is_folder, version }).collect();
        entries.sort();
        Ok(entries)
    }

    fn write(&self, key: &str, bytes: &[u8]) -> Result<(), Failure> {
        if !self.offers.writes {
            return Err(Failure::Remote { reason: "web servers are only read".into(), help: None });
        }
        runtime().block_on(self.put(key, bytes))
    }

    fn remove(&self, text: &str) -> Result<(), Failure> {
        let key = key(text)?;
        runtime().block_on(self.until(|| self.store.delete(&key))).map(drop)
    }

    fn url(&self, key: &str) -> String {
        format!("{}{key}", self.root)
    }

    fn keys(&self, below: &str) -> Result<Vec<(String, u64)>, Failure> {
        runtime().block_on(self.keys_below(below))
    }

    fn remove_all(&self, keys: &[String]) -> Result<(), Failure> {
        runtime().block_on(self.remove_keys(keys))
    }

    fn copy_all(&self, pairs: &[(String, String, u64)]) -> Result<(), Failure> {
        runtime().block_on(self.copy_keys(pairs))
    }

    fn upload(&self, key: &str, path: &std::path::Path) -> Result<(), Failure> {
        runtime().block_on(self.store_file(key, path))
    }

    fn unstoppable(&self) -> Option<Arc<dyn Storage>> {
        Some(Arc::new(Remote { client: Arc::new(self.client.last_words()), ..self.clone() }))
    }

    fn begin(&self, key: &str, limit: u64) -> Option<Pending<Option<Vec<u8>>>> {
        let room = Room::take(limit)?;
        let (remote, key) = (self.clone(), key.to_owned());
        let fetched = runtime().spawn(async move { whole(&remote, &key, limit).await });
        Some(Pending::new(Some(room), move || runtime().block_on(fetched).unwrap_or_else(|_| Err(stopped()))))
    }
}

async fn whole(remote: &Remote, key: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let mut out = Out::New(limit, Vec::new());
    let meta = remote.get(key, &Asked::default(), &mut out).await?;
    let Out::New(_, bytes) = out else { unreachable!("new bytes were asked for") };
    Ok(meta.map(|_| bytes))
}

fn stopped() -> Failure {
    Failure::Remote { reason: "the request was given up".into(), help: None }
}

/// One version of an object.
#[derive(Debug)]
struct RemoteObject {
    remote: Remote,
    key: String,
    size: u64,
    version: String,
}

impl RemoteObject {
    async fn range(&self, offset: u64, out: &mut [u8]) -> Result<(), Failure> {
        if out.is_empty() {
            return Ok(());
        }
        let range = Some(GetRange::Bounded(offset..offset + out.len() as u64));
        let asked = Asked { range, version: Some(self.version.clone()) };
        self.remote.get(&self.key, &asked, &mut Out::Given(out)).await.map(drop)
    }
}

/// The bytes that a request asked for.
type Fetched = Result<Vec<u8>, Failure>;

/// A request for several ranges: whoever wants the first of them waits for it.
struct Joined {
    fetched: Mutex<Option<JoinHandle<Fetched>>>,
    came: OnceLock<Fetched>,
}

impl Joined {
    fn part(&self, from: usize, size: usize) -> Result<Vec<u8>, Failure> {
        let wait = || {
            let handle = self.fetched.lock().ok().and_then(|mut fetched| fetched.take());
            handle
                .map_or_else(|| Err(stopped()), |handle| runtime().block_on(handle).unwrap_or_else(|_| Err(stopped())))
        };
        self.came.get_or_init(wait).as_ref().map(|bytes| bytes[from..from + size].to_vec()).map_err(Clone::clone)
    }
}

impl Object for RemoteObject {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_into(&self, offset: u64, out: &mut [u8]) -> Result<(), Failure> {
        runtime().block_on(self.range(offset, out))
    }

    fn begin(&self, ranges: &[(u64, u64)]) -> Vec<Pending<Vec<u8>>> {
        let mut pending: Vec<(usize, Pending<Vec<u8>>)> = Vec::new();
        for ((start, size), served) in joined(ranges) {
            let Some(room) = Room::take(size) else { return Vec::new() };
            let object = RemoteObject {
                remote: self.remote.clone(),
                key: self.key.clone(),
                size: self.size,
                version: self.version.clone(),
            };
            let fetched = runtime().spawn(async move {
                let mut bytes = allocator::unset(size as usize);
                object.range(start, &mut bytes).await.map(|()| bytes)
            });
            let joined = Arc::new(Joined { fetched: Mutex::new(Some(fetched)), came: OnceLock::new() });
            for i in served {
                let (offset, size) = ranges[i];
                let (joined, from) = (joined.clone(), (offset - start) as usize);
                pending.push((i, Pending::new(Some(room.clone()), move || joined.part(from, size as usize))));
            }
        }
        pending.sort_by_key(|(i, _)| *i);
        pending.into_iter().map(|(_, pending)| pending).collect()
    }

    fn is_remote(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::storage::tells_apart;

    #[test]
    fn without_tag_and_time_nothing_tells_versions_apart() {
        let location = Key::parse("a").unwrap();
        let mut meta = ObjectMeta { location, last_modified: Default::default(), size: 5, e_tag: None, version: None };
        assert_eq!(version(&meta), "5 bytes");
        assert!(!tells_apart(&version(&meta)));
        meta.e_tag = Some("\"x\"".to_owned());
        assert_eq!(version(&meta), "5 bytes, tag x");
        assert!(tells_apart(&version(&meta)));
    }
}
