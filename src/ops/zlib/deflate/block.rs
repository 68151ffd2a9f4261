//! A block's three forms: stored, with the fixed codes, with codes of its own (RFC 1951, sections
//! 3.2.4 to 3.2.7). The smallest is written.

use std::collections::TryReserveError;

use super::bits::BitWriter;
use super::header::Header;
use super::huffman::{MAX_BITS, code_lengths, code_words};
use super::symbols::{
    DISTANCE_SYMBOLS, END_OF_BLOCK, LENGTH_BASE, LENGTH_EXTRA, LENGTH_SLOT, LITLEN_FIXED,
    LITLEN_SYMBOLS, distance_base, distance_extra,
};
use super::tokens::{DISTANCE_SLOT, Histogram, INDICES, Token};

/// The most bytes that a stored block holds.
const STORED_MAX: usize = 0xFFFF;

/// The two code lengths tables of a block.
#[derive(Clone)]
pub(super) struct Lengths {
    /// Of the literals, the end of the block and the lengths. Blocks don't use the last two, but
    /// in the fixed code they take their room.
    pub(super) litlen: [u8; LITLEN_FIXED],
    /// Of the distances.
    pub(super) distance: [u8; DISTANCE_SYMBOLS],
}

impl Lengths {
    /// The fixed codes' (RFC 1951, section 3.2.6).
    pub(super) const FIXED: Self = {
        let mut litlen = [8; LITLEN_FIXED];
        let mut symbol = 144;
        while symbol < 280 {
            litlen[symbol] = if symbol < 256 { 9 } else { 7 };
            symbol += 1;
        }
        Self {
            litlen,
            distance: [5; DISTANCE_SYMBOLS],
        }
    };

    /// The optimal codes' for a block.
    fn optimal(histogram: &Histogram) -> Self {
        let mut litlen = [0; LITLEN_SYMBOLS];
        code_lengths(&histogram.litlen, MAX_BITS, &mut litlen);
        let mut lengths = Self {
            litlen: [0; LITLEN_FIXED],
            distance: [0; DISTANCE_SYMBOLS],
        };
        lengths.litlen[..LITLEN_SYMBOLS].copy_from_slice(&litlen);
        code_lengths(&histogram.distance, MAX_BITS, &mut lengths.distance);
        lengths
    }

    /// How many bits the symbols of a block and their extra bits take.
    fn body_bits(&self, histogram: &Histogram) -> u64 {
        let of = |counts: &[u32], lengths: &[u8]| -> u64 {
            counts
                .iter()
                .zip(lengths)
                .map(|(&n, &bits)| u64::from(n) * u64::from(bits))
                .sum()
        };
        let slots = (0..).zip(&histogram.distance);
        of(&histogram.litlen, &self.litlen)
            + of(&histogram.distance, &self.distance)
            + of(&histogram.litlen[257..], &LENGTH_EXTRA)
            + slots
                .map(|(slot, &n)| u64::from(n) * u64::from(distance_extra(slot)))
                .sum::<u64>()
    }
}

/// The code words of a block, laid out for [`Token`]s.
struct Words {
    /// By [`Token::index`]: the word and a length's extra bits above the low five bits, which are
    /// how many they are.
    litlen: [u32; INDICES],
    /// By distance symbol plus one: the word in the high half, the number of its bits in the low
    /// byte, the number of extra bits in the one above. All zero for the distance of a literal.
    distance: [u32; 32],
    /// By distance symbol plus one: its first distance.
    base: [u32; 32],
    /// The word that ends the block, as in `litlen`.
    end: u32,
}

impl Words {
    /// The words of codes of these lengths.
    fn new(lengths: &Lengths) -> Self {
        let codes = code_words(&lengths.litlen);
        let word =
            |symbol: usize| u32::from(codes[symbol]) << 5 | u32::from(lengths.litlen[symbol]);

        let mut litlen = [0; INDICES];
        for (literal, entry) in litlen[..256].iter_mut().enumerate() {
            *entry = word(literal);
        }
        for (length, (entry, &slot)) in (3..).zip(litlen[256..].iter_mut().zip(&LENGTH_SLOT)) {
            let slot = usize::from(slot);
            let word = word(257 + slot);
            let extra = length - u32::from(LENGTH_BASE[slot]);
            *entry = (word + (extra << (5 + (word & 31)))) + u32::from(LENGTH_EXTRA[slot]);
        }

        let codes = code_words(&lengths.distance);
        let mut distance = [0; 32];
        let mut base = [0; 32];
        for (slot, (&code, &bits)) in (0..).zip(codes.iter().zip(&lengths.distance)) {
            let at = slot as usize + 1;
            distance[at] = u32::from(code) << 16 | distance_extra(slot) << 8 | u32::from(bits);
            base[at] = distance_base(slot);
        }
        Self {
            litlen,
            distance,
            base,
            end: word(END_OF_BLOCK),
        }
    }

    /// Writes a block's tokens and its end.
    fn write(&self, tokens: &[Token], writer: &mut BitWriter<'_>) -> Result<(), TryReserveError> {
        for token in tokens {
            // At most 15 + 5 + 15 + 13 bits, after at most 7 that are left over. A literal's
            // distance has no bits: writing them takes less time than a branch that is hard to
            // predict.
            let litlen = self.litlen[token.index()];
            writer.add(u64::from(litlen >> 5), litlen & 31);
            let distance = token.distance();
            let slot = (DISTANCE_SLOT.of(distance) & 31) as usize;
            let word = self.distance[slot];
            writer.add(u64::from(word >> 16), word & 0xFF);
            writer.add(u64::from(distance - self.base[slot]), (word >> 8) & 0xFF);
            writer.flush_bytes()?;
        }
        writer.put(self.end >> 5, self.end & 31)
    }
}

/// Writes blocks; remembers the bytes that are to be stored, so that neighbours share a block.
pub(super) struct BlockWriter<'a> {
    /// Where the bits go.
    writer: BitWriter<'a>,
    /// The input.
    data: &'a [u8],
    /// The first byte of `data` that isn't written yet.
    from: usize,
    /// The end of the bytes from `from` on that are to be stored.
    stored: usize,
}

impl<'a> BlockWriter<'a> {
    /// A writer of `data[start..]` to `out`, at a byte's first bit.
    pub(super) fn new(data: &'a [u8], start: usize, out: &'a mut Vec<u8>) -> Self {
        let writer = BitWriter::new(out);
        Self {
            writer,
            data,
            from: start,
            stored: start,
        }
    }

    /// Writes the block of these tokens, which stand for the next bytes of the input.
    pub(super) fn block(
        &mut self,
        tokens: &[Token],
        histogram: &Histogram,
        last: bool,
    ) -> Result<(), TryReserveError> {
        let length = histogram.bytes;
        let own = Lengths::optimal(histogram);
        let header = Header::new(&own);
        let own_bits = 3 + header.bits + own.body_bits(histogram);
        let fixed_bits = 3 + Lengths::FIXED.body_bits(histogram);

        // Bytes that wait to be stored take these along in their block if it has room.
        let waiting = self.stored - self.from;
        let blocks = |bytes: usize| bytes.div_ceil(STORED_MAX) as u64;
        let padding = if waiting == 0 {
            u64::from((13 - self.writer.begun_bits()) & 7)
        } else {
            5
        };
        let more = blocks(waiting + length) - blocks(waiting);
        let stored_bits = 8 * length as u64 + more * (3 + 32 + padding);
        if length != 0 && stored_bits <= own_bits.min(fixed_bits)
            || tokens.is_empty() && waiting != 0
        {
            self.stored += length;
            return if last { self.store(true) } else { Ok(()) };
        }

        self.store(false)?;
        self.from += length;
        self.stored = self.from;
        let fixed = fixed_bits <= own_bits;
        self.writer
            .put(u32::from(last) | (if fixed { 2 } else { 4 }), 3)?;
        if fixed {
            return Words::new(&Lengths::FIXED).write(tokens, &mut self.writer);
        }
        header.write(&mut self.writer)?;
        Words::new(&own).write(tokens, &mut self.writer)
    }

    /// Stores everything and ends the output, with the last block or the marker of a flush.
    pub(super) fn store_all(mut self, last: bool) -> Result<(), TryReserveError> {
        self.stored = self.data.len();
        if !last {
            return self.flush();
        }
        self.store(true)?;
        self.finish()
    }

    /// Writes the bytes that wait to be stored; the `last` time, at least one block.
    fn store(&mut self, last: bool) -> Result<(), TryReserveError> {
        let bytes = &self.data[self.from..self.stored];
        self.from = self.stored;
        let count = bytes.len().div_ceil(STORED_MAX).max(usize::from(last));
        for number in 0..count {
            let bytes = &bytes[number * STORED_MAX..];
            let bytes = &bytes[..bytes.len().min(STORED_MAX)];
            self.stored_block(bytes, last && number + 1 == count)?;
        }
        Ok(())
    }

    /// Writes a stored block.
    fn stored_block(&mut self, bytes: &[u8], last: bool) -> Result<(), TryReserveError> {
        self.writer.put(u32::from(last), 3)?;
        self.writer.align()?;
        let length = u32::try_from(bytes.len()).unwrap_or(0);
        self.writer.put(length | (!length & 0xFFFF) << 16, 32)?;
        self.writer.bytes(bytes)
    }

    /// Ends the output with an empty stored block that is not the last: the marker of a flush.
    pub(super) fn flush(mut self) -> Result<(), TryReserveError> {
        self.store(false)?;
        self.stored_block(&[], false)?;
        self.writer.finish()
    }

    /// Ends the output after the last block.
    pub(super) fn finish(self) -> Result<(), TryReserveError> {
        self.writer.finish()
    }
}
