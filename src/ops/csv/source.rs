//! Where the bytes of a CSV come from: memory, or a file of which each thread reads its own pieces.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use encoding_rs::{UTF_16BE, UTF_16LE, mem};

use super::options::Encoding;
use crate::error::{Error, ErrorKind};
use crate::ops::file::Input;

/// Bytes that may be read at any place, by several threads at once.
pub(super) trait Source: Sync {
    /// How many there are.
    fn len(&self) -> u64;

    /// Those of `range`, which is within them: where they are, or in `buffer`.
    fn read<'a>(&'a self, range: Range<u64>, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], Error>;

    /// Whether all of them are at hand, so that to ask for more of them costs nothing.
    fn is_memory(&self) -> bool;
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        self.len() as u64
    }

    fn read<'a>(&'a self, range: Range<u64>, _: &'a mut Vec<u8>) -> Result<&'a [u8], Error> {
        Ok(&self[position(range.start)..position(range.end)])
    }

    fn is_memory(&self) -> bool {
        true
    }
}

/// A regular file as it was when it was opened.
pub(super) struct File {
    input: Input,
    length: u64,
}

impl File {
    pub(super) fn new(input: Input, length: u64) -> Self {
        Self { input, length }
    }
}

impl Source for File {
    fn len(&self) -> u64 {
        self.length
    }

    fn read<'a>(&'a self, range: Range<u64>, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], Error> {
        let length = position(range.end - range.start);
        if buffer.len() < length {
            buffer.clear();
            if buffer.try_reserve(length).is_err() {
                return Err(ErrorKind::OutOfMemory {
                    wanted: length as u64,
                }
                .into());
            }
            buffer.resize(length, 0);
        }
        let bytes = &mut buffer[..length];
        read_exact_at(&self.input.file, bytes, range.start)
            .map_err(|error| self.input.read_failed(error))?;
        Ok(bytes)
    }

    fn is_memory(&self) -> bool {
        false
    }
}

#[cfg(unix)]
fn read_exact_at(file: &std::fs::File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &std::fs::File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}

/// An offset in memory.
pub(super) fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

const UTF16_LE_MARK: &[u8] = &[0xff, 0xfe];
const UTF16_BE_MARK: &[u8] = &[0xfe, 0xff];

/// The encoding of bytes that begin with `head`.
pub(super) fn encoding(declared: Encoding, head: &[u8]) -> Encoding {
    match declared {
        Encoding::Utf8 if head.starts_with(UTF16_LE_MARK) => Encoding::Utf16Le,
        Encoding::Utf8 if head.starts_with(UTF16_BE_MARK) => Encoding::Utf16Be,
        declared => declared,
    }
}

/// Other encodings as UTF-8, piece by piece.
pub(super) enum Decoder {
    Utf8,
    Latin1,
    Utf16(encoding_rs::Decoder),
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 => Self::Utf8,
            Encoding::Latin1 => Self::Latin1,
            Encoding::Utf16Le => Self::Utf16(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Self::Utf16(UTF_16BE.new_decoder_without_bom_handling()),
        }
    }

    /// The next bytes as UTF-8. A lone surrogate becomes U+FFFD.
    pub(super) fn decode<'a>(
        &mut self,
        bytes: &'a [u8],
        last: bool,
    ) -> Result<Cow<'a, [u8]>, Error> {
        let wanted = match self {
            Self::Utf8 => return Ok(Cow::Borrowed(bytes)),
            Self::Latin1 => bytes.len().checked_mul(2),
            Self::Utf16(decoder) => decoder.max_utf8_buffer_length(bytes.len()),
        };
        let wanted = wanted.unwrap_or(usize::MAX);
        let mut text = Vec::new();
        if text.try_reserve_exact(wanted).is_err() {
            return Err(ErrorKind::OutOfMemory {
                wanted: wanted as u64,
            }
            .into());
        }
        text.resize(wanted, 0);
        let written = match self {
            Self::Utf8 => 0,
            Self::Latin1 => mem::convert_latin1_to_utf8(bytes, &mut text),
            Self::Utf16(decoder) => decoder.decode_to_utf8(bytes, &mut text, last).2,
        };
        text.truncate(written);
        Ok(Cow::Owned(text))
    }
}

/// How many bytes `text` had in `encoding`.
pub(super) fn encoded_length(encoding: Encoding, text: &[u8]) -> u64 {
    let lead = |byte: &&u8| **byte & 0xc0 != 0x80;
    let characters = || text.iter().filter(lead).count();
    let units = || characters() + text.iter().filter(|byte| **byte >= 0xf0).count();
    let length = match encoding {
        Encoding::Utf8 => text.len(),
        Encoding::Latin1 => characters(),
        Encoding::Utf16Le | Encoding::Utf16Be => units() * 2,
    };
    length as u64
}
