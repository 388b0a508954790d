//! Calendars of the CF conventions, and what is counted and written with them.
//!
//! A [`Calendar`] says which days there are. The time values of this project are `i64` **microseconds
//! since 1970-01-01T00:00:00 of their own calendar**, where "since" counts the days that elapse in
//! that calendar; [`NAT`] is the missing value. The same number therefore names different dates in
//! different calendars, and a value means nothing without its calendar. About ±292 000 years fit.
//!
//! A [`DateTime`] is a value taken apart. [`parts`] takes single parts of many values, [`text`] reads
//! and writes ISO 8601, [`cf`] the `units` attributes of CF, [`periods`] counts months and makes the
//! bins of `resample`.
//!
//! Deliberately absent: time zones (offsets are subtracted where they are read), leap seconds (CF has
//! none), and anything finer than a microsecond.

pub mod cf;
mod date;
pub mod parts;
pub mod periods;
pub mod text;

pub use date::{DateError, DateTime};

/// The missing time ("not a time"): sorts before all others.
pub const NAT: i64 = i64::MIN;

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// A calendar of the CF conventions (section 4.4.1).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Calendar {
    /// Julian up to 1582-10-04, Gregorian from 1582-10-15 on; the days between do not exist. CF's default.
    Standard,
    /// The Gregorian rule of leap years, extended to all times.
    ProlepticGregorian,
    /// Every fourth year is a leap year.
    Julian,
    /// Every year has 365 days.
    NoLeap,
    /// Every year has 366 days.
    AllLeap,
    /// Twelve months of 30 days.
    Day360,
}

impl Calendar {
    /// All calendars, in order of declaration.
    pub const ALL: [Calendar; 6] = [
        Calendar::Standard,
        Calendar::ProlepticGregorian,
        Calendar::Julian,
        Calendar::NoLeap,
        Calendar::AllLeap,
        Calendar::Day360,
    ];

    /// The calendar of a CF `calendar` attribute, in any case; also by its aliases `gregorian`,
    /// `365_day`, `366_day`.
    pub fn parse(name: &str) -> Option<Calendar> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "standard" | "gregorian" => Calendar::Standard,
            "proleptic_gregorian" => Calendar::ProlepticGregorian,
            "julian" => Calendar::Julian,
            "noleap" | "365_day" => Calendar::NoLeap,
            "all_leap" | "366_day" => Calendar::AllLeap,
            "360_day" => Calendar::Day360,
            _ => return None,
        })
    }

    /// The name CF gives the calendar.
    pub fn name(self) -> &'static str {
        match self {
            Calendar::Standard => "standard",
            Calendar::ProlepticGregorian => "proleptic_gregorian",
            Calendar::Julian => "julian",
            Calendar::NoLeap => "noleap",
            Calendar::AllLeap => "all_leap",
            Calendar::Day360 => "360_day",
        }
    }
}

impl std::fmt::Display for Calendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The tables of `tests/tables/time`, which `scripts/time_tables.py` makes with cftime, pandas and xarray.
#[cfg(test)]
mod tables {
    use super::Calendar;

    /// The rows of a table: the calendar of the first column, and the other columns.
    pub fn rows(table: &'static str) -> Vec<(Calendar, Vec<&'static str>)> {
        let row = |line: &'static str| {
            let mut columns = line.split('|').map(str::trim);
            (columns.next().and_then(Calendar::parse).unwrap(), columns.collect())
        };
        table.lines().skip(1).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases() {
        for calendar in Calendar::ALL {
            assert_eq!(Calendar::parse(calendar.name()), Some(calendar));
            assert_eq!(Calendar::parse(&calendar.name().to_uppercase()), Some(calendar));
        }
        assert_eq!(Calendar::parse("gregorian"), Some(Calendar::Standard));
        assert_eq!(Calendar::parse("365_day"), Some(Calendar::NoLeap));
        assert_eq!(Calendar::parse("366_day"), Some(Calendar::AllLeap));
        assert_eq!(Calendar::parse("martian"), None);
    }
}
