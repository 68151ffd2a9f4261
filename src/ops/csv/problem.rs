//! What is wrong with a record, and where.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::options::Encoding;
use super::source::encoded_length;
use super::walk::Fault;
use crate::error::{Error, ErrorKind};
use crate::ops::source::Source;
use crate::ops::table::{ColumnType, RecordError};

/// The longest part of a field that an error shows, in characters.
const SHOWN: usize = 40;

/// Bytes that are searched for line ends at once.
const BLOCK: u64 = 1 << 20;

/// What is wrong with a record.
#[derive(Clone, Debug)]
pub(super) enum What {
    Fault(Fault, u8),
    FieldCount {
        expected: usize,
        received: usize,
    },
    Value {
        column: String,
        kind: ColumnType,
        text: Vec<u8>,
    },
    NotUtf8 {
        column: String,
    },
    TooLong {
        limit: usize,
    },
    UnknownColumn {
        name: String,
        option: &'static str,
        known: Vec<String>,
    },
}

/// Something wrong at a place of the source.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) offset: u64,
    pub(super) what: What,
}

impl What {
    pub(super) fn at(self, offset: u64) -> Problem {
        Problem { offset, what: self }
    }

    fn message(&self) -> String {
        match self {
            Self::Fault(Fault::QuoteInField, quote) => format!(
                "Expected no {} in a field that does not begin with one but received one",
                char::from(*quote)
            ),
            Self::Fault(Fault::TextAfterQuote, quote) => format!(
                "Expected a delimiter or the end of the line after a closing {} but received other text",
                char::from(*quote)
            ),
            Self::Fault(Fault::Unclosed, quote) => format!(
                "Expected a closing {} for the one that opens here but received the end of the input",
                char::from(*quote)
            ),
            Self::FieldCount { expected, received } => {
                format!("Expected {} but received {received}", fields(*expected))
            }
            Self::Value { column, kind, text } => format!(
                "Expected {} in column {column:?} but received {}",
                expected(*kind),
                shown(text)
            ),
            Self::NotUtf8 { column } => {
                format!("Expected UTF-8 in column {column:?} but received other bytes")
            }
            Self::TooLong { limit } => format!(
                "Expected a record of at most {limit} bytes (maxRecordSize) but this one is longer; a quote that is not closed makes such"
            ),
            Self::UnknownColumn {
                name,
                option,
                known,
            } => {
                let shown: Vec<String> = known
                    .iter()
                    .take(10)
                    .map(|name| format!("{name:?}"))
                    .collect();
                let more = if known.len() > 10 { ", …" } else { "" };
                format!(
                    "Expected {option} to name columns of the header ({}{more}) but received {name:?}",
                    shown.join(", ")
                )
            }
        }
    }
}

fn fields(count: usize) -> String {
    if count == 1 {
        "1 field".to_owned()
    } else {
        format!("{count} fields")
    }
}

fn expected(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Boolean => "a boolean (true, false, 1 or 0)",
        ColumnType::Int32 => "an integer from -2147483648 to 2147483647",
        ColumnType::Int64 => "an integer of 64 bits",
        ColumnType::Float64 => "a number",
        ColumnType::Timestamp => "an ISO 8601 date or time",
        ColumnType::String | ColumnType::Dictionary | ColumnType::Json => "text",
    }
}

fn shown(text: &[u8]) -> String {
    // Of a copy: others may write to the bytes.
    let text = text[..text.len().min(SHOWN * 4)].to_vec();
    let text = String::from_utf8_lossy(&text);
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() {
        format!("\"{head}…\"")
    } else {
        format!("{head:?}")
    }
}

/// What of the input came before the source, and how it was encoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin {
    /// Bytes of the input before the source.
    pub(super) bytes: u64,
    /// Line ends before the source.
    pub(super) lines: u64,
    pub(super) encoding: Encoding,
}

/// `problem` as a caller sees it. `counter` has not passed it.
fn located<S: Source + ?Sized>(
    source: &S,
    counter: &mut Counter,
    problem: &Problem,
) -> Result<RecordError, Error> {
    counter.advance(source, problem.offset)?;
    Ok(RecordError {
        message: problem.what.message(),
        line: counter.lines + 1,
        column: counter.column + 1,
        byte_offset: counter.bytes,
    })
}

/// The problems, in the order of the source, as a caller sees them.
pub(super) fn locate<S: Source + ?Sized>(
    source: &S,
    counter: &mut Counter,
    problems: &[Problem],
) -> Result<Vec<RecordError>, Error> {
    problems
        .iter()
        .map(|problem| located(source, counter, problem))
        .collect()
}

/// A problem that ends the parse.
pub(super) fn error<S: Source + ?Sized>(
    source: &S,
    counter: &mut Counter,
    problem: &Problem,
) -> Error {
    match located(source, counter, problem) {
        Ok(RecordError {
            message,
            line,
            column,
            byte_offset,
        }) => ErrorKind::Csv {
            message,
            line,
            column,
            byte_offset,
        }
        .into(),
        Err(error) => error,
    }
}

/// Lines and characters up to a place that only moves on.
#[derive(Debug)]
pub(super) struct Counter {
    position: u64,
    bytes: u64,
    lines: u64,
    column: u64,
    after_carriage_return: bool,
    encoding: Encoding,
}

impl Counter {
    pub(super) fn new(origin: Origin) -> Self {
        Self {
            position: 0,
            bytes: origin.bytes,
            lines: origin.lines,
            column: 0,
            after_carriage_return: false,
            encoding: origin.encoding,
        }
    }

    fn advance<S: Source + ?Sized>(&mut self, source: &S, to: u64) -> Result<(), Error> {
        let mut buffer = Vec::new();
        while self.position < to {
            let end = to.min(self.position + BLOCK);
            let bytes = source.read(self.position..end, &mut buffer)?;
            self.take(bytes);
            self.position = end;
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        let Range { start, end } = lines(bytes, &mut self.lines, &mut self.after_carriage_return);
        let rest = &bytes[start..end];
        if start > 0 {
            self.column = 0;
        }
        self.column += rest.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
        self.bytes += encoded_length(self.encoding, bytes);
    }
}

/// Adds the line ends in `bytes` to `count`, and says where the last line is. A `\r` at the end
/// counts, and a `\n` after it at the beginning of the next bytes does not.
pub(super) fn lines(
    bytes: &[u8],
    count: &mut u64,
    after_carriage_return: &mut bool,
) -> Range<usize> {
    let Some(&last_byte) = bytes.last() else {
        return 0..0;
    };
    let joined = *after_carriage_return && bytes[0] == b'\n';
    *after_carriage_return = last_byte == b'\r';
    let line_feeds = memchr_iter(b'\n', bytes).count() as u64;
    let mut last = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    *count += line_feeds;
    if joined {
        *count -= 1;
    }
    if memchr(b'\r', bytes).is_some() {
        for at in memchr_iter(b'\r', bytes) {
            if bytes.get(at + 1) != Some(&b'\n') {
                *count += 1;
                last = last.max(at + 1);
            }
        }
    }
    last..bytes.len()
}

/// Where line `line` begins, counted from 1 at the beginning of the source; `None` where the source
/// has fewer.
pub(super) fn line_start<S: Source + ?Sized>(source: &S, line: u64) -> Result<Option<u64>, Error> {
    let (mut position, mut count, mut after_carriage_return) = (0, 1, false);
    let mut buffer = Vec::new();
    if line <= 1 {
        return Ok(Some(0));
    }
    while position < source.len() {
        let end = source.len().min(position + BLOCK);
        let bytes = source.read(position..end, &mut buffer)?;
        let (before, was_after) = (count, after_carriage_return);
        lines(bytes, &mut count, &mut after_carriage_return);
        if count >= line {
            let mut at = 0;
            let (mut count, mut is_after) = (before, was_after);
            // The line ends in this block: one by one.
            while let Some(found) = memchr::memchr2(b'\n', b'\r', &bytes[at..]) {
                let end = at + found;
                let joined = bytes[end] == b'\n'
                    && (if end == 0 {
                        is_after
                    } else {
                        bytes[end - 1] == b'\r'
                    });
                is_after = false;
                count += u64::from(!joined);
                at = end + 1;
                // Of `\r\n` the line ends with the second.
                let next = match bytes.get(at) {
                    Some(byte) => Some(*byte),
                    None if position + (at as u64) < source.len() => {
                        let place = position + at as u64;
                        let mut one = Vec::new();
                        source.read(place..place + 1, &mut one)?.first().copied()
                    }
                    None => None,
                };
                if count >= line && !(bytes[end] == b'\r' && next == Some(b'\n')) {
                    return Ok(Some(position + at as u64));
                }
            }
        }
        position = end;
    }
    Ok(None)
}
