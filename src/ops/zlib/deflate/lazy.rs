//! The fast parses: take a match at once (greedy), or look first whether the next position or the
//! one after has a better one (lazy: zlib's `deflate_slow`, libdeflate's
//! `deflate_compress_lazy_generic`).

use std::collections::TryReserveError;

use super::finder::{Finder, LONG_CAP};
use super::parse::Parse;
use super::sink::Sink;
use super::symbols::MIN_MATCH;
use super::tokens::Token;
use super::window::Window;

/// A match of three bytes from farther away costs more than three literals (zlib's `TOO_FAR`).
const TOO_FAR: u32 = 4096;

/// After so many positions without a match, one more position is passed over each time: what has
/// not been compressible so far is not worth much time (LZ4's acceleration).
const PATIENCE: u32 = 128;
/// The most positions that are passed over at a time.
const MOST_PASSED: u32 = 15;
/// Of a match of this length or more, few of the positions are entered.
pub(super) const VERY_LONG: u32 = 160;
/// The distance between those that are.
pub(super) const VERY_LONG_STRIDE: usize = 8;

/// What a position offers.
#[derive(Clone, Copy)]
struct Offer {
    /// The match's length, 0 if there is none.
    length: u32,
    /// The match's distance.
    distance: u32,
}

impl Offer {
    /// The best match at a position.
    #[inline(always)]
    fn at(finder: &mut impl Finder, window: &Window, parse: &Parse, position: u32) -> Self {
        let found = finder.find(window, position, position - parse.reach);
        let best = found.longest.or(found.nearest);
        let mut length = best.length();
        if length == LONG_CAP {
            length = window.match_length(position, best.position(), LONG_CAP);
        }
        let length = length.min(parse.end - position);
        let distance = position - best.position();
        if length < MIN_MATCH || length == MIN_MATCH && distance > TOO_FAR {
            return Self {
                length: 0,
                distance: 1,
            };
        }
        Self { length, distance }
    }

    /// Whether this match, so many bytes after the other, is worth waiting for.
    ///
    /// The measure is libdeflate's: a byte that a match is longer is worth four bits, a distance
    /// costs its logarithm, and a literal more in front of the match two bits.
    #[inline(always)]
    fn beats(self, other: Self, bytes: u32) -> bool {
        let worth =
            |offer: Self| 4 * offer.length.cast_signed() - offer.distance.ilog2().cast_signed();
        self.length != 0 && worth(self) > worth(other) + 2 * bytes.cast_signed()
    }
}

/// Parses the positions from `from` up to `to`, or somewhat beyond; returns where it ends. Before
/// a match is taken, `AHEAD` positions after its own are looked at, 0 to 2; of the others inside
/// it every `STRIDE`th is entered in the tables.
pub(super) fn parse<const AHEAD: u32, const STRIDE: usize>(
    finder: &mut impl Finder,
    window: &Window,
    sink: &mut Sink<'_>,
    parse: &Parse,
    from: u32,
    to: u32,
) -> Result<u32, TryReserveError> {
    let mut position = from;
    let mut misses = 0;
    while position < to {
        let mut best = Offer::at(finder, window, parse, position);
        if best.length == 0 {
            misses += 1;
            let passed = (misses / PATIENCE)
                .min(MOST_PASSED)
                .min(parse.end - position - 1);
            for _ in 0..=passed {
                sink.push(Token::literal(window.byte(position)))?;
                position += 1;
            }
            continue;
        }
        misses = 0;
        // How many positions from the match's own on have been entered.
        let mut ahead = 1;
        while ahead <= AHEAD && best.length < parse.nice && position + ahead < parse.end {
            let offer = Offer::at(finder, window, parse, position + ahead);
            if offer.beats(best, ahead) {
                for _ in 0..ahead {
                    sink.push(Token::literal(window.byte(position)))?;
                    position += 1;
                }
                best = offer;
                ahead = 0;
            }
            ahead += 1;
        }
        sink.push(Token::a_match(best.length, best.distance))?;
        let stride = if best.length < VERY_LONG {
            STRIDE
        } else {
            VERY_LONG_STRIDE
        };
        for entered in (ahead..best.length).step_by(stride) {
            finder.insert(window, position + entered);
        }
        position += best.length;
    }
    Ok(position)
}
