//! From a URL and options to a storage.
//!
//! A row of [`SCHEMES`] says what its storages offer, which options they take and how one is set up. Options come from
//! `storage_options: { … }` of a source or sink, from a `storage` statement whose URL the others begin with, and from the
//! environment, in this order. They are kept here and go nowhere else: locations, plans and messages hold URLs alone, and
//! URLs may hold no credentials.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::memory::InMemory;
use object_store::{BackoffConfig, ClientOptions, HeaderMap, HeaderValue, ObjectStore, RetryConfig};

use super::remote::{Offers, Remote};
use super::requests::{Client, Limits, Shared, Traffic};
use super::{Place, Storage, local, profile};
use crate::operators::error::closest;
use crate::planner::catalog::{CatalogError, StorageOptions};
use crate::runtime::Cancel;

/// One row of [`SCHEMES`].
pub struct Scheme {
    /// What stands before `://`.
    pub name: &'static str,
    /// One line on what it is.
    pub summary: &'static str,
    /// The options its storages take, and what each is for.
    pub options: &'static [(&'static str, &'static str)],
    kind: SchemeKind,
}

enum SchemeKind {
    Local,
    Remote(Offers, Connect),
}

/// Sets up the store of a bucket (or server) with options.
type Connect = fn(&str, &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError>;

const STORE: Offers = Offers { lists: true, writes: true, suffixes: true };
const SERVER: Offers = Offers { lists: false, writes: false, suffixes: true };

/// Options of every remote storage.
const LIMITS: [(&str, &str); 2] = [
    ("timeout", "seconds a server may be silent before another attempt, 30"),
    ("retry_timeout", "seconds in which a request that fails is tried again, 240"),
];

/// All schemes; a URL without one is a path.
pub static SCHEMES: &[Scheme] = &[
    Scheme { name: "file", summary: "files and folders of this machine", options: &[], kind: SchemeKind::Local },
    Scheme {
        name: "s3",
        summary: "buckets of S3 and of stores that speak its language",
        options: &[
            ("endpoint", "the URL of the server, where it is not that of AWS"),
            ("region", "the region of the bucket"),
            ("profile", "the profile whose keys are taken from `~/.aws`"),
            ("access_key_id", "the key"),
            ("secret_access_key", "its secret"),
            ("session_token", "the token of a temporary key"),
            ("skip_signature", "reads a public bucket, without credentials"),
            ("virtual_hosted_style_request", "puts the bucket into the host's name and not into the path"),
            ("request_payer", "lets the reader pay"),
        ],
        kind: SchemeKind::Remote(STORE, s3),
    },
    Scheme {
        name: "gs",
        summary: "buckets of Google Cloud Storage",
        options: &[
            ("service_account", "the path of the key of a service account"),
            ("bearer_token", "a token"),
            ("base_url", "the URL of the server, where it is not Google's"),
            ("skip_signature", "reads a public bucket, without credentials"),
        ],
        kind: SchemeKind::Remote(STORE, gs),
    },
    Scheme {
        name: "az",
        summary: "containers of Azure Blob Storage",
        options: &[
            ("account_name", "the storage account"),
            ("account_key", "its key"),
            ("sas_token", "a shared access signature"),
            ("bearer_token", "a token"),
            ("endpoint", "the URL of the server, where it is not Azure's"),
            ("skip_signature", "reads a public container, without credentials"),
        ],
        kind: SchemeKind::Remote(Offers { suffixes: false, ..STORE }, az),
    },
    Scheme {
        name: "https",
        summary: "files of a web server, read only",
        options: &[("bearer_token", "a token")],
        kind: SchemeKind::Remote(SERVER, https),
    },
    Scheme {
        name: "http",
        summary: "files of a web server, read only",
        options: &[("bearer_token", "a token")],
        kind: SchemeKind::Remote(SERVER, http),
    },
    Scheme {
        name: "memory",
        summary: "the memory of this process, for tests",
        options: &[],
        kind: SchemeKind::Remote(STORE, memory),
    },
];

/// The beginning of the URLs of a storage, and the number of the options it is set up with.
type Root = (String, Option<usize>);

/// The storages of a run, set up as they are needed.
#[derive(Default)]
pub struct Storages {
    shared: Arc<Shared>,
    /// Options by the beginnings of URLs they are for.
    settings: Mutex<Vec<(String, StorageOptions)>>,
    open: Mutex<BTreeMap<Root, Arc<dyn Storage>>>,
}

impl Storages {
    /// Takes `options` for URLs that begin with `prefix`, up to a slash.
    ///
    /// # Errors
    /// The URL has no storage that takes options, an option is not known, or other options were said for the same.
    pub fn set(&self, prefix: &str, options: &StorageOptions) -> Result<(), CatalogError> {
        let (scheme, _) = split(prefix)?;
        for (name, value) in options.iter() {
            check_option(scheme, name)?;
            check_endpoint(name, value)?;
        }
        let prefix = prefix.trim_end_matches('/');
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        match settings.iter().find(|(known, _)| known == prefix) {
            Some((_, known)) if known == options => Ok(()),
            Some(_) => {
                let message = format!("`{prefix}` was given other options before");
                Err(CatalogError::new("ff::storage::options", message)
                    .with_help("say them once, in a `storage` statement with the beginning that the URLs share"))
            }
            None => {
                settings.push((prefix.to_owned(), options.clone()));
                Ok(())
            }
        }
    }

    /// What a URL names.
    ///
    /// # Errors
    /// There is no such scheme, the URL is malformed or holds credentials, or the storage cannot be set up.
    pub fn place(&self, url: &str) -> Result<Place, CatalogError> {
        if url.is_empty() {
            return Err(CatalogError::new("ff::source::not_found", "the path is empty"));
        }
        let (scheme, rest) = split(url)?;
        let SchemeKind::Remote(offers, connect) = &scheme.kind else {
            let key = if url.contains("://") {
                percent_decoded(rest.strip_prefix("localhost").unwrap_or(rest))
            } else {
                rest.to_owned()
            };
            return Ok(Place { storage: local::storage(), key });
        };
        let (host, key) = rest.split_once('/').unwrap_or((rest, ""));
        check_url(scheme, host, key)?;
        let key = key.trim_matches('/');
        let key = if scheme.name.starts_with("http") { percent_decoded(key) } else { key.to_owned() };
        let (number, options) = self.options(url);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let root = format!("{}://{host}/", scheme.name);
        let storage = match open.get(&(root.clone(), number)) {
            Some(storage) => storage.clone(),
            None => {
                let store = connect(host, &options)?;
                let client = Arc::new(Client::new(self.shared.clone(), limits(&options)?));
                let storage: Arc<dyn Storage> = Arc::new(Remote { store, client, root: root.clone(), offers: *offers });
                open.insert((root, number), storage.clone());
                storage
            }
        };
        Ok(Place { storage, key })
    }

    /// The options of the longest beginning of a URL that has any.
    fn options(&self, url: &str) -> (Option<usize>, StorageOptions) {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let begins =
            |prefix: &str| url.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let found = settings.iter().enumerate().filter(|(_, (prefix, _))| begins(prefix));
        match found.max_by_key(|(_, (prefix, _))| prefix.len()) {
            Some((number, (_, options))) => (Some(number), options.clone()),
            None => (None, StorageOptions::default()),
        }
    }

    /// What was asked of remote storages so far.
    pub fn traffic(&self) -> Traffic {
        self.shared.counts.so_far()
    }

    /// Lets requests end when a run is cancelled.
    pub fn stop_with(&self, cancel: &Cancel) {
        *self.shared.cancel.lock().unwrap_or_else(PoisonError::into_inner) = Some(cancel.clone());
    }
}

/// The scheme of a URL and what follows it.
fn split(url: &str) -> Result<(&'static Scheme, &str), CatalogError> {
    let local = &SCHEMES[0];
    let Some((name, rest)) = url.split_once("://") else { return Ok((local, url)) };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b)) {
        return Ok((local, url));
    }
    match SCHEMES.iter().find(|scheme| scheme.name == name) {
        Some(scheme) => Ok((scheme, rest)),
        None => {
            let names: Vec<&str> = SCHEMES.iter().map(|scheme| scheme.name).collect();
            let error =
                CatalogError::new("ff::storage::scheme", format!("there are no storages of the scheme `{name}`"));
            Err(error.with_help(match closest(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}://…`?"),
                None => format!("schemes are {}; what lies elsewhere has to be copied here", names.join(", ")),
            }))
        }
    }
}

/// Refuses URLs that would carry credentials into plans and attributes, and those that name nothing.
fn check_url(scheme: &Scheme, host: &str, key: &str) -> Result<(), CatalogError> {
    let refused = |message: &str, help: &str| {
        Err(CatalogError::new("ff::storage::url", message.to_owned()).with_help(help.to_owned()))
    };
    if host.contains('@') {
        return refused(
            "a URL holds no credentials: it is shown in plans and written to attributes",
            "give them by the environment, or by `storage_options: { … }`",
        );
    }
    if scheme.name.starts_with("http") && [host, key].iter().any(|part| part.contains(['?', '#'])) {
        return refused(
            "a URL of a web server has no part after `?` or `#` here: it may be a signature, and URLs are shown in plans",
            "name the file alone; a token is given by `storage_options: { bearer_token: … }`",
        );
    }
    match host.is_empty() {
        true => refused(
            &format!(
                "`{}://` is followed by no {}",
                scheme.name,
                if scheme.name.starts_with("http") { "server" } else { "bucket" }
            ),
            "write it as `s3://bucket/key`",
        ),
        false => Ok(()),
    }
}

fn check_option(scheme: &Scheme, name: &str) -> Result<(), CatalogError> {
    let limits = if matches!(scheme.kind, SchemeKind::Local) { &[][..] } else { &LIMITS[..] };
    let names: Vec<&str> = scheme.options.iter().chain(limits).map(|(name, _)| *name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let title = scheme.name;
    let error = CatalogError::new("ff::storage::options", format!("storages of `{title}` have no option `{name}`"));
    Err(match closest(name, names.iter().copied()) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None if names.is_empty() => error.with_help("they have none"),
        None => error.with_help(format!("their options are {}", names.join(", "))),
    })
}

/// Refuses the URL of a server that would carry credentials into errors of its clients.
fn check_endpoint(name: &str, value: &str) -> Result<(), CatalogError> {
    let authority = value.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    match authority.contains('@') {
        true => Err(bad(name, "a URL holds no credentials here: give them as options of their own")),
        false => Ok(()),
    }
}

fn limits(options: &StorageOptions) -> Result<Limits, CatalogError> {
    let seconds = |name: &str, default: Duration| match options.get(name) {
        None => Ok(default),
        Some(text) => match text.parse::<f64>().ok().filter(|s| (0.0..=86400.0).contains(s)) {
            Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
            None => Err(bad(name, "it takes a number of seconds, up to a day")),
        },
    };
    let default = Limits::default();
    Ok(Limits { silence: seconds("timeout", default.silence)?, total: seconds("retry_timeout", default.total)? })
}

fn bad(name: &str, help: &str) -> CatalogError {
    CatalogError::new("ff::storage::options", format!("the option `{name}` of the storage cannot be what it is"))
        .with_help(help.to_owned())
}

/// Attempts are made, timed and counted by [`requests`](super::requests).
fn retry() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 0, retry_timeout: Duration::ZERO }
}

fn client(plain: bool) -> ClientOptions {
    static CRYPTOGRAPHY: Once = Once::new();
    CRYPTOGRAPHY.call_once(|| {
        // Fails where a program that embeds us has chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    ClientOptions::new()
        .with_allow_http(plain)
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(10))
        .with_user_agent(HeaderValue::from_static(concat!("functionfuse/", env!("CARGO_PKG_VERSION"))))
}

fn is_plain(endpoint: Option<String>) -> bool {
    endpoint.is_some_and(|endpoint| endpoint.to_ascii_lowercase().starts_with("http://"))
}

/// The error of a store that cannot be set up; what object_store says may hold what was given.
fn unset(name: &str) -> impl Fn(object_store::Error) -> CatalogError {
    let message = format!("the storage of `{name}` cannot be set up with its options and the environment");
    move |_| {
        CatalogError::new("ff::storage::options", message.clone())
            .with_help("look at the endpoint, the keys and, for booleans, that they are `true` or `false`")
    }
}

fn s3(bucket: &str, options: &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError> {
    let mut builder = AmazonS3Builder::from_env();
    for (name, value) in profile::settings(options.get("profile"))? {
        builder = builder.with_config(name, value);
    }
    for (name, value) in options.iter().filter(|(name, _)| is_of_the_store(name) && *name != "profile") {
        let key: AmazonS3ConfigKey = name.parse().map_err(unset(bucket))?;
        builder = builder.with_config(key, value);
    }
    let plain = is_plain(builder.get_config_value(&AmazonS3ConfigKey::Endpoint))
        || is_plain(builder.get_config_value(&AmazonS3ConfigKey::S3Endpoint));
    let store = builder.with_bucket_name(bucket).with_client_options(client(plain)).with_retry(retry()).build();
    Ok(Arc::new(store.map_err(unset(bucket))?))
}

fn gs(bucket: &str, options: &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError> {
    let mut builder = GoogleCloudStorageBuilder::from_env();
    for (name, value) in options.iter().filter(|(name, _)| is_of_the_store(name)) {
        let key: GoogleConfigKey = name.parse().map_err(unset(bucket))?;
        builder = builder.with_config(key, value);
    }
    let plain = is_plain(options.get("base_url").map(str::to_owned));
    let store = builder.with_bucket_name(bucket).with_client_options(client(plain)).with_retry(retry()).build();
    Ok(Arc::new(store.map_err(unset(bucket))?))
}

fn az(container: &str, options: &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError> {
    let mut builder = MicrosoftAzureBuilder::from_env();
    for (name, value) in options.iter().filter(|(name, _)| is_of_the_store(name)) {
        let key: AzureConfigKey = name.parse().map_err(unset(container))?;
        builder = builder.with_config(key, value);
    }
    let plain = is_plain(builder.get_config_value(&AzureConfigKey::Endpoint));
    let store = builder.with_container_name(container).with_client_options(client(plain)).with_retry(retry()).build();
    Ok(Arc::new(store.map_err(unset(container))?))
}

fn http(host: &str, options: &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError> {
    server("http", host, options)
}

fn https(host: &str, options: &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError> {
    server("https", host, options)
}

fn server(scheme: &str, host: &str, options: &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError> {
    let mut client = client(scheme == "http");
    if let Some(token) = options.get("bearer_token") {
        let mut header =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| bad("bearer_token", "it is no token"))?;
        header.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", header);
        client = client.with_default_headers(headers);
    }
    let store =
        HttpBuilder::new().with_url(format!("{scheme}://{host}/")).with_client_options(client).with_retry(retry());
    Ok(Arc::new(store.build().map_err(unset(host))?))
}

fn memory(name: &str, _: &StorageOptions) -> Result<Arc<dyn ObjectStore>, CatalogError> {
    static STORES: LazyLock<Mutex<BTreeMap<String, Arc<InMemory>>>> = LazyLock::new(Mutex::default);
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(stores.entry(name.to_owned()).or_default().clone())
}

/// Whether an option is one of object_store's, and not of [`LIMITS`].
fn is_of_the_store(name: &str) -> bool {
    LIMITS.iter().all(|(limit, _)| *limit != name)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        let error = Storages::default().place(url).err().unwrap_or_else(|| panic!("{url} is taken"));
        format!("{}: {} / {}", error.code, error.message, error.help.unwrap_or_default())
    }

    #[test]
    fn urls_name_places() {
        let storages = Storages::default();
        for (url, key, shown) in [
            ("a/b.nc", "a/b.nc", "a/b.nc"),
            ("file:///a%20b.nc", "/a b.nc", "/a b.nc"),
            ("memory://m/a/b.zarr/", "a/b.zarr", "memory://m/a/b.zarr"),
            ("http://localhost:1/a%20b/c", "a b/c", "http://localhost:1/a b/c"),
            ("a b://c", "a b://c", "a b://c"),
        ] {
            let place = storages.place(url).unwrap();
            assert_eq!((place.key.as_str(), place.to_string().as_str()), (key, shown));
        }
        let place = storages.place("memory://m/a/b.zarr").unwrap();
        assert_eq!(place.join("t/c/0").to_string(), "memory://m/a/b.zarr/t/c/0");
        assert_eq!((place.name(), place.extension()), ("b.zarr", "zarr".to_owned()));
        let above = [place.parent(), place.parent().and_then(|p| p.parent())].map(|p| p.unwrap().to_string());
        assert_eq!(above, ["memory://m/a", "memory://m/"]);
        assert!(storages.place("memory://m").unwrap().parent().is_none());
    }

    #[test]
    fn urls_carry_no_credentials() {
        insta::assert_snapshot!(
            ["s3://KEY:SECRET@bucket/key", "https://host/x?sig=SECRET", "s3://", "hdfs://a/b", "ss3://a/b"]
                .map(refusal)
                .join("\n")
        );
    }

    #[test]
    fn options_belong_to_beginnings_of_urls() {
        let storages = Storages::default();
        let with = |name: &str, value: &str| StorageOptions::from([(name.to_owned(), value.to_owned())]);
        storages.set("s3://a", &with("region", "one")).unwrap();
        storages.set("s3://a/b/", &with("region", "two")).unwrap();
        let region = |url: &str| storages.options(url).1.get("region").map(str::to_owned);
        assert_eq!(region("s3://a/x").as_deref(), Some("one"));
        assert_eq!(region("s3://a/b/c").as_deref(), Some("two"));
        assert_eq!(region("s3://a/bc").as_deref(), Some("one"));
        assert_eq!(region("s3://ab"), None);
        storages.set("s3://a", &with("region", "one")).unwrap();
        for (prefix, options) in [
            ("s3://a", with("region", "three")),
            ("s3://c", with("anon", "true")),
            ("s3://c", with("secret_acess_key", "SECRET")),
            ("folder", with("region", "one")),
            ("s3://d", with("endpoint", "http://me:SECRET@localhost:9000")),
        ] {
            let error = storages.set(prefix, &options).unwrap_err();
            assert_eq!(error.code, "ff::storage::options");
            let text = format!("{error:?} {options:?}");
            assert!(!text.contains("SECRET") && !text.contains("three"), "{text}");
        }
    }
}
