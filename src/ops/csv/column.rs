//! The fields of one column of one piece, as values of one kind.

use super::fields::{Fields, Text};
use crate::ops::columns::{Column, Kind, Request, Widening, values};

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

/// One column of a piece.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) fields: &'a Fields<'a>,
    /// Which field of each record.
    pub(super) field: usize,
    pub(super) nulls: &'a Nulls,
}

impl<'a> Source<'a> {
    /// Reads it into `column`, as `request` has it or, unless that is declared, as the narrowest kind
    /// that is wider and holds all values.
    pub(super) fn read(self, column: &mut Column, request: Request) {
        let mut kind = request.kind;
        loop {
            column.begin(kind, self.fields.rows);
            let Some(row) = self.read_as(column, request.declared) else {
                break;
            };
            let text = match self.text(row) {
                Text::Plain(text) | Text::Quoted(text) => text,
                Text::Missing => &[],
            };
            kind = kind.widened(kind_of(text), Widening::Csv);
        }
        column.check_utf8();
    }

    #[inline(always)]
    fn text(&self, row: usize) -> Text<'a> {
        self.fields.text(row, self.field)
    }

    /// Reads all as values of the column's kind, up to the first row that does not fit.
    fn read_as(self, column: &mut Column, declared: bool) -> Option<usize> {
        match (column.kind, declared) {
            (Kind::Empty, _) => self.read_values(column, false, |_, _, _| None),
            (Kind::Boolean, true) => self.read_bits(column, true, values::declared_boolean),
            (Kind::Boolean, false) => self.read_bits(column, false, values::boolean),
            (Kind::Int32, true) => self.read_each(column, true, i32s, values::declared_int32),
            (Kind::Int32, false) => self.read_each(column, false, i32s, values::int32),
            (Kind::Int53, _) => self.read_each(column, false, f64s, |text| {
                let value = values::int64(text).filter(|value| value.unsigned_abs() <= 1 << 53)?;
                #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
                Some(value as f64)
            }),
            (Kind::Float64, true) => self.read_each(column, true, f64s, values::declared_float64),
            (Kind::Float64, false) => self.read_each(column, false, f64s, values::float64),
            (Kind::Int64, true) => self.read_each(column, true, i64s, values::declared_int64),
            (Kind::Int64, false) => self.read_each(column, false, i64s, values::int64),
            (Kind::Timestamp, true) => {
                self.read_each(column, true, i64s, values::declared_timestamp)
            }
            (Kind::Timestamp, false) => self.read_each(column, false, i64s, values::timestamp),
            (Kind::Dictionary, _) => {
                self.read_codes(column);
                None
            }
            (Kind::Text | Kind::Json, _) => {
                self.read_text(column);
                None
            }
        }
    }

    fn read_bits(
        self,
        column: &mut Column,
        declared: bool,
        parse: impl Fn(&[u8]) -> Option<bool>,
    ) -> Option<usize> {
        self.read_values(column, declared, |column, row, text| {
            if parse(text)? {
                column.bits.set(row);
            }
            Some(())
        })
    }

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

    /// Gives each field that is not null to `put`, which takes it or does not.
    #[inline(always)]
    fn read_values(
        self,
        column: &mut Column,
        declared: bool,
        put: impl Fn(&mut Column, usize, &[u8]) -> Option<()>,
    ) -> Option<usize> {
        let nulls = self.nulls;
        for row in 0..self.fields.rows {
            let taken = match self.text(row) {
                Text::Missing => None,
                Text::Plain(text) if nulls.contains(text) => None,
                Text::Quoted([]) if nulls.empty => {
                    column.has_empty_strings = true;
                    None
                }
                Text::Plain(text) | Text::Quoted(text) => Some(put(column, row, text)),
            };
            match taken {
                Some(Some(())) => {}
                None => column.null(row),
                Some(None) if declared => column.misfit(row),
                Some(None) => return Some(row),
            }
        }
        None
    }

    fn read_text(self, column: &mut Column) {
        let Self { fields, nulls, .. } = self;
        let mut unescaped = Vec::new();
        for row in 0..fields.rows {
            match self.text(row) {
                Text::Plain(text) if !nulls.contains(text) => column.text.push(text),
                Text::Quoted(text) if !fields.syntax.has_escapes(text) => column.text.push(text),
                Text::Quoted(text) => {
                    unescaped.clear();
                    fields.syntax.unescape(text, &mut unescaped);
                    column.text.push(&unescaped);
                }
                Text::Missing | Text::Plain(_) => {
                    column.null(row);
                    column.text.end();
                }
            }
        }
    }

    fn read_codes(self, column: &mut Column) {
        let Self { fields, nulls, .. } = self;
        let mut unescaped = Vec::new();
        for row in 0..fields.rows {
            let text = match self.text(row) {
                Text::Plain(text) if !nulls.contains(text) => text,
                Text::Quoted(text) if !fields.syntax.has_escapes(text) => text,
                Text::Quoted(text) => {
                    unescaped.clear();
                    fields.syntax.unescape(text, &mut unescaped);
                    &unescaped
                }
                Text::Missing | Text::Plain(_) => {
                    column.null(row);
                    continue;
                }
            };
            column.codes[row] = column.dictionary.code_of_frequent(text);
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

/// The narrowest kind that holds `text`.
fn kind_of(text: &[u8]) -> Kind {
    if values::int32(text).is_some() {
        Kind::Int32
    } else if let Some(value) = values::int64(text) {
        if value.unsigned_abs() <= 1 << 53 {
            Kind::Int53
        } else {
            Kind::Int64
        }
    } else if values::float64(text).is_some() {
        Kind::Float64
    } else if values::boolean(text).is_some() {
        Kind::Boolean
    } else if values::timestamp(text).is_some() {
        Kind::Timestamp
    } else {
        Kind::Dictionary
    }
}
