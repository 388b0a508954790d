//! Calls that move or rename elements and compute nothing: what expansions are composed of.
//!
//! Each function adds one call of one [`IndexMap`] (or a `Concat`) under one name, whatever operator
//! of the script it is for; so equal movements are equal calls, by whatever name they were asked for.
//! Movements that would change nothing add no call.

use std::fmt::{self, Write};
use std::sync::Arc;

use super::error::TypeError;
use super::index::{IndexMap, Labels};
use super::pattern::WindowAxis;
use super::reshape::Reshape;
use super::{Builder, Call, Constant, Operand, Pattern, Units};
use crate::array::{ArrayType, Coord, DimName, Dims, Scalar};

/// Elements along one axis: `count` of them from `start`, `step` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first element.
    pub start: i64,
    /// The distance to the next, never zero; negative runs backwards.
    pub step: i64,
    /// How many.
    pub count: u64,
}

impl Span {
    /// `count` neighbours from `start` on.
    pub fn run(start: u64, count: u64) -> Span {
        Span { start: start as i64, step: 1, count }
    }

    /// All of an axis of `size` elements from its last to its first.
    pub fn reversed(size: u64) -> Span {
        Span { start: size as i64 - 1, step: -1, count: size }
    }

    /// The span that takes these positions in their order, if there is one.
    pub fn of(positions: &[u64]) -> Option<Span> {
        let at = |i: usize| positions[i] as i64;
        let step = if positions.len() < 2 { 1 } else { at(1) - at(0) };
        let regular = step != 0 && (1..positions.len()).all(|i| at(i) - at(i - 1) == step);
        regular.then(|| Span { start: positions.first().map_or(0, |&p| p as i64), step, count: positions.len() as u64 })
    }

    /// The position of the last element of a span that has one.
    fn last(self) -> i64 {
        self.start + (self.count as i64 - 1) * self.step
    }

    /// The same elements with the step that spans of at most one element have.
    fn normal(self) -> Span {
        match self.count {
            0 => Span::run(0, 0),
            1 => Span { step: 1, ..self },
            _ => self,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            1 => write!(f, "{}..<{}", self.start, self.start + self.count as i64),
            step => write!(f, "({}..{}) step {step}", self.start, self.last()),
        }
    }
}

fn apply(builder: &mut dyn Builder, x: Operand, name: &'static str, text: String, map: IndexMap) -> Moved {
    let dtype = builder.ty(x).dtype;
    builder.apply(Call { name, text, pattern: Pattern::Injective(map), dtype, units: Units::Kept }, &[x])
}

/// The operand of a movement.
pub type Moved = Result<Operand, TypeError>;

/// Only the elements of these spans, by axis; other axes stay whole.
///
/// # Errors
/// As [`Call::infer`]; also of all other functions here.
pub fn slice(builder: &mut dyn Builder, x: Operand, spans: &[(usize, Span)]) -> Moved {
    let ty = builder.ty(x);
    let mut all: Vec<Span> = ty.dims.iter().map(|d| Span::run(0, d.size)).collect();
    let mut text = Vec::new();
    for &(axis, span) in spans {
        let span = span.normal();
        if span != all[axis] {
            text.push(format!("{}: {span}", ty.dims[axis].name));
            all[axis] = span;
        }
    }
    if text.is_empty() {
        return Ok(x);
    }
    let map = IndexMap::Slice {
        start: all.iter().map(|s| s.start).collect(),
        step: all.iter().map(|s| s.step).collect(),
        shape: all.iter().map(|s| s.count).collect(),
    };
    apply(builder, x, "slice", text.join(", "), map)
}

/// The elements of one axis at `positions`. Where `to` is given the axis is called so, and has that
/// coordinate or none.
pub fn take(
    builder: &mut dyn Builder,
    x: Operand,
    axis: usize,
    positions: &[u64],
    to: Option<(DimName, Option<Arc<Coord>>)>,
) -> Moved {
    let ty = builder.ty(x);
    let name = &ty.dims[axis].name;
    let mut text = format!("{name}: {}", list(positions));
    let unlabelled = matches!(to, Some((_, None))) && ty.coord(name).is_some();
    let (dim, coord) = to.map_or((None, None), |(dim, coord)| (Some(dim), coord));
    let target = dim.clone().unwrap_or_else(|| name.clone());
    if target != *name {
        let _ = write!(text, " as {target}");
    }
    if let Some(coord) = &coord {
        let _ = write!(text, " {}", digest(coord));
    }
    let map = IndexMap::Take { axis, positions: positions.into(), dim, coord };
    let taken = apply(builder, x, "take", text, map)?;
    if unlabelled {
        relabel(builder, taken, Labels { coords: vec![(target, None)], ..Labels::default() })
    } else {
        Ok(taken)
    }
}

/// The elements at points: along `dim`, in the place of the first of `axes`, which ascend, as many positions along each.
pub fn points(builder: &mut dyn Builder, x: Operand, axes: &[usize], positions: &[Vec<u64>], dim: &DimName) -> Moved {
    let ty = builder.ty(x);
    let at = axes.iter().zip(positions).map(|(&axis, at)| format!("{}: {}", ty.dims[axis].name, list(at)));
    let text = format!("{} as {dim}", at.collect::<Vec<_>>().join(", "));
    let positions = positions.iter().map(|at| at.as_slice().into()).collect();
    apply(builder, x, "points", text, IndexMap::Points { axes: axes.to_vec(), positions, dim: dim.clone() })
}

/// Without `axis`, which has one element.
pub fn drop_axis(builder: &mut dyn Builder, x: Operand, axis: usize) -> Moved {
    let text = builder.ty(x).dims[axis].name.to_string();
    apply(builder, x, "squeeze", text, IndexMap::Drop { axis })
}

/// With a dim of one element before `axis`.
pub fn insert(builder: &mut dyn Builder, x: Operand, axis: usize, dim: &DimName, coord: Option<Arc<Coord>>) -> Moved {
    let mut text = format!("{dim}, axis: {axis}");
    if let Some(coord) = &coord {
        let _ = write!(text, ", {}", digest(coord));
    }
    apply(builder, x, "expand_dims", text, IndexMap::Insert { axis, dim: dim.clone(), coord })
}

/// Axis `axes[i]` becomes axis `i`.
pub fn permute(builder: &mut dyn Builder, x: Operand, axes: &[usize]) -> Moved {
    if axes.iter().enumerate().all(|(i, &axis)| i == axis) {
        return Ok(x);
    }
    let ty = builder.ty(x);
    let names: Vec<&str> = axes.iter().map(|&a| ty.dims[a].name.as_str()).collect();
    apply(builder, x, "transpose", names.join(", "), IndexMap::Permute(axes.to_vec()))
}

/// Axes of one element repeated to `shape`, which has the same rank.
pub fn broadcast(builder: &mut dyn Builder, x: Operand, shape: &[u64]) -> Moved {
    let ty = builder.ty(x);
    if ty.shape() == shape {
        return Ok(x);
    }
    let sizes: Vec<String> = ty.dims.names().zip(shape).map(|(name, n)| format!("{name}: {n}")).collect();
    apply(builder, x, "broadcast", sizes.join(", "), IndexMap::Broadcast { shape: shape.to_vec() })
}

/// The same elements in C order under other dims, of as many elements.
pub fn reshape(builder: &mut dyn Builder, x: Operand, to: &Dims) -> Moved {
    let ty = builder.ty(x);
    if ty.dims == *to {
        return Ok(x);
    }
    let sizes: Vec<String> = to.iter().map(|dim| format!("{}: {}", dim.name, dim.size)).collect();
    let map = IndexMap::Reshape(Reshape { from: ty.shape(), to: to.clone() });
    apply(builder, x, "reshape", sizes.join(", "), map)
}

/// The elements of windows along new last dims, one for each of `axes`; the input has all that windows see.
pub fn windows(builder: &mut dyn Builder, x: Operand, axes: &[WindowAxis], dims: &[DimName]) -> Moved {
    let ty = builder.ty(x);
    let shown = |(w, dim): (&WindowAxis, &DimName)| {
        format!("{}: {} of {} as {dim}, stride {}", ty.dims[w.axis].name, w.count, w.length, w.stride)
    };
    let text = axes.iter().zip(dims).map(shown).collect::<Vec<_>>().join(", ");
    apply(builder, x, "windows", text, IndexMap::Windows { axes: axes.to_vec(), dims: dims.to_vec() })
}

/// With other names, coordinates or attributes.
pub fn relabel(builder: &mut dyn Builder, x: Operand, labels: Labels) -> Moved {
    if labels == Labels::default() {
        return Ok(x);
    }
    let mut text: Vec<String> = labels.rename.iter().map(|(old, new)| format!("{old}: {new}")).collect();
    text.extend(labels.coords.iter().map(|(dim, coord)| match coord {
        Some(coord) => format!("coord {dim} {}", digest(coord)),
        None => format!("no coord {dim}"),
    }));
    text.extend(labels.attrs.iter().map(|attrs| format!("attrs {}", digest(attrs))));
    apply(builder, x, "relabel", text.join(", "), IndexMap::Relabel(labels))
}

/// The coordinate of `dim` and all attributes as `like` has them.
pub fn labels_of(builder: &mut dyn Builder, x: Operand, dim: &DimName, like: &ArrayType) -> Moved {
    let ty = builder.ty(x);
    let mut labels = Labels::default();
    if ty.coord(dim) != like.coord(dim) {
        labels.coords.push((dim.clone(), like.coord(dim).cloned()));
    }
    if ty.attrs != like.attrs {
        labels.attrs = Some(like.attrs.clone());
    }
    relabel(builder, x, labels)
}

/// With the coordinates that `like` has for dims of `x`, where `x` has none.
pub fn lacking_labels(builder: &mut dyn Builder, x: Operand, like: &ArrayType) -> Moved {
    let ty = builder.ty(x);
    let lacking = like.coords.iter().filter(|(dim, _)| ty.dims.axis(dim).is_some() && ty.coord(dim).is_none());
    let coords = lacking.map(|(dim, coord)| (dim.clone(), Some(coord.clone()))).collect();
    relabel(builder, x, Labels { coords, ..Labels::default() })
}

/// Without the coordinate of `dim`.
pub fn unlabel(builder: &mut dyn Builder, x: Operand, dim: &DimName) -> Moved {
    if builder.ty(x).coord(dim).is_none() {
        return Ok(x);
    }
    relabel(builder, x, Labels { coords: vec![(dim.clone(), None)], ..Labels::default() })
}

/// One array after the other along `axis`; those without elements there are left out.
pub fn concat(builder: &mut dyn Builder, axis: usize, parts: &[Operand]) -> Moved {
    let filled: Vec<Operand> = parts.iter().copied().filter(|&p| builder.ty(p).dims[axis].size > 0).collect();
    match filled.as_slice() {
        [] => Ok(parts[0]),
        [only] => Ok(*only),
        several => {
            let ty = builder.ty(several[0]);
            let (text, dtype) = (ty.dims[axis].name.to_string(), ty.dtype);
            builder.apply(
                Call { name: "concat", text, pattern: Pattern::Concat { axis }, dtype, units: Units::Kept },
                several,
            )
        }
    }
}

/// `count` elements of one value along `axis`, else as `x`.
pub fn filler(builder: &mut dyn Builder, x: Operand, axis: usize, count: u64, value: Scalar) -> Operand {
    let mut ty = (*builder.ty(x)).clone();
    let name = ty.dims[axis].name.clone();
    ty.coords.remove(&name);
    ty.dims[axis].size = count;
    ty.chunks.axes[axis].offset = 0;
    builder.constant(ty, Constant::Full(value))
}

/// Few positions in full, many by their number and a digest.
fn list(positions: &[u64]) -> String {
    if positions.len() <= 16 {
        return format!("{positions:?}");
    }
    format!("[{}, … {} in all, {}]", positions[0], positions.len(), digest(&positions))
}

/// A short text that stands for a value: FNV-1a over how it is written.
pub fn digest(value: &impl fmt::Debug) -> String {
    struct Fnv(u64);
    impl Write for Fnv {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = text.bytes().fold(self.0, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            Ok(())
        }
    }
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    let _ = write!(hash, "{value:?}");
    format!("#{:016x}", hash.0)
}
