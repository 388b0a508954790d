//! Datatype messages: how the bytes of one element are meant.

use super::source::Cursor;
use super::{FormatError, Result};

const WHAT: &str = "a datatype";
/// Types within types; more is nonsense.
const DEPTH: usize = 32;

/// How a fixed-length text is filled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// It ends at the first NUL.
    Terminated,
    /// NULs at the end do not count.
    Nul,
    /// Spaces at the end do not count.
    Space,
}

/// The bits of a floating-point number, counted from the lowest of its little-endian bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloatBits {
    /// Place of the sign.
    pub sign: u32,
    /// Place of the exponent's lowest bit.
    pub exponent: u32,
    /// Bits of the exponent.
    pub exponent_size: u32,
    /// What the exponent is too high by.
    pub bias: u64,
    /// Place of the mantissa's lowest bit.
    pub mantissa: u32,
    /// Bits of the mantissa.
    pub mantissa_size: u32,
    /// Whether the mantissa's highest one is left out.
    pub implied: bool,
}

/// The type of an element as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct FileType {
    /// Bytes of an element.
    pub size: usize,
    /// What they are.
    pub class: Class,
}

/// What the bytes of an element are.
#[derive(Debug, Clone, PartialEq)]
pub enum Class {
    /// An integer (or bit field) of `precision` bits, `offset` above the lowest.
    Integer {
        /// Two's complement.
        signed: bool,
        /// Most significant byte first.
        big_endian: bool,
        /// Place of the lowest bit that counts.
        offset: u32,
        /// Bits that count.
        precision: u32,
    },
    /// A floating-point number.
    Float {
        /// Most significant byte first.
        big_endian: bool,
        /// Its parts.
        bits: FloatBits,
    },
    /// Text of fixed length.
    Text(Padding),
    /// Text of any length, in a global heap.
    VlenText,
    /// A list of any length, in a global heap.
    Vlen(Box<FileType>),
    /// Named values of an integer type.
    Enum {
        /// The integer type.
        base: Box<FileType>,
        /// Names with the bytes of their values.
        members: Vec<(String, Vec<u8>)>,
    },
    /// Members at their offsets.
    Compound(Vec<(String, usize, FileType)>),
    /// Real and imaginary part, one after the other.
    Complex(Box<FileType>),
    /// A block of elements.
    Array(Vec<u64>, Box<FileType>),
    /// The address of an object.
    ObjectReference,
    /// What has no counterpart: its name for people, in the plural.
    Other(&'static str),
}

impl FileType {
    /// Understands a message.
    pub fn parse(cursor: &mut Cursor) -> Result<FileType> {
        FileType::parse_at(cursor, DEPTH)
    }

    fn parse_at(cursor: &mut Cursor, depth: usize) -> Result<FileType> {
        if depth == 0 {
            return Err(FormatError::damaged(WHAT, "types nested too deeply"));
        }
        let head = cursor.u8()?;
        let (version, class) = (head >> 4, head & 15);
        let bits = cursor.uint(3)? as u32;
        let size = cursor.u32()? as usize;
        if !(1..=5).contains(&version) {
            return Err(FormatError::Unsupported(format!("{WHAT} of version {version} is not read")));
        }
        let class = match class {
            0 | 4 => integer(cursor, bits, size)?,
            1 => float(cursor, bits, size)?,
            2 => {
                cursor.skip(2)?;
                Class::Other("times")
            }
            3 => Class::Text(match bits & 15 {
                1 => Padding::Nul,
                2 => Padding::Space,
                _ => Padding::Terminated,
            }),
            5 => {
                cursor.skip((bits & 0xff) as usize)?;
                Class::Other("opaque bytes")
            }
            6 => Class::Compound(compound(cursor, version, bits & 0xffff, size, depth)?),
            7 if bits & 15 == 0 => Class::ObjectReference,
            7 => Class::Other("references"),
            8 => enumeration(cursor, version, bits & 0xffff, depth)?,
            9 => {
                let base = FileType::parse_at(cursor, depth - 1)?;
                if bits & 15 == 1 { Class::VlenText } else { Class::Vlen(Box::new(base)) }
            }
            10 => array(cursor, version, depth)?,
            11 => Class::Complex(Box::new(FileType::parse_at(cursor, depth - 1)?)),
            other => return Err(FormatError::Unsupported(format!("{WHAT} of class {other} is not read"))),
        };
        if size == 0 {
            return Err(FormatError::damaged(WHAT, "an element of no bytes"));
        }
        Ok(FileType { size, class })
    }
}

fn integer(cursor: &mut Cursor, bits: u32, size: usize) -> Result<Class> {
    let (offset, precision) = (u32::from(cursor.u16()?), u32::from(cursor.u16()?));
    if precision == 0 || (offset + precision) as usize > size.saturating_mul(8) {
        return Err(cursor.wrong("more bits than the element has"));
    }
    Ok(Class::Integer { signed: bits & 8 != 0, big_endian: bits & 1 != 0, offset, precision })
}

fn float(cursor: &mut Cursor, bits: u32, size: usize) -> Result<Class> {
    cursor.skip(4)?;
    let mut next = || cursor.u8().map(u32::from);
    let (exponent, exponent_size, mantissa, mantissa_size) = (next()?, next()?, next()?, next()?);
    let bias = u64::from(cursor.u32()?);
    let sign = (bits >> 8) & 0xff;
    if bits & 0x40 != 0 {
        return Ok(Class::Other("VAX numbers"));
    }
    let all = size.saturating_mul(8) as u64;
    let fits = [sign + 1, exponent + exponent_size, mantissa + mantissa_size].iter().all(|&end| u64::from(end) <= all);
    if !fits || exponent_size == 0 || mantissa_size == 0 {
        return Err(cursor.wrong("more bits than the element has"));
    }
    let implied = (bits >> 4) & 3 == 2;
    let bits_ = FloatBits { sign, exponent, exponent_size, bias, mantissa, mantissa_size, implied };
    Ok(Class::Float { big_endian: bits & 1 != 0, bits: bits_ })
}

/// A name, padded to a multiple of eight bytes before version 3.
fn name(cursor: &mut Cursor, version: u8) -> Result<String> {
    let start = cursor.position();
    let text = String::from_utf8_lossy(cursor.c_string()?).into_owned();
    if version < 3 {
        let len = cursor.position() - start;
        cursor.skip(len.next_multiple_of(8) - len)?;
    }
    Ok(text)
}

fn compound(
    cursor: &mut Cursor,
    version: u8,
    count: u32,
    size: usize,
    depth: usize,
) -> Result<Vec<(String, usize, FileType)>> {
    let width = (usize::BITS - size.leading_zeros()).div_ceil(8).max(1) as usize;
    let mut members = Vec::new();
    for _ in 0..count {
        let name = name(cursor, version)?;
        let offset = cursor.uint(if version < 3 { 4 } else { width })? as usize;
        let mut dims = Vec::new();
        if version == 1 {
            let rank = usize::from(cursor.u8()?);
            cursor.skip(11)?;
            for axis in 0..4 {
                let extent = u64::from(cursor.u32()?);
                if axis < rank {
                    dims.push(extent);
                }
            }
        }
        let mut member = FileType::parse_at(cursor, depth - 1)?;
        if !dims.is_empty() {
            member = repeated(cursor, dims, member)?;
        }
        if offset.checked_add(member.size).is_none_or(|end| end > size) {
            return Err(cursor.wrong("a member outside its compound"));
        }
        members.push((name, offset, member));
    }
    Ok(members)
}

fn enumeration(cursor: &mut Cursor, version: u8, count: u32, depth: usize) -> Result<Class> {
    let base = FileType::parse_at(cursor, depth - 1)?;
    let names = (0..count).map(|_| name(cursor, version)).collect::<Result<Vec<_>>>()?;
    let mut members = Vec::with_capacity(names.len());
    for name in names {
        members.push((name, cursor.take(base.size)?.to_vec()));
    }
    Ok(Class::Enum { base: Box::new(base), members })
}

fn array(cursor: &mut Cursor, version: u8, depth: usize) -> Result<Class> {
    let rank = cursor.u8()?;
    if version < 3 {
        cursor.skip(3)?;
    }
    let dims = (0..rank).map(|_| cursor.u32().map(u64::from)).collect::<Result<Vec<_>>>()?;
    if version < 3 {
        cursor.skip(4 * usize::from(rank))?;
    }
    let base = FileType::parse_at(cursor, depth - 1)?;
    Ok(repeated(cursor, dims, base)?.class)
}

fn repeated(cursor: &Cursor, dims: Vec<u64>, base: FileType) -> Result<FileType> {
    let size = dims.iter().try_fold(base.size, |size, &n| size.checked_mul(usize::try_from(n).ok()?));
    let size = size.ok_or_else(|| cursor.wrong("an array too large to be addressed"))?;
    Ok(FileType { size, class: Class::Array(dims, Box::new(base)) })
}
