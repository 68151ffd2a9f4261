//! Strings of a column of one piece.

use std::str;

use super::digits;

/// Bytes that are copied at once where a text is shorter: one register, and no call.
pub(super) const SHORT: usize = 16;

/// Strings, one after the other.
#[derive(Debug, Default)]
pub(in crate::ops) struct Strings {
    /// Where each ends.
    pub(in crate::ops) ends: Vec<u32>,
    bytes: Vec<u8>,
    used: usize,
}

impl Strings {
    /// Leaves its memory to the next ones.
    pub(in crate::ops) fn clear(&mut self) {
        self.ends.clear();
        self.used = 0;
    }

    /// All of them.
    pub(in crate::ops) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// String `index`.
    pub(in crate::ops) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[index] as usize]
    }

    /// Appends a whole string.
    #[inline(always)]
    pub(in crate::ops) fn push(&mut self, text: &[u8]) {
        self.append(text);
        self.end();
    }

    /// Ends the string whose parts were appended.
    pub(in crate::ops) fn end(&mut self) {
        self.ends.push(u32::try_from(self.used).unwrap_or(u32::MAX));
    }

    /// Appends a part of the next string.
    #[inline(always)]
    pub(in crate::ops) fn append(&mut self, text: &[u8]) {
        let end = self.used + text.len();
        if self.bytes.len() < end + SHORT {
            self.bytes.resize((end + SHORT) * 2, 0);
        }
        let to = &mut self.bytes[self.used..];
        // In two halves that overlap: no call for what is short.
        if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>())
            && text.len() <= SHORT
        {
            let second = text.len() - 8;
            to[..8].copy_from_slice(first);
            to[second..second + 8].copy_from_slice(last);
        } else if text.len() < 8 {
            to[..8].copy_from_slice(&digits::word(text).to_le_bytes());
        } else {
            to[..text.len()].copy_from_slice(text);
        }
        self.used = end;
    }

    /// The first string that is not UTF-8.
    pub(super) fn first_invalid(&self) -> Option<usize> {
        let bytes = self.bytes();
        if bytes.is_ascii() {
            return None;
        }
        // Two strings of which each is wrong may be right together: they may not be cut in a character.
        let is_cut = |&&end: &&u32| {
            bytes
                .get(end as usize)
                .is_some_and(|byte| byte & 0xc0 == 0x80)
        };
        if simdutf8::basic::from_utf8(bytes).is_ok() && !self.ends.iter().any(|end| is_cut(&end)) {
            return None;
        }
        (0..self.ends.len()).find(|&index| str::from_utf8(self.get(index)).is_err())
    }
}
