//! The group of each element of a key, as an elementwise call.

use std::collections::BTreeMap;
use std::sync::Arc;

use half::f16;

use super::super::moves::digest;
use super::super::tile::{TileElement, TileLoop};
use super::super::{Builder, Call, Operand, Pattern, TypeError, Units};
use crate::array::calendar::NAT;
use crate::array::{Coord, CoordValues, DType, Kind};

/// No group.
pub const NONE: u32 = u32::MAX;

/// Groups by the value of a key.
#[derive(Clone, Debug)]
pub enum Finder {
    /// Integers that follow each other: the first, and how many.
    Run(i64, u32),
    /// Integers, times and durations.
    Whole(BTreeMap<i64, u32>),
    /// Real numbers, ascending.
    Real(Vec<(f64, u32)>),
    /// Texts.
    Text(BTreeMap<Arc<str>, u32>),
    /// The edges of bins, ascending, and whether bins have their right one.
    Bins(Arc<[f64]>, bool),
}

impl Finder {
    /// Groups of elements of `dtype` by labels; none where these are of another kind. A label that no element can equal
    /// has no members.
    pub fn new(labels: &Coord, dtype: DType) -> Option<Finder> {
        let places = 0..labels.len() as u32;
        let is_whole = |x: f64| x.fract() == 0.0 && x.abs() < 2f64.powi(63);
        match (&labels.values, dtype.kind()) {
            (CoordValues::Int(v), Kind::Bool | Kind::Signed | Kind::Unsigned) => Some(Finder::whole(v)),
            (CoordValues::Float(v), Kind::Bool | Kind::Signed | Kind::Unsigned) => {
                let whole = v.iter().zip(places).filter(|(x, _)| is_whole(**x));
                Some(Finder::Whole(whole.map(|(x, i)| (*x as i64, i)).collect()))
            }
            (CoordValues::Int(v), Kind::Float) => Some(Finder::real(v.iter().map(|&i| i as f64))),
            (CoordValues::Float(v), Kind::Float) => Some(Finder::real(v.iter().copied())),
            (CoordValues::Time(v, _), Kind::Time) if dtype != DType::Duration => Some(Finder::whole(v)),
            (CoordValues::Duration(v), Kind::Time) if dtype == DType::Duration => Some(Finder::whole(v)),
            (CoordValues::Str(v), Kind::Str) => Some(Finder::Text(v.iter().cloned().zip(places).collect())),
            _ => None,
        }
    }

    fn whole(labels: &[i64]) -> Finder {
        match labels.first() {
            Some(&first) if labels.iter().enumerate().all(|(i, &v)| first.checked_add(i as i64) == Some(v)) => {
                Finder::Run(first, labels.len() as u32)
            }
            _ => Finder::Whole(labels.iter().copied().zip(0..).filter(|(v, _)| *v != NAT).collect()),
        }
    }

    fn real(labels: impl Iterator<Item = f64>) -> Finder {
        let mut sorted: Vec<(f64, u32)> = labels.zip(0..).filter(|(x, _)| !x.is_nan()).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Finder::Real(sorted)
    }

    /// The group of an integer, a time or a duration.
    pub fn of_whole(&self, value: i64) -> u32 {
        match self {
            Finder::Run(first, count) => match value.checked_sub(*first).map(u32::try_from) {
                Some(Ok(place)) if place < *count => place,
                _ => NONE,
            },
            Finder::Whole(labels) => labels.get(&value).copied().unwrap_or(NONE),
            Finder::Real(_) | Finder::Bins(..) => self.of_real(value as f64),
            Finder::Text(_) => NONE,
        }
    }

    /// The group of a real number.
    pub fn of_real(&self, value: f64) -> u32 {
        match self {
            Finder::Real(labels) => {
                let at = labels.partition_point(|(label, _)| *label < value);
                labels.get(at).filter(|(label, _)| *label == value).map_or(NONE, |(_, place)| *place)
            }
            Finder::Bins(edges, right) => {
                let below = edges.partition_point(|&edge| if *right { edge < value } else { edge <= value });
                if value.is_nan() || below == 0 || below == edges.len() { NONE } else { below as u32 - 1 }
            }
            Finder::Run(..) | Finder::Whole(_) | Finder::Text(_) => NONE,
        }
    }

    /// The group of a text.
    pub fn of_text(&self, value: &str) -> u32 {
        match self {
            Finder::Text(labels) => labels.get(value).copied().unwrap_or(NONE),
            Finder::Run(..) | Finder::Whole(_) | Finder::Real(_) | Finder::Bins(..) => NONE,
        }
    }

    /// The group of each value of a key.
    pub fn of_all(&self, key: &CoordValues) -> Vec<u32> {
        match key {
            CoordValues::Int(v) | CoordValues::Time(v, _) | CoordValues::Duration(v) => {
                v.iter().map(|&value| self.of_whole(value)).collect()
            }
            CoordValues::Float(v) => v.iter().map(|&value| self.of_real(value)).collect(),
            CoordValues::Str(v) => v.iter().map(|value| self.of_text(value)).collect(),
        }
    }

    /// The loop that gives the groups of elements of `dtype` as `i32`, -1 for none.
    fn codes(self, dtype: DType) -> Option<TileLoop> {
        fn run<T: TileElement>(finder: Finder, find: impl Fn(&Finder, &T) -> u32 + Send + Sync + 'static) -> TileLoop {
            Arc::new(move |inputs, out| {
                let values = inputs[0].get::<T>();
                out.get::<i32>().iter_mut().zip(values).for_each(|(out, value)| *out = find(&finder, value) as i32);
            })
        }
        Some(match dtype {
            DType::Bool => run::<bool>(self, |f, v| f.of_whole(i64::from(*v))),
            DType::I8 => run::<i8>(self, |f, v| f.of_whole(i64::from(*v))),
            DType::I16 => run::<i16>(self, |f, v| f.of_whole(i64::from(*v))),
            DType::I32 => run::<i32>(self, |f, v| f.of_whole(i64::from(*v))),
            DType::I64 => run::<i64>(self, |f, v| f.of_whole(*v)),
            DType::U8 => run::<u8>(self, |f, v| f.of_whole(i64::from(*v))),
            DType::U16 => run::<u16>(self, |f, v| f.of_whole(i64::from(*v))),
            DType::U32 => run::<u32>(self, |f, v| f.of_whole(i64::from(*v))),
            DType::U64 => run::<u64>(self, |f, v| match (f, i64::try_from(*v)) {
                (Finder::Bins(..), _) => f.of_real(*v as f64),
                (_, Ok(v)) => f.of_whole(v),
                (_, Err(_)) => NONE,
            }),
            DType::F16 => run::<f16>(self, |f, v| f.of_real(v.to_f64())),
            DType::F32 => run::<f32>(self, |f, v| f.of_real(f64::from(*v))),
            DType::F64 => run::<f64>(self, |f, v| f.of_real(*v)),
            DType::DateTime(_) | DType::Duration => run::<i64>(self, |f, v| f.of_whole(*v)),
            DType::Str => run::<Arc<str>>(self, |f, v| f.of_text(v)),
            DType::C64 | DType::C128 => return None,
        })
    }
}

/// The groups of the elements of an array, as `i32`.
///
/// # Errors
/// They are complex numbers.
pub fn codes(builder: &mut dyn Builder, key: Operand, finder: Finder) -> Result<Operand, TypeError> {
    let (dtype, text) = (builder.ty(key).dtype, digest(&finder));
    let run = finder.codes(dtype).ok_or_else(|| super::keys::no_order(dtype))?;
    let pattern = Pattern::Elementwise(run);
    builder.apply(Call { name: "group", text, pattern, dtype: DType::I32, units: Units::Lost }, &[key])
}

/// The combinations of the groups of several keys, which have so many, in C order.
///
/// # Errors
/// The dims of the keys differ.
pub fn combined(builder: &mut dyn Builder, keys: &[Operand], sizes: Vec<i32>) -> Result<Operand, TypeError> {
    let text = format!("sizes: {sizes:?}");
    let run: TileLoop = Arc::new(move |inputs, out| {
        let out = out.get::<i32>();
        out.copy_from_slice(inputs[0].get::<i32>());
        for (input, size) in inputs.iter().zip(&sizes).skip(1) {
            for (out, code) in out.iter_mut().zip(input.get::<i32>()) {
                *out = if *out < 0 || *code < 0 { -1 } else { *out * size + code };
            }
        }
    });
    let pattern = Pattern::Elementwise(run);
    builder.apply(Call { name: "groups", text, pattern, dtype: DType::I32, units: Units::Lost }, keys)
}
