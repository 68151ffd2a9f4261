//! Where a parse's tokens go: collected into blocks, which end where the statistics change.

use std::collections::TryReserveError;

use super::block::BlockWriter;
use super::entropy::block_bits;
use super::tokens::{Histogram, Token};

/// Tokens that a block has at most. zlib's blocks have half as many at the default memory level;
/// with more, fewer headers are written.
pub(super) const CAPACITY: usize = 1 << 15;
/// Tokens after which it is decided whether a block goes on.
const CHUNK: usize = 1 << 12;
/// The same for the first time, because the optimal parse begins with a guess at the costs.
const FIRST_CHUNK: usize = 1 << 9;

/// The collected tokens of a block and the chunk that may become part of it.
pub(super) struct Sink<'a> {
    /// The block's tokens, then the chunk's.
    tokens: &'a mut [Token; CAPACITY],
    /// How many there are.
    used: usize,
    /// How many there are when the chunk is complete.
    chunk_end: usize,
    /// How many of them are the block's.
    block_end: usize,
    /// What the block's tokens are.
    block: Histogram,
    /// Whether any tokens have been counted, and how often.
    updates: u32,
    /// Where the blocks go.
    writer: BlockWriter<'a>,
}

impl<'a> Sink<'a> {
    /// A sink that collects in `tokens` and writes to `writer`.
    pub(super) fn new(tokens: &'a mut [Token; CAPACITY], writer: BlockWriter<'a>) -> Self {
        let block = Histogram::EMPTY;
        Self {
            tokens,
            used: 0,
            chunk_end: FIRST_CHUNK,
            block_end: 0,
            block,
            updates: 0,
            writer,
        }
    }

    /// How often [`Self::statistics`] have changed.
    pub(super) fn updates(&self) -> u32 {
        self.updates
    }

    /// What the last tokens were.
    pub(super) fn statistics(&self) -> &Histogram {
        &self.block
    }

    /// Takes a token.
    #[inline(always)]
    pub(super) fn push(&mut self, token: Token) -> Result<(), TryReserveError> {
        self.tokens[self.used & (CAPACITY - 1)] = token;
        self.used += 1;
        if self.used == self.chunk_end {
            self.chunk()
        } else {
            Ok(())
        }
    }

    /// Makes the chunk a part of the block, or the beginning of the next one if two blocks, each
    /// with codes that fit it, take fewer bits than one.
    #[inline(never)]
    fn chunk(&mut self) -> Result<(), TryReserveError> {
        if self.block_end + CHUNK >= CAPACITY {
            // The chunk would fill the last of the room.
            self.write_block()?;
        }
        let chunk = Histogram::of(&self.tokens[self.block_end..self.used]);
        if self.block_end == 0 {
            self.block = chunk;
        } else {
            let mut both = self.block.clone();
            both.add(&chunk);
            if block_bits(&both) > block_bits(&self.block) + block_bits(&chunk) {
                self.write_block()?;
                self.block = chunk;
            } else {
                self.block = both;
            }
        }
        self.block_end = self.used;
        self.chunk_end = (self.used + CHUNK).min(CAPACITY);
        self.updates += 1;
        Ok(())
    }

    /// Writes the block; the chunk's tokens move to the front.
    fn write_block(&mut self) -> Result<(), TryReserveError> {
        self.writer
            .block(&self.tokens[..self.block_end], &self.block, false)?;
        self.tokens.copy_within(self.block_end..self.used, 0);
        self.used -= self.block_end;
        self.block_end = 0;
        Ok(())
    }

    /// Writes what is left; ends the last block or with the marker of a flush.
    pub(super) fn end(mut self, last: bool) -> Result<(), TryReserveError> {
        if self.used > self.block_end {
            self.chunk()?;
        }
        if last || self.used != 0 {
            self.writer
                .block(&self.tokens[..self.used], &self.block, last)?;
        }
        if last {
            self.writer.finish()
        } else {
            self.writer.flush()
        }
    }
}
