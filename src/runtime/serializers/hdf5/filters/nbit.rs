//! N-bit: of each element only the significant bits, most significant first, without gaps.

use super::FilterError;
use super::bits::BitReader;

const NAME: &str = "nbit";
/// Types within types in the client data; more is nonsense.
const DEPTH: usize = 16;

/// How the bits of one element are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NbitType {
    /// A number with `precision` significant bits, `offset` bits above the lowest.
    Atomic {
        /// Bytes of the element.
        size: usize,
        /// Whether the most significant byte comes first.
        big_endian: bool,
        /// Significant bits.
        precision: u32,
        /// Insignificant bits below them.
        offset: u32,
    },
    /// Elements one after another, `size` bytes in all.
    Array {
        /// Bytes of the whole.
        size: usize,
        /// The type repeated.
        base: Box<NbitType>,
    },
    /// Members at their offsets.
    Compound {
        /// Bytes of the whole.
        size: usize,
        /// Offset in bytes and type of each member.
        members: Vec<(usize, NbitType)>,
    },
    /// Bytes stored whole.
    Raw {
        /// Bytes of the element.
        size: usize,
    },
}

impl NbitType {
    /// Understands the client data; `None` where the filter leaves the data alone.
    pub(super) fn parse(parameters: &[u32]) -> Result<Option<NbitType>, FilterError> {
        let wrong = |reason: &str| FilterError::parameters(NAME, reason);
        match parameters {
            [count, ..] if *count as usize != parameters.len() => Err(wrong("a count that is not theirs")),
            [_, flag, ..] if *flag != 0 => Ok(None),
            [_, _, _, rest @ ..] => {
                let mut rest = rest.iter().copied();
                NbitType::parse_type(&mut rest, DEPTH).map_err(wrong).map(Some)
            }
            _ => Err(wrong("too few")),
        }
    }

    fn parse_type(rest: &mut impl Iterator<Item = u32>, depth: usize) -> Result<NbitType, &'static str> {
        let mut next = || rest.next().ok_or("too few");
        if depth == 0 {
            return Err("types nested too deeply");
        }
        let (class, size) = (next()?, next()? as usize);
        if size == 0 {
            return Err("an element of no bytes");
        }
        match class {
            1 => {
                let (order, precision, offset) = (next()?, next()?, next()?);
                let fits = size <= 8 && precision > 0 && precision.checked_add(offset) <= Some(size as u32 * 8);
                if !fits || precision.checked_add(offset).is_none() {
                    return Err("more bits than the element has");
                }
                Ok(NbitType::Atomic { size, big_endian: order == 1, precision, offset })
            }
            2 => {
                let base = Box::new(NbitType::parse_type(rest, depth - 1)?);
                if !size.is_multiple_of(base.size()) {
                    return Err("an array that is no multiple of its elements");
                }
                Ok(NbitType::Array { size, base })
            }
            3 => {
                let count = next()?;
                let mut members = Vec::new();
                for _ in 0..count {
                    let offset = rest.next().ok_or("too few")? as usize;
                    let member = NbitType::parse_type(rest, depth - 1)?;
                    if offset.checked_add(member.size()).is_none_or(|end| end > size) {
                        return Err("a member outside its compound");
                    }
                    members.push((offset, member));
                }
                Ok(NbitType::Compound { size, members })
            }
            4 => Ok(NbitType::Raw { size }),
            _ => Err("an unknown class of types"),
        }
    }

    /// Bytes of one element.
    fn size(&self) -> usize {
        match self {
            NbitType::Atomic { size, .. }
            | NbitType::Array { size, .. }
            | NbitType::Compound { size, .. }
            | NbitType::Raw { size } => *size,
        }
    }

    /// Unfolds one chunk of `cap` bytes; bits that were not stored are zero.
    pub(super) fn decode(&self, stored: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
        let mut bits = BitReader::new(stored);
        let mut out = vec![0; cap];
        for element in out.chunks_exact_mut(self.size()) {
            self.fill(element, &mut bits).ok_or_else(|| FilterError::corrupt(NAME, "cut short"))?;
        }
        Ok(out)
    }

    fn fill(&self, element: &mut [u8], bits: &mut BitReader) -> Option<()> {
        match self {
            NbitType::Atomic { size, big_endian, precision, offset } => {
                let value = bits.take(*precision)? << offset;
                element.copy_from_slice(&value.to_le_bytes()[..*size]);
                if *big_endian {
                    element.reverse();
                }
            }
            NbitType::Array { base, .. } => {
                for part in element.chunks_exact_mut(base.size()) {
                    base.fill(part, bits)?;
                }
            }
            NbitType::Compound { members, .. } => {
                for (offset, member) in members {
                    member.fill(&mut element[*offset..*offset + member.size()], bits)?;
                }
            }
            NbitType::Raw { .. } => {
                for byte in element {
                    *byte = bits.take(8)? as u8;
                }
            }
        }
        Some(())
    }
}
