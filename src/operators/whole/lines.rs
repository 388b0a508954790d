//! Lines: the elements of a block along some axes, taken together for each place along the others.
//!
//! Lines seldom lie as they are needed, one element after the other. Neighbouring lines are gathered
//! together into room that stays in the cache, so that what is read of a cache line is used at once;
//! their results are put where they go in the same way. No block is ever transposed as a whole.

use crate::array::Block;
use crate::array::block::{Element, Values};
use crate::array::strided::merged_axes;

/// Bytes of lines gathered together: half of a small second-level cache.
const TOGETHER: usize = 256 << 10;

/// Bytes that neighbouring long lines may take, so that whole cache lines are read.
const LONG: usize = 8 << 20;

/// Lines that make up a cache line of four-byte elements.
const NEIGHBOURS: usize = 16;

/// The most lines gathered together.
const MOST: usize = 64;

/// Elements of neighbouring lines that are copied before the next ones are looked at.
const DEPTH: usize = 16;

/// Which elements are a line, and where the results go.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// The axes along which lines run, ascending; their elements are taken in C order.
    pub axes: &'a [usize],
    /// The axis of the result along which the elements of one line lie: the other axes keep their order.
    pub place: usize,
    /// How many elements a line gives.
    pub len: usize,
}

/// How many lines of `n` elements, each with `item` bytes of room, are gathered together.
fn together(n: usize, item: usize) -> usize {
    let line = stride(n).saturating_mul(item).max(1);
    (TOGETHER / line).clamp(1, MOST).max((LONG / line).clamp(1, NEIGHBOURS))
}

/// From one gathered line to the next: more than its elements, so that lines of a power of two do not
/// contend for the same places of the cache.
fn stride(n: usize) -> usize {
    n.next_multiple_of(NEIGHBOURS).saturating_add(NEIGHBOURS)
}

/// Bytes of room for lines of `n` elements of `item` bytes that give `len` elements of `out` bytes.
pub fn room(n: u64, item: usize, len: u64, out: usize) -> u64 {
    let lines = together(n as usize, item) as u64;
    let line = (stride(n as usize) as u64).saturating_mul(item as u64);
    lines.saturating_mul(line.saturating_add(len.saturating_mul(out as u64)))
}

/// Calls `run` with each line of `values`, its elements turned by `turn`, and room for its results, which
/// hold whatever those of a line before left there. Gives all results.
pub fn each<T, K, R>(
    values: &Values<T>,
    layout: Layout<'_>,
    turn: impl Fn(T) -> K,
    mut run: impl FnMut(&mut [K], &mut [R]),
) -> Block
where
    T: Element + Copy,
    K: Copy + Default,
    R: Element + Copy + Default,
{
    let gather = Gather::new(values, layout.axes);
    let (n, len) = (gather.count, layout.len);
    let lanes = together(n, size_of::<K>());
    let mut lines = vec![K::default(); lanes.min(gather.row()) * stride(n)];
    scattered(&gather, layout, lanes, |some, given| {
        gather.read(some.base, some.count, &mut lines, &turn);
        for lane in 0..some.count {
            run(&mut lines[lane * stride(n)..][..n], &mut given[lane * len..][..len]);
        }
    })
}

/// As [`each`], with the elements of `others`, which has the same shape, beside those of each line.
pub fn pairs<T, K, U, R>(
    (values, others): (&Values<T>, &Values<U>),
    layout: Layout<'_>,
    turn: impl Fn(T) -> K,
    mut run: impl FnMut(&[K], &[U], &mut [R]),
) -> Block
where
    T: Element + Copy,
    K: Copy + Default,
    U: Element + Copy + Default,
    R: Element + Copy + Default,
{
    let (gather, beside) = (Gather::new(values, layout.axes), Gather::new(others, layout.axes));
    let (n, len) = (gather.count, layout.len);
    let lanes = together(n, size_of::<K>() + size_of::<U>());
    let room = lanes.min(gather.row()) * stride(n);
    let (mut lines, mut theirs) = (vec![K::default(); room], vec![U::default(); room]);
    scattered(&gather, layout, lanes, |some, given| {
        gather.read(some.base, some.count, &mut lines, &turn);
        let base = beside.row_base(some.index) + some.start as isize * beside.step();
        beside.read(base, some.count, &mut theirs, &|value| value);
        for lane in 0..some.count {
            let at = lane * stride(n);
            run(&lines[at..][..n], &theirs[at..][..n], &mut given[lane * len..][..len]);
        }
    })
}

/// Some neighbouring lines of a row.
struct Neighbours<'a> {
    /// The row, along the outer axes.
    index: &'a [usize],
    /// The first of them in the row.
    start: usize,
    /// How many.
    count: usize,
    /// Where the first element of the first lies.
    base: isize,
}

/// Calls `give` with lines, at most `lanes` neighbours at a time, and room for their results. Gives all results.
fn scattered<T, R>(
    gather: &Gather<'_, T>,
    layout: Layout<'_>,
    lanes: usize,
    mut give: impl FnMut(Neighbours<'_>, &mut [R]),
) -> Block
where
    T: Copy,
    R: Element + Copy + Default,
{
    let len = layout.len;
    let mut shape = gather.kept.iter().map(|(size, _)| *size).collect::<Vec<usize>>();
    shape.insert(layout.place, len);
    let scatter = Scatter::new(&shape, layout.place);
    let mut results = vec![R::default(); shape.iter().product()];
    let mut given = vec![R::default(); lanes.min(gather.row()) * len];
    if !results.is_empty() {
        gather.rows(|index, base| {
            for start in (0..gather.row()).step_by(lanes) {
                let count = lanes.min(gather.row() - start);
                let given = &mut given[..count * len];
                give(Neighbours { index, start, count, base: base + start as isize * gather.step() }, given);
                scatter.write(index, start, given, &mut results);
            }
        });
    }
    let shape: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
    Block::from_vec(&shape, results).expect("the count of the shape")
}

/// Where lines are read.
struct Gather<'a, T> {
    data: &'a [T],
    offset: isize,
    /// Size and stride of the axes that are no part of lines.
    kept: Vec<(usize, isize)>,
    /// Size and stride of the axes along lines, as few as will do, outermost first.
    along: Vec<(usize, isize)>,
    /// Elements of a line.
    count: usize,
}

impl<'a, T: Copy + Clone> Gather<'a, T> {
    fn new(values: &'a Values<T>, axes: &[usize]) -> Self {
        let (data, offset) = values.storage();
        let all: Vec<(usize, isize)> = values.shape().iter().copied().zip(values.strides().iter().copied()).collect();
        let kept = (0..all.len()).filter(|a| !axes.contains(a)).map(|a| all[a]).collect();
        let (sizes, strides): (Vec<usize>, Vec<isize>) = axes.iter().map(|a| all[*a]).unzip();
        let count = sizes.iter().product();
        let along = if count == 0 { vec![(0, 0)] } else { merged_axes(&sizes, &strides) };
        Gather { data, offset: offset as isize, kept, along, count }
    }

    /// Lines in a row: those along the innermost of the other axes.
    fn row(&self) -> usize {
        self.kept.last().map_or(1, |(size, _)| *size)
    }

    /// From one line of a row to the next.
    fn step(&self) -> isize {
        self.kept.last().map_or(0, |(_, stride)| *stride)
    }

    /// Calls `visit` for each row with its index along the outer axes and the place of its first element.
    fn rows(&self, mut visit: impl FnMut(&[usize], isize)) {
        let outer = &self.kept[..self.kept.len().saturating_sub(1)];
        odometer(outer, |index, offset| visit(index, self.offset + offset));
    }

    /// Where the first element of a row lies.
    fn row_base(&self, index: &[usize]) -> isize {
        self.offset + index.iter().zip(&self.kept).map(|(i, (_, stride))| *i as isize * stride).sum::<isize>()
    }

    /// Reads neighbouring lines, of which the first element of the first lies at `base`.
    fn read<K: Copy>(&self, base: isize, lanes: usize, lines: &mut [K], turn: &impl Fn(T) -> K) {
        let (outer, (size, stride)) = match self.along.split_last() {
            Some((last, outer)) => (outer, *last),
            None => (&[][..], (1, 0)),
        };
        let mut at = 0;
        odometer(outer, |_, offset| {
            let first = base + offset;
            if stride == 1 || lanes == 1 {
                (0..lanes).for_each(|lane| self.read_part((first, lane), (0..size, stride), (at, lines), turn));
            } else {
                for start in (0..size).step_by(DEPTH) {
                    let part = start..size.min(start + DEPTH);
                    for lane in 0..lanes {
                        self.read_part((first, lane), (part.clone(), stride), (at, lines), turn);
                    }
                }
            }
            at += size;
        });
    }

    /// Reads elements of one line, `stride` apart, into the line's room from `at` on.
    #[inline(always)]
    fn read_part<K: Copy>(
        &self,
        (first, lane): (isize, usize),
        (part, step): (std::ops::Range<usize>, isize),
        (at, lines): (usize, &mut [K]),
        turn: &impl Fn(T) -> K,
    ) {
        let into = &mut lines[lane * stride(self.count) + at..][part.clone()];
        let mut place = first + lane as isize * self.step() + part.start as isize * step;
        for element in into {
            *element = turn(self.data[place as usize]);
            place += step;
        }
    }
}

/// Where results are put.
struct Scatter {
    /// Elements from one line of a row to the next, and so along the outer axes.
    kept: Vec<usize>,
    /// Elements from one result of a line to the next.
    along: usize,
    /// Results of a line.
    len: usize,
}

impl Scatter {
    fn new(shape: &[usize], place: usize) -> Self {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        let along = strides.remove(place);
        Scatter { kept: strides, along, len: shape[place] }
    }

    /// Puts the results of neighbouring lines from `start` on in the row of this index.
    fn write<R: Copy>(&self, index: &[usize], start: usize, given: &[R], results: &mut [R]) {
        let step = self.kept.last().copied().unwrap_or(0);
        let row: usize = index.iter().zip(&self.kept).map(|(i, stride)| i * stride).sum();
        for first in (0..self.len).step_by(DEPTH) {
            for (lane, line) in given.chunks_exact(self.len).enumerate() {
                let base = row + (start + lane) * step;
                for (i, result) in line.iter().enumerate().skip(first).take(DEPTH) {
                    results[base + i * self.along] = *result;
                }
            }
        }
    }
}

/// Calls `visit` with every index of axes of these sizes and strides, in C order, and where it leads.
fn odometer(axes: &[(usize, isize)], mut visit: impl FnMut(&[usize], isize)) {
    if axes.iter().any(|(size, _)| *size == 0) {
        return;
    }
    let mut index = vec![0; axes.len()];
    let mut offset = 0;
    loop {
        visit(&index, offset);
        let mut axis = axes.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            let (size, stride) = axes[axis];
            index[axis] += 1;
            offset += stride;
            if index[axis] < size {
                break;
            }
            offset -= size as isize * stride;
            index[axis] = 0;
        }
    }
}
