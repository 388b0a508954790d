//! From the bytes of elements as a file has them to blocks of a dtype.

use std::sync::Arc;

use super::format::datatype::{Class, FileType, FloatBits, Padding};
use super::format::heap::GlobalHeaps;
use super::format::superblock::HdfFile;
use super::format::{FormatError, Result, not_utf8};
use crate::array::{Block, DType};

/// How the elements of one dataset or attribute become values of a dtype.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// The dtype of the values.
    pub dtype: DType,
    /// Bytes of a stored element.
    pub size: usize,
    conversion: Conversion,
}

#[derive(Debug, Clone, PartialEq)]
enum Conversion {
    /// The bytes are native already.
    None,
    /// Each word of this many bytes is the wrong way round.
    Swap(usize),
    /// Integers with bits that do not count, or of an odd size.
    Integer { signed: bool, big_endian: bool, offset: u32, precision: u32 },
    /// Floating-point numbers in a layout that is not IEEE's.
    Float { big_endian: bool, bits: FloatBits },
    /// One byte, of which zero is false.
    Truth,
    /// Text of fixed length.
    Text(Padding),
    /// Text in a global heap.
    VlenText,
}

const NATIVE_BIG_ENDIAN: bool = cfg!(target_endian = "big");

impl Element {
    /// The conversion for a type of a file, or why there is none.
    pub fn of(file_type: &FileType) -> Result<Element, String> {
        let size = file_type.size;
        let (dtype, conversion) = match &file_type.class {
            &Class::Integer { signed, big_endian, offset, precision } => {
                let dtype = integer_dtype(size, signed)?;
                let whole = offset == 0 && precision as usize == size * 8 && dtype.size() == size;
                let odd = Conversion::Integer { signed, big_endian, offset, precision };
                (dtype, if whole { ordered(big_endian, size) } else { odd })
            }
            &Class::Float { big_endian, bits } => float(size, big_endian, bits)?,
            Class::Enum { base, members } if is_truth(base, members) => (DType::Bool, Conversion::Truth),
            Class::Enum { base, .. } => return Element::of(base),
            Class::Complex(part) => complex(size, part)?,
            Class::Compound(members) => match members.as_slice() {
                [(re, 0, first), (im, offset, second)]
                    if first == second && *offset == first.size && is_complex(re, im) =>
                {
                    complex(size, first)?
                }
                _ => return Err("compound elements".into()),
            },
            &Class::Text(padding) => (DType::Str, Conversion::Text(padding)),
            Class::VlenText => (DType::Str, Conversion::VlenText),
            Class::Vlen(_) => return Err("elements of any length".into()),
            Class::Array(..) => return Err("elements that are arrays".into()),
            Class::ObjectReference => return Err("references as elements".into()),
            Class::Other(what) => return Err(format!("elements that are {what}")),
        };
        Ok(Element { dtype, size, conversion })
    }

    /// Whether elements are numbers that lie in the file as in memory.
    pub fn is_native(&self) -> bool {
        self.conversion == Conversion::None && self.dtype != DType::Bool
    }

    /// The values of `bytes`, which are the elements of `shape` in C order.
    pub fn block(&self, file: &HdfFile, heaps: &GlobalHeaps, shape: &[u64], mut bytes: Vec<u8>) -> Result<Block> {
        let block = match &self.conversion {
            Conversion::None | Conversion::Truth => Block::from_bytes(self.dtype, shape, &bytes),
            Conversion::Swap(width) => {
                swap(&mut bytes, *width);
                Block::from_bytes(self.dtype, shape, &bytes)
            }
            Conversion::Integer { signed, big_endian, offset, precision } => {
                let restore = |element: &[u8]| {
                    let above = 64 - *precision;
                    let value = (little_endian(element, *big_endian) >> offset) << above;
                    if *signed { ((value as i64) >> above) as u64 } else { value >> above }
                };
                let width = self.dtype.size();
                let native =
                    bytes.chunks_exact(self.size).flat_map(|e| native_bytes(restore(e), width)).collect::<Vec<_>>();
                Block::from_bytes(self.dtype, shape, &native)
            }
            Conversion::Float { big_endian, bits } => {
                let values = bytes.chunks_exact(self.size).map(|e| decode_float(little_endian(e, *big_endian), bits));
                match self.dtype {
                    DType::F32 => Block::from_vec(shape, values.map(|v| v as f32).collect::<Vec<_>>()),
                    _ => Block::from_vec(shape, values.collect::<Vec<f64>>()),
                }
            }
            Conversion::Text(padding) => {
                let texts = bytes.chunks_exact(self.size).map(|element| fixed_text(element, *padding));
                Block::from_vec(shape, texts.collect::<Result<Vec<_>>>()?)
            }
            Conversion::VlenText => {
                let texts = bytes.chunks_exact(self.size).map(|element| {
                    let text = heaps.resolve(file, element, 1)?;
                    fixed_text(&text, Padding::Terminated)
                });
                Block::from_vec(shape, texts.collect::<Result<Vec<_>>>()?)
            }
        };
        block.ok_or_else(|| FormatError::damaged("a dataset", "its elements do not fill its shape"))
    }
}

fn integer_dtype(size: usize, signed: bool) -> Result<DType, String> {
    Ok(match (size, signed) {
        (1, true) => DType::I8,
        (2, true) => DType::I16,
        (3 | 4, true) => DType::I32,
        (5..=8, true) => DType::I64,
        (1, false) => DType::U8,
        (2, false) => DType::U16,
        (3 | 4, false) => DType::U32,
        (5..=8, false) => DType::U64,
        _ => return Err(format!("integers of {size} bytes")),
    })
}

fn ordered(big_endian: bool, width: usize) -> Conversion {
    if big_endian == NATIVE_BIG_ENDIAN || width == 1 { Conversion::None } else { Conversion::Swap(width) }
}

/// The bits of an IEEE number of this size.
fn ieee(size: usize) -> Option<(DType, FloatBits)> {
    let (dtype, exponent_size, mantissa_size) = match size {
        2 => (DType::F16, 5, 10),
        4 => (DType::F32, 8, 23),
        8 => (DType::F64, 11, 52),
        _ => return None,
    };
    let bias = (1 << (exponent_size - 1)) - 1;
    let sign = exponent_size + mantissa_size;
    Some((
        dtype,
        FloatBits { sign, exponent: mantissa_size, exponent_size, bias, mantissa: 0, mantissa_size, implied: true },
    ))
}

fn float(size: usize, big_endian: bool, bits: FloatBits) -> Result<(DType, Conversion), String> {
    match ieee(size) {
        Some((dtype, standard)) if standard == bits => Ok((dtype, ordered(big_endian, size))),
        _ if size > 8 || bits.mantissa_size > 52 || bits.exponent_size > 11 => {
            Err(format!("floating-point numbers of {size} bytes"))
        }
        _ => {
            let single = bits.mantissa_size <= 23 && bits.exponent_size <= 8 && bits.bias <= 127;
            Ok((if single { DType::F32 } else { DType::F64 }, Conversion::Float { big_endian, bits }))
        }
    }
}

fn complex(size: usize, part: &FileType) -> Result<(DType, Conversion), String> {
    let part_of = Element::of(part)?;
    match part_of.dtype {
        DType::F32 if size == 8 && part_of.size == 4 => Ok((DType::C64, part_of.conversion)),
        DType::F64 if size == 16 && part_of.size == 8 => Ok((DType::C128, part_of.conversion)),
        other => Err(format!("complex numbers of two {other}")),
    }
}

fn is_complex(re: &str, im: &str) -> bool {
    matches!((re, im), ("r", "i") | ("re", "im") | ("real", "imag") | ("real", "imaginary"))
}

/// Whether an enum is h5py's bool.
fn is_truth(base: &FileType, members: &[(String, Vec<u8>)]) -> bool {
    let is = |name: &str, value: u8| members.iter().any(|(n, v)| n.eq_ignore_ascii_case(name) && v == &[value]);
    base.size == 1 && members.len() == 2 && is("FALSE", 0) && is("TRUE", 1)
}

fn swap(bytes: &mut [u8], width: usize) {
    fn words<const N: usize>(bytes: &mut [u8]) {
        bytes.as_chunks_mut::<N>().0.iter_mut().for_each(|word| word.reverse());
    }
    match width {
        2 => words::<2>(bytes),
        4 => words::<4>(bytes),
        8 => words::<8>(bytes),
        _ => bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse),
    }
}

/// An element of at most eight bytes as a number.
fn little_endian(element: &[u8], big_endian: bool) -> u64 {
    let append = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
    if big_endian { element.iter().fold(0, append) } else { element.iter().rev().fold(0, append) }
}

/// The lowest `width` bytes of a number in native order.
fn native_bytes(value: u64, width: usize) -> impl Iterator<Item = u8> {
    let (bytes, start) = (value.to_ne_bytes(), if NATIVE_BIG_ENDIAN { 8 - width } else { 0 });
    bytes.into_iter().skip(start).take(width)
}

/// The value of a floating-point number in any layout of at most 64 bits.
fn decode_float(word: u64, bits: &FloatBits) -> f64 {
    let field = |at: u32, size: u32| (word >> at) & (u64::MAX >> (64 - size));
    let exponent = field(bits.exponent, bits.exponent_size);
    let mantissa = field(bits.mantissa, bits.mantissa_size);
    let highest = u64::MAX >> (64 - bits.exponent_size);
    let scale = -f64::from(bits.mantissa_size);
    let power = |e: f64| 2f64.powf(e);
    let magnitude = if exponent == highest {
        if mantissa == 0 { f64::INFINITY } else { f64::NAN }
    } else {
        let denormal = exponent == 0 && bits.implied;
        let whole = if bits.implied && !denormal { mantissa + (1 << bits.mantissa_size) } else { mantissa };
        let unbiased = exponent.max(u64::from(denormal)) as f64 - bits.bias as f64;
        whole as f64 * power(scale) * power(unbiased)
    };
    if field(bits.sign, 1) == 1 { -magnitude } else { magnitude }
}

/// The text of a fixed-length element.
fn fixed_text(bytes: &[u8], padding: Padding) -> Result<Arc<str>> {
    let end = match padding {
        Padding::Terminated => bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()),
        Padding::Nul => bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1),
        Padding::Space => bytes.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |at| at + 1),
    };
    let text = std::str::from_utf8(&bytes[..end]).map(Arc::from);
    text.map_err(|_| FormatError::Unsupported(format!("text that is not UTF-8: `{}`", not_utf8(&bytes[..end]))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_floats_are_decoded() {
        let (_, half) = ieee(2).unwrap();
        for word in 0..=u16::MAX {
            let expected = half::f16::from_bits(word).to_f64();
            let found = decode_float(u64::from(word), &half);
            assert!(found == expected || found.is_nan() && expected.is_nan(), "{word:#x}: {found} {expected}");
        }
    }
}
