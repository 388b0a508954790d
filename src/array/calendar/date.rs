//! Dates and the days between them.
//!
//! All leap rules but that of `360_day` share one shape: a year that begins on the first of March ends
//! with its leap day, so the day of such a year gives month and day by one linear formula, and a rule
//! is only the number of days before a year (after P. Baum, "Date Algorithms", 2020, and H. Hinnant,
//! "chrono-compatible low-level date algorithms", 2013).
//!
//! Years here are *astronomical* (…, -1, 0, 1, …) inside and as the calendar names them outside:
//! `standard` and `julian` have no year 0, their year -1 is followed by year 1, as in cftime.

use super::{Calendar, DAY, HOUR, MINUTE, NAT, SECOND};

/// A date and time of day, taken apart.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime {
    /// The year as the calendar names it; never 0 in `standard` and `julian`.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to the last day of the month.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999 999.
    pub microsecond: u32,
}

impl DateTime {
    /// Midnight at the beginning of a day.
    pub fn midnight(year: i64, month: u8, day: u8) -> DateTime {
        DateTime { year, month, day, hour: 0, minute: 0, second: 0, microsecond: 0 }
    }

    /// The same date with another time of day.
    pub fn at(self, hour: u8, minute: u8, second: u8, microsecond: u32) -> DateTime {
        DateTime { hour, minute, second, microsecond, ..self }
    }
}

/// Why a date has no time value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The calendar counts …, -1, 1, …
    #[error("the calendar {calendar} has no year 0")]
    YearZero {
        /// The calendar asked.
        calendar: Calendar,
    },
    /// A month outside 1 to 12.
    #[error("there is no month {month}")]
    Month {
        /// The month asked for.
        month: u8,
    },
    /// A day the month does not have.
    #[error("{year:04}-{month:02} has no day {day} in the calendar {calendar}: its last is {last}")]
    Day {
        /// The calendar asked.
        calendar: Calendar,
        /// The year.
        year: i64,
        /// The month.
        month: u8,
        /// The day asked for.
        day: u8,
        /// The last day of that month.
        last: u8,
    },
    /// A day left out when the Gregorian calendar was introduced.
    #[error("1582-10-{day:02} does not exist in the calendar standard: 1582-10-04 is followed by 1582-10-15")]
    Gap {
        /// The day asked for, 5 to 14.
        day: u8,
    },
    /// A time of day outside 00:00:00 to 23:59:59.999999.
    #[error("there is no time {hour:02}:{minute:02}:{second:02}")]
    Time {
        /// The hour asked for.
        hour: u8,
        /// The minute asked for.
        minute: u8,
        /// The second asked for.
        second: u8,
    },
    /// A time that does not fit in 64 bits of microseconds.
    #[error("a time in or near the year {year} does not fit: times are 64-bit microseconds since 1970")]
    OutOfRange {
        /// The year asked for, or the nearest that fits.
        year: i64,
    },
}

impl DateError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            DateError::YearZero { .. } => Some(
                "year -1 is followed by year 1; proleptic_gregorian and the idealised calendars have a year 0".into(),
            ),
            DateError::Month { .. } => Some("dates are written year-month-day".into()),
            DateError::Day { calendar, .. } => Some(format!(
                "is {calendar} the right calendar? 360_day alone has a 30 February, all_leap always a 29th"
            )),
            DateError::Gap { .. } => Some("proleptic_gregorian has no such gap".into()),
            DateError::Time { .. } => {
                Some("hours go to 23, minutes and seconds to 59; there are no leap seconds".into())
            }
            DateError::OutOfRange { .. } => Some("years from about -290000 to 294000 can be represented".into()),
        }
    }
}

/// Days from the first of March of year 0 to the first of March of `year`, by each rule.
const fn gregorian_days(year: i64) -> i64 {
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)
}

const fn julian_days(year: i64) -> i64 {
    365 * year + year.div_euclid(4)
}

/// Days from 1 March to 1 January.
const MARCH_TO_JANUARY: i64 = 306;
/// Days from 0000-03-01 to 1970-01-01.
const GREGORIAN_EPOCH: i64 = gregorian_days(1969) + MARCH_TO_JANUARY;
const JULIAN_EPOCH: i64 = julian_days(1969) + MARCH_TO_JANUARY;
const NOLEAP_EPOCH: i64 = 365 * 1969 + MARCH_TO_JANUARY;
const ALLLEAP_EPOCH: i64 = 366 * 1969 + MARCH_TO_JANUARY;
/// 1582-10-15 in days since 1970-01-01: the first Gregorian day of `standard`.
const REFORM: i64 = gregorian_days(1582) + day_of_march_year(10, 15) - GREGORIAN_EPOCH;
/// Days from Julian 0000-03-01 to 1970-01-01 of `standard`: Julian 1582-10-05 is the day of the reform.
const MIXED_EPOCH: i64 = julian_days(1582) + day_of_march_year(10, 5) - REFORM;

/// Days since the first of March of a year that begins then.
const fn day_of_march_year(month: u8, day: u8) -> i64 {
    let from_march = if month > 2 { month - 3 } else { month + 9 } as i64;
    (153 * from_march + 2) / 5 + day as i64 - 1
}

/// A year that begins in March and the day in it, from days since 0000-03-01.
fn split_gregorian(days: i64) -> (i64, i64) {
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    (400 * cycle + year, day - gregorian_days(year))
}

fn split_julian(days: i64) -> (i64, i64) {
    let (cycle, day) = (days.div_euclid(1461), days.rem_euclid(1461));
    let year = (day - day / 1460) / 365;
    (4 * cycle + year, day - 365 * year)
}

/// A day of a calendar: astronomical year, month from 1, day from 1.
pub(super) type Day = (i64, u8, u8);

impl Calendar {
    /// The date of `days` since 1970-01-01.
    pub(super) fn split_days(self, days: i64) -> Day {
        let (year, day) = match self {
            Calendar::Standard if days < REFORM => split_julian(days + MIXED_EPOCH),
            Calendar::Standard | Calendar::ProlepticGregorian => split_gregorian(days + GREGORIAN_EPOCH),
            Calendar::Julian => split_julian(days + JULIAN_EPOCH),
            Calendar::NoLeap => ((days + NOLEAP_EPOCH).div_euclid(365), (days + NOLEAP_EPOCH).rem_euclid(365)),
            Calendar::AllLeap => ((days + ALLLEAP_EPOCH).div_euclid(366), (days + ALLLEAP_EPOCH).rem_euclid(366)),
            Calendar::Day360 => {
                let (year, day) = (days.div_euclid(360), days.rem_euclid(360));
                return (1970 + year, 1 + (day / 30) as u8, 1 + (day % 30) as u8);
            }
        };
        let from_march = (5 * day + 2) / 153;
        let day = 1 + (day - (153 * from_march + 2) / 5) as u8;
        match from_march {
            0..=9 => (year, from_march as u8 + 3, day),
            _ => (year + 1, from_march as u8 - 9, day),
        }
    }

    /// Days since 1970-01-01 of a date that exists (in the gap of 1582: of the first day after it).
    pub(super) fn join_days(self, (year, month, day): Day) -> i64 {
        let march_year = if month > 2 { year } else { year - 1 };
        let in_year = day_of_march_year(month, day);
        match self {
            Calendar::Standard => {
                let gregorian = gregorian_days(march_year) + in_year - GREGORIAN_EPOCH;
                let julian = julian_days(march_year) + in_year - MIXED_EPOCH;
                if gregorian >= REFORM { gregorian } else { julian.min(REFORM) }
            }
            Calendar::ProlepticGregorian => gregorian_days(march_year) + in_year - GREGORIAN_EPOCH,
            Calendar::Julian => julian_days(march_year) + in_year - JULIAN_EPOCH,
            Calendar::NoLeap => 365 * march_year + in_year - NOLEAP_EPOCH,
            Calendar::AllLeap => 366 * march_year + in_year - ALLLEAP_EPOCH,
            Calendar::Day360 => 360 * (year - 1970) + 30 * (i64::from(month) - 1) + i64::from(day) - 1,
        }
    }

    /// Whether the year before 1 is 0 and not -1.
    pub fn has_year_zero(self) -> bool {
        match self {
            Calendar::Standard | Calendar::Julian => false,
            Calendar::ProlepticGregorian | Calendar::NoLeap | Calendar::AllLeap | Calendar::Day360 => true,
        }
    }

    /// The name of an astronomical year.
    pub(super) fn year_name(self, astronomical: i64) -> i64 {
        if astronomical <= 0 && !self.has_year_zero() { astronomical - 1 } else { astronomical }
    }

    /// The astronomical year of a named one.
    pub(super) fn astronomical_year(self, year: i64) -> Result<i64, DateError> {
        match year {
            0 if !self.has_year_zero() => Err(DateError::YearZero { calendar: self }),
            -400_000..0 if !self.has_year_zero() => Ok(year + 1),
            -400_000..=400_000 => Ok(year),
            _ => Err(DateError::OutOfRange { year }),
        }
    }

    /// Whether the year, as the calendar names it, has a 29 February; `360_day` has no leap years.
    pub fn is_leap(self, year: i64) -> bool {
        let astronomical = if year < 0 && !self.has_year_zero() { year + 1 } else { year };
        let julian = astronomical.rem_euclid(4) == 0;
        match self {
            Calendar::Standard if year < 1583 => julian,
            Calendar::Standard | Calendar::ProlepticGregorian => {
                julian && (astronomical.rem_euclid(100) != 0 || astronomical.rem_euclid(400) == 0)
            }
            Calendar::Julian => julian,
            Calendar::NoLeap | Calendar::Day360 => false,
            Calendar::AllLeap => true,
        }
    }

    /// The number of the last day of a month (1 to 12). October 1582 of `standard` counts in full, as
    /// in cftime, though ten of its days do not exist.
    pub fn days_in_month(self, year: i64, month: u8) -> u8 {
        match (self, month) {
            (Calendar::Day360, _) => 30,
            (_, 2) => 28 + u8::from(self.is_leap(year)),
            (_, 4 | 6 | 9 | 11) => 30,
            _ => 31,
        }
    }

    /// The number of the last day of the year; 1582 of `standard` counts in full, as in cftime.
    pub fn days_in_year(self, year: i64) -> u16 {
        match self {
            Calendar::Day360 => 360,
            _ => 365 + u16::from(self.is_leap(year)),
        }
    }

    /// The day of the year, from 1: the days of the months before, and the day of the month. After the
    /// gap of 1582 in `standard` the missing days count, as in cftime.
    pub fn day_of_year(self, year: i64, month: u8, day: u8) -> u16 {
        let before: u16 = (1..month).map(|m| u16::from(self.days_in_month(year, m))).sum();
        before + u16::from(day)
    }

    /// The date of a time value. The missing value [`NAT`] is the caller's to test for: here it gives
    /// the earliest date there is.
    pub fn to_date(self, micros: i64) -> DateTime {
        let (year, month, day) = self.split_days(micros.div_euclid(DAY));
        let of_day = micros.rem_euclid(DAY);
        DateTime {
            year: self.year_name(year),
            month,
            day,
            hour: (of_day / HOUR) as u8,
            minute: (of_day / MINUTE % 60) as u8,
            second: (of_day / SECOND % 60) as u8,
            microsecond: (of_day % SECOND) as u32,
        }
    }

    /// The time value of a date.
    ///
    /// # Errors
    /// When the date or the time of day does not exist in this calendar, or does not fit in an `i64`.
    pub fn from_date(self, date: DateTime) -> Result<i64, DateError> {
        let DateTime { year, month, day, hour, minute, second, microsecond } = date;
        let astronomical = self.astronomical_year(year)?;
        if !(1..=12).contains(&month) {
            return Err(DateError::Month { month });
        }
        let last = self.days_in_month(year, month);
        if !(1..=last).contains(&day) {
            return Err(DateError::Day { calendar: self, year, month, day, last });
        }
        if self == Calendar::Standard && (year, month) == (1582, 10) && (5..15).contains(&day) {
            return Err(DateError::Gap { day });
        }
        if hour > 23 || minute > 59 || second > 59 || microsecond > 999_999 {
            return Err(DateError::Time { hour, minute, second });
        }
        let of_day = i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second) * SECOND;
        let of_day = of_day + i64::from(microsecond);
        join_micros(self.join_days((astronomical, month, day)), of_day).ok_or(DateError::OutOfRange { year })
    }
}

/// `days` and microseconds of the day as one value, if it fits and is not [`NAT`].
pub(super) fn join_micros(days: i64, of_day: i64) -> Option<i64> {
    let micros = i128::from(days) * i128::from(DAY) + i128::from(of_day);
    i64::try_from(micros).ok().filter(|&micros| micros != NAT)
}

#[cfg(test)]
mod tests {
    use super::super::{tables, text};
    use super::*;

    /// A small generator of reproducible numbers (Marsaglia's xorshift).
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn dates_are_those_of_cftime() {
        for (calendar, row) in tables::rows(include_str!("../../../tests/tables/time/dates.txt")) {
            let days: i64 = row[0].parse().unwrap();
            let DateTime { year, month, day, .. } = calendar.to_date(days * DAY);
            assert_eq!(text::format(calendar, days * DAY), row[1], "{calendar} {days}");
            assert_eq!(calendar.from_date(DateTime::midnight(year, month, day)), Ok(days * DAY), "{calendar} {row:?}");
            assert_eq!(calendar.day_of_year(year, month, day).to_string(), row[2], "{calendar} {row:?}");
            assert_eq!(calendar.days_in_month(year, month).to_string(), row[4], "{calendar} {row:?}");
        }
    }

    #[test]
    fn days_follow_one_another_for_twenty_thousand_years() {
        for calendar in Calendar::ALL {
            let first = calendar.from_date(DateTime::midnight(-10_000, 1, 1)).unwrap() / DAY;
            let last = calendar.from_date(DateTime::midnight(10_000, 12, 30)).unwrap() / DAY;
            let mut before = calendar.split_days(first - 1);
            for days in first..=last {
                let (year, month, day) = calendar.split_days(days);
                assert_eq!(calendar.join_days((year, month, day)), days);
                let (old_year, old_month, old_day) = before;
                let ended = old_day == calendar.days_in_month(calendar.year_name(old_year), old_month);
                let next = match (ended, old_month) {
                    (false, _) if calendar == Calendar::Standard && before == (1582, 10, 4) => (1582, 10, 15),
                    (false, _) => (old_year, old_month, old_day + 1),
                    (true, 12) => (old_year + 1, 1, 1),
                    (true, _) => (old_year, old_month + 1, 1),
                };
                assert_eq!((year, month, day), next, "{calendar} {days}");
                before = next;
            }
        }
    }

    #[test]
    fn every_value_has_a_date_that_gives_it_back() {
        let mut state = 1970;
        let edges = [NAT + 1, NAT + 2, -DAY - 1, -DAY, -1, 0, 1, DAY - 1, DAY, i64::MAX - 1, i64::MAX];
        let random = (0..20_000).map(|_| (random(&mut state) as i64).max(NAT + 1));
        for micros in edges.into_iter().chain(random) {
            for calendar in Calendar::ALL {
                assert_eq!(calendar.from_date(calendar.to_date(micros)), Ok(micros), "{calendar} {micros}");
            }
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        use Calendar::*;
        let day = DateTime::midnight;
        for calendar in [Standard, ProlepticGregorian, Julian, NoLeap] {
            let refused = calendar.from_date(day(1999, 2, 29));
            assert_eq!(refused, Err(DateError::Day { calendar, year: 1999, month: 2, day: 29, last: 28 }));
        }
        assert!(Julian.from_date(day(1900, 2, 29)).is_ok() && Standard.from_date(day(1900, 2, 29)).is_err());
        assert!(Day360.from_date(day(1999, 2, 30)).is_ok() && Day360.from_date(day(1999, 1, 31)).is_err());
        assert!(AllLeap.from_date(day(1999, 2, 29)).is_ok() && NoLeap.from_date(day(2000, 2, 29)).is_err());
        for missing in 5..15 {
            assert_eq!(Standard.from_date(day(1582, 10, missing)), Err(DateError::Gap { day: missing }));
        }
        for calendar in Calendar::ALL {
            assert_eq!(calendar.from_date(day(0, 1, 1)).is_ok(), calendar.has_year_zero());
            assert_eq!(calendar.from_date(day(2000, 13, 1)), Err(DateError::Month { month: 13 }));
            assert_eq!(calendar.from_date(day(2000, 0, 1)), Err(DateError::Month { month: 0 }));
            assert!(calendar.from_date(day(2000, 1, 0)).is_err());
            assert!(calendar.from_date(day(2000, 1, 1).at(24, 0, 0, 0)).is_err());
            assert!(calendar.from_date(day(2000, 1, 1).at(23, 59, 60, 0)).is_err());
            assert!(calendar.from_date(day(2000, 1, 1).at(23, 59, 59, 1_000_000)).is_err());
            for year in [i64::MIN, -300_000, 300_000, i64::MAX] {
                assert_eq!(calendar.from_date(day(year, 1, 1)), Err(DateError::OutOfRange { year }));
            }
        }
    }

    #[test]
    fn years_have_their_lengths() {
        for calendar in Calendar::ALL {
            for year in [-401, -400, -5, -4, -1, 1, 4, 100, 400, 1500, 1581, 1583, 1600, 1700, 1900, 1999, 2000, 2100] {
                let next = if year == -1 && !calendar.has_year_zero() { 1 } else { year + 1 };
                let starts = [year, next].map(|year| calendar.from_date(DateTime::midnight(year, 1, 1)).unwrap());
                assert_eq!((starts[1] - starts[0]) / DAY, i64::from(calendar.days_in_year(year)), "{calendar} {year}");
                let months: u16 = (1..=12).map(|month| u16::from(calendar.days_in_month(year, month))).sum();
                assert_eq!(months, calendar.days_in_year(year), "{calendar} {year}");
            }
        }
    }
}
