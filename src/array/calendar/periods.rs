//! Durations, calendar-aware addition, and the bins of `resample`.
//!
//! A [`Duration`] counts months, which differ in length, and microseconds, which do not. [`bins`]
//! cuts time into half-open periods labelled by their starts, as xarray's
//! `resample` does for pandas' `MS`, `YS` and fixed frequencies. Absent: periods closed or labelled
//! on the right, anchored weeks and quarters, business days.

use super::date::join_micros;
use super::{Calendar, DAY, DateError, HOUR, MINUTE, NAT, SECOND};

/// A length of time: months (a year is twelve) and microseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration {
    /// Calendar months.
    pub months: i64,
    /// Microseconds of fixed length.
    pub micros: i64,
}

/// The units of durations, longest first: name, months, microseconds.
const UNITS: [(&str, i64, i64); 9] = [
    ("y", 12, 0),
    ("mo", 1, 0),
    ("w", 0, 7 * DAY),
    ("d", 0, DAY),
    ("h", 0, HOUR),
    ("min", 0, MINUTE),
    ("s", 0, SECOND),
    ("ms", 0, 1000),
    ("us", 0, 1),
];

/// Why a text is not a duration, or a duration has no bins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not numbers with units.
    #[error("{text:?} is not a duration")]
    Malformed {
        /// The text.
        text: String,
    },
    /// A unit that is not known.
    #[error("{unit:?} in {text:?} is not a unit of durations")]
    UnknownUnit {
        /// The text.
        text: String,
        /// The unit.
        unit: String,
    },
    /// Too long for 64 bits.
    #[error("the duration {text:?} is too long: it is counted in 64-bit microseconds")]
    TooLong {
        /// The text.
        text: String,
    },
    /// A period that is zero, negative or mixed.
    #[error("{period} cannot be a period: it must be positive, and either months and years or a fixed time")]
    NotPeriod {
        /// The duration.
        period: Duration,
    },
    /// More periods than there is memory for.
    #[error("periods of {period} between {first} and {last} are {count}, too many")]
    TooMany {
        /// The duration.
        period: Duration,
        /// The first time, in ISO 8601.
        first: String,
        /// The last time, in ISO 8601.
        last: String,
        /// The number of periods.
        count: u64,
    },
    /// A period begins or ends beyond what 64-bit microseconds hold.
    #[error(transparent)]
    Date(#[from] DateError),
}

impl PeriodError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            PeriodError::Malformed { .. } => Some("durations are written 30s 15min 6h 1d 2w 1mo 1y".into()),
            PeriodError::UnknownUnit { unit, .. } if unit == "m" => Some("write min for minutes, mo for months".into()),
            PeriodError::UnknownUnit { unit, .. } => Some(match pandas_unit(unit) {
                Some(known) => format!("pandas' {unit} is written {known} here"),
                None => "units are y mo w d h min s ms us".into(),
            }),
            PeriodError::NotPeriod { .. } => Some("write 1mo, 3mo, 1y, or 6h, 1d, 2w".into()),
            PeriodError::TooMany { .. } => Some("take a longer period, or select less of the time first".into()),
            PeriodError::TooLong { .. } => None,
            PeriodError::Date(reason) => reason.help(),
        }
    }
}

/// The unit here for a frequency alias of pandas.
fn pandas_unit(alias: &str) -> Option<&'static str> {
    Some(match alias {
        "MS" | "M" | "ME" => "mo",
        "YS" | "AS" | "Y" | "YE" | "A" => "y",
        "D" => "d",
        "W" => "w",
        "H" => "h",
        "T" => "min",
        "S" => "s",
        "L" => "ms",
        "U" => "us",
        _ => return None,
    })
}

impl Duration {
    /// A duration of whole calendar months.
    pub const fn of_months(months: i64) -> Duration {
        Duration { months, micros: 0 }
    }

    /// A duration of fixed length.
    pub const fn of_micros(micros: i64) -> Duration {
        Duration { months: 0, micros }
    }

    /// Reads `30s`, `15min`, `6h`, `1d`, `2w`, `1mo`, `1y`, also `ms` and `us`, several in a row
    /// (`1d12h`) and a sign before all.
    ///
    /// # Errors
    /// When the text is not of that form or the duration does not fit.
    pub fn parse(text: &str) -> Result<Duration, PeriodError> {
        let malformed = || PeriodError::Malformed { text: text.to_string() };
        let trimmed = text.trim();
        let (negative, mut rest) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let mut total = Duration::default();
        if rest.is_empty() {
            return Err(malformed());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let letters = rest[digits..].find(|c: char| !c.is_alphabetic()).map_or(rest.len(), |end| digits + end);
            let (number, unit) = (&rest[..digits], &rest[digits..letters]);
            if number.is_empty() || unit.is_empty() {
                return Err(malformed());
            }
            let &(_, months, micros) = UNITS
                .iter()
                .find(|(name, ..)| *name == unit)
                .ok_or_else(|| PeriodError::UnknownUnit { text: text.to_string(), unit: unit.to_string() })?;
            let step = Duration { months, micros };
            let number = if negative { format!("-{number}") } else { number.to_string() };
            let sum = number.parse().ok().and_then(|number| step.times(number)).and_then(|step| total.plus(step));
            total = sum.ok_or_else(|| PeriodError::TooLong { text: text.to_string() })?;
            rest = &rest[letters..];
        }
        Ok(total)
    }

    /// So many times the duration, if that fits.
    pub fn times(self, count: i64) -> Option<Duration> {
        Some(Duration { months: self.months.checked_mul(count)?, micros: self.micros.checked_mul(count)? })
    }

    /// The sum of two durations, if it fits.
    pub fn plus(self, other: Duration) -> Option<Duration> {
        Some(Duration {
            months: self.months.checked_add(other.months)?,
            micros: self.micros.checked_add(other.micros)?,
        })
    }

    /// The time this long after `time`: first the months, where a day the month does not have becomes
    /// its last, then the microseconds. [`NAT`] stays so.
    ///
    /// # Errors
    /// When the time does not fit.
    pub fn after(self, calendar: Calendar, time: i64) -> Result<i64, DateError> {
        if time == NAT {
            return Ok(NAT);
        }
        let mut moved = Some(time);
        if self.months != 0 {
            let (_, _, day) = calendar.split_days(time.div_euclid(DAY));
            moved = month_number(calendar, time)
                .checked_add(self.months)
                .filter(|months| months.abs() < MONTHS_LIMIT)
                .and_then(|months| {
                    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) as u8 + 1);
                    let last = calendar.days_in_month(calendar.year_name(year), month);
                    join_micros(calendar.join_days((year, month, day.min(last))), time.rem_euclid(DAY))
                });
        }
        moved.and_then(|time| time.checked_add(self.micros)).filter(|&time| time != NAT).ok_or_else(|| {
            let forward = (self.months, self.micros) > (0, 0);
            DateError::OutOfRange { year: calendar.to_date(if forward { i64::MAX } else { NAT + 1 }).year }
        })
    }
}

/// Months from year 0 beyond which no time value lies.
const MONTHS_LIMIT: i64 = 12 * 400_000;

impl std::fmt::Display for Duration {
    /// As it is read: `1y6mo`, `2w`, `-1d12h`, `0s`. Months and microseconds of different sign, which no
    /// text gives, are written each with its own.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Duration::default() {
            return f.write_str("0s");
        }
        let negative = self.months < 0 || (self.months == 0 && self.micros < 0);
        let (mut months, mut micros) = (i128::from(self.months), i128::from(self.micros));
        if negative {
            (months, micros) = (-months, -micros);
            f.write_str("-")?;
        }
        for (name, unit_months, unit_micros) in UNITS {
            let (left, unit) = if unit_months > 0 { (&mut months, unit_months) } else { (&mut micros, unit_micros) };
            let count = *left / i128::from(unit);
            *left %= i128::from(unit);
            if count != 0 {
                write!(f, "{count}{name}")?;
            }
        }
        Ok(())
    }
}

/// Time cut into periods, and the period of each value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bins {
    /// The first instant of each period, ascending, of the empty ones too.
    pub labels: Vec<i64>,
    /// The first instant after the last period.
    pub end: i64,
    /// For each value the number of its period; [`NO_BIN`] for a missing value.
    pub index: Vec<u32>,
}

/// The period of a missing time: none.
pub const NO_BIN: u32 = u32::MAX;

/// More periods than values are refused beyond this many.
const PERIODS_LIMIT: usize = 1 << 24;

/// The periods of length `every` that cover the values, which need no order, as xarray's
/// `resample(time=…)` makes them: half-open, labelled by their starts, up to the one with the last value.
///
/// Months are pandas' `MS` and whole years its `YS`: the first period starts with the month or year of
/// the earliest value, and `3mo` or `10y` counts on from there. Fixed lengths count from midnight
/// before the earliest value (pandas' `origin="start_day"`).
///
/// # Errors
/// When `every` is not positive or mixes months with a fixed time, or the periods are too many or do not fit.
pub fn bins(calendar: Calendar, values: &[i64], every: Duration) -> Result<Bins, PeriodError> {
    let known = || values.iter().copied().filter(|&value| value != NAT);
    let (Some(first), Some(last)) = (known().min(), known().max()) else {
        return Ok(Bins { index: vec![NO_BIN; values.len()], ..Bins::default() });
    };
    let periods = Periods::from(calendar, first, every)?;
    let count = periods.number(last) + 1;
    if count > PERIODS_LIMIT.max(values.len()) as u64 || count >= u64::from(NO_BIN) {
        let (first, last) = (super::text::format(calendar, first), super::text::format(calendar, last));
        return Err(PeriodError::TooMany { period: every, first, last, count });
    }
    let start = |number| {
        let out_of_range = || DateError::OutOfRange { year: calendar.to_date(last).year };
        periods.start(number).ok_or_else(out_of_range)
    };
    let labels = (0..count).map(start).collect::<Result<_, _>>()?;
    let number = |&value: &i64| if value == NAT { NO_BIN } else { periods.number(value) as u32 };
    Ok(Bins { labels, end: start(count)?, index: values.iter().map(number).collect() })
}

/// Equal periods from an origin on.
enum Periods {
    /// So many months each, from a month counted from year 0.
    Months { calendar: Calendar, origin: i64, every: i64 },
    /// So many microseconds each, from a time value.
    Fixed { origin: i64, every: i64 },
}

impl Periods {
    /// The periods of which the first has `first` in it.
    fn from(calendar: Calendar, first: i64, every: Duration) -> Result<Periods, PeriodError> {
        match (every.months, every.micros) {
            (every @ 1.., 0) => {
                let month = month_number(calendar, first);
                let origin = if every % 12 == 0 { month - month.rem_euclid(12) } else { month };
                Ok(Periods::Months { calendar, origin, every })
            }
            (0, every @ 1..) => {
                let of_day = first.rem_euclid(DAY) / every * every;
                let origin = join_micros(first.div_euclid(DAY), of_day);
                let origin = origin.ok_or_else(|| DateError::OutOfRange { year: calendar.to_date(first).year })?;
                Ok(Periods::Fixed { origin, every })
            }
            _ => Err(PeriodError::NotPeriod { period: every }),
        }
    }

    /// The number of the period of a time not before the first.
    fn number(&self, time: i64) -> u64 {
        match *self {
            Periods::Months { calendar, origin, every } => {
                (month_number(calendar, time) - origin) as u64 / every as u64
            }
            Periods::Fixed { origin, every } => time.wrapping_sub(origin) as u64 / every as u64,
        }
    }

    /// The first instant of a period, if it fits.
    fn start(&self, number: u64) -> Option<i64> {
        let number = i64::try_from(number).ok()?;
        match *self {
            Periods::Months { calendar, origin, every } => {
                let month = number.checked_mul(every)?.checked_add(origin).filter(|month| *month < MONTHS_LIMIT)?;
                let first = (month.div_euclid(12), month.rem_euclid(12) as u8 + 1, 1);
                join_micros(calendar.join_days(first), 0)
            }
            Periods::Fixed { origin, every } => {
                i64::try_from(i128::from(number) * i128::from(every) + i128::from(origin)).ok()
            }
        }
    }
}

/// Months from the beginning of the astronomical year 0.
fn month_number(calendar: Calendar, time: i64) -> i64 {
    let (year, month, _) = calendar.split_days(time.div_euclid(DAY));
    12 * year + i64::from(month) - 1
}

#[cfg(test)]
mod tests {
    use super::super::{tables, text};
    use super::*;

    fn every(text: &str) -> Duration {
        Duration::parse(text).unwrap()
    }

    #[test]
    fn bins_are_those_of_xarray() {
        for (calendar, row) in tables::rows(include_str!("../../../tests/tables/time/resampled.txt")) {
            let mut times: Vec<i64> = row[1].split(' ').map(|time| text::parse(calendar, time).unwrap()).collect();
            times.reverse();
            let bins = bins(calendar, &times, every(row[0])).unwrap();
            let mut counts = vec![0; bins.labels.len()];
            for (&time, &bin) in times.iter().zip(&bins.index) {
                let next = bins.labels.get(bin as usize + 1).unwrap_or(&bins.end);
                assert!((bins.labels[bin as usize]..*next).contains(&time));
                counts[bin as usize] += 1;
            }
            let named =
                bins.labels.iter().zip(counts).map(|(&label, n)| format!("{}={n}", text::format(calendar, label)));
            assert_eq!(named.collect::<Vec<_>>().join(" "), row[2], "{calendar} {} {}", row[0], row[1]);
        }
    }

    #[test]
    fn missing_times_have_no_bin() {
        let calendar = Calendar::Standard;
        let found = bins(calendar, &[NAT, DAY, NAT, 3 * DAY], every("1d")).unwrap();
        assert_eq!(found.labels, [DAY, 2 * DAY, 3 * DAY]);
        assert_eq!((found.end, found.index), (4 * DAY, vec![NO_BIN, 0, NO_BIN, 2]));
        assert_eq!(bins(calendar, &[], every("1mo")), Ok(Bins::default()));
        assert_eq!(bins(calendar, &[NAT], every("1mo")).unwrap().index, [NO_BIN]);
    }

    #[test]
    fn periods_that_cannot_be_are_refused() {
        let calendar = Calendar::Standard;
        let told = |values: &[i64], every| bins(calendar, values, every).unwrap_err().to_string();
        let not_period = "cannot be a period: it must be positive, and either months and years or a fixed time";
        for text in ["0s", "-1d", "-1mo", "1mo1d"] {
            assert_eq!(told(&[0], every(text)), format!("{text} {not_period}"));
        }
        assert_eq!(
            told(&[0, 36_525 * DAY], every("1s")),
            "periods of 1s between 1970-01-01 and 2070-01-01 are 3155760001, too many"
        );
        assert!(told(&[NAT + 1, i64::MAX], every("1us")).contains("18446744073709551615"));
        assert!(told(&[i64::MAX], every("1mo")).contains("does not fit"));
        assert!(told(&[NAT + 1], every("1d")).contains("does not fit"));
        assert!(told(&[0], Duration::of_months(i64::MAX)).contains("does not fit"));
        assert!(told(&[DAY], Duration::of_micros(i64::MAX)).contains("does not fit"));
    }

    #[test]
    fn durations_are_read_and_written() {
        for (text, same) in [
            ("30s", "30s"),
            ("15min", "15min"),
            ("6h", "6h"),
            ("1d", "1d"),
            ("2w", "2w"),
            ("14d", "2w"),
            ("1mo", "1mo"),
            ("12mo", "1y"),
            ("18mo", "1y6mo"),
            ("36h", "1d12h"),
            ("1y2mo3d", "1y2mo3d"),
            ("-90min", "-1h30min"),
            ("+250ms", "250ms"),
            ("0d", "0s"),
            ("9223372036854775807us", "15250284w3d4h54s775ms807us"),
        ] {
            assert_eq!(every(text).to_string(), same);
            assert_eq!(every(same), every(text));
        }
        assert_eq!(Duration::of_micros(NAT).to_string(), "-15250284w3d4h54s775ms808us");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let mut told = String::new();
        for text in [
            "",
            "5",
            "d",
            "-",
            "1.5h",
            "1 d",
            "5m",
            "1MS",
            "3x",
            "99999999999999999999d",
            "999999999999999999y",
            "9e9w",
        ] {
            let error = Duration::parse(text).unwrap_err();
            told += &format!("{error} ({})\n", error.help().unwrap_or_default());
        }
        insta::assert_snapshot!(told);
    }

    #[test]
    fn months_are_added_by_the_calendar() {
        for (calendar, start, step, end) in [
            (Calendar::Standard, "2000-01-31T06", "1mo", "2000-02-29T06:00:00"),
            (Calendar::NoLeap, "2000-01-31", "1mo", "2000-02-28"),
            (Calendar::Day360, "2000-01-30", "1mo", "2000-02-30"),
            (Calendar::AllLeap, "1999-01-31", "-11mo", "1998-02-29"),
            (Calendar::Standard, "1582-09-10", "1mo", "1582-10-15"),
            (Calendar::Standard, "-0001-12-01", "1mo", "0001-01-01"),
            (Calendar::NoLeap, "-0001-12-01", "1mo", "0000-01-01"),
            (Calendar::ProlepticGregorian, "2000-02-29", "1y", "2001-02-28"),
            (Calendar::Julian, "1900-02-28", "1mo2d", "1900-03-30"),
            (Calendar::Standard, "2000-01-01", "-1us", "1999-12-31T23:59:59.999999"),
        ] {
            let after = every(step).after(calendar, text::parse(calendar, start).unwrap()).unwrap();
            assert_eq!(text::format(calendar, after), end, "{calendar} {start} {step}");
        }
        for step in [i64::MIN, i64::MAX] {
            assert!(Duration::of_months(step).after(Calendar::Julian, 0).is_err());
            assert!(Duration::of_micros(step).after(Calendar::Julian, step / 2).is_err());
        }
        assert_eq!(every("1mo").after(Calendar::Julian, NAT), Ok(NAT));
    }
}
