//! The memory of a table's columns.

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

use crate::error::{Error, ErrorKind};

/// Every buffer begins at a multiple of this, as Arrow recommends.
const ALIGNMENT: usize = 64;

/// From here on memory comes from the system by itself: zero, on pages that cost nothing until
/// they are written to.
const MAPPED_FROM: usize = 128 << 10;

/// From here on huge pages are worth asking for.
#[cfg(target_os = "linux")]
const HUGE_FROM: usize = 4 << 20;

/// Zeroed bytes that buffers are carved from.
#[derive(Debug)]
pub struct Memory(Kind);

#[derive(Debug)]
enum Kind {
    /// In words, so that it is aligned for every type.
    Small {
        words: Vec<u64>,
        length: usize,
    },
    Mapped(MmapMut),
}

impl Memory {
    /// `length` bytes, all zero. What is never written to takes no memory where it is large.
    pub fn zeroed(length: usize) -> Result<Self, Error> {
        let refused = ErrorKind::OutOfMemory {
            wanted: length as u64,
        };
        if length >= MAPPED_FROM {
            let Ok(map) = MmapMut::map_anon(length) else {
                return Err(refused.into());
            };
            #[cfg(target_os = "linux")]
            if length >= HUGE_FROM {
                // Where the system has none, small ones do.
                let _ = map.advise(memmap2::Advice::HugePage);
            }
            return Ok(Self(Kind::Mapped(map)));
        }
        let mut words = Vec::new();
        let count = length.div_ceil(8);
        if words.try_reserve_exact(count).is_err() {
            return Err(refused.into());
        }
        words.resize(count, 0);
        Ok(Self(Kind::Small { words, length }))
    }

    /// Where the buffer after one of `length` bytes begins.
    #[must_use]
    pub fn aligned(length: usize) -> usize {
        length.saturating_add(ALIGNMENT - 1) & !(ALIGNMENT - 1)
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kind::Small { words, length } => &bytemuck::cast_slice(words)[..*length],
            Kind::Mapped(map) => map,
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Kind::Small { words, length } => &mut bytemuck::cast_slice_mut(words)[..*length],
            Kind::Mapped(map) => map,
        }
    }
}

impl AsRef<[u8]> for Memory {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
