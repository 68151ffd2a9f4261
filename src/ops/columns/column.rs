//! One column of one piece: values of one kind.

use std::str;

use super::dictionary::Dictionary;
use super::kind::{Kind, Storage};
use super::strings::Strings;
use crate::ops::table::Bitmap;

/// A value that its column cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Misfit {
    pub(in crate::ops) row: usize,
    /// Whether it is no UTF-8, rather than no value of the type.
    pub(in crate::ops) not_utf8: bool,
}

/// What a column is to be read as.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct Request {
    pub(in crate::ops) kind: Kind,
    /// Whether a value that does not fit is an error; the kind becomes a wider one otherwise.
    pub(in crate::ops) declared: bool,
}

/// The values of one column of one piece. Its memory is used again for the next.
#[derive(Debug)]
pub(in crate::ops) struct Column {
    pub(in crate::ops) kind: Kind,
    pub(in crate::ops) null_count: usize,
    /// Whether some nulls are empty strings where the column is one of text.
    pub(in crate::ops) has_empty_strings: bool,
    pub(in crate::ops) validity: Bitmap,
    pub(in crate::ops) bits: Bitmap,
    pub(in crate::ops) i32s: Vec<i32>,
    pub(in crate::ops) i64s: Vec<i64>,
    pub(in crate::ops) f64s: Vec<f64>,
    pub(in crate::ops) text: Strings,
    pub(in crate::ops) codes: Vec<u32>,
    pub(in crate::ops) dictionary: Dictionary,
    pub(in crate::ops) misfits: Vec<Misfit>,
}

impl Default for Column {
    fn default() -> Self {
        Self {
            kind: Kind::Empty,
            null_count: 0,
            has_empty_strings: false,
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

impl Column {
    /// Makes it `rows` values of `kind`, none of them null and all of them zero; of text, none yet.
    pub(in crate::ops) fn begin(&mut self, kind: Kind, rows: usize) {
        self.kind = kind;
        self.null_count = 0;
        self.has_empty_strings = false;
        self.validity.reset(rows, true);
        self.misfits.clear();
        match kind.storage() {
            Storage::Nothing => {}
            Storage::Bits => self.bits.reset(rows, false),
            Storage::I32 => zeros(&mut self.i32s, rows),
            Storage::I64 => zeros(&mut self.i64s, rows),
            Storage::F64 => zeros(&mut self.f64s, rows),
            Storage::Codes => {
                zeros(&mut self.codes, rows);
                self.dictionary.clear();
            }
            Storage::Text => {
                self.text.clear();
                self.text.ends.reserve(rows);
            }
        }
    }

    /// Makes the value of `row` null. Of text, its string still has to end.
    #[inline(always)]
    pub(in crate::ops) fn null(&mut self, row: usize) {
        self.null_count += 1;
        self.validity.clear(row);
    }

    /// Notes that the value of `row` does not fit.
    pub(in crate::ops) fn misfit(&mut self, row: usize) {
        self.misfits.push(Misfit {
            row,
            not_utf8: false,
        });
    }

    /// Bytes of text in its first `rows` rows.
    pub(in crate::ops) fn text_bytes(&self, rows: usize) -> usize {
        if self.kind.storage() == Storage::Text && rows > 0 {
            self.text.ends[rows - 1] as usize
        } else {
            0
        }
    }

    /// Notes the strings that are not UTF-8.
    pub(in crate::ops) fn check_utf8(&mut self) {
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

fn zeros<T: Copy + Default>(values: &mut Vec<T>, rows: usize) {
    values.clear();
    values.resize(rows, T::default());
}
