//! Two real arrays as one of complex numbers, for reductions whose other input is taken: groups that codes tell.

use std::any::Any;
use std::sync::Arc;

use half::f16;
use num_complex::Complex64;

use super::super::combine::{Accumulator, Combine, Run};
use super::super::error::TypeError;
use super::super::tile::{Tile, TileElement, TileLoop, TileRef};
use super::super::{Builder, Call, Operand, Pattern, Units, call};
use crate::array::{Block, DType};

/// A reduction of two arrays whose elements come as the parts of complex numbers.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The reduction.
    pub inner: Arc<dyn Combine>,
    /// What its elements are.
    pub dtypes: [DType; 2],
}

/// Whether an `f64` holds every element of a dtype.
pub fn is_exact(dtype: DType) -> bool {
    use DType::{Bool, F16, F32, F64, I8, I16, I32, U8, U16, U32};
    matches!(dtype, Bool | I8 | I16 | I32 | U8 | U16 | U32 | F16 | F32 | F64)
}

/// Two arrays with equal dims as the parts of complex numbers.
///
/// # Errors
/// They are no numbers.
pub fn packed(builder: &mut dyn Builder, arrays: &[Operand; 2]) -> Result<Operand, TypeError> {
    let parts = [call::cast(builder, arrays[0], DType::F64)?, call::cast(builder, arrays[1], DType::F64)?];
    let run: TileLoop = Arc::new(|inputs, out| {
        let pairs = inputs[0].get::<f64>().iter().zip(inputs[1].get::<f64>());
        out.get::<Complex64>().iter_mut().zip(pairs).for_each(|(out, (re, im))| *out = Complex64::new(*re, *im));
    });
    let pattern = Pattern::Elementwise(run);
    builder.apply(Call { name: "pair", text: String::new(), pattern, dtype: DType::C128, units: Units::Lost }, &parts)
}

impl Combine for Packed {
    fn init(&self, cells: usize) -> Box<dyn Accumulator> {
        Box::new(States { inner: self.inner.init(cells), dtypes: self.dtypes })
    }

    fn state_bytes(&self) -> usize {
        self.inner.state_bytes()
    }

    fn room_bytes(&self) -> usize {
        self.inner.room_bytes()
    }
}

struct States {
    inner: Box<dyn Accumulator>,
    dtypes: [DType; 2],
}

/// Real numbers as elements of a dtype.
fn tile(dtype: DType, numbers: impl Iterator<Item = f64>) -> Tile {
    match dtype {
        DType::Bool => Tile::Bool(numbers.map(|x| x != 0.0).collect()),
        DType::I8 => Tile::I8(numbers.map(|x| x as i8).collect()),
        DType::I16 => Tile::I16(numbers.map(|x| x as i16).collect()),
        DType::I32 => Tile::I32(numbers.map(|x| x as i32).collect()),
        DType::I64 => Tile::I64(numbers.map(|x| x as i64).collect()),
        DType::U64 => Tile::U64(numbers.map(|x| x as u64).collect()),
        DType::U8 => Tile::U8(numbers.map(|x| x as u8).collect()),
        DType::U16 => Tile::U16(numbers.map(|x| x as u16).collect()),
        DType::U32 => Tile::U32(numbers.map(|x| x as u32).collect()),
        DType::F16 => Tile::F16(numbers.map(f16::from_f64).collect()),
        DType::F32 => Tile::F32(numbers.map(|x| x as f32).collect()),
        _ => Tile::F64(numbers.collect()),
    }
}

impl Accumulator for States {
    fn step(&mut self, run: &Run<'_>, values: TileRef<'_>, _: Option<TileRef<'_>>) {
        let pairs = &Complex64::read(values).expect("kernels are typed")[run.start..run.start + run.len];
        let first = tile(self.dtypes[0], pairs.iter().map(|pair| pair.re));
        let second = tile(self.dtypes[1], pairs.iter().map(|pair| pair.im));
        self.inner.step(&Run { start: 0, ..*run }, first.part(0, run.len), Some(second.part(0, run.len)));
    }

    fn merge(&mut self, other: Box<dyn Accumulator>) {
        let other = other.into_any().downcast::<Self>().expect("accumulators of one reduction");
        self.inner.merge(other.inner);
    }

    fn rest(&mut self) {
        self.inner.rest();
    }

    fn finish(self: Box<Self>) -> Block {
        self.inner.finish()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
