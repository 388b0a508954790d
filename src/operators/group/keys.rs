//! Keys: by what elements are grouped.
//!
//! A key of one dim whose values are known while planning gives each position along the dim its group. Any other key is an
//! array that is read when the script runs; of it the labels are known, since they are part of a type.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::codes::{self, Finder, NONE};
use super::{KeyValues, array_key, bin_labels, edges_of, list_key, ranked};
use crate::array::calendar::NAT;
use crate::array::{ArrayType, Block, Coord, CoordValues, DType, DimName};
use crate::operators::error::Culprit;
use crate::operators::interpolate::dated;
use crate::operators::labels::coordinate;
use crate::operators::pattern::merge_coords;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, axis_of};

/// One key, and the groups it makes.
pub(super) struct Grouper {
    pub culprit: Culprit,
    pub by: By,
    /// The labels of the groups; its dim is called as the key.
    pub labels: Coord,
    /// Whether every group has a member.
    pub is_full: bool,
}

/// To which groups elements belong.
pub(super) enum By {
    /// Per position along a dim its group, [`NONE`] for none.
    Along(DimName, Vec<u32>),
    /// An array of groups, as `i32`.
    Array(Operand),
}

/// A key as the lowering gives it.
struct Given<'a> {
    name: Option<DimName>,
    values: &'a Value,
    bins: Option<(&'a Value, bool)>,
}

/// Why values are no key.
pub(super) fn no_order(dtype: DType) -> TypeError {
    TypeError::new("ff::type::group_key", format!("{dtype} values have no order to group by"))
}

/// An error of a key, unless it is another argument's.
fn at_key(error: TypeError, culprit: &Culprit) -> TypeError {
    if error.culprit == Culprit::Call { error.at(culprit.clone(), "the key") } else { error }
}

/// All keys of a call.
///
/// # Errors
/// There is none that fits the array, or its groups are not known.
pub(super) fn read(builder: &mut dyn Builder, args: &Arguments, ty: &ArrayType) -> Result<Vec<Grouper>, TypeError> {
    let more = args.variadic.iter().enumerate().map(|(i, value)| (&value.value, Culprit::Variadic(i)));
    let mut given: Vec<(&Value, Culprit)> = Vec::new();
    for (value, culprit) in std::iter::once((args.value("key"), Culprit::Param("key"))).chain(more) {
        match value {
            Value::List(items) if matches!(items.first(), Some(Value::Record(_))) => {
                given.extend(items.iter().map(|item| (item, culprit.clone())));
            }
            key => given.push((key, culprit)),
        }
    }
    let several = given.len() > 1;
    let mut labelled = BTreeSet::new();
    let mut groupers = Vec::new();
    for (number, (value, culprit)) in given.iter().enumerate() {
        let given = Given::of(value);
        let name = given.name.clone().unwrap_or_else(|| match several {
            true => DimName::new(&format!("group_{number}")),
            false => DimName::new("group"),
        });
        let labels = labels_of(args, &name, several)?;
        labelled.extend(labels.is_some().then(|| name.to_string()));
        let grouper = Grouper::read(builder, (&given, name, labels), ty);
        let (by, labels, is_full) = grouper.map_err(|error| at_key(error, culprit))?;
        groupers.push(Grouper { culprit: culprit.clone(), by, labels, is_full });
    }
    if let Some(Value::Record(all)) = args.get("labels")
        && let Some((name, _)) = all.iter().find(|(name, _)| !labelled.contains(name))
    {
        let names: Vec<String> = groupers.iter().map(|g| format!("`{}`", g.labels.dim)).collect();
        let error = TypeError::new("ff::type::argument", format!("there is no key `{name}`"));
        let error = error.at(Culprit::Param("labels"), "labels of no key");
        return Err(error.with_help(format!("the keys are {}", names.join(", "))));
    }
    Ok(groupers)
}

/// The key of a call that gives the edges of its bins besides.
///
/// # Errors
/// The key fits the array no more than others do, or the edges are none.
pub(super) fn binned(builder: &mut dyn Builder, args: &Arguments, ty: &ArrayType) -> Result<Grouper, TypeError> {
    let given = Given { bins: Some((args.value("bins"), args.bool("right", true)?)), ..Given::of(args.value("key")) };
    let name = given.name.as_ref().map_or("group", DimName::as_str);
    let name = DimName::new(&format!("{name}_bins"));
    let culprit = Culprit::Param("key");
    let (by, labels, is_full) =
        Grouper::read(builder, (&given, name, None), ty).map_err(|error| at_key(error, &culprit))?;
    Ok(Grouper { culprit, by, labels, is_full })
}

/// The labels that a call states for a key.
fn labels_of<'a>(args: &'a Arguments, name: &DimName, several: bool) -> Result<Option<&'a Value>, TypeError> {
    match args.get("labels") {
        Some(Value::Record(all)) => Ok(all.iter().find(|(key, _)| key == name.as_str()).map(|(_, value)| value)),
        Some(_) if several => {
            let error = TypeError::new("ff::type::argument", "which key these are the labels of is not said");
            let help = format!("name it: `labels: {{{name}: […]}}`");
            Err(error.at(Culprit::Param("labels"), "several keys").with_help(help))
        }
        labels => Ok(labels),
    }
}

impl Given<'_> {
    fn of(value: &Value) -> Given<'_> {
        let Value::Record(fields) = value else {
            let name = match value {
                Value::Name(dim) | Value::Str(dim) => Some(DimName::new(dim)),
                _ => None,
            };
            return Given { name, values: value, bins: None };
        };
        let find = |name| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value);
        let name = match find("name") {
            Some(Value::Str(name)) => Some(DimName::new(name)),
            _ => None,
        };
        let bins = find("bins").map(|edges| (edges, find("right") != Some(&Value::Bool(false))));
        match find("values") {
            // What is in bins is a key of its own.
            Some(inner @ Value::Record(_)) => {
                let inner = Given::of(inner);
                Given { name: name.or(inner.name), values: inner.values, bins: inner.bins.or(bins) }
            }
            Some(values) => Given { name, values, bins },
            None => Given { name: None, values: value, bins: None },
        }
    }
}

/// What a key is, before its groups are told.
enum Source {
    Along(Coord),
    Array(Operand),
}

impl Grouper {
    fn read(
        builder: &mut dyn Builder,
        (given, name, labels): (&Given<'_>, DimName, Option<&Value>),
        ty: &ArrayType,
    ) -> Result<(By, Coord, bool), TypeError> {
        let source = source(builder, given.values, ty)?;
        let dtype = match &source {
            Source::Along(coord) => coord.dtype,
            Source::Array(key) => builder.ty(*key).dtype,
        };
        if let Some((edges, right)) = given.bins {
            if let Some(labels) = labels {
                let message = format!("bins have labels of their own, these are {}", labels.kind());
                return Err(TypeError::new("ff::type::argument", message).at(Culprit::Param("labels"), "not for bins"));
            }
            if !dtype.is_numeric() || dtype.kind() == crate::array::Kind::Complex {
                return Err(TypeError::new("ff::type::group_key", format!("the bins are numbers, the key is {dtype}")));
            }
            let edges = edges_of(builder, edges)?;
            let finder = Finder::Bins(edges.as_slice().into(), right);
            let by = source.found(builder, finder)?;
            return Ok((by, bin_labels(name, &edges, right), false));
        }
        if let Some(labels) = labels {
            let labels = stated(builder, (&name, dtype), labels)?;
            let finder = Finder::new(&labels, dtype).ok_or_else(|| {
                let message = format!("the labels are {}, the key is {dtype}", labels.dtype);
                TypeError::new("ff::type::group_key", message).at(Culprit::Param("labels"), "of another kind")
            })?;
            return Ok((source.found(builder, finder)?, labels, false));
        }
        source.distinct(builder, name)
    }
}

/// The labels of a key of `dtype` that a call states.
fn stated(builder: &dyn Builder, (name, dtype): (&DimName, DType), labels: &Value) -> Result<Coord, TypeError> {
    let at = |error: TypeError| error.or_at(Culprit::Param("labels"));
    let given = coordinate(builder, name, labels).map_err(at)?;
    let given = given.ok_or_else(|| TypeError::expected("labels", "a list, a range or an array", labels))?;
    let of_times = match dtype {
        DType::DateTime(calendar) => {
            let values = CoordValues::Time(Vec::new(), calendar);
            Some(Coord { dim: name.clone(), dtype, values, attrs: Arc::default() })
        }
        _ => None,
    };
    let labels = dated(&given, of_times.as_ref()).map_err(at)?;
    let (_, firsts) = ranks(&labels.values);
    if firsts.len() != labels.len() {
        let error = TypeError::new("ff::type::group_key", "two labels are the same, or one is missing");
        return Err(at(error).with_help("each label stands for one group"));
    }
    Ok(labels)
}

/// Per value its place among the distinct ones, and where each of these stands first.
fn ranks(values: &CoordValues) -> (Vec<u32>, Vec<usize>) {
    match values {
        CoordValues::Int(v) => ranked(v, |_| false, i64::cmp),
        CoordValues::Time(v, _) | CoordValues::Duration(v) => ranked(v, |t| *t == NAT, i64::cmp),
        CoordValues::Float(v) => ranked(v, |x| x.is_nan(), |a, b| (a + 0.0).total_cmp(&(b + 0.0))),
        CoordValues::Str(v) => ranked(v, |_| false, Arc::cmp),
    }
}

/// What a key is: known along one dim, or an array over dims of `ty`.
fn source(builder: &mut dyn Builder, values: &Value, ty: &ArrayType) -> Result<Source, TypeError> {
    let (dim, dtype, block, attrs): KeyValues = match values {
        Value::Name(dim) | Value::Str(dim) => {
            let dim = DimName::new(dim);
            let size = ty.dims[axis_of(ty, &dim)?].size;
            return Ok(Source::Along(match ty.coord(&dim) {
                Some(coord) => (**coord).clone(),
                None => Coord::integers(dim, (0..size as i64).collect()),
            }));
        }
        Value::Array(key) => {
            fits(&builder.ty(*key), ty)?;
            match builder.ty(*key).rank() {
                1 if builder.chosen_by(*key)?.is_some() => array_key(builder, *key, ty)?,
                _ => return Ok(Source::Array(*key)),
            }
        }
        Value::List(values) => list_key(values, ty)?,
        other => return Err(TypeError::expected("key", "a coordinate, an array or a list", other)),
    };
    Coord::from_block(dim, dtype, &block, attrs).map(Source::Along).ok_or_else(|| no_order(dtype))
}

/// The values of a key that is known along one dim.
///
/// # Errors
/// It is none.
pub(super) fn along(builder: &mut dyn Builder, key: &Value, ty: &ArrayType) -> Result<Coord, TypeError> {
    match source(builder, Given::of(key).values, ty)? {
        Source::Along(coord) => Ok(coord),
        Source::Array(key) if builder.ty(key).rank() != 1 => {
            Err(TypeError::new("ff::type::group_key", format!("a key has one dim, this is {}", builder.ty(key))))
        }
        Source::Array(_) => {
            let message = "the values of this key are not known while planning";
            let help = "group by a coordinate, a small array of a source, what is computed from these, or a list";
            Err(TypeError::new("ff::type::group_key", message).with_help(help))
        }
    }
}

/// Whether a key has dims of the array alone, with its sizes and labels.
fn fits(key: &ArrayType, ty: &ArrayType) -> Result<(), TypeError> {
    if key.rank() == 0 {
        return Err(TypeError::new(
            "ff::type::group_key",
            "a key has a value for each position along a dim, this is one",
        ));
    }
    for dim in key.dims.iter() {
        let Some(ours) = ty.dims.get(&dim.name) else {
            let message = format!("the key has the dim `{}`, which {ty} lacks", dim.name);
            return Err(TypeError::new("ff::type::group_key", message)
                .with_help("a key tells the groups of elements along dims of the array"));
        };
        if ours.size != dim.size {
            let message = format!("the key has {} values along `{}`, the array {}", dim.size, dim.name, ours.size);
            return Err(TypeError::new("ff::type::group_key", message));
        }
    }
    merge_coords(&mut ty.clone(), key)
}

impl Source {
    /// The groups of its elements.
    fn found(self, builder: &mut dyn Builder, finder: Finder) -> Result<By, TypeError> {
        match self {
            Source::Along(coord) => Ok(By::Along(coord.dim.clone(), finder.of_all(&coord.values))),
            Source::Array(key) => codes::codes(builder, key, finder).map(By::Array),
        }
    }

    /// The groups of its elements by their distinct values, which are known while planning.
    fn distinct(self, builder: &mut dyn Builder, name: DimName) -> Result<(By, Coord, bool), TypeError> {
        match self {
            Source::Along(coord) => {
                let (index, firsts) = ranks(&coord.values);
                Ok((By::Along(coord.dim.clone(), index), Coord { dim: name, ..coord.take(&firsts) }, true))
            }
            Source::Array(key) => {
                let ty = builder.ty(key);
                let block = builder.chosen_by(key)?.ok_or_else(|| {
                    let message =
                        "which groups there are is not known while planning: this key is read or computed then";
                    let help = "state them, `groupby(x, KEY, labels: 0..<50)`, or take bins, `bins(KEY, [0, 10, 20])`";
                    TypeError::new("ff::type::group_key", message).with_help(help)
                })?;
                let flat = block.contiguous().reshape(&[block.count()]);
                let all =
                    Coord::from_block(name, ty.dtype, &flat, ty.attrs.clone()).ok_or_else(|| no_order(ty.dtype))?;
                let (index, firsts) = ranks(&all.values);
                let codes: Vec<i32> =
                    index.iter().map(|&group| if group == NONE { -1 } else { group as i32 }).collect();
                let by = By::Array(super::constant(builder, &ty.dims, Block::from_list(codes)));
                Ok((by, all.take(&firsts), true))
            }
        }
    }
}
