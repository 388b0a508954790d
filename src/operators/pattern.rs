//! How a call's output depends on its inputs: the closed list by which passes and runtime
//! understand operators.
//!
//! A pattern answers three questions: the type of the output ([`Pattern::infer`]), which region of
//! an input a region of the output needs ([`Pattern::required`], bounds inference), and, for the
//! patterns that only move values, the values themselves ([`Pattern::rearrange`]).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::combine::Combine;
use super::contraction::Contraction;
use super::error::TypeError;
use super::index::rename_coords;
pub use super::index::{IndexMap, Labels};
use super::scan::Scan;
use super::stencil::Stencil;
use super::tile::TileLoop;
use super::view::Groups;
use super::whole::Whole;
use crate::array::{
    ArrayType, Attributes, AxisChunks, Block, ChunkGrid, Coord, CoordValues, DType, Dim, DimName, Dims, Region, Scalar,
};

/// How an output depends on its inputs.
#[derive(Clone)]
pub enum Pattern {
    /// Element by element; all inputs have the output's dims.
    Elementwise(TileLoop),
    /// Each output element is one input element, found by index arithmetic.
    Injective(IndexMap),
    /// The inputs one after another along an axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// Each output element reduces a bounded neighbourhood.
    Window(Window),
    /// Each output element is a weighted sum of its neighbours.
    Stencil(Stencil),
    /// Whole axes are reduced; a second input, if there is one, holds weights.
    Reduction(Reduction),
    /// Each output element sums up its line so far.
    Scan(Scan),
    /// Two inputs of one space are multiplied, and the products summed over whole axes.
    Contraction(Contraction),
    /// Whole axes are looked at at once.
    Whole(Whole),
}

/// A reduction over windows.
#[derive(Clone, Debug)]
pub struct Window {
    /// The windowed axes, ascending.
    pub axes: Vec<WindowAxis>,
    /// What is done with a window's elements.
    pub combine: Arc<dyn Combine>,
}

/// The windows along one axis: output `i` sees the inputs from `i * stride - before`, `length` of
/// them, clipped to the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowAxis {
    /// The axis.
    pub axis: usize,
    /// Elements before `i * stride`.
    pub before: u64,
    /// Elements of a window.
    pub length: u64,
    /// Input elements from one output to the next.
    pub stride: u64,
    /// Output elements.
    pub count: u64,
}

/// A reduction over whole axes.
#[derive(Clone, Debug)]
pub struct Reduction {
    /// The reduced axes, ascending; a grouped axis is not among them.
    pub axes: Vec<usize>,
    /// A grouped axis, whose place the groups take.
    pub groups: Option<(usize, Groups)>,
    /// Whether reduced axes stay with one element.
    pub keepdims: bool,
    /// A new last dim over which the result of each cell spreads, where it is not a single element.
    pub spread: Option<Spread>,
    /// What is done with the elements.
    pub combine: Arc<dyn Combine>,
}

/// The dim over which results spread: bins, ranks, statistics. `Combine::finish` then gives as many elements a cell.
#[derive(Clone, Debug)]
pub struct Spread {
    /// Name and size.
    pub dim: Dim,
    /// Its labels, where they are known while planning.
    pub coord: Option<Arc<Coord>>,
}

/// Values known without reading.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// One value everywhere.
    Full(Scalar),
    /// `start + i * step` along the only axis, computed in `f64` or, for integers, in `i64`.
    Linear {
        /// The first value.
        start: Scalar,
        /// The difference of neighbours.
        step: Scalar,
    },
    /// Values in memory.
    Values(Block),
}

/// Part of an input: the values of a region.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where it lies in the input.
    pub region: Region,
    /// Its values.
    pub block: Block,
}

impl Pattern {
    /// The type of the output.
    ///
    /// # Errors
    /// The inputs do not fit: other dims, other coordinates.
    pub fn infer(&self, dtype: DType, inputs: &[&ArrayType]) -> Result<ArrayType, TypeError> {
        match self {
            Pattern::Elementwise(_) => in_one_space(dtype, inputs),
            Pattern::Injective(map) => Ok(ArrayType { dtype, ..map.infer(inputs[0])? }),
            Pattern::Concat { axis } => concat(dtype, *axis, inputs),
            Pattern::Window(window) => Ok(window.infer(dtype, inputs[0])),
            Pattern::Stencil(stencil) => stencil.infer(dtype, inputs[0]),
            Pattern::Reduction(reduction) => Ok(reduction.infer(dtype, inputs[0])),
            Pattern::Scan(_) => Ok(inputs[0].with_dtype(dtype)),
            Pattern::Contraction(contraction) => contraction.infer(dtype, inputs),
            Pattern::Whole(whole) => Ok(whole.infer(dtype, inputs[0])),
        }
    }

    /// The region of input `input` that `output` needs. Of a scan, that is besides the carry of the elements before.
    pub fn required(&self, output: &Region, input: usize, inputs: &[&ArrayType]) -> Region {
        match self {
            Pattern::Elementwise(_) => output.clone(),
            Pattern::Injective(map) => map.required(output, &inputs[0].shape()),
            Pattern::Concat { axis } => {
                let before: u64 = inputs[..input].iter().map(|t| t.dims[*axis].size).sum();
                let size = inputs[input].dims[*axis].size;
                let mut region = output.clone();
                let start = output.start[*axis].clamp(before, before + size);
                let end = output.end(*axis).clamp(before, before + size);
                region.start[*axis] = start - before;
                region.shape[*axis] = end - start;
                region
            }
            Pattern::Window(window) => window.required(output, &inputs[0].shape()),
            Pattern::Stencil(stencil) => stencil.required(output),
            Pattern::Reduction(reduction) => reduction.required(output, &inputs[0].shape()),
            Pattern::Scan(_) => output.clone(),
            Pattern::Contraction(contraction) => contraction.reduction.required(output, &inputs[0].shape()),
            Pattern::Whole(whole) => whole.required(output, input, &inputs[input].shape()),
        }
    }

    /// The region of input `input` that `output` depends on: what it needs where there is no carry.
    pub fn required_alone(&self, output: &Region, input: usize, inputs: &[&ArrayType]) -> Region {
        match self {
            Pattern::Scan(scan) => scan.reach(output, inputs[0].dims[scan.axis].size),
            Pattern::Elementwise(_) | Pattern::Injective(_) | Pattern::Concat { .. } => {
                self.required(output, input, inputs)
            }
            Pattern::Window(_)
            | Pattern::Stencil(_)
            | Pattern::Reduction(_)
            | Pattern::Contraction(_)
            | Pattern::Whole(_) => self.required(output, input, inputs),
        }
    }

    /// The values of `output` from pieces that hold what it requires, for the patterns that only
    /// move values; none for the others.
    pub fn rearrange(&self, output: &Region, pieces: &[Piece]) -> Option<Block> {
        match self {
            Pattern::Injective(map) => Some(map.apply(output, &pieces[0])),
            Pattern::Concat { axis } => {
                let parts: Vec<Block> =
                    pieces.iter().filter(|p| !p.region.is_empty()).map(|p| p.block.clone()).collect();
                match parts.len() {
                    0 => Some(Block::zeros(pieces[0].block.dtype(), &output.shape)),
                    1 => parts.into_iter().next(),
                    _ => Some(Block::concat(&parts, *axis)),
                }
            }
            Pattern::Elementwise(_)
            | Pattern::Window(_)
            | Pattern::Stencil(_)
            | Pattern::Reduction(_)
            | Pattern::Contraction(_)
            | Pattern::Scan(_)
            | Pattern::Whole(_) => None,
        }
    }

    /// What is reduced before there is a result, for the patterns that reduce whole axes; none for the others.
    pub fn reduction(&self) -> Option<&Reduction> {
        match self {
            Pattern::Reduction(reduction) => Some(reduction),
            Pattern::Contraction(contraction) => Some(&contraction.reduction),
            Pattern::Elementwise(_) | Pattern::Injective(_) | Pattern::Concat { .. } => None,
            Pattern::Window(_) | Pattern::Stencil(_) | Pattern::Scan(_) | Pattern::Whole(_) => None,
        }
    }

    /// A word for plans.
    pub fn kind(&self) -> &'static str {
        match self {
            Pattern::Elementwise(_) => "elementwise",
            Pattern::Injective(_) => "injective",
            Pattern::Concat { .. } => "concat",
            Pattern::Window(_) => "window",
            Pattern::Stencil(_) => "stencil",
            Pattern::Reduction(_) => "reduction",
            Pattern::Scan(_) => "scan",
            Pattern::Contraction(_) => "contraction",
            Pattern::Whole(_) => "whole",
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// The type of what is computed from inputs of equal dims element by element.
///
/// # Errors
/// Dims or coordinates differ.
pub(super) fn in_one_space(dtype: DType, inputs: &[&ArrayType]) -> Result<ArrayType, TypeError> {
    let mut out = inputs[0].with_dtype(dtype);
    for other in &inputs[1..] {
        if other.dims != out.dims {
            let message = format!("the dims of {} and {} differ", inputs[0], other);
            return Err(TypeError::new("ff::type::dims", message));
        }
        for (axis, chunks) in other.chunks.axes.iter().enumerate() {
            if chunks.size < out.chunks.axes[axis].size {
                out.chunks.axes[axis] = *chunks;
            }
        }
        merge_coords(&mut out, other)?;
    }
    out.attrs = merged_attrs(dtype, inputs);
    Ok(out)
}

/// All attributes of the inputs but those in which two differ; conditions have none to give to what is chosen by them.
fn merged_attrs(dtype: DType, inputs: &[&ArrayType]) -> Arc<Attributes> {
    let chosen = dtype != DType::Bool && inputs.iter().any(|ty| ty.dtype != DType::Bool);
    let mut giving = inputs.iter().filter(|ty| !ty.attrs.is_empty() && (!chosen || ty.dtype != DType::Bool));
    let Some(first) = giving.next() else { return Arc::default() };
    let (mut all, mut differ) = (first.attrs.clone(), BTreeSet::new());
    for other in giving.filter(|ty| !Arc::ptr_eq(&ty.attrs, &first.attrs)) {
        for (name, value) in other.attrs.iter() {
            match all.get(name) {
                Some(ours) if ours != value => drop(differ.insert(name)),
                Some(_) => {}
                None => Arc::make_mut(&mut all).set(name, value.clone()),
            }
        }
    }
    if !differ.is_empty() {
        differ.iter().for_each(|name| drop(Arc::make_mut(&mut all).remove(name)));
    }
    all
}

/// Takes over the coordinates that only `other` has; those of both must be equal.
///
/// # Errors
/// They differ: the first difference is named.
pub fn merge_coords(out: &mut ArrayType, other: &ArrayType) -> Result<(), TypeError> {
    for (dim, coord) in &other.coords {
        let Some(ours) = out.coords.get(dim) else {
            out.coords.insert(dim.clone(), coord.clone());
            continue;
        };
        if Arc::ptr_eq(ours, coord) {
            continue;
        }
        if let Some(at) = ours.first_difference(coord) {
            let label = |c: &Coord| if at < c.len() { c.values.get(at).to_string() } else { "nothing".into() };
            let message = format!(
                "the coordinates of `{dim}` differ first at position {at}: {} against {}",
                label(ours),
                label(coord)
            );
            let help = "keep the labels both have, `let both = align(a, b, join: inner)` and then `both[0]` and `both[1]`, \
                        or drop one side's with `drop_coords`";
            return Err(TypeError::new("ff::type::coords", message).with_help(help));
        }
    }
    Ok(())
}

fn concat(dtype: DType, axis: usize, inputs: &[&ArrayType]) -> Result<ArrayType, TypeError> {
    let mut out = inputs[0].with_dtype(dtype);
    let name = out.dims[axis].name.clone();
    out.dims[axis].size = inputs.iter().map(|t| t.dims[axis].size).sum();
    for other in &inputs[1..] {
        let fits = other.rank() == out.rank()
            && (0..out.rank()).all(|a| a == axis || other.dims[a] == out.dims[a])
            && other.dims[axis].name == name;
        if !fits {
            let message = format!("{} and {} cannot be joined along `{name}`", inputs[0], other);
            return Err(TypeError::new("ff::type::concat", message).with_help("all other dims must be equal"));
        }
        let mut rest = (*other).clone();
        rest.coords.remove(&name);
        merge_coords(&mut out, &rest)?;
    }
    out.attrs = merged_attrs(dtype, inputs);
    out.chunks = joined_chunks(axis, inputs);
    let coords: Option<Vec<&Arc<Coord>>> = inputs.iter().map(|t| t.coord(&name)).collect();
    out.coords.remove(&name);
    if let Some(joined) = coords.and_then(|parts| join_coords(&parts)) {
        out.coords.insert(name, Arc::new(joined));
    }
    Ok(out)
}

/// The chunks of the longest input, whose boundaries stay where its elements go.
fn joined_chunks(axis: usize, inputs: &[&ArrayType]) -> ChunkGrid {
    let (mut longest, mut start, mut at) = (inputs[0], 0, 0);
    for input in inputs {
        if input.dims[axis].size > longest.dims[axis].size {
            (longest, start) = (input, at);
        }
        at += input.dims[axis].size;
    }
    let mut chunks = longest.chunks.clone();
    let along = &mut chunks.axes[axis];
    along.offset = (along.offset + along.size - start % along.size) % along.size;
    chunks
}

fn join_coords(parts: &[&Arc<Coord>]) -> Option<Coord> {
    let mut joined = (**parts[0]).clone();
    for part in &parts[1..] {
        match (&mut joined.values, &part.values) {
            (CoordValues::Int(a), CoordValues::Int(b)) => a.extend(b),
            (CoordValues::Float(a), CoordValues::Float(b)) => a.extend(b),
            (CoordValues::Time(a, ca), CoordValues::Time(b, cb)) if ca == cb => a.extend(b),
            (CoordValues::Duration(a), CoordValues::Duration(b)) => a.extend(b),
            (CoordValues::Str(a), CoordValues::Str(b)) => a.extend(b.iter().cloned()),
            _ => return None,
        }
    }
    Some(joined)
}

impl Window {
    fn infer(&self, dtype: DType, input: &ArrayType) -> ArrayType {
        let mut out = input.with_dtype(dtype);
        for w in &self.axes {
            let name = out.dims[w.axis].name.clone();
            out.dims[w.axis].size = w.count;
            if w.stride > 1 {
                let chunks = out.chunks.axes[w.axis];
                out.chunks.axes[w.axis] = AxisChunks::regular(chunks.size.div_ceil(w.stride));
                if let Some(coord) = out.coords.remove(&name).and_then(|c| mean_labels(&c, w)) {
                    out.coords.insert(name, Arc::new(coord));
                }
            }
        }
        out
    }

    fn required(&self, output: &Region, shape: &[u64]) -> Region {
        let mut region = output.clone();
        for w in &self.axes {
            let (first, count) = (output.start[w.axis], output.shape[w.axis]);
            let (start, end) = if count == 0 {
                (0, 0)
            } else {
                let start = (first * w.stride).saturating_sub(w.before);
                let end = ((first + count - 1) * w.stride + w.length).saturating_sub(w.before);
                (start.min(shape[w.axis]), end.clamp(start, shape[w.axis].max(start)))
            };
            region.start[w.axis] = start;
            region.shape[w.axis] = end.min(shape[w.axis]).saturating_sub(start);
        }
        region
    }
}

/// The mean label of each window, as xarray labels coarsened axes; none for texts.
fn mean_labels(coord: &Coord, w: &WindowAxis) -> Option<Coord> {
    let n = coord.len() as u64;
    let spans = (0..w.count).map(|i| {
        let start = (i * w.stride).saturating_sub(w.before);
        (start as usize, (i * w.stride + w.length - w.before).min(n) as usize)
    });
    let int_mean = |v: &[i64]| v[0] + (v.iter().map(|x| i128::from(x - v[0])).sum::<i128>() / v.len() as i128) as i64;
    let values = match &coord.values {
        CoordValues::Int(v) => {
            let mean = |(a, b): (usize, usize)| v[a..b].iter().map(|&x| x as f64).sum::<f64>() / (b - a) as f64;
            return Some(Coord {
                dtype: DType::F64,
                values: CoordValues::Float(spans.map(mean).collect()),
                ..coord.clone()
            });
        }
        CoordValues::Float(v) => {
            CoordValues::Float(spans.map(|(a, b)| v[a..b].iter().sum::<f64>() / (b - a) as f64).collect())
        }
        CoordValues::Time(v, calendar) => {
            CoordValues::Time(spans.map(|(a, b)| int_mean(&v[a..b])).collect(), *calendar)
        }
        CoordValues::Duration(v) => CoordValues::Duration(spans.map(|(a, b)| int_mean(&v[a..b])).collect()),
        CoordValues::Str(_) => return None,
    };
    Some(Coord { values, ..coord.clone() })
}

impl Reduction {
    /// The axes of the input whose end must be reached before a result is finished: reduced and grouped ones.
    pub fn open_axes(&self) -> Vec<usize> {
        self.axes.iter().copied().chain(self.groups.as_ref().map(|(axis, _)| *axis)).collect()
    }

    /// The accumulator's cells for a region of the output, which may spread over one dim more; saturates.
    pub fn cells(&self, output: &Region) -> u64 {
        let axes = output.rank() - usize::from(self.spread.is_some());
        output.shape[..axes].iter().fold(1, |n, &size| n.saturating_mul(size))
    }

    /// A region of the output with all that its cells give.
    pub fn spread_whole(&self, output: &Region) -> Region {
        let mut whole = output.clone();
        if let (Some(spread), Some(start), Some(size)) = (&self.spread, whole.start.last_mut(), whole.shape.last_mut())
        {
            (*start, *size) = (0, spread.dim.size);
        }
        whole
    }

    /// Bytes of accumulators for the cells that a region of the input touches; saturates.
    pub fn state_bytes(&self, region: &Region) -> u64 {
        let open = self.open_axes();
        let kept = (0..region.rank()).filter(|a| !open.contains(a));
        let cells = kept.fold(1u64, |n, a| n.saturating_mul(region.shape[a]));
        let groups = self.groups.as_ref().map_or(1, |(_, g)| g.coord.len() as u64);
        cells.saturating_mul(groups).saturating_mul(self.combine.state_bytes() as u64)
    }

    fn infer(&self, dtype: DType, input: &ArrayType) -> ArrayType {
        let mut out = input.with_dtype(dtype);
        if let Some((axis, groups)) = &self.groups {
            let old = out.dims[*axis].name.clone();
            out.coords.remove(&old);
            let size = groups.coord.len() as u64;
            out.dims[*axis] = Dim { name: groups.coord.dim.clone(), size };
            out.chunks.axes[*axis] = AxisChunks::regular(size);
            out.coords.insert(groups.coord.dim.clone(), groups.coord.clone());
        }
        for &axis in self.axes.iter().rev() {
            if self.keepdims {
                out.coords.remove(&out.dims[axis].name.clone());
                out.dims[axis].size = 1;
                out.chunks.axes[axis] = AxisChunks::regular(1);
            } else {
                out.remove_axis(axis);
            }
        }
        if let Some(Spread { dim, coord }) = &self.spread {
            out.dims.push(dim.name.clone(), dim.size);
            out.chunks.axes.push(AxisChunks::regular(dim.size));
            out.coords.extend(coord.iter().map(|coord| (dim.name.clone(), coord.clone())));
        }
        out
    }

    /// The region of an input of `shape` that `output` needs.
    pub fn required(&self, output: &Region, shape: &[u64]) -> Region {
        let mut region = Region::whole(shape);
        let grouped = self.groups.as_ref().map(|(axis, _)| *axis);
        let mut next = 0;
        for axis in 0..shape.len() {
            let reduced = self.axes.contains(&axis);
            if !reduced && grouped != Some(axis) {
                region.start[axis] = output.start[next];
                region.shape[axis] = output.shape[next];
            }
            if !reduced || self.keepdims {
                next += 1;
            }
        }
        region
    }
}

impl Constant {
    /// The values of `region` of a constant of type `ty`.
    pub fn block(&self, ty: &ArrayType, region: &Region) -> Block {
        match self {
            Constant::Full(value) => Block::full(ty.dtype, &region.shape, value),
            Constant::Values(block) => block.slice(region),
            Constant::Linear { start: Scalar::Int(start), step: Scalar::Int(step) } if ty.dtype == DType::I64 => {
                let span = region.start[0]..region.end(0);
                let value = |i: u64| start.wrapping_add(step.wrapping_mul(i as i64));
                Block::from_list(span.map(value).collect::<Vec<i64>>())
            }
            Constant::Linear { start, step } => {
                let value = |i: u64| match (start.as_i64(), step.as_i64()) {
                    (Some(a), Some(d)) if ty.dtype.is_integer() => {
                        Scalar::Int(a.wrapping_add(d.wrapping_mul(i as i64)))
                    }
                    _ => Scalar::Float(start.as_f64().unwrap_or(0.0) + i as f64 * step.as_f64().unwrap_or(0.0)),
                };
                crate::array::block::with_type!(ty.dtype, T => {
                    use crate::array::block::Element;
                    let span = region.start[0]..region.end(0);
                    Block::from_list(span.map(|i| T::from_scalar(&value(i))).collect::<Vec<T>>())
                })
            }
        }
    }
}

impl ArrayType {
    /// The type with `dim` renamed to `new`, with its coordinate.
    pub fn renamed(&self, old: &DimName, new: &DimName) -> ArrayType {
        let dims: Dims = self
            .dims
            .iter()
            .map(|d| if d.name == *old { Dim { name: new.clone(), size: d.size } } else { d.clone() })
            .collect();
        let coords = rename_coords(&self.coords, old, new);
        ArrayType { dims, coords, ..self.clone() }
    }

    /// The type in other chunks.
    pub fn rechunked(&self, chunks: &[u64]) -> ArrayType {
        ArrayType { chunks: ChunkGrid::regular(chunks), ..self.clone() }
    }
}
