//! LZF as liblzf writes it: runs of literals and references at most 8 KiB back.

use super::FilterError;

const TRUNCATED: &str = "it ends within a run";

/// Unfolds `input` into at most `cap` bytes.
pub(super) fn decode(input: &[u8], cap: usize) -> Result<Vec<u8>, FilterError> {
    let corrupt = |reason: &str| FilterError::corrupt("lzf", reason);
    let mut out = Vec::with_capacity(cap);
    let mut rest = input;
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        if control < 32 {
            let (literals, after) =
                rest.split_at_checked(usize::from(control) + 1).ok_or_else(|| corrupt(TRUNCATED))?;
            if out.len() + literals.len() > cap {
                return Err(corrupt("more bytes than the chunk holds"));
            }
            out.extend_from_slice(literals);
            rest = after;
            continue;
        }
        let mut next = || -> Result<usize, FilterError> {
            let (&byte, after) = rest.split_first().ok_or_else(|| corrupt(TRUNCATED))?;
            rest = after;
            Ok(usize::from(byte))
        };
        let mut length = usize::from(control >> 5) + 2;
        if control >> 5 == 7 {
            length += next()?;
        }
        let distance = (usize::from(control & 31) << 8) + next()? + 1;
        if distance > out.len() {
            return Err(corrupt("a reference before the start"));
        }
        if out.len() + length > cap {
            return Err(corrupt("more bytes than the chunk holds"));
        }
        super::lz4::repeat(&mut out, distance, length);
    }
    Ok(out)
}
