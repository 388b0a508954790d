//! The values of stencils, row by row.
//!
//! A row of the output is made of rows of the input: those that a line across rows sees are added into a
//! row of doubles, that row is widened by what lies beyond its ends, and a line along the row is added
//! from there; so no array is made between the two. Long rows are taken in tiles of columns, and the rows
//! of a tile follow each other along the axis of the line, so that the rows two sums share stay in the cache.
//!
//! Complex numbers are rows of twice as many real ones.

use num_complex::Complex;

use super::loops::{self, Bound, Real};
use super::pattern::{Boundary, Inner, Line, Neighbours, Stencil, Sums, Term, Weights};
use crate::array::block::{Element, Values};
use crate::array::{Block, Region};
use crate::operators::pattern::Piece;

/// Elements of a tile of columns, unless the halo is long.
const TILE: usize = 1024;

/// A tile has so many times the elements of its halo at least.
const HALO_SHARE: usize = 4;

/// The values of region `output`, from a piece that holds at least what it requires of the input.
///
/// # Panics
/// Where the input is of a dtype that is not summed so: expansions cast the others.
pub fn evaluate(stencil: &Stencil, output: &Region, piece: &Piece) -> Block {
    if output.is_empty() {
        return Block::zeros(piece.block.dtype(), &output.shape);
    }
    match &piece.block {
        Block::F16(values) => real(stencil, output, (&piece.region, values)),
        Block::F32(values) => real(stencil, output, (&piece.region, values)),
        Block::F64(values) => real(stencil, output, (&piece.region, values)),
        Block::C64(values) => complex(stencil, output, (&piece.region, values)),
        Block::C128(values) => complex(stencil, output, (&piece.region, values)),
        other => unreachable!("{} is cast before it is filtered", other.dtype()),
    }
}

fn real<T: Real + Element>(stencil: &Stencil, output: &Region, (region, values): (&Region, &Values<T>)) -> Block {
    let values = with_rows(values);
    let (data, offset) = values.storage();
    let source = Source::new(data, offset, values.strides(), (region, 1));
    let filtered = Filter { stencil, output, source }.values();
    Block::from_vec(&output.shape, filtered).expect("as many elements as the region")
}

fn complex<T>(stencil: &Stencil, output: &Region, (region, values): (&Region, &Values<Complex<T>>)) -> Block
where
    T: Real + Default,
    Complex<T>: Element,
{
    let values = with_rows(values);
    let (data, offset) = values.storage();
    // SAFETY: a complex number is laid out as two reals, the real part first.
    let parts = unsafe { std::slice::from_raw_parts(data.as_ptr().cast::<T>(), 2 * data.len()) };
    let source = Source::new(parts, offset, values.strides(), (region, 2));
    let filtered = Filter { stencil, output, source }.values();
    let elements = filtered.chunks_exact(2).map(|z| Complex::new(z[0], z[1])).collect();
    Block::from_vec(&output.shape, elements).expect("as many elements as the region")
}

/// The same values, copied where elements of a row do not follow each other.
fn with_rows<T: Clone>(values: &Values<T>) -> Values<T> {
    let last = values.shape().len() - 1;
    if values.shape()[last] == 1 || values.strides()[last] == 1 { values.clone() } else { values.contiguous() }
}

/// Rows of the input.
struct Source<'a, T> {
    data: &'a [T],
    offset: usize,
    strides: Vec<isize>,
    region: &'a Region,
    /// Reals of an element.
    lanes: usize,
}

impl<'a, T: Real> Source<'a, T> {
    fn new(data: &'a [T], offset: usize, strides: &[isize], (region, lanes): (&'a Region, usize)) -> Self {
        let strides = strides.iter().map(|s| s * lanes as isize).collect();
        Source { data, offset: offset * lanes, strides, region, lanes }
    }

    /// The elements of a row that lies at `index`, the first of which says nothing for the innermost axis.
    fn row(&self, index: &[u64]) -> &'a [T] {
        let last = self.region.rank() - 1;
        let along = |axis: usize| (index[axis] - self.region.start[axis]) as isize * self.strides[axis];
        let at = (0..last).fold(self.offset as isize, |at, axis| at + along(axis)) as usize;
        &self.data[at..at + self.region.shape[last] as usize * self.lanes]
    }
}

/// One evaluation.
struct Filter<'a, T> {
    stencil: &'a Stencil,
    output: &'a Region,
    source: Source<'a, T>,
}

/// A term and the rows it sees, none for one beyond the ends.
struct Seen<'a, T> {
    one: Option<&'a [T]>,
    other: Option<(Option<&'a [T]>, f64)>,
    weight: f64,
}

impl<'a, T> Seen<'a, T> {
    /// The term, where all it sees are rows.
    fn bound(&self) -> Option<Bound<'a, T>> {
        let other = match self.other {
            None => None,
            Some((row, sign)) => Some((row?, sign)),
        };
        Some(Bound { one: self.one?, other, weight: self.weight })
    }
}

/// Rooms for rows of doubles.
#[derive(Default)]
struct Rooms {
    /// A row with its halo.
    wide: Vec<f64>,
    /// A row of sums.
    sums: Vec<f64>,
}

/// Columns, some of which may lie beyond the ends of a row.
type Columns = std::ops::Range<i64>;

impl<T: Real> Filter<'_, T> {
    fn values(&self) -> Vec<T> {
        let lanes = self.source.lanes;
        let mut out = vec![T::narrow(0.0); self.output.count() as usize * lanes];
        match &self.stencil.sums {
            Sums::Lines { down, across } => self.lines((down.as_ref(), across.as_ref()), &mut out),
            Sums::Neighbours(all) => self.neighbours(all, &mut out),
        }
        out
    }

    /// Calls `row` for each row of the output and each tile of its columns with where they lie and room for their values,
    /// along `axis` first.
    fn each_row(&self, (axis, halo): (usize, usize), out: &mut [T], mut row: impl FnMut(&[u64], Columns, &mut [T])) {
        let (lanes, last) = (self.source.lanes, self.output.rank() - 1);
        let tile = (TILE / lanes).max(HALO_SHARE * halo) as i64;
        let (start, end) = (self.output.start[last] as i64, self.output.end(last) as i64);
        let mut others = self.output.clone();
        others.shape[last] = 1;
        if axis != last {
            others.shape[axis] = 1;
        }
        let rows = if axis == last { 1 } else { self.output.shape[axis] };
        for mut index in others.indices() {
            for first in (start..end).step_by(tile as usize) {
                let columns = first..end.min(first + tile);
                for place in 0..rows {
                    if axis != last {
                        index[axis] = self.output.start[axis] + place;
                    }
                    let at = self.room(&index) + (first - start) as usize;
                    let count = (columns.end - columns.start) as usize;
                    row(&index, columns.clone(), &mut out[at * lanes..(at + count) * lanes]);
                }
            }
        }
    }

    /// The place of the first element of a row in the output.
    fn room(&self, index: &[u64]) -> usize {
        let last = self.output.rank() - 1;
        let row = (0..last).fold(0, |row, a| row * self.output.shape[a] + index[a] - self.output.start[a]);
        (row * self.output.shape[last]) as usize
    }

    fn lines(&self, (down, across): (Option<&Line>, Option<&Line>), out: &mut [T]) {
        let last = self.output.rank() - 1;
        let axis = down.map_or(last.saturating_sub(1), |line| line.axis);
        let halo = across.map_or((0, 0), Line::reach);
        let mut rooms = Rooms::default();
        self.each_row((axis, (halo.0 + halo.1) as usize), out, |index, columns, out| {
            rooms.sums.resize(out.len(), 0.0);
            let Some(line) = across else { return self.only_down((down, index, columns), &mut rooms.sums, out) };
            let seen = match &line.weights {
                Weights::Same(_) => columns.start - halo.0 as i64..columns.end + halo.1 as i64,
                Weights::Slope(_) => {
                    let hull = line.hull((columns.start as u64, columns.end as u64), self.stencil.boundary);
                    hull.0 as i64..hull.1 as i64
                }
            };
            if down.is_none() && seen.start >= 0 && seen.end <= line.size as i64 {
                let row = self.part(self.source.row(index), &seen);
                return self.across(line, (row, &seen), &columns, (&mut rooms.sums, out));
            }
            rooms.wide.resize((seen.end - seen.start) as usize * self.source.lanes, 0.0);
            self.beyond(line.size as i64, &seen, &mut rooms.wide, |columns, into| {
                self.down(down, index, columns, into)
            });
            self.across(line, (&rooms.wide, &seen), &columns, (&mut rooms.sums, out));
        });
    }

    /// Fills a row of the columns `seen`, of an axis of `size` elements: `row` gives those that lie within it.
    fn beyond(&self, size: i64, seen: &Columns, into: &mut [f64], row: impl Fn(Columns, &mut [f64])) {
        let lanes = self.source.lanes;
        let within = seen.start.max(0)..seen.end.min(size);
        let place = |column: i64| (column - seen.start) as usize * lanes;
        row(within.clone(), &mut into[place(within.start)..place(within.end)]);
        for column in (seen.start..within.start).chain(within.end..seen.end) {
            let at = place(column);
            match self.stencil.boundary.place(column, size as u64).map(|column| column as i64) {
                Some(known) if within.contains(&known) => into.copy_within(place(known)..place(known + 1), at),
                Some(column) => row(column..column + 1, &mut into[at..at + lanes]),
                None => self.fill(&mut into[at..at + lanes]),
            }
        }
    }

    /// Fills a row with the value that lies beyond the ends.
    fn fill(&self, into: &mut [f64]) {
        let Boundary::Constant(value) = self.stencil.boundary else { unreachable!("only a constant has no place") };
        into.fill(0.0);
        into.iter_mut().step_by(self.source.lanes).for_each(|x| *x = value);
    }

    /// Some columns of the row at `index`.
    fn part<'r>(&self, row: &'r [T], columns: &Columns) -> &'r [T] {
        let first = self.source.region.start[self.source.region.rank() - 1] as i64;
        let place = |column: i64| (column - first) as usize * self.source.lanes;
        &row[place(columns.start)..place(columns.end)]
    }

    /// The rows that the terms of a line across rows see from the row at `index`, in these columns; none for
    /// those that lie beyond the ends.
    fn seen_down(&self, line: &Line, index: &[u64], columns: &Columns) -> Vec<Seen<'_, T>> {
        let mut index = index.to_vec();
        let position = index[line.axis];
        let mut row = |at: i64| {
            index[line.axis] = self.stencil.boundary.place(position as i64 + at, line.size)?;
            Some(self.part(self.source.row(&index), columns))
        };
        let terms = line.weights.at(position, line.size);
        let seen = |term: Term| Seen {
            one: row(term.at),
            other: term.other.map(|(at, sign)| (row(at), sign)),
            weight: term.weight,
        };
        terms.into_iter().map(seen).collect()
    }

    /// The sums of a line across rows in these columns of the row at `index`; the elements themselves, if there is none.
    fn down(&self, line: Option<&Line>, index: &[u64], columns: Columns, into: &mut [f64]) {
        let Some(line) = line else { return loops::widen(self.part(self.source.row(index), &columns), into) };
        let seen = self.seen_down(line, index, &columns);
        match seen.iter().map(Seen::bound).collect::<Option<Vec<_>>>() {
            Some(bound) => loops::sum(&bound, into),
            None => self.down_beyond(&seen, into),
        }
        if line.divisor != 1.0 {
            into.iter_mut().for_each(|x| *x /= line.divisor);
        }
    }

    /// The same, rounded.
    fn only_down(&self, (line, index, columns): (Option<&Line>, &[u64], Columns), sums: &mut [f64], out: &mut [T]) {
        if let Some(line) = line {
            let seen = self.seen_down(line, index, &columns);
            if let Some(bound) = seen.iter().map(Seen::bound).collect::<Option<Vec<_>>>() {
                return loops::sum_rounded(&bound, line.divisor, sums, out);
            }
        }
        self.down(line, index, columns, sums);
        loops::finish(sums, 1.0, out);
    }

    /// The sums of rows, some of which lie beyond the ends.
    fn down_beyond(&self, seen: &[Seen<'_, T>], into: &mut [f64]) {
        let wide = |row: Option<&[T]>| {
            let mut wide = vec![0.0; into.len()];
            match row {
                Some(row) => loops::widen(row, &mut wide),
                None => self.fill(&mut wide),
            }
            wide
        };
        let rows: Vec<_> = seen.iter().map(|s| (wide(s.one), s.other.map(|(row, sign)| (wide(row), sign)))).collect();
        let bound: Vec<Bound<'_, f64>> = (rows.iter().zip(seen))
            .map(|((one, other), seen)| Bound {
                one,
                other: other.as_ref().map(|(row, sign)| (row.as_slice(), *sign)),
                weight: seen.weight,
            })
            .collect();
        loops::sum(&bound, into);
    }

    /// The rounded sums of a line along a row, which holds the columns `seen`; `sums` is room for as many.
    fn across<S: Real>(
        &self,
        line: &Line,
        (row, seen): (&[S], &Columns),
        columns: &Columns,
        (sums, out): (&mut [f64], &mut [T]),
    ) {
        let lanes = self.source.lanes;
        let part = |columns: &Columns, at: i64| {
            let place = |column: i64| (column + at - seen.start) as usize * lanes;
            &row[place(columns.start)..place(columns.end)]
        };
        let mut sum = |terms: &[Term], columns: &Columns, out: &mut [T]| {
            let bound = |t: &Term| Bound {
                one: part(columns, t.at),
                other: t.other.map(|(at, sign)| (part(columns, at), sign)),
                weight: t.weight,
            };
            let bound: Vec<Bound<'_, S>> = terms.iter().map(bound).collect();
            loops::sum_rounded(&bound, line.divisor, &mut sums[..out.len()], out);
        };
        let slope = match &line.weights {
            Weights::Same(terms) => return sum(terms, columns, out),
            Weights::Slope(slope) => slope,
        };
        let ends = [(0, &slope.first), (line.size as i64 - 1, &slope.last)];
        let room = |column: i64| (column - columns.start) as usize * lanes;
        for (column, terms) in ends.into_iter().filter(|(column, _)| columns.contains(column)) {
            sum(terms, &(column..column + 1), &mut out[room(column)..room(column + 1)]);
        }
        let inner = columns.start.max(1)..columns.end.min(line.size as i64 - 1);
        if inner.is_empty() {
            return;
        }
        let out = &mut out[room(inner.start)..room(inner.end)];
        match &slope.inner {
            Inner::Even(weight) => sum(&[Term::difference(1, -1, *weight)], &inner, out),
            Inner::Uneven(weights) => {
                let weights = [0, 1, 2].map(|i: usize| &weights[i][inner.start as usize..inner.end as usize]);
                loops::sum_uneven([-1, 0, 1].map(|at| part(&inner, at)), weights, lanes, out);
            }
        }
    }

    fn neighbours(&self, all: &Neighbours, out: &mut [T]) {
        let (lanes, last) = (self.source.lanes, self.output.rank() - 1);
        let (before, after) = all.reach(last);
        let size = all.sizes[last] as i64;
        let mut rooms = Rooms::default();
        let mut seen_at = Vec::new();
        let mut terms = Vec::new();
        self.each_row((last.saturating_sub(1), (before + after) as usize), out, |index, columns, out| {
            let seen = columns.start - before as i64..columns.end + after as i64;
            rooms.wide.resize((seen.end - seen.start) as usize * lanes, 0.0);
            rooms.sums.resize(out.len(), 0.0);
            rooms.sums.fill(0.0);
            for row in &all.rows {
                seen_at.clear();
                seen_at.extend_from_slice(index);
                let lies = (0..last).all(|axis| {
                    let place = self.stencil.boundary.place(index[axis] as i64 + row.offsets[axis], all.sizes[axis]);
                    place.map(|place| seen_at[axis] = place).is_some()
                });
                if lies {
                    let elements = self.source.row(&seen_at);
                    self.beyond(size, &seen, &mut rooms.wide, |columns, into| {
                        loops::widen(self.part(elements, &columns), into);
                    });
                } else {
                    self.fill(&mut rooms.wide);
                }
                terms.clear();
                terms.extend(row.taps.iter().map(|(at, weight)| (((at + before as i64) as usize) * lanes, *weight)));
                add(&rooms.wide, &terms, &mut rooms.sums);
            }
            loops::finish(&rooms.sums, 1.0, out);
        });
    }
}

/// Adds parts of a row, each from a place on, with their weights.
fn add(wide: &[f64], terms: &[(usize, f64)], into: &mut [f64]) {
    let bound = |&(at, weight): &(usize, f64)| Bound { one: &wide[at..at + into.len()], other: None, weight };
    let bound: Vec<_> = terms.iter().map(bound).collect();
    loops::add(&bound, into);
}
