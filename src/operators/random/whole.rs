//! Random integers that are equally likely.

use super::philox::Generator;
use crate::array::DType;
use crate::operators::elementwise::loops::{Map, map1_by};
use crate::operators::tile::{TileElement, TileLoop};

/// The loop that gives integers from `low` on, `count` of them (one to 2^64), in an integer dtype or as bools; none
/// for other dtypes.
pub fn run(generator: Generator, (low, count): (i128, u128), dtype: DType) -> Option<TileLoop> {
    Some(match dtype {
        DType::Bool => typed::<bool>(generator, low, count),
        DType::I8 => typed::<i8>(generator, low, count),
        DType::I16 => typed::<i16>(generator, low, count),
        DType::I32 => typed::<i32>(generator, low, count),
        DType::I64 => typed::<i64>(generator, low, count),
        DType::U8 => typed::<u8>(generator, low, count),
        DType::U16 => typed::<u16>(generator, low, count),
        DType::U32 => typed::<u32>(generator, low, count),
        DType::U64 => typed::<u64>(generator, low, count),
        _ => return None,
    })
}

fn typed<T: Whole>(generator: Generator, low: i128, count: u128) -> TileLoop {
    let limit = ((1u128 << 64) % count) as u64;
    let low = low as u64;
    match u64::try_from(count) {
        Ok(count) if count <= 1 << 32 => map1_by::<i64, T>(Chosen::<false> { generator, low, count, limit }),
        Ok(count) => map1_by::<i64, T>(Chosen::<true> { generator, low, count, limit }),
        Err(_) => map1_by::<i64, T>(move |position: i64| T::of(low.wrapping_add(generator.bits(position, 0)))),
    }
}

/// The types of integers, and bools.
trait Whole: TileElement + Copy {
    /// The integer whose lowest bits these are.
    fn of(bits: u64) -> Self;
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(impl Whole for $type {
            #[inline(always)]
            fn of(bits: u64) -> Self {
                bits as $type
            }
        })*
    };
}

integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

impl Whole for bool {
    #[inline(always)]
    fn of(bits: u64) -> Self {
        bits != 0
    }
}

/// One of `count` integers: the upper half of the product of `count` with 64 random bits, drawn again where the lower
/// half is one of the few by which some integers would be likelier (D. Lemire, "Fast random integer generation in an
/// interval", 2019). `WIDE` is for counts of more than 32 bits.
struct Chosen<const WIDE: bool> {
    generator: Generator,
    low: u64,
    count: u64,
    /// 2^64 modulo `count`.
    limit: u64,
}

impl<const WIDE: bool> Chosen<WIDE> {
    /// The halves of the product.
    #[inline(always)]
    fn product(&self, position: i64, draw: u32) -> (u64, u64) {
        let [a, b, ..] = self.generator.words(position, draw);
        if WIDE {
            let product = u128::from(a | (b << 32)) * u128::from(self.count);
            return ((product >> 64) as u64, product as u64);
        }
        let lower = a * self.count;
        let upper = b * self.count + (lower >> 32);
        (upper >> 32, (upper << 32) | (lower & 0xffff_ffff))
    }
}

impl<T: Whole, const WIDE: bool> Map<i64, T> for Chosen<WIDE> {
    #[inline(always)]
    fn usual(&self, position: i64) -> T {
        T::of(self.low.wrapping_add(self.product(position, 0).0))
    }

    #[inline(always)]
    fn is_rare(&self, position: i64) -> bool {
        self.product(position, 0).1 < self.limit
    }

    fn rare(&self, position: i64) -> T {
        let mut draw = 0;
        loop {
            let (upper, lower) = self.product(position, draw);
            if lower >= self.limit {
                return T::of(self.low.wrapping_add(upper));
            }
            draw += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to multiply, and what is drawn again for a count for which that is every other time.
    #[test]
    fn products_are_exact() {
        let generator = Generator { seed: 3, stream: 0 };
        for count in [1, 2, 3, 1000, (1 << 32) - 1, 1 << 32] {
            let (narrow, wide) = (
                Chosen::<false> { generator, low: 0, count, limit: 0 },
                Chosen::<true> { generator, low: 0, count, limit: 0 },
            );
            assert!((0..200).all(|i| narrow.product(i, 0) == wide.product(i, 0)), "{count}");
        }
        let count = (1u128 << 63) + 1;
        let run = run(generator, (-5, count), DType::I64).expect("integers");
        let positions: Vec<i64> = (0..1000).collect();
        let mut values = vec![0i64; 1000];
        run(&[i64::shared(&positions)], i64::exclusive(&mut values));
        assert!(values.iter().all(|value| (-5..=i64::MAX - 4).contains(value)));
        let mean = values.iter().map(|value| *value as f64).sum::<f64>() / 1000.0;
        assert!((mean / 2f64.powi(62) - 1.0).abs() < 0.06, "{mean}");
    }
}
