//! Cells of columns that come from outside.
//!
//! Their memory is JavaScript's to write to, at any time. A cell is read once, and what it says of
//! other places is checked where it is used.

use super::description::ColumnType;
use super::view::Buffers;
use crate::error::{Error, ErrorKind};

/// What is in one row of one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Boolean(bool),
    Int32(i32),
    Int64(i64),
    Float64(f64),
    /// Milliseconds since 1970 in UTC, also more than a JavaScript `Date` holds.
    Timestamp(i64),
    /// Meant to be UTF-8.
    String(&'a [u8]),
    /// Meant to be the text of a JSON value.
    Json(&'a [u8]),
    /// What is to be the position of a string in the dictionary, for [`Buffers::string`].
    Entry(usize),
}

impl<'a> Buffers<'a> {
    /// The cell in `row`.
    #[inline(always)]
    pub(crate) fn cell(&self, row: usize) -> Result<Cell<'a>, Error> {
        if self.validity.is_some_and(|bits| !bit(bits, row)) {
            return Ok(Cell::Null);
        }
        Ok(match self.kind {
            ColumnType::Boolean => Cell::Boolean(bit(self.values, row)),
            ColumnType::Int32 => Cell::Int32(i32::from_ne_bytes(array(self.values, row))),
            ColumnType::Int64 => Cell::Int64(i64::from_ne_bytes(array(self.values, row))),
            ColumnType::Float64 => Cell::Float64(f64::from_ne_bytes(array(self.values, row))),
            ColumnType::Timestamp => Cell::Timestamp(i64::from_ne_bytes(array(self.values, row))),
            ColumnType::String => Cell::String(self.string(row)?),
            ColumnType::Json => Cell::Json(self.string(row)?),
            ColumnType::Dictionary => {
                let code = i32::from_ne_bytes(array(self.values, row));
                // A negative one is beyond all there are.
                Cell::Entry(usize::try_from(code).unwrap_or(usize::MAX))
            }
        })
    }

    /// String `index`, of the rows or of the dictionary.
    #[inline]
    pub(crate) fn string(&self, index: usize) -> Result<&'a [u8], Error> {
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

    /// How many strings there are.
    pub(crate) fn strings(&self) -> usize {
        (self.offsets.len() / 4).saturating_sub(1)
    }

    /// Bytes that a cell takes as text, about: rather too many than too few.
    pub(crate) fn text_bytes(&self) -> usize {
        match self.kind {
            ColumnType::Boolean => 5,
            ColumnType::Int32 => 11,
            ColumnType::Int64 | ColumnType::Float64 => 20,
            ColumnType::Timestamp => 26,
            // With quotes, and something for what they escape.
            ColumnType::String | ColumnType::Dictionary | ColumnType::Json => {
                self.bytes.len() / self.strings().max(1) + 4
            }
        }
    }
}

/// Bit `row` of a bitmap.
#[inline(always)]
fn bit(bits: &[u8], row: usize) -> bool {
    bits[row / 8] >> (row % 8) & 1 != 0
}

/// The bytes of value `row`.
#[inline(always)]
fn array<const N: usize>(bytes: &[u8], row: usize) -> [u8; N] {
    let (values, _) = bytes.as_chunks::<N>();
    values[row]
}
