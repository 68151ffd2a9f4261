//! An input that comes in chunks.

use std::mem;

use super::layout::{self, Start};
use super::options::Options;
use super::parse::Bounds;
use super::problem::{self, Counter, Origin, What, line_start};
use super::reader::State;
use super::source::{Decoder, encoded_length, encoding};
use super::whole::{UTF8_MARK, UTF16_MARK_BYTES, read_records, table};
use crate::error::{Error, ErrorKind};
use crate::ops::source::position;
use crate::ops::table::Table;
use crate::pool::Context;

/// What others push, or a file that has to be decoded.
pub(super) struct Pushed {
    /// `None` until the first bytes tell.
    decoder: Option<Decoder>,
    /// What came before the decoder was known.
    head: Vec<u8>,
    /// What is decoded and not read yet.
    text: Vec<u8>,
    /// Whether a byte-order mark may still come.
    at_beginning: bool,
    /// Lines still to be left out at the beginning.
    skipped: u64,
    /// What came before the text.
    pub(super) origin: Origin,
    /// Whether nothing is pushed: all of it is in the text.
    pub(super) is_all: bool,
    /// Whether the last of it is decoded.
    is_decoded: bool,
}

impl Pushed {
    pub(super) fn new(options: &Options, head: Vec<u8>, is_all: bool) -> Self {
        Self {
            decoder: None,
            head,
            text: Vec::new(),
            at_beginning: options.from_line == 1,
            skipped: options.from_line - 1,
            origin: Origin {
                encoding: options.encoding,
                ..Origin::default()
            },
            is_all,
            is_decoded: false,
        }
    }

    /// Decodes what came.
    pub(super) fn push<C: AsRef<[u8]>>(&mut self, chunks: &[C], last: bool) -> Result<(), Error> {
        for chunk in if self.is_all { &[] } else { chunks } {
            if self.decoder.is_none() {
                self.head.extend_from_slice(chunk.as_ref());
                self.start(false)?;
            } else {
                self.decode(chunk.as_ref(), false)?;
            }
        }
        if last && !self.is_decoded {
            self.is_decoded = true;
            self.start(true)?;
            self.decode(&[], true)?;
        }
        Ok(())
    }

    /// Finds out the encoding once the first bytes are there.
    fn start(&mut self, last: bool) -> Result<(), Error> {
        if self.decoder.is_some() || (self.head.len() < UTF16_MARK_BYTES && !last) {
            return Ok(());
        }
        self.origin.encoding = encoding(self.origin.encoding, &self.head);
        self.decoder = Some(Decoder::new(self.origin.encoding));
        let head = mem::take(&mut self.head);
        self.decode(&head, false)
    }

    fn decode(&mut self, bytes: &[u8], last: bool) -> Result<(), Error> {
        let Some(decoder) = &mut self.decoder else {
            unreachable!("`start` has made it")
        };
        let text = decoder.decode(bytes, last)?;
        if self.text.try_reserve(text.len()).is_err() {
            return Err(ErrorKind::OutOfMemory {
                wanted: text.len() as u64,
            }
            .into());
        }
        self.text.extend_from_slice(&text);
        Ok(())
    }

    /// Leaves out the first `count` bytes of the text.
    fn consume(&mut self, count: usize) {
        let consumed = &self.text[..count];
        let mut is_after = false;
        problem::lines(consumed, &mut self.origin.lines, &mut is_after);
        self.origin.bytes += encoded_length(self.origin.encoding, consumed);
        self.text.drain(..count);
    }

    /// Leaves out the byte-order mark and the first lines. False while more has to come for that.
    fn begin(&mut self, options: &Options, last: bool) -> Result<bool, Error> {
        if self.at_beginning && options.bom {
            if self.text.len() < UTF8_MARK.len() && !last {
                return Ok(false);
            }
            if self.text.starts_with(UTF8_MARK) {
                self.consume(UTF8_MARK.len());
            }
        }
        self.at_beginning = false;
        if self.skipped > 0 {
            // A `\r` at the end may have its `\n` in the next bytes.
            let known = match self.text.last() {
                Some(b'\r') if !last => self.text.len() - 1,
                _ => self.text.len(),
            };
            let (mut count, mut is_after) = (0, false);
            let last_line = problem::lines(&self.text[..known], &mut count, &mut is_after).start;
            if count < self.skipped {
                self.skipped -= count;
                self.consume(if last { self.text.len() } else { last_line });
                return Ok(last);
            }
            let start = line_start(&self.text[..known], self.skipped + 1)?;
            self.consume(position(start.unwrap_or(known as u64)));
            self.skipped = 0;
        }
        Ok(true)
    }

    pub(super) fn next(
        &mut self,
        options: &Options,
        state: &mut State,
        last: bool,
        context: &Context<'_>,
    ) -> Result<Option<Table>, Error> {
        if !self.begin(options, last)? {
            return Ok(None);
        }
        let too_long = |pushed: &Self| {
            let limit = options.max_record_size;
            let problem = What::TooLong { limit }.at(0);
            problem::error(&*pushed.text, &mut Counter::new(pushed.origin), &problem)
        };
        if state.layout.is_none() {
            match layout::read(&*self.text, 0, last, options)? {
                Start::Known(layout, first) => {
                    state.begin(layout);
                    self.consume(position(first));
                }
                Start::Wrong(problem) => {
                    let mut counter = Counter::new(self.origin);
                    return Err(problem::error(&*self.text, &mut counter, &problem));
                }
                Start::Incomplete => return Ok(None),
            }
        }
        let Some(layout) = state.layout.clone() else {
            unreachable!("just read")
        };
        let length = self.text.len() as u64;
        let batch = if self.is_all {
            options.batch_bytes as u64
        } else {
            length
        };
        let last_line = match options.to_line {
            Some(line) => line_start(&*self.text, (line + 1).saturating_sub(self.origin.lines))?,
            None => None,
        };
        let bounds = Bounds {
            start: 0,
            end: length.min(batch).min(last_line.unwrap_or(length)),
            is_final: last,
            limit: state.limit(options),
        };
        if bounds.end == 0 || bounds.limit == 0 {
            state.is_done |= last || last_line.is_some() || bounds.limit == 0;
            return Ok(None);
        }
        let mut counter = Counter::new(self.origin);
        let parsed = read_records(
            &*self.text,
            &layout,
            bounds,
            &state.kinds,
            &mut counter,
            context,
        )?;
        let next = parsed.next;
        if next == 0 && self.text.len() > options.max_record_size {
            return Err(too_long(self));
        }
        state.advance(&parsed, options);
        let table = table(&*self.text, &mut counter, &layout, parsed)?;
        self.consume(position(next).min(self.text.len()));
        state.is_done |= last_line.is_some_and(|end| next >= end) || (last && self.text.is_empty());
        Ok(Some(table))
    }
}
