//! Params: types of plan-time values, and values from the text of a command line.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::LabeledSpan;

use super::{Lowerer, Lowering, ParamInfo, Poisoned, value};
use crate::array::Calendar;
use crate::array::calendar::{periods, text};
use crate::operators::{Value, error::closest};
use crate::parser::ast::{self, TypeExpr, TypeKind};
use crate::planner::error::{KindError, NameError, PlanError};
use crate::source::Span;

/// The type of a plan-time value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// `int`
    Int,
    /// `float`
    Float,
    /// `bool`
    Bool,
    /// `str`
    Str,
    /// `path`
    Path,
    /// `date`
    Date,
    /// `duration`
    Duration,
    /// `size`
    Size,
    /// `[T]`
    List(Box<ParamType>),
}

const NAMES: [(&str, ParamType); 8] = [
    ("int", ParamType::Int),
    ("float", ParamType::Float),
    ("bool", ParamType::Bool),
    ("str", ParamType::Str),
    ("path", ParamType::Path),
    ("date", ParamType::Date),
    ("duration", ParamType::Duration),
    ("size", ParamType::Size),
];

impl ParamType {
    /// The type of that name.
    pub fn named(name: &str) -> Option<ParamType> {
        NAMES.iter().find(|(n, _)| *n == name).map(|(_, ty)| ty.clone())
    }

    /// The type as a script writes it.
    pub fn name(&self) -> String {
        match self {
            ParamType::List(element) => format!("[{}]", element.name()),
            other => NAMES.iter().find(|(_, ty)| ty == other).map_or("", |(name, _)| name).to_owned(),
        }
    }

    /// The type in words, for messages.
    pub fn expected(&self) -> String {
        match self {
            ParamType::Int => "an integer".into(),
            ParamType::Float => "a number".into(),
            ParamType::Bool => "`true` or `false`".into(),
            ParamType::Str => "a string".into(),
            ParamType::Path => "a path".into(),
            ParamType::Date => "a date such as 1991-07-31".into(),
            ParamType::Duration => "a duration such as 6h or 1mo".into(),
            ParamType::Size => "a size such as 512MiB".into(),
            ParamType::List(element) => format!("a list, each {}", element.expected()),
        }
    }

    /// The value a text stands for, none where it stands for none.
    pub fn parse(&self, text: &str) -> Option<Value> {
        let plain = text.trim();
        match self {
            ParamType::Int => parse_int(plain).map(Value::Int),
            ParamType::Float => plain.replace('_', "").parse().ok().map(Value::Float),
            ParamType::Bool => plain.parse().ok().map(Value::Bool),
            ParamType::Str | ParamType::Path => Some(Value::Str(text.to_owned())),
            ParamType::Date => is_date(plain).then(|| Value::Str(plain.to_owned())),
            ParamType::Duration => {
                let duration = periods::Duration::parse(plain).ok()?;
                Some(Value::Duration { months: duration.months, micros: duration.micros })
            }
            ParamType::Size => parse_size(plain).map(Value::Size),
            ParamType::List(element) => {
                let inner = plain.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(plain);
                let items = inner.split(',').map(str::trim).filter(|item| !item.is_empty());
                let items = items.map(|item| element.parse(item.trim_matches('"'))).collect::<Option<Vec<_>>>()?;
                Some(Value::List(Arc::new(items)))
            }
        }
    }

    /// The value as one of this type, none where it is of another.
    pub fn coerce(&self, value: &Value) -> Option<Value> {
        match (self, value) {
            (ParamType::Float, Value::Int(i)) => Some(Value::Float(*i as f64)),
            (ParamType::Size, Value::Int(i)) => u64::try_from(*i).ok().map(Value::Size),
            (ParamType::Date, Value::Str(text)) => is_date(text).then(|| value.clone()),
            (ParamType::Int, Value::Int(_))
            | (ParamType::Float, Value::Float(_))
            | (ParamType::Bool, Value::Bool(_))
            | (ParamType::Str | ParamType::Path, Value::Str(_))
            | (ParamType::Duration, Value::Duration { .. })
            | (ParamType::Size, Value::Size(_)) => Some(value.clone()),
            (ParamType::List(element), Value::List(items)) => {
                let items = items.iter().map(|item| element.coerce(item)).collect::<Option<Vec<_>>>()?;
                Some(Value::List(Arc::new(items)))
            }
            _ => None,
        }
    }
}

fn parse_int(text: &str) -> Option<i64> {
    let digits = text.replace('_', "");
    let (sign, magnitude) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
    match magnitude.strip_prefix("0x") {
        Some(hex) if !hex.starts_with(['+', '-']) => i64::from_str_radix(&format!("{sign}{hex}"), 16).ok(),
        Some(_) => None,
        None => digits.parse().ok(),
    }
}

/// Whether any calendar has the date.
fn is_date(text: &str) -> bool {
    Calendar::ALL.into_iter().any(|calendar| text::parse(calendar, text).is_ok())
}

/// `512KiB`, `8GB`, `100`: bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = (text[..at].trim().replace('_', ""), &text[at..]);
    let (prefix, binary) = match unit {
        "" | "B" => ("", false),
        other => match other.strip_suffix("iB") {
            Some(prefix) => (prefix, true),
            None => (other.strip_suffix('B')?, false),
        },
    };
    let power = ["", "K", "M", "G", "T", "P"].iter().position(|p| p.eq_ignore_ascii_case(prefix))?;
    let scale = if binary { 1u64 << (10 * power) } else { 1000u64.pow(power as u32) };
    match number.parse::<u64>() {
        Ok(n) => n.checked_mul(scale),
        Err(_) => {
            let bytes = number.parse::<f64>().ok()? * scale as f64;
            (bytes.is_finite() && (0.0..u64::MAX as f64).contains(&bytes)).then_some(bytes as u64)
        }
    }
}

impl Lowerer<'_> {
    /// The plan-time type a script writes.
    pub(super) fn param_type(&mut self, ty: &TypeExpr) -> Lowering<ParamType> {
        let name = match &ty.kind {
            TypeKind::List(element) => return Ok(ParamType::List(Box::new(self.param_type(element)?))),
            TypeKind::Name(name) => name.as_str(),
            TypeKind::Array { dtype, .. } => {
                let found = "the type of an array".to_owned();
                let help = Some("arrays come from a `source`; a param is a value known while planning".to_owned());
                let expected = "the type of a plan-time value".to_owned();
                let place = format!("`{}[…]`", dtype.value);
                return self.fail(KindError::Expected { place, expected, found, at: ty.span, help });
            }
        };
        match ParamType::named(name) {
            Some(ty) => Ok(ty),
            None => {
                let names: Vec<&str> = NAMES.iter().map(|(n, _)| *n).collect();
                let near = closest(name, names.iter().copied()).or(synonym(name));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the types of params are {} and lists of these, `[int]`", names.join(", ")),
                };
                self.fail(KindError::UnknownType { name: name.to_owned(), at: ty.span, help: Some(help) })
            }
        }
    }

    /// `param NAME: TYPE = EXPR`
    pub(super) fn param(&mut self, param: &ast::Param, doc: Option<String>) {
        let default = param.default.as_ref().map(|e| self.plan_value(e, "the default of a param"));
        let value = self.param_type(&param.ty).and_then(|ty| self.param_value(param, &ty, default, doc));
        if let (Ok(value), 0) = (&value, self.env.module) {
            self.param_values.push((param.name.value.clone(), value::literal(value)));
        }
        self.bind_value(&param.name, value);
    }

    fn param_value(
        &mut self,
        param: &ast::Param,
        ty: &ParamType,
        default: Option<Lowering<Value>>,
        doc: Option<String>,
    ) -> Lowering<Value> {
        let name = &param.name.value;
        let span = param.name.span.to(param.ty.span);
        let default = match (default, &param.default) {
            (Some(Ok(value)), Some(e)) => match ty.coerce(&value) {
                Some(value) => Some(Ok(value)),
                None => Some(self.default_mismatch(param, ty, &value, e.span)),
            },
            (default, _) => default,
        };
        if self.env.module == 0 {
            let shown = default.as_ref().and_then(|d| d.as_ref().ok()).map(value::literal);
            let required = param.default.is_none();
            self.lowered.params.push(ParamInfo { name: name.clone(), ty: ty.name(), required, default: shown, doc });
        }
        let given = (self.env.module == 0).then(|| self.inputs.params.get(name)).flatten();
        match (given, default) {
            (Some(text), _) => ty.parse(text).map_or_else(
                || {
                    let (name, text, expected) = (name.clone(), text.clone(), ty.expected());
                    let help = Some(format!("give it as `--{name} VALUE`"));
                    self.fail(PlanError::ParamValue { name, text, expected, at: span, help })
                },
                Ok,
            ),
            (None, Some(default)) => default,
            (None, None) => {
                self.missing_params.push((name.clone(), span));
                Err(Poisoned)
            }
        }
    }

    fn default_mismatch(&mut self, param: &ast::Param, ty: &ParamType, value: &Value, at: Span) -> Lowering<Value> {
        let shown = ty.name();
        let found = match (ty, value) {
            (ParamType::Date, Value::Str(_)) => format!("{}, which is no date", value::literal(value)),
            _ => value.kind().to_owned(),
        };
        let name = param.name.value.clone();
        let article = if shown.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let help = Some(format!("{article} `{shown}` is {}", ty.expected()));
        let (at, value) = (param.ty.span, at);
        self.fail(KindError::Ascription { name, declared: format!("`{shown}`"), found, at, value, help })
    }

    /// Reports params without a value, and values without a param.
    pub(super) fn check_params(&mut self) {
        let missing = std::mem::take(&mut self.missing_params);
        if !missing.is_empty() {
            let label = |(_, span): &(String, Span)| LabeledSpan::new_with_span(Some("no default".into()), *span);
            let at = missing.iter().map(label).collect();
            self.report(PlanError::ParamMissing { names: missing.into_iter().map(|(name, _)| name).collect(), at });
        }
        let declared: BTreeMap<&str, ()> = self.lowered.params.iter().map(|p| (p.name.as_str(), ())).collect();
        let unknown = self.inputs.params.keys().filter(|name| !declared.contains_key(name.as_str()));
        let problems: Vec<PlanError> = unknown
            .map(|name| {
                let help = match closest(name, declared.keys().copied()) {
                    Some(near) => Some(format!("did you mean `--{near}`?")),
                    None if declared.is_empty() => None,
                    None => Some(format!(
                        "its params are {}",
                        declared.keys().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
                    )),
                };
                PlanError::ParamUnknown { name: name.clone(), help }
            })
            .collect();
        problems.into_iter().for_each(|p| self.report(p));
    }

    /// An error and its poison.
    pub(super) fn unknown_name<T>(&mut self, name: &str, at: Span, help: Option<String>) -> Lowering<T> {
        self.fail(NameError::UnknownName { name: name.to_owned(), at, help })
    }
}

fn synonym(name: &str) -> Option<&'static str> {
    Some(match name {
        "string" | "text" | "String" => "str",
        "integer" | "i64" | "i32" | "Int" => "int",
        "double" | "real" | "number" | "f64" | "f32" => "float",
        "boolean" => "bool",
        "file" | "url" | "dir" => "path",
        "datetime" | "time" => "date",
        "bytes" | "memory" => "size",
        "timedelta" => "duration",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(ty: ParamType, text: &str) -> Option<String> {
        ty.parse(text).map(|v| value::literal(&v))
    }

    #[test]
    fn texts_become_values() {
        assert_eq!(parse(ParamType::Int, "-0x1f").as_deref(), Some("-31"));
        assert_eq!(parse(ParamType::Int, "1e3"), None);
        assert_eq!(parse(ParamType::Float, "1_000").as_deref(), Some("1000.0"));
        assert_eq!(parse(ParamType::Size, "1.5GiB").as_deref(), Some("1536MiB"));
        assert_eq!(parse(ParamType::Size, "100MB").as_deref(), Some("100000000B"));
        assert_eq!(parse(ParamType::Size, "12 apples"), None);
        assert_eq!(parse(ParamType::Date, "2000-02-30").as_deref(), Some("\"2000-02-30\""));
        assert_eq!(parse(ParamType::Date, "2000-02-31"), None);
        assert_eq!(parse(ParamType::Duration, "1mo").as_deref(), Some("1mo"));
        assert_eq!(parse(ParamType::List(Box::new(ParamType::Int)), "[1, 2]").as_deref(), Some("[1, 2]"));
        assert_eq!(parse(ParamType::List(Box::new(ParamType::Str)), "a,b").as_deref(), Some("[\"a\", \"b\"]"));
    }
}
