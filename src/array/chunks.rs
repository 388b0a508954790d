//! How an array is cut into chunks: arithmetic, never a list of chunks.

use std::fmt;

use super::Region;

/// How one axis is cut: pieces of `size`, of which the first lacks its first `offset` elements.
///
/// A slice of a chunked axis keeps the boundaries of its source, which is what `offset` is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AxisChunks {
    /// Elements of a whole chunk; at least one.
    pub size: u64,
    /// Elements of the first chunk that lie before the axis begins; below `size`.
    pub offset: u64,
}

impl AxisChunks {
    /// Chunks of `size` that begin with the axis; a size of zero counts as one.
    pub fn regular(size: u64) -> Self {
        AxisChunks { size: size.max(1), offset: 0 }
    }

    /// How many chunks an axis of `length` elements has.
    pub fn count(self, length: u64) -> u64 {
        if length == 0 { 0 } else { (length.saturating_add(self.offset)).div_ceil(self.size) }
    }

    /// First element and length of chunk `index` on an axis of `length` elements.
    pub fn span(self, index: u64, length: u64) -> (u64, u64) {
        let start = (index * self.size).saturating_sub(self.offset);
        let end = ((index + 1).saturating_mul(self.size) - self.offset).min(length);
        (start, end - start)
    }

    /// The chunk in which `position` lies.
    pub fn index(self, position: u64) -> u64 {
        (position + self.offset) / self.size
    }
}

/// The chunks of an array, one [`AxisChunks`] an axis.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ChunkGrid {
    /// Per axis, outermost first.
    pub axes: Vec<AxisChunks>,
}

impl ChunkGrid {
    /// Chunks of this shape, beginning with the array.
    pub fn regular(shape: &[u64]) -> Self {
        ChunkGrid { axes: shape.iter().map(|&s| AxisChunks::regular(s)).collect() }
    }

    /// The shape of a whole chunk.
    pub fn chunk_shape(&self) -> Vec<u64> {
        self.axes.iter().map(|a| a.size).collect()
    }

    /// Chunks per axis for an array of `shape`.
    pub fn counts(&self, shape: &[u64]) -> Vec<u64> {
        self.axes.iter().zip(shape).map(|(a, &n)| a.count(n)).collect()
    }

    /// The number of chunks of an array of `shape`; saturates. A 0-d array has one.
    pub fn count(&self, shape: &[u64]) -> u64 {
        self.counts(shape).into_iter().fold(1u64, u64::saturating_mul)
    }

    /// The part of an array of `shape` that chunk `index` covers, clipped to the array.
    pub fn region(&self, index: &[u64], shape: &[u64]) -> Region {
        let spans = self.axes.iter().zip(index).zip(shape).map(|((a, &i), &n)| a.span(i, n));
        let (start, shape) = spans.unzip();
        Region { start, shape }
    }

    /// Per axis, first chunk and number of chunks that `region` touches.
    pub fn covering(&self, region: &Region) -> Region {
        let spans = self.axes.iter().zip(region.start.iter().zip(&region.shape)).map(|(a, (&start, &n))| {
            if n == 0 {
                (0, 0)
            } else {
                let first = a.index(start);
                (first, a.index(start + n - 1) - first + 1)
            }
        });
        let (start, shape) = spans.unzip();
        Region { start, shape }
    }
}

impl fmt::Display for ChunkGrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.axes.iter().map(|a| a.size.to_string()).collect();
        f.write_str(&sizes.join("x"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_chunks_tile_the_axis() {
        let axis = AxisChunks { size: 4, offset: 3 };
        let spans: Vec<_> = (0..axis.count(10)).map(|i| axis.span(i, 10)).collect();
        assert_eq!(spans, [(0, 1), (1, 4), (5, 4), (9, 1)]);
        for (i, (start, n)) in spans.into_iter().enumerate() {
            assert!((start..start + n).all(|p| axis.index(p) == i as u64));
        }
        assert_eq!(axis.count(0), 0);
    }
}
