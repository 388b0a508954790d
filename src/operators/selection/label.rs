//! Labels: what the arguments of `sel` pick.

use std::cmp::Ordering;

use super::index::{Direction, Index, Label, Method, rounded, show};
use super::{Pick, Points, known, mask_positions};
use crate::array::calendar::{DAY, HOUR, MINUTE, SECOND, periods, text};
use crate::array::{Coord, CoordValues, DType, Dim, Scalar};
use crate::operators::arguments::RangeValue;
use crate::operators::error::{Culprit, closest};
use crate::operators::labels::typed;
use crate::operators::moves::Span;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value};

/// What `sel` was asked to do about labels that are not there.
pub(super) struct How {
    method: Option<Method>,
    tolerance: Option<Value>,
}

impl How {
    pub fn of(arguments: &Arguments) -> Result<How, TypeError> {
        let how = How::read(arguments)?;
        let only_ranges = arguments.per_dim.iter().all(|(_, value)| matches!(value.value, Value::Range(_)));
        if how.method.is_some() && only_ranges && !arguments.per_dim.is_empty() {
            return Err(TypeError::new(
                "ff::type::argument",
                "a method is for single labels and lists, not for ranges",
            )
            .at(Culprit::Param("method"), "has nothing to do")
            .with_help("a range takes every label between its ends, whether these are labels or not"));
        }
        Ok(how)
    }

    /// What is said of labels that are not there.
    pub fn read(arguments: &Arguments) -> Result<How, TypeError> {
        let method = match arguments.str_opt("method")? {
            None => None,
            Some("nearest") => Some(Method::Nearest),
            Some("pad" | "ffill") => Some(Method::Pad),
            Some("backfill" | "bfill") => Some(Method::Backfill),
            Some(other) => {
                let message = format!("there is no method `{other}`");
                return Err(TypeError::new("ff::type::choice", message)
                    .at(Culprit::Param("method"), "no such method")
                    .with_help("methods are nearest, pad (or ffill) and backfill (or bfill)"));
            }
        };
        let tolerance = arguments.get("tolerance").cloned();
        if tolerance.is_some() && method.is_none() {
            return Err(TypeError::new("ff::type::argument", "a tolerance is for labels found by a method")
                .at(Culprit::Param("tolerance"), "without `method`")
                .with_help("add `method: nearest`"));
        }
        Ok(How { method, tolerance })
    }
}

/// One dim and its labels.
pub(super) struct Lookup<'a> {
    dim: &'a Dim,
    index: Index<'a>,
}

/// The first and last label that an end of a range means.
type Bound = (Label, Label);

impl<'a> Lookup<'a> {
    pub fn new(dim: &'a Dim, coord: Option<&'a std::sync::Arc<Coord>>) -> Result<Lookup<'a>, TypeError> {
        match coord {
            Some(coord) => Ok(Lookup { dim, index: Index::new(coord) }),
            None => Err(TypeError::new("ff::type::no_coord", format!("dim `{}` has no coordinate", dim.name))
                .with_help("select by position with `isel`, or set labels with `assign_coords`")),
        }
    }

    /// What `value` picks.
    pub fn pick(&self, builder: &dyn Builder, value: &Value, how: &How) -> Result<Pick, TypeError> {
        match value {
            Value::Range(range) => self.range(builder, range).map(Pick::Run),
            Value::List(items) => {
                let labels: Result<Vec<Scalar>, TypeError> = items.iter().map(|v| self.scalar(builder, v)).collect();
                let labels = labels?;
                let mask: Option<Vec<bool>> =
                    labels.iter().map(|s| if let Scalar::Bool(b) = s { Some(*b) } else { None }).collect();
                match mask.filter(|m| !m.is_empty() && self.index.coord.dtype != DType::Bool) {
                    Some(mask) => mask_positions(&mask, self.dim.into()).map(Pick::of),
                    None => self.several(&labels, how).map(Pick::of),
                }
            }
            Value::Array(operand) if builder.ty(*operand).rank() > 0 => self.along(builder, *operand, how),
            Value::Str(date) if how.method.is_none() => match &self.index.coord.values {
                CoordValues::Time(..) => self.period(date),
                _ => self.single(&Scalar::Str(date.as_str().into()), how),
            },
            other => self.single(&self.scalar(builder, other)?, how),
        }
    }

    /// A label as a scalar.
    fn scalar(&self, builder: &dyn Builder, value: &Value) -> Result<Scalar, TypeError> {
        if let Value::Array(operand) = value {
            let block = known(builder, *operand)?;
            if block.shape().is_empty() {
                return Ok(typed(&block.get(&[]), builder.ty(*operand).dtype));
            }
        }
        value.scalar().ok_or_else(|| {
            let message = format!("a label of `{}` is expected, this is {}", self.dim.name, value.kind());
            let error = TypeError::new("ff::type::argument", message);
            match value {
                Value::Name(name) => error.with_help(format!("text goes in quotes: \"{name}\"")),
                _ => error,
            }
        })
    }

    /// A scalar as a label of this coordinate.
    fn label(&self, scalar: &Scalar) -> Result<Label, TypeError> {
        let coord = self.index.coord;
        let label = match (&coord.values, scalar) {
            (CoordValues::Int(_), Scalar::Float(x)) => Some(Label::Real(*x)),
            (CoordValues::Int(_), other) => other.as_i64().map(Label::Int),
            (CoordValues::Float(_), Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_)) => {
                scalar.as_f64().map(|x| Label::Real(rounded(x, coord.dtype)))
            }
            (CoordValues::Time(_, calendar), Scalar::Str(date)) => {
                Some(Label::Int(text::parse(*calendar, date).map_err(not_a_date)?))
            }
            (CoordValues::Time(_, calendar), Scalar::DateTime(time, theirs)) => {
                if calendar != theirs {
                    let message = format!("`{}` is in the calendar {calendar}, the label in {theirs}", self.dim.name);
                    return Err(TypeError::new("ff::type::calendar", message));
                }
                Some(Label::Int(*time))
            }
            (CoordValues::Duration(_), Scalar::Duration(micros)) => Some(Label::Int(*micros)),
            (CoordValues::Duration(_), Scalar::Str(length)) => {
                let length =
                    periods::Duration::parse(length).map_err(|e| TypeError::new("ff::type::label", e.to_string()))?;
                (length.months == 0).then_some(Label::Int(length.micros))
            }
            (CoordValues::Str(_), Scalar::Str(label)) => Some(Label::Text(label.clone())),
            _ => None,
        };
        label.ok_or_else(|| self.unfit(scalar))
    }

    fn unfit(&self, scalar: &Scalar) -> TypeError {
        let coord = self.index.coord;
        let message =
            format!("{} cannot be a label of `{}`, whose labels are {}", show(scalar), self.dim.name, coord.dtype);
        let error = TypeError::new("ff::type::label", message);
        match &coord.values {
            CoordValues::Time(..) => error.with_help("write a date as text, such as \"1991-06\""),
            _ => error.with_help("`isel` selects by position"),
        }
    }

    fn single(&self, scalar: &Scalar, how: &How) -> Result<Pick, TypeError> {
        let label = self.label(scalar)?;
        match self.index.exact(&label) {
            [] => self.stand_in(scalar, &label, how).map(|p| Pick::One(p as u64)),
            [only] => Ok(Pick::One(*only as u64)),
            several if how.method.is_none() => Ok(Pick::of(several.iter().map(|&p| p as u64).collect())),
            [first, ..] => Ok(Pick::One(*first as u64)),
        }
    }

    /// The position of each label of a coordinate of this kind, or of what stands in for it; none where there is neither.
    pub fn found(&self, labels: &Coord, how: &How) -> Result<Vec<Option<u64>>, TypeError> {
        let direction = self.index.direction();
        if how.method.is_some_and(|method| method != Method::Nearest) && direction == Direction::Unsorted {
            return Err(self.unsorted("`pad` and `backfill` need"));
        }
        let tolerance = how.tolerance.as_ref().map(|value| self.tolerance(value)).transpose()?;
        let wanted = Index::new(labels);
        let position = |i: usize| {
            let label = wanted.label(i);
            if labels.values.get(i).is_missing() {
                return None;
            }
            let near = |p: &usize| tolerance.as_ref().is_none_or(|t| label.is_within(t, &self.index.label(*p)));
            let instead = || match label {
                Label::Text(_) => None,
                _ => self.index.inexact(&label, how.method?, direction).filter(near),
            };
            self.index.exact(&label).first().copied().or_else(instead).map(|p| p as u64)
        };
        Ok((0..labels.len()).map(position).collect())
    }

    fn several(&self, labels: &[Scalar], how: &How) -> Result<Vec<u64>, TypeError> {
        let position = |scalar: &Scalar| {
            let label = self.label(scalar)?;
            match self.index.exact(&label) {
                [] => self.stand_in(scalar, &label, how),
                [only] => Ok(*only),
                [first, second, ..] => {
                    let shown = show(scalar);
                    let message =
                        format!("`{}` has the label {shown} at positions {first} and {second}", self.dim.name);
                    Err(TypeError::new("ff::type::label", message)
                        .with_help("a list of labels needs one position for each; `isel` selects by position"))
                }
            }
        };
        labels.iter().map(|scalar| position(scalar).map(|p| p as u64)).collect()
    }

    /// The labels of an array, looked up: along the array's dim where it has a name of its own.
    fn along(&self, builder: &dyn Builder, operand: Operand, how: &How) -> Result<Pick, TypeError> {
        let block = known(builder, operand)?;
        let ty = builder.ty(operand);
        if let (DType::Bool, Some(mask)) = (ty.dtype, block.view::<bool>())
            && self.index.coord.dtype != DType::Bool
        {
            return mask_positions(&mask.iter().copied().collect::<Vec<_>>(), self.dim.into()).map(Pick::of);
        }
        let labels: Vec<Scalar> = block.scalars().iter().map(|s| typed(s, ty.dtype)).collect();
        let positions = self.several(&labels, how)?;
        match ty.dims[0].name.is_auto() {
            true => Ok(Pick::of(positions)),
            false => Ok(Pick::At(Points { positions, like: ty })),
        }
    }

    /// The position that stands in for a label which is not there.
    fn stand_in(&self, scalar: &Scalar, label: &Label, how: &How) -> Result<usize, TypeError> {
        let Some(method) = how.method else { return Err(self.not_found(scalar, label)) };
        if matches!(label, Label::Text(_)) {
            return Err(self.not_found(scalar, label));
        }
        let direction = self.index.direction();
        if method != Method::Nearest && direction == Direction::Unsorted {
            return Err(self.unsorted("`pad` and `backfill` need"));
        }
        let found = self.index.inexact(label, method, direction);
        let tolerance = how.tolerance.as_ref().map(|value| self.tolerance(value)).transpose()?;
        let near = |p: &usize| tolerance.as_ref().is_none_or(|t| label.is_within(t, &self.index.label(*p)));
        found.filter(near).ok_or_else(|| self.too_far(scalar, label, how))
    }

    fn tolerance(&self, value: &Value) -> Result<Label, TypeError> {
        let tolerance = match (&self.index.coord.values, value) {
            (CoordValues::Time(..) | CoordValues::Duration(_), Value::Duration { months: 0, micros }) => {
                Some(Label::Int(*micros))
            }
            (CoordValues::Int(_), Value::Int(i)) => Some(Label::Int(*i)),
            (CoordValues::Float(_), Value::Int(i)) => Some(Label::Real(*i as f64)),
            (CoordValues::Int(_) | CoordValues::Float(_), Value::Float(x)) => Some(Label::Real(*x)),
            _ => None,
        };
        tolerance.ok_or_else(|| {
            let message = format!("{} is no distance between labels of `{}`", value.kind(), self.dim.name);
            let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("tolerance"), "");
            match self.index.coord.values {
                CoordValues::Time(..) => error.with_help("write a duration, such as 12h or 3d"),
                _ => error,
            }
        })
    }

    /// A date: all of a period where it is coarser than the labels, else the one instant.
    fn period(&self, date: &str) -> Result<Pick, TypeError> {
        let CoordValues::Time(times, calendar) = &self.index.coord.values else {
            return self.single(&Scalar::Str(date.into()), &How { method: None, tolerance: None });
        };
        let (first, last) = text::partial_range(*calendar, date).map_err(not_a_date)?;
        if last - first < resolution(times) {
            return self.single(&Scalar::Str(date.into()), &How { method: None, tolerance: None });
        }
        let within = |i: &u64| (first..=last).contains(&times[*i as usize]);
        let positions: Vec<u64> = (0..times.len() as u64).filter(within).collect();
        if positions.is_empty() {
            return Err(self.not_found(&Scalar::Str(date.into()), &Label::Int(first)));
        }
        Ok(Pick::of(positions))
    }

    fn range(&self, builder: &dyn Builder, range: &RangeValue) -> Result<Span, TypeError> {
        let step = range.step.unwrap_or(1);
        if step == 0 {
            return Err(TypeError::new("ff::type::range", "a range cannot have a step of 0"));
        }
        let bound = |end: &Option<Value>| match end {
            None | Some(Value::None) => Ok(None),
            Some(value) => self.bound(builder, value).map(Some),
        };
        let (mut from, mut to) = (bound(&range.start)?, bound(&range.end)?);
        if step < 0 {
            std::mem::swap(&mut from, &mut to);
        }
        let descends = match (self.index.direction(), &from, &to) {
            (_, None, None) => false,
            (Direction::Unsorted, ..) => return Err(self.unsorted("a range of labels needs")),
            (Direction::Both, Some((low, _)), Some((_, high))) => low.order(high) == Ordering::Greater,
            (direction, ..) => direction == Direction::Descending,
        };
        if let (Some(from), Some(to)) = (&from, &to) {
            let backwards = if descends { from.1.order(&to.0).reverse() } else { from.0.order(&to.1) };
            if backwards == Ordering::Greater {
                return Err(self.wrong_way(range, descends));
            }
        }
        let exclusive = !range.closed && range.end.is_some();
        let (skip_first, skip_last) = if step < 0 { (exclusive, false) } else { (false, exclusive) };
        let start = from.map_or(0, |bound| self.edge(&bound, descends, skip_first));
        let end = to.map_or(self.index.len(), |bound| self.edge(&bound, descends, !skip_last)).max(start);
        let count = ((end - start) as u64).div_ceil(step.unsigned_abs());
        Ok(Span { start: if step > 0 { start as i64 } else { end as i64 - 1 }, step, count })
    }

    /// The first position that comes after a bound (`after`), or that does not come before it.
    fn edge(&self, (first, last): &Bound, descends: bool, after: bool) -> usize {
        self.index.partition(|label| match (descends, after) {
            (false, false) => label.order(first) == Ordering::Less,
            (false, true) => label.order(last) != Ordering::Greater,
            (true, false) => label.order(last) == Ordering::Greater,
            (true, true) => label.order(first) != Ordering::Less,
        })
    }

    fn bound(&self, builder: &dyn Builder, value: &Value) -> Result<Bound, TypeError> {
        if let (Value::Str(date), CoordValues::Time(_, calendar)) = (value, &self.index.coord.values) {
            let (first, last) = text::partial_range(*calendar, date).map_err(not_a_date)?;
            return Ok((Label::Int(first), Label::Int(last)));
        }
        let label = self.label(&self.scalar(builder, value)?)?;
        Ok((label.clone(), label))
    }
}

/// The errors of look-ups.
impl Lookup<'_> {
    fn not_found(&self, scalar: &Scalar, label: &Label) -> TypeError {
        let (name, shown) = (&self.dim.name, show(scalar));
        let error = TypeError::new("ff::type::label", format!("`{name}` has no label {shown}"));
        if let (CoordValues::Str(labels), Scalar::Str(text)) = (&self.index.coord.values, scalar) {
            return match closest(text, labels.iter().map(|l| &**l)) {
                Some(near) => error.with_help(format!("did you mean \"{near}\"?")),
                None => error.with_help(format!("its labels are {}", self.some_labels())),
            };
        }
        let mut error = error.with_help("`method: nearest` takes the label nearest to it");
        error.label = match self.index.neighbours(label) {
            (Some(low), Some(high)) => format!("between {} and {}", self.index.show(low), self.index.show(high)),
            (Some(low), None) => format!("the highest label is {}", self.index.show(low)),
            (None, Some(high)) => format!("the lowest label is {}", self.index.show(high)),
            (None, None) => "there are no labels".into(),
        };
        error
    }

    /// What to say of a range in which no label lies; nothing where there are no labels.
    pub fn empty(&self) -> Option<TypeError> {
        let last = self.index.len().checked_sub(1)?;
        let message = format!("no label of `{}` lies in the range: nothing is selected", self.dim.name);
        let help = format!("the labels run from {} to {}", self.index.show(0), self.index.show(last));
        Some(TypeError::new("ff::type::empty_selection", message).with_help(help))
    }

    fn too_far(&self, scalar: &Scalar, label: &Label, how: &How) -> TypeError {
        let mut error = self.not_found(scalar, label);
        error.help = Some(match (how.tolerance.is_some(), how.method) {
            (true, _) => "no label is within the tolerance".into(),
            (false, Some(Method::Nearest)) | (false, None) => "there is no label at all".into(),
            (false, Some(_)) => "`method: nearest` looks both ways".into(),
        });
        error
    }

    fn some_labels(&self) -> String {
        let n = self.index.len();
        let shown: Vec<String> = (0..n.min(8)).map(|i| self.index.show(i)).collect();
        format!("{}{}", shown.join(", "), if n > 8 { format!(" … ({n})") } else { String::new() })
    }

    fn unsorted(&self, who: &str) -> TypeError {
        let message = format!("{who} sorted labels, those of `{}` are not", self.dim.name);
        TypeError::new("ff::type::unsorted", message).with_help("list the labels, or select by position with `isel`")
    }

    fn wrong_way(&self, range: &RangeValue, descends: bool) -> TypeError {
        let way = if descends { "descend" } else { "ascend" };
        let message = format!("the range runs against the labels of `{}`, which {way}", self.dim.name);
        let shown = |end: &Option<Value>| end.as_ref().and_then(Value::scalar).map_or("…".into(), |s| show(&s));
        TypeError::new("ff::type::range", message).with_help(format!(
            "write {}..{}",
            shown(&range.end),
            shown(&range.start)
        ))
    }
}

/// The finest of day, hour, minute, second and microsecond that the labels need.
fn resolution(times: &[i64]) -> i64 {
    let fits = |unit: &i64| times.iter().all(|t| *t == i64::MIN || t % unit == 0);
    [DAY, HOUR, MINUTE, SECOND].into_iter().find(fits).unwrap_or(1)
}

fn not_a_date(error: text::TextError) -> TypeError {
    let told = TypeError::new("ff::type::label", error.to_string());
    match error.help() {
        Some(help) => told.with_help(help),
        None => told,
    }
}
