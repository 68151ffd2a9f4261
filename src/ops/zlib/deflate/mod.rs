//! DEFLATE (RFC 1951) encoding: on CSV zlib's ratios or better, level by level, in half to three
//! quarters of its time.
//!
//! [`Encoder`] compresses a block of the input at a time, with up to 32 KiB of what comes before
//! it as history, so that several threads can work on one input in the manner of pigz. Blocks of
//! 512 KiB serve well: their second-level cache footprint is the encoder's own memory, whatever
//! the block's size, and the history is entered again for each one, which is a
//! sixteenth of the positions, without a search.
//!
//! The way of the bytes: `window` copies them, `finder` says where they have been before,
//! `lazy` or `optimal` decides what to make of that, `sink` collects the tokens and decides
//! where blocks end, and `block` writes them with the codes that `huffman` makes.
//!
//! The input may be written to by others at the same time. Each byte is read once by the window's
//! copy, and all decisions come from there; a stored block reads the input again, but only its
//! bytes' values depend on that. So the output may then be no compression of anything, but there
//! is no panic and no endless loop.

mod bits;
mod block;
mod costs;
mod entropy;
mod finder;
mod header;
mod huffman;
mod kernels;
mod lazy;
mod memory;
mod optimal;
mod params;
mod parse;
mod sink;
mod symbols;
#[cfg(test)]
mod tests;
mod tokens;
mod window;

use std::collections::TryReserveError;

use block::BlockWriter;
use finder::Finder;
use optimal::Segment;
use params::Matcher;
use parse::Parse;
use sink::{CAPACITY, Sink};
use tokens::Token;
use window::{LOOKAHEAD, MAX_DISTANCE, SLIDE, Window};

/// How a piece of output ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At a byte, with an empty stored block (00 00 FF FF): more may follow.
    Flush,
    /// With the last block, padded to a byte.
    Last,
}

/// Reusable working memory, below 512 KiB.
pub(super) struct Encoder {
    /// What compresses; nothing at level 0.
    work: Option<Work>,
}

/// The working memory of the levels that compress.
struct Work {
    /// The match finder.
    matcher: Matcher,
    /// The length of a match that ends its search.
    nice: u32,
    /// One more than the greatest distance.
    reach: usize,
    /// Where matches are looked for.
    window: Window,
    /// The tokens of a block.
    tokens: Box<[Token; CAPACITY]>,
    /// What the optimal parse needs.
    segment: Segment,
}

impl Encoder {
    /// Working memory for a level, 0 to 9, and distances up to 2 to the power of `window_bits`,
    /// 9 to 15. What is beyond counts as the nearest one that exists.
    pub(super) fn new(level: u8, window_bits: u8) -> Result<Self, TryReserveError> {
        if level == 0 {
            return Ok(Self { work: None });
        }
        let (matcher, nice) = Matcher::new(level)?;
        let reach = ((1 << window_bits.clamp(9, 15)) + 1).min(MAX_DISTANCE);
        let (window, tokens) = (Window::new()?, memory::boxed(Token::default())?);
        let segment = Segment::new()?;
        Ok(Self {
            work: Some(Work {
                matcher,
                nice,
                reach,
                window,
                tokens,
                segment,
            }),
        })
    }

    /// Compresses `data[start..]` as raw DEFLATE, appended to `out`, which begins at a byte.
    /// Matches reach back into `data[..start]`.
    ///
    /// The result depends on the arguments, the level and the window's bits only. After an error
    /// `out` holds a part of it.
    pub(super) fn compress(
        &mut self,
        data: &[u8],
        start: usize,
        end: End,
        out: &mut Vec<u8>,
    ) -> Result<(), TryReserveError> {
        let start = start.min(data.len());
        let writer = BlockWriter::new(data, start, out);
        let last = end == End::Last;
        match &mut self.work {
            None => writer.store_all(last),
            Some(work) => {
                let history = start.min(work.reach - 1);
                work.compress(writer, &data[start - history..], history, last)
            }
        }
    }
}

impl Work {
    /// Compresses `data` after its first `history` bytes.
    fn compress(
        &mut self,
        writer: BlockWriter<'_>,
        data: &[u8],
        history: usize,
        last: bool,
    ) -> Result<(), TryReserveError> {
        let Self {
            matcher,
            nice,
            reach,
            window,
            tokens,
            segment,
        } = self;
        let mut sink = Sink::new(tokens, writer);
        let mut piece = Piece {
            window,
            sink: &mut sink,
            data,
            history,
            parse: Parse {
                nice: *nice,
                reach: low_32(*reach),
                end: 0,
            },
        };
        match matcher {
            Matcher::Skipping(finder) => piece.run(finder, lazy::parse::<0, 3>),
            Matcher::Greedy(finder) => piece.run(finder, lazy::parse::<0, 1>),
            Matcher::Ahead(finder) => piece.run(finder, lazy::parse::<1, 1>),
            Matcher::AheadDeeper(finder) => piece.run(finder, lazy::parse::<1, 1>),
            Matcher::AheadFarther(finder) => piece.run(finder, lazy::parse::<1, 1>),
            Matcher::TwoAhead(finder) => piece.run(finder, lazy::parse::<2, 1>),
            Matcher::Optimal(finder) => {
                piece.run(finder, |finder, window, sink, parse, from, to| {
                    segment.parse(finder, window, sink, parse, from, to)
                })
            }
        }?;
        sink.end(last)
    }
}

/// A piece of input on its way through the window.
struct Piece<'a, 'b> {
    /// The window.
    window: &'a mut Window,
    /// Where the tokens go.
    sink: &'a mut Sink<'b>,
    /// The history and what is compressed.
    data: &'a [u8],
    /// How many bytes of it are history.
    history: usize,
    /// The bounds of the parse.
    parse: Parse,
}

impl Piece<'_, '_> {
    /// Parses everything with `parse`, which is given the positions from which and up to which it
    /// parses, and returns where it ends, which may be somewhat later.
    fn run<F: Finder>(
        &mut self,
        finder: &mut F,
        mut parse: impl FnMut(
            &mut F,
            &Window,
            &mut Sink<'_>,
            &Parse,
            u32,
            u32,
        ) -> Result<u32, TryReserveError>,
    ) -> Result<(), TryReserveError> {
        // What is compressed begins in the middle of the window, so that position 0, which stands
        // for none in the tables, is always too far away.
        finder.restart(self.data.len());
        self.window.restart(SLIDE - self.history);
        let mut rest = &self.data[self.window.fill(self.data)..];
        for position in SLIDE - self.history..SLIDE {
            finder.insert(self.window, low_32(position));
        }
        let mut position = low_32(SLIDE);
        loop {
            let end = self.window.end();
            self.parse.end = low_32(end);
            let to = if rest.is_empty() {
                end
            } else {
                end - LOOKAHEAD
            };
            position = parse(
                finder,
                self.window,
                self.sink,
                &self.parse,
                position,
                low_32(to),
            )?;
            if rest.is_empty() {
                return Ok(());
            }
            self.window.slide();
            finder.slide();
            position -= low_32(SLIDE);
            rest = &rest[self.window.fill(rest)..];
        }
    }
}

/// A position or length in the window, which has 17 bits at most.
fn low_32(position: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the window is far smaller")]
    let position = position as u32;
    position
}
