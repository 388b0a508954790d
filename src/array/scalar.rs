//! One value of any dtype.

use std::fmt;
use std::sync::Arc;

use num_complex::Complex64;

use super::DType;
use super::calendar::Calendar;

/// A single value, known while planning or read from a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A truth value.
    Bool(bool),
    /// An integer that fits `i64`.
    Int(i64),
    /// An integer above `i64::MAX`, or of an unsigned dtype.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// A complex number.
    Complex(Complex64),
    /// Microseconds since 1970-01-01 in a calendar; `i64::MIN` is NaT.
    DateTime(i64, Calendar),
    /// Microseconds; `i64::MIN` is NaT.
    Duration(i64),
    /// Text.
    Str(Arc<str>),
}

impl Scalar {
    /// The missing value of a dtype that has one.
    pub fn missing(dtype: DType) -> Option<Scalar> {
        match dtype {
            DType::F16 | DType::F32 | DType::F64 => Some(Scalar::Float(f64::NAN)),
            DType::C64 | DType::C128 => Some(Scalar::Complex(Complex64::new(f64::NAN, f64::NAN))),
            DType::DateTime(calendar) => Some(Scalar::DateTime(i64::MIN, calendar)),
            DType::Duration => Some(Scalar::Duration(i64::MIN)),
            _ => None,
        }
    }

    /// Zero, false or the empty text.
    pub fn zero(dtype: DType) -> Scalar {
        match dtype {
            DType::Bool => Scalar::Bool(false),
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => Scalar::Int(0),
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => Scalar::UInt(0),
            DType::F16 | DType::F32 | DType::F64 => Scalar::Float(0.0),
            DType::C64 | DType::C128 => Scalar::Complex(Complex64::new(0.0, 0.0)),
            DType::DateTime(calendar) => Scalar::DateTime(0, calendar),
            DType::Duration => Scalar::Duration(0),
            DType::Str => Scalar::Str("".into()),
        }
    }

    /// The value as a real number, where it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Scalar::Bool(b) => Some(f64::from(u8::from(*b))),
            Scalar::Int(i) => Some(*i as f64),
            Scalar::UInt(u) => Some(*u as f64),
            Scalar::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// The value as an integer, where it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Scalar::Bool(b) => Some(i64::from(*b)),
            Scalar::Int(i) => Some(*i),
            Scalar::UInt(u) => i64::try_from(*u).ok(),
            _ => None,
        }
    }

    /// Whether the value is NaN or NaT.
    pub fn is_missing(&self) -> bool {
        match self {
            Scalar::Float(x) => x.is_nan(),
            Scalar::Complex(z) => z.re.is_nan() || z.im.is_nan(),
            Scalar::DateTime(t, _) | Scalar::Duration(t) => *t == i64::MIN,
            Scalar::Bool(_) | Scalar::Int(_) | Scalar::UInt(_) | Scalar::Str(_) => false,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Bool(b) => write!(f, "{b}"),
            Scalar::Int(i) => write!(f, "{i}"),
            Scalar::UInt(u) => write!(f, "{u}"),
            Scalar::Float(x) if x.is_nan() => f.write_str("nan"),
            Scalar::Float(x) => write!(f, "{x}"),
            Scalar::Complex(z) => write!(f, "{z}"),
            Scalar::DateTime(i64::MIN, _) | Scalar::Duration(i64::MIN) => f.write_str("NaT"),
            Scalar::DateTime(t, calendar) => f.write_str(&super::calendar::text::format(*calendar, *t)),
            Scalar::Duration(t) => write!(f, "{}s", *t as f64 / 1e6),
            Scalar::Str(s) => write!(f, "{s:?}"),
        }
    }
}
