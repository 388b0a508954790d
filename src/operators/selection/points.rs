//! Selection point by point: arrays of positions or labels that share dims select one element for each of theirs, as
//! xarray's `DataArray` indexers do.
//!
//! Arrays that share a dim belong together and are broadcast to all dims of theirs, which take the place of the dims
//! they select along. A dim that the array itself has is walked along with them.

use std::sync::Arc;

use super::{Pick, Picks};
use crate::array::{ArrayType, Block, Coord, Dim, DimName, Dims};
use crate::operators::error::Culprit;
use crate::operators::index::Labels;
use crate::operators::{Builder, Operand, TypeError, axis_of, moves};

/// Positions along one axis, one for each element of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Points {
    /// The positions in C order.
    pub positions: Vec<u64>,
    /// The type of the array.
    pub like: Arc<ArrayType>,
}

/// Points along some dims.
pub(super) struct Group {
    /// The dims that are replaced, with the points along each; in the order of the array's axes.
    along: Vec<(DimName, Points)>,
    /// The dims of all points.
    dims: Dims,
}

/// Which picks are left, and the points that belong together. What has a dim for itself selects along it by `Take`,
/// and gives it to the array where it is `renamed`.
pub(super) fn grouped(ty: &ArrayType, picks: Picks, renamed: bool) -> Result<(Picks, Vec<Group>), TypeError> {
    let mut groups: Vec<Vec<(usize, Points)>> = Vec::new();
    let mut rest = Vec::new();
    for (axis, pick) in picks {
        let Pick::At(points) = pick else {
            rest.push((axis, pick));
            continue;
        };
        let shares = |group: &Vec<(usize, Points)>| group.iter().any(|(_, other)| shared(other, &points));
        let (mut together, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(shares);
        let mut group: Vec<(usize, Points)> = together.drain(..).flatten().collect();
        group.push((axis, points));
        groups = apart;
        groups.push(group);
    }
    let taken: Vec<usize> = rest.iter().map(|(axis, _)| *axis).collect();
    let all: Vec<usize> = groups.iter().flatten().map(|(axis, _)| *axis).chain(taken).collect();
    let mut out = Vec::new();
    for group in groups {
        match alone(ty, &group, renamed) {
            Some(pick) => rest.push((group[0].0, pick)),
            None => out.push(Group::new(ty, group, &all)?),
        }
    }
    Ok((rest, out))
}

fn shared(a: &Points, b: &Points) -> bool {
    a.like.dims.names().any(|name| b.like.dims.axis(name).is_some())
}

/// What selects along one dim only, by an array along one dim that the other dims have no part in.
fn alone(ty: &ArrayType, group: &[(usize, Points)], renamed: bool) -> Option<Pick> {
    let [(axis, Points { positions, like })] = group else { return None };
    let name = match like.rank() {
        1 => &like.dims[0].name,
        _ => return None,
    };
    match ty.dims.axis(name) {
        Some(own) if own != *axis => None,
        None if renamed => Some(Pick::Along(positions.clone(), name.clone(), like.coord(name).cloned())),
        _ => Some(Pick::of(positions.clone())),
    }
}

impl Group {
    /// `picked` are all axes that the call selects along.
    fn new(ty: &ArrayType, mut along: Vec<(usize, Points)>, picked: &[usize]) -> Result<Group, TypeError> {
        let mut dims = Dims::default();
        for (axis, points) in &along {
            for dim in points.like.dims.iter() {
                match dims.get(&dim.name) {
                    Some(same) if same.size == dim.size => {}
                    Some(other) => return Err(sizes(ty, *axis, dim, other.size)),
                    None => dims.push(dim.name.clone(), dim.size),
                }
            }
        }
        let own: Vec<usize> = along.iter().map(|(axis, _)| *axis).collect();
        for dim in dims.iter() {
            let Some(axis) = ty.dims.axis(&dim.name).filter(|axis| !own.contains(axis)) else { continue };
            if picked.contains(&axis) {
                return Err(again(ty, own[0], &dim.name));
            }
            if ty.dims[axis].size != dim.size {
                return Err(sizes(ty, own[0], dim, ty.dims[axis].size));
            }
            let mut like = ArrayType::new(ty.dtype, Dims::new([(dim.name.clone(), dim.size)]));
            like.coords.extend(ty.coord(&dim.name).map(|coord| (dim.name.clone(), coord.clone())));
            along.push((axis, Points { positions: (0..dim.size).collect(), like: Arc::new(like) }));
        }
        along.sort_unstable_by_key(|(axis, _)| *axis);
        let along = along.into_iter().map(|(axis, points)| (ty.dims[axis].name.clone(), points)).collect();
        Ok(Group { along, dims })
    }

    /// Adds the calls: the points along one dim, which is then taken apart where there are several.
    pub fn emit(&self, builder: &mut dyn Builder, x: Operand) -> Result<Operand, TypeError> {
        let ty = builder.ty(x);
        let axes = self.along.iter().map(|(name, _)| axis_of(&ty, name)).collect::<Result<Vec<usize>, _>>()?;
        let positions: Vec<Vec<u64>> = self.along.iter().map(|(_, points)| spread(points, &self.dims)).collect();
        let others = ty.dims.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, dim)| dim.clone());
        let mut names: Vec<Dim> = others.collect();
        let single = match self.dims.rank() {
            1 => self.dims[0].name.clone(),
            _ => free_name(&names),
        };
        let mut out = moves::points(builder, x, &axes, &positions, &single)?;
        if self.dims.rank() != 1 {
            names.splice(axes[0]..axes[0], self.dims.iter().cloned());
            out = moves::reshape(builder, out, &names.into_iter().collect())?;
        }
        let got = builder.ty(out);
        let kept = ty.coords.iter().filter(|(dim, _)| self.along.iter().all(|(name, _)| name != *dim));
        let of_points = self.along.iter().flat_map(|(_, points)| points.like.coords.iter());
        let own = self.own_labels(&ty);
        let mut labels = Labels::default();
        for (dim, coord) in own.iter().map(|coord| (&coord.dim, coord)).chain(kept).chain(of_points) {
            let is_there = got.dims.axis(dim).is_some() && got.coord(dim).is_none();
            if is_there && !labels.coords.iter().any(|(known, _)| known == dim) {
                labels.coords.push((dim.clone(), Some(coord.clone())));
            }
        }
        moves::relabel(builder, out, labels)
    }
}

impl Group {
    /// The labels of a dim that is selected along an array with a dim of that name.
    fn own_labels(&self, ty: &ArrayType) -> Option<Arc<Coord>> {
        let (name, points) = self.along.iter().find(|(name, _)| self.dims.rank() == 1 && *name == self.dims[0].name)?;
        let positions: Vec<usize> = points.positions.iter().map(|position| *position as usize).collect();
        ty.coord(name).map(|coord| Arc::new(coord.take(&positions)))
    }
}

/// A name that no dim has.
fn free_name(dims: &[Dim]) -> DimName {
    let mut name = "points".to_owned();
    while dims.iter().any(|dim| dim.name.as_str() == name) {
        name.push('_');
    }
    DimName::new(&name)
}

/// Positions repeated along the dims that their array lacks.
fn spread(points: &Points, dims: &Dims) -> Vec<u64> {
    let like = &points.like.dims;
    if like == dims {
        return points.positions.clone();
    }
    let mut block = Block::from_vec(&like.shape(), points.positions.clone()).expect("a position an element");
    let order: Vec<usize> = dims.names().filter_map(|name| like.axis(name)).collect();
    block = block.permute(&order);
    for (axis, dim) in dims.iter().enumerate() {
        if like.axis(&dim.name).is_none() {
            block = block.insert_axis(axis);
        }
    }
    let block = block.broadcast(&dims.shape());
    block.view::<u64>().map(|positions| positions.iter().copied().collect()).unwrap_or_default()
}

fn sizes(ty: &ArrayType, axis: usize, dim: &Dim, other: u64) -> TypeError {
    let message =
        format!("what is selected lies along `{}`, which has {} elements here and {other} there", dim.name, dim.size);
    TypeError::new("ff::type::dims", message)
        .at(Culprit::Named(ty.dims[axis].name.to_string()), format!("{} along `{}`", dim.size, dim.name))
        .with_help("arrays that share a dim select point by point: they need one element for each point")
}

fn again(ty: &ArrayType, axis: usize, dim: &DimName) -> TypeError {
    let message = format!("`{}` is selected along `{dim}`, along which there is another selection", ty.dims[axis].name);
    TypeError::new("ff::type::repeated_dim", message)
        .at(Culprit::Named(ty.dims[axis].name.to_string()), format!("an array along `{dim}`"))
        .with_help("select along one after the other, or `rename` the array's dim to select all pairs")
}
