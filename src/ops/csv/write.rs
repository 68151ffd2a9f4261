//! Tables and rows to CSV (RFC 4180), quoted only where it must be.

use encoding_rs::mem;
use memchr::{memchr, memchr3};

use crate::error::{Error, ErrorKind};
use crate::ops::columns::values;
use crate::ops::table::{Buffers, Cell, Milliseconds, Rows, View, reserve, write_timestamp};
use crate::pool::Context;

/// Records that are written between two looks at whether the job is still wanted.
const PIECE_RECORDS: usize = 1 << 13;

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
    let mut head = Vec::new();
    options.begin(&mut head, columns.map(|column| column.name.as_str()));
    let row_bytes = buffers
        .iter()
        .map(|buffers| buffers.text_bytes().saturating_add(1))
        .fold(options.record_delimiter.len(), usize::saturating_add);
    let rows = Rows {
        range: description.from..description.to,
        head: &head,
        row_bytes,
    };
    rows.write(context, |csv, row| {
        for (index, buffers) in buffers.iter().enumerate() {
            if index > 0 {
                csv.push(options.delimiter);
            }
            options.cell(csv, buffers, row)?;
        }
        csv.extend_from_slice(options.record_delimiter.as_bytes());
        Ok(())
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
            if record % PIECE_RECORDS == 0 {
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
        match buffers.cell(row)? {
            Cell::Null => csv.extend_from_slice(self.null_value.as_bytes()),
            Cell::Boolean(true) => csv.extend_from_slice(b"true"),
            Cell::Boolean(false) => csv.extend_from_slice(b"false"),
            Cell::Int32(value) => {
                csv.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            Cell::Int64(value) => {
                csv.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            Cell::Float64(value) => {
                if value == 0.0 && value.is_sign_negative() {
                    // JavaScript writes it as `0`, from which it would not come back.
                    csv.push(b'-');
                }
                csv.extend_from_slice(ryu_js::Buffer::new().format(value).as_bytes());
            }
            Cell::Timestamp(value) => write_timestamp(csv, value, Milliseconds::IfAny),
            Cell::String(text) | Cell::Json(text) => self.text(csv, text),
            Cell::Entry(index) => self.text(csv, buffers.string(index)?),
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

#[cfg(test)]
mod tests {
    use super::{Milliseconds, values, write_timestamp};

    #[test]
    fn times_come_back() {
        for value in (-62_167_219_200_000..253_402_300_799_999).step_by(86_399_999_123) {
            let mut text = Vec::new();
            write_timestamp(&mut text, value, Milliseconds::IfAny);
            assert_eq!(
                values::timestamp(&text),
                Some(value),
                "{}",
                text.escape_ascii()
            );
        }
    }
}
