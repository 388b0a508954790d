//! What stands in the parentheses and braces of a source.

use std::collections::BTreeSet;

use super::call::listed;
use super::member::member_help;
use super::{Lowerer, Lowering};
use crate::array::DimName;
use crate::operators::selection::JOINS;
use crate::operators::{Value, error::closest};
use crate::parser::ast::{BinaryOp, Expr, ExprKind, Field, Target};
use crate::planner::catalog::{StorageOptions, Stored, StoredArray, StoredGroup};
use crate::planner::error::{EdgeError, KindError};
use crate::planner::graph::Missing;
use crate::source::{Span, Spanned};

/// The options there are.
const OPTIONS: [&str; 10] =
    ["dims", "decode", "concat", "missing", "stack", "labels", "order", "join", "compat", "storage_options"];

/// How a source is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceOptions {
    /// Names for the dims of arrays whose file gives them none.
    pub dims: Option<Spanned<Vec<DimName>>>,
    /// Whether CF attributes are applied.
    pub decode: bool,
    /// The dim along which files are joined.
    pub concat: Option<Spanned<DimName>>,
    /// What chunks mean that were never written.
    pub missing: Missing,
    /// The new dim along which files lie one over the other.
    pub stack: Option<Spanned<DimName>>,
    /// The labels of that dim.
    pub labels: Option<Spanned<Value>>,
    /// Whether files are put in the order of their labels.
    pub in_order: bool,
    /// What is done where the labels of other dims differ, as the `join` of `align`.
    pub join: &'static str,
    /// Whether variables that are not joined have to be the same in all files.
    pub compares: bool,
    /// What is said of the storage.
    pub storage: Option<Spanned<StorageOptions>>,
}

impl Default for SourceOptions {
    fn default() -> Self {
        SourceOptions {
            dims: None,
            decode: true,
            concat: None,
            missing: Missing::Fill,
            stack: None,
            labels: None,
            in_order: false,
            join: "exact",
            compares: false,
            storage: None,
        }
    }
}

/// Where a target lies: its URLs and the path within.
pub(super) struct Place {
    /// The URLs, at least one.
    pub urls: Vec<String>,
    /// Whether they were written as a list.
    pub is_list: bool,
    /// The path within.
    pub path: Option<Spanned<String>>,
}

impl Lowerer<'_> {
    /// The arguments of a format: `(URL)` or `(URL, PATH)`.
    pub(super) fn place(&mut self, target: &Target, lists: bool) -> Lowering<Place> {
        if let Some(arg) = target.args.iter().find(|a| a.name.is_some()) {
            let name = arg.name.as_ref().map_or("", |n| &n.value).to_owned();
            let message = format!("`{}` takes a URL and a path within it, not `{name}:`", target.format.value);
            let help = Some(format!("options stand in braces: `{}(\"…\") {{ {name}: … }}`", target.format.value));
            return self.fail(EdgeError::SourceOption { message, at: arg.span(), label: "named".into(), help });
        }
        let (url, path) = match target.args.as_slice() {
            [url] => (url, None),
            [url, path] => (url, Some(path)),
            other => {
                let message = format!("`{}` takes a URL and perhaps a path within it", target.format.value);
                let at = other.get(2).map_or(target.span, |a| a.span());
                let label = if other.is_empty() { "no URL" } else { "one too many" }.to_owned();
                let help = Some(format!("write `{}(\"data.nc\")`", target.format.value));
                return self.fail(EdgeError::SourceOption { message, at, label, help });
            }
        };
        if self.is_bare_path(&url.value) {
            let (place, expected) = ("a URL".to_owned(), "a string".to_owned());
            let help = Some(format!("put it in quotes: `\"{}\"`", self.sources.text(url.value.span)));
            let (found, at) = ("a path without quotes".to_owned(), url.value.span);
            return self.fail(KindError::Expected { place, expected, found, at, help });
        }
        let urls = self.plan_value(&url.value, "a URL");
        let path = path.map(|p| self.text(&p.value, "the path within a file")).transpose();
        let (urls, is_list) = match urls? {
            Value::Str(text) => (vec![text], false),
            Value::List(items) if lists && !items.is_empty() => {
                let mut urls = Vec::new();
                for item in items.iter() {
                    match item {
                        Value::Str(text) => urls.push(text.clone()),
                        other => return self.expected("a URL", "a string", other, url.value.span, None),
                    }
                }
                (urls, true)
            }
            other => {
                let help = Some("write it in quotes, or give a `param` of type `path`".to_owned());
                return self.expected("a URL", "a string", &other, url.value.span, help);
            }
        };
        Ok(Place { urls, is_list, path: path? })
    }

    /// Whether it looks like a path without quotes, `data/air.nc`: names between `/`, `-` and dots of which one means nothing.
    fn is_bare_path(&self, e: &Expr) -> bool {
        let mut parts = vec![e];
        let (mut is_path, mut is_unknown) = (false, false);
        while let Some(part) = parts.pop() {
            match &part.kind {
                ExprKind::Name(name) => is_unknown |= !self.is_visible(name),
                ExprKind::Int(_) => {}
                ExprKind::Member { base, .. } => parts.push(base),
                ExprKind::Binary { op, left, right } if matches!(op.value, BinaryOp::Div | BinaryOp::Sub) => {
                    parts.extend([&**left, &**right]);
                }
                _ => return false,
            }
            is_path |= !matches!(part.kind, ExprKind::Name(_) | ExprKind::Int(_));
        }
        is_path && is_unknown
    }

    /// A text known while planning.
    pub(super) fn text(&mut self, e: &Expr, place: &str) -> Lowering<Spanned<String>> {
        match self.plan_value(e, place)? {
            Value::Str(text) => Ok(Spanned::new(text, e.span)),
            other => self.expected(place, "a string", &other, e.span, None),
        }
    }

    /// A name, written bare or as a text.
    pub(super) fn word(&mut self, e: &Expr, place: &str) -> Lowering<String> {
        match &e.kind {
            ExprKind::Name(name) if !self.is_visible(name) => Ok(name.clone()),
            ExprKind::Name(name) => match self.lookup(name, e.span)? {
                super::scope::Item::Value(Value::Str(text)) => Ok(text),
                _ => Ok(name.clone()),
            },
            _ => match self.plan_value(e, place)? {
                Value::Str(text) => Ok(text),
                other => self.expected(place, "a name", &other, e.span, None),
            },
        }
    }

    /// The options of a source.
    pub(super) fn source_options(&mut self, fields: &[Field]) -> Lowering<SourceOptions> {
        let mut options = SourceOptions::default();
        let mut sound = Ok(());
        for field in fields {
            sound = sound.and(self.source_option(field, &mut options));
        }
        sound.map(|()| options)
    }

    fn source_option(&mut self, field: &Field, options: &mut SourceOptions) -> Lowering<()> {
        let e = &field.value;
        match field.key.value.as_str() {
            "dims" => {
                let ExprKind::List(items) = &e.kind else {
                    return self.bad_option("`dims` takes a list of names", e.span, "write `dims: [t, y, x]`");
                };
                let mut names = Vec::new();
                for item in items {
                    let name = DimName::new(&self.word(item, "the name of a dim")?);
                    if names.contains(&name) {
                        let message = format!("the dim `{name}` is named twice");
                        return self.bad_option(&message, item.span, "names of dims are unique within an array");
                    }
                    names.push(name);
                }
                options.dims = Some(Spanned::new(names, e.span));
            }
            "decode" => match self.plan_value(e, "`decode`")? {
                Value::Bool(decode) => options.decode = decode,
                other => return self.expected("`decode`", "true or false", &other, e.span, None),
            },
            "concat" => {
                let dim = DimName::new(&self.word(e, "`concat`")?);
                options.concat = Some(Spanned::new(dim, e.span));
            }
            "missing" => {
                options.missing = match self.one_of(e, "missing", &["fill", "warn", "error"])? {
                    "warn" => Missing::Warn,
                    "error" => Missing::Error,
                    _ => Missing::Fill,
                };
            }
            "stack" => {
                let dim = DimName::new(&self.word(e, "`stack`")?);
                options.stack = Some(Spanned::new(dim, e.span));
            }
            "labels" => options.labels = Some(Spanned::new(self.value(e)?, e.span)),
            "order" => options.in_order = self.one_of(e, "order", &["given", "labels"])? == "labels",
            "join" => options.join = self.one_of(e, "join", JOINS)?,
            "compat" => options.compares = self.one_of(e, "compat", &["override", "equals"])? == "equals",
            "storage_options" => options.storage = Some(self.storage_options(e)?),
            other => {
                let help = match closest(other, OPTIONS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its options are {}", listed(&OPTIONS)),
                };
                return self.bad_option(&format!("a source has no option `{other}`"), field.key.span, &help);
            }
        }
        Ok(())
    }

    /// One of the words that an option may be.
    fn one_of(&mut self, e: &Expr, option: &str, words: &[&'static str]) -> Lowering<&'static str> {
        let word = self.word(e, &format!("`{option}`"))?;
        if let Some(known) = words.iter().find(|known| **known == word) {
            return Ok(known);
        }
        let help = match closest(&word, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? It is one of {}", listed(words)),
            None => format!("it is one of {}", listed(words)),
        };
        self.bad_option(&format!("`{option}` cannot be `{word}`"), e.span, &help)
    }

    /// The dim along which files are joined must be one of a variable, that along which they are stacked a new one.
    pub(super) fn check_concat(&mut self, dataset: usize) -> Lowering<()> {
        let source = &self.datasets[dataset];
        let options = &source.options;
        if let (Some(_), Some(stack)) = (&options.concat, &options.stack) {
            let at = stack.span;
            let help = "join datasets in the script for more: `stack([open_a, open_b], member)`";
            return self.bad_option("files are joined along a dim, `concat`, or along a new one, `stack`", at, help);
        }
        if let (Some(labels), None) = (&options.labels, &options.stack) {
            let at = labels.span;
            return self.bad_option("`labels` are those of the dim that `stack` names", at, "add `stack: member`");
        }
        let Some(along) = options.concat.clone().or(options.stack.clone()) else { return Ok(()) };
        let is_new = options.stack.is_some();
        let stored = source.files[0].stored.clone();
        let mut arrays = Vec::new();
        match &*stored {
            Stored::Array(array) => arrays.push(array),
            Stored::Group(root) => collect(root, &mut arrays),
        }
        let mut names = BTreeSet::new();
        for array in arrays {
            names.extend(self.dims_of(dataset, array)?);
        }
        if names.contains(&along.value) != is_new {
            return Ok(());
        }
        if is_new {
            let message = format!("the files have a dim `{}` already", along.value);
            let help = format!("files that follow each other along it are joined with `concat: {}`", along.value);
            return self.bad_option(&message, along.span, &help);
        }
        let names: Vec<&str> = names.iter().map(DimName::as_str).collect();
        let help = member_help(along.value.as_str(), &names, "the dims are");
        let message = format!("no variable has the dim `{}`, along which files are to be joined", along.value);
        self.fail(EdgeError::SourceOption { message, at: along.span, label: "no such dim".into(), help })
    }

    fn bad_option<T>(&mut self, message: &str, at: Span, help: &str) -> Lowering<T> {
        let (message, help) = (message.to_owned(), Some(help.to_owned()));
        self.fail(EdgeError::SourceOption { message, at, label: "here".into(), help })
    }
}

/// All arrays of a group and the groups in it.
fn collect<'s>(group: &'s StoredGroup, arrays: &mut Vec<&'s StoredArray>) {
    arrays.extend(group.arrays.iter().map(|(_, array)| array));
    group.groups.iter().for_each(|(_, inner)| collect(inner, arrays));
}
