//! Element types and how they combine (NumPy 2's promotion, NEP 50).

use std::fmt;

use super::calendar::Calendar;

/// The type of an array's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// `bool`, one byte.
    Bool,
    /// `i8`.
    I8,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `u8`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// IEEE half precision.
    F16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
    /// Two `f32`.
    C64,
    /// Two `f64`.
    C128,
    /// Microseconds since 1970-01-01T00:00:00 in a calendar, `i64::MIN` is NaT.
    DateTime(Calendar),
    /// Microseconds, `i64::MIN` is NaT.
    Duration,
    /// UTF-8 text, in coordinates, attributes and small tables.
    Str,
}

/// The families of dtypes; promotion never crosses upwards silently beyond them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Truth values.
    Bool,
    /// Unsigned integers.
    Unsigned,
    /// Signed integers.
    Signed,
    /// Floating point.
    Float,
    /// Complex floating point.
    Complex,
    /// Instants and durations.
    Time,
    /// Text.
    Str,
}

impl DType {
    /// Every dtype, in the order of the reference (datetimes in the standard calendar).
    pub const ALL: [DType; 17] = [
        DType::Bool,
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
        DType::F16,
        DType::F32,
        DType::F64,
        DType::C64,
        DType::C128,
        DType::DateTime(Calendar::Standard),
        DType::Duration,
        DType::Str,
    ];

    /// The name a script uses.
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I8 => "i8",
            DType::I16 => "i16",
            DType::I32 => "i32",
            DType::I64 => "i64",
            DType::U8 => "u8",
            DType::U16 => "u16",
            DType::U32 => "u32",
            DType::U64 => "u64",
            DType::F16 => "f16",
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::C64 => "c64",
            DType::C128 => "c128",
            DType::DateTime(_) => "datetime",
            DType::Duration => "duration",
            DType::Str => "str",
        }
    }

    /// The dtype of that name; `datetime` is in the standard calendar.
    pub fn parse(name: &str) -> Option<DType> {
        DType::ALL.into_iter().find(|d| d.name() == name)
    }

    /// Bytes of one element in memory; text counts as the pointer that holds it.
    pub fn size(self) -> usize {
        match self {
            DType::Bool | DType::I8 | DType::U8 => 1,
            DType::I16 | DType::U16 | DType::F16 => 2,
            DType::I32 | DType::U32 | DType::F32 => 4,
            DType::I64 | DType::U64 | DType::F64 | DType::C64 | DType::DateTime(_) | DType::Duration => 8,
            DType::C128 | DType::Str => 16,
        }
    }

    /// The family.
    pub fn kind(self) -> Kind {
        match self {
            DType::Bool => Kind::Bool,
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => Kind::Signed,
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => Kind::Unsigned,
            DType::F16 | DType::F32 | DType::F64 => Kind::Float,
            DType::C64 | DType::C128 => Kind::Complex,
            DType::DateTime(_) | DType::Duration => Kind::Time,
            DType::Str => Kind::Str,
        }
    }

    /// Whether the dtype has a value that means "missing" (NaN or NaT).
    pub fn has_missing(self) -> bool {
        matches!(self.kind(), Kind::Float | Kind::Complex | Kind::Time)
    }

    /// Whether it is a signed or unsigned integer.
    pub fn is_integer(self) -> bool {
        matches!(self.kind(), Kind::Signed | Kind::Unsigned)
    }

    /// Whether arithmetic on it is arithmetic on numbers (booleans included).
    pub fn is_numeric(self) -> bool {
        !matches!(self.kind(), Kind::Time | Kind::Str)
    }

    /// What NumPy's `result_type` gives for two array dtypes; `None` where there is no common type.
    pub fn promote(self, other: DType) -> Option<DType> {
        use DType::*;
        if self == other {
            return Some(self);
        }
        let (a, b) = if self.kind() <= other.kind() { (self, other) } else { (other, self) };
        match (a.kind(), b.kind()) {
            (_, Kind::Str | Kind::Time) => None,
            (Kind::Bool, _) => Some(b),
            (Kind::Unsigned, Kind::Unsigned) | (Kind::Signed, Kind::Signed) | (Kind::Float, Kind::Float) => {
                Some(if a.size() >= b.size() { a } else { b })
            }
            (Kind::Unsigned, Kind::Signed) => Some(match a.size().max(b.size() / 2) {
                _ if b.size() > a.size() => b,
                1 => I16,
                2 => I32,
                4 => I64,
                _ => F64,
            }),
            (Kind::Unsigned | Kind::Signed, Kind::Float) => Some(match (a.size(), b) {
                (1, _) | (2, F32 | F64) => b,
                (2, _) => F32,
                _ => F64,
            }),
            (Kind::Complex, Kind::Complex) => Some(C128),
            (_, Kind::Complex) => Some(match (a.kind(), a.size(), b) {
                (_, _, C128) => C128,
                (Kind::Float, 2 | 4, _) => C64,
                (Kind::Float, _, _) => C128,
                (_, 1 | 2, _) => C64,
                _ => C128,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DType::DateTime(calendar)
                if *calendar != Calendar::Standard && *calendar != Calendar::ProlepticGregorian =>
            {
                write!(f, "datetime({})", calendar.name())
            }
            other => f.write_str(other.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_is_numpys() {
        use DType::*;
        let cases = [
            (I8, U8, I16),
            (I16, U8, I16),
            (U16, I8, I32),
            (U32, I32, I64),
            (U64, I64, F64),
            (I16, F16, F32),
            (I8, F16, F16),
            (I32, F32, F64),
            (I16, F32, F32),
            (F64, C64, C128),
            (F32, C64, C64),
            (I32, C64, C128),
            (I16, C64, C64),
            (Bool, U8, U8),
            (F16, F32, F32),
        ];
        for (a, b, expected) in cases {
            assert_eq!(a.promote(b), Some(expected), "{a} {b}");
            assert_eq!(b.promote(a), Some(expected), "{b} {a}");
        }
        assert_eq!(Str.promote(I8), None);
    }
}
