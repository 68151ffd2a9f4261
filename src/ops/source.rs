//! Bytes that are parsed where they are: memory, or a file of which each thread reads its own pieces.

use std::io;
use std::ops::Range;

use super::file::Input;
use crate::error::{Error, ErrorKind};

/// Bytes that may be read at any place, by several threads at once.
pub(in crate::ops) trait Source: Sync {
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
pub(in crate::ops) struct File {
    input: Input,
    length: u64,
}

impl File {
    pub(in crate::ops) fn new(input: Input, length: u64) -> Self {
        Self { input, length }
    }

    /// The file, which is still to be read from its beginning.
    pub(in crate::ops) fn into_input(self) -> Input {
        self.input
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
pub(in crate::ops) fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
