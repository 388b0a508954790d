//! Random counts: Poisson and binomial distributions.
//!
//! Small means are inverted: the probabilities are summed up until the sum passes a uniform number. Others are drawn by
//! transformed rejection, which takes about 1.2 pairs of uniform numbers whatever the mean: W. Hörmann, "The
//! transformed rejection method for generating Poisson random variables" (1993, PTRS) and "The generation of binomial
//! random variates" (1993, BTRS). Logarithms of probabilities are those of C. Loader, "Fast and accurate computation
//! of binomial probabilities" (2000), which stay exact for large means.

use super::philox::Generator;
use crate::operators::elementwise::elementary::{exp, log, log1p};
use crate::operators::elementwise::loops::map1;
use crate::operators::tile::TileLoop;

/// Means below this are inverted.
const SMALL: f64 = 10.0;

/// The loop that gives counts of events of which `mean` are expected.
pub fn poisson(generator: Generator, mean: f64) -> TileLoop {
    if mean < SMALL {
        let none = exp(-mean);
        return map1(move |position: i64| {
            let [unit, _] = generator.units(position, 0);
            inverted(unit, none, |k| mean / k) as i64
        });
    }
    let spread = mean.sqrt();
    let b = 0.931 + 2.53 * spread;
    let a = -0.059 + 0.02483 * b;
    let hat = Hat { a, b, center: mean + 0.43, quick: 0.9277 - 3.6224 / (b - 2.0), scale: 1.1239 + 1.1328 / (b - 3.4) };
    let likely = move |k: f64| if k == 0.0 { -mean } else { likely_count(k, mean) };
    map1(move |position: i64| hat.draw(generator, position, f64::INFINITY, likely) as i64)
}

/// The loop that gives counts of successes in `trials` trials (at most 2^53) of probability `chance`.
pub fn binomial(generator: Generator, trials: u64, chance: f64) -> TileLoop {
    let n = trials as f64;
    let (p, is_turned) = if chance > 0.5 { (1.0 - chance, true) } else { (chance, false) };
    let turn = move |k: f64| if is_turned { n - k } else { k } as i64;
    let none = n * log1p(-p);
    if n * p < SMALL {
        let (first, odds) = (exp(none), p / (1.0 - p));
        return map1(move |position: i64| {
            let [unit, _] = generator.units(position, 0);
            turn(inverted(unit, first, |k| odds * (n - k + 1.0) / k))
        });
    }
    let (q, most) = (1.0 - p, ((n + 1.0) * p).floor());
    let spread = (n * p * q).sqrt();
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let alone = move |k: f64| match k {
        0.0 => none,
        _ if k == n => n * log(p),
        _ => {
            let excess = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
            let away = deviance(k, n * p) + deviance(n - k, n * q);
            excess - away - 0.5 * log(std::f64::consts::TAU * k * ((n - k) / n))
        }
    };
    let peak = alone(most);
    let hat = Hat { a, b, center: n * p + 0.5, quick: 0.92 - 4.2 / b, scale: (2.83 + 5.1 / b) * spread };
    map1(move |position: i64| turn(hat.draw(generator, position, n, |k| alone(k) - peak)))
}

/// The least count whose probabilities sum up to more than `unit`; `first` is that of none, and the others follow by
/// their `ratio` to the one before.
fn inverted(unit: f64, first: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut count, mut chance, mut sum) = (0.0, first, first);
    while unit >= sum {
        chance *= ratio(count + 1.0);
        if sum + chance == sum {
            break;
        }
        sum += chance;
        count += 1.0;
    }
    count
}

/// The table under which counts are drawn until one is accepted.
#[derive(Clone, Copy)]
struct Hat {
    a: f64,
    b: f64,
    center: f64,
    /// Below this a usual count is accepted at once.
    quick: f64,
    scale: f64,
}

impl Hat {
    /// A count up to `most`, whose probabilities have the logarithms `likely` but for what is in `scale`.
    fn draw(self, generator: Generator, position: i64, most: f64, likely: impl Fn(f64) -> f64) -> f64 {
        let mut next = generator.draws(position);
        loop {
            let (u, v) = (next() - 0.5, next());
            let inside = 0.5 - u.abs();
            let count = ((2.0 * self.a / inside + self.b) * u + self.center).floor();
            if inside >= 0.07 && v <= self.quick {
                return count;
            }
            let is_count = count >= 0.0 && count <= most;
            if is_count && log(v * self.scale / (self.a / (inside * inside) + self.b)) <= likely(count) {
                return count;
            }
        }
    }
}

/// The logarithm of the probability of one count or more where `mean` are expected.
fn likely_count(k: f64, mean: f64) -> f64 {
    -stirling_error(k) - deviance(k, mean) - 0.5 * log(std::f64::consts::TAU * k)
}

/// `k log(k / mean) + mean - k`.
fn deviance(k: f64, mean: f64) -> f64 {
    (mean - k) - k * log1p((mean - k) / k)
}

/// `log(k!)` less Stirling's formula, of one and more.
fn stirling_error(k: f64) -> f64 {
    if k < 16.0 {
        let factorial = (1..=k as u64).product::<u64>() as f64;
        return log(factorial) - ((k + 0.5) * log(k) - k + 0.5 * log(std::f64::consts::TAU));
    }
    let square = k * k;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / k
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_distributions() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{a} is not {b}");
        let mut factorials = 0.0;
        for k in 1..60 {
            let k = f64::from(k);
            factorials += k.ln();
            near(likely_count(k, 20.0), k * 20f64.ln() - 20.0 - factorials);
        }
        near(stirling_error(15.0), 0.005554733551962801);
        near(stirling_error(16.0), 0.00520765591960964);
    }

    #[test]
    fn inverted_sums_end() {
        let of = |unit: f64| inverted(unit, (-9.99f64).exp(), |k| 9.99 / k);
        assert_eq!((of(0.0), of(0.5)), (0.0, 10.0));
        assert!(of(1.0 - f64::EPSILON / 2.0) < 80.0);
        assert_eq!(inverted(0.5, 1.0, |_| 0.0), 0.0);
    }
}
