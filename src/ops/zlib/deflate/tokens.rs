//! What a parse yields: literals and matches, each in one word, and how often each occurs.

use super::symbols::{
    DISTANCE_SYMBOLS, END_OF_BLOCK, LENGTH_SLOT, LITLEN_SYMBOLS, MAX_MATCH, MIN_MATCH,
};

/// A literal or a match.
///
/// The low nine bits are the literal, or 256 and the match's length less 3: one index for the
/// table of code words that the emitter uses. The bits above are the match's distance, 0 for a
/// literal.
#[derive(Clone, Copy, Default)]
pub(super) struct Token(u32);

/// The values of [`Token::index`]: 256 literals and 256 lengths.
pub(super) const INDICES: usize = 512;

impl Token {
    /// A byte that stands for itself.
    #[inline(always)]
    pub(super) fn literal(byte: u8) -> Self {
        Self(u32::from(byte))
    }

    /// `length` bytes, 3 to 258, that are equal to those `distance` bytes before, 1 to 32768.
    #[inline(always)]
    pub(super) fn a_match(length: u32, distance: u32) -> Self {
        debug_assert!((MIN_MATCH..=MAX_MATCH).contains(&length));
        debug_assert!((1..=32768).contains(&distance));
        Self((length - MIN_MATCH + 256) | distance << 9)
    }

    /// The literal, or 256 and the length less 3.
    #[inline(always)]
    pub(super) fn index(self) -> usize {
        (self.0 & 511) as usize
    }

    /// The match's distance; 0 for a literal.
    #[inline(always)]
    pub(super) fn distance(self) -> u32 {
        self.0 >> 9
    }
}

/// How often each literal, length and distance symbol occurs.
#[derive(Clone)]
pub(super) struct Histogram {
    /// By literal and length symbol; the end of the block counts once.
    pub(super) litlen: [u32; LITLEN_SYMBOLS],
    /// By distance symbol.
    pub(super) distance: [u32; DISTANCE_SYMBOLS],
    /// How many bytes of input the tokens stand for.
    pub(super) bytes: usize,
}

impl Histogram {
    /// A block's that holds nothing but its end.
    pub(super) const EMPTY: Self = {
        let mut litlen = [0; LITLEN_SYMBOLS];
        litlen[END_OF_BLOCK] = 1;
        Self {
            litlen,
            distance: [0; DISTANCE_SYMBOLS],
            bytes: 0,
        }
    };

    /// Counts the symbols of `tokens`.
    pub(super) fn of(tokens: &[Token]) -> Self {
        let mut indices = [0_u32; INDICES];
        // Slot 0 takes the literals' distances, which are none.
        let mut slots = [0_u32; 32];
        for token in tokens {
            indices[token.index()] += 1;
            slots[(DISTANCE_SLOT.of(token.distance()) & 31) as usize] += 1;
        }
        let mut histogram = Self::EMPTY;
        histogram.litlen[..256].copy_from_slice(&indices[..256]);
        for (&count, &slot) in indices[256..].iter().zip(&LENGTH_SLOT) {
            histogram.litlen[257 + usize::from(slot)] += count;
        }
        let literals: u32 = indices[..256].iter().sum();
        let matched: u32 = (MIN_MATCH..)
            .zip(&indices[256..])
            .map(|(length, &n)| length * n)
            .sum();
        histogram.bytes = (literals + matched) as usize;
        histogram
            .distance
            .copy_from_slice(&slots[1..=DISTANCE_SYMBOLS]);
        histogram
    }

    /// Counts what `other` counts as well.
    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.litlen.iter_mut().zip(&other.litlen) {
            *count += more;
        }
        self.litlen[END_OF_BLOCK] = 1;
        self.bytes += other.bytes;
        for (count, more) in self.distance.iter_mut().zip(&other.distance) {
            *count += more;
        }
    }
}

/// Distance symbols plus one by distance, with 0 for the distance of a literal: what lets the loops over
/// tokens treat both kinds alike, without a branch that is hard to predict.
pub(super) struct DistanceSlots([u8; 512]);

/// The one table of [`DistanceSlots`].
pub(super) static DISTANCE_SLOT: DistanceSlots = DistanceSlots::new();

impl DistanceSlots {
    /// Computes the table: distances up to 256 first, then those up to 32768 by their high bits.
    const fn new() -> Self {
        use super::symbols::distance_slot;
        let mut slots = [0; 512];
        let mut near = 1;
        while near <= 256 {
            #[expect(clippy::cast_possible_truncation, reason = "a symbol is below 30")]
            let slot = distance_slot(near) as u8 + 1;
            slots[near as usize] = slot;
            near += 1;
        }
        let mut high = 2;
        while high < 256 {
            // Distances of which the one before is in high * 128 .. high * 128 + 128.
            #[expect(clippy::cast_possible_truncation, reason = "a symbol is below 30")]
            let slot = distance_slot(high * 128 + 1) as u8 + 1;
            slots[256 + high as usize] = slot;
            high += 1;
        }
        Self(slots)
    }

    /// One more than the symbol of a distance, 1 to 32768; 0 for 0.
    #[inline(always)]
    pub(super) fn of(&self, distance: u32) -> u32 {
        let far = 256 + (distance.wrapping_sub(1) >> 7);
        let at = if distance <= 256 { distance } else { far };
        u32::from(self.0[(at & 511) as usize])
    }
}
