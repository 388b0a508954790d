//! Elementwise operators: each output element depends on the elements at the same place of the inputs.
//!
//! A [`Function`] is a row: a name, a summary, an example and its typed [`loops`]. Calls of it are
//! typed by NumPy 2's rules ([`function`]), cast ([`cast`]) and broadcast by the names of dims
//! ([`mod@broadcast`]), so that a [`Pattern::Elementwise`](super::Pattern) sees inputs of equal dims.
//! What a function does not take is refused with the remedy ([`refusal`]).
//!
//! The operators of the language's grammar are rows too (`+` is `add`, `x where c` is `where(c, x)`,
//! `x in l` is `isin`, `x as t` is `cast`).
//!
//! Deliberately absent: an order of complex numbers, text functions, and loops of more than three
//! inputs; what needs more is made of calls of others.

#[macro_use]
mod macros;

pub mod arithmetic;
pub mod broadcast;
pub mod cast;
pub mod choice;
pub mod complex;
pub mod elementary;
mod floats;
pub mod function;
mod integers;
pub mod logic;
pub mod loops;
pub mod math;
mod membership;
pub mod missing;
pub mod refusal;
pub mod representation;
pub mod rounding;
pub mod time;

use super::arguments::Arguments;
use super::{Builder, TypeError, Value};
use crate::source::{Span, Spanned};

pub use broadcast::{broadcast_to, broadcast_together};
pub use cast::cast_to;
pub use function::Function;

/// Calls an operator with positional arguments, for operators that are made of others.
///
/// # Errors
/// Those of the operator, which blame its own parameters.
///
/// # Panics
/// Where there is no operator of that name.
pub fn call(builder: &mut dyn Builder, name: &'static str, values: &[Value]) -> Result<Value, TypeError> {
    let row = super::find(name).unwrap_or_else(|| panic!("there is an operator `{name}`"));
    let spanned = |value: &Value| Spanned::new(value.clone(), Span::default());
    let named = row.signature.params.iter().zip(values).map(|(param, value)| (param.name, spanned(value))).collect();
    (row.expand)(builder, &Arguments { named, ..Arguments::default() })
}

#[cfg(test)]
mod tests;
