//! Copying boxes of elements between arrays of bytes in C order.

/// Bytes from one element to the next along each axis of an array of `shape`; `None` where they cannot be addressed.
pub(super) fn strides(shape: &[u64], size: u64) -> Option<Vec<u64>> {
    let mut strides = vec![0; shape.len()];
    let mut next = size;
    for axis in (0..shape.len()).rev() {
        strides[axis] = next;
        next = next.checked_mul(shape[axis].max(1))?;
    }
    usize::try_from(next).ok().map(|_| strides)
}

/// Copies the elements of a box of `shape` between two places, each given as bytes, first byte and strides.
pub(super) fn copy_box(
    (source, from, from_steps): (&[u8], u64, &[u64]),
    (target, to, to_steps): (&mut [u8], u64, &[u64]),
    shape: &[u64],
    size: u64,
) {
    let mut run = size;
    let mut outer = shape.len();
    while outer > 0 && (shape[outer - 1] == 1 || from_steps[outer - 1] == run && to_steps[outer - 1] == run) {
        outer -= 1;
        run *= shape[outer];
    }
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0u64; outer];
    let (mut from, mut to) = (from, to);
    loop {
        target[to as usize..(to + run) as usize].copy_from_slice(&source[from as usize..(from + run) as usize]);
        let mut axis = outer;
        loop {
            let Some(above) = axis.checked_sub(1) else { return };
            axis = above;
            index[axis] += 1;
            from += from_steps[axis];
            to += to_steps[axis];
            if index[axis] < shape[axis] {
                break;
            }
            from -= from_steps[axis] * shape[axis];
            to -= to_steps[axis] * shape[axis];
            index[axis] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_a_box_out_of_an_array() {
        let source: Vec<u8> = (0..24).collect();
        let from = strides(&[2, 3, 4], 1).unwrap();
        let to = strides(&[2, 2, 2], 1).unwrap();
        let mut out = vec![0; 8];
        copy_box((&source, 5, &from), (&mut out, 0, &to), &[2, 2, 2], 1);
        assert_eq!(out, [5, 6, 9, 10, 17, 18, 21, 22]);
        let mut one = [0];
        copy_box((&source, 7, &[]), (&mut one, 0, &[]), &[], 1);
        assert_eq!(one, [7]);
        copy_box((&source, 0, &from), (&mut one, 0, &to), &[2, 0, 2], 1);
        assert_eq!(one, [7]);
    }
}
