//! Weighted sums of neighbours: which elements of an input an element of the output sees.
//!
//! A *term* is a weight for one element, or for the sum or the difference of two; terms are added in
//! their order, so that a result has the same bits wherever tasks cut the array. Along one axis they
//! make a [`Line`]; a filter of several axes is one line after another, or, where its weights are no
//! product, [`Neighbours`]. What lies beyond the ends of an axis a [`Boundary`] says. An array that
//! goes round (`wrap`) is not known here: its ends are joined to it before.

use std::sync::Arc;

use crate::array::{ArrayType, DType, Region};
use crate::operators::TypeError;

/// Weighted sums of neighbours; the output has the dims of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Stencil {
    /// What is added.
    pub sums: Sums,
    /// What lies beyond the ends of an axis.
    pub boundary: Boundary,
}

/// What is added.
#[derive(Clone, Debug, PartialEq)]
pub enum Sums {
    /// Sums along one axis, and then along the innermost, in one walk: one of the two, or both.
    Lines {
        /// Along an axis that is not the innermost.
        down: Option<Line>,
        /// Along the innermost axis.
        across: Option<Line>,
    },
    /// Sums over a neighbourhood of several axes.
    Neighbours(Arc<Neighbours>),
}

/// Sums along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The axis.
    pub axis: usize,
    /// Its elements.
    pub size: u64,
    /// What is added for each element.
    pub weights: Weights,
    /// What the sum is divided by.
    pub divisor: f64,
}

/// The terms of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// The same for each element.
    Same(Arc<[Term]>),
    /// Those of a derivative, which depend on where an element lies.
    Slope(Arc<Slope>),
}

/// A weight, for the element `at` places on, or for it and another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// Where the element lies, seen from that of the output.
    pub at: i64,
    /// Another element, which is added to it (`1.0`) or taken from it (`-1.0`) before they are weighted.
    pub other: Option<(i64, f64)>,
    /// The weight.
    pub weight: f64,
}

/// The terms of a derivative along an axis of at least two elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Slope {
    /// Those of the first element, seen from it.
    pub first: Vec<Term>,
    /// Those between.
    pub inner: Inner,
    /// Those of the last element, seen from it.
    pub last: Vec<Term>,
}

/// The terms of a derivative between the ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Inner {
    /// Elements lie evenly: this times the difference of the next and the one before.
    Even(f64),
    /// Weights of the element before, the element and the next, each as long as the axis.
    Uneven([Arc<[f64]>; 3]),
}

/// Sums over a neighbourhood of several axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// The elements of each axis of the array.
    pub sizes: Vec<u64>,
    /// What is seen of each row, in order.
    pub rows: Vec<Row>,
}

/// What is seen of one row of elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where the row lies along each axis but the innermost, seen from that of the output.
    pub offsets: Vec<i64>,
    /// Places along the innermost axis, ascending, with their weights.
    pub taps: Vec<(i64, f64)>,
}

/// What lies beyond the ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary {
    /// The elements backwards, the last one first: `d c b a | a b c d | d c b a`.
    Reflect,
    /// The elements backwards, the last one left out: `d c b | a b c d | c b a`.
    Mirror,
    /// The last element again and again.
    Nearest,
    /// One value.
    Constant(f64),
}

impl Boundary {
    /// Where the element at `at` lies along an axis of `size` elements, of which there is one at least;
    /// none where it is a value of its own.
    pub fn place(self, at: i64, size: u64) -> Option<u64> {
        let n = size as i64;
        if (0..n).contains(&at) {
            return Some(at as u64);
        }
        match self {
            Boundary::Reflect => {
                let place = at.rem_euclid(2 * n);
                Some(place.min(2 * n - 1 - place) as u64)
            }
            Boundary::Mirror if n == 1 => Some(0),
            Boundary::Mirror => {
                let place = at.rem_euclid(2 * n - 2);
                Some(place.min(2 * n - 2 - place) as u64)
            }
            Boundary::Nearest => Some(at.clamp(0, n - 1) as u64),
            Boundary::Constant(_) => None,
        }
    }

    /// The run of elements that those from `span.0 - before` to `span.1 + after` lie in.
    fn hull(self, span: (u64, u64), (before, after): (u64, u64), size: u64) -> (u64, u64) {
        let (low, high) = (span.0 as i64 - before as i64, span.1 as i64 + after as i64);
        let (mut start, mut end) = (low.max(0) as u64, (high.max(0) as u64).min(size));
        let period = 2 * size as i64;
        for at in (low..0.min(low + period)).chain((size as i64).max(high - period)..high) {
            if let Some(place) = self.place(at, size) {
                (start, end) = (start.min(place), end.max(place + 1));
            }
        }
        (start, end)
    }
}

impl Term {
    /// A weight for one element.
    pub fn one(at: i64, weight: f64) -> Term {
        Term { at, other: None, weight }
    }

    /// A weight for the sum of two.
    pub fn sum(at: i64, other: i64, weight: f64) -> Term {
        Term { at, other: Some((other, 1.0)), weight }
    }

    /// A weight for the difference of two: the element at `at` less that at `other`.
    pub fn difference(at: i64, other: i64, weight: f64) -> Term {
        Term { at, other: Some((other, -1.0)), weight }
    }

    fn places(&self) -> impl Iterator<Item = i64> {
        [Some(self.at), self.other.map(|(at, _)| at)].into_iter().flatten()
    }
}

/// How many elements before and after its own an element sees.
fn reach(places: impl Iterator<Item = i64>) -> (u64, u64) {
    places.fold((0, 0), |(before, after), at| (before.max((-at).max(0) as u64), after.max(at.max(0) as u64)))
}

impl Weights {
    /// The terms of the element at `position` of an axis of `size` elements.
    pub fn at(&self, position: u64, size: u64) -> Vec<Term> {
        match self {
            Weights::Same(terms) => terms.to_vec(),
            Weights::Slope(slope) if position == 0 => slope.first.clone(),
            Weights::Slope(slope) if position + 1 == size => slope.last.clone(),
            Weights::Slope(slope) => match &slope.inner {
                Inner::Even(weight) => vec![Term::difference(1, -1, *weight)],
                Inner::Uneven(weights) => {
                    (0..3).map(|i| Term::one(i as i64 - 1, weights[i][position as usize])).collect()
                }
            },
        }
    }
}

impl Line {
    /// How many elements before and after its own an element sees; of a derivative, one that is not at an end.
    pub fn reach(&self) -> (u64, u64) {
        match &self.weights {
            Weights::Same(terms) => reach(terms.iter().flat_map(Term::places)),
            Weights::Slope(_) => (1, 1),
        }
    }

    /// The run of elements that those of `span`, which is not empty, see.
    pub fn hull(&self, span: (u64, u64), boundary: Boundary) -> (u64, u64) {
        let Weights::Slope(slope) = &self.weights else { return boundary.hull(span, self.reach(), self.size) };
        let (mut start, mut end) = (span.0.saturating_sub(1), (span.1 + 1).min(self.size));
        if span.0 == 0 {
            end = end.max(1 + reach(slope.first.iter().flat_map(Term::places)).1);
        }
        if span.1 == self.size {
            start = start.min(self.size - 1 - reach(slope.last.iter().flat_map(Term::places)).0);
        }
        (start, end)
    }
}

impl Neighbours {
    /// How many elements before and after its own an element sees along an axis.
    pub fn reach(&self, axis: usize) -> (u64, u64) {
        if axis + 1 < self.sizes.len() {
            return reach(self.rows.iter().map(|row| row.offsets[axis]));
        }
        reach(self.rows.iter().flat_map(|row| row.taps.iter().map(|(at, _)| *at)))
    }
}

impl Sums {
    /// The lines there are, in order.
    fn lines(&self) -> impl Iterator<Item = &Line> {
        let (down, across) = match self {
            Sums::Lines { down, across } => (down.as_ref(), across.as_ref()),
            Sums::Neighbours(_) => (None, None),
        };
        down.into_iter().chain(across)
    }

    /// The axes along which elements see others, each with how many before and after their own.
    pub fn reaches(&self) -> Vec<(usize, (u64, u64))> {
        match self {
            Sums::Lines { .. } => self.lines().map(|line| (line.axis, line.reach())).collect(),
            Sums::Neighbours(all) => {
                let reaches = (0..all.sizes.len()).map(|axis| (axis, all.reach(axis)));
                reaches.filter(|(_, reach)| *reach != (0, 0)).collect()
            }
        }
    }

    /// The same over an array of another shape.
    #[must_use]
    pub fn over(&self, shape: &[u64]) -> Sums {
        let resized = |line: &Option<Line>| line.clone().map(|line| Line { size: shape[line.axis], ..line });
        match self {
            Sums::Lines { down, across } => Sums::Lines { down: resized(down), across: resized(across) },
            Sums::Neighbours(all) => {
                Sums::Neighbours(Arc::new(Neighbours { sizes: shape.to_vec(), rows: all.rows.clone() }))
            }
        }
    }
}

impl Stencil {
    /// The type of the output.
    ///
    /// # Errors
    /// The sizes are not those that the sums were made for: a bug.
    pub fn infer(&self, dtype: DType, input: &ArrayType) -> Result<ArrayType, TypeError> {
        let shape = input.shape();
        let fits = match &self.sums {
            Sums::Lines { .. } => self.sums.lines().all(|line| shape.get(line.axis) == Some(&line.size)),
            Sums::Neighbours(all) => all.sizes == shape,
        };
        if !fits {
            return Err(TypeError::new("ff::type::bug", format!("a stencil of other sizes over {input}")));
        }
        Ok(input.with_dtype(dtype))
    }

    /// The region of the input that `output` sees: `output` widened by the halo, within the array.
    pub fn required(&self, output: &Region) -> Region {
        let mut region = output.clone();
        if output.is_empty() {
            return region;
        }
        let span = |axis: usize| (output.start[axis], output.end(axis));
        let mut widen = |axis: usize, (start, end): (u64, u64)| {
            region.start[axis] = start;
            region.shape[axis] = end - start;
        };
        match &self.sums {
            Sums::Lines { .. } => {
                self.sums.lines().for_each(|line| widen(line.axis, line.hull(span(line.axis), self.boundary)));
            }
            Sums::Neighbours(all) => {
                for (axis, reach) in self.sums.reaches() {
                    widen(axis, self.boundary.hull(span(axis), reach, all.sizes[axis]));
                }
            }
        }
        region
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_continue_the_array() {
        let shown = |boundary: Boundary, size: u64| -> String {
            let letter = |at| boundary.place(at, size).map_or('-', |place| (b'a' + place as u8) as char);
            (-7..size as i64 + 7).map(letter).collect()
        };
        assert_eq!(shown(Boundary::Reflect, 3), "aabccbaabccbaabcc");
        assert_eq!(shown(Boundary::Mirror, 3), "bcbabcbabcbabcbab");
        assert_eq!(shown(Boundary::Nearest, 2), "aaaaaaaabbbbbbbb");
        assert_eq!(shown(Boundary::Constant(0.0), 2), "-------ab-------");
        assert_eq!(
            [Boundary::Reflect, Boundary::Mirror].map(|b| shown(b, 1)),
            ["aaaaaaaaaaaaaaa"; 2].map(str::to_owned)
        );
    }

    #[test]
    fn a_hull_holds_every_place() {
        for boundary in [Boundary::Reflect, Boundary::Mirror, Boundary::Nearest, Boundary::Constant(1.0)] {
            for size in 1..6u64 {
                for (before, after) in [(0, 0), (1, 0), (0, 2), (3, 1), (20, 30)] {
                    for (start, end) in (0..size).flat_map(|start| (start + 1..=size).map(move |end| (start, end))) {
                        let seen = start as i64 - before as i64..end as i64 + after as i64;
                        let places: Vec<u64> = seen.filter_map(|at| boundary.place(at, size)).collect();
                        let all = (*places.iter().min().unwrap(), places.iter().max().unwrap() + 1);
                        assert_eq!(boundary.hull((start, end), (before, after), size), all, "{boundary:?} {size}");
                    }
                }
            }
        }
    }
}
