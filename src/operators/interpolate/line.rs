//! The labels of a dim as places on a line, and where others lie between them.

use crate::array::calendar::NAT;
use crate::array::{Coord, CoordValues, Dim};
use crate::operators::TypeError;
use crate::operators::elementwise::time::same_days;
use crate::operators::selection::rounded;

/// The labels of a dim in ascending order; positions, where it has none.
pub(super) struct Line<'a> {
    dim: &'a Dim,
    coord: Option<&'a Coord>,
    /// Where the labels lie, ascending: whole numbers, times and durations seen from the first label of the dim.
    pub places: Vec<f64>,
    /// The positions of their elements.
    pub order: Vec<u64>,
}

/// For each new label the elements around it: their positions, and how far from the first to the second it lies.
/// What lies beyond the labels has no part: it is NaN. A missing place lies infinitely far from one label on to itself,
/// where there is nothing.
#[derive(Debug, PartialEq)]
pub(super) struct Neighbours {
    pub low: Vec<u64>,
    pub high: Vec<u64>,
    pub part: Vec<f64>,
}

impl<'a> Line<'a> {
    /// The line of a dim.
    ///
    /// # Errors
    /// Labels are texts, missing, or there more than once.
    pub fn new(dim: &'a Dim, coord: Option<&'a Coord>) -> Result<Line<'a>, TypeError> {
        let Some(coord) = coord else {
            let places = (0..dim.size).map(|i| i as f64).collect();
            return Ok(Line { dim, coord: None, places, order: (0..dim.size).collect() });
        };
        let error = |what: String, help: &str| {
            Err(TypeError::new("ff::type::coords", format!("the labels of `{}` {what}", dim.name)).with_help(help))
        };
        let mut line = Line { dim, coord: Some(coord), places: Vec::new(), order: Vec::new() };
        let Some(places) = line.seen(coord) else {
            return error("are texts, between which nothing lies".into(), "look them up with `sel` or `reindex`");
        };
        if let Some(at) = places.iter().position(|place| place.is_nan()) {
            return error(format!("are missing at position {at}"), "leave that element out with `isel`");
        }
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
        if let Some(pair) = order.windows(2).find(|pair| places[pair[0]] == places[pair[1]]) {
            let what = format!("are equal at positions {} and {}", pair[0], pair[1]);
            return error(
                what,
                "between equal labels there is no telling: average them with `groupby`, or select with `isel`",
            );
        }
        line.places = order.iter().map(|&i| places[i]).collect();
        line.order = order.into_iter().map(|i| i as u64).collect();
        Ok(line)
    }

    /// The first label, from which whole numbers and times are seen.
    fn origin(&self) -> i64 {
        match self.coord.map(|coord| &coord.values) {
            Some(CoordValues::Int(v) | CoordValues::Time(v, _) | CoordValues::Duration(v)) => {
                v.iter().copied().find(|label| *label != NAT).unwrap_or(0)
            }
            Some(CoordValues::Float(_) | CoordValues::Str(_)) | None => 0,
        }
    }

    /// Labels of the dim's own kind as places; none for texts.
    fn seen(&self, coord: &Coord) -> Option<Vec<f64>> {
        let origin = i128::from(self.origin());
        let seen = |label: &i64| (i128::from(*label) - origin) as f64;
        let time = |label: &i64| if *label == NAT { f64::NAN } else { seen(label) };
        match &coord.values {
            CoordValues::Int(v) => Some(v.iter().map(seen).collect()),
            CoordValues::Time(v, _) | CoordValues::Duration(v) => Some(v.iter().map(time).collect()),
            CoordValues::Float(v) => Some(v.clone()),
            CoordValues::Str(_) => None,
        }
    }

    /// New labels as places.
    ///
    /// # Errors
    /// They are of another kind than those of the dim.
    pub fn place(&self, labels: &Coord) -> Result<Vec<f64>, TypeError> {
        let places = match (self.coord.map(|coord| &coord.values), &labels.values) {
            (Some(CoordValues::Time(_, ours)), CoordValues::Time(_, theirs)) if !same_days(*ours, *theirs) => {
                let message = format!("`{}` is in the calendar {ours}, the new labels in {theirs}", self.dim.name);
                return Err(TypeError::new("ff::type::calendar", message));
            }
            (Some(CoordValues::Time(..)), CoordValues::Time(..))
            | (Some(CoordValues::Duration(_)), CoordValues::Duration(_))
            | (Some(CoordValues::Int(_)), CoordValues::Int(_)) => self.seen(labels),
            (None | Some(CoordValues::Float(_)), CoordValues::Int(v)) => Some(v.iter().map(|&i| i as f64).collect()),
            (None, CoordValues::Float(v)) => Some(v.clone()),
            (Some(CoordValues::Int(_)), CoordValues::Float(v)) => {
                Some(v.iter().map(|x| x - self.origin() as f64).collect())
            }
            (Some(CoordValues::Float(_)), CoordValues::Float(v)) => Some(v.iter().map(|x| self.exact(*x)).collect()),
            _ => None,
        };
        places.ok_or_else(|| self.unfit(labels))
    }

    /// The label that a real number means in the precision of the labels: 0.1 is the `f32` nearest to it, where that is one.
    fn exact(&self, x: f64) -> f64 {
        let Some(coord) = self.coord else { return x };
        let near = rounded(x, coord.dtype);
        let is_label = || self.places.binary_search_by(|place| place.total_cmp(&near)).is_ok();
        if near != x && is_label() { near } else { x }
    }

    fn unfit(&self, labels: &Coord) -> TypeError {
        let ours = self.coord.map_or_else(|| "positions".to_owned(), |coord| coord.dtype.to_string());
        let message = format!("the labels of `{}` are {ours}, the new ones {}", self.dim.name, labels.dtype);
        let error = TypeError::new("ff::type::label", message);
        match self.coord.map(|coord| &coord.values) {
            Some(CoordValues::Time(..)) => error.with_help("write dates as texts, such as \"1991-06-15\""),
            _ => error,
        }
    }

    /// The two labels between which each place lies: one of both where it is a label. Places beyond have no part, or
    /// one below zero or above one, to go on from the outermost two.
    pub fn between(&self, places: &[f64], beyond: bool) -> Neighbours {
        let last = self.places.len() - 1;
        let around = |place: &f64| {
            if place.is_nan() {
                return (0, 0, f64::INFINITY);
            }
            let above = self.places.partition_point(|label| label < place);
            if self.places.get(above) == Some(place) {
                return (above, above, 0.0);
            }
            let is_within = above > 0 && above <= last;
            if last == 0 || (!is_within && !beyond) {
                let end = above.min(last);
                return (end, end, f64::NAN);
            }
            let high = above.clamp(1, last);
            let (from, to) = (self.places[high - 1], self.places[high]);
            (high - 1, high, (place - from) / (to - from))
        };
        self.neighbours(places, around)
    }

    /// The label nearest to each place, of two the lower; places beyond have no part unless `beyond`.
    pub fn nearest(&self, places: &[f64], beyond: bool) -> Neighbours {
        let last = self.places.len() - 1;
        let halves: Vec<f64> = self.places.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0).collect();
        let at = |place: &f64| {
            if place.is_nan() {
                return (0, 0, f64::INFINITY);
            }
            let near = halves.partition_point(|half| half < place);
            let is_within = (self.places[0]..=self.places[last]).contains(place);
            (near.min(last), near.min(last), if is_within || beyond { 0.0 } else { f64::NAN })
        };
        self.neighbours(places, at)
    }

    fn neighbours(&self, places: &[f64], around: impl Fn(&f64) -> (usize, usize, f64)) -> Neighbours {
        let mut all = Neighbours { low: Vec::new(), high: Vec::new(), part: Vec::new() };
        for (low, high, part) in places.iter().map(around) {
            all.low.push(self.order[low]);
            all.high.push(self.order[high]);
            all.part.push(part);
        }
        all
    }
}
