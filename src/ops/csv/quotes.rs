//! Which pieces begin inside quotes.
//!
//! A piece does if an odd number of quotes comes before it. A thread that takes a piece counts its
//! quotes first, and those of earlier pieces that nobody has counted yet: nobody waits for anybody,
//! and every byte is counted when it has just come into the cache.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::Error;

const UNKNOWN: u8 = 2;

/// What is known of the quotes of all pieces.
pub(super) struct Quotes {
    /// For each piece whether it has an odd number of quotes, and whether it begins inside quotes.
    odd: Vec<AtomicU8>,
    quoted: Vec<AtomicU8>,
}

impl Quotes {
    /// Of so many pieces; of none where no byte quotes.
    pub(super) fn new(pieces: usize) -> Self {
        let unknown = || (0..pieces).map(|_| AtomicU8::new(UNKNOWN)).collect();
        let quoted: Vec<AtomicU8> = unknown();
        if let Some(first) = quoted.first() {
            first.store(0, Ordering::Release);
        }
        Self {
            odd: unknown(),
            quoted,
        }
    }

    /// Whether `piece` begins inside quotes. `count` gives the quotes of a piece.
    pub(super) fn is_quoted(
        &self,
        piece: usize,
        mut count: impl FnMut(usize) -> Result<usize, Error>,
    ) -> Result<bool, Error> {
        if self.quoted.is_empty() {
            return Ok(false);
        }
        // Those who take the next pieces need it.
        self.is_odd(piece, &mut count)?;
        let mut known = piece;
        while self.quoted[known].load(Ordering::Acquire) == UNKNOWN {
            known -= 1;
        }
        let mut quoted = self.quoted[known].load(Ordering::Acquire);
        for earlier in known..piece {
            quoted ^= self.is_odd(earlier, &mut count)?;
            self.quoted[earlier + 1].store(quoted, Ordering::Release);
        }
        Ok(quoted == 1)
    }

    /// 1 where `piece` has an odd number of quotes.
    fn is_odd(
        &self,
        piece: usize,
        count: &mut impl FnMut(usize) -> Result<usize, Error>,
    ) -> Result<u8, Error> {
        let known = self.odd[piece].load(Ordering::Relaxed);
        if known != UNKNOWN {
            return Ok(known);
        }
        let odd = u8::from(count(piece)? % 2 == 1);
        self.odd[piece].store(odd, Ordering::Relaxed);
        Ok(odd)
    }
}
