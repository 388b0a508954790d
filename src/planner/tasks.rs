//! The grid of tasks of a stage.
//!
//! A grid follows the chunks the values come in and consists of whole objects of what is written. It
//! depends on types alone and not on the budget, so that the order of additions, and with it every
//! bit of a result, is the same under any budget that suffices.

use crate::array::{ArrayType, AxisChunks, ChunkGrid};

/// Bytes that a task should at least have, so that its overhead stays below a percent.
const SMALLEST: u64 = 8 << 20;

/// Bytes above which a natural chunk is not taken whole.
const LARGEST: u64 = 128 << 20;

/// The grid for values of type `ty`, in whole `units` where there are some.
pub fn grid(ty: &ArrayType, units: Option<&ChunkGrid>) -> ChunkGrid {
    let shape = ty.shape();
    let item = ty.dtype.size() as u64;
    let bytes = |axes: &[AxisChunks]| {
        axes.iter().zip(&shape).fold(item, |n, (a, &len)| n.saturating_mul(a.size.min(len.max(1))))
    };
    let natural = natural(ty);
    let mut axes: Vec<AxisChunks> = match units {
        None => natural.clone(),
        Some(units) => {
            let fitted = units.axes.iter().zip(&natural);
            fitted.map(|(u, n)| AxisChunks::regular(u.size * n.size.div_ceil(u.size))).collect()
        }
    };
    for axis in 0..axes.len() {
        let unit = units.map_or(1, |u| u.axes[axis].size);
        while bytes(&axes) > LARGEST && axes[axis].size > unit {
            let half = (axes[axis].size / 2).div_ceil(unit).max(1) * unit;
            axes[axis] = AxisChunks::regular(half.min(axes[axis].size - 1).max(unit));
        }
    }
    for axis in (0..axes.len()).rev() {
        let room = SMALLEST / bytes(&axes).max(1);
        let factor = room.min(shape[axis].div_ceil(axes[axis].size)).max(1);
        if factor > 1 && axes[axis].size < shape[axis] {
            axes[axis].size *= factor;
        }
    }
    ChunkGrid { axes }
}

/// Halves tasks over a space of `shape`, in whole units, along the axis where they are longest; gives
/// whether that was possible. Axes in `fixed` are left alone.
pub fn halve(grid: &mut ChunkGrid, shape: &[u64], units: Option<&ChunkGrid>, fixed: &[usize]) -> bool {
    let unit = |axis: usize| units.map_or(1, |u| u.axes[axis].size);
    let size = |grid: &ChunkGrid, axis: usize| grid.axes[axis].size.min(shape[axis]);
    let widest = (0..shape.len())
        .filter(|a| !fixed.contains(a) && size(grid, *a) > unit(*a))
        .max_by_key(|a| size(grid, *a) / unit(*a));
    let Some(axis) = widest else { return false };
    let half = (size(grid, axis) / 2 / unit(axis)).max(1) * unit(axis);
    grid.axes[axis] = AxisChunks::regular(half);
    true
}

/// Bytes of the values of one whole task.
pub fn task_bytes(grid: &ChunkGrid, ty: &ArrayType) -> u64 {
    let sizes = grid.axes.iter().zip(ty.shape()).map(|(a, n)| a.size.min(n.max(1)));
    sizes.fold(ty.dtype.size() as u64, u64::saturating_mul)
}

/// The chunks of a type, or slabs where it comes in one piece that is too large for a task.
pub fn natural(ty: &ArrayType) -> Vec<AxisChunks> {
    let shape = ty.shape();
    let whole = ty.chunks.axes.iter().zip(&shape).all(|(a, &n)| a.size >= n && a.offset == 0);
    if whole && ty.bytes() > SMALLEST {
        return slabs(&shape, ty.dtype.size() as u64).into_iter().map(AxisChunks::regular).collect();
    }
    ty.chunks
        .axes
        .iter()
        .zip(&shape)
        .map(|(a, &n)| if a.offset == 0 { AxisChunks::regular(a.size.min(n)) } else { *a })
        .collect()
}

/// Chunks of consecutive elements of about [`SMALLEST`] bytes for an array without chunks.
pub fn slabs(shape: &[u64], item: u64) -> Vec<u64> {
    let mut left = (SMALLEST / item.max(1)).max(1);
    let mut chunks = vec![1; shape.len()];
    for axis in (0..shape.len()).rev() {
        chunks[axis] = shape[axis].min(left).max(1);
        left = (left / chunks[axis]).max(1);
    }
    chunks
}

/// A number of bytes for people.
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} B"),
        _ if value < 10.0 => format!("{value:.1} {}", UNITS[unit]),
        _ => format!("{value:.0} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{DType, Dims};

    fn ty(shape: [u64; 3], chunks: [u64; 3]) -> ArrayType {
        let dims = Dims::new(["t", "y", "x"].into_iter().zip(shape));
        ArrayType { chunks: ChunkGrid::regular(&chunks), ..ArrayType::new(DType::F32, dims) }
    }

    #[test]
    fn small_chunks_are_taken_together() {
        let grid = grid(&ty([1000, 100, 100], [1, 100, 100]), None);
        assert_eq!(grid.chunk_shape(), [209, 100, 100]);
    }

    #[test]
    fn tasks_are_whole_objects() {
        let units = ChunkGrid::regular(&[10, 64, 64]);
        let grid = grid(&ty([1000, 512, 512], [24, 512, 512]), Some(&units));
        assert_eq!(grid.chunk_shape(), [30, 512, 512]);
    }

    #[test]
    fn one_piece_becomes_slabs() {
        assert_eq!(slabs(&[1000, 1024, 1024], 4), [2, 1024, 1024]);
        assert_eq!(slabs(&[], 4), Vec::<u64>::new());
    }
}
