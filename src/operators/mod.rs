//! Operators: what a script can call.
//!
//! An [`Operator`] is a row of a table: a name, a [`Signature`], a line of help, a runnable example
//! and a function that expands a call of it. Expanding checks types and emits [`Call`]s through a
//! [`Builder`]; a call is what kernels are made of. Operators are open (a row and nothing else);
//! the [`Pattern`]s by which passes and runtime understand calls are closed. No pass names an
//! operator.
//!
//! A derived operator (`roll`, `diff`, `pad`) is a row whose expansion emits calls of others.

pub mod arguments;
pub mod arrange;
pub mod auxiliary;
pub mod calendars;
pub mod call;
pub mod cf;
pub mod combine;
pub mod contraction;
pub mod creation;
pub mod dataset;
pub mod elementwise;
pub mod error;
pub mod evaluate;
pub mod fit;
pub mod fourier;
pub mod group;
pub mod histogram;
pub mod index;
pub mod interpolate;
pub mod labelled;
pub mod labels;
pub mod linalg;
pub mod masks;
pub mod moments;
pub mod moves;
pub mod named;
pub mod neighbourhood;
pub mod pattern;
pub mod random;
pub mod reducer;
pub mod reduction;
pub mod reference;
pub mod reshape;
pub mod scan;
pub mod selection;
pub mod shape;
pub mod simd;
pub mod stencil;
#[cfg(test)]
pub mod testing;
pub mod tile;
pub mod units;
pub mod view;
pub mod whole;
pub mod window;

use std::fmt;
use std::sync::Arc;

use crate::array::{ArrayType, Block, DType, DimName};

pub use arguments::{Arguments, Param, ParamKind, Signature, Value};
pub use error::TypeError;
pub use pattern::{Constant, IndexMap, Pattern};
pub use units::Units;

/// A node of the graph under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operand(pub u32);

/// One application of a pattern, with every plan-time argument settled.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operator's name, for people and identity.
    pub name: &'static str,
    /// Its plan-time arguments in canonical text. Two calls of equal name, text and dtype are the same function.
    pub text: String,
    /// How the output depends on the inputs.
    pub pattern: Pattern,
    /// The dtype of the output.
    pub dtype: DType,
    /// What the output is measured in.
    pub units: Units,
}

impl Call {
    /// The type of the output for these inputs.
    ///
    /// # Errors
    /// The inputs do not fit the pattern.
    pub fn infer(&self, inputs: &[&ArrayType]) -> Result<ArrayType, TypeError> {
        let mut out = self.pattern.infer(self.dtype, inputs)?;
        self.units.settle(&mut out, inputs);
        Ok(out)
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text && self.dtype == other.dtype
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => f.write_str(self.name),
            text => write!(f, "{}({text})", self.name),
        }
    }
}

/// What an expansion builds with. The planner implements it over its graph.
pub trait Builder {
    /// Adds a call; its type is inferred.
    ///
    /// # Errors
    /// The inputs do not fit the call.
    fn apply(&mut self, call: Call, inputs: &[Operand]) -> Result<Operand, TypeError>;

    /// Adds a constant of this type.
    fn constant(&mut self, ty: ArrayType, constant: Constant) -> Operand;

    /// Adds a change of chunks: per axis of `x` the new chunk size.
    fn rechunk(&mut self, x: Operand, chunks: &[u64]) -> Operand;

    /// The type of an operand.
    fn ty(&self, operand: Operand) -> Arc<ArrayType>;

    /// The values of an operand that is known while planning and small (a coordinate, a constant,
    /// arithmetic on these); none otherwise.
    fn known(&self, operand: Operand) -> Option<Block>;

    /// The values of an operand by which elements are chosen or grouped: what is known, and what follows
    /// from small arrays of a source, which are read for it; none otherwise.
    ///
    /// # Errors
    /// An array cannot be read.
    fn chosen_by(&self, operand: Operand) -> Result<Option<Block>, TypeError> {
        Ok(self.known(operand))
    }

    /// Tells of what is no error and yet hardly meant.
    fn warn(&mut self, _warning: TypeError) {}
}

/// One row of the registry.
pub struct Operator {
    /// The name a script calls it by, as NumPy and xarray spell it.
    pub name: &'static str,
    /// Its parameters.
    pub signature: Signature,
    /// One line of help.
    pub summary: &'static str,
    /// A runnable expression over `x`, an `f64[t=6, y=4]` array.
    pub example: &'static str,
    /// Checks a call and emits it.
    pub expand: Expand,
}

/// Checks a call and emits it; gives the value of the call.
pub type Expand = fn(&mut dyn Builder, &Arguments) -> Result<Value, TypeError>;

/// All operators: one slice per file, in reading order.
pub static REGISTRY: &[(&str, &[Operator])] = &[
    ("elementwise arithmetic", elementwise::arithmetic::ARITHMETIC),
    ("elementwise functions", elementwise::math::MATH),
    ("elementwise parts of real numbers", elementwise::representation::REPRESENTATION),
    ("elementwise rounding and bounds", elementwise::rounding::ROUNDING),
    ("elementwise comparisons", elementwise::logic::COMPARISONS),
    ("elementwise logic and bits", elementwise::logic::LOGIC),
    ("elementwise choice and missing values", elementwise::missing::MISSING),
    ("elementwise choices and tolerances", elementwise::choice::CHOICES),
    ("elementwise parts of complex numbers", elementwise::complex::COMPLEX),
    ("elementwise casts", elementwise::cast::CASTS),
    ("reductions", reduction::OPERATORS),
    ("moments", moments::OPERATORS),
    ("scans", scan::OPERATORS),
    ("linear algebra", contraction::OPERATORS),
    ("matrices", linalg::OPERATORS),
    ("groups", group::OPERATORS),
    ("windows", group::windows::OPERATORS),
    ("histograms", histogram::OPERATORS),
    ("whole axes", whole::OPERATORS),
    ("Fourier transforms", fourier::OPERATORS),
    ("stencils", stencil::OPERATORS),
    ("filters by order", neighbourhood::OPERATORS),
    ("selection", selection::OPERATORS),
    ("masks", masks::OPERATORS),
    ("interpolation", interpolate::OPERATORS),
    ("fits", fit::OPERATORS),
    ("by labels", labelled::OPERATORS),
    ("shape", shape::OPERATORS),
    ("arrangement", arrange::OPERATORS),
    ("arrangement by NumPy's names", named::OPERATORS),
    ("labels", labels::OPERATORS),
    ("datasets", dataset::OPERATORS),
    ("calendars", calendars::OPERATORS),
    ("packed values", cf::OPERATORS),
    ("creation", creation::OPERATORS),
    ("random numbers", random::OPERATORS),
    ("random numbers of more distributions", random::MORE_OPERATORS),
];

/// The operator called `name`.
pub fn find(name: &str) -> Option<&'static Operator> {
    REGISTRY.iter().flat_map(|(_, rows)| rows.iter()).find(|row| row.name == name)
}

/// The axis of `dim` in `ty`, or an error that lists the dims there are.
///
/// # Errors
/// There is no such dim.
pub fn axis_of(ty: &ArrayType, dim: &DimName) -> Result<usize, TypeError> {
    ty.dims.axis(dim).ok_or_else(|| TypeError::unknown_dim(dim.as_str(), ty))
}
