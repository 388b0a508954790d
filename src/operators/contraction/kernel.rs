//! Blocked multiplication of matrices.
//!
//! After Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (ACM TOMS 34, 2008):
//! both factors are packed into panels, narrow strips in the order in which the innermost loop reads them,
//! and that loop adds the products of one strip of each to a small tile of sums held in registers.
//!
//! Each sum of a tile is one chain of fused multiply-adds over up to [`DEPTH`] terms in order, added to
//! what there is in the wider type of [`Term::Sum`]. No chain depends on the tile it is in, so results
//! depend neither on how rows and columns are cut into blocks, nor on strides, nor on the vector
//! instructions: fused multiply-adds round once everywhere (a processor without them computes them in software,
//! slowly). That is why no library does this: those at hand choose other orders of additions for other shapes.

use half::f16;
use num_complex::{Complex32, Complex64};

use super::super::simd::{self, Level, Work};
use crate::array::block::Element;
use crate::array::{Block, DType};

/// Terms that are summed before their sum is widened.
pub const DEPTH: usize = 256;

/// Terms that are packed at a time: the sums of a block are fetched once for so many.
const SLAB: usize = 4 * DEPTH;

/// Rows and columns whose sums stay in the second-level cache.
const ROWS: usize = 96;
const COLUMNS: usize = 512;

/// Elements of the widest strip.
const WIDEST: u64 = 32;

/// What can be multiplied and summed.
pub trait Term: Element + Copy {
    /// What many products are summed in.
    type Sum: Element + Copy;
    /// Zero.
    const ZERO: Self;
    /// The sum of nothing.
    const NOTHING: Self::Sum;
    /// `self * factor + sum`, rounded once where rounding is needed; integers wrap.
    fn fused(self, factor: Self, sum: Self) -> Self;
    /// The same for the sum of a chain.
    fn widened(self) -> Self::Sum;
    /// Adds what was summed later.
    fn join(sum: &mut Self::Sum, later: Self::Sum);
    /// The sums as a 1-d block of another dtype.
    fn narrowed(sums: &[Self::Sum], dtype: DType) -> Block;
    /// Rows and columns of a tile, such that its sums fill the registers there are.
    fn strips() -> (usize, usize);
    /// Adds the products of factors packed in strips of so many lines to sums.
    fn add(packed: Packed<'_, Self>, into: Onto<'_, Self>);
}

/// Part of a factor: element `(line, term)` is at `origin + lines[line] + sums[term]` of `data`.
#[derive(Clone, Copy)]
pub struct Part<'a, T> {
    /// Where the elements lie.
    pub data: &'a [T],
    /// The first.
    pub origin: isize,
    /// From it to the first of each row of the left factor, each column of the right one.
    pub lines: &'a [isize],
    /// From there to each term.
    pub sums: &'a [isize],
}

/// Packed factors: strips of lines, [`DEPTH`] terms after the other.
pub struct Packed<'a, T> {
    left: &'a [T],
    right: &'a [T],
    /// Lines of a strip of each.
    strips: (usize, usize),
    rows: usize,
    columns: usize,
    terms: usize,
}

/// Where sums go: the one of `(row, column)` is at `first + rows[row] + columns[column]`.
pub struct Onto<'a, T: Term> {
    /// All sums.
    pub sums: &'a mut [T::Sum],
    /// The place of the first.
    pub first: usize,
    /// How far each row lies from it.
    pub rows: &'a [isize],
    /// How far each column lies from the beginning of its row.
    pub columns: &'a [isize],
}

/// Room for packed factors, used again from one batch element to the next.
pub struct Room<T> {
    left: Vec<T>,
    right: Vec<T>,
}

impl<T> Default for Room<T> {
    fn default() -> Self {
        Room { left: Vec::new(), right: Vec::new() }
    }
}

/// Bytes of a packed factor, at most.
pub fn packed_bytes(lines: u64, terms: u64, item: u64) -> u64 {
    lines.saturating_add(WIDEST).saturating_mul(terms.min(SLAB as u64)).saturating_mul(item)
}

/// Adds the products of two matrices to sums.
pub fn add_products<T: Term>(left: Part<'_, T>, right: Part<'_, T>, into: Onto<'_, T>, room: &mut Room<T>) {
    let Onto { sums, first, rows, columns } = into;
    let strips = T::strips();
    let slabs = left.sums.chunks(SLAB).zip(right.sums.chunks(SLAB));
    for (left, right) in slabs.map(|(l, r)| (Part { sums: l, ..left }, Part { sums: r, ..right })) {
        simd::run(Pack { part: left, strip: strips.0, into: &mut room.left });
        simd::run(Pack { part: right, strip: strips.1, into: &mut room.right });
        let (m, n, terms) = (left.lines.len(), right.lines.len(), left.sums.len());
        let packed = Packed { left: &room.left, right: &room.right, strips, rows: m, columns: n, terms };
        T::add(packed, Onto { sums: &mut *sums, first, rows, columns });
    }
}

/// Copies a part into strips.
struct Pack<'a, 'r, T> {
    part: Part<'a, T>,
    strip: usize,
    into: &'r mut Vec<T>,
}

impl<T: Term> Work for Pack<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Pack { part: Part { data, origin, lines, sums }, strip, into } = self;
        // What lines beyond the last one hold from before is multiplied in vain.
        into.resize(lines.len().div_ceil(strip) * strip * sums.len(), T::ZERO);
        let is_run = |places: &[isize]| places.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let mut rest = &mut into[..];
        for sums in sums.chunks(DEPTH) {
            let along = is_run(sums);
            for lines in lines.chunks(strip) {
                let (packed, later) = rest.split_at_mut(strip * sums.len());
                rest = later;
                if is_run(lines) {
                    for (to, term) in packed.chunks_exact_mut(strip).zip(sums) {
                        let from = (origin + lines[0] + term) as usize;
                        copy(&mut to[..lines.len()], &data[from..from + lines.len()]);
                    }
                    continue;
                }
                for (i, line) in lines.iter().enumerate() {
                    let to = packed[i..].iter_mut().step_by(strip);
                    if along {
                        let from = (origin + line + sums[0]) as usize;
                        to.zip(&data[from..from + sums.len()]).for_each(|(to, from)| *to = *from);
                    } else {
                        to.zip(sums).for_each(|(to, term)| *to = data[(origin + line + term) as usize]);
                    }
                }
            }
        }
    }
}

/// Copies a line of a strip; those of the usual lengths are too short for a call of a function.
#[inline(always)]
fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    macro_rules! by_length {
        ($($n:literal)*) => {
            match to.len() {
                $($n => to[..$n].copy_from_slice(&from[..$n]),)*
                _ => to.copy_from_slice(from),
            }
        };
    }
    by_length!(4 6 8 12 16 32)
}

/// The loops over tiles of `H` rows and `W` columns.
struct Tiles<'a, T: Term, const H: usize, const W: usize> {
    packed: Packed<'a, T>,
    into: Onto<'a, T>,
}

impl<T: Term, const H: usize, const W: usize> Work for Tiles<'_, T, H, W> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Tiles { packed: Packed { left, right, rows, columns, terms, .. }, mut into } = self;
        let (high, wide) = (rows.div_ceil(H), columns.div_ceil(W));
        let (block_high, block_wide) = ((ROWS / H).max(1), (COLUMNS / W).max(1));
        for from_column in (0..wide).step_by(block_wide) {
            for from_row in (0..high).step_by(block_high) {
                for from in (0..terms).step_by(DEPTH) {
                    let depth = DEPTH.min(terms - from);
                    let strip = |count: usize, i: usize| from * count + i * depth;
                    for column in from_column..wide.min(from_column + block_wide) {
                        let at = strip(wide, column) * W;
                        let right = &right[at..at + depth * W];
                        for row in from_row..high.min(from_row + block_high) {
                            let at = strip(high, row) * H;
                            let tile = tile::<T, H, W>(&left[at..at + depth * H], right);
                            into.take(&tile, row * H, column * W);
                        }
                    }
                }
            }
        }
    }
}

/// The sums of products of two strips.
#[inline(always)]
fn tile<T: Term, const H: usize, const W: usize>(left: &[T], right: &[T]) -> [[T; W]; H] {
    let mut sums = [[T::ZERO; W]; H];
    for (left, right) in left.as_chunks::<H>().0.iter().zip(right.as_chunks::<W>().0) {
        for i in 0..H {
            for j in 0..W {
                sums[i][j] = left[i].fused(right[j], sums[i][j]);
            }
        }
    }
    sums
}

impl<T: Term> Onto<'_, T> {
    /// Adds the part of a tile that lies within.
    #[inline(always)]
    fn take<const H: usize, const W: usize>(&mut self, tile: &[[T; W]; H], row: usize, column: usize) {
        let columns = &self.columns[column..self.columns.len().min(column + W)];
        let is_run = columns.len() == W && columns[W - 1] == columns[0] + W as isize - 1;
        for (sums, row) in tile.iter().zip(&self.rows[row..]) {
            let first = (self.first as isize + row) as usize;
            if is_run {
                let at = first + columns[0] as usize;
                let cells = &mut self.sums[at..at + W];
                for j in 0..W {
                    T::join(&mut cells[j], sums[j].widened());
                }
            } else {
                for (sum, column) in sums.iter().zip(columns) {
                    T::join(&mut self.sums[first + *column as usize], sum.widened());
                }
            }
        }
    }
}

/// Each row: a type, that of its sums, rows and columns of a tile (with AVX-512, else), zeros, the rules.
macro_rules! terms {
    ($($type:ty as $sum:ty, $high:literal x $wide:literal or $h:literal x $w:literal: $zero:expr, $nothing:expr,
       $a:ident $b:ident $c:ident $fused:expr, $widened:expr, $x:ident $y:ident $join:expr, $narrow:expr;)*) => {
        $(impl Term for $type {
            type Sum = $sum;
            const ZERO: Self = $zero;
            const NOTHING: $sum = $nothing;
            #[inline(always)]
            fn fused(self, $b: Self, $c: Self) -> Self {
                let $a = self;
                $fused
            }
            #[inline(always)]
            fn widened(self) -> $sum {
                let widened: fn($type) -> $sum = $widened;
                widened(self)
            }
            #[inline(always)]
            fn join($x: &mut $sum, $y: $sum) {
                $join
            }
            fn narrowed(sums: &[$sum], dtype: DType) -> Block {
                let narrow: fn(&[$sum], DType) -> Block = $narrow;
                narrow(sums, dtype)
            }
            fn strips() -> (usize, usize) {
                match simd::level() {
                    Level::Avx512 => ($high, $wide),
                    Level::Avx2 | Level::Baseline => ($h, $w),
                }
            }
            fn add(packed: Packed<'_, Self>, into: Onto<'_, Self>) {
                match packed.strips {
                    ($high, $wide) => simd::run(Tiles::<$type, $high, $wide> { packed, into }),
                    _ => simd::run(Tiles::<$type, $h, $w> { packed, into }),
                }
            }
        })*
    };
}

macro_rules! integers {
    ($($type:ty)*) => {
        terms! {
            $($type as $type, 4 x 8 or 4 x 8: 0, 0,
                a b c c.wrapping_add(a.wrapping_mul(b)), |sum| sum, x y *x = x.wrapping_add(y), cast;)*
        }
    };
}

integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

terms! {
    bool as bool, 4 x 8 or 4 x 8: false, false, a b c c | (a & b), |sum| sum, x y *x |= y, cast;
    f32 as f64, 12 x 32 or 6 x 16: 0.0, 0.0, a b c a.mul_add(b, c), f64::from, x y *x += y, reals;
    f64 as f64, 12 x 16 or 6 x 8: 0.0, 0.0, a b c a.mul_add(b, c), |sum| sum, x y *x += y, reals;
    Complex32 as Complex64, 2 x 8 or 2 x 4: Complex32::new(0.0, 0.0), Complex64::new(0.0, 0.0),
        a b c Complex32::new(
            a.re.mul_add(b.re, (-a.im).mul_add(b.im, c.re)),
            a.re.mul_add(b.im, a.im.mul_add(b.re, c.im)),
        ),
        |sum| Complex64::new(f64::from(sum.re), f64::from(sum.im)), x y *x += y,
        |sums, _| Block::from_list(sums.iter().map(|z| Complex32::new(z.re as f32, z.im as f32)).collect::<Vec<_>>());
    Complex64 as Complex64, 2 x 8 or 2 x 4: Complex64::new(0.0, 0.0), Complex64::new(0.0, 0.0),
        a b c Complex64::new(
            a.re.mul_add(b.re, (-a.im).mul_add(b.im, c.re)),
            a.re.mul_add(b.im, a.im.mul_add(b.re, c.im)),
        ),
        |sum| sum, x y *x += y, cast;
}

/// Sums of reals, rounded once.
fn reals(sums: &[f64], dtype: DType) -> Block {
    match dtype {
        DType::F16 => Block::from_list(sums.iter().map(|&sum| f16::from_f64(sum)).collect::<Vec<_>>()),
        DType::F32 => Block::from_list(sums.iter().map(|&sum| sum as f32).collect::<Vec<_>>()),
        _ => Block::from_list(sums.to_vec()),
    }
}

/// Sums that are asked for as they are.
fn cast<T: Element>(sums: &[T], _: DType) -> Block {
    Block::from_list(sums.to_vec())
}
