//! What becomes of the attributes that say what values measure.

use std::sync::Arc;

use crate::array::{ArrayType, Attributes};

/// What a call's values are measured in, by what its inputs are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// As the inputs: sums, differences, means, choices.
    #[default]
    Kept,
    /// The product of the inputs' units: as they are where at most one has any.
    Product,
    /// The first input's units by the second's: as they are where the second has none.
    Quotient,
    /// Other ones, or none: powers, logarithms, counts, positions.
    Lost,
}

/// The attributes that are true of values only while these measure what they did.
const MEASURED: [&str; 7] =
    ["units", "standard_name", "valid_min", "valid_max", "valid_range", "actual_range", "cell_methods"];

impl Units {
    /// Takes what is no longer true out of the attributes of `out`, computed from `inputs`.
    pub fn settle(self, out: &mut ArrayType, inputs: &[&ArrayType]) {
        let measured = |ty: &&&ArrayType| ty.attrs.get("units").is_some();
        let kept = match self {
            Units::Kept => true,
            Units::Product => inputs.iter().filter(measured).count() < 2,
            Units::Quotient => !inputs.iter().skip(1).any(|ty| measured(&ty)),
            Units::Lost => false,
        };
        if !kept && MEASURED.iter().any(|name| out.attrs.get(name).is_some()) {
            let rest = out.attrs.iter().filter(|(name, _)| !MEASURED.contains(name));
            out.attrs = Arc::new(rest.map(|(name, value)| (name.to_owned(), value.clone())).collect::<Attributes>());
        }
    }
}
