//! The match finder: where the bytes at a position have been seen before.
//!
//! zlib and libdeflate follow chains of positions with the same hash. Each step waits for the
//! last one's load and ends in a branch that is hard to predict. Here the positions with the same
//! hash are next to each other, the newest first, four of 16 bits in each word: one load gives
//! all candidates, they are compared independently of each other, and the best is chosen without
//! a branch. A new position pushes the oldest one out.
//!
//! A match is worth more the longer it is and the nearer, and the short ones are worth little:
//! on CSV a lazy parse is 4 % better without any of three or four bytes. Up to three tables serve
//! that: one knows a few positions with the same five bytes; one as many as the level affords
//! with the same eight, where the long matches are; and for the optimal parse, which knows what a
//! match costs, one knows the last position with the same three.

use std::collections::TryReserveError;

use super::kernels::prefetch;
use super::memory::boxed;
use super::window::Window;

/// The most bits of a hash: 8192 buckets. Of one word each they take 64 KiB. Half as many cost
/// 1.1 % of the ratio on CSV, by experiment.
const HASH_BITS: u32 = 13;
/// Buckets of each table.
const BUCKETS: usize = 1 << HASH_BITS;
/// Odd, and irregular in its bits, so that every bit of a product's top depends on all bits of
/// the other factor: 2^64 by the golden ratio (Knuth, volume 3, section 6.4).
const MULTIPLIER: u64 = 0x9E37_79B1_85EB_CA87;
/// The length of a match of the long table that may be longer than it says.
pub(super) const LONG_CAP: u32 = 15;

/// A match: its length above its position, so that the greater one is longer, or as long and
/// nearer. 0 is none.
#[derive(Clone, Copy)]
pub(super) struct Match(u32);

impl Match {
    /// The match's length.
    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        self.0 >> 16
    }

    /// Where the bytes are that match.
    #[inline(always)]
    pub(super) fn position(self) -> u32 {
        self.0 & 0xFFFF
    }

    /// The better one of two.
    #[inline(always)]
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }
}

/// What is found at a position.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// The longest match; of length [`LONG_CAP`] it may be longer. Those that only
    /// the table of five bytes has count as no longer than 7.
    pub(super) longest: Match,
    /// The nearest match; of length 7 it may be longer.
    pub(super) nearest: Match,
}

/// What a parse asks of a match finder.
pub(super) trait Finder {
    /// Forgets everything, before `bytes` bytes are looked at.
    fn restart(&mut self, bytes: usize);
    /// Follows the window as it slides.
    fn slide(&mut self);
    /// Enters a position without looking for matches.
    fn insert(&mut self, window: &Window, position: u32);
    /// Looks for matches at positions after `limit`, and enters the position.
    fn find(&mut self, window: &Window, position: u32, limit: u32) -> Found;
}

/// The tables.
///
/// `LONG` words of positions are kept for each hash of `BYTES` bytes, 4 to 8, and `SHORT` words
/// for each hash of five bytes. `THREE` is 1 to keep the last position for each hash of three
/// bytes, or 0.
pub(super) struct Tables<
    const LONG: usize,
    const BYTES: u32,
    const SHORT: usize,
    const THREE: usize,
> {
    /// Positions by the hash of `BYTES` bytes.
    long: Box<[[u64; LONG]; BUCKETS]>,
    /// Positions by the hash of five bytes.
    short: Box<[[u64; SHORT]; BUCKETS]>,
    /// The last position by the hash of three bytes.
    three: Box<[[u16; THREE]; BUCKETS]>,
    /// One less than the number of buckets in use.
    mask: u32,
}

/// The hashes of the bytes at a position.
struct Hashes {
    /// Of `BYTES` bytes.
    long: usize,
    /// Of five bytes.
    short: usize,
    /// Of three bytes.
    three: usize,
}

/// Puts a position before those of a bucket; the last one drops out.
#[inline(always)]
fn push<const WORDS: usize>(bucket: &mut [u64; WORDS], position: u32) {
    let mut carry = u64::from(position & 0xFFFF);
    for word in bucket {
        let out = *word >> 48;
        *word = *word << 16 | carry;
        carry = out;
    }
}

/// A word's positions after the window has slid by half; those of the half that is gone become 0.
#[inline(always)]
fn slid(word: u64) -> u64 {
    let kept = (word >> 15) & 0x0001_0001_0001_0001;
    word & ((kept << 15) - kept)
}

/// A candidate with so many equal bytes; none if it is farther away than the window reaches.
#[inline(always)]
fn candidate(length: u32, position: u32, limit: u32) -> Match {
    // All ones if the position is the greater: both are below 2^31.
    let near = (limit.cast_signed() - position.cast_signed()) >> 31;
    Match((length << 16 | position) & near.cast_unsigned())
}

/// How many of eight bytes are equal, at most 7, by the difference of the words.
#[inline(always)]
fn equal_bytes(difference: u64) -> u32 {
    (difference | 1 << 63).trailing_zeros() >> 3
}

/// A position as the tables keep it.
#[inline(always)]
fn lowest_16(position: u32) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "positions are below 2^16")]
    let position = position as u16;
    position
}

/// The positions in a word, the newest first.
#[inline(always)]
fn positions(word: u64) -> [u32; 4] {
    [0, 16, 32, 48].map(|lane| {
        #[expect(clippy::cast_possible_truncation, reason = "16 bits are meant")]
        let position = (word >> lane) as u16;
        u32::from(position)
    })
}

/// The bucket number for a hash's highest bits.
#[inline(always)]
fn bucket(hash: u64, mask: u32) -> usize {
    let hash = (hash >> (64 - HASH_BITS)) as u32;
    (hash & mask) as usize & (BUCKETS - 1)
}

impl<const LONG: usize, const BYTES: u32, const SHORT: usize, const THREE: usize>
    Tables<LONG, BYTES, SHORT, THREE>
{
    /// Empty tables.
    pub(super) fn new() -> Result<Self, TryReserveError> {
        Ok(Self {
            long: boxed([0; LONG])?,
            short: boxed([0; SHORT])?,
            three: boxed([0; THREE])?,
            mask: 0,
        })
    }

    /// The hashes of the first of eight bytes.
    #[inline(always)]
    fn hashes(&self, word: u64) -> Hashes {
        // The bytes that don't count are shifted out.
        let hash = |bytes: u32| (word << (64 - 8 * bytes)).wrapping_mul(MULTIPLIER);
        Hashes {
            long: bucket(hash(BYTES), self.mask),
            short: bucket(hash(5), self.mask),
            three: bucket(hash(3), self.mask),
        }
    }
}

impl<const LONG: usize, const BYTES: u32, const SHORT: usize, const THREE: usize> Finder
    for Tables<LONG, BYTES, SHORT, THREE>
{
    /// A short input uses and clears a small part of the tables.
    fn restart(&mut self, bytes: usize) {
        let bits = (bytes.max(1).ilog2() + 1).clamp(8, HASH_BITS);
        let buckets = 1_usize << bits;
        self.mask = (1 << bits) - 1;
        self.long[..buckets].as_flattened_mut().fill(0);
        self.short[..buckets].as_flattened_mut().fill(0);
        self.three[..buckets].as_flattened_mut().fill(0);
    }

    fn slide(&mut self) {
        for word in self.long.as_flattened_mut() {
            *word = slid(*word);
        }
        for word in self.short.as_flattened_mut() {
            *word = slid(*word);
        }
        for position in self.three.as_flattened_mut() {
            *position = position.saturating_sub(1 << 15);
        }
    }

    #[inline(always)]
    fn insert(&mut self, window: &Window, position: u32) {
        let hashes = self.hashes(window.word(position, 0));
        push(&mut self.long[hashes.long], position);
        push(&mut self.short[hashes.short], position);
        self.three[hashes.three].fill(lowest_16(position));
    }

    /// A function of its own without a loop or a branch: inside a caller's loop LLVM turns the
    /// choices between candidates into branches, each of which is hard to predict.
    #[inline(never)]
    fn find(&mut self, window: &Window, position: u32, limit: u32) -> Found {
        let first = window.word(position, 0);
        let second = window.word(position, 8);

        // Eight positions ahead is about the time that the second-level cache takes.
        let ahead = self.hashes(second);
        prefetch(&self.long[ahead.long]);
        if SHORT != 0 {
            prefetch(&self.short[ahead.short]);
        }

        let hashes = self.hashes(first);
        let mut longest = Match(0);
        let bucket = &mut self.long[hashes.long];
        let candidates = *bucket;
        push(bucket, position);
        for from in candidates.map(positions).as_flattened() {
            let from = *from;
            let difference = window.word(from, 0) ^ first;
            let long = 8 + equal_bytes(window.word(from, 8) ^ second);
            // With a hash of eight bytes, what agrees in fewer is there by chance.
            let short = if BYTES == 8 {
                0
            } else {
                difference.trailing_zeros() >> 3
            };
            let length = if difference == 0 { long } else { short };
            longest = longest.or(candidate(length, from, limit));
        }
        if longest.length() == LONG_CAP {
            // Several may agree in so many; then their whole lengths decide.
            for from in candidates.map(positions).as_flattened() {
                if window.word(*from, 0) == first
                    && equal_bytes(window.word(*from, 8) ^ second) == 7
                {
                    let length = window.match_length(position, *from, LONG_CAP);
                    longest = longest.or(candidate(length, *from, limit));
                }
            }
        }
        let bucket = &mut self.short[hashes.short];
        let candidates = *bucket;
        push(bucket, position);
        for from in candidates.map(positions).as_flattened() {
            let from = *from;
            let length = equal_bytes(window.word(from, 0) ^ first);
            longest = longest.or(candidate(length, from, limit));
        }
        let mut nearest = Match(0);
        for from in &mut self.three[hashes.three] {
            let near = u32::from(*from);
            *from = lowest_16(position);
            nearest = candidate(equal_bytes(window.word(near, 0) ^ first), near, limit);
        }
        Found { longest, nearest }
    }
}
