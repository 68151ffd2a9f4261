//! The fields of a piece by row and column.

use super::scan::Index;

/// A piece whose records all have the same number of fields.
///
/// Row `r` has its entries from `r * stride` on, one more than it has fields: a field begins after
/// its entry and ends at the next one. One that begins behind its end is missing.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) entries: &'a [u32],
    pub(super) stride: usize,
    pub(super) rows: usize,
    /// How many fields a record has.
    pub(super) width: usize,
    /// Whether lines may end in `\r\n`, of which the first is in the last field.
    pub(super) carriage_returns: bool,
    /// What fields are made of.
    pub(super) syntax: Syntax,
}

/// What of a field is not its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    pub(super) quote: Option<u8>,
    pub(super) escape: Option<u8>,
    pub(super) trim: bool,
    pub(super) relax_quotes: bool,
}

/// The text of a field.
#[derive(Clone, Copy)]
pub(super) enum Text<'a> {
    Missing,
    Plain(&'a [u8]),
    /// What is between the quotes.
    Quoted(&'a [u8]),
}

impl<'a> Fields<'a> {
    /// Where the field of row `row` in column `column` begins.
    pub(super) fn start(&self, row: usize, column: usize) -> usize {
        self.entries[row * self.stride + column].wrapping_add(1) as usize
    }

    #[inline(always)]
    pub(super) fn text(&self, row: usize, column: usize) -> Text<'a> {
        let at = row * self.stride + column;
        let pair = &self.entries[at..at + 2];
        let start = pair[0].wrapping_add(1) as usize;
        let mut end = pair[1] as usize;
        if self.carriage_returns
            && column + 1 == self.width
            && end > start
            && self.bytes.get(end) == Some(&b'\n')
            && self.bytes[end - 1] == b'\r'
        {
            end -= 1;
        }
        if start >= end {
            return if start > end {
                Text::Missing
            } else {
                Text::Plain(&[])
            };
        }
        // Within the piece, or empty: other threads may write to it, but not to the entries.
        let text = self.bytes.get(start..end).unwrap_or_default();
        self.syntax.text(text)
    }
}

impl Syntax {
    /// The text of a field that is `bytes`.
    #[inline(always)]
    pub(super) fn text(self, bytes: &[u8]) -> Text<'_> {
        let bytes = if self.trim { trimmed(bytes) } else { bytes };
        match self.quote {
            Some(quote) if bytes.first() == Some(&quote) => self.quoted(bytes, quote),
            _ => Text::Plain(bytes),
        }
    }

    fn quoted(self, bytes: &[u8], quote: u8) -> Text<'_> {
        let inner = match bytes {
            [_, inner @ .., last] if *last == quote => inner,
            _ => return Text::Plain(bytes),
        };
        if self.relax_quotes && !self.is_closed_by_last(inner, quote) {
            return Text::Plain(bytes);
        }
        Text::Quoted(inner)
    }

    /// Whether no quote in `inner` stands by itself.
    fn is_closed_by_last(self, inner: &[u8], quote: u8) -> bool {
        let escape = self.escape.unwrap_or(quote);
        let mut at = 0;
        while let Some(byte) = inner.get(at) {
            let next = inner.get(at + 1).copied();
            if *byte == escape && next.is_some_and(|next| next == quote || next == escape) {
                at += 2;
            } else if *byte == quote {
                return false;
            } else if *byte == escape && next.is_none() {
                // It escapes the last quote.
                return false;
            } else {
                at += 1;
            }
        }
        true
    }

    /// Whether anything between the quotes of a field is escaped.
    #[inline]
    pub(super) fn has_escapes(self, inner: &[u8]) -> bool {
        match self.escape.or(self.quote) {
            // Of what is short a loop finds it before a call does.
            Some(escape) if inner.len() <= 16 => inner.contains(&escape),
            Some(escape) => memchr::memchr(escape, inner).is_some(),
            None => false,
        }
    }

    /// Appends what stands between the quotes of a field, without its escapes.
    pub(super) fn unescape(self, inner: &[u8], to: &mut Vec<u8>) {
        let Some(quote) = self.quote else {
            to.extend_from_slice(inner);
            return;
        };
        let escape = self.escape.unwrap_or(quote);
        let mut rest = inner;
        while let Some(at) = memchr::memchr(escape, rest) {
            match rest.get(at + 1) {
                Some(&next) if next == quote || next == escape => {
                    to.extend_from_slice(&rest[..at]);
                    to.push(next);
                    rest = &rest[at + 2..];
                }
                _ => {
                    to.extend_from_slice(&rest[..=at]);
                    rest = &rest[at + 1..];
                }
            }
        }
        to.extend_from_slice(rest);
    }
}

/// `bytes` without the spaces and tabs around it.
pub(super) fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Whether every record of `index` has `width` fields, one after the other without a gap.
pub(super) fn is_regular(index: &Index, width: usize) -> bool {
    let Ok(width) = u32::try_from(width) else {
        return false;
    };
    let mut expected = 0;
    index.records.iter().all(|&(first, last)| {
        let regular = first == expected && last.wrapping_sub(first) == width;
        expected = last;
        regular
    })
}
