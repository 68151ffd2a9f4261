//! The header of a block with codes of its own (RFC 1951, section 3.2.7): the lengths of the
//! codes, in runs, which have a code themselves.

use std::collections::TryReserveError;

use super::bits::BitWriter;
use super::block::Lengths;
use super::huffman::{code_lengths, code_words};
use super::symbols::{DISTANCE_SYMBOLS, LITLEN_SYMBOLS};

/// Symbols of the code length alphabet.
const PRECODE_SYMBOLS: usize = 19;
/// The order in which the code length code's own lengths are written.
const PRECODE_ORDER: [u8; PRECODE_SYMBOLS] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The header of a block with codes of its own: their lengths, in runs (RFC 1951, section 3.2.7).
pub(super) struct Header {
    /// The code length symbols, each with its extra bits above the low eight.
    items: [u16; LITLEN_SYMBOLS + DISTANCE_SYMBOLS],
    /// How many of the items count.
    used: usize,
    /// Literal and length codes written.
    litlen_count: usize,
    /// Distance codes written.
    distance_count: usize,
    /// The code length code's lengths.
    lengths: [u8; PRECODE_SYMBOLS],
    /// How many of them are written.
    lengths_count: usize,
    /// The header's bits, without the block's first three.
    pub(super) bits: u64,
}

/// The extra bits of a symbol of the code length alphabet.
fn precode_extra(symbol: usize) -> u32 {
    match symbol {
        16 => 2,
        17 => 3,
        18 => 7,
        _ => 0,
    }
}

impl Header {
    /// The header for codes of these lengths.
    pub(super) fn new(lengths: &Lengths) -> Self {
        let last = |lengths: &[u8]| lengths.iter().rposition(|&n| n != 0).map_or(0, |at| at + 1);
        let litlen_count = last(&lengths.litlen).max(257);
        let distance_count = last(&lengths.distance).max(1);
        let mut all = [0; LITLEN_SYMBOLS + DISTANCE_SYMBOLS];
        all[..litlen_count].copy_from_slice(&lengths.litlen[..litlen_count]);
        all[litlen_count..][..distance_count].copy_from_slice(&lengths.distance[..distance_count]);

        let mut items = [0; LITLEN_SYMBOLS + DISTANCE_SYMBOLS];
        let mut used = 0;
        let mut counts = [0_u32; PRECODE_SYMBOLS];
        let mut item = |symbol: u8, extra: usize| {
            #[expect(clippy::cast_possible_truncation, reason = "at most seven bits")]
            let extra = extra as u16;
            items[used] = u16::from(symbol) | extra << 8;
            counts[usize::from(symbol)] += 1;
            used += 1;
        };
        for run in all[..litlen_count + distance_count].chunk_by(|a, b| a == b) {
            let length = run[0];
            let mut left = run.len();
            if length == 0 {
                while left >= 11 {
                    let now = left.min(138);
                    item(18, now - 11);
                    left -= now;
                }
                if left >= 3 {
                    item(17, left - 3);
                    left = 0;
                }
            } else {
                item(length, 0);
                left -= 1;
                while left >= 3 {
                    let now = left.min(6);
                    item(16, now - 3);
                    left -= now;
                }
            }
            for _ in 0..left {
                item(length, 0);
            }
        }

        let mut lengths = [0; PRECODE_SYMBOLS];
        code_lengths(&counts, 7, &mut lengths);
        let lengths_count = PRECODE_ORDER
            .iter()
            .rposition(|&symbol| lengths[usize::from(symbol)] != 0)
            .map_or(4, |at| (at + 1).max(4));
        let mut bits = 5 + 5 + 4 + 3 * lengths_count as u64;
        for (symbol, (&count, &length)) in counts.iter().zip(&lengths).enumerate() {
            bits += u64::from(count) * (u64::from(length) + u64::from(precode_extra(symbol)));
        }
        Self {
            items,
            used,
            litlen_count,
            distance_count,
            lengths,
            lengths_count,
            bits,
        }
    }

    /// Writes the header.
    pub(super) fn write(&self, writer: &mut BitWriter<'_>) -> Result<(), TryReserveError> {
        let mut put = |value: usize, bits: u32| writer.put(u32::try_from(value).unwrap_or(0), bits);
        put(self.litlen_count - 257, 5)?;
        put(self.distance_count - 1, 5)?;
        put(self.lengths_count - 4, 4)?;
        for &symbol in &PRECODE_ORDER[..self.lengths_count] {
            put(usize::from(self.lengths[usize::from(symbol)]), 3)?;
        }
        let words = code_words(&self.lengths);
        for &item in &self.items[..self.used] {
            let symbol = usize::from(item & 0xFF);
            put(usize::from(words[symbol]), u32::from(self.lengths[symbol]))?;
            put(usize::from(item >> 8), precode_extra(symbol))?;
        }
        Ok(())
    }
}
