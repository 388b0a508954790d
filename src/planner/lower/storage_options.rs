//! What is said of storages: `storage_options: { … }` of a source or sink, and the braces of a `storage` statement.
//!
//! The catalog keeps it, by the beginnings of URLs; graph and plan never see it. What may be a secret is blotted out of the
//! script's text as soon as it was read, wherever it stands there, so that no message can quote it, and params that were used for it are not
//! recorded.

use super::source_options::Place;
use super::{Lowerer, Lowering};
use crate::array::AttrValue;
use crate::operators::Value;
use crate::parser::ast::{Expr, ExprKind, Field, Name};
use crate::planner::catalog::StorageOptions;
use crate::planner::error::EdgeError;
use crate::planner::graph::{NodeKind, Sink};
use crate::source::{Span, Spanned};

/// Options that are no secrets; whatever is not known to be one is taken for one.
const OPEN: [&str; 11] = [
    "endpoint",
    "region",
    "profile",
    "skip_signature",
    "virtual_hosted_style_request",
    "request_payer",
    "timeout",
    "retry_timeout",
    "account_name",
    "base_url",
    "service_account",
];

/// Attributes of targets that hold what a user wrote.
const RECORDED: [&str; 3] = ["history", "functionfuse_script", "functionfuse_params"];

impl Lowerer<'_> {
    /// `storage_options: { region: "eu-west-1" }`
    pub(super) fn storage_options(&mut self, e: &Expr) -> Lowering<Spanned<StorageOptions>> {
        let ExprKind::Record(fields) = &e.kind else {
            let message = "`storage_options` takes a record".to_owned();
            let help = Some("write `storage_options: { region: \"eu-west-1\" }`".to_owned());
            return self.fail(EdgeError::SourceOption { message, at: e.span, label: "here".into(), help });
        };
        let fields: Vec<&Field> = fields.iter().collect();
        Ok(Spanned::new(self.storage_fields(&fields)?, e.span))
    }

    /// The braces of a `storage` statement.
    pub(super) fn storage_fields(&mut self, fields: &[&Field]) -> Lowering<StorageOptions> {
        let is_open = |name: &Name| OPEN.contains(&name.value.as_str());
        for field in fields.iter().filter(|field| !is_open(&field.key)) {
            if let ExprKind::Str(_) = &field.value.kind {
                self.sources.blot(field.value.span);
            }
        }
        let mut options = Vec::new();
        for Field { key: name, value: e, .. } in fields {
            let value = match self.plan_value(e, &format!("`{}`", name.value))? {
                Value::Str(text) => text,
                Value::Bool(truth) => truth.to_string(),
                Value::Int(number) => number.to_string(),
                Value::UInt(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                other => {
                    let place = format!("`{}`", name.value);
                    return self.expected(&place, "a string, a number or a bool", &other, e.span, None);
                }
            };
            // A URL may hold credentials, with which it is refused.
            if !is_open(name) || value.contains("://") && value.contains('@') {
                self.hide(&value);
            }
            options.push((name.value.clone(), value));
        }
        Ok(options.into_iter().collect())
    }

    /// Hides a secret, and params that it is, or is made of.
    fn hide(&mut self, secret: &str) {
        self.sources.hide(secret);
        for (_, known) in &mut self.param_values {
            let text = known.trim_matches('"');
            if text == secret || text.len() > 3 && secret.contains(text) {
                self.sources.hide(text);
                "(not recorded)".clone_into(known);
            }
        }
    }

    /// Takes secrets out of what targets record, whose sinks may stand before them.
    pub(super) fn forget_secrets(&mut self) {
        for id in self.lowered.graph.sinks() {
            let NodeKind::Sink(Sink::Write(write)) = &mut self.lowered.graph.node_mut(id).kind else { continue };
            let attrs = &mut write.options.attrs;
            for name in RECORDED {
                let Some(text) = attrs.text(name).map(|text| self.sources.without_secrets(text)) else { continue };
                attrs.set(name, AttrValue::Str(text));
            }
        }
    }

    /// Tells the catalog what is said of the storage of URLs; of a glob, of what stands before its first part with a sign.
    pub(super) fn set_storage(&mut self, place: &Place, options: Option<&Spanned<StorageOptions>>) -> Lowering<()> {
        let Some(options) = options else { return Ok(()) };
        for url in &place.urls {
            self.set_storage_of(url, &options.value, options.span)?;
        }
        Ok(())
    }

    /// The same for one URL.
    pub(super) fn set_storage_of(&mut self, url: &str, options: &StorageOptions, at: Span) -> Lowering<()> {
        let fixed =
            url.find(['*', '?', '[']).map_or(url, |sign| url[..sign].rsplit_once('/').map_or("", |(above, _)| above));
        match self.catalog.set_storage(fixed, options) {
            Ok(()) => Ok(()),
            Err(error) => self.catalog_problem(error, at, "said here"),
        }
    }
}
