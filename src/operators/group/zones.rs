//! Views of groups by any number of keys.
//!
//! Keys that are known along one dim make groups of that dim: of several, the combinations that occur, so what a
//! reduction remembers is no more than there are. Any others make codes, which are reduced with the values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::codes::{self, NONE};
use super::keys::{By, Grouper};
use crate::array::{ArrayType, Block, Coord, CoordValues, DType, DimName, Dims, Scalar};
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::view::{Groups, Unfold, View, ViewKind, Zones};
use crate::operators::{Builder, Operand, TypeError, Value};

/// The most combinations of labels that dims of their own have room for.
const MOST: usize = 1 << 20;

/// The view of an array by keys.
///
/// # Errors
/// Two dims would have one name, or there are too many combinations.
pub(super) fn grouped(
    builder: &mut dyn Builder,
    (x, stacked): (Operand, bool),
    keys: Vec<Grouper>,
) -> Result<Value, TypeError> {
    let ty = builder.ty(x);
    let all: Vec<Vec<DimName>> = keys.iter().map(|key| dims_of(builder, key)).collect();
    let grouped: BTreeSet<&DimName> = all.iter().flatten().collect();
    check_names(&keys, &ty, &grouped)?;
    let only = grouped.iter().next().filter(|_| grouped.len() == 1).map(|dim| (*dim).clone());
    let is_known = keys.iter().all(|key| matches!(key.by, By::Along(..)));
    let (kind, unfold) = match only.filter(|_| is_known) {
        Some(dim) if stacked => (ViewKind::Groups(occurring(dim, &keys, &ty)), None),
        Some(dim) => along(dim, keys, &ty)?,
        None if stacked => {
            let message = "which combinations occur is known of keys along one dim, which are known while planning";
            let error = TypeError::new("ff::type::group_key", message).at(Culprit::Param("stacked"), "other keys");
            return Err(error.with_help("leave `stacked` out: each key then has a dim of its own"));
        }
        None => zones(builder, &ty, keys, &all)?,
    };
    Ok(Value::View(Arc::new(View { operand: x, kind, unfold, is_resampled: false })))
}

/// The dims that a key groups.
fn dims_of(builder: &dyn Builder, key: &Grouper) -> Vec<DimName> {
    match &key.by {
        By::Along(dim, _) => vec![dim.clone()],
        By::Array(codes) => builder.ty(*codes).dims.names().cloned().collect(),
    }
}

/// Every key has a name of its own, which no dim has that stays.
fn check_names(keys: &[Grouper], ty: &ArrayType, grouped: &BTreeSet<&DimName>) -> Result<(), TypeError> {
    let error = |message: String, culprit: &Culprit| {
        let error = TypeError::new("ff::type::repeated_dim", message).at(culprit.clone(), "the key");
        error.with_help("name the key otherwise: `let k = …`, or `groupby({k: …})`")
    };
    for (number, key) in keys.iter().enumerate() {
        let name = &key.labels.dim;
        if keys[..number].iter().any(|other| other.labels.dim == *name) {
            return Err(error(format!("two keys are called `{name}`"), &key.culprit));
        }
        if !grouped.contains(name) && ty.dims.axis(name).is_some() {
            return Err(error(format!("the groups would be called `{name}`, and {ty} has such a dim"), &key.culprit));
        }
    }
    Ok(())
}

/// How many combinations keys have.
fn combinations(keys: &[Grouper]) -> Result<usize, TypeError> {
    let count = keys.iter().fold(1usize, |n, key| n.saturating_mul(key.labels.len()));
    if count > MOST && keys.len() > 1 {
        let sizes: Vec<String> =
            keys.iter().map(|key| format!("{} of `{}`", key.labels.len(), key.labels.dim)).collect();
        let message = format!("{} make {count} combinations, and a result has room for {MOST}", sizes.join(", "));
        let error = TypeError::new("ff::type::group_key", message).at(Culprit::Param("key"), "too many groups");
        return Err(
            error.with_help("take only those that occur, along one dim: `stacked: true`; or group by fewer keys")
        );
    }
    Ok(count)
}

/// A name for the dim of combinations that nothing else has.
fn flat_name(keys: &[Grouper], ty: &ArrayType) -> DimName {
    let names: Vec<&str> = keys.iter().map(|key| key.labels.dim.as_str()).collect();
    let mut name = names.join("_");
    let is_taken = |name: &str| {
        let name = DimName::new(name);
        keys.iter().any(|key| key.labels.dim == name) || ty.dims.axis(&name).is_some()
    };
    while keys.len() > 1 && is_taken(&name) {
        name.push('_');
    }
    DimName::new(&name)
}

/// The combinations that occur of keys along one dim, in order: per position its place among them, and their codes.
fn compact(keys: &[Grouper]) -> (Vec<u32>, Vec<u128>) {
    let index = |key: &Grouper, at: usize| match &key.by {
        By::Along(_, index) => index[at],
        By::Array(_) => NONE,
    };
    let code = |at: usize| {
        keys.iter().try_fold(0u128, |code, key| {
            let group = index(key, at);
            (group != NONE).then(|| code * key.labels.len() as u128 + u128::from(group))
        })
    };
    let positions = keys.first().map_or(0, |key| if let By::Along(_, index) = &key.by { index.len() } else { 0 });
    let codes: Vec<Option<u128>> = (0..positions).map(code).collect();
    let mut places: BTreeMap<u128, u32> = codes.iter().flatten().map(|code| (*code, 0)).collect();
    places.values_mut().zip(0..).for_each(|(place, number)| *place = number);
    let index = codes.iter().map(|code| code.map_or(NONE, |code| places[&code])).collect();
    (index, places.into_keys().collect())
}

/// Groups along one dim that are the combinations that occur, one after the other.
fn occurring(dim: DimName, keys: &[Grouper], ty: &ArrayType) -> Groups {
    let (index, codes) = compact(keys);
    let text = |mut code: u128| {
        let mut parts = Vec::new();
        for key in keys.iter().rev() {
            let size = key.labels.len() as u128;
            parts.push(match key.labels.values.get((code % size) as usize) {
                Scalar::Str(text) => text.to_string(),
                other => other.to_string(),
            });
            code /= size;
        }
        parts.reverse();
        parts.join(", ").into()
    };
    let values = CoordValues::Str(codes.into_iter().map(text).collect());
    Groups::new(dim, index, Coord { dim: flat_name(keys, ty), dtype: DType::Str, values, attrs: Arc::default() })
}

/// Groups along one dim.
fn along(dim: DimName, keys: Vec<Grouper>, ty: &ArrayType) -> Result<(ViewKind, Option<Unfold>), TypeError> {
    if let [Grouper { by: By::Along(_, index), labels, .. }] = &keys[..] {
        return Ok((ViewKind::Groups(Groups::new(dim, index.clone(), labels.clone())), None));
    }
    let count = combinations(&keys)?;
    let (index, codes) = compact(&keys);
    // Where combinations do not occur there is one group more, without members, that stands for all of them.
    let is_full = codes.len() == count;
    let groups = codes.len() + usize::from(!is_full);
    let pick = (!is_full).then(|| {
        let mut pick = vec![codes.len() as u64; count];
        codes.iter().zip(0..).for_each(|(code, place)| pick[*code as usize] = place);
        pick.into()
    });
    let flat = flat_name(&keys, ty);
    let coord = Coord::integers(flat.clone(), (0..groups as i64).collect());
    let keys = keys.into_iter().map(|key| Arc::new(key.labels)).collect();
    let unfold = Unfold { flat, keys, pick, order: Vec::new() };
    Ok((ViewKind::Groups(Groups::new(dim, index, coord)), Some(unfold)))
}

/// Groups by codes.
fn zones(
    builder: &mut dyn Builder,
    ty: &ArrayType,
    keys: Vec<Grouper>,
    all: &[Vec<DimName>],
) -> Result<(ViewKind, Option<Unfold>), TypeError> {
    let count = combinations(&keys)?;
    let is_grouped = |name: &DimName| all.iter().flatten().any(|dim| dim == name);
    let dims: Dims = ty.dims.iter().filter(|dim| is_grouped(&dim.name)).cloned().collect();
    let mut codes = Vec::new();
    for key in &keys {
        let own = match &key.by {
            By::Array(codes) => *codes,
            By::Along(dim, index) => {
                let list = index.iter().map(|group| if *group == NONE { -1 } else { *group as i32 }).collect();
                let dims = Dims::new([(dim.clone(), index.len() as u64)]);
                super::constant(builder, &dims, Block::from_list::<i32>(list))
            }
        };
        codes.push(broadcast_to(builder, own, &dims)?);
    }
    let sizes: Vec<i32> = keys.iter().map(|key| key.labels.len() as i32).collect();
    let codes = match codes[..] {
        [only] => only,
        _ => codes::combined(builder, &codes, sizes)?,
    };
    let disjoint = all.iter().map(Vec::len).sum::<usize>() == dims.rank();
    let is_full = disjoint && keys.iter().all(|key| key.is_full);
    let flat = flat_name(&keys, ty);
    let coord = match &keys[..] {
        [only] => only.labels.clone(),
        _ => Coord::integers(flat.clone(), (0..count as i64).collect()),
    };
    let order = order(ty, &keys, all);
    let labels = keys.into_iter().map(|key| Arc::new(key.labels)).collect();
    let unfold = Unfold { flat, keys: labels, pick: None, order };
    let dims = dims.names().cloned().collect();
    Ok((ViewKind::Zones(Zones { dims, codes, coord: Arc::new(coord), is_full }), Some(unfold)))
}

/// The dims of the result in order: each key stands where the first of its dims stood.
fn order(ty: &ArrayType, keys: &[Grouper], all: &[Vec<DimName>]) -> Vec<DimName> {
    let mut order = Vec::new();
    for dim in ty.dims.names() {
        let first = |own: &Vec<DimName>| ty.dims.names().find(|name| own.contains(name)) == Some(dim);
        order.extend(keys.iter().zip(all).filter(|(_, own)| first(own)).map(|(key, _)| key.labels.dim.clone()));
        if !all.iter().flatten().any(|grouped| grouped == dim) {
            order.push(dim.clone());
        }
    }
    order
}
