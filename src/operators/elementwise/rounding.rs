//! Rounding, and what keeps values within bounds.

use num_complex::Complex64;

use super::function::{Function, Given, UNARY, fits, given};
use super::loops::{map1, through_wider};
use super::{cast, floats, time};
use crate::array::{DType, Kind, Scalar};
use crate::operators::arguments::{ParamKind, optional, required};
use crate::operators::error::Culprit;
use crate::operators::{Arguments, Builder, Call, Operand, Operator, Pattern, Signature, TypeError, Units, Value};

/// Rounding and bounds.
pub static ROUNDING: &[Operator] = &[
    unary!("floor", "The greatest integer not above x, in the dtype of x", "floor(x)";
        bool: |x| x,
        integer: |x| x,
        float: |x| x.floor(),
    ),
    unary!("ceil", "The least integer not below x, in the dtype of x", "ceil(x)";
        bool: |x| x,
        integer: |x| x,
        float: |x| x.ceil(),
    ),
    unary!("trunc", "x without its fraction", "trunc(x)";
        bool: |x| x,
        integer: |x| x,
        float: |x| x.trunc(),
    ),
    unary!("rint", "The nearest integer, ties to the even one, as a float", "rint(x)";
        float: |x| x.round_ties_even(),
        wide complex: |z| Complex64::new(z.re.round_ties_even(), z.im.round_ties_even()),
    ),
    unary!("fix", "The nearest integer towards zero, in the dtype of x: the same as `trunc`", "fix(x)";
        bool: |x| x,
        integer: |x| x,
        float: |x| x.trunc(),
    ),
    Operator {
        name: "round",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                optional("decimals", ParamKind::Int, "0", "Digits kept after the point; negative ones round to tens."),
            ],
        },
        summary: "The nearest number of so many decimals; ties go to the even neighbour",
        example: "round(x / 3, 1)",
        expand: round,
    },
    Operator {
        name: "clip",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                optional("lo", ParamKind::Array, "none", "Smaller values become this."),
                optional("hi", ParamKind::Array, "none", "Greater values become this."),
            ],
        },
        summary: "The values moved to the nearer bound where they lie outside; NaN stays",
        example: "clip(x, -1, 1)",
        expand: clip,
    },
    binary!("maximum", "The greater of two values, NaN where one is", "maximum(x, 0)";
        bool: |a, b| a | b,
        integer: |a, b| a.max(b),
        float: floats::maximum,
        time: time::maximum,
    ),
    binary!("minimum", "The smaller of two values, NaN where one is", "minimum(x, 0)";
        bool: |a, b| a & b,
        integer: |a, b| a.min(b),
        float: floats::minimum,
        time: |a, b| a.min(b),
    ),
    binary!("fmax", "The greater of two values, ignoring NaN", "fmax(x, 0)";
        bool: |a, b| a | b,
        integer: |a, b| a.max(b),
        float: floats::fmax,
        time: |a, b| a.max(b),
    ),
    binary!("fmin", "The smaller of two values, ignoring NaN", "fmin(x, 0)";
        bool: |a, b| a & b,
        integer: |a, b| a.min(b),
        float: floats::fmin,
        time: time::fmin,
    ),
    binary!("copysign", "The magnitude of `a` with the sign of `b`", "copysign(1, x)";
        float: |a, b| a.copysign(b),
    ),
];

/// To the nearest integer, ties to even.
const RINT: Function = Function {
    units: Units::Kept,
    name: "round",
    params: UNARY,
    loops: loops!(one
        bool: |x| x,
        integer: |x| x,
        float: |x| x.round_ties_even(),
        wide complex: |z| Complex64::new(z.re.round_ties_even(), z.im.round_ties_even()),
    ),
};

/// `x` rounded to integers of its own dtype.
///
/// # Errors
/// It holds no numbers.
pub fn rint(builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
    match RINT.call(builder, &[Given::Array(x)])? {
        Value::Array(out) => Ok(out),
        _ => Ok(x),
    }
}

/// As NumPy: scaled by a power of ten, rounded, scaled back.
fn round(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let decimals = arguments.int("decimals", 0)?;
    if !(-400..=400).contains(&decimals) {
        return Err(TypeError::new("ff::type::range", format!("{decimals} decimals are more than any number has"))
            .at(Culprit::Param("decimals"), "between -400 and 400"));
    }
    let x = given("x", arguments.value("x"))?;
    let dtype = match &x {
        Given::Array(x) => builder.ty(*x).dtype,
        Given::Weak(scalar) => super::function::default_dtype(scalar),
    };
    let whole = dtype.is_integer() || dtype == DType::Bool;
    if decimals == 0 || (whole && decimals > 0) {
        return RINT.call(builder, &[x]);
    }
    if let (Given::Array(x), Kind::Complex) = (&x, dtype.kind()) {
        return round_parts(builder, *x, decimals as i32).map(Value::Array);
    }
    let scale = Value::Float(10f64.powi(decimals.unsigned_abs() as i32));
    let (to, back) = if decimals > 0 { ("mul", "div") } else { ("div", "mul") };
    let scaled = super::call(builder, to, &[arguments.value("x").clone(), scale.clone()])?;
    let rounded = RINT.call(builder, &[given("x", &scaled)?])?;
    match super::call(builder, back, &[rounded, scale])? {
        Value::Array(out) if whole => cast::cast_to(builder, out, dtype).map(Value::Array),
        Value::Float(out) if whole => Ok(Value::Int(out as i64)),
        out => Ok(out),
    }
}

/// Both parts of complex numbers rounded.
fn round_parts(builder: &mut dyn Builder, x: Operand, decimals: i32) -> Result<Operand, TypeError> {
    let scale = 10f64.powi(decimals.abs());
    let part = move |x: f64| match decimals {
        0.. => (x * scale).round_ties_even() / scale,
        _ => (x / scale).round_ties_even() * scale,
    };
    let run = map1(move |z: Complex64| Complex64::new(part(z.re), part(z.im)));
    let dtype = builder.ty(x).dtype;
    let run = if dtype == DType::C64 { through_wider(run, DType::C128) } else { run };
    let call = Call {
        name: "round",
        text: decimals.to_string(),
        pattern: Pattern::Elementwise(run),
        dtype,
        units: Units::Kept,
    };
    builder.apply(call, &[x])
}

/// `minimum(maximum(x, lo), hi)`; literal bounds beyond the range of an integer dtype count as its ends.
fn clip(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut out = arguments.value("x").clone();
    if arguments.get("lo").is_none() && arguments.get("hi").is_none() {
        return Err(
            TypeError::new("ff::type::argument", "`clip` needs a bound").with_help("`clip(x, 0, 1)`, `clip(x, lo: 0)`")
        );
    }
    for (param, name) in [("lo", "maximum"), ("hi", "minimum")] {
        let Some(bound) = arguments.get(param) else { continue };
        let bound = match (given(param, bound)?, &out) {
            (Given::Weak(Scalar::Int(i)), Value::Array(x)) if !fits_or_other(i, builder.ty(*x).dtype) => {
                let (low, high) = cast::range(builder.ty(*x).dtype).unwrap_or((0, 0));
                Value::Int(i128::from(i).clamp(low, high) as i64)
            }
            _ => bound.clone(),
        };
        out = super::call(builder, name, &[out, bound]).map_err(|e| e.renamed(&[("a", "x"), ("b", param)]))?;
    }
    Ok(out)
}

fn fits_or_other(i: i64, dtype: DType) -> bool {
    !matches!(dtype.kind(), Kind::Signed | Kind::Unsigned) || fits(i, dtype)
}
