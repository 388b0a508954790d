//! Lists and ranges that are known while planning: what they hold, and their elements.

use super::{Failure, as_int, equal, kinds, order, undefined};
use crate::operators::Value;
use crate::operators::arguments::RangeValue;
use crate::parser::ast::BinaryOp;

/// The most values a plan-time list or range may have.
pub const MAX_LIST: usize = 100_000;

/// Whether `collection` holds `value`: a list an element, a range a number, a text a text.
///
/// # Errors
/// `collection` is none of these.
pub fn contains(collection: &Value, value: &Value) -> Result<bool, Failure> {
    match (collection, value) {
        (Value::Str(text), Value::Str(part)) => Ok(text.contains(part.as_str())),
        (Value::List(items), _) => Ok(items.iter().any(|item| equal(item, value))),
        (Value::Range(range), _) => within(range, value),
        (Value::Record(fields), Value::Str(name)) => Ok(fields.iter().any(|(n, _)| n == name)),
        _ => Err(Failure::Kinds { help: Some("`in` looks in a list, a range of integers or a text".into()) }),
    }
}

/// Whether a value lies between the ends of a range; with a step, whether it is an element.
fn within(range: &RangeValue, value: &Value) -> Result<bool, Failure> {
    let holds = |end: &Option<Value>, op: BinaryOp| match end {
        Some(end) => Ok(matches!(order(op, value, end)?, Value::Bool(true))),
        None => Ok(true),
    };
    let last = |inner, outer| if range.closed { inner } else { outer };
    let Some(step) = range.step else {
        return Ok(holds(&range.start, BinaryOp::Ge)? && holds(&range.end, last(BinaryOp::Le, BinaryOp::Lt))?);
    };
    let (Some(start), Some(value)) = (range.start.as_ref().and_then(as_int), as_int(value)) else {
        return Err(Failure::Kinds { help: Some("a range with a step holds integers, and needs a start".into()) });
    };
    let distance = i128::from(value) - i128::from(start);
    let ahead = match step > 0 {
        true => distance >= 0 && holds(&range.end, last(BinaryOp::Le, BinaryOp::Lt))?,
        false => distance <= 0 && holds(&range.end, last(BinaryOp::Ge, BinaryOp::Gt))?,
    };
    Ok(ahead && distance % i128::from(step) == 0)
}

/// The elements of a list or of a range of integers.
///
/// # Errors
/// The value is neither, an end is missing, or there are more than [`MAX_LIST`].
pub fn elements(value: &Value) -> Result<Vec<Value>, Failure> {
    let range = match value {
        Value::List(items) => return Ok(items.to_vec()),
        Value::Range(range) => range,
        _ => return kinds(),
    };
    let help = "write both ends, as in `0..<4`";
    let (start, end) = match (&range.start, &range.end) {
        (Some(Value::Int(start)), Some(Value::Int(end))) => (i128::from(*start), i128::from(*end)),
        (Some(_), Some(_)) => return undefined("only a range of integers has elements", None),
        _ => return undefined("a range with an open end has no elements", Some(help)),
    };
    let step = i128::from(range.step.unwrap_or(1));
    if step == 0 {
        return undefined("a step of zero never ends", None);
    }
    let reach = (end - start) * step.signum() + i128::from(range.closed);
    let count = if reach <= 0 { 0 } else { (reach + step.abs() - 1) / step.abs() };
    if count > MAX_LIST as i128 {
        let help =
            "ranges with elements are for a few values; arrays are made with `arange(start, stop, step, dim: x)`";
        return undefined(format!("a list of {count} values is too long to plan with"), Some(help));
    }
    Ok((0..count).map(|i| Value::Int((start + i * step) as i64)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::lower::value::literal;

    #[test]
    fn ranges_hold_what_lies_between_their_ends() {
        let holds = |start: Option<i64>, end: Option<f64>, closed: bool, step: Option<i64>, value: Value| {
            let (start, end) = (start.map(Value::Int), end.map(Value::Float));
            contains(&Value::Range(Box::new(RangeValue { start, end, closed, step })), &value)
        };
        assert_eq!(holds(Some(0), Some(1e12), false, None, Value::Int(5)), Ok(true));
        assert_eq!(holds(Some(0), Some(5.0), false, None, Value::Float(5.0)), Ok(false));
        assert_eq!(holds(Some(0), Some(5.0), true, None, Value::Float(5.0)), Ok(true));
        assert_eq!(holds(Some(0), None, true, None, Value::UInt(u64::MAX)), Ok(true));
        assert_eq!(holds(Some(9), Some(0.0), true, Some(-3), Value::Int(6)), Ok(true));
        assert_eq!(holds(Some(9), Some(0.0), true, Some(-3), Value::Int(5)), Ok(false));
        assert_eq!(holds(Some(9), Some(0.0), false, Some(-3), Value::Int(0)), Ok(false));
        assert!(holds(Some(0), Some(5.0), true, None, Value::Str("a".into())).is_err());
    }

    #[test]
    fn ranges_have_elements() {
        let range = |start, end, closed, step| {
            let range = RangeValue { start: Some(Value::Int(start)), end: Some(Value::Int(end)), closed, step };
            elements(&Value::Range(Box::new(range))).map(|v| v.iter().map(literal).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(range(0, 4, false, None).unwrap(), "0 1 2 3");
        assert_eq!(range(0, 4, true, Some(2)).unwrap(), "0 2 4");
        assert_eq!(range(3, 0, true, Some(-1)).unwrap(), "3 2 1 0");
        assert_eq!(range(3, 0, false, None).unwrap(), "");
        assert!(range(0, i64::MAX, false, None).is_err());
    }
}
