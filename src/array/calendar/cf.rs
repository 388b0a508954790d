//! The time units of CF: `days since 1850-01-01 00:00:00`.
//!
//! [`TimeUnits`] turns the numbers of a file into time values and back (CF conventions, section 4.4;
//! as cftime and xarray do). Integers are exact; floats are rounded to a microsecond. Months
//! and years count only in calendars where all of them are equally long.

use super::text::{self, TextError};
use super::{Calendar, DAY, HOUR, MINUTE, NAT, SECOND};

/// A unit of time.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    /// Of which a thousand are a microsecond; values are rounded to microseconds.
    Nanoseconds,
    /// The resolution of time values.
    Microseconds,
    /// 1000 microseconds.
    Milliseconds,
    /// 60 to a minute, always.
    Seconds,
    /// 60 seconds.
    Minutes,
    /// 60 minutes.
    Hours,
    /// 24 hours.
    Days,
    /// 7 days.
    Weeks,
    /// 30 days, in `360_day` only.
    Months,
    /// The calendar's year, in `360_day`, `noleap` and `all_leap` only.
    Years,
    /// 365 days.
    CommonYears,
}

impl TimeUnit {
    /// The unit of a name as UDUNITS and cftime know it, in singular, plural or short.
    pub fn parse(name: &str) -> Option<TimeUnit> {
        Some(match name.to_lowercase().as_str() {
            "nanoseconds" | "nanosecond" | "nanosec" | "nanosecs" | "nsec" | "nsecs" | "ns" => TimeUnit::Nanoseconds,
            "microseconds" | "microsecond" | "microsec" | "microsecs" | "usec" | "usecs" | "us" | "µs" => {
                TimeUnit::Microseconds
            }
            "milliseconds" | "millisecond" | "millisec" | "millisecs" | "msec" | "msecs" | "ms" => {
                TimeUnit::Milliseconds
            }
            "seconds" | "second" | "secs" | "sec" | "s" => TimeUnit::Seconds,
            "minutes" | "minute" | "mins" | "min" => TimeUnit::Minutes,
            "hours" | "hour" | "hrs" | "hr" | "h" => TimeUnit::Hours,
            "days" | "day" | "d" => TimeUnit::Days,
            "weeks" | "week" => TimeUnit::Weeks,
            "months" | "month" => TimeUnit::Months,
            "years" | "year" | "yrs" | "yr" => TimeUnit::Years,
            "common_years" | "common_year" => TimeUnit::CommonYears,
            _ => return None,
        })
    }

    /// The plural, as CF writes it.
    pub fn name(self) -> &'static str {
        match self {
            TimeUnit::Nanoseconds => "nanoseconds",
            TimeUnit::Microseconds => "microseconds",
            TimeUnit::Milliseconds => "milliseconds",
            TimeUnit::Seconds => "seconds",
            TimeUnit::Minutes => "minutes",
            TimeUnit::Hours => "hours",
            TimeUnit::Days => "days",
            TimeUnit::Weeks => "weeks",
            TimeUnit::Months => "months",
            TimeUnit::Years => "years",
            TimeUnit::CommonYears => "common_years",
        }
    }

    /// So many of the unit are so many microseconds: `(units, microseconds)`.
    ///
    /// # Errors
    /// For months and years, where those of the calendar differ in length.
    pub fn length(self, calendar: Calendar) -> Result<(i64, i64), UnitsError> {
        Ok(match (self, calendar) {
            (TimeUnit::Nanoseconds, _) => (1000, 1),
            (TimeUnit::Microseconds, _) => (1, 1),
            (TimeUnit::Milliseconds, _) => (1, 1000),
            (TimeUnit::Seconds, _) => (1, SECOND),
            (TimeUnit::Minutes, _) => (1, MINUTE),
            (TimeUnit::Hours, _) => (1, HOUR),
            (TimeUnit::Days, _) => (1, DAY),
            (TimeUnit::Weeks, _) => (1, 7 * DAY),
            (TimeUnit::Months, Calendar::Day360) => (1, 30 * DAY),
            (TimeUnit::Years, Calendar::Day360) => (1, 360 * DAY),
            (TimeUnit::Years, Calendar::NoLeap) | (TimeUnit::CommonYears, _) => (1, 365 * DAY),
            (TimeUnit::Years, Calendar::AllLeap) => (1, 366 * DAY),
            (TimeUnit::Months | TimeUnit::Years, _) => return Err(UnitsError::Varying { unit: self, calendar }),
        })
    }
}

/// Why units, or values in them, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitsError {
    /// Not of the form "unit since date".
    #[error("{text:?} is not a unit of time since a date")]
    NotReference {
        /// The attribute's text.
        text: String,
    },
    /// The word before "since" is no unit of time.
    #[error("{unit:?} is not a unit of time")]
    UnknownUnit {
        /// The word.
        unit: String,
    },
    /// The unit's length varies.
    #[error("{} are not all equally long in the calendar {calendar}, so \"{} since\" has no exact meaning", .unit.name(), .unit.name())]
    Varying {
        /// Months or years.
        unit: TimeUnit,
        /// The calendar.
        calendar: Calendar,
    },
    /// What follows "since" is not a date.
    #[error("after \"since\", {0}")]
    Epoch(TextError),
    /// A value beyond what 64-bit microseconds hold.
    #[error("{value} {units} does not fit: times are 64-bit microseconds since 1970")]
    OutOfRange {
        /// The value as written in the file.
        value: String,
        /// The units.
        units: String,
    },
    /// A time that is no whole number of the unit.
    #[error("{time} is not a whole number of {units}")]
    NotExact {
        /// The time in ISO 8601.
        time: String,
        /// The units.
        units: String,
    },
    /// A missing time among integers for which no fill value is given.
    #[error("a missing time cannot be written as an integer of {units} without a fill value")]
    Missing {
        /// The units.
        units: String,
    },
}

impl UnitsError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            UnitsError::NotReference { .. } => Some("CF writes \"days since 1850-01-01 00:00:00\"".into()),
            UnitsError::UnknownUnit { .. } => {
                Some("units are days, hours, minutes, seconds, milliseconds, microseconds, nanoseconds".into())
            }
            UnitsError::Varying { unit: TimeUnit::Months, .. } => {
                Some("months count in the calendar 360_day only; read the numbers with {decode: false}".into())
            }
            UnitsError::Varying { .. } => {
                Some("years count in 360_day, noleap and all_leap only; read the numbers with {decode: false}".into())
            }
            UnitsError::Epoch(reason) => reason.help(),
            UnitsError::OutOfRange { .. } => {
                Some("is it a fill value? Then the variable lacks its _FillValue attribute; {decode: false} reads it as it is".into())
            }
            UnitsError::NotExact { .. } => Some("choose a smaller unit, or write floats".into()),
            UnitsError::Missing { .. } => Some("give a fill_value, or write floats".into()),
        }
    }
}

/// A unit of time since an epoch, in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeUnits {
    unit: TimeUnit,
    epoch: i64,
    calendar: Calendar,
    /// So many units are `micros` microseconds; greater than 1 for nanoseconds only.
    per: i64,
    micros: i64,
}

impl TimeUnits {
    /// The units since the time value `epoch`.
    ///
    /// # Errors
    /// When the unit has no fixed length in the calendar.
    pub fn new(unit: TimeUnit, epoch: i64, calendar: Calendar) -> Result<TimeUnits, UnitsError> {
        let (per, micros) = unit.length(calendar)?;
        Ok(TimeUnits { unit, epoch, calendar, per, micros })
    }

    /// Whether a `units` attribute is meant as time since a date: whether its second word is "since".
    pub fn recognises(text: &str) -> bool {
        text.split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case("since"))
    }

    /// Reads a `units` attribute.
    ///
    /// # Errors
    /// When it is not a unit since a date, the calendar lacks the date, or the unit has no fixed length in it.
    pub fn parse(text: &str, calendar: Calendar) -> Result<TimeUnits, UnitsError> {
        let not_reference = || UnitsError::NotReference { text: text.to_string() };
        let (unit, rest) = text.trim().split_once(char::is_whitespace).ok_or_else(not_reference)?;
        let (since, date) = rest.trim_start().split_once(char::is_whitespace).ok_or_else(not_reference)?;
        if !since.eq_ignore_ascii_case("since") {
            return Err(not_reference());
        }
        let unit = TimeUnit::parse(unit).ok_or_else(|| UnitsError::UnknownUnit { unit: unit.to_string() })?;
        let epoch = text::parse(calendar, date.trim()).map_err(UnitsError::Epoch)?;
        TimeUnits::new(unit, epoch, calendar)
    }

    /// The units xarray would write: since the first value that is not missing, in the largest of days,
    /// hours, minutes, seconds and microseconds of which all values are whole numbers.
    pub fn infer(calendar: Calendar, values: &[i64]) -> TimeUnits {
        let epoch = values.iter().copied().find(|&value| value != NAT).unwrap_or(0);
        let whole = |micros: i64| {
            let since = |value: i64| (i128::from(value) - i128::from(epoch)) % i128::from(micros);
            values.iter().all(|&value| value == NAT || since(value) == 0)
        };
        let units =
            [(TimeUnit::Days, DAY), (TimeUnit::Hours, HOUR), (TimeUnit::Minutes, MINUTE), (TimeUnit::Seconds, SECOND)];
        let (unit, micros) =
            units.into_iter().find(|&(_, micros)| whole(micros)).unwrap_or((TimeUnit::Microseconds, 1));
        TimeUnits { unit, epoch, calendar, per: 1, micros }
    }

    /// The unit.
    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// The time value from which is counted.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The calendar.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The time value of a number; of NaN it is [`NAT`]. Rounded to the nearest microsecond but, as
    /// cftime does, to a whole second since the epoch if that is less than a microsecond away.
    ///
    /// # Errors
    /// When the time does not fit.
    pub fn decode(&self, value: f64) -> Result<i64, UnitsError> {
        if value.is_nan() {
            return Ok(NAT);
        }
        self.scaled_float(value).ok_or_else(|| self.out_of_range(value))
    }

    /// The time value of an integer, exact but for nanoseconds, which are rounded.
    ///
    /// # Errors
    /// When the time does not fit.
    pub fn decode_int(&self, value: i64) -> Result<i64, UnitsError> {
        self.scaled_int(value).ok_or_else(|| self.out_of_range(value))
    }

    /// The time values of numbers; NaN and `missing` become [`NAT`].
    ///
    /// # Errors
    /// When a time does not fit.
    pub fn decode_floats(&self, values: &[f64], missing: Option<f64>) -> Result<Vec<i64>, UnitsError> {
        values.iter().map(|&value| if Some(value) == missing { Ok(NAT) } else { self.decode(value) }).collect()
    }

    /// The time values of integers; `missing` becomes [`NAT`].
    ///
    /// # Errors
    /// When a time does not fit.
    pub fn decode_ints(&self, values: &[i64], missing: Option<i64>) -> Result<Vec<i64>, UnitsError> {
        values.iter().map(|&value| if Some(value) == missing { Ok(NAT) } else { self.decode_int(value) }).collect()
    }

    /// The number of a time value, as near as an `f64` comes; of [`NAT`] it is NaN.
    pub fn encode(&self, time: i64) -> f64 {
        if time == NAT {
            return f64::NAN;
        }
        let (whole, rest) = self.divide(time);
        whole as f64 + rest as f64 / self.micros as f64
    }

    /// The integer of a time value, if it is a whole number of the unit, fits and is not [`NAT`].
    pub fn encode_int(&self, time: i64) -> Option<i64> {
        match self.divide(time) {
            (whole, 0) if time != NAT => i64::try_from(whole).ok(),
            _ => None,
        }
    }

    /// The integers of time values, with `missing` for [`NAT`].
    ///
    /// # Errors
    /// When a time is not a whole number of the unit or does not fit, or one is missing and `missing` is not given.
    pub fn encode_ints(&self, times: &[i64], missing: Option<i64>) -> Result<Vec<i64>, UnitsError> {
        let encode = |&time: &i64| match missing {
            Some(missing) if time == NAT => Ok(missing),
            None if time == NAT => Err(UnitsError::Missing { units: self.to_string() }),
            _ => self.encode_int(time).ok_or_else(|| UnitsError::NotExact {
                time: text::format(self.calendar, time),
                units: self.to_string(),
            }),
        };
        times.iter().map(encode).collect()
    }

    fn scaled_float(&self, value: f64) -> Option<i64> {
        let (whole, fraction) = match (self.per, self.micros) {
            (1, 1) => (value.round_ties_even(), 0.0),
            (1, micros) => (value.trunc(), value.fract() * micros as f64),
            (per, _) => ((value / per as f64).round_ties_even(), 0.0),
        };
        if whole.abs() >= i64::MAX as f64 {
            return None;
        }
        let whole = i128::from(whole as i64) * i128::from(self.micros);
        let nearest = whole + fraction.round_ties_even() as i128;
        let beside = if self.micros < SECOND { 0 } else { nearest.rem_euclid(i128::from(SECOND)) };
        self.since_epoch(match beside {
            1 => whole + fraction.floor() as i128,
            999_999 => whole + fraction.ceil() as i128,
            _ => nearest,
        })
    }

    fn scaled_int(&self, value: i64) -> Option<i64> {
        let (units, per) = (i128::from(value) * i128::from(self.micros), i128::from(self.per));
        let (whole, twice) = (units.div_euclid(per), 2 * units.rem_euclid(per));
        let up = twice > per || (twice == per && whole % 2 != 0);
        self.since_epoch(whole + i128::from(up))
    }

    fn since_epoch(&self, micros: i128) -> Option<i64> {
        i64::try_from(micros + i128::from(self.epoch)).ok().filter(|&time| time != NAT)
    }

    /// Whole units since the epoch, and the rest in parts of which the unit has `self.micros`.
    fn divide(&self, time: i64) -> (i128, i128) {
        let parts = (i128::from(time) - i128::from(self.epoch)) * i128::from(self.per);
        (parts / i128::from(self.micros), parts % i128::from(self.micros))
    }

    fn out_of_range(&self, value: impl std::fmt::Display) -> UnitsError {
        UnitsError::OutOfRange { value: value.to_string(), units: self.to_string() }
    }
}

impl std::fmt::Display for TimeUnits {
    /// As xarray writes it: `hours since 1850-01-16 12:00:00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let epoch = text::format(self.calendar, self.epoch);
        let (date, time) = epoch.split_once('T').unwrap_or((&epoch, "00:00:00"));
        write!(f, "{} since {date} {time}", self.unit.name())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables;
    use super::*;

    #[test]
    fn numbers_are_decoded_as_by_cftime() {
        for (calendar, row) in tables::rows(include_str!("../../../tests/tables/time/decoded.txt")) {
            let units = TimeUnits::parse(row[0], calendar).unwrap();
            let time = match row[1].parse::<i64>() {
                Ok(integer) => {
                    assert_eq!(
                        units.encode_int(units.decode_int(integer).unwrap()),
                        Some(integer),
                        "{calendar} {row:?}"
                    );
                    units.decode_int(integer).unwrap()
                }
                Err(_) => units.decode(row[1].parse().unwrap()).unwrap(),
            };
            assert_eq!(text::format(calendar, time), row[2], "{calendar} {row:?}");
            assert_eq!(units.decode(units.encode(time)), Ok(time), "{calendar} {row:?}");
        }
    }

    /// Units read and written again, or the message and its help.
    fn again(text: &str, calendar: Calendar) -> String {
        match TimeUnits::parse(text, calendar) {
            Ok(units) => units.to_string(),
            Err(error) => format!("{error} ({})", error.help().unwrap()),
        }
    }

    #[test]
    fn units_are_read_and_written() {
        let mut told = String::new();
        for (text, calendar) in [
            ("days since 1850-01-01 00:00:00.0 UTC", Calendar::NoLeap),
            ("hours since 1970-1-1", Calendar::Standard),
            ("hours since 1-1-1 00:00:0.0", Calendar::Standard),
            ("  Seconds  Since  1992-10-8 15:15:42.5 -6:00", Calendar::Standard),
            ("msec since -0005-02-03", Calendar::Julian),
            ("ns since 12345-01-01T00:00:00Z", Calendar::AllLeap),
            ("weeks since 1850", Calendar::ProlepticGregorian),
            ("days since 2000-02-30", Calendar::Day360),
            ("months since 2000-01-01", Calendar::Day360),
            ("years since 2000-01-01", Calendar::AllLeap),
            ("common_years since 2000-01-01", Calendar::Standard),
            ("days", Calendar::Standard),
            ("days since", Calendar::Standard),
            ("days from 2000-01-01", Calendar::Standard),
            ("fortnights since 2000-01-01", Calendar::Standard),
            ("months since 2000-01-01", Calendar::NoLeap),
            ("years since 2000-01-01", Calendar::Standard),
            ("days since 2000-02-30", Calendar::Standard),
            ("days since 0000-01-01", Calendar::Standard),
            ("day as %Y%m%d.%f", Calendar::Standard),
            ("days since yesterday", Calendar::Standard),
        ] {
            told += &format!("{text} | {calendar}: {}\n", again(text, calendar));
        }
        insta::assert_snapshot!(told);
        assert!(TimeUnits::recognises("days since 1850-01-01") && !TimeUnits::recognises("days"));
    }

    #[test]
    fn missing_and_impossible_numbers() {
        let days = TimeUnits::parse("days since 2000-01-01", Calendar::Standard).unwrap();
        let day = days.epoch() + DAY;
        assert_eq!(days.decode_floats(&[1.0, f64::NAN, -999.0], Some(-999.0)), Ok(vec![day, NAT, NAT]));
        assert_eq!(days.decode_ints(&[1, -999], Some(-999)), Ok(vec![day, NAT]));
        for value in [9.969_209_968_386_869e36, f64::INFINITY, f64::NEG_INFINITY, 1.1e8] {
            assert!(matches!(days.decode(value), Err(UnitsError::OutOfRange { .. })), "{value}");
        }
        assert!(matches!(days.decode_int(i64::MIN), Err(UnitsError::OutOfRange { .. })));
        assert!(days.encode(NAT).is_nan());
        assert_eq!(days.encode(day + DAY / 4), 1.25);
        assert_eq!(days.encode_ints(&[day, NAT], Some(-1)), Ok(vec![1, -1]));
        assert_eq!(
            days.encode_ints(&[day, NAT], None).unwrap_err().to_string(),
            "a missing time cannot be written as an integer of days since 2000-01-01 00:00:00 without a fill value"
        );
        assert_eq!(
            days.encode_ints(&[day + HOUR], None).unwrap_err().to_string(),
            "2000-01-02T01:00:00 is not a whole number of days since 2000-01-01 00:00:00"
        );
    }

    #[test]
    fn nanoseconds_are_rounded_to_microseconds() {
        let units = TimeUnits::parse("nanoseconds since 1970-01-01", Calendar::Standard).unwrap();
        for (nanoseconds, micros) in
            [(0, 0), (499, 0), (500, 0), (501, 1), (1500, 2), (-500, 0), (-501, -1), (-1500, -2)]
        {
            assert_eq!(units.decode_int(nanoseconds), Ok(micros), "{nanoseconds}");
            assert_eq!(units.decode(nanoseconds as f64), Ok(micros), "{nanoseconds}");
        }
        assert_eq!(units.encode_int(-7), Some(-7000));
        assert_eq!(units.encode_int(i64::MAX), None);
        assert_eq!(units.decode_int(i64::MAX), Ok(i64::MAX / 1000 + 1));
    }

    #[test]
    fn integers_are_exact_to_the_last_microsecond() {
        let units = TimeUnits::parse("microseconds since 1970-01-01", Calendar::Day360).unwrap();
        for value in [i64::MIN + 1, -1, 0, 1, (1 << 53) + 1, i64::MAX] {
            assert_eq!(units.decode_int(value), Ok(value));
            assert_eq!(units.encode_int(value), Some(value));
        }
    }

    #[test]
    fn the_largest_exact_unit_is_chosen() {
        let calendar = Calendar::NoLeap;
        let start = text::parse(calendar, "1850-01-16T12:00:00").unwrap();
        for (steps, units) in [
            (vec![], "days since 1970-01-01 00:00:00"),
            (vec![NAT], "days since 1970-01-01 00:00:00"),
            (vec![start], "days since 1850-01-16 12:00:00"),
            (vec![NAT, start, start + DAY, start - 7 * DAY, NAT], "days since 1850-01-16 12:00:00"),
            (vec![start, start + DAY / 2], "hours since 1850-01-16 12:00:00"),
            (vec![start, start + 90 * MINUTE], "minutes since 1850-01-16 12:00:00"),
            (vec![start, start - SECOND], "seconds since 1850-01-16 12:00:00"),
            (vec![start + 250_000, start + SECOND], "microseconds since 1850-01-16 12:00:00.25"),
        ] {
            let inferred = TimeUnits::infer(calendar, &steps);
            assert_eq!(inferred.to_string(), units);
            assert_eq!(TimeUnits::parse(units, calendar), Ok(inferred.clone()));
            let written = inferred.encode_ints(&steps, Some(i64::MIN));
            assert_eq!(written.and_then(|written| inferred.decode_ints(&written, Some(i64::MIN))), Ok(steps));
        }
    }
}
