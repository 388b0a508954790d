//! Random bits by place: a generator without a state, which turns a counter into bits.
//!
//! Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3"
//! (SC 2011). The counter holds the place of an element, the number of the draw for it and the distribution; the key
//! is the seed. So an element can be computed alone, anywhere, and equal seeds give different distributions
//! independent numbers.

/// The factors of a round, and what is added to the key from round to round.
const FACTORS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;

/// The lower half of a word of 64 bits.
const LOW: u64 = 0xffff_ffff;

/// A source of random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generator {
    /// The key.
    pub seed: u64,
    /// The distribution that the bits are for.
    pub stream: u32,
}

impl Generator {
    /// Four words of 32 random bits, each in the lower half of one of 64: for the element at a position in C order,
    /// and of as many draws as it takes.
    #[inline(always)]
    pub fn words(&self, position: i64, draw: u32) -> [u64; 4] {
        let position = position as u64;
        let counter = [position & LOW, position >> 32, u64::from(draw), u64::from(self.stream)];
        philox(counter, [self.seed as u32, (self.seed >> 32) as u32])
    }

    /// 64 random bits.
    #[inline(always)]
    pub fn bits(&self, position: i64, draw: u32) -> u64 {
        let [a, b, ..] = self.words(position, draw);
        a | (b << 32)
    }

    /// Two independent numbers from zero up to and without one, each a multiple of 2^-53.
    #[inline(always)]
    pub fn units(&self, position: i64, draw: u32) -> [f64; 2] {
        let [a, b, c, d] = self.words(position, draw);
        [unit(a, b), unit(c, d)]
    }

    /// All draws for one element, one after the other.
    pub fn draws(&self, position: i64) -> impl FnMut() -> f64 + '_ {
        let (mut draw, mut spare) = (0u32, None);
        move || {
            spare.take().unwrap_or_else(|| {
                let [first, second] = self.units(position, draw);
                draw = draw.wrapping_add(1);
                spare = Some(second);
                first
            })
        }
    }
}

#[inline(always)]
fn philox(counter: [u64; 4], key: [u32; 2]) -> [u64; 4] {
    let ([mut a, mut b, mut c, mut d], [mut k, mut l]) = (counter, key);
    for _ in 0..ROUNDS {
        let (first, second) = (FACTORS[0] * a, FACTORS[1] * c);
        [a, b, c, d] = [(second >> 32) ^ b ^ u64::from(k), second & LOW, (first >> 32) ^ d ^ u64::from(l), first & LOW];
        (k, l) = (k.wrapping_add(STEPS[0]), l.wrapping_add(STEPS[1]));
    }
    [a, b, c, d]
}

/// The number whose first 53 binary places are the upper 26 bits of `a` and 27 of `b`.
#[inline(always)]
fn unit(a: u64, b: u64) -> f64 {
    // An integer below 2^52 stands in the lowest bits of its sum with 2^52: a conversion that all vectors have.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let number = |bits: u64| f64::from_bits(bits | TWO_52.to_bits()) - TWO_52;
    (number(b >> 5) * f64::from(1u32 << 26) + number(a >> 6)) / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers that the authors' Random123 1.14 gives in its file of known answers.
    #[test]
    fn bits_are_the_authors() {
        let of =
            |counter: [u32; 4], key| philox(counter.map(u64::from), key).map(|word| format!("{word:08x}")).join(" ");
        assert_eq!(of([0; 4], [0; 2]), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
        assert_eq!(of([u32::MAX; 4], [u32::MAX; 2]), "408f276d 41c83b0e a20bc7c6 6d5451fd");
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(of(pi, [0xa409_3822, 0x299f_31d0]), "d16cfe09 94fdcceb 5001e420 24126ea1");
    }

    #[test]
    fn units_use_all_their_bits() {
        assert_eq!(unit(0, 0), 0.0);
        assert_eq!(unit(LOW, LOW), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(unit(1 << 6, 0), f64::EPSILON / 2.0);
        assert_eq!(unit(0, 1 << 31), 0.5);
        let generator = Generator { seed: 1, stream: 2 };
        let mut draws = generator.draws(7);
        let [[a, b], [c, _]] = [generator.units(7, 0), generator.units(7, 1)];
        assert_eq!([draws(), draws(), draws()], [a, b, c]);
    }
}
