//! The rows of the scans, and what a call of one expands to: a `Scan` per dim, one after the other.

use std::fmt::Write;

use super::super::arguments::{Param, ParamKind, Signature, axis, optional, required};
use super::super::error::{Culprit, TypeError};
use super::super::group::upsampled;
use super::super::{Arguments, Builder, Call, Operand, Operator, Pattern, Value, call};
use super::choose::{Chosen, Scanner, choose};
use super::{Scan, grouped};
use crate::array::{ArrayType, DType};

const X: Param = required("x", ParamKind::ArrayOrView, "The array, or one seen as groups.");
const DIMS: Param = required(
    "dims",
    ParamKind::Dims,
    "The dims to run along, one after the other; may be left out where there is only one.",
);
const DIM: Param = optional("dim", ParamKind::Dim, "none", "The dim to run along; of groups theirs.");
const SKIPNA: Param = optional(
    "skipna",
    ParamKind::Bool,
    "true",
    "Whether missing values are passed over, or all after them is missing.",
);
const DTYPE: Param = optional("dtype", ParamKind::DType, "none", "The dtype of the result, if not the natural one.");
const LIMIT: Param =
    optional("limit", ParamKind::Int, "none", "The most missing values in a row that are filled; all where left out.");

const TOTALS: &[Param] = &[X, DIMS, SKIPNA, DTYPE];
const EXTREMES: &[Param] = &[X, DIMS, SKIPNA];
const FILLS: &[Param] = &[X, DIM, LIMIT];

/// One row a scan: how it is called, what it says of itself, an example.
macro_rules! rows {
    ($($scanner:ident $params:ident $summary:literal $example:literal;)*) => {
        &[$(Operator {
            name: Scanner::$scanner.name(),
            signature: Signature { params: $params },
            summary: $summary,
            example: $example,
            expand: |builder, args: &Arguments| expand(Scanner::$scanner, builder, args),
        }),*]
    };
}

/// The scans.
pub static OPERATORS: &[Operator] = rows! {
    CumSum TOTALS "The sum so far; of integers in 64 bits, of narrower floats in f64. A missing value adds nothing." "x |> cumsum(t)";
    CumProd TOTALS "The product so far; of integers in 64 bits, of narrower floats in f64. A missing value is left out." "x |> cumprod(t, dtype: f64)";
    CumMin EXTREMES "The least value so far; missing where the value is." "x |> cummin(t)";
    CumMax EXTREMES "The greatest value so far; missing where the value is." "x |> cummax(t, skipna: false)";
    FFill FILLS "Fills missing values with the last one before them that is there." "x |> ffill(t)";
    BFill FILLS "Fills missing values with the next one after them that is there." "x |> bfill(t, limit: 2)";
};

/// Checks a call of a scan and emits it.
///
/// # Errors
/// The scan is not defined for the dtype, a dim is unknown or none is named, an option does not fit.
fn expand(scanner: Scanner, builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let options = (args.bool("skipna", true)?, args.dtype_opt("dtype")?, limit(args)?);
    if let Value::View(view) = args.value("x") {
        return match scanner {
            Scanner::FFill if view.is_resampled => upsampled(builder, args, view, ("ffill", "reindex", "pad")),
            Scanner::BFill if view.is_resampled => upsampled(builder, args, view, ("bfill", "reindex", "backfill")),
            _ => grouped::scanned(scanner, builder, args, (view, options)),
        }
        .map(Value::Array);
    }
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axes = axes(scanner, args, &ty)?;
    let mut out = x;
    let mut asked = None;
    for axis in axes {
        let Some(Chosen { sweep, given, asked: to }) = choose(scanner, builder.ty(out).dtype, options)? else {
            return Ok(Value::Array(x));
        };
        let scan = Scan { axis, reverse: scanner == Scanner::BFill, sweep };
        out = emit(scanner, builder, (scan, given, options), out)?;
        asked = Some(to);
    }
    asked.map_or(Ok(out), |dtype| call::cast(builder, out, dtype)).map(Value::Array)
}

/// Whether missing elements are passed over, the dtype asked for, and how many a fill may fill.
pub(super) type Options = (bool, Option<DType>, Option<u64>);

fn emit(
    scanner: Scanner,
    builder: &mut dyn Builder,
    (scan, dtype, options): (Scan, DType, Options),
    x: Operand,
) -> Result<Operand, TypeError> {
    let text = text(scan.axis, options);
    let (name, units) = (scanner.name(), scanner.units());
    builder.apply(Call { name, text, pattern: Pattern::Scan(scan), dtype, units }, &[x])
}

/// Axis and options, as part of a call's identity.
pub(super) fn text(axis: usize, (skipna, _, limit): Options) -> String {
    let mut text = format!("axis: {axis}");
    if !skipna {
        text.push_str(", skipna: false");
    }
    if let Some(limit) = limit {
        let _ = write!(text, ", limit: {limit}");
    }
    text
}

/// The axes to run along, in the order they were named in.
fn axes(scanner: Scanner, args: &Arguments, ty: &ArrayType) -> Result<Vec<usize>, TypeError> {
    let name = scanner.name();
    if ty.rank() == 0 {
        let message = format!("`{name}` runs along a dim, and this single value has none");
        return Err(TypeError::new("ff::type::argument", message).at(Culprit::Param("x"), format!("this is {ty}")));
    }
    if matches!(scanner, Scanner::FFill | Scanner::BFill) {
        if args.get("dim").is_none() {
            let message = format!("`{name}` runs along a dim, and none is named");
            let help = format!("name it: `{name}(x, {})`", ty.dims[0].name);
            return Err(TypeError::new("ff::type::argument", message).with_help(help));
        }
        let axis = axis(args.value("dim"), ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
        return Ok(vec![axis]);
    }
    if args.variadic.is_empty() && ty.rank() > 1 {
        let names: Vec<&str> = ty.dims.names().map(|dim| dim.as_str()).collect();
        let message = format!("`{name}` runs along a dim, and there are several: {}", names.join(", "));
        let help = format!("name one, such as `{name}(x, {})`; several are run along one after the other", names[0]);
        let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(error.with_help(help));
    }
    let all = args.axes(ty)?;
    let named: Result<Vec<usize>, TypeError> = args.variadic.iter().map(|dim| axis(&dim.value, ty)).collect();
    Ok(named.ok().filter(|named| !named.is_empty()).unwrap_or(all))
}

fn limit(args: &Arguments) -> Result<Option<u64>, TypeError> {
    match args.int_opt("limit")? {
        Some(n) if n < 0 => {
            let message = format!("`limit` is {n}, a count is not negative");
            let error = TypeError::new("ff::type::argument", message).at(Culprit::Param("limit"), "a number of values");
            Err(error.with_help("leave it out to fill all"))
        }
        limit => Ok(limit.map(|n| n as u64)),
    }
}
