//! What a caller may ask of the reader.

use crate::ops::table::{ColumnType, OnError};

/// Which bytes stand for which characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or UTF-16 where the input begins with its mark.
    #[default]
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// ISO 8859-1: each byte is the character of that number.
    Latin1,
}

/// Options of the reader.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
#[derive(Clone, Debug)]
pub struct Options {
    /// Between fields; `None` to guess it.
    pub delimiter: Option<u8>,
    /// Around fields; `None` for none.
    pub quote: Option<u8>,
    /// Before a quote inside quotes; the quote itself by RFC 4180.
    pub escape: Option<u8>,
    /// Whether the first record is the columns' names.
    pub header: bool,
    /// The columns' names, where they are given.
    pub names: Option<Vec<String>>,
    /// A record that begins with it is a comment.
    pub comment: Option<u8>,
    /// Whether a byte-order mark at the beginning is left out.
    pub bom: bool,
    /// Whether lines without a byte are no records.
    pub skip_empty_lines: bool,
    /// Whether spaces and tabs around fields are left out.
    pub trim: bool,
    /// Whether records may have fewer fields than there are columns, or more.
    pub relax_column_count: bool,
    /// Whether quotes may stand where RFC 4180 has none.
    pub relax_quotes: bool,
    /// What happens to a record with an error.
    pub on_error: OnError,
    /// The longest record, in bytes.
    pub max_record_size: usize,
    /// The most bytes that a compressed file may become.
    pub max_output_length: u64,
    /// Unquoted fields that are null.
    pub null_values: Vec<String>,
    /// Whether the types of columns that `types` does not name are found out; text otherwise.
    pub infer: bool,
    /// Types of columns by their names.
    pub types: Vec<(String, ColumnType)>,
    /// The columns that are read, in this order; all where `None`.
    pub columns: Option<Vec<String>>,
    /// The first line that is read, from 1.
    pub from_line: u64,
    /// The last line on which a record may begin.
    pub to_line: Option<u64>,
    /// The most records.
    pub limit: Option<u64>,
    /// Which bytes stand for which characters.
    pub encoding: Encoding,
    /// Bytes of one batch, for [`Reader`](super::Reader).
    pub batch_bytes: usize,
    /// Bytes of one piece, which one thread reads by itself. For tests.
    #[doc(hidden)]
    pub piece_bytes: usize,
}

/// Small enough that a piece, its index and its columns fit the second-level cache together: 512 KiB
/// where this was measured. Pieces of 64 KiB and of 256 KiB were no faster.
const PIECE: usize = 128 << 10;

impl Default for Options {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: Some(b'"'),
            escape: None,
            header: true,
            names: None,
            comment: None,
            bom: true,
            skip_empty_lines: false,
            trim: false,
            relax_column_count: false,
            relax_quotes: false,
            on_error: OnError::Throw,
            max_record_size: 16 << 20,
            max_output_length: u64::MAX,
            null_values: vec![String::new()],
            infer: true,
            types: Vec::new(),
            columns: None,
            from_line: 1,
            to_line: None,
            limit: None,
            encoding: Encoding::Utf8,
            batch_bytes: 4 << 20,
            piece_bytes: PIECE,
        }
    }
}
