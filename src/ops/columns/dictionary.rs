//! The distinct strings of a column.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::digits;
use super::strings::{SHORT, Strings};

/// Distinct strings, and the number of each.
#[derive(Debug, Default)]
pub(in crate::ops) struct Dictionary {
    pub(in crate::ops) strings: Strings,
    table: HashTable<u32>,
    hasher: RandomState,
    /// Short strings that came last, and their numbers.
    recent: Vec<Recent>,
}

/// A string of at most 16 bytes, whose length is never 0, and its number.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    first: u64,
    last: u64,
    length: usize,
    code: u32,
}

/// How many short strings are found without the table: as many as the categories of a category.
const RECENT: usize = 64;

impl Dictionary {
    pub(in crate::ops) fn clear(&mut self) {
        self.strings.clear();
        self.table.clear();
        self.recent.clear();
    }

    pub(in crate::ops) fn len(&self) -> usize {
        self.strings.ends.len()
    }

    /// As [`code`](Self::code), of texts of which many come again and again.
    #[inline]
    pub(in crate::ops) fn code_of_frequent(&mut self, text: &[u8]) -> u32 {
        if text.is_empty() || text.len() > SHORT {
            return self.code(text);
        }
        if self.recent.is_empty() {
            self.recent.resize(RECENT, Recent::default());
        }
        let first = digits::word(text);
        let last = text
            .last_chunk::<8>()
            .map_or(0, |last| u64::from_le_bytes(*last));
        // The high bits of a product depend on all of the factor.
        let mixed = (first ^ last.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 58) as usize;
        let found = self.recent[place];
        if found.first == first && found.last == last && found.length == text.len() {
            return found.code;
        }
        let code = self.code(text);
        self.recent[place] = Recent {
            first,
            last,
            length: text.len(),
            code,
        };
        code
    }

    /// The number of `text`, a new one where it has none.
    pub(in crate::ops) fn code(&mut self, text: &[u8]) -> u32 {
        let Self {
            strings,
            table,
            hasher,
            ..
        } = self;
        let hash = hasher.hash_one(text);
        if let Some(&code) = table.find(hash, |&code| strings.get(code as usize) == text) {
            return code;
        }
        let code = u32::try_from(strings.ends.len()).unwrap_or(u32::MAX);
        strings.push(text);
        let hash_of = |&code: &u32| hasher.hash_one(strings.get(code as usize));
        table.insert_unique(hash, code, hash_of);
        code
    }
}
