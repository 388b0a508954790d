//! Stored values as they are meant, block by block: what the calls of decoding compute, for whoever has values and no
//! graph.

use super::times::instants;
use super::{Encoding, fill_in};
use crate::array::calendar::cf::UnitsError;
use crate::array::{Block, DType, Kind, Scalar};

impl Encoding {
    /// Whether the values mean times.
    pub(crate) fn is_time(&self) -> bool {
        self.time.is_some()
    }

    /// The values of a block as they are meant, in C order; those that are missing are NaN or NaT.
    ///
    /// # Errors
    /// Times that no calendar has.
    pub(crate) fn meant(&self, block: &Block) -> Result<Vec<Scalar>, UnitsError> {
        if !self.alters() {
            return Ok(block.scalars());
        }
        if self.is_time() {
            let found = instants(block, self)?;
            return Ok(found.times.into_iter().map(|t| Scalar::DateTime(t, found.calendar)).collect());
        }
        let fills: Vec<Scalar> = self.fills.iter().filter_map(|fill| fill_in(fill, self)).collect();
        let numbers = self.stored.is_numeric() && self.stored != DType::Bool && self.stored.kind() != Kind::Complex;
        Ok(match (self.is_bool, numbers) {
            (true, _) => block.scalars().into_iter().map(|s| Scalar::Bool(s.as_i64() != Some(0))).collect(),
            (false, true) => block.scalars().into_iter().map(|s| self.number(s, &fills)).collect(),
            (false, false) => block.scalars(),
        })
    }

    fn number(&self, stored: Scalar, fills: &[Scalar]) -> Scalar {
        let value = self.signed(stored);
        let is = |fill: &Scalar| match (fill.as_i64(), value.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => fill.as_f64() == value.as_f64(),
        };
        let number = |bound: &Option<(DType, Scalar)>| bound.as_ref().and_then(|(_, bound)| bound.as_f64());
        let x = value.as_f64().unwrap_or(f64::NAN);
        let outside = self.has_valid()
            && (number(&self.valid[0]).is_some_and(|low| x < low)
                || number(&self.valid[1]).is_some_and(|high| x > high));
        if outside || fills.iter().any(is) {
            return Scalar::Float(f64::NAN);
        }
        if !self.is_packed() {
            return value;
        }
        let float = self.float_dtype();
        let rounded = |x: f64, dtype: DType| if dtype == DType::F32 { f64::from(x as f32) } else { x };
        let mut x = rounded(x, float);
        for (is_scale, factor) in [(true, &self.scale), (false, &self.offset)] {
            let Some((dtype, factor)) = factor else { continue };
            let wide = self.wide(*dtype, float);
            let factor = rounded(factor.as_f64().unwrap_or(f64::NAN), wide);
            x = rounded(rounded(if is_scale { x * factor } else { x + factor }, wide), float);
        }
        Scalar::Float(x)
    }

    /// An integer with the sign that `_Unsigned` gives it.
    fn signed(&self, stored: Scalar) -> Scalar {
        let wide = match &stored {
            Scalar::Int(i) => i128::from(*i),
            Scalar::UInt(u) => i128::from(*u),
            _ => return stored,
        };
        let span = 1i128 << (8 * self.stored.size());
        match self.unsigned {
            Some(true) if wide < 0 => Scalar::UInt((wide + span) as u64),
            Some(false) if wide >= span / 2 => Scalar::Int((wide - span) as i64),
            _ => stored,
        }
    }
}
