//! The CRC-32 of the output (RFC 1952, 8), from those of its parts.

use crc32fast::Hasher;

/// A part of the output, with its checksum.
pub(super) struct Piece {
    /// Where it begins.
    start: usize,
    /// Its checksum, and how many bytes that is of.
    hasher: Hasher,
}

impl Piece {
    /// A part that begins at `start`, of which `hasher` has seen all.
    pub(super) fn new(start: usize, hasher: Hasher) -> Self {
        Self { start, hasher }
    }
}

/// The checksum of the whole, of which `pieces` leave nothing out.
pub(super) fn combine(mut pieces: Vec<Piece>) -> u32 {
    pieces.sort_unstable_by_key(|piece| piece.start);
    let mut whole = Hasher::new();
    for piece in &pieces {
        whole.combine(&piece.hasher);
    }
    whole.finalize()
}
