//! Reading whole numbers of bits, the most significant first.

/// A cursor over a string of bits.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bits, at the top.
    ahead: u64,
    /// How many bits of `ahead` are valid.
    count: u32,
}

impl<'a> BitReader<'a> {
    /// Starts at the first bit of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, ahead: 0, count: 0 }
    }

    /// Reads ahead as many whole bytes as fit. Bits beyond `count` may be those of the byte after them, which is
    /// combined with itself later.
    fn refill(&mut self) {
        if let (Some(word), true) = (self.bytes.first_chunk::<8>(), self.count < 56) {
            self.ahead |= u64::from_be_bytes(*word) >> self.count;
            let whole = (63 - self.count) / 8;
            self.bytes = &self.bytes[whole as usize..];
            self.count += 8 * whole;
            return;
        }
        while self.count <= 56 {
            let Some((&byte, rest)) = self.bytes.split_first() else { return };
            self.ahead |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.bytes = rest;
        }
    }

    /// The next `width` (at most 64) bits as a number, or `None` where the bytes end before.
    pub(super) fn take(&mut self, width: u32) -> Option<u64> {
        if width > 32 {
            return Some((self.take(width - 32)? << 32) | self.take(32)?);
        }
        if width == 0 {
            return Some(0);
        }
        if self.count < width {
            self.refill();
        }
        if self.count < width {
            return None;
        }
        let value = self.ahead >> (64 - width);
        self.ahead <<= width;
        self.count -= width;
        Some(value)
    }

    /// The number of zeros before the next one, which is consumed too.
    pub(super) fn take_unary(&mut self) -> Option<u64> {
        let mut zeros = 0;
        loop {
            let run = self.ahead.leading_zeros();
            if run < self.count {
                self.ahead = (self.ahead << run) << 1;
                self.count -= run + 1;
                return Some(zeros + u64::from(run));
            }
            zeros += u64::from(self.count);
            self.ahead = 0;
            self.count = 0;
            self.refill();
            if self.count == 0 {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_bits_from_the_top() {
        let mut bits = BitReader::new(&[0b1010_0001, 0xff, 0, 0, 0, 0, 0, 0, 0, 0b1000_0000]);
        assert_eq!(bits.take(3), Some(0b101));
        assert_eq!(bits.take(5), Some(1));
        assert_eq!(bits.take(64), Some(0xff00_0000_0000_0000));
        assert_eq!(bits.take(0), Some(0));
        assert_eq!(bits.take(9), None);
        assert_eq!(bits.take(8), Some(128));
        assert_eq!(bits.take(1), None);
    }

    #[test]
    fn counts_zeros_across_words() {
        let mut bytes = vec![0; 12];
        bytes.push(1);
        bytes.push(0b0100_0000);
        let mut bits = BitReader::new(&bytes);
        assert_eq!(bits.take_unary(), Some(12 * 8 + 7));
        assert_eq!(bits.take_unary(), Some(1));
        assert_eq!(bits.take_unary(), None);
    }
}
