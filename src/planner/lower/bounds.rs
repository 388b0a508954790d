//! Bounds of times on their way into a target: in the units of the coordinate they bound, as CF (section 7.1) has it.

use super::{Lowerer, Lowering};
use crate::array::calendar::cf::TimeUnits;
use crate::array::{ArrayType, AttrValue, Block, Calendar, Coord, CoordValues, DType};
use crate::operators::{Constant, Operand};
use crate::source::Span;

impl Lowerer<'_> {
    /// The array `name` as whole numbers of the units that hold it and the times it bounds, where it is the `bounds` of
    /// a coordinate of `others` and known while planning. What is not stays in microseconds, and the coordinate with it
    /// (`planner::target`).
    pub(super) fn bounds(&mut self, name: &str, x: Operand, others: &[Operand], at: Span) -> Lowering<Operand> {
        let ty = self.ty(x);
        let DType::DateTime(calendar) = ty.dtype else { return Ok(x) };
        let types: Vec<_> = others.iter().map(|other| self.ty(*other)).collect();
        let bounded = |coord: &&std::sync::Arc<Coord>| coord.attrs.text("bounds") == Some(name);
        let Some(coord) = types.iter().flat_map(|ty| ty.coords.values()).find(bounded) else { return Ok(x) };
        let encoded = match &coord.values {
            CoordValues::Time(times, theirs) if *theirs == calendar => {
                self.known_block(x).and_then(|block| encoded(times, &block, calendar))
            }
            _ => None,
        };
        let Some((units, numbers)) = encoded else { return Ok(x) };
        let mut attrs = (*ty.attrs).clone();
        attrs.set("units", AttrValue::Str(units.to_string()));
        attrs.set("calendar", AttrValue::Str(calendar.name().into()));
        let ty = ArrayType { dtype: DType::I64, attrs: attrs.into(), ..(*ty).clone() };
        Ok(self.constant(ty, Constant::Values(numbers), at))
    }
}

/// Units for the times of a coordinate and its bounds, and the bounds in them; none where one is missing.
fn encoded(times: &[i64], bounds: &Block, calendar: Calendar) -> Option<(TimeUnits, Block)> {
    let values: Vec<i64> = bounds.view::<i64>()?.iter().copied().collect();
    let of_times = TimeUnits::infer(calendar, times);
    let of_both = || TimeUnits::infer(calendar, &times.iter().chain(&values).copied().collect::<Vec<_>>());
    let (units, numbers) = match of_times.encode_ints(&values, None) {
        Ok(numbers) => (of_times, numbers),
        Err(_) => {
            let units = of_both();
            let numbers = units.encode_ints(&values, None).ok()?;
            (units, numbers)
        }
    };
    Some((units, Block::from_vec(&bounds.shape(), numbers)?))
}
