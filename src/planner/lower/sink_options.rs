//! What stands in the braces of a sink.

use super::call::listed;
use super::scope::Item;
use super::{Lowerer, Lowering};
use crate::array::{AttrValue, Attributes, DType, DimName, Scalar};
use crate::operators::{Value, error::closest};
use crate::parser::ast::{Arg, Expr, ExprKind, Field};
use crate::planner::catalog::StorageOptions;
use crate::planner::error::EdgeError;
use crate::planner::target::CodecSpec;
use crate::source::{Span, Spanned};

/// The options there are.
const OPTIONS: [&str; 13] = [
    "chunks",
    "shards",
    "codec",
    "filters",
    "dtype",
    "fill_value",
    "scale_factor",
    "add_offset",
    "attrs",
    "version",
    "unlimited",
    "mode",
    "storage_options",
];

/// How arrays are written.
#[derive(Clone, Debug, Default)]
pub(super) struct SinkOptions {
    /// Chunk sizes by dim.
    pub chunks: Vec<(Spanned<DimName>, u64)>,
    /// Shard sizes by dim.
    pub shards: Vec<(Spanned<DimName>, u64)>,
    /// Codec or filters, in the order in which they are applied.
    pub codecs: Option<Vec<CodecSpec>>,
    /// The dtype stored.
    pub dtype: Option<Spanned<DType>>,
    /// What stands for missing values.
    pub fill: Option<Spanned<Scalar>>,
    /// What values are divided by.
    pub scale: Option<f64>,
    /// What is subtracted before.
    pub offset: Option<f64>,
    /// More attributes.
    pub attrs: Attributes,
    /// Zarr's version.
    pub version: Option<u8>,
    /// Dims that may grow later.
    pub unlimited: Vec<Spanned<DimName>>,
    /// Whether an existing target is replaced.
    pub overwrite: bool,
    /// What is said of the storage.
    pub storage: Option<Spanned<StorageOptions>>,
    /// How a part of an existing target is replaced, where that is asked for.
    pub amend: Option<Spanned<Amend>>,
}

/// How a part of an existing target is replaced.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Amend {
    /// The arrays grow along a dim.
    Append(Spanned<DimName>),
    /// Elements are replaced where the labels say.
    Region,
}

impl Amend {
    /// The mode as a script writes it.
    pub fn text(&self) -> String {
        match self {
            Amend::Append(dim) => format!("append({})", dim.value),
            Amend::Region => "region".to_owned(),
        }
    }
}

impl Lowerer<'_> {
    /// The options of a sink; all mistakes are reported.
    pub(super) fn sink_options(&mut self, fields: &[Field]) -> Lowering<SinkOptions> {
        let mut options = SinkOptions { overwrite: self.inputs.overwrite, ..SinkOptions::default() };
        let mut sound = Ok(());
        for field in fields {
            sound = sound.and(self.sink_option(field, &mut options));
        }
        sound.map(|()| options)
    }

    fn sink_option(&mut self, field: &Field, options: &mut SinkOptions) -> Lowering<()> {
        let e = &field.value;
        match field.key.value.as_str() {
            "chunks" => options.chunks = self.sizes("chunks", e)?,
            "shards" => options.shards = self.sizes("shards", e)?,
            "codec" | "filters" => {
                if options.codecs.is_some() {
                    let help = "Zarr takes `codec`, HDF5 `filters`, each a list where it is several";
                    return self.bad_sink_option(
                        "`codec` and `filters` are two names of one thing",
                        field.key.span,
                        help,
                    );
                }
                options.codecs = Some(self.codecs(e)?);
            }
            "dtype" => {
                let name = self.word(e, "`dtype`")?;
                let dtype = self.dtype(&Spanned::new(name, e.span))?;
                options.dtype = Some(Spanned::new(dtype, e.span));
            }
            "fill_value" => options.fill = Some(Spanned::new(self.number("`fill_value`", e)?, e.span)),
            "scale_factor" => {
                let scale = self.number("`scale_factor`", e)?.as_f64().unwrap_or(f64::NAN);
                if scale == 0.0 || !scale.is_finite() {
                    return self.bad_sink_option(
                        "`scale_factor` cannot be zero or infinite",
                        e.span,
                        "values are divided by it",
                    );
                }
                options.scale = Some(scale);
            }
            "add_offset" => options.offset = self.number("`add_offset`", e)?.as_f64(),
            "attrs" => options.attrs = self.attributes(e)?,
            "version" => match self.plan_value(e, "`version`")? {
                Value::Int(version @ (2 | 3)) => options.version = Some(version as u8),
                other => return self.expected("`version`", "2 or 3 (the version of Zarr)", &other, e.span, None),
            },
            "unlimited" => options.unlimited = self.unlimited(e)?,
            "mode" => self.mode(e, options)?,
            "storage_options" => options.storage = Some(self.storage_options(e)?),
            other => {
                let help = match closest(other, OPTIONS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its options are {}", listed(&OPTIONS)),
                };
                return self.bad_sink_option(&format!("a sink has no option `{other}`"), field.key.span, &help);
            }
        }
        Ok(())
    }

    pub(super) fn bad_sink_option<T>(&mut self, message: &str, at: Span, help: &str) -> Lowering<T> {
        let (message, help) = (message.to_owned(), Some(help.to_owned()));
        self.fail(EdgeError::SinkOption { message, at, label: "here".into(), help })
    }

    /// `{time: 12, lat: 73}`
    fn sizes(&mut self, option: &str, e: &Expr) -> Lowering<Vec<(Spanned<DimName>, u64)>> {
        let ExprKind::Record(fields) = &e.kind else {
            let message = format!("`{option}` takes a size for each dim");
            return self.bad_sink_option(&message, e.span, &format!("write `{option}: {{time: 12, lat: 73}}`"));
        };
        let mut sizes = Vec::new();
        for field in fields {
            match self.plan_value(&field.value, &format!("a size of `{option}`"))? {
                Value::Int(n) if n > 0 => {
                    sizes.push((Spanned::new(DimName::new(&field.key.value), field.key.span), n as u64));
                }
                other => {
                    let place = format!("a size of `{option}`");
                    return self.expected(&place, "a positive integer", &other, field.value.span, None);
                }
            }
        }
        Ok(sizes)
    }

    /// `[time]`, `time`
    fn unlimited(&mut self, e: &Expr) -> Lowering<Vec<Spanned<DimName>>> {
        let items = match &e.kind {
            ExprKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(e),
        };
        let dim = |item: &Expr| {
            let name = self.word(item, "`unlimited`")?;
            Ok(Spanned::new(DimName::new(&name), item.span))
        };
        items.iter().map(dim).collect()
    }

    fn number(&mut self, place: &str, e: &Expr) -> Lowering<Scalar> {
        match self.plan_value(e, place)? {
            Value::Int(i) => Ok(Scalar::Int(i)),
            Value::UInt(u) => Ok(Scalar::UInt(u)),
            Value::Float(x) => Ok(Scalar::Float(x)),
            other => self.expected(place, "a number", &other, e.span, None),
        }
    }

    /// `create`, `overwrite`, `append(time)` or `region`
    fn mode(&mut self, e: &Expr, options: &mut SinkOptions) -> Lowering<()> {
        let (word, args) = match &e.kind {
            ExprKind::Call { callee, args } => match &callee.kind {
                ExprKind::Name(name) => (name.clone(), args.as_slice()),
                _ => (String::new(), args.as_slice()),
            },
            _ => (self.word(e, "`mode`")?, &[][..]),
        };
        match (word.as_str(), args) {
            ("create", []) => {}
            ("overwrite", []) => options.overwrite = true,
            ("region", []) => options.amend = Some(Spanned::new(Amend::Region, e.span)),
            ("append", [Arg { name: None, value }]) => {
                let dim = DimName::new(&self.word(value, "the dim of `append`")?);
                options.amend = Some(Spanned::new(Amend::Append(Spanned::new(dim, value.span)), e.span));
            }
            ("append", _) => {
                let help = "write `mode: append(time)`";
                return self.bad_sink_option("`append` takes the dim along which arrays grow", e.span, help);
            }
            (other, _) => {
                let message = format!("`mode` cannot be `{other}`");
                let help = "it is `create` (which refuses an existing target), `overwrite`, `append(dim)` or `region`";
                return self.bad_sink_option(&message, e.span, help);
            }
        }
        Ok(())
    }

    /// `zstd(3)`, `[shuffle, gzip(4)]`, `none`
    fn codecs(&mut self, e: &Expr) -> Lowering<Vec<CodecSpec>> {
        match &e.kind {
            ExprKind::List(items) => {
                let codecs: Vec<Lowering<CodecSpec>> = items.iter().map(|e| self.codec(e)).collect();
                codecs.into_iter().collect()
            }
            _ => self.codec(e).map(|codec| vec![codec]),
        }
    }

    fn codec(&mut self, e: &Expr) -> Lowering<CodecSpec> {
        let (callee, args) = match &e.kind {
            ExprKind::None => return Ok(CodecSpec { name: "none".into(), args: Vec::new() }),
            ExprKind::Name(name) => return Ok(CodecSpec { name: name.clone(), args: Vec::new() }),
            ExprKind::Call { callee, args } => (callee, args),
            _ => {
                return self.bad_sink_option(
                    "this is no codec",
                    e.span,
                    "write `zstd(3)`, `[shuffle, gzip(4)]` or `none`",
                );
            }
        };
        let ExprKind::Name(name) = &callee.kind else {
            return self.bad_sink_option(
                "this is no codec",
                callee.span,
                "write `zstd(3)`, `[shuffle, gzip(4)]` or `none`",
            );
        };
        let mut given = Vec::new();
        for arg in args {
            let value = match &arg.value.kind {
                ExprKind::None => Scalar::Str("none".into()),
                ExprKind::Name(word) if !self.is_visible(word) => Scalar::Str(word.as_str().into()),
                _ => {
                    let value = self.plan_value(&arg.value, "the argument of a codec")?;
                    match value.scalar() {
                        Some(scalar) => scalar,
                        None => {
                            return self.expected(
                                "the argument of a codec",
                                "a number or a word",
                                &value,
                                arg.value.span,
                                None,
                            );
                        }
                    }
                }
            };
            given.push((arg.name.as_ref().map(|n| n.value.clone()), value));
        }
        Ok(CodecSpec { name: name.clone(), args: given })
    }

    /// `{units: "K", levels: [1, 2]}`
    fn attributes(&mut self, e: &Expr) -> Lowering<Attributes> {
        let value = match self.item(e)? {
            Item::Value(Value::Record(fields)) => fields,
            Item::Value(other) => {
                let help = Some("write `attrs: {title: \"…\"}`".to_owned());
                return self.expected("`attrs`", "a record", &other, e.span, help);
            }
            other => return self.value_of(other, e.span).map(|_| Attributes::new()),
        };
        let mut attrs = Attributes::new();
        for (name, value) in value.iter() {
            match attribute(value) {
                Some(value) => attrs.set(name.clone(), value),
                None => {
                    let place = format!("the attribute `{name}`");
                    return self.expected(&place, "a text, a number or a list of these", value, e.span, None);
                }
            }
        }
        Ok(attrs)
    }
}

/// A plan-time value as an attribute.
fn attribute(value: &Value) -> Option<AttrValue> {
    Some(match value {
        Value::Str(text) => AttrValue::Str(text.clone()),
        Value::Int(i) => AttrValue::Number(DType::I64, Scalar::Int(*i)),
        Value::UInt(u) => AttrValue::Number(DType::U64, Scalar::UInt(*u)),
        Value::Bool(b) => AttrValue::Number(DType::I8, Scalar::Int(i64::from(*b))),
        Value::Float(x) => AttrValue::Number(DType::F64, Scalar::Float(*x)),
        Value::DType(dtype) => AttrValue::Str(dtype.name().to_owned()),
        Value::Size(_) | Value::Duration { .. } => AttrValue::Str(super::value::literal(value)),
        Value::List(items) if items.iter().all(|v| matches!(v, Value::Str(_))) => {
            AttrValue::StrList(items.iter().filter_map(super::value::text).collect())
        }
        Value::List(items) => {
            let is_int = items.iter().all(|v| matches!(v, Value::Int(_)));
            let numbers = items.iter().map(|v| match v {
                Value::Int(i) if is_int => Some(Scalar::Int(*i)),
                Value::Int(i) => Some(Scalar::Float(*i as f64)),
                Value::Float(x) => Some(Scalar::Float(*x)),
                _ => None,
            });
            AttrValue::Numbers(if is_int { DType::I64 } else { DType::F64 }, numbers.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
