//! Compressed files that are parsed: their content, in one piece or piece by piece.

use std::io::Read;

use super::decoder::Decoder;
use super::decompress::decompress;
use super::failure::{reserve, too_large};
use super::settings::{Inflate, Packing, Unpacking, Zstd};
use crate::error::Error;
use crate::ops::file::Input;
use crate::ops::source::position;
use crate::pool::Context;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// Bytes that tell.
    pub(in crate::ops) const MAGIC_LENGTH: usize = 4;

    /// How a file is compressed that begins with `head`.
    pub(in crate::ops) fn of(head: &[u8]) -> Option<Self> {
        match head {
            // Deflate is the only method there is (RFC 1952, section 2.3.1).
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] => Some(Self::Zstd),
            _ => None,
        }
    }

    fn unpacking(self) -> Unpacking {
        match self {
            Self::Gzip => Unpacking::Inflate(Inflate::new(Packing::Gzip)),
            Self::Zstd => Unpacking::Zstd(Zstd::default()),
        }
    }
}

/// The content of compressed `data`, of at most `limit` bytes.
pub(in crate::ops) fn content(
    compression: Compression,
    data: &[u8],
    limit: u64,
    context: &Context<'_>,
) -> Result<Box<dyn AsRef<[u8]>>, Error> {
    let unpacking = compression.unpacking();
    let first = decompress(&unpacking, data, true, limit, context)?;
    let mut rest = data.get(position(first.consumed)..).unwrap_or_default();
    if rest.is_empty() || compression == Compression::Gzip {
        return Ok(Box::new(first));
    }
    // Frames one after the other (RFC 8878, section 3.1).
    let mut all = Vec::new();
    reserve(&mut all, first.as_ref().len())?;
    all.extend_from_slice(first.as_ref());
    drop(first);
    while !rest.is_empty() {
        let left = limit - all.len() as u64;
        let next = decompress(&unpacking, rest, true, left, context)?;
        reserve(&mut all, next.as_ref().len())?;
        all.extend_from_slice(next.as_ref());
        rest = rest.get(position(next.consumed)..).unwrap_or_default();
    }
    Ok(Box::new(all))
}

/// Compressed bytes that are read at once.
const PIECE: usize = 256 << 10;

/// The content of a compressed file, of which the next part is made while one is parsed.
pub(in crate::ops) struct Ahead {
    inflating: Inflating,
    /// Bytes of a part.
    part: usize,
    next: Option<Result<Vec<u8>, Error>>,
    /// Compressed bytes that are behind what was taken.
    taken: u64,
}

impl Ahead {
    /// The content of `input`, of at most `limit` bytes, in parts of `part` bytes.
    pub(in crate::ops) fn new(
        input: Input,
        compression: Compression,
        limit: u64,
        part: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            inflating: Inflating::new(input, compression, limit)?,
            part,
            next: None,
            taken: 0,
        })
    }

    /// The next part, and whether it is the last.
    pub(in crate::ops) fn take(&mut self) -> Result<(Vec<u8>, bool), Error> {
        self.prepare();
        let part = self.next.take().unwrap_or_else(|| Ok(Vec::new()))?;
        self.taken = self.inflating.behind;
        Ok((part, self.inflating.is_ended))
    }

    /// Makes the next part.
    pub(in crate::ops) fn prepare(&mut self) {
        if self.next.is_none() {
            self.next = Some(self.inflating.next(self.part));
        }
    }

    /// Compressed bytes that are read, and how many there are if that is known.
    pub(in crate::ops) fn progress(&self) -> (u64, Option<u64>) {
        (self.taken, self.inflating.input.length())
    }
}

/// The content of a compressed file, from its beginning to its end.
struct Inflating {
    input: Input,
    compression: Compression,
    decoder: Decoder,
    /// Compressed bytes that are read and not decompressed.
    piece: Vec<u8>,
    consumed: usize,
    is_all: bool,
    is_ended: bool,
    /// Compressed bytes that are behind.
    behind: u64,
    content: u64,
    limit: u64,
}

impl Inflating {
    /// The content of `input`, of at most `limit` bytes.
    fn new(input: Input, compression: Compression, limit: u64) -> Result<Self, Error> {
        Ok(Self {
            input,
            compression,
            decoder: Decoder::new(&compression.unpacking())?,
            piece: Vec::new(),
            consumed: 0,
            is_all: false,
            is_ended: false,
            behind: 0,
            content: 0,
            limit,
        })
    }

    /// The next `most` bytes of the content; fewer at its end only.
    fn next(&mut self, most: usize) -> Result<Vec<u8>, Error> {
        let mut output = Vec::new();
        if self.is_ended {
            return Ok(output);
        }
        reserve(&mut output, most)?;
        output.resize(most, 0);
        let mut length = 0;
        while length < most && !self.is_ended {
            if self.consumed == self.piece.len() && !self.is_all {
                self.read()?;
            }
            let step = self.decoder.step(
                &self.piece[self.consumed..],
                self.is_all,
                &mut output[length..],
            )?;
            self.consumed += step.consumed;
            self.behind += step.consumed as u64;
            length += step.written;
            self.content += step.written as u64;
            if self.content > self.limit {
                return Err(too_large(self.limit));
            }
            if step.is_ended {
                self.end()?;
            }
        }
        output.truncate(length);
        Ok(output)
    }

    /// A stream has ended. A file may have several of Zstandard (RFC 8878, section 3.1); those of gzip
    /// are the decoder's, and what it leaves of a piece is none.
    fn end(&mut self) -> Result<(), Error> {
        let is_used_up = self.consumed == self.piece.len();
        if self.compression == Compression::Gzip {
            self.is_ended = self.is_all || !is_used_up;
            return Ok(());
        }
        if is_used_up && !self.is_all {
            self.read()?;
        }
        self.is_ended = self.consumed == self.piece.len();
        self.decoder = Decoder::new(&self.compression.unpacking())?;
        Ok(())
    }

    fn read(&mut self) -> Result<(), Error> {
        self.piece.clear();
        self.consumed = 0;
        let mut limited = (&self.input.file).take(PIECE as u64);
        limited
            .read_to_end(&mut self.piece)
            .map_err(|error| self.input.read_failed(error))?;
        self.is_all = self.piece.len() < PIECE;
        Ok(())
    }
}
