//! Real random numbers: uniform, normal, exponential. Each is a loop over the positions of elements.

use half::f16;
use num_traits::AsPrimitive;

use super::philox::Generator;
use crate::array::DType;
use crate::operators::elementwise::elementary::{self, Cos};
use crate::operators::elementwise::loops::{Map, map1_by};
use crate::operators::tile::{TileElement, TileLoop};

/// A distribution of real numbers.
#[derive(Clone, Copy, Debug)]
pub enum Real {
    /// From `low` up to and without `high`.
    Uniform {
        /// The least number.
        low: f64,
        /// What lies above all of them, unless it is `low`.
        high: f64,
    },
    /// The normal distribution.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// The exponential distribution.
    Exponential {
        /// Its mean.
        scale: f64,
    },
}

impl Real {
    /// The loop that gives numbers of a floating-point dtype; none for other dtypes.
    pub fn run(self, generator: Generator, dtype: DType) -> Option<TileLoop> {
        match dtype {
            DType::F16 => Some(self.typed::<f16>(generator)),
            DType::F32 => Some(self.typed::<f32>(generator)),
            DType::F64 => Some(self.typed::<f64>(generator)),
            _ => None,
        }
    }

    fn typed<T: Float>(self, generator: Generator) -> TileLoop
    where
        f64: AsPrimitive<T>,
    {
        match self {
            Real::Uniform { low, high } => {
                map1_by::<i64, T>(Uniform { generator, low, width: high - low, most: T::below(high, low) })
            }
            Real::Normal { mean, std } => map1_by::<i64, T>(Normal { generator, mean, std }),
            Real::Exponential { scale } => map1_by::<i64, T>(Exponential { generator, scale }),
        }
    }
}

/// The types of floating-point numbers.
trait Float: TileElement + Copy + PartialOrd + 'static {
    /// The greatest number below `high`, or, where `low` is not below that, `low` as it is rounded.
    fn below(high: f64, low: f64) -> Self;
}

macro_rules! floats {
    ($($type:ty: $down:expr;)*) => {
        $(impl Float for $type {
            fn below(high: f64, low: f64) -> Self {
                let (rounded, least): (Self, Self) = (high.as_(), low.as_());
                let most = if f64::from(rounded) >= high { $down(rounded) } else { rounded };
                if most < least { least } else { most }
            }
        })*
    };
}

floats! {
    f64: f64::next_down;
    f32: f32::next_down;
    f16: half_below;
}

/// The next smaller number.
fn half_below(x: f16) -> f16 {
    match x.to_bits() {
        0 | 0x8000 => f16::from_bits(0x8001),
        bits if x > f16::ZERO => f16::from_bits(bits - 1),
        bits => f16::from_bits(bits + 1),
    }
}

struct Uniform<T> {
    generator: Generator,
    low: f64,
    width: f64,
    most: T,
}

impl<T: Float> Map<i64, T> for Uniform<T>
where
    f64: AsPrimitive<T>,
{
    #[inline(always)]
    fn usual(&self, position: i64) -> T {
        let [unit, _] = self.generator.units(position, 0);
        let value: T = (self.low + self.width * unit).as_();
        if value > self.most { self.most } else { value }
    }
}

/// G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates" (1958): two uniform numbers are
/// the distance and the angle of a point in the plane. The greatest distance is 8.57 standard deviations.
struct Normal {
    generator: Generator,
    mean: f64,
    std: f64,
}

impl<T: Float> Map<i64, T> for Normal
where
    f64: AsPrimitive<T>,
{
    #[inline(always)]
    fn usual(&self, position: i64) -> T {
        let [distance, angle] = self.generator.units(position, 0);
        let distance = (-2.0 * elementary::log(1.0 - distance)).sqrt();
        let cosine: f64 = Cos.usual(std::f64::consts::TAU * angle);
        (self.mean + self.std * (distance * cosine)).as_()
    }
}

struct Exponential {
    generator: Generator,
    scale: f64,
}

impl<T: Float> Map<i64, T> for Exponential
where
    f64: AsPrimitive<T>,
{
    #[inline(always)]
    fn usual(&self, position: i64) -> T {
        let [unit, _] = self.generator.units(position, 0);
        (self.scale * (0.0 - elementary::log(1.0 - unit))).as_()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_reaches_the_upper_end() {
        assert_eq!(f64::below(1.0, 0.0), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(f64::below(2.0, 2.0), 2.0);
        assert_eq!(f32::below(1.0, 0.0), 1.0 - f32::EPSILON / 2.0);
        assert_eq!(f32::below(1.0 + 1e-9, 0.0), 1.0);
        assert_eq!(f32::below(1.0 + 1e-9, 1.0), 1.0);
        assert_eq!(f16::below(1.0, 0.0), f16::from_f64(0.99951171875));
        assert_eq!(f16::below(0.0, -1.0).to_bits(), 0x8001);
        assert_eq!(f16::below(-1.0, -2.0).to_f64(), -1.0009765625);
        assert_eq!(f16::below(1e9, 0.0), f16::MAX);
    }
}
