//! A piece of an array's values in memory.
//!
//! A block is typed, reference-counted storage with its own strides ([`Values`]): slicing, transposing,
//! flipping and broadcasting make views and move no data. Datetimes and durations are stored as
//! `i64`; which of the three it is, the array's dtype says.

use half::f16;
use ndarray::{ArrayViewD, Axis};
use num_complex::{Complex32, Complex64};

pub use super::strided::Values;
use super::{DType, Region, Scalar};
use crate::allocator;

/// What a block can hold an array of.
pub trait Element: Clone + Send + Sync + 'static {
    /// The dtype stored so (`i64` stands for datetimes and durations too).
    const DTYPE: DType;
    /// Wraps typed values.
    fn wrap(values: Values<Self>) -> Block;
    /// The typed values, where the block holds this type.
    fn values(block: &Block) -> Option<&Values<Self>>;
    /// The element as a scalar.
    fn to_scalar(&self) -> Scalar;
    /// A scalar as this type, converted as NumPy's `astype` converts.
    fn from_scalar(scalar: &Scalar) -> Self;
}

macro_rules! blocks {
    ($($variant:ident $type:ty, $to:expr, $from:expr;)*) => {
        /// Values of one region of an array.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Block {
            $(#[doc = concat!("`", stringify!($type), "` values.")] $variant(Values<$type>),)*
        }

        $(impl Element for $type {
            const DTYPE: DType = DType::$variant;
            fn wrap(values: Values<Self>) -> Block {
                Block::$variant(values)
            }
            fn values(block: &Block) -> Option<&Values<Self>> {
                match block { Block::$variant(values) => Some(values), _ => None }
            }
            fn to_scalar(&self) -> Scalar {
                let to: fn(&$type) -> Scalar = $to;
                to(self)
            }
            fn from_scalar(scalar: &Scalar) -> Self {
                let from: fn(&Scalar) -> $type = $from;
                from(scalar)
            }
        })*

        /// Runs `$body` with `$values` bound to the typed values of a block, whatever their type.
        macro_rules! with_values {
            ($block:expr, $values:ident => $body:expr) => {
                match $block { $($crate::array::Block::$variant($values) => $body,)* }
            };
        }

        /// Runs `$body` with `$T` naming the Rust type in which a dtype is stored.
        macro_rules! with_type {
            ($dtype:expr, $T:ident => $body:expr) => {
                match $crate::array::block::storage($dtype) {
                    $($crate::array::DType::$variant => { type $T = $type; $body })*
                    $crate::array::DType::DateTime(_) | $crate::array::DType::Duration => {
                        type $T = i64;
                        $body
                    }
                }
            };
        }
        pub(crate) use {with_type, with_values};
    };
}

blocks! {
    Bool bool, |v| Scalar::Bool(*v), |s| truth(s);
    I8 i8, |v| Scalar::Int(i64::from(*v)), |s| integer(s) as i8;
    I16 i16, |v| Scalar::Int(i64::from(*v)), |s| integer(s) as i16;
    I32 i32, |v| Scalar::Int(i64::from(*v)), |s| integer(s) as i32;
    I64 i64, |v| Scalar::Int(*v), |s| integer(s) as i64;
    U8 u8, |v| Scalar::UInt(u64::from(*v)), |s| integer(s) as u8;
    U16 u16, |v| Scalar::UInt(u64::from(*v)), |s| integer(s) as u16;
    U32 u32, |v| Scalar::UInt(u64::from(*v)), |s| integer(s) as u32;
    U64 u64, |v| Scalar::UInt(*v), |s| integer(s) as u64;
    F16 half::f16, |v| Scalar::Float(f64::from(*v)), |s| f16::from_f64(complex(s).re);
    F32 f32, |v| Scalar::Float(f64::from(*v)), |s| complex(s).re as f32;
    F64 f64, |v| Scalar::Float(*v), |s| complex(s).re;
    C64 num_complex::Complex32, |v| Scalar::Complex(Complex64::new(f64::from(v.re), f64::from(v.im))), |s| { let z = complex(s); Complex32::new(z.re as f32, z.im as f32) };
    C128 num_complex::Complex64, |v| Scalar::Complex(*v), |s| complex(s);
    Str std::sync::Arc<str>, |v| Scalar::Str(v.clone()), |s| match s { Scalar::Str(text) => text.clone(), other => other.to_string().into() };
}

fn truth(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Bool(b) => *b,
        Scalar::Float(x) => *x != 0.0,
        Scalar::Complex(z) => z.re != 0.0 || z.im != 0.0,
        other => integer(other) != 0,
    }
}

fn integer(scalar: &Scalar) -> i128 {
    match scalar {
        Scalar::Bool(b) => i128::from(*b),
        Scalar::Int(i) | Scalar::DateTime(i, _) | Scalar::Duration(i) => i128::from(*i),
        Scalar::UInt(u) => i128::from(*u),
        Scalar::Float(x) => i128::from(*x as i64),
        Scalar::Complex(z) => i128::from(z.re as i64),
        Scalar::Str(_) => 0,
    }
}

fn complex(scalar: &Scalar) -> Complex64 {
    match scalar {
        Scalar::Complex(z) => *z,
        Scalar::Str(_) => Complex64::new(f64::NAN, 0.0),
        other => Complex64::new(other.as_f64().unwrap_or(f64::NAN), 0.0),
    }
}

/// The dtype in which values of `dtype` are stored: itself, or `i64` for datetimes and durations.
pub fn storage(dtype: DType) -> DType {
    match dtype {
        DType::DateTime(_) | DType::Duration => DType::I64,
        other => other,
    }
}

fn usizes(shape: &[u64]) -> Vec<usize> {
    shape.iter().map(|&n| n as usize).collect()
}

/// Runs a macro over the types that are plain numbers.
macro_rules! with_plain_types {
    ($run:ident) => {
        $run! {
            I8 i8; I16 i16; I32 i32; I64 i64; U8 u8; U16 u16; U32 u32; U64 u64;
            F16 f16; F32 f32; F64 f64; C64 Complex32; C128 Complex64;
        }
    };
}

impl Block {
    /// A block of `shape` filled with one value, which costs one element of memory.
    pub fn full(dtype: DType, shape: &[u64], value: &Scalar) -> Block {
        with_type!(dtype, T => T::wrap(Values::repeated(usizes(shape), T::from_scalar(value))))
    }

    /// A block of `shape` from its elements in C order; `None` where the count is another.
    pub fn from_vec<T: Element>(shape: &[u64], elements: Vec<T>) -> Option<Block> {
        Values::new(usizes(shape), elements).map(T::wrap)
    }

    /// A one-dimensional block.
    pub fn from_list<T: Element>(elements: Vec<T>) -> Block {
        let shape = vec![elements.len()];
        T::wrap(Values::new(shape, elements).expect("one axis of that many elements"))
    }

    /// A 0-d block.
    pub fn from_scalar(dtype: DType, value: &Scalar) -> Block {
        Block::full(dtype, &[], value)
    }

    /// A block from native-endian bytes in C order; `None` for text or where the length is wrong.
    pub fn from_bytes(dtype: DType, shape: &[u64], bytes: &[u8]) -> Option<Block> {
        let count = usizes(shape).iter().product::<usize>();
        if bytes.len() != count.checked_mul(storage(dtype).size())? || dtype == DType::Str {
            return None;
        }
        let copied = Block::written::<()>(dtype, shape, |target| {
            target.copy_from_slice(bytes);
            Ok(())
        });
        copied.ok()
    }

    /// A block whose elements `write` puts into memory itself, all of them, as native-endian bytes in C order.
    ///
    /// # Errors
    /// Those of `write`.
    ///
    /// # Panics
    /// For text.
    pub fn written<E>(dtype: DType, shape: &[u64], write: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Block, E> {
        if dtype == DType::Bool {
            let mut bytes = vec![0; usizes(shape).iter().product()];
            write(&mut bytes)?;
            let elements: Vec<bool> = bytes.into_iter().map(|b| b != 0).collect();
            return Ok(Block::from_vec(shape, elements).expect("the count of the shape"));
        }
        let mut block = Block::unset(dtype, shape);
        write(block.as_bytes_mut().unwrap_or_else(|| panic!("{dtype} has no bytes of its own")))?;
        Ok(block)
    }

    /// A writable block of `shape` whose elements have no particular values, for who writes them all.
    pub fn unset(dtype: DType, shape: &[u64]) -> Block {
        macro_rules! plain {
            ($($variant:ident $type:ty;)*) => {
                match storage(dtype) {
                    $(DType::$variant => {
                        let elements = allocator::unset::<$type>(usizes(shape).iter().product());
                        Block::from_vec(shape, elements).expect("the count of the shape")
                    })*
                    _ => Block::zeros(dtype, shape),
                }
            };
        }
        with_plain_types!(plain)
    }

    /// The elements as native-endian bytes for writing; `None` for text and booleans, for views, and where they are shared.
    pub fn as_bytes_mut(&mut self) -> Option<&mut [u8]> {
        macro_rules! plain {
            ($($variant:ident $type:ty;)*) => {
                match self {
                    $(Block::$variant(values) => values.as_mut_slice().map(|slice| {
                        // SAFETY: the types are plain numbers without padding, valid for every bit pattern; the bytes are
                        // those of the slice.
                        unsafe {
                            let length = std::mem::size_of_val(slice);
                            std::slice::from_raw_parts_mut(slice.as_mut_ptr().cast::<u8>(), length)
                        }
                    }),)*
                    Block::Bool(_) | Block::Str(_) => None,
                }
            };
        }
        with_plain_types!(plain)
    }

    /// The elements as native-endian bytes; `None` for text, or where they do not lie in C order
    /// without gaps.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if self.dtype() == DType::Str {
            return None;
        }
        with_values!(self, values => values.as_slice().map(|slice| {
            // SAFETY: text was sent away above; what is left are plain numbers and booleans
            // without padding, readable as bytes for the length of the slice.
            unsafe { std::slice::from_raw_parts(slice.as_ptr().cast::<u8>(), std::mem::size_of_val(slice)) }
        }))
    }

    /// The elements as native-endian bytes in C order; `None` for text.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        self.contiguous().as_bytes().map(<[u8]>::to_vec)
    }

    /// The dtype the values are stored in.
    pub fn dtype(&self) -> DType {
        fn dtype_of<T: Element>(_: &Values<T>) -> DType {
            T::DTYPE
        }
        with_values!(self, values => dtype_of(values))
    }

    /// Elements per axis.
    pub fn shape(&self) -> Vec<u64> {
        with_values!(self, values => values.shape().iter().map(|&n| n as u64).collect())
    }

    /// The number of elements.
    pub fn count(&self) -> u64 {
        with_values!(self, values => values.len() as u64)
    }

    /// Bytes the elements take when laid out in full.
    pub fn bytes(&self) -> u64 {
        self.count() * self.dtype().size() as u64
    }

    /// The typed values, where the block holds `T`.
    pub fn values<T: Element>(&self) -> Option<&Values<T>> {
        T::values(self)
    }

    /// A typed view, where the block holds `T`.
    pub fn view<T: Element>(&self) -> Option<ArrayViewD<'_, T>> {
        T::values(self).map(|v| v.view())
    }

    /// The element at `index`.
    ///
    /// # Panics
    /// Where `index` lies outside.
    pub fn get(&self, index: &[u64]) -> Scalar {
        with_values!(self, values => values.view()[usizes(index).as_slice()].to_scalar())
    }

    /// Every element in C order.
    pub fn scalars(&self) -> Vec<Scalar> {
        with_values!(self, values => values.view().iter().map(Element::to_scalar).collect())
    }

    /// The part `region` of the block, as a view.
    pub fn slice(&self, region: &Region) -> Block {
        let steps = vec![1; region.rank()];
        let start: Vec<i64> = region.start.iter().map(|&s| s as i64).collect();
        self.slice_steps(&start, &steps, &region.shape)
    }

    /// Per axis `shape` elements from `start`, `step` apart (negative runs backwards), as a view.
    pub fn slice_steps(&self, start: &[i64], step: &[i64], shape: &[u64]) -> Block {
        fn slice<T: Element>(values: &Values<T>, start: &[i64], step: &[i64], shape: &[u64]) -> Block {
            T::wrap(values.slice(start, step, &usizes(shape)))
        }
        with_values!(self, values => slice(values, start, step, shape))
    }

    /// Axis `axes[i]` becomes axis `i`, as a view.
    pub fn permute(&self, axes: &[usize]) -> Block {
        fn permute<T: Element>(values: &Values<T>, axes: &[usize]) -> Block {
            T::wrap(values.permute(axes))
        }
        with_values!(self, values => permute(values, axes))
    }

    /// Windows along `axis`, `count` of `length` elements, `stride` apart, whose elements lie along a new last axis; as a view.
    pub fn windows(&self, axis: usize, stride: u64, (count, length): (u64, u64)) -> Block {
        fn windows<T: Element>(values: &Values<T>, axis: usize, stride: usize, size: (usize, usize)) -> Block {
            T::wrap(values.clone().windows(axis, stride, size))
        }
        with_values!(self, values => windows(values, axis, stride as usize, (count as usize, length as usize)))
    }

    /// The block with an axis of one element before `axis`, as a view.
    pub fn insert_axis(&self, axis: usize) -> Block {
        fn insert<T: Element>(values: &Values<T>, axis: usize) -> Block {
            T::wrap(values.clone().insert_axis(axis))
        }
        with_values!(self, values => insert(values, axis))
    }

    /// The block without `axis`, of which the element at `position` is kept, as a view.
    pub fn drop_axis(&self, axis: usize, position: u64) -> Block {
        fn drop<T: Element>(values: &Values<T>, axis: usize, position: usize) -> Block {
            T::wrap(values.clone().drop_axis(axis, position))
        }
        with_values!(self, values => drop(values, axis, position as usize))
    }

    /// Axes of one element repeated to `shape`, which has the same rank, as a view.
    pub fn broadcast(&self, shape: &[u64]) -> Block {
        fn broadcast<T: Element>(values: &Values<T>, shape: &[u64]) -> Block {
            T::wrap(values.clone().broadcast(&usizes(shape)))
        }
        with_values!(self, values => broadcast(values, shape))
    }

    /// The elements at `positions` along `axis`, copied.
    pub fn take(&self, axis: usize, positions: &[usize]) -> Block {
        fn take<T: Element>(values: &Values<T>, axis: usize, positions: &[usize]) -> Block {
            T::wrap(values.view().select(Axis(axis), positions).into())
        }
        with_values!(self, values => take(values, axis, positions))
    }

    /// The elements at points, copied: their axis takes the place of the first of `axes`, which ascend, and point `i` lies
    /// at `positions[a][i]` along each of them.
    pub fn points(&self, axes: &[usize], positions: &[Vec<usize>]) -> Block {
        fn points<T: Element>(values: &Values<T>, axes: &[usize], positions: &[Vec<usize>]) -> Block {
            let view = values.view();
            let count = positions[0].len();
            let mut shape: Vec<usize> = view.shape().to_vec();
            for &axis in axes.iter().rev() {
                shape.remove(axis);
            }
            let mut elements = Vec::with_capacity(shape.iter().product::<usize>() * count);
            for point in 0..count {
                let mut part = view.view();
                for (&axis, positions) in axes.iter().zip(positions).rev() {
                    part = part.index_axis_move(Axis(axis), positions[point]);
                }
                elements.extend(part.iter().cloned());
            }
            shape.insert(0, count);
            let place = axes[0];
            let order: Vec<usize> = (1..=place).chain([0]).chain(place + 1..shape.len()).collect();
            T::wrap(Values::new(shape, elements).expect("an element a place").permute(&order))
        }
        with_values!(self, values => points(values, axes, positions))
    }

    /// The same elements laid out in C order without gaps; a view that already is so is not copied.
    pub fn contiguous(&self) -> Block {
        fn contiguous<T: Element>(values: &Values<T>) -> Block {
            T::wrap(values.contiguous())
        }
        with_values!(self, values => contiguous(values))
    }

    /// The elements in C order with another shape of the same count.
    ///
    /// # Panics
    /// Where the count differs.
    pub fn reshape(&self, shape: &[u64]) -> Block {
        fn reshape<T: Element>(values: &Values<T>, shape: &[u64]) -> Block {
            let values = values.contiguous().reshaped(&usizes(shape));
            T::wrap(values.expect("a shape of as many elements"))
        }
        with_values!(self, values => reshape(values, shape))
    }

    /// Copies `source` into the part of this block that begins at `start`.
    ///
    /// # Panics
    /// Where the dtypes differ, `source` does not fit, or this block is a view or shared.
    pub fn assign(&mut self, start: &[u64], source: &Block) {
        fn assign<T: Element>(target: &mut Values<T>, start: &[u64], source: &Block) {
            target.assign(&usizes(start), source.values::<T>().expect("blocks of one dtype"));
        }
        with_values!(self, values => assign(values, start, source))
    }

    /// A writable block of `shape`, all elements zero (or empty).
    pub fn zeros(dtype: DType, shape: &[u64]) -> Block {
        with_type!(dtype, T => {
            let zero = T::from_scalar(&Scalar::zero(dtype));
            let shape = usizes(shape);
            let count = shape.iter().product();
            T::wrap(Values::new(shape, vec![zero; count]).expect("the count of the shape"))
        })
    }

    /// Joins blocks along `axis`; all other axes and the dtypes are equal.
    ///
    /// # Panics
    /// Where there is no block or the shapes differ.
    pub fn concat(blocks: &[Block], axis: usize) -> Block {
        fn concat<T: Element>(_: &Values<T>, blocks: &[Block], axis: usize) -> Block {
            let views: Vec<_> = blocks.iter().map(|b| b.view::<T>().expect("blocks of one dtype")).collect();
            let joined = ndarray::concatenate(Axis(axis), &views).expect("shapes that fit together");
            T::wrap(joined.into())
        }
        with_values!(&blocks[0], values => concat(values, blocks, axis))
    }
}
