//! `unique`: the distinct values of an array.
//!
//! A type has sizes, and how many distinct values there are is seen only when they are read. So they are told while
//! planning where the values are known by then; else the script says how many to make room for, and a reduction
//! keeps the least of them.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::expand::subject;
use super::keys::{Keys, with_keys};
use super::unordered;
use crate::array::{ArrayType, Block, DType, Dim, DimName, Dims, Scalar};
use crate::operators::combine::{Accumulator, Combine, Run};
use crate::operators::creation::fill_value;
use crate::operators::error::Culprit;
use crate::operators::pattern::{Reduction, Spread};
use crate::operators::tile::{TileElement, TileRef};
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Pattern, TypeError, Units, Value};

/// The most values that room is made for.
const MOST: i64 = 1 << 20;

/// The new dim.
fn dim() -> DimName {
    DimName::new("unique")
}

/// Checks a call and emits it.
///
/// # Errors
/// The dtype has no order, the values are not known while planning and no size is said, the size or filling is none.
pub fn unique(builder: &mut dyn Builder, args: &Arguments) -> Result<Operand, TypeError> {
    let x = match args.value("x") {
        Value::Array(operand) if builder.ty(*operand).dtype == DType::Str => *operand,
        _ => subject(builder, args, "unique")?,
    };
    let ty = builder.ty(x);
    if let Some(size) = args.int_opt("size")? {
        return least(builder, args, (x, &ty), size);
    }
    if args.get("fill").is_some() {
        let error = TypeError::new("ff::type::argument", "without a size there is nothing to fill");
        return Err(error.at(Culprit::Param("fill"), "has nothing to do"));
    }
    let Some(block) = builder.chosen_by(x)? else {
        let message = "how many distinct values there are is only known when the script runs";
        let error =
            TypeError::new("ff::type::unknown_values", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(error.with_help(
            "say how many to make room for, `unique(x, size: 100)`: the least ones, filled up with missing values; \
             small integers are counted by `bincount`",
        ));
    };
    let values = match block.view::<Arc<str>>() {
        Some(texts) => {
            let mut texts: Vec<Arc<str>> = texts.iter().cloned().collect();
            texts.sort();
            texts.dedup();
            Block::from_list(texts)
        }
        None => with_keys!(ty.dtype, K => sorted::<K>(&block), unordered(ty.dtype)),
    };
    let mut out = ArrayType::new(ty.dtype, Dims::new([(dim(), values.count())]));
    out.attrs = ty.attrs.clone();
    Ok(builder.constant(out, Constant::Values(values)))
}

fn sorted<K: Keys>(block: &Block) -> Block {
    let view = block.view::<K::Value>().expect("calls are typed");
    let mut keys: Vec<K::Key> = view.iter().map(|value| K::key(K::merged(*value))).collect();
    keys.sort_unstable();
    keys.dedup();
    Block::from_list(keys.into_iter().map(K::value).collect())
}

/// Emits a reduction to the least distinct values.
fn least(
    builder: &mut dyn Builder,
    args: &Arguments,
    (x, ty): (Operand, &ArrayType),
    size: i64,
) -> Result<Operand, TypeError> {
    if !(0..=MOST).contains(&size) {
        let message = format!("there is no room for {size} values, from 0 to {MOST} there is");
        return Err(TypeError::new("ff::type::size", message).at(Culprit::Param("size"), "out of range"));
    }
    if ty.dtype == DType::Str {
        let error =
            TypeError::new("ff::type::dtype", "texts are distinguished only where they are known while planning");
        return Err(error.at(Culprit::Param("size"), "has nothing to do"));
    }
    let fill = match args.get("fill") {
        Some(value) => fill_value(builder, value, ty.dtype).map_err(|e| e.or_at(Culprit::Param("fill")))?,
        None => Scalar::missing(ty.dtype).ok_or_else(|| {
            let message =
                format!("where there are fewer values something is filled in, and {} has no missing value", ty.dtype);
            let error = TypeError::new("ff::type::missing", message).at(Culprit::Param("x"), format!("this is {ty}"));
            error.with_help("say what: `fill: -1`")
        })?,
    };
    let text = format!("size: {size}, fill: {fill}");
    let combine: Arc<dyn Combine> = with_keys!(ty.dtype, K => {
        use crate::array::block::Element;
        let fill = <<K as Keys>::Value as Element>::from_scalar(&fill);
        Arc::new(Distinct::<K> { size: size as usize, fill, keys: PhantomData })
    }, return Err(TypeError::new("ff::type::bug", format!("{} is not distinguished", ty.dtype))));
    let spread = Some(Spread { dim: Dim { name: dim(), size: size as u64 }, coord: None });
    let axes = (0..ty.rank()).collect();
    let pattern = Pattern::Reduction(Reduction { axes, groups: None, keepdims: false, spread, combine });
    builder.apply(Call { name: "unique", text, pattern, dtype: ty.dtype, units: Units::Kept }, &[x])
}

/// The least distinct elements.
struct Distinct<K: Keys> {
    size: usize,
    fill: K::Value,
    keys: PhantomData<fn(K)>,
}

impl<K: Keys> Clone for Distinct<K> {
    fn clone(&self) -> Self {
        Distinct { size: self.size, fill: self.fill, keys: PhantomData }
    }
}

impl<K: Keys> fmt::Debug for Distinct<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the least {} distinct", self.size)
    }
}

impl<K: Keys + 'static> Combine for Distinct<K>
where
    K::Value: TileElement,
{
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(Sets { distinct: self.clone(), sets: vec![Vec::new(); cells] })
    }

    fn state_bytes(&self) -> usize {
        self.size * size_of::<K::Key>() + size_of::<Vec<K::Key>>()
    }
}

/// What was seen: per cell ascending keys, no more than there is room for.
struct Sets<K: Keys> {
    distinct: Distinct<K>,
    sets: Vec<Vec<K::Key>>,
}

impl<K: Keys> Sets<K> {
    fn insert(set: &mut Vec<K::Key>, key: K::Key, size: usize) {
        let is_beyond = set.len() == size && set.last().is_none_or(|last| *last < key);
        if let (false, Err(at)) = (is_beyond, set.binary_search(&key)) {
            set.truncate(size - 1);
            set.insert(at, key);
        }
    }
}

impl<K: Keys + 'static> Accumulator for Sets<K>
where
    K::Value: TileElement,
{
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _: Option<TileRef<'_>>) {
        let mut last = None;
        for value in &values.get::<K::Value>()[run.start..run.start + run.len] {
            let key = K::key(K::merged(*value));
            if last != Some(key) {
                Self::insert(&mut self.sets[run.first], key, self.distinct.size);
                last = Some(key);
            }
        }
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        for (set, later) in self.sets.iter_mut().zip(other.sets) {
            later.into_iter().for_each(|key| Self::insert(set, key, self.distinct.size));
        }
    }

    fn finish(self: Box<Self>) -> Block {
        let Distinct { size, fill, .. } = self.distinct;
        let filled = |set: &Vec<K::Key>| {
            let values: Vec<K::Value> = set.iter().map(|key| K::value(*key)).collect();
            values.into_iter().chain(std::iter::repeat(fill)).take(size).collect::<Vec<_>>()
        };
        Block::from_list(self.sets.iter().flat_map(filled).collect())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
