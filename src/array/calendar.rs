//! Calendars of the CF conventions.
//!
//! A [`Calendar`] says which days there are. The time values of this project are `i64` **microseconds
//! since 1970-01-01T00:00:00 of their own calendar**, where "since" counts the days that elapse in
//! that calendar; [`NAT`] is the missing value. The same number therefore names different dates in
//! different calendars, and a value means nothing without its calendar. About ±292 000 years fit.

/// The missing time ("not a time"): sorts before all others.
pub const NAT: i64 = i64::MIN;

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
