//! One request until it succeeds.
//!
//! Errors that may pass (5xx, 429, broken and silent connections, short bodies) are tried again with growing waits drawn at
//! random between the shortest and three times the last one ("decorrelated jitter",
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), so that many readers do not come back at
//! once. The limits were measured against an outage of a minute, which object_store's own retries do not survive; those are
//! switched off, so every attempt is seen, timed and counted here. A server that says nothing for [`Limits::silence`] is
//! given up for this attempt; while it takes in a body or copies one it says nothing either, and is given the time that a slow link
//! needs for that ([`Moved`]). A cancelled run waits for nothing, but for what gives targets their names.
//!
//! What is told of an error is made of its status and code alone: texts of servers and clients may hold keys and signatures.

use std::collections::hash_map::RandomState;
use std::error::Error;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use object_store::client::{HttpError, HttpErrorKind};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use super::{Failure, INTERRUPTED};
use crate::runtime::Cancel;

/// Requests of one storage that are under way at once.
const CONCURRENT: usize = 64;

/// How often a cancelled run is noticed.
const GLANCE: Duration = Duration::from_millis(100);

/// The shortest wait before another attempt, the longest, and the growth of the bound between them.
const WAITS: (f64, f64, f64) = (0.5, 20.0, 3.0);

/// How long a cancelled run takes to tidy.
const LAST: Duration = Duration::from_secs(2);

/// Attempts after the first.
const RETRIES: u32 = 20;

/// Bytes that are moved before a server gives a sign.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moved {
    /// None.
    Nothing,
    /// They are sent.
    Sent(u64),
    /// The server copies them, or puts them together.
    There(u64),
}

impl Moved {
    /// What it takes at worst: 100 kB a second on a link, 10 MB within a server.
    fn time(self) -> Duration {
        Duration::from_secs_f64(match self {
            Moved::Nothing => 0.0,
            Moved::Sent(bytes) => bytes as f64 / 1e5,
            Moved::There(bytes) => bytes as f64 / 1e7,
        })
    }
}

/// The one runtime on which requests run; whoever needs one waits outside of it.
pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(2).thread_name("storage").enable_all().build();
        built.expect("the system lets a process start threads")
    })
}

/// What was asked of remote storages.
#[derive(Debug, Default)]
pub struct Counts {
    requests: AtomicU64,
    retries: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Attempts at requests.
    pub requests: u64,
    /// Of them, those that came after one that failed.
    pub retries: u64,
    /// Bytes of bodies received, of failed attempts too.
    pub received: u64,
    /// Bytes of bodies sent.
    pub sent: u64,
}

impl Counts {
    /// What was asked so far.
    pub fn so_far(&self) -> Traffic {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (received, sent) = (of(&self.received), of(&self.sent));
        Traffic { requests: of(&self.requests), retries: of(&self.retries), received, sent }
    }
}

/// How long is waited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// For a sign of the server.
    pub silence: Duration,
    /// For one request with all its attempts; no attempt begins later.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { silence: Duration::from_secs(30), total: Duration::from_secs(240) }
    }
}

/// Who makes the requests of one storage.
#[derive(Debug)]
pub(super) struct Client {
    pub permits: Semaphore,
    pub shared: Arc<Shared>,
    pub limits: Limits,
    /// Whether requests end when the run is cancelled.
    stops: bool,
}

/// What the clients of a run share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub counts: Counts,
    pub cancel: Mutex<Option<Cancel>>,
}

impl Shared {
    /// Whether the run is to stop. One that gives its targets their names ends that.
    fn is_cancelled(&self) -> bool {
        let stops = |cancel: &Cancel| cancel.is_cancelled() && !cancel.is_settled();
        self.cancel.lock().is_ok_and(|cancel| cancel.as_ref().is_some_and(stops))
    }
}

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is nothing under that key.
    Absent,
    /// Another attempt would fail the same way.
    Lasting(Failure),
    /// Another attempt may succeed.
    Passing(String),
}

impl Trouble {
    fn lasting(reason: impl Into<String>, help: Option<&'static str>) -> Trouble {
        Trouble::Lasting(Failure::Remote { reason: reason.into(), help })
    }
}

impl Client {
    pub fn new(shared: Arc<Shared>, limits: Limits) -> Client {
        Client { permits: Semaphore::new(CONCURRENT), shared, limits, stops: true }
    }

    /// A client for what is left to do after a run was cancelled: few seconds, and nothing stops it.
    pub fn last_words(&self) -> Client {
        let limits = Limits { silence: LAST.min(self.limits.silence), total: LAST.min(self.limits.total) };
        Client { stops: false, ..Client::new(self.shared.clone(), limits) }
    }

    fn is_cancelled(&self) -> bool {
        self.stops && self.shared.is_cancelled()
    }

    /// Waits for a sign of the server, no longer than it may be silent.
    pub async fn wait<T>(&self, sign: impl Future<Output = T>) -> Result<T, Trouble> {
        self.wait_moving(Moved::Nothing, sign).await
    }

    /// The same for a sign that comes when bytes have been moved.
    pub async fn wait_moving<T>(&self, moved: Moved, sign: impl Future<Output = T>) -> Result<T, Trouble> {
        let (begun, silence) = (Instant::now(), self.limits.silence + moved.time());
        tokio::pin!(sign);
        loop {
            let left = silence.saturating_sub(begun.elapsed());
            if let Ok(came) = tokio::time::timeout(GLANCE.min(left), &mut sign).await {
                return Ok(came);
            }
            if self.is_cancelled() {
                return Err(Trouble::lasting(INTERRUPTED, None));
            }
            if begun.elapsed() >= silence {
                let silence = silence.as_secs_f64();
                return Err(Trouble::Passing(format!("the server said nothing for {silence} s")));
            }
        }
    }

    /// Begins to count attempts at a request.
    pub fn attempts(&self) -> Attempts<'_> {
        self.shared.counts.requests.fetch_add(1, Ordering::Relaxed);
        Attempts { client: self, begun: Instant::now(), failed: 0, wait: WAITS.0 }
    }

    pub fn received(&self, bytes: usize) {
        self.shared.counts.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn sent(&self, bytes: usize) {
        self.shared.counts.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// The attempts at one request.
pub(super) struct Attempts<'c> {
    client: &'c Client,
    begun: Instant,
    failed: u32,
    wait: f64,
}

impl Attempts<'_> {
    /// After an attempt that failed: waits until the next may begin. Whether the key is there at all, of one that is not.
    ///
    /// # Errors
    /// There is no point in another.
    pub async fn again(&mut self, trouble: Trouble) -> Result<Next, Failure> {
        let reason = match trouble {
            Trouble::Absent => return Ok(Next::Absent),
            Trouble::Lasting(failure) => return Err(failure),
            Trouble::Passing(reason) => reason,
        };
        self.failed += 1;
        let wait = Duration::from_secs_f64(self.wait);
        let late = self.begun.elapsed() + wait > self.client.limits.total;
        if late || self.failed > RETRIES {
            let (times, took) = (self.failed, self.begun.elapsed().as_secs_f64());
            let tried = if times == 1 { "once".to_owned() } else { format!("{times} times in {took:.0} s") };
            let help = Some("it may pass: run the script again when the storage answers");
            return Err(Failure::Remote { reason: format!("{reason} (tried {tried})"), help });
        }
        let until = Instant::now() + wait;
        while Instant::now() < until {
            if self.client.is_cancelled() {
                return Err(Failure::Remote { reason: INTERRUPTED.into(), help: None });
            }
            tokio::time::sleep(GLANCE.min(until.saturating_duration_since(Instant::now()))).await;
        }
        let (shortest, longest, growth) = WAITS;
        self.wait = (shortest + random() * (self.wait * growth - shortest)).min(longest);
        let counts = &self.client.shared.counts;
        counts.requests.fetch_add(1, Ordering::Relaxed);
        counts.retries.fetch_add(1, Ordering::Relaxed);
        Ok(Next::Attempt)
    }
}

/// What follows an attempt that failed.
pub(super) enum Next {
    /// Another.
    Attempt,
    /// None: nothing is there.
    Absent,
}

/// A number between zero and one; the standard library seeds its hashes at random.
fn random() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

impl From<object_store::Error> for Trouble {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error as E;
        const CREDENTIALS: &str =
            "check the credentials and the region, or read a public bucket with `skip_signature: true`";
        const DENIED: &str = "the credentials may not do this; a storage that hides its list of keys also answers so for keys that \
                              are not there";
        let text = chain(&error);
        let code = code(&text).map(|code| format!(" ({code})")).unwrap_or_default();
        match &error {
            E::NotFound { .. } if text.contains("NoSuchBucket") => Trouble::lasting("there is no such bucket", None),
            E::NotFound { .. } => Trouble::Absent,
            E::PermissionDenied { .. } => {
                Trouble::lasting(format!("access is denied: 403 Forbidden{code}"), Some(DENIED))
            }
            E::Unauthenticated { .. } => {
                Trouble::lasting(format!("access is denied: 401 Unauthorized{code}"), Some(CREDENTIALS))
            }
            E::AlreadyExists { .. } => Trouble::Passing(format!("the server answered 409 Conflict{code}")),
            E::Precondition { .. } | E::NotModified { .. } => {
                Trouble::lasting("it has changed while it was read", None)
            }
            E::InvalidPath { .. } => Trouble::lasting("no object can have this key", None),
            E::NotSupported { .. } | E::NotImplemented { .. } => {
                Trouble::lasting("this storage does not offer what is asked of it", None)
            }
            _ => generic(&error, &text, &code),
        }
    }
}

/// Errors that object_store has no names for.
fn generic(error: &object_store::Error, text: &str, code: &str) -> Trouble {
    const RANGES: &str = "copy the file here, or serve it by a server that knows ranges";
    if let Some(status) = status(text) {
        let answered = format!("the server answered {status}{code}");
        return match status {
            408 | 425 | 429 | 500..600 => Trouble::Passing(answered),
            200 => Trouble::Passing("the server answered 200 and reported an error".to_owned()),
            300..400 => {
                Trouble::lasting(answered, Some("the bucket may lie in another region: name it with `region: …`"))
            }
            416 => Trouble::lasting("it is shorter than it was", None),
            _ => Trouble::lasting(answered, None),
        };
    }
    if text.contains("non-partial response") {
        return Trouble::lasting("the server does not answer requests for parts of a file", Some(RANGES));
    }
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(at) = source {
        if let Some(http) = at.downcast_ref::<HttpError>() {
            return Trouble::Passing(
                match http.kind() {
                    HttpErrorKind::Connect => "no connection can be made",
                    HttpErrorKind::Timeout => "the server did not answer in time",
                    HttpErrorKind::Decode => "the answer broke off or cannot be understood",
                    _ => "the connection broke",
                }
                .to_owned(),
            );
        }
        source = at.source();
    }
    const CREDENTIALS: &str = "give them by the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`), by a profile, or by `storage_options`; a public \
                               bucket is read with `skip_signature: true`";
    match text.contains("redential") || text.contains("metadata endpoint") || text.contains("token") {
        true => Trouble::lasting("no credentials were found that the storage takes", Some(CREDENTIALS)),
        false => Trouble::Passing("the answer of the server cannot be understood".to_owned()),
    }
}

/// The texts of an error and its causes. Only looked into, never shown.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(at) = source {
        text.push('\n');
        text.push_str(&at.to_string());
        source = at.source();
    }
    text
}

/// The status of an answer that was none of success.
fn status(text: &str) -> Option<u16> {
    if text.contains("Received redirect without LOCATION") {
        return Some(301);
    }
    if text.contains("Server returned error response") {
        return Some(200);
    }
    let after = text.split("status code: ").nth(1)?;
    after.get(..3)?.parse().ok()
}

/// The code of an error in the answer of S3 and its like: `<Code>SlowDown</Code>`.
fn code(text: &str) -> Option<&str> {
    let code = text.split("<Code>").nth(1)?.split("</Code>").next()?;
    (code.len() <= 40 && code.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_of_answers_are_told() {
        let body = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIASECRET</AWSAccessKeyId></Error>";
        let text = format!("Server returned non-2xx status code: 403 Forbidden: {body}");
        assert_eq!((status(&text), code(&text)), (Some(403), Some("SignatureDoesNotMatch")));
        let source = text.into();
        let error = object_store::Error::PermissionDenied { path: "k".into(), source };
        let Trouble::Lasting(failure) = Trouble::from(error) else { panic!("it lasts") };
        assert_eq!(failure.to_string(), "access is denied: 403 Forbidden (SignatureDoesNotMatch)");
        assert_eq!(code("<Code>a b</Code>"), None);
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let generic = |text: &str| object_store::Error::Generic { store: "S3", source: text.to_owned().into() };
        for (text, passes) in [
            ("Server returned non-2xx status code: 503 Service Unavailable: <Code>SlowDown</Code>", true),
            ("Server returned non-2xx status code: 429 Too Many Requests: ", true),
            ("Server returned non-2xx status code: 400 Bad Request: ", false),
            ("Server returned error response: InternalError", true),
            ("Received non-partial response when range requested", false),
            ("no credentials in the chain: Credential", false),
        ] {
            assert_eq!(matches!(Trouble::from(generic(text)), Trouble::Passing(_)), passes, "{text}");
        }
    }

    fn client(silence: f64) -> Client {
        let limits = Limits { silence: Duration::from_secs_f64(silence), total: Duration::ZERO };
        Client::new(Arc::default(), limits)
    }

    #[test]
    fn a_server_may_be_silent_as_long_as_a_slow_link_takes() {
        let client = client(0.05);
        let after = |seconds: f64| tokio::time::sleep(Duration::from_secs_f64(seconds));
        runtime().block_on(async {
            assert!(client.wait_moving(Moved::Sent(1_000_000), after(0.3)).await.is_ok());
            assert!(client.wait_moving(Moved::There(100_000_000), after(0.3)).await.is_ok());
            for moved in [Moved::Nothing, Moved::Sent(1000), Moved::There(100_000)] {
                let trouble = client.wait_moving(moved, after(5.0)).await.unwrap_err();
                assert!(matches!(&trouble, Trouble::Passing(text) if text.contains("said nothing")), "{trouble:?}");
            }
        });
    }

    #[test]
    fn a_cancelled_run_waits_for_nothing_but_its_last_step() {
        let client = client(1.0);
        let cancel = Cancel::default();
        *client.shared.cancel.lock().unwrap() = Some(cancel.clone());
        cancel.cancel();
        let soon = || async { tokio::time::sleep(GLANCE * 3).await };
        let stopped = runtime().block_on(client.wait(soon())).unwrap_err();
        assert!(matches!(stopped, Trouble::Lasting(failure) if failure.to_string() == INTERRUPTED));
        cancel.settle();
        assert!(runtime().block_on(client.wait(soon())).is_ok());
    }
}
