//! Which fold a reduction is, for each dtype.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use super::super::combine::Combine;
use super::super::error::{Culprit, TypeError};
use super::extremes::Extreme;
use super::fold::{Fold, Folding, Pair};
use super::numbers::{Nan, Nat, Never};
use super::sums::{Count, Product, Quotient, Sum};
use crate::array::block::{storage, with_type};
use crate::array::{DType, Kind};

/// The reductions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reducer {
    /// The sum.
    Sum,
    /// The product.
    Prod,
    /// The arithmetic mean.
    Mean,
    /// The least element.
    Min,
    /// The greatest element.
    Max,
    /// The number of elements that are not missing.
    Count,
    /// The number of missing elements.
    CountNan,
}

/// What a reduction can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether missing elements are passed over.
    pub skipna: bool,
    /// The dtype asked for.
    pub dtype: Option<DType>,
}

/// A reduction of elements of one dtype, and the dtype of its results.
pub type Reduced = (Arc<dyn Combine>, DType);

macro_rules! typed {
    ($dtype:expr, $T:ident, $A:ident => $body:expr; $($variant:ident $type:ty, $wide:ty;)*) => {
        match $dtype {
            $(DType::$variant => { type $T = $type; type $A = $wide; Some($body) })*
            _ => None,
        }
    };
}

/// `$body` with `$T` the type of integer or boolean elements and `$A` that of their sums.
macro_rules! integers {
    ($dtype:expr, $T:ident, $A:ident => $body:expr) => {
        typed! { $dtype, $T, $A => $body;
            Bool bool, i64; I8 i8, i64; I16 i16, i64; I32 i32, i64; I64 i64, i64;
            U8 u8, u64; U16 u16, u64; U32 u32, u64; U64 u64, u64;
        }
    };
}

/// `$body` with `$T` the type of floating-point or complex elements and `$A` that of their sums.
macro_rules! floats {
    ($dtype:expr, $T:ident, $A:ident => $body:expr) => {
        typed! { $dtype, $T, $A => $body;
            F16 f16, f64; F32 f32, f64; F64 f64, f64; C64 Complex32, Complex64; C128 Complex64, Complex64;
        }
    };
}

/// The fold of a reduction over elements of `input`.
///
/// # Errors
/// The reduction is not defined for the dtype, or cannot give the dtype asked for.
pub fn choose(reducer: Reducer, input: DType, options: &Options) -> Result<Reduced, TypeError> {
    match reducer {
        Reducer::Sum => sum(input, options),
        Reducer::Prod => product(input, options),
        Reducer::Mean => mean(input, options),
        Reducer::Min => extreme::<false>("min", input, options.skipna),
        Reducer::Max => extreme::<true>("max", input, options.skipna),
        Reducer::Count => Ok((count(input, false, true), DType::I64)),
        Reducer::CountNan => Ok((count(input, true, true), DType::I64)),
    }
}

fn folding<F: Fold>(fold: F) -> Arc<dyn Combine> {
    Arc::new(Folding(fold))
}

fn sum(input: DType, options: &Options) -> Result<Reduced, TypeError> {
    let dtype = wide_dtype("sum", input, options)?;
    let combine = if input.is_integer() && !dtype.is_integer() {
        integers!(input, T, _A => folding(Sum::<T, f64, Never>::new(dtype)))
    } else {
        integers!(input, T, A => folding(Sum::<T, A, Never>::new(dtype)))
    };
    let combine = combine.or_else(|| match options.skipna {
        true => floats!(input, T, A => folding(Sum::<T, A, Nan>::new(dtype))),
        false => floats!(input, T, A => folding(Sum::<T, A, Never>::new(dtype))),
    });
    combine.map(|c| (c, dtype)).ok_or_else(|| undefined("sum", input))
}

fn product(input: DType, options: &Options) -> Result<Reduced, TypeError> {
    let dtype = wide_dtype("prod", input, options)?;
    let combine = if input.is_integer() && !dtype.is_integer() {
        integers!(input, T, _A => folding(Product::<T, f64, Never>::new(dtype)))
    } else {
        integers!(input, T, A => folding(Product::<T, A, Never>::new(dtype)))
    };
    let combine = combine.or_else(|| match options.skipna {
        true => floats!(input, T, A => folding(Product::<T, A, Nan>::new(dtype))),
        false => floats!(input, T, A => folding(Product::<T, A, Never>::new(dtype))),
    });
    combine.map(|c| (c, dtype)).ok_or_else(|| undefined("prod", input))
}

fn mean(input: DType, options: &Options) -> Result<Reduced, TypeError> {
    let dtype = mean_dtype("mean", input, options)?;
    let sum = integers!(input, T, _A => folding(Sum::<T, f64, Never>::new(DType::F64)));
    let wide = if input.kind() == Kind::Complex { DType::C128 } else { DType::F64 };
    let sum = sum.or_else(|| match options.skipna {
        true => floats!(input, T, A => folding(Sum::<T, A, Nan>::new(wide))),
        false => floats!(input, T, A => folding(Sum::<T, A, Never>::new(wide))),
    });
    let first = sum.ok_or_else(|| undefined("mean", input))?;
    let second = count(input, false, options.skipna);
    Ok((Arc::new(Pair { first, second, join: Quotient { dtype } }), dtype))
}

/// The count of elements present (all of them unless `skip`) or missing.
fn count(input: DType, missing: bool, skip: bool) -> Arc<dyn Combine> {
    let dtype = storage(input);
    let found = match (input.kind(), skip) {
        (Kind::Time, true) => return folding(Count::<i64, Nat>::new(missing)),
        (Kind::Float | Kind::Complex, true) => floats!(dtype, T, _A => folding(Count::<T, Nan>::new(missing))),
        _ => None,
    };
    found.unwrap_or_else(|| with_type!(dtype, T => folding(Count::<T, Never>::new(missing))))
}

fn extreme<const MAX: bool>(name: &'static str, input: DType, skip: bool) -> Result<Reduced, TypeError> {
    macro_rules! exact {
        ($($variant:ident $type:ident $least:expr, $greatest:expr;)*) => {
            match input {
                $(DType::$variant => {
                    let none: $type = if MAX { $least } else { $greatest };
                    folding(Extreme::<$type, Never, MAX, true>::new(none))
                })*
                DType::F16 => float!(f16),
                DType::F32 => float!(f32),
                DType::F64 => float!(f64),
                DType::DateTime(_) | DType::Duration if skip => {
                    folding(Extreme::<i64, Nat, MAX, true>::new(i64::MIN))
                }
                DType::DateTime(_) | DType::Duration => {
                    let none = if MAX { i64::MIN + 1 } else { i64::MAX };
                    folding(Extreme::<i64, Nat, MAX, false>::new(none))
                }
                DType::C64 | DType::C128 | DType::Str => return Err(undefined(name, input)),
            }
        };
    }
    macro_rules! float {
        ($type:ident) => {
            if skip {
                folding(Extreme::<$type, Nan, MAX, true>::new($type::NAN))
            } else {
                let none = if MAX { $type::NEG_INFINITY } else { $type::INFINITY };
                folding(Extreme::<$type, Nan, MAX, false>::new(none))
            }
        };
    }
    let combine = exact! {
        Bool bool false, true;
        I8 i8 i8::MIN, i8::MAX; I16 i16 i16::MIN, i16::MAX; I32 i32 i32::MIN, i32::MAX; I64 i64 i64::MIN, i64::MAX;
        U8 u8 0, u8::MAX; U16 u16 0, u16::MAX; U32 u32 0, u32::MAX; U64 u64 0, u64::MAX;
    };
    Ok((combine, input))
}

/// The dtype of a sum or product: 64 bits for integers, else that of the input, or the one asked for.
fn wide_dtype(name: &'static str, input: DType, options: &Options) -> Result<DType, TypeError> {
    let natural = match input.kind() {
        Kind::Bool | Kind::Signed => DType::I64,
        Kind::Unsigned => DType::U64,
        _ => input,
    };
    asked_dtype(name, input, natural, options)
}

/// The dtype of a mean: `f64` for integers, else that of the input, or the one asked for.
fn mean_dtype(name: &'static str, input: DType, options: &Options) -> Result<DType, TypeError> {
    let natural = if input.kind() < Kind::Float { DType::F64 } else { input };
    match options.dtype {
        Some(asked) if asked.kind() < Kind::Float => Err(cannot_give(name, input, asked)),
        _ => asked_dtype(name, input, natural, options),
    }
}

fn asked_dtype(name: &'static str, input: DType, natural: DType, options: &Options) -> Result<DType, TypeError> {
    let Some(asked) = options.dtype else { return Ok(natural) };
    let rank = |d: DType| match d.kind() {
        Kind::Bool | Kind::Unsigned | Kind::Signed => 0,
        Kind::Float => 1,
        Kind::Complex => 2,
        Kind::Time | Kind::Str => 3,
    };
    let fits = asked.kind() != Kind::Bool && rank(asked) >= rank(input) && rank(asked) < 3;
    if fits { Ok(asked) } else { Err(cannot_give(name, input, asked)) }
}

fn cannot_give(name: &str, input: DType, asked: DType) -> TypeError {
    TypeError::new("ff::type::dtype", format!("`{name}` of {input} does not give {asked}"))
        .at(Culprit::Param("dtype"), "narrows the kind of number")
        .with_help(format!("convert the result: `({name}(…) as {asked})`"))
}

/// The reduction has no meaning for elements of this dtype.
pub fn undefined(name: &str, input: DType) -> TypeError {
    TypeError::new("ff::type::dtype", format!("`{name}` is not defined for {input}"))
        .at(Culprit::Param("x"), format!("these are {input}"))
}
