//! Stored values as they are meant, block by block, for whoever compares them and has no graph.

use super::Encoding;
use super::times::instants;
use crate::array::{Block, Scalar};

impl Encoding {
    /// The values of a block as they are meant, in C order; those that are missing are NaN or NaT. Integers that
    /// are not packed stay integers where they are not missing, so that none loses digits.
    ///
    /// # Errors
    /// Times that no calendar has.
    pub(crate) fn meant(&self, block: &Block) -> Result<Vec<Scalar>, String> {
        if self.time.is_some() {
            let found = instants(block, self).map_err(|e| e.to_string())?;
            return Ok(found.times.into_iter().map(|t| Scalar::DateTime(t, found.calendar)).collect());
        }
        let meant = |encoding: &Encoding| encoding.computed(block).map(|block| block.scalars()).map_err(|e| e.message);
        let values = meant(self)?;
        if !self.stored.is_integer() || self.is_bool || self.is_packed() {
            return Ok(values);
        }
        let whole = meant(&Encoding { fills: Vec::new(), valid: [None, None], ..self.clone() })?;
        let exact = |(value, whole): (Scalar, Scalar)| if value.is_missing() { value } else { whole };
        Ok(values.into_iter().zip(whole).map(exact).collect())
    }
}
