//! Which fold a reduction is, for each dtype.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use super::super::combine::Combine;
use super::super::error::{Culprit, TypeError};
use super::super::units::Units;
use super::extremes::Extreme;
use super::fold::{Fold, Folding};
use super::moments::Variance;
use super::numbers::{Nan, Nat, Never};
use super::pair::{AtLeast, Pair, Quotient, Range};
use super::positions::{ArgExtreme, Outermost};
use super::sums::{Count, Product, Sum};
use super::times::TimeSum;
use super::truth::Quantifier;
use super::weighted::{Statistic, Weighted};
use crate::array::block::{Element, storage, with_type};
use crate::array::{DType, Kind, Scalar};

/// The reductions, in the order of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reducer {
    /// The sum.
    Sum,
    /// The product.
    Prod,
    /// The arithmetic mean.
    Mean,
    /// The standard deviation.
    Std,
    /// The variance.
    Var,
    /// The least element.
    Min,
    /// The greatest element.
    Max,
    /// Whether any element is true.
    Any,
    /// Whether all elements are true.
    All,
    /// The number of elements that are not missing.
    Count,
    /// The number of missing elements.
    CountNan,
    /// The position of the least element.
    ArgMin,
    /// The position of the greatest element.
    ArgMax,
    /// The greatest less the least element.
    Ptp,
    /// The first element.
    First,
    /// The last element.
    Last,
}

impl Reducer {
    /// The name a script calls it by.
    pub const fn name(self) -> &'static str {
        match self {
            Reducer::Sum => "sum",
            Reducer::Prod => "prod",
            Reducer::Mean => "mean",
            Reducer::Std => "std",
            Reducer::Var => "var",
            Reducer::Min => "min",
            Reducer::Max => "max",
            Reducer::Any => "any",
            Reducer::All => "all",
            Reducer::Count => "count",
            Reducer::CountNan => "count_nan",
            Reducer::ArgMin => "argmin",
            Reducer::ArgMax => "argmax",
            Reducer::Ptp => "ptp",
            Reducer::First => "first",
            Reducer::Last => "last",
        }
    }

    /// What its results are measured in.
    pub const fn units(self) -> Units {
        match self {
            Reducer::Sum | Reducer::Mean | Reducer::Std | Reducer::Min | Reducer::Max => Units::Kept,
            Reducer::Ptp | Reducer::First | Reducer::Last => Units::Kept,
            Reducer::Prod | Reducer::Var | Reducer::Any | Reducer::All => Units::Lost,
            Reducer::Count | Reducer::CountNan | Reducer::ArgMin | Reducer::ArgMax => Units::Lost,
        }
    }

    /// Whether its results are positions, of which -1 is none.
    pub const fn finds(self) -> bool {
        matches!(self, Reducer::ArgMin | Reducer::ArgMax)
    }

    /// Whether it has a value where there is no element at all.
    pub const fn of_nothing(self) -> bool {
        match self {
            Reducer::Sum | Reducer::Prod | Reducer::Mean | Reducer::Std | Reducer::Var => true,
            Reducer::Any | Reducer::All | Reducer::Count | Reducer::CountNan => true,
            Reducer::Min | Reducer::Max | Reducer::ArgMin | Reducer::ArgMax => false,
            Reducer::Ptp | Reducer::First | Reducer::Last => false,
        }
    }
}

/// What a reduction can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether missing elements are passed over.
    pub skipna: bool,
    /// What variances take off the count.
    pub ddof: f64,
    /// The dtype asked for.
    pub dtype: Option<DType>,
    /// Whether there are weights.
    pub weighted: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { skipna: true, ddof: 0.0, dtype: None, weighted: false }
    }
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
    let skip = options.skipna;
    match reducer {
        Reducer::Sum if options.weighted => weighted(reducer, Statistic::Sum, input, options),
        Reducer::Mean if options.weighted => weighted(reducer, Statistic::Mean, input, options),
        Reducer::Var if options.weighted => weighted(reducer, Statistic::Variance, input, options),
        Reducer::Std if options.weighted => weighted(reducer, Statistic::Deviation, input, options),
        Reducer::Sum => sum(input, options),
        Reducer::Prod => product(input, options),
        Reducer::Mean => mean(input, options),
        Reducer::Var | Reducer::Std => variance(reducer, input, options),
        Reducer::Min => extreme::<false>("min", input, skip),
        Reducer::Max => extreme::<true>("max", input, skip),
        Reducer::Any => quantifier::<false>("any", input),
        Reducer::All => quantifier::<true>("all", input),
        Reducer::Count => Ok((count(input, false, true), DType::I64)),
        Reducer::CountNan => Ok((count(input, true, true), DType::I64)),
        Reducer::ArgMin => arg_extreme::<false>("argmin", input, skip),
        Reducer::ArgMax => arg_extreme::<true>("argmax", input, skip),
        Reducer::Ptp => range(input, skip),
        Reducer::First => Ok((outermost::<false>(input, skip), input)),
        Reducer::Last => Ok((outermost::<true>(input, skip), input)),
    }
}

/// The same reduction, but missing where fewer than `least` elements are there: elements that are
/// present, or any at all. Integers become floats, as in xarray.
///
/// # Errors
/// The results are text, which has no missing value.
pub fn at_least((first, dtype): Reduced, input: DType, least: u64, present: bool) -> Result<Reduced, TypeError> {
    let dtype = with_missing(dtype);
    let Some(missing) = Scalar::missing(dtype) else {
        let message = "some results would be missing, and text has no missing value";
        return Err(TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), "these are str"));
    };
    let second = count(input, false, present);
    Ok((Arc::new(Pair { first, second, join: AtLeast { count: least, dtype, missing } }), dtype))
}

/// The same positions, but -1 where fewer than `least` elements are present.
pub fn found_at_least((first, dtype): Reduced, input: DType, least: u64) -> Reduced {
    let second = count(input, false, true);
    (Arc::new(Pair { first, second, join: AtLeast { count: least, dtype, missing: Scalar::Int(-1) } }), dtype)
}

/// The least dtype that holds these values and a missing one, as xarray promotes; text stays text.
pub fn with_missing(dtype: DType) -> DType {
    match dtype {
        DType::I8 | DType::U8 | DType::I16 | DType::U16 => DType::F32,
        DType::Bool | DType::I32 | DType::U32 | DType::I64 | DType::U64 => DType::F64,
        DType::F16 | DType::F32 | DType::F64 | DType::C64 | DType::C128 => dtype,
        DType::DateTime(_) | DType::Duration | DType::Str => dtype,
    }
}

fn folding<F: Fold>(fold: F) -> Arc<dyn Combine> {
    Arc::new(Folding(fold))
}

fn sum(input: DType, options: &Options) -> Result<Reduced, TypeError> {
    if input == DType::Duration && options.dtype.is_none() {
        return Ok((folding(TimeSum { mean: false, skip: options.skipna }), input));
    }
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
    if input.kind() == Kind::Time && options.dtype.is_none() {
        return Ok((folding(TimeSum { mean: true, skip: options.skipna }), input));
    }
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

fn variance(reducer: Reducer, input: DType, options: &Options) -> Result<Reduced, TypeError> {
    let dtype = deviation_dtype(reducer.name(), input, options)?;
    let (ddof, root) = (options.ddof, reducer == Reducer::Std);
    let combine = integers!(input, T, _A => folding(Variance::<T, f64, Never>::new(dtype, ddof, root)));
    let combine = combine.or_else(|| match options.skipna {
        true => floats!(input, T, A => folding(Variance::<T, A, Nan>::new(dtype, ddof, root))),
        false => floats!(input, T, A => folding(Variance::<T, A, Never>::new(dtype, ddof, root))),
    });
    combine.map(|c| (c, dtype)).ok_or_else(|| undefined(reducer.name(), input))
}

fn weighted(reducer: Reducer, statistic: Statistic, input: DType, options: &Options) -> Result<Reduced, TypeError> {
    let dtype = match statistic {
        Statistic::Sum | Statistic::Mean => mean_dtype(reducer.name(), input, options)?,
        Statistic::Variance | Statistic::Deviation => deviation_dtype(reducer.name(), input, options)?,
    };
    macro_rules! of {
        ($($types:ty),*) => {
            Arc::new(Weighted::<$($types),*>::new(statistic, dtype)) as Arc<dyn Combine>
        };
    }
    let combine = integers!(input, T, _A => of!(T, f64, Never));
    let combine = combine.or_else(|| match options.skipna {
        true => floats!(input, T, A => of!(T, A, Nan)),
        false => floats!(input, T, A => of!(T, A, Never)),
    });
    combine.map(|c| (c, dtype)).ok_or_else(|| undefined(reducer.name(), input))
}

fn quantifier<const ALL: bool>(name: &'static str, input: DType) -> Result<Reduced, TypeError> {
    let combine = integers!(input, T, _A => folding(Quantifier::<T, ALL>::new()));
    let combine = combine.or_else(|| floats!(input, T, _A => folding(Quantifier::<T, ALL>::new())));
    combine.map(|c| (c, DType::Bool)).ok_or_else(|| undefined(name, input))
}

fn arg_extreme<const MAX: bool>(name: &'static str, input: DType, skip: bool) -> Result<Reduced, TypeError> {
    macro_rules! float {
        ($type:ty, $absence:ty) => {
            match skip {
                true => Some(folding(ArgExtreme::<$type, $absence, MAX, true>::new())),
                false => Some(folding(ArgExtreme::<$type, $absence, MAX, false>::new())),
            }
        };
    }
    let combine = match input {
        DType::F16 => float!(f16, Nan),
        DType::F32 => float!(f32, Nan),
        DType::F64 => float!(f64, Nan),
        DType::DateTime(_) | DType::Duration => float!(i64, Nat),
        other => integers!(other, T, _A => folding(ArgExtreme::<T, Never, MAX, true>::new())),
    };
    combine.map(|c| (c, DType::I64)).ok_or_else(|| undefined(name, input))
}

fn range(input: DType, skip: bool) -> Result<Reduced, TypeError> {
    let times = input.kind() == Kind::Time;
    if !(input.is_integer() || input.kind() == Kind::Float || times) {
        return Err(undefined("ptp", input));
    }
    let (first, _) = extreme::<true>("ptp", input, skip)?;
    let (second, _) = extreme::<false>("ptp", input, skip)?;
    let dtype = if times { DType::Duration } else { input };
    Ok((Arc::new(Pair { first, second, join: Range { times } }), dtype))
}

fn outermost<const LAST: bool>(input: DType, skip: bool) -> Arc<dyn Combine> {
    let skipping = match input.kind() {
        Kind::Time if skip => Some(folding(Outermost::<i64, Nat, LAST>::new(i64::MIN))),
        Kind::Float | Kind::Complex if skip => {
            let missing = Scalar::Float(f64::NAN);
            floats!(input, T, _A => folding(Outermost::<T, Nan, LAST>::new(T::from_scalar(&missing))))
        }
        _ => None,
    };
    let none = Scalar::missing(input).unwrap_or_else(|| Scalar::zero(input));
    skipping.unwrap_or_else(|| with_type!(input, T => folding(Outermost::<T, Never, LAST>::new(T::from_scalar(&none)))))
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
///
/// # Errors
/// The one asked for is narrower in kind.
pub fn wide_dtype(name: &'static str, input: DType, options: &Options) -> Result<DType, TypeError> {
    let natural = match input.kind() {
        Kind::Bool | Kind::Signed => DType::I64,
        Kind::Unsigned => DType::U64,
        _ => input,
    };
    asked_dtype(name, input, natural, options)
}

/// The dtype of a mean: `f64` for integers, else that of the input, or the one asked for.
///
/// # Errors
/// That would be narrower.
pub fn mean_dtype(name: &'static str, input: DType, options: &Options) -> Result<DType, TypeError> {
    let natural = if input.kind() < Kind::Float { DType::F64 } else { input };
    match options.dtype {
        Some(asked) if asked.kind() < Kind::Float => Err(cannot_give(name, input, asked)),
        _ => asked_dtype(name, input, natural, options),
    }
}

/// The dtype of a variance: that of a mean, its real part where it is complex.
fn deviation_dtype(name: &'static str, input: DType, options: &Options) -> Result<DType, TypeError> {
    let real = match input {
        DType::C64 => DType::F32,
        DType::C128 => DType::F64,
        other => other,
    };
    mean_dtype(name, real, options)
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
