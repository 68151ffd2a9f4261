//! One column of one piece: its fields as values of one kind.

use std::hash::BuildHasher;
use std::str;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::digits;
use super::fields::{Fields, Text};
use super::kind::{Kind, Storage};
use super::values;
use crate::ops::table::Bitmap;

/// Bytes that are copied at once where a text is shorter: one register, and no call.
const SHORT: usize = 16;

/// Which fields are null.
#[derive(Clone, Debug)]
pub(super) struct Nulls {
    /// Whether an empty field is.
    empty: bool,
    /// What else is.
    others: Vec<Vec<u8>>,
}

impl Nulls {
    pub(super) fn new(values: &[String]) -> Self {
        let others = values.iter().filter(|value| !value.is_empty());
        Self {
            empty: values.iter().any(String::is_empty),
            others: others.map(|value| value.clone().into_bytes()).collect(),
        }
    }

    #[inline(always)]
    fn contains(&self, text: &[u8]) -> bool {
        if text.is_empty() {
            self.empty
        } else {
            !self.others.is_empty() && self.others.iter().any(|value| value == text)
        }
    }
}

/// Strings, one after the other.
#[derive(Debug, Default)]
pub(super) struct Strings {
    /// Where each ends.
    pub(super) ends: Vec<u32>,
    bytes: Vec<u8>,
    used: usize,
}

impl Strings {
    fn clear(&mut self) {
        self.ends.clear();
        self.used = 0;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[index] as usize]
    }

    #[inline(always)]
    fn push(&mut self, text: &[u8]) {
        self.append(text);
        self.end();
    }

    fn end(&mut self) {
        self.ends.push(u32::try_from(self.used).unwrap_or(u32::MAX));
    }

    #[inline(always)]
    fn append(&mut self, text: &[u8]) {
        let end = self.used + text.len();
        if self.bytes.len() < end + SHORT {
            self.bytes.resize((end + SHORT) * 2, 0);
        }
        let to = &mut self.bytes[self.used..];
        // In two halves that overlap: no call for what is short.
        if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>())
            && text.len() <= SHORT
        {
            let second = text.len() - 8;
            to[..8].copy_from_slice(first);
            to[second..second + 8].copy_from_slice(last);
        } else if text.len() < 8 {
            to[..8].copy_from_slice(&digits::word(text).to_le_bytes());
        } else {
            to[..text.len()].copy_from_slice(text);
        }
        self.used = end;
    }

    /// The first string that is not UTF-8.
    fn first_invalid(&self) -> Option<usize> {
        let bytes = self.bytes();
        if bytes.is_ascii() {
            return None;
        }
        // Two strings of which each is wrong may be right together: they may not be cut in a character.
        let is_cut = |&&end: &&u32| {
            bytes
                .get(end as usize)
                .is_some_and(|byte| byte & 0xc0 == 0x80)
        };
        if simdutf8::basic::from_utf8(bytes).is_ok() && !self.ends.iter().any(|end| is_cut(&end)) {
            return None;
        }
        (0..self.ends.len()).find(|&index| str::from_utf8(self.get(index)).is_err())
    }
}

/// Distinct strings, and the number of each.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    pub(super) strings: Strings,
    table: HashTable<u32>,
    hasher: RandomState,
    /// Short strings that came last, and their numbers.
    recent: Vec<Recent>,
}

/// A string of at most 16 bytes, whose length is never 0, and its number.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    first: u64,
    last: u64,
    length: usize,
    code: u32,
}

/// How many short strings are found without the table: as many as the categories of a category.
const RECENT: usize = 64;

impl Dictionary {
    pub(super) fn clear(&mut self) {
        self.strings.clear();
        self.table.clear();
        self.recent.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.strings.ends.len()
    }

    /// As [`code`](Self::code), of texts of which many come again and again.
    #[inline]
    fn code_of_frequent(&mut self, text: &[u8]) -> u32 {
        if text.is_empty() || text.len() > SHORT {
            return self.code(text);
        }
        if self.recent.is_empty() {
            self.recent.resize(RECENT, Recent::default());
        }
        let first = digits::word(text);
        let last = text
            .last_chunk::<8>()
            .map_or(0, |last| u64::from_le_bytes(*last));
        // The high bits of a product depend on all of the factor.
        let mixed = (first ^ last.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 58) as usize;
        let found = self.recent[place];
        if found.first == first && found.last == last && found.length == text.len() {
            return found.code;
        }
        let code = self.code(text);
        self.recent[place] = Recent {
            first,
            last,
            length: text.len(),
            code,
        };
        code
    }

    /// The number of `text`, a new one where it has none.
    pub(super) fn code(&mut self, text: &[u8]) -> u32 {
        let Self {
            strings,
            table,
            hasher,
            ..
        } = self;
        let hash = hasher.hash_one(text);
        if let Some(&code) = table.find(hash, |&code| strings.get(code as usize) == text) {
            return code;
        }
        let code = u32::try_from(strings.ends.len()).unwrap_or(u32::MAX);
        strings.push(text);
        let hash_of = |&code: &u32| hasher.hash_one(strings.get(code as usize));
        table.insert_unique(hash, code, hash_of);
        code
    }
}

/// A value that its column cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) row: usize,
    /// Whether it is no UTF-8, rather than no value of the type.
    pub(super) not_utf8: bool,
}

/// What a column is to be read as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) kind: Kind,
    /// Whether a value that does not fit is an error; the kind becomes a wider one otherwise.
    pub(super) declared: bool,
}

/// The values of one column of one piece. Its memory is used again for the next.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) kind: Kind,
    pub(super) null_count: usize,
    /// Whether a field was quoted and empty: null but for text.
    pub(super) has_quoted_empty: bool,
    pub(super) validity: Bitmap,
    pub(super) bits: Bitmap,
    pub(super) i32s: Vec<i32>,
    pub(super) i64s: Vec<i64>,
    pub(super) f64s: Vec<f64>,
    pub(super) text: Strings,
    pub(super) codes: Vec<u32>,
    pub(super) dictionary: Dictionary,
    pub(super) misfits: Vec<Misfit>,
}

impl Default for Column {
    fn default() -> Self {
        Self {
            kind: Kind::Empty,
            null_count: 0,
            has_quoted_empty: false,
            validity: Bitmap::default(),
            bits: Bitmap::default(),
            i32s: Vec::new(),
            i64s: Vec::new(),
            f64s: Vec::new(),
            text: Strings::default(),
            codes: Vec::new(),
            dictionary: Dictionary::default(),
            misfits: Vec::new(),
        }
    }
}

/// One column of a piece.
#[derive(Clone, Copy)]
struct Source<'a> {
    fields: &'a Fields<'a>,
    column: usize,
    nulls: &'a Nulls,
}

impl Column {
    /// Reads column `column` of `fields`, as `request` has it or, unless that is declared, as the
    /// narrowest kind that is wider and holds all values.
    pub(super) fn read(
        &mut self,
        fields: &Fields<'_>,
        column: usize,
        nulls: &Nulls,
        request: Request,
    ) {
        let source = Source {
            fields,
            column,
            nulls,
        };
        self.misfits.clear();
        self.kind = request.kind;
        loop {
            self.null_count = 0;
            self.has_quoted_empty = false;
            self.validity.reset(fields.rows, true);
            let Some(row) = self.read_as(source, request.declared) else {
                break;
            };
            let text = match fields.text(row, column) {
                Text::Plain(text) | Text::Quoted(text) => text,
                Text::Missing => &[],
            };
            // Memory that another thread writes to may fit by now: every round is wider, so that
            // this ends.
            let wider = self.kind.join(Kind::of(text));
            self.kind = if wider == self.kind {
                Kind::Text
            } else {
                wider
            };
        }
        self.check_utf8();
    }

    /// Reads all as values of its kind, up to the first row that does not fit.
    fn read_as(&mut self, source: Source<'_>, declared: bool) -> Option<usize> {
        match (self.kind, declared) {
            (Kind::Empty, _) => self.read_values(source, false, |_, _, _| None),
            (Kind::Boolean, _) => {
                let parse = if declared {
                    values::declared_boolean
                } else {
                    values::boolean
                };
                self.bits.reset(source.fields.rows, false);
                self.read_values(source, declared, |column, row, text| {
                    if parse(text)? {
                        column.bits.set(row);
                    }
                    Some(())
                })
            }
            (Kind::Int32, true) => self.read_i32s(source, true, values::declared_int32),
            (Kind::Int32, false) => self.read_i32s(source, false, values::int32),
            (Kind::Int53, _) => self.read_f64s(source, false, |text| {
                let value = values::int64(text).filter(|value| value.unsigned_abs() <= 1 << 53)?;
                #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
                Some(value as f64)
            }),
            (Kind::Float64, true) => self.read_f64s(source, true, values::declared_float64),
            (Kind::Float64, false) => self.read_f64s(source, false, values::float64),
            (Kind::Int64, true) => self.read_i64s(source, true, values::declared_int64),
            (Kind::Int64, false) => self.read_i64s(source, false, values::int64),
            (Kind::Timestamp, true) => self.read_i64s(source, true, values::declared_timestamp),
            (Kind::Timestamp, false) => self.read_i64s(source, false, values::timestamp),
            (Kind::Dictionary, _) => {
                self.read_codes(source);
                None
            }
            (Kind::Text, _) => {
                self.read_text(source);
                None
            }
        }
    }

    fn read_i32s(
        &mut self,
        source: Source<'_>,
        declared: bool,
        parse: impl Fn(&[u8]) -> Option<i32>,
    ) -> Option<usize> {
        self.i32s.clear();
        self.i32s.resize(source.fields.rows, 0);
        self.read_values(source, declared, |column, row, text| {
            column.i32s[row] = parse(text)?;
            Some(())
        })
    }

    fn read_i64s(
        &mut self,
        source: Source<'_>,
        declared: bool,
        parse: impl Fn(&[u8]) -> Option<i64>,
    ) -> Option<usize> {
        self.i64s.clear();
        self.i64s.resize(source.fields.rows, 0);
        self.read_values(source, declared, |column, row, text| {
            column.i64s[row] = parse(text)?;
            Some(())
        })
    }

    fn read_f64s(
        &mut self,
        source: Source<'_>,
        declared: bool,
        parse: impl Fn(&[u8]) -> Option<f64>,
    ) -> Option<usize> {
        self.f64s.clear();
        self.f64s.resize(source.fields.rows, 0.0);
        self.read_values(source, declared, |column, row, text| {
            column.f64s[row] = parse(text)?;
            Some(())
        })
    }

    /// Gives each field that is not null to `put`, which takes it or does not.
    #[inline(always)]
    fn read_values(
        &mut self,
        Source {
            fields,
            column,
            nulls,
        }: Source<'_>,
        declared: bool,
        put: impl Fn(&mut Self, usize, &[u8]) -> Option<()>,
    ) -> Option<usize> {
        for row in 0..fields.rows {
            let taken = match fields.text(row, column) {
                Text::Missing => None,
                Text::Plain(text) if nulls.contains(text) => None,
                Text::Quoted([]) if nulls.empty => {
                    self.has_quoted_empty = true;
                    None
                }
                Text::Plain(text) | Text::Quoted(text) => Some(put(self, row, text)),
            };
            match taken {
                Some(Some(())) => {}
                None => self.null(row),
                Some(None) if declared => self.misfits.push(Misfit {
                    row,
                    not_utf8: false,
                }),
                Some(None) => return Some(row),
            }
        }
        None
    }

    #[inline(always)]
    fn null(&mut self, row: usize) {
        self.null_count += 1;
        self.validity.clear(row);
    }

    fn read_text(
        &mut self,
        Source {
            fields,
            column,
            nulls,
        }: Source<'_>,
    ) {
        self.text.clear();
        self.text.ends.reserve(fields.rows);
        let mut unescaped = Vec::new();
        for row in 0..fields.rows {
            match fields.text(row, column) {
                Text::Plain(text) if !nulls.contains(text) => self.text.push(text),
                Text::Quoted(text) if !fields.syntax.has_escapes(text) => self.text.push(text),
                Text::Quoted(text) => {
                    unescaped.clear();
                    fields.syntax.unescape(text, &mut unescaped);
                    self.text.push(&unescaped);
                }
                Text::Missing | Text::Plain(_) => {
                    self.null(row);
                    self.text.end();
                }
            }
        }
    }

    fn read_codes(
        &mut self,
        Source {
            fields,
            column,
            nulls,
        }: Source<'_>,
    ) {
        self.codes.clear();
        self.codes.resize(fields.rows, 0);
        self.dictionary.clear();
        let mut unescaped = Vec::new();
        for row in 0..fields.rows {
            let text = match fields.text(row, column) {
                Text::Plain(text) if !nulls.contains(text) => text,
                Text::Quoted(text) if !fields.syntax.has_escapes(text) => text,
                Text::Quoted(text) => {
                    unescaped.clear();
                    fields.syntax.unescape(text, &mut unescaped);
                    &unescaped
                }
                Text::Missing | Text::Plain(_) => {
                    self.null(row);
                    continue;
                }
            };
            self.codes[row] = self.dictionary.code_of_frequent(text);
        }
    }

    fn check_utf8(&mut self) {
        let found = match self.kind.storage() {
            Storage::Text => self.text.first_invalid(),
            Storage::Codes => self.dictionary.strings.first_invalid(),
            _ => None,
        };
        if found.is_none() {
            return;
        }
        // Rare: one by one.
        for row in 0..self.validity.len() {
            let text = match self.kind.storage() {
                Storage::Text => self.text.get(row),
                _ if self.validity.get(row) => {
                    self.dictionary.strings.get(self.codes[row] as usize)
                }
                _ => &[],
            };
            if str::from_utf8(text).is_err() {
                self.misfits.push(Misfit {
                    row,
                    not_utf8: true,
                });
            }
        }
    }
}
