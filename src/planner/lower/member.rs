//! Members and attributes: `era.air`, `x.time`, `x.time.month`, `x.shape`, `x@units`, `lib.f`.

use std::sync::Arc;

use super::builder::node;
use super::call::listed;
use super::scope::{Group, Item};
use super::value::MAX_LIST;
use super::{Lowerer, Lowering};
use crate::array::calendar::parts::{self, TimePart};
use crate::array::{ArrayType, AttrValue, Attributes, Block, Coord, DType, DimName, Dims, Scalar};
use crate::operators::error::closest;
use crate::operators::{Constant, Operand, Value, find};
use crate::parser::ast::{Expr, Name};
use crate::planner::error::{EdgeError, NameError, PlanError};
use crate::source::Span;

/// The members every array has.
const PROPERTIES: [&str; 8] = ["shape", "dtype", "dims", "size", "name", "chunks", "chunksize", "numblocks"];

impl Lowerer<'_> {
    /// `base.name`
    pub(super) fn member(&mut self, base: &Expr, name: &Name, at: Span) -> Lowering<Item> {
        match self.item(base)? {
            Item::Module(module) => self.definition(module, name),
            Item::Group(group) => self.group_member(&group, name),
            Item::Value(Value::Record(fields)) => self.field(&fields, name, at).map(Item::Value),
            Item::Value(Value::Array(operand)) => self.array_member(operand, name, at).map(Item::Value),
            Item::Value(other) => {
                let of = self.describe(&other);
                self.no_member(of, name, None)
            }
            other @ (Item::Function(_) | Item::Storage(_)) => self.no_member(other.kind().to_owned(), name, None),
        }
    }

    pub(super) fn no_member<T>(&mut self, of: String, name: &Name, help: Option<String>) -> Lowering<T> {
        self.fail(NameError::UnknownMember { of, name: name.value.clone(), at: name.span, help })
    }

    fn definition(&mut self, module: usize, name: &Name) -> Lowering<Item> {
        let module = &self.modules[module];
        if let Some(item) = module.names.get(&name.value).and_then(|b| b.item.clone()) {
            return item;
        }
        let names: Vec<&str> = module.names.keys().map(String::as_str).collect();
        let (of, help) = (format!("`{}`", module.path), member_help(&name.value, &names, "it defines"));
        self.no_member(of, name, help)
    }

    /// A field of a record, or a coordinate of its arrays.
    fn field(&mut self, fields: &[(String, Value)], name: &Name, at: Span) -> Lowering<Value> {
        if let Some((_, value)) = fields.iter().find(|(n, _)| *n == name.value) {
            return Ok(value.clone());
        }
        for (_, value) in fields {
            if let Value::Array(operand) = value
                && let Some(coordinate) = self.coordinate(*operand, &name.value, at)
            {
                return Ok(Value::Array(coordinate));
            }
        }
        let names: Vec<&str> = fields.iter().map(|(n, _)| n.as_str()).collect();
        self.no_member("the record".to_owned(), name, member_help(&name.value, &names, "its fields are"))
    }

    fn array_member(&mut self, operand: Operand, name: &Name, at: Span) -> Lowering<Value> {
        if let Some(coordinate) = self.coordinate(operand, &name.value, at) {
            return Ok(Value::Array(coordinate));
        }
        let ty = self.ty(operand);
        match (name.value.as_str(), ty.dtype) {
            ("shape", _) => Ok(list(ty.dims.iter().map(|d| Value::Int(d.size as i64)))),
            ("dims", _) => Ok(list(ty.dims.names().map(|n| Value::Str(n.as_str().to_owned())))),
            ("size", _) => Ok(Value::Int(i64::try_from(ty.dims.count()).unwrap_or(i64::MAX))),
            ("dtype", dtype) => Ok(Value::DType(dtype)),
            ("numblocks", _) => Ok(list(ty.chunks.counts(&ty.shape()).into_iter().map(|n| Value::Int(n as i64)))),
            ("chunksize", _) => {
                let longest = ty.chunks.axes.iter().zip(ty.dims.iter()).map(|(chunks, dim)| {
                    // The first chunk may be shorter than the second, and there may be no third.
                    (0..chunks.count(dim.size).min(2)).map(|i| chunks.span(i, dim.size).1).max().unwrap_or(0)
                });
                Ok(list(longest.map(|n| Value::Int(n as i64))))
            }
            ("chunks", _) => self.chunk_lengths(&ty, at),
            ("calendar", DType::DateTime(calendar)) => Ok(Value::Str(calendar.name().to_owned())),
            ("name", _) => Ok(self.lowered.graph[node(operand)].name.clone().map_or(Value::None, Value::Str)),
            (part, DType::DateTime(calendar)) if TimePart::parse(part).is_some() => {
                let part = TimePart::parse(part).unwrap_or(TimePart::Year);
                self.time_part(operand, part, calendar, at)
            }
            _ => {
                let parts: Vec<&str> = match ty.dtype {
                    DType::DateTime(_) => TimePart::ALL.iter().map(|p| p.name()).collect(),
                    _ => Vec::new(),
                };
                let dims = ty.dims.names().map(|n| n.as_str());
                let others = self.auxiliary_names(operand);
                let others = others.iter().map(String::as_str);
                let names: Vec<&str> = dims.chain(others).chain(parts).chain(PROPERTIES).collect();
                let help = match find(&name.value) {
                    Some(_) => Some(format!("`{0}` is an operator: write `x |> {0}(…)`", name.value)),
                    None => member_help(&name.value, &names, "its members are"),
                };
                self.no_member(ty.to_string(), name, help)
            }
        }
    }

    /// The elements of each chunk along each dim, as Dask's `chunks`.
    fn chunk_lengths(&mut self, ty: &ArrayType, at: Span) -> Lowering<Value> {
        let counts = ty.chunks.counts(&ty.shape());
        if let Some((dim, count)) = ty.dims.iter().zip(&counts).find(|(_, count)| **count > MAX_LIST as u64) {
            let message = format!("a list of the {count} chunks along `{}` is too long to plan with", dim.name);
            let help = Some("`x.numblocks` counts them, `x.chunksize` says how long one is".to_owned());
            return self.fail(PlanError::Arithmetic { message, at, help });
        }
        let lengths = ty
            .chunks
            .axes
            .iter()
            .zip(ty.dims.iter())
            .zip(counts)
            .map(|((chunks, dim), count)| list((0..count).map(|i| Value::Int(chunks.span(i, dim.size).1 as i64))));
        Ok(list(lengths))
    }

    /// The labels of a dim as an array, positions where the dim has no labels; or another coordinate.
    pub(super) fn coordinate(&mut self, operand: Operand, name: &str, at: Span) -> Option<Operand> {
        let ty = self.ty(operand);
        let dim = DimName::new(name);
        let Some(size) = ty.dims.get(&dim).map(|dim| dim.size) else { return self.auxiliary_of(operand, name) };
        match ty.coord(&dim) {
            Some(coord) => {
                let constant = self.coord_constant(coord, at);
                self.made_from(constant, operand);
                Some(constant)
            }
            None => {
                let start = Constant::Linear { start: Scalar::Int(0), step: Scalar::Int(1) };
                Some(self.constant(ArrayType::new(DType::I64, Dims::new([(dim, size)])), start, at))
            }
        }
    }

    /// A coordinate as an array with itself as its coordinate.
    pub(super) fn coord_constant(&mut self, coord: &Arc<Coord>, at: Span) -> Operand {
        let mut ty = ArrayType::new(coord.dtype, Dims::new([(coord.dim.clone(), coord.len() as u64)]));
        ty.coords.insert(coord.dim.clone(), coord.clone());
        ty.attrs = coord.attrs.clone();
        let constant = self.constant(ty, Constant::Values(coord.block()), at);
        self.name_node(constant, coord.dim.as_str());
        constant
    }

    /// `t.month` of instants that are known while planning.
    fn time_part(
        &mut self,
        operand: Operand,
        part: TimePart,
        calendar: crate::array::Calendar,
        at: Span,
    ) -> Lowering<Value> {
        let ty = self.ty(operand);
        let block = match self.known_times(operand) {
            Some(block) => block,
            None => {
                let what = format!("`.{}` of computed instants is", part.name());
                let help = Some("parts are taken of coordinates: `x.time.month`".to_owned());
                return self.fail(PlanError::Unsupported { what, at, help });
            }
        };
        let times = block.scalars().into_iter().map(|s| s.as_i64().unwrap_or(i64::MIN));
        let parts: Vec<i64> = times.map(|t| parts::part(calendar, t, part)).collect();
        let (dtype, block) = match part {
            TimePart::Season => {
                let names = parts.iter().map(|&s| parts::season_name(s).unwrap_or("").into());
                (DType::Str, Block::from_vec(&ty.shape(), names.collect::<Vec<Arc<str>>>()))
            }
            TimePart::IsLeapYear => {
                let is_leap = parts.iter().map(|&part| part == 1).collect::<Vec<bool>>();
                (DType::Bool, Block::from_vec(&ty.shape(), is_leap))
            }
            _ => (DType::I64, Block::from_vec(&ty.shape(), parts)),
        };
        let Some(block) = block else { return Err(super::Poisoned) };
        let ty = ArrayType { attrs: Arc::default(), ..ty.with_dtype(dtype) };
        let result = self.constant(ty, Constant::Values(block), at);
        self.made_from(result, operand);
        self.name_node(result, part.name());
        Ok(Value::Array(result))
    }

    /// The values of a constant of any size, or of something small that depends on constants.
    fn known_times(&self, operand: Operand) -> Option<Block> {
        match &self.lowered.graph[node(operand)].kind {
            crate::planner::graph::NodeKind::Constant(Constant::Values(block)) => Some(block.clone()),
            _ => self.known_block(operand),
        }
    }

    /// `x@units`
    pub(super) fn attribute(&mut self, base: &Expr, name: &Name) -> Lowering<Value> {
        let (attrs, what) = match self.item(base)? {
            Item::Group(group) => (self.group_attrs(&group), self.group_title(&group)),
            Item::Value(Value::Array(operand)) => {
                let ty = self.ty(operand);
                (ty.attrs.clone(), ty.to_string())
            }
            other => {
                let found = other.kind().to_owned();
                let help = Some("attributes are those of arrays and datasets".to_owned());
                let name = name.value.clone();
                let at = base.span;
                return self.fail(NameError::UnknownAttribute { of: found, name, at, help });
            }
        };
        if let Some(value) = attrs.get(&name.value) {
            if let AttrValue::Unreadable(message) = value {
                let (variable, message) = (format!("@{}", name.value), message.clone());
                return self.fail(EdgeError::SourceUnsupported { variable, message, at: name.span });
            }
            return Ok(attr_value(value));
        }
        let names: Vec<&str> = attrs.iter().map(|(n, _)| n).collect();
        let help = match names.is_empty() {
            true => Some("it has no attributes".to_owned()),
            false => member_help(&name.value, &names, "its attributes are"),
        };
        self.fail(NameError::UnknownAttribute { of: what, name: name.value.clone(), at: name.span, help })
    }

    /// The attributes of a group.
    fn group_attrs(&self, group: &Group) -> Arc<Attributes> {
        self.stored_group(group).map(|g| g.attrs.clone()).unwrap_or_default()
    }
}

fn list(values: impl Iterator<Item = Value>) -> Value {
    Value::List(Arc::new(values.collect()))
}

/// An attribute as a value known while planning.
pub(super) fn attr_value(value: &AttrValue) -> Value {
    match value {
        AttrValue::Str(s) | AttrValue::Json(s) => Value::Str(s.clone()),
        AttrValue::StrList(items) => list(items.iter().map(|s| Value::Str(s.clone()))),
        AttrValue::Number(_, n) => scalar_value(n),
        AttrValue::Numbers(_, items) => list(items.iter().map(scalar_value)),
        AttrValue::Unreadable(_) => Value::None,
    }
}

fn scalar_value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Bool(b) => Value::Bool(*b),
        Scalar::Int(i) => Value::Int(*i),
        Scalar::UInt(u) => i64::try_from(*u).map_or(Value::Float(*u as f64), Value::Int),
        Scalar::Float(x) => Value::Float(*x),
        other => Value::Str(other.to_string()),
    }
}

/// What to say about a member that does not exist.
pub(super) fn member_help(name: &str, names: &[&str], lead: &str) -> Option<String> {
    match closest(name, names.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if names.is_empty() => None,
        None if names.len() > 20 => Some(format!("{lead} {} and {} more", listed(&names[..20]), names.len() - 20)),
        None => Some(format!("{lead} {}", listed(names))),
    }
}
