//! Calls of other operators by expansions that are made of them.

use super::{Arguments, Builder, Operand, TypeError, Value, find};
use crate::array::DType;
use crate::source::{Span, Spanned};

/// The value of the operator `name` for positional arguments.
///
/// # Errors
/// Those of the operator; its culprits are not arguments of the caller, so the caller's call is blamed.
pub fn operator(builder: &mut dyn Builder, name: &str, positional: &[Value]) -> Result<Operand, TypeError> {
    let Some(row) = find(name) else {
        return Err(TypeError::new("ff::type::bug", format!("there is no operator `{name}`")));
    };
    let spanned = |value: &Value| Spanned::new(value.clone(), Span::default());
    let named = row.signature.params.iter().zip(positional).map(|(param, value)| (param.name, spanned(value)));
    with(builder, name, &Arguments { named: named.collect(), ..Arguments::default() })
}

/// The value of the operator `name` for these arguments.
///
/// # Errors
/// As [`operator`].
pub fn with(builder: &mut dyn Builder, name: &str, arguments: &Arguments) -> Result<Operand, TypeError> {
    let Some(row) = find(name) else {
        return Err(TypeError::new("ff::type::bug", format!("there is no operator `{name}`")));
    };
    let own = |e: TypeError| TypeError { culprit: super::error::Culprit::Call, others: Vec::new(), ..e };
    match (row.expand)(builder, arguments).map_err(own)? {
        Value::Array(operand) => Ok(operand),
        other => Err(TypeError::new("ff::type::argument", format!("`{name}` gives {}, not an array", other.kind()))),
    }
}

/// The array in another dtype.
///
/// # Errors
/// There is no such cast.
pub fn cast(builder: &mut dyn Builder, x: Operand, dtype: DType) -> Result<Operand, TypeError> {
    if builder.ty(x).dtype == dtype {
        return Ok(x);
    }
    operator(builder, "cast", &[Value::Array(x), Value::DType(dtype)])
}

/// The value of a reduction, or of what else takes dims, over some axes of an array; the array itself where there are none.
///
/// # Errors
/// As [`operator`].
pub fn over(
    builder: &mut dyn Builder,
    name: &str,
    (x, axes): (Operand, &[usize]),
    options: &[(&'static str, Value)],
) -> Result<Operand, TypeError> {
    if axes.is_empty() && builder.ty(x).rank() > 0 {
        return Ok(x);
    }
    let spanned = |value: Value| Spanned::new(value, Span::default());
    let mut named = vec![("x", spanned(Value::Array(x)))];
    named.extend(options.iter().map(|(name, value)| (*name, spanned(value.clone()))));
    let variadic = axes.iter().map(|axis| spanned(Value::Int(*axis as i64))).collect();
    with(builder, name, &Arguments { named, variadic, ..Arguments::default() })
}
