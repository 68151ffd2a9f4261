//! Records one after the other, wherever their quotes stand.
//!
//! What the kernels of `scan` cannot know from single bytes is read here: an escape that is not the
//! quote, comments, quotes inside fields. So are the first lines of every file, and what is wrong
//! with a record.

use memchr::{memchr, memchr2, memchr3};

use super::fields::{Syntax, trimmed};
use super::scan::Separators;

/// What a record is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grammar {
    pub(super) separators: Separators,
    pub(super) syntax: Syntax,
    pub(super) comment: Option<u8>,
    pub(super) skip_empty_lines: bool,
}

/// A fault that makes a record's fields unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quote in a field that does not begin with one.
    QuoteInField,
    /// Text between a closing quote and the next separator.
    TextAfterQuote,
    /// The end of the input inside quotes.
    Unclosed,
}

/// What stands at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record, whose fields were appended; the next one begins here.
    Record { next: usize },
    /// A comment, or an empty line.
    Skipped { next: usize },
    /// A record that goes on after the bytes.
    Incomplete,
    /// A record with a fault at this position. The line after it begins at `next`.
    Faulty {
        at: usize,
        fault: Fault,
        next: usize,
    },
}

impl Step {
    /// How many of `bytes` it takes, from `start` on.
    pub(super) fn length(self, bytes: &[u8], start: usize) -> usize {
        match self {
            // All that follows, and not its first line only.
            Self::Incomplete
            | Self::Faulty {
                fault: Fault::Unclosed,
                ..
            } => bytes.len() - start,
            Self::Record { next } | Self::Skipped { next } | Self::Faulty { next, .. } => {
                next - start
            }
        }
    }
}

impl Grammar {
    /// Reads the record that begins at `start`, before the end of `bytes`. Appends the position before it and that
    /// after each of its fields to `entries`.
    pub(super) fn step(
        &self,
        bytes: &[u8],
        start: usize,
        at_end: bool,
        entries: &mut Vec<usize>,
    ) -> Step {
        let line_end = |from: usize| {
            let found = memchr2(b'\n', b'\r', &bytes[from..]).map(|found| from + found);
            // What follows a last `\r` is not known yet.
            found.filter(|at| at_end || bytes[*at] == b'\n' || at + 1 < bytes.len())
        };
        if self.comment.is_some() && self.comment == bytes.get(start).copied() {
            return match line_end(start) {
                Some(at) => Step::Skipped {
                    next: after_line(bytes, at),
                },
                None if at_end => Step::Skipped { next: bytes.len() },
                None => Step::Incomplete,
            };
        }
        let first = entries.len();
        entries.push(start.wrapping_sub(1));
        let mut position = start;
        loop {
            let end = match self.field(bytes, position, at_end) {
                Ok(Some(end)) => end,
                Ok(None) => {
                    entries.truncate(first);
                    return Step::Incomplete;
                }
                Err((at, fault)) => {
                    entries.truncate(first);
                    if fault == Fault::Unclosed && !at_end {
                        return Step::Incomplete;
                    }
                    return match line_end(at) {
                        Some(end) => Step::Faulty {
                            at,
                            fault,
                            next: after_line(bytes, end),
                        },
                        None if at_end => Step::Faulty {
                            at,
                            fault,
                            next: bytes.len(),
                        },
                        None => Step::Incomplete,
                    };
                }
            };
            entries.push(end);
            match bytes.get(end) {
                Some(&byte) if byte == self.separators.delimiter => position = end + 1,
                Some(b'\r') if !at_end && end + 1 == bytes.len() => {
                    entries.truncate(first);
                    return Step::Incomplete;
                }
                Some(_) => {
                    let next = after_line(bytes, end);
                    if self.skip_empty_lines && self.is_empty(bytes, &entries[first..]) {
                        entries.truncate(first);
                        return Step::Skipped { next };
                    }
                    return Step::Record { next };
                }
                None if at_end => {
                    if self.skip_empty_lines && self.is_empty(bytes, &entries[first..]) {
                        entries.truncate(first);
                        return Step::Skipped { next: end };
                    }
                    return Step::Record { next: end };
                }
                None => {
                    entries.truncate(first);
                    return Step::Incomplete;
                }
            }
        }
    }

    /// Whether a record has nothing in it.
    fn is_empty(&self, bytes: &[u8], record: &[usize]) -> bool {
        let [before, end] = record else {
            return false;
        };
        let text = &bytes[before.wrapping_add(1)..*end];
        text.is_empty() || (self.syntax.trim && trimmed(text).is_empty())
    }

    /// Where the field that begins at `start` ends; `None` where that is after the bytes.
    fn field(
        &self,
        bytes: &[u8],
        start: usize,
        at_end: bool,
    ) -> Result<Option<usize>, (usize, Fault)> {
        let Separators { delimiter, quote } = self.separators;
        let separator = |from: usize| {
            let found = memchr3(delimiter, b'\n', b'\r', &bytes[from..]);
            found
                .map(|found| from + found)
                .or(at_end.then_some(bytes.len()))
        };
        let Some(quote) = quote else {
            return Ok(separator(start));
        };
        let open = self.skip_blanks(bytes, start);
        if bytes.get(open) != Some(&quote) {
            let end = separator(start);
            if !self.syntax.relax_quotes {
                let text = &bytes[start..end.unwrap_or(bytes.len())];
                if let Some(found) = memchr(quote, text) {
                    return Err((start + found, Fault::QuoteInField));
                }
            }
            return Ok(end);
        }
        let escape = self.syntax.escape.unwrap_or(quote);
        let mut position = open + 1;
        loop {
            let Some(found) = memchr2(quote, escape, &bytes[position..]) else {
                return Err((open, Fault::Unclosed));
            };
            let at = position + found;
            let next = bytes.get(at + 1).copied();
            if next.is_none() && !at_end {
                return Ok(None);
            }
            if bytes[at] == escape && next.is_some_and(|next| next == quote || next == escape) {
                position = at + 2;
            } else if bytes[at] != quote {
                position = at + 1;
            } else {
                let after = self.skip_blanks(bytes, at + 1);
                let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
                match bytes.get(after) {
                    None if at_end => return Ok(Some(after)),
                    None => return Ok(None),
                    Some(byte) if ends(byte) => return Ok(Some(after)),
                    Some(_) if self.syntax.relax_quotes => return Ok(separator(at + 1)),
                    Some(_) => return Err((after, Fault::TextAfterQuote)),
                }
            }
        }
    }

    fn skip_blanks(&self, bytes: &[u8], start: usize) -> usize {
        if !self.syntax.trim {
            return start;
        }
        let blank =
            |byte: &&u8| matches!(**byte, b' ' | b'\t') && **byte != self.separators.delimiter;
        start + bytes[start..].iter().take_while(blank).count()
    }
}

/// Where the line after the one that ends at `at` begins.
pub(super) fn after_line(bytes: &[u8], at: usize) -> usize {
    match &bytes[at..] {
        [b'\r', b'\n', ..] => at + 2,
        _ => at + 1,
    }
}
