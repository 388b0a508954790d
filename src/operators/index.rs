//! Index arithmetic: outputs whose every element is one element of the input.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::TypeError;
use super::pattern::{Piece, WindowAxis};
use super::reshape::Reshape;
use crate::array::{ArrayType, Attributes, AxisChunks, Block, Coord, Dim, DimName, Region};

/// Where the elements of an output lie in the input.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexMap {
    /// Per axis `shape` elements from `start`, `step` apart; a negative step runs backwards.
    Slice {
        /// The first element taken, per axis.
        start: Vec<i64>,
        /// The distance to the next, never zero.
        step: Vec<i64>,
        /// How many are taken.
        shape: Vec<u64>,
    },
    /// Axis `axes[i]` becomes axis `i`.
    Permute(Vec<usize>),
    /// A dim of one element is put before `axis`.
    Insert {
        /// The axis of the new dim.
        axis: usize,
        /// Its name.
        dim: DimName,
        /// Its label.
        coord: Option<Arc<Coord>>,
    },
    /// A dim of one element is taken away.
    Drop {
        /// Its axis.
        axis: usize,
    },
    /// Axes of one element are repeated to this shape, of the same rank.
    Broadcast {
        /// The shape of the output.
        shape: Vec<u64>,
    },
    /// The elements at `positions` along `axis`.
    Take {
        /// The axis.
        axis: usize,
        /// Positions in the input.
        positions: Arc<[u64]>,
        /// The dim of the output, if it has another name.
        dim: Option<DimName>,
        /// The labels of the output along `axis`; none takes the input's at `positions`.
        coord: Option<Arc<Coord>>,
    },
    /// The elements at points: along the new `dim`, which takes the place of the first of `axes`, element `i` is the one at
    /// `positions[a][i]` along each of them.
    Points {
        /// The axes that the points replace, ascending.
        axes: Vec<usize>,
        /// Positions in the input, as many along each axis.
        positions: Vec<Arc<[u64]>>,
        /// The dim of the points, without labels.
        dim: DimName,
    },
    /// The elements of windows along last axes of their own, one for each window: `count` windows take the place of what they
    /// move along, the `i`-th of which begins at `i * stride`. The input has all that windows see.
    Windows {
        /// The windows, of which nothing lies before their first element.
        axes: Vec<WindowAxis>,
        /// The new dims.
        dims: Vec<DimName>,
    },
    /// Values as they are, with other names, coordinates or attributes.
    Relabel(Labels),
    /// The same elements in C order under other dims.
    Reshape(Reshape),
}

/// What a relabelling changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Dims renamed: old and new.
    pub rename: Vec<(DimName, DimName)>,
    /// Coordinates set (some) or dropped (none), by dim, after renaming.
    pub coords: Vec<(DimName, Option<Arc<Coord>>)>,
    /// All attributes, where they are replaced.
    pub attrs: Option<Arc<Attributes>>,
}

impl IndexMap {
    /// The type of the output.
    ///
    /// # Errors
    /// The map does not fit the input's dims.
    pub fn infer(&self, input: &ArrayType) -> Result<ArrayType, TypeError> {
        let mut out = input.clone();
        match self {
            IndexMap::Slice { start, step, shape } => {
                for axis in 0..shape.len() {
                    slice_axis(&mut out, axis, (start[axis], step[axis], shape[axis]));
                }
            }
            IndexMap::Permute(axes) => {
                out.dims = axes.iter().map(|&a| input.dims[a].clone()).collect();
                out.chunks.axes = axes.iter().map(|&a| input.chunks.axes[a]).collect();
            }
            IndexMap::Insert { axis, dim, coord } => {
                if input.dims.axis(dim).is_some() {
                    let message = format!("{input} already has a dim `{dim}`");
                    return Err(TypeError::new("ff::type::repeated_dim", message));
                }
                out.dims.insert(*axis, dim.clone(), 1);
                out.chunks.axes.insert(*axis, AxisChunks::regular(1));
                if let Some(coord) = coord {
                    out.coords.insert(dim.clone(), coord.clone());
                }
            }
            IndexMap::Drop { axis } => out.remove_axis(*axis),
            IndexMap::Broadcast { shape } => {
                for (axis, &size) in shape.iter().enumerate() {
                    if out.dims[axis].size != size {
                        let name = out.dims[axis].name.clone();
                        out.coords.remove(&name);
                        out.dims[axis].size = size;
                        out.chunks.axes[axis] = AxisChunks::regular(size);
                    }
                }
            }
            IndexMap::Take { axis, positions, dim, coord } => {
                take_axis(&mut out, *axis, positions, dim.as_ref());
                if let Some(coord) = coord {
                    out.coords.insert(coord.dim.clone(), coord.clone());
                }
            }
            IndexMap::Points { axes, positions, dim } => {
                for &axis in axes.iter().rev() {
                    out.remove_axis(axis);
                }
                let count = positions[0].len() as u64;
                out.dims.insert(axes[0], dim.clone(), count);
                out.chunks.axes.insert(axes[0], AxisChunks::regular(count));
            }
            IndexMap::Windows { axes, dims } => windowed(&mut out, axes, dims),
            IndexMap::Relabel(labels) => return labels.apply(input),
            IndexMap::Reshape(reshape) => return Ok(reshape.infer(input)),
        }
        Ok(out)
    }

    /// The region of the input, of `shape`, that `output` needs.
    pub fn required(&self, output: &Region, input_shape: &[u64]) -> Region {
        match self {
            IndexMap::Slice { start, step, .. } => {
                let spans = (0..output.rank()).map(|a| {
                    let n = output.shape[a];
                    if n == 0 {
                        return (0, 0);
                    }
                    let first = start[a] + output.start[a] as i64 * step[a];
                    let last = first + (n as i64 - 1) * step[a];
                    let low = first.min(last);
                    (low as u64, (first.max(last) - low + 1) as u64)
                });
                let (start, shape) = spans.unzip();
                Region { start, shape }
            }
            IndexMap::Permute(axes) => {
                let mut region = Region::whole(input_shape);
                for (i, &axis) in axes.iter().enumerate() {
                    region.start[axis] = output.start[i];
                    region.shape[axis] = output.shape[i];
                }
                region
            }
            IndexMap::Insert { axis, .. } => {
                let mut region = output.clone();
                region.start.remove(*axis);
                let n = region.shape.remove(*axis);
                if n == 0 {
                    region.shape.iter_mut().for_each(|s| *s = 0);
                }
                region
            }
            IndexMap::Drop { axis } => {
                let mut region = output.clone();
                region.start.insert(*axis, 0);
                region.shape.insert(*axis, 1);
                region
            }
            IndexMap::Broadcast { .. } => {
                let mut region = output.clone();
                for (axis, &size) in input_shape.iter().enumerate() {
                    if size == 1 {
                        region.start[axis] = 0;
                        region.shape[axis] = region.shape[axis].min(1);
                    }
                }
                region
            }
            IndexMap::Take { axis, positions, .. } => {
                let taken = &positions[output.start[*axis] as usize..output.end(*axis) as usize];
                let mut region = output.clone();
                (region.start[*axis], region.shape[*axis]) = hull(taken);
                region
            }
            IndexMap::Points { axes, positions, .. } => {
                let mut region = output.clone();
                let (first, count) = (region.start.remove(axes[0]), region.shape.remove(axes[0]));
                for (&axis, positions) in axes.iter().zip(positions) {
                    let (low, length) = hull(&positions[first as usize..(first + count) as usize]);
                    region.start.insert(axis, low);
                    region.shape.insert(axis, length);
                }
                region
            }
            IndexMap::Windows { axes, .. } => {
                let rank = input_shape.len();
                let mut region = Region { start: output.start[..rank].to_vec(), shape: output.shape[..rank].to_vec() };
                for (w, elements) in axes.iter().zip(rank..) {
                    let (first, windows) = (output.start[w.axis], output.shape[w.axis]);
                    let (offset, length) = (output.start[elements], output.shape[elements]);
                    let span = if output.is_empty() { 0 } else { (windows - 1) * w.stride + length };
                    (region.start[w.axis], region.shape[w.axis]) = (first * w.stride + offset, span);
                }
                region
            }
            IndexMap::Relabel(_) => output.clone(),
            IndexMap::Reshape(reshape) => reshape.required(output),
        }
    }

    /// The values of `output`, from a piece that holds exactly what it requires.
    pub fn apply(&self, output: &Region, piece: &Piece) -> Block {
        let block = &piece.block;
        match self {
            IndexMap::Slice { step, .. } => {
                let start: Vec<i64> =
                    (0..step.len()).map(|a| if step[a] > 0 { 0 } else { block.shape()[a] as i64 - 1 }).collect();
                block.slice_steps(&start, step, &output.shape)
            }
            IndexMap::Permute(axes) => block.permute(axes),
            IndexMap::Insert { axis, .. } => {
                if output.is_empty() {
                    return Block::zeros(block.dtype(), &output.shape);
                }
                block.insert_axis(*axis)
            }
            IndexMap::Drop { axis } => block.drop_axis(*axis, 0),
            IndexMap::Broadcast { .. } => block.broadcast(&output.shape),
            IndexMap::Take { axis, positions, .. } => {
                let origin = piece.region.start[*axis];
                let taken: Vec<usize> = positions[output.start[*axis] as usize..output.end(*axis) as usize]
                    .iter()
                    .map(|p| (p - origin) as usize)
                    .collect();
                block.take(*axis, &taken)
            }
            IndexMap::Points { axes, positions, .. } => {
                let span = output.start[axes[0]] as usize..output.end(axes[0]) as usize;
                let relative = |(&axis, positions): (&usize, &Arc<[u64]>)| {
                    positions[span.clone()].iter().map(|p| (p - piece.region.start[axis]) as usize).collect()
                };
                block.points(axes, &axes.iter().zip(positions).map(relative).collect::<Vec<_>>())
            }
            IndexMap::Windows { axes, .. } => {
                if output.is_empty() {
                    return Block::zeros(block.dtype(), &output.shape);
                }
                let rank = piece.region.rank();
                let lengths = &output.shape[rank..];
                axes.iter().zip(lengths).fold(block.clone(), |block, (w, length)| {
                    block.windows(w.axis, w.stride, (output.shape[w.axis], *length))
                })
            }
            IndexMap::Relabel(_) => block.clone(),
            IndexMap::Reshape(reshape) => reshape.apply(output, piece),
        }
    }
}

/// The first of some positions, and how many elements there are from it to the last.
fn hull(positions: &[u64]) -> (u64, u64) {
    let low = positions.iter().copied().min().unwrap_or(0);
    (low, positions.iter().copied().max().map_or(0, |high| high - low + 1))
}

fn slice_axis(out: &mut ArrayType, axis: usize, (start, step, size): (i64, i64, u64)) {
    let old = out.dims[axis].clone();
    if start == 0 && step == 1 && size == old.size {
        return;
    }
    out.dims[axis].size = size;
    let chunks = &mut out.chunks.axes[axis];
    let span = step.unsigned_abs();
    *chunks = if span == 1 {
        let first = if step > 0 { start as u64 } else { old.size - 1 - start as u64 };
        AxisChunks { size: chunks.size, offset: (first + chunks.offset) % chunks.size }
    } else {
        AxisChunks::regular((chunks.size / span).max(1))
    };
    if let Some(coord) = out.coords.get_mut(&old.name) {
        let positions: Vec<usize> = (0..size as i64).map(|i| (start + i * step) as usize).collect();
        *coord = Arc::new(coord.take(&positions));
    }
}

/// Elements of a chunk of windows that are laid out, above which chunks hold fewer windows.
const LAID_OUT: u64 = 1 << 22;

fn windowed(out: &mut ArrayType, axes: &[WindowAxis], dims: &[DimName]) {
    for (w, dim) in axes.iter().zip(dims) {
        let name = out.dims[w.axis].name.clone();
        out.coords.remove(&name);
        out.dims[w.axis].size = w.count;
        let chunk = out.chunks.axes[w.axis].size;
        out.chunks.axes[w.axis] = AxisChunks::regular((chunk / w.stride).clamp(1, w.count.max(1)));
        out.dims.push(dim.clone(), w.length);
        out.chunks.axes.push(AxisChunks::regular(w.length));
    }
    let elements = |out: &ArrayType| {
        let sizes = out.chunks.axes.iter().zip(out.dims.iter());
        sizes.fold(1u64, |n, (chunks, dim)| n.saturating_mul(chunks.size.min(dim.size.max(1))))
    };
    for w in axes.iter().filter(|w| w.stride < w.length) {
        while elements(out) > LAID_OUT && out.chunks.axes[w.axis].size > 1 {
            let half = out.chunks.axes[w.axis].size.div_ceil(2);
            out.chunks.axes[w.axis] = AxisChunks::regular(half);
        }
    }
}

fn take_axis(out: &mut ArrayType, axis: usize, positions: &[u64], dim: Option<&DimName>) {
    let old = out.dims[axis].name.clone();
    let name = dim.cloned().unwrap_or_else(|| old.clone());
    out.dims[axis] = Dim { name: name.clone(), size: positions.len() as u64 };
    out.chunks.axes[axis].offset = 0;
    if let Some(coord) = out.coords.remove(&old) {
        let at: Vec<usize> = positions.iter().map(|&p| p as usize).collect();
        let taken = Coord { dim: name.clone(), ..coord.take(&at) };
        out.coords.insert(name, Arc::new(taken));
    }
}

impl Labels {
    fn apply(&self, input: &ArrayType) -> Result<ArrayType, TypeError> {
        let mut out = input.clone();
        // Through temporary names, so that two dims can be swapped.
        let parked = |i: usize| DimName::new(&format!("\u{0}{i}"));
        for (i, (old, _)) in self.rename.iter().enumerate() {
            super::axis_of(&out, old)?;
            out = out.renamed(old, &parked(i));
        }
        for (i, (_, new)) in self.rename.iter().enumerate() {
            if out.dims.axis(new).is_some() {
                let message = format!("{input} already has a dim `{new}`");
                return Err(TypeError::new("ff::type::repeated_dim", message));
            }
            out = out.renamed(&parked(i), new);
        }
        for (dim, coord) in &self.coords {
            let axis = super::axis_of(&out, dim)?;
            match coord {
                None => drop(out.coords.remove(dim)),
                Some(coord) if coord.len() as u64 == out.dims[axis].size => {
                    out.coords.insert(dim.clone(), coord.clone());
                }
                Some(coord) => {
                    let message =
                        format!("{} labels for dim `{dim}`, which has {} elements", coord.len(), out.dims[axis].size);
                    return Err(TypeError::new("ff::type::coords", message));
                }
            }
        }
        if let Some(attrs) = &self.attrs {
            out.attrs = attrs.clone();
        }
        Ok(out)
    }
}

/// Coordinates with the one of `old` moved to `new`.
pub fn rename_coords(
    coords: &BTreeMap<DimName, Arc<Coord>>,
    old: &DimName,
    new: &DimName,
) -> BTreeMap<DimName, Arc<Coord>> {
    let renamed = |(dim, coord): (&DimName, &Arc<Coord>)| {
        if dim == old {
            (new.clone(), Arc::new(Coord { dim: new.clone(), ..(**coord).clone() }))
        } else {
            (dim.clone(), coord.clone())
        }
    };
    coords.iter().map(renamed).collect()
}
