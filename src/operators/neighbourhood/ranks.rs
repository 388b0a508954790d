//! The reduction of a window to the element of a rank.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::array::{Block, DType};
use crate::operators::combine::{Accumulator, Cells, Combine, Run};
use crate::operators::tile::{TileElement, TileRef};
use crate::operators::whole::keys::{Keys, with_keys};

/// The element of a rank among those of a window, which sees `count` of them.
pub(super) fn ranking(dtype: DType, count: usize, rank: usize) -> Option<Arc<dyn Combine>> {
    with_keys!(dtype, K => Some(Arc::new(Ranking::<K> { count, rank, keys: PhantomData })), None)
}

/// The element of a rank.
#[derive(Debug)]
struct Ranking<K> {
    count: usize,
    rank: usize,
    keys: PhantomData<fn(K)>,
}

impl<K: Keys + std::fmt::Debug + 'static> Combine for Ranking<K>
where
    K::Value: TileElement,
{
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        let seen = vec![K::Key::default(); cells * self.count];
        Box::new(Seen::<K> { count: self.count, rank: self.rank, seen })
    }

    fn state_bytes(&self) -> usize {
        self.count * size_of::<K::Key>()
    }
}

/// The elements that the windows of many cells see, as keys, side by side.
struct Seen<K: Keys> {
    count: usize,
    rank: usize,
    seen: Vec<K::Key>,
}

impl<K: Keys + 'static> Accumulator for Seen<K>
where
    K::Value: TileElement,
{
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _: Option<TileRef<'_>>) {
        for (i, value) in values.get::<K::Value>()[run.start..run.start + run.len].iter().enumerate() {
            let cell = match run.cells {
                Cells::One => run.first,
                Cells::Each => run.first + i,
                Cells::Table(table, _) if table[i] == u32::MAX => continue,
                Cells::Table(table, stride) => run.first + table[i] as usize * stride,
            };
            self.seen[cell * self.count + run.position(i) as usize] = K::key(*value);
        }
    }

    /// What one has not seen is zero in it, which no bit of the other's is lost to.
    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.seen.iter_mut().zip(other.seen).for_each(|(ours, theirs)| *ours = (*ours).max(theirs));
    }

    fn finish(mut self: Box<Self>) -> Block {
        let rank = self.rank;
        let of_rank = |window: &mut [K::Key]| {
            let missing = K::MISSING.filter(|missing| window.contains(missing));
            K::value(missing.unwrap_or_else(|| *window.select_nth_unstable(rank).1))
        };
        Block::from_list(self.seen.chunks_exact_mut(self.count).map(of_rank).collect())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
