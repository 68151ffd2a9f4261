//! On which line of a source something is, and at which character.

use super::fault::{Fault, Origin};
use crate::error::Error;
use crate::ops::source::Source;
use crate::ops::table::RecordError;

/// Lines up to a place that only moves on.
#[derive(Clone, Copy, Default)]
pub(super) struct Counter {
    /// What comes before the source.
    origin: Origin,
    /// Where in the source the line begins that the last place was in, and the lines before it.
    line_start: u64,
    lines: u64,
}

impl Counter {
    /// Of a source after `origin`.
    pub(super) fn after(origin: Origin) -> Self {
        Self {
            origin,
            ..Self::default()
        }
    }

    /// Bytes that are searched at once.
    const BLOCK: u64 = 1 << 20;

    /// Counts the lines that end before `to`.
    pub(super) fn advance<S: Source + ?Sized>(&mut self, source: &S, to: u64) -> Result<(), Error> {
        let mut buffer = Vec::new();
        let mut at = self.line_start;
        while at < to {
            let end = to.min(at + Self::BLOCK);
            let bytes = source.read(at..end, &mut buffer)?;
            self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
            if let Some(last) = memchr::memrchr(b'\n', bytes) {
                self.line_start = at + last as u64 + 1;
            }
            at = end;
        }
        Ok(())
    }

    /// The fault as a caller sees it.
    pub(super) fn locate<S: Source + ?Sized>(
        &mut self,
        source: &S,
        fault: Fault,
    ) -> Result<RecordError, Error> {
        // No further back than the last one, where others write to the bytes.
        let at = fault.offset.min(source.len()).max(self.line_start);
        self.advance(source, at)?;
        let mut buffer = Vec::new();
        let line = source.read(self.line_start..at, &mut buffer)?;
        let is_first = self.origin.bytes == 0 && self.line_start == 0;
        let origin = Origin {
            bytes: u64::from(!is_first),
            lines: self.origin.lines + self.lines,
        };
        let (line, column) = origin.place(line, u64::MAX);
        Ok(RecordError {
            message: fault.message,
            line,
            column,
            byte_offset: self.origin.bytes + fault.offset,
        })
    }
}
