//! Transforms of lines: complex ones, and those of real numbers, of which half of the spectrum says all.
//!
//! A real line of even length is a complex one of half the length, its even elements the real parts (J. W. Cooley,
//! P. A. W. Lewis and P. D. Welch, "The fast Fourier transform algorithm: programming considerations in the calculation
//! of sine, cosine and Laplace transforms", Journal of Sound and Vibration 12, 1970). All is computed in doubles.

use std::fmt;
use std::sync::OnceLock;

use num_complex::{Complex32, Complex64};

use super::plan::{Plan, root};
use crate::array::block::Element;
use crate::array::{Block, DType};
use crate::operators::whole::LineFunction;
use crate::operators::whole::lines::{self, Layout};

/// What is transformed into what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any numbers into as many complex ones.
    Forward,
    /// Complex numbers back.
    Inverse,
    /// Real numbers into the first half of the spectrum.
    RealForward,
    /// The first half of a spectrum into real numbers.
    RealInverse,
}

/// The transform of lines, cut or filled up with zeros to a length of their own.
pub struct Fourier {
    /// What is transformed into what.
    pub kind: Kind,
    /// The dtype of the elements: `f32`, `f64`, `c64` or `c128`.
    pub dtype: DType,
    /// The length of the transform, not zero.
    pub length: u64,
    /// By what results are multiplied.
    pub scale: f64,
    /// What is computed once.
    prepared: OnceLock<Prepared>,
}

impl fmt::Debug for Fourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {} {}, scaled by {}", self.kind, self.length, self.dtype, self.scale)
    }
}

struct Prepared {
    plan: Plan,
    /// The roots by which the halves of real transforms of even length are put together.
    roots: Vec<(f64, f64)>,
}

impl Fourier {
    /// A transform of that length.
    pub fn new(kind: Kind, dtype: DType, length: u64, scale: f64) -> Fourier {
        Fourier { kind, dtype, length, scale, prepared: OnceLock::new() }
    }

    /// The dtype of the results.
    pub fn gives(kind: Kind, dtype: DType) -> DType {
        let single = matches!(dtype, DType::F32 | DType::C64);
        match (kind, single) {
            (Kind::RealInverse, true) => DType::F32,
            (Kind::RealInverse, false) => DType::F64,
            (_, true) => DType::C64,
            (_, false) => DType::C128,
        }
    }

    fn is_real(&self) -> bool {
        matches!(self.dtype, DType::F32 | DType::F64)
    }

    /// Whether lines go through transforms of half the length.
    fn is_halved(&self) -> bool {
        let real = matches!(self.kind, Kind::RealForward | Kind::RealInverse) || self.is_real();
        real && self.kind != Kind::Inverse && self.length.is_multiple_of(2)
    }

    fn prepared(&self) -> &Prepared {
        self.prepared.get_or_init(|| match self.is_halved() {
            true => Prepared {
                plan: Plan::new(self.length as usize / 2),
                roots: (0..=self.length / 2).map(|k| root(k, self.length)).collect(),
            },
            false => Prepared { plan: Plan::new(self.length as usize), roots: Vec::new() },
        })
    }

    fn lines<T: Number, R: Number>(&self, block: &Block, layout: Layout<'_>) -> Block {
        let values = block.values::<T>().expect("calls are typed");
        let mut line = Line::new(self);
        lines::each(values, layout, |value| value, |from: &mut [T], to: &mut [R]| line.run(from, to))
    }
}

impl LineFunction for Fourier {
    fn len(&self, _: u64) -> u64 {
        match self.kind {
            Kind::RealForward => self.length / 2 + 1,
            Kind::Forward | Kind::Inverse | Kind::RealInverse => self.length,
        }
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        match (self.dtype, self.kind) {
            (DType::F32, _) => self.lines::<f32, Complex32>(block, layout),
            (DType::F64, _) => self.lines::<f64, Complex64>(block, layout),
            (DType::C64, Kind::RealInverse) => self.lines::<Complex32, f32>(block, layout),
            (DType::C64, _) => self.lines::<Complex32, Complex32>(block, layout),
            (_, Kind::RealInverse) => self.lines::<Complex64, f64>(block, layout),
            _ => self.lines::<Complex64, Complex64>(block, layout),
        }
    }

    fn room(&self, n: u64) -> u64 {
        let (item, out) = (self.dtype.size(), Fourier::gives(self.kind, self.dtype).size());
        let plan = Plan::bytes(if self.is_halved() { self.length / 2 } else { self.length });
        let parts = self.length.saturating_mul(if self.is_halved() { 16 } else { 0 });
        lines::room(n, item, self.len(n), out).saturating_add(plan).saturating_add(parts)
    }
}

/// A number as its parts.
trait Number: Element + Copy + Default {
    fn parts(self) -> (f64, f64);
    fn of(re: f64, im: f64) -> Self;
}

macro_rules! numbers {
    ($($real:ty, $complex:ty;)*) => {
        $(impl Number for $real {
            fn parts(self) -> (f64, f64) {
                (f64::from(self), 0.0)
            }
            fn of(re: f64, _: f64) -> Self {
                re as $real
            }
        }

        impl Number for $complex {
            fn parts(self) -> (f64, f64) {
                (f64::from(self.re), f64::from(self.im))
            }
            fn of(re: f64, im: f64) -> Self {
                Self::new(re as $real, im as $real)
            }
        })*
    };
}

numbers! { f32, Complex32; f64, Complex64; }

/// Room for one line.
struct Line<'a> {
    of: &'a Fourier,
    prepared: &'a Prepared,
    re: Vec<f64>,
    im: Vec<f64>,
    work: Vec<f64>,
}

impl<'a> Line<'a> {
    fn new(of: &'a Fourier) -> Self {
        let prepared = of.prepared();
        let n = if of.is_halved() { of.length / 2 } else { of.length } as usize;
        Line { of, prepared, re: vec![0.0; n], im: vec![0.0; n], work: vec![0.0; prepared.plan.work()] }
    }

    fn run<T: Number, R: Number>(&mut self, from: &[T], to: &mut [R]) {
        let n = self.of.length as usize;
        match (self.of.kind, self.of.is_halved()) {
            (Kind::RealInverse, halved) => self.real_line(&from[..from.len().min(n / 2 + 1)], to, halved),
            (_, true) => self.half_spectrum(&from[..from.len().min(n)], to),
            (kind, false) => {
                self.load(&from[..from.len().min(n)]);
                self.turn(kind == Kind::Inverse);
                let scale = self.of.scale;
                let parts = self.re.iter().zip(&self.im);
                to.iter_mut().zip(parts).for_each(|(to, (re, im))| *to = R::of(re * scale, im * scale));
                if self.of.is_real() && kind == Kind::Forward {
                    mirror(to, n);
                }
            }
        }
    }

    fn load<T: Number>(&mut self, from: &[T]) {
        self.re.fill(0.0);
        self.im.fill(0.0);
        let parts = self.re.iter_mut().zip(&mut self.im);
        parts.zip(from).for_each(|((re, im), value)| (*re, *im) = value.parts());
    }

    /// Transforms what is loaded; backwards with the parts swapped.
    fn turn(&mut self, back: bool) {
        let (re, im) = if back { (&mut self.im, &mut self.re) } else { (&mut self.re, &mut self.im) };
        self.prepared.plan.forward(re, im, &mut self.work);
    }

    /// The spectrum of a real line of even length, or its first half.
    fn half_spectrum<T: Number, R: Number>(&mut self, from: &[T], to: &mut [R]) {
        self.re.fill(0.0);
        self.im.fill(0.0);
        for (j, pair) in from.chunks(2).enumerate() {
            self.re[j] = pair[0].parts().0;
            self.im[j] = pair.get(1).map_or(0.0, |value| value.parts().0);
        }
        self.turn(false);
        let (half, scale) = (self.re.len(), self.of.scale);
        for (k, (to, root)) in to.iter_mut().zip(&self.prepared.roots).enumerate() {
            let (a, b) = (k % half, (half - k) % half);
            let even = ((self.re[a] + self.re[b]) * 0.5, (self.im[a] - self.im[b]) * 0.5);
            let odd = ((self.im[a] + self.im[b]) * 0.5, (self.re[b] - self.re[a]) * 0.5);
            let re = even.0 + (odd.0 * root.0 - odd.1 * root.1);
            let im = even.1 + (odd.0 * root.1 + odd.1 * root.0);
            let im = if b == 0 { 0.0 } else { im };
            *to = R::of(re * scale, im * scale);
        }
        if self.of.kind == Kind::Forward {
            mirror(to, self.of.length as usize);
        }
    }

    /// The real line of which `from` is the first half of the spectrum.
    fn real_line<T: Number, R: Number>(&mut self, from: &[T], to: &mut [R], halved: bool) {
        let n = self.of.length as usize;
        let at = |k: usize| {
            let (re, im) = from.get(k).map_or((0.0, 0.0), |value| value.parts());
            (re, if k == 0 || 2 * k == n { 0.0 } else { im })
        };
        if !halved {
            for k in 0..n.div_ceil(2) {
                let (re, im) = at(k);
                (self.re[(n - k) % n], self.im[(n - k) % n]) = (re, -im);
                (self.re[k], self.im[k]) = (re, im);
            }
            self.turn(true);
            to.iter_mut().zip(&self.re).for_each(|(to, re)| *to = R::of(re * self.of.scale, 0.0));
            return;
        }
        for k in 0..n / 2 {
            let ((a, b), (c, d)) = (at(k), at(n / 2 - k));
            let (root, odd) = (self.prepared.roots[k], (a - c, b + d));
            let odd = (odd.0 * root.0 + odd.1 * root.1, odd.1 * root.0 - odd.0 * root.1);
            (self.re[k], self.im[k]) = (a + c - odd.1, b - d + odd.0);
        }
        self.turn(true);
        for (j, pair) in to.chunks_mut(2).enumerate() {
            pair[0] = R::of(self.re[j] * self.of.scale, 0.0);
            pair[1] = R::of(self.im[j] * self.of.scale, 0.0);
        }
    }
}

/// The second half of the spectrum of a real line of `n` elements: the first, mirrored and conjugate.
fn mirror<R: Number>(spectrum: &mut [R], n: usize) {
    for k in n / 2 + 1..n {
        let (re, im) = spectrum[n - k].parts();
        spectrum[k] = R::of(re, -im);
    }
}
