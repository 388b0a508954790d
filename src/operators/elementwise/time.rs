//! Arithmetic of datetimes and durations, in microseconds, with NaT (`i64::MIN`) as missing value.
//!
//! The rules are NumPy's: NaT propagates, compares unequal to everything and is kept by `fmin` and
//! `fmax` only where both are NaT. Durations scaled by reals are truncated to whole microseconds.

use super::function::{Function, Given};
use crate::array::calendar::{NAT, text};
use crate::array::{Calendar, DType, Scalar};
use crate::operators::error::Culprit;
use crate::operators::{Builder, TypeError};

/// The calendar of the datetimes among the inputs; any, where there are none. `standard` and
/// `proleptic_gregorian` mix: they are the same from 1582-10-15 on.
///
/// # Errors
/// Two calendars whose times cannot be compared.
pub fn common_calendar(function: &Function, builder: &dyn Builder, given: &[Given]) -> Result<Calendar, TypeError> {
    let calendar = |g: &Given| match g.dtype(builder) {
        Some(DType::DateTime(calendar)) => Some(calendar),
        _ => None,
    };
    let mut found: Option<(usize, Calendar)> = None;
    for (i, other) in given.iter().enumerate().filter_map(|(i, g)| Some((i, calendar(g)?))) {
        match found {
            None => found = Some((i, other)),
            Some((first, known)) if !same_days(known, other) => {
                let message = format!("datetimes of the calendars `{known}` and `{other}` do not mix");
                let label = |c: Calendar| format!("this is in the calendar `{c}`");
                return Err(TypeError::new("ff::type::calendar", message)
                    .at(Culprit::Param(function.params[i].name), label(other))
                    .and_at(Culprit::Param(function.params[first].name), label(known))
                    .with_help("compare parts of the dates (`x.time.year`), or resample both to the same months"));
            }
            Some(_) => {}
        }
    }
    Ok(found.map_or(Calendar::Standard, |(_, calendar)| calendar))
}

/// Whether two calendars have the same days (since 1582-10-15).
pub fn same_days(a: Calendar, b: Calendar) -> bool {
    let gregorian = |c| matches!(c, Calendar::Standard | Calendar::ProlepticGregorian);
    a == b || (gregorian(a) && gregorian(b))
}

/// A date in quotes as an instant.
///
/// # Errors
/// The text is no date of the calendar.
pub fn parse(date: &str, calendar: Calendar, culprit: &Culprit) -> Result<Scalar, TypeError> {
    text::parse(calendar, date).map(|t| Scalar::DateTime(t, calendar)).map_err(|error| {
        let wrong = TypeError::new("ff::type::date", error.to_string()).at(culprit.clone(), "expected a date");
        match error.help() {
            Some(help) => wrong.with_help(help),
            None => wrong,
        }
    })
}

fn both(a: i64, b: i64, f: impl Fn(i64, i64) -> i64) -> i64 {
    if a == NAT || b == NAT { NAT } else { f(a, b) }
}

/// The sum.
pub fn add(a: i64, b: i64) -> i64 {
    both(a, b, i64::wrapping_add)
}

/// The difference.
pub fn sub(a: i64, b: i64) -> i64 {
    both(a, b, i64::wrapping_sub)
}

/// The negative.
pub fn neg(a: i64) -> i64 {
    a.wrapping_neg()
}

/// The absolute value.
pub fn abs(a: i64) -> i64 {
    a.wrapping_abs()
}

/// A duration times an integer.
pub fn times(a: i64, n: i64) -> i64 {
    if a == NAT { NAT } else { a.wrapping_mul(n) }
}

/// A duration times a real, truncated.
pub fn scaled(a: i64, x: f64) -> i64 {
    if a == NAT { NAT } else { whole(a as f64 * x) }
}

/// A number of microseconds, truncated; NaT where that does not fit.
pub fn whole(micros: f64) -> i64 {
    if micros.abs() < 2f64.powi(63) { micros as i64 } else { NAT }
}

/// A duration divided by an integer, truncated.
pub fn divided(a: i64, n: i64) -> i64 {
    if a == NAT || n == 0 { NAT } else { a.wrapping_div(n) }
}

/// A duration divided by a real, truncated.
pub fn shrunk(a: i64, x: f64) -> i64 {
    if a == NAT { NAT } else { whole(a as f64 / x) }
}

/// The ratio of two durations.
pub fn ratio(a: i64, b: i64) -> f64 {
    if a == NAT || b == NAT { f64::NAN } else { a as f64 / b as f64 }
}

/// How often `b` goes into `a`, rounded down; zero where that is undefined.
pub fn count(a: i64, b: i64) -> i64 {
    if a == NAT || b == NAT { 0 } else { super::integers::floor_div(a, b) }
}

/// A duration divided by an integer, rounded down.
pub fn floor_divided(a: i64, n: i64) -> i64 {
    if a == NAT || n == 0 { NAT } else { super::integers::floor_div(a, n) }
}

/// A duration divided by a real, rounded down.
pub fn floor_shrunk(a: i64, x: f64) -> i64 {
    if a == NAT { NAT } else { whole((a as f64 / x).floor()) }
}

/// What is left after taking `b` out of `a` as often as it goes; the sign of `b`.
pub fn remainder(a: i64, b: i64) -> i64 {
    if b == 0 { NAT } else { both(a, b, super::integers::floor_mod) }
}

/// The later of two, NaT where one is.
pub fn maximum(a: i64, b: i64) -> i64 {
    both(a, b, i64::max)
}

/// The earlier of two that is not NaT.
pub fn fmin(a: i64, b: i64) -> i64 {
    match (a, b) {
        (NAT, b) => b,
        (a, NAT) => a,
        (a, b) => a.min(b),
    }
}
