//! Decodes block after block (RFC 1951, 3.2.3).

use super::bits::Bits;
use super::header::{self, Block};
use super::kernels::Element;
use super::symbols;
use super::tables::Tables;

/// Why [`Blocks::advance`] comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// As much is decoded as was asked for, in the middle of a block.
    Stop,
    /// A block is at its end, and another one follows.
    Between,
    /// The last block is at its end.
    Last,
    /// The output has no room for the rest of the block, which is to be decoded again from its
    /// beginning.
    Full,
    /// The data are not valid.
    Invalid,
}

/// A place in a deflate stream, between two blocks or within one.
pub(super) struct Blocks<'i> {
    bits: Bits<'i>,
    tables: Box<Tables>,
    /// Within a block of symbols.
    inside: bool,
    /// The block is the last one.
    last: bool,
}

impl<'i> Blocks<'i> {
    /// Decodes `input`, whose first block begins at bit 0.
    pub(super) fn new(input: &'i [u8]) -> Self {
        Self {
            bits: Bits::new(input, 0),
            tables: Tables::new(),
            inside: false,
            last: false,
        }
    }

    /// Goes to another block, which begins at the bit at `position`.
    pub(super) fn seek(&mut self, position: u64) {
        self.bits = Bits::new(self.bits.input, position);
        self.inside = false;
    }

    /// The place of the next bit.
    pub(super) fn position(&self) -> u64 {
        self.bits.position()
    }

    /// Decodes to `output` from `at` on: to the end of the block, or until `at` is at or past
    /// `stop`. Matches may reach back to the beginning of `output`.
    pub(super) fn advance<E: Element>(
        &mut self,
        output: &mut [E],
        at: &mut usize,
        stop: usize,
    ) -> Pause {
        if !self.inside {
            match header::read(&mut self.bits, &mut self.tables) {
                None => return Pause::Invalid,
                Some((Block::Stored(length), last)) => {
                    self.last = last;
                    return self.stored(length, output, at);
                }
                Some((Block::Coded, last)) => {
                    self.last = last;
                    self.inside = true;
                }
            }
        }
        match symbols::run(&mut self.bits, &self.tables, output, at, stop) {
            symbols::Pause::Stop => Pause::Stop,
            symbols::Pause::End => self.end(),
            symbols::Pause::Full => Pause::Full,
            symbols::Pause::Invalid => Pause::Invalid,
        }
    }

    /// Copies a stored block, whose header is read.
    fn stored<E: Element>(&mut self, length: usize, output: &mut [E], at: &mut usize) -> Pause {
        let input = self.bits.input;
        let start = usize::try_from(self.bits.position() / 8).unwrap_or(usize::MAX);
        let Some(from) = input.get(start..).and_then(|rest| rest.get(..length)) else {
            return Pause::Invalid;
        };
        let Some(to) = output.get_mut(*at..*at + length) else {
            return Pause::Full;
        };
        for (to, from) in to.iter_mut().zip(from) {
            *to = (*from).into();
        }
        *at += length;
        self.bits = Bits::new(input, (start + length) as u64 * 8);
        self.end()
    }

    /// Behind a block.
    fn end(&mut self) -> Pause {
        self.inside = false;
        if self.last {
            Pause::Last
        } else {
            Pause::Between
        }
    }
}
