//! Missing values, choice and membership.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex, Complex32, Complex64};
use num_traits::Float;

use super::broadcast::{self, Named};
use super::cast::cast_to;
use super::function::{Given, default_dtype, emit, fits, given};
use super::loops::{map1, map2};
use super::{refusal, time};
use crate::array::block::with_type;
use crate::array::calendar::NAT;
use crate::array::{ArrayType, DType, Dims, Scalar};
use crate::operators::arguments::{Param, ParamKind, optional, required, weak_dtype};
use crate::operators::error::Culprit;
use crate::operators::moves::{self, Span};
use crate::operators::tile::{TileElement, TileLoop};
use crate::operators::{
    Arguments, Builder, Call, Constant, Operator, Pattern, Signature, TypeError, Units, Value, axis_of,
};

/// Missing values, choice and membership.
pub static MISSING: &[Operator] = &[
    unary!("isnan", "Where a value is missing: NaN or NaT", "isnan(x)";
        bool -> Bool: |_| false,
        integer -> Bool: |_| false,
        float -> Bool: |x| x.is_nan(),
        complex -> Bool: |z| z.re.is_nan() || z.im.is_nan(),
        time -> Bool: |t| t == NAT,
    ),
    unary!("isinf", "Where a value is infinite", "isinf(1 / x)";
        bool -> Bool: |_| false,
        integer -> Bool: |_| false,
        float -> Bool: |x| x.is_infinite(),
        complex -> Bool: |z| z.re.is_infinite() || z.im.is_infinite(),
        time -> Bool: |_| false,
    ),
    unary!("isfinite", "Where a value is neither infinite nor missing", "isfinite(1 / x)";
        bool -> Bool: |_| true,
        integer -> Bool: |_| true,
        float -> Bool: |x| x.is_finite(),
        complex -> Bool: |z| z.re.is_finite() && z.im.is_finite(),
        time -> Bool: |t| t != NAT,
    ),
    unary!("isposinf", "Where a value is infinity", "isposinf(1 / x)";
        bool -> Bool: |_| false,
        integer -> Bool: |_| false,
        float -> Bool: |x| x.is_infinite() && x > 0.0,
    ),
    unary!("isneginf", "Where a value is minus infinity", "isneginf(1 / x)";
        bool -> Bool: |_| false,
        integer -> Bool: |_| false,
        float -> Bool: |x| x.is_infinite() && x < 0.0,
    ),
    unary!("isnull", "Where a value is missing, as `isnan`", "isnull(x)";
        bool -> Bool: |_| false,
        integer -> Bool: |_| false,
        float -> Bool: |x| x.is_nan(),
        complex -> Bool: |z| z.re.is_nan() || z.im.is_nan(),
        time -> Bool: |t| t == NAT,
    ),
    unary!("notnull", "Where a value is not missing", "notnull(x)";
        bool -> Bool: |_| true,
        integer -> Bool: |_| true,
        float -> Bool: |x| !x.is_nan(),
        complex -> Bool: |z| !z.re.is_nan() && !z.im.is_nan(),
        time -> Bool: |t| t != NAT,
    ),
    Operator {
        name: "isin",
        signature: Signature { params: ISIN },
        summary: "Where a value is one of a list; `x in [..]`",
        example: "isin(x, [0, 1, 2])",
        expand: super::membership::isin,
    },
    Operator {
        name: "where",
        signature: Signature { params: WHERE },
        summary: "`x` where the condition holds, `other` elsewhere; `x where cond` leaves the rest missing",
        example: "where(x > 0, x, 0)",
        expand: |builder, arguments| {
            let chosen = choose(builder, arguments)?;
            if arguments.bool("drop", false)? { dropped(builder, arguments, chosen) } else { Ok(chosen) }
        },
    },
    Operator {
        name: "fillna",
        signature: Signature { params: FILLNA },
        summary: "The values, with `value` where they are missing",
        example: "fillna(x, 0)",
        expand: fillna,
    },
    Operator {
        name: "nan_to_num",
        signature: Signature { params: NAN_TO_NUM },
        summary: "The values, with numbers for NaN and infinities",
        example: "nan_to_num(x, nan: -1.0)",
        expand: nan_to_num,
    },
];

const ISIN: &[Param] = &[
    required("x", ParamKind::Array, "The array."),
    required("values", ParamKind::Any, "A list of values, or a small array known while planning."),
];
const WHERE: &[Param] = &[
    required("cond", ParamKind::Array, "The condition, bool."),
    required("x", ParamKind::Array, "The values where it holds."),
    optional("other", ParamKind::Array, "none", "The values elsewhere; missing, where left out."),
    optional(
        "drop",
        ParamKind::Bool,
        "false",
        "Whether labels go for which the condition holds nowhere; it is known while planning then.",
    ),
];
const FILLNA: &[Param] = &[
    required("x", ParamKind::Array, "The array."),
    required("value", ParamKind::Array, "What stands for missing values."),
];
const NAN_TO_NUM: &[Param] = &[
    required("x", ParamKind::Array, "The array."),
    optional("nan", ParamKind::Float, "0.0", "What stands for NaN."),
    optional(
        "posinf",
        ParamKind::Float,
        "none",
        "What stands for infinity; the greatest finite number, where left out.",
    ),
    optional(
        "neginf",
        ParamKind::Float,
        "none",
        "What stands for minus infinity; the least finite number, where left out.",
    ),
];

/// An input of a choice: an array or scalar with the name of its parameter.
type Choice = (&'static str, Given);

/// The common dtype of values one of which is chosen, with the literals that are dates parsed.
fn common(builder: &dyn Builder, choices: &mut [Choice]) -> Result<DType, TypeError> {
    let mut dtype: Option<(&'static str, DType)> = None;
    for (param, given) in choices.iter() {
        let Some(next) = given.dtype(builder) else { continue };
        dtype = Some(match dtype {
            None => (param, next),
            Some((first, known)) => match (known, next) {
                (DType::DateTime(a), DType::DateTime(b)) if time::same_days(a, b) => (first, known),
                _ => (first, known.promote(next).ok_or_else(|| mixed((first, known), (param, next)))?),
            },
        });
    }
    for (param, given) in choices.iter_mut() {
        let Given::Weak(scalar) = given else { continue };
        if let (Scalar::Str(text), Some((_, DType::DateTime(calendar)))) = (&*scalar, dtype) {
            *scalar = time::parse(text, calendar, &Culprit::Param(param))?;
        }
        let alone = default_dtype(scalar);
        dtype = Some(match dtype {
            None => (param, alone),
            Some((first, known)) => {
                (first, weak_dtype(scalar, known).ok_or_else(|| mixed((first, known), (param, alone)))?)
            }
        });
    }
    let (_, dtype) = dtype.expect("a choice has values");
    for (param, given) in choices.iter() {
        match given {
            Given::Weak(Scalar::Int(i)) if dtype.is_integer() && !fits(*i, dtype) => {
                return Err(refusal::out_of_range(i, dtype).at(Culprit::Param(param), "this literal"));
            }
            _ => {}
        }
    }
    Ok(dtype)
}

/// Values one of which is chosen, in their common dtype, literals as arrays without dims.
///
/// # Errors
/// They have no common dtype; a literal is out of its range.
pub(super) fn alike(builder: &mut dyn Builder, choices: &[(&'static str, &Value)]) -> Result<Vec<Value>, TypeError> {
    let choices = choices.iter().map(|(param, value)| Ok((*param, given(param, value)?)));
    let mut choices = choices.collect::<Result<Vec<Choice>, TypeError>>()?;
    let dtype = common(builder, &mut choices)?;
    let typed = choices.into_iter().map(|(_, given)| match given {
        Given::Array(operand) => cast_to(builder, operand, dtype).map(Value::Array),
        Given::Weak(scalar) => {
            let ty = ArrayType::new(dtype, Dims::default());
            Ok(Value::Array(builder.constant(ty, Constant::Full(scalar))))
        }
    });
    typed.collect()
}

fn mixed(first: (&'static str, DType), second: (&'static str, DType)) -> TypeError {
    TypeError::new("ff::type::dtype", format!("{} and {} have no common dtype", first.1, second.1))
        .at(Culprit::Param(second.0), format!("this is {}", second.1))
        .and_at(Culprit::Param(first.0), format!("this is {}", first.1))
        .with_help("cast one of them: `x as f64`")
}

fn named(param: &'static str, given: Given) -> Named {
    Named { culprit: Culprit::Param(param), given }
}

/// `where`: without arrays a plan-time choice.
fn choose(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let condition = given("cond", arguments.value("cond"))?;
    let is_bool = match &condition {
        Given::Array(operand) => builder.ty(*operand).dtype == DType::Bool,
        Given::Weak(scalar) => matches!(scalar, Scalar::Bool(_)),
    };
    if !is_bool {
        let label = match &condition {
            Given::Array(operand) => format!("this is {}", builder.ty(*operand)),
            Given::Weak(scalar) => format!("this is the literal {scalar}"),
        };
        return Err(TypeError::new("ff::type::dtype", "a condition is bool")
            .at(Culprit::Param("cond"), label)
            .with_help("compare: `x != 0`, `x > 0`"));
    }
    let mut choices: Vec<Choice> = vec![("x", given("x", arguments.value("x"))?)];
    match arguments.get("other") {
        Some(other) => choices.push(("other", given("other", other)?)),
        None => choices.push(("other", Given::Weak(missing(builder, &choices[0].1)?))),
    }
    if let (Given::Weak(Scalar::Bool(holds)), [(_, Given::Weak(_)), (_, Given::Weak(_))]) = (&condition, &choices[..]) {
        let chosen = if *holds { arguments.value("x") } else { arguments.value("other") };
        return Ok(if *chosen == Value::None { Value::Float(f64::NAN) } else { chosen.clone() });
    }
    let dtype = common(builder, &mut choices)?;
    let call = Call {
        name: "where",
        text: String::new(),
        pattern: Pattern::Elementwise(with_type!(dtype, T => select::<T>())),
        dtype,
        units: Units::Kept,
    };
    let mut wanted = vec![(named("cond", condition), DType::Bool)];
    wanted.extend(choices.into_iter().map(|(param, given)| (named(param, given), dtype)));
    emit(builder, call, &wanted).map(Value::Array)
}

/// The missing value of the dtype of `x`.
fn missing(builder: &dyn Builder, x: &Given) -> Result<Scalar, TypeError> {
    let dtype = x.dtype(builder).unwrap_or(DType::F64);
    Scalar::missing(dtype).ok_or_else(|| {
        TypeError::new("ff::type::dtype", format!("{dtype} has no missing value to stand where the condition fails"))
            .at(Culprit::Param("x"), format!("this is {dtype}"))
            .with_help("say what stands there, `where(cond, x, 0)`, or make it real first, `x as f64`")
    })
}

fn select<T: TileElement>() -> TileLoop {
    Arc::new(|inputs, out| {
        let values = inputs[1].get::<T>().iter().zip(inputs[2].get::<T>());
        let (cond, out) = (inputs[0].get::<bool>(), out.get::<T>());
        for ((out, &holds), (x, other)) in out.iter_mut().zip(cond).zip(values) {
            out.clone_from(if holds { x } else { other });
        }
    })
}

/// Only the labels of what was chosen for which the condition holds anywhere.
fn dropped(builder: &mut dyn Builder, arguments: &Arguments, chosen: Value) -> Result<Value, TypeError> {
    let (Value::Array(mask), Value::Array(mut out)) = (arguments.value("cond"), chosen.clone()) else {
        return Ok(chosen);
    };
    let Some(block) = builder.chosen_by(*mask)? else {
        let message = "which labels stay depends on values that are only known when the script runs";
        let error = TypeError::new("ff::type::unknown_values", message);
        return Err(error
            .at(Culprit::Param("cond"), "not known before the run")
            .with_help("leave out `drop`, or say how many elements to make room for: `extract(x, cond, size: 100)`"));
    };
    let ty = builder.ty(*mask);
    let Some(mask) = block.view::<bool>() else { return Ok(chosen) };
    for (axis, dim) in ty.dims.iter().enumerate() {
        let held = mask.axis_iter(ndarray::Axis(axis)).map(|part| part.iter().any(|holds| *holds));
        let kept: Vec<u64> = held.enumerate().filter(|(_, any)| *any).map(|(at, _)| at as u64).collect();
        let axis = axis_of(&builder.ty(out), &dim.name)?;
        out = match Span::of(&kept) {
            Some(span) => moves::slice(builder, out, &[(axis, span)])?,
            None => moves::take(builder, out, axis, &kept, None)?,
        };
    }
    Ok(Value::Array(out))
}

/// Whether an element is missing.
trait Missing {
    fn is_missing(&self) -> bool;
}

macro_rules! missing {
    ($($type:ty: |$x:ident| $is_missing:expr;)*) => {
        $(impl Missing for $type {
            fn is_missing(&self) -> bool {
                let $x = self;
                $is_missing
            }
        })*
    };
}

missing! {
    f16: |x| x.is_nan();
    f32: |x| x.is_nan();
    f64: |x| x.is_nan();
    Complex32: |z| z.re.is_nan() || z.im.is_nan();
    Complex64: |z| z.re.is_nan() || z.im.is_nan();
    i64: |t| *t == NAT;
}

fn filled<T: TileElement + Copy + Missing>() -> TileLoop {
    map2::<T, T, T>(|x, value| if x.is_missing() { value } else { x })
}

fn fillna(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let mut choices = [("x", given("x", arguments.value("x"))?), ("value", given("value", arguments.value("value"))?)];
    if let (Given::Weak(x), Given::Weak(_)) = (&choices[0].1, &choices[1].1) {
        return Ok(arguments.value(if x.is_missing() { "value" } else { "x" }).clone());
    }
    let dtype = common(builder, &mut choices)?;
    let run = match dtype {
        DType::F16 => filled::<f16>(),
        DType::F32 => filled::<f32>(),
        DType::F64 => filled::<f64>(),
        DType::C64 => filled::<Complex32>(),
        DType::C128 => filled::<Complex64>(),
        DType::DateTime(_) | DType::Duration => filled::<i64>(),
        _ => return unfilled(builder, choices, dtype),
    };
    let call =
        Call { name: "fillna", text: String::new(), pattern: Pattern::Elementwise(run), dtype, units: Units::Kept };
    let wanted: Vec<(Named, DType)> = choices.into_iter().map(|(param, given)| (named(param, given), dtype)).collect();
    emit(builder, call, &wanted).map(Value::Array)
}

/// The first of the inputs, in the dtype and the dims of the filled one: there is nothing to fill.
fn unfilled(builder: &mut dyn Builder, choices: [Choice; 2], dtype: DType) -> Result<Value, TypeError> {
    let mut arrays = Vec::new();
    for (param, given) in choices {
        arrays.push((
            Culprit::Param(param),
            match given {
                Given::Array(operand) => operand,
                Given::Weak(scalar) => builder.constant(ArrayType::scalar(dtype), Constant::Full(scalar)),
            },
        ));
    }
    let x = broadcast::together(builder, &arrays)?[0];
    cast_to(builder, x, dtype).map(Value::Array)
}

fn nan_to_num(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let nan = arguments.float_opt("nan")?.unwrap_or(0.0);
    let (up, down) = (arguments.float_opt("posinf")?, arguments.float_opt("neginf")?);
    let x = match given("x", arguments.value("x"))? {
        Given::Array(x) => x,
        Given::Weak(Scalar::Float(x)) => return Ok(Value::Float(number(nan, up, down)(x))),
        Given::Weak(_) => return Ok(arguments.value("x").clone()),
    };
    let dtype = builder.ty(x).dtype;
    let run = match dtype {
        DType::F16 => map1::<f16, f16>(number(nan, up, down)),
        DType::F32 => map1::<f32, f32>(number(nan, up, down)),
        DType::F64 => map1::<f64, f64>(number(nan, up, down)),
        DType::C64 => map1::<Complex32, Complex32>(number_of_parts(number(nan, up, down))),
        DType::C128 => map1::<Complex64, Complex64>(number_of_parts(number(nan, up, down))),
        _ if dtype.is_numeric() => return Ok(Value::Array(x)),
        _ => {
            return Err(TypeError::new("ff::type::dtype", format!("`nan_to_num` does not take {dtype}"))
                .at(Culprit::Param("x"), format!("this is {}", builder.ty(x)))
                .with_help("`fillna(x, value)` fills missing datetimes and durations"));
        }
    };
    let shown = |value: Option<f64>| value.map_or("none".to_owned(), |v| format!("{v:?}"));
    let text = format!("{nan:?}, {}, {}", shown(up), shown(down));
    let call = Call { name: "nan_to_num", text, pattern: Pattern::Elementwise(run), dtype, units: Units::Kept };
    builder.apply(call, &[x]).map(Value::Array)
}

/// What puts numbers in the place of NaN and infinities.
fn number<T: Float>(nan: f64, up: Option<f64>, down: Option<f64>) -> impl Fn(T) -> T + Copy {
    let of = |x: f64| T::from(x).unwrap_or_else(T::nan);
    let (nan, up, down) = (of(nan), up.map_or_else(T::max_value, of), down.map_or_else(T::min_value, of));
    move |x| match x {
        _ if x.is_nan() => nan,
        _ if x == T::infinity() => up,
        _ if x == T::neg_infinity() => down,
        x => x,
    }
}

fn number_of_parts<T: Float>(number: impl Fn(T) -> T + Copy) -> impl Fn(Complex<T>) -> Complex<T> + Copy {
    move |z| Complex::new(number(z.re), number(z.im))
}
