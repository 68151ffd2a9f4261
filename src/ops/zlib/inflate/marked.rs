//! Decoding from the middle of a stream, without what came before: the window of 32 KiB in front of
//! it is taken to hold markers, which are replaced once the window is known (Kerbiriou and Chikhi,
//! "Parallel decompression of gzip-compressed files and random access to DNA sequences", 2019).

use super::kernels;

/// How far matches reach back (RFC 1951, 2).
pub(super) const WINDOW: usize = 1 << 15;

/// The marker of the window's first byte. Those below are bytes.
const FIRST_MARKER: u16 = 256;

/// A part of the stream, decoded to bytes and markers.
pub(super) struct Marked {
    /// A window of markers, then the decoded symbols, then some room.
    symbols: Vec<u16>,
    /// The end of the symbols.
    pub(super) end: usize,
    /// The bit behind the last of its blocks.
    pub(super) position: u64,
    /// The stream ends with it.
    pub(super) last: bool,
}

impl Marked {
    /// A part that is to become `typical` symbols, or more. `None` where there is no memory.
    pub(super) fn new(typical: usize) -> Option<Self> {
        // Some become more, and what is not written takes no memory.
        let mut symbols = kernels::room(WINDOW + 2 * typical)?;
        symbols.extend((FIRST_MARKER..).take(WINDOW));
        Some(Self {
            symbols,
            end: WINDOW,
            position: 0,
            last: false,
        })
    }

    /// Makes room up to `end`. Less where that is more than `most` symbols, or there is no memory.
    ///
    /// The room is written only as it is needed, so that it is in the cache when symbols come.
    pub(super) fn make_room(&mut self, end: usize, most: usize) {
        let most = WINDOW + most;
        let (length, capacity) = (self.symbols.len(), self.symbols.capacity());
        let end = end.min(most);
        if end > capacity {
            let more = end.max(most.min(2 * capacity)) - length;
            if self.symbols.try_reserve_exact(more).is_err() {
                return;
            }
        }
        if end > length {
            self.symbols.resize(end, 0);
        }
    }

    /// Forgets what it has, to begin at `position`.
    pub(super) fn begin(&mut self, position: u64) {
        self.end = WINDOW;
        self.position = position;
        self.last = false;
    }

    /// What is decoded into: the window and the room behind it.
    pub(super) fn output(&mut self) -> &mut [u16] {
        &mut self.symbols
    }

    /// The decoded symbols.
    pub(super) fn decoded(&self) -> &[u16] {
        &self.symbols[WINDOW..self.end]
    }
}

/// What each symbol stands for, once the window is known.
pub(super) struct Meaning(Box<[u8; 1 << 16]>);

impl Meaning {
    /// The meaning of those that are bytes. `None` where there is no memory.
    pub(super) fn new() -> Option<Self> {
        let table: Vec<u8> = bytemuck::allocation::try_zeroed_vec(1 << 16).ok()?;
        let mut table: Box<[u8; 1 << 16]> = table.into_boxed_slice().try_into().ok()?;
        for (byte, meaning) in (0..=u8::MAX).zip(table.iter_mut()) {
            *meaning = byte;
        }
        Some(Self(table))
    }

    /// Gives the markers their meaning.
    pub(super) fn set_window(&mut self, window: &[u8; WINDOW]) {
        let first = usize::from(FIRST_MARKER);
        self.0[first..first + WINDOW].copy_from_slice(window);
    }

    /// Writes what `symbols` stand for.
    pub(super) fn resolve(&self, symbols: &[u16], output: &mut [u8]) {
        for (byte, symbol) in output.iter_mut().zip(symbols) {
            *byte = self.0[usize::from(*symbol)];
        }
    }
}
