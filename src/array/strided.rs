//! Reference-counted, strided storage of one element type.

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, ShapeBuilder};

/// Elements shared by any number of views, seen with a shape and strides of its own.
///
/// ndarray's shared arrays cannot repeat elements (stride zero), which broadcasting without copies
/// needs; so this type keeps the strides and hands out ndarray views.
#[derive(Clone, Debug)]
pub struct Values<T> {
    data: Arc<Vec<T>>,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl<T: Clone> Values<T> {
    /// `data` in C order; `None` where the count is not that of `shape`.
    pub fn new(shape: Vec<usize>, data: Vec<T>) -> Option<Self> {
        let count = shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s))?;
        let strides = c_strides(&shape);
        (count == data.len()).then(|| Values { data: Arc::new(data), offset: 0, shape, strides })
    }

    /// One element seen as a whole array.
    pub fn repeated(shape: Vec<usize>, element: T) -> Self {
        let strides = vec![0; shape.len()];
        Values { data: Arc::new(vec![element]), offset: 0, shape, strides }
    }

    /// Elements per axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Elements between neighbours along each axis.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The storage and the place in it of the element at index zero: for typed loops that walk the
    /// strides themselves.
    pub fn storage(&self) -> (&[T], usize) {
        (&self.data, self.offset)
    }

    /// The elements as a slice, where they lie in C order without gaps.
    pub fn as_slice(&self) -> Option<&[T]> {
        let packed = self.is_empty() || {
            let expected = c_strides(&self.shape);
            (0..self.shape.len()).all(|a| self.shape[a] == 1 || self.strides[a] == expected[a])
        };
        packed.then(|| &self.data[self.offset..self.offset + self.len()])
    }

    /// The elements for writing, where nobody else holds them and they lie in C order.
    pub fn as_mut_slice(&mut self) -> Option<&mut [T]> {
        self.as_slice()?;
        let range = self.offset..self.offset + self.len();
        Some(&mut Arc::get_mut(&mut self.data)?[range])
    }

    /// The elements in C order, without a copy where nobody else holds them.
    pub fn into_vec(self) -> Vec<T> {
        let whole = self.as_slice().is_some_and(|s| s.len() == self.data.len());
        if !whole {
            return self.view().iter().cloned().collect();
        }
        Arc::try_unwrap(self.data).unwrap_or_else(|data| data.to_vec())
    }

    /// An ndarray view.
    pub fn view(&self) -> ArrayViewD<'_, T> {
        if self.is_empty() {
            return ArrayViewD::from_shape(IxDyn(&self.shape), &[]).expect("an empty shape needs no elements");
        }
        let mut low = self.offset as isize;
        for (&n, &s) in self.shape.iter().zip(&self.strides) {
            low += (n as isize - 1) * s.min(0);
        }
        let strides: Vec<usize> = self.strides.iter().map(|s| s.unsigned_abs()).collect();
        let shape = IxDyn(&self.shape).strides(IxDyn(&strides));
        let mut view = ArrayViewD::from_shape(shape, &self.data[low as usize..]).expect("strides stay inside the data");
        for (axis, &stride) in self.strides.iter().enumerate() {
            if stride < 0 {
                view.invert_axis(Axis(axis));
            }
        }
        view
    }

    /// Per axis `shape` elements from `start`, `step` apart; negative steps run backwards.
    pub fn slice(&self, start: &[i64], step: &[i64], shape: &[usize]) -> Self {
        let empty = shape.contains(&0);
        let offset = if empty {
            0
        } else {
            (0..shape.len()).fold(self.offset as isize, |o, a| o + start[a] as isize * self.strides[a]) as usize
        };
        let strides = self.strides.iter().zip(step).map(|(s, &k)| s * k as isize).collect();
        Values { data: self.data.clone(), offset, shape: shape.to_vec(), strides }
    }

    /// Axis `axes[i]` becomes axis `i`.
    pub fn permute(&self, axes: &[usize]) -> Self {
        Values {
            data: self.data.clone(),
            offset: self.offset,
            shape: axes.iter().map(|&a| self.shape[a]).collect(),
            strides: axes.iter().map(|&a| self.strides[a]).collect(),
        }
    }

    /// With an axis of one element before `axis`.
    pub fn insert_axis(mut self, axis: usize) -> Self {
        self.shape.insert(axis, 1);
        self.strides.insert(axis, 0);
        self
    }

    /// Without `axis`, of which the element at `position` is kept.
    pub fn drop_axis(mut self, axis: usize, position: usize) -> Self {
        self.offset = (self.offset as isize + position as isize * self.strides[axis]) as usize;
        self.shape.remove(axis);
        self.strides.remove(axis);
        self
    }

    /// Axes of one element repeated to `shape`; both have the same rank.
    pub fn broadcast(mut self, shape: &[usize]) -> Self {
        for (axis, &n) in shape.iter().enumerate() {
            if self.shape[axis] != n {
                self.strides[axis] = 0;
                self.shape[axis] = n;
            }
        }
        self
    }

    /// Elements in C order seen with another shape; none where they have gaps or the count differs.
    pub fn reshaped(self, shape: &[usize]) -> Option<Self> {
        self.as_slice()?;
        let same = shape.iter().product::<usize>() == self.len();
        same.then(|| Values { shape: shape.to_vec(), strides: c_strides(shape), ..self })
    }

    /// The same elements in C order without gaps; not copied where they already lie so.
    pub fn contiguous(&self) -> Self {
        if self.as_slice().is_some() {
            return self.clone();
        }
        Values::from(self.view().as_standard_layout().into_owned())
    }
}

impl<T: Clone> From<ArrayD<T>> for Values<T> {
    fn from(array: ArrayD<T>) -> Self {
        let shape = array.shape().to_vec();
        let array = if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() };
        let (data, offset) = array.into_raw_vec_and_offset();
        let strides = c_strides(&shape);
        Values { data: Arc::new(data), offset: offset.unwrap_or(0), shape, strides }
    }
}

impl<T: Clone + PartialEq> PartialEq for Values<T> {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

fn c_strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut next = 1isize;
    for axis in (0..shape.len()).rev() {
        strides[axis] = next;
        next *= shape[axis].max(1) as isize;
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_move_no_data() {
        let v = Values::new(vec![2, 3], vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(v.slice(&[1, 2], &[-1, -2], &[2, 2]).into_vec(), [6, 4, 3, 1]);
        assert_eq!(v.permute(&[1, 0]).into_vec(), [1, 4, 2, 5, 3, 6]);
        let row = v.clone().drop_axis(0, 1).insert_axis(0).broadcast(&[2, 3]);
        assert_eq!(row.clone().into_vec(), [4, 5, 6, 4, 5, 6]);
        assert!(row.as_slice().is_none());
        assert_eq!(v.slice(&[0, 0], &[1, 1], &[0, 3]).into_vec(), Vec::<i32>::new());
        assert_eq!(Values::repeated(vec![2], 7).into_vec(), [7, 7]);
        assert_eq!(v.slice(&[0, 1], &[1, 1], &[1, 2]).as_slice(), Some(&[2, 3][..]));
    }
}
