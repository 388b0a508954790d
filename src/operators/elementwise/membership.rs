//! Membership in a list that is known while planning.

use std::cmp::Ordering;
use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use super::function::{Given, default_dtype, fits, given};
use super::time;
use crate::array::block::with_type;
use crate::array::{ArrayType, DType, Kind, Scalar};
use crate::operators::error::Culprit;
use crate::operators::tile::{TileElement, TileLoop};
use crate::operators::{Arguments, Builder, Call, Constant, Pattern, TypeError, Units, Value, moves};

/// Lists up to this length are searched one by one, longer ones by bisection.
const SHORT: usize = 8;

/// Where `x` is one of `values`; NaN never is.
///
/// # Errors
/// The values are not known while planning, or cannot be compared with `x`.
pub fn isin(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let (x, weak) = match given("x", arguments.value("x"))? {
        Given::Array(x) => (x, false),
        Given::Weak(scalar) => {
            (builder.constant(ArrayType::scalar(default_dtype(&scalar)), Constant::Full(scalar)), true)
        }
    };
    let ty = builder.ty(x);
    let mut members = Vec::new();
    for value in listed(builder, arguments.value("values"))? {
        members.extend(member(&value, ty.dtype)?);
    }
    members.sort_by(in_order);
    members.dedup();
    let run = with_type!(ty.dtype, T => {
        use crate::array::block::Element;
        search::<T>(members.iter().map(T::from_scalar).collect())
    });
    let text = listing(&members);
    let call = Call { name: "isin", text, pattern: Pattern::Elementwise(run), dtype: DType::Bool, units: Units::Lost };
    let out = builder.apply(call, &[x])?;
    match builder.known(out) {
        Some(block) if weak => Ok(super::function::plan_value(DType::Bool, &block)),
        _ => Ok(Value::Array(out)),
    }
}

/// The values of a list or of an array that is known while planning.
fn listed(builder: &dyn Builder, values: &Value) -> Result<Vec<Scalar>, TypeError> {
    let not_known = || {
        TypeError::expected("values", "a list of values", values)
            .with_help("the list has to be known while planning: `[1, 2, 3]`, a param or a coordinate")
    };
    match values {
        Value::List(items) => items.iter().map(|item| item.scalar().ok_or_else(not_known)).collect(),
        Value::Array(operand) => {
            let dtype = builder.ty(*operand).dtype;
            let typed = |scalar| match (scalar, dtype) {
                (Scalar::Int(t), DType::DateTime(calendar)) => Scalar::DateTime(t, calendar),
                (Scalar::Int(t), DType::Duration) => Scalar::Duration(t),
                (scalar, _) => scalar,
            };
            let block = builder.chosen_by(*operand)?.ok_or_else(not_known)?;
            Ok(block.scalars().into_iter().map(typed).collect())
        }
        other => other.scalar().map(|scalar| vec![scalar]).ok_or_else(not_known),
    }
}

/// A listed value as one of `dtype`; none where no element of that dtype equals it.
fn member(value: &Scalar, dtype: DType) -> Result<Option<Scalar>, TypeError> {
    let culprit = Culprit::Param("values");
    let comparable = match value {
        Scalar::Str(_) => matches!(dtype, DType::Str | DType::DateTime(_)),
        Scalar::DateTime(_, calendar) => matches!(dtype, DType::DateTime(other) if time::same_days(*calendar, other)),
        Scalar::Duration(_) => dtype == DType::Duration,
        Scalar::Complex(_) => dtype.kind() == Kind::Complex,
        Scalar::Bool(_) | Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_) => dtype.is_numeric(),
    };
    if !comparable {
        return Err(TypeError::new("ff::type::dtype", format!("{value} cannot be among values of {dtype}"))
            .at(culprit, format!("{value} is in this list"))
            .and_at(Culprit::Param("x"), format!("this is {dtype}"))
            .with_help("list values of the same kind as the array's"));
    }
    let whole = |x: f64| (x.fract() == 0.0 && x.abs() < 2f64.powi(63)).then_some(x as i64);
    Ok(match (value, dtype) {
        (Scalar::Str(text), DType::DateTime(calendar)) => Some(time::parse(text, calendar, &culprit)?),
        (Scalar::Float(x), d) if d.is_integer() || d == DType::Bool => {
            return whole(*x).map_or(Ok(None), |i| member(&Scalar::Int(i), dtype));
        }
        (Scalar::Int(i), d) if d.is_integer() => fits(*i, d).then(|| value.clone()),
        (Scalar::UInt(u), d) if d.is_integer() && d != DType::U64 => {
            i64::try_from(*u).ok().filter(|i| fits(*i, d)).map(Scalar::Int)
        }
        (Scalar::Int(i), DType::Bool) => (0..=1).contains(i).then(|| value.clone()),
        (Scalar::Float(x), _) if x.is_nan() => None,
        _ if value.is_missing() => None,
        _ => Some(value.clone()),
    })
}

/// A total order of the values of a type that equal themselves; others are less than all.
trait Ordered: PartialEq {
    fn order(&self, other: &Self) -> Ordering;
}

macro_rules! ordered {
    (by parts: $($type:ty)*) => {
        $(impl Ordered for $type {
            fn order(&self, other: &Self) -> Ordering {
                (self.re, self.im).partial_cmp(&(other.re, other.im)).unwrap_or(Ordering::Less)
            }
        })*
    };
    ($($type:ty)*) => {
        $(impl Ordered for $type {
            fn order(&self, other: &Self) -> Ordering {
                self.partial_cmp(other).unwrap_or(Ordering::Less)
            }
        })*
    };
}

ordered! { bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Arc<str> }
ordered! { by parts: Complex32 Complex64 }

/// The order of listed values, which are all texts, all complex or all real.
fn in_order(a: &Scalar, b: &Scalar) -> Ordering {
    match (a, b) {
        (Scalar::Str(a), Scalar::Str(b)) => a.cmp(b),
        (Scalar::Complex(a), Scalar::Complex(b)) => a.order(b),
        (Scalar::DateTime(a, _), Scalar::DateTime(b, _)) | (Scalar::Duration(a), Scalar::Duration(b)) => a.cmp(b),
        (Scalar::Float(_), _) | (_, Scalar::Float(_)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        (Scalar::UInt(a), Scalar::UInt(b)) => a.cmp(b),
        _ => a.as_i64().unwrap_or(i64::MAX).cmp(&b.as_i64().unwrap_or(i64::MAX)),
    }
}

/// The canonical text of sorted values: long lists by their number and a digest.
fn listing(members: &[Scalar]) -> String {
    let shown: Vec<String> = members.iter().map(Scalar::to_string).collect();
    if shown.len() <= 2 * SHORT {
        format!("[{}]", shown.join(", "))
    } else {
        format!("[{}, … {} in all, {}]", shown[0], shown.len(), moves::digest(&shown))
    }
}

/// The loop that looks elements up among sorted ones.
fn search<T: TileElement + Ordered>(members: Vec<T>) -> TileLoop {
    Arc::new(move |inputs, out| {
        let found = |x: &T| match members.len() {
            ..=SHORT => members.iter().any(|m| m == x),
            _ => members.binary_search_by(|m| m.order(x)).is_ok(),
        };
        let elements = inputs[0].get::<T>();
        out.get::<bool>().iter_mut().zip(elements).for_each(|(out, x)| *out = found(x));
    })
}
