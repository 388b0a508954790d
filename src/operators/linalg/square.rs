//! Square matrices: factors of A.-L. Cholesky's, elimination with partial pivoting, and what follows from these.

use super::dense::{Matrix, add_scaled};

/// The lower triangular matrix whose product with its transpose is a symmetric matrix, of which the lower half is
/// looked at; NaN where that is not positive definite.
pub fn cholesky(matrix: &Matrix) -> Matrix {
    let n = matrix.rows;
    let mut lower = Matrix::zeros(n, n);
    for j in 0..n {
        let mut column = matrix.column(j).to_vec();
        for k in 0..j {
            add_scaled(&mut column[j..], -lower.at(j, k), &lower.column(k)[j..]);
        }
        if column[j].is_nan() || column[j] <= 0.0 {
            return Matrix { rows: n, columns: n, data: vec![f64::NAN; n * n] };
        }
        let root = column[j].sqrt();
        lower.column_mut(j)[j..].iter_mut().zip(&column[j..]).for_each(|(to, x)| *to = x / root);
        *lower.at_mut(j, j) = root;
    }
    lower
}

/// A matrix whose rows were exchanged as a lower triangular one, of ones on the diagonal, times an upper one.
pub struct Eliminated {
    matrix: Matrix,
    /// The row that came to each place.
    rows: Vec<usize>,
    is_odd: bool,
}

impl Eliminated {
    /// Eliminates with the greatest pivot of each column.
    pub fn new(mut matrix: Matrix) -> Eliminated {
        let n = matrix.rows;
        let (mut rows, mut is_odd): (Vec<usize>, bool) = ((0..n).collect(), false);
        for k in 0..n {
            let column = matrix.column(k);
            let pivot = (k..n).fold(k, |best, i| if column[i].abs() > column[best].abs() { i } else { best });
            if pivot != k {
                rows.swap(pivot, k);
                is_odd = !is_odd;
                (0..n).for_each(|j| matrix.column_mut(j).swap(pivot, k));
            }
            let divisor = matrix.at(k, k);
            if divisor == 0.0 {
                continue;
            }
            matrix.column_mut(k)[k + 1..].iter_mut().for_each(|x| *x /= divisor);
            for j in k + 1..n {
                let (factors, column) = matrix.two_columns(k, j);
                let above = column[k];
                add_scaled(&mut column[k + 1..], -above, &factors[k + 1..]);
            }
        }
        Eliminated { matrix, rows, is_odd }
    }

    /// The determinant.
    pub fn determinant(&self) -> f64 {
        let sign = if self.is_odd { -1.0 } else { 1.0 };
        (0..self.matrix.rows).fold(sign, |product, i| product * self.matrix.at(i, i))
    }

    /// The matrix whose product with the eliminated one has its rows in their first order.
    pub fn exchanges(&self) -> Matrix {
        let n = self.matrix.rows;
        let mut made = Matrix::zeros(n, n);
        self.rows.iter().enumerate().for_each(|(place, row)| *made.at_mut(*row, place) = 1.0);
        made
    }

    /// The lower triangular factor.
    pub fn lower(&self) -> Matrix {
        let n = self.matrix.rows;
        let mut made = Matrix::identity(n, n);
        for column in 0..n {
            made.column_mut(column)[column + 1..].copy_from_slice(&self.matrix.column(column)[column + 1..]);
        }
        made
    }

    /// The upper triangular factor.
    pub fn upper(&self) -> Matrix {
        let n = self.matrix.rows;
        let mut made = Matrix::zeros(n, n);
        for column in 0..n {
            made.column_mut(column)[..=column].copy_from_slice(&self.matrix.column(column)[..=column]);
        }
        made
    }

    /// The matrix whose product with this one is `right`; NaN where this one is singular.
    pub fn solve(&self, right: &Matrix) -> Matrix {
        let n = self.matrix.rows;
        if (0..n).any(|i| self.matrix.at(i, i) == 0.0) {
            return Matrix { rows: n, columns: right.columns, data: vec![f64::NAN; n * right.columns] };
        }
        let mut solution = Matrix::zeros(n, right.columns);
        for j in 0..right.columns {
            let column = solution.column_mut(j);
            (0..n).for_each(|i| column[i] = right.at(self.rows[i], j));
            for k in 0..n {
                let (done, below) = column.split_at_mut(k + 1);
                add_scaled(below, -done[k], &self.matrix.column(k)[k + 1..]);
            }
            for k in (0..n).rev() {
                let (above, left) = column.split_at_mut(k);
                left[0] /= self.matrix.at(k, k);
                add_scaled(above, -left[0], &self.matrix.column(k)[..k]);
            }
        }
        solution
    }
}
