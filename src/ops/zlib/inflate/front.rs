//! The front: where the stream is decoded up to, byte for byte. Whoever has it has what is left of
//! the output.

use super::marked::{Marked, Meaning, WINDOW};

/// A place in the stream whose window is known.
pub(super) struct Front<'o> {
    /// The output, from a place within the window or before it.
    pub(super) output: &'o mut [u8],
    /// Where in `output` the next byte goes. What is before are decoded bytes.
    pub(super) at: usize,
    /// Where `output` begins in the whole one.
    pub(super) offset: usize,
    /// Where the next block begins, in bits.
    pub(super) position: u64,
}

/// The output of a part that was decoded to markers, but for its last window.
pub(super) struct Body<'o> {
    /// Where the bytes go.
    pub(super) output: &'o mut [u8],
    /// Where `output` begins in the whole one.
    pub(super) offset: usize,
}

impl<'o> Front<'o> {
    /// The number of bytes that are decoded.
    pub(super) fn written(&self) -> usize {
        self.offset + self.at
    }

    /// Whether a whole window is in front of it.
    pub(super) fn has_window(&self) -> bool {
        self.at >= WINDOW
    }

    /// Moves the front past `part`, which begins at it: gives `meaning` its window, writes the
    /// part's last window and splits off the output of the rest, which another thread than the
    /// front's next one may write. Where the output has no room, the front comes back as it was.
    pub(super) fn adopt(
        self,
        part: &Marked,
        meaning: &mut Meaning,
    ) -> Result<(Self, Body<'o>), Self> {
        let symbols = part.decoded();
        let window = self.output.get(..self.at).and_then(<[u8]>::last_chunk);
        let (true, Some(window)) = (self.output.len() - self.at >= symbols.len(), window) else {
            return Err(self);
        };
        meaning.set_window(window);
        let (body, tail) = symbols.split_at(symbols.len().saturating_sub(WINDOW));
        // The window behind the part; of a short part, bytes before it belong to it.
        let split = self.at + symbols.len() - WINDOW;
        let (before, after) = self.output.split_at_mut(split);
        meaning.resolve(tail, &mut after[WINDOW - tail.len()..WINDOW]);
        let front = Self {
            output: after,
            at: WINDOW,
            offset: self.offset + split,
            position: part.position,
        };
        let body = Body {
            output: if body.is_empty() {
                &mut []
            } else {
                &mut before[self.at..]
            },
            offset: self.offset + self.at,
        };
        Ok((front, body))
    }
}
