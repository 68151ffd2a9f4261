//! The bytes that matches are looked for in: a copy of the input in a place of fixed size.
//!
//! The copy costs a small fraction of a cycle for each byte and buys three things. A position is
//! 16 bits, so the tables are small. A position that is cut to 16 bits is inside the array, so
//! loads need no check. And nobody else writes to the copy, whatever happens to the input.

use std::collections::TryReserveError;

use super::memory;
use super::symbols::MAX_MATCH;

/// Positions in the window.
pub(super) const SIZE: usize = 1 << 16;
/// How far the bytes move when the window is full; the distances of all matches are below it.
pub(super) const SLIDE: usize = SIZE / 2;
/// Bytes that a parse may look at from a position on: a match of the greatest length, the words
/// that a load takes beyond it, and the few positions that a lazy parse or a prefetch is ahead.
pub(super) const LOOKAHEAD: usize = 320;
/// The greatest distance of a match: what is still there when the window slides as soon as less
/// than [`LOOKAHEAD`] bytes are left.
pub(super) const MAX_DISTANCE: usize = SLIDE - LOOKAHEAD;
/// Bytes after the last position, so that a load at any position and any offset below 512 stays
/// inside.
const PADDING: usize = 1024;

/// The copy.
pub(super) struct Window {
    /// The bytes; what follows the last one filled in is zero for [`LOOKAHEAD`] bytes.
    bytes: Box<[u8; SIZE + PADDING]>,
    /// Where the bytes filled in end.
    end: usize,
}

impl Window {
    /// An empty window.
    pub(super) fn new() -> Result<Self, TryReserveError> {
        Ok(Self {
            bytes: memory::boxed(0)?,
            end: 0,
        })
    }

    /// Forgets everything; the next byte filled in is at position `at`.
    pub(super) fn restart(&mut self, at: usize) {
        self.end = at.min(SIZE);
    }

    /// Where the bytes filled in end.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Copies the beginning of `data`, as much as there is room for; says how much.
    pub(super) fn fill(&mut self, data: &[u8]) -> usize {
        let length = data.len().min(SIZE - self.end);
        let end = self.end + length;
        self.bytes[self.end..end].copy_from_slice(&data[..length]);
        self.bytes[end..end + LOOKAHEAD].fill(0);
        self.end = end;
        length
    }

    /// Drops the older half of a full window.
    pub(super) fn slide(&mut self) {
        self.bytes.copy_within(SLIDE..SIZE, 0);
        self.end = SIZE - SLIDE;
    }

    /// The byte at a position.
    #[inline(always)]
    pub(super) fn byte(&self, position: u32) -> u8 {
        self.bytes[(position & 0xFFFF) as usize]
    }

    /// The eight bytes from `offset` after a position on, the first one lowest.
    #[inline(always)]
    pub(super) fn word(&self, position: u32, offset: u32) -> u64 {
        let at = (position & 0xFFFF) as usize + (offset & 0x1FF) as usize;
        // The compiler knows that this is always there.
        self.bytes[at..]
            .first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// How many bytes at two positions are equal, at most 258; the first `length` are.
    pub(super) fn match_length(&self, one: u32, other: u32, mut length: u32) -> u32 {
        while length < MAX_MATCH {
            let difference = self.word(one, length) ^ self.word(other, length);
            if difference != 0 {
                return (length + difference.trailing_zeros() / 8).min(MAX_MATCH);
            }
            length += 8;
        }
        MAX_MATCH
    }
}
