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
            return self.copied();
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

    /// Windows along `axis`, `count` of `length` elements, of which the first begins `stride` elements after that of the one
    /// before; their elements lie along a new last axis, and are shared by windows that overlap.
    pub fn windows(mut self, axis: usize, stride: usize, (count, length): (usize, usize)) -> Self {
        self.shape[axis] = count;
        self.shape.push(length);
        self.strides.push(self.strides[axis]);
        self.strides[axis] *= stride as isize;
        self
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
        Values { data: Arc::new(self.copied()), offset: 0, strides: c_strides(&self.shape), shape: self.shape.clone() }
    }

    fn copied(&self) -> Vec<T> {
        let mut elements = Vec::with_capacity(self.len());
        self.rows(0, self.len(), |row| row.append_to(&mut elements));
        elements
    }

    /// Replaces the elements of `into` by as many of these, from the `start`-th in C order on.
    ///
    /// # Panics
    /// Where there are fewer.
    pub fn read(&self, start: usize, into: &mut [T]) {
        let mut rest = &mut into[..];
        self.rows(start, rest.len(), |row| {
            row.write(rest.split_off_mut(..row.len).expect("rows have as many elements together"));
        });
    }

    /// Replaces the elements of the part that begins at `start` by those of `source`.
    ///
    /// # Panics
    /// Where they do not fit, or these elements are held by others or not in C order.
    pub fn assign(&mut self, start: &[usize], source: &Values<T>) {
        let (shape, strides) = (self.shape.clone(), c_strides(&self.shape));
        let part = source.shape();
        assert!((0..shape.len()).all(|a| start[a] + part[a] <= shape[a]), "what is assigned lies inside");
        let target = self.as_mut_slice().expect("values being written are whole and not shared");
        // Elements that follow each other in both: the inner axes that the part takes whole, and one more.
        let outer = (0..shape.len()).rev().find(|&a| part[a] != shape[a]).unwrap_or(0);
        let run: usize = part[outer..].iter().product();
        let mut index = vec![0; outer];
        let (mut at, mut left) = ((0..shape.len()).map(|a| start[a] * strides[a] as usize).sum::<usize>(), run);
        source.rows(0, source.len(), |mut row| {
            while row.len > 0 {
                if left == 0 {
                    at = at - run + next_run(&mut index, part, &strides) as usize;
                    left = run;
                }
                let now = row.split_off(left);
                now.write(&mut target[at..at + now.len]);
                (at, left) = (at + now.len, left - now.len);
            }
        });
    }

    /// Hands `len` elements, from the `start`-th in C order on, to `take`, row by row of the axes that are left when those
    /// whose elements follow each other at one distance are joined.
    pub fn rows(&self, start: usize, mut len: usize, mut take: impl FnMut(Row<'_, T>)) {
        if len == 0 {
            return;
        }
        let axes = merged_axes(&self.shape, &self.strides);
        let data = &self.data[..];
        let Some((&(inner, stride), outer)) = axes.split_last() else {
            return take(Row { data, first: self.offset, stride: 0, len });
        };
        let mut position = start % inner;
        let mut index = vec![0; outer.len()];
        let mut rest = start / inner;
        let mut row = self.offset as isize;
        for (axis, &(n, step)) in outer.iter().enumerate().rev() {
            index[axis] = rest % n;
            rest /= n;
            row += index[axis] as isize * step;
        }
        while len > 0 {
            let now = (inner - position).min(len);
            take(Row { data, first: (row + position as isize * stride) as usize, stride, len: now });
            len -= now;
            position = 0;
            for (axis, &(n, step)) in outer.iter().enumerate().rev() {
                index[axis] += 1;
                row += step;
                if index[axis] < n {
                    break;
                }
                index[axis] = 0;
                row -= n as isize * step;
            }
        }
    }
}

/// Moves the index of a run to that of the next in C order; gives how much later it begins.
fn next_run(index: &mut [usize], part: &[usize], strides: &[isize]) -> isize {
    let mut later = 0;
    for axis in (0..index.len()).rev() {
        index[axis] += 1;
        later += strides[axis];
        if index[axis] < part[axis] {
            break;
        }
        later -= index[axis] as isize * strides[axis];
        index[axis] = 0;
    }
    later
}

/// Some elements at one distance from each other.
#[derive(Debug)]
pub struct Row<'a, T> {
    data: &'a [T],
    first: usize,
    stride: isize,
    len: usize,
}

impl<'a, T: Clone> Row<'a, T> {
    /// Takes out the first `len` elements, or all where there are fewer; the others stay.
    fn split_off(&mut self, len: usize) -> Row<'a, T> {
        let first = Row { data: self.data, first: self.first, stride: self.stride, len: len.min(self.len) };
        self.first = (self.first as isize + first.len as isize * self.stride) as usize;
        self.len -= first.len;
        first
    }

    /// Replaces as many elements.
    fn write(&self, into: &mut [T]) {
        match self.stride {
            1 => into.clone_from_slice(&self.data[self.first..self.first + self.len]),
            0 => into.fill(self.data[self.first].clone()),
            2.. => spaced(&self.data[self.first..], self.stride as usize, into),
            _ => into.iter_mut().zip(self.backwards()).for_each(|(into, from)| into.clone_from(from)),
        }
    }

    /// Appends the elements.
    fn append_to(&self, elements: &mut Vec<T>) {
        match self.stride {
            1 => elements.extend_from_slice(&self.data[self.first..self.first + self.len]),
            0 => elements.resize(elements.len() + self.len, self.data[self.first].clone()),
            2.. => {
                elements.extend(self.data[self.first..].iter().step_by(self.stride as usize).take(self.len).cloned())
            }
            _ => elements.extend(self.backwards().cloned()),
        }
    }

    fn backwards(&self) -> impl Iterator<Item = &'a T> {
        self.data[..=self.first].iter().rev().step_by(self.stride.unsigned_abs()).take(self.len)
    }
}

/// Replaces the elements of `into` by every `step`-th of `from`, from the first on.
///
/// # Panics
/// Where there are too few.
pub fn spaced<T: Clone>(from: &[T], step: usize, into: &mut [T]) {
    fn firsts<T: Clone, const STEP: usize>(from: &[T], into: &mut [T]) {
        let (groups, _) = from.as_chunks::<STEP>();
        let (whole, last) = into.split_at_mut(groups.len().min(into.len()));
        whole.iter_mut().zip(groups).for_each(|(into, group)| into.clone_from(&group[0]));
        last.iter_mut().for_each(|into| into.clone_from(&from[groups.len() * STEP]));
    }
    assert!(into.is_empty() || from.len() > (into.len() - 1) * step, "there are too few elements");
    match step {
        2 => firsts::<T, 2>(from, into),
        3 => firsts::<T, 3>(from, into),
        4 => firsts::<T, 4>(from, into),
        _ => into.iter_mut().zip(from.iter().step_by(step)).for_each(|(into, from)| into.clone_from(from)),
    }
}

/// Size and stride of each axis that matters, outermost first: axes of one element are left out,
/// axes whose elements follow each other at one distance are one.
pub fn merged_axes(shape: &[usize], strides: &[isize]) -> Vec<(usize, isize)> {
    let mut axes: Vec<(usize, isize)> = Vec::with_capacity(shape.len());
    for (&n, &stride) in shape.iter().zip(strides).filter(|(n, _)| **n != 1) {
        match axes.last_mut() {
            Some(last) if last.1 == stride * n as isize => *last = (last.0 * n, stride),
            _ => axes.push((n, stride)),
        }
    }
    axes
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
    use ndarray::Dimension;

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

    /// Parts of any shape, from sources of any strides, go where they should and nowhere else.
    #[test]
    fn parts_are_assigned() {
        let shape = [4, 3, 5];
        let sources = [
            Values::new(vec![2, 3, 5], (1..31).collect()).unwrap(),
            Values::new(vec![5, 3, 2], (1..31).collect()).unwrap().permute(&[2, 1, 0]),
            Values::new(vec![4, 2, 2], (1..17).collect()).unwrap(),
            Values::new(vec![4, 3, 10], (1..121).collect()).unwrap().slice(&[3, 1, 9], &[-2, 1, -3], &[2, 2, 3]),
            Values::new(vec![1, 3, 1], vec![1, 2, 3]).unwrap().broadcast(&[3, 3, 4]),
            Values::new(vec![4, 3, 0], vec![]).unwrap(),
            Values::repeated(vec![1, 1, 1], 7),
        ];
        for source in sources {
            for corner in [0, 1] {
                let start: Vec<usize> = shape.iter().zip(source.shape()).map(|(n, k)| (n - k) * corner).collect();
                let mut target = Values::new(shape.to_vec(), vec![0; 60]).unwrap();
                let mut expected = target.view().to_owned();
                for (index, value) in source.view().indexed_iter() {
                    let place: Vec<usize> = start.iter().zip(index.slice()).map(|(s, i)| s + i).collect();
                    expected[&place[..]] = *value;
                }
                target.assign(&start, &source);
                assert_eq!(target.view(), expected, "{source:?} {start:?}");
                assert_eq!(source.contiguous(), source);
            }
        }
    }

    #[test]
    fn every_few_elements() {
        let from: Vec<i32> = (0..40).collect();
        for step in 1..8 {
            for len in 0..=40usize.div_ceil(step) {
                for end in (len.max(1) - 1) * step + usize::from(len > 0)..=40 {
                    let mut into = vec![-1; len];
                    spaced(&from[..end], step, &mut into);
                    assert!(
                        into.iter().enumerate().all(|(i, &value)| value == (i * step) as i32),
                        "{step} {len} {end}"
                    );
                }
            }
        }
    }
}
