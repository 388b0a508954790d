//! What is done to many keys of a remote storage, many requests at a time: listing, removing, copying within it; and storing
//! a file in parts.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path as Key;
use object_store::{ObjectStoreExt, PutPayload};

use super::remote::{Remote, key};
use super::requests::{Moved, Next, Trouble};
use super::{Failure, Storage};

/// Requests under way at once for one list of keys.
const AT_ONCE: usize = 32;

/// Files that are larger are stored in parts.
const WHOLE: u64 = 32 << 20;

/// Bytes of a part: of a file of 5 TB there are as many as S3 takes.
const PART: u64 = 16 << 20;

/// Parts of one object at most.
const MOST_PARTS: u64 = 10_000;

impl Remote {
    /// All keys below another, with the sizes of their objects, in lexical order.
    pub(super) async fn keys_below(&self, below: &str) -> Result<Vec<(String, u64)>, Failure> {
        let prefix = key(below)?;
        let listed = || async {
            let metas: Vec<_> = self.store.list(Some(&prefix)).try_collect().await?;
            Ok::<_, object_store::Error>(
                metas.into_iter().map(|meta| (meta.location.to_string(), meta.size)).collect::<Vec<_>>(),
            )
        };
        let mut keys = self.until(listed).await?.unwrap_or_default();
        keys.sort();
        Ok(keys)
    }

    pub(super) async fn remove_keys(&self, keys: &[String]) -> Result<(), Failure> {
        let removed = |text: String| async move {
            let key = key(&text)?;
            self.until(|| self.store.delete(&key)).await.map(drop)
        };
        stream::iter(keys.to_vec()).map(removed).buffer_unordered(AT_ONCE).try_collect().await
    }

    pub(super) async fn copy_keys(&self, pairs: &[(String, String, u64)]) -> Result<(), Failure> {
        let copied = |(from, to, bytes): (String, String, u64)| async move {
            let (from, to) = (key(&from)?, key(&to)?);
            match self.until_moved(Moved::There(bytes), || self.store.copy(&from, &to)).await? {
                Some(()) => Ok(()),
                None => Err(Failure::Remote { reason: format!("`{from}` is no longer there"), help: None }),
            }
        };
        stream::iter(pairs.to_vec()).map(copied).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Stores a file; the object comes into being when all of it is there.
    pub(super) async fn store_file(&self, text: &str, path: &Path) -> Result<(), Failure> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        if size <= WHOLE {
            return self.put(text, &std::fs::read(path)?).await;
        }
        let key = key(text)?;
        let mut attempts = self.client.attempts();
        loop {
            let trouble = match self.store_in_parts(&key, &file, size).await {
                Ok(()) => return Ok(()),
                Err(trouble) => trouble,
            };
            if let Next::Absent = attempts.again(trouble).await? {
                return Err(Failure::Remote { reason: "there is no such bucket".into(), help: None });
            }
        }
    }

    /// One attempt; what failed leaves no parts behind.
    async fn store_in_parts(&self, key: &Key, file: &File, size: u64) -> Result<(), Trouble> {
        let part = PART.max(size.div_ceil(MOST_PARTS));
        let mut upload = self.client.wait(self.store.put_multipart(key)).await??;
        let mut at = 0;
        let stored = loop {
            if at == size {
                let completed = self.client.wait_moving(Moved::There(size), upload.complete()).await;
                break completed.and_then(|done| Ok(done.map(drop)?));
            }
            let mut bytes = vec![0; part.min(size - at) as usize];
            if let Err(error) = file.read_exact_at(&mut bytes, at) {
                break Err(Trouble::Lasting(error.into()));
            }
            at += bytes.len() as u64;
            self.client.sent(bytes.len());
            let moved = Moved::Sent(bytes.len() as u64);
            let sent = self.client.wait_moving(moved, upload.put_part(PutPayload::from(bytes))).await;
            if let Err(trouble) = sent.and_then(|done| Ok(done?)) {
                break Err(trouble);
            }
        };
        if stored.is_err() {
            // What cannot be reached now cannot be tidied either; stores drop such parts by their own rules.
            let _ = self.client.wait(upload.abort()).await;
            return stored;
        }
        let found = self.client.wait(self.store.head(key)).await??;
        match found.size == size {
            true => Ok(()),
            false => Err(Trouble::Passing("the server said that it stored it, and it did not".to_owned())),
        }
    }
}

/// Removes what lies below a key as far as that can be done now, of a run that failed or was interrupted.
pub fn tidy(storage: &dyn Storage, below: &str) {
    let Some(storage) = storage.unstoppable() else { return };
    if let Ok(keys) = storage.keys(below) {
        let keys: Vec<String> = keys.into_iter().map(|(key, _)| key).collect();
        let _ = storage.remove_all(&keys);
    }
}
