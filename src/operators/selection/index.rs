//! The labels of a coordinate, in order, for look-ups.
//!
//! The rules are those of pandas' indexes: a range needs sorted labels and runs the way they do; a tie of
//! `nearest` goes to the greater label; `pad` takes the label before and `backfill` the label after
//! where the sought one would stand.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::array::calendar::text;
use crate::array::{Coord, CoordValues, DType, Scalar};

/// A label as it is compared: times and durations by their microseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Label {
    Int(i64),
    Real(f64),
    Text(Arc<str>),
}

impl Label {
    /// The order of labels; those that cannot be compared count as equal.
    pub fn order(&self, other: &Label) -> Ordering {
        match (self, other) {
            (Label::Int(a), Label::Int(b)) => a.cmp(b),
            (Label::Text(a), Label::Text(b)) => a.cmp(b),
            _ => self.real().partial_cmp(&other.real()).unwrap_or(Ordering::Equal),
        }
    }

    fn real(&self) -> f64 {
        match self {
            Label::Int(i) => *i as f64,
            Label::Real(x) => *x,
            Label::Text(_) => f64::NAN,
        }
    }

    /// Whether `near` is nearer than `far`; integers are compared exactly.
    fn is_nearer(&self, near: &Label, far: &Label) -> bool {
        match (self, near, far) {
            (Label::Int(at), Label::Int(near), Label::Int(far)) => at.abs_diff(*near) < at.abs_diff(*far),
            _ => (self.real() - near.real()).abs() < (self.real() - far.real()).abs(),
        }
    }

    /// Whether `other` is at most `tolerance` away.
    pub fn is_within(&self, tolerance: &Label, other: &Label) -> bool {
        match (self, tolerance, other) {
            (Label::Int(a), Label::Int(tolerance), Label::Int(b)) => {
                u64::try_from(*tolerance).is_ok_and(|tolerance| a.abs_diff(*b) <= tolerance)
            }
            _ => (self.real() - other.real()).abs() <= tolerance.real(),
        }
    }
}

/// How a label that is not there is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Nearest,
    Pad,
    Backfill,
}

/// How labels follow each other; a single label, or equal ones, do both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Both,
    Ascending,
    Descending,
    Unsorted,
}

/// A coordinate and its positions in the ascending order of their labels, without missing labels.
pub(super) struct Index<'a> {
    pub coord: &'a Coord,
    sorted: Vec<usize>,
}

impl<'a> Index<'a> {
    pub fn new(coord: &'a Coord) -> Index<'a> {
        let mut index = Index { coord, sorted: Vec::new() };
        let mut sorted: Vec<usize> = (0..coord.len()).filter(|&i| !coord.values.get(i).is_missing()).collect();
        sorted.sort_by(|&a, &b| index.label(a).order(&index.label(b)));
        index.sorted = sorted;
        index
    }

    /// The label at `position`.
    pub fn label(&self, position: usize) -> Label {
        match &self.coord.values {
            CoordValues::Int(v) | CoordValues::Time(v, _) | CoordValues::Duration(v) => Label::Int(v[position]),
            CoordValues::Float(v) => Label::Real(v[position]),
            CoordValues::Str(v) => Label::Text(v[position].clone()),
        }
    }

    pub fn len(&self) -> usize {
        self.coord.len()
    }

    pub fn direction(&self) -> Direction {
        if self.sorted.len() < self.len() {
            return Direction::Unsorted;
        }
        let (mut up, mut down) = (false, false);
        for i in 1..self.len() {
            match self.label(i).order(&self.label(i - 1)) {
                Ordering::Greater => up = true,
                Ordering::Less => down = true,
                Ordering::Equal => {}
            }
        }
        match (up, down) {
            (false, false) => Direction::Both,
            (true, false) => Direction::Ascending,
            (false, true) => Direction::Descending,
            (true, true) => Direction::Unsorted,
        }
    }

    /// The first position of sorted labels that does not satisfy a condition which holds up to there.
    pub fn partition(&self, holds: impl Fn(&Label) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(&self.label(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Where in `sorted` the labels below `label` end, and where those up to it.
    fn bounds(&self, label: &Label) -> (usize, usize) {
        let below = self.sorted.partition_point(|&p| self.label(p).order(label) == Ordering::Less);
        let up_to = self.sorted.partition_point(|&p| self.label(p).order(label) != Ordering::Greater);
        (below, up_to)
    }

    /// The positions of a label, ascending.
    pub fn exact(&self, label: &Label) -> &[usize] {
        if matches!(label, Label::Real(x) if x.is_nan()) {
            return &[];
        }
        let (below, up_to) = self.bounds(label);
        &self.sorted[below..up_to]
    }

    /// The labels below and above one that is not there.
    pub fn neighbours(&self, label: &Label) -> (Option<usize>, Option<usize>) {
        let (below, up_to) = self.bounds(label);
        (below.checked_sub(1).map(|i| self.sorted[i]), self.sorted.get(up_to).copied())
    }

    /// The position that stands in for a label which is not there. `Pad` and `Backfill` need a direction.
    pub fn inexact(&self, label: &Label, method: Method, direction: Direction) -> Option<usize> {
        if matches!(label, Label::Real(x) if x.is_nan()) {
            return None;
        }
        let (lower, upper) = self.neighbours(label);
        let descends = direction == Direction::Descending;
        match method {
            Method::Pad => {
                if descends {
                    upper
                } else {
                    lower
                }
            }
            Method::Backfill => {
                if descends {
                    lower
                } else {
                    upper
                }
            }
            Method::Nearest => match (lower, upper) {
                (Some(low), Some(high)) => {
                    Some(if label.is_nearer(&self.label(low), &self.label(high)) { low } else { high })
                }
                (one, other) => one.or(other),
            },
        }
    }

    /// The label at `position` as a script would write it.
    pub fn show(&self, position: usize) -> String {
        show(&self.coord.values.get(position))
    }
}

/// The positions of labels in ascending order, of equal ones the first first; turned round where they descend. Missing ones
/// come last.
pub(in crate::operators) fn ordered(coord: &Coord, descending: bool) -> Vec<u64> {
    let mut missing: Vec<usize> = (0..coord.len()).filter(|&i| coord.values.get(i).is_missing()).collect();
    let mut sorted = Index::new(coord).sorted;
    if descending {
        missing.reverse();
        sorted.reverse();
    }
    sorted.into_iter().chain(missing).map(|i| i as u64).collect()
}

/// A label as a script would write it.
pub(super) fn show(label: &Scalar) -> String {
    match label {
        Scalar::DateTime(t, calendar) => format!("\"{}\"", text::format(*calendar, *t)),
        other => other.to_string(),
    }
}

/// A real label in the precision of the coordinate: 0.1 finds the `f32` nearest to it.
pub(in crate::operators) fn rounded(x: f64, dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f64::from(x as f32),
        DType::F16 => f64::from(half::f16::from_f64(x)),
        _ => x,
    }
}
