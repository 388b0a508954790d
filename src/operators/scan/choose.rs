//! Which running value a scan is, for each dtype.

use std::sync::Arc;

use half::f16;
use num_complex::{Complex32, Complex64};

use super::super::error::TypeError;
use super::super::reduction::Options;
use super::super::reduction::choose::{undefined, wide_dtype};
use super::super::reduction::numbers::{Nan, Nat, Never};
use super::super::units::Units;
use super::Sweep;
use super::lines::{Along, Running};
use super::running::{Extreme, Fill, LimitedFill, StrictTime, Total};
use crate::array::{DType, Kind};

/// The scans, in the order of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanner {
    /// The sum so far.
    CumSum,
    /// The product so far.
    CumProd,
    /// The least element so far.
    CumMin,
    /// The greatest element so far.
    CumMax,
    /// The last element that is not missing.
    FFill,
    /// The next element that is not missing.
    BFill,
}

impl Scanner {
    /// The name a script calls it by.
    pub const fn name(self) -> &'static str {
        match self {
            Scanner::CumSum => "cumsum",
            Scanner::CumProd => "cumprod",
            Scanner::CumMin => "cummin",
            Scanner::CumMax => "cummax",
            Scanner::FFill => "ffill",
            Scanner::BFill => "bfill",
        }
    }

    /// What its results are measured in.
    pub const fn units(self) -> Units {
        match self {
            Scanner::CumProd => Units::Lost,
            Scanner::CumSum | Scanner::CumMin | Scanner::CumMax | Scanner::FFill | Scanner::BFill => Units::Kept,
        }
    }
}

/// What is done with elements of one dtype, the dtype that gives, and the one that is to come of it.
pub struct Chosen {
    /// What is done.
    pub sweep: Arc<dyn Sweep>,
    /// The dtype of the scan's elements.
    pub given: DType,
    /// The dtype they are to be converted to in the end.
    pub asked: DType,
}

fn along<R: Running>(running: R) -> Option<Arc<dyn Sweep>> {
    Some(Arc::new(Along(running)))
}

/// The sweep of a scan over elements of `input`; `limit` is for fills alone. None where the scan changes
/// nothing, since no element can be missing.
///
/// # Errors
/// The scan is not defined for the dtype, or cannot give the dtype asked for.
pub fn choose(
    scanner: Scanner,
    input: DType,
    (skipna, dtype, limit): (bool, Option<DType>, Option<u64>),
) -> Result<Option<Chosen>, TypeError> {
    let options = Options { skipna, dtype, ..Options::default() };
    let refuse = || undefined(scanner.name(), input);
    let same = |sweep: Option<Arc<dyn Sweep>>| {
        sweep.map(|sweep| Some(Chosen { sweep, given: input, asked: input })).ok_or_else(refuse)
    };
    match scanner {
        Scanner::CumSum if input == DType::Duration && dtype.is_none() => same(match skipna {
            true => along(Total::<i64, i64, i64, Nat, false>::new()),
            false => along(StrictTime),
        }),
        Scanner::CumSum | Scanner::CumProd => {
            let asked = wide_dtype(scanner.name(), input, &options)?;
            let total = match scanner {
                Scanner::CumProd => total::<true>(input, asked, skipna),
                _ => total::<false>(input, asked, skipna),
            };
            let (sweep, given) = total.ok_or_else(refuse)?;
            Ok(Some(Chosen { sweep, given, asked }))
        }
        Scanner::CumMin => same(extreme::<false>(input, skipna)),
        Scanner::CumMax => same(extreme::<true>(input, skipna)),
        Scanner::FFill | Scanner::BFill if !input.has_missing() => Ok(None),
        Scanner::FFill | Scanner::BFill => same(fill(input, limit)),
    }
}

/// The sum or product of `input` that is to become `asked`, and the dtype it gives: the input's where that
/// is asked for, else that of the total itself.
fn total<const PRODUCT: bool>(input: DType, asked: DType, skipna: bool) -> Option<(Arc<dyn Sweep>, DType)> {
    macro_rules! of {
        ($T:ty, $A:ty, $U:ty, $M:ty, $given:expr) => {
            along(Total::<$T, $A, $U, $M, PRODUCT>::new()).map(|sweep| (sweep, $given))
        };
    }
    macro_rules! integer {
        ($T:ty, $A:ty, $wide:expr) => {
            match asked.is_integer() {
                true => of!($T, $A, $A, Never, $wide),
                false => of!($T, f64, f64, Never, DType::F64),
            }
        };
    }
    macro_rules! float {
        ($T:ty, $A:ty, $wide:expr) => {
            match (asked == input, skipna) {
                (true, true) => of!($T, $A, $T, Nan, input),
                (true, false) => of!($T, $A, $T, Never, input),
                (false, true) => of!($T, $A, $A, Nan, $wide),
                (false, false) => of!($T, $A, $A, Never, $wide),
            }
        };
    }
    match input {
        DType::Bool => integer!(bool, i64, DType::I64),
        DType::I8 => integer!(i8, i64, DType::I64),
        DType::I16 => integer!(i16, i64, DType::I64),
        DType::I32 => integer!(i32, i64, DType::I64),
        DType::I64 => integer!(i64, i64, DType::I64),
        DType::U8 => integer!(u8, u64, DType::U64),
        DType::U16 => integer!(u16, u64, DType::U64),
        DType::U32 => integer!(u32, u64, DType::U64),
        DType::U64 => integer!(u64, u64, DType::U64),
        DType::F16 => float!(f16, f64, DType::F64),
        DType::F32 => float!(f32, f64, DType::F64),
        DType::F64 => float!(f64, f64, DType::F64),
        DType::C64 => float!(Complex32, Complex64, DType::C128),
        DType::C128 => float!(Complex64, Complex64, DType::C128),
        DType::DateTime(_) | DType::Duration | DType::Str => None,
    }
}

fn extreme<const MAX: bool>(input: DType, skipna: bool) -> Option<Arc<dyn Sweep>> {
    macro_rules! exact {
        ($T:ty, $least:expr, $greatest:expr) => {
            along(Extreme::<$T, Never, MAX, true>::new(if MAX { $least } else { $greatest }))
        };
    }
    macro_rules! missing {
        ($T:ty, $M:ty, $least:expr, $greatest:expr) => {{
            let none: $T = if MAX { $least } else { $greatest };
            match skipna {
                true => along(Extreme::<$T, $M, MAX, true>::new(none)),
                false => along(Extreme::<$T, $M, MAX, false>::new(none)),
            }
        }};
    }
    match input {
        DType::Bool => exact!(bool, false, true),
        DType::I8 => exact!(i8, i8::MIN, i8::MAX),
        DType::I16 => exact!(i16, i16::MIN, i16::MAX),
        DType::I32 => exact!(i32, i32::MIN, i32::MAX),
        DType::I64 => exact!(i64, i64::MIN, i64::MAX),
        DType::U8 => exact!(u8, u8::MIN, u8::MAX),
        DType::U16 => exact!(u16, u16::MIN, u16::MAX),
        DType::U32 => exact!(u32, u32::MIN, u32::MAX),
        DType::U64 => exact!(u64, u64::MIN, u64::MAX),
        DType::F16 => missing!(f16, Nan, f16::NEG_INFINITY, f16::INFINITY),
        DType::F32 => missing!(f32, Nan, f32::NEG_INFINITY, f32::INFINITY),
        DType::F64 => missing!(f64, Nan, f64::NEG_INFINITY, f64::INFINITY),
        DType::DateTime(_) | DType::Duration => missing!(i64, Nat, i64::MIN + 1, i64::MAX),
        DType::C64 | DType::C128 | DType::Str => None,
    }
}

fn fill(input: DType, limit: Option<u64>) -> Option<Arc<dyn Sweep>> {
    macro_rules! of {
        ($T:ty, $M:ty, $missing:expr) => {
            match limit {
                None => along(Fill::<$T, $M>::new($missing)),
                Some(limit) => along(LimitedFill::<$T, $M>::new($missing, limit)),
            }
        };
    }
    match (input, input.kind()) {
        (DType::F16, _) => of!(f16, Nan, f16::NAN),
        (DType::F32, _) => of!(f32, Nan, f32::NAN),
        (DType::F64, _) => of!(f64, Nan, f64::NAN),
        (DType::C64, _) => of!(Complex32, Nan, Complex32::new(f32::NAN, f32::NAN)),
        (DType::C128, _) => of!(Complex64, Nan, Complex64::new(f64::NAN, f64::NAN)),
        (_, Kind::Time) => of!(i64, Nat, i64::MIN),
        _ => None,
    }
}
