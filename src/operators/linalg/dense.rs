//! Small dense matrices in doubles, and their decomposition into an orthonormal and a triangular one.
//!
//! Reflections after A. S. Householder, "Unitary triangularization of a nonsymmetric matrix" (Journal of the ACM 5,
//! 1958), which stay orthonormal to the last bits whatever the matrix, singular ones too. Columns lie in one piece, so
//! products are vector code; sums go into a fixed number of parts, so all levels of instructions give the same bits.

use crate::array::Block;
use crate::array::block::Element;
use crate::operators::simd::{self, Work};

/// Parts into which sums of products go.
const PARTS: usize = 16;

/// A matrix, column by column.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// The elements.
    pub data: Vec<f64>,
}

impl Matrix {
    /// All elements zero.
    pub fn zeros(rows: usize, columns: usize) -> Matrix {
        Matrix { rows, columns, data: vec![0.0; rows * columns] }
    }

    /// Ones on the diagonal.
    pub fn identity(rows: usize, columns: usize) -> Matrix {
        let mut matrix = Matrix::zeros(rows, columns);
        (0..rows.min(columns)).for_each(|i| *matrix.at_mut(i, i) = 1.0);
        matrix
    }

    /// From elements row by row.
    pub fn from_rows(rows: usize, columns: usize, mut of: impl Iterator<Item = f64>) -> Matrix {
        let mut matrix = Matrix::zeros(rows, columns);
        for i in 0..rows {
            for (j, x) in of.by_ref().take(columns).enumerate() {
                *matrix.at_mut(i, j) = x;
            }
        }
        matrix
    }

    /// From a block of `f32` or `f64` of two axes.
    pub fn from_block(block: &Block) -> Matrix {
        fn of<T: Element + Copy + Into<f64>>(block: &Block) -> Option<Matrix> {
            let view = block.view::<T>()?;
            let (rows, columns) = (view.shape()[0], view.shape()[1]);
            Some(Matrix::from_rows(rows, columns, view.iter().map(|x| (*x).into())))
        }
        of::<f64>(block).or_else(|| of::<f32>(block)).expect("calls are typed")
    }

    /// The elements row by row.
    pub fn by_rows(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.rows).flat_map(move |i| (0..self.columns).map(move |j| self.at(i, j)))
    }

    /// An element.
    #[inline(always)]
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.data[column * self.rows + row]
    }

    /// An element for writing.
    #[inline(always)]
    pub fn at_mut(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.data[column * self.rows + row]
    }

    /// A column.
    #[inline(always)]
    pub fn column(&self, column: usize) -> &[f64] {
        &self.data[column * self.rows..][..self.rows]
    }

    /// A column for writing.
    #[inline(always)]
    pub fn column_mut(&mut self, column: usize) -> &mut [f64] {
        &mut self.data[column * self.rows..][..self.rows]
    }

    /// Two columns for writing, the first before the second.
    #[inline(always)]
    pub fn two_columns(&mut self, first: usize, second: usize) -> (&mut [f64], &mut [f64]) {
        let (before, after) = self.data.split_at_mut(second * self.rows);
        (&mut before[first * self.rows..][..self.rows], &mut after[..self.rows])
    }

    /// Rows and columns exchanged.
    pub fn transposed(&self) -> Matrix {
        Matrix::from_rows(self.columns, self.rows, self.data.iter().copied())
    }

    /// The first columns.
    pub fn first_columns(mut self, columns: usize) -> Matrix {
        self.data.truncate(columns * self.rows);
        Matrix { columns, ..self }
    }

    /// The product of two matrices.
    pub fn times(&self, other: &Matrix) -> Matrix {
        let mut product = Matrix::zeros(self.rows, other.columns);
        for j in 0..other.columns {
            for (k, factor) in other.column(j).iter().enumerate() {
                add_scaled(product.column_mut(j), *factor, self.column(k));
            }
        }
        product
    }
}

/// The sum of products of two columns of one length.
#[inline(always)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0; PARTS];
    let (a_parts, b_parts) = (a.chunks_exact(PARTS), b.chunks_exact(PARTS));
    let rest = a_parts.remainder().iter().zip(b_parts.remainder());
    for (a, b) in a_parts.zip(b_parts) {
        for i in 0..PARTS {
            parts[i] += a[i] * b[i];
        }
    }
    let rest: f64 = rest.fold(0.0, |sum, (a, b)| sum + a * b);
    parts.iter().fold(0.0, |sum, part| sum + part) + rest
}

/// Adds a multiple of a column to another.
#[inline(always)]
pub fn add_scaled(to: &mut [f64], factor: f64, column: &[f64]) {
    to.iter_mut().zip(column).for_each(|(to, x)| *to += factor * x);
}

/// The length of a column, without needless overflow.
#[inline(always)]
pub fn length(column: &[f64]) -> f64 {
    let square = dot(column, column);
    if square.is_nan() || (1e-280..1e280).contains(&square) {
        return square.sqrt();
    }
    let greatest = column.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    if greatest == 0.0 || greatest.is_infinite() {
        return greatest;
    }
    let square: f64 = column.iter().map(|x| (x / greatest) * (x / greatest)).sum();
    greatest * square.sqrt()
}

/// A matrix as reflections and a triangular matrix.
#[derive(Clone, Debug)]
pub struct Reflected {
    /// The triangular matrix on and above the diagonal, the reflections below it.
    matrix: Matrix,
    /// By what each reflection is multiplied; zero for none.
    factors: Vec<f64>,
}

impl Reflected {
    /// Decomposes a matrix.
    pub fn new(matrix: Matrix) -> Reflected {
        simd::run(Reflect(matrix))
    }

    /// Rows of the triangular matrix.
    fn rank(&self) -> usize {
        self.factors.len()
    }

    /// The sign that makes an element of the diagonal not negative.
    fn sign(&self, i: usize) -> f64 {
        if self.matrix.at(i, i) < 0.0 { -1.0 } else { 1.0 }
    }

    /// The triangular matrix, its diagonal not negative.
    pub fn triangular(&self) -> Matrix {
        let mut r = Matrix::zeros(self.rank(), self.matrix.columns);
        for j in 0..r.columns {
            for i in 0..self.rank().min(j + 1) {
                *r.at_mut(i, j) = self.sign(i) * self.matrix.at(i, j) + 0.0;
            }
        }
        r
    }

    /// The product of the orthonormal matrix that goes with [`Reflected::triangular`] and a matrix.
    pub fn orthonormal_times(&self, factor: &Matrix) -> Matrix {
        let mut product = Matrix::zeros(self.matrix.rows, factor.columns);
        for j in 0..factor.columns {
            for i in 0..self.rank() {
                *product.at_mut(i, j) = self.sign(i) * factor.at(i, j);
            }
        }
        simd::run(Apply(self, product))
    }

    /// The orthonormal matrix.
    pub fn orthonormal(&self) -> Matrix {
        self.orthonormal_times(&Matrix::identity(self.rank(), self.rank()))
    }
}

struct Reflect(Matrix);

impl Work for Reflect {
    type Output = Reflected;

    #[inline(always)]
    fn run(self) -> Reflected {
        let mut matrix = self.0;
        let mut factors = vec![0.0; matrix.rows.min(matrix.columns)];
        for (j, factor) in factors.iter_mut().enumerate() {
            let (first, rest) = matrix.column_mut(j)[j..].split_first_mut().expect("a row for each reflection");
            let below = length(rest);
            if below == 0.0 {
                continue;
            }
            let whole = length(&[*first, below]);
            let diagonal = if *first < 0.0 { whole } else { -whole };
            *factor = (diagonal - *first) / diagonal;
            let scale = *first - diagonal;
            rest.iter_mut().for_each(|x| *x /= scale);
            *first = diagonal;
            for column in j + 1..matrix.columns {
                let (reflection, column) = matrix.two_columns(j, column);
                reflect(&reflection[j + 1..], *factor, &mut column[j..]);
            }
        }
        Reflected { matrix, factors }
    }
}

struct Apply<'a>(&'a Reflected, Matrix);

impl Work for Apply<'_> {
    type Output = Matrix;

    #[inline(always)]
    fn run(self) -> Matrix {
        let Apply(Reflected { matrix, factors }, mut product) = self;
        for j in 0..product.columns {
            let column = product.column_mut(j);
            // A reflection leaves a column alone whose elements from its own row on are zero.
            let Some(last) = column.iter().rposition(|x| *x != 0.0) else { continue };
            let turning = factors.iter().enumerate().take(last + 1).rev().filter(|(_, factor)| **factor != 0.0);
            for (i, factor) in turning {
                reflect(&matrix.column(i)[i + 1..], *factor, &mut column[i..]);
            }
        }
        product
    }
}

/// Reflects a column by a reflection whose first element is one.
#[inline(always)]
fn reflect(rest: &[f64], factor: f64, column: &mut [f64]) {
    let Some((first, below)) = column.split_first_mut() else { return };
    let along = factor * (*first + dot(rest, below));
    *first -= along;
    add_scaled(below, -along, rest);
}
