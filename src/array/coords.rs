//! Coordinates: the labels along one dimension, in memory as part of an array's type.

use std::sync::Arc;

use super::{Attributes, Block, Calendar, DType, DimName, Scalar};

/// The labels of a coordinate.
#[derive(Clone, Debug, PartialEq)]
pub enum CoordValues {
    /// Integers and booleans.
    Int(Vec<i64>),
    /// Real numbers.
    Float(Vec<f64>),
    /// Instants, microseconds since 1970-01-01 in the calendar.
    Time(Vec<i64>, Calendar),
    /// Durations in microseconds.
    Duration(Vec<i64>),
    /// Texts.
    Str(Vec<Arc<str>>),
}

/// The labels along one dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Coord {
    /// The dimension, whose name the coordinate bears.
    pub dim: DimName,
    /// The dtype the labels have for a script and in an output.
    pub dtype: DType,
    /// The labels.
    pub values: CoordValues,
    /// Attributes, without those that only encode (`units` of a time, `calendar`, `_FillValue`).
    pub attrs: Arc<Attributes>,
}

impl CoordValues {
    /// The number of labels.
    pub fn len(&self) -> usize {
        match self {
            CoordValues::Int(v) | CoordValues::Time(v, _) | CoordValues::Duration(v) => v.len(),
            CoordValues::Float(v) => v.len(),
            CoordValues::Str(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels at `positions`.
    pub fn take(&self, positions: &[usize]) -> CoordValues {
        fn pick<T: Clone>(values: &[T], positions: &[usize]) -> Vec<T> {
            positions.iter().map(|&p| values[p].clone()).collect()
        }
        match self {
            CoordValues::Int(v) => CoordValues::Int(pick(v, positions)),
            CoordValues::Float(v) => CoordValues::Float(pick(v, positions)),
            CoordValues::Time(v, calendar) => CoordValues::Time(pick(v, positions), *calendar),
            CoordValues::Duration(v) => CoordValues::Duration(pick(v, positions)),
            CoordValues::Str(v) => CoordValues::Str(pick(v, positions)),
        }
    }

    /// The label at `position`.
    pub fn get(&self, position: usize) -> Scalar {
        match self {
            CoordValues::Int(v) => Scalar::Int(v[position]),
            CoordValues::Float(v) => Scalar::Float(v[position]),
            CoordValues::Time(v, calendar) => Scalar::DateTime(v[position], *calendar),
            CoordValues::Duration(v) => Scalar::Duration(v[position]),
            CoordValues::Str(v) => Scalar::Str(v[position].clone()),
        }
    }
}

impl Coord {
    /// A coordinate of 64-bit integers without attributes.
    pub fn integers(dim: DimName, values: Vec<i64>) -> Self {
        Coord { dim, dtype: DType::I64, values: CoordValues::Int(values), attrs: Arc::default() }
    }

    /// The number of labels.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The coordinate with only the labels at `positions`.
    pub fn take(&self, positions: &[usize]) -> Coord {
        Coord { values: self.values.take(positions), ..self.clone() }
    }

    /// The labels as a 1-d block of the coordinate's dtype.
    pub fn block(&self) -> Block {
        match &self.values {
            CoordValues::Int(v) if self.dtype == DType::I64 => Block::from_list(v.clone()),
            CoordValues::Time(v, _) | CoordValues::Duration(v) => Block::from_list(v.clone()),
            CoordValues::Float(v) if self.dtype == DType::F64 => Block::from_list(v.clone()),
            CoordValues::Str(v) => Block::from_list(v.clone()),
            CoordValues::Int(_) | CoordValues::Float(_) => super::block::with_type!(self.dtype, T => {
                use super::block::Element;
                let labels = (0..self.len()).map(|i| T::from_scalar(&self.values.get(i)));
                Block::from_list(labels.collect::<Vec<T>>())
            }),
        }
    }

    /// A coordinate from a 1-d block of values of `dtype`; `None` for complex numbers.
    pub fn from_block(dim: DimName, dtype: DType, block: &Block, attrs: Arc<Attributes>) -> Option<Self> {
        let scalars = block.scalars();
        let ints = || scalars.iter().map(|s| s.as_i64().unwrap_or(i64::MIN)).collect::<Vec<i64>>();
        let values = match dtype {
            DType::DateTime(calendar) => CoordValues::Time(ints(), calendar),
            DType::Duration => CoordValues::Duration(ints()),
            DType::F16 | DType::F32 | DType::F64 => {
                CoordValues::Float(scalars.iter().map(|s| s.as_f64().unwrap_or(f64::NAN)).collect())
            }
            DType::Str => CoordValues::Str(
                scalars
                    .iter()
                    .map(|s| match s {
                        Scalar::Str(text) => text.clone(),
                        other => other.to_string().into(),
                    })
                    .collect(),
            ),
            DType::C64 | DType::C128 => return None,
            DType::Bool | DType::I8 | DType::I16 | DType::I32 | DType::I64 => CoordValues::Int(ints()),
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => CoordValues::Int(ints()),
        };
        Some(Coord { dim, dtype, values, attrs })
    }

    /// The position of the first label that differs from `other`'s, or that one of them lacks.
    pub fn first_difference(&self, other: &Coord) -> Option<usize> {
        let common = self.len().min(other.len());
        let differs = |i: usize| match (self.values.get(i), other.values.get(i)) {
            (a, b) if a.is_missing() && b.is_missing() => false,
            (Scalar::DateTime(a, _), Scalar::DateTime(b, _)) => a != b,
            (a, b) => match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => a != b,
                _ => a != b,
            },
        };
        (0..common).find(|&i| differs(i)).or((self.len() != other.len()).then_some(common))
    }
}
