//! Times moved to other calendars, and to whole periods.
//!
//! Labels are known while planning, so a change of calendar is a selection and other labels. The rules are those of
//! `xarray.Dataset.convert_calendar`, `interp_calendar` and `.dt.floor`; dates are microseconds as everywhere.

use std::sync::Arc;

use super::arguments::{axis, optional, required};
use super::creation::fill_value;
use super::error::Culprit;
use super::index::Labels;
use super::moves::{self, Span};
use super::selection::gathered;
use super::{Arguments, Builder, Constant, Operand, Operator, Param, ParamKind, Signature, TypeError, Value, call};
use crate::array::calendar::parts::{self, TimePart};
use crate::array::calendar::{DAY, DateTime, NAT, SECOND};
use crate::array::{ArrayType, Block, Calendar, Coord, CoordValues, DType, Dims};
use crate::source::{Span as Place, Spanned};

const X: Param = required("x", ParamKind::Array, "The array, with times along the dim.");
const TIMES: Param = required("x", ParamKind::Array, "The times.");
const EVERY: Param = required("every", ParamKind::Any, "The period, a duration of fixed length: `6h`, `1d`.");
const DIM: Param = optional("dim", ParamKind::Dim, "time", "The dim of the times.");

/// The names of calendars in scripts.
const CALENDARS: &[&str] =
    &["standard", "gregorian", "proleptic_gregorian", "julian", "noleap", "365_day", "all_leap", "366_day", "360_day"];

/// The operators, in reading order.
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "convert_calendar",
        signature: Signature {
            params: &[
                X,
                required("calendar", ParamKind::Choice(CALENDARS), "The calendar of the result."),
                DIM,
                optional(
                    "align_on",
                    ParamKind::Choice(&["date", "year"]),
                    "none",
                    "Keep the `date`, or the place in the `year`; has to be said where one calendar is `360_day`, and matters only there.",
                ),
                optional(
                    "missing",
                    ParamKind::Any,
                    "none",
                    "What stands at times that only the new calendar has, as `nan`; such times are left out if not given.",
                ),
            ],
        },
        summary: "Brings times to another calendar; times that it does not have are left out.",
        example: "convert_calendar(assign_coords(x, t: [(\"2000-02-27\" as datetime) + k * 1d for k in 0..<6]), noleap, dim: t)",
        expand: convert_calendar,
    },
    Operator {
        name: "interp_calendar",
        signature: Signature {
            params: &[X, required("target", ParamKind::Array, "The new times, in any calendar."), DIM],
        },
        summary: "Values at the times of another calendar, interpolated linearly by the place in the year.",
        example: "interp_calendar(assign_coords(x, t: [(\"2000-02-27\" as datetime) + k * 1d for k in 0..<6]), assign_coords(arange(2, dim: t), t: [\"2000-02-28\" as datetime, \"2000-03-01\" as datetime]).t, dim: t)",
        expand: interp_calendar,
    },
    Operator {
        name: "dt.floor",
        signature: Signature { params: &[TIMES, EVERY] },
        summary: "Times as the beginnings of the periods they lie in, counted from 1970-01-01.",
        example: "dt.floor(\"2000-01-01T17:45\" as datetime, 6h)",
        expand: |builder, arguments| rounded(builder, arguments, Whole::Floor),
    },
    Operator {
        name: "dt.ceil",
        signature: Signature { params: &[TIMES, EVERY] },
        summary: "Times as the ends of the periods they lie in; a beginning stays.",
        example: "dt.ceil(\"2000-01-01T17:45\" as datetime, 6h)",
        expand: |builder, arguments| rounded(builder, arguments, Whole::Ceil),
    },
    Operator {
        name: "dt.round",
        signature: Signature { params: &[TIMES, EVERY] },
        summary: "Times as the nearest beginnings of periods; from the middle to that of even number.",
        example: "dt.round(\"2000-01-01T17:45\" as datetime, 6h)",
        expand: |builder, arguments| rounded(builder, arguments, Whole::Round),
    },
    Operator {
        name: "dt.strftime",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The times, which are known while planning."),
                required(
                    "format",
                    ParamKind::Str,
                    "The text, in which `%Y %m %d %H %M %S %f %j %y %b %B %a %A %p %I %%` are replaced.",
                ),
            ],
        },
        summary: "Times as texts.",
        example: "dt.strftime(\"2000-01-01T17:45\" as datetime, \"%d %b %Y\")",
        expand: strftime,
    },
];

/// The times along a dim.
struct Times {
    axis: usize,
    coord: Arc<Coord>,
    calendar: Calendar,
}

impl Times {
    fn of(ty: &ArrayType, arguments: &Arguments) -> Result<Times, TypeError> {
        let time = Value::Name("time".to_owned());
        let axis = axis(arguments.get("dim").unwrap_or(&time), ty).map_err(|e| match arguments.get("dim") {
            Some(_) => e.at(Culprit::Param("dim"), "no such dim"),
            None => e.at(Culprit::Param("x"), "it has no dim `time`").with_help("name the dim of the times: `dim: t`"),
        })?;
        let dim = &ty.dims[axis].name;
        match ty.coord(dim).map(|coord| (coord, &coord.values)) {
            Some((coord, CoordValues::Time(_, calendar))) => {
                Ok(Times { axis, coord: coord.clone(), calendar: *calendar })
            }
            _ => Err(TypeError::new("ff::type::calendar", format!("the dim `{dim}` has no times for labels"))
                .at(Culprit::Param("x"), format!("this is {ty}"))),
        }
    }

    fn values(&self) -> &[i64] {
        match &self.coord.values {
            CoordValues::Time(times, _) => times,
            _ => &[],
        }
    }

    fn coord(&self, calendar: Calendar, times: Vec<i64>) -> Arc<Coord> {
        let values = CoordValues::Time(times, calendar);
        Arc::new(Coord { dtype: DType::DateTime(calendar), values, ..(*self.coord).clone() })
    }
}

fn convert_calendar(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let times = Times::of(&ty, arguments)?;
    let word = arguments.str_opt("calendar")?.unwrap_or_default();
    let target = Calendar::parse(word).unwrap_or(Calendar::Standard);
    let align_on = arguments.str_opt("align_on")?;
    let of_360 = [times.calendar, target].contains(&Calendar::Day360);
    if of_360 && times.calendar != target && align_on.is_none() {
        let message = format!("between `{}` and `{target}` it has to be said what is kept of a time", times.calendar);
        return Err(TypeError::new("ff::type::calendar", message)
            .at(Culprit::Param("calendar"), "`360_day` has months of 30 days")
            .with_help("`align_on: year` keeps the place in the year, `align_on: date` the date, where there is one"));
    }
    let by_year = align_on == Some("year") && of_360 && times.calendar != target;
    let mut kept: Vec<(u64, i64)> = Vec::new();
    for (position, &time) in times.values().iter().enumerate() {
        let moved = match by_year {
            _ if time == NAT => Some(NAT),
            true => by_place_in_year(times.calendar, target, time),
            false => target.from_date(times.calendar.to_date(time)).ok(),
        };
        kept.extend(moved.map(|moved| (position as u64, moved)));
    }
    if by_year {
        // Where two days become one, their times are put in order, and of equal ones the first stays.
        kept.sort_by_key(|(_, moved)| *moved);
        kept.dedup_by_key(|(_, moved)| *moved);
    }
    let (positions, moved): (Vec<u64>, Vec<i64>) = kept.into_iter().unzip();
    if let Some(fill) = arguments.get("missing") {
        return filled(builder, x, (&times, target), (&positions, &moved), fill).map(Value::Array);
    }
    let taken = match Span::of(&positions) {
        Some(span) => moves::slice(builder, x, &[(times.axis, span)])?,
        None => moves::take(builder, x, times.axis, &positions, None)?,
    };
    relabelled(builder, taken, times.coord(target, moved)).map(Value::Array)
}

fn relabelled(builder: &mut dyn Builder, x: Operand, coord: Arc<Coord>) -> Result<Operand, TypeError> {
    let coords = vec![(coord.dim.clone(), Some(coord))];
    moves::relabel(builder, x, Labels { coords, ..Labels::default() })
}

/// The time at the same place of the year of another calendar: of that day, and at that time of day.
fn by_place_in_year(from: Calendar, to: Calendar, time: i64) -> Option<i64> {
    let date = from.to_date(time);
    let day = parts::part(from, time, TimePart::DayOfYear);
    let days = |calendar: Calendar| f64::from(calendar.days_in_year(date.year));
    let moved = (days(to) * day as f64 / days(from)).round_ties_even() as i64;
    let start = to.from_date(DateTime::midnight(date.year, 1, 1)).ok()?;
    Some(start + (moved - 1) * DAY + time.rem_euclid(DAY))
}

/// All times of the new calendar between the first and the last, as far apart as the old ones are.
fn filled(
    builder: &mut dyn Builder,
    x: Operand,
    (times, target): (&Times, Calendar),
    (positions, moved): (&[u64], &[i64]),
    fill: &Value,
) -> Result<Operand, TypeError> {
    let old = times.values();
    let step = old.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).next().filter(|step| *step > 0);
    let is_even = |step: &i64| old.windows(2).all(|pair| pair[1].saturating_sub(pair[0]) == *step);
    let (Some(step), Some(&first), Some(&last)) = (step.filter(is_even), moved.first(), moved.last()) else {
        let message = "the times are not evenly spaced, so which ones are missing cannot be told";
        return Err(TypeError::new("ff::type::calendar", message)
            .at(Culprit::Param("missing"), "to be filled in")
            .with_help("leave `missing` out, or `reindex` to the times there shall be"));
    };
    let count = (last - first).div_euclid(step).max(0) + 1;
    let all: Vec<i64> = (0..count).map(|i| first + i * step).collect();
    let mut found = Vec::with_capacity(all.len());
    for time in &all {
        found.push(moved.binary_search(time).ok().map(|place| positions[place]));
    }
    let dtype = builder.ty(x).dtype;
    let fill = match fill {
        Value::Float(fill) if fill.is_nan() => None,
        other => Some(fill_value(builder, other, dtype).map_err(|e| e.or_at(Culprit::Param("missing")))?),
    };
    gathered(builder, x, (&times.coord(target, all), &found), fill)
}

fn interp_calendar(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let times = Times::of(&ty, arguments)?;
    let dim = times.coord.dim.clone();
    let target = arguments.array("target")?;
    let ty = builder.ty(target);
    let unfit = |ty: &ArrayType| {
        TypeError::new("ff::type::calendar", "the new times are not known, or are no times along one dim")
            .at(Culprit::Param("target"), format!("this is {ty}"))
            .with_help("give the labels of another array: `interp_calendar(x, other.time)`")
    };
    let (DType::DateTime(calendar), 1) = (ty.dtype, ty.rank()) else { return Err(unfit(&ty)) };
    let known = builder.chosen_by(target)?.ok_or_else(|| unfit(&ty))?;
    let wanted: Vec<i64> = known.scalars().iter().map(|s| s.as_i64().unwrap_or(NAT)).collect();
    let years = |calendar: Calendar, times: &[i64]| -> Vec<f64> {
        times.iter().map(|&time| decimal_year(calendar, time)).collect()
    };
    let own = Coord {
        dtype: DType::F64,
        values: CoordValues::Float(years(times.calendar, times.values())),
        ..(*times.coord).clone()
    };
    let by_year = relabelled(builder, x, Arc::new(own))?;
    let size = wanted.len() as u64;
    let labels = builder.constant(
        ArrayType::new(DType::F64, Dims::new([(dim.clone(), size)])),
        Constant::Values(Block::from_list(years(calendar, &wanted))),
    );
    let place = |value: Value| Spanned::new(value, Place::default());
    let call = Arguments {
        named: vec![("x", place(Value::Array(by_year)))],
        per_dim: vec![(Spanned::new(dim.to_string(), Place::default()), place(Value::Array(labels)))],
        ..Arguments::default()
    };
    let out = call::with(builder, "interp", &call)?;
    relabelled(builder, out, times.coord(calendar, wanted)).map(Value::Array)
}

/// The year and the part of it that has gone by.
fn decimal_year(calendar: Calendar, time: i64) -> f64 {
    if time == NAT {
        return f64::NAN;
    }
    let year = calendar.to_date(time).year;
    let start = calendar.from_date(DateTime::midnight(year, 1, 1)).unwrap_or(time);
    year as f64 + (time - start) as f64 / (f64::from(calendar.days_in_year(year)) * DAY as f64)
}

/// How times become whole periods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Floor,
    Ceil,
    Round,
}

fn rounded(builder: &mut dyn Builder, arguments: &Arguments, how: Whole) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    if !matches!(ty.dtype, DType::DateTime(_)) {
        let error = TypeError::new("ff::type::dtype", format!("{} values are no times", ty.dtype));
        return Err(error.at(Culprit::Param("x"), format!("this is {ty}")));
    }
    let every = match arguments.value("every") {
        Value::Duration { months: 0, micros } if *micros > 0 => *micros,
        Value::Duration { .. } => {
            let message = "a period is longer than nothing, and of fixed length";
            return Err(TypeError::new("ff::type::period", message)
                .at(Culprit::Param("every"), "not of fixed length")
                .with_help("months and years begin at `resample(x, time: 1mo)`"));
        }
        other => return Err(TypeError::expected("every", "a duration such as 6h", other)),
    };
    let duration = |micros: i64| Value::Duration { months: 0, micros };
    let epoch = builder.constant(ArrayType::scalar(ty.dtype), Constant::Full(crate::array::Scalar::Int(0)));
    let mut apply = |name: &str, a: Value, b: Value| call::operator(builder, name, &[a, b]).map(Value::Array);
    let since = apply("sub", Value::Array(x), Value::Array(epoch))?;
    let rest = apply("mod", since.clone(), duration(every))?;
    let floor = apply("sub", Value::Array(x), rest.clone())?;
    if how == Whole::Floor {
        return Ok(floor);
    }
    let next = apply("add", floor.clone(), duration(every))?;
    let goes_up = match how {
        Whole::Ceil => apply("gt", rest, duration(0))?,
        _ => {
            let begun = apply("sub", since, rest.clone())?;
            let parity = apply("mod", begun, duration(every.saturating_mul(2)))?;
            let is_odd = apply("gt", parity, duration(0))?;
            let twice = apply("add", rest.clone(), rest)?;
            let beyond = apply("gt", twice.clone(), duration(every))?;
            let middle = apply("eq", twice, duration(every))?;
            let up_from_middle = apply("and", middle, is_odd)?;
            apply("or", beyond, up_from_middle)?
        }
    };
    call::operator(builder, "where", &[goes_up, next, floor]).map(Value::Array)
}

fn strftime(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let x = arguments.array("x")?;
    let ty = builder.ty(x);
    let DType::DateTime(calendar) = ty.dtype else {
        let error = TypeError::new("ff::type::dtype", format!("{} values are no times", ty.dtype));
        return Err(error.at(Culprit::Param("x"), format!("this is {ty}")));
    };
    let known = builder.chosen_by(x)?.ok_or_else(|| {
        TypeError::new("ff::type::unknown_values", "times become texts while planning, and these are not known then")
            .at(Culprit::Param("x"), format!("this is {ty}"))
    })?;
    let format = arguments.str_opt("format")?.unwrap_or_default();
    let mut texts: Vec<Arc<str>> = Vec::new();
    for time in known.scalars() {
        let time = time.as_i64().unwrap_or(NAT);
        texts.push(written(calendar, time, format).map_err(|e| e.at(Culprit::Param("format"), "written here"))?.into());
    }
    let block = Block::from_vec(&ty.shape(), texts).expect("a text for each time");
    let ty = ArrayType { attrs: Arc::default(), ..ty.with_dtype(DType::Str) };
    Ok(Value::Array(builder.constant(ty, Constant::Values(block))))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A time as text, by the codes of C's `strftime`.
fn written(calendar: Calendar, time: i64, format: &str) -> Result<String, TypeError> {
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        let code = match c {
            '%' => rest.next().unwrap_or('%'),
            other => {
                text.push(other);
                continue;
            }
        };
        let date = calendar.to_date(if time == NAT { 0 } else { time });
        let weekday = parts::part(calendar, time.max(-i64::MAX), TimePart::DayOfWeek).rem_euclid(7) as usize;
        let month = MONTHS[usize::from(date.month).saturating_sub(1).min(11)];
        let hour = date.hour % 12;
        text += &match code {
            'Y' => format!("{:04}", date.year),
            'y' => format!("{:02}", date.year.rem_euclid(100)),
            'm' => format!("{:02}", date.month),
            'd' => format!("{:02}", date.day),
            'H' => format!("{:02}", date.hour),
            'I' => format!("{:02}", if hour == 0 { 12 } else { hour }),
            'p' => if date.hour < 12 { "AM" } else { "PM" }.to_owned(),
            'M' => format!("{:02}", date.minute),
            'S' => format!("{:02}", date.second),
            'f' => format!("{:06}", time.rem_euclid(SECOND)),
            'j' => format!("{:03}", parts::part(calendar, time.max(-i64::MAX), TimePart::DayOfYear)),
            'B' => month.to_owned(),
            'b' => month[..3].to_owned(),
            'A' => DAYS[weekday].to_owned(),
            'a' => DAYS[weekday][..3].to_owned(),
            '%' => "%".to_owned(),
            other => {
                let message = format!("`%{other}` is no part of a time that can be written");
                let help = "there are %Y %m %d %H %M %S %f %j %y %b %B %a %A %p %I %%";
                return Err(TypeError::new("ff::type::argument", message).with_help(help));
            }
        };
    }
    Ok(if time == NAT { "NaT".to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written() {
        let time = Calendar::Day360.from_date(DateTime::midnight(2001, 2, 30).at(0, 5, 9, 12)).unwrap();
        assert_eq!(
            written(Calendar::Day360, time, "%d %b %Y, %I:%M:%S.%f %p, day %j: 100%%").unwrap(),
            "30 Feb 2001, 12:05:09.000012 AM, day 060: 100%"
        );
        let time = Calendar::Standard.from_date(DateTime::midnight(2024, 12, 1).at(23, 0, 0, 0)).unwrap();
        assert_eq!(written(Calendar::Standard, time, "%A %a %B %y %H").unwrap(), "Sunday Sun December 24 23");
        assert_eq!(written(Calendar::Standard, NAT, "%Y").unwrap(), "NaT");
        assert!(written(Calendar::Standard, time, "%Q").is_err());
    }

    #[test]
    fn places_in_a_year_are_kept() {
        let date = |calendar: Calendar, month, day| calendar.from_date(DateTime::midnight(2001, month, day)).unwrap();
        let moved = |month, day| {
            by_place_in_year(Calendar::NoLeap, Calendar::Day360, date(Calendar::NoLeap, month, day)).unwrap()
        };
        assert_eq!(moved(1, 1), date(Calendar::Day360, 1, 1));
        assert_eq!(moved(12, 31), date(Calendar::Day360, 12, 30));
    }
}
