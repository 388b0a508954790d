//! Vectors of doubles, and small discrete Fourier transforms of them.
//!
//! Vectors are arrays on which arithmetic is written out; the compiler makes instructions of the level in force of it
//! ([`crate::operators::simd`]). No product is contracted with a sum, so all levels and widths give the same bits.

use std::ops::{Add, Mul, Sub};

/// `W` doubles.
#[derive(Clone, Copy)]
pub struct Lanes<const W: usize>(pub [f64; W]);

impl<const W: usize> Lanes<W> {
    /// All zero.
    pub const ZERO: Lanes<W> = Lanes([0.0; W]);

    /// The doubles from `at` on.
    #[inline(always)]
    pub fn load(from: &[f64], at: usize) -> Self {
        let mut lanes = [0.0; W];
        lanes.copy_from_slice(&from[at..at + W]);
        Lanes(lanes)
    }

    /// Puts the doubles at `at` and after it.
    #[inline(always)]
    pub fn store(self, to: &mut [f64], at: usize) {
        to[at..at + W].copy_from_slice(&self.0);
    }
}

macro_rules! lanewise {
    ($($of:ident $name:ident $sign:tt;)*) => {
        $(impl<const W: usize> $of for Lanes<W> {
            type Output = Self;
            #[inline(always)]
            fn $name(mut self, other: Self) -> Self {
                for i in 0..W {
                    self.0[i] $sign other.0[i];
                }
                self
            }
        })*
    };
}

lanewise! { Add add +=; Sub sub -=; Mul mul *=; }

impl<const W: usize> Mul<f64> for Lanes<W> {
    type Output = Self;
    #[inline(always)]
    fn mul(mut self, factor: f64) -> Self {
        for i in 0..W {
            self.0[i] *= factor;
        }
        self
    }
}

/// `W` complex numbers.
#[derive(Clone, Copy)]
pub struct Complexes<const W: usize> {
    /// Their real parts.
    pub re: Lanes<W>,
    /// Their imaginary parts.
    pub im: Lanes<W>,
}

impl<const W: usize> Complexes<W> {
    /// All zero.
    pub const ZERO: Complexes<W> = Complexes { re: Lanes::ZERO, im: Lanes::ZERO };

    /// The numbers from `at` on.
    #[inline(always)]
    pub fn load((re, im): (&[f64], &[f64]), at: usize) -> Self {
        Complexes { re: Lanes::load(re, at), im: Lanes::load(im, at) }
    }

    /// Puts the numbers at `at` and after it.
    #[inline(always)]
    pub fn store(self, to: &mut (&mut [f64], &mut [f64]), at: usize) {
        self.re.store(to.0, at);
        self.im.store(to.1, at);
    }

    /// The sums.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Complexes { re: self.re + other.re, im: self.im + other.im }
    }

    /// The differences.
    #[inline(always)]
    pub fn minus(self, other: Self) -> Self {
        Complexes { re: self.re - other.re, im: self.im - other.im }
    }

    /// `self - i other`.
    #[inline(always)]
    pub fn minus_turned(self, other: Self) -> Self {
        Complexes { re: self.re + other.im, im: self.im - other.re }
    }

    /// `self + i other`.
    #[inline(always)]
    pub fn plus_turned(self, other: Self) -> Self {
        Complexes { re: self.re - other.im, im: self.im + other.re }
    }

    /// The products with a real number.
    #[inline(always)]
    pub fn scaled(self, factor: f64) -> Self {
        Complexes { re: self.re * factor, im: self.im * factor }
    }

    /// The products with a complex number.
    #[inline(always)]
    pub fn times(self, (re, im): (f64, f64)) -> Self {
        Complexes { re: self.re * re - self.im * im, im: self.re * im + self.im * re }
    }

    /// The products one by one.
    #[inline(always)]
    pub fn times_each(self, other: Self) -> Self {
        Complexes { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

/// The discrete Fourier transform of `R` numbers.
pub trait Butterfly<const R: usize> {
    /// The transforms, lane by lane.
    fn transform<const W: usize>(&self, of: [Complexes<W>; R]) -> [Complexes<W>; R];
}

/// Of two numbers.
pub struct Two;

impl Butterfly<2> for Two {
    #[inline(always)]
    fn transform<const W: usize>(&self, [a, b]: [Complexes<W>; 2]) -> [Complexes<W>; 2] {
        [a.plus(b), a.minus(b)]
    }
}

/// Of four numbers.
pub struct Four;

impl Butterfly<4> for Four {
    #[inline(always)]
    fn transform<const W: usize>(&self, [a, b, c, d]: [Complexes<W>; 4]) -> [Complexes<W>; 4] {
        let (even, odd) = ((a.plus(c), a.minus(c)), (b.plus(d), b.minus(d)));
        [even.0.plus(odd.0), even.1.minus_turned(odd.1), even.0.minus(odd.0), even.1.plus_turned(odd.1)]
    }
}

/// Of an odd number of numbers: sums and differences of those that stand opposite.
pub struct Odd<const R: usize> {
    /// The roots of unity, clockwise from one.
    pub roots: [(f64, f64); R],
}

impl<const R: usize> Butterfly<R> for Odd<R> {
    #[inline(always)]
    fn transform<const W: usize>(&self, of: [Complexes<W>; R]) -> [Complexes<W>; R] {
        let mut out = of;
        let (mut sums, mut differences) = (of, of);
        for j in 1..R.div_ceil(2) {
            sums[j] = of[j].plus(of[R - j]);
            differences[j] = of[j].minus(of[R - j]);
            out[0] = out[0].plus(sums[j]);
        }
        for k in 1..R.div_ceil(2) {
            let (mut along, mut across) = (of[0], Complexes::ZERO);
            for j in 1..R.div_ceil(2) {
                let (re, im) = self.roots[j * k % R];
                along = along.plus(sums[j].scaled(re));
                across = across.plus(differences[j].scaled(-im));
            }
            out[k] = along.minus_turned(across);
            out[R - k] = along.plus_turned(across);
        }
        out
    }
}
