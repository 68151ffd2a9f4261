//! Rows to text, a piece at a time on all threads.
//!
//! Each thread writes pieces into memory of their own; when all are there, and with them the length
//! of the whole, they are copied to their places on all threads again. A piece is freed as soon as
//! it is copied, and the whole comes from the system as zeros that take no memory until they are
//! written over, so that little more than the whole is there at any time.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, ErrorKind};
use crate::pool::{Context, Team};

/// The most rows that one thread writes between two looks at whether the job is still wanted.
const PIECE_ROWS: usize = 1 << 13;

/// Bytes of a piece, about: few enough to share out evenly and for a cache, and so many that the
/// sharing costs nothing.
const PIECE_BYTES: usize = 512 << 10;

/// The rows to write.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    /// Which.
    pub(crate) range: Range<usize>,
    /// What comes before the first.
    pub(crate) head: &'a [u8],
    /// Bytes that one takes, about.
    pub(crate) row_bytes: usize,
}

impl Rows<'_> {
    /// The head, and behind it what `row` appends for each of the rows.
    pub(crate) fn write(
        &self,
        context: &Context<'_>,
        row: impl Fn(&mut Vec<u8>, usize) -> Result<(), Error> + Sync,
    ) -> Result<Vec<u8>, Error> {
        let row_bytes = self.row_bytes.max(1);
        let piece_rows = (PIECE_BYTES / row_bytes).clamp(1, PIECE_ROWS);
        let count = self.range.len().div_ceil(piece_rows);
        let piece = |text: &mut Vec<u8>, index: usize| -> Result<(), Error> {
            context.check()?;
            let start = self.range.start + index * piece_rows;
            let rows = start..self.range.end.min(start + piece_rows);
            // An estimate alone does not take more: it may be of rows that are all null.
            reserve(text, (rows.len() * row_bytes).min(PIECE_BYTES))?;
            for index in rows {
                row(text, index)?;
            }
            Ok(())
        };
        let team = if count > 1 {
            context.split().team()
        } else {
            None
        };
        let Some(team) = team else {
            let mut text = self.head.to_vec();
            for index in 0..count {
                piece(&mut text, index)?;
            }
            return Ok(text);
        };
        let pieces = team.install(|| {
            (0..count)
                .into_par_iter()
                .map(|index| -> Result<Vec<u8>, Error> {
                    let head: &[u8] = if index == 0 { self.head } else { &[] };
                    let mut text = head.to_vec();
                    piece(&mut text, index)?;
                    Ok(text)
                })
                .collect::<Result<Vec<_>, Error>>()
        })?;
        join(pieces, &team)
    }
}

/// The pieces one after the other.
fn join(pieces: Vec<Vec<u8>>, team: &Team) -> Result<Vec<u8>, Error> {
    let length: usize = pieces.iter().map(Vec::len).sum();
    let mut whole = bytemuck::try_zeroed_vec::<u8>(length).map_err(|()| out_of_memory(length))?;
    let mut places = Vec::with_capacity(pieces.len());
    let mut rest = whole.as_mut_slice();
    for piece in pieces {
        let (place, after) = rest.split_at_mut(piece.len());
        places.push((place, piece));
        rest = after;
    }
    team.install(|| {
        places
            .into_par_iter()
            .for_each(|(place, piece)| place.copy_from_slice(&piece));
    });
    Ok(whole)
}

/// Makes room for `length` more bytes.
#[inline]
pub(crate) fn reserve(text: &mut Vec<u8>, length: usize) -> Result<(), Error> {
    text.try_reserve(length).map_err(|_| out_of_memory(length))
}

fn out_of_memory(length: usize) -> Error {
    ErrorKind::OutOfMemory {
        wanted: length as u64,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::{PIECE_BYTES, PIECE_ROWS, Rows};
    use crate::error::Error;
    use crate::pool::{CancelToken, Context, LaneKind, Split};

    fn number(text: &mut Vec<u8>, row: usize) {
        text.extend_from_slice(row.to_string().as_bytes());
        text.push(b' ');
    }

    fn written(rows: &Rows<'_>, context: &Context<'_>) -> Result<Vec<u8>, Error> {
        rows.write(context, |text, row| {
            number(text, row);
            Ok(())
        })
    }

    #[test]
    fn rows_are_in_their_order_on_any_number_of_threads() {
        let cancel = CancelToken::default();
        let lengths = [0, 1, PIECE_ROWS, PIECE_ROWS + 1, 5 * PIECE_ROWS];
        for threads in [1, 4] {
            let split = Split::new(LaneKind::Bulk, threads);
            let context = Context::new(&cancel, &split);
            for (length, row_bytes) in lengths.map(|length| (length, 1)).into_iter().chain([
                // Down to a row in each piece.
                (500, PIECE_BYTES / 100),
                (50, PIECE_BYTES),
                (50, usize::MAX / 100),
                (50, 0),
            ]) {
                let range = 7..7 + length;
                let mut expected = b"head ".to_vec();
                for row in range.clone() {
                    number(&mut expected, row);
                }
                let rows = Rows {
                    range,
                    head: b"head ",
                    row_bytes,
                };
                let text = written(&rows, &context).expect("not cancelled");
                assert_eq!(text, expected, "{length} rows of {row_bytes}");
            }
        }
    }

    #[test]
    fn a_cancelled_job_writes_no_more() {
        let cancel = CancelToken::default();
        cancel.cancel();
        for threads in [1, 2] {
            let split = Split::new(LaneKind::Bulk, threads);
            let rows = Rows {
                range: 0..3 * PIECE_ROWS,
                head: b"",
                row_bytes: 1,
            };
            let error = written(&rows, &Context::new(&cancel, &split)).expect_err("cancelled");
            assert_eq!(error.code(), "ABORT_ERR");
        }
    }
}
