//! One piece of a CSV, from bytes to columns, by one thread.

use super::column;
use super::fields::{Fields, Text, is_regular, trimmed};
use super::layout::Layout;
use super::problem::{Problem, What};
use super::scan::{Index, Outcome, Piece, entry, first_record, index};
use super::walk::Step;
use crate::error::Error;
use crate::ops::columns::{self, Column, Read, Request};
use crate::ops::source::{Source, position};
use crate::ops::table::OnError;

/// Bytes after a piece that are read with it, for its last record.
const MARGIN: u64 = 4 << 10;

/// What a thread keeps from one piece to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    buffer: Vec<u8>,
    index: Index,
    walked: Vec<usize>,
    /// The entries of a piece of which some records were left out.
    mended: Vec<u32>,
    pub(super) spare: Vec<Column>,
}

impl Scratch {
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }
}

/// The columns of a piece, and how it ended: irregular where its quotes do not stand as RFC 4180 has
/// them, so that only a walk from the beginning can tell.
pub(super) type Ending = columns::Ending<Problem>;

/// Where a piece is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its first byte.
    pub(super) begin: u64,
    /// The first byte of the next piece.
    pub(super) end: u64,
    /// Whether a record begins at its first byte, rather than after its first line end.
    pub(super) at_record: bool,
    /// Whether its first byte is inside quotes.
    pub(super) quoted: bool,
    /// The end of the source, and whether more comes after it.
    pub(super) source_end: u64,
    pub(super) is_final: bool,
    /// The most records that are of use.
    pub(super) wanted: u64,
}

/// Reads the records that begin in `place`, side by side with other threads.
pub(super) fn scan<S: Source + ?Sized>(
    source: &S,
    layout: &Layout,
    place: Place,
    fields: &[usize],
    requests: &[Request],
    scratch: &mut Scratch,
) -> Result<Ending, Error> {
    let Scratch {
        buffer,
        index: found,
        mended,
        spare,
        ..
    } = scratch;
    let longest = layout.max_record_size as u64;
    // The byte before tells whether a record begins at the first one.
    let first = place.begin - u64::from(!place.at_record);
    let mut margin = if source.is_memory() {
        longest + 1
    } else {
        MARGIN
    };
    loop {
        let last = place.source_end.min(place.end.saturating_add(margin));
        let bytes = source.read(first..last, buffer)?;
        let own = position(place.end - first);
        // Where no record may begin there is nothing to read.
        let bytes = if place.begin < place.end { bytes } else { &[] };
        let separators = layout.grammar.separators;
        let start = if place.at_record {
            Some(0)
        } else {
            let is_quote = bytes.first().copied() == separators.quote && separators.quote.is_some();
            first_record(bytes, separators, place.quoted != is_quote, own)
        };
        let Some(start) = start else {
            return Ok(Ending::Read(Read::default()));
        };
        let is_last = last == place.source_end;
        let piece = Piece {
            bytes,
            start,
            own,
            at_end: is_last && place.is_final,
        };
        // What ends the parse after the records before it.
        let mut fatal = None;
        let next = match index(piece, separators, found) {
            Outcome::Whole { next } => next,
            Outcome::Cut { record } if is_last => record,
            Outcome::Cut { record } if (bytes.len() - record) as u64 > longest => {
                fatal = Some(layout.too_long(first + record as u64));
                record
            }
            Outcome::Cut { .. } => {
                margin = margin.saturating_mul(8).min(longest + 1);
                continue;
            }
            Outcome::Irregular => return Ok(Ending::Irregular),
        };
        let indexed = Indexed {
            layout,
            bytes,
            first,
            index: found,
        };
        let next = first + next as u64;
        return Ok(indexed.read(next, fatal, fields, requests, mended, spare));
    }
}

/// Reads the records from `place` on one by one, up to the first that begins behind it, and no more
/// than are wanted.
pub(super) fn walk<S: Source + ?Sized>(
    source: &S,
    layout: &Layout,
    place: Place,
    fields: &[usize],
    requests: &[Request],
    scratch: &mut Scratch,
) -> Result<Ending, Error> {
    let Scratch {
        buffer,
        index: found,
        walked,
        mended,
        spare,
    } = scratch;
    let longest = layout.max_record_size as u64;
    let mut margin = if source.is_memory() {
        longest + 1
    } else {
        MARGIN
    };
    loop {
        let last = place.source_end.min(place.end.saturating_add(margin));
        let bytes = source.read(place.begin..last, buffer)?;
        let own = position(place.end - place.begin);
        let is_last = last == place.source_end;
        let at_end = is_last && place.is_final;
        found.clear();
        let mut faults = Vec::new();
        // What ends the parse after the records before it.
        let mut fatal = None;
        let mut at = 0;
        let mut is_whole = true;
        while at < own && at < bytes.len() && (found.records.len() as u64) < place.wanted {
            walked.clear();
            let step = layout.grammar.step(bytes, at, at_end, walked);
            if step != Step::Incomplete && step.length(bytes, at) as u64 > longest {
                fatal = Some(layout.too_long(place.begin + at as u64));
                break;
            }
            match step {
                Step::Record { next } => {
                    let begins = entry(found.entries().len());
                    for position in &*walked {
                        found.push(entry(*position));
                    }
                    found
                        .records
                        .push((begins, entry(found.entries().len() - 1)));
                    at = next;
                }
                Step::Skipped { next } => at = next,
                Step::Incomplete => {
                    is_whole = false;
                    break;
                }
                Step::Faulty {
                    at: wrong_at,
                    fault,
                    next,
                } => {
                    let quote = layout.grammar.separators.quote.unwrap_or(b'"');
                    let problem = What::Fault(fault, quote).at(place.begin + wrong_at as u64);
                    if layout.on_error == OnError::Throw {
                        fatal = Some(problem);
                        break;
                    }
                    faults.push(problem);
                    at = next;
                }
            }
        }
        if !is_whole && !is_last {
            if (bytes.len() - at) as u64 > longest {
                fatal = Some(layout.too_long(place.begin + at as u64));
            } else {
                margin = margin.saturating_mul(8).min(longest + 1);
                continue;
            }
        }
        let indexed = Indexed {
            layout,
            bytes,
            first: place.begin,
            index: found,
        };
        let next = place.begin + at as u64;
        let mut ending = indexed.read(next, fatal, fields, requests, mended, spare);
        if let Ending::Read(read) = &mut ending {
            read.problems.append(&mut faults);
            read.problems.sort_by_key(|problem| problem.offset);
        }
        return Ok(ending);
    }
}

/// A piece whose records are known.
struct Indexed<'a> {
    layout: &'a Layout,
    bytes: &'a [u8],
    /// Where in the source the bytes begin.
    first: u64,
    index: &'a Index,
}

impl Indexed<'_> {
    /// The columns of the records, unless something is wrong with one of them, or with `fatal` after
    /// the last.
    fn read(
        &self,
        next: u64,
        mut fatal: Option<Problem>,
        fields: &[usize],
        requests: &[Request],
        mended: &mut Vec<u32>,
        spare: &mut Vec<Column>,
    ) -> Ending {
        let Self {
            layout,
            bytes,
            first,
            index,
        } = *self;
        let width = layout.width;
        let mut problems = Vec::new();
        let mut rows = index.records.len();
        // One field and nothing in it: an empty line, or a record of the only column.
        let has_empty_lines = layout.grammar.skip_empty_lines && width == 1;
        let may_be_long = next - first > layout.max_record_size as u64;
        let mut is_mended = has_empty_lines || may_be_long || !is_regular(index, width);
        let mut carriage_returns = index.carriage_returns;
        if is_mended {
            carriage_returns = false;
            let found;
            (rows, found) = self.mend(mended, &mut problems);
            fatal = found.or(fatal);
        }
        let mut columns = Vec::with_capacity(fields.len());
        loop {
            let view = Fields {
                bytes,
                entries: if is_mended { &*mended } else { index.entries() },
                stride: width + usize::from(is_mended),
                rows,
                width,
                carriage_returns,
                syntax: layout.grammar.syntax,
            };
            for (&field, &request) in fields.iter().zip(requests) {
                let mut column = spare.pop().unwrap_or_default();
                let source = column::Source {
                    fields: &view,
                    field,
                    nulls: &layout.nulls,
                };
                source.read(&mut column, request);
                columns.push(column);
            }
            let misfits = self.misfits(&view, fields, &columns);
            if misfits.is_empty() {
                break;
            }
            if layout.on_error == OnError::Throw {
                let first = misfits.into_iter().map(|(_, problem)| problem).next();
                return Ending::Wrong(first.unwrap_or_else(|| unreachable!("not empty")));
            }
            // Once more without the records that do not fit.
            *mended = without(&view, misfits.iter().map(|(row, _)| *row));
            is_mended = true;
            rows -= misfits.len();
            problems.extend(misfits.into_iter().map(|(_, problem)| problem));
            spare.append(&mut columns);
        }
        if let Some(problem) = fatal {
            return Ending::Wrong(problem);
        }
        problems.sort_by_key(|problem| problem.offset);
        Ending::Read(Read {
            rows,
            columns,
            next,
            problems,
        })
    }

    /// Makes entries of records that all have `width` fields, up to the first that ends the parse.
    fn mend(&self, mended: &mut Vec<u32>, problems: &mut Vec<Problem>) -> (usize, Option<Problem>) {
        let Self {
            layout,
            bytes,
            first,
            index,
        } = *self;
        let width = layout.width;
        mended.clear();
        let mut rows = 0;
        for &(from, to) in &index.records {
            let record = &index.entries()[from as usize..=to as usize];
            let start = record[0].wrapping_add(1) as usize;
            let count = record.len() - 1;
            let end = record[count] as usize;
            // The last field without the `\r` of `\r\n`.
            let is_pair = end > start && bytes.get(end) == Some(&b'\n') && bytes[end - 1] == b'\r';
            let text_end = end - usize::from(is_pair);
            if layout.grammar.skip_empty_lines && count == 1 {
                let text = bytes.get(start..text_end).unwrap_or_default();
                let is_empty =
                    text.is_empty() || (layout.grammar.syntax.trim && trimmed(text).is_empty());
                if is_empty {
                    continue;
                }
            }
            if end - start > layout.max_record_size {
                return (rows, Some(layout.too_long(first + start as u64)));
            }
            if count != width && !layout.relax_column_count {
                let what = What::FieldCount {
                    expected: width,
                    received: count,
                };
                let problem = what.at(first + start as u64);
                if layout.on_error == OnError::Throw {
                    return (rows, Some(problem));
                }
                problems.push(problem);
                continue;
            }
            let kept = count.min(width);
            mended.extend_from_slice(&record[..kept]);
            mended.push(if kept == count {
                entry(text_end)
            } else {
                record[kept]
            });
            // Missing ones begin behind their end.
            for _ in kept..width {
                mended.push(entry(text_end));
            }
            rows += 1;
        }
        (rows, None)
    }

    /// The first value of each row that does not fit its column.
    fn misfits(
        &self,
        view: &Fields<'_>,
        fields: &[usize],
        columns: &[Column],
    ) -> Vec<(usize, Problem)> {
        let mut found: Vec<(usize, usize, bool)> = Vec::new();
        for (target, column) in columns.iter().enumerate() {
            let misfits = column.misfits.iter();
            found.extend(misfits.map(|misfit| (misfit.row, target, misfit.not_utf8)));
        }
        found.sort_unstable();
        found.dedup_by_key(|misfit| misfit.0);
        let problem = |(row, target, not_utf8): (usize, usize, bool)| {
            let field = fields[target];
            let text = match view.text(row, field) {
                Text::Missing => &[],
                Text::Plain(text) | Text::Quoted(text) => text,
            };
            let column = self.layout.name_of(field);
            let what = if not_utf8 {
                What::NotUtf8 { column }
            } else {
                What::Value {
                    column,
                    kind: columns[target].kind.column_type(),
                    text: text[..text.len().min(256)].to_vec(),
                }
            };
            (row, what.at(self.first + view.start(row, field) as u64))
        };
        found.into_iter().map(problem).collect()
    }
}

/// The entries of all rows but those of `left_out`, which are in their order.
fn without(view: &Fields<'_>, left_out: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut left_out = left_out.peekable();
    let mut kept = Vec::with_capacity(view.rows * (view.width + 1));
    for row in 0..view.rows {
        if left_out.next_if_eq(&row).is_none() {
            let start = row * view.stride;
            kept.extend_from_slice(&view.entries[start..=start + view.width]);
        }
    }
    kept
}
