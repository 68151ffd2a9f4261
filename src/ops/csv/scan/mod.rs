//! Where the fields of a piece of CSV end, found 64 bytes at a time.
//!
//! Each kernel turns 64 bytes into four masks, a bit for each byte: delimiters, quotes, line feeds
//! and carriage returns. What is inside quotes follows from the masks alone: a byte is, if an odd
//! number of quotes comes before it, because a doubled quote counts twice. (Langdale and Lemire,
//! "Parsing Gigabytes of JSON per Second", section 3.1.5, whose carry-less multiplication is a
//! chain of shifts here: it runs only for blocks that have quotes.)
//!
//! That holds for RFC 4180's quoting only. Wherever a quote stands where RFC 4180 has none, the
//! kernel says so, and `walk` reads the file from its beginning.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(test, not(target_arch = "aarch64")))]
mod portable;

use memchr::memchr3_iter;

/// Bytes of a block: a bit of a mask for each.
const BLOCK: usize = 64;

/// What separates fields and records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Separators {
    pub(super) delimiter: u8,
    /// `None` where no byte quotes.
    pub(super) quote: Option<u8>,
}

/// Where bytes of a block are that mean something.
#[derive(Clone, Copy)]
struct Masks {
    delimiter: u64,
    quote: u64,
    line_feed: u64,
    carriage_return: u64,
}

/// The fields of a piece of CSV, by the positions of what ends them.
///
/// A record is a run of entries: the first one is the position before its first byte, and each
/// further one the position after a field. In the order of the file, the last entry of a record is
/// the first one of the next.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Entries, and room for more.
    entries: Vec<u32>,
    used: usize,
    /// For each record where its first entry is, and where its last one is.
    pub(super) records: Vec<(u32, u32)>,
    /// Whether a line may end in `\r\n`, so that the last field's end has to be looked at.
    pub(super) carriage_returns: bool,
}

impl Index {
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.records.clear();
        self.carriage_returns = false;
    }

    pub(super) fn entries(&self) -> &[u32] {
        &self.entries[..self.used]
    }

    pub(super) fn push(&mut self, entry: u32) {
        self.room()[0] = entry;
        self.used += 1;
    }

    /// Room for the entries of a block.
    #[inline(always)]
    fn room(&mut self) -> &mut [u32; BLOCK] {
        if self.entries.len() < self.used + BLOCK {
            self.entries.resize((self.used + BLOCK) * 2, 0);
        }
        match self.entries[self.used..].first_chunk_mut() {
            Some(room) => room,
            None => unreachable!("just made"),
        }
    }

    /// Appends `base` and the position of each bit.
    #[inline(always)]
    fn push_bits(&mut self, base: u32, bits: u64) {
        let count = bits.count_ones() as usize;
        let room = self.room();
        let mut bits = bits;
        // Some more than there are, and no branch for each: the next block writes over them.
        for group in 0..BLOCK / 8 {
            for place in &mut room[group * 8..group * 8 + 8] {
                *place = base.wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
            if count <= (group + 1) * 8 {
                break;
            }
        }
        self.used += count;
    }
}

/// A piece of CSV to index, and what begins after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    /// Where its first record begins.
    pub(super) start: usize,
    /// Records that begin from here on are somebody else's.
    pub(super) own: usize,
    /// Whether the last byte is the last of all.
    pub(super) at_end: bool,
}

/// How the indexing of a piece ended. Positions are from the piece's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All of its records are in the index, and the next one begins here.
    Whole { next: usize },
    /// The record that begins here goes on after the piece; those before it are in the index.
    Cut { record: usize },
    /// A record does not keep to RFC 4180's quoting.
    Irregular,
}

/// A position as an entry. Pieces are smaller than 4 GiB.
pub(super) fn entry(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// Where the first record after the first line end begins; `None` where the piece has none before
/// `limit`. `quoted` is whether the piece begins inside quotes.
pub(super) fn first_record(
    bytes: &[u8],
    separators: Separators,
    mut quoted: bool,
    limit: usize,
) -> Option<usize> {
    let bytes_to_limit = &bytes[..limit.min(bytes.len())];
    let quote = separators.quote.unwrap_or(b'\n');
    for at in memchr3_iter(quote, b'\n', b'\r', bytes_to_limit) {
        let byte = bytes[at];
        if Some(byte) == separators.quote {
            quoted = !quoted;
        } else if !(quoted || byte == b'\r' && bytes.get(at + 1) == Some(&b'\n')) {
            return Some(at + 1).filter(|start| *start < limit);
        }
    }
    None
}

/// Indexes `piece` with the best kernel of this CPU.
pub(super) fn index(piece: Piece<'_>, separators: Separators, out: &mut Index) -> Outcome {
    #[cfg(target_arch = "x86_64")]
    if let Some(cpu) = crate::ops::avx2::Avx2::detect() {
        return avx2::index(cpu, piece, separators, out);
    }
    #[cfg(target_arch = "aarch64")]
    return neon::index(piece, separators, out);
    #[cfg(not(target_arch = "aarch64"))]
    portable::index(piece, separators, out)
}

/// The loop that all kernels share. Inlined into each, with its instructions.
#[inline(always)]
fn index_with(
    piece: Piece<'_>,
    separators: Separators,
    out: &mut Index,
    masks: impl Fn(&[u8; BLOCK], u8, u8) -> Masks,
) -> Outcome {
    out.clear();
    let Piece {
        bytes,
        start,
        own,
        at_end,
    } = piece;
    let quotes = if separators.quote.is_some() {
        u64::MAX
    } else {
        0
    };
    let quote_byte = separators.quote.unwrap_or(0);
    // All ones inside quotes.
    let mut inside = 0;
    // Whether the byte before the block is a separator, and whether it is a quote that closes.
    let (mut after_separator, mut after_close) = (1, 0);
    out.push(entry(start).wrapping_sub(1));
    let mut record = 0;
    let mut position = start;
    while position < bytes.len() {
        let rest = &bytes[position..];
        let mut last_block = [0; BLOCK];
        let (block, valid) = if let Some(block) = rest.first_chunk::<BLOCK>() {
            (block, u64::MAX)
        } else {
            last_block[..rest.len()].copy_from_slice(rest);
            (&last_block, (1 << rest.len()) - 1)
        };
        let found = masks(block, separators.delimiter, quote_byte);
        let quote = found.quote & valid & quotes;
        let carriage_return = found.carriage_return & valid;
        let mut line_end = found.line_feed & valid;
        if carriage_return != 0 {
            out.carriage_returns = true;
            // Of `\r\n` the second one ends the line.
            let next = u64::from(rest.get(BLOCK) == Some(&b'\n'));
            let mut alone = carriage_return & !(line_end >> 1 | next << 63);
            if !at_end && rest.len() <= BLOCK {
                // What follows the last byte is not known yet.
                alone &= !(1 << (rest.len() - 1));
            }
            line_end |= alone;
        }
        let mut separator = (found.delimiter & valid) | line_end;
        let mut wrong = 0;
        if quote | after_close == 0 {
            separator &= !inside;
            after_separator = separator >> 63;
        } else {
            let within = prefix_xor(quote) ^ inside;
            separator &= !within;
            let (opens, closes) = (quote & within, quote & !within);
            let may_open = (separator | closes) << 1 | after_separator | after_close;
            let must_end = (closes << 1 | after_close) & valid;
            wrong = (opens & !may_open) | (must_end & !(separator | quote | carriage_return));
            inside = 0_u64.wrapping_sub(within >> 63);
            after_separator = separator >> 63;
            after_close = closes >> 63;
        }
        let mut ends = line_end & separator;
        let first = out.used;
        out.push_bits(entry(position), separator);
        while ends != 0 {
            let bit = ends.trailing_zeros();
            let below = (1_u64 << bit) - 1;
            if wrong & below != 0 {
                return Outcome::Irregular;
            }
            let last = entry(first + (separator & below).count_ones() as usize);
            out.records.push((record, last));
            record = last;
            let next = position + bit as usize + 1;
            if next >= own {
                out.used = last as usize + 1;
                return Outcome::Whole { next };
            }
            ends &= ends - 1;
        }
        if wrong != 0 {
            return Outcome::Irregular;
        }
        position += BLOCK;
    }
    let next = out.entries[record as usize].wrapping_add(1) as usize;
    if inside != 0 && at_end {
        return Outcome::Irregular;
    }
    if inside != 0 || (next < bytes.len() && !at_end) {
        out.used = record as usize + 1;
        return Outcome::Cut { record: next };
    }
    if next < bytes.len() {
        // The last line has no end.
        out.push(entry(bytes.len()));
        out.records.push((record, entry(out.used - 1)));
    }
    Outcome::Whole { next: bytes.len() }
}

/// For each bit the exclusive or of all bits up to it.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

#[cfg(test)]
mod tests;
