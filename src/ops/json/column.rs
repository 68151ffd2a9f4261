//! The values of one column of one piece, as values of one kind.

use super::record::{Cell, Cells};
use super::scalar::is_integer;
use super::unescape::{Lone, has_escapes, unescape};
use crate::ops::columns::{Column, Kind, Request, Widening, values};

/// Beyond this not every integer is a `f64`.
const MOST_EXACT: u64 = 1 << 53;

/// One column of a piece.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// What the cells' positions are in.
    pub(super) bytes: &'a [u8],
    pub(super) cells: &'a Cells,
    /// The slot of its values, and that of those which count where there is none.
    pub(super) slots: (usize, Option<usize>),
    /// Whether integers keep all digits.
    pub(super) bigint: bool,
}

impl<'a> Source<'a> {
    /// Reads it into `column`, as `request` has it or, unless that is declared, as the narrowest kind
    /// that is wider and holds all values.
    pub(super) fn read(self, column: &mut Column, request: Request) {
        let mut kind = request.kind;
        loop {
            column.begin(kind, self.cells.rows);
            let Some(row) = self.read_as(column, request.declared) else {
                break;
            };
            let found = self.kind_of(self.text(row).unwrap_or_default());
            kind = kind.widened(found, Widening::Json);
        }
        column.check_utf8();
    }

    /// The value of a row, as it is written; `None` for null and where there is none.
    #[inline(always)]
    pub(super) fn text(&self, row: usize) -> Option<&'a [u8]> {
        let Cell { start, end } = self.cell(row);
        match self.bytes.get(start as usize..end as usize) {
            None | Some([] | [b'n', ..]) => None,
            text => text,
        }
    }

    /// The value of a row, by its positions.
    #[inline(always)]
    pub(super) fn cell(&self, row: usize) -> Cell {
        let (first, second) = self.slots;
        let row = &self.cells.all[row * self.cells.slots..][..self.cells.slots];
        match second {
            Some(second) if row[first].end == 0 => row[second],
            _ => row[first],
        }
    }

    /// Reads all as values of the column's kind, up to the first row that does not fit.
    fn read_as(self, column: &mut Column, declared: bool) -> Option<usize> {
        match (column.kind, declared) {
            (Kind::Empty, _) => self.read_values(column, declared, |_, _, _| None),
            (Kind::Boolean, _) => self.read_values(column, declared, |column, row, text| {
                match text[0] {
                    b't' => column.bits.set(row),
                    b'f' => {}
                    _ => return None,
                }
                Some(())
            }),
            (Kind::Int32, true) => self.read_each(column, true, i32s, |text| {
                values::int32(text).or_else(|| i32::try_from(integer(text)?).ok())
            }),
            (Kind::Int32, false) => self.read_each(column, false, i32s, values::int32),
            (Kind::Int53, _) => self.read_each(column, declared, f64s, exact),
            (Kind::Float64, true) => self.read_each(column, true, f64s, number),
            (Kind::Float64, false) if self.bigint => self.read_each(column, false, f64s, |text| {
                if is_integer(text) && exact(text).is_none() && text != b"-0" {
                    return None;
                }
                number(text)
            }),
            (Kind::Float64, false) => self.read_each(column, false, f64s, number),
            (Kind::Int64, true) => self.read_each(column, true, i64s, integer),
            (Kind::Int64, false) => self.read_each(column, false, i64s, values::int64),
            (Kind::Timestamp, _) => self.read_each(column, declared, i64s, |text| match text {
                [b'"', inner @ .., b'"'] => values::declared_timestamp(inner),
                text => integer(text),
            }),
            (Kind::Dictionary, _) => self.read_codes(column, declared),
            (Kind::Text, _) => self.read_text(column, declared),
            (Kind::Json, _) => {
                for row in 0..self.cells.rows {
                    if let Some(text) = self.text(row) {
                        column.text.push(text);
                    } else {
                        column.null(row);
                        column.text.end();
                    }
                }
                None
            }
        }
    }

    #[inline(always)]
    fn read_each<T>(
        self,
        column: &mut Column,
        declared: bool,
        values: impl Fn(&mut Column) -> &mut [T],
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<usize> {
        self.read_values(column, declared, |column, row, text| {
            values(column)[row] = parse(text)?;
            Some(())
        })
    }

    /// Gives each value that is not null to `put`, which takes it or does not.
    #[inline(always)]
    fn read_values(
        self,
        column: &mut Column,
        declared: bool,
        mut put: impl FnMut(&mut Column, usize, &[u8]) -> Option<()>,
    ) -> Option<usize> {
        for row in 0..self.cells.rows {
            match self.text(row).map(|text| put(column, row, text)) {
                Some(Some(())) => {}
                None => column.null(row),
                Some(None) if declared => column.misfit(row),
                Some(None) => return Some(row),
            }
        }
        None
    }

    fn read_text(self, column: &mut Column, declared: bool) -> Option<usize> {
        let mut unescaped = Vec::new();
        for row in 0..self.cells.rows {
            match self.text(row) {
                Some([b'"', inner @ .., b'"']) => {
                    column.text.push(plain(inner, &mut unescaped));
                    continue;
                }
                None => column.null(row),
                Some(_) if declared => column.misfit(row),
                Some(_) => return Some(row),
            }
            column.text.end();
        }
        None
    }

    fn read_codes(self, column: &mut Column, declared: bool) -> Option<usize> {
        let mut unescaped = Vec::new();
        self.read_values(column, declared, |column, row, text| {
            let [b'"', inner @ .., b'"'] = text else {
                return None;
            };
            let text = plain(inner, &mut unescaped);
            column.codes[row] = column.dictionary.code_of_frequent(text);
            Some(())
        })
    }

    /// The narrowest kind that holds `text`.
    fn kind_of(self, text: &[u8]) -> Kind {
        match text.first() {
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'"') => Kind::Dictionary,
            Some(b'-' | b'0'..=b'9') => {
                if values::int32(text).is_some() {
                    Kind::Int32
                } else if exact(text).is_some() {
                    Kind::Int53
                } else if !self.bigint || !is_integer(text) || text == b"-0" {
                    Kind::Float64
                } else if values::int64(text).is_some() {
                    Kind::Int64
                } else {
                    Kind::Json
                }
            }
            _ => Kind::Json,
        }
    }
}

fn i32s(column: &mut Column) -> &mut [i32] {
    &mut column.i32s
}

fn i64s(column: &mut Column) -> &mut [i64] {
    &mut column.i64s
}

fn f64s(column: &mut Column) -> &mut [f64] {
    &mut column.f64s
}

/// The text of a string, given without its quotes.
#[inline(always)]
fn plain<'a>(inner: &'a [u8], unescaped: &'a mut Vec<u8>) -> &'a [u8] {
    if !has_escapes(inner) {
        return inner;
    }
    unescaped.clear();
    unescape(inner, Lone::Replaced, unescaped);
    unescaped
}

/// An integer that a `f64` holds exactly, and that is not `-0`.
#[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
fn exact(text: &[u8]) -> Option<f64> {
    let value = values::int64(text)?;
    (value.unsigned_abs() <= MOST_EXACT).then_some(value as f64)
}

/// A number as JavaScript has it: rounded, and infinite where it is too large.
#[inline(always)]
fn number(text: &[u8]) -> Option<f64> {
    if !matches!(text.first(), Some(b'-' | b'0'..=b'9')) {
        return None;
    }
    values::float64(text).or_else(|| fast_float2::parse(text).ok())
}

/// A number that is an integer, however it is written.
fn integer(text: &[u8]) -> Option<i64> {
    if let Some(value) = values::int64(text) {
        return Some(value);
    }
    let value = number(text)?;
    #[expect(clippy::cast_precision_loss, reason = "a power of two")]
    let is_exact = value.fract() == 0.0 && value.abs() <= MOST_EXACT as f64;
    #[expect(clippy::cast_possible_truncation, reason = "an integer of 53 bits")]
    is_exact.then_some(value as i64)
}
