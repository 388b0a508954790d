//! GDeflate, for reading: DEFLATE rearranged for 32 lanes that decode at once, as the codec `zarrs.gdeflate` stores it.
//!
//! A chunk is its decoded length, the number of pages and the length of each (all `u64`, little-endian), then the pages.
//! A page decodes to 64 KiB, the last to what is left. Its bits come in packets of four bytes: each lane takes one to begin
//! with, and one more whenever it is done with a symbol and has fewer than 32 bits left, so the order of packets follows from
//! what was decoded. Lanes take turns, symbol by symbol; the distance of a match is read by its lane in the next
//! turn, and only then is the match copied. Block headers are read by the first lane, code lengths by all in turn.
//! The codes are those of DEFLATE64: distances to 64 KiB, and symbol 285 with 16 bits more. The format is described by what
//! NVIDIA published of it (`gdeflate_decompress_template.h` in libdeflate's fork, Microsoft's DirectStorage).
//!
//! Bits past the end of a page are zero while a code is looked up, and an error when they are used. So every step of
//! decoding takes bits that are there, and nothing is allocated but the declared bytes, of which a page's are
//! at most 8192 for each byte of the header.

use std::sync::LazyLock;

/// The codec's names in the metadata of Zarr v3; v2 has none.
pub const NAMES: [&str; 3] = ["zarrs.gdeflate", "gdeflate", "https://codec.zarrs.dev/bytes_to_bytes/gdeflate"];

/// Bytes a page decodes to.
const PAGE: usize = 1 << 16;

const LANES: usize = 32;

/// The order in which the lengths of the codes for lengths are stored.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Why bytes are not what GDeflate makes.
type Damage = &'static str;

/// Bytes that `size` bytes are encoded to at most.
pub fn encoded_bound(size: u64) -> u64 {
    size.saturating_add(16).saturating_add(size.div_ceil(PAGE as u64).saturating_mul(512))
}

/// Decodes a chunk to at most `limit` bytes.
///
/// # Errors
/// The bytes are damaged, or say that they are more.
pub fn decode(encoded: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let damaged = |damage: Damage| format!("the gdeflate stream is damaged: {damage}");
    let mut words = encoded.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
    let (Some(length), Some(pages)) = (words.next(), words.next()) else { return Err(damaged("it is cut short")) };
    if length > limit {
        return Err(format!("it decodes to {length} bytes, and the metadata declares at most {limit}"));
    }
    if pages != length.div_ceil(PAGE as u64) {
        return Err(damaged("the number of its pages is wrong"));
    }
    let header = pages.checked_add(2).and_then(|n| usize::try_from(n).ok()?.checked_mul(8));
    let mut rest = header.and_then(|n| encoded.get(n..)).ok_or_else(|| damaged("it is cut short"))?;
    let mut decoded = Vec::with_capacity(length as usize);
    for size in words.take(pages as usize) {
        let page = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size));
        let (page, after) = page.ok_or_else(|| damaged("it is cut short"))?;
        let begin = decoded.len();
        decoded.resize((begin + PAGE).min(length as usize), 0);
        Page::new(page, &mut decoded[begin..]).decode().map_err(damaged)?;
        rest = after;
    }
    if rest.is_empty() { Ok(decoded) } else { Err(damaged("bytes follow its last page")) }
}

/// A page that is decoded.
struct Page<'a> {
    packets: &'a [u8],
    lanes: [Lane; LANES],
    /// The lane whose turn it is.
    turn: usize,
    out: &'a mut [u8],
    /// Bytes decoded, or left out for matches that are still to be copied.
    end: usize,
}

#[derive(Clone, Copy, Default)]
struct Lane {
    bits: u64,
    count: u32,
    /// Where a match is to be copied to, and its length.
    pending: Option<(usize, usize)>,
}

/// The codes of a block.
struct Codes {
    symbols: Code,
    distances: Code,
}

/// The codes of blocks that bring none along.
static FIXED: LazyLock<Codes> = LazyLock::new(|| {
    let symbols: Vec<u8> = [(8, 144), (9, 112), (7, 24), (8, 8)].iter().flat_map(|&(n, of)| vec![n; of]).collect();
    let code = |lengths: &[u8]| Code::new(lengths).expect("it is complete");
    Codes { symbols: code(&symbols), distances: code(&[5; 32]) }
});

/// The least length that a symbol above 256 means, and how many bits follow that add to it.
fn length_of(symbol: usize) -> (usize, u32) {
    match symbol - 257 {
        few @ 0..8 => (3 + few, 0),
        more @ 8..28 => {
            let bits = more / 4 - 1;
            (3 + ((4 + more % 4) << bits), bits as u32)
        }
        _ => (3, 16),
    }
}

/// The least distance that a symbol means, and how many bits follow that add to it.
fn distance_of(symbol: usize) -> (usize, u32) {
    match symbol {
        0..4 => (1 + symbol, 0),
        _ => {
            let bits = symbol / 2 - 1;
            (1 + ((2 + symbol % 2) << bits), bits as u32)
        }
    }
}

impl<'a> Page<'a> {
    fn new(packets: &'a [u8], out: &'a mut [u8]) -> Self {
        let mut page = Page { packets, lanes: [Lane::default(); LANES], turn: 0, out, end: 0 };
        (0..LANES).for_each(|_| page.next_lane());
        page
    }

    fn decode(mut self) -> Result<(), Damage> {
        loop {
            self.turn = 0;
            let is_last = self.take(1)? == 1;
            let kind = self.take(2)?;
            self.refill();
            match kind {
                0 => self.stored()?,
                1 => self.block(&FIXED)?,
                2 => {
                    let codes = self.codes()?;
                    self.block(&codes)?;
                }
                _ => return Err("a block is of no known kind"),
            }
            if is_last {
                return if self.end == self.out.len() { Ok(()) } else { Err("a page decodes to too few bytes") };
            }
        }
    }

    /// Gives the lane a packet where it has less than one.
    fn refill(&mut self) {
        let lane = &mut self.lanes[self.turn];
        if let (true, Some((packet, rest))) = (lane.count < 32, self.packets.split_first_chunk::<4>()) {
            lane.bits |= u64::from(u32::from_le_bytes(*packet)) << lane.count;
            lane.count += 32;
            self.packets = rest;
        }
    }

    fn next_lane(&mut self) {
        self.refill();
        self.turn = (self.turn + 1) % LANES;
    }

    /// The next `count` bits of the lane, at most 16.
    fn take(&mut self, count: u32) -> Result<usize, Damage> {
        let lane = &mut self.lanes[self.turn];
        lane.count = lane.count.checked_sub(count).ok_or("a page is cut short")?;
        let bits = lane.bits & ((1 << count) - 1);
        lane.bits >>= count;
        Ok(bits as usize)
    }

    /// The next symbol of the lane.
    fn symbol(&mut self, code: &Code) -> Result<usize, Damage> {
        let (symbol, length) = code.find(self.lanes[self.turn].bits).ok_or("bits are no code")?;
        self.take(length)?;
        Ok(usize::from(symbol))
    }

    fn put(&mut self, byte: u8) -> Result<(), Damage> {
        *self.out.get_mut(self.end).ok_or("a page decodes to too many bytes")? = byte;
        self.end += 1;
        Ok(())
    }

    fn stored(&mut self) -> Result<(), Damage> {
        for _ in 0..self.take(16)? {
            let byte = self.take(8)? as u8;
            self.put(byte)?;
            self.next_lane();
        }
        (0..LANES).for_each(|_| self.next_lane());
        Ok(())
    }

    /// The codes that a block brings along.
    fn codes(&mut self) -> Result<Codes, Damage> {
        let symbols = self.take(5)? + 257;
        let count = symbols + self.take(5)? + 1;
        let explicit = self.take(4)? + 4;
        self.refill();
        let mut of_lengths = [0; 19];
        for &place in &ORDER[..explicit] {
            of_lengths[place] = self.take(3)? as u8;
            self.next_lane();
        }
        let code = Code::new(&of_lengths)?;
        self.turn = 0;
        let mut lengths: Vec<u8> = Vec::with_capacity(count);
        while lengths.len() < count {
            let (length, times) = match self.symbol(&code)? {
                16 => (*lengths.last().ok_or("the first code length repeats another")?, 3 + self.take(2)?),
                17 => (0, 3 + self.take(3)?),
                18 => (0, 11 + self.take(7)?),
                length => (length as u8, 1),
            };
            lengths.resize(lengths.len() + times, length);
            self.next_lane();
        }
        if lengths.len() > count {
            return Err("there are too many code lengths");
        }
        let (symbols, distances) = lengths.split_at(symbols);
        Ok(Codes { symbols: Code::new(symbols)?, distances: Code::new(distances)? })
    }

    /// Literals and matches up to the end of the block; then each lane copies what it still has to.
    fn block(&mut self, codes: &Codes) -> Result<(), Damage> {
        self.turn = 0;
        loop {
            match self.lanes[self.turn].pending.take() {
                Some((to, length)) => self.copy(to, length, &codes.distances)?,
                None => match self.symbol(&codes.symbols)? {
                    literal @ 0..256 => self.put(literal as u8)?,
                    256 => break,
                    symbol => {
                        let (least, bits) = length_of(symbol);
                        let length = least + self.take(bits)?;
                        if length > self.out.len() - self.end {
                            return Err("a page decodes to too many bytes");
                        }
                        self.lanes[self.turn].pending = Some((self.end, length));
                        self.end += length;
                    }
                },
            }
            self.next_lane();
        }
        for _ in 0..LANES {
            if let Some((to, length)) = self.lanes[self.turn].pending.take() {
                self.copy(to, length, &codes.distances)?;
            }
            self.next_lane();
        }
        Ok(())
    }

    /// Reads the distance of a match and copies it; what it copies may be of itself.
    fn copy(&mut self, to: usize, length: usize, code: &Code) -> Result<(), Damage> {
        let (least, bits) = distance_of(self.symbol(code)?);
        let distance = least + self.take(bits)?;
        let from = to.checked_sub(distance).ok_or("a match begins before its page")?;
        if distance >= length {
            self.out.copy_within(from..from + length, to);
        } else {
            (0..length).for_each(|i| self.out[to + i] = self.out[from + i]);
        }
        Ok(())
    }
}

/// Bits by which most symbols are found at once.
const QUICK: u32 = 10;

/// A Huffman code in its canonical form.
struct Code {
    /// By the next bits: the symbol above four bits with the length of its code; zero where that is longer.
    quick: [u16; 1 << QUICK],
    /// How many codes have each length.
    counts: [u16; 16],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// The code in which each symbol has a code of so many bits, at most 15, or none.
    ///
    /// Complete, but for a code of one symbol in one bit, and an empty one.
    fn new(lengths: &[u8]) -> Result<Code, Damage> {
        let mut counts = [0u16; 16];
        lengths.iter().for_each(|&n| counts[usize::from(n)] += 1);
        counts[0] = 0;
        let used = (1..16).fold(0, |used, n| used + (u32::from(counts[n]) << (15 - n)));
        let symbols = counts.iter().sum::<u16>();
        let is_short = symbols == 0 || (symbols == 1 && counts[1] == 1);
        if used != 1 << 15 && !is_short {
            return Err("lengths of codes do not make a code");
        }
        let mut symbols: Vec<u16> = (0..lengths.len() as u16).filter(|&s| lengths[usize::from(s)] > 0).collect();
        symbols.sort_by_key(|&s| lengths[usize::from(s)]);
        let mut quick = [0; 1 << QUICK];
        let (mut next, mut before) = (0u32, 0);
        for &symbol in &symbols {
            let length = u32::from(lengths[usize::from(symbol)]);
            if length > QUICK {
                break;
            }
            next <<= length - before;
            before = length;
            let first = next.reverse_bits() >> (32 - length);
            next += 1;
            (first as usize..1 << QUICK).step_by(1 << length).for_each(|i| quick[i] = symbol << 4 | length as u16);
        }
        Ok(Code { quick, counts, symbols })
    }

    /// The symbol that the next bits begin with, and the length of its code.
    fn find(&self, bits: u64) -> Option<(u16, u32)> {
        match self.quick[bits as usize & ((1 << QUICK) - 1)] {
            0 => self.find_long(bits),
            found => Some((found >> 4, u32::from(found & 15))),
        }
    }

    fn find_long(&self, bits: u64) -> Option<(u16, u32)> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for length in 1..16 {
            code = code << 1 | (bits >> (length - 1) & 1) as usize;
            first <<= 1;
            let count = usize::from(self.counts[length]);
            if code < first + count {
                return Some((self.symbols[index + code - first], length as u32));
            }
            (index, first) = (index + count, first + count);
        }
        None
    }
}
