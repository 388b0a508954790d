//! The discrete Fourier transform of one length.
//!
//! Lengths of small prime factors go through passes of small transforms, each of which also sorts
//! (T. G. Stockham, "High-speed convolution and correlation", AFIPS 28, 1966; the mixed radices as in C. Temperton,
//! "Self-sorting mixed-radix fast Fourier transforms", Journal of Computational Physics 52, 1983). Others are
//! convolutions with a chirp, by transforms of a power of two (L. Bluestein, "A linear filtering approach to the
//! computation of the discrete Fourier transform", IEEE Transactions on Audio and Electroacoustics 18, 1970).
//!
//! Real and imaginary parts lie apart, so that every pass is vector code along neighbouring elements.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4};

use super::lanes::{Butterfly, Complexes, Four, Lanes, Odd, Two};
use crate::operators::elementwise::elementary::{cos, sin};
use crate::operators::simd::{self, Work};

/// The radices of passes, in the order in which they are taken: fours first, so that later passes have long rows.
const RADICES: [usize; 7] = [4, 2, 3, 5, 7, 11, 13];

/// Greater prime radices go up to this, where rows are long enough for vectors: 365 days, 8760 hours.
const WIDEST: usize = 127;

/// The shortest rows for those.
const WIDE_ROW: usize = 4;

/// `exp(-2πi k / n)`, from an angle of at most an eighth of a turn: exact at eighths, and within an ulp elsewhere.
pub fn root(k: u64, n: u64) -> (f64, f64) {
    let (k, n) = (u128::from(k % n), u128::from(n));
    let (octant, part) = (8 * k / n, 8 * k % n);
    let quarter = octant.div_ceil(2);
    let angle = |part: u128| FRAC_PI_4 * (part as f64 / n as f64);
    let (x, y) = match octant % 2 {
        1 if part == 0 => (FRAC_1_SQRT_2, -FRAC_1_SQRT_2),
        0 => (cos(angle(part)), sin(angle(part))),
        _ => (cos(angle(n - part)), -sin(angle(n - part))),
    };
    let (x, y) = match quarter % 4 {
        0 => (x, y),
        1 => (-y, x),
        2 => (-x, -y),
        _ => (y, -x),
    };
    (x + 0.0, -y + 0.0)
}

/// How transforms of one length are computed.
pub struct Plan {
    length: usize,
    way: Way,
}

enum Way {
    Passes(Vec<Pass>),
    Chirp(Box<Chirp>),
}

/// One pass: `m` transforms of `radix` numbers each, for rows of `row` neighbours.
struct Pass {
    radix: usize,
    m: usize,
    row: usize,
    /// The factors of the results but the first of each transform: `(k - 1) * m + p` for transform `p`.
    re: Vec<f64>,
    im: Vec<f64>,
    /// The roots of unity of the radix, clockwise from one.
    roots: Vec<(f64, f64)>,
}

/// A convolution with a chirp.
struct Chirp {
    /// The transform of the padded length.
    plan: Plan,
    /// `exp(-πi k² / n)`.
    chirp: Parts,
    /// The transform of the conjugate chirp, divided by the padded length.
    spectrum: Parts,
}

struct Parts {
    re: Vec<f64>,
    im: Vec<f64>,
}

/// The radices of passes for a length; none where it is better convolved.
fn radices(length: usize) -> Option<Vec<usize>> {
    let (mut left, mut radices) = (length, Vec::new());
    for radix in RADICES {
        while left % radix == 0 && left > 1 {
            radices.push(radix);
            left /= radix;
        }
    }
    let mut radix = RADICES[RADICES.len() - 1] + 2;
    while left > 1 && length / left >= WIDE_ROW && radix <= WIDEST {
        if left % radix == 0 {
            radices.push(radix);
            left /= radix;
        } else {
            radix += 2;
        }
    }
    (left == 1).then_some(radices)
}

/// The length of transforms by which a chirp is convolved.
fn padded(length: usize) -> usize {
    (2 * length - 1).next_power_of_two()
}

impl Plan {
    /// The plan for a length, which is not zero.
    pub fn new(length: usize) -> Plan {
        let way = match radices(length) {
            Some(radices) => Way::Passes(passes(length, &radices)),
            None => Way::Chirp(Box::new(Chirp::new(length))),
        };
        Plan { length, way }
    }

    /// Doubles of room that a transform needs besides its parts.
    pub fn work(&self) -> usize {
        match &self.way {
            Way::Passes(_) => 2 * self.length,
            Way::Chirp(chirp) => 4 * chirp.plan.length,
        }
    }

    /// Bytes of the plan for a length and of the room of one transform.
    pub fn bytes(length: u64) -> u64 {
        let n = length.max(1);
        match radices(n as usize) {
            Some(_) => n.saturating_mul(48),
            None => n.saturating_mul(48).saturating_add((padded(n as usize) as u64).saturating_mul(64)),
        }
    }

    /// Transforms real and imaginary parts in place, with [`Plan::work`] doubles of room, unnormalised.
    pub fn forward(&self, re: &mut [f64], im: &mut [f64], work: &mut [f64]) {
        match &self.way {
            Way::Passes(passes) => {
                let (other_re, other_im) = work[..2 * self.length].split_at_mut(self.length);
                simd::run(All { passes, here: (re, im), there: (other_re, other_im) });
            }
            Way::Chirp(chirp) => chirp.forward(re, im, work),
        }
    }
}

fn passes(length: usize, radices: &[usize]) -> Vec<Pass> {
    let (mut left, mut row) = (length, 1);
    let pass = |&radix: &usize| {
        let m = left / radix;
        let factors = (1..radix).flat_map(|k| (0..m).map(move |p| (k, p)));
        let (re, im) = factors.map(|(k, p)| root((k * p) as u64, left as u64)).unzip();
        let roots = (0..radix as u64).map(|k| root(k, radix as u64)).collect();
        let pass = Pass { radix, m, row, re, im, roots };
        (left, row) = (m, row * radix);
        pass
    };
    radices.iter().map(pass).collect()
}

impl Chirp {
    fn new(length: usize) -> Chirp {
        let n = length as u64;
        let square = |k: u64| (u128::from(k) * u128::from(k) % u128::from(2 * n)) as u64;
        let (re, im): (Vec<f64>, Vec<f64>) = (0..n).map(|k| root(square(k), 2 * n)).unzip();
        let plan = Plan::new(padded(length));
        let mut spectrum = Parts { re: vec![0.0; plan.length], im: vec![0.0; plan.length] };
        for k in 0..length {
            for at in [k, (plan.length - k) % plan.length] {
                (spectrum.re[at], spectrum.im[at]) = (re[k], -im[k]);
            }
        }
        let mut work = vec![0.0; plan.work()];
        plan.forward(&mut spectrum.re, &mut spectrum.im, &mut work);
        let scale = 1.0 / plan.length as f64;
        spectrum.re.iter_mut().chain(&mut spectrum.im).for_each(|x| *x *= scale);
        Chirp { plan, chirp: Parts { re, im }, spectrum }
    }

    fn forward(&self, re: &mut [f64], im: &mut [f64], work: &mut [f64]) {
        let n = self.plan.length;
        let (parts, work) = work.split_at_mut(2 * n);
        let (padded_re, padded_im) = parts.split_at_mut(n);
        let chirp = self.chirp.re.iter().zip(&self.chirp.im);
        let product = |(a, b): (f64, f64), (c, d): (f64, f64)| (a * c - b * d, a * d + b * c);
        for (i, (c, d)) in chirp.clone().enumerate() {
            (padded_re[i], padded_im[i]) = product((re[i], im[i]), (*c, *d));
        }
        padded_re[re.len()..].fill(0.0);
        padded_im[re.len()..].fill(0.0);
        self.plan.forward(padded_re, padded_im, work);
        for i in 0..n {
            let spectrum = (self.spectrum.re[i], self.spectrum.im[i]);
            (padded_re[i], padded_im[i]) = product((padded_re[i], padded_im[i]), spectrum);
        }
        // A transform of swapped parts is the inverse, swapped.
        self.plan.forward(padded_im, padded_re, work);
        for (i, (c, d)) in chirp.enumerate() {
            (re[i], im[i]) = product((padded_re[i], padded_im[i]), (*c, *d));
        }
    }
}

/// All passes of a transform, one way and back.
struct All<'a> {
    passes: &'a [Pass],
    here: (&'a mut [f64], &'a mut [f64]),
    there: (&'a mut [f64], &'a mut [f64]),
}

impl Work for All<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let All { passes, here, there } = self;
        for (i, pass) in passes.iter().enumerate() {
            if i % 2 == 0 {
                pass.run((here.0, here.1), (there.0, there.1));
            } else {
                pass.run((there.0, there.1), (here.0, here.1));
            }
        }
        if passes.len() % 2 == 1 {
            here.0.copy_from_slice(there.0);
            here.1.copy_from_slice(there.1);
        }
    }
}

/// The place of a transform of a pass: its number, and the factors of its results.
struct Place<'a, const R: usize> {
    p: usize,
    factors: &'a [(f64, f64); R],
}

impl Pass {
    #[inline(always)]
    fn run(&self, from: (&[f64], &[f64]), to: (&mut [f64], &mut [f64])) {
        match self.radix {
            2 => self.with(&Two, from, to),
            3 => self.with(&self.odd::<3>(), from, to),
            4 => self.with(&Four, from, to),
            5 => self.with(&self.odd::<5>(), from, to),
            7 => self.with(&self.odd::<7>(), from, to),
            11 => self.with(&self.odd::<11>(), from, to),
            13 => self.with(&self.odd::<13>(), from, to),
            _ => self.wide(from, to),
        }
    }

    #[inline(always)]
    fn with<const R: usize>(
        &self,
        butterfly: &impl Butterfly<R>,
        from: (&[f64], &[f64]),
        mut to: (&mut [f64], &mut [f64]),
    ) {
        if self.row == 1 {
            let p = self.across::<R, 8>(butterfly, from, (&mut *to.0, &mut *to.1), 0);
            self.across::<R, 1>(butterfly, from, (&mut *to.0, &mut *to.1), p);
            return;
        }
        for p in 0..self.m {
            let mut factors = [(1.0, 0.0); R];
            for (k, factor) in factors.iter_mut().enumerate().skip(1) {
                *factor = (self.re[(k - 1) * self.m + p], self.im[(k - 1) * self.m + p]);
            }
            let place = Place { p, factors: &factors };
            let q = self.along::<R, 8>(butterfly, from, &mut to, (&place, 0));
            let q = self.along::<R, 4>(butterfly, from, &mut to, (&place, q));
            let q = self.along::<R, 2>(butterfly, from, &mut to, (&place, q));
            self.along::<R, 1>(butterfly, from, &mut to, (&place, q));
        }
    }

    /// Transforms beside each other, of rows of one element, from `p` on; gives the first that is left.
    #[inline(always)]
    fn across<const R: usize, const W: usize>(
        &self,
        butterfly: &impl Butterfly<R>,
        from: (&[f64], &[f64]),
        to: (&mut [f64], &mut [f64]),
        mut p: usize,
    ) -> usize {
        while p + W <= self.m {
            let mut of = [Complexes::<W>::ZERO; R];
            for (j, of) in of.iter_mut().enumerate() {
                let at = p + self.m * j;
                *of = Complexes::load(from, at);
            }
            let results = butterfly.transform(of);
            for (k, mut result) in results.into_iter().enumerate() {
                if k > 0 {
                    let at = (k - 1) * self.m + p;
                    let factors = Complexes { re: Lanes::load(&self.re, at), im: Lanes::load(&self.im, at) };
                    result = result.times_each(factors);
                }
                for i in 0..W {
                    to.0[R * (p + i) + k] = result.re.0[i];
                    to.1[R * (p + i) + k] = result.im.0[i];
                }
            }
            p += W;
        }
        p
    }

    /// One transform of each element of a row, from `q` on; gives the first that is left.
    #[inline(always)]
    fn along<const R: usize, const W: usize>(
        &self,
        butterfly: &impl Butterfly<R>,
        from: (&[f64], &[f64]),
        to: &mut (&mut [f64], &mut [f64]),
        (Place { p, factors }, mut q): (&Place<'_, R>, usize),
    ) -> usize {
        while q + W <= self.row {
            let mut of = [Complexes::<W>::ZERO; R];
            for (j, of) in of.iter_mut().enumerate() {
                let at = q + self.row * (p + self.m * j);
                *of = Complexes::load(from, at);
            }
            let results = butterfly.transform(of);
            for (k, mut result) in results.into_iter().enumerate() {
                if k > 0 {
                    result = result.times(factors[k]);
                }
                let at = q + self.row * (R * p + k);
                result.store(to, at);
            }
            q += W;
        }
        q
    }

    /// The pass for a radix that no loop is written out for.
    #[inline(always)]
    fn wide(&self, from: (&[f64], &[f64]), mut to: (&mut [f64], &mut [f64])) {
        for p in 0..self.m {
            let q = self.wide_along::<8>(from, &mut to, (p, 0));
            let q = self.wide_along::<4>(from, &mut to, (p, q));
            self.wide_along::<1>(from, &mut to, (p, q));
        }
    }

    /// As [`Pass::along`], by the sums and differences of numbers that stand opposite.
    #[inline(always)]
    fn wide_along<const W: usize>(
        &self,
        from: (&[f64], &[f64]),
        to: &mut (&mut [f64], &mut [f64]),
        (p, mut q): (usize, usize),
    ) -> usize {
        let (radix, half) = (self.radix, self.radix / 2);
        let mut pairs = [(Complexes::<W>::ZERO, Complexes::<W>::ZERO); WIDEST / 2];
        while q + W <= self.row {
            let load = |j: usize| Complexes::load(from, q + self.row * (p + self.m * j));
            let first = load(0);
            let mut total = first;
            for (j, pair) in pairs[..half].iter_mut().enumerate() {
                let (one, other) = (load(j + 1), load(radix - 1 - j));
                *pair = (one.plus(other), one.minus(other));
                total = total.plus(pair.0);
            }
            total.store(to, q + self.row * radix * p);
            for k in 1..=half {
                let (mut along, mut across, mut at) = (first, Complexes::ZERO, 0);
                for pair in &pairs[..half] {
                    at = if at + k >= radix { at + k - radix } else { at + k };
                    let (re, im) = self.roots[at];
                    along = along.plus(pair.0.scaled(re));
                    across = across.plus(pair.1.scaled(-im));
                }
                for (k, result) in [(k, along.minus_turned(across)), (radix - k, along.plus_turned(across))] {
                    let factor = (self.re[(k - 1) * self.m + p], self.im[(k - 1) * self.m + p]);
                    result.times(factor).store(to, q + self.row * (radix * p + k));
                }
            }
            q += W;
        }
        q
    }

    #[inline(always)]
    fn odd<const R: usize>(&self) -> Odd<R> {
        let mut roots = [(1.0, 0.0); R];
        roots.copy_from_slice(&self.roots);
        Odd { roots }
    }
}
