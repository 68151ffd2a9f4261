//! Columns of pieces, in their order, into the columns of a table.
//!
//! Threads read pieces in any order; their columns go home in the order of the file. Under the lock
//! only the places are handed out, a slice for each column, which a thread then fills while others
//! go on. The memory is taken once, when the first piece has shown how large the columns will be
//! about: what is not written to costs nothing.
//!
//! A column that turns out to be wider than the first piece said, or larger, is lost: it is only
//! counted from there on, and read once more when all is known.

use std::mem;

use super::column::Column;
use super::dictionary::Dictionary;
use super::kind::{Kind, Storage, Widening};
use super::size::Size;
use super::whole::Whole;
use crate::error::{Error, ErrorKind};
use crate::ops::table::{Bitmap, Memory};

/// A text column of whose values more than one in so many is new has no dictionary.
pub(super) const ROWS_PER_DISTINCT: usize = 4;

/// The most distinct values of a dictionary that nobody asked for.
const MAX_DICTIONARY: usize = 1 << 16;

/// Where the values of a column go, and what is left of it.
enum Room<'m> {
    Nothing,
    I32(&'m mut [i32]),
    I64(&'m mut [i64]),
    F64(&'m mut [f64]),
    Text {
        ends: &'m mut [i32],
        bytes: &'m mut [u8],
    },
}

/// One column while it is put together.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Assembly<'m> {
    /// The kind that the room is for.
    room_kind: Kind,
    room: Room<'m>,
    /// Where the values and the text begin in the memory.
    values: usize,
    bytes: usize,
    /// The kind that holds all values up to now.
    pub(super) kind: Kind,
    declared: bool,
    /// Whether it has to be read once more.
    pub(super) is_lost: bool,
    pub(super) text_bytes: usize,
    rows: usize,
    null_count: usize,
    has_empty_strings: bool,
    /// Whether the first piece had none of its values, so that nobody has seen how many are distinct.
    is_late: bool,
    validity: Bitmap,
    bits: Bitmap,
    dictionary: Dictionary,
}

/// A part of a column's room, to be filled.
pub(super) enum Slot<'m> {
    Nothing,
    I32(&'m mut [i32]),
    I64(&'m mut [i64]),
    F64(&'m mut [f64]),
    Codes(&'m mut [i32], Vec<i32>),
    Text {
        ends: &'m mut [i32],
        base: i32,
        bytes: &'m mut [u8],
    },
}

/// The rooms of columns of these sizes in `memory`, which is as large as `reserve` made it.
pub(super) fn assemblies<'m>(
    memory: &'m mut [u8],
    sizes: &[Size],
    declared: impl Iterator<Item = bool>,
) -> Vec<Assembly<'m>> {
    let mut rest = memory;
    let mut position = 0;
    let mut carve = |length: usize| {
        let (part, after) = mem::take(&mut rest).split_at_mut(Memory::aligned(length));
        rest = after;
        let begin = position;
        position += Memory::aligned(length);
        (begin, &mut part[..length])
    };
    sizes
        .iter()
        .zip(declared)
        .map(|(size, declared)| {
            let (values_length, text_length) = size.bytes();
            let (values, part) = carve(values_length);
            let (bytes, text) = carve(text_length);
            let room = match size.kind.storage() {
                Storage::Nothing | Storage::Bits => Room::Nothing,
                Storage::I32 | Storage::Codes => Room::I32(bytemuck::cast_slice_mut(part)),
                Storage::I64 => Room::I64(bytemuck::cast_slice_mut(part)),
                Storage::F64 => Room::F64(bytemuck::cast_slice_mut(part)),
                Storage::Text => Room::Text {
                    // The first offset is zero, as the memory is.
                    ends: &mut bytemuck::cast_slice_mut(part)[1..],
                    bytes: text,
                },
            };
            Assembly {
                room_kind: size.kind,
                room,
                values,
                bytes,
                kind: Kind::Empty,
                declared,
                is_lost: false,
                text_bytes: 0,
                rows: 0,
                null_count: 0,
                has_empty_strings: false,
                is_late: false,
                validity: Bitmap::default(),
                bits: Bitmap::default(),
                dictionary: Dictionary::default(),
            }
        })
        .collect()
}

#[expect(clippy::mut_mut, reason = "a slice that is cut shorter")]
fn split<'m, T>(room: &mut &'m mut [T], count: usize) -> Option<&'m mut [T]> {
    let (part, rest) = mem::take(room).split_at_mut_checked(count)?;
    *room = rest;
    Some(part)
}

impl<'m> Assembly<'m> {
    /// The place for the first `rows` rows of `column`, which come after all before.
    pub(super) fn place(
        &mut self,
        column: &Column,
        rows: usize,
        widening: Widening,
    ) -> Result<Slot<'m>, Error> {
        let text_bytes = column.text_bytes(rows);
        let base = self.text_bytes;
        self.text_bytes += text_bytes;
        self.kind = self.kind.join(column.kind, widening);
        self.has_empty_strings |= column.has_empty_strings;
        self.is_lost |= !self.kind.lies_as(self.room_kind) && self.kind != Kind::Empty;
        if self.is_lost {
            return Ok(Slot::Nothing);
        }
        let nulls = column.validity.zeros(rows);
        self.is_late |= self.rows == 0 && nulls == rows;
        if nulls > 0 && self.null_count == 0 {
            // The first ones: all before are there.
            self.validity.extend_with(true, self.rows);
        }
        if nulls + self.null_count > 0 {
            self.validity.extend(&column.validity, rows);
        }
        self.null_count += nulls;
        let slot = self.slot(column, rows, base, text_bytes)?;
        self.rows += rows;
        self.is_lost |= slot.is_none();
        Ok(slot.unwrap_or(Slot::Nothing))
    }

    /// After the last piece. A column without a value is one of text: where some of its nulls are
    /// empty strings then, it has to be read as that. So has a dictionary of values that came late and
    /// are too many.
    pub(super) fn end(&mut self) {
        let values = self.rows - self.null_count;
        if self.is_late
            && !self.declared
            && self.kind == Kind::Dictionary
            && self.dictionary.len() * ROWS_PER_DISTINCT > values
        {
            self.kind = Kind::Text;
            self.is_lost = true;
        }
        if self.kind == Kind::Empty && self.has_empty_strings {
            self.kind = Kind::Text;
            self.is_lost = true;
        }
    }

    /// The slice of the room; `None` where there is not enough left.
    fn slot(
        &mut self,
        column: &Column,
        rows: usize,
        base: usize,
        text_bytes: usize,
    ) -> Result<Option<Slot<'m>>, Error> {
        // Of a piece without a value, the zeros that are there are as good as any.
        let is_empty = column.kind == Kind::Empty;
        Ok(match &mut self.room {
            Room::Nothing => {
                if self.room_kind.storage() == Storage::Bits {
                    if is_empty {
                        self.bits.extend_with(false, rows);
                    } else {
                        self.bits.extend(&column.bits, rows);
                    }
                }
                Some(Slot::Nothing)
            }
            Room::I32(room) => {
                let Some(part) = split(room, rows) else {
                    return Ok(None);
                };
                if is_empty {
                    return Ok(Some(Slot::Nothing));
                }
                if column.kind.storage() == Storage::Codes {
                    let distinct = 0..column.dictionary.len();
                    let strings = &column.dictionary.strings;
                    let codes = distinct
                        .map(|code| self.dictionary.code(strings.get(code)).cast_signed())
                        .collect();
                    if !self.declared && self.dictionary.len() > MAX_DICTIONARY {
                        self.kind = Kind::Text;
                        return Ok(None);
                    }
                    Some(Slot::Codes(part, codes))
                } else {
                    Some(Slot::I32(part))
                }
            }
            Room::I64(room) => split(room, rows).map(Slot::I64),
            Room::F64(room) => split(room, rows).map(Slot::F64),
            Room::Text { ends, bytes } => {
                let (Ok(base), Ok(_)) = (i32::try_from(base), i32::try_from(base + text_bytes))
                else {
                    // Offsets are 32 bits wide.
                    return Err(ErrorKind::ResultTooLarge.into());
                };
                match (split(ends, rows), split(bytes, text_bytes)) {
                    (Some(ends), Some(bytes)) => Some(Slot::Text { ends, base, bytes }),
                    _ => None,
                }
            }
        })
    }
}

impl Slot<'_> {
    /// Copies the values of `column` here.
    pub(super) fn fill(self, column: &Column) {
        match self {
            Self::Nothing => {}
            Self::I32(to) => copy(to, &column.i32s),
            Self::I64(to) => copy(to, &column.i64s),
            Self::F64(to) => copy(to, &column.f64s),
            Self::Codes(to, codes) => {
                for (to, &code) in to.iter_mut().zip(&column.codes) {
                    // A null has the first code, which there need not be.
                    *to = codes.get(code as usize).copied().unwrap_or(0);
                }
            }
            Self::Text { ends, base, bytes } => {
                if column.kind == Kind::Empty {
                    ends.fill(base);
                    return;
                }
                for (to, &end) in ends.iter_mut().zip(&column.text.ends) {
                    *to = base + end.cast_signed();
                }
                bytes.copy_from_slice(&column.text.bytes()[..bytes.len()]);
            }
        }
    }
}

/// Nothing where the column has no values.
fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    if let Some(from) = from.get(..to.len()) {
        to.copy_from_slice(from);
    }
}

impl From<Assembly<'_>> for Whole {
    fn from(assembly: Assembly<'_>) -> Self {
        Self {
            kind: assembly.room_kind,
            values: assembly.values,
            bytes: assembly.bytes,
            text_bytes: assembly.text_bytes,
            null_count: assembly.null_count,
            validity: assembly.validity,
            bits: assembly.bits,
            dictionary: assembly.dictionary,
        }
    }
}
