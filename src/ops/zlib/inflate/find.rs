//! Finds where a block may begin in the middle of a stream, by trying every bit (Kerbiriou and
//! Chikhi 2019; how candidates are sorted out follows Knespel and Brunst, "Rapidgzip: Parallel
//! decompression and seeking in gzip files using cache prefetching", 2023).
//!
//! Only dynamic blocks that are not the last one are found: their headers say enough to tell them
//! from other data.

use super::bits::Bits;
use super::header::Lengths;

/// Places tried with one word: bits 0 to 47 of the word at each sixth byte.
const STEP: u64 = 48;

/// For four lengths of 3 bits each, the space that their codes take, in 128ths.
const SPACE: [u16; 1 << 12] = space();

/// The next place from bit `from` on, before bit `to`, where a block may begin.
pub(super) fn find(input: &[u8], from: u64, to: u64) -> Option<u64> {
    let mut base = from & !7;
    let mut keep = u64::MAX << (from - base);
    while base < to {
        let word = word(input, base)?;
        let mut places = candidates(word) & keep & ((1 << STEP) - 1);
        keep = u64::MAX;
        while places != 0 {
            let place = base + u64::from(places.trailing_zeros());
            places &= places - 1;
            if place < to && complete_length_code(input, place)? && is_header(input, place) {
                return Some(place);
            }
        }
        base += STEP;
    }
    None
}

/// The eight bytes at the bit `place`, from the byte that has it. `None` near the input's end.
fn word(input: &[u8], place: u64) -> Option<u64> {
    let at = usize::try_from(place / 8).ok()?;
    let bytes = input.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

/// The bits of `word` where a header may begin: not the last block, of dynamic codes (0, then 01
/// backwards), with at most 286 codes of literals and 30 of distances. 13 bits say so.
fn candidates(word: u64) -> u64 {
    let literals = word >> 4 & word >> 5 & word >> 6 & word >> 7;
    let distances = word >> 9 & word >> 10 & word >> 11 & word >> 12;
    !word & !(word >> 1) & word >> 2 & !literals & !distances
}

/// Whether the code of lengths that a header at `place` has is complete. `None` near the input's
/// end.
fn complete_length_code(input: &[u8], place: u64) -> Option<bool> {
    let given = (word(input, place + 13)? >> ((place + 13) & 7) & 15) + 4;
    // 57 bits at most, and 7 before them.
    let lengths = word(input, place + 17)? >> ((place + 17) & 7);
    let lengths = lengths & ((1 << (3 * given)) - 1);
    let space: u16 = (0..5)
        .map(|four| SPACE[(lengths >> (12 * four) & 0xfff) as usize])
        .sum();
    Some(space == 128)
}

/// Whether the header at `place` has codes as compressors write them.
fn is_header(input: &[u8], place: u64) -> bool {
    let mut bits = Bits::new(input, place + 3);
    Lengths::read(&mut bits).is_some_and(|lengths| lengths.complete())
}

/// See [`SPACE`].
const fn space() -> [u16; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut index = 0;
    while index < 1 << 12 {
        let mut lengths = index;
        while lengths != 0 {
            if lengths & 7 != 0 {
                table[index] += 128 >> (lengths & 7);
            }
            lengths >>= 3;
        }
        index += 1;
    }
    table
}
