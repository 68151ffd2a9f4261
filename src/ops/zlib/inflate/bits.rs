//! Reads a deflate stream bit by bit, the lowest bit of each byte first (RFC 1951, 3.1.1).
//!
//! The refill without branches is the fourth variant of Fabian Giesen's "Reading bits in far too
//! many ways" (part 2, 2018), as libdeflate has it.

/// How many bits count at least after a refill: 56, so many that the rest is less than a byte.
pub(super) const LEAST: u32 = 0x38;

/// A place in the input, with the bits that come next already in a word.
///
/// The input may change while it is read: what is read twice may differ. Nothing here relies on
/// its bytes, only on its length.
#[derive(Clone, Copy)]
pub(super) struct Bits<'i> {
    /// The whole input.
    pub(super) input: &'i [u8],
    /// The next byte that `count` does not count yet. It runs on past the end of the input, where
    /// zeros are read, so that [`Bits::position`] tells how far.
    pub(super) next: usize,
    /// The next bits, the first one lowest. Above the lowest `count` bits there are either zeros or
    /// bits of the bytes from `next` on.
    pub(super) buffer: u64,
    /// How many bits of `buffer` count.
    pub(super) count: u32,
}

impl<'i> Bits<'i> {
    /// Reads `input` from the bit at `position` on.
    pub(super) fn new(input: &'i [u8], position: u64) -> Self {
        let next = usize::try_from(position / 8).unwrap_or(usize::MAX / 16);
        let mut bits = Self {
            input,
            next,
            buffer: 0,
            count: 0,
        };
        bits.refill();
        bits.consume(u32::from(position.to_le_bytes()[0] & 7));
        bits
    }

    /// The place of the next bit.
    pub(super) fn position(&self) -> u64 {
        self.next as u64 * 8 - u64::from(self.count)
    }

    /// Whether more bits were consumed than there are.
    pub(super) fn overrun(&self) -> bool {
        self.position() > self.input.len() as u64 * 8
    }

    /// Makes at least 56 bits count.
    #[inline]
    pub(super) fn refill(&mut self) {
        if let Some(word) = self.input.get(self.next..).and_then(<[u8]>::first_chunk) {
            self.buffer |= u64::from_le_bytes(*word) << self.count;
            self.next += 7 - (self.count as usize >> 3);
            self.count |= LEAST;
        } else {
            while self.count < LEAST {
                let byte = self.input.get(self.next).copied().unwrap_or(0);
                self.buffer |= u64::from(byte) << self.count;
                self.next += 1;
                self.count += 8;
            }
        }
    }

    /// Moves on by `bits`, which must be no more than count.
    #[inline]
    pub(super) fn consume(&mut self, bits: u32) {
        self.buffer >>= bits;
        self.count -= bits;
    }

    /// The next `bits` bits, 16 at most, consumed. They must be there.
    #[inline]
    pub(super) fn take(&mut self, bits: u32) -> u16 {
        let value = self.peek(bits);
        self.consume(bits);
        value
    }

    /// The next `bits` bits, 16 at most.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is masked to 16 bits at most"
    )]
    pub(super) fn peek(&self, bits: u32) -> u16 {
        (self.buffer & ((1 << bits) - 1)) as u16
    }
}
