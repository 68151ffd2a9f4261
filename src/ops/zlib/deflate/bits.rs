//! Bits in DEFLATE's order: packed into bytes from the least significant bit on
//! (RFC 1951, section 3.1.1).

use std::collections::TryReserveError;

/// Bytes collected before they go to the output: small enough to stay in the first-level cache,
/// large enough that the output's length is looked at rarely.
const STAGE: usize = 4096;

/// A writer of bits into a `Vec<u8>`.
///
/// Whole bytes are collected in an array of fixed size, which needs no check of the output's
/// capacity for each word, and moved to the output when the array is full.
pub(super) struct BitWriter<'a> {
    /// Where the bytes go.
    out: &'a mut Vec<u8>,
    /// Bits not yet written, the oldest lowest.
    buffer: u64,
    /// How many bits of `buffer` count; below 8 between calls of [`Self::flush_bytes`].
    count: u32,
    /// Whole bytes not yet in `out`; the last seven are slack for a word's unused bytes.
    stage: [u8; STAGE + 8],
    /// How many bytes of `stage` count.
    staged: usize,
}

impl<'a> BitWriter<'a> {
    /// A writer that appends to `out`, beginning at a byte's first bit.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            buffer: 0,
            count: 0,
            stage: [0; STAGE + 8],
            staged: 0,
        }
    }

    /// Adds the low `count` bits of `bits`, whose others are zero.
    ///
    /// After [`Self::flush_bytes`] there is room for 56 bits before the next one.
    #[inline(always)]
    pub(super) fn add(&mut self, bits: u64, count: u32) {
        self.buffer |= bits << (self.count & 63);
        self.count += count;
    }

    /// Moves the whole bytes out of the buffer of bits.
    #[inline(always)]
    pub(super) fn flush_bytes(&mut self) -> Result<(), TryReserveError> {
        let at = self.staged.min(STAGE);
        if let Some(place) = self.stage[at..].first_chunk_mut() {
            *place = self.buffer.to_le_bytes();
        }
        self.staged = at + (self.count >> 3) as usize;
        self.buffer >>= self.count & !7;
        self.count &= 7;
        if self.staged >= STAGE {
            self.drain()?;
        }
        Ok(())
    }

    /// Adds up to 32 bits and moves what is whole: for the places where speed matters little.
    pub(super) fn put(&mut self, bits: u32, count: u32) -> Result<(), TryReserveError> {
        self.add(u64::from(bits), count);
        self.flush_bytes()
    }

    /// Moves the collected bytes to the output.
    #[cold]
    #[inline(never)]
    fn drain(&mut self) -> Result<(), TryReserveError> {
        self.out.try_reserve(self.staged)?;
        self.out.extend_from_slice(&self.stage[..self.staged]);
        self.staged = 0;
        Ok(())
    }

    /// Fills the byte begun with zero bits.
    pub(super) fn align(&mut self) -> Result<(), TryReserveError> {
        self.count = (self.count + 7) & !7;
        self.flush_bytes()
    }

    /// Adds whole bytes; the writer stands at a byte's first bit.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), TryReserveError> {
        self.drain()?;
        self.out.try_reserve(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// How many bits of a byte are begun: 0 to 7.
    pub(super) fn begun_bits(&self) -> u32 {
        self.count
    }

    /// Fills the last byte and moves everything to the output.
    pub(super) fn finish(mut self) -> Result<(), TryReserveError> {
        self.align()?;
        self.drain()
    }
}
