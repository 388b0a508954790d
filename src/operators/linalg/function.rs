//! What is made of matrices while a plan runs: functions of lines that hold a matrix row by row.

use num_traits::AsPrimitive;

use super::dense::{Matrix, Reflected};
use super::jacobi::{Singular, eigen};
use super::square::{Eliminated, cholesky};
use crate::array::block::Element;
use crate::array::{Block, DType};
use crate::operators::whole::LineFunction;
use crate::operators::whole::lines::{self, Layout};

/// What is made of a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Make {
    /// The orthonormal matrix of a decomposition; with a second matrix, its product with that.
    Q,
    /// The triangular matrix that goes with it.
    R,
    /// Left singular vectors, one a column.
    U,
    /// Singular values.
    S,
    /// Right singular vectors, one a row.
    Vt,
    /// Eigenvalues of a symmetric matrix.
    Eigenvalues,
    /// Its eigenvectors, one a column.
    Eigenvectors,
    /// The triangular factor of a positive definite matrix.
    Cholesky,
    /// The matrix that exchanges rows as elimination does, back.
    Exchanges,
    /// The lower triangular factor of elimination.
    Lower,
    /// The upper one.
    Upper,
    /// The inverse.
    Inverse,
    /// The determinant.
    Determinant,
    /// The solution of linear equations, of which the last `right` columns are the right-hand sides.
    Solution {
        /// Columns of right-hand sides.
        right: usize,
    },
    /// The shortest least-squares solution of equations, of which the last `right` columns are the right-hand sides.
    LeastSquares {
        /// Columns of right-hand sides.
        right: usize,
        /// Singular values below this part of the greatest count as zero.
        cut: f64,
    },
}

/// A function of matrices.
#[derive(Clone, Debug)]
pub struct MatrixFunction {
    /// What is made.
    pub make: Make,
    /// Columns of the matrix, not zero.
    pub columns: u64,
    /// The dtype of the matrices, `f32` or `f64`.
    pub dtype: DType,
    /// The dtype of what is made, `f32` or `f64`.
    pub gives: DType,
}

impl MatrixFunction {
    fn made(&self, matrix: Matrix, factor: Option<&Matrix>) -> Matrix {
        let row = |values: Vec<f64>| Matrix { rows: 1, columns: values.len(), data: values };
        let n = matrix.columns;
        match self.make {
            Make::Q => {
                let reflected = Reflected::new(matrix);
                factor.map_or_else(|| reflected.orthonormal(), |factor| reflected.orthonormal_times(factor))
            }
            Make::R => Reflected::new(matrix).triangular(),
            Make::U => Singular::new(&matrix).u,
            Make::S => row(Singular::new(&matrix).s),
            Make::Vt => Singular::new(&matrix).v.transposed(),
            Make::Eigenvalues => row(eigen(&matrix).0),
            Make::Eigenvectors => eigen(&matrix).1,
            Make::Cholesky => cholesky(&matrix),
            Make::Exchanges => Eliminated::new(matrix).exchanges(),
            Make::Lower => Eliminated::new(matrix).lower(),
            Make::Upper => Eliminated::new(matrix).upper(),
            Make::Inverse => Eliminated::new(matrix).solve(&Matrix::identity(n, n)),
            Make::Determinant => row(vec![Eliminated::new(matrix).determinant()]),
            Make::Solution { right } => {
                let (left, right) = parted(matrix, right);
                Eliminated::new(left).solve(&right)
            }
            Make::LeastSquares { right, cut } => {
                let (left, right) = parted(matrix, right);
                least_squares(&left, &right, cut)
            }
        }
    }

    /// Rows and columns of what is made of a matrix of so many rows.
    fn shape(&self, rows: u64) -> (u64, u64) {
        let n = self.columns;
        let least = rows.min(n);
        match self.make {
            Make::Q | Make::U => (rows, least),
            Make::R | Make::Vt => (least, n),
            Make::S => (1, least),
            Make::Eigenvalues => (1, n),
            Make::Eigenvectors | Make::Cholesky | Make::Inverse | Make::Exchanges | Make::Lower | Make::Upper => (n, n),
            Make::Determinant => (1, 1),
            Make::Solution { right } | Make::LeastSquares { right, .. } => (n - right as u64, right as u64),
        }
    }

    fn lines<T, R>(&self, block: &Block, layout: Layout<'_>) -> Block
    where
        T: Element + Copy + Default + AsPrimitive<f64>,
        R: Element + Copy + Default,
        f64: AsPrimitive<R>,
    {
        let values = block.values::<T>().expect("calls are typed");
        let columns = self.columns as usize;
        let turn = |value: T| -> f64 { value.as_() };
        lines::each(values, layout, turn, |line: &mut [f64], to: &mut [R]| {
            let matrix = Matrix::from_rows(line.len() / columns, columns, line.iter().copied());
            let made = self.made(matrix, None);
            to.iter_mut().zip(made.by_rows()).for_each(|(to, x)| *to = x.as_());
        })
    }
}

/// The columns of a matrix but for the last ones, and those.
fn parted(matrix: Matrix, last: usize) -> (Matrix, Matrix) {
    let first = matrix.columns - last;
    let right = Matrix { rows: matrix.rows, columns: last, data: matrix.data[first * matrix.rows..].to_vec() };
    (matrix.first_columns(first), right)
}

/// The shortest of the solutions that come closest, by singular values.
fn least_squares(left: &Matrix, right: &Matrix, cut: f64) -> Matrix {
    let Singular { u, s, v } = Singular::new(left);
    let mut along = u.transposed().times(right);
    let least = s.first().map_or(0.0, |greatest| greatest * cut);
    for j in 0..along.columns {
        for (x, s) in along.column_mut(j).iter_mut().zip(&s) {
            *x = if *s <= least { 0.0 } else { *x / s };
        }
    }
    v.times(&along)
}

impl LineFunction for MatrixFunction {
    fn len(&self, n: u64) -> u64 {
        let (rows, columns) = self.shape(n / self.columns);
        rows * columns
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        match (self.dtype, self.gives) {
            (DType::F32, DType::F32) => self.lines::<f32, f32>(block, layout),
            (DType::F32, _) => self.lines::<f32, f64>(block, layout),
            (_, DType::F32) => self.lines::<f64, f32>(block, layout),
            _ => self.lines::<f64, f64>(block, layout),
        }
    }

    fn run_block(&self, blocks: &[Block]) -> Block {
        let made = self.made(Matrix::from_block(&blocks[0]), blocks.get(1).map(Matrix::from_block).as_ref());
        let shape = [made.rows as u64, made.columns as u64];
        let block = match self.gives {
            DType::F32 => Block::from_vec(&shape, made.by_rows().map(|x| x as f32).collect()),
            _ => Block::from_vec(&shape, made.by_rows().collect::<Vec<f64>>()),
        };
        block.expect("the count of the shape")
    }

    fn room(&self, n: u64) -> u64 {
        let square = self.columns.saturating_mul(self.columns);
        let matrices = n.saturating_mul(4).saturating_add(square.saturating_mul(6)).saturating_mul(8);
        lines::room(n, 8, self.len(n), self.gives.size()).saturating_add(matrices)
    }
}
