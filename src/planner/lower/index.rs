//! Indexing: `x[time: 0..<24]`, `x[0, .., 10]`, `era["t2m"]`, `list[0]`.

use std::sync::Arc;

use super::expression::stage;
use super::member::member_help;
use super::scope::Item;
use super::{Lowerer, Lowering, dataset};
use crate::operators::{Arguments, Operand, Value, find};
use crate::parser::ast::{Arg, Expr, ExprKind};
use crate::planner::error::{KindError, PlanError};
use crate::source::{Span, Spanned};

/// The variables of a dataset that an index names.
enum Names {
    /// One: the variable itself.
    One(Spanned<String>),
    /// A list: a dataset of these.
    Several(Vec<Spanned<String>>),
}

/// Whether indices are given by dim.
fn names_dims(args: &[Arg]) -> bool {
    !args.is_empty() && args.iter().all(|arg| arg.name.is_some())
}

impl Lowerer<'_> {
    /// `base[args]`
    pub(super) fn index(&mut self, base: &Expr, args: &[Arg], at: Span) -> Lowering<Item> {
        match self.item(base)? {
            Item::Group(group) if names_dims(args) => {
                let all = self.group_record(&group, base.span)?;
                self.index_all(&all, args, (stage(base), at)).map(Item::Value)
            }
            Item::Value(all @ Value::Record(_)) if names_dims(args) && dataset::waits(&all) => {
                let (place, expected) = ("what is indexed".to_owned(), "a dataset of arrays".to_owned());
                let found = "one of grouped or windowed arrays".to_owned();
                let help = Some("reduce it first, as in `data |> groupby(time.month) |> mean()`".to_owned());
                self.fail(KindError::Expected { place, expected, found, at: base.span, help })
            }
            Item::Value(all @ Value::Record(_)) if names_dims(args) && dataset::variables(&all).is_some() => {
                self.index_all(&all, args, (stage(base), at)).map(Item::Value)
            }
            Item::Group(group) => match self.names_index(args, at)? {
                Names::One(name) => self.group_member(&group, &name),
                Names::Several(names) => {
                    let member = |name: &Spanned<String>| {
                        let item = self.group_member(&group, name)?;
                        Ok((name.value.clone(), self.value_of(item, name.span)?))
                    };
                    let chosen = names.iter().map(member).collect::<Lowering<Vec<_>>>()?;
                    Ok(Item::Value(Value::Record(Arc::new(chosen))))
                }
            },
            Item::Value(Value::Record(fields)) => match self.names_index(args, at)? {
                Names::One(name) => self.record_member(&fields, &name).map(Item::Value),
                Names::Several(names) => {
                    let member = |name: &Spanned<String>| Ok((name.value.clone(), self.record_member(&fields, name)?));
                    let chosen = names.iter().map(member).collect::<Lowering<Vec<_>>>()?;
                    Ok(Item::Value(Value::Record(Arc::new(chosen))))
                }
            },
            Item::Value(Value::List(items)) => self.list_index(&items, args, at).map(Item::Value),
            Item::Value(Value::Array(operand)) => match self.env.beyond.clone() {
                Some(beyond) => self.relative(&beyond, operand, args, at).map(Item::Value),
                None => self.array_index(operand, stage(base), args, at).map(Item::Value),
            },
            other => {
                let found = match &other {
                    Item::Value(value) => self.describe(value),
                    other => other.kind().to_owned(),
                };
                let (place, expected) = ("what is indexed".to_owned(), "an array, a dataset or a list".to_owned());
                self.fail(KindError::Expected { place, expected, found, at: base.span, help: None })
            }
        }
    }

    fn record_member(&mut self, fields: &[(String, Value)], name: &Spanned<String>) -> Lowering<Value> {
        if let Some((_, value)) = fields.iter().find(|(n, _)| *n == name.value) {
            return Ok(value.clone());
        }
        let known: Vec<&str> = fields.iter().map(|(n, _)| n.as_str()).collect();
        self.no_member("the record".to_owned(), name, member_help(&name.value, &known, "its fields are"))
    }

    /// The only index of a dataset: the name of a variable, or a list of such names.
    fn names_index(&mut self, args: &[Arg], at: Span) -> Lowering<Names> {
        let help = Some("a variable is taken by name, `data[\"t2m\"]`, and then indexed".to_owned());
        let [Arg { name: None, value: e }] = args else {
            let message = "a dataset takes one index, a name or a list of names".to_owned();
            return self.fail(KindError::Index { message, at, label: "not a name".into(), help });
        };
        let items = match self.plan_value(e, "the name of a variable")? {
            Value::Str(name) => return Ok(Names::One(Spanned::new(name, e.span))),
            Value::List(items) => items,
            other => return self.expected("the index of a dataset", "a name in quotes", &other, e.span, help),
        };
        let mut names: Vec<Spanned<String>> = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let span = match &e.kind {
                ExprKind::List(written) => written.get(i).map_or(e.span, |e| e.span),
                _ => e.span,
            };
            match item {
                Value::Str(name) if names.iter().all(|n| n.value != *name) => {
                    names.push(Spanned::new(name.clone(), span))
                }
                Value::Str(name) => {
                    let (message, label) = (format!("the variable `{name}` is named twice"), "again here".to_owned());
                    return self.fail(KindError::Index { message, at: span, label, help: None });
                }
                other => return self.expected("the name of a variable", "a name in quotes", other, span, help),
            }
        }
        Ok(Names::Several(names))
    }

    fn list_index(&mut self, items: &[Value], args: &[Arg], at: Span) -> Lowering<Value> {
        let [Arg { name: None, value: e }] = args else {
            let message = "a list takes one index".to_owned();
            return self.fail(KindError::Index { message, at, label: String::new(), help: None });
        };
        let index = self.plan_value(e, "the index of a list")?;
        let length = items.len() as i64;
        let place = |i: i64| if i < 0 { i + length } else { i };
        match &index {
            Value::Int(i) => match items.get(place(*i) as usize) {
                Some(value) if place(*i) >= 0 => Ok(value.clone()),
                _ => {
                    let message = format!("{i} is out of range for a list of {length}");
                    self.fail(KindError::Index { message, at: e.span, label: "no such element".into(), help: None })
                }
            },
            Value::Range(range) if !range.closed || range.end.is_none() => {
                let bound = |v: &Option<Value>, default: i64| match v {
                    Some(Value::Int(i)) => place(*i).clamp(0, length),
                    _ => default,
                };
                let (start, end) = (bound(&range.start, 0), bound(&range.end, length));
                let part = items.get(start as usize..end.max(start) as usize).unwrap_or_default();
                Ok(Value::List(Arc::new(part.to_vec())))
            }
            Value::Range(_) => {
                let message = "positions are half-open".to_owned();
                let help = Some("write `..<`, which leaves out the end".to_owned());
                self.fail(KindError::Index { message, at: e.span, label: "closed".into(), help })
            }
            other => self.expected("the index of a list", "an integer", other, e.span, None),
        }
    }

    /// `x[0, .., time: 5]` is `isel` with the dims named.
    pub(super) fn array_index(&mut self, operand: Operand, base: Span, args: &[Arg], at: Span) -> Lowering<Value> {
        let Some(isel) = find("isel") else {
            let what = "indexing is".to_owned();
            return self.fail(PlanError::Unsupported { what, at, help: None });
        };
        let per_dim = self.indices(operand, args)?;
        let first = isel.signature.params.first().map_or("x", |p| p.name);
        let named = vec![(first, Spanned::new(Value::Array(operand), base))];
        self.apply(isel, &Arguments { named, variadic: Vec::new(), per_dim }, at)
    }

    /// The indices of an array by dim, evaluated.
    pub(super) fn indices(
        &mut self,
        operand: Operand,
        args: &[Arg],
    ) -> Lowering<Vec<(Spanned<String>, Spanned<Value>)>> {
        let ty = self.ty(operand);
        let names: Vec<String> = ty.dims.names().map(|n| n.as_str().to_owned()).collect();
        let positional = args.iter().filter(|a| a.name.is_none()).count();
        let ellipsis = args.iter().position(|a| matches!(a.value.kind, ExprKind::Ellipsis));
        let mut per_dim = Vec::new();
        let mut sound = Ok(());
        for (index, arg) in args.iter().enumerate() {
            if matches!(arg.value.kind, ExprKind::Ellipsis) {
                if ellipsis != Some(index) || arg.name.is_some() {
                    sound = sound.and(self.second_ellipsis(arg.value.span));
                }
                continue;
            }
            let dim = match &arg.name {
                Some(name) => Some(name.clone()),
                None => {
                    let axis = match ellipsis {
                        Some(at) if index > at => (names.len() + index).checked_sub(positional),
                        _ => Some(index),
                    };
                    let dim = axis.and_then(|axis| names.get(axis));
                    dim.map(|dim| Spanned::new(dim.clone(), arg.value.span))
                }
            };
            let value = self.value(&arg.value);
            match (dim, value) {
                (Some(dim), Ok(value)) => per_dim.push((dim, Spanned::new(value, arg.value.span))),
                (None, _) => sound = sound.and(self.too_many_indices(&ty, positional, arg.value.span)),
                (_, Err(poisoned)) => sound = Err(poisoned),
            }
        }
        sound.map(|()| per_dim)
    }

    fn second_ellipsis(&mut self, at: Span) -> Lowering<()> {
        let message = "an index has at most one `..`".to_owned();
        self.fail(KindError::Index { message, at, label: "one too many".into(), help: None })
    }

    fn too_many_indices(&mut self, ty: &crate::array::ArrayType, given: usize, at: Span) -> Lowering<()> {
        let message = format!("{given} indices are too many for {ty}");
        self.fail(KindError::Index { message, at, label: "no dim is left for this".into(), help: None })
    }
}
