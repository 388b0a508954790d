//! The cubic spline through all elements of a line, without a knot next to its ends: the first two pieces are
//! one cubic, and so are the last two (de Boor, "A Practical Guide to Splines", chapter IV).
//!
//! The slopes at the labels solve a tridiagonal system that depends on the labels alone: it is factored once, and
//! each line costs two sweeps. A missing element makes its whole line missing.

use half::f16;

use crate::array::block::Element;
use crate::array::{Block, DType};
use crate::operators::whole::LineFunction;
use crate::operators::whole::lines::{self, Layout};

/// A spline of fewer labels is not determined.
pub(super) const FEWEST: usize = 4;

/// The values of splines at some places.
#[derive(Clone, Debug)]
pub(super) struct Spline {
    dtype: DType,
    /// The distances of neighbouring labels.
    gaps: Vec<f64>,
    /// The system below the diagonal, and above it after elimination; what remained of the diagonal.
    below: Vec<f64>,
    above: Vec<f64>,
    pivots: Vec<f64>,
    /// For each place the piece it lies on and the distance from its beginning; none where it is `fill`.
    places: Vec<Option<(usize, f64)>>,
    fill: f64,
}

impl Spline {
    /// The values of splines with knots at `labels`, ascending, [`FEWEST`] or more, at `places`; of those beyond the
    /// labels `fill`, unless the outermost pieces go on.
    pub fn new(dtype: DType, labels: &[f64], places: &[f64], (fill, beyond): (f64, bool)) -> Spline {
        let n = labels.len();
        let gaps: Vec<f64> = labels.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (mut below, mut above) = (vec![0.0; n], vec![0.0; n]);
        let mut pivots = vec![0.0; n];
        (pivots[0], above[0]) = (gaps[1], gaps[0] + gaps[1]);
        for i in 1..n - 1 {
            (below[i], pivots[i], above[i]) = (gaps[i], 2.0 * (gaps[i - 1] + gaps[i]), gaps[i - 1]);
        }
        (below[n - 1], pivots[n - 1]) = (gaps[n - 3] + gaps[n - 2], gaps[n - 3]);
        for i in 1..n {
            above[i - 1] /= pivots[i - 1];
            pivots[i] -= below[i] * above[i - 1];
        }
        let on_piece = |place: &f64| {
            let is_within = (labels[0]..=labels[n - 1]).contains(place);
            let piece = labels.partition_point(|label| label <= place).clamp(1, n - 1) - 1;
            (is_within || beyond || place.is_nan()).then(|| (piece, place - labels[piece]))
        };
        Spline { dtype, places: places.iter().map(on_piece).collect(), gaps, below, above, pivots, fill }
    }

    /// The slopes of the spline through `values` at its knots.
    fn slopes(&self, values: &[f64], slopes: &mut Vec<f64>) {
        let (n, gaps) = (values.len(), &self.gaps);
        let steep = |i: usize| (values[i + 1] - values[i]) / gaps[i];
        slopes.clear();
        let (first, second) = (gaps[0], gaps[1]);
        let both = first + second;
        slopes.push(((first + 2.0 * both) * second * steep(0) + first * first * steep(1)) / both);
        slopes.extend((1..n - 1).map(|i| 3.0 * (gaps[i] * steep(i - 1) + gaps[i - 1] * steep(i))));
        let (last, other) = (gaps[n - 2], gaps[n - 3]);
        let both = last + other;
        slopes.push((last * last * steep(n - 3) + (2.0 * both + last) * other * steep(n - 2)) / both);
        slopes[0] /= self.pivots[0];
        for i in 1..n {
            slopes[i] = (slopes[i] - self.below[i] * slopes[i - 1]) / self.pivots[i];
        }
        for i in (0..n - 1).rev() {
            slopes[i] -= self.above[i] * slopes[i + 1];
        }
    }

    /// The value at a distance from the beginning of a piece.
    fn value(&self, values: &[f64], slopes: &[f64], (piece, distance): (usize, f64)) -> f64 {
        let gap = self.gaps[piece];
        let steep = (values[piece + 1] - values[piece]) / gap;
        let bend = (slopes[piece] + slopes[piece + 1] - 2.0 * steep) / gap;
        let second = (steep - slopes[piece]) / gap - bend;
        let cubic = bend / gap;
        values[piece] + distance * (slopes[piece] + distance * (second + distance * cubic))
    }

    fn lines<T: Element + Copy + Default>(
        &self,
        block: &Block,
        layout: Layout<'_>,
        turn: impl Fn(T) -> f64,
        back: impl Fn(f64) -> T,
    ) -> Block {
        let values = block.values::<T>().expect("calls are typed");
        let mut slopes = Vec::new();
        lines::each(values, layout, turn, |line, results| {
            if line.iter().any(|value| value.is_nan()) {
                results.fill(back(f64::NAN));
                return;
            }
            self.slopes(line, &mut slopes);
            for (result, place) in results.iter_mut().zip(&self.places) {
                *result = back(place.map_or(self.fill, |place| self.value(line, &slopes, place)));
            }
        })
    }
}

impl LineFunction for Spline {
    fn len(&self, _: u64) -> u64 {
        self.places.len() as u64
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        match self.dtype {
            DType::F16 => self.lines(block, layout, f16::to_f64, f16::from_f64),
            DType::F32 => self.lines(block, layout, |v: f32| f64::from(v), |v| v as f32),
            _ => self.lines(block, layout, |v: f64| v, |v| v),
        }
    }

    fn room(&self, n: u64) -> u64 {
        lines::room(n, size_of::<f64>(), self.len(n), self.dtype.size()).saturating_add(n.saturating_mul(8))
    }
}
