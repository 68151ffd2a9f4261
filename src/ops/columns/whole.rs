//! Whole columns, with what is small and comes last, as a table has them.

use std::ops::Range;

use super::dictionary::Dictionary;
use super::kind::Kind;
use super::size::Size;
use crate::error::Error;
use crate::ops::table::{self, Bitmap, Memory};

/// A column that is whole, but for what is small and comes last.
pub(super) struct Whole {
    pub(super) kind: Kind,
    pub(super) values: usize,
    pub(super) bytes: usize,
    pub(super) text_bytes: usize,
    pub(super) null_count: usize,
    pub(super) validity: Bitmap,
    pub(super) bits: Bitmap,
    pub(super) dictionary: Dictionary,
}

impl Whole {
    /// Bytes of the bitmaps, of the strings' offsets and of the strings, which come after all values.
    fn tail(&self, rows: usize) -> [usize; 4] {
        let bitmap = rows.div_ceil(8);
        let strings = match self.kind {
            // A column of strings that are all null.
            Kind::Empty => Some(rows),
            Kind::Dictionary => Some(self.dictionary.len()),
            _ => None,
        };
        [
            if self.null_count > 0 { bitmap } else { 0 },
            if self.kind == Kind::Boolean {
                bitmap
            } else {
                0
            },
            strings.map_or(0, |count| (count + 1) * 4),
            self.dictionary.strings.bytes().len(),
        ]
    }

    /// Where the values and the text are.
    fn used(&self, rows: usize) -> [Range<usize>; 2] {
        let size = Size {
            kind: self.kind,
            rows,
            text_bytes: self.text_bytes,
        };
        let (values, text) = size.bytes();
        [
            self.values..self.values + values,
            self.bytes..self.bytes + text,
        ]
    }
}

/// Puts the bitmaps and the dictionaries of `columns` behind their values, which end at `end`, and
/// says where all is.
pub(super) fn finish(
    memory: Memory,
    end: usize,
    columns: Vec<(Whole, String)>,
    rows: usize,
    number: usize,
) -> Result<(Memory, Vec<table::Column>), Error> {
    let tail = columns
        .iter()
        .flat_map(|(column, _)| column.tail(rows))
        .map(Memory::aligned);
    let length = tail.fold(end, usize::saturating_add);
    let mut memory = if length <= memory.len() {
        memory
    } else {
        let mut larger = Memory::zeroed(length)?;
        for range in columns.iter().flat_map(|(column, _)| column.used(rows)) {
            larger[range.clone()].copy_from_slice(&memory[range]);
        }
        larger
    };
    let mut position = end;
    let mut described = Vec::with_capacity(columns.len());
    for (column, name) in columns {
        let [validity, bits, offsets, strings] = column.tail(rows).map(|length| {
            let place = position..position + length;
            position += Memory::aligned(length);
            place
        });
        if column.null_count > 0 {
            column.validity.write(&mut memory[validity.clone()]);
        }
        if column.kind == Kind::Boolean {
            column.bits.write(&mut memory[bits.clone()]);
        }
        let (to, _) = memory[offsets.clone()].as_chunks_mut::<4>();
        for (to, end) in to.iter_mut().skip(1).zip(&column.dictionary.strings.ends) {
            *to = end.to_ne_bytes();
        }
        memory[strings.clone()].copy_from_slice(column.dictionary.strings.bytes());
        let (values, offsets, bytes) = match column.kind {
            Kind::Empty => (None, Some(offsets.start), Some(strings.start)),
            Kind::Boolean => (Some(bits.start), None, None),
            Kind::Text | Kind::Json => (None, Some(column.values), Some(column.bytes)),
            Kind::Dictionary => (
                Some(column.values),
                Some(offsets.start),
                Some(strings.start),
            ),
            Kind::Int32 | Kind::Int53 | Kind::Int64 | Kind::Float64 | Kind::Timestamp => {
                (Some(column.values), None, None)
            }
        };
        described.push(table::Column {
            name,
            kind: column.kind.column_type(),
            null_count: column.null_count,
            place: table::Place {
                memory: number,
                values,
                validity: (column.null_count > 0).then_some(validity.start),
                offsets,
                bytes,
                bytes_length: column.text_bytes + strings.len(),
                dictionary_length: column.dictionary.len(),
            },
        });
    }
    Ok((memory, described))
}
