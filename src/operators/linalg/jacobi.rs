//! Singular values and eigenvalues by rotations of Jacobi's, which are slow for large matrices and accurate for all.
//!
//! Singular values by one-sided rotations of the columns of a triangular matrix (M. R. Hestenes, "Inversion of matrices
//! by biorthogonalization and related results", Journal of the SIAM 6, 1958; accurate even for small singular values: J.
//! Demmel and K. Veselić, "Jacobi's method is more accurate than QR", SIAM Journal on Matrix Analysis 13, 1992).
//! Eigenvalues by cyclic rotations (G. H. Golub and C. F. Van Loan, "Matrix Computations", section 8.5).

use super::dense::{Matrix, Reflected, add_scaled, dot, length};
use crate::operators::simd::{self, Work};

/// Sweeps over all pairs at most; ten are many.
const SWEEPS: usize = 60;

/// A matrix as `u * diag(s) * transposed(v)`.
#[derive(Clone, Debug)]
pub struct Singular {
    /// Left vectors, one a column.
    pub u: Matrix,
    /// Singular values, greatest first.
    pub s: Vec<f64>,
    /// Right vectors, one a column.
    pub v: Matrix,
}

impl Singular {
    /// Decomposes a matrix; the element of greatest magnitude of each right vector (of each left one where there are
    /// fewer rows than columns) is positive.
    pub fn new(matrix: &Matrix) -> Singular {
        if matrix.rows < matrix.columns {
            let Singular { u, s, v } = Singular::new(&matrix.transposed());
            return Singular { u: v, s, v: u };
        }
        if matrix.data.iter().any(|x| !x.is_finite()) {
            let fill = |rows, columns| Matrix { rows, columns, data: vec![f64::NAN; rows * columns] };
            let n = matrix.columns;
            return Singular { u: fill(matrix.rows, n), s: vec![f64::NAN; n], v: fill(n, n) };
        }
        let greatest = matrix.data.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        let scale = if greatest == 0.0 || (1e-100..1e100).contains(&greatest) { 1.0 } else { greatest };
        let scaled = Matrix { data: matrix.data.iter().map(|x| x / scale).collect(), ..*matrix };
        let reflected = Reflected::new(scaled);
        let (mut u, mut s, v) = simd::run(Rotations(reflected.triangular()));
        s.iter_mut().for_each(|s| *s *= scale);
        u = reflected.orthonormal_times(&u);
        Singular { u, s, v }
    }
}

struct Rotations(Matrix);

impl Work for Rotations {
    type Output = (Matrix, Vec<f64>, Matrix);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let mut a = self.0;
        let n = a.columns;
        let mut v = Matrix::identity(n, n);
        for _ in 0..SWEEPS {
            let mut turned = false;
            for p in 0..n {
                for q in p + 1..n {
                    turned |= make_orthogonal(&mut a, &mut v, p, q);
                }
            }
            if !turned {
                break;
            }
        }
        let lengths: Vec<f64> = (0..n).map(|j| length(a.column(j))).collect();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|i, j| lengths[*j].total_cmp(&lengths[*i]));
        let (mut left, mut right) = (Matrix::zeros(n, n), Matrix::zeros(n, n));
        let mut s = Vec::with_capacity(n);
        for (to, from) in order.into_iter().enumerate() {
            let sign = sign_of_greatest(v.column(from));
            right.column_mut(to).iter_mut().zip(v.column(from)).for_each(|(to, x)| *to = sign * x + 0.0);
            let scale = lengths[from];
            s.push(scale);
            if scale > 0.0 {
                left.column_mut(to).iter_mut().zip(a.column(from)).for_each(|(to, x)| *to = sign * x / scale);
            }
        }
        complete(&mut left, &s);
        (left, s, right)
    }
}

/// Turns two columns of `a` so that they are orthogonal, and those of `v` with them; gives whether they were not.
#[inline(always)]
fn make_orthogonal(a: &mut Matrix, v: &mut Matrix, p: usize, q: usize) -> bool {
    let (x, y) = a.two_columns(p, q);
    let (xx, yy, xy) = (dot(x, x), dot(y, y), dot(x, y));
    let fine = f64::EPSILON * (x.len() as f64).sqrt();
    if xy.abs() <= fine * (xx.sqrt() * yy.sqrt()) || xy == 0.0 {
        return false;
    }
    let (c, s) = rotation(xx, yy, xy);
    turn((x, y), c, s);
    turn(v.two_columns(p, q), c, s);
    true
}

/// Cosine and sine of the rotation that makes the matrix `[[a, c], [c, b]]` diagonal.
#[inline(always)]
fn rotation(a: f64, b: f64, c: f64) -> (f64, f64) {
    let ratio = (b - a) / (2.0 * c);
    let tangent = 1.0 / (ratio.abs() + (1.0 + ratio * ratio).sqrt());
    let tangent = if ratio < 0.0 { -tangent } else { tangent };
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    (cosine, cosine * tangent)
}

#[inline(always)]
fn turn((x, y): (&mut [f64], &mut [f64]), c: f64, s: f64) {
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

/// The sign of the element of greatest magnitude, the first such.
#[inline(always)]
fn sign_of_greatest(column: &[f64]) -> f64 {
    let greatest = column.iter().fold(0.0f64, |most, x| if x.abs() > most.abs() { *x } else { most });
    if greatest < 0.0 { -1.0 } else { 1.0 }
}

/// Fills the columns of singular values that are zero with unit vectors orthogonal to all others.
#[inline(always)]
fn complete(left: &mut Matrix, s: &[f64]) {
    let n = left.rows;
    for j in (0..left.columns).filter(|j| s[*j] == 0.0) {
        let mut best = vec![0.0; n];
        for axis in 0..n {
            let mut column = vec![0.0; n];
            column[axis] = 1.0;
            for _ in 0..2 {
                for other in (0..j).chain(j + 1..left.columns).filter(|other| *other < j || s[*other] > 0.0) {
                    let along = dot(left.column(other), &column);
                    add_scaled(&mut column, -along, left.column(other));
                }
            }
            if length(&column) > 2.0 * length(&best) {
                best = column;
            }
            if length(&best) > 0.5 {
                break;
            }
        }
        let scale = length(&best);
        left.column_mut(j).iter_mut().zip(&best).for_each(|(to, x)| *to = x / scale);
    }
}

/// The eigenvalues of a symmetric matrix, of which the lower half is looked at, least first, with their vectors, one
/// a column, of each of which the element of greatest magnitude is positive.
pub fn eigen(matrix: &Matrix) -> (Vec<f64>, Matrix) {
    simd::run(Eigen(matrix))
}

struct Eigen<'a>(&'a Matrix);

impl Work for Eigen<'_> {
    type Output = (Vec<f64>, Matrix);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let n = self.0.rows;
        let mut a = Matrix::zeros(n, n);
        for j in 0..n {
            for i in j..n {
                (*a.at_mut(i, j), *a.at_mut(j, i)) = (self.0.at(i, j), self.0.at(i, j));
            }
        }
        let greatest = a.data.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        if a.data.iter().any(|x| !x.is_finite()) {
            return (vec![f64::NAN; n], Matrix { rows: n, columns: n, data: vec![f64::NAN; n * n] });
        }
        let scale = if greatest == 0.0 || (1e-100..1e100).contains(&greatest) { 1.0 } else { greatest };
        a.data.iter_mut().for_each(|x| *x /= scale);
        let mut v = Matrix::identity(n, n);
        for _ in 0..SWEEPS {
            let mut turned = false;
            for p in 0..n {
                for q in p + 1..n {
                    turned |= make_zero(&mut a, &mut v, p, q);
                }
            }
            if !turned {
                break;
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|i, j| a.at(*i, *i).total_cmp(&a.at(*j, *j)));
        let mut vectors = Matrix::zeros(n, n);
        for (to, from) in order.iter().enumerate() {
            let sign = sign_of_greatest(v.column(*from));
            vectors.column_mut(to).iter_mut().zip(v.column(*from)).for_each(|(to, x)| *to = sign * x + 0.0);
        }
        (order.into_iter().map(|i| a.at(i, i) * scale).collect(), vectors)
    }
}

/// Turns two axes of a symmetric matrix so that the element they share is zero; gives whether it was not.
#[inline(always)]
fn make_zero(a: &mut Matrix, v: &mut Matrix, p: usize, q: usize) -> bool {
    let (pp, qq, pq) = (a.at(p, p), a.at(q, q), a.at(q, p));
    let small = f64::EPSILON * 0.125 * (pp.abs().sqrt() * qq.abs().sqrt());
    let least = f64::EPSILON * f64::EPSILON * (pp.abs() + qq.abs());
    if pq == 0.0 || pq.abs() <= small.max(least) {
        return false;
    }
    let (c, s) = rotation(pp, qq, pq);
    turn(a.two_columns(p, q), c, s);
    for j in 0..a.columns {
        let (x, y) = (a.at(p, j), a.at(q, j));
        (*a.at_mut(p, j), *a.at_mut(q, j)) = (c * x - s * y, s * x + c * y);
    }
    (*a.at_mut(p, q), *a.at_mut(q, p)) = (0.0, 0.0);
    turn(v.two_columns(p, q), c, s);
    true
}
