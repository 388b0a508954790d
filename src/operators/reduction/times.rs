//! Means of instants and durations, sums of durations: exact in 128 bits.

use super::fold::Fold;
use crate::array::Block;
use crate::array::calendar::NAT;

/// The mean of times, rounded down to the microsecond, or the sum of durations.
#[derive(Clone, Copy, Debug)]
pub struct TimeSum {
    /// Whether it is divided by the count.
    pub mean: bool,
    /// Whether missing times are passed over.
    pub skip: bool,
}

/// What a cell of times remembers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    sum: i128,
    count: u64,
    missing: bool,
}

impl Fold for TimeSum {
    type In = i64;
    type State = Times;

    fn start(&self) -> Times {
        Times::default()
    }

    #[inline(always)]
    fn add(&self, state: &mut Times, value: &i64, _position: u64) {
        let absent = *value == NAT;
        state.sum += if absent { 0 } else { i128::from(*value) };
        state.count += u64::from(!absent);
        state.missing |= absent;
    }

    #[inline(always)]
    fn join(&self, state: &mut Times, later: &Times) {
        state.sum += later.sum;
        state.count += later.count;
        state.missing |= later.missing;
    }

    fn finish(&self, states: Vec<Times>) -> Block {
        let result = |state: &Times| match state {
            state if state.missing && !self.skip => NAT,
            state if !self.mean => state.sum as i64,
            state if state.count == 0 => NAT,
            state => state.sum.div_euclid(i128::from(state.count)) as i64,
        };
        Block::from_list(states.iter().map(result).collect::<Vec<i64>>())
    }
}
