//! Numbers that count from a date, as instants.

use super::Encoding;
use crate::array::calendar::cf::{TimeUnit, TimeUnits, UnitsError};
use crate::array::{Block, Calendar, DType, Scalar};

/// Instants, and what of the numbers is lost in them.
pub struct Instants {
    /// Microseconds since 1970, NaT where the number is missing, in C order.
    pub times: Vec<i64>,
    /// Their calendar.
    pub calendar: Calendar,
    /// Numbers that are no whole microseconds.
    pub rounded: usize,
    /// How many fewer different instants there are than different numbers.
    pub merged: usize,
}

/// The instants that stored numbers mean.
///
/// # Errors
/// The units are no units of time, or a number is beyond all times.
pub fn instants(block: &Block, encoding: &Encoding) -> Result<Instants, UnitsError> {
    let (units, calendar) = encoding.time.as_ref().map_or(("", "standard"), |(u, c)| (u.as_str(), c.as_str()));
    let calendar = Calendar::parse(calendar)
        .ok_or_else(|| UnitsError::NotReference { text: format!("{units} in the calendar {calendar}") })?;
    let units = TimeUnits::parse(units, calendar)?;
    // The least integer is NaT to NumPy, which writes it without a fill value, and to xarray.
    let is_missing = |s: &Scalar| {
        s.is_missing()
            || *s == Scalar::Int(i64::MIN)
            || encoding.fills.iter().any(|f| f == s || (f.as_f64().is_some() && f.as_f64() == s.as_f64()))
    };
    let number = |(_, value): &(DType, Scalar)| value.as_f64();
    let (scale, offset) = (encoding.scale.as_ref().and_then(number), encoding.offset.as_ref().and_then(number));
    let decode = |s: &Scalar| match (is_missing(s), s.as_i64(), s.as_f64()) {
        (true, ..) => Ok(i64::MIN),
        (_, Some(i), _) if scale.is_none() && offset.is_none() => units.decode_int(i),
        (_, _, Some(x)) => units.decode(x * scale.unwrap_or(1.0) + offset.unwrap_or(0.0)),
        _ => Ok(i64::MIN),
    };
    let stored = block.scalars();
    let times = stored.iter().map(decode).collect::<Result<Vec<i64>, UnitsError>>()?;
    let (mut rounded, mut merged) = (0, 0);
    if units.unit() == TimeUnit::Nanoseconds && scale.is_none() && offset.is_none() {
        let numbers: Vec<&Scalar> = stored.iter().filter(|s| !is_missing(s)).collect();
        rounded = numbers.iter().filter(|s| is_fraction(s)).count();
        let different =
            |numbers: &mut dyn Iterator<Item = i64>| numbers.collect::<std::collections::BTreeSet<_>>().len();
        if rounded > 0 {
            let keys = &mut numbers.iter().map(|s| s.as_i64().unwrap_or_else(|| bits(s)));
            merged = different(keys).saturating_sub(different(&mut times.iter().copied().filter(|t| *t != i64::MIN)));
        }
    }
    Ok(Instants { times, calendar, rounded, merged })
}

/// Whether so many nanoseconds are no whole microseconds.
fn is_fraction(nanoseconds: &Scalar) -> bool {
    match nanoseconds.as_i64() {
        Some(i) => i % 1000 != 0,
        None => nanoseconds.as_f64().is_some_and(|x| x % 1000.0 != 0.0),
    }
}

fn bits(number: &Scalar) -> i64 {
    number.as_f64().unwrap_or_default().to_bits() as i64
}
