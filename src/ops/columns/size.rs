//! What columns take in the memory of a table.

use super::kind::{Kind, Storage};
use crate::error::Error;
use crate::ops::table::Memory;

/// Bytes that are kept free for the strings of a dictionary.
const DICTIONARY_BYTES: usize = 4 << 10;

/// What a column will take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) kind: Kind,
    pub(super) rows: usize,
    pub(super) text_bytes: usize,
}

impl Size {
    /// Bytes of the values, and of the text.
    pub(super) fn bytes(self) -> (usize, usize) {
        let width = match self.kind.storage() {
            Storage::Nothing | Storage::Bits => 0,
            Storage::I32 | Storage::Codes => 4,
            Storage::I64 | Storage::F64 => 8,
            Storage::Text => return ((self.rows + 1) * 4, self.text_bytes),
        };
        (self.rows * width, 0)
    }

    fn total(sizes: &[Self]) -> usize {
        sizes.iter().fold(0, |total, size| {
            let (values, text) = size.bytes();
            total
                .saturating_add(Memory::aligned(values))
                .saturating_add(Memory::aligned(text))
        })
    }
}

/// Memory for columns of these sizes and what comes behind them, and where their values end.
pub(super) fn reserve(sizes: &[Size]) -> Result<(Memory, usize), Error> {
    let end = Size::total(sizes);
    let tail = |size: &Size| {
        let bitmaps = Memory::aligned(size.rows.div_ceil(8)) * 2;
        bitmaps
            + if size.kind == Kind::Dictionary {
                DICTIONARY_BYTES
            } else {
                0
            }
    };
    let length = sizes.iter().map(tail).fold(end, usize::saturating_add);
    Ok((Memory::zeroed(length)?, end))
}
