//! What a call of a reduction over an exponential window expands to: a scan.

use std::fmt::Write;
use std::sync::Arc;

use half::f16;
use num_complex::Complex64;

use super::super::error::{Culprit, TypeError};
use super::super::reduction::choose::mean_dtype;
use super::super::reduction::numbers::{Nan, Never};
use super::super::reduction::{Options, Reducer};
use super::super::view::{Decay, View};
use super::super::{Arguments, Builder, Call, Constant, Operand, Pattern, Units, Value, axis_of, call};
use super::decay::{Common, Falling, Spread, Total};
use super::lines::Along;
use super::{Scan, Sweep};
use crate::array::{ArrayType, DType, Kind, Scalar};

/// Emits a reduction over the exponential windows of a view.
///
/// # Errors
/// The reduction has no weights that fall off, has options that do not go with them, or elements are no real numbers.
pub fn decayed(
    name: &'static str,
    builder: &mut dyn Builder,
    args: &Arguments,
    (view, decay): (&View, &Decay),
) -> Result<Operand, TypeError> {
    let reducer = [Reducer::Mean, Reducer::Sum, Reducer::Std, Reducer::Var].into_iter().find(|row| row.name() == name);
    let Some(reducer) = reducer else {
        let message = format!("`{name}` is not defined for exponential windows");
        let error = TypeError::new("ff::type::view", message).at(Culprit::Param("x"), "these are exponential windows");
        return Err(error.with_help(
            "they have `mean`, `sum`, `std`, `var`, `cov` and `corr`; `cumulative` and `rolling` have all reductions",
        ));
    };
    refuse_options(name, args, decay)?;
    let ty = builder.ty(view.operand);
    let axis = axis_of(&ty, &decay.dim)?;
    let (skipna, dtype) = (args.bool("skipna", true)?, args.dtype_opt("dtype")?);
    let options = Options { skipna, dtype, ..Options::default() };
    let asked = mean_dtype(name, ty.dtype, &options)?;
    let falling = Falling { decay: 1.0 - decay.alpha, alpha: decay.alpha, least: decay.least };
    let Some((sweep, given)) = sweep(reducer, (ty.dtype, asked), falling, skipna) else {
        let message = format!("`{name}` of exponential windows is not defined for {}", ty.dtype);
        let error =
            TypeError::new("ff::type::dtype", message).at(Culprit::Param("x"), format!("these are {}", ty.dtype));
        return Err(error.with_help("they are of real numbers: cast them, or take their parts one by one"));
    };
    let mut text = format!("axis: {axis}, decay by {}", decay.alpha);
    if decay.least > 0.0 {
        let _ = write!(text, ", min_weight: {}", decay.least);
    }
    if !skipna {
        text.push_str(", skipna: false");
    }
    let pattern = Pattern::Scan(Scan { axis, reverse: false, sweep });
    let scanned = builder.apply(Call { name, text, pattern, dtype: given, units: reducer.units() }, &[view.operand])?;
    call::cast(builder, scanned, asked)
}

/// Emits the covariance, or the correlation, of the array of a view and a second one over exponential windows.
///
/// # Errors
/// The arrays do not match or are of no real numbers, or there are options that do not go with such windows.
pub fn paired(
    name: &'static str,
    builder: &mut dyn Builder,
    args: &Arguments,
    (view, decay): (&View, &Decay),
) -> Result<Operand, TypeError> {
    refuse_options(name, args, decay)?;
    let arrays = [("a", view.operand), ("b", args.array("b")?)];
    let mut dtypes = Vec::new();
    for (param, x) in arrays {
        let dtype = builder.ty(x).dtype;
        if dtype.kind() > Kind::Float {
            let message = format!("`{name}` of exponential windows is not defined for {dtype}");
            return Err(
                TypeError::new("ff::type::dtype", message).at(Culprit::Param(param), format!("these are {dtype}"))
            );
        }
        dtypes.push(if dtype.kind() == Kind::Float { dtype } else { DType::F64 });
    }
    let asked = dtypes[0].promote(dtypes[1]).unwrap_or(DType::F64);
    let [a, b] = arrays.map(|(_, x)| x);
    let parts = [call::cast(builder, a, DType::C128)?, call::cast(builder, b, DType::C128)?];
    let unit = Constant::Full(Scalar::Complex(Complex64::new(0.0, 1.0)));
    let unit = builder.constant(ArrayType::scalar(DType::C128), unit);
    let turned = call::operator(builder, "mul", &[Value::Array(parts[1]), Value::Array(unit)])?;
    let both = call::operator(builder, "add", &[Value::Array(parts[0]), Value::Array(turned)])?;
    let axis = axis_of(&builder.ty(both), &decay.dim)?;
    let falling = Falling { decay: 1.0 - decay.alpha, alpha: decay.alpha, least: decay.least };
    let sweep: Arc<dyn Sweep> = match name {
        "corr" => Arc::new(Along(Common::<true>(falling))),
        _ => Arc::new(Along(Common::<false>(falling))),
    };
    let text = format!("axis: {axis}, decay by {}, min_weight: {}", decay.alpha, decay.least);
    let pattern = Pattern::Scan(Scan { axis, reverse: false, sweep });
    let scanned = builder.apply(Call { name, text, pattern, dtype: DType::F64, units: Units::Lost }, &[both])?;
    call::cast(builder, scanned, asked)
}

fn refuse_options(name: &str, args: &Arguments, decay: &Decay) -> Result<(), TypeError> {
    let refused = |culprit: Culprit, message: String| {
        Err(TypeError::new("ff::type::view", message).at(culprit, "does not go with exponential windows"))
    };
    if !args.variadic.is_empty() {
        let message = format!("exponential windows go along the dim that was named, `{}`", decay.dim);
        return refused(Culprit::Variadic(0), message);
    }
    for (option, why) in [
        ("keepdims", "the dim stays anyway"),
        ("weights", "their weights are those of the window"),
        ("min_count", "`rolling_exp` has `min_weight` for that"),
        ("ddof", "the bias of a sample is always corrected for"),
    ] {
        let given = args.get(option).is_some_and(|value| *value != Value::Bool(false));
        if given {
            return refused(
                Culprit::Param(option),
                format!("`{name}` of exponential windows takes no `{option}`: {why}"),
            );
        }
    }
    Ok(())
}

/// The scan of elements of one dtype that are to become another, and the dtype it gives.
pub(super) fn sweep(
    reducer: Reducer,
    (input, asked): (DType, DType),
    falling: Falling,
    skipna: bool,
) -> Option<(Arc<dyn Sweep>, DType)> {
    macro_rules! of {
        ($T:ty, $U:ty, $M:ty, $given:expr) => {{
            let sweep: Arc<dyn Sweep> = match reducer {
                Reducer::Mean => Arc::new(Along(Total::<$T, $U, $M, true>::new(falling))),
                Reducer::Std => Arc::new(Along(Spread::<$T, $U, $M, true>::new(falling))),
                Reducer::Var => Arc::new(Along(Spread::<$T, $U, $M, false>::new(falling))),
                _ => Arc::new(Along(Total::<$T, $U, $M, false>::new(falling))),
            };
            Some((sweep, $given))
        }};
    }
    macro_rules! float {
        ($T:ty) => {
            match (asked == input, skipna) {
                (true, true) => of!($T, $T, Nan, input),
                (true, false) => of!($T, $T, Never, input),
                (false, true) => of!($T, f64, Nan, DType::F64),
                (false, false) => of!($T, f64, Never, DType::F64),
            }
        };
    }
    macro_rules! integer {
        ($T:ty) => {
            of!($T, f64, Never, DType::F64)
        };
    }
    match input {
        DType::Bool => integer!(bool),
        DType::I8 => integer!(i8),
        DType::I16 => integer!(i16),
        DType::I32 => integer!(i32),
        DType::I64 => integer!(i64),
        DType::U8 => integer!(u8),
        DType::U16 => integer!(u16),
        DType::U32 => integer!(u32),
        DType::U64 => integer!(u64),
        DType::F16 => float!(f16),
        DType::F32 => float!(f32),
        DType::F64 => float!(f64),
        DType::C64 | DType::C128 | DType::DateTime(_) | DType::Duration | DType::Str => None,
    }
}
