//! Dates as text: ISO 8601, whole or in part.
//!
//! What is read: `1991`, `1991-06`, `1991-06-15`, `19910615`, `1991-06-15T12`, `…T12:30`, `…:15`,
//! `…:15.25`, a space for the `T`, months and days of one digit, a sign before the year (needed for a
//! bare year of more than four digits), and after it all `Z`, `UTC`, `GMT` or an offset such as
//! `+01:00`, which is subtracted. Ordinal and week dates are absent.

use super::{Calendar, DAY, DateError, DateTime, HOUR, MINUTE, NAT, SECOND};

/// Why a text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is not written as a date.
    #[error("{text:?} is not a date: expected {expected} {place}")]
    Malformed {
        /// The whole text.
        text: String,
        /// What should stand there.
        expected: &'static str,
        /// Where reading stopped: before which rest, or at the end.
        place: String,
    },
    /// It is written as a date that does not exist or does not fit.
    #[error("{text:?} is not a date: {reason}")]
    Date {
        /// The whole text.
        text: String,
        /// What is wrong with it.
        reason: DateError,
    },
}

impl TextError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            TextError::Malformed { .. } => {
                Some("dates are written 1991, 1991-06, 1991-06-15 or 1991-06-15T12:30:00".into())
            }
            TextError::Date { reason, .. } => reason.help(),
        }
    }
}

/// A date as written, with what was left out.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
struct Written {
    year: i64,
    month: Option<u8>,
    day: Option<u8>,
    hour: Option<u8>,
    minute: Option<u8>,
    second: Option<u8>,
    microsecond: Option<u32>,
    /// What local time is ahead of UTC, in microseconds.
    offset: i64,
}

/// A reader over the text.
struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Reader<'a> {
        Reader { text, rest: text.trim() }
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, TextError> {
        let place = match self.rest {
            "" => "at its end".to_string(),
            rest => format!("before {rest:?}"),
        };
        Err(TextError::Malformed { text: self.text.to_string(), expected, place })
    }

    /// Takes one of `characters`, if it is next.
    fn take(&mut self, characters: &[char]) -> Option<char> {
        let next = self.rest.chars().next().filter(|c| characters.contains(c))?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    /// Takes all digits that are next.
    fn digits(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits
    }

    /// A number of one or two digits.
    fn short(&mut self, expected: &'static str) -> Result<u8, TextError> {
        let before = self.rest;
        let digits = self.digits();
        match digits.parse() {
            Ok(number) if digits.len() <= 2 => Ok(number),
            _ => {
                self.rest = before;
                self.expected(expected)
            }
        }
    }

    fn date(&mut self, written: &mut Written) -> Result<(), TextError> {
        let before = self.rest;
        let sign = self.take(&['+', '-']);
        let digits = self.digits();
        let Ok(year) = digits.parse::<i64>() else {
            self.rest = before;
            return self.expected("a year");
        };
        written.year = if sign == Some('-') { -year } else { year };
        if self.take(&['-']).is_some() {
            written.month = Some(self.short("a month")?);
            if self.take(&['-']).is_some() {
                written.day = Some(self.short("a day")?);
            }
        } else if sign.is_none() && digits.len() == 8 {
            written.year = year / 10_000;
            written.month = Some((year / 100 % 100) as u8);
            written.day = Some((year % 100) as u8);
        } else if sign.is_none() && digits.len() > 4 {
            self.rest = before;
            return self.expected("a year of at most four digits, or one with a sign,");
        }
        Ok(())
    }

    /// The time of day, if there is any.
    fn time(&mut self, written: &mut Written) -> Result<(), TextError> {
        let before = self.rest;
        let marked = self.take(&['T', 't']).is_some();
        self.rest = self.rest.trim_start();
        let spaced = self.rest != before && self.rest.starts_with(|c: char| c.is_ascii_digit());
        if !marked && !spaced {
            return Ok(());
        }
        if written.day.is_none() {
            self.rest = before;
            return self.expected("a day");
        }
        written.hour = Some(self.short("an hour")?);
        if self.take(&[':']).is_some() {
            written.minute = Some(self.short("a minute")?);
            if self.take(&[':']).is_some() {
                written.second = Some(self.short("a second")?);
                if self.take(&['.', ',']).is_some() {
                    written.microsecond = Some(self.fraction()?);
                }
            }
        }
        Ok(())
    }

    /// The digits after the point, as microseconds; what is finer is dropped, as in cftime.
    fn fraction(&mut self) -> Result<u32, TextError> {
        match self.digits() {
            "" => self.expected("a fraction of the second"),
            digits => {
                let digits = digits.bytes().chain(std::iter::repeat(b'0')).take(6);
                Ok(digits.fold(0, |number, digit| 10 * number + u32::from(digit - b'0')))
            }
        }
    }

    /// The zone, if there is any, and the end.
    fn zone(&mut self, written: &mut Written) -> Result<(), TextError> {
        self.rest = self.rest.trim_start();
        let name = self.rest.get(..3).unwrap_or_default();
        if name.eq_ignore_ascii_case("UTC") || name.eq_ignore_ascii_case("GMT") {
            self.rest = &self.rest[3..];
        } else if self.take(&['Z', 'z']).is_none()
            && let Some(sign) = self.take(&['+', '-'])
        {
            let offset = self.offset()?;
            written.offset = if sign == '-' { -offset } else { offset };
        }
        if self.rest.is_empty() { Ok(()) } else { self.expected("a time, a zone (Z, UTC, +01:00) or the end") }
    }

    /// The hours and minutes of an offset, as microseconds.
    fn offset(&mut self) -> Result<i64, TextError> {
        let before = self.rest;
        let digits = self.digits();
        let (hours, minutes) = match digits.parse::<i64>() {
            Ok(packed) if digits.len() == 4 => (packed / 100, packed % 100),
            Ok(hours) if self.take(&[':']).is_some() => (hours, self.short("the minutes of an offset")?.into()),
            Ok(hours) => (hours, 0),
            Err(_) => (24, 0),
        };
        if hours > 23 || minutes > 59 {
            self.rest = before;
            return self.expected("an offset of less than a day");
        }
        Ok(hours * HOUR + minutes * MINUTE)
    }

    fn read(mut self) -> Result<Written, TextError> {
        let mut written = Written::default();
        self.date(&mut written)?;
        self.time(&mut written)?;
        self.zone(&mut written)?;
        Ok(written)
    }
}

impl Written {
    /// The first instant meant.
    fn first(&self, calendar: Calendar) -> Result<i64, DateError> {
        let date = DateTime::midnight(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1)).at(
            self.hour.unwrap_or(0),
            self.minute.unwrap_or(0),
            self.second.unwrap_or(0),
            self.microsecond.unwrap_or(0),
        );
        let local = calendar.from_date(date)?;
        local.checked_sub(self.offset).filter(|&first| first != NAT).ok_or(DateError::OutOfRange { year: self.year })
    }

    /// How long what is meant goes on after its first instant.
    fn length(&self, calendar: Calendar) -> Result<i64, DateError> {
        let Some(month) = self.month else {
            let year = calendar.astronomical_year(self.year)?;
            return Ok((calendar.join_days((year + 1, 1, 1)) - calendar.join_days((year, 1, 1))) * DAY);
        };
        if self.day.is_none() {
            let year = calendar.astronomical_year(self.year)?;
            let next = if month == 12 { (year + 1, 1, 1) } else { (year, month + 1, 1) };
            return Ok((calendar.join_days(next) - calendar.join_days((year, month, 1))) * DAY);
        }
        Ok(match (self.hour, self.minute, self.second, self.microsecond) {
            (None, ..) => DAY,
            (_, None, ..) => HOUR,
            (_, _, None, _) => MINUTE,
            (_, _, _, None) => SECOND,
            _ => 1,
        })
    }
}

/// The instant a text means, the first one where it leaves parts out (`1991` is 1991-01-01T00:00:00).
///
/// # Errors
/// When the text is not written as a date, or the calendar has no such date.
pub fn parse(calendar: Calendar, text: &str) -> Result<i64, TextError> {
    let written = Reader::new(text).read()?;
    written.first(calendar).map_err(|reason| TextError::Date { text: text.to_string(), reason })
}

/// The first and last microsecond of the period a text means, both included: `1991-06` is the month,
/// `1991-06-15T12` the hour, `…:15.25` the instant. This is pandas' partial indexing.
///
/// # Errors
/// As [`parse`].
pub fn partial_range(calendar: Calendar, text: &str) -> Result<(i64, i64), TextError> {
    let written = Reader::new(text).read()?;
    let range = || {
        let first = written.first(calendar)?;
        let last = first.checked_add(written.length(calendar)? - 1);
        Ok((first, last.ok_or(DateError::OutOfRange { year: written.year })?))
    };
    range().map_err(|reason| TextError::Date { text: text.to_string(), reason })
}

/// A time value as ISO 8601, as short as it can be read back: the date alone at midnight, else
/// `1850-01-16T12:00:00`, with the digits of a fraction that are needed. Years have four digits, or a
/// sign and at least four. [`NAT`] is `NaT`.
pub fn format(calendar: Calendar, micros: i64) -> String {
    if micros == NAT {
        return "NaT".to_string();
    }
    let DateTime { year, month, day, hour, minute, second, microsecond } = calendar.to_date(micros);
    let mut text = match year {
        0..=9999 => format!("{year:04}"),
        10_000.. => format!("+{year}"),
        ..0 => format!("-{:04}", -year),
    };
    text += &format!("-{month:02}-{day:02}");
    if micros.rem_euclid(DAY) != 0 {
        text += &format!("T{hour:02}:{minute:02}:{second:02}");
    }
    if microsecond != 0 {
        text += format!(".{microsecond:06}").trim_end_matches('0');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tables;
    use super::*;

    /// A text read and written again, or the message.
    fn again(calendar: Calendar, text: &str) -> String {
        parse(calendar, text).map_or_else(|error| error.to_string(), |time| format(calendar, time))
    }

    #[test]
    fn partial_dates_are_periods_as_in_xarray() {
        for (calendar, row) in tables::rows(include_str!("../../../tests/tables/time/ranges.txt")) {
            let (first, last) = partial_range(calendar, row[0]).unwrap();
            assert_eq!([format(calendar, first), format(calendar, last)], row[1..], "{calendar} {}", row[0]);
            assert_eq!(parse(calendar, row[0]), Ok(first));
        }
    }

    #[test]
    fn fractions_are_instants() {
        let (first, last) = partial_range(Calendar::Standard, "1970-01-01T00:00:15.25").unwrap();
        assert_eq!((first, last), (15_250_000, 15_250_000));
    }

    #[test]
    fn all_ways_of_writing_are_read() {
        let calendar = Calendar::Standard;
        for (text, same) in [
            (" 1991 ", "1991-01-01"),
            ("91", "0091-01-01"),
            ("19910615", "1991-06-15"),
            ("19910615T1230Z", "\"19910615T1230Z\" is not a date: expected an hour before \"1230Z\""),
            ("1991-6-5 7:8:9", "1991-06-05T07:08:09"),
            ("1991-06-15t12", "1991-06-15T12:00:00"),
            ("1991-06-15T12:30:15,5", "1991-06-15T12:30:15.5"),
            ("1991-06-15T12:30:15.1234569", "1991-06-15T12:30:15.123456"),
            ("1991-06-15T00:00Z", "1991-06-15"),
            ("1991-06-15 00:00:00.0 UTC", "1991-06-15"),
            ("1991-06-15 gmt", "1991-06-15"),
            ("1991-06-15 00:00:00 +01:30", "1991-06-14T22:30:00"),
            ("1991-06-15 00:00:00-0130", "1991-06-15T01:30:00"),
            ("1991-06-15 15:15:42.5 -6:00", "1991-06-15T21:15:42.5"),
            ("1991-06-15 +2", "1991-06-14T22:00:00"),
            ("-1", "-0001-01-01"),
            ("-0044-03-15", "-0044-03-15"),
            ("+12345", "+12345-01-01"),
            ("12345-01-01", "+12345-01-01"),
        ] {
            assert_eq!(again(calendar, text), same);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let mut told = String::new();
        for text in [
            "",
            "x",
            "-",
            "199106",
            "1991-",
            "1991-06-",
            "1991-006",
            "1991-06-15T",
            "1991-06-15T12:",
            "1991T12",
            "1991-06-15x",
            "1991-06-15T12:30:15.",
            "1991-06-15T12:30 EST",
            "1991-06-15T12+24",
            "1991-06-15T12+01:60",
            "1991-13",
            "1991-02-29",
            "1582-10-10",
            "0000",
            "1991-06-15T24",
            "99999999999999999999-01-01",
            "-290400",
            "1991-06-15é",
        ] {
            let error = partial_range(Calendar::Standard, text).unwrap_err();
            assert_eq!(parse(Calendar::Standard, text), Err(error.clone()));
            assert!(error.help().is_some());
            told += &format!("{error}\n");
        }
        insta::assert_snapshot!(told);
    }

    #[test]
    fn written_times_are_read_back() {
        for calendar in Calendar::ALL {
            for time in [NAT + 1, -62_000_000_000_000_001, -1, 0, 1, 60_000_000, 86_400_000_000, i64::MAX] {
                assert_eq!(parse(calendar, &format(calendar, time)), Ok(time));
            }
        }
        assert_eq!(format(Calendar::Julian, NAT), "NaT");
    }
}
