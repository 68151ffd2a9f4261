//! NDJSON: a value on each line, of which each is a row of a table.

use std::mem;

use memchr::{memchr, memrchr};

use super::fault::{self, Fault};
use super::index::MOST_DEPTH;
use super::record::{Checks, Records, Scratch as Walk};
use super::records::{Layout, NewKeys, not_an_object, too_sparse};
use super::scalar::Class;
use super::scan::{BLOCK, Raw, State, Task, Tokens, block_at, dispatch, resolve};
use super::segments::escapes_are_valid;
use super::walk::{Stack, Walk as Grammar};
use crate::error::{Error, ErrorKind};
use crate::ops::columns::{Column, Ending, Extent, Order, Piece, Pieces, Read, Request, Widening};
use crate::ops::source::{Source, position};
use crate::ops::table::OnError;

/// Bytes after a piece that are read with it, for its last line.
const MARGIN: u64 = 4 << 10;

/// What a line ends with, as errors name it.
const LINE_END: &str = "the end of the line";

/// How lines are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) on_error: OnError,
    pub(super) max_depth: usize,
    pub(super) max_record_size: usize,
    pub(super) piece_bytes: u64,
    /// Whether lines may be anything, and other keys than those wanted do not matter.
    pub(super) any: bool,
}

/// The lines of a part of a source.
pub(super) struct Lines<'a, S: ?Sized> {
    pub(super) source: &'a S,
    pub(super) layout: &'a Layout,
    pub(super) rules: Rules,
    /// Where the first line begins.
    pub(super) start: u64,
    /// Lines that begin from here on are left out.
    pub(super) end: u64,
    pub(super) new_keys: NewKeys,
    /// Whether keys that have columns count as new.
    pub(super) all_keys: bool,
}

#[derive(Default)]
pub(super) struct Scratch {
    buffer: Vec<u8>,
    lines: Vec<Line>,
    walk: Walk,
    stack: Stack,
    spare: Vec<Column>,
}

/// The lines of a piece.
enum Found<'b> {
    Nothing,
    /// One that is longer than any may be.
    TooLong(Fault),
    /// Their bytes, and where those begin in the source.
    Lines(&'b [u8], u64),
}

/// A line of a piece.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: usize,
    end: usize,
    /// Where it is known.
    first_token: Option<usize>,
    /// Whether a string in it is wrong, so that it has no tokens.
    is_wrong: bool,
}

impl<S: Source + ?Sized> Lines<'_, S> {
    fn pieces(&self) -> usize {
        position((self.end - self.start).div_ceil(self.rules.piece_bytes)).max(1)
    }

    /// The lines that begin in `begin..end`.
    fn bytes<'b>(
        &'b self,
        begin: u64,
        end: u64,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Found<'b>, Error> {
        let longest = self.rules.max_record_size as u64;
        // The byte before tells whether a line begins at the first one.
        let first = begin - u64::from(begin > self.start);
        let mut margin = if self.source.is_memory() {
            longest + 1
        } else {
            MARGIN
        };
        // Borrowed anew in each round, so that it can be returned from the last.
        let (start, stop) = loop {
            let last = self.source.len().min(end.saturating_add(margin));
            let bytes = self.source.read(first..last, buffer)?;
            let start = if begin > self.start {
                let own = position(end - first);
                match memchr(b'\n', &bytes[..own.min(bytes.len())]) {
                    Some(at) if first + at as u64 + 1 < end => at + 1,
                    _ => return Ok(Found::Nothing),
                }
            } else {
                0
            };
            // The line that the last own byte is in ends here.
            let own = position(end - first) - 1;
            let rest = bytes.get(own..).unwrap_or_default();
            match memchr(b'\n', rest) {
                Some(at) => break (start, own + at + 1),
                None if last == self.source.len() => break (start, bytes.len()),
                None => {}
            }
            let line = memrchr(b'\n', &bytes[start..]).map_or(start, |at| start + at + 1);
            if (bytes.len() - line) as u64 > longest {
                return Ok(Found::TooLong(self.too_long(first + line as u64)));
            }
            margin = margin.saturating_mul(8).min(longest + 1);
        };
        let bytes = if self.source.is_memory() {
            self.source.read(first..first + stop as u64, buffer)?
        } else {
            // Where the last round has put them.
            &buffer[..stop]
        };
        Ok(Found::Lines(&bytes[start..], first + start as u64))
    }

    fn too_long(&self, offset: u64) -> Fault {
        Fault {
            offset,
            message: format!(
                "Expected a line of at most {} bytes (maxRecordSize) but this one is longer",
                self.rules.max_record_size
            ),
        }
    }
}

/// What is done with lines that are wrong.
struct Judge {
    on_error: OnError,
    problems: Vec<Fault>,
    /// What ends the parse.
    fatal: Option<Fault>,
}

impl Judge {
    /// Takes a fault whose offset is from `base`. Whether to go on.
    fn takes(&mut self, mut fault: Fault, base: u64) -> bool {
        fault.offset += base;
        if self.on_error == OnError::Throw {
            self.fatal = Some(fault);
            return false;
        }
        self.problems.push(fault);
        true
    }
}

impl<S: Source + ?Sized> Lines<'_, S> {
    /// Finds the lines of `bytes` that are not blank, and their tokens: those of all at once, as a
    /// rule, and of each by itself where a string in one of them is wrong.
    fn split(bytes: &[u8], tokens: &mut Tokens, lines: &mut Vec<Line>) {
        lines.clear();
        tokens.clear();
        let is_sound = scan(bytes, 0, bytes.len(), tokens);
        if !is_sound {
            tokens.clear();
        }
        let mut start = 0;
        while start < bytes.len() {
            let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
            let first_token = if is_sound { None } else { Some(tokens.len()) };
            let is_wrong = !is_sound && !scan(bytes, start, end, tokens);
            if is_wrong {
                tokens.truncate(first_token.unwrap_or_default());
            }
            lines.push(Line {
                start,
                end,
                first_token,
                is_wrong,
            });
            start = end + 1;
        }
    }

    /// Makes rows of `lines`, and leaves out those that are blank or wrong.
    fn rows(
        &self,
        bytes: &[u8],
        base: u64,
        walk: &mut Walk,
        stack: &mut Stack,
        lines: &mut Vec<Line>,
        judge: &mut Judge,
    ) {
        walk.cells.clear(self.layout.plan.slots);
        let Walk {
            tokens,
            cells,
            memories,
            new_keys,
        } = walk;
        // Of an earlier round.
        new_keys.undo(0);
        new_keys.all = self.all_keys;
        let max_depth = self.rules.max_depth.min(MOST_DEPTH);
        let mut records = Records {
            bytes,
            tokens,
            plan: &self.layout.plan,
            cells,
            memories,
            new_keys: (!self.rules.any).then_some(new_keys),
            checks: Some(Checks {
                // A record is the outermost.
                grammar: Grammar {
                    bytes,
                    base: 0,
                    max_depth: max_depth.saturating_sub(1),
                },
                stack,
            }),
        };
        let mut token = 0;
        let mut goes_on = true;
        lines.retain_mut(|line| {
            if !goes_on {
                return false;
            }
            let first = line.first_token.unwrap_or(token);
            let is_before = |token: usize, end: usize| {
                let position = tokens.get(token);
                position.is_some_and(|position| (*position as usize) < end)
            };
            // No further than the line goes: one that is not closed would be followed to the end.
            records.tokens = &tokens[..first + before(&tokens[first..], line.end)];
            if line.end - line.start > self.rules.max_record_size {
                judge.fatal = Some(self.too_long(base + line.start as u64));
            } else if !line.is_wrong && !is_before(first, line.end) {
                return false;
            } else if let Some(next) = self.row(&mut records, line, first) {
                token = next;
                line.first_token = Some(first);
                if !records.cells.are_too_many() {
                    return true;
                }
                let mut fault = too_sparse(records.cells.rows, records.cells.slots);
                fault.offset += base;
                judge.fatal = Some(fault);
            } else {
                token = first;
                while is_before(token, line.end) {
                    token += 1;
                }
                let fault = self.fault(&bytes[..line.end], line.start);
                goes_on = judge.takes(fault, base);
                return false;
            }
            goes_on = false;
            false
        });
    }

    /// Makes a row of a line whose first token is `first`, and gives the token after it.
    fn row(&self, records: &mut Records<'_>, line: &Line, first: usize) -> Option<usize> {
        if line.is_wrong {
            return None;
        }
        if records.class(first)? == Class::OpenObject {
            return records.checked_row(first, line.end);
        }
        if !self.rules.any {
            return None;
        }
        // There is no record around what is in it.
        records.deepen(1);
        let next = records.checked_row(first, line.end);
        records.deepen(-1);
        next
    }

    /// What is wrong with the line from `start` to the end of `bytes`.
    fn fault(&self, bytes: &[u8], start: usize) -> Fault {
        let text = &bytes[start..];
        if let Some(mut fault) = fault::find(text, 0, self.rules.max_depth, LINE_END) {
            fault.offset += start as u64;
            return fault;
        }
        // Only what a record has to be is left, or memory that others write to.
        let space = text.iter().take_while(|byte| byte.is_ascii_whitespace());
        not_an_object(bytes, start + space.count())
    }
}

impl<S: Source + ?Sized> Pieces for Lines<'_, S> {
    type Scratch = Scratch;
    type Problem = Fault;

    fn order(&self) -> Order {
        Order::SideBySide {
            pieces: self.pieces(),
        }
    }

    fn extent(&self) -> Extent {
        Extent {
            start: self.start,
            end: self.end,
            step: self.rules.piece_bytes,
        }
    }

    fn widening(&self) -> Widening {
        Widening::Json
    }

    fn leaves_out(&self) -> bool {
        self.rules.on_error != OnError::Throw
    }

    fn read(
        &self,
        piece: Piece,
        fields: &[usize],
        requests: &[Request],
        scratch: &mut Scratch,
    ) -> Result<Ending<Fault>, Error> {
        let Piece::Numbered(number) = piece else {
            unreachable!("pieces are read side by side")
        };
        let begin = self.start + number as u64 * self.rules.piece_bytes;
        let end = self.end.min(begin + self.rules.piece_bytes);
        let Scratch {
            buffer,
            lines,
            walk,
            stack,
            spare,
        } = scratch;
        if begin >= end {
            return Ok(Ending::Read(Read::default()));
        }
        let (bytes, base) = match self.bytes(begin, end, buffer)? {
            Found::Nothing => return Ok(Ending::Read(Read::default())),
            Found::TooLong(fault) => return Ok(Ending::Wrong(fault)),
            Found::Lines(bytes, base) => (bytes, base),
        };
        if u32::try_from(bytes.len()).is_err() {
            return Err(ErrorKind::ResultTooLarge.into());
        }
        let mut judge = Judge {
            on_error: self.rules.on_error,
            problems: Vec::new(),
            fatal: None,
        };
        Self::split(bytes, &mut walk.tokens, lines);
        let mut columns = Vec::new();
        loop {
            self.rows(bytes, base, walk, stack, lines, &mut judge);
            columns.extend(
                self.layout
                    .read(bytes, &walk.cells, fields, requests, spare),
            );
            let misfits = self.layout.misfits(bytes, &walk.cells, fields, &columns);
            if misfits.is_empty() {
                break;
            }
            // Once more without the lines that do not fit.
            let mut left_out = misfits.into_iter().peekable();
            let mut row = 0;
            let mut goes_on = true;
            lines.retain(|_| {
                let misfit = left_out.next_if(|(misfit, _)| *misfit == row);
                row += 1;
                match misfit {
                    Some((_, fault)) => {
                        goes_on &= goes_on && judge.takes(fault, base);
                        false
                    }
                    None => true,
                }
            });
            if !goes_on {
                break;
            }
            spare.append(&mut columns);
        }
        self.new_keys.add(number as u64, base, &mut walk.new_keys);
        if let Some(fatal) = judge.fatal {
            return Ok(Ending::Wrong(fatal));
        }
        let mut problems = judge.problems;
        problems.sort_by_key(|problem| problem.offset);
        Ok(Ending::Read(Read {
            rows: walk.cells.rows,
            columns,
            next: base + bytes.len() as u64,
            problems,
        }))
    }

    fn spare(scratch: &mut Scratch) -> &mut Vec<Column> {
        &mut scratch.spare
    }
}

/// Appends the tokens of `bytes` from `first` to `end`, outside of which there are none. False where
/// a string is wrong.
fn scan(bytes: &[u8], first: usize, end: usize, tokens: &mut Tokens) -> bool {
    let mut state = State::new(false, false);
    let text = &bytes[..end];
    let has_high = dispatch(Scan {
        bytes: text,
        first,
        state: &mut state,
        tokens,
    });
    match has_high {
        None => false,
        Some(has_high) => {
            !state.is_inside() && (!has_high || simdutf8::basic::from_utf8(&text[first..]).is_ok())
        }
    }
}

/// Finds the tokens of lines.
struct Scan<'a, 't> {
    bytes: &'a [u8],
    first: usize,
    state: &'t mut State,
    tokens: &'t mut Tokens,
}

impl Task for Scan<'_, '_> {
    /// Whether there are other characters than ASCII's; `None` where something is wrong.
    type Output = Option<bool>;

    #[inline(always)]
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) -> Option<bool> {
        let Self {
            bytes,
            first,
            state,
            tokens,
        } = self;
        let mut high = 0;
        let mut at = first;
        while at < bytes.len() {
            let found = block_at(bytes, at, raw);
            let block = resolve(found, state);
            high |= found.high;
            if block.control != 0 || !escapes_are_valid(bytes, at, block.escaped) {
                return None;
            }
            tokens.push_bits(u32::try_from(at).unwrap_or(u32::MAX), block.tokens);
            at += BLOCK;
        }
        Some(high != 0)
    }
}

/// How many tokens are before `end`; of a line, as a rule, few.
#[inline]
fn before(tokens: &[u32], end: usize) -> usize {
    const NEAR: usize = 256;
    let is_before = |position: &u32| (*position as usize) < end;
    match tokens.get(NEAR) {
        Some(position) if is_before(position) => tokens.partition_point(is_before),
        _ => tokens[..tokens.len().min(NEAR)].partition_point(is_before),
    }
}

/// The part of a text that is whole lines, or all of it where it is the last. No line ends in the
/// first `searched` bytes.
pub(super) fn whole_lines(bytes: &[u8], searched: usize, last: bool) -> usize {
    if last {
        bytes.len()
    } else {
        memrchr(b'\n', &bytes[searched..]).map_or(0, |at| searched + at + 1)
    }
}

/// Takes the memory of `bytes` that was used.
pub(super) fn consume(bytes: &mut Vec<u8>, count: usize) {
    if count == bytes.len() {
        mem::take(bytes);
    } else {
        bytes.drain(..count);
    }
}
