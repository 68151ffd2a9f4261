//! A text and its index: from one value to the next, without reading what is between.
//!
//! The bytes may be written to by others meanwhile. What is read from them is looked for, never
//! relied on: a bracket that is not where the index has it ends the walk with an error.

use super::index::Index;
use super::look::{Close, Commas, Depth, Look};
use super::scalar::is_delimiter;
use super::scan::{BLOCK, dispatch};
use super::unescape::{Lone, has_escapes, unescape};
use crate::error::{Error, ErrorKind};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `{}`.
    Object,
    /// `[]`.
    Array,
    /// In double quotes.
    String,
    /// An integer or any other.
    Number,
    /// `true` and `false`.
    Boolean,
    /// `null`.
    Null,
}

impl Type {
    /// Of the value that begins with `byte`.
    pub(super) fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            b'{' => Self::Object,
            b'[' => Self::Array,
            b'"' => Self::String,
            b'-' | b'0'..=b'9' => Self::Number,
            b't' | b'f' => Self::Boolean,
            b'n' => Self::Null,
            _ => return None,
        })
    }

    /// As JavaScript calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }
}

/// A text with its index.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) index: &'a Index,
}

/// A member of an object, by positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The quote that begins the key.
    pub(super) key: usize,
    /// Behind the quote that ends it.
    pub(super) key_end: usize,
    pub(super) value: usize,
    pub(super) value_end: usize,
    /// Where the next one begins.
    pub(super) next: Option<usize>,
}

/// Why a walk ended: other bytes than those that were indexed.
pub(super) fn changed() -> Error {
    ErrorKind::InvalidArgument {
        name: "data",
        expected: "bytes that stay as they are while the document is in use".to_owned(),
        received: "other bytes at a second look".to_owned(),
    }
    .into()
}

impl<'a> Text<'a> {
    pub(super) fn byte(&self, at: usize) -> u8 {
        // Nothing that anybody looks for.
        self.bytes.get(at).copied().unwrap_or(b' ')
    }

    pub(super) fn kind(&self, at: usize) -> Result<Type, Error> {
        Type::of(self.byte(at)).ok_or_else(changed)
    }

    /// The first byte from `at` on that is no whitespace.
    pub(super) fn skip_space(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        at + rest.iter().take_while(is_space).count()
    }

    /// Where the value that begins at `at` has ended.
    pub(super) fn end(&self, at: usize) -> Result<usize, Error> {
        match self.byte(at) {
            b'{' | b'[' => Ok(self.close(at)? + 1),
            b'"' => Ok(self.quote(at)? + 1),
            _ => {
                let rest = self.bytes.get(at..).unwrap_or_default();
                let length = rest.iter().position(|byte| is_delimiter(*byte));
                Ok(at + length.unwrap_or(rest.len()))
            }
        }
    }

    /// The quote that closes the string that begins at `at`.
    pub(super) fn quote(&self, at: usize) -> Result<usize, Error> {
        let within = self.index.within();
        let mut block = at / BLOCK;
        let Some(first) = within.get(block) else {
            return Err(changed());
        };
        let mut outside = !first & (u64::MAX << (at % BLOCK));
        while outside == 0 {
            block += 1;
            outside = !*within.get(block).ok_or_else(changed)?;
        }
        let quote = block * BLOCK + outside.trailing_zeros() as usize;
        if quote == at || quote >= self.bytes.len() {
            return Err(changed());
        }
        Ok(quote)
    }

    /// The first byte from `from` up to `to` that is in no string.
    pub(super) fn outside(&self, from: usize, to: usize) -> Option<usize> {
        let mut first = u64::MAX << (from % BLOCK);
        let blocks = from / BLOCK..to.div_ceil(BLOCK);
        let within = self.index.within();
        let found = blocks.into_iter().find_map(|block| {
            let outside = !within.get(block)? & first;
            first = u64::MAX;
            (outside != 0).then(|| block * BLOCK + outside.trailing_zeros() as usize)
        });
        found.filter(|at| *at < to)
    }

    /// The bracket that closes the container that begins at `open`.
    pub(super) fn close(&self, open: usize) -> Result<usize, Error> {
        let nearby = dispatch(Close { text: *self, open });
        let close = if let Some(close) = nearby {
            close
        } else {
            let span = self.index.span(open).ok_or_else(changed)?;
            usize::try_from(span.close).map_err(|_| changed())?
        };
        match (self.byte(open), self.byte(close)) {
            (b'{', b'}') | (b'[', b']') => Ok(close),
            _ => Err(changed()),
        }
    }

    /// How many containers are around the byte at `at`.
    pub(super) fn depth(&self, at: usize) -> i64 {
        self.index.base(at / self.index.segment) + dispatch(Depth { text: *self, at })
    }

    /// Looks at the commas of the container whose inside is `level` deep, from `from` up to `to`, no
    /// more than `most` of them.
    pub(super) fn commas(&self, from: usize, to: usize, level: i64, most: u64) -> Commas {
        let to = to.min(self.bytes.len());
        let mut found = Commas::default();
        let mut at = from;
        while at < to && found.closed.is_none() && found.count < most {
            let segment = at / self.index.segment;
            let end = to.min((segment + 1) * self.index.segment);
            dispatch(Look {
                text: *self,
                from: at,
                to: end,
                level: level - self.index.base(segment),
                most,
                found: &mut found,
            });
            at = end;
        }
        found
    }

    /// How many elements or members the container at `open` has, as they are written.
    pub(super) fn count(&self, open: usize) -> Result<u64, Error> {
        let close = self.close(open)?;
        if self.skip_space(open + 1) >= close {
            return Ok(0);
        }
        let commas = match self.index.span(open) {
            Some(span) => span.commas,
            None => {
                self.commas(open + 1, close, self.depth(open) + 1, u64::MAX)
                    .count
            }
        };
        Ok(commas + 1)
    }

    /// Where element `number` of the array at `open` begins.
    pub(super) fn element(&self, open: usize, number: u64) -> Result<Option<usize>, Error> {
        let close = self.close(open)?;
        let first = self.skip_space(open + 1);
        if first >= close {
            return Ok(None);
        }
        if number == 0 {
            return Ok(Some(first));
        }
        let level = self.depth(open) + 1;
        let (from, before) = self.start_of(open, close, level, number);
        let found = self.commas(from, close, level, number - before);
        Ok(match found.last {
            Some(comma) if found.count == number - before => Some(self.skip_space(comma + 1)),
            _ => None,
        })
    }

    /// The last place before comma `number` of the container from `open` to `close` that has a mark,
    /// and the commas before it.
    fn start_of(&self, open: usize, close: usize, level: i64, number: u64) -> (usize, u64) {
        let size = self.index.segment;
        let level = usize::try_from(level).unwrap_or(usize::MAX);
        let (mut low, mut high) = (open / size, close / size);
        let mut best = (open + 1, 0);
        // Of the boundaries after `low` and up to `high`.
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match self.index.mark(middle, level) {
                Some(before) if before < number => {
                    best = (middle * size, before);
                    low = middle;
                }
                Some(_) => high = middle - 1,
                None => return (open + 1, 0),
            }
        }
        best
    }

    /// The member whose key begins at `at`.
    pub(super) fn member(&self, at: usize) -> Result<Member, Error> {
        if self.byte(at) != b'"' {
            return Err(changed());
        }
        let key_end = self.quote(at)? + 1;
        let colon = self.skip_space(key_end);
        if self.byte(colon) != b':' {
            return Err(changed());
        }
        let value = self.skip_space(colon + 1);
        let value_end = self.end(value)?;
        Ok(Member {
            key: at,
            key_end,
            value,
            value_end,
            next: self.next(value_end)?,
        })
    }

    /// Where what comes after the value that ended at `end` begins; `None` where a bracket does.
    pub(super) fn next(&self, end: usize) -> Result<Option<usize>, Error> {
        let separator = self.skip_space(end);
        match self.byte(separator) {
            b',' => Ok(Some(self.skip_space(separator + 1))),
            b'}' | b']' => Ok(None),
            _ => Err(changed()),
        }
    }

    /// The members of the object at `open`, as they are written.
    pub(super) fn members(self, open: usize) -> Members<'a> {
        let first = self.skip_space(open + 1);
        Members {
            text: self,
            next: (self.byte(first) != b'}').then_some(first),
        }
    }

    /// Whether the key from `key` to `key_end`, with its quotes, is `reference`.
    pub(super) fn is_key(
        &self,
        member: &Member,
        reference: &[u8],
        unescaped: &mut Vec<u8>,
    ) -> bool {
        let inner = self.bytes.get(member.key + 1..member.key_end - 1);
        let inner = inner.unwrap_or_default();
        if !has_escapes(inner) {
            return inner == reference;
        }
        // An escape has no fewer bytes than what it stands for.
        if inner.len() < reference.len() {
            return false;
        }
        unescaped.clear();
        unescape(inner, Lone::Kept, unescaped);
        unescaped == reference
    }
}

/// Members of an object, one after the other.
pub(super) struct Members<'a> {
    text: Text<'a>,
    next: Option<usize>,
}

impl Iterator for Members<'_> {
    type Item = Result<Member, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.text.member(self.next.take()?);
        if let Ok(member) = &member {
            self.next = member.next;
        }
        Some(member)
    }
}
