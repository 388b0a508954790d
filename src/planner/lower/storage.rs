//! Storages: places where named results are kept, and how values of each kind are kept there.

use std::collections::BTreeMap;

use super::call::listed;
use super::member::member_help;
use super::scope::Item;
use super::sink_options::SinkOptions;
use super::{Lowerer, Lowering};
use crate::parser::ast::{self, ExprKind, Field, Name};
use crate::planner::error::{KindError, PersistError, PlanError};
use crate::planner::persist::{Serializer, ValueKind};
use crate::source::Span;

/// The schemes that the language knows.
const SCHEMES: [&str; 4] = ["local", "s3", "hdfs", "open"];

/// A storage of the script.
pub(super) struct Storage {
    /// Its name.
    pub name: String,
    /// Its scheme.
    pub scheme: &'static str,
    /// Its URL.
    pub root: String,
    /// How values of some kinds are kept, where the script says.
    pub kept: BTreeMap<ValueKind, (String, SinkOptions)>,
}

/// The kind of values that a field of a storage is about.
fn kind_of(field: &Field) -> Option<ValueKind> {
    ValueKind::ALL.into_iter().find(|kind| kind.name() == field.key.value)
}

impl Lowerer<'_> {
    /// `storage NAME = local(DIR) {options}`
    pub(super) fn storage(&mut self, storage: &ast::Storage) {
        let item = self.storage_item(storage).map(Item::Storage);
        self.bind(&storage.name, item);
    }

    fn storage_item(&mut self, storage: &ast::Storage) -> Lowering<usize> {
        let target = &storage.target;
        let scheme = self.scheme(&target.format);
        let place = self.place(target, false);
        let (scheme, place) = (scheme?, place?);
        if let Some(path) = &place.path {
            let message = "a storage has no path within".to_owned();
            let help = Some("a folder of its own is a storage of its own".to_owned());
            return self.fail(PersistError::Option { message, at: path.span, label: "one too many".into(), help });
        }
        let root = place.urls.into_iter().next().unwrap_or_default();
        let scheme = self.scheme_of(scheme, &root, target.span)?;
        let is_kind = |field: &&Field| scheme == "local" || kind_of(field).is_some();
        let (kinds, options): (Vec<&Field>, Vec<&Field>) = target.options.iter().partition(is_kind);
        let kept = self.kept_kinds(&kinds)?;
        if !options.is_empty() {
            let options = self.storage_fields(&options)?;
            self.set_storage_of(&root, &options, target.span)?;
        }
        let name = storage.name.value.clone();
        self.storages.push(Storage { name, scheme, root, kept });
        Ok(self.storages.len() - 1)
    }

    fn scheme(&mut self, format: &Name) -> Lowering<&'static str> {
        match SCHEMES.into_iter().find(|scheme| *scheme == format.value) {
            Some(scheme) => Ok(scheme),
            None => {
                let (place, found) = ("a storage".to_owned(), format!("`{}`", format.value));
                let help = member_help(&format.value, &SCHEMES, "storages are");
                let expected = format!("one of {}", listed(&SCHEMES));
                self.fail(KindError::Expected { place, expected, found, at: format.span, help })
            }
        }
    }

    /// The scheme of a storage that is there; `open` goes by the URL.
    fn scheme_of(&mut self, scheme: &'static str, root: &str, at: Span) -> Lowering<&'static str> {
        let by_url = root.split_once("://").map_or("local", |(scheme, _)| scheme);
        let scheme = match (scheme, by_url) {
            ("open", "local" | "file") => "local",
            ("open", other) => SCHEMES.into_iter().find(|scheme| *scheme == other).unwrap_or("open"),
            (scheme, _) => scheme,
        };
        match scheme {
            "hdfs" => self.unsupported("storages on `hdfs` are".to_owned(), at),
            scheme => Ok(scheme),
        }
    }

    fn unsupported<T>(&mut self, what: String, at: Span) -> Lowering<T> {
        let help = Some("keep results in a folder: `local(\"results\")`".to_owned());
        self.fail(PlanError::Unsupported { what, at, help })
    }

    /// A storage, where results can be kept there.
    pub(super) fn for_results(&mut self, storage: usize, at: Span) -> Lowering<usize> {
        let Storage { scheme, root, .. } = &self.storages[storage];
        if self.catalog.results().is_some_and(|results| results.schemes().contains(scheme)) {
            return Ok(storage);
        }
        let what = format!("results kept at `{root}` are");
        self.unsupported(what, at)
    }

    /// `{ array: zarr { codec: zstd(9) }, scalar: json }`
    fn kept_kinds(&mut self, fields: &[&Field]) -> Lowering<BTreeMap<ValueKind, (String, SinkOptions)>> {
        let mut kept = BTreeMap::new();
        let mut sound = Ok(());
        for field in fields {
            let names = ValueKind::ALL.map(ValueKind::name);
            let Some(kind) = kind_of(field) else {
                let message = format!("a storage has no option `{}`", field.key.value);
                let help = member_help(&field.key.value, &names, "it takes a format for each kind of value:");
                let (at, label) = (field.key.span, "no such option".to_owned());
                sound = self.fail(PersistError::Option { message, at, label, help });
                continue;
            };
            match self.kept_as(kind, field) {
                Ok(how) => drop(kept.insert(kind, how)),
                Err(poisoned) => sound = Err(poisoned),
            }
        }
        sound.map(|()| kept)
    }

    /// `zarr { codec: zstd(9) }`
    fn kept_as(&mut self, kind: ValueKind, field: &Field) -> Lowering<(String, SinkOptions)> {
        let (format, options) = match &field.value.kind {
            ExprKind::Configured { target, options } => (&**target, options.as_slice()),
            _ => (&field.value, &[][..]),
        };
        let at = format.span;
        let name = self.word(format, "the format of a storage")?;
        let serializer = self.serializer(&name, kind, at)?;
        if let Some(other) = options.iter().find(|o| !serializer.options.contains(&o.key.value.as_str())) {
            let message = format!("results kept as `{name}` have no option `{}`", other.key.value);
            let help = match serializer.options {
                [] => Some(format!("`{name}` takes none")),
                options => member_help(&other.key.value, options, "its options here are"),
            };
            let (at, label) = (other.key.span, "no such option".to_owned());
            return self.fail(PersistError::Option { message, at, label, help });
        }
        Ok((name, self.sink_options(options)?))
    }

    /// A serializer that takes values of a kind.
    fn serializer(&mut self, name: &str, kind: ValueKind, at: Span) -> Lowering<Serializer> {
        let all = self.catalog.results().map(|results| results.serializers()).unwrap_or_default();
        if let Some(found) = all.iter().find(|row| row.format == name && row.kinds.contains(&kind)) {
            return Ok(*found);
        }
        let fitting: Vec<&str> = all.iter().filter(|row| row.kinds.contains(&kind)).map(|row| row.format).collect();
        let of_kind = format!("{}s are kept as", kind.name());
        let message = match all.iter().any(|row| row.format == name) {
            true => format!("`{name}` keeps no {}s", kind.name()),
            false => format!("no result is kept as `{name}`"),
        };
        let help = member_help(name, &fitting, &of_kind);
        self.fail(PersistError::Option { message, at, label: "not a format of results".into(), help })
    }

    /// The format and the options by which a storage keeps values of a kind.
    pub(super) fn kept_in(&mut self, storage: usize, kind: ValueKind, at: Span) -> Lowering<(String, SinkOptions)> {
        let Storage { scheme, kept, .. } = &self.storages[storage];
        if let Some((format, options)) = kept.get(&kind) {
            return Ok((format.clone(), options.clone()));
        }
        let all = self.catalog.results().map(|results| results.serializers()).unwrap_or_default();
        let default = all.into_iter().find(|row| row.default_for.contains(&(*scheme, kind)));
        match default {
            Some(row) => Ok((row.format.to_owned(), SinkOptions::default())),
            None => {
                let message = format!("nothing says how a {} is kept there", kind.name());
                let help = Some(format!("say it at the storage: `{{ {}: zarr }}`", kind.name()));
                self.fail(PersistError::Option { message, at, label: "kept here".into(), help })
            }
        }
    }
}
