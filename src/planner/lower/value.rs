//! Arithmetic while planning: what an expression of params and literals comes to.
//!
//! Integers are `i64` and an overflow is an error; `/` is real division, `//` floors and `%` has the
//! sign of the divisor, as in Python. Sizes and durations add among themselves and scale by numbers.

mod collection;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::operators::Value;
use crate::operators::elementwise::elementary;
use crate::parser::ast::{BinaryOp, UnaryOp};

pub use collection::{MAX_LIST, contains, elements};

/// Why operands have no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Their kinds do not go together.
    Kinds {
        /// The remedy.
        help: Option<String>,
    },
    /// The operation has no result for these values.
    Undefined {
        /// What is wrong.
        message: String,
        /// The remedy.
        help: Option<String>,
    },
}

type Outcome = Result<Value, Failure>;

fn kinds<T>() -> Result<T, Failure> {
    Err(Failure::Kinds { help: None })
}

fn undefined<T>(message: impl Into<String>, help: Option<&str>) -> Result<T, Failure> {
    Err(Failure::Undefined { message: message.into(), help: help.map(str::to_owned) })
}

/// `op a`.
///
/// # Errors
/// The operand is of another kind, or the result does not fit.
pub fn unary(op: UnaryOp, a: &Value) -> Outcome {
    match (op, a) {
        (_, Value::UInt(n)) => beyond(*n),
        (UnaryOp::Neg, Value::Int(i)) => i.checked_neg().map_or_else(|| overflow("-", a, None), |i| Ok(Value::Int(i))),
        (UnaryOp::Neg, Value::Bool(b)) => Ok(Value::Int(-i64::from(*b))),
        (UnaryOp::Neg, Value::Float(x)) => Ok(Value::Float(-x)),
        (UnaryOp::Neg, Value::Duration { months, micros }) => match (months.checked_neg(), micros.checked_neg()) {
            (Some(months), Some(micros)) => Ok(Value::Duration { months, micros }),
            _ => overflow("-", a, None),
        },
        (UnaryOp::Invert, Value::Int(i)) => Ok(Value::Int(!i)),
        (UnaryOp::Invert | UnaryOp::Not, Value::Bool(b)) => Ok(Value::Bool(!b)),
        (UnaryOp::Not, _) => {
            Err(Failure::Kinds { help: Some("compare it first: `not` takes true or false, as in `not n == 0`".into()) })
        }
        _ => kinds(),
    }
}

/// `a op b`; `and` and `or` are not short-circuited here.
///
/// # Errors
/// The operands do not go together, or have no result.
pub fn binary(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    match op {
        BinaryOp::Or | BinaryOp::And => logical(op, a, b),
        BinaryOp::Eq => Ok(Value::Bool(equal(a, b))),
        BinaryOp::Ne => Ok(Value::Bool(!equal(a, b))),
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => order(op, a, b),
        BinaryOp::In => contains(b, a).map(Value::Bool),
        BinaryOp::BitOr | BinaryOp::BitXor | BinaryOp::BitAnd | BinaryOp::Shl | BinaryOp::Shr => bits(op, a, b),
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::FloorDiv
        | BinaryOp::Rem
        | BinaryOp::Pow => arithmetic(op, a, b),
    }
}

fn logical(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(if op == BinaryOp::And { *a && *b } else { *a || *b })),
        _ => Err(Failure::Kinds { help: Some("both sides must be true or false: compare them first".into()) }),
    }
}

fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i64::from(*b)),
        _ => None,
    }
}

fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(x) => Some(*x),
        other => as_int(other).map(|i| i as f64),
    }
}

/// Arithmetic with an integer that only an array of `u64` can take.
fn beyond<T>(n: u64) -> Result<T, Failure> {
    let help = format!("write it as a real number, `{n}.0`; only arrays of u64 compute with it");
    undefined(format!("{n} is larger than the largest integer that is computed with, {}", i64::MAX), Some(&help))
}

fn overflow<T>(symbol: &str, a: &Value, b: Option<&Value>) -> Result<T, Failure> {
    let text = match b {
        Some(b) => format!("`{} {symbol} {}`", literal(a), literal(b)),
        None => format!("`{symbol}{}`", literal(a)),
    };
    undefined(format!("{text} does not fit in 64 bits"), Some("write one of them as a real number, such as `1.0`"))
}

fn arithmetic(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    use Value::{Duration, Float, List, Size, Str, UInt};
    if let (UInt(n), _) | (_, UInt(n)) = (a, b) {
        return beyond(*n);
    }
    if let (Some(x), Some(y)) = (as_int(a), as_int(b)) {
        return int_arithmetic(op, x, y);
    }
    if let (Some(x), Some(y)) = (as_float(a), as_float(b)) {
        return float_arithmetic(op, x, y).map(Float);
    }
    match (op, a, b) {
        (BinaryOp::Add, Str(x), Str(y)) => Ok(Str(format!("{x}{y}"))),
        (BinaryOp::Add | BinaryOp::Sub, Str(_), Value::Duration { .. }) => Err(Failure::Kinds {
            help: Some("a date to compute with is a datetime: `\"2001-01-01\" as datetime + 1d`".into()),
        }),
        (BinaryOp::Add, Str(_), _) | (BinaryOp::Add, _, Str(_)) => {
            Err(Failure::Kinds { help: Some("put values into a text with braces: `\"{first}-01-01\"`".into()) })
        }
        (BinaryOp::Add, List(x), List(y)) if x.len() + y.len() <= MAX_LIST => {
            Ok(List(Arc::new(x.iter().chain(y.iter()).cloned().collect())))
        }
        (_, Size(x), Size(y)) => size_arithmetic(op, *x, *y, (a, b)),
        (BinaryOp::Mul, Size(n), k) | (BinaryOp::Mul, k, Size(n)) => scaled_size(*n, as_float(k), (a, b)),
        (BinaryOp::Div | BinaryOp::FloorDiv, Size(n), k) => scaled_size(*n, as_float(k).map(f64::recip), (a, b)),
        (_, Duration { .. }, _) | (_, _, Duration { .. }) => duration_arithmetic(op, a, b),
        _ => kinds(),
    }
}

fn int_arithmetic(op: BinaryOp, x: i64, y: i64) -> Outcome {
    if y == 0 && matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem) {
        return division_by_zero(op, &Value::Int(x));
    }
    let result = match op {
        BinaryOp::Add => x.checked_add(y),
        BinaryOp::Sub => x.checked_sub(y),
        BinaryOp::Mul => x.checked_mul(y),
        BinaryOp::Div => return Ok(Value::Float(x as f64 / y as f64)),
        BinaryOp::FloorDiv => x.checked_div_euclid(y).map(|_| floor_div(x, y)),
        BinaryOp::Rem => Some(x.checked_rem(y).map_or(0, |r| if r != 0 && (r < 0) != (y < 0) { r + y } else { r })),
        BinaryOp::Pow if y < 0 => return float_arithmetic(op, x as f64, y as f64).map(Value::Float),
        BinaryOp::Pow => match u32::try_from(y) {
            Ok(y) => x.checked_pow(y),
            Err(_) => (x == 0 || x == 1).then_some(x).or((x == -1).then_some(if y % 2 == 0 { 1 } else { -1 })),
        },
        _ => return kinds(),
    };
    result.map_or_else(|| overflow(op.symbol(), &Value::Int(x), Some(&Value::Int(y))), |i| Ok(Value::Int(i)))
}

fn floor_div(x: i64, y: i64) -> i64 {
    let q = x.wrapping_div(y);
    if x % y != 0 && (x < 0) != (y < 0) { q - 1 } else { q }
}

fn division_by_zero<T>(op: BinaryOp, a: &Value) -> Result<T, Failure> {
    undefined(format!("`{} {} 0` divides by zero", literal(a), op.symbol()), None)
}

fn float_arithmetic(op: BinaryOp, x: f64, y: f64) -> Result<f64, Failure> {
    if y == 0.0 && matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem) {
        return division_by_zero(op, &Value::Float(x));
    }
    Ok(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Div => x / y,
        BinaryOp::FloorDiv => (x / y).floor(),
        BinaryOp::Rem => {
            let r = x % y;
            if r != 0.0 && (r < 0.0) != (y < 0.0) { r + y } else { r }
        }
        BinaryOp::Pow if x == 0.0 && y < 0.0 => return division_by_zero(op, &Value::Float(x)),
        BinaryOp::Pow if x < 0.0 && y.fract() != 0.0 => {
            return undefined(format!("`{x} ** {y}` is not a real number"), None);
        }
        BinaryOp::Pow => elementary::pow(x, y),
        _ => return kinds(),
    })
}

fn size_arithmetic(op: BinaryOp, x: u64, y: u64, (a, b): (&Value, &Value)) -> Outcome {
    let result = match op {
        BinaryOp::Add => x.checked_add(y),
        BinaryOp::Sub => x.checked_sub(y),
        BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem if y == 0 => return division_by_zero(op, a),
        BinaryOp::Div => return Ok(Value::Float(x as f64 / y as f64)),
        BinaryOp::FloorDiv => return Ok(Value::Int((x / y) as i64)),
        BinaryOp::Rem => Some(x % y),
        _ => return kinds(),
    };
    match result {
        Some(n) => Ok(Value::Size(n)),
        None => undefined(format!("`{} {} {}` is no size", literal(a), op.symbol(), literal(b)), None),
    }
}

fn scaled_size(n: u64, factor: Option<f64>, (a, b): (&Value, &Value)) -> Outcome {
    let Some(factor) = factor else { return kinds() };
    let scaled = (n as f64 * factor).floor();
    if scaled.is_finite() && (0.0..u64::MAX as f64).contains(&scaled) {
        return Ok(Value::Size(scaled as u64));
    }
    undefined(format!("{} times or over {} is no size", literal(a), literal(b)), None)
}

fn duration_arithmetic(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    use Value::Duration;
    let both = |f: fn(i64, i64) -> Option<i64>, (m, u): (&i64, &i64), (n, v): (&i64, &i64)| {
        let sum = f(*m, *n).zip(f(*u, *v)).map(|(months, micros)| Duration { months, micros });
        sum.map_or_else(|| overflow(op.symbol(), a, Some(b)), Ok)
    };
    match (op, a, b) {
        (BinaryOp::Add, Duration { months: m, micros: u }, Duration { months: n, micros: v }) => {
            both(i64::checked_add, (m, u), (n, v))
        }
        (BinaryOp::Sub, Duration { months: m, micros: u }, Duration { months: n, micros: v }) => {
            both(i64::checked_sub, (m, u), (n, v))
        }
        (BinaryOp::Mul, Duration { months, micros }, k) | (BinaryOp::Mul, k, Duration { months, micros }) => {
            match as_int(k) {
                Some(k) => both(i64::checked_mul, (months, micros), (&k, &k)),
                None => kinds(),
            }
        }
        (BinaryOp::Div, Duration { months: 0, .. }, Duration { months: 0, micros: 0 }) => division_by_zero(op, a),
        (BinaryOp::Div, Duration { months: 0, micros: u }, Duration { months: 0, micros: v }) => {
            Ok(Value::Float(*u as f64 / *v as f64))
        }
        _ => kinds(),
    }
}

fn bits(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    if let (Value::UInt(n), _) | (_, Value::UInt(n)) = (a, b) {
        return beyond(*n);
    }
    if let (Value::Bool(x), Value::Bool(y)) = (a, b) {
        let result = match op {
            BinaryOp::BitOr => x | y,
            BinaryOp::BitXor => x ^ y,
            BinaryOp::BitAnd => x & y,
            _ => return kinds(),
        };
        return Ok(Value::Bool(result));
    }
    let (Some(x), Some(y)) = (as_int(a), as_int(b)) else {
        let is_power = op == BinaryOp::BitXor && as_float(a).is_some() && as_float(b).is_some();
        return Err(Failure::Kinds { help: is_power.then(|| "a power is `x ** 2`; `^` compares bits".into()) });
    };
    let shift = |y: i64| u32::try_from(y).ok().filter(|y| *y < 64);
    let result = match op {
        BinaryOp::BitOr => Some(x | y),
        BinaryOp::BitXor => Some(x ^ y),
        BinaryOp::BitAnd => Some(x & y),
        BinaryOp::Shl => shift(y).and_then(|y| x.checked_mul(1i64.checked_shl(y).filter(|p| *p > 0)?)),
        BinaryOp::Shr if y < 0 => None,
        BinaryOp::Shr => Some(x >> y.min(63)),
        _ => return kinds(),
    };
    result.map_or_else(|| overflow(op.symbol(), a, Some(b)), |i| Ok(Value::Int(i)))
}

/// Whether two values are equal; values of different kinds are not.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| equal(x, y)),
        (Value::DType(d), Value::Str(s)) | (Value::Str(s), Value::DType(d)) => d.name() == s,
        _ => match compare(a, b) {
            Some(order) => order == Ordering::Equal,
            None => a == b,
        },
    }
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Str(x), Value::Str(y)) => Some(x.cmp(y)),
        (Value::Size(x), Value::Size(y)) | (Value::UInt(x), Value::UInt(y)) => Some(x.cmp(y)),
        (Value::UInt(_), Value::Int(_) | Value::Bool(_)) => Some(Ordering::Greater),
        (Value::Int(_) | Value::Bool(_), Value::UInt(_)) => Some(Ordering::Less),
        (Value::UInt(x), Value::Float(y)) => (*x as f64).partial_cmp(y),
        (Value::Float(x), Value::UInt(y)) => x.partial_cmp(&(*y as f64)),
        (Value::Size(x), Value::Int(y)) => Some(i128::from(*x).cmp(&i128::from(*y))),
        (Value::Int(x), Value::Size(y)) => Some(i128::from(*x).cmp(&i128::from(*y))),
        (Value::Duration { months: m, micros: u }, Value::Duration { months: n, micros: v }) => {
            if m == n {
                Some(u.cmp(v))
            } else if u == v {
                Some(m.cmp(n))
            } else {
                None
            }
        }
        _ => match (as_int(a), as_int(b)) {
            (Some(x), Some(y)) => Some(x.cmp(&y)),
            _ => as_float(a)?.partial_cmp(&as_float(b)?),
        },
    }
}

fn order(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    let nan = |v: &Value| matches!(v, Value::Float(x) if x.is_nan());
    if as_float(a).is_some() && as_float(b).is_some() && (nan(a) || nan(b)) {
        return Ok(Value::Bool(false));
    }
    let Some(order) = compare(a, b) else { return kinds() };
    Ok(Value::Bool(match op {
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::Le => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        _ => order.is_ge(),
    }))
}

/// The value as text, for interpolation; none for what has no text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::Str(s) | Value::Name(s) => Some(s.clone()),
        Value::Array(_) | Value::View(_) | Value::Record(_) => None,
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(|v| text(v).map(|_| literal(v))).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        other => Some(literal(other)),
    }
}

/// Whether there is an array in it, whose elements are computed later.
pub fn holds_arrays(value: &Value) -> bool {
    match value {
        Value::Array(_) | Value::View(_) => true,
        Value::List(items) => items.iter().any(holds_arrays),
        Value::Record(fields) => fields.iter().any(|(_, field)| holds_arrays(field)),
        _ => false,
    }
}

/// The value as a script would write it.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::View(_) => value.kind().to_owned(),
        Value::Record(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, v)| format!("{name}: {}", literal(v))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::List(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Range(range) => {
            let end = |v: &Option<Value>| v.as_ref().map(literal).unwrap_or_default();
            let dots = if range.closed { ".." } else { "..<" };
            let plain = format!("{}{dots}{}", end(&range.start), end(&range.end));
            range.step.map_or(plain.clone(), |step| format!("({plain}) step {step}"))
        }
        Value::None => "none".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::UInt(u) => u.to_string(),
        Value::Float(x) if x.is_nan() => "nan".into(),
        Value::Float(x) if x.is_infinite() => if *x > 0.0 { "inf" } else { "-inf" }.into(),
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 1e16 => format!("{x:.1}"),
        Value::Float(x) if x.abs() >= 1e16 || x.abs() < 1e-5 => format!("{x:e}"),
        Value::Float(x) => x.to_string(),
        Value::Str(s) => format!("{s:?}"),
        Value::Size(n) => size_text(*n),
        Value::Duration { months, micros } => duration_text(*months, *micros),
        Value::DType(dtype) => dtype.name().into(),
        Value::Name(name) => name.clone(),
    }
}

fn size_text(n: u64) -> String {
    let units = [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = units.into_iter().find(|(_, size)| n > 0 && n.is_multiple_of(*size));
    unit.map_or_else(|| format!("{n}B"), |(name, size)| format!("{}{name}", n / size))
}

fn duration_text(months: i64, micros: i64) -> String {
    let units: [(&str, i64); 7] = [
        ("w", 604_800_000_000),
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("min", 60_000_000),
        ("s", 1_000_000),
        ("ms", 1000),
        ("us", 1),
    ];
    let exact = match months {
        0 => None,
        m if m % 12 == 0 => Some(format!("{}y", m / 12)),
        m => Some(format!("{m}mo")),
    };
    if micros == 0 {
        return exact.unwrap_or_else(|| "0s".into());
    }
    let (name, size) = units.into_iter().find(|(_, size)| micros % size == 0).unwrap_or(("us", 1));
    format!("{}{}{name}", exact.unwrap_or_default(), micros / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(op: BinaryOp, a: i64, b: i64) -> String {
        match binary(op, &Value::Int(a), &Value::Int(b)) {
            Ok(value) => literal(&value),
            Err(Failure::Undefined { message, .. }) => message,
            Err(Failure::Kinds { .. }) => "kinds".into(),
        }
    }

    #[test]
    fn integers_are_pythons() {
        use BinaryOp::*;
        assert_eq!(int(FloorDiv, -7, 2), "-4");
        assert_eq!(int(Rem, -7, 2), "1");
        assert_eq!(int(Rem, 7, -2), "-1");
        assert_eq!(int(Div, 7, 2), "3.5");
        assert_eq!(int(Pow, 2, -1), "0.5");
        assert_eq!(int(Pow, -1, 1 << 40), "1");
        assert_eq!(int(Rem, i64::MIN, -1), "0");
        assert_eq!(int(Add, i64::MAX, 1), "`9223372036854775807 + 1` does not fit in 64 bits");
        assert_eq!(int(FloorDiv, i64::MIN, -1), "`-9223372036854775808 // -1` does not fit in 64 bits");
        assert_eq!(int(Div, 1, 0), "`1 / 0` divides by zero");
        assert_eq!(int(Shl, 1, 62), "4611686018427387904");
        assert_eq!(int(Shl, 1, 63), "`1 << 63` does not fit in 64 bits");
    }

    #[test]
    fn sizes_and_durations_scale() {
        let gib = Value::Size(1 << 30);
        assert_eq!(literal(&binary(BinaryOp::Mul, &Value::Int(2), &gib).unwrap()), "2GiB");
        assert_eq!(literal(&binary(BinaryOp::Div, &gib, &Value::Int(4)).unwrap()), "256MiB");
        let day = Value::Duration { months: 0, micros: 86_400_000_000 };
        assert_eq!(literal(&binary(BinaryOp::Mul, &day, &Value::Int(7)).unwrap()), "1w");
        let month = Value::Duration { months: 1, micros: 0 };
        assert!(binary(BinaryOp::Lt, &month, &day).is_err());
    }
}
