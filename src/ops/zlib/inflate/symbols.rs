//! Decodes the symbols of a block (RFC 1951, 3.2.3): a fast loop where input and output have room
//! for whatever comes next, and a careful one near their ends.
//!
//! The fast loop follows libdeflate's: as many literals as a full bit buffer surely holds, then a
//! length and its distance; the entry of the next symbol is looked up before a match is copied.

use super::bits::{Bits, LEAST};
use super::kernels::{Element, LONGEST_MATCH, OVERSHOOT, copy_match, decode_fast};
use super::tables::{
    DISTANCE_BITS, DISTANCE_ENTRIES, EXCEPTIONAL, INVALID, LITERAL_ENTRIES, LITERALS, SUBTABLE,
    Tables,
};

/// Input that a round of the fast loop reads at most: two words, and 7 bytes between them.
const INPUT_SLACK: usize = 24;
/// Output that a round of the fast loop writes at most: three entries of literals, the one before a
/// length, a match, and what copying it writes too much.
const OUTPUT_SLACK: usize = 8 + LONGEST_MATCH + OVERSHOOT;

/// Why decoding stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// As much is decoded as was asked for. It can go on.
    Stop,
    /// The block is at its end.
    End,
    /// The output has no room for the next symbol.
    Full,
    /// The data are not valid.
    Invalid,
}

/// Decodes symbols to `output` from `at` on, until the block ends or `at` is at or past `stop`.
pub(super) fn run<E: Element>(
    bits: &mut Bits<'_>,
    tables: &Tables,
    output: &mut [E],
    at: &mut usize,
    stop: usize,
) -> Pause {
    if let Some(pause) = decode_fast(bits, tables, output, at, stop) {
        return pause;
    }
    while *at < stop {
        if let Some(pause) = step(bits, tables, output, at) {
            return pause;
        }
    }
    Pause::Stop
}

/// The place of the fast loop.
struct Fast<'i, 'o, E> {
    input: &'i [u8],
    /// As in [`Bits`].
    next: usize,
    /// As in [`Bits`].
    buffer: u64,
    /// The lowest six bits are as in [`Bits`].
    count: u32,
    output: &'o mut [E],
    /// Where in the output the next element goes.
    at: usize,
    /// The bits that index the primary table of literals.
    mask: u64,
}

impl<E: Element> Fast<'_, '_, E> {
    /// Makes at least 56 bits count. Where the input has no eight bytes more, which the fast loop
    /// makes sure of, zeros count.
    #[inline(always)]
    fn refill(&mut self) {
        let bytes = self.input.get(self.next..).and_then(<[u8]>::first_chunk);
        let word = bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.buffer |= word << (self.count & 63);
        self.next += 7 - (self.count as usize >> 3 & 7);
        self.count |= LEAST;
    }

    /// Moves on by the bits that an entry says.
    #[inline(always)]
    fn consume(&mut self, entry: u32) {
        self.buffer >>= entry & 63;
        self.count = self.count.wrapping_sub(entry);
    }

    /// The next bits' entry in the primary table.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it is masked")]
    fn literal(&self, tables: &Tables) -> u32 {
        tables.literals[(self.buffer & self.mask) as usize & (LITERAL_ENTRIES - 1)]
    }

    /// Writes the literals of an entry that has nothing else.
    #[inline(always)]
    fn literals(&mut self, entry: u32) {
        let [_, _, first, second] = entry.to_le_bytes();
        if let Some(to) = self
            .output
            .get_mut(self.at..)
            .and_then(<[E]>::first_chunk_mut)
        {
            *to = [first, second].map(E::from);
        }
        self.at += (entry >> 6 & 3) as usize;
        self.consume(entry);
    }

    /// Where in the table the next bits' entry is, in the subtable that `entry` leads to.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "15 bits at most")]
    fn index(&self, entry: u32) -> usize {
        (entry >> 16) as usize + low(self.buffer, entry >> 8 & 15) as usize
    }
}

/// The fast loop. `None` where it has no room to go on.
#[inline(always)]
pub(super) fn decode<E: Element>(
    bits: &mut Bits<'_>,
    tables: &Tables,
    output: &mut [E],
    at: &mut usize,
    stop: usize,
) -> Option<Pause> {
    let input_end = bits.input.len().checked_sub(INPUT_SLACK)?;
    let output_end = output.len().checked_sub(OUTPUT_SLACK)?.min(stop);
    if bits.next > input_end || *at >= output_end {
        return None;
    }
    let mut fast = Fast {
        input: bits.input,
        next: bits.next,
        buffer: bits.buffer,
        count: bits.count,
        output,
        at: *at,
        mask: (1 << tables.literal_bits) - 1,
    };
    fast.refill();
    let mut entry = fast.literal(tables);
    let pause = loop {
        if fast.next > input_end || fast.at >= output_end {
            break None;
        }
        if entry & LITERALS != 0 {
            fast.literals(entry);
            entry = fast.literal(tables);
            if entry & LITERALS != 0 {
                fast.literals(entry);
                entry = fast.literal(tables);
                if entry & LITERALS != 0 {
                    fast.literals(entry);
                    fast.refill();
                    entry = fast.literal(tables);
                    continue;
                }
            }
            fast.refill();
        }
        if entry & EXCEPTIONAL != 0 {
            if entry & SUBTABLE != 0 {
                fast.consume(tables.literal_bits);
                entry = tables.literals[fast.index(entry) & (LITERAL_ENTRIES - 1)];
                if entry & LITERALS != 0 {
                    fast.literals(entry);
                    fast.refill();
                    entry = fast.literal(tables);
                    continue;
                }
            }
            if entry & EXCEPTIONAL != 0 {
                fast.consume(entry);
                break Some(end(entry));
            }
        }
        // A literal, a length and a distance take 48 bits at most, with their extra bits.
        if let Some(to) = fast.output.get_mut(fast.at) {
            *to = entry.to_le_bytes()[3].into();
        }
        fast.at += (entry >> 6 & 3) as usize;
        let length = (entry >> 15 & 0x1ff) as usize + extra(fast.buffer, entry);
        fast.consume(entry);
        let mut far = tables.distance(fast.buffer);
        if far & EXCEPTIONAL != 0 {
            fast.consume(DISTANCE_BITS);
            far = tables.distances[fast.index(far) & (DISTANCE_ENTRIES - 1)];
        }
        let distance = (far >> 16) as usize + extra(fast.buffer, far);
        fast.consume(far);
        // What comes next is on its way while the match is copied.
        fast.refill();
        entry = fast.literal(tables);
        if !copy_match(fast.output, fast.at, distance, length) {
            break Some(Pause::Invalid);
        }
        fast.at += length;
    };
    *at = fast.at;
    bits.buffer = fast.buffer;
    bits.count = fast.count & 63;
    bits.next = fast.next;
    pause
}

/// Why decoding stops at an exceptional entry, which leads to no subtable where it is valid.
fn end(entry: u32) -> Pause {
    if entry & (INVALID | SUBTABLE) == 0 {
        Pause::End
    } else {
        Pause::Invalid
    }
}

/// The lowest `count` bits.
#[inline(always)]
fn low(buffer: u64, count: u32) -> u64 {
    buffer & !(u64::MAX << (count & 63))
}

/// The extra bits of an entry, which follow its code.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "13 bits at most")]
fn extra(buffer: u64, entry: u32) -> usize {
    (low(buffer, entry & 63) >> (entry >> 8 & 15)) as usize
}

/// Decodes one entry's literals, or one match. `None` where it can go on; where there is no room, the
/// bits are consumed all the same.
fn step<E: Element>(
    bits: &mut Bits<'_>,
    tables: &Tables,
    output: &mut [E],
    at: &mut usize,
) -> Option<Pause> {
    bits.refill();
    let mut entry = tables.literals[usize::from(bits.peek(tables.literal_bits))];
    if entry & SUBTABLE != 0 {
        bits.consume(tables.literal_bits);
        let index = (entry >> 16) as usize + usize::from(bits.peek(entry >> 8 & 15));
        entry = tables.literals[index & (LITERAL_ENTRIES - 1)];
    }
    if entry & EXCEPTIONAL != 0 {
        bits.consume(entry & 63);
        let pause = end(entry);
        return Some(if bits.overrun() {
            Pause::Invalid
        } else {
            pause
        });
    }
    let count = (entry >> 6 & 3) as usize;
    let [.., first, second] = entry.to_le_bytes();
    let alone = entry & LITERALS != 0;
    let bytes = if alone { [first, second] } else { [second, 0] };
    let Some(to) = output.get_mut(*at..*at + count) else {
        return Some(Pause::Full);
    };
    for (to, byte) in to.iter_mut().zip(bytes) {
        *to = byte.into();
    }
    *at += count;
    if alone {
        bits.consume(entry & 63);
        return bits.overrun().then_some(Pause::Invalid);
    }
    let length = (entry >> 15 & 0x1ff) as usize + extra(bits.buffer, entry);
    bits.consume(entry & 63);
    bits.refill();
    let mut far = tables.distance(bits.buffer);
    if far & EXCEPTIONAL != 0 {
        bits.consume(DISTANCE_BITS);
        let index = (far >> 16) as usize + usize::from(bits.peek(far >> 8 & 15));
        far = tables.distances[index & (DISTANCE_ENTRIES - 1)];
    }
    let distance = (far >> 16) as usize + extra(bits.buffer, far);
    bits.consume(far & 63);
    if distance == 0 || distance > *at || bits.overrun() {
        return Some(Pause::Invalid);
    }
    let from = *at - distance;
    let Some(to) = output.get_mut(from..*at + length) else {
        return Some(Pause::Full);
    };
    for index in distance..distance + length {
        to[index] = to[index - distance];
    }
    *at += length;
    None
}
