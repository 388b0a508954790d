//! Polynomials that are orthonormal over given places, and what they are in powers of the place.
//!
//! Each is made of the one before by multiplying with the place and taking off, twice, what points along the earlier
//! ones (Brubeck, Nakatsukasa and Trefethen, "Vandermonde with Arnoldi", SIAM Review 63, 2021). Places are
//! moved and scaled to lie from -1 to 1 first, so that nothing is lost to large labels.

/// A place must stand out by this much from what lower degrees give.
const INDEPENDENT: f64 = 1e-10;

/// Orthonormal polynomials over some places.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Basis {
    /// How many: one more than the degree.
    pub count: usize,
    /// Their values: those of all at the first place, then at the next.
    pub values: Vec<f64>,
    /// Per polynomial its coefficients in powers of the scaled place, ascending.
    powers: Vec<Vec<f64>>,
    middle: f64,
    half: f64,
}

impl Basis {
    /// Those up to `degree` over places with weights, none negative; nothing where there are too few different places for it.
    pub fn new(places: &[f64], weights: &[f64], degree: usize) -> Option<Basis> {
        let count = degree + 1;
        let (low, high) = places.iter().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
        if places.len() < count || !(high - low).is_finite() {
            return None;
        }
        let middle = low + (high - low) / 2.0;
        let half = if high > low { (high - low) / 2.0 } else { 1.0 };
        let scaled: Vec<f64> = places.iter().map(|x| (x - middle) / half).collect();
        let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).zip(weights).map(|((a, b), w)| a * b * w).sum() };
        let (mut columns, mut powers): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (mut column, mut power) = match (columns.last(), powers.last()) {
                (Some(column), Some(power)) => (
                    column.iter().zip(&scaled).map(|(value, x)| value * x).collect(),
                    std::iter::once(0.0).chain(power.iter().copied()).collect::<Vec<f64>>(),
                ),
                _ => (vec![1.0; places.len()], vec![1.0]),
            };
            let before = product(&column, &column).sqrt();
            for (earlier, in_powers) in columns.iter().zip(&powers).chain(columns.iter().zip(&powers)) {
                let part = product(&column, earlier);
                column.iter_mut().zip(earlier).for_each(|(value, other)| *value -= part * other);
                power.iter_mut().zip(in_powers).for_each(|(value, other)| *value -= part * other);
            }
            let norm = product(&column, &column).sqrt();
            if norm.is_nan() || norm <= INDEPENDENT * before {
                return None;
            }
            column.iter_mut().for_each(|value| *value /= norm);
            power.iter_mut().for_each(|value| *value /= norm);
            columns.push(column);
            powers.push(power);
        }
        let values = (0..places.len()).flat_map(|i| columns.iter().map(move |column| column[i])).collect();
        Some(Basis { count, values, powers, middle, half })
    }

    /// The values of one polynomial.
    pub fn column(&self, number: usize) -> Vec<f64> {
        self.values.iter().skip(number).step_by(self.count).copied().collect()
    }

    /// What coefficients of the polynomials are as coefficients of powers, the highest first, of `unit` times the place from
    /// `origin` on: a matrix of a row for each power.
    pub fn to_powers(&self, origin: f64, unit: f64) -> Vec<f64> {
        let (middle, half) = ((origin + self.middle) * unit, self.half * unit);
        let mut matrix = vec![0.0; self.count * self.count];
        for (number, powers) in self.powers.iter().enumerate() {
            // Horner's scheme in polynomials: p (x - middle) / half + the next coefficient.
            let mut expanded = vec![0.0; self.count];
            for coefficient in powers.iter().rev() {
                for power in (0..self.count).rev() {
                    let lower = if power > 0 { expanded[power - 1] } else { 0.0 };
                    expanded[power] = (lower - middle * expanded[power]) / half;
                }
                expanded[0] += coefficient;
            }
            for (power, value) in expanded.into_iter().enumerate() {
                matrix[(self.count - 1 - power) * self.count + number] = value;
            }
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_orthonormal_and_known_in_powers() {
        let places: Vec<f64> = (0..40).map(|i| f64::from(i * i % 37) + f64::from(i) * 0.01).collect();
        let weights: Vec<f64> = (0..40).map(|i| f64::from(i % 5)).collect();
        let basis = Basis::new(&places, &weights, 6).unwrap();
        let matrix = basis.to_powers(100.0, 0.5);
        for a in 0..basis.count {
            for b in 0..basis.count {
                let sum: f64 = (0..40).map(|i| weights[i] * basis.values[i * 7 + a] * basis.values[i * 7 + b]).sum();
                assert!((sum - f64::from(u8::from(a == b))).abs() < 1e-13, "{a} {b} {sum}");
            }
            for (i, place) in places.iter().enumerate() {
                let x = (place + 100.0) * 0.5;
                let value = (0..7).fold(0.0, |value, row| value * x + matrix[row * 7 + a]);
                assert!((value - basis.column(a)[i]).abs() < 1e-5, "{a} {i} {value}");
            }
        }
    }

    #[test]
    fn too_few_places_have_no_basis() {
        assert!(Basis::new(&[1.0, 1.0, 2.0], &[1.0; 3], 2).is_none());
        assert!(Basis::new(&[1.0, 1.0, 2.0], &[1.0; 3], 1).is_some());
        assert!(Basis::new(&[1.0, 2.0], &[0.0, 1.0], 1).is_none());
        assert!(Basis::new(&[], &[], 0).is_none());
        assert!(Basis::new(&[5.0], &[1.0], 0).is_some());
    }
}
