//! What is said where a function does not take what it was given.

use super::function::{Function, Given};
use crate::array::{DType, Kind, Scalar};
use crate::operators::error::Culprit;
use crate::operators::{Builder, TypeError};

/// The sign a script writes for a function that has one.
pub fn symbol(name: &str) -> Option<&'static str> {
    const SYMBOLS: &[(&str, &str)] = &[
        ("add", "+"),
        ("sub", "-"),
        ("mul", "*"),
        ("div", "/"),
        ("floordiv", "//"),
        ("mod", "%"),
        ("pow", "**"),
        ("neg", "-"),
        ("invert", "~"),
        ("not", "not "),
        ("and", "and"),
        ("or", "or"),
        ("bit_and", "&"),
        ("bit_or", "|"),
        ("bit_xor", "^"),
        ("shl", "<<"),
        ("shr", ">>"),
        ("eq", "=="),
        ("ne", "!="),
        ("lt", "<"),
        ("le", "<="),
        ("gt", ">"),
        ("ge", ">="),
    ];
    SYMBOLS.iter().find(|(n, _)| *n == name).map(|(_, symbol)| *symbol)
}

fn spelled(name: &str) -> String {
    format!("`{}`", symbol(name).unwrap_or(name).trim())
}

/// No loop takes these dtypes: blames the input that no loop takes in its place, else the last.
pub fn no_loop(builder: &dyn Builder, function: &Function, given: &[Given], dtypes: &[DType]) -> TypeError {
    let alone = |i: usize| function.loops.iter().any(|l| dtypes[i].promote(l.inputs[i]) == Some(l.inputs[i]));
    let blamed = (0..dtypes.len()).find(|&i| !alone(i)).unwrap_or(dtypes.len() - 1);
    let label = |i: usize| match &given[i] {
        Given::Array(operand) => format!("this is {}", builder.ty(*operand)),
        Given::Weak(scalar) => format!("this is the literal {scalar}"),
    };
    let mut error = refused(function, dtypes).at(Culprit::Param(function.params[blamed].name), label(blamed));
    for i in (0..dtypes.len()).filter(|&i| i != blamed) {
        error = error.and_at(Culprit::Param(function.params[i].name), label(i));
    }
    error
}

/// As [`no_loop`], where all inputs are plan-time values.
pub fn no_loop_for_values(function: &Function, scalars: &[&Scalar]) -> TypeError {
    let dtypes: Vec<DType> = scalars.iter().map(|s| super::function::default_dtype(s)).collect();
    refused(function, &dtypes)
}

fn refused(function: &Function, dtypes: &[DType]) -> TypeError {
    let names: Vec<String> = dtypes.iter().map(DType::to_string).collect();
    let message = format!("{} does not take {}", spelled(function.name), names.join(" and "));
    let error = TypeError::new("ff::type::dtype", message);
    match remedy(function, dtypes) {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// What to do instead.
fn remedy(function: &Function, dtypes: &[DType]) -> Option<String> {
    let any = |kind: Kind| dtypes.iter().any(|d| d.kind() == kind);
    Some(match function.name {
        _ if any(Kind::Str) => {
            "text can only be compared (`==`, `!=`, `<`, `in`); numbers in it have to be parsed first".into()
        }
        "and" | "or" | "not" => "compare first: `x != 0` is bool".into(),
        "bit_xor" if any(Kind::Float) || any(Kind::Complex) => {
            "a power is `x ** 2`; `^` compares the bits of integers and bools: cast with `x as i64`".into()
        }
        "bit_and" | "bit_or" | "bit_xor" | "invert" | "shl" | "shr" if any(Kind::Float) || any(Kind::Complex) => {
            "bits are those of integers and bools: cast with `x as i64`, or compare first (`x > 0`)".into()
        }
        "sub" if dtypes == [DType::Bool; 2] => {
            "use `a ^ b` (which differ) or `a & ~b` (only in a), or cast: `a as i8`".into()
        }
        "neg" | "sign" if any(Kind::Bool) => "use `not x`, or cast: `x as i8`".into(),
        "lt" | "le" | "gt" | "ge" | "minimum" | "maximum" | "fmin" | "fmax" if any(Kind::Complex) => {
            "complex numbers have no order: compare `abs(x)` or `real(x)`".into()
        }
        _ if any(Kind::Complex) => "take `abs(x)`, `real(x)` or `imag(x)` first".into(),
        "add" | "sub" if any(Kind::Time) => {
            "a duration is added to a datetime (`t + 6h`); two datetimes are subtracted; they mix with no numbers"
                .into()
        }
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" if any(Kind::Time) => {
            "a datetime is compared with a datetime or a date in quotes, a duration with a duration (`6h`)".into()
        }
        _ if any(Kind::Time) => "make it a number first: `duration / 1h`, or a part such as `x.time.month`".into(),
        _ => return None,
    })
}

/// A literal that an integer dtype cannot hold.
pub fn out_of_range(literal: &dyn std::fmt::Display, dtype: DType) -> TypeError {
    let message = format!("{literal} does not fit {dtype}, which the arrays decide here");
    let wider = match dtype {
        DType::U64 | DType::I64 => DType::F64,
        _ => DType::I64,
    };
    TypeError::new("ff::type::range", message).with_help(format!("widen the array: `x as {wider}`"))
}

/// A duration in months beside microseconds.
pub fn months(param: &'static str) -> TypeError {
    TypeError::new("ff::type::duration", "months and years have no fixed length in seconds")
        .at(Culprit::Param(param), "this duration counts months")
        .with_help("use days (`30d`), or count months with `resample(x, time: 1mo)`")
}

/// There is no such cast.
pub fn no_cast(from: DType, to: DType) -> TypeError {
    let error = TypeError::new("ff::type::dtype", format!("{from} cannot be cast to {to}"));
    match (from, to) {
        (DType::Str, _) => error.with_help("texts are labels; they are compared, not computed with"),
        _ => error.with_help("numbers, bools, datetimes and durations are cast among each other"),
    }
}
