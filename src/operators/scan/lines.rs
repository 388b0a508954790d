//! The one carry behind all scans: a line's algebra ([`Running`]) over a vector of states.

use std::fmt;
use std::sync::Arc;

use super::super::simd::{self, Work};
use super::super::tile::{TileElement, load};
use super::grouped::{ByGroup, Index};
use super::{Carry, Sweep};
use crate::array::block::Element;
use crate::array::{Block, Scalar};

/// Elements that are swept together: their states stay in the first-level cache.
const STRIP: usize = 2048;

/// What a line remembers, and what it gives for its next element.
pub trait Running: Clone + fmt::Debug + Send + Sync + 'static {
    /// The type of the elements.
    type In: TileElement;
    /// The type of the output's elements.
    type Out: TileElement;
    /// What a line remembers.
    type State: Clone + Send + 'static;

    /// A line none of whose elements has been seen.
    fn start(&self) -> Self::State;

    /// Takes in the next element; gives the output's.
    fn next(&self, state: &mut Self::State, value: &Self::In) -> Self::Out;
}

/// The sweep by a running value.
#[derive(Clone, Debug)]
pub struct Along<R>(pub R);

impl<R: Running> Sweep for Along<R> {
    fn begin(&self, lines: usize) -> Box<dyn Carry> {
        Box::new(Lines { running: self.0.clone(), states: vec![self.0.start(); lines] })
    }

    fn state_bytes(&self) -> usize {
        size_of::<R::State>()
    }

    fn by_groups(&self, index: Index) -> Arc<dyn Sweep> {
        Arc::new(ByGroup { running: self.0.clone(), index })
    }
}

/// The states of many lines.
struct Lines<R: Running> {
    running: R,
    states: Vec<R::State>,
}

impl<R: Running> Carry for Lines<R> {
    fn sweep(&mut self, block: &Block, axis: usize, reverse: bool) -> Block {
        let values = block.values::<R::In>().expect("kernels are typed");
        let shape = values.shape();
        let inner: usize = shape[axis + 1..].iter().product();
        assert_eq!(self.states.len() * shape[axis], values.len(), "a state a line");
        let mut out = vec![R::Out::from_scalar(&Scalar::Int(0)); values.len()];
        if !out.is_empty() {
            let input = Input { block, packed: values.as_slice(), tile: Vec::new() };
            let (states, running) = (self.states.as_mut_slice(), &self.running);
            simd::run(Walk { running, states, input, out: &mut out, length: shape[axis], inner, reverse });
        }
        Block::from_vec(&block.shape(), out).expect("an element of the output for each of the input")
    }
}

/// The elements of a block in C order, whatever its strides.
struct Input<'a, T: TileElement> {
    block: &'a Block,
    packed: Option<&'a [T]>,
    tile: Vec<T>,
}

impl<T: TileElement> Input<'_, T> {
    #[inline(always)]
    fn get(&mut self, start: usize, len: usize) -> &[T] {
        match self.packed {
            Some(all) => &all[start..start + len],
            None => {
                self.tile.resize(len, T::from_scalar(&Scalar::Int(0)));
                load(self.block, start, T::exclusive(&mut self.tile));
                &self.tile
            }
        }
    }
}

/// A walk along all lines of a block: `length` elements each, `inner` lines side by side.
struct Walk<'a, R: Running> {
    running: &'a R,
    states: &'a mut [R::State],
    input: Input<'a, R::In>,
    out: &'a mut [R::Out],
    length: usize,
    inner: usize,
    reverse: bool,
}

impl<R: Running> Work for Walk<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let inner = self.inner;
        for first in (0..self.states.len()).step_by(inner) {
            for strip in (0..inner).step_by(STRIP) {
                self.strip(first, strip, STRIP.min(inner - strip));
            }
        }
    }
}

impl<R: Running> Walk<'_, R> {
    /// Sweeps `width` neighbouring lines from `first + strip` on. Where they are all that lie side by side,
    /// so do several of their elements, which are taken together.
    #[inline(always)]
    fn strip(&mut self, first: usize, strip: usize, width: usize) {
        let states = &mut self.states[first + strip..first + strip + width];
        let rows = if width == self.inner { (STRIP / width).max(1) } else { 1 };
        let groups = self.length.div_ceil(rows);
        for group in 0..groups {
            let row = rows * if self.reverse { groups - 1 - group } else { group };
            let len = if rows == 1 { width } else { rows.min(self.length - row) * width };
            let start = first * self.length + row * self.inner + strip;
            let values = self.input.get(start, len);
            let out = &mut self.out[start..start + len];
            match (width, self.reverse) {
                (1, false) => line(self.running, &mut states[0], values.iter().zip(out)),
                (1, true) => line(self.running, &mut states[0], values.iter().zip(out).rev()),
                (_, false) => {
                    let rows = values.chunks_exact(width).zip(out.chunks_exact_mut(width));
                    rows.for_each(|(values, out)| row_of(self.running, states, values, out));
                }
                (_, true) => {
                    let rows = values.chunks_exact(width).zip(out.chunks_exact_mut(width)).rev();
                    rows.for_each(|(values, out)| row_of(self.running, states, values, out));
                }
            }
        }
    }
}

/// Consecutive elements of one line.
#[inline(always)]
fn line<'a, R: Running>(
    running: &R,
    state: &mut R::State,
    elements: impl Iterator<Item = (&'a R::In, &'a mut R::Out)>,
) {
    for (value, out) in elements {
        *out = running.next(state, value);
    }
}

/// One element each of neighbouring lines.
#[inline(always)]
fn row_of<R: Running>(running: &R, states: &mut [R::State], values: &[R::In], out: &mut [R::Out]) {
    for ((state, value), out) in states.iter_mut().zip(values).zip(out) {
        *out = running.next(state, value);
    }
}
