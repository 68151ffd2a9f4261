//! Tables and rows to CSV (RFC 4180), quoted only where it must be.

use std::fmt::Write as _;

use encoding_rs::mem;
use memchr::{memchr, memchr3};
use rayon::prelude::*;

use super::values;
use crate::error::{Error, ErrorKind};
use crate::ops::table::{Buffers, ColumnType, View};
use crate::pool::Context;

/// Rows that one thread writes between two looks at whether the job is still wanted.
const PIECE_ROWS: usize = 1 << 13;

const DAY: i64 = 86_400_000;

/// Options of the writer.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Between fields.
    pub delimiter: u8,
    /// Around fields that need it; `None` for never.
    pub quote: Option<u8>,
    /// Before a quote inside quotes.
    pub escape: u8,
    /// Whether the first record is the columns' names.
    pub header: bool,
    /// The columns' names, for rows.
    pub names: Vec<String>,
    /// After each record.
    pub record_delimiter: String,
    /// Whether text that a spreadsheet would take for a formula gets a `'` in front. Numbers do not.
    pub escape_formulas: bool,
    /// Whether a byte-order mark comes first.
    pub bom: bool,
    /// What is written for null.
    pub null_value: String,
}

/// The rows of `view` as CSV.
pub fn write(view: &View, options: &WriteOptions, context: &Context<'_>) -> Result<Vec<u8>, Error> {
    let description = view.description();
    let columns = description.columns.iter();
    let buffers = columns
        .clone()
        .map(|column| view.buffers(column))
        .collect::<Result<Vec<_>, _>>()?;
    let mut csv = Vec::new();
    options.begin(&mut csv, columns.map(|column| column.name.as_str()));
    let starts: Vec<usize> = (description.from..description.to)
        .step_by(PIECE_ROWS)
        .collect();
    let piece = |&start: &usize| {
        context.check()?;
        let end = description.to.min(start + PIECE_ROWS);
        let mut piece = Vec::new();
        for row in start..end {
            for (index, buffers) in buffers.iter().enumerate() {
                if index > 0 {
                    piece.push(options.delimiter);
                }
                options.cell(&mut piece, buffers, row)?;
            }
            piece.extend_from_slice(options.record_delimiter.as_bytes());
        }
        Ok(piece)
    };
    let pieces: Result<Vec<Vec<u8>>, Error> = match context.split().team() {
        Some(team) if starts.len() > 1 => team.install(|| starts.par_iter().map(piece).collect()),
        _ => starts.iter().map(piece).collect(),
    };
    let pieces = pieces?;
    let length = pieces.iter().map(Vec::len).sum();
    reserve(&mut csv, length)?;
    for piece in pieces {
        csv.extend_from_slice(&piece);
    }
    Ok(csv)
}

fn reserve(csv: &mut Vec<u8>, length: usize) -> Result<(), Error> {
    csv.try_reserve_exact(length).map_err(|_| {
        ErrorKind::OutOfMemory {
            wanted: length as u64,
        }
        .into()
    })
}

/// Rows to CSV, some at a time.
#[derive(Debug)]
pub struct Writer {
    options: WriteOptions,
    csv: Vec<u8>,
}

impl Writer {
    /// With the header written.
    #[must_use]
    pub fn new(options: WriteOptions) -> Self {
        let mut csv = Vec::new();
        options.begin(&mut csv, options.names.iter().map(String::as_str));
        Self { options, csv }
    }

    /// Appends records of `fields` fields. `text` is all fields one after the other, in UTF-16, and
    /// `lengths` the length of each, negative for null. A lone surrogate becomes U+FFFD.
    pub fn rows(
        &mut self,
        text: &[u16],
        lengths: &[i32],
        fields: usize,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        let Self { options, csv } = self;
        reserve(csv, text.len() + lengths.len() * 2)?;
        let mut rest = text;
        let mut utf8 = Vec::new();
        for (record, lengths) in lengths.chunks(fields.max(1)).enumerate() {
            if record % PIECE_ROWS == 0 {
                context.check()?;
            }
            for (index, &length) in lengths.iter().enumerate() {
                if index > 0 {
                    csv.push(options.delimiter);
                }
                let Ok(length) = usize::try_from(length) else {
                    csv.extend_from_slice(options.null_value.as_bytes());
                    continue;
                };
                let (field, after) = rest.split_at_checked(length).ok_or_else(|| {
                    Error::from(ErrorKind::InvalidArgument {
                        name: "rows",
                        expected: "fields as long as their lengths say".to_owned(),
                        received: "less text".to_owned(),
                    })
                })?;
                rest = after;
                utf8.resize(field.len() * 3, 0);
                let written = mem::convert_utf16_to_utf8(field, &mut utf8);
                options.text(csv, &utf8[..written]);
            }
            csv.extend_from_slice(options.record_delimiter.as_bytes());
        }
        Ok(())
    }

    /// All that was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.csv
    }
}

impl WriteOptions {
    fn begin<'a>(&self, csv: &mut Vec<u8>, names: impl Iterator<Item = &'a str>) {
        if self.bom {
            csv.extend_from_slice("\u{feff}".as_bytes());
        }
        if !self.header {
            return;
        }
        for (index, name) in names.enumerate() {
            if index > 0 {
                csv.push(self.delimiter);
            }
            self.text(csv, name.as_bytes());
        }
        csv.extend_from_slice(self.record_delimiter.as_bytes());
    }

    fn cell(&self, csv: &mut Vec<u8>, buffers: &Buffers<'_>, row: usize) -> Result<(), Error> {
        if buffers.validity.is_some_and(|bits| !bit(bits, row)) {
            csv.extend_from_slice(self.null_value.as_bytes());
            return Ok(());
        }
        match buffers.kind {
            ColumnType::Boolean => {
                let text: &[u8] = if bit(buffers.values, row) {
                    b"true"
                } else {
                    b"false"
                };
                csv.extend_from_slice(text);
            }
            ColumnType::Int32 => {
                let value = i32::from_ne_bytes(array(buffers.values, row));
                csv.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            ColumnType::Int64 => {
                let value = i64::from_ne_bytes(array(buffers.values, row));
                csv.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            ColumnType::Float64 => {
                let value = f64::from_ne_bytes(array(buffers.values, row));
                if value == 0.0 && value.is_sign_negative() {
                    // JavaScript writes it as `0`, from which it would not come back.
                    csv.push(b'-');
                }
                csv.extend_from_slice(ryu_js::Buffer::new().format(value).as_bytes());
            }
            ColumnType::Timestamp => timestamp(csv, i64::from_ne_bytes(array(buffers.values, row))),
            ColumnType::String => self.text(csv, buffers.string(row)?),
            ColumnType::Dictionary => {
                let code = i32::from_ne_bytes(array(buffers.values, row));
                // A negative one is beyond all there are.
                self.text(
                    csv,
                    buffers.string(usize::try_from(code).unwrap_or(usize::MAX))?,
                );
            }
        }
        Ok(())
    }

    fn text(&self, csv: &mut Vec<u8>, text: &[u8]) {
        let formula: &[u8] = if self.escape_formulas && is_formula(text) {
            b"'"
        } else {
            b""
        };
        let Some(quote) = self.quote.filter(|quote| self.needs_quotes(text, *quote)) else {
            csv.extend_from_slice(formula);
            csv.extend_from_slice(text);
            return;
        };
        csv.push(quote);
        csv.extend_from_slice(formula);
        for &byte in text {
            if byte == quote || byte == self.escape {
                csv.push(self.escape);
            }
            csv.push(byte);
        }
        csv.push(quote);
    }

    /// Whether `text` would be read as something else without quotes. The empty string would be, and
    /// what stands for null.
    fn needs_quotes(&self, text: &[u8], quote: u8) -> bool {
        text.is_empty()
            || memchr3(self.delimiter, quote, b'\n', text).is_some()
            || memchr(b'\r', text).is_some()
            || text == self.null_value.as_bytes()
    }
}

/// Whether a spreadsheet takes `text` for a formula, or may after it has dropped a tab or a line end
/// (OWASP, "CSV Injection").
fn is_formula(text: &[u8]) -> bool {
    let begins = match text {
        [b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n', ..] => true,
        // The same characters, full-width.
        [0xef, 0xbc, third, ..] => matches!(third, 0x9d | 0x8b | 0x8d | 0xa0),
        _ => false,
    };
    begins && values::float64(text).is_none()
}

fn bit(bits: &[u8], row: usize) -> bool {
    bits[row / 8] >> (row % 8) & 1 != 0
}

fn array<const N: usize>(bytes: &[u8], index: usize) -> [u8; N] {
    let (values, _) = bytes.as_chunks::<N>();
    values[index]
}

impl<'a> Buffers<'a> {
    /// String `index`, whose offsets are what came from outside.
    fn string(&self, index: usize) -> Result<&'a [u8], Error> {
        let (offsets, _) = self.offsets.as_chunks::<4>();
        let offset = |index: usize| {
            let offset = i32::from_ne_bytes(*offsets.get(index)?);
            usize::try_from(offset).ok()
        };
        let range = offset(index).zip(index.checked_add(1).and_then(offset));
        range
            .and_then(|(start, end)| self.bytes.get(start..end))
            .ok_or_else(|| {
                ErrorKind::InvalidArgument {
                    name: "table",
                    expected: "offsets within the strings".to_owned(),
                    received: "others".to_owned(),
                }
                .into()
            })
    }
}

/// ISO 8601 in UTC, with milliseconds where there are any; years of six digits as JavaScript writes
/// them.
fn timestamp(csv: &mut Vec<u8>, value: i64) {
    let (days, time) = (value.div_euclid(DAY), value.rem_euclid(DAY));
    let (year, month, day) = civil_from_days(days);
    let (seconds, milliseconds) = (time / 1000, time % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::with_capacity(32);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        year => format!("{year:+07}"),
    };
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    );
    if milliseconds > 0 {
        let _ = write!(text, ".{milliseconds:03}");
    }
    text.push('Z');
    csv.extend_from_slice(text.as_bytes());
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{super::values, timestamp};

    #[test]
    fn times_come_back() {
        for value in (-62_167_219_200_000..253_402_300_799_999).step_by(86_399_999_123) {
            let mut text = Vec::new();
            timestamp(&mut text, value);
            assert_eq!(
                values::timestamp(&text),
                Some(value),
                "{}",
                text.escape_ascii()
            );
        }
        let mut text = Vec::new();
        timestamp(&mut text, 8_640_000_000_000_000);
        assert_eq!(text, b"+275760-09-13T00:00:00Z");
    }
}
