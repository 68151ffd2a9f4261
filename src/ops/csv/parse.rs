//! A CSV as pieces of a table.
//!
//! A piece can be read beside others as soon as it is known whether its first byte is inside quotes.
//! Where quotes do not tell that, pieces are read in sequence, a record at a time.

use memchr::memchr_iter;

use super::layout::Layout;
use super::piece::{Ending, Place, Scratch, scan, walk};
use super::problem::Problem;
use super::quotes::Quotes;
use crate::error::Error;
use crate::ops::columns::{
    self, Column, Extent, Kind, Order, Piece, Pieces, Request, Widening, changed, read_all,
};
use crate::ops::source::{Source, position};
use crate::ops::table::OnError;
use crate::pool::Context;

/// Which part of a source is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Where the first record begins.
    pub(super) start: u64,
    /// Records that begin from here on are left out.
    pub(super) end: u64,
    /// Whether nothing comes after the end of the source.
    pub(super) is_final: bool,
    /// The most records.
    pub(super) limit: u64,
}

/// What a reading of a source gives.
pub(super) type Parsed = columns::Parsed<Problem>;

/// Why there is nothing.
pub(super) enum Failure {
    Wrong(Problem),
    Error(Error),
}

/// Reads what is in `bounds`, with columns of at least the kinds `known`.
pub(super) fn parse<S: Source + ?Sized>(
    source: &S,
    layout: &Layout,
    bounds: Bounds,
    known: &[Kind],
    context: &Context<'_>,
) -> Result<Parsed, Failure> {
    // Records after the last one that is wanted decide nothing: neither types nor errors.
    let mut walks = !layout.parallel || bounds.limit < u64::MAX;
    loop {
        let records = Records::new(source, layout, bounds, walks);
        return match read_all(&records, &layout.targets, known, context) {
            Ok(parsed) => Ok(parsed),
            Err(columns::Failure::Irregular) if !walks => {
                walks = true;
                continue;
            }
            Err(columns::Failure::Irregular) => Err(Failure::Error(changed())),
            Err(columns::Failure::Wrong(problem)) => Err(Failure::Wrong(problem)),
            Err(columns::Failure::Error(error)) => Err(Failure::Error(error)),
        };
    }
}

/// The records of a part of a source.
struct Records<'a, S: ?Sized> {
    source: &'a S,
    layout: &'a Layout,
    bounds: Bounds,
    /// Whether they are read one after the other.
    walks: bool,
    pieces: usize,
    quotes: Quotes,
}

impl<'a, S: Source + ?Sized> Records<'a, S> {
    fn new(source: &'a S, layout: &'a Layout, bounds: Bounds, walks: bool) -> Self {
        let pieces = position((bounds.end - bounds.start).div_ceil(layout.piece_bytes)).max(1);
        let counts_quotes = layout.grammar.separators.quote.is_some() && !walks;
        Self {
            source,
            layout,
            bounds,
            walks,
            pieces,
            quotes: Quotes::new(if counts_quotes { pieces } else { 0 }),
        }
    }

    fn place(&self, begin: u64) -> Place {
        let Bounds {
            end,
            is_final,
            limit,
            ..
        } = self.bounds;
        Place {
            begin,
            end: end.min(begin.saturating_add(self.layout.piece_bytes)),
            at_record: true,
            quoted: false,
            source_end: self.source.len(),
            is_final,
            wanted: limit,
        }
    }

    fn numbered(&self, piece: usize) -> Place {
        let begin = self.bounds.start + piece as u64 * self.layout.piece_bytes;
        Place {
            at_record: piece == 0,
            ..self.place(begin)
        }
    }

    fn count_quotes(&self, piece: usize, buffer: &mut Vec<u8>) -> Result<usize, Error> {
        let Place { begin, end, .. } = self.numbered(piece);
        let bytes = self.source.read(begin..end, buffer)?;
        let quote = self.layout.grammar.separators.quote.unwrap_or(b'"');
        Ok(memchr_iter(quote, bytes).count())
    }
}

impl<S: Source + ?Sized> Pieces for Records<'_, S> {
    type Scratch = Scratch;
    type Problem = Problem;

    fn order(&self) -> Order {
        if self.walks {
            Order::InSequence {
                limit: self.bounds.limit,
            }
        } else {
            Order::SideBySide {
                pieces: self.pieces,
            }
        }
    }

    fn extent(&self) -> Extent {
        Extent {
            start: self.bounds.start,
            end: self.bounds.end,
            step: self.layout.piece_bytes,
        }
    }

    fn widening(&self) -> Widening {
        Widening::Csv
    }

    fn leaves_out(&self) -> bool {
        self.layout.on_error != OnError::Throw
    }

    fn read(
        &self,
        piece: Piece,
        fields: &[usize],
        requests: &[Request],
        scratch: &mut Scratch,
    ) -> Result<Ending, Error> {
        let (source, layout) = (self.source, self.layout);
        match piece {
            Piece::Numbered(number) => {
                let count = |piece| self.count_quotes(piece, scratch.buffer());
                let place = Place {
                    quoted: number > 0 && self.quotes.is_quoted(number, count)?,
                    ..self.numbered(number)
                };
                scan(source, layout, place, fields, requests, scratch)
            }
            Piece::At { position, wanted } => {
                let place = Place {
                    wanted,
                    ..self.place(position)
                };
                walk(source, layout, place, fields, requests, scratch)
            }
        }
    }

    fn spare(scratch: &mut Scratch) -> &mut Vec<Column> {
        &mut scratch.spare
    }
}
