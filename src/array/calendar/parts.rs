//! Single parts of time values: what `x.time.month` gives.
//!
//! Parts are numbers. Where xarray names a season by a string, [`TimePart::Season`] is its number in
//! the year and [`season_name`] the string. Weeks are those of ISO 8601; calendars that differ from
//! the civil one let the seven-day week run on from their own days, as cftime does.

use super::{Calendar, DAY, HOUR, MINUTE, NAT, SECOND};

/// A part of a date or time of day.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimePart {
    /// The year as the calendar names it.
    Year,
    /// 1 to 12.
    Month,
    /// Of the month, from 1.
    Day,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 to 59.
    Second,
    /// Of the second, 0 to 999 999.
    Microsecond,
    /// From 1.
    DayOfYear,
    /// 0 December to February, 1 March to May, 2 June to August, 3 September to November.
    Season,
    /// 1 to 4.
    Quarter,
    /// Of ISO 8601, 1 to 53: the first week of a year is the one with its first Thursday.
    Week,
    /// 0 Monday to 6 Sunday.
    DayOfWeek,
    /// The number of the month's last day.
    DaysInMonth,
    /// The number of the year's days.
    DaysInYear,
    /// 1 in a year with a 29 February, else 0.
    IsLeapYear,
}

impl TimePart {
    /// All parts, in reading order.
    pub const ALL: [TimePart; 15] = [
        TimePart::Year,
        TimePart::Month,
        TimePart::Day,
        TimePart::Hour,
        TimePart::Minute,
        TimePart::Second,
        TimePart::Microsecond,
        TimePart::DayOfYear,
        TimePart::Season,
        TimePart::Quarter,
        TimePart::Week,
        TimePart::DayOfWeek,
        TimePart::DaysInMonth,
        TimePart::DaysInYear,
        TimePart::IsLeapYear,
    ];

    /// The part of that name; `weekday` and `daysinmonth` are accepted, as in pandas.
    pub fn parse(name: &str) -> Option<TimePart> {
        match name {
            "weekday" => Some(TimePart::DayOfWeek),
            "daysinmonth" => Some(TimePart::DaysInMonth),
            _ => Self::ALL.into_iter().find(|part| part.name() == name),
        }
    }

    /// The name in scripts.
    pub fn name(self) -> &'static str {
        match self {
            TimePart::Year => "year",
            TimePart::Month => "month",
            TimePart::Day => "day",
            TimePart::Hour => "hour",
            TimePart::Minute => "minute",
            TimePart::Second => "second",
            TimePart::Microsecond => "microsecond",
            TimePart::DayOfYear => "dayofyear",
            TimePart::Season => "season",
            TimePart::Quarter => "quarter",
            TimePart::Week => "week",
            TimePart::DayOfWeek => "dayofweek",
            TimePart::DaysInMonth => "days_in_month",
            TimePart::DaysInYear => "days_in_year",
            TimePart::IsLeapYear => "is_leap_year",
        }
    }
}

/// The name xarray gives a season's number, `DJF`, `MAM`, `JJA` or `SON`.
pub fn season_name(season: i64) -> Option<&'static str> {
    usize::try_from(season).ok().and_then(|season| ["DJF", "MAM", "JJA", "SON"].get(season).copied())
}

/// The number of a season's name.
pub fn season_number(name: &str) -> Option<i64> {
    (0..4).find(|&season| season_name(season) == Some(name))
}

/// One part of a time value; of [`NAT`] it is [`NAT`].
pub fn part(calendar: Calendar, micros: i64, part: TimePart) -> i64 {
    if micros == NAT {
        return NAT;
    }
    let days = micros.div_euclid(DAY);
    let of_day = micros.rem_euclid(DAY);
    let date = || {
        let (year, month, day) = calendar.split_days(days);
        (calendar.year_name(year), month, day)
    };
    match part {
        TimePart::Year => date().0,
        TimePart::Month => date().1.into(),
        TimePart::Day => date().2.into(),
        TimePart::Hour => of_day / HOUR,
        TimePart::Minute => of_day / MINUTE % 60,
        TimePart::Second => of_day / SECOND % 60,
        TimePart::Microsecond => of_day % SECOND,
        TimePart::DayOfYear => {
            let (year, month, day) = date();
            calendar.day_of_year(year, month, day).into()
        }
        TimePart::Season => i64::from(date().1 % 12 / 3),
        TimePart::Quarter => i64::from(date().1.div_ceil(3)),
        TimePart::Week => week(calendar, days),
        TimePart::DayOfWeek => calendar.weekday(days),
        TimePart::DaysInMonth => {
            let (year, month, _) = date();
            calendar.days_in_month(year, month).into()
        }
        TimePart::DaysInYear => calendar.days_in_year(date().0).into(),
        TimePart::IsLeapYear => calendar.is_leap(date().0).into(),
    }
}

/// The ISO week: that of its Thursday, counted from the beginning of the Thursday's year.
fn week(calendar: Calendar, days: i64) -> i64 {
    let thursday = days - calendar.weekday(days) + 3;
    let (year, month, day) = calendar.split_days(thursday);
    (i64::from(calendar.day_of_year(calendar.year_name(year), month, day)) - 1) / 7 + 1
}

impl Calendar {
    /// The weekday of `days` since 1970-01-01, 0 for Monday. In the Julian and the mixed calendar it is
    /// the civil one; the idealised calendars count sevens of their own days, from cftime's beginning.
    fn weekday(self, days: i64) -> i64 {
        let epoch = match self {
            Calendar::Standard | Calendar::ProlepticGregorian | Calendar::NoLeap => 3,
            Calendar::Julian | Calendar::Day360 => 2,
            Calendar::AllLeap => 6,
        };
        (days + epoch).rem_euclid(7)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{tables, text};
    use super::*;

    #[test]
    fn names_are_read_back() {
        for part in TimePart::ALL {
            assert_eq!(TimePart::parse(part.name()), Some(part));
        }
        assert_eq!(TimePart::parse("weekday"), Some(TimePart::DayOfWeek));
        assert_eq!(TimePart::parse("decade"), None);
        for season in 0..4 {
            assert_eq!(season_name(season).and_then(season_number), Some(season));
        }
        assert_eq!(season_name(NAT), None);
        assert_eq!(season_name(4), None);
    }

    #[test]
    fn date_parts_are_those_of_cftime() {
        for (calendar, row) in tables::rows(include_str!("../../../tests/tables/time/dates.txt")) {
            let micros = row[0].parse::<i64>().unwrap() * DAY + 123;
            for (kind, column) in [(TimePart::DayOfYear, 2), (TimePart::DayOfWeek, 3), (TimePart::DaysInMonth, 4)] {
                assert_eq!(part(calendar, micros, kind).to_string(), row[column], "{calendar} {row:?} {kind:?}");
            }
        }
    }

    #[test]
    fn weeks_and_quarters_are_those_of_pandas() {
        for (calendar, row) in tables::rows(include_str!("../../../tests/tables/time/weeks.txt")) {
            let micros = text::parse(calendar, row[0]).unwrap();
            for (kind, column) in [(TimePart::Week, 1), (TimePart::DayOfWeek, 2), (TimePart::Quarter, 3)] {
                assert_eq!(part(calendar, micros, kind).to_string(), row[column], "{row:?} {kind:?}");
            }
        }
    }

    #[test]
    fn parts_of_one_instant() {
        for calendar in Calendar::ALL {
            let micros = text::parse(calendar, "-0003-11-30T21:43:05.000678").unwrap();
            let parts = TimePart::ALL.map(|kind| part(calendar, micros, kind));
            assert_eq!(parts[..7], [-3, 11, 30, 21, 43, 5, 678]);
            assert_eq!(parts[8..10], [3, 4]);
            assert!(TimePart::ALL.iter().all(|&kind| part(calendar, NAT, kind) == NAT));
        }
    }

    #[test]
    fn seasons_follow_the_months() {
        let seasons = (1..=12).map(|month| {
            let micros = text::parse(Calendar::NoLeap, &format!("2001-{month}")).unwrap();
            season_name(part(Calendar::NoLeap, micros, TimePart::Season)).unwrap()
        });
        assert_eq!(seasons.collect::<Vec<_>>().join(" "), "DJF DJF MAM MAM MAM JJA JJA JJA SON SON SON DJF");
    }
}
